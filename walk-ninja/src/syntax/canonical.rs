//! The one spelling of a path that stands for all, as ninja has it.
//!
//! By the text alone, no link is followed; `..` that lead out of the start stay. Absolute and
//! relative paths remain apart here.

use std::borrow::Cow;

/// Returns the canonical spelling of a path: without `.`, doubled `/` and `name/..`.
///
/// ```
/// use walk_ninja::canonical;
/// assert_eq!(&*canonical(b"./a//b/../c/"), b"a/c");
/// assert_eq!(&*canonical(b"../a/../../b"), b"../../b");
/// assert_eq!(&*canonical(b"a/.."), b".");
/// ```
#[must_use]
pub fn canonical(path: &[u8]) -> Cow<'_, [u8]> {
    if is_canonical(path) || path.is_empty() {
        return Cow::Borrowed(path);
    }
    let is_absolute = path[0] == b'/';
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|it| *it == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|it| *it != b"..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut done = parts.join(&b'/');
    if is_absolute {
        done.insert(0, b'/');
    } else if done.is_empty() {
        done.push(b'.');
    }
    Cow::Owned(done)
}

/// Returns whether a path is surely canonical: no part of it is empty or begins with a dot. This
/// is asked of every path in a manifest.
pub(crate) fn is_canonical(path: &[u8]) -> bool {
    let mut before = b'/';
    let rest = path.strip_prefix(b"/").unwrap_or(path);
    for &byte in rest {
        if before == b'/' && matches!(byte, b'/' | b'.') {
            return false;
        }
        before = byte;
    }
    before != b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_spelled_as_ninja_spells_them() {
        let check = |given: &str, expected: &str| {
            assert_eq!(String::from_utf8_lossy(&canonical(given.as_bytes())), expected, "{given}");
        };
        check("a", "a");
        check("./a", "a");
        check("a/", "a");
        check("a//b", "a/b");
        check("a/..", ".");
        check("./", ".");
        check(".", ".");
        check("../b/../c", "../c");
        check("a/../../b", "../b");
        check("/../x", "/../x");
        check("/..", "/..");
        check("/a/../../b", "/../b");
        check("/", "/");
        check("//a", "/a");
        check(".a/..b/c.", ".a/..b/c.");
        check("../..", "../..");
    }
}
