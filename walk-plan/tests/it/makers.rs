//! Who makes a file, also one that became known after the plan was read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn a_discovered_file_in_a_directory_that_an_action_writes_had_no_maker() {
    let text = "[action.gen]\nrun = 'x'\nout = ['gen']\n\
                [action.one]\nrun = 'x'\nout = ['b/one.o']\n\
                [action.two]\nrun = 'x'\nout = ['b/sub/two.o', 'b/sub/two.d']\n\
                [action.far]\nrun = 'x'\nout = ['/far/away']\n";
    let mut plan = Project::new(&[]).read("walk.toml", text).unwrap_or_else(|it| panic!("{it}"));
    let mut check = |path: &OsStr, expected: &[&str]| {
        let file = plan.files.intern(Path::new(path));
        let makers = plan.makers_of(file).map(|it| &*plan.actions[it.index()].name);
        assert_eq!(makers.collect::<Vec<_>>(), expected, "{}", path.display());
    };
    check("gen".as_ref(), &["gen"]);
    check("gen/foo.h".as_ref(), &["gen"]);
    check("./gen/deep/er/foo.h".as_ref(), &["gen"]);
    check(OsStr::from_bytes(b"gen/\xff/\xff.h"), &["gen"]);
    check("generated.h".as_ref(), &[]);
    check("b/one.o".as_ref(), &["one"]);
    check("b".as_ref(), &["one", "two"]);
    check("b/sub".as_ref(), &["two"]);
    check("b/sub/two".as_ref(), &[]);
    check(".".as_ref(), &["gen", "one", "two", "far"]);
    check("/far/away/x".as_ref(), &["far"]);
    check("/far".as_ref(), &["far"]);
    check("/usr/include/stdio.h".as_ref(), &[]);
    check(OsStr::from_bytes(b"\xff"), &[]);
}

#[test]
fn a_depfile_of_two_actions_was_no_error() {
    let project = Project::new(&["src/a.c", "src/b.c"]);
    assert_snapshot!(project.error("walk.toml", "[action.cc]\nforeach = 'src/*.c'\nrun = 'x'\n\
        in = ['{file}']\nout = ['b/{stem}.o']\ndepfile = 'b/x.d'\n"), @r#"
    walk.toml:6:11: `cc:src/a.c` and `cc:src/b.c` both write `b/x.d`
      |
    6 | depfile = 'b/x.d'
      |           ^^^^^^^ written here too
      = help: `cc:src/a.c` declares it at walk.toml:6:11; a file has one producer
    "#);
    assert_snapshot!(project.error("walk.toml", "[action.a]\nrun = 'x'\nout = ['a', 'a.d']\n\
        [action.b]\nrun = 'x'\ndepfile = './a.d'\n"), @r#"
    walk.toml:6:11: `a` and `b` both write `a.d`
      |
    6 | depfile = './a.d'
      |           ^^^^^^^ written here too
      = help: `a` declares it at walk.toml:3:13; a file has one producer
    "#);
    assert_snapshot!(project.error("walk.toml", "[action.a]\nrun = 'x'\ndepfile = 'a.d'\n\
        [action.b]\nrun = 'x'\nout = ['b', 'a.d']\n"), @r#"
    walk.toml:6:13: `a` and `b` both write `a.d`
      |
    6 | out = ['b', 'a.d']
      |             ^^^^^ written here too
      = help: `a` declares it at walk.toml:3:11; a file has one producer
    "#);
    assert_snapshot!(project.error("walk.toml", "[action.a]\nrun = 'x'\nout = ['dist']\n\
        [action.b]\nrun = 'x'\ndepfile = 'dist/b.d'\n"), @r#"
    walk.toml:6:11: `b` writes `dist/b.d`, inside a directory that `a` writes
      |
    6 | depfile = 'dist/b.d'
      |           ^^^^^^^^^^
      = help: a file has one producer
    "#);
}

#[test]
fn a_depfile_may_be_an_output_of_its_own_action() {
    let project = Project::new(&[]);
    let text = "[action.a]\nrun = 'x'\nout = ['a', 'a.d']\ndepfile = 'a.d'\n\
                [action.b]\nrun = 'x'\nout = ['dist']\ndepfile = 'dist/b.d'\n\
                [action.c]\nrun = 'x'\nin = ['a.d', 'a.*', 'none.*']\n";
    assert_snapshot!(project.show(text), @r#"
    a: x
       -> a a.d
    b: x
       -> dist
    c: x
      a.d -> 
      a.* = a.d
      none.* = 
      after a
    "#);
}

#[test]
fn a_depfile_of_the_walk_before_was_matched_by_globs() {
    let text = "[vars]\nd = '{in}.d'\n\
                [action.link]\nrun = 'x'\nin = ['b/*']\nout = ['app']\n\
                [action.each]\nforeach = 'b/*'\nrun = 'x'\ndepfile = '{file}.e'\n\
                [action.cc]\nforeach = '*.c'\nrun = 'x'\nin = ['{file}']\nout = ['b/{stem}.o']\ndepfile = '{out}.d'\n\
                [action.read]\nrun = 'x'\nin = ['b/r']\ndepfile = '${d}'\n";
    let project = Project::new(&["a.c", "b/r"]);
    let first = project.show(text);
    assert_snapshot!(first, @r#"
    link: x
      b/a.o b/r -> app
      b/* = b/a.o b/r
      after cc:a.c
    each:b/a.o (each): x
    each:b/r (each): x
    cc:a.c (cc): x
      a.c -> b/a.o
    read: x
      b/r ->
    "#);
    for it in ["b/a.o", "b/a.o.d", "b/a.o.e", "b/r.e", "b/r.d"] {
        project.write(it, "");
    }
    assert_eq!(project.show(text), first);
}

#[test]
fn the_depfile_of_a_glob_is_no_file() {
    let project = Project::new(&["a.c", "p/[i].c"]);
    assert_snapshot!(project.error("walk.toml", "[action.a]\nrun = 'x'\nin = ['*.c']\ndepfile = '{in}.d'\n"), @r#"
    walk.toml:4:12: `{in}` is a glob here, and a depfile is one
      |
    4 | depfile = '{in}.d'
      |            ^^^^
    "#);
    project
        .read("walk.toml", "[action.a]\nrun = 'x'\nin = ['p/[i].c']\ndepfile = '{in}.d'\n")
        .unwrap_or_else(|it| panic!("{it}"));
}
