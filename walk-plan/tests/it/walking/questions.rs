//! What is remembered of a run, for `why`, `list` and `clean`.

use walk_core::JobStatus;
use walk_plan::{ActionId, CommandWalk, Held, Lapse, Options};

use super::project::Project;

#[test]
fn a_note_says_why_an_action_ran_and_what_it_made() {
    let project =
        Project::new("[action.a]\nrun = 'cat {in} > {out}'\nin = ['in']\nout = ['out']\n");
    project.write("in", "1");
    project.check(&["a"]);
    assert_eq!(project.note("a").reason.summary, "no earlier success on record");
    project.write("in", "2");
    project.check(&["a"]);
    let note = project.note("a");
    assert_eq!(note.status(), JobStatus::Success);
    assert_eq!(note.reason.summary, "in changed");
    let change = &note.reason.changes[0];
    assert_eq!(change.element, "input in");
    assert!(change.old.is_some() && change.new.is_some() && change.old != change.new);
    let made: Vec<_> = note.made.iter().map(|it| it.path.to_str()).collect();
    assert_eq!(made, [Some("out")]);
}

/// Of whatever had no success on record it was said that it never had one.
#[test]
fn a_failure_was_told_as_if_it_had_never_run() {
    let project = Project::new("[action.a]\nrun = 'test -e good; echo > {out}'\nout = ['out']\n");
    assert!(!project.walk().report.is_success());
    assert_eq!(project.note("a").lapse, Some(Lapse::Failed));
    assert_eq!(project.dry().reasons, ["a: it failed last time"]);
    project.write("good", "");
    assert_eq!(project.check(&["a"]).reasons, ["a: it failed last time"]);
    let note = project.note("a");
    assert_eq!((note.lapse, &*note.reason.summary), (None, "it failed the time before"));
    project.remove("out");
    project.check(&["a"]);
    assert_eq!(project.note("a").reason.summary, "output out is gone");
}

/// An input that is written while a command reads it makes what it made suspect.
#[test]
fn what_is_not_trusted_was_told_as_if_it_had_never_run() {
    let project = Project::new(
        "[action.a]\nrun = 'cat in > {out}; echo 2 > in'\nin = ['in']\nout = ['out']\n",
    );
    project.write("in", "1");
    project.check(&["a"]);
    assert_eq!(project.note("a").lapse, Some(Lapse::Untrusted));
    assert_eq!(project.dry().reasons, ["a: what it made last time is not trusted"]);
}

/// Whoever declares a file reads it, and whoever's depfile named it.
#[test]
fn the_readers_of_a_file_are_known() {
    let run = "cat h in > {out}; echo 'a: h' > a.d";
    let project = Project::new(&format!(
        "[action.a]\nrun = \"{run}\"\nin = ['in']\nout = ['a']\ndepfile = 'a.d'\n\
         [action.b]\nrun = 'cp {{in}} {{out}}'\nin = ['a']\nout = ['b']\n"
    ));
    project.write("in", "1");
    project.write("h", "1");
    project.check(&["a", "b"]);
    let walk = CommandWalk::open_dry(project.plan(), project.state(), Options::default());
    let walk = walk.expect("it opens");
    let readers = |path: &str| walk.readers(path.as_ref()).into_iter().map(ActionId::index);
    assert_eq!(
        readers("in").chain(readers("h")).chain(readers("a")).collect::<Vec<_>>(),
        [0, 0, 1]
    );
    assert_eq!(readers("b").chain(readers("none")).count(), 0);
}

/// What was made and is no longer declared stays known, to be cleaned.
#[test]
fn outputs_that_are_no_longer_declared_stay_known() {
    let manifest = |out: &str| format!("[action.a]\nrun = 'echo > {{out}}'\nout = ['{out}']\n");
    let project = Project::new(&manifest("old"));
    project.check(&["a"]);
    project.manifest(&manifest("new"));
    project.check(&["a"]);
    let made = project.note("a").made;
    let mut made: Vec<_> = made.iter().filter_map(|it| it.path.to_str()).collect();
    made.sort_unstable();
    assert_eq!(made, ["new", "old"]);
}

#[test]
fn forced_actions_run_although_they_are_fresh() {
    let project = Project::new("[action.a]\nrun = 'true'\n");
    project.check(&["a"]);
    let mut options = Options::default();
    options.force = true;
    let walked = project.walk_with(options);
    assert_eq!(walked.reasons, ["a: forced"]);
}

#[test]
fn the_lock_names_its_holder_and_is_free_again() {
    let project = Project::new("[action.a]\nrun = 'true'\n");
    let state = project.state();
    state.create().expect("it can be made");
    let held = state.try_lock("first").expect("locks work");
    assert!(matches!(held, Held::Ours(_)));
    match state.try_lock("second").expect("locks work") {
        Held::By(holder) => assert_eq!(holder, "first"),
        Held::Ours(_) => panic!("it is held twice"),
    }
    drop(held);
    assert!(matches!(state.try_lock("third").expect("locks work"), Held::Ours(_)));
}

/// What was made for a source that is gone is found, so that no wildcard takes it for one.
#[test]
fn what_is_left_of_a_deleted_source_is_known() {
    let project = Project::new(
        "[action.compile]\nforeach = 'src/*.c'\nrun = 'cp {file} {out}'\nin = ['{file}']\nout = ['build/{stem}.o']\n\
         [action.link]\nrun = 'cat {in} > {out}'\nin = ['build/*.o']\nout = ['app']\n",
    );
    project.write("src/a.c", "a");
    project.write("src/b.c", "b");
    project.walk();
    project.remove("src/b.c");
    let open = || CommandWalk::open_dry(project.plan(), project.state(), Options::default());
    let leftovers = open().expect("it opens").leftovers().expect("it can be read");
    assert_eq!(leftovers, [std::path::Path::new("build/b.o")]);
}

/// An output that an action no longer declares is no source either, and neither is what a
/// failure left; a file that was edited since is.
#[test]
fn what_walk_made_is_no_source_unless_it_was_edited() {
    let manifest = |outputs: &str, more: &str| {
        format!(
            "[action.gen]\nrun = 'for it in {{out}}; do echo $it > $it; done'\nout = {outputs}\n\
             [action.all]\nrun = 'cat {{in}} > {{out}}'\nin = ['gen/*']\nout = ['all']\n{more}"
        )
    };
    let project = Project::new(&manifest("['gen/x', 'gen/y']", ""));
    project.walk();
    project.manifest(&manifest("['gen/x']", ""));
    let leftovers = || {
        let walk = CommandWalk::open_dry(project.plan(), project.state(), Options::default());
        walk.expect("it opens").leftovers().expect("it can be read")
    };
    assert_eq!(leftovers(), [std::path::Path::new("gen/y")]);
    project.write("gen/y", "edited");
    assert_eq!(leftovers(), [""; 0].map(std::path::PathBuf::from));
    let broken =
        "[action.bad]\nrun = 'echo half > gen/z; exit 1'\nout = ['gen/z']\nkeep-failed = true\n";
    project.manifest(&manifest("['gen/x']", broken));
    project.walk();
    project.manifest(&manifest("['gen/x']", ""));
    assert_eq!(leftovers(), [std::path::Path::new("gen/z")]);
}
