//! JSON as bytes with a structure on top: strict to read, exact to edit.
//!
//! Packages must keep every byte that nobody asked to change (platform.md §11 counts two dialects),
//! so assets are never parsed into values and written again. [`Tape`] holds where each token of a
//! document stands; [`Node`] walks it; [`Splice`]s replace spans and leave the rest alone. What a
//! workspace gives out is [printed](print()) anew from the tokens, as the platform does.

mod dialect;
mod print;
mod splice;
mod tape;

pub use dialect::{Dialect, quote};
pub use print::{KeyOrder, print};
pub use splice::{Splice, apply, insert_member, remove_member};
pub use tape::{
    BYTES_A_TOKEN, Document, JsonError, MAX_DEPTH, MOST_TOKENS, Members, Node, NodeKind, Paths,
    TOKENS, Tape, memory_to_read, unescape,
};
