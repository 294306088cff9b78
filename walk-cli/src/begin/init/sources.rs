//! Actions made of sources: C and C++, Rust, Python.

use walk_plan::literal;

use super::super::draft::{Draft, Entry};
use super::survey::{Survey, exactly, globs};

const C: &[&str] = &["c"];
const CXX: &[&str] = &["cc", "cpp", "cxx"];

/// Compiles each source, and links: a program for each `main`, and a library of all else if there
/// are several.
pub(super) fn c(survey: &Survey, draft: &mut Draft) -> Option<String> {
    let sources = survey.with_extension(&[C, CXX].concat());
    if sources.is_empty() {
        return None;
    }
    let has_cxx = !survey.with_extension(CXX).is_empty();
    let include = if survey.has("include") { " -Iinclude" } else { "" };
    let flags = format!("-O2 -g -Wall{include}");
    for (extension, compiler, program) in extensions(&sources) {
        if !draft.tools.iter().any(|it| it.0 == compiler) {
            draft.vars.push((compiler.into(), program.into()));
            let version = vec![format!("${{{compiler}}}"), "--version".into()];
            draft.tools.push((compiler.into(), version));
        }
        compile(draft, &sources, extension, compiler);
    }
    draft.vars.push(("flags".into(), flags));
    let linker = if has_cxx { "cxx" } else { "cc" };
    let (programs, others): (Vec<&str>, Vec<&str>) =
        sources.iter().copied().partition(|it| has_main(&survey.read(it)));
    link(survey, draft, linker, &programs, &others);
    Some(format!("{} of C or C++", count(sources.len(), "source")))
}

/// The extensions that there are, who compiles them, and what that is called.
fn extensions(sources: &[&str]) -> Vec<(&'static str, &'static str, &'static str)> {
    let known =
        C.iter().map(|it| (*it, "cc", "cc")).chain(CXX.iter().map(|it| (*it, "cxx", "c++")));
    known.filter(|it| !globs(sources, it.0).is_empty()).collect()
}

fn compile(draft: &mut Draft, sources: &[&str], extension: &str, compiler: &str) {
    for glob in globs(sources, extension) {
        let top = glob.split_once('/').map_or("", |it| it.0).replace('\\', "");
        let name = ["compile", &top].join(if top.is_empty() { "" } else { "-" });
        let run = format!("${{{compiler}}} ${{flags}} -MD -MF {{out}}.d -c {{in}} -o {{out}}");
        draft.add(
            Entry::new(name)
                .text("foreach", glob)
                .text("run", run)
                .list("in", ["{file}"])
                .list("out", ["build/{file}.o"])
                .text("depfile", "{out}.d")
                .list("tools", [compiler]),
        );
    }
}

fn link(survey: &Survey, draft: &mut Draft, linker: &str, programs: &[&str], others: &[&str]) {
    let object = |source: &&str| literal(&format!("build/{source}.o"));
    let all: Vec<&str> = programs.iter().chain(others).copied().collect();
    let all = extensions(&all).into_iter().flat_map(|it| globs(&all, it.0));
    let all: Vec<String> = all.map(|it| format!("build/{it}.o")).collect();
    let archive = |name: &str, inputs: Vec<String>| {
        Entry::new(name)
            .text("run", "rm -f {out}; ar rcs {out} {in}")
            .list("in", inputs)
            .list("out", [format!("build/lib{name}.a")])
    };
    let run = format!("${{{linker}}} ${{flags}} -o {{out}} {{in}}");
    let program = |name: &str, inputs: Vec<String>| {
        let out = [format!("build/{name}")];
        Entry::new(name)
            .text("run", run.clone())
            .list("in", inputs)
            .list("out", out)
            .list("tools", [linker])
    };
    match programs {
        [] => drop(draft.add(archive(&survey.name(), all))),
        [_] => {
            let comment = "Libraries go to the end of `run`: -lm, -lpthread.";
            draft.add(program(&survey.name(), all).comment(comment));
        }
        several => {
            let library = (!others.is_empty()).then(|| {
                let name = draft.add(archive("common", others.iter().map(object).collect()));
                format!("build/lib{name}.a")
            });
            for source in several {
                let inputs = [object(source)].into_iter().chain(library.clone()).collect();
                let name = draft.add(program(&program_name(source), inputs));
                if is_test(source) {
                    let run = Entry::new(format!("run-{name}"))
                        .comment("It has no output: that it passed is remembered.")
                        .text("run", "{in}");
                    draft.add(run.list("in", [format!("build/{name}")]));
                }
            }
        }
    }
}

/// Returns whether a source is called like a test, or is among tests.
fn is_test(source: &str) -> bool {
    let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
    let name = name.rsplit_once('.').map_or(name, |it| it.0);
    let is_among = folder.split('/').any(|it| matches!(it, "test" | "tests"));
    is_among || name.starts_with("test_") || name.ends_with("_test")
}

fn program_name(source: &str) -> String {
    let path = source.rsplit_once('.').map_or(source, |it| it.0);
    literal(&path.rsplit('/').next().unwrap_or(path).replace(' ', "_"))
}

/// Returns whether a source defines `main`, as far as its text tells.
fn has_main(text: &str) -> bool {
    let starts =
        text.lines().map(|it| it.trim_start_matches("extern \"C\" ").trim_start_matches("static "));
    let mut starts = starts.filter(|it| !it.starts_with([' ', '\t', '/', '*', '#']));
    starts.any(|it| {
        let before = it.split_once("main").filter(|it| it.1.trim_start().starts_with('('));
        before.is_some_and(|it| matches!(it.0.trim(), "" | "int" | "void" | "auto"))
    })
}

/// `cargo` knows what it needs; walk knows when there is nothing to ask it.
pub(super) fn rust(survey: &Survey, draft: &mut Draft) -> Option<String> {
    if !survey.has("Cargo.toml") {
        return None;
    }
    let files = survey.with_extension(&["rs"]);
    let manifests =
        survey.files.iter().filter(|it| it.ends_with("Cargo.toml") || *it == "Cargo.lock");
    let mut inputs: Vec<String> = manifests.map(|it| literal(it)).collect();
    inputs.extend(globs(&files, "rs"));
    draft.add(
        Entry::new("cargo-build")
            .comment("Outputs stay in target/, which is cargo's own: walk only remembers that it passed.")
            .text("run", "cargo build --workspace")
            .list("in", inputs.clone()),
    );
    draft.add(
        Entry::new("cargo-test")
            .text("run", "cargo test --workspace")
            .list("in", inputs)
            .list("after", ["cargo-build"]),
    );
    Some("Cargo.toml".into())
}

/// One action for each file of tests, so that only those run that an edit concerns.
pub(super) fn python(survey: &Survey, draft: &mut Draft) -> Option<String> {
    let files = survey.with_extension(&["py"]);
    let is_test = |it: &&str| {
        let name = it.rsplit('/').next().unwrap_or(it);
        name.starts_with("test_") || name.ends_with("_test.py")
    };
    let (tests, others): (Vec<&str>, Vec<&str>) = files.iter().copied().partition(is_test);
    let settings = ["pyproject.toml", "pytest.ini", "setup.cfg", "setup.py", "tox.ini"];
    let first = survey.first(&settings);
    if tests.is_empty() {
        return None;
    }
    let mut inputs = vec!["{file}".to_owned()];
    inputs.extend(settings.iter().filter(|it| survey.has(it)).map(ToString::to_string));
    // A test may import any module that is not itself a test.
    let modules = globs(&others, "py");
    let is_apart = |it: &String| globs(&tests, "py").contains(it);
    inputs.extend(modules.iter().filter(|it| !is_apart(it)).cloned());
    let beside = others.iter().filter(|it| globs(&[*it], "py").iter().any(is_apart));
    inputs.extend(beside.map(|it| literal(it)));
    for glob in test_globs(&tests) {
        draft.add(
            Entry::new("pytest")
                .text("foreach", glob)
                .text("run", "python3 -m pytest -q {file}")
                .list("in", inputs.clone()),
        );
    }
    Some(match first {
        Some(first) => format!("{first} and {} of tests", count(tests.len(), "file")),
        None => format!("{} of tests", count(tests.len(), "file")),
    })
}

fn test_globs(tests: &[&str]) -> Vec<String> {
    let mut globs: Vec<String> = tests
        .iter()
        .map(|it| {
            let (directory, name) = it.rsplit_once('/').unwrap_or(("", it));
            let pattern = if name.starts_with("test_") { "test_*.py" } else { "*_test.py" };
            match directory {
                "" => pattern.into(),
                directory => format!("{}/{pattern}", exactly(directory)),
            }
        })
        .collect();
    globs.sort();
    globs.dedup();
    globs
}

pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_is_told_from_what_is_called_so() {
        for text in
            ["int main(void) {}", "#include <a>\nint\nmain (int c, char **v)\n{", "void main()"]
        {
            assert!(has_main(text), "{text}");
        }
        for text in ["int domain(void);", "// int main()", "  main(x);", "int main_loop();", ""] {
            assert!(!has_main(text), "{text}");
        }
    }
}
