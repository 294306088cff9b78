//! From a member to the command that it is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::inputs::{Inputs, Origins};
use super::members::{Draft, Entry, Member, fitting, path_text};
use super::outputs::Flat;
use super::settings::{DEFAULT, INTERACTIVE, no_nul, refuse_zero, variables};
use super::text::{Io, Scope, Style, expand};
use crate::manifest::{List, Place, Result, RunText, Text, Trouble};
use crate::plan::{
    ActionId, Command, Edges, Names, Needs, Retry, Run, Settings, Tool, lexical, seen_from,
};

/// What the commands of a plan share.
#[derive(Debug)]
pub(super) struct Shared<'p> {
    pub(super) settings: &'p Settings,
    pub(super) queues: FxHashMap<&'p str, (Arc<str>, u32)>,
    pub(super) tools: &'p [Tool],
    pub(super) names: &'p Names,
}

impl<'p> Shared<'p> {
    pub(super) fn new(
        settings: &'p Settings,
        queues: &'p BTreeMap<String, u32>,
        tools: &'p [Tool],
        names: &'p Names,
    ) -> Self {
        let queue = |(name, tokens): (&'p String, &u32)| (&**name, (name.as_str().into(), *tokens));
        Self { settings, queues: queues.iter().map(queue).collect(), tools, names }
    }
}

impl<'d> Draft<'d> {
    /// Makes the commands of all members, and the edges between them.
    pub(super) fn commands(
        &mut self,
        all: &[Flat<'d>],
        shared: &Shared<'_>,
        origins: &mut Origins,
    ) -> Result<(Vec<Command>, Edges)> {
        let mut edges = Edges::with_capacity(all.len());
        let mut commands = Vec::with_capacity(all.len());
        let mut groups: Option<(usize, Arc<str>)> = None;
        for (index, (entry, member)) in all.iter().enumerate() {
            let id = ActionId(u32::try_from(index).expect("counted by `take_members`"));
            let group = match &groups {
                Some((last, group)) if last == entry => Arc::clone(group),
                _ if *member.name == *self.entries[*entry].name => Arc::clone(&member.name),
                _ => self.entries[*entry].name.into(),
            };
            groups = Some((*entry, Arc::clone(&group)));
            let inputs = self.inputs(id, *entry, member, origins)?;
            let others = inputs.others.clone();
            let command = self.command(*entry, member, group, inputs, shared)?;
            let producers = command.inputs.iter().filter_map(|it| self.files.producer(*it));
            producers.chain(others).for_each(|it| edges.add(it));
            command.deps.iter().chain(&command.after).for_each(|it| edges.add(*it));
            edges.close();
            commands.push(command);
        }
        Ok((commands, edges))
    }

    fn command(
        &mut self,
        index: usize,
        member: &Member<'d>,
        group: Arc<str>,
        inputs: Inputs,
        shared: &Shared<'_>,
    ) -> Result<Command> {
        let cwd = self.cwd(&self.entries[index], member)?;
        let entry = &self.entries[index];
        let raw = entry.raw;
        let io = Io { inputs: &inputs.files, outputs: &member.outputs };
        let scope = Scope { io: Some(io), cwd: &cwd, ..self.scope(member) };
        refuse_without_run(entry)?;
        refuse_zero(raw.timeout.map(|it| it.0), || entry.at("timeout"))?;
        let (queue, tokens) = queue(entry, &scope, shared)?;
        let late = raw.late.as_ref().map(|it| late(it, &scope, entry)).transpose()?;
        Ok(Command {
            name: Arc::clone(&member.name),
            group,
            run: run(entry, &scope)?,
            env: variables(&raw.env, &scope, || entry.at("env"))?,
            depfile: member.depfile,
            tools: tools(entry, shared)?,
            deps: actions(entry, "deps", &raw.deps, &scope, shared)?,
            after: actions(entry, "after", &raw.after, &scope, shared)?,
            queue,
            tokens,
            priority: raw.priority.map_or(0, |it| it.narrow(0)),
            timeout: raw.timeout.map(|it| it.0),
            retry: retry(entry),
            late,
            always: raw.always,
            interactive: raw.interactive,
            cache: raw.cache.unwrap_or(true),
            needs: needs(entry, &scope)?,
            keep_failed: raw.keep_failed.unwrap_or(shared.settings.keep_failed),
            inputs: inputs.files,
            globs: inputs.globs,
            outputs: member.outputs.clone(),
            cwd,
            ..Command::new(Arc::clone(&member.name))
        })
    }

    fn cwd(&self, entry: &Entry<'_>, member: &Member<'d>) -> Result<PathBuf> {
        let Some(text) = &entry.raw.cwd else { return Ok(PathBuf::new()) };
        let path = expand(text, &self.scope(member)).and_then(path_text).and_then(fitting);
        let path = path.map_err(|it| it.at(entry.at("cwd")))?;
        let root = self.files.root();
        let full = lexical(&root.join(&*path));
        Ok(full.strip_prefix(root).map(Path::to_path_buf).unwrap_or(full))
    }
}

/// An action that runs nothing can depend on others, and no more.
fn refuse_without_run(entry: &Entry<'_>) -> Result<()> {
    let raw = entry.raw;
    let keys = [
        ("out", !raw.outputs.is_empty()),
        ("depfile", raw.depfile.is_some()),
        ("late", raw.late.is_some()),
        ("retry", raw.retry.is_some()),
        ("interactive", raw.interactive),
    ];
    match keys.iter().find(|it| it.1) {
        Some((key, _)) if raw.run.is_none() => {
            let wrong = format!("`{}` has `{key}` and no `run`", entry.name);
            let help = "without `run` an action is a name for its `in` and `deps`";
            Err(Trouble::new(wrong).help(help).at(entry.at(key).key()))
        }
        _ => Ok(()),
    }
}

fn run(entry: &Entry<'_>, scope: &Scope<'_>) -> Result<Run> {
    let empty = || Trouble::new(format!("`run` of `{}` is empty", entry.name)).at(entry.at("run"));
    match &entry.raw.run {
        None => Ok(Run::Nothing),
        Some(RunText::Shell(text)) => {
            let text = expand(text, &Scope { style: Style::Shell, ..*scope }).and_then(no_nul);
            let text = text.map_err(|it| it.at(entry.at("run")))?;
            if text.trim().is_empty() { Err(empty()) } else { Ok(Run::Shell(text.into_owned())) }
        }
        Some(RunText::Argv(words)) => {
            let words = arguments(words, scope, entry, "run")?;
            if words.first().is_none_or(|it| it.is_empty()) {
                Err(empty())
            } else {
                Ok(Run::Argv(words))
            }
        }
    }
}

/// Expands the elements of a command; one that is exactly `{in}` or `{out}` becomes one
/// argument a file.
fn arguments(
    words: &List<'_>,
    scope: &Scope<'_>,
    entry: &Entry<'_>,
    key: &str,
) -> Result<Vec<OsString>> {
    let mut done = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let files = match (&**word, scope.io) {
            ("{in}", Some(io)) => io.inputs,
            ("{out}", Some(io)) => io.outputs,
            _ => {
                let word = expand(word, scope).and_then(no_nul);
                let word = word.map_err(|it| it.at(entry.at(key).at(index)))?;
                done.push(OsString::from(&*word));
                continue;
            }
        };
        let root = scope.files.root();
        let paths = files.iter().map(|it| seen_from(root, scope.cwd, scope.files.path(*it)));
        done.extend(paths.map(|it| it.into_owned().into_os_string()));
    }
    Ok(done)
}

/// Returns what an action asks of an engine that runs it.
fn needs(entry: &Entry<'_>, scope: &Scope<'_>) -> Result<Option<Box<Needs>>> {
    let raw = entry.raw;
    if raw.cpus.is_none() && raw.mem.is_none() && raw.slurm.is_empty() {
        return Ok(None);
    }
    let text = |text: &Text<'_>, place: &dyn Fn() -> Place| -> Result<String> {
        let text = expand(text, scope).and_then(no_nul).map_err(|it| it.at(place()))?;
        Ok(text.into_owned())
    };
    let cpus = raw.cpus.map(|it| it.narrow(1));
    let mem = raw.mem.as_ref().map(|it| text(it, &|| entry.at("mem"))).transpose()?;
    if let Some(mem) = mem.as_ref().filter(|it| !is_amount(it)) {
        let wrong =
            format!("`mem` is {mem:?}: expected a whole number with K, M, G or T, as \"8G\"");
        return Err(Trouble::new(wrong).at(entry.at("mem")));
    }
    let mut needs = Needs { cpus, mem, ..Needs::default() };
    for (at, word) in raw.slurm.iter().enumerate() {
        needs.slurm.push(text(word, &|| entry.at("slurm").at(at))?);
    }
    Ok(Some(Box::new(needs)))
}

/// Returns whether it is memory as Slurm counts it; without a unit that is in megabytes.
fn is_amount(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit())
}

fn late(words: &List<'_>, scope: &Scope<'_>, entry: &Entry<'_>) -> Result<Vec<String>> {
    let words = arguments(words, scope, entry, "late")?;
    let words: Result<Vec<String>, OsString> =
        words.into_iter().map(OsString::into_string).collect();
    let words = words.map_err(|_| Trouble::new("not UTF-8").at(entry.at("late")))?;
    if words.first().is_none_or(String::is_empty) {
        Err(Trouble::new(format!("`late` of `{}` is empty", entry.name)).at(entry.at("late")))
    } else {
        Ok(words)
    }
}

fn queue(entry: &Entry<'_>, scope: &Scope<'_>, shared: &Shared<'_>) -> Result<(Arc<str>, u32)> {
    let raw = entry.raw;
    let name = match (&raw.queue, raw.interactive) {
        (None, false) => DEFAULT.into(),
        (None, true) => INTERACTIVE.into(),
        (Some(text), false) => expand(text, scope).map_err(|it| it.at(entry.at("queue")))?,
        (Some(_), true) => {
            let wrong = "an interactive action has a queue of its own";
            return Err(Trouble::new(wrong).at(entry.at("queue").key()));
        }
    };
    let Some((queue, capacity)) = shared.queues.get(&*name) else {
        let mut names: Vec<&str> = shared.queues.keys().copied().collect();
        names.sort_unstable();
        let wrong = Trouble::new(format!("unknown queue `{name}`"));
        return Err(wrong.nearest(&name, names.into_iter()).at(entry.at("queue")));
    };
    let tokens = raw.tokens.map_or(1, |it| it.narrow(u32::MAX));
    if tokens > *capacity {
        let wrong = format!(
            "`{}` takes more tokens than the queue `{name}` has: {tokens} of {capacity}",
            entry.name
        );
        let place = if raw.tokens.is_some() { entry.at("tokens") } else { entry.place_of_name() };
        let how = if &*name == DEFAULT {
            "raise it with `jobs` in [settings] or -j"
        } else {
            "raise it in [queues]"
        };
        return Err(Trouble::new(wrong)
            .help(format!("such an action could never start; {how}"))
            .at(place));
    }
    Ok((Arc::clone(queue), tokens))
}

fn tools(entry: &Entry<'_>, shared: &Shared<'_>) -> Result<Vec<usize>> {
    let find = |(index, name): (usize, &Text<'_>)| {
        let known = shared.tools.iter().position(|it| it.name == **name);
        known.ok_or_else(|| {
            let wrong = Trouble::new(format!("unknown tool `{}`", &**name));
            let names = shared.tools.iter().map(|it| it.name.as_str());
            wrong.nearest(name, names).at(entry.at("tools").at(index))
        })
    };
    entry.raw.tools.iter().enumerate().map(find).collect()
}

/// Finds the actions that a list of names stands for, each once.
fn actions(
    entry: &Entry<'_>,
    key: &str,
    names: &List<'_>,
    scope: &Scope<'_>,
    shared: &Shared<'_>,
) -> Result<Vec<ActionId>> {
    let mut found = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = || entry.at(key).at(index);
        let name = expand(name, scope).map_err(|it| it.at(place()))?;
        let Some(range) = shared.names.get(&*name) else {
            let wrong =
                Trouble::new(format!("unknown action `{name}` in `{key}` of `{}`", entry.name));
            let mut names: Vec<&str> = shared.names.keys().map(|it| &**it).collect();
            names.sort_unstable();
            return Err(wrong.nearest(&name, names.into_iter()).at(place()));
        };
        found.extend(range.clone().map(ActionId));
    }
    if names.len() > 1 {
        let mut seen = rustc_hash::FxHashSet::default();
        found.retain(|it| seen.insert(*it));
    }
    Ok(found)
}

fn retry(entry: &Entry<'_>) -> Option<Retry> {
    let raw = entry.raw.retry.as_ref()?;
    Some(Retry {
        times: raw.times.map_or(1, |it| it.narrow(u32::MAX)),
        delay: raw.delay.map(|it| it.0).unwrap_or_default(),
        factor: raw.factor.map_or(1.0, |it| it.0),
        on: raw.on.iter().map(|it| it.narrow(0)).collect(),
    })
}
