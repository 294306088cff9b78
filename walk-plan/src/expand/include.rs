//! The first manifest and all that it includes, in the order of inclusion.

use std::path::{Path, PathBuf};

use super::glob::Glob;
use super::tree::Tree;
use crate::manifest::{Parsed, Place, Result, SourceText, Sources, Trouble, read};

/// A document and which source it is.
#[derive(Debug)]
pub(super) struct Loaded<'d> {
    pub(super) source: usize,
    pub(super) parsed: Parsed<'d>,
}

/// Reads a manifest and those that it includes, each once.
pub(super) fn load<'d>(
    sources: &'d Sources,
    first: SourceText,
    root: &Path,
    tree: &mut Tree,
) -> Result<Vec<Loaded<'d>>> {
    let shown = first.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let name = first.path.file_name().map(PathBuf::from).unwrap_or_default();
    let (loaded, chain, seen) = (Vec::new(), Vec::new(), Vec::new());
    let mut reading = Loader { sources, root, shown, tree, loaded, chain, seen };
    reading.load(first, name)?;
    Ok(reading.loaded)
}

struct Loader<'d, 'r> {
    sources: &'d Sources,
    root: &'r Path,
    /// What included paths are shown below.
    shown: PathBuf,
    tree: &'r mut Tree,
    loaded: Vec<Loaded<'d>>,
    /// The manifests that are being read, each included by the one before.
    chain: Vec<PathBuf>,
    seen: Vec<PathBuf>,
}

impl Loader<'_, '_> {
    fn load(&mut self, text: SourceText, path: PathBuf) -> Result<()> {
        let source = self.sources.add(text)?;
        let parsed = read(self.sources.get(source))?;
        refuse_what_only_the_first_may_say(&parsed, source)?;
        let header = parsed.document.walk.as_ref();
        let include: Vec<String> =
            header.iter().flat_map(|it| it.include.iter()).map(ToString::to_string).collect();
        self.loaded.push(Loaded { source, parsed });
        self.seen.push(path.clone());
        self.chain.push(path);
        for (index, pattern) in include.iter().enumerate() {
            let place = Place::of(source, &["walk", "include"]).at(index);
            self.include(pattern, &place)?;
        }
        self.chain.pop();
        Ok(())
    }

    fn include(&mut self, pattern: &str, place: &Place) -> Result<()> {
        let glob = Glob::new(pattern, self.root).map_err(|it| it.at(place.clone()))?;
        let found = self.tree.matches(&glob).map_err(|it| it.at(place.clone()))?;
        if found.is_empty() {
            let wrong = Trouble::new(format!("`{pattern}` includes nothing: no file matches"));
            let help = format!("paths are relative to `{}`", self.root.display());
            return Err(wrong.help(help).at(place.clone()));
        }
        for path in found {
            if let Some(start) = self.chain.iter().position(|it| *it == path) {
                return Err(self.cycle(start).at(place.clone()));
            }
            if !self.seen.contains(&path) {
                let mut text = SourceText::from_file(&self.root.join(&path))?;
                text.path = self.shown.join(&path);
                self.load(text, path)?;
            }
        }
        Ok(())
    }

    fn cycle(&self, start: usize) -> Trouble {
        let names = self.chain[start..].iter().chain([&self.chain[start]]);
        let names: Vec<String> = names.map(|it| it.display().to_string()).collect();
        Trouble::new(format!("manifests include one another: {}", names.join(" -> ")))
    }
}

fn refuse_what_only_the_first_may_say(parsed: &Parsed<'_>, source: usize) -> Result<()> {
    let document = &parsed.document;
    let has_default = document.walk.as_ref().is_some_and(|it| !it.default.is_empty());
    let place = match (source, document.settings.is_some(), has_default) {
        (0, ..) | (_, false, false) => return Ok(()),
        (_, true, _) => Place::of(source, &["settings"]),
        (_, _, true) => Place::of(source, &["walk", "default"]),
    };
    let wrong = Trouble::new("an included manifest has no `settings` and no `default`");
    Err(wrong.help("they belong into the manifest that includes it").at(place.key()))
}
