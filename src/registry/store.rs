//! What registries and layouts have in common.

use std::io::{self, Read, Write};
use std::path::Path;

use sha2::Digest as _;

use super::documents::{BlobDigest, Descriptor};
use super::error::RegistryError;
use super::reference::{Home, Selector, Tag};
use crate::model::ident::Digest;

/// The largest manifest or list that is read. Registries need not take larger ones.
pub const LARGEST_MANIFEST: u64 = 4 << 20;

/// What a blob is stored from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'c> {
    File(&'c Path),
    Bytes(&'c [u8]),
}

/// A manifest as it came. Its digest was compared if one was asked for.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) media_type: String,
}

/// Who keeps the list of what is attached to a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKept {
    /// Whoever has the manifests.
    ByStore,
    /// Whoever attaches, under a tag.
    ByTag,
}

/// Where manifests and blobs are kept.
pub(super) trait Store {
    /// Where that is.
    fn home(&self) -> &Home;

    /// What a tag points to.
    fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, RegistryError>;

    /// A manifest; nothing if it is not there.
    fn manifest(&self, which: &Selector) -> Result<Option<Fetched>, RegistryError>;

    /// Writes a blob into `into`. What comes is compared with what is known of it.
    fn blob(&self, blob: &Descriptor, into: &mut Sink<'_>) -> Result<(), RegistryError>;

    /// Keeps a blob, if it is not there already.
    fn keep_blob(&self, blob: &Descriptor, content: Content<'_>) -> Result<Kept, RegistryError>;

    /// Keeps a manifest under its digest, and says who has to list it if it is attached to another.
    fn keep_manifest(&self, manifest: &Descriptor, bytes: &[u8])
    -> Result<ListKept, RegistryError>;

    /// Points a tag to a manifest or list, which it keeps.
    fn tag(&self, tag: &Tag, manifest: &Descriptor, bytes: &[u8]) -> Result<(), RegistryError>;

    /// All tags, sorted.
    fn tags(&self) -> Result<Vec<Tag>, RegistryError>;

    /// What is attached to a manifest; nothing where nobody but who attaches keeps a list of it.
    fn attached(&self, subject: Digest) -> Result<Option<Vec<Descriptor>>, RegistryError>;
}

/// Whether a blob had to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was there.
    Already,
    /// It is now.
    New,
}

/// Takes bytes on, as long as they can be those of a blob.
struct Checked<'w> {
    into: &'w mut dyn Write,
    hash: sha2::Sha256,
    expected: u64,
    read: u64,
}

/// What differs from what is known.
#[derive(Debug, thiserror::Error)]
enum Differs {
    #[error("it has more than {0} bytes")]
    Longer(u64),
    #[error("it has {read} bytes, not {expected}")]
    Shorter { read: u64, expected: u64 },
    #[error("its digest is {0}")]
    Digest(BlobDigest),
}

impl<'w> Checked<'w> {
    fn new(blob: &Descriptor, into: &'w mut dyn Write) -> Self {
        Self {
            into,
            hash: sha2::Sha256::new(),
            expected: blob.size,
            read: 0,
        }
    }

    /// Whether it was all of the blob.
    fn finish(self, blob: &Descriptor) -> Result<(), Differs> {
        if self.read != self.expected {
            return Err(Differs::Shorter {
                read: self.read,
                expected: self.expected,
            });
        }
        let digest = BlobDigest(Digest::from_bytes(self.hash.finalize().into()));
        match digest == blob.digest {
            true => Ok(()),
            false => Err(Differs::Digest(digest)),
        }
    }

    /// Takes some bytes. What is too much is not passed on.
    fn take(&mut self, bytes: &[u8]) -> Result<io::Result<()>, Differs> {
        self.read = self.read.saturating_add(bytes.len() as u64);
        if self.read > self.expected {
            return Err(Differs::Longer(self.expected));
        }
        self.hash.update(bytes);
        Ok(self.into.write_all(bytes))
    }
}

/// Where the bytes of a blob go.
pub(super) struct Sink<'w> {
    /// What it is called if it can't be written to.
    pub(super) path: &'w Path,
    /// It.
    pub(super) write: &'w mut dyn Write,
}

/// Pours what is read into a place, as far as it can be a blob's, and compares it with what is known.
pub(super) fn pour(
    home: &Home,
    blob: &Descriptor,
    from: &mut dyn Read,
    into: &mut Sink<'_>,
    broken: impl Fn(io::Error) -> RegistryError,
) -> Result<(), RegistryError> {
    let wrong = |differs: Differs| RegistryError::Wrong {
        home: home.to_string(),
        what: format!("blob {}", blob.digest),
        why: differs.to_string(),
    };
    let path = into.path;
    let mut checked = Checked::new(blob, into.write);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(error)),
        };
        let taken = checked.take(buffer.get(..read).unwrap_or_default());
        taken
            .map_err(wrong)?
            .map_err(RegistryError::io("write", path))?;
    }
    checked.finish(blob).map_err(wrong)
}
