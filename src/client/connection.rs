//! Connections.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::model::workspace::Authorization;

use super::account::AccountApi;
use super::answer::Node;
use super::error::ClientError;
use super::id::{ConnectionId, FolderId};
use super::request::Request;

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Its number.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// The connector that it is for, by its internal name; `None` where nothing was chosen yet.
    pub provider: Option<String>,
    /// What somebody else knows it by, if anybody said.
    pub external_id: Option<String>,
    /// The folder that it lies in.
    pub folder_id: Option<FolderId>,
    /// When it was changed last, as the platform spells it.
    pub updated_at: Option<String>,
    /// Whether somebody gave it credentials that work.
    pub authorization: Authorization,
    /// Whether it worked once, as far as the platform says it.
    pub was_authorized: Once,
}

/// Whether a connection worked once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// It did.
    Yes,
    /// The platform does not say that it did.
    NotSaid,
}

fn connection(node: &Node<'_>) -> Result<ConnectionInfo, ClientError> {
    // `provider` for customers, `application` in the Developer API (platform.md §2.4).
    let provider = match node.optional_text("provider")? {
        Some(provider) => Some(provider),
        None => node.optional_text("application")?,
    };
    let authorized = match node.optional_text("authorization_status")? {
        Some(status) => matches!(status.as_str(), "success" | "authorized" | "connected"),
        None => {
            node.optional_text("authorized_at")?.is_some()
                && node.optional_text("connection_lost_at")?.is_none()
        }
    };
    let since = node.optional_text("authorized_at")?;
    let was_authorized = match since {
        Some(_) => Once::Yes,
        None if node.optional_text("connection_lost_at")?.is_some() => Once::Yes,
        None => Once::NotSaid,
    };
    Ok(ConnectionInfo {
        was_authorized,
        id: ConnectionId(node.id("id")?),
        name: node.text("name")?,
        provider: provider.filter(|provider| !provider.is_empty()),
        external_id: node.optional_text("external_id")?,
        folder_id: node.optional_id("folder_id")?.map(FolderId),
        updated_at: node.optional_text("updated_at")?,
        authorization: if authorized {
            Authorization::Authorized
        } else {
            Authorization::Placeholder
        },
    })
}

impl AccountApi<'_> {
    /// The connections, without those that belong to single end users.
    ///
    /// # Errors
    /// As any question's.
    pub fn connections(&self) -> Result<Vec<ConnectionInfo>, ClientError> {
        let request = self.get("connections");
        self.transport
            .whole(&request, &["connections"], &["name"], connection)
    }

    /// Gives a connection its credentials. They can't be read back, and are not sent twice.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn give_credentials(
        &self,
        id: ConnectionId,
        fields: &BTreeMap<String, SecretString>,
    ) -> Result<ConnectionInfo, ClientError> {
        let input: Map<String, Value> = fields
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.expose_secret())))
            .collect();
        let what = format!("give connection {id} its credentials");
        let request = Request::put(self.path(&format!("connections/{id}")), what)
            .once()
            .json(json!({ "input": input }));
        self.transport
            .change(&request, |answer| connection(&answer.record("id")?))
    }
}
