//! Settings, queues, environment, tools, variables, and what the command line overrides.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use walk_plan::{Overrides, Plan, Run, schema};

use crate::support::Project;

fn plan(text: &str, overrides: &Overrides) -> Plan {
    let project = Project::new(&[]);
    project.write("walk.toml", text);
    project.read_with("walk.toml", overrides).unwrap_or_else(|it| panic!("{it}"))
}

#[test]
fn settings_have_defaults() {
    let plan = plan("", &Overrides::default());
    let settings = plan.settings;
    let cpus = u32::try_from(available_parallelism().map_or(1, NonZero::get));
    assert_eq!(Ok(settings.jobs), cpus);
    assert_eq!(settings.shell, ["sh", "-euc"]);
    assert_eq!(settings.timeout, Duration::from_secs(24 * 60 * 60));
    assert_eq!(settings.grace, Duration::from_secs(5));
    assert!(!settings.keep_going && !settings.keep_failed);
    assert_eq!(plan.queues["default"], settings.jobs);
    assert_eq!(plan.queues["interactive"], 1);
}

#[test]
fn settings_are_read() {
    let text = "[settings]\njobs = 3\nshell = ['bash', '-c']\ntimeout = '1h'\ngrace = '0s'\nkeep-going = true\nkeep-failed = true\n\
                [queues]\nnet = 4\n[env]\nset = { LC_ALL = '${c}' }\ntrack = ['PATH', 'CFLAGS']\n[vars]\nc = 'C'\n\
                [tool.cc]\nversion = ['cc${c}', '--version']\n[action.a]\nrun = 'x'\ntools = ['cc']\n";
    let plan = plan(text, &Overrides::default());
    let settings = &plan.settings;
    assert_eq!((settings.jobs, plan.queues["default"], plan.queues["net"]), (3, 3, 4));
    assert_eq!((settings.timeout.as_secs(), settings.grace.as_secs()), (3600, 0));
    assert_eq!(settings.shell, ["bash", "-c"]);
    assert!(settings.keep_going && settings.keep_failed && plan.actions[0].keep_failed);
    assert_eq!(plan.env.set["LC_ALL"], "C");
    assert_eq!(plan.env.track, ["CFLAGS", "PATH"]);
    assert_eq!((plan.tools[0].name.as_str(), &plan.tools[0].version[0]), ("cc", &"ccC".to_owned()));
    assert_eq!(plan.actions[0].tools, [0]);
}

#[test]
fn the_command_line_overrides_jobs_and_variables() {
    let text = "[settings]\njobs = 1\n[vars]\nmode = 'debug'\ndir = 'out/${mode}'\n[action.a]\nrun = 'x ${dir}'\n";
    let vars = vec![("mode".to_owned(), "release".to_owned())];
    let plan = plan(text, &Overrides { vars, jobs: Some(7), ..Overrides::default() });
    assert_eq!((plan.settings.jobs, plan.queues["default"]), (7, 7));
    assert_eq!(plan.actions[0].run, Run::Shell("x out/release".into()));
}

#[test]
fn the_schema_has_every_key() {
    let schema = schema();
    for key in ["foreach", "keep-failed", "depfile", "track", "include", "keep-going", "factor"] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key} is not in {schema}");
    }
    assert!(schema.contains("\"additionalProperties\": false"));
}
