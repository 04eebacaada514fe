//! What somebody changed in a workspace since imports left it there, of what an import would put
//! something else in place of. A workspace that keeps its versions tells; over the API it is what this
//! machine keeps of the packages that it sent.

use super::way_back::{Asking, import_of};
use super::*;
use crate::io::scratch::ScratchFolder;
use crate::model::ident::Version;
use crate::model::workspace::{AssetId, Body};
use crate::plan::import::edits::{Edit, FoundEdit, Overwritten};
use crate::plan::import::history::Recorded;
use crate::plan::rollback::kept::KeptRevision;
use crate::workspace::KeptPackage;

impl Incoming {
    /// Which of the assets that would be overwritten are otherwise than the last import left them.
    /// Those that no import left there are none of them.
    pub(super) fn edits<'d>(
        &self,
        request: &ImportRequest,
        overwritten: impl Iterator<Item = Overwritten<'d>>,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<BTreeMap<usize, FoundEdit>, ImportError> {
        let overwritten: Vec<Overwritten<'_>> = overwritten.collect();
        if overwritten.is_empty() {
            return Ok(BTreeMap::new());
        }
        match workspace.kept_imports()? {
            Some(kept) => since_packages(request, &overwritten, &kept, workspace, running),
            None => self.since_versions(&overwritten, workspace),
        }
    }

    fn since_versions(
        &self,
        overwritten: &[Overwritten<'_>],
        workspace: &dyn Workspace,
    ) -> Result<BTreeMap<usize, FoundEdit>, ImportError> {
        let mut wanted: BTreeMap<AssetId, &Overwritten<'_>> =
            overwritten.iter().map(|one| (one.held.id, one)).collect();
        let mut found = BTreeMap::new();
        for header in workspace.revisions()?.iter().rev() {
            if wanted.is_empty() {
                break;
            }
            let since = header.number;
            let Ok(recorded) = Recorded::of(&workspace.revision(since)?) else {
                let unknown = FoundEdit {
                    edit: Edit::Unknown,
                    since,
                };
                found.extend(wanted.values().map(|one| (one.asset, unknown)));
                break;
            };
            let about = recorded.by_asset();
            let left = |asset: AssetId| -> Option<Version> {
                let planned = about.planned(asset);
                // What it only started, say, it left as somebody else had it.
                if planned.is_some_and(|told| !told.is_of_package()) {
                    return None;
                }
                let changed = about.left(asset).and_then(|left| left.version);
                changed.or(planned.and_then(|told| told.to))
            };
            let told: Vec<(AssetId, Version)> = wanted
                .keys()
                .filter_map(|&asset| Some((asset, left(asset)?)))
                .collect();
            for (asset, version) in told {
                let Some(one) = wanted.remove(&asset) else {
                    continue;
                };
                if one.held.version == version {
                    continue;
                }
                let base = workspace.asset_version(asset, version)?;
                if !self.says_the_same(one, &base, workspace)? {
                    let edit = Edit::Changed;
                    found.insert(one.asset, FoundEdit { edit, since });
                }
            }
        }
        Ok(found)
    }

    /// Whether an asset of the workspace says what an earlier version of it said. Rows of tables are no
    /// question here: they have a permission of their own.
    fn says_the_same(
        &self,
        one: &Overwritten<'_>,
        base: &Body,
        workspace: &dyn Workspace,
    ) -> Result<bool, ImportError> {
        let held = &one.held.body;
        let files =
            |body: &Body| -> Vec<Digest> { body.files.iter().map(|file| file.content).collect() };
        let (was, is) = (files(base), files(held));
        if was == is && base.bindings == held.bindings {
            return Ok(true);
        }
        let (Some((first, was)), Some((second, is))) = (was.split_first(), is.split_first()) else {
            return Ok(false);
        };
        if was != is {
            return Ok(false);
        }
        let kind = &one.key.kind;
        let path = &self.opened.project.assets[one.asset].path;
        let broken = |source| ImportError::Json {
            path: path.clone(),
            source,
        };
        let (mut before, mut now) = (Vec::new(), Vec::new());
        workspace.content(first, &mut before)?;
        workspace.content(second, &mut now)?;
        let mut scanner = Scanner::default();
        let was = scanner.scan(kind, &before).map_err(broken)?;
        let is = scanner.scan(kind, &now).map_err(broken)?;
        let before = Side {
            bytes: &before,
            references: &was.references,
            bindings: &base.bindings,
        };
        let now = Side {
            bytes: &now,
            references: &is.references,
            bindings: &held.bindings,
        };
        let landing = &self.placing.landing;
        let answer = compare::compare(kind, before, now, RowsPolicy::Keep, landing);
        Ok(answer.map_err(broken)?.sameness == ContentComparison::Same)
    }
}

fn since_packages(
    request: &ImportRequest,
    overwritten: &[Overwritten<'_>],
    kept: &[KeptRevision],
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<BTreeMap<usize, FoundEdit>, ImportError> {
    let mut wanted: BTreeMap<&AssetKey, usize> =
        overwritten.iter().map(|one| (one.key, one.asset)).collect();
    let scratch = ScratchFolder::new(&request.scratch).map_err(|source| ImportError::Scratch {
        folder: request.scratch.display().to_string(),
        source,
    })?;
    let asking = Asking {
        address: &request.address,
        scratch: &request.scratch,
        at: request.at,
        who: &request.who,
    };
    let mut found = BTreeMap::new();
    for revision in kept.iter().rev() {
        let since = revision.number();
        let Some(digest) = &revision.kept.uploaded else {
            continue;
        };
        let brought = revision.recorded.brought();
        let told: Vec<&AssetKey> = wanted
            .keys()
            .copied()
            .filter(|key| brought.contains(&(&key.kind, &*key.name, key.place.folder())))
            .collect();
        if told.is_empty() {
            continue;
        }
        let copy = scratch.file(&format!("sent-{since}.zip"));
        match workspace.kept_package(digest, &copy)? {
            KeptPackage::There => {}
            KeptPackage::Missing | KeptPackage::Damaged => {
                let edit = Edit::Unknown;
                let gone = told.into_iter().filter_map(|key| wanted.remove(key));
                found.extend(gone.map(|asset| (asset, FoundEdit { edit, since })));
                continue;
            }
        }
        let mut import = import_of(&asking, &copy, revision.folder.clone());
        import.landing = revision.landing.clone();
        let sent = Incoming::read(&import, running, &mut Silent)?;
        let keys: BTreeSet<&AssetKey> = sent.keys().map(|(_, key)| key).collect();
        let told = told.into_iter().filter(|key| keys.contains(key));
        let left: BTreeMap<&AssetKey, usize> = told
            .filter_map(|key| Some((key, wanted.remove(key)?)))
            .collect();
        let mut others = otherwise(&sent, &import, Sight::AsRead, workspace, running)?;
        // What is referred to may lie further off than was looked.
        if left.keys().any(|key| others.contains(*key)) {
            others = otherwise(&sent, &import, Sight::Everywhere, workspace, running)?;
        }
        let changed = left.iter().filter(|(key, _)| others.contains(**key));
        let edit = Edit::Changed;
        found.extend(changed.map(|(_, &asset)| (asset, FoundEdit { edit, since })));
    }
    Ok(found)
}

/// What of a package that was sent a workspace has otherwise now.
fn otherwise(
    sent: &Incoming,
    import: &ImportRequest,
    sight: Sight,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<BTreeSet<AssetKey>, ImportError> {
    let uses = Uses::of(None);
    let snapshot = sent.snapshot_seen(workspace, &uses, sight)?;
    let draft = sent.draft(&snapshot, import, &uses);
    let answers = sent.answers(&draft, workspace, running)?;
    let draft = draft.answered(&answers);
    let others = draft.overwritten(&answers).map(|other| other.key.clone());
    Ok(others.collect())
}
