//! Files that are known because they were read a moment ago.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Seen;
use crate::model::facts::Facts;
use crate::model::finding::Subject;
use crate::model::git::BlobId;
use crate::model::path::PackagePath;
use crate::model::project::{Content, Project};

/// What is known of files because they were read, under other paths, a moment ago.
#[derive(Default)]
pub(super) struct ReadBefore(BTreeMap<String, KnownFile>);

/// What is known of a file.
#[derive(Clone)]
pub(super) struct KnownFile {
    pub(super) content: Content,
    pub(super) facts: Option<Arc<Facts>>,
    pub(super) seen: Seen,
    pub(super) blob: Option<BlobId>,
}

impl ReadBefore {
    /// Of the files in this folder, by their paths from there. Those with a finding are read again.
    pub(super) fn of(project: &Project, blobs: &[Option<BlobId>], root: &str) -> Self {
        let mut facts: BTreeMap<&PackagePath, &Arc<Facts>> = BTreeMap::new();
        for asset in &project.assets {
            facts.insert(&asset.path, &asset.facts);
        }
        let mut told = BTreeSet::new();
        for finding in &project.findings {
            if let Subject::File { path, .. } = &finding.subject {
                told.insert(path);
            }
        }
        let files = project.files.iter().zip(blobs);
        let sound = files.filter(|(file, _)| !told.contains(&file.path));
        let known = sound.filter_map(|(file, blob)| {
            let below = file.path.as_str().strip_prefix(root)?.strip_prefix('/')?;
            let known = KnownFile {
                content: file.content?,
                facts: facts.get(&file.path).map(|facts| Arc::clone(facts)),
                seen: Seen {
                    secrets: file.secrets.clone(),
                    defect: file.defect,
                },
                blob: *blob,
            };
            Some((below.to_owned(), known))
        });
        Self(known.collect())
    }

    /// What is known of the file with a path.
    pub(super) fn file(&self, path: &PackagePath) -> Option<KnownFile> {
        self.0.get(path.as_str()).cloned()
    }
}
