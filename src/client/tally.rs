//! Counting requests together with other processes of this machine: the platform counts what all of
//! them ask (platform.md §12).

use std::time::Duration;

use super::limits::Rate;
use crate::model::workspace::WorkspaceId;

/// A count that several processes share.
pub trait Tally: std::fmt::Debug + Send + Sync {
    /// Counts a request of a class if it may be sent now, and gives it a number.
    ///
    /// # Errors
    /// If the count can't be kept.
    fn take(&self, class: &str, rate: Rate) -> Result<Turn, TallyError>;

    /// Says that a request was answered, or given up.
    fn answered(&self, number: i64);

    /// Says whose the token is that asks: the platform counts by workspace and not by token
    /// (platform.md §12), so that other tokens of the same one count together from then on.
    fn belongs_to(&self, workspace: WorkspaceId);
}

/// Whether a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It may, and has this number.
    Counted(i64),
    /// Not before so long.
    Wait(Duration),
}

/// The count can't be kept, and each process keeps its own.
#[derive(Debug, thiserror::Error)]
#[error("requests are not counted together with those of other processes")]
pub struct TallyError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
