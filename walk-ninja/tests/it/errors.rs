//! Every message of the reader, with its place. Words and lines are those of ninja 1.13.2, but
//! what concerns a whole statement is told at its first line (ninja: the line behind it), the
//! caret stands where the wrong word begins (ninja: often behind it, and not in the first column),
//! and tabs and carriage returns are called so.

use std::path::Path;

use walk_ninja::{Place, ReadError, ReadOptions, Severity};

use crate::support::{parse, parse_files, parse_with};

const RULE: &str = "rule r\n  command = c\n";

/// Checks the message for a manifest, and that it shows the line up to behind `before`: a caret
/// stands there. Of a line without a word nothing is shown.
#[track_caller]
fn check(text: &str, line: u32, message: &str, before: &str) {
    let error = parse(text).expect_err(text);
    let place = Place { file: "build.ninja".into(), line };
    assert_eq!(error.place(), Some(&place), "{error}");
    let shown = text.split('\n').nth(line as usize - 1).unwrap_or_default();
    assert!(shown.starts_with(before), "{shown:?} does not start with {before:?}");
    let column = before.chars().count();
    let expected = match shown.trim() {
        "" => format!("{place}: {message}"),
        _ => format!("{place}: {message}\n{shown}\n{:column$}^ near here", ""),
    };
    assert_eq!(error.to_string(), expected);
}

/// Checks as [`check`] does; above the text is a rule `r`, whose lines do not count.
#[track_caller]
fn check_below_rule(text: &str, line: u32, message: &str, before: &str) {
    check(&format!("{RULE}{text}"), line + 2, message, before);
}

#[test]
fn what_stands_in_a_build_line() {
    check_below_rule("build a: r b", 1, "unexpected EOF", "build a: r b");
    check_below_rule("build a: r c:d\n", 1, "expected newline, got ':'", "build a: r c");
    check_below_rule("build a: r | | c\n", 1, "expected newline, got '|'", "build a: r | ");
    check_below_rule("build a: r || c | d\n", 1, "expected newline, got '|'", "build a: r || c ");
    check_below_rule("build a: r |@ c || d\n", 1, "expected newline, got '||'", "build a: r |@ c ");
    check_below_rule("build a: r | c | d\n", 1, "expected newline, got '|'", "build a: r | c ");
    check_below_rule("build : r b\n", 1, "expected path", "build ");
    check_below_rule("build\n", 1, "expected path", "build");
    check_below_rule("build a\n", 1, "expected ':', got newline ($ also escapes ':')", "build a");
    check_below_rule(
        "build a b\n",
        1,
        "expected ':', got newline ($ also escapes ':')",
        "build a b",
    );
    check_below_rule("build a:\n", 1, "expected build command name", "build a:");
    check_below_rule("build a: \n", 1, "expected build command name", "build a: ");
    check_below_rule("build a: x\n", 1, "unknown build rule 'x'", "build a: ");
    check_below_rule("build a: r b:\n", 1, "expected newline, got ':'", "build a: r b");
    check_below_rule("build a: r $x\n", 1, "empty path", "build a: r ");
    check_below_rule("build $x: r a\n", 1, "empty path", "build ");
    check_below_rule("build a: r b $x\n", 1, "empty path", "build a: r b ");
    check_below_rule("build a | $x: r b\n", 1, "empty path", "build a | ");
    check_below_rule(
        "build a || b: r\n",
        1,
        "expected ':', got '||' ($ also escapes ':')",
        "build a ",
    );
    check_below_rule(
        "build a |@ b: r\n",
        1,
        "expected ':', got '|@' ($ also escapes ':')",
        "build a ",
    );
    check_below_rule("build a:\tr b\n", 1, "expected build command name", "build a:");
    check_below_rule("build a: r\ndefault a $x\n", 2, "empty path", "default a ");
    check_below_rule("build a: r\ndefault $x\n", 2, "empty path", "default ");
    check_below_rule("build a: r\ndefault a:\n", 2, "expected newline, got ':'", "default a");
    check_below_rule("build a: r\ndefault a |\n", 2, "expected newline, got '|'", "default a ");
    check("build = 1\n", 1, "expected ':', got newline ($ also escapes ':')", "build = 1");
    check_below_rule("build : r\n  x = 1\n", 1, "expected path", "build ");
}

#[test]
fn variables_of_an_edge() {
    check_below_rule("build a: r b\n\n  x = 1\n", 3, "unexpected indent", "");
    check_below_rule("build a: r b\n  = 1\n", 2, "expected variable name", "  ");
    check_below_rule("build a: r b\n  x\n", 2, "expected '=', got newline", "  x");
    check_below_rule("build a: r b\n  x = $\n", 3, "unexpected EOF", "");
    check_below_rule("build a: r b\n  x", 2, "expected '=', got eof", "  x");
    check_below_rule("build a: r b\n  x = 1", 2, "unexpected EOF", "  x = 1");
    check_below_rule("build a: r b\n\tx = 1\n", 2, "tabs are not allowed, use spaces", "");
    check_below_rule("build a: r\ndefault a b\n", 2, "unknown target 'b'", "default a ");
    check_below_rule("build a: r\ndefault a", 2, "unexpected EOF", "default a");
    check_below_rule("build a: r\n  default a\n", 2, "expected '=', got identifier", "  default ");
    check_below_rule("build a: r\ndefault:\n", 2, "expected target name", "default");
    check_below_rule("build a: r b\nfoo", 2, "expected '=', got eof", "foo");
    check_below_rule("build a: r b\nfoo =", 2, "unexpected EOF", "foo =");
}

#[test]
fn what_edges_mean() {
    check_below_rule("build a: r\n  pool = p\n", 1, "unknown pool name 'p'", "");
    check_below_rule("build a: r\nbuild a: r\n", 2, "multiple rules generate a", "");
    check_below_rule("build a a: r\n", 1, "a is defined as an output multiple times", "");
    check_below_rule("build a: r b\n  dyndep = c\n", 1, "dyndep 'c' is not an input", "");
}

#[test]
fn words_that_are_out_of_place() {
    check("# c", 1, "lexing error", "");
    check("x = 1", 1, "unexpected EOF", "x = 1");
    check("x", 1, "expected '=', got eof", "x");
    check("x\n", 1, "expected '=', got newline", "x");
    check("x =", 1, "unexpected EOF", "x =");
    check("foo\n", 1, "expected '=', got newline", "foo");
    check("foo bar\n", 1, "expected '=', got identifier", "foo ");
    check("foo = $\n", 2, "unexpected EOF", "");
    check("foo = $", 1, "bad $-escape (literal $ must be written as $$)", "foo = ");
    check("foo = ${x\n", 1, "bad $-escape (literal $ must be written as $$)", "foo = ");
    check("foo = ${}\n", 1, "bad $-escape (literal $ must be written as $$)", "foo = ");
    check("foo = $.x\n", 1, "bad $-escape (literal $ must be written as $$)", "foo = ");
    check("foo = $^\n", 1, "bad $-escape (literal $ must be written as $$)", "foo = ");
    check("foo = a$^b\n", 1, "bad $-escape (literal $ must be written as $$)", "foo = a");
    check("  foo = 1\n", 1, "unexpected indent", "");
    check("\tfoo = 1\n", 1, "tabs are not allowed, use spaces", "");
    check(": \n", 1, "unexpected ':'", "");
    check("| \n", 1, "unexpected '|'", "");
    check("= \n", 1, "unexpected '='", "");
    check("a = b\n = c\n", 2, "unexpected indent", "");
    check("x\t= 1\n", 1, "tabs are not allowed, use spaces", "x");
    check_below_rule("builda: r\n", 1, "expected '=', got ':'", "builda");
    let far = parse(&format!("{} b\n", "a".repeat(100))).expect_err("it is far from the beginning");
    assert_eq!(far.to_string(), "build.ninja:1: expected '=', got identifier");
}

#[test]
fn rules() {
    check("rule\n", 1, "expected rule name", "rule");
    check("rule r\n", 1, "expected 'command =' line", "");
    check("rule r\n\tcommand = c\n", 2, "tabs are not allowed, use spaces", "");
    check("pool p\n\tdepth = 1\n", 2, "tabs are not allowed, use spaces", "");
    let conflict = "lexing error: a merge left a conflict here";
    check("<<<<<<< HEAD\nrule r\n", 1, conflict, "");
    check("rule r", 1, "expected newline, got eof", "rule r");
    check("rule r x\n", 1, "expected newline, got identifier", "rule r ");
    check("rule r\n  foo = 1\n", 2, "unexpected variable 'foo'", "  ");
    check("rule r\n  command = x\n  foo = 1\n", 3, "unexpected variable 'foo'", "  ");
    check_below_rule("rule r\n  command = c $in -o $out $x\n", 1, "duplicate rule 'r'", "rule ");
    check("rule phony\n  command = x\n", 1, "duplicate rule 'phony'", "rule ");
    check(
        "rule r\n  command = x\n  rspfile = f\n",
        1,
        "rspfile and rspfile_content need to be both specified",
        "",
    );
    check("rule r$x\n  command = c\n", 1, "expected newline, got lexing error", "rule r");
    check(
        "rule r\n  command = x\n  pool = $q\nbuild a: r\n  q = zz\n",
        4,
        "unknown pool name 'zz'",
        "",
    );
    check(
        "rule r\n  command = x\n  dyndep = $in\nbuild a: r b c\n",
        4,
        "dyndep 'b c' is not an input",
        "",
    );
    check("rule = 1\n", 1, "expected rule name", "rule ");
}

#[test]
fn pools() {
    check("pool\n", 1, "expected pool name", "pool");
    check("pool p\n", 1, "expected 'depth =' line", "");
    check("pool p\n  depth = -1\n", 2, "invalid pool depth", "  ");
    check("pool p\n  depth = 1\npool p\n  depth = 1\n", 3, "duplicate pool 'p'", "pool ");
    check("pool console\n  depth = 1\n", 1, "duplicate pool 'console'", "pool ");
    check("pool p x\n", 1, "expected newline, got identifier", "pool p ");
    check("pool p", 1, "expected newline, got eof", "pool p");
    check("pool = 3\n", 1, "expected pool name", "pool ");
}

#[test]
fn defaults() {
    check_below_rule("default\n", 1, "expected target name", "default");
    check_below_rule("default a\n", 1, "unknown target 'a'", "default ");
    check_below_rule("default $\n", 2, "unexpected EOF", "");
    check("default = 1\n", 1, "unknown target '='", "default ");
}

#[test]
fn a_version_that_is_too_high() {
    check(
        "ninja_required_version = 1.14\n",
        1,
        "ninja version (1.13) incompatible with build file ninja_required_version version (1.14).",
        "",
    );
    check(
        "ninja_required_version = 2\n",
        1,
        "ninja version (1.13) incompatible with build file ninja_required_version version (2).",
        "",
    );
    check(
        "ninja_required_version = 99999999999999999999\n",
        1,
        "ninja version (1.13) incompatible with build file ninja_required_version version (99999999999999999999).",
        "",
    );
    check(
        "v = 1.14\nninja_required_version = $v\n",
        2,
        "ninja version (1.13) incompatible with build file ninja_required_version version (1.14).",
        "",
    );
}

#[test]
fn carriage_returns_but_before_newlines() {
    check("x = 1\r", 1, "unexpected EOF", "x = 1\r");
    check("x = 1\r2\n", 1, "carriage returns are not allowed, use newlines", "x = 1");
    check("x\r = 1\n", 1, "carriage returns are not allowed, use newlines", "x");
    check("\r", 1, "carriage returns are not allowed, use newlines", "");
    check_below_rule(
        "build a: r b\rc\n",
        1,
        "carriage returns are not allowed, use newlines",
        "build a: r b",
    );
    check_below_rule(
        "build a: r $\r b\n",
        1,
        "bad $-escape (literal $ must be written as $$)",
        "build a: r ",
    );
    check("x = $\r\r\n", 1, "bad $-escape (literal $ must be written as $$)", "x = ");
    check_below_rule(
        "x = 1\r\r\nbuild a: r\n",
        1,
        "carriage returns are not allowed, use newlines",
        "x = 1",
    );
}

#[test]
fn only_lines_that_are_short_up_to_the_place_are_shown() {
    let name = "a".repeat(70);
    let error = parse(&format!("{name} b\n")).expect_err("there is no '='").to_string();
    let caret = format!("{:71}^ near here", "");
    let message = "build.ninja:1: expected '=', got identifier";
    assert_eq!(error, format!("{message}\n{name} b...\n{caret}"));
    let error = parse(&format!("{name}a b\n")).expect_err("there is no '='").to_string();
    assert_eq!(error, message);
}

#[test]
fn the_caret_counts_characters() {
    check("x = éü $/\n", 1, "bad $-escape (literal $ must be written as $$)", "x = éü ");
}

#[track_caller]
fn check_files(files: &[(&str, &str)], expected: &str) {
    let error = parse_files(files).expect_err(expected);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_error_in_an_included_file_names_that_file() {
    let check = |manifest: &str, included: &str, expected: &str| {
        check_files(&[("build.ninja", manifest), ("s", included), ("./s", included)], expected);
    };
    check("include s\n", "x = 1", "s:1: unexpected EOF\nx = 1\n     ^ near here");
    check("include ./s\n", "foo\n", "./s:1: expected '=', got newline\nfoo\n   ^ near here");
    check("subninja s\n", "\tx", "s:1: tabs are not allowed, use spaces\n\tx\n^ near here");
    check("x = 1\ninclude s\n", "\n\n@", "s:3: lexing error\n@\n^ near here");
    check("include s\n@", "\n\n", "build.ninja:2: lexing error\n@\n^ near here");
    check("include s", "x = 1\n", "build.ninja:1: unexpected EOF\ninclude s\n         ^ near here");
    check(
        "include s x\n",
        "x = 1\n",
        "build.ninja:1: expected newline, got identifier\ninclude s x\n          ^ near here",
    );
    check("include s\ninclude s\n", RULE, "s:1: duplicate rule 'r'\nrule r\n     ^ near here");
}

#[test]
fn files_that_cannot_be_read() {
    let check = |manifest: &str, expected: &str| {
        let path = manifest.trim_end();
        let caret = format!("{:1$}^ near here", "", path.len());
        check_files(
            &[("build.ninja", manifest)],
            &format!("build.ninja:1: {expected}\n{path}\n{caret}"),
        );
    };
    check("include x\n", "loading 'x': No such file or directory");
    check("subninja x\n", "loading 'x': No such file or directory");
    check("include\n", "expected path");
    check("include $x\n", "expected path");
    check("include build.ninja\n", "'build.ninja' includes itself");
}

#[test]
fn a_manifest_that_cannot_be_read_is_named() {
    let root = tempfile::tempdir().expect("there is a place for temporary files");
    let read = |name: &str| {
        let found = walk_ninja::Graph::read(root.path(), Path::new(name), &ReadOptions::default());
        found.expect_err("it is no file").to_string()
    };
    assert_eq!(read("none.ninja"), "loading 'none.ninja': No such file or directory");
    assert_eq!(read("."), "loading '.': Is a directory");
    std::fs::write(root.path().join("build.ninja"), "x = 1\ninclude .\n").expect("it is writable");
    assert_eq!(
        read("build.ninja"),
        "build.ninja:2: loading '.': Is a directory\ninclude .\n         ^ near here"
    );
}

#[test]
fn duplicate_outputs_may_be_a_warning() {
    let mut options = ReadOptions::default();
    options.duplicate_outputs = Severity::Warning;
    let text = format!("{RULE}build a: r x\nbuild b a | c a b: r y\nbuild a: r z\n");
    let graph = parse_with(text, &options).expect("it is only a warning");
    let end = "builds involving this target will not be correct; continuing anyway";
    let expected = [
        format!("multiple rules generate a. {end}"),
        format!("multiple rules generate a. {end}"),
        format!("b is defined as an output multiple times. {end}"),
        format!("multiple rules generate a. {end}"),
    ];
    assert_eq!(graph.warnings(), expected);
    let shown = "r: a <- x\nr: b | c <- y\n";
    assert_eq!(crate::support::show(&graph), shown);
}

#[test]
fn a_cycle_of_rule_variables_is_told_when_they_are_asked_for() {
    let check = |rule: &str, expected: &str| {
        let graph = parse(&format!("rule r\n{rule}build a: r\n")).expect("it is only read");
        let edge = graph.edges().next().expect("there is one");
        let error = graph.binding(edge, "command").expect_err(rule);
        let ReadError::Syntax { place, message, .. } = &error else { panic!("{error}") };
        assert_eq!(place.line as usize, rule.lines().count() + 2);
        assert_eq!(message, expected);
    };
    check("  command = ${command}\n", "cycle in rule variables: command -> command");
    check(
        "  command = $description\n  description = $command\n",
        "cycle in rule variables: command -> description -> command",
    );
    check(
        "  command = $description\n  description = $depfile\n  depfile = $description\n",
        "cycle in rule variables: description -> depfile -> description",
    );
}
