//! A walk that runs only what changed: fingerprints of words, kept in memory.
//!
//! `cargo run -p walk-core --example fingerprints`

use std::collections::BTreeMap;
use std::error::Error;

use walk_core::{
    Action, Dag, Decision, Fingerprint, Job, JobContext, JobStatus, MemoryStore, Phase, Store,
    Walk, run,
};

struct Sentences {
    words: BTreeMap<String, String>,
    store: MemoryStore,
}

impl Walk for Sentences {
    type Data = ();
    type Error = Box<dyn Error>;

    fn create_job(&mut self, action: &Action<'_, ()>) -> Result<Decision, Self::Error> {
        let uid = action.uid().to_owned();
        Ok(Job::new(move |_: &JobContext| {
            println!("  {uid} runs");
            JobStatus::Success
        })
        .into())
    }

    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
        _: Phase,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        let mut fingerprint = Fingerprint::new();
        if let Some(word) = self.words.get(action.uid()) {
            fingerprint.add("word", word.as_str());
        }
        for it in action.predecessors() {
            if let Some(theirs) = it.new_fingerprint() {
                fingerprint.add(it.uid(), theirs.checksum());
            }
        }
        Ok(Some(fingerprint))
    }

    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        Ok(self.store.load_fingerprint(action.uid())?)
    }

    fn save_fingerprint(
        &mut self,
        action: &Action<'_, ()>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), Self::Error> {
        Ok(self.store.save_fingerprint(action.uid(), fingerprint)?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut dag = Dag::builder();
    dag.add_vertex("subject", (), [""; 0]);
    dag.add_vertex("verb", (), [""; 0]);
    dag.add_vertex("sentence", (), ["subject", "verb"]);
    let dag = dag.build()?;

    let mut walk = Sentences { words: BTreeMap::new(), store: MemoryStore::default() };
    for (title, verb) in [("first", "walks"), ("nothing changed", "walks"), ("a new verb", "runs")]
    {
        println!("{title}:");
        walk.words.insert("verb".into(), verb.into());
        run(&mut walk, &dag)?;
    }
    Ok(())
}
