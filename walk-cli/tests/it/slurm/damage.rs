//! What a walk does when the files of its jobs are not what it wrote, or Slurm answers oddly.

use super::*;

/// Somebody removed its directory: there was no second attempt, only a file that could not be written.
#[test]
fn what_lost_its_directory_runs_again() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    fs::rename(cluster.0.path(&cluster.attempt()), cluster.0.path("gone")).expect("ours");
    cluster.0.write("slurm/tasks/100/state", "NODE_FAIL\n");
    await_that("it is submitted again", || cluster.calls("sbatch") == 2);
    assert_eq!(cluster.0.await_fifo("up"), "up");
    assert!(has_ended(cluster.pid("100")), "two run at the same time");
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!(cluster.0.read("a"), "old\n");
    assert!(!cluster.has_attempts());
}

/// There was no file to write to what `scancel` would say, and it was not called.
#[test]
fn an_interrupt_cancels_although_the_state_was_removed() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    fs::rename(cluster.0.path(".walk"), cluster.0.path("gone")).expect("ours");
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    await_that("its process ends", || has_ended(cluster.pid("100")));
    assert_eq!(cluster.calls("scancel"), 1);
    assert!(!cluster.0.exists("a"));
}

/// It counted as one that nobody had begun, and a second one began beside it.
#[test]
fn what_lost_its_claim_is_still_stopped_before_it_runs_again() {
    let cluster = killed();
    fs::remove_file(cluster.0.path(&format!("{}/claim", cluster.attempt()))).expect("it is there");
    cluster.0.write("in", "new\n");
    cluster.walk_after_the_first("");
    assert_eq!(cluster.0.read("a"), "new\n");
}

/// Whoever waits for that long waits for ever, and does not fall over.
#[test]
fn an_endless_grace_and_an_endless_pause_are_no_trouble() {
    let cluster = Cluster::new(&format!("[settings]\ngrace = \"500000000000years\"\n{HELD}"));
    let walk = cluster.begin_with_lease("500000000000years");
    walk.signal(Signal::INT);
    let err = walk.wait().complains(130);
    assert!(!err.contains("bug"), "{err}");
    assert!(!cluster.has_attempts());
    let mut command = cluster.command("");
    command.env("WALK_SLURM_POLL", "500000000000years");
    let walk = Running::start(command);
    cluster.0.await_fifo("up");
    cluster.0.release("gate");
    let done = walk.wait();
    assert!(!done.err.contains("bug"), "{done:?}");
    done.expect(0);
}

/// The wait for another attempt was interrupted, and the one that was taken over ran on.
#[test]
fn an_interrupt_stops_what_was_taken_over_beside_what_does_not_answer() {
    let cluster = killed();
    let mine = cluster.attempt();
    let other = format!("{}.1", mine.rsplit_once('.').expect("a number").0);
    let spec = cluster.0.read(&format!("{mine}/spec.json"));
    let spec = spec.replace("\"key\":\"", "\"key\":\"x").replace(":2000,", ":600000,");
    cluster.0.write(&format!("{other}/spec.json"), &spec);
    cluster.0.write(&format!("{other}/claim"), "");
    let walk = cluster.start("");
    await_that("the other is told to stop", || cluster.0.exists(&format!("{other}/heard")));
    walk.signal(Signal::INT);
    walk.wait().complains(130);
    await_that("its process ends", || has_ended(cluster.pid("100")));
    assert!(!cluster.0.exists(&mine));
}

/// It is heard of once a second: each of its attempts was lost, and nothing said why.
#[test]
fn a_lease_that_no_runner_can_hold_is_refused() {
    let cluster = Cluster::new(HELD);
    cluster.0.write("in", "");
    let check = |name: &str, value: &str, least: &str| {
        let done = Done::of(cluster.command("").env(name, value).output().expect("it runs"));
        let expected = format!("{name}={value}: expected a duration of {least} or more");
        assert!(done.err.contains(&expected), "{done:?}");
        done.expect(2);
    };
    check("WALK_SLURM_LEASE", "100ms", "2s");
    check("WALK_SLURM_LEASE", "often", "2s");
    check("WALK_SLURM_POLL", "1ms", "50ms");
    assert_eq!(cluster.calls("sbatch"), 0);
}
