//! The memo of a walk that found nothing to do: it answers as long as nothing differs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use walk_plan::{CommandWalk, Memo, Options, Recall};

use super::project::Project;

const KEY: &[u8] = b"all";

/// Two actions, a wildcard, a depfile and a tracked variable.
const MANIFEST: &str = "[walk]\nversion = 1\ninclude = ['conf/*.toml']\n[env]\ntrack = ['WALK_TEST_NOBODY_SETS']\n\
     [action.a]\nrun = \"cat src/* h > {out}; echo 'a: h' > a.d\"\nin = ['src/*']\nout = ['a']\n\
     depfile = 'a.d'\n[action.b]\nrun = 'cp {in} {out}'\nin = ['a']\nout = ['b']\n";

fn project() -> Project {
    let project = Project::new("");
    project.write("walk.toml", MANIFEST);
    project.write("conf/more.toml", "");
    project.write("src/0", "0");
    project.write("src/1", "1");
    project.write("h", "h");
    project
}

/// Walks until nothing is to be done, and keeps that.
fn learn(project: &Project) {
    project.walk();
    keep(project);
}

/// Walks once, and keeps what it depended on.
fn keep(project: &Project) {
    project.settle();
    let mut memo = Memo::new();
    let mut walk =
        CommandWalk::open(project.plan(), project.state(), Options::default()).expect("it opens");
    let dag = walk.dag(&walk.plan().select(&[]).expect("targets")).expect("a graph");
    let report = walk.run(&dag).expect("it walks");
    memo.add(&walk, &dag, &report);
    drop(walk);
    memo.save(&project.state(), KEY);
}

fn recall(project: &Project) -> Option<usize> {
    match Memo::recall(&project.state(), &project.path(""), KEY) {
        Recall::UpToDate(actions) => Some(actions),
        Recall::Nothing | Recall::Part(_) => None,
    }
}

#[test]
fn what_nothing_happened_to_is_up_to_date() {
    let project = project();
    learn(&project);
    assert_eq!(recall(&project), Some(2));
    assert_eq!(recall(&project), Some(2));
    let other = Memo::recall(&project.state(), &project.path(""), b"another");
    assert!(matches!(other, Recall::Nothing), "{other:?}");
}

#[test]
fn a_walk_that_did_something_leaves_no_memo() {
    let project = project();
    keep(&project);
    assert_eq!(recall(&project), None);
}

/// What differs, how, and whether an action has to run because of it.
#[test]
fn whatever_differs_is_looked_into() {
    let check = |change: &dyn Fn(&Project), expected: &[&str]| {
        let project = project();
        learn(&project);
        assert_eq!(recall(&project), Some(2));
        project.settle();
        change(&project);
        assert_eq!(recall(&project), None);
        project.check(expected);
    };
    check(&|it| it.write("src/1", "2"), &["a", "b"]);
    check(&|it| it.write("src/1", "more"), &["a", "b"]);
    check(&|it| it.write("src/2", "2"), &["a", "b"]);
    check(&|it| it.remove("src/0"), &["a", "b"]);
    check(&|it| it.write("conf/other.toml", "[action.d]\nrun = 'true'\n"), &["d"]);
    check(&|it| it.write("h", "i"), &["a", "b"]);
    check(&|it| it.write("a", "edited"), &["a"]);
    check(&|it| it.remove("b"), &["b"]);
    check(&|it| it.write("conf/more.toml", "[action.c]\nrun = 'true'\n"), &["c"]);
    check(&|it| it.write("walk.toml", &it.read("walk.toml").replace("cp", "cat")), &["b"]);
    check(&|it| fs::remove_file(it.path(".walk/state.db")).expect("it is there"), &["a", "b"]);
    check(&|it| fs::write(it.path(".walk/memo"), "").expect("it is written"), &[]);
    // A store that was opened for writing may say something else the next moment.
    check(&|it| drop(it.state().open_store().expect("it opens")), &[]);
}

#[test]
fn an_older_file_with_its_old_time_is_seen() {
    let project = project();
    project.write("old", "0");
    project.age("old", 100_000);
    learn(&project);
    project.age("src/1", 100_000);
    assert_eq!(recall(&project), Some(2));
    fs::rename(project.path("old"), project.path("src/1")).expect("it is moved");
    assert_eq!(recall(&project), None);
}

/// It is read once, and then known by its new times.
#[test]
fn what_was_only_touched_is_the_same() {
    let project = project();
    learn(&project);
    let before = fs::read(project.path(".walk/memo")).expect("it is there");
    project.settle();
    project.write("src/1", "1");
    project.settle();
    assert_eq!(recall(&project), Some(2));
    let after = fs::read(project.path(".walk/memo")).expect("it is there");
    assert_ne!(before, after);
    assert_eq!(recall(&project), Some(2));
    assert_eq!(fs::read(project.path(".walk/memo")).expect("it is there"), after);
}

/// What a stat cannot tell is asked of the walk each time.
#[test]
fn what_cannot_be_looked_at_again_is_not_remembered() {
    let check = |manifest: &str, prepare: &dyn Fn(&Path)| {
        let project = Project::new(manifest);
        project.write("in", "1");
        prepare(&project.path(""));
        learn(&project);
        assert_eq!(recall(&project), None, "{manifest}");
    };
    let cp = |line: &str| format!("[action.a]\nrun = 'cp in {{out}}'\nout = ['a']\n{line}\n");
    check(&cp("always = true"), &|_| ());
    check(&format!("[tool.t]\nversion = ['echo', '1']\n{}", cp("tools = ['t']")), &|_| ());
    check(&cp("in = ['dir']"), &|it| fs::create_dir(it.join("dir")).expect("it is made"));
    check(&cp("in = ['src/*']"), &|it| {
        fs::create_dir(it.join("src")).expect("it is made");
        fs::write(it.join("src/x"), "").expect("it is written");
        symlink("nowhere", it.join("src/dead")).expect("it is made");
    });
}

/// It was there when it was read, and nothing says what it was like.
#[test]
fn a_manifest_that_goes_while_it_is_walked_is_not_remembered() {
    let project = project();
    project.walk();
    project.settle();
    let mut memo = Memo::new();
    let mut walk =
        CommandWalk::open(project.plan(), project.state(), Options::default()).expect("it opens");
    let dag = walk.dag(&walk.plan().select(&[]).expect("targets")).expect("a graph");
    let report = walk.run(&dag).expect("it walks");
    project.remove("walk.toml");
    memo.add(&walk, &dag, &report);
    drop(walk);
    memo.save(&project.state(), KEY);
    assert_eq!(recall(&project), None);
}

#[test]
fn a_damaged_memo_is_none() {
    let project = project();
    learn(&project);
    let path = project.path(".walk/memo");
    let whole = fs::read(&path).expect("it is there");
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 1 << (position % 8);
        fs::write(&path, &damaged).expect("it is written");
        assert_eq!(recall(&project), None, "byte {position}");
        fs::write(&path, &whole[..position]).expect("it is written");
        assert_eq!(recall(&project), None, "cut at {position}");
    }
    fs::write(&path, &whole).expect("it is written");
    assert_eq!(recall(&project), Some(2));
}
