//! The plan of a package: which files go in, as they are or rewritten, and every decision on the
//! way. The same value is listed, explained, checked and written.

pub mod canary;
pub mod gaps;
pub mod mentioned;
pub mod picking;
pub mod rewrite;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{Candidate, Choice, Glob, Selection};
use crate::model::catalogue::{CatalogueEntry, SharedConnectors};
use crate::model::finding::{self, Code, Finding, Severity, Subject};
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, TargetName};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;
use crate::model::project::{LeftOut, LeftOutReason};
use crate::model::span::{Located, Origin};
use crate::model::table::PackedRows;
use crate::model::target::{ConnectorPolicy, TargetKind};

use super::checks;
use super::connectors::{Adapter, Connector, Gathered, Sources, Untold};
use super::decision::{
    CatalogueEvidence, ConfigSource, ConnectorDecision, ItemRule, Match, Outcome, shell_word,
};
use super::rule::{Case, Files, Gap, Ruling, Share, decide};
use super::secrets;
use crate::plan::export::gaps::{Reach, TargetCenter, Unshared};
use crate::plan::export::mentioned::looked_at;
use wording::{evidence, how_to_change};

use crate::plan::export::rewrite::{ProviderRef, ProviderTarget, Rewrite};

/// Where a package goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The target's name in the manifest, if it was named.
    pub name: Option<TargetName>,
    /// A customer of the partner, or any other account.
    pub kind: TargetKind,
    /// Its data center, where it is given.
    pub data_center: Option<DataCenter>,
    /// Where that is said.
    pub origin: Origin,
}

/// What is asked of a package.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Where it goes.
    pub destination: &'a Destination,
    /// What is known of the connectors that customers have.
    pub shared: &'a SharedConnectors,
    /// Which assets.
    pub selection: &'a Selection,
    /// What is said about connectors; the rest is `auto`.
    pub words: &'a BTreeMap<ConnectorTitle, Located<ConnectorPolicy>>,
    /// What was left out on reading.
    pub left_out: &'a [LeftOut],
    /// What becomes of the rows of tables.
    pub rows: PackedRows,
}

/// Where an entry's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntrySource {
    /// A file of the project: an index into its files.
    Project(usize),
    /// A file of the supplied connectors.
    Supplied(usize),
}

/// Whether an entry's bytes change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// They are packed as they are.
    Verbatim,
    /// The plan's [`Rewrite`] applies.
    Rewritten,
}

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEntry {
    /// Its path in the package.
    pub path: PackagePath,
    /// Where its bytes come from.
    pub source: EntrySource,
    /// The asset that it is the JSON of, by its type; nothing else is ever rewritten.
    pub asset: Option<AssetKind>,
    /// Whether its bytes change.
    pub fidelity: Fidelity,
    /// Why it is in.
    pub rule: ItemRule,
}

/// A file that is not in the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutItem {
    /// Its path in the project.
    pub path: String,
    /// Why it is not in.
    pub rule: ItemRule,
}

/// The plan of a package.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    /// The files of the package in the order of their paths, in bytes.
    pub entries: Vec<PlannedEntry>,
    /// The files that are not in it, in the order of their paths.
    pub left_out: Vec<LeftOutItem>,
    /// What was decided about each connector, in the order of their titles.
    pub connectors: Vec<ConnectorDecision>,
    /// What the assets that use connectors are changed to.
    pub rewrite: Rewrite,
    /// Everything a person should know, the gravest first.
    pub findings: Vec<Finding>,
}

impl ExportPlan {
    /// Whether a package can be made of it.
    pub fn is_refused(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity() == Severity::Error)
    }
}

/// Plans a package.
pub fn plan(sources: Sources<'_>, request: &Request<'_>) -> ExportPlan {
    let mut planning = Planning {
        sources,
        request,
        rules: vec![None; sources.project.assets.len()],
        out: BTreeMap::new(),
        rewrite: Rewrite {
            rows: request.rows,
            ..Rewrite::default()
        },
        connectors: Vec::new(),
        findings: sources.project.findings.clone(),
        supplied: BTreeMap::new(),
        unshared: Vec::new(),
        reaches: Vec::new(),
        listed: Vec::new(),
    };
    planning.select();
    planning.judge();
    planning.finish()
}

struct Planning<'a, 'r> {
    sources: Sources<'a>,
    request: &'r Request<'r>,
    /// Why each of the assets goes in; none of those that do not.
    rules: Vec<Option<ItemRule>>,
    /// The assets that do not, and why.
    out: BTreeMap<usize, ItemRule>,
    rewrite: Rewrite,
    connectors: Vec<ConnectorDecision>,
    findings: Vec<Finding>,
    /// The supplied connectors that go in, with the path of their JSON in the package.
    supplied: BTreeMap<usize, PackagePath>,
    /// The connectors of which it is not known whether customers have them.
    unshared: Vec<Unshared>,
    /// Those that are shared closed-source, from where is not known to be the customer's data center.
    reaches: Vec<(String, &'a CatalogueEntry)>,
    /// Those that a list of titles shares, in words.
    listed: Vec<String>,
}

fn refusal(choice: Choice<'_>) -> Option<ItemRule> {
    Some(match choice {
        Choice::Selected => return None,
        Choice::Excluded(pattern) => ItemRule::Excluded {
            pattern: pattern.value.to_string().into(),
        },
        Choice::NotIncluded => ItemRule::NotSelected { by: "include" },
        Choice::Type => ItemRule::NotSelected { by: "types" },
        Choice::Folder => ItemRule::NotSelected { by: "folders" },
        Choice::Tag => ItemRule::NotSelected { by: "tags" },
    })
}

impl<'a> Planning<'a, '_> {
    fn select(&mut self) {
        let Sources { project, graph, .. } = self.sources;
        let selection = self.request.selection;
        let mut seeds = Vec::new();
        for (index, asset) in project.assets.iter().enumerate() {
            match refusal(selection.selects(&looked_at(asset))) {
                None => seeds.push(index),
                Some(rule) => {
                    self.out.insert(index, rule);
                }
            }
        }
        if seeds.is_empty() {
            let finding = Finding::new(
                Code::NothingSelected,
                Subject::Project,
                "no asset is selected",
            );
            self.findings.push(
                finding.help("loosen `[select]` in the manifest, or --include and --exclude"),
            );
        }
        let excluded =
            |index: usize| matches!(self.out.get(&index), Some(ItemRule::Excluded { .. }));
        for (index, edge) in graph.closure(seeds, |index| !excluded(index)) {
            let rule = match edge {
                None => ItemRule::Selected,
                Some(edge) => ItemRule::Needed {
                    by: project.assets[edge.from].path.clone(),
                },
            };
            self.rules[index] = Some(rule);
        }
        self.out.retain(|&index, _| self.rules[index].is_none());
        self.names_nothing();
    }

    /// The assets that go in.
    fn packed(&self) -> impl Iterator<Item = usize> {
        let rules = self.rules.iter().enumerate();
        rules.filter_map(|(index, rule)| rule.as_ref().map(|_| index))
    }

    fn names_nothing(&mut self) {
        for unmatched in self
            .request
            .selection
            .unmatched(self.sources.project.assets.iter().map(looked_at))
        {
            let message = format!(
                "`{}` in `{}` matches no asset of the project",
                unmatched.text,
                unmatched.rule.key()
            );
            let meant = unmatched.meant(self.sources.project.assets.iter().map(looked_at));
            let meant = meant.map_or_else(String::new, |it| format!("did you mean `{it}`? "));
            self.findings.push(
                Finding::new(Code::NamesNothing, gaps::target(unmatched.origin), message).help(
                    format!(
                        "{meant}correct it or take it out; `recipack export --list` shows the paths"
                    ),
                ),
            );
        }
        let titles = self.sources.titles_known();
        for (title, word) in self.request.words {
            let named = InternalName::custom(title.as_str());
            let used = named.is_some_and(|name| {
                let mut assets = self.sources.project.assets.iter();
                assets.any(|asset| asset.facts.internal_names.contains(&name))
            });
            if used || titles.contains(title.as_str()) {
                continue;
            }
            let message = format!("no connector has the title \"{title}\"");
            let finding = Finding::new(Code::NamesNothing, gaps::target(&word.origin), message);
            self.findings.push(
                match crate::model::keyword::nearest(title.as_str(), titles.iter().copied()) {
                    Some(near) => finding.help(format!("did you mean \"{near}\"?")),
                    None => finding.help("correct the title or take it out"),
                },
            );
        }
    }

    fn judge(&mut self) {
        let selected: BTreeSet<usize> = self.packed().collect();
        let Gathered {
            connectors,
            findings,
            untold,
        } = self.sources.connectors(&selected, &BTreeSet::new());
        self.findings.extend(findings);
        for connector in &connectors {
            self.connector(connector, &untold);
        }
        // A customer's workspace knows shared connectors by name, so a name that is wrong is not
        // found there; for any other account the package is as the platform writes it.
        let code = match self.request.destination.kind {
            TargetKind::Customer => Code::ConnectorAmbiguous,
            TargetKind::External => Code::ConnectorUnlinked,
        };
        self.findings.extend(self.sources.untold(&untold, code));
        self.report_gaps();
    }

    /// What is not known about sharing is told once for the target.
    fn report_gaps(&mut self) {
        let destination = self.request.destination;
        let target = || gaps::target(&destination.origin);
        let name = destination.name.as_ref().map(TargetName::as_str);
        let reaches: Vec<Reach<'_>> = self
            .reaches
            .iter()
            .map(|(connector, entry)| Reach { connector, entry })
            .collect();
        let center = match (&destination.data_center, &destination.origin) {
            (Some(_), _) => TargetCenter::Given,
            (None, Origin::Manifest(_)) => TargetCenter::NotInManifest,
            (None, Origin::CommandLine) => TargetCenter::NotOnCommandLine,
        };
        let missing = gaps::missing(target(), name, &self.unshared);
        let reach = gaps::reach_unknown(target(), center, &reaches);
        let listed = gaps::titles_only(target(), &self.listed);
        self.findings
            .extend(missing.into_iter().chain(reach).chain(listed));
    }

    fn connector(&mut self, connector: &Connector<'a>, untold: &Untold) {
        let destination = self.request.destination;
        // A connector whose title is not known can be spoken of by its internal name.
        let mut names = connector.internal_names.iter().map(InternalName::as_str);
        let said = match &connector.title {
            Some(title) => self.request.words.get(title),
            None => names.find_map(|name| self.request.words.get(name)),
        };
        let excluded = self.excluding_pattern(connector);
        let (word, origin) = match (said, excluded) {
            (Some(said), _) => (said.value, Some(&said.origin)),
            (None, Some(pattern)) => (ConnectorPolicy::Exclude, Some(&pattern.origin)),
            (None, None) => (ConnectorPolicy::Auto, None),
        };
        let listed = self.sources.listed_title(connector);
        let known = match listed {
            // It stays in the form that it has.
            Some(_) => Ok(Share::Reachable),
            None => Share::known(
                self.request.shared,
                connector.title.as_ref(),
                connector.entry.map(|(entry, _)| entry),
                destination.data_center.as_ref(),
            ),
        };
        let case = Case {
            target: destination.kind,
            share: *known.as_ref().unwrap_or(&Share::Unknown),
            word,
            files: connector.files(),
        };
        let ruling = decide(case);
        let decision = ConnectorDecision {
            connector: connector.label().to_owned(),
            internal_names: connector.internal_names.iter().cloned().collect(),
            outcome: ruling.outcome(),
            rule: ruling,
            word,
            word_from: match origin {
                None => ConfigSource::Default,
                Some(Origin::Manifest(_)) => ConfigSource::Manifest,
                Some(Origin::CommandLine) => ConfigSource::CommandLine,
            },
            catalog: connector
                .entry
                .map(|(entry, matched_by)| CatalogueEvidence {
                    title: entry.title.clone(),
                    internal_name: entry.internal_name.clone(),
                    shared_version: entry.shared_version,
                    visibility: entry.visibility,
                    data_center: entry.data_center.clone(),
                    matched_by,
                }),
            packaged_version: self.sources.packaged_version(connector),
            files: self.files_of(connector),
            connections: self.paths(&connector.connections),
            recipes: self.paths(&connector.recipes),
            change: how_to_change(connector, case, ruling),
        };
        self.apply(connector, &decision);
        self.report(connector, &decision, untold);
        if destination.kind == TargetKind::Customer {
            self.note_gap(connector, &decision, known.err());
            if let Some(title) = listed {
                let name = connector.label();
                self.listed
                    .push(format!("`{name}` is taken to be \"{title}\""));
            }
        }
        self.connectors.push(decision);
    }

    fn note_gap(
        &mut self,
        connector: &Connector<'a>,
        decision: &ConnectorDecision,
        gap: Option<Gap>,
    ) {
        let entry = connector.entry.map(|(entry, _)| entry);
        if let (Some(Gap::Unsaid), Some(entry)) = (&gap, entry) {
            let subject = self.subject(connector);
            self.findings.push(gaps::incomplete(entry, subject));
        }
        match (decision.rule, gap, entry) {
            (Ruling::SharingUnknown, Some(gap), _) => {
                self.unshared.push(Unshared::of(decision, gap))
            }
            (Ruling::ReachUnknown, _, Some(entry)) => {
                self.reaches.push((decision.connector.clone(), entry));
            }
            _ => {}
        }
    }

    /// A pattern that excludes a connector's files says `exclude` of the connector.
    fn excluding_pattern(&self, connector: &Connector<'_>) -> Option<&Located<Glob>> {
        let Some(Adapter::Project(index)) = connector.adapter else {
            return None;
        };
        match self
            .request
            .selection
            .selects(&looked_at(&self.sources.project.assets[index]))
        {
            Choice::Excluded(pattern) => Some(pattern),
            Choice::Selected
            | Choice::NotIncluded
            | Choice::Type
            | Choice::Folder
            | Choice::Tag => None,
        }
    }

    fn paths(&self, assets: &BTreeSet<usize>) -> Vec<PackagePath> {
        assets
            .iter()
            .map(|&index| self.sources.project.assets[index].path.clone())
            .collect()
    }

    fn files_of(&self, connector: &Connector<'_>) -> Vec<PackagePath> {
        let (Some(adapter), supplied) = (connector.adapter, self.sources.supplied) else {
            return Vec::new();
        };
        let (project, index) = match (adapter, supplied) {
            (Adapter::Project(index), _) => (self.sources.project, index),
            (Adapter::Supplied(index), Some(supplied)) => (supplied, index),
            (Adapter::Supplied(_), None) => return Vec::new(),
        };
        project.assets[index]
            .files
            .iter()
            .map(|&file| project.files[file].path.clone())
            .collect()
    }

    /// Carries a decision out on the plan: files in or out, and what their users are changed to.
    fn apply(&mut self, connector: &Connector<'_>, decision: &ConnectorDecision) {
        let by_rule = || ItemRule::Connector {
            connector: decision.connector.as_str().into(),
            rule: decision.rule,
        };
        match (decision.outcome, connector.adapter) {
            (Outcome::Included, Some(Adapter::Supplied(index))) => {
                if let Some(half) = connector.replaced {
                    self.rules[half] = None;
                    self.out.insert(half, by_rule());
                }
                if let Some(supplied) = self.sources.supplied {
                    // Connectors lie at the root of a package (platform.md §5.3).
                    let name = supplied.assets[index].path.file_name();
                    if let Ok(path) = name.parse() {
                        self.supplied.insert(index, path);
                    }
                }
            }
            (Outcome::Included, Some(Adapter::Project(index))) => {
                self.rules[index].get_or_insert_with(by_rule);
            }
            (Outcome::LeftOut, Some(Adapter::Project(index))) => {
                self.rules[index] = None;
                self.out.insert(index, by_rule());
            }
            (Outcome::LeftOut, Some(Adapter::Supplied(_))) => {
                if let Some(half) = connector.replaced {
                    self.rules[half] = None;
                    self.out.insert(half, by_rule());
                }
            }
            (Outcome::Included | Outcome::LeftOut | Outcome::Refused, None)
            | (Outcome::Refused, Some(_)) => {}
        }
        match decision.rule {
            Ruling::SharedLeftOut => {
                let Some((entry, _)) = connector.entry else {
                    return;
                };
                self.treat(
                    connector,
                    &ProviderTarget::Shared(entry.internal_name.clone()),
                );
                for connection in self.paths(&connector.connections) {
                    self.rewrite
                        .connections
                        .insert(connection, ProviderRef::Name(entry.internal_name.clone()));
                }
            }
            Ruling::ExternalIncluded
            | Ruling::SharedIncluded
            | Ruling::UnknownIncluded
            | Ruling::OwnIncluded => {
                self.treat(connector, &ProviderTarget::Own);
                let target = connector.adapter.and_then(|adapter| self.path_of(adapter));
                if let (Some(target), Some(title)) = (target, &connector.title) {
                    for connection in self.paths(&connector.connections) {
                        let form = ProviderRef::Reference {
                            target: target.clone(),
                            title: title.clone(),
                        };
                        self.rewrite.connections.insert(connection, form);
                    }
                }
            }
            // Both stay as the platform writes them for a connector that is not in the package.
            Ruling::Elsewhere => self.treat(connector, &ProviderTarget::Own),
            Ruling::ExternalLeftOut
            | Ruling::SharedUnreachable
            | Ruling::SharingUnknown
            | Ruling::ReachUnknown
            | Ruling::OwnRefused
            | Ruling::Missing => {}
        }
    }

    fn treat(&mut self, connector: &Connector<'_>, treatment: &ProviderTarget) {
        for name in &connector.internal_names {
            self.rewrite
                .providers
                .insert(name.clone(), treatment.clone());
        }
    }

    fn path_of(&self, adapter: Adapter) -> Option<PackagePath> {
        match adapter {
            Adapter::Project(index) => Some(self.sources.project.assets[index].path.clone()),
            Adapter::Supplied(index) => self.supplied.get(&index).cloned(),
        }
    }

    /// The best place to point at: the connector's JSON, a connection of its own, a recipe.
    fn subject(&self, connector: &Connector<'_>) -> Subject {
        let project = self.sources.project;
        if let Some(Adapter::Project(index)) = connector.adapter {
            return Subject::File {
                path: project.assets[index].path.clone(),
                offset: None,
            };
        }
        if let Some(&index) = connector.connections.first() {
            let asset = &project.assets[index];
            let offset = asset.facts.connection().map(|connection| connection.offset);
            return Subject::File {
                path: asset.path.clone(),
                offset,
            };
        }
        if let Some(&index) = connector.recipes.first() {
            let asset = &project.assets[index];
            let entries = asset
                .facts
                .recipe()
                .map_or(&[][..], |recipe| &recipe.config);
            let is_own = |provider: &str| {
                connector
                    .internal_names
                    .iter()
                    .any(|name| name.as_str() == provider)
            };
            let offset = entries
                .iter()
                .find(|entry| is_own(&entry.provider))
                .map(|entry| entry.offset);
            return Subject::File {
                path: asset.path.clone(),
                offset,
            };
        }
        Subject::Project
    }

    fn report(&mut self, connector: &Connector<'_>, decision: &ConnectorDecision, untold: &Untold) {
        let title = &decision.connector;
        let shared = decision
            .catalog
            .as_ref()
            .and_then(|entry| entry.shared_version.version());
        let shared = shared.map_or_else(String::new, |version| format!(" {version}"));
        let is_untold = untold.concerns(connector);
        // What is not known is told once for the target; and where it can't be told which connector
        // it is, it can't be told where it is.
        let is_told_once = matches!(decision.rule, Ruling::SharingUnknown | Ruling::ReachUnknown)
            || is_untold && decision.rule == Ruling::Elsewhere;
        if let Some(code) = decision.rule.code().filter(|_| !is_told_once) {
            let message = match decision.rule {
                Ruling::SharedLeftOut => {
                    format!("\"{title}\" is left out: customers run the shared{shared}")
                }
                Ruling::SharedIncluded => format!(
                    "\"{title}\" is packed though it is shared: it becomes a second connector of the customer's own, beside the shared{shared}"
                ),
                Ruling::SharedUnreachable => {
                    format!(
                        "\"{title}\" is shared closed-source in another data center, where this customer can't reach it"
                    )
                }
                Ruling::OwnIncluded => format!(
                    "\"{title}\" is not shared: it installs as the customer's own connector"
                ),
                Ruling::OwnRefused => format!(
                    "\"{title}\" is excluded, but it is not shared: the recipes could not run"
                ),
                Ruling::ExternalLeftOut => {
                    format!("\"{title}\" is left out, but the recipes need it in the target")
                }
                Ruling::Elsewhere => {
                    format!(
                        "\"{title}\" is used through a connection of another package, which has to bring the connector too"
                    )
                }
                Ruling::Missing => match &connector.lack {
                    Some(lack) => {
                        format!("\"{title}\" has to be in the package, but {}", lack.told())
                    }
                    None => {
                        format!("\"{title}\" has to be in the package, but its files are not there")
                    }
                },
                Ruling::UnknownIncluded => format!(
                    "\"{title}\" is packed as the customer's own, and whether the customer has it as a shared one too is not known"
                ),
                Ruling::ExternalIncluded | Ruling::SharingUnknown | Ruling::ReachUnknown => {
                    String::new()
                }
            };
            let mut finding =
                Finding::new(code, self.subject(connector), message).help(&decision.change);
            if decision.rule == Ruling::Missing {
                finding.notes.extend(self.ignored_files(connector));
            } else if let Some(lack) = &connector.lack {
                finding
                    .notes
                    .push(format!("only half of it is here: {}", lack.told()));
            }
            finding.notes.extend(evidence(decision));
            finding
                .notes
                .extend(gaps::users("recipe", &decision.recipes));
            finding
                .notes
                .extend(gaps::users("connection", &decision.connections));
            self.findings.push(finding);
        }
        let entry = decision.catalog.as_ref();
        if let (TargetKind::Customer, Outcome::LeftOut, Some(shared), Some(packaged)) = (
            self.request.destination.kind,
            decision.outcome,
            entry.and_then(|entry| entry.shared_version.version()),
            decision.packaged_version,
        ) && shared != packaged
        {
            let older = if shared < packaged { "older" } else { "newer" };
            let message = format!(
                "\"{title}\" is {packaged} in the project, customers run the {older} {shared}"
            );
            self.findings.push(
                Finding::new(Code::SharedVersionDiffers, self.subject(connector), message)
                    .note("recipes that use what only the project's version has would fail")
                    .help("share the version that the recipes were built with, or test them with the shared one"),
            );
        }
        if decision.outcome == Outcome::Included
            && decision.recipes.is_empty()
            && decision.connections.is_empty()
            && !is_untold
        {
            let message = format!("\"{title}\" is packed, but nothing in the package uses it");
            self.findings.push(Finding::new(
                Code::ConnectorUnused,
                self.subject(connector),
                message,
            ));
        }
    }

    /// The files of a missing connector that are there and ignored, one line for each.
    fn ignored_files(&self, connector: &Connector<'_>) -> Vec<String> {
        let connections = connector.connections.iter();
        let references = connections
            .flat_map(|&index| &self.sources.project.assets[index].facts.references)
            .filter(|reference| &*reference.key == "provider");
        let targets: BTreeSet<&str> = references.map(|reference| &*reference.target).collect();
        let ignored = self.request.left_out.iter().filter_map(|left| {
            let LeftOutReason::Ignored { by } = &left.reason else {
                return None;
            };
            let is_its = match FileRole::of(&left.path) {
                FileRole::Main(AssetKind::CustomAdapter) => targets.contains(left.path.as_str()),
                FileRole::Companion { main, .. } => targets.contains(main.as_str()),
                FileRole::Main(_) | FileRole::NoAsset => false,
            };
            is_its.then(|| format!("`{}` is there, and ignored by {by}", left.path))
        });
        ignored.collect()
    }

    fn finish(mut self) -> ExportPlan {
        let project = self.sources.project;
        let packed: Vec<usize> = self.packed().collect();
        self.findings.extend(checks::check(
            project,
            self.sources.graph,
            &packed,
            self.request.rows,
        ));
        let mut entries = Vec::with_capacity(project.files.len());
        let mut left_out: Vec<LeftOutItem> = self
            .request
            .left_out
            .iter()
            .map(|left| LeftOutItem {
                path: left.path.clone(),
                rule: ItemRule::NotRead {
                    reason: left.reason.to_string().into(),
                },
            })
            .collect();
        let owners = project.owners();
        for (index, file) in project.files.iter().enumerate() {
            let rule = match owners[index] {
                Some(owner) => self.rules[owner]
                    .as_ref()
                    .ok_or_else(|| self.out.get(&owner)),
                None => Err(None),
            };
            let rule = match rule {
                Ok(rule) => Ok(rule.clone()),
                Err(Some(rule)) => Err(rule.clone()),
                Err(None) => self.unowned(&file.path),
            };
            match rule {
                Ok(rule) => {
                    let asset = owners[index]
                        .map(|owner| &project.assets[owner])
                        .filter(|a| a.path == file.path);
                    let concerned = asset.is_some_and(|asset| self.rewrite.concerns(asset));
                    entries.push(PlannedEntry {
                        path: file.path.clone(),
                        source: EntrySource::Project(index),
                        asset: asset.map(|asset| asset.kind.clone()),
                        fidelity: if concerned {
                            Fidelity::Rewritten
                        } else {
                            Fidelity::Verbatim
                        },
                        rule,
                    });
                }
                Err(rule) => left_out.push(LeftOutItem {
                    path: file.path.to_string(),
                    rule,
                }),
            }
        }
        self.add_supplied(&mut entries);
        self.credentials(&entries);
        self.defects(&entries);
        drop(self.rules);
        // No two have one path, and so there is no order to be kept.
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        finding::sort(&mut self.findings);
        ExportPlan {
            entries,
            left_out,
            connectors: self.connectors,
            rewrite: self.rewrite,
            findings: self.findings,
        }
    }

    fn credentials(&mut self, entries: &[PlannedEntry]) {
        for entry in entries {
            let (project, file) = match (entry.source, self.sources.supplied) {
                (EntrySource::Project(file), _) => (self.sources.project, file),
                (EntrySource::Supplied(file), Some(supplied)) => (supplied, file),
                (EntrySource::Supplied(_), None) => continue,
            };
            for finding in secrets::findings(&project.files[file]) {
                finding::add(&mut self.findings, finding);
            }
        }
    }

    /// Files that are not what their names say. Connectors' sources are told with the connectors.
    fn defects(&mut self, entries: &[PlannedEntry]) {
        for entry in entries {
            let (project, file) = match (entry.source, self.sources.supplied) {
                (EntrySource::Project(file), _) => (self.sources.project, file),
                (EntrySource::Supplied(file), Some(supplied)) => (supplied, file),
                (EntrySource::Supplied(_), None) => continue,
            };
            self.findings
                .extend(checks::contents::check(project, &project.files[file]));
        }
    }

    /// Files that no asset owns are selected by their own path.
    fn unowned(&self, path: &PackagePath) -> Result<ItemRule, ItemRule> {
        let kind = match FileRole::of(path.as_str()) {
            FileRole::Main(kind) | FileRole::Companion { kind, .. } => Some(kind),
            FileRole::NoAsset => None,
        };
        let kind_word = kind.as_ref().map_or("", AssetKind::word);
        let choice = self.request.selection.selects(&Candidate {
            path,
            kind_word,
            tags: &[],
        });
        refusal(choice).map_or(Ok(ItemRule::Selected), Err)
    }

    fn add_supplied(&mut self, entries: &mut Vec<PlannedEntry>) {
        let Some(supplied) = self.sources.supplied else {
            return;
        };
        for &index in self.supplied.keys() {
            let asset = &supplied.assets[index];
            for &file in &asset.files {
                let from = &supplied.files[file].path;
                let Ok(path) = from.file_name().parse::<PackagePath>() else {
                    continue;
                };
                let key = path.collision_key();
                if entries
                    .iter()
                    .any(|entry| entry.path.collision_key() == key)
                {
                    let message = format!(
                        "the project has a file where the connector \"{}\" has to go",
                        asset.name()
                    );
                    let subject = Subject::File {
                        path: path.clone(),
                        offset: None,
                    };
                    self.findings.push(
                        Finding::new(Code::PathCollision, subject, message)
                            .help("rename one of the two"),
                    );
                    continue;
                }
                entries.push(PlannedEntry {
                    path,
                    source: EntrySource::Supplied(file),
                    asset: (from == &asset.path).then(|| asset.kind.clone()),
                    fidelity: Fidelity::Verbatim,
                    rule: ItemRule::Supplied,
                });
            }
        }
    }
}
