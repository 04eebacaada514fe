//! The program as a person or a script meets it: commands, help, messages, pages and wrong input.

mod cases;
mod doctor;
mod explain;
mod help;
mod interrupt;
mod output;
mod readme;
mod schemas;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod wrong_input;
mod wrong_manifest;
