//! What is missing before work can begin: at a workspace behind the API, as far as questions that
//! change nothing can tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::client::{Account, Client, ClientError, CustomerHandle, FolderId, Probe};
use crate::model::error::chain;
use crate::model::workspace::{RemoteAccount, RemoteAddress};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing fails because of it.
    Note,
    /// It is not known how it is.
    Unknown,
    /// Something will fail because of it.
    Missing,
}

impl Health {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkup {
    /// What: `git`, `token`, `list recipes` …
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Checkup {
    /// Something that was looked at.
    pub fn new(subject: &str, health: Health, found: impl Into<String>) -> Self {
        Self {
            subject: subject.to_owned(),
            health,
            found: found.into(),
            help: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn failed(subject: &str, health: Health, error: &ClientError) -> Self {
        let found = if let ClientError::Unauthorised { status, at, .. } = error {
            format!("not permitted ({status} for {} {})", at.method(), at.path())
        } else {
            chain(error)
        };
        let help = error.help();
        Self {
            help,
            ..Self::new(subject, health, found)
        }
    }
}

/// What `doctor` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorDocument {
    /// Whether nothing is missing.
    pub healthy: bool,
    /// What was looked at, in this order.
    pub checkups: Vec<Checkup>,
}

/// How far one gets with a workspace behind the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the workspace.
    Workspace,
    /// The token is not accepted.
    NotAuthorised,
    /// The platform can't be reached, or can't answer now.
    Unavailable,
}

/// Looks at a workspace. Nothing is changed there: exports and imports can't be tried so.
pub fn examine(client: &Client, address: &RemoteAddress) -> (Reach, Vec<Checkup>) {
    let host = client.base().host();
    let mut checkups = Vec::new();
    let me = match client.me() {
        Ok(me) => me,
        Err(error) => {
            let reach = if matches!(error, ClientError::Unauthorised { .. }) {
                checkups.push(Checkup::new("host", Health::Ok, format!("{host} answers")));
                checkups.push(Checkup::failed("token", Health::Missing, &error));
                Reach::NotAuthorised
            } else {
                checkups.push(Checkup::failed("host", Health::Missing, &error));
                Reach::Unavailable
            };
            return (reach, checkups);
        }
    };
    checkups.push(Checkup::new("host", Health::Ok, format!("{host} answers")));
    let name = me
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!(" \"{name}\""));
    let whose = format!("of workspace {}{name}", me.id);
    checkups.push(Checkup::new("token", Health::Ok, whose));
    let handle = match &address.account {
        RemoteAccount::Host(_) | RemoteAccount::Profile(_) => None,
        RemoteAccount::Customer(id) | RemoteAccount::CustomerId(id) => {
            Some(CustomerHandle::Number(*id))
        }
        RemoteAccount::ExternalId(id) => Some(CustomerHandle::External(id.clone())),
    };
    let account = match handle {
        None => Account::Own,
        Some(handle) => {
            match client.customer(&handle) {
                Ok(customer) => {
                    let found = format!("{} \"{}\"", customer.id, customer.name);
                    checkups.push(Checkup::new("customer", Health::Ok, found));
                }
                Err(error) => {
                    checkups.push(Checkup::failed("customer", Health::Missing, &error));
                    return (Reach::Workspace, checkups);
                }
            }
            Account::Customer(handle)
        }
    };
    let api = client.account(&account);
    let folder = address.folder.map(FolderId);
    let folder = folder.or(me.root_folder.filter(|_| account == Account::Own));
    let trials = [
        ("list folders", Some(Probe::Folders)),
        ("list projects", Some(Probe::Projects)),
        ("list recipes", Some(Probe::Recipes)),
        ("list connections", Some(Probe::Connections)),
        (
            "list what an export would hold",
            folder.map(Probe::ExportContents),
        ),
    ];
    for (subject, trial) in trials {
        checkups.push(match trial.map(|trial| api.may(trial)) {
            Some(Ok(())) => Checkup::new(subject, Health::Ok, "permitted"),
            Some(Err(error)) => Checkup::failed(subject, Health::Missing, &error),
            None => Checkup::new(subject, Health::Unknown, "not tried without a folder")
                .help("name one: add #folder=ID to the address"),
        });
    }
    checkups.push(match client.may_list_connectors() {
        Ok(()) => Checkup::new("list connectors", Health::Ok, "permitted"),
        Err(error) => Checkup::failed("list connectors", Health::Missing, &error),
    });
    checkups.push(match client.may_list_customers() {
        Ok(()) => Checkup::new("list customers", Health::Ok, "permitted"),
        Err(
            error @ (ClientError::Unauthorised { .. }
            | ClientError::NotFound { .. }
            | ClientError::Refused { .. }),
        ) => Checkup {
            help: Some("only partners need it, for customers and shared connectors".to_owned()),
            ..Checkup::failed("list customers", Health::Note, &error)
        },
        Err(error) => Checkup::failed("list customers", Health::Missing, &error),
    });
    checkups.push(Checkup::new(
        "export and import",
        Health::Unknown,
        "can't be tried without doing it",
    ));
    (Reach::Workspace, checkups)
}
