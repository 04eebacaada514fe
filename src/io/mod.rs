//! The edges to local files: project folders and package zips.

pub mod atomic;
pub mod limited;
pub mod scratch;
pub mod system;
pub mod temp_store;
pub mod temporary;
