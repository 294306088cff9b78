//! Actions that Slurm runs, with stand-ins for its programs: what a walk makes of what they say.
//! What a real cluster does is tried by `cargo xtask acceptance slurm`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::project::{Done, Project, Running};

mod damage;
mod left;

/// How long a runner is believed to live of which nothing is heard.
const LEASE: &str = "2s";

const QUEUE: &str = "[queues]\ncluster = { engine = \"slurm\" }\n";

/// A project, and a cluster of the same directory.
struct Cluster(Project);

impl Cluster {
    fn new(manifest: &str) -> Self {
        let project = Project::new(&format!("{QUEUE}{manifest}"));
        let programs = [
            ("sbatch", include_str!("slurm/sbatch.sh")),
            ("squeue", include_str!("slurm/squeue.sh")),
            ("scancel", include_str!("slurm/scancel.sh")),
        ];
        for (name, script) in programs {
            project.write(&format!("bin/{name}"), script);
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(project.path(&format!("bin/{name}")), mode).expect("ours");
        }
        project.write("slurm/calls", "");
        for dir in ["slurm/jobs", "slurm/tasks"] {
            fs::create_dir_all(project.path(dir)).expect("it can be made");
        }
        Self(project)
    }

    fn command(&self, args: &str) -> Command {
        let mut command = self.0.command(args);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.0.path("bin").display()));
        command.env("FAKE_SLURM", self.0.path("slurm"));
        command.env("WALK_SLURM_POLL", "50ms").env("WALK_SLURM_LEASE", LEASE);
        command
    }

    fn walk(&self, args: &str) -> Done {
        Done::of(self.command(args).output().expect("it runs"))
    }

    fn start(&self, args: &str) -> Running {
        Running::start(self.command(args))
    }

    /// Starts a walk of `HELD`, and waits until its action is at the gate.
    fn begin(&self) -> Running {
        self.begin_with_lease(LEASE)
    }

    fn begin_with_lease(&self, lease: &str) -> Running {
        self.0.write("in", "old\n");
        self.0.fifo("up");
        self.0.fifo("gate");
        let mut command = self.command("");
        command.env("WALK_SLURM_LEASE", lease);
        let walk = Running::start(command);
        self.0.await_fifo("up");
        walk
    }

    /// Walks well, and sees that the action at the gate begins when the first job is no more.
    #[track_caller]
    fn walk_after_the_first(&self, args: &str) {
        let walk = self.start(args);
        assert_eq!(self.0.await_fifo("up"), "up");
        assert!(has_ended(self.pid("100")), "two run at the same time");
        self.0.release("gate");
        walk.wait().expect(0);
    }

    /// Returns how often a program was called.
    fn calls(&self, program: &str) -> usize {
        let calls = self.0.read("slurm/calls");
        calls.lines().filter(|it| it.split(' ').next() == Some(program)).count()
    }

    fn tasks(&self) -> Vec<String> {
        let tasks = fs::read_dir(self.0.path("slurm/tasks")).expect("it is there");
        let mut tasks: Vec<String> = tasks
            .map(|it| it.expect("it can be read").file_name().to_string_lossy().into_owned())
            .collect();
        tasks.sort();
        tasks
    }

    fn pid(&self, task: &str) -> Pid {
        let text = self.0.read(&format!("slurm/tasks/{task}/pid"));
        Pid::from_raw(text.trim().parse().expect("a number")).expect("it is not zero")
    }

    /// Returns the directory of the only attempt.
    fn attempt(&self) -> String {
        let task = fs::read_to_string(self.0.path("slurm/tasks/100/comment")).expect("a job");
        format!(".walk/slurm/a/{}", task.trim())
    }

    fn has_attempts(&self) -> bool {
        fs::read_dir(self.0.path(".walk/slurm/a")).is_ok_and(|mut it| it.next().is_some())
    }
}

/// Waits until `is_so`.
#[track_caller]
fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}

fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.map_or(true, |it| it.contains(") Z "))
}

#[test]
fn actions_of_a_queue_of_slurm_run_there_and_the_others_here() {
    let cluster = Cluster::new(
        "[action.here]\nrun = \"echo ${SLURM_JOB_ID:-none} > {out}\"\nout = [\"here\"]\n\
         [action.there]\nqueue = \"cluster\"\nin = [\"here\"]\nout = [\"there\", \"staged\"]\n\
         cpus = 2\nmem = \"1G\"\nslurm = [\"--licenses=cc:1\"]\n\
         run = \"echo said; cat here > there; echo $SLURM_JOB_ID >> there; echo s > $WALK_OUT/staged\"\n",
    );
    let out = cluster.walk("").expect(0);
    assert!(out.contains("said"), "{out}");
    assert_eq!(cluster.0.read("there"), "none\n100\n");
    assert_eq!(cluster.0.read("staged"), "s\n");
    let calls = cluster.0.read("slurm/calls");
    for word in ["--cpus-per-task=2", "--mem=1G", "--licenses=cc:1", "--no-requeue"] {
        assert!(calls.contains(word), "{word}: {calls}");
    }
    assert!(!cluster.has_attempts());
    assert!(
        cluster.walk("").expect(0).starts_with("up to date"),
        "a second walk has nothing to do"
    );
    assert_eq!(cluster.calls("sbatch"), 1);
}

#[test]
fn engine_sends_the_default_queue_there_and_here_the_same_is_up_to_date() {
    let cluster = Cluster::new(
        "[action.a]\nrun = \"echo ${SLURM_JOB_ID:-none} > id; echo made > $WALK_OUT/{out}\"\n\
         out = [\"out/a\"]\n",
    );
    cluster.walk("--engine slurm").expect(0);
    assert_eq!((&*cluster.0.read("id"), &*cluster.0.read("out/a")), ("100\n", "made\n"));
    assert!(cluster.walk("").expect(0).starts_with("up to date"));
    cluster.walk("-B").expect(0);
    assert_eq!((&*cluster.0.read("id"), &*cluster.0.read("out/a")), ("none\n", "made\n"));
}

#[test]
fn what_ends_badly_there_is_told_as_here() {
    let cluster = Cluster::new(
        "[settings]\nkeep-going = true\n\
         [action.fails]\nrun = \"echo oops; exit 3\"\nqueue = \"cluster\"\n\
         [action.slow]\nrun = \"exec sleep 100\"\ntimeout = \"200ms\"\nqueue = \"cluster\"\n\
         [action.killed]\nrun = \"kill -11 $$\"\nqueue = \"cluster\"\n\
         [action.absent]\nrun = [\"no-such-program\"]\nqueue = \"cluster\"\n\
         [action.partial]\nrun = \"echo x > {out}; exit 1\"\nout = [\"p\"]\nqueue = \"cluster\"\n",
    );
    let out = cluster.walk("").expect(1);
    for text in [
        "fails   exit 3",
        "| oops",
        "slow   interrupted: timeout",
        "killed   killed by SIGSEGV",
        "absent   cannot run `no-such-program`",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }
    assert!(!cluster.0.exists("p"), "what a failed action wrote is removed");
    assert!(!cluster.has_attempts());
}

#[test]
fn a_job_that_can_not_be_submitted_fails_with_what_slurm_says() {
    let cluster = Cluster::new("[action.a]\nrun = \"true\"\nqueue = \"cluster\"\n");
    cluster.0.write("slurm/refuse", "sbatch: error: invalid partition specified: nope\n");
    let out = cluster.walk("").expect(1);
    assert!(out.contains("cannot submit its job: sbatch: error: invalid partition"), "{out}");
    assert!(!cluster.has_attempts());
}

#[test]
fn a_job_that_can_never_start_fails_with_slurms_reason() {
    let cluster = Cluster::new("[action.a]\nrun = \"true\"\nqueue = \"cluster\"\n");
    let squeue = "#!/bin/sh\ncat $FAKE_SLURM/tasks/*/comment 2> /dev/null | \
                  sed 's/.*/100|&|PENDING||PartitionConfig/'\n";
    cluster.0.write("bin/squeue", squeue);
    cluster.0.write("bin/setsid", "#!/bin/sh\n");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(cluster.0.path("bin/setsid"), mode).expect("ours");
    let out = cluster.walk("").expect(1);
    let why = "Slurm will never start its job: PartitionConfig (asked for --nodes=1 --ntasks=1)";
    assert!(out.contains(why), "{out}");
    assert_eq!(cluster.calls("scancel"), 1);
}

/// A controller that does not answer in time may have taken the job all the same.
#[test]
fn a_submission_that_failed_in_word_only_runs_once() {
    let cluster = Cluster::new(
        "[action.a]\nrun = \"echo ran >> {out}\"\nout = [\"a\"]\nqueue = \"cluster\"\n",
    );
    cluster.0.write("slurm/lie", "sbatch: error: Socket timed out on send/recv operation\n");
    cluster.walk("").expect(0);
    assert_eq!(cluster.0.read("a"), "ran\n");
}

#[test]
fn a_queue_that_can_not_be_asked_fails_nothing() {
    let cluster = Cluster::new("[action.a]\nrun = \"true\"\nqueue = \"cluster\"\n");
    cluster.0.write("slurm/blind", &"\n".repeat(1000));
    cluster.walk("").expect(0);
}

#[test]
fn many_that_ask_the_same_go_as_an_array() {
    let numbers: Vec<String> = (0..25).map(|it| format!("\"{it}\"")).collect();
    let cluster = Cluster::new(&format!(
        "[action.a]\nmatrix = {{ n = [{}] }}\nrun = \"echo {{n}} > {{out}}\"\nout = [\"o/{{n}}\"]\n\
         queue = \"cluster\"\n",
        numbers.join(", ")
    ));
    cluster.walk("").expect(0);
    assert_eq!(cluster.0.read("o/24"), "24\n");
    assert!(cluster.calls("sbatch") < 25, "{}", cluster.0.read("slurm/calls"));
    assert!(cluster.0.read("slurm/calls").contains("--array=0-"));
}

/// Slurm takes an array as a whole or not at all.
#[test]
fn an_array_that_slurm_has_no_room_for_is_submitted_one_by_one() {
    let numbers: Vec<String> = (0..22).map(|it| format!("\"{it}\"")).collect();
    let cluster = Cluster::new(&format!(
        "[action.a]\nmatrix = {{ n = [{}] }}\nrun = \"true\"\nqueue = \"cluster\"\n",
        numbers.join(", ")
    ));
    let full = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n";
    cluster.0.write("slurm/refuse", full);
    cluster.walk("").expect(0);
    assert_eq!(cluster.calls("sbatch"), 23);
}

const HELD: &str = "[action.a]\nin = [\"in\"]\nout = [\"a\"]\nqueue = \"cluster\"\n\
     run = \"echo $$ >> starts; echo up > up; cat gate; cat in > {out}\"\n";

/// A cluster with an action that waits at a gate, and a walk that was killed while it does.
fn killed() -> Cluster {
    killed_in(HELD)
}

fn killed_in(manifest: &str) -> Cluster {
    let cluster = Cluster::new(manifest);
    let walk = cluster.begin();
    walk.signal(Signal::KILL);
    walk.wait();
    cluster
}

#[test]
fn what_a_killed_walk_left_running_is_taken_over() {
    let cluster = killed();
    let walk = cluster.start("");
    await_that("the walk waits for it", || cluster.0.exists(".walk/slurm/squeue"));
    cluster.0.release("gate");
    let out = walk.wait().expect(0);
    assert!(out.contains("  begun by an earlier walk"), "{out}");
    assert_eq!(cluster.0.read("a"), "old\n");
    assert_eq!(cluster.calls("sbatch"), 1);
    assert!(cluster.walk("").expect(0).starts_with("up to date"));
}

#[test]
fn what_ended_while_nobody_walked_is_collected() {
    let cluster = killed();
    cluster.0.release("gate");
    await_that("it ends", || has_ended(cluster.pid("100")));
    cluster.walk("").expect(0);
    assert_eq!((&*cluster.0.read("a"), cluster.calls("sbatch")), ("old\n", 1));
}

/// The depfile that an earlier walk had made is as good as its output.
#[test]
fn a_depfile_is_collected_with_what_ended_while_nobody_walked() {
    let held = HELD.replace("cat in > {out}", "cat in > {out}; echo 'a: in' > d");
    let cluster = killed_in(&format!("{held}depfile = \"d\"\n"));
    cluster.0.release("gate");
    await_that("it ends", || has_ended(cluster.pid("100")));
    cluster.walk("").expect(0);
    assert_eq!((&*cluster.0.read("a"), cluster.calls("sbatch")), ("old\n", 1));
    assert!(cluster.walk("").expect(0).starts_with("up to date"));
}

/// The result is in the cache, and an earlier walk still has it made of something else.
#[test]
fn what_still_runs_does_not_write_over_what_was_restored() {
    let held = HELD.replace("[action.a]", "[cache]\n[action.a]");
    let caches = tempfile::tempdir().expect("a directory");
    let walk = |cluster: &Cluster| {
        let mut command = cluster.command("");
        command.env("XDG_CACHE_HOME", caches.path());
        Running::start(command)
    };
    let cluster = Cluster::new(&held);
    cluster.0.write("in", "new\n");
    cluster.0.fifo("up");
    cluster.0.fifo("gate");
    let first = walk(&cluster);
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    first.wait().expect(0);
    cluster.0.write("in", "old\n");
    let second = walk(&cluster);
    cluster.0.await_fifo("up");
    second.signal(Signal::KILL);
    second.wait();
    cluster.0.write("in", "new\n");
    let last = walk(&cluster);
    cluster.0.await_fifo("up");
    assert!(has_ended(cluster.pid("101")), "it still runs on the cluster");
    cluster.0.release("gate");
    last.wait().expect(0);
    assert_eq!((&*cluster.0.read("a"), cluster.calls("sbatch")), ("new\n", 3));
}

#[test]
fn what_a_killed_walk_left_running_is_stopped_if_its_input_is_another() {
    let cluster = killed();
    cluster.0.write("in", "new\n");
    cluster.walk_after_the_first("");
    assert_eq!((&*cluster.0.read("a"), cluster.calls("sbatch")), ("new\n", 2));
}

/// What it was for is lost, and it still writes.
#[test]
fn what_a_killed_walk_left_running_is_stopped_if_its_specification_is_damaged() {
    let cluster = killed();
    cluster.0.write(&format!("{}/spec.json", cluster.attempt()), "{\"version\":");
    cluster.walk_after_the_first("");
    assert!(!cluster.has_attempts());
}

#[test]
fn a_result_that_was_changed_before_it_was_collected_is_made_again() {
    let cluster = killed();
    cluster.0.release("gate");
    await_that("it ends", || has_ended(cluster.pid("100")));
    cluster.0.write("a", "not what it made\n");
    let walk = cluster.start("");
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!(cluster.0.read("a"), "old\n");
}

#[test]
fn an_attempt_that_nobody_asks_for_any_more_is_stopped_by_the_next_walk() {
    let cluster = killed();
    let manifest = cluster.0.read("walk.toml").replace("queue = \"cluster\"", "always = false");
    cluster.0.write("walk.toml", &manifest);
    cluster.walk_after_the_first("");
}

#[test]
fn interrupt_leaves_nothing_on_the_cluster() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    await_that("its process ends", || has_ended(cluster.pid("100")));
    assert_eq!(cluster.calls("scancel"), 1);
    assert!(!cluster.has_attempts());
}

/// It was asked about what had ended only while something else ran.
#[test]
fn a_single_job_that_was_out_of_memory_is_told_as_that() {
    let cluster = Cluster::new(
        "[action.a]\nqueue = \"cluster\"\nout = []\n\
         run = \"echo OUT_OF_MEMORY > slurm/tasks/100/state; kill -9 $$\"\n",
    );
    // Nobody looks before somebody wonders.
    let mut command = cluster.command("");
    let done = Done::of(command.env("WALK_SLURM_POLL", "1h").output().expect("it runs"));
    let out = done.expect(1);
    assert!(out.contains("out of memory on n1 (Slurm: OUT_OF_MEMORY)"), "{out}");
}

/// A runner that does not end; the walk is told a second time.
#[test]
fn a_second_interrupt_waits_for_nothing_on_the_cluster() {
    let cluster = Cluster::new(&format!("[settings]\ngrace = \"10m\"\n{HELD}"));
    let walk = cluster.begin_with_lease("10m");
    kill_process(cluster.pid("100"), Signal::STOP).expect("it runs");
    walk.signal(Signal::INT);
    await_that("it is to be cancelled", || cluster.calls("scancel") == 1);
    walk.signal(Signal::INT);
    let pid = walk.pid();
    await_that("the walk ends", || has_ended(pid));
    assert!(walk.wait().complains(130).contains("its job may still run"));
    kill_process(cluster.pid("100"), Signal::CONT).expect("it is there");
    await_that("its process ends", || has_ended(cluster.pid("100")));
    assert_eq!(fs::metadata(cluster.0.path("a")).ok().map(|it| it.len()), None);
}

/// A node that dies: nothing is heard of its runner, and Slurm says so after a while.
#[test]
fn what_a_dead_node_ran_runs_again_elsewhere() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    let starts = cluster.0.read("starts");
    kill_process_group(cluster.pid("100"), Signal::KILL).expect("it runs");
    let command = starts.trim().parse().ok().and_then(Pid::from_raw).expect("a process");
    // Its guardian ends the command too, if it has not died with the node.
    await_that("the command ends", || has_ended(command));
    cluster.0.write("slurm/tasks/100/state", "NODE_FAIL\n");
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    let done = walk.wait();
    assert!(done.err.contains("NODE_FAIL on n1: trying again"), "{done:?}");
    done.expect(0);
    assert_eq!((&*cluster.0.read("a"), cluster.tasks().len()), ("old\n", 2));
}

/// A node that is cut off from the controller and not from the files: its job still runs.
#[test]
fn what_a_lost_node_still_runs_is_stopped_before_it_runs_elsewhere() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    cluster.0.write("slurm/tasks/100/state", "NODE_FAIL\n");
    cluster.0.await_fifo("up");
    assert!(has_ended(cluster.pid("100")), "two attempts run at the same time");
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!(cluster.0.read("starts").lines().count(), 2);
}

#[test]
fn wrong_queues_are_refused_with_what_would_be_right() {
    let check = |queue: &str, expected: &str| {
        let project = Project::new(&format!("[queues]\n{queue}\n[action.a]\nrun = \"true\"\n"));
        let err = project.walk("check").complains(2);
        assert!(err.contains(expected), "{queue}: {err}");
    };
    check("q = { engine = \"slrum\" }", "unknown engine `slrum`");
    check("q = { partition = \"main\" }", "`partition` without `engine`");
    check("q = { }", "without `tokens`");
    check("q = { engine = \"slurm\", nodes = 3 }", "unknown key `nodes`");
    check("q = \"3\"", "a whole number from 0 to 4294967295, or a table");
    let ok = "[queues]\nq = { tokens = 2 }\n[action.a]\nrun = \"true\"\nqueue = \"q\"\n";
    Project::new(ok).walk("").expect(0);
}

/// Without the programs there is one clear failure, and not a hang.
#[test]
fn without_slurm_its_actions_fail_and_say_why() {
    let project =
        Project::new(&format!("{QUEUE}[action.a]\nrun = \"true\"\nqueue = \"cluster\"\n"));
    let mut command = project.command("");
    let bin = project.path("tools");
    fs::create_dir(&bin).expect("it can be made");
    for tool in ["sh", "env", "grep", "sleep"] {
        let found = ["/usr/bin", "/bin"].map(|it| Path::new(it).join(tool));
        let found = found.iter().find(|it| it.exists()).expect("it is there");
        std::os::unix::fs::symlink(found, bin.join(tool)).expect("a link");
    }
    command.env("PATH", &bin);
    let out = Done::of(command.output().expect("it runs")).expect(1);
    assert!(out.contains("there is no `sbatch` here"), "{out}");
}
