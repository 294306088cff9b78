//! Where the programs are that an action calls.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::Question;

/// Returns the files of the programs that `question` names and that there are, found as a shell finds
/// them; commands of the shell itself have none.
pub(crate) fn programs(question: &Question, root: &Path) -> Vec<PathBuf> {
    let directory = root.join(&question.directory);
    let path = question.env.get("PATH").map(OsString::from).or_else(|| env::var_os("PATH"));
    let path = path.unwrap_or_default();
    let find = |name: &String| {
        if name.contains('/') {
            return Some(directory.join(name)).filter(|it| is_program(it));
        }
        env::split_paths(&path).map(|it| directory.join(it).join(name)).find(|it| is_program(it))
    };
    question.programs.iter().filter_map(find).collect()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
