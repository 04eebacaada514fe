//! JSON as bytes with a structure on top: strict to read, exact to edit.
//!
//! Packages must keep every byte that nobody asked to change (platform.md §11 counts two dialects),
//! so assets are never parsed into values and written again. [`Tape`] holds where each token of a
//! document stands; [`Node`] walks it; [`Splice`]s replace spans and leave the rest alone.

mod dialect;
mod splice;
mod tape;

pub use dialect::{Dialect, quote};
pub use splice::{Splice, apply, insert_member, remove_member};
pub use tape::{Document, JsonError, MAX_DEPTH, Members, Node, NodeKind, Tape, unescape};

/// Where a byte stands in a text: both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of the byte at `offset`; the end of the text if it is shorter.
    pub fn of(bytes: &[u8], offset: usize) -> Self {
        let before = &bytes[..offset.min(bytes.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        // Bytes that continue a UTF-8 sequence start no character.
        let column = before[start..]
            .iter()
            .filter(|b| **b & 0xc0 != 0x80)
            .count()
            + 1;
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}
