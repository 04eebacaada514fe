//! Workspaces that a token reaches, and how their addresses are spelled.

use std::fmt;

use super::request::Request;
use super::transport::Transport;

/// A workspace that a token reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The one that the token belongs to.
    Own,
    /// A customer's, of whom the token's workspace is the partner.
    Customer(CustomerHandle),
}

/// How a customer is named (platform.md §2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomerHandle {
    /// By the platform's number.
    Number(u64),
    /// By the partner's own name for them.
    External(String),
}

impl CustomerHandle {
    /// As it stands in a path: the number, or `E` and the percent-encoded name.
    pub(super) fn segment(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::External(name) => format!("E{}", encoded(name)),
        }
    }
}

impl fmt::Display for CustomerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::External(name) => f.write_str(name),
        }
    }
}

/// Everything but letters, digits, `-`, `.`, `_` and `~` as `%XX`, so that no name leaves its place in
/// the path.
fn encoded(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// What can be done in one workspace.
#[derive(Clone, Copy)]
pub struct AccountApi<'c> {
    pub(super) transport: &'c Transport,
    pub(super) account: &'c Account,
}

impl AccountApi<'_> {
    /// A path in this workspace: that of the Developer API, or the same below the customer.
    pub(super) fn path(&self, rest: &str) -> String {
        match self.account {
            Account::Own => format!("/api/{rest}"),
            Account::Customer(handle) => format!("/api/managed_users/{}/{rest}", handle.segment()),
        }
    }

    pub(super) fn get(&self, rest: &str) -> Request<'static> {
        Request::get(self.path(rest))
    }
}

impl fmt::Debug for AccountApi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountApi")
            .field("account", self.account)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_name_stays_one_part_of_the_path() {
        for (handle, segment) in [
            (CustomerHandle::Number(890_744), "890744"),
            (CustomerHandle::External("A2300".to_owned()), "EA2300"),
            (
                CustomerHandle::External("a/b?c#d %2e".to_owned()),
                "Ea%2Fb%3Fc%23d%20%252e",
            ),
            (CustomerHandle::External("..".to_owned()), "E.."),
            (CustomerHandle::External("Zoë".to_owned()), "EZo%C3%AB"),
        ] {
            assert_eq!(handle.segment(), segment);
        }
    }
}
