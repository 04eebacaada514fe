//! The history of a workspace, as the documents that commands print.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, Before, FolderPath, HeldState, RecipeState, RevisionHeader, RevisionNumber,
};
use crate::ops::import::PlanDocument;
use crate::plan::import::history;
use crate::plan::import::history::{Left, RecordError, Recorded};
use crate::plan::import::{Receipt, ReceiptRecipe};
use crate::plan::rollback::kept::KeptAsset;
use crate::plan::rollback::{RollbackPlan, RollbackReceipt};
use crate::workspace::{Workspace, WorkspaceError};

/// What `history` says of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryDocument {
    /// The workspace.
    pub workspace: Address,
    /// Its revisions, the oldest first.
    pub revisions: Vec<RevisionHeader>,
}

/// What `history` says of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionDocument {
    /// The workspace.
    pub workspace: Address,
    /// The revision.
    pub revision: RevisionHeader,
    /// The folders that it created.
    pub folders: Vec<FolderPath>,
    /// The connectors that it changed.
    pub connectors: Vec<ChangedConnector>,
    /// The assets that it changed, in the order of folders and names.
    pub assets: Vec<ChangedAsset>,
    /// The recipes that it stopped, or that were to run.
    pub recipes: Vec<ReceiptRecipe>,
    /// The plan that was carried out, as it was shown then.
    #[schemars(with = "PlanShown")]
    pub plan: serde_json::Value,
    /// What was done, as it was shown then.
    #[schemars(with = "ReceiptShown")]
    pub receipt: serde_json::Value,
}

/// What was planned. Another version of the program may have written it.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "documents are handed on as they were written")]
enum PlanShown {
    /// An import.
    Import(Box<PlanDocument>),
    /// A rollback.
    Rollback(Box<RollbackPlan>),
}

/// What was done. Another version of the program may have written it.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "documents are handed on as they were written")]
enum ReceiptShown {
    /// By an import.
    Import(Box<Receipt>),
    /// By a rollback.
    Rollback(Box<RollbackReceipt>),
}

/// A connector that a revision changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedConnector {
    /// Its title, if it was known.
    pub title: Option<ConnectorTitle>,
    /// Its name in the workspace, if it was known.
    pub internal_name: Option<InternalName>,
    /// What happened to it, as its plan called that.
    pub action: String,
    /// The version before; absent if it was created.
    pub from: Option<Version>,
    /// The version that recipes ran afterwards.
    pub to: Option<Version>,
}

keyword_enum! {
    /// What a revision did with an asset.
    pub enum AssetChange: "change" {
        /// It was created.
        Created = "created",
        /// Its contents changed.
        Changed = "changed",
        /// It was removed.
        Removed = "removed",
        /// The recipe started, with its contents as they were.
        Started = "started",
        /// The recipe stopped, with its contents as they were.
        Stopped = "stopped",
    }
}

/// An asset that a revision changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedAsset {
    /// Its number; absent for what an import over the API created.
    pub id: Option<AssetId>,
    /// Its type, if that is still known.
    #[serde(rename = "type")]
    pub kind: Option<AssetKind>,
    /// Its name, if that is still known.
    pub name: Option<String>,
    /// Its folder, likewise; empty for Home and for what belongs to the whole workspace.
    pub folder: Option<FolderPath>,
    /// What happened to it.
    pub change: AssetChange,
    /// The version before; absent if it was created.
    pub from: Option<Version>,
    /// The version afterwards; absent if it was removed.
    pub to: Option<Version>,
}

/// The history could not be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The workspace can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A revision's document can't be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The revisions of a workspace.
///
/// # Errors
/// If it can't be read.
pub fn revisions(
    workspace: &dyn Workspace,
    address: &Address,
) -> Result<HistoryDocument, HistoryError> {
    Ok(HistoryDocument {
        workspace: address.clone(),
        revisions: workspace.revisions()?,
    })
}

/// A revision: what it was, and what it changed.
///
/// # Errors
/// If it is not there or can't be read.
pub fn revision(
    workspace: &dyn Workspace,
    address: &Address,
    number: RevisionNumber,
) -> Result<RevisionDocument, HistoryError> {
    let revision = workspace.revision(number)?;
    let recorded = Recorded::of(&revision)?;
    let value = |text: &str, what| {
        serde_json::from_str(text).map_err(|source| RecordError {
            number,
            what,
            source,
        })
    };
    // Where the workspace tells nobody, this machine may have kept what changed.
    let since = RevisionNumber(number.0.saturating_sub(1));
    let kept = workspace.kept_since(since).ok().flatten();
    let kept = kept.and_then(|kept| kept.undone.into_iter().next());
    let mut assets: Vec<ChangedAsset> = match kept {
        Some(kept) => kept
            .kept
            .assets
            .iter()
            .map(|asset| kept_change(asset, &recorded))
            .collect(),
        None => {
            let names = names(workspace, &recorded)?;
            let by_asset = recorded.by_asset();
            let before = recorded.before.iter();
            before
                .filter_map(|before| Some(changed(before, by_asset.left(before.asset)?, &names)))
                .collect()
        }
    };
    assets.sort_by(|a, b| (&a.folder, &a.name, a.id).cmp(&(&b.folder, &b.name, b.id)));
    let connectors = recorded.connectors.iter();
    Ok(RevisionDocument {
        workspace: address.clone(),
        connectors: connectors
            .filter(|connector| connector.moved().is_some())
            .map(|connector| ChangedConnector {
                title: connector.title.clone(),
                internal_name: connector.internal_name.clone(),
                action: connector.action.clone(),
                from: connector.from,
                to: connector.to,
            })
            .collect(),
        assets,
        plan: value(&revision.plan, "plan")?,
        receipt: value(&revision.receipt, "receipt")?,
        revision: revision.header,
        folders: recorded.folders,
        recipes: recorded.recipes,
    })
}

type Names = BTreeMap<AssetId, (AssetKind, String, FolderPath)>;

/// What the assets that a revision changed are called. What is not there any more was removed by a
/// later revision, which knows its name.
fn names(workspace: &dyn Workspace, recorded: &Recorded) -> Result<Names, HistoryError> {
    let inventory = workspace.inventory()?;
    let mut names: Names = inventory
        .assets
        .into_iter()
        .map(|asset| {
            let folder = asset.key.place.folder();
            (
                asset.id,
                (asset.key.kind, asset.key.name.to_string(), folder),
            )
        })
        .collect();
    let known = |names: &Names| {
        let mut changed = recorded.before.iter();
        changed.all(|before| names.contains_key(&before.asset))
    };
    add(&mut names, recorded);
    for later in recorded.header.number.0..inventory.workspace.revision.0 {
        if known(&names) {
            break;
        }
        let later = workspace.revision(RevisionNumber(later + 1))?;
        add(&mut names, &Recorded::of(&later)?);
    }
    Ok(names)
}

fn add(names: &mut Names, recorded: &Recorded) {
    for (id, named) in history::names([recorded]) {
        let told = (named.kind.clone(), named.name.to_owned(), named.folder);
        names.entry(id).or_insert(told);
    }
}

/// What changed of an asset, as it was kept.
fn kept_change(asset: &KeptAsset, recorded: &Recorded) -> ChangedAsset {
    let key = &asset.key;
    let folder = key.place.folder();
    let mut told = recorded.assets.iter();
    let told =
        told.find(|told| told.kind == key.kind && *told.name == *key.name && told.folder == folder);
    let to = told.and_then(|told| told.to);
    let from = asset.before.as_ref().and_then(|before| before.version);
    let state = told.and_then(|told| told.state);
    let change = match (&asset.before, state) {
        (None, _) => AssetChange::Created,
        (Some(_), Some(RecipeState::Running)) if from.is_some() && from == to => {
            AssetChange::Started
        }
        (Some(_), Some(RecipeState::Stopped)) if from.is_some() && from == to => {
            AssetChange::Stopped
        }
        (Some(_), _) => AssetChange::Changed,
    };
    ChangedAsset {
        id: asset.before.as_ref().map(|before| before.id),
        kind: Some(key.kind.clone()),
        name: Some(key.name.to_string()),
        folder: Some(folder),
        change,
        from,
        to,
    }
}

fn changed(before: &Before, left: Left, names: &Names) -> ChangedAsset {
    let change = match (before.version, left.version) {
        (_, None) => AssetChange::Removed,
        (None, Some(_)) => AssetChange::Created,
        (Some(from), Some(to)) if from != to => AssetChange::Changed,
        (Some(_), Some(_)) => match left.state {
            HeldState::Recipe(RecipeState::Running) => AssetChange::Started,
            HeldState::Recipe(RecipeState::Stopped) => AssetChange::Stopped,
            HeldState::Connection(_) | HeldState::Plain => AssetChange::Changed,
        },
    };
    let named = names.get(&before.asset);
    ChangedAsset {
        id: Some(before.asset),
        kind: named.map(|(kind, ..)| kind.clone()),
        name: named.map(|(_, name, _)| name.clone()),
        folder: named.map(|(.., folder)| folder.clone()),
        change,
        from: before.version,
        to: left.version,
    }
}
