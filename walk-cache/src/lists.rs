//! Lists of the files that an action told of that it read, those of its last few results.
//!
//! They are the result of an action of their own, as what that wrote. Two that add one at once may
//! lose one of them: a miss later. What cannot be read is replaced when the next one is added.

use std::io;

use prost::Message as _;

use crate::digest::Digest;
use crate::message::ActionResult;
use crate::store::Store;

/// The files of one result.
pub(crate) type List = Vec<String>;

/// How many lists are kept for one question.
const MOST: usize = 8;

/// How many bytes they have together: a server takes no more than 4 MB in a message.
const LONGEST: usize = 1 << 20;

/// Reads the lists of a question, the newest first.
pub(crate) fn read(store: &dyn Store, key: Digest) -> io::Result<Vec<List>> {
    let result = store.action_result(key)?;
    // There are servers that put what an action wrote aside.
    let aside = Digest::read(result.stdout_digest.as_ref());
    let aside = aside.filter(|it| result.stdout_raw.is_empty() && it.size <= LONGEST as u64);
    let bytes = aside.map_or(Ok(result.stdout_raw), |it| store.read(it))?;
    if bytes.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "lists without end"));
    }
    let lists: Result<Vec<List>, _> = serde_json::from_slice(&bytes);
    let mut lists = lists.map_err(|it| io::Error::new(io::ErrorKind::InvalidData, it))?;
    lists.truncate(MOST);
    Ok(lists)
}

/// Adds a list as the newest one.
pub(crate) fn add(store: &dyn Store, key: Digest, list: &List) -> io::Result<()> {
    let mut lists = match read(store, key) {
        Err(error) if is_none(&error) => Vec::new(),
        lists => lists?,
    };
    if lists.first() == Some(list) {
        return Ok(());
    }
    lists.retain(|it| it != list);
    lists.insert(0, list.clone());
    lists.truncate(MOST);
    let result = ActionResult { stdout_raw: encode(lists)?, ..ActionResult::default() };
    store.put_result(key, &result.encode_to_vec())
}

fn is_none(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData)
}

/// Encodes as many as there is room for.
fn encode(mut lists: Vec<List>) -> io::Result<Vec<u8>> {
    loop {
        let bytes = serde_json::to_vec(&lists)?;
        if bytes.len() <= LONGEST {
            return Ok(bytes);
        }
        if lists.len() <= 1 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a list that is too long"));
        }
        lists.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Blob, Directory};

    const KEY: &[u8] = b"a question";

    fn store() -> (tempfile::TempDir, Directory) {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Directory::new(directory.path());
        (directory, store)
    }

    fn list(name: &str) -> List {
        vec![name.to_owned()]
    }

    #[test]
    fn nonsense_is_replaced() {
        let (_directory, store) = store();
        let key = Digest::of(KEY);
        for nonsense in ["", "[[", "{}", "[[1]]", "\u{fffd}"] {
            let result = ActionResult { stdout_raw: nonsense.into(), ..ActionResult::default() };
            store.put_result(key, &result.encode_to_vec()).expect("ours");
            let error = read(&store, key).expect_err(nonsense);
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{nonsense:?}");
            add(&store, key, &list("a")).expect("it is replaced");
            assert_eq!(read(&store, key).expect("it is there"), [list("a")]);
        }
    }

    /// Each file that was named was looked for, sixteen million of them.
    #[test]
    fn lists_without_end_are_refused() {
        let (_directory, store) = store();
        let stdout_raw = serde_json::to_vec(&[vec![""; LONGEST / 3 + 1]]).expect("text");
        let result = ActionResult { stdout_raw, ..ActionResult::default() };
        store.put_result(Digest::of(KEY), &result.encode_to_vec()).expect("ours");
        assert!(read(&store, Digest::of(KEY)).is_err());
    }

    #[test]
    fn lists_that_a_server_put_aside_are_read() {
        let (_directory, store) = store();
        let (key, blob) = (Digest::of(KEY), Blob::of(br#"[["a"]]"#.to_vec()));
        let stdout_digest = Some(blob.digest().message());
        store.put(&[blob]).expect("ours");
        let result = ActionResult { stdout_digest, ..ActionResult::default() };
        store.put_result(key, &result.encode_to_vec()).expect("ours");
        assert_eq!(read(&store, key).expect("it is there"), [list("a")]);
    }

    #[test]
    fn the_newest_are_kept_and_no_more_than_there_is_room_for() {
        let (_directory, store) = store();
        let key = Digest::of(KEY);
        for at in 0..12 {
            add(&store, key, &list(&at.to_string())).expect("there is room");
        }
        add(&store, key, &list("8")).expect("there is room");
        let found = read(&store, key).expect("it is there").concat();
        assert_eq!(found, ["8", "11", "10", "9", "7", "6", "5", "4"]);
        add(&store, key, &list(&"x".repeat(LONGEST - 12))).expect("there is room for one");
        assert_eq!(read(&store, key).expect("it is there").len(), 2);
        assert!(add(&store, key, &list(&"x".repeat(LONGEST))).is_err());
        assert_eq!(read(&store, key).expect("it is there").len(), 2);
    }
}
