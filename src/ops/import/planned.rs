//! An import that was planned, and what has to be granted before it is carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::merging::Merging;
use super::{Incoming, PlanDocument};
use crate::model::finding::{self, Counts, Finding, Subject};
use crate::model::path::PackagePath;
use crate::model::workspace::{Snapshot, Timestamp};
use crate::ops::approval::{Approved, ImportRefusal};
use crate::plan::import::compare::Answer;
use crate::plan::import::document::{ImportPlan, Needed, Permission};
use crate::plan::import::mapping::Uses;
use crate::plan::import::settings::Settled;
use crate::plan::import::target::Fit;
use crate::plan::rollout::seen::{Met, SlimSnapshot};

/// An import that was planned.
#[derive(Debug)]
pub struct Planned {
    /// The package as settings have it, if they put anything into it.
    pub(super) edited: Option<Arc<Incoming>>,
    pub(super) plan: Arc<ImportPlan>,
    pub(super) findings: Vec<Finding>,
    /// What settings come to, if any were given.
    pub(super) settled: Option<Settled>,
    /// What settings say is used in place of the package's connections.
    pub(super) uses: Uses,
    pub(super) snapshot: Snapshot,
    pub(super) answers: BTreeMap<usize, Answer>,
    /// The assets of the package that are left out, as somebody changed those of the workspace.
    pub(super) kept: BTreeSet<usize>,
    /// Recipes that were merged with what somebody changed in the workspace.
    pub(super) merging: Merging,
    /// What hides some of the package.
    pub(super) hidden: Vec<Finding>,
}

impl Planned {
    /// The document of the plan, with findings in their places.
    pub fn document(&self, incoming: &Incoming) -> PlanDocument {
        let incoming = self.edited.as_deref().unwrap_or(incoming);
        let mut findings = self.findings.clone();
        // A project carries every file through; an import has no place for some.
        let without_place: BTreeSet<&PackagePath> = self.plan.ignored.iter().collect();
        let ignored = |finding: &Finding| match &finding.subject {
            Subject::File { path, .. } => without_place.contains(path),
            Subject::Project
            | Subject::Path(_)
            | Subject::Connector(_)
            | Subject::Manifest(_)
            | Subject::CommandLine => false,
        };
        let of_project = incoming.opened.project.findings.iter();
        findings.extend(of_project.filter(|finding| !ignored(finding)).cloned());
        finding::group(&mut findings);
        PlanDocument {
            plan: Arc::clone(&self.plan),
            counts: Counts::of(&findings),
            findings: incoming.opened.located(&findings, None),
            seal: None,
        }
    }

    /// What is told of it beside the package's own findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was seen of the package in the workspace.
    pub fn seen(&self, incoming: &Incoming, at: Timestamp) -> SlimSnapshot {
        let incoming = self.edited.as_deref().unwrap_or(incoming);
        let met = Met {
            plan: &self.plan,
            snapshot: &self.snapshot,
            assets: &incoming.opened.project.assets,
            keys: &incoming.placing.keys,
        };
        SlimSnapshot::of(met, at)
    }

    /// The plan.
    pub fn plan(&self) -> &ImportPlan {
        &self.plan
    }

    /// What would change, in a few words for each.
    pub fn differs(&self) -> Vec<String> {
        self.plan.differs()
    }

    /// The plan, to be carried out: if the whole package was read, nothing blocks the import, and
    /// every permission that it needs is among those that are `granted`.
    ///
    /// # Errors
    /// Why it is not approved.
    pub fn approve(&self, granted: &[Permission]) -> Result<Approved<&Self>, ImportRefusal> {
        if !self.hidden.is_empty() {
            return Err(ImportRefusal::Incomplete(self.hidden.clone()));
        }
        let errors = finding::errors(&self.findings);
        if !errors.is_empty() {
            return Err(ImportRefusal::Blocked(errors));
        }
        let needed = not_granted(&self.plan.needs, granted);
        if !needed.is_empty() {
            return Err(ImportRefusal::NotPermitted(needed));
        }
        Ok(Approved::checked(self))
    }

    /// What stands against it, whatever is permitted.
    pub(in crate::ops) fn errors(&self) -> Vec<Finding> {
        let hidden = self.hidden.iter().cloned();
        hidden.chain(finding::errors(&self.findings)).collect()
    }

    /// The plan of what the platform itself exported, for a copy of its workspace: whatever it is,
    /// it is there already.
    #[cfg(feature = "remote")]
    pub(crate) const fn as_exported(&self) -> Approved<&Self> {
        Approved::checked(self)
    }

    /// Calls the package as whoever asked for the import does, if it was made of another one by
    /// taking a folder off.
    pub fn call_package(&mut self, path: String, strip_folder: Option<String>) {
        let plan = Arc::make_mut(&mut self.plan);
        plan.package.path = path;
        plan.package.strip_folder = strip_folder;
    }

    /// Takes from a plan that was approved of before what may lie elsewhere by now: the package, the
    /// record and the lock. What these said was approved of, unless they say now that the package
    /// belongs elsewhere.
    pub fn stand_by(&mut self, before: &ImportPlan) {
        let plan = Arc::make_mut(&mut self.plan);
        plan.package.path.clone_from(&before.package.path);
        plan.as_little_read_as(before);
        let now = plan.target.as_ref().map(|target| target.fit);
        if now != Some(Fit::Other) && plan.package == before.package {
            plan.target.clone_from(&before.target);
        }
    }
}

/// The permissions that are needed and not granted.
pub(super) fn not_granted(needs: &[Needed], granted: &[Permission]) -> Vec<Needed> {
    let needs = needs.iter();
    let needs = needs.filter(|needed| !granted.contains(&needed.permission));
    needs.cloned().collect()
}
