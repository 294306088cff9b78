//! What a walk does when the files of its jobs are not what it wrote, or Slurm answers oddly.

use super::*;

/// Somebody removed its directory: there was no second attempt, only a file that could not be written.
#[test]
fn what_lost_its_directory_runs_again() {
    let cluster = Cluster::new(HELD);
    let walk = cluster.begin();
    fs::remove_dir_all(cluster.0.path(&cluster.attempt())).expect("ours");
    cluster.0.write("slurm/tasks/100/state", "NODE_FAIL\n");
    await_that("it is submitted again", || cluster.calls("sbatch") == 2);
    assert_eq!(cluster.0.await_fifo("up"), "up");
    assert!(has_ended(cluster.pid("100")), "two run at the same time");
    cluster.0.release("gate");
    walk.wait().expect(0);
    assert_eq!(cluster.0.read("a"), "old\n");
    assert!(!cluster.has_attempts());
}
