//! The candidates for what is being typed.
//!
//! Nothing is said of what is wrong: a manifest that cannot be read has no targets. Of many
//! candidates only the next part is offered, up to a `:` or `/`, as shells do with paths.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};

use walk_plan::{Plan, Run};

use super::question::{Question, What, ask};
use crate::args::Common;
use crate::exit::Exit;
use crate::project::{Project, manifest, state_beside};

/// From how many on only their next part is offered.
const MANY: usize = 200;

/// Candidates, and what each means.
type Candidates = BTreeMap<String, String>;

/// Answers a script: the kind of what may stand there, then a line for each candidate.
pub(crate) fn answer(words: &[OsString]) -> Exit {
    let words: Vec<String> = words.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    // The shell may have gone; there is nobody to tell it to.
    let _ = write(&ask(&words), &mut io::stdout().lock());
    Exit::Done
}

fn write(question: &Question, out: &mut dyn Write) -> io::Result<()> {
    let mut text = match question.what.last() {
        Some(What::File) => "files\n".to_owned(),
        Some(What::Directory) => "directories\n".to_owned(),
        _ => "words\n".to_owned(),
    };
    for what in &question.what {
        let found = part(candidates(what, question), question.start.len());
        for (candidate, meaning) in found {
            let _ = writeln!(text, "{}{candidate}\t{meaning}", question.before);
        }
    }
    out.write_all(text.as_bytes())
}

fn candidates(what: &What, question: &Question) -> Candidates {
    let all: Candidates = match what {
        What::Words(words) => words.iter().cloned().collect(),
        What::Target => targets(&question.common).unwrap_or_default(),
        What::Run => runs(&question.common),
        What::File | What::Directory => Candidates::new(),
    };
    let fits = |it: &(String, String)| {
        it.0.starts_with(&question.start) && !it.0.contains(|it: char| it.is_control())
    };
    all.into_iter().filter(fits).collect()
}

fn targets(common: &Common) -> Option<Candidates> {
    let plan = Project::read(common, None).ok()?.plan;
    let mut found = outputs(&plan);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for action in &plan.actions {
        let meaning = if action.run == Run::Nothing { "alias" } else { "action" };
        found.insert(action.name.to_string(), meaning.into());
        *groups.entry(&action.group).or_default() += usize::from(action.name != action.group);
    }
    let groups = groups.into_iter().filter(|it| it.1 > 0);
    found.extend(groups.map(|(name, count)| (name.to_owned(), format!("{count} actions"))));
    Some(found)
}

fn outputs(plan: &Plan) -> Candidates {
    let outputs = plan.actions.iter().flat_map(|it| &it.outputs);
    let paths = outputs.filter_map(|it| plan.files.path(*it).to_str());
    paths.map(|it| (it.to_owned(), "output".to_owned())).collect()
}

fn runs(common: &Common) -> Candidates {
    let Some(path) = manifest(common) else { return Candidates::new() };
    let records = state_beside(common, &path).run_records();
    let mut found: Candidates =
        records.iter().map(|it| (it.number.to_string(), "run".to_owned())).collect();
    if !found.is_empty() {
        found.insert("last".into(), "the last run".into());
    }
    found
}

/// Returns the candidates, or their next parts if there are many.
fn part(candidates: Candidates, start: usize) -> Candidates {
    if candidates.len() <= MANY {
        return candidates;
    }
    let mut parts: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (candidate, meaning) in candidates {
        let end = candidate[start..].find([':', '/']).map_or(candidate.len(), |it| start + it + 1);
        let part = parts.entry(candidate[..end].to_owned()).or_insert((0, meaning));
        part.0 += 1;
    }
    let word = |(part, (count, meaning)): (String, (usize, String))| {
        let is_whole = !part.ends_with([':', '/']);
        (part, if is_whole { meaning } else { format!("{count} more") })
    };
    parts.into_iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_only_the_next_part_is_offered() {
        let of =
            |names: Vec<String>| names.into_iter().map(|it| (it, "action".to_owned())).collect();
        let few: Candidates = of(vec!["a:b/c".into(), "a:b/d".into()]);
        assert_eq!(part(few.clone(), 0), few);
        let mut many: Vec<String> = (0..300).map(|it| format!("a:b/{it}")).collect();
        many.push("all".into());
        let found = |start| part(of(many.clone()), start).into_iter().collect::<Vec<_>>();
        let expected = [("a:", "300 more"), ("all", "action")];
        assert_eq!(found(0), expected.map(|it| (it.0.to_owned(), it.1.to_owned())));
        assert_eq!(found(1)[0].0, "a:");
    }
}
