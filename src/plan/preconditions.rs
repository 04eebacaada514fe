//! Whether a recipe can start in a workspace, and everything that is in its way.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalogue::{Catalogue, CatalogueEntry, Visibility};
use crate::model::facts::Facts;
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, Version};
use crate::model::workspace::{
    AssetId, Authorization, Binding, Body, HeldState, WorkspaceAsset, WorkspaceConnector,
};
use crate::plan::decision::shell_word;
use crate::plan::rule::Share;

/// A connection as a start sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionState<'a> {
    /// Its name.
    pub name: &'a str,
    /// The application it connects to, if it says.
    pub application: Option<&'a str>,
    /// Whether it has credentials.
    pub authorization: Authorization,
}

/// One of the workspace's own connectors as a start sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorState<'a> {
    /// Its title.
    pub title: &'a ConnectorTitle,
    /// The version that recipes run.
    pub released: Option<Version>,
}

/// What of a workspace a start depends on, as it is or as it is going to be.
#[derive(Clone, Debug, Default)]
pub struct StartContext<'a> {
    /// The connections that recipes may be bound to.
    pub connections: BTreeMap<AssetId, ConnectionState<'a>>,
    /// The workspace's own connectors, by internal name.
    pub connectors: BTreeMap<&'a str, ConnectorState<'a>>,
    /// The connectors that are shared with it.
    pub shared: Option<&'a Catalogue>,
    /// Where it lives; decides whether closed-source connectors reach it.
    pub data_center: Option<&'a DataCenter>,
}

impl<'a> ConnectionState<'a> {
    /// What a start sees of an asset, if that is a connection.
    pub fn of(asset: &'a WorkspaceAsset) -> Option<Self> {
        match asset.state {
            HeldState::Connection(authorization) => Some(Self {
                name: &asset.key.name,
                application: asset.body.providers.first().map(String::as_str),
                authorization,
            }),
            HeldState::Recipe(_) | HeldState::Plain => None,
        }
    }
}

impl<'a> StartContext<'a> {
    /// The surroundings that these assets and connectors make.
    pub fn of(
        assets: impl IntoIterator<Item = &'a WorkspaceAsset>,
        connectors: impl IntoIterator<Item = &'a WorkspaceConnector>,
    ) -> Self {
        let connections = assets
            .into_iter()
            .filter_map(|asset| Some((asset.id, ConnectionState::of(asset)?)));
        let connectors = connectors.into_iter().map(|connector| {
            let state = ConnectorState {
                title: &connector.title,
                released: connector.running_or_held(),
            };
            (connector.internal_name.as_str(), state)
        });
        Self {
            connections: connections.collect(),
            connectors: connectors.collect(),
            shared: None,
            data_center: None,
        }
    }
}

/// Something that keeps a recipe from starting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocker {
    /// It needs a connection that is not there.
    NoConnection {
        /// What the recipe calls it.
        name: String,
        /// The application that it is needed for.
        application: String,
    },
    /// Its connection has no credentials.
    NotAuthorized {
        /// The connection.
        id: AssetId,
        /// Its name.
        name: String,
    },
    /// Its connection is one for another application.
    OtherApplication {
        /// The connection.
        name: String,
        /// The application that the recipe's steps use.
        wanted: String,
        /// The application of the connection, if it has one.
        found: Option<String>,
    },
    /// No connector of this internal name is there.
    NoConnector {
        /// The internal name.
        name: String,
    },
    /// The workspace's own connector has no released version.
    NotReleased {
        /// The connector.
        title: ConnectorTitle,
    },
    /// The admin workspace has the connector, and does not share it.
    NotShared {
        /// The connector.
        title: ConnectorTitle,
    },
    /// Whether the connector is shared with the workspace is not known.
    SharingUnknown {
        /// The connector.
        title: ConnectorTitle,
    },
    /// Its JSON is none, so what it needs is not known.
    Unreadable {
        /// Why not.
        reason: String,
    },
    /// The connector is shared closed-source in another data center (platform.md §4).
    OutOfReach {
        /// The connector.
        title: ConnectorTitle,
        /// The data center where it is shared.
        data_center: Option<DataCenter>,
    },
}

impl Blocker {
    /// Its stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConnection { .. } => "no-connection",
            Self::NotAuthorized { .. } => "connection-not-authorized",
            Self::OtherApplication { .. } => "other-application",
            Self::NoConnector { .. } => "no-connector",
            Self::NotReleased { .. } => "not-released",
            Self::NotShared { .. } => "not-shared",
            Self::SharingUnknown { .. } => "sharing-unknown",
            Self::OutOfReach { .. } => "out-of-reach",
            Self::Unreadable { .. } => "broken-json",
        }
    }

    /// What to do about it. `within` says which workspace as options do: `--in local:acme`.
    pub fn help(&self, within: &str) -> String {
        match self {
            Self::NoConnection { name, .. } => format!(
                "import a package that brings the connection \"{name}\"; those that are there: recipack connection list {within}"
            ),
            Self::NotAuthorized { id, name } => {
                // A name that is a number would be taken for one, and not every name can be typed.
                let named = if name.parse::<u64>().is_ok() || name.contains(char::is_control) {
                    id.to_string()
                } else {
                    shell_word(name)
                };
                format!("recipack connection authorize {named} {within}")
            }
            Self::OtherApplication { wanted, .. } => format!(
                "import the recipe with a connection for `{wanted}`; those that are there: recipack connection list {within}"
            ),
            Self::NoConnector { .. } => format!(
                "import a package that brings the connector, or share it from the admin workspace; those that are there: recipack connector list {within}"
            ),
            Self::NotReleased { title } => format!(
                "recipack connector release {} {within}",
                shell_word(title.as_str())
            ),
            Self::NotShared { title } => format!(
                "share \"{title}\" from the admin workspace, or import a package that includes it"
            ),
            Self::SharingUnknown { title } => format!(
                "look in the admin workspace whether \"{title}\" is shared, and from which data center"
            ),
            Self::Unreadable { .. } => {
                "import the recipe again, from a package that `recipack check` finds sound"
                    .to_owned()
            }
            Self::OutOfReach { title, .. } => {
                format!("share \"{title}\" open-source, or import a package that includes it")
            }
        }
    }
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoConnection { name, application } => write!(
                f,
                "its connection \"{name}\" for `{application}` is not in the workspace"
            ),
            Self::NotAuthorized { name, .. } => {
                write!(f, "its connection \"{name}\" is not authorized")
            }
            Self::OtherApplication {
                name,
                wanted,
                found: Some(found),
            } => write!(
                f,
                "its connection \"{name}\" is for `{found}`, and its steps use `{wanted}`"
            ),
            Self::OtherApplication {
                name,
                wanted,
                found: None,
            } => write!(
                f,
                "its connection \"{name}\" is for no application, and its steps use `{wanted}`"
            ),
            Self::NoConnector { name } => {
                write!(f, "its connector `{name}` is not in the workspace")
            }
            Self::NotReleased { title } => {
                write!(f, "its connector \"{title}\" has no released version")
            }
            Self::NotShared { title } => {
                write!(
                    f,
                    "its connector \"{title}\" is not shared with the workspace"
                )
            }
            Self::SharingUnknown { title } => write!(
                f,
                "whether its connector \"{title}\" is shared with the workspace is not known"
            ),
            Self::Unreadable { reason } => {
                write!(f, "it is not the JSON that the platform writes: {reason}")
            }
            Self::OutOfReach {
                title,
                data_center: Some(data_center),
            } => write!(
                f,
                "its connector \"{title}\" is shared closed-source in {data_center} only"
            ),
            Self::OutOfReach {
                title,
                data_center: None,
            } => write!(
                f,
                "its connector \"{title}\" is shared closed-source in another data center"
            ),
        }
    }
}

/// Everything that keeps a recipe from starting, in the order of its applications; each once. `facts`
/// are those of the JSON as the workspace holds it, whose references `body` binds.
///
/// An application without a connection needs none: that is how built-in ones look, and custom
/// connectors without authentication.
pub fn obstacles(body: &Body, facts: &Facts, around: &StartContext<'_>) -> Vec<Blocker> {
    let config = facts.recipe().map_or(&[][..], |recipe| &recipe.config);
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    let mut tell = |obstacle: Option<Blocker>| {
        if let Some(obstacle) = obstacle.filter(|obstacle| told.insert(obstacle.clone())) {
            found.push(obstacle);
        }
    };
    for entry in config {
        tell(connector_obstacle(&entry.provider, around));
        if let Some(index) = entry.account {
            let named = facts
                .references
                .get(index)
                .map(|reference| &*reference.name);
            let binding = body.bindings.get(index).copied();
            let connection = match binding {
                Some(Binding::Asset(id)) => around.connections.get(&id).map(|state| (id, state)),
                Some(Binding::Connector(_) | Binding::Shared | Binding::Nothing) | None => None,
            };
            tell(connection_obstacle(&entry.provider, named, connection));
        }
    }
    let steps = facts.recipe().map_or(&[][..], |recipe| &recipe.actions);
    let steps = steps.iter().map(|step| &*step.provider);
    for provider in steps.chain(body.providers.iter().map(String::as_str)) {
        tell(connector_obstacle(provider, around));
    }
    found
}

fn connection_obstacle(
    application: &str,
    named: Option<&str>,
    connection: Option<(AssetId, &ConnectionState<'_>)>,
) -> Option<Blocker> {
    let Some((id, connection)) = connection else {
        return Some(Blocker::NoConnection {
            name: named.unwrap_or_default().to_owned(),
            application: application.to_owned(),
        });
    };
    if connection.application != Some(application) {
        return Some(Blocker::OtherApplication {
            name: connection.name.to_owned(),
            wanted: application.to_owned(),
            found: connection.application.map(str::to_owned),
        });
    }
    match connection.authorization {
        Authorization::Authorized => None,
        Authorization::Placeholder => Some(Blocker::NotAuthorized {
            id,
            name: connection.name.to_owned(),
        }),
    }
}

fn connector_obstacle(provider: &str, around: &StartContext<'_>) -> Option<Blocker> {
    if let Some(own) = around.connectors.get(provider) {
        return match own.released {
            Some(_) => None,
            None => Some(Blocker::NotReleased {
                title: own.title.clone(),
            }),
        };
    }
    let entry = around
        .shared
        .and_then(|shared| shared.by_internal_name(provider));
    match entry {
        Some(entry) => shared_obstacle(entry, around.data_center),
        None => InternalName::custom(provider).map(|name| Blocker::NoConnector {
            name: name.to_string(),
        }),
    }
}

fn shared_obstacle(entry: &CatalogueEntry, target: Option<&DataCenter>) -> Option<Blocker> {
    match Share::of(entry, target) {
        Share::Reachable => None,
        Share::Unknown | Share::ReachUnknown => Some(Blocker::SharingUnknown {
            title: entry.title.clone(),
        }),
        // A workspace is told of what does not reach it, as not shared with it.
        Share::NotShared if is_elsewhere(entry, target) => Some(Blocker::OutOfReach {
            title: entry.title.clone(),
            data_center: entry.data_center.clone(),
        }),
        Share::NotShared => Some(Blocker::NotShared {
            title: entry.title.clone(),
        }),
        Share::Unreachable => Some(Blocker::OutOfReach {
            title: entry.title.clone(),
            data_center: entry.data_center.clone(),
        }),
    }
}

fn is_elsewhere(entry: &CatalogueEntry, target: Option<&DataCenter>) -> bool {
    let elsewhere = entry.data_center.as_ref().zip(target);
    entry.visibility != Visibility::Open && elsewhere.is_some_and(|(own, target)| own != target)
}

#[cfg(test)]
mod tests;
