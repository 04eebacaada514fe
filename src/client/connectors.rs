//! Custom connectors of the token's own workspace, and sharing them (platform.md §2.2, §3).

use base64::Engine as _;
use serde_json::{Value, json};

use super::answer::Object;
use super::error::ClientError;
use super::transport::{Call, Client, Repeat};
use crate::model::ident::{ConnectorTitle, Version};

/// A custom connector as lists tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorInfo {
    /// Its number.
    pub id: u64,
    /// Its internal name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its newest version, where that is told.
    pub latest_version: Option<u64>,
    /// The version that recipes run; none if none was released.
    pub latest_released_version: Option<u64>,
    /// Released versions, the newest ones at least.
    pub released_versions: Vec<u64>,
    /// The version that customers run. The outer none says that the workspace is no admin
    /// workspace: the key is not there.
    pub oem_shared_version: Option<Option<u64>>,
}

/// A new version of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorDraft {
    /// Its source.
    pub code: String,
    /// What it is.
    pub description: Option<String>,
    /// What its author notes of this version.
    pub note: Option<String>,
    /// Its picture.
    pub logo: Option<Vec<u8>>,
}

impl ConnectorDraft {
    fn body(&self) -> Value {
        let mut body = json!({ "code": self.code });
        if let Some(description) = &self.description {
            body["description"] = description.as_str().into();
        }
        if let Some(note) = &self.note {
            body["note"] = note.as_str().into();
        }
        if let Some(logo) = &self.logo {
            body["logo"] = base64::engine::general_purpose::STANDARD
                .encode(logo)
                .into();
        }
        body
    }
}

fn connector(object: Object<'_>, call: &Call<'_>) -> Result<ConnectorInfo, ClientError> {
    let versions = ["released_versions", "recent_released_versions"];
    let versions = versions.iter().flat_map(|key| object.objects(key));
    let mut released_versions: Vec<u64> = versions
        .filter_map(|version| version.number("version"))
        .collect();
    released_versions.sort_unstable();
    released_versions.dedup();
    Ok(ConnectorInfo {
        id: object.need_number("id", call)?,
        name: object.need_text("name", call)?,
        title: object.need_text("title", call)?,
        latest_version: object.number("latest_version"),
        latest_released_version: object.number("latest_released_version"),
        released_versions,
        oem_shared_version: object
            .has("oem_shared_version")
            .then(|| object.number("oem_shared_version")),
    })
}

impl Client {
    /// All custom connectors.
    ///
    /// # Errors
    /// If the token may not see them, or the platform can't be reached.
    pub fn connectors(&self) -> Result<Vec<ConnectorInfo>, ClientError> {
        let call = || Call::get("/api/custom_connectors");
        self.pages(call, &["custom_connectors"], connector)
    }

    /// The source of a connector; which version's is not documented (platform.md §3). Nothing where
    /// the platform does not show it.
    ///
    /// # Errors
    /// If the token may not see it, or the platform can't be reached.
    pub fn connector_code(&self, id: u64) -> Result<Option<String>, ClientError> {
        let call = Call::get(format!("/api/custom_connectors/{id}/code"));
        match self.answer(&call) {
            Ok(answer) => Ok(answer.object().text("code")),
            Err(ClientError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a connector, and says its number.
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn create_connector(
        &self,
        title: &ConnectorTitle,
        draft: &ConnectorDraft,
    ) -> Result<u64, ClientError> {
        let mut body = draft.body();
        body["title"] = title.as_str().into();
        let call = Call::post("/api/custom_connectors", Repeat::Never).json(body);
        self.answer(&call)?.object().need_number("id", &call)
    }

    /// Gives a connector a new version.
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn update_connector(&self, id: u64, draft: &ConnectorDraft) -> Result<(), ClientError> {
        let path = format!("/api/custom_connectors/{id}");
        self.answer(&Call::put(path).never_again().json(draft.body()))
            .map(drop)
    }

    /// Releases the newest version of a connector.
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn release_connector(&self, id: u64) -> Result<(), ClientError> {
        let path = format!("/api/custom_connectors/{id}/release");
        self.did(&Call::post(path, Repeat::Safe))
    }

    /// Makes a released version the one that all customers run. Two spellings are published; the
    /// second one is tried where the first is not known (platform.md §2.2).
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn share_connector(&self, id: u64, version: Version) -> Result<(), ClientError> {
        let call = |verb: &str| {
            let path = format!("/api/custom_connectors/{id}/{verb}/{}", version.0);
            Call::post(path, Repeat::Safe)
        };
        match self.did(&call("oem_share")) {
            Err(ClientError::NotFound { .. }) => self.did(&call("share_oem_version")),
            Err(ClientError::Refused { told, .. }) if told.starts_with("405") => {
                self.did(&call("share_oem_version"))
            }
            other => other,
        }
    }

    /// Stops sharing a connector, for good (platform.md §4).
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn unshare_connector(&self, id: u64) -> Result<(), ClientError> {
        let path = format!("/api/custom_connectors/{id}/suppress_oem_version");
        self.did(&Call::delete(path))
    }

    /// Makes a request whose answer may say that nothing was done.
    fn did(&self, call: &Call<'_>) -> Result<(), ClientError> {
        let answer = self.answer(call)?;
        if !answer.says_no() {
            return Ok(());
        }
        Err(ClientError::Refused {
            host: self.host().to_string(),
            what: call.to_string(),
            told: answer
                .error()
                .unwrap_or_else(|| "the platform does not say why".to_owned()),
        })
    }
}
