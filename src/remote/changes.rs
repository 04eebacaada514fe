//! Single changes over the API: each is one request, and what it came to is read back. When one of
//! several fails, the others stay done, and all of that is told.

use std::collections::{BTreeMap, BTreeSet};

use super::RemoteWorkspace;
use super::lists::{Lists, RecipeMark, connectors};
use crate::client::{
    ClientError, ConnectorDraft, ConnectorInfo, RecipeFilter, RecipeId, SharedVersion, Started,
};
use crate::model::catalogue::Visibility;
use crate::model::error::chain;
use crate::model::ident::{ConnectorTitle, Digest};
use crate::model::workspace::{AssetId, ConnectorId, HeldVersion, RecipeState};
use crate::ops::workspace::push::version_text;
use crate::plan::commit::{Change, Commit};
use crate::plan::push::VersionText;
use crate::plan::resolve;
use crate::workspace::remote::RemoteError;
use crate::workspace::{
    CommitConflict, Committed, ContentError, Contents, Decoder, NotDone, Partly, Workspace as _,
    WorkspaceError,
};

/// What became of one change.
pub(super) enum Done {
    /// It was made, or was there already.
    Made,
    /// The platform will not make it; that says nothing about the others.
    Refused(String),
}

/// The changes of a commit, on their way.
struct Progress {
    /// What is to be there: what was read, and what was changed since.
    lists: Lists,
    /// The connectors as they were listed last.
    listed: BTreeMap<u64, ConnectorInfo>,
    /// Connectors that are to be created with their first version.
    created: BTreeMap<ConnectorId, ConnectorTitle>,
    /// The numbers that the platform gave to new connectors.
    real: BTreeMap<ConnectorId, ConnectorId>,
}

impl RemoteWorkspace {
    pub(super) fn one_by_one(
        &self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        let lists = self.still(commit)?;
        self.offered(commit)?;
        let labels: Vec<Option<String>> = commit
            .changes
            .iter()
            .map(|change| self.label(commit, change))
            .collect::<Result<_, _>>()?;
        let mut progress = Progress {
            listed: lists.connectors.clone(),
            lists,
            created: BTreeMap::new(),
            real: BTreeMap::new(),
        };
        let mut partly = Partly {
            workspace: self.address().to_string(),
            ..Partly::default()
        };
        let mut changes = commit.changes.iter().zip(labels);
        let mut stopped = BTreeMap::new();
        for (change, label) in changes.by_ref() {
            let made = self.make(change, &mut progress, contents);
            let Some(what) = label else {
                made?;
                continue;
            };
            match made {
                Ok(Done::Made) => {
                    if let Change::SetRecipe {
                        id,
                        state: RecipeState::Stopped,
                    } = change
                    {
                        stopped.insert(id.0, what.clone());
                    }
                    partly.done.push(what);
                }
                Ok(Done::Refused(why)) => partly.failed.push(NotDone { what, why }),
                Err(error) => {
                    let why = chain(&error);
                    partly.failed.push(NotDone { what, why });
                    partly.cause = Some(Box::new(error));
                    break;
                }
            }
        }
        for id in self.running_yet(&stopped)? {
            let Some(what) = stopped.remove(&id) else {
                continue;
            };
            partly.done.retain(|done| *done != what);
            let why = "it did not stop: the platform said that it did".to_owned();
            partly.failed.push(NotDone { what, why });
        }
        partly.not_attempted = changes.filter_map(|(_, label)| label).collect();
        let alone = partly.done.is_empty() && partly.not_attempted.is_empty();
        match (partly.failed.is_empty(), partly.cause.take()) {
            (true, _) => Ok(Committed::default()),
            // Of one thing alone, its own error says it all.
            (false, Some(cause)) if alone && partly.failed.len() == 1 => Err(*cause),
            // Nothing was done, so it may be planned anew.
            (false, Some(cause))
                if partly.done.is_empty()
                    && partly.failed.len() == 1
                    && matches!(*cause, WorkspaceError::Stale { .. }) =>
            {
                Err(*cause)
            }
            (false, cause) => Err(WorkspaceError::Partly(Box::new(Partly { cause, ..partly }))),
        }
    }

    /// Those of the recipes that run although they were stopped.
    fn running_yet(&self, stopped: &BTreeMap<u64, String>) -> Result<Vec<u64>, WorkspaceError> {
        let wanted: BTreeSet<u64> = stopped.keys().copied().collect();
        let now = match stopped.keys().next() {
            None => Vec::new(),
            Some(id) if wanted.len() == 1 => vec![self.api().recipe(RecipeId(*id))?],
            Some(_) => self
                .api()
                .recipes_among(&RecipeFilter::default(), &wanted)?,
        };
        let running = now
            .iter()
            .filter(|recipe| recipe.state == RecipeState::Running);
        let ids = running.map(|recipe| recipe.id.0);
        Ok(ids.filter(|id| wanted.contains(id)).collect())
    }

    /// Whether the API has something for every change, before the first is made.
    fn offered(&self, commit: &Commit) -> Result<(), WorkspaceError> {
        for change in &commit.changes {
            match change {
                Change::Share { sharing, .. } if sharing.visibility == Visibility::Closed => {
                    return Err(self.not_offered(
                        "sharing a connector without its source",
                        "choose closed source in the platform's pages",
                    ));
                }
                Change::SetProperty { .. } => {
                    return Err(self.not_offered(
                        "setting a property by itself",
                        "give it its value in the settings of an import",
                    ));
                }
                Change::SetEndpoint { .. } => {
                    return Err(self.not_offered(
                        "enabling an API endpoint by itself",
                        "say it in the settings of an import",
                    ));
                }
                Change::SetConnection { .. } => {
                    return Err(self.not_offered(
                        "authorising a connection",
                        "give it its credentials in the platform's pages",
                    ));
                }
                Change::CreateAsset { .. }
                | Change::UpdateAsset { .. }
                | Change::RemoveAsset(_)
                | Change::MoveAsset { .. }
                | Change::RemoveFolder(_) => {
                    return Err(self.not_offered(
                        "changing single assets",
                        "import a package that has them as they should be",
                    ));
                }
                Change::CreateFolder(_)
                | Change::SetRecipe { .. }
                | Change::CreateConnector { .. }
                | Change::AddVersion { .. }
                | Change::ReleaseVersion { .. }
                | Change::Share { .. }
                | Change::Unshare(_) => {}
            }
        }
        Ok(())
    }

    /// What a change is called in reports; nothing for what is no request of its own.
    fn label(&self, commit: &Commit, change: &Change) -> Result<Option<String>, WorkspaceError> {
        let title = |id: &ConnectorId| -> Result<String, WorkspaceError> {
            let created = commit.changes.iter().find_map(|change| {
                if let Change::CreateConnector { id: new, title, .. } = change {
                    return (new == id).then_some(title);
                }
                None
            });
            Ok(match created {
                Some(title) => format!("connector \"{title}\""),
                None => format!("connector \"{}\"", self.title_of(*id)?),
            })
        };
        Ok(Some(match change {
            Change::CreateFolder(folder) => format!("create folder \"{folder}\""),
            Change::SetRecipe { id, state } => {
                let verb = match state {
                    RecipeState::Running => "start",
                    RecipeState::Stopped => "stop",
                };
                format!("{verb} recipe \"{}\"", self.recipe_name(*id)?)
            }
            Change::CreateConnector { .. } => return Ok(None),
            Change::AddVersion { id, .. } => format!("a new version of {}", title(id)?),
            Change::ReleaseVersion { id, .. } => format!("release {}", title(id)?),
            Change::Share { id, sharing, .. } => {
                format!("share {} of {}", sharing.version, title(id)?)
            }
            Change::Unshare(id) => format!("share {} no longer", title(id)?),
            Change::SetConnection { .. }
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateAsset { .. }
            | Change::UpdateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => return Ok(None),
        }))
    }

    fn title_of(&self, id: ConnectorId) -> Result<ConnectorTitle, WorkspaceError> {
        let held = self.known(|mirror| {
            let connectors = mirror.workspace.inventory()?.connectors.into_iter();
            let mut titles = connectors.filter(|connector| connector.id == id);
            Ok(titles.next().map(|connector| connector.title))
        })?;
        held.ok_or_else(|| WorkspaceError::Unfit {
            workspace: self.address().to_string(),
            misfit: CommitConflict::NoConnector(id),
        })
    }

    fn recipe_name(&self, id: AssetId) -> Result<String, WorkspaceError> {
        let name = self.known(|mirror| {
            let assets = mirror.workspace.inventory()?.assets;
            let recipe = assets.iter().find(|asset| asset.id == id);
            Ok(recipe.map(|asset| resolve::label(&asset.key)))
        })?;
        Ok(name.unwrap_or_else(|| id.to_string()))
    }

    fn make(
        &self,
        change: &Change,
        progress: &mut Progress,
        contents: &mut dyn Contents,
    ) -> Result<Done, WorkspaceError> {
        match change {
            Change::CreateFolder(folder) => {
                self.make_folder(folder)?;
                Ok(Done::Made)
            }
            Change::SetRecipe { id, state } => self.set_recipe(*id, *state, &progress.lists),
            Change::CreateConnector { id, title, .. } => {
                progress.created.insert(*id, title.clone());
                Ok(Done::Made)
            }
            Change::AddVersion { .. }
            | Change::ReleaseVersion { .. }
            | Change::Share { .. }
            | Change::Unshare(_) => {
                self.change_connector(change, progress, contents)?;
                Ok(Done::Made)
            }
            // They are not offered.
            Change::SetConnection { .. }
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateAsset { .. }
            | Change::UpdateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => Ok(Done::Made),
        }
    }

    /// Starts or stops a recipe that is as it was planned for, and looks whether it did.
    pub(super) fn set_recipe(
        &self,
        id: AssetId,
        state: RecipeState,
        lists: &Lists,
    ) -> Result<Done, WorkspaceError> {
        let api = self.api();
        let number = RecipeId(id.0);
        // Whatever version it has by now, it is to stop; whether it did is asked when all were.
        if state == RecipeState::Stopped {
            return match api.stop_recipe(number) {
                Ok(()) => Ok(Done::Made),
                Err(error @ (ClientError::Refused { .. } | ClientError::NotFound { .. })) => {
                    Ok(Done::Refused(format!("it did not stop: {error}")))
                }
                Err(error @ ClientError::Lost { .. }) => match api.recipe(number) {
                    Ok(recipe) if recipe.state == state => Ok(Done::Made),
                    Ok(_) | Err(_) => Err(error.into()),
                },
                Err(error) => Err(error.into()),
            };
        }
        let now = match api.recipe(number) {
            Ok(now) => now,
            Err(error @ ClientError::NotFound { .. }) => {
                return Ok(Done::Refused(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        if lists
            .recipes
            .get(&id.0)
            .is_some_and(|known| *known != RecipeMark::of(&now))
        {
            return Err(self.stale());
        }
        let asked = match state {
            RecipeState::Running => api.start_recipe(number),
            RecipeState::Stopped => api.stop_recipe(number).map(|()| Started::Done),
        };
        // What it says counts less than what is there.
        let why = match asked {
            Ok(Started::Done) if api.recipe(number)?.state == state => return Ok(Done::Made),
            Ok(Started::Done) => "the platform said that it did".to_owned(),
            Ok(Started::Refused { errors }) => errors.join(", "),
            Err(error @ (ClientError::Refused { .. } | ClientError::NotFound { .. })) => {
                error.to_string()
            }
            Err(error @ ClientError::Lost { .. }) => {
                return match api.recipe(number) {
                    Ok(recipe) if recipe.state == state => Ok(Done::Made),
                    Ok(_) | Err(_) => Err(error.into()),
                };
            }
            Err(error) => return Err(error.into()),
        };
        let verb = match state {
            RecipeState::Running => "start",
            RecipeState::Stopped => "stop",
        };
        Ok(Done::Refused(format!("it did not {verb}: {why}")))
    }

    /// Changes a connector that is as it was planned for, and looks whether it is changed.
    fn change_connector(
        &self,
        change: &Change,
        progress: &mut Progress,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        match change {
            Change::AddVersion { id, version } => match progress.created.remove(id) {
                Some(title) => self.create_connector(*id, title, version, progress, contents),
                None => self.update_connector(*id, version, progress, contents),
            },
            Change::ReleaseVersion { id, .. } => {
                let id = progress.number(*id);
                self.as_known(id, progress)?;
                let before = progress
                    .known(id)
                    .and_then(|info| info.latest_released_version);
                let ((), lost) = forgiven(self.client.release_connector(id), || ())?;
                let info = self.listed(id, progress)?;
                let now = info.as_ref().and_then(|info| info.latest_released_version);
                let newest = info.as_ref().and_then(|info| info.latest_version);
                match lost {
                    // Where nothing moved, nobody knows whether there was anything to be released.
                    Some(lost) if now == before => Err(lost.into()),
                    None if now.is_none() || (newest.is_some() && newest != now) => Err(self
                        .not_so(match now {
                            Some(now) => format!("its released version is {now}"),
                            None => "it has no released version".to_owned(),
                        })),
                    Some(_) | None => Ok(()),
                }
            }
            Change::Share { id, sharing, .. } => {
                let id = progress.number(*id);
                self.as_known(id, progress)?;
                let asked = self.client.share_connector(id, sharing.version);
                self.shared_as(SharedVersion::At(sharing.version), id, asked, progress)
            }
            Change::Unshare(id) => {
                let id = progress.number(*id);
                self.as_known(id, progress)?;
                self.customers_still(&progress.lists)?;
                let asked = self.client.unshare_connector(id);
                self.shared_as(SharedVersion::None, id, asked, progress)
            }
            Change::CreateFolder(_)
            | Change::CreateAsset { .. }
            | Change::UpdateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::SetRecipe { .. }
            | Change::SetConnection { .. }
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateConnector { .. }
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => Ok(()),
        }
    }

    fn create_connector(
        &self,
        planned: ConnectorId,
        title: ConnectorTitle,
        version: &HeldVersion,
        progress: &mut Progress,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        let draft = draft(&title, version, contents)?;
        let before = progress.lists.connectors.clone();
        let asked = self.client.create_connector(&draft).map(|new| Some(new.id));
        let (told, lost) = forgiven(asked, || None)?;
        let after = connectors(&self.connectors_now(&progress.lists.newest)?);
        // Where its number was not told, it is the one that was not there before.
        let mut new = after
            .values()
            .filter(|info| info.title == draft.title && !before.contains_key(&info.id.0));
        let told = told.filter(|id: &ConnectorId| after.contains_key(&id.0));
        let real = told.or_else(|| new.next().map(|info| info.id));
        match (real, lost) {
            (Some(real), _) => {
                progress.real.insert(planned, real);
                progress.keep(real, after);
                Ok(())
            }
            (None, Some(lost)) => Err(lost.into()),
            (None, None) => Err(self.not_so("it is not among the connectors".to_owned())),
        }
    }

    fn update_connector(
        &self,
        id: ConnectorId,
        version: &HeldVersion,
        progress: &mut Progress,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        let draft = draft(&self.title_of(id)?, version, contents)?;
        let id = progress.number(id);
        self.as_known(id, progress)?;
        let before = progress.known(id).and_then(|info| info.latest_version);
        let told = match self.client.update_connector(id, &draft) {
            Ok(told) => Ok(told),
            Err(lost @ ClientError::Lost { .. }) => Err(lost),
            Err(error) => return Err(error.into()),
        };
        let now = self
            .listed(id, progress)?
            .and_then(|info| info.latest_version);
        let is_there = match (before, now) {
            (Some(before), Some(now)) => now > before,
            // If it is there, its code may show.
            (None, _) | (_, None) => {
                let told = told.as_ref().is_ok_and(|told| told.name.is_some());
                told || self
                    .client
                    .connector_code(id)
                    .is_ok_and(|code| code == draft.code)
            }
        };
        match (is_there, told) {
            (true, _) => Ok(()),
            (false, Err(lost)) => Err(lost.into()),
            (false, Ok(_)) => Err(self.not_so("there is no newer version".to_owned())),
        }
    }

    fn shared_as(
        &self,
        wanted: SharedVersion,
        id: ConnectorId,
        asked: Result<(), ClientError>,
        progress: &mut Progress,
    ) -> Result<(), WorkspaceError> {
        let ((), lost) = forgiven(asked, || ())?;
        let now = self.listed(id, progress)?.map(|info| info.shared);
        match (now, lost) {
            (Some(now), _) if now == wanted => Ok(()),
            (_, Some(lost)) => Err(lost.into()),
            (now, None) => Err(self.not_so(match now {
                Some(SharedVersion::At(version)) => format!("its shared version is {version}"),
                Some(SharedVersion::None) => "it is not shared".to_owned(),
                Some(SharedVersion::Unsaid) => {
                    "the platform does not say what is shared".to_owned()
                }
                None => "it is not among the connectors".to_owned(),
            })),
        }
    }

    /// Whether a connector is as it was planned for, or as this program left it.
    fn as_known(&self, id: ConnectorId, progress: &Progress) -> Result<(), WorkspaceError> {
        match progress.listed.get(&id.0) == progress.known(id) {
            true => Ok(()),
            false => Err(self.stale()),
        }
    }

    /// Lists the connectors again, and gives the one that was changed. Another one that is otherwise
    /// now is noticed when its turn comes.
    fn listed(
        &self,
        id: ConnectorId,
        progress: &mut Progress,
    ) -> Result<Option<ConnectorInfo>, WorkspaceError> {
        let now = self.connectors_now(&progress.lists.newest)?;
        progress.keep(id, connectors(&now));
        Ok(progress.known(id).cloned())
    }

    fn not_so(&self, found: String) -> WorkspaceError {
        RemoteError::NotSo {
            address: self.address(),
            found,
        }
        .into()
    }
}

impl Progress {
    /// The platform's number of a connector.
    fn number(&self, id: ConnectorId) -> ConnectorId {
        self.real.get(&id).copied().unwrap_or(id)
    }

    fn known(&self, id: ConnectorId) -> Option<&ConnectorInfo> {
        self.lists.connectors.get(&id.0)
    }

    /// What is there now, after this connector was changed.
    fn keep(&mut self, id: ConnectorId, now: BTreeMap<u64, ConnectorInfo>) {
        match now.get(&id.0) {
            Some(info) => self.lists.connectors.insert(id.0, info.clone()),
            None => self.lists.connectors.remove(&id.0),
        };
        self.listed = now;
    }
}

/// The answer, or the error that says that it was lost: then it has to be looked for.
fn forgiven<T>(
    asked: Result<T, ClientError>,
    nothing: impl FnOnce() -> T,
) -> Result<(T, Option<ClientError>), ClientError> {
    match asked {
        Ok(answer) => Ok((answer, None)),
        Err(lost @ ClientError::Lost { .. }) => Ok((nothing(), Some(lost))),
        Err(error) => Err(error),
    }
}

/// A version of a connector as the API takes it.
fn draft(
    title: &ConnectorTitle,
    version: &HeldVersion,
    contents: &mut dyn Contents,
) -> Result<ConnectorDraft, WorkspaceError> {
    let mut decoder = Decoder::default();
    let mut read = |digest: &Digest| -> Result<Vec<u8>, WorkspaceError> {
        let mut bytes = Vec::new();
        decoder.decode(&contents.content(digest)?, digest, &mut bytes)?;
        Ok(bytes)
    };
    let text: VersionText = match &version.json {
        Some(json) => version_text(json, &read(json)?)?,
        None => VersionText::default(),
    };
    let code = match &version.code {
        Some(code) => String::from_utf8(read(code)?).map_err(|error| ContentError {
            digest: *code,
            source: error.into(),
        })?,
        None => String::new(),
    };
    let logo = match &version.logo {
        Some(logo) => Some(read(&logo.content)?),
        None => None,
    };
    Ok(ConnectorDraft {
        title: title.to_string(),
        code,
        description: text.description,
        note: version.note.clone(),
        logo,
    })
}
