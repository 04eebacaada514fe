//! Carrying an import out, and what is written down of it.

use super::*;
use crate::plan::commit::Change;
use crate::plan::import::settings::SettingWrite;
use crate::workspace::Merges;

impl Incoming {
    /// Carries a plan out, and says what was done. Nothing is read back yet. `document` is the
    /// plan's, for the workspace's history.
    ///
    /// # Errors
    /// If the workspace changed since the plan was made, or can't be written; it is as before then.
    pub fn apply(
        &self,
        request: &ImportRequest,
        approved: &Approved<&Planned>,
        document: &PlanDocument,
        workspace: &mut dyn Workspace,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Receipt, ImportError> {
        let name = request.package.file_name().unwrap_or_default();
        let written = |receipt: &Receipt| Written {
            action: RevisionAction::Import,
            subject: name.to_string_lossy().into_owned(),
            package: Some(self.package.digest),
            plan: json(document),
            receipt: json(receipt),
        };
        self.carry(
            request,
            approved,
            &[],
            &written,
            workspace,
            running,
            observer,
        )
    }

    /// The same, written down as it is said. `first` is done before what settings say.
    #[allow(
        clippy::too_many_arguments,
        reason = "two more than for `apply`, and private"
    )]
    pub(super) fn carry(
        &self,
        request: &ImportRequest,
        approved: &Approved<&Planned>,
        first: &[(Change, SettingWrite)],
        written: &dyn Fn(&Receipt) -> Written,
        workspace: &mut dyn Workspace,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Receipt, ImportError> {
        let planned = *approved.plan();
        let this = planned.edited.as_deref().unwrap_or(self);
        let draft = this
            .draft(&planned.snapshot, request, &planned.uses)
            .answered(&planned.answers)
            .keeping(&planned.kept);
        let mut package = PackageContents::new(this, request)?;
        let stored = package.transform(&draft, planned, running, observer)?;
        let mut carried = draft.carry(&stored);
        if !planned.merging.is_empty() {
            package.merged = Merges::Some;
            if workspace.kept_imports()?.is_none() {
                package.keep_bases(&draft, &planned.merging, &mut carried.commit)?;
            }
        }
        for (change, write) in first {
            carried.commit.changes.push(change.clone());
            package.settings.push(write.clone());
        }
        if let Some(settled) = &planned.settled {
            settled.carry(
                &mut carried.commit,
                &mut carried.before,
                &mut carried.receipt,
            );
            package.settings.extend(settled.writes.iter().cloned());
            package.secrets.clone_from(&settled.secrets);
        }
        // What was left out is not there.
        let whole = planned.kept.is_empty() && planned.merging.is_empty();
        carried.receipt.contents = this.contents().filter(|_| whole);
        carried.receipt.reading = planned.plan.reading;
        package.left_out = this.left_out(&planned.plan);
        carried.receipt.left_out.clone_from(&package.left_out);
        if carried.commit.changes.is_empty() {
            return Ok(carried.receipt);
        }
        carried.receipt.sent = package.edit(&draft)?;
        // What is left to do is said by the commit.
        drop(draft);
        let number = RevisionNumber(planned.snapshot.workspace.revision.0 + 1);
        carried.receipt.revision = Some(number);
        let told = written(&carried.receipt);
        let revision = told.revision(number, request.at, &request.who, carried.before);
        carried.commit.revision = Some(revision);
        if running.interrupt.is_set() {
            return Err(Interrupted.into());
        }
        let committed = workspace.commit(&carried.commit, &mut package)?;
        carried.receipt.revision = committed.revision;
        for recipe in &mut carried.receipt.recipes {
            recipe
                .obstacles
                .extend(committed.recipes.get(&recipe.id).cloned());
        }
        Ok(carried.receipt)
    }
}

/// What is written down of what was carried out.
pub(super) struct Written {
    pub(super) action: RevisionAction,
    pub(super) subject: String,
    pub(super) package: Option<Digest>,
    pub(super) plan: String,
    pub(super) receipt: String,
}

impl Written {
    pub(super) fn revision(
        self,
        number: RevisionNumber,
        at: Timestamp,
        who: &str,
        before: Vec<Before>,
    ) -> Revision {
        Revision {
            header: RevisionHeader {
                number,
                at,
                who: who.to_owned(),
                action: self.action,
                subject: self.subject,
                package: self.package,
            },
            plan: self.plan,
            receipt: self.receipt,
            before,
        }
    }
}
