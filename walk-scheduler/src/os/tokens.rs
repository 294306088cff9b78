//! The pipe or fifo in which GNU make's jobserver keeps its tokens: a byte each.
//!
//! Whoever reads a byte may run one thing more, and writes it back afterwards. The pipe is shared
//! with strangers, and so are the flags of its open file; to read without waiting it is opened anew,
//! which `/proc` allows for a pipe without a name, too (Linux).

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::pipe::pipe;

/// A place where tokens are taken and given back.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Reads without waiting.
    ear: File,
    mouth: File,
    /// Where the guardian writes to.
    path: PathBuf,
    /// What children inherit, open for as long as they may come.
    _inherited: Option<(OwnedFd, OwnedFd)>,
    _own: Option<OwnFifo>,
}

/// A fifo of our own, which goes when nobody needs it.
#[derive(Debug)]
struct OwnFifo(PathBuf);

impl Tokens {
    /// Opens a fifo.
    pub(crate) fn of_fifo(path: &Path) -> io::Result<Self> {
        Ok(Self {
            ear: ear(path)?,
            mouth: mouth(path)?,
            path: path.into(),
            _inherited: None,
            _own: None,
        })
    }

    /// Opens the ends of a pipe that this process inherited, by their numbers.
    pub(crate) fn of_pipe(read: i32, write: i32) -> io::Result<Self> {
        let [read, write] = [read, write].map(|it| PathBuf::from(format!("/proc/self/fd/{it}")));
        Ok(Self {
            ear: ear(&read)?,
            mouth: mouth(&write)?,
            path: write,
            _inherited: None,
            _own: None,
        })
    }

    /// Makes a pipe that children inherit; returns the numbers of its ends, too.
    pub(crate) fn new_pipe() -> io::Result<(Self, i32, i32)> {
        let (read, write) = pipe()?;
        for end in [&read, &write] {
            fcntl_setfd(end, FdFlags::empty())?;
        }
        let numbers = (read.as_raw_fd(), write.as_raw_fd());
        let tokens = Self::of_pipe(numbers.0, numbers.1)?;
        Ok((Self { _inherited: Some((read, write)), ..tokens }, numbers.0, numbers.1))
    }

    /// Makes a fifo for its user alone.
    pub(crate) fn new_fifo(path: &Path) -> io::Result<Self> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        Ok(Self { _own: Some(OwnFifo(path.into())), ..Self::of_fifo(path)? })
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&self) -> Option<u8> {
        let mut byte = [0];
        loop {
            match (&self.ear).read(&mut byte) {
                Ok(1) => return Some(byte[0]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return None,
            }
        }
    }

    /// Gives a token back.
    pub(crate) fn give(&self, token: u8) {
        if let Err(error) = (&self.mouth).write_all(&[token]) {
            log::warn!("a token of the jobserver cannot be given back: {error}");
        }
    }

    /// Waits until there may be a token, or `bell` was rung or is gone; returns whether to go on.
    pub(crate) fn wait(&self, bell: &PipeReader) -> bool {
        let mut both = [PollFd::new(&self.ear, PollFlags::IN), PollFd::new(bell, PollFlags::IN)];
        loop {
            match poll(&mut both, None) {
                Err(Errno::INTR) => {}
                Err(_) => return false,
                Ok(_) => {
                    return both[1].revents().is_empty()
                        && !both[0].revents().intersects(PollFlags::ERR);
                }
            }
        }
    }

    /// Returns where tokens can be written to by a process that has inherited what this one has.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnFifo {
    fn drop(&mut self) {
        // Whoever removed it before has done no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn ear(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    refuse_others(&file)?;
    Ok(file)
}

fn mouth(path: &Path) -> io::Result<File> {
    // For both: who opens a fifo to write waits for somebody who reads.
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    refuse_others(&file)?;
    Ok(file)
}

fn refuse_others(file: &File) -> io::Result<()> {
    if file.metadata()?.file_type().is_fifo() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no pipe"))
}
