//! From a draft to the plan, and to the receipt of what was done.

mod afterwards;
mod connector_findings;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bindings::By;
use super::connectors::Direction as Found;
use super::connectors::{AdapterFiles, Fate as ConnectorFate, Incomparable, Met, Older};
use super::document::{
    Afterwards, AssetAction, ConnectorAction, Direction, FORMAT, ImportPlan, Knowledge,
    MovedRecipe, Needed, Permission, PlannedAsset, PlannedConnector, PlannedPackage, PlannedRows,
    PlannedWorkspace, RecipeElsewhere, Summary,
};
use super::references::Places;
use super::{Draft, Fate};
use crate::model::count::counted;
use crate::model::finding::{self, Code, Finding, Severity, Subject};
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::table::{RowCount, RowsPolicy, is_table};
use crate::model::workspace::{
    Address, AssetId, AssetKey, Authorization, Binding, FolderPath, HeldState, ReadDepth,
    RecipeState, RevisionNumber, VersionsKnown, WorkspaceAsset,
};
use crate::plan::action_usage::unreleasable;
use crate::plan::checks::same_name;
use crate::plan::connectors::title_of;
use crate::plan::decision::shell_word;
use crate::plan::import::compare::{Held, RowsFate};
use crate::plan::landing::TagsPolicy;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The revision that it made; absent if there was nothing to do.
    pub revision: Option<RevisionNumber>,
    /// The connectors that are the workspace's own now, by the versions that recipes run.
    pub connectors: Vec<ReceiptConnector>,
    /// Recipes whose state matters: those that were stopped for it, or were to run.
    pub recipes: Vec<ReceiptRecipe>,
    /// How much of the workspace the import rests on; absent where everything was read.
    #[serde(
        default = "ReadDepth::whole",
        skip_serializing_if = "ReadDepth::is_whole"
    )]
    pub reading: ReadDepth,
    /// Files of the package that were not sent: of assets that were not read there, or that keep what
    /// somebody changed there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<PackagePath>,
    /// The edited copy that went in place of the package, where settings put rows or connections into
    /// it; absent where the package went as it is, or only rows and tags
    /// stayed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentCopy>,
    /// The digest of the package's contents, whatever compressed them; absent where some of them were
    /// not read, and from receipts of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Digest>,
}

/// An edited copy of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentCopy {
    /// The digest of the package that was reviewed.
    pub package: Digest,
    /// The digest of the copy.
    pub copy: Digest,
}

/// A connector after an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptConnector {
    /// Its title.
    pub title: ConnectorTitle,
    /// Its name in the workspace.
    pub internal_name: InternalName,
    /// The version that recipes run; unknown where the platform does not tell.
    pub version: Option<Version>,
}

/// A recipe that an import stopped and started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptRecipe {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: FolderPath,
    /// The state that it was to be in.
    pub planned: RecipeState,
    /// The state that it is in.
    pub state: RecipeState,
    /// Why it could not be started.
    pub obstacles: Vec<String>,
}

impl Draft<'_> {
    /// The plan, once every question was [answered](Draft::answered), and what a person should know.
    pub fn decide(&self, package: PlannedPackage, address: Address) -> (ImportPlan, Vec<Finding>) {
        let mut findings = self.findings.clone();
        let connectors: Vec<_> = self
            .connectors
            .met
            .iter()
            .map(|met| self.connector(met, &mut findings))
            .collect();
        let around = Around {
            address: &address,
            namesakes: self.namesakes(),
        };
        // As many as there are, or a few less.
        let mut assets = Vec::with_capacity(self.assets.len());
        let drafted = 0..self.assets.len();
        assets.extend(drafted.filter_map(|index| self.asset(index, &around, &mut findings)));
        self.restart_findings(&mut findings);
        findings.extend(self.reference_findings());
        self.same_names(&mut findings);
        self.taken_before(&mut findings);
        self.unseen_namesakes(&mut findings);
        let mismatched = self.mismatched();
        let untold = mismatched
            .iter()
            .filter(|found| !self.told_with_connection(found.id));
        findings.extend(untold.map(Mismatched::finding));
        if self.project().assets.is_empty() {
            findings.push(
                Finding::new(
                    Code::NothingToImport,
                    Subject::Project,
                    "the package holds no assets",
                )
                .help("make it with `recipack export`, or with the platform"),
            );
        }
        let summary = summary(&connectors, &assets);
        let needs = needs(&connectors, &assets);
        let workspace = &self.snapshot.workspace;
        let owned = self.project().owners();
        let ignored = self.project().files.iter().zip(owned);
        let landing = &self.placing.landing;
        let left_out = |owner: usize| {
            let kind = &self.project().assets[owner].kind;
            *kind == AssetKind::Tags && landing.tags == TagsPolicy::Skip
        };
        let plan = ImportPlan {
            format: FORMAT,
            reading: ReadDepth::Full,
            package,
            workspace: PlannedWorkspace {
                address,
                id: workspace.id,
                kind: workspace.kind,
                state: workspace.state,
                revision: workspace.revision,
            },
            target: None,
            settings: None,
            catalog: self.snapshot.shared.as_ref().map(|shared| shared.digest()),
            folder: self.placing.folder.clone(),
            rows: self.rows.for_all(),
            edits: None,
            edits_of: BTreeMap::new(),
            edited: Vec::new(),
            home_folder: Some(&landing.home).filter(|home| !home.is_home()).cloned(),
            tags: landing.tags,
            creates_folders: self.new_folders(),
            afterwards: self.afterwards(&mismatched),
            connectors,
            assets,
            summary,
            needs,
            ignored: ignored
                .enumerate()
                .filter(|(index, (_, owner))| match owner {
                    Some(owner) => left_out(*owner) || self.is_foreign(*owner, *index),
                    None => true,
                })
                .map(|(_, (file, _))| file.path.clone())
                .collect(),
        };
        (plan, findings)
    }

    /// Whether a file lies beside a connector's without being one that connectors have.
    fn is_foreign(&self, owner: usize, file: usize) -> bool {
        let project = self.project();
        let asset = &project.assets[owner];
        if asset.kind != AssetKind::CustomAdapter {
            return false;
        }
        let files = AdapterFiles::of(project, asset);
        let logo = files.logo.map(|(_, logo)| logo);
        ![files.json, files.code, logo].contains(&Some(file))
    }

    fn restart_findings(&self, findings: &mut Vec<Finding>) {
        for (index, obstacles) in self.obstacles() {
            if obstacles.is_empty() {
                continue;
            }
            let asset = &self.project().assets[index];
            let mut finding = Finding::new(
                Code::RestartFails,
                Subject::File {
                    path: asset.path.clone(),
                    offset: None,
                },
                format!(
                    "\"{}\" runs, and would stay stopped after the import",
                    asset.name()
                ),
            );
            for obstacle in obstacles {
                finding = finding.note(obstacle.to_string());
            }
            findings.push(finding.help("put that right before the import"));
        }
    }

    /// Folders that are not there, parents first.
    pub fn new_folders(&self) -> Vec<FolderPath> {
        let wanted = self
            .assets
            .iter()
            .filter_map(|drafted| Some(drafted.key?.place.folder()))
            .chain([self.placing.folder.clone()]);
        let mut folders = BTreeSet::new();
        for folder in wanted {
            let mut next = Some(folder);
            while let Some(folder) = next {
                next = folder.parent();
                folders.insert(folder);
            }
        }
        debug_assert!({
            let scope = self.placing.scope(self.project());
            folders.iter().all(|folder| scope.folders.contains(folder))
        });
        folders
            .into_iter()
            .filter(|folder| !folder.is_home() && !self.snapshot.folders.contains(folder))
            .collect()
    }

    fn connector(&self, met: &Met<'_>, findings: &mut Vec<Finding>) -> PlannedConnector {
        let connector = &met.connector;
        let project = self.project();
        let asset = met.adapter.map(|adapter| &project.assets[adapter]);
        let (action, from, to) = self.told_versions(met);
        let moves = match action {
            ConnectorAction::Update | ConnectorAction::Downgrade => self.moved(met),
            ConnectorAction::Install
            | ConnectorAction::Same
            | ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere
            | ConnectorAction::Unknown
            | ConnectorAction::Blocked => Vec::new(),
        };
        let recipes = connector.recipes.iter();
        let planned = PlannedConnector {
            connector: connector.label().to_owned(),
            title: connector.title.clone().or_else(|| asset.and_then(title_of)),
            action,
            direction: direction(&met.fate),
            from,
            to,
            packaged: asset.is_some(),
            packaged_version: asset
                .and_then(|asset| asset.facts.connector())
                .and_then(|facts| facts.version),
            packaged_from: asset.and_then(|_| connector.source_workspace()),
            code: asset.and_then(|asset| AdapterFiles::of(project, asset).code_digest(project)),
            internal_names: connector.internal_names.iter().cloned().collect(),
            internal_name: met
                .internal_name
                .clone()
                .filter(|_| action != ConnectorAction::Install),
            recipes: recipes
                .map(|&recipe| project.assets[recipe].path.clone())
                .collect(),
            moves,
        };
        self.connector_findings(met, &planned, findings);
        planned
    }

    /// What happens to a connector, with versions as far as they are told: over the API not all are.
    pub(super) fn told_versions(
        &self,
        met: &Met<'_>,
    ) -> (ConnectorAction, Option<Version>, Option<Version>) {
        let (action, from, to) = self.connector_action(met);
        let mut held = self.snapshot.connectors.iter();
        let held = held.find(|held| Some(held.id) == met.id);
        match held.map(|held| (held.known, held.released)) {
            None | Some((VersionsKnown::All, _)) => (action, from, to),
            Some((VersionsKnown::Nothing, _)) => (action, None, None),
            Some((VersionsKnown::Released, released)) => match action {
                ConnectorAction::Update | ConnectorAction::Downgrade => (action, released, None),
                ConnectorAction::Install
                | ConnectorAction::Same
                | ConnectorAction::UsesShared
                | ConnectorAction::UsesOwn
                | ConnectorAction::Elsewhere
                | ConnectorAction::Unknown
                | ConnectorAction::Blocked => (action, from, to),
            },
        }
    }

    fn connector_action(
        &self,
        met: &Met<'_>,
    ) -> (ConnectorAction, Option<Version>, Option<Version>) {
        let next = |version: Version| Some(Version(version.0 + 1));
        match &met.fate {
            ConnectorFate::Install => (ConnectorAction::Install, None, Some(Version(1))),
            &ConnectorFate::Update { from, .. } => {
                (ConnectorAction::Update, Some(from), next(from))
            }
            &ConnectorFate::Downgrade { from, .. } => {
                (ConnectorAction::Downgrade, Some(from), next(from))
            }
            &ConnectorFate::Same(version) => (ConnectorAction::Same, Some(version), Some(version)),
            &ConnectorFate::Present(version) => {
                (ConnectorAction::UsesOwn, Some(version), Some(version))
            }
            &ConnectorFate::Shared(version) => {
                (ConnectorAction::UsesShared, Some(version), Some(version))
            }
            ConnectorFate::Elsewhere => (ConnectorAction::Elsewhere, None, None),
            ConnectorFate::Untold => (ConnectorAction::Unknown, None, None),
            ConnectorFate::Missing | ConnectorFate::Half(_) | ConnectorFate::Unreleasable(_) => {
                (ConnectorAction::Blocked, None, None)
            }
        }
    }

    /// Recipes outside the package that use a connector.
    fn moved(&self, met: &Met<'_>) -> Vec<MovedRecipe> {
        let packaged: BTreeSet<AssetId> = self.assets.iter().filter_map(|a| a.id).collect();
        let users = met
            .internal_name
            .as_ref()
            .and_then(|name| self.snapshot.users.get(name));
        users
            .into_iter()
            .flatten()
            .filter(|user| !packaged.contains(&user.id))
            .map(|user| MovedRecipe {
                id: user.id,
                name: user.key.name.to_string(),
                folder: user.key.place.folder(),
                state: user.state,
            })
            .collect()
    }

    fn asset(
        &self,
        index: usize,
        around: &Around<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<PlannedAsset> {
        let (drafted, asset) = (&self.assets[index], &self.project().assets[index]);
        let key = drafted.key?;
        let held = drafted.held;
        let running = held.is_some_and(|held| held.state.is_running());
        let from = held.map(|held| held.version);
        let placeholder = asset.kind == AssetKind::Connection;
        let (action, to) = match (drafted.fate, from) {
            (Fate::Connector | Fate::Mapped, _) => return None,
            (Fate::Creates, _) if placeholder => (AssetAction::CreatesPlaceholder, Version(1)),
            (Fate::Creates, _) | (_, None) => (AssetAction::Creates, Version(1)),
            (Fate::Binds, Some(from)) => (AssetAction::BindsToExisting, from),
            (Fate::NoChange, Some(from)) => (AssetAction::NoChange, from),
            (Fate::Asks | Fate::Overwrites, Some(from)) => {
                let action = match running {
                    true => AssetAction::OverwritesRunning,
                    false => AssetAction::Overwrites,
                };
                (action, Version(from.0 + 1))
            }
        };
        if let (Fate::Binds, Some(held)) = (drafted.fate, held)
            && let (Some(wanted), Some(there)) =
                (drafted.providers.first(), held.body.providers.first())
            && wanted != there
        {
            findings.push(
                Finding::new(
                    Code::ConnectionProviderDiffers,
                    Subject::File { path: asset.path.clone(), offset: None },
                    format!("connection \"{}\" is there for `{there}`, and the package's is for `{wanted}`", key.name),
                )
                .note("an import leaves a connection of the same name as it is")
                .help("rename one of the two"),
            );
        }
        let created = drafted.fate == Fate::Creates && asset.kind == AssetKind::Recipe;
        let elsewhere = around.namesakes.get(&*key.name).filter(|_| created);
        let elsewhere = elsewhere.cloned().unwrap_or_default();
        if !elsewhere.is_empty() {
            let mut finding = Finding::new(
                Code::RecipeElsewhere,
                Subject::File {
                    path: asset.path.clone(),
                    offset: None,
                },
                format!(
                    "\"{}\" is created, and the workspace has a recipe of that name elsewhere",
                    key.place.folder().label(&key.name)
                ),
            );
            for other in &elsewhere {
                finding = finding.note(format!(
                    "number {}, {} ({})",
                    other.id,
                    other.folder.label(&key.name),
                    other.state
                ));
            }
            let what =
                "recipes are created, and the workspace has recipes of their names elsewhere";
            findings.push(
                finding
                    .grouped_by("", what, format!("`{}`", asset.path))
                    .help("if it was moved, stop the other one before the new one is started"),
            );
        }
        Some(PlannedAsset {
            path: asset.path.clone(),
            kind: asset.kind.clone(),
            name: key.name.clone(),
            folder: key.place.folder(),
            action,
            id: held.map(|held| held.id),
            // Over the API not every version is told.
            from: from.filter(|from| from.0 > 0),
            to: match from {
                Some(Version(0)) => None,
                Some(_) | None => Some(to),
            },
            state: (asset.kind == AssetKind::Recipe).then_some(if running {
                RecipeState::Running
            } else {
                RecipeState::Stopped
            }),
            known: Knowledge::Read,
            rows: self.planned_rows(index, around.address).map(Box::new),
            elsewhere: elsewhere.into(),
        })
    }

    /// The rows of a table before and after. A workspace of a local platform has no rows where it
    /// tells none; of one behind the API nobody knows.
    pub(super) fn planned_rows(&self, index: usize, address: &Address) -> Option<PlannedRows> {
        let (drafted, asset) = (&self.assets[index], &self.project().assets[index]);
        if drafted.held.is_none() {
            let packaged = asset.facts.rows().filter(|_| is_table(&asset.kind))?;
            let to = match self.rows(index) {
                RowsPolicy::Keep | RowsPolicy::Overwrite => packaged.count(),
                RowsPolicy::LeaveOut => RowCount::Known(0),
            };
            return Some(PlannedRows {
                from: None,
                to,
                overwritten: false,
            });
        }
        let change = drafted.rows?;
        let untold = match address {
            Address::Local(_) => RowCount::Known(0),
            Address::Remote(_) => RowCount::UNKNOWN,
        };
        let (from, is_untold) = match change.from {
            Held::Told(count) => (count, false),
            Held::Untold => (untold, true),
        };
        let overwritten = change.fate == RowsFate::Overwritten && from != RowCount::Known(0);
        let to = match change.fate {
            RowsFate::Kept if is_untold => untold,
            RowsFate::Kept | RowsFate::Overwritten => change.to,
        };
        Some(PlannedRows {
            from: Some(from),
            to,
            overwritten,
        })
    }

    /// Assets that only the order of their files tells apart.
    fn same_names(&self, findings: &mut Vec<Finding>) {
        let assets = &self.project().assets;
        for (key, twins) in same_name::twins(self.placing, 0..assets.len()) {
            let Some(second) = twins.get(1) else { continue };
            let subject = Subject::File {
                path: assets[*second].path.clone(),
                offset: None,
            };
            let message = same_name::message(&key, twins.len());
            let mut finding = Finding::new(Code::SameName, subject, message);
            for index in twins {
                let path = &assets[index].path;
                finding = finding.note(match self.assets[index].held {
                    Some(held) => format!("`{path}` goes to number {}", held.id),
                    None => format!("`{path}` creates one"),
                });
            }
            findings.push(finding.help("rename all but one in the workspace that they come from"));
        }
    }

    /// Skills and MCP servers that the workspace has already: the platform fails to take them again
    /// (platform.md §9).
    fn taken_before(&self, findings: &mut Vec<Finding>) {
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            let (Some(held), AssetKind::Skill | AssetKind::McpServer) = (drafted.held, &asset.kind)
            else {
                continue;
            };
            let subject = Subject::File {
                path: asset.path.clone(),
                offset: None,
            };
            let message = format!(
                "the {} \"{}\" is in the workspace already",
                asset.kind.label(),
                held.key.name
            );
            findings.push(
                Finding::new(Code::NotTakenTwice, subject, message)
                    .note("the platform is reported to refuse a package with one that is there: `PG::UniqueViolation`")
                    .help(format!(
                        "leave it out of the package: recipack export --exclude {}",
                        shell_word(asset.path.as_str())
                    )),
            );
        }
    }

    /// Recipes that are created, where nobody could see whether the workspace has one of the name
    /// elsewhere.
    fn unseen_namesakes(&self, findings: &mut Vec<Finding>) {
        let within = &self.snapshot.namesakes.within;
        let created = self.assets.iter().zip(&self.project().assets);
        let created = created
            .filter(|(drafted, asset)| {
                drafted.fate == Fate::Creates && asset.kind == AssetKind::Recipe
            })
            .count();
        if within.is_home() || created == 0 {
            return;
        }
        let mut finding = Finding::new(
            Code::RecipeElsewhere,
            Subject::Project,
            format!(
                "whether recipes of the same names run outside of folder \"{within}\" is not known: {} created, and only that folder was read",
                match created {
                    1 => "1 recipe is".to_owned(),
                    created => format!("{created} recipes are"),
                }
            ),
        );
        finding.severity = Severity::Note;
        findings.push(finding);
    }

    /// Recipes of the workspace that are not in the package, and have the names of recipes that are
    /// not where the package has them; by name.
    fn namesakes(&self) -> BTreeMap<&str, Vec<RecipeElsewhere>> {
        let packaged: BTreeSet<&AssetKey> = self.placing.keys.iter().flatten().collect();
        let mut namesakes: BTreeMap<&str, Vec<RecipeElsewhere>> = BTreeMap::new();
        let recipes = self.snapshot.namesakes.recipes.iter();
        for other in recipes.filter(|other| !packaged.contains(&other.key)) {
            let of_name = namesakes.entry(&other.key.name).or_default();
            of_name.push(RecipeElsewhere {
                id: other.id,
                folder: other.key.place.folder(),
                state: other.state,
            });
        }
        namesakes
    }

    /// Properties that the workspace does not have yet.
    fn new_properties(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            let changes = matches!(drafted.fate, Fate::Creates | Fate::Overwrites | Fate::Asks);
            if changes {
                names.extend(asset.facts.properties().iter().map(ToString::to_string));
            }
        }
        names.into_iter().collect()
    }
}

/// What is known of a workspace beside what the package meets there.
struct Around<'d> {
    address: &'d Address,
    /// Recipes elsewhere, by their names.
    namesakes: BTreeMap<&'d str, Vec<RecipeElsewhere>>,
}

/// A connection that recipes are bound to.
#[derive(Clone, Debug)]
struct Bound<'d> {
    name: &'d str,
    folder: FolderPath,
    /// What it is for, if that is known.
    provider: Option<&'d str>,
    whose: Whose,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Workspace,
    Package,
}

/// A connection, and what recipes use it for.
#[derive(Clone, Debug)]
struct Mismatched<'d> {
    id: AssetId,
    bound: Bound<'d>,
    wanted: &'d str,
    /// Their paths, and the bytes at which they say so.
    recipes: Vec<(&'d PackagePath, u32)>,
}

impl Mismatched<'_> {
    fn afterwards(&self) -> Afterwards {
        Afterwards::OtherApplication {
            connection: self.bound.name.to_owned(),
            folder: self.bound.folder.clone(),
            found: self.bound.provider.map(str::to_owned),
            wanted: self.wanted.to_owned(),
            recipes: self.recipes.len(),
        }
    }

    fn finding(&self) -> Finding {
        let (code, whose) = match self.bound.whose {
            Whose::Workspace => (Code::ConnectionProviderDiffers, "the workspace's"),
            Whose::Package => (Code::ConnectionOtherApplication, "the package's"),
        };
        let subject = match self.recipes.first() {
            Some((path, offset)) => Subject::File {
                path: (*path).clone(),
                offset: Some(*offset),
            },
            None => Subject::Project,
        };
        let found = match self.bound.provider {
            Some(found) => format!("for `{found}`"),
            None => "for an application that is not known".to_owned(),
        };
        let name = self.bound.folder.label(self.bound.name);
        let wanted = self.wanted;
        let message = format!(
            "{whose} connection \"{name}\" is {found}, and {} for `{wanted}`",
            match self.recipes.len() {
                1 => "1 recipe uses it".to_owned(),
                recipes => format!("{recipes} recipes use it"),
            }
        );
        let finding = Finding::new(code, subject, message);
        let others = self.recipes.iter().skip(1).take(NAMED);
        let finding = others.fold(finding, |finding, (path, _)| {
            finding.note(format!("also in `{path}`"))
        });
        finding
            .help("choose a connection of that application in the target, or rename one of the two")
    }
}

/// How many recipes a finding names beside the first.
const NAMED: usize = 4;

/// How the packaged code stands to the code that it replaces.
fn direction(fate: &ConnectorFate) -> Option<Direction> {
    match fate {
        ConnectorFate::Update { direction, .. } => Some(match direction {
            Found::Newer => Direction::Newer,
            Found::Unknown(_) => Direction::Unknown,
        }),
        ConnectorFate::Downgrade { .. } => Some(Direction::Older),
        ConnectorFate::Install
        | ConnectorFate::Same(_)
        | ConnectorFate::Present(_)
        | ConnectorFate::Shared(_)
        | ConnectorFate::Elsewhere
        | ConnectorFate::Missing
        | ConnectorFate::Untold
        | ConnectorFate::Half(_)
        | ConnectorFate::Unreleasable(_) => None,
    }
}

fn summary(connectors: &[PlannedConnector], assets: &[PlannedAsset]) -> Summary {
    let mut summary = Summary::default();
    for connector in connectors {
        match connector.action {
            ConnectorAction::Install => summary.installs += 1,
            ConnectorAction::Update | ConnectorAction::Downgrade => summary.updates += 1,
            ConnectorAction::Blocked => summary.blocked += 1,
            ConnectorAction::Unknown => summary.unknown += 1,
            ConnectorAction::Same
            | ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere => {}
        }
    }
    for asset in assets {
        match asset.action {
            AssetAction::Creates | AssetAction::CreatesPlaceholder => summary.creates += 1,
            AssetAction::Overwrites => summary.overwrites += 1,
            AssetAction::OverwritesRunning => {
                summary.overwrites += 1;
                summary.overwrites_running += 1;
            }
            AssetAction::NoChange | AssetAction::BindsToExisting => summary.unchanged += 1,
            AssetAction::NotRead => summary.not_read += 1,
            AssetAction::KeepsEdits => summary.keeps_edits += 1,
        }
    }
    summary
}

fn needs(connectors: &[PlannedConnector], assets: &[PlannedAsset]) -> Vec<Needed> {
    let mut needs = Vec::new();
    let running = assets
        .iter()
        .filter(|asset| asset.action == AssetAction::OverwritesRunning)
        .count();
    if running > 0 {
        needs.push(Needed {
            permission: Permission::RestartRecipes,
            because: format!(
                "{} would be stopped, updated and started",
                counted(running as u64, "running recipe")
            ),
        });
    }
    needs.extend(assets.iter().filter_map(|asset| {
        let rows = asset.rows.as_ref().filter(|rows| rows.overwritten)?;
        Some(Needed {
            permission: Permission::OverwriteRows,
            because: format!(
                "the {} \"{}\" would lose its rows: {}",
                asset.kind.label(),
                asset.name,
                rows.wording()
            ),
        })
    }));
    for connector in connectors {
        let label = &connector.connector;
        let versions = match (connector.from, connector.to) {
            (Some(from), Some(to)) => format!("{from} → {to}"),
            _ => String::new(),
        };
        match connector.action {
            ConnectorAction::Downgrade => needs.push(Needed {
                permission: Permission::Downgrade,
                because: format!("\"{label}\" {versions} would be older code"),
            }),
            // What the package has of it can't be installed, whatever is permitted.
            ConnectorAction::Blocked if connector.packaged => {}
            ConnectorAction::Unknown => needs.push(Needed {
                permission: Permission::MissingConnectors,
                because: format!(
                    "whether \"{label}\" is shared with the workspace can't be seen, and {} could not start without it",
                    counted(connector.recipes.len() as u64, "recipe")
                ),
            }),
            ConnectorAction::Blocked => needs.push(Needed {
                permission: Permission::MissingConnectors,
                because: format!(
                    "\"{label}\" is nowhere, and {} could not start",
                    counted(connector.recipes.len() as u64, "recipe")
                ),
            }),
            ConnectorAction::Install
            | ConnectorAction::Update
            | ConnectorAction::Same
            | ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere => {}
        }
        let running = connector
            .moves
            .iter()
            .filter(|moved| moved.state == RecipeState::Running)
            .count();
        if running > 0 {
            needs.push(Needed {
                permission: Permission::MoveRecipes,
                because: format!(
                    "\"{label}\" {versions} also moves {} outside the package",
                    counted(running as u64, "running recipe")
                ),
            });
        }
    }
    needs
}
