//! What a package would meet in a workspace, in a word: one cell of packages × customers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::Version;
use crate::model::keyword::keyword_enum;
use crate::plan::decision::ConnectorDecision;
use crate::plan::import::ImportPlan;
use crate::plan::import::document::{Afterwards, ConnectorAction, Needed, Permission};
use crate::plan::import::edits::EditedAsset;
use crate::plan::import::target::Fit;

keyword_enum! {
    /// What stands between a package and a workspace, the gravest that is there.
    pub enum Verdict: "verdict" {
        /// The workspace is as the package wants it.
        Same = "same",
        /// The package can be imported, and nothing more is needed.
        Ready = "ready",
        /// It can be imported; connections have to be authorised before its recipes run.
        NeedsConnection = "needs-connection",
        /// Somebody changed there what the package has something else for, since an import: it has to
        /// be said what becomes of that.
        Customised = "customised",
        /// A permission has to be given, such as to restart running recipes.
        NeedsPermission = "needs-permission",
        /// The package was made for another kind of target, data center or customer.
        OtherTarget = "other-target",
        /// A connector is nowhere, or something else makes it impossible.
        Blocked = "blocked",
    }
}

keyword_enum! {
    /// How a customer comes by a connector.
    pub enum Way: "way" {
        /// The package brings it: version 1, or a new version.
        GetsConnector = "gets-connector",
        /// The package brings what is there.
        HasConnector = "has-connector",
        /// It uses the shared version.
        UsesShared = "uses-shared",
        /// It uses the shared version, which is another one than the package was made with.
        VersionDiffers = "version-differs",
        /// It uses one of its own that the package does not bring.
        UsesOwn = "uses-own",
        /// It would get older code.
        Downgrade = "downgrade",
        /// Another package has to bring it.
        Elsewhere = "elsewhere",
        /// The package brings it, and it can't be installed.
        Unusable = "unusable",
        /// It may be shared with the customer, which can't be seen.
        Unknown = "unknown",
        /// It is nowhere.
        Blocked = "blocked",
    }
}

/// One connector of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellConnector {
    /// Its title, or the package's internal name for it.
    pub connector: String,
    /// How the customer comes by it.
    pub way: Way,
    /// The version that recipes will run.
    pub version: Option<Version>,
    /// The version that the package was made with, where its decision record says so.
    pub made_with: Option<Version>,
}

/// A package and a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// What stands between them.
    pub verdict: Verdict,
    /// Whether the workspace is what the package was made for.
    pub target: Fit,
    /// Each connector of the package.
    pub connectors: Vec<CellConnector>,
    /// Connections that have to be authorised or chosen.
    pub connections: Vec<String>,
    /// Why it is not simply ready.
    pub because: Vec<String>,
    /// What somebody changed there since an import, of what the package has something else for: which
    /// parts of recipes, or that it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customised: Vec<EditedAsset>,
}

fn of_edits(needed: &Needed) -> bool {
    needed.permission == Permission::OverwriteEdits
}

/// Whether anything of a plan makes the import impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Possible {
    /// Nothing does.
    Yes,
    /// There are findings at error level.
    No,
}

/// Connections that are for another application than the recipes use them for, in words.
fn other_applications(plan: &ImportPlan) -> impl Iterator<Item = String> {
    plan.afterwards.iter().filter_map(|afterwards| {
        let Afterwards::OtherApplication {
            connection,
            found,
            wanted,
            ..
        } = afterwards
        else {
            return None;
        };
        Some(match found {
            Some(found) => format!(
                "connection \"{connection}\" is for `{found}`, and recipes use it for `{wanted}`"
            ),
            None => format!("whether connection \"{connection}\" is for `{wanted}` is not known"),
        })
    })
}

impl Cell {
    /// The cell of a plan. `recorded` are the decisions that lie beside the package, if they do.
    pub fn of(plan: &ImportPlan, possible: Possible, recorded: &[ConnectorDecision]) -> Self {
        let made_with: BTreeMap<&str, Version> = recorded
            .iter()
            .filter_map(|decision| {
                let shared = decision
                    .catalog
                    .as_ref()
                    .and_then(|c| c.shared_version.version());
                Some((
                    decision.connector.as_str(),
                    shared.or(decision.packaged_version)?,
                ))
            })
            .collect();
        let connectors: Vec<CellConnector> = plan
            .connectors
            .iter()
            .map(|planned| {
                let made_with = made_with.get(planned.connector.as_str()).copied();
                let way = match planned.action {
                    ConnectorAction::Install | ConnectorAction::Update => Way::GetsConnector,
                    ConnectorAction::Same => Way::HasConnector,
                    ConnectorAction::Downgrade => Way::Downgrade,
                    ConnectorAction::UsesShared
                        if made_with.is_some_and(|made| Some(made) != planned.to) =>
                    {
                        Way::VersionDiffers
                    }
                    ConnectorAction::UsesShared => Way::UsesShared,
                    ConnectorAction::UsesOwn => Way::UsesOwn,
                    ConnectorAction::Elsewhere => Way::Elsewhere,
                    ConnectorAction::Unknown => Way::Unknown,
                    ConnectorAction::Blocked if planned.packaged => Way::Unusable,
                    ConnectorAction::Blocked => Way::Blocked,
                };
                CellConnector {
                    connector: planned.connector.clone(),
                    way,
                    version: planned.to,
                    made_with,
                }
            })
            .collect();
        let connections: Vec<String> = plan
            .afterwards
            .iter()
            .filter_map(|afterwards| match afterwards {
                Afterwards::Authorize { connection, .. }
                | Afterwards::Connect { connection, .. }
                | Afterwards::Choose { connection, .. }
                | Afterwards::OtherApplication { connection, .. } => Some(connection.clone()),
                Afterwards::ConnectMore { .. }
                | Afterwards::CheckProperties { .. }
                | Afterwards::FillProperties { .. }
                | Afterwards::Start { .. } => None,
            })
            .collect();
        let blocked = plan.summary.blocked > 0 || possible == Possible::No;
        let target = plan
            .target
            .as_ref()
            .map_or(Fit::Unknown, |target| target.fit);
        let verdict = if blocked {
            Verdict::Blocked
        } else if target == Fit::Other {
            Verdict::OtherTarget
        } else if plan.needs.iter().any(|needed| !of_edits(needed)) {
            Verdict::NeedsPermission
        } else if !plan.needs.is_empty() {
            Verdict::Customised
        } else if !connections.is_empty() {
            Verdict::NeedsConnection
        } else if plan.is_empty() {
            Verdict::Same
        } else {
            Verdict::Ready
        };
        Self {
            verdict,
            target,
            connectors,
            connections,
            because: plan
                .needs
                .iter()
                .map(|needed| needed.because.clone())
                .chain(other_applications(plan))
                .collect(),
            customised: plan.edited.clone(),
        }
    }
}
