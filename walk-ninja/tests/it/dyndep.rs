//! Dyndep files: what they add, and every message about them with its place.

use walk_ninja::{Graph, Node};

use crate::support::{parse, show};

const MANIFEST: &str = "rule r\n  command = c\n  dyndep = dd\n\
                        build out two | three: r in || dd\nbuild other: phony\n";
const VERSION: &str = "ninja_dyndep_version = 1\n";

fn node(graph: &Graph, path: &str) -> Node {
    graph.node(path.as_bytes()).expect(path)
}

/// Checks what a dyndep file makes of the first edge.
#[track_caller]
fn check(text: &str, expected: &str) {
    let mut graph = parse(MANIFEST).expect("it is read");
    let (edge, file) = (graph.edges().next().expect("there is one"), node(&graph, "dd"));
    assert_eq!(graph.dyndep(edge), Some(file));
    graph.load_dyndep(file, text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(graph.dyndep(edge), None);
    assert_eq!(show(&graph).lines().next(), Some(expected), "{text}");
    assert_eq!(graph.files().count(), 1, "a dyndep file is no manifest");
}

/// Checks the message for what stands below the version.
#[track_caller]
fn check_error(text: &str, expected: &str) {
    check_whole_error(&format!("{VERSION}{text}"), expected);
}

#[track_caller]
fn check_whole_error(text: &str, expected: &str) {
    let mut graph = parse(MANIFEST).expect("it is read");
    let error = graph.load_dyndep(node(&graph, "dd"), text.as_bytes()).expect_err(text);
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn outputs_and_inputs_are_added() {
    let plain = "r: out two | three <- in || dd";
    check(&format!("{VERSION}build out: dyndep\n"), plain);
    check(&format!("\n# c\n{VERSION}\nbuild two: dyndep\n"), plain);
    check(&format!("{VERSION}build three |: dyndep |\n"), plain);
    check(&format!("{VERSION}build ./out: dyndep\n").replace('\n', "\r\n"), plain);
    let all = "r: out two | three a b <- in | c d/e f in || dd";
    check(&format!("{VERSION}build out | a b: dyndep | c ./d//e $\n f in\n"), all);
}

#[test]
fn versions() {
    let check = |version: &str| {
        let text = format!("ninja_dyndep_version = {version}\nbuild out: dyndep\n");
        check(&text, "r: out two | three <- in || dd");
    };
    check("1");
    check("1.0");
    check("1-x");
    check("1.0.0-x");
    let check = |version: &str| {
        let line = format!("ninja_dyndep_version = {version}");
        let message = format!("dd:1: unsupported '{line}'");
        check_whole_error(
            &format!("{line}\n"),
            &format!("{message}\n{line}\n{:23}^ near here", ""),
        );
    };
    check("1.1");
    check("2");
    check("0");
    check("x");
}

#[test]
fn a_version_comes_first() {
    let expected = "dd:1: expected 'ninja_dyndep_version = ...'";
    check_whole_error("", expected);
    let shown = |line: &str| format!("{expected}\n{line}\n^ near here");
    check_whole_error("build out: dyndep\n", &shown("build out: dyndep"));
    check_whole_error("x = 1\n", &shown("x = 1"));
    check_whole_error(
        "ninja_dyndep_version\n",
        "dd:1: expected '=', got newline\n\
                      ninja_dyndep_version\n                    ^ near here",
    );
    check_error("x = 1\n", "dd:2: unexpected identifier\nx = 1\n^ near here");
    let twice = format!("dd:2: unexpected identifier\n{VERSION}^ near here");
    check_error(VERSION, &twice);
}

#[test]
fn an_edge_may_be_restat() {
    let has_restat = |text: &str| {
        let mut graph = parse(MANIFEST).expect("it is read");
        let text = format!("{VERSION}build out: dyndep\n{text}");
        graph.load_dyndep(node(&graph, "dd"), text.as_bytes()).expect("it is right");
        graph.has_flag(graph.edges().next().expect("there is one"), "restat").expect("no cycle")
    };
    assert!(has_restat("  restat = 1\n"));
    assert!(!has_restat("  restat =\n"));
    assert!(!has_restat("  restat = $x\n"));
    assert!(!has_restat(""));
}

#[test]
fn what_is_made_has_its_producer() {
    let mut graph = parse(MANIFEST).expect("it is read");
    let text = format!("{VERSION}build out | new: dyndep | other\n");
    graph.load_dyndep(node(&graph, "dd"), text.as_bytes()).expect("it is right");
    let edge = graph.edges().next().expect("there is one");
    assert_eq!(graph.producer(node(&graph, "new")), Some(edge));
    assert_eq!(graph.consumers().of(node(&graph, "other")), [edge]);
}

#[test]
fn statements() {
    check_error("build\n", "dd:2: expected path\nbuild\n     ^ near here");
    check_error(
        "build out\n",
        "dd:2: expected ':', got newline ($ also escapes ':')\n\
                build out\n         ^ near here",
    );
    check_error(
        "build out two: dyndep\n",
        "dd:2: explicit outputs not supported\n\
                build out two: dyndep\n          ^ near here",
    );
    check_error(
        "build out: dyndep a\n",
        "dd:2: explicit inputs not supported\n\
                build out: dyndep a\n                  ^ near here",
    );
    check_error(
        "build out: dyndep | a || b\n",
        "dd:2: order-only inputs not supported\n\
                build out: dyndep | a || b\n                      ^ near here",
    );
    check_error(
        "build out: r\n",
        "dd:2: expected build command name 'dyndep'\n\
                build out: r\n           ^ near here",
    );
    check_error(
        "build out: dyndep |@ a\n",
        "dd:2: expected newline, got '|@'\n\
                build out: dyndep |@ a\n                  ^ near here",
    );
    check_error(
        "build out: dyndep\n  x = 1\n",
        "dd:3: binding is not 'restat'\n\
                \u{20} x = 1\n  ^ near here",
    );
    check_error(
        "build out: dyndep\n  restat = 1\n  restat = 1\n",
        "dd:4: unexpected indent\n  restat = 1\n^ near here",
    );
    check_error(
        "build out: dyndep",
        "dd:2: unexpected EOF\nbuild out: dyndep\n\
                \u{20}                ^ near here",
    );
    check_error("rule r\n", "dd:2: unexpected 'rule'\nrule r\n^ near here");
    check_error("\tx\n", "dd:2: tabs are not allowed, use spaces\n\tx\n^ near here");
    check_error(
        "build out: dyndep | a\0\n",
        "dd:2: NUL bytes are not allowed\n\
                build out: dyndep | a\0\n                     ^ near here",
    );
}

#[test]
fn variables_are_not_known() {
    check_error("build $x: dyndep\n", "dd:2: empty path\nbuild $x: dyndep\n      ^ near here");
    check_error(
        "build out | $x: dyndep\n",
        "dd:2: empty path\n\
                build out | $x: dyndep\n            ^ near here",
    );
}

#[test]
fn what_does_not_fit_the_graph() {
    check_error(
        "build none: dyndep\n",
        "dd:2: no build statement exists for 'none'\n\
                build none: dyndep\n      ^ near here",
    );
    check_error(
        "build in: dyndep\n",
        "dd:2: no build statement exists for 'in'\n\
                build in: dyndep\n      ^ near here",
    );
    check_error(
        "build other: dyndep\n",
        "dd:2: dyndep file 'dd' mentions output 'other' whose \
                build statement does not have a dyndep binding for the file\n\
                build other: dyndep\n      ^ near here",
    );
    check_error(
        "build out: dyndep\nbuild two: dyndep\n",
        "dd:3: multiple statements for 'two'\n\
                build two: dyndep\n      ^ near here",
    );
    check_error("", "build.ninja:4: 'out' not mentioned in its dyndep file 'dd'");
    check_error("build out | other: dyndep\n", "build.ninja:4: multiple rules generate other");
    check_error("build out | out: dyndep\n", "build.ninja:4: multiple rules generate out");
    check_error("build out | a a: dyndep\n", "build.ninja:4: multiple rules generate a");
}
