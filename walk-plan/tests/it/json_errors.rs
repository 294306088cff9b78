//! The same errors in JSON and JSON lines.

use insta::assert_snapshot;
use walk_plan::{Overrides, Plan, Source};

use crate::support::Project;

fn json(text: &str) -> String {
    Project::new(&[]).error("walk.json", text)
}

fn lines(text: &str) -> String {
    Project::new(&[]).error("walk.jsonl", text)
}

#[test]
fn json_errors_show_the_place() {
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\", \"run\": \"x\", \"dep\": [\"b\"]}\n]}"), @r#"
    walk.json:2:31: unknown key `dep`
      |
    2 |   {"action": "a", "run": "x", "dep": ["b"]}
      |                               ^^^^^ did you mean `deps`?
      = help: valid here: `action`, `run`, `in`, `out`, `foreach`, `matrix`, `depfile`, `tools`, `deps`, `after`, `queue`, `tokens`, `priority`, `timeout`, `retry`, `late`, `always`, `interactive`, `keep-failed`, `cache`, `cpus`, `mem`, `slurm`, `env`, `cwd`
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\", \"run\": 3}]}"), @r#"
    walk.json:2:26: invalid type: integer `3`, expected a string for the shell or an array of strings
      |
    2 |   {"action": "a", "run": 3}]}
      |                          ^
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\", \"run\": \"x\", \"in\": [\"a\", {}]}]}"), @r#"
    walk.json:2:43: invalid type: map, expected a string
      |
    2 |   {"action": "a", "run": "x", "in": ["a", {}]}]}
      |                                           ^
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\", \"run\": \"x\", \"tokens\": -4}]}"), @r#"
    walk.json:2:41: invalid value: integer `-4`, expected a whole number from 0 to 4294967295
      |
    2 |   {"action": "a", "run": "x", "tokens": -4}]}
      |                                         ^^
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\", \"run\": \"x\", \"timeout\": \"1 flight\"}]}"), @r#"
    walk.json:2:42: invalid value: string "1 flight", expected a duration such as "30s" or "1h 30m"
      |
    2 |   {"action": "a", "run": "x", "timeout": "1 flight"}]}
      |                                          ^^^^^^^^^^
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"run\": \"x\"}]}"), @r#"
    walk.json:2:3: an action without a name
      |
    2 |   {"run": "x"}]}
      |   ^^^^^^^^^^^^
      = help: its name is the value of `action`
    "#);
    assert_snapshot!(json("{\"walk\": {\"version\": 2}}"), @r#"
    walk.json:1:22: invalid value: integer `2`, expected 1
      |
    1 | {"walk": {"version": 2}}
      |                      ^
    "#);
}

#[test]
fn json_syntax_errors_show_the_place() {
    assert_snapshot!(json("[]"), @r"
    walk.json:1:1: invalid type: sequence, expected a table
      |
    1 | []
      | ^
    ");
    assert_snapshot!(json(""), @r"
    walk.json:1:1: EOF while parsing a value
      |
    1 | 
      | ^
    ");
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\",, \"run\": 3}]}"), @r#"
    walk.json:2:18: key must be a string
      |
    2 |   {"action": "a",, "run": 3}]}
      |                  ^
    "#);
    assert_snapshot!(json("{\"actions\": [\n  {\"action\": \"a\""), @r#"
    walk.json:2:14: EOF while parsing an object
      |
    2 |   {"action": "a"
      |              ^^^
    "#);
    assert_snapshot!(json("{} {}"), @r"
    walk.json:1:4: trailing characters
      |
    1 | {} {}
      |    ^
    ");
    assert_snapshot!(json("{\"settings\": {\"jobs\": 1e999}}"), @r#"
    walk.json:1:23: number out of range
      |
    1 | {"settings": {"jobs": 1e999}}
      |                       ^^^^^
    "#);
}

#[test]
fn json_semantic_errors_show_the_place() {
    let two = "{\"actions\": [\n{\"action\": \"a\", \"run\": \"x\", \"out\": [\"o\"]},\n\
               {\"action\": \"b\", \"run\": \"x\", \"out\": [\"p\", \"o\"]}]}";
    assert_snapshot!(json(two), @r#"
    walk.json:3:42: `a` and `b` both write `o`
      |
    3 | {"action": "b", "run": "x", "out": ["p", "o"]}]}
      |                                          ^^^ written here too
      = help: `a` declares it at walk.json:2:37; a file has one producer
    "#);
    assert_snapshot!(json("{\"actions\": [{\"action\": \"a\", \"run\": [\"x\", \"a{b}\"]}]}"), @r#"
    walk.json:1:45: unknown placeholder `{b}`
      |
    1 | {"actions": [{"action": "a", "run": ["x", "a{b}"]}]}
      |                                             ^^^
      = help: valid here: `{in}`, `{out}`; for these braces themselves write `{{b}}`
    "#);
    assert_snapshot!(json("{\"actions\": [{\"action\": \"a\", \"run\": \"x\"},\n {\"action\": \"a\", \"run\": \"y\"}]}"), @r#"
    walk.json:2:13: two actions are called `a`
      |
    2 |  {"action": "a", "run": "y"}]}
      |             ^^^ again here
      = help: the first is at walk.json:1:25
    "#);
    assert_snapshot!(json("{\"actions\": [{\"action\": \"a\", \"run\": \"x\"}], \"queues\": {\"default\": 1}}"), @r#"
    walk.json:1:55: the queue `default` is built in
      |
    1 | {"actions": [{"action": "a", "run": "x"}], "queues": {"default": 1}}
      |                                                       ^^^^^^^^^
      = help: its tokens are `jobs` in [settings]
    "#);
    assert_snapshot!(json("{\"actions\": [{\"action\": \"a\", \"env\": {\"x\\u003d\": \"1\"}}]}"), @r#"
    walk.json:1:38: no environment variable can be called "x="
      |
    1 | {"actions": [{"action": "a", "env": {"x\u003d": "1"}}]}
      |                                      ^^^^^^^^^
    "#);
}

#[test]
fn json_lines_count_lines() {
    assert_snapshot!(lines("{\"walk\": {\"version\": 1}}\n\n{\"action\": \"a\", \"run\": \"x\"}\n{\"action\": \"b\", \"rn\": \"x\"}\n"), @r#"
    walk.jsonl:4:17: unknown key `rn`
      |
    4 | {"action": "b", "rn": "x"}
      |                 ^^^^ did you mean `in` or `run`?
      = help: valid here: `action`, `run`, `in`, `out`, `foreach`, `matrix`, `depfile`, `tools`, `deps`, `after`, `queue`, `tokens`, `priority`, `timeout`, `retry`, `late`, `always`, `interactive`, `keep-failed`, `cache`, `cpus`, `mem`, `slurm`, `env`, `cwd`
    "#);
    assert_snapshot!(lines("{\"action\": \"a\", \"run\": \"x\"}\n{\"action\": \"b\", \"run\": \"x\", \"in\": [\"nope\"]}\n"), @r#"
    walk.jsonl:2:36: `nope`, an input of `b`, neither exists nor is produced
      |
    2 | {"action": "b", "run": "x", "in": ["nope"]}
      |                                    ^^^^^^
      = help: no action has it in its `out`
    "#);
    assert_snapshot!(lines("{\"action\": \"a\", \"run\": \"x\"}\r\n{\"action\": \"a\", \"run\": \"x\"}\r\n"), @r#"
    walk.jsonl:2:12: two actions are called `a`
      |
    2 | {"action": "a", "run": "x"}
      |            ^^^ again here
      = help: the first is at walk.jsonl:1:12
    "#);
    assert_snapshot!(lines("{\"action\": \"a\", \"run\": \"x\"}\n{\"action\": \"b\", \"run\"\n"), @r#"
    walk.jsonl:2:17: EOF while parsing an object
      |
    2 | {"action": "b", "run"
      |                 ^^^^^
    "#);
    assert_snapshot!(lines("{\"walk\": {\"version\": 1}}\n{\"run\": \"x\"}\n"), @r#"
    walk.jsonl:2:1: an action without a name
      |
    2 | {"run": "x"}
      | ^^^^^^^^^^^^
      = help: its name is the value of `action`
    "#);
}

#[test]
fn standard_input_is_called_so() {
    let read = |text: &str| {
        let source = Source::Stdin { text: text.into(), root: std::env::temp_dir() };
        Plan::read(&source, &Overrides::default()).map(|it| it.actions.len())
    };
    assert_snapshot!(read("{\"action\": \"a\"").unwrap_err(), @r#"
    <stdin>:1:12: invalid type: string "a", expected a table
      |
    1 | {"action": "a"
      |            ^^^
    "#);
    assert_eq!(read("{\"action\": \"a\", \"run\": \"x\"}"), Ok(1));
    assert_eq!(read("{\"action\": \"a\", \"run\": \"x\"}\n{\"action\": \"b\"}\n"), Ok(2));
    assert_eq!(read("{\"actions\": [{\"action\": \"a\"}]}"), Ok(1));
    assert_eq!(read("{\n\"actions\": [{\"action\": \"a\"},\n{\"action\": \"b\"}]}\n"), Ok(2));
    assert_eq!(read("{\"vars\": {}}\n{\"action\": \"a\", \"run\": \"x\"}"), Ok(1));
    assert_eq!(read("{\"action\": {\"a\": {\"run\": \"x\"}}}"), Ok(1));
}
