//! How git names commits and the contents of files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The hash by which a repository names its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// The name that a repository gives to the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BlobId {
    /// In a repository that hashes with SHA-1.
    Sha1([u8; 20]),
    /// In a repository that hashes with SHA-256.
    Sha256([u8; 32]),
}

/// The name of a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitId(String);

/// Works out the name of bytes that come in pieces.
pub struct BlobHasher(gix_hash::Hasher);

impl ObjectHash {
    /// The same for the crates that read repositories.
    pub const fn kind(self) -> gix_hash::Kind {
        match self {
            Self::Sha1 => gix_hash::Kind::Sha1,
            Self::Sha256 => gix_hash::Kind::Sha256,
        }
    }
}

impl BlobId {
    /// The name of these bytes; none if they are made to look like others (a collision of SHA-1).
    pub fn of(hash: ObjectHash, bytes: &[u8]) -> Option<Self> {
        let mut hasher = BlobHasher::new(hash, bytes.len() as u64);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The hash that made it.
    pub const fn hash(self) -> ObjectHash {
        match self {
            Self::Sha1(_) => ObjectHash::Sha1,
            Self::Sha256(_) => ObjectHash::Sha256,
        }
    }
}

impl BlobHasher {
    /// Begins with how many bytes there will be.
    pub fn new(hash: ObjectHash, length: u64) -> Self {
        let mut hasher = gix_hash::hasher(hash.kind());
        hasher.update(format!("blob {length}\0").as_bytes());
        Self(hasher)
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The name; none if the bytes are made to look like others.
    pub fn finish(self) -> Option<BlobId> {
        self.0.try_finalize().ok().and_then(BlobId::from_object)
    }
}

impl BlobId {
    /// The same, as the crates that read repositories have it.
    pub fn from_object(id: gix_hash::ObjectId) -> Option<Self> {
        match id.kind() {
            gix_hash::Kind::Sha1 => id.as_slice().try_into().ok().map(Self::Sha1),
            gix_hash::Kind::Sha256 => id.as_slice().try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    /// The same, for the crates that read repositories.
    pub fn to_object(self) -> gix_hash::ObjectId {
        match self {
            Self::Sha1(bytes) => gix_hash::ObjectId::Sha1(bytes),
            Self::Sha256(bytes) => gix_hash::ObjectId::Sha256(bytes),
        }
    }
}

impl From<gix_hash::ObjectId> for CommitId {
    fn from(id: gix_hash::ObjectId) -> Self {
        Self(id.to_hex().to_string())
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_names_that_git_gives_them() {
        // `printf 'recipe\n' | git hash-object --stdin`, in a repository of each sort.
        for (hash, name) in [
            (ObjectHash::Sha1, "bee8b8350b28becb859fab1d99a7188a7767879b"),
            (
                ObjectHash::Sha256,
                "cf82dc1e127acf9da63116221677baaba1b856868b140dd26945a9af36221ca7",
            ),
        ] {
            let id = BlobId::of(hash, b"recipe\n").expect("a name");
            assert_eq!(id.to_object().to_hex().to_string(), name);
            assert_eq!(BlobId::from_object(id.to_object()), Some(id));
            assert_eq!(id.hash(), hash);
            let mut hasher = BlobHasher::new(hash, 7);
            hasher.update(b"rec");
            hasher.update(b"ipe\n");
            assert_eq!(hasher.finish(), Some(id));
        }
    }
}
