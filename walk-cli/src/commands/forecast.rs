//! A dry walk, and what it says of each action.
//!
//! An action below one that would run may have to run too: that depends on what the other
//! one makes, and is only known then.

use std::mem::ManuallyDrop;

use walk_core::{ActionReport, Dag, DirtyReason, Report, Vertex};
use walk_plan::{ActionId, Command, CommandWalk, Options, Run};

use crate::args::Common;
use crate::error::Result;
use crate::project::Project;

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

impl Forecast {
    /// Walks what `targets` need, without executing or writing anything.
    pub(super) fn of(common: &Common, targets: &[String], force: bool) -> Result<Self> {
        let project = Project::read(common, None)?;
        let mut options = Options::default();
        options.force = force;
        let mut walk = project.open_dry(&options)?;
        let targets = walk.plan().select(targets)?;
        let dag = walk.dag(&targets)?;
        let report = walk.run(&dag)?;
        Ok(Self {
            walk: ManuallyDrop::new(walk),
            dag: ManuallyDrop::new(dag),
            report: ManuallyDrop::new(report),
            targets,
        })
    }

    /// Returns the actions that run something, with what would become of them.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&Command, Outlook<'_>)> {
        let vertices = self.dag.vertices();
        let all = vertices.map(|it| (self.command(it), self.outlook(it)));
        all.filter(|(command, _)| command.run != Run::Nothing)
    }

    pub(super) fn outlook(&self, vertex: Vertex) -> Outlook<'_> {
        outlook(&self.report.actions()[vertex.index()])
    }

    pub(super) fn command(&self, vertex: Vertex) -> &Command {
        &self.walk.plan().actions[self.dag[vertex].index()]
    }
}

fn outlook(action: &ActionReport) -> Outlook<'_> {
    match &action.dirty {
        None => Outlook::UpToDate,
        Some(DirtyReason::UntrackedPredecessor(uid)) => Outlook::Depends(uid),
        Some(reason) => Outlook::Runs(reason),
    }
}
