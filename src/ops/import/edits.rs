//! What somebody changed in a workspace since imports left it there, of what an import would put
//! something else in place of. A workspace that keeps its versions tells; over the API it is what this
//! machine keeps of the packages that it sent.

use super::way_back::{Asking, import_of};
use super::*;
use crate::io::scratch::ScratchFolder;
use crate::model::ident::Version;
use crate::model::workspace::{AssetId, Binding, Body};
use crate::plan::import::edits::{Edit, FoundEdit, Overwritten};
use crate::plan::import::history::Recorded;
use crate::plan::import::merge::{self, ThreeWay};
use crate::plan::rollback::kept::KeptRevision;
use crate::workspace::KeptPackage;
use thin_vec::ThinVec;

impl Incoming {
    /// Which of the assets that would be overwritten are otherwise than the last import left them.
    /// Those that no import left there are none of them.
    pub(super) fn edits<'d>(
        &self,
        request: &ImportRequest,
        draft: &Draft<'_>,
        overwritten: impl Iterator<Item = Overwritten<'d>>,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<BTreeMap<usize, FoundEdit>, ImportError> {
        let overwritten: Vec<Overwritten<'_>> = overwritten.collect();
        if overwritten.is_empty() {
            return Ok(BTreeMap::new());
        }
        match workspace.kept_imports()? {
            Some(kept) => {
                self.since_packages(request, (draft, &overwritten), &kept, workspace, running)
            }
            None => self.since_versions(draft, &overwritten, workspace),
        }
    }

    fn since_versions(
        &self,
        draft: &Draft<'_>,
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
                let unknown = wanted.values();
                found.extend(unknown.map(|one| (one.asset, FoundEdit::unknown(since))));
                break;
            };
            let about = recorded.by_asset();
            let left = |asset: AssetId| -> Option<Version> {
                if let Some(base) = recorded.base(asset) {
                    return Some(base);
                }
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
                if self.says_the_same(one, &base, workspace)? {
                    continue;
                }
                let mut bytes = Vec::new();
                if let Some(main) = base.files.first() {
                    workspace.content(&main.content, &mut bytes)?;
                }
                let base = Base {
                    bytes,
                    bindings: base.bindings,
                };
                let parts = self.parts(one, draft, &base, workspace)?;
                let edit = Edit::Changed;
                found.insert(one.asset, FoundEdit { edit, since, parts });
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

    /// Which parts each side of a recipe changed; nothing of what is no recipe.
    fn parts(
        &self,
        one: &Overwritten<'_>,
        draft: &Draft<'_>,
        base: &Base,
        workspace: &dyn Workspace,
    ) -> Result<Option<ThreeWay>, ImportError> {
        let kind = &one.key.kind;
        let (AssetKind::Recipe, Some(main)) = (kind, one.held.body.files.first()) else {
            return Ok(None);
        };
        let broken = |source| self.broken(one.asset, source);
        let mut theirs = Vec::new();
        workspace.content(&main.content, &mut theirs)?;
        let (_, ours) = self.in_terms_of(one.asset, draft)?;
        let mut scanner = Scanner::default();
        let scanned = [&base.bytes, &theirs, &ours].map(|bytes| scanner.scan(kind, bytes));
        let [was, is, own] = scanned;
        let own = own.map_err(broken)?;
        // What a workspace has is not the package's fault: its parts are not known then.
        let (Ok(was), Ok(is)) = (was, is) else {
            return Ok(None);
        };
        let base = Side {
            bytes: &base.bytes,
            references: &was.references,
            bindings: &base.bindings,
        };
        let theirs = Side {
            bytes: &theirs,
            references: &is.references,
            bindings: &one.held.body.bindings,
        };
        let ours = Side {
            bytes: &ours,
            references: &own.references,
            bindings: draft.bindings(one.asset),
        };
        merge::compare(base, theirs, ours).map(Some).map_err(broken)
    }

    fn since_packages(
        &self,
        request: &ImportRequest,
        (draft, overwritten): (&Draft<'_>, &[Overwritten<'_>]),
        kept: &[KeptRevision],
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<BTreeMap<usize, FoundEdit>, ImportError> {
        let mut wanted: BTreeMap<&AssetKey, &Overwritten<'_>> =
            overwritten.iter().map(|one| (one.key, one)).collect();
        let scratch =
            ScratchFolder::new(&request.scratch).map_err(|source| ImportError::Scratch {
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
            let Some(uploaded) = revision.kept.uploaded else {
                continue;
            };
            let brought = revision.recorded.brought();
            let merged = revision.recorded.with_changes();
            let of = |key: &AssetKey| (key.kind.clone(), key.name.to_string(), key.place.folder());
            let told = (wanted.keys().copied())
                .filter(|key| brought.contains(&(&key.kind, &*key.name, key.place.folder())));
            // What was merged was sent with what the workspace had: the package says what it was.
            let (merged, plain): (Vec<&AssetKey>, Vec<&AssetKey>) =
                told.partition(|key| merged.contains(&of(key)));
            let packages = [
                ("sent", Some(uploaded), plain),
                ("reviewed", revision.kept.reviewed, merged),
            ];
            for (what, digest, told) in packages {
                if told.is_empty() {
                    continue;
                }
                let copy = scratch.file(&format!("{what}-{since}.zip"));
                let there = match digest {
                    Some(digest) => workspace.kept_package(&digest, &copy)?,
                    None => KeptPackage::Missing,
                };
                match there {
                    KeptPackage::There => {}
                    KeptPackage::Missing | KeptPackage::Damaged => {
                        let gone = told.into_iter().filter_map(|key| wanted.remove(key));
                        found.extend(gone.map(|one| (one.asset, FoundEdit::unknown(since))));
                        continue;
                    }
                }
                let mut import = import_of(&asking, &copy, revision.folder.clone());
                import.landing = revision.landing.clone();
                let sent = Self::read(&import, running, &mut Silent)?;
                let keys: BTreeSet<&AssetKey> = sent.keys().map(|(_, key)| key).collect();
                let told = told.into_iter().filter(|key| keys.contains(key));
                let left: BTreeMap<&AssetKey, &Overwritten<'_>> = told
                    .filter_map(|key| Some((key, wanted.remove(key)?)))
                    .collect();
                let mut others = otherwise(&sent, &import, Sight::AsRead, workspace, running)?;
                // What is referred to may lie further off than was looked.
                if left.keys().any(|key| others.contains_key(*key)) {
                    others = otherwise(&sent, &import, Sight::Everywhere, workspace, running)?;
                }
                for (key, one) in left {
                    let Some(base) = others.get(key) else {
                        continue;
                    };
                    let parts = self.parts(one, draft, base, workspace)?;
                    let edit = Edit::Changed;
                    found.insert(one.asset, FoundEdit { edit, since, parts });
                }
            }
        }
        Ok(found)
    }
}

/// What an import left of a recipe.
struct Base {
    bytes: Vec<u8>,
    bindings: ThinVec<Binding>,
}

/// What of a package that was sent a workspace has otherwise now, as that package has it.
fn otherwise(
    sent: &Incoming,
    import: &ImportRequest,
    sight: Sight,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<BTreeMap<AssetKey, Base>, ImportError> {
    let uses = Uses::of(None);
    let snapshot = sent.snapshot_seen(workspace, &uses, sight)?;
    let draft = sent.draft(&snapshot, import, &uses);
    let answers = sent.answers(&draft, workspace, running)?;
    let draft = draft.answered(&answers);
    let mut others = BTreeMap::new();
    for other in draft.overwritten(&answers) {
        let bytes = match other.key.kind == AssetKind::Recipe {
            true => sent.in_terms_of(other.asset, &draft)?.1,
            false => Vec::new(),
        };
        let bindings = draft.bindings(other.asset).into();
        others.insert(other.key.clone(), Base { bytes, bindings });
    }
    Ok(others)
}
