//! Operating a workspace by hand: recipes start and stop, connections are authorised, connectors
//! released. Each is planned from what the workspace holds, and carried out wholly or not at all.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::inspect::{self, RecipeLine};
use super::source::finding;
use crate::connector_source::Interface;
use crate::json::JsonError;
use crate::model::facts::Facts;
use crate::model::finding::Severity;
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{
    Address, AssetId, Authorization, FolderPath, HeldState, HeldVersion, Inventory, RecipeState,
    Timestamp, WorkspaceAsset, WorkspaceConnector,
};
use crate::ops::diagnostics::Diagnostic;
use crate::plan::commit::Commit;
use crate::plan::operate::{self, Blocked};
use crate::plan::resolve;
use crate::plan::resolve::{Available, ResolveError};
use crate::workspace::{Listed, NoContents, Outline, Places, Workspace, WorkspaceError};

/// How often something is planned anew because another process was faster.
pub(in crate::ops) const ATTEMPTS: usize = 8;

/// Which things of a workspace are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// These, by number, name, or folder and name.
    Named(Vec<String>),
}

impl Which {
    /// Whether a name says where something lies.
    pub fn places(&self) -> Places {
        match self {
            Self::Named(names) if names.iter().any(|name| name.contains('/')) => Places::Asked,
            Self::Named(_) | Self::All => Places::Unasked,
        }
    }
}

keyword_enum! {
    /// What a command did to one thing.
    pub enum Effect: "effect" {
        /// It changed.
        Changed = "changed",
        /// It was as wanted already.
        Unchanged = "unchanged",
    }
}

/// What `recipe start` and `recipe stop` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipeChangeDocument {
    /// The workspace.
    pub workspace: Address,
    /// The state that all of the recipes are in now.
    pub state: RecipeState,
    /// The recipes that were meant: those that changed, in the order in which they did, then the
    /// others.
    pub recipes: Vec<ChangedRecipe>,
}

/// A recipe that was to start or to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedRecipe {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home, absent where that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderPath>,
    /// Whether it changed.
    pub effect: Effect,
}

/// What `connection authorize` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionChangeDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connections that were meant; all are authorised now.
    pub connections: Vec<ChangedConnection>,
}

/// A connection that was to be authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedConnection {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home.
    pub folder: FolderPath,
    /// Whether it changed.
    pub effect: Effect,
}

/// What `connector release` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorReleaseDocument {
    /// The workspace.
    pub workspace: Address,
    /// The connector's title.
    pub title: ConnectorTitle,
    /// How recipes of the workspace spell it.
    pub internal_name: InternalName,
    /// The version that recipes ran before; none if none was released.
    pub before: Option<Version>,
    /// The version that they run now.
    pub released: Version,
    /// Whether that is a change.
    pub effect: Effect,
    /// The recipes that move to that version; none if nothing changed.
    pub recipes: Vec<RecipeLine>,
    /// What is to be said of its source.
    pub findings: Vec<Diagnostic>,
}

/// A workspace could not be operated; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// It can't be read or written.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Names that mean nothing, or several things; never none.
    #[error("{} of the names can't be used", .0.len())]
    Pick(Vec<ResolveError>),
    /// Recipes that can't start; never none.
    #[error("{} can't start", counted(.0.len()))]
    Blocked(Vec<Blocked>),
    /// A connector that only the admin workspace can release.
    #[error("the connector \"{title}\" is shared with this workspace, and is not its own")]
    NotOwn {
        /// The connector.
        title: ConnectorTitle,
        /// The admin workspace, if that is known.
        admin: Option<Address>,
    },
    /// Code that the platform would not release either (platform.md §3).
    #[error("{version} of the connector \"{title}\" can't be released: {}", finding.message)]
    Source {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
        /// What is wrong with its source.
        finding: Box<Diagnostic>,
    },
    /// A connector without versions.
    #[error("the connector \"{title}\" has no version to release")]
    NoVersion {
        /// The connector.
        title: ConnectorTitle,
    },
}

fn counted(recipes: usize) -> String {
    match recipes {
        1 => "a recipe".to_owned(),
        many => format!("{many} recipes"),
    }
}

/// Plans until a plan can be carried out: another process may change the workspace in between, which
/// is then looked at again.
fn carry_out<T>(
    workspace: &mut dyn Workspace,
    read: impl Fn(&dyn Workspace) -> Result<Inventory, WorkspaceError>,
    mut plan: impl FnMut(&dyn Workspace, &Inventory) -> Result<(Commit, T), OperateError>,
) -> Result<T, OperateError> {
    let mut attempt = 1;
    loop {
        let inventory = read(workspace)?;
        let (commit, told) = plan(workspace, &inventory)?;
        if commit.changes.is_empty() {
            return Ok(told);
        }
        match workspace.commit(&commit, &mut NoContents) {
            Ok(_) => return Ok(told),
            Err(WorkspaceError::Stale { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The assets that are meant, each once, in the order in which they are named.
fn meant<'i>(
    inventory: &'i Inventory,
    kind: &AssetKind,
    what: &'static str,
    which: &Which,
) -> Result<Vec<&'i WorkspaceAsset>, OperateError> {
    let names = match which {
        Which::All => {
            let all = inventory.assets.iter();
            return Ok(all.filter(|asset| asset.key.kind == *kind).collect());
        }
        Which::Named(names) => names,
    };
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let mut met = BTreeSet::new();
    for name in names {
        match resolve::asset(&inventory.assets, kind, what, name) {
            Ok(asset) if met.insert(asset.id) => found.push(asset),
            Ok(_) => {}
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(OperateError::Pick(wrong))
    }
}

fn ids(assets: &[&WorkspaceAsset]) -> BTreeSet<AssetId> {
    assets.iter().map(|asset| asset.id).collect()
}

/// Starts or stops recipes: all that are meant, or none if one can't start.
///
/// # Errors
/// If a name is none, a recipe can't start, or the workspace can't be read or written.
pub fn set_recipes(
    workspace: &mut dyn Workspace,
    address: &Address,
    which: &Which,
    state: RecipeState,
) -> Result<RecipeChangeDocument, OperateError> {
    match set_where(workspace, address, which, state, which.places()) {
        // It may be told apart by where they lie.
        Err(OperateError::Pick(_)) => set_where(workspace, address, which, state, Places::Asked),
        done => done,
    }
}

fn set_where(
    workspace: &mut dyn Workspace,
    address: &Address,
    which: &Which,
    state: RecipeState,
    places: Places,
) -> Result<RecipeChangeDocument, OperateError> {
    let wanted = Outline {
        places,
        ..Outline::of([Listed::Recipes])
    };
    let told_where = match state {
        RecipeState::Running => Places::Asked,
        RecipeState::Stopped => workspace.places(&wanted),
    };
    let read = |workspace: &dyn Workspace| match state {
        // What starts depends on what it refers to.
        RecipeState::Running => workspace.inventory(),
        RecipeState::Stopped => workspace.outline(&wanted),
    };
    carry_out(workspace, read, |workspace, inventory| {
        let recipes = meant(inventory, &AssetKind::Recipe, "recipe", which)?;
        let wanted = ids(&recipes);
        let changing = operate::to_change(inventory, &wanted, state);
        let commit = match state {
            RecipeState::Running => {
                let facts = facts_of(workspace, &recipes, &changing)?;
                operate::start(inventory, &wanted, &facts).map_err(OperateError::Blocked)?
            }
            RecipeState::Stopped => operate::stop(inventory, &wanted),
        };
        let place: BTreeMap<AssetId, usize> =
            (0..).zip(&changing).map(|(i, id)| (*id, i)).collect();
        let mut told: Vec<ChangedRecipe> = recipes
            .iter()
            .map(|asset| ChangedRecipe {
                id: asset.id,
                name: asset.key.name.to_string(),
                folder: match told_where {
                    Places::Unasked => None,
                    Places::Asked => Some(asset.key.place.folder()),
                },
                effect: match place.get(&asset.id) {
                    Some(_) => Effect::Changed,
                    None => Effect::Unchanged,
                },
            })
            .collect();
        told.sort_by_key(|recipe| place.get(&recipe.id).copied().unwrap_or(usize::MAX));
        let document = RecipeChangeDocument {
            workspace: address.clone(),
            state,
            recipes: told,
        };
        Ok((commit, document))
    })
}

fn facts_of(
    workspace: &dyn Workspace,
    recipes: &[&WorkspaceAsset],
    changing: &[AssetId],
) -> Result<BTreeMap<AssetId, Result<Facts, JsonError>>, OperateError> {
    let changing: BTreeSet<AssetId> = changing.iter().copied().collect();
    let mut scanner = Scanner::default();
    let mut bytes = Vec::new();
    let mut facts = BTreeMap::new();
    for recipe in recipes
        .iter()
        .filter(|recipe| changing.contains(&recipe.id))
    {
        let Some(main) = recipe.body.files.first() else {
            continue;
        };
        workspace.content(&main.content, &mut bytes)?;
        facts.insert(recipe.id, scanner.scan(&AssetKind::Recipe, &bytes));
    }
    Ok(facts)
}

/// Marks connections as authorised; credentials are none of a local platform's business.
///
/// # Errors
/// If a name is none, or the workspace can't be read or written.
pub fn authorize(
    workspace: &mut dyn Workspace,
    address: &Address,
    which: &Which,
) -> Result<ConnectionChangeDocument, OperateError> {
    let read = |workspace: &dyn Workspace| workspace.inventory();
    carry_out(workspace, read, |_, inventory| {
        let connections = meant(inventory, &AssetKind::Connection, "connection", which)?;
        let commit = operate::authorize(inventory, &ids(&connections));
        let document = ConnectionChangeDocument {
            workspace: address.clone(),
            connections: connections
                .iter()
                .map(|asset| ChangedConnection {
                    id: asset.id,
                    name: asset.key.name.to_string(),
                    folder: asset.key.place.folder(),
                    effect: match asset.state {
                        HeldState::Connection(Authorization::Placeholder) => Effect::Changed,
                        HeldState::Connection(Authorization::Authorized)
                        | HeldState::Recipe(_)
                        | HeldState::Plain => Effect::Unchanged,
                    },
                })
                .collect(),
        };
        Ok((commit, document))
    })
}

/// Releases the newest version of a connector, by its title or internal name: every recipe that
/// uses it runs that version from then on (platform.md §3).
///
/// # Errors
/// If the name is none or means a shared connector, or the workspace can't be read or written.
pub fn release(
    workspace: &mut dyn Workspace,
    address: &Address,
    named: &str,
    at: Timestamp,
) -> Result<ConnectorReleaseDocument, OperateError> {
    let lists = Outline::of([Listed::Recipes, Listed::Connectors]);
    let read = |workspace: &dyn Workspace| workspace.outline(&lists);
    let mut document = carry_out(workspace, read, |workspace, inventory| {
        let available = resolve::available(
            &inventory.connectors,
            inventory.shared.as_ref(),
            &inventory.workspace.data_center,
        );
        let picked = resolve::connector(&available, named);
        let connector = match picked.map_err(|error| OperateError::Pick(vec![error]))? {
            Available::Own(connector) => connector,
            Available::Shared(entry) => {
                return Err(OperateError::NotOwn {
                    title: entry.title.clone(),
                    admin: inventory.workspace.admin.clone().map(Address::Local),
                });
            }
        };
        let Some(latest) = connector.latest() else {
            return Err(OperateError::NoVersion {
                title: connector.title.clone(),
            });
        };
        let commit = operate::release(inventory, connector, at);
        let findings = if commit.changes.is_empty() {
            Vec::new()
        } else {
            releasable(workspace, connector, latest)?
        };
        let name = &connector.internal_name;
        let effect = match commit.changes.is_empty() {
            true => Effect::Unchanged,
            false => Effect::Changed,
        };
        let recipes = inspect::users(inventory, name);
        let document = ConnectorReleaseDocument {
            workspace: address.clone(),
            title: connector.title.clone(),
            internal_name: name.clone(),
            before: connector.released,
            released: latest.number,
            effect,
            recipes,
            findings,
        };
        Ok((commit, document))
    })?;
    if document.effect == Effect::Changed {
        // What is there counts: somebody may have pushed another version meanwhile, and over the API
        // nobody may know which one was the newest.
        let now = read(workspace)?.connectors;
        let held = now.iter().find(|held| held.title == document.title);
        if let Some(released) = held.and_then(|held| held.released) {
            document.released = released;
        }
        if document.before == Some(document.released) {
            document.effect = Effect::Unchanged;
        }
    }
    if document.effect == Effect::Unchanged {
        document.recipes.clear();
    }
    Ok(document)
}

/// Whether a version's source lets it be released, and what else is to be said of it.
fn releasable(
    workspace: &dyn Workspace,
    connector: &WorkspaceConnector,
    version: &HeldVersion,
) -> Result<Vec<Diagnostic>, OperateError> {
    let Some(code) = version.code else {
        return Ok(Vec::new());
    };
    let mut source = Vec::new();
    workspace.content(&code, &mut source)?;
    let Err(error) = Interface::read(&source) else {
        return Ok(Vec::new());
    };
    let file = format!("{}@{}", connector.title, version.number.0);
    if error.hinders_release() {
        return Err(OperateError::Source {
            title: connector.title.clone(),
            version: version.number,
            finding: Box::new(finding(&file, &source, &error, Severity::Error)),
        });
    }
    Ok(vec![finding(&file, &source, &error, Severity::Warning)])
}

#[cfg(test)]
mod tests;
