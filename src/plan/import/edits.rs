//! What somebody changed in a workspace since an import, where another import has something else for
//! it: by content, as versions move by themselves (platform.md §12).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::{Answer, ContentComparison};
use super::document::{AssetAction, ImportPlan, Needed, Permission};
use super::{Draft, Fate};
pub use crate::model::edits::EditsPolicy;
use crate::model::ident::{Digest, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, AssetKey, Body, FolderPath, RevisionNumber, StoredFile, WorkspaceAsset,
};
use crate::plan::import::merge::{Conflict, PartChange, Relation, ThreeWay};
use crate::plan::resolve::label;
use crate::settings::ResolvedSettings;

/// How many names are told before the rest is only counted.
const NAMED: usize = 3;
/// How many parts of an asset are listed for each side.
const LISTED: usize = 200;

/// What was said of what somebody changed in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditsWish {
    /// For all; what settings say, or else that it is held, where nothing was said.
    pub all: Option<EditsPolicy>,
    /// For single files of the package, which counts more.
    pub files: BTreeMap<PackagePath, EditsPolicy>,
}

impl From<EditsPolicy> for EditsWish {
    fn from(all: EditsPolicy) -> Self {
        Self {
            all: Some(all),
            files: BTreeMap::new(),
        }
    }
}

impl EditsWish {
    /// What holds for an asset: what was said of its file, or of all; what settings say of it, or of
    /// all; or else it is held.
    pub fn policy(
        &self,
        path: &PackagePath,
        key: &AssetKey,
        settings: Option<&ResolvedSettings>,
    ) -> EditsPolicy {
        let said = |name: &str| Some(settings?.edits.get(name)?.value);
        let said_of_it = || said(&label(key)).or_else(|| said(&key.name));
        let of_file = self.files.get(path).copied().or(self.all);
        let of_recipe = || {
            let is_recipe = key.kind == AssetKind::Recipe;
            is_recipe.then(said_of_it).flatten()
        };
        of_file
            .or_else(of_recipe)
            .or_else(|| said("*"))
            .unwrap_or(EditsPolicy::Hold)
    }
}

keyword_enum! {
    /// What is known of a change in a workspace.
    pub enum Edit: "edit" {
        /// It says something else than an import left there.
        Changed = "changed",
        /// What the import left there is not kept any more, so that nobody can tell.
        Unknown = "unknown",
    }
}

keyword_enum! {
    /// What becomes of a change in a workspace.
    pub enum EditFate: "fate" {
        /// The import waits for somebody to say.
        Held = "held",
        /// It stays, and the package's is left out.
        Kept = "kept",
        /// The package's takes its place.
        Overwritten = "overwritten",
        /// The workspace gets both.
        Merged = "merged",
    }
}

impl EditFate {
    const fn held() -> Self {
        Self::Held
    }
}

/// A change in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEdit {
    /// What is known of it.
    pub edit: Edit,
    /// The import since which it was made.
    pub since: RevisionNumber,
    /// Which parts each side changed; none of what is no recipe, and of what is not kept any more.
    pub parts: Option<ThreeWay>,
}

impl FoundEdit {
    /// What an import left there is not kept any more.
    pub const fn unknown(since: RevisionNumber) -> Self {
        Self {
            edit: Edit::Unknown,
            since,
            parts: None,
        }
    }

    /// What becomes of it.
    pub fn fate(&self, policy: EditsPolicy) -> EditFate {
        match policy {
            EditsPolicy::Hold => EditFate::Held,
            EditsPolicy::Keep => EditFate::Kept,
            EditsPolicy::Overwrite => EditFate::Overwritten,
            EditsPolicy::Merge => match &self.parts {
                Some(parts) if parts.merged.is_some() => EditFate::Merged,
                Some(parts) if parts.relation == Relation::TheirsOnly => EditFate::Kept,
                Some(_) | None => EditFate::Held,
            },
        }
    }
}

/// A change, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledEdit {
    /// The change.
    pub found: FoundEdit,
    /// What was said of it.
    pub policy: EditsPolicy,
    /// What becomes of it.
    pub fate: EditFate,
    /// The digest of what the package has for it in the merge.
    pub merged: Option<Digest>,
    /// The version that keeps what the package itself has for it, in a workspace that keeps versions.
    pub base: Option<Version>,
}

/// An asset that somebody changed in a workspace since an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditedAsset {
    /// Its path in the package.
    pub path: PackagePath,
    /// Its type, by the word in file names.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    pub folder: FolderPath,
    /// Its number in the workspace.
    pub id: Option<AssetId>,
    /// What is known of the change.
    pub edit: Edit,
    /// The revision since which it was made.
    pub since: RevisionNumber,
    /// What becomes of it; absent from plans of older versions, whose policy says it.
    #[serde(default = "EditFate::held")]
    pub becomes: EditFate,
    /// How the changes of both sides stand to each other; absent where that is not known: of what is
    /// no recipe, and where what the import left is not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// The parts that were changed in the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub theirs: Vec<PartChange>,
    /// The parts that the package has otherwise than the import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ours: Vec<PartChange>,
    /// The parts that both can't be had of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// How many parts are not listed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub not_listed: usize,
    /// The digest of both together, as the package has it in place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Digest>,
    /// The version that keeps what the package itself has, to compare with later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Version>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

impl fmt::Display for EditedAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.label())?;
        let parts: Vec<String> = self.theirs.iter().map(PartChange::to_string).collect();
        match (self.edit, first_of(&parts)) {
            (Edit::Changed, Some(parts)) => f.write_str(&parts),
            (Edit::Changed, None) => f.write_str("changed"),
            (Edit::Unknown, _) => f.write_str("whether it was changed is not known"),
        }
    }
}

impl EditedAsset {
    fn list(&mut self, parts: &ThreeWay) {
        fn first<T: Clone>(all: &[T], not_listed: &mut usize) -> Vec<T> {
            *not_listed += all.len().saturating_sub(LISTED);
            all.iter().take(LISTED).cloned().collect()
        }
        self.relation = Some(parts.relation);
        self.theirs = first(&parts.theirs, &mut self.not_listed);
        self.ours = first(&parts.ours, &mut self.not_listed);
        self.conflicts = first(&parts.conflicts, &mut self.not_listed);
    }

    /// What to call it: its type, folder and name.
    fn label(&self) -> String {
        let name = self.folder.label(&self.name);
        format!("{} \"{name}\"", self.kind.label())
    }

    /// Whether what the workspace has holds all that the package has for it.
    pub fn has_package(&self) -> bool {
        self.becomes == EditFate::Kept && self.relation == Some(Relation::TheirsOnly)
    }

    /// Why a merge that was asked for is none.
    fn not_merged(&self) -> String {
        if let Some(conflict) = self.conflicts.first() {
            let more = match self.conflicts.len() + self.not_listed - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            return format!("{conflict}{more}");
        }
        match (self.relation, self.edit, &self.kind) {
            (_, Edit::Unknown, _) => "what was changed is not known".to_owned(),
            (None, Edit::Changed, AssetKind::Recipe) => {
                "its parts, or what they refer to, can't be told".to_owned()
            }
            (None, Edit::Changed, _) => "only recipes are merged".to_owned(),
            (Some(_), Edit::Changed, _) => "what was changed is in none of its parts".to_owned(),
        }
    }
}

/// An asset of a workspace that an import would put something else in place of.
#[derive(Clone, Copy, Debug)]
pub struct Overwritten<'d> {
    /// The asset of the package, as an index into the project.
    pub asset: usize,
    /// Where both lie and what they are called.
    pub key: &'d AssetKey,
    /// The workspace's.
    pub held: &'d WorkspaceAsset,
}

impl<'a> Draft<'a> {
    /// The assets that an import would put something else in place of, once every question was
    /// [answered](Draft::answered). What it only adds to is none of them.
    pub fn overwritten(
        &self,
        answers: &BTreeMap<usize, Answer>,
    ) -> impl Iterator<Item = Overwritten<'a>> {
        let adds = |asset: usize| {
            let answer = answers.get(&asset);
            answer.is_some_and(|it| matches!(it.sameness, ContentComparison::Merged(_)))
        };
        let drafted = self.assets.iter().enumerate();
        drafted.filter_map(move |(asset, drafted)| {
            let overwrites = drafted.fate == Fate::Overwrites && !adds(asset);
            let (key, held) = (drafted.key?, drafted.held?);
            overwrites.then_some(Overwritten { asset, key, held })
        })
    }

    /// The same import, which leaves these assets as they are.
    pub fn keeping(mut self, kept: &BTreeSet<usize>) -> Self {
        for &asset in kept {
            if let Some(drafted) = self.assets.get_mut(asset) {
                drafted.fate = Fate::NoChange;
                drafted.rows = None;
            }
        }
        self
    }

    /// What a workspace holds of an asset with `main` as its JSON.
    pub fn body(&self, asset: usize, main: StoredFile) -> Option<Body> {
        let drafted = self.assets.get(asset)?;
        drafted.body(self.project(), self.project().assets.get(asset)?, main)
    }

    /// The version of an asset that is there.
    pub fn held(&self, asset: usize) -> Option<&'a WorkspaceAsset> {
        self.assets.get(asset)?.held
    }

    /// Says in its plan what was changed in the workspace, and what becomes of it.
    pub fn tell_edits(
        &self,
        plan: &mut ImportPlan,
        wish: &EditsWish,
        settled: &BTreeMap<usize, SettledEdit>,
    ) {
        plan.edits = wish.all;
        plan.edits_of.clone_from(&wish.files);
        let mut asked_to_merge = BTreeSet::new();
        for (&asset, settled) in settled {
            let told = self.assets.get(asset).and_then(|drafted| {
                let (key, found) = (drafted.key?, &settled.found);
                Some(EditedAsset {
                    path: self.project().assets.get(asset)?.path.clone(),
                    kind: key.kind.clone(),
                    name: key.name.to_string(),
                    folder: key.place.folder(),
                    id: drafted.id,
                    edit: found.edit,
                    since: found.since,
                    becomes: settled.fate,
                    relation: None,
                    theirs: Vec::new(),
                    ours: Vec::new(),
                    conflicts: Vec::new(),
                    not_listed: 0,
                    merged: settled.merged,
                    base: settled.base,
                })
            });
            let Some(mut told) = told else { continue };
            if let Some(parts) = &settled.found.parts {
                told.list(parts);
            }
            if settled.policy == EditsPolicy::Merge {
                asked_to_merge.insert(told.path.clone());
            }
            plan.edited.push(told);
        }
        plan.needs.extend(needs(&plan.edited, &asked_to_merge));
        plan.tells_edits();
    }
}

impl ImportPlan {
    /// What was said of edits when it was made.
    pub fn said_of_edits(&self) -> EditsWish {
        EditsWish {
            all: self.edits,
            files: self.edits_of.clone(),
        }
    }

    fn tells_edits(&mut self) {
        let edited: BTreeMap<&PackagePath, &EditedAsset> = self
            .edited
            .iter()
            .map(|asset| (&asset.path, asset))
            .collect();
        for asset in &mut self.assets {
            let Some(edited) = edited.get(&asset.path) else {
                continue;
            };
            match edited.becomes {
                EditFate::Kept if asset.action == AssetAction::NoChange => {
                    asset.action = AssetAction::KeepsEdits;
                    self.summary.unchanged -= 1;
                    self.summary.keeps_edits += 1;
                }
                // One version keeps the package's own, the next one has both.
                EditFate::Merged if edited.base.is_some() => {
                    asset.to = edited.base.map(|base| Version(base.0.saturating_add(1)));
                }
                EditFate::Kept | EditFate::Merged | EditFate::Held | EditFate::Overwritten => {}
            }
        }
    }
}

/// What it takes to overwrite these.
fn needs(edited: &[EditedAsset], asked_to_merge: &BTreeSet<PackagePath>) -> Vec<Needed> {
    let held = || {
        edited
            .iter()
            .filter(|asset| asset.becomes == EditFate::Held)
    };
    let needed = |because: String| Needed {
        permission: Permission::OverwriteEdits,
        because,
    };
    let told = |edit: Edit, what: &str| {
        let names = held().filter(|it| it.edit == edit && !asked_to_merge.contains(&it.path));
        let names: Vec<String> = names.map(EditedAsset::label).collect();
        Some(needed(format!("{} {what}", first_of(&names)?)))
    };
    let changed = told(
        Edit::Changed,
        "would lose what was changed there since an import",
    );
    let unknown = told(
        Edit::Unknown,
        "may have been changed there since an import: what that sent is not kept any more",
    );
    let not_merged = held().filter(|it| asked_to_merge.contains(&it.path));
    let not_merged: Vec<String> = not_merged
        .map(|it| format!("{} ({})", it.label(), it.not_merged()))
        .collect();
    let not_merged = first_of(&not_merged).map(|names| {
        needed(format!(
            "can't merge what was changed there since an import: {names}"
        ))
    });
    changed
        .into_iter()
        .chain(unknown)
        .chain(not_merged)
        .collect()
}

/// The first of some names, and how many there are besides; nothing if there are none.
pub(crate) fn first_of<N: Deref<Target = str>>(names: &[N]) -> Option<String> {
    let some: Vec<&str> = names.iter().take(NAMED).map(|name| &**name).collect();
    let some = some.join(", ");
    match names.len().saturating_sub(NAMED) {
        _ if names.is_empty() => None,
        0 => Some(some),
        more => Some(format!("{some} and {more} more")),
    }
}
