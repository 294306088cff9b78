//! Results from servers, good ones and others.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
use prost::Message as _;
use walk_cache::{Cache, Mode, Settings, Source};

use crate::kit::{Project, remote};
use crate::server::{Fault, Server};

fn with(url: &str, change: impl FnOnce(&mut Settings)) -> Cache {
    let mut settings = Settings::default();
    settings.remote = Some(url.into());
    change(&mut settings);
    Cache::open(settings).expect("it is one")
}

#[test]
fn small_and_large_files_go_there_and_back_blobs_first() {
    let (server, url) = Server::start();
    let (mut one, mut other) = (Project::new(), Project::new());
    for project in [&mut one, &mut other] {
        project.question.outputs = ["out", "large", "tree"].map(String::from).into();
    }
    one.write("out", "result");
    one.write("large", "0123456789".repeat(300_000));
    for at in 0..50 {
        one.write(&format!("tree/{at}"), format!("{at}").repeat(4_000));
    }
    one.keep(&remote(&url), &[]);
    let written = server.shelves().written.clone();
    assert_eq!(written.last(), Some(&"result"));
    assert_eq!(
        written.iter().filter(|it| **it == "result").count(),
        1,
        "a result before its blobs"
    );
    let found = other.restore(&remote(&url)).expect("it is there");
    assert_eq!((found.from, &found.log[..]), (Source::Remote, &b"said\n"[..]));
    assert_eq!(other.read("out"), "result");
    assert_eq!(other.read("large"), "0123456789".repeat(300_000));
    assert_eq!(other.read("tree/49"), "49".repeat(4_000));
}

#[test]
fn what_is_wrong_there_is_a_miss_and_touches_nothing() {
    for fault in [Fault::Poisoned, Fault::Truncated, Fault::Evicted, Fault::Unavailable] {
        let (server, url) = Server::start();
        let mut project = Project::new();
        project.question.outputs = ["out", "large"].map(String::from).into();
        project.write("out", "result");
        project.write("large", "0123456789".repeat(300_000));
        project.keep(&remote(&url), &[]);
        server.shelves().fault = fault;
        project.write("out", "before");
        assert_eq!(project.restore(&remote(&url)), None, "{fault:?}");
        assert_eq!(project.read("out"), "before", "{fault:?}");
        server.shelves().fault = Fault::None;
        assert!(project.restore(&remote(&url)).is_some(), "{fault:?}: it is over");
    }
}

#[test]
fn a_server_that_fails_is_left_alone_after_a_while() {
    let (server, url) = Server::start();
    server.shelves().fault = Fault::Unavailable;
    let project = Project::new();
    let cache = remote(&url);
    for _ in 0..20 {
        assert_eq!(project.restore(&cache), None);
    }
    assert_eq!(server.calls.load(Ordering::SeqCst), 5);
}

#[test]
fn a_server_that_does_not_answer_costs_a_bounded_time() {
    let (server, url) = Server::start();
    server.shelves().fault = Fault::Silent;
    let project = Project::new();
    let cache = with(&url, |it| {
        (it.deadline, it.patience) = (Duration::from_millis(300), Duration::from_millis(500));
    });
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(project.restore(&cache), None);
    }
    assert_eq!(server.calls.load(Ordering::SeqCst), 2);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

/// Ctrl-C while a server says nothing: nobody waits for its deadline.
#[test]
fn a_server_that_does_not_answer_is_abandoned_at_once() {
    let (server, url) = Server::start();
    let project = Project::new();
    project.write("out", "result");
    let cache = with(&url, |it| it.deadline = Duration::from_secs(3600));
    let kept = cache.describe(&project.question, project.root(), &[], b"").expect("described");
    server.shelves().fault = Fault::Silent;
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| project.restore(&cache));
        while server.calls.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        cache.abandon();
        assert_eq!(asking.join().expect("it ends"), None);
    });
    assert_eq!(project.restore(&cache), None);
    assert_eq!(server.calls.load(Ordering::SeqCst), 1, "nobody asks any more");
    drop(cache);
    let cache = with(&url, |it| it.deadline = Duration::from_secs(3600));
    cache.keep(kept);
    let begun = Instant::now();
    cache.close(|| server.calls.load(Ordering::SeqCst) > 1);
    assert!(begun.elapsed() < Duration::from_secs(60), "it waits for what nobody waits for");
}

/// As long as the size that it had named would have needed, a megabyte a second.
#[test]
fn a_blob_that_comes_to_no_end_costs_a_bounded_time() {
    let (server, url) = Server::start();
    let project = Project::new();
    project.write("out", "large".repeat(100_000));
    let cache = with(&url, |it| it.deadline = Duration::from_millis(300));
    project.keep(&cache, &[]);
    for result in server.shelves().results.values_mut() {
        result.output_files[0].digest.as_mut().expect("it has one").size_bytes = 1 << 50;
    }
    server.shelves().fault = Fault::Endless;
    let begun = Instant::now();
    assert_eq!(project.restore(&cache), None);
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(cache.numbers().errors, 1);
}

/// A server that knows nothing and takes its time to say so is as little use as one that fails.
#[test]
fn answers_that_are_late_and_of_no_use_cost_a_bounded_time() {
    let (server, url) = Server::start();
    server.shelves().fault = Fault::Slow;
    let project = Project::new();
    let cache = with(&url, |it| {
        (it.deadline, it.patience) = (Duration::from_secs(2), Duration::from_millis(600));
    });
    for _ in 0..20 {
        assert_eq!(project.restore(&cache), None);
    }
    assert!(server.calls.load(Ordering::SeqCst) <= 3);
}

/// Each blob had a deadline of its own.
#[test]
fn a_server_that_is_late_with_each_of_many_blobs_costs_a_bounded_time() {
    let (server, url) = Server::start();
    let mut project = Project::new();
    project.question.outputs = vec!["tree".into()];
    for at in 10..40 {
        project.write(&format!("tree/{at}"), at.to_string().repeat(30_000));
    }
    project.keep(&remote(&url), &[]);
    server.shelves().fault = Fault::Slow;
    let before = server.calls.load(Ordering::SeqCst);
    let cache = with(&url, |it| it.deadline = Duration::from_millis(700));
    assert_eq!(project.restore(&cache), None);
    let calls = server.calls.load(Ordering::SeqCst) - before;
    assert!(calls < 20, "{calls} calls of 34");
}

/// Most may only read what their CI puts there.
#[test]
fn a_server_that_nobody_may_write_to_is_read() {
    let (server, url) = Server::start();
    let mut project = Project::new();
    project.write("out", "result");
    project.keep(&remote(&url), &[]);
    server.shelves().fault = Fault::ReadOnly;
    let known = project.question.clone();
    let cache = remote(&url);
    for at in 0..10 {
        project.question.outputs = vec![at.to_string()];
        project.write(&at.to_string(), "result of its own");
        let kept = cache.describe(&project.question, project.root(), &[], b"");
        cache.keep(kept.expect("it can be described"));
    }
    cache.close(|| false);
    project.question = known;
    assert!(project.restore(&cache).is_some());
    assert_eq!(cache.numbers().errors, 5);
}

/// That an output was written to again is not the fault of the server.
#[test]
fn what_changed_before_it_is_kept_is_held_against_nobody() {
    let (server, url) = Server::start();
    let mut project = Project::new();
    let cache = remote(&url);
    for at in 0..10 {
        project.question.arguments = vec![at.to_string()];
        project.write("out", at.to_string());
        let kept = cache.describe(&project.question, project.root(), &[], b"");
        project.write("out", "another");
        cache.keep(kept.expect("it was described"));
        assert!(project.restore(&cache).is_none());
    }
    project.write("out", "result");
    project.keep(&cache, &[]);
    assert!(project.restore(&cache).is_some());
    let numbers = cache.numbers();
    assert_eq!((numbers.errors, numbers.kept, numbers.remote_hits), (0, 1, 1));
    let calls = server.calls.load(Ordering::SeqCst);
    assert_eq!(numbers.requests, u64::from(calls));
}

#[test]
fn nobody_at_the_other_end_is_a_miss() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("grpc://{}", listener.local_addr().expect("it has one"));
    drop(listener);
    let project = Project::new();
    project.write("out", "result");
    project.keep(&remote(&url), &[]);
    assert_eq!(project.restore(&remote(&url)), None);
}

#[test]
fn modes_and_tokens_are_kept_to() {
    let (server, url) = Server::start();
    let project = Project::new();
    project.write("out", "result");
    project.keep(&with(&url, |it| it.mode = Mode::Read), &[]);
    assert!(server.shelves().written.is_empty(), "it only reads");
    project.keep(&with(&url, |it| it.mode = Mode::Write), &[]);
    assert!(project.restore(&with(&url, |it| it.mode = Mode::Write)).is_none(), "it only writes");
    server.shelves().tokens.clear();
    let cache = with(&url, |it| it.token = Some("open-sesame".into()));
    assert!(project.restore(&cache).is_some());
    let tokens = server.shelves().tokens.clone();
    assert!(tokens.iter().all(|it| it.as_deref() == Some("Bearer open-sesame")), "{tokens:?}");
    assert!(!format!("{cache:?}").contains("sesame"));
}

/// The messages here are those of the API.
#[test]
fn what_is_kept_there_is_what_the_api_says() {
    let (server, url) = Server::start();
    let mut project = Project::new();
    project.question.has_depfile = true;
    project.write("out", "result");
    project.write("h", "header");
    project.keep(&remote(&url), &["h"]);
    let shelves = server.shelves();
    let (key, result) = shelves
        .results
        .iter()
        .find(|it| !it.1.output_files.is_empty())
        .expect("the result, besides the lists");
    assert_eq!(result.output_files[0].path, "out");
    let action = api::Action::decode(&*shelves.blobs[key]).expect("an action");
    let command = &shelves.blobs[&action.command_digest.expect("it has one").hash];
    let command = api::Command::decode(&**command).expect("a command");
    assert_eq!(command.arguments, ["make", "out"]);
    assert_eq!(command.output_paths, ["out"]);
    let lists = shelves.results.values().find(|it| it.output_files.is_empty());
    assert_eq!(lists.expect("there is one").stdout_raw, br#"[["h"]]"#);
}
