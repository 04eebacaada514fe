//! Packages as manifests: which file of a manifest is the package, and how one gets into a registry.

use std::path::{Path, PathBuf};

use super::documents::{BlobDigest, Descriptor, EMPTY_BYTES, INDEX, MANIFEST, Manifest, bytes};
use super::error::RegistryError;
use super::reference::{Reference, Selector, Tag};
use super::store::{Content, Fetched, Kept, Sink};
use super::{Opened, Pushed};
use crate::model::ident::Digest;

/// The type of a package's manifest.
pub(super) const PACKAGE: &str = "application/vnd.recipack.package.v1";
/// The type of the zip in it.
const ZIP: &str = "application/vnd.recipack.package.v1+zip";
/// The type of its decision record.
const RECORD: &str = "application/vnd.recipack.record.v1+json";
/// What a manifest says of its package.
const CONTENT_DIGEST: &str = "vnd.recipack.package.content-digest";
const TARGET_KIND: &str = "vnd.recipack.package.target-kind";
const GENERATOR: &str = "vnd.recipack.package.generator";

/// A file that goes into a registry.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is called there.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// What a package's record says that stands in its manifest, too.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The record itself.
    pub file: Parcel,
    /// The kind of target that the package is for.
    pub target_kind: String,
    /// The program that made the package.
    pub generator: String,
}

/// A package that goes into a registry.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The zip.
    pub zip: Parcel,
    /// Its content digest, which does not depend on the compressor.
    pub content_digest: Digest,
    /// The decision record, if there is one.
    pub record: Option<Recorded>,
}

/// Whether a tag may point to something else than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMoves {
    /// It may not.
    Refused,
    /// Somebody said so.
    Permitted,
}

/// A package in a registry, with what its manifest says of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its address by the digest of its manifest.
    pub reference: Reference,
    /// The digest of its manifest.
    pub digest: BlobDigest,
    /// What the zip is called; a name for a file in any folder.
    pub name: String,
    pub(super) manifest: Descriptor,
    zip: Descriptor,
    record: Option<Descriptor>,
}

/// How much is fetched at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The bytes of a zip.
    pub package: u64,
    /// The bytes of a record.
    pub record: u64,
}

impl Found {
    /// SHA-256 of the zip.
    pub const fn zip_digest(&self) -> Digest {
        self.zip.digest.0
    }
}

impl Parcel {
    fn descriptor(&self, media_type: &str) -> Descriptor {
        Descriptor::new(media_type, self.digest, self.size).titled(&self.name)
    }
}

impl Outgoing {
    /// The manifest, which is the same wherever and whenever it is made.
    fn manifest(&self) -> Manifest {
        let mut layers = vec![self.zip.descriptor(ZIP)];
        let mut manifest = Manifest::new(PACKAGE, Vec::new());
        let mut say = |key: &str, what: String| manifest.annotations.insert(key.to_owned(), what);
        say(CONTENT_DIGEST, BlobDigest(self.content_digest).to_string());
        if let Some(record) = &self.record {
            layers.push(record.file.descriptor(RECORD));
            say(TARGET_KIND, record.target_kind.clone());
            say(GENERATOR, record.generator.clone());
        }
        manifest.layers = layers;
        manifest
    }
}

impl Opened {
    /// Brings a package there: its files, its manifest, and at last the tag, so that whoever asks for
    /// the tag gets all of it or what was there before.
    ///
    /// # Errors
    /// If the tag points to something else and may not be moved, or it can't be brought there.
    pub fn push(
        &self,
        package: &Outgoing,
        tag: &Tag,
        moves: TagMoves,
    ) -> Result<Pushed, RegistryError> {
        let store = self.store();
        let manifest = package.manifest();
        let (written, digest) = written(&manifest)?;
        let descriptor = described(&manifest, &written, digest);
        let before = store.resolve(tag)?;
        let pushed = |moved_from, stored| Pushed {
            reference: Reference {
                home: store.home().clone(),
                selector: Some(Selector::Digest(digest)),
            },
            digest: BlobDigest(digest),
            moved_from,
            stored,
        };
        match before {
            Some(before) if before == digest => return Ok(pushed(None, 0)),
            Some(there) if moves == TagMoves::Refused => {
                return Err(RegistryError::Moved {
                    home: store.home().to_string(),
                    tag: tag.clone(),
                    there: BlobDigest(there),
                    here: BlobDigest(digest),
                });
            }
            Some(_) | None => {}
        }
        let mut stored = 0;
        let mut keep = |blob: &Descriptor, content: Content<'_>| {
            if store.keep_blob(blob, content)? == Kept::New {
                stored += blob.size;
            }
            Ok::<(), RegistryError>(())
        };
        keep(&manifest.config, Content::Bytes(EMPTY_BYTES))?;
        let files = [
            Some(&package.zip),
            package.record.as_ref().map(|record| &record.file),
        ];
        for (layer, file) in manifest.layers.iter().zip(files.into_iter().flatten()) {
            keep(layer, Content::File(&file.path))?;
        }
        store.keep_manifest(&descriptor, &written)?;
        // Somebody may have been faster since it was looked at.
        let now = store.resolve(tag)?;
        if let Some(there) = now.filter(|now| Some(*now) != before && *now != digest)
            && moves == TagMoves::Refused
        {
            return Err(RegistryError::Moved {
                home: store.home().to_string(),
                tag: tag.clone(),
                there: BlobDigest(there),
                here: BlobDigest(digest),
            });
        }
        store.tag(tag, &descriptor, &written)?;
        Ok(pushed(before.map(BlobDigest), stored))
    }

    /// Finds a package by a tag or a digest.
    ///
    /// # Errors
    /// If it is not there, or is no package.
    pub fn find(&self, which: &Selector) -> Result<Found, RegistryError> {
        let fetched = self.manifest(which)?;
        let home = self.store().home().clone();
        let reference = Reference {
            home,
            selector: Some(Selector::Digest(fetched.digest)),
        };
        let none = |why: String| RegistryError::NoPackage {
            what: reference.to_string(),
            why,
        };
        if fetched.media_type == INDEX {
            return Err(none("it is a list of manifests".to_owned()));
        }
        let manifest = read(&fetched.bytes).map_err(none)?;
        let zip = zip_of(&manifest).map_err(none)?.clone();
        let title = zip.title().filter(|title| is_file_name(title));
        let name = title.map_or_else(|| named_like(&reference), str::to_owned);
        let record = record_of(&manifest, &name).cloned();
        Ok(Found {
            digest: BlobDigest(fetched.digest),
            manifest: described(&manifest, &fetched.bytes, fetched.digest),
            reference,
            name,
            zip,
            record,
        })
    }

    /// The manifest that is meant.
    pub(super) fn manifest(&self, which: &Selector) -> Result<Fetched, RegistryError> {
        let store = self.store();
        let found = store.manifest(which)?;
        found.ok_or_else(|| RegistryError::Absent {
            home: store.home().to_string(),
            what: match which {
                Selector::Tag(tag) => format!("tag {tag}"),
                Selector::Digest(digest) => format!("manifest {}", BlobDigest(*digest)),
            },
            tags: self.tags().unwrap_or_default(),
        })
    }

    /// Writes a package's zip to a file. If it can't be, whatever is in the file is not the package.
    ///
    /// # Errors
    /// If it is larger than it may be, or what comes is not it.
    pub fn fetch_zip(
        &self,
        found: &Found,
        path: &Path,
        file: &mut dyn std::io::Write,
        bounds: &Bounds,
    ) -> Result<(), RegistryError> {
        self.fetch(found, &found.zip, path, file, bounds.package)
    }

    /// The bytes of a package's record, if there is one.
    ///
    /// # Errors
    /// The same.
    pub fn fetch_record(
        &self,
        found: &Found,
        bounds: &Bounds,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let Some(record) = &found.record else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let path = Path::new("memory");
        self.fetch(found, record, path, &mut bytes, bounds.record)?;
        Ok(Some(bytes))
    }

    pub(super) fn fetch(
        &self,
        found: &Found,
        blob: &Descriptor,
        path: &Path,
        write: &mut dyn std::io::Write,
        bound: u64,
    ) -> Result<(), RegistryError> {
        if blob.size > bound {
            return Err(RegistryError::NoPackage {
                what: found.reference.to_string(),
                why: format!(
                    "{} has {} bytes, and {bound} are the most that are fetched",
                    blob.title().unwrap_or("a file in it").escape_debug(),
                    blob.size
                ),
            });
        }
        self.store().blob(blob, &mut Sink { path, write })
    }
}

/// A manifest, or what it is instead.
pub(super) fn read(bytes: &[u8]) -> Result<Manifest, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("it is no manifest: {error}"))
}

pub(super) fn written(manifest: &Manifest) -> Result<(Vec<u8>, Digest), RegistryError> {
    bytes(manifest).map_err(|error| RegistryError::io("write", "manifest")(error.into()))
}

/// What lists say of a manifest.
pub(super) fn described(manifest: &Manifest, bytes: &[u8], digest: Digest) -> Descriptor {
    let media_type = manifest.media_type.as_deref().unwrap_or(MANIFEST);
    Descriptor {
        annotations: manifest.annotations.clone(),
        artifact_type: Some(manifest.kind().to_owned()),
        ..Descriptor::new(media_type, digest, bytes.len() as u64)
    }
}

/// The zip in a manifest: the file of that type, or the only one whose name says so.
fn zip_of(manifest: &Manifest) -> Result<&Descriptor, String> {
    let is_zip = |layer: &&Descriptor| {
        layer.title().is_some_and(|title| {
            Path::new(title)
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
        })
    };
    let typed: Vec<_> = of_type(manifest, ZIP).collect();
    let named: Vec<_> = manifest.layers.iter().filter(is_zip).collect();
    match (typed.as_slice(), named.as_slice()) {
        ([zip], _) | ([], [zip]) => Ok(zip),
        ([], []) => Err(format!(
            "it is {}, and no file in it is a zip",
            manifest.kind().escape_debug()
        )),
        _ => Err("several files in it are zips".to_owned()),
    }
}

/// The decision record in a manifest: the file of that type, or the one that is called like it.
fn record_of<'m>(manifest: &'m Manifest, zip: &str) -> Option<&'m Descriptor> {
    let stem = zip.rsplit_once('.').map_or(zip, |(stem, _)| stem);
    let called = format!("{stem}.recipack.json");
    let named = |layer: &&Descriptor| layer.title() == Some(called.as_str());
    of_type(manifest, RECORD)
        .next()
        .or_else(|| manifest.layers.iter().find(named))
}

fn of_type<'m>(manifest: &'m Manifest, media_type: &str) -> impl Iterator<Item = &'m Descriptor> {
    let layers = manifest.layers.iter();
    layers.filter(move |layer| layer.media_type == media_type)
}

/// Whether a name is one of a file in any folder, and of no hidden one.
pub(super) fn is_file_name(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '\0');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(plain)
}

/// What a package is called that has no name: like where it comes from.
fn named_like(reference: &Reference) -> String {
    let home = reference.home.to_string();
    let last = home.rsplit(['/', ':']).next().unwrap_or_default();
    match is_file_name(last) {
        true => format!("{last}.zip"),
        false => "package.zip".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(name: &str, bytes: &[u8]) -> Parcel {
        Parcel {
            path: PathBuf::from(name),
            name: name.to_owned(),
            size: bytes.len() as u64,
            digest: Digest::of(bytes),
        }
    }

    #[test]
    fn a_manifest_is_a_function_of_zip_and_record() {
        let mut package = Outgoing {
            zip: parcel("orders.zip", b"zip"),
            content_digest: Digest::of(b"content"),
            record: Some(Recorded {
                file: parcel("orders.recipack.json", b"record"),
                target_kind: "customer".to_owned(),
                generator: "recipack 1".to_owned(),
            }),
        };
        let (bytes, digest) = written(&package.manifest()).expect("written");
        package.zip.path = PathBuf::from("/elsewhere/orders.zip");
        assert_eq!(written(&package.manifest()).expect("written").1, digest);
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(
            !text.contains("created") && !text.contains("time"),
            "{text}"
        );
        let manifest = read(text.as_bytes()).expect("a manifest");
        assert_eq!(
            zip_of(&manifest).map(Descriptor::title),
            Ok(Some("orders.zip"))
        );
        assert!(record_of(&manifest, "any.zip").is_some());
    }

    #[test]
    fn a_package_that_others_pushed_is_known_by_its_names() {
        let layer = |title: &str| Descriptor::of("application/x", title.as_bytes()).titled(title);
        let mut manifest = Manifest::new("", vec![layer("a.txt"), layer("orders.ZIP")]);
        assert!(zip_of(&manifest).is_ok());
        manifest.layers.push(layer("orders.recipack.json"));
        assert!(record_of(&manifest, "orders.ZIP").is_some());
        manifest.layers.push(layer("b.zip"));
        assert!(zip_of(&manifest).is_err());
        for (name, fit) in [
            ("orders.zip", true),
            ("../orders.zip", false),
            (".hidden.zip", false),
            ("a\\b.zip", false),
            ("a\nb.zip", false),
            ("C:a.zip", false),
            ("", false),
        ] {
            assert_eq!(is_file_name(name), fit, "{name:?}");
        }
    }
}
