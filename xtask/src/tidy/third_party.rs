//! Who may name which third-party crate.
//!
//! A dependency that one place names can be replaced in one place. What is not in the table
//! may be named by every crate that declares it.

use super::finding::Finding;
use super::source::{Kind, Source, Token};

/// Where a third-party crate may be named.
#[derive(Clone, Copy)]
enum Place {
    /// In these crates' folders.
    Crates(&'static [&'static str]),
    /// In `os` modules, and in tests.
    OsModules,
    /// In one file of the sources of this crate.
    OneFile(&'static str),
}

const PLACES: &[(&str, Place)] = &[
    ("daggy", Place::Crates(&["walk-dag"])),
    ("petgraph", Place::Crates(&["walk-dag"])),
    ("crossbeam_channel", Place::Crates(&["walk-scheduler"])),
    ("bincode", Place::OneFile("walk-fingerprint")),
    ("rusqlite", Place::Crates(&["walk-fingerprint"])),
    ("sha2", Place::Crates(&["walk-fingerprint", "walk-cache"])),
    ("crc32fast", Place::Crates(&["walk-fingerprint", "fuzz"])),
    ("libfuzzer_sys", Place::Crates(&["fuzz"])),
    // For hashing and stats only: jobs never run in its pool. And to compare.
    ("rayon", Place::Crates(&["walk-fingerprint", "bench"])),
    ("async_dag", Place::Crates(&["bench"])),
    ("dag_exec", Place::Crates(&["bench"])),
    ("dagrs", Place::Crates(&["bench"])),
    ("tokio", Place::Crates(&["bench", "walk-cache"])),
    ("tonic", Place::Crates(&["walk-cache"])),
    ("prost", Place::Crates(&["walk-cache"])),
    ("bazel_remote_apis", Place::Crates(&["walk-cache"])),
    ("rustix", Place::OsModules),
    ("nix", Place::OneFile("walk-scheduler")),
    ("toml", Place::Crates(&["walk-plan"])),
    ("globset", Place::Crates(&["walk-plan"])),
    ("ignore", Place::Crates(&["walk-plan"])),
    ("schemars", Place::Crates(&["walk-plan"])),
    ("anyhow", Place::Crates(&["walk-cli", "xtask"])),
    ("clap", Place::Crates(&["walk-cli", "xtask"])),
    ("signal_hook", Place::Crates(&["walk-cli"])),
    ("anstream", Place::Crates(&["walk-cli"])),
    ("notify", Place::Crates(&["walk-cli"])),
    ("anstyle", Place::Crates(&["walk-cli"])),
    ("unicode_width", Place::OneFile("walk-cli")),
    ("annotate_snippets", Place::Crates(&["walk-cli"])),
    ("cargo_metadata", Place::Crates(&["xtask"])),
    ("syn", Place::Crates(&["xtask"])),
];

/// Reports every third-party crate that is named where it may not be.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    PLACES.iter().flat_map(|(name, place)| check_crate(sources, name, *place)).collect()
}

fn check_crate(sources: &[Source], name: &str, place: Place) -> Vec<Finding> {
    let naming = sources.iter().filter_map(|source| Some((source, naming_line(source, name)?)));
    let mut allowed_before = false;
    let mut may_name = |source: &Source| match place {
        Place::Crates(folders) => folders.contains(&source.folder()),
        Place::OsModules => source.kind == Kind::Test || is_os_module(&source.path),
        Place::OneFile(folder) => {
            let in_place = source.folder() == folder && source.kind == Kind::Product;
            in_place && !std::mem::replace(&mut allowed_before, true)
        }
    };
    let bad: Vec<_> = naming.filter(|(source, _)| !may_name(source)).collect();
    let what = format!("names `{name}`: only {} may", describe(place));
    bad.iter().map(|(source, line)| Finding::new(&source.path, *line, what.as_str())).collect()
}

fn is_os_module(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "os" | "os.rs"))
}

fn describe(place: Place) -> String {
    match place {
        Place::Crates(folders) => folders.join(" and "),
        Place::OsModules => "`os` modules".to_owned(),
        Place::OneFile(folder) => format!("one file of {folder}"),
    }
}

/// The first line that names the crate: at the root of a path, or in a `use`.
fn naming_line(source: &Source, name: &str) -> Option<usize> {
    let text = |index: usize| source.tokens.get(index).map_or("", |token| token.text.as_str());
    let names = |index: usize, token: &Token| {
        let before = index.checked_sub(1).map_or("", text);
        let leads = text(index + 1) == ":" && text(index + 2) == ":";
        let inner = before == ":" && index >= 2 && text(index - 2) == ":" && index >= 3;
        let rooted = !inner || !is_path_part(text(index - 3));
        token.text == name && ((leads && rooted) || matches!(before, "use" | "crate"))
    };
    let mut tokens = source.tokens.iter().enumerate();
    tokens.find(|(index, token)| names(*index, token)).map(|(_, token)| token.line)
}

/// Whether a path goes on after this token and `::`.
fn is_path_part(text: &str) -> bool {
    text == ">" || text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let parse = |(path, text): &(&str, &str)| Source::parse(path, (*text).to_owned());
        let sources: Vec<Source> =
            files.iter().map(|file| parse(file).expect("it is Rust")).collect();
        lines(&check(&sources))
    }

    #[test]
    fn a_crate_is_named_only_at_its_place() {
        let text = "\nuse daggy::Dag;";
        assert_eq!(found(&[("walk-dag/src/dag.rs", text)]), [""; 0]);
        let expected = "walk-core/src/run.rs:2: names `daggy`: only walk-dag may";
        assert_eq!(found(&[("walk-core/src/run.rs", text)]), [expected]);
    }

    #[test]
    fn paths_uses_and_extern_crates_name_a_crate() {
        let check = |text, expected| {
            assert_eq!(found(&[("walk-core/src/a.rs", text)]).len(), expected, "{text}");
        };
        check("fn f() { anyhow::bail!(\"x\") }", 1);
        check("fn f() { g!(::anyhow::Error::new(e)) }", 1);
        check("use anyhow;", 1);
        check("extern crate anyhow;", 1);
        check("/// Not `anyhow::Error`.\nfn f() {}", 0);
        check("use crate::toml::parse; fn f() { self::ignore::g(); let ignore = 1; }", 0);
    }

    #[test]
    fn rustix_stays_in_os_modules_and_tests() {
        let text = "use rustix::process::Pid;";
        let check = |path, expected| assert_eq!(found(&[(path, text)]).len(), expected, "{path}");
        check("walk-scheduler/src/os.rs", 0);
        check("walk-scheduler/src/os/linux.rs", 0);
        check("walk-scheduler/tests/it/kill.rs", 0);
        check("walk-scheduler/src/process.rs", 1);
    }

    #[test]
    fn bincode_has_one_file() {
        let text = "use bincode::Encode;";
        let files = [("walk-fingerprint/src/a.rs", text), ("walk-fingerprint/src/b.rs", text)];
        let expected =
            "walk-fingerprint/src/b.rs:1: names `bincode`: only one file of walk-fingerprint may";
        assert_eq!(found(&files), [expected]);
        assert_eq!(found(&files[..1]), [""; 0]);
        assert_eq!(found(&[("walk-plan/src/a.rs", text)]).len(), 1);
    }
}
