//! How people spell nodes on a command line.

use super::model::{Graph, Node};
use crate::syntax::{ReadError, canonical};

/// Up to how many letters apart two names count as like each other.
const NEAREST: usize = 3;

impl Graph {
    /// Returns the node that a target means: a path, or `path^` for the first output of the
    /// first edge that needs it.
    ///
    /// # Errors
    ///
    /// If there is no such node; the message has the name most like it.
    pub fn target(&self, text: &[u8]) -> Result<Node, ReadError> {
        if text.is_empty() {
            return Err(unknown("empty path"));
        }
        let Some(path) = text.strip_suffix(b"^") else { return self.existing(text) };
        let node = self.existing(path)?;
        let consumer = self.edges().find(|it| self.inputs(*it).contains(&node));
        let Some(consumer) = consumer else {
            let path = String::from_utf8_lossy(self.path(node));
            return Err(unknown(format!("'{path}' has no out edge")));
        };
        Ok(self.outputs(consumer)[0])
    }

    /// Returns what targets mean: without any the manifest's defaults, else all that nothing
    /// else needs.
    ///
    /// # Errors
    ///
    /// If there is no such node, or no target at all because everything is on a cycle.
    pub fn targets<T: AsRef<[u8]>>(&self, texts: &[T]) -> Result<Vec<Node>, ReadError> {
        if !texts.is_empty() {
            return texts.iter().map(|it| self.target(it.as_ref())).collect();
        }
        match self.defaults() {
            [] => self.roots_or_error(),
            defaults => Ok(defaults.to_vec()),
        }
    }

    /// Returns the outputs that nothing needs; it is an error that there are none.
    pub(crate) fn roots_or_error(&self) -> Result<Vec<Node>, ReadError> {
        let roots = self.roots();
        if roots.is_empty() && self.edges().len() > 0 {
            let message = "could not determine root nodes of build graph".into();
            return Err(ReadError::Graph { message });
        }
        Ok(roots)
    }

    fn existing(&self, path: &[u8]) -> Result<Node, ReadError> {
        if let Some(node) = self.node(path) {
            return Ok(node);
        }
        let path = canonical(path);
        let text = String::from_utf8_lossy(&path);
        let hint = match &*text {
            "clean" => ", did you mean 'ninja -t clean'?".into(),
            "help" => ", did you mean 'ninja -h'?".into(),
            _ => {
                self.nearest(&text).map_or_else(String::new, |it| format!(", did you mean '{it}'?"))
            }
        };
        Err(unknown(format!("unknown target '{text}'{hint}")))
    }

    /// Returns the path most like `text`.
    fn nearest(&self, text: &str) -> Option<String> {
        let paths = self.nodes().map(|it| String::from_utf8_lossy(self.path(it)));
        let near = paths.filter(|it| it.len().abs_diff(text.len()) <= NEAREST);
        let distances = near.map(|it| (strsim::levenshtein(text, &it), it));
        let nearest = distances.filter(|it| it.0 <= NEAREST).min_by_key(|it| it.0)?;
        Some(nearest.1.into_owned())
    }
}

fn unknown(message: impl Into<String>) -> ReadError {
    ReadError::Target { message: message.into() }
}
