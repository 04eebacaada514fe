//! Custom connectors of the token's own workspace, and what of them is shared (platform.md §2.2, §3).

use base64::Engine as _;
use serde_json::{Value, json};

use crate::model::catalogue::SharedVersion;
use crate::model::ident::{InternalName, Version};
use crate::model::workspace::ConnectorId;

use super::answer::{Answer, Node};
use super::request::Request;
use super::{Client, ClientError};

/// A custom connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorInfo {
    /// Its number.
    pub id: ConnectorId,
    /// Its name in this workspace.
    pub name: InternalName,
    /// Its title.
    pub title: String,
    /// The newest version, where the platform says which it is.
    pub latest_version: Option<Version>,
    /// The version that the workspace's own recipes run; `None` if none was ever released.
    pub latest_released_version: Option<Version>,
    /// What customers have of it.
    pub shared: SharedVersion,
    /// When that version was shared, as the platform spells it.
    pub shared_at: Option<String>,
    /// The released versions that the platform lists, which may be the recent ones only.
    pub released_versions: Vec<ReleasedVersion>,
}

/// A version that was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedVersion {
    /// Its number.
    pub version: Version,
    /// What somebody noted about it.
    pub note: Option<String>,
    /// When it was released, as the platform spells it.
    pub released_at: Option<String>,
}

/// What a connector is created or updated with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorDraft {
    /// Its title.
    pub title: String,
    /// Its source, at most 10 MB (platform.md §1.6).
    pub code: String,
    /// Its description.
    pub description: Option<String>,
    /// A note about this version.
    pub note: Option<String>,
    /// A picture: PNG or JPEG.
    pub logo: Option<Vec<u8>>,
}

/// What came of creating or updating a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its number.
    pub id: ConnectorId,
    /// Its name, where the answer has it.
    pub name: Option<InternalName>,
    /// Its newest version, where the answer has it.
    pub latest_version: Option<Version>,
}

fn version(node: &Node<'_>, key: &str) -> Result<Option<Version>, ClientError> {
    Ok(node.optional_id(key)?.map(Version))
}

fn internal_name(node: &Node<'_>) -> Result<InternalName, ClientError> {
    let name = node.text("name")?;
    name.parse()
        .map_err(|_| node.refuse("name", "an internal connector name"))
}

fn connector(node: &Node<'_>) -> Result<ConnectorInfo, ClientError> {
    let shared = match version(node, "oem_shared_version")? {
        Some(version) => SharedVersion::At(version),
        None if node.has("oem_shared_version") => SharedVersion::None,
        None => SharedVersion::Unsaid,
    };
    let list = ["released_versions", "recent_released_versions"]
        .into_iter()
        .find(|list| node.get(list).is_some())
        .unwrap_or("released_versions");
    let released = node.items(list)?;
    let released_versions = released.iter().map(released_version);
    Ok(ConnectorInfo {
        id: ConnectorId(node.id("id")?),
        name: internal_name(node)?,
        title: node.text("title")?,
        latest_version: version(node, "latest_version")?,
        latest_released_version: version(node, "latest_released_version")?,
        shared,
        shared_at: node.optional_text("oem_shared_at")?,
        released_versions: released_versions.collect::<Result<_, _>>()?,
    })
}

fn released_version(node: &Node<'_>) -> Result<ReleasedVersion, ClientError> {
    Ok(ReleasedVersion {
        version: Version(node.id("version")?),
        note: node.optional_text("version_note")?,
        released_at: node.optional_text("released_at")?,
    })
}

fn publication(answer: &Answer, known: Option<ConnectorId>) -> Result<Publication, ClientError> {
    match (answer.record("id"), known) {
        (Ok(node), _) => Ok(Publication {
            id: ConnectorId(node.id("id")?),
            name: node.get("name").and_then(|_| internal_name(&node).ok()),
            latest_version: version(&node, "latest_version")?,
        }),
        // What an update answers is not documented.
        (Err(_), Some(id)) => Ok(Publication {
            id,
            name: None,
            latest_version: None,
        }),
        (Err(error), None) => Err(error),
    }
}

impl ConnectorDraft {
    fn json(&self) -> Value {
        let mut body = json!({ "title": self.title, "code": self.code });
        for (key, value) in [("description", &self.description), ("note", &self.note)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        if let Some(logo) = &self.logo {
            body["logo"] = json!(base64::engine::general_purpose::STANDARD.encode(logo));
        }
        body
    }
}

impl Client {
    /// The workspace's custom connectors.
    ///
    /// # Errors
    /// As any question's.
    pub fn connectors(&self) -> Result<Vec<ConnectorInfo>, ClientError> {
        let request = Request::get("/api/custom_connectors".to_owned());
        self.transport.whole(
            &request,
            &["custom_connectors", "connectors"],
            &["name", "title"],
            connector,
        )
    }

    /// Those whose title holds this text, in this case.
    ///
    /// # Errors
    /// As any question's.
    pub fn search_connectors(&self, title: &str) -> Result<Vec<ConnectorInfo>, ClientError> {
        let path = "/api/custom_connectors/search".to_owned();
        let request = Request::get(path).query("title", title);
        let answer = match self.transport.answer(&request) {
            Ok(answer) => answer,
            // The answer may be a single record, and then nothing has nowhere to stand.
            Err(ClientError::NotFound { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if answer.body.is_null() {
            return Ok(Vec::new());
        }
        match answer.list(&["custom_connectors", "connectors"]) {
            Ok(nodes) => nodes.iter().map(connector).collect(),
            Err(_) => Ok(vec![connector(&answer.record("id")?)?]),
        }
    }

    /// A connector's source. Of which version is unknown (platform.md §3).
    ///
    /// # Errors
    /// As any question's.
    pub fn connector_code(&self, id: ConnectorId) -> Result<String, ClientError> {
        let request = Request::get(format!("/api/custom_connectors/{id}/code"));
        let answer = self.transport.answer(&request)?;
        let record = answer.record("code")?;
        let code = record.optional_contents("code")?;
        code.ok_or_else(|| record.refuse("code", "a text"))
    }

    /// Creates a connector; it is not released. It is asked for once.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn create_connector(&self, draft: &ConnectorDraft) -> Result<Publication, ClientError> {
        let path = "/api/custom_connectors".to_owned();
        let what = format!("create connector `{}`", draft.title);
        let request = Request::post(path, what).json(draft.json());
        self.transport
            .change(&request, |answer| publication(answer, None))
    }

    /// Makes a new version of a connector; it is not released. Each time makes another, so it is
    /// asked for once.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn update_connector(
        &self,
        id: ConnectorId,
        draft: &ConnectorDraft,
    ) -> Result<Publication, ClientError> {
        let path = format!("/api/custom_connectors/{id}");
        let what = format!("update connector `{}`", draft.title);
        let request = Request::put(path, what).once().json(draft.json());
        self.transport
            .change(&request, |answer| publication(answer, Some(id)))
    }

    /// Releases the newest version: every recipe of the workspace runs it from its next job on.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn release_connector(&self, id: ConnectorId) -> Result<(), ClientError> {
        let path = format!("/api/custom_connectors/{id}/release");
        let request = Request::post(path, format!("release connector {id}"));
        self.transport.answer(&request)?.accepted().map(drop)
    }

    /// Shares a version with all customers, or switches what they have to it. Two spellings of this
    /// are published, and both are tried (platform.md §2.2).
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn share_connector(&self, id: ConnectorId, version: Version) -> Result<(), ClientError> {
        let ask = |word: &str| {
            let number = version.0;
            let path = format!("/api/custom_connectors/{id}/{word}/{number}");
            let what = format!("share version {number} of connector {id}");
            self.transport
                .answer(&Request::post(path, what))?
                .accepted()
        };
        match ask("oem_share") {
            Ok(_) => Ok(()),
            Err(first) if is_unknown_path(&first) => match ask("share_oem_version") {
                Ok(_) => Ok(()),
                // It is the connector then, and not the spelling, that is unknown.
                Err(second) if is_unknown_path(&second) => Err(first),
                Err(second) => Err(second),
            },
            Err(first) => Err(first),
        }
    }

    /// Takes a connector away from all customers. Their recipes that use it stop, and it can't be
    /// undone (platform.md §4).
    ///
    /// # Errors
    /// As any question's.
    pub fn unshare_connector(&self, id: ConnectorId) -> Result<(), ClientError> {
        let path = format!("/api/custom_connectors/{id}/suppress_oem_version");
        let request = Request::delete(path, format!("stop sharing connector {id}"));
        self.transport.answer(&request)?.accepted().map(drop)
    }
}

fn is_unknown_path(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::NotFound { .. } | ClientError::Refused { status: 405, .. }
    )
}
