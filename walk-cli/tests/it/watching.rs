//! `walk watch`: rounds, what is stopped for a change and what is not, and what it survives.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};

use crate::project::{Done, Project, Running};

/// Longer than anything takes; nothing waits for as long unless it fails.
const LONG: Duration = Duration::from_secs(20);

const COPY: &str = "[action.copy]\nforeach = \"src/*.c\"\nrun = \"cat {in} > {out}\"\n\
                    in = [\"{file}\"]\nout = [\"build/{stem}.o\"]\n\
                    [action.all]\nrun = \"cat {in} > {out}\"\nin = [\"build/*.o\"]\nout = [\"all\"]\n";

/// A watch whose lines are read as they come, those of stderr among them.
struct Watching {
    running: Running,
    lines: Receiver<String>,
}

impl Watching {
    fn start(project: &Project, args: &str) -> Self {
        // What is written to both comes in order.
        let mut command = project.command_at("sh".as_ref(), "");
        command.args(["-c", "exec \"$0\" \"$@\" 2>&1", env!("CARGO_BIN_EXE_walk")]);
        command.args(args.split_whitespace());
        Self::of(command)
    }

    fn of(command: Command) -> Self {
        let mut running = Running::start(command);
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(running.0.stdout.take().expect("it is piped"));
        thread::spawn(move || {
            let mut lines = out.lines().map_while(Result::ok);
            lines.find(|it| sender.send(it.clone()).is_err());
        });
        Self { running, lines }
    }

    /// Waits for a line with `text` in it, and returns all lines up to there.
    #[track_caller]
    fn await_line(&self, text: &str) -> String {
        let deadline = Instant::now() + LONG;
        let mut seen = String::new();
        while !seen.lines().last().is_some_and(|it| it.contains(text)) {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            seen += &line.unwrap_or_else(|_| panic!("no `{text}` in:\n{seen}"));
            seen.push('\n');
        }
        seen
    }

    /// Waits until it waits.
    #[track_caller]
    fn await_rest(&self) -> String {
        self.await_line("; Ctrl-C ends")
    }

    /// Ends it with Ctrl-C.
    #[track_caller]
    fn end(self) {
        self.running.signal(Signal::INT);
        let done = Done::of(self.running.0.wait_with_output().expect("it ends"));
        assert_eq!(done.code, 130, "{done:#?}");
    }
}

#[test]
fn an_edit_is_brought_up_to_date_and_what_changes_nothing_is_not_told() {
    let project = Project::new(COPY);
    project.write("src/a.c", "a");
    let watching = Watching::start(&project, "watch");
    assert!(watching.await_rest().contains("ok 2 in "));
    project.write("src/a.c", "b");
    let seen = watching.await_rest();
    assert!(seen.contains("copy:src/a.c") && seen.contains("src/a.c changed"), "{seen}");
    assert_eq!(project.read("all"), "b");
    // The same content, a file that nobody reads, and an output: not a word.
    project.write("src/a.c", "b");
    project.write("src/.a.c.swp", "");
    project.write("all", "?");
    project.write("src/b.c", "c");
    let seen = watching.await_rest();
    assert!(!seen.contains("copy:src/a.c") && seen.contains("copy:src/b.c"), "{seen}");
    assert!(!seen.contains("up to date ("), "{seen}");
    assert_eq!(project.read("all"), "bc");
    watching.end();
}

#[test]
fn nobody_waits_for_the_lock_between_rounds() {
    let project = Project::new(COPY);
    project.write("src/a.c", "a");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    project.walk("--no-wait").expect(0);
    project.walk("--no-wait clean --all").expect(0);
    watching.end();
}

/// An action that says that it runs, and goes on once it may.
const SLOW: &str = "[action.slow]\nrun = \"echo $$ > ready; read x < go; cat {in} > {out}\"\n\
                    in = [\"a\"]\nout = [\"b\"]\n[action.other]\nrun = \"cat {in}\"\nin = [\"c\"]\n\
                    deps = [\"slow\"]\n";

fn slow() -> Project {
    let project = Project::new(SLOW);
    project.write("a", "1");
    project.write("c", "1");
    project.fifo("ready");
    project.fifo("go");
    project
}

#[test]
fn what_is_obsolete_is_stopped_and_started_again() {
    let project = slow();
    let watching = Watching::start(&project, "watch");
    let first = project.await_fifo("ready");
    project.write("a", "2");
    let seen = watching.await_line("a changed meanwhile");
    assert!(seen.contains(" stop  slow"), "{seen}");
    assert!(!seen.contains("stopped 1"), "{seen}");
    let second = project.await_fifo("ready");
    assert_ne!(first, second);
    let pid = Pid::from_raw(first.parse().expect("a number")).expect("not zero");
    assert!(test_kill_process(pid).is_err());
    project.release("go");
    assert!(watching.await_rest().contains("ok 2 in "));
    assert_eq!(project.read("b"), "2");
    watching.end();
}

#[test]
fn a_change_that_concerns_nothing_that_ran_lets_it_go_on() {
    let project = slow();
    let watching = Watching::start(&project, "watch");
    let pid = project.await_fifo("ready");
    project.write("c", "2");
    // The next change of `a` would stop it: this one does not.
    project.release("go");
    let seen = watching.await_rest();
    assert!(!seen.contains("stop  "), "{seen}");
    assert!(seen.contains("c changed meanwhile: again\n"), "{seen}");
    assert!(!pid.is_empty() && project.read("b") == "1");
    watching.end();
}

#[test]
fn ctrl_c_while_something_runs_stops_it_and_a_second_one_kills() {
    let project = Project::new(
        "[settings]\ngrace = \"1h\"\n[action.a]\n\
         run = \"trap '' TERM; exec 3<>go; echo $$ > ready; read x <&3\"\n",
    );
    project.fifo("ready");
    project.fifo("go");
    let watching = Watching::start(&project, "watch");
    let pid = project.await_fifo("ready").parse().expect("a number");
    watching.running.signal(Signal::INT);
    watching.running.signal(Signal::TERM);
    let done = watching.running.wait();
    assert!(matches!(done.code, 130 | 143), "{done:#?}");
    assert!(test_kill_process(Pid::from_raw(pid).expect("not zero")).is_err());
}

#[test]
fn ctrl_c_while_it_waits_for_the_lock_ends_it() {
    let project = slow();
    let other = project.start("slow");
    project.await_fifo("ready");
    let watching = Watching::start(&project, "watch");
    watching.await_line("waiting for walk (pid ");
    watching.end();
    project.release("go");
    other.wait().expect(0);
}

#[test]
fn the_flags_of_run_are_those_of_each_round() {
    let project = Project::new(COPY);
    project.write("src/a.c", "a");
    let watching = Watching::start(&project, "watch -n");
    assert!(watching.await_rest().contains("would run 2"));
    project.write("src/b.c", "b");
    watching.await_line("would run 3");
    assert!(!project.exists("all"));
    watching.end();
    let watching = Watching::start(&project, "watch --events - -q build/a.o");
    assert!(watching.await_line("\"run-finished\"").contains("copy:src/a.c"));
    project.write("src/a.c", "c");
    let seen = watching.await_line("\"run-finished\"");
    assert!(seen.lines().all(|it| it.starts_with('{')), "{seen}");
    watching.end();
}

#[test]
fn a_broken_manifest_is_told_and_tried_again() {
    let project = Project::new("[action.a\n");
    let watching = Watching::start(&project, "watch");
    let seen = watching.await_rest();
    assert!(seen.contains("walk.toml:3:"), "{seen}");
    project.write("walk.toml", "[walk]\nversion = 1\n[action.a]\nrun = \"echo 1\"\n");
    assert!(watching.await_rest().contains("ok 1 in "));
    project.write("walk.toml", "[walk]\nversion = 2\n");
    assert!(watching.await_rest().contains("walk.toml:2:"));
    project.write("walk.toml", "[walk]\nversion = 1\n[action.a]\nrun = \"echo 1\"\n");
    assert!(watching.await_rest().contains("up to date (1 action)"));
    watching.end();
}

/// Neither the link nor what it leads to is a file that somebody names.
#[test]
fn a_link_to_a_directory_that_leads_elsewhere_is_noticed() {
    let project =
        Project::new("[action.a]\nrun = \"cat {in} > {out}\"\nin = [\"now/a\"]\nout = [\"b\"]\n");
    for version in ["1", "2", "3"] {
        project.write(&format!("{version}/a"), version);
    }
    let put = |target: &str, link: &str| {
        symlink(target, project.path("link")).expect("a link");
        fs::rename(project.path("link"), project.path(link)).expect("it can be renamed");
    };
    put("../1", "1/step");
    put("1/step", "now");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    assert_eq!(project.read("b"), "1");
    put("../2", "1/step");
    watching.await_line("ok 1 in ");
    assert_eq!(project.read("b"), "2");
    put("3", "now");
    watching.await_line("ok 1 in ");
    assert_eq!(project.read("b"), "3");
    watching.end();
}

#[test]
fn a_manifest_behind_a_link_is_read_again() {
    let project = Project::empty();
    project.write("more/real.toml", "[walk]\nversion = 1\n[action.a]\nrun = \"echo 1\"\n");
    symlink("more/real.toml", project.path("walk.toml")).expect("a link");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    project.write("more/real.toml", "[walk]\nversion = 1\n[action.b]\nrun = \"echo 2\"\n");
    watching.await_line(" ok  b ");
    watching.end();
}

/// Until it is there again, the manifest is wrong.
#[test]
fn a_directory_outside_that_is_gone_for_a_while_is_noticed() {
    let project = Project::empty();
    project.write("lib/inner/a", "1");
    project.write(
        "project/walk.toml",
        "[walk]\nversion = 1\n[action.a]\nrun = \"cat {in}\"\nin = [\"../lib/inner/a\"]\n",
    );
    let watching = Watching::start(&project, "watch -C project");
    watching.await_rest();
    fs::remove_dir_all(project.path("lib")).expect("it can be removed");
    watching.await_line("neither exists nor is produced");
    watching.await_rest();
    project.write("lib/inner/a", "2");
    watching.await_line("lib/inner/a changed");
    watching.end();
}

#[test]
fn what_a_wrong_manifest_needs_is_looked_at() {
    let action = |name: &str, input: &str| {
        format!("[action.{name}]\nrun = \"cat {{in}}\"\nin = [\"{input}\"]\n")
    };
    let include = "[walk]\nversion = 1\ninclude = [\"more/*.toml\"]\n";
    let project = Project::empty();
    project.write("more/a.toml", "[action.a\n");
    project.write("walk.toml", include);
    project.write("src/other", "");
    let watching = Watching::start(&project, "watch");
    assert!(watching.await_rest().contains("more/a.toml:1:"));
    project.write("more/a.toml", &action("a", "src/a"));
    assert!(watching.await_rest().contains("neither exists nor is produced"));
    project.write("src/a", "");
    watching.await_line("ok 1 in ");
    // It was good before.
    project.write("lib/other", "");
    project.write("walk.toml", &(include.to_owned() + &action("b", "lib/b")));
    watching.await_line("neither exists nor is produced");
    watching.await_rest();
    project.write("lib/b", "");
    watching.await_line(" ok  b ");
    watching.end();
}

#[test]
fn a_glob_of_a_directory_that_is_made_later_is_told_of_once() {
    let project = Project::new(
        "[action.a]\nrun = \"cat {in} > {out}\"\nin = [\"b\", \"x/y/*\"]\nout = [\"c\"]\n",
    );
    project.write("b", "1");
    let watching = Watching::start(&project, "watch");
    let seen = watching.await_rest();
    assert_eq!(seen.matches("`x/y/*` in `in` matches nothing").count(), 1, "{seen}");
    project.write("x/y/z", "2");
    watching.await_line("ok 1 in ");
    assert_eq!(project.read("c"), "12");
    watching.end();
}

/// As the locks of Emacs.
#[test]
fn links_that_lead_nowhere_hide_no_new_files() {
    let project = Project::new(COPY);
    project.write("src/a.c", "1");
    symlink("me@host.1:2", project.path("src/.#a.c")).expect("a link");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    project.write("src/b.c", "2");
    watching.await_line(" ok  copy:src/b.c ");
    watching.end();
}

/// By renaming: the file is another one each time.
#[test]
fn editors_and_checkouts_put_other_files_in_place() {
    let project = Project::new(COPY);
    project.write("src/a.c", "1");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    project.write("src/.tmp", "2");
    fs::rename(project.path("src/.tmp"), project.path("src/a.c")).expect("it can be renamed");
    watching.await_rest();
    assert_eq!(project.read("all"), "2");
    project.write("new/a.c", "3");
    fs::rename(project.path("src"), project.path("old")).expect("it can be renamed");
    fs::rename(project.path("new"), project.path("src")).expect("it can be renamed");
    watching.await_rest();
    assert_eq!(project.read("all"), "3");
    // In what came by renaming, files are noticed too.
    project.write("src/a.c", "4");
    watching.await_rest();
    assert_eq!(project.read("all"), "4");
    watching.end();
}

/// Such as a branch does not have.
#[test]
fn directories_that_go_are_not_told_of() {
    let project = Project::new(&COPY.replace("*.c", "**/*.c"));
    project.write("src/a.c", "1");
    for number in 0..20 {
        project.write(&format!("src/{number}/{number}.c"), "2");
    }
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    for number in 0..20 {
        fs::remove_dir_all(project.path(&format!("src/{number}"))).expect("it can be removed");
    }
    let mut seen = watching.await_rest();
    project.write("src/a.c", "3");
    seen += &watching.await_rest();
    assert!(!seen.contains("warning"), "{seen}");
    watching.end();
}

#[test]
fn a_burst_of_changes_is_one() {
    let project = Project::new(COPY);
    project.write("src/a.c", "1");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    for number in 0..10_000 {
        fs::write(project.path(&format!("src/{number}.h")), "").expect("it can be written");
    }
    project.write("src/a.c", "2");
    watching.await_rest();
    assert_eq!(project.read("all"), "2");
    watching.end();
}

#[test]
fn an_action_that_changes_what_it_reads_runs_ever_more_seldom() {
    let project = Project::new(
        "[action.a]\nrun = \"echo x >> log; echo $$ >> in; cp in out\"\nin = [\"in\"]\nout = [\"out\"]\n",
    );
    project.write("in", "");
    let began = Instant::now();
    let watching = Watching::start(&project, "watch");
    watching.await_line("in changes in every round");
    project.await_lines("log", 8);
    // The second after the warning comes a second later, the third two seconds after that.
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    watching.end();
}

/// What was saved again and again was taken for what an action changes itself, and the last of it
/// was never built.
#[test]
fn the_last_of_many_saves_is_built() {
    let project = Project::new(COPY);
    project.write("src/a.c", "0");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    for number in 1..40 {
        project.write("src/a.c", &number.to_string());
        let pause = Instant::now() + Duration::from_millis(60);
        while Instant::now() < pause {
            std::thread::yield_now();
        }
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while project.read("all") != "39" {
        assert!(Instant::now() < deadline, "only {}", project.read("all"));
        std::thread::yield_now();
    }
    watching.end();
}

#[test]
fn without_the_kernel_files_are_polled() {
    let project = Project::new(COPY);
    project.write("src/a.c", "1");
    let watching = Watching::start(&project, "watch --poll");
    watching.await_rest();
    project.write("src/a.c", "2");
    watching.await_rest();
    assert_eq!(project.read("all"), "2");
    watching.end();
}

/// In a namespace of its own the limit can be lowered; where nobody may make one, there is nothing
/// to test.
#[test]
fn the_limit_of_inotify_is_told_and_files_are_polled() {
    let project = Project::new(COPY);
    project.write("src/a.c", "1");
    let walk = env!("CARGO_BIN_EXE_walk");
    let limited = |command: &str| {
        let text = format!("echo 1 > /proc/sys/user/max_inotify_watches && {command}");
        let mut unshare = Command::new("unshare");
        unshare.args(["-Ur", "sh", "-c", &text]).current_dir(project.path(""));
        unshare
    };
    if !limited("true").output().is_ok_and(|it| it.status.success()) {
        return;
    }
    let watching = Watching::of(limited(&format!("exec {walk} watch 2>&1")));
    let seen = watching.await_rest();
    assert!(seen.contains("sysctl fs.inotify.max_user_watches="), "{seen}");
    project.write("src/a.c", "2");
    watching.await_rest();
    assert_eq!(project.read("all"), "2");
    watching.end();
}

#[test]
fn a_manifest_of_ninja_is_watched_too() {
    let project = Project::empty();
    project.write("build.ninja", "rule cp\n  command = cp $in $out\nbuild b: cp a\n");
    project.write("a", "1");
    let watching = Watching::start(&project, "watch b");
    watching.await_rest();
    project.write("a", "2");
    watching.await_rest();
    assert_eq!(project.read("b"), "2");
    project.write("build.ninja", "rule cp\n  command = cat $in > $out\nbuild b: cp a\n");
    assert!(watching.await_rest().contains(" same  b "));
    watching.end();
}

#[test]
fn headers_that_a_depfile_names_are_watched() {
    let project = Project::new(
        "[action.a]\nrun = \"cat include/a.h > {out}; echo '{out}: include/a.h' > a.d\"\n\
         out = [\"a\"]\ndepfile = \"a.d\"\n",
    );
    project.write("include/a.h", "1");
    let watching = Watching::start(&project, "watch");
    watching.await_rest();
    project.write("include/a.h", "2");
    watching.await_rest();
    assert_eq!(project.read("a"), "2");
    watching.end();
}

#[test]
fn what_cannot_be_watched_is_2() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    let err = project.walk("watch -f -").complains(2);
    assert!(err.contains("standard input"), "{err}");
    let err = project.walk("watch nothing").complains(2);
    assert!(err.contains("no action or output is called `nothing`"), "{err}");
    Project::empty().walk("watch").complains(2);
}
