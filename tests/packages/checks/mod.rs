//! What a project is checked for beyond the rule, and what a manifest says about it.

mod quality;
mod severities;
