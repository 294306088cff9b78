//! Words of a command in JSON: text where they are text, their bytes where they are not.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

pub(crate) fn serialize<S: Serializer>(words: &[OsString], to: S) -> Result<S::Ok, S::Error> {
    let word = |it: &OsString| match it.to_str() {
        Some(text) => Word::Text(text.to_owned()),
        None => Word::Bytes(it.as_bytes().to_vec()),
    };
    to.collect_seq(words.iter().map(word))
}

pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<OsString>, D::Error> {
    let words = Vec::<Word>::deserialize(from)?;
    Ok(words
        .into_iter()
        .map(|it| match it {
            Word::Text(text) => text.into(),
            Word::Bytes(bytes) => OsString::from_vec(bytes),
        })
        .collect())
}
