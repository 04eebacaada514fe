//! What sharing, updating, switching and removing change: for the admin workspace, as a [`Commit`],
//! and for its customers, as [consequences].

pub mod consequences;
pub mod file;

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::Visibility;
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::workspace::{
    ClosedSource, ConnectorId, Partnership, Sharing, SharingTold, Timestamp, WorkspaceConnector,
};
use crate::plan::commit::{Change, Commit, Dependency};

/// What is to become of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is shared with all customers.
    Share {
        /// In this version; the newest released one if none is said.
        version: Option<Version>,
        /// With or without its source.
        visibility: Visibility,
    },
    /// Customers get the newest released version.
    Update,
    /// Customers get this released version.
    Switch(Version),
    /// It is shared no longer.
    Remove,
}

/// What is to become of a connector in a roll-out, as it is written: `Ledger Sync=update`,
/// `Ledger Sync=share@3`. To share one no longer can't be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorWish {
    /// Its title or internal name.
    pub named: String,
    /// What is to become of it.
    pub wish: Wish,
}

/// A text says nothing that may become of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is TITLE=share, TITLE=share@N, TITLE=update or TITLE=switch@N, with N a released version"
)]
pub struct NoConnectorWish;

impl FromStr for ConnectorWish {
    type Err = NoConnectorWish;

    fn from_str(text: &str) -> Result<Self, NoConnectorWish> {
        let (named, way) = text.rsplit_once('=').ok_or(NoConnectorWish)?;
        let (way, version) = match way.split_once('@') {
            Some((way, version)) => {
                let version = version.strip_prefix('v').unwrap_or(version);
                let version = version.parse().map_err(|_| NoConnectorWish)?;
                (way, Some(Version(version)))
            }
            None => (way, None),
        };
        let wish = match (way, version) {
            ("share", version) => Wish::Share {
                version,
                visibility: Visibility::Open,
            },
            ("update", None) => Wish::Update,
            ("switch", Some(version)) => Wish::Switch(version),
            _ => return Err(NoConnectorWish),
        };
        match named.trim() {
            "" => Err(NoConnectorWish),
            named => Ok(Self {
                named: named.to_owned(),
                wish,
            }),
        }
    }
}

/// A connector that some customers try before all get it, as it is written: `Ledger Sync`, or
/// `Ledger Sync@3` for another version than the newest released one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedConnector {
    /// Its title or internal name.
    pub named: String,
    /// The version.
    pub version: Option<Version>,
}

/// A text names no connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is TITLE or TITLE@N, with N a released version")]
pub struct NoConnectorNamed;

impl FromStr for TriedConnector {
    type Err = NoConnectorNamed;

    fn from_str(text: &str) -> Result<Self, NoConnectorNamed> {
        let versioned = text.rsplit_once('@').and_then(|(named, version)| {
            let version = version.strip_prefix('v').unwrap_or(version);
            let digits = version.bytes().all(|b| b.is_ascii_digit());
            let version = version.parse().ok().filter(|_| digits)?;
            Some((named, Version(version)))
        });
        let (named, version) = match versioned {
            Some((named, version)) => (named, Some(version)),
            None => (text, None),
        };
        match named.trim() {
            "" => Err(NoConnectorNamed),
            _ => Ok(Self {
                named: named.to_owned(),
                version,
            }),
        }
    }
}

impl TriedConnector {
    /// What becomes of the shared one afterwards.
    pub fn wish(&self) -> Wish {
        self.version.map_or(Wish::Update, Wish::Switch)
    }
}

keyword_enum! {
    /// What happens to a connector that is or was shared.
    pub enum StepAction: "action" {
        /// It is shared, and was not.
        Share = "share",
        /// A newer version is shared.
        Update = "update",
        /// An older version is shared.
        Switch = "switch",
        /// The same version is shared with, or without, its source.
        Visibility = "visibility",
        /// It is shared no longer.
        Remove = "remove",
        /// It stays as it is.
        Keep = "keep",
    }
}

/// What happens to one connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its title.
    pub title: ConnectorTitle,
    /// Its internal name, in the admin workspace and in every customer's.
    pub internal_name: InternalName,
    /// What happens.
    pub action: StepAction,
    /// How it was shared, if it was.
    pub before: Option<Sharing>,
    /// How it is shared from then on, if it is.
    pub after: Option<Sharing>,
}

/// Why a wish can't be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// It has no released version.
    #[error("no version of the connector \"{title}\" is released")]
    NothingReleased {
        /// The connector.
        title: ConnectorTitle,
    },
    /// The version was never released, or there is none of that number.
    #[error("{version} of the connector \"{title}\" {}", unreleased(*there))]
    NotReleased {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
        /// Whether there is such a version.
        there: Presence,
        /// The released ones.
        released: Vec<Version>,
    },
    /// Only what is shared can be updated, switched or removed.
    #[error("the connector \"{title}\" is not shared")]
    NotShared {
        /// The connector.
        title: ConnectorTitle,
    },
    /// The admin workspace does not say whether it is shared.
    #[error(
        "whether the connector \"{title}\" is shared is not known: the admin workspace does not say"
    )]
    Unsaid {
        /// The connector.
        title: ConnectorTitle,
    },
    /// It is shared, in another version.
    #[error("the connector \"{title}\" is shared already, in {version}")]
    SharedAlready {
        /// The connector.
        title: ConnectorTitle,
        /// The shared version.
        version: Version,
        /// The version that was asked for.
        wanted: Version,
        /// Whether that is the newest released one.
        newest: bool,
    },
    /// The admin workspace may not keep sources to itself (platform.md §4).
    #[error("the connector \"{title}\" can't be shared closed-source: {}", forbidden(*tells))]
    ClosedSource {
        /// The connector.
        title: ConnectorTitle,
        /// What is told of how connectors are shared.
        tells: SharingTold,
    },
    /// It is not said whether customers may see its source.
    #[error("it is not said whether the connector \"{title}\" is shared with its source")]
    Visibility {
        /// The connector.
        title: ConnectorTitle,
    },
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Absent,
}

fn unreleased(there: Presence) -> &'static str {
    match there {
        Presence::There => "is not released",
        Presence::Absent => "is not there",
    }
}

fn forbidden(tells: SharingTold) -> &'static str {
    match tells {
        SharingTold::Visibility => "the admin workspace may not",
        SharingTold::VersionsOnly => "the API has nothing for it",
    }
}

/// How a connector is to be shared, if it is.
///
/// # Errors
/// If the wish can't be fulfilled.
pub fn fulfil(
    partnership: &Partnership,
    connector: &WorkspaceConnector,
    wish: Wish,
) -> Result<Option<Sharing>, ShareError> {
    let title = || connector.title.clone();
    let before = partnership.shares.get(&connector.id).copied();
    let newest = || {
        let released = connector.released_versions();
        let newest = released.last().copied();
        newest.ok_or_else(|| ShareError::NothingReleased { title: title() })
    };
    let shared = before.ok_or_else(|| match partnership.unsaid.contains(&connector.id) {
        true => ShareError::Unsaid { title: title() },
        false => ShareError::NotShared { title: title() },
    });
    match wish {
        Wish::Share {
            version,
            visibility,
        } => {
            let wanted = match version {
                Some(version) => version,
                None => newest()?,
            };
            let after = allowed(
                partnership,
                connector,
                Sharing {
                    version: wanted,
                    visibility,
                },
            )?;
            match before {
                Some(Sharing { version, .. }) if version != wanted => {
                    Err(ShareError::SharedAlready {
                        title: title(),
                        version,
                        wanted,
                        newest: newest()? == wanted,
                    })
                }
                Some(_) | None => Ok(Some(after)),
            }
        }
        Wish::Update => {
            let shared = shared?;
            let version = newest()?;
            Ok(Some(Sharing { version, ..shared }))
        }
        Wish::Switch(version) => {
            let shared = shared?;
            released(connector, version)?;
            Ok(Some(Sharing { version, ..shared }))
        }
        Wish::Remove => shared.map(|_| None),
    }
}

/// Whether a connector may be shared like this.
fn allowed(
    partnership: &Partnership,
    connector: &WorkspaceConnector,
    sharing: Sharing,
) -> Result<Sharing, ShareError> {
    released(connector, sharing.version)?;
    match (sharing.visibility, partnership.closed_source) {
        (Visibility::Open, _) | (Visibility::Closed, ClosedSource::Allowed) => Ok(sharing),
        (Visibility::Closed, ClosedSource::NotAllowed) => Err(ShareError::ClosedSource {
            title: connector.title.clone(),
            tells: partnership.tells,
        }),
        (Visibility::Unknown, _) => {
            let before = partnership.shares.get(&connector.id);
            // What is shared already stays as it is, which need not be known.
            let stays = before.is_some_and(|before| before.visibility == Visibility::Unknown);
            match partnership.tells {
                SharingTold::Visibility if !stays => Err(ShareError::Visibility {
                    title: connector.title.clone(),
                }),
                SharingTold::Visibility | SharingTold::VersionsOnly => Ok(sharing),
            }
        }
    }
}

fn released(connector: &WorkspaceConnector, version: Version) -> Result<(), ShareError> {
    let held = connector.version(version);
    if held.is_some_and(|held| held.released_at.is_some()) {
        return Ok(());
    }
    let released = connector.released_versions();
    let title = connector.title.clone();
    if released.is_empty() {
        return Err(ShareError::NothingReleased { title });
    }
    Err(ShareError::NotReleased {
        title,
        version,
        there: match held {
            Some(_) => Presence::There,
            None => Presence::Absent,
        },
        released,
    })
}

/// The step from how a connector is shared to how it is to be shared.
pub fn step(
    partnership: &Partnership,
    connector: &WorkspaceConnector,
    after: Option<Sharing>,
) -> Step {
    let before = partnership.shares.get(&connector.id).copied();
    Step {
        title: connector.title.clone(),
        internal_name: connector.internal_name.clone(),
        action: action(before, after),
        before,
        after,
    }
}

fn action(before: Option<Sharing>, after: Option<Sharing>) -> StepAction {
    match (before, after) {
        (None, Some(_)) => StepAction::Share,
        (Some(_), None) => StepAction::Remove,
        (None, None) => StepAction::Keep,
        (Some(before), Some(after)) if before.agrees_with(after) => StepAction::Keep,
        (Some(before), Some(after)) if before.version < after.version => StepAction::Update,
        (Some(before), Some(after)) if before.version > after.version => StepAction::Switch,
        (Some(_), Some(_)) => StepAction::Visibility,
    }
}

/// The steps as changes of the admin workspace. They hold only as long as the customers' workspaces
/// stay as they were: a recipe may have started there.
pub fn commit(partnership: &Partnership, steps: &[Step], at: Timestamp) -> Commit {
    let mut commit = Commit::on(&partnership.workspace);
    commit
        .depends
        .push(Dependency::Customers(partnership.customers_state));
    for step in steps {
        let Some(id) = id_of(partnership, &step.internal_name) else {
            continue;
        };
        match (step.action, step.after) {
            (StepAction::Keep, _) => {}
            (_, Some(sharing)) => commit.changes.push(Change::Share { id, sharing, at }),
            (_, None) => commit.changes.push(Change::Unshare(id)),
        }
    }
    commit
}

fn id_of(partnership: &Partnership, name: &InternalName) -> Option<ConnectorId> {
    let mut connectors = partnership.connectors.iter();
    connectors
        .find(|connector| connector.internal_name == *name)
        .map(|connector| connector.id)
}

#[cfg(test)]
mod tests;
