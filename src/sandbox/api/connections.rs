//! Connections and properties (platform.md §2.4).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, Success, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{Folders, PAGE, PER_PAGE};
use crate::model::kind::AssetKind;
use crate::model::workspace::{Authorization, HeldAsset, HeldState, Moment};
use crate::workspace::Workspace as _;

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
        method: Method::Get,
        path: "/properties",
        scope: Scope::Both,
        summary: "Properties with their values",
        query: &[
            Parameter::of("prefix", Kind::Text, "How their names begin").required(),
            Parameter::of("project_id", Kind::Number, "The project that they are of"),
        ],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<BTreeMap<String, String>>))],
        handler: properties,
    },
    Operation {
        method: Method::Post,
        path: "/properties",
        scope: Scope::Both,
        summary: "Takes values of properties, and forgets them: values are nothing that packages hold",
        query: &[Parameter::of(
            "project_id",
            Kind::Number,
            "The project that they are of",
        )],
        body: Body::Json(schema::<NewProperties>),
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (400, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: set_properties,
    },
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

/// Values of properties.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewProperties {
    properties: BTreeMap<String, String>,
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
    let common = |asset: &HeldAsset| {
        let authorized = asset.state == HeldState::Connection(Authorization::Authorized);
        let provider = asset.body.providers.first().cloned().unwrap_or_default();
        let at = authorized.then(|| Moment(0).utc());
        let status = authorized.then(|| "success".to_owned());
        (
            provider,
            at,
            status,
            folders.number(&asset.key.place.folder()),
        )
    };
    Ok(match asked.api {
        Api::Developer => {
            let connections = found.into_iter().map(|asset| {
                let (provider, authorized_at, authorization_status, folder_id) = common(asset);
                Connection {
                    id: asset.id.0,
                    application: provider.clone(),
                    name: asset.key.name.clone(),
                    description: None,
                    authorized_at,
                    authorization_status,
                    authorization_error: None,
                    created_at: Moment(0).utc(),
                    updated_at: Moment(0).utc(),
                    external_id: None,
                    folder_id,
                    connection_lost_at: None,
                    connection_lost_reason: None,
                    parent_id: None,
                    provider: Some(provider),
                    tags: None,
                }
            });
            Reply::ok(&connections.collect::<Vec<_>>())
        }
        Api::Embedded => {
            let connections = found.into_iter().map(|asset| {
                let (provider, authorized_at, authorization_status, folder_id) = common(asset);
                CustomersConnection {
                    id: asset.id.0,
                    name: asset.key.name.clone(),
                    provider,
                    authorized_at,
                    authorization_status,
                    authorization_error: None,
                    created_at: Moment(0).utc(),
                    updated_at: Moment(0).utc(),
                    external_id: None,
                    folder_id,
                    identity: None,
                    parent_id: None,
                }
            });
            Reply::wrapped(connections.collect::<Vec<_>>())
        }
    })
}

/// Names of properties come with packages, values don't (platform.md §5.4).
fn properties(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let folders = Folders::of(asked)?;
    let prefix = asked.query.get("prefix").map_or("", String::as_str);
    let project = match asked.query_number("project_id") {
        Some(number) => folders.path(number).ok().cloned(),
        None => None,
    };
    let mut names = BTreeMap::new();
    let mut bytes = Vec::new();
    for asset in &inventory.assets {
        let wanted = match &project {
            Some(folder) => {
                asset.key.kind == AssetKind::ProjectProperties
                    && asset.key.place.folder() == *folder
            }
            None => asset.key.kind == AssetKind::AccountProperties,
        };
        let Some(file) = asset.body.files.first().filter(|_| wanted) else {
            continue;
        };
        workspace
            .content(&file.content, &mut bytes)
            .map_err(|error| failed(&error))?;
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let map = match &project {
            Some(_) => document["data"].as_object(),
            None => document.as_object(),
        };
        let keys = map.into_iter().flatten().map(|(key, _)| key);
        names.extend(
            keys.filter(|key| key.starts_with(prefix))
                .map(|key| (key.clone(), String::new())),
        );
    }
    Ok(Reply::ok(&names))
}

fn set_properties(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let _: NewProperties = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::bad_request(error.to_string()))?;
    Ok(Reply::success())
}
