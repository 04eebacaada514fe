//! Projects and packages: the rule, what is read, written, compared and refused.

mod actions;
mod checks;
mod diff;
mod export;
mod fuzz;
mod graph;
mod hostile;
mod interface;
mod lock;
mod merge;
mod reuse;
mod rule;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
