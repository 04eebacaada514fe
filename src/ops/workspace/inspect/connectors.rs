//! The custom connectors that a workspace's recipes can use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConnectionLine, InspectError, RecipeLine};
use crate::model::catalogue::Visibility;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::workspace::{
    Address, HeldState, HeldVersion, Inventory, Timestamp, VersionsKnown, WorkspaceAsset,
    WorkspaceConnector, WorkspaceId,
};
use crate::plan::resolve;
use crate::plan::resolve::Available;
use crate::workspace::{Listed, Outline, Workspace};

keyword_enum! {
    /// Whose connector it is.
    pub enum ConnectorOrigin: "origin of a connector" {
        /// The workspace's own.
        Own = "own",
        /// The admin workspace's, shared with this one.
        Shared = "shared",
    }
}

/// What `connector list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorListDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connectors: the workspace's own, then the shared ones.
    pub connectors: Vec<ConnectorLine>,
}

/// A connector as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorLine {
    /// Its title.
    pub title: ConnectorTitle,
    /// How recipes of the workspace spell it.
    pub internal_name: InternalName,
    /// Whose it is.
    pub origin: ConnectorOrigin,
    /// The newest version; absent where it is unknown.
    pub latest: Option<Version>,
    /// The version that recipes of the workspace run, if there is one, and it is known.
    pub released: Option<Version>,
    /// How much of its versions is known.
    pub known: VersionsKnown,
    /// How many recipes use it.
    pub recipes: usize,
    /// How many of them run.
    pub running: usize,
    /// How many connections connect to it.
    pub connections: usize,
}

/// What `connector show` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorShowDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector.
    pub connector: ConnectorLine,
    /// The newest version; unknown for a shared connector.
    pub latest: Option<VersionLine>,
    /// The version that recipes run, as far as it is known.
    pub released: Option<VersionLine>,
    /// Whether a shared connector's source is shared too.
    pub visibility: Option<Visibility>,
}

/// What `connector versions` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorVersionsDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector.
    pub connector: ConnectorLine,
    /// Its versions, the oldest first; of a shared connector the one that is shared.
    pub versions: Vec<VersionLine>,
}

/// A version of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionLine {
    /// Its number.
    pub number: Version,
    /// What its author noted.
    pub note: Option<String>,
    /// When it was made, in seconds since 1970; absent where that is unknown.
    pub created_at: Option<Timestamp>,
    /// Whether it was released.
    pub is_released: bool,
    /// When it was released, in seconds since 1970, if it was, and that is known.
    pub released_at: Option<Timestamp>,
    /// The number that it had in the package which brought it.
    pub source_version: Option<Version>,
    /// The workspace in which that number counts, if it is known.
    #[serde(default)]
    pub source_workspace: Option<WorkspaceId>,
    /// The digest of its Ruby source; unknown where only a catalogue knows the version.
    pub code: Option<Digest>,
}

/// What `connector usage` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorUsageDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector.
    pub connector: ConnectorLine,
    /// The recipes that use it, in the order of folders and names.
    pub recipes: Vec<RecipeLine>,
    /// The connections to it, likewise.
    pub connections: Vec<ConnectionLine>,
}

/// Whether an asset names this connector as its application, or uses it.
fn uses(asset: &WorkspaceAsset, name: &InternalName) -> bool {
    asset
        .body
        .providers
        .iter()
        .any(|provider| provider == name.as_str())
}

/// The recipes that use a connector, in the order of lists.
pub(in crate::ops) fn users(inventory: &Inventory, name: &InternalName) -> Vec<RecipeLine> {
    super::recipes::sorted(inventory.assets.iter().filter(|asset| uses(asset, name)))
}

fn available(inventory: &Inventory) -> Vec<Available<'_>> {
    resolve::available(
        &inventory.connectors,
        inventory.shared.as_ref(),
        &inventory.workspace.data_center,
    )
}

impl ConnectorLine {
    fn of(connector: Available<'_>, inventory: &Inventory) -> Self {
        let name = connector.internal_name();
        let (mut recipes, mut running, mut connections) = (0, 0, 0);
        for asset in inventory.assets.iter().filter(|asset| uses(asset, name)) {
            match asset.state {
                HeldState::Recipe(_) => {
                    recipes += 1;
                    running += usize::from(asset.state.is_running());
                }
                HeldState::Connection(_) => connections += 1,
                HeldState::Plain => {}
            }
        }
        let (origin, latest, released, known) = match connector {
            Available::Own(own) => (ConnectorOrigin::Own, own.newest(), own.released, own.known),
            Available::Shared(entry) => (
                ConnectorOrigin::Shared,
                None,
                entry.shared_version.version(),
                VersionsKnown::Released,
            ),
        };
        Self {
            title: connector.title().clone(),
            internal_name: name.clone(),
            origin,
            latest,
            released,
            known,
            recipes,
            running,
            connections,
        }
    }
}

/// What is read over the API has no time.
fn told(at: Timestamp) -> Option<Timestamp> {
    (at != Timestamp::UNTOLD).then_some(at)
}

impl From<&HeldVersion> for VersionLine {
    fn from(version: &HeldVersion) -> Self {
        Self {
            number: version.number,
            note: version.note.clone(),
            created_at: told(version.created_at),
            is_released: version.released_at.is_some(),
            released_at: version.released_at.and_then(told),
            source_version: version.source_version,
            source_workspace: version.source_workspace,
            code: version.code,
        }
    }
}

/// All that is known of a version which is shared.
fn shared_version(number: Version) -> VersionLine {
    VersionLine {
        number,
        note: None,
        created_at: None,
        is_released: true,
        released_at: None,
        source_version: None,
        source_workspace: None,
        code: None,
    }
}

/// What says who uses connectors.
fn everything() -> Outline {
    Outline::of([Listed::Recipes, Listed::Connections, Listed::Connectors])
}

/// The connectors of a workspace as lists show them.
pub(in crate::ops) fn lines(inventory: &Inventory) -> Vec<ConnectorLine> {
    let mut lines: Vec<ConnectorLine> = available(inventory)
        .into_iter()
        .map(|connector| ConnectorLine::of(connector, inventory))
        .collect();
    lines.sort_by(|a, b| {
        (a.origin, &a.title, &a.internal_name).cmp(&(b.origin, &b.title, &b.internal_name))
    });
    lines
}

/// The connectors of a workspace.
///
/// # Errors
/// If the workspace can't be read.
pub fn connectors(
    workspace: &dyn Workspace,
    address: &Address,
) -> Result<ConnectorListDocument, InspectError> {
    Ok(ConnectorListDocument {
        workspace: address.clone(),
        connectors: lines(&workspace.outline(&everything())?),
    })
}

/// One connector, by its title or internal name.
///
/// # Errors
/// If the workspace can't be read, or the name means none or several.
pub fn connector(
    workspace: &dyn Workspace,
    address: &Address,
    named: &str,
) -> Result<ConnectorShowDocument, InspectError> {
    let inventory = workspace.outline(&everything())?;
    let connector = resolve::connector(&available(&inventory), named)?;
    let (latest, released, visibility) = match connector {
        Available::Own(own) => (
            own.newest()
                .and_then(|newest| own.version(newest))
                .map(VersionLine::from),
            own.running().map(VersionLine::from),
            None,
        ),
        Available::Shared(entry) => (
            None,
            entry.shared_version.version().map(shared_version),
            Some(entry.visibility),
        ),
    };
    Ok(ConnectorShowDocument {
        workspace: address.clone(),
        connector: ConnectorLine::of(connector, &inventory),
        latest,
        released,
        visibility,
    })
}

/// The versions of a connector, by its title or internal name.
///
/// # Errors
/// If the workspace can't be read, or the name means none or several.
pub fn versions(
    workspace: &dyn Workspace,
    address: &Address,
    named: &str,
) -> Result<ConnectorVersionsDocument, InspectError> {
    let inventory = workspace.outline(&everything())?;
    let connector = resolve::connector(&available(&inventory), named)?;
    let versions = match connector {
        Available::Own(WorkspaceConnector {
            versions, known, ..
        }) => {
            // What only stands for a version is none.
            let told = versions
                .iter()
                .filter(|version| *known == VersionsKnown::All || version.released_at.is_some());
            match known {
                VersionsKnown::All | VersionsKnown::Released => {
                    told.map(VersionLine::from).collect()
                }
                VersionsKnown::Nothing => Vec::new(),
            }
        }
        Available::Shared(entry) => entry
            .shared_version
            .version()
            .map(shared_version)
            .into_iter()
            .collect(),
    };
    Ok(ConnectorVersionsDocument {
        workspace: address.clone(),
        connector: ConnectorLine::of(connector, &inventory),
        versions,
    })
}

/// Who uses a connector, by its title or internal name.
///
/// # Errors
/// If the workspace can't be read, or the name means none or several.
pub fn usage(
    workspace: &dyn Workspace,
    address: &Address,
    named: &str,
) -> Result<ConnectorUsageDocument, InspectError> {
    let inventory = workspace.outline(&everything())?;
    let connector = resolve::connector(&available(&inventory), named)?;
    let name = connector.internal_name();
    Ok(ConnectorUsageDocument {
        workspace: address.clone(),
        connector: ConnectorLine::of(connector, &inventory),
        recipes: users(&inventory, name),
        connections: super::connections::sorted(&inventory, |asset| uses(asset, name)),
    })
}
