//! strace: what a process asks of the system, and answers that are not the system's.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::sources;
use crate::project::{Done, Project};

/// Where the system tells which boot this is; walk is told of another one.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Returns whether strace is there and may trace; says so if not.
pub(super) fn is_there() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    let works = strace.status().is_ok_and(|it| it.success());
    if !works {
        println!("SKIPPED: strace is missing, or may not trace");
    }
    works
}

/// Walks, with `what` done to the calls that concern the state: `pwrite64:error=EIO:when=3`.
pub(super) fn inject(project: &Project, what: &str) -> Done {
    let calls = what.split_once(':').map_or(what, |it| it.0);
    let mut command = project.command_at("strace".as_ref(), "-f -qqq -o /dev/null");
    for path in sources::state(project) {
        command.arg("-P").arg(path);
    }
    command.arg("-e").arg(format!("trace={calls}")).arg("-e").arg(format!("inject={what}"));
    command.arg(env!("CARGO_BIN_EXE_walk"));
    let mut done = Done::of(command.output().expect("it runs"));
    let is_walks = |it: &&str| !it.starts_with("strace: ");
    done.err = done.err.lines().filter(is_walks).map(|it| it.to_owned() + "\n").collect();
    done
}

/// One change of a file, or its arrival on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
    Remove,
    Sync,
}

/// Walks, as if the system had been booted since, and returns what became of the store's files,
/// by name and in order.
pub(super) fn record(project: &Project) -> Vec<(String, Change)> {
    let log = project.path("calls");
    let mut command = project.command_at("strace".as_ref(), "-f -qqq -xx -y -s 1000000");
    command.arg("-o").arg(&log).args(["-P", BOOT]);
    for name in ["state.db", "state.db-wal", "state.db-journal"] {
        command.arg("-P").arg(project.path(".walk").join(name));
    }
    command.args(["-e", "trace=read,pwrite64,ftruncate,fsync,fdatasync,unlink,rename"]);
    // Its first letters become `0000`.
    command.args(["-e", "inject=read:poke_exit=@arg2=30303030"]);
    command.arg(env!("CARGO_BIN_EXE_walk"));
    Done::of(command.output().expect("it runs")).expect(0);
    let text = fs::read_to_string(&log).expect("a log");
    fs::remove_file(log).expect("it can be removed");
    whole_calls(&text).iter().filter_map(|it| change(it)).collect()
}

/// Returns the calls in the order in which they ended; one during which another thread was heard
/// of comes in two pieces.
fn whole_calls(text: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let (thread, call) = line.split_once(' ').expect("a thread");
        if let Some(start) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, start);
        } else if let Some((_, end)) = call.split_once(" resumed>") {
            calls.push(begun.remove(thread).expect("it began").to_owned() + end);
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}

/// Reads a line such as `pwrite64(5<PATH>, "BYTES", 24, 4152) = 24`.
fn change(line: &str) -> Option<(String, Change)> {
    let (name, arguments) = line.trim_start().split_once('(')?;
    if !["pwrite64", "ftruncate", "fsync", "fdatasync", "unlink", "rename"].contains(&name) {
        return None;
    }
    assert_ne!(name, "rename", "the store's files keep their names: {line}");
    let (arguments, result) = arguments.rsplit_once(" = ").expect("a result");
    if name == "unlink" && result.starts_with("-1 ENOENT") {
        return None;
    }
    assert!(!result.starts_with('-') && !result.starts_with('?'), "{line}");
    let (path, rest) = match name {
        "unlink" => arguments.split_once('"')?.1.split_once('"')?,
        _ => arguments.split_once('<')?.1.split_once('>')?,
    };
    let path = PathBuf::from(String::from_utf8(bytes(path)).expect("UTF-8"));
    let file = path.file_name().expect("a file").to_string_lossy().into_owned();
    let rest = rest.trim_start_matches(", ").trim_end_matches([')', ' ']);
    let number = |it: &str| it.trim().parse::<u64>().expect("a number");
    Some((
        file,
        match name {
            "pwrite64" => {
                let (data, place) = rest.trim_start_matches('"').split_once('"').expect("a text");
                let (length, offset) = place[1..].split_once(',').expect("two numbers");
                let data = bytes(data);
                assert_eq!(data.len() as u64, number(length), "it is whole: {line}");
                Change::Write(number(offset), data)
            }
            "unlink" => Change::Remove,
            "ftruncate" => Change::Length(number(rest)),
            _ => Change::Sync,
        },
    ))
}

/// Reads `\x2f\x74`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits.map(|it| u8::from_str_radix(it, 16).expect("two digits")).collect()
}

/// Returns whether walk was told of another boot: a test that relies on it must not be in vain.
pub(super) fn is_other_boot(store: &Path) -> bool {
    let id = fs::read_to_string(BOOT).expect("a boot");
    let told = format!("0000{}", id.get(4..20).expect("it is long"));
    let found = fs::read(store).expect("a store");
    found.windows(told.len()).any(|it| it == told.as_bytes())
}
