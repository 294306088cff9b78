//! The named elements that an action's result depends on (F11).
//!
//! A sorted vector of unique names, because a fingerprint is built once, compared once and kept
//! a hundred thousand times. It does not know where elements come from or when they are compared.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::checksum::{Checksum, Hasher};
use crate::diff::Diff;
use crate::observe::{FileState, observe};

/// The named elements that an action's result depends on, sorted by name, each name once.
///
/// ```
/// use walk_fingerprint::Fingerprint;
///
/// let mut fingerprint = Fingerprint::new();
/// fingerprint.add("tool:cc", "14.2").add("command", "cc -c a.c");
/// assert_eq!(fingerprint.to_string(), "command: cc -c a.c\ntool:cc: 14.2");
/// assert_eq!(fingerprint.checksum().to_string().len(), 64);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    elements: Vec<Element>,
}

/// A name and its value.
pub(crate) type Element = (Arc<str>, Value);

/// What an element of a fingerprint is compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A text that is short or worth reading: a command, a version, a list of names.
    Text(Arc<str>),
    /// The digest of something long, for example of a file's content.
    Digest(Checksum),
}

impl Fingerprint {
    /// Makes a fingerprint without elements.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a fingerprint without elements that has room for `elements` of them.
    #[must_use]
    pub fn with_capacity(elements: usize) -> Self {
        Self { elements: Vec::with_capacity(elements) }
    }

    /// Adds an element, replacing any of the same name; the order of adding does not matter.
    ///
    /// Adding in the order of names is cheapest. For many elements in another order,
    /// [`extend`](Extend::extend) sorts only once.
    pub fn add(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> &mut Self {
        let (name, value) = (name.into(), value.into());
        if self.elements.last().is_none_or(|last| last.0 < name) {
            self.elements.push((name, value));
            return self;
        }
        match self.position(&name) {
            Ok(found) => self.elements[found].1 = value,
            Err(free) => self.elements.insert(free, (name, value)),
        }
        self
    }

    /// Adds the digest of a file's content under `name`; a missing file has the empty text, as
    /// in e3.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is a directory or is no regular file; the error names it.
    pub fn add_file(
        &mut self,
        name: impl Into<Arc<str>>,
        path: impl AsRef<Path>,
    ) -> io::Result<&mut Self> {
        let path = path.as_ref();
        match observe(path)?.state {
            FileState::Missing => Ok(self.add(name, "")),
            FileState::File(digest) => Ok(self.add(name, digest)),
            FileState::Directory(_) => {
                Err(wrong_kind(io::ErrorKind::IsADirectory, path, "is a directory, not a file"))
            }
        }
    }

    /// Adds the digest of a directory under `name`: contents, names, executable bit and link
    /// targets of everything below it; a missing directory has the empty text, as in e3.
    ///
    /// # Errors
    ///
    /// When anything below cannot be read, or it is not a directory; the error names the path.
    pub fn add_dir(
        &mut self,
        name: impl Into<Arc<str>>,
        path: impl AsRef<Path>,
    ) -> io::Result<&mut Self> {
        let path = path.as_ref();
        match observe(path)?.state {
            FileState::Missing => Ok(self.add(name, "")),
            FileState::Directory(digest) => Ok(self.add(name, digest)),
            FileState::File(_) => {
                Err(wrong_kind(io::ErrorKind::NotADirectory, path, "is a file, not a directory"))
            }
        }
    }

    /// Returns the value of the element `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).ok().map(|found| &self.elements[found].1)
    }

    /// Removes the element `name` and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.position(name).ok().map(|found| self.elements.remove(found).1)
    }

    /// Returns the elements, sorted by name.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.elements.iter().map(|(name, value)| (name, value))
    }

    /// Returns how many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Returns whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Returns the digest of all elements, each field prefixed with its length (F11).
    ///
    /// The version of the format is part of it, so that digests of different meaning differ.
    /// (e3 concatenates the fields, so that `{"x": "yz"}` and `{"xy": "z"}` collide.)
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        let mut hasher = Hasher::of_fields("walk fingerprint 1");
        for (name, value) in &self.elements {
            hasher.field(name.as_bytes());
            match value {
                Value::Text(text) => {
                    hasher.raw(b"t");
                    hasher.field(text.as_bytes());
                }
                Value::Digest(digest) => {
                    hasher.raw(b"d");
                    hasher.field(digest.as_bytes());
                }
            }
        }
        hasher.finish()
    }

    /// Returns how this fingerprint differs from the older `previous`.
    ///
    /// ```
    /// # use walk_fingerprint::Fingerprint;
    /// let old = Fingerprint::from_iter([("a".into(), "1".into()), ("b".into(), "2".into())]);
    /// let new = Fingerprint::from_iter([("b".into(), "3".into()), ("c".into(), "4".into())]);
    /// let diff = new.diff(&old);
    /// assert_eq!(diff.names().map(AsRef::as_ref).collect::<Vec<&str>>(), ["b", "c", "a"]);
    /// ```
    #[must_use]
    pub fn diff(&self, previous: &Self) -> Diff {
        Diff::between(&previous.elements, &self.elements)
    }

    /// Takes elements that may be in any order; of equal names the last one counts.
    fn normalize(&mut self) {
        if self.elements.is_sorted_by(|left, right| left.0 < right.0) {
            return;
        }
        self.elements.sort_by(|left, right| left.0.cmp(&right.0));
        self.elements.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(&mut later.1, &mut kept.1);
            }
            same
        });
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.elements.binary_search_by(|element| element.0.as_ref().cmp(name))
    }
}

impl Extend<(Arc<str>, Value)> for Fingerprint {
    fn extend<I: IntoIterator<Item = (Arc<str>, Value)>>(&mut self, elements: I) {
        self.elements.extend(elements);
        self.normalize();
    }
}

impl FromIterator<(Arc<str>, Value)> for Fingerprint {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(elements: I) -> Self {
        let mut fingerprint = Self { elements: elements.into_iter().collect() };
        fingerprint.normalize();
        fingerprint
    }
}

impl fmt::Display for Fingerprint {
    /// One line `name: value` for each element.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.elements.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{name}: {value}")?;
        }
        Ok(())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<Checksum> for Value {
    fn from(digest: Checksum) -> Self {
        Self::Digest(digest)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

fn wrong_kind(kind: io::ErrorKind, path: &Path, what: &str) -> io::Error {
    io::Error::new(kind, format!("`{}` {what}", path.display()))
}
