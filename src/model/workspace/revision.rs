//! The history of a workspace: every import and every rollback is a revision.

use serde::{Deserialize, Serialize};

use super::{AssetId, HeldState, RevisionNumber, Timestamp};
use crate::model::ident::{Digest, Version};
use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// What made a revision.
    pub enum RevisionAction: "action" {
        /// A package was imported.
        Import = "import",
        /// An earlier state was restored.
        Rollback = "rollback",
    }
}

/// What a list of revisions tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RevisionHeader {
    /// Its number.
    pub number: RevisionNumber,
    /// When it was made, in seconds since 1970.
    pub at: Timestamp,
    /// Who made it, as the command line knew it.
    pub who: String,
    /// What made it.
    pub action: RevisionAction,
    /// What it was, in a few words: a package's file name, or the revision that was restored.
    pub subject: String,
    /// The digest of the package, if one was imported.
    pub package: Option<Digest>,
}

/// A revision as a workspace keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What a list tells.
    pub header: RevisionHeader,
    /// The plan, as the JSON document that was shown.
    pub plan: String,
    /// What was done, as a JSON document.
    pub receipt: String,
    /// The assets that it changed, as they were before.
    pub before: Vec<Before>,
}

/// An asset as it was before a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The asset.
    pub asset: AssetId,
    /// Its version; none if the revision created it.
    pub version: Option<Version>,
    /// Its state; that of a new asset if the revision created it.
    pub state: HeldState,
}
