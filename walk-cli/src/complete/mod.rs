//! Completion of command lines: the scripts, and what they ask while somebody types.
//!
//! A script knows nothing of walk: it hands over the words up to the cursor and shows what comes
//! back (`walk __complete WORD...`). So targets and runs are those that there are, and a newer walk
//! needs no newer script.
//!
//! - `question` finds out what is being typed, by the definition of the command line.
//! - `answer` has the candidates, and is silent about everything that is wrong.
//! - `scripts` has a script for each shell.

mod answer;
mod question;
mod scripts;

pub(crate) use answer::answer;
pub(crate) use scripts::completions;
