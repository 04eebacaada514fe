//! The connections of a workspace.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::InspectError;
use crate::model::ident::ConnectorTitle;
use crate::model::workspace::{
    Address, AssetId, Authorization, Binding, FolderPath, HeldState, Inventory, WorkspaceAsset,
};
use crate::plan::resolve;
use crate::workspace::{Listed, Outline, Workspace};

/// What `connection list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionListDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connections, in the order of folders and names.
    pub connections: Vec<ConnectionLine>,
}

/// A connection as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionLine {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home.
    pub folder: FolderPath,
    /// Whether it is authorised.
    pub state: Authorization,
    /// The application it connects to: a built-in connector's name or a custom one's internal name.
    pub application: Option<String>,
    /// The title of that custom connector.
    pub connector: Option<ConnectorTitle>,
    /// How many recipes use it; unknown where lists don't tell.
    pub recipes: Option<usize>,
}

/// Connections in the order of lists: by folder, name and number.
pub(super) fn sorted(
    inventory: &Inventory,
    wanted: impl Fn(&WorkspaceAsset) -> bool,
) -> Vec<ConnectionLine> {
    let available = resolve::available(
        &inventory.connectors,
        inventory.shared.as_ref(),
        &inventory.workspace.data_center,
    );
    let titles: BTreeMap<&str, &ConnectorTitle> = available
        .iter()
        .map(|connector| (connector.internal_name().as_str(), connector.title()))
        .collect();
    let mut users: BTreeMap<AssetId, usize> = BTreeMap::new();
    // Without its files it is not known what a recipe refers to.
    let told = inventory
        .assets
        .iter()
        .all(|asset| !matches!(asset.state, HeldState::Recipe(_)) || !asset.body.files.is_empty());
    for recipe in &inventory.assets {
        if !matches!(recipe.state, HeldState::Recipe(_)) {
            continue;
        }
        let bound: BTreeSet<AssetId> = recipe
            .body
            .bindings
            .iter()
            .filter_map(|binding| match binding {
                Binding::Asset(id) => Some(*id),
                Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
            })
            .collect();
        for id in bound {
            *users.entry(id).or_default() += 1;
        }
    }
    let mut lines: Vec<ConnectionLine> = inventory
        .assets
        .iter()
        .filter(|asset| wanted(asset))
        .filter_map(|asset| {
            let HeldState::Connection(state) = asset.state else {
                return None;
            };
            let application = asset.body.providers.first().cloned();
            let connector = application.as_deref().and_then(|name| titles.get(name));
            Some(ConnectionLine {
                id: asset.id,
                name: asset.key.name.to_string(),
                folder: asset.key.place.folder(),
                state,
                connector: connector.copied().cloned(),
                application,
                recipes: told.then(|| users.get(&asset.id).copied().unwrap_or(0)),
            })
        })
        .collect();
    lines.sort_by(|a, b| (&a.folder, &a.name, a.id).cmp(&(&b.folder, &b.name, b.id)));
    lines
}

/// The connections of a workspace.
///
/// # Errors
/// If the workspace can't be read.
pub fn connections(
    workspace: &dyn Workspace,
    address: &Address,
) -> Result<ConnectionListDocument, InspectError> {
    Ok(ConnectionListDocument {
        workspace: address.clone(),
        connections: sorted(
            &workspace.outline(&Outline::of([
                Listed::Recipes,
                Listed::Connections,
                Listed::Connectors,
            ]))?,
            |_| true,
        ),
    })
}
