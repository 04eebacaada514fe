//! What a project is checked for beyond the rule, and what a manifest says about it.

#[path = "../support/mod.rs"]
mod support;

mod severities;
