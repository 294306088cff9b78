//! `walk doctor`: a line for each thing that can be well or not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::project::Project;

const NAMES: &[&str] = &[
    "walk",
    "manifest",
    "state",
    "lock",
    "file system",
    "locks",
    "clock",
    "shell",
    "processes",
    "guardian",
    "inotify",
    "open files",
    "terminal",
    "make",
    "slurm",
    "cache",
];

/// Returns the line about something: whether it is well, and the sentence.
#[track_caller]
fn line(out: &str, name: &str) -> (bool, String) {
    let about = |it: &&str| it.get(6..).is_some_and(|it| it.starts_with(&format!("{name:<11}  ")));
    let line = out.lines().find(about).unwrap_or_else(|| panic!("nothing of {name} in:\n{out}"));
    (line.starts_with("ok"), line[19..].to_owned())
}

#[test]
fn every_check_has_a_line_and_leaves_nothing_behind() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    let done = project.walk("doctor");
    for name in NAMES {
        let (_, sentence) = line(&done.out, name);
        assert!(!sentence.is_empty(), "{name}");
    }
    assert_eq!(done.out.lines().count(), NAMES.len());
    let is_well = done.out.lines().all(|it| it.starts_with("ok"));
    assert_eq!(done.code, i32::from(!is_well), "{done:#?}");
    assert_eq!(fs::read_dir(project.path("")).expect("it can be listed").count(), 1);
    assert_eq!(line(&done.out, "make"), (true, "did not start this".into()));
    let quiet = project.walk("doctor -q").out;
    assert!(!quiet.lines().any(|it| it.starts_with("ok")), "{quiet}");
}

#[test]
fn what_is_not_well_is_1() {
    let project = Project::new("[action.a\n");
    let out = project.walk("doctor").expect(1);
    let (is_well, sentence) = line(&out, "manifest");
    assert!(!is_well && sentence.contains("walk.toml:3:"), "{sentence}");
    let mut command = project.command("doctor");
    command.env("PATH", "/nowhere").env("MAKEFLAGS", "-j2 --jobserver-auth=fifo:/nowhere/f");
    let out = String::from_utf8(command.output().expect("it runs").stdout).expect("text");
    for name in ["shell", "guardian", "make"] {
        assert!(!line(&out, name).0, "{name}: {out}");
    }
}

#[test]
fn who_has_the_lock_is_told() {
    let project = Project::new("[action.a]\nrun = \"echo x > ready; read x < go\"\n");
    project.fifo("ready");
    project.fifo("go");
    let running = project.start("");
    project.await_fifo("ready");
    let (is_well, sentence) = line(&project.walk("doctor").out, "lock");
    let pid = format!("pid {}: walk run", running.pid().as_raw_nonzero());
    assert!(is_well && sentence.starts_with(&pid), "{sentence}");
    project.release("go");
    running.wait().expect(0);
    let (_, sentence) = line(&project.walk("doctor").out, "state");
    assert!(sentence.contains("holds"), "{sentence}");
}

/// Root may write anywhere: for it there is nothing to see.
#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    let set = |mode| {
        let rights = fs::Permissions::from_mode(mode);
        fs::set_permissions(project.path(""), rights).expect("it can be set");
    };
    set(0o500);
    let is_root = fs::write(project.path("probe"), "").is_ok();
    let out = project.walk("doctor").out;
    set(0o700);
    if !is_root {
        assert!(line(&out, "locks").1.contains("cannot be written"), "{out}");
    }
}
