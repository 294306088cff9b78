//! The key of a question: the digest of an `Action`.
//!
//! The input root is a tree of `Directory` messages made of the inputs; files outside of the project
//! are below `external/` in it. The platform is that of the machine: there is no key that two kinds of
//! machines share. Facts that the API has no field for are in the salt.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use prost::Message as _;

use crate::Question;
use crate::digest::Digest;
use crate::message;
use crate::programs::programs;
use crate::seen::Seen;

/// What the key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The result.
    Result,
    /// Which files the action told of that it read.
    Lists,
}

/// A key, and the messages that it is the digest of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) digest: Digest,
    pub(crate) action: Vec<u8>,
    pub(crate) command: Vec<u8>,
}

/// The version of what a key is made of: another one is another key for everything.
const VERSION: &str = "walk 1";

/// A directory of the input root in the making.
#[derive(Default)]
struct Node {
    files: BTreeMap<String, message::FileNode>,
    symlinks: BTreeMap<String, String>,
    directories: BTreeMap<String, Node>,
}

/// Returns the key of `question`, whose inputs are below `root`, `more` of them besides those that
/// are declared.
///
/// # Errors
///
/// Fails if an input cannot be read, or has a name that the API has no place for: there is no key.
pub(crate) fn key(
    question: &Question,
    root: &Path,
    more: &[String],
    purpose: Purpose,
    seen: &Seen,
) -> io::Result<Key> {
    let (inputs, outside) = input_root(question, root, more, seen)?;
    let variable = |(name, value): (&String, &String)| message::EnvironmentVariable {
        name: name.clone(),
        value: value.clone(),
    };
    let mut output_paths: Vec<String> =
        question.outputs.iter().map(|it| seen_from(&question.directory, it)).collect();
    output_paths.sort_unstable();
    let command = message::Command {
        arguments: question.arguments.clone(),
        environment_variables: question.env.iter().map(variable).collect(),
        platform: Some(platform()),
        working_directory: question.directory.clone(),
        output_paths,
    };
    let command = command.encode_to_vec();
    let action = message::Action {
        command_digest: Some(Digest::of(&command).message()),
        input_root_digest: Some(encode(&inputs)?.message()),
        salt: salt(question, purpose, &outside, &called(question, root, seen)?),
        platform: Some(platform()),
    };
    let action = action.encode_to_vec();
    Ok(Key { digest: Digest::of(&action), action, command })
}

/// Returns what a result is good for: what a compiler makes elsewhere of the same is another thing.
fn platform() -> message::Platform {
    let property =
        |(name, value): (&str, &str)| message::Property { name: name.into(), value: value.into() };
    let properties = [("ISA", env::consts::ARCH), ("OSFamily", env::consts::OS)];
    message::Platform { properties: properties.map(property).into() }
}

/// Returns what the programs are that it calls: a compiler of that name elsewhere may be another one.
fn called(question: &Question, root: &Path, seen: &Seen) -> io::Result<Vec<String>> {
    let digest = |it: &PathBuf| seen.file(it).map(|it| it.digest.to_string());
    programs(question, root).iter().map(digest).collect()
}

fn salt(question: &Question, purpose: Purpose, outside: &str, called: &[String]) -> Vec<u8> {
    let mut facts = question.facts.clone();
    facts.sort_unstable();
    let purpose = match purpose {
        Purpose::Result => "result",
        Purpose::Lists => "lists",
    };
    let depfile = if question.has_depfile { "depfile" } else { "" };
    let mut salt = Vec::new();
    let fields = [VERSION, purpose, depfile, outside].into_iter();
    salt.extend((facts.len() as u64).to_le_bytes());
    let facts = facts.iter().flat_map(|it| [it.0.as_str(), it.1.as_str()]);
    for field in fields.chain(facts).chain(called.iter().map(String::as_str)) {
        salt.extend((field.len() as u64).to_le_bytes());
        salt.extend(field.as_bytes());
    }
    salt
}

/// Returns a path as the API wants it: relative to the working directory.
fn seen_from(directory: &str, path: &str) -> String {
    if directory.is_empty() {
        return path.to_owned();
    }
    let below = path.strip_prefix(directory).and_then(|it| it.strip_prefix('/'));
    let up = "../".repeat(directory.split('/').count());
    below.map_or_else(|| format!("{up}{path}"), str::to_owned)
}

/// Returns the tree of all inputs, and what the directory of those outside of the project is called
/// in it; the project may have one of that name.
fn input_root(
    question: &Question,
    root: &Path,
    more: &[String],
    seen: &Seen,
) -> io::Result<(Node, String)> {
    let (mut inside, mut outside) = (Node::default(), Node::default());
    for (at, input) in question.inputs.iter().chain(more).enumerate() {
        let to = if Path::new(input).is_absolute() { &mut outside } else { &mut inside };
        let what = if at < question.inputs.len() { What::Any } else { What::File };
        add(to, root, input, what, seen)?;
    }
    let mut name = String::new();
    if !(outside.files.is_empty() && outside.directories.is_empty()) {
        name.push_str("external");
        while inside.files.contains_key(&name) || inside.directories.contains_key(&name) {
            name.push('_');
        }
        inside.directories.insert(name.clone(), outside);
    }
    Ok((inside, name))
}

/// Returns the parts of the place that an input has in the input root.
fn parts(input: &str) -> io::Result<Vec<String>> {
    let mut parts = Vec::new();
    for component in Path::new(input).components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => parts.push(text(name)?),
            Component::ParentDir | Component::Prefix(_) => {
                return Err(io::Error::other(format!("`{input}` leads out of the project")));
            }
        }
    }
    Ok(parts)
}

fn text(name: &std::ffi::OsStr) -> io::Result<String> {
    let name = name.to_str().map(str::to_owned);
    name.ok_or_else(|| io::Error::other("a name that is not UTF-8"))
}

/// What an input may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Any,
    /// Others told of it: a directory could be the whole disk.
    File,
}

fn add(to: &mut Node, root: &Path, input: &str, what: What, seen: &Seen) -> io::Result<()> {
    let parts = parts(input)?;
    let path = root.join(input);
    let Some((name, directories)) = parts.split_last() else {
        return Err(io::Error::other(format!("`{input}` is all that there is")));
    };
    let mut node = to;
    for directory in directories {
        node = node.directories.entry(directory.clone()).or_default();
    }
    if what == What::Any && fs::metadata(&path)?.is_dir() {
        let node = node.directories.entry(name.clone()).or_default();
        return add_directory(node, path, seen);
    }
    node.files.insert(name.clone(), file_node(name, &path, seen)?);
    Ok(())
}

fn file_node(name: &str, path: &Path, seen: &Seen) -> io::Result<message::FileNode> {
    let file = seen.file(path)?;
    Ok(message::FileNode {
        name: name.to_owned(),
        digest: Some(file.digest.message()),
        is_executable: file.is_executable,
    })
}

/// Adds all that is in a directory; links in it are links.
fn add_directory(to: &mut Node, path: PathBuf, seen: &Seen) -> io::Result<()> {
    let mut todo = vec![(Vec::<String>::new(), path)];
    while let Some((parts, path)) = todo.pop() {
        let mut node = &mut *to;
        for part in &parts {
            node = node.directories.entry(part.clone()).or_default();
        }
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let (name, kind) = (text(&entry.file_name())?, entry.file_type()?);
            if kind.is_dir() {
                node.directories.entry(name.clone()).or_default();
                let below = parts.iter().cloned().chain([name]).collect();
                todo.push((below, entry.path()));
            } else if kind.is_symlink() {
                node.symlinks.insert(name, text(fs::read_link(entry.path())?.as_os_str())?);
            } else {
                let file = file_node(&name, &entry.path(), seen)?;
                node.files.insert(name, file);
            }
        }
    }
    Ok(())
}

/// Returns the digest of a directory, those below it first.
fn encode(node: &Node) -> io::Result<Digest> {
    encode_below(node, 0)
}

/// Paths are no longer than the system allows, and neither is the way down.
const DEEPEST: usize = 2048;

fn encode_below(node: &Node, depth: usize) -> io::Result<Digest> {
    if depth > DEEPEST {
        return Err(io::Error::other("directories below directories without end"));
    }
    let directory = |(name, node): (&String, &Node)| {
        let digest = encode_below(node, depth + 1)?.message();
        Ok(message::DirectoryNode { name: name.clone(), digest: Some(digest) })
    };
    let symlink = |(name, target): (&String, &String)| message::SymlinkNode {
        name: name.clone(),
        target: target.clone(),
    };
    let message = message::Directory {
        files: node.files.values().cloned().collect(),
        directories: node.directories.iter().map(directory).collect::<io::Result<_>>()?,
        symlinks: node.symlinks.iter().map(symlink).collect(),
    };
    Ok(Digest::of(&message.encode_to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_is_part_of_a_key_and_the_place_is_not() {
        let keys = [(); 2].map(|()| {
            let root = tempfile::tempdir().expect("a directory");
            fs::write(root.path().join("in"), "input").expect("ours");
            let question = Question { inputs: vec!["in".into()], ..Question::default() };
            let seen = Seen::default();
            key(&question, root.path(), &[], Purpose::Result, &seen).expect("it has one")
        });
        assert_eq!(keys[0], keys[1]);
        let action = message::Action::decode(&*keys[0].action).expect("ours");
        let command = message::Command::decode(&*keys[0].command).expect("ours");
        for it in [action.platform, command.platform] {
            let properties = it.expect("it has one").properties;
            let named: Vec<_> = properties.iter().map(|it| (&*it.name, &*it.value)).collect();
            assert_eq!(named, [("ISA", env::consts::ARCH), ("OSFamily", env::consts::OS)]);
        }
    }
}
