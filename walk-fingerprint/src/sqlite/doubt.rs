//! What is not to be believed after the system went down.
//!
//! A file is written to memory first, and to the disk within a minute; a digest that was taken
//! meanwhile says what was in memory. A loss of power can leave a file with the new size and times
//! and the old content. So after another boot a digest counts only if its file had been left
//! alone for long when it was taken; and after one in the middle of a run, none does.

use crate::cache::KnownDigest;
use crate::codec::Marker;
use crate::os;

/// After this long, what was written to a file is on the disk: many times what Linux takes.
const ON_DISK_AFTER_NS: i64 = 600 * 1_000_000_000;

/// Which digests are in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    Nothing,
    /// Those that were taken soon after their file was written.
    Recent,
    Everything,
}

impl Doubt {
    /// Says what the last run leaves in doubt.
    pub(super) fn after(last: &Marker) -> Self {
        let is_same_boot = os::boot_id().is_some_and(|it| it == last.boot_id);
        match (is_same_boot, last.clean) {
            (true, _) => Self::Nothing,
            (false, true) => Self::Recent,
            (false, false) => Self::Everything,
        }
    }

    pub(super) fn covers(self, digest: &KnownDigest) -> bool {
        let written_ns = digest.stamp.mtime_ns.max(digest.stamp.ctime_ns);
        match self {
            Self::Nothing => false,
            Self::Recent => written_ns.saturating_add(ON_DISK_AFTER_NS) > digest.hashed_at_ns,
            Self::Everything => true,
        }
    }
}
