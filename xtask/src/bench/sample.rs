//! What one run cost, and what many did.
//!
//! The machine is noisy, so a figure is a median with its quartiles, and a ratio is taken between
//! two runs of one round before it is summed up.

use std::fmt;

use anyhow::{Context as _, Result};

/// What a run cost, as `measure.c` prints it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Milliseconds.
    pub(crate) wall: f64,
    /// Milliseconds of user and system time, of the whole tree of processes.
    pub(crate) cpu: f64,
    /// Milliseconds of user and system time, of its own process only; a multiple of ten.
    pub(crate) own: f64,
    /// The largest resident set in megabytes, of any of its processes.
    pub(crate) memory: f64,
    /// How many outputs were written.
    pub(crate) ran: f64,
    /// The exit code, as a shell shows it.
    pub(crate) code: i32,
}

impl Sample {
    /// Reads the line; nothing was written yet.
    ///
    /// # Errors
    ///
    /// The line is another one.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            #[expect(clippy::cast_possible_truncation, reason = "an exit code is small")]
            Ok(&[wall, cpu, own, kilobytes, code]) => Ok(Self {
                wall: wall * 1e3,
                cpu: cpu * 1e3,
                own: own * 1e3,
                memory: kilobytes / 1e3,
                ran: 0.0,
                code: code as i32,
            }),
            _ => None.with_context(|| format!("measure says {line:?}")),
        }
    }
}

/// The middle of many numbers, and how far they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Spread {
    /// The median and the quartiles, unless there are no numbers.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len().checked_sub(1)?;
        let at = |quarters: usize| {
            let (below, rest) = (last * quarters / 4, last * quarters % 4);
            let part = [0.0, 0.25, 0.5, 0.75][rest];
            numbers[below] + part * (numbers[(below + 1).min(last)] - numbers[below])
        };
        Some(Self { median: at(2), lower: at(1), upper: at(3) })
    }
}

/// `4.65 (4.51..4.80)`, with as many digits as three figures need; `4.65` if nothing spreads.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lower >= self.upper {
            return f.write_str(&figures(self.median));
        }
        write!(f, "{} ({}..{})", figures(self.median), figures(self.lower), figures(self.upper))
    }
}

/// A number in three figures.
pub(crate) fn figures(number: f64) -> String {
    match number.abs() {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_in_milliseconds_and_megabytes() {
        let sample = Sample::parse("0.0046 0.0065 0.01 2204 1\n").expect("it is one");
        let expected = Sample { wall: 4.6, cpu: 6.5, own: 10.0, memory: 2.204, ran: 0.0, code: 1 };
        assert_eq!(sample, expected);
        assert!(Sample::parse("unshare: Operation not permitted").is_err());
    }

    #[test]
    fn the_middle_lies_between_the_quartiles() {
        let check = |numbers: &[f64], expected: &str| {
            let spread = Spread::of(numbers.iter().copied()).map(|it| it.to_string());
            assert_eq!(spread.unwrap_or_default(), expected, "{numbers:?}");
        };
        check(&[], "");
        check(&[7.0], "7.00");
        check(&[400.0, 100.0, 300.0, 200.0, 500.0], "300 (200..400)");
        check(&[10.0, 20.0], "15.0 (12.5..17.5)");
    }
}
