//! What `make` tells a walk that it runs: how many jobs there may be, and where its jobserver is.
//!
//! Who says `-j` to walk itself means that, as with make. A jobserver that cannot be reached, because the
//! line of the makefile has no `+`, means one job at a time, as with make.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use walk_core::scheduler::Jobserver;

/// What `make` allows.
#[derive(Debug, Default)]
pub(crate) struct FromMake {
    /// How many jobs at once.
    pub(crate) jobs: Option<u32>,
    /// Who is asked for all but the first.
    pub(crate) jobserver: Option<Jobserver>,
    /// What is to be said about it.
    pub(crate) complaint: Option<String>,
}

/// Returns what `MAKEFLAGS` allows, where `own` is what `-j` says to walk itself.
pub(crate) fn from_make(own: Option<u32>) -> FromMake {
    let flags = env::var("MAKEFLAGS").unwrap_or_default();
    match (own, auth(&flags)) {
        (Some(jobs), None) => FromMake { jobs: Some(jobs), ..FromMake::default() },
        (Some(jobs), Some(_)) => {
            let complaint =
                format!("-j{jobs} is this walk's alone: it asks make's jobserver for nothing");
            FromMake { jobs: Some(jobs), complaint: Some(complaint), ..FromMake::default() }
        }
        (None, None) => FromMake { jobs: jobs(&flags), ..FromMake::default() },
        (None, Some(auth)) => match join(auth) {
            Ok(jobserver) => {
                FromMake { jobs: jobs(&flags), jobserver: Some(jobserver), complaint: None }
            }
            Err(why) => {
                let complaint = format!(
                    "make's jobserver cannot be reached ({why}), so one action runs at a time: \
                     the line of the makefile that runs walk has to begin with `+`"
                );
                FromMake { jobs: Some(1), jobserver: None, complaint: Some(complaint) }
            }
        },
    }
}

fn join(auth: &str) -> Result<Jobserver, String> {
    let joined = if let Some(path) = auth.strip_prefix("fifo:") {
        Jobserver::join_fifo(Path::new(OsStr::new(path)))
    } else {
        let numbers = auth.split_once(',');
        let numbers =
            numbers.and_then(|(read, write)| Some((read.parse().ok()?, write.parse().ok()?)));
        let (read, write) = numbers.ok_or_else(|| format!("`{auth}` names no pipe"))?;
        Jobserver::join_pipe(read, write)
    };
    joined.map_err(|error| format!("`{auth}`: {error}"))
}

/// The first word may be letters without a dash; `--` ends the flags.
fn words(flags: &str) -> impl Iterator<Item = &str> {
    flags.split_whitespace().take_while(|it| *it != "--")
}

/// Returns N of `-jN`.
fn jobs(flags: &str) -> Option<u32> {
    let number = |word: &str| {
        let number = word.strip_prefix("-j").or_else(|| word.strip_prefix("--jobs="))?;
        number.parse().ok().filter(|it| *it > 0)
    };
    words(flags).filter_map(number).last()
}

/// Returns where the jobserver is; the last counts, and one that was switched off does not.
fn auth(flags: &str) -> Option<&str> {
    let names = ["--jobserver-auth=", "--jobserver-fds="];
    let found = words(flags).filter_map(|it| names.iter().find_map(|name| it.strip_prefix(name)));
    found.last().filter(|it| !it.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_jobs_is_found() {
        let check = |flags, expected| assert_eq!(jobs(flags), expected, "{flags}");
        check("", None);
        check("kw", None);
        check(" -j4 --jobserver-auth=fifo:/tmp/GMfifo1", Some(4));
        check("k -j8 --jobserver-auth=3,4 -- CC=cc", Some(8));
        check("--jobs=3", Some(3));
        check("-j", None);
        check("-j0", None);
        check("w -- -j4", None);
    }

    #[test]
    fn the_jobserver_is_found() {
        let check = |flags, expected| assert_eq!(auth(flags), expected, "{flags}");
        check("", None);
        check(" -j4 --jobserver-auth=fifo:/tmp/GMfifo1", Some("fifo:/tmp/GMfifo1"));
        check("k -j8 --jobserver-auth=3,4 -- CC=cc", Some("3,4"));
        check("-j8 --jobserver-fds=5,6", Some("5,6"));
        check("-j8 --jobserver-auth=-2,-2", None);
        check("--jobserver-auth=3,4 --jobserver-auth=5,6", Some("5,6"));
        check("-- --jobserver-auth=3,4", None);
    }

    #[test]
    fn what_is_no_jobserver_is_told_with_what_it_is() {
        let check = |auth, expected: &str| {
            let error = join(auth).expect_err("it is none");
            assert!(error.contains(expected), "{error}");
        };
        check("3;4", "`3;4` names no pipe");
        check("fifo:/no/such/fifo", "`fifo:/no/such/fifo`: No such file");
        check("fifo:/dev/null", "it is no pipe");
        check("9998,9999", "`9998,9999`: No such file");
    }
}
