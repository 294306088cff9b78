//! Reads the `build.ninja` files that `cmake` and Meson write, as far as those need it.
//!
//! It is a reader of its own, so that what has to run is not computed by the program that is
//! checked: statements, variables and `include`; no `subninja`, and nothing is reported
//! beyond "this is not what a generator writes".

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

type Bindings = BTreeMap<String, String>;

/// A build statement; paths are as written, with their variables replaced.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub(crate) rule: String,
    /// Explicit outputs, then implicit ones.
    pub(crate) outputs: Vec<String>,
    pub(crate) inputs: Vec<String>,
    pub(crate) implicit: Vec<String>,
    pub(crate) order_only: Vec<String>,
    /// How many of the outputs are explicit.
    explicit_outputs: usize,
    bindings: Bindings,
}

/// All statements of a manifest and of the files that it includes.
#[derive(Default)]
pub(crate) struct Manifest {
    pub(crate) statements: Vec<Statement>,
    pub(crate) defaults: Vec<String>,
    /// Of each rule, as written.
    rules: BTreeMap<String, Bindings>,
    variables: Bindings,
}

impl Manifest {
    /// Reads `name` in `folder`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what a generator writes.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Self> {
        let mut manifest = Self::default();
        manifest.include(folder, name)?;
        Ok(manifest)
    }

    fn include(&mut self, folder: &Path, name: &str) -> Result<()> {
        let path = folder.join(name);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = logical_lines(&String::from_utf8_lossy(&text));
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let indented: Vec<&str> = lines[at + 1..]
                .iter()
                .map_while(|line| line.starts_with(' ').then(|| line.trim_start()))
                .collect();
            at += 1 + indented.len();
            self.statement(folder, line, &indented)
                .with_context(|| format!("{}: {line}", path.display()))?;
        }
        Ok(())
    }

    fn statement(&mut self, folder: &Path, line: &str, indented: &[&str]) -> Result<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start();
        match word {
            "build" => self.build(rest, indented)?,
            "rule" => drop(self.rules.insert(rest.trim().to_owned(), raw_bindings(indented)?)),
            "pool" => {}
            "default" => {
                let targets = tokens(rest, &|name| self.variable(name));
                self.defaults.extend(targets.into_iter().filter_map(Token::path));
            }
            "include" => self.include(folder, &expand(rest, &|name| self.variable(name)))?,
            _ => {
                let (name, value) = binding(line)?;
                let value = expand(value, &|name| self.variable(name));
                self.variables.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn build(&mut self, rest: &str, indented: &[&str]) -> Result<()> {
        let mut statement = Statement::default();
        for line in indented {
            let (name, value) = binding(line)?;
            let value = expand(value, &|name| self.variable(name));
            statement.bindings.insert(name.to_owned(), value);
        }
        let lookup = |name: &str| match statement.bindings.get(name) {
            Some(value) => value.clone(),
            None => self.variable(name),
        };
        let tokens = tokens(rest, &lookup);
        sort_paths(tokens, &mut statement)?;
        self.statements.push(statement);
        Ok(())
    }

    fn variable(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// The value of a variable as `statement` sees it: its own, its rule's, the file's.
    pub(crate) fn value(&self, statement: &Statement, name: &str) -> String {
        let quote = name == "command";
        self.scoped(statement, name, quote, 0)
    }

    fn scoped(&self, statement: &Statement, name: &str, quote: bool, depth: usize) -> String {
        let join = |paths: &[String], separator: &str| {
            let quoted = |path: &String| if quote { shell_quoted(path) } else { path.clone() };
            paths.iter().map(quoted).collect::<Vec<_>>().join(separator)
        };
        match name {
            "in" => return join(&statement.inputs, " "),
            "in_newline" => return join(&statement.inputs, "\n"),
            "out" => return join(&statement.outputs[..statement.explicit_outputs], " "),
            _ => {}
        }
        if let Some(value) = statement.bindings.get(name) {
            return value.clone();
        }
        let rule = self.rules.get(&statement.rule).and_then(|rule| rule.get(name));
        match rule {
            // Deeper than any generator goes: variables that name each other.
            Some(_) if depth > 20 => String::new(),
            Some(raw) => expand(raw, &|name| self.scoped(statement, name, quote, depth + 1)),
            None => self.variable(name),
        }
    }

    /// Adds what the dyndep file `text` says to the statements it is about.
    ///
    /// # Errors
    ///
    /// The text is no dyndep file.
    pub(crate) fn add_dyndep(&mut self, text: &str) -> Result<()> {
        let mut found = Self::default();
        let lines = logical_lines(text);
        for (at, line) in lines.iter().enumerate() {
            let indented: Vec<_> =
                lines.get(at + 1).map(|next| next.trim_start()).into_iter().collect();
            match line.strip_prefix("build ") {
                Some(rest) if lines.get(at + 1).is_some_and(|next| next.starts_with(' ')) => {
                    found.build(rest, &indented)?;
                }
                Some(rest) => found.build(rest, &[])?,
                None => {}
            }
        }
        for mut extra in found.statements {
            let of = |statement: &&mut Statement| statement.outputs.contains(&extra.outputs[0]);
            let statement = self.statements.iter_mut().find(of);
            let statement = statement.with_context(|| format!("no {:?}", extra.outputs))?;
            statement.outputs.extend(extra.outputs.drain(1..));
            statement.implicit.append(&mut extra.implicit);
            statement.bindings.append(&mut extra.bindings);
        }
        Ok(())
    }
}

/// Lines without comments and blank ones, each with what `$` at its end continues.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let (mut whole, rest) = match open.take() {
            Some(begun) => (begun, line.trim_start()),
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
            None => (String::new(), line),
        };
        let dollars = rest.bytes().rev().take_while(|byte| *byte == b'$').count();
        if dollars % 2 == 1 {
            whole += &rest[..rest.len() - 1];
            open = Some(whole);
        } else {
            lines.push(whole + rest);
        }
    }
    lines.extend(open);
    lines
}

fn binding(line: &str) -> Result<(&str, &str)> {
    let (name, value) = line.split_once('=').context("neither a statement nor a variable")?;
    Ok((name.trim(), value.trim_start()))
}

fn raw_bindings(lines: &[&str]) -> Result<Bindings> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    lines.iter().map(|line| binding(line).map(owned)).collect()
}

#[derive(Debug, PartialEq)]
enum Token {
    Path(String),
    /// `:`, `|`, `||` or `|@`.
    Mark(&'static str),
}

impl Token {
    fn path(self) -> Option<String> {
        match self {
            Self::Path(path) => Some(path),
            Self::Mark(_) => None,
        }
    }
}

type Lookup<'a> = &'a dyn Fn(&str) -> String;

fn tokens(text: &str, lookup: Lookup<'_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mark = ["||", "|@", "|", ":"].into_iter().find(|mark| rest.starts_with(mark));
        let length = mark.map_or_else(|| path_length(rest), str::len);
        tokens.push(match mark {
            Some(mark) => Token::Mark(mark),
            None => Token::Path(expand(&rest[..length], lookup)),
        });
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Up to the first separator that no `$` escapes.
fn path_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'$' => escaped = true,
            b' ' | b':' | b'|' => return at,
            _ => {}
        }
    }
    text.len()
}

/// `text` with its escapes and variables replaced.
fn expand(text: &str, lookup: Lookup<'_>) -> String {
    let mut parts = text.split('$');
    let mut result = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        if part.is_empty() {
            // Two in a row stand for one; what is between them and the next is plain text.
            result.push('$');
            result += parts.next().unwrap_or_default();
        } else if let Some((name, tail)) =
            part.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        {
            result += &lookup(name);
            result += tail;
        } else {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            let length = part.bytes().take_while(|byte| is_part(*byte)).count();
            if length > 0 {
                result += &lookup(&part[..length]);
            }
            result += &part[length..];
        }
    }
    result
}

fn sort_paths(tokens: Vec<Token>, statement: &mut Statement) -> Result<()> {
    let (mut after_colon, mut mark) = (false, "");
    for token in tokens {
        let path = match token {
            Token::Mark(":") => {
                after_colon = true;
                mark = ":";
                continue;
            }
            Token::Mark(other) => {
                mark = other;
                continue;
            }
            Token::Path(path) => path,
        };
        match (after_colon, mark) {
            (true, ":") if statement.rule.is_empty() => statement.rule = path,
            (true, ":") => statement.inputs.push(path),
            (true, "|") => statement.implicit.push(path),
            (true, "||") => statement.order_only.push(path),
            (true, _) => {}
            (false, "") => {
                statement.explicit_outputs += 1;
                statement.outputs.push(path);
            }
            (false, _) => statement.outputs.push(path),
        }
    }
    if statement.rule.is_empty() || statement.outputs.is_empty() {
        bail!("a build statement needs outputs and a rule");
    }
    Ok(())
}

/// As a shell wants it: only what could mean something to it is quoted.
fn shell_quoted(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-./".contains(&byte);
    if path.bytes().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Manifest {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("build.ninja"), text).expect("a manifest");
        Manifest::read(folder.path(), "build.ninja").expect("it is one")
    }

    #[test]
    fn a_command_is_evaluated_as_ninja_does() {
        let manifest = read(
            "dir = sub\nrule cc\n  command = cc $FLAGS -MF $DEP -o $out $in # $$x\n  depfile = $DEP\n\n\
             build ${dir}/a$ b.o | extra: cc a$:b.c $\n    c.c | h || order |@ check\n  FLAGS = -I$dir\n  DEP = x.d\n\
             default sub/a$ b.o\n",
        );
        let statement = &manifest.statements[0];
        assert_eq!(statement.outputs, ["sub/a b.o", "extra"]);
        assert_eq!((statement.implicit.len(), statement.order_only.len()), (1, 1));
        let command = "cc -Isub -MF x.d -o 'sub/a b.o' 'a:b.c' c.c # $x";
        assert_eq!(manifest.value(statement, "command"), command);
        assert_eq!(manifest.value(statement, "depfile"), "x.d");
        assert_eq!(manifest.defaults, ["sub/a b.o"]);
    }

    #[test]
    fn a_dyndep_file_adds_to_its_statement() {
        let mut manifest = read("rule r\n  command = c\nbuild a: r b\nbuild c: r d\n");
        let text = "ninja_dyndep_version = 1.0\nbuild c | m.mod: dyndep | n.mod\n  restat = 1\nbuild a: dyndep\n";
        manifest.add_dyndep(text).expect("it is one");
        let statement = &manifest.statements[1];
        assert_eq!(
            (&*statement.outputs, &*statement.implicit),
            (&["c".into(), "m.mod".into()][..], &["n.mod".to_owned()][..])
        );
        assert_eq!(manifest.value(statement, "restat"), "1");
        assert!(manifest.add_dyndep("build z: dyndep\n").is_err());
    }

    #[test]
    fn dollars_are_escaped_by_dollars() {
        let check =
            |text, expected| assert_eq!(expand(text, &|name| format!("<{name}>")), expected);
        check("a$$b", "a$b");
        check("$$$x$ y", "$<x> y");
        check("${a.b}c$d-e/f", "<a.b>c<d-e>/f");
        check("$$ORIGIN/$$", "$ORIGIN/$");
    }
}
