//! What things are: pure values, without files, clock, environment or terminal.

pub mod catalogue;
pub mod choice;
pub mod ident;
pub mod path;
pub mod place;
pub mod target;
