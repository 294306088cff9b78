//! Actions that call another tool, which knows its own tasks: a start, to be replaced one by one.

use serde_json::Value as Json;
use walk_plan::literal;

use super::super::draft::{Draft, Entry};
use super::sources::count;
use super::survey::Survey;

/// make is asked each time: it knows what is out of date.
pub(super) fn make(survey: &Survey, draft: &mut Draft) -> Option<String> {
    let name = survey.first(&["GNUmakefile", "Makefile", "makefile"])?;
    let text = survey.read(name);
    let entry = Entry::new("make")
        .comment(
            "make is asked each time, as it knows itself what is out of date. An action for each",
        )
        .comment("of its commands: make -nB | walk import make-dry -o make.walk.toml")
        .text("run", "make")
        .flag("always");
    draft.add(entry);
    let has_target = |target: &str| {
        text.lines()
            .any(|it| it.strip_prefix(target).is_some_and(|it| it.trim_start().starts_with(':')))
    };
    if let Some(target) = ["check", "test"].into_iter().find(|it| has_target(it)) {
        let run = format!("make {target}");
        draft.add(
            Entry::new(format!("make-{target}"))
                .text("run", run)
                .list("after", ["make"])
                .flag("always"),
        );
    }
    Some(name.into())
}

/// The scripts of package.json.
pub(super) fn node(survey: &Survey, draft: &mut Draft) -> Option<String> {
    if !survey.has("package.json") {
        return None;
    }
    let package: Json = serde_json::from_str(&survey.read("package.json")).unwrap_or_default();
    let scripts = package["scripts"].as_object();
    let names: Vec<&String> = scripts.into_iter().flat_map(|it| it.keys()).collect();
    let tool = manager(survey);
    for name in &names {
        let is_hook = ["pre", "post"]
            .iter()
            .any(|it| name.strip_prefix(it).is_some_and(|of| names.iter().any(|it| *it == of)));
        if !is_hook {
            draft.add(script(name, tool));
        }
    }
    Some(format!("package.json with {}", count(names.len(), "script")))
}

fn manager(survey: &Survey) -> &'static str {
    let locks = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun")];
    locks.iter().find(|it| survey.has(it.0)).map_or("npm", |it| it.1)
}

fn script(name: &str, tool: &str) -> Entry {
    let entry = Entry::new(name).list("run", [tool.to_owned(), "run".into(), literal(name)]);
    // What serves or watches does not end by itself.
    let is_endless =
        ["start", "dev", "serve", "watch", "preview"].iter().any(|it| name.starts_with(it));
    if is_endless { entry.flag("interactive").flag("always") } else { entry.flag("always") }
}

/// The tasks of doit: functions called `task_*`.
pub(super) fn doit(survey: &Survey, draft: &mut Draft) -> Option<String> {
    if !survey.has("dodo.py") {
        return None;
    }
    let text = survey.read("dodo.py");
    let tasks =
        text.lines().filter_map(|it| it.strip_prefix("def task_")?.split(['(', ' ']).next());
    let tasks: Vec<String> = tasks.map(Into::into).collect();
    wrap(draft, &tasks, "doit", "file_dep is `in`, targets is `out`, task_dep is `deps`");
    Some(format!("dodo.py with {}", count(tasks.len(), "task")))
}

/// The tasks of go-task: the keys below `tasks:`.
pub(super) fn task(survey: &Survey, draft: &mut Draft) -> Option<String> {
    let names = ["Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"];
    let name = survey.first(&names)?;
    let text = survey.read(name);
    let mut lines = text.lines().skip_while(|it| it.trim_end() != "tasks:").skip(1);
    let indent = |it: &str| it.len() - it.trim_start().len();
    let mut lines =
        lines.by_ref().take_while(|it| it.trim().is_empty() || indent(it) > 0).peekable();
    let first = lines.peek().map_or(0, |it| indent(it));
    let keys = lines
        .filter(|it| indent(it) == first)
        .filter_map(|it| it.trim().split_once(": ").map(|it| it.0).or(it.trim().strip_suffix(':')));
    let keys = keys.filter(|it| !it.starts_with('#')).map(|it| it.trim_matches(['"', '\'']).into());
    let tasks: Vec<String> = keys.collect();
    wrap(draft, &tasks, "task", "sources is `in`, generates is `out`, deps is `deps`");
    Some(format!("{name} with {}", count(tasks.len(), "task")))
}

fn wrap(draft: &mut Draft, tasks: &[String], tool: &str, words: &str) {
    for (position, task) in tasks.iter().enumerate() {
        let run = [tool.to_owned(), literal(task)];
        let mut entry = Entry::new(task.clone()).list("run", run).flag("always");
        if position == 0 {
            entry = entry
                .comment(format!(
                    "Each task is {tool}'s as a whole, each time. To have walk decide, write its"
                ))
                .comment(format!("command here, and what it reads and writes: {words}."));
        }
        draft.add(entry);
    }
}
