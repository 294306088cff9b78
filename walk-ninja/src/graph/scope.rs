//! Variables and rules, and what a text means where it stands.
//!
//! Variables of files and of `build` statements are evaluated when they are read, with what is
//! known by then. Those of rules are evaluated whenever an edge asks, and may name each other.

use rustc_hash::FxHashMap;

use super::model::{Edge, Graph, Node};
use super::names::{self, Name};
use super::text::{LONGEST, Span};
use crate::syntax::{Escape, Raw, ReadError, escape, push_quoted};

/// The variables and rules of a file, and those around it.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<u32>,
    pub(super) variables: FxHashMap<Name, Span>,
    pub(super) rules: FxHashMap<Name, u32>,
}

/// A rule; the first one is `phony`.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) name: Span,
    pub(super) bindings: Vec<(Name, Raw)>,
}

/// How `$in` and `$out` are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Shell,
    None,
}

/// Up to how many bindings of one edge are searched one by one.
const FEW: usize = 16;

/// How many bytes of rule variables that others name are gone through for one: those that each
/// name the next many times take forever, even if all are empty in the end.
const MOST_WORK: usize = 16 << 20;

/// Appends the value of a variable.
type Push<'p> = dyn FnMut(Name, &mut Vec<u8>) -> Result<(), String> + 'p;

/// An edge whose variables are asked for.
#[derive(Debug)]
struct Asked {
    edge: Edge,
    quoting: Quoting,
    /// The rule variables that are being evaluated, innermost last.
    open: Vec<Name>,
    /// How many bytes of rule variables were gone through that others name.
    work: usize,
}

impl Graph {
    /// Appends what a text means in a file's scope; an error is in words.
    pub(super) fn evaluate(&self, scope: u32, raw: Raw, to: &mut Vec<u8>) -> Result<(), String> {
        self.expand(raw, to, &mut |name, to| {
            if let Some(span) = self.variable_in(scope, name) {
                to.extend_from_slice(self.text.get(span));
            }
            Ok(())
        })
    }

    /// Appends what a text means in a `build` statement, of which the bindings are known.
    pub(super) fn evaluate_with(
        &self,
        bindings: (u32, u32),
        scope: u32,
        raw: Raw,
        to: &mut Vec<u8>,
    ) -> Result<(), String> {
        self.expand(raw, to, &mut |name, to| {
            let found = self.bound(bindings, name).or_else(|| self.variable_in(scope, name));
            if let Some(span) = found {
                to.extend_from_slice(self.text.get(span));
            }
            Ok(())
        })
    }

    /// Appends a variable as an edge sees it; nothing if it is not set.
    pub(super) fn push_variable(
        &self,
        edge: Edge,
        name: Name,
        quoting: Quoting,
        to: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let mut asked = Asked { edge, quoting, open: Vec::new(), work: 0 };
        let message = match self.push(&mut asked, name, to) {
            Ok(()) => return Ok(()),
            Err(message) => message,
        };
        Err(ReadError::Syntax { place: self.place(edge), message, excerpt: None })
    }

    /// Looks a variable up: built in, of the edge, of its rule, of the file and those around it.
    fn push(&self, asked: &mut Asked, name: Name, to: &mut Vec<u8>) -> Result<(), String> {
        match name {
            names::IN => return self.push_paths(self.explicit_inputs(asked.edge), b' ', asked, to),
            names::IN_NEWLINE => {
                return self.push_paths(self.explicit_inputs(asked.edge), b'\n', asked, to);
            }
            names::OUT => {
                return self.push_paths(self.explicit_outputs(asked.edge), b' ', asked, to);
            }
            _ => {}
        }
        let data = self.data(asked.edge);
        if let Some(span) = self.bound(data.bindings, name) {
            to.extend_from_slice(self.text.get(span));
        } else if let Some(raw) = self.rules[data.rule as usize].get(name) {
            self.push_of_rule(asked, name, raw, to)?;
        } else if let Some(span) = self.variable_in(data.scope, name) {
            to.extend_from_slice(self.text.get(span));
        }
        Ok(())
    }

    fn push_of_rule(
        &self,
        asked: &mut Asked,
        name: Name,
        raw: Raw,
        to: &mut Vec<u8>,
    ) -> Result<(), String> {
        if let Some(start) = asked.open.iter().position(|it| *it == name) {
            let around = asked.open[start..].iter().chain([&name]);
            let text = |it: &Name| String::from_utf8_lossy(self.names.text(*it)).into_owned();
            let around: Vec<String> = around.map(text).collect();
            return Err(format!("cycle in rule variables: {}", around.join(" -> ")));
        }
        if !asked.open.is_empty() {
            asked.work += raw.range().len();
        }
        if asked.work > MOST_WORK {
            return Err("variables of the rule name each other too often".into());
        }
        asked.open.push(name);
        self.expand(raw, to, &mut |name, to| self.push(asked, name, to))?;
        asked.open.pop();
        Ok(())
    }

    fn push_paths(
        &self,
        nodes: &[Node],
        separator: u8,
        asked: &Asked,
        to: &mut Vec<u8>,
    ) -> Result<(), String> {
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                to.push(separator);
            }
            match asked.quoting {
                Quoting::Shell => push_quoted(self.path(*node), to),
                Quoting::None => to.extend_from_slice(self.path(*node)),
            }
        }
        refuse_long(to.len())
    }

    /// Appends a text, each variable in it as `push` has it.
    fn expand(&self, raw: Raw, to: &mut Vec<u8>, push: &mut Push<'_>) -> Result<(), String> {
        let mut rest = &self.text.all()[raw.range()];
        while let Some(length) = memchr::memchr(b'$', rest) {
            to.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
            let Some((found, length)) = escape(rest) else { break };
            match found {
                Escape::Byte(byte) => to.push(byte),
                Escape::Continue => {}
                Escape::Variable(name) => {
                    if let Some(name) = self.names.find(&rest[name]) {
                        push(name, to)?;
                    }
                }
            }
            refuse_long(to.len())?;
            rest = &rest[length..];
        }
        to.extend_from_slice(rest);
        Ok(())
    }

    /// Returns the value of a variable among those bindings.
    fn bound(&self, (start, end): (u32, u32), name: Name) -> Option<Span> {
        let bindings = &self.bindings[start as usize..end as usize];
        if bindings.len() > FEW {
            let found = bindings.binary_search_by_key(&name, |it| it.0).ok();
            return found.map(|it| bindings[it].1);
        }
        bindings.iter().rev().find(|it| it.0 == name).map(|it| it.1)
    }

    /// Sorts the bindings from `first` on, unless they are few; the last of a name counts.
    pub(super) fn settle_bindings(&mut self, first: usize) {
        let bindings = &mut self.bindings[first..];
        if bindings.len() <= FEW {
            return;
        }
        bindings.reverse();
        bindings.sort_by_key(|it| it.0);
        let mut sorted = self.bindings.split_off(first);
        sorted.dedup_by_key(|it| it.0);
        self.bindings.append(&mut sorted);
    }

    pub(super) fn variable_in(&self, scope: u32, name: Name) -> Option<Span> {
        self.around(scope).find_map(|it| it.variables.get(&name).copied())
    }

    pub(super) fn rule_in(&self, scope: u32, name: Name) -> Option<u32> {
        self.around(scope).find_map(|it| it.rules.get(&name).copied())
    }

    /// Returns a scope and those around it, innermost first.
    fn around(&self, scope: u32) -> impl Iterator<Item = &Scope> {
        let at = |it: u32| &self.scopes[it as usize];
        std::iter::successors(Some(at(scope)), move |it| it.parent.map(at))
    }
}

impl Rule {
    /// Adds a variable, or replaces it.
    pub(super) fn set(&mut self, name: Name, raw: Raw) {
        match self.bindings.iter_mut().find(|it| it.0 == name) {
            Some(binding) => binding.1 = raw,
            None => self.bindings.push((name, raw)),
        }
    }

    pub(super) fn get(&self, name: Name) -> Option<Raw> {
        self.bindings.iter().find(|it| it.0 == name).map(|it| it.1)
    }
}

/// Variables that name others twice, and those again, soon mean more than there is memory.
fn refuse_long(length: usize) -> Result<(), String> {
    if length > LONGEST {
        return Err("a text of more than 64 MiB once its variables are expanded".into());
    }
    Ok(())
}
