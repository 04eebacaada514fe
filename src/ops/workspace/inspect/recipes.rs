//! The recipes of a workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::InspectError;
use crate::model::ident::Version;
use crate::model::workspace::{
    Address, AssetId, FolderPath, HeldState, RecipeState, WorkspaceAsset,
};
use crate::plan::resolve;
use crate::workspace::{Listed, Outline, Workspace};

/// Which recipes are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipeFilter {
    /// Only those in this folder and below.
    pub folder: Option<FolderPath>,
    /// Only those in this state.
    pub state: Option<RecipeState>,
}

/// What `recipe list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipeListDocument {
    /// The workspace.
    pub workspace: Address,
    /// The recipes, in the order of folders and names.
    pub recipes: Vec<RecipeLine>,
}

/// A recipe as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipeLine {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home.
    pub folder: FolderPath,
    /// Whether it runs.
    pub state: RecipeState,
    /// The number of its newest version.
    pub version: Version,
    /// The custom connectors that it uses, by internal name.
    pub connectors: Vec<String>,
}

impl RecipeLine {
    /// A line for an asset, if that is a recipe.
    pub fn of(asset: &WorkspaceAsset) -> Option<Self> {
        match asset.state {
            HeldState::Recipe(state) => Some(Self {
                id: asset.id,
                name: asset.key.name.to_string(),
                folder: asset.key.place.folder(),
                state,
                version: asset.version,
                connectors: asset.body.providers.to_vec(),
            }),
            HeldState::Connection(_) | HeldState::Plain => None,
        }
    }
}

/// Recipes in the order of lists: by folder, name and number.
pub(in crate::ops) fn sorted<'a>(
    assets: impl IntoIterator<Item = &'a WorkspaceAsset>,
) -> Vec<RecipeLine> {
    let mut lines: Vec<RecipeLine> = assets.into_iter().filter_map(RecipeLine::of).collect();
    lines.sort_by(|a, b| (&a.folder, &a.name, a.id).cmp(&(&b.folder, &b.name, b.id)));
    lines
}

/// The recipes of a workspace.
///
/// # Errors
/// If the workspace can't be read, or the folder is not there.
pub fn recipes(
    workspace: &dyn Workspace,
    address: &Address,
    filter: &RecipeFilter,
) -> Result<RecipeListDocument, InspectError> {
    let inventory = workspace.outline(&Outline {
        folders: filter.folder.iter().cloned().collect(),
        ..Outline::of([Listed::Recipes])
    })?;
    if let Some(folder) = &filter.folder {
        resolve::folder(&inventory.folders, folder)?;
    }
    let mut recipes = sorted(&inventory.assets);
    recipes.retain(|recipe| {
        let folder = filter.folder.as_ref();
        folder.is_none_or(|folder| folder.relative(&recipe.folder).is_some())
            && filter.state.is_none_or(|state| state == recipe.state)
    });
    Ok(RecipeListDocument {
        workspace: address.clone(),
        recipes,
    })
}
