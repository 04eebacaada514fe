//! Packages in OCI registries, and in folders of the OCI image layout.
//!
//! A package there is a manifest whose files are the zip and its decision record. Its digest is a
//! function of both, tags only point to it, and signatures, statements, bills of materials and reports
//! are attached to it. Whatever comes is compared with its digest and its size before it is used.
//!
//! HTTP is that of [`client`](crate::client), not of a crate for registries: `oci-client` 0.18 asks
//! whatever address a challenge names for a token, follows redirects by rules of its own, and brings a
//! second HTTP client with 48 crates.

mod attachments;
mod challenge;
mod documents;
mod error;
mod http;
mod layout;
mod login;
mod package;
mod reference;
mod store;

pub use attachments::{
    Attachment, CYCLONEDX, DSSE, HTML, IN_TOTO, JUNIT, Listed, MARKDOWN, MINISIGN, SARIF,
};
pub use documents::BlobDigest;
pub use error::RegistryError;
pub use http::Connecting;
pub use layout::Opening;
pub use login::{Login, LoginError, Logins, Secret};
pub use package::{Bounds, Found, Outgoing, Parcel, Recorded, TagMoves};
pub use store::LARGEST_MANIFEST;

pub use reference::{Home, Host, Reference, ReferenceError, Selector, Tag};

use std::fmt;
use std::path::Path;

use http::Http;
use layout::Layout;
use store::Store;

/// A repository or a layout that can be worked with.
pub struct Opened(Box<dyn Store>);

/// A package that was brought somewhere.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Its address by digest.
    pub reference: Reference,
    /// The digest of its manifest.
    pub digest: BlobDigest,
    /// What the tag pointed to before, if that is something else.
    pub moved_from: Option<BlobDigest>,
    /// How many bytes of files were not there yet.
    pub stored: u64,
}

impl Opened {
    /// A folder in the layout.
    ///
    /// # Errors
    /// If it is none, and can't be made one.
    pub fn layout(folder: &Path, opening: Opening) -> Result<Self, RegistryError> {
        Ok(Self(Box::new(Layout::open(folder, opening)?)))
    }

    /// A repository of a registry.
    ///
    /// # Errors
    /// If it can't be spoken to.
    pub fn repository(
        host: &Host,
        name: &str,
        connecting: Connecting,
    ) -> Result<Self, RegistryError> {
        Ok(Self(Box::new(Http::open(host, name, connecting)?)))
    }

    fn store(&self) -> &dyn Store {
        &*self.0
    }

    /// The tags that people made, sorted.
    ///
    /// # Errors
    /// If they can't be listed.
    pub fn tags(&self) -> Result<Vec<Tag>, RegistryError> {
        let mut tags = self.store().tags()?;
        tags.retain(|tag| !tag.is_of_attachments());
        Ok(tags)
    }

    /// The digest that a tag points to; nothing if there is no such tag.
    ///
    /// # Errors
    /// If it can't be asked for.
    pub fn digest_of(&self, tag: &Tag) -> Result<Option<BlobDigest>, RegistryError> {
        Ok(self.store().resolve(tag)?.map(BlobDigest))
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opened").field(self.store().home()).finish()
    }
}
