//! Exports and imports (platform.md §1.3, §1.4, §2.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::jobs;
use super::super::reply::{Content, ErrorBody, ImportErrorBody, Reply, Wrapped};
use super::super::route::{
    self, Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::super::store::{Job, State, Work};
use super::account::Folders;
use super::manifests::manifest;
use crate::plan::import::{Landing, TagsPolicy};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::POST,
        path: "/packages/export/{manifest_id}",
        scope: Scope::Own,
        summary: "Starts an export",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: start_export,
    },
    Operation {
        method: Method::POST,
        path: "/packages/import/{folder_id}",
        scope: Scope::Own,
        summary: "Starts an import",
        query: IMPORT,
        body: Body::Package,
        answers: IMPORTED,
        handler: start_import,
    },
    Operation {
        method: Method::GET,
        path: "/packages/{package_id}",
        scope: Scope::Own,
        summary: "How far an export or an import is",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: status,
    },
    Operation {
        method: Method::GET,
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
        method: Method::POST,
        path: "/exports/{id}",
        scope: Scope::Customer,
        summary: "Starts an export of a customer's workspace",
        query: &[],
        body: Body::Nothing,
        answers: WRAPPED_JOB,
        handler: start_export,
    },
    Operation {
        method: Method::GET,
        path: "/exports/{id}",
        scope: Scope::Customer,
        summary: "How far an export is",
        query: &[],
        body: Body::Nothing,
        answers: WRAPPED_JOB,
        handler: export_status,
    },
    Operation {
        method: Method::POST,
        path: "/imports",
        scope: Scope::Customer,
        summary: "Starts an import into a customer's workspace",
        query: CUSTOMER_IMPORT,
        body: Body::Package,
        answers: IMPORTED,
        handler: start_import,
    },
    Operation {
        method: Method::GET,
        path: "/imports/{id}",
        scope: Scope::Customer,
        summary: "How far an import is",
        query: &[],
        body: Body::Nothing,
        answers: JOB,
        handler: status,
    },
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
        "The folder for what belongs into Home, which is not Home",
    ),
];
const CUSTOMER_IMPORT: &[Parameter] = &[
    Parameter::of("folder_id", Kind::Number, "The folder to import into").required(),
    RESTART,
];

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
        Some(said) if !said.is_empty() => {
            let found = route::number(said).and_then(|number| folders.path(number).ok());
            let Some(found) = found.filter(|folder| !folder.is_home()) else {
                let told = "folder_id_for_home_assets has to be a folder other than Home";
                return Err(Reply::no_import(told));
            };
            Some(found)
        }
        Some(_) | None => None,
    };
    // Whether imports into customers' workspaces drop tags is not known (platform.md §2.1).
    let tags = match (asked.api, asked.query_flag("include_tags")) {
        (Api::Embedded, _) | (Api::Developer, Some(true)) => TagsPolicy::Apply,
        (Api::Developer, Some(false) | None) => TagsPolicy::Skip,
    };
    let landing = Landing {
        home: home.cloned().unwrap_or_default(),
        tags,
    };
    jobs::acceptable(asked, upload, folder, restart, &landing)?;
    let id = asked.sandbox.store.number();
    std::fs::rename(upload, asked.sandbox.store.package(id)).map_err(|error| failed(&error))?;
    let work = Work::Import {
        folder: folders.number(folder),
        restart,
        home: home.map(|home| folders.number(home)),
        tags,
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
    match (asked.api, &job.work) {
        (Api::Developer, _) | (Api::Embedded, Work::Import { .. }) => {
            Ok(Reply::ok(&body(asked, &job)))
        }
        (Api::Embedded, Work::Export { .. }) => Err(Reply::not_found()),
    }
}

fn export_status(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let job = job(asked)?;
    match &job.work {
        Work::Export { .. } => Ok(Reply::wrapped(body(asked, &job))),
        Work::Import { .. } => Err(Reply::not_found()),
    }
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
