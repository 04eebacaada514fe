//! The imports of a console, by the functions of `plan` and `import`.

use std::path::PathBuf;

use anyhow::Context as _;

use super::super::args::{
    EditsArgs, ImportArgs, PermittedArgs, PlatformArgs, ReportArgs, RollbackArgs, SettingsArgs,
};
use super::super::failure::Failure;
use super::super::platform;
use super::super::reports::Reporter;
use super::super::{Context, Stop};
use super::import::{Doing, Ended, another, carry_out};
use super::rollback;
use crate::cli::connect::open;
use crate::console::{ImportWish, Importing, PlannedImport, Trouble};
use crate::model::edits::EditsPolicy;
use crate::model::ident::Digest;
use crate::model::workspace::{Address, RevisionNumber};
use crate::ops::import::ImportDocument;
use crate::ops::import::history::{HistoryDocument, revisions};
use crate::ops::import::rollback::RollbackDocument;
use crate::plan::import::document::Permission;
use crate::plan::import::target::OtherTarget;
use crate::plan::rollback::{CreatedSince, RollbackPlan};
use crate::workspace::local::LocalPlatform;

/// How many packages there are to choose from.
const PACKAGES: usize = 1000;

/// How imports are made.
pub(super) struct Imports {
    /// Says nothing.
    context: Context,
    platform: PlatformArgs,
    named: Vec<Address>,
}

impl Imports {
    pub(super) fn of(context: &Context, platform: &PlatformArgs, named: &[Address]) -> Self {
        Self {
            context: context.silent(),
            platform: platform.clone(),
            named: named.to_vec(),
        }
    }

    fn args(&self, wish: &ImportWish, granted: &[Permission]) -> ImportArgs {
        let permits = |permission| granted.contains(&permission);
        let permitted = PermittedArgs {
            restart_recipes: permits(Permission::RestartRecipes),
            allow_downgrade: permits(Permission::Downgrade),
            allow_moved_recipes: permits(Permission::MoveRecipes),
            allow_missing_connectors: permits(Permission::MissingConnectors),
            overwrite_rows: permits(Permission::OverwriteRows),
            overwrite_edits: permits(Permission::OverwriteEdits),
        };
        let (package, into) = (PathBuf::from(&wish.package), wish.into.clone());
        ImportArgs {
            folder: wish.folder.clone(),
            settings: SettingsArgs {
                settings: wish.settings.iter().map(PathBuf::from).collect(),
                ..SettingsArgs::default()
            },
            edits: EditsArgs::all(Some(wish.edits).filter(|way| *way != EditsPolicy::Hold)),
            other_target: wish.other_target == OtherTarget::Permitted,
            yes: true,
            ..ImportArgs::of(package, into, permitted, self.platform.clone())
        }
    }

    fn back(&self, address: &Address, to: RevisionNumber, granted: &[Permission]) -> RollbackArgs {
        let permits = |permission| granted.contains(&permission);
        RollbackArgs {
            address: address.clone(),
            revision: Some(to.0),
            plan: false,
            created: CreatedSince::Stop,
            restart_recipes: permits(Permission::RestartRecipes),
            allow_moved_recipes: permits(Permission::MoveRecipes),
            overwrite_edits: permits(Permission::OverwriteEdits),
            yes: true,
            platform: self.platform.clone(),
            report: ReportArgs::default(),
        }
    }

    fn plan(&self, wish: &ImportWish) -> Result<PlannedImport, Stop> {
        let args = self.args(wish, &[]);
        let mut unheard = Reporter::unheard();
        match carry_out(&self.context, &args, Doing::Plan, &mut unheard)? {
            Ended::Planned(document, refusal) => Ok(PlannedImport {
                document: document.sealed().map_err(anyhow::Error::new)?,
                refusal,
            }),
            Ended::Carried(..) | Ended::Nothing => Err(another().into()),
        }
    }

    fn import(
        &self,
        wish: &ImportWish,
        plan: Digest,
        granted: &[Permission],
    ) -> Result<ImportDocument, Stop> {
        let args = self.args(wish, granted);
        let mut unheard = Reporter::unheard();
        match carry_out(&self.context, &args, Doing::Confirmed(plan), &mut unheard)? {
            Ended::Carried(plan, receipt, astray) => Ok(ImportDocument {
                plan,
                receipt,
                astray,
            }),
            Ended::Planned(..) | Ended::Nothing => Err(another().into()),
        }
    }
}

impl Importing for Imports {
    fn packages(&self) -> Result<Vec<String>, Trouble> {
        let folder = std::fs::read_dir(".").context("can't read the folder that this runs in");
        let mut names = Vec::new();
        for entry in folder.map_err(Failure::from)?.take(10 * PACKAGES) {
            let entry = entry.context("can't read the folder that this runs in");
            let entry = entry.map_err(Failure::from)?;
            let name = entry.file_name();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            match name.to_str() {
                Some(name) if is_file && name.ends_with(".zip") => names.push(name.to_owned()),
                Some(_) | None => {}
            }
        }
        names.sort();
        names.truncate(PACKAGES);
        Ok(names)
    }

    fn targets(&self) -> Vec<Address> {
        let local = || -> Result<Vec<Address>, Failure> {
            let path = platform::path(&self.platform)?;
            let writing = platform::writing(&self.context, &self.platform, "console");
            let workspaces = LocalPlatform::open(&path, writing)?.workspaces()?;
            let names = workspaces.into_iter().map(|summary| summary.facts.name);
            Ok(names.map(Address::Local).collect())
        };
        // They are offered; what is wrong with the platform is told when one is chosen.
        let mut targets = self.named.clone();
        targets.extend(local().unwrap_or_default());
        targets.sort_by_key(ToString::to_string);
        targets.dedup();
        targets
    }

    fn planned(&self, wish: &ImportWish) -> Result<PlannedImport, Trouble> {
        Ok(self.plan(wish)?)
    }

    fn carry_out(
        &self,
        wish: &ImportWish,
        plan: Digest,
        granted: &[Permission],
    ) -> Result<ImportDocument, Trouble> {
        Ok(self.import(wish, plan, granted)?)
    }

    fn history(&self, address: &Address) -> Result<HistoryDocument, Trouble> {
        let workspace = open(&self.context, &self.platform, address, "history")?;
        Ok(revisions(workspace.as_ref(), address).map_err(Failure::from)?)
    }

    fn planned_rollback(
        &self,
        address: &Address,
        to: RevisionNumber,
    ) -> Result<RollbackPlan, Trouble> {
        let args = self.back(address, to, &[]);
        let args = RollbackArgs { plan: true, ..args };
        let mut unheard = Reporter::unheard();
        match rollback::carry_out(&self.context, &args, &mut unheard, None)? {
            rollback::Ended::Planned(planned) => Ok(planned.plan().clone()),
            rollback::Ended::Done(_) | rollback::Ended::Nothing => Err(another().into()),
        }
    }

    fn roll_back(
        &self,
        address: &Address,
        to: RevisionNumber,
        plan: Digest,
        granted: &[Permission],
    ) -> Result<RollbackDocument, Trouble> {
        let args = self.back(address, to, granted);
        let mut unheard = Reporter::unheard();
        match rollback::carry_out(&self.context, &args, &mut unheard, Some(plan))? {
            rollback::Ended::Done(document) => Ok(*document),
            rollback::Ended::Planned(_) | rollback::Ended::Nothing => Err(another().into()),
        }
    }
}
