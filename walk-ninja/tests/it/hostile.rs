//! Manifests that are made to take forever, all memory or the stack: one error each, soon.

use std::io;
use std::path::Path;

use walk_ninja::{Graph, ReadError, ReadOptions};

use crate::support::{parse, parse_with};

fn read_with(mut load: impl FnMut(&Path) -> io::Result<Vec<u8>>) -> Result<Graph, ReadError> {
    let text = load(Path::new("0")).expect("there is a first file");
    Graph::parse(Path::new("0"), text, &mut load, &ReadOptions::default())
}

/// Checks the first line of the message.
#[track_caller]
fn check(result: Result<Graph, ReadError>, expected: &str) {
    let error = result.expect_err(expected).to_string();
    assert_eq!(error.lines().next(), Some(expected));
}

#[test]
fn nul_bytes() {
    let read = |text: &[u8]| parse_with(text, &ReadOptions::default());
    check(read(b"x = 1\ny = \0\n"), "build.ninja:2: NUL bytes are not allowed");
    check(read(b"\0"), "build.ninja:1: NUL bytes are not allowed");
    check(read(b"# \0\n"), "build.ninja:1: NUL bytes are not allowed");
    let load = |path: &Path| match path.to_str() {
        Some("0") => Ok(b"include 1\n".to_vec()),
        _ => Ok(b"\nx = 1\0\n".to_vec()),
    };
    check(read_with(load), "1:2: NUL bytes are not allowed");
}

fn number(path: &Path) -> u32 {
    path.to_str().and_then(|it| it.parse().ok()).expect("these files are called like numbers")
}

#[test]
fn includes_that_are_too_deep() {
    let next = |path: &Path| Ok(format!("include {}\n", number(path) + 1).into_bytes());
    check(read_with(next), "199:1: files are included more than 200 deep");
    let next = |path: &Path| Ok(format!("\nsubninja {}\n", number(path) + 1).into_bytes());
    check(read_with(next), "199:2: files are included more than 200 deep");
    let end = |path: &Path| match number(path) {
        199 => Ok(b"x = 1\n".to_vec()),
        number => Ok(format!("include {}\n", number + 1).into_bytes()),
    };
    assert_eq!(read_with(end).expect("it is just not too deep").variable("x"), Some(&b"1"[..]));
}

#[test]
fn includes_in_a_circle() {
    let next = |path: &Path| Ok(format!("include {}\n", (number(path) + 1) % 3).into_bytes());
    check(read_with(next), "2:1: '0' includes itself");
}

#[test]
fn includes_that_double() {
    let next = |path: &Path| match number(path) {
        100 => Ok(Vec::new()),
        number => Ok(format!("include {0}\ninclude {0}\n", number + 1).into_bytes()),
    };
    check(read_with(next), "99:1: more than 131072 files are included");
}

#[test]
fn variables_that_double() {
    check(
        parse(&format!("a = x\n{}", "a = $a$a\n".repeat(60))),
        "build.ninja:28: a text of more than 64 MiB once its variables are expanded",
    );
}

#[test]
fn variables_and_paths_that_are_long_together() {
    let long = "x".repeat(32 << 20);
    check(
        parse(&format!("a = {long}\n{}build o: phony $a $a\n", "b = $a\n".repeat(31))),
        "build.ninja:33: more than 1 GiB of text once variables are expanded",
    );
}

#[test]
fn rules_that_name_empty_variables_many_times() {
    let fan = |name: &str| format!("${{{name}}}").repeat(200);
    let text = format!(
        "rule r\n  command = {}\n  depfile = {}\n  description = {}\n  deps = {}\nbuild o: r\n",
        fan("depfile"),
        fan("description"),
        fan("deps"),
        fan("none"),
    );
    let graph = parse(&text).expect("it is only read");
    let edge = graph.edges().next().expect("there is one");
    let error = graph.binding(edge, "command").expect_err("it would take forever").to_string();
    assert_eq!(error, "build.ninja:6: variables of the rule name each other too often");
}

/// Each would take minutes if the work were not in proportion to the text.
#[test]
fn much_of_one_thing() {
    let many = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
    let count = |text: &str| parse(text).map(|it| it.edges().len()).expect("it is right");
    let rule = "rule r\n  command = c\n";
    let values = many(50_000, |it| format!("  v{it} = p{it}\n"));
    let paths = many(50_000, |it| format!(" $v{it}"));
    assert_eq!(count(&format!("{rule}build o: r{paths}\n{values}")), 1);
    let same = many(50_000, |_| "  command = c\n".into());
    let edges = many(20_000, |it| format!("build o{it}: r\n  pool = p{it}\n"));
    let pools = many(20_000, |it| format!("pool p{it}\n  depth = 1\n"));
    assert_eq!(count(&format!("rule r\n{same}{pools}{edges}")), 20_000);
    assert_eq!(count(&format!("build a: phony{}\n", " a".repeat(200_000))), 1);
    assert_eq!(count(&format!("build a: phony {}b\n", "x/../".repeat(200_000))), 1);
    assert_eq!(
        count(&format!("{}\n{}build a: phony\n", "\n".repeat(200_000), "# x\n".repeat(200_000))),
        1
    );
}
