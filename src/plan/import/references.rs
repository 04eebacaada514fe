//! What a person should know of references that lead out of the package: which asset each binds to,
//! where several could be meant, and where one would mean another asset than now.

use std::collections::{BTreeMap, BTreeSet};

use super::bindings::{By, Candidate};
use super::{Draft, Fate};
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::reference::Reference;
use crate::model::workspace::{AssetId, AssetKey, Binding};

/// How many assets a finding names before it only counts them.
const LISTED: usize = 5;
/// How many assets that could be meant a finding names before it only counts them.
const CANDIDATES: usize = 12;

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
        // As there may be very many, only where they are is held of each.
        let mut mentions = Vec::new();
        for (asset, drafted) in self.assets.iter().enumerate() {
            let resolutions = drafted.by.iter().zip(&drafted.bindings).enumerate();
            let told = resolutions.filter(|(_, (by, binding))| told(by, **binding).is_some());
            mentions.extend(told.map(|(at, _)| Mention::Reference { asset, at }));
            let rebound = 0..drafted.rebound.len();
            mentions.extend(rebound.map(|at| Mention::Rebound { asset, at }));
        }
        mentions.sort_by(|one, other| self.group_of(*one).cmp(&self.group_of(*other)));
        let places = match mentions.is_empty() {
            true => Places::default(),
            false => self.places(),
        };
        let groups = mentions.chunk_by(|one, other| self.group_of(*one) == self.group_of(*other));
        let mut findings = finding::gathered(groups.filter_map(|mentions| {
            let (name, target, told) = self.group_of(*mentions.first()?)?;
            let mut users: Vec<usize> = mentions.iter().map(Mention::asset).collect();
            users.dedup();
            Some(self.reference_finding((name, target), &told, &users, &places))
        }));
        finding::extend(&mut findings, self.connections_beside());
        findings
    }

    /// What the references have in common of which one finding is made.
    fn group_of(&self, mention: Mention) -> Option<(&str, &str, Told<'_>)> {
        let (asset, at, told) = match mention {
            Mention::Reference { asset, at } => {
                let drafted = &self.assets[asset];
                (
                    asset,
                    at,
                    told(drafted.by.get(at)?, *drafted.bindings.get(at)?)?,
                )
            }
            Mention::Rebound { asset, at } => {
                let drafted = &self.assets[asset];
                let rebound = drafted.rebound.get(at)?;
                let told = Told::Rebound {
                    was: rebound.was,
                    binding: drafted.bindings[rebound.reference],
                };
                (asset, rebound.reference, told)
            }
        };
        let reference = self.project().assets[asset].facts.references.get(at)?;
        Some((&reference.name, &reference.target, told))
    }

    fn reference_finding(
        &self,
        (name, target): (&str, &str),
        told: &Told<'_>,
        users: &[usize],
        places: &Places<'_>,
    ) -> Finding {
        let what = match FileRole::of(target) {
            FileRole::Main(kind) => kind.label().to_owned(),
            FileRole::Companion { .. } | FileRole::NoAsset => "asset".to_owned(),
        };
        let place = |binding: &Binding| meaning(binding, &places.keys);
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
                for candidate in candidates.iter().take(CANDIDATES) {
                    finding = finding.note(format!("it may be {}", places.described(*candidate)));
                }
                if let Some(more @ 1..) = count.checked_sub(CANDIDATES) {
                    finding = finding.note(format!("it may be one of {more} more"));
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
        meaning(&binding, &self.places().keys)
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
    pub(super) fn places(&self) -> Places<'_> {
        let snapshot = self.snapshot;
        let held = snapshot.assets.values().chain(&snapshot.connections);
        let packaged = self.assets.iter();
        let keys = packaged
            .filter_map(|drafted| Some((drafted.id?, drafted.key?)))
            .chain(held.map(|held| (held.id, &held.key)));
        let created = self.assets.iter();
        let created = created.filter(|drafted| drafted.fate == Fate::Creates);
        Places {
            keys: keys.collect(),
            created: created.filter_map(|drafted| drafted.id).collect(),
        }
    }
}

/// Where assets lie that references may mean.
#[derive(Debug, Default)]
pub(super) struct Places<'d> {
    pub(super) keys: BTreeMap<AssetId, &'d AssetKey>,
    /// Those that only the package brings.
    created: BTreeSet<AssetId>,
}

impl Places<'_> {
    /// A candidate's place, and whose it is.
    fn described(&self, id: AssetId) -> String {
        let key = self.keys.get(&id);
        let place = key.map_or_else(|| format!("asset {id}"), |key| placed(key));
        let origin = match self.created.contains(&id) {
            true => "of the package",
            false => "of the workspace",
        };
        format!("{place}, {origin}")
    }
}

/// Where a reference is that something is told of.
#[derive(Clone, Copy, Debug)]
enum Mention {
    /// What it means.
    Reference { asset: usize, at: usize },
    /// That it would mean something else.
    Rebound { asset: usize, at: usize },
}

impl Mention {
    const fn asset(&self) -> usize {
        match self {
            Self::Reference { asset, .. } | Self::Rebound { asset, .. } => *asset,
        }
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

fn told(by: &By, binding: Binding) -> Option<Told<'_>> {
    match by {
        By::Several(candidates) => Some(Told::Several {
            candidates,
            binding,
        }),
        By::Name => Some(Told::ByName { binding }),
        By::Place | By::Nothing => None,
    }
}

fn placed(key: &AssetKey) -> String {
    let folder = key.place.folder();
    match folder.is_home() {
        true => format!("\"{}\" in Home", key.name),
        false => format!("\"{}\" in `{folder}`", key.name),
    }
}
