//! `-d stats`: how long the parts of a build took, as a table like ninja's.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How often each part was done, and how long that took.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    name: &'static str,
    count: u32,
    time: Duration,
}

impl Stats {
    /// Does one part, and measures it.
    pub(super) fn measure<T>(&mut self, name: &'static str, part: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = part();
        self.add(name, started.elapsed());
        result
    }

    fn add(&mut self, name: &'static str, time: Duration) {
        match self.parts.iter_mut().find(|it| it.name == name) {
            Some(part) => {
                part.count += 1;
                part.time += time;
            }
            None => self.parts.push(Part { name, count: 1, time }),
        }
    }

    /// Returns the table, in the order in which parts were first done.
    pub(super) fn render(&self) -> String {
        let width = self.parts.iter().map(|it| it.name.len()).max().unwrap_or(0).max(6);
        let mut text =
            format!("{:<width$}\t{:<6}\t{:<9}\t{}\n", "metric", "count", "avg (us)", "total (ms)");
        for Part { name, count, time } in &self.parts {
            let total = time.as_secs_f64() * 1e3;
            let average = total * 1e3 / f64::from(*count);
            let _ = writeln!(text, "{name:<width$}\t{count:<6}\t{average:<8.1}\t{total:.1}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let mut stats = Stats::default();
        assert_eq!(stats.measure("nothing", || 7), 7);
        stats.parts.clear();
        stats.add("manifest parse", Duration::from_micros(54));
        stats.add("walk", Duration::from_millis(1));
        stats.add("walk", Duration::from_millis(2));
        insta::assert_snapshot!(stats.render());
    }
}
