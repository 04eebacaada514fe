//! From a workspace to the files of its connectors, as the platform lays them out (platform.md §5.4).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::push::version_text;
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::slug::Stem;
use crate::model::workspace::{Address, HeldVersion, VersionsKnown, WorkspaceConnector};
use crate::plan::push::VersionText;
use crate::plan::resolve;
use crate::plan::resolve::{Available, ResolveError};
use crate::workspace::{Listed, Outline, Workspace, WorkspaceError};

/// A connector with its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledConnector {
    /// Its title.
    pub title: ConnectorTitle,
    /// How recipes of the workspace spell it.
    pub internal_name: InternalName,
    /// The version that the files are; none if the workspace does not tell.
    pub version: Option<Version>,
    /// The newest version, released or not; none if the workspace does not tell.
    pub newest: Option<Version>,
    /// JSON, source and perhaps a picture.
    pub files: Vec<PulledFile>,
}

/// A file of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What `connector pull` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorPullDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector.
    pub title: ConnectorTitle,
    /// How recipes of the workspace spell it.
    pub internal_name: InternalName,
    /// The version that was pulled; null if the workspace does not tell.
    pub version: Option<Version>,
    /// The files that were written, as paths.
    pub files: Vec<String>,
}

/// A connector could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
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
    /// Its source is not told: it is another workspace's, or only its versions are known.
    #[error("the source of the connector \"{title}\" is not told")]
    NoCode {
        /// The connector.
        title: ConnectorTitle,
    },
}

/// The files of a connector of a workspace's own: of a version, or else of the released one, or of the
/// newest if none is released.
///
/// # Errors
/// If there is none of that title, or its source is not told.
pub fn pull(
    workspace: &dyn Workspace,
    named: &str,
    version: Option<Version>,
) -> Result<PulledConnector, PullError> {
    let lists = Outline::of([Listed::Connectors]);
    let inventory = workspace.outline(&lists)?;
    let available = resolve::available(
        &inventory.connectors,
        inventory.shared.as_ref(),
        &inventory.workspace.data_center,
    );
    let title = match resolve::connector(&available, named)? {
        Available::Own(own) => own.title.clone(),
        Available::Shared(entry) => {
            return Err(PullError::NoCode {
                title: entry.title.clone(),
            });
        }
    };
    let connectors = with_sources(workspace, BTreeSet::from([title.clone()]))?;
    let own = connectors
        .iter()
        .find(|connector| connector.title == title)
        .ok_or_else(|| PullError::NoCode {
            title: title.clone(),
        })?;
    let held = match version {
        Some(version) => own
            .version(version)
            .ok_or_else(|| PullError::NoVersion {
                title: title.clone(),
                version,
                there: own.versions.iter().map(|held| held.number).collect(),
            })
            .map(Some)?,
        None => usual(own),
    };
    let pulled = held.map(|held| files(workspace, own, held)).transpose()?;
    pulled.flatten().ok_or(PullError::NoCode { title })
}

/// The files of all connectors of a workspace's own whose source is told.
///
/// # Errors
/// If the workspace can't be read.
pub fn pull_all(workspace: &dyn Workspace) -> Result<Vec<PulledConnector>, PullError> {
    let lists = Outline::of([Listed::Connectors]);
    let inventory = workspace.outline(&lists)?;
    let own = inventory.connectors.iter();
    let titles: BTreeSet<ConnectorTitle> = own.map(|connector| connector.title.clone()).collect();
    let mut pulled = Vec::new();
    let mut stems: BTreeMap<String, usize> = BTreeMap::new();
    for own in &with_sources(workspace, titles)? {
        let Some(held) = usual(own) else {
            continue;
        };
        let Some(mut connector) = files(workspace, own, held)? else {
            continue;
        };
        // Two titles may have one stem; the second gets a number, as on the platform.
        let stem = Stem::of(&AssetKind::CustomAdapter, own.title.as_str());
        let stem = stem.as_str().to_owned();
        let taken = stems.entry(stem.clone()).or_default();
        *taken += 1;
        if *taken > 1 {
            for file in &mut connector.files {
                file.name = file.name.replacen(&stem, &format!("{stem}_{taken}"), 1);
            }
        }
        pulled.push(connector);
    }
    Ok(pulled)
}

fn with_sources(
    workspace: &dyn Workspace,
    titles: BTreeSet<ConnectorTitle>,
) -> Result<Vec<WorkspaceConnector>, WorkspaceError> {
    let wanted = Outline {
        newest: titles.clone(),
        titles,
        ..Outline::of([Listed::Connectors])
    };
    Ok(workspace.outline(&wanted)?.connectors)
}

/// The version that recipes run, or the newest before the first release, if its source is there.
fn usual(own: &WorkspaceConnector) -> Option<&HeldVersion> {
    let released = own.released.and_then(|released| own.version(released));
    let held = match (own.known, released) {
        // What is told without a number is told of the one that stands for all.
        (VersionsKnown::Nothing, _) | (_, None) => own.versions.last(),
        (VersionsKnown::All | VersionsKnown::Released, Some(released)) => Some(released),
    };
    held.filter(|held| held.code.is_some())
}

fn files(
    workspace: &dyn Workspace,
    own: &WorkspaceConnector,
    held: &HeldVersion,
) -> Result<Option<PulledConnector>, WorkspaceError> {
    let Some(code) = &held.code else {
        return Ok(None);
    };
    let content = |digest| {
        let mut bytes = Vec::new();
        workspace.content(digest, &mut bytes)?;
        Ok::<_, WorkspaceError>(bytes)
    };
    let mut text = match &held.json {
        Some(json) => version_text(json, &content(json)?)?,
        None => VersionText::default(),
    };
    let version = match own.known {
        VersionsKnown::All | VersionsKnown::Released => Some(held.number),
        VersionsKnown::Nothing => None,
    };
    text.title = Some(own.title.to_string());
    text.version_no = version.map(|version| version.0);
    if held.note.is_some() {
        text.note.clone_from(&held.note);
    }
    let stem = Stem::of(&AssetKind::CustomAdapter, own.title.as_str());
    let file = |extension: &str, bytes| PulledFile {
        name: format!("{}.custom_adapter.{extension}", stem.as_str()),
        bytes,
    };
    let mut files = vec![
        file("json", text.json().into_bytes()),
        file("rb", content(code)?),
    ];
    if let Some(logo) = &held.logo {
        files.push(file(&logo.extension, content(&logo.content)?));
    }
    Ok(Some(PulledConnector {
        title: own.title.clone(),
        internal_name: own.internal_name.clone(),
        version,
        newest: match own.known {
            VersionsKnown::All => own.versions.last().map(|held| held.number),
            VersionsKnown::Released | VersionsKnown::Nothing => None,
        },
        files,
    }))
}
