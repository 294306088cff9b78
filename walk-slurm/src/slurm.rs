//! The programs of Slurm: their arguments, and what their answers mean.
//!
//! Answers are read line by line, and what does not look like an answer is left out: sites put
//! noise around these programs.

use std::ffi::OsString;
use std::path::Path;

use crate::calls::{Calls, Said, UNREAD};

/// A line of `squeue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The job, or the task of an array: `12`, `12_3`.
    pub(crate) job: String,
    /// What `--comment` said.
    pub(crate) comment: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) node: String,
}

const FORMAT: &str = "%i|%k|%T|%N|%r";

/// What is handed to `sbatch`.
pub(crate) struct Submission<'a> {
    pub(crate) name: &'a str,
    pub(crate) comment: &'a str,
    pub(crate) directory: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) demands: &'a [String],
    /// The number of tasks, if it is an array.
    pub(crate) tasks: Option<usize>,
    pub(crate) script: &'a Path,
}

/// Why a submission did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may have been submitted all the same, and can be tried again.
    Unsure(String),
    /// It never will be.
    Never(String),
}

/// What an error of `sbatch` holds if the next try may succeed.
const PASSING: [&str; 15] = [
    UNREAD,
    "timed out",
    "Unable to contact",
    "temporarily",
    "Connection refused",
    "Communication connection failure",
    "Zero Bytes",
    "no answer in",
    "Transport endpoint",
    "Connection reset",
    "Slurm backup controller in standby",
    "Message receive failure",
    "Unexpected message received",
    "job limit",
    "SubmitJob",
];

impl Submission<'_> {
    fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["sbatch".into()];
        // Later ones win: a site's own arguments over the demands, what must hold over all.
        words.extend(self.demands.iter().map(OsString::from));
        words.extend(
            ["--parsable", "--no-requeue", "--export=ALL", "--open-mode=append"].map(Into::into),
        );
        words.push(format!("--job-name={}", self.name).into());
        words.push(format!("--comment={}", self.comment).into());
        let path = |flag: &str, path: &Path| {
            let mut word = OsString::from(flag);
            word.push(path);
            word
        };
        words.push(path("--chdir=", self.directory));
        words.push(path("--output=", self.log));
        words.extend(self.tasks.map(|it| format!("--array=0-{}", it.saturating_sub(1)).into()));
        words.push(self.script.into());
        words
    }
}

/// Submits a job, and returns its number.
pub(crate) fn submit(calls: &mut Calls, submission: &Submission<'_>) -> Result<String, Refusal> {
    let said = calls.call(&submission.words());
    if said.succeeded {
        return job_number(&said.text)
            .ok_or_else(|| Refusal::Unsure(format!("sbatch named no job: {}", said.text.trim())));
    }
    Err(refusal(&said))
}

fn refusal(said: &Said) -> Refusal {
    let text = errors(&said.text);
    if is_absent(&said.text) {
        return Refusal::Never(
            "there is no `sbatch` here: Slurm's programs are not installed".into(),
        );
    }
    if PASSING.iter().any(|it| said.text.contains(it)) {
        Refusal::Unsure(text)
    } else {
        Refusal::Never(text)
    }
}

/// Returns whether a refusal says that there are too many jobs.
pub(crate) fn is_full(text: &str) -> bool {
    ["temporarily unable to accept job", "queue full", "job limit", "SubmitJob"]
        .iter()
        .any(|it| text.contains(it))
}

/// Returns whether there is no such program: `env`, which looks for it, says so.
fn is_absent(text: &str) -> bool {
    text.starts_with("env:") && text.contains("No such file")
}

/// Returns what is an error in what a program said, as one line.
fn errors(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let is_error = |it: &&&str| it.contains("error:") || it.contains("failed");
    let named: Vec<&str> = lines.iter().filter(is_error).copied().collect();
    if named.is_empty() { lines.join("; ") } else { named.join("; ") }
}

/// Finds the number that `sbatch --parsable` prints: `12`, or `12;cluster`.
fn job_number(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let number = line.trim().split(';').next()?;
        let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| number.to_owned())
    })
}

/// Asks for all jobs of a name, those that ended included.
pub(crate) fn queue(calls: &mut Calls, name: &str) -> Result<Vec<Line>, String> {
    let name = format!("--name={name}");
    let format = format!("--format={FORMAT}");
    let words = ["squeue", "--noheader", "--array", "--states=all", &name, &format];
    let said = calls.call(&words.map(OsString::from));
    if said.succeeded { Ok(lines(&said.text)) } else { Err(errors(&said.text)) }
}

fn lines(text: &str) -> Vec<Line> {
    let line = |text: &str| {
        let fields: Vec<&str> = text.trim().splitn(5, '|').collect();
        let [job, comment, state, node, reason] = fields[..] else { return None };
        let is_job = job.starts_with(|it: char| it.is_ascii_digit());
        is_job.then(|| Line {
            job: job.into(),
            comment: comment.into(),
            state: state.into(),
            reason: reason.into(),
            node: node.into(),
        })
    };
    text.lines().filter_map(line).collect()
}

/// Cancels jobs.
pub(crate) fn cancel(calls: &mut Calls, jobs: &[String]) -> Result<(), String> {
    // As many at a time as a line of arguments surely holds.
    for some in jobs.chunks(500) {
        let words = std::iter::once("scancel").chain(some.iter().map(String::as_str));
        let said = calls.tell(&words.map(OsString::from).collect::<Vec<_>>());
        if !(said.succeeded || says_only_gone(&said.text)) {
            return Err(errors(&said.text));
        }
    }
    Ok(())
}

/// Returns whether `scancel` says nothing but of jobs that they are gone, which is an error to some
/// versions.
fn says_only_gone(text: &str) -> bool {
    let mut errors = text.lines().filter(|it| it.contains("error:")).peekable();
    errors.peek().is_some() && errors.all(|it| it.contains("Invalid job id"))
}

/// What there is of Slurm on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It answers: its version, and the partitions with their usable nodes, as `sinfo` tells.
    There {
        /// What `sinfo --version` says.
        version: String,
        /// Each partition, by what its nodes do: `main up 3 idle`. The default one has a `*`.
        partitions: Vec<String>,
        /// The addresses of the nodes.
        nodes: Vec<String>,
    },
    /// Its programs are there, and do not get an answer; the text says why.
    Silent(String),
    /// There are no programs of it.
    Absent,
}

/// Finds out what there is of Slurm here; `scratch` is a file to write to meanwhile.
#[must_use]
pub fn look_around(scratch: &Path) -> Presence {
    let mut calls = Calls::new(scratch.into());
    let said = calls.call(&["sinfo", "--version"].map(OsString::from));
    if !said.succeeded && is_absent(&said.text) {
        return Presence::Absent;
    }
    let version = said.text.trim().to_owned();
    let words = ["sinfo", "--noheader", "--format=%P|%a|%D|%T"].map(OsString::from);
    let said = calls.call(&words);
    if !said.succeeded {
        return Presence::Silent(errors(&said.text));
    }
    let row = |it: &str| it.trim().split('|').collect::<Vec<_>>().join(" ");
    let partitions = said.text.lines().filter(|it| it.matches('|').count() == 3).map(row);
    let partitions = partitions.collect();
    let said = calls.call(&["sinfo", "--noheader", "--Node", "--format=%o"].map(OsString::from));
    let is_name = |it: &&str| !it.is_empty() && !it.contains(char::is_whitespace);
    let names = said.text.lines().map(str::trim).filter(is_name).filter(|_| said.succeeded);
    let mut nodes: Vec<String> = names.map(str::to_owned).collect();
    nodes.sort();
    nodes.dedup();
    Presence::There { version, partitions, nodes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_job_is_found_among_noise() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(job_number(text).as_deref(), expected, "{text:?}");
        };
        check("12\n", Some("12"));
        check("12;east\n", Some("12"));
        check("sbatch: your quota is 90% full\n  77 \nhave a nice day 3\n", Some("77"));
        check("Submitted batch job\n", None);
        check("", None);
    }

    #[test]
    fn lines_of_squeue_are_read_and_noise_is_not() {
        let text = "welcome | to | the | cluster\n12_3|a.1|PENDING||(Resources) a|b\n13|b.1|RUNNING|n2|None\n13|b\n";
        let found = lines(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((&*found[0].job, &*found[0].reason), ("12_3", "(Resources) a|b"));
        assert_eq!((&*found[1].node, &*found[1].state), ("n2", "RUNNING"));
    }

    #[test]
    fn an_error_that_passes_is_told_from_one_that_does_not() {
        let check = |text: &str, passes: bool| {
            let found = refusal(&Said { succeeded: false, text: text.into() });
            assert_eq!(matches!(found, Refusal::Unsure(_)), passes, "{text}");
        };
        check(
            "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
            true,
        );
        check("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", true);
        check(
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
            true,
        );
        // What a site allows of one person at a time.
        check("sbatch: error: QOSMaxSubmitJobPerUserLimit", true);
        check("sbatch: error: invalid partition specified: nope", false);
        check(
            "sbatch: error: Batch job submission failed: Requested node configuration is not available",
            false,
        );
        check("env: 'sbatch': No such file or directory", false);
    }

    /// The other job was never cancelled.
    #[test]
    fn a_job_that_is_gone_does_not_speak_for_one_that_is_not() {
        let gone = "scancel: error: Kill job error on job id 7: Invalid job id specified\n";
        let silent = "scancel: error: Kill job error on job id 8: Socket timed out\n";
        assert!(says_only_gone(gone) && says_only_gone(&format!("{gone}welcome\n{gone}")));
        assert!(!says_only_gone(&format!("{gone}{silent}")));
        assert!(!says_only_gone("no answer in 60 s") && !says_only_gone(""));
    }

    /// What must hold stands after what a site or an action adds.
    #[test]
    fn what_must_hold_comes_last() {
        let demands = ["--requeue".to_owned(), "--export=NONE".to_owned()];
        let submission = Submission {
            name: "walk-1",
            comment: "a.1",
            directory: Path::new("/s/a.1"),
            log: Path::new("/s/a.1/slurm.log"),
            demands: &demands,
            tasks: Some(30),
            script: Path::new("/s/a.1/job.sh"),
        };
        let words: Vec<String> =
            submission.words().iter().map(|it| it.to_string_lossy().into_owned()).collect();
        let at = |word: &str| words.iter().position(|it| it == word).expect(word);
        assert!(at("--no-requeue") > at("--requeue"));
        assert!(at("--export=ALL") > at("--export=NONE"));
        assert!(words.contains(&"--array=0-29".to_owned()));
        assert_eq!(words.last().map(String::as_str), Some("/s/a.1/job.sh"));
    }
}
