//! Customers of an admin workspace: found, made and renamed.
//!
//! A workspace that is made can't be unmade, and the platform is not known to refuse a second one of the
//! same external id. So what is asked for is written down before it is sent, and looked for before it is
//! asked for again: as long as a request may still arrive, no other one is sent.

use std::fs::TryLockError;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RemoteCustomer, RemoteWorkspace};
use crate::client::{ClientError, CustomerHandle, CustomerInfo, NewCustomer};
use crate::io::atomic;
use crate::io::system::private_file;
use crate::model::ident::Digest;
use crate::model::seal::{enveloped, unwrapped};
use crate::model::workspace::{Address, RemoteAccount, RemoteAddress, Timestamp, WorkspaceId};
use crate::workspace::WorkspaceError;
use crate::workspace::remote::RemoteError;

/// For how many seconds a request may still arrive: the platform cuts one after 40 (platform.md §12), and
/// its clock is not this one.
const ARRIVES_WITHIN: u64 = 180;
/// How often it is looked whether somebody else is done.
const LOOKING: Duration = Duration::from_millis(200);

/// Where workspaces that are asked for are written down.
#[derive(Clone, Debug)]
pub struct Provisions {
    folder: PathBuf,
}

/// A workspace that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Provision {
    host: String,
    admin: WorkspaceId,
    external_id: String,
    name: String,
    at: Timestamp,
}

impl Provisions {
    /// Those in a folder, which need not be there yet.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn file(&self, host: &str, admin: WorkspaceId, external_id: &str) -> PathBuf {
        let digest = Digest::of(format!("{host}\n{admin}\n{external_id}").as_bytes());
        let name: String = digest.to_string().chars().take(24).collect();
        self.folder.join(format!("{name}.json"))
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> WorkspaceError {
    RemoteError::Journal(Box::new(error)).into()
}

impl RemoteWorkspace {
    /// Where the platform's pages are: `https://app.workato.com`.
    pub fn site(&self) -> String {
        let base = self.client.base().to_string();
        base.trim_end_matches('/').to_owned()
    }

    /// The customer that the partner knows by this name; nothing if there is none.
    ///
    /// # Errors
    /// If that can't be asked, or the platform tells of somebody else.
    pub fn customer_known_as(
        &self,
        external_id: &str,
    ) -> Result<Option<RemoteCustomer>, WorkspaceError> {
        let handle = CustomerHandle::External(external_id.to_owned());
        match self.client.customer(&handle) {
            Ok(found) => self.is_known_as(external_id, found).map(Some),
            Err(ClientError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn is_known_as(
        &self,
        external_id: &str,
        found: CustomerInfo,
    ) -> Result<RemoteCustomer, WorkspaceError> {
        if found.external_id.as_deref() != Some(external_id) {
            return Err(RemoteError::Unreadable {
                address: self.address(),
                what: format!(
                    "asked for the customer with external id \"{external_id}\", the platform tells of number {} with {}",
                    found.id,
                    found.external_id.map_or_else(|| "none".to_owned(), |id| format!("\"{id}\""))
                ),
            }
            .into());
        }
        Ok(RemoteCustomer {
            address: Address::Remote(RemoteAddress {
                account: RemoteAccount::CustomerId(found.id),
                folder: None,
            }),
            id: WorkspaceId(found.id),
            external_id: found.external_id,
            name: found.name,
        })
    }

    /// Makes a workspace for a customer, unless there is one; `at` is now.
    ///
    /// # Errors
    /// [`RemoteError::Provisioning`] if one was asked for a moment ago, or just now, and is not there: it
    /// may still come.
    pub fn make_customer(
        &self,
        new: &NewCustomer,
        provisions: &Provisions,
        at: Timestamp,
    ) -> Result<RemoteCustomer, WorkspaceError> {
        let host = self.client.base().host();
        let path = provisions.file(&host, self.identity().workspace, &new.external_id);
        atomic::make_private_folder(&provisions.folder).map_err(failed)?;
        // Nobody else of this machine asks for the same meanwhile.
        let lock = private_file().open(path.with_extension("lock"));
        let lock = lock.map_err(failed)?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let paused = self.settings.pauses.pause(LOOKING);
                    paused.map_err(ClientError::from)?;
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let before = atomic::read(&path).map_err(failed)?;
        let before = before.map(|bytes| unwrapped::<Provision>(&bytes));
        let before = before.transpose().map_err(failed)?;
        if let Some(found) = self.customer_known_as(&new.external_id)? {
            forget(&path)?;
            return Ok(found);
        }
        if let Some(before) = before {
            let until = Timestamp(before.at.0.saturating_add(ARRIVES_WITHIN));
            if at < until {
                return Err(may_come(new, until));
            }
        }
        let provision = Provision {
            host,
            admin: self.identity().workspace,
            external_id: new.external_id.clone(),
            name: new.name.clone(),
            at,
        };
        let bytes = enveloped(&provision).map_err(failed)?;
        atomic::write(&path, &bytes).map_err(failed)?;
        let found = match self.client.create_customer(new) {
            Ok(made) => self.is_known_as(&new.external_id, made)?,
            Err(error @ (ClientError::Lost { .. } | ClientError::Cut(_))) => {
                // Whoever wants to stop is not made to wait for another answer.
                if matches!(error, ClientError::Cut(_)) {
                    return Err(error.into());
                }
                match self.customer_known_as(&new.external_id)? {
                    Some(found) => found,
                    None => {
                        let until = Timestamp(at.0.saturating_add(ARRIVES_WITHIN));
                        return Err(may_come(new, until));
                    }
                }
            }
            Err(error) => {
                // It was not made.
                forget(&path)?;
                return Err(error.into());
            }
        };
        forget(&path)?;
        Ok(found)
    }

    /// Gives a customer's workspace another name.
    ///
    /// # Errors
    /// If the platform does not, or tells another name afterwards.
    pub fn rename_customer(&self, id: WorkspaceId, name: &str) -> Result<(), WorkspaceError> {
        self.client.rename_customer(id.0, name)?;
        let found = self.client.customer(&CustomerHandle::Number(id.0))?;
        match found.name == name {
            true => Ok(()),
            false => Err(RemoteError::NotSo {
                address: self.address(),
                found: format!("customer {id} is called \"{}\"", found.name),
            }
            .into()),
        }
    }
}

fn may_come(new: &NewCustomer, until: Timestamp) -> WorkspaceError {
    RemoteError::Provisioning {
        external_id: new.external_id.clone(),
        until,
    }
    .into()
}

fn forget(path: &std::path::Path) -> Result<(), WorkspaceError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
