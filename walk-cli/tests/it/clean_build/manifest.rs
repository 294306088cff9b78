//! What the actions of a project run, and the manifest that says so in either language.
//!
//! Every command writes the first part of its output, tells the test that it is there (through
//! descriptor 9, see [`walk`](super::walk)), and then writes the rest: who is killed in between
//! leaves half a file. A line that begins with `!` makes whoever reads it fail, in that moment.

use std::fmt::Write as _;

use super::graph::{Action, Dialect, Graph, Input, Kind, OUTPUTS_GLOB, Style};

/// Returns the code of a command that fails.
pub(super) const FAILURE: i32 = 3;

/// Returns the command of an action, for `sh`; `None` if it has none.
pub(super) fn command(graph: &Graph, action: &Action) -> Option<String> {
    let words: Vec<String> = action.inputs.iter().flat_map(|it| graph.reads(it)).collect();
    let first = words.first()?.clone();
    let all = match response(graph, action) {
        Some(path) => format!("$(cat {path})"),
        None => words.join(" "),
    };
    let name = &action.name;
    let attempt = if fails_first(graph, action) { "test $WALK_ATTEMPT != 1; " } else { "" };
    let told = format!("{attempt}echo {name} >&9; if grep -qs '^!' {all}; then exit {FAILURE}; fi");
    let salt = salt(graph, action);
    let out = action.outputs.first().cloned().unwrap_or_default();
    let hidden = action.hidden();
    let text = match action.kind {
        Kind::Alias => return None,
        Kind::Head => {
            let text = format!("cat {all} > {out}.all; {told}; cat {out}.all | head -c 1 > {out}");
            text + &second_half(&out, &salt, Style::Directly)
        }
        Kind::Compile => compile(action, &first, &salt),
        Kind::Tree => format!(
            "rm -rf {out}; mkdir -p {out}/sub; cat {all} > {out}/all; {told}; {salt} >> {out}/all; \
             n=$(cksum < {out}/all | cut -c 1); {salt} > {out}/sub/f$n"
        ),
        Kind::Stamp | Kind::Late => {
            let stamp = if out.is_empty() { String::new() } else { format!("; : > {out}") };
            format!("mkdir -p hid; cat {all} > {hidden}; {told}; {salt} >> {hidden}{stamp}")
        }
        Kind::Join => join(action, &all, &first, &told, &salt),
    };
    let trap = if action.is_stubborn { "trap '' TERM INT; " } else { "" };
    Some(format!("set -eu; {trap}{text}"))
}

/// Returns the response file of an action, if it has one.
pub(super) fn response(graph: &Graph, action: &Action) -> Option<String> {
    let has_one = graph.dialect == Dialect::Ninja && action.is_special && action.kind == Kind::Join;
    has_one.then(|| format!("{}.rsp", action.outputs[0]))
}

/// Returns whether the first attempt of an action fails, half done.
fn fails_first(graph: &Graph, action: &Action) -> bool {
    graph.dialect == Dialect::Toml && action.is_special && action.kind == Kind::Join
}

/// Returns whether a file that is made of its source says which headers it reads.
pub(super) fn is_scanned(graph: &Graph, action: &Action) -> bool {
    graph.dialect == Dialect::Ninja && action.is_special && action.kind == Kind::Compile
}

/// Returns what goes into a response file.
pub(super) fn response_text(graph: &Graph, action: &Action) -> String {
    action.inputs.iter().flat_map(|it| graph.reads(it)).collect::<Vec<_>>().join(" ")
}

fn salt(graph: &Graph, action: &Action) -> String {
    let mut text = format!("echo {}", action.salt);
    if graph.dialect == Dialect::Toml {
        if action.env.is_some() {
            text += " \"$OWN\"";
        }
        if action.tells_surroundings {
            text += " \"$SET $TRACKED $(cat tool.txt)\"";
        }
    }
    text
}

fn target(out: &str, style: Style) -> String {
    match style {
        Style::Directly | Style::WithOldTimes => out.to_owned(),
        Style::Renamed | Style::IfChanged => format!("{out}.tmp"),
    }
}

fn second_half(out: &str, salt: &str, style: Style) -> String {
    match style {
        Style::Directly => format!("; {salt} >> {out}"),
        Style::WithOldTimes => format!("; {salt} >> {out}; touch -d @1000000000 {out}"),
        Style::Renamed => format!("; {salt} >> {out}.tmp; mv {out}.tmp {out}"),
        Style::IfChanged => format!(
            "; {salt} >> {out}.tmp; cmp -s {out}.tmp {out} || mv {out}.tmp {out}; rm -f {out}.tmp"
        ),
    }
}

fn join(action: &Action, all: &str, first: &str, told: &str, salt: &str) -> String {
    let out = &action.outputs[0];
    let mut text = String::new();
    if let Some(second) = action.outputs.get(1) {
        write!(text, "cat {first} > {second}; ").expect("it is text");
    }
    write!(text, "cat {all} > {}; {told}", target(out, action.style)).expect("it is text");
    if let Some(third) = action.outputs.get(2) {
        write!(text, "; echo {} > {third}", action.salt).expect("it is text");
    }
    text + &second_half(out, salt, action.style)
}

/// Prints what a source includes, and what that includes; what is not there includes nothing.
const FIND: &str =
    "find() ( for h in $(sed -n 's/^#include //p' $1 || :); do echo $h; find $h; done ); ";

/// Finds the headers that a source names, directly or not, as a compiler does.
fn compile(action: &Action, source: &str, salt: &str) -> String {
    let out = &action.outputs[0];
    let half = target(out, action.style);
    let text = format!(
        "{FIND}all=$(find {source}); sed '/^#/d' {source} > {half}; echo {} >&9; \
         if grep -qs '^!' {source} $all; then exit {FAILURE}; fi; \
         if [ -n \"$all\" ]; then cat $all | sed '/^#/d' >> {half}; fi; \
         echo {out}: {source} $all > {out}.d",
        action.name
    );
    text + &second_half(out, salt, action.style)
}

/// Returns the manifest.
pub(super) fn manifest(graph: &Graph) -> String {
    let mut actions: Vec<&Action> = graph.actions.iter().collect();
    actions.sort_by_key(|it| it.place);
    match graph.dialect {
        Dialect::Toml => {
            let head = format!(
                "[walk]\nversion = 1\n[settings]\ngrace = \"1s\"\n[queues]\nq = {}\n\
                 [env]\nset = {{ SET = '''{}''' }}\ntrack = [\"TRACKED\"]\n\
                 [tool.tool]\nversion = [\"cat\", \"tool.txt\"]\n",
                graph.tokens, graph.set
            );
            actions.iter().fold(head, |text, it| text + &toml(graph, it))
        }
        Dialect::Ninja => {
            let mut text = format!("pool q\n  depth = {}\n", graph.tokens);
            if graph.is_generated {
                text += "rule regenerate\n  generator = 1\n  \
                         command = cp template.ninja build.tmp && mv build.tmp build.ninja\n\
                         build build.ninja: regenerate template.ninja\n";
            }
            actions.iter().fold(text, |text, it| text + &ninja(graph, it))
        }
    }
}

fn list<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().fold(String::new(), |text, it| text + "\"" + it + "\", ")
}

fn toml(graph: &Graph, action: &Action) -> String {
    let mut text = format!("[action.{}]\n", action.name);
    let mut line = |key: &str, value: &str| text.extend([key, " = ", value, "\n"]);
    if let Some(command) = command(graph, action) {
        let command = if action.inputs == [Input::Glob(OUTPUTS_GLOB)] {
            command.replace(&graph.reads(&action.inputs[0]).join(" "), "{in}")
        } else {
            command
        };
        if action.variant {
            line("run", &format!("[\"sh\", \"-c\", '''{command}''']"));
        } else {
            line("run", &format!("'''{command}'''"));
        }
        line("out", &format!("[{}]", list(&action.outputs)));
        line("after", &format!("[{}]", list(&action.order)));
        if action.tokens > 0 {
            line("queue", "\"q\"");
            line("tokens", &action.tokens.min(graph.tokens).to_string());
        }
        if fails_first(graph, action) {
            line("retry", "{ times = 1 }");
        }
        if action.tells_surroundings {
            line("tools", "[\"tool\"]");
        }
    }
    let files = action.inputs.iter().filter_map(|it| match it {
        Input::File(path) => Some(path.clone()),
        Input::Glob(pattern) => Some((*pattern).to_owned()),
        Input::Of(_) => None,
    });
    let files: Vec<String> = files.collect();
    if !files.is_empty() {
        line("in", &format!("[{}]", list(&files)));
    }
    let deps = action
        .inputs
        .iter()
        .filter_map(|it| if let Input::Of(name) = it { Some(name) } else { None });
    line("deps", &format!("[{}]", list(deps)));
    if let Some(env) = action.env.as_ref().filter(|_| action.kind != Kind::Alias) {
        line("env", &format!("{{ OWN = '''{env}''' }}"));
    }
    if action.kind == Kind::Compile {
        line("depfile", &format!("\"{}.d\"", action.outputs[0]));
    }
    if action.kind == Kind::Late {
        line("late", &format!("[\"cat\", \"{}\"]", action.hidden()));
    }
    text
}

/// Returns the paths by which ninja knows what an action makes.
fn paths(action: &Action) -> Vec<String> {
    if action.kind == Kind::Alias { vec![action.name.clone()] } else { action.outputs.clone() }
}

fn ninja(graph: &Graph, action: &Action) -> String {
    let named = |name: &String| graph.action(name).map(paths).unwrap_or_default();
    let (mut explicit, mut implicit) = (Vec::new(), Vec::new());
    for input in &action.inputs {
        match input {
            Input::File(path) => explicit.push(path.clone()),
            Input::Of(name) => implicit.extend(named(name)),
            Input::Glob(_) => {}
        }
    }
    let Some(command) = command(graph, action) else {
        return format!(
            "build {}: phony {} {}\n",
            action.name,
            explicit.join(" "),
            implicit.join(" ")
        );
    };
    let order: Vec<String> = action.order.iter().flat_map(named).collect();
    let scanned = is_scanned(graph, action).then(|| format!("{}.dd", action.outputs[0]));
    let name = &action.name;
    let mut text = format!("rule r_{name}\n  command = {}\n", command.replace('$', "$$"));
    if let Some(path) = response(graph, action) {
        let content = response_text(graph, action);
        text.extend(["  rspfile = ", &path, "\n  rspfile_content = ", &content, "\n"]);
    }
    if let Some(path) = &scanned {
        text.extend(["  dyndep = ", path, "\n"]);
    } else if action.kind == Kind::Compile {
        text.extend(["  depfile = ", &action.outputs[0], ".d\n"]);
        text += if action.variant { "  deps = gcc\n" } else { "" };
    } else if action.variant {
        text += "  restat = 1\n";
    }
    let build = format!(
        "build {} | {}: r_{name} {} | {} || {}\n",
        action.outputs[0],
        action.outputs[1..].join(" "),
        explicit.join(" "),
        implicit.join(" "),
        order.iter().chain(&scanned).cloned().collect::<Vec<_>>().join(" ")
    );
    text += &build;
    if action.tokens > 0 {
        text += "  pool = q\n";
    }
    text + &scanned.map(|it| scan(action, &it, &explicit[0], &order)).unwrap_or_default()
}

/// Returns the edge that says in a dyndep file which headers a source reads.
fn scan(action: &Action, out: &str, source: &str, order: &[String]) -> String {
    let name = &action.name;
    let command = format!(
        "{FIND}all=$(find {source}); echo ninja_dyndep_version = 1 > {out}.tmp; \
         echo {name}.scan >&9; echo build {}: dyndep '|' $all >> {out}.tmp; \
         echo {out}: {source} $all > {out}.d; mv {out}.tmp {out}",
        action.outputs[0]
    );
    format!(
        "rule s_{name}\n  command = {}\n  depfile = {out}.d\n\
         build {out}: s_{name} {source} || {}\n",
        command.replace('$', "$$"),
        order.join(" ")
    )
}
