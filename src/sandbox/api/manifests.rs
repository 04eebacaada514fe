//! Manifests: what exports are made of (platform.md §1.1, §1.2).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, Success, ValidationBody, Wrapped};
use super::super::route::{
    Answer, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::super::store::Manifest;
use super::account::Folders;
use crate::model::kind::AssetKind;
use crate::model::workspace::{FolderPath, Timestamp};
use crate::ops::workspace::export::leaving;
use crate::plan::workspace_export::{DepartureRequest, Form, Item, RawIds, Rows, Unfiled};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/export_manifests/folder_assets",
        scope: Scope::Both,
        summary: "What an export of a folder would hold",
        query: &[
            Parameter::of(
                "folder_id",
                Kind::Number,
                "The folder; Home if none is said",
            ),
            Parameter::of("include_test_cases", Kind::Flag, "Test cases, too"),
            Parameter::of("include_data", Kind::Flag, "Rows of tables, too"),
        ],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Assets>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: folder_assets,
    },
    Operation {
        method: Method::POST,
        path: "/export_manifests",
        scope: Scope::Both,
        summary: "Creates a manifest",
        query: &[],
        body: Body::Json(schema::<NewManifest>),
        answers: &[
            (201, Answer::Json(schema::<Wrapped<ManifestBody>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create,
    },
    Operation {
        method: Method::GET,
        path: "/export_manifests/{id}",
        scope: Scope::Both,
        summary: "A manifest",
        query: &[],
        body: Body::Nothing,
        answers: MANIFEST,
        handler: show,
    },
    Operation {
        method: Method::PUT,
        path: "/export_manifests/{id}",
        scope: Scope::Both,
        summary: "Changes a manifest",
        query: &[],
        body: Body::Json(schema::<NewManifest>),
        answers: &[
            (200, Answer::Json(schema::<Wrapped<ManifestBody>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: change,
    },
    Operation {
        method: Method::DELETE,
        path: "/export_manifests/{id}",
        scope: Scope::Both,
        summary: "Takes a manifest away",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: delete,
    },
];

const MANIFEST: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Wrapped<ManifestBody>>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];

/// What an export of a folder would hold.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Assets {
    assets: Vec<AssetBody>,
}

/// An asset.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct AssetBody {
    id: u64,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    version: Option<u64>,
    folder: String,
    absolute_path: String,
    root_folder: bool,
    unreachable: bool,
    zip_name: String,
    checked: bool,
    status: String,
}

/// A manifest to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewManifest {
    export_manifest: ManifestRequest,
}

/// What a manifest is made of.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ManifestRequest {
    #[schemars(length(min = 1))]
    name: String,
    /// The folder; Home if none is said.
    folder_id: Option<u64>,
    assets: Option<Vec<AssetChoice>>,
    auto_generate_assets: Option<bool>,
    include_test_cases: Option<bool>,
    include_data: Option<bool>,
    include_tags: Option<bool>,
}

/// An asset that is chosen.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct AssetChoice {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
    checked: Option<bool>,
    zip_name: Option<String>,
}

/// A manifest.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ManifestBody {
    id: u64,
    name: String,
    last_exported_at: Option<String>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
    project_path: String,
    status: String,
}

fn absolute(folder: &FolderPath) -> String {
    match folder.is_home() {
        true => "All projects".to_owned(),
        false => format!("All projects/{folder}"),
    }
}

fn assets(asked: &Asked<'_>, folder: &FolderPath, rows: Rows) -> Result<Vec<AssetBody>, Reply> {
    let workspace = asked.opened()?;
    let request = DepartureRequest {
        folder: folder.clone(),
        rows,
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    };
    let (inventory, departure) = leaving(&workspace, &request).map_err(|error| failed(&error))?;
    let mut assets: BTreeMap<Item, AssetBody> = BTreeMap::new();
    for file in departure
        .files
        .iter()
        .filter(|file| file.form == Form::Json)
    {
        let path = file.path.as_str();
        let (id, name, kind, version, place) = match file.item {
            Item::Asset(index) => {
                let asset = &inventory.assets[index];
                (
                    asset.id.0,
                    asset.key.name.to_string(),
                    asset.key.kind.word().to_owned(),
                    Some(asset.version.0),
                    asset.key.place.folder(),
                )
            }
            Item::Connector(index) => {
                let connector = &inventory.connectors[index];
                (
                    connector.id.0,
                    connector.title.to_string(),
                    AssetKind::CustomAdapter.word().to_owned(),
                    connector.released.map(|version| version.0),
                    FolderPath::home(),
                )
            }
        };
        // What no listed type has is in the package, and not in this list (platform.md §1.1).
        if !LISTED.contains(&kind.as_str()) {
            continue;
        }
        assets.entry(file.item).or_insert(AssetBody {
            id,
            name,
            kind,
            version,
            folder: file.path.folder().to_owned(),
            absolute_path: absolute(&place),
            root_folder: false,
            unreachable: false,
            zip_name: path.to_owned(),
            checked: true,
            status: "added".to_owned(),
        });
    }
    Ok(assets.into_values().collect())
}

/// The types that the list knows (platform.md §1.1).
const LISTED: &[&str] = &[
    "recipe",
    "connection",
    "lookup_table",
    "workato_db_table",
    "account_property",
    "project_property",
    "workato_schema",
    "workato_template",
    "lcap_app",
    "lcap_page",
    "custom_adapter",
    "topic",
    "api_group",
    "api_endpoint",
    "agentic_genie",
    "agentic_skill",
    "data_pipeline",
    "decision_engine_model",
    "agentic_knowledge_base",
    "mcp_server",
];

fn folder_assets(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let folder = folders.path(asked.query_number("folder_id").unwrap_or(0))?;
    let rows = rows(asked.query_flag("include_data"));
    let assets = assets(asked, folder, rows)?;
    Ok(Reply::wrapped(Assets { assets }))
}

fn rows(included: Option<bool>) -> Rows {
    match included {
        Some(true) => Rows::Included,
        Some(false) | None => Rows::LeftOut,
    }
}

fn requested(asked: &Asked<'_>) -> Result<(ManifestRequest, Option<Vec<String>>, u64), Reply> {
    let new: NewManifest = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("export_manifest", error.to_string()))?;
    let request = new.export_manifest;
    if request.name.trim().is_empty() {
        return Err(Reply::invalid("name", "can't be blank"));
    }
    let folders = Folders::of(asked)?;
    let number = request.folder_id.unwrap_or(0);
    let folder = folders.path(number)?.clone();
    let chosen = match (&request.assets, request.auto_generate_assets) {
        (_, Some(true)) => None,
        (Some(chosen), _) => {
            let known = assets(asked, &folder, Rows::Included)?;
            let mut paths = Vec::new();
            for choice in chosen.iter().filter(|choice| choice.checked != Some(false)) {
                let found = known
                    .iter()
                    .find(|asset| asset.id == choice.id && asset.kind == choice.kind);
                match found {
                    Some(asset) => paths.push(asset.zip_name.clone()),
                    None => {
                        return Err(Reply::invalid(
                            "assets",
                            format!("{} {} is not in the folder", choice.kind, choice.id),
                        ));
                    }
                }
            }
            Some(paths)
        }
        (None, _) => return Err(Reply::invalid("assets", "can't be blank")),
    };
    let number = folders.number(&folder);
    Ok((request, chosen, number))
}

fn told(asked: &Asked<'_>, manifest: &Manifest) -> Result<ManifestBody, Reply> {
    let folders = Folders::of(asked)?;
    let folder = folders.path(manifest.folder).cloned().unwrap_or_default();
    Ok(ManifestBody {
        id: manifest.id,
        name: manifest.name.clone(),
        last_exported_at: manifest.last_exported_at.map(|at| Timestamp(at).utc()),
        created_at: Timestamp(manifest.created_at).utc(),
        updated_at: Timestamp(manifest.created_at).utc(),
        deleted_at: None,
        project_path: absolute(&folder),
        status: "working".to_owned(),
    })
}

fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let (request, assets, folder) = requested(asked)?;
    let manifest = Manifest {
        id: asked.sandbox.store.number(),
        workspace: asked.workspace.clone(),
        name: request.name,
        folder,
        rows: request.include_data == Some(true),
        assets,
        created_at: asked.sandbox.now().0,
        last_exported_at: None,
    };
    let store = &asked.sandbox.store;
    store
        .keep_manifest(&manifest)
        .map_err(|error| failed(&error))?;
    Ok(Reply::json(
        201,
        &Wrapped {
            result: told(asked, &manifest)?,
        },
    ))
}

pub(super) fn manifest(asked: &Asked<'_>) -> Result<Manifest, Reply> {
    let found = asked.sandbox.store.manifest(asked.number());
    found
        .map_err(|error| failed(&error))?
        .filter(|manifest| manifest.workspace == *asked.workspace)
        .ok_or_else(Reply::not_found)
}

fn show(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let manifest = manifest(asked)?;
    Ok(Reply::wrapped(told(asked, &manifest)?))
}

fn change(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let mut manifest = manifest(asked)?;
    let (request, assets, folder) = requested(asked)?;
    manifest.name = request.name;
    manifest.folder = folder;
    manifest.rows = request.include_data == Some(true);
    manifest.assets = assets;
    let store = &asked.sandbox.store;
    store
        .keep_manifest(&manifest)
        .map_err(|error| failed(&error))?;
    Ok(Reply::wrapped(told(asked, &manifest)?))
}

fn delete(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let manifest = manifest(asked)?;
    let removed = asked.sandbox.store.remove_manifest(manifest.id);
    removed.map_err(|error| failed(&error))?;
    Ok(Reply::success())
}
