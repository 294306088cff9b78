//! Colors, a terminal, a reader that has gone, output of every kind.

use std::fs::File;
use std::io::{Read as _, pipe};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::project::{Done, Project, timeless};

fn simple() -> Project {
    Project::new("[action.a]\nrun = \"printf 'red\\\\033[2J\\\\n'\"\nalways = true\n")
}

fn on_a_terminal(project: &Project, args: &str, variables: &[(&str, &str)]) -> String {
    let mut command = project.command(args);
    command.env("TERM", "xterm").envs(variables.iter().copied());
    written_to_a_terminal(command)
}

/// Runs a command on a terminal, and returns all that was written to it.
pub(crate) fn written_to_a_terminal(mut command: Command) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it is ours");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let name = name.into_string().expect("text");
    let open = || File::options().read(true).write(true).open(&name).expect("its other end");
    let mut child = command.stdout(open()).stderr(open()).spawn().expect("it runs");
    drop(command);
    let mut written = Vec::new();
    // It ends with an error when nobody has the other end any more.
    let _ = File::from(terminal).read_to_end(&mut written);
    child.wait().expect("it ends");
    String::from_utf8(written).expect("text")
}

#[test]
fn on_a_terminal_there_are_colors_unless_they_are_not_wanted() {
    let project = simple();
    let has_color = |args: &str, variables: &[(&str, &str)]| {
        on_a_terminal(&project, args, variables).contains("\x1b[32m   ok\x1b[0m")
    };
    assert!(has_color("", &[]));
    assert!(!has_color("", &[("NO_COLOR", "1")]));
    assert!(!has_color("", &[("TERM", "dumb")]));
    assert!(!has_color("--color never", &[]));
    assert!(has_color("--color always", &[("NO_COLOR", "1")]));
    let plain = project.walk("");
    assert!(!plain.out.contains("\x1b[32m"), "{plain:#?}");
    assert!(project.walk("--color always").out.contains("\x1b[32m"));
}

#[test]
fn output_cannot_clear_the_terminal_and_has_no_escapes_elsewhere() {
    let project = simple();
    let written = on_a_terminal(&project, "--progress plain", &[]);
    assert!(written.contains("       | red\r\n") && !written.contains("\x1b[2J"), "{written:?}");
    assert!(project.walk("").expect(0).contains("       | red\n"));
    assert!(project.walk("--color always").expect(0).contains("       | red\x1b[2J\n"));
    assert_eq!(project.walk("log a").expect(0), "red\x1b[2J\n");
}

#[test]
fn the_block_is_drawn_while_something_runs_and_is_gone_in_the_end() {
    let project = Project::new(
        "[action.a]\nrun = \"read x < go\"\n[action.b]\nrun = \"echo > go\"\nafter = [\"c\"]\n\
         [action.c]\nrun = \"sleep 0.5\"\n",
    );
    project.fifo("go");
    let written = on_a_terminal(&project, "-j3", &[]);
    assert!(written.contains("0/3 done"), "{written:?}");
    assert!(!written.contains("\x1b[?1049h"), "{written:?}");
    let after_block = written.rsplit("\x1b[J").next().expect("the rest");
    assert!(!after_block.contains("done"), "{written:?}");
    assert!(after_block.contains("ok 3 in "), "{written:?}");
}

#[test]
fn a_reader_that_has_gone_ends_it_quietly() {
    let project = simple();
    project.walk("").expect(0);
    for args in ["list", "graph", "plan", "why a", "log a", "check", "schema", "run", "clean"] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = project.command(args);
        let output = command.stdout(Stdio::from(writer)).output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(err, "", "{args}");
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
        assert_eq!(signal, Some(13), "{args}: {:?}", output.status);
    }
}

#[test]
fn a_large_log_is_shown_in_part_and_kept_whole() {
    let project = Project::new("[action.a]\nrun = \"seq 1 200000; exit 1\"\n");
    let out = project.walk("").expect(1);
    assert!(out.contains("       | ... all of it: walk log a\n"), "{out}");
    assert!(out.contains("       | 200000\n") && !out.contains("| 199800\n"));
    assert_eq!(project.walk("log a").expect(0).lines().count(), 200_000);
}

#[test]
fn quiet_shows_only_failures_and_verbose_shows_commands() {
    let project = Project::new(
        "[action.good]\nrun = \"echo fine\"\n[action.bad]\nrun = [\"sh\", \"-c\", \"echo 'no luck'; exit 1\"]\n",
    );
    let quiet = project.walk("-q -k").expect(1);
    assert!(!quiet.contains("fine") && quiet.contains("no luck"), "{quiet}");
    let verbose = project.walk("-v -k -B").expect(1);
    assert!(verbose.contains("         $ echo fine\n"), "{verbose}");
    assert!(verbose.contains("         $ sh -c 'echo '\\''no luck'\\''; exit 1'\n"), "{verbose}");
}

#[test]
fn explain_shows_what_changed() {
    let project = Project::new("[action.a]\nrun = \"true\"\nin = [\"x\"]\n");
    project.write("x", "1");
    project.walk("").expect(0);
    project.write("x", "2");
    let out = project.walk("--explain").expect(0);
    assert!(out.contains("x changed\n         input x  "), "{out}");
}

#[test]
fn make_says_how_many_jobs() {
    let project =
        Project::new("[action.a]\nrun = \"echo > fifo\"\n[action.b]\nrun = \"read x < fifo\"\n");
    project.fifo("fifo");
    // Each waits for the other, so both have to run at once.
    let mut command = project.command("--timeout 60s");
    let output = command.env("MAKEFLAGS", " -j2").output().expect("it runs");
    assert!(output.status.success());
}

/// What actions are given does not depend on who watches: else what they make would.
#[test]
fn actions_are_given_no_colors_but_those_that_somebody_asked_for() {
    let project =
        Project::new("[action.a]\nrun = \"printenv CLICOLOR_FORCE || echo none\"\nalways = true\n");
    assert!(on_a_terminal(&project, "", &[]).contains("| none\r\n"));
    assert!(on_a_terminal(&project, "--color always", &[]).contains("| none\r\n"));
    let asked = on_a_terminal(&project, "", &[("CLICOLOR_FORCE", "1")]);
    assert!(asked.contains("| 1\r\n"), "{asked:?}");
}

#[test]
fn the_taskbar_shows_progress_where_it_can_and_is_left_empty() {
    let project = Project::new("[action.a]\nrun = \"sleep 1; exit 1\"\n");
    assert!(!on_a_terminal(&project, "", &[]).contains("\x1b]9;4;"));
    let tmux = [("WT_SESSION", "1"), ("TERM", "tmux-256color")];
    assert!(!on_a_terminal(&project, "", &tmux).contains("\x1b]9;4;"));
    let known = [("WT_SESSION", "1")];
    assert!(!on_a_terminal(&project, "--progress plain", &known).contains("\x1b]9;4;"));
    let written = on_a_terminal(&project, "", &known);
    let told: Vec<&str> = written.split("\x1b]9;4;").skip(1).collect();
    assert!(told.first().is_some_and(|it| it.starts_with("1;0\x1b\\")), "{written:?}");
    assert!(told.last().is_some_and(|it| it.starts_with("0;\x1b\\")), "{written:?}");
}

#[test]
fn the_block_knows_from_the_second_time_on_what_is_usual() {
    let project = Project::new("[action.slow]\nrun = \"sleep 1.2\"\nalways = true\n");
    let first = on_a_terminal(&project, "", &[]);
    assert!(first.contains("  slow ") && !first.contains(" of ~"), "{first:?}");
    let second = on_a_terminal(&project, "", &[]);
    assert!(second.contains("s of ~") && second.contains("eta "), "{second:?}");
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_sequences() {
    let project = simple();
    let written = on_a_terminal(&project, "", &[("TERM", "dumb"), ("WT_SESSION", "1")]);
    assert!(written.contains("   ok  a ") && !written.contains('\x1b'), "{written:?}");
}

fn in_ci(project: &Project, variable: &str) -> String {
    let mut command = project.command("-k -j1");
    Done::of(command.env(variable, "true").env("CI", "true").output().expect("it runs")).expect(1)
}

#[test]
fn services_fold_what_succeeded_and_show_what_failed() {
    let project = Project::new(
        "[action.good]\nrun = \"echo fine\"\nalways = true\n\
         [action.bad]\nrun = \"echo '100% broken'; exit 1\"\n",
    );
    let github = timeless(&in_ci(&project, "GITHUB_ACTIONS"));
    let groups = github.matches("::group::").count();
    assert_eq!((groups, github.matches("\n::endgroup::\n").count()), (1, 1), "{github}");
    assert!(github.contains("::group::   ok  good "), "{github}");
    assert!(github.contains("\n       | fine\n::endgroup::\n"), "{github}");
    let error = "\n::error title=walk%3A bad::bad: exit 1%0A100%25 broken\n";
    assert!(github.contains(error), "{github}");
    let gitlab = in_ci(&project, "GITLAB_CI");
    assert_eq!(gitlab.matches("\x1b[0Ksection_start:").count(), 1, "{gitlab:?}");
    assert_eq!(gitlab.matches("\x1b[0Ksection_end:").count(), 1, "{gitlab:?}");
    assert!(!project.walk("-k").expect(1).contains("section"));
}

/// What failed early in a long walk stands in the end once more.
#[test]
fn no_failure_is_lost_among_many_lines() {
    let project = Project::new(&format!(
        "[action.a]\nmatrix = {{ n = [{}] }}\n\
         run = \"case {{n}} in 7|150|299) echo lost {{n}}; exit 1;; *) echo noise;; esac\"\n",
        (0..300).map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")
    ));
    let out = project.walk("-k").expect(1);
    let (_, summary) = out.split_once("\nfailed 3, ok 297 in ").expect("a summary");
    for lost in ["7", "150", "299"] {
        assert!(summary.contains(&format!(" a:n={lost}   exit 1 after ")), "{summary}");
        let last_shown = out.split_once("\nfailed 3").expect("it").0.trim_end();
        let is_last = last_shown.ends_with(&format!("| lost {lost}"));
        assert!(is_last || summary.contains(&format!("| lost {lost}\n")), "{summary}");
    }
}

#[test]
fn progress_is_as_it_was_asked_for_wherever_it_goes() {
    let project = Project::new("[action.slow]\nrun = \"sleep 0.3\"\n");
    let bar = project.walk("--progress bar").expect(0);
    assert!(bar.contains("0/1 done") && bar.contains('\u{1b}'), "{bar:?}");
    let none = project.walk("-B --progress none");
    assert!(none.out.starts_with("   ok  slow") && !none.out.contains('\u{1b}'), "{none:?}");
    assert_eq!(none.err, "", "and no heartbeat");
}
