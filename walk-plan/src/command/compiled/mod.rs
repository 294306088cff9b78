//! A plan as a file: to walk a part of it without reading the rest.
//!
//! Beside the [memo](super::memo) of what a walk depended on lies the graph that it walked: who
//! reads and makes which file, who comes before whom, and each command as it is in the plan. When
//! some files have changed, the few actions that this may concern are found in the lists, and a
//! plan of their own is made and walked; the others are up to date for the reason they were so
//! before. Who is concerned is a question of what leads where, and is answered too broadly rather
//! than too narrowly; what becomes of them is decided by the walk, as ever.

mod field;

mod graph;
mod record;

mod cone;
mod part;

#[cfg(fuzzing)]
mod fuzzing;

#[cfg(fuzzing)]
pub use fuzzing::graph as fuzz;
pub use part::{Partial, Rest};

pub(super) use cone::Flag;
pub(super) use graph::{Draft, Graph};
pub(super) use part::{Known, flag};
