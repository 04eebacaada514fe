//! Why a customer's workspace can't be asked.

use std::time::Duration;

/// A member can't be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// That is its own affair: it is held.
    Held(String),
    /// That counts as a failure.
    Failed(String),
    /// That passes by itself.
    Later {
        /// Why.
        why: String,
        /// For how long the platform asks to wait, if it does.
        wait: Option<Duration>,
    },
}

impl Unreachable {
    /// Why, whatever it counts as.
    pub fn why(self) -> String {
        match self {
            Self::Held(why) | Self::Failed(why) | Self::Later { why, .. } => why,
        }
    }
}
