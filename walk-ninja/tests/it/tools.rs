//! What the tools of `-t` print: the same as ninja 1.13 for the same manifest.

mod odd;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use walk_ninja::tools::{self, Memory, ToolContext, ToolError};
use walk_ninja::{Graph, ReadOptions};

const MANIFEST: &str = "\
rule cc
  command = cc -c $in -o $out
  description = CC $out
  depfile = $out.d
  deps = gcc
rule link
  command = ld @$out.rsp -o $out
  rspfile = $out.rsp
  rspfile_content = $in_newline
rule gen
  command = touch $out
  generator = 1
  description = GEN $$1
build a.o: cc a.c | x.h || order
build b.o | b.extra: cc b.c
build app: link a.o b.o |@ val
build val: cc v.c
build order: phony x.h
build gen.txt: gen
build gen.h: link gen.txt
build all: phony app gen.txt
default all
";

/// What a test remembers.
#[derive(Default)]
struct Fake {
    discovered: Vec<(&'static str, Vec<PathBuf>)>,
    gone: Vec<PathBuf>,
    compacted: bool,
}

impl Memory for Fake {
    fn discovered(&mut self, output: &[u8]) -> Result<Option<Vec<PathBuf>>, String> {
        let found = self.discovered.iter().find(|it| it.0.as_bytes() == output);
        Ok(found.map(|it| it.1.clone()))
    }

    fn gone(&mut self, _: &Graph) -> Result<Vec<PathBuf>, String> {
        Ok(self.gone.clone())
    }

    fn recompact(&mut self) -> Result<(), String> {
        self.compacted = true;
        Ok(())
    }
}

/// How a tool ended, and what it wrote.
#[derive(Debug)]
struct Answer {
    code: Result<u8, ToolError>,
    out: String,
    err: String,
}

fn graph(text: &str) -> Graph {
    let mut sub = |_: &Path| Ok(b"rule inner\n  command = c\nbuild sub: inner\n".to_vec());
    let text = text.as_bytes().to_vec();
    Graph::parse("build.ninja".as_ref(), text, &mut sub, &ReadOptions::default())
        .unwrap_or_else(|it| panic!("{it}"))
}

fn ask(root: &Path, memory: &mut Fake, line: &str, verbose: bool, dry_run: bool) -> Answer {
    ask_of(&graph(MANIFEST), root, memory, line, verbose, dry_run)
}

fn ask_of(
    graph: &Graph,
    root: &Path,
    memory: &mut Fake,
    line: &str,
    verbose: bool,
    dry_run: bool,
) -> Answer {
    let mut words = line.split(' ').map(OsString::from);
    let name = words.next().expect("a tool").into_string().expect("a name");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx =
        ToolContext { graph, root, memory, out: &mut out, err: &mut err, dry_run, verbose };
    let code = tools::run(&name, &words.collect::<Vec<_>>(), &mut cx);
    let text = |it| String::from_utf8(it).expect("UTF-8");
    Answer { code, out: text(out), err: text(err) }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    let answer = ask("/root".as_ref(), &mut Fake::default(), line, false, false);
    assert_eq!(answer.out, expected, "{line}");
    assert!(matches!(answer.code, Ok(0)), "{line}: {:?}", answer.code);
}

#[track_caller]
fn check_error(line: &str, expected: &str) {
    let answer = ask("/root".as_ref(), &mut Fake::default(), line, false, false);
    let error = answer.code.expect_err(line).to_string();
    assert!(error.starts_with(expected), "{line}: {error}");
}

#[test]
fn targets_are_listed_by_depth_and_rule() {
    check("targets", "b.extra: cc\nval: cc\ngen.h: link\nall: phony\n");
    check(
        "targets depth 2",
        "b.extra: cc\n  b.c\nval: cc\n  v.c\ngen.h: link\n  gen.txt: gen\n\
         all: phony\n  app: link\n  gen.txt: gen\n",
    );
    check("targets rule cc", "a.o\nb.extra\nb.o\nval\n");
    check("targets rule", "a.c\nx.h\nb.c\nv.c\nx.h\n");
    check("targets rule nosuch", "");
    check(
        "targets all",
        "a.o: cc\nb.o: cc\nb.extra: cc\napp: link\nval: cc\norder: phony\ngen.txt: gen\n\
         gen.h: link\nall: phony\n",
    );
    check_error("targets foo", "unknown target tool mode 'foo', did you mean 'all'?");
}

#[test]
fn rules_are_listed_with_their_descriptions() {
    check("rules", "cc\ngen\nlink\nphony\n");
    check("rules -d", "cc: CC ${out}\ngen: GEN $1\nlink\nphony\n");
    check_error("rules -x", "rules: invalid option -- 'x'");
}

#[test]
fn a_file_is_queried_for_what_it_is_made_of_and_what_for() {
    check(
        "query a.o",
        "a.o:\n  input: cc\n    a.c\n    | x.h\n    || order\n  outputs:\n    app\n",
    );
    check(
        "query a.c^ val x.h",
        "a.o:\n  input: cc\n    a.c\n    | x.h\n    || order\n  outputs:\n    app\n\
         val:\n  input: cc\n    v.c\n  outputs:\n  validation for:\n    app\n\
         x.h:\n  outputs:\n    a.o\n    order\n",
    );
    check(
        "query app",
        "app:\n  input: link\n    a.o\n    b.o\n  validations:\n    val\n  outputs:\n    all\n",
    );
    check_error("query", "expected a target to query");
    check_error("query nosuch", "unknown target 'nosuch'");
}

#[test]
fn commands_come_in_the_order_in_which_they_could_run() {
    let all = "cc -c a.c -o a.o\ncc -c b.c -o b.o\nld @app.rsp -o app\n";
    check("commands app", all);
    check("commands", &format!("{all}touch gen.txt\n"));
    check("commands -s app", "ld @app.rsp -o app\n");
    check_error("commands -h", "usage: ninja -t commands");
}

#[test]
fn inputs_are_all_that_is_needed() {
    check("inputs app", "a.c\na.o\nb.c\nb.o\nx.h\n");
    check("inputs -d app", "a.c\nx.h\na.o\nb.c\nb.o\n");
    check("inputs -0 -E val", "v.c\0");
    check("multi-inputs val a.o", "val\tv.c\na.o\ta.c\na.o\tx.h\n");
    check("multi-inputs --delimiter=: -0 val", "val:v.c\0");
    check_error("inputs nosuch", "unknown target 'nosuch'");
}

#[test]
fn a_compilation_database_is_json() {
    let entry = |command: &str, file: &str, output: &str| {
        format!(
            "  {{\n    \"directory\": \"/root\",\n    \"command\": \"{command}\",\n    \
             \"file\": \"{file}\",\n    \"output\": \"{output}\"\n  }}"
        )
    };
    let link = entry("ld @app.rsp -o app", "a.o", "app");
    let header = entry("ld @gen.h.rsp -o gen.h", "gen.txt", "gen.h");
    check("compdb link", &format!("[\n{link},\n{header}\n]\n"));
    let link = entry("ld a.o b.o -o app", "a.o", "app");
    let header = entry("ld gen.txt -o gen.h", "gen.txt", "gen.h");
    check("compdb -x link", &format!("[\n{link},\n{header}\n]\n"));
    check("compdb-targets val", &format!("[\n{}\n]\n", entry("cc -c v.c -o val", "v.c", "val")));
    check("compdb nosuch", "[\n]\n");
    check_error("compdb-targets x.h", "'x.h' is not a target");
}

#[test]
fn a_picture_has_each_node_and_edge_once() {
    check(
        "graph order val",
        "digraph ninja {\nrankdir=\"LR\"\nnode [fontsize=10, shape=box, height=0.25]\n\
         edge [fontsize=10]\n\"n3\" [label=\"order\"]\n\"n2\" -> \"n3\" [label=\" phony\"]\n\
         \"n2\" [label=\"x.h\"]\n\"n8\" [label=\"val\"]\n\"n9\" -> \"n8\" [label=\" cc\"]\n\
         \"n9\" [label=\"v.c\"]\n}\n",
    );
}

#[test]
fn what_was_read_is_told_with_what_is_declared() {
    let root = tempfile::tempdir().expect("a directory");
    let mut memory =
        Fake { discovered: vec![("a.o", vec!["y.h".into(), "gen.h".into()])], ..Fake::default() };
    let answer = ask(root.path(), &mut memory, "deps", false, false);
    assert_eq!(
        answer.out,
        "a.o: #deps 4, deps mtime 0 (STALE)\n    a.c\n    x.h\n    y.h\n    gen.h\n\n"
    );
    let answer = ask(root.path(), &mut memory, "deps val", false, false);
    assert_eq!(answer.out, "val: deps not found\n");
}

#[test]
fn generated_files_that_nobody_waits_for_are_found() {
    let root = tempfile::tempdir().expect("a directory");
    let mut memory =
        Fake { discovered: vec![("a.o", vec!["x.h".into(), "gen.h".into()])], ..Fake::default() };
    let answer = ask(root.path(), &mut memory, "missingdeps app", false, false);
    assert!(matches!(answer.code, Ok(3)), "{answer:?}");
    assert!(answer.out.starts_with("Missing dep: a.o uses gen.h (generated by link)\n"));
    check(
        "missingdeps app",
        "Processed 4 nodes.\nNo missing dependencies on generated files found.\n",
    );
}

fn built() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for name in ["a.o", "a.o.d", "app", "app.rsp", "gen.txt", "order", "old"] {
        fs::write(root.path().join(name), "").expect("it can be written");
    }
    fs::create_dir(root.path().join("val")).expect("it can be made");
    root
}

#[track_caller]
fn check_clean(line: &str, expected: &[&str]) {
    let root = built();
    let before = names(root.path());
    let dry = ask(root.path(), &mut Fake::default(), line, true, true);
    assert_eq!(names(root.path()), before, "a dry run removes nothing");
    let answer = ask(root.path(), &mut Fake::default(), line, true, false);
    assert_eq!(answer.out, dry.out);
    let removed: Vec<&str> =
        answer.out.lines().filter_map(|it| it.strip_prefix("Remove ")).collect();
    assert_eq!(removed, expected, "{line}: {}", answer.out);
    assert!(answer.out.ends_with(&format!("{} files.\n", expected.len())));
    assert_eq!(names(root.path()).len(), before.len() - expected.len());
}

fn names(dir: &Path) -> Vec<OsString> {
    fs::read_dir(dir).expect("it is there").map(|it| it.expect("an entry").file_name()).collect()
}

/// `order` is a file called like a phony, `val` a directory.
#[test]
fn clean_removes_files_that_edges_make() {
    check_clean("clean", &["a.o", "a.o.d", "app", "app.rsp"]);
    check_clean("clean -g", &["a.o", "a.o.d", "app", "app.rsp", "gen.txt"]);
    check_clean("clean -r link", &["app", "app.rsp"]);
    check_clean("clean a.o", &["a.o", "a.o.d"]);
    check_clean("clean val", &[]);
}

#[test]
fn clean_complains_and_goes_on() {
    let root = built();
    let answer = ask(root.path(), &mut Fake::default(), "clean nosuch a.o", false, false);
    assert_eq!(answer.err, "ninja: error: unknown target 'nosuch'\n");
    assert_eq!(answer.out, "Cleaning... 2 files.\n");
    assert!(matches!(answer.code, Ok(1)));
    check_error("clean -r", "expected a rule to clean");
}

#[test]
fn cleandead_removes_what_the_memory_calls_gone() {
    let root = built();
    let mut memory = Fake { gone: vec!["old".into(), "missing".into()], ..Fake::default() };
    let answer = ask(root.path(), &mut memory, "cleandead", false, false);
    assert_eq!(answer.out, "Cleaning... 1 files.\n");
    assert!(!root.path().join("old").exists());
}

#[test]
fn unknown_tools_are_fatal_and_others_are_listed() {
    check_error("cleandea", "unknown tool 'cleandea', did you mean 'cleandead'?");
    check_error("foo", "unknown tool 'foo'");
    let list = tools::list();
    assert!(list.starts_with("ninja subtools:\n") && list.contains("multi-inputs  "));
    assert!(tools::check("compdb").is_ok() && tools::check("x").is_err());
    let mut memory = Fake::default();
    assert!(ask("/".as_ref(), &mut memory, "recompact", false, false).code.is_ok());
    assert!(memory.compacted);
    check("restat a b", "");
}
