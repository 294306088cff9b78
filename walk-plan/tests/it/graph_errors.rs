//! Errors between actions, files and manifests.

use insta::assert_snapshot;

use crate::support::{Project, error};

#[test]
fn globs_have_to_be_globs_and_foreach_has_to_match() {
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"src/[a.c\"]\n"), @r#"
    walk.toml:3:7: bad glob `src/[a.c`: unclosed character class; missing ']'
      |
    3 | in = ["src/[a.c"]
      |       ^^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"src/*/../a.c\"]\n"), @r#"
    walk.toml:3:7: bad glob `src/*/../a.c`: `..` after a wildcard
      |
    3 | in = ["src/*/../a.c"]
      |       ^^^^^^^^^^^^^^
      = help: `..` can come before the first wildcard only
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nforeach = \"scr/*.c\"\n"), @r#"
    walk.toml:3:11: `foreach` of `a` matches nothing
      |
    3 | foreach = "scr/*.c"
      |           ^^^^^^^^^
      = help: no file and no output of another action is like this; a wildcard does not match a leading dot
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nout = [\"obj/*.o\"]\n"), @r#"
    walk.toml:3:8: an output cannot be a glob: `obj/*.o`
      |
    3 | out = ["obj/*.o"]
      |        ^^^^^^^^^
      = help: list each file that the action writes
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nmatrix = { os = [] }\n"), @r"
    walk.toml:3:17: `os` of the matrix has no values
      |
    3 | matrix = { os = [] }
      |                 ^^
      = help: no action would be left
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nmatrix = { os = [\"x\", \"x\"] }\n"), @r#"
    walk.toml:3:23: `x` is twice a value of `os`
      |
    3 | matrix = { os = ["x", "x"] }
      |                       ^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nmatrix = { in = [\"x\"] }\n"), @r#"
    walk.toml:3:12: `{in}` is a placeholder already
      |
    3 | matrix = { in = ["x"] }
      |            ^^
    "#);
}

#[test]
fn two_producers_are_both_named() {
    let text =
        "[action.a]\nrun = \"x\"\nout = [\"o\"]\n[action.b]\nrun = \"y\"\nout = [\"p\", \"./o\"]\n";
    assert_snapshot!(error(text), @r#"
    walk.toml:6:13: `a` and `b` both write `o`
      |
    6 | out = ["p", "./o"]
      |             ^^^^^ written here too
      = help: `a` declares it at walk.toml:3:8; a file has one producer
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nout = [\"o\", \"o\"]\n"), @r#"
    walk.toml:3:13: `o` is twice an output of `a`
      |
    3 | out = ["o", "o"]
      |             ^^^
    "#);
    let text =
        "[action.a]\nrun = \"x\"\nout = [\"dist\"]\n[action.b]\nrun = \"y\"\nout = [\"dist/b\"]\n";
    assert_snapshot!(error(text), @r#"
    walk.toml:6:8: `b` writes `dist/b`, inside a directory that `a` writes
      |
    6 | out = ["dist/b"]
      |        ^^^^^^^^
      = help: a file has one producer
    "#);
}

#[test]
fn a_missing_input_names_what_is_like_it() {
    let project = Project::new(&["src/lexer.c"]);
    let text = "[action.a]\nrun = \"x\"\nin = [\"src/lexr.c\"]\n";
    assert_snapshot!(project.error("walk.toml", text), @r#"
    walk.toml:3:7: `src/lexr.c`, an input of `a`, neither exists nor is produced
      |
    3 | in = ["src/lexr.c"]
      |       ^^^^^^^^^^^^ did you mean `src/lexer.c`?
    "#);
    let text = "[action.a]\nrun = \"x\"\nout = [\"gen/table.h\"]\n[action.b]\nrun = \"x\"\nin = [\"gen/tabel.h\"]\n";
    assert_snapshot!(error(text), @r#"
    walk.toml:6:7: `gen/tabel.h`, an input of `b`, neither exists nor is produced
      |
    6 | in = ["gen/tabel.h"]
      |       ^^^^^^^^^^^^^ did you mean `gen/table.h`?
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"nowhere\"]\n"), @r#"
    walk.toml:3:7: `nowhere`, an input of `a`, neither exists nor is produced
      |
    3 | in = ["nowhere"]
      |       ^^^^^^^^^
      = help: no action has it in its `out`
    "#);
}

#[test]
fn d1_cycles_are_printed_whole() {
    let text = "[action.a]\nrun = \"x\"\nin = [\"3\"]\nout = [\"1\"]\n\
                [action.b]\nrun = \"x\"\nin = [\"1\"]\nout = [\"2\"]\n\
                [action.c]\nrun = \"x\"\nin = [\"2\"]\nout = [\"3\"]\n";
    assert_snapshot!(error(text), @r"
    walk.toml:1:9: cycle detected: a -> b -> c -> a
      |
    1 | [action.a]
      |         ^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"1\"]\nout = [\"1\"]\n"), @r"
    walk.toml:1:9: cycle detected: a -> a
      |
    1 | [action.a]
      |         ^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nafter = [\"a\"]\n"), @r"
    walk.toml:1:9: cycle detected: a -> a
      |
    1 | [action.a]
      |         ^
    ");
}

#[test]
fn names_have_to_be_known() {
    assert_snapshot!(error("[action.test]\nrun = \"x\"\n[action.b]\ndeps = [\"tset\"]\n"), @r#"
    walk.toml:4:9: unknown action `tset` in `deps` of `b`
      |
    4 | deps = ["tset"]
      |         ^^^^^^ did you mean `test`?
      = help: valid here: `b`, `test`
    "#);
    assert_snapshot!(error("[action.test]\nrun = \"x\"\n[action.b]\nafter = [\"zzz\"]\n"), @r#"
    walk.toml:4:10: unknown action `zzz` in `after` of `b`
      |
    4 | after = ["zzz"]
      |          ^^^^^
      = help: valid here: `b`, `test`
    "#);
    assert_snapshot!(error("[queues]\nlink = 1\n[action.a]\nrun = \"x\"\nqueue = \"lnk\"\n"), @r#"
    walk.toml:5:9: unknown queue `lnk`
      |
    5 | queue = "lnk"
      |         ^^^^^ did you mean `link`?
      = help: valid here: `default`, `interactive`, `link`
    "#);
    assert_snapshot!(error("[tool.cc]\nversion = [\"cc\"]\n[action.a]\nrun = \"x\"\ntools = [\"c\"]\n"), @r#"
    walk.toml:5:10: unknown tool `c`
      |
    5 | tools = ["c"]
      |          ^^^
      = help: valid here: `cc`
    "#);
    assert_snapshot!(error("[walk]\ndefault = [\"ap\"]\n[action.app]\nrun = \"x\"\n"), @r#"
    walk.toml:2:12: no action or output is called `ap`
      |
    2 | default = ["ap"]
      |            ^^^^ did you mean `app`?
      = help: valid here: `app`
    "#);
    assert_snapshot!(error("[walk]\ndefault = [\"x*\"]\n[action.app]\nrun = \"x\"\n"), @r#"
    walk.toml:2:12: the glob `x*` matches no action and no output
      |
    2 | default = ["x*"]
      |            ^^^^
    "#);
}

#[test]
fn s3_tokens_have_to_fit_the_queue() {
    assert_snapshot!(error("[queues]\nlink = 2\n[action.a]\nrun = \"x\"\nqueue = \"link\"\ntokens = 3\n"), @r"
    walk.toml:6:10: `a` takes more tokens than the queue `link` has: 3 of 2
      |
    6 | tokens = 3
      |          ^
      = help: such an action could never start; raise it in [queues]
    ");
    assert_snapshot!(error("[settings]\njobs = 2\n[action.a]\nrun = \"x\"\ntokens = 3\n"), @r"
    walk.toml:5:10: `a` takes more tokens than the queue `default` has: 3 of 2
      |
    5 | tokens = 3
      |          ^
      = help: such an action could never start; raise it with `jobs` in [settings] or -j
    ");
    assert_snapshot!(error("[queues]\nlink = 0\n[action.a]\nrun = \"x\"\nqueue = \"link\"\n"), @r"
    walk.toml:3:9: `a` takes more tokens than the queue `link` has: 1 of 0
      |
    3 | [action.a]
      |         ^
      = help: such an action could never start; raise it in [queues]
    ");
    assert_snapshot!(error("[queues]\ndefault = 4\n"), @r"
    walk.toml:2:1: the queue `default` is built in
      |
    2 | default = 4
      | ^^^^^^^
      = help: its tokens are `jobs` in [settings]
    ");
    assert_snapshot!(error("[queues]\nq = 1\n[action.a]\nrun = \"x\"\nqueue = \"q\"\ninteractive = true\n"), @r#"
    walk.toml:5:1: an interactive action has a queue of its own
      |
    5 | queue = "q"
      | ^^^^^
    "#);
}

#[test]
fn a_manifest_that_cannot_be_read_says_why() {
    let project = Project::new(&["dir.toml/", "build.make"]);
    let read =
        |name: &str| project.error_of(project.read_with(name, &walk_plan::Overrides::default()));
    assert_snapshot!(read("walk.toml"), @"walk.toml: cannot read the manifest: No such file or directory (os error 2)");
    assert_snapshot!(read("dir.toml"), @"dir.toml: cannot read the manifest: Is a directory (os error 21)");
    assert_snapshot!(read("none"), @"none: cannot read the manifest: No such file or directory (os error 2)");
    assert_snapshot!(read("build.make"), @r"
    build.make: no reader for a manifest of this name
     = help: a manifest is called `*.toml`, `*.json` or `*.jsonl`
    ");
    assert_snapshot!(project.error("walk.toml", b"[vars]\na = \"\xff\"\n"), @r#"
    walk.toml:2:6: not UTF-8: byte 0xff
      |
    2 | a = "�"
      |      ^
      = help: a manifest is text in UTF-8
    "#);
    assert_snapshot!(project.error("walk.toml", b"\0\0\0"), @r"
    walk.toml:1:4: key with no value, expected `=`
      |
    1 |    
      |    ^
    ");
}

#[test]
fn includes_have_to_match_and_not_to_go_in_circles() {
    let project = Project::new(&[]);
    project.write("a.toml", "[walk]\ninclude = [\"b.toml\"]\n");
    project.write("b.toml", "[walk]\ninclude = [\"a.toml\"]\n");
    project.write("c.toml", "[settings]\njobs = 1\n");
    project.write("d.toml", "[walk]\ndefault = [\"x\"]\n");
    project.write("e.toml", "[vars]\nx = \"2\"\n");
    project.write("f.toml", "\n[action.a]\nrun = \"y\"\n");
    let error = |text: &str| project.error("walk.toml", text);
    assert_snapshot!(error("[walk]\ninclude = [\"ci/*.toml\"]\n"), @r#"
    walk.toml:2:12: `ci/*.toml` includes nothing: no file matches
      |
    2 | include = ["ci/*.toml"]
      |            ^^^^^^^^^^^
      = help: paths are relative to `<root>`
    "#);
    assert_snapshot!(error("[walk]\ninclude = [\"a.toml\"]\n"), @r#"
    b.toml:2:12: manifests include one another: a.toml -> b.toml -> a.toml
      |
    2 | include = ["a.toml"]
      |            ^^^^^^^^
    "#);
    assert_snapshot!(error("[walk]\ninclude = [\"walk.toml\"]\n"), @r#"
    walk.toml:2:12: manifests include one another: walk.toml -> walk.toml
      |
    2 | include = ["walk.toml"]
      |            ^^^^^^^^^^^
    "#);
    assert_snapshot!(error("[walk]\ninclude = [\"c.toml\"]\n"), @r"
    c.toml:1:2: an included manifest has no `settings` and no `default`
      |
    1 | [settings]
      |  ^^^^^^^^
      = help: they belong into the manifest that includes it
    ");
    assert_snapshot!(error("[walk]\ninclude = [\"d.toml\"]\n"), @r#"
    d.toml:2:1: an included manifest has no `settings` and no `default`
      |
    2 | default = ["x"]
      | ^^^^^^^
      = help: they belong into the manifest that includes it
    "#);
    assert_snapshot!(error("[walk]\ninclude = [\"e.toml\"]\n[vars]\nx = \"1\"\n"), @r#"
    e.toml:2:1: variable `x` is declared twice
      |
    2 | x = "2"
      | ^ again here
      = help: first declared at walk.toml:4:1
    "#);
    assert_snapshot!(error("[walk]\ninclude = [\"f.toml\"]\n[action.a]\nrun = \"x\"\n"), @r"
    f.toml:2:9: two actions are called `a`
      |
    2 | [action.a]
      |         ^ again here
      = help: the first is at walk.toml:3:9
    ");
}

#[test]
fn what_two_manifests_declare_is_refused() {
    let project = Project::new(&[]);
    project.write(
        "g.toml",
        "[env]\nset = { A = \"2\" }\n[queues]\nq = 1\n[tool.t]\nversion = [\"t\"]\n",
    );
    let error =
        |text: &str| project.error("walk.toml", format!("[walk]\ninclude = [\"g.toml\"]\n{text}"));
    assert_snapshot!(error("[env]\nset = { A = \"2\" }\n"), @r#"
    g.toml:2:9: environment variable `A` is declared twice
      |
    2 | set = { A = "2" }
      |         ^ again here
      = help: first declared at walk.toml:4:9
    "#);
    assert_snapshot!(error("[queues]\nq = 1\n"), @r"
    g.toml:4:1: queue `q` is declared twice
      |
    4 | q = 1
      | ^ again here
      = help: first declared at walk.toml:4:1
    ");
    assert_snapshot!(error("[tool.t]\nversion = [\"t\"]\n"), @r"
    g.toml:5:7: tool `t` is declared twice
      |
    5 | [tool.t]
      |       ^ again here
      = help: first declared at walk.toml:3:7
    ");
}

#[test]
fn d1_the_place_of_a_cycle_is_on_it() {
    let text = "[action.below]\nrun = \"x\"\ndeps = [\"a\"]\n[action.a]\nrun = \"x\"\nafter = [\"b\"]\n[action.b]\nrun = \"x\"\nafter = [\"a\"]\n";
    assert_snapshot!(error(text), @r"
    walk.toml:4:9: cycle detected: a -> b -> a
      |
    4 | [action.a]
      |         ^
    ");
}

#[test]
fn outputs_that_feed_foreach_for_ever_are_refused() {
    let project = Project::new(&["x/a"]);
    let text = "[action.p]\nforeach = \"x/*\"\nrun = \"t\"\nout = [\"y/{name}1\"]\n\
                [action.q]\nforeach = \"y/*\"\nrun = \"t\"\nout = [\"x/{name}2\"]\n";
    assert_snapshot!(project.error("walk.toml", text), @r#"
    walk.toml:2:11: without end: outputs of `foreach` actions match others (`p`, `q`)
      |
    2 | foreach = "x/*"
      |           ^^^^^
    "#);
}
