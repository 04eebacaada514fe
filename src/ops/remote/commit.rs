//! Carrying out what was decided, by requests. There are no transactions: an import is one request,
//! which the platform carries out by itself; of other changes each is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal::{Entry, Sending, State};
use super::mirror::Mirror;
use super::reading::{self, Waiting, told};
use super::{Interest, RemoteWorkspace};
use crate::client::{
    ClientError, ConnectorDraft, FolderId, HomeAssets, Job, JobId, JobStatus, RecipeId,
    RestartRecipes, RestartResult, Started, Tags, Upload,
};
use crate::io::archive::{Archive, Batch, Buffers, Kind, Limits, PackageWriter, Previous};
use crate::io::scratch::ScratchFolder;
use crate::model::catalogue::Visibility;
use crate::model::ident::{ConnectorTitle, Digest};
use crate::model::path::PackagePath;
use crate::model::workspace::{AssetId, ConnectorId, HeldState, HeldVersion, RecipeState};
use crate::ops::pack::digest_of_file;
use crate::plan::commit::{Change, Commit};
use crate::plan::import::sameness;
use crate::plan::push::VersionText;
use crate::workspace::remote::{Left, RemoteError, Unfinished, may_pass};
use crate::workspace::{
    Committed, Contents, Decoder, Misfit, Uploaded, Workspace as _, WorkspaceError,
};

/// What the copy of a package is called while it is sent.
const COPY: &str = "package.zip";
/// What it is called after some of it was taken out.
const EDITED: &str = "package-as-sent.zip";

impl RemoteWorkspace {
    pub(super) fn carry_out(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        {
            let mirror = self.mirror(Interest::default())?;
            if mirror.workspace.facts()?.state != commit.base {
                return Err(WorkspaceError::Stale {
                    workspace: self.address().to_string(),
                });
            }
        }
        let done = match contents.package() {
            Some(package) => self.import(commit, package),
            None => self.one_by_one(commit, contents),
        };
        self.forget();
        done
    }

    /// What was read before holds no longer, whatever came of what was done.
    fn forget(&mut self) {
        *self.mirror.borrow_mut() = None;
        // Where nothing was, there is a folder now by which Home is known.
        if self.base.id.is_none() {
            let root = None;
            let found = reading::base(&self.api(), root, &self.settings.address);
            if let Ok(base) = found {
                self.base = base;
            }
        }
    }

    fn import(&self, commit: &Commit, package: Uploaded<'_>) -> Result<Committed, WorkspaceError> {
        let Some(revision) = &commit.revision else {
            return Err(self.not_offered("an import that is not written down", "report this"));
        };
        // What was planned, and perhaps signed, is sent, whatever the path names by then.
        let scratch = self.copy_of(&package)?;
        let copy = match package.without_rows {
            [] => scratch.file(COPY),
            tables => self.without_rows(&scratch, &package, tables)?,
        };
        let folder = self.make_folder(package.folder)?;
        let restart = self.restarts(commit)?;
        let address = self.address();
        let mut entry = self.settings.journal.begin(Sending {
            address: &address,
            folder: package.folder,
            package: package.path,
            digest: package.digest,
            base: commit.base,
            revision,
        })?;
        let upload = Upload {
            folder: FolderId(folder),
            package: &copy,
            restart,
            tags: Tags::Keep,
            home: HomeAssets::Home,
        };
        match self.api().start_import(&upload) {
            Ok(job) => {
                entry.state = State::Sent { job: job.id.0 };
                self.settings.journal.write(&entry)?;
                self.follow(&mut entry, Some(job))
            }
            Err(ClientError::Lost { .. }) => self.look_for(&mut entry),
            Err(error) => {
                entry.state = State::Failed {
                    told: error.to_string(),
                };
                self.settings.journal.write(&entry)?;
                Err(error.into())
            }
        }
    }

    /// A copy of the package that nobody else can change, in a folder that goes with it.
    fn copy_of(&self, package: &Uploaded<'_>) -> Result<ScratchFolder, WorkspaceError> {
        let unreadable = |source| {
            RemoteError::from(ClientError::Package {
                path: package.path.to_owned(),
                source,
            })
        };
        let scratch = ScratchFolder::new(&self.settings.scratch).map_err(unreadable)?;
        let copy = scratch.file(COPY);
        std::fs::copy(package.path, &copy).map_err(unreadable)?;
        let (_, digest) = digest_of_file(&copy).map_err(unreadable)?;
        match digest == package.digest {
            true => Ok(scratch),
            false => Err(RemoteError::PackageChanged {
                path: package.path.to_owned(),
            }
            .into()),
        }
    }

    /// The copy of a package without the rows of these tables, beside it.
    fn without_rows(
        &self,
        scratch: &ScratchFolder,
        package: &Uploaded<'_>,
        tables: &[PackagePath],
    ) -> Result<PathBuf, WorkspaceError> {
        let failed = |source: std::io::Error| {
            RemoteError::from(ClientError::Package {
                path: package.path.to_owned(),
                source,
            })
        };
        let (copy, edited) = (scratch.file(COPY), scratch.file(EDITED));
        let edit = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            let archive = Archive::open(&copy, &Limits::default())?;
            let mut reader = archive.reader();
            let mut whole = Previous::open(&copy)?;
            let folder = edited.parent().unwrap_or(Path::new("."));
            let mut writer = PackageWriter::create(folder, u64::MAX)?;
            let (buffers, mut bytes) = (Buffers::default(), Vec::new());
            for (number, entry) in archive.entries().iter().enumerate() {
                let path = entry.path();
                if entry.kind() != Kind::File {
                    continue;
                }
                if !tables.contains(path) {
                    writer.copy(path, &mut whole, number)?;
                    continue;
                }
                reader.read(entry, &mut bytes)?;
                let without = sameness::without_rows(&bytes)?;
                let mut batch = Batch::new(&buffers);
                batch.add(path, without.as_deref().unwrap_or(&bytes))?;
                writer.append(path, batch.finish()?, &buffers)?;
            }
            writer.finish()?.persist(&edited)?;
            Ok(())
        };
        edit().map_err(|error| failed(std::io::Error::other(error)))?;
        Ok(edited)
    }

    /// Whether a running recipe gets another version.
    fn restarts(&self, commit: &Commit) -> Result<RestartRecipes, WorkspaceError> {
        let mirror = self.mirror(Interest::default())?;
        let running: BTreeMap<AssetId, HeldState> = mirror
            .workspace
            .inventory()?
            .assets
            .iter()
            .map(|asset| (asset.id, asset.state))
            .collect();
        let restarts = commit.changes.iter().any(|change| match change {
            Change::UpdateAsset { id, .. } => {
                running.get(id).is_some_and(|state| state.is_running())
            }
            Change::CreateFolder(_)
            | Change::CreateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::SetRecipe { .. }
            | Change::SetConnection { .. }
            | Change::CreateConnector { .. }
            | Change::AddVersion { .. }
            | Change::ReleaseVersion { .. }
            | Change::Share { .. }
            | Change::Unshare(_) => false,
        });
        Ok(match restarts {
            true => RestartRecipes::Allowed,
            false => RestartRecipes::Forbidden,
        })
    }

    /// Waits for the end of an import that the platform has.
    ///
    /// # Errors
    /// If it failed, or its end is not to be seen.
    fn follow(&self, entry: &mut Entry, first: Option<Job>) -> Result<Committed, WorkspaceError> {
        let State::Sent { job: number } = entry.state else {
            return self.look_for(entry);
        };
        let waiting = Waiting::new(self.settings.patience);
        let what = format!("the import (number {number} at the platform)");
        let mut job = match first {
            Some(job) => job,
            None => self.api().import(JobId(number))?,
        };
        loop {
            match &job.status {
                JobStatus::Completed => break,
                JobStatus::Failed => return Err(self.failed(entry, &job)?),
                JobStatus::InProgress | JobStatus::Unknown(_) => {}
            }
            waiting.pause(self, &what, Some(&entry.id))?;
            job = match self.api().import(JobId(number)) {
                Ok(job) => job,
                // The platform goes on, whatever keeps us from seeing it.
                Err(error) if may_pass(&error) => continue,
                Err(ClientError::Cut(_)) => {
                    return Err(RemoteError::Unfinished {
                        what: format!("{what} is still running"),
                        resume: Some(entry.id.clone()),
                        why: Unfinished::Interrupted,
                    }
                    .into());
                }
                Err(error) => return Err(error.into()),
            };
        }
        let revision = self.settings.journal.finish(entry)?;
        let said = job.recipe_status.iter().filter_map(|recipe| {
            let said = match &recipe.result {
                RestartResult::NotNeeded | RestartResult::Restarted => return None,
                RestartResult::Stopped => "the platform could not restart it".to_owned(),
                RestartResult::RestartFailed => "the platform failed to restart it".to_owned(),
                RestartResult::StopFailed => "the platform could not stop it".to_owned(),
                RestartResult::NotFound => "the platform did not find it".to_owned(),
                RestartResult::Unknown(word) => format!("the platform says `{word}`"),
            };
            Some((AssetId(recipe.id.0), said))
        });
        Ok(Committed {
            revision: Some(revision),
            recipes: said.collect(),
        })
    }

    /// The failure of an import, with what it did to the workspace.
    fn failed(&self, entry: &mut Entry, job: &Job) -> Result<WorkspaceError, WorkspaceError> {
        let told = told(job);
        entry.state = State::Failed { told: told.clone() };
        self.settings.journal.write(entry)?;
        let left = match self.read_state() {
            Ok(state) if state == entry.base => Left::Unchanged,
            Ok(_) => Left::Changed,
            Err(_) => Left::Unknown,
        };
        Ok(RemoteError::ImportFailed {
            address: self.address(),
            told,
            left,
        }
        .into())
    }

    /// Reads the workspace anew, with what was asked for so far.
    fn read_state(&self) -> Result<Digest, WorkspaceError> {
        let mirror: Mirror = self.read()?;
        Ok(mirror.workspace.facts()?.state)
    }

    /// Looks whether an upload whose answer was lost arrived: it shows in the workspace. It is not
    /// sent again.
    fn look_for(&self, entry: &mut Entry) -> Result<Committed, WorkspaceError> {
        let waiting = Waiting::new(self.settings.patience);
        let mut last = entry.base;
        loop {
            let state = match self.read_state() {
                Err(WorkspaceError::Remote(remote)) if remote.may_pass() => entry.base,
                read => read?,
            };
            // It is done when nothing moves any more.
            if state != entry.base && state == last {
                let revision = self.settings.journal.finish(entry)?;
                return Ok(Committed {
                    revision: Some(revision),
                    recipes: BTreeMap::new(),
                });
            }
            last = state;
            let paused = waiting.pause(self, "the upload, whose answer was lost", Some(&entry.id));
            match paused {
                Err(WorkspaceError::Remote(remote)) => return Err(remote.lost().into()),
                other => other?,
            }
        }
    }

    /// Goes on with an import whose end nobody saw. The journal's entry says how it ended.
    ///
    /// # Errors
    /// If it failed, or its end is still not to be seen.
    pub fn resume(&mut self, entry: &mut Entry) -> Result<Committed, WorkspaceError> {
        let done = match &entry.state {
            State::Done { revision } => Ok(Committed {
                revision: Some(*revision),
                recipes: BTreeMap::new(),
            }),
            State::Failed { told } => Err(RemoteError::ImportFailed {
                address: self.address(),
                told: told.clone(),
                left: Left::Unknown,
            }
            .into()),
            State::Sent { .. } => self.follow(entry, None),
            State::Sending => self.look_for(entry),
        };
        self.forget();
        done
    }

    fn one_by_one(
        &self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        let mut real: BTreeMap<ConnectorId, ConnectorId> = BTreeMap::new();
        let mut created: BTreeMap<ConnectorId, ConnectorTitle> = BTreeMap::new();
        let (mut done, mut failed) = (0, Vec::new());
        for change in &commit.changes {
            let number = |id: &ConnectorId| real.get(id).copied().unwrap_or(*id);
            match change {
                Change::CreateFolder(folder) => {
                    self.make_folder(folder)?;
                }
                Change::SetRecipe { id, state } => match self.set_recipe(*id, *state)? {
                    None => done += 1,
                    Some(refused) => failed.push(refused),
                },
                Change::CreateConnector { id, title, .. } => {
                    created.insert(*id, title.clone());
                }
                Change::AddVersion { id, version } => match created.remove(id) {
                    Some(title) => {
                        let draft = draft(&title, version, contents)?;
                        real.insert(*id, self.client.create_connector(&draft)?.id);
                    }
                    None => {
                        let draft = draft(&self.title_of(*id)?, version, contents)?;
                        self.client.update_connector(number(id), &draft)?;
                    }
                },
                Change::ReleaseVersion { id, .. } => self.client.release_connector(number(id))?,
                Change::Share { sharing, .. } if sharing.visibility == Visibility::Closed => {
                    return Err(self.not_offered(
                        "sharing a connector without its source",
                        "choose closed source in the platform's pages",
                    ));
                }
                Change::Share { id, sharing, .. } => {
                    self.client.share_connector(number(id), sharing.version)?;
                }
                Change::Unshare(id) => self.client.unshare_connector(number(id))?,
                Change::SetConnection { .. } => {
                    return Err(self.not_offered(
                        "authorising a connection",
                        "give it its credentials in the platform's pages",
                    ));
                }
                Change::CreateAsset { .. }
                | Change::UpdateAsset { .. }
                | Change::RemoveAsset(_) => {
                    return Err(self.not_offered(
                        "changing single assets",
                        "import a package that has them as they should be",
                    ));
                }
            }
        }
        if failed.is_empty() {
            Ok(Committed::default())
        } else {
            Err(RemoteError::Refused { done, failed }.into())
        }
    }

    fn title_of(&self, id: ConnectorId) -> Result<ConnectorTitle, WorkspaceError> {
        let mirror = self.mirror(Interest::default())?;
        let connectors = mirror.workspace.inventory()?.connectors.into_iter();
        let mut titles = connectors
            .filter(|connector| connector.id == id)
            .map(|connector| connector.title);
        titles.next().ok_or_else(|| WorkspaceError::Unfit {
            workspace: self.address().to_string(),
            misfit: Misfit::NoConnector(id),
        })
    }

    /// Starts or stops a recipe. Says why, if the platform does not.
    fn set_recipe(
        &self,
        id: AssetId,
        state: RecipeState,
    ) -> Result<Option<String>, WorkspaceError> {
        let api = self.api();
        let number = RecipeId(id.0);
        let asked = match state {
            RecipeState::Running => api.start_recipe(number),
            RecipeState::Stopped => api.stop_recipe(number).map(|()| Started::Done),
        };
        let why = match asked {
            // What it says counts less than what is there.
            Ok(Started::Done) if api.recipe(number)?.state == state => return Ok(None),
            Ok(Started::Done) => "the platform said that it did".to_owned(),
            Ok(Started::Refused { errors }) => errors.join(", "),
            Err(error @ (ClientError::Refused { .. } | ClientError::NotFound { .. })) => {
                error.to_string()
            }
            Err(error) => return Err(error.into()),
        };
        let mirror = self.mirror(Interest::default())?;
        let assets = mirror.workspace.inventory()?.assets;
        let recipe = assets.iter().find(|asset| asset.id == id);
        let name = recipe.map_or_else(String::new, |asset| {
            asset.key.place.folder().label(&asset.key.name)
        });
        let verb = match state {
            RecipeState::Running => "start",
            RecipeState::Stopped => "stop",
        };
        Ok(Some(format!("recipe \"{name}\" did not {verb}: {why}")))
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
        Some(json) => serde_json::from_slice(&read(json)?).unwrap_or_default(),
        None => VersionText::default(),
    };
    let code = match &version.code {
        Some(code) => String::from_utf8_lossy(&read(code)?).into_owned(),
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
