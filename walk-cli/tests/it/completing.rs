//! Completion, as the shells ask for it; a shell that is not installed is left out.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::project::Project;

const MANIFEST: &str = "[action.compile]\nforeach = \"src/*.c\"\nrun = \"cp {in} {out}\"\n\
                        in = [\"{file}\"]\nout = [\"build/{stem}.o\"]\n\
                        [action.\"odd name\"]\nrun = \"true\"\n";

fn project() -> Project {
    let project = Project::new(MANIFEST);
    project.write("src/a.c", "");
    project.write("src/b.c", "");
    project
}

/// Runs a script in a shell that finds walk by its name; `None` without such a shell.
fn shell(project: &Project, args: &[&str], script: &str) -> Option<Vec<String>> {
    let walk = Path::new(env!("CARGO_BIN_EXE_walk"));
    let path = std::env::var("PATH").unwrap_or_default();
    let directory = walk.parent().expect("it has one").display();
    let mut command = Command::new(args[0]);
    command.args(&args[1..]).arg(script).current_dir(project.path("")).env_clear();
    command.env("PATH", format!("{directory}:{path}")).env("HOME", project.path(""));
    let done = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(done.stdout).expect("text");
    assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{script}");
    Some(text.lines().map(Into::into).collect())
}

/// Completes in bash, whose words are split at colons and equal signs.
fn bash(project: &Project, words: &[&str], line: &str) -> Option<Vec<String>> {
    let quoted: Vec<String> = words.iter().map(|it| format!("'{it}'")).collect();
    let script = format!(
        "source <(walk completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_LINE='{line}'; \
         COMP_POINT=${{#COMP_LINE}}; _walk walk; \
         ((${{#COMPREPLY[@]}})) && printf '%s\\n' \"${{COMPREPLY[@]}}\"; true",
        quoted.join(" "),
        words.len() - 1
    );
    shell(project, &["bash", "--norc", "-c"], &script)
}

#[test]
fn bash_completes_targets_with_colons() {
    let project = project();
    let check = |words: &[&str], line, expected: &[&str]| {
        if let Some(found) = bash(&project, words, line) {
            assert_eq!(found, expected, "{line}");
        }
    };
    let both = ["compile:src/a.c", "compile:src/b.c"];
    check(&["walk", "plan", "comp"], "walk plan comp", &["compile", both[0], both[1]]);
    check(&["walk", "compile", ":"], "walk compile:", &["src/a.c", "src/b.c"]);
    check(&["walk", "compile", ":", "src/b"], "walk compile:src/b", &["src/b.c"]);
    check(&["walk", "why", "build/"], "walk why build/", &["build/a.o", "build/b.o"]);
    check(&["walk", "plan", "odd"], "walk plan odd", &["odd\\ name"]);
    check(&["walk", "--color", "=", "al"], "walk --color=al", &["always"]);
    check(&["walk", "watch", "--po"], "walk watch --po", &["--poll"]);
    check(&["walk", "-C", "nowhere", "comp"], "walk -C nowhere comp", &["completions"]);
}

#[test]
fn fish_completes_targets() {
    let project = project();
    let fish = |line: &str| {
        let script = format!("walk completions fish | source; complete -C '{line}'");
        shell(&project, &["fish", "--no-config", "-c"], &script)
    };
    let check = |line, expected: &[&str]| {
        if let Some(found) = fish(line) {
            assert_eq!(found, expected, "{line}");
        }
    };
    check("walk plan compile:", &["compile:src/a.c\taction", "compile:src/b.c\taction"]);
    check("walk log odd", &["odd name\taction"]);
    check(
        "walk docto",
        &["doctor\tSay what works here, and why something does not; exit 1 if anything does not"],
    );
}

#[test]
fn zsh_completes_targets() {
    let project = project();
    let zsh = |words: &str, prefix: &str| {
        let script = format!(
            "compdef() {{}}; source <(walk completions zsh); \
             compadd() {{ print -rl -- ${{(P)@[-1]}} }}; \
             words=({words} {prefix}); CURRENT=$#words; PREFIX={prefix}; _walk"
        );
        shell(&project, &["zsh", "-f", "-c"], &script)
    };
    let check = |words, prefix, expected: &[&str]| {
        if let Some(found) = zsh(words, prefix) {
            assert_eq!(found, expected, "{words} {prefix}");
        }
    };
    check("walk plan", "compile:", &["compile:src/a.c", "compile:src/b.c"]);
    check("walk log", "odd\\ n", &["odd name"]);
    check("walk", "docto", &["doctor"]);
}

/// What scripts ask: the last word is the one that is typed.
fn ask(project: &Project, words: &[&str]) -> String {
    let mut command = project.command("__complete");
    let done = command.args(words).output().expect("it runs");
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    String::from_utf8(done.stdout).expect("text")
}

#[test]
fn files_directories_and_runs_are_completed() {
    let project = project();
    assert_eq!(ask(&project, &["-f", ""]), "files\n");
    assert_eq!(ask(&project, &["-C", ""]), "directories\n");
    assert_eq!(ask(&project, &["why", "--run", ""]), "words\n");
    project.walk("").expect(0);
    assert_eq!(ask(&project, &["diff", ""]), "words\n1\trun\nlast\tthe last run\n");
    assert_eq!(
        ask(&project, &["-C", "src", "-f", "../walk.toml", "why", "od"]),
        "words\nodd name\taction\n"
    );
}

#[test]
fn a_broken_manifest_is_nobodys_business_here() {
    let project = Project::new("[action.a\n");
    assert_eq!(ask(&project, &["plan", "a"]), "words\n");
    assert!(ask(&project, &["st"]).contains("status\t"));
    assert_eq!(ask(&project, &[]).lines().next(), Some("words"));
    assert_eq!(ask(&project, &["--nonsense", "x", "plan", "-zz", ""]), "words\n");
}
