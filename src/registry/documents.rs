//! The documents of the OCI image format, as far as packages need them. They are written with sorted
//! keys, without spaces, and without a time, so that a manifest's digest is a function of what it
//! names. (The crate `oci-spec` has them, too, with 25 other crates and no order of its own.)

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::reference::SHA256;
use crate::model::ident::Digest;

/// A manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// A list of manifests.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A configuration that says nothing.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// What it holds, and the same in base64.
pub(super) const EMPTY_BYTES: &[u8] = b"{}";
const EMPTY_DATA: &str = "e30=";
/// What a file is called.
pub(super) const TITLE: &str = "org.opencontainers.image.title";
/// What a manifest is called in a layout.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The version of all of these documents.
const SCHEMA_VERSION: u32 = 2;

/// A digest as registries write it: `sha256:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobDigest(pub Digest);

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHA256}{}", self.0)
    }
}

impl Serialize for BlobDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest = text.strip_prefix(SHA256).and_then(|hex| hex.parse().ok());
        digest.map(Self).ok_or_else(|| {
            serde::de::Error::custom("a digest is something else than `sha256:` and 64 digits")
        })
    }
}

/// What is known of a manifest or a blob before it is read. The fields stand in the order of their
/// keys, which is the order in which they are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    pub(super) digest: BlobDigest,
    pub(super) media_type: String,
    pub(super) size: u64,
    /// What others wrote there, such as a platform.
    #[serde(flatten)]
    pub(super) other: BTreeMap<String, Value>,
}

impl Descriptor {
    pub(super) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            annotations: BTreeMap::new(),
            artifact_type: None,
            data: None,
            digest: BlobDigest(digest),
            media_type: media_type.to_owned(),
            size,
            other: BTreeMap::new(),
        }
    }

    /// The one of these bytes.
    pub(super) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// The same of a file with this name.
    #[must_use]
    pub(super) fn titled(mut self, title: &str) -> Self {
        self.annotations.insert(TITLE.to_owned(), title.to_owned());
        self
    }

    pub(super) fn title(&self) -> Option<&str> {
        self.annotations.get(TITLE).map(String::as_str)
    }

    /// The configuration that says nothing.
    pub(super) fn empty() -> Self {
        Self {
            data: Some(EMPTY_DATA.to_owned()),
            ..Self::of(EMPTY, EMPTY_BYTES)
        }
    }
}

/// A manifest: what belongs together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    /// Others leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) schema_version: u32,
    /// What it is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Descriptor>,
}

impl Manifest {
    /// One of this type with these files.
    pub(super) fn new(artifact_type: &str, layers: Vec<Descriptor>) -> Self {
        Self {
            annotations: BTreeMap::new(),
            artifact_type: Some(artifact_type.to_owned()),
            config: Descriptor::empty(),
            layers,
            media_type: Some(MANIFEST.to_owned()),
            schema_version: SCHEMA_VERSION,
            subject: None,
        }
    }

    /// What it is: its own type, or that of its configuration, as those before version 1.1 have it.
    pub(super) fn kind(&self) -> &str {
        let own = self.artifact_type.as_deref().filter(|own| !own.is_empty());
        own.unwrap_or(&self.config.media_type)
    }
}

/// A list of manifests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    #[serde(default)]
    pub(super) manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) schema_version: u32,
    /// What others wrote there.
    #[serde(flatten)]
    pub(super) other: BTreeMap<String, Value>,
}

impl Index {
    pub(super) fn of(manifests: Vec<Descriptor>) -> Self {
        Self {
            manifests,
            media_type: Some(INDEX.to_owned()),
            schema_version: SCHEMA_VERSION,
            other: BTreeMap::new(),
        }
    }
}

/// The bytes of a document, and their digest.
pub(super) fn bytes(document: &impl Serialize) -> Result<(Vec<u8>, Digest), serde_json::Error> {
    let bytes = serde_json::to_vec(document)?;
    let digest = Digest::of(&bytes);
    Ok((bytes, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_one_form() {
        let zip = Descriptor::of("application/zip", b"zip").titled("a.zip");
        let mut manifest = Manifest::new("application/vnd.recipack.package.v1", vec![zip]);
        manifest.subject = Some(Descriptor::of(MANIFEST, b"m"));
        manifest.annotations.insert("b".to_owned(), "1".to_owned());
        manifest.annotations.insert("a".to_owned(), "2".to_owned());
        let (written, digest) = bytes(&manifest).expect("written");
        // A map sorts its keys.
        let value: Value = serde_json::from_slice(&written).expect("JSON");
        assert_eq!(value.to_string().into_bytes(), written);
        assert_eq!(digest, Digest::of(&written));
        let read: Manifest = serde_json::from_slice(&written).expect("a manifest");
        assert_eq!(read, manifest);
        assert_eq!(
            manifest.config.digest.to_string(),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }

    #[test]
    fn what_others_write_into_descriptors_stays() {
        let text = r#"{"manifests":[{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","mediaType":"x","size":2,"platform":{"os":"linux"}}],"schemaVersion":2}"#;
        let index: Index = serde_json::from_str(text).expect("an index");
        let (written, _) = bytes(&index).expect("written");
        assert_eq!(String::from_utf8(written).expect("UTF-8"), text);
        let other = text.replace("sha256", "sha512");
        assert!(serde_json::from_str::<Index>(&other).is_err());
    }
}
