//! Recipes that were changed in a workspace and are other ones in a package, as one: what goes in the
//! package's place is part of the plan. It is planned like any package; what its references mean then
//! is compared with what they meant on the side that they come from.

use super::sent::Edits;
use super::*;
use crate::model::ident::Version;
use crate::model::workspace::Body;
use crate::plan::commit::{Change, Commit};
use crate::plan::import::edits::FoundEdit;
use crate::plan::import::merge;

/// How often it is merged anew because somebody else was faster.
const ATTEMPTS: usize = 5;

/// Recipes that are merged, and that can't be.
#[derive(Clone, Debug, Default)]
pub(super) struct Merging {
    pub(super) done: BTreeMap<PackagePath, Merge>,
    /// Those whose merge is not what it should be.
    pub(super) refused: BTreeSet<PackagePath>,
    attempts: usize,
}

/// A merged recipe.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    /// What the package has in place of its own.
    bytes: Vec<u8>,
    /// What it says in the workspace.
    says: Digest,
    /// What the workspace had when it was merged.
    theirs: Digest,
    /// The change that it was merged with.
    found: FoundEdit,
    /// What the package's own would be in the workspace, and its JSON.
    own: (Body, Vec<u8>),
}

impl Merging {
    /// The same edits, with these recipes.
    pub(super) fn added_to(&self, edits: &Edits) -> Edits {
        let mut edits = edits.clone();
        let merged = self.done.iter();
        edits
            .replaced
            .extend(merged.map(|(path, merge)| (path.clone(), merge.bytes.clone())));
        edits
    }

    /// What has to be planned next, if a plan that was made with these found others.
    pub(super) fn then(&self, found: &Self) -> Option<Self> {
        let same = self.done.keys().eq(found.done.keys()) && self.refused == found.refused;
        if same {
            return None;
        }
        let mut next = found.clone();
        next.attempts = self.attempts + 1;
        if next.attempts > ATTEMPTS {
            next.refused
                .extend(std::mem::take(&mut next.done).into_keys());
        }
        Some(next)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty()
    }
}

/// What a plan with a merged recipe shows of it.
enum Checked {
    /// It is what it should be.
    Whole,
    /// It says something else.
    Other,
    /// The workspace has something else by now.
    Moved,
}

impl Incoming {
    /// Plans the import into a workspace as it is now.
    ///
    /// # Errors
    /// If the workspace or the package can't be read.
    pub fn plan(
        &self,
        request: &ImportRequest,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<Planned, ImportError> {
        workspace.takes(&request.landing, &request.folder)?;
        let (edits, findings) = self.edits_of_settings(request, workspace)?;
        let mut merging = Merging::default();
        loop {
            let edits = merging.added_to(&edits);
            let edited = match edits.is_empty() {
                true => None,
                false => Some(self.with(request, &edits, running)?),
            };
            let this = edited.as_ref().unwrap_or(self);
            let mut planned = this.plan_as_read(request, &merging, workspace, running)?;
            if let Some(next) = merging.then(&planned.merging) {
                merging = next;
                continue;
            }
            planned.findings.extend(findings);
            planned.edited = edited.map(Arc::new);
            return Ok(planned);
        }
    }

    /// What somebody changed in a workspace of what would be overwritten, and what becomes of it.
    pub(super) fn settle_edits(
        &self,
        (request, wish, merging): (&ImportRequest, &EditsWish, &Merging),
        draft: &Draft<'_>,
        answers: &BTreeMap<usize, Answer>,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<(BTreeMap<usize, SettledEdit>, Merging), ImportError> {
        let mut settled = BTreeMap::new();
        let mut next = Merging {
            refused: merging.refused.clone(),
            ..Merging::default()
        };
        let assets = &self.opened.project.assets;
        let path = |asset: usize| &assets[asset].path;
        for (asset, merge) in
            (0..assets.len()).filter_map(|at| Some((at, merging.done.get(path(at))?)))
        {
            match self.check_merge(asset, merge, draft)? {
                Checked::Whole => {
                    settled.insert(asset, merge.settled(draft.held(asset), request));
                    next.done.insert(path(asset).clone(), merge.clone());
                }
                Checked::Other => {
                    next.refused.insert(path(asset).clone());
                }
                Checked::Moved => {}
            }
        }
        let overwritten = draft.overwritten(answers);
        let overwritten = overwritten.filter(|one| !merging.done.contains_key(path(one.asset)));
        let found = self.edits(request, draft, overwritten, workspace, running)?;
        let settings = request.settings.as_ref().map(|asked| &asked.resolved);
        for (asset, mut found) in found {
            let path = path(asset);
            let policy = match self.placing.keys[asset].as_ref() {
                Some(key) => wish.policy(path, key, settings),
                None => EditsPolicy::Hold,
            };
            if merging.refused.contains(path) {
                found.parts = None;
            }
            let fate = found.fate(policy);
            if fate == EditFate::Merged {
                match self.merge(asset, &found, draft)? {
                    Some(merge) => {
                        next.done.insert(path.clone(), merge);
                    }
                    None => {
                        next.refused.insert(path.clone());
                    }
                }
            }
            let edit = SettledEdit {
                found,
                policy,
                fate,
                merged: None,
                base: None,
            };
            settled.insert(asset, edit);
        }
        Ok((settled, next))
    }

    /// What the package gets in place of a recipe. Nothing if that can't be said in its own words.
    fn merge(
        &self,
        asset: usize,
        found: &FoundEdit,
        draft: &Draft<'_>,
    ) -> Result<Option<Merge>, ImportError> {
        let Some(merged) = found.parts.as_ref().and_then(|parts| parts.merged.as_ref()) else {
            return Ok(None);
        };
        let Some(theirs) = draft.held(asset).and_then(|held| held.body.files.first()) else {
            return Ok(None);
        };
        let (packaged, own) = self.in_terms_of(asset, draft)?;
        let kind = &self.opened.project.assets[asset].kind;
        let broken = |source| self.broken(asset, source);
        let back: BTreeMap<InternalName, InternalName> = (draft.renames(asset).iter())
            .map(|(from, to)| (to.clone(), from.clone()))
            .collect();
        // Two names that became one have no way back.
        if renamed(kind, &own, &back).map_err(broken)? != packaged {
            return Ok(None);
        }
        let stored = StoredFile {
            extension: "json".to_owned(),
            content: Digest::of(&own),
            size: own.len() as u64,
        };
        let bytes = renamed(kind, &merged.bytes, &back).map_err(broken)?;
        Ok(draft.body(asset, stored).map(|body| Merge {
            bytes,
            says: merged.says,
            theirs: theirs.content,
            found: found.clone(),
            own: (body, own),
        }))
    }

    fn check_merge(
        &self,
        asset: usize,
        merge: &Merge,
        draft: &Draft<'_>,
    ) -> Result<Checked, ImportError> {
        let held = draft.held(asset).and_then(|held| held.body.files.first());
        if held.map(|file| file.content) != Some(merge.theirs) {
            return Ok(Checked::Moved);
        }
        let (_, bytes) = self.in_terms_of(asset, draft)?;
        let kind = &self.opened.project.assets[asset].kind;
        let broken = |source| self.broken(asset, source);
        let mut scanner = Scanner::default();
        let scanned = scanner.scan(kind, &bytes).map_err(broken)?;
        let side = Side {
            bytes: &bytes,
            references: &scanned.references,
            bindings: draft.bindings(asset),
        };
        Ok(match merge::says(side).map_err(broken)? == merge.says {
            true => Checked::Whole,
            false => Checked::Other,
        })
    }

    /// The JSON of an asset as the package has it, and with the workspace's names.
    pub(super) fn in_terms_of(
        &self,
        asset: usize,
        draft: &Draft<'_>,
    ) -> Result<(Vec<u8>, Vec<u8>), ImportError> {
        let mut packaged = Vec::new();
        read_main(self, asset, &mut self.opened.source.reader(), &mut packaged)?;
        let kind = &self.opened.project.assets[asset].kind;
        let broken = |source| self.broken(asset, source);
        let own = renamed(kind, &packaged, draft.renames(asset)).map_err(broken)?;
        Ok((packaged, own))
    }

    pub(super) fn broken(&self, asset: usize, source: JsonError) -> ImportError {
        ImportError::Json {
            path: self.opened.project.assets[asset].path.clone(),
            source,
        }
    }
}

impl Merge {
    fn settled(
        &self,
        held: Option<&crate::model::workspace::WorkspaceAsset>,
        request: &ImportRequest,
    ) -> SettledEdit {
        // A workspace that keeps its versions gets one of the package's own first.
        let base = match &request.address {
            Address::Local(_) => held.map(|held| Version(held.version.0.saturating_add(1))),
            Address::Remote(_) => None,
        };
        SettledEdit {
            found: self.found.clone(),
            policy: EditsPolicy::Merge,
            fate: EditFate::Merged,
            merged: Some(Digest::of(&self.bytes)),
            base,
        }
    }
}

impl PackageContents<'_> {
    /// Has a workspace that keeps its versions keep what the package itself has of recipes that were
    /// merged: one version of that, the next one with both. Later changes are seen against the first.
    pub(super) fn keep_bases(
        &mut self,
        draft: &Draft<'_>,
        merging: &Merging,
        commit: &mut Commit,
    ) -> Result<(), ImportError> {
        let assets = &self.incoming.opened.project.assets;
        for (index, asset) in assets.iter().enumerate() {
            let Some(merge) = merging.done.get(&asset.path) else {
                continue;
            };
            let held = draft.held(index).map(|held| held.id);
            let at = commit.changes.iter().position(|change| match change {
                Change::UpdateAsset { id, .. } => Some(*id) == held,
                Change::CreateFolder(_)
                | Change::CreateAsset { .. }
                | Change::RemoveAsset(_)
                | Change::MoveAsset { .. }
                | Change::RemoveFolder(_)
                | Change::SetRecipe { .. }
                | Change::SetConnection { .. }
                | Change::SetEndpoint { .. }
                | Change::SetProperty { .. }
                | Change::CreateConnector { .. }
                | Change::AddVersion { .. }
                | Change::ReleaseVersion { .. }
                | Change::Share { .. }
                | Change::Unshare(_) => false,
            });
            let (Some(id), Some(at)) = (held, at) else {
                continue;
            };
            let (body, bytes) = &merge.own;
            let deflated = deflate(bytes).map_err(|source| ImportError::Scratch {
                folder: "memory".to_owned(),
                source,
            })?;
            self.keep(bytes, &deflated)?;
            let body = body.clone();
            commit.changes.insert(at, Change::UpdateAsset { id, body });
        }
        Ok(())
    }
}
