//! A dry walk, and what it says of each action.
//!
//! An action below one that would run may have to run too: that depends on what the other
//! one makes, and is only known then.
//!
//! A manifest that makes itself comes first, by a walk of its own: if it would be made anew,
//! all that is said of other actions is said by what it is now.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use walk_core::{ActionReport, Dag, DirtyReason, Report, Vertex};
use walk_plan::{ActionId, Command, CommandWalk, Options, Run};

use crate::args::Common;
use crate::error::Result;
use crate::project::Project;
use crate::quiet::Question;

/// A dry walk that ended.
///
/// It is not freed: the process ends after it, and freeing a large graph takes longer than
/// printing it.
pub(super) struct Forecast {
    pub(super) walk: ManuallyDrop<CommandWalk>,
    pub(super) dag: ManuallyDrop<Dag<ActionId>>,
    pub(super) report: ManuallyDrop<Report>,
    /// The actions that the targets mean.
    pub(super) targets: Vec<ActionId>,
    /// What would make the manifest anew, before anything else, if it is out of date.
    manifest: Option<ManuallyDrop<Manifest>>,
}

/// A walk that can be asked, and is yet to be done.
pub(super) struct Opened {
    pub(super) walk: CommandWalk,
    /// The actions that make the manifest itself, by name.
    makers: Vec<Arc<str>>,
}

/// A dry walk of what makes the manifest.
struct Manifest {
    makers: Vec<ActionId>,
    dag: Dag<ActionId>,
    report: Report,
}

/// What would become of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook<'a> {
    /// It would not run.
    UpToDate,
    /// It would run.
    Runs(&'a DirtyReason),
    /// It would run if the result of this other action changed.
    Depends(&'a str),
}

impl Opened {
    pub(super) fn read(common: &Common) -> Result<Self> {
        let mut project = Project::read(common, None)?;
        let makers = std::mem::take(&mut project.makers);
        Ok(Self { walk: project.open_dry(&Options::default())?, makers })
    }
}

impl Forecast {
    /// Walks what `targets` need, without executing or writing anything.
    pub(super) fn of(common: &Common, targets: &[String], force: bool) -> Result<Self> {
        let opened = Opened::read(common)?;
        let targets = opened.walk.plan().select(targets)?;
        Self::with(opened, targets, force)
    }

    /// The same of the one action called `target`, if it and all that it needs are remembered: then
    /// neither the manifest nor the whole state is read.
    pub(super) fn of_remembered(common: &Common, target: &str) -> Result<Option<Self>> {
        let question = Question::of_run(common, &[], None);
        let Some(opened) = question.map(|it| it.open(target)).transpose()?.flatten() else {
            return Ok(None);
        };
        let (mut walk, dag) = opened;
        let report = walk.run(&dag)?;
        let targets = dag.vertex(target).map(|it| dag[it]).into_iter().collect();
        Ok(Some(Self {
            walk: ManuallyDrop::new(walk),
            dag: ManuallyDrop::new(dag),
            report: ManuallyDrop::new(report),
            targets,
            manifest: None,
        }))
    }

    /// The same, of a manifest that was read to find out what the targets are.
    pub(super) fn with(opened: Opened, targets: Vec<ActionId>, force: bool) -> Result<Self> {
        let Opened { mut walk, makers } = opened;
        let manifest = Manifest::of(&mut walk, &makers)?;
        walk.set_force(force);
        let dag = walk.dag(&targets)?;
        let report = walk.run(&dag)?;
        Ok(Self {
            walk: ManuallyDrop::new(walk),
            dag: ManuallyDrop::new(dag),
            report: ManuallyDrop::new(report),
            targets,
            manifest: manifest.map(ManuallyDrop::new),
        })
    }

    /// Returns the actions that run something, with what would become of them; not those of
    /// [`first`](Self::first).
    pub(super) fn actions(&self) -> impl Iterator<Item = (&Command, Outlook<'_>)> {
        let told: Vec<ActionId> = self.manifest_actions().map(|it| it.0).collect();
        let vertices = self.dag.vertices().filter(move |it| !told.contains(&self.dag[*it]));
        let all = vertices.map(|it| (self.command(it), self.outlook(it)));
        all.filter(|(command, _)| command.run != Run::Nothing)
    }

    /// Returns the actions that would run before anything else, to make the manifest anew; none
    /// if it is up to date.
    pub(super) fn first(&self) -> impl Iterator<Item = (&Command, Outlook<'_>)> {
        let actions = &self.walk.plan().actions;
        self.manifest_actions().map(|(id, outlook)| (&actions[id.index()], outlook))
    }

    /// Returns whether the manifest would be made anew first, or may be, in words.
    pub(super) fn caveat(&self) -> Option<String> {
        let manifest = self.manifest.as_ref()?;
        let is_sure = self.manifest_actions().any(|(id, outlook)| {
            manifest.makers.contains(&id) && matches!(outlook, Outlook::Runs(_))
        });
        let name = self.walk.plan().manifest.file_name().unwrap_or_default().to_string_lossy();
        let verb = if is_sure { "would" } else { "may" };
        Some(format!("{name} {verb} be made anew first: the rest is by what it is now"))
    }

    fn manifest_actions(&self) -> impl Iterator<Item = (ActionId, Outlook<'_>)> {
        let actions = &self.walk.plan().actions;
        self.manifest.iter().flat_map(|it| it.outlooks()).filter(move |(id, outlook)| {
            *outlook != Outlook::UpToDate && actions[id.index()].run != Run::Nothing
        })
    }

    pub(super) fn outlook(&self, vertex: Vertex) -> Outlook<'_> {
        outlook(&self.report.actions()[vertex.index()])
    }

    pub(super) fn command(&self, vertex: Vertex) -> &Command {
        &self.walk.plan().actions[self.dag[vertex].index()]
    }
}

impl Manifest {
    /// Walks what makes the manifest; nothing if that is up to date.
    fn of(walk: &mut CommandWalk, makers: &[Arc<str>]) -> Result<Option<Self>> {
        if makers.is_empty() {
            return Ok(None);
        }
        let actions = &walk.plan().actions;
        let positions = (0..actions.len()).filter(|it| makers.contains(&actions[*it].name));
        let makers: Vec<ActionId> = positions.map(ActionId::new).collect();
        let dag = walk.dag(&makers)?;
        let report = walk.run(&dag)?;
        let manifest = Self { makers, dag, report };
        let is_stale = |(id, outlook): (ActionId, Outlook<'_>)| {
            manifest.makers.contains(&id) && outlook != Outlook::UpToDate
        };
        let is_stale = manifest.outlooks().any(is_stale);
        Ok(is_stale.then_some(manifest))
    }

    fn outlooks(&self) -> impl Iterator<Item = (ActionId, Outlook<'_>)> {
        let actions = self.dag.vertices().zip(self.report.actions());
        actions.map(|(vertex, action)| (self.dag[vertex], outlook(action)))
    }
}

fn outlook(action: &ActionReport) -> Outlook<'_> {
    match &action.dirty {
        None => Outlook::UpToDate,
        Some(DirtyReason::UntrackedPredecessor(uid)) => Outlook::Depends(uid),
        Some(reason) => Outlook::Runs(reason),
    }
}
