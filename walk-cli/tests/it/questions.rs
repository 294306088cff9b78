//! The commands that answer: each on a small manifest, and none of them makes a file.

use crate::project::{Project, timeless};

/// Two sources with a header that only the depfile knows, a program, a test, a name.
fn project() -> Project {
    let project = Project::new(
        "default = [\"check\"]\n\
         [action.compile]\n\
         foreach = \"src/*.c\"\n\
         run = \"cat {in} include/ast.h > {out}; echo '{out}: {in} include/ast.h' > {out}.d\"\n\
         in = [\"{file}\"]\n\
         out = [\"build/{stem}.o\"]\n\
         depfile = \"{out}.d\"\n\
         [action.app]\nrun = \"cat {in} > {out}\"\nin = [\"build/*.o\"]\nout = [\"bin/app\"]\n\
         [action.test]\nrun = \"echo tested; grep -q main {in}\"\nin = [\"bin/app\"]\n\
         [action.check]\ndeps = [\"test\"]\n",
    );
    project.write("src/main.c", "main\n");
    project.write("src/lexer.c", "lexer\n");
    project.write("include/ast.h", "ast\n");
    project
}

/// Makes durations, ages and digests the same everywhere.
fn settled(text: &str) -> String {
    let line = |line: &str| {
        let words = line.split(' ').map(|it| {
            let is_digest = it.len() == 12 && it.bytes().all(|it| it.is_ascii_hexdigit());
            if is_digest { "DIGEST" } else { it }
        });
        let line = words.collect::<Vec<_>>().join(" ").replace("just now", "AGE");
        line.replace("1 second ago", "AGE") + "\n"
    };
    timeless(text).lines().map(line).collect()
}

#[test]
fn readers_make_no_files() {
    let project = project();
    for command in
        ["plan", "why app", "list", "log app", "graph", "query deps app", "check", "schema"]
    {
        project.walk(command).expect(0);
    }
    project.walk("status").expect(1);
    project.walk("-n").expect(0);
    assert!(!project.exists(".walk") && !project.exists("build"));
}

#[test]
fn plan_says_what_would_run_and_why() {
    let project = project();
    let first = project.walk("plan").expect(0);
    assert_eq!(first, project.walk("run -n").expect(0));
    project.walk("").expect(0);
    let nothing = project.walk("plan").expect(0);
    project.write("include/ast.h", "changed\n");
    let header = project.walk("plan").expect(0);
    let explained = project.walk("-n -v --explain app").expect(0);
    let status = project.walk("status").expect(1);
    let all = [first, nothing, header, explained, status].join("---\n");
    insta::assert_snapshot!(settled(&all));
}

#[test]
fn why_names_the_changed_header_and_remembers_the_last_run() {
    let project = project();
    let never = project.walk("why compile:src/main.c").expect(0);
    project.walk("").expect(0);
    project.write("include/ast.h", "changed\n");
    let before = project.walk("why compile:src/main.c").expect(0);
    project.walk("").expect(0);
    let after = project.walk("why compile:src/main.c").expect(0);
    assert!(before.contains("  depfile include/ast.h  "), "{before}");
    assert!(after.contains("    depfile include/ast.h  "), "{after}");
    insta::assert_snapshot!(settled(&[never, before, after].join("---\n")));
}

#[test]
fn why_names_the_failure_before_it() {
    let project = project();
    project.walk("").expect(0);
    project.write("src/main.c", "nothing of that name\n");
    project.walk("").expect(1);
    let failed = project.walk("why test").expect(0);
    let below = project.walk("why check").expect(0);
    insta::assert_snapshot!(settled(&[failed, below].join("---\n")));
}

#[test]
fn why_shows_both_texts_of_a_changed_command() {
    let project = project();
    project.walk("").expect(0);
    let manifest = project.read("walk.toml").replace("grep -q main", "grep -q -i main");
    project.write("walk.toml", &manifest);
    insta::assert_snapshot!(settled(&project.walk("why test").expect(0)));
}

#[test]
fn list_and_log_show_the_last_runs() {
    let project = project();
    let before = project.walk("list").expect(0);
    project.walk("test").expect(0);
    let after = project.walk("list").expect(0);
    insta::assert_snapshot!(settled(&[before, after].join("---\n")));
    assert_eq!(project.walk("log test").expect(0), "tested\n");
    let err = project.walk("log app").complains(0);
    assert_eq!(err, "`app` wrote nothing when it ran last\n");
    let err = project.walk("log compile").complains(2);
    assert!(err.contains("`compile` is 2 actions: choose one"), "{err}");
}

#[test]
fn graph_has_four_formats() {
    let project = project();
    let graphs = ["dot", "mermaid", "json", "tree"]
        .map(|format| project.walk(&format!("graph --format {format} app")).expect(0));
    insta::assert_snapshot!(graphs.join("---\n"));
}

#[test]
fn query_answers_in_names() {
    let project = project();
    let check = |args: &str, expected: &str| {
        assert_eq!(project.walk(args).expect(0).replace('\n', " ").trim_end(), expected, "{args}");
    };
    check("query deps test", "compile:src/lexer.c compile:src/main.c app");
    check("query rdeps compile:src/main.c", "app test check");
    check("query path check compile:src/main.c", "check test app compile:src/main.c");
    check("query path compile:src/main.c check", "compile:src/main.c app test check");
    let err = project.walk("query path compile:src/main.c compile:src/lexer.c").complains(2);
    assert!(err.contains("no chain of dependencies"), "{err}");
}

#[test]
fn a_generated_header_orders_the_graph_once_it_is_known() {
    let project = Project::new(
        "[action.use]\n\
         run = \"cat gen.h > {out}; echo '{out}: gen.h' > u.d\"\nout = [\"u\"]\ndepfile = \"u.d\"\n\
         after = [\"make\"]\n\
         [action.make]\nrun = \"echo x > {out}\"\nout = [\"gen.h\"]\n",
    );
    project.walk("").expect(0);
    assert_eq!(project.walk("query deps use").expect(0), "make\n");
    project.walk("status -q").expect(0);
}

#[test]
fn check_counts() {
    let out = project().walk("check").expect(0);
    assert!(out.ends_with("walk.toml: 4 actions, 1 alias, 4 dependencies\n"), "{out}");
}

#[test]
fn walk_tells_about_itself() {
    let project = Project::empty();
    assert!(project.walk("schema").expect(0).contains("\"foreach\""));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(project.walk(&format!("completions {shell}")).expect(0).contains("walk"));
    }
    assert!(project.walk("man plan").expect(0).contains(".TH walk-plan 1"));
    project.walk("man nothing").expect(2);
    let help = project.walk("--help").expect(0);
    let commands = help.lines().skip_while(|it| *it != "Commands:").skip(1);
    let names = commands.map_while(|it| it.strip_prefix("  ")).filter(|it| !it.starts_with(' '));
    for name in names.filter_map(|it| it.split(' ').next()) {
        let page = project.walk(&format!("man {name}")).expect(0);
        assert!(
            page.contains(&format!(".TH walk-{name} 1")) && page.contains("DESCRIPTION"),
            "{name}"
        );
        assert!(
            project.walk(&format!("{name} --help")).expect(0).contains("Usage: walk"),
            "{name}"
        );
    }
    let page = project.walk("man").expect(0);
    assert!(page.contains(".TH walk 1") && page.contains("keep\\-going"), "{page}");
}
