//! Where a link leads, by its text alone.
//!
//! A link is restored as a link: what it leads to has to be the same here as where it was made. So
//! one that is an output leads to an output or to an input, and one in a directory stays in the
//! project, in which the next who writes through it finds nothing that is not the project's.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::Question;

/// Returns where the link `at`, a path below the root, leads, below the root as well.
///
/// # Errors
///
/// Fails if it leads out of the project, or may do so: what stands before `..` can be a link itself.
pub(crate) fn led(at: &str, target: &str) -> io::Result<PathBuf> {
    let wrong =
        || io::Error::new(io::ErrorKind::InvalidData, format!("`{at}` leads to {target:?}"));
    let mut to = Path::new(at).parent().map(PathBuf::from).unwrap_or_default();
    let mut is_up = true;
    for component in Path::new(target).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if is_up && to.pop() => {}
            Component::Normal(name) => {
                is_up = false;
                to.push(name);
            }
            _ => return Err(wrong()),
        }
    }
    if target.is_empty() || target.contains('\0') { Err(wrong()) } else { Ok(to) }
}

/// Refuses a link that is an output and leads to what nobody says is the same wherever it is.
pub(crate) fn refuse_undeclared(question: &Question, at: &str, target: &str) -> io::Result<()> {
    let to = led(at, target)?;
    let mut declared = question.outputs.iter().chain(&question.inputs);
    if declared.any(|it| to.starts_with(it)) {
        return Ok(());
    }
    let text = format!("`{at}` leads to `{}`, which is no output and no input", to.display());
    Err(io::Error::new(io::ErrorKind::InvalidData, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_in_the_project() {
        let check = |at: &str, target: &str, expected: Option<&str>| {
            let found = led(at, target).ok();
            assert_eq!(found.as_deref(), expected.map(Path::new), "{at} -> {target}");
        };
        check("a", "b", Some("b"));
        check("d/a", "./b/c", Some("d/b/c"));
        check("d/e/a", "../../b", Some("b"));
        check("d/a", "..", Some(""));
        for target in ["", "/b", "../../b", "b/../c", "a\0b", "../.."] {
            check("d/a", target, None);
        }
    }
}
