//! The `[vars]`: texts that may refer to each other.

use rustc_hash::FxHashMap;

use super::text::{Piece, is_identifier, replace};
use crate::manifest::{Place, Result, Trouble};

/// Variables by name, with those that they refer to already replaced.
#[derive(Debug, Default)]
pub(super) struct Vars<'d>(FxHashMap<&'d str, Var<'d>>);

#[derive(Debug)]
struct Var<'d> {
    text: &'d str,
    place: Place,
    state: State,
}

#[derive(Debug)]
enum State {
    Raw,
    Resolving,
    Done(String),
}

/// How many variables may refer to one another in a row.
const MAX_DEPTH: usize = 100;
/// How long a variable may become, in bytes.
const MAX_LENGTH: usize = 1 << 20;

impl<'d> Vars<'d> {
    /// Declares a variable; returns the place of an earlier declaration, if there is one.
    pub(super) fn declare(&mut self, name: &'d str, text: &'d str, place: Place) -> Option<Place> {
        let var = Var { text, place, state: State::Raw };
        self.0.insert(name, var).map(|it| it.place)
    }

    /// Gives a declared variable another text; returns whether it is declared.
    pub(super) fn set(&mut self, name: &str, text: &'d str) -> bool {
        self.0.get_mut(name).map(|it| it.text = text).is_some()
    }

    /// Replaces the variables inside variables.
    pub(super) fn resolve(&mut self) -> Result<()> {
        let mut names: Vec<&'d str> = self.0.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            if !is_identifier(name) {
                let wrong = Trouble::new(format!("a variable cannot be called `{name}`"));
                let wrong = wrong.help("a name is letters, digits, `_` and `-`, a letter first");
                return Err(wrong.at(self.0[name].place.clone().key()));
            }
            self.resolve_one(name, &mut Vec::new())?;
        }
        Ok(())
    }

    fn resolve_one(&mut self, name: &'d str, above: &mut Vec<&'d str>) -> Result<()> {
        let Some(var) = self.0.get_mut(name) else { return Ok(()) };
        let (text, place) = (var.text, var.place.clone());
        match var.state {
            State::Done(_) => return Ok(()),
            State::Resolving => return Err(cycle(name, above).at(place)),
            State::Raw => var.state = State::Resolving,
        }
        above.push(name);
        if above.len() > MAX_DEPTH {
            let wrong = format!("more than {MAX_DEPTH} variables refer to one another");
            return Err(Trouble::new(wrong).at(place));
        }
        for inner in names_in(text) {
            let Some((&inner, _)) = self.0.get_key_value(inner) else {
                return Err(self.unknown(inner).at(place));
            };
            self.resolve_one(inner, above)?;
        }
        above.pop();
        let done = self.substitute(text).map_err(|it| it.at(place))?;
        self.0.entry(name).and_modify(|it| it.state = State::Done(done));
        Ok(())
    }

    /// Replaces the variables in a text, all of which are resolved; keeps the rest.
    fn substitute(&self, text: &str) -> Result<String, Trouble> {
        let done = replace(text, &mut |piece, to| {
            match piece {
                Piece::Variable(name) => to.push_str(self.get(name).unwrap_or_default()),
                other => other.keep(to),
            }
            let too_long = || Trouble::new(format!("longer than {MAX_LENGTH} bytes"));
            (to.len() <= MAX_LENGTH).then_some(()).ok_or_else(too_long)
        });
        done.map(Into::into)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        match &self.0.get(name)?.state {
            State::Done(text) => Some(text),
            State::Raw | State::Resolving => None,
        }
    }

    /// Describes the use of a variable that nobody declared.
    pub(super) fn unknown(&self, name: &str) -> Trouble {
        let part = format!("${{{name}}}");
        let help =
            format!("declare it in [vars]; for the shell's own write `$${{{name}}}` or `${name}`");
        let trouble = Trouble::new(format!("unknown variable `{part}`")).part(part);
        trouble.nearest(name, self.names()).help(help)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let mut names: Vec<&str> = self.0.keys().copied().collect();
        names.sort_unstable();
        names.into_iter()
    }

    #[cfg(test)]
    pub(super) fn of(vars: &[(&'d str, &'d str)]) -> Self {
        let mut all = Self::default();
        for (name, text) in vars {
            all.declare(name, text, Place::default());
        }
        all.resolve().expect("good variables");
        all
    }
}

fn names_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let is_escaped = at > 0 && rest.as_bytes()[at - 1] == b'$';
        let inner = &rest[at + 2..];
        if let Some(end) = inner.find('}')
            && !is_escaped
            && is_identifier(&inner[..end])
        {
            names.push(&inner[..end]);
        }
        rest = inner;
    }
    names
}

fn cycle(name: &str, above: &[&str]) -> Trouble {
    let start = above.iter().position(|it| *it == name).unwrap_or(0);
    let chain = above[start..].join(" -> ");
    Trouble::new(format!("variables refer to one another: {chain} -> {name}"))
}
