//! Names for imports over the platform's API.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::model::ident::Digest;

/// How many hexadecimal digits an id has.
const DIGITS: usize = 12;

/// Names an import over the API, for whoever resumes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ImportId(Box<str>);

impl ImportId {
    /// The id of an import of a package into a workspace in this state. `workspace` stands for the
    /// workspace.
    pub fn of(
        workspace: &dyn fmt::Display,
        package: &Digest,
        base: &Digest,
        at: Timestamp,
    ) -> Self {
        let of = format!("{workspace}\n{package}\n{base}\n{}", at.0);
        let digest = Digest::of(of.as_bytes()).to_string();
        Self(digest.chars().take(DIGITS).collect::<String>().into())
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no import's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has {DIGITS} hexadecimal digits, as `import` printed them")]
pub struct NoImportId;

impl FromStr for ImportId {
    type Err = NoImportId;
    fn from_str(text: &str) -> Result<Self, NoImportId> {
        let is_one = text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
        if is_one {
            Ok(Self(text.into()))
        } else {
            Err(NoImportId)
        }
    }
}

impl TryFrom<String> for ImportId {
    type Error = NoImportId;
    fn try_from(text: String) -> Result<Self, NoImportId> {
        text.parse()
    }
}

impl From<ImportId> for String {
    fn from(id: ImportId) -> Self {
        id.to_string()
    }
}
