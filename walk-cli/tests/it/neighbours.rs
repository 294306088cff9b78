//! Commands that behave badly, and a system that has too little of everything: walk ends, says
//! what is the matter, keeps its own memory small, and takes nothing for fresh that is not.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::project::{Done, Project};
use crate::terminal::written_to_a_terminal;

/// 50 MB and a million lines go to the logs and never through walk, whose memory stays as it is:
/// the last action reads how much it ever took.
#[test]
fn walk_does_not_grow_with_what_commands_write() {
    let project = Project::new(
        "[action.block]\nrun = \"head -c 52428800 /dev/zero\"\n\
         [action.lines]\nrun = \"seq 1000000\"\n\
         [action.peak]\nrun = \"grep VmHWM /proc/$PPID/status > peak || true\"\nafter = [\"block\", \"lines\"]\n",
    );
    let out = project.walk("").expect(0);
    assert!(out.len() < 200_000, "{} bytes are shown", out.len());
    let log = |action: &str| fs::metadata(project.path(&format!(".walk/logs/{action}.log")));
    assert_eq!(log("block").expect("there is one").len(), 52_428_800);
    assert_eq!(log("lines").expect("there is one").len(), 6_888_896);
    let peak = project.read("peak");
    let kilobytes = peak.split_whitespace().nth(1).map_or(0, |it| it.parse().expect("a number"));
    assert!(kilobytes < 45_000, "{peak}");
}

/// Every byte there is: exact in the log, and in a pipe that wants colors; without escapes in
/// others, harmless on a terminal.
#[test]
fn noise_is_exact_in_the_log_and_harmless_on_a_terminal() {
    let mut noise: Vec<u8> = (0..=255).rev().collect();
    noise.extend(b"\x1b[2J\x1b]0;title\x07\x1b[?1049h\x1bc\x9b2J\x1b[5n\r\n\x1bP+q\x1b\\end");
    let project = Project::new("[action.a]\nrun = [\"cat\", \"noise\"]\nalways = true\n");
    fs::write(project.path("noise"), &noise).expect("new");
    let piped = project.command("").output().expect("it runs").stdout;
    assert!(!piped.contains(&b'\x1b') && piped.contains(&b'\x9b') && piped.contains(&0));
    let piped = project.command("--color always").output().expect("it runs").stdout;
    let whole = noise.split(|it| *it == b'\n').map(|it| [b"       | ", it, b"\n"].concat());
    let whole = whole.collect::<Vec<_>>().concat();
    assert!(piped.windows(whole.len()).any(|it| it == whole));
    assert_eq!(fs::read(project.path(".walk/logs/a.log")).expect("there is one"), noise);
    assert_eq!(project.command("log a").output().expect("it runs").stdout, noise);
    let mut command = project.command("--progress plain --color never");
    command.env("TERM", "xterm");
    let written = written_to_a_terminal(command);
    let is_harmless = |it: char| !it.is_control() || matches!(it, '\t' | '\r' | '\n');
    assert!(written.contains("end") && written.chars().all(is_harmless), "{written:?}");
}

#[test]
fn a_command_may_close_what_it_writes_to() {
    let project = Project::new(
        "[action.good]\nrun = \"echo one; exec >&- 2>&-; echo made > out\"\nout = [\"out\"]\n\
         [action.bad]\nrun = \"exec >&- 2>&- 0<&-; exit 3\"\n",
    );
    let done = project.walk("-k");
    assert!(done.out.contains("       | one\n") && done.out.contains("bad   exit 3"), "{done:#?}");
    assert_eq!((done.code, project.read("out").as_str()), (1, "made\n"));
}

/// A child that keeps the output open holds nobody up, and is reported.
#[test]
fn what_stays_in_the_background_is_reported() {
    let project = Project::new(
        "[action.a]\nrun = \"sleep 600 & echo $! > pid; echo x > out\"\nout = [\"out\"]\n\
         [action.b]\nrun = \"sleep 0 & wait\"\n",
    );
    let done = project.walk("--events events");
    let pid = project.read("pid").trim().parse().ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::KILL).expect("it lives");
    assert_eq!(done.code, 0, "{done:#?}");
    let said = "walk: warning: `a` left processes running in the background";
    assert!(done.err.contains(said) && !done.err.contains("`b`"), "{done:#?}");
    let told = project.read("events");
    let left: Vec<&str> = told.lines().filter(|it| it.contains("\"left_behind\":true")).collect();
    assert!(left.len() == 1 && left[0].contains("\"action\":\"a\""), "{told}");
}

/// Paths that are not UTF-8 are told as well as they can be, in a directory that is not, too: an
/// event, a note of what was made, and with it `list` and `clean`, must not get lost over one.
#[test]
fn paths_may_be_in_no_encoding() {
    let project = Project::empty();
    let path = |name: &[u8]| project.path("").join(OsStr::from_bytes(name));
    fs::create_dir(path(b"d\xff")).expect("new");
    fs::write(path(b"d\xff/\xfe"), "x").expect("new");
    let manifest = b"rule cp\n command = cat $in > $out\nbuild \xff.o: cp \xfe\n";
    fs::write(path(b"d\xff/build.ninja"), manifest).expect("new");
    let walk = |args: &str| {
        let mut command = project.command("-C");
        command.arg(OsStr::from_bytes(b"d\xff")).args(args.split_whitespace());
        Done::of(command.output().expect("it runs"))
    };
    walk("--events events --trace trace --junit junit").expect(0);
    let read = |name: &[u8]| fs::read_to_string(path(name)).expect("text");
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let events: Vec<_> = read(b"d\xff/events").lines().map(parse).collect();
    assert_eq!(events[0]["event"], "run-started");
    parse(&read(b"d\xff/trace"));
    assert!(walk("").expect(0).starts_with("up to date"));
    assert!(walk("list").expect(0).starts_with("   ok  "));
    assert!(walk("clean --all").expect(0).starts_with("removed "));
    assert!(!path(b"d\xff/\xff.o").exists());
}

/// A command that takes away what walk stands on: what is next either works or says what is
/// missing, and nothing counts as done that is not on record.
#[test]
fn a_command_may_remove_anything() {
    let check = |run: &str, codes: &[i32]| {
        let project = Project::new(&format!(
            "[action.a]\nrun = \"test -e once || {{ echo > once; {run}; }}; echo said; echo made > a\"\nout = [\"a\"]\n\
             [action.b]\nrun = \"echo made > b; echo said\"\nout = [\"b\"]\nin = [\"a\"]\n"
        ));
        let manifest = project.read("walk.toml");
        let done = project.walk("-k");
        assert!(codes.contains(&done.code) && !done.err.contains("bug"), "{run}: {done:#?}");
        project.write("walk.toml", &manifest);
        project.walk("").expect(0);
        assert_eq!((project.read("a"), project.read("b")), ("made\n".into(), "made\n".into()));
        assert!(project.walk("").expect(0).starts_with("up to date"), "{run}");
    };
    check("rm -rf .walk", &[0, 1, 74]);
    check("rm -rf .walk/logs", &[0, 1]);
    check("rm -rf .walk/tmp", &[0, 1]);
    check("rm -f .walk/tmp/*", &[0]);
    check("rm -f .walk/state.db*", &[0, 74]);
    check("rm -f .walk/lock", &[0]);
    check("rm -f walk.toml", &[0]);
}

#[test]
fn a_command_may_remove_its_own_directory() {
    let project = Project::new("[action.a]\nrun = \"rm -rf ../d; echo said\"\ncwd = \"d\"\n");
    fs::create_dir(project.path("d")).expect("new");
    assert!(project.walk("").expect(0).contains("| said"));
    let done = project.walk("-B");
    assert!(done.out.contains("d`: No such file or directory"), "{done:#?}");
}

/// Runs a script with the command as `$0`.
fn scripted(project: &Project, script: &str) -> Done {
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_walk")]);
    command.current_dir(project.path("")).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Done::of(command.output().expect("it runs"))
}

#[test]
fn a_current_directory_that_is_gone_is_said() {
    let project = Project::new("[action.a]\nrun = \"echo fine\"\n");
    let gone = "mkdir gone; cd gone; rmdir ../gone; exec \"$0\"";
    for args in ["", "plan", "status", "clean", "log a"] {
        let error = scripted(&project, &format!("{gone} {args}")).complains(2);
        assert!(error.contains("the current directory is gone"), "{args}: {error}");
    }
    let there = project.path("walk.toml");
    let done = scripted(&project, &format!("{gone} -f '{}'", there.display()));
    assert!(done.expect(0).contains("| fine"));
}

fn many() -> Project {
    let project = Project::new(
        "[action.copy]\nforeach = \"in/*\"\nrun = \"cat {file} > {out}\"\nin = [\"{file}\", \"tree\"]\nout = [\"out/{name}\"]\n",
    );
    for number in 0..24 {
        project.write(&format!("in/{number}"), "1");
        project.write(&format!("tree/{number}/a/b/c/d/file"), "1");
    }
    project
}

/// However it ended: what is up to date is what a walk with enough of everything makes.
#[track_caller]
fn assert_honest(project: &Project, done: &Done) {
    assert!([0, 1, 2, 74].contains(&done.code), "{done:#?}");
    assert!(!done.err.contains("bug") && (done.code == 0 || done.err.len() + done.out.len() > 20));
    project.walk("").expect(0);
    let all = (0..24).map(|it| project.read(&format!("out/{it}")));
    assert!(all.into_iter().all(|it| it == project.read("in/7")), "{done:#?}");
}

/// With 64 descriptors eight commands at once are no matter; with fewer, they wait for each other,
/// or it is said.
#[test]
fn few_descriptors_are_enough_or_said() {
    let project = many();
    scripted(&project, "ulimit -n 64; exec \"$0\" -j 8").expect(0);
    for (number, limit) in [40, 20, 14, 9, 5].into_iter().enumerate() {
        for file in 0..24 {
            project.write(&format!("in/{file}"), &"2".repeat(number + 2));
        }
        let done = scripted(&project, &format!("ulimit -n {limit}; exec \"$0\" -k -j 16"));
        assert_honest(&project, &done);
    }
}

/// Without processes or threads to be had it is said; walk does not panic, and does not hang. The
/// limit does not bind root, who becomes nobody for it.
#[test]
fn few_processes_are_enough_or_said() {
    let project = many();
    let open = "chmod -R a+rwX . && chmod a+rwx .";
    let root = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    let become_nobody = if rustix::process::geteuid().is_root() { root } else { "" };
    let can = format!("{open}; {become_nobody} prlimit --nproc=100 \"$0\" --version");
    if scripted(&project, &can).code != 0 {
        return;
    }
    for limit in [1, 2, 3, 4, 6, 9, 14, 30] {
        let walk = format!("{become_nobody} prlimit --nproc={limit} \"$0\" -k -j 8");
        let done = scripted(&project, &walk);
        assert!([0, 1, 74].contains(&done.code) && !done.err.contains("bug"), "{limit}: {done:#?}");
        if done.code != 0 {
            let said = format!("{}{}", done.out, done.err);
            assert!(said.contains("temporarily unavailable") || said.contains("fork"), "{said}");
        }
    }
}

/// A tree that must not be written to is one error; questions are answered all the same.
#[test]
fn a_tree_for_reading_only_is_one_error() {
    let project = many();
    let root = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    let become_nobody = if rustix::process::geteuid().is_root() { root } else { "" };
    let close = "chmod -R a+rX,a-w . && chmod a+rx,a-w .";
    let walk = |args: &str| scripted(&project, &format!("{close}; {become_nobody} \"$0\" {args}"));
    if walk("--version").code == 0 {
        let error = walk("").complains(74);
        assert!(error.contains("cannot create") && error.contains(".walk`"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(walk("status").expect(1).contains("stale 24"));
        assert!(walk("plan").expect(0).contains("would run 24"));
    }
    scripted(&project, "chmod -R u+w .").expect(0);
}
