//! Jobs that run a command.
//!
//! This file says what to spawn and what its end means; how to wait and to kill is `os`'s.
//! Output goes to a file and never through this process: nothing to read, nothing to lose, and
//! nothing to hang on when a grandchild keeps it open.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use crate::mark::JOB_ID;
use crate::os::{self, Changes, Child, Kinship, Spawn};
use crate::run::NULL;
use crate::scarce::{self, Refusal};
use crate::{Ending, JobContext, JobStatus, Work, program};

/// Work that runs a command.
///
/// The command leads a process group of its own, reads nothing, and writes where it is told to.
/// When the job is interrupted, the command and all that descends from it get SIGTERM, and after
/// the grace period SIGKILL; the job ends when none is left. After an end of its own nobody is
/// looked for: what a command leaves in the background goes on.
///
/// When the first of them runs, the calling process becomes the subreaper of its descendants
/// (Linux), so that orphans stay in sight; one left in the background by a command that ended
/// stays a zombie after its end until the calling process ends.
///
/// Should the calling process be killed, a guardian does the same for all that its runs have
/// started: a small shell script (`/bin/sh`, `grep`, `sleep`; Linux), one for each run that runs a
/// command, which ends with the run. Nothing has to be set up for it, and no signal is handled.
///
/// Descriptors that the calling process got from its own parent without close-on-exec are
/// inherited, as a jobserver's must be; none that this crate opens is.
///
/// ```
/// use walk_scheduler::{Job, Process, Scheduler, SchedulingParams, Wake};
///
/// let mut scheduler = Scheduler::new(&SchedulingParams::default());
/// scheduler.submit("test", Job::new(Process::new("sh").args(["-c", "exit 3"]))).unwrap();
/// let ready = scheduler.next_ready().unwrap();
/// scheduler.start(ready);
/// let Wake::Finished(finished) = scheduler.wait() else { panic!("one job runs") };
/// assert_eq!(finished.outcome.ending.unwrap().to_string(), "exit 3");
/// ```
#[derive(Clone, Debug)]
pub struct Process {
    program: OsString,
    args: Vec<OsString>,
    /// What is run instead if this cannot be started; may be empty.
    otherwise: Vec<OsString>,
    /// What differs from our own environment; `None` is removed.
    env: Changes,
    directory: Option<PathBuf>,
    stdin: Stdin,
    output: Output,
    /// The file that standard output goes to, if it does not go with standard error.
    stdout: Option<PathBuf>,
    protocol: ExitProtocol,
    shares_terminal: bool,
    shown_as: Option<String>,
}

/// What a command reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Null,
    /// What the calling process reads.
    Inherit,
}

/// Where a command writes, standard output and standard error alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Where the calling process writes.
    #[default]
    Inherit,
    /// Nowhere.
    Null,
    /// To this file, emptied first and created for its owner only (mode 0600); the order of what
    /// is written to either stream is kept. A relative path is the calling process's.
    File(PathBuf),
}

/// What exit codes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitProtocol {
    /// 0 is success, 75 (`EX_TEMPFAIL`) is not ready, all else is a failure.
    #[default]
    Plain,
    /// e3's: as [`JobStatus::from_exit_code`] has it.
    E3,
}

impl Process {
    /// Describes a command without arguments; a bare name is looked for in the command's `PATH`, a
    /// relative path from the command's directory.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            otherwise: Vec::new(),
            env: Changes::new(),
            directory: None,
            stdin: Stdin::default(),
            output: Output::default(),
            stdout: None,
            protocol: ExitProtocol::default(),
            shares_terminal: false,
            shown_as: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the words of a command that is run instead if this one cannot be started, or the file
    /// of [`stdout_to`](Self::stdout_to) cannot be opened; messages call the command by them.
    ///
    /// For a command that is a shorter way to the same, such as one that needs no shell.
    #[must_use]
    pub fn or_else<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.otherwise = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.set_env(name, value);
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), None);
        self
    }

    /// Sets the directory to run in.
    #[must_use]
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets what the command reads: nothing, if this is not called.
    #[must_use]
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets where the command writes: where the calling process does, if this is not called.
    #[must_use]
    pub fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Sends standard output alone to a file, as `>` does in a shell: it is emptied, or created as
    /// the umask allows. A relative path is the command's.
    #[must_use]
    pub fn stdout_to(mut self, path: impl Into<PathBuf>) -> Self {
        self.stdout = Some(path.into());
        self
    }

    /// Sets what exit codes mean: [`ExitProtocol::Plain`], if this is not called.
    #[must_use]
    pub fn exit_protocol(mut self, protocol: ExitProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Says whether the command talks to the person at the terminal: it then stays in the calling
    /// process's group, and inherits standard input, output and error.
    #[must_use]
    pub fn share_terminal(mut self, shares: bool) -> Self {
        self.shares_terminal = shares;
        self
    }

    /// Sets what messages call the command: its words, if this is not called.
    #[must_use]
    pub fn shown_as(mut self, text: impl Into<String>) -> Self {
        self.shown_as = Some(text.into());
        self
    }

    /// Sets an environment variable of the next attempt.
    pub fn set_env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.env.insert(name.into(), Some(value.into()));
    }
}

impl Work for Process {
    fn run(&mut self, cx: &JobContext) -> JobStatus {
        if cx.is_interrupted() {
            return JobStatus::Failure;
        }
        let ending = self.spawn_and_wait(cx);
        let status = self.status(&ending);
        cx.report(ending);
        status
    }
}

impl Process {
    fn spawn_and_wait(&self, cx: &JobContext) -> Ending {
        os::adopt_orphans();
        cx.run().guard();
        let mark = cx.run().new_mark();
        let kinship = Kinship { leads_group: !self.shares_terminal, variable: JOB_ID, mark: &mark };
        let spawned = scarce::persist(cx, || self.spawn(cx, kinship));
        match spawned.map(|child| child.wait(cx)) {
            Err(refusal) => Ending::SpawnFailed(refusal.text),
            Ok(Err(error)) => Ending::Message(format!("lost sight of `{self}`: {error}")),
            Ok(Ok(status)) => match status.code() {
                Some(code) => Ending::Exited(code),
                None => Ending::Signaled(status.signal().unwrap_or_default()),
            },
        }
    }

    fn status(&self, ending: &Ending) -> JobStatus {
        let Ending::Exited(code) = *ending else { return JobStatus::Failure };
        let status = JobStatus::from_exit_code(code);
        let is_plain = matches!(status, JobStatus::Success | JobStatus::NotReady);
        match self.protocol {
            ExitProtocol::Plain if !is_plain => JobStatus::Failure,
            ExitProtocol::Plain | ExitProtocol::E3 => status,
        }
    }

    fn spawn<'a>(&self, cx: &'a JobContext, kinship: Kinship<'a>) -> Result<Child<'a>, Refusal> {
        let words = std::iter::once(&self.program).chain(&self.args).map(OsString::as_os_str);
        match self.start(words.collect(), self.stdout.as_deref(), cx, kinship) {
            Err(refusal) if !refusal.is_scarcity && !self.otherwise.is_empty() => {
                let words = self.otherwise.iter().map(OsString::as_os_str);
                self.start(words.collect(), None, cx, kinship)
            }
            started => started,
        }
    }

    /// The program is looked for here: nothing runs between fork and exec.
    fn start<'a>(
        &self,
        words: Vec<&OsStr>,
        stdout: Option<&Path>,
        cx: &'a JobContext,
        kinship: Kinship<'a>,
    ) -> Result<Child<'a>, Refusal> {
        let cannot_run = |error: io::Error| self.cannot_run(&error);
        let directory = self.absolute_directory().map_err(cannot_run)?;
        let program =
            program::resolve(words.first().copied().unwrap_or_default(), self.path(), &directory);
        let program = program.map_err(cannot_run)?;
        let output = if self.shares_terminal { None } else { self.open_output()? };
        let output = output.as_ref().map(|it| it.as_fd());
        let stdout = stdout.map(|it| os::create_as_shells_do(&directory.join(it))).transpose();
        let stdout = stdout.map_err(cannot_run)?;
        let mut changes = self.env.clone();
        changes.insert(JOB_ID.into(), Some(kinship.mark.into()));
        let spawn = Spawn {
            program: &program,
            words,
            environment: cx.run().environment(),
            changes,
            directory: self.directory.is_some().then_some(&*directory).filter(|it| !is_here(it)),
            leads_group: kinship.leads_group,
            stdio: [
                self.input(cx).map_err(cannot_run)?,
                stdout.as_ref().map(|it| it.as_fd()).or(output),
                output,
            ],
        };
        Child::spawn(&spawn, kinship, cx.run()).map_err(cannot_run)
    }

    fn input<'a>(&self, cx: &'a JobContext) -> io::Result<Option<BorrowedFd<'a>>> {
        if self.shares_terminal || self.stdin == Stdin::Inherit {
            return Ok(None);
        }
        cx.run().null().map(|it| Some(it.as_fd()))
    }

    fn open_output(&self) -> Result<Option<File>, Refusal> {
        let (path, file) = match &self.output {
            Output::Inherit => return Ok(None),
            Output::Null => (Path::new(NULL), OpenOptions::new().write(true).open(NULL)),
            Output::File(path) => (path.as_path(), os::create_to_append(path)),
        };
        file.map(Some).map_err(|error| {
            let path = path.display();
            let text = format!("cannot open `{path}` for the output of `{self}`: {error}");
            Refusal::new(text, &error)
        })
    }

    fn absolute_directory(&self) -> io::Result<PathBuf> {
        match &self.directory {
            Some(directory) => std::path::absolute(directory),
            None => env::current_dir(),
        }
    }

    /// Returns the command's `PATH`.
    fn path(&self) -> Option<OsString> {
        self.env.get(OsStr::new("PATH")).cloned().unwrap_or_else(|| env::var_os("PATH"))
    }

    fn cannot_run(&self, error: &io::Error) -> Refusal {
        let text = match &self.directory {
            Some(directory) if !directory.is_dir() => {
                format!("cannot run `{self}` in `{}`: {error}", directory.display())
            }
            _ => format!("cannot run `{self}`: {error}"),
        };
        Refusal::new(text, error)
    }
}

impl std::fmt::Display for Process {
    /// Shows the command as one line, the beginning of it if it is long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const LIMIT: usize = 200;
        let shown_as = self.shown_as.as_ref().map(OsString::from);
        let own = std::iter::once(&self.program).chain(&self.args);
        let own = own.filter(|_| self.otherwise.is_empty()).chain(&self.otherwise);
        let words = shown_as.iter().chain(own.filter(|_| shown_as.is_none()));
        let mut left = LIMIT;
        for (index, word) in words.enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            let word = word.to_string_lossy();
            let length = word.chars().count();
            if length > left {
                let start: String = word.chars().take(left).collect();
                return write!(f, "{start}...");
            }
            left -= length;
            f.write_str(&word)?;
        }
        Ok(())
    }
}

/// Returns whether this process is in that directory.
fn is_here(directory: &Path) -> bool {
    env::current_dir().is_ok_and(|it| it == directory)
}
