//! A walk whose actions behave as their ids say, shared by all tests.
//!
//! It mirrors the conventions of e3's own tests: an id that ends in `bad` fails, one that
//! contains `fingerprint_after_job` has no prediction, and so on. Sources are strings by
//! id; saved fingerprints are files, so that a test can damage one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use walk_core::{
    Action, Dag, Decision, Error, Event, Fingerprint, Job, JobContext, JobOutcome, JobStatus,
    Phase, Report, SchedulingParams, Walk, defaults, run,
};

/// What a `get_job` answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Job,
    Empty(JobStatus),
}

pub(crate) struct TestWalk {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) sources: BTreeMap<String, String>,
    pub(crate) store: BTreeMap<String, String>,
    pub(crate) fingerprints: bool,
    pub(crate) dry_run: bool,
    pub(crate) params: SchedulingParams,
    pub(crate) made: BTreeMap<String, Made>,
    pub(crate) requeued: BTreeMap<String, u32>,
    pub(crate) log: Vec<String>,
    pub(crate) writes: Vec<String>,
    seen: BTreeMap<String, Option<Fingerprint>>,
}

impl TestWalk {
    pub(crate) fn simple() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
            sources: BTreeMap::new(),
            store: BTreeMap::new(),
            fingerprints: false,
            dry_run: false,
            params: SchedulingParams::default(),
            made: BTreeMap::new(),
            requeued: BTreeMap::new(),
            log: Vec::new(),
            writes: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    pub(crate) fn with_fingerprints() -> Self {
        Self { fingerprints: true, ..Self::simple() }
    }

    /// Both kinds, for the cases that e3 runs with and without fingerprints.
    pub(crate) fn both() -> [Self; 2] {
        [Self::simple(), Self::with_fingerprints()]
    }

    pub(crate) fn walk(&mut self, dag: &Dag<()>) -> Report {
        self.made.clear();
        self.requeued.clear();
        self.log.clear();
        self.writes.clear();
        run(self, dag).expect("no hook fails")
    }

    pub(crate) fn saved_file(&self, uid: &str) -> PathBuf {
        self.dir.path().join(uid)
    }

    /// Walks, and checks what was made of each action and how it ended.
    pub(crate) fn check(&mut self, dag: &Dag<()>, expected: &[(&str, Made, JobStatus)]) {
        let report = self.walk(dag);
        let made: Vec<_> = report
            .actions()
            .iter()
            .map(|it| (it.uid.as_str(), self.made[&it.uid], it.status.expect("it was reached")))
            .collect();
        assert_eq!(made, expected);
    }

    fn job(uid: &str) -> Job {
        let uid = uid.to_owned();
        Job::new(move |cx: &JobContext| match uid.as_str() {
            it if it.ends_with("panic") => panic!("as asked"),
            it if it.ends_with("bad") => JobStatus::Failure,
            it if it.ends_with("notready:once") && cx.attempt() < 2 => JobStatus::NotReady,
            it if it.ends_with("notready:always") => JobStatus::NotReady,
            it if it.ends_with("unchanged") => JobStatus::Unchanged,
            _ => JobStatus::Success,
        })
    }
}

impl Walk for TestWalk {
    type Data = ();
    type Error = Error;

    fn create_job(&mut self, action: &Action<'_, ()>) -> Result<Decision, Error> {
        let uid = action.uid();
        Ok(match () {
            () if self.dry_run => JobStatus::Skip.into(),
            () if uid.ends_with("do-nothing") => JobStatus::Success.into(),
            () => Self::job(uid).into(),
        })
    }

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        params.clone_from(&self.params);
    }

    fn get_job(&mut self, action: &Action<'_, ()>) -> Result<Decision, Error> {
        let decision = defaults::get_job(self, action)?;
        let made = match &decision {
            Decision::Run(_) => Made::Job,
            Decision::Done(status) => Made::Empty(*status),
        };
        self.made.insert(action.uid().into(), made);
        Ok(decision)
    }

    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
        phase: Phase,
    ) -> Result<Option<Fingerprint>, Error> {
        let uid = action.uid();
        let late = uid.contains("fingerprint_after_job");
        if !self.fingerprints
            || uid.contains("no_fingerprint")
            || late && phase == Phase::Prediction
        {
            return Ok(None);
        }
        if late && let Some(content) = self.store.get(uid) {
            self.sources.insert(uid.into(), content.clone());
        }
        let mut fingerprint = Fingerprint::new();
        for predecessor in action.predecessors() {
            if let Some(it) = predecessor.new_fingerprint() {
                fingerprint.add(format!("pred:{}", predecessor.uid()), it.checksum());
            }
        }
        if let Some(source) = self.sources.get(uid) {
            fingerprint.add("source", source.as_str());
        }
        Ok(Some(fingerprint))
    }

    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
    ) -> Result<Option<Fingerprint>, Error> {
        if self.dry_run
            && let Some(seen) = self.seen.get(action.uid())
        {
            return Ok(seen.clone());
        }
        Ok(Fingerprint::load(self.saved_file(action.uid())).expect("it can be read"))
    }

    fn save_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), Error> {
        if self.dry_run {
            return Ok(());
        }
        let file = self.saved_file(action.uid());
        let verb = if fingerprint.is_some() { "save" } else { "forget" };
        self.writes.push(format!("{verb} {}", action.uid()));
        match fingerprint {
            Some(it) => it.save(&file).expect("it can be written"),
            None if file.exists() => std::fs::remove_file(&file).expect("it can be removed"),
            None => {}
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        if !self.dry_run {
            self.writes.push("commit".into());
        }
        Ok(())
    }

    /// Allows two requests per action, as e3's tests do.
    fn request_requeue(&mut self, action: &Action<'_, ()>, _: &JobOutcome) -> bool {
        let count = self.requeued.entry(action.uid().into()).or_default();
        *count += 1;
        *count < 3
    }

    fn on_event(&mut self, event: &Event<'_, ()>) {
        let uid = event.action().uid();
        self.log.push(match event {
            Event::Queued { reason: Some(reason), .. } => format!("queued {uid}: {reason}"),
            Event::Queued { .. } => format!("queued {uid}"),
            Event::Started { slot, .. } => {
                self.writes.push(format!("start {uid}"));
                format!("started {uid} in slot {slot}")
            }
            Event::Requeued { .. } => format!("requeued {uid}"),
            Event::Finished { outcome, .. } => match &outcome.ending {
                Some(ending) => format!("finished {uid}: {} ({ending})", outcome.status),
                None => format!("finished {uid}: {}", outcome.status),
            },
            Event::Skipped { status, reason: Some(reason), action } => {
                format!("skipped {uid}: {status}: {}", reason.describe(action.dag()))
            }
            Event::Skipped { status, .. } => format!("skipped {uid}: {status}"),
            other => format!("{other:?}"),
        });
    }
}

/// Builds a graph from ids and those that each depends on.
pub(crate) fn dag(vertices: &[(&str, &[&str])]) -> Dag<()> {
    let mut builder = Dag::builder();
    for (uid, predecessors) in vertices {
        builder.add_vertex(*uid, (), predecessors.iter().copied());
    }
    builder.build().expect("the graph is sound")
}
