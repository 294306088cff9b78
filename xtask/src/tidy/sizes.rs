//! How long files and functions are, and the limits.
//!
//! The limits hold for all Rust files alike; the statistics leave tests, benchmarks and
//! examples out, because they say how the product reads.

use std::fmt;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::finding::Finding;
use super::source::{Kind, Source};

const FILE_LIMIT: usize = 600;
const FUNCTION_LIMIT: usize = 60;

/// A function, from `fn` to its closing brace.
struct Function {
    name: String,
    line: usize,
    length: usize,
}

/// Reports files and functions that are too long.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let length = source.text.lines().count();
    if length > FILE_LIMIT {
        let what = format!("{length} lines: a file has at most {FILE_LIMIT}");
        findings.push(Finding::new(&source.path, 1, what));
    }
    for Function { name, line, length } in functions(source) {
        if length > FUNCTION_LIMIT {
            let what =
                format!("`{name}` has {length} lines: a function has at most {FUNCTION_LIMIT}");
            findings.push(Finding::new(&source.path, line, what));
        }
    }
    findings
}

fn functions(source: &Source) -> Vec<Function> {
    let mut collector = Collector(Vec::new());
    collector.visit_file(&source.syntax);
    collector.0
}

struct Collector(Vec<Function>);

impl Collector {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.span().start().line;
        let length = block.span().end().line - line + 1;
        self.0.push(Function { name: signature.ident.to_string(), line, length });
    }
}

impl Visit<'_> for Collector {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// The lengths of the product's files and functions.
pub(crate) struct Statistics {
    files: Lengths,
    functions: Lengths,
}

impl Statistics {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let product = || sources.iter().filter(|source| source.kind == Kind::Product);
        let lengths = |source| {
            let functions = functions(source).into_iter();
            functions.filter(|f| !source.is_test(f.line)).map(|f| f.length).collect::<Vec<_>>()
        };
        let files = Lengths::of(product().map(Source::product_lines).collect());
        Self { files, functions: Lengths::of(product().flat_map(lengths).collect()) }
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "lines without tests, median / p90 / max")?;
        writeln!(f, "  {:>5} files      {}", self.files.count, self.files)?;
        write!(f, "  {:>5} functions  {}", self.functions.count, self.functions)
    }
}

/// A distribution of lengths.
#[derive(Debug, PartialEq, Eq)]
struct Lengths {
    count: usize,
    median: usize,
    p90: usize,
    max: usize,
}

impl Lengths {
    fn of(mut lengths: Vec<usize>) -> Self {
        lengths.sort_unstable();
        let count = lengths.len();
        let at = |percent: usize| {
            lengths.get((count * percent / 100).min(count.saturating_sub(1))).copied().unwrap_or(0)
        };
        Self { count, median: at(50), p90: at(90), max: at(100) }
    }
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.median, self.p90, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn source(text: String) -> Source {
        Source::parse("walk-dag/src/a.rs", text).expect("it is Rust")
    }

    #[test]
    fn a_file_of_600_lines_is_the_longest() {
        assert_eq!(lines(&check(&source("//!\n".repeat(600)))), [""; 0]);
        let expected = "walk-dag/src/a.rs:1: 601 lines: a file has at most 600";
        assert_eq!(lines(&check(&source("//!\n".repeat(601)))), [expected]);
    }

    #[test]
    fn a_function_of_60_lines_is_the_longest() {
        let function = |lines: usize| format!("\nfn f() {{\n{}}}\n", "g();\n".repeat(lines - 2));
        assert_eq!(lines(&check(&source(function(60)))), [""; 0]);
        let expected = "walk-dag/src/a.rs:2: `f` has 61 lines: a function has at most 60";
        assert_eq!(lines(&check(&source(function(61)))), [expected]);
    }

    #[test]
    fn methods_and_default_methods_are_functions() {
        let text = "impl A { fn a() {} }\ntrait B { fn b() {}\nfn c(); }\nmod m { fn d() {\n} }";
        let found = functions(&source(text.to_owned()));
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.length)).collect();
        assert_eq!(found, [("a", 1, 1), ("b", 2, 1), ("d", 4, 2)]);
    }

    #[test]
    fn attributes_and_documentation_do_not_count() {
        let text = "/// Doc.\n/// More.\n#[inline]\nfn f() {\n}\n".to_owned();
        assert_eq!(functions(&source(text))[0].length, 2);
    }

    #[test]
    fn lengths_are_ranked() {
        let expected = Lengths { count: 10, median: 6, p90: 10, max: 10 };
        assert_eq!(Lengths::of((1..=10).rev().collect()), expected);
        assert_eq!(Lengths::of(Vec::new()), Lengths { count: 0, median: 0, p90: 0, max: 0 });
    }
}
