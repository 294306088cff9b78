//! Everything but the actions: settings, queues, environment, tools, variables.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use super::include::Loaded;
use super::text::{Scope, Style, expand};
use super::vars::Vars;
use crate::manifest::{
    EngineTable, Entries, Jobs, List, Overrides, Place, RawMode, RawQueue, Result, Sources, Text,
    Trouble,
};
use crate::plan::{CacheMode, CacheSettings, EngineQueue, Env, Files, Settings, Tool};

/// The queue of actions that name none, and the one of those that have the terminal.
pub(super) const DEFAULT: &str = "default";
pub(super) const INTERACTIVE: &str = "interactive";

/// Collects the variables of all manifests, with what the command line says over them.
pub(super) fn vars<'d>(
    loaded: &'d [Loaded<'d>],
    overrides: &'d Overrides,
    sources: &Sources,
) -> Result<Vars<'d>> {
    let mut vars = Vars::default();
    for it in loaded {
        for (name, text) in it.parsed.document.vars.iter() {
            let place = Place::of(it.source, &["vars", name]);
            if let Some(earlier) = vars.declare(name, text, place.clone()) {
                return Err(twice("variable", name, &earlier, sources).at(place.key()));
            }
        }
    }
    for (name, text) in &overrides.vars {
        if !vars.set(name, text) {
            let wrong = Trouble::new(format!("no variable `{name}` to set"));
            let place = Place::of(0, &["vars"]).key();
            return Err(wrong.nearest(name, vars.names()).at(place));
        }
    }
    vars.resolve()?;
    Ok(vars)
}

/// Describes a second declaration, naming the first.
pub(super) fn twice(what: &str, name: &str, earlier: &Place, sources: &Sources) -> Trouble {
    let earlier = earlier.clone().key().describe(sources);
    Trouble::new(format!("{what} `{name}` is declared twice"))
        .label("again here")
        .help(format!("first declared at {earlier}"))
}

/// Reads the settings of the first manifest and fills in the defaults.
pub(super) fn settings(
    loaded: &[Loaded<'_>],
    overrides: &Overrides,
    vars: &Vars<'_>,
) -> Result<Settings> {
    let raw = loaded[0].parsed.document.settings.as_ref();
    let jobs = match (overrides.jobs, raw.and_then(|it| it.jobs)) {
        (Some(jobs), _) | (None, Some(Jobs::Count(jobs))) => jobs,
        // Those of this machine say nothing of another.
        (None, None) if overrides.engine.is_some() => EngineQueue::TOKENS,
        (None, Some(Jobs::Cpus) | None) => cpus(),
    };
    let default = Settings::default();
    let timeout = raw.and_then(|it| it.timeout).map(|it| it.0);
    refuse_zero(timeout, || Place::of(0, &["settings", "timeout"]))?;
    Ok(Settings {
        jobs,
        timeout: timeout.unwrap_or(default.timeout),
        grace: raw.and_then(|it| it.grace).map_or(default.grace, |it| it.0),
        keep_going: raw.is_some_and(|it| it.keep_going),
        shell: match raw.and_then(|it| it.shell.as_ref()) {
            Some(shell) => command(shell, vars, &Place::of(0, &["settings", "shell"]))?,
            None => default.shell,
        },
        keep_failed: raw.is_some_and(|it| it.keep_failed),
        jobserver: raw.is_some_and(|it| it.jobserver),
        paths: default.paths,
    })
}

fn cpus() -> u32 {
    let count = available_parallelism().map_or(1, NonZero::get);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Refuses a timeout that nothing could keep.
pub(super) fn refuse_zero(timeout: Option<Duration>, place: impl Fn() -> Place) -> Result<()> {
    match timeout {
        Some(Duration::ZERO) => Err(Trouble::new("a timeout of zero").at(place())),
        _ => Ok(()),
    }
}

/// Collects the queues: the declared ones, `default` and `interactive`.
pub(super) fn queues(
    loaded: &[Loaded<'_>],
    settings: &Settings,
    (overrides, sources): (&Overrides, &Sources),
) -> Result<(BTreeMap<String, u32>, BTreeMap<String, EngineQueue>)> {
    let built_in = [(DEFAULT, settings.jobs), (INTERACTIVE, 1)];
    let mut queues: BTreeMap<String, u32> = built_in.map(|it| (it.0.to_owned(), it.1)).into();
    let mut engines = BTreeMap::new();
    let mut places: BTreeMap<&str, Place> = BTreeMap::new();
    for it in loaded {
        for (name, queue) in it.parsed.document.queues.iter() {
            let place = Place::of(it.source, &["queues", name]);
            if let Some(help) = reserved(name) {
                let wrong = Trouble::new(format!("the queue `{name}` is built in"));
                return Err(wrong.help(help).at(place.key()));
            }
            if let Some(earlier) = places.insert(name, place.clone()) {
                return Err(twice("queue", name, &earlier, sources).at(place.key()));
            }
            let (tokens, engine) = match queue {
                RawQueue::Tokens(tokens) => (tokens.narrow(u32::MAX), None),
                RawQueue::Engine(table) => {
                    let engine = engine(table, &place)?;
                    (tokens_of(table, &place)?, engine)
                }
            };
            queues.insert(name.to_string(), tokens);
            engines.extend(engine.map(|it| (name.to_string(), it)));
        }
    }
    if let Some(engine) = &overrides.engine {
        engines.insert(DEFAULT.to_owned(), EngineQueue::new(engine));
    }
    Ok((queues, engines))
}

/// Reads where results are kept, which the first manifest says.
pub(super) fn cache(loaded: &[Loaded<'_>]) -> Result<Option<CacheSettings>> {
    let Some(raw) = &loaded[0].parsed.document.cache else { return Ok(None) };
    let default = CacheSettings::default();
    let text = |text: &Option<Text<'_>>| text.as_ref().map(ToString::to_string);
    if let Some(it) = text(&raw.remote).filter(|it| !is_remote(it)) {
        let wrong = Trouble::new(format!("`{it}` is no cache"));
        let help = "a directory is file:///shared/cache, a server grpc://host:port";
        return Err(wrong.help(help).at(Place::of(0, &["cache", "remote"])));
    }
    Ok(Some(CacheSettings {
        local: raw.local.unwrap_or(default.local),
        remote: text(&raw.remote),
        mode: match raw.mode {
            Some(RawMode::Read) => CacheMode::Read,
            Some(RawMode::Write) => CacheMode::Write,
            Some(RawMode::ReadWrite) | None => CacheMode::ReadWrite,
        },
        max_size: raw.max_size.map_or(default.max_size, |it| it.0),
        max_age: raw.max_age.map_or(default.max_age, |it| it.0),
        credentials: text(&raw.credentials),
        instance: text(&raw.instance).unwrap_or_default(),
    }))
}

/// Returns whether it is a directory, or a host and its port.
fn is_remote(remote: &str) -> bool {
    let address = remote.strip_prefix("grpc://").or_else(|| remote.strip_prefix("grpcs://"));
    let parts = address.and_then(|it| it.rsplit_once(':'));
    let is_server = parts.is_some_and(|it| !it.0.is_empty() && it.1.parse::<u16>().is_ok());
    remote.starts_with("file:///") || is_server
}

fn tokens_of(table: &EngineTable<'_>, place: &Place) -> Result<u32> {
    match (table.tokens, &table.engine) {
        (Some(tokens), _) => Ok(tokens.narrow(u32::MAX)),
        (None, Some(_)) => Ok(EngineQueue::TOKENS),
        (None, None) => {
            let wrong = Trouble::new("a queue of this machine without `tokens`");
            Err(wrong.help("`tokens` is how many of its actions run at once").at(place.clone()))
        }
    }
}

/// Reads who runs the actions of a queue.
fn engine(table: &EngineTable<'_>, place: &Place) -> Result<Option<EngineQueue>> {
    let Some(name) = &table.engine else {
        let keys = [("partition", table.partition.is_some()), ("args", !table.args.is_empty())];
        return match keys.iter().find(|it| it.1) {
            Some((key, _)) => {
                let wrong = Trouble::new(format!("`{key}` without `engine`"));
                Err(wrong.help("engine = \"slurm\"").at(place.clone().at(*key).key()))
            }
            None => Ok(None),
        };
    };
    if !EngineQueue::ENGINES.contains(&&**name) {
        let wrong = Trouble::new(format!("unknown engine `{name}`"));
        let names = EngineQueue::ENGINES.into_iter();
        let wrong = wrong.nearest(name, names).help("the engines are: slurm");
        return Err(wrong.at(place.clone().at("engine")));
    }
    let mut queue = EngineQueue::new(name.to_string());
    queue.partition = table.partition.as_ref().map(ToString::to_string);
    queue.args = table.args.iter().map(ToString::to_string).collect();
    for (at, word) in queue.args.iter().enumerate() {
        no_nul(word).map_err(|it| it.at(place.clone().at("args").at(at)))?;
    }
    Ok(Some(queue))
}

fn reserved(queue: &str) -> Option<&'static str> {
    match queue {
        DEFAULT => Some("its tokens are `jobs` in [settings]"),
        INTERACTIVE => Some("it has one token: there is one terminal"),
        _ => None,
    }
}

/// Collects the environment of every action.
pub(super) fn env(loaded: &[Loaded<'_>], vars: &Vars<'_>, sources: &Sources) -> Result<Env> {
    let mut env = Env::default();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let files = Files::new("/".into());
    for it in loaded {
        let raw = &it.parsed.document.env;
        let place = || Place::of(it.source, &["env", "set"]);
        for (name, value) in variables(&raw.set, &plain(vars, &files), place)? {
            let place = place().at(name.as_str());
            if let Some(earlier) = places.insert(name.clone(), place.clone()) {
                let what = "environment variable";
                return Err(twice(what, &name, &earlier, sources).at(place.key()));
            }
            env.set.insert(name, value);
        }
        env.track.extend(raw.track.iter().map(ToString::to_string));
        env.secret.extend(raw.secret.iter().map(ToString::to_string));
    }
    for names in [&mut env.track, &mut env.secret] {
        names.sort_unstable();
        names.dedup();
    }
    match env.secret.iter().find(|it| env.set.contains_key(*it)) {
        Some(name) => Err(no_secret(name).at(places[name].clone())),
        None => Ok(env),
    }
}

fn no_secret(name: &str) -> Trouble {
    let wrong = format!("`{name}` is called secret, and its value is here for all to read");
    Trouble::new(wrong).help("a secret is taken from outside: leave it out of `set`")
}

/// Expands environment variables.
pub(super) fn variables(
    raw: &Entries<'_, Text<'_>>,
    scope: &Scope<'_>,
    place: impl Fn() -> Place,
) -> Result<BTreeMap<String, String>> {
    let expand_one = |(name, text): &(Text<'_>, Text<'_>)| {
        if name.is_empty() || name.contains(['=', '\0']) {
            let wrong = format!("no environment variable can be called {:?}", &**name);
            return Err(Trouble::new(wrong).at(place().at(&**name).key()));
        }
        let value = expand(text, scope).and_then(no_nul);
        let value = value.map_err(|it| it.at(place().at(&**name)))?;
        Ok((name.to_string(), value.into_owned()))
    };
    raw.iter().map(expand_one).collect()
}

/// Refuses a NUL, which no argument, path or variable of a process can hold.
pub(super) fn no_nul<T: AsRef<str>>(text: T) -> Result<T, Trouble> {
    if text.as_ref().contains('\0') {
        Err(Trouble::new("a NUL character, which no command or path can hold"))
    } else {
        Ok(text)
    }
}

/// Collects the tools.
pub(super) fn tools(
    loaded: &[Loaded<'_>],
    vars: &Vars<'_>,
    sources: &Sources,
) -> Result<Vec<Tool>> {
    let mut tools: Vec<Tool> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    for it in loaded {
        for (name, raw) in it.parsed.document.tool.iter() {
            let place = Place::of(it.source, &["tool", name]);
            if let Some(known) = tools.iter().position(|it| it.name == **name) {
                return Err(twice("tool", name, &places[known], sources).at(place.key()));
            }
            if raw.version.is_empty() {
                let wrong = Trouble::new(format!("the tool `{name}` has no `version`"));
                let help = "`version` is the command that prints it: [\"cc\", \"--version\"]";
                return Err(wrong.help(help).at(place.key()));
            }
            let version = command(&raw.version, vars, &place.clone().at("version"))?;
            tools.push(Tool { name: name.to_string(), version });
            places.push(place);
        }
    }
    Ok(tools)
}

/// Expands a program and its arguments outside of any action.
fn command(raw: &List<'_>, vars: &Vars<'_>, place: &Place) -> Result<Vec<String>> {
    let files = Files::new("/".into());
    let scope = plain(vars, &files);
    let words = raw.iter().enumerate().map(|(index, text)| {
        let word = expand(text, &scope).and_then(no_nul);
        word.map(Into::into).map_err(|it| it.at(place.clone().at(index)))
    });
    let words = words.collect::<Result<Vec<String>>>()?;
    if words.first().is_none_or(String::is_empty) {
        return Err(Trouble::new("an empty command").at(place.clone()));
    }
    Ok(words)
}

/// Returns a scope with nothing but variables.
pub(super) fn plain<'s>(vars: &'s Vars<'s>, files: &'s Files) -> Scope<'s> {
    let (matrix, cwd) = (&[], Path::new(""));
    Scope { vars, files, file: None, matrix, io: None, cwd, style: Style::Plain }
}
