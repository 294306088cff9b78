//! Results of actions, kept by what they were made of.
//!
//! A [`Question`] says everything that decides over a result: the command, its variables, the
//! contents of its inputs. Its key is the digest of a real `Action` of the Remote Execution API
//! (version 2), so that servers which check what they are given are content; no host and no path of
//! the checkout is in it. [`Cache::restore`] brings outputs into place that somebody made before
//! from the same, [`Cache::keep`] hands over what was just made.
//!
//! What is read is never believed: every blob is checked against its digest, everything is staged
//! before the first output is touched, and whatever goes wrong is a miss. What is written is written
//! in an order in which nothing names what is not there.
//!
//! # What this crate does not do
//!
//! It does not decide whether a result may be kept, and knows no graph. An output that an action
//! writes from what it was not declared to read is as wrong here as it is in any other cache.

mod cache;
mod digest;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key;
mod links;
mod lists;
mod message;
mod outputs;
mod place;
mod programs;
mod question;
mod remote;
mod seen;
mod settings;
mod store;

pub use cache::{Answer, Cache, Found, Kept, Numbers, Source};
pub use error::CacheError;
pub use question::Question;
pub use settings::{Mode, Settings};
