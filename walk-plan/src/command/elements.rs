//! What the fingerprint of a command is made of.
//!
//! One function builds it before and after the run, so that the two cannot drift. An
//! element is named by its kind and its subject, `input src/a.c`; the names are what
//! `walk why` shows. Nothing here looks at the file system or at the store: files are
//! asked of [`Files`], everything else is handed in.
//!
//! | element | value |
//! |---|---|
//! | `command`, `directory` | their text |
//! | `env NAME`, `track NAME` | the value; its digest, if it is secret |
//! | `tool NAME` | what its version command printed |
//! | `depfile`, `late command` | where the one is written, what the other runs |
//! | `response` | the content of the file that is written for the command |
//! | `glob PATTERN` | digest of the list of files that it matched |
//! | `input PATH` | digest of the content |
//! | `depfile PATH` | digest of the content of a file that the depfile named |
//! | `result ACTION` | digest of the result of an action in `deps`, or of one whose output says nothing of what was made |
//! | `late` | what the `late` command printed |
//! | `output PATH` | digest of the content |

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walk_core::fingerprint::Observed;
use walk_core::{Checksum, Fingerprint, Value};

use super::files::Files;
use super::secrets::Secrets;
use super::{content, shell};
use crate::{Command, FileId, Plan, Run};

pub(super) const COMMAND: &str = "command";
pub(super) const LATE: &str = "late";
const RESPONSE: &str = "response";
const INPUT: &str = "input ";
const DEPFILE: &str = "depfile ";
const OUTPUT: &str = "output ";

/// Text longer than this is kept as its digest.
const LONGEST_TEXT: usize = 8 * 1024;

/// The kind of an element that stands for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Input,
    Depfile,
    Output,
}

/// What is known of a command apart from the manifest and its declared inputs.
pub(super) struct Facts<'a> {
    /// The files that its depfile named.
    pub(super) discovered: &'a [FileId],
    /// What its `late` command printed.
    pub(super) late: Option<&'a Value>,
    /// The results of its `deps`, by name.
    pub(super) results: Vec<(Arc<str>, Checksum)>,
    /// What is known of its outputs, in their order, if that is newer than what [`Files`]
    /// knows.
    pub(super) outputs: &'a [(FileId, Observed)],
}

/// What is the same for every command of a walk.
pub(super) struct Surroundings {
    /// The tracked variables that are set outside, as elements.
    pub(super) tracked: Vec<(Arc<str>, Value)>,
    /// The variables set for every action.
    pub(super) set: Vec<(Arc<str>, Value)>,
    /// The versions of the tools, by position in the plan.
    pub(super) tools: Vec<Option<(Arc<str>, Value)>>,
    /// What no element may hold.
    pub(super) secrets: Secrets,
}

/// A file that could not be read, which makes the fingerprint unknown.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) path: PathBuf,
    pub(super) source: io::Error,
}

/// Builds the fingerprint of `command` from what is known now.
pub(super) fn fingerprint(
    plan: &Plan,
    command: &Command,
    files: &mut Files,
    surroundings: &Surroundings,
    facts: &Facts<'_>,
) -> Result<Fingerprint, Unreadable> {
    let mut elements = Vec::with_capacity(
        4 + command.inputs.len() + command.outputs.len() + facts.discovered.len(),
    );
    // They are sorted in the end, which is cheap for what is in order: the longest list is.
    for &id in facts.discovered {
        elements.push(files.element(plan, FileKind::Depfile, id)?);
    }
    push_fixed(&mut elements, plan, command, surroundings);
    push_globs(&mut elements, plan, command);
    push_files(&mut elements, plan, command, files, facts)?;
    let results = facts.results.iter();
    elements.extend(results.map(|(name, sum)| (result_name(name).into(), (*sum).into())));
    if let Some(late) = facts.late {
        elements.push((LATE.into(), late.clone()));
    }
    let secrets = &surroundings.secrets;
    Ok(elements.into_iter().map(|(name, value)| (name, secrets.mask_value(value))).collect())
}

type Elements = Vec<(Arc<str>, Value)>;

fn push_fixed(to: &mut Elements, plan: &Plan, command: &Command, surroundings: &Surroundings) {
    if command.run != Run::Nothing && !command.generator {
        to.push((COMMAND.into(), text(&command_line(plan, command))));
    }
    if let Some(response) = &command.response {
        to.push((RESPONSE.into(), text(&os_text(&response.content))));
    }
    if !command.cwd.as_os_str().is_empty() {
        to.push(("directory".into(), text(&path_text(&command.cwd))));
    }
    if command.run != Run::Nothing {
        let own = |name: &str| command.env.contains_key(name.strip_prefix("env ").unwrap_or(name));
        to.extend(surroundings.set.iter().filter(|(name, _)| !own(name)).cloned());
        to.extend(surroundings.tracked.iter().cloned());
    }
    if let Some(depfile) = command.depfile {
        to.push(("depfile".into(), text(&path_text(plan.files.path(depfile)))));
    }
    if let Some(late) = &command.late {
        to.push(("late command".into(), text(&shell::join(late))));
    }
    let env = command.env.iter();
    to.extend(env.map(|(name, value)| (format!("env {name}").into(), text(value))));
    to.extend(command.tools.iter().filter_map(|&it| surroundings.tools[it].clone()));
}

fn push_globs(to: &mut Elements, plan: &Plan, command: &Command) {
    for glob in &command.globs {
        let mut list = Fingerprint::with_capacity(glob.files.len());
        list.extend(glob.files.iter().map(|&it| {
            let name: Arc<str> = path_text(plan.files.path(it)).into();
            (name, Value::Text(Arc::from("")))
        }));
        to.push((format!("glob {}", glob.pattern).into(), list.checksum().into()));
    }
}

fn push_files(
    to: &mut Elements,
    plan: &Plan,
    command: &Command,
    files: &mut Files,
    facts: &Facts<'_>,
) -> Result<(), Unreadable> {
    for &id in &command.inputs {
        to.push(files.element(plan, FileKind::Input, id)?);
    }
    for (position, &id) in command.outputs.iter().enumerate() {
        to.push(match facts.outputs.get(position).filter(|(it, _)| *it == id) {
            Some((_, seen)) => {
                (files.name(plan, FileKind::Output, id), content::made(plan, id, seen))
            }
            None => files.element(plan, FileKind::Output, id)?,
        });
    }
    Ok(())
}

/// Returns what an action in `deps` stands for to those that depend on it: what its `late`
/// command printed, else its outputs, else everything that it was made of.
pub(super) fn result(fingerprint: &Fingerprint) -> Checksum {
    if let Some(late) = fingerprint.get(LATE) {
        return Fingerprint::from_iter([(Arc::from(LATE), late.clone())]).checksum();
    }
    let outputs: Fingerprint = outputs_with_kind(fingerprint).collect();
    if outputs.is_empty() { fingerprint.checksum() } else { outputs.checksum() }
}

/// Returns what an action stands for whose outputs say nothing of what was made: all that it was
/// made of, but not when its outputs were touched. Whoever reads them sees that, and may have done
/// it.
pub(super) fn origin(fingerprint: &Fingerprint) -> Checksum {
    let is_touch = |name: &str, value: &Value| name.starts_with(OUTPUT) && content::is_timed(value);
    if !fingerprint.iter().any(|(name, value)| is_touch(name, value)) {
        return fingerprint.checksum();
    }
    let rest = fingerprint.iter().filter(|(name, value)| !is_touch(name, value));
    rest.map(|(name, value)| (Arc::clone(name), value.clone())).collect::<Fingerprint>().checksum()
}

fn outputs_with_kind(fingerprint: &Fingerprint) -> impl Iterator<Item = (Arc<str>, Value)> {
    let outputs = fingerprint.iter().filter(|(name, _)| name.starts_with(OUTPUT));
    outputs.map(|(name, value)| (Arc::clone(name), value.clone()))
}

/// Returns the paths, as text, and digests of the outputs that `fingerprint` records.
pub(super) fn outputs(fingerprint: &Fingerprint) -> impl Iterator<Item = (&str, &Value)> {
    fingerprint.iter().filter_map(|(name, value)| Some((name.strip_prefix(OUTPUT)?, value)))
}

/// Returns the files of one kind that `fingerprint` records, and what each stands for.
pub(super) fn files(
    fingerprint: &Fingerprint,
    kind: FileKind,
) -> impl Iterator<Item = (PathBuf, &Value)> {
    let kind = prefix(kind);
    fingerprint
        .iter()
        .filter_map(move |(name, value)| Some((text_path(name.strip_prefix(kind)?), value)))
}

/// Returns whether two fingerprints record the same content of all outputs, whenever that was
/// written.
pub(super) fn has_same_outputs(one: &Fingerprint, other: &Fingerprint) -> bool {
    let is_same = |(one, other): ((&str, &Value), (&str, &Value))| {
        one.0 == other.0 && content::is_same(one.1, other.1)
    };
    outputs(one).count() == outputs(other).count() && outputs(one).zip(outputs(other)).all(is_same)
}

/// Returns whether two fingerprints differ in which files are read, and in nothing else.
pub(super) fn differ_in_what_is_read(previous: &Fingerprint, new: &Fingerprint) -> bool {
    let is_read = |it: &(Arc<str>, Value)| it.0.starts_with(INPUT) || it.0.starts_with(DEPFILE);
    let diff = new.diff(previous);
    diff.updated.is_empty()
        && !diff.is_empty()
        && diff.new.iter().chain(&diff.obsolete).all(is_read)
}

/// Returns the files that the depfile named when `fingerprint` was saved.
pub(super) fn discovered(fingerprint: &Fingerprint) -> impl Iterator<Item = PathBuf> {
    discovered_names(fingerprint).map(|it| discovered_path(it))
}

/// Returns the names of the elements that stand for the files that the depfile named.
pub(super) fn discovered_names(fingerprint: &Fingerprint) -> impl Iterator<Item = &Arc<str>> {
    fingerprint.iter().map(|(name, _)| name).filter(|it| it.starts_with(DEPFILE))
}

/// Returns the file that such a name is about.
pub(super) fn discovered_path(name: &str) -> PathBuf {
    text_path(name.strip_prefix(DEPFILE).unwrap_or(name))
}

/// Returns the first file whose content is not the one that was `expected`; a stamp that was
/// touched has none.
pub(super) fn changed_input<'a>(expected: &Fingerprint, found: &'a Fingerprint) -> Option<&'a str> {
    found.iter().find_map(|(name, value)| {
        let path = name.strip_prefix(INPUT).or_else(|| name.strip_prefix(DEPFILE))?;
        expected.get(name).is_some_and(|it| !content::is_same(it, value)).then_some(path)
    })
}

fn result_name(action: &str) -> String {
    format!("result {action}")
}

/// Returns the result of `action` that `fingerprint` records.
pub(super) fn result_of(fingerprint: &Fingerprint, action: &str) -> Option<Checksum> {
    match fingerprint.get(&result_name(action))? {
        Value::Digest(sum) => Some(*sum),
        Value::Text(_) => None,
    }
}

/// Returns the name of an element as a sentence about it wants it.
pub(super) fn short_name(element: &str) -> &str {
    let kinds = [INPUT, DEPFILE, "result "];
    kinds.iter().find_map(|kind| element.strip_prefix(kind)).unwrap_or(element)
}

/// Returns whether an element stands for a file.
pub(super) fn is_file(element: &str) -> bool {
    [INPUT, DEPFILE, OUTPUT].iter().any(|kind| element.starts_with(kind))
}

/// Returns whether an element stands for an output.
pub(super) fn is_output(element: &str) -> bool {
    element.starts_with(OUTPUT)
}

/// Returns the command as a shell would take it, for the fingerprint and for people.
pub(super) fn command_line(plan: &Plan, command: &Command) -> String {
    match &command.run {
        Run::Nothing => String::new(),
        Run::Shell(text) => {
            shell::join(plan.settings.shell.iter().map(String::as_str).chain([text.as_str()]))
        }
        Run::Argv(words) => shell::join(words.iter().map(|it| os_text(it))),
    }
}

pub(super) fn name(kind: FileKind, path: &Path) -> Arc<str> {
    format!("{}{}", prefix(kind), path_text(path)).into()
}

fn prefix(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Input => INPUT,
        FileKind::Depfile => DEPFILE,
        FileKind::Output => OUTPUT,
    }
}

pub(super) fn text(content: &str) -> Value {
    if content.len() > LONGEST_TEXT {
        return Checksum::of(content.as_bytes()).into();
    }
    content.into()
}

/// What stands before a path that is written in hexadecimal: one that is not UTF-8, or that
/// begins like this.
const HEX: &str = "bytes:";

pub(super) fn path_text(path: &Path) -> Cow<'_, str> {
    os_text(path.as_os_str())
}

pub(super) fn os_text(text: &OsStr) -> Cow<'_, str> {
    text.to_str().filter(|it| !it.starts_with(HEX)).map_or_else(
        || {
            let hex = text.as_bytes().iter().map(|it| format!("{it:02x}"));
            Cow::Owned(std::iter::once(HEX.to_owned()).chain(hex).collect())
        },
        Cow::Borrowed,
    )
}

/// Returns what a program printed, without white space at its end.
pub(super) fn printed(bytes: &[u8]) -> String {
    os_text(OsStr::from_bytes(bytes.trim_ascii_end())).into_owned()
}

/// Returns the path that `text` names in an element.
pub(super) fn text_path(text: &str) -> PathBuf {
    let bytes = text.strip_prefix(HEX).and_then(|hex| {
        let pairs = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2));
        pairs.map(|it| u8::from_str_radix(it?, 16).ok()).collect::<Option<Vec<u8>>>()
    });
    bytes.map_or_else(|| text.into(), |it| std::ffi::OsString::from_vec(it).into())
}
