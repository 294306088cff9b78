//! Called by ninja's name: a manifest of ninja in a directory, and what is printed of it.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::project::{Done, Project, Running};

/// A directory with a `build.ninja`, and the command under ninja's name beside it.
pub(crate) struct Ninja {
    pub(crate) project: Project,
    bin: tempfile::TempDir,
}

impl Ninja {
    pub(crate) fn new(manifest: &str) -> Self {
        let bin = tempfile::tempdir().expect("a directory");
        symlink(env!("CARGO_BIN_EXE_walk"), bin.path().join("ninja")).expect("a link");
        let project = Project::empty();
        project.write("build.ninja", manifest);
        Self { project, bin }
    }

    pub(crate) fn command(&self, args: &str) -> Command {
        self.project.command_at(&self.bin.path().join("ninja"), args)
    }

    /// Runs it where `ninja` is found by its name too.
    pub(crate) fn run_in_path(&self, args: &str) -> Done {
        let path = std::env::var("PATH").expect("it is set");
        let path = format!("{}:{path}", self.bin.path().display());
        Done::of(self.command(args).env("PATH", path).output().expect("it runs"))
    }

    pub(crate) fn run(&self, args: &str) -> Done {
        Done::of(self.command(args).output().expect("it runs"))
    }

    pub(crate) fn start(&self, args: &str) -> Running {
        Running::start(self.command(args))
    }

    /// Checks what is printed, and the exit code.
    #[track_caller]
    pub(crate) fn check(&self, args: &str, code: i32, expected: &str) {
        let done = self.run(args);
        assert_eq!((done.out.as_str(), done.err.as_str()), (expected, ""), "{args}");
        assert_eq!(done.code, code, "{args}");
    }

    /// Checks what is said on stderr when it ends with 1.
    #[track_caller]
    pub(crate) fn refuses(&self, args: &str, expected: &str) {
        assert_eq!(self.run(args).complains(1), expected, "{args}");
    }
}

const COPIES: &str = "\
rule cp
  command = cp $in $out && printf '\\033[31mred\\033[0m\\n'
  description = CP $out
rule bad
  command = echo oops; exit 3
build a: cp in
build b: cp a
build c d: bad b
build e: bad b
build all: phony a b
default all
";

fn copies() -> Ninja {
    let ninja = Ninja::new(COPIES);
    ninja.project.write("in", "1");
    ninja
}

#[test]
fn what_is_out_of_date_is_built_and_then_there_is_nothing_to_do() {
    let ninja = copies();
    ninja.check("", 0, "[1/2] CP a\nred\n[2/2] CP b\nred\n");
    ninja.check("", 0, "ninja: no work to do.\n");
    assert!(ninja.project.exists(".walk/state.db"));
    // Contents decide, not times.
    ninja.project.write("in", "1");
    ninja.check("", 0, "ninja: no work to do.\n");
    ninja.project.write("in", "2");
    ninja.check("all", 0, "[1/2] CP a\nred\n[2/2] CP b\nred\n");
    assert_eq!(ninja.project.read("b"), "2");
}

#[test]
fn a_failure_is_told_as_ninja_tells_it_and_is_the_exit() {
    let ninja = copies();
    ninja.run("").expect(0);
    let failed = "FAILED: [code=3] c d \necho oops; exit 3\noops\n";
    let stopped = "ninja: build stopped: subcommand failed.\n";
    ninja.check("c", 3, &format!("[1/1] echo oops; exit 3\n{failed}{stopped}"));
    ninja.check("c --quiet", 3, &format!("{failed}{stopped}"));
    let stopped = "ninja: build stopped: subcommands failed.\n";
    let both = ninja.run("-k2 -j1 c e").expect(3);
    assert!(both.ends_with(stopped) && both.contains("\nFAILED: [code=3] e \n"), "{both}");
    let stopped = "ninja: build stopped: cannot make progress due to previous errors.\n";
    let all = ninja.run("-k 0 c e").expect(3);
    assert!(all.ends_with(stopped), "{all}");
}

#[test]
fn the_code_of_a_failure_is_that_of_the_command_or_of_its_signal() {
    let check = |command: &str, code: i32| {
        let ninja = Ninja::new(&format!("rule r\n  command = {command}\nbuild a: r\n"));
        let out = ninja.run("").expect(code);
        assert!(out.contains(&format!("FAILED: [code={code}] a \n")), "{out}");
    };
    check("exit 126", 126);
    check("exit 75", 75);
    check("kill -9 $$$$", 137);
    check("/does/not/exist 2> x", 127);
}

#[test]
fn verbose_prints_commands_and_quiet_only_what_they_print() {
    let ninja = copies();
    let command = |of: &str| format!("cp {of} && printf '\\033[31mred\\033[0m\\n'\nred\n");
    let verbose = format!("[1/2] {}[2/2] {}", command("in a"), command("a b"));
    ninja.check("-v", 0, &verbose);
    ninja.project.write("in", "2");
    ninja.check("--quiet", 0, "red\nred\n");
    ninja.check("--quiet", 0, "");
}

#[test]
fn colors_stay_where_they_are_wanted() {
    let ninja = copies();
    let mut command = ninja.command("a");
    let out = Done::of(command.env("CLICOLOR_FORCE", "1").output().expect("it runs")).expect(0);
    assert_eq!(out, "[1/1] CP a\n\x1b[31mred\x1b[0m\n");
}

#[test]
fn on_a_terminal_the_line_is_overwritten() {
    let ninja = copies();
    let mut command = ninja.command("");
    command.env("TERM", "xterm").env("NINJA_STATUS", "<%f %r> ");
    let red = "\r\n\x1b[31mred\x1b[0m\r\n";
    let expected = format!(
        "\r<0 1> CP a\x1b[K\r<1 1> CP a\x1b[K{red}\r<1 1> CP b\x1b[K\r<2 1> CP b\x1b[K{red}"
    );
    assert_eq!(crate::terminal::written_to_a_terminal(command), expected);
}

#[test]
fn ninja_status_stands_before_each_line() {
    let ninja = copies();
    let with = |status: &str| {
        let mut command = ninja.command("");
        Done::of(command.env("NINJA_STATUS", status).output().expect("it runs"))
    };
    let first = with("%s/%t %p %u %% ").expect(0);
    assert_eq!(first, "1/2  50% 1 % CP a\nred\n2/2 100% 0 % CP b\nred\n");
    let err = with("%q").complains(1);
    assert_eq!(err, "ninja: fatal: unknown placeholder '%q' in $NINJA_STATUS\n");
    ninja.project.write("in", "2");
    let timed = with("%e %E %w %W %o %c %P ").expect(0);
    assert!(timed.contains(" 00:00 "), "{timed}");
}

#[test]
fn targets_may_be_misspelled() {
    let ninja = copies();
    ninja.refuses("nonesuch", "ninja: error: unknown target 'nonesuch'\n");
    ninja.refuses("al", "ninja: error: unknown target 'al', did you mean 'a'?\n");
    ninja.check("./x/../a", 0, "[1/1] CP a\nred\n");
    ninja.check("a^", 0, "[1/1] CP b\nred\n");
}

#[test]
fn what_is_wrong_is_said_in_ninjas_words() {
    let ninja = copies();
    ninja.project.write("wrong.ninja", "rule r\n  commnd = x\n");
    let err = ninja.run("-f wrong.ninja").complains(1);
    assert!(
        err.starts_with("ninja: error: wrong.ninja:2: unexpected variable 'commnd'\n"),
        "{err}"
    );
    ninja.refuses("-f none", "ninja: error: loading 'none': No such file or directory\n");
    ninja.project.write("missing.ninja", "build a: phony x\n");
    let missing = "'x', needed by 'a', missing and no known rule to make it";
    ninja.refuses("-f missing.ninja", &format!("ninja: error: {missing}\n"));
    ninja.project.write("ring.ninja", "build a: phony b\nbuild b: phony a\n");
    let rootless = "ninja: error: could not determine root nodes of build graph\n";
    ninja.refuses("-f ring.ninja", rootless);
    ninja.refuses("-n -f ring.ninja", rootless);
    ninja.refuses("-j x", "ninja: fatal: invalid -j parameter\n");
    let self_named = "build a: phony a\nbuild b: phony in\ndefault b\n";
    ninja.project.write("self.ninja", self_named);
    let warning = "ninja: warning: phony target 'a' names itself as an input; ignoring \
        [-w phonycycle=warn]\n";
    assert_eq!(ninja.run("-f self.ninja").complains(0), warning);
    let cycle = "ninja: error: self.ninja:1: dependency cycle: a -> a [-w phonycycle=err]\n";
    ninja.refuses("-f self.ninja -w phonycycle=err a", cycle);
}

#[test]
fn the_version_is_ninjas() {
    let ninja = copies();
    ninja.check("--version", 0, "1.13.0\n");
    let help = ninja.run("--help").complains(1);
    assert!(help.starts_with("usage: ninja [options] [targets...]\n"), "{help}");
}

#[test]
fn another_directory_is_said_to_editors() {
    let ninja = Ninja::new("");
    ninja.project.write("sub/build.ninja", COPIES);
    ninja.project.write("sub/in", "1");
    ninja.check("-C sub a", 0, "ninja: Entering directory `sub'\n[1/1] CP a\nred\n");
    ninja.check("-Csub --quiet a", 0, "");
    let chdir = "ninja: fatal: chdir to 'none' - No such file or directory\n";
    ninja.refuses("-C none", chdir);
    assert!(ninja.project.exists("sub/.walk"));
}
