//! Changes one byte of a source, another one each time.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Replaces the last byte of `file` by the letter of this round.
///
/// # Errors
///
/// The file is empty or cannot be written.
pub(crate) fn edit(file: &Path, round: usize) -> Result<()> {
    let mut bytes = fs::read(file)?;
    let last = bytes.last_mut().with_context(|| format!("{} is empty", file.display()))?;
    *last = b"abcdefghijklmnopqrstuvwxyz"[round % 26];
    fs::write(file, bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_is_another_content() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "x\n").expect("it is writable");
        for (round, expected) in ["xa", "xb"].iter().enumerate() {
            edit(file.path(), round).expect("it is writable");
            assert_eq!(fs::read_to_string(file.path()).expect("it is there"), *expected);
        }
    }
}
