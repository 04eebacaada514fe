//! Bringing a workspace back to how it was after a revision: plan, carry out, read back.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::way_back::{self, ByImport};
use super::{ImportError, not_granted};
use crate::json::JsonError;
use crate::model::facts::Facts;
use crate::model::ident::{Digest, Version};
use crate::model::scan::Scanner;
use crate::model::visible;
use crate::model::workspace::{
    Address, AssetId, Body, Inventory, RecipeState, Revision, RevisionAction, RevisionHeader,
    RevisionNumber, Timestamp,
};
use crate::ops::approval::{Approved, RollbackRefusal};
use crate::ops::astray::Astray;
use crate::ops::excerpt::ExcerptError;
use crate::ops::{Interrupted, Running};
use crate::plan::import::document::Permission;
use crate::plan::import::history::{RecordError, Recorded};
use crate::plan::rollback::document::{RolledAction, RolledAsset};
use crate::plan::rollback::{
    CreatedSince, Decided, Draft, RollbackPlan, RollbackReceipt, Situation,
};
use crate::workspace::{NoContents, Workspace, WorkspaceError};

/// What to go back to, and how.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    /// Where the workspace is.
    pub address: Address,
    /// The revision whose state is restored; 0 for the workspace before the first.
    pub to: RevisionNumber,
    /// What becomes of assets that were created since.
    pub created: CreatedSince,
    /// When it is done.
    pub at: Timestamp,
    /// Who does it.
    pub who: String,
    /// A folder for what is kept on disk meanwhile.
    pub scratch: PathBuf,
}

/// A rollback that was planned.
#[derive(Debug)]
pub struct PlannedRollback(Way);

/// How a workspace is brought back.
#[derive(Debug)]
enum Way {
    /// It keeps its earlier states itself.
    Commit(Box<Decided>),
    /// They are imported.
    Import(Box<ByImport>),
}

/// What `rollback` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackDocument {
    /// The plan.
    pub plan: RollbackPlan,
    /// What was done; absent if only the plan was asked for.
    pub receipt: Option<RollbackReceipt>,
    /// What is not as planned, as read back; empty if everything is. Of more than 1 000 the last says
    /// how many are not listed.
    pub astray: Vec<String>,
}

/// What stands for a plan: whoever confirms it confirms what it says, and nothing else.
///
/// # Errors
/// If it can't be told as JSON.
pub fn digest_of(plan: &RollbackPlan) -> serde_json::Result<Digest> {
    Ok(Digest::of(&serde_json::to_vec(plan)?))
}

/// A rollback could not be planned or carried out.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The workspace can't be read or written.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Nothing was imported yet.
    #[error("workspace `{workspace}` has no revision to roll back")]
    NoRevisions {
        /// The workspace.
        workspace: String,
    },
    /// A revision's document can't be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What was there before is not kept on this machine.
    #[error("{address} can't go back: {why} of revision {revision}")]
    NotKept {
        /// The workspace.
        address: Address,
        /// The revision that would be undone.
        revision: RevisionNumber,
        /// What is not kept.
        why: NotKept,
    },
    /// The revisions went into several folders, and what was there before fits one only.
    #[error("{address} can't go back in one step: its revisions went into several folders")]
    SeveralFolders {
        /// The workspace.
        address: Address,
        /// The revision that can be gone back to first.
        before: RevisionNumber,
    },
    /// The package of the earlier contents can't be made.
    #[error("what was there before can't be put together for {address}")]
    Gather {
        /// The workspace.
        address: Address,
        /// Why not.
        #[source]
        source: Box<ExcerptError>,
    },
    /// What becomes of what was created since can't be done there.
    #[error("{address}: what was created since can't be removed over the API")]
    NotRemoved {
        /// The workspace.
        address: Address,
    },
    /// A package that was kept can't be planned for or imported.
    #[error(transparent)]
    Import(Box<ImportError>),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What of a revision is not kept on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It never was: an older version of the program, or another machine, made the revision.
    Never,
    /// It is not any more.
    Missing,
    /// The package with this digest is another one now.
    Damaged(Digest),
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "what was there before was not kept",
            Self::Missing => "what was there before is not kept any more",
            Self::Damaged(_) => "a package that was kept is damaged",
        })
    }
}

impl From<ImportError> for RollbackError {
    fn from(error: ImportError) -> Self {
        if let ImportError::Workspace(error) = error {
            return Self::Workspace(error);
        }
        if let ImportError::Interrupted(error) = error {
            return Self::Interrupted(error);
        }
        Self::Import(Box::new(error))
    }
}

/// The revision that is meant if none is named: the one before the newest.
///
/// # Errors
/// If the workspace can't be read, or has no revision.
pub fn before_newest(workspace: &dyn Workspace) -> Result<RevisionNumber, RollbackError> {
    let newest = workspace.revisions()?.pop();
    match newest.and_then(|newest| newest.number.0.checked_sub(1)) {
        Some(before) => Ok(RevisionNumber(before)),
        None => Err(RollbackError::NoRevisions {
            workspace: workspace.names()?.swap_remove(0),
        }),
    }
}

/// Plans a rollback of a workspace as it is now.
///
/// # Errors
/// If the workspace can't be read or has no such revision, or a revision can't be read.
pub fn plan(
    request: &RollbackRequest,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<PlannedRollback, RollbackError> {
    if let Some(history) = workspace.kept_since(request.to)? {
        if !ByImport::offers(request.created) {
            return Err(RollbackError::NotRemoved {
                address: request.address.clone(),
            });
        }
        let planned = way_back::plan(request, &history, workspace, running)?;
        return Ok(PlannedRollback(Way::Import(Box::new(planned))));
    }
    let inventory = workspace.inventory()?;
    let planned = plan_from(request, workspace, &inventory, running);
    // What another process removed meanwhile is not missing.
    if let Err(RollbackError::Workspace(WorkspaceError::Damaged { .. })) = planned
        && workspace.facts()?.state != inventory.workspace.state
    {
        return Err(WorkspaceError::Stale {
            workspace: inventory.workspace.name.to_string(),
        }
        .into());
    }
    planned
}

fn plan_from(
    request: &RollbackRequest,
    workspace: &dyn Workspace,
    inventory: &Inventory,
    running: &Running,
) -> Result<PlannedRollback, RollbackError> {
    let newest = inventory.workspace.revision;
    if request.to > newest {
        return Err(WorkspaceError::NoRevision {
            workspace: inventory.workspace.name.to_string(),
            number: request.to,
        }
        .into());
    }
    let restored = match request.to {
        RevisionNumber(0) => None,
        number => Some(workspace.revision(number)?.header),
    };
    let mut undone = Vec::new();
    for number in request.to.0.saturating_add(1)..=newest.0 {
        going_on(running)?;
        undone.push(Recorded::of(&workspace.revision(RevisionNumber(number))?)?);
    }
    let situation = Situation {
        inventory,
        to: request.to,
        restored: restored.as_ref(),
        undone: &undone,
        created: request.created,
        at: request.at,
    };
    let held: BTreeMap<AssetId, _> = inventory
        .assets
        .iter()
        .map(|asset| (asset.id, asset))
        .collect();
    let mut earlier = BTreeMap::new();
    for (id, version) in situation.wants() {
        going_on(running)?;
        let body = match held.get(&id) {
            Some(asset) if asset.version == version => asset.body.clone(),
            Some(_) | None => workspace.asset_version(id, version)?,
        };
        earlier.insert(id, body);
    }
    let draft = Draft::of(situation, &earlier);
    let facts = facts_of(&draft, workspace, running)?;
    let mut decided = draft.decide(&facts, &request.address);
    let mut kept = BTreeMap::new();
    for (id, newest) in decided.removes() {
        going_on(running)?;
        let versions: Result<Vec<Body>, WorkspaceError> = (1..newest.0)
            .map(|version| workspace.asset_version(id, Version(version)))
            .collect();
        kept.insert(id, versions?);
    }
    decided.keep(kept);
    Ok(PlannedRollback(Way::Commit(Box::new(decided))))
}

fn facts_of(
    draft: &Draft<'_>,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<BTreeMap<Digest, Result<Facts, JsonError>>, RollbackError> {
    let mut scanner = Scanner::default();
    let mut bytes = Vec::new();
    let mut facts = BTreeMap::new();
    for (content, kind) in draft.questions() {
        going_on(running)?;
        workspace.content(&content, &mut bytes)?;
        facts.insert(content, scanner.scan(&kind, &bytes));
    }
    Ok(facts)
}

fn going_on(running: &Running) -> Result<(), Interrupted> {
    match running.interrupt.is_set() {
        true => Err(Interrupted),
        false => Ok(()),
    }
}

impl PlannedRollback {
    /// The plan.
    pub fn plan(&self) -> &RollbackPlan {
        match &self.0 {
            Way::Commit(decided) => &decided.plan,
            Way::Import(import) => &import.plan,
        }
    }

    /// The plan, to be carried out: if nothing stands against it, and every permission that it needs
    /// is among those that are `granted`.
    ///
    /// # Errors
    /// Why it is not approved.
    pub fn approve(&self, granted: &[Permission]) -> Result<Approved<&Self>, RollbackRefusal> {
        let refusal = RollbackRefusal {
            blocked: self.plan().refused.clone(),
            needed: not_granted(&self.plan().needs, granted),
        };
        match refusal.blocked.is_empty() && refusal.needed.is_empty() {
            true => Ok(Approved::checked(self)),
            false => Err(refusal),
        }
    }
}

impl Approved<&PlannedRollback> {
    /// Carries the rollback out, and says what was done. Nothing is read back yet.
    ///
    /// # Errors
    /// If the workspace changed since, or can't be written; it is as before then.
    pub fn apply(
        &self,
        request: &RollbackRequest,
        workspace: &mut dyn Workspace,
        running: &Running,
    ) -> Result<RollbackReceipt, RollbackError> {
        let Decided {
            plan,
            commit,
            before,
            receipt,
        } = match &self.plan().0 {
            Way::Import(import) => return import.apply(request, workspace, running),
            Way::Commit(decided) => &**decided,
        };
        let mut receipt = receipt.clone();
        if commit.changes.is_empty() {
            return Ok(receipt);
        }
        let number = RevisionNumber(plan.workspace.revision.0 + 1);
        receipt.revision = Some(number);
        let mut commit = commit.clone();
        commit.revision = Some(Revision {
            header: RevisionHeader {
                number,
                at: request.at,
                who: request.who.clone(),
                action: RevisionAction::Rollback,
                subject: format!("revision {}", request.to),
                package: None,
            },
            plan: json(plan),
            receipt: json(&receipt),
            before: before.clone(),
        });
        going_on(running)?;
        workspace.commit(&commit, &mut NoContents)?;
        Ok(receipt)
    }
}

fn json(document: &impl Serialize) -> String {
    visible::compact_json(document).expect("a document of plain values")
}

/// Reads the workspace back after a rollback: what is not as planned.
///
/// # Errors
/// If it can't be read.
pub fn astray(
    request: &RollbackRequest,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<Vec<String>, RollbackError> {
    let again = plan(request, workspace, running)?;
    let plan = again.plan();
    let connectors = plan.connectors.iter();
    let mut astray = Astray::default();
    astray.extend(
        connectors
            .filter(|connector| !connector.is_settled())
            .map(|connector| format!("connector \"{}\" is not as it was", connector.title)),
    );
    astray.extend(plan.assets.iter().filter_map(asset_astray));
    Ok(astray.listed())
}

fn asset_astray(asset: &RolledAsset) -> Option<String> {
    let what = format!(
        "{} \"{}\"",
        asset.kind.label(),
        asset.folder.label(&asset.name)
    );
    Some(match asset.action {
        RolledAction::Unchanged | RolledAction::KeepsCreated => return None,
        RolledAction::Restores | RolledAction::Recreates => format!("{what} is not as it was"),
        RolledAction::RemovesCreated => format!("{what} is still there"),
        RolledAction::Starts | RolledAction::Stops | RolledAction::StopsCreated => {
            let mut why = asset.obstacles.join("; ");
            if !why.is_empty() {
                why = format!(": {why}");
            }
            match asset.wanted {
                Some(RecipeState::Running) => format!("{what} did not start{why}"),
                Some(RecipeState::Stopped) | None => format!("{what} still runs{why}"),
            }
        }
    })
}
