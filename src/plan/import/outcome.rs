//! From a draft to the plan, and to the receipt of what was done.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bindings::By;
use super::connectors::{AdapterFiles, Fate as ConnectorFate, Met, Older};
use super::document::{
    Afterwards, AssetAction, ConnectorAction, FORMAT, ImportPlan, MovedRecipe, Needed, Permission,
    PlannedAsset, PlannedConnector, PlannedPackage, PlannedRows, PlannedWorkspace, Summary,
};
use super::sameness::{Held, RowsFate};
use super::{Draft, Drafted, Fate};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::project::Asset;
use crate::model::table::{RowCount, RowsPolicy, is_table};
use crate::model::workspace::{
    Address, AssetId, Authorization, Binding, FolderPath, HeldState, RecipeState, RevisionNumber,
};
use crate::plan::connectors::title_of;

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
    /// The version that recipes run.
    pub version: Version,
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
        let assets: Vec<_> = self
            .assets
            .iter()
            .zip(&self.project().assets)
            .filter_map(|(drafted, asset)| self.asset(drafted, asset, &address, &mut findings))
            .collect();
        self.restart_findings(&mut findings);
        findings.extend(self.reference_findings());
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
            catalogue: self.snapshot.shared.as_ref().map(|shared| shared.digest()),
            folder: self.placing.folder.clone(),
            rows: self.rows,
            creates_folders: self.new_folders(),
            afterwards: self.afterwards(),
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
    pub(super) fn new_folders(&self) -> Vec<FolderPath> {
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
        let (action, from, to) = self.connector_action(met);
        let moves = match action {
            ConnectorAction::Update | ConnectorAction::Downgrade => self.moved(met),
            ConnectorAction::Install
            | ConnectorAction::Same
            | ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere
            | ConnectorAction::Blocked => Vec::new(),
        };
        let recipes = connector.recipes.iter();
        let planned = PlannedConnector {
            connector: connector.label().to_owned(),
            title: connector.title.clone().or_else(|| asset.and_then(title_of)),
            action,
            from,
            to,
            packaged: asset.is_some(),
            packaged_version: asset
                .and_then(|asset| asset.facts.connector())
                .and_then(|facts| facts.version),
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

    fn connector_action(
        &self,
        met: &Met<'_>,
    ) -> (ConnectorAction, Option<Version>, Option<Version>) {
        let next = |version: Version| Some(Version(version.0 + 1));
        match met.fate {
            ConnectorFate::Install => (ConnectorAction::Install, None, Some(Version(1))),
            ConnectorFate::Update { from } => (ConnectorAction::Update, Some(from), next(from)),
            ConnectorFate::Downgrade { from, .. } => {
                (ConnectorAction::Downgrade, Some(from), next(from))
            }
            ConnectorFate::Same(version) => (ConnectorAction::Same, Some(version), Some(version)),
            ConnectorFate::Present(version) => {
                (ConnectorAction::UsesOwn, Some(version), Some(version))
            }
            ConnectorFate::Shared(version) => {
                (ConnectorAction::UsesShared, Some(version), Some(version))
            }
            ConnectorFate::Elsewhere => (ConnectorAction::Elsewhere, None, None),
            ConnectorFate::Missing | ConnectorFate::Sourceless => {
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
            ConnectorFate::Sourceless => findings.push(
                Finding::new(
                    Code::ConnectorSourceless,
                    subject,
                    format!("\"{label}\" is in the package without its Ruby source"),
                )
                .note(users)
                .help("export the package again with the connector's `.rb` file"),
            ),
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
            ConnectorFate::Install | ConnectorFate::Update { .. } if met.connector.entry.is_some_and(|(entry, _)| entry.shared_version.version().is_some()) => {
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
            ConnectorFate::Install
            | ConnectorFate::Update { .. }
            | ConnectorFate::Same(_)
            | ConnectorFate::Present(_)
            | ConnectorFate::Shared(_) => {}
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

    fn asset(
        &self,
        drafted: &Drafted<'_>,
        asset: &Asset,
        address: &Address,
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
            rows: self.planned_rows(drafted, asset, address),
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

    fn afterwards(&self) -> Vec<Afterwards> {
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

fn summary(connectors: &[PlannedConnector], assets: &[PlannedAsset]) -> Summary {
    let mut summary = Summary::default();
    for connector in connectors {
        match connector.action {
            ConnectorAction::Install => summary.installs += 1,
            ConnectorAction::Update | ConnectorAction::Downgrade => summary.updates += 1,
            ConnectorAction::Blocked => summary.blocked += 1,
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
