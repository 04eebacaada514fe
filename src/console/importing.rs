//! Importing packages from a console: each import is planned and carried out by the functions of
//! `plan` and `import`.

use super::Trouble;
use crate::model::ident::Digest;
use crate::model::workspace::{Address, FolderPath, RevisionNumber};
use crate::ops::approval::ImportRefusal;
use crate::ops::import::history::HistoryDocument;
use crate::ops::import::rollback::RollbackDocument;
use crate::ops::import::{ImportDocument, PlanDocument};
use crate::plan::import::document::Permission;
use crate::plan::import::edits::EditsPolicy;
use crate::plan::import::target::OtherTarget;
use crate::plan::rollback::RollbackPlan;

/// What a console is told of imports by whoever serves it.
pub trait Importing: Send + Sync {
    /// The packages that lie where the console was started, by name.
    ///
    /// # Errors
    /// If that folder can't be read.
    fn packages(&self) -> Result<Vec<String>, Trouble>;

    /// Workspaces to choose from; any other may be named.
    fn targets(&self) -> Vec<Address>;

    /// What `plan` says.
    ///
    /// # Errors
    /// If that can't be found out.
    fn planned(&self, wish: &ImportWish) -> Result<PlannedImport, Trouble>;

    /// Imports, if the plan still has this seal.
    ///
    /// # Errors
    /// If it does not hold any more, needs more than is granted, or something else goes wrong.
    fn carry_out(
        &self,
        wish: &ImportWish,
        plan: Digest,
        granted: &[Permission],
    ) -> Result<ImportDocument, Trouble>;

    /// What `history` says.
    ///
    /// # Errors
    /// If that can't be found out.
    fn history(&self, address: &Address) -> Result<HistoryDocument, Trouble>;

    /// What `rollback --plan` says.
    ///
    /// # Errors
    /// If that can't be found out.
    fn planned_rollback(
        &self,
        address: &Address,
        to: RevisionNumber,
    ) -> Result<RollbackPlan, Trouble>;

    /// Rolls back, if the plan still has this digest.
    ///
    /// # Errors
    /// If it is not, needs more than is granted, or something else goes wrong.
    fn roll_back(
        &self,
        address: &Address,
        to: RevisionNumber,
        plan: Digest,
        granted: &[Permission],
    ) -> Result<RollbackDocument, Trouble>;
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportWish {
    /// The package, one of those that lie there.
    pub package: String,
    /// The workspace.
    pub into: Address,
    /// The folder; Home if none is named.
    pub folder: Option<FolderPath>,
    /// A file of settings, if any.
    pub settings: Option<String>,
    /// What becomes of what was changed there since an import.
    pub edits: EditsPolicy,
    /// Whether the package may be for another target.
    pub other_target: OtherTarget,
}

/// A plan, and what is in its way as long as nothing is permitted.
#[derive(Clone, Debug)]
pub struct PlannedImport {
    /// The plan.
    pub document: PlanDocument,
    /// Why it can't be carried out as it is.
    pub refusal: Option<ImportRefusal>,
}
