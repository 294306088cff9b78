//! A Rust file as the rules see it: where it belongs, its tokens, which lines are tests.
//!
//! Rules look at tokens, not at text, so that comments and strings never trip them.
//! The tokens of macro calls are included, which a syntax tree would hide.

use std::ops::RangeInclusive;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// What a Rust file is for, by its place in its crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Below `src`, tests excluded.
    Product,
    /// An integration test, or a module of unit tests in a file of its own.
    Test,
    /// A benchmark, an example or a fuzz target.
    Aside,
}

/// One token; a delimiter is a token of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

/// A parsed Rust file.
pub(crate) struct Source {
    /// Relative to the workspace.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) syntax: syn::File,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses `text`, which is the content of `path`.
    ///
    /// # Errors
    ///
    /// The text is not Rust.
    pub(crate) fn parse(path: &str, text: String) -> Result<Self> {
        let not_rust = || format!("{path} is not Rust");
        let stream = TokenStream::from_str(&text).ok().with_context(not_rust)?;
        let syntax = syn::parse2(stream.clone()).with_context(not_rust)?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut tests = TestLines(Vec::new());
        tests.visit_file(&syntax);
        let (path, kind) = (path.to_owned(), kind(path));
        Ok(Self { path, kind, text, tokens, syntax, test_lines: tests.0 })
    }

    /// The crate's folder: the first component of the path.
    pub(crate) fn folder(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Whether the file is part of a library, not of the command or of this program.
    pub(crate) fn is_library(&self) -> bool {
        self.kind == Kind::Product && !matches!(self.folder(), "walk-cli" | "xtask")
    }

    /// Whether a line is only compiled for tests.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.kind == Kind::Test || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// The number of lines that are not only compiled for tests.
    pub(crate) fn product_lines(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test(*line)).count()
    }
}

fn kind(path: &str) -> Kind {
    let mut folders: Vec<&str> = path.split('/').collect();
    let file = folders.pop().unwrap_or_default();
    if folders.contains(&"tests") || file == "tests.rs" || file.ends_with("_tests.rs") {
        Kind::Test
    } else if folders.iter().any(|it| matches!(*it, "benches" | "examples" | "fuzz_targets")) {
        Kind::Aside
    } else {
        Kind::Product
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let TokenTree::Group(group) = tree else {
            tokens.push(Token { text: tree.to_string(), line });
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        tokens.push(Token { text: open.to_owned(), line });
        flatten(group.stream(), tokens);
        let line = group.span_close().end().line;
        tokens.push(Token { text: close.to_owned(), line });
    }
}

/// Collects the lines of items under `#[cfg(test)]` or `#[test]`.
struct TestLines(Vec<RangeInclusive<usize>>);

impl Visit<'_> for TestLines {
    fn visit_item(&mut self, item: &syn::Item) {
        if attributes(item).iter().any(is_for_tests) {
            self.0.push(item.span().start().line..=item.span().end().line);
        }
        visit::visit_item(self, item);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let condition = || attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test");
    attribute.path().is_ident("test") || (attribute.path().is_ident("cfg") && condition())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_what_a_file_is_for() {
        let check = |path, expected| assert_eq!(kind(path), expected, "{path}");
        check("walk-dag/src/dag.rs", Kind::Product);
        check("walk-dag/src/dag/tests.rs", Kind::Test);
        check("walk-dag/tests/it/main.rs", Kind::Test);
        check("walk-dag/examples/scale.rs", Kind::Aside);
        check("walk-dag/benches/build.rs", Kind::Aside);
        check("fuzz/fuzz_targets/ninja.rs", Kind::Aside);
    }

    #[test]
    fn lines_under_cfg_test_are_test_lines() {
        let text = "//! Doc.\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n";
        let source = Source::parse("walk-dag/src/a.rs", text.to_owned()).expect("it is Rust");
        let tests: Vec<usize> = (1..=7).filter(|line| source.is_test(*line)).collect();
        assert_eq!((tests, source.product_lines()), (vec![4, 5, 6, 7], 3));
    }

    #[test]
    fn delimiters_are_tokens_and_comments_are_not() {
        let text = "fn f() { g!(a) } // h\n".to_owned();
        let source = Source::parse("walk-dag/src/a.rs", text).expect("it is Rust");
        let texts: Vec<&str> = source.tokens.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["fn", "f", "(", ")", "{", "g", "!", "(", "a", ")", "}"]);
    }

    #[test]
    fn what_is_not_rust_is_refused_by_name() {
        let error = Source::parse("a.rs", "fn (".to_owned()).err().expect("it is not Rust");
        assert_eq!(error.to_string(), "a.rs is not Rust");
    }
}
