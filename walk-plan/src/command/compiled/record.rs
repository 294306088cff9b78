//! A command as bytes, and what holds for all commands.
//!
//! Its files are not in there: they are numbers in the lists of the [graph](super::graph), in the
//! order of the command. Neither are keys that only readers of other formats know; a plan that
//! uses one has no graph.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::field::Field;
use crate::{
    ActionId, Command, DepfileUse, Env, GlobMatches, MissingOutputs, Paths, Plan, Retry, Run,
    Settings,
};

/// A command, apart from its inputs and outputs.
#[derive(Debug)]
pub(super) struct Record {
    /// Without files; `deps` are positions in the graph, and `after` is empty.
    pub(super) command: Command,
    /// How many of the files that it reads are declared: they come first.
    pub(super) inputs: u32,
    /// How many of the files that it makes are outputs; the last one may be a depfile.
    pub(super) outputs: u32,
    /// What each glob among its inputs matched.
    pub(super) globs: Vec<(String, Vec<u32>)>,
    pub(super) depfile: Option<PathBuf>,
}

/// What holds for all commands of a plan.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) root: PathBuf,
    pub(super) manifest: PathBuf,
    pub(super) settings: Settings,
    pub(super) queues: BTreeMap<String, u32>,
    pub(super) env: Env,
}

/// Returns whether all of a command can be written down.
pub(super) fn is_plain(command: &Command) -> bool {
    !command.is_alias()
        && !command.generator
        && command.cache
        && command.needs.is_none()
        && command.tools.is_empty()
        && command.response.is_none()
        && command.includes_prefix.is_none()
        && command.depfile_use == DepfileUse::default()
        && command.missing_outputs == MissingOutputs::default()
}

impl Record {
    /// Describes an action of `plan`; `file` and `action` give numbers to what it names.
    pub(super) fn put(
        plan: &Plan,
        id: ActionId,
        file: impl Fn(crate::FileId) -> u32,
        action: impl Fn(ActionId) -> u32,
        to: &mut Vec<u8>,
    ) {
        let command = &plan.actions[id.index()];
        command.name.put(to);
        command.group.put(to);
        put_run(&command.run, to);
        command.cwd.put(to);
        command.env.put(to);
        count(command.inputs.len()).put(to);
        count(command.outputs.len()).put(to);
        let numbers = |it: &GlobMatches| it.files.iter().map(|it| file(*it)).collect::<Vec<u32>>();
        let globs = command.globs.iter().map(|it| (it.pattern.clone(), numbers(it)));
        globs.collect::<Vec<_>>().put(to);
        command.depfile.map(|it| plan.files.path(it).to_path_buf()).put(to);
        command.deps.iter().map(|it| action(*it)).collect::<Vec<u32>>().put(to);
        command.queue.put(to);
        (command.tokens, command.priority).put(to);
        command.timeout.put(to);
        let retry = |it: &Retry| ((it.times, it.delay), (it.factor, it.on.clone()));
        command.retry.as_ref().map(retry).put(to);
        command.late.put(to);
        vec![command.always, command.interactive, command.keep_failed].put(to);
    }

    /// Reads what [`put`](Self::put) wrote.
    pub(super) fn take(from: &mut &[u8]) -> Option<Self> {
        let mut command = Command::new(Arc::<str>::take(from)?);
        command.group = Field::take(from)?;
        command.run = take_run(from)?;
        command.cwd = Field::take(from)?;
        command.env = Field::take(from)?;
        let (inputs, outputs) = Field::take(from)?;
        let globs = Field::take(from)?;
        let depfile = Field::take(from)?;
        command.deps = Vec::take(from)?.into_iter().map(ActionId).collect();
        command.queue = Field::take(from)?;
        (command.tokens, command.priority) = Field::take(from)?;
        command.timeout = Field::take(from)?;
        let retry: Option<_> = Field::take(from)?;
        command.retry =
            retry.map(|((times, delay), (factor, on))| Retry { times, delay, factor, on });
        command.late = Field::take(from)?;
        let flags: [bool; 3] = Vec::take(from)?.try_into().ok()?;
        [command.always, command.interactive, command.keep_failed] = flags;
        from.is_empty().then_some(Self { command, inputs, outputs, globs, depfile })
    }
}

impl Head {
    pub(super) fn put(plan: &Plan, to: &mut Vec<u8>) {
        plan.root.put(to);
        plan.manifest.put(to);
        let settings = &plan.settings;
        settings.jobs.put(to);
        (settings.timeout, settings.grace).put(to);
        settings.shell.put(to);
        let is_entry = settings.paths == Paths::Entries;
        vec![settings.keep_going, settings.keep_failed, settings.jobserver, is_entry].put(to);
        plan.queues.put(to);
        plan.env.set.put(to);
        (plan.env.track.clone(), plan.env.secret.clone()).put(to);
    }

    pub(super) fn take(from: &mut &[u8]) -> Option<Self> {
        let (root, manifest) = Field::take(from)?;
        let mut settings = Settings { jobs: Field::take(from)?, ..Settings::default() };
        (settings.timeout, settings.grace) = Field::take(from)?;
        settings.shell = Field::take(from)?;
        let flags: [bool; 4] = Vec::take(from)?.try_into().ok()?;
        let is_entry;
        [settings.keep_going, settings.keep_failed, settings.jobserver, is_entry] = flags;
        settings.paths = if is_entry { Paths::Entries } else { Paths::Trees };
        let queues = Field::take(from)?;
        let set = Field::take(from)?;
        let (track, secret) = Field::take(from)?;
        let env = Env { set, track, secret };
        from.is_empty().then_some(Self { root, manifest, settings, queues, env })
    }
}

fn put_run(run: &Run, to: &mut Vec<u8>) {
    match run {
        Run::Nothing => 0_u8.put(to),
        Run::Shell(text) => {
            1_u8.put(to);
            text.put(to);
        }
        Run::Argv(words) => {
            2_u8.put(to);
            words.put(to);
        }
    }
}

fn take_run(from: &mut &[u8]) -> Option<Run> {
    match u8::take(from)? {
        0 => Some(Run::Nothing),
        1 => Field::take(from).map(Run::Shell),
        2 => Field::take(from).map(Run::Argv).filter(|it| *it != Run::Argv(Vec::new())),
        _ => None,
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 files")
}
