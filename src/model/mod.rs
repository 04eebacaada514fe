//! What things are: pure values, without files, clock, environment or terminal.

pub mod catalogue;
pub mod choice;
pub mod contents;
pub mod defect;
pub mod facts;
pub mod finding;
pub mod fnmatch;
pub mod git;
pub mod graph;
pub mod ident;
pub mod interface;
pub mod json;
pub mod key_order;
pub mod kind;
pub mod path;
pub mod place;
pub mod project;
pub mod reference;
pub mod roots;
pub mod scan;
pub mod secret;
pub mod slug;
pub mod stamp;
pub mod table;
pub mod target;
pub mod workspace;
