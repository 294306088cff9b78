//! What comes out is what went in.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use walk_cache::Source;

use crate::kit::{Project, files, local, remote};

#[test]
fn files_modes_links_and_directories_are_restored_elsewhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let one = Project::new();
    let outputs = ["out", "bin/run", "tree", "link", "empty"];
    let (mut one, mut other) = (one, Project::new());
    for project in [&mut one, &mut other] {
        project.question.outputs = outputs.map(String::from).into();
    }
    one.write("out", "result");
    one.write("bin/run", "#!/bin/sh\n");
    fs::set_permissions(one.path("bin/run"), fs::Permissions::from_mode(0o755)).expect("ours");
    one.write("tree/a/b/c", "deep");
    one.write("tree/a/same", "deep");
    one.write("tree/an odd name \n*", "");
    fs::create_dir(one.path("tree/void")).expect("ours");
    symlink("../a", one.path("tree/a/up")).expect("ours");
    symlink("out", one.path("link")).expect("ours");
    one.write("empty", "");
    one.keep(&local(directory.path()), &[]);

    other.write("tree/stale", "is to go");
    other.write("out", "stale");
    let found = other.restore(&local(directory.path())).expect("it was kept");
    assert_eq!((found.from, &found.log[..]), (Source::Local, &b"said\n"[..]));
    assert_eq!(other.read("out"), "result");
    assert_eq!(other.read("tree/a/b/c") + &other.read("tree/a/same"), "deepdeep");
    assert_eq!(other.read("tree/an odd name \n*") + &other.read("empty"), "");
    assert!(other.path("tree/void").is_dir() && !other.path("tree/stale").exists());
    assert_eq!(fs::read_link(other.path("tree/a/up")).expect("a link").to_str(), Some("../a"));
    assert_eq!(fs::read_link(other.path("link")).expect("a link").to_str(), Some("out"));
    let mode = |path: &str| fs::metadata(other.path(path)).expect("it is there").mode() & 0o111;
    assert!(mode("bin/run") != 0 && mode("out") == 0);
    let left: Vec<_> = fs::read_dir(other.path(".scratch")).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What an action writes to its output afterwards does not reach what is kept.
#[test]
fn a_restored_file_is_nobody_elses() {
    let directory = tempfile::tempdir().expect("a directory");
    let project = Project::new();
    project.write("out", "result");
    project.keep(&local(directory.path()), &[]);
    project.restore(&local(directory.path())).expect("it was kept");
    fs::OpenOptions::new()
        .append(true)
        .open(project.path("out"))
        .and_then(|mut it| std::io::Write::write_all(&mut it, b" and more"))
        .expect("ours");
    project.restore(&local(directory.path())).expect("it is kept");
    assert_eq!(project.read("out"), "result");
}

#[test]
fn what_was_discovered_decides_and_several_lists_are_known() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let mut project = Project::new();
    project.question.has_depfile = true;
    for (header, content) in [("one.h", "1"), ("two.h", "2")] {
        project.write(header, content);
        project.write("in", "input");
        project.write("out", format!("with {header}"));
        project.keep(&cache, &[header]);
    }
    // The newest list first; without its header it is of another time.
    assert_eq!(project.restore(&cache).expect("it is kept").discovered, ["two.h"]);
    fs::remove_file(project.path("two.h")).expect("ours");
    assert_eq!(project.restore(&cache).expect("it is kept").discovered, ["one.h"]);
    assert_eq!(project.read("out"), "with one.h");
    project.write("one.h", "another");
    assert_eq!(project.restore(&cache), None);
}

#[test]
fn a_directory_is_shared_and_what_came_from_it_is_kept_here_too() {
    let shared = tempfile::tempdir().expect("a directory");
    let own = tempfile::tempdir().expect("a directory");
    let url = format!("file://{}", shared.path().display());
    let (one, other) = (Project::new(), Project::new());
    one.write("out", "result");
    one.keep(&remote(&url), &[]);
    let mut settings = walk_cache::Settings::default();
    (settings.local, settings.remote) = (Some(own.path().into()), Some(url));
    let cache = walk_cache::Cache::open(settings).expect("it is one");
    assert_eq!(other.restore(&cache).expect("it is shared").from, Source::Remote);
    assert_eq!(other.restore(&cache).expect("it is here now").from, Source::Local);
    let numbers = cache.numbers();
    assert_eq!((numbers.remote_hits, numbers.local_hits, numbers.misses), (1, 1, 0));
}

/// Once it came from elsewhere it is known here, with what the action told of.
#[test]
fn what_was_discovered_elsewhere_is_known_here_too() {
    let shared = tempfile::tempdir().expect("a directory");
    let own = tempfile::tempdir().expect("a directory");
    let url = format!("file://{}", shared.path().display());
    let mut project = Project::new();
    project.question.has_depfile = true;
    project.write("h", "header");
    project.write("out", "result");
    project.keep(&remote(&url), &["h"]);
    let mut settings = walk_cache::Settings::default();
    (settings.local, settings.remote) = (Some(own.path().into()), Some(url));
    let cache = walk_cache::Cache::open(settings).expect("it is one");
    assert_eq!(project.restore(&cache).expect("it is shared").from, Source::Remote);
    let found = project.restore(&local(own.path())).expect("it is here now");
    assert_eq!((found.from, &found.discovered[..]), (Source::Local, &["h".to_owned()][..]));
}

/// A directory that several share: as readable as any file that one makes, and no more writable.
#[test]
fn what_is_kept_is_for_others_to_read_and_for_nobody_to_write() {
    let directory = tempfile::tempdir().expect("a directory");
    let project = Project::new();
    project.write("out", "result");
    project.keep(&local(directory.path()), &[]);
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    let usual = mode(&project.path("out"));
    for path in [files(directory.path(), "cas"), files(directory.path(), "ac")].concat() {
        assert_eq!(mode(&path), usual & 0o444, "{}", path.display());
    }
}

/// What the first who used it had made was closed to all others.
#[test]
fn what_is_made_in_a_shared_directory_is_as_open_as_that() {
    let directory = tempfile::tempdir().expect("a directory");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").mode() & 0o7777;
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o2775)).expect("ours");
    let project = Project::new();
    project.write("out", "result");
    let url = format!("file://{}", directory.path().display());
    project.keep(&remote(&url), &[]);
    let mut places = ["cas", "ac", "tmp"].map(|it| directory.path().join(it)).to_vec();
    for path in [files(directory.path(), "cas"), files(directory.path(), "ac")].concat() {
        places.push(path.parent().expect("it has one").into());
    }
    for path in places {
        assert_eq!(mode(&path), 0o2775, "{}", path.display());
    }
}

#[test]
fn what_cannot_be_described_is_not_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let describe =
        |project: &Project| cache.describe(&project.question, project.root(), &[], b"").is_some();
    let mut project = Project::new();
    assert!(!describe(&project), "an output is missing");
    symlink("/etc/passwd", project.path("out")).expect("ours");
    assert!(!describe(&project), "an absolute link is another file elsewhere");
    fs::remove_file(project.path("out")).expect("ours");
    project.write("out", "result");
    project.question.inputs.push("../outside".into());
    assert!(!describe(&project), "an input has no place in the input root");
    project.question.inputs = vec!["gone".into()];
    assert!(!describe(&project), "an input is missing");
    project.question.inputs.clear();
    assert!(describe(&project));
}

/// It was kept as a link alone: with an older library behind it, it was that one which came back.
#[test]
fn a_link_to_what_nobody_declared_is_not_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let mut project = Project::new();
    project.write("lib.so.1", "made beside it");
    symlink("lib.so.1", project.path("out")).expect("ours");
    let describe =
        |project: &Project| cache.describe(&project.question, project.root(), &[], b"").is_some();
    assert!(!describe(&project));
    project.question.outputs.push("lib.so.1".into());
    assert!(describe(&project), "it is kept with it");
    project.question.outputs.pop();
    project.question.inputs.push("lib.so.1".into());
    assert!(describe(&project), "its content is part of the key");
}

/// It was kept, and refused whenever it was to be restored.
#[test]
fn what_is_too_long_to_be_restored_is_not_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let project = Project::new();
    project.write("out", "result");
    let log = vec![0; (256 << 20) + 1];
    let kept = local(directory.path()).describe(&project.question, project.root(), &[], &log);
    assert!(kept.is_none());
}

/// What is no more what was described is not kept under its name.
#[test]
fn an_output_that_changes_before_it_is_kept_is_not_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let project = Project::new();
    project.write("out", "result");
    let kept = cache.describe(&project.question, project.root(), &[], b"").expect("described");
    project.write("out", "changed");
    cache.keep(kept);
    cache.close(|| false);
    assert_eq!(project.restore(&cache), None);
}
