//! A folder in the OCI image layout: a registry's twin without a network.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::documents::{BlobDigest, Descriptor, INDEX, Index, MANIFEST, Manifest, REF_NAME, bytes};
use super::error::RegistryError;
use super::reference::{Home, Selector, Tag};
use super::store::{Content, Fetched, Kept, LARGEST_MANIFEST, ListKept, Sink, Store, pour};
use crate::io::limited;
use crate::io::system::Access;
use crate::io::temporary::file_in;
use crate::model::ident::Digest;

/// The file that says what the folder is, and what it says.
const MARK: &str = "oci-layout";
const MARK_BYTES: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The list of manifests.
const LIST: &str = "index.json";
/// The largest list, and the largest mark.
const LARGEST_LIST: u64 = 64 << 20;
const LARGEST_MARK: u64 = 1 << 12;

/// What a folder has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is there.
    Read,
    /// It is made if it is not there.
    Write,
}

/// A folder in the layout.
pub(super) struct Layout {
    home: Home,
    folder: PathBuf,
}

impl Layout {
    pub(super) fn open(folder: &Path, opening: Opening) -> Result<Self, RegistryError> {
        let layout = Self {
            home: Home::Layout(folder.to_owned()),
            folder: folder.to_owned(),
        };
        let mark = folder.join(MARK);
        match limited::read(&mark, LARGEST_MARK) {
            Ok(bytes) => layout.is_known(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => match opening {
                Opening::Write => layout.make()?,
                Opening::Read => {
                    return Err(layout.no_layout(match folder.exists() {
                        true => format!("there is no {MARK} in it"),
                        false => "it is not there".to_owned(),
                    }));
                }
            },
            Err(error) => return Err(RegistryError::io("read", mark)(error)),
        }
        Ok(layout)
    }

    fn no_layout(&self, why: String) -> RegistryError {
        RegistryError::NoLayout {
            folder: self.folder.clone(),
            why,
        }
    }

    fn is_known(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Mark {
            image_layout_version: String,
        }
        match serde_json::from_slice::<Mark>(bytes) {
            Ok(mark) if mark.image_layout_version.starts_with("1.") => Ok(()),
            Ok(mark) => Err(self.no_layout(format!(
                "its version is {}, and only 1 is known",
                mark.image_layout_version.escape_debug()
            ))),
            Err(_) => Err(self.no_layout(format!("its {MARK} is damaged"))),
        }
    }

    /// Makes a layout of a folder that is not there, or has nothing in it.
    fn make(&self) -> Result<(), RegistryError> {
        let fail = |error| RegistryError::io("write", &self.folder)(error);
        match fs::read_dir(&self.folder) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(self.no_layout("other files are in it".to_owned()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
        fs::create_dir_all(self.blobs()).map_err(fail)?;
        self.write_list(&Index::of(Vec::new()))?;
        // It is a layout once this is there.
        self.write(&self.folder.join(MARK), MARK_BYTES)
    }

    fn blobs(&self) -> PathBuf {
        self.folder.join("blobs").join("sha256")
    }

    fn path(&self, digest: BlobDigest) -> PathBuf {
        self.blobs().join(digest.0.to_string())
    }

    /// Writes a small file wholly or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
        let written = || {
            let mut file = file_in(&self.folder, Access::Umask)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        written().map_err(RegistryError::io("write", path))
    }

    fn list(&self) -> Result<Index, RegistryError> {
        let path = self.folder.join(LIST);
        let bytes = limited::read(&path, LARGEST_LIST).map_err(RegistryError::io("read", &path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| self.no_layout(format!("its {LIST} is damaged: {error}")))
    }

    fn write_list(&self, list: &Index) -> Result<(), RegistryError> {
        let path = self.folder.join(LIST);
        let (bytes, _) =
            bytes(list).map_err(|error| RegistryError::io("write", &path)(error.into()))?;
        self.write(&path, &bytes)
    }

    /// Changes the list, while nobody else does.
    fn change(&self, change: impl FnOnce(&mut Vec<Descriptor>)) -> Result<(), RegistryError> {
        let mark = self.folder.join(MARK);
        let held = File::open(&mark).and_then(|held| held.lock().map(|()| held));
        let _held = held.map_err(RegistryError::io("write", &mark))?;
        let mut list = self.list()?;
        change(&mut list.manifests);
        self.write_list(&list)
    }

    /// A manifest that the list or somebody names; nothing if it is not there.
    fn read(&self, digest: BlobDigest, media_type: &str) -> Result<Option<Fetched>, RegistryError> {
        let path = self.path(digest);
        let bytes = match limited::read(&path, LARGEST_MANIFEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RegistryError::io("read", path)(error)),
        };
        let found = BlobDigest(Digest::of(&bytes));
        match found == digest {
            true => Ok(Some(Fetched {
                bytes,
                digest: digest.0,
                media_type: media_type.to_owned(),
            })),
            false => Err(RegistryError::Wrong {
                home: self.home.to_string(),
                what: format!("manifest {digest}"),
                why: format!("its digest is {found}"),
            }),
        }
    }
}

fn is_tagged(entry: &Descriptor, tag: &Tag) -> bool {
    entry.annotations.get(REF_NAME).map(String::as_str) == Some(tag.as_str())
}

/// How a manifest stands in a list: with its type, its own annotations and what it is called.
fn entry(manifest: &Descriptor, tag: Option<&Tag>) -> Descriptor {
    let mut entry = manifest.clone();
    if let Some(tag) = tag {
        entry
            .annotations
            .insert(REF_NAME.to_owned(), tag.to_string());
    }
    entry
}

impl Store for Layout {
    fn home(&self) -> &Home {
        &self.home
    }

    fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, RegistryError> {
        let list = self.list()?;
        let mut found = list.manifests.iter().filter(|entry| is_tagged(entry, tag));
        let first = found.next().map(|entry| entry.digest);
        match (first, found.find(|entry| Some(entry.digest) != first)) {
            (first, None) => Ok(first.map(|digest| digest.0)),
            (_, Some(_)) => Err(self.no_layout(format!("tag {tag} stands for several manifests"))),
        }
    }

    fn manifest(&self, which: &Selector) -> Result<Option<Fetched>, RegistryError> {
        let digest = match which {
            Selector::Digest(digest) => Some(*digest),
            Selector::Tag(tag) => self.resolve(tag)?,
        };
        let Some(digest) = digest.map(BlobDigest) else {
            return Ok(None);
        };
        let list = self.list()?;
        let listed = list.manifests.iter().find(|entry| entry.digest == digest);
        let media_type = listed.map_or(MANIFEST, |entry| entry.media_type.as_str());
        self.read(digest, media_type)
    }

    fn blob(&self, blob: &Descriptor, into: &mut Sink<'_>) -> Result<(), RegistryError> {
        let path = self.path(blob.digest);
        let mut file = match limited::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RegistryError::Absent {
                    home: self.home.to_string(),
                    what: format!("blob {}", blob.digest),
                    tags: Vec::new(),
                });
            }
            Err(error) => return Err(RegistryError::io("read", &path)(error)),
        };
        pour(&self.home, blob, &mut file, into, |error| {
            RegistryError::io("read", &path)(error)
        })
    }

    fn keep_blob(&self, blob: &Descriptor, content: Content<'_>) -> Result<Kept, RegistryError> {
        let path = self.path(blob.digest);
        if path.metadata().is_ok_and(|there| there.len() == blob.size) {
            return Ok(Kept::Already);
        }
        let fail = |error| RegistryError::io("write", &path)(error);
        fs::create_dir_all(self.blobs()).map_err(fail)?;
        let mut kept = file_in(&self.folder, Access::Umask).map_err(fail)?;
        let mut sink = Sink {
            path: &path,
            write: kept.as_file_mut(),
        };
        match content {
            Content::Bytes(mut bytes) => pour(&self.home, blob, &mut bytes, &mut sink, fail)?,
            Content::File(from) => {
                let unreadable = |error| RegistryError::io("read", from)(error);
                let mut file = limited::open(from).map_err(unreadable)?;
                pour(&self.home, blob, &mut file, &mut sink, unreadable)?;
            }
        }
        kept.as_file().sync_all().map_err(fail)?;
        kept.persist(&path).map_err(|error| fail(error.error))?;
        Ok(Kept::New)
    }

    fn keep_manifest(
        &self,
        manifest: &Descriptor,
        bytes: &[u8],
    ) -> Result<ListKept, RegistryError> {
        self.keep_blob(manifest, Content::Bytes(bytes))?;
        let attached = serde_json::from_slice::<Manifest>(bytes);
        if attached.is_ok_and(|manifest| manifest.subject.is_some()) {
            self.change(|list| {
                if !list.iter().any(|there| there.digest == manifest.digest) {
                    list.push(entry(manifest, None));
                }
            })?;
        }
        Ok(ListKept::ByStore)
    }

    fn tag(&self, tag: &Tag, manifest: &Descriptor, bytes: &[u8]) -> Result<(), RegistryError> {
        self.keep_blob(manifest, Content::Bytes(bytes))?;
        self.change(|list| {
            list.retain(|there| !is_tagged(there, tag));
            list.push(entry(manifest, Some(tag)));
        })
    }

    fn tags(&self) -> Result<Vec<Tag>, RegistryError> {
        let list = self.list()?;
        let names = list.manifests.iter();
        let names = names.filter_map(|entry| entry.annotations.get(REF_NAME));
        // Others write whole names of images there.
        let mut tags: Vec<Tag> = names.filter_map(|name| name.parse().ok()).collect();
        tags.sort();
        tags.dedup();
        Ok(tags)
    }

    fn attached(&self, subject: Digest) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let subject = BlobDigest(subject);
        let mut found: Vec<Descriptor> = Vec::new();
        for listed in self.list()?.manifests {
            if listed.media_type == INDEX || found.iter().any(|it| it.digest == listed.digest) {
                continue;
            }
            let Some(fetched) = self.read(listed.digest, &listed.media_type)? else {
                continue;
            };
            let Ok(manifest) = serde_json::from_slice::<Manifest>(&fetched.bytes) else {
                continue;
            };
            if manifest.subject.as_ref().map(|it| it.digest) == Some(subject) {
                found.push(super::attachments::described(&manifest, &fetched));
            }
        }
        Ok(Some(found))
    }
}
