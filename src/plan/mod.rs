//! What should happen: pure functions from values to values. Nothing here reads or writes.

pub mod action_usage;
pub mod by_hand;
pub mod checks;
pub mod commit;
pub mod connectors;
pub mod decision;
pub mod diff;
pub mod export;
pub mod fleet;
pub mod graph_export;
pub mod import;
pub(crate) mod landing;
pub mod naming;
pub mod operate;
pub mod order;
pub mod preconditions;
pub mod promotion;
pub mod push;
pub mod resolve;
pub mod rollback;
pub mod rollout;
pub mod rule;
pub mod secrets;
pub mod sharing;
pub(crate) mod targets;
pub mod workspace_export;
