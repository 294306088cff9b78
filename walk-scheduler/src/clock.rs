//! A clock that stands still while runs are suspended.
//!
//! Timeouts and delays are told by it: a job stopped with Ctrl-Z for an hour has not run for an
//! hour. Reading it takes no lock, for every job reads it a few times. All that changes is one
//! word, and a reading during which it changed is done again: Ctrl-Z may stop the reader itself
//! halfway, and the time until it goes on must not count either.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time since it was made, not counting suspensions; one thread at a time may suspend or resume.
#[derive(Debug)]
pub(crate) struct Clock {
    epoch: Instant,
    read: fn() -> Instant,
    state: AtomicU64,
}

/// What the clock's word says; all in nanoseconds.
#[derive(Clone, Copy)]
enum State {
    /// It runs, and has spent so long suspended.
    Runs { suspended: u64 },
    /// It stands at this moment.
    Stands { at: u64 },
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self::by(Instant::now)
    }

    /// A clock that goes by the time that `read` tells.
    pub(crate) fn by(read: fn() -> Instant) -> Self {
        let state = State::Runs { suspended: 0 };
        Self { epoch: read(), read, state: AtomicU64::new(state.pack()) }
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(loop {
            match self.state() {
                State::Stands { at } => break at,
                State::Runs { suspended } => {
                    let elapsed = self.elapsed();
                    if matches!(self.state(), State::Runs { suspended: it } if it == suspended) {
                        break elapsed.saturating_sub(suspended);
                    }
                }
            }
        })
    }

    /// Returns how long it is until `moment`, or `None` while the clock stands still.
    pub(crate) fn until(&self, moment: Duration) -> Option<Duration> {
        (!self.is_suspended()).then(|| moment.saturating_sub(self.now()))
    }

    pub(crate) fn is_suspended(&self) -> bool {
        matches!(self.state(), State::Stands { .. })
    }

    pub(crate) fn suspend(&self) {
        if let State::Runs { suspended } = self.state() {
            self.set(State::Stands { at: self.elapsed().saturating_sub(suspended) });
        }
    }

    pub(crate) fn resume(&self) {
        if let State::Stands { at } = self.state() {
            self.set(State::Runs { suspended: self.elapsed().saturating_sub(at) });
        }
    }

    fn elapsed(&self) -> u64 {
        let elapsed = (self.read)().saturating_duration_since(self.epoch);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).min(State::END_OF_TIME)
    }

    fn state(&self) -> State {
        State::unpack(self.state.load(Ordering::SeqCst))
    }

    fn set(&self, state: State) {
        self.state.store(state.pack(), Ordering::SeqCst);
    }
}

impl State {
    /// 292 years.
    const END_OF_TIME: u64 = u64::MAX >> 1;

    fn pack(self) -> u64 {
        match self {
            Self::Runs { suspended } => suspended << 1,
            Self::Stands { at } => at << 1 | 1,
        }
    }

    fn unpack(word: u64) -> Self {
        match (word >> 1, word & 1) {
            (suspended, 0) => Self::Runs { suspended },
            (at, _) => Self::Stands { at },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use std::sync::LazyLock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(3600);

    type Act = Box<dyn FnOnce()>;

    thread_local! {
        static TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        /// Happens while somebody reads.
        static MEANWHILE: RefCell<Option<Act>> = const { RefCell::new(None) };
    }

    /// The simulated time.
    fn read() -> Instant {
        static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
        if let Some(act) = MEANWHILE.take() {
            act();
        }
        *EPOCH + TIME.get()
    }

    fn pass(time: Duration) {
        TIME.set(TIME.get() + time);
    }

    #[test]
    fn s5_it_stands_still_while_suspended() {
        let clock = Clock::by(read);
        pass(SECOND);
        clock.suspend();
        pass(HOUR);
        clock.suspend();
        assert_eq!((clock.now(), clock.until(SECOND * 2)), (SECOND, None));
        clock.resume();
        clock.resume();
        pass(SECOND);
        assert_eq!((clock.now(), clock.until(SECOND * 3)), (SECOND * 2, Some(SECOND)));
    }

    /// What the clock says after a second if `act` happens while it is read.
    fn check(prepare: fn(&Clock), act: fn(&Clock)) {
        let clock = Rc::new(Clock::by(read));
        pass(SECOND);
        prepare(&clock);
        let shared = Rc::clone(&clock);
        MEANWHILE.set(Some(Box::new(move || act(&shared))));
        assert_eq!(clock.now(), SECOND);
        MEANWHILE.take();
    }

    #[test]
    fn s5_a_reader_stopped_halfway_took_the_time_until_it_went_on_for_time_that_passed() {
        let stop_all = |clock: &Clock| {
            clock.suspend();
            pass(HOUR);
        };
        check(|_| (), stop_all);
        check(
            |_| (),
            |clock| {
                clock.suspend();
                pass(HOUR);
                clock.resume();
            },
        );
    }

    #[test]
    fn s5_a_reader_during_a_resumption_told_a_time_before_the_suspension() {
        let sleep = |clock: &Clock| {
            clock.suspend();
            pass(HOUR);
        };
        check(sleep, Clock::resume);
    }
}
