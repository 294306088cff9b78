//! Texts that nobody means well with: an error, never a crash, never a long wait.

use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;
use walk_plan::{Overrides, Plan, Source};

use crate::support::{Project, error};

/// The first line of an error.
fn first(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(1_000_000), close.repeat(1_000_000));
    let project = Project::new(&[]);
    let json = |text: String| first(&project.error("walk.json", text));
    assert_snapshot!(json(deep("[", "]")), @"walk.json:1:1: invalid type: sequence, expected a table");
    assert_snapshot!(json(format!("{{\"vars\": {}}}", deep("[", "]"))), @"walk.json:1:10: invalid type: sequence, expected a table");
    assert_snapshot!(json(format!("{{\"actions\": [{{\"in\": {}}}]}}", deep("[", "]"))), @"walk.json:1:22: invalid type: sequence, expected a string");
    assert_snapshot!(json(deep("{\"a\":", "}")), @"walk.json:1:2: unknown key `a`");
    let lines = |text: String| first(&project.error("walk.jsonl", text));
    assert_snapshot!(lines(deep("[", "]")), @"walk.jsonl:1:1: invalid type: sequence, expected a table");
    assert_snapshot!(first(&error(&format!("a = {}", deep("[", "]")))), @"walk.toml:1:85: cannot recurse further; max recursion depth met");
    assert_snapshot!(first(&error(&format!("a = {}", deep("{a=", "}")))), @"walk.toml:1:245: cannot recurse further; max recursion depth met");
    let keys = vec!["a"; 1_000_000].join(".");
    assert_snapshot!(first(&error(&format!("[{keys}]\n"))), @"walk.toml:1:1: recursion limit");
    assert_snapshot!(first(&error(&format!("{keys} = 1\n"))), @"walk.toml:1:1: recursion limit");
}

#[test]
fn variables_that_double_do_not_fill_the_memory() {
    let mut text = String::from("[vars]\nv0 = \"xxxxxxxxxxxxxxxx\"\n");
    for i in 1..60 {
        let _ = writeln!(text, "v{i} = \"${{v{0}}}${{v{0}}}\"", i - 1);
    }
    assert_snapshot!(first(&error(&text)), @"walk.toml:19:7: longer than 1048576 bytes");
}

#[test]
fn a_long_chain_of_variables_does_not_overflow_the_stack() {
    let mut text = String::from("[vars]\nv0 = \"x\"\n");
    for i in 1..50_000 {
        let _ = writeln!(text, "v{i} = \"${{v{}}}\"", i - 1);
    }
    let found = first(&error(&text));
    assert!(found.ends_with("more than 100 variables refer to one another"), "{found}");
}

#[test]
fn many_targets_of_one_name_are_read_in_linear_time() {
    let names: Vec<String> = (0..20_000).map(|it| format!("\"a{it}\"")).collect();
    let mut text = String::new();
    for i in 0..20_000 {
        let _ = writeln!(text, "{{\"action\": \"a{i}\", \"run\": \"x\", \"out\": [\"o{i}\"]}}");
    }
    let _ = writeln!(text, "{{\"action\": \"all\", \"deps\": [{}]}}", names.join(","));
    let plan = Project::new(&[]).read("walk.jsonl", &text).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(plan.actions[20_000].deps.len(), 20_000);
}

#[test]
fn a_chain_of_a_hundred_thousand_actions_does_not_overflow_the_stack() {
    let mut text = String::new();
    for i in 1..=100_000 {
        let before = i - 1;
        let _ = writeln!(
            text,
            "{{\"action\": \"a{i}\", \"run\": \"x\", \"in\": [\"{before}\"], \"out\": [\"{i}\"]}}"
        );
    }
    let project = Project::new(&["0"]);
    let plan = project.read("walk.jsonl", &text).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(plan.dag(&[]).map(|it| it.len()), Ok(100_000));
    let cycle = text.replacen("[\"0\"]", "[\"100000\"]", 1);
    let found = first(&project.error("walk.jsonl", cycle));
    assert!(found.starts_with("walk.jsonl:1:12: "), "{}", &found[..80]);
}

#[test]
fn a_path_of_many_parts_overflowed_the_stack() {
    let check = |path: &str, expected: &str| {
        for key in ["in = ['{}']", "out = ['{}']", "in = ['${v}']", "depfile = '{}'", "cwd = '{}'"]
        {
            let key = key.replace("{}", path);
            let text = format!("[vars]\nv = '{path}'\n[action.a]\nrun = 'x'\n{key}\n");
            let found = first(&error(&text));
            assert!(found.starts_with("walk.toml:5:") && found.ends_with(expected), "{found}");
        }
    };
    let deep = |parts: usize| vec!["a"; parts].join("/");
    check(&deep(60_000), ": a path of 119999 bytes; at most 4096 are possible");
    check(&deep(2049), ": a path of 4097 bytes; at most 4096 are possible");
    check(
        &format!("b/{}/c", "x".repeat(256)),
        ": a name in a path of 256 bytes; at most 255 are possible",
    );
    let project = Project::new(&[]);
    let outputs =
        format!("[action.a]\nrun = 'x'\nout = ['{}', '{}']\n", deep(2048), "x".repeat(255));
    assert!(project.read("walk.toml", &outputs).is_ok());
    let names = (0..200).map(|it| format!("n{it}")).collect::<Vec<_>>().join(",");
    let glob = format!("[action.a]\nrun = 'x'\nin = ['{{{names}}}.c']\n");
    assert!(project.read("walk.toml", &glob).is_ok());
    let deep_glob = format!("[action.a]\nrun = 'x'\nin = ['{}/*']\n", deep(60_000));
    assert!(project.error("walk.toml", deep_glob).contains("cannot list the directory"));
}

#[test]
fn an_error_behind_many_carriage_returns_was_shown_before_the_end_of_its_line() {
    let found = error(&format!("\"\"\"{}{}", "x".repeat(120), "\r".repeat(100)));
    let shown = found.lines().nth(2).unwrap_or_default();
    assert!(found.starts_with("walk.toml:1:"), "{found}");
    assert!(shown.starts_with("1 | ..."), "{found}");
}

proptest! {
    #[test]
    fn any_text_is_a_plan_or_an_error_with_a_place_in_it(text in "[\\[\\]{}\"=:,.a-z0-9$*\n \u{fc}]{0,80}") {
        let root = std::path::PathBuf::from("/nonexistent");
        for text in [text.clone(), format!("{{\"actions\": [{{\"action\": \"a\", \"run\": {text:?}}}]}}")] {
            let source = Source::Stdin { text: text.clone().into_bytes(), root: root.clone() };
            if let Err(error) = Plan::read(&source, &Overrides::default()) {
                let found = error.diagnostic();
                prop_assert!(found.line <= text.lines().count().max(1));
                prop_assert!(!found.message.is_empty());
                prop_assert!(error.to_string().contains(&found.message));
            }
        }
    }

    #[test]
    fn any_toml_is_a_plan_or_an_error(key in "[a-z.]{1,8}", value in "[\\[\\]{}\"'=,a-z0-9.$*-]{0,20}") {
        let project = Project::new(&[]);
        for text in [format!("{key} = {value}\n"), format!("[action.a]\nrun = \"x\"\n{key} = {value}\n")] {
            if let Err(error) = project.read("walk.toml", &text) {
                prop_assert!(error.diagnostic().line >= 1, "{error}");
            }
        }
    }
}
