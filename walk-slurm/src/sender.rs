//! The thread that submits and cancels jobs, one program after the other.
//!
//! It may be held up for as long as a program may take; nobody else is. What asks the same of Slurm
//! and is ready at the same moment goes as one job array, which costs as much as one job.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::ClusterError;
use crate::attempt::{Attempt, write_whole};
use crate::books::{Books, Cancelling, Entry, Fate, Places, Stage, State};
use crate::calls::Calls;
use crate::slurm::{Refusal, Submission, cancel, is_full, submit};

/// So many that ask the same go as an array.
const ARRAY: usize = 20;

/// No more than this go in one: Slurm's own default is 1001.
const LONGEST_ARRAY: usize = 1000;

/// How long to wait for more of the same.
const GATHER: Duration = Duration::from_millis(15);

/// What submits and cancels.
pub(crate) struct Sender {
    pub(crate) books: Arc<Books>,
    pub(crate) calls: Calls,
    pub(crate) places: Places,
    /// The name of all our jobs.
    pub(crate) name: String,
    /// The program and arguments that run an attempt on a node.
    pub(crate) runner: Vec<OsString>,
    /// Whether arrays are taken by this site.
    pub(crate) has_arrays: bool,
}

/// What is to be done next.
enum Next {
    Cancel(Vec<(String, String)>),
    Submit(Vec<(String, Attempt)>, Vec<String>),
}

impl Sender {
    /// Works until the books are closed.
    pub(crate) fn work(mut self) {
        while let Some(next) = self.next() {
            match next {
                Next::Cancel(jobs) => self.cancel(&jobs),
                Next::Submit(attempts, demands) => self.submit(&attempts, &demands),
            }
            self.books.tell();
        }
    }

    fn next(&self) -> Option<Next> {
        let mut state = self.books.lock();
        let mut has_gathered = false;
        loop {
            if state.is_closed {
                return None;
            }
            let jobs = to_cancel(&mut state);
            if !jobs.is_empty() {
                return Some(Next::Cancel(jobs));
            }
            let now = Instant::now();
            let ready =
                |it: &Entry| matches!(it.stage, Stage::Waiting(at) if at <= now) && it.is_open();
            if !state.entries.values().any(|it| ready(it) && !it.is_revoked) {
                has_gathered = false;
                state = self.books.wait(state, Duration::from_millis(200));
                continue;
            }
            if !has_gathered {
                has_gathered = true;
                drop(state);
                std::thread::park_timeout(GATHER);
                state = self.books.lock();
                continue;
            }
            return Some(self.take(&mut state, ready));
        }
    }

    /// Takes what is to be submitted next: as many as ask the same, if that makes an array.
    fn take(&self, state: &mut State, ready: impl Fn(&Entry) -> bool) -> Next {
        let mut alike: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for (id, entry) in state.entries.iter().filter(|it| ready(it.1) && !it.1.is_revoked) {
            alike.entry(entry.demands.clone()).or_default().push(id.clone());
        }
        let most = alike.into_iter().max_by_key(|it| it.1.len()).unwrap_or_default();
        let (demands, mut ids) = most;
        let many = if self.has_arrays && ids.len() >= ARRAY { LONGEST_ARRAY } else { 1 };
        ids.truncate(many);
        let mut taken = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(entry) = state.entries.get_mut(&id) {
                entry.stage = Stage::Sending;
                taken.push((id, entry.attempt.clone()));
            }
        }
        Next::Submit(taken, demands)
    }

    fn submit(&mut self, attempts: &[(String, Attempt)], demands: &[String]) {
        let result = match attempts {
            [] => return,
            [(id, attempt)] => self.submit_one(id, attempt, demands),
            many => self.submit_array(many, demands),
        };
        let result = result.unwrap_or_else(|error| Err(Refusal::Never(error.to_string())));
        if let (Err(Refusal::Never(_)), true) = (&result, attempts.len() > 1) {
            // A site without arrays, or with short ones: one after the other then.
            self.has_arrays = false;
            self.again(attempts, Duration::ZERO);
            return;
        }
        if matches!(&result, Err(Refusal::Unsure(text)) if is_full(text)) {
            // There may never be room for all of them at once.
            self.has_arrays = false;
        }
        match result {
            Ok(job) => self.sent(attempts, &job),
            Err(Refusal::Unsure(text)) => self.unsure(attempts, &text),
            Err(Refusal::Never(text)) => {
                let mut state = self.books.lock();
                for (id, _) in attempts {
                    if let Some(entry) = state.entries.get_mut(id) {
                        entry.stage = Stage::Refused;
                        entry.fate = Some(Fate::Failed(format!("cannot submit its job: {text}")));
                    }
                }
            }
        }
    }

    fn submit_one(
        &mut self,
        id: &str,
        attempt: &Attempt,
        demands: &[String],
    ) -> Result<Result<String, Refusal>, ClusterError> {
        let script = attempt.dir().join("job.sh");
        write_whole(&script, &self.script(&[attempt.dir().as_os_str().into()]))?;
        let log = attempt.slurm_log();
        let submission = Submission {
            name: &self.name,
            comment: id,
            directory: attempt.dir(),
            log: &log,
            demands,
            tasks: None,
            script: &script,
        };
        Ok(submit(&mut self.calls, &submission))
    }

    fn submit_array(
        &mut self,
        attempts: &[(String, Attempt)],
        demands: &[String],
    ) -> Result<Result<String, Refusal>, ClusterError> {
        let id = self.new_batch();
        let directory = self.places.batches();
        let list = list_of(&self.places, &id);
        let ids: Vec<&str> = attempts.iter().map(|it| it.0.as_str()).collect();
        write_whole(&list, (ids.join("\n") + "\n").as_bytes())?;
        let script = directory.join(format!("{id}.sh"));
        write_whole(&script, &self.script(&["--tasks".into(), list.into()]))?;
        let log = directory.join(format!("{id}.%a.log"));
        let submission = Submission {
            name: &self.name,
            comment: &id,
            directory: &directory,
            log: &log,
            demands,
            tasks: Some(attempts.len()),
            script: &script,
        };
        Ok(submit(&mut self.calls, &submission))
    }

    fn new_batch(&self) -> String {
        let mut state = self.books.lock();
        state.batches += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        format!("{now}-{}", state.batches)
    }

    /// Returns the script of a job: what runs an attempt, and nothing else.
    fn script(&self, arguments: &[OsString]) -> Vec<u8> {
        let mut script = b"#!/bin/sh\nexec".to_vec();
        for word in self.runner.iter().chain(arguments) {
            script.extend(b" '");
            for byte in word.as_bytes() {
                match byte {
                    b'\'' => script.extend(b"'\\''"),
                    byte => script.push(*byte),
                }
            }
            script.push(b'\'');
        }
        script.push(b'\n');
        script
    }

    fn sent(&self, attempts: &[(String, Attempt)], job: &str) {
        for (at, (id, attempt)) in attempts.iter().enumerate() {
            let job = if attempts.len() > 1 { format!("{job}_{at}") } else { job.to_owned() };
            // Only a help for whoever comes after us: the comment says the same.
            drop(attempt.set_job(&job));
            let mut state = self.books.lock();
            if let Some(entry) = state.entries.get_mut(id) {
                entry.job = Some(job);
                entry.stage = Stage::Sent;
                entry.submitted = Instant::now();
            }
        }
    }

    fn unsure(&self, attempts: &[(String, Attempt)], text: &str) {
        log::debug!(target: "walk", "sbatch: {text}");
        // Room for more comes sooner than a controller.
        let longest = Duration::from_secs(if is_full(text) { 10 } else { 60 });
        let mut state = self.books.lock();
        for (id, _) in attempts {
            if let Some(entry) = state.entries.get_mut(id) {
                let tries = entry.submitted.elapsed();
                let pause = tries.clamp(Duration::from_secs(1), longest);
                entry.stage = Stage::Unsure { pause };
            }
        }
        let told = format!("sbatch: {text}");
        if !state.told.contains(&told) {
            state.told.push(told);
            drop(state);
            log::warn!(target: "walk", "sbatch did not answer as it should, trying again: {text}");
        }
    }

    fn again(&self, attempts: &[(String, Attempt)], pause: Duration) {
        let mut state = self.books.lock();
        for (id, _) in attempts {
            if let Some(entry) = state.entries.get_mut(id) {
                entry.stage = Stage::Waiting(Instant::now() + pause);
            }
        }
    }

    fn cancel(&mut self, jobs: &[(String, String)]) {
        let numbers: Vec<String> = jobs.iter().map(|it| it.1.clone()).collect();
        let result = cancel(&mut self.calls, &numbers);
        let mut state = self.books.lock();
        for (id, job) in jobs.iter().filter(|_| result.is_ok()) {
            let entry = state.entries.get_mut(id);
            if let Some(entry) = entry.filter(|it| it.job.as_ref() == Some(job)) {
                entry.cancelling = Cancelling::Done;
            }
        }
        let told = result.err().map(|error| format!("scancel: {error}"));
        if let Some(text) = told.filter(|it| !state.told.contains(it)) {
            state.told.push(text.clone());
            drop(state);
            log::warn!(target: "walk", "{text}: trying again");
        }
    }
}

/// Returns the jobs that are to be cancelled, by their attempts.
fn to_cancel(state: &mut State) -> Vec<(String, String)> {
    let mut jobs = Vec::new();
    for (id, entry) in &mut state.entries {
        let wanted = entry.is_revoked && entry.cancelling.is_due();
        if let Some(job) = entry.job.clone().filter(|_| wanted) {
            entry.cancelling = Cancelling::Told(Instant::now());
            jobs.push((id.clone(), job));
        }
    }
    jobs
}

/// Returns the file that lists the attempts of an array.
pub(crate) fn list_of(places: &Places, batch: &str) -> PathBuf {
    places.batches().join(format!("{batch}.list"))
}

/// Returns the attempts of an array, by task.
pub(crate) fn tasks_of(places: &Places, batch: &str) -> Vec<String> {
    let is_name = batch.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    if !is_name {
        return Vec::new();
    }
    let text = fs::read_to_string(list_of(places, batch)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
