//! Which actions a target means.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use thiserror::Error;

use super::{ActionId, Plan};

/// Why a target means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is neither an action nor an output.
    #[error("no action or output is called `{target}`{}", did_you_mean(nearest))]
    Unknown {
        /// The target as given.
        target: String,
        /// The names most like it, best first; at most three.
        nearest: Vec<String>,
    },
    /// It is a file that actions read and none makes.
    #[error("`{target}` is a source: no action makes it, `{reader}` reads it")]
    Source {
        /// The target as given.
        target: String,
        /// An action that it is an input of.
        reader: String,
    },
    /// It is a glob that matches neither an action nor an output.
    #[error("the glob `{target}` matches no action and no output")]
    NoMatch {
        /// The target as given.
        target: String,
    },
    /// It looks like a glob and is none.
    #[error("bad glob `{target}`: {reason}")]
    BadGlob {
        /// The target as given.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Plan {
    /// Finds the actions that `targets` stand for, in the order of the plan, each once.
    ///
    /// A target is the name of an action, of the group that a `foreach` or `matrix` makes,
    /// the path of an output relative to the root, or a glob of any of these. No target
    /// at all is the manifest's `default`, or everything.
    ///
    /// # Errors
    ///
    /// If a target means nothing here; the error has the names most like it.
    pub fn select(&self, targets: &[String]) -> Result<Vec<ActionId>, TargetError> {
        let mut found = Vec::new();
        for target in targets {
            found.extend(self.select_one(target)?);
        }
        if targets.is_empty() {
            found.clone_from(&self.default);
        }
        if found.is_empty() {
            found.extend(self.ids());
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ActionId> + use<> {
        let end = u32::try_from(self.actions.len()).expect("ids are u32");
        (0..end).map(ActionId)
    }

    fn select_one(&self, target: &str) -> Result<Vec<ActionId>, TargetError> {
        if let Some(range) = self.names.get(target) {
            return Ok(range.clone().map(ActionId).collect());
        }
        let file = self.files.id(Path::new(target));
        if let Some(action) = file.and_then(|it| self.files.producer(it)) {
            return Ok(vec![action]);
        }
        if target.contains(['*', '?', '[', '{']) {
            return self.select_glob(target);
        }
        let mut readers =
            self.actions.iter().filter(|it| file.is_some_and(|file| it.inputs.contains(&file)));
        Err(match readers.next() {
            Some(reader) => {
                TargetError::Source { target: target.into(), reader: reader.name.to_string() }
            }
            None => TargetError::Unknown { target: target.into(), nearest: self.nearest(target) },
        })
    }

    /// In a name `*` takes anything, for names hold paths; in a path it stops at `/`.
    fn select_glob(&self, target: &str) -> Result<Vec<ActionId>, TargetError> {
        let names = matcher(target, false)?;
        let paths = matcher(target.strip_prefix("./").unwrap_or(target), true)?;
        let is_match = |id: &ActionId| {
            let action = &self.actions[id.index()];
            names.is_match(&*action.name)
                || names.is_match(&*action.group)
                || action.outputs.iter().any(|it| paths.is_match(self.files.path(*it)))
        };
        let found: Vec<ActionId> = self.ids().filter(is_match).collect();
        if found.is_empty() {
            return Err(TargetError::NoMatch { target: target.into() });
        }
        Ok(found)
    }

    fn nearest(&self, target: &str) -> Vec<String> {
        let outputs = self.actions.iter().flat_map(|it| &it.outputs);
        let outputs = outputs.filter_map(|it| self.files.path(*it).to_str());
        crate::manifest::nearest(target, self.names.keys().map(|it| &**it).chain(outputs))
    }
}

fn matcher(target: &str, separator: bool) -> Result<GlobMatcher, TargetError> {
    let glob = GlobBuilder::new(target).literal_separator(separator).build();
    let bad = |it: globset::Error| TargetError::BadGlob {
        target: target.into(),
        reason: it.kind().to_string(),
    };
    Ok(glob.map_err(bad)?.compile_matcher())
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        several => format!("; did you mean one of `{}`?", several.join("`, `")),
    }
}
