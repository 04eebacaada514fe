//! An account: a token's own workspace, or a customer's.

use std::fmt;

use super::answer::Object;
use super::error::ClientError;
use super::transport::{Call, Client, Repeat};

/// How many things are asked for at once (platform.md §2.3).
pub(super) const PAGE: usize = 100;
/// How many pages are asked for at most: an account that large is none.
const MOST_PAGES: usize = 10_000;

/// Whose workspace is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The token's own.
    Own,
    /// A customer's, for the token of an admin workspace.
    Customer(CustomerHandle),
}

/// How a customer is named (platform.md §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerHandle {
    /// By the number of its workspace.
    Id(u64),
    /// By the partner's own name for it.
    ExternalId(String),
}

impl fmt::Display for CustomerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::ExternalId(id) => {
                f.write_str("E")?;
                for byte in id.bytes() {
                    match byte {
                        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                            write!(f, "{}", char::from(byte))?;
                        }
                        other => write!(f, "%{other:02X}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// The number of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FolderId(pub u64);

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The folder that holds it.
    pub parent_id: Option<u64>,
}

/// A project: a folder that lies in no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The number of its folder.
    pub folder_id: Option<u64>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its application: `provider` or `application`, as the two APIs spell it (platform.md §2.4).
    pub provider: Option<String>,
    /// The folder that holds it.
    pub folder_id: Option<u64>,
    /// Whether somebody gave it its credentials.
    pub authorized: bool,
}

/// What can be asked about an account.
#[derive(Clone, Debug)]
pub struct AccountApi<'c> {
    pub(super) client: &'c Client,
    pub(super) account: Account,
}

impl Client {
    /// Asks about an account.
    pub fn account(&self, account: &Account) -> AccountApi<'_> {
        AccountApi {
            client: self,
            account: account.clone(),
        }
    }
}

impl AccountApi<'_> {
    /// The path of something of the account.
    pub(super) fn path(&self, of: &str) -> String {
        match &self.account {
            Account::Own => format!("/api/{of}"),
            Account::Customer(handle) => format!("/api/managed_users/{handle}/{of}"),
        }
    }

    /// The folders in a folder; those in Home if none is named.
    ///
    /// # Errors
    /// If the account can't be read.
    pub fn folders(&self, parent: Option<FolderId>) -> Result<Vec<Folder>, ClientError> {
        let path = self.path("folders");
        let call = || {
            let call = Call::get(path.clone());
            match parent {
                Some(FolderId(parent)) => call.query("parent_id", parent),
                None => call,
            }
        };
        self.client.pages(call, &["folders"], folder)
    }

    /// Creates a folder.
    ///
    /// # Errors
    /// If it can't be created.
    pub fn create_folder(
        &self,
        name: &str,
        parent: Option<FolderId>,
    ) -> Result<Folder, ClientError> {
        let mut body = serde_json::json!({ "name": name });
        if let Some(FolderId(parent)) = parent {
            body["parent_id"] = parent.into();
        }
        let call = Call::post(self.path("folders"), Repeat::Never).json(body);
        folder(self.client.answer(&call)?.object(), &call)
    }

    /// The projects.
    ///
    /// # Errors
    /// If the account can't be read.
    pub fn projects(&self) -> Result<Vec<Project>, ClientError> {
        let path = self.path("projects");
        let call = || Call::get(path.clone());
        self.client.pages(call, &["projects"], |object, call| {
            Ok(Project {
                id: object.need_number("id", call)?,
                name: object.text("name").unwrap_or_default(),
                folder_id: object.number("folder_id"),
            })
        })
    }

    /// All connections.
    ///
    /// # Errors
    /// If the account can't be read.
    pub fn connections(&self) -> Result<Vec<ConnectionInfo>, ClientError> {
        let path = self.path("connections");
        // Connections are not listed page by page (platform.md §2.4).
        let call = Call::get(path);
        let answer = self.client.answer(&call)?;
        let list = answer.list(&["connections"], &call)?;
        list.into_iter()
            .map(|object| {
                let status = object.text("authorization_status");
                Ok(ConnectionInfo {
                    id: object.need_number("id", &call)?,
                    name: object.text("name").unwrap_or_default(),
                    provider: object
                        .text("provider")
                        .or_else(|| object.text("application")),
                    folder_id: object.number("folder_id"),
                    authorized: match status.as_deref() {
                        Some(status) => matches!(status, "success" | "authorized" | "connected"),
                        None => object.text("authorized_at").is_some(),
                    },
                })
            })
            .collect()
    }
}

fn folder(object: Object<'_>, call: &Call<'_>) -> Result<Folder, ClientError> {
    Ok(Folder {
        id: object.need_number("id", call)?,
        name: object.text("name").unwrap_or_default(),
        parent_id: object.number("parent_id"),
    })
}

impl Client {
    /// Asks page by page, to a page that is not full or brings nothing new (platform.md §2.3).
    pub(super) fn pages<'c, T>(
        &self,
        call: impl Fn() -> Call<'c>,
        keys: &[&str],
        read: impl Fn(Object<'_>, &Call<'_>) -> Result<T, ClientError>,
    ) -> Result<Vec<T>, ClientError> {
        let mut all = Vec::new();
        let mut met = std::collections::BTreeSet::new();
        for page in 1..=MOST_PAGES {
            let call = call().query("page", page).query("per_page", PAGE);
            let answer = self.answer(&call)?;
            let list = answer.list(keys, &call)?;
            let count = list.len();
            let mut news = 0;
            for object in list {
                // Whoever knows no pages answers everything each time.
                if object.number("id").is_none_or(|id| met.insert(id)) {
                    news += 1;
                    all.push(read(object, &call)?);
                }
            }
            if count < PAGE || news == 0 {
                break;
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_part_of_a_path() {
        for (handle, path) in [
            (CustomerHandle::Id(7), "7"),
            (CustomerHandle::ExternalId("A2300".to_owned()), "EA2300"),
            (
                CustomerHandle::ExternalId("a/b ?#é".to_owned()),
                "Ea%2Fb%20%3F%23%C3%A9",
            ),
        ] {
            assert_eq!(handle.to_string(), path);
        }
    }
}
