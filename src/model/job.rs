//! Jobs of recipes: what a recipe did, once for each event that it was started by.

use super::keyword::keyword_enum;
use super::workspace::Timestamp;

/// A job, as the platform tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeJob {
    /// What came of it.
    pub end: JobEnd,
    /// When it began, if that is told.
    pub began: Option<Timestamp>,
    /// When it ended, if that is told.
    pub ended: Option<Timestamp>,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// It did what it was to do.
    Succeeded,
    /// It did not.
    Failed {
        /// Why, in the platform's words, if it says so.
        error: Option<String>,
    },
    /// It has not ended.
    Open,
    /// The platform has a word for it that is not known.
    Unknown {
        /// The word; empty for none.
        word: String,
    },
}

keyword_enum! {
    /// Whether what is told is known to be all that there is.
    pub enum Extent: "word" {
        /// It is.
        All = "all",
        /// There may be more.
        AtLeast = "at-least",
    }
}

/// Jobs of a recipe, from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeJobs {
    /// They, and perhaps some from before.
    pub jobs: Vec<RecipeJob>,
    /// Whether these are all.
    pub extent: Extent,
}
