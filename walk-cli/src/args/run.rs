//! The flags of `walk run`, which are those of bare `walk`.

use std::num::{NonZeroU32, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

/// The flags of `walk run`, which are those of bare `walk`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of run")]
pub(crate) struct RunArgs {
    /// What to bring up to date.
    #[arg(value_name = "TARGET", help_heading = None::<&str>)]
    pub(crate) targets: Vec<String>,

    /// Run so many actions at once: the tokens of the queue `default`.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), env = "WALK_JOBS", hide_env = true)]
    pub(crate) jobs: Option<u32>,

    /// Go on after failures; with N, until so many actions have failed.
    #[arg(short, long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "0", env = "WALK_KEEP_GOING", hide_env = true)]
    pub(crate) keep_going: Option<KeepGoing>,

    /// Run nothing, write nothing; show what would run: `walk plan`.
    #[arg(short = 'n', long, env = "WALK_DRY_RUN", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) dry_run: bool,

    /// Run also what is up to date.
    #[arg(short = 'B', long, env = "WALK_FORCE", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) force: bool,

    /// Show with each action which elements of its fingerprint changed, and how.
    #[arg(long, env = "WALK_EXPLAIN", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) explain: bool,

    /// Stop an action that runs for longer, unless it says so itself: 90s, 5min.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, env = "WALK_TIMEOUT", hide_env = true)]
    pub(crate) timeout: Option<Duration>,

    /// Show progress.
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        env = "WALK_PROGRESS",
        hide_env = true
    )]
    pub(crate) progress: ProgressWish,

    /// Write what happens to FILE as JSON lines; `-` for standard output.
    #[arg(long, value_name = "FILE", env = "WALK_EVENTS", hide_env = true)]
    pub(crate) events: Option<PathBuf>,

    /// Write a trace to FILE that Chrome and Perfetto show.
    #[arg(long, value_name = "FILE", env = "WALK_TRACE", hide_env = true)]
    pub(crate) trace: Option<PathBuf>,

    /// Write a test report to FILE, as `JUnit` does.
    #[arg(long, value_name = "FILE", env = "WALK_JUNIT", hide_env = true)]
    pub(crate) junit: Option<PathBuf>,
}

/// After how many failures nothing more starts; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeepGoing(pub(crate) u32);

impl KeepGoing {
    /// Returns the limit, if there is one.
    pub(crate) fn limit(self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.0)
    }
}

impl FromStr for KeepGoing {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text {
            "true" | "yes" | "" => Ok(Self(0)),
            number => number.parse().map(Self),
        }
    }
}

/// How to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressWish {
    /// A bar on a terminal, plain elsewhere
    #[default]
    Auto,
    /// A block of lines that is kept up to date
    Bar,
    /// A line every 30 seconds that says what still runs
    Plain,
    /// Nothing but what ended
    None,
}
