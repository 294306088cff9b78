//! The answers of [`CommandWalk`] to the hooks of a walk.
//!
//! It decides by comparing fingerprints, makes a job of each command, and takes in what the
//! worker thread saw. Two things differ from the defaults: predecessors that are only
//! `after` order without deciding, and a failure may be tried again.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustc_hash::FxHashSet;
use walk_core::fingerprint::Observed;
use walk_core::{
    Action, Checksum, Decision, DirtyReason, Ending, Event, Fingerprint, Freshness, InterruptCause,
    Job, JobOutcome, JobStatus, Phase, Requeue, SchedulingParams, Value, Walk, defaults,
};

use super::elements::{self, Facts, FileKind, Unreadable};
use super::note::{self, Lapse, Reason};
use super::outcome::{Ended, Shared};
use super::{CommandWalk, Made, Note, WalkError, entries};
use crate::{ActionId, FileId, Paths, Retry};

impl Walk for CommandWalk {
    type Data = ActionId;
    type Error = WalkError;

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        *params = self.params();
    }

    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, ActionId>,
    ) -> Result<Option<Fingerprint>, WalkError> {
        if self.command(*action.data()).is_alias() || self.doubted.contains(action.uid()) {
            return Ok(None);
        }
        if let Some(recalled) = self.recalled[action.data().index()].take() {
            return Ok(Some(recalled));
        }
        Ok(self.store.load_fingerprint(action.uid())?)
    }

    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, ActionId>,
        phase: Phase,
    ) -> Result<Option<Fingerprint>, WalkError> {
        match phase {
            _ if self.command(*action.data()).is_alias() => Ok(self.alias(action, phase)),
            Phase::Prediction => Ok(self.predict(action)),
            Phase::Final if self.options.dry_run => Ok(None),
            Phase::Final => Ok(self.conclude(action)),
        }
    }

    fn should_execute_action(&mut self, action: &Action<'_, ActionId>) -> Freshness {
        let command = self.command(*action.data());
        if command.is_alias() {
            return Freshness::Fresh;
        }
        if self.options.force {
            return DirtyReason::Forced.into();
        }
        if command.always {
            return DirtyReason::Always.into();
        }
        let is_generator = command.generator;
        match action.freshness() {
            Freshness::Dirty(_) if is_generator && self.was_made_elsewhere(action) => {
                self.adopted
                    .extend(action.new_fingerprint().map(|it| (action.uid().into(), it.clone())));
                Freshness::Fresh
            }
            Freshness::Dirty(DirtyReason::UntrackedPredecessor(_)) => self.without_order(action),
            Freshness::Dirty(DirtyReason::NoPrevious) => self.why_again(action).into(),
            freshness => freshness,
        }
    }

    fn create_job(&mut self, action: &Action<'_, ActionId>) -> Result<Decision, WalkError> {
        let id = *action.data();
        if self.options.dry_run {
            self.pending.insert(id);
            return Ok(JobStatus::Skip.into());
        }
        let Some(work) = self.work(action)? else {
            return Ok(JobStatus::Success.into());
        };
        self.running.insert(id, work.shared.clone());
        let command = self.command(id);
        let mut job = Job::new(work)
            .queue(Arc::clone(&command.queue))
            .tokens(command.tokens)
            .priority(command.priority);
        if self.is_away(id) {
            // Its time counts from where it runs: it may wait for days before it begins.
            job = job.timeout(LONGEST_WAIT);
        } else if let Some(timeout) = command.timeout {
            job = job.timeout(timeout);
        }
        Ok(job.into())
    }

    fn save_fingerprint(
        &mut self,
        action: &Action<'_, ActionId>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), WalkError> {
        if self.options.dry_run || self.command(*action.data()).is_alias() {
            return Ok(());
        }
        self.begin()?;
        if fingerprint.is_none() {
            self.note_outputs(action)?;
        }
        Ok(self.store.save_fingerprint(action.uid(), fingerprint)?)
    }

    fn commit(&mut self) -> Result<(), WalkError> {
        if self.options.dry_run {
            return Ok(());
        }
        for (name, fingerprint) in std::mem::take(&mut self.adopted) {
            self.begin()?;
            self.store.save_fingerprint(&name, Some(&fingerprint))?;
        }
        Ok(self.store.commit()?)
    }

    fn collect(
        &mut self,
        action: &Action<'_, ActionId>,
        outcome: &JobOutcome,
    ) -> Result<Requeue, WalkError> {
        let id = *action.data();
        let captured = self.running.get(&id).map(Shared::take).unwrap_or_default();
        let started = captured.began.unwrap_or(outcome.started);
        self.ended = Some(Ended { captured, started });
        self.files.expire();
        if outcome.left_behind {
            log::warn!(
                target: "walk",
                "`{}` left processes running in the background: what they write is not waited for",
                action.uid()
            );
        }
        if let Some(delay) = self.command(id).retry.as_ref().and_then(|it| again(it, outcome)) {
            self.save_note(action, outcome, false)?;
            if outcome.status != JobStatus::NotReady {
                self.stumbled.insert(id);
            }
            return Ok(Requeue::After(delay));
        }
        self.running.remove(&id);
        self.learn_outputs();
        let requeue = defaults::collect(self, action, outcome)?;
        self.keep_result(action, outcome);
        self.save_note(action, outcome, requeue == Requeue::No)?;
        Ok(requeue)
    }

    fn prioritize(&mut self, jobs: &mut [(Action<'_, ActionId>, Job)]) {
        self.set_urgencies(jobs);
    }

    fn on_event(&mut self, event: &Event<'_, ActionId>) {
        match event {
            Event::Started { action, .. } => {
                self.files.expire();
                self.order.started(*action.data());
            }
            Event::Finished { action, .. } | Event::Skipped { action, .. } => {
                self.order.ended(*action.data());
            }
            _ => {}
        }
        // What was collected is told with the event that follows, and then over.
        let ended = self.ended.take();
        if let Some(observer) = &mut self.observer {
            observer.on_event(&self.plan, event, ended.as_ref().map(|it| &it.captured));
        }
    }
}

impl CommandWalk {
    /// Returns the fingerprint that `action` would have if it were up to date now.
    fn predict(&mut self, action: &Action<'_, ActionId>) -> Option<Fingerprint> {
        let id = *action.data();
        let last = action.prev_fingerprint().filter(|_| self.command(id).late.is_some());
        let late = last.and_then(|it| it.get(elements::LATE)).cloned();
        let discovered = std::mem::take(&mut self.discovered[id.index()]);
        let predicted = self.fingerprint(action, &discovered, late.as_ref(), &[]);
        self.discovered[id.index()] = discovered;
        let mut predicted = predicted.inspect_err(|it| unreadable(action.uid(), it)).ok()?;
        if !self.pending.is_empty() {
            self.assume_unchanged(action, &mut predicted);
        }
        if self.command(id).always {
            self.expected.insert(id, predicted);
            return None;
        }
        Some(predicted)
    }

    /// In a dry run, takes what an action would make anew for what it was when `action` last
    /// read it: whether it differs is only known once it is made.
    fn assume_unchanged(&mut self, action: &Action<'_, ActionId>, predicted: &mut Fingerprint) {
        let Some(previous) = action.prev_fingerprint() else { return };
        let id = action.data().index();
        let declared = self.plan.actions[id].inputs.iter().map(|it| (FileKind::Input, *it));
        let discovered = self.discovered[id].iter().map(|it| (FileKind::Depfile, *it));
        for (kind, file) in declared.chain(discovered) {
            if self.plan.makers_of(file).any(|it| self.pending.contains(&it)) {
                let name = self.files.name(&self.plan, kind, file);
                if let Some(value) = previous.get(&name) {
                    predicted.add(name, value.clone());
                }
            }
        }
    }

    /// Returns the fingerprint of `action`, which just succeeded; `None`, with a warning, if
    /// its result is not to be trusted.
    fn conclude(&mut self, action: &Action<'_, ActionId>) -> Option<Fingerprint> {
        let id = *action.data();
        let ended = self.ended.take();
        let captured = ended.as_ref().map(|it| &it.captured);
        let names = captured.map_or(&[][..], |it| &it.discovered);
        let discovered = self.intern(id, names);
        let late = captured.and_then(|it| it.late.as_ref()).cloned();
        let outputs = captured.map_or(&[][..], |it| &it.outputs);
        let held = self.expected.remove(&id);
        let expected = held.as_ref().or(action.new_fingerprint());
        let unsteady =
            ended.as_ref().and_then(|it| self.unsteady(action, expected, &discovered, it));
        let concluded = self.fingerprint(action, &discovered, late.as_ref(), outputs);
        self.discovered[id.index()] = discovered;
        self.ended = ended;
        let concluded = concluded.inspect_err(|it| unreadable(action.uid(), it)).ok()?;
        let command = self.command(id);
        if command.generator {
            let since = self.ended.as_ref().and_then(|it| it.captured.started_ns);
            return self.was_made_of_these(action, since).then_some(concluded);
        }
        if self.ended.as_ref().is_some_and(|it| entries::is_unsettled(command, &it.captured)) {
            return None;
        }
        let changed = expected.and_then(|it| elements::changed_input(it, &concluded));
        if let Some(file) = changed.map(PathBuf::from).or(unsteady) {
            log::warn!(
                target: "walk",
                "`{}`: `{}` changed while it ran: its result is not trusted",
                action.uid(), file.display()
            );
            return None;
        }
        Some(concluded)
    }

    pub(super) fn fingerprint(
        &mut self,
        action: &Action<'_, ActionId>,
        discovered: &[FileId],
        late: Option<&Value>,
        outputs: &[(FileId, Observed)],
    ) -> Result<Fingerprint, Unreadable> {
        let results = self.results(action, discovered);
        let facts = Facts { discovered, late, results, outputs };
        let command = &self.plan.actions[action.data().index()];
        elements::fingerprint(&self.plan, command, &mut self.files, &self.surroundings, &facts)
    }

    /// Returns what each action in `deps` stands for, and each of which an output says nothing.
    ///
    /// What says nothing stands for everything that it was made of; an action in `deps` for its
    /// outputs, unless they are entries, of which some may say nothing.
    fn results(
        &mut self,
        action: &Action<'_, ActionId>,
        discovered: &[FileId],
    ) -> Vec<(Arc<str>, Checksum)> {
        let id = *action.data();
        let mut deps: FxHashSet<ActionId> = self.command(id).deps.iter().copied().collect();
        let is_entry = self.plan.settings.paths == Paths::Entries;
        let stamps: FxHashSet<ActionId> =
            self.makers_of_stamps(id, discovered).into_iter().collect();
        deps.extend(&stamps);
        if is_entry {
            deps.extend(self.aliases(discovered));
        }
        if deps.is_empty() {
            return Vec::new();
        }
        let mut results = Vec::with_capacity(deps.len());
        for dep in deps {
            let is_whole = is_entry || stamps.contains(&dep);
            let result = if is_whole { elements::origin } else { elements::result };
            let name = Arc::clone(&self.command(dep).name);
            // What was just discovered need not be a predecessor yet.
            let vertex = self.vertices.get(dep.index()).copied().flatten();
            let ended = vertex.map(|it| action.at(it)).filter(|it| it.status().is_some());
            let known = ended.and_then(|it| it.new_fingerprint()).map(|fingerprint| {
                *self.results.entry((dep, is_whole)).or_insert_with(|| result(fingerprint))
            });
            // Without a fingerprint the action is executed anyway; see `without_order`.
            let earlier =
                || action.prev_fingerprint().and_then(|it| elements::result_of(it, &name));
            if let Some(sum) = known.or_else(earlier) {
                results.push((name, sum));
            }
        }
        results
    }

    /// Returns why an action without a success on record has to run, as far as that is
    /// remembered.
    fn why_again(&mut self, action: &Action<'_, ActionId>) -> DirtyReason {
        // What cannot be read is missing: it decides over nothing.
        match self.note(action.uid()) {
            Ok(Some(note)) => DirtyReason::Other(note.why_again().into()),
            _ => DirtyReason::NoPrevious,
        }
    }

    /// Decides again when a predecessor keeps no fingerprint: it does not count if it only
    /// has to come first.
    fn without_order(&self, action: &Action<'_, ActionId>) -> Freshness {
        if let (Some(previous), Some(new)) = (action.prev_fingerprint(), action.new_fingerprint())
            && previous != new
        {
            return DirtyReason::Changed(new.diff(previous)).into();
        }
        let command = self.command(*action.data());
        let is_order = |it: &ActionId| self.command(*it).is_alias() && !command.deps.contains(it);
        let unknown = action.predecessors().filter(|it| it.new_fingerprint().is_none());
        let mut unknown = unknown.filter(|it| !is_order(it.data())).peekable();
        if unknown.peek().is_none() {
            return Freshness::Fresh;
        }
        let data = self.data_predecessors(*action.data());
        match unknown.find(|it| data.contains(it.data())) {
            Some(it) => DirtyReason::UntrackedPredecessor(it.uid().into()).into(),
            None => Freshness::Fresh,
        }
    }

    pub(super) fn data_predecessors(&self, id: ActionId) -> FxHashSet<ActionId> {
        let command = self.command(id);
        let files = command.inputs.iter().chain(&self.discovered[id.index()]);
        let makers = files.flat_map(|&it| self.plan.makers_of(it));
        // A file that is called like an alias is itself; the alias is among the `deps`.
        let makers = makers.filter(|it| !self.command(*it).is_alias());
        let aliases = self.aliases(&self.discovered[id.index()]);
        makers.chain(aliases).chain(command.deps.iter().copied()).collect()
    }

    /// Returns the files that a depfile of the action names, but for those it declares.
    pub(super) fn intern(&mut self, id: ActionId, names: &[PathBuf]) -> Vec<FileId> {
        let directory = self.plan.root.join(&self.command(id).cwd);
        let found = names.iter().map(|it| {
            let path = directory.join(it);
            let file = self.plan.files.intern(&path);
            match leads_elsewhere(&path, &self.plan.root.join(self.plan.files.path(file))) {
                Some(there) => self.plan.files.intern(&there),
                None => file,
            }
        });
        let mut found: Vec<FileId> = found.collect();
        let files = &self.plan.files;
        found.sort_unstable_by(|a, b| files.path(*a).as_os_str().cmp(files.path(*b).as_os_str()));
        found.dedup();
        self.undeclared(id.index(), found)
    }

    fn learn_outputs(&mut self) {
        for &(id, seen) in self.ended.iter().flat_map(|it| &it.captured.outputs) {
            self.files.learn(&self.plan, id, seen);
        }
    }

    /// Notes what the job of `action` is about to make, before it starts: should it never
    /// end, what it left is not taken for a source.
    fn note_outputs(&mut self, action: &Action<'_, ActionId>) -> Result<(), WalkError> {
        let outputs = &self.plan.actions[action.data().index()].outputs;
        if outputs.is_empty() {
            return Ok(());
        }
        let path = |it: &FileId| self.plan.files.path(*it).to_path_buf();
        let begun = outputs.iter().map(|it| Made { path: path(it), digest: None }).collect();
        let mut note = Note::begun(SystemTime::now(), remembered_reason(action));
        note.made = begun;
        if let Some(earlier) = self.note(action.uid())? {
            note.duration_ms = earlier.duration_ms;
            note.history = earlier.history;
            self.keep_earlier(&mut note, earlier.made);
        }
        self.store.save_note(action.uid(), Some(&note.to_bytes()))?;
        self.noted.insert(*action.data(), (note.made, note.history));
        Ok(())
    }

    /// What an action made before is still its own to clean, until it is gone.
    fn keep_earlier(&self, note: &mut Note, mut earlier: Vec<Made>) {
        let made: FxHashSet<&Path> = note.made.iter().map(|it| it.path.as_path()).collect();
        earlier.retain(|it| {
            !made.contains(it.path.as_path())
                && self.plan.root.join(&it.path).symlink_metadata().is_ok()
        });
        note.made.extend(earlier);
    }

    /// Notes how a job of `action` ended; `is_over` if it is not tried again.
    fn save_note(
        &mut self,
        action: &Action<'_, ActionId>,
        outcome: &JobOutcome,
        is_over: bool,
    ) -> Result<(), WalkError> {
        let mut note = Note::of(outcome, self.ran(outcome), remembered_reason(action));
        note.lapse = note.lapse.or_else(|| self.mistrust(action));
        note.has_log = self.ended.as_ref().is_some_and(|it| it.captured.log.is_some());
        note.made = match action.new_fingerprint().filter(|_| outcome.status.is_success()) {
            Some(fingerprint) => note::made(fingerprint, elements::text_path),
            None => self.left_alone(action),
        };
        let (made, history) = match self.noted.remove(action.data()) {
            Some(noted) => noted,
            None => self.note(action.uid())?.map(|it| (it.made, it.history)).unwrap_or_default(),
        };
        self.keep_earlier(&mut note, made);
        note.history = history;
        if is_over {
            self.remember(&mut note, *action.data(), outcome);
        }
        Ok(self.store.save_note(action.uid(), Some(&note.to_bytes()))?)
    }

    /// Returns how long the command of the job that was just collected ran.
    fn ran(&self, outcome: &JobOutcome) -> Duration {
        self.ended.as_ref().and_then(|it| it.captured.ran).unwrap_or(outcome.duration)
    }

    /// Adds a run that is over to the history in `note`, and says what there is to say of it.
    fn remember(&mut self, note: &mut Note, id: ActionId, outcome: &JobOutcome) {
        let has_stumbled = self.stumbled.remove(&id);
        note.is_restored = self.ended.as_ref().is_some_and(|it| it.captured.conduct.is_restored);
        if outcome.interrupted == Some(InterruptCause::Run) || note.is_restored {
            return;
        }
        let duration = outcome.status.is_success().then_some(self.ran(outcome));
        let usual = duration.and_then(|it| note.history.exceeded_by(it));
        note.is_flaky = has_stumbled && duration.is_some();
        note.history.add(duration, note.is_flaky);
        if let Some(ended) = &mut self.ended {
            let conduct = &mut ended.captured.conduct;
            (conduct.is_flaky, conduct.exceeds) = (note.is_flaky, usual);
            conduct.history = note.history.clone();
        }
    }

    /// Returns why the result of an action that succeeded was not kept, if it was not.
    fn mistrust(&self, action: &Action<'_, ActionId>) -> Option<Lapse> {
        let captured = &self.ended.as_ref()?.captured;
        match action.new_fingerprint() {
            Some(_) => None,
            None if captured.is_blind => Some(Lapse::Blind),
            None if entries::is_unsettled(self.command(*action.data()), captured) => {
                Some(Lapse::Unmade)
            }
            None => Some(Lapse::Untrusted),
        }
    }

    /// Returns the outputs that are still what the last success made of them.
    fn left_alone(&mut self, action: &Action<'_, ActionId>) -> Vec<Made> {
        let last = action.prev_fingerprint().map(|it| note::made(it, elements::text_path));
        let mut last = last.unwrap_or_default();
        last.retain(|it| {
            let id = self.plan.files.intern(&it.path);
            let seen = self.files.look(&self.plan, id).ok();
            let digest = seen.and_then(|it| it.state.digest()).map(|it| it.to_string());
            digest.is_some() && digest == it.digest
        });
        last
    }
}

fn remembered_reason(action: &Action<'_, ActionId>) -> Reason {
    action.dirty_reason().map(|it| Reason::of(it).in_the_past()).unwrap_or_default()
}

/// Returns how long to wait before `outcome` is tried again, if it is.
fn again(retry: &Retry, outcome: &JobOutcome) -> Option<Duration> {
    let stopped = outcome.interrupted == Some(InterruptCause::Run);
    if outcome.status.is_success() || stopped || outcome.attempt > retry.times {
        return None;
    }
    let wanted = match outcome.ending {
        _ if retry.on.is_empty() => true,
        Some(Ending::Exited(code)) => retry.on.contains(&code),
        // As a shell says it, which may or may not have been there.
        Some(Ending::Signaled(signal)) => retry.on.contains(&(128 + signal)),
        _ => false,
    };
    let exponent = i32::try_from(outcome.attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = retry.delay.as_secs_f64() * retry.factor.powi(exponent);
    wanted.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY))
}

/// How long an action may wait elsewhere, which is for others to limit: ten years.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A factor above one grows without end; the wait between two attempts does not.
const LONGEST_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns where `path` really leads, if taking `..` back by the text alone led to another
/// file: `link/../x` is beside what the link leads to, not beside the link.
fn leads_elsewhere(path: &Path, by_text: &Path) -> Option<PathBuf> {
    if !path.components().any(|it| it == Component::ParentDir) {
        return None;
    }
    let there = path.canonicalize().ok()?;
    (by_text.canonicalize().ok().as_ref() != Some(&there)).then_some(there)
}

fn unreadable(action: &str, file: &Unreadable) {
    log::warn!(
        target: "walk",
        "`{action}`: cannot read `{}`: {}: its result is not trusted",
        file.path.display(), file.source
    );
}
