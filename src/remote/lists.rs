//! Whether a workspace is still as it was when it was read: what a plan depends on, read again right
//! before something is changed. There are no transactions over the API, so this is as late as can be.

use std::collections::{BTreeMap, BTreeSet};

use super::RemoteWorkspace;
use crate::client::{ClientError, ConnectionInfo, ConnectorInfo, RecipeInfo};
use crate::model::ident::{ConnectorTitle, InternalName};
use crate::model::workspace::RecipeState;
use crate::plan::commit::{Change, Commit};
use crate::remote::read::SeenCustomer;
use crate::workspace::WorkspaceError;

/// What lists told of a workspace when it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    /// The connectors of the token's own workspace, by number.
    pub(super) connectors: BTreeMap<u64, ConnectorInfo>,
    /// Those of them whose newest version was asked for by itself.
    pub(super) newest: BTreeSet<ConnectorTitle>,
    /// The connections, if they were listed.
    pub(super) connections: Option<BTreeMap<u64, ConnectionInfo>>,
    /// Recipes, by number, as far as they matter.
    pub(super) recipes: BTreeMap<u64, RecipeMark>,
    /// The customers and their recipes that use a connector which was asked for.
    pub(super) customers: Option<Customers>,
}

/// What changes when somebody edits, starts or stops a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecipeMark {
    pub(super) state: RecipeState,
    pub(super) version: Option<u64>,
}

/// The customers of an admin workspace by number, with the recipes that use some connectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Customers {
    /// The connectors.
    using: BTreeSet<InternalName>,
    recipes: BTreeMap<u64, BTreeMap<u64, RecipeMark>>,
}

pub(super) fn connectors(listed: &[ConnectorInfo]) -> BTreeMap<u64, ConnectorInfo> {
    let listed = listed.iter();
    listed.map(|info| (info.id.0, info.clone())).collect()
}

pub(super) fn connections(listed: &[ConnectionInfo]) -> BTreeMap<u64, ConnectionInfo> {
    let listed = listed.iter();
    listed.map(|info| (info.id.0, info.clone())).collect()
}

impl RecipeMark {
    pub(super) fn of(recipe: &RecipeInfo) -> Self {
        Self {
            state: recipe.state,
            version: recipe.version_no,
        }
    }
}

impl Customers {
    pub(super) fn of(using: &BTreeSet<InternalName>, seen: &[SeenCustomer]) -> Self {
        let recipes = seen.iter().map(|customer| {
            let recipes = customer.recipes.iter();
            let marks = recipes.map(|recipe| (recipe.id.0, RecipeMark::of(recipe)));
            (customer.info.id, marks.collect())
        });
        Self {
            using: using.clone(),
            recipes: recipes.collect(),
        }
    }
}

impl RemoteWorkspace {
    /// The connectors of the token's own workspace. The list tells released versions only
    /// (platform.md §12); the newest one is told where a connector is searched for, if anywhere.
    pub(super) fn connectors_now(
        &self,
        newest: &BTreeSet<ConnectorTitle>,
    ) -> Result<Vec<ConnectorInfo>, ClientError> {
        let mut listed = self.client.connectors()?;
        let untold = listed.iter_mut().filter(|info| {
            let mut asked = newest.iter();
            info.latest_version.is_none() && asked.any(|title| title.as_str() == info.title)
        });
        for info in untold {
            let found = match self.client.search_connectors(&info.title) {
                Ok(found) => found,
                // Whoever does not answer this does not tell.
                Err(
                    ClientError::Unauthorised { .. }
                    | ClientError::NotFound { .. }
                    | ClientError::Refused { .. }
                    | ClientError::Unreadable { .. },
                ) => continue,
                Err(error) => return Err(error),
            };
            let found = found.iter().find(|found| found.id == info.id);
            info.latest_version = found.and_then(|found| found.latest_version);
        }
        Ok(listed)
    }

    pub(super) fn stale(&self) -> WorkspaceError {
        WorkspaceError::Stale {
            workspace: self.address().to_string(),
        }
    }

    /// Lists again what single changes depend on, and gives what is there now. What a recipe holds
    /// is looked at when its turn comes.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if something is otherwise now, or what lists don't tell.
    pub(super) fn still(&self, commit: &Commit) -> Result<Lists, WorkspaceError> {
        let known = self.lists_of(&commit.base)?.ok_or_else(|| self.stale())?;
        let any = |meant: fn(&Change) -> bool| commit.changes.iter().any(meant);
        let starts = any(|change| {
            matches!(
                change,
                Change::SetRecipe {
                    state: RecipeState::Running,
                    ..
                }
            )
        });
        if (starts || any(is_of_connector))
            && known.connectors != connectors(&self.connectors_now(&known.newest)?)
        {
            return Err(self.stale());
        }
        if let Some(connected) = known.connections.as_ref().filter(|_| starts)
            && *connected != connections(&self.api().connections()?)
        {
            return Err(self.stale());
        }
        // What can't be undone looks for itself, right before it is done.
        if any(|change| matches!(change, Change::Share { .. })) {
            self.customers_still(&known)?;
        }
        Ok(known)
    }

    /// Lists again who uses what is shared.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if that is otherwise now.
    pub(super) fn customers_still(&self, known: &Lists) -> Result<(), WorkspaceError> {
        let Some(customers) = &known.customers else {
            return Ok(());
        };
        let now = Customers::of(&customers.using, &self.customers_now(&customers.using)?);
        match now == *customers {
            true => Ok(()),
            false => Err(self.stale()),
        }
    }
}

/// Whether a change is about a connector of the token's own workspace.
pub(super) fn is_of_connector(change: &Change) -> bool {
    match change {
        Change::CreateConnector { .. }
        | Change::AddVersion { .. }
        | Change::ReleaseVersion { .. }
        | Change::Share { .. }
        | Change::Unshare(_) => true,
        Change::CreateFolder(_)
        | Change::CreateAsset { .. }
        | Change::UpdateAsset { .. }
        | Change::RemoveAsset(_)
        | Change::SetRecipe { .. }
        | Change::SetConnection { .. }
        | Change::SetEndpoint { .. }
        | Change::SetProperty { .. }
        | Change::MoveAsset { .. }
        | Change::RemoveFolder(_) => false,
    }
}
