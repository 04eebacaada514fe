//! The customers of a partner.

use super::account::CustomerHandle;
use super::answer::Node;
use super::request::Request;
use super::{Client, ClientError};

/// A customer (platform.md §2.3). Its data center is that of the partner's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerInfo {
    /// The number of its workspace.
    pub id: u64,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
}

fn customer(node: &Node<'_>) -> Result<CustomerInfo, ClientError> {
    Ok(CustomerInfo {
        id: node.id("id")?,
        external_id: node
            .optional_text("external_id")?
            .filter(|id| !id.is_empty()),
        name: node.optional_text("name")?.unwrap_or_default(),
    })
}

impl Client {
    /// The customers of the token's workspace.
    ///
    /// # Errors
    /// As any question's; a workspace that is no partner's is refused.
    pub fn customers(&self) -> Result<Vec<CustomerInfo>, ClientError> {
        let request = Request::get("/api/managed_users".to_owned());
        self.transport
            .pages(&request, &["managed_users", "customers"], &[], customer)
    }

    /// One of them.
    ///
    /// # Errors
    /// As any question's, [`ClientError::NotFound`] if there is none of that name.
    pub fn customer(&self, handle: &CustomerHandle) -> Result<CustomerInfo, ClientError> {
        let request = Request::get(format!("/api/managed_users/{}", handle.segment()));
        let answer = self.transport.answer(&request)?;
        customer(&answer.record("id")?)
    }
}
