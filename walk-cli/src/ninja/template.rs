//! `NINJA_STATUS`: what stands before the description of an edge.

use std::time::Duration;

/// How far a build is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Progress {
    pub(super) started: usize,
    pub(super) finished: usize,
    pub(super) running: usize,
    pub(super) total: usize,
    /// Since the build began.
    pub(super) elapsed: Duration,
    /// Edges per second lately, if enough ended to tell.
    pub(super) rate: Option<f64>,
    /// Which part of the time is over, from 0 to 1; 0 if nobody knows.
    pub(super) predicted: f64,
}

/// The pieces of `NINJA_STATUS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    /// A placeholder, by its letter.
    Value(u8),
}

const DEFAULT: &[u8] = b"[%f/%t] ";
const PLACEHOLDERS: &[u8] = b"stprufocewEWP";

impl Template {
    /// Reads the value of the variable, if it is set.
    ///
    /// # Errors
    ///
    /// Names a placeholder that is unknown, in ninja's words.
    pub(super) fn read(value: Option<&[u8]>) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = value.unwrap_or(DEFAULT);
        while let Some(at) = rest.iter().position(|it| *it == b'%') {
            pieces.push(Piece::Text(rest[..at].into()));
            rest = &rest[at + 1..];
            match rest.split_first() {
                Some((b'%', after)) => {
                    pieces.push(Piece::Text(vec![b'%']));
                    rest = after;
                }
                Some((letter, after)) if PLACEHOLDERS.contains(letter) => {
                    pieces.push(Piece::Value(*letter));
                    rest = after;
                }
                other => {
                    let letter = other.map(|it| it.0.escape_ascii().to_string());
                    let letter = letter.unwrap_or_default();
                    return Err(format!("unknown placeholder '%{letter}' in $NINJA_STATUS"));
                }
            }
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self(pieces))
    }

    /// Returns whether it asks how much time is left.
    pub(super) fn predicts(&self) -> bool {
        self.0.iter().any(|it| matches!(it, Piece::Value(b'E' | b'W' | b'P')))
    }

    /// Appends the text for `progress`.
    pub(super) fn render(&self, progress: &Progress, text: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(it) => text.extend_from_slice(it),
                Piece::Value(letter) => text.extend(value(*letter, progress).bytes()),
            }
        }
    }
}

fn value(letter: u8, progress: &Progress) -> String {
    let Progress { started, finished, running, total, elapsed, .. } = *progress;
    match letter {
        b's' => started.to_string(),
        b't' => total.to_string(),
        b'p' => percentage(finished * 100 / total.max(1)),
        b'r' => running.to_string(),
        b'u' => total.saturating_sub(started).to_string(),
        b'f' => finished.to_string(),
        b'o' => format!("{:.1}", overall_rate(finished, elapsed)),
        b'c' => progress.rate.map_or_else(|| "?".into(), |it| format!("{it:.1}")),
        b'e' => format!("{:.3}", elapsed.as_secs_f64()),
        b'w' => clock(elapsed),
        b'E' => left(progress).map_or_else(|| "?".into(), |it| format!("{:.3}", it.as_secs_f64())),
        b'W' => left(progress).map_or_else(|| "?".into(), clock),
        _ => predicted(progress.predicted),
    }
}

fn percentage(value: usize) -> String {
    format!("{value:3}%")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 1")]
fn predicted(part: f64) -> String {
    percentage((part.clamp(0.0, 1.0) * 100.0) as usize)
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 edges")]
fn overall_rate(finished: usize, elapsed: Duration) -> f64 {
    if finished == 0 { 0.0 } else { finished as f64 / elapsed.as_secs_f64() }
}

fn left(progress: &Progress) -> Option<Duration> {
    let whole = progress.elapsed.as_secs_f64() / progress.predicted;
    let left = Duration::try_from_secs_f64(whole).ok()?.saturating_sub(progress.elapsed);
    (progress.predicted > 0.0).then_some(left)
}

/// Returns `01:02`, or `1:02:03` from an hour on.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Progress = Progress {
        started: 7,
        finished: 5,
        running: 2,
        total: 20,
        elapsed: Duration::from_millis(2_500),
        rate: Some(3.25),
        predicted: 0.25,
    };

    fn render(status: Option<&str>, progress: &Progress) -> String {
        let template = Template::read(status.map(str::as_bytes)).expect("it is right");
        let mut text = Vec::new();
        template.render(progress, &mut text);
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn every_placeholder_has_its_value() {
        let check = |status: &str, expected: &str| {
            assert_eq!(render(Some(status), &SOME), expected, "{status}");
        };
        check("%s %t %r %u %f", "7 20 2 13 5");
        check("%p %P", " 25%  25%");
        check("%o %c", "2.0 3.2");
        check("%e %w", "2.500 00:02");
        check("%E %W", "7.500 00:07");
        check("100%%", "100%");
        check("", "");
        check("plain", "plain");
    }

    #[test]
    fn what_is_not_known_yet_is_a_question_mark() {
        let start = Progress { total: 3, ..Progress::default() };
        assert_eq!(render(Some("%c %E %W %o %P %p"), &start), "? ? ? 0.0   0%   0%");
        assert_eq!(render(Some("%p"), &Progress::default()), "  0%");
    }

    #[test]
    fn hours_are_shown_when_there_are_some() {
        let long = Progress { elapsed: Duration::from_secs(3_725), ..SOME };
        assert_eq!(render(Some("%w %W"), &long), "1:02:05 3:06:15");
    }

    #[test]
    fn without_the_variable_it_is_the_usual() {
        assert_eq!(render(None, &SOME), "[5/20] ");
    }

    #[test]
    fn an_unknown_placeholder_is_refused() {
        let check = |status: &str, letter: &str| {
            let message = format!("unknown placeholder '%{letter}' in $NINJA_STATUS");
            assert_eq!(Template::read(Some(status.as_bytes())), Err(message));
        };
        check("%q", "q");
        check("[%f %", "");
        check("% x", " ");
    }
}
