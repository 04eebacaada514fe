//! Workspaces in memory and in the local platform: imports, operations, history, and what survives.

mod approval;
mod catalog;
mod contract;
mod faults;
mod fleet;
mod history;
mod import;
mod killed;
mod ledger;
mod local_platform;
mod operate;
mod other_writer;
mod round_trip;
mod second_import;
#[path = "../support/mod.rs"]
mod support;
mod workspace_export;
