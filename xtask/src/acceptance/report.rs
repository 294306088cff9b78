//! `cargo xtask acceptance report`: the page of a run, used in a browser by a script.
//!
//! Two runs are made: a small one with all that can go wrong in it, and one of 10,000 actions. Of
//! the small one's record the first half and the first line are shown, too: it may end anywhere. The
//! script is `acceptance/report.py`; it needs Chromium, which is asked for, and Playwright, which
//! is installed below `target`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command;

const SCRIPT: &str = include_str!("../../acceptance/report.py");
const PLAYWRIGHT: &str = "playwright==1.56.0";

/// Has a generated header, a failure with colors, an action that needs a second try, one that
/// cannot run, and a name that would be markup.
const SMALL: &str = r#"
[walk]
version = 1
[settings]
jobs = 2
keep-going = true
[action.gen]
run = "cat gen.py > gen.h"
in = ["gen.py"]
out = ["gen.h"]
[action.app]
run = "cat gen.h > app"
in = ["gen.h"]
out = ["app"]
[action.flaky]
run = "test $WALK_ATTEMPT = 2"
in = ["gen.py"]
retry = { times = 2 }
[action.broken]
run = "printf '\\033[31mred\\033[0m and </script> plain\\n\\033[31m\\033[32mgreen\\033[39musual\\033[38;5;1mindexed\\033[0m\\n'; exit 3"
in = ["gen.py"]
[action.after]
run = "true"
deps = ["broken"]
[action."<b>bold</b></script>"]
run = "true"
in = ["gen.py"]
"#;

/// Makes the runs, opens their pages, and counts what the script found.
pub(super) fn run(root: &Path, walk: Option<&Path>) -> Result<bool> {
    let walk = command::walk(root, walk)?;
    let folder = command::target_directory(root)?.join("acceptance/report");
    let browser = browser()?;
    let python = python(&folder)?;
    let (small, large) = (small(&walk, &folder)?, large(&walk, &folder)?);
    let (cut, empty) = cut(&walk, &folder.join("small"))?;
    let pictures = folder.join("pictures");
    fs::create_dir_all(&pictures)?;
    let mut script = Command::new(python);
    script.args(["-c", SCRIPT]).arg(browser).args([&small, &large, &cut, &empty, &pictures]);
    let outcome = command::run(&mut script)?;
    print!("{}", outcome.output);
    let count = |word: &str| outcome.output.lines().filter(|it| it.starts_with(word)).count();
    let (passed, failed) = (count("ok "), count("FAIL ") + usize::from(!outcome.success));
    println!("pictures: {}", pictures.display());
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

fn browser() -> Result<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.into_iter().find(|it| command::is_installed(it));
    let path = found.context("there is no Chromium: apt-get install chromium")?;
    // Playwright wants a path.
    let paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let place = names.iter().position(|it| *it == path).unwrap_or_default();
    Ok(paths[place])
}

fn python(folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("python");
    let python = environment.join("bin/python");
    if !python.is_file() {
        fs::create_dir_all(folder)?;
        command::succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", PLAYWRIGHT];
    command::succeed(Command::new(&python).args(pip))?;
    Ok(python)
}

fn small(walk: &Path, folder: &Path) -> Result<PathBuf> {
    let project = fresh(folder, "small")?;
    fs::write(project.join("walk.toml"), SMALL)?;
    for content in ["one", "two"] {
        fs::write(project.join("gen.py"), content)?;
        let outcome = command::run(Command::new(walk).arg("-C").arg(&project))?;
        if !outcome.output.contains("failed 1, not run 1, ok 4") {
            bail!("the small run did not end as it should:\n{}", outcome.output);
        }
    }
    page(walk, &project)
}

fn large(walk: &Path, folder: &Path) -> Result<PathBuf> {
    let project = fresh(folder, "large")?;
    let mut manifest = String::from("{\"walk\": {\"version\": 1}, \"actions\": [");
    for number in 0..10_000 {
        let separator = if number == 0 { "" } else { "," };
        let deps = if number < 100 { String::new() } else { format!("\"a{:06}\"", number - 100) };
        let _ = write!(
            manifest,
            "{separator}\n{{\"action\": \"a{number:06}\", \"run\": [\"true\"], \"deps\": [{deps}]}}"
        );
    }
    manifest.push_str("\n]}\n");
    fs::write(project.join("walk.json"), manifest)?;
    command::succeed(Command::new(walk).arg("-q").arg("-C").arg(&project))?;
    page(walk, &project)
}

/// The pages of what would be left of the newest record if its run had been killed.
fn cut(walk: &Path, project: &Path) -> Result<(PathBuf, PathBuf)> {
    let record = fs::read(project.join(".walk/runs/000002.jsonl"))?;
    let line = record.iter().position(|it| *it == b'\n').context("the record has no line")?;
    let page = |name: &str, length: usize| -> Result<PathBuf> {
        let (part, page) = (format!("{name}.jsonl"), format!("{name}.html"));
        fs::write(project.join(&part), &record[..length])?;
        let report = ["report", &part, "--output", &page];
        command::succeed(Command::new(walk).arg("-C").arg(project).args(report))?;
        Ok(project.join(page))
    };
    Ok((page("cut", record.len() / 2)?, page("empty", line + 1)?))
}

fn fresh(folder: &Path, name: &str) -> Result<PathBuf> {
    let project = folder.join(name);
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    fs::create_dir_all(&project)?;
    Ok(project)
}

fn page(walk: &Path, project: &Path) -> Result<PathBuf> {
    command::succeed(Command::new(walk).arg("-C").arg(project).arg("report"))?;
    Ok(project.join("walk-report.html"))
}
