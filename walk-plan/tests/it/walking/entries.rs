//! Plans whose paths are entries, with the rules of make and ninja.

use std::ffi::OsString;
use std::path::PathBuf;

use walk_plan::{
    ActionId, Command, DepfileUse, FileId, Files, MissingOutputs, Parts, Paths, Plan, Response,
    Run, Settings, WalkError,
};

use super::project::Project;

/// A plan in the making.
pub(super) struct Draft {
    root: PathBuf,
    files: Files,
    pub(super) actions: Vec<Command>,
}

impl Draft {
    fn new(project: &Project) -> Self {
        let root = project.path("");
        Self { files: Files::new(root.clone()), root, actions: Vec::new() }
    }

    pub(super) fn ids(&mut self, paths: &[&str]) -> Vec<FileId> {
        paths.iter().map(|it| self.files.intern(it.as_ref())).collect()
    }

    /// Adds an action that is called like its first output; no command is an alias.
    pub(super) fn add(&mut self, outputs: &[&str], run: &str, inputs: &[&str]) -> &mut Command {
        let mut command = Command::new(outputs[0]);
        if !run.is_empty() {
            command.run = Run::Shell(run.into());
        }
        command.outputs = self.ids(outputs);
        command.inputs = self.ids(inputs);
        self.actions.push(command);
        self.actions.last_mut().expect("it was pushed")
    }

    fn plan(self) -> Plan {
        let mut settings = Settings::default();
        settings.paths = Paths::Entries;
        let parts = Parts {
            manifest: self.root.join("manifest"),
            root: self.root,
            settings,
            queues: [("default".into(), 1)].into(),
            actions: self.actions,
            files: self.files,
            default: vec![],
        };
        Plan::assemble(parts).unwrap_or_else(|it| panic!("{it}"))
    }
}

pub(super) fn id(index: usize) -> ActionId {
    ActionId::new(index)
}

#[track_caller]
pub(super) fn check(project: &Project, describe: impl Fn(&mut Draft), expected: &[&str]) {
    let mut draft = Draft::new(project);
    describe(&mut draft);
    let walked = project.walk_plan(draft.plan());
    assert_eq!(walked.started, expected, "{:?}", walked.reasons);
}

#[test]
fn an_alias_stands_for_the_contents_of_its_files() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["headers"], "", &["a.h", "b.h"]);
        draft.add(&["all-headers"], "", &[]).deps = vec![id(0)];
        draft.add(&["x"], "echo made > x", &[]).deps = vec![id(1)];
        draft.add(&["y"], "echo made > y", &[]).after = vec![id(1)];
    };
    project.write("a.h", "1");
    project.write("b.h", "1");
    check(&project, describe, &["x", "y"]);
    check(&project, describe, &[]);
    project.write("b.h", "2");
    check(&project, describe, &["x"]);
    check(&project, describe, &[]);
}

/// `gen.h` is made beside the file that the action declares; an alias says so.
#[test]
fn an_alias_of_a_byproduct_stands_for_its_content_too() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["log"], "cp in gen.h; echo done > log", &["in"]);
        draft.add(&["gen.h"], "", &["log"]);
        draft.add(&["x"], "cp gen.h x", &[]).deps = vec![id(1)];
    };
    project.write("in", "1");
    check(&project, describe, &["log", "x"]);
    check(&project, describe, &[]);
    project.write("in", "2");
    check(&project, describe, &["log", "x"]);
    assert_eq!(project.read("x"), "2");
}

/// An empty file says that something was made, not what.
#[test]
fn a_stamp_stands_for_what_it_was_made_of() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["stamp"], "cp in hidden; : > stamp", &["in"]);
        draft.add(&["out"], "cp hidden out", &["stamp"]);
    };
    project.write("in", "1");
    check(&project, describe, &["stamp", "out"]);
    check(&project, describe, &[]);
    project.write("in", "2");
    check(&project, describe, &["stamp", "out"]);
    assert_eq!(project.read("out"), "2");
    project.age("in", 100);
    check(&project, describe, &[]);
}

#[test]
fn a_directory_that_is_made_stands_for_what_it_was_made_of() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["dir"], "mkdir -p dir; cp in dir/file", &["in"]);
        draft.add(&["out"], "cp dir/file out; echo x > dir/late", &["dir"]);
    };
    project.write("in", "1");
    check(&project, describe, &["dir", "out"]);
    check(&project, describe, &[]);
    project.write("in", "2");
    check(&project, describe, &["dir", "out"]);
    assert_eq!(project.read("out"), "2");
}

#[test]
fn an_identical_output_still_stops_there() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["mid"], "head -c 1 in > mid", &["in"]);
        draft.add(&["out"], "cp mid out", &["mid"]);
    };
    project.write("in", "1a");
    check(&project, describe, &["mid", "out"]);
    project.write("in", "1b");
    check(&project, describe, &["mid"]);
}

#[test]
fn outputs_that_are_never_made_run_every_time() {
    let project = Project::new("");
    let describe = |missing: MissingOutputs| {
        move |draft: &mut Draft| {
            draft.add(&["never"], "true", &["in"]).missing_outputs = missing;
            draft.add(&["named"], "", &["never"]);
            draft.add(&["out"], "echo made > out", &["never"]);
            draft.add(&["other"], "echo made > other", &[]).deps = vec![id(1)];
        }
    };
    project.write("in", "1");
    let rerun = describe(MissingOutputs::Rerun);
    check(&project, rerun, &["never", "out", "other"]);
    check(&project, rerun, &["never", "out", "other"]);
    let compare = describe(MissingOutputs::Compare);
    check(&project, compare, &["never", "other"]);
    check(&project, compare, &["never"]);
}

#[test]
fn depfiles_are_taken_or_kept() {
    let project = Project::new("");
    let describe = |using: DepfileUse, run: &'static str| {
        move |draft: &mut Draft| {
            let depfile = draft.ids(&["x.d"])[0];
            let command = draft.add(&["x"], run, &["in"]);
            command.depfile = Some(depfile);
            command.depfile_use = using;
        }
    };
    let writes = "echo 1 > x; echo x: x.h > x.d";
    project.write("in", "1");
    project.write("x.h", "1");
    check(&project, describe(DepfileUse::Taken, writes), &["x"]);
    assert!(!project.exists("x.d"));
    check(&project, describe(DepfileUse::Taken, writes), &[]);
    project.write("x.h", "2");
    check(&project, describe(DepfileUse::Taken, writes), &["x"]);
    check(&project, describe(DepfileUse::Taken, "echo 2 > x"), &["x"]);
    check(&project, describe(DepfileUse::Taken, "echo 2 > x"), &[]);
    check(&project, describe(DepfileUse::Kept, writes), &["x"]);
    assert!(project.exists("x.d"));
    check(&project, describe(DepfileUse::Kept, writes), &[]);
    project.remove("x.d");
    check(&project, describe(DepfileUse::Kept, "echo 3 > x"), &["x"]);
    check(&project, describe(DepfileUse::Kept, "echo 3 > x"), &["x"]);
}

#[test]
fn included_files_are_found_in_what_the_command_writes() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        let run = "echo x.c; echo 'Note: including file:  x.h'; echo 1 > x";
        let command = draft.add(&["x"], run, &["in"]);
        command.includes_prefix = Some("Note: including file: ".into());
    };
    project.write("in", "1");
    project.write("x.h", "1");
    check(&project, describe, &["x"]);
    check(&project, describe, &[]);
    project.write("x.h", "2");
    check(&project, describe, &["x"]);
    let log = std::fs::read_to_string(project.state().log("x")).expect("it wrote something");
    assert_eq!(log, "x.c\n");
}

#[test]
fn a_response_file_is_written_before_and_removed_after() {
    let project = Project::new("");
    let describe = |content: &'static str| {
        move |draft: &mut Draft| {
            let (path, content) = (PathBuf::from("d/x.rsp"), OsString::from(content));
            draft.add(&["x"], "cp d/x.rsp x", &[]).response =
                Some(Response { path, content, keep: false });
        }
    };
    check(&project, describe("one"), &["x"]);
    assert_eq!(project.read("x"), "one");
    assert!(!project.exists("d/x.rsp"));
    check(&project, describe("one"), &[]);
    check(&project, describe("two"), &["x"]);
    assert_eq!(project.read("x"), "two");
}

/// Somebody else made the manifest first; from then on contents decide.
#[test]
fn a_manifest_that_is_newer_than_its_inputs_is_up_to_date() {
    let project = Project::new("");
    let describe = |run: &'static str| {
        move |draft: &mut Draft| draft.add(&["manifest"], run, &["in"]).generator = true
    };
    project.write("in", "1");
    project.settle();
    project.write("manifest", "by hand");
    check(&project, describe("cp in manifest"), &[]);
    check(&project, describe("cp in manifest; true"), &[]);
    project.write("in", "2");
    check(&project, describe("cp in manifest"), &["manifest"]);
    check(&project, describe("cp in manifest"), &[]);
    project.write("in", "3");
    project.settle();
    project.write("manifest", "by hand again");
    check(&project, describe("cp in manifest"), &[]);
}

/// An older file that is put in the place of an input is a change, whatever its times say.
#[test]
fn an_older_input_of_the_manifest_is_a_change() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["manifest"], "cp in manifest", &["in"]).generator = true;
    };
    project.write("in", "1");
    project.settle();
    project.write("manifest", "1");
    check(&project, describe, &[]);
    project.settle();
    project.write("in", "0");
    project.age("in", 1000);
    check(&project, describe, &["manifest"]);
}

#[test]
fn a_missing_source_is_refused_before_anything_runs() {
    let project = Project::new("");
    let mut draft = Draft::new(&project);
    draft.add(&["a"], "touch a", &[]);
    draft.add(&["b"], "touch b", &["nowhere"]);
    let error = project.try_walk_plan(draft.plan()).expect_err("nothing makes it");
    let WalkError::MissingInput { path, action } = error else { panic!("{error}") };
    assert_eq!((path, action.as_str()), (PathBuf::from("nowhere"), "b"));
    assert!(!project.exists("a"));
}

/// A directory beside an alias of the same name has nothing to do with it.
#[test]
fn a_file_below_a_directory_called_like_an_alias_is_a_source() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        let depfile = draft.ids(&["x.d"])[0];
        let command = draft.add(&["x"], "cp tests/x.h x; echo x: tests/x.h > x.d", &[]);
        command.depfile = Some(depfile);
        command.depfile_use = DepfileUse::Taken;
        draft.add(&["tests"], "", &["x"]);
    };
    project.write("tests/x.h", "1");
    check(&project, describe, &["x"]);
    check(&project, describe, &[]);
    project.write("tests/x.h", "2");
    check(&project, describe, &["x"]);
}

/// Who made it is only a predecessor once the depfile was read: the second walk ran everything
/// that read an empty header once more.
#[test]
fn an_empty_header_that_only_a_depfile_names_is_known_at_once() {
    let project = Project::new("");
    let describe = |draft: &mut Draft| {
        draft.add(&["gen.h"], "cp in hidden; : > gen.h", &["in"]);
        draft.add(&["order"], "", &[]).after = vec![id(0)];
        let depfile = draft.ids(&["x.d"])[0];
        let command = draft.add(&["x"], "cp hidden x; echo x: gen.h > x.d", &[]);
        command.after = vec![id(1)];
        command.depfile = Some(depfile);
        command.depfile_use = DepfileUse::Taken;
    };
    project.write("in", "1");
    check(&project, describe, &["gen.h", "x"]);
    check(&project, describe, &[]);
    project.write("in", "2");
    check(&project, describe, &["gen.h", "x"]);
    assert_eq!(project.read("x"), "2");
    check(&project, describe, &[]);
}
