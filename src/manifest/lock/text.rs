//! The lock as a file: TOML, in one order, with what all targets have in common said once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Lock, LockedCatalogue, LockedConnector, LockedTarget};
use crate::model::ident::{DataCenter, Digest, TargetName};
use crate::model::path::PackagePath;
use crate::model::target::TargetKind;

/// The version of the format that this program writes.
const VERSION: u64 = 1;

const HEAD: &str = "\
# What the targets of the manifest get. `recipack lock` writes this file, `recipack lock --check`
# compares it; it belongs into version control and is not edited by hand.

";

/// A lock that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not what this program writes.
    #[error("{0}")]
    Syntax(String),
    /// It is of a later format.
    #[error("the lock's version is {found}, this program knows up to {VERSION}")]
    TooNew {
        /// The version.
        found: u64,
    },
    /// A target is there twice.
    #[error("the target `{0}` is there twice")]
    Twice(TargetName),
    /// Its digest is not that of its files: it was edited by hand, or merged badly.
    #[error("the files of `{target}` don't give its content-digest")]
    Contradiction {
        /// The target.
        target: TargetName,
    },
}

#[derive(Deserialize)]
struct Head {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Text {
    version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(default)]
    target: Vec<TargetText>,
    /// The files of packages with their digests, as most of the targets that have them get them.
    #[serde(default)]
    files: BTreeMap<PackagePath, Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TargetText {
    name: TargetName,
    kind: TargetKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_center: Option<DataCenter>,
    #[serde(default, skip_serializing_if = "LockedCatalogue::is_unknown")]
    catalog: LockedCatalogue,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project_digest: Option<Digest>,
    content_digest: Digest,
    /// The files that this target does not get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without: Vec<PackagePath>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    connectors: BTreeMap<String, LockedConnector>,
    /// The files that this target gets otherwise than most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<PackagePath, Digest>,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// If it is no lock, of a later format, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let syntax = |error: toml_edit::de::Error| LockError::Syntax(error.to_string());
        // The version is read first: a later one may differ in everything else.
        let Head { version } = toml_edit::de::from_str(text).map_err(syntax)?;
        if version > VERSION {
            return Err(LockError::TooNew { found: version });
        }
        let Text {
            manifest,
            target,
            files,
            ..
        } = toml_edit::de::from_str(text).map_err(syntax)?;
        let mut targets = BTreeMap::new();
        for text in target {
            let mut entries = files.clone();
            for path in &text.without {
                entries.remove(path);
            }
            entries.extend(text.files);
            let locked = LockedTarget {
                kind: text.kind,
                data_center: text.data_center,
                catalog: text.catalog,
                project: text.project_digest,
                connectors: text.connectors,
                entries,
            };
            if locked.content_digest() != text.content_digest {
                return Err(LockError::Contradiction { target: text.name });
            }
            if targets.contains_key(&text.name) {
                return Err(LockError::Twice(text.name));
            }
            targets.insert(text.name, locked);
        }
        Ok(Self { manifest, targets })
    }

    /// The lock as a file: the same lock gives the same bytes.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn to_text(&self) -> Result<String, toml_edit::ser::Error> {
        let files = self.common();
        let target = self.targets.iter().map(|(name, locked)| TargetText {
            name: name.clone(),
            kind: locked.kind,
            data_center: locked.data_center.clone(),
            catalog: locked.catalog,
            project_digest: locked.project,
            content_digest: locked.content_digest(),
            without: files
                .keys()
                .filter(|path| !locked.entries.contains_key(*path))
                .cloned()
                .collect(),
            connectors: locked.connectors.clone(),
            files: locked
                .entries
                .iter()
                .filter(|(path, digest)| files.get(*path) != Some(*digest))
                .map(|(path, digest)| (path.clone(), *digest))
                .collect(),
        });
        let text = Text {
            version: VERSION,
            manifest: self.manifest.clone(),
            target: target.collect(),
            files,
        };
        Ok(HEAD.to_owned() + &toml_edit::ser::to_string_pretty(&text)?)
    }

    /// Each file that a target gets, as most of them get it; as the first of them does, where as many
    /// get it otherwise.
    fn common(&self) -> BTreeMap<PackagePath, Digest> {
        let mut found: BTreeMap<&PackagePath, Vec<(Digest, usize)>> = BTreeMap::new();
        for target in self.targets.values() {
            for (path, digest) in &target.entries {
                let counts = found.entry(path).or_default();
                match counts.iter_mut().find(|(known, _)| known == digest) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((*digest, 1)),
                }
            }
        }
        let most = |counts: Vec<(Digest, usize)>| {
            let first = counts.into_iter().rev().max_by_key(|(_, count)| *count);
            first.map(|(digest, _)| digest)
        };
        found
            .into_iter()
            .filter_map(|(path, counts)| Some((path.clone(), most(counts)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn locked(entries: &BTreeMap<u8, u8>) -> LockedTarget {
        LockedTarget {
            kind: TargetKind::Customer,
            data_center: None,
            catalog: LockedCatalogue::Unknown,
            project: (entries.len() % 2 == 1).then(|| Digest::of(b"registry")),
            connectors: BTreeMap::new(),
            entries: entries
                .iter()
                .map(|(path, content)| {
                    let path = format!("Recipes/a \"{path}\".recipe.json").replace('"', "'");
                    (path.parse().expect("safe"), Digest::of(&[*content]))
                })
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            targets in prop::collection::btree_map(
                "[a-z]{1,3}",
                prop::collection::btree_map(0_u8..9, 0_u8..3, 0..9),
                0..5,
            ),
            manifest in prop::option::of("[a-z]{1,3}[.]toml"),
        ) {
            let targets = targets.iter().map(|(name, entries)| {
                (name.parse().expect("a name"), locked(entries))
            });
            let lock = Lock { manifest, targets: targets.collect() };
            let text = lock.to_text().expect("TOML");
            prop_assert_eq!(&Lock::parse(&text).expect("a lock"), &lock);
            prop_assert_eq!(Lock::parse(&text).expect("a lock").to_text().expect("TOML"), text);
        }
    }

    #[test]
    fn a_lock_that_was_edited_is_told_from_one_that_was_not() {
        let mut lock = Lock::default();
        let name: TargetName = "customers".parse().expect("a name");
        lock.targets
            .insert(name, locked(&BTreeMap::from([(1, 1), (2, 2)])));
        let text = lock.to_text().expect("TOML");
        let digest = Digest::of(&[1]).to_string();
        let other = text.replace(&digest, &Digest::of(&[7]).to_string());
        for (text, told) in [
            (
                other.as_str(),
                "the files of `customers` don't give its content-digest",
            ),
            (
                "version = 2\nnew = true",
                "the lock's version is 2, this program knows up to 1",
            ),
            ("version = 1\nnew = true", "unknown field `new`"),
            ("{}", "TOML parse error"),
        ] {
            let error = Lock::parse(text).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
