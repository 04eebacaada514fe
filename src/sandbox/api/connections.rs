//! Connections (platform.md §2.4). Credentials are not tried, and not kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::notes::{ConnectionNotes, Made};
use super::super::reply::{ErrorBody, Reply, Success, ValidationBody, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{Folders, INCLUDES, PAGE, PER_PAGE, named, user};
use super::content::{self, Written};
use thin_vec::thin_vec;

use crate::model::kind::AssetKind;
use crate::model::slug::slug;
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Authorization, Binding, HeldState, Inventory, Timestamp,
    WorkspaceAsset,
};
use crate::plan::by_hand;
use crate::plan::commit::{Change, Commit};
use crate::workspace::local::LocalWorkspace;
use crate::workspace::{NoContents, Workspace as _};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/connections",
        scope: Scope::Own,
        summary: "Connections",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Vec<Connection>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: connections,
    },
    Operation {
        method: Method::GET,
        path: "/connections",
        scope: Scope::Customer,
        summary: "Connections of a customer",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (
                200,
                Answer::Json(schema::<Wrapped<Vec<CustomersConnection>>>),
            ),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: connections,
    },
    Operation {
        method: Method::POST,
        path: "/connections",
        scope: Scope::Own,
        summary: "Creates a connection; it is authorized if credentials come along, which are forgotten",
        query: &[],
        body: Body::Json(schema::<NewConnection>),
        answers: CHANGED,
        handler: create,
    },
    Operation {
        method: Method::PUT,
        path: "/connections/{connection_id}",
        scope: Scope::Own,
        summary: "Gives a connection another name, folder, parent or external id, or credentials, which are forgotten",
        query: &[],
        body: Body::Json(schema::<ConnectionUpdate>),
        answers: CHANGED,
        handler: update,
    },
    Operation {
        method: Method::POST,
        path: "/connections",
        scope: Scope::Customer,
        summary: "Creates a connection of a customer; it is authorized if credentials come along, which are forgotten",
        query: &[],
        body: Body::Json(schema::<NewConnection>),
        answers: CUSTOMERS_CHANGED,
        handler: create,
    },
    Operation {
        method: Method::PUT,
        path: "/connections/{connection_id}",
        scope: Scope::Customer,
        summary: "Gives a connection of a customer another name, folder or external id, or credentials, which are forgotten",
        query: &[],
        body: Body::Json(schema::<ConnectionUpdate>),
        answers: CUSTOMERS_CHANGED,
        handler: update,
    },
    Operation {
        method: Method::POST,
        path: "/connections/{connection_id}/disconnect",
        scope: Scope::Both,
        summary: "Takes a connection's credentials away, unless a running recipe uses them",
        query: &[],
        body: Body::Nothing,
        answers: GONE,
        handler: disconnect,
    },
    Operation {
        method: Method::DELETE,
        path: "/connections/{connection_id}",
        scope: Scope::Both,
        summary: "Deletes a connection that is disconnected and that nothing uses",
        query: &[],
        body: Body::Nothing,
        answers: GONE,
        handler: delete,
    },
];

const GONE: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Success>)),
    (400, Answer::Json(schema::<ErrorBody>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];

const CUSTOMERS_CHANGED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Wrapped<CustomersConnection>>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (400, Answer::Json(schema::<ValidationBody>)),
];
const CHANGED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Connection>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (400, Answer::Json(schema::<ValidationBody>)),
];
const FILTERS: &[Parameter] = &[
    Parameter::of("folder_id", Kind::Number, "The folder that holds them"),
    Parameter::of(
        "parent_id",
        Kind::Number,
        "The connection that they are made after",
    ),
    Parameter::of("external_id", Kind::Text, "Their external id"),
    Parameter::of(
        "include_runtime_connections",
        Kind::Flag,
        "Those of users, too",
    ),
    INCLUDES,
    PAGE,
    PER_PAGE,
];

/// A connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Connection {
    id: u64,
    application: String,
    name: String,
    description: Option<String>,
    authorized_at: Option<String>,
    authorization_status: Option<String>,
    authorization_error: Option<String>,
    created_at: String,
    updated_at: String,
    external_id: Option<String>,
    folder_id: u64,
    connection_lost_at: Option<String>,
    connection_lost_reason: Option<String>,
    parent_id: Option<u64>,
    provider: Option<String>,
    tags: Option<Vec<String>>,
}

/// A connection of a customer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct CustomersConnection {
    id: u64,
    name: String,
    provider: String,
    authorized_at: Option<String>,
    authorization_status: Option<String>,
    authorization_error: Option<String>,
    created_at: String,
    updated_at: String,
    external_id: Option<String>,
    folder_id: u64,
    identity: Option<String>,
    parent_id: Option<u64>,
}

/// A connection to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewConnection {
    #[schemars(length(min = 1))]
    name: String,
    /// The application: a built-in connector's name, or a custom connector's internal one.
    #[schemars(length(min = 1))]
    provider: String,
    /// The folder that will hold it; Home if none is said.
    folder_id: Option<u64>,
    /// The connection of the same application that it is made after.
    parent_id: Option<u64>,
    /// What the client calls it.
    external_id: Option<String>,
    /// Whether the credentials are not tried.
    shell_connection: Option<bool>,
    /// The credentials.
    input: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What a connection gets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ConnectionUpdate {
    /// Its name.
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// The folder that holds it.
    folder_id: Option<u64>,
    /// The connection of the same application that it is made after.
    parent_id: Option<u64>,
    /// What the client calls it.
    external_id: Option<String>,
    /// Whether the credentials are not tried.
    shell_connection: Option<bool>,
    /// The credentials.
    input: Option<serde_json::Map<String, serde_json::Value>>,
}

fn connections(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let folders = Folders::of(asked)?;
    let folder = match asked.query_number("folder_id") {
        Some(number) => Some(folders.path(number)?.clone()),
        None => None,
    };
    let external = asked.query.get("external_id");
    let parent = asked.query_number("parent_id").map(AssetId);
    let notes = asked.notes()?;
    let found: Vec<&WorkspaceAsset> = inventory
        .assets
        .iter()
        .filter(|asset| asset.key.kind == AssetKind::Connection)
        .filter(|asset| {
            let place = asset.key.place.folder();
            let noted = notes.connection(asset.id);
            folder.as_ref().is_none_or(|folder| *folder == place)
                && external.is_none_or(|id| noted.external_id.as_ref() == Some(id))
                && parent.is_none_or(|id| noted.parent == Some(id))
        })
        .collect();
    // Without a page, all are answered.
    let found = match asked.query.contains_key("page") {
        true => asked.page(found),
        false => found,
    };
    Ok(match asked.api {
        Api::Developer => {
            let workspace = asked.opened()?;
            let mut told = Vec::new();
            for asset in found {
                let tags = match asked.query.contains_key(INCLUDES.name) {
                    true => Some(tags(&workspace, asset)?),
                    false => None,
                };
                told.push(Connection {
                    tags,
                    ..developers(asset, &folders, notes.connection(asset.id))
                });
            }
            Reply::ok(&told)
        }
        Api::Embedded => {
            let told = found
                .iter()
                .map(|asset| customers(asset, &folders, notes.connection(asset.id)));
            Reply::wrapped(told.collect::<Vec<_>>())
        }
    })
}

fn provider(asset: &WorkspaceAsset) -> String {
    asset.body.providers.first().cloned().unwrap_or_default()
}

/// When it was authorised, and what came of it.
fn authorized(asset: &WorkspaceAsset, at: Timestamp) -> (Option<String>, Option<String>) {
    match asset.state == HeldState::Connection(Authorization::Authorized) {
        true => (Some(at.utc()), Some("success".to_owned())),
        false => (None, None),
    }
}

/// The titles of a connection's tags.
fn tags(workspace: &LocalWorkspace, asset: &WorkspaceAsset) -> Result<Vec<String>, Reply> {
    let document = content::document(workspace, asset)?;
    let tags = document["tags"].as_array().into_iter().flatten();
    Ok(tags
        .filter_map(|tag| tag.as_str().map(str::to_owned))
        .collect())
}

fn developers(asset: &WorkspaceAsset, folders: &Folders, notes: ConnectionNotes) -> Connection {
    let (created_at, updated_at) = folders.times.of(asset.id);
    let (authorized_at, authorization_status) = authorized(asset, updated_at);
    Connection {
        id: asset.id.0,
        application: provider(asset),
        name: asset.key.name.to_string(),
        description: None,
        authorized_at,
        authorization_status,
        authorization_error: None,
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        external_id: notes.external_id,
        folder_id: folders.number(&asset.key.place.folder()),
        connection_lost_at: None,
        connection_lost_reason: None,
        parent_id: notes.parent.map(|parent| parent.0),
        provider: Some(provider(asset)),
        tags: None,
    }
}

fn customers(
    asset: &WorkspaceAsset,
    folders: &Folders,
    notes: ConnectionNotes,
) -> CustomersConnection {
    let (created_at, updated_at) = folders.times.of(asset.id);
    let (authorized_at, authorization_status) = authorized(asset, updated_at);
    CustomersConnection {
        id: asset.id.0,
        name: asset.key.name.to_string(),
        provider: provider(asset),
        authorized_at,
        authorization_status,
        authorization_error: None,
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        external_id: notes.external_id,
        folder_id: folders.number(&asset.key.place.folder()),
        identity: None,
        parent_id: notes.parent.map(|parent| parent.0),
    }
}

/// A connection as it is now.
fn told(asked: &Asked<'_>, id: AssetId) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let mut assets = inventory.assets.iter();
    let found = assets.find(|asset| asset.id == id);
    let asset = found.ok_or_else(Reply::not_found)?;
    let folders = Folders::of(asked)?;
    let notes = asked.notes()?.connection(id);
    Ok(match asked.api {
        Api::Developer => Reply::ok(&developers(asset, &folders, notes)),
        Api::Embedded => Reply::wrapped(customers(asset, &folders, notes)),
    })
}

fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: NewConnection = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("connection", error.to_string()))?;
    for (field, value) in [("name", &new.name), ("provider", &new.provider)] {
        if value.trim().is_empty() {
            return Err(Reply::invalid(field, "can't be blank"));
        }
    }
    let folders = Folders::of(asked)?;
    let folder = folders.path(new.folder_id.unwrap_or(0))?;
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let key = AssetKey {
        place: AssetPlace::Folder(folder.clone()),
        kind: AssetKind::Connection,
        name: new.name.clone().into(),
        twin: 0,
    };
    is_free(&inventory, &key)?;
    let parent = match new.parent_id {
        Some(parent) => Some(parent_of(&inventory, &new.provider, AssetId(parent))?),
        None => None,
    };
    let own = inventory
        .connectors
        .iter()
        .find(|connector| connector.internal_name.as_str() == new.provider);
    let (named, bindings) = match own {
        Some(own) => {
            let title = own.title.as_str();
            let reference = serde_json::json!({
                "zip_name": format!("{}.custom_adapter.json", slug(title)),
                "name": title,
                "folder": "",
            });
            (reference, vec![Binding::Connector(own.id)])
        }
        None => (new.provider.clone().into(), Vec::new()),
    };
    let document = serde_json::json!({
        "name": new.name,
        "provider": named,
        "root_folder": folder.is_home(),
    });
    let written = serde_json::to_vec_pretty(&document).map_err(|error| failed(&error))?;
    let written = Written::new(written);
    let mut commit = Commit::on_inventory(&inventory);
    let id = commit.new_asset();
    commit.changes.push(Change::CreateAsset {
        id,
        key,
        body: written.body(bindings.into(), thin_vec![new.provider]),
        state: HeldState::Connection(authorization(new.input.as_ref())),
    });
    written.commit(asked, &commit)?;
    let now = asked.sandbox.now();
    asked.note(|notes| {
        notes.made(id, Made::Created, now);
        notes.set_connection(
            id,
            ConnectionNotes {
                external_id: new.external_id,
                parent,
            },
        );
    })?;
    told(asked, id)
}

fn is_free(inventory: &Inventory, key: &AssetKey) -> Result<(), Reply> {
    match inventory.assets.iter().any(|asset| asset.key == *key) {
        true => Err(Reply::invalid("name", "has already been taken")),
        false => Ok(()),
    }
}

/// The connection that another one of its application is made after.
fn parent_of(inventory: &Inventory, application: &str, id: AssetId) -> Result<AssetId, Reply> {
    let mut assets = inventory.assets.iter();
    let parent = assets.find(|asset| asset.id == id && asset.key.kind == AssetKind::Connection);
    match parent {
        Some(parent) if provider(parent) == application => Ok(id),
        Some(_) => Err(Reply::invalid("parent_id", "is one of another application")),
        None => Err(Reply::invalid("parent_id", "is no connection's")),
    }
}

/// Whatever the credentials are, they are as good as any here.
fn authorization(input: Option<&serde_json::Map<String, serde_json::Value>>) -> Authorization {
    match input {
        Some(input) if !input.is_empty() => Authorization::Authorized,
        Some(_) | None => Authorization::Placeholder,
    }
}

fn held(asked: &Asked<'_>, inventory: &Inventory) -> Result<WorkspaceAsset, Reply> {
    let mut assets = inventory.assets.iter();
    let found = assets
        .find(|asset| asset.id.0 == asked.number() && asset.key.kind == AssetKind::Connection);
    found.cloned().ok_or_else(Reply::not_found)
}

fn update(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: ConnectionUpdate = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("connection", error.to_string()))?;
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &inventory)?;
    let id = asset.id;
    let folders = Folders::of(asked)?;
    let mut key = asset.key.clone();
    if let Some(name) = new.name {
        if name.trim().is_empty() {
            return Err(Reply::invalid("name", "can't be blank"));
        }
        key.name = name.into();
    }
    if let Some(folder) = new.folder_id {
        key.place = AssetPlace::Folder(folders.path(folder)?.clone());
    }
    let mut noted = asked.notes()?.connection(id);
    let before = noted.clone();
    if let Some(parent) = new.parent_id {
        if parent == id.0 {
            return Err(Reply::invalid("parent_id", "is its own"));
        }
        noted.parent = Some(parent_of(&inventory, &provider(&asset), AssetId(parent))?);
    }
    noted.external_id = new.external_id.or(noted.external_id);
    let mut commit = Commit::on_inventory(&inventory);
    let mut written = None;
    if key != asset.key {
        key.twin = 0;
        is_free(&inventory, &key)?;
        let bytes = content::read(&workspace, &asset)?;
        let bytes = by_hand::renamed(&bytes, &key.name, &key.place.folder())
            .map_err(|error| failed(&error))?;
        let new = Written::new(bytes);
        let mut body = new.body(asset.body.bindings.clone(), asset.body.providers.clone());
        body.renames = asset.body.renames.clone();
        commit.changes.push(Change::MoveAsset { id, key });
        commit.changes.push(Change::UpdateAsset { id, body });
        written = Some(new);
    }
    let authorization = authorization(new.input.as_ref());
    if authorization == Authorization::Authorized
        && asset.state != HeldState::Connection(authorization)
    {
        let change = Change::SetConnection { id, authorization };
        commit.changes.push(change);
    }
    if !commit.changes.is_empty() {
        let written = written.unwrap_or_else(|| Written::new(Vec::new()));
        written.commit(asked, &commit)?;
    }
    if !commit.changes.is_empty() || noted != before {
        let now = asked.sandbox.now();
        asked.note(|notes| {
            notes.made(id, Made::Changed, now);
            notes.set_connection(id, noted);
        })?;
    }
    told(asked, id)
}

/// What uses a connection.
fn users<'i>(
    inventory: &'i Inventory,
    asset: &'i WorkspaceAsset,
) -> impl Iterator<Item = &'i WorkspaceAsset> {
    let to = Binding::Asset(asset.id);
    let assets = inventory.assets.iter();
    assets.filter(move |other| other.body.bindings.contains(&to))
}

fn disconnect(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let mut workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &inventory)?;
    let running = users(&inventory, &asset).find(|user| user.state.is_running());
    if let Some(running) = running {
        return Err(Reply::bad_request(format!(
            "{} runs with it; stop that first",
            named(running)
        )));
    }
    let authorization = Authorization::Placeholder;
    if asset.state != HeldState::Connection(authorization) {
        let id = asset.id;
        let mut commit = Commit::on_inventory(&inventory);
        let change = Change::SetConnection { id, authorization };
        commit.changes.push(change);
        workspace
            .commit(&commit, &mut NoContents)
            .map_err(|error| failed(&error))?;
        asked.made(id, Made::Changed)?;
    }
    Ok(Reply::success())
}

fn delete(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let mut workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &inventory)?;
    if asset.state == HeldState::Connection(Authorization::Authorized) {
        return Err(Reply::bad_request("it is connected; disconnect it first"));
    }
    let going = BTreeMap::from([(asset.id, &asset)]);
    if let Some((user, _)) = user(&inventory, &going) {
        return Err(Reply::bad_request(format!("{} uses it", named(user))));
    }
    if let Some(child) = asked.notes()?.children(asset.id).next() {
        return Err(Reply::bad_request(format!(
            "connection {child} is made after it"
        )));
    }
    let mut commit = Commit::on_inventory(&inventory);
    commit.changes.push(Change::RemoveAsset(asset.id));
    workspace
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    asked.note(|notes| notes.forget(asset.id))?;
    Ok(Reply::success())
}
