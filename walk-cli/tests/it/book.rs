//! The book in `docs/`: every command on its pages is run, and says what the page says.
//!
//! A page is a project of its own, from its first line to its last. A block `toml,file=walk.toml` is
//! a file that is written there; in a block `console` each line `$ command` is run by a shell, and
//! what follows is what it prints. Durations, ages and digests may be others, a line `...` stands
//! for any lines, blanks count as one, and the directory is called `/project`. A block `console,needs=cmake` is left out where that
//! program is missing. The reference pages are made from the code: with `WALK_UPDATE_BOOK=1` this
//! test writes them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use crate::project::Project;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn page(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// A fenced block: what stands behind its fence, its first line's number, its text.
struct Block {
    info: String,
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                open = Some(Block { info: info.into(), line: index + 2, text: String::new() });
            }
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Commands with what they print.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.into(), String::new())),
            (None, Some((_, output))) => output.extend([line, "\n"]),
            (None, None) => panic!("output before a command: {line}"),
        }
    }
    commands
}

fn is_installed(program: &str) -> bool {
    let mut asked = Command::new(program);
    asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|it| it.success())
}

/// Runs a command as the page has it; returns all that it printed.
fn run(project: &Project, command: &str) -> String {
    let walk = Path::new(env!("CARGO_BIN_EXE_walk")).parent().expect("a directory");
    let path = format!("{}:{}", walk.display(), env::var("PATH").unwrap_or_default());
    let done = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(project.path(""))
        .env_clear()
        .envs([("PATH", path.as_str()), ("WALK_JOBS", "1"), ("HOME", "/nonexistent")])
        .stdin(Stdio::null())
        .output()
        .expect("a shell runs");
    let here = project.path("").canonicalize().expect("it is there");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.replace(&*here.to_string_lossy(), "/project")
}

/// Makes two texts alike that differ only in times, digests and the width of columns.
fn leveled(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let core = word.trim_end_matches([',', ':', ')']);
        let rest = &word[core.len()..];
        let is_time = core.strip_suffix('s').is_some_and(|it| {
            !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit() || it == b'.')
        });
        let is_digest = core.len() == 12 && core.bytes().all(|it| it.is_ascii_hexdigit());
        match (is_time, is_digest) {
            (true, _) => format!("0s{rest}"),
            (_, true) => format!("digest{rest}"),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| {
        let words = line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
        // On a busy machine a page takes its time.
        (2..60)
            .rev()
            .map(|it| format!("{it} seconds ago"))
            .chain(["1 second ago".to_owned()])
            .fold(words, |line, ago| line.replace(&ago, "just now"))
    };
    text.lines().map(line).collect()
}

/// Returns whether `seen` is what the page expects; of actions that run at once any may end first.
fn fits(expected: &[String], seen: &[String]) -> bool {
    let sorted = |lines: &[String]| {
        let mut lines = lines.to_vec();
        lines.sort();
        lines
    };
    sorted(expected) == sorted(seen) || fits_in_order(expected, seen)
}

fn fits_in_order(expected: &[String], seen: &[String]) -> bool {
    match expected {
        [] => seen.is_empty(),
        [first, rest @ ..] if first == "..." => {
            (0..=seen.len()).any(|it| fits_in_order(rest, &seen[it..]))
        }
        [first, rest @ ..] => seen.first() == Some(first) && fits_in_order(rest, &seen[1..]),
    }
}

fn follow(name: &str) {
    let project = Project::empty();
    let mut count = 0;
    let content = page(name);
    for Block { info, line, text } in blocks(&content) {
        let words: Vec<&str> = info.split(',').collect();
        let setting = |key: &str| words.iter().find_map(|it| it.strip_prefix(key));
        if let Some(file) = setting("file=") {
            let before = content.lines().take(line - 2).filter(|it| !it.is_empty()).last();
            let is_named = before.is_some_and(|it| it.contains(&format!("`{file}`")));
            assert!(is_named, "docs/{name}: nobody is told that the block at {line} is {file}");
            project.write(file, &text);
        }
        if words[0] != "console" || setting("needs=").is_some_and(|it| !is_installed(it)) {
            continue;
        }
        for (command, expected) in commands(&text) {
            let seen = run(&project, &command);
            assert!(
                fits(&leveled(&expected), &leveled(&seen)),
                "docs/{name}, block at line {line}: `{command}` printed\n{seen}\ninstead of\n{expected}"
            );
            count += 1;
        }
    }
    assert!(count > 0, "docs/{name} has no commands");
}

#[test]
fn the_tutorial_works() {
    follow("tutorial.md");
}

#[test]
fn the_model_is_as_explained() {
    follow("model.md");
}

#[test]
fn the_way_into_a_project_works() {
    follow("howto-begin.md");
}

#[test]
fn the_way_of_cmake_users_works() {
    follow("howto-cmake.md");
}

#[test]
fn the_way_of_a_data_pipeline_works() {
    follow("howto-data.md");
}

#[test]
fn the_way_of_ci_works() {
    follow("howto-ci.md");
}

#[test]
fn the_way_of_a_cache_works() {
    follow("howto-cache.md");
}

#[test]
fn the_ways_from_other_tools_work() {
    follow("coming-from.md");
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let summary = page("SUMMARY.md");
    for entry in fs::read_dir(docs()).expect("it is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("text");
        if Path::new(&name).extension().is_none_or(|it| it != "md") {
            continue;
        }
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name}");
        let text = page(&name);
        let links = text.split("](").skip(1).filter_map(|it| it.split(')').next());
        for link in links.filter(|it| !it.starts_with("http") && !it.starts_with('#')) {
            let path = link.split('#').next().unwrap_or_default();
            assert!(docs().join(path).exists(), "docs/{name} leads to {link}");
        }
    }
}

#[test]
fn the_reference_is_what_the_code_says() {
    let check = |name: &str, text: &str| {
        let path = docs().join(name);
        if env::var_os("WALK_UPDATE_BOOK").is_some() {
            fs::write(&path, text).expect("it can be written");
        }
        let is = fs::read_to_string(path).unwrap_or_default();
        assert!(is == text, "docs/{name} is not up to date: run this test with WALK_UPDATE_BOOK=1");
    };
    check("reference-commands.md", &reference_of_commands());
    check("reference-manifest.md", &reference_of_manifest());
}

fn help(args: &str) -> String {
    let project = Project::empty();
    project.walk(&format!("{args} --help")).expect(0)
}

fn reference_of_commands() -> String {
    let whole = help("");
    let names = whole.lines().skip_while(|it| *it != "Commands:").skip(1);
    let names = names.map_while(|it| it.split_whitespace().next().map(str::to_owned));
    let mut text =
        String::from("# Commands\n\nWhat `walk --help` and `walk COMMAND --help` print.\n");
    let _ = write!(text, "\n## walk\n\n```text\n{}```\n", trimmed(&whole));
    for name in names {
        let all = help(&name);
        let own = all.split("\nOptions of every command:").next().unwrap_or_default();
        let _ = write!(text, "\n## walk {name}\n\n```text\n{}```\n", trimmed(own));
    }
    text
}

fn trimmed(text: &str) -> String {
    let mut text: String = text.trim_end().lines().flat_map(|it| [it.trim_end(), "\n"]).collect();
    text.shrink_to_fit();
    text
}

fn reference_of_manifest() -> String {
    let schema = Project::empty().walk("schema").expect(0);
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let mut text = String::from(
        "# The manifest\n\nEvery key of `walk.toml`, `walk.json` and JSON lines, as `walk schema` has them.\n\n\
         A file of TOML has tables, `[action.NAME]` among them; one of JSON has the same as an object, with a list\n\
         `actions` of actions that have their name in `action`; JSON lines have one action on each line.\n",
    );
    push_keys(&mut text, "At the top", &schema["properties"]);
    let parts = schema["definitions"].as_object().expect("an object");
    let titles = [
        ("Header", "`[walk]`"),
        ("Settings", "`[settings]`"),
        ("EngineQueue", "a queue of an engine"),
        ("Cache", "`[cache]`"),
        ("Env", "`[env]`"),
        ("Tool", "`[tool.NAME]`"),
        ("Action", "`[action.NAME]`"),
        ("Retry", "`retry`"),
    ];
    for (part, _) in parts {
        assert!(titles.iter().any(|it| it.0 == part), "`{part}` is missing in the reference");
    }
    for (part, title) in titles {
        push_keys(&mut text, title, &parts[part]["properties"]);
    }
    text
}

fn push_keys(text: &mut String, title: &str, keys: &Value) {
    let _ = write!(text, "\n## {title}\n\n| key | value | meaning |\n|---|---|---|\n");
    for (key, what) in keys.as_object().unwrap_or(&Map::new()) {
        let meaning = what["description"].as_str().unwrap_or_default().replace('\n', " ");
        let examples = what["examples"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let examples: Vec<String> = examples.map(|it| format!("`{it}`")).collect();
        let meaning = match &*examples.join(", ") {
            "" => meaning,
            examples => format!("{meaning} For example {examples}."),
        };
        let _ = writeln!(text, "| `{key}` | {} | {meaning} |", kind(what));
    }
}

/// Returns what a value may be, in a few words.
fn kind(what: &Value) -> String {
    if let Some(reference) = what["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default().to_lowercase();
        return format!("table ({name})");
    }
    if let Some(only) = what["const"].as_str() {
        return format!("`\"{only}\"`");
    }
    for several in ["allOf", "anyOf", "oneOf"] {
        if let Some(several) = what[several].as_array() {
            let mut kinds: Vec<String> =
                several.iter().map(kind).filter(|it| it != "null").collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    let named = |it: &str| match it {
        "object" => match &what["additionalProperties"] {
            Value::Object(_) => format!("table of {}", kind(&what["additionalProperties"])),
            _ => "table".into(),
        },
        "array" => format!("list of {}", kind(&what["items"])),
        other => other.to_owned(),
    };
    match &what["type"] {
        Value::String(one) => named(one),
        Value::Array(several) => {
            let kinds = several.iter().filter_map(Value::as_str).filter(|it| *it != "null");
            kinds.map(named).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".into(),
    }
}
