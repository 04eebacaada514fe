//! From a draft to the plan, and to the receipt of what was done.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bindings::By;
use super::connectors::Direction as Found;
use super::connectors::{AdapterFiles, Fate as ConnectorFate, Incomparable, Met, Older};
use super::document::{
    Afterwards, AssetAction, ConnectorAction, Direction, FORMAT, ImportPlan, MovedRecipe, Needed,
    Permission, PlannedAsset, PlannedConnector, PlannedPackage, PlannedRows, PlannedWorkspace,
    RecipeElsewhere, Summary,
};
use super::sameness::{Held, RowsFate};
use super::{Draft, Drafted, Fate};
use crate::model::finding::{Code, Finding, Severity, Subject};
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::Asset;
use crate::model::table::{RowCount, RowsPolicy, is_table};
use crate::model::workspace::{
    Address, AssetId, AssetKey, Authorization, Binding, FolderPath, HeldState, RecipeState,
    RevisionNumber, VersionsKnown,
};
use crate::plan::actions::unreleasable;
use crate::plan::checks::same_name;
use crate::plan::connectors::title_of;
use crate::plan::decision::shell_word;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The revision that it made; absent if there was nothing to do.
    pub revision: Option<RevisionNumber>,
    /// The connectors that are the workspace's own now, by the versions that recipes run.
    pub connectors: Vec<ReceiptConnector>,
    /// Recipes whose state matters: those that were stopped for it, or were to run.
    pub recipes: Vec<ReceiptRecipe>,
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
        let assets: Vec<_> = self
            .assets
            .iter()
            .zip(&self.project().assets)
            .filter_map(|(drafted, asset)| self.asset(drafted, asset, &around, &mut findings))
            .collect();
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
        let plan = ImportPlan {
            format: FORMAT,
            package,
            workspace: PlannedWorkspace {
                address,
                id: workspace.id,
                kind: workspace.kind,
                state: workspace.state,
                revision: workspace.revision,
            },
            target: None,
            catalogue: self.snapshot.shared.as_ref().map(|shared| shared.digest()),
            folder: self.placing.folder.clone(),
            rows: self.rows,
            creates_folders: self.new_folders(),
            afterwards: self.afterwards(&mismatched),
            connectors,
            assets,
            summary,
            needs,
            ignored: ignored
                .enumerate()
                .filter(|(index, (_, owner))| match owner {
                    Some(owner) => self.is_foreign(*owner, *index),
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
        let scope = self.placing.scope(self.project());
        let wanted = self
            .placing
            .keys
            .iter()
            .flatten()
            .map(|key| key.place.folder())
            .chain([self.placing.folder.clone()]);
        let mut folders = BTreeSet::new();
        for folder in wanted {
            let mut next = Some(folder);
            while let Some(folder) = next {
                next = folder.parent();
                folders.insert(folder);
            }
        }
        debug_assert!(folders.iter().all(|folder| scope.folders.contains(folder)));
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
                name: user.key.name.clone(),
                folder: user.key.place.folder(),
                state: user.state,
            })
            .collect()
    }

    fn connector_findings(
        &self,
        met: &Met<'_>,
        planned: &PlannedConnector,
        findings: &mut Vec<Finding>,
    ) {
        let label = &planned.connector;
        let subject = match (met.adapter, &met.connector.title) {
            (Some(adapter), _) => Subject::File {
                path: self.project().assets[adapter].path.clone(),
                offset: None,
            },
            (None, Some(title)) => Subject::Connector(title.clone()),
            (None, None) => Subject::Project,
        };
        let users = match planned.recipes.len() {
            1 => "1 recipe of the package uses it".to_owned(),
            number => format!("{number} recipes of the package use it"),
        };
        match &met.fate {
            ConnectorFate::Missing => findings.push(
                Finding::new(
                    Code::ConnectorBlocked,
                    subject,
                    format!("\"{label}\" is neither in the package nor in the workspace"),
                )
                .note(users)
                .help("pack it (`recipack export --for external`), share it with this customer, or import without it and let its recipes be unable to start: --allow-missing-connectors"),
            ),
            ConnectorFate::Elsewhere => findings.push(
                Finding::new(
                    Code::ConnectorElsewhere,
                    subject,
                    format!("\"{label}\" is not in the workspace yet, and neither is its connection"),
                )
                .note(users)
                .help("import the package that brings both, and start the recipes afterwards"),
            ),
            ConnectorFate::Untold => findings.push(
                Finding::new(
                    Code::ConnectorSharingUnknown,
                    subject,
                    format!("\"{label}\" is neither in the package nor among the workspace's own, and whether it is shared with the workspace can't be seen"),
                )
                .note(users)
                .note("only the partner's account tells which connectors are shared with its customers")
                .help("if the workspace is a customer's, import with the partner's token and the customer's address; or say that it is all right: --allow-missing-connectors"),
            ),
            ConnectorFate::Half(lack) => findings.push(
                Finding::new(
                    Code::ConnectorSourceless,
                    subject,
                    format!("\"{label}\" is only half in the package: {}", lack.told()),
                )
                .note(users)
                .help(format!("{}, and make the package again", lack.way_out())),
            ),
            ConnectorFate::Unreleasable(error) => {
                let code = met.adapter.and_then(|adapter| {
                    let project = self.project();
                    let files = AdapterFiles::of(project, &project.assets[adapter]);
                    Some(project.files[files.code?].path.clone())
                });
                let subject = match code {
                    Some(path) => Subject::File { path, offset: None },
                    None => subject,
                };
                findings.push(unreleasable(label, subject, error).note(users));
            }
            ConnectorFate::Downgrade { from, evidence } => {
                let evidence = match evidence {
                    Older::Code(version) => format!("its code is that of {version}, which {from} replaced"),
                    Older::Number { packaged, held } => format!(
                        "it is {packaged} of the workspace it comes from, and {from} here was {held} there"
                    ),
                };
                findings.push(
                    Finding::new(
                        Code::ConnectorDowngrade,
                        subject,
                        format!("\"{label}\" would go back to older code"),
                    )
                    .note(evidence)
                    .help("pack the newest version, or say that it is meant: --allow-downgrade"),
                );
            }
            ConnectorFate::Update {
                from,
                direction: Found::Unknown(why),
            } => {
                let why = match why {
                    Incomparable::SameNumber(number) => format!(
                        "both are {number} of the workspace they come from, and their code differs"
                    ),
                    Incomparable::Workspaces { packaged, held } => format!(
                        "it comes from workspace {packaged} and {from} here from workspace {held}; numbers count per workspace"
                    ),
                    Incomparable::PackagedUnknown => {
                        "from which workspace the packaged one comes, or its number there, is not known".to_owned()
                    }
                    Incomparable::HeldUnknown => format!(
                        "from which workspace {from} here comes, or its number there, is not known"
                    ),
                };
                findings.push(
                    Finding::new(
                        Code::ConnectorDirectionUnknown,
                        subject.clone(),
                        format!("\"{label}\" gets other code, and whether that is older or newer can't be told"),
                    )
                    .note(why)
                    .help("compare the two before the import: `recipack connector diff`"),
                );
                self.included_though_shared(met, label, subject, findings);
            }
            ConnectorFate::Install | ConnectorFate::Update { .. } => {
                self.included_though_shared(met, label, subject, findings);
            }
            ConnectorFate::Same(_) | ConnectorFate::Present(_) | ConnectorFate::Shared(_) => {}
        }
        if !planned.moves.is_empty() {
            let running = planned
                .moves
                .iter()
                .filter(|moved| moved.state == RecipeState::Running);
            let mut finding = Finding::new(
                Code::ConnectorMovesRecipes,
                match &planned.title {
                    Some(title) => Subject::Connector(title.clone()),
                    None => Subject::Project,
                },
                format!(
                    "the new version of \"{label}\" also moves {} outside the package, {} of them running",
                    count(planned.moves.len(), "recipe"),
                    running.count()
                ),
            );
            for moved in &planned.moves {
                finding = finding.note(format!(
                    "{} ({})",
                    shown(&moved.folder, &moved.name),
                    moved.state
                ));
            }
            findings.push(finding);
        }
    }

    /// Tells of a connector that the package brings though the workspace has it as a shared one.
    fn included_though_shared(
        &self,
        met: &Met<'_>,
        label: &str,
        subject: Subject,
        findings: &mut Vec<Finding>,
    ) {
        let entry = met.connector.entry.map(|(entry, _)| entry);
        if entry.is_none_or(|entry| entry.shared_version.version().is_none()) {
            return;
        }
        findings.push(
            Finding::new(
                Code::SharedConnectorIncluded,
                subject,
                format!("\"{label}\" is shared with this workspace, and the package brings it all the same"),
            )
            .note("the recipes of the package will use the workspace's own copy, which no update of the shared one reaches")
            .help("export the package with `--for customer` and the catalogue"),
        );
    }

    fn asset(
        &self,
        drafted: &Drafted<'_>,
        asset: &Asset,
        around: &Around<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<PlannedAsset> {
        let key = drafted.key?;
        let held = drafted.held;
        let running = held.is_some_and(|held| held.state.is_running());
        let from = held.map(|held| held.version);
        let placeholder = asset.kind == AssetKind::Connection;
        let (action, to) = match (drafted.fate, from) {
            (Fate::Connector, _) => return None,
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
                    shown(&key.place.folder(), &key.name)
                ),
            );
            for other in &elsewhere {
                finding = finding.note(format!(
                    "number {}, {} ({})",
                    other.id,
                    shown(&other.folder, &key.name),
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
            rows: self.planned_rows(drafted, asset, around.address),
            elsewhere,
        })
    }

    /// The rows of a table before and after. A workspace of a local platform has no rows where it
    /// tells none; of one behind the API nobody knows.
    fn planned_rows(
        &self,
        drafted: &Drafted<'_>,
        asset: &Asset,
        address: &Address,
    ) -> Option<PlannedRows> {
        if drafted.held.is_none() {
            let packaged = asset.facts.rows().filter(|_| is_table(&asset.kind))?;
            let to = match self.rows {
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

    fn afterwards(&self, mismatched: &[Mismatched<'_>]) -> Vec<Afterwards> {
        let project = self.project();
        let mut using: BTreeMap<AssetId, usize> = BTreeMap::new();
        let mut unbound: BTreeMap<&str, usize> = BTreeMap::new();
        let mut undecided: BTreeMap<(&str, &[AssetId]), usize> = BTreeMap::new();
        let mut starts = 0;
        for (drafted, asset) in self.assets.iter().zip(&project.assets) {
            let Some(recipe) = asset.facts.recipe() else {
                continue;
            };
            starts += usize::from(drafted.fate == Fate::Creates);
            let accounts: BTreeSet<usize> =
                recipe.config.iter().filter_map(|e| e.account).collect();
            let mut bound = BTreeSet::new();
            for account in accounts {
                match drafted.bindings.get(account) {
                    Some(Binding::Asset(id)) => {
                        bound.insert(*id);
                    }
                    Some(Binding::Connector(_) | Binding::Shared | Binding::Nothing) | None => {
                        let name = &*asset.facts.references[account].name;
                        match drafted.resolutions.get(account).map(|found| &found.by) {
                            Some(By::Several(candidates)) => {
                                *undecided.entry((name, candidates)).or_default() += 1;
                            }
                            Some(By::Place | By::Name | By::Nothing) | None => {
                                *unbound.entry(name).or_default() += 1;
                            }
                        }
                    }
                }
            }
            for id in bound {
                *using.entry(id).or_default() += 1;
            }
        }
        let mut afterwards = self.unauthorized(&using);
        afterwards.extend(
            unbound
                .into_iter()
                .map(|(connection, recipes)| Afterwards::Connect {
                    connection: connection.to_owned(),
                    recipes,
                }),
        );
        let places = self.places();
        afterwards.extend(
            undecided
                .into_iter()
                .map(|((connection, candidates), recipes)| Afterwards::Choose {
                    connection: connection.to_owned(),
                    folders: candidates
                        .iter()
                        .filter_map(|id| Some(places.get(id)?.place.folder()))
                        .collect(),
                    recipes,
                }),
        );
        afterwards.extend(mismatched.iter().map(Mismatched::afterwards));
        let names = self.properties_read();
        if !names.is_empty() {
            afterwards.push(Afterwards::CheckProperties { names });
        }
        let names = self.new_properties();
        if !names.is_empty() {
            afterwards.push(Afterwards::FillProperties { names });
        }
        if starts > 0 {
            afterwards.push(Afterwards::Start { recipes: starts });
        }
        afterwards
    }

    /// Connections without credentials that the package brings or uses.
    fn unauthorized(&self, using: &BTreeMap<AssetId, usize>) -> Vec<Afterwards> {
        let mut found = BTreeMap::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            if let (AssetKind::Connection, Some(id), Some(key)) =
                (&asset.kind, drafted.id, drafted.key)
            {
                let authorized = drafted.held.is_some_and(|held| {
                    held.state == HeldState::Connection(Authorization::Authorized)
                });
                if !authorized {
                    found.insert(id, key);
                }
            }
        }
        let elsewhere = self
            .snapshot
            .assets
            .values()
            .chain(&self.snapshot.connections);
        for held in elsewhere {
            if held.state == HeldState::Connection(Authorization::Placeholder)
                && using.contains_key(&held.id)
            {
                found.insert(held.id, &held.key);
            }
        }
        found
            .into_iter()
            .map(|(id, key)| Afterwards::Authorize {
                connection: key.name.clone(),
                folder: key.place.folder(),
                recipes: using.get(&id).copied().unwrap_or_default(),
            })
            .collect()
    }

    /// Properties that recipes read and the package does not bring.
    fn properties_read(&self) -> Vec<String> {
        let assets = &self.project().assets;
        let brought: BTreeSet<&str> = assets
            .iter()
            .flat_map(|asset| asset.facts.properties())
            .map(|name| &**name)
            .collect();
        let recipes = assets.iter().filter_map(|asset| asset.facts.recipe());
        let read: BTreeSet<&str> = recipes
            .flat_map(|recipe| &recipe.properties)
            .map(|property| &*property.name)
            .collect();
        read.difference(&brought)
            .map(|name| (*name).to_owned())
            .collect()
    }

    /// Connections that recipes are bound to, and that are for another application than the recipes use
    /// them for, or for one that is not known.
    fn mismatched(&self) -> Vec<Mismatched<'_>> {
        let mut connections: BTreeMap<AssetId, Bound<'_>> = BTreeMap::new();
        let held = self
            .snapshot
            .assets
            .values()
            .chain(&self.snapshot.connections);
        for held in held.filter(|held| held.key.kind == AssetKind::Connection) {
            let provider = held.body.providers.first().map(String::as_str);
            let bound = Bound {
                name: &held.key.name,
                folder: held.key.place.folder(),
                provider: provider.filter(|provider| !provider.is_empty()),
                whose: Whose::Workspace,
            };
            connections.insert(held.id, bound);
        }
        for drafted in &self.assets {
            let (Some(id), Some(key), Fate::Creates) = (drafted.id, drafted.key, drafted.fate)
            else {
                continue;
            };
            // A connection whose connector is nowhere is told of with that.
            if let (AssetKind::Connection, Some(provider)) = (&key.kind, drafted.providers.first())
            {
                let bound = Bound {
                    name: &key.name,
                    folder: key.place.folder(),
                    provider: Some(provider),
                    whose: Whose::Package,
                };
                connections.insert(id, bound);
            }
        }
        let mut found: BTreeMap<(AssetId, &str), Mismatched<'_>> = BTreeMap::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            let config = asset
                .facts
                .recipe()
                .map_or(&[][..], |recipe| &recipe.config);
            for entry in config {
                let binding = entry
                    .account
                    .and_then(|account| drafted.bindings.get(account));
                let Some(Binding::Asset(id)) = binding else {
                    continue;
                };
                let Some(bound) = connections.get(id) else {
                    continue;
                };
                let wanted = match self.connectors.names.get(&*entry.provider) {
                    Some(name) => name.as_str(),
                    None => &entry.provider,
                };
                if bound.provider == Some(wanted) {
                    continue;
                }
                found
                    .entry((*id, wanted))
                    .or_insert_with(|| Mismatched {
                        id: *id,
                        bound: bound.clone(),
                        wanted,
                        recipes: Vec::new(),
                    })
                    .recipes
                    .push((&asset.path, entry.offset));
            }
        }
        found.into_values().collect()
    }

    /// Whether a connection differs from one of the package already, which is told of that one.
    fn told_with_connection(&self, id: AssetId) -> bool {
        self.assets.iter().any(|drafted| {
            let held = drafted.held.filter(|held| held.id == id);
            let there = held.and_then(|held| held.body.providers.first());
            drafted.fate == Fate::Binds
                && matches!((drafted.providers.first(), there), (Some(own), Some(there)) if own != there)
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
        let name = shown(&self.bound.folder, self.bound.name);
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
                count(running, "running recipe")
            ),
        });
    }
    needs.extend(assets.iter().filter_map(|asset| {
        let rows = asset.rows.filter(|rows| rows.overwritten)?;
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
                    count(connector.recipes.len(), "recipe")
                ),
            }),
            ConnectorAction::Blocked => needs.push(Needed {
                permission: Permission::MissingConnectors,
                because: format!(
                    "\"{label}\" is nowhere, and {} could not start",
                    count(connector.recipes.len(), "recipe")
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
                    count(running, "running recipe")
                ),
            });
        }
    }
    needs
}

/// A number with its noun.
fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn shown(folder: &FolderPath, name: &str) -> String {
    if folder.is_home() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
