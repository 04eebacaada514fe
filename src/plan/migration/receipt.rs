//! What a migration has done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ChangedAddress;
use crate::model::ident::Digest;
use crate::model::workspace::{AssetId, RevisionNumber, Timestamp};

/// What a migration has done so far. Each step is written down before it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MigrationReceipt {
    /// The seal of the plan.
    pub plan: Option<Digest>,
    /// The imports, the oldest first.
    #[serde(default)]
    pub imports: Vec<StepTaken>,
    /// The cut-over, once it began.
    #[serde(default)]
    pub cut_over: Option<CutOver>,
    /// That the target is as the source was, once it was seen.
    #[serde(default)]
    pub proof: Option<Proof>,
    /// When recipes were started in the source again, if they were.
    #[serde(default)]
    pub went_back: Option<Timestamp>,
    /// The digest of all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Digest>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepTaken {
    /// When it began.
    pub at: Timestamp,
    /// When it ended; absent where that is not known.
    pub ended: Option<Timestamp>,
    /// The revision that it made; absent where nothing had to be changed.
    pub revision: Option<RevisionNumber>,
    /// What was not as planned afterwards.
    pub astray: Vec<String>,
}

/// That recipes stop in the source and start in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CutOver {
    /// When it began.
    pub began: Timestamp,
    /// The recipes of the source that ran, as they were to stop.
    pub stops: Vec<AssetId>,
    /// When all of them were stopped.
    pub stopped: Option<Timestamp>,
    /// When the same recipes ran in the target.
    pub started: Option<Timestamp>,
}

/// What was compared at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// The digest of what the source held and the package was made of.
    pub held: Digest,
    /// What of the package is otherwise in the target; nothing in a whole migration.
    pub differs: Vec<String>,
    /// How many recipes run in the target.
    pub running: usize,
    /// What others call, with the addresses that the platform tells.
    pub addresses: Vec<ChangedAddress>,
}
