//! The decision record: what lies beside a package and says how it came to be.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifest::{Allowance, Level, SelectListing};
use crate::model::catalogue::{
    Catalogue, CatalogueEntry, Extent, ListedTwice, NoCatalogue, SharedConnectors, Teller,
};
use crate::model::finding::{Code, Counts};
use crate::model::ident::{ConnectorTitle, DataCenter, Digest, TargetName, TypeWord};
use crate::model::path::PackagePath;
use crate::model::project::Origin;
use crate::model::table::PackedRows;
use crate::model::target::{ConnectorPolicy, TargetKind};
use crate::model::visible;
use crate::plan::decision::{ConnectorDecision, ItemRule};
use crate::plan::export::Destination;
use crate::plan::export::rewrite::Edits;

pub use crate::model::contents::content_digest;

/// Where a package's decision record lies if nobody says otherwise.
pub fn record_path(package: &Path) -> PathBuf {
    let mut name = package.file_stem().unwrap_or_default().to_owned();
    name.push(".recipack.json");
    package.with_file_name(name)
}

/// The version of the record's format that this program writes. Format 1 spells a decision's key
/// `catalog` otherwise, and says the same.
pub const FORMAT: u32 = 2;

/// What lies beside a package, as `<name>.recipack.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRecord {
    /// The version of this format.
    pub format: u32,
    /// The program that made the package, with its version.
    pub generator: String,
    /// The package.
    pub package: PackageRecord,
    /// Where it goes.
    pub target: TargetRecord,
    /// What it was made from.
    pub project: ProjectRecord,
    /// What was asked for.
    pub request: RequestRecord,
    /// The catalogue that the rule went by.
    pub catalog: Option<CatalogRecord>,
    /// What was decided about each connector.
    pub connectors: Vec<ConnectorDecision>,
    /// The package's entries, in their order.
    pub entries: Vec<EntryRecord>,
    /// The project's files that are not in the package.
    pub left_out: Vec<LeftOutRecord>,
    /// How many findings there were.
    pub findings: Counts,
    /// How many of them had each code; absent in records of versions before 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding_codes: Option<BTreeMap<Code, usize>>,
    /// The findings that there would have been, were they not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowance>,
}

/// The package that a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageRecord {
    /// Its file name.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// SHA-256 of a line `<sha256>  <path>` for each entry: it does not depend on the compressor.
    pub content_digest: Digest,
}

/// Where a package goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetRecord {
    /// The target's name in the manifest.
    pub name: Option<TargetName>,
    /// A customer of the partner, or any other account.
    pub kind: TargetKind,
    /// Its data center.
    pub data_center: Option<DataCenter>,
}

impl From<&Destination> for TargetRecord {
    fn from(destination: &Destination) -> Self {
        let Destination {
            name,
            kind,
            data_center,
            origin: _,
        } = destination.clone();
        Self {
            name,
            kind,
            data_center,
        }
    }
}

/// What a package was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectRecord {
    /// The folder's or the package's name.
    pub name: String,
    /// Which of the two it is.
    pub origin: OriginRecord,
    /// The commit that was checked out, where it holds the project; absent also where it can't be told.
    pub commit: Option<String>,
    /// Whether any of its files has other bytes than in that commit, or is only there or only here;
    /// absent where that was not found out.
    pub dirty: Option<bool>,
}

/// Which sort of place a project was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OriginRecord {
    /// A folder.
    Folder,
    /// A package.
    Package,
}

impl From<Origin> for OriginRecord {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Folder => Self::Folder,
            Origin::Package => Self::Package,
        }
    }
}

/// What was asked for: enough to make the package again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRecord {
    /// Which assets.
    pub select: SelectListing,
    /// What was said about connectors.
    pub words: BTreeMap<ConnectorTitle, ConnectorPolicy>,
    /// What was said in place of a catalogue: `none` for a partner who shares nothing. Absent if a
    /// catalogue was given, or nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<NoCatalogue>,
    /// What became of the rows of tables; absent if they were packed as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<PackedRows>,
    /// What was said about how much findings matter, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<Code, Level>,
    /// What the display names of assets of a type had to match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub naming: BTreeMap<TypeWord, String>,
}

/// The catalogue that a package was made by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogRecord {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Whether it was a page of a longer list; absent if it was the whole.
    #[serde(default, skip_serializing_if = "Extent::is_whole")]
    pub extent: Extent,
    /// Who told it; absent if it was a file.
    #[serde(default, skip_serializing_if = "Teller::is_file")]
    pub told_by: Teller,
    /// What it said.
    pub connectors: Vec<CatalogueEntry>,
}

impl From<&Catalogue> for CatalogRecord {
    fn from(catalogue: &Catalogue) -> Self {
        Self {
            sha256: catalogue.digest(),
            extent: catalogue.extent(),
            told_by: catalogue.told_by(),
            connectors: catalogue.entries().to_vec(),
        }
    }
}

/// An entry of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryRecord {
    /// Its path.
    pub path: PackagePath,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Why it is in.
    pub rule: Cow<'static, str>,
    /// What the rule went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What was changed in it; absent if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<Edits>,
}

/// A file of the project that is not in the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutRecord {
    /// Its path in the project.
    pub path: String,
    /// Why it is not in.
    pub rule: String,
    /// What the rule went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl LeftOutRecord {
    /// The record of a decision.
    pub fn of(path: &str, rule: &ItemRule) -> Self {
        Self {
            path: path.to_owned(),
            rule: rule.as_str().to_owned(),
            because: rule.because(),
        }
    }
}

/// A record that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not what this program writes.
    #[error("no decision record")]
    Json(#[from] serde_json::Error),
    /// It is of a later format.
    #[error("the record's format is {found}, this program knows up to {FORMAT}")]
    TooNew {
        /// The format's number.
        found: u64,
    },
    /// Its catalogue contradicts itself.
    #[error("the record's catalogue: {0}")]
    Catalogue(#[source] ListedTwice),
    /// Its selection can't be read.
    #[error("the record's selection: {0}")]
    Selection(String),
    /// A pattern of names can't be read.
    #[error("the record's naming rules: {0}")]
    Naming(String),
}

impl DecisionRecord {
    /// What was known of the shared connectors when the package was made.
    ///
    /// # Errors
    /// If the catalogue contradicts itself.
    pub fn shared(&self) -> Result<SharedConnectors, RecordError> {
        let Some(catalog) = &self.catalog else {
            return Ok(match self.request.catalog {
                Some(NoCatalogue::None) => SharedConnectors::None,
                None => SharedConnectors::Unknown,
            });
        };
        Catalogue::from_entries(catalog.sha256, catalog.connectors.clone())
            .map(|catalogue| {
                let catalogue = catalogue.with_extent(catalog.extent);
                SharedConnectors::Listed(catalogue.with_teller(catalog.told_by))
            })
            .map_err(RecordError::Catalogue)
    }

    /// Reads a record, of any format that is known.
    ///
    /// # Errors
    /// If it is of a later format, or no record.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
        }
        // The format is read first: a later one may differ in everything else.
        let Head { format } = serde_json::from_slice(bytes)?;
        if format > u64::from(FORMAT) {
            return Err(RecordError::TooNew { found: format });
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The record as a file.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        Ok(visible::json(self)?.into_bytes())
    }

    /// Writes the record as a file, without holding all of it as text.
    ///
    /// # Errors
    /// If `to` can't be written to.
    pub fn write(&self, to: impl io::Write) -> io::Result<()> {
        visible::write_json(self, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_format_is_told_from_no_record() {
        let later = DecisionRecord::parse(br#"{"format": 1000, "anything": "else"}"#);
        assert_eq!(
            later.expect_err("too new").to_string(),
            "the record's format is 1000, this program knows up to 2"
        );
        assert_eq!(
            DecisionRecord::parse(b"{}")
                .expect_err("no record")
                .to_string(),
            "no decision record"
        );
    }
}
