//! The corners of the tools: odd flags, odd graphs, and what ninja does there. Where nothing else
//! is said, ninja 1.13.2 printed the expected text.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use walk_ninja::tools::{self, ToolContext, ToolError};
use walk_ninja::{Graph, ReadOptions};

use super::{Answer, Fake, ask_of, check, check_error, graph, names};

const RULES: &str = "\
rule r
  command = c $in
rule rsp
  command = x -f z $flag$out.rsp
  rspfile = $out.rsp
  rspfile_content = $in_newline
rule cc
  command = c
  depfile = $out.d
rule gen
  command = g
";

#[track_caller]
fn answer(builds: &str, line: &str) -> Answer {
    let manifest = format!("{RULES}{builds}");
    ask_of(&graph(&manifest), "/root".as_ref(), &mut Fake::default(), line, false, false)
}

#[track_caller]
fn check_of(builds: &str, line: &str, expected: &str) {
    let answer = answer(builds, line);
    assert_eq!(answer.out, expected, "{line}");
    assert!(matches!(answer.code, Ok(0)), "{line}: {:?}", answer.code);
}

#[test]
fn options_are_taken_as_getopt_takes_them() {
    check("inputs app --dep", "a.c\nx.h\na.o\nb.c\nb.o\n");
    check("inputs val -dE0", "v.c\0");
    check("multi-inputs --delim : val", "val:v.c\n");
    check("multi-inputs --delimiter= val", "valv.c\n");
    check("multi-inputs -d= val", "val=v.c\n");
    check("multi-inputs -d : -- val", "val:v.c\n");
}

#[test]
fn options_are_refused_as_getopt_refuses_them() {
    check_error("inputs --print0=1 val", "inputs: option '--print0' doesn't allow an argument\n");
    check_error("inputs --nope", "inputs: unrecognized option '--nope'\n");
    check_error("multi-inputs -d", "multi-inputs: option requires an argument -- 'd'\n");
    let message = "multi-inputs: option '--delimiter' requires an argument\n";
    check_error("multi-inputs --delimiter", message);
    check_error("rules --description", "rules: invalid option -- '-'\n");
    check_error("rules -dx", "rules: invalid option -- 'x'\n");
    check_error("inputs --he", "usage: ninja -t inputs");
}

#[test]
fn the_error_of_compdb_targets_stands_before_its_usage() {
    let answer = answer("", "compdb-targets");
    let expected = "ninja: error: compdb-targets expects the name of at least one target\n";
    assert_eq!(answer.err, expected);
    assert!(matches!(answer.code, Err(ToolError::Usage(it)) if it.starts_with("usage: ")));
}

#[test]
fn a_depth_is_a_number_as_c_reads_it() {
    let builds = "build a: r b\nbuild b: r c\n";
    check_of(builds, "targets depth 1", "a: r\n");
    check_of(builds, "targets depth 2x", "a: r\n  b: r\n");
    check_of(builds, "targets depth +2", "a: r\n  b: r\n");
    for unlimited in ["0", "-1", "x", ""] {
        check_of(builds, &format!("targets depth {unlimited}"), "a: r\n  b: r\n    c\n");
    }
    check_of(builds, "targets rule ", "c\n");
}

/// ninja overflows its stack without a depth.
#[test]
fn a_tree_of_a_cycle_has_no_end() {
    let builds = "build a: r b\nbuild b: r a\nbuild top: r a\n";
    check_of(builds, "targets depth 4", "top: r\n  a: r\n    b: r\n      a: r\n");
    let answer = answer(builds, "targets depth 0");
    assert_eq!(answer.out, "top: r\n  a: r\n    b: r\n");
    let error = answer.code.expect_err("a cycle").to_string();
    assert_eq!(error, "dependency cycle: a -> b -> a");
    check_of(builds, "inputs -d top", "b\na\n");
}

#[test]
fn an_edge_that_needs_a_file_twice_is_named_twice() {
    let builds = "build x y: r a a | a || a |@ v v\nbuild v: r\n";
    check_of(
        builds,
        "query a",
        "a:\n  outputs:\n    x\n    y\n    x\n    y\n    x\n    y\n    x\n    y\n",
    );
    check_of(
        builds,
        "query v",
        "v:\n  input: r\n  outputs:\n  validation for:\n    x\n    y\n    x\n    y\n",
    );
}

#[test]
fn a_quote_in_a_label_is_escaped() {
    let head = "digraph ninja {\nrankdir=\"LR\"\nnode [fontsize=10, shape=box, height=0.25]\n\
                edge [fontsize=10]\n";
    // ninja writes the quote as it is, and graphviz refuses that.
    check_of(
        "build q\": r a\\b\n",
        "graph",
        &format!(
            "{head}\"n0\" [label=\"q\\\"\"]\n\"n1\" -> \"n0\" [label=\" r\"]\n\
             \"n1\" [label=\"a/b\"]\n}}\n"
        ),
    );
}

#[track_caller]
fn check_command(builds: &str, expected: &str) {
    let answer = answer(builds, "compdb -x");
    let line = answer.out.lines().find(|it| it.contains("\"command\"")).expect("a command");
    assert_eq!(line, format!("    \"command\": \"{expected}\","));
}

#[test]
fn a_response_file_is_expanded_after_an_at_or_the_first_such_option() {
    check_command("build o: rsp a b\n  flag = @\n", "x -f z a b");
    check_command("build o: rsp a b\n  flag = --option-file=\n", "x -f z a b");
    check_command("build o: rsp a b\n  flag = -f$ \n", "x -f z -f o.rsp");
    check_command("build o: rsp a b\n  flag = =\n", "x -f z =o.rsp");
}

#[test]
fn a_database_has_edges_with_any_input() {
    let of = |builds: &str| answer(builds, "compdb r").out;
    assert!(of("build o: r | a\n").contains("\"file\": \"a\""));
    assert!(of("build o: r || a\n").contains("\"file\": \"a\""));
    assert_eq!(of("build o: r |@ a\nbuild a: r\n"), "[\n]\n");
}

#[test]
fn a_database_keeps_bytes_that_are_no_text() {
    let text = b"rule r\n  command = c $in\nbuild \"\xff\xc3\xa9: r \t\x01\\\n".to_vec();
    let mut none = |_: &Path| Err(std::io::Error::other("none"));
    let graph = Graph::parse("build.ninja".as_ref(), text, &mut none, &ReadOptions::default())
        .unwrap_or_else(|it| panic!("{it}"));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = ToolContext {
        graph: &graph,
        root: "/root".as_ref(),
        memory: &mut Fake::default(),
        out: &mut out,
        err: &mut err,
        dry_run: false,
        verbose: false,
    };
    let code = tools::run("compdb", &[OsString::from("r")], &mut cx);
    assert!(matches!(code, Ok(0)), "{code:?}");
    let expected = b"\"output\": \"\\\"\xff\xc3\xa9\"\n";
    assert!(out.windows(expected.len()).any(|it| it == expected), "{}", out.escape_ascii());
    assert!(out.windows(14).any(|it| it == b"\"\\t\\u0001\\\\\",\n"), "{}", out.escape_ascii());
}

/// Cleans in a directory with `files`; returns what was printed and what is left.
#[track_caller]
fn clean(line: &str, files: &[&str]) -> (String, String, Vec<OsString>) {
    let builds = "build a b: cc c\nbuild p q: rsp a g\n  flag = @\nbuild g: gen\n\
                  build all: phony p src\nbuild src: phony\nsubninja s\nbuild f/x: gen\n";
    let root = tempfile::tempdir().expect("a directory");
    for file in files {
        fs::write(root.path().join(file), "").expect("it can be written");
    }
    let graph = graph(&format!("{RULES}{builds}"));
    let answer = ask_of(&graph, root.path(), &mut Fake::default(), line, true, false);
    let mut left = names(root.path());
    left.sort_unstable();
    (answer.out, answer.err, left)
}

const ALL: [&str; 9] = ["a", "a b.d", "all", "b", "g", "p", "p q.rsp", "q", "sub"];

/// What else the same edges make stays.
#[test]
fn clean_of_a_target_removes_it_and_what_it_is_made_of() {
    let (out, _, left) = clean("clean all", &ALL);
    let removed = "Remove p\nRemove p q.rsp\nRemove a\nRemove a b.d\nRemove g\n";
    assert_eq!(out, format!("Cleaning...\nTarget all\n{removed}5 files.\n"));
    assert_eq!(left, ["all", "b", "q", "sub"]);
}

#[test]
fn clean_of_rules_goes_output_by_output() {
    let (out, _, left) = clean("clean -r rsp cc", &ALL);
    let rsp = "Rule rsp\nRemove p\nRemove p q.rsp\nRemove q\n";
    let cc = "Rule cc\nRemove a\nRemove a b.d\nRemove b\n";
    assert_eq!(out, format!("Cleaning...\n{rsp}{cc}6 files.\n"));
    assert_eq!(left, ["all", "g", "sub"]);
}

#[test]
fn clean_complains_in_the_words_of_ninja() {
    let check = |line: &str, expected: &str| assert_eq!(clean(line, &["f"]).1, expected);
    check("clean -r inner", "ninja: error: unknown rule 'inner'\n");
    check("clean ./x//y", "ninja: error: unknown target 'x/y'\n");
    check("clean ", "ninja: error: failed to canonicalize '': empty path\n");
    check("clean f/x", "ninja: error: remove(f/x): Not a directory\n");
}

/// ninja removes the file, which may be a source that a `phony` says need not exist.
#[test]
fn clean_of_the_rule_phony_removes_no_file_of_that_name() {
    let (out, _, left) = clean("clean -r phony", &["src"]);
    assert_eq!((&*out, left), ("Cleaning...\nRule phony\n0 files.\n", vec!["src".into()]));
}

#[track_caller]
fn missing(builds: &str, line: &str, read: &[(&'static str, &[&str])]) -> String {
    let discovered = read.iter().map(|(by, files)| (*by, files.iter().map(Into::into).collect()));
    let mut memory = Fake { discovered: discovered.collect(), ..Fake::default() };
    let graph = graph(&format!("{RULES}{builds}"));
    ask_of(&graph, "/root".as_ref(), &mut memory, line, false, false).out
}

#[test]
fn missing_dependencies_are_counted_by_rule() {
    let builds = "build g1 g2: gen\nbuild g3: r\nbuild alias: phony\nbuild ord: phony g3\n\
                  build o | o2: cc c || ord\n";
    let found = missing(builds, "missingdeps o", &[("o", &["g1", "g2", "g3", "h", "alias"])]);
    let (lines, summary) = found.split_once("Error: ").expect("a summary");
    assert_eq!(
        lines,
        "Missing dep: o uses g1 (generated by gen)\nMissing dep: o uses g2 (generated by gen)\n\
         Missing dep: o uses alias (generated by phony)\nProcessed 3 nodes.\n"
    );
    assert!(summary.starts_with("2 paths "), "{summary}");
    assert!(summary.contains("\n1 targets read 3 generated files (of 2 rules)"), "{summary}");
}

/// Such a command wants to run again when the graph changes.
#[test]
fn who_reads_the_manifest_misses_nothing() {
    let found =
        missing("build g: gen\nbuild o: cc\n", "missingdeps o", &[("o", &["g", "build.ninja"])]);
    assert_eq!(found, "Processed 1 nodes.\nNo missing dependencies on generated files found.\n");
}

/// More makers than there are bits: only the last but one is not waited for.
#[test]
fn waiting_is_known_for_any_number_of_makers() {
    let mut builds = String::new();
    let files: Vec<String> = (0..200).map(|it| format!("g{it}")).collect();
    let mut before = String::new();
    for (index, file) in files.iter().enumerate() {
        writeln!(builds, "build {file}: gen{before}").expect("a text");
        if index != 198 {
            before = format!(" {file}");
        }
    }
    builds += "build o: cc || g199\n";
    let files: Vec<&str> = files.iter().map(|it| &**it).collect();
    let found = missing(&builds, "missingdeps o", &[("o", &files)]);
    assert!(
        found.starts_with("Missing dep: o uses g198 (generated by gen)\nProcessed "),
        "{found}"
    );
}
