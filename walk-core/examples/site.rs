//! An executor inside a Rust tool: turns a directory of notes into pages, in parallel, and
//! only those that changed, across runs of the program.
//!
//! `cargo run -p walk-core --example site -- NOTES PAGES`
//!
//! Each note `NOTES/name.txt` becomes `PAGES/name.html`, and all of them an index. The work
//! is closures of this program; no command is spawned. What was done is remembered in
//! `PAGES/.site.db`: the second run does nothing, and after an edit one page is made.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use walk_core::{
    Action, Dag, Decision, Event, Fingerprint, Job, JobContext, JobStatus, Phase, SchedulingParams,
    SqliteStore, Store, Walk, run,
};

/// What a vertex carries: what to make, out of which notes.
struct Page {
    notes: Vec<PathBuf>,
    target: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// The text of its notes.
    Page,
    /// The names of its notes; what they say does not matter.
    Index,
}

struct Site {
    store: SqliteStore,
}

impl Walk for Site {
    type Data = Page;
    type Error = Box<dyn Error>;

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        params.queues.insert("default".into(), 4);
    }

    fn create_job(&mut self, action: &Action<'_, Page>) -> Result<Decision, Self::Error> {
        let Page { notes, target, kind } = action.data();
        let (notes, target, kind) = (notes.clone(), target.clone(), *kind);
        Ok(Job::new(move |cx: &JobContext| {
            match render(&notes, kind).and_then(|text| fs::write(&target, text)) {
                Ok(()) => JobStatus::Success,
                Err(error) => {
                    cx.report(walk_core::Ending::Message(error.to_string()));
                    JobStatus::Failure
                }
            }
        })
        .into())
    }

    /// A page is what its notes say, and what is on disk of it.
    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, Page>,
        _: Phase,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        let mut fingerprint = Fingerprint::new();
        let Page { notes, target, kind } = action.data();
        for note in notes {
            match kind {
                Kind::Page => fingerprint.add_file(note.display().to_string(), note)?,
                Kind::Index => fingerprint.add(note.display().to_string(), "listed"),
            };
        }
        if target.exists() {
            fingerprint.add_file("page", target)?;
        }
        Ok(Some(fingerprint))
    }

    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, Page>,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        Ok(self.store.load_fingerprint(action.uid())?)
    }

    fn save_fingerprint(
        &mut self,
        action: &Action<'_, Page>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), Self::Error> {
        Ok(self.store.save_fingerprint(action.uid(), fingerprint)?)
    }

    fn commit(&mut self) -> Result<(), Self::Error> {
        Ok(self.store.commit()?)
    }

    fn on_event(&mut self, event: &Event<'_, Page>) {
        match event {
            Event::Queued { action, reason: Some(reason), .. } => {
                println!("{}: {reason}", action.uid());
            }
            Event::Finished { action, outcome } => println!("{}: {}", action.uid(), outcome.status),
            _ => {}
        }
    }
}

fn render(notes: &[PathBuf], kind: Kind) -> std::io::Result<String> {
    let mut html = String::new();
    for note in notes {
        match kind {
            Kind::Page => {
                for paragraph in fs::read_to_string(note)?.split("\n\n") {
                    html += &["<p>", paragraph.trim(), "</p>\n"].concat();
                }
            }
            Kind::Index => {
                let name = name(note);
                html += &["<li><a href=\"", &name, ".html\">", &name, "</a></li>\n"].concat();
            }
        }
    }
    Ok(html)
}

fn name(note: &Path) -> String {
    note.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn graph(notes: &Path, pages: &Path) -> Result<Dag<Page>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(notes)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "txt") {
            found.push(path);
        }
    }
    found.sort();
    let mut dag = Dag::builder();
    let mut names = Vec::new();
    for note in &found {
        let name = name(note);
        let target = pages.join(format!("{name}.html"));
        let page = Page { notes: vec![note.clone()], target, kind: Kind::Page };
        dag.add_vertex(&name, page, [""; 0]);
        names.push(name);
    }
    let target = pages.join("index.html");
    dag.add_vertex("(index)", Page { notes: found, target, kind: Kind::Index }, names);
    Ok(dag.build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [notes, pages] = &arguments[..] else { return Err("usage: site NOTES PAGES".into()) };
    fs::create_dir_all(pages)?;
    let dag = graph(notes, pages)?;
    let mut site = Site { store: SqliteStore::open(pages.join(".site.db"))? };
    let report = run(&mut site, &dag)?;
    site.store.finish()?;
    let made = report.actions().iter().filter(|it| it.was_executed()).count();
    println!("{made} of {} made", report.actions().len());
    if report.is_success() { Ok(()) } else { Err("some pages could not be made".into()) }
}
