//! Whose token it is, projects and folders (platform.md §1, §7, §8).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, Success, ValidationBody, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, number, schema,
};
use super::recipes::AUTHORS_EMAIL;
use crate::model::workspace::{
    AssetId, AssetPlace, Binding, FolderPath, HeldState, Inventory, RecipeState, Timestamp,
    WorkspaceAsset,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::resolve;
use crate::workspace::local::Times;
use crate::workspace::{NoContents, Workspace as _};

/// The number of Home: folders of the local platform are numbered from 1 on.
const HOMES: u64 = 1 << 40;
/// What a project's number is larger by than its folder's: whoever takes one for the other shall
/// notice, as on the platform.
const PROJECTS: u64 = 1 << 41;

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/users/me",
        scope: Scope::Own,
        summary: "Whose token it is",
        query: &[],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<User>))],
        handler: me,
    },
    Operation {
        method: Method::GET,
        path: "/projects",
        scope: Scope::Own,
        summary: "The projects: folders that lie in no other",
        query: PAGING,
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Vec<Project>>))],
        handler: projects,
    },
    Operation {
        method: Method::GET,
        path: "/projects",
        scope: Scope::Customer,
        summary: "The projects of a customer",
        query: PAGING,
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Wrapped<Vec<Project>>>))],
        handler: projects,
    },
    Operation {
        method: Method::GET,
        path: "/folders",
        scope: Scope::Own,
        summary: "The folders in a folder",
        query: IN_FOLDER,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Vec<Folder>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: folders,
    },
    Operation {
        method: Method::GET,
        path: "/folders",
        scope: Scope::Customer,
        summary: "The folders in a folder of a customer",
        query: IN_FOLDER,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Vec<Folder>>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: folders,
    },
    Operation {
        method: Method::POST,
        path: "/folders",
        scope: Scope::Both,
        summary: "Creates a folder",
        query: &[],
        body: Body::Json(schema::<NewFolder>),
        answers: &[
            (200, Answer::Json(schema::<Folder>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create_folder,
    },
    Operation {
        method: Method::DELETE,
        path: "/folders/{folder_id}",
        scope: Scope::Both,
        summary: "Takes a folder away that holds nothing",
        query: &[],
        body: Body::Nothing,
        answers: REMOVED,
        handler: delete_folder,
    },
    Operation {
        method: Method::DELETE,
        path: "/projects/{project_id}",
        scope: Scope::Both,
        summary: "Takes a project away with all that is in it, unless something of it is in use",
        query: &[],
        body: Body::Nothing,
        answers: REMOVED,
        handler: delete_project,
    },
];

const REMOVED: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Success>)),
    (403, Answer::Json(schema::<ErrorBody>)),
    (404, Answer::Json(schema::<ErrorBody>)),
];
pub(super) const PAGE: Parameter = Parameter::of("page", Kind::Number, "Which page, from 1 on");
pub(super) const PER_PAGE: Parameter =
    Parameter::of("per_page", Kind::Number, "How many, at most 100");
/// Further fields that are asked for.
pub(super) const INCLUDES: Parameter = Parameter::of(
    "includes[]",
    Kind::Word(&["tags"]),
    "Further fields: tags, by their titles",
);
const PAGING: &[Parameter] = &[PAGE, PER_PAGE];
const IN_FOLDER: &[Parameter] = &[
    Parameter::of(
        "parent_id",
        Kind::Number,
        "The folder; Home if none is said",
    ),
    PAGE,
    PER_PAGE,
];

/// An account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct User {
    id: u64,
    name: String,
    created_at: String,
    plan_id: String,
    current_billing_period_start: String,
    current_billing_period_end: String,
    recipes_count: usize,
    active_recipes_count: usize,
    company_name: Option<String>,
    location: Option<String>,
    email: String,
    root_folder_id: u64,
}

/// A project.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Project {
    id: u64,
    description: String,
    folder_id: u64,
    name: String,
}

/// A folder.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Folder {
    id: u64,
    name: String,
    parent_id: Option<u64>,
    is_project: bool,
    project_id: Option<u64>,
    created_at: String,
    updated_at: String,
}

/// A folder to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewFolder {
    /// Its name; older ones say `folder_name`.
    #[serde(alias = "folder_name")]
    #[schemars(length(min = 1))]
    name: String,
    /// The folder that will hold it; Home if none is said. The documents have it as a text.
    parent_id: Option<FolderNumber>,
}

/// The number of a folder, as a number or as a text.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FolderNumber {
    Number(u64),
    Text(#[schemars(pattern(r"^[0-9]{1,15}$"))] String),
}

impl FolderNumber {
    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => number(text),
        }
    }
}

/// The folders of a workspace, by number. Home is among them.
#[derive(Debug)]
pub(in crate::sandbox) struct Folders {
    pub(in crate::sandbox) home: u64,
    pub(in crate::sandbox) times: Times,
    by_number: BTreeMap<u64, FolderPath>,
    by_path: BTreeMap<FolderPath, u64>,
}

impl Folders {
    pub(in crate::sandbox) fn of(asked: &Asked<'_>) -> Result<Self, Reply> {
        let workspace = asked.opened()?;
        let facts = workspace.facts().map_err(|error| failed(&error))?;
        let numbers = workspace.folder_numbers().map_err(|error| failed(&error))?;
        let home = HOMES + facts.id.0;
        let mut by_path = numbers;
        by_path.insert(FolderPath::home(), home);
        let mut times = workspace.times().map_err(|error| failed(&error))?;
        asked.notes()?.add_to(&mut times);
        Ok(Self {
            home,
            times,
            by_number: by_path
                .iter()
                .map(|(path, id)| (*id, path.clone()))
                .collect(),
            by_path,
        })
    }

    /// A folder by its number; 0 is Home, too.
    pub(in crate::sandbox) fn path(&self, number: u64) -> Result<&FolderPath, Reply> {
        let number = if number == 0 { self.home } else { number };
        self.by_number.get(&number).ok_or_else(Reply::not_found)
    }

    pub(in crate::sandbox) fn number(&self, path: &FolderPath) -> u64 {
        self.by_path.get(path).copied().unwrap_or(self.home)
    }

    /// The folder of a project by the project's number.
    pub(in crate::sandbox) fn project(&self, number: u64) -> Result<&FolderPath, Reply> {
        let folder = number.checked_sub(PROJECTS);
        let path = folder.and_then(|folder| self.by_number.get(&folder));
        path.filter(|path| path.parent().is_some_and(|parent| parent.is_home()))
            .ok_or_else(Reply::not_found)
    }

    /// The number of the project that a folder lies in, or is.
    fn project_id(&self, path: &FolderPath) -> Option<u64> {
        let mut top = path.clone();
        loop {
            match top.parent() {
                None => return None,
                Some(parent) if parent.is_home() => return Some(PROJECTS + self.number(&top)),
                Some(parent) => top = parent,
            }
        }
    }

    fn folder(&self, path: &FolderPath, number: u64) -> Folder {
        let parent = path.parent().unwrap_or_default();
        Folder {
            id: number,
            name: path.name().to_owned(),
            parent_id: Some(self.number(&parent)),
            is_project: parent.is_home(),
            project_id: self.project_id(path),
            created_at: self.times.workspace.utc(),
            updated_at: self.times.workspace.utc(),
        }
    }

    fn below(&self, parent: &FolderPath) -> Vec<Folder> {
        let folders = self.by_number.iter();
        folders
            .filter(|(_, path)| path.parent().as_ref() == Some(parent))
            .map(|(number, path)| self.folder(path, *number))
            .collect()
    }
}

/// The billing period that a moment lies in: four weeks.
pub(super) fn billing(now: Timestamp) -> (Timestamp, Timestamp) {
    const PERIOD: u64 = 28 * 24 * 60 * 60;
    let begin = now.0 - now.0 % PERIOD;
    (Timestamp(begin), Timestamp(begin + PERIOD))
}

fn me(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let folders = Folders::of(asked)?;
    let facts = &inventory.workspace;
    let recipes = inventory
        .assets
        .iter()
        .filter_map(|asset| match asset.state {
            HeldState::Recipe(state) => Some(state),
            HeldState::Connection(_) | HeldState::Plain => None,
        });
    let (begin, end) = billing(asked.sandbox.now());
    let (mut count, mut active) = (0, 0);
    for state in recipes {
        count += 1;
        active += usize::from(state == RecipeState::Running);
    }
    Ok(Reply::ok(&User {
        id: facts.id.0,
        name: facts.name.to_string(),
        created_at: folders.times.workspace.utc(),
        plan_id: "sandbox".to_owned(),
        current_billing_period_start: begin.utc(),
        current_billing_period_end: end.utc(),
        recipes_count: count,
        active_recipes_count: active,
        company_name: None,
        location: None,
        email: AUTHORS_EMAIL.to_owned(),
        root_folder_id: folders.home,
    }))
}

/// Lists are wrapped in the Embedded API only (platform.md §2.4).
pub(super) fn list<T: Serialize>(asked: &Asked<'_>, all: Vec<T>) -> Reply {
    let page = asked.page(all);
    match asked.api {
        Api::Developer => Reply::ok(&page),
        Api::Embedded => Reply::wrapped(page),
    }
}

fn projects(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let projects = folders.below(&FolderPath::home()).into_iter();
    let projects = projects.map(|folder| Project {
        id: PROJECTS + folder.id,
        description: String::new(),
        folder_id: folder.id,
        name: folder.name,
    });
    Ok(list(asked, projects.collect()))
}

fn folders(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let parent = folders.path(asked.query_number("parent_id").unwrap_or(0))?;
    Ok(list(asked, folders.below(parent)))
}

fn create_folder(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: NewFolder = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("name", error.to_string()))?;
    let folders = Folders::of(asked)?;
    let parent = match &new.parent_id {
        None => 0,
        Some(parent) => parent
            .number()
            .ok_or_else(|| Reply::invalid("parent_id", "is invalid"))?,
    };
    let parent = folders.path(parent)?;
    let path = parent
        .child(&new.name)
        .map_err(|error| Reply::invalid("name", error.to_string()))?;
    if folders.by_path.contains_key(&path) {
        return Err(Reply::invalid("name", "has already been taken"));
    }
    let mut workspace = asked.opened()?;
    let facts = workspace.facts().map_err(|error| failed(&error))?;
    let mut commit = Commit::on(&facts);
    commit.changes.push(Change::CreateFolder(path.clone()));
    workspace
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    let folders = Folders::of(asked)?;
    Ok(Reply::ok(&folders.folder(&path, folders.number(&path))))
}

/// The platform's words for a folder that has to stay (platform.md §1.5), with the reason.
fn kept(why: impl std::fmt::Display) -> Reply {
    Reply::message(403, format!("Cannot destroy folder: {why}"))
}

fn delete_folder(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let folder = folders.path(asked.number())?;
    if folder.is_home() {
        return Err(kept("it is Home"));
    }
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    let below = |other: &FolderPath| folder.relative(other).is_some_and(|path| !path.is_empty());
    if inventory.folders.iter().any(below) || inside(&inventory, folder).next().is_some() {
        return Err(kept("it is not empty"));
    }
    remove(asked, &inventory, folder)
}

fn delete_project(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let folders = Folders::of(asked)?;
    let folder = folders.project(asked.number())?;
    let inventory = asked
        .opened()?
        .inventory()
        .map_err(|error| failed(&error))?;
    remove(asked, &inventory, folder)
}

/// What lies in a folder or below it.
fn inside<'i>(
    inventory: &'i Inventory,
    folder: &'i FolderPath,
) -> impl Iterator<Item = &'i WorkspaceAsset> {
    inventory
        .assets
        .iter()
        .filter(|asset| match &asset.key.place {
            AssetPlace::Folder(place) => folder.relative(place).is_some(),
            AssetPlace::Workspace => false,
        })
}

/// An asset elsewhere that refers to one of these, and which.
pub(super) fn user<'i>(
    inventory: &'i Inventory,
    going: &BTreeMap<AssetId, &'i WorkspaceAsset>,
) -> Option<(&'i WorkspaceAsset, &'i WorkspaceAsset)> {
    let staying = inventory.assets.iter();
    let mut staying = staying.filter(|asset| !going.contains_key(&asset.id));
    staying.find_map(|asset| {
        let used = asset
            .body
            .bindings
            .iter()
            .find_map(|binding| match binding {
                Binding::Asset(id) => going.get(id).copied(),
                Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
            })?;
        Some((asset, used))
    })
}

/// An asset as refusals name it.
pub(super) fn named(asset: &WorkspaceAsset) -> String {
    format!(
        "{} \"{}\"",
        asset.key.kind.label(),
        resolve::label(&asset.key)
    )
}

fn remove(asked: &Asked<'_>, inventory: &Inventory, folder: &FolderPath) -> Result<Reply, Reply> {
    let going: BTreeMap<AssetId, &WorkspaceAsset> = inside(inventory, folder)
        .map(|asset| (asset.id, asset))
        .collect();
    if let Some(running) = going.values().find(|asset| asset.state.is_running()) {
        return Err(kept(format!("{} runs", named(running))));
    }
    if let Some((user, used)) = user(inventory, &going) {
        return Err(kept(format!("{} uses {}", named(user), named(used))));
    }
    let mut commit = Commit::on_inventory(inventory);
    let assets = going.keys().map(|id| Change::RemoveAsset(*id));
    commit.changes.extend(assets);
    // Those that lie in others come first.
    let below = inventory.folders.iter().rev();
    let below = below.filter(|other| folder.relative(other).is_some());
    commit
        .changes
        .extend(below.cloned().map(Change::RemoveFolder));
    asked
        .opened()?
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    asked.note(|notes| going.keys().for_each(|id| notes.forget(*id)))?;
    Ok(Reply::success())
}
