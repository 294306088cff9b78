//! What began a chain of actions that ran because of each other.
//!
//! An action that ran because of a file that another action made in the same run has its cause
//! there; one that ran for a reason of its own, also beside such a file, is where a chain begins.

use super::{RecordedAction, RecordedRun};
use crate::record::Element;

/// Why an action ran, traced back.
#[derive(Clone, Debug)]
pub(crate) struct Cause<'a> {
    /// Those on the way: the predecessor that made what changed, its predecessor, and so on.
    pub(crate) through: Vec<&'a RecordedAction>,
}

/// Traces back why `action` ran.
pub(crate) fn first_cause<'a>(run: &'a RecordedRun, action: &'a RecordedAction) -> Cause<'a> {
    let mut through = Vec::new();
    let mut current = action;
    // Predecessors stand before their successors in a record.
    while let Some(place) = predecessor_at_cause(run, current) {
        let next = &run.actions[place];
        through.push(next);
        current = next;
    }
    Cause { through }
}

/// Returns the place of the action with which it began, for each action of the run: its own, if
/// it ran for a reason of its own. One pass, however long the chains are.
pub(crate) fn origins(run: &RecordedRun) -> Vec<usize> {
    let mut origins = Vec::with_capacity(run.actions.len());
    for (place, action) in run.actions.iter().enumerate() {
        let origin = predecessor_at_cause(run, action).map_or(place, |it| origins[it]);
        origins.push(origin);
    }
    origins
}

/// Returns the place of the predecessor that made what changed, if nothing else changed.
pub(crate) fn predecessor_at_cause(run: &RecordedRun, action: &RecordedAction) -> Option<usize> {
    let maker = |element: &Element| {
        action.needs.iter().copied().find(|it| is_made_by(element, &run.actions[*it]))
    };
    let mut makers = action.elements.iter().map(maker);
    let first = makers.next()??;
    makers.all(|it| it.is_some()).then_some(first)
}

fn is_made_by(element: &Element, maker: &RecordedAction) -> bool {
    match element.name.split_once(' ') {
        Some(("input" | "depfile", path)) => maker.makes.iter().any(|it| it == path),
        Some(("result", name)) => name == maker.name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::recorded;
    use super::*;

    fn chain(run: &RecordedRun, name: &str) -> Vec<String> {
        let action = run.action(name).expect("it is recorded");
        first_cause(run, action).through.iter().map(|it| it.name.clone()).collect()
    }

    #[test]
    fn a_chain_leads_to_what_was_edited() {
        let run = recorded(&[
            r#""event":"run-started""#,
            r#""event":"queued","action":"gen","id":0,"makes":["a.h"],"elements":[{"element":"input gen.py"}]"#,
            r#""event":"queued","action":"cc","id":1,"needs":[0],"makes":["a.o"],"elements":[{"element":"depfile a.h"}]"#,
            r#""event":"queued","action":"both","id":2,"needs":[0],"elements":[{"element":"depfile a.h"},{"element":"command"}]"#,
            r#""event":"queued","action":"test","id":3,"needs":[1],"elements":[{"element":"result cc"}]"#,
            r#""event":"queued","action":"first","id":4,"needs":[0]"#,
        ]);
        assert_eq!(chain(&run, "test"), ["cc", "gen"]);
        assert_eq!(chain(&run, "both"), [""; 0], "it has a reason of its own");
        assert_eq!(chain(&run, "first"), [""; 0], "nothing of it changed");
        assert_eq!(origins(&run), [0, 0, 2, 0, 4]);
    }
    #[test]
    fn what_needs_itself_has_no_end_of_causes_and_is_none() {
        let run = recorded(&[
            r#""event":"run-started""#,
            r#""event":"queued","action":"a","id":0,"elements":[{"element":"result a"}]"#,
            r#""event":"queued","action":"a","id":1,"needs":[0],"elements":[{"element":"result a"}]"#,
        ]);
        assert_eq!(chain(&run, "a"), [""; 0]);
    }
}
