//! The ids of the vertices: all of them in one string, found again by a hash table.
//!
//! A graph of a million vertices would hold two million small allocations if it were a
//! map from `String` to vertex beside a list of `String`s. Here it holds three vectors.
//! Ids are added while the graph is described and indexed once, when their number is
//! known. Nothing here knows about edges.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

/// A list of strings that are stored end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

/// A list of distinct strings, each of which can be found by its value.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    texts: Texts,
    /// Open addressing, at most half full: 32 bits of hash, then position + 1; 0 is empty.
    slots: Vec<u64>,
}

impl Texts {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { text: String::new(), ends: Vec::with_capacity(count) }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, position: usize) -> &str {
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        &self.text[start..self.ends[position]]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|position| self.get(position))
    }
}

impl Names {
    /// Indexes `texts`, or returns the first one that repeats an earlier one.
    pub(crate) fn new(texts: Texts) -> Result<Self, String> {
        let slots = vec![0; (texts.len() * 2).next_power_of_two()];
        let mut names = Self { texts, slots };
        for position in 0..names.texts.len() {
            let name = names.texts.get(position);
            match names.probe(name) {
                Ok(_) => return Err(name.to_owned()),
                Err(free) => names.slots[free] = tag(hash(name)) | (position as u64 + 1),
            }
        }
        Ok(names)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.probe(name).ok()
    }

    pub(crate) fn get(&self, position: usize) -> &str {
        self.texts.get(position)
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn into_texts(self) -> Texts {
        self.texts
    }

    /// Returns where `name` is in the list, or else the slot that it would take.
    fn probe(&self, name: &str) -> Result<usize, usize> {
        let hash = hash(name);
        let mask = self.slots.len() - 1;
        let mut at = hash & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            if slot & !POSITION == tag(hash) {
                let position = usize::try_from(slot & POSITION).expect("32 bits") - 1;
                if self.texts.get(position) == name {
                    return Ok(position);
                }
            }
            at = (at + 1) & mask;
        }
    }
}

const POSITION: u64 = u32::MAX as u64;

fn hash(name: &str) -> usize {
    usize::try_from(FxBuildHasher.hash_one(name) & (usize::MAX as u64)).expect("masked")
}

/// The half of a hash that is kept in the slot; the other half chose the slot.
fn tag(hash: usize) -> u64 {
    hash as u64 & !POSITION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Result<Names, String> {
        let mut list = Texts::default();
        for text in texts {
            list.push(text);
        }
        Names::new(list)
    }

    #[test]
    fn each_name_is_found_where_it_was_added() {
        let words: Vec<String> = (0..1000).map(|it| format!("name {it}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let names = names(&words).expect("distinct");
        for (position, word) in words.iter().enumerate() {
            assert_eq!((names.find(word), names.get(position)), (Some(position), *word));
        }
        assert_eq!(names.find("name 1000"), None);
    }

    #[test]
    fn the_empty_list_and_the_empty_name() {
        assert_eq!(names(&[]).expect("distinct").find("a"), None);
        assert_eq!(names(&["", "a"]).expect("distinct").find(""), Some(0));
    }

    #[test]
    fn the_first_repeated_name_is_reported() {
        assert_eq!(names(&["a", "b", "c", "b", "a"]).err().as_deref(), Some("b"));
    }
}
