//! A manifest in a directory of its own, and the command run in it.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

/// A directory with a manifest.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code; of a death by signal n, 128 + n as a shell says.
    pub(crate) code: i32,
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    /// Makes one with this `walk.toml`, apart from its first lines.
    pub(crate) fn new(manifest: &str) -> Self {
        let project = Self::empty();
        project.write("walk.toml", &format!("[walk]\nversion = 1\n{manifest}"));
        project
    }

    /// Makes one without a manifest.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("it can be read")
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Makes a fifo: whoever opens it waits for whoever opens its other end.
    pub(crate) fn fifo(&self, path: &str) {
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, self.path(path), FileType::Fifo, mode, 0).expect("a fifo");
    }

    /// Waits until an action writes to a fifo, and returns what it writes.
    pub(crate) fn await_fifo(&self, path: &str) -> String {
        self.read(path).trim().to_owned()
    }

    /// Waits until a file has so many lines, and returns them.
    pub(crate) fn await_lines(&self, path: &str, count: usize) -> String {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let text = self.read(path);
            if text.ends_with('\n') && text.lines().count() >= count {
                return text;
            }
            assert!(Instant::now() < deadline, "{path} has only {text:?}");
            thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Lets the action go on that reads from a fifo.
    pub(crate) fn release(&self, path: &str) {
        let fifo = File::options().write(true).open(self.path(path));
        fifo.expect("it can be opened").write_all(b"go\n").expect("it is read");
    }

    /// The command, with nothing in its environment but the path and what makes it the same
    /// everywhere.
    pub(crate) fn command(&self, args: &str) -> Command {
        self.command_at(env!("CARGO_BIN_EXE_walk").as_ref(), args)
    }

    /// The same, called by another name.
    pub(crate) fn command_at(&self, program: &Path, args: &str) -> Command {
        let mut command = Command::new(program);
        command.args(args.split_whitespace()).current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn walk(&self, args: &str) -> Done {
        Done::of(self.command(args).output().expect("it runs"))
    }

    /// Starts the command; its output can be read while it runs.
    pub(crate) fn start(&self, args: &str) -> Running {
        Running::start(self.command(args))
    }
}

/// What is ignored here is ignored by all that is started here: a shell without job control ignores
/// SIGINT in what it runs in the background, and tests wait for it in vain. What is handled here is
/// as usual there.
fn unignore_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or(0);
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] {
            if ignored >> (signal - 1) & 1 == 1 {
                let flag = Arc::new(AtomicBool::new(false));
                signal_hook::flag::register(signal, flag).expect("it can be handled");
            }
        }
    });
}

/// A command that runs.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        unignore_signals();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("it runs"))
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    pub(crate) fn wait(self) -> Done {
        Done::of(self.0.wait_with_output().expect("it ends"))
    }

    /// Waits until what it writes to stderr contains `text`, and returns all up to there.
    pub(crate) fn await_err(&mut self, text: &str) -> String {
        read_until(self.0.stderr.as_mut().expect("it is piped"), text)
    }

    /// The same of stdout.
    pub(crate) fn await_out(&mut self, text: &str) -> String {
        read_until(self.0.stdout.as_mut().expect("it is piped"), text)
    }
}

fn read_until(from: &mut impl Read, text: &str) -> String {
    let mut seen = String::new();
    let mut byte = [0];
    while !seen.contains(text) {
        assert_eq!(from.read(&mut byte).expect("it can be read"), 1, "only `{seen}`");
        seen.push(char::from(byte[0]));
    }
    seen
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        let signal = output.status.signal();
        Self {
            code: output.status.code().or(signal.map(|it| 128 + it)).expect("one of both"),
            signal,
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The standard output, after checking the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        self.out
    }

    /// The standard error, after checking the exit code.
    #[track_caller]
    pub(crate) fn complains(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        self.err
    }
}

/// Replaces every duration, so that output can be compared.
pub(crate) fn timeless(text: &str) -> String {
    let is_time = |word: &str| {
        let digits = word.trim_end_matches([',', ':']).strip_suffix('s').unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    };
    let line = |line: &str| {
        let rest = |it: &str| it.trim_start_matches(|it: char| it != 's').to_owned();
        let words = line
            .split(' ')
            .map(|it| if is_time(it) { "0.00".to_owned() + &rest(it) } else { it.to_owned() });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(|it| line(it) + "\n").collect()
}
