//! What only fuzzers see: results whose blobs are what a server says, without a good digest.

use std::fs;
use std::io;
use std::path::Path;

use prost::Message as _;

use crate::Question;
use crate::digest::Digest;
use crate::message::ActionResult;
use crate::place::{create, stage};
use crate::store::{Blob, Store, Wanted};

/// A server that has this for every digest.
struct Liar<'a>(&'a [u8]);

impl Store for Liar<'_> {
    fn result(&self, _: Digest) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn put_result(&self, _: Digest, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn read(&self, _: Digest) -> io::Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }

    fn fetch(&self, blobs: &[Wanted]) -> io::Result<()> {
        blobs.iter().try_for_each(|it| create(&it.path, it.is_executable).map(drop))
    }

    fn put(&self, _: &[Blob]) -> io::Result<u64> {
        Ok(0)
    }
}

/// Restores a result and its blobs, both of `bytes`: the first says where one ends.
///
/// # Panics
///
/// When something comes to be outside of the project.
pub fn restore(bytes: &[u8]) {
    let Some((&end, rest)) = bytes.split_first() else { return };
    let (result, blob) = rest.split_at(rest.len().min(usize::from(end)));
    let Ok(mut result) = ActionResult::decode(result) else { return };
    let outputs = rename(&mut result);
    let place = tempfile::tempdir().expect("a directory");
    let project = place.path().join("above/project");
    let staging = project.join("staging");
    fs::create_dir_all(&staging).expect("ours");
    let question = Question { outputs, ..Question::default() };
    if let Ok(staged) = stage(&result, &question, &staging, &Liar(blob)) {
        let _ = staged.place(&project);
    }
    assert_eq!(names(place.path()), ["above"]);
    assert_eq!(names(&place.path().join("above")), ["project"]);
    let others =
        names(&project).into_iter().filter(|it| it != "staging" && !question.outputs.contains(it));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
}

/// Gives the outputs the names that were asked for, which is not for a server to decide.
fn rename(result: &mut ActionResult) -> Vec<String> {
    let files = result.output_files.iter_mut().map(|it| &mut it.path);
    let directories = result.output_directories.iter_mut().map(|it| &mut it.path);
    let links = result.output_symlinks.iter_mut().map(|it| &mut it.path);
    let named = files.chain(directories).chain(links).enumerate();
    named
        .map(|(number, path)| {
            *path = format!("out{number}");
            path.clone()
        })
        .collect()
}

fn names(directory: &Path) -> Vec<String> {
    let listing = fs::read_dir(directory).expect("it is there");
    listing.map(|it| it.expect("ours").file_name().to_string_lossy().into_owned()).collect()
}
