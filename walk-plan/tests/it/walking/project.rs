//! A manifest in a directory of its own, and what walking it does.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use walk_core::{DirtyReason, Event, JobStatus, Report};
use walk_plan::{
    ActionId, Captured, CommandWalk, Note, Options, Overrides, Plan, Source, StateDir, WalkError,
};

pub(crate) struct Project {
    dir: tempfile::TempDir,
    /// When a file was last written.
    written: Cell<Instant>,
}

/// What one walk did.
#[derive(Debug)]
pub(crate) struct Walked {
    pub(crate) report: Report,
    /// The actions that were started, in order.
    pub(crate) started: Vec<String>,
    /// Why each of them was.
    pub(crate) reasons: Vec<String>,
}

impl Project {
    pub(crate) fn new(manifest: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let project = Self { dir, written: Cell::new(Instant::now()) };
        project.manifest(manifest);
        project
    }

    pub(crate) fn manifest(&self, text: &str) {
        self.write("walk.toml", &format!("[walk]\nversion = 1\n{text}"));
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
        self.written.set(Instant::now());
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("it can be read")
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("it can be removed");
    }

    /// Sets the time of the last change, in seconds before now.
    pub(crate) fn age(&self, path: &str, seconds: u64) {
        let file = File::options().append(true).open(self.path(path)).expect("it can be opened");
        let then = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).expect("its time can be set");
    }

    /// Lets enough time pass for what was written to be older than what starts from now on.
    pub(crate) fn settle(&self) {
        while self.written.get().elapsed() < Duration::from_millis(25) {
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        let source = Source::File(self.path("walk.toml"));
        Plan::read(&source, &Overrides::default()).unwrap_or_else(|it| panic!("{it}"))
    }

    pub(crate) fn state(&self) -> StateDir {
        StateDir::new(self.path(".walk"))
    }

    pub(crate) fn walk(&self) -> Walked {
        self.walk_with(Options::default())
    }

    pub(crate) fn walk_with(&self, options: Options) -> Walked {
        self.settle();
        let walk = CommandWalk::open(self.plan(), self.state(), options).expect("it opens");
        Self::drive(walk)
    }

    pub(crate) fn walk_plan(&self, plan: Plan) -> Walked {
        self.try_walk_plan(plan).expect("it walks")
    }

    pub(crate) fn try_walk_plan(&self, plan: Plan) -> Result<Walked, WalkError> {
        self.settle();
        let walk = CommandWalk::open(plan, self.state(), Options::default()).expect("it opens");
        Self::try_drive(walk)
    }

    /// What would run, and why.
    pub(crate) fn dry(&self) -> Walked {
        let walk = CommandWalk::open_dry(self.plan(), self.state(), Options::default());
        Self::drive(walk.expect("it opens"))
    }

    fn drive(walk: CommandWalk) -> Walked {
        Self::try_drive(walk).expect("it walks")
    }

    fn try_drive(mut walk: CommandWalk) -> Result<Walked, WalkError> {
        let log: Rc<RefCell<(Vec<String>, Vec<String>)>> = Rc::default();
        let heard = Rc::clone(&log);
        walk.set_observer(Box::new(
            move |_: &Plan, event: &Event<'_, ActionId>, _: Option<&Captured>| {
                let uid = event.action().uid().to_owned();
                let mut heard = heard.borrow_mut();
                match event {
                    Event::Started { .. } => heard.0.push(uid),
                    Event::Queued { reason: Some(reason), .. } => heard.1.push(told(&uid, reason)),
                    Event::Skipped { action, reason: None, .. } => {
                        heard.1.extend(action.dirty_reason().map(|it| told(&uid, it)));
                    }
                    _ => {}
                }
            },
        ));
        let targets = walk.plan().select(&[]).expect("the default targets");
        let dag = walk.dag(&targets).expect("a graph");
        let report = walk.run(&dag)?;
        drop(walk);
        let (started, reasons) = Rc::into_inner(log).expect("the walk is gone").into_inner();
        Ok(Walked { report, started, reasons })
    }

    pub(crate) fn note(&self, action: &str) -> Note {
        let walk = CommandWalk::open_dry(self.plan(), self.state(), Options::default());
        walk.expect("it opens").note(action).expect("it can be read").expect("there is one")
    }

    /// Walks, and checks which actions were started.
    #[track_caller]
    pub(crate) fn check(&self, expected: &[&str]) -> Walked {
        let walked = self.walk();
        assert_eq!(walked.started, expected, "{:?}", walked.reasons);
        assert!(walked.report.is_success(), "{:#?}", walked.report);
        walked
    }
}

fn told(uid: &str, reason: &DirtyReason) -> String {
    format!("{uid}: {reason}")
}

impl Walked {
    pub(crate) fn status(&self, action: &str) -> Option<JobStatus> {
        self.report.status(action)
    }

    /// How the job of an action ended, in words.
    pub(crate) fn ending(&self, action: &str) -> String {
        let action = self.report.action(action).expect("there is one");
        let execution = action.execution.as_ref().expect("it ran");
        execution.ending.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// Returns the names of the files in `dir`, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("it can be read");
    let name = |it: std::io::Result<fs::DirEntry>| it.expect("an entry").file_name();
    let mut names: Vec<String> =
        entries.map(|it| name(it).into_string().expect("a name in UTF-8")).collect();
    names.sort();
    names
}
