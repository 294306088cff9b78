//! Words as a POSIX shell would read them.
//!
//! Only quoting lives here; nothing is ever parsed.

/// Joins words so that a POSIX shell reads the same words back.
///
/// ```
/// assert_eq!(walk_plan::join(["cc", "-DNAME=a b", ""]), "cc '-DNAME=a b' ''");
/// ```
pub fn join<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let mut joined = String::new();
    for word in words {
        if !joined.is_empty() {
            joined.push(' ');
        }
        push_quoted(&mut joined, word.as_ref());
    }
    joined
}

fn push_quoted(text: &mut String, word: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_^".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        text.push_str(word);
        return;
    }
    text.push('\'');
    text.push_str(&word.replace('\'', r"'\''"));
    text.push('\'');
}
