//! Manifests on disk become plans, stage by stage, and their walks do what ninja would.

use std::fs;
use std::path::Path;

use walk_ninja::{Build, BuildError, Frame, Purpose, Stage};
use walk_plan::{
    ActionId, Command, CommandWalk, DepfileUse, MissingOutputs, Options, Plan, Run, StateDir,
};

/// A directory with a manifest.
struct Project(tempfile::TempDir);

impl Project {
    fn new(manifest: &str) -> Self {
        let project = Self(tempfile::tempdir().expect("a directory"));
        project.write("build.ninja", manifest);
        project
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: &str) {
        fs::write(self.root().join(path), content).expect("it can be written");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect("it can be read")
    }

    fn build(&self) -> Build {
        let mut frame = Frame::new(self.root(), "build.ninja");
        frame.jobs = 2;
        Build::new(frame).unwrap_or_else(|it| panic!("{it}"))
    }

    fn stage(&self) -> Stage {
        let stage = self.build().next_stage(&[]).unwrap_or_else(|it| panic!("{it}"));
        stage.expect("there is something to build")
    }

    fn open(&self, plan: Plan) -> CommandWalk {
        let memory = StateDir::new(self.root().join(".walk"));
        CommandWalk::open(plan, memory, Options::default()).expect("it opens")
    }

    /// Builds everything, and returns what ran in each stage.
    fn stages(&self, targets: &[&str]) -> Vec<(Purpose, Vec<String>)> {
        let targets: Vec<Vec<u8>> = targets.iter().map(|it| it.as_bytes().to_vec()).collect();
        let mut build = self.build();
        let mut done = Vec::new();
        while let Some(stage) = build.next_stage(&targets).unwrap_or_else(|it| panic!("{it}")) {
            let purpose = stage.purpose;
            let mut walk = self.open(stage.plan);
            if build.widen(&walk.plan().files) {
                continue;
            }
            let ran = walk_to(&stage.targets, &mut walk);
            let was_executed = |name: &str| ran.iter().any(|it| it == name);
            build.stage_done(was_executed).unwrap_or_else(|it| panic!("{it}"));
            done.push((purpose, ran));
        }
        done
    }

    /// Builds everything, and returns all that ran.
    fn ran(&self, targets: &[&str]) -> Vec<String> {
        self.stages(targets).into_iter().flat_map(|it| it.1).collect()
    }
}

/// Walks one stage, and returns what ran.
fn walk_to(targets: &[ActionId], walk: &mut CommandWalk) -> Vec<String> {
    let dag = walk.dag(targets).expect("a graph");
    let report = walk.run(&dag).expect("it walks");
    assert!(report.is_success(), "{report:#?}");
    let ran = report.actions().iter().filter(|it| it.was_executed());
    ran.map(|it| it.uid.clone()).collect()
}

#[track_caller]
fn check_error(manifest: &str, expected: &str) {
    let project = Project::new(manifest);
    let found = project.build().next_stage(&[]).map(|_| ()).expect_err("it is wrong").to_string();
    assert_eq!(found, expected);
}

const CP: &str = "rule cp\n  command = cp $in $out\n";

fn command(stage: &Stage, name: &str) -> Command {
    let found = stage.plan.actions.iter().find(|it| &*it.name == name);
    found.unwrap_or_else(|| panic!("no action {name}")).clone()
}

#[test]
fn an_edge_becomes_a_command() {
    let project = Project::new(
        "pool two\n  depth = 2\nrule cc\n  command = cc $in > '$out'\n  depfile = $out.d\n  \
         deps = gcc\n  restat = 1\n  pool = two\n  rspfile = $out.rsp\n  rspfile_content = $in\n\
         rule t\n  command = t\n  pool = console\n  generator = 1\n  depfile = t.d\n\
         build a.o | a.x: cc a.c | a.h || order\nbuild order: phony src\nbuild t: t\n",
    );
    project.write("src", "");
    let stage = project.stage();
    let path = |it: &walk_plan::FileId| stage.plan.files.path(*it).display().to_string();
    let cc = command(&stage, "a.o");
    assert_eq!(cc.run, Run::Shell("cc a.c > 'a.o'".into()));
    assert_eq!(cc.outputs.iter().map(path).collect::<Vec<_>>(), ["a.o", "a.x"]);
    assert_eq!(cc.inputs.iter().map(path).collect::<Vec<_>>(), ["a.c", "a.h"]);
    assert_eq!(cc.after, [ActionId::new(1)]);
    assert_eq!((cc.deps.len(), &*cc.queue), (0, "two"));
    assert_eq!(cc.depfile.as_ref().map(path).as_deref(), Some("a.o.d"));
    assert_eq!(cc.depfile_use, DepfileUse::Taken);
    assert_eq!(cc.missing_outputs, MissingOutputs::Compare);
    let response = cc.response.expect("it has one");
    assert_eq!((response.path.to_str(), response.content.to_str()), (Some("a.o.rsp"), Some("a.c")));
    assert_eq!(stage.plan.queues["two"], 2);
    let t = command(&stage, "t");
    assert!(t.interactive && t.generator && !cc.generator);
    assert_eq!(t.depfile_use, DepfileUse::Kept);
    assert_eq!(t.missing_outputs, MissingOutputs::Rerun);
    assert!(command(&stage, "order").is_alias());
}

#[test]
fn what_orders_only_orders_and_what_is_named_decides() {
    let project = Project::new(&format!(
        "{CP}build mid: cp in\nbuild out: cp a || mid\nbuild named: cp a | all-mid\n\
         build all-mid: phony mid\n"
    ));
    project.write("in", "1");
    project.write("a", "1");
    assert_eq!(project.ran(&[]), ["mid", "out", "named"]);
    assert_eq!(project.ran(&[]), [""; 0]);
    project.write("in", "2");
    assert_eq!(project.ran(&[]), ["mid", "named"]);
}

/// The way to say "always": a phony without inputs that does not exist.
#[test]
fn what_needs_a_missing_phony_runs_every_time() {
    let project = Project::new(&format!(
        "{CP}build FORCE: phony\nbuild chain: phony FORCE\nbuild a: cp in | FORCE\n\
         build b: cp in | chain\nbuild c: cp a\n"
    ));
    project.write("in", "1");
    assert_eq!(project.ran(&[]), ["a", "b", "c"]);
    assert_eq!(project.ran(&[]), ["a", "b"]);
    project.write("FORCE", "");
    project.ran(&[]);
    assert_eq!(project.ran(&[]), [""; 0]);
}

#[test]
fn validations_are_built_and_nothing_waits_for_them() {
    let project = Project::new(&format!(
        "{CP}build out: cp in |@ check\nbuild check: cp out |@ further\nbuild further: cp in\n\
         build other: cp in\ndefault out\n"
    ));
    project.write("in", "1");
    let mut ran = project.ran(&[]);
    ran.sort();
    assert_eq!(ran, ["check", "further", "out"]);
    assert_eq!(project.ran(&["other"]), ["other"]);
}

#[test]
fn the_manifest_is_made_first_and_read_again() {
    let manifest = |more: &str| {
        format!(
            "{CP}rule gen\n  command = cp template build.ninja\n  generator = 1\n\
             build build.ninja: gen template\nbuild one: cp in\n{more}"
        )
    };
    let project = Project::new(&manifest(""));
    project.write("in", "1");
    project.write("template", &manifest("build two: cp in\n"));
    let stages = project.stages(&[]);
    assert_eq!(
        stages,
        [
            (Purpose::Manifest, vec!["build.ninja".to_owned()]),
            (Purpose::Manifest, vec![]),
            (Purpose::Targets, vec!["one".to_owned(), "two".to_owned()]),
        ]
    );
    assert_eq!(project.read("build.ninja"), project.read("template"));
}

#[test]
fn dyndep_files_are_made_and_then_obeyed() {
    let project = Project::new(&format!(
        "{CP}rule use\n  command = cat in hidden > $out && cp in $out.more\n  dyndep = dd\n\
         build dd: cp dd.in\nbuild out: use in || dd\nbuild hidden: cp hidden.in\n\
         build last: cp out.more\n"
    ));
    project.write("in", "1");
    project.write("hidden.in", "2");
    project.write(
        "dd.in",
        "ninja_dyndep_version = 1\nbuild out | out.more: dyndep | hidden\n  restat = 1\n",
    );
    let stages = project.stages(&[]);
    let ran = |index: usize| stages[index].1.join(" ");
    assert_eq!(stages.len(), 2);
    assert_eq!((stages[0].0, ran(0)), (Purpose::Dyndep, "dd".into()));
    assert_eq!((stages[1].0, ran(1)), (Purpose::Targets, "out hidden last".into()));
    assert_eq!(project.read("out"), "12");
    assert_eq!(project.ran(&[]), [""; 0]);
    project.write("hidden.in", "3");
    assert_eq!(project.ran(&[]), ["out", "hidden"]);
}

/// Copies its input and the files that its depfile names.
const CC: &str = "rule cc\n  command = cat $in $more > $out && echo $out: $in $more > $out.d\n  \
                  depfile = $out.d\n  deps = gcc\n";

/// Its maker is no part of what the targets declare that they need.
#[test]
fn a_header_that_only_a_depfile_names_was_not_made() {
    let project = Project::new(&format!(
        "{CP}{CC}build gen.h: cp gen.in\nbuild foo.o: cc foo.c\n  more = gen.h\ndefault foo.o\n"
    ));
    project.write("foo.c", "c");
    project.write("gen.in", "1");
    assert_eq!(project.ran(&["gen.h"]), ["gen.h"]);
    assert_eq!(project.ran(&[]), ["foo.o"]);
    assert_eq!(project.ran(&[]), [""; 0]);
    project.write("gen.in", "2");
    assert_eq!(project.ran(&[]), ["gen.h", "foo.o"]);
    assert_eq!(project.read("foo.o"), "c2");
    fs::remove_file(project.root().join("gen.h")).expect("it is there");
    assert_eq!(project.ran(&[]), ["gen.h"]);
}

/// Under another name, through another depfile, and what validates it comes along.
#[test]
fn what_a_header_is_made_of_that_only_a_depfile_names_was_not_made() {
    let project = Project::new("");
    let root = project.root().display();
    let manifest = format!(
        "{CP}{CC}build {root}/gen.h: cc gen.in |@ check\n  more = deep.h\nbuild deep.h: cp deep.in\n\
         build check: cp deep.in\nbuild foo.o: cc foo.c\n  more = gen.h\ndefault foo.o\n"
    );
    project.write("build.ninja", &manifest);
    project.write("foo.c", "c");
    project.write("gen.in", "g");
    project.write("deep.in", "1");
    project.ran(&["deep.h"]);
    project.ran(&[&format!("{root}/gen.h")]);
    assert_eq!(project.ran(&[]), ["foo.o"]);
    project.write("deep.in", "2");
    assert_eq!(project.ran(&[]).len(), 4);
    assert_eq!(project.read("foo.o"), "cg2");
    assert_eq!(project.ran(&[]), [""; 0]);
}

/// What a dyndep file says of what the depfile names is loaded first.
#[test]
fn a_header_that_only_a_depfile_names_may_wait_for_a_dyndep_file() {
    let project = Project::new(&format!(
        "{CP}{CC}build dd: cp dd.in\nbuild late.h: cp late.in\n\
         build gen.h: cc gen.in || dd\n  more = late.h\n  dyndep = dd\n\
         build foo.o: cc foo.c\n  more = gen.h\ndefault foo.o\n"
    ));
    project.write("foo.c", "c");
    project.write("gen.in", "g");
    project.write("late.in", "1");
    project.write("dd.in", "ninja_dyndep_version = 1\nbuild gen.h: dyndep | late.h\n");
    project.ran(&["gen.h"]);
    assert_eq!(project.ran(&[]), ["foo.o"]);
    project.write("late.in", "2");
    assert_eq!(project.ran(&[]), ["late.h", "gen.h", "foo.o"]);
    assert_eq!(project.read("foo.o"), "cg2");
}

#[test]
fn a_missing_file_that_only_a_dyndep_file_names_was_a_mistake() {
    let project = Project::new(&format!(
        "{CP}build dd: cp dd.in\nbuild out: cp in || dd\n  dyndep = dd\nbuild last: cp out\n"
    ));
    project.write("in", "1");
    project.write("dd.in", "ninja_dyndep_version = 1\nbuild out: dyndep | missing\n");
    assert_eq!(project.ran(&[]), ["dd", "out", "last"]);
    assert_eq!(project.ran(&[]), ["out"]);
    project.write("missing", "");
    assert_eq!(project.ran(&[]), ["out"]);
    assert_eq!(project.ran(&[]), [""; 0]);
}

/// ninja takes it for two files, of which each edge makes the other one, too.
#[test]
fn two_edges_that_make_one_file_in_two_spellings_had_no_place() {
    let project = Project::new("");
    let root = project.root().display();
    let text = format!("{CP}build a: cp in\nbuild {root}/a: cp in\n");
    project.write("build.ninja", &text);
    let error = project.build().next_stage(&[]).map(|_| ()).expect_err("one file, two makers");
    assert_eq!(
        error.to_string(),
        "build.ninja:4: multiple rules generate a: build.ninja:3 does, and spells it otherwise"
    );
}

/// The byte and the text that it is escaped to.
#[test]
fn two_paths_had_one_name() {
    let project = Project::new("");
    let text = [CP.as_bytes(), b"build o\xff: cp in\nbuild o\\xff: cp in\n"].concat();
    fs::write(project.root().join("build.ninja"), text).expect("it can be written");
    project.write("in", "1");
    assert_eq!(project.ran(&[]), [r"o\xff", r"o\\xff"]);
    assert_eq!(project.ran(&[]), [""; 0]);
}

#[test]
fn one_file_may_be_named_absolutely_and_relatively() {
    let project = Project::new("");
    let root = project.root().display().to_string();
    project.write(
        "build.ninja",
        &format!("{CP}build a | {root}/a: cp in\nbuild b: cp {root}/a\nbuild {root}/n: phony b\n"),
    );
    project.write("in", "1");
    assert_eq!(project.ran(&[]), ["a", "b"]);
    assert_eq!(project.ran(&[&format!("{root}/n")]), [""; 0]);
}

#[test]
fn a_path_that_is_not_utf_8_is_a_path() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = Project::new("");
    let text = [CP.as_bytes(), b"build o\xff: cp i\xfe\n"].concat();
    fs::write(project.root().join("build.ninja"), text).expect("it can be written");
    let path = |name: &[u8]| project.root().join(std::ffi::OsStr::from_bytes(name));
    fs::write(path(b"i\xfe"), "1").expect("it can be written");
    assert_eq!(project.ran(&[]), [r"o\xff"]);
    assert!(path(b"o\xff").exists());
    assert_eq!(project.ran(&[]), [""; 0]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    check_error(
        "build a: phony b\nbuild b: phony c\nbuild c: phony a\ndefault a\n",
        "build.ninja:1: dependency cycle: a -> b -> c -> a",
    );
    check_error(
        &format!("{CP}build a: cp b || nowhere\n"),
        "'nowhere', needed by 'a', missing and no known rule to make it",
    );
    check_error(
        "rule r\n  command = r\n  deps = gcc\nbuild a: r\n",
        "build.ninja:4: edge with deps=gcc but no depfile makes no sense",
    );
    check_error(
        "rule r\n  command = r\n  deps = cc\nbuild a: r\n",
        "build.ninja:4: unknown deps type 'cc': gcc and msvc are known",
    );
    check_error(
        "rule r\n  command = $depfile\n  depfile = $command\nbuild a: r\n",
        "build.ninja:4: cycle in rule variables: command -> depfile -> command",
    );
}

#[test]
fn dyndep_files_that_wait_for_themselves_are_a_mistake() {
    let project = Project::new(&format!(
        "{CP}build dd: cp x || dd2\n  dyndep = dd2\nbuild dd2: cp x || dd\n  dyndep = dd\n"
    ));
    project.write("x", "");
    let error = project.build().next_stage(&[b"dd".to_vec()]).expect_err("a cycle");
    assert!(matches!(error, BuildError::Cycle { .. }), "{error}");
}

/// A million edges deep would be too deep for a stack.
#[test]
fn a_long_chain_needs_no_stack() {
    use std::fmt::Write as _;
    let mut manifest = String::from(CP);
    for number in 0..100_000 {
        let _ = writeln!(manifest, "build f{}: phony f{number}", number + 1);
    }
    let project = Project::new(&manifest);
    project.write("f0", "");
    assert_eq!(project.stage().plan.actions.len(), 100_000);
}
