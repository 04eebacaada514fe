//! What an import is told beside the folder that it goes into (platform.md §1.4).

use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::workspace::FolderPath;

keyword_enum! {
    /// What an import does with tags.
    pub enum TagsPolicy: "choice for tags" {
        /// Assets get the tags that the package has for them, and the workspace those that it lacks.
        Apply = "apply",
        /// Assets are imported without tags. Which tags an asset has that was there is not looked at.
        Skip = "skip",
    }
}

/// Where what belongs into Home goes, and whether tags come along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The folder for connections that lie in Home where the package comes from; Home itself, if
    /// nothing else is said.
    pub home: FolderPath,
    /// What is done with tags.
    pub tags: TagsPolicy,
}

impl Default for Landing {
    fn default() -> Self {
        Self {
            home: FolderPath::home(),
            tags: TagsPolicy::Apply,
        }
    }
}

impl Landing {
    /// Whether tags of an asset of this type stay out (platform.md §5.4).
    pub fn leaves_tags_out(&self, kind: &AssetKind) -> bool {
        let has_tags = matches!(
            kind,
            AssetKind::Recipe | AssetKind::Connection | AssetKind::DataTable
        );
        self.tags == TagsPolicy::Skip && has_tags
    }
}
