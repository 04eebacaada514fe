//! Packages that are kept for the way back, beside the journal of imports: what was sent, and what
//! was there before. They are named by their digests, so that what was sent to many workspaces is
//! kept once.

use crate::workspace::Merges;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use super::journal::{Entry, Journal, JournalError, RemoteIdentity};
use super::{Interest, RemoteWorkspace};
use crate::io::atomic;
use crate::io::scratch::ScratchFolder;
use crate::model::ident::{ConnectorTitle, Digest, Version};
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, AssetKey, ConnectorId, RevisionAction, RevisionNumber, Timestamp,
};
use crate::ops::excerpt::excerpt;
use crate::ops::export::pack::digest_of_file;
use crate::ops::import::PlanDocument;
use crate::plan::commit::{Change, Commit};
use crate::plan::import::history::Recorded;
use crate::plan::rollback::kept::{
    KeptAsset, KeptBefore, KeptConnector, KeptHistory, KeptImport, KeptRelease, KeptRevision,
};
use crate::workspace::remote::{RemoteError, Unfinished};
use crate::workspace::{KeptPackage, Uploaded, WorkspaceError};

/// The folder of kept packages, in the journal's.
const PACKAGES: &str = "packages";
/// What the package of what was there before is called while it is made.
const BEFORE: &str = "before.zip";

/// What was freed of kept packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// How many packages.
    pub packages: usize,
    /// How many bytes.
    pub bytes: u64,
    /// The revisions that can't be undone any more.
    pub revisions: Vec<RevisionNumber>,
}

impl Journal {
    fn packages(&self) -> PathBuf {
        self.folder().join(PACKAGES)
    }

    fn package(&self, digest: &Digest) -> PathBuf {
        self.packages().join(format!("{digest}.zip"))
    }

    /// Keeps a copy of a package, for its owner only.
    ///
    /// # Errors
    /// If it can't be read or kept.
    pub(super) fn keep(&self, package: &Path) -> Result<Digest, JournalError> {
        let folder = self.packages();
        let kept = || -> std::io::Result<Digest> {
            atomic::make_private_folder(&folder)?;
            let (size, digest) = digest_of_file(package)?;
            let place = self.package(&digest);
            let there = std::fs::metadata(&place).is_ok_and(|there| there.len() == size);
            if !there {
                let mut from = File::open(package)?;
                atomic::write_replaceable(&place, |to| {
                    std::io::copy(&mut from, to)?;
                    to.sync_all()
                })?;
            }
            Ok(digest)
        };
        kept().map_err(|source| JournalError::Io {
            path: folder.display().to_string(),
            doing: "write to",
            source,
        })
    }

    /// Copies a kept package.
    ///
    /// # Errors
    /// If it can't be read or copied.
    pub fn fetch(&self, digest: &Digest, to: &Path) -> Result<KeptPackage, JournalError> {
        let place = self.package(digest);
        let copied = match std::fs::copy(&place, to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(KeptPackage::Missing);
            }
            copied => copied.and_then(|_| digest_of_file(to)),
        };
        match copied {
            Ok((_, found)) if found == *digest => Ok(KeptPackage::There),
            Ok(_) => Ok(KeptPackage::Damaged),
            Err(source) => Err(JournalError::Io {
                path: place.display().to_string(),
                doing: "read",
                source,
            }),
        }
    }

    /// The packages that are there, with their sizes.
    fn kept(&self) -> Result<BTreeMap<String, u64>, JournalError> {
        let folder = self.packages();
        let io = |source| JournalError::Io {
            path: folder.display().to_string(),
            doing: "read",
            source,
        };
        let names = atomic::names(&folder).map_err(io)?;
        let mut kept = BTreeMap::new();
        for name in names.into_iter().filter(|name| name.ends_with(".zip")) {
            // What another process freed meanwhile is not there any more.
            if let Ok(there) = std::fs::metadata(folder.join(&name)) {
                kept.insert(name, there.len());
            }
        }
        Ok(kept)
    }

    /// Frees the oldest packages until no more is kept than may be. Those of an import that is being
    /// written down stay.
    ///
    /// # Errors
    /// If what is kept can't be told.
    pub(super) fn make_room(&self, spare: &KeptImport) -> Result<(), JournalError> {
        let kept = self.kept()?;
        let mut size: u64 = kept.values().sum();
        if size <= self.most() {
            return Ok(());
        }
        let mut used: BTreeMap<String, Timestamp> = BTreeMap::new();
        for entry in self.all()? {
            let of = entry.kept.iter().flat_map(names);
            used.extend(of.map(|name| (name, entry.at)));
        }
        let spare: BTreeSet<String> = names(spare).collect();
        let mut oldest: Vec<(Option<Timestamp>, String, u64)> = kept
            .into_iter()
            .filter(|(name, _)| !spare.contains(name))
            .map(|(name, size)| (used.get(&name).copied(), name, size))
            .collect();
        oldest.sort();
        for (_, name, freed) in oldest {
            if size <= self.most() {
                break;
            }
            // What can't be removed takes its room, and keeps nobody from importing.
            if std::fs::remove_file(self.packages().join(name)).is_ok() {
                size -= freed;
            }
        }
        Ok(())
    }

    /// Frees what is kept for rollbacks of a workspace, but for those of its newest revisions.
    ///
    /// # Errors
    /// If the journal or what is kept can't be read.
    pub fn prune(&self, identity: &RemoteIdentity, spare: usize) -> Result<Freed, JournalError> {
        let entries = self.all()?;
        let mine = |entry: &&Entry| entry.went_into(identity) == super::journal::Went::There;
        let mut numbers: Vec<RevisionNumber> = entries
            .iter()
            .filter(mine)
            .filter_map(Entry::revision)
            .collect();
        numbers.sort_unstable();
        numbers.truncate(numbers.len().saturating_sub(spare));
        let goes = |entry: &Entry| {
            mine(&entry)
                && match entry.revision() {
                    Some(number) => numbers.contains(&number),
                    // Whoever goes on with it needs it.
                    None => !entry.is_open(),
                }
        };
        let needed: BTreeSet<String> = entries
            .iter()
            .filter(|entry| !goes(entry))
            .flat_map(|entry| entry.kept.iter().flat_map(names))
            .collect();
        let there = self.kept()?;
        let mut freed = Freed::default();
        let mut gone = BTreeSet::new();
        for entry in entries.iter().filter(|entry| goes(entry)) {
            for name in entry.kept.iter().flat_map(names) {
                let Some(size) = there.get(&name).filter(|_| !needed.contains(&name)) else {
                    continue;
                };
                if gone.contains(&name) {
                    freed.revisions.extend(entry.revision());
                } else if std::fs::remove_file(self.packages().join(&name)).is_ok() {
                    freed.packages += 1;
                    freed.bytes += size;
                    freed.revisions.extend(entry.revision());
                    gone.insert(name);
                }
            }
        }
        freed.revisions.sort_unstable();
        freed.revisions.dedup();
        Ok(freed)
    }
}

/// The names of the files that an import keeps.
fn names(kept: &KeptImport) -> impl Iterator<Item = String> {
    let digests = [kept.uploaded, kept.reviewed, kept.before];
    let digests = digests.into_iter().flatten();
    digests.map(|digest| format!("{digest}.zip"))
}

impl RemoteWorkspace {
    /// Frees what is kept here for rollbacks, but for those of the newest revisions.
    ///
    /// # Errors
    /// If the journal or what is kept can't be read.
    pub fn prune(&self, spare: usize) -> Result<Freed, WorkspaceError> {
        Ok(self.settings.journal.prune(&self.identity(), spare)?)
    }

    /// Keeps what an import is about to change, as it was read last, and what is sent.
    pub(super) fn keep_for_rollback(
        &self,
        commit: &Commit,
        package: &Uploaded<'_>,
        sent: Option<&Path>,
    ) -> Result<KeptImport, WorkspaceError> {
        let mut kept = KeptImport {
            folder: package.folder.clone(),
            ..KeptImport::default()
        };
        let inventory = self.inventory_of(&*self.mirror(Interest::default())?)?;
        let read = self.exported.borrow();
        let exports = read.iter().flat_map(|read| {
            let exports = read.seen.exports.iter().zip(&read.packed);
            exports.map(|(export, packed)| (export.folder.clone(), export.package.clone(), packed))
        });
        // What comes of the folder that the package goes into fits what goes there.
        let mut exports: Vec<_> = exports.collect();
        exports.sort_by_key(|(folder, ..)| folder != package.folder);
        let export = exports.first();
        if let Some((folder, ..)) = export {
            kept.folder.clone_from(folder);
        }
        let files_of = |key: &AssetKey| -> Vec<PackagePath> {
            let files = export.and_then(|(.., packed)| packed.assets.get(key));
            files.cloned().unwrap_or_default()
        };
        let keys: BTreeMap<AssetId, &AssetKey> = inventory
            .assets
            .iter()
            .map(|asset| (asset.id, &asset.key))
            .collect();
        let before = commit.revision.iter().flat_map(|revision| &revision.before);
        for before in before {
            let Some(key) = keys.get(&before.asset).filter(|_| before.version.is_some()) else {
                continue;
            };
            kept.assets.push(KeptAsset {
                key: (*key).clone(),
                before: Some(KeptBefore {
                    id: before.asset,
                    version: before.version.filter(|version| *version > Version(0)),
                    state: before.state,
                    files: files_of(key),
                }),
            });
        }
        let mut created: BTreeMap<ConnectorId, &ConnectorTitle> = BTreeMap::new();
        for change in &commit.changes {
            match change {
                Change::CreateAsset { key, .. } => kept.assets.push(KeptAsset {
                    key: key.clone(),
                    before: None,
                }),
                Change::CreateConnector { id, title, .. } => {
                    created.insert(*id, title);
                    kept.connectors.push(KeptConnector {
                        title: title.clone(),
                        before: None,
                    });
                }
                Change::AddVersion { id, .. } if !created.contains_key(id) => {
                    let mut held = inventory.connectors.iter();
                    if let Some(held) = held.find(|held| held.id == *id) {
                        let files = export
                            .and_then(|(.., packed)| packed.connectors.get(held.title.as_str()));
                        kept.connectors.push(KeptConnector {
                            title: held.title.clone(),
                            before: Some(KeptRelease {
                                internal_name: held.internal_name.clone(),
                                version: held.released,
                                files: files.cloned().unwrap_or_default(),
                            }),
                        });
                    }
                }
                Change::AddVersion { .. }
                | Change::CreateFolder(_)
                | Change::UpdateAsset { .. }
                | Change::RemoveAsset(_)
                | Change::SetRecipe { .. }
                | Change::SetConnection { .. }
                | Change::SetEndpoint { .. }
                | Change::SetProperty { .. }
                | Change::ReleaseVersion { .. }
                | Change::Share { .. }
                | Change::Unshare(_)
                | Change::MoveAsset { .. }
                | Change::RemoveFolder(_) => {}
            }
        }
        let assets = kept.assets.iter().filter_map(|asset| asset.before.as_ref());
        let connectors = kept.connectors.iter().filter_map(|one| one.before.as_ref());
        let wanted: BTreeSet<PackagePath> = assets
            .flat_map(|before| &before.files)
            .chain(connectors.flat_map(|before| &before.files))
            .cloned()
            .collect();
        if let (Some((_, package, _)), false) = (export, wanted.is_empty()) {
            let failed = |source: std::io::Error| {
                WorkspaceError::from(JournalError::Io {
                    path: self.settings.journal.folder().display().to_string(),
                    doing: "keep what is there before in",
                    source,
                })
            };
            let scratch = ScratchFolder::new(&self.settings.scratch).map_err(failed)?;
            let before = scratch.file(BEFORE);
            excerpt(&[(package.clone(), wanted)], &before)
                .map_err(|error| failed(std::io::Error::other(error)))?;
            kept.before = Some(self.settings.journal.keep(&before)?);
        }
        if let Some(sent) = sent {
            kept.uploaded = Some(self.settings.journal.keep(sent)?);
        }
        // What is at the path by now may be something else: then nothing is known of it later.
        if package.merged == Merges::Some {
            let reviewed = self.settings.journal.keep(package.path)?;
            kept.reviewed = Some(reviewed).filter(|kept| *kept == package.digest);
        }
        self.settings.journal.make_room(&kept)?;
        Ok(kept)
    }

    /// What is kept of the revisions after one.
    pub(super) fn history_since(&self, to: RevisionNumber) -> Result<KeptHistory, WorkspaceError> {
        let entries = self.settings.journal.entries(&self.identity())?;
        if let Some(open) = entries.iter().find(|entry| entry.is_open()) {
            return Err(RemoteError::Unfinished {
                what: format!(
                    "{} can't go back: nobody saw how the import ended that was begun at {}",
                    self.address(),
                    open.at.utc()
                ),
                resume: Some(open.id.clone()),
                why: Unfinished::Unseen,
            }
            .into());
        }
        let mut done: Vec<(RevisionNumber, Entry)> = entries
            .into_iter()
            .filter_map(|entry| Some((entry.revision()?, entry)))
            .collect();
        done.sort_by_key(|(number, _)| *number);
        let newest = done.last().map_or(RevisionNumber(0), |(number, _)| *number);
        let mut history = KeptHistory {
            restored: None,
            undone: Vec::new(),
            newest,
        };
        for (number, entry) in done {
            if number == to {
                history.restored = entry.header();
            }
            if number > to {
                history.undone.push(self.kept_revision(entry, number)?);
            }
        }
        match to > newest || to > RevisionNumber(0) && history.restored.is_none() {
            true => Err(WorkspaceError::NoRevision {
                workspace: self.address().to_string(),
                number: to,
            }),
            false => Ok(history),
        }
    }

    /// What is kept of the newest imports, the oldest first, up to one that nothing is kept of. One
    /// whose end nobody saw is no reason to forget what was there before it: what it may have done is
    /// told as a change since then.
    pub(super) fn last_imports(&self) -> Result<Vec<KeptRevision>, WorkspaceError> {
        let entries = self.settings.journal.entries(&self.identity())?;
        let mut done: Vec<(RevisionNumber, Entry)> = entries
            .into_iter()
            .filter_map(|entry| Some((entry.revision()?, entry)))
            .collect();
        done.sort_by_key(|(number, _)| *number);
        let known = done.into_iter().rev();
        let known = known.take_while(|(_, entry)| entry.kept.is_some());
        let kept = known.map(|(number, entry)| self.kept_revision(entry, number));
        let mut kept = kept.collect::<Result<Vec<_>, _>>()?;
        kept.reverse();
        Ok(kept)
    }

    fn kept_revision(
        &self,
        entry: Entry,
        number: RevisionNumber,
    ) -> Result<KeptRevision, WorkspaceError> {
        let no_revision = || WorkspaceError::NoRevision {
            workspace: self.address().to_string(),
            number,
        };
        let header = entry.header().ok_or_else(no_revision)?;
        let kept = entry.kept.ok_or_else(|| RemoteError::NothingKept {
            address: self.address(),
            revision: number,
        })?;
        let import: Option<PlanDocument> = match entry.action {
            RevisionAction::Import => serde_json::from_str(&entry.plan).ok(),
            RevisionAction::Rollback => None,
        };
        let revision = crate::model::workspace::Revision {
            header,
            plan: entry.plan,
            receipt: entry.receipt,
            before: Vec::new(),
        };
        let recorded = Recorded::of(&revision).map_err(|error| {
            WorkspaceError::from(RemoteError::Unreadable {
                address: self.address(),
                what: error.to_string(),
            })
        })?;
        Ok(KeptRevision {
            recorded,
            folder: entry.folder,
            landing: import
                .as_ref()
                .map(|document| document.plan.landing())
                .unwrap_or_default(),
            kept,
        })
    }
}
