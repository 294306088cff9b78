//! Which processes this one comes from.

use std::fs;
use std::process;

/// Returns whether the process `pid` started this one, directly or through others; Linux only,
/// elsewhere nobody did.
pub(crate) fn is_ancestor(pid: u32) -> bool {
    let parents = std::iter::successors(parent(process::id()), |it| parent(*it));
    // The first process has the parent 0, and a loop there is none.
    parents.take_while(|it| *it != 0).any(|it| it == pid)
}

/// Returns whether a process still runs; Linux only, elsewhere all do.
pub(crate) fn is_alive(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !matches!(field_in(&stat, 0), Some("Z" | "X")),
        Err(_) => !cfg!(target_os = "linux"),
    }
}

fn parent(pid: u32) -> Option<u32> {
    parent_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (name) state parent ...`; the name may hold anything.
fn parent_in(stat: &str) -> Option<u32> {
    field_in(stat, 1)?.parse().ok()
}

/// Returns one of the fields after the name.
fn field_in(stat: &str, position: usize) -> Option<&str> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_stands_behind_a_name_that_may_hold_anything() {
        let check = |stat, expected| assert_eq!(parent_in(stat), expected, "{stat}");
        check("12 (sh) S 7 12 12 0", Some(7));
        check("12 (a) b (c) R 8 12", Some(8));
        check("12", None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_started_it_is_an_ancestor_and_it_itself_is_not() {
        assert!(is_ancestor(std::os::unix::process::parent_id()));
        assert!(!is_ancestor(process::id()));
        assert!(is_alive(process::id()) && !is_alive(u32::MAX));
    }
}
