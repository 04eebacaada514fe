//! Seeing whether a package is in an environment as it was imported.

use std::sync::Arc;

use super::import::{ImportError, ImportRequest, Incoming, PlanDocument};
use super::{Observer, Running};
use crate::manifest::Soak;
use crate::model::ident::TargetName;
use crate::model::workspace::{Address, ReadDepth, Revision, RevisionAction, Timestamp};
use crate::plan::import::Receipt;
use crate::plan::import::document::ImportPlan;
use crate::plan::import::history::{RecordError, Recorded};
use crate::plan::import::target::OtherTarget;
use crate::plan::promotion::{Evidence, Hindrance, Promoted, Stood};
use crate::workspace::{Workspace, WorkspaceError};

/// From where to where a package goes.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The environment that it comes from.
    pub from: TargetName,
    /// Where that is.
    pub address: Address,
    /// For how long it has to have been there.
    pub min_soak: Soak,
    /// The environment that it goes to.
    pub to: TargetName,
    /// When it is.
    pub now: Timestamp,
}

/// It can't be seen whether a package may go on, or it may not.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// It may not.
    #[error("{from} ({address}): {hindrance}")]
    Hindered {
        /// The environment that it comes from.
        from: TargetName,
        /// Where that is.
        address: Address,
        /// Why not.
        hindrance: Hindrance,
    },
    /// The package or the environment can't be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A revision's document can't be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<WorkspaceError> for PromotionError {
    fn from(error: WorkspaceError) -> Self {
        Self::Import(error.into())
    }
}

/// Looks whether a package is in an environment, as it was imported and for long enough. `request`
/// is an import of it there.
///
/// # Errors
/// If it is not, or that can't be seen.
pub fn promotion(
    promotion: &Promotion,
    request: &ImportRequest,
    workspace: &dyn Workspace,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Promoted, PromotionError> {
    let hindered = |hindrance| PromotionError::Hindered {
        from: promotion.from.clone(),
        address: promotion.address.clone(),
        hindrance,
    };
    let mut request = ImportRequest {
        folder: workspace.base(),
        // Nothing is imported here.
        other_target: OtherTarget::Permitted,
        edits: None,
        ..request.clone()
    };
    let mut incoming = Incoming::read(&request, running, observer)?;
    let (mut revisions, mut plan) = (Vec::new(), None);
    // The newest first, until one brought it.
    for header in workspace.revisions()?.iter().rev() {
        let revision = workspace.revision(header.number)?;
        let stood = stood(&revision)?;
        let evidence = Evidence {
            package: incoming.digest(),
            contents: incoming.contents(),
            revisions: std::slice::from_ref(&stood),
            now: promotion.now,
            min_soak: promotion.min_soak,
        };
        let found = evidence.receipt().is_ok();
        revisions.insert(0, stood);
        if found {
            plan = planned(&revision);
            break;
        }
    }
    let evidence = Evidence {
        package: incoming.digest(),
        contents: incoming.contents(),
        revisions: &revisions,
        now: promotion.now,
        min_soak: promotion.min_soak,
    };
    let (found, since) = evidence.receipt().map_err(hindered)?;
    if let Some(plan) = &plan {
        request.rows = plan.rows;
        request.landing = plan.landing();
        if request.folder != plan.folder {
            request.folder.clone_from(&plan.folder);
            incoming = Incoming::read(&request, running, observer)?;
        }
    }
    workspace.read_as(ReadDepth::Slim);
    let planned = incoming.plan(&request, workspace, running)?;
    let differs = planned.differs();
    if !differs.is_empty() {
        return Err(hindered(Hindrance::Changed(differs)));
    }
    evidence.soaked(since).map_err(hindered)?;
    Ok(Promoted {
        from: promotion.from.clone(),
        address: promotion.address.clone(),
        revision: found.header.clone(),
        since,
        reading: planned.plan().reading,
        not_read: planned.plan().summary.not_read,
        to: promotion.to.clone(),
    })
}

fn stood(revision: &Revision) -> Result<Stood, RecordError> {
    let recorded = Recorded::of(revision)?;
    let about = recorded.assets.iter();
    let receipt: Option<Receipt> = match revision.header.action {
        RevisionAction::Import => serde_json::from_str(&revision.receipt).ok(),
        RevisionAction::Rollback => None,
    };
    Ok(Stood {
        about: about
            .map(|asset| (asset.kind.clone(), asset.folder.clone(), asset.name.clone()))
            .collect(),
        contents: receipt.and_then(|receipt| receipt.contents),
        header: revision.header.clone(),
    })
}

fn planned(revision: &Revision) -> Option<Arc<ImportPlan>> {
    let document: PlanDocument = serde_json::from_str(&revision.plan).ok()?;
    Some(document.plan)
}
