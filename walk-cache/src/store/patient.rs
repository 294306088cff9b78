//! A store that may hang, as a directory on a file server that is gone: asked with a deadline.
//!
//! A call to the file system cannot be ended by whoever made it. Each is made on another thread,
//! which is left alone when the time is over; what it writes then is in nobody's way, as nothing is
//! in place before a call has succeeded. A thread whose call came back makes the next one.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Blob, Store, Wanted, limit};
use crate::digest::Digest;

/// How often it is asked meanwhile whether to give up.
const LOOK: Duration = Duration::from_millis(50);

/// A store that may hang.
pub(crate) struct Patient {
    store: Arc<dyn Store>,
    deadline: Duration,
    is_abandoned: AtomicBool,
    idle: Mutex<Vec<Worker>>,
}

/// A thread that makes one call after the other, until this is dropped.
type Worker = Sender<Box<dyn FnOnce() + Send>>;

fn hire() -> io::Result<Worker> {
    let (worker, calls) = channel::<Box<dyn FnOnce() + Send>>();
    thread::Builder::new().spawn(move || calls.into_iter().for_each(|call| call()))?;
    Ok(worker)
}

impl Patient {
    pub(crate) fn new(store: impl Store + 'static, deadline: Duration) -> Self {
        Self {
            store: Arc::new(store),
            deadline,
            is_abandoned: AtomicBool::new(false),
            idle: Mutex::default(),
        }
    }

    /// Makes a call that moves about so many bytes.
    fn call<T: Send + 'static>(
        &self,
        bytes: u64,
        call: impl FnOnce(&dyn Store) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (to, answer) = channel();
        let store = Arc::clone(&self.store);
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = idle().pop().map_or_else(hire, Ok)?;
        let gone = |_| io::Error::other("nobody is there to make a call");
        worker.send(Box::new(move || drop(to.send(call(&*store))))).map_err(gone)?;
        let limit = limit(self.deadline, bytes);
        let begun = Instant::now();
        loop {
            match answer.recv_timeout(LOOK) {
                Ok(answer) => {
                    idle().push(worker);
                    return answer;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("it broke")),
                Err(RecvTimeoutError::Timeout) if self.is_abandoned.load(Ordering::Relaxed) => {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > limit => {
                    let text = format!("no answer in {} s", limit.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Store for Patient {
    fn result(&self, action: Digest) -> io::Result<Vec<u8>> {
        self.call(0, move |it| it.result(action))
    }

    fn put_result(&self, action: Digest, result: &[u8]) -> io::Result<()> {
        let result = result.to_vec();
        self.call(0, move |it| it.put_result(action, &result))
    }

    fn read(&self, digest: Digest) -> io::Result<Vec<u8>> {
        self.call(digest.size, move |it| it.read(digest))
    }

    fn fetch(&self, blobs: &[Wanted]) -> io::Result<()> {
        let blobs = blobs.to_vec();
        self.call(size(blobs.iter().map(|it| it.digest)), move |it| it.fetch(&blobs))
    }

    fn put(&self, blobs: &[Blob]) -> io::Result<u64> {
        let blobs = blobs.to_vec();
        self.call(size(blobs.iter().map(Blob::digest)), move |it| it.put(&blobs))
    }

    fn probe(&self, is_written: bool) -> io::Result<()> {
        self.call(0, move |it| it.probe(is_written))
    }

    fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
        self.store.abandon();
    }

    fn requests(&self) -> u64 {
        self.store.requests()
    }
}

fn size(digests: impl Iterator<Item = Digest>) -> u64 {
    digests.fold(0, |sum, it| sum.saturating_add(it.size))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Receiver;

    use super::*;

    /// A file server that answers when it is told to.
    struct Gone(Mutex<Receiver<()>>);

    impl Store for Gone {
        fn result(&self, _: Digest) -> io::Result<Vec<u8>> {
            let told = self.0.lock().expect("nobody panicked").recv();
            told.map(|()| b"late".to_vec()).map_err(io::Error::other)
        }

        fn put_result(&self, _: Digest, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn read(&self, _: Digest) -> io::Result<Vec<u8>> {
            Ok(Vec::new())
        }

        fn fetch(&self, _: &[Wanted]) -> io::Result<()> {
            Ok(())
        }

        fn put(&self, _: &[Blob]) -> io::Result<u64> {
            Ok(7)
        }
    }

    /// It was waited for without end.
    #[test]
    fn a_directory_that_hangs_is_given_up() {
        let (answer, waits) = channel();
        let store = Patient::new(Gone(Mutex::new(waits)), Duration::from_millis(100));
        assert_eq!(store.put(&[]).expect("it answers"), 7);
        let action = Digest::of(b"action");
        let error = store.result(action).expect_err("nobody answers");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        answer.send(()).expect("it still waits");
        answer.send(()).expect("it will wait");
        assert_eq!(store.result(action).expect("it answers"), b"late");
    }

    #[test]
    fn a_call_that_is_abandoned_ends() {
        let (_answer, waits) = channel();
        let store = Patient::new(Gone(Mutex::new(waits)), Duration::from_secs(600));
        store.abandon();
        assert!(store.result(Digest::of(b"action")).is_err());
    }
}
