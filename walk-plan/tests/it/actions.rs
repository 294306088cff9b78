//! What an action becomes: its command, its keys, what comes before it.

use std::time::Duration;

use insta::assert_snapshot;
use walk_plan::{Overrides, Plan, Retry, Run, Source};

use crate::support::{Project, show};

fn one(text: &str) -> walk_plan::Command {
    let project = Project::new(&["in.c", "a b.c"]);
    let plan = project.read("walk.toml", text).unwrap_or_else(|it| panic!("{it}"));
    plan.actions[0].clone()
}

#[test]
fn the_manifest_of_the_documentation_is_read() {
    let project = Project::new(&["src/lexer.c", "src/parser.c", "tests/io/a", "tests/json/b"]);
    project.write("ci/tidy.walk.toml", "[action.tidy]\nrun = \"true\"\n");
    let text = r#"
[walk]
version = 1
default = ["app", "check"]
include = ["ci/*.walk.toml"]

[vars]
cc = "cc"
flags = "-O2 -Wall"

[queues]
link = 1

[tool.cc]
version = ["${cc}", "--version"]

[action.compile]
foreach = "src/*.c"
run = "${cc} ${flags} -MD -MF {out}.d -c {in} -o {out}"
in = ["{file}"]
out = ["build/{stem}.o"]
depfile = "{out}.d"
tools = ["cc"]

[action.app]
run = "${cc} -o {out} {in}"
in = ["build/*.o"]
out = ["bin/app"]
queue = "link"

[action.test]
matrix = { suite = ["io", "json"], db = ["sqlite", "pg"] }
run = ["tests/run.sh", "{suite}", "--db", "{db}"]
in = ["bin/app", "tests/{suite}/**"]
env = { DB = "{db}" }
cwd = "tests"

[action.check]
deps = ["test"]
"#;
    assert_snapshot!(project.show(text), @r"
    app: cc -o bin/app build/lexer.o build/parser.o
      build/lexer.o build/parser.o -> bin/app
      build/*.o = build/lexer.o build/parser.o
      after compile:src/lexer.c compile:src/parser.c
    check
      after test:suite=io,db=sqlite test:suite=io,db=pg test:suite=json,db=sqlite test:suite=json,db=pg
    ");
}

#[test]
fn every_key_of_an_action_arrives() {
    let action = one(r#"
[action.a]
run = "x"
env = { A = "1" }
cwd = "./sub/../dir"
tokens = 0
priority = -5
timeout = "1m 30s"
retry = { times = 2, delay = "1s", factor = 2, on = [75] }
late = ["git", "rev-parse", "HEAD"]
always = true
keep-failed = true
"#);
    assert_eq!(action.env["A"], "1");
    assert_eq!(action.cwd.as_os_str(), "dir");
    assert_eq!((action.tokens, action.priority), (0, -5));
    assert_eq!(action.timeout, Some(Duration::from_secs(90)));
    let Some(Retry { times: 2, factor: 2.0, ref on, delay, .. }) = action.retry else {
        panic!("{:?}", action.retry)
    };
    assert_eq!((on.as_slice(), delay), (&[75][..], Duration::from_secs(1)));
    assert_eq!(action.late.as_deref(), Some(&["git", "rev-parse", "HEAD"].map(String::from)[..]));
    assert!(action.always && action.keep_failed && !action.interactive);
}

#[test]
fn keys_that_are_absent_have_defaults() {
    let action = one("[action.a]\nrun = \"x\"\nretry = {}\n");
    assert_eq!((&*action.queue, action.tokens, action.priority), ("default", 1, 0));
    assert_eq!((action.cwd.as_os_str().len(), action.timeout, action.late), (0, None, None));
    assert!(!action.always && !action.interactive && !action.keep_failed);
    let retry = action.retry.expect("a retry");
    assert_eq!((retry.times, retry.delay, retry.on.len()), (1, Duration::ZERO, 0));
    assert!((retry.factor - 1.0).abs() < f64::EPSILON);
}

#[test]
fn an_interactive_action_has_its_own_queue() {
    let action = one("[action.a]\nrun = \"psql\"\ninteractive = true\n");
    assert_eq!((&*action.queue, action.interactive), ("interactive", true));
}

#[test]
fn paths_are_quoted_for_the_shell_and_not_without_it() {
    let run = |run: &str| {
        one(&format!("[action.a]\nrun = {run}\nin = [\"in.c\", \"a b.c\"]\nout = [\"o\"]\n")).run
    };
    assert_eq!(run("'cat {in} > {out}'"), Run::Shell("cat in.c 'a b.c' > o".into()));
    let argv = |words: &[&str]| Run::Argv(words.iter().map(Into::into).collect());
    assert_eq!(run("['cat', '{in}']"), argv(&["cat", "in.c", "a b.c"]));
    assert_eq!(run("['cat', '-i={in}', '{out}']"), argv(&["cat", "-i=in.c a b.c", "o"]));
}

#[test]
fn paths_of_a_command_are_seen_from_its_directory() {
    let text =
        "[action.a]\nrun = 'cat {in} > {out}'\nin = ['in.c']\nout = ['sub/o']\ncwd = 'sub'\n";
    assert_eq!(one(text).run, Run::Shell("cat ../in.c > o".into()));
    let text =
        "[action.a]\nforeach = 'in.*'\nrun = ['x', '{file}', '{dir}', '{name}']\ncwd = 'sub'\n";
    assert_eq!(one(text).run, Run::Argv(["x", "../in.c", "..", "in.c"].map(Into::into).into()));
}

#[test]
fn an_array_can_consist_of_its_files_alone() {
    let text = "[action.a]\nrun = ['{in}']\nin = ['in.c']\n";
    assert_eq!(one(text).run, Run::Argv(vec!["in.c".into()]));
}

#[test]
fn deps_and_after_name_members_and_groups() {
    let project = Project::new(&["a.c", "b.c"]);
    let text = r#"
[action.all]
deps = ["cc", "cc:a.c"]
after = ["cc:b.c", "lint:mode={mode}"]
matrix = { mode = ["x", "y"] }

[action.cc]
foreach = "*.c"
run = "true"

[action.lint]
matrix = { mode = ["x", "y"] }
run = "true"
"#;
    assert_snapshot!(project.show(text), @r"
    all:mode=x (all)
      after cc:a.c cc:b.c lint:mode=x
    all:mode=y (all)
      after cc:a.c cc:b.c lint:mode=y
    cc:a.c (cc): true
    cc:b.c (cc): true
    lint:mode=x (lint): true
    lint:mode=y (lint): true
    ");
}

#[test]
fn json_and_json_lines_and_toml_mean_the_same() {
    let project = Project::new(&["a.c"]);
    let toml = "[vars]\ncc = 'gcc'\n[action.'a.o']\nrun = ['${cc}', '-c', 'a.c']\nin = ['a.c']\nout = ['a.o']\ndepfile = 'a.d'\n";
    let action = r#"{"action": "a.o", "run": ["${cc}", "-c", "a.c"], "in": ["a.c"], "out": ["a.o"], "depfile": "a.d"}"#;
    let json = format!("{{\"vars\": {{\"cc\": \"gcc\"}}, \"actions\": [{action}]}}");
    let lines = format!("{{\"vars\": {{\"cc\": \"gcc\"}}}}\n{action}\n");
    let expected = project.show(toml);
    for (name, text) in [("walk.json", &json), ("walk.jsonl", &lines)] {
        let plan = project.read(name, text).unwrap_or_else(|it| panic!("{it}"));
        assert_eq!(show(&plan), expected, "{name}");
    }
    let source = Source::Stdin { text: lines.into(), root: project.path().into() };
    let plan = Plan::read(&source, &Overrides::default()).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!((show(&plan), plan.manifest.as_os_str()), (expected, "-".as_ref()));
}

#[test]
fn d4_actions_are_in_the_order_of_the_manifest() {
    let project = Project::new(&[]);
    let text = "[action.z]\nrun = 'x'\n[action.a]\nrun = 'x'\n[action.m]\nrun = 'x'\n";
    let plan = project.read("walk.toml", text).unwrap_or_else(|it| panic!("{it}"));
    let names: Vec<&str> = plan.actions.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["z", "a", "m"]);
    let dag = plan.dag(&[]).expect("no cycle");
    assert!(dag.vertices().zip(names).all(|(it, name)| dag.uid(it) == name));
}

#[test]
fn edges_from_depfiles_are_added_and_a_cycle_is_refused() {
    let project = Project::new(&[]);
    let plan = project.read("walk.toml", "[action.a]\nrun = 'x'\n[action.b]\nrun = 'x'\n");
    let plan = plan.unwrap_or_else(|it| panic!("{it}"));
    let ids = plan.select(&[]).expect("everything");
    let dag = plan.dag(&[(ids[1], ids[0])]).expect("no cycle");
    let a = dag.vertex("a").expect("a vertex");
    assert_eq!(dag.predecessors(a).len(), 1);
    assert!(plan.dag(&[(ids[1], ids[0]), (ids[0], ids[1])]).is_err());
}

#[test]
fn an_empty_manifest_is_an_empty_plan() {
    let texts = [("walk.toml", ""), ("walk.json", "{}"), ("walk.jsonl", "\n")];
    for (name, text) in texts.into_iter().chain([("walk.json", "\u{feff}{}")]) {
        let plan = Project::new(&[]).read(name, text).unwrap_or_else(|it| panic!("{it}"));
        assert!(plan.actions.is_empty(), "{name}");
        assert_eq!(plan.select(&[]), Ok(vec![]));
    }
}
