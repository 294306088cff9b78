//! Which actions a change may concern.
//!
//! Those that read or make a file that changed, those whose last decision does not stand by
//! itself, and all that come after any of them: also those that only wait for one, for they do not
//! run if it fails. The order of the numbers makes it one pass, here and for what comes before
//! an action.

use super::graph::Graph;

/// What is known of an action after a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::command) struct Flag(pub(in crate::command) u8);

impl Flag {
    /// It was found up to date, by files that are remembered as they were then.
    pub(in crate::command) const PROVEN: Self = Self(3);
    /// Its fingerprint is in the store, and names the results of its `deps` as they are.
    pub(in crate::command) const SETTLED: Self = Self(1);

    pub(in crate::command) fn is_proven(self) -> bool {
        self == Self::PROVEN
    }

    pub(in crate::command) fn is_settled(self) -> bool {
        self == Self::SETTLED || self == Self::PROVEN
    }
}

impl Graph {
    /// Returns, by action, whether a change of the files that are `changed` may concern it.
    pub(super) fn cone(&self, changed: &[bool], flags: &[u8]) -> Vec<bool> {
        let mut is_in = vec![false; self.len()];
        for action in 0..self.len() {
            let mut files = self.reads.of(action).iter().chain(self.makes.of(action));
            is_in[action] = !Flag(flags[action]).is_proven()
                || files.any(|it| changed[*it as usize])
                || self.before.of(action).iter().any(|it| is_in[*it as usize]);
        }
        is_in
    }

    /// Returns, by action, whether it is this one or comes before it.
    pub(super) fn ancestry(&self, action: usize) -> Vec<bool> {
        let mut is_in = vec![false; self.len()];
        is_in[action] = true;
        for later in (0..=action).rev() {
            if is_in[later] {
                self.before.of(later).iter().for_each(|it| is_in[*it as usize] = true);
            }
        }
        is_in
    }

    /// Returns, by file, whether an action reads or makes it that is not one of `these`.
    pub(super) fn shared(&self, these: &[bool], files: usize) -> Vec<bool> {
        let mut shared = vec![false; files];
        for action in (0..self.len()).filter(|it| !these[*it]) {
            for file in self.reads.of(action).iter().chain(self.makes.of(action)) {
                shared[*file as usize] = true;
            }
        }
        shared
    }

    /// Returns, by file, whether an action makes it.
    pub(super) fn made(&self, files: usize) -> Vec<bool> {
        let mut made = vec![false; files];
        let files = (0..self.len()).flat_map(|it| self.makes.of(it));
        files.for_each(|it| made[*it as usize] = true);
        made
    }

    /// Returns the actions that make one of the `wanted` files.
    pub(super) fn makers(&self, wanted: &[bool]) -> Vec<usize> {
        let makes = |it: &usize| self.makes.of(*it).iter().any(|it| wanted[*it as usize]);
        (0..self.len()).filter(makes).collect()
    }
}
