//! What pipelines use: reports, signatures, statements, and whole pipelines.

mod action;
mod pipeline;
mod provenance;
mod reports;
mod sign;
#[path = "../support/mod.rs"]
mod support;
