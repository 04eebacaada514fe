//! How a workspace is named on the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::model::ident::{NameError, WorkspaceName};

/// Where a workspace is.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^(local|https?|profile|customer):"))]
pub enum Address {
    /// `local:NAME`, in the local platform.
    Local(WorkspaceName),
    /// Behind the platform's API.
    Remote(RemoteAddress),
}

/// A workspace behind the platform's API, and a folder in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteAddress {
    /// Whose it is, and where.
    pub account: RemoteAccount,
    /// The folder that packages are exported from and imported into, by its number: `#folder=ID`.
    /// Home if there is none.
    pub folder: Option<u64>,
}

/// How a workspace behind the API is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemoteAccount {
    /// `https://HOST`: the workspace whose token is used there. `http` for the own machine only.
    Host(ApiHost),
    /// `profile:NAME`: the workspace of a profile, which knows host and token.
    Profile(String),
    /// `customer:NUMBER`: a customer's workspace by its number, through the admin account, if no
    /// other customer has that number as its external id.
    Customer(u64),
    /// `customer:id:NUMBER`: the same by its number, whatever else has it.
    CustomerId(u64),
    /// `customer:EXTERNAL_ID` or `customer:external:EXTERNAL_ID`: the same by the partner's own name
    /// for it.
    ExternalId(String),
}

/// The root of an API: `https://HOST[:PORT]`, or `http://` and a loopback address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiHost(String);

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not say where.
    #[error(
        "`{}` is no workspace: `local:NAME`, `https://HOST`, `profile:NAME` or `customer:ID` is expected", .0.escape_debug()
    )]
    Unknown(String),
    /// The name can't be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is no address of an API.
    #[error("`{}` is no address of the platform's API: {why}", text.escape_debug())]
    Host {
        /// The address.
        text: String,
        /// Why not.
        why: &'static str,
    },
    /// What follows `#` names no folder.
    #[error("`#{}` names no folder: `#folder=` and its number is expected", .0.escape_debug())]
    Folder(String),
    /// What follows `customer:id:` is no number.
    #[error("`customer:id:{}` names no customer: a number is expected", .0.escape_debug())]
    Number(String),
    /// A name is missing.
    #[error("`{0}:` names nothing")]
    Nameless(&'static str),
}

impl Address {
    /// The name, if it is in the local platform.
    pub const fn local(&self) -> Option<&WorkspaceName> {
        match self {
            Self::Local(name) => Some(name),
            Self::Remote(_) => None,
        }
    }

    /// The same without the folder.
    pub fn without_folder(&self) -> Self {
        match self {
            Self::Local(_) => self.clone(),
            Self::Remote(remote) => Self::Remote(RemoteAddress {
                folder: None,
                ..remote.clone()
            }),
        }
    }

    /// Whether a text looks like one, rather than like a path.
    pub fn is_meant(text: &str) -> bool {
        let kinds = ["local:", "https://", "http://", "profile:", "customer:"];
        kinds.iter().any(|kind| text.starts_with(kind))
    }
}

impl ApiHost {
    /// The data center that lives there, if it is one of the platform's (platform.md §7).
    pub fn data_center(&self) -> Option<&'static str> {
        let host = self.0.strip_prefix("https://")?;
        Some(match host {
            "www.workato.com" | "app.workato.com" => "us",
            "app.eu.workato.com" => "eu",
            "app.jp.workato.com" => "jp",
            "app.sg.workato.com" => "sg",
            "app.au.workato.com" => "au",
            "app.il.workato.com" => "il",
            "app.kr.workato.com" => "kr",
            "app.uk.workato.com" => "uk",
            "app.workatoapp.cn" => "cn",
            "app.trial.workato.com" => "trial",
            _ => return None,
        })
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.0.starts_with("http://")
            || Url::parse(&self.0).is_ok_and(|url| match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            })
    }

    /// The root, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ApiHost {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let no = |why| AddressError::Host {
            text: without_secrets(text),
            why,
        };
        let url = Url::parse(text).map_err(|_| no("it is no URL"))?;
        let Some(host) = url.host() else {
            return Err(no("it names no host"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(no("credentials don't belong into it"));
        }
        let loopback = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(no("it has to begin with https://")),
            _ => return Err(no("it has to begin with https://")),
        }
        if url.query().is_some() {
            return Err(no("nothing may follow the host"));
        }
        if !matches!(url.path().trim_end_matches('/'), "" | "/api") {
            return Err(no("nothing may follow the host"));
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

/// What is shown of an address that may hold a password.
fn without_secrets(text: &str) -> String {
    match text.split_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(name) = text.strip_prefix("local:") {
            return Ok(Self::Local(name.parse()?));
        }
        let (account, folder) = match text.split_once('#') {
            Some((account, fragment)) => (account, Some(folder(fragment)?)),
            None => (text, None),
        };
        let account = match account.split_once(':') {
            Some(("https" | "http", _)) => RemoteAccount::Host(account.parse()?),
            Some(("profile" | "customer", "")) => {
                let kind = if account == "profile:" {
                    "profile"
                } else {
                    "customer"
                };
                return Err(AddressError::Nameless(kind));
            }
            Some(("profile", name)) => RemoteAccount::Profile(name.to_owned()),
            Some(("customer", name)) => customer(name)?,
            Some(_) | None => return Err(AddressError::Unknown(without_secrets(text))),
        };
        Ok(Self::Remote(RemoteAddress { account, folder }))
    }
}

fn customer(name: &str) -> Result<RemoteAccount, AddressError> {
    if let Some(external) = name.strip_prefix("external:") {
        return match external {
            "" => Err(AddressError::Nameless("customer:external")),
            id => Ok(RemoteAccount::ExternalId(id.to_owned())),
        };
    }
    if let Some(number) = name.strip_prefix("id:") {
        return match number.parse() {
            _ if number.is_empty() => Err(AddressError::Nameless("customer:id")),
            Ok(id) => Ok(RemoteAccount::CustomerId(id)),
            Err(_) => Err(AddressError::Number(number.to_owned())),
        };
    }
    // A number of another spelling, such as `007`, is none: it could only be an external id.
    Ok(match name.parse::<u64>() {
        Ok(id) if id.to_string() == name => RemoteAccount::Customer(id),
        Ok(_) | Err(_) => RemoteAccount::ExternalId(name.to_owned()),
    })
}

fn folder(fragment: &str) -> Result<u64, AddressError> {
    fragment
        .strip_prefix("folder=")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| AddressError::Folder(fragment.to_owned()))
}

impl fmt::Display for RemoteAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "{host}"),
            Self::Profile(name) => write!(f, "profile:{name}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::CustomerId(id) => write!(f, "customer:id:{id}"),
            Self::ExternalId(id)
                if id.parse::<u64>().is_ok()
                    || id.starts_with("external:")
                    || id.starts_with("id:") =>
            {
                write!(f, "customer:external:{id}")
            }
            Self::ExternalId(id) => write!(f, "customer:{id}"),
        }
    }
}

impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account.fmt(f)?;
        match self.folder {
            Some(folder) => write!(f, "#folder={folder}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(name) => write!(f, "local:{name}"),
            Self::Remote(remote) => remote.fmt(f),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where() {
        let address: Address = "local:acme".parse().expect("an address");
        assert_eq!(address.local().map(WorkspaceName::as_str), Some("acme"));
        for text in [
            "local:acme",
            "https://www.workato.com",
            "https://app.eu.workato.com#folder=58",
            "http://127.0.0.1:8080#folder=1",
            "http://localhost:8080",
            "http://[::1]:8080",
            "profile:prod",
            "profile:prod#folder=7",
            "customer:890744",
            "customer:A2300#folder=9",
            "customer:external:42",
            "customer:external:id:42",
            "customer:external:007",
            "customer:id:42",
            "customer:id:42#folder=9",
        ] {
            let address: Address = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_follows_the_host_of_an_api_does_not_matter_if_it_is_the_usual() {
        for text in [
            "https://app.eu.workato.com/",
            "https://app.eu.workato.com/api/",
        ] {
            let address: Address = text.parse().expect(text);
            assert_eq!(address.to_string(), "https://app.eu.workato.com");
        }
    }

    #[test]
    fn whatever_else_is_none() {
        for wrong in [
            "",
            "acme",
            "local:",
            "local:a/b",
            "profile:",
            "customer:",
            "customer:external:",
            "customer:id:",
            "customer:id:K-1",
            "http://example.test",
            "http://127.0.0.1.example.test",
            "https://",
            "https://example.test/else",
            "https://example.test?a=b",
            "https://me:secret@example.test",
            "ftp://example.test",
            "https://example.test#folder=",
            "https://example.test#folder=x",
            "https://example.test#58",
            "profile:a#",
        ] {
            let error = wrong.parse::<Address>().expect_err(wrong);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
