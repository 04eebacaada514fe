//! Pushing a connector's source into a workspace, where it becomes a new version.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operate::ATTEMPTS;
use super::source::finding;
use crate::connector_source::{Interface, InterfaceError};
use crate::model::finding::Severity;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::workspace::{Address, Inventory, Timestamp};
use crate::ops::diagnostics::Diagnostic;
use crate::plan::push::{
    LogoFormat, NewLogo, PushEffect, PushError, Source, VersionText, push as plan,
};
use crate::workspace::{ContentError, Listed, MemoryContents, Outline, Workspace, WorkspaceError};

/// A source to push.
#[derive(Clone, Debug)]
pub struct PushRequest {
    /// The connector's title.
    pub title: ConnectorTitle,
    /// What the source's file is called.
    pub file: String,
    /// The source.
    pub source: Vec<u8>,
    /// What its author notes of this version.
    pub note: Option<String>,
    /// What the connector is, if that is to be said anew.
    pub description: Option<String>,
    /// The name and the bytes of a new picture.
    pub logo: Option<(String, Vec<u8>)>,
}

/// What `connector push` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorPushDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector's title.
    pub title: ConnectorTitle,
    /// How recipes of the workspace spell it.
    pub internal_name: InternalName,
    /// The version that is the newest now; unknown where the platform does not tell.
    pub version: Option<Version>,
    /// What was done.
    pub effect: PushEffect,
    /// The version that recipes run; none before the first release.
    pub released: Option<Version>,
    /// The digest of the source.
    pub code: Digest,
    /// What is wrong with the source.
    pub findings: Vec<Diagnostic>,
}

/// A source could not be pushed; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PushFailure {
    /// The workspace can't be read or written.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// It takes no connectors.
    #[error(transparent)]
    Refused(#[from] PushError),
    /// The platform takes no such source.
    #[error("{error}")]
    Source {
        /// What is wrong with it.
        error: InterfaceError,
        /// The same in its place.
        finding: Box<Diagnostic>,
    },
    /// The picture is of no sort that the platform takes.
    #[error("{file} is neither PNG nor JPEG")]
    Logo {
        /// The picture's file.
        file: String,
    },
}

/// Makes a new version of the workspace's own connector of that title, unless the newest one is the
/// same. It is not released.
///
/// # Errors
/// If the source or the picture can't be one, the workspace is a customer's, or it can't be read or
/// written.
pub fn push(
    workspace: &mut dyn Workspace,
    address: &Address,
    request: &PushRequest,
    at: Timestamp,
) -> Result<ConnectorPushDocument, PushFailure> {
    let findings = look_at(request)?;
    let mut brought = MemoryContents::default();
    let source = Source {
        title: request.title.clone(),
        code: brought.put(&request.source).map_err(WorkspaceError::from)?,
        note: request.note.clone(),
        description: request.description.clone(),
        logo: match &request.logo {
            Some((file, bytes)) => Some(NewLogo {
                format: LogoFormat::of(bytes)
                    .ok_or_else(|| PushFailure::Logo { file: file.clone() })?,
                content: brought.put(bytes).map_err(WorkspaceError::from)?,
                file_name: file.clone(),
            }),
            None => None,
        },
    };
    let titles: BTreeSet<ConnectorTitle> = std::iter::once(source.title.clone()).collect();
    let wanted = Outline {
        newest: titles.clone(),
        titles,
        ..Outline::of([Listed::Connectors])
    };
    let mut attempt = 1;
    loop {
        let inventory = workspace.outline(&wanted)?;
        let latest = latest(workspace, &inventory, &source.title)?;
        let push = plan(&inventory, &source, &latest, at)?;
        let mut document = ConnectorPushDocument {
            workspace: address.clone(),
            title: source.title.clone(),
            internal_name: push.internal_name,
            version: Some(push.version),
            effect: push.effect,
            released: push.released,
            code: source.code,
            findings: findings.clone(),
        };
        if push.commit.changes.is_empty() {
            return Ok(document);
        }
        brought
            .put(push.json.as_bytes())
            .map_err(WorkspaceError::from)?;
        match workspace.commit(&push.commit, &mut brought) {
            Ok(_) => {
                // A platform that names and numbers by itself may do it otherwise.
                let after = workspace.outline(&wanted)?.connectors;
                if let Some(held) = after.iter().find(|held| held.title == source.title) {
                    document.internal_name = held.internal_name.clone();
                    document.version = held.newest();
                    document.released = held.released;
                }
                return Ok(document);
            }
            Err(WorkspaceError::Stale { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// What does not parse can be pushed: the platform keeps it too, and only does not release it.
fn look_at(request: &PushRequest) -> Result<Vec<Diagnostic>, PushFailure> {
    let Err(error) = Interface::read(&request.source) else {
        return Ok(Vec::new());
    };
    let tell = |severity| finding(&request.file, &request.source, &error, severity);
    match error {
        InterfaceError::TooLarge { .. } | InterfaceError::NotUtf8(_) => {
            let finding = Box::new(tell(Severity::Error));
            Err(PushFailure::Source { finding, error })
        }
        InterfaceError::TooMuch { .. }
        | InterfaceError::Syntax { .. }
        | InterfaceError::NotAConnector { .. }
        | InterfaceError::NoThread(_)
        | InterfaceError::NotBuiltIn => Ok(vec![tell(Severity::Warning)]),
    }
}

/// What the JSON of the newest version says.
fn latest(
    workspace: &dyn Workspace,
    inventory: &Inventory,
    title: &ConnectorTitle,
) -> Result<VersionText, WorkspaceError> {
    let mut connectors = inventory.connectors.iter();
    let held = connectors.find(|held| held.title == *title);
    let Some(json) = held.and_then(|held| held.latest()?.json) else {
        return Ok(VersionText::default());
    };
    let mut bytes = Vec::new();
    workspace.content(&json, &mut bytes)?;
    Ok(version_text(&json, &bytes)?)
}

/// What the JSON of a version says.
pub(crate) fn version_text(json: &Digest, bytes: &[u8]) -> Result<VersionText, ContentError> {
    VersionText::parse(bytes).map_err(|error| ContentError {
        digest: *json,
        source: error.into(),
    })
}
