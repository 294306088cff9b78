//! Which of the system's refusals may be another matter later.

use std::io;

use rustix::io::Errno;

/// Returns whether there is too little of something: processes, memory, descriptors.
pub(crate) fn is_scarcity(error: &io::Error) -> bool {
    let scarce = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE];
    Errno::from_io_error(error).is_some_and(|it| scarce.contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_change_is_scarcity() {
        let check = |errno: Errno, expected| {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(is_scarcity(&error), expected, "{error}");
        };
        for errno in [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE] {
            check(errno, true);
        }
        for errno in [Errno::NOENT, Errno::ACCESS, Errno::TOOBIG, Errno::NOEXEC, Errno::TXTBSY] {
            check(errno, false);
        }
    }
}
