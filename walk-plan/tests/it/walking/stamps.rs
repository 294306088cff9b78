//! Files that do not say what was made, and manifests that somebody else has made.

use walk_plan::{Command, DepfileUse};

use super::entries::{Draft, check, id};
use super::project::Project;

fn depfile<'a>(draft: &'a mut Draft, outputs: &[&str], run: &str, named: &str) -> &'a mut Command {
    let file = draft.ids(&[&format!("{}.d", outputs[0])])[0];
    let command =
        draft.add(outputs, &format!("{run}; echo '{0}: {named}' > {0}.d", outputs[0]), &[]);
    command.depfile = Some(file);
    command.depfile_use = DepfileUse::Kept;
    command
}

/// A deterministic thin archive does not change when an object keeps its size: what was linked
/// with it was stale.
#[test]
fn a_thin_archive_stands_for_its_objects() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["a.o"], "cp a.c a.o", &["a.c"]);
        draft.add(&["lib.a"], "printf '!<thin>\\na.o 2\\n' > lib.a", &["a.o"]);
        draft.add(&["prog"], "cat a.o > prog", &["lib.a"]);
    };
    project.write("a.c", "1");
    check(&project, describe, &["a.o", "lib.a", "prog"]);
    check(&project, describe, &[]);
    project.write("a.c", "2");
    check(&project, describe, &["a.o", "lib.a", "prog"]);
    assert_eq!(project.read("prog"), "2");
    check(&project, describe, &[]);
}

/// What an empty file says is when it was touched: `restat` is there to say that nothing is new.
#[test]
fn a_stamp_that_is_touched_is_news_and_one_that_is_not_is_none() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        let run = "cmp -s in seen || { cp in seen; touch stamp; }";
        draft.add(&["stamp"], run, &[]).always = true;
        draft.add(&["out"], "cp seen out", &["stamp"]);
    };
    project.write("in", "1");
    check(&project, describe, &["stamp", "out"]);
    check(&project, describe, &["stamp"]);
    project.settle();
    project.write("in", "2");
    check(&project, describe, &["stamp", "out"]);
    assert_eq!(project.read("out"), "2");
    check(&project, describe, &["stamp"]);
}

/// Another program built in between, with other sources: what it left looked like our own.
#[test]
fn a_stamp_that_somebody_else_touched_is_made_again() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["stamp"], "cp in side; touch stamp", &["in"]);
    };
    project.write("in", "1");
    check(&project, describe, &["stamp"]);
    check(&project, describe, &[]);
    project.settle();
    project.write("side", "2");
    project.write("stamp", "");
    check(&project, describe, &["stamp"]);
    assert_eq!(project.read("side"), "1");
    check(&project, describe, &[]);
}

/// The action that reads a stamp may touch it: that is no change of what it read.
#[test]
fn a_stamp_that_its_reader_touches_is_trusted() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["stamp"], "touch stamp", &["in"]).generator = false;
        draft.add(&["out"], "cp in out; touch -d @1 stamp", &["stamp"]);
    };
    project.write("in", "1");
    check(&project, describe, &["stamp", "out"]);
    // Who made it finds it touched by another.
    check(&project, describe, &["stamp", "out"]);
}

/// A depfile may name an alias: what is missing behind it was taken for a file that is missing.
#[test]
fn an_alias_that_a_depfile_names_stands_for_its_files() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["real.h"], "cp in real.h", &["in"]);
        draft.add(&["gen.h"], "", &["real.h"]);
        depfile(draft, &["x"], "cp real.h x", "gen.h").after = vec![id(1)];
    };
    project.write("in", "1");
    check(&project, describe, &["real.h", "x"]);
    // Only now the alias decides over another action.
    check(&project, describe, &["x"]);
    check(&project, describe, &[]);
    project.write("in", "2");
    check(&project, describe, &["real.h", "x"]);
    assert_eq!(project.read("x"), "2");
    check(&project, describe, &[]);
}

/// The manifest was made by its generator itself, before the first walk, and tells by a depfile
/// what it was made of: that was never looked at.
#[test]
fn the_depfile_of_a_manifest_that_somebody_else_made_is_read() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        depfile(draft, &["manifest"], "cp in manifest", "in").generator = true;
    };
    project.write("in", "1");
    project.settle();
    project.write("manifest.d", "manifest: in\n");
    project.write("manifest", "1");
    check(&project, describe, &[]);
    project.settle();
    project.write("in", "2");
    check(&project, describe, &["manifest"]);
    check(&project, describe, &[]);
}

#[test]
fn a_manifest_without_the_depfile_it_declares_is_made_again() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        depfile(draft, &["manifest"], "cp in manifest", "in").generator = true;
    };
    project.write("in", "1");
    project.settle();
    project.write("manifest", "1");
    check(&project, describe, &["manifest"]);
    check(&project, describe, &[]);
}

/// A build tree that comes out of an archive is younger than all sources, and its files are not.
#[test]
fn a_manifest_that_was_copied_is_as_old_as_it_was() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["manifest"], "cp in manifest", &["in"]).generator = true;
    };
    project.write("in", "2");
    project.settle();
    project.write("manifest", "1");
    project.age("manifest", 1000);
    check(&project, describe, &["manifest"]);
}

/// What walk made of the manifest is on record, and an edit of an input counts, whatever was done
/// to the manifest's times or rights.
#[test]
fn an_edited_input_is_not_hidden_by_a_younger_manifest() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["manifest"], "cat in > manifest; echo >> manifest", &["in"]).generator = true;
    };
    project.write("in", "1");
    check(&project, describe, &["manifest"]);
    project.write("in", "2");
    project.settle();
    project.write("manifest", "1\n");
    check(&project, describe, &["manifest"]);
    check(&project, describe, &[]);
}

#[test]
fn an_input_of_the_manifest_behind_an_alias_counts() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["inputs"], "", &["in"]);
        draft.add(&["manifest"], "cp in manifest", &[]).generator = true;
        draft.actions[1].deps = vec![id(0)];
    };
    project.write("manifest", "0");
    project.settle();
    project.write("in", "1");
    check(&project, describe, &["manifest"]);
    check(&project, describe, &[]);
    project.settle();
    project.write("in", "2");
    check(&project, describe, &["manifest"]);
}

/// One of two outputs was written by somebody else, the other is as old as it was.
#[test]
fn the_oldest_output_of_a_generator_counts() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["a", "b"], "cp in a; cp in b", &["in"]).generator = true;
    };
    project.write("in", "1");
    check(&project, describe, &["a"]);
    project.settle();
    project.write("in", "2");
    project.settle();
    project.write("a", "by hand");
    check(&project, describe, &["a"]);
    assert_eq!(project.read("b"), "2");
}

/// As `CMake` does with the stamp of its search for sources: the generator touches its own input.
#[test]
fn a_generator_may_touch_a_stamp_that_it_reads() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["stamp"], "cmp -s in seen || { cp in seen; touch stamp; }", &[]).always = true;
        let run = "cp in manifest; touch stamp";
        draft.add(&["manifest"], run, &["stamp", "in"]).generator = true;
    };
    project.write("in", "1");
    check(&project, describe, &["stamp", "manifest"]);
    check(&project, describe, &["stamp"]);
    project.settle();
    project.write("in", "2");
    check(&project, describe, &["stamp", "manifest"]);
    check(&project, describe, &["stamp"]);
}

/// The search of `CMake` for sources: a generator of its own that always runs, because it needs
/// what is never there, and touches a file with a text in it.
#[test]
fn what_a_generator_touches_is_news() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        let look =
            "test -e stamp || echo text > stamp; cmp -s in seen || { cp in seen; touch stamp; }";
        let step = draft.add(&["stamp"], look, &["never"]);
        (step.generator, step.always) = (true, true);
        draft.add(&["never"], "", &[]);
        let run = "cp seen manifest; echo text > stamp";
        draft.add(&["manifest"], run, &["stamp"]).generator = true;
    };
    project.write("in", "1");
    check(&project, describe, &["stamp", "manifest"]);
    check(&project, describe, &["stamp"]);
    project.settle();
    project.write("in", "2");
    check(&project, describe, &["stamp", "manifest"]);
    assert_eq!(project.read("manifest"), "2");
    check(&project, describe, &["stamp"]);
}
