//! Connections (platform.md §2.4). Credentials are not tried, and not kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, ValidationBody, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{Folders, PAGE, PER_PAGE};
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::slug::slug;
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Authorization, Binding, Body as AssetBody, HeldAsset, HeldFile,
    HeldState, Moment,
};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{ContentError, Contents, Encoded, Encoding, NoContents, Workspace as _};

pub(in super::super) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::Get,
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
        method: Method::Get,
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
        method: Method::Post,
        path: "/connections",
        scope: Scope::Own,
        summary: "Creates a connection; it is authorised if credentials come along, which are forgotten",
        query: &[],
        body: Body::Json(schema::<NewConnection>),
        answers: CHANGED,
        handler: create,
    },
    Operation {
        method: Method::Put,
        path: "/connections/{connection_id}",
        scope: Scope::Own,
        summary: "Gives a connection credentials, which are forgotten",
        query: &[],
        body: Body::Json(schema::<ConnectionUpdate>),
        answers: CHANGED,
        handler: update,
    },
    Operation {
        method: Method::Post,
        path: "/connections",
        scope: Scope::Customer,
        summary: "Creates a connection of a customer; it is authorised if credentials come along, which are forgotten",
        query: &[],
        body: Body::Json(schema::<NewConnection>),
        answers: CUSTOMERS_CHANGED,
        handler: create,
    },
    Operation {
        method: Method::Put,
        path: "/connections/{connection_id}",
        scope: Scope::Customer,
        summary: "Gives a connection of a customer credentials, which are forgotten",
        query: &[],
        body: Body::Json(schema::<ConnectionUpdate>),
        answers: CUSTOMERS_CHANGED,
        handler: update,
    },
];

const CUSTOMERS_CHANGED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Wrapped<CustomersConnection>>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (422, Answer::Json(schema::<ValidationBody>)),
];
const CHANGED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Connection>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (422, Answer::Json(schema::<ValidationBody>)),
];
const FILTERS: &[Parameter] = &[
    Parameter::of("folder_id", Kind::Number, "The folder that holds them"),
    Parameter::of("external_id", Kind::Text, "Their external id"),
    Parameter::of(
        "include_runtime_connections",
        Kind::Flag,
        "Those of users, too",
    ),
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
    /// Whether the credentials are not tried.
    shell_connection: Option<bool>,
    /// The credentials.
    input: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What a connection gets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ConnectionUpdate {
    /// Its name, which has to be the one that it has.
    name: Option<String>,
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
    let external = asked.query.contains_key("external_id");
    let found: Vec<&HeldAsset> = inventory
        .assets
        .iter()
        .filter(|asset| asset.key.kind == AssetKind::Connection && !external)
        .filter(|asset| {
            let place = asset.key.place.folder();
            folder.as_ref().is_none_or(|folder| *folder == place)
        })
        .collect();
    // Without a page, all are answered.
    let found = match asked.query.contains_key("page") {
        true => asked.page(found),
        false => found,
    };
    Ok(match asked.api {
        Api::Developer => {
            let told = found.iter().map(|asset| developers(asset, &folders));
            Reply::ok(&told.collect::<Vec<_>>())
        }
        Api::Embedded => {
            let told = found.iter().map(|asset| customers(asset, &folders));
            Reply::wrapped(told.collect::<Vec<_>>())
        }
    })
}

fn provider(asset: &HeldAsset) -> String {
    asset.body.providers.first().cloned().unwrap_or_default()
}

/// When it was authorised, and what came of it.
fn authorized(asset: &HeldAsset, at: Moment) -> (Option<String>, Option<String>) {
    match asset.state == HeldState::Connection(Authorization::Authorized) {
        true => (Some(at.utc()), Some("success".to_owned())),
        false => (None, None),
    }
}

fn developers(asset: &HeldAsset, folders: &Folders) -> Connection {
    let (created_at, updated_at) = folders.times.of(asset.id);
    let (authorized_at, authorization_status) = authorized(asset, updated_at);
    Connection {
        id: asset.id.0,
        application: provider(asset),
        name: asset.key.name.clone(),
        description: None,
        authorized_at,
        authorization_status,
        authorization_error: None,
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        external_id: None,
        folder_id: folders.number(&asset.key.place.folder()),
        connection_lost_at: None,
        connection_lost_reason: None,
        parent_id: None,
        provider: Some(provider(asset)),
        tags: None,
    }
}

fn customers(asset: &HeldAsset, folders: &Folders) -> CustomersConnection {
    let (created_at, updated_at) = folders.times.of(asset.id);
    let (authorized_at, authorization_status) = authorized(asset, updated_at);
    CustomersConnection {
        id: asset.id.0,
        name: asset.key.name.clone(),
        provider: provider(asset),
        authorized_at,
        authorization_status,
        authorization_error: None,
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        external_id: None,
        folder_id: folders.number(&asset.key.place.folder()),
        identity: None,
        parent_id: None,
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
    Ok(match asked.api {
        Api::Developer => Reply::ok(&developers(asset, &folders)),
        Api::Embedded => Reply::wrapped(customers(asset, &folders)),
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
    let mut workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let key = AssetKey {
        place: AssetPlace::Folder(folder.clone()),
        kind: AssetKind::Connection,
        name: new.name.clone(),
        twin: 0,
    };
    if inventory.assets.iter().any(|asset| asset.key == key) {
        return Err(Reply::invalid("name", "has already been taken"));
    }
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
    let bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
    let digest = Digest::of(&bytes);
    let body = AssetBody {
        files: vec![HeldFile {
            extension: "json".to_owned(),
            content: digest,
            size: bytes.len() as u64,
        }],
        origin: digest,
        renames: BTreeMap::new(),
        bindings,
        providers: vec![new.provider],
    };
    let mut commit = Commit::on_inventory(&inventory);
    let id = commit.new_asset();
    commit.changes.push(Change::CreateAsset {
        id,
        key,
        body,
        state: HeldState::Connection(authorization(new.input.as_ref())),
    });
    workspace
        .commit(&commit, &mut One { digest, bytes })
        .map_err(|error| failed(&error))?;
    told(asked, id)
}

/// Whatever the credentials are, they are as good as any here.
fn authorization(input: Option<&serde_json::Map<String, serde_json::Value>>) -> Authorization {
    match input {
        Some(input) if !input.is_empty() => Authorization::Authorized,
        Some(_) | None => Authorization::Placeholder,
    }
}

/// The file of one asset.
struct One {
    digest: Digest,
    bytes: Vec<u8>,
}

impl Contents for One {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        match *digest == self.digest {
            true => Ok(Encoded {
                encoding: Encoding::Plain,
                bytes: &self.bytes,
                size: self.bytes.len() as u64,
            }),
            false => Err(ContentError {
                digest: *digest,
                source: "it is none of the connection's".into(),
            }),
        }
    }
}

fn update(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: ConnectionUpdate = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("connection", error.to_string()))?;
    let mut workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let mut assets = inventory.assets.iter();
    let found = assets
        .find(|asset| asset.id.0 == asked.number() && asset.key.kind == AssetKind::Connection);
    let asset = found.ok_or_else(Reply::not_found)?;
    if new
        .name
        .as_ref()
        .is_some_and(|name| *name != asset.key.name)
    {
        return Err(Reply::invalid("name", "can't be changed here"));
    }
    let authorization = authorization(new.input.as_ref());
    if authorization == Authorization::Authorized
        && asset.state != HeldState::Connection(authorization)
    {
        let mut commit = Commit::on_inventory(&inventory);
        let id = asset.id;
        commit
            .changes
            .push(Change::SetConnection { id, authorization });
        workspace
            .commit(&commit, &mut NoContents)
            .map_err(|error| failed(&error))?;
    }
    told(asked, asset.id)
}
