//! The commands and the flags that they have for themselves.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::RunArgs;
use crate::history::Choice;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring targets up to date
    Run(RunArgs),
    /// Bring targets up to date, wait for changes, and do it again
    Watch(WatchArgs),
    /// Show what would run, and why
    Plan(PlanArgs),
    /// Say why an action ran last time, would run now, or has not run
    Why(WhyArgs),
    /// List the runs that are recorded
    Runs,
    /// Say in what two runs differ
    Diff(DiffArgs),
    /// Write a page about a run, for a browser
    Report(ReportArgs),
    /// Say what is not up to date; exit 1 if anything is
    Status(TargetArgs),
    /// List the actions, and how they ended last time
    List(TargetArgs),
    /// Print what an action wrote when it ran last
    Log {
        /// Which action.
        #[arg(value_name = "ACTION")]
        action: String,
    },
    /// Print the graph, or the part of it that targets need
    Graph(GraphArgs),
    /// Answer a question about the graph
    #[command(subcommand)]
    Query(Question),
    /// Remove the outputs of actions that are gone from the manifest, or of targets
    Clean(CleanArgs),
    /// Write a first manifest, made of what is in the directory
    Init,
    /// Make a manifest of what another tool says of a build
    #[command(subcommand)]
    Import(Import),
    /// Check the manifest
    Check,
    /// Say what works here, and why something does not; exit 1 if anything does not
    Doctor,
    /// Print the JSON Schema of the manifest
    ///
    /// Editors check and complete manifests by it. For those that know Taplo (Even Better TOML):
    /// write it to a file, `walk schema > walk.schema.json`, and begin the manifest with the line
    /// `#:schema ./walk.schema.json`. JSON manifests name it by their editor's settings.
    Schema,
    /// Print a completion script
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Print the manual page, or that of a command
    Man {
        /// Which command.
        command: Option<String>,
    },
}

/// The flags of `walk watch`: those of `walk run`, and its own.
#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Look at the files once a second instead of being told: for network file systems.
    #[arg(long, env = "WALK_POLL", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) poll: bool,
}

/// What a manifest can be made of; nothing is executed.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Import {
    /// A compilation database: an action for each command that compiles [default: `compile_commands.json`]
    Compdb(ImportArgs),
    /// What `make -nB` prints: an action for each command [default: standard input]
    MakeDry(ImportArgs),
}

/// The flags of `walk import`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// What to read; `-` for standard input.
    #[arg(value_name = "FROM")]
    pub(crate) from: Option<PathBuf>,
    /// Write the manifest to FILE, as TOML or JSON by its name, and not to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Also over a file that exists.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Nothing but targets.
#[derive(Clone, Debug, Args)]
pub(crate) struct TargetArgs {
    /// Actions, outputs, or globs of either.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
}

/// The flags of `walk plan`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlanArgs {
    /// What to bring up to date.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Plan to run also what is up to date.
    #[arg(short = 'B', long, env = "WALK_FORCE", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) force: bool,
    /// Show which elements of each fingerprint changed, and how.
    #[arg(long, env = "WALK_EXPLAIN", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) explain: bool,
}

/// Nothing but targets, of which there must be one.
#[derive(Clone, Debug, Args)]
pub(crate) struct SomeTargetArgs {
    /// Actions, outputs, or globs of either.
    #[arg(value_name = "TARGET", required = true)]
    pub(crate) targets: Vec<String>,
}

/// The flags of `walk why`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhyArgs {
    /// Actions, outputs, or globs of either; with --last or --run an action or an output, and
    /// without any the whole run.
    #[arg(value_name = "TARGET", required_unless_present_any = ["last", "run"])]
    pub(crate) targets: Vec<String>,
    /// Say how and why it ran last, as that was recorded, without looking at any file.
    #[arg(long, conflicts_with = "run")]
    pub(crate) last: bool,
    /// Say what a run recorded: its number, as `walk runs` lists it, `last`, or `-2` for the one
    /// before the last.
    #[arg(long, value_name = "RUN", allow_hyphen_values = true)]
    pub(crate) run: Option<Choice>,
}

/// The runs that `walk diff` compares.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier one: its number, `last`, or `-2` for the one before the last, which it is by
    /// itself.
    #[arg(value_name = "RUN", allow_hyphen_values = true)]
    pub(crate) before: Option<Choice>,
    /// The later one: the last, if none is given.
    #[arg(value_name = "RUN", allow_hyphen_values = true)]
    pub(crate) after: Option<Choice>,
}

/// The flags of `walk report`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Its number, as `walk runs` lists it, `last`, `-2` for the one before the last, or a file
    /// that `--events` wrote: the last, if nothing is given.
    #[arg(value_name = "RUN", allow_hyphen_values = true)]
    pub(crate) run: Option<String>,
    /// Where to write it, instead of `walk-report.html` here, or as the format has it; `-` is standard
    /// output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// As what to write it.
    #[arg(long, default_value = "html")]
    pub(crate) format: ReportFormat,
    /// Have the desktop show it.
    #[arg(long)]
    pub(crate) open: bool,
}

/// The formats of `walk report`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A page for a browser
    Html,
    /// A trace that Chrome and Perfetto show, as of --trace
    Trace,
    /// A test report of what ran, as of --junit
    Junit,
    /// JSON lines, as of --events
    Events,
}

/// The flags of `walk graph`.
#[derive(Clone, Debug, Args)]
pub(crate) struct GraphArgs {
    /// Only the part that these need.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// The format.
    #[arg(long, default_value = "dot")]
    pub(crate) format: GraphFormat,
}

/// The formats of `walk graph`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz
    Dot,
    /// A Mermaid flowchart
    Mermaid,
    /// One JSON object
    Json,
    /// A tree of text: below each action what it needs
    Tree,
}

/// The questions of `walk query`.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Question {
    /// All that targets depend on
    Deps(SomeTargetArgs),
    /// All that depends on targets
    Rdeps(SomeTargetArgs),
    /// A shortest chain of dependencies from one action to another
    Path {
        /// One end.
        from: String,
        /// The other end.
        to: String,
    },
}

/// The flags of `walk clean`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CleanArgs {
    /// Only the outputs of these.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Remove the outputs of all actions.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only say what would be removed.
    #[arg(short = 'n', long, env = "WALK_DRY_RUN", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) dry_run: bool,
}
