//! What is otherwise, one thing after the other.

use std::collections::BTreeSet;

use super::{
    Blocked, CustomerHere, CustomerNeeded, CustomerPermission, CustomerPlan, CustomerStep,
    Difference, DifferenceKind, HeldLabels, NotKnown, PackageSeen, PlannedCustomerPackage,
    Platform, Seen, WaitingHere, changes, overwrites,
};
use crate::model::count::counted;
use crate::model::kind::AssetKind;
use crate::model::workspace::{Address, FolderPath};
use crate::plan::decision::shell_word;
use crate::plan::import::document::{Afterwards, AssetAction, ConnectorAction, ImportPlan};
use crate::plan::import::edits::{Edit, EditFate};
use crate::plan::import::settings::{SettingAction, SettingEffect, SettingSubject};
use crate::settings::customer::CustomerFile;

/// How many assets that are otherwise are named for each package; more are counted.
const NAMED: usize = 20;

impl CustomerPlan {
    fn differs(
        &mut self,
        kind: DifferenceKind,
        subject: &str,
        message: String,
        mend: Option<String>,
    ) {
        self.differences.push(Difference {
            kind,
            subject: subject.to_owned(),
            message,
            mend,
        });
    }

    /// There is no workspace: it is made, and everything comes into it.
    pub(super) fn meet_nobody(
        &mut self,
        file: &CustomerFile,
        platform: &Platform,
        packages: &[PackageSeen],
    ) {
        self.steps.push(CustomerStep::Create);
        let mend = self.command(" --allow-new-workspace");
        let message = "there is no workspace with this external id".to_owned();
        let subject = file.external_id.clone();
        self.differs(DifferenceKind::NoWorkspace, &subject, message, Some(mend));
        self.needs.push(CustomerNeeded {
            permission: CustomerPermission::NewWorkspace,
            because: format!(
                "a workspace \"{}\" is made for {}, which can't be undone",
                file.name, file.external_id
            ),
        });
        match platform {
            // Labels come with the workspace.
            Platform::Local => {
                for (key, value) in &file.labels {
                    self.steps.push(CustomerStep::SetLabel {
                        key: key.clone(),
                        value: value.clone(),
                        from: None,
                    });
                }
            }
            Platform::Api(_) => {
                if file.email.is_none() {
                    self.blocked.push(Blocked {
                        message: "the platform makes no workspace without an address for its notifications".to_owned(),
                        help: Some(format!("write `email = \"…\"` in {}", file.path)),
                    });
                }
                let home = packages.iter().find(|seen| seen.folder.is_home());
                if let Some(seen) = home {
                    self.blocked.push(Blocked {
                        message: format!("{} would go into Home, and an empty workspace does not say over the API which of its folders that is", seen.package),
                        help: Some(format!("write `folder = \"…\"` in {}", file.path)),
                    });
                }
            }
        }
    }

    pub(super) fn meet_name(&mut self, here: &CustomerHere, platform: &Platform) {
        if here.name == self.name {
            return;
        }
        let mend = match platform {
            Platform::Api(_) => {
                self.steps.push(CustomerStep::Rename {
                    from: here.name.clone(),
                });
                Some(self.command(""))
            }
            // Whoever names the workspace names it by this.
            Platform::Local => None,
        };
        let subject = here.address.to_string();
        let message = match platform {
            Platform::Api(_) => format!("it is called \"{}\"", here.name),
            Platform::Local => format!(
                "it is called \"{}\", and no workspace of the local platform gets another name; correct the file",
                here.name
            ),
        };
        self.differs(DifferenceKind::Name, &subject, message, mend);
    }

    pub(super) fn meet_labels(&mut self, file: &CustomerFile, here: &CustomerHere) {
        let held = match &here.labels {
            HeldLabels::Kept(held) => held,
            HeldLabels::NotKept => return,
        };
        let mend = self.command("");
        for (key, value) in &file.labels {
            let from = held.get(key).cloned();
            if from.as_ref() == Some(value) {
                continue;
            }
            let message = match &from {
                Some(from) => format!("is {from}, and not {value}"),
                None => format!("is not set to {value}"),
            };
            self.differs(
                DifferenceKind::Label,
                key.as_str(),
                message,
                Some(mend.clone()),
            );
            self.steps.push(CustomerStep::SetLabel {
                key: key.clone(),
                value: value.clone(),
                from,
            });
        }
        for (key, value) in held
            .iter()
            .filter(|(key, _)| !file.labels.contains_key(*key))
        {
            let message = format!("is {value}, and the file has none");
            self.differs(
                DifferenceKind::Label,
                key.as_str(),
                message,
                Some(mend.clone()),
            );
            self.steps
                .push(CustomerStep::RemoveLabel { key: key.clone() });
        }
    }

    pub(super) fn meet_package(&mut self, seen: PackageSeen, platform: &Platform) {
        let PackageSeen {
            package,
            folder,
            seen,
        } = seen;
        let plan = match seen {
            Seen::Unknown(why) => {
                self.unknown.push(NotKnown {
                    what: package.clone(),
                    why,
                });
                None
            }
            Seen::Planned(plan, blocked) => {
                self.blocked.extend(blocked);
                self.import(&package, &plan);
                self.packaged(&package, &plan);
                // Of a workspace that is not there nothing else is otherwise.
                if self.workspace.is_some() {
                    self.customised(&plan);
                    self.set(&plan);
                }
                self.waiting(&plan, platform);
                self.not_read += plan.summary.not_read;
                Some(plan)
            }
        };
        self.packages.push(PlannedCustomerPackage {
            package,
            folder,
            plan,
        });
    }

    /// The import, if it does anything.
    fn import(&mut self, package: &str, plan: &ImportPlan) {
        let settings = plan.settings.iter().flat_map(|settings| &settings.actions);
        let settings = settings.filter(|action| action.changes()).count();
        // What stays as the customer has it is nothing to do.
        let kept_only = !plan.is_empty()
            && settings == 0
            && plan.creates_folders.is_empty()
            && plan.summary.creates + plan.summary.overwrites == 0
            && plan.summary.installs + plan.summary.updates == 0;
        if plan.is_empty() || kept_only {
            return;
        }
        self.steps.push(CustomerStep::Import {
            package: package.to_owned(),
            creates: plan.summary.creates,
            overwrites: plan.summary.overwrites,
            connectors: plan.summary.installs + plan.summary.updates,
            settings,
        });
    }

    /// What of the package is not there, or otherwise.
    fn packaged(&mut self, package: &str, plan: &ImportPlan) {
        let is_there = plan.assets.iter().any(|asset| match asset.action {
            AssetAction::NoChange
            | AssetAction::Overwrites
            | AssetAction::OverwritesRunning
            | AssetAction::NotRead
            | AssetAction::KeepsEdits => true,
            // A connection may have been there before anything of the package was.
            AssetAction::Creates
            | AssetAction::CreatesPlaceholder
            | AssetAction::BindsToExisting => false,
        });
        let mend = Some(self.command(""));
        let coming = plan.assets.iter().filter(|asset| changes(asset.action));
        if !is_there && coming.clone().next().is_some() {
            let message = format!(
                "is not there: {}",
                counted(plan.summary.creates as u64, "asset")
            );
            self.differs(DifferenceKind::NotImported, package, message, mend);
            return;
        }
        let edited: BTreeSet<_> = plan.edited.iter().map(|edited| &edited.path).collect();
        let others: Vec<_> = coming
            .filter(|asset| !edited.contains(&asset.path))
            .collect();
        for asset in others.iter().take(NAMED) {
            let what = if overwrites(asset.action) {
                "is otherwise than the package has it"
            } else {
                "is not there"
            };
            let name = asset.folder.label(&asset.name);
            let subject = format!("{} \"{name}\"", asset.kind.label());
            self.differs(
                DifferenceKind::Contents,
                &subject,
                what.to_owned(),
                mend.clone(),
            );
        }
        if others.len() > NAMED {
            let message = format!("{} more assets are otherwise", others.len() - NAMED);
            self.differs(DifferenceKind::Contents, package, message, mend.clone());
        }
        for connector in &plan.connectors {
            let what = match connector.action {
                ConnectorAction::Install => "is not installed",
                ConnectorAction::Update | ConnectorAction::Downgrade => "has other code",
                ConnectorAction::Blocked => "is nowhere",
                ConnectorAction::Unknown => {
                    self.unknown.push(NotKnown {
                        what: format!("connector \"{}\"", connector.connector),
                        why: "whether it is shared can't be seen".to_owned(),
                    });
                    continue;
                }
                ConnectorAction::Same
                | ConnectorAction::UsesShared
                | ConnectorAction::UsesOwn
                | ConnectorAction::Elsewhere => continue,
            };
            let subject = format!("connector \"{}\"", connector.connector);
            self.differs(
                DifferenceKind::Contents,
                &subject,
                what.to_owned(),
                mend.clone(),
            );
        }
    }

    /// What somebody changed there.
    fn customised(&mut self, plan: &ImportPlan) {
        for edited in plan.edited.iter().filter(|edited| !edited.has_package()) {
            let name = edited.folder.label(&edited.name);
            let subject = format!("{} \"{name}\"", edited.kind.label());
            if edited.edit == Edit::Unknown {
                self.unknown.push(NotKnown {
                    what: subject,
                    why: format!(
                        "it is otherwise, and what revision {} left there is not kept any more: whether somebody changed it can't be seen",
                        edited.since
                    ),
                });
                continue;
            }
            let options = match edited.becomes {
                EditFate::Held => " --edits merge",
                EditFate::Kept => " --edits overwrite",
                EditFate::Overwritten | EditFate::Merged => "",
            };
            let (mend, told) = (self.command(options), edited.to_string());
            let message = format!(
                "was changed there since revision {}{}",
                edited.since,
                told.rsplit_once("\": ")
                    .map_or_else(String::new, |(_, parts)| format!(": {parts}"))
            );
            self.differs(DifferenceKind::Customised, &subject, message, Some(mend));
        }
    }

    /// What settings say and is otherwise.
    fn set(&mut self, plan: &ImportPlan) {
        let mend = self.command("");
        for action in plan.settings.iter().flat_map(|settings| &settings.actions) {
            let Some(message) = action.astray() else {
                continue;
            };
            let kind = match kind_of(action) {
                Some(kind) => kind,
                // It is told with its page.
                None => continue,
            };
            let mend = match action.changes() {
                true => Some(mend.clone()),
                // What is in the way has to go first.
                false => plan_address(self).map(|at| format!("recipack status {at}")),
            };
            let subject = format!("{} \"{}\"", action.subject.label(), action.named());
            let message = message
                .strip_prefix(&subject)
                .unwrap_or(&message)
                .trim_start()
                .to_owned();
            self.differs(kind, &subject, message, mend);
        }
        for after in &plan.afterwards {
            let subject = match after {
                Afterwards::Connect { connection, .. }
                | Afterwards::Choose { connection, .. }
                | Afterwards::OtherApplication { connection, .. } => connection.as_str(),
                Afterwards::ConnectMore { .. } => "connections",
                Afterwards::CheckProperties { names } => {
                    self.unknown.push(NotKnown {
                        what: format!("properties {}", names.join(", ")),
                        why: after.wording(),
                    });
                    continue;
                }
                Afterwards::Authorize { .. }
                | Afterwards::FillProperties { .. }
                | Afterwards::Start { .. } => continue,
            };
            let subject = format!("connection \"{subject}\"");
            let message = after.wording();
            self.differs(DifferenceKind::NotBound, &subject, message, None);
        }
    }

    /// The connections that wait for a person.
    fn waiting(&mut self, plan: &ImportPlan, platform: &Platform) {
        let settings = plan.settings.iter().flat_map(|settings| &settings.actions);
        let by_settings = settings.filter_map(|action| {
            let waits = action.subject == SettingSubject::Connection
                && action.effect == SettingEffect::AwaitsPerson;
            waits.then_some((&action.folder, action.name.as_str()))
        });
        let afterwards = plan.afterwards.iter().filter_map(|after| match after {
            Afterwards::Authorize {
                connection, folder, ..
            } => Some((folder, connection.as_str())),
            Afterwards::Connect { .. }
            | Afterwards::ConnectMore { .. }
            | Afterwards::Choose { .. }
            | Afterwards::OtherApplication { .. }
            | Afterwards::CheckProperties { .. }
            | Afterwards::FillProperties { .. }
            | Afterwards::Start { .. } => None,
        });
        let all: BTreeSet<(&FolderPath, &str)> = by_settings.chain(afterwards).collect();
        for (folder, connection) in all {
            let is_told = |one: &WaitingHere| one.connection == connection && one.folder == *folder;
            if self.waits.iter().any(is_told) {
                continue;
            }
            let mut assets = plan.assets.iter();
            let asset = assets.find(|asset| {
                asset.kind == AssetKind::Connection
                    && asset.folder == *folder
                    && *asset.name == *connection
            });
            let id = asset.and_then(|asset| asset.id);
            let link = match (platform, id) {
                (Platform::Api(host), Some(id)) => Some(format!("{host}/connections/{id}")),
                (Platform::Api(_), None) | (Platform::Local, _) => None,
            };
            if self.workspace.is_some() && (id.is_some() || asset.is_none()) {
                let name = folder.label(connection);
                let mend = match platform {
                    Platform::Api(_) => link.clone(),
                    Platform::Local => plan_address(self).map(|at| {
                        format!(
                            "recipack connection authorize {} --in {at}",
                            shell_word(&name)
                        )
                    }),
                };
                let subject = format!("connection \"{name}\"");
                let message = "waits for a person to authorize it".to_owned();
                self.differs(DifferenceKind::NotAuthorized, &subject, message, mend);
            }
            self.waits.push(WaitingHere {
                connection: connection.to_owned(),
                folder: folder.clone(),
                id,
                link,
            });
        }
    }
}

fn plan_address(plan: &CustomerPlan) -> Option<String> {
    let address: &Address = plan.address.as_ref()?;
    Some(shell_word(&address.to_string()))
}

/// As what an action of settings is told; nothing of what is told elsewhere.
const fn kind_of(action: &SettingAction) -> Option<DifferenceKind> {
    match action.effect {
        SettingEffect::Starts | SettingEffect::CannotStart => Some(DifferenceKind::NotRunning),
        SettingEffect::Authorizes => Some(DifferenceKind::NotAuthorized),
        SettingEffect::Sets
        | SettingEffect::Changes
        | SettingEffect::Binds
        | SettingEffect::Stops
        | SettingEffect::Enables
        | SettingEffect::Disables
        | SettingEffect::CannotEnable => Some(DifferenceKind::Setting),
        SettingEffect::AwaitsPerson | SettingEffect::Keeps => None,
    }
}
