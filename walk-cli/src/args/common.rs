//! The flags that every command has.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

/// The flags that every command has; they may stand before or after its name.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// Work as if started in DIR.
    #[arg(
        short = 'C',
        long,
        value_name = "DIR",
        global = true,
        env = "WALK_DIRECTORY",
        hide_env = true
    )]
    pub(crate) directory: Option<PathBuf>,

    /// Read this manifest; `-` reads JSON or JSON lines from standard input.
    #[arg(short, long, value_name = "FILE", global = true, env = "WALK_FILE", hide_env = true)]
    pub(crate) file: Option<PathBuf>,

    /// Set a variable of the manifest.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment, global = true, env = "WALK_SET", hide_env = true)]
    pub(crate) set: Vec<(String, String)>,

    /// Keep what is remembered here instead of in `.walk` beside the manifest.
    #[arg(long, value_name = "DIR", global = true, env = "WALK_STATE_DIR", hide_env = true)]
    pub(crate) state_dir: Option<PathBuf>,

    /// Run the actions of the queue `default` elsewhere.
    #[arg(long, value_name = "ENGINE", global = true, env = "WALK_ENGINE", hide_env = true)]
    pub(crate) engine: Option<EngineName>,

    /// Take results from the cache, keep them there, both or neither, whatever `[cache]` says.
    #[arg(long, value_name = "MODE", global = true, env = "WALK_CACHE", hide_env = true)]
    pub(crate) cache: Option<CacheWish>,

    /// Do not wait for another walk on the same state: exit 75.
    #[arg(long, global = true, env = "WALK_NO_WAIT", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) no_wait: bool,

    /// Show the commands.
    #[arg(short, long, global = true, env = "WALK_VERBOSE", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) verbose: bool,

    /// Show only failures; `status`: only exit.
    #[arg(short, long, global = true, env = "WALK_QUIET", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,

    /// Use colors.
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        env = "WALK_COLOR",
        hide_env = true
    )]
    pub(crate) color: ColorWish,
}

/// Who runs actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// A Slurm cluster, by sbatch
    Slurm,
}

impl EngineName {
    /// Returns the name as a manifest has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Slurm => "slurm",
        }
    }
}

/// What is done with a cache of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheWish {
    /// Leave it alone
    Off,
    /// Only take results from its remote part
    Read,
    /// Only put results into its remote part
    Write,
    /// Both
    ReadWrite,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWish {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR` or `TERM` say otherwise
    #[default]
    Auto,
    /// Also when written to a file
    Always,
    /// Not at all
    Never,
}

impl Common {
    /// Returns `path` as seen from the directory that `-C` names.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        self.directory.as_deref().unwrap_or(Path::new("")).join(path)
    }

    /// Returns the directory of the manifest as seen from here; empty if it is this one.
    pub(crate) fn directory_of_manifest(&self) -> PathBuf {
        let parent = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        self.at(parent).components().collect()
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("it has the form name=value".into()),
    }
}
