//! A part of a plan, walked because a few files changed, does what a walk of everything does.

use std::fmt::Write as _;
use std::fs;

use walk_core::{Fingerprint, Report, SqliteStore, Store as _};
use walk_plan::{CommandWalk, Held, Memo, Options, Recall};

use super::project::Project;

const KEY: &[u8] = b"all";

/// How a walk came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Whole,
    Part,
    Quiet,
}

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Walks as a command does that keeps memos, and returns what was executed.
fn walk(project: &Project) -> (Way, Vec<String>) {
    project.settle();
    let state = project.state();
    state.create().expect("it is made");
    let Ok(Held::Ours(_lock)) = state.try_lock("test") else { panic!("the lock is free") };
    match Memo::recall(&state, &project.path(""), KEY) {
        Recall::UpToDate(_) => return (Way::Quiet, Vec::new()),
        Recall::Part(part) => {
            let opened = part.open(&state, Options::default()).expect("it opens");
            if let Some((mut walk, dag, rest)) = opened {
                let report = walk.run(&dag).expect("it walks");
                rest.keep(&walk, &dag, &report);
                return (Way::Part, executed(&report));
            }
        }
        Recall::Nothing => {}
    }
    let mut memo = Memo::new();
    let mut walk = CommandWalk::open(project.plan(), state, Options::default()).expect("it opens");
    let dag = walk.dag(&walk.plan().select(&[]).expect("targets")).expect("a graph");
    let report = walk.run(&dag).expect("it walks");
    memo.add(&walk, &dag, &report);
    drop(walk);
    memo.save(&project.state(), KEY);
    (Way::Whole, executed(&report))
}

fn executed(report: &Report) -> Vec<String> {
    let executed = report.actions().iter().filter(|it| it.was_executed());
    let mut names: Vec<String> = executed.map(|it| it.uid.clone()).collect();
    names.sort();
    names
}

/// Returns what the store says of every action.
fn fingerprints(project: &Project) -> Vec<(String, Option<Fingerprint>)> {
    // Of a copy: whoever opens the store may tidy up, and then it is not what a memo is about.
    let copy = tempfile::tempdir().expect("a directory");
    for name in ["state.db", "state.db-wal"] {
        drop(fs::copy(project.path(".walk").join(name), copy.path().join(name)));
    }
    let store = SqliteStore::open_read_only(copy.path().join("state.db")).expect("it opens");
    let mut store = store.expect("it is there");
    let uids = store.uids().expect("it can be read");
    let load = |uid: String| {
        let found = store.load_fingerprint(&uid).expect("it can be read");
        (uid, found)
    };
    uids.into_iter().map(load).collect()
}

/// Some actions: they copy, say the same whatever they read, read what only their depfile tells,
/// fail of an `f`, run nothing, print a result of their own, or run always.
fn manifest(random: &mut Random) -> String {
    let mut text = String::new();
    for index in 0..9 {
        let mut inputs: Vec<String> = Vec::new();
        let mut names: [Vec<String>; 2] = Default::default();
        for _ in 0..=random.below(2) {
            inputs.push(format!("s{}", random.below(5)));
        }
        for earlier in 0..index {
            match random.below(8) {
                0 | 1 if !text.contains(&format!("[action.a{earlier}]\nin")) => {
                    inputs.push(format!("o{earlier}"));
                }
                2 => names[0].push(format!("a{earlier}")),
                3 => names[1].push(format!("a{earlier}")),
                _ => {}
            }
        }
        inputs.sort();
        inputs.dedup();
        let _ = writeln!(text, "[action.a{index}]");
        let header = match random.below(3) {
            // A file that is made, of which only the depfile tells.
            2 if index > 0 => {
                names[1].push(format!("a{}", index - 1));
                format!("o{}", index - 1)
            }
            some => format!("h{}", some % 2),
        };
        let kind = random.below(8);
        if kind != 0 {
            let run = match kind {
                1 => "cat {in} > /dev/null; echo same > {out}".to_owned(),
                2 | 3 => format!(
                    "if cat {{in}} | grep -q f; then exit 1; fi; cat {{in}} {header} > {{out}}; \
                     echo 'x: {header}' > d{index}"
                ),
                4 => "if cat {in} | grep -q f; then exit 1; fi; cat {in} > {out}".to_owned(),
                _ => "cat {in} > {out}".to_owned(),
            };
            let _ = writeln!(text, "run = \"{run}\"\nout = ['o{index}']");
            text += match kind {
                5 => "late = ['cat', 's4']\n",
                6 if random.below(4) == 0 => "always = true\n",
                _ => "",
            };
            if kind == 2 || kind == 3 {
                let _ = writeln!(text, "depfile = 'd{index}'");
            }
        }
        let [deps, after] = names;
        let _ = writeln!(text, "in = {inputs:?}\ndeps = {deps:?}\nafter = {after:?}");
    }
    text
}

/// Changes something, in the same way in each project.
fn edit(random: &mut Random, projects: &[Project; 2]) {
    let content =
        ["1\n", "22\n", "333\n", "f\n"][usize::try_from(random.below(4)).expect("it is small")];
    let place = match random.below(10) {
        0..6 => format!("s{}", random.below(5)),
        6..8 => format!("h{}", random.below(2)),
        _ => format!("o{}", random.below(9)),
    };
    let is_removed = place.starts_with('o') && random.below(2) == 0;
    for project in projects {
        if is_removed {
            drop(fs::remove_file(project.path(&place)));
        } else if !place.starts_with('o') || project.exists(&place) {
            project.write(&place, content);
        }
    }
}

/// Returns what would become of `name` and all before it, in order; by the memo, if that tells.
fn outlook(project: &Project, name: &str, by_memo: bool) -> Option<Vec<String>> {
    let state = project.state();
    let (mut walk, dag) = if by_memo {
        let part = Memo::about(&state, &project.path(""), KEY, name)?;
        part.open_dry(&state).expect("it opens")?
    } else {
        let options = Options::default();
        let walk = CommandWalk::open_dry(project.plan(), state, options).expect("it opens");
        let target = walk.plan().select(&[name.to_owned()]).expect("it is there");
        let dag = walk.dag(&target).expect("a graph");
        (walk, dag)
    };
    let report = walk.run(&dag).expect("it decides");
    let told = report.actions().iter().map(|it| format!("{} {:?}", it.uid, it.dirty));
    let mut told: Vec<String> = told.collect();
    told.sort();
    Some(told)
}

#[test]
fn an_action_is_told_of_by_the_memo_as_by_the_manifest() {
    let project = Project::new(
        "[action.a]\nrun = 'cp i {out}'\nin = ['i']\nout = ['a']\n\
         [action.b]\nrun = 'cp a {out}'\nin = ['a']\nout = ['b']\n\
         [action.c]\nrun = 'cp i {out}'\nin = ['i']\nout = ['c']\n",
    );
    project.write("i", "1\n");
    while walk(&project).0 != Way::Quiet {}
    let check = |expected: &[&str]| {
        assert_eq!(outlook(&project, "b", true).expect("it is remembered"), expected);
        assert_eq!(outlook(&project, "b", false).expect("it is there"), expected);
    };
    check(&["a None", "b None"]);
    assert_eq!(outlook(&project, "i", true), None);
    let text = project.read("walk.toml");
    project.remove("b");
    let told = outlook(&project, "b", true).expect("it is remembered");
    assert_eq!(Some(told), outlook(&project, "b", false));
    project.write("walk.toml", &(text + "# another\n"));
    assert_eq!(outlook(&project, "b", true), None);
}

#[test]
fn a_part_is_walked_as_the_whole_is() {
    let cases = std::env::var("WALK_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    let (mut parts, mut told) = (0_u64, 0_u64);
    for seed in 0..cases {
        let random = &mut Random(seed);
        let text = manifest(random);
        let projects = [Project::new(&text), Project::new(&text)];
        for project in &projects {
            (0..5).for_each(|it| project.write(&format!("s{it}"), "0\n"));
            (0..2).for_each(|it| project.write(&format!("h{it}"), "h\n"));
        }
        for step in 0..15 {
            let name = format!("a{}", random.below(9));
            if let Some(by_memo) = outlook(&projects[0], &name, true) {
                told += 1;
                let whole = outlook(&projects[0], &name, false).expect("it is there");
                assert_eq!(by_memo, whole, "seed {seed}, step {step}, {name}\n{text}");
            }
            let (way, done) = walk(&projects[0]);
            parts += u64::from(way == Way::Part);
            let expected = executed(&projects[1].walk().report);
            assert_eq!(done, expected, "seed {seed}, step {step}, {way:?}\n{text}");
            let (ours, theirs) = (fingerprints(&projects[0]), fingerprints(&projects[1]));
            assert_eq!(ours, theirs, "seed {seed}, step {step}, {way:?}\n{text}");
            for _ in 0..random.below(3) {
                edit(random, &projects);
            }
        }
    }
    assert!(parts > cases * 3 && told > cases * 3, "{parts}, {told}");
}

/// Damage, or another graph, has everything walked.
#[test]
fn a_damaged_graph_is_none() {
    let project = Project::new("[action.a]\nrun = 'cp i {out}'\nin = ['i']\nout = ['a']\n");
    project.write("i", "1\n");
    let path = project.path(".walk/graph");
    let learn = || {
        while walk(&project).0 != Way::Quiet {}
        fs::read(&path).expect("it is there")
    };
    let whole = learn();
    let step = whole.len() / 40;
    for (round, position) in (0..whole.len()).step_by(step).enumerate() {
        let mut damaged = learn();
        damaged[position] ^= 1 << (round % 8);
        let kept = if round % 2 == 0 { damaged.len() } else { position };
        fs::write(&path, &damaged[..kept]).expect("it is written");
        project.write("i", &format!("{round}\n"));
        assert_eq!(walk(&project), (Way::Whole, vec!["a".into()]), "{position}");
        assert_eq!(project.read("a"), format!("{round}\n"));
    }
    learn();
    project.write("i", "end\n");
    assert_eq!(walk(&project), (Way::Part, vec!["a".into()]));
}

/// What the reader of the manifest has something to say about is a matter for it.
#[test]
fn a_source_that_is_gone_is_no_part() {
    let project = Project::new("[action.a]\nrun = 'cp i {out}'\nin = ['i']\nout = ['a']\n");
    project.write("i", "1\n");
    while walk(&project).0 != Way::Quiet {}
    project.remove("i");
    let found = Memo::recall(&project.state(), &project.path(""), KEY);
    assert!(matches!(found, Recall::Nothing), "{found:?}");
}
