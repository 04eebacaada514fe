//! Making recipes, changing what they hold, and what they were before (platform.md §2.4, §12).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::notes::Made;
use super::super::reply::{ErrorBody, Reply, Success, ValidationBody};
use super::super::route::{Answer, Asked, Body, Method, Operation, Scope, failed, schema};
use super::account::{FolderNumber, Folders, PAGE, PER_PAGE};
use super::content::{self, Written};
use super::recipes::{AUTHOR, AUTHORS_EMAIL, held};
use crate::model::error::chain;
use crate::model::facts::CustomMark;
use crate::model::ident::{InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Body as AssetBody, FolderPath, HeldState, Inventory,
    WorkspaceAsset,
};
use crate::plan::by_hand::{self, Account, ByHandError, Edited, NEW_RECIPE, NewParts};
use crate::plan::commit::{Change, Commit};
use crate::workspace::Workspace as _;

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::POST,
        path: "/recipes",
        scope: Scope::Both,
        summary: "Creates a recipe",
        query: &[],
        body: Body::Json(schema::<NewRecipe>),
        answers: &[
            (200, Answer::Json(schema::<Created>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create,
    },
    Operation {
        method: Method::PUT,
        path: "/recipes/{recipe_id}",
        scope: Scope::Both,
        summary: "Changes a recipe, unless it runs; the answer says whether it did",
        query: &[],
        body: Body::Json(schema::<RecipeUpdate>),
        answers: CHANGED,
        handler: update,
    },
    Operation {
        method: Method::POST,
        path: "/recipes/{recipe_id}/copy",
        scope: Scope::Both,
        summary: "Copies a recipe into a folder",
        query: &[],
        body: Body::Json(schema::<Copying>),
        answers: &[
            (200, Answer::Json(schema::<Copied>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: copy,
    },
    Operation {
        method: Method::PUT,
        path: "/recipes/{recipe_id}/connect",
        scope: Scope::Own,
        summary: "Gives a stopped recipe another connection for an application",
        query: &[],
        body: Body::Json(schema::<Connecting>),
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: connect,
    },
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}/versions",
        scope: Scope::Both,
        summary: "The versions of a recipe, the newest first",
        query: &[PAGE, PER_PAGE],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Data<Vec<RecipeVersion>>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: versions,
    },
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}/versions/{version_id}",
        scope: Scope::Both,
        summary: "A version of a recipe",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Data<RecipeVersion>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: version,
    },
];

const CHANGED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Success>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (400, Answer::Json(schema::<ValidationBody>)),
];

/// A recipe to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewRecipe {
    recipe: NewRecipeParts,
}

/// What a new recipe is made of.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewRecipeParts {
    #[schemars(length(min = 1))]
    name: String,
    description: Option<String>,
    /// Its steps: JSON as a text.
    code: String,
    /// Its applications: JSON as a text, with numbers of connections.
    config: Option<String>,
    /// The folder that will hold it; Home if none is said.
    folder_id: Option<FolderNumber>,
}

/// What a recipe gets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RecipeUpdate {
    recipe: RecipeParts,
}

/// What of a recipe is changed; the rest stays.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RecipeParts {
    #[schemars(length(min = 1))]
    name: Option<String>,
    description: Option<String>,
    /// Its steps: JSON as a text.
    code: Option<String>,
    /// Its applications: JSON as a text, with numbers of connections.
    config: Option<String>,
    /// The folder that holds it.
    folder_id: Option<FolderNumber>,
}

/// A recipe that was created.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Created {
    success: bool,
    id: u64,
}

/// Where a copy goes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Copying {
    /// The folder; the recipe's own if none is said.
    folder_id: Option<FolderNumber>,
}

/// A recipe that was copied.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Copied {
    success: bool,
    new_flow_id: u64,
}

/// Which connection a recipe gets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Connecting {
    /// The application: a built-in connector's name, or a custom connector's internal one.
    #[schemars(length(min = 1))]
    adapter_name: String,
    /// The connection.
    connection_id: u64,
}

/// `{"data": …}`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Data<T> {
    data: T,
}

/// A version of a recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RecipeVersion {
    id: u64,
    version_no: u64,
    author_name: String,
    author_email: String,
    comment: Option<String>,
    /// When it was made, where that is known.
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// What can't become a recipe, by the field that it is about.
fn unfit(error: &ByHandError) -> Reply {
    let field = match error {
        ByHandError::Json(_) => "code",
        ByHandError::Part { part, .. } => part,
        ByHandError::NoConnection(_) => "config",
    };
    Reply::invalid(field, chain(error))
}

fn folder_of<'f>(
    folders: &'f Folders,
    asked: Option<&FolderNumber>,
    otherwise: &'f FolderPath,
) -> Result<&'f FolderPath, Reply> {
    match asked {
        Some(asked) => match asked.number() {
            Some(number) => folders.path(number),
            None => Err(Reply::invalid("folder_id", "is invalid")),
        },
        None => Ok(otherwise),
    }
}

fn key(folder: &FolderPath, name: &str) -> AssetKey {
    AssetKey {
        place: AssetPlace::Folder(folder.clone()),
        kind: AssetKind::Recipe,
        name: name.into(),
        twin: 0,
    }
}

fn is_free(inventory: &Inventory, key: &AssetKey) -> Result<(), Reply> {
    if key.name.trim().is_empty() {
        return Err(Reply::invalid("name", "can't be blank"));
    }
    match inventory.assets.iter().any(|asset| asset.key == *key) {
        true => Err(Reply::invalid("name", "has already been taken")),
        false => Ok(()),
    }
}

/// A connection as a recipe names it.
fn account(inventory: &Inventory, id: u64) -> Option<(Account, &WorkspaceAsset)> {
    let mut assets = inventory.assets.iter();
    let found = assets.find(|asset| asset.id.0 == id && asset.key.kind == AssetKind::Connection)?;
    let own = |provider: &String| {
        let mut connectors = inventory.connectors.iter();
        connectors.any(|connector| connector.internal_name.as_str() == provider)
    };
    let account = Account {
        id: found.id,
        name: found.key.name.to_string(),
        folder: found.key.place.folder(),
        mark: match found.body.providers.iter().any(own) {
            true => CustomMark::Present,
            false => CustomMark::Absent,
        },
    };
    Some((account, found))
}

/// A recipe's next version.
fn written(inventory: &Inventory, edited: Edited) -> Result<(Written, AssetBody), Reply> {
    let facts = Scanner::default().scan(&AssetKind::Recipe, &edited.bytes);
    let facts = facts.map_err(|error| Reply::invalid("code", error.to_string()))?;
    let is_custom = |provider: &str| {
        let mut connectors = inventory.connectors.iter();
        InternalName::custom(provider).is_some()
            || connectors.any(|connector| connector.internal_name.as_str() == provider)
    };
    let config = facts.recipe().into_iter().flat_map(|recipe| &recipe.config);
    let mut providers: Vec<String> = config
        .filter(|entry| is_custom(&entry.provider))
        .map(|entry| entry.provider.to_string())
        .collect();
    providers.sort_unstable();
    providers.dedup();
    let written = Written::new(edited.bytes);
    let body = written.body(edited.bindings.into(), providers.into());
    Ok((written, body))
}

fn create_as(
    asked: &Asked<'_>,
    inventory: &Inventory,
    key: AssetKey,
    edited: Edited,
) -> Result<AssetId, Reply> {
    is_free(inventory, &key)?;
    let (written, body) = written(inventory, edited)?;
    let mut commit = Commit::on_inventory(inventory);
    let id = commit.new_asset();
    commit.changes.push(Change::CreateAsset {
        id,
        state: HeldState::of_new(&key.kind),
        key,
        body,
    });
    written.commit(asked, &commit)?;
    asked.made(id, Made::Created)?;
    Ok(id)
}

fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let NewRecipe { recipe } = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("recipe", error.to_string()))?;
    let folders = Folders::of(asked)?;
    let home = FolderPath::home();
    let folder = folder_of(&folders, recipe.folder_id.as_ref(), &home)?;
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let parts = NewParts {
        name: Some(&recipe.name),
        description: recipe.description.as_deref(),
        code: Some(&recipe.code),
        config: recipe.config.as_deref(),
    };
    let find = |id: u64| account(&inventory, id).map(|(account, _)| account);
    let edited =
        by_hand::rewritten(NEW_RECIPE, &[], &parts, &find).map_err(|error| unfit(&error))?;
    let id = create_as(asked, &inventory, key(folder, &recipe.name), edited)?;
    Ok(Reply::ok(&Created {
        success: true,
        id: id.0,
    }))
}

fn update(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let RecipeUpdate { recipe } = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("recipe", error.to_string()))?;
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &workspace)?;
    if asset.state.is_running() {
        return Ok(Reply::ok(&Success { success: false }));
    }
    let folders = Folders::of(asked)?;
    let place = asset.key.place.folder();
    let folder = folder_of(&folders, recipe.folder_id.as_ref(), &place)?;
    let name = recipe.name.as_deref().unwrap_or(&asset.key.name);
    let mut new_key = key(folder, name);
    if (&new_key.place, &new_key.name) == (&asset.key.place, &asset.key.name) {
        new_key.twin = asset.key.twin;
    }
    let parts = NewParts {
        name: recipe.name.as_deref(),
        description: recipe.description.as_deref(),
        code: recipe.code.as_deref(),
        config: recipe.config.as_deref(),
    };
    let find = |id: u64| account(&inventory, id).map(|(account, _)| account);
    let bytes = content::read(&workspace, &asset)?;
    let edited = by_hand::rewritten(&bytes, &asset.body.bindings, &parts, &find)
        .map_err(|error| unfit(&error))?;
    let id = asset.id;
    let is_new = edited.bytes != bytes;
    let (written, body) = written(&inventory, edited)?;
    let mut commit = Commit::on_inventory(&inventory);
    if new_key != asset.key {
        is_free(&inventory, &new_key)?;
        let change = Change::MoveAsset { id, key: new_key };
        commit.changes.push(change);
    }
    if is_new {
        commit.changes.push(Change::UpdateAsset { id, body });
    }
    if !commit.changes.is_empty() {
        written.commit(asked, &commit)?;
        asked.made(id, Made::Changed)?;
    }
    Ok(Reply::success())
}

fn copy(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let copying: Copying = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("folder_id", error.to_string()))?;
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &workspace)?;
    let folders = Folders::of(asked)?;
    let place = asset.key.place.folder();
    let folder = folder_of(&folders, copying.folder_id.as_ref(), &place)?;
    let name = format!("Copy of {}", asset.key.name);
    let parts = NewParts {
        name: Some(&name),
        ..NewParts::default()
    };
    let bytes = content::read(&workspace, &asset)?;
    let edited = by_hand::rewritten(&bytes, &asset.body.bindings, &parts, &|_| None)
        .map_err(|error| unfit(&error))?;
    let id = create_as(asked, &inventory, key(folder, &name), edited)?;
    Ok(Reply::ok(&Copied {
        success: true,
        new_flow_id: id.0,
    }))
}

fn connect(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: Connecting = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::bad_request(error.to_string()))?;
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let asset = held(asked, &workspace)?;
    if asset.state.is_running() {
        return Err(Reply::bad_request("the recipe runs; stop it first"));
    }
    let application = &new.adapter_name;
    let Some((account, connection)) = account(&inventory, new.connection_id) else {
        return Err(Reply::bad_request(format!(
            "there is no connection {}",
            new.connection_id
        )));
    };
    if !connection.body.providers.contains(application) {
        return Err(Reply::bad_request(format!(
            "connection {} is not one of `{application}`",
            new.connection_id
        )));
    }
    let bytes = content::read(&workspace, &asset)?;
    let edited = by_hand::connected(&bytes, &asset.body.bindings, application, &account)
        .map_err(|error| failed(&error))?;
    let Some(edited) = edited else {
        return Err(Reply::bad_request(format!(
            "the recipe does not use `{application}`"
        )));
    };
    if *edited.bindings == *asset.body.bindings && edited.bytes == bytes {
        return Ok(Reply::success());
    }
    let id = asset.id;
    let (written, body) = written(&inventory, edited)?;
    let mut commit = Commit::on_inventory(&inventory);
    commit.changes.push(Change::UpdateAsset { id, body });
    written.commit(asked, &commit)?;
    asked.made(id, Made::Changed)?;
    Ok(Reply::success())
}

/// What the number of a version is made of: that of its recipe, and its own in the last 20 bits.
const VERSION_BITS: u32 = 20;

fn version_of(
    asked: &Asked<'_>,
    asset: &WorkspaceAsset,
    folders: &Folders,
    number: Version,
) -> Result<RecipeVersion, Reply> {
    let workspace = asked.opened()?;
    let body = workspace
        .asset_version(asset.id, number)
        .map_err(|error| failed(&error))?;
    let of_version = WorkspaceAsset {
        body,
        ..asset.clone()
    };
    let document = content::document(&workspace, &of_version)?;
    let (created, updated) = folders.times.of(asset.id);
    // When those between the first and the newest were made is not known.
    let at = match number {
        Version(1) => Some(created),
        newest if newest == asset.version => Some(updated),
        Version(_) => None,
    };
    Ok(RecipeVersion {
        id: (asset.id.0 << VERSION_BITS) + number.0,
        version_no: number.0,
        author_name: AUTHOR.to_owned(),
        author_email: AUTHORS_EMAIL.to_owned(),
        comment: document["version_comment"].as_str().map(str::to_owned),
        created_at: at.map(|at| at.utc()),
        updated_at: at.map(|at| at.utc()),
    })
}

fn versions(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let asset = held(asked, &workspace)?;
    let folders = Folders::of(asked)?;
    let numbers: Vec<u64> = (1..=asset.version.0).rev().collect();
    let data = asked
        .page(numbers)
        .into_iter()
        .map(|number| version_of(asked, &asset, &folders, Version(number)))
        .collect::<Result<Vec<_>, Reply>>()?;
    Ok(Reply::ok(&Data { data }))
}

fn version(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let asset = held(asked, &workspace)?;
    let id = asked.numbers.get(1).copied().unwrap_or_default();
    let number = id.checked_sub(asset.id.0 << VERSION_BITS);
    let number = number.filter(|number| (1..=asset.version.0).contains(number));
    let number = number.ok_or_else(Reply::not_found)?;
    let data = version_of(asked, &asset, &Folders::of(asked)?, Version(number))?;
    Ok(Reply::ok(&Data { data }))
}
