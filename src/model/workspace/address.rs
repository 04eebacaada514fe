//! How a workspace is named on the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::ident::{NameError, WorkspaceName};

/// Where a workspace is. Other kinds of address may follow.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^local:"))]
pub enum Address {
    /// `local:NAME`, in the local platform.
    Local(WorkspaceName),
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not say where.
    #[error("`{}` is no workspace: `local:NAME` is expected", .0.escape_debug())]
    Unknown(String),
    /// The name can't be one.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Address {
    /// The workspace's name.
    pub const fn name(&self) -> &WorkspaceName {
        match self {
            Self::Local(name) => name,
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.split_once(':') {
            Some(("local", name)) => Ok(Self::Local(name.parse()?)),
            _ => Err(AddressError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(name) => write!(f, "local:{name}"),
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
        assert_eq!(address.name().as_str(), "acme");
        assert_eq!(address.to_string(), "local:acme");
        for wrong in ["acme", "local:", "local:a/b", "https://example.test", ""] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
