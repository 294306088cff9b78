//! Runs one command on its thread, and looks at what it made.
//!
//! Everything that belongs to the end of a command and can be slow is done here, on the
//! worker thread: hashing its outputs, reading its depfile, asking its `late` command, and
//! removing what a failure left behind. It knows nothing of fingerprints or of the graph.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use walk_core::fingerprint::{Depth, FileStamp, Observed, observe_to};
use walk_core::scheduler::{Output, Stdin};
use walk_core::{Checksum, Ending, JobContext, JobStatus, Process, Value, Work};

use super::cached::{CACHE_TOKEN, Cached};
use super::engine::Away;
use super::outcome::{Captured, Shared};
use super::partial::Before;
use super::plain::{Plain, Shortcut};
use super::secrets::Secrets;
use super::state_dir::create_private;
use super::{content, elements, includes, shell};
use crate::{DepfileUse, FileId, MissingOutputs, Response, depfile};

/// One command, with every path absolute.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "settings of the action, each of its own")]
pub(super) struct CommandWork {
    pub(super) name: String,
    /// Set if it runs on another machine.
    pub(super) away: Option<Box<Away>>,
    /// Set if its result may be known, or kept.
    pub(super) cached: Option<Box<Cached>>,
    pub(super) words: Vec<OsString>,
    /// Set if the last word is a text for a shell, and it may be done without.
    pub(super) shortcut: Option<Shortcut>,
    /// Where outputs are relative to.
    pub(super) root: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) env: Vec<(String, String)>,
    pub(super) outputs: Vec<(FileId, PathBuf)>,
    /// The digests of the outputs that the last success left.
    pub(super) last_outputs: Option<Vec<Option<Checksum>>>,
    pub(super) depth: Depth,
    pub(super) missing_outputs: MissingOutputs,
    pub(super) depfile: Option<PathBuf>,
    pub(super) depfile_use: DepfileUse,
    pub(super) includes_prefix: Option<String>,
    /// The file that is written before it starts, with an absolute path.
    pub(super) response: Option<Response>,
    pub(super) late: Option<Vec<OsString>>,
    pub(super) interactive: bool,
    pub(super) keep_failed: bool,
    pub(super) generator: bool,
    /// A directory for scratch files, and the file that keeps what the command writes.
    pub(super) scratch: PathBuf,
    pub(super) log: PathBuf,
    /// Whether that file may be there already.
    pub(super) has_log: bool,
    pub(super) secrets: Secrets,
    pub(super) shared: Shared,
}

/// A failure that is not the command's own, in words.
struct Complaint(String);

impl Work for CommandWork {
    fn run(&mut self, cx: &JobContext) -> JobStatus {
        let mut captured = Captured::default();
        let status = match self.execute(cx, &mut captured) {
            Ok(status) => status,
            Err(Complaint(text)) => {
                cx.report(Ending::Message(text));
                JobStatus::Failure
            }
        };
        self.has_log |= captured.log.is_some();
        self.shared.set(captured);
        status
    }
}

impl CommandWork {
    fn execute(&self, cx: &JobContext, captured: &mut Captured) -> Result<JobStatus, Complaint> {
        // Who reads the failure of a command would look for it in what the command says.
        self.prepare().map_err(|Complaint(text)| Complaint(format!("not started: {text}")))?;
        let before = self.look_before();
        if self.depfile.is_some() || self.includes_prefix.is_some() || self.generator {
            captured.started_ns = self.time(cx);
        }
        let output = self.scratch.join(format!("output-{}", cx.slot()));
        let mut status = match self.restore(cx, &output, captured) {
            Some(status) => status,
            None => self.run_here_or_away(cx, &output, captured),
        };
        let kept = self.mask(&output).and_then(|()| self.take_includes(&output, captured));
        let kept = kept.and_then(|()| self.keep_log(&output, captured));
        let seen =
            if status.is_success() { kept.and_then(|()| self.look(cx, captured)) } else { kept };
        if seen.is_err() || !status.is_success() {
            self.remove_partial(&before, cx.is_interrupted(), captured);
        } else if self.is_unchanged(captured) {
            status = JobStatus::Unchanged;
        }
        if status.is_success() && !captured.conduct.is_restored && seen.is_ok() {
            captured.keepable = self
                .cached
                .as_ref()
                .and_then(|it| it.describe(self, &captured.discovered, captured.log.as_deref()));
        }
        seen.map(|()| status)
    }

    fn run_here_or_away(
        &self,
        cx: &JobContext,
        output: &Path,
        captured: &mut Captured,
    ) -> JobStatus {
        let Some(away) = &self.away else { return self.command(cx, output).run(cx) };
        let trip = away.run(self, cx, output.into());
        if let Some((began, began_ns)) = trip.began {
            (captured.began, captured.started_ns) = (Some(began), began_ns);
            captured.conduct.is_taken_over = true;
        }
        captured.ran = trip.ran;
        trip.status
    }

    fn has_left(&self) -> bool {
        self.away.as_ref().is_some_and(|it| it.has_left())
    }

    /// Takes the result from the cache, if it is known there; what failed once is run again.
    fn restore(
        &self,
        cx: &JobContext,
        output: &Path,
        captured: &mut Captured,
    ) -> Option<JobStatus> {
        let cached = self.cached.as_ref().filter(|_| cx.attempt() == 1 && !cx.is_interrupted())?;
        // What still runs would write over it.
        if self.has_left() {
            return None;
        }
        let restored = cached.restore(cx)?;
        if !restored.log.is_empty() {
            fs::remove_file(output).or_else(ignore_missing).ok()?;
            create_private(output).and_then(|mut it| it.write_all(&restored.log)).ok()?;
        }
        // Where the depfile itself was restored it says the same once more.
        captured.discovered = restored.discovered.iter().map(|it| self.root.join(it)).collect();
        captured.conduct.is_restored = true;
        Some(JobStatus::Success)
    }

    /// Makes the directories of the outputs, as ninja does, writes the response file, and
    /// removes an old depfile, which must not be taken for a new one.
    fn prepare(&self) -> Result<(), Complaint> {
        let response = self.response.as_ref();
        let files = self.outputs.iter().map(|(_, path)| path).chain(&self.depfile);
        for dir in files.chain(response.map(|it| &it.path)).filter_map(|it| it.parent()) {
            // To look first is cheaper than to be told that it is there.
            if !dir.is_dir() {
                fs::create_dir_all(dir).map_err(complain("create directory", dir))?;
            }
        }
        if let Some(Response { path, content, .. }) = response {
            refuse_special(path).or_else(ignore_missing).map_err(complain("write", path))?;
            fs::write(path, content.as_bytes()).map_err(complain("write", path))?;
        }
        let depfile = self.depfile.as_ref().filter(|_| self.depfile_use == DepfileUse::Required);
        // That of an earlier walk is collected with the outputs, or removed with them.
        let depfile = depfile.filter(|_| !self.has_left());
        match depfile.map(|it| (it, fs::remove_file(it))) {
            Some((path, Err(error))) if error.kind() != io::ErrorKind::NotFound => {
                Err(complain("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Returns the time as the file system tells it, whose clock is coarser than others: that
    /// of a file that is written now.
    fn time(&self, cx: &JobContext) -> Option<i64> {
        let path = self.scratch.join(format!("time-{}", cx.slot()));
        fs::remove_file(&path).or_else(ignore_missing).ok()?;
        create_private(&path).ok()?;
        FileStamp::of(&path).ok()?.map(|it| it.ctime_ns)
    }

    /// Returns the command, without the shell if it is not needed.
    fn command(&self, cx: &JobContext, output: &Path) -> Process {
        let text = self.words.last().and_then(|it| it.to_str());
        let plain = self.shortcut.as_ref().zip(text.and_then(Plain::parse));
        let Some((shortcut, plain)) = plain else { return self.process(&self.words, cx, output) };
        let words: Vec<OsString> = plain.words.into_iter().map(OsString::from).collect();
        let mut process = self.process(&words, cx, output).or_else(&self.words);
        if let Some(pwd) = &shortcut.pwd {
            process.set_env("PWD", pwd);
        }
        match plain.output {
            Some(output) => process.stdout_to(output),
            None => process,
        }
    }

    fn process(&self, words: &[OsString], cx: &JobContext, output: &Path) -> Process {
        let program = words.first().cloned().unwrap_or_default();
        let mut process = Process::new(program)
            .args(words.iter().skip(1))
            .current_dir(&self.directory)
            .env("WALK_ACTION", &self.name)
            .env("WALK_OUT", &self.root)
            .env_remove(CACHE_TOKEN)
            .env("WALK_ATTEMPT", cx.attempt().to_string());
        for (name, value) in &self.env {
            process = process.env(name, value);
        }
        if !self.secrets.is_empty() {
            let line = shell::join(words.iter().map(|it| elements::os_text(it)));
            process = process.shown_as(self.secrets.mask(&line));
        }
        if self.interactive {
            return process.stdin(Stdin::Inherit).output(Output::Inherit).share_terminal(true);
        }
        process.output(Output::File(output.into()))
    }

    /// Moves what the command wrote to its log, or makes sure that there is none.
    fn keep_log(&self, output: &Path, captured: &mut Captured) -> Result<(), Complaint> {
        if fs::metadata(output).is_ok_and(|it| it.len() > 0) {
            fs::rename(output, &self.log).map_err(complain("write", &self.log))?;
            captured.log = Some(self.log.clone());
            return Ok(());
        }
        if !self.has_log {
            return Ok(());
        }
        match fs::remove_file(&self.log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(complain("remove", &self.log)(error))
            }
            _ => Ok(()),
        }
    }

    fn look(&self, cx: &JobContext, captured: &mut Captured) -> Result<(), Complaint> {
        for (id, path) in &self.outputs {
            let seen = observe_to(path, self.depth).map_err(complain("read output", path))?;
            if seen.stamp.is_none() && self.missing_outputs == MissingOutputs::Fail {
                return Err(Complaint(format!("output `{}` was not made", path.display())));
            }
            captured.outputs.push((*id, seen));
        }
        if let Some(path) = &self.depfile {
            self.read_depfile(path, captured)?;
        }
        if let Some(Response { path, keep: false, .. }) = &self.response {
            fs::remove_file(path).or_else(ignore_missing).map_err(complain("remove", path))?;
        }
        if let Some(words) = &self.late {
            captured.late = Some(self.ask(words, cx)?);
        }
        Ok(())
    }

    fn read_depfile(&self, path: &Path, captured: &mut Captured) -> Result<(), Complaint> {
        let content = match read_file(path) {
            Err(error) if self.is_optional(&error) => {
                captured.is_blind = self.depfile_use == DepfileUse::Kept;
                return Ok(());
            }
            content => content.map_err(complain("read depfile", path))?,
        };
        let found = depfile::parse(&content);
        captured.discovered.extend(
            found.map_err(|it| {
                Complaint(format!("cannot read depfile `{}`: {it}", path.display()))
            })?,
        );
        if self.depfile_use == DepfileUse::Taken {
            fs::remove_file(path).map_err(complain("remove", path))?;
        }
        Ok(())
    }

    fn is_optional(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotFound && self.depfile_use != DepfileUse::Required
    }

    /// Takes secrets out of what the command wrote.
    fn mask(&self, output: &Path) -> Result<(), Complaint> {
        let masked = self.secrets.mask_file(output).or_else(ignore_missing);
        masked.map_err(complain("take secrets out of", output))
    }

    /// Takes the lines that name what was included out of what the command wrote.
    fn take_includes(&self, output: &Path, captured: &mut Captured) -> Result<(), Complaint> {
        let Some(prefix) = &self.includes_prefix else { return Ok(()) };
        let written = match fs::read(output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            written => written.map_err(complain("read", output))?,
        };
        let (includes, rest) = includes::take(&written, prefix.as_bytes());
        captured.discovered = includes;
        fs::write(output, rest).map_err(complain("write", output))
    }

    /// Returns what the `late` command prints.
    fn ask(&self, words: &[OsString], cx: &JobContext) -> Result<Value, Complaint> {
        let output = self.scratch.join(format!("late-{}", cx.slot()));
        let status = self.process(words, cx, &output).output(Output::File(output.clone())).run(cx);
        let printed = fs::read(&output).map_err(complain("read", &output))?;
        fs::remove_file(&output).map_err(complain("remove", &output))?;
        let printed = elements::printed(&printed);
        let printed = self.secrets.mask(&printed);
        if status != JobStatus::Success {
            return Err(Complaint(format!("the `late` command failed: {printed}")));
        }
        Ok(elements::text(&printed))
    }

    fn look_before(&self) -> Vec<Before> {
        self.outputs.iter().map(|(_, path)| Before::of(path, self.depth)).collect()
    }

    /// Removes what a failed command wrote to its outputs.
    fn remove_partial(&self, before: &[Before], interrupted: bool, captured: &mut Captured) {
        if self.keep_failed && !(interrupted && self.depth == Depth::Names && !self.generator) {
            return;
        }
        for ((_, path), before) in self.outputs.iter().zip(before) {
            match before.restore(path, self.depth) {
                Ok(true) => captured.removed.push(path.clone()),
                Ok(false) => {}
                Err(error) => log::warn!(
                    target: "walk",
                    "`{}`: cannot remove partial output `{}`: {error}", self.name, path.display()
                ),
            }
        }
    }

    fn is_unchanged(&self, captured: &Captured) -> bool {
        let seen = |it: &(FileId, Observed)| it.1.state.digest();
        let mut outputs = self.outputs.iter().zip(&captured.outputs);
        if outputs.any(|((_, path), (_, seen))| content::says_nothing(self.depth, path, seen)) {
            return false;
        }
        self.last_outputs.as_ref().is_some_and(|last| {
            !last.is_empty() && last.iter().copied().eq(captured.outputs.iter().map(seen))
        })
    }
}

pub(super) fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Reads a file, and nothing else: to open a pipe could wait for ever.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    refuse_special(path)?;
    fs::read(path)
}

fn refuse_special(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    Err(io::Error::other("it is a pipe, a socket or a device"))
}

fn complain<'a>(verb: &'a str, path: &'a Path) -> impl Fn(io::Error) -> Complaint + 'a {
    move |error| Complaint(format!("cannot {verb} `{}`: {error}", path.display()))
}
