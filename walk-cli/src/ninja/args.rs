//! What ninja's command line says.
//!
//! ninja reads it with `getopt_long`: flags and targets in any order, short flags combined,
//! values attached or not, long flags shortened as long as they are unique, and the first
//! flag that is wrong, or only asks something, ends it. What comes out is either all that a
//! build needs, or what to print instead of one.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroU32;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use walk_core::scheduler::Jobserver;
use walk_ninja::{ReadOptions, Severity};

use super::answer::{self, Answer};
use crate::os::FromMake;

/// What to build, and how.
#[derive(Clone, Debug)]
pub(super) struct Args {
    /// Where to go first.
    pub(super) directory: Option<PathBuf>,
    /// The manifest.
    pub(super) file: PathBuf,
    /// How many commands run at once; `None` for any number.
    pub(super) jobs: Option<NonZeroU32>,
    /// Whether that was said by a flag.
    has_jobs: bool,
    /// Whom every edge that runs beside another asks for a token.
    pub(super) jobserver: Option<Jobserver>,
    /// After how many failures nothing more starts; `None` if never.
    pub(super) failures: Option<NonZeroU32>,
    /// The load of the machine from which on nothing more starts while something runs.
    pub(super) load: Option<f64>,
    pub(super) dry_run: bool,
    pub(super) volume: Volume,
    pub(super) debug: Debug,
    pub(super) read: ReadOptions,
    /// The tool to run instead of a build.
    pub(super) tool: Option<ToolWish>,
    pub(super) targets: Vec<Vec<u8>>,
    /// What to warn of before anything else.
    pub(super) warnings: Vec<String>,
}

/// How much is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Volume {
    /// What commands print, and failures.
    Quiet,
    /// A status for each edge too.
    #[default]
    Normal,
    /// The same, with the whole command.
    Verbose,
}

/// The modes of `-d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mode of its own")]
pub(super) struct Debug {
    pub(super) stats: bool,
    pub(super) explain: bool,
    pub(super) keep_depfiles: bool,
    pub(super) keep_response_files: bool,
}

/// A tool, and all that stands behind its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolWish {
    pub(super) name: String,
    pub(super) args: Vec<OsString>,
}

const LONG: [&str; 4] = ["help", "version", "verbose", "quiet"];

impl Args {
    /// Reads the words of the command line, the name of the program first; `jobs` holds unless
    /// it says otherwise.
    pub(super) fn read(
        words: impl IntoIterator<Item = OsString>,
        jobs: NonZeroU32,
    ) -> Result<Self, Answer> {
        let mut args = Self::new(jobs);
        let words: Vec<OsString> = words.into_iter().collect();
        let mut parser = Parser::from_iter(words);
        let usage = |error: &lexopt::Error| answer::wrong_usage(error, jobs);
        while args.tool.is_none()
            && let Some(arg) = parser.next().map_err(|error| usage(&error))?
        {
            let flag = match arg {
                Arg::Short('q') => return Err(answer::other_flag('q', jobs)),
                Arg::Short(flag) => flag,
                Arg::Long(name) => long(name, jobs)?,
                Arg::Value(target) => {
                    args.targets.push(target.into_vec());
                    continue;
                }
            };
            match args.switch(flag) {
                true => {}
                false if "Cfjkldtw".contains(flag) => {
                    let value = parser.value().map_err(|error| usage(&error))?;
                    args.set(flag, &value)?;
                }
                false => return Err(answer::other_flag(flag, jobs)),
            }
        }
        if let Some(tool) = &mut args.tool {
            tool.args.extend(parser.raw_args().map_err(|error| usage(&error))?);
        }
        Ok(args)
    }

    /// Takes what `make` allows, unless a flag said otherwise.
    pub(super) fn under(mut self, make: FromMake) -> Self {
        if !self.has_jobs {
            self.jobserver = make.jobserver;
            self.warnings.extend(make.complaint);
        }
        self
    }

    fn new(jobs: NonZeroU32) -> Self {
        Self {
            directory: None,
            file: "build.ninja".into(),
            jobs: Some(jobs),
            has_jobs: false,
            jobserver: None,
            failures: Some(NonZeroU32::MIN),
            load: None,
            dry_run: false,
            volume: Volume::Normal,
            debug: Debug::default(),
            read: ReadOptions::default(),
            tool: None,
            targets: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes a flag without a value; returns false if it is none.
    fn switch(&mut self, flag: char) -> bool {
        match flag {
            'n' => self.dry_run = true,
            'v' => self.volume = Volume::Verbose,
            'q' => self.volume = Volume::Quiet,
            _ => return false,
        }
        true
    }

    fn set(&mut self, flag: char, value: &OsStr) -> Result<(), Answer> {
        let text = value.to_string_lossy();
        match flag {
            'C' => self.directory = Some(value.into()),
            'f' => self.file = value.into(),
            'j' => (self.jobs, self.has_jobs) = (jobs(&text)?, true),
            'k' => self.failures = failures(&text)?,
            'l' => self.load = load(&text)?,
            'd' => self.debug(&text)?,
            'w' => self.warn(&text)?,
            _ => self.tool = Some(ToolWish { name: tool(&text)?, args: Vec::new() }),
        }
        Ok(())
    }

    fn debug(&mut self, mode: &str) -> Result<(), Answer> {
        match mode {
            "stats" => self.debug.stats = true,
            "explain" => self.debug.explain = true,
            "keepdepfile" => self.debug.keep_depfiles = true,
            "keeprsp" => self.debug.keep_response_files = true,
            "list" => return Err(answer::debug_modes()),
            other => return Err(answer::unknown_debug_mode(other)),
        }
        Ok(())
    }

    fn warn(&mut self, flag: &str) -> Result<(), Answer> {
        match flag {
            "dupbuild=err" => self.read.duplicate_outputs = Severity::Error,
            "dupbuild=warn" => self.read.duplicate_outputs = Severity::Warning,
            "phonycycle=err" => self.read.phony_cycles = Severity::Error,
            "phonycycle=warn" => self.read.phony_cycles = Severity::Warning,
            "depfilemulti=err" | "depfilemulti=warn" => {
                self.warnings.push("deprecated warning 'depfilemulti'".into());
            }
            "list" => return Err(answer::warning_flags()),
            other => return Err(answer::unknown_warning_flag(other)),
        }
        Ok(())
    }
}

/// Returns the short flag that a long one, or the beginning of one, stands for; `q` for one
/// that has no short form.
fn long(name: &str, jobs: NonZeroU32) -> Result<char, Answer> {
    let exact = LONG.iter().filter(|it| **it == name);
    let found: Vec<&str> = match exact.copied().next() {
        Some(it) => vec![it],
        None => LONG.iter().filter(|it| it.starts_with(name)).copied().collect(),
    };
    match found[..] {
        ["help"] => Ok('h'),
        ["verbose"] => Ok('v'),
        ["quiet"] => Ok('q'),
        ["version"] => Err(answer::version()),
        [] => Err(answer::unknown_long_flag(name, jobs)),
        _ => Err(answer::ambiguous_long_flag(name, &found, jobs)),
    }
}

fn tool(name: &str) -> Result<String, Answer> {
    answer::not_a_tool(name).map_or_else(|| Ok(name.into()), Err)
}

fn jobs(text: &str) -> Result<Option<NonZeroU32>, Answer> {
    match integer(text) {
        Some(0..) => Ok(count(text)),
        _ => Err(answer::fatal("invalid -j parameter")),
    }
}

fn failures(text: &str) -> Result<Option<NonZeroU32>, Answer> {
    match integer(text) {
        Some(_) => Ok(count(text)),
        None => Err(answer::fatal("-k parameter not numeric; did you mean -k 0?")),
    }
}

/// Returns a number above zero that is not absurdly large.
fn count(text: &str) -> Option<NonZeroU32> {
    integer(text).and_then(|it| u32::try_from(it).ok()).and_then(NonZeroU32::new)
}

/// Reads as C's `strtol` does: with leading space, and an empty text is zero.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim_ascii_start();
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// Reads as C's `strtod` does: up to where it is no number any more.
fn load(text: &str) -> Result<Option<f64>, Answer> {
    let text = text.trim_ascii_start();
    let mut starts = (1..=text.len()).rev().filter_map(|end| text.get(..end));
    let number = starts.find_map(|it| it.parse::<f64>().ok());
    match number {
        Some(load) => Ok((load > 0.0).then_some(load)),
        None => Err(answer::fatal("-l parameter not numeric: did you mean -l 0.0?")),
    }
}

/// Returns how many commands ninja runs at once on `processors`.
pub(super) fn default_jobs(processors: usize) -> NonZeroU32 {
    let jobs = match processors {
        0 | 1 => 2,
        2 => 3,
        more => u32::try_from(more).unwrap_or(u32::MAX - 2) + 2,
    };
    NonZeroU32::MIN.saturating_add(jobs - 1)
}

/// Returns whether the program was called by ninja's name.
pub(crate) fn is_ninja(program: &OsStr) -> bool {
    let name = program.as_bytes().rsplit(|it| *it == b'/').next();
    matches!(name, Some(b"ninja" | b"ninja-build"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn read(line: &str) -> Result<Args, Answer> {
        let words = std::iter::once("ninja").chain(line.split(' ').filter(|it| !it.is_empty()));
        Args::read(words.map(OsString::from), default_jobs(2))
    }

    fn args(line: &str) -> Args {
        read(line).unwrap_or_else(|answer| panic!("{line}: {answer:?}"))
    }

    fn refusal(line: &str) -> String {
        let answer = read(line).expect_err(line);
        assert_eq!(answer.exit, Exit::NINJA_ERROR, "{line}");
        answer.err
    }

    #[test]
    fn the_name_of_the_program_decides() {
        let check = |name: &str, expected| assert_eq!(is_ninja(name.as_ref()), expected, "{name}");
        check("ninja", true);
        check("/usr/bin/ninja", true);
        check("./ninja-build", true);
        check("walk", false);
        check("ninja/walk", false);
        check("ninja.old", false);
        check("", false);
    }

    #[test]
    fn values_may_be_attached_and_flags_combined() {
        for line in ["-C dir -j 8 -nv a", "-Cdir -j8 a -n --verbose", "a -vnj8 -C dir --"] {
            let args = args(line);
            assert_eq!(args.directory, Some("dir".into()), "{line}");
            assert_eq!(args.jobs, NonZeroU32::new(8), "{line}");
            assert!(args.dry_run, "{line}");
            assert_eq!(args.volume, Volume::Verbose, "{line}");
            assert_eq!(args.targets, [b"a"], "{line}");
        }
    }

    #[test]
    fn what_is_not_said_has_ninjas_default() {
        let args = args("");
        assert_eq!(args.file, PathBuf::from("build.ninja"));
        assert_eq!(args.jobs, NonZeroU32::new(3));
        assert_eq!(args.failures, NonZeroU32::new(1));
        assert_eq!(args.load, None);
        assert_eq!(args.volume, Volume::Normal);
        let check = |processors, jobs| assert_eq!(default_jobs(processors).get(), jobs);
        check(0, 2);
        check(1, 2);
        check(2, 3);
        check(3, 5);
        check(64, 66);
    }

    #[test]
    fn numbers_are_read_as_in_c() {
        let jobs = |line, expected| assert_eq!(args(line).jobs, NonZeroU32::new(expected));
        jobs("-j0", 0);
        jobs("-j12", 12);
        jobs("-j99999999999", 0);
        let failures = |line, expected| assert_eq!(args(line).failures, NonZeroU32::new(expected));
        failures("-k0", 0);
        failures("-k 7", 7);
        failures("-k -1", 0);
        let load = |line, expected| assert_eq!(args(line).load, expected);
        load("-l 2.5", Some(2.5));
        load("-l4x", Some(4.0));
        load("-l 0", None);
        load("-l -1", None);
    }

    #[test]
    fn wrong_values_are_refused_in_ninjas_words() {
        let check = |line, expected: &str| assert_eq!(refusal(line), format!("{expected}\n"));
        check("-j x", "ninja: fatal: invalid -j parameter");
        check("-j -1", "ninja: fatal: invalid -j parameter");
        check("-j2x", "ninja: fatal: invalid -j parameter");
        check("-k x", "ninja: fatal: -k parameter not numeric; did you mean -k 0?");
        check("-l x", "ninja: fatal: -l parameter not numeric: did you mean -l 0.0?");
        check("-d foo", "ninja: error: unknown debug setting 'foo'");
        check("-d explan", "ninja: error: unknown debug setting 'explan', did you mean 'explain'?");
        check("-w foo", "ninja: error: unknown warning flag 'foo'");
        check(
            "-w phonycycle=er",
            "ninja: error: unknown warning flag 'phonycycle=er', did you mean 'phonycycle=err'?",
        );
        check("-t foo", "ninja: fatal: unknown tool 'foo'");
        check("-t targes", "ninja: fatal: unknown tool 'targes', did you mean 'targets'?");
    }

    #[test]
    fn wrong_usage_is_answered_with_the_usage() {
        let check = |line, expected: &str| {
            let text = refusal(line);
            assert_eq!(text.lines().next(), Some(expected), "{line}");
            assert!(text.contains("\nusage: ninja [options] [targets...]\n"), "{text}");
        };
        check("-Z", "ninja: invalid option -- 'Z'");
        check("-nZ", "ninja: invalid option -- 'Z'");
        check("--foo", "ninja: unrecognized option '--foo'");
        check(
            "--ver",
            "ninja: option '--ver' is ambiguous; possibilities: '--version' '--verbose'",
        );
        check("--quiet=3", "ninja: option '--quiet' doesn't allow an argument");
        check("-C", "ninja: option requires an argument -- 'C'");
        check("-t", "ninja: option requires an argument -- 't'");
    }

    #[test]
    fn questions_are_answered() {
        let check = |line, exit| {
            let answer = read(line).expect_err(line);
            assert_eq!(answer.exit, exit, "{line}");
            insta::assert_snapshot!(
                format!("answer{}", line.replace(' ', "_")),
                answer.out + &answer.err
            );
        };
        check("-h", Exit::NINJA_ERROR);
        check("--version", Exit::Done);
        check("-d list", Exit::NINJA_ERROR);
        check("-w list", Exit::NINJA_ERROR);
        assert!(read("-t list").expect_err("an answer").out.starts_with("ninja subtools:\n"));
    }

    #[test]
    fn the_first_that_ends_it_wins() {
        assert!(refusal("-d nosuch --version").contains("nosuch"));
        assert!(refusal("-h -d nosuch").starts_with("usage: "));
        assert_eq!(read("-n --version -Z").expect_err("an answer").out, "1.13.0\n");
    }

    #[test]
    fn what_stands_behind_a_tool_is_the_tools() {
        let args = args("-C d -t targets rule -h -j8 -- x");
        let tool = args.tool.expect("a tool");
        assert_eq!(tool.name, "targets");
        assert_eq!(tool.args, ["rule", "-h", "-j8", "--", "x"]);
        assert!(args.targets.is_empty());
    }

    #[test]
    fn long_flags_may_be_shortened() {
        assert_eq!(args("--verb").volume, Volume::Verbose);
        assert_eq!(args("--q").volume, Volume::Quiet);
    }

    #[test]
    fn modes_and_warnings_add_up() {
        let args = args("-d explain -d stats -dkeeprsp -wdupbuild=warn -w depfilemulti=err");
        assert_eq!(
            args.debug,
            Debug { stats: true, explain: true, keep_depfiles: false, keep_response_files: true }
        );
        assert_eq!(args.read.duplicate_outputs, Severity::Warning);
        assert_eq!(args.warnings, ["deprecated warning 'depfilemulti'"]);
    }

    #[test]
    fn behind_two_dashes_all_are_targets() {
        assert_eq!(args("-n -- -j a").targets, [b"-j".to_vec(), b"a".to_vec()]);
        assert_eq!(args("-").targets, [b"-"]);
    }
}
