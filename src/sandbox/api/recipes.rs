//! Recipes (platform.md §1.5, §2.4).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::recipe_jobs::End;
use super::super::reply::{ErrorBody, Reply, Success, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{Folders, INCLUDES, PAGE, PER_PAGE, user};
use super::content;
use crate::model::kind::AssetKind;
use crate::model::workspace::{Address, Binding, HeldState, RecipeState, WorkspaceAsset};
use crate::ops::workspace::operate::{OperateError, Which, set_recipes};
use crate::plan::by_hand;
use crate::plan::commit::{Change, Commit};
use crate::plan::preconditions::Blocker;
use crate::workspace::local::LocalWorkspace;
use crate::workspace::{NoContents, Workspace};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/recipes",
        scope: Scope::Own,
        summary: "Recipes, the newest first",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Items>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: recipes,
    },
    Operation {
        method: Method::GET,
        path: "/recipes",
        scope: Scope::Customer,
        summary: "Recipes of a customer, the newest first",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Vec<Recipe>>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: recipes,
    },
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}",
        scope: Scope::Own,
        summary: "A recipe",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Recipe>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: one,
    },
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}",
        scope: Scope::Customer,
        summary: "A recipe of a customer",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Recipe>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: one,
    },
    Operation {
        method: Method::PUT,
        path: "/recipes/{recipe_id}/start",
        scope: Scope::Both,
        summary: "Starts a recipe; the answer says whether it did",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Started>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: start,
    },
    Operation {
        method: Method::PUT,
        path: "/recipes/{recipe_id}/stop",
        scope: Scope::Both,
        summary: "Stops a recipe",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: stop,
    },
    Operation {
        method: Method::DELETE,
        path: "/recipes/{recipe_id}",
        scope: Scope::Both,
        summary: "Takes a recipe away, unless it runs or something uses it; the answer says whether it did",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: delete,
    },
];

/// Who wrote everything here.
pub(super) const AUTHOR: &str = "sandbox";
pub(super) const AUTHORS_EMAIL: &str = "sandbox@recipack.invalid";

const FILTERS: &[Parameter] = &[
    Parameter::of(
        "adapter_names_all",
        Kind::Text,
        "Connectors, joined by commas, all of which a recipe uses",
    ),
    Parameter::of(
        "adapter_names_any",
        Kind::Text,
        "Connectors, joined by commas, one of which a recipe uses",
    ),
    Parameter::of("folder_id", Kind::Number, "The folder that holds it"),
    Parameter::of("with_subfolders", Kind::Flag, "Or one below"),
    Parameter::of("running", Kind::Flag, "Whether it runs"),
    Parameter::of("since_id", Kind::Number, "Numbers lower than this"),
    Parameter::of(
        "stop_cause",
        Kind::Word(&[
            "trigger_errors_limit",
            "action_quota_limit",
            "trial_expired",
            "txn_quota_limit",
        ]),
        "Why it stopped; here no recipe stops by itself, so that none is found",
    ),
    Parameter::of(
        "stopped_after",
        Kind::Time,
        "When it stopped by itself, which none does here",
    ),
    Parameter::of("updated_after", Kind::Time, "When it was changed last"),
    Parameter::of(
        "order",
        Kind::Word(&["activity", "default"]),
        "By activity or not; here both are the same",
    ),
    INCLUDES,
    Parameter::of("exclude_code", Kind::Flag, "Without the steps"),
    PAGE,
    PER_PAGE,
];

/// Recipes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Items {
    items: Vec<Recipe>,
}

/// A recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Recipe {
    id: u64,
    user_id: u64,
    name: String,
    created_at: String,
    updated_at: String,
    copy_count: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    trigger_application: Option<String>,
    action_applications: Vec<String>,
    applications: Vec<String>,
    description: String,
    parameters_schema: Vec<Value>,
    parameters: serde_json::Map<String, Value>,
    webhook_url: Option<String>,
    folder_id: u64,
    running: bool,
    job_succeeded_count: u64,
    job_failed_count: u64,
    lifetime_task_count: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_run_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    stopped_at: Option<String>,
    version_no: u64,
    stop_cause: Option<String>,
    config: Vec<ConfigEntry>,
    trigger_closure: Option<Value>,
    code: String,
    author_name: String,
    version_author_name: String,
    version_author_email: String,
    version_comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    tags: Option<Vec<String>>,
}

/// An application of a recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ConfigEntry {
    keyword: Option<String>,
    name: Option<String>,
    provider: Option<String>,
    skip_validation: Option<bool>,
    account_id: Option<u64>,
}

/// Whether a recipe started.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Started {
    success: bool,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    code_errors: Vec<Vec<Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    config_errors: Vec<Vec<Value>>,
}

fn providers(asset: &WorkspaceAsset, document: &Value) -> Vec<String> {
    let config = document["config"].as_array().into_iter().flatten();
    let mut providers: Vec<String> = config
        .filter_map(|entry| entry["provider"].as_str().map(str::to_owned))
        .collect();
    providers.extend(asset.body.providers.iter().cloned());
    let mut met = BTreeSet::new();
    providers.retain(|provider| met.insert(provider.clone()));
    providers
}

/// What a recipe is told with beside what is always told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    code: Code,
    tags: Tags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Included,
    LeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tags {
    Included,
    LeftOut,
}

impl Told {
    fn of(asked: &Asked<'_>) -> Self {
        Self {
            code: match asked.query_flag("exclude_code") {
                Some(true) => Code::LeftOut,
                Some(false) | None => Code::Included,
            },
            tags: match asked.query.contains_key(INCLUDES.name) {
                true => Tags::Included,
                false => Tags::LeftOut,
            },
        }
    }
}

fn recipe(
    asked: &Asked<'_>,
    workspace: &LocalWorkspace,
    asset: &WorkspaceAsset,
    folders: &Folders,
    what: Told,
) -> Result<Recipe, Reply> {
    let bytes = content::read(workspace, asset)?;
    let document = content::parsed(&bytes)?;
    let accounts = by_hand::accounts(&bytes, &asset.body.bindings);
    let accounts = accounts.map_err(|error| failed(&error))?;
    let (created_at, updated_at) = folders.times.of(asset.id);
    let applications = providers(asset, &document);
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    let trigger = document["code"]["provider"].as_str().map(str::to_owned);
    let config = document["config"].as_array().into_iter().flatten();
    let tags = document["tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| tag.as_str().map(str::to_owned));
    let rule = (asked.sandbox).job_rule(asked.workspace.as_str(), &asset.key.name);
    let rule = rule.filter(|_| asset.state.is_running());
    let ending = |end| {
        let jobs = rule.as_ref().map(|rule| {
            let count = rule.count(updated_at, asked.sandbox.now());
            rule.ending(count, end)
        });
        jobs.unwrap_or_default()
    };
    Ok(Recipe {
        id: asset.id.0,
        user_id: 1,
        name: asset.key.name.to_string(),
        created_at: created_at.utc(),
        updated_at: updated_at.utc(),
        copy_count: 0,
        action_applications: applications
            .iter()
            .filter(|provider| Some(*provider) != trigger.as_ref())
            .cloned()
            .collect(),
        trigger_application: trigger,
        applications,
        description: text("description").unwrap_or_default(),
        parameters_schema: Vec::new(),
        parameters: serde_json::Map::new(),
        webhook_url: None,
        folder_id: folders.number(&asset.key.place.folder()),
        running: asset.state.is_running(),
        job_succeeded_count: ending(End::Succeeded),
        job_failed_count: ending(End::Failed),
        lifetime_task_count: 0,
        last_run_at: None,
        stopped_at: None,
        version_no: asset.version.0,
        stop_cause: None,
        config: config
            .zip(accounts.into_iter().chain(std::iter::repeat(None)))
            .map(|(entry, account)| ConfigEntry {
                keyword: entry["keyword"].as_str().map(str::to_owned),
                // Exports have no name here; the platform's own client lists what it uses by it.
                name: entry["name"]
                    .as_str()
                    .or_else(|| entry["provider"].as_str())
                    .map(str::to_owned),
                provider: entry["provider"].as_str().map(str::to_owned),
                skip_validation: entry["skip_validation"].as_bool(),
                account_id: match account {
                    Some(Binding::Asset(id)) => Some(id.0),
                    Some(Binding::Connector(_) | Binding::Shared | Binding::Nothing) | None => None,
                },
            })
            .collect(),
        trigger_closure: None,
        code: match what.code {
            Code::Included => document["code"].to_string(),
            Code::LeftOut => String::new(),
        },
        author_name: AUTHOR.to_owned(),
        version_author_name: AUTHOR.to_owned(),
        version_author_email: AUTHORS_EMAIL.to_owned(),
        version_comment: text("version_comment"),
        tags: match what.tags {
            Tags::Included => Some(tags.collect()),
            Tags::LeftOut => None,
        },
    })
}

fn recipes(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let folders = Folders::of(asked)?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let folder = match asked.query_number("folder_id") {
        Some(number) => Some(folders.path(number)?),
        None => None,
    };
    let below = asked.query_flag("with_subfolders").unwrap_or_default();
    let names = |key: &str| -> Option<Vec<&str>> {
        let names = asked.query.get(key)?;
        Some(
            names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .collect(),
        )
    };
    let (all, any) = (names("adapter_names_all"), names("adapter_names_any"));
    let running = asked.query_flag("running");
    let since = asked.query_number("since_id");
    let updated_after = asked.query_time("updated_after");
    let nothing_stopped = ["stop_cause", "stopped_after"]
        .iter()
        .any(|name| asked.query.contains_key(*name));
    let mut found = Vec::new();
    for asset in inventory.assets.iter().rev() {
        let HeldState::Recipe(state) = asset.state else {
            continue;
        };
        let place = asset.key.place.folder();
        let inside = folder
            .is_none_or(|folder| place == *folder || below && folder.relative(&place).is_some());
        if !inside
            || running.is_some_and(|running| running != (state == RecipeState::Running))
            || since.is_some_and(|since| asset.id.0 >= since)
            || nothing_stopped
            || updated_after.is_some_and(|after| {
                let (_, updated) = folders.times.of(asset.id);
                i64::try_from(updated.0).is_ok_and(|updated| updated <= after)
            })
        {
            continue;
        }
        found.push(asset);
    }
    // Documents are read only where they are asked for.
    if all.is_some() || any.is_some() {
        let mut kept = Vec::new();
        for asset in found {
            let document = content::document(&workspace, asset)?;
            let providers = providers(asset, &document);
            let uses = |name: &&str| providers.iter().any(|provider| provider == name);
            if all.as_ref().is_none_or(|names| names.iter().all(uses))
                && any.as_ref().is_none_or(|names| names.iter().any(uses))
            {
                kept.push(asset);
            }
        }
        found = kept;
    }
    let what = Told::of(asked);
    let mut page = Vec::new();
    for asset in asked.page(found) {
        page.push(recipe(asked, &workspace, asset, &folders, what)?);
    }
    Ok(match asked.api {
        Api::Developer => Reply::ok(&Items { items: page }),
        Api::Embedded => Reply::wrapped(page),
    })
}

pub(super) fn held(asked: &Asked<'_>, workspace: &LocalWorkspace) -> Result<WorkspaceAsset, Reply> {
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let mut assets = inventory.assets.into_iter();
    assets
        .find(|asset| asset.id.0 == asked.number() && asset.key.kind == AssetKind::Recipe)
        .ok_or_else(Reply::not_found)
}

fn one(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let asset = held(asked, &workspace)?;
    let recipe = recipe(
        asked,
        &workspace,
        &asset,
        &Folders::of(asked)?,
        Told::of(asked),
    )?;
    Ok(match asked.api {
        Api::Developer => Reply::ok(&recipe),
        Api::Embedded => Reply::wrapped(recipe),
    })
}

fn start(asked: &Asked<'_>) -> Result<Reply, Reply> {
    set(asked, RecipeState::Running)
}

fn stop(asked: &Asked<'_>) -> Result<Reply, Reply> {
    set(asked, RecipeState::Stopped)
}

/// A step, and what is wrong with it: field, connection and words, as the platform's own client
/// takes them apart.
fn config_error(obstacle: &Blocker) -> Vec<Value> {
    let (field, connection) = match obstacle {
        Blocker::NotAuthorized { id, .. } => ("Connection", Some(id.0)),
        Blocker::NoConnection { .. } | Blocker::OtherApplication { .. } => ("Connection", None),
        Blocker::NoConnector { .. }
        | Blocker::NotReleased { .. }
        | Blocker::NotShared { .. }
        | Blocker::SharingUnknown { .. }
        | Blocker::OutOfReach { .. } => ("Connector", None),
        Blocker::Unreadable { .. } => ("Recipe", None),
    };
    vec![0.into(), json!([[field, connection, obstacle.to_string()]])]
}

fn set(asked: &Asked<'_>, state: RecipeState) -> Result<Reply, Reply> {
    let mut workspace = asked.opened()?;
    let asset = held(asked, &workspace)?;
    let address = Address::Local(asked.workspace.clone());
    let which = Which::Named(vec![asset.id.to_string()]);
    let done = set_recipes(&mut workspace, &address, &which, state);
    Ok(match done {
        Ok(_) => Reply::success(),
        Err(OperateError::Blocked(blocked)) => {
            let told = blocked.iter().flat_map(|blocked| {
                let obstacles = blocked.obstacles.iter();
                obstacles.map(config_error)
            });
            Reply::ok(&Started {
                success: false,
                code_errors: Vec::new(),
                config_errors: told.collect(),
            })
        }
        Err(OperateError::Workspace(error)) => return Err(failed(&error)),
        Err(error) => return Err(failed(&error)),
    })
}

fn delete(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let mut workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &workspace)?;
    let going = BTreeMap::from([(asset.id, &asset)]);
    if asset.state.is_running() || user(&inventory, &going).is_some() {
        return Ok(Reply::ok(&Success { success: false }));
    }
    let mut commit = Commit::on_inventory(&inventory);
    commit.changes.push(Change::RemoveAsset(asset.id));
    workspace
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    asked.note(|notes| notes.forget(asset.id))?;
    Ok(Reply::success())
}
