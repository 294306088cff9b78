//! The thread that looks for results: files only, so that no program and no controller can hold it
//! up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ClusterError;
use crate::attempt::Attempt;
use crate::books::{Books, Fate, State};

/// Looks for results in the directories of the open attempts until the books are closed.
pub(crate) fn collect(books: &Arc<Books>) {
    let mut pause = SHORTEST;
    loop {
        let open: Vec<(String, Attempt, bool)> = {
            let state = books.lock();
            if state.is_closed {
                return;
            }
            let open = state.entries.iter().filter(|(_, it)| it.is_open());
            open.map(|(id, it)| (id.clone(), it.attempt.clone(), it.is_revoked)).collect()
        };
        let seen: Vec<(String, Seen)> = open
            .iter()
            .map(|(id, attempt, revoked)| (id.clone(), look(attempt, *revoked)))
            .collect();
        let mut state = books.lock();
        let news = seen.into_iter().filter(|(id, seen)| note(&mut state, id, seen)).count();
        if news > 0 {
            books.tell();
            pause = SHORTEST;
        }
        let before = open.len();
        let state = books.wait(state, pause);
        // Whoever opens one wakes us: what is short may end soon.
        let is_busier = state.entries.values().filter(|it| it.is_open()).count() > before;
        pause = if is_busier { SHORTEST } else { pause.mul_f64(1.25).min(LONGEST) };
    }
}

const SHORTEST: Duration = Duration::from_millis(30);
const LONGEST: Duration = Duration::from_secs(1);

/// What one look at a directory saw.
struct Seen {
    /// When it began: it may take long, and who is heard of meanwhile is not silent.
    at: Instant,
    fate: Option<Fate>,
    beat: Option<String>,
    is_fenced: bool,
}

fn look(attempt: &Attempt, is_revoked: bool) -> Seen {
    let nothing = Seen { at: Instant::now(), fate: None, beat: None, is_fenced: false };
    if is_revoked {
        let is_fenced = attempt.is_fenced() || matches!(attempt.verdict(), Ok(Some(_)));
        return Seen { is_fenced, beat: attempt.last_beat(), ..nothing };
    }
    match attempt.verdict() {
        Ok(Some(verdict)) => Seen { fate: Some(Fate::Ended(verdict)), ..nothing },
        Err(error @ ClusterError::Garbled { .. }) => {
            Seen { fate: Some(Fate::Lost(error.to_string())), ..nothing }
        }
        // A server of files that is just being started again says so of what is there.
        Ok(None) | Err(_) => Seen { beat: attempt.last_beat(), ..nothing },
    }
}

/// Enters what was seen; returns whether somebody may have waited for it.
fn note(state: &mut State, id: &str, seen: &Seen) -> bool {
    let Some(entry) = state.entries.get_mut(id) else { return false };
    if let Some(beat) = &seen.beat
        && entry.beat.as_ref().is_none_or(|it| it.0 != *beat)
    {
        entry.beat = Some((beat.clone(), Instant::now()));
    }
    if entry.is_revoked {
        entry.is_fenced |= seen.is_fenced || entry.patience_at(seen.at).is_zero();
        return entry.is_fenced;
    }
    let is_new = entry.fate.is_none() && seen.fate.is_some();
    if is_new {
        entry.fate.clone_from(&seen.fate);
    }
    is_new
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::books::{Disowned, Entry};

    /// Its job was stopped, however long it had run.
    #[test]
    fn a_result_that_can_not_be_read_now_is_not_lost() {
        let dir = tempfile::tempdir().expect("a directory");
        let (attempt, result) = (Attempt::at(dir.path()), dir.path().join("result.json"));
        fs::create_dir(&result).expect("it can be made");
        let seen = look(&attempt, false);
        assert!(seen.fate.is_none(), "{:?}", seen.fate);
        fs::remove_dir(&result).expect("ours");
        fs::write(&result, "{\"end\":").expect("it can be written");
        assert!(matches!(look(&attempt, false).fate, Some(Fate::Lost(_))));
    }

    /// A look at many took longer than a lease: what had been heard of the first was old by then.
    #[test]
    fn a_runner_is_not_silent_because_a_look_took_long() {
        let (lease, now) = (Duration::from_secs(4), Instant::now());
        let ago = |seconds| now.checked_sub(Duration::from_secs(seconds));
        let ago = |seconds| ago(seconds).expect("the machine runs for longer");
        let fenced_by = |at: Instant| {
            let mut entry = Entry::new(Attempt::at("/nowhere/a.1"), Vec::new(), lease);
            entry.beat = Some(("7".into(), ago(10)));
            entry.revoke(Disowned::default());
            let mut state = State::default();
            state.entries.insert("a.1".into(), entry);
            note(
                &mut state,
                "a.1",
                &Seen { at, fate: None, beat: Some("7".into()), is_fenced: false },
            )
        };
        assert!(!fenced_by(ago(6)), "it was last looked at after 4 s");
        assert!(fenced_by(ago(4)), "it was silent for 6 s");
    }
}
