//! What things are: pure values, without files, clock, environment or terminal.

pub mod ident;
pub mod path;
