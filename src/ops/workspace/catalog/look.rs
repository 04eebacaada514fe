//! What is shared, and who uses it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CatalogError;
use crate::model::catalogue::{CatalogueEntry, SharedVersion, Visibility};
use crate::model::ident::{ConnectorTitle, DataCenter, Digest, InternalName, Version};
use crate::model::workspace::{
    Address, AssetId, ClosedSource, FolderPath, Partnership, RecipeState, SharingTold,
    WorkspaceConnector,
};
use crate::plan::resolve;
use crate::plan::resolve::Available;
use crate::workspace::AdminWorkspace;

/// What `catalog list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogListDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// How many customers it has.
    pub customers: usize,
    /// Its connectors, in the order of their titles; those that are not shared too.
    pub connectors: Vec<CatalogLine>,
}

/// A connector of the admin workspace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogLine {
    /// Its title.
    pub title: ConnectorTitle,
    /// Its internal name, in the admin workspace and in every customer's.
    pub internal_name: InternalName,
    /// The version that customers run: null if it is not shared, absent if the admin workspace does
    /// not say.
    #[serde(default, skip_serializing_if = "SharedVersion::is_unsaid")]
    #[schemars(with = "Option<Version>")]
    pub shared: SharedVersion,
    /// Whether they may see its source; none if it is not shared.
    pub visibility: Option<Visibility>,
    /// The released versions, the oldest first.
    pub released: Vec<Version>,
    /// The newest version, released or not; absent where only released ones are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Version>,
    /// How many customers use it.
    pub customers: usize,
    /// How many of their recipes use it.
    pub recipes: usize,
    /// How many of those run.
    pub running: usize,
}

/// What `catalog show` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogShowDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// Where it lives.
    pub data_center: DataCenter,
    /// Whether connectors may be shared without their source; absent where that is not told, as over the
    /// API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_source: Option<ClosedSource>,
    /// The connector.
    pub connector: CatalogLine,
    /// How many customers it reaches.
    pub reaches: usize,
    /// The recipes that use it, in the order of customers, folders and names.
    pub users: Vec<CatalogUser>,
}

/// A customer's recipe that uses a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogUser {
    /// The customer's workspace.
    pub customer: Address,
    /// The recipe's number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home.
    pub folder: FolderPath,
    /// Whether it runs.
    pub state: RecipeState,
}

/// What `catalog pull` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogPullDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// The file that was written, if one was.
    pub file: Option<String>,
    /// The digest of the file's bytes.
    pub sha256: Digest,
    /// What it says.
    pub connectors: Vec<CatalogueEntry>,
}

impl CatalogLine {
    fn of(partnership: &Partnership, connector: &WorkspaceConnector) -> Self {
        let sharing = partnership.shares.get(&connector.id);
        let users = partnership.users_of(&connector.internal_name);
        let customers: BTreeSet<usize> = users.iter().map(|using| using.customer).collect();
        Self {
            title: connector.title.clone(),
            internal_name: connector.internal_name.clone(),
            shared: partnership.entry(connector).shared_version,
            visibility: sharing.map(|sharing| sharing.visibility),
            released: connector.released_versions(),
            latest: connector.newest(),
            customers: customers.len(),
            recipes: users.len(),
            running: users
                .iter()
                .filter(|using| using.recipe.state == RecipeState::Running)
                .count(),
        }
    }
}

/// All connectors of an admin workspace.
///
/// # Errors
/// If it is none, or can't be read.
pub fn list(
    admin: &dyn AdminWorkspace,
    address: &Address,
) -> Result<CatalogListDocument, CatalogError> {
    let partnership = admin.sharing(&|_| true)?;
    let lines = partnership.connectors.iter();
    let mut connectors: Vec<CatalogLine> = lines
        .map(|connector| CatalogLine::of(&partnership, connector))
        .collect();
    connectors.sort_by(|a, b| a.title.cmp(&b.title));
    Ok(CatalogListDocument {
        workspace: address.clone(),
        customers: partnership.customers.len(),
        connectors,
    })
}

/// Whether `text` may mean a connector.
pub(super) fn may_mean(connector: &WorkspaceConnector, text: &str) -> bool {
    connector.title.as_str() == text || connector.internal_name.as_str() == text
}

/// The connector of an admin workspace that `text` means: its title or internal name.
pub(super) fn picked<'p>(
    partnership: &'p Partnership,
    text: &str,
) -> Result<&'p WorkspaceConnector, CatalogError> {
    let own: Vec<Available<'p>> = partnership.connectors.iter().map(Available::Own).collect();
    match resolve::connector(&own, text)? {
        Available::Own(connector) => Ok(connector),
        Available::Shared(entry) => {
            let mut own = partnership.connectors.iter();
            own.find(|own| own.internal_name == entry.internal_name)
                .ok_or_else(|| {
                    CatalogError::Pick(resolve::ResolveError::Nothing {
                        what: "connector",
                        text: text.to_owned(),
                        nearest: None,
                    })
                })
        }
    }
}

/// One connector, by its title or internal name.
///
/// # Errors
/// If there is none, or the workspace is no admin workspace or can't be read.
pub fn show(
    admin: &dyn AdminWorkspace,
    address: &Address,
    named: &str,
) -> Result<CatalogShowDocument, CatalogError> {
    let partnership = admin.sharing(&|connector| may_mean(connector, named))?;
    let connector = picked(&partnership, named)?;
    let sharing = partnership.shares.get(&connector.id).copied();
    let mut users: Vec<CatalogUser> = partnership
        .users_of(&connector.internal_name)
        .iter()
        .filter_map(|using| {
            let customer = partnership.customers.get(using.customer)?;
            Some(CatalogUser {
                customer: customer.address.clone(),
                id: using.recipe.id,
                name: using.recipe.key.name.to_string(),
                folder: using.recipe.key.place.folder(),
                state: using.recipe.state,
            })
        })
        .collect();
    users.sort_by(|a, b| {
        (&a.customer, &a.folder, &a.name, a.id).cmp(&(&b.customer, &b.folder, &b.name, b.id))
    });
    let reached = partnership.customers.iter();
    Ok(CatalogShowDocument {
        workspace: address.clone(),
        data_center: partnership.workspace.data_center.clone(),
        closed_source: match partnership.tells {
            SharingTold::Visibility => Some(partnership.closed_source),
            SharingTold::VersionsOnly => None,
        },
        connector: CatalogLine::of(&partnership, connector),
        reaches: reached
            .filter(|customer| partnership.version_at(customer, sharing).is_some())
            .count(),
        users,
    })
}
