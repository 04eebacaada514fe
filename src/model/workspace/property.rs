//! Properties and their values (platform.md §12).

use serde::{Deserialize, Serialize};

use super::FolderPath;
use crate::model::ident::Digest;

/// A property: of a project, or of the workspace as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PropertyKey {
    /// The folder of the project whose property it is; none for one of the whole workspace.
    pub project: Option<FolderPath>,
    /// Its name.
    pub name: String,
}

/// The value of a property as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldValue {
    /// The value.
    Text(String),
    /// A secret, of which no more than this is kept.
    Secret(Digest),
}

impl HeldValue {
    /// What is kept of a secret: a digest that says nothing of the same value elsewhere. A value
    /// that can be guessed can be guessed from it, too.
    pub fn secret(key: &PropertyKey, value: &str) -> Self {
        let project = key.project.as_ref().map_or("/", FolderPath::as_str);
        let name = &key.name;
        Self::Secret(Digest::of(
            format!("property\0{project}\0{name}\0{value}").as_bytes(),
        ))
    }

    /// Whether it is this value.
    pub fn is(&self, key: &PropertyKey, value: &str) -> bool {
        match self {
            Self::Text(text) => text == value,
            Self::Secret(_) => *self == Self::secret(key, value),
        }
    }

    /// The value, if it is told.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(_) => None,
        }
    }
}
