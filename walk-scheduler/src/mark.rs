//! Job ids: what a command and all that descends from it have in the environment, and nobody else.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The environment variable that tells a command which job it belongs to.
///
/// Its value is unique for each attempt of each job; a job of a walk inside a job has the outer
/// one's value, a slash and its own. Descendants that hide from their parents are recognised by it.
pub const JOB_ID: &str = "WALK_JOB_ID";

/// Returns what the ids of the jobs of one run begin with: no other run ever has the same.
pub(crate) fn of_a_run() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // A process id comes again, one day; not at the same moment.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let own = format!("{}-{:x}.{count}", process::id(), now.as_nanos());
    match env::var(JOB_ID).ok().filter(|outer| is_well_formed(outer)) {
        Some(outer) => format!("{outer}/{own}"),
        None => own,
    }
}

/// Whether this may be the id of a job around us: anybody can set an environment variable, and
/// families are looked for by this text.
fn is_well_formed(id: &str) -> bool {
    const LONGEST: usize = 4096;
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/');
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_have_the_same_mark() {
        assert_ne!(of_a_run(), of_a_run());
        assert!(is_well_formed(&of_a_run()));
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for text in ["", "a b", "1\n", "\"", "$(x)", "\u{e4}"] {
            assert!(!is_well_formed(text), "{text:?}");
        }
    }
}
