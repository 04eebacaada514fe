//! What is done in and with workspaces: looking, operating, sharing, exporting them.

pub mod catalog;
pub mod connector_diff;
#[cfg(feature = "local")]
pub mod customers;
pub mod export;
pub mod inspect;
pub mod operate;
pub mod pull;
pub mod push;
pub mod source;
pub mod status;
