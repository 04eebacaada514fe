//! The customers of a partner.

use serde_json::json;

use super::account::CustomerHandle;
use super::answer::Node;
use super::request::Request;
use super::{Client, ClientError};

/// A customer to make a workspace for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// Its name.
    pub name: String,
    /// The partner's own name for it.
    pub external_id: String,
    /// Where the platform sends its notifications.
    pub email: String,
}

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

    /// Makes a workspace for a customer. It is not sent twice: whether one is there has to be looked
    /// for.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn create_customer(&self, new: &NewCustomer) -> Result<CustomerInfo, ClientError> {
        let what = format!("make a workspace for customer {}", new.external_id);
        let request = Request::post("/api/managed_users".to_owned(), what).json(json!({
            "name": new.name,
            "external_id": new.external_id,
            "notification_email": new.email,
        }));
        self.transport
            .change(&request, |answer| customer(&answer.record("id")?))
    }

    /// Gives a customer's workspace another name.
    ///
    /// # Errors
    /// As any question's. To ask twice does no harm.
    pub fn rename_customer(&self, id: u64, name: &str) -> Result<CustomerInfo, ClientError> {
        let what = format!("give customer {id} another name");
        let path = format!(
            "/api/managed_users/{}",
            CustomerHandle::Number(id).segment()
        );
        let request = Request::put(path, what).json(json!({ "name": name }));
        self.transport
            .change(&request, |answer| customer(&answer.record("id")?))
    }
}
