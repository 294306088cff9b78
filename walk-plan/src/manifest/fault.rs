//! What is wrong, before anybody looked up where it is written.
//!
//! A fault names its place as a path of keys (`action`, `compile`, `in`, 0); only when one
//! is reported is the text searched for it. So reading a good manifest costs nothing for
//! places.

use super::Diagnostic;
use super::locate;
use super::source::Sources;

pub(crate) type Result<T, E = Box<Fault>> = std::result::Result<T, E>;

/// One error.
#[derive(Debug)]
pub(crate) enum Fault {
    /// With its place found.
    Placed(Diagnostic),
    /// With its place to be found.
    At(Place, Trouble),
}

/// What is wrong, without a place.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: Option<String>,
    /// The part of the text at the place that is meant; all of it if `None`.
    pub(crate) part: Option<String>,
}

/// A place in a manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Which of the sources.
    pub(crate) source: usize,
    /// Where in the text the steps begin: a line of JSON lines.
    pub(crate) start: usize,
    pub(crate) steps: Vec<Step>,
    /// Whether the key of the last step is meant, not its value.
    pub(crate) is_key: bool,
}

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Trouble {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(crate) fn part(self, part: impl Into<String>) -> Self {
        Self { part: Some(part.into()), ..self }
    }

    /// Labels it with the names most like the one given, and helps with those that are valid.
    pub(crate) fn nearest<'n>(
        self,
        given: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Self {
        let near = super::nearest(given, names.clone());
        let valid: Vec<&str> = names.take(26).collect();
        let with = match near.first() {
            Some(_) => self.label(format!("did you mean `{}`?", near.join("` or `"))),
            None => self,
        };
        match valid.len() {
            0 | 26.. => with,
            _ => with.help(format!("valid here: `{}`", valid.join("`, `"))),
        }
    }

    pub(crate) fn at(self, place: Place) -> Box<Fault> {
        Box::new(Fault::At(place, self))
    }
}

impl Place {
    pub(crate) fn of(source: usize, steps: &[&str]) -> Self {
        Self { source, steps: steps.iter().map(|it| Step::from(*it)).collect(), ..Self::default() }
    }

    pub(crate) fn at(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Means the key, not the value.
    pub(crate) fn key(self) -> Self {
        Self { is_key: true, ..self }
    }

    /// Returns `file:line:column`, for a message that names a second place.
    pub(crate) fn describe(&self, sources: &Sources) -> String {
        let found = self.diagnose(Trouble::default(), sources);
        format!("{}:{}:{}", found.path.display(), found.line, found.column)
    }

    fn diagnose(&self, trouble: Trouble, sources: &Sources) -> Diagnostic {
        let source = sources.get(self.source);
        let mut span = locate::find(source.format, &source.text, self);
        if let Some(part) = &trouble.part
            && let Some(at) = source.text[span.clone()].find(part.as_str())
        {
            span = span.start + at..span.start + at + part.len();
        }
        let mut found = Diagnostic::of_file(&source.path, trouble.message);
        (found.label, found.help) = (trouble.label, trouble.help);
        found.at(&source.text, span)
    }
}

impl Fault {
    pub(crate) fn diagnose(self, sources: &Sources) -> Diagnostic {
        match self {
            Self::Placed(diagnostic) => diagnostic,
            Self::At(place, trouble) => place.diagnose(trouble, sources),
        }
    }
}

impl From<Diagnostic> for Box<Fault> {
    fn from(diagnostic: Diagnostic) -> Self {
        Box::new(Fault::Placed(diagnostic))
    }
}
