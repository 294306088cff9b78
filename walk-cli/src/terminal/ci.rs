//! What services that run builds make of the text of a run: groups that fold, and errors that they
//! show beside it.
//!
//! What a successful action wrote is folded under its line; what a failed one wrote is not, as
//! whoever opens the log is looking for it. GitHub shows the error again where it lists what is
//! wrong, so its last lines go with it. What actions write themselves never begins a line (see
//! `INDENT`), and so commands nothing.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Verdict;
use super::text::tame;

/// How many of the last lines of a failure are shown with it.
const MOST_LINES: usize = 10;

/// The service that a walk runs in, if it is one that knows groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ci {
    None,
    GitHub,
    GitLab,
}

/// What is said of an action that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) name: &'a str,
    pub(crate) verdict: Verdict,
    /// How it ended, in words.
    pub(crate) reason: &'a str,
    /// Its line, without an end.
    pub(crate) line: &'a str,
    /// What is shown below, which ends with a line feed.
    pub(crate) body: &'a [u8],
}

impl Ci {
    /// Asks the environment.
    pub(crate) fn of_process() -> Self {
        let is_true = |name| env::var_os(name).is_some_and(|it| it == "true");
        match (is_true("GITHUB_ACTIONS"), is_true("GITLAB_CI")) {
            (true, _) => Self::GitHub,
            (_, true) => Self::GitLab,
            _ => Self::None,
        }
    }

    /// Returns what to print; `last_lines` are asked for if they are wanted.
    pub(crate) fn frame(
        self,
        told: Told<'_>,
        last_lines: impl FnOnce(usize) -> Vec<String>,
    ) -> Vec<u8> {
        let folds = !told.body.is_empty() && !told.verdict.is_bad();
        let (start, end) = match self {
            Self::GitHub if folds => {
                (format!("::group::{}\n", data(told.line)), "::endgroup::\n".to_owned())
            }
            Self::GitLab if folds => section(told.line),
            _ => (format!("{}\n", told.line), String::new()),
        };
        let annotation = match self {
            Self::GitHub => annotation(told, last_lines),
            _ => String::new(),
        };
        [start.as_bytes(), told.body, end.as_bytes(), annotation.as_bytes()].concat()
    }
}

fn annotation(told: Told<'_>, last_lines: impl FnOnce(usize) -> Vec<String>) -> String {
    let kind = match told.verdict {
        Verdict::Fail | Verdict::Wait => "error",
        Verdict::Flaky => "warning",
        _ => return String::new(),
    };
    let mut lines = vec![format!("{}: {}", tame(told.name), tame(told.reason))];
    if told.verdict.is_bad() {
        lines.extend(last_lines(MOST_LINES));
    }
    let title = format!("walk: {}", tame(told.name));
    format!("::{kind} title={}::{}\n", property(&title), data(&lines.join("\n")))
}

/// Returns the start and the end of a section of GitLab, which has its time and a name of its own.
fn section(line: &str) -> (String, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (time, name) = (now.as_secs(), format!("walk_{}", now.as_nanos()));
    let start = format!("\x1b[0Ksection_start:{time}:{name}[collapsed=true]\r\x1b[0K{line}\n");
    (start, format!("\x1b[0Ksection_end:{time}:{name}\r\x1b[0K\n"))
}

/// Returns text as a workflow command of GitHub takes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns text as a property of such a command takes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(ci: Ci, verdict: Verdict, body: &str) -> String {
        let told = Told {
            name: "test:io,db=pg",
            verdict,
            reason: "exit 1",
            line: "   ok  test:io,db=pg 100%",
            body: body.as_bytes(),
        };
        let lines = |most| vec![format!("the last {most}"), "100% lost".to_owned()];
        String::from_utf8(ci.frame(told, lines)).expect("text")
    }

    #[test]
    fn a_success_is_folded_under_its_line() {
        let plain = framed(Ci::None, Verdict::Ok, "       | a\n");
        assert_eq!(plain, "   ok  test:io,db=pg 100%\n       | a\n");
        let github = framed(Ci::GitHub, Verdict::Ok, "       | a\n");
        let expected = "::group::   ok  test:io,db=pg 100%25\n       | a\n::endgroup::\n";
        assert_eq!(github, expected);
        assert_eq!(framed(Ci::GitHub, Verdict::Ok, ""), "   ok  test:io,db=pg 100%\n");
        let gitlab = framed(Ci::GitLab, Verdict::Ok, "       | a\n");
        let (start, rest) = gitlab.split_once('\r').expect("a start");
        let name = start.strip_prefix("\x1b[0Ksection_start:").expect("a time and a name");
        let name = name.strip_suffix("[collapsed=true]").expect("it is folded");
        let expected = format!(
            "\x1b[0K   ok  test:io,db=pg 100%\n       | a\n\x1b[0Ksection_end:{name}\r\x1b[0K\n"
        );
        assert_eq!(rest, expected);
    }

    #[test]
    fn a_failure_is_open_and_an_error() {
        let github = framed(Ci::GitHub, Verdict::Fail, "       | a\n");
        let expected = "   ok  test:io,db=pg 100%\n       | a\n\
            ::error title=walk%3A test%3Aio%2Cdb=pg::test:io,db=pg: exit 1%0Athe last 10%0A\
            100%25 lost\n";
        assert_eq!(github, expected);
        let gitlab = framed(Ci::GitLab, Verdict::Fail, "       | a\n");
        assert_eq!(gitlab, "   ok  test:io,db=pg 100%\n       | a\n");
        let flaky = framed(Ci::GitHub, Verdict::Flaky, "");
        assert!(
            flaky.ends_with("::warning title=walk%3A test%3Aio%2Cdb=pg::test:io,db=pg: exit 1\n")
        );
    }
}
