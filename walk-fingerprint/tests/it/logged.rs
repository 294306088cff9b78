//! What was logged, for tests that pin that something is said, and said once.
//!
//! Tests run side by side: ask for lines that contain a path or a uid of your own.

use std::sync::{Mutex, Once, PoisonError};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static START: Once = Once::new();

struct Memory;

impl log::Log for Memory {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "walk" {
            let line = format!("{} {}", record.level(), record.args());
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    fn flush(&self) {}
}

/// Starts to remember what is logged.
pub(crate) fn start() {
    START.call_once(|| {
        log::set_logger(&Memory).expect("no other logger in this process");
        log::set_max_level(log::LevelFilter::Info);
    });
}

/// Returns the lines so far that contain `part`.
pub(crate) fn lines(part: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.contains(part)).cloned().collect()
}
