//! Custom connectors, and sharing them (platform.md §2.2, §3).

use std::collections::BTreeMap;

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::reply::{ErrorBody, Reply, Success, ValidationBody, Wrapped};
use super::super::route::{
    Answer, Asked, Body, Kind, Method, Operation, Parameter, Scope, failed, schema,
};
use super::account::{PAGE, PER_PAGE};
use crate::model::catalogue::Visibility;
use crate::model::ident::{ConnectorTitle, Version};
use crate::model::workspace::{
    Address, ConnectorId, Partnership, Sharing, Timestamp, WorkspaceConnector, WorkspaceKind,
};
use crate::ops::workspace::operate::{OperateError, release};
use crate::ops::workspace::push::{PushFailure, PushRequest, push};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{AdminWorkspace as _, NoContents, Workspace as _};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/custom_connectors",
        scope: Scope::Own,
        summary: "Custom connectors",
        query: &[
            Parameter::of("title", Kind::Text, "What their titles hold"),
            Parameter::of(
                "oem_shared",
                Kind::Flag,
                "Whether they are shared with customers",
            ),
            PAGE,
            PER_PAGE,
        ],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Wrapped<Vec<Connector>>>))],
        handler: connectors,
    },
    Operation {
        method: Method::GET,
        path: "/custom_connectors/search",
        scope: Scope::Own,
        summary: "Custom connectors by a part of their title",
        query: &[Parameter::of("title", Kind::Text, "What their titles hold").required()],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Wrapped<Vec<Connector>>>))],
        handler: search,
    },
    Operation {
        method: Method::GET,
        path: "/custom_connectors/{id}",
        scope: Scope::Own,
        summary: "A custom connector",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Connector>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: one,
    },
    Operation {
        method: Method::GET,
        path: "/custom_connectors/{id}/code",
        scope: Scope::Own,
        summary: "The source of a connector's released version, or of its newest",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Data<Code>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: code,
    },
    Operation {
        method: Method::POST,
        path: "/custom_connectors",
        scope: Scope::Own,
        summary: "Creates a connector, with version 1",
        query: &[],
        body: Body::Json(schema::<NewConnector>),
        answers: &[
            (200, Answer::Json(schema::<Data<Connector>>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create,
    },
    Operation {
        method: Method::PUT,
        path: "/custom_connectors/{id}",
        scope: Scope::Own,
        summary: "Gives a connector another version",
        query: &[],
        body: Body::Json(schema::<NewVersion>),
        answers: &[
            (200, Answer::Json(schema::<Data<Connector>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: update,
    },
    Operation {
        method: Method::POST,
        path: "/custom_connectors/{id}/release",
        scope: Scope::Own,
        summary: "Releases a connector's newest version",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (404, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: release_it,
    },
    Operation {
        method: Method::POST,
        path: "/custom_connectors/{id}/share",
        scope: Scope::Own,
        summary: "Shares a connector's released version",
        query: &[],
        body: Body::Nothing,
        answers: SHARING,
        handler: share_latest,
    },
    Operation {
        method: Method::POST,
        path: "/custom_connectors/{id}/oem_share/{version}",
        scope: Scope::Own,
        summary: "Shares a released version with all customers",
        query: &[],
        body: Body::Nothing,
        answers: SHARING,
        handler: share,
    },
    Operation {
        method: Method::POST,
        path: "/custom_connectors/{id}/share_oem_version/{version}",
        scope: Scope::Own,
        summary: "Shares a released version with all customers, by the newer name",
        query: &[],
        body: Body::Nothing,
        answers: SHARING,
        handler: share,
    },
    Operation {
        method: Method::DELETE,
        path: "/custom_connectors/{id}/suppress_oem_version",
        scope: Scope::Own,
        summary: "Shares a connector no longer",
        query: &[],
        body: Body::Nothing,
        answers: SHARING,
        handler: unshare,
    },
];

const SHARING: &[(u16, Answer)] = &[
    (200, Answer::Json(schema::<Success>)),
    (403, Answer::Json(schema::<ErrorBody>)),
    (404, Answer::Json(schema::<ErrorBody>)),
    (400, Answer::Json(schema::<ValidationBody>)),
];

/// `{"data": …}`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Data<T> {
    data: T,
}

/// A custom connector.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Connector {
    id: u64,
    name: String,
    title: String,
    /// Only where a connector is searched for: the list tells released versions alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    latest_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    latest_version_note: Option<serde_json::Value>,
    latest_released_version: Option<u64>,
    latest_released_version_note: Option<String>,
    /// Only in admin workspaces.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    oem_shared_version: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    oem_shared_at: Option<serde_json::Value>,
    released_versions: Vec<Released>,
    static_webhook_url: Option<String>,
}

/// A released version.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Released {
    version: u64,
    version_note: Option<String>,
    created_at: String,
    released_at: String,
}

/// A source.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Code {
    code: String,
}

/// A connector to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewConnector {
    #[schemars(length(min = 1, max = 200))]
    title: String,
    code: String,
    description: Option<String>,
    note: Option<String>,
    /// A picture: PNG or JPEG, in base64.
    logo: Option<String>,
}

/// A new version of a connector.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewVersion {
    title: Option<String>,
    code: String,
    description: Option<String>,
    note: Option<String>,
    /// A picture: PNG or JPEG, in base64.
    logo: Option<String>,
}

struct Held {
    since: BTreeMap<ConnectorId, Timestamp>,
    partnership: Option<Partnership>,
    connectors: Vec<WorkspaceConnector>,
}

fn held(asked: &Asked<'_>) -> Result<Held, Reply> {
    let workspace = asked.opened()?;
    let facts = workspace.facts().map_err(|error| failed(&error))?;
    let partnership = match facts.kind {
        WorkspaceKind::Admin => Some(
            workspace
                .partnership(&|_| false)
                .map_err(|error| failed(&error))?,
        ),
        WorkspaceKind::Customer | WorkspaceKind::External => None,
    };
    let connectors = match &partnership {
        Some(partnership) => partnership.connectors.clone(),
        None => {
            let inventory = workspace.inventory().map_err(|error| failed(&error))?;
            inventory.connectors
        }
    };
    Ok(Held {
        since: workspace.shared_since().map_err(|error| failed(&error))?,
        partnership,
        connectors,
    })
}

impl Held {
    fn sharing(&self, connector: &WorkspaceConnector) -> Option<Sharing> {
        let partnership = self.partnership.as_ref()?;
        partnership.shares.get(&connector.id).copied()
    }

    fn told(&self, connector: &WorkspaceConnector) -> Connector {
        let running = connector.running();
        let sharing = self.sharing(connector);
        let is_admin = self.partnership.is_some();
        let mut released: Vec<Released> = connector
            .versions
            .iter()
            .filter_map(|version| {
                Some(Released {
                    version: version.number.0,
                    version_note: version.note.clone(),
                    created_at: version.created_at.utc(),
                    released_at: version.released_at?.utc(),
                })
            })
            .collect();
        released.reverse();
        Connector {
            id: connector.id.0,
            name: connector.internal_name.to_string(),
            title: connector.title.to_string(),
            latest_version: None,
            latest_version_note: None,
            latest_released_version: connector.released.map(|version| version.0),
            latest_released_version_note: running.and_then(|version| version.note.clone()),
            oem_shared_version: is_admin
                .then(|| sharing.map_or(serde_json::Value::Null, |own| own.version.0.into())),
            oem_shared_at: is_admin.then(|| match self.since.get(&connector.id) {
                Some(at) => at.utc().into(),
                None => serde_json::Value::Null,
            }),
            released_versions: released,
            static_webhook_url: None,
        }
    }

    /// What a search tells.
    fn found(&self, connector: &WorkspaceConnector) -> Connector {
        let latest = connector.latest();
        let note = latest.map(|version| version.note.clone().into());
        Connector {
            latest_version: latest.map(|version| version.number.0),
            latest_version_note: note,
            ..self.told(connector)
        }
    }

    fn find(&self, number: u64) -> Result<&WorkspaceConnector, Reply> {
        let mut all = self.connectors.iter();
        all.find(|connector| connector.id.0 == number)
            .ok_or_else(Reply::not_found)
    }
}

fn connectors(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let held = held(asked)?;
    let told = meant(asked, &held).map(|connector| held.told(connector));
    let told: Vec<Connector> = told.collect();
    Ok(Reply::wrapped(asked.page(told)))
}

fn search(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let held = held(asked)?;
    let found = meant(asked, &held).map(|connector| held.found(connector));
    let found: Vec<Connector> = found.collect();
    Ok(Reply::wrapped(found))
}

/// The connectors that a question is about.
fn meant<'h>(asked: &Asked<'_>, held: &'h Held) -> impl Iterator<Item = &'h WorkspaceConnector> {
    let title = asked.query.get("title").cloned().unwrap_or_default();
    let shared = asked.query_flag("oem_shared");
    held.connectors.iter().filter(move |connector| {
        connector.title.as_str().contains(&title)
            && shared.is_none_or(|shared| shared == held.sharing(connector).is_some())
    })
}

fn one(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let held = held(asked)?;
    Ok(Reply::wrapped(held.told(held.find(asked.number())?)))
}

fn code(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let held = held(asked)?;
    let connector = held.find(asked.number())?;
    let version = connector.running().or_else(|| connector.latest());
    let Some(code) = version.and_then(|version| version.code) else {
        return Err(Reply::not_found());
    };
    let mut bytes = Vec::new();
    asked
        .opened()?
        .content(&code, &mut bytes)
        .map_err(|error| failed(&error))?;
    Ok(Reply::ok(&Data {
        data: Code {
            code: String::from_utf8_lossy(&bytes).into_owned(),
        },
    }))
}

fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: NewConnector = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("code", error.to_string()))?;
    let title: ConnectorTitle =
        new.title
            .parse()
            .map_err(|error: crate::model::ident::NameError| {
                Reply::invalid("title", error.to_string())
            })?;
    if held(asked)?
        .connectors
        .iter()
        .any(|known| known.title == title)
    {
        return Err(Reply::invalid("title", "has already been taken"));
    }
    pushed(
        asked,
        title,
        NewVersion {
            title: None,
            code: new.code,
            description: new.description,
            note: new.note,
            logo: new.logo,
        },
    )
}

fn update(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let title = held(asked)?.find(asked.number())?.title.clone();
    let new: NewVersion = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("code", error.to_string()))?;
    if new
        .title
        .as_deref()
        .is_some_and(|new| new != title.as_str())
    {
        return Err(Reply::invalid("title", "can't be changed here"));
    }
    pushed(asked, title, new)
}

fn pushed(asked: &Asked<'_>, title: ConnectorTitle, new: NewVersion) -> Result<Reply, Reply> {
    let logo = match new.logo {
        Some(logo) => Some((
            "data".to_owned(),
            base64::engine::general_purpose::STANDARD
                .decode(logo)
                .map_err(|error| Reply::invalid("logo", error.to_string()))?,
        )),
        None => None,
    };
    let request = PushRequest {
        title: title.clone(),
        file: "connector.rb".to_owned(),
        source: new.code.into_bytes(),
        note: new.note,
        description: new.description,
        logo,
    };
    let address = Address::Local(asked.workspace.clone());
    let mut workspace = asked.opened()?;
    push(&mut workspace, &address, &request, asked.sandbox.now()).map_err(|error| match error {
        PushFailure::Workspace(error) => failed(&error),
        PushFailure::Refused(_) | PushFailure::Source { .. } => {
            Reply::invalid("code", error.to_string())
        }
        PushFailure::Logo { .. } => Reply::invalid("logo", error.to_string()),
    })?;
    let held = held(asked)?;
    let mut all = held.connectors.iter();
    let connector = all
        .find(|connector| connector.title == title)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&Data {
        data: held.told(connector),
    }))
}

fn release_it(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let name = held(asked)?.find(asked.number())?.internal_name.to_string();
    let address = Address::Local(asked.workspace.clone());
    let mut workspace = asked.opened()?;
    match release(&mut workspace, &address, &name, asked.sandbox.now()) {
        Ok(_) => Ok(Reply::success()),
        Err(OperateError::Workspace(error)) => Err(failed(&error)),
        Err(error) => Err(Reply::invalid("code", error.to_string())),
    }
}

fn share_latest(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let held = held(asked)?;
    let connector = held.find(asked.number())?;
    match connector.released {
        Some(version) => set_sharing(asked, &held, Some(version)),
        None => Err(Reply::invalid("version", "is not released")),
    }
}

fn share(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let version = asked.numbers.get(1).copied().unwrap_or_default();
    set_sharing(asked, &held(asked)?, Some(Version(version)))
}

fn unshare(asked: &Asked<'_>) -> Result<Reply, Reply> {
    set_sharing(asked, &held(asked)?, None)
}

fn set_sharing(asked: &Asked<'_>, held: &Held, version: Option<Version>) -> Result<Reply, Reply> {
    let connector = held.find(asked.number())?;
    let Some(partnership) = &held.partnership else {
        return Err(Reply::message(
            403,
            "Only admin workspaces share connectors with customers",
        ));
    };
    let mut commit = Commit::on(&partnership.workspace);
    let id = connector.id;
    match version {
        Some(version) => {
            if !connector.released_versions().contains(&version) {
                return Err(Reply::invalid("version", "is not a released one"));
            }
            let sharing = held.sharing(connector);
            commit.changes.push(Change::Share {
                id,
                sharing: Sharing {
                    version,
                    visibility: sharing.map_or(Visibility::Open, |own| own.visibility),
                },
                at: asked.sandbox.now(),
            });
        }
        None if held.sharing(connector).is_none() => return Err(Reply::not_found()),
        None => commit.changes.push(Change::Unshare(id)),
    }
    asked
        .opened()?
        .commit(&commit, &mut NoContents)
        .map_err(|error| failed(&error))?;
    Ok(Reply::success())
}
