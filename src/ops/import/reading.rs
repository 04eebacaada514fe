//! What an import does where not all of a workspace was read: nothing is put in place of what was not.

use super::*;
use crate::plan::import::settings::SettingAction;

impl Incoming {
    /// The assets, by their paths in the package, that are there and were not read.
    pub(super) fn not_read(&self, snapshot: &Snapshot) -> BTreeSet<PackagePath> {
        let keys = self.keys();
        keys.filter(|(_, key)| snapshot.unread.contains(key))
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Whether a plan that rests on lists does more than those tell of: nothing is put in place of
    /// what was not read. What is created or installed changes what others mean.
    pub(super) fn needs_all(&self, planned: &Planned) -> bool {
        let not_read = self.not_read(&planned.snapshot);
        let summary = &planned.plan.summary;
        let overwrites = planned.plan.assets.iter().filter(|asset| {
            matches!(
                asset.action,
                AssetAction::Overwrites | AssetAction::OverwritesRunning
            )
        });
        let only_recipes = overwrites.fold(true, |only, asset| {
            only && asset.kind == AssetKind::Recipe && !not_read.contains(&asset.path)
        });
        // What settings say is seen in lists, and asked for, where nothing changes; but for tables
        // and API endpoints.
        let settings = planned.settled.iter().flat_map(|settled| &settled.actions);
        let by_lists = |action: &SettingAction| match action.subject {
            SettingSubject::Property
            | SettingSubject::ProjectProperty
            | SettingSubject::Connection
            | SettingSubject::Recipe => !action.changes(),
            SettingSubject::Table | SettingSubject::Endpoint => false,
        };
        let mut settings = settings.map(by_lists);
        let by_lists = settings.all(|told| told) && summary.overwrites == 0;
        (planned.settled.is_some() && !by_lists)
            || summary.creates + summary.installs + summary.updates > 0
            || !planned.plan.creates_folders.is_empty()
            || !only_recipes
    }

    /// The files of the assets that are not sent: what was not read, and what stays as it was changed.
    pub(super) fn left_out(&self, plan: &ImportPlan) -> Vec<PackagePath> {
        let project = &self.opened.project;
        let stays = plan.assets.iter();
        let stays = stays
            .filter(|asset| matches!(asset.action, AssetAction::NotRead | AssetAction::KeepsEdits));
        let stays: BTreeSet<&PackagePath> = stays.map(|asset| &asset.path).collect();
        let assets = project.assets.iter();
        let assets = assets.filter(|asset| stays.contains(&asset.path));
        let files = assets.flat_map(|asset| &asset.files);
        files
            .map(|&file| project.files[file].path.clone())
            .collect()
    }
}
