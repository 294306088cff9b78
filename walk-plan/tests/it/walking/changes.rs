//! What runs again after which change (F1 to F7, F10 to F12).

use walk_core::JobStatus::{Success, Unchanged};

use super::project::Project;

/// Two steps: `upper` reads `in.txt`, `count` reads what it makes.
const STEPS: &str = r#"
[action.upper]
run = "tr a-z A-Z < {in} | grep -v '^#' > {out}"
in = ["in.txt"]
out = ["build/upper.txt"]

[action.count]
run = "wc -c < {in} > {out}"
in = ["build/upper.txt"]
out = ["build/count.txt"]
"#;

fn steps() -> Project {
    let project = Project::new(STEPS);
    project.write("in.txt", "hello\n");
    project.check(&["upper", "count"]);
    project.check(&[]);
    project
}

/// F3, F11: a touched file changes nothing.
#[test]
fn a_touched_file_runs_nothing() {
    let project = steps();
    project.age("in.txt", 5);
    project.check(&[]);
    project.age("in.txt", 0);
    project.check(&[]);
}

#[test]
fn an_edited_file_runs_what_reads_it() {
    let project = steps();
    project.write("in.txt", "hello world\n");
    let walked = project.check(&["upper", "count"]);
    assert_eq!(walked.reasons[0], "upper: changed: input in.txt");
    assert_eq!(project.read("build/count.txt").trim(), "12");
}

/// A file that is older than the output, but different, is noticed.
#[test]
fn an_older_file_restored_runs_what_reads_it() {
    let project = steps();
    project.write("in.txt", "older\n");
    project.age("in.txt", 1_000_000);
    project.check(&["upper", "count"]);
}

#[test]
fn a_deleted_or_edited_output_is_made_again() {
    let project = steps();
    project.remove("build/upper.txt");
    project.check(&["upper"]);
    project.write("build/upper.txt", "tampered");
    project.check(&["upper"]);
    assert_eq!(project.read("build/upper.txt"), "HELLO\n");
    project.check(&[]);
}

/// Early cutoff: what comes out the same stops there, and says so.
#[test]
fn an_identical_output_stops_there() {
    let project = steps();
    project.write("in.txt", "# a comment\nhello\n");
    let walked = project.check(&["upper"]);
    assert_eq!(walked.status("upper"), Some(Unchanged));
    project.write("in.txt", "other\n");
    assert_eq!(project.check(&["upper", "count"]).status("upper"), Some(Success));
}

#[test]
fn an_edited_command_runs_again() {
    let project = steps();
    project.manifest(&STEPS.replace("wc -c", "wc -l"));
    let walked = project.check(&["count"]);
    assert_eq!(walked.reasons, ["count: changed: command"]);
}

#[test]
fn set_variables_are_part_of_the_fingerprint() {
    let manifest = |value: &str| {
        format!(
            "[env]\nset = {{ WORD = '{value}' }}\n[action.a]\nrun = 'echo $WORD > out'\nout = ['out']\n"
        )
    };
    let project = Project::new(&manifest("one"));
    project.check(&["a"]);
    project.check(&[]);
    project.manifest(&manifest("two"));
    assert_eq!(project.check(&["a"]).reasons, ["a: changed: env WORD"]);
    assert_eq!(project.read("out"), "two\n");
}

#[test]
fn the_list_that_a_glob_matches_is_part_of_the_fingerprint() {
    let project = Project::new(
        "[action.all]\nrun = 'cat {in} > {out}'\nin = ['parts/*.txt']\nout = ['all.txt']\n",
    );
    project.write("parts/a.txt", "a");
    project.write("parts/b.txt", "");
    project.check(&["all"]);
    project.remove("parts/b.txt");
    let walked = project.check(&["all"]);
    assert!(walked.reasons[0].contains("glob parts/*.txt"), "{:?}", walked.reasons);
    project.check(&[]);
}

#[test]
fn the_version_of_a_tool_is_part_of_the_fingerprint() {
    let project = Project::new(
        "[tool.t]\nversion = ['cat', 'version']\n[action.a]\nrun = 'echo > out'\nout = ['out']\ntools = ['t']\n",
    );
    project.write("version", "1.0");
    project.check(&["a"]);
    project.check(&[]);
    project.write("version", "1.1");
    assert_eq!(project.check(&["a"]).reasons, ["a: changed: tool t"]);
}

/// An action without outputs: that it passed is remembered.
#[test]
fn a_check_that_passed_is_not_repeated() {
    let project = Project::new("[action.test]\nrun = 'grep -q ok {in}'\nin = ['result']\n");
    project.write("result", "ok");
    project.check(&["test"]);
    project.check(&[]);
    project.write("result", "still ok");
    project.check(&["test"]);
}

/// `deps`: runs again if the result changed, not if it came out the same.
#[test]
fn deps_decide_by_result() {
    let project = Project::new(
        r#"
[action.make]
run = "head -n 1 {in} > {out}"
in = ["source"]
out = ["made"]
[action.use]
run = "echo used >> uses"
deps = ["make"]
"#,
    );
    project.write("source", "one\ntwo\n");
    project.check(&["make", "use"]);
    project.write("source", "one\nthree\n");
    project.check(&["make"]);
    project.write("source", "four\n");
    let walked = project.check(&["make", "use"]);
    assert_eq!(walked.reasons[1], "use: changed: result make");
}

/// `after`: orders, and decides nothing.
#[test]
fn after_orders_only() {
    let project = Project::new(
        "[action.b]\nrun = 'true'\nafter = ['a']\n[action.a]\nrun = 'cat {in}'\nin = ['x']\nalways = true\n",
    );
    project.write("x", "1");
    project.check(&["a", "b"]);
    project.write("x", "2");
    project.check(&["a"]);
}

/// A name for others runs nothing, and hands on what they became.
#[test]
fn an_action_without_command_is_a_name_for_others() {
    let project = Project::new(
        r#"
[action.part]
run = "cat {in} > {out}"
in = ["source"]
out = ["part"]
[action.group]
deps = ["part"]
[action.use]
run = "true"
deps = ["group"]
"#,
    );
    project.write("source", "1");
    project.check(&["part", "use"]);
    project.check(&[]);
    project.write("source", "2");
    project.check(&["part", "use"]);
}

/// A late fingerprint: known only after it ran, and then it decides for those below.
#[test]
fn a_late_fingerprint_decides_for_those_below() {
    let project = Project::new(
        r#"
[action.fetch]
run = "cp remote local"
late = ["cat", "local"]
always = true
[action.use]
run = "true"
deps = ["fetch"]
"#,
    );
    project.write("remote", "v1");
    project.check(&["fetch", "use"]);
    project.check(&["fetch"]);
    project.write("remote", "v2");
    project.check(&["fetch", "use"]);
    project.remove("local");
    project.check(&["fetch"]);
}

/// F12: an input that changed while its action ran makes the result untrusted.
#[test]
fn an_input_that_changed_meanwhile_is_not_trusted() {
    let project = Project::new(
        "[action.a]\nrun = 'cat {in} > {out}; test -e once || { touch once; echo more >> {in}; }'\nin = ['in']\nout = ['out']\n",
    );
    project.write("in", "x\n");
    project.check(&["a"]);
    project.check(&["a"]);
    assert_eq!(project.read("out"), project.read("in"));
    project.check(&[]);
}

/// F12: so does an output of an action in `deps`, of which only the result is an element.
#[test]
fn what_a_dependency_left_changed_meanwhile_and_was_trusted() {
    let project = Project::new(
        "[action.a]\nrun = 'echo x > o'\nout = ['o']\n\
         [action.b]\nrun = 'cat o > b; test -e once || { touch once; echo y > o; }'\nout = ['b']\n\
         deps = ['a']\n",
    );
    project.check(&["a", "b"]);
    // Whatever `b` has read, it was not what `a` made for certain.
    project.check(&["a", "b"]);
    project.check(&[]);
}

/// F10: a dry run writes nothing and says what would run; what depends on a result that is
/// not known yet is told apart.
#[test]
fn a_dry_run_changes_nothing_and_tells_both_kinds() {
    let project = Project::new(STEPS);
    project.write("in.txt", "hello\n");
    let first = project.dry();
    assert_eq!(first.started, [""; 0]);
    let never = "no earlier success on record";
    assert_eq!(first.reasons, [format!("upper: {never}"), format!("count: {never}")]);
    assert!(!project.exists(".walk") && !project.exists("build"));

    project.check(&["upper", "count"]);
    assert_eq!(project.dry().reasons, [""; 0]);
    project.write("in.txt", "changed\n");
    let expected = ["upper: changed: input in.txt", "count: `upper` keeps no fingerprint"];
    assert_eq!(project.dry().reasons, expected);
    project.check(&["upper", "count"]);
}

/// F6: one that failed keeps nothing below from being fresh after a revert.
#[test]
fn fail_then_revert_rebuilds_nothing() {
    let project = steps();
    let broken =
        STEPS.replace("tr a-z A-Z <", "false && tr a-z A-Z <").replace("| grep -v '^#' ", "");
    project.manifest(&broken);
    assert!(!project.walk().report.is_success());
    project.manifest(STEPS);
    project.check(&["upper"]);
    project.check(&[]);
}

/// A directory as an input counts with all that is in it.
#[test]
fn a_directory_is_an_input_as_a_whole() {
    let project =
        Project::new("[action.pack]\nrun = 'ls -R data > {out}'\nin = ['data']\nout = ['list']\n");
    project.write("data/deep/a", "1");
    project.check(&["pack"]);
    project.check(&[]);
    project.write("data/deep/a", "2");
    project.check(&["pack"]);
    project.write("data/b", "");
    project.check(&["pack"]);
}

/// A name for others took over what was seen of the job that had ended last, a `late` result
/// among it, and was then deaf to its own `deps`.
#[test]
fn a_name_for_others_takes_nothing_over_from_another_job() {
    let project = Project::new(
        r#"
[action.a2]
run = "cat {in} > {out}"
in = ["in2"]
out = ["o2"]
[action.a1]
run = "true"
late = ["echo", "v1"]
always = true
after = ["a2"]
[action.b]
deps = ["a1", "a2"]
[action.c]
run = "cat o2 > {out}"
deps = ["b"]
out = ["oc"]
"#,
    );
    for content in ["one", "two", "three"] {
        project.write("in2", content);
        project.walk();
        assert_eq!(project.read("oc"), content);
        project.check(&["a1"]);
    }
}

/// A depfile or a `late` command that is added to the manifest makes the action run.
#[test]
fn an_added_depfile_or_late_command_runs_again() {
    let manifest = |more: &str| {
        format!("[action.a]\nrun = 'cp h o; echo \"o: h\" > o.d'\nout = ['o']\n{more}\n")
    };
    let project = Project::new(&manifest(""));
    project.write("h", "1");
    project.check(&["a"]);
    project.manifest(&manifest("depfile = 'o.d'"));
    assert_eq!(project.check(&["a"]).reasons, ["a: changed: depfile"]);
    project.write("h", "2");
    project.check(&["a"]);
    project.manifest(&manifest("depfile = 'o.d'\nlate = ['echo', 'x']"));
    project.check(&["a"]);
    project.manifest(&manifest("depfile = 'o.d'\nlate = ['echo', 'y']"));
    project.check(&["a"]);
    project.check(&[]);
}

/// Tracked variables are taken from outside and are part of the fingerprint.
#[test]
fn tracked_variables_are_part_of_the_fingerprint() {
    let manifest =
        |name: &str| format!("[env]\ntrack = ['{name}']\n[action.a]\nrun = 'true'\nout = []\n");
    // What is set outside cannot be changed by a test without harming others: what is tracked
    // can.
    let project = Project::new(&manifest("WALK_TEST_UNSET"));
    project.check(&["a"]);
    project.check(&[]);
    project.manifest(&manifest("PATH"));
    assert_eq!(project.check(&["a"]).reasons, ["a: changed: track PATH"]);
    project.check(&[]);
}

/// F2: a predecessor whose result is not trusted makes its direct successors run.
#[test]
fn f2_what_reads_an_untrusted_result_runs() {
    let project = Project::new(
        r#"
[action.a]
run = "cat {in} > {out}; test -e calm || echo more >> {in}"
in = ["in"]
out = ["out"]
[action.b]
run = "true"
deps = ["a"]
"#,
    );
    project.write("in", "x\n");
    project.check(&["a", "b"]);
    project.write("calm", "");
    project.check(&["a", "b"]);
    project.check(&[]);
}
