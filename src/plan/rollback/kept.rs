//! What this program keeps itself of an import into a workspace that tells nobody its earlier states:
//! what was there before, and what was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, AssetKey, FolderPath, HeldState, RevisionHeader, RevisionNumber,
};
use crate::plan::import::history::Recorded;
use crate::plan::landing::Landing;

/// What is kept of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptImport {
    /// The package as it was sent; none if nothing was sent.
    pub uploaded: Option<Digest>,
    /// The package as somebody reviewed it, where recipes of it were merged with what was changed in the
    /// workspace before it was sent: later changes are seen against that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Digest>,
    /// A package of what was there before, as far as it was changed; none if nothing was.
    pub before: Option<Digest>,
    /// The folder that the paths of that one count from.
    pub folder: FolderPath,
    /// The assets that it changed.
    pub assets: Vec<KeptAsset>,
    /// The connectors that it changed.
    pub connectors: Vec<KeptConnector>,
}

/// An asset that an import changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAsset {
    /// Where it lies and what it is called.
    pub key: AssetKey,
    /// How it was before; none if the import created it.
    pub before: Option<KeptBefore>,
}

/// How an asset was before an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBefore {
    /// Its number.
    pub id: AssetId,
    /// Its version, if that is told.
    pub version: Option<Version>,
    /// What was not in its files.
    pub state: HeldState,
    /// Its files in the package of what was there before; none if they could not be kept.
    pub files: Vec<PackagePath>,
}

/// A connector that an import changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptConnector {
    /// Its title.
    pub title: ConnectorTitle,
    /// How it was before; none if the import installed it.
    pub before: Option<KeptRelease>,
}

/// How a connector was before an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRelease {
    /// How the workspace spells it.
    pub internal_name: InternalName,
    /// The version that recipes ran, if that is told.
    pub version: Option<Version>,
    /// Its files in the package of what was there before; none if they could not be kept.
    pub files: Vec<PackagePath>,
}

/// A revision, with what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRevision {
    /// What its plan and its receipt tell.
    pub recorded: Recorded,
    /// The folder that its package went into.
    pub folder: FolderPath,
    /// What else its import was told.
    pub landing: Landing,
    /// What is kept of it.
    pub kept: KeptImport,
}

/// The newest part of a workspace's history, as far as this machine keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHistory {
    /// The revision that is gone back to; none for the workspace before the first.
    pub restored: Option<RevisionHeader>,
    /// The revisions after it, the oldest first.
    pub undone: Vec<KeptRevision>,
    /// The newest revision; 0 if there is none.
    pub newest: RevisionNumber,
}

impl KeptRevision {
    /// Its number.
    pub fn number(&self) -> RevisionNumber {
        self.recorded.header.number
    }
}

/// Each asset that the revisions changed, with the first of them that did.
pub fn first_changes(
    undone: &[KeptRevision],
) -> BTreeMap<&AssetKey, (&KeptRevision, Option<&KeptBefore>)> {
    let mut first = BTreeMap::new();
    for revision in undone {
        for asset in &revision.kept.assets {
            let before = (revision, asset.before.as_ref());
            first.entry(&asset.key).or_insert(before);
        }
    }
    first
}

/// Each connector that the revisions changed, with the first of them that did.
pub fn first_releases(
    undone: &[KeptRevision],
) -> BTreeMap<&ConnectorTitle, (&KeptRevision, Option<&KeptRelease>)> {
    let mut first = BTreeMap::new();
    for revision in undone {
        for connector in &revision.kept.connectors {
            let before = (revision, connector.before.as_ref());
            first.entry(&connector.title).or_insert(before);
        }
    }
    first
}

/// What a revision changed that none after it changed again.
pub fn left_by<'k>(
    revision: &'k KeptRevision,
    later: &[KeptRevision],
) -> (Vec<&'k AssetKey>, Vec<&'k ConnectorTitle>) {
    let assets = revision.kept.assets.iter().filter(|asset| {
        let mut later = later.iter().flat_map(|later| &later.kept.assets);
        !later.any(|other| other.key == asset.key)
    });
    let connectors = revision.kept.connectors.iter().filter(|connector| {
        let mut later = later.iter().flat_map(|later| &later.kept.connectors);
        !later.any(|other| other.title == connector.title)
    });
    (
        assets.map(|asset| &asset.key).collect(),
        connectors.map(|connector| &connector.title).collect(),
    )
}
