//! The form of the language: words, texts with `$`, and errors that show the place.
//!
//! Nothing here knows what a statement means. A manifest and a dyndep file are read with the
//! same scanner.

mod canonical;
mod error;
mod quote;
mod scanner;

pub use canonical::canonical;
pub(crate) use canonical::is_canonical;
pub use error::{Excerpt, Place, ReadError};
pub(crate) use error::{file_error, in_words, line_number};
pub(crate) use quote::{push_quoted, with_braces};
pub(crate) use scanner::{Escape, Raw, Scanner, Token, Wrong, escape};
