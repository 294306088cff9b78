//! What decides over a result, and nothing else.

use std::collections::BTreeMap;

/// Everything that decides over the result of one action.
///
/// Paths have `/` between their parts, and are relative to the root of the project, or absolute for
/// files outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// The variables that are set for it.
    pub env: BTreeMap<String, String>,
    /// Where it runs, relative to the root; empty for the root itself.
    pub directory: String,
    /// The files and directories that it is declared to read.
    pub inputs: Vec<String>,
    /// The files and directories that it makes, each below the root.
    pub outputs: Vec<String>,
    /// The programs that it calls, as a shell would look for them: their contents decide over it.
    pub programs: Vec<String>,
    /// What else decides over it, by name: versions of tools, results of others.
    pub facts: Vec<(String, String)>,
    /// Whether it tells itself what more it read: its result then depends on these files too.
    pub has_depfile: bool,
}
