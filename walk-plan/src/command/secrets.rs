//! What is never written down: the values of the variables that a manifest calls secret.
//!
//! Wherever one stands in what a command wrote, in an element of a fingerprint or in a message,
//! it is shown as [`MASK`]. It is looked for as it is, and line by line if it has several; what a
//! command makes of it (base64, say) is not recognised. Of a secret that is tracked too, a digest
//! stands in fingerprints.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;

use walk_core::{Checksum, Value};

use super::state_dir::create_private;
use crate::Env;

/// What stands for a secret.
const MASK: &[u8] = b"***";

/// A line of a secret that is shorter could stand anywhere.
const SHORTEST_LINE: usize = 8;

/// How much of a file is looked at at once.
const BLOCK: usize = 64 << 10;

/// The values that are never shown.
///
/// ```
/// use walk_plan::{Env, Secrets};
///
/// let env = Env { secret: vec!["PATH".into()], ..Env::default() };
/// let path = std::env::var("PATH").unwrap();
/// assert_eq!(Secrets::of(&env).mask(&format!("it is {path}!")), "it is ***!");
/// ```
#[derive(Clone, Default)]
pub struct Secrets {
    /// The longest first: one may be part of another.
    values: Arc<[Vec<u8>]>,
}

impl Secrets {
    /// Takes the values from outside.
    #[must_use]
    pub fn of(env: &Env) -> Self {
        let values = env.secret.iter().filter_map(std::env::var_os);
        Self::new(values.map(OsStringExt::into_vec))
    }

    fn new(values: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for value in values {
            let value = value.trim_ascii_end();
            let lines = value.split(|it| *it == b'\n').map(<[u8]>::trim_ascii);
            all.extend(lines.filter(|it| it.len() >= SHORTEST_LINE).map(<[u8]>::to_vec));
            all.push(value.to_vec());
        }
        // As `join` writes them between quotes.
        let quoted = all.iter().filter(|it| it.contains(&b'\'')).map(|it| quoted(it));
        all.extend(quoted.collect::<Vec<_>>());
        all.retain(|it| !it.is_empty());
        all.sort_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        all.dedup();
        Self { values: all.into() }
    }

    /// Returns the text without the secrets in it.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.values.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        self.push_masked(text.as_bytes(), true, &mut masked);
        String::from_utf8_lossy(&masked).into_owned().into()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn mask_value(&self, value: Value) -> Value {
        match value {
            Value::Text(text) if !self.values.is_empty() => self.mask(&text).as_ref().into(),
            value => value,
        }
    }

    /// Takes the secrets out of a file, if there are any in it; it is another file then.
    pub(super) fn mask_file(&self, path: &Path) -> io::Result<()> {
        if self.values.is_empty() || fs::metadata(path).is_ok_and(|it| it.len() == 0) {
            return Ok(());
        }
        let masked = path.with_extension("masked");
        fs::remove_file(&masked).or_else(super::work::ignore_missing)?;
        let mut to = BufWriter::new(create_private(&masked)?);
        self.copy(File::open(path)?, &mut to)?;
        to.flush()?;
        fs::rename(&masked, path)
    }

    fn copy(&self, mut from: impl Read, to: &mut impl Write) -> io::Result<()> {
        let (mut held, mut block, mut masked) = (Vec::new(), vec![0; BLOCK], Vec::new());
        loop {
            let read = match from.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            held.extend_from_slice(&block[..read]);
            masked.clear();
            let done = self.push_masked(&held, read == 0, &mut masked);
            to.write_all(&masked)?;
            held.drain(..done);
            if read == 0 {
                return Ok(());
            }
        }
    }

    /// Appends `bytes` without the secrets; unless it is all there is, stops before what could be
    /// the beginning of one. Returns how much was done.
    fn push_masked(&self, bytes: &[u8], is_all: bool, to: &mut Vec<u8>) -> usize {
        let longest = self.values.first().map_or(0, Vec::len);
        let end = if is_all { bytes.len() } else { bytes.len().saturating_sub(longest - 1) };
        let mut at = 0;
        while at < end {
            let secret = self.values.iter().find(|it| bytes[at..].starts_with(it));
            to.extend_from_slice(secret.map_or(&bytes[at..=at], |_| MASK));
            at += secret.map_or(1, Vec::len);
        }
        at
    }
}

fn quoted(value: &[u8]) -> Vec<u8> {
    value.split(|it| *it == b'\'').collect::<Vec<_>>().join(&br"'\''"[..])
}

/// Returns the value of a variable as the element of a fingerprint has it.
pub(super) fn element(env: &Env, name: &str, value: &OsStr) -> Value {
    if env.secret.iter().any(|it| it == name) {
        return Checksum::of(value.as_encoded_bytes()).into();
    }
    super::elements::text(&super::elements::os_text(value))
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("values", &self.values.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        Secrets::new(values.iter().map(|it| it.as_bytes().to_vec()))
    }

    #[test]
    fn secrets_are_taken_out_of_text() {
        let check = |values: &[&str], text: &str, expected: &str| {
            assert_eq!(secrets(values).mask(text), expected, "{values:?} in {text}");
        };
        check(&[], "as it is", "as it is");
        check(&[""], "as it is", "as it is");
        check(&["key"], "key akey keykey ke", "*** a*** ****** ke");
        check(&["ab", "abc"], "abcab", "******");
        check(&["line one!\nline two!\n"], "x line two! line one!", "x *** ***");
        check(&["a\nb"], "a b", "a b");
        check(&["ü"], "für", "f***r");
        check(&["aab"], "aaab", "a***");
        check(
            &["it's"],
            &super::super::join(["sh", "-c", "echo it's $it"]),
            "sh -c 'echo *** $it'",
        );
    }

    /// Wherever the blocks end.
    #[test]
    fn secrets_are_taken_out_of_files() {
        let secrets = secrets(&["a-long-secret", "another"]);
        for before in (BLOCK - 14)..=(BLOCK + 1) {
            let text = format!("{}a-long-secret\nanothera-long-secre", "x".repeat(before));
            let mut masked = Vec::new();
            secrets.copy(text.as_bytes(), &mut masked).expect("memory can be written");
            let expected = format!("{}***\n***a-long-secre", "x".repeat(before));
            assert!(masked == expected.as_bytes(), "{before}");
        }
    }

    #[test]
    fn secrets_are_not_told_by_debugging() {
        assert_eq!(format!("{:?}", secrets(&["hunter22"])), "Secrets { values: 1 }");
    }
}
