//! Inputs that only the command knows: depfiles.

use super::project::Project;

/// Copies a file and those it includes; the depfile names them.
const COMPILE: &str = r#"
[action.compile]
foreach = "src/*.c"
run = "cat {in} $(cat {in}) > {out}; echo \"{out}: {in} $(cat {in})\" > {out}.d"
in = ["{file}"]
out = ["build/{stem}.o"]
depfile = "{out}.d"
"#;

#[test]
fn a_file_that_the_depfile_names_is_an_input() {
    let project = Project::new(COMPILE);
    project.write("src/a.c", "x.h y.h");
    project.write("src/b.c", "y.h");
    project.write("x.h", "1");
    project.write("y.h", "1");
    project.check(&["compile:src/a.c", "compile:src/b.c"]);
    project.check(&[]);
    project.write("x.h", "2");
    let walked = project.check(&["compile:src/a.c"]);
    assert_eq!(walked.reasons, ["compile:src/a.c: changed: depfile x.h"]);
    project.write("y.h", "2");
    project.check(&["compile:src/a.c", "compile:src/b.c"]);
}

/// An include that is gone from the source is forgotten, one that is gone from the disk is
/// a change.
#[test]
fn includes_come_and_go() {
    let project = Project::new(COMPILE);
    project.write("src/a.c", "x.h");
    project.write("x.h", "1");
    project.check(&["compile:src/a.c"]);
    project.write("src/a.c", " ");
    project.check(&["compile:src/a.c"]);
    project.remove("x.h");
    project.check(&[]);
    project.write("src/a.c", "y.h");
    project.write("y.h", "1");
    project.check(&["compile:src/a.c"]);
    project.remove("y.h");
    assert!(!project.walk().report.is_success());
}

/// A generated header that nobody declared is made before what includes it is decided.
#[test]
fn a_generated_file_that_only_a_depfile_names_comes_first() {
    let generate = "[action.generate]\nrun = 'cp {in} {out}'\nin = ['template']\nout = ['gen.h']\n";
    // `compile` comes first in the manifest, and nothing declares that it needs `gen.h`.
    let project = Project::new(&format!("{COMPILE}{generate}"));
    project.write("src/a.c", "gen.h");
    project.write("gen.h", "by hand");
    project.write("template", "1");
    project.walk();
    project.walk();
    project.check(&[]);
    project.write("template", "2");
    project.check(&["generate", "compile:src/a.c"]);
    assert!(project.read("build/a.o").ends_with('2'));
    project.check(&[]);
}

/// The target does not say that it needs `generate`.
#[test]
fn a_generated_file_that_only_a_depfile_names_belongs_to_the_target() {
    let generate = "[action.generate]\nrun = 'cp {in} {out}'\nin = ['template']\nout = ['gen.h']\n";
    let both = format!("{COMPILE}{generate}");
    let project = Project::new(&both);
    project.write("src/a.c", "gen.h");
    project.write("gen.h", "by hand");
    project.write("template", "1");
    project.walk();
    project.walk();
    project.manifest(&format!("default = ['compile']\n{both}"));
    project.check(&[]);
    project.write("template", "2");
    project.check(&["generate", "compile:src/a.c"]);
    assert!(project.read("build/a.o").ends_with('2'));
    project.remove("gen.h");
    project.check(&["generate"]);
}

#[test]
fn a_depfile_that_is_not_written_is_a_failure() {
    let project = Project::new("[action.a]\nrun = 'echo > o'\nout = ['o']\ndepfile = 'o.d'\n");
    project.write("o.d", "o: stale.h\n");
    let walked = project.walk();
    assert!(walked.ending("a").contains("o.d"), "{}", walked.ending("a"));
    assert!(!project.exists("o"));
}

/// F12: a header that is written while the job that first reads it runs is not trusted.
#[test]
fn a_new_header_that_changed_meanwhile_is_not_trusted() {
    let project = Project::new(
        "[action.a]\nrun = 'cat h > o; test -e once || { touch once; echo 2 > h; }; echo \"o: h\" > o.d'\n\
         out = ['o']\ndepfile = 'o.d'\n",
    );
    project.write("h", "1\n");
    project.check(&["a"]);
    // The next walk begins when what the job wrote is old enough to be told from new.
    project.write("other", "");
    project.check(&["a"]);
    assert_eq!(project.read("o"), "2\n");
    project.check(&[]);
}

/// A depfile that names a device was never trusted.
#[test]
fn a_device_in_a_depfile_never_changes() {
    let project = Project::new(
        "[action.a]\nrun = 'echo > o; echo \"o: /dev/null\" > o.d'\nout = ['o']\ndepfile = 'o.d'\n",
    );
    project.check(&["a"]);
    project.check(&[]);
}

/// `link/../x.h` is beside what the link leads to.
#[test]
fn a_header_behind_a_link_is_found_where_it_is() {
    let project = Project::new(
        "[action.a]\nrun = 'cat here/link/../x.h > o; echo \"o: here/link/../x.h\" > o.d'\n\
         out = ['o']\ndepfile = 'o.d'\n",
    );
    project.write("there/deep/file", "");
    project.write("there/x.h", "1");
    project.write("here/file", "");
    let link = std::os::unix::fs::symlink("../there/deep", project.path("here/link"));
    link.expect("links can be made");
    project.check(&["a"]);
    project.check(&[]);
    project.write("there/x.h", "2");
    project.check(&["a"]);
}

/// A header inside the directory that an action makes waits for that action, too, and a dry
/// run knows.
#[test]
fn a_header_in_a_directory_that_is_made_comes_first() {
    let generate = "[action.generate]\nrun = 'mkdir -p gen; cp {in} gen/x.h'\nin = ['template']\nout = ['gen']\n";
    let project = Project::new(&format!("{COMPILE}{generate}"));
    project.write("src/a.c", "gen/x.h");
    project.write("template", "1");
    project.write("gen/x.h", "by hand");
    project.walk();
    project.write("other", "");
    project.walk();
    project.check(&[]);
    project.write("template", "2");
    assert_eq!(project.dry().reasons.len(), 2, "{:?}", project.dry().reasons);
    project.check(&["generate", "compile:src/a.c"]);
    assert!(project.read("build/a.o").ends_with('2'));
    project.check(&[]);
}

/// What a depfile named last time and what is declared now may form a cycle: only that edge
/// is dropped.
#[test]
fn an_edge_that_no_longer_fits_does_not_take_others_with_it() {
    let generate = |name: &str, input: &str| {
        format!(
            "[action.{name}]\nrun = 'cp {{in}} {{out}}'\nin = ['{input}']\nout = ['{name}.h']\n"
        )
    };
    let first = format!("{COMPILE}{}", generate("g", "template"));
    let project = Project::new(&first);
    project.write("src/a.c", "g.h");
    project.write("src/q.c", "q.h");
    project.write("g.h", "by hand");
    project.write("q.h", "by hand");
    project.write("template", "1");
    project.walk();
    project.write("other", "");
    project.walk();
    // `q` makes what `compile:src/q.c` included, out of what that makes.
    project.manifest(&format!("{first}{}", generate("q", "build/q.o")));
    project.walk();
    project.write("template", "2");
    let walked = project.walk();
    let place = |name: &str| walked.started.iter().position(|it| it == name);
    assert!(place("g") < place("compile:src/a.c"), "{:?}", walked.started);
    assert!(place("g").is_some());
    assert!(project.read("build/a.o").ends_with('2'));
}
