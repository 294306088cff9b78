//! Texts as others write them: paths for a shell, variables in braces.

use super::{Escape, escape};

/// Appends a path as a shell reads it back.
pub(crate) fn push_quoted(path: &[u8], to: &mut Vec<u8>) {
    let is_plain = |it: &u8| it.is_ascii_alphanumeric() || b"_+-./".contains(it);
    if path.iter().all(is_plain) {
        to.extend_from_slice(path);
        return;
    }
    to.push(b'\'');
    for &byte in path {
        if byte == b'\'' {
            to.extend_from_slice(br"'\''");
        } else {
            to.push(byte);
        }
    }
    to.push(b'\'');
}

/// Returns a text with every variable in braces and every other `$` as what it stands for.
pub(crate) fn with_braces(text: &[u8]) -> Vec<u8> {
    let mut done = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'$', rest) {
        done.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let Some((found, length)) = escape(rest) else { break };
        match found {
            Escape::Byte(byte) => done.push(byte),
            Escape::Continue => {}
            Escape::Variable(name) => {
                done.extend_from_slice(b"${");
                done.extend_from_slice(&rest[name]);
                done.push(b'}');
            }
        }
        rest = &rest[length..];
    }
    done.extend_from_slice(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_only_where_a_shell_needs_it() {
        let check = |path: &str, expected: &str| {
            let mut text = Vec::new();
            push_quoted(path.as_bytes(), &mut text);
            assert_eq!(String::from_utf8_lossy(&text), expected);
        };
        check("a/b-c_d.e+f", "a/b-c_d.e+f");
        check("a b", "'a b'");
        check("it's", r"'it'\''s'");
        check("$x", "'$x'");
    }

    #[test]
    fn variables_are_shown_in_braces() {
        assert_eq!(with_braces(b"CC $out: $$1 ${x}$:"), b"CC ${out}: $1 ${x}:");
    }
}
