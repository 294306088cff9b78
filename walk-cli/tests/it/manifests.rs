//! Manifests from every place, and wrong ones.

use std::io::Write as _;

use crate::project::Project;

#[test]
fn a_wrong_manifest_is_2_with_file_line_and_column() {
    let check = |manifest: &str, expected: &str| {
        let err = Project::new(manifest).walk("").complains(2);
        assert!(err.contains(expected), "{manifest}\n{err}");
    };
    check("[action.a]\nrum = \"x\"\n", "walk.toml:4:1: ");
    check("[action.a]\nrun = 5\n", "walk.toml:4:7: ");
    check("[action.a]\nrun = \"true\"\ndeps = [\"b\"]\n", "walk.toml:5:9: ");
    check("[action.a\n", "walk.toml:3:");
    let cycle =
        "[action.a]\nrun = \"true\"\ndeps = [\"b\"]\n[action.b]\nrun = \"true\"\ndeps = [\"a\"]\n";
    check(cycle, "a -> b -> a");
    check("[action.a]\nrun = \"true\"\nin = [\"missing.c\"]\n", "walk.toml:5:7: ");
}

#[test]
fn a_manifest_is_read_from_stdin() {
    let project = Project::empty();
    let mut running = project.start("-f -");
    let text = b"{\"action\": \"a\", \"run\": \"echo hi > a\", \"out\": [\"a\"]}\n";
    running.0.stdin.take().expect("it is piped").write_all(text).expect("it is read");
    assert!(running.wait().expect(0).contains("ok  a"));
    assert_eq!(project.read("a"), "hi\n");
    assert!(project.exists(".walk"));
}

#[test]
fn another_directory_and_another_state() {
    let project = Project::empty();
    project.write("sub/m.toml", "[walk]\nversion = 1\n[action.a]\nrun = \"exit 1\"\n");
    let out = project.walk("-C sub -f m.toml --state-dir elsewhere").expect(1);
    assert!(project.exists("sub/elsewhere/logs"), "{out}");
    assert!(!project.exists("sub/.walk"));
    project.write("sub/m.toml", "[walk]\nversion = 1\n[action.a]\nrun = \"echo x; exit 1\"\n");
    let out = project.walk("-C sub -f m.toml").expect(1);
    assert!(out.contains("walk -C sub -f m.toml log a\n"), "{out}");
    assert_eq!(project.walk("-C sub -f m.toml log a").expect(0), "x\n");
}

#[test]
fn variables_and_jobs_are_set_from_outside() {
    let manifest =
        "[vars]\nword = \"one\"\n[action.a]\nrun = \"echo ${word} > {out}\"\nout = [\"a\"]\n";
    let project = Project::new(manifest);
    project.walk("--set word=two").expect(0);
    assert_eq!(project.read("a"), "two\n");
    let mut command = project.command("");
    let output = command.env("WALK_SET", "word=three").output().expect("it runs");
    assert!(output.status.success());
    assert_eq!(project.read("a"), "three\n");
    let err = project.walk("--set wrod=two").complains(2);
    assert!(err.contains("wrod"), "{err}");
}
