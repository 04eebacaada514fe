//! What should happen: pure functions from values to values. Nothing here reads or writes.

pub mod rule;
pub mod transform;
