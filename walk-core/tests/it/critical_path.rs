//! Jobs in the order of their critical paths: how long whole graphs take, on a simulated clock.
//!
//! The jobs run on the threads of a real run, but each waits until it is told to end. It is told
//! on the thread of the run, when all has started that may: then the one ends whose time is over
//! first, and the clock is set to that moment. So nothing sleeps, and a run comes out the same
//! every time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::mpsc::{Sender, channel};

use walk_core::{
    Action, Dag, Decision, Error, Event, Job, JobContext, JobStatus, SchedulingParams, Vertex,
    Walk, run,
};

/// A walk of jobs that take as many milliseconds as their data say.
struct Timed {
    tokens: u32,
    /// By vertex, how urgent its job is.
    urgencies: Vec<u64>,
    /// By vertex, how many predecessors have not ended.
    missing: Vec<usize>,
    gates: BTreeMap<Vertex, Sender<()>>,
    /// How many jobs may start, and have not.
    ready: usize,
    /// The jobs that run, by the moment at which they end.
    running: BinaryHeap<Reverse<(u64, Vertex)>>,
    now: u64,
    /// How often the run asked how urgent jobs are.
    asked: usize,
}

impl Walk for Timed {
    type Data = u64;
    type Error = Error;

    fn create_job(&mut self, action: &Action<'_, u64>) -> Result<Decision, Error> {
        let (gate, end) = channel();
        self.gates.insert(action.vertex(), gate);
        Ok(Job::new(move |_: &JobContext| match end.recv() {
            Ok(()) => JobStatus::Success,
            Err(_) => JobStatus::Failure,
        })
        .into())
    }

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        params.queues.insert("default".into(), self.tokens);
    }

    fn prioritize(&mut self, jobs: &mut [(Action<'_, u64>, Job)]) {
        self.asked += jobs.len();
        for (action, job) in jobs {
            job.set_urgency(self.urgencies[action.vertex().index()]);
        }
    }

    fn on_event(&mut self, event: &Event<'_, u64>) {
        match event {
            Event::Started { action, .. } => {
                self.ready -= 1;
                self.running.push(Reverse((self.now + action.data(), action.vertex())));
            }
            Event::Finished { action, .. } => self.ended(action),
            _ => return,
        }
        let is_full = self.running.len() == self.tokens as usize;
        if is_full || self.ready == 0 {
            self.end_first();
        }
    }
}

impl Timed {
    fn ended(&mut self, action: &Action<'_, u64>) {
        for it in action.dag().successors(action.vertex()) {
            self.missing[it.index()] -= 1;
            self.ready += usize::from(self.missing[it.index()] == 0);
        }
    }

    fn end_first(&mut self) {
        if let Some(Reverse((moment, vertex))) = self.running.pop() {
            self.now = moment;
            self.gates[&vertex].send(()).expect("it waits for this");
        }
    }
}

/// Runs `dag` with jobs as urgent as that; returns the walk, and when the last job ended.
fn timed(dag: &Dag<u64>, tokens: u32, urgencies: Vec<u64>) -> (Timed, u64) {
    let missing: Vec<usize> = dag.vertices().map(|it| dag.predecessors(it).len()).collect();
    let ready = missing.iter().filter(|it| **it == 0).count();
    let (gates, running) = (BTreeMap::new(), BinaryHeap::new());
    let mut walk = Timed { tokens, urgencies, missing, gates, ready, running, now: 0, asked: 0 };
    let report = run(&mut walk, dag).expect("no hook fails");
    assert!(report.is_success());
    let end = walk.now;
    (walk, end)
}

/// Runs `dag` in the order of its critical paths; returns when the last job ended.
fn by_path(dag: &Dag<u64>, tokens: u32) -> u64 {
    timed(dag, tokens, dag.critical_paths(|it| dag[it])).1
}

/// What no order can do better than: the longest path, or all the work shared evenly.
fn bound(dag: &Dag<u64>, tokens: u32) -> u64 {
    let longest = dag.critical_paths(|it| dag[it]).into_iter().max().unwrap_or(0);
    let work: u64 = dag.vertices().map(|it| dag[it]).sum();
    longest.max(work.div_ceil(tokens.into()))
}

/// Builds a graph from durations and predecessors, both by position.
fn graph(vertices: &[(u64, Vec<usize>)]) -> Dag<u64> {
    let mut builder = Dag::builder();
    for (at, (duration, predecessors)) in vertices.iter().enumerate() {
        let predecessors = predecessors.iter().map(ToString::to_string);
        builder.add_vertex(at.to_string(), *duration, predecessors);
    }
    builder.build().expect("a sound graph")
}

/// Twenty short jobs, then a chain of four long ones.
fn chain_declared_last() -> Dag<u64> {
    let short = (0..20).map(|_| (200, vec![]));
    let chain = (20..24).map(|at| (600, if at == 20 { vec![] } else { vec![at - 1] }));
    graph(&short.chain(chain).collect::<Vec<_>>())
}

#[test]
fn s2_a_chain_declared_last_begins_first_when_it_is_known_to_be_long() {
    let dag = chain_declared_last();
    assert_eq!(bound(&dag, 2), 3_200);
    assert_eq!(by_path(&dag, 2), 3_200);
    assert_eq!(timed(&dag, 2, vec![0; dag.len()]).1, 4_400, "in order of submission");
}

#[test]
fn a_job_that_is_alone_is_not_asked_about() {
    let before = |at: usize| at.checked_sub(1).into_iter().collect();
    let chain: Vec<_> = (0..5).map(|at| (7, before(at))).collect();
    let (walk, end) = timed(&graph(&chain), 2, vec![0; 5]);
    assert_eq!((walk.asked, end), (0, 35));
    let fork = [(7, vec![]), (7, vec![0]), (7, vec![0]), (7, vec![1, 2])];
    assert_eq!(timed(&graph(&fork), 2, vec![0; 4]).0.asked, 2);
}

/// A number for each call, the same for the same seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    /// Returns a number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("small");
        usize::try_from((mixed ^ (mixed >> 31)) % limit).expect("below a small number")
    }

    /// Returns a duration: most are short, some are a hundred times as long.
    fn duration(&mut self) -> u64 {
        let scale = [10, 10, 30, 100, 300, 1_000][self.below(6)];
        u64::try_from(scale + self.below(scale)).expect("small")
    }
}

/// A graph of 30 to 200 jobs, in no useful order: loose, in layers, or near to chains.
fn random(numbers: &mut Numbers) -> Dag<u64> {
    let (count, kind, width) = (30 + numbers.below(171), numbers.below(3), 3 + numbers.below(18));
    let mut place: Vec<usize> = (0..count).collect();
    (1..count).for_each(|at| place.swap(at, numbers.below(at + 1)));
    let mut vertices = vec![(0, vec![]); count];
    for at in 0..count {
        let predecessors = match kind {
            0 => {
                (0..numbers.below(4).min(at)).map(|_| at - 1 - numbers.below(at.min(40))).collect()
            }
            1 if at >= width => {
                let layer = at / width * width - width;
                (0..=numbers.below(3)).map(|_| layer + numbers.below(width)).collect()
            }
            2 if at >= width && numbers.below(5) > 0 => {
                vec![at - 1 - numbers.below(at.min(3 * width))]
            }
            _ => vec![],
        };
        let predecessors: Vec<usize> = predecessors.into_iter().map(|it| place[it]).collect();
        vertices[place[at]] = (numbers.duration(), predecessors);
    }
    graph(&vertices)
}

/// Critical-path list scheduling as the books have it, with nothing of walk in it: whenever a
/// token is free, the ready job with the longest path starts.
fn by_the_book(dag: &Dag<u64>, tokens: u32, paths: &[u64]) -> u64 {
    let mut missing: Vec<usize> = dag.vertices().map(|it| dag.predecessors(it).len()).collect();
    let mut ready: Vec<Vertex> = dag.vertices().filter(|it| missing[it.index()] == 0).collect();
    let mut running: Vec<(u64, Vertex)> = Vec::new();
    let mut now = 0;
    loop {
        ready.sort_by_key(|it| paths[it.index()]);
        let free = tokens as usize - running.len();
        let starting = ready.drain(ready.len().saturating_sub(free)..);
        running.extend(starting.map(|it| (now + dag[it], it)));
        let Some(moment) = running.iter().map(|it| it.0).min() else { return now };
        now = moment;
        for (_, ended) in running.extract_if(.., |it| it.0 == moment) {
            for it in dag.successors(ended) {
                missing[it.index()] -= 1;
                ready.extend((missing[it.index()] == 0).then_some(*it));
            }
        }
    }
}

/// Over 100 graphs all end as critical-path list scheduling has it, and all but one of them within
/// 5% of what no order can do better than (of that one the best order found in 20,000 ends 4% above
/// it, this one 7.6%).
#[test]
fn random_graphs_end_within_five_percent_of_the_bound() {
    let mut far = Vec::new();
    for seed in 0..100 {
        let mut numbers = Numbers(seed);
        let dag = random(&mut numbers);
        let tokens = [2, 4, 8][numbers.below(3)];
        let by_path = by_path(&dag, tokens);
        let book = by_the_book(&dag, tokens, &dag.critical_paths(|it| dag[it]));
        let bound = bound(&dag, tokens);
        assert!(by_path * 100 <= book * 105, "seed {seed}: {by_path} by path, {book} by the book");
        far.extend((by_path * 100 > bound * 105).then_some(seed));
    }
    assert_eq!(far, [96], "these are not within 5% of the bound");
}
