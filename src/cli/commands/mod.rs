//! One file a command: from its arguments to its exit code.

pub(crate) mod catalog;
mod catalog_change;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod connection;
pub(crate) mod connector;
mod connector_source;
pub(crate) mod customer;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod manifest;
pub(crate) mod matrix;
pub(crate) mod recipe;
pub(crate) mod resume;
pub(crate) mod rollback;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod verify;
pub(crate) mod why;
pub(crate) mod workspace;
pub(crate) mod workspace_export;
