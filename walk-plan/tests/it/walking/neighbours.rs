//! Files that no build should have, and that some have: pipes and devices where files are
//! expected, loops of links, names in no encoding, times in no century, directories that belong
//! to two. Nothing blocks, nothing is taken for fresh that is not, and nothing is removed that
//! the command did not write.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use walk_core::JobStatus::{Failure, Success};
use walk_plan::{MissingOutputs, Overrides, Plan, Source};

use super::project::{Project, names};

fn fifo(project: &Project, path: &str) {
    let made = Command::new("mkfifo").arg(project.path(path)).status();
    assert!(made.expect("mkfifo runs").success());
}

/// An input that is a pipe is never opened; what it is counts, and that does not change.
#[test]
fn a_pipe_as_input_is_not_opened() {
    let project = Project::new("[action.a]\nrun = 'echo x > o'\nin = ['p']\nout = ['o']\n");
    fifo(&project, "p");
    project.check(&["a"]);
    project.check(&[]);
    project.remove("p");
    project.write("p", "now a file");
    project.check(&["a"]);
}

/// A wildcard does not match what is no file; a directory as a whole that has such a thing in it
/// has no digest, so that its reader always runs.
#[test]
fn a_pipe_in_a_directory_is_not_opened() {
    let project = Project::new(
        "[action.glob]\nrun = 'true'\nin = ['d/*']\nout = []\n\
         [action.whole]\nrun = 'true'\nin = ['d']\nout = []\n",
    );
    project.write("d/file", "");
    fifo(&project, "d/p");
    let _socket = UnixListener::bind(project.path("d/s")).expect("a short path");
    project.check(&["glob", "whole"]);
    project.check(&["whole"]);
}

/// An output that is no file is an error that names it, and never opened.
#[test]
fn a_pipe_as_output_is_an_error() {
    let check = |run: &str, output: &str, named: &str| {
        let project = Project::new(&format!("[action.a]\nrun = '{run}'\nout = ['{output}']\n"));
        let walked = project.walk();
        assert_eq!(walked.status("a"), Some(Failure), "{run}");
        let ending = walked.ending("a");
        assert!(ending.contains(named) && ending.contains("neither a regular file"), "{ending}");
        assert!(!project.exists(output), "what the command made is removed");
    };
    check("mkfifo p", "p", "/p`");
    check("mkdir o; echo x > o/file; mkfifo o/p", "o", "/o/p`");
}

/// What was a pipe or a device before belongs to somebody else, whatever is written to it.
#[test]
fn a_failure_does_not_remove_a_pipe_that_was_there() {
    let project = Project::new(
        "[action.a]\nrun = 'touch p; echo half > o; exit 1'\nout = ['p', 'o', '/dev/null']\n",
    );
    fifo(&project, "p");
    assert_eq!(project.walk().status("a"), Some(Failure));
    assert!(project.exists("p") && !project.exists("o") && fs::exists("/dev/null").expect("it is"));
}

#[test]
fn a_pipe_as_depfile_does_not_hang() {
    let project =
        Project::new("[action.a]\nrun = 'mkfifo d; echo x > o'\nout = ['o']\ndepfile = 'd'\n");
    let ending = project.walk().ending("a");
    assert!(ending.contains("cannot read depfile") && ending.contains("a pipe"), "{ending}");
}

/// Links that lead in circles: an input is missing, a wildcard does not follow them below `**`,
/// and in a directory a link stands for where it leads.
#[test]
fn links_may_lead_in_circles() {
    let project = Project::new(
        "[action.glob]\nrun = 'true'\nin = ['d/**']\nout = []\n\
         [action.out]\nrun = 'mkdir -p o; ln -sfn . o/dot; ln -sfn loop o/loop; echo 1 > o/f'\nout = ['o']\n\
         [action.whole]\nrun = 'true'\nin = ['d', 'o']\nout = []\n",
    );
    project.write("d/sub/file", "");
    symlink("..", project.path("d/sub/up")).expect("a link");
    symlink("loop", project.path("d/loop")).expect("a link");
    project.check(&["glob", "out", "whole"]);
    project.check(&[]);
    project.remove("d/loop");
    symlink("sub", project.path("d/loop")).expect("a link");
    project.check(&["whole"]);

    project.manifest("[action.a]\nrun = 'true'\nin = ['loop']\n");
    symlink("loop", project.path("loop")).expect("a link");
    let source = Source::File(project.path("walk.toml"));
    let error = Plan::read(&source, &Overrides::default()).expect_err("nothing is there");
    assert!(error.to_string().contains("`loop`, an input of `a`, neither exists"), "{error}");
}

/// Names that a shell, a manifest or an encoding could stumble over, as wildcards and depfiles
/// bring them.
#[test]
fn names_may_be_any_bytes() {
    let project = Project::new(
        "[action.a]\nrun = ['sh', '-c', 'cat -- \"$@\" > o', 'sh', '{in}']\nin = ['src/*']\nout = ['o']\n\
         [action.b]\nrun = \"printf 'p: h\\\\377 sp\\\\ ace\\n' > p.d; echo > p\"\nout = ['p']\ndepfile = 'p.d'\n",
    );
    let hostile: [&[u8]; 9] = [
        b"-rf",
        b"a b",
        b"new\nline",
        b"\xff\xfe",
        b"'q\"",
        b"$(id)",
        b"\x1b[2J",
        b"{in}",
        b"bytes:ff",
    ];
    fs::create_dir(project.path("src")).expect("new");
    let path = |name: &[u8]| project.path("src").join(OsStr::from_bytes(name));
    for name in hostile {
        fs::write(path(name), "1").expect("it can be made");
    }
    let header = project.path("").join(OsStr::from_bytes(b"h\xff"));
    fs::write(&header, "1").expect("it can be made");
    project.write("sp ace", "1");
    project.check(&["a", "b"]);
    assert_eq!(project.read("o"), "1".repeat(hostile.len()));
    project.check(&[]);
    for (name, size) in hostile.iter().zip(2..) {
        fs::write(path(name), "2".repeat(size)).expect("it is there");
        project.check(&["a"]);
    }
    fs::write(&header, "2").expect("it is there");
    project.check(&["b"]);
}

/// Two files that would be written alike are two: hexadecimal stands for a path that is not
/// UTF-8, and a path may look like it.
#[test]
fn a_name_that_looks_like_another_is_its_own() {
    let project = Project::new("[action.a]\nrun = 'true'\nin = ['*.x']\nout = []\n");
    let path = |name: &[u8]| project.path("").join(OsStr::from_bytes(name));
    let (plain, odd) = (path(b"bytes:ff2e78.x"), path(b"\xff.x.x"));
    fs::write(&plain, "1").expect("it can be made");
    fs::write(&odd, "2").expect("it can be made");
    project.check(&["a"]);
    fs::write(&plain, "2").expect("it is there");
    project.check(&["a"]);
    fs::write(&odd, "1").expect("it is there");
    project.check(&["a"]);
}

/// Contents decide, whatever the clock says: times before 1970, after 2038, 2106 and 2262, and in
/// the future, with a change of the same size and the same time.
#[test]
fn no_time_is_too_strange() {
    let project = Project::new("[action.a]\nrun = 'cat in > o'\nin = ['in']\nout = ['o']\n");
    let year = |count: u64| Duration::from_secs(count * 31_556_952);
    let times = [
        UNIX_EPOCH - year(60),
        UNIX_EPOCH,
        UNIX_EPOCH + year(69),
        UNIX_EPOCH + year(137),
        UNIX_EPOCH + year(400),
        SystemTime::now() + Duration::from_secs(3600),
    ];
    let mut written = 0;
    for time in times {
        for _ in 0..2 {
            written += 1;
            let content = format!("{written:03}");
            project.write("in", &content);
            let file = File::options().write(true).open(project.path("in")).expect("it is there");
            file.set_times(FileTimes::new().set_modified(time).set_accessed(time)).expect("ours");
            project.check(&["a"]);
            assert_eq!(project.read("o"), content, "{time:?}");
            let output = File::options().write(true).open(project.path("o")).expect("it is there");
            output.set_modified(time).expect("ours");
            project.check(&[]);
        }
    }
}

/// F12: a file that is written to while it is read, before its action, during it and after it:
/// what is remembered is never the result of something else than what is there.
#[test]
fn an_input_may_be_appended_to_at_any_time() {
    let project = Project::new("[action.a]\nrun = 'cat in > o'\nin = ['in']\nout = ['o']\n");
    project.write("in", &"x".repeat(200_000));
    let path = project.path("in");
    let (stop, seen) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let file = File::options().write(true).open(&path).expect("it is there");
            for offset in 200_000.. {
                file.write_all_at(b"y", offset).expect("there is room");
                seen.store(true, Ordering::SeqCst);
                thread::park_timeout(Duration::from_micros(200));
                if stop.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        while !seen.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        for _ in 0..3 {
            project.walk();
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(project.walk().status("a"), Some(Success));
    assert!(project.read("o") == project.read("in"), "what was remembered was not what is there");
    project.check(&[]);
}

/// What somebody else keeps in a directory that an action makes outlives its failure.
#[test]
fn a_failure_removes_only_what_it_wrote_in_a_directory() {
    let project = Project::new(
        "[action.a]\nrun = 'mkdir -p o/new; echo h > o/new/f; echo h > o/old; ln -s x o/link; exit 1'\nout = ['o']\n",
    );
    project.write("o/mine/precious", "mine");
    project.write("o/old", "before");
    fs::create_dir(project.path("o/empty")).expect("new");
    assert_eq!(project.walk().status("a"), Some(Failure));
    assert_eq!(names(&project.path("o")), ["empty", "mine"]);
    assert_eq!(project.read("o/mine/precious"), "mine");
}

/// A link to a directory that stands where an action writes is somebody's decision.
#[test]
fn a_failure_leaves_a_link_to_a_directory() {
    let project = Project::new("[action.a]\nrun = 'echo h > o/half; exit 1'\nout = ['o']\n");
    project.write("elsewhere/precious", "mine");
    symlink("elsewhere", project.path("o")).expect("a link");
    assert_eq!(project.walk().status("a"), Some(Failure));
    assert_eq!(project.read("o/precious"), "mine");
}

/// Linear in the number of outputs: 100,000 took nine minutes when each was looked for among all.
/// Here they are never made, which spares the disk and is not what took the time.
#[test]
fn an_action_may_have_very_many_outputs() {
    const COUNT: usize = 30_000;
    let outputs: Vec<String> = (0..COUNT).map(|it| format!("\"o/f{it:05}\"")).collect();
    let project = Project::new(&format!(
        "[action.a]\nrun = 'true'\nout = [{}]\n[action.b]\nrun = 'true'\ndeps = ['a']\nout = []\n",
        outputs.join(",")
    ));
    let walk = || {
        let mut plan = project.plan();
        plan.actions[0].missing_outputs = MissingOutputs::Compare;
        project.walk_plan(plan).started
    };
    let begun = Instant::now();
    assert_eq!(walk(), ["a", "b"]);
    assert_eq!(walk(), ["a"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

/// A command line that the system does not take is one error that names it.
#[test]
fn a_command_line_may_be_too_long() {
    let long = "x".repeat(4 << 20);
    let project = Project::new(&format!("[action.a]\nrun = ['echo', '{long}']\nout = []\n"));
    let walked = project.walk();
    assert_eq!(walked.status("a"), Some(Failure));
    let ending = walked.ending("a");
    assert!(ending.contains("cannot run `echo xxx") && ending.len() < 400, "{ending}");
}
