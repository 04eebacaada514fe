//! A customer's file against what there is of the customer: what is otherwise, and what would mend it.
//!
//! [`CustomerPlan::of`] decides, of a file and of what was read. `customer apply` carries the same value
//! out that `customer reconcile` shows.

mod differences;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{Digest, LabelKey, LabelValue};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::seal::{Seal, SealError, seal_of, unsealed};
use crate::model::workspace::{
    Address, AssetId, FolderPath, Label, LabelEdit, Timestamp, WorkspaceId,
};
use crate::plan::import::document::{AssetAction, ImportPlan};
use crate::plan::import::settings::PlannedSettingsFile;
use crate::settings::customer::CustomerFile;
use crate::settings::freeze::Freeze;

/// The format of plans that this program writes.
pub const FORMAT: u32 = 1;

/// A customer's workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerHere {
    /// Where it is.
    pub address: Address,
    /// Its number.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: HeldLabels,
}

/// What is kept of a customer's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldLabels {
    /// These.
    Kept(BTreeMap<LabelKey, LabelValue>),
    /// None: the platform has no labels of customers, and those of the file hold.
    NotKept,
}

/// Where customers are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Platform {
    /// In the local platform, where a workspace's name is its address.
    Local,
    /// Behind the platform's API, at this host: `https://app.workato.com`.
    Api(String),
}

/// What is there under a customer's external id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This workspace.
    There(CustomerHere),
    /// None.
    Absent,
    /// Nobody can tell.
    Unknown(String),
}

/// A package of a customer, against its workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageSeen {
    /// What it is called.
    pub package: String,
    /// The folder that it goes into.
    pub folder: FolderPath,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen of a package.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// What its import would do, and why it can't be done.
    Planned(Arc<ImportPlan>, Vec<Blocked>),
    /// It could not be compared.
    Unknown(String),
}

/// What there is of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Whose customers they are.
    pub of: Address,
    /// Where they are kept.
    pub platform: Platform,
    /// Its workspace.
    pub found: Found,
    /// Its packages.
    pub packages: Vec<PackageSeen>,
}

/// What stands between a customer and its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerPlan {
    /// The format of this document.
    pub format: u32,
    /// The customer's file.
    pub file: PlannedSettingsFile,
    /// Whose customers they are.
    pub of: Address,
    /// The name that its workspace is to have.
    pub name: String,
    /// The partner's own name for it.
    pub external_id: String,
    /// Where its workspace is; absent if there is none, or nobody can tell.
    pub address: Option<Address>,
    /// The number of its workspace.
    pub workspace: Option<WorkspaceId>,
    /// The time in which nothing is sent to it, if this is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Freeze>,
    /// What is done, in this order.
    pub steps: Vec<CustomerStep>,
    /// What is otherwise than the file has it.
    pub differences: Vec<Difference>,
    /// What could not be read.
    pub unknown: Vec<NotKnown>,
    /// Assets of which no list tells what they say; what they said when they were read last holds.
    pub not_read: usize,
    /// Connections that wait for a person.
    pub waits: Vec<WaitingHere>,
    /// What has to be permitted beside what the imports need.
    pub needs: Vec<CustomerNeeded>,
    /// What can't be done, whatever is permitted.
    pub blocked: Vec<Blocked>,
    /// The packages, in their order.
    pub packages: Vec<PlannedCustomerPackage>,
    /// The digest of all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Digest>,
}

/// A package in such a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCustomerPackage {
    /// What it is called.
    pub package: String,
    /// The folder that it goes into; empty for Home.
    pub folder: FolderPath,
    /// What its import does; absent if nobody can tell.
    pub plan: Option<Arc<ImportPlan>>,
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum CustomerStep {
    /// The workspace is made.
    Create,
    /// The workspace gets another name.
    Rename {
        /// The name that it has.
        from: String,
    },
    /// A label is set.
    SetLabel {
        /// Its key.
        key: LabelKey,
        /// Its value.
        value: LabelValue,
        /// The value that it has; absent if it has none.
        from: Option<LabelValue>,
    },
    /// A label goes.
    RemoveLabel {
        /// Its key.
        key: LabelKey,
    },
    /// A package is imported, with what it needs.
    Import {
        /// The package.
        package: String,
        /// How many assets are created.
        creates: usize,
        /// How many assets are overwritten.
        overwrites: usize,
        /// How many connectors are installed or updated.
        connectors: usize,
        /// How many settings change something, starts among them.
        settings: usize,
    },
}

keyword_enum! {
    /// In what a customer is otherwise than its file has it.
    pub enum DifferenceKind: "kind of difference" {
        /// It has no workspace.
        NoWorkspace = "no-workspace",
        /// Its workspace has another name.
        Name = "name",
        /// It has another label.
        Label = "label",
        /// A package is not there.
        NotImported = "not-imported",
        /// Something of a package is otherwise.
        Contents = "contents",
        /// Somebody changed something there since it was imported.
        Customised = "customised",
        /// Something that settings say is otherwise.
        Setting = "setting",
        /// A recipe that is to run does not.
        NotRunning = "not-running",
        /// A connection waits for a person.
        NotAuthorized = "not-authorized",
        /// Recipes have no connection, or one for another application.
        NotBound = "not-bound",
        /// No file says anything of the customer.
        NoFile = "no-file",
    }
}

/// Something that is otherwise than the file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// In what.
    pub kind: DifferenceKind,
    /// What it is about.
    pub subject: String,
    /// What is so.
    pub message: String,
    /// The command that mends it, or the page where a person does.
    pub mend: Option<String>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotKnown {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A connection that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingHere {
    /// Its name.
    pub connection: String,
    /// Its folder; empty for Home.
    pub folder: FolderPath,
    /// Its number; absent as long as it is not there.
    pub id: Option<AssetId>,
    /// Its page, where a person authorises it; absent as long as it is not there, and in the local
    /// platform.
    pub link: Option<String>,
}

keyword_enum! {
    /// A permission that a customer's file may need beside those of its imports.
    pub enum CustomerPermission: "permission" {
        /// To make a workspace.
        NewWorkspace = "allow-new-workspace",
        /// To send something in a time in which nothing is sent.
        Frozen = "allow-frozen",
    }
}

/// A permission that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerNeeded {
    /// The option that gives it.
    pub permission: CustomerPermission,
    /// What needs it.
    pub because: String,
}

/// Something that can't be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// What, and why.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A file is no plan of a customer.
#[derive(Debug, thiserror::Error)]
pub enum CustomerPlanError {
    /// It is none, or not the one that was written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A newer version of the program wrote it.
    #[error(
        "it was written by a newer version of recipack: its format is {found}, and this one knows {FORMAT}"
    )]
    Newer {
        /// Its format.
        found: u32,
    },
}

impl CustomerPlan {
    /// What stands between a customer's file and what there is.
    pub fn of(file: &CustomerFile, truth: Truth, at: Timestamp) -> Self {
        let mut plan = Self {
            format: FORMAT,
            file: PlannedSettingsFile {
                path: file.path.clone(),
                digest: file.digest,
            },
            of: truth.of,
            name: file.name.clone(),
            external_id: file.external_id.clone(),
            address: None,
            workspace: None,
            frozen: file.frozen(at).cloned(),
            steps: Vec::new(),
            differences: Vec::new(),
            unknown: Vec::new(),
            not_read: 0,
            waits: Vec::new(),
            needs: Vec::new(),
            blocked: Vec::new(),
            packages: Vec::new(),
            seal: None,
        };
        match &truth.found {
            Found::There(here) => {
                plan.address = Some(here.address.clone());
                plan.workspace = Some(here.id);
                plan.meet_name(here, &truth.platform);
                plan.meet_labels(file, here);
            }
            Found::Absent => plan.meet_nobody(file, &truth.platform, &truth.packages),
            Found::Unknown(why) => plan.unknown.push(NotKnown {
                what: format!("customer {}", file.external_id),
                why: why.clone(),
            }),
        }
        for seen in truth.packages {
            plan.meet_package(seen, &truth.platform);
        }
        if let (Some(freeze), false) = (&plan.frozen, plan.steps.is_empty()) {
            let because = format!(
                "nothing is sent to {} until {}: {}",
                plan.name,
                freeze.until.utc(),
                freeze.why
            );
            plan.needs.push(CustomerNeeded {
                permission: CustomerPermission::Frozen,
                because,
            });
        }
        plan
    }

    /// Whether nothing is to be done that a program can do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether everything is as the file has it, for all that is known.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.unknown.is_empty()
    }

    /// Whether whatever the file says is so. A connection that waits for a person counts where settings
    /// say something of it, or a recipe that has to run waits for it.
    pub fn keeps_its_word(&self) -> bool {
        let is_said = |difference: &Difference| match difference.kind {
            DifferenceKind::NoWorkspace
            | DifferenceKind::Name
            | DifferenceKind::Label
            | DifferenceKind::NotImported
            | DifferenceKind::Contents
            | DifferenceKind::Setting
            | DifferenceKind::NotRunning => true,
            DifferenceKind::Customised
            | DifferenceKind::NotAuthorized
            | DifferenceKind::NotBound
            | DifferenceKind::NoFile => false,
        };
        let plans = self.packages.iter().filter_map(|one| one.plan.as_deref());
        let settings = plans.flat_map(|plan| &plan.settings);
        let mut actions = settings.flat_map(|settings| &settings.actions);
        self.unknown.is_empty()
            && !self.differences.iter().any(is_said)
            && !actions.any(|action| action.astray().is_some())
    }

    /// Whether another plan does the same, whenever it was made.
    pub fn does_the_same(&self, other: &Self) -> bool {
        let timeless = |plan: &Self| {
            let mut plan = plan.clone();
            (plan.frozen, plan.seal) = (None, None);
            plan.needs
                .retain(|needed| needed.permission != CustomerPermission::Frozen);
            plan
        };
        timeless(self) == timeless(other)
    }

    /// The labels that the customer gets and loses.
    pub fn label_edits(&self) -> Vec<LabelEdit> {
        let edits = self.steps.iter().filter_map(|step| match step {
            CustomerStep::SetLabel { key, value, .. } => Some(LabelEdit::Set(Label {
                key: key.clone(),
                value: value.clone(),
            })),
            CustomerStep::RemoveLabel { key } => Some(LabelEdit::Remove(key.clone())),
            CustomerStep::Create | CustomerStep::Rename { .. } | CustomerStep::Import { .. } => {
                None
            }
        });
        edits.collect()
    }

    /// Whether a package is imported.
    pub fn imports(&self, called: &str) -> bool {
        self.steps.iter().any(|step| match step {
            CustomerStep::Import { package, .. } => package == called,
            CustomerStep::Create
            | CustomerStep::Rename { .. }
            | CustomerStep::SetLabel { .. }
            | CustomerStep::RemoveLabel { .. } => false,
        })
    }

    /// What of these makes or renames the workspace, if anything does.
    pub fn provisions(&self) -> Option<&CustomerStep> {
        self.steps.iter().find(|step| match step {
            CustomerStep::Create | CustomerStep::Rename { .. } => true,
            CustomerStep::SetLabel { .. }
            | CustomerStep::RemoveLabel { .. }
            | CustomerStep::Import { .. } => false,
        })
    }

    /// What of this import nobody saw in the plan: assets that it overwrites, and values that it changes.
    /// What an earlier package of the plan brings may be overwritten by a later one.
    pub fn unforeseen(&self, now: &ImportPlan) -> Vec<String> {
        let plans = self.packages.iter().filter_map(|one| one.plan.as_deref());
        let foreseen: BTreeSet<(&AssetKind, &FolderPath, &str)> = plans
            .clone()
            .flat_map(|plan| &plan.assets)
            .filter(|asset| changes(asset.action))
            .map(|asset| (&asset.kind, &asset.folder, &*asset.name))
            .collect();
        let assets = now.assets.iter().filter(|asset| {
            let key = (&asset.kind, &asset.folder, &*asset.name);
            overwrites(asset.action) && !foreseen.contains(&key)
        });
        let mut unforeseen: Vec<String> = assets
            .map(|asset| {
                let name = asset.folder.label(&asset.name);
                format!("{} \"{name}\" would be overwritten", asset.kind.label())
            })
            .collect();
        let before = plans.filter(|plan| plan.package == now.package);
        let before: Vec<_> = before.filter_map(|plan| plan.settings.as_ref()).collect();
        if let (Some(now), [before]) = (&now.settings, &before[..]) {
            let changed = now
                .unplanned(before)
                .filter_map(|action| action.from.as_ref().and(Some(action)));
            unforeseen.extend(changed.map(|action| {
                format!(
                    "{} \"{}\" would change",
                    action.subject.label(),
                    action.named()
                )
            }));
        }
        unforeseen
    }

    /// The command that carries the file out, with options.
    fn command(&self, options: &str) -> String {
        use crate::plan::decision::shell_word;
        let of = match &self.of {
            Address::Local(name) => name.to_string(),
            Address::Remote(_) => self.of.to_string(),
        };
        format!(
            "recipack customer apply {} --of {}{options}",
            shell_word(&self.file.path),
            shell_word(&of)
        )
    }

    /// The plan as a file holds it.
    ///
    /// # Errors
    /// If it is no plan, says something else than was written, or a newer version wrote it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CustomerPlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        // The format is read first: a later one may differ in everything else.
        if let Ok(Head { format }) = serde_json::from_slice(bytes)
            && format > FORMAT
        {
            return Err(CustomerPlanError::Newer { found: format });
        }
        let (plan, seal) = unsealed::<Self>(bytes)?;
        match seal {
            Seal::Holds => Ok(plan),
            Seal::Absent => Err(SealError::Absent.into()),
        }
    }

    /// The same with the digest of all that it says.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn sealed(mut self) -> Result<Self, serde_json::Error> {
        self.seal = None;
        self.seal = Some(seal_of(&self)?);
        Ok(self)
    }
}

/// Whether something of the workspace gives way.
pub(super) const fn overwrites(action: AssetAction) -> bool {
    match action {
        AssetAction::Overwrites | AssetAction::OverwritesRunning => true,
        AssetAction::Creates
        | AssetAction::CreatesPlaceholder
        | AssetAction::NoChange
        | AssetAction::BindsToExisting
        | AssetAction::NotRead
        | AssetAction::KeepsEdits => false,
    }
}

/// Whether it comes or changes.
pub(super) const fn changes(action: AssetAction) -> bool {
    match action {
        AssetAction::Creates | AssetAction::CreatesPlaceholder => true,
        AssetAction::NoChange
        | AssetAction::BindsToExisting
        | AssetAction::NotRead
        | AssetAction::KeepsEdits
        | AssetAction::Overwrites
        | AssetAction::OverwritesRunning => overwrites(action),
    }
}
