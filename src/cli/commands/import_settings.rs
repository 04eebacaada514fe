//! Settings of the target, for `plan` and `import`.

use std::path::{Path, PathBuf};

use super::import::{found, landing, within};
use crate::cli::args::{ImportArgs, SettingsArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings;
use crate::model::workspace::FolderPath;
use crate::ops::import::{AskedSettings, ImportRequest, Incoming, PlanDocument};
use crate::plan::import::TagsPolicy;
use crate::plan::import::document::ImportPlan;
use crate::plan::import::settings::{
    PlannedSettings, PlannedSettingsFile, SettingEffect, SettingSubject,
};
use crate::settings::SettingsFile;
use crate::workspace::Workspace;

/// What was said of settings, and what of the same on the command line.
pub(super) struct Said<'a> {
    pub(super) args: &'a SettingsArgs,
    pub(super) files: &'a [SettingsFile],
    pub(super) folder: Option<&'a FolderPath>,
    pub(super) home: Option<&'a FolderPath>,
    pub(super) tags: Option<TagsPolicy>,
}

/// Whether settings put a package into another folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lands {
    /// It goes where it went.
    AsSaid,
    /// It goes elsewhere, so that it has to be read for that.
    Elsewhere,
}

impl Said<'_> {
    /// Puts the settings of a workspace into a request. What the command line says counts more.
    pub(super) fn settle(
        &self,
        request: &mut ImportRequest,
        incoming: &Incoming,
        workspace: &dyn Workspace,
    ) -> Result<Lands, Failure> {
        let whom = settings::whom(self.args, incoming, workspace.names()?);
        let Some(asked) = settings::asked(self.args, self.files, &whom)? else {
            return Ok(Lands::AsSaid);
        };
        let before = (request.folder.clone(), request.landing.clone());
        let said = asked
            .resolved
            .folder
            .as_ref()
            .filter(|_| self.folder.is_none());
        if let Some(said) = said {
            request.folder = within(workspace, Some(&said.value))?;
        }
        let tags = asked.resolved.tags.as_ref();
        let tags = tags.and_then(|said| said.value.parse().ok());
        let tags = self.tags.or(tags).unwrap_or(TagsPolicy::Apply);
        request.landing = landing(workspace, &request.folder, self.home, tags)?;
        request.settings = Some(asked);
        Ok(
            match before == (request.folder.clone(), request.landing.clone()) {
                true => Lands::AsSaid,
                false => Lands::Elsewhere,
            },
        )
    }
}

/// The files of settings that hold, and whom they are asked for: those of the plan, if there is one.
pub(super) fn planned_settings(
    args: &ImportArgs,
    approved: Option<&PlanDocument>,
) -> Result<(Vec<SettingsFile>, SettingsArgs), Failure> {
    let Some(approved) = approved else {
        return Ok((
            settings::files(&args.settings.settings)?,
            args.settings.clone(),
        ));
    };
    let given = &args.settings;
    if !given.settings.is_empty() || !given.label.is_empty() || given.customer.is_some() {
        return Err(Failure::usage(
            "--settings, --label and --customer go with a package: the plan has its settings already",
        )
        .help("leave them out, or make the plan again with them"));
    }
    let Some(planned) = &approved.plan.settings else {
        return Ok((Vec::new(), SettingsArgs::default()));
    };
    let (files, changed) = files_of(planned, &args.package)?;
    if let Some(changed) = changed {
        return Err(Failure::new(
            Exit::Refused,
            "stale-plan",
            format!("the plan no longer holds: the settings in {changed} changed"),
        )
        .help("make the plan again, and look at what is different"));
    }
    Ok((files, whom_of(planned)))
}

/// The files of a plan's settings, where they lie or beside `file`; and one that says something else
/// by now.
fn files_of(
    planned: &PlannedSettings,
    file: &Path,
) -> Result<(Vec<SettingsFile>, Option<String>), Failure> {
    let paths = planned.files.iter();
    let paths: Vec<PathBuf> = paths
        .map(|planned| found(file, Path::new(&planned.path)))
        .collect();
    let mut files = match paths.is_empty() {
        true => Vec::new(),
        false => settings::files(&paths)?,
    };
    let mut changed = None;
    for (file, planned) in files.iter_mut().zip(&planned.files) {
        if file.digest != planned.digest {
            changed.get_or_insert_with(|| file.path.clone());
        }
        // A plan is compared whole, wherever its settings lie by now.
        file.path.clone_from(&planned.path);
    }
    Ok((files, changed))
}

fn whom_of(planned: &PlannedSettings) -> SettingsArgs {
    SettingsArgs {
        settings: Vec::new(),
        label: planned.labels.clone(),
        customer: planned.customer.clone(),
        environment: planned.environment.clone(),
    }
}

/// The settings that an import was sent with, if they still say the same: files that changed and
/// secrets that are other ones were approved of by nobody.
///
/// # Errors
/// If they say something else, or can't be had.
pub(super) fn sent_with(
    planned: &PlannedSettings,
    package: &Path,
    incoming: &Incoming,
    workspace: &dyn Workspace,
) -> Result<AskedSettings, Failure> {
    let other = |what: String| {
        Failure::new(
            Exit::Failed,
            "not-done",
            format!("the settings that the import was sent with were not done: {what}"),
        )
        .help("put them back as they were and resume it again; or import again, which does what is not done yet")
    };
    let (files, changed) = files_of(planned, package)?;
    if let Some(changed) = changed {
        return Err(other(format!("{changed} says something else by now")));
    }
    let args = whom_of(planned);
    let whom = settings::whom(&args, incoming, workspace.names()?);
    let asked = settings::asked(&args, &files, &whom)?;
    let asked = asked.ok_or_else(|| other("there are none".to_owned()))?;
    match asked.resolved.digest() == planned.digest {
        true => Ok(asked),
        false => Err(other(match changed_rows(&planned.rows, &asked.rows()) {
            Some(file) => format!("the rows in {file} are other ones by now"),
            None => "a secret of theirs is another one".to_owned(),
        })),
    }
}

/// A file of rows that holds others by now.
pub(super) fn changed_rows<'p>(
    before: &'p [PlannedSettingsFile],
    now: &[PlannedSettingsFile],
) -> Option<&'p str> {
    let mut changed = before.iter().filter(|file| !now.contains(file));
    changed.next().map(|file| file.path.as_str())
}

/// How many properties get another value than they have. Tables that get other rows are told as
/// assets that are overwritten.
pub(super) fn changed_values(plan: &ImportPlan) -> usize {
    let settings = plan.settings.iter().flat_map(|told| &told.actions);
    let changed = settings.filter(|action| {
        action.effect == SettingEffect::Changes && action.subject != SettingSubject::Table
    });
    changed.count()
}
