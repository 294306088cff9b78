//! walk under GNU make, and make under walk: together they run no more at once than was allowed.

use std::path::Path;
use std::process::Output;

use crate::project::Project;

/// Notes when it begins and when it ends, and takes a while.
const STEP: &str = "echo b >> log; sleep 0.05; echo e >> log";

/// How many ran at once, by what they noted.
fn most_at_once(project: &Project) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in project.read("log").lines() {
        now = if line == "b" { now + 1 } else { now.saturating_sub(1) };
        most = most.max(now);
    }
    assert_eq!(now, 0, "all that began ended");
    most
}

fn actions(count: usize) -> String {
    (0..count).map(|it| format!("[action.a{it}]\nrun = \"{STEP}\"\n")).collect::<Vec<_>>().concat()
}

fn make(project: &Project, args: &str) -> Output {
    let mut command = project.command_at(Path::new("make"), args);
    let walk = Path::new(env!("CARGO_BIN_EXE_walk")).parent().expect("a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", walk.display()));
    command.output().expect("make runs")
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&both));
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn under_make_no_more_run_than_it_allows() {
    let project = Project::new(&actions(12));
    // A second goal, which make itself runs beside walk.
    let steps: String =
        (0..6).map(|it| format!("m{it}:\n\t@{STEP}\n")).collect::<Vec<_>>().concat();
    let names: Vec<String> = (0..6).map(|it| format!("m{it}")).collect();
    project.write("Makefile", &format!("all: walk {}\nwalk:\n\t+walk\n{steps}", names.join(" ")));
    let said = text(&make(&project, "-j3"));
    assert!(said.contains("ok 12") && !said.contains("jobserver"), "{said}");
    let most = most_at_once(&project);
    assert!((2..=3).contains(&most), "{most} at once");
}

#[test]
fn without_a_plus_one_runs_at_a_time_and_make_is_said_to_be_why() {
    let project = Project::new(&actions(3));
    project.write("Makefile", "all:\n\twalk\n");
    let said = text(&make(&project, "-j3"));
    assert!(said.contains("has to begin with `+`"), "{said}");
    assert_eq!(most_at_once(&project), 1);
}

#[test]
fn an_own_number_of_jobs_is_an_own_affair() {
    let project = Project::new(&actions(3));
    project.write("Makefile", "all:\n\t+walk -j1\n");
    let said = text(&make(&project, "-j3"));
    assert!(said.contains("-j1 is this walk's alone"), "{said}");
    assert_eq!(most_at_once(&project), 1);
}

#[test]
fn the_name_of_ninja_knows_the_jobserver_too() {
    let project = Project::empty();
    let builds: String =
        (0..8).map(|it| format!("build o{it}: step\n")).collect::<Vec<_>>().concat();
    project.write("build.ninja", &format!("rule step\n  command = {STEP}; touch $out\n{builds}"));
    let ninja = project.path("ninja");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_walk"), &ninja).expect("a link");
    project.write("Makefile", &format!("all:\n\t+{}\n", ninja.display()));
    text(&make(&project, "-j2"));
    assert_eq!(most_at_once(&project), 2);
}

#[test]
fn make_under_walk_shares_its_tokens() {
    let steps: String =
        (0..8).map(|it| format!("m{it}:\n\t@{STEP}\n")).collect::<Vec<_>>().concat();
    let names: Vec<String> = (0..8).map(|it| format!("m{it}")).collect();
    let project = Project::new(&format!(
        "[settings]\njobserver = true\njobs = 3\n[action.make]\nrun = \"make\"\n{}",
        actions(6)
    ));
    project.write("Makefile", &format!("all: {}\n{steps}", names.join(" ")));
    let said = project.walk("").expect(0);
    assert!(said.contains("ok 7"), "{said}");
    let most = most_at_once(&project);
    assert!((2..=3).contains(&most), "{most} at once");
    let seen = project.walk("log make").expect(0);
    assert_eq!(seen, "", "make has nothing to complain about");
}

#[test]
fn without_the_setting_actions_see_no_jobserver() {
    let project = Project::new("[action.show]\nrun = \"echo flags=${MAKEFLAGS:-none}\"\n");
    project.walk("-j2").expect(0);
    assert_eq!(project.walk("log show").expect(0), "flags=none\n");
    let project = Project::new(
        "[settings]\njobserver = true\njobs = 2\n[action.show]\nrun = \"echo flags=$MAKEFLAGS\"\n",
    );
    project.walk("").expect(0);
    let seen = project.walk("log show").expect(0);
    assert!(seen.starts_with("flags=-j2 --jobserver-auth="), "{seen}");
}

/// make says so when it ends with fewer tokens than it had.
#[test]
fn no_token_is_lost_when_walk_is_killed() {
    let project = Project::new(&format!(
        "[action.kill]\nrun = \"while [ $(grep -c b log) -lt 2 ]; do sleep 0.01; done; kill -9 $PPID\"\n{}",
        actions(3)
    ));
    project.write("Makefile", "all:\n\t-+walk\n\tsleep 0.5\n");
    project.write("log", "");
    let done = make(&project, "-j4");
    let said = String::from_utf8_lossy(&[&done.stdout[..], &done.stderr[..]].concat()).into_owned();
    assert!(said.contains("Killed"), "{said}");
    assert!(!said.contains("jobserver tokens"), "{said}");
}
