//! What `cl /showIncludes` says that it read, among what it writes.
//!
//! The compiler has no depfile: it prints a line for each file, all beginning with the same
//! words, which depend on its language. Only those lines are looked at here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// Returns the files that lines beginning with `prefix` name, and everything else.
pub(super) fn take(written: &[u8], prefix: &[u8]) -> (Vec<PathBuf>, Vec<u8>) {
    let mut found = Vec::new();
    let mut rest = Vec::with_capacity(written.len());
    for line in written.split_inclusive(|it| *it == b'\n') {
        match line.strip_prefix(prefix) {
            Some(path) => found.push(OsStr::from_bytes(path.trim_ascii()).into()),
            None => rest.extend(line),
        }
    }
    (found, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_name_includes_are_taken_out() {
        let written = b"a.c\nNote: including file:  inc/a.h\r\nwarning\nNote: including file: b h";
        let (found, rest) = take(written, b"Note: including file:");
        assert_eq!(found, ["inc/a.h", "b h"].map(PathBuf::from));
        assert_eq!(rest, b"a.c\nwarning\n");
    }
}
