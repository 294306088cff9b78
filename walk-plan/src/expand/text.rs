//! Replaces variables and placeholders in one text; the rules are in the parent's docs.
//!
//! Most texts of a generator hold neither and are given back as they are.

use std::borrow::Cow;
use std::path::Path;
use std::rc::Rc;

use super::vars::Vars;
use crate::manifest::Trouble;
use crate::plan::{FileId, Files, seen_from};

/// What the placeholders of one action stand for, in one of its texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'s> {
    pub(super) vars: &'s Vars<'s>,
    pub(super) files: &'s Files,
    /// The match of `foreach`.
    pub(super) file: Option<&'s Path>,
    pub(super) matrix: &'s [(&'s str, Rc<str>)],
    /// `{in}` and `{out}`, where they are known.
    pub(super) io: Option<Io<'s>>,
    /// Where paths are seen from, relative to the root; empty for the root.
    pub(super) cwd: &'s Path,
    pub(super) style: Style,
}

/// The inputs and outputs of an action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Io<'s> {
    pub(super) inputs: &'s [FileId],
    pub(super) outputs: &'s [FileId],
}

/// Whether paths are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Shell,
}

/// The placeholders of a `foreach`.
pub(super) const OF_FILE: [&str; 5] = ["file", "dir", "name", "stem", "ext"];

/// Returns whether a text is a path as it stands: nothing to expand, no wildcard, no escape.
///
/// Nearly every text of a generator is; this is the one look that those cost.
pub(super) fn is_plain(text: &str) -> bool {
    const SPECIAL: [bool; 256] = {
        let mut table = [false; 256];
        let special = b"${*?[\\\0";
        let mut index = 0;
        while index < special.len() {
            table[special[index] as usize] = true;
            index += 1;
        }
        table
    };
    !text.is_empty() && !text.bytes().any(|it| SPECIAL[usize::from(it)])
}

/// Replaces all that a text holds.
pub(super) fn expand<'t>(text: &'t str, scope: &Scope) -> Result<Cow<'t, str>, Trouble> {
    replace(text, &mut |piece, to| match piece {
        Piece::Variable(name) => {
            let value = scope.vars.get(name).ok_or_else(|| scope.vars.unknown(name))?;
            replace(value, &mut |piece, to| match piece {
                Piece::Placeholder(name) => scope.value(name, to),
                Piece::Variable(name) => Err(scope.vars.unknown(name)),
                other => other.unescape(to),
            })
            .map(|it| to.push_str(&it))
        }
        Piece::Placeholder(name) => scope.value(name, to),
        other => other.unescape(to),
    })
}

/// One thing in a text that is not just text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// `${name}`
    Variable(&'t str),
    /// `{name}`
    Placeholder(&'t str),
    /// `$${`
    Dollar,
    /// `{{name}}`
    Braces(&'t str),
}

impl Piece<'_> {
    /// Writes what an escape stands for.
    #[expect(clippy::unnecessary_wraps, reason = "an arm beside those that can fail")]
    fn unescape(self, to: &mut String) -> Result<(), Trouble> {
        match self {
            Self::Dollar => to.push_str("${"),
            Self::Braces(name) => to.extend(["{", name, "}"]),
            Self::Variable(_) | Self::Placeholder(_) => {}
        }
        Ok(())
    }

    /// Writes it as it was.
    pub(super) fn keep(self, to: &mut String) {
        match self {
            Self::Variable(name) => to.extend(["${", name, "}"]),
            Self::Placeholder(name) => to.extend(["{", name, "}"]),
            Self::Dollar => to.push_str("$${"),
            Self::Braces(name) => to.extend(["{{", name, "}}"]),
        }
    }
}

/// Writes a text so that expanding it gives it back.
pub(crate) fn literal(text: &str) -> String {
    let escaped = replace(text, &mut |piece, to| {
        match piece {
            Piece::Variable(name) => to.extend(["$${", name, "}"]),
            Piece::Placeholder(name) => to.extend(["{{", name, "}}"]),
            Piece::Dollar => to.push_str("$$${"),
            Piece::Braces(name) => to.extend(["{{", "{", name, "}", "}}"]),
        }
        Ok(())
    });
    escaped.map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// Copies a text, with `with` writing what stands for each piece.
pub(super) fn replace<'t>(
    text: &'t str,
    with: &mut dyn FnMut(Piece<'_>, &mut String) -> Result<(), Trouble>,
) -> Result<Cow<'t, str>, Trouble> {
    let (mut done, mut rest) = (String::new(), text);
    let is_special = |it: u8| it == b'$' || it == b'{';
    while let Some(at) = rest.bytes().position(is_special) {
        let (before, special) = rest.split_at(at);
        done.push_str(before);
        rest = if let Some((piece, length)) = piece(special) {
            with(piece, &mut done)?;
            &special[length..]
        } else {
            done.push_str(&special[..1]);
            &special[1..]
        };
    }
    if done.is_empty() && rest.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    done.push_str(rest);
    Ok(Cow::Owned(done))
}

/// Returns the piece that a text begins with, and its length.
fn piece(text: &str) -> Option<(Piece<'_>, usize)> {
    if text.starts_with("$${") {
        return Some((Piece::Dollar, 3));
    }
    if let Some(name) = text.strip_prefix("${").and_then(|it| identifier(it, "}")) {
        return Some((Piece::Variable(name), name.len() + 3));
    }
    if let Some(name) = text.strip_prefix("{{").and_then(|it| identifier(it, "}}")) {
        return Some((Piece::Braces(name), name.len() + 4));
    }
    let name = text.strip_prefix('{').and_then(|it| identifier(it, "}"))?;
    Some((Piece::Placeholder(name), name.len() + 2))
}

fn identifier<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let is_part = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
    let length = text.bytes().take_while(|it| is_part(*it)).count();
    let name = &text[..length];
    (is_identifier(name) && text[length..].starts_with(end)).then_some(name)
}

/// Returns whether a placeholder or a variable may have this name.
pub(super) fn is_identifier(name: &str) -> bool {
    let is_part = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
    name.bytes().next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_')
        && name.bytes().all(is_part)
}

impl Scope<'_> {
    /// Writes what a placeholder stands for.
    fn value(&self, name: &str, to: &mut String) -> Result<(), Trouble> {
        if let Some((_, value)) = self.matrix.iter().find(|it| it.0 == name) {
            to.push_str(value);
            return Ok(());
        }
        match (name, self.io, self.file) {
            ("in", Some(io), _) => self.paths(io.inputs, to),
            ("out", Some(io), _) => self.paths(io.outputs, to),
            (_, _, Some(file)) if OF_FILE.contains(&name) => self.part_of_file(name, file, to),
            _ => Err(self.unknown(name)),
        }
    }

    fn paths(&self, ids: &[FileId], to: &mut String) -> Result<(), Trouble> {
        for (index, id) in ids.iter().enumerate() {
            if index > 0 {
                to.push(' ');
            }
            self.path(self.files.path(*id), to)?;
        }
        Ok(())
    }

    fn path(&self, path: &Path, to: &mut String) -> Result<(), Trouble> {
        let seen = seen_from(self.files.root(), self.cwd, path);
        self.push(utf8(&seen)?, to);
        Ok(())
    }

    fn part_of_file(&self, part: &str, file: &Path, to: &mut String) -> Result<(), Trouble> {
        let dir = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let piece = match part {
            "file" => return self.path(file, to),
            "dir" => return self.path(dir, to),
            "name" => file.file_name(),
            "stem" => file.file_stem(),
            _ => file.extension(),
        };
        self.push(utf8(Path::new(piece.unwrap_or_default()))?, to);
        Ok(())
    }

    fn push(&self, text: &str, to: &mut String) {
        match self.style {
            Style::Plain => to.push_str(text),
            Style::Shell => to.push_str(&quoted(text)),
        }
    }

    fn unknown(&self, name: &str) -> Trouble {
        let part = format!("{{{name}}}");
        let of_file = OF_FILE.iter().copied().filter(|_| self.file.is_some());
        let io = ["in", "out"].into_iter().filter(|_| self.io.is_some());
        let known = self.matrix.iter().map(|it| it.0).chain(of_file).chain(io);
        let trouble = Trouble::new(format!("unknown placeholder `{part}`")).part(part.clone());
        let escape = format!("for these braces themselves write `{{{part}}}`");
        match name {
            "in" | "out" => trouble.help(format!("`{part}` is not known in this key")),
            _ if OF_FILE.contains(&name) => {
                trouble.help(format!("`{part}` is known in an action with `foreach`"))
            }
            _ => {
                let valid: Vec<String> = known.clone().map(|it| format!("`{{{it}}}`")).collect();
                let help = if valid.is_empty() {
                    escape
                } else {
                    format!("valid here: {}; {escape}", valid.join(", "))
                };
                trouble.nearest(name, known).help(help)
            }
        }
    }
}

/// Returns the text of a path, or says that it is none.
fn utf8(path: &Path) -> Result<&str, Trouble> {
    path.to_str().ok_or_else(|| {
        let shown = path.to_string_lossy();
        Trouble::new(format!("the path `{shown}` is not UTF-8 and cannot be in a command"))
    })
}

/// Quotes a path for the shell, if it needs it.
fn quoted(path: &str) -> Cow<'_, str> {
    let is_safe =
        |it: u8| it.is_ascii_alphanumeric() || b"_-./+=:,@%^".contains(&it) || !it.is_ascii();
    if !path.is_empty() && path.bytes().all(is_safe) {
        path.into()
    } else {
        format!("'{}'", path.replace('\'', r"'\''")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut files = Files::new("/w".into());
        let inputs = [files.intern(Path::new("a b.c")), files.intern(Path::new("src/it's.c"))];
        let outputs = [files.intern(Path::new("o/x"))];
        let vars = Vars::of(&[("cc", "gcc -o {out}"), ("home", "$${HOME}")]);
        let scope = Scope {
            vars: &vars,
            files: &files,
            file: Some(Path::new("src/lexer.tab.c")),
            matrix: &[("os", "linux x".into())],
            io: Some(Io { inputs: &inputs, outputs: &outputs }),
            cwd: Path::new(""),
            style: Style::Shell,
        };
        let found = expand(text, &scope).map_err(|it| it.message);
        let found = found.map_or_else(|it| format!("error: {it}"), Cow::into_owned);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn variables_and_placeholders_are_replaced() {
        check("plain", "plain");
        check("${cc} {in}", r"gcc -o o/x 'a b.c' 'src/it'\''s.c'");
        check("{file} {dir} {name} {stem} {ext}", "src/lexer.tab.c src lexer.tab.c lexer.tab c");
        check("{os}", "linux x");
        check("{nope}", "error: unknown placeholder `{nope}`");
        check("${nope}", "error: unknown variable `${nope}`");
    }

    #[test]
    fn what_belongs_to_the_shell_stays() {
        for text in [
            "echo $HOME $$ $(x) `y` $1 $",
            "${x:-default} ${#x} ${x%.*} ${1} ${}",
            "{ a; b; } {} {1} {a,b} {1..3} f() { :; }",
            "awk '{ print $1 }' | awk '{print $1}'",
            "docker inspect -f '{{.State}}' '{\"a\":{\"b\":1}}'",
            "}} { {{",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn escapes_stand_for_what_they_escape() {
        check("$${x} $${cc}", "${x} ${cc}");
        check("{{file}} {{{file}}}", "{file} {{file}}");
        check("${home}", "${HOME}");
    }
}
