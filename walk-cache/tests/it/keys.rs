//! A key stands for all that decides over a result, and for nothing else.

use proptest::prelude::*;

use crate::kit::{Project, local};

/// Whatever is changed, what was kept before is not the answer any more.
#[test]
fn a_change_of_anything_that_decides_is_another_question() {
    type Change = fn(&mut Project);
    let changes: [(&str, Change); 10] = [
        ("argument", |it| it.question.arguments.push("-v".into())),
        ("moved border", |it| it.question.arguments = vec!["makeo".into(), "ut".into()]),
        ("variable", |it| drop(it.question.env.insert("A".into(), "1".into()))),
        ("directory", |it| it.question.directory = "sub".into()),
        ("content", |it| it.write("in", "other!")),
        ("another input", |it| {
            it.write("more", "input");
            it.question.inputs.push("more".into());
        }),
        ("input of another name", |it| {
            it.write("im", "input");
            it.question.inputs = vec!["im".into()];
        }),
        ("fact", |it| it.question.facts.push(("tool cc".into(), "13".into()))),
        ("depfile", |it| it.question.has_depfile = true),
        ("mode", |it| {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(it.path("in"), mode).expect("ours");
        }),
    ];
    for (what, change) in changes {
        let directory = tempfile::tempdir().expect("a directory");
        let cache = local(directory.path());
        let mut project = Project::new();
        project.write("out", "result");
        project.keep(&cache, &[]);
        assert!(project.restore(&cache).is_some(), "{what}: not kept");
        change(&mut project);
        assert_eq!(project.restore(&cache), None, "{what}");
    }
}

/// Files outside of the project count by their content too.
#[test]
fn a_file_outside_counts_and_where_the_project_is_does_not() {
    let outside = tempfile::tempdir().expect("a directory");
    let header = outside.path().join("stdio.h");
    std::fs::write(&header, "one").expect("ours");
    let directory = tempfile::tempdir().expect("a directory");
    let make = || {
        let mut project = Project::new();
        project.question.has_depfile = true;
        project.write("out", "result");
        project
    };
    let (one, other) = (make(), make());
    one.keep(&local(directory.path()), &[header.to_str().expect("text")]);
    let found = other.restore(&local(directory.path())).expect("it was kept elsewhere");
    assert_eq!(found.discovered, [header.to_str().expect("text")]);
    std::fs::write(&header, "two").expect("ours");
    assert_eq!(other.restore(&local(directory.path())), None);
}

/// A project with a directory `external`, where a key has the files outside of it.
#[test]
fn a_file_outside_is_not_mistaken_for_one_inside() {
    let outside = tempfile::tempdir().expect("a directory");
    let header = outside.path().join("h");
    std::fs::write(&header, "outside").expect("ours");
    let header = header.to_str().expect("text").to_owned();
    let inside = format!("external{header}");
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let mut project = Project::new();
    project.write(&inside, "inside");
    project.write("out", "result");
    project.question.inputs = vec![inside.clone(), header.clone()];
    project.keep(&cache, &[]);
    assert!(project.restore(&cache).is_some());
    project.write(&inside, "INSIDE");
    assert_eq!(project.restore(&cache), None, "the one inside counts");
    project.write(&inside, "inside");
    std::fs::write(&header, "OUTSIDE").expect("ours");
    assert_eq!(project.restore(&cache), None, "the one outside counts");
    project.write(&inside, "outside");
    std::fs::write(&header, "outside").expect("ours");
    project.question.inputs = vec![header];
    project.keep(&cache, &[]);
    project.question.inputs = vec![inside];
    assert_eq!(project.restore(&cache), None, "one is not the other");
}

/// Two machines with different compilers of one name.
#[test]
fn what_a_program_is_that_is_called_counts() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let mut project = Project::new();
    let program = |content: &str| {
        project.write("bin/cc", content);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(project.path("bin/cc"), mode).expect("ours");
    };
    program("one");
    let path = format!("/nowhere:{}", project.path("bin").display());
    project.question.env.insert("PATH".into(), path);
    project.question.programs = vec!["cc".into(), "cd".into()];
    project.write("out", "result");
    project.keep(&cache, &[]);
    assert!(project.restore(&cache).is_some());
    let program = |content: &str| project.write("bin/cc", content);
    program("another");
    assert_eq!(project.restore(&cache), None);
    program("one");
    assert!(project.restore(&cache).is_some());
    project.question.programs[0] = "./bin/cc".into();
    assert!(project.restore(&cache).is_some(), "it is the same program");
}

/// What others tell of is read only if it is a file, and the project itself is no input.
#[test]
fn directories_without_end_have_no_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = local(directory.path());
    let mut project = Project::new();
    project.write("out", "result");
    let describe = |project: &Project, more: &str| {
        cache.describe(&project.question, project.root(), &[more.to_owned()], b"").is_some()
    };
    assert!(describe(&project, "out"));
    for more in ["/", ".", ".scratch", "/dev/null", "../x"] {
        assert!(!describe(&project, more), "{more}");
    }
    for input in [".", "/"] {
        project.question.inputs = vec![input.into()];
        assert!(!describe(&project, "out"), "{input}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two questions have one answer only if they are the same.
    #[test]
    fn different_questions_have_different_answers(
        one in question(), other in question(),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let cache = local(directory.path());
        let mut project = Project::new();
        project.write("out", "result");
        (project.question.arguments, project.question.facts) = one.clone();
        project.keep(&cache, &[]);
        (project.question.arguments, project.question.facts) = other.clone();
        project.question.facts.reverse();
        let mut facts = [one.1.clone(), other.1.clone()];
        for it in &mut facts {
            it.sort();
        }
        let is_same = one.0 == other.0 && facts[0] == facts[1];
        prop_assert_eq!(project.restore(&cache).is_some(), is_same);
    }
}

type Parts = (Vec<String>, Vec<(String, String)>);

fn question() -> impl Strategy<Value = Parts> {
    let word = || "[ab]{0,2}";
    (prop::collection::vec(word(), 0..3), prop::collection::vec((word(), word()), 0..2))
}
