//! What is no longer as it was locked, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Lock, LockedCatalogue, LockedConnector, LockedTarget};
use crate::model::ident::{Digest, TargetName};
use crate::model::path::PackagePath;

/// One thing that is not as it was locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LockChange {
    /// What changed: a target, the catalogue, a connector or a file.
    pub subject: String,
    /// How, in a few words.
    pub what: String,
    /// For which targets.
    pub targets: Vec<TargetName>,
}

impl fmt::Display for LockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.what)
    }
}

/// What of `found` is not as in `locked`: targets first, then catalogues, connectors and files.
pub fn changes(locked: &Lock, found: &Lock) -> Vec<LockChange> {
    let mut told: BTreeMap<Told, Vec<TargetName>> = BTreeMap::new();
    let names: BTreeSet<_> = locked.targets.keys().chain(found.targets.keys()).collect();
    for name in names {
        let target = |what: &str| Told::new(Sort::Target, format!("target `{name}`"), what);
        let changed = match (locked.targets.get(name), found.targets.get(name)) {
            (Some(locked), Some(found)) => of_target(locked, found),
            (None, Some(_)) => vec![target("is not locked yet")],
            (Some(_), None) => vec![target("is locked, and the manifest does not have it")],
            (None, None) => Vec::new(),
        };
        for change in changed {
            told.entry(change).or_default().push(name.clone());
        }
    }
    told.into_iter()
        .map(|(Told { subject, what, .. }, targets)| LockChange {
            subject,
            what,
            targets,
        })
        .collect()
}

/// What sort of thing changed, in the order in which changes are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Target,
    Catalogue,
    Connector,
    File,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    sort: Sort,
    subject: String,
    what: String,
}

impl Told {
    fn new(sort: Sort, subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            sort,
            subject: subject.into(),
            what: what.into(),
        }
    }
}

fn of_target(locked: &LockedTarget, found: &LockedTarget) -> Vec<Told> {
    let mut told = Vec::new();
    let mut changed = |sort, subject: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            let word = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            let what = format!("{} → {}", word(from), word(to));
            told.push(Told::new(sort, subject, what));
        }
    };
    let text = |value: &dyn fmt::Display| Some(value.to_string());
    changed(Sort::Target, "kind", text(&locked.kind), text(&found.kind));
    let data_center = |target: &LockedTarget| target.data_center.as_ref().map(ToString::to_string);
    changed(
        Sort::Target,
        "data center",
        data_center(locked),
        data_center(found),
    );
    let catalog = |target: &LockedTarget| match &target.catalog {
        LockedCatalogue::Unknown => Some("not given".to_owned()),
        LockedCatalogue::None(word) => Some(word.to_string()),
        LockedCatalogue::Listed(digest) => Some(short(digest)),
    };
    changed(
        Sort::Catalogue,
        "catalogue",
        catalog(locked),
        catalog(found),
    );
    let project = |target: &LockedTarget| target.project.as_ref().map(short);
    changed(
        Sort::Target,
        "the project in the registry",
        project(locked),
        project(found),
    );
    let titles: BTreeSet<_> = locked
        .connectors
        .keys()
        .chain(found.connectors.keys())
        .collect();
    for title in titles {
        let subject = format!("connector \"{title}\"");
        let what = match (locked.connectors.get(title), found.connectors.get(title)) {
            (Some(locked), Some(found)) => of_connector(locked, found),
            (None, Some(_)) => vec!["is needed, and is not locked yet".to_owned()],
            (Some(_), None) => vec!["is locked, and no longer needed".to_owned()],
            (None, None) => Vec::new(),
        };
        let what = what.into_iter();
        told.extend(what.map(|what| Told::new(Sort::Connector, subject.clone(), what)));
    }
    told.extend(of_files(&locked.entries, &found.entries));
    told
}

fn of_connector(locked: &LockedConnector, found: &LockedConnector) -> Vec<String> {
    // Taken apart, so that nothing that is locked can be forgotten here.
    let LockedConnector {
        rule,
        version,
        code,
        shared_version,
        shared_as,
    } = found;
    let word = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let mut what = Vec::new();
    let mut changed = |name: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            what.push(format!("{name}{} → {}", word(from), word(to)));
        }
    };
    let versions = |version: Option<crate::model::ident::Version>| version.map(|v| v.to_string());
    changed("", versions(locked.version), versions(*version));
    changed(
        "its code ",
        locked.code.as_ref().map(short),
        code.as_ref().map(short),
    );
    changed(
        "the shared version ",
        versions(locked.shared_version),
        versions(*shared_version),
    );
    changed(
        "shared as ",
        locked.shared_as.as_ref().map(ToString::to_string),
        shared_as.as_ref().map(ToString::to_string),
    );
    changed("", Some(locked.rule.clone()), Some(rule.clone()));
    what
}

/// What differs between the files that were locked and those that were found.
fn of_files(
    locked: &BTreeMap<PackagePath, Digest>,
    found: &BTreeMap<PackagePath, Digest>,
) -> Vec<Told> {
    let paths: BTreeSet<_> = locked.keys().chain(found.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let what = match (locked.get(path), found.get(path)) {
                (Some(locked), Some(found)) if locked == found => return None,
                (Some(_), Some(_)) => "changed",
                (None, Some(_)) => "new",
                (Some(_), None) => "gone",
                (None, None) => return None,
            };
            Some(Told::new(Sort::File, path.to_string(), what))
        })
        .collect()
}

/// Enough of a digest to tell it from another.
fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(12).collect()
}
