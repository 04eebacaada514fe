//! Trying what a token may do, by questions that change nothing.

use super::id::FolderId;
use super::request::Request;
use super::{AccountApi, Client, ClientError};

/// Something that a token may or may not do in a workspace. What the platform permits, it permits by
/// endpoint, so that a token may read recipes and not what an export would hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// List folders.
    Folders,
    /// List projects.
    Projects,
    /// List recipes.
    Recipes,
    /// List connections.
    Connections,
    /// List what an export of a folder would hold.
    ExportContents(FolderId),
}

impl Probe {
    const fn path(self) -> &'static str {
        match self {
            Self::Folders => "folders",
            Self::Projects => "projects",
            Self::Recipes => "recipes",
            Self::Connections => "connections",
            Self::ExportContents(_) => "export_manifests/folder_assets",
        }
    }
}

impl AccountApi<'_> {
    /// RetryState it.
    ///
    /// # Errors
    /// As any question's; [`ClientError::Unauthorised`] if it is not permitted.
    pub fn may(&self, trial: Probe) -> Result<(), ClientError> {
        let request = self.get(trial.path());
        let request = match trial {
            Probe::ExportContents(folder) => request.query("folder_id", folder),
            Probe::Folders | Probe::Projects | Probe::Recipes | Probe::Connections => {
                request.query("per_page", 1)
            }
        };
        self.transport.answer(&request).map(|_| ())
    }
}

impl Client {
    /// RetryState to list the custom connectors of the token's own workspace.
    ///
    /// # Errors
    /// As any question's; [`ClientError::Unauthorised`] if it is not permitted.
    pub fn may_list_connectors(&self) -> Result<(), ClientError> {
        let request = Request::get("/api/custom_connectors".to_owned()).query("per_page", 1);
        self.transport.answer(&request).map(|_| ())
    }

    /// RetryState to list the customers of the token's own workspace, which only partners' have.
    ///
    /// # Errors
    /// As any question's; [`ClientError::Unauthorised`] if it is not permitted.
    pub fn may_list_customers(&self) -> Result<(), ClientError> {
        let request = Request::get("/api/managed_users".to_owned()).query("per_page", 1);
        self.transport.answer(&request).map(|_| ())
    }
}
