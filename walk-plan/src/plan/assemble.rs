//! A plan from commands that are made already, for readers of other formats.
//!
//! [`Plan::read`] expands a manifest's texts; here there is nothing left to expand. What is
//! checked is what every plan promises: one name for one action, one producer for one file,
//! queues that exist, and no cycle.

use std::collections::BTreeMap;
use std::path::PathBuf;

use thiserror::Error;
use walk_core::DagError;

use super::{ActionId, Command, Edges, Files, Makers, Names, Paths, Plan, Settings, has_cycle};

/// All that a plan is made of.
#[derive(Debug)]
pub struct Parts {
    /// The directory that paths are relative to, absolute.
    pub root: PathBuf,
    /// The manifest, absolute.
    pub manifest: PathBuf,
    /// What holds for all actions.
    pub settings: Settings,
    /// Every queue and its tokens; `default` and `interactive` are added if they are missing.
    pub queues: BTreeMap<String, u32>,
    /// The actions; an [`ActionId`] is a position here.
    pub actions: Vec<Command>,
    /// The files that they name, below the same root.
    pub files: Files,
    /// What a walk without targets brings up to date; everything if empty.
    pub default: Vec<ActionId>,
}

/// Commands that make no plan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// Two actions have one name.
    #[error("two actions are called `{name}`")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Two actions make one file.
    #[error("`{}` is made by `{first}` and by `{second}`", path.display())]
    TwoProducers {
        /// The file.
        path: PathBuf,
        /// The action that comes first.
        first: String,
        /// The other one.
        second: String,
    },
    /// An action asks for a queue that does not exist, or for more tokens than it has.
    #[error("`{action}` takes {tokens} tokens of the queue `{queue}`, which has {capacity}")]
    Queue {
        /// The action.
        action: String,
        /// The queue.
        queue: String,
        /// What it asks for.
        tokens: u32,
        /// What there is; zero if there is no such queue.
        capacity: u32,
    },
    /// Actions wait for each other.
    #[error(transparent)]
    Cycle(#[from] DagError),
}

impl Plan {
    /// Makes a plan of `parts`.
    ///
    /// ```
    /// use walk_plan::{Command, Files, Parts, Plan, Run, Settings};
    ///
    /// let root = std::env::temp_dir();
    /// let mut files = Files::new(root.clone());
    /// let mut hello = Command::new("hello");
    /// hello.run = Run::Shell("echo hello > hello.txt".into());
    /// hello.outputs = vec![files.intern("hello.txt".as_ref())];
    /// let plan = Plan::assemble(Parts {
    ///     manifest: root.join("hello"),
    ///     root,
    ///     settings: Settings::default(),
    ///     queues: [("default".to_owned(), 2)].into(),
    ///     actions: vec![hello],
    ///     files,
    ///     default: vec![],
    /// })?;
    /// assert_eq!(plan.select(&["hello.txt".into()])?, plan.select(&["hello".into()])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If two actions have one name or make one file, if one asks for tokens that its queue
    /// does not have, or if they wait for each other.
    ///
    /// # Panics
    ///
    /// If an action names a file that is not in `files`, or an action out of range.
    pub fn assemble(parts: Parts) -> Result<Self, AssembleError> {
        let Parts { root, manifest, settings, mut queues, actions, mut files, default } = parts;
        queues.entry("default".into()).or_insert(settings.jobs);
        queues.entry("interactive".into()).or_insert(1);
        let names = names(&actions)?;
        actions.iter().try_for_each(|it| check_queue(it, &queues))?;
        set_producers(&actions, &mut files)?;
        let edges = edges(&actions, &files);
        let is_tree = settings.paths == Paths::Trees;
        let outputs = actions.iter().filter(|_| is_tree).flat_map(|it| it.outputs.iter().copied());
        let makers = Makers::new(outputs.collect(), &files);
        let (env, tools) = Default::default();
        let plan = Self {
            root,
            manifest,
            settings,
            queues,
            engines: BTreeMap::new(),
            cache: None,
            env,
            tools,
            actions,
            files,
            default,
            seen: Vec::new(),
            seen_is_all: false,
            names,
            edges,
            makers,
        };
        if has_cycle(&plan.edges) {
            plan.dag(&[])?;
        }
        Ok(plan)
    }
}

fn names(actions: &[Command]) -> Result<Names, AssembleError> {
    let mut names = Names::with_capacity_and_hasher(actions.len(), rustc_hash::FxBuildHasher);
    for (id, action) in (0..).zip(actions) {
        if names.insert(action.name.clone(), id..id + 1).is_some() {
            return Err(AssembleError::DuplicateName { name: action.name.to_string() });
        }
    }
    Ok(names)
}

fn check_queue(action: &Command, queues: &BTreeMap<String, u32>) -> Result<(), AssembleError> {
    let capacity = queues.get(&*action.queue).copied().unwrap_or(0);
    if action.tokens <= capacity {
        return Ok(());
    }
    Err(AssembleError::Queue {
        action: action.name.to_string(),
        queue: action.queue.to_string(),
        tokens: action.tokens,
        capacity,
    })
}

fn set_producers(actions: &[Command], files: &mut Files) -> Result<(), AssembleError> {
    for (index, action) in actions.iter().enumerate() {
        let id = ActionId::new(index);
        for &file in &action.outputs {
            match files.set_producer(file, id) {
                Some(first) if first != id => {
                    return Err(AssembleError::TwoProducers {
                        path: files.path(file).into(),
                        first: actions[first.index()].name.to_string(),
                        second: action.name.to_string(),
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The producers of inputs, then `deps`, then `after`; nobody waits for itself.
fn edges(actions: &[Command], files: &Files) -> Edges {
    let mut edges = Edges::with_capacity(actions.len());
    for (index, action) in actions.iter().enumerate() {
        let producers = action.inputs.iter().filter_map(|it| files.producer(*it));
        let all = producers.chain(action.deps.iter().chain(&action.after).copied());
        all.filter(|it| it.index() != index).for_each(|it| edges.add(it));
        edges.close();
    }
    edges
}
