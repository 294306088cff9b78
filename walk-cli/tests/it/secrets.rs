//! The values of `[env] secret` are written nowhere: not to the state, not to what was asked for,
//! not to the terminal. Every byte that a walk leaves behind is looked at.

use std::fs;
use std::path::Path;

use crate::project::{Done, Project};

const VALUE: &str = "hunter2-and-a-bit-more-than-it's";

/// Runs with the secret in the environment.
fn walk(project: &Project, args: &str, value: &str) -> Done {
    Done::of(project.command(args).env("TOKEN", value).output().expect("it runs"))
}

/// Returns every file below `dir` in which `needle` stands.
fn holding(dir: &Path, needle: &str) -> Vec<String> {
    let (mut found, mut todo) = (Vec::new(), vec![dir.to_path_buf()]);
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(
                fs::read_dir(path).expect("it can be read").map(|it| it.expect("it").path()),
            );
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(needle.len()).any(|it| it == needle.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[track_caller]
fn keeps_quiet(done: &Done) {
    assert!(!done.out.contains(VALUE) && !done.err.contains(VALUE), "{done:#?}");
}

/// Every way by which the value of a variable gets into what a walk writes.
const LEAKY: &str = r#"
[env]
secret = ["TOKEN"]
[vars]
given = ""
[tool.leaky]
version = ["sh", "-c", "echo version $TOKEN"]
[action.prints]
run = "echo first $TOKEN; echo second >&2; printf '%s' $TOKEN >&2"
tools = ["leaky"]
out = []
[action.late]
run = "echo made > late"
late = ["sh", "-c", "echo at $TOKEN"]
out = ["late"]
[action.fails]
run = "echo failing with $TOKEN; exit 3"
[action.fails-late]
run = "true"
late = ["sh", "-c", "echo no $TOKEN; exit 1"]
[action.named]
run = ["echo", "${given}", "in words"]
env = { ALSO = "${given}" }
out = []
[action.missing]
run = ["no-such-program-as-this", "--password=${given}"]
"#;

#[test]
fn a_secret_is_written_nowhere() {
    let project = Project::new(LEAKY);
    let all = "-k -v --explain --events events --trace trace --junit junit --set";
    let done = walk(&project, &format!("{all} given={VALUE}"), VALUE);
    keeps_quiet(&done);
    assert_eq!(done.code, 1, "{done:#?}");
    assert!(
        done.out.contains("first ***") && done.out.contains("$ echo '***' 'in words'"),
        "{done:#?}"
    );
    assert!(
        done.out.contains("cannot run `no-such-program-as-this '--password=***'`"),
        "{done:#?}"
    );
    for args in ["log prints", "log fails", "why prints", "why named", "why fails-late", "list"] {
        let asked = walk(&project, &format!("{args} --set given={VALUE}"), VALUE);
        keeps_quiet(&asked);
        assert_eq!(asked.code, 0, "{asked:#?}");
    }
    for args in ["graph --format json", "plan -v --explain", "status"] {
        keeps_quiet(&walk(&project, &format!("{args} --set given={VALUE}"), VALUE));
    }
    assert_eq!(walk(&project, "log prints", VALUE).out, "first ***\nsecond\n***");
    assert_eq!(holding(&project.path(""), VALUE), [""; 0]);
}

/// A new value is no news, unless it is tracked: then a digest of it is kept.
/// What was asked and what was walked are remembered for the next time.
#[test]
fn a_secret_that_was_asked_with_stood_in_the_memo() {
    let action = |name| {
        let run = format!("echo \"${{given}}\" > log; cat in-{name} > {{out}}");
        format!("[action.{name}]\nin = ['in-{name}']\nrun = '{run}'\nout = ['{name}']\n")
    };
    let head = "[env]\nsecret = ['TOKEN']\n[vars]\ngiven = ''\n";
    let project = Project::new(&(head.to_owned() + &["a", "b", "c"].map(action).concat()));
    for name in ["in-a", "in-b", "in-c"] {
        project.write(name, "some");
    }
    for edit in [None, None, Some("other"), None] {
        if let Some(edit) = edit {
            project.write("in-a", edit);
        }
        let done = walk(&project, &format!("--set given={VALUE}"), VALUE);
        assert_eq!(done.code, 0, "{done:#?}");
        keeps_quiet(&done);
        for told in [VALUE, "hunter2"] {
            assert_eq!(holding(&project.path(".walk"), told), [""; 0]);
        }
    }
    assert!(project.path(".walk/memo").exists());
}

#[test]
fn a_changed_secret_counts_if_it_is_tracked() {
    let check = |track: &str, expected: &str| {
        let project = Project::new(&format!(
            "[env]\nsecret = ['TOKEN']\n{track}\n[action.a]\nrun = 'echo $TOKEN > o'\nout = ['o']\n"
        ));
        walk(&project, "", VALUE).expect(0);
        walk(&project, "status -q", VALUE).expect(0);
        let status = walk(&project, "status", "another-value").out;
        assert!(status.contains(expected), "{status}");
        let why = walk(&project, "why a", "another-value");
        keeps_quiet(&why);
        assert!(!why.out.contains("another-value"), "{why:#?}");
        assert_eq!(holding(&project.path(".walk"), VALUE), [""; 0]);
    };
    check("", "up to date 1");
    check("track = ['TOKEN']", "TOKEN changed");
}

/// What a killed walk did not come to clean is gone before the next one does anything.
#[test]
fn what_was_being_written_when_walk_was_killed_is_removed() {
    let project = Project::new("[env]\nsecret = ['TOKEN']\n[action.a]\nrun = 'true'\nout = []\n");
    walk(&project, "", VALUE).expect(0);
    project.write(".walk/tmp/output-7", VALUE);
    walk(&project, "-B", VALUE).expect(0);
    assert_eq!(holding(&project.path(".walk"), VALUE), [""; 0]);
}

/// A value that stands in the manifest is none.
#[test]
fn a_secret_cannot_be_set_in_the_manifest() {
    let project = Project::new("[env]\nsecret = ['TOKEN']\nset = { TOKEN = 'x' }\n");
    let error = walk(&project, "check", VALUE).complains(2);
    assert!(error.contains("`TOKEN` is called secret") && error.contains("walk.toml:5"), "{error}");
}
