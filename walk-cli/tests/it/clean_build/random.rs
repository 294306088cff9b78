//! Numbers that a seed decides: the same seed gives the same project and the same history.
//!
//! `SplitMix64`, which is a dozen lines, and whose neighbouring seeds have nothing in common.

/// A source of numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Makes one of its own for part `part` of what `seed` decides.
    pub(super) fn new(seed: u64, part: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next() ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("small");
        usize::try_from(self.next() % limit).expect("below the limit")
    }

    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Returns one of these; `None` if there are none.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }

    /// Returns a word of a few letters; now and then one that was there before.
    pub(super) fn word(&mut self) -> String {
        const WORDS: [&str; 8] =
            ["ash", "oak", "elm", "yew", "fir", "beech", "willow\nhazel", "a somewhat longer line"];
        WORDS[self.below(WORDS.len())].to_owned()
    }
}
