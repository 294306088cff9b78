//! The memory of digests: what is trusted, what is read again, what is handed out to be saved.
//!
//! Whether a file was read is seen by planting a false digest: it comes back if it was trusted.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use walk_fingerprint::{Checksum, DigestCache, DigestRow, FileStamp, FileState, hash_dir, observe};

/// What is done to a file.
type Change = fn(&Path);

const PLANTED: &[u8] = b"planted";

struct Fixture {
    root: TempDir,
    cache: DigestCache,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { cache: DigestCache::new(root.path().into()), root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn stamp(&self, name: &str) -> FileStamp {
        FileStamp::of(&self.path(name)).unwrap().unwrap()
    }

    /// Plants a false digest as if the file had been hashed at that moment.
    fn plant(&mut self, name: &str, hashed_at: SystemTime) {
        let stamp = self.stamp(name);
        self.cache.record(name.as_ref(), stamp, Checksum::of(PLANTED), hashed_at);
    }

    fn state(&mut self, name: &str) -> FileState {
        self.cache.observe_one(name.as_ref()).unwrap().state
    }
}

fn content(text: &str) -> FileState {
    FileState::File(Checksum::of(text.as_bytes()))
}

fn planted() -> FileState {
    FileState::File(Checksum::of(PLANTED))
}

fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60)
}

fn moment(nanoseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanoseconds.unsigned_abs())
}

#[test]
fn a_file_that_did_not_change_is_not_read() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    fixture.plant("a", later());
    assert_eq!(fixture.state("a"), planted());
    let observed = fixture.cache.observe_one("a".as_ref()).unwrap();
    assert_eq!(observed.stamp, Some(fixture.stamp("a")));
}

#[test]
fn size_mtime_ctime_and_inode_count() {
    let changes: [(&str, Change); 4] = [
        ("size", |path| fs::write(path, "longer").unwrap()),
        ("mtime", |path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_nanos(1_500_000_001)).unwrap();
        }),
        ("ctime", |path| {
            // An mtime that is set back after writing does not hide the writing.
            let file = File::options().write(true).open(path).unwrap();
            let mtime = file.metadata().unwrap().modified().unwrap();
            fs::write(path, "two").unwrap();
            file.set_modified(mtime).unwrap();
        }),
        ("inode", |path| {
            let other = path.with_extension("new");
            fs::write(&other, "two").unwrap();
            fs::rename(other, path).unwrap();
        }),
    ];
    for (what, change) in changes {
        let mut fixture = Fixture::new(&[("a", "one")]);
        fixture.plant("a", later());
        // The clock of time stamps must have moved on for the change to show.
        let before = fixture.stamp("a");
        let path = fixture.path("a");
        while fixture.stamp("a").ctime_ns == before.ctime_ns {
            change(&path);
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(fixture.state("a"), content(&expected), "{what}");
    }
}

/// Git's rule: what was hashed within a tick of being written may have been written again.
#[test]
fn a_racily_clean_file_is_read_again() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    let changed = fixture.stamp("a").ctime_ns;
    for (after_ns, expected) in [
        (-1_000_000_000, content("one")),
        (0, content("one")),
        (9_000_000, content("one")),
        (11_000_000, planted()),
    ] {
        fixture.plant("a", moment(changed + after_ns));
        assert_eq!(fixture.state("a"), expected, "hashed {after_ns} ns after the change");
    }
}

/// A time stamp without a fraction may come from a file system that keeps two seconds.
#[test]
fn a_time_stamp_of_whole_seconds_is_taken_for_a_coarse_one() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    let next_second = (fixture.stamp("a").ctime_ns / 1_000_000_000 + 1) * 1_000_000_000;
    for (fraction, after_ns, expected) in [
        (0, 1_000_000_000, content("one")),
        (0, 1_999_000_000, content("one")),
        (0, 2_500_000_000, planted()),
        (500, 1_000_000_000, planted()),
    ] {
        let mtime = next_second + fraction;
        let file = File::options().write(true).open(fixture.path("a")).unwrap();
        file.set_modified(moment(mtime)).unwrap();
        fixture.plant("a", moment(mtime + after_ns));
        assert_eq!(fixture.state("a"), expected, "{fraction} {after_ns}");
    }
}

#[test]
fn a_rewrite_within_the_same_tick_is_noticed() {
    let mut fixture = Fixture::new(&[("a", "0000")]);
    for round in 0..200 {
        let text = format!("{round:04}");
        fs::write(fixture.path("a"), &text).unwrap();
        assert_eq!(fixture.state("a"), content(&text));
    }
}

#[test]
fn what_was_read_is_dirty_once() {
    let mut fixture = Fixture::new(&[("a", "one"), ("b", "two")]);
    let paths: [&Path; 3] = ["b".as_ref(), "a".as_ref(), "gone".as_ref()];
    fixture.cache.observe(&paths);
    let rows = fixture.cache.dirty_rows();
    let names: Vec<_> = rows.iter().map(|row| row.path.to_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(rows[0].known.unwrap().checksum, Checksum::of(b"one"));
    assert_eq!(fixture.cache.dirty_rows(), []);
}

#[test]
fn rows_come_back_and_are_clean() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    fixture.plant("a", later());
    let rows = fixture.cache.dirty_rows();
    let mut cache = DigestCache::from_rows(fixture.root.path().into(), rows);
    assert_eq!(cache.observe_one("a".as_ref()).unwrap().state, planted());
    assert_eq!(cache.dirty_rows(), []);
}

#[test]
fn a_file_that_went_away_is_forgotten() {
    let mut fixture = Fixture::new(&[("a", "one"), ("b", "two"), ("c", "three")]);
    for name in ["a", "b", "c"] {
        fixture.plant(name, later());
    }
    fixture.cache.dirty_rows();
    fs::remove_file(fixture.path("a")).unwrap();
    fs::remove_file(fixture.path("b")).unwrap();
    assert_eq!(fixture.state("a"), FileState::Missing);
    let forgotten = |name: &str| DigestRow { path: name.into(), known: None };
    assert_eq!(fixture.cache.dirty_rows(), [forgotten("a")]);
    fixture.cache.prune();
    assert_eq!(fixture.cache.dirty_rows(), [forgotten("b")]);
    assert_eq!(fixture.state("c"), planted());
}

#[test]
fn many_paths_are_answered_in_the_order_given() {
    let files: Vec<(String, String)> =
        (0..1_000).map(|index| (format!("d{}/f{index}", index % 7), index.to_string())).collect();
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut fixture = Fixture::new(&borrowed);
    let mut paths: Vec<&Path> = files.iter().map(|(name, _)| Path::new(name)).collect();
    paths.insert(500, "gone".as_ref());
    for _ in 0..3 {
        let mut observed = fixture.cache.observe(&paths);
        assert_eq!(observed.remove(500).unwrap().state, FileState::Missing);
        for (seen, (_, text)) in observed.into_iter().zip(&files) {
            assert_eq!(seen.unwrap().state, content(text));
        }
    }
}

#[test]
fn one_error_does_not_spoil_the_others() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    std::os::unix::fs::symlink("loop", fixture.path("loop")).unwrap();
    let paths: [&Path; 3] = ["loop".as_ref(), "a".as_ref(), "/dev/zero".as_ref()];
    let observed = fixture.cache.observe(&paths);
    assert!(observed[0].is_err() && observed[2].is_err());
    assert_eq!(observed[1].as_ref().unwrap().state, content("one"));
}

#[test]
fn a_directory_is_read_through_the_memory_of_its_files() {
    let mut fixture = Fixture::new(&[("d/a", "one"), ("d/sub/b", "two")]);
    let truth = FileState::Directory(hash_dir(fixture.path("d")).unwrap());
    assert_eq!(fixture.state("d"), truth);
    let names: Vec<_> = fixture.cache.dirty_rows().into_iter().map(|row| row.path).collect();
    assert_eq!(names, [PathBuf::from("d/a"), PathBuf::from("d/sub/b")]);

    fixture.plant("d/sub/b", later());
    assert_ne!(fixture.state("d"), truth, "the file was read although its digest is known");
    fs::write(fixture.path("d/sub/b"), "three").unwrap();
    let truth = FileState::Directory(hash_dir(fixture.path("d")).unwrap());
    assert_eq!(fixture.state("d"), truth);
}

#[test]
fn paths_outside_the_root_are_absolute() {
    let mut fixture = Fixture::new(&[]);
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(&outside, "outside").unwrap();
    let observed = fixture.cache.observe_one(outside.path()).unwrap();
    assert_eq!(observed.state, content("outside"));
}

#[test]
fn a_digest_from_another_thread_is_remembered() {
    let mut fixture = Fixture::new(&[("a", "one")]);
    let path = fixture.path("a");
    let seen = std::thread::spawn(move || observe(&path).unwrap()).join().unwrap();
    let (stamp, digest) = (seen.stamp.unwrap(), seen.state.digest().unwrap());
    fixture.cache.record("a".as_ref(), stamp, digest, seen.observed_at);
    assert_eq!(fixture.cache.dirty_rows()[0].known.unwrap().checksum, digest);
}
