//! All projects in a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{
    Credentials, Listing, Lookup, OpenError, ReadBefore, Reading, Roots, Search, WK, WORKATOENV,
    Wanted, declared,
};
use crate::archive::Limits;
use crate::model::roots::{self, Found, is_at_or_below};
use crate::ops::{Observer, Running};

/// Where the projects in a folder begin, in the order of their paths: where clients keep their
/// settings beside all of them, or else where references and types of assets tell. A folder that
/// nothing of this is found in is one project.
///
/// # Errors
/// If no asset is there, or it can't be told where a project begins, or the work is interrupted.
pub fn projects_in(
    path: &Path,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Vec<PathBuf>, OpenError> {
    let search = Search {
        wanted: Wanted::Assets,
        ignores: Lookup::Around(None),
        credentials: Credentials::Left,
        blobs: None,
    };
    let limits = Limits::default();
    let reading = Reading {
        roots: Roots::One,
        digests: super::Digests::Left,
        limits: &limits,
        memory: None,
    };
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut listing = Listing::open(path, None, search, &limits)?;
    listing.read(&ReadBefore::default(), reading, search, running, observer)?;
    if listing.project.assets.is_empty() {
        return Err(OpenError::NoProject {
            path: path.display().to_string(),
            ignored: listing.source.ignored,
        });
    }
    let marked = listing.marked();
    if !marked.is_empty() && listing.lies_in(&marked) {
        return Ok(marked.iter().map(|root| path.join(root)).collect());
    }
    let declared = declared(path)?;
    let begin: BTreeSet<String> = match (roots::find(&listing.project), declared) {
        (Found::Several(roots), _) => roots.into_iter().collect(),
        (Found::Below(root), _) => BTreeSet::from([root]),
        (Found::Here | Found::Unclear(_), Some(root)) => BTreeSet::from([root]),
        (Found::Here | Found::Unclear(_), None) => return Ok(vec![path.to_owned()]),
    };
    // One that is left out in silence would not be packed, and nobody would know.
    if !listing.lies_in(&begin) {
        return Err(OpenError::ProjectsUnclear {
            path: path.display().to_string(),
        });
    }
    Ok(begin.iter().map(|root| path.join(root)).collect())
}

impl Listing {
    /// The folders below this one that clients keep their settings in, without those in another.
    fn marked(&self) -> BTreeSet<String> {
        let folders: BTreeSet<String> = self
            .left_out
            .iter()
            .filter_map(|left| {
                let (folder, name) = left.path.rsplit_once('/')?;
                [WORKATOENV, WK].contains(&name).then(|| folder.to_owned())
            })
            .collect();
        let is_inner = |folder: &String| {
            let mut others = folders.iter();
            others.any(|other| other != folder && is_at_or_below(folder, other))
        };
        let outer = folders.iter().filter(|folder| !is_inner(folder));
        outer.cloned().collect()
    }

    /// Whether each asset lies in one of these folders.
    fn lies_in(&self, folders: &BTreeSet<String>) -> bool {
        self.project.assets.iter().all(|asset| {
            let mut folders = folders.iter();
            folders.any(|folder| is_at_or_below(asset.path.folder(), folder))
        })
    }
}
