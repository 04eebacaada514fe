//! Carrying out what was decided, by requests. There are no transactions: an import is one request,
//! which the platform carries out by itself; of [other changes](super::changes) each is one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::journal::{Entry, Sending, State};
use super::{Interest, RemoteWorkspace};
use crate::client::{
    ClientError, FolderId, HomeAssets, Job, JobId, JobStatus, RestartRecipes, RestartResult, Tags,
    Upload,
};
use crate::io::scratch::ScratchFolder;
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, HeldState, Inventory, ReadDepth, RevisionAction, RevisionNumber,
};
use crate::ops::export::pack::digest_of_file;
use crate::ops::import::sent::Edits;
use crate::plan::commit::{Change, Commit};
use crate::plan::import::TagsPolicy;
use crate::remote::lists::connectors;
use crate::remote::read::{marks, told};
use crate::remote::steady::ReadFor;
use crate::remote::waiting::Waiting;
use crate::workspace::remote::{Left, RemoteError, Unfinished, may_pass};
use crate::workspace::{Committed, Contents, Uploaded, Workspace as _, WorkspaceError};

/// What the copy of a package is called while it is sent.
const COPY: &str = "package.zip";
/// What it is called after some of it was taken out.
const EDITED: &str = "package-as-sent.zip";
/// How often in a row the platform may answer what can't be read before its work is left alone.
const UNSEEN: u32 = 4;

impl RemoteWorkspace {
    pub(super) fn carry_out(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        if let Some(package) = contents.package() {
            *self.values.borrow_mut() = package.secrets.to_vec();
        }
        let done = match contents.package() {
            Some(package) if package.settings.is_empty() => self.import(commit, package),
            Some(package) => self
                .import_with_settings(commit, package)
                .and_then(|done| self.note_rollback(commit, package, done)),
            None => self.one_by_one(commit, contents),
        };
        let exported = self.exported.take();
        let slim = exported.filter(|exported| exported.seen.reading == ReadDepth::Slim);
        self.forget();
        if let (Ok(_), Some(slim)) = (&done, slim) {
            *self.mirror.borrow_mut() = self.read_back(slim, commit, contents);
        }
        done
    }

    /// Writes down a rollback that sent no package: recipes started or stopped, and that was all.
    fn note_rollback(
        &self,
        commit: &Commit,
        package: Uploaded<'_>,
        done: Committed,
    ) -> Result<Committed, WorkspaceError> {
        let rollback = commit.revision.as_ref();
        let rollback = rollback.filter(|made| made.header.action == RevisionAction::Rollback);
        let (Some(revision), None) = (rollback, done.revision) else {
            return Ok(done);
        };
        let mut entry = self.settings.journal.begin(Sending {
            address: &self.address(),
            identity: &self.identity(),
            folder: package.folder,
            package: package.path,
            digest: package.digest,
            base: commit.base,
            held: held(&self.mirror(Interest::default())?.workspace.inventory()?),
            revision,
            kept: self.keep_for_rollback(commit, &package, None)?,
        })?;
        Ok(Committed {
            revision: Some(self.settings.journal.finish(&mut entry)?),
            ..done
        })
    }

    /// What was read before holds no longer, whatever came of what was done.
    fn forget(&mut self) {
        self.read_for.set(ReadFor::Report);
        // What no list tells may be otherwise now.
        self.reading.set(ReadDepth::Full);
        *self.mirror.borrow_mut() = None;
        *self.outline.borrow_mut() = None;
        *self.top.borrow_mut() = None;
    }

    pub(super) fn import(
        &self,
        commit: &Commit,
        package: Uploaded<'_>,
    ) -> Result<Committed, WorkspaceError> {
        let Some(revision) = &commit.revision else {
            return Err(self.not_offered("an import that is not written down", "report this"));
        };
        // What was planned, and perhaps signed, is sent, whatever the path names by then.
        let scratch = self.copy_of(&package)?;
        let copy = match (package.sent, package.without_rows, package.left_out) {
            // All of it was edited before.
            (Some(_), _, _) | (None, [], []) => scratch.file(COPY),
            (None, tables, left_out) => self.edited(&scratch, &package, tables, left_out)?,
        };
        let restart = self.restarts(commit)?;
        // What is sent has to be written down; nothing is, where earlier imports can't be told.
        self.settings.journal.check()?;
        self.unchanged(commit)?;
        let held = held(&self.mirror(Interest::default())?.workspace.inventory()?);
        let folder = self.make_folder(package.folder)?;
        let home = match &package.landing.home {
            home if home.is_home() => HomeAssets::Home,
            home => HomeAssets::Folder(FolderId(self.make_folder(home)?)),
        };
        let address = self.address();
        let kept = self.keep_for_rollback(commit, &package, Some(&copy))?;
        let mut entry = self.settings.journal.begin(Sending {
            address: &address,
            identity: &self.identity(),
            folder: package.folder,
            package: package.path,
            digest: package.digest,
            base: commit.base,
            held,
            revision,
            kept,
        })?;
        let upload = Upload {
            folder: FolderId(folder),
            package: &copy,
            restart,
            tags: match package.landing.tags {
                TagsPolicy::Apply => Tags::Keep,
                TagsPolicy::Skip => Tags::Drop,
            },
            home,
        };
        match self.api().start_import(&upload) {
            Ok(job) => {
                entry.state = State::Sent { job: job.id.0 };
                // What the platform has is followed, whether that can be written down now or not:
                // that it is being sent is written down already.
                let _ = self.settings.journal.write(&entry);
                self.follow(&mut entry, Some(job))
            }
            // It may have arrived.
            Err(ClientError::Lost { .. }) => self.look_for(&mut entry),
            Err(error) => {
                entry.state = State::Failed {
                    told: self.unsaid(error.to_string()),
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
        let (path, expected) = package.sent.unwrap_or((package.path, package.digest));
        std::fs::copy(path, &copy).map_err(unreadable)?;
        let (_, digest) = digest_of_file(&copy).map_err(unreadable)?;
        match digest == expected {
            true => Ok(scratch),
            false => Err(RemoteError::PackageChanged {
                path: package.path.to_owned(),
            }
            .into()),
        }
    }

    /// The copy of a package without the rows of these tables and without these files, beside it.
    fn edited(
        &self,
        scratch: &ScratchFolder,
        package: &Uploaded<'_>,
        tables: &[PackagePath],
        left_out: &[PackagePath],
    ) -> Result<PathBuf, WorkspaceError> {
        let failed = |source: std::io::Error| {
            RemoteError::from(ClientError::Package {
                path: package.path.to_owned(),
                source,
            })
        };
        let (copy, edited) = (scratch.file(COPY), scratch.file(EDITED));
        let edits = Edits {
            without_rows: tables.iter().cloned().collect(),
            left_out: left_out.iter().cloned().collect(),
            ..Edits::default()
        };
        let copied = edits.copy(&copy, &edited);
        copied.map_err(|error| failed(std::io::Error::other(error)))?;
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
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateConnector { .. }
            | Change::AddVersion { .. }
            | Change::ReleaseVersion { .. }
            | Change::Share { .. }
            | Change::Unshare(_)
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => false,
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
        let mut seen = first.map(Ok);
        let mut unseen = 0;
        let job = loop {
            match seen
                .take()
                .unwrap_or_else(|| self.api().import(JobId(number)))
            {
                Ok(job) => {
                    unseen = 0;
                    match &job.status {
                        JobStatus::Completed => break job,
                        JobStatus::Failed => return Err(self.failed(entry, &job)?),
                        JobStatus::InProgress | JobStatus::Unknown(_) => {}
                    }
                }
                Err(ClientError::Cut(_)) => {
                    return Err(RemoteError::Unfinished {
                        what: format!("{what} is still running"),
                        resume: Some(entry.id.clone()),
                        why: Unfinished::Interrupted,
                    }
                    .into());
                }
                // The platform goes on, whatever keeps us from seeing it.
                Err(error) if may_pass(&error) => {}
                Err(error) => {
                    unseen += 1;
                    if unseen == UNSEEN {
                        return Err(RemoteError::Unfinished {
                            what: format!(
                                "the platform took the import (its number there is {number}), and \
                                 it can't be seen what became of it: {}",
                                self.unsaid(chain(&error))
                            ),
                            resume: Some(entry.id.clone()),
                            why: Unfinished::Unseen,
                        }
                        .into());
                    }
                }
            }
            waiting.pause(self, &what, Some(&entry.id))?;
        };
        let revision = self.finished(entry)?;
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
        let told = self.unsaid(told(job));
        entry.state = State::Failed { told: told.clone() };
        self.settings.journal.write(entry)?;
        // Another process planned it, with questions that are not known here.
        let resumed = *self.interest.borrow() == Interest::default();
        let left = match self.read_state() {
            _ if resumed => Left::Unknown,
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

    /// Reads what tells whether an upload arrived.
    fn read_held(&self, entry: &Entry) -> Result<Digest, WorkspaceError> {
        match entry.held {
            Some(_) => Ok(held(&self.read()?.workspace.inventory()?)),
            None => self.read_state(),
        }
    }

    /// Reads the workspace anew, with what was asked for so far.
    fn read_state(&self) -> Result<Digest, WorkspaceError> {
        Ok(self.read()?.workspace.facts()?.state)
    }

    /// Reads the workspace again, right before a package is sent: whether it is as it was planned
    /// for.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if it is otherwise now.
    fn unchanged(&self, commit: &Commit) -> Result<(), WorkspaceError> {
        let known = self.lists_of(&commit.base)?.ok_or_else(|| self.stale())?;
        let (reading, there, held, is_empty) = match &*self.mirror.borrow() {
            Some(mirror) => (
                mirror.reading,
                mirror.folders.clone(),
                mirror.held.clone(),
                mirror.packed.is_empty(),
            ),
            None => return Err(self.stale()),
        };
        // What lists told is all that was read, or all that tells of what was read.
        let told = match reading {
            ReadDepth::Slim => true,
            ReadDepth::Full => is_empty,
        };
        let still = match told {
            true => {
                let recipes = known.recipes.keys().copied().collect();
                let listed = self.client.connectors()?;
                let still = marks(&self.recipes_with(&recipes)?.inside) == known.recipes
                    && connectors(&listed) == known.connectors
                    && (reading == ReadDepth::Slim || self.held_still(&held)?);
                *self.partner.borrow_mut() = self.who.admin.as_ref().map(|_| listed);
                still
            }
            false => {
                self.reading.set(ReadDepth::Full);
                *self.there.borrow_mut() = Some(there);
                let now = self.read();
                *self.there.borrow_mut() = None;
                let now = now?;
                now.workspace.facts()?.state == commit.base && now.lists == known
            }
        };
        match still {
            true => Ok(()),
            false => Err(self.stale()),
        }
    }

    /// Writes down that the platform is done with an import.
    fn finished(&self, entry: &mut Entry) -> Result<RevisionNumber, WorkspaceError> {
        self.settings.journal.finish(entry).map_err(|error| {
            RemoteError::Unfinished {
                what: format!(
                    "the platform is done with the import, and that can't be written down: {}",
                    self.unsaid(chain(&error))
                ),
                resume: Some(entry.id.clone()),
                why: Unfinished::Unseen,
            }
            .into()
        })
    }

    /// Looks whether an upload whose answer was lost arrived: it shows in the workspace. It is not
    /// sent again.
    fn look_for(&self, entry: &mut Entry) -> Result<Committed, WorkspaceError> {
        let waiting = Waiting::new(self.settings.patience);
        // Older versions wrote down the state only.
        let before = entry.held.unwrap_or(entry.base);
        let mut last = before;
        loop {
            let state = match self.read_held(entry) {
                Ok(state) => state,
                Err(WorkspaceError::Remote(remote)) if remote.may_pass() => before,
                Err(error) => {
                    return Err(RemoteError::Unfinished {
                        what: format!(
                            "it is not known whether the upload arrived: its answer was lost, and \
                             the workspace can't be read: {}",
                            self.unsaid(chain(&error))
                        ),
                        resume: Some(entry.id.clone()),
                        why: Unfinished::Lost,
                    }
                    .into());
                }
            };
            // It is done when nothing moves any more.
            if state != before && state == last {
                let revision = self.finished(entry)?;
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
        // An older version wrote it, and it was checked whose it is.
        entry.identity.get_or_insert_with(|| self.identity());
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
}

/// Stands for what an import changes by itself. Folders and values of properties are made before the
/// package is sent; of connections those are read that a plan is about, and a resumed one may be about
/// fewer.
fn held(inventory: &Inventory) -> Digest {
    let mut all = String::new();
    for asset in &inventory.assets {
        let made_before = matches!(
            asset.key.kind,
            AssetKind::Connection | AssetKind::AccountProperties | AssetKind::ProjectProperties
        );
        if made_before {
            continue;
        }
        let _ = write!(all, "asset {} {}", asset.id, asset.version);
        for file in &asset.body.files {
            let _ = write!(all, " {}", file.content);
        }
        all.push('\n');
    }
    for connector in &inventory.connectors {
        let _ = write!(all, "connector {} {:?}", connector.id, connector.released);
        for version in &connector.versions {
            let _ = write!(all, " {} {:?}", version.number, version.code);
        }
        all.push('\n');
    }
    Digest::of(all.as_bytes())
}
