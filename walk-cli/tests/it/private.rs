//! Nobody else gets in: what walk writes for itself is its user's alone, no name leads out of
//! where logs are, and `clean` removes what walk made and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::project::{Done, Project};

/// Runs the command through a shell that says something first.
fn walk_after(project: &Project, preparation: &str, args: &str) -> Done {
    let walk = env!("CARGO_BIN_EXE_walk");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{preparation}; exec \"$0\" {args}"), walk]);
    command.current_dir(project.path("")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Done::of(command.output().expect("it runs"))
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// Checks that a directory and all below it are for their user alone.
fn assert_private(dir: &Path) {
    let mut todo = vec![dir.to_path_buf()];
    while let Some(path) = todo.pop() {
        let is_dir = path.is_dir();
        let expected = if is_dir { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
        if is_dir {
            todo.extend(fs::read_dir(path).expect("it is ours").map(|it| it.expect("it").path()));
        }
    }
}

/// Whatever the umask; what was asked for is as any file of the user's.
#[test]
fn state_and_logs_are_private_and_records_are_not() {
    for (umask, expected) in [("000", 0o666), ("022", 0o644), ("077", 0o600)] {
        let project = Project::new(
            "[action.a]\nrun = \"echo secret; echo x > o; echo o: i > d\"\nout = [\"o\"]\ndepfile = \"d\"\n\
             [action.b]\nrun = \"echo no; exit 1\"\nlate = [\"echo\", \"1\"]\n",
        );
        project.write("i", "");
        let args = "-k --events e --trace t --junit j";
        walk_after(&project, &format!("umask {umask}"), args).expect(1);
        assert_private(&project.path(".walk"));
        for record in ["e", "t", "j", "o"] {
            assert_eq!(mode(&project.path(record)), expected, "{record}, {umask}");
        }
    }
}

/// In a directory that the user made for others to enter, too, logs are not theirs to read.
#[test]
fn logs_are_private_in_a_directory_that_is_not() {
    let project = Project::new("[action.a]\nrun = \"echo secret\"\n");
    project.write("state/other", "");
    walk_after(&project, "umask 000", "--state-dir state").expect(0);
    assert_private(&project.path("state/logs"));
    assert_private(&project.path("state/tmp"));
    assert_eq!(mode(&project.path("state/lock")), 0o600);
}

/// Each action has a log of its own, below the state and nowhere else, whatever it is called.
#[test]
fn names_lead_nowhere_and_share_nothing() {
    let long = ["x".repeat(250), "x".repeat(251)];
    let mut files =
        vec!["a b", "a_b", "a\\b", "A_B", "x..", "a%2fb", "sub/a_b", "äöü", "$(touch evil)"];
    files.extend(long.iter().map(String::as_str));
    let project = Project::new(
        "[action.say]\nforeach = \"in/**\"\nrun = [\"echo\", \"{file}\"]\nin = [\"{file}\"]\nout = []\n",
    );
    for file in &files {
        project.write(&format!("in/{file}"), "");
    }
    project.walk("").expect(0);
    for file in &files {
        let mut command = project.command("log");
        let done = Done::of(command.arg(format!("say:in/{file}")).output().expect("it runs"));
        assert_eq!(done.expect(0), format!("in/{file}\n"));
    }
    let logs = fs::read_dir(project.path(".walk/logs")).expect("there are some");
    let mut names: Vec<String> =
        logs.map(|it| it.expect("an entry").file_name().to_string_lossy().to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), files.len(), "{names:?}");
    let mut roots: Vec<_> = fs::read_dir(project.path("")).expect("ours").collect();
    roots.retain(|it| {
        !["in", ".walk", "walk.toml"]
            .contains(&it.as_ref().expect("it").file_name().to_str().expect("text"))
    });
    assert!(roots.is_empty(), "{roots:?}");
}

fn two(output: &str) -> Project {
    let project = Project::new(&format!(
        "[action.a]\nrun = \"mkdir -p $(dirname {output}); echo made > {output}\"\nout = [\"{output}\"]\n"
    ));
    project.walk("").expect(0);
    project
}

/// What is behind a link may be somebody else's, even if it looks like what walk made.
#[test]
fn clean_does_not_follow_a_link() {
    let project = two("out/deep/file");
    fs::rename(project.path("out/deep"), project.path("precious")).expect("it is there");
    symlink("../precious", project.path("out/deep")).expect("a link");
    let out = project.walk("clean --all").expect(0);
    assert_eq!(out, "kept out/deep/file: behind a link\nnothing to remove\n");
    assert_eq!(project.read("precious/file"), "made\n");
}

/// Not even what it made, outside of the project.
#[test]
fn clean_does_not_leave_the_project() {
    let parent = Project::empty();
    let outside = parent.path("outside");
    let manifest = |output: &str| {
        format!(
            "[walk]\nversion = 1\n[action.a]\nrun = \"echo made > {output}\"\nout = [\"{output}\"]\n"
        )
    };
    for output in ["../outside", outside.to_str().expect("text")] {
        parent.write("project/walk.toml", &manifest(output));
        parent.walk("-C project").expect(0);
        let out = parent.walk("-C project clean --all").expect(0);
        assert!(out.contains("outside of the project\nnothing to remove"), "{out}");
        assert_eq!(parent.read("outside"), "made\n");
    }
}

/// What was put in the place of what walk made is not what walk made.
#[test]
fn clean_keeps_what_took_the_place_of_an_output() {
    let check = |replace: &dyn Fn(&Path)| {
        let project = two("out");
        let path = project.path("out");
        fs::remove_file(&path).expect("it is there");
        replace(&path);
        let out = project.walk("clean --all").expect(0);
        assert_eq!(out, "kept out: changed since walk made it\nnothing to remove\n");
        assert!(path.symlink_metadata().is_ok());
    };
    check(&|path| fs::create_dir(path).expect("new"));
    check(&|path| {
        fs::create_dir(path).expect("new");
        fs::write(path.join("out"), "made\n").expect("new");
    });
    check(&|path| fs::write(path, "made by hand\n").expect("new"));
    check(&|path| symlink("nowhere", path).expect("new"));
    check(&|path| drop(std::os::unix::net::UnixListener::bind(path).expect("a short path")));
}

/// A name is removed, not what it names: another name of the same file keeps it.
#[test]
fn clean_leaves_other_names_of_a_file() {
    let project = two("out");
    fs::hard_link(project.path("out"), project.path("mine")).expect("the same file system");
    assert_eq!(project.walk("clean --all").expect(0), "removed out\n");
    assert_eq!(project.read("mine"), "made\n");
}
