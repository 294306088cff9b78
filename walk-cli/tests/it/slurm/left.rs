//! What a walk does about jobs of an earlier one that do not stop when they are told to.

use super::*;

/// A cluster whose only runner hangs, as on a node that is cut off; the walk was killed.
fn hanging() -> Cluster {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin_with_lease("10m");
    kill_process(cluster.pid("100"), Signal::STOP).expect("it runs");
    walk.signal(Signal::KILL);
    walk.wait();
    cluster
}

fn go_on(cluster: &Cluster) {
    kill_process(cluster.pid("100"), Signal::CONT).expect("it is there");
    await_that("its process ends", || has_ended(cluster.pid("100")));
}

/// Ends the first runner, and waits for the end of its command.
fn end(cluster: &Cluster) {
    let starts = cluster.0.read("starts");
    kill_process_group(cluster.pid("100"), Signal::KILL).expect("it is there");
    let command = starts.lines().next().and_then(|it| it.parse().ok()).and_then(Pid::from_raw);
    await_that("the command ends", || has_ended(command.expect("a process")));
}

/// It waited for the whole lease, and nothing was seen on the screen.
#[test]
fn an_unrelated_target_does_not_wait_for_what_a_killed_walk_left() {
    let cluster = hanging();
    let other = "[action.b]\nout = [\"b\"]\nrun = \"echo b > {out}\"\n";
    cluster.0.write("walk.toml", other);
    let done = cluster.walk("");
    let expected = "`a`: its job may still run, told to stop; the next walk looks after it";
    assert!(done.err.contains(expected), "{done:?}");
    done.expect(0);
    go_on(&cluster);
    assert!(!cluster.0.exists("a"));
    cluster.0.write("walk.toml", &other.replace("echo b", "echo c"));
    assert_eq!(cluster.walk("").complains(0), "");
    assert!(!cluster.has_attempts());
}

/// Each walk began to wait anew, and nobody knew for what.
#[test]
fn the_wait_for_a_runner_goes_on_where_it_was_interrupted() {
    let cluster = hanging();
    cluster.0.write("in", "new\n");
    let mut walk = cluster.start("");
    let told = walk.await_err("has not answered");
    assert!(told.contains("s for job 100 of `a`: it was told to stop and"), "{told}");
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    let heard = format!("{}/heard", cluster.attempt());
    let text = cluster.0.read(&heard);
    let mut lines: Vec<&str> = text.split('\n').collect();
    // As if the machine had been started long before.
    assert!(lines[1].parse::<u64>().is_ok(), "{text}");
    lines[1] = "0";
    cluster.0.write(&heard, &lines.join("\n"));
    let spec = format!("{}/spec.json", cluster.attempt());
    let text = cluster.0.read(&spec).replace("\"lease_ms\":600000", "\"lease_ms\":1000");
    cluster.0.write(&spec, &text);
    let walk = cluster.start("");
    cluster.0.await_fifo("up");
    end(&cluster);
    cluster.0.release("gate");
    assert_eq!(walk.wait().complains(0), "");
    assert_eq!(cluster.0.read("a"), "new\n");
}

/// Nobody had claimed it, and nobody could any more.
#[test]
fn what_was_never_begun_is_not_waited_for() {
    let cluster = killed();
    let attempt = cluster.attempt();
    end(&cluster);
    for file in ["claim", "alive"] {
        fs::remove_file(cluster.0.path(&format!("{attempt}/{file}"))).expect("it is there");
    }
    cluster.0.write("in", "new\n");
    // Slurm does not answer for as long as the first of them looks.
    cluster.0.write("slurm/blind", &"\n".repeat(1000));
    let mut walk = cluster.start("");
    walk.await_err("waiting until Slurm says that job 100 of `a` is cancelled");
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    cluster.0.write("slurm/blind", "");
    let mut command = cluster.command("");
    let walk = Running::start({
        command.env("WALK_SLURM_LEASE", "10m");
        command
    });
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    assert_eq!(walk.wait().complains(0), "");
}

#[test]
fn clean_all_stops_what_still_runs_elsewhere() {
    let cluster = killed();
    let dry = cluster.walk("clean --all --dry-run").expect(0);
    assert!(dry.starts_with("would stop 1 job of an earlier walk\n"), "{dry}");
    assert!(!has_ended(cluster.pid("100")));
    let done = cluster.walk("clean --all").expect(0);
    assert!(done.starts_with("stopped 1 job of an earlier walk\n"), "{done}");
    assert!(has_ended(cluster.pid("100")), "it still runs");
    assert!(!cluster.has_attempts());
}

/// What Slurm said of the first attempt did not end its command, and a second one began beside it.
#[test]
fn a_retry_waits_for_the_end_of_what_slurm_gave_up() {
    let manifest = format!("[settings]\ngrace = \"1s\"\n{HELD}retry = {{ times = 1 }}\n");
    let cluster = Cluster::new(&manifest);
    let mut walk = cluster.begin_with_lease("10m");
    kill_process(cluster.pid("100"), Signal::STOP).expect("it runs");
    cluster.0.write("slurm/tasks/100/state", "OUT_OF_MEMORY\n");
    walk.await_err("its job may still run");
    walk.await_err("s for job 100 of `a`: it was told to stop");
    assert_eq!(cluster.calls("sbatch"), 1);
    go_on(&cluster);
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!((&*cluster.0.read("a"), cluster.calls("sbatch")), ("old\n", 2));
}

/// Somebody removed its directory: the job could not be told to stop, and was not cancelled.
#[test]
fn an_interrupt_cancels_what_can_not_be_revoked() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    let attempt = cluster.0.path(&cluster.attempt());
    fs::rename(attempt, cluster.0.path("gone")).expect("ours");
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    await_that("its process ends", || has_ended(cluster.pid("100")));
    assert_eq!(cluster.calls("scancel"), 1);
    assert!(!cluster.has_attempts() && !cluster.0.exists("a"));
}

/// What the number of its job is read from is damaged; its comment names it all the same.
#[test]
fn a_number_of_a_job_that_was_damaged_is_found_again() {
    let cluster = killed();
    cluster.0.write(&format!("{}/job", cluster.attempt()), "\0\0\0");
    let manifest = cluster.0.read("walk.toml").replace("queue = \"cluster\"", "always = false");
    cluster.0.write("walk.toml", &manifest);
    cluster.walk_after_the_first("");
    assert!(!cluster.has_attempts());
}

/// Its action is still there and writes another file, which another action writes by now.
#[test]
fn what_writes_the_file_of_another_action_is_stopped() {
    let cluster = killed();
    let manifest = cluster.0.read("walk.toml").replace("out = [\"a\"]", "out = [\"other\"]");
    let b = "[action.b]\nout = [\"a\"]\nrun = \"echo up > up; cat gate; echo b > {out}\"\n";
    cluster.0.write("walk.toml", &format!("{manifest}{b}"));
    cluster.walk_after_the_first("b");
    assert_eq!(cluster.0.read("a"), "b\n");
}

/// What it wrote is looked after only as far as its specification names it.
#[test]
fn what_is_to_write_more_by_now_is_not_taken_over() {
    let manifest = HELD.replace("{out}", "a");
    let cluster = killed_in(&manifest);
    let more = manifest.replace("out = [\"a\"]", "out = [\"a\", \"more\"]");
    cluster.0.write("walk.toml", &format!("[walk]\nversion = 1\n{QUEUE}{more}"));
    let walk = cluster.start("");
    cluster.0.await_fifo("up");
    assert_eq!(cluster.calls("sbatch"), 2);
    cluster.0.release("gate");
    assert!(walk.wait().expect(1).contains("more"));
}

/// Nothing was known of its job when its lease was over, and so nothing was cancelled.
#[test]
fn a_job_whose_number_was_lost_is_looked_for_before_it_is_given_up() {
    let cluster = killed();
    kill_process(cluster.pid("100"), Signal::STOP).expect("it runs");
    cluster.0.write(&format!("{}/job", cluster.attempt()), "");
    let spec = format!("{}/spec.json", cluster.attempt());
    let text = cluster.0.read(&spec).replace("\"lease_ms\":2000", "\"lease_ms\":1000");
    cluster.0.write(&spec, &text);
    cluster.0.write("in", "new\n");
    cluster.0.write("slurm/dark", "");
    let mut walk = cluster.start("");
    walk.await_err("waiting until Slurm says that a job of `a` is cancelled");
    fs::remove_file(cluster.0.path("slurm/dark")).expect("ours");
    cluster.0.await_fifo("up");
    assert_eq!(cluster.calls("scancel"), 1);
    end(&cluster);
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!(cluster.0.read("a"), "new\n");
}
