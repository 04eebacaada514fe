//! What was seen of a package in a customer's workspace, as little as questions of many customers
//! need: whether recipes run, whether connections work, which connectors recipes use. It costs no
//! request: it is taken of what a roll-out reads anyway.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::path::PackagePath;
use crate::model::project::Asset;
use crate::model::reference::{ActionKind, Activity};
use crate::model::workspace::{
    AssetId, AssetKey, Authorization, Binding, FolderPath, HeldState, RecipeState, Snapshot,
    StateReasons, StopCause, Timestamp, WorkspaceAsset, WorkspaceConnector, WorkspaceId,
};
use crate::plan::import::document::{
    Afterwards, AssetAction, ConnectorAction, ImportPlan, PlannedAsset, PlannedConnector,
};

/// A package in a customer's workspace, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlimSnapshot {
    /// When it was read.
    pub at: Timestamp,
    /// The package's recipes that are there.
    pub recipes: Vec<SeenRecipe>,
    /// The connections that the package brings, or its recipes use.
    pub connections: Vec<SeenConnection>,
    /// How many connections are not there, beside those that are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_missing: usize,
    /// The custom connectors that the package's recipes use.
    pub connectors: Vec<SeenConnector>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A recipe, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenRecipe {
    /// Its number there.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    pub folder: FolderPath,
    /// Whether it runs, and if it does not, who stopped it.
    pub state: SeenRunning,
    /// Why the platform stopped it, in its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What it uses of custom connectors; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Vec<SeenUse>>,
}

keyword_enum! {
    /// Whether a recipe runs.
    pub enum SeenRunning: "state" {
        /// It does.
        Running = "running",
        /// A person stopped it, or it was never started.
        Stopped = "stopped",
        /// The platform stopped it.
        StoppedByPlatform = "stopped-by-platform",
        /// It does not run, and nobody says who stopped it.
        StoppedUnsaid = "stopped-unsaid",
        /// That is not known.
        Unknown = "unknown",
    }
}

/// What a recipe uses of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenUse {
    /// The connector, by its place among the connectors, from 0.
    pub connector: usize,
    /// The actions that its steps run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// The triggers that start it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<String>,
}

/// A connection, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenConnection {
    /// Its number there; absent if it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    #[serde(default, skip_serializing_if = "FolderPath::is_home")]
    pub folder: FolderPath,
    /// Whether it is authorised.
    pub state: SeenAuthorization,
}

keyword_enum! {
    /// Whether a connection is authorised.
    pub enum SeenAuthorization: "state" {
        /// It is.
        Authorized = "authorized",
        /// It was once, and is not any more.
        Lost = "lost",
        /// It is not, and nobody says that it ever was.
        NotAuthorized = "not-authorized",
        /// Recipes use it, and it is not there.
        Missing = "missing",
        /// That is not known.
        Unknown = "unknown",
    }
}

/// A custom connector, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenConnector {
    /// Its title; its internal name where no title is known.
    pub title: String,
    /// How the workspace spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_name: Option<InternalName>,
    /// Whose it is.
    pub whose: SeenWhose,
    /// The version that recipes run there, as the workspace counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The same version, as the workspace counts it in which the connector is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<BuiltVersion>,
}

keyword_enum! {
    /// Whose a connector is.
    pub enum SeenWhose: "word" {
        /// It is shared with the customer.
        Shared = "shared",
        /// It is the customer's own.
        Own = "own",
        /// It is not there.
        Missing = "missing",
        /// That is not known.
        Unknown = "unknown",
    }
}

/// A version of a connector where it is built. Numbers count by workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuiltVersion {
    /// The version.
    pub version: Version,
    /// The workspace.
    pub workspace: WorkspaceId,
}

/// What a package is there, as a plan met it.
#[derive(Clone, Copy, Debug)]
pub struct Met<'m> {
    /// The plan.
    pub plan: &'m ImportPlan,
    /// What it was made from.
    pub snapshot: &'m Snapshot,
    /// The package's assets, as the plan has them.
    pub assets: &'m [Asset],
    /// What each of them is in the workspace.
    pub keys: &'m [Option<AssetKey>],
}

impl SlimSnapshot {
    /// What a plan saw of its package.
    pub fn of(met: Met<'_>, at: Timestamp) -> Self {
        let planned: BTreeMap<&PackagePath, &PlannedAsset> = (met.plan.assets.iter())
            .map(|asset| (&asset.path, asset))
            .collect();
        let mut spelt: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, connector) in met.plan.connectors.iter().enumerate() {
            spelt.extend(
                (connector.internal_names.iter()).map(|internal| (internal.as_str(), index)),
            );
        }
        let mut recipes = Vec::new();
        let mut bound = BTreeSet::new();
        let mut brought = BTreeSet::new();
        for (asset, key) in met.assets.iter().zip(met.keys) {
            let Some(held) = key.as_ref().and_then(|key| met.snapshot.assets.get(key)) else {
                continue;
            };
            match held.state {
                HeldState::Recipe(state) => {
                    bound.extend(assets(held));
                    let is_as_packaged = planned.get(&asset.path).is_some_and(|planned| {
                        // What it says there is what the package says.
                        planned.action == AssetAction::NoChange
                    });
                    let uses = is_as_packaged.then(|| uses(asset, &spelt));
                    recipes.push(recipe(held, state, &met.snapshot.reasons.stops, uses));
                }
                HeldState::Connection(_) => {
                    brought.insert(held.id);
                }
                HeldState::Plain => {}
            }
        }
        let mut connections: BTreeMap<AssetId, SeenConnection> = BTreeMap::new();
        let held = (met.snapshot.assets.values()).chain(&met.snapshot.connections);
        for held in held {
            let is_used = brought.contains(&held.id) || bound.contains(&held.id);
            if let (true, HeldState::Connection(authorization)) = (is_used, held.state) {
                let reasons = &met.snapshot.reasons;
                connections.insert(held.id, connection(held, authorization, reasons));
            }
        }
        let mut connections: Vec<SeenConnection> = connections.into_values().collect();
        let mut more_missing = 0;
        for after in &met.plan.afterwards {
            match after {
                Afterwards::Connect { connection, .. } => connections.push(SeenConnection {
                    id: None,
                    name: connection.clone(),
                    folder: FolderPath::home(),
                    state: SeenAuthorization::Missing,
                }),
                Afterwards::ConnectMore { connections, .. } => more_missing += connections,
                Afterwards::Authorize { .. }
                | Afterwards::Choose { .. }
                | Afterwards::OtherApplication { .. }
                | Afterwards::CheckProperties { .. }
                | Afterwards::FillProperties { .. }
                | Afterwards::Start { .. } => {}
            }
        }
        Self {
            at,
            recipes,
            connections,
            more_missing,
            connectors: (met.plan.connectors.iter())
                .map(|planned| connector(planned, &met.snapshot.connectors))
                .collect(),
        }
    }
}

/// The assets that a recipe is bound to.
fn assets(held: &WorkspaceAsset) -> impl Iterator<Item = AssetId> {
    held.body
        .bindings
        .iter()
        .filter_map(|binding| match binding {
            Binding::Asset(id) => Some(*id),
            Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
        })
}

fn recipe(
    held: &WorkspaceAsset,
    state: RecipeState,
    stops: &BTreeMap<AssetId, StopCause>,
    uses: Option<Vec<SeenUse>>,
) -> SeenRecipe {
    let (state, cause) = match (state, stops.get(&held.id)) {
        (RecipeState::Running, _) => (SeenRunning::Running, None),
        (RecipeState::Stopped, None | Some(StopCause::Unsaid)) => {
            (SeenRunning::StoppedUnsaid, None)
        }
        (RecipeState::Stopped, Some(StopCause::NotByPlatform)) => (SeenRunning::Stopped, None),
        (RecipeState::Stopped, Some(StopCause::Platform(cause))) => {
            (SeenRunning::StoppedByPlatform, Some(cause.clone()))
        }
    };
    SeenRecipe {
        id: held.id,
        name: held.key.name.to_string(),
        folder: held.key.place.folder(),
        state,
        cause,
        uses,
    }
}

/// What a recipe of the package uses of the connectors, by how the package spells them.
fn uses(asset: &Asset, spelt: &BTreeMap<&str, usize>) -> Vec<SeenUse> {
    let mut used: BTreeMap<usize, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    let actions = asset.facts.recipe().into_iter().flat_map(|r| &r.actions);
    for action in actions.filter(|action| action.step.activity == Activity::Active) {
        let Some(connector) = spelt.get(&*action.provider) else {
            continue;
        };
        let (actions, triggers) = used.entry(*connector).or_default();
        match action.kind {
            ActionKind::Action => actions.insert(&action.name),
            ActionKind::Trigger => triggers.insert(&action.name),
        };
    }
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    used.into_iter()
        .map(|(connector, (actions, triggers))| SeenUse {
            connector,
            actions: owned(actions),
            triggers: owned(triggers),
        })
        .collect()
}

fn connection(
    held: &WorkspaceAsset,
    authorization: Authorization,
    reasons: &StateReasons,
) -> SeenConnection {
    SeenConnection {
        id: Some(held.id),
        name: held.key.name.to_string(),
        folder: held.key.place.folder(),
        state: match (authorization, reasons.lost.contains(&held.id)) {
            (Authorization::Authorized, _) => SeenAuthorization::Authorized,
            (Authorization::Placeholder, true) => SeenAuthorization::Lost,
            (Authorization::Placeholder, false) => SeenAuthorization::NotAuthorized,
        },
    }
}

/// A connector that the package needs, as it is there before anything more is done.
fn connector(planned: &PlannedConnector, held: &[WorkspaceConnector]) -> SeenConnector {
    use ConnectorAction as Action;
    let whose = match planned.action {
        Action::UsesShared => SeenWhose::Shared,
        Action::Same | Action::Update | Action::Downgrade | Action::UsesOwn => SeenWhose::Own,
        Action::Install | Action::Blocked => SeenWhose::Missing,
        Action::Elsewhere | Action::Unknown => SeenWhose::Unknown,
    };
    let name = planned.internal_name.as_ref();
    let built = match whose {
        // Shared versions count where the connector was made, whose number its name has.
        SeenWhose::Shared => (name.and_then(InternalName::workspace))
            .and_then(|workspace| workspace.parse().ok())
            .zip(planned.from),
        SeenWhose::Own => built(planned, held),
        SeenWhose::Missing | SeenWhose::Unknown => None,
    };
    SeenConnector {
        title: planned.connector.clone(),
        internal_name: planned.internal_name.clone(),
        whose,
        version: planned.from.filter(|_| whose != SeenWhose::Missing),
        built: built.map(|(workspace, version)| BuiltVersion {
            version,
            workspace: WorkspaceId(workspace),
        }),
    }
}

/// What version of the connector the customer's own is, where it is built.
fn built(planned: &PlannedConnector, held: &[WorkspaceConnector]) -> Option<(u64, Version)> {
    if planned.action == ConnectorAction::Same
        && let Some(packaged) = planned.packaged_from.zip(planned.packaged_version)
    {
        return Some((packaged.0.0, packaged.1));
    }
    let name = planned.internal_name.as_ref()?;
    let held = held.iter().find(|held| held.internal_name == *name)?;
    let running = held.running()?;
    Some((running.source_workspace?.0, running.source_version?))
}
