//! One glob: the directory where it begins, and what it matches below.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::manifest::Trouble;
use crate::plan::normal;

/// A compiled glob.
#[derive(Debug)]
pub(super) struct Glob {
    /// The directory that its part without wildcards names; empty for the root.
    pub(super) base: PathBuf,
    /// How many levels below `base` it can match; `None` for any number.
    pub(super) depth: Option<usize>,
    sees_hidden: bool,
    matcher: GlobMatcher,
}

impl Glob {
    /// Compiles a glob, relative to `root`.
    pub(super) fn new(text: &str, root: &Path) -> Result<Self, Trouble> {
        let (base, rest) = split(text);
        if rest.split('/').any(|it| it == "..") {
            let help = "`..` can come before the first wildcard only";
            return Err(
                Trouble::new(format!("bad glob `{text}`: `..` after a wildcard")).help(help)
            );
        }
        let glob = GlobBuilder::new(&rest).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|it| Trouble::new(format!("bad glob `{text}`: {}", it.kind())))?;
        let is_deep = rest.contains("**") || (rest.contains('{') && rest.contains('/'));
        let base = normal(root, Path::new(&base)).into_owned();
        Ok(Self {
            base: if base == Path::new(".") { PathBuf::new() } else { base },
            depth: (!is_deep).then(|| rest.split('/').count()),
            sees_hidden: rest.split(['/', '{', ',']).any(|it| it.starts_with('.')),
            matcher: glob.compile_matcher(),
        })
    }

    /// Returns whether the glob matches a normalised path.
    pub(super) fn is_match(&self, path: &Path) -> bool {
        let below = match self.base.as_os_str().is_empty() {
            true if path.is_absolute() => return false,
            true => path,
            false => match path.strip_prefix(&self.base) {
                Ok(below) => below,
                Err(_) => return false,
            },
        };
        let is_visible = |it: &Path| it.iter().all(|name| self.sees(name.as_encoded_bytes()));
        self.matcher.is_match(below) && is_visible(below)
    }

    /// Returns whether a wildcard may match a name at all: not one with a leading dot,
    /// unless the glob has one too, and never the state of walk itself.
    pub(super) fn sees(&self, name: &[u8]) -> bool {
        (self.sees_hidden || !name.starts_with(b".")) && name != b".walk"
    }
}

/// Returns whether a path has a wildcard.
pub(super) fn is_glob(text: &str) -> bool {
    let mut is_escaped = false;
    text.bytes().any(|byte| {
        let is_meta = matches!(byte, b'*' | b'?' | b'[' | b'{') && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_meta
    })
}

/// Removes the backslashes that make wildcards literal.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut done = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(it) = rest.next() {
        let is_escape = it == '\\' && rest.peek().is_some_and(|it| r"*?[]{}\".contains(*it));
        done.push(if is_escape { rest.next().unwrap_or(it) } else { it });
    }
    done.into()
}

/// Splits a glob before its first part with a wildcard, else before its last part; drops
/// empty and `.` parts after that.
fn split(text: &str) -> (String, String) {
    let parts: Vec<&str> = text.split('/').collect();
    let first = parts.iter().position(|it| is_glob(it)).unwrap_or(parts.len() - 1);
    let base: Vec<Cow<str>> = parts[..first].iter().map(|it| unescape(it)).collect();
    let base = if base.len() == 1 && base[0].is_empty() { "/".into() } else { base.join("/") };
    let rest: Vec<&str> =
        parts[first..].iter().copied().filter(|it| !matches!(*it, "" | ".")).collect();
    (base, rest.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_paths_below_its_base() {
        let check = |glob: &str, path: &str, expected: bool| {
            let found = Glob::new(glob, Path::new("/w")).map(|it| it.is_match(Path::new(path)));
            assert_eq!(found.ok(), Some(expected), "{glob} on {path}");
        };
        check("src/*.c", "src/a.c", true);
        check("src/*.c", "src/sub/a.c", false);
        check("./src//*.c", "src/a.c", true);
        check("src/**/*.c", "src/a.c", true);
        check("src/**", "src/x/y", true);
        check("**/*.c", "a.c", true);
        check("*", ".hidden", false);
        check(".*", ".hidden", true);
        check("**/*", ".git/config", false);
        check("**/.*", ".walk/db", false);
        check(".github/*", ".github/ci.yml", true);
        check("*.{c,h}", "a.h", true);
        check("/w/src/*.c", "src/a.c", true);
        check("../x/*.c", "/x/a.c", true);
        check("{a/b,c}/*.o", "a/b/x.o", true);
        check(r"\[a\]/*", "[a]/x", true);
        check("*", "/etc", false);
        check("a/b.c", "a/b.c", true);
        check(".hidden", ".hidden", true);
        check("", "a", false);
    }
}
