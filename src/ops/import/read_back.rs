//! Whether a workspace can take what settings say, and whether it is as planned afterwards.

use super::*;
use crate::ops::astray::Astray;

impl Incoming {
    /// Reads the workspace back after an import: what is not as planned. The receipt gets what the
    /// workspace decided by itself.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read_back(
        &self,
        request: &ImportRequest,
        receipt: &mut Receipt,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<Vec<String>, ImportError> {
        let again = self.plan(request, workspace, running)?;
        for connector in &mut receipt.connectors {
            let mut held = again.snapshot.connectors.iter();
            if let Some(held) = held.find(|held| held.title == connector.title) {
                connector.internal_name = held.internal_name.clone();
                // What is there counts, be it that nobody tells.
                connector.version = held.released;
            }
        }
        let mut astray = Astray::default();
        for folder in &again.plan.creates_folders {
            astray.push(format!("folder \"{folder}\" is not there"));
        }
        for connector in &again.plan.connectors {
            use ConnectorAction as Action;
            match connector.action {
                Action::Install | Action::Update | Action::Downgrade => astray.push(format!(
                    "connector \"{}\" is not as the package has it",
                    connector.connector
                )),
                Action::Same
                | Action::UsesShared
                | Action::UsesOwn
                | Action::Elsewhere
                | Action::Unknown
                | Action::Blocked => {}
            }
        }
        for asset in &again.plan.assets {
            use AssetAction as Action;
            match asset.action {
                Action::Creates
                | Action::Overwrites
                | Action::OverwritesRunning
                | Action::CreatesPlaceholder => astray.push(format!(
                    "{} \"{}\" is not as the package has it",
                    asset.kind.label(),
                    asset.name
                )),
                Action::NoChange
                | Action::BindsToExisting
                | Action::NotRead
                | Action::KeepsEdits => {}
            }
        }
        for action in again.plan.settings.iter().flat_map(|told| &told.actions) {
            let mut told = receipt.recipes.iter();
            let told_of = action.subject == SettingSubject::Recipe
                && told.any(|told| told.name == action.name && told.folder == action.folder);
            if let Some(what) = action.astray().filter(|_| !told_of) {
                astray.push(what);
            }
        }
        for recipe in &mut receipt.recipes {
            // The platform numbers what is created.
            let there = again.plan.assets.iter().find(|asset| {
                asset.kind == AssetKind::Recipe
                    && *asset.name == *recipe.name
                    && asset.folder == recipe.folder
            });
            let there = there.and_then(|asset| Some((asset.id?, asset.state?)));
            let (id, state) = there.unwrap_or((recipe.id, recipe.state));
            (recipe.id, recipe.state) = (id, state);
            if state != recipe.planned {
                let mut why = recipe.obstacles.join("; ");
                if !why.is_empty() {
                    why = format!(": {why}");
                }
                astray.push(match recipe.planned {
                    RecipeState::Running => {
                        format!("recipe \"{}\" did not start{why}", recipe.name)
                    }
                    RecipeState::Stopped => format!("recipe \"{}\" runs{why}", recipe.name),
                });
            }
        }
        Ok(astray.listed())
    }
}

/// What of the settings the workspace can't take.
pub(super) fn refused_settings(
    settled: &Settled,
    workspace: &dyn Workspace,
    address: &Address,
) -> Vec<Finding> {
    let writes = settled.writes.iter();
    let refused = writes.filter_map(|write| workspace.takes_setting(write).err());
    refused
        .map(|(what, why, help)| {
            let message = format!("{address} can't take {what}: {why}");
            Finding::new(Code::SettingBlocked, Subject::Project, message).help(help)
        })
        .collect()
}
