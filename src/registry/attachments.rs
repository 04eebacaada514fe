//! What is attached to a package: a signature, a statement, a bill of materials, reports.
//!
//! An attachment is a manifest with a `subject`. Registries that know of subjects list them. Where one
//! does not, whoever attaches keeps a list under the tag `sha256-<digest>`, which two at once can take
//! from each other. So each attachment has a tag of its own there first, and nobody is done before the
//! list has all that have one: what one lost, the other puts back, and `attach --repair` does too.

use std::path::Path;
use std::time::Duration;

use super::Opened;
use super::documents::{BlobDigest, Descriptor, EMPTY_BYTES, INDEX, Index, Manifest, TITLE, bytes};
use super::error::RegistryError;
use super::package::{Found, Parcel, is_file_name, read, written};
use super::reference::{ReferenceError, Selector, Tag};
use super::store::{Content, Fetched, ListKept};
use crate::client::Clock;

/// A signature of minisign.
pub const MINISIGN: &str = "application/vnd.recipack.signature.minisign.v1";
/// An in-toto statement that nobody signed.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// An envelope that holds a signed statement.
pub const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
/// A bill of materials.
pub const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
/// A report in SARIF.
pub const SARIF: &str = "application/sarif+json";
/// A report in JUnit's XML.
pub const JUNIT: &str = "application/vnd.recipack.report.junit.v1+xml";
/// A report in Markdown.
pub const MARKDOWN: &str = "text/markdown";
/// A report in HTML.
pub const HTML: &str = "text/html";

/// How often a list is written anew that others write, too.
const TRIES: usize = 40;
/// How long the others are given meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// Something that is attached.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The digest of its manifest.
    pub digest: BlobDigest,
    /// What it is: a media type.
    pub kind: String,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it is in the list.
    pub listed: Listed,
}

/// Whether readers find an attachment in the list of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// They do.
    Yes,
    /// It is there, and the list lost it.
    Lost,
}

/// What lists say of an attached manifest.
pub(super) fn described(manifest: &Manifest, fetched: &Fetched) -> Descriptor {
    super::package::described(manifest, &fetched.bytes, fetched.digest)
}

/// The tag of the list of what is attached.
fn list_tag(subject: BlobDigest) -> Result<Tag, ReferenceError> {
    format!("sha256-{}", subject.0).parse()
}

/// How tags of attachments begin.
fn prefix(subject: BlobDigest) -> String {
    format!("sha256-{}.", subject.0)
}

/// The tag of an attachment.
fn own_tag(subject: BlobDigest, attached: BlobDigest) -> Result<Tag, ReferenceError> {
    let digest = attached.0.to_string();
    let short = digest.get(..16).unwrap_or_default();
    format!("{}{short}", prefix(subject)).parse()
}

impl Opened {
    /// Attaches a file to a package. What is attached already is attached once.
    ///
    /// # Errors
    /// If it can't be brought there.
    pub fn attach(
        &self,
        package: &Found,
        file: &Parcel,
        kind: &str,
        clock: &dyn Clock,
    ) -> Result<Attachment, RegistryError> {
        let store = self.store();
        let layer = Descriptor::new(kind, file.digest, file.size).titled(&file.name);
        let mut manifest = Manifest::new(kind, vec![layer.clone()]);
        manifest
            .annotations
            .insert(TITLE.to_owned(), file.name.clone());
        let subject = &package.manifest;
        manifest.subject = Some(Descriptor::new(
            &subject.media_type,
            subject.digest.0,
            subject.size,
        ));
        let (written, digest) = written(&manifest)?;
        let own = super::package::described(&manifest, &written, digest);
        store.keep_blob(&manifest.config, Content::Bytes(EMPTY_BYTES))?;
        store.keep_blob(&layer, Content::File(&file.path))?;
        match store.keep_manifest(&own, &written)? {
            ListKept::ByStore => {}
            ListKept::ByTag => {
                let tag =
                    own_tag(subject.digest, own.digest).map_err(|error| self.named(&error))?;
                store.tag(&tag, &own, &written)?;
                self.list(subject.digest, Some(&own), clock)?;
            }
        }
        Ok(attachment(own, Listed::Yes))
    }

    /// What is attached to a package.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn discover(&self, package: &Found) -> Result<Vec<Attachment>, RegistryError> {
        let subject = package.manifest.digest;
        if let Some(listed) = self.store().attached(subject.0)? {
            let listed = listed.into_iter();
            return Ok(listed.map(|it| attachment(it, Listed::Yes)).collect());
        }
        let listed = self.listed(subject)?.manifests;
        let lost = self.lost(subject, &listed, None)?;
        let listed = listed.into_iter().map(|it| attachment(it, Listed::Yes));
        let lost = lost.into_iter().map(|it| attachment(it, Listed::Lost));
        Ok(listed.chain(lost).collect())
    }

    /// Puts back what the list of a package's attachments lost, and says how many that were.
    ///
    /// # Errors
    /// If it can't be read or written.
    pub fn repair(&self, package: &Found, clock: &dyn Clock) -> Result<usize, RegistryError> {
        let subject = package.manifest.digest;
        match self.store().attached(subject.0)? {
            Some(_) => Ok(0),
            None => self.list(subject, None, clock),
        }
    }

    /// The bytes of an attachment, which is one file.
    ///
    /// # Errors
    /// If it is larger than it may be, or what comes is not it.
    pub fn fetch_attachment(
        &self,
        package: &Found,
        attachment: &Attachment,
        bound: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let fetched = self.manifest(&Selector::Digest(attachment.digest.0))?;
        let none = |why: String| RegistryError::NoPackage {
            what: format!("attachment {}", attachment.digest),
            why,
        };
        let manifest = read(&fetched.bytes).map_err(none)?;
        let [layer] = manifest.layers.as_slice() else {
            return Err(none("it is not one file".to_owned()));
        };
        let mut bytes = Vec::new();
        let path = Path::new("memory");
        self.fetch(package, layer, path, &mut bytes, bound)?;
        Ok(bytes)
    }

    fn named(&self, error: &ReferenceError) -> RegistryError {
        RegistryError::Unreadable {
            host: self.store().home().to_string(),
            what: "the list of attachments".to_owned(),
            why: error.to_string(),
        }
    }

    /// The list of what is attached, where those who attach keep it.
    fn listed(&self, subject: BlobDigest) -> Result<Index, RegistryError> {
        let store = self.store();
        let tag = list_tag(subject).map_err(|error| self.named(&error))?;
        let Some(fetched) = store.manifest(&Selector::Tag(tag.clone()))? else {
            return Ok(Index::of(Vec::new()));
        };
        let unreadable = |why: String| RegistryError::Unreadable {
            host: store.home().to_string(),
            what: format!("tag {tag}"),
            why,
        };
        if fetched.media_type != INDEX {
            return Err(unreadable("it is no list of attachments".to_owned()));
        }
        serde_json::from_slice(&fetched.bytes).map_err(|error| unreadable(error.to_string()))
    }

    /// What has a tag of its own, or is `own`, and is not in a list.
    fn lost(
        &self,
        subject: BlobDigest,
        listed: &[Descriptor],
        own: Option<&Descriptor>,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let store = self.store();
        let prefix = prefix(subject);
        let mut known: Vec<BlobDigest> = listed.iter().map(|it| it.digest).collect();
        let mut lost = Vec::new();
        if let Some(own) = own.filter(|own| !known.contains(&own.digest)) {
            known.push(own.digest);
            lost.push(own.clone());
        }
        let tags = match store.tags() {
            Ok(tags) => tags,
            Err(RegistryError::Absent { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        for tag in tags {
            let Some(short) = tag.as_str().strip_prefix(&prefix) else {
                continue;
            };
            if known.iter().any(|it| it.0.to_string().starts_with(short)) {
                continue;
            }
            let Some(fetched) = store.manifest(&Selector::Tag(tag.clone()))? else {
                continue;
            };
            // Somebody else's tag may look the same.
            let Ok(manifest) = read(&fetched.bytes) else {
                continue;
            };
            if manifest.subject.as_ref().map(|it| it.digest) == Some(subject) {
                lost.push(described(&manifest, &fetched));
            }
        }
        Ok(lost)
    }

    /// Writes the list until it has everything. What was put back beside `own` is counted.
    fn list(
        &self,
        subject: BlobDigest,
        own: Option<&Descriptor>,
        clock: &dyn Clock,
    ) -> Result<usize, RegistryError> {
        let store = self.store();
        let tag = list_tag(subject).map_err(|error| self.named(&error))?;
        let mut put_back = 0;
        for attempt in 0..TRIES {
            if attempt > 0 {
                clock.pause(PAUSE)?;
            }
            let mut list = self.listed(subject)?;
            let lost = self.lost(subject, &list.manifests, own)?;
            if lost.is_empty() {
                return Ok(put_back);
            }
            let is_own = |it: &&Descriptor| Some(it.digest) == own.map(|own| own.digest);
            put_back += lost.iter().filter(|it| !is_own(it)).count();
            list.manifests.extend(lost);
            let (bytes, digest) =
                bytes(&list).map_err(|error| RegistryError::io("write", "list")(error.into()))?;
            let descriptor = Descriptor::new(INDEX, digest, bytes.len() as u64);
            store.tag(&tag, &descriptor, &bytes)?;
        }
        Err(RegistryError::Contended {
            home: store.home().to_string(),
            subject,
        })
    }
}

fn attachment(manifest: Descriptor, listed: Listed) -> Attachment {
    let name = manifest.title().filter(|name| is_file_name(name));
    Attachment {
        digest: manifest.digest,
        kind: manifest.artifact_type.clone().unwrap_or_default(),
        name: name.map(str::to_owned),
        listed,
    }
}
