//! Text on a terminal: how wide it is, how to shorten it, how to make it harmless; and
//! durations as people write them.
//!
//! Names come from file names and output from programs: neither may move the cursor, or
//! change what was printed before.

use std::borrow::Cow;
use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

/// Returns how many columns `text` takes; it holds no control characters.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Shortens `text` to at most `most` columns; what was cut is shown as `…`.
pub(crate) fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut left = most.saturating_sub(1);
    let fits = text.chars().take_while(|it| {
        let fits = columns(*it) <= left;
        left = left.saturating_sub(columns(*it));
        fits
    });
    let mut short: String = fits.collect();
    if most > 0 {
        short.push('…');
    }
    Cow::Owned(short)
}

/// East Asian wide characters and emoji take two columns, combining marks none. Of what terminals
/// disagree about, emoji that are joined or made of a symbol, this is the most that any makes of
/// it: a row that is taken for too long is only shortened, one that is too long would wrap.
fn columns(character: char) -> usize {
    const EMOJI_STYLE: char = '\u{fe0f}';
    if character == EMOJI_STYLE { 1 } else { character.width().unwrap_or(0) }
}

/// Returns `text` as one line that cannot do anything to a terminal.
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|it| if is_harmful(it) { char::REPLACEMENT_CHARACTER } else { it })
            .collect(),
    )
}

/// Control characters, and those that reverse the direction of what follows.
pub(crate) fn is_harmful(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `0.41s`, `21.4s`, `2m03s` or `1h02m`.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_millis(9_995) {
        return format!("{:.2}s", duration.as_secs_f64());
    }
    brief(duration)
}

/// Returns `6.1s`, `2m03s` or `1h02m`.
pub(crate) fn brief(duration: Duration) -> String {
    if duration < Duration::from_millis(59_950) {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    let seconds = (duration + Duration::from_millis(500)).as_secs();
    match seconds / 3600 {
        0 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        hours => format!("{hours}h{:02}m", seconds % 3600 / 60),
    }
}

/// Returns `12s`, `2m03s` or `1h02m`.
pub(crate) fn whole(duration: Duration) -> String {
    let seconds = (duration + Duration::from_millis(500)).as_secs();
    if seconds < 60 { format!("{seconds}s") } else { brief(Duration::from_secs(seconds)) }
}

/// Returns `12s`, or `10-16s` if the ends of the time are clearly apart.
pub(crate) fn between(least: Duration, most: Duration) -> String {
    let middle = (least + most) / 2;
    let is_narrow = most.saturating_sub(least) < (middle / 5).max(Duration::from_secs(2));
    let [least, most] = [least, most].map(whole);
    if is_narrow || least == most {
        return whole(middle);
    }
    match (least.strip_suffix('s'), most.contains('m') || most.contains('h')) {
        (Some(seconds), false) => format!("{seconds}-{most}"),
        _ => format!("{least}-{most}"),
    }
}

/// Returns how long ago something was: `3 minutes ago`.
pub(crate) fn age(duration: Duration) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let seconds = duration.as_secs();
    let found = units.iter().find(|(length, _)| seconds >= *length);
    found.map_or_else(
        || "just now".into(),
        |(length, unit)| {
            let count = seconds / length;
            format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_the_contract() {
        let check = |millis, expected: [&str; 3]| {
            let it = Duration::from_millis(millis);
            assert_eq!([seconds(it), brief(it), whole(it)], expected, "{millis} ms");
        };
        check(0, ["0.00s", "0.0s", "0s"]);
        check(410, ["0.41s", "0.4s", "0s"]);
        check(3_020, ["3.02s", "3.0s", "3s"]);
        check(9_999, ["10.0s", "10.0s", "10s"]);
        check(21_400, ["21.4s", "21.4s", "21s"]);
        check(59_990, ["1m00s", "1m00s", "1m00s"]);
        check(123_000, ["2m03s", "2m03s", "2m03s"]);
        check(3_725_000, ["1h02m", "1h02m", "1h02m"]);
    }

    #[test]
    fn a_spread_is_told_where_there_is_one() {
        let check = |least, most, expected| {
            assert_eq!(between(Duration::from_secs(least), Duration::from_secs(most)), expected);
        };
        check(12, 12, "12s");
        check(11, 12, "12s");
        check(10, 16, "10-16s");
        check(50, 75, "50s-1m15s");
        check(120, 130, "2m05s");
        check(120, 240, "2m00s-4m00s");
        check(0, 4, "0-4s");
    }

    #[test]
    fn ages_are_in_the_largest_unit() {
        let check = |secs, expected| assert_eq!(age(Duration::from_secs(secs)), expected);
        check(0, "just now");
        check(1, "1 second ago");
        check(59, "59 seconds ago");
        check(185, "3 minutes ago");
        check(7_200, "2 hours ago");
        check(90_000, "1 day ago");
    }

    #[test]
    fn text_is_shortened_to_columns() {
        let check = |text, most, expected| assert_eq!(shorten(text, most), expected);
        check("abcdef", 6, "abcdef");
        check("abcdef", 5, "abcd…");
        check("日本語", 6, "日本語");
        check("日本語", 5, "日本…");
        check("日本語", 4, "日…");
        check("abc", 1, "…");
        check("abc", 0, "");
        check("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check("👩‍🔬👩‍🔬", 6, "👩‍🔬…");
        check("한글.c", 6, "한글.c");
        check("❤️x", 3, "❤️x");
        check("❤️x", 2, "❤…");
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        assert_eq!(tame("plain ä"), "plain ä");
        assert_eq!(tame("a\x1b[2Jb\nc\u{202e}"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
    }
}
