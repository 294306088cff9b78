//! What a check found.

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) name: &'static str,
    pub(super) is_well: bool,
    pub(super) sentence: String,
}

/// Something that works, or is only worth knowing.
pub(super) fn ok(name: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { name, is_well: true, sentence: sentence.into() }
}

/// Something that does not work, or works badly, and what helps.
pub(super) fn warn(name: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { name, is_well: false, sentence: sentence.into() }
}
