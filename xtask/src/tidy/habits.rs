//! Habits that are out: escape hatches, unfinished code, printing from a library, sleeping tests.
//!
//! Each is a sequence of tokens and the kind of place where it may not stand. Clippy's own
//! lints cover the rest; these are here because it has no lint for them, or one that cannot
//! tell a library from a command.

use super::finding::Finding;
use super::source::{Source, Token};

/// Where a habit is out.
#[derive(Clone, Copy)]
enum Place {
    Everywhere,
    /// Library crates, tests excluded.
    Library,
    /// Library crates but these, tests excluded.
    LibraryBut(&'static [&'static str]),
    Tests,
}

/// A sequence of tokens, separated by blanks, and what to do instead.
struct Habit {
    tokens: &'static str,
    place: Place,
    instead: &'static str,
}

const fn habit(tokens: &'static str, place: Place, instead: &'static str) -> Habit {
    Habit { tokens, place, instead }
}

const THREADS: &str = "a thread: jobs have theirs in walk-scheduler, hashing in rayon's pool";

/// The crates that make threads: jobs and teams; those that watch a cluster; what talks to a server.
const WITH_THREADS: &[&str] = &["walk-scheduler", "walk-slurm", "walk-cache"];

const HABITS: &[Habit] = &[
    habit("# [ allow (", Place::Everywhere, "`#[allow]`: use `#[expect(.., reason = \"..\")]`"),
    habit("# ! [ allow (", Place::Everywhere, "`#![allow]`: use `#[expect(.., reason = \"..\")]`"),
    habit("# [ ignore", Place::Everywhere, "`#[ignore]`: a test runs, or it is not there"),
    habit("# [ should_panic", Place::Everywhere, "`#[should_panic]`: check the message instead"),
    habit("todo !", Place::Everywhere, "`todo!`: finish it"),
    habit("unimplemented !", Place::Everywhere, "`unimplemented!`: finish it"),
    habit("dbg !", Place::Everywhere, "`dbg!`: remove it"),
    habit("print ! (", Place::Library, "a library prints nothing: return it or log it"),
    habit("println ! (", Place::Library, "a library prints nothing: return it or log it"),
    habit("eprint ! (", Place::Library, "a library prints nothing: return it or log it"),
    habit("eprintln ! (", Place::Library, "a library prints nothing: return it or log it"),
    habit(". unwrap ( )", Place::Library, "`unwrap()`: return an error, or `expect` the invariant"),
    habit("thread : : spawn", Place::LibraryBut(WITH_THREADS), THREADS),
    habit("thread : : scope", Place::LibraryBut(WITH_THREADS), THREADS),
    habit("thread : : Builder", Place::LibraryBut(WITH_THREADS), THREADS),
    habit("thread : : sleep", Place::Tests, "`thread::sleep` in a test: wait for the event itself"),
];

/// Reports every habit of `source` that is out.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    HABITS.iter().flat_map(|habit| check_habit(source, habit)).collect()
}

fn check_habit(source: &Source, habit: &Habit) -> Vec<Finding> {
    let wanted: Vec<&str> = habit.tokens.split(' ').collect();
    let same = |tokens: &&[Token]| tokens.iter().map(|token| &token.text).eq(wanted.iter());
    let found = source.tokens.windows(wanted.len()).filter(same).map(|tokens| tokens[0].line);
    let lines = found.filter(|line| match habit.place {
        Place::Everywhere => true,
        Place::Library => source.is_library() && !source.is_test(*line),
        Place::LibraryBut(folders) => {
            source.is_library() && !folders.contains(&source.folder()) && !source.is_test(*line)
        }
        Place::Tests => source.is_test(*line),
    });
    lines.map(|line| Finding::new(&source.path, line, habit.instead)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[cfg(test)] mod tests { fn f() { x.unwrap(); println!(); } }";

    /// The lines of the findings in `text` at `path`.
    fn found(path: &str, text: &str) -> Vec<usize> {
        let source = Source::parse(path, text.to_owned()).expect("it is Rust");
        check(&source).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn escape_hatches_are_out_everywhere() {
        let check = |text| assert_eq!(found("xtask/tests/it/main.rs", text), [2], "{text}");
        check("\n#[allow(dead_code)] fn f() {}");
        check("\n#![allow(dead_code)]");
        check("\n#[test] #[ignore] fn f() {}");
        check("\n#[test] #[should_panic(expected = \"x\")] fn f() {}");
        check("\nfn f() { todo!() }");
        check("\nfn f() { unimplemented!(\"later\") }");
        check("\nfn f() { g(dbg!(1)) }");
    }

    #[test]
    fn a_library_neither_prints_nor_unwraps() {
        let text = "fn f() {\nx.unwrap();\nprintln!(\"a\");\neprint!(\"b\");\n}";
        assert_eq!(found("walk-dag/src/a.rs", text), [3, 4, 2]);
        assert_eq!(found("walk-dag/src/a.rs", TESTS), [0; 0]);
        assert_eq!(found("walk-dag/tests/it/a.rs", text), [0; 0]);
        assert_eq!(found("walk-dag/examples/a.rs", text), [0; 0]);
        assert_eq!(found("walk-cli/src/a.rs", text), [0; 0]);
    }

    #[test]
    fn threads_are_made_in_the_scheduler() {
        let text = "fn f() { std::thread::spawn(g); }";
        assert_eq!(found("walk-core/src/a.rs", text), [1]);
        assert_eq!(found("walk-scheduler/src/a.rs", text), [0; 0]);
        assert_eq!(found("walk-core/tests/it/a.rs", text), [0; 0]);
        assert_eq!(found("walk-cli/src/a.rs", text), [0; 0]);
    }

    #[test]
    fn only_tests_may_not_sleep() {
        let text = "fn f() { std::thread::sleep(t); }";
        assert_eq!(found("walk-scheduler/tests/it/a.rs", text), [1]);
        assert_eq!(found("walk-scheduler/src/a.rs", text), [0; 0]);
        assert_eq!(found("walk-scheduler/src/a.rs", "#[test] fn f() { thread::sleep(t) }"), [1]);
    }

    #[test]
    fn comments_strings_and_relatives_are_not_findings() {
        let text = "// todo!()\nfn f() { let _ = (\".unwrap()\", x.unwrap_or(1)); }";
        assert_eq!(found("walk-dag/src/a.rs", text), [0; 0]);
    }
}
