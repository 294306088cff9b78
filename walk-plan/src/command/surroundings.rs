//! What of the environment outside a command goes by, though nobody tracks it.
//!
//! A walk of one machine takes it for given; a result that machines share is one of these variables,
//! too. Variables that programs read and that are not in the list are not known.

use std::collections::BTreeMap;
use std::env;
use std::os::unix::ffi::OsStrExt as _;

use walk_core::Checksum;

/// What compilers, linkers, interpreters and sorting go by.
const READ_BY_PROGRAMS: [&str; 26] = [
    "CLASSPATH",
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "GCC_COMPARE_DEBUG",
    "GCC_EXEC_PREFIX",
    "GOFLAGS",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_NUMERIC",
    "LC_TIME",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "OBJC_INCLUDE_PATH",
    "PERL5LIB",
    "PKG_CONFIG_PATH",
    "PYTHONPATH",
    "RUSTFLAGS",
    "SOURCE_DATE_EPOCH",
    "TZ",
];

/// What a walk sets itself for every command.
const OF_WALKS: [&str; 3] = ["WALK_ACTION", "WALK_ATTEMPT", "WALK_OUT"];

/// Returns the variables outside that a command goes by, which has this text for a shell, if any, and
/// is given these; in place of a value there is its digest.
pub(super) fn untracked(
    text: Option<&str>,
    given: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let of_text = text.into_iter().flat_map(named).filter(|it| !OF_WALKS.contains(it));
    let mut names: Vec<&str> = READ_BY_PROGRAMS.into_iter().chain(of_text).collect();
    names.sort_unstable();
    names.dedup();
    let digest = |name: &str| {
        let value = env::var_os(name)?;
        Some((format!("outside {name}"), Checksum::of(value.as_bytes()).to_string()))
    };
    names.into_iter().filter(|it| !given.contains_key(*it)).filter_map(digest).collect()
}

/// Returns the variables that a text for a shell names.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        let end = rest.find(|it: char| it != '_' && !it.is_ascii_alphanumeric());
        let name = &rest[..end.unwrap_or(rest.len())];
        Some(name).filter(|it| !it.starts_with(|it: char| it.is_ascii_digit()) && !it.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_a_text_names_are_found() {
        let found: Vec<&str> = named("cc $CFLAGS -o ${OUT:-a} $1 $$ $? \"$A$B\" ${#C} $").collect();
        assert_eq!(found, ["CFLAGS", "OUT", "A", "B", "C"]);
    }

    #[test]
    fn what_is_set_outside_and_not_given_counts() {
        // The one variable that is there wherever tests run.
        let of = |text: &str, given: &[(&str, &str)]| {
            let given = given.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
            let found = untracked(Some(text), &given);
            found.iter().any(|it| it.0 == "outside PATH")
        };
        assert!(of("echo $PATH", &[]));
        assert!(!of("echo PATH $NO_SUCH_VARIABLE", &[]));
        assert!(!of("echo $PATH", &[("PATH", "/bin")]));
        let text = OF_WALKS.map(|it| format!("${it}")).join(" ");
        assert!(untracked(Some(&text), &BTreeMap::new()).iter().all(|it| !it.0.contains("WALK")));
    }
}
