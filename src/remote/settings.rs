//! What settings say, over the API: values of properties are read and set, connections get their
//! credentials, recipes start and stop. Each is one request, written down before it is sent; what is
//! lost on the way shows when the same import is planned again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::RemoteWorkspace;
use super::changes::Done;
use super::folders::Folders;
use super::journal::{JournalError, RemoteIdentity};
use super::lists::Lists;
use crate::client::{Account, ClientError, ConnectionId, EndpointInfo, ProjectId, RecipeFilter};
use crate::io::atomic;
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::visible;
use crate::model::workspace::{
    Address, AssetId, AssetKey, AssetPlace, Authorization, EndpointMark, EndpointState, FolderPath,
    HeldValue, ImportId, PropertyKey, RecipeState, Timestamp,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::import::settings::SettingWrite;
use crate::plan::resolve;
use crate::workspace::{Committed, NotDone, Partly, Uploaded, WorkspaceError};

impl RemoteWorkspace {
    /// The values of properties, as far as they are told.
    pub(super) fn property_values(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        let mut by_project: BTreeMap<Option<&FolderPath>, Vec<&str>> = BTreeMap::new();
        for key in asked {
            let names = by_project.entry(key.project.as_ref()).or_default();
            names.push(&key.name);
        }
        let mut told = BTreeMap::new();
        for (project, names) in by_project {
            let number = match project {
                None => None,
                Some(folder) => match self.project_of(folder)? {
                    Some(number) => Some(number),
                    // It is not there yet, and its properties have no values.
                    None => continue,
                },
            };
            for prefix in prefixes(&names) {
                for (name, value) in self.api().properties(prefix, number)? {
                    // A name that comes without a value is listed with an empty one.
                    if value.is_empty() || !names.contains(&name.as_str()) {
                        continue;
                    }
                    let key = PropertyKey {
                        project: project.cloned(),
                        name,
                    };
                    told.insert(key, HeldValue::Text(value));
                }
            }
        }
        Ok(told)
    }

    /// The connections that somebody gave these ids.
    pub(super) fn known_as(
        &self,
        external: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<AssetKey>>, WorkspaceError> {
        let mut folders = Folders::new(self);
        let mut known: BTreeMap<String, Vec<AssetKey>> = BTreeMap::new();
        for connection in self.api().connections()? {
            let id = connection.external_id.filter(|id| external.contains(id));
            if let Some(id) = id {
                let folder = folders.path_of(connection.folder_id.map(|folder| folder.0))?;
                known.entry(id).or_default().push(AssetKey {
                    place: AssetPlace::Folder(folder),
                    kind: AssetKind::Connection,
                    name: nfc(&connection.name).into_owned().into(),
                    twin: 0,
                });
            }
        }
        Ok(known)
    }

    /// Whether API endpoints are enabled, as far as it is told which is which.
    pub(super) fn endpoint_states(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        // Of customers' workspaces the platform documents no such list (platform.md §2).
        if asked.is_empty() || self.account != Account::Own {
            return Ok(BTreeMap::new());
        }
        let listed = self.api().endpoints()?;
        let told = asked.iter().filter_map(|(id, mark)| {
            let found = meant(&listed, mark, mark.recipe_id)?;
            Some((*id, found.state))
        });
        Ok(told.collect())
    }

    /// Enables or disables an endpoint, and looks whether it is so.
    fn set_endpoint(
        &self,
        endpoint: &EndpointMark,
        recipe: Option<AssetId>,
        state: EndpointState,
    ) -> Result<Done, WorkspaceError> {
        let listed = self.api().endpoints()?;
        let Some(found) = meant(&listed, endpoint, recipe) else {
            let why = match listed.iter().filter(|one| is_like(one, endpoint)).count() {
                0 => "it is not there",
                _ => "the platform lists several like it",
            };
            return Ok(Done::Refused(why.to_owned()));
        };
        if found.state == state {
            return Ok(Done::Made);
        }
        let asked = self.api().set_endpoint(found.id, state);
        let is_so = || -> Result<bool, WorkspaceError> {
            let now = self.api().endpoints()?;
            let mut now = now.iter().filter(|one| one.id == found.id);
            Ok(now.any(|one| one.state == state))
        };
        match asked {
            Ok(()) if is_so()? => Ok(Done::Made),
            Ok(()) => Ok(Done::Refused("the platform said that it did".to_owned())),
            Err(error @ (ClientError::Refused { .. } | ClientError::NotFound { .. })) => {
                Ok(Done::Refused(error.to_string()))
            }
            // It may have arrived: what is there tells.
            Err(lost @ ClientError::Lost { .. }) => match is_so()? {
                true => Ok(Done::Made),
                false => Err(lost.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The platform's words, unless they say back what settings gave it.
    pub(super) fn unsaid(&self, words: String) -> String {
        match is_said(&self.values.borrow(), &words) {
            true => SAID_BACK.to_owned(),
            false => words,
        }
    }

    /// The number of the project that has this folder.
    pub(super) fn project_of(
        &self,
        folder: &FolderPath,
    ) -> Result<Option<ProjectId>, WorkspaceError> {
        let Some(number) = Folders::new(self).id_of(folder)? else {
            return Ok(None);
        };
        let projects = self.api().projects()?;
        let found = projects.iter().find(|found| found.folder_id.0 == number);
        Ok(found.map(|found| found.id))
    }
}

impl RemoteWorkspace {
    /// Whether the API has something for it.
    pub(super) fn can_take(&self, write: &SettingWrite) -> Result<(), (String, String, String)> {
        match write {
            SettingWrite::Property { key, .. } => match &key.project {
                Some(folder) if folder.is_home() => Err((
                    format!("project property \"{}\"", key.name),
                    "the package goes into Home, which is no project".to_owned(),
                    "import into the project's folder, with --folder or `folder` in the settings"
                        .to_owned(),
                )),
                Some(_) | None => Ok(()),
            },
            SettingWrite::Endpoint { endpoint, state } if self.account != Account::Own => Err((
                format!("that the API endpoint \"{}\" is {state}", endpoint.name),
                "the platform documents no such request for customers' workspaces".to_owned(),
                "say \"leave\" for it, and do it in the platform's pages; or import with a token of that workspace"
                    .to_owned(),
            )),
            SettingWrite::Endpoint { .. }
            | SettingWrite::Credentials { .. }
            | SettingWrite::Recipe { .. } => Ok(()),
        }
    }

    /// Imports a package with its settings: values of properties first, as far as their projects are
    /// there, then the package, then the rest. Each is written down before it is sent.
    ///
    /// # Errors
    /// [`WorkspaceError::Partly`] if some of it was done, and some not.
    pub(super) fn import_with_settings(
        &self,
        commit: &Commit,
        package: Uploaded<'_>,
    ) -> Result<Committed, WorkspaceError> {
        let mut steps = Steps::of(self, commit, &package)?;
        let uploads = commit.changes.iter().any(is_of_import);
        let (mut first, mut later) = (Vec::new(), Vec::new());
        for values in property_values(package.settings) {
            let number = match &values.project {
                None => None,
                Some(folder) => match self.project_of(folder)? {
                    Some(number) => Some(number),
                    None => {
                        later.push(values);
                        continue;
                    }
                },
            };
            first.push((values, number));
        }
        let import = uploads.then(|| "the import".to_owned());
        let after: Vec<String> = later
            .iter()
            .map(Values::label)
            .chain(labels(&package))
            .collect();
        let rest: Vec<String> = import.iter().cloned().chain(after.clone()).collect();
        if !uploads {
            self.still_there(commit)?;
        }
        let total = first.len();
        for (number, (values, project)) in first.iter().enumerate() {
            let left = first[number + 1..total].iter();
            let left = left.map(|(values, _)| values.label()).chain(rest.clone());
            steps.step(&values.label(), left.collect(), || {
                self.set_values(values, *project)
            })?;
        }
        let mut committed = Committed::default();
        if uploads {
            committed = steps.import(after.clone(), || self.import(commit, package))?;
        }
        let mut left = after.into_iter();
        for values in &later {
            let label = left.next().unwrap_or_default();
            steps.step(&label, left.clone().collect(), || {
                let Some(folder) = &values.project else {
                    return self.set_values(values, None);
                };
                match self.project_of(folder)? {
                    Some(number) => self.set_values(values, Some(number)),
                    None => Ok(Done::Refused(format!(
                        "the folder \"{folder}\" is no project"
                    ))),
                }
            })?;
        }
        let mut numbers = Numbers::new(self);
        let not_there = || Ok(Done::Refused("it is not there".to_owned()));
        for write in package.settings {
            if matches!(write, SettingWrite::Property { .. }) {
                continue;
            }
            let label = left.next().unwrap_or_default();
            steps.step(&label, left.clone().collect(), || match write {
                SettingWrite::Property { .. } => Ok(Done::Made),
                SettingWrite::Credentials { key, fields } => match numbers.of(key)? {
                    Some(id) => self.give(ConnectionId(id), fields),
                    None => not_there(),
                },
                SettingWrite::Recipe { key, state } => match numbers.of(key)? {
                    Some(id) => self.set_recipe(AssetId(id), *state, &Lists::default()),
                    None => not_there(),
                },
                SettingWrite::Endpoint { endpoint, state } => {
                    let recipe = match &endpoint.recipe {
                        Some(key) => numbers.of(key)?.map(AssetId),
                        None => None,
                    };
                    self.set_endpoint(endpoint, recipe, *state)
                }
            })?;
        }
        Ok(committed)
    }

    /// Whether the workspace is as it was planned for, where no package is sent.
    fn still_there(&self, commit: &Commit) -> Result<(), WorkspaceError> {
        self.settings.journal.check()?;
        match self.lists_of(&commit.base)? {
            Some(_) => Ok(()),
            None => Err(self.stale()),
        }
    }

    fn set_values(
        &self,
        values: &Values,
        project: Option<ProjectId>,
    ) -> Result<Done, WorkspaceError> {
        match self.api().set_properties(&values.values, project) {
            Ok(()) => Ok(Done::Made),
            Err(ClientError::Refused { message, .. }) => {
                Ok(Done::Refused(message.unwrap_or_default()))
            }
            // It may have arrived: what is there tells.
            Err(lost @ ClientError::Lost { .. }) => {
                let keys = values.values.keys().map(|name| PropertyKey {
                    project: values.project.clone(),
                    name: name.clone(),
                });
                let there = self.property_values(&keys.collect())?;
                let so = values.values.iter().all(|(name, value)| {
                    let key = PropertyKey {
                        project: values.project.clone(),
                        name: name.clone(),
                    };
                    let held = there.get(&key);
                    held.is_some_and(|held| held.is(&key, value.expose_secret()))
                });
                match so {
                    true => Ok(Done::Made),
                    false => Err(lost.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn give(
        &self,
        id: ConnectionId,
        fields: &BTreeMap<String, SecretString>,
    ) -> Result<Done, WorkspaceError> {
        match self.api().give_credentials(id, fields) {
            Ok(info) if info.authorization == Authorization::Authorized => Ok(Done::Made),
            Ok(_) => Ok(Done::Refused(
                "the platform took the fields, and it is not authorized with them".to_owned(),
            )),
            Err(error @ (ClientError::Refused { .. } | ClientError::NotFound { .. })) => {
                Ok(Done::Refused(error.to_string()))
            }
            // It may have arrived: whether it is authorized now tells.
            Err(lost @ ClientError::Lost { .. }) => {
                let all = self.api().connections()?;
                let mut now = all.iter().filter(|one| one.id == id);
                match now.any(|one| one.authorization == Authorization::Authorized) {
                    true => Ok(Done::Made),
                    false => Err(lost.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn is_like(listed: &EndpointInfo, mark: &EndpointMark) -> bool {
    nfc(&listed.name) == nfc(&mark.name) && listed.served.is(&mark.served)
}

/// The endpoint that is meant, if that can be told: other collections may have one like it.
fn meant<'l>(
    listed: &'l [EndpointInfo],
    mark: &EndpointMark,
    recipe: Option<AssetId>,
) -> Option<&'l EndpointInfo> {
    let answers = |one: &&EndpointInfo| match (recipe, one.recipe) {
        (Some(recipe), Some(own)) => own.0 == recipe.0,
        (None, _) | (_, None) => true,
    };
    let like = listed.iter().filter(|one| is_like(one, mark));
    let mut like = like.filter(answers);
    match (like.next(), like.next()) {
        (Some(only), None) => Some(only),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

/// Values of properties that go in one request.
struct Values {
    project: Option<FolderPath>,
    values: BTreeMap<String, SecretString>,
}

impl Values {
    fn label(&self) -> String {
        let names: Vec<String> = self
            .values
            .keys()
            .map(|name| format!("\"{name}\""))
            .collect();
        let names = names.join(", ");
        match &self.project {
            None => format!("properties {names}"),
            Some(folder) => format!("properties {names} of project \"{folder}\""),
        }
    }
}

fn property_values(writes: &[SettingWrite]) -> Vec<Values> {
    let mut all: BTreeMap<Option<&FolderPath>, BTreeMap<String, SecretString>> = BTreeMap::new();
    for write in writes {
        if let SettingWrite::Property { key, value } = write {
            let values = all.entry(key.project.as_ref()).or_default();
            values.insert(key.name.clone(), value.clone());
        }
    }
    let all = all.into_iter();
    all.map(|(project, values)| Values {
        project: project.cloned(),
        values,
    })
    .collect()
}

/// What is done after the import, but for properties.
fn labels(package: &Uploaded<'_>) -> Vec<String> {
    let writes = package.settings.iter();
    writes
        .filter_map(|write| match write {
            SettingWrite::Property { .. } => None,
            SettingWrite::Credentials { key, .. } => Some(format!(
                "credentials of connection \"{}\"",
                resolve::label(key)
            )),
            SettingWrite::Recipe { key, state } => {
                let verb = match state {
                    RecipeState::Running => "start",
                    RecipeState::Stopped => "stop",
                };
                Some(format!("{verb} recipe \"{}\"", resolve::label(key)))
            }
            SettingWrite::Endpoint { endpoint, state } => {
                let verb = match state {
                    EndpointState::Enabled => "enable",
                    EndpointState::Disabled => "disable",
                };
                let EndpointMark { name, served, .. } = endpoint;
                Some(format!("{verb} API endpoint \"{name}\" ({served})"))
            }
        })
        .collect()
}

/// Whether a change is the package's, which the platform makes by itself.
fn is_of_import(change: &Change) -> bool {
    match change {
        Change::SetProperty { .. }
        | Change::SetConnection { .. }
        | Change::SetRecipe { .. }
        | Change::SetEndpoint { .. } => false,
        Change::CreateFolder(_)
        | Change::CreateAsset { .. }
        | Change::UpdateAsset { .. }
        | Change::RemoveAsset(_)
        | Change::CreateConnector { .. }
        | Change::AddVersion { .. }
        | Change::ReleaseVersion { .. }
        | Change::Share { .. }
        | Change::Unshare(_)
        | Change::MoveAsset { .. }
        | Change::RemoveFolder(_) => true,
    }
}

/// The platform's numbers of connections and recipes, listed once, as are the folders that they lie in.
struct Numbers<'w> {
    workspace: &'w RemoteWorkspace,
    folders: Folders<'w>,
    connections: Option<Vec<(u64, String, Option<u64>)>>,
    recipes: Option<Vec<(u64, String, Option<u64>)>>,
}

impl<'w> Numbers<'w> {
    fn new(workspace: &'w RemoteWorkspace) -> Self {
        Self {
            workspace,
            folders: Folders::new(workspace),
            connections: None,
            recipes: None,
        }
    }

    fn of(&mut self, key: &AssetKey) -> Result<Option<u64>, WorkspaceError> {
        let api = self.workspace.api();
        let list = match key.kind == AssetKind::Connection {
            true => &mut self.connections,
            false => &mut self.recipes,
        };
        if list.is_none() {
            *list = Some(match key.kind == AssetKind::Connection {
                true => {
                    let all = api.connections()?.into_iter();
                    all.map(|one| (one.id.0, one.name, one.folder_id.map(|id| id.0)))
                        .collect()
                }
                false => {
                    let all = api.recipes(&RecipeFilter::default())?.into_iter();
                    all.map(|one| (one.id.0, one.name, one.folder_id.map(|id| id.0)))
                        .collect()
                }
            });
        }
        let folder = self.folders.id_of(&key.place.folder())?;
        let list = list.as_deref().unwrap_or_default();
        let named = list.iter().filter(|(_, name, _)| **name == *key.name);
        // Another folder's is another one, whatever it is called. Some answers leave the folder out.
        let mut here = named.filter(|(_, _, place)| place.is_none() || *place == folder);
        Ok(match (here.next(), here.next()) {
            (Some((id, ..)), None) => Some(*id),
            (None, _) | (Some(_), Some(_)) => None,
        })
    }
}

/// What is told in place of words that say a value back.
const SAID_BACK: &str = "the answer says a value back, and is not shown";

/// Whether words say a value, be it in part.
fn is_said(values: &[SecretString], words: &str) -> bool {
    values.iter().any(|value| {
        let value = value.expose_secret();
        let begins = value.char_indices().nth(TELLING);
        let begins = begins.map_or(value.len(), |(at, _)| at);
        !value.is_empty() && words.contains(&value[..begins])
    })
}

/// How many characters of a value give it away.
const TELLING: usize = 6;

/// What is done step by step, and written down before it is sent.
struct Steps {
    /// What is shown nowhere, whoever says it back.
    secrets: Vec<SecretString>,
    file: PathBuf,
    written: Written,
    partly: Partly,
}

/// What is written down of the settings of an import.
#[derive(Serialize)]
struct Written {
    address: Address,
    identity: RemoteIdentity,
    package: Digest,
    at: Timestamp,
    who: String,
    steps: Vec<WrittenStep>,
}

#[derive(Serialize)]
struct WrittenStep {
    what: String,
    is: &'static str,
}

impl Steps {
    fn of(
        workspace: &RemoteWorkspace,
        commit: &Commit,
        package: &Uploaded<'_>,
    ) -> Result<Self, WorkspaceError> {
        let Some(revision) = &commit.revision else {
            return Err(workspace.not_offered("an import that is not written down", "report this"));
        };
        let header = &revision.header;
        let identity = workspace.identity();
        let id = ImportId::of(&identity, &package.digest, &commit.base, header.at);
        let folder = workspace.settings.journal.folder().join("settings");
        let io = |source| {
            WorkspaceError::from(JournalError::Io {
                path: folder.display().to_string(),
                doing: "create",
                source,
            })
        };
        atomic::make_private_folder(workspace.settings.journal.folder()).map_err(io)?;
        atomic::make_private_folder(&folder).map_err(io)?;
        Ok(Self {
            secrets: package.secrets.to_vec(),
            file: folder.join(format!("{id}.json")),
            written: Written {
                address: workspace.address(),
                identity,
                package: package.digest,
                at: header.at,
                who: header.who.clone(),
                steps: Vec::new(),
            },
            partly: Partly {
                workspace: workspace.address().to_string(),
                ..Partly::default()
            },
        })
    }

    fn write(&self) -> Result<(), WorkspaceError> {
        let path = || self.file.display().to_string();
        let text = visible::json(&self.written).map_err(std::io::Error::other);
        let written = text.and_then(|text| atomic::write(&self.file, text.as_bytes()));
        written.map_err(|source| {
            WorkspaceError::from(JournalError::Io {
                path: path(),
                doing: "write",
                source,
            })
        })
    }

    fn ends(&mut self, is: &'static str) {
        if let Some(last) = self.written.steps.last_mut() {
            last.is = is;
        }
        // What was done is told, whether that can be written down or not.
        let _ = self.write();
    }

    fn begins(&mut self, what: &str) -> Result<(), WorkspaceError> {
        self.written.steps.push(WrittenStep {
            what: what.to_owned(),
            is: "sending",
        });
        self.write()
    }

    /// Does a step. `left` are those that come after it.
    fn step(
        &mut self,
        what: &str,
        left: Vec<String>,
        make: impl FnOnce() -> Result<Done, WorkspaceError>,
    ) -> Result<(), WorkspaceError> {
        let made = self.begins(what).and_then(|()| make());
        match made {
            Ok(Done::Made) => {
                self.ends("done");
                self.partly.done.push(what.to_owned());
                Ok(())
            }
            Ok(Done::Refused(why)) => {
                self.ends("refused");
                let why = self.withheld(why);
                Err(self.gives_up(what, why, left, None))
            }
            Err(error) => {
                self.ends("unknown");
                let why = self.withheld(chain(&error));
                Err(self.gives_up(what, why, left, Some(error)))
            }
        }
    }

    /// The platform's words, unless they say a value back, be it in part.
    fn withheld(&self, why: String) -> String {
        match is_said(&self.secrets, &why) {
            true => SAID_BACK.to_owned(),
            false => why,
        }
    }

    /// The import itself, which has a journal of its own.
    fn import(
        &mut self,
        left: Vec<String>,
        make: impl FnOnce() -> Result<Committed, WorkspaceError>,
    ) -> Result<Committed, WorkspaceError> {
        let what = "the import";
        match make() {
            Ok(committed) => {
                self.partly.done.push(what.to_owned());
                Ok(committed)
            }
            // It can be planned anew, or resumed, and says so.
            Err(error @ WorkspaceError::Stale { .. }) => Err(error),
            Err(WorkspaceError::Remote(remote)) if remote.is_unfinished() => {
                Err(WorkspaceError::Remote(remote))
            }
            Err(error)
                if self.partly.done.is_empty() && !is_said(&self.secrets, &chain(&error)) =>
            {
                Err(error)
            }
            Err(error) => {
                let why = self.withheld(chain(&error));
                Err(self.gives_up(what, why, left, Some(error)))
            }
        }
    }

    fn gives_up(
        &mut self,
        what: &str,
        why: String,
        left: Vec<String>,
        cause: Option<WorkspaceError>,
    ) -> WorkspaceError {
        let mut partly = std::mem::take(&mut self.partly);
        if let Some(cause @ WorkspaceError::Stale { .. }) = cause {
            return cause;
        }
        partly.failed.push(NotDone {
            what: what.to_owned(),
            why,
        });
        partly.not_attempted = left;
        partly.cause = cause.map(Box::new);
        WorkspaceError::Partly(Box::new(partly))
    }
}

/// With how few prefixes all of the names are told: their common beginning, or where they have none,
/// each of them.
pub(super) fn prefixes<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let Some(first) = names.first() else {
        return Vec::new();
    };
    let common = names.iter().fold(first.len(), |length, name| {
        let same = first.bytes().zip(name.bytes());
        length.min(same.take_while(|(one, other)| one == other).count())
    });
    let mut end = common;
    while !first.is_char_boundary(end) {
        end -= 1;
    }
    match end {
        0 => names.to_vec(),
        end => vec![&first[..end]],
    }
}

#[cfg(test)]
mod tests {
    use super::prefixes;

    #[test]
    fn one_prefix_tells_of_all_names_that_begin_alike() {
        for (names, expected) in [
            (vec![], vec![]),
            (vec!["erp.url"], vec!["erp.url"]),
            (vec!["erp.key", "erp.url"], vec!["erp."]),
            (vec!["erp", "zone"], vec!["erp", "zone"]),
            (vec!["äa", "ää"], vec!["ä"]),
            (vec!["é", "è"], vec!["é", "è"]),
        ] {
            assert_eq!(prefixes(&names), expected);
        }
    }
}
