//! The edges to local files: project folders and package zips.

pub mod archive;
pub mod bounded;
pub mod durable;
pub mod git;
pub mod ignored;
pub mod scratch;
mod sdk;
pub mod signature;
pub mod source;
pub mod spill;
pub mod temporary;
pub mod tree;
