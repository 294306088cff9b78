//! Describes what is run for an action, with everything that its thread needs.
//!
//! The thread knows neither the plan nor the walk: what it is given is complete.

use std::ffi::OsString;

use rustc_hash::FxHashSet;
use walk_core::scheduler::Jobserver;
use walk_core::{Action, Checksum};

use super::elements::FileKind;
use super::outcome::Shared;
use super::plain::Shortcut;
use super::work::CommandWork;
use super::{CommandWalk, WalkError, content, files};
use crate::{ActionId, Command, FileId, Response, Run};

impl CommandWalk {
    /// Returns the work of `action`, unless it has nothing to run.
    pub(super) fn work(
        &mut self,
        action: &Action<'_, ActionId>,
    ) -> Result<Option<CommandWork>, WalkError> {
        let away = self.away(action)?;
        let cached = self.cached(action);
        let last_outputs = self.last_outputs(action);
        let command = self.command(*action.data());
        let root = &self.plan.root;
        let words = match &command.run {
            Run::Nothing => return Ok(None),
            Run::Shell(text) => {
                self.plan.settings.shell.iter().chain([text]).map(OsString::from).collect()
            }
            Run::Argv(words) => self.rooted(command, words),
        };
        let path = |id: FileId| root.join(self.plan.files.path(id));
        let response = |it: &Response| Response { path: root.join(&it.path), ..it.clone() };
        let env = self.plan.env.set.iter().chain(&command.env);
        let makeflags = self.options.jobserver.as_ref().map_or("", Jobserver::makeflags);
        let shared =
            (!makeflags.is_empty()).then(|| ("MAKEFLAGS".to_owned(), makeflags.to_owned()));
        let log = self.state.log(action.uid());
        Ok(Some(CommandWork {
            name: action.uid().into(),
            away,
            cached,
            words,
            shortcut: self.shortcut().filter(|_| Shortcut::fits(command)).cloned(),
            root: root.clone(),
            directory: root.join(&command.cwd),
            env: shared
                .into_iter()
                .chain(env.map(|(name, value)| (name.clone(), value.clone())))
                .collect(),
            outputs: command.outputs.iter().map(|&id| (id, path(id))).collect(),
            last_outputs,
            depth: files::depth(self.plan.settings.paths),
            missing_outputs: command.missing_outputs,
            depfile: command.depfile.map(path),
            depfile_use: command.depfile_use,
            includes_prefix: command.includes_prefix.clone(),
            response: command.response.as_ref().map(response),
            late: command.late.as_ref().map(|it| it.iter().map(OsString::from).collect()),
            interactive: command.interactive,
            keep_failed: command.keep_failed,
            generator: command.generator,
            scratch: self.state.scratch(),
            has_log: log.file_name().is_some_and(|it| self.logs().contains(it)),
            log,
            secrets: self.surroundings.secrets.clone(),
            shared: Shared::default(),
        }))
    }

    fn logs(&self) -> &FxHashSet<OsString> {
        self.logs.get_or_init(|| self.state.logs())
    }

    fn shortcut(&self) -> Option<&Shortcut> {
        self.shortcut.get_or_init(|| Shortcut::of(&self.plan)).as_ref()
    }

    /// Returns `words` with the program as the manifest names it: a path is relative to the
    /// root like every other, wherever the command runs, unless there is no such file.
    fn rooted(&self, command: &Command, words: &[OsString]) -> Vec<OsString> {
        let mut words = words.to_vec();
        if let Some(program) = words.first_mut()
            && !command.cwd.as_os_str().is_empty()
            && program.as_encoded_bytes().contains(&b'/')
        {
            let path = self.plan.root.join(&*program);
            if path.is_file() {
                *program = path.into();
            }
        }
        words
    }

    fn last_outputs(&mut self, action: &Action<'_, ActionId>) -> Option<Vec<Option<Checksum>>> {
        let previous = action.prev_fingerprint()?;
        let outputs = &self.plan.actions[action.data().index()].outputs;
        let digests = outputs.iter().map(|&id| {
            previous
                .get(&self.files.name(&self.plan, FileKind::Output, id))
                .and_then(content::digest)
        });
        Some(digests.collect())
    }
}
