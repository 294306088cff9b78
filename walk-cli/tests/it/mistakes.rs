//! What is said to whoever mistypes something, or asks for what there is none of, helps.

use crate::ninja::Ninja;
use crate::project::Project;

const COPY: &str = "rule cp\n  command = cp $in $out\nbuild a.o: cp ../a.c\n";

#[test]
fn a_manifest_that_is_not_there_was_called_badly_named() {
    let project = Project::empty();
    let err = project.walk("-f /nowhere/x").complains(2);
    let missing = "cannot read the manifest: No such file or directory (os error 2)\n";
    assert_eq!(err, format!("walk: /nowhere/x: {missing}"));
    let err = project.walk("-f none.ninja").complains(2);
    assert_eq!(err, format!("walk: none.ninja: {missing}"));
    project.write("Makefile", "");
    let err = project.walk("-f Makefile").complains(2);
    let names = "`*.toml`, `*.json`, `*.jsonl` or `*.ninja`";
    assert_eq!(err, format!("walk: `Makefile` is not called like a manifest, which is {names}\n"));
}

#[test]
fn a_command_may_be_misspelled() {
    let project = Project::new("[action.a]\nrun = \"true\"\n[action.logg]\nrun = \"true\"\n");
    let check = |args: &str, expected: &str| {
        let word = args.split(' ').next().unwrap_or_default();
        let unknown = format!("walk: no action or output is called `{word}`");
        assert_eq!(project.walk(args).complains(2), format!("{unknown}{expected}\n"));
    };
    check("plann a", "; did you mean the command `plan`?");
    check("logs a", "; did you mean `logg`? or the command `log`?");
    check("something", "");
}

#[test]
fn why_of_a_source_was_answered_with_no_such_output() {
    let ninja = Ninja::new("");
    let many = ["b1", "b2", "b3", "b4"].map(|it| format!("build {it}: cp ../a.c\n")).concat();
    ninja.project.write("build/build.ninja", &format!("{COPY}{many}"));
    ninja.project.write("a.c", "1");
    let source =
        |name: &str| format!("{name} is a source: nothing makes it\n  read by a.o, b1, b2 (+2)\n");
    assert_eq!(ninja.project.walk("-C build why a.c").expect(0), source("a.c"));
    assert_eq!(ninja.project.walk("-C build why ../a.c").expect(0), source("../a.c"));
    let both = ninja.project.walk("-C build why ../a.c b1").expect(0);
    let expected = format!("{}\nb1 would run: no earlier success on record\n", source("../a.c"));
    assert!(both.starts_with(&expected), "{both}");
    ninja.project.walk("-C build why b.c").complains(2);
}

/// What a depfile named counts as read.
#[test]
fn why_of_a_header_names_what_includes_it() {
    let project = Project::new(
        "[action.a]\nrun = \"cat a.h > {out}; echo '{out}: a.h' > a.d\"\nout = [\"a\"]\n\
         depfile = \"a.d\"\n",
    );
    project.write("a.h", "");
    project.walk("").expect(0);
    let why = project.walk("why a.h").expect(0);
    assert_eq!(why, "a.h is a source: nothing makes it\n  read by a\n");
}

#[test]
fn an_error_did_not_say_in_which_directory() {
    let project = Project::empty();
    project.write("build/build.ninja", "rule cp\n\tcommand = cp\n");
    let tab = "build.ninja:2: tabs are not allowed, use spaces\n\tcommand = cp\n^ near here\n";
    for args in ["-C build", "-C build plan", "-f build/build.ninja status"] {
        assert_eq!(project.walk(args).complains(2), format!("walk: build/{tab}"), "{args}");
    }
    project.write("build/build.ninja", "build a: phony || b\n");
    let err = project.walk("-C build").complains(2);
    let missing = "'b', needed by 'a', missing and no known rule to make it";
    assert_eq!(err, format!("walk: in `build`: {missing}\n"));
    project.write("build/build.ninja", COPY);
    let err = project.walk("-C build").complains(2);
    let missing = "a.c`, needed by `a.o`, is missing and no action makes it\n";
    assert!(err.starts_with("walk: in `build`: `") && err.ends_with(missing), "{err}");
}
