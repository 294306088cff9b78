//! What happens to the state between two walks: crashes of the system, disks, other versions.

use std::fs;
use std::path::{Path, PathBuf};

use super::random::Random;

/// Damages a file of the state at random, and says how; `None` if there is none.
pub(super) fn damage_state(state: &Path, random: &mut Random) -> Option<String> {
    let store = state.join("state.db");
    let files: Vec<PathBuf> = ["state.db", "state.db-wal", "state.db-shm", "lock", "memo"]
        .iter()
        .map(|it| state.join(it))
        .filter(|it| it.exists())
        .collect();
    let path = if random.percent(50) { &store } else { random.pick(&files)? };
    let name = path.file_name()?.to_string_lossy().into_owned();
    let mut content = fs::read(path).ok()?;
    let how = match random.below(9) {
        0 => {
            content.truncate(random.below(content.len() + 1));
            "truncate"
        }
        1 | 2 => {
            flip(&mut content, random)?;
            "flip a bit of"
        }
        3 => {
            content.clear();
            "empty"
        }
        4 => {
            content = b"this is no store\n".repeat(100);
            "write text to"
        }
        5 => {
            // Where the version of the tables stands in the header.
            *content.get_mut(63)? = 99;
            "give another version to"
        }
        6 => {
            fs::remove_file(path).ok()?;
            return Some(format!("delete {name}"));
        }
        7 => {
            fs::write(state.join("state.db-wal"), content).ok()?;
            fs::remove_file(&store).ok()?;
            return Some(format!("leave {name} as a log without a store"));
        }
        _ => {
            fs::remove_dir_all(state).ok()?;
            return Some("delete the state".into());
        }
    };
    fs::write(path, content).ok()?;
    Some(format!("{how} {name}"))
}

fn flip(content: &mut [u8], random: &mut Random) -> Option<()> {
    for _ in 0..=random.below(3) {
        let at = random.below(content.len().max(1));
        *content.get_mut(at)? ^= 1 << random.below(8);
    }
    Some(())
}
