//! Commands that are run without a shell leave exactly what they leave with one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use walk_core::JobStatus;

use super::project::Project;

/// All that can be seen after a walk.
#[derive(Debug, PartialEq)]
struct Left {
    status: Option<JobStatus>,
    ending: String,
    log: String,
    /// Content and mode of the file `out`.
    output: Option<(String, u32)>,
}

fn left(settings: &str, run: &str) -> Left {
    let project = Project::new(&format!("{settings}[action.a]\nrun = '''{run}'''\nout = []\n"));
    project.write("in", "content\n");
    project.write("bin/script", "echo of a script: $1\n");
    project.write("bin/plain", "");
    project.write("old", "longer than the content\n");
    for (path, mode) in [("bin/script", 0o755), ("bin/plain", 0o644)] {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(project.path(path), mode).expect("it is ours");
    }
    fs::create_dir(project.path("directory")).expect("it is not there");
    let walked = project.walk();
    let log = fs::read_to_string(project.state().log("a")).unwrap_or_default();
    let root = project.path("").display().to_string().trim_end_matches('/').to_owned();
    let output = ["out", "old"].into_iter().find_map(|it| {
        let mode = fs::metadata(project.path(it)).ok()?.permissions().mode();
        Some((project.read(it).replace(&root, "ROOT"), mode))
    });
    let ending = walked.ending("a").replace(&root, "ROOT");
    Left { status: walked.status("a"), ending, log: log.replace(&root, "ROOT"), output }
}

fn check(run: &str) {
    let long = "[settings]\nshell = ['env', 'sh', '-euc']\n";
    assert_eq!(left("", run), left(long, run), "{run}");
}

/// P1, P2: what it makes, what it says, and how it ends.
#[test]
fn a_command_without_a_shell_leaves_what_one_with_a_shell_leaves() {
    let commands = [
        "cp in out",
        "cat in > out",
        "cat in in >out",
        "cat in > old",
        "cat in > /dev/null",
        "cat none > out",
        "cat in > none/out",
        "cat in > directory",
        "none in",
        "none in > out",
        "bin/none in > out",
        "bin/plain in > out",
        "directory in > out",
        "bin/script in",
        "bin/script in > out",
        "env -i cat in > out",
        "ls -1 -p /proc/self/fd > out",
        "readlink /proc/self/fd/0 > out",
        "grep ^SigBlk /proc/self/status > out",
        "grep SigIgn /proc/self/status > out",
        "grep flags /proc/self/fdinfo/1 > out",
        "grep flags /proc/self/fdinfo/2 > out",
        "printenv PWD > out",
        "sh -x bin/script a",
    ];
    for command in commands {
        check(command);
    }
}
