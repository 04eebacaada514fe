//! Folders of a workspace.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::normal::nfc;
use crate::model::path::{PackagePath, PathError};

/// A folder of a workspace by the display names from the root down, such as `Orders/Functions`;
/// empty for Home, the root itself. A folder at the root is a project (platform.md §8.2).
///
/// Names that are canonically equivalent are one name, so it is kept in normalization form C.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct FolderPath(Arc<str>);

impl FolderPath {
    /// The root of the workspace.
    pub fn home() -> Self {
        Self::default()
    }

    /// The names, joined by `/`; empty for Home.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_home(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder's own name; empty for Home.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// How something in it is told from others of its name, as lists do: `Orders/Track parcels`.
    pub fn label(&self, name: &str) -> String {
        if self.is_home() {
            name.to_owned()
        } else {
            format!("{self}/{name}")
        }
    }

    /// The folder that holds it; none holds Home.
    pub fn parent(&self) -> Option<Self> {
        if self.is_home() {
            return None;
        }
        let parent = self.0.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(Self(parent.into()))
    }

    /// The folder that a package's folder becomes when the package is imported here.
    ///
    /// # Errors
    /// If both together are no path.
    pub fn join(&self, folder: &str) -> Result<Self, PathError> {
        match (self.is_home(), folder.is_empty()) {
            (true, _) => folder.parse(),
            (false, true) => Ok(self.clone()),
            (false, false) => format!("{self}/{folder}").parse(),
        }
    }

    /// The folder of this name in here.
    ///
    /// # Errors
    /// If the name can't be one.
    pub fn child(&self, name: &str) -> Result<Self, PathError> {
        // A slash would make two of it.
        if name.is_empty() || name.contains('/') {
            return Err(PathError {
                path: name.to_owned(),
                reason: "it is no single name",
            });
        }
        self.join(name)
    }

    /// The path from here to `other`, if that lies in this folder or is it.
    pub fn relative<'o>(&self, other: &'o Self) -> Option<&'o str> {
        if self.is_home() {
            return Some(&other.0);
        }
        let rest = other.0.strip_prefix(&*self.0)?;
        if rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }
}

impl FromStr for FolderPath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Ok(Self::home());
        }
        // Composed, a name may be longer.
        Ok(Self(PackagePath::of_folder(&nfc(text))?.as_str().into()))
    }
}

impl TryFrom<String> for FolderPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<FolderPath> for String {
    fn from(folder: FolderPath) -> Self {
        folder.as_str().to_owned()
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(text: &str) -> FolderPath {
        text.parse().expect("a folder")
    }

    #[test]
    fn folders_are_joined_and_taken_apart() {
        let orders = folder("Orders");
        assert_eq!(orders.join("").expect("a folder"), orders);
        assert_eq!(
            orders.join("Functions").expect("a folder"),
            folder("Orders/Functions")
        );
        assert_eq!(
            FolderPath::home().join("Functions").expect("a folder"),
            folder("Functions")
        );
        assert_eq!(folder("Orders/Functions").parent().as_ref(), Some(&orders));
        assert_eq!(orders.label("Track parcels"), "Orders/Track parcels");
        assert_eq!(FolderPath::home().label("Track parcels"), "Track parcels");
        assert_eq!(orders.parent(), Some(FolderPath::home()));
        assert_eq!(FolderPath::home().parent(), None);
        assert_eq!(
            orders.relative(&folder("Orders/Functions")),
            Some("Functions")
        );
        assert_eq!(orders.relative(&orders), Some(""));
        assert_eq!(orders.relative(&folder("Orders 2")), None);
        assert_eq!(FolderPath::home().relative(&orders), Some("Orders"));
        assert_eq!(folder("U\u{308}bergabe"), folder("\u{dc}bergabe"));
        assert_eq!(folder("In\\Out").name(), "In\\Out");
        for wrong in ["/a", "a//b", "a/../b", "a\\..\\b"] {
            assert!(wrong.parse::<FolderPath>().is_err(), "{wrong}");
        }
    }
}
