//! What walk remembers of earlier builds, as ninja's tools ask for it.
//!
//! The state is opened when it is first asked for: most tools only look at the graph.

use std::error::Error;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use walk_core::fingerprint::observe;
use walk_ninja::tools::Memory;
use walk_ninja::{Graph, action_name};
use walk_plan::{Loaded, Made, StateDir, WalkError};

type Result<T, E = String> = std::result::Result<T, E>;

/// The state of a manifest, to be asked.
pub(super) struct Remembered<'a> {
    dir: StateDir,
    root: &'a Path,
    loaded: Option<Loaded>,
}

impl<'a> Remembered<'a> {
    pub(super) fn new(dir: StateDir, root: &'a Path) -> Self {
        Self { dir, root, loaded: None }
    }

    /// Returns the state, open for reading; `None` if nothing was built yet.
    fn load(&mut self) -> Result<Option<&mut Loaded>, WalkError> {
        if self.loaded.is_none()
            && let Some(store) = self.dir.read_store()?
        {
            self.loaded = Some(Loaded::new(Box::new(store), self.dir.was_killed())?);
        }
        Ok(self.loaded.as_mut())
    }

    /// Returns whether a file is as the walk left it that made it.
    fn is_as_made(&self, made: &Made) -> bool {
        let Some(digest) = &made.digest else { return false };
        let found = observe(&self.root.join(&made.path));
        found.is_ok_and(|it| it.state.digest().is_some_and(|it| it.to_string() == *digest))
    }
}

impl Memory for Remembered<'_> {
    fn discovered(&mut self, output: &[u8]) -> Result<Option<Vec<PathBuf>>> {
        let name = action_name(output);
        let Some(loaded) = self.load().map_err(|it| words(&it))? else { return Ok(None) };
        loaded.discovered(&name).map_err(|it| words(&it))
    }

    fn gone(&mut self, graph: &Graph) -> Result<Vec<PathBuf>> {
        let made =
            self.dir.notes().map_err(|it| words(&it))?.into_iter().flat_map(|(_, note)| note.made);
        let is_gone = |it: &Made| graph.node(it.path.as_os_str().as_bytes()).is_none();
        let gone = made.filter(|it| is_gone(it) && self.is_as_made(it));
        Ok(gone.map(|it| it.path).collect())
    }

    fn recompact(&mut self) -> Result<()> {
        if !self.dir.exists() {
            return Ok(());
        }
        self.dir.load().and_then(Loaded::compact).map_err(|it| words(&it))
    }
}

/// Returns what is wrong, and why.
fn words(error: &WalkError) -> String {
    let cause = error.source().map_or_else(String::new, |it| format!(": {it}"));
    format!("{error}{cause}")
}
