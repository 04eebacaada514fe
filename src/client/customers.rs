//! The customers of an admin workspace (platform.md §2.3).

use super::account::CustomerHandle;
use super::answer::Object;
use super::error::ClientError;
use super::transport::{Call, Client};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerInfo {
    /// The number of its workspace.
    pub id: u64,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
}

fn customer(object: Object<'_>, call: &Call<'_>) -> Result<CustomerInfo, ClientError> {
    Ok(CustomerInfo {
        id: object.need_number("id", call)?,
        external_id: object.text("external_id"),
        name: object.text("name").unwrap_or_default(),
    })
}

impl Client {
    /// All customers.
    ///
    /// # Errors
    /// If the token is no admin workspace's, or the platform can't be reached.
    pub fn customers(&self) -> Result<Vec<CustomerInfo>, ClientError> {
        let call = || Call::get("/api/managed_users");
        self.pages(call, &["managed_users"], customer)
    }

    /// A customer.
    ///
    /// # Errors
    /// If there is none, or the token is no admin workspace's.
    pub fn customer(&self, handle: &CustomerHandle) -> Result<CustomerInfo, ClientError> {
        let call = Call::get(format!("/api/managed_users/{handle}"));
        customer(self.answer(&call)?.object(), &call)
    }
}
