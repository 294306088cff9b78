//! What has to be there: the texts a newcomer reads first, an opening in every file, examples.
//!
//! Links between the texts have to lead somewhere, too.

use std::path::Path;

use super::finding::Finding;

const TEXTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

const LIBRARIES: &[&str] =
    &["walk-dag", "walk-scheduler", "walk-fingerprint", "walk-core", "walk-plan"];

const EXAMPLES: usize = 2;

/// Reports texts that are missing and libraries with too few examples, of these paths.
pub(crate) fn check(paths: &[String]) -> Vec<Finding> {
    let texts = TEXTS.iter().filter(|text| !paths.iter().any(|path| path == *text));
    let mut findings: Vec<_> = texts.map(|text| Finding::new(text, 1, "is missing")).collect();
    for library in LIBRARIES {
        let count = paths.iter().filter(|path| is_example(library, path)).count();
        if count < EXAMPLES {
            let what = format!("{count} examples: a library has at least {EXAMPLES}");
            findings.push(Finding::new(&format!("{library}/examples"), 1, what));
        }
    }
    findings
}

fn is_example(library: &str, path: &str) -> bool {
    let inner = path.strip_prefix(library).and_then(|path| path.strip_prefix("/examples/"));
    inner.is_some_and(|file| match file.split_once('/') {
        None => Path::new(file).extension().is_some_and(|extension| extension == "rs"),
        Some((_, file)) => file == "main.rs",
    })
}

/// Reports a Rust file that does not begin by saying what it does.
pub(crate) fn check_opening(path: &str, text: &str) -> Option<Finding> {
    let opens = text.trim_start().starts_with("//!");
    (!opens).then(|| Finding::new(path, 1, "does not open with `//!`: what it does, what not, why"))
}

/// Reports relative links of a Markdown file that lead to no file; `exists` is asked about paths
/// relative to the workspace.
pub(crate) fn check_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let is_local = !target.is_empty() && !target.contains(':');
            if is_local && !exists(&format!("{folder}{target}")) {
                findings.push(Finding::new(path, index + 1, format!("links to no file: {target}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn complete() -> Vec<String> {
        let mut paths: Vec<String> = TEXTS.iter().map(ToString::to_string).collect();
        for library in LIBRARIES {
            paths.push(format!("{library}/examples/one.rs"));
            paths.push(format!("{library}/examples/two/main.rs"));
        }
        paths
    }

    #[test]
    fn a_complete_tree_passes() {
        assert_eq!(lines(&check(&complete())), [""; 0]);
    }

    #[test]
    fn a_missing_text_is_named() {
        let paths = complete().split_off(1);
        assert_eq!(lines(&check(&paths)), ["README.md:1: is missing"]);
    }

    #[test]
    fn a_library_with_one_example_is_named() {
        let mut paths = complete();
        paths.retain(|path| path != "walk-dag/examples/one.rs");
        paths.push("walk-dag/examples/two/part.rs".to_owned());
        let expected = "walk-dag/examples:1: 1 examples: a library has at least 2";
        assert_eq!(lines(&check(&paths)), [expected]);
    }

    #[test]
    fn a_file_opens_with_its_documentation() {
        let check = |text, expected| assert_eq!(check_opening("a.rs", text).is_none(), expected);
        check("//! Does.\n", true);
        check("\n//! Does.\n", true);
        check("// Does.\n", false);
        check("use std::fmt;\n//! Late.\n", false);
        check("", false);
    }

    #[test]
    fn links_lead_to_files() {
        let text = "[a](a.md) [b](https://b.example/x)\n[c](c.md#part) [d](#part)\n";
        let expected = "doc/x.md:2: links to no file: c.md";
        assert_eq!(lines(&check_links("doc/x.md", text, |path| path == "doc/a.md")), [expected]);
    }
}
