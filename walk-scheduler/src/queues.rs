//! Jobs that wait for tokens, and the tokens.
//!
//! Every queue is an ordered map from (priority, urgency, number of submission) to job: its first
//! entry is its head, and only heads are looked at, so that no small job overtakes a large one (S2). Names
//! are looked up once, on submission. Knows nothing of threads, time or slots.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::{DEFAULT_QUEUE, Job};

/// The reason why a job could never run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No queue has the name that the job asks for.
    #[error("unknown queue `{queue}` (known queues: {})", known.join(", "))]
    UnknownQueue {
        /// The name asked for.
        queue: String,
        /// The names that exist, sorted.
        known: Vec<String>,
    },
    /// The job takes more tokens than its queue has.
    #[error("job takes {wanted} tokens of queue `{queue}`, whose capacity is {capacity}")]
    TooManyTokens {
        /// The queue.
        queue: String,
        /// How many tokens the job takes.
        wanted: u32,
        /// How many tokens the queue has.
        capacity: u32,
    },
}

/// A job on its way from submission to its end, with the queue that it belongs to.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) tag: T,
    pub(crate) job: Job,
    pub(crate) queue: QueueId,
}

/// The position of a queue among all, by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueId(usize);

/// All queues.
#[derive(Debug)]
pub(crate) struct Queues<T> {
    ids: BTreeMap<String, QueueId>,
    all: Vec<Queue<T>>,
    submissions: u64,
}

#[derive(Debug)]
struct Queue<T> {
    capacity: u32,
    free: u32,
    waiting: BTreeMap<Place, Entry<T>>,
}

/// Where a job stands: the smallest goes first.
type Place = (Reverse<i32>, Reverse<u64>, u64);

impl<T> Queues<T> {
    pub(crate) fn new(capacities: &BTreeMap<String, u32>) -> Self {
        let fallback = BTreeMap::from([(DEFAULT_QUEUE.to_owned(), 1)]);
        let capacities = if capacities.is_empty() { &fallback } else { capacities };
        let ids = capacities.keys().enumerate().map(|(id, name)| (name.clone(), QueueId(id)));
        let all = capacities.values().map(|&capacity| Queue::new(capacity));
        Self { ids: ids.collect(), all: all.collect(), submissions: 0 }
    }

    /// Finds the queue of a job, which must be able to run one day.
    pub(crate) fn admit(&self, tag: T, job: Job) -> Result<Entry<T>, SubmitError> {
        let Some(&queue) = self.ids.get(job.get_queue()) else {
            let known = self.ids.keys().cloned().collect();
            return Err(SubmitError::UnknownQueue { queue: job.get_queue().to_owned(), known });
        };
        let (wanted, capacity) = (job.get_tokens(), self.all[queue.0].capacity);
        if wanted > capacity {
            let queue = job.get_queue().to_owned();
            return Err(SubmitError::TooManyTokens { queue, wanted, capacity });
        }
        Ok(Entry { tag, job, queue })
    }

    /// Lets a job wait, behind its equals; one that ran already is urgent no more (S6).
    pub(crate) fn push(&mut self, entry: Entry<T>) {
        let job = &entry.job;
        let urgency = if job.get_attempt() == 0 { job.get_urgency() } else { 0 };
        let place = (Reverse(job.get_priority()), Reverse(urgency), self.submissions);
        self.submissions += 1;
        self.all[entry.queue.0].waiting.insert(place, entry);
    }

    /// Takes a job that fits in what is free, along with its tokens.
    pub(crate) fn pop(&mut self) -> Option<Entry<T>> {
        let heads = self.all.iter_mut().filter_map(|queue| Some((queue.fitting_head()?, queue)));
        let (_, queue) = heads.min_by_key(|&(place, _)| place)?;
        let (_, entry) = queue.waiting.pop_first()?;
        queue.free -= entry.job.get_tokens();
        Some(entry)
    }

    /// Returns true if `pop` would return a job.
    pub(crate) fn has_fitting(&self) -> bool {
        self.all.iter().any(|queue| queue.fitting_head().is_some())
    }

    /// Gives back the tokens of a job that ended.
    pub(crate) fn release(&mut self, queue: QueueId, tokens: u32) {
        self.all[queue.0].free += tokens;
    }

    /// Forgets all jobs that wait, and returns their tags in the order of submission.
    pub(crate) fn clear(&mut self) -> Vec<T> {
        let waiting = self.all.iter_mut().flat_map(|queue| std::mem::take(&mut queue.waiting));
        let mut tags: Vec<_> = waiting.map(|((.., number), entry)| (number, entry.tag)).collect();
        tags.sort_unstable_by_key(|&(number, _)| number);
        tags.into_iter().map(|(_, tag)| tag).collect()
    }
}

impl<T> Queue<T> {
    fn new(capacity: u32) -> Self {
        Self { capacity, free: capacity, waiting: BTreeMap::new() }
    }

    /// Returns the place of the head, if its tokens are free.
    fn fitting_head(&self) -> Option<Place> {
        let (&place, entry) = self.waiting.first_key_value()?;
        (entry.job.get_tokens() <= self.free).then_some(place)
    }
}
