//! Properties (platform.md §2.4).
//!
//! Names of properties come with packages, values don't (platform.md §5.4). Values that are sent are
//! kept in the platform's file. What an import kept of a secret is a digest, and is not told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, Success};
use super::super::route::{
    Answer, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::Folders;
use crate::model::kind::AssetKind;
use crate::model::workspace::{FolderPath, HeldValue, PropertyKey};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{NoContents, Workspace as _};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/properties",
        scope: Scope::Both,
        summary: "Properties with their values",
        query: &[
            Parameter::of("prefix", Kind::Text, "How their names begin").required(),
            Parameter::of("project_id", Kind::Number, "The project that they are of"),
        ],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<BTreeMap<String, String>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: properties,
    },
    Operation {
        method: Method::POST,
        path: "/properties",
        scope: Scope::Both,
        summary: "Sets values of properties",
        query: &[Parameter::of(
            "project_id",
            Kind::Number,
            "The project that they are of",
        )],
        body: Body::Json(schema::<NewProperties>),
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (400, Answer::Json(schema::<ErrorBody>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: set_properties,
    },
];

/// Values of properties.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewProperties {
    properties: BTreeMap<String, String>,
}

fn properties(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let folders = Folders::of(asked)?;
    let prefix = asked.query.get("prefix").map_or("", String::as_str);
    let project = project(asked, &folders)?;
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
        let document = super::content::parsed(&bytes)?;
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
    let kept = workspace
        .property_values(project.as_ref())
        .map_err(|error| failed(&error))?;
    let kept = kept.into_iter();
    names.extend(
        kept.filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name, value.text().unwrap_or_default().to_owned())),
    );
    Ok(Reply::ok(&names))
}

/// The folder of the project that is asked for.
fn project(asked: &Asked<'_>, folders: &Folders) -> Result<Option<FolderPath>, Reply> {
    match asked.query_number("project_id") {
        Some(number) => folders.project(number).cloned().map(Some),
        None => Ok(None),
    }
}

fn set_properties(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: NewProperties = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::bad_request(error.to_string()))?;
    let folders = Folders::of(asked)?;
    let project = project(asked, &folders)?;
    let mut workspace = asked.opened()?;
    let facts = workspace.facts().map_err(|error| failed(&error))?;
    let mut commit = Commit::on(&facts);
    let changes = new
        .properties
        .into_iter()
        .map(|(name, value)| Change::SetProperty {
            key: PropertyKey {
                project: project.clone(),
                name,
            },
            value: HeldValue::Text(value),
        });
    commit.changes.extend(changes);
    if !commit.changes.is_empty() {
        workspace
            .commit(&commit, &mut NoContents)
            .map_err(|error| failed(&error))?;
    }
    Ok(Reply::success())
}
