//! What a person should know of references that lead out of the package: which asset each binds to,
//! where several could be meant, and where one would mean another asset than now.

use std::collections::{BTreeMap, BTreeSet};

use super::bindings::{By, Candidate, Resolution};
use super::{Draft, Drafted, Fate};
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::reference::Reference;
use crate::model::workspace::{AssetId, AssetKey, Binding};

/// How many assets a finding names before it only counts them.
const LISTED: usize = 5;

/// What a group of references has in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told<'d> {
    /// Several assets could be meant; one of them may be what the reference is bound to already.
    Several {
        candidates: &'d [AssetId],
        binding: Binding,
    },
    /// It binds to one that is not where the reference says.
    ByName { binding: Binding },
    /// It would mean something else than now.
    Rebound { was: Binding, binding: Binding },
}

impl Draft<'_> {
    /// What is to be told of references, each thing once for all assets that it is about.
    pub(super) fn reference_findings(&self) -> Vec<Finding> {
        let mut groups: BTreeMap<(&str, &str, Told<'_>), BTreeSet<usize>> = BTreeMap::new();
        for (index, (drafted, asset)) in self.assets.iter().zip(&self.project().assets).enumerate()
        {
            let references = &asset.facts.references;
            for (reference, resolution) in references.iter().zip(&drafted.resolutions) {
                if let Some(told) = told(resolution) {
                    let group = (&*reference.name, &*reference.target, told);
                    groups.entry(group).or_default().insert(index);
                }
            }
            for rebound in &drafted.rebound {
                let reference = &references[rebound.reference];
                let told = Told::Rebound {
                    was: rebound.was,
                    binding: drafted.bindings[rebound.reference],
                };
                let group = (&*reference.name, &*reference.target, told);
                groups.entry(group).or_default().insert(index);
            }
        }
        let names = self.places();
        let groups = groups.into_iter();
        let mut findings = finding::gathered(groups.map(|((name, target, told), users)| {
            self.reference_finding((name, target), &told, &users, &names)
        }));
        findings.extend(self.connections_beside());
        findings
    }

    fn reference_finding(
        &self,
        (name, target): (&str, &str),
        told: &Told<'_>,
        users: &BTreeSet<usize>,
        names: &BTreeMap<AssetId, &AssetKey>,
    ) -> Finding {
        let what = match FileRole::of(target) {
            FileRole::Main(kind) => kind.label().to_owned(),
            FileRole::Companion { .. } | FileRole::NoAsset => "asset".to_owned(),
        };
        let place = |binding: &Binding| meaning(binding, names);
        let assets = &self.project().assets;
        let subject = users.first().map_or(Subject::Project, |&user| {
            let asset = &assets[user];
            let references = &mut asset.facts.references.iter();
            let is_meant = |r: &&Reference| (&*r.name, &*r.target) == (name, target);
            Subject::File {
                path: asset.path.clone(),
                offset: references.find(is_meant).map(|reference| reference.offset),
            }
        });
        let finding = match told {
            Told::Several {
                candidates,
                binding,
            } => {
                let count = candidates.len();
                let outcome = match binding {
                    Binding::Nothing => "it stays unbound".to_owned(),
                    Binding::Asset(_) | Binding::Connector(_) | Binding::Shared => {
                        format!("it stays bound to {}", place(binding))
                    }
                };
                let mut finding = Finding::new(
                    Code::ReferenceAmbiguous,
                    subject,
                    format!("the {what} \"{name}\" (`{target}`) may be any of {count}: {outcome}"),
                );
                for candidate in *candidates {
                    finding =
                        finding.note(format!("it may be {}", self.described(*candidate, names)));
                }
                finding
                    .help("rename all but one of them, or bring the one that is meant at the path that the reference names")
            }
            Told::ByName { binding } => Finding::new(
                Code::ReferenceByName,
                subject,
                format!(
                    "the {what} \"{name}\" (`{target}`) is not there; {} is taken for it",
                    place(binding)
                ),
            ),
            Told::Rebound { was, binding } => Finding::new(
                Code::ReferenceRebinds,
                subject,
                format!(
                    "the {what} \"{name}\" (`{target}`) would mean {}, and means {} now",
                    place(binding),
                    place(was)
                ),
            )
            .help("look whether that is meant before the import"),
        };
        let users: Vec<_> = users.iter().map(|&user| &assets[user]).collect();
        let mut named: Vec<_> = users
            .iter()
            .take(LISTED)
            .map(|asset| format!("\"{}\"", asset.name()))
            .collect();
        if users.len() > LISTED {
            named.push(format!("{} more", users.len() - LISTED));
        }
        finding.note(format!("referred to by {}", named.join(", ")))
    }

    /// What a reference means, in words.
    pub fn meaning(&self, binding: Binding) -> String {
        meaning(&binding, &self.places())
    }

    /// Connections that come beside others of their name and application: from then on the name alone
    /// does not tell which is meant.
    fn connections_beside(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            let (Fate::Creates, AssetKind::Connection, Some(key)) =
                (drafted.fate, &asset.kind, drafted.key)
            else {
                continue;
            };
            let others = self.candidates.connections(&key.name);
            let others: BTreeSet<String> = others
                .filter_map(|other| match other {
                    Candidate::Held(held) => {
                        let same = held.body.providers.first() == drafted.providers.first();
                        same.then(|| placed(&held.key))
                    }
                    Candidate::Packaged(_) => None,
                })
                .collect();
            if others.is_empty() {
                continue;
            }
            let subject = Subject::File {
                path: asset.path.clone(),
                offset: None,
            };
            let mut finding = Finding::new(
                Code::ConnectionNameTaken,
                subject,
                format!(
                    "{} comes beside another of its name and application",
                    placed(key)
                ),
            );
            for other in others {
                finding = finding.note(format!("there is {other}"));
            }
            findings.push(
                finding.note("a reference to neither's path can't tell which of them it means"),
            );
        }
        findings
    }

    /// Where each asset lies that a reference may mean.
    pub(super) fn places(&self) -> BTreeMap<AssetId, &AssetKey> {
        let snapshot = self.snapshot;
        let held = snapshot.assets.values().chain(&snapshot.connections);
        let packaged = self.assets.iter();
        packaged
            .filter_map(|drafted| Some((drafted.id?, drafted.key?)))
            .chain(held.map(|held| (held.id, &held.key)))
            .collect()
    }

    /// A candidate's place, and its application if it is a connection.
    fn described(&self, id: AssetId, names: &BTreeMap<AssetId, &AssetKey>) -> String {
        let place = names
            .get(&id)
            .map_or_else(|| format!("asset {id}"), |key| placed(key));
        let is_it = |drafted: &&Drafted<'_>| drafted.id == Some(id);
        let packaged = self.assets.iter().find(is_it);
        let origin = match packaged {
            Some(drafted) if drafted.fate == Fate::Creates => "of the package",
            Some(_) | None => "of the workspace",
        };
        format!("{place}, {origin}")
    }
}

fn meaning(binding: &Binding, names: &BTreeMap<AssetId, &AssetKey>) -> String {
    match binding {
        Binding::Asset(id) => match names.get(id) {
            Some(key) => placed(key),
            None => format!("asset {id}"),
        },
        Binding::Connector(_) | Binding::Shared => "a connector".to_owned(),
        Binding::Nothing => "nothing".to_owned(),
    }
}

fn told(resolution: &Resolution) -> Option<Told<'_>> {
    match (&resolution.by, resolution.binding) {
        (By::Several(candidates), binding) => Some(Told::Several {
            candidates,
            binding,
        }),
        (By::Name, binding) => Some(Told::ByName { binding }),
        (By::Place | By::Nothing, _) => None,
    }
}

fn placed(key: &AssetKey) -> String {
    let folder = key.place.folder();
    match folder.is_home() {
        true => format!("\"{}\" in Home", key.name),
        false => format!("\"{}\" in `{folder}`", key.name),
    }
}
