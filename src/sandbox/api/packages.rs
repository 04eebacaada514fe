//! Manifests, exports and imports (platform.md §1, §2.1).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::jobs::{self, HomeAssets};
use super::super::reply::{
    Content, ErrorBody, ImportErrorBody, Reply, Success, ValidationBody, Wrapped,
};
use super::super::route::{
    self, Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::super::store::{Job, Manifest, State, Work};
use super::account::Folders;
use crate::model::kind::AssetKind;
use crate::model::workspace::{FolderPath, Moment};
use crate::ops::workspace_export::leaving;
use crate::plan::departure::{DepartureRequest, Form, Item, Rows, Unfiled};

pub(in super::super) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::Get,
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
        method: Method::Post,
        path: "/export_manifests",
        scope: Scope::Both,
        summary: "Creates a manifest",
        query: &[],
        body: Body::Json(schema::<NewManifest>),
        answers: &[
            (201, Answer::Json(schema::<Wrapped<ManifestBody>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (422, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create,
    },
    Operation {
        method: Method::Get,
        path: "/export_manifests/{id}",
        scope: Scope::Both,
        summary: "A manifest",
        query: &[],
        body: Body::Nothing,
        answers: MANIFEST,
        handler: show,
    },
    Operation {
        method: Method::Put,
        path: "/export_manifests/{id}",
        scope: Scope::Both,
        summary: "Changes a manifest",
        query: &[],
        body: Body::Json(schema::<NewManifest>),
        answers: &[
            (200, Answer::Json(schema::<Wrapped<ManifestBody>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (422, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: change,
    },
    Operation {
        method: Method::Delete,
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
    Operation {
        method: Method::Post,
        path: "/packages/export/{manifest_id}",
        scope: Scope::Own,
        summary: "Starts an export",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: start_export,
    },
    Operation {
        method: Method::Post,
        path: "/packages/import/{folder_id}",
        scope: Scope::Own,
        summary: "Starts an import",
        query: IMPORT,
        body: Body::Package,
        answers: IMPORTED,
        handler: start_import,
    },
    Operation {
        method: Method::Get,
        path: "/packages/{package_id}",
        scope: Scope::Own,
        summary: "How far an export or an import is",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: status,
    },
    Operation {
        method: Method::Get,
        path: "/packages/{package_id}/download",
        scope: Scope::Own,
        summary: "Leads to the package, for ten seconds",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (302, Answer::Redirect),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: download,
    },
    Operation {
        method: Method::Post,
        path: "/exports/{id}",
        scope: Scope::Customer,
        summary: "Starts an export of a customer's workspace",
        query: &[],
        body: Body::Nothing,
        answers: WRAPPED_JOB,
        handler: start_export,
    },
    Operation {
        method: Method::Get,
        path: "/exports/{id}",
        scope: Scope::Customer,
        summary: "How far an export is",
        query: &[],
        body: Body::Nothing,
        answers: WRAPPED_JOB,
        handler: wrapped_status,
    },
    Operation {
        method: Method::Post,
        path: "/imports",
        scope: Scope::Customer,
        summary: "Starts an import into a customer's workspace",
        query: CUSTOMER_IMPORT,
        body: Body::Package,
        answers: IMPORTED,
        handler: start_import,
    },
    Operation {
        method: Method::Get,
        path: "/imports/{id}",
        scope: Scope::Customer,
        summary: "How far an import is",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: status,
    },
];

const MANIFEST: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Wrapped<ManifestBody>>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];
const JOB: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<JobBody>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];
const WRAPPED_JOB: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Wrapped<JobBody>>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];
const IMPORTED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<JobBody>)),
    (400, Answer::Json(schema::<ImportErrorBody>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];
const RESTART: Parameter = Parameter::of(
    "restart_recipes",
    Kind::Flag,
    "Whether running recipes may be stopped, updated and started again",
);
const IMPORT: &[Parameter] = &[
    RESTART,
    Parameter::of("include_tags", Kind::Flag, "Whether assets keep their tags"),
    Parameter::of(
        "folder_id_for_home_assets",
        Kind::Text,
        "The folder for what belongs into Home; packages that hold such are refused with it",
    ),
];
const CUSTOMER_IMPORT: &[Parameter] = &[
    Parameter::of("folder_id", Kind::Number, "The folder to import into").required(),
    RESTART,
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

/// How far an export or an import is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct JobBody {
    id: u64,
    operation_type: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    export_manifest_id: Option<u64>,
    download_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    recipe_status: Option<Vec<RecipeStatusBody>>,
}

/// What became of a recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RecipeStatusBody {
    id: u64,
    import_result: String,
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
                    asset.key.name.clone(),
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
        last_exported_at: manifest.last_exported_at.map(|at| Moment(at).utc()),
        created_at: Moment(manifest.created_at).utc(),
        updated_at: Moment(manifest.created_at).utc(),
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

fn manifest(asked: &Asked<'_>) -> Result<Manifest, Reply> {
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

fn queue(asked: &Asked<'_>, id: u64, work: Work) -> Result<Job, Reply> {
    let job = Job {
        id,
        workspace: asked.workspace.clone(),
        work,
        state: State::Queued,
        error: None,
        recipes: Vec::new(),
        fault: asked.fault.clone(),
    };
    asked
        .sandbox
        .store
        .keep_job(&job)
        .map_err(|error| failed(&error))?;
    asked.sandbox.queue(job.id);
    Ok(job)
}

fn start_export(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let manifest = manifest(asked)?;
    let work = Work::Export {
        manifest: manifest.id,
    };
    let job = queue(asked, asked.sandbox.store.number(), work)?;
    let body = body(asked, &job);
    Ok(match asked.api {
        Api::Developer => Reply::ok(&body),
        Api::Embedded => Reply::wrapped(body),
    })
}

fn start_import(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let number = match asked.api {
        Api::Developer => asked.number(),
        Api::Embedded => asked.query_number("folder_id").unwrap_or(0),
    };
    let folder = folders.path(number)?;
    let Some(upload) = asked.upload else {
        return Err(Reply::no_import("there is no package"));
    };
    let restart = asked.query_flag("restart_recipes").unwrap_or_default();
    let home = match asked.query.get("folder_id_for_home_assets") {
        Some(number) if !number.is_empty() => {
            let number = route::number(number)
                .filter(|number| folders.path(*number).is_ok_and(|folder| !folder.is_home()));
            if number.is_none() {
                let told = "folder_id_for_home_assets has to be a folder other than Home";
                return Err(Reply::no_import(told));
            }
            HomeAssets::Moved
        }
        Some(_) | None => HomeAssets::Kept,
    };
    jobs::acceptable(asked, upload, folder, restart, home)?;
    let id = asked.sandbox.store.number();
    std::fs::rename(upload, asked.sandbox.store.package(id)).map_err(|error| failed(&error))?;
    let work = Work::Import {
        folder: folders.number(folder),
        restart,
    };
    let job = queue(asked, id, work)?;
    Ok(Reply::ok(&body(asked, &job)))
}

fn job(asked: &Asked<'_>) -> Result<Job, Reply> {
    let found = asked.sandbox.store.job(asked.number());
    found
        .map_err(|error| failed(&error))?
        .filter(|job| job.workspace == *asked.workspace)
        .ok_or_else(Reply::not_found)
}

fn body(asked: &Asked<'_>, job: &Job) -> JobBody {
    let is_import = matches!(job.work, Work::Import { .. });
    let link = || asked.sandbox.link(asked.root, job.id);
    JobBody {
        id: job.id,
        operation_type: match is_import {
            true => "import".to_owned(),
            false => "export".to_owned(),
        },
        status: match job.state {
            State::Queued | State::Running => "in_progress",
            State::Completed => "completed",
            State::Failed => "failed",
        }
        .to_owned(),
        error: job.error.clone(),
        export_manifest_id: match job.work {
            Work::Export { manifest } => Some(manifest),
            Work::Import { .. } => None,
        },
        // The link of an import leads to what was sent (platform.md §1.4).
        download_url: (job.state == State::Completed || is_import).then(link),
        recipe_status: is_import.then(|| {
            let recipes = job.recipes.iter();
            recipes
                .map(|(id, result)| RecipeStatusBody {
                    id: *id,
                    import_result: result.clone(),
                })
                .collect()
        }),
    }
}

fn status(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let job = job(asked)?;
    Ok(Reply::ok(&body(asked, &job)))
}

fn wrapped_status(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let job = job(asked)?;
    Ok(Reply::wrapped(body(asked, &job)))
}

fn download(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let job = job(asked)?;
    let package = asked.sandbox.store.package(job.id);
    if job.state != State::Completed || !package.exists() {
        return Err(Reply::message(404, "not found or has no content"));
    }
    let link = asked.sandbox.link(asked.root, job.id);
    Ok(Reply {
        status: 302,
        body: Content::Nothing,
        headers: Vec::new(),
    }
    .header("location", link))
}
