//! The lock: what a manifest's targets get, to the byte, so that a change is seen before it is
//! shipped.

mod change;
mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::{NoCatalogue, SharedConnectors};
use crate::model::contents::content_digest;
use crate::model::ident::{DataCenter, Digest, InternalName, TargetName, Version};
use crate::model::path::PackagePath;
use crate::model::target::TargetKind;

pub use change::{LockChange, changes};
pub use text::LockError;

/// What a manifest's targets get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The file name of the manifest that it was written for; older locks don't tell.
    pub manifest: Option<String>,
    /// What each target gets, by the target's name.
    pub targets: BTreeMap<TargetName, LockedTarget>,
}

/// What a target gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedTarget {
    /// Whose workspace it is.
    pub kind: TargetKind,
    /// Its data center, where that is known.
    pub data_center: Option<DataCenter>,
    /// What the rule knew of shared connectors.
    pub catalog: LockedCatalogue,
    /// The digest by which a registry has the project, if it lies in one: tags can be moved.
    pub project: Option<Digest>,
    /// The custom connectors that its recipes need, by title; by internal name where no title is
    /// known.
    pub connectors: BTreeMap<String, LockedConnector>,
    /// The SHA-256 of each entry of its package.
    pub entries: BTreeMap<PackagePath, Digest>,
}

/// What the rule knew of shared connectors when a target was locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LockedCatalogue {
    /// Nothing: no catalogue was given.
    #[default]
    Unknown,
    /// The partner shares none, as somebody said.
    None(NoCatalogue),
    /// A catalogue, by its SHA-256.
    Listed(Digest),
}

impl LockedCatalogue {
    const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl From<&SharedConnectors> for LockedCatalogue {
    fn from(shared: &SharedConnectors) -> Self {
        match shared {
            SharedConnectors::Unknown => Self::Unknown,
            SharedConnectors::None => Self::None(NoCatalogue::None),
            SharedConnectors::Listed(catalogue) => Self::Listed(catalogue.digest()),
        }
    }
}

/// What a target gets of a custom connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LockedConnector {
    /// The row of the rule that decided.
    pub rule: String,
    /// Its version in the source workspace, where the project has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// SHA-256 of its source, where the project has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Digest>,
    /// The version that the catalogue shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_version: Option<Version>,
    /// The internal name that the catalogue shares it under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_as: Option<InternalName>,
}

impl LockedTarget {
    /// The digest of its package's contents.
    pub fn content_digest(&self) -> Digest {
        content_digest(&self.entries)
    }
}

/// A target of a lock, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockedSummary {
    /// Its name.
    pub target: TargetName,
    /// How many files its package holds.
    pub files: usize,
    /// How many custom connectors its recipes need.
    pub connectors: usize,
    /// The digest of its package's contents.
    pub content_digest: Digest,
    /// The digest by which a registry has its project; absent if it lies in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_digest: Option<Digest>,
}

impl Lock {
    /// Its targets in short.
    pub fn summary(&self) -> Vec<LockedSummary> {
        let targets = self.targets.iter();
        targets
            .map(|(name, target)| LockedSummary {
                target: name.clone(),
                files: target.entries.len(),
                connectors: target.connectors.len(),
                content_digest: target.content_digest(),
                project_digest: target.project,
            })
            .collect()
    }
}
