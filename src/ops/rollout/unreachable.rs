//! Why a customer's workspace can't be asked.

/// A member can't be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// That is its own affair: it is held.
    Held(String),
    /// That counts as a failure.
    Failed(String),
}

impl Unreachable {
    /// Why, whatever it counts as.
    pub fn why(self) -> String {
        match self {
            Self::Held(why) | Self::Failed(why) => why,
        }
    }
}
