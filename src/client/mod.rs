//! The platform's HTTP API: the Developer API for a token's own workspace, and the Embedded API for
//! the customers of an admin workspace (platform.md §1–§3).
//!
//! What is asked and answered is typed here; what it means is decided elsewhere. Answers are read
//! with patience: wrapped or flat, with keys that nobody knows, with nulls anywhere.

mod account;
mod answer;
mod connectors;
mod customers;
mod error;
mod packages;
mod rate;
mod recipes;
mod retry;
mod settings;
mod transport;

pub use account::{Account, AccountApi, ConnectionInfo, CustomerHandle, Folder, FolderId, Project};
pub use connectors::{ConnectorDraft, ConnectorInfo};
pub use customers::CustomerInfo;
pub use error::ClientError;
pub use packages::{
    Job, JobId, JobStatus, ManifestAsset, ManifestId, NewManifest, RecipeStatus, RestartRecipes,
    RestartResult, Rows, Tags, Upload,
};
pub use recipes::{RecipeFilter, RecipeId, RecipeInfo, Started};
pub use settings::{Cut, Limits, Pauses, Settings, Timeouts};
pub use transport::Client;

use transport::Call;

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The number of the workspace, which stands in the internal names of its connectors.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The folder that is Home, if that is told.
    pub root_folder_id: Option<u64>,
}

impl Client {
    /// Says whose token it is: the universal check (platform.md §7).
    ///
    /// # Errors
    /// If it is not accepted, or the platform can't be reached.
    pub fn me(&self) -> Result<Me, ClientError> {
        let call = Call::get("/api/users/me");
        let answer = self.answer(&call)?;
        let object = answer.object();
        Ok(Me {
            id: object.need_number("id", &call)?,
            name: object.text("name").unwrap_or_default(),
            root_folder_id: object.number("root_folder_id"),
        })
    }
}
