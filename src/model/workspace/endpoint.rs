//! API endpoints: whether they are enabled, and what tells one from another (platform.md §5.4, §9).

use std::fmt;

use super::{AssetId, AssetKey};
use crate::json::{Document, Node};
use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// Whether an API endpoint can be called.
    pub enum EndpointState: "state of an API endpoint" {
        /// It can, while its recipe runs.
        Enabled = "enabled",
        /// It can't.
        Disabled = "disabled",
    }
}

/// How an API endpoint is called: several of one name differ in that.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// `GET`.
    pub method: String,
    /// Its path below that of its collection.
    pub path: String,
}

impl Served {
    /// What the JSON of an endpoint says.
    pub fn of(endpoint: Document<'_>) -> Self {
        let text = |key: &str| {
            let text = endpoint.root().get(key).and_then(Node::text);
            text.unwrap_or_default().into_owned()
        };
        Self {
            method: text("method"),
            path: text("path"),
        }
    }

    /// Whether both are one, be it that one path begins with a slash.
    pub fn is(&self, other: &Self) -> bool {
        let path = |served: &'_ Self| served.path.trim_matches('/').to_owned();
        self.method.eq_ignore_ascii_case(&other.method) && path(self) == path(other)
    }
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// An API endpoint as lists tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointMark {
    /// Its name.
    pub name: String,
    /// How it is called.
    pub served: Served,
    /// The recipe that answers, if that is known.
    pub recipe: Option<AssetKey>,
    /// The number of that recipe, if it has one already.
    pub recipe_id: Option<AssetId>,
}
