//! What a target gets, as it is now: what a lock holds, and what it is compared with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pack::PackedEntry;
use crate::manifest::lock::{
    LockChange, LockedCatalogue, LockedConnector, LockedSummary, LockedTarget,
};
use crate::model::ident::Digest;
use crate::model::path::PackagePath;
use crate::ops::export::{ExportError, ExportRequest, Prepared};
use crate::ops::read::Opened;
use crate::plan::decision::ConnectorDecision;

/// What `lock` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockDocument {
    /// The lock.
    pub lock: String,
    /// What became of it.
    pub outcome: LockOutcome,
    /// What is locked, or would be.
    pub targets: Vec<LockedSummary>,
    /// What is not as it was locked.
    pub changes: Vec<LockChange>,
}

/// What became of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockOutcome {
    /// It was written.
    Written,
    /// It was right already.
    UpToDate,
    /// It was only compared, and something changed.
    Stale,
}

impl Prepared {
    /// What the target gets, with the digests of the package's entries as `entries`, in their order,
    /// and that of the project as `project`, if it lies in a registry.
    ///
    /// # Errors
    /// If the source of a connector that stays out can't be read.
    pub fn locked(
        &self,
        request: &ExportRequest,
        project: Option<Digest>,
        entries: &[PackedEntry],
    ) -> Result<LockedTarget, ExportError> {
        let planned = self.plan.entries.iter();
        let entries: BTreeMap<PackagePath, Digest> = planned
            .zip(entries)
            .map(|(planned, packed)| (planned.path.clone(), packed.sha256))
            .collect();
        let mut connectors = BTreeMap::new();
        for decision in &self.plan.connectors {
            let catalogue = decision.catalog.as_ref();
            let shared_version = catalogue.and_then(|entry| entry.shared_version.version());
            let connector = LockedConnector {
                rule: decision.rule.as_str().to_owned(),
                version: decision.packaged_version,
                code: self.code(decision, &entries)?,
                shared_version,
                shared_as: catalogue
                    .filter(|_| shared_version.is_some())
                    .map(|entry| entry.internal_name.clone()),
            };
            connectors.insert(decision.connector.clone(), connector);
        }
        Ok(LockedTarget {
            kind: request.destination.kind,
            data_center: request.destination.data_center.clone(),
            catalog: LockedCatalogue::from(&request.shared),
            project,
            connectors,
            entries,
        })
    }

    /// The digest of a connector's source: as it is packed, or as the project has it.
    fn code(
        &self,
        decision: &ConnectorDecision,
        entries: &BTreeMap<PackagePath, Digest>,
    ) -> Result<Option<Digest>, ExportError> {
        let mut files = decision.files.iter();
        let Some(path) = files.find(|path| path.as_str().ends_with(".rb")) else {
            return Ok(None);
        };
        if let Some(packed) = entries.get(path) {
            return Ok(Some(*packed));
        }
        let mut files = self.opened.project.files.iter();
        let Some(file) = files.find(|file| file.path == *path) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let mut reader = self.opened.source.reader();
        match reader.read(file.source, &mut bytes) {
            Ok(()) => Ok(Some(Digest::of(&bytes))),
            Err(source) => Err(ExportError::Read {
                path: path.clone(),
                source,
            }),
        }
    }
}

/// The digests of a package's entries, by their paths, if it was read with digests; entries that are
/// no asset's are not among them, and none of a package that a lock is about.
pub fn entries(opened: &Opened) -> BTreeMap<PackagePath, Digest> {
    let files = opened.project.files.iter();
    files
        .filter_map(|file| Some((file.path.clone(), file.content.as_ref()?.digest?)))
        .collect()
}
