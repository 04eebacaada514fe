//! Where a package comes from and what is in it, in the formats that other tools read: an in-toto
//! statement with SLSA provenance, in a DSSE envelope if it is signed, and a CycloneDX bill of
//! materials.
//!
//! All is taken from the package's decision record, which is compared with the package first. There
//! are no times and no random numbers in it: the same package gives the same bytes.

pub mod bom;
pub mod envelope;
pub mod statement;
pub mod verify;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Observer, Running};
use crate::archive::Limits;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::model::ident::Digest;
use crate::model::visible;
use crate::ops::export::record::DecisionRecord;
use crate::ops::export::record::record_path;
use crate::ops::provenance::verify::{Mismatch, Verification, VerifyError, VerifyRequest, verify};

/// A package and the record that it matches.
#[derive(Clone, Debug)]
pub struct Known {
    /// The package's file name.
    pub name: String,
    /// What checking it showed.
    pub verification: Verification,
    /// The record.
    pub record: DecisionRecord,
    /// The record's file name.
    pub record_name: String,
    /// SHA-256 of the record.
    pub record_digest: Digest,
}

/// A package can't be told of.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// It can't be checked, or has no record.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// It is not as it was recorded.
    #[error("{package} is not as it was recorded: {}: {}", first.subject, first.what)]
    Differs {
        /// The package.
        package: String,
        /// The first thing that does not match.
        first: Mismatch,
    },
}

/// What `attest` and `sbom` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProvenanceDocument {
    /// The package.
    pub package: String,
    /// The file that was written.
    pub output: String,
    /// What it is: `in-toto statement`, `DSSE envelope`, `CycloneDX`.
    pub format: String,
    /// SHA-256 of the package.
    pub sha256: Digest,
    /// SHA-256 of the file that was written.
    pub digest: Digest,
    /// The digest of its manifest in the package's registry, `sha256:…`; absent without `--attach`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<String>,
}

impl Known {
    /// Reads a package and its record, and compares them.
    ///
    /// # Errors
    /// If one can't be read, there is no record, or they don't match.
    pub fn read(
        package: &Path,
        record: Option<PathBuf>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, ProvenanceError> {
        let path = record.unwrap_or_else(|| record_path(package));
        let bytes = match limited::read(&path, DOCUMENT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // A package that is not there either is told first.
                std::fs::metadata(package).map_err(|source| {
                    VerifyError::Source(crate::source::SourceError::Io {
                        path: package.to_owned(),
                        source,
                    })
                })?;
                return Err(VerifyError::NoRecord {
                    package: package.to_owned(),
                }
                .into());
            }
            Err(source) => {
                return Err(
                    VerifyError::Source(crate::source::SourceError::Io { path, source }).into(),
                );
            }
        };
        let record = DecisionRecord::parse(&bytes).map_err(|source| VerifyError::Record {
            path: path.clone(),
            source,
        })?;
        let request = VerifyRequest {
            package: package.to_owned(),
            record: Some(path.clone()),
            rebuild: None,
            signature: None,
            attestation: None,
            limits: Limits::default(),
        };
        let verification = verify(&request, running, observer)?;
        if let Some(first) = verification.mismatches.first() {
            return Err(ProvenanceError::Differs {
                package: package.display().to_string(),
                first: first.clone(),
            });
        }
        let name = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        Ok(Self {
            name: name(package),
            verification,
            record,
            record_name: name(&path),
            record_digest: Digest::of(&bytes),
        })
    }
}

/// A document as a file.
fn file(document: &impl Serialize) -> Result<String, serde_json::Error> {
    visible::json(document)
}
