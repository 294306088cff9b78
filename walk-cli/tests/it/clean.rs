//! `walk clean` removes what walk made, and nothing else.

use crate::project::Project;

const ONE: &str =
    "[action.one]\nrun = \"mkdir -p out; echo 1 > {out}\"\nout = [\"out/deep/one\"]\n";
const TWO: &str = "[action.two]\nrun = \"echo 2 > {out}\"\nout = [\"two\"]\n";

fn walked() -> Project {
    let project = Project::new(&format!("{ONE}{TWO}"));
    project.walk("").expect(0);
    project
}

fn without_one(project: &Project) {
    project.write("walk.toml", &format!("[walk]\nversion = 1\n{TWO}"));
}

#[test]
fn outputs_of_actions_that_are_gone_are_removed_with_their_directories() {
    let project = walked();
    assert_eq!(project.walk("clean").expect(0), "nothing to remove\n");
    without_one(&project);
    assert_eq!(project.walk("clean -n").expect(0), "would remove out/deep/one\n");
    assert!(project.exists("out/deep/one"));
    assert_eq!(project.walk("clean").expect(0), "removed out/deep/one\n");
    assert!(!project.exists("out") && project.exists("two"));
    assert_eq!(project.walk("clean").expect(0), "nothing to remove\n");
    project.walk("status -q").expect(0);
}

#[test]
fn an_output_that_is_declared_no_more_is_removed() {
    let project = walked();
    project.write("walk.toml", "[walk]\nversion = 1\n[action.one]\nrun = \"true\"\n");
    assert_eq!(project.walk("clean").expect(0), "removed out/deep/one\nremoved two\n");
}

#[test]
fn an_output_that_another_action_took_over_stays() {
    let project = walked();
    let moved = ONE.replace("action.one", "action.other");
    project.write("walk.toml", &format!("[walk]\nversion = 1\n{moved}{TWO}"));
    assert_eq!(project.walk("clean").expect(0), "nothing to remove\n");
    assert!(project.exists("out/deep/one"));
}

#[test]
fn what_was_made_and_is_a_source_by_now_is_kept() {
    let reader = "[action.reader]\nrun = \"cat {in} > {out}\"\nin = [\"two\"]\nout = [\"copy\"]\n";
    let header = "[action.reader]\nrun = \"cat two > {out}; echo x: two > x.d\"\nout = [\"copy\"]\n\
                  depfile = \"x.d\"\n";
    for manifest in [reader, header] {
        let project = walked();
        project.write("walk.toml", &format!("[walk]\nversion = 1\n{ONE}{manifest}"));
        project.walk("");
        assert_eq!(
            project.walk("clean").expect(0),
            "kept two: a source by now\nnothing to remove\n"
        );
        project.walk("").expect(0);
        project.walk("clean --all").expect(0);
        assert_eq!(project.read("two"), "2\n");
    }
}

#[test]
fn a_file_that_changed_since_is_kept() {
    let project = walked();
    without_one(&project);
    project.write("out/deep/one", "precious");
    let out = project.walk("clean").expect(0);
    assert_eq!(out, "kept out/deep/one: changed since walk made it\nnothing to remove\n");
    assert_eq!(project.read("out/deep/one"), "precious");
}

#[test]
fn all_outputs_or_those_of_targets_are_removed_and_forgotten() {
    let project = walked();
    project.write("out/mine", "");
    assert_eq!(project.walk("clean two").expect(0), "removed two\n");
    assert!(project.walk("status").expect(1).contains("stale 1, up to date 1"));
    assert_eq!(project.walk("clean --all").expect(0), "removed out/deep/one\n");
    assert!(project.exists("out/mine") && !project.exists("out/deep"));
    assert!(project.walk("list").expect(0).contains("-  one"));
}

#[test]
fn a_directory_that_walk_made_is_removed_whole_unless_something_was_put_there() {
    let manifest = "[action.d]\nrun = \"mkdir -p tree/a; echo 1 > tree/a/f\"\nout = [\"tree\"]\n";
    let project = Project::new(manifest);
    project.walk("").expect(0);
    project.write("tree/mine", "");
    let out = project.walk("clean --all").expect(0);
    assert!(out.starts_with("kept tree: changed"), "{out}");
    std::fs::remove_file(project.path("tree/mine")).expect("it is there");
    project.walk("").expect(0);
    assert_eq!(project.walk("clean --all").expect(0), "removed tree\n");
    assert!(!project.exists("tree"));
}

/// What an edited manifest makes no more is no source, though it is there and named: a clean
/// checkout does not have it.
#[test]
fn a_named_input_that_nobody_makes_any_more_was_taken_for_a_source() {
    let manifest = |out: &str| {
        format!(
            "[walk]\nversion = 1\n[action.make]\nrun = \"echo 1 > {{out}}\"\nout = [\"{out}\"]\n\
             [action.use]\nin = [\"x.txt\"]\nout = [\"r\"]\nrun = \"cat {{in}} > {{out}}\"\n"
        )
    };
    let project = Project::empty();
    project.write("walk.toml", &manifest("x.txt"));
    project.walk("").expect(0);
    project.write("walk.toml", &manifest("y.txt"));
    for command in ["", "status", "plan"] {
        let err = project.walk(command).complains(2);
        assert!(err.contains("`x.txt`, an input of `use`, is not produced any more"), "{err}");
        assert!(err.contains("remove it, or have `walk clean` take it for a source"), "{err}");
    }
    assert_eq!(project.walk("clean").expect(0), "kept x.txt: a source by now\nnothing to remove\n");
    project.walk("").expect(0);
}

#[test]
fn a_named_object_of_a_source_that_is_gone_was_linked() {
    let project = Project::new(
        "[action.compile]\nforeach = \"src/*.c\"\nin = [\"{file}\"]\nout = [\"o/{stem}.o\"]\n\
         run = \"cp {in} {out}\"\n\
         [action.link]\nin = [\"o/a.o\", \"o/b.o\"]\nout = [\"app\"]\nrun = \"cat {in} > {out}\"\n",
    );
    project.write("src/a.c", "a");
    project.write("src/b.c", "b");
    project.walk("").expect(0);
    std::fs::remove_file(project.path("src/a.c")).expect("it is there");
    assert!(project.walk("").complains(2).contains("`o/a.o`, an input of `link`"));
    project.write("src/a.c", "a");
    project.walk("").expect(0);
}
