//! For how long nothing has been heard of a runner, also if those who listened were several
//! processes, one after the other.
//!
//! Who waits for a lease to run out may be interrupted, and the next one goes on where it was. The
//! time is that of this machine since it started, which nobody sets, and not that of a file, which
//! some file systems take from the clock of the node that writes.

use std::fs;
use std::time::Duration;

use crate::attempt::Attempt;

/// The time since this machine started, and which start that was.
struct Now {
    start: String,
    uptime: Duration,
}

impl Now {
    fn read() -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        // A container may have an idea of time of its own.
        let clock = fs::read_link("/proc/self/ns/time").unwrap_or_default();
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let seconds: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let uptime = Duration::try_from_secs_f64(seconds).ok()?;
        Some(Self { start: format!("{} {}", boot.trim(), clock.display()), uptime })
    }
}

/// Returns the runner's last sign of life, if there is one, and how long ago somebody on this
/// machine first saw it, or saw that there was none; that is now, if nobody did.
pub(crate) fn of(attempt: &Attempt) -> (Option<String>, Duration) {
    // To read it may take long, and for that long nobody listened.
    let (before, beat, after) = (Now::read(), attempt.last_beat(), Now::read());
    let heard = beat.as_deref().unwrap_or_default();
    let silence = before.zip(after).map(|(before, after)| lasted(attempt, &before, &after, heard));
    (beat, silence.unwrap_or_default())
}

fn lasted(attempt: &Attempt, before: &Now, after: &Now, beat: &str) -> Duration {
    let known = attempt.heard().and_then(|it| since(&it, before, beat));
    known.unwrap_or_else(|| {
        // Whoever comes next begins anew if this cannot be written.
        let text = format!("{}\n{}\n{beat}", after.start, after.uptime.as_millis());
        if let Err(error) = attempt.set_heard(&text) {
            log::debug!(target: "walk", "{error}");
        }
        Duration::ZERO
    })
}

/// Reads what was written down before, if it is about the same start and the same sign of life.
fn since(text: &str, now: &Now, beat: &str) -> Option<Duration> {
    let mut lines = text.splitn(3, '\n');
    let (start, uptime, heard) = (lines.next()?, lines.next()?, lines.next()?);
    let then = Duration::from_millis(uptime.parse().ok()?);
    let is_same = start == now.start && heard == beat;
    now.uptime.checked_sub(then).filter(|_| is_same)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// Each line is what another process wrote down, at second 100 of start `a`.
    #[test]
    fn only_what_is_known_of_the_same_sign_of_life_counts() {
        let now = Now { start: "a".into(), uptime: Duration::from_secs(100) };
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(since(text, &now, "7"), expected.map(Duration::from_secs), "{text:?}");
        };
        check("a\n40000\n7", Some(60));
        check("a\n40000\n6", None);
        check("b\n40000\n7", None);
        check("a\n140000\n7", None);
        check("a\n-1\n7", None);
        check("a\n99999999999999999999999\n7", None);
        check("a\n40000", None);
        check("\0\0\0", None);
        check("", None);
    }

    /// A file system that hangs says nothing of the runner.
    #[test]
    fn what_it_takes_to_read_the_last_sign_of_life_is_no_silence() {
        let dir = tempfile::tempdir().expect("a directory");
        let (attempt, alive) = (Attempt::at(dir.path()), dir.path().join("alive"));
        assert!(Command::new("mkfifo").arg(&alive).status().expect("it runs").success());
        let now = || Now::read().expect("a machine");
        let heard = now();
        let text = format!("{}\n{}\n7", heard.start, heard.uptime.as_millis());
        attempt.set_heard(&text).expect("it can be written");
        let asked = thread::spawn(move || of(&attempt));
        let mut fifo = fs::File::options().write(true).open(&alive).expect("it is read");
        let begun = now().uptime;
        while now().uptime < begun + Duration::from_millis(200) {
            thread::park_timeout(Duration::from_millis(5));
        }
        fifo.write_all(b"7").expect("it is read");
        drop(fifo);
        let (beat, silence) = asked.join().expect("it ends");
        assert_eq!(beat.as_deref(), Some("7"));
        assert!(silence <= begun.saturating_sub(heard.uptime), "{silence:?}");
    }
}
