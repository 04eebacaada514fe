//! Comparing the interfaces of two versions of a connector.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::finding;
use crate::connector_source::Interface;
use crate::connector_source::compare::{InterfaceDiff, compare};
use crate::model::finding::Severity;
use crate::model::ident::{ConnectorTitle, Digest, Version};
use crate::ops::diagnostics::Diagnostic;
use crate::plan::resolve;
use crate::plan::resolve::{Available, ResolveError};
use crate::workspace::{Listed, Outline, Workspace, WorkspaceError};

/// A source to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What it is called: a file's path, or `TITLE@N`.
    pub name: String,
    /// Its bytes.
    pub source: Vec<u8>,
}

/// What `connector diff` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorDiffDocument {
    /// The old version.
    pub old: ComparedSource,
    /// The new version.
    pub new: ComparedSource,
    /// What differs.
    pub diff: InterfaceDiff,
}

/// A source that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedSource {
    /// What it is called: a file's path, or `TITLE@N`.
    pub name: String,
    /// The digest of its bytes.
    pub source: Digest,
}

/// Two sources could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorDiffError {
    /// The workspace can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The title means none, or several.
    #[error(transparent)]
    Pick(#[from] ResolveError),
    /// There is no such version.
    #[error("the connector \"{title}\" has no {version}")]
    NoVersion {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
        /// The versions that are there.
        there: Vec<Version>,
    },
    /// Its code is not known: a catalogue holds versions, not code.
    #[error("the code of {version} of the connector \"{title}\" is not known")]
    NoCode {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
    },
    /// Sources that can't be read; never none.
    #[error("the sources can't be compared")]
    Source(Vec<Diagnostic>),
}

/// The source of a version of a connector that a workspace has.
///
/// # Errors
/// If there is none, or it is not known.
pub fn source_of(
    workspace: &dyn Workspace,
    named: &str,
    version: Version,
) -> Result<Compared, ConnectorDiffError> {
    let lists = Outline::of([Listed::Connectors]);
    let inventory = workspace.outline(&lists)?;
    let available = resolve::available(
        &inventory.connectors,
        inventory.shared.as_ref(),
        &inventory.workspace.data_center,
    );
    let connector = resolve::connector(&available, named)?;
    let title = connector.title().clone();
    let held = match connector {
        Available::Own(own) => own.version(version).ok_or_else(|| own.versions.iter()),
        Available::Shared(_) => return Err(ConnectorDiffError::NoCode { title, version }),
    };
    let held = match held {
        Ok(held) => held,
        Err(versions) => {
            return Err(ConnectorDiffError::NoVersion {
                title,
                version,
                there: versions.map(|held| held.number).collect(),
            });
        }
    };
    let Some(code) = held.code else {
        return Err(ConnectorDiffError::NoCode { title, version });
    };
    let mut source = Vec::new();
    workspace.content(&code, &mut source)?;
    Ok(Compared {
        name: format!("{title}@{}", version.0),
        source,
    })
}

/// Compares two sources.
///
/// # Errors
/// If one can't be read.
pub fn diff(old: &Compared, new: &Compared) -> Result<ConnectorDiffDocument, ConnectorDiffError> {
    let read = |compared: &Compared| {
        Interface::read(&compared.source).map_err(|error| {
            Box::new(finding(
                &compared.name,
                &compared.source,
                &error,
                Severity::Error,
            ))
        })
    };
    let of = |compared: &Compared| ComparedSource {
        name: compared.name.clone(),
        source: Digest::of(&compared.source),
    };
    match (read(old), read(new)) {
        (Ok(a), Ok(b)) => Ok(ConnectorDiffDocument {
            old: of(old),
            new: of(new),
            diff: compare(&a, &b),
        }),
        (a, b) => Err(ConnectorDiffError::Source(
            [a.err(), b.err()]
                .into_iter()
                .flatten()
                .map(|told| *told)
                .collect(),
        )),
    }
}
