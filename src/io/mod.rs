//! The edges to local files: project folders and package zips.

pub mod atomic;
pub mod limited;
pub mod scratch;
#[cfg(feature = "local")]
pub mod sqlite;
pub mod system;
pub mod temp_store;
pub mod temporary;
