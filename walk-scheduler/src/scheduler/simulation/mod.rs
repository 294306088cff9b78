//! The scheduler against a model of it, in a simulated world.
//!
//! A case is a script of calls and of what happens meanwhile: jobs end, time passes, the run is
//! suspended, resumed, interrupted, killed, the load changes; between two calls, inside one, and
//! whenever the scheduler would sleep. Nothing of it takes real time or a second thread, and each
//! answer is compared with that of a model. What only real threads can show is in `tests/it`.

#[path = "../../../tests/it/cases.rs"]
mod cases;
mod model;
mod script;
mod world;

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::test_runner::TestCaseError;

use cases::prove;
use model::{Known, Model, Running, Tag};
use script::{Call, Delay, Script, Spec};
use world::{Players, demand, meanwhile, with};

use super::{Finished, Ready, Scheduler, Wake};
use crate::limits::Limits;
use crate::{Ending, InterruptCause, JobStatus, SchedulingParams};

#[test]
fn s1_to_s8_whatever_happens_the_scheduler_does_as_its_model() {
    prove(1_000, 100_000, &script::script(), |script| {
        play(script);
        world::complaint().map_or(Ok(()), |it| Err(TestCaseError::fail(it)))
    });
}

/// A scheduler with its owner, who keeps what was handed out and not started.
struct Play {
    scheduler: Scheduler<Tag>,
    ready: Vec<Ready<Tag>>,
}

fn play(script: Script) {
    let model = Model { limits: script.limits.clone(), ..Model::default() };
    let interrupt = world::create(model, script.events);
    world::happen(&script.before);
    let queues = script.limits.capacities.iter().enumerate();
    let params = SchedulingParams {
        queues: queues.map(|(name, &capacity)| (name.to_string(), capacity)).collect(),
        max_active: script
            .limits
            .max_active
            .and_then(|it| NonZeroU32::new(u32::try_from(it).ok()?)),
        max_load: script.limits.max_load,
        interrupt,
        ..SchedulingParams::default()
    };
    let limits = Limits::new(&params, world::load);
    let scheduler = Scheduler::with(&params, limits, Box::new(Players));
    let mut play = Play { scheduler, ready: Vec::new() };
    for call in script.calls {
        play.call(call);
        play.compare();
    }
    if script.is_dropped { play.leave() } else { play.go_on_to_the_end() }
}

impl Play {
    fn call(&mut self, call: Call) {
        match call {
            Call::Submit(spec, delay) => self.submit_new(spec, delay),
            Call::NextReady => drop(self.next_ready()),
            Call::Start(number) => {
                if let Some(place) = number.checked_rem(self.ready.len()) {
                    self.start(place);
                }
            }
            Call::StartAll => self.start_all(),
            Call::Wait => drop(self.wait()),
            Call::TryWait => self.try_wait(),
            Call::Clear => self.clear(),
            Call::Interrupt => self.interrupt(),
            Call::LetHappen(event) => world::happen(&event),
        }
    }

    fn submit_new(&mut self, mut spec: Spec, delay: Option<Delay>) {
        let tag = with(|world| {
            let capacities = &world.model.limits.capacities;
            spec.queue %= capacities.len();
            spec.tokens %= capacities[spec.queue] + 1;
            world.model.jobs.push(Known { spec, attempts: 0, collected: 0 });
            world.model.jobs.len() - 1
        });
        self.submit(tag, world::job(tag), delay);
    }

    fn submit(&mut self, tag: Tag, job: crate::Job, delay: Option<Delay>) {
        let delay = delay.map(Duration::from);
        let submitted = meanwhile(|| match delay {
            None => self.scheduler.submit(tag, job),
            Some(delay) => self.scheduler.submit_after(tag, job, delay),
        });
        demand(submitted.is_ok(), || format!("job {tag} was made to fit: {submitted:?}"));
        with(|world| {
            if delay.is_none() && !world.was_stopped {
                world.model.notice();
            }
            world.model.submit(tag, delay);
        });
    }

    /// Takes the next job, which has to be the one that the model says.
    fn next_ready(&mut self) -> Option<()> {
        let ready = meanwhile(|| self.scheduler.next_ready());
        let got = ready.as_ref().map(|it| it.tag);
        let (expected, may_be_none) = with(|world| {
            if !world.was_stopped && world.model.is_open() {
                world.model.notice();
            }
            let expected = if world.was_stopped { None } else { world.model.next() };
            (expected, expected.is_none() || world.model.is_stopped)
        });
        let is_right = got == expected || (got.is_none() && may_be_none);
        demand(is_right, || format!("job {got:?} is ready, and should be {expected:?}"));
        let ready = ready?;
        with(|world| world.model.hand_out(ready.tag));
        self.ready.push(ready);
        Some(())
    }

    fn start(&mut self, place: usize) {
        let ready = self.ready.remove(place);
        let (tag, announced) = (ready.tag, self.scheduler.next_slot());
        let slot = meanwhile(|| self.scheduler.start(ready));
        let expected = with(|world| world.model.start(tag));
        demand((announced, slot) == (expected, expected), || {
            format!("announced slot {announced}, used slot {slot}, and should be {expected}")
        });
    }

    fn start_all(&mut self) {
        while self.next_ready().is_some() {}
        while !self.ready.is_empty() {
            self.start(0);
        }
    }

    /// Waits; returns `None` if there is nothing to wait for.
    fn wait(&mut self) -> Option<()> {
        let wake = meanwhile(|| self.scheduler.wait());
        match wake {
            Wake::Finished(finished) => self.collect(finished),
            Wake::Ready => {
                let is_right = with(|world| !world.was_stopped && world.model.has_news());
                demand(is_right, || "it says that jobs are ready, and none can be".to_owned());
                with(|world| world.model.notice());
            }
            Wake::Idle => {
                let is_right = with(|world| world.model.is_idle());
                demand(is_right, || "it is idle, and should not be".to_owned());
                return None;
            }
        }
        Some(())
    }

    fn try_wait(&mut self) {
        if let Some(finished) = meanwhile(|| self.scheduler.try_wait()) {
            return self.collect(finished);
        }
        let ended = with(|world| world.model.ended.clone());
        demand(ended.is_empty(), || format!("jobs in slots {ended:?} have ended"));
    }

    /// Compares a job that ended with what the model knows of it.
    fn collect(&mut self, Finished { tag, outcome }: Finished<Tag>) {
        let Some((slot, running)) = with(|world| world.model.collect()) else {
            return demand(false, || format!("job {tag} is collected, and none has ended"));
        };
        demand((tag, outcome.slot) == (running.tag, slot), || {
            format!("job {tag} in slot {} is collected before that in slot {slot}", outcome.slot)
        });
        let attempts = with(|world| world.model.jobs[tag].attempts);
        demand(outcome.attempt == attempts, || {
            format!("{} is attempt {attempts}", outcome.attempt)
        });
        let spec = with(|world| world.model.spec(tag).clone());
        check_end(&running, &spec, &outcome);
        if outcome.status == JobStatus::NotReady {
            self.submit(tag, outcome.job, spec.again);
        }
    }

    fn clear(&mut self) {
        let mut cleared = meanwhile(|| self.scheduler.clear_waiting());
        let mut waiting = with(|world| std::mem::take(&mut world.model.waiting));
        cleared.sort_unstable();
        waiting.sort_by_key(|it| it.tag);
        let expected: Vec<_> = waiting.iter().map(|it| it.tag).collect();
        demand(cleared == expected, || {
            format!("{cleared:?} are forgotten instead of {expected:?}")
        });
    }

    fn interrupt(&mut self) {
        with(|world| world.model.is_stopped = true);
        meanwhile(|| self.scheduler.interrupt());
        let untold = with(|world| world.untold());
        demand(untold.is_none(), || format!("job {untold:?} was not told of the interruption"));
    }

    /// Compares what can be seen at any time.
    fn compare(&self) {
        let scheduler = &self.scheduler;
        let seen = (scheduler.running(), scheduler.max_active_jobs(), scheduler.is_interrupted());
        let seen = (seen, scheduler.run.is_killed(), scheduler.run.clock().now());
        let expected = with(|world| {
            let model = &world.model;
            let seen = (model.running.len(), model.most_running, model.is_stopped);
            (seen, model.is_killed, model.now)
        });
        demand(seen == expected, || format!("{seen:?} instead of {expected:?}"));
    }

    /// Starts and waits until nothing is left, as every owner does.
    fn go_on_to_the_end(mut self) {
        loop {
            self.start_all();
            if self.wait().is_none() || world::complaint().is_some() {
                break;
            }
            self.compare();
        }
        self.compare();
        let left = with(|world| {
            let model = &world.model;
            let mut left = model.jobs.iter().filter(|it| it.attempts != it.collected);
            let is_lost = left.next().is_some() || !(model.is_stopped || model.waiting.is_empty());
            is_lost.then(|| format!("{model:?}"))
        });
        demand(left.is_none(), || format!("something is left: {left:?}"));
    }

    /// Drops the scheduler, which must end what runs.
    fn leave(self) {
        with(|world| world.model.is_stopped |= !world.model.running.is_empty());
        meanwhile(|| drop(self.scheduler));
    }
}

fn check_end(running: &Running, spec: &Spec, outcome: &crate::JobOutcome) {
    let is_ready = outcome.attempt > spec.not_ready;
    let expected = match (outcome.interrupted, spec.end) {
        (Some(cause), _) => (JobStatus::Failure, Some(Ending::Interrupted(cause))),
        (None, _) if !is_ready => (JobStatus::NotReady, None),
        (None, script::End::With(status)) => (status, None),
        (None, script::End::Panic) => {
            (JobStatus::Failure, Some(Ending::Panicked("as asked".to_owned())))
        }
    };
    let seen = (outcome.status, outcome.ending.clone());
    demand(seen == expected, || format!("{seen:?} instead of {expected:?}"));
    let (said, may_say): (Option<InterruptCause>, _) = (outcome.interrupted, &running.may_say);
    demand(may_say.contains(&said), || format!("interrupted by {said:?} and not {may_say:?}"));
}
