//! What should happen: pure functions from values to values. Nothing here reads or writes.

pub mod actions;
pub mod by_hand;
pub mod checks;
pub mod commit;
pub mod connectors;
pub mod decision;
pub mod departure;
pub mod diff;
pub mod drawing;
pub mod export;
pub mod gaps;
pub mod history;
pub mod import;
pub mod interface;
pub mod matrix;
pub mod naming;
pub mod operate;
pub mod order;
pub mod pick;
pub mod push;
pub mod rollback;
pub mod rule;
pub mod secrets;
pub mod sharing;
pub mod start;
pub mod transform;
