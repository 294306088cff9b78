//! The steps of `cargo xtask test`, in the order in which they run: cheap ones first.
//!
//! A step is a name and a function that tells what it counted and what it printed.

use std::path::Path;

use anyhow::{Result, bail};

use super::tally::Tally;
use crate::{command, tidy};

/// The version that is installed if there is none.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// What a step counted, and what to show if something failed.
pub(crate) struct Done {
    pub(crate) tally: Tally,
    pub(crate) output: String,
}

/// A named part of the whole.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Path) -> Result<Done>,
}

pub(crate) const STEPS: &[Step] = &[
    Step { name: "format", run: |root| cargo(root, "fmt --all -- --check") },
    Step {
        name: "format of fuzzers",
        run: |root| cargo(root, "fmt --manifest-path fuzz/Cargo.toml -- --check"),
    },
    Step {
        name: "format of benchmarks",
        run: |root| cargo(root, "fmt --manifest-path bench/Cargo.toml -- --check"),
    },
    Step { name: "tidy", run: tidy_step },
    Step {
        name: "clippy",
        run: |root| cargo(root, "clippy --quiet --locked --workspace --all-targets -- -D warnings"),
    },
    Step {
        name: "clippy with servers",
        run: |root| {
            let command = "clippy --quiet --locked --package walk-cache --package walk-cli \
                           --features grpc --all-targets -- -D warnings";
            cargo(root, command)
        },
    },
    Step { name: "licences and sources", run: deny },
    Step { name: "documentation", run: documentation },
    Step { name: "tests", run: tests },
    Step { name: "tests with servers", run: tests_with_servers },
    Step {
        name: "examples",
        run: |root| cargo(root, "build --quiet --locked --workspace --examples"),
    },
];

/// Runs cargo with these arguments, separated by blanks; one passed or failed.
fn cargo(root: &Path, arguments: &str) -> Result<Done> {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let outcome = command::run(&mut command::cargo(root, &arguments))?;
    Ok(Done { tally: Tally::one(outcome.success), output: outcome.output })
}

fn tidy_step(root: &Path) -> Result<Done> {
    let report = tidy::report(root)?;
    let tally = Tally::one(report.findings.is_empty());
    Ok(Done { tally, output: tidy::render(&report) })
}

/// Licences, bans and sources of the dependencies. Advisories are not among them: their database
/// is a git repository that an offline or a filtered machine cannot fetch; `cargo deny check
/// advisories` does it where the network allows.
fn deny(root: &Path) -> Result<Done> {
    if !command::run(&mut command::cargo(root, &["deny", "--version"]))?.success {
        install_cargo_deny(root)?;
    }
    cargo(root, "deny --locked check bans licenses sources")
}

/// Without optimisation and debug information it takes a minute instead of several.
fn install_cargo_deny(root: &Path) -> Result<()> {
    let mut install = command::cargo(root, &["install", "--locked", "--debug", CARGO_DENY]);
    let outcome = command::run(install.env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    if !outcome.success {
        bail!(
            "cargo-deny is missing and cannot be installed; \
             `cargo install --locked {CARGO_DENY}` says why:\n{}",
            outcome.output
        );
    }
    Ok(())
}

fn documentation(root: &Path) -> Result<Done> {
    let arguments = ["doc", "--quiet", "--locked", "--workspace", "--no-deps"];
    let mut command = command::cargo(root, &arguments);
    let outcome = command::run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Done { tally: Tally::one(outcome.success), output: outcome.output })
}

/// Unit, integration and documentation tests of every crate.
fn tests(root: &Path) -> Result<Done> {
    run_tests(root, &["--workspace"])
}

/// Those of the cache once more, with what talks to servers.
fn tests_with_servers(root: &Path) -> Result<Done> {
    run_tests(root, &["--package", "walk-cache", "--features", "grpc"])
}

fn run_tests(root: &Path, which: &[&str]) -> Result<Done> {
    let arguments = [&["test", "--quiet", "--locked", "--no-fail-fast"], which].concat();
    let outcome = command::run(&mut command::cargo(root, &arguments))?;
    let mut tally = Tally::of_tests(&outcome.output);
    if !outcome.success && tally.failed == 0 {
        // Did not compile, or a test binary died before its closing line.
        tally += Tally::one(false);
    }
    Ok(Done { tally, output: outcome.output })
}
