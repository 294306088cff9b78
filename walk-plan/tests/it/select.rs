//! What a target stands for.

use insta::assert_snapshot;
use walk_plan::Plan;

use crate::support::Project;

fn plan() -> Plan {
    let text = "[walk]\ndefault = ['app']\n\
                [action.cc]\nforeach = 'src/*.c'\nrun = 'x'\nout = ['build/{stem}.o']\n\
                [action.app]\nrun = 'x'\nin = ['src/parser.c']\nout = ['bin/app']\n\
                [action.test]\nmatrix = { db = ['pg', 'lite'] }\nrun = 'x'\n";
    let project = Project::new(&["src/lexer.c", "src/parser.c"]);
    project.read("walk.toml", text).unwrap_or_else(|it| panic!("{it}"))
}

#[test]
fn a_target_is_an_action_a_group_an_output_or_a_glob() {
    let plan = plan();
    let check = |targets: &[&str], expected: &[&str]| {
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        let found = plan.select(&targets).unwrap_or_else(|it| panic!("{it}"));
        let found: Vec<&str> = found.iter().map(|it| &*plan.actions[it.index()].name).collect();
        assert_eq!(found, expected, "{targets:?}");
    };
    check(&[], &["app"]);
    check(&["cc"], &["cc:src/lexer.c", "cc:src/parser.c"]);
    check(&["cc:src/lexer.c"], &["cc:src/lexer.c"]);
    check(&["bin/app"], &["app"]);
    check(&["./bin//app"], &["app"]);
    check(&["build/*.o"], &["cc:src/lexer.c", "cc:src/parser.c"]);
    check(&["build/p*"], &["cc:src/parser.c"]);
    check(&["test:*"], &["test:db=pg", "test:db=lite"]);
    check(&["cc:*"], &["cc:src/lexer.c", "cc:src/parser.c"]);
    check(&["t*"], &["test:db=pg", "test:db=lite"]);
    check(&["test", "app", "bin/app"], &["app", "test:db=pg", "test:db=lite"]);
    check(&["*"], &["cc:src/lexer.c", "cc:src/parser.c", "app", "test:db=pg", "test:db=lite"]);
}

#[test]
fn an_unknown_target_names_what_is_like_it() {
    let plan = plan();
    let error = |target: &str| plan.select(&[target.into()]).expect_err("no target").to_string();
    assert_snapshot!(error("ap"), @"no action or output is called `ap`; did you mean `app`?");
    assert_snapshot!(error("bin/ap"), @"no action or output is called `bin/ap`; did you mean `bin/app`?");
    assert_snapshot!(error("cc:src/lexr.c"), @"no action or output is called `cc:src/lexr.c`; did you mean `cc:src/lexer.c`?");
    assert_snapshot!(error("src/lexer.c"), @"no action or output is called `src/lexer.c`; did you mean `cc:src/lexer.c`?");
    assert_snapshot!(error("src/parser.c"), @"`src/parser.c` is a source: no action makes it, `app` reads it");
    assert_snapshot!(error("zzzzzz"), @"no action or output is called `zzzzzz`");
    assert_snapshot!(error("x*"), @"the glob `x*` matches no action and no output");
    assert_snapshot!(error("[x"), @"bad glob `[x`: unclosed character class; missing ']'");
}

#[test]
fn a_manifest_is_found_by_its_name() {
    let project = Project::new(&["walk.jsonl"]);
    let found = |project: &Project| {
        Plan::find(project.path()).map(|it| it.file_name().map(ToOwned::to_owned))
    };
    assert_eq!(found(&project), Some(Some("walk.jsonl".into())));
    project.write("walk.toml", "");
    assert_eq!(found(&project), Some(Some("walk.toml".into())));
    assert_eq!(Plan::find(&project.path().join("none")), None);
}
