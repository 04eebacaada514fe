//! What may be said of what somebody changed in a workspace.

use super::keyword::keyword_enum;

keyword_enum! {
    /// What becomes of what somebody changed in a workspace since an import.
    pub enum EditsPolicy: "way" {
        /// The import waits until somebody says what becomes of it.
        Hold = "hold",
        /// It stays as it is, and the package's is left out.
        Keep = "keep",
        /// The package's takes its place.
        Overwrite = "overwrite",
        /// Recipes get both where the two sides changed other parts; the import waits where they did
        /// not, and for what is no recipe.
        Merge = "merge",
    }
}
