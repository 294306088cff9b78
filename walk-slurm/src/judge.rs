//! What `squeue` says of a job whose result is not there, and what follows from it.
//!
//! One pure function, so that its table can be read and tested. It never hears of a failing
//! `squeue`: that means nothing.

use std::time::Duration;

use crate::slurm::Line;

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// It may still run, or come to.
    Wait,
    /// It may still come to run, but a person should know why it does not.
    Worry(String),
    /// It is lost: another attempt is needed.
    Lost(String),
    /// It can never run, or was ended for a reason that another attempt does not change.
    Failed(String),
    /// It ran for longer than Slurm allows.
    TimedOut,
}

/// What is known of a job from several looks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looks {
    /// In how many good looks in a row it was not there.
    pub(crate) absent: u32,
    /// How long ago it was submitted.
    pub(crate) age: Duration,
    /// Since when it has been in a state in which it runs no more.
    pub(crate) over_for: Duration,
}

/// How many good looks have to miss a job that was submitted.
const LOOKS: u32 = 4;

/// How old it has to be then.
const YOUNG: Duration = Duration::from_secs(60);

/// How long a result may take to be seen after Slurm says that the job is over.
const LATE: Duration = Duration::from_secs(30);

const NEVER: [&str; 12] = [
    "PartitionConfig",
    "BadConstraints",
    "JobHeldAdmin",
    "JobHeldUser",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "PartitionDown",
    "PartitionInactive",
    "InvalidAccount",
    "InvalidQOS",
    "DependencyNeverSatisfied",
    "AccountNotAllowed",
];

/// Judges a job whose result is not there; `line` is what the last good look saw of it.
pub(crate) fn judge(line: Option<&Line>, looks: Looks) -> Opinion {
    let Some(line) = line else {
        if looks.absent >= LOOKS && looks.age > YOUNG {
            return Opinion::Lost("Slurm knows nothing of its job any more".into());
        }
        return Opinion::Wait;
    };
    let at = if line.node.is_empty() { String::new() } else { format!(" on {}", line.node) };
    match line.state.as_str() {
        "PENDING" => pending(&line.reason),
        "NODE_FAIL" | "BOOT_FAIL" | "PREEMPTED" | "REVOKED" => {
            Opinion::Lost(format!("{}{at}", line.state))
        }
        "OUT_OF_MEMORY" => Opinion::Failed(format!("out of memory{at} (Slurm: OUT_OF_MEMORY)")),
        "TIMEOUT" | "DEADLINE" => Opinion::TimedOut,
        "CANCELLED" => Opinion::Failed(format!("cancelled by somebody else{at}")),
        "COMPLETED" | "FAILED" if looks.over_for > LATE => {
            Opinion::Lost(format!("its job ended{at} ({}) and left no result", line.state))
        }
        _ => Opinion::Wait,
    }
}

fn pending(reason: &str) -> Opinion {
    let name = reason.trim_matches(|it| it == '(' || it == ')');
    if name.starts_with("launch failed") {
        return Opinion::Lost(format!("held by Slurm: {name}"));
    }
    if NEVER.iter().any(|it| name.starts_with(it)) {
        return Opinion::Failed(format!("Slurm will never start its job: {name}"));
    }
    let worrying = ["ReqNodeNotAvail", "Nodes_required_for_job_are_DOWN", "Nodes required for job"];
    if worrying.iter().any(|it| name.starts_with(it)) {
        return Opinion::Worry(name.into());
    }
    Opinion::Wait
}

/// Returns whether a job in this state runs no more; in one that nobody knows it may.
pub(crate) fn is_over(state: &str) -> bool {
    [
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    ]
    .contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: &str, reason: &str, looks: Looks, expected: &Opinion) {
        let line = Line {
            job: "7".into(),
            comment: "a.1".into(),
            state: state.into(),
            reason: reason.into(),
            node: "n1".into(),
        };
        assert_eq!(judge(Some(&line), looks), *expected, "{state} {reason}");
    }

    #[test]
    fn each_state_of_slurm_has_its_meaning() {
        let now = Looks::default();
        let later = Looks { over_for: Duration::from_secs(31), ..now };
        let lost = |text: &str| Opinion::Lost(text.into());
        let failed = |text: &str| Opinion::Failed(text.into());
        for state in ["CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED"] {
            check(state, "None", later, &Opinion::Wait);
        }
        check("PENDING", "Resources", later, &Opinion::Wait);
        check("PENDING", "Priority", now, &Opinion::Wait);
        check(
            "PENDING",
            "PartitionConfig",
            now,
            &failed("Slurm will never start its job: PartitionConfig"),
        );
        check(
            "PENDING",
            "(JobHeldAdmin)",
            now,
            &failed("Slurm will never start its job: JobHeldAdmin"),
        );
        check(
            "PENDING",
            "launch failed requeued held",
            now,
            &lost("held by Slurm: launch failed requeued held"),
        );
        check(
            "PENDING",
            "ReqNodeNotAvail, UnavailableNodes:n1",
            now,
            &Opinion::Worry("ReqNodeNotAvail, UnavailableNodes:n1".into()),
        );
        check("NODE_FAIL", "None", now, &lost("NODE_FAIL on n1"));
        check("PREEMPTED", "None", now, &lost("PREEMPTED on n1"));
        check("OUT_OF_MEMORY", "None", now, &failed("out of memory on n1 (Slurm: OUT_OF_MEMORY)"));
        check("TIMEOUT", "None", now, &Opinion::TimedOut);
        check("CANCELLED", "None", now, &failed("cancelled by somebody else on n1"));
        check("COMPLETED", "None", now, &Opinion::Wait);
        check(
            "COMPLETED",
            "None",
            later,
            &lost("its job ended on n1 (COMPLETED) and left no result"),
        );
        check(
            "FAILED",
            "JobLaunchFailure",
            later,
            &lost("its job ended on n1 (FAILED) and left no result"),
        );
    }

    /// That of a Slurm that is newer than this, or what is left of a line.
    #[test]
    fn a_job_in_a_state_that_nobody_knows_may_run() {
        for state in ["POWER_UP_NODE", "EXPEDITING", "RUNN", ""] {
            assert!(!is_over(state), "{state:?}");
        }
        for state in ["COMPLETED", "CANCELLED", "REVOKED"] {
            assert!(is_over(state), "{state:?}");
        }
    }

    /// A job is purged some time after its end; one that was just submitted may not be seen yet.
    #[test]
    fn what_is_not_there_is_lost_only_after_a_while() {
        let old = Duration::from_secs(61);
        let lost = |absent, age| {
            matches!(judge(None, Looks { absent, age, ..Looks::default() }), Opinion::Lost(_))
        };
        assert!(lost(4, old));
        assert!(!lost(3, old));
        assert!(!lost(40, Duration::from_secs(50)));
    }
}
