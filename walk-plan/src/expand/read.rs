//! Reads a manifest as a plan, step by step.

use std::mem;
use std::path::{Path, PathBuf};

use walk_core::DagError;

use super::actions::Shared;
use super::include::{self, Loaded};
use super::members::{Draft, Entry, Origin};
use super::settings;
use super::tree::Tree;
use crate::manifest::{
    Diagnostic, ManifestError, Overrides, Place, RawAction, Result, Source, SourceText, Sources,
    Trouble,
};
use crate::plan::{Files, Names, Plan, TargetError, has_cycle, lexical};

impl Plan {
    /// Reads a manifest, all that it includes, and the directories that its globs name.
    ///
    /// ```
    /// use walk_plan::{Overrides, Plan, Source};
    ///
    /// let text = br#"{"actions": [
    ///     {"action": "hello", "run": "echo hi > hi.txt", "out": ["hi.txt"]},
    ///     {"action": "count", "run": ["wc", "-c", "{in}"], "in": ["hi.txt"]}
    /// ]}"#;
    /// let source = Source::Stdin { text: text.to_vec(), root: std::env::temp_dir() };
    /// let plan = Plan::read(&source, &Overrides::default())?;
    /// assert_eq!(plan.select(&["hi.txt".into()])?, plan.select(&["hello".into()])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a manifest cannot be read, or the actions do not make a graph that could be
    /// walked: two producers of one file, an input that neither exists nor is produced, a
    /// cycle, more tokens than the queue has. The error shows the place.
    pub fn read(source: &Source, overrides: &Overrides) -> Result<Plan, ManifestError> {
        let sources = Sources::new();
        let mut seen = Vec::new();
        let plan = read(&sources, source, overrides, &mut seen);
        plan.map_err(|fault| ManifestError::new(fault.diagnose(&sources), seen))
    }
}

/// Reads a plan; notes what was `seen` even if that fails.
fn read(
    sources: &Sources,
    source: &Source,
    overrides: &Overrides,
    seen: &mut Vec<PathBuf>,
) -> Result<Plan> {
    let first = open(source)?;
    let root = &first.2;
    let trees = &mut [Tree::new(root, &[]), Tree::new(root, &overrides.leftovers)];
    let plan = plan(sources, first, overrides, trees);
    if let Source::File(_) = source {
        seen.extend(trees.iter().flat_map(Tree::listed));
        seen.extend(sources.paths().filter_map(|it| std::path::absolute(it).ok()));
    }
    let is_certain = trees.iter().all(Tree::is_certain) && overrides.leftovers.is_empty();
    let seen_is_all = is_certain && matches!(source, Source::File(_));
    let plan = plan?;
    Ok(Plan { seen: mem::take(seen), seen_is_all, ..plan })
}

fn plan(
    sources: &Sources,
    (first, manifest, root): (SourceText, PathBuf, PathBuf),
    overrides: &Overrides,
    [including, tree]: &mut [Tree; 2],
) -> Result<Plan> {
    let loaded = include::load(sources, first, &root, including)?;
    let vars = settings::vars(&loaded, overrides, sources)?;
    let settings = settings::settings(&loaded, overrides, &vars)?;
    let (queues, engines) = settings::queues(&loaded, &settings, (overrides, sources))?;
    let env = settings::env(&loaded, &vars, sources)?;
    let tools = settings::tools(&loaded, &vars, sources)?;

    let files = Files::new(root.clone());
    let (entries, members) = (entries(&loaded)?, Vec::new());
    let mut draft = Draft { sources, vars, tree, files, entries, members };
    draft.find_members()?;
    let all = draft.take_members()?;
    let names = draft.names(&all)?;
    let mut origins = draft.set_producers(&all)?;
    let shared = Shared::new(&settings, &queues, &tools, &names);
    let (actions, edges) = draft.commands(&all, &shared, &mut origins)?;

    let of_action: Vec<usize> = all.iter().map(|it| it.0).collect();
    let (files, default) = (mem::replace(&mut draft.files, Files::new(root.clone())), Vec::new());
    let mut plan = Plan {
        root,
        manifest,
        settings,
        queues,
        engines,
        cache: settings::cache(&loaded)?,
        env,
        tools,
        actions,
        files,
        default,
        seen: Vec::new(),
        seen_is_all: false,
        names,
        edges,
        makers: origins.makers,
    };
    refuse_cycle(&plan, &draft, &of_action)?;
    set_default(&mut plan, &loaded[0])?;
    Ok(plan)
}

/// Returns the first text, the manifest's path and the directory that paths start from.
fn open(source: &Source) -> Result<(SourceText, PathBuf, PathBuf)> {
    match source {
        Source::File(path) => {
            let text = SourceText::from_file(path)?;
            let manifest = absolute(path)?;
            let root = manifest.parent().unwrap_or(Path::new("/")).to_path_buf();
            Ok((text, manifest, root))
        }
        Source::Stdin { text, root } => {
            Ok((SourceText::from_stdin(text)?, PathBuf::from("-"), absolute(root)?))
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let wrong = |it| Diagnostic::of_file(path, format!("no absolute path: {it}")).into();
    std::path::absolute(path).map(|it| lexical(&it)).map_err(wrong)
}

/// Collects the actions of all manifests, in order.
fn entries<'d>(loaded: &'d [Loaded<'d>]) -> Result<Vec<Entry<'d>>> {
    let mut entries = Vec::new();
    for Loaded { source, parsed } in loaded {
        for (name, raw) in parsed.document.action.iter() {
            let entry = Entry { raw, name, origin: Origin::Table(*source) };
            if raw.action.is_some() {
                let wrong = "the name of this action is the key of its table";
                return Err(Trouble::new(wrong).at(entry.at("action").key()));
            }
            entries.push(entry);
        }
        let actions = &parsed.document.actions;
        let listed = actions.len() - parsed.lines.len();
        for (index, raw) in actions.iter().enumerate() {
            let origin = match index.checked_sub(listed) {
                Some(line) => Origin::Line(*source, parsed.lines[line]),
                None => Origin::List(*source, index),
            };
            entries.push(listed_entry(raw, origin)?);
        }
    }
    entries.iter().try_for_each(check_name)?;
    Ok(entries)
}

fn listed_entry<'d>(raw: &'d RawAction<'d>, origin: Origin) -> Result<Entry<'d>> {
    let Some(name) = &raw.action else {
        let wrong = Trouble::new("an action without a name");
        let place = Entry { raw, name: "", origin }.place();
        return Err(wrong.help("its name is the value of `action`").at(place));
    };
    Ok(Entry { raw, name, origin })
}

fn check_name(entry: &Entry<'_>) -> Result<()> {
    let wrong = match entry.name {
        "" => Trouble::new("an empty name"),
        it if it.contains(char::is_control) => {
            Trouble::new(format!("a control character in the name {it:?}"))
        }
        _ => return Ok(()),
    };
    Err(wrong.at(entry.place_of_name()))
}

/// A cycle is printed by the graph, which finds the shortest.
fn refuse_cycle(plan: &Plan, draft: &Draft<'_>, of_action: &[usize]) -> Result<()> {
    if !has_cycle(&plan.edges) {
        return Ok(());
    }
    let error = plan.dag(&[]).expect_err("it has a cycle");
    let first = match &error {
        DagError::Cycle { uids, .. } => uids.first().and_then(|it| plan.names.get(&**it)),
        _ => None,
    };
    let entry = first.map_or(0, |it| of_action[it.start as usize]);
    Err(Trouble::new(error.to_string()).at(draft.entries[entry].place_of_name()))
}

fn set_default(plan: &mut Plan, first: &Loaded<'_>) -> Result<()> {
    let Some(header) = &first.parsed.document.walk else { return Ok(()) };
    for (index, target) in header.default.iter().enumerate() {
        let place = || Place::of(first.source, &["walk", "default"]).at(index);
        let found = plan.select(&[target.to_string()]);
        let found = found.map_err(|it| unknown_default(&plan.names, &it, target).at(place()))?;
        plan.default.extend(found);
    }
    plan.default.sort_unstable();
    plan.default.dedup();
    Ok(())
}

fn unknown_default(names: &Names, error: &TargetError, target: &str) -> Trouble {
    match error {
        TargetError::Unknown { .. } => {
            let mut names: Vec<&str> = names.keys().map(|it| &**it).collect();
            names.sort_unstable();
            let trouble = Trouble::new(format!("no action or output is called `{target}`"));
            trouble.nearest(target, names.into_iter())
        }
        other => Trouble::new(other.to_string()),
    }
}
