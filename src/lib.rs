//! Packs Workato recipes and custom connectors for the workspace they go to.

pub mod cli;
pub mod io;
pub mod manifest;
pub mod model;
pub mod ops;
pub mod parallel;
pub mod plan;
