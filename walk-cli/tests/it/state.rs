//! A state that cannot be used: said, with exit 74 and the file's name, and the next walk is right.
//!
//! What is damaged is another matter: it costs rebuilds and one warning.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::project::{Done, Project};

/// Two actions, one after the other.
const CHAIN: &str = "[action.a]\nrun = \"cat in > mid\"\nin = [\"in\"]\nout = [\"mid\"]\n\
                     [action.b]\nrun = \"cat mid > out\"\nin = [\"mid\"]\nout = [\"out\"]\n";

fn chain() -> Project {
    let project = Project::new(CHAIN);
    project.write("in", "one");
    project
}

/// Walks again after the obstacle is gone: what is there is what a clean build makes.
#[track_caller]
fn assert_mended(project: &Project) {
    project.write("in", "two");
    project.walk("").expect(0);
    assert_eq!((project.read("mid"), project.read("out")), ("two".into(), "two".into()));
    assert!(project.walk("").expect(0).starts_with("up to date"));
}

/// Puts something where the state wants a file, and expects to be told; then takes it away.
#[track_caller]
fn check_obstacle(place: &str, has_walked: bool, obstruct: fn(&Path)) {
    let project = chain();
    if has_walked {
        project.walk("").expect(0);
        project.write("in", "other");
    }
    let path = project.path(place);
    fs::create_dir_all(path.parent().expect("it has a parent")).expect("it can be made");
    remove(&path);
    obstruct(&path);
    let err = project.walk("").complains(74);
    assert!(err.starts_with("walk: cannot ") && err.contains(".walk"), "{place}: {err}");
    assert_eq!(err.lines().count(), 1, "{place}: {err}");
    assert!(!project.exists(".walk/state.db.damaged"), "{place}: {err}");
    remove(&path);
    assert_mended(&project);
}

fn remove(path: &Path) {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
    let _ = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

fn a_file(path: &Path) {
    fs::write(path, "x").expect("it is written");
}

fn a_directory(path: &Path) {
    fs::create_dir(path).expect("it is made");
}

fn a_loop(path: &Path) {
    symlink(path.file_name().expect("a name"), path).expect("a link");
}

fn a_link_to_nowhere(path: &Path) {
    symlink("nowhere/at/all", path).expect("a link");
}

fn a_full_device(path: &Path) {
    symlink("/dev/full", path).expect("a link");
}

#[test]
fn what_stands_in_the_way_is_named() {
    for has_walked in [false, true] {
        check_obstacle(".walk", has_walked, a_file);
        check_obstacle(".walk", has_walked, a_loop);
        check_obstacle(".walk", has_walked, a_link_to_nowhere);
        check_obstacle(".walk/tmp", has_walked, a_file);
        check_obstacle(".walk/logs", has_walked, a_file);
        check_obstacle(".walk/lock", has_walked, a_directory);
        check_obstacle(".walk/lock", has_walked, a_loop);
        check_obstacle(".walk/state.db", has_walked, a_directory);
        check_obstacle(".walk/state.db", has_walked, a_loop);
        check_obstacle(".walk/state.db", has_walked, a_link_to_nowhere);
    }
    if cfg!(target_os = "linux") {
        check_obstacle(".walk/state.db", false, a_full_device);
        check_obstacle(".walk/state.db-wal", true, a_full_device);
    }
}

/// The store was taken for damaged and put aside, though only a file beside it was in the way.
#[test]
fn a_store_that_cannot_be_written_is_not_put_aside() {
    check_obstacle(".walk/state.db-shm", true, a_directory);
}

/// Somebody had to remove it by hand.
#[test]
fn a_damaged_store_needs_nobody_even_if_something_has_the_name_it_would_get() {
    let project = chain();
    project.walk("").expect(0);
    project.write(".walk/state.db.damaged/file", "");
    project.write(".walk/state.db", "nonsense");
    assert!(project.walk("").complains(0).contains("removed, starting empty"));
    assert_mended(&project);
}

/// It was said before there was anything to say it through, and lost.
#[test]
fn f9_damage_is_said_once() {
    let damages: [fn(&mut Vec<u8>); 4] = [
        Vec::clear,
        |bytes| bytes.truncate(5000),
        |bytes| bytes.iter_mut().for_each(|it| *it = !*it),
        |bytes| bytes.clone_from(&b"nonsense".to_vec()),
    ];
    for (index, damage) in damages.into_iter().enumerate() {
        let project = chain();
        project.walk("").expect(0);
        let path = project.path(".walk/state.db");
        let mut bytes = fs::read(&path).expect("it can be read");
        damage(&mut bytes);
        fs::write(&path, bytes).expect("it is written");
        let err = project.walk("").complains(0);
        assert!(err.starts_with("walk: warning: the store `"), "{index}: {err}");
        assert_eq!(err.lines().count(), 1, "{index}: {err}");
        assert_mended(&project);
    }
}

/// Limits the size of files; a write beyond it fails instead of killing.
fn limited(project: &Project, blocks: u32) -> Done {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\"");
    command.args(["-c", &script]).arg(env!("CARGO_BIN_EXE_walk"));
    command.current_dir(project.path("")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Done::of(command.output().expect("it runs"))
}

/// As with a full disk, at another place each time; what ran before it is not taken for fresh.
#[test]
fn where_nothing_more_can_be_written_is_said() {
    for blocks in [1, 8, 40, 66, 72, 80] {
        let project = chain();
        project.write("in", &"long ".repeat(20));
        let done = limited(&project, blocks);
        if done.code != 0 {
            let err = done.complains(74);
            assert!(err.starts_with("walk: cannot ") && err.contains(".walk/"), "{blocks}: {err}");
        }
        assert_mended(&project);
    }
}

/// A walk under which the state is taken away, while an action runs.
#[track_caller]
fn check_taken_away(take: fn(&Project)) {
    let project = Project::new(&format!(
        "{CHAIN}[action.wait]\nrun = \"echo up > ready; read x < go\"\nafter = [\"b\"]\n\
         [action.last]\nrun = \"cat in > last\"\nin = [\"in\"]\nout = [\"last\"]\nafter = [\"wait\"]\n"
    ));
    project.write("in", "one");
    project.fifo("ready");
    project.fifo("go");
    let walk = project.start("");
    project.await_fifo("ready");
    take(&project);
    project.release("go");
    let err = walk.wait().complains(74);
    assert!(err.contains(".walk/state.db") && err.contains("removed or replaced"), "{err}");
    assert!(!project.exists("last"), "it ran though its old result could not be forgotten");
    project.write("walk.toml", &format!("[walk]\nversion = 1\n{CHAIN}"));
    assert_mended(&project);
}

#[test]
fn a_store_that_is_removed_meanwhile_is_missed() {
    check_taken_away(|project| remove(&project.path(".walk/state.db")));
}

#[test]
fn a_store_that_is_replaced_meanwhile_is_missed() {
    check_taken_away(|project| {
        let other = chain();
        other.walk("").expect(0);
        let copy = project.path(".walk/copy");
        fs::copy(other.path(".walk/state.db"), &copy).expect("it is copied");
        fs::rename(copy, project.path(".walk/state.db")).expect("it is renamed");
    });
}

/// Whatever the umask, nobody else may look: commands and what they print can hold secrets.
#[test]
fn the_state_is_for_its_user_alone() {
    for umask in ["000", "022", "077"] {
        let project = Project::new(
            "[action.a]\nrun = \"echo said; echo 'out: in' > d; cat in > out\"\nin = [\"in\"]\n\
             out = [\"out\"]\ndepfile = \"d\"\nlate = [\"echo\", \"x\"]\n\
             [action.bad]\nrun = \"echo loud; exit 1\"\n",
        );
        project.write("in", "one");
        let mut command = project.command_at("sh".as_ref(), "");
        command.arg("-c").arg(format!("umask {umask}; exec \"$0\" -k"));
        Done::of(command.arg(env!("CARGO_BIN_EXE_walk")).output().expect("it runs")).expect(1);
        let found = below(&project.path(".walk"));
        let names: Vec<_> = found.iter().filter_map(|it| it.file_name()?.to_str()).collect();
        for name in ["lock", "state.db", "state.db-wal", "state.db-shm", "a.log", "time-0"] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
        for path in found {
            let mode = fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "umask {umask}: {}: {mode:o}", path.display());
        }
    }
}

/// Returns a directory and all that is in it.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        let entries = fs::read_dir(path).into_iter().flatten();
        found.extend(entries.map(|it| it.expect("an entry").path()));
    }
    found
}

/// What a killed walk forgot and saved was in the log of the store, and a stamp does not say what it
/// was made of: its maker was taken for up to date.
#[test]
fn a_log_that_was_lost_after_a_kill_made_an_old_stamp_fresh() {
    let project = Project::new(
        "[action.a]\nrun = 'cat in > side; : > stamp'\nin = ['in']\nout = ['stamp']\n\
         [action.b]\nrun = 'test -e free || cat fifo; : > b'\nin = ['in']\nout = ['b']\n\
         after = ['a']\n",
    );
    project.fifo("fifo");
    project.write("free", "");
    project.write("in", "one");
    project.walk("").expect(0);
    fs::remove_file(project.path("free")).expect("it is there");
    project.write("in", "two");
    let running = project.start("");
    // Somebody reads it, so the action is there.
    let fifo = fs::File::options().write(true).open(project.path("fifo")).expect("it opens");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().signal, Some(9));
    drop(fifo);
    fs::remove_file(project.path(".walk/state.db-wal")).expect("it is there");
    project.write("free", "");
    project.write("in", "one");
    let done = project.walk("");
    assert!(done.err.contains("warning: the last walk was killed"), "{}", done.err);
    done.expect(0);
    assert_eq!(project.read("side"), "one");
    assert!(project.walk("").expect(0).starts_with("up to date"));
}
