//! The project whose package a console makes: its manifest is read, edited and written, and its
//! package planned and made, by the functions of the commands.

use super::Trouble;
use crate::manifest::{EditError, ManifestErrors};
use crate::model::ident::{Digest, TargetName};
use crate::ops::export::documents::ExportDocument;
use crate::ops::read::Opened;

/// What a console is told of a project by whoever serves it.
pub trait Packing: Send + Sync {
    /// The manifest as it is written now.
    ///
    /// # Errors
    /// If it can't be read.
    fn manifest(&self) -> Result<WrittenManifest, Trouble>;

    /// All that lies in the project's folder, whatever the manifest takes of it.
    ///
    /// # Errors
    /// If it can't be read, or does not lie in a folder.
    fn project(&self) -> Result<Opened, Trouble>;

    /// What `export --list` says for a target.
    ///
    /// # Errors
    /// If that can't be found out.
    fn planned(&self, target: &TargetName, words: Words) -> Result<ExportDocument, Trouble>;

    /// Writes another text in place of a manifest's, if that is still what was read.
    ///
    /// # Errors
    /// If it is not, or can't be written.
    fn save(&self, manifest: &WrittenManifest, text: &str) -> Result<(), Trouble>;

    /// The name that the package for a target gets unless somebody says another one.
    ///
    /// # Errors
    /// If that can't be found out.
    fn file_name(&self, target: &TargetName) -> Result<String, Trouble>;

    /// Makes the package for a target, if its plan still has this digest.
    ///
    /// # Errors
    /// If it is another plan by now, or the package can't be made.
    fn export(
        &self,
        target: &TargetName,
        file: &str,
        plan: Digest,
    ) -> Result<ExportDocument, Trouble>;

    /// Why an edit was not made.
    fn refused(&self, error: &EditError) -> Trouble;

    /// What is wrong with a manifest.
    fn unsound(&self, manifest: &WrittenManifest, errors: &ManifestErrors) -> Trouble;

    /// What was looked at is not what is there any more.
    fn stale(&self) -> Trouble;
}

/// A manifest as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenManifest {
    /// Where it lies, as commands name it.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// Whose words about connectors are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// The manifest's.
    OfManifest,
    /// Nobody's: the rule alone decides.
    OfNobody,
}
