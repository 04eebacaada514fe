//! API endpoints: which are served by which recipes, and whether they are enabled (platform.md §5.4,
//! §9). Nothing is served here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::reply::{ErrorBody, Reply, Success};
use super::super::route::{
    Answer, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{Folders, PAGE, PER_PAGE};
use super::content;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{AssetId, Binding, EndpointState, Inventory, WorkspaceAsset};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{NoContents, Workspace as _};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/api_endpoints",
        scope: Scope::Own,
        summary: "API endpoints",
        query: &[
            Parameter::of(
                "api_collection_id",
                Kind::Number,
                "The collection that they are of",
            ),
            PAGE,
            PER_PAGE,
        ],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Vec<Endpoint>>))],
        handler: endpoints,
    },
    Operation {
        method: Method::PUT,
        path: "/api_endpoints/{api_endpoint_id}/enable",
        scope: Scope::Own,
        summary: "Enables an API endpoint whose recipe runs; the answer says whether it did",
        query: &[],
        body: Body::Nothing,
        answers: SWITCHED,
        handler: enable,
    },
    Operation {
        method: Method::PUT,
        path: "/api_endpoints/{api_endpoint_id}/disable",
        scope: Scope::Own,
        summary: "Disables an API endpoint",
        query: &[],
        body: Body::Nothing,
        answers: SWITCHED,
        handler: disable,
    },
];

const SWITCHED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Success>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];

/// An API endpoint.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Endpoint {
    id: u64,
    /// Its collection, where that is in the workspace.
    api_collection_id: Option<u64>,
    /// Its recipe, where that is in the workspace.
    flow_id: Option<u64>,
    name: String,
    method: String,
    url: String,
    legacy_url: Option<String>,
    base_path: String,
    path: String,
    active: bool,
    legacy: bool,
    created_at: String,
    updated_at: String,
}

/// An endpoint with what it is bound to.
struct Held<'i> {
    asset: &'i WorkspaceAsset,
    document: Value,
    recipe: Option<&'i WorkspaceAsset>,
    collection: Option<AssetId>,
}

fn held<'i>(asked: &Asked<'_>, inventory: &'i Inventory) -> Result<Vec<Held<'i>>, Reply> {
    let workspace = asked.opened()?;
    let assets = inventory.assets.iter();
    let endpoints = assets.filter(|asset| asset.key.kind == AssetKind::ApiEndpoint);
    endpoints
        .map(|asset| {
            let bytes = content::read(&workspace, asset)?;
            let facts = Scanner::default().scan(&AssetKind::ApiEndpoint, &bytes);
            let facts = facts.map_err(|error| failed(&error))?;
            let bound = |key: &str| {
                let mut pairs = facts.references.iter().zip(&asset.body.bindings);
                let (_, binding) = pairs.find(|(reference, _)| &*reference.key == key)?;
                match binding {
                    Binding::Asset(id) => Some(*id),
                    Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
                }
            };
            let recipe = bound("recipe_id");
            Ok(Held {
                asset,
                recipe: inventory
                    .assets
                    .iter()
                    .find(|asset| Some(asset.id) == recipe),
                collection: bound("api_group_id"),
                document: content::parsed(&bytes)?,
            })
        })
        .collect()
}

fn endpoints(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let enabled = asked.opened()?.enabled_endpoints();
    let (enabled, folders) = (
        enabled.map_err(|error| failed(&error))?,
        Folders::of(asked)?,
    );
    let wanted = asked.query_number("api_collection_id").map(AssetId);
    let mut found = held(asked, &inventory)?;
    found.retain(|one| wanted.is_none_or(|wanted| one.collection == Some(wanted)));
    let told = asked.page(found).into_iter().map(|one| {
        let (created_at, updated_at) = folders.times.of(one.asset.id);
        let text = |key: &str| one.document[key].as_str().unwrap_or_default().to_owned();
        let path = text("path");
        let base_path = format!("/endpoints/{}", path.trim_start_matches('/'));
        let runs = one.recipe.is_some_and(|recipe| recipe.state.is_running());
        Endpoint {
            id: one.asset.id.0,
            api_collection_id: one.collection.map(|id| id.0),
            flow_id: one.recipe.map(|recipe| recipe.id.0),
            name: one.asset.key.name.to_string(),
            method: text("method"),
            url: format!("{}{base_path}", asked.root),
            legacy_url: None,
            base_path,
            path,
            active: runs && enabled.contains(&one.asset.id),
            legacy: one.document["legacy"].as_bool().unwrap_or_default(),
            created_at: created_at.utc(),
            updated_at: updated_at.utc(),
        }
    });
    Ok(Reply::ok(&told.collect::<Vec<_>>()))
}

fn enable(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let found = held(asked, &inventory)?;
    let mut found = found.iter().filter(|one| one.asset.id.0 == asked.number());
    let one = found.next().ok_or_else(Reply::not_found)?;
    if !one.recipe.is_some_and(|recipe| recipe.state.is_running()) {
        return Ok(Reply::ok(&Success { success: false }));
    }
    set(asked, one.asset.id, EndpointState::Enabled)
}

fn disable(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let mut assets = inventory.assets.iter();
    let found = assets
        .find(|asset| asset.id.0 == asked.number() && asset.key.kind == AssetKind::ApiEndpoint);
    let id = found.ok_or_else(Reply::not_found)?.id;
    set(asked, id, EndpointState::Disabled)
}

fn set(asked: &Asked<'_>, id: AssetId, state: EndpointState) -> Result<Reply, Reply> {
    let mut workspace = asked.opened()?;
    let facts = workspace.facts().map_err(|error| failed(&error))?;
    let mut commit = Commit::on(&facts);
    commit.changes.push(Change::SetEndpoint { id, state });
    workspace
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    Ok(Reply::success())
}
