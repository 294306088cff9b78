//! A walk that dies before or after any of its writes to the store: the next one gives what a
//! clean build gives.
//!
//! The test starts itself again as the walk, whose store counts what is done to it and kills the
//! process in time. What the commands make is a function of the sources, and one of them has no
//! outputs at all, so that only its record tells whether it must run again. Nothing here is
//! random: each write of a walk has its turn, once before and once after it is done, and after
//! each the sources stay as they were edited, or are put back.
//!
//! A few moments are tried; with `WALK_CASES` in the environment, all.

use std::io::{self, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};

use walk_core::fingerprint::{DigestRow, StoreError};
use walk_core::{Fingerprint, SqliteStore, Store};
use walk_plan::{CommandWalk, Loaded, Options, Overrides, Plan, Source, StateDir};

use super::project::Project;

const ROOT: &str = "WALK_PLAN_CRASH_ROOT";
const MOMENT: &str = "WALK_PLAN_CRASH_MOMENT";
const SIGKILL: i32 = 9;

/// Of how many moments one is tried, unless all are.
const STRIDE: usize = 13;

const MANIFEST: &str = r#"
[action.header]
run = "head -c 3 one > header"
in = ["one"]
out = ["header"]

[action.object]
run = "cat two $(cat listed) > object; echo 'object: listed' > deps; cat listed >> deps"
in = ["two", "header"]
out = ["object"]
depfile = "deps"

[action.whole]
run = "echo partial > whole; cat header object > whole"
in = ["header", "object"]
out = ["whole"]

[action.effect]
run = "cat one two > undeclared"
in = ["one", "two"]

[action.asked]
run = "cat two > kept"
in = ["two"]
late = ["cat", "kept"]

[action.last]
run = "cat whole kept undeclared > last"
in = ["whole"]
out = ["last"]
deps = ["asked", "effect"]
"#;

/// What the sources hold, and what a clean build makes of them.
fn edit(project: &Project, version: &str) -> String {
    let (one, two) = (format!("one {version}"), format!("two {version}"));
    project.write("one", &one);
    project.write("two", &two);
    let (header, object) = (&one[..3], format!("{two}{version}"));
    project.write("listed", "inc");
    project.write("inc", version);
    format!("{header}{object}{two}{one}{two}")
}

#[test]
fn f6_any_write_to_the_store_may_be_the_last() {
    let stride = if std::env::var_os("WALK_CASES").is_some() { 1 } else { STRIDE };
    let (mut moment, mut kills) = (0, 0);
    while died_at(moment, moment % 2 == 0) {
        kills += 1;
        // How many writes there are depends on what ends together.
        if stride == 1 && died_at(moment, moment % 2 == 1) {
            kills += 1;
        }
        moment += stride;
    }
    println!("{kills} kills at {moment} moments");
    assert!(moment > 40, "only {moment} moments");
}

/// Lets a walk die at that moment, and looks at what the next one makes of it; returns false if
/// the walk ended first.
fn died_at(moment: usize, is_put_back: bool) -> bool {
    let project = Project::new(MANIFEST);
    let before = edit(&project, "first");
    assert!(project.walk().report.is_success());
    assert_eq!(project.read("last"), before);
    let edited = edit(&project, "second, which is longer");
    project.settle();
    let status = walk_in_a_process(&project, moment);
    let expected = if is_put_back { edit(&project, "first") } else { edited };
    let walked = project.walk();
    assert!(walked.report.is_success(), "{moment}: {:#?}", walked.report);
    assert_eq!(project.read("last"), expected, "{moment}: {:?}", walked.reasons);
    assert!(
        project.read("undeclared").len() == project.read("one").len() + project.read("two").len()
    );
    project.check(&[]);
    assert!(!project.exists(".walk/state.db.damaged"));
    if status.success() {
        return false;
    }
    assert_eq!(status.signal(), Some(SIGKILL), "{moment}: {status}");
    true
}

/// Walks in a process of its own, and waits until it and all that it started are gone: each of
/// them holds an end of a pipe.
fn walk_in_a_process(project: &Project, moment: usize) -> ExitStatus {
    let (mut pipe, their_end) = io::pipe().expect("a pipe");
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" 9>&0 </dev/null >/dev/null 2>&1"]);
    command.arg(std::env::current_exe().expect("this test"));
    command.args(["--exact", "walking::crash::walker", "--nocapture", "--test-threads=1"]);
    command.env(ROOT, project.path("")).env(MOMENT, moment.to_string());
    command.stdin(Stdio::from(their_end));
    let mut child = command.spawn().expect("it starts");
    drop(command);
    pipe.read_to_end(&mut Vec::new()).expect("it can be read");
    child.wait().expect("it ended")
}

/// The walk; does nothing unless it was started by the test above.
#[test]
fn walker() {
    let Some(root) = std::env::var_os(ROOT).map(std::path::PathBuf::from) else { return };
    let moment = std::env::var(MOMENT).expect("set with the root").parse().expect("a number");
    let source = Source::File(root.join("walk.toml"));
    let plan = Plan::read(&source, &Overrides::default()).expect("a plan");
    let state = StateDir::new(root.join(".walk"));
    state.create().expect("it is there");
    let store = Mortal { store: state.open_store().expect("it opens"), moment, now: 0 };
    let loaded = Loaded::new(Box::new(store), false).expect("it can be read");
    let walk = CommandWalk::with_loaded(plan, state, loaded, Options::default());
    let mut walk = walk.expect("it opens");
    let dag = walk.dag(&walk.plan().select(&[]).expect("the targets")).expect("a graph");
    assert!(walk.run(&dag).expect("it walks").is_success());
}

/// A store whose process dies at a moment: each write is preceded by one, and followed by one.
struct Mortal {
    store: SqliteStore,
    moment: usize,
    now: usize,
}

impl Mortal {
    fn write<T>(&mut self, work: impl FnOnce(&mut SqliteStore) -> T) -> T {
        self.live();
        let result = work(&mut self.store);
        self.live();
        result
    }

    fn live(&mut self) {
        if self.now == self.moment {
            let kill = format!("kill -9 {}", std::process::id());
            Command::new("sh").args(["-c", &kill]).status().expect("there is a shell");
            unreachable!("nobody survives that");
        }
        self.now += 1;
    }
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store for Mortal {
    fn load_fingerprint(&mut self, uid: &str) -> Result<Option<Fingerprint>> {
        self.store.load_fingerprint(uid)
    }

    fn save_fingerprint(&mut self, uid: &str, fingerprint: Option<&Fingerprint>) -> Result<()> {
        self.write(|it| it.save_fingerprint(uid, fingerprint))
    }

    fn load_note(&mut self, uid: &str) -> Result<Option<Vec<u8>>> {
        self.store.load_note(uid)
    }

    fn save_note(&mut self, uid: &str, note: Option<&[u8]>) -> Result<()> {
        self.write(|it| it.save_note(uid, note))
    }

    fn uids(&mut self) -> Result<Vec<String>> {
        self.store.uids()
    }

    fn preload(&mut self) -> Result<()> {
        self.store.preload()
    }

    fn load_digests(&mut self) -> Result<Vec<DigestRow>> {
        self.store.load_digests()
    }

    fn save_digests(&mut self, rows: &[DigestRow]) -> Result<()> {
        self.write(|it| it.save_digests(rows))
    }

    fn begin(&mut self) -> Result<()> {
        self.write(Store::begin)
    }

    fn commit(&mut self) -> Result<()> {
        self.write(Store::commit)
    }

    fn finish(&mut self) -> Result<()> {
        self.write(Store::finish)
    }

    fn was_unclean(&self) -> bool {
        self.store.was_unclean()
    }
}
