//! In which order jobs start, when it is remembered how long they took (S2, D4).

use walk_core::Store as _;
use walk_plan::Options;

use super::project::Project;

/// Four actions that wait for nothing, of which `d` begins a chain.
const MANIFEST: &str = "
[settings]
jobs = 2
[action.a]
run = 'true'
[action.b]
run = 'true'
[action.c]
run = 'true'
[action.d]
run = 'true'
[action.e]
run = 'true'
deps = ['d']
[action.all]
deps = ['a', 'e']
";

/// Makes the state remember that the last run of `action` took so many milliseconds; nothing of
/// it, if none are given.
fn remember(project: &Project, action: &str, milliseconds: Option<u64>) {
    let mut store = project.state().open_store().expect("it opens");
    let note = milliseconds.map(|it| {
        let note = store.load_note(action).expect("it can be read").expect("it ran");
        let note = String::from_utf8(note).expect("JSON");
        let (before, rest) = note.split_once("\"duration_ms\":").expect("a duration");
        let (_, after) = rest.split_once(',').expect("more");
        format!("{before}\"duration_ms\":{it},{after}").into_bytes()
    });
    store.begin().expect("it can be written");
    store.save_note(action, note.as_deref()).expect("it can be written");
    store.finish().expect("it can be written");
}

/// Walks twice, the second time with these durations remembered; `expected` are the actions in
/// the order in which they start.
#[track_caller]
fn check(manifest: &str, durations: [Option<u64>; 5], expected: [&str; 5]) {
    let project = Project::new(manifest);
    assert_eq!(project.walk().started, ["a", "b", "c", "d", "e"], "in a first walk");
    for (action, duration) in ["a", "b", "c", "d", "e"].into_iter().zip(durations) {
        remember(&project, action, duration);
    }
    let mut again = Options::default();
    again.force = true;
    assert_eq!(project.walk_with(again).started, expected, "{durations:?}");
}

#[test]
fn s2_the_longest_path_starts_first() {
    check(MANIFEST, [500, 500, 1000, 900, 300].map(Some), ["d", "c", "a", "b", "e"]);
}

#[test]
fn s2_with_nothing_known_the_order_is_that_of_becoming_ready() {
    check(MANIFEST, [None; 5], ["a", "b", "c", "d", "e"]);
}

#[test]
fn s2_what_took_unknown_time_counts_as_the_mean() {
    let durations = [Some(500), None, Some(3000), Some(100), Some(100)];
    check(MANIFEST, durations, ["c", "b", "a", "d", "e"]);
}

#[test]
fn d4_what_took_about_as_long_starts_in_the_order_of_becoming_ready() {
    check(MANIFEST, [7, 9, 30, 4, 60].map(Some), ["a", "b", "c", "d", "e"]);
}

#[test]
fn s2_a_declared_priority_is_above_any_duration() {
    let manifest = MANIFEST.replace("[action.b]", "[action.b]\npriority = 1");
    let project = Project::new(&manifest);
    project.walk();
    for action in ["a", "b", "c", "d", "e"] {
        remember(&project, action, Some(if action == "b" { 100 } else { 900 }));
    }
    let mut again = Options::default();
    again.force = true;
    assert_eq!(project.walk_with(again).started[..2], ["b", "d"]);
}

#[test]
fn d4_on_one_token_the_order_does_not_depend_on_durations() {
    let manifest = MANIFEST.replace("jobs = 2", "jobs = 1");
    check(&manifest, [500, 500, 1000, 900, 300].map(Some), ["a", "b", "c", "d", "e"]);
}
