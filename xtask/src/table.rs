//! Prints rows of text in columns, and times in a unit that fits.
//!
//! It does not know what the columns mean.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// Rows of cells below a row of titles; the first column is aligned left, the others right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self { rows: vec![titles.iter().map(ToString::to_string).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                match column {
                    0 => write!(line, "{cell:<width$}")?,
                    _ => write!(line, "  {cell:>width$}")?,
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A time for people: `0.4 ms`, `57 ms`, `1.92 s`.
pub(crate) fn human(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..0.010 => format!("{:.1} ms", seconds * 1e3),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// The middle of `times`; of an even number the later of the two.
///
/// # Panics
///
/// There are no times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["n", "walk"]);
        table.row(["10000".to_owned(), "8 ms".to_owned()]);
        table.row(["7".to_owned(), "11.2 ms".to_owned()]);
        assert_eq!(table.to_string(), "n         walk\n10000     8 ms\n7      11.2 ms\n");
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        let check = |micros, expected| assert_eq!(human(Duration::from_micros(micros)), expected);
        check(440, "0.4 ms");
        check(57_400, "57 ms");
        check(1_916_000, "1.92 s");
    }

    #[test]
    fn the_median_is_the_middle() {
        let times = [9, 1, 5].map(Duration::from_secs).to_vec();
        assert_eq!(median(times), Duration::from_secs(5));
    }
}
