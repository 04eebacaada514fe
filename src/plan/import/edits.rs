//! What somebody changed in a workspace since an import, where another import has something else for
//! it: by content, as versions move by themselves (platform.md §12).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::{Answer, ContentComparison};
use super::document::{AssetAction, ImportPlan, Needed, Permission};
use super::{Draft, Fate};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::workspace::{AssetId, AssetKey, FolderPath, RevisionNumber, WorkspaceAsset};

/// How many names are told before the rest is only counted.
const NAMED: usize = 3;

keyword_enum! {
    /// What becomes of what somebody changed in a workspace since an import.
    pub enum EditsPolicy: "way" {
        /// The import waits until it is permitted to overwrite it.
        Hold = "hold",
        /// It stays as it is, and the package's is left out.
        Keep = "keep",
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

/// A change in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundEdit {
    /// What is known of it.
    pub edit: Edit,
    /// The import since which it was made.
    pub since: RevisionNumber,
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

    /// Says in its plan what was changed in the workspace, and what becomes of it.
    pub fn tell_edits(
        &self,
        plan: &mut ImportPlan,
        policy: EditsPolicy,
        found: &BTreeMap<usize, FoundEdit>,
    ) {
        plan.edits = policy;
        plan.edited = found
            .iter()
            .filter_map(|(&asset, found)| {
                let drafted = self.assets.get(asset)?;
                let key = drafted.key?;
                Some(EditedAsset {
                    path: self.project().assets.get(asset)?.path.clone(),
                    kind: key.kind.clone(),
                    name: key.name.to_string(),
                    folder: key.place.folder(),
                    id: drafted.id,
                    edit: found.edit,
                    since: found.since,
                })
            })
            .collect();
        match policy {
            EditsPolicy::Hold => plan.needs.extend(needs(&plan.edited)),
            EditsPolicy::Keep => plan.keeps_edits(),
        }
    }
}

impl ImportPlan {
    fn keeps_edits(&mut self) {
        let kept: BTreeSet<&PackagePath> = self.edited.iter().map(|asset| &asset.path).collect();
        for asset in &mut self.assets {
            if asset.action == AssetAction::NoChange && kept.contains(&asset.path) {
                asset.action = AssetAction::KeepsEdits;
                self.summary.unchanged -= 1;
                self.summary.keeps_edits += 1;
            }
        }
    }
}

/// What it takes to overwrite these.
fn needs(edited: &[EditedAsset]) -> Vec<Needed> {
    let told = |edit: Edit, what: &str| {
        let names = edited.iter().filter(|asset| asset.edit == edit);
        let names: Vec<String> = names
            .map(|asset| {
                format!(
                    "{} \"{}\"",
                    asset.kind.label(),
                    asset.folder.label(&asset.name)
                )
            })
            .collect();
        Some(Needed {
            permission: Permission::OverwriteEdits,
            because: format!("{} {what}", first_of(&names)?),
        })
    };
    let changed = told(
        Edit::Changed,
        "would lose what was changed there since an import",
    );
    let unknown = told(
        Edit::Unknown,
        "may have been changed there since an import: what that sent is not kept any more",
    );
    changed.into_iter().chain(unknown).collect()
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
