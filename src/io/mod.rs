//! The edges to local files: project folders and package zips.

pub mod archive;
pub mod source;
pub mod spill;
pub mod tree;
