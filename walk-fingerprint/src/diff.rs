//! How one fingerprint differs from an older one, element by element.
//!
//! It merges two sorted lists and knows nothing else. The values are part of the answer, so that
//! whoever explains why something runs need not look them up again.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::fingerprint::{Element, Value};

/// How a fingerprint differs from an older one; each list is sorted by name.
///
/// e3 returns the same three sets from `compare_to`; here they come with the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Elements of both, with another value.
    pub updated: Vec<Update>,
    /// Elements that only the newer one has.
    pub new: Vec<(Arc<str>, Value)>,
    /// Elements that only the older one had.
    pub obsolete: Vec<(Arc<str>, Value)>,
}

/// An element whose value changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The element's name.
    pub name: Arc<str>,
    /// The value in the older fingerprint.
    pub previous: Value,
    /// The value in the newer fingerprint.
    pub new: Value,
}

impl Diff {
    /// Returns whether the two fingerprints were equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.updated.is_empty() && self.new.is_empty() && self.obsolete.is_empty()
    }

    /// Returns the names of all elements that differ: updated, then new, then obsolete.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        let updated = self.updated.iter().map(|update| &update.name);
        updated.chain(self.new.iter().chain(&self.obsolete).map(|(name, _)| name))
    }

    /// Compares two lists that are sorted by name.
    pub(crate) fn between(previous: &[Element], new: &[Element]) -> Self {
        let mut diff = Self::default();
        let (mut old, mut now) = (previous.iter().peekable(), new.iter().peekable());
        loop {
            match (old.peek(), now.peek()) {
                (None, None) => return diff,
                (Some(_), None) => diff.obsolete.extend(old.by_ref().cloned()),
                (None, Some(_)) => diff.new.extend(now.by_ref().cloned()),
                (Some(left), Some(right)) => match left.0.cmp(&right.0) {
                    Ordering::Less => diff.obsolete.extend(old.next().cloned()),
                    Ordering::Greater => diff.new.extend(now.next().cloned()),
                    Ordering::Equal => {
                        diff.compare(left, right);
                        old.next();
                        now.next();
                    }
                },
            }
        }
    }

    fn compare(&mut self, old: &Element, new: &Element) {
        if old.1 != new.1 {
            let (previous, new) = (old.1.clone(), new.1.clone());
            self.updated.push(Update { name: Arc::clone(&old.0), previous, new });
        }
    }
}
