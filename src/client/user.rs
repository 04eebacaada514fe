//! Whose token it is.

use crate::model::workspace::WorkspaceId;

use super::answer::Answer;
use super::id::FolderId;
use super::request::Request;
use super::{Client, ClientError};

/// The workspace that a token belongs to (platform.md §7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// Its number, which stands in the internal names of its connectors.
    pub id: WorkspaceId,
    /// Its name.
    pub name: Option<String>,
    /// The company's.
    pub company: Option<String>,
    /// Home, if the platform names it.
    pub root_folder: Option<FolderId>,
}

impl Client {
    /// The token's own workspace: the platform's way to try a token.
    ///
    /// # Errors
    /// As any question's.
    pub fn me(&self) -> Result<Me, ClientError> {
        let answer = self
            .transport
            .answer(&Request::get("/api/users/me".to_owned()))?;
        let me = me(&answer)?;
        if let Some(tally) = self.transport.tally() {
            tally.belongs_to(me.id);
        }
        Ok(me)
    }
}

fn me(answer: &Answer) -> Result<Me, ClientError> {
    let record = answer.record("id")?;
    Ok(Me {
        id: WorkspaceId(record.id("id")?),
        name: record.optional_text("name")?,
        company: record.optional_text("company_name")?,
        root_folder: record.optional_id("root_folder_id")?.map(FolderId),
    })
}
