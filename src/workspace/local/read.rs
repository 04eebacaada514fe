//! Reading a workspace: everything of one moment, and no more than is asked for.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::Times;
use super::row;
use super::shares::formerly_shared;
use super::workspaces::{id_of, no_workspace};
use crate::model::catalogue::{Catalogue, CatalogueEntry, SharedVersion, Visibility};
use crate::model::ident::{DataCenter, Digest, InternalName, Version, WorkspaceName};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetId, AssetKey, Before, Body, ConnectorId, Counters, FolderPath, HeldAssets, HeldValue,
    HeldVersion, Inventory, Namesakes, PropertyKey, ReadDepth, RecipeState, RecipeUse,
    RevisionNumber, Scope, SharingKnowledge, Snapshot, StateReasons, Timestamp, WorkspaceAsset,
    WorkspaceConnector, WorkspaceFacts, WorkspaceId,
};
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::{Doing, Failed};

/// Reads from one workspace.
#[derive(Clone, Copy)]
pub(super) struct Reading<'c> {
    pub(super) connection: &'c Connection,
    pub(super) doing: &'c Doing,
    pub(super) id: WorkspaceId,
}

const ASSET: &str = "SELECT a.id, a.place, a.kind, a.name, a.twin, a.version, a.state, v.body \
     FROM asset a LEFT JOIN asset_version v \
     ON v.workspace = a.workspace AND v.asset = a.id AND v.number = a.version ";

type RawAsset = (u64, String, String, String, u32, u64, i64, Vec<u8>);

/// A recipe's number, place, name, twin and state.
type RawRecipe = (u64, String, String, u32, i64);

fn raw_recipe(row: &rusqlite::Row<'_>) -> rusqlite::Result<RawRecipe> {
    Ok((
        row::number(row, 0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

fn raw_asset(row: &rusqlite::Row<'_>) -> Result<RawAsset, rusqlite::Error> {
    Ok((
        row::number(row, 0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row::number(row, 5)?,
        row.get(6)?,
        row.get(7)?,
    ))
}

impl Reading<'_> {
    /// Whether it still is the workspace that was opened: another one may have its number by now.
    pub(super) fn is_named(&self, name: &WorkspaceName) -> Result<(), WorkspaceError> {
        let found = id_of(self.connection, self.doing, name)?;
        if found == self.id {
            return Ok(());
        }
        Err(no_workspace(self.connection, self.doing, name)?)
    }

    pub(super) fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT w.name, w.kind, w.data_center, w.external_id, a.name, w.state, w.revision, \
                 w.next_asset, w.next_connector \
                 FROM workspace w LEFT JOIN workspace a ON a.id = w.admin WHERE w.id = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([row::column(self.id.0)], |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            row.get::<_, String>(1)?,
                            row.get::<_, String>(2)?,
                            row.get::<_, Option<String>>(3)?,
                            row.get::<_, Option<String>>(4)?,
                            row.get::<_, Vec<u8>>(5)?,
                            row::number(row, 6)?,
                            row::number(row, 7)?,
                            row::number(row, 8)?,
                        ))
                    })
                    .optional()
            })
            .doing(self.doing, "read")?;
        let Some((name, kind, data_center, external_id, admin, state, revision, asset, connector)) =
            found
        else {
            return Err(self
                .doing
                .damaged(format!("workspace {} is not there", self.id)));
        };
        Ok(WorkspaceFacts {
            id: self.id,
            name: row::parsed(&name, self.doing)?,
            kind: kind.parse().map_err(|_| {
                self.doing
                    .damaged(format!("`{kind}` is no kind of workspace"))
            })?,
            data_center: row::parsed(&data_center, self.doing)?,
            external_id,
            admin: match admin {
                Some(admin) => Some(row::parsed(&admin, self.doing)?),
                None => None,
            },
            state: row::digest(&state, self.doing)?,
            revision: RevisionNumber(revision),
            next: Counters {
                asset: AssetId(asset),
                connector: ConnectorId(connector),
            },
        })
    }

    pub(super) fn has_sibling(&self, name: &str) -> Result<bool, WorkspaceError> {
        self.connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM workspace s JOIN workspace w ON w.admin = s.admin \
                 WHERE w.id = ?1 AND s.id <> w.id AND (s.name = ?2 OR s.external_id = ?2))",
            )
            .and_then(|mut statement| {
                statement.query_row((row::column(self.id.0), name), |row| row.get(0))
            })
            .doing(self.doing, "read")
    }

    fn asset(&self, raw: RawAsset) -> Result<WorkspaceAsset, WorkspaceError> {
        let (id, place, kind, name, twin, version, state, body) = raw;
        let kind = AssetKind::from_word(&kind);
        Ok(WorkspaceAsset {
            id: AssetId(id),
            version: Version(version),
            body: row::decode(&body, self.doing)?,
            state: row::state_of(&kind, state),
            key: AssetKey {
                place: row::place_of(&place, self.doing)?,
                kind,
                name: name.into(),
                twin,
            },
        })
    }

    fn by_key(&self, key: AssetKey) -> Result<Option<WorkspaceAsset>, WorkspaceError> {
        let sql = format!(
            "{ASSET} WHERE a.workspace = ?1 AND a.place = ?2 AND a.kind = ?3 AND a.name = ?4 AND a.twin = ?5"
        );
        let raw = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![
                            row::column(self.id.0),
                            row::place(&key.place),
                            key.kind.word(),
                            key.name,
                            key.twin
                        ],
                        raw_asset,
                    )
                    .optional()
            })
            .doing(self.doing, "read")?;
        let asset = raw.map(|raw| self.asset(raw)).transpose()?;
        // The key that was asked for is held already.
        Ok(asset.map(|asset| WorkspaceAsset { key, ..asset }))
    }

    fn assets(
        &self,
        rest: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<WorkspaceAsset>, WorkspaceError> {
        let sql = if rest.contains("a.kind = 'connection'") {
            // Left to itself, SQLite reads the whole workspace instead.
            ASSET.replacen("asset a LEFT", "asset a INDEXED BY connection_name LEFT", 1) + rest
        } else {
            format!("{ASSET} {rest}")
        };
        let mut statement = self
            .connection
            .prepare_cached(&sql)
            .doing(self.doing, "read")?;
        let rows = statement
            .query_map(parameters, raw_asset)
            .doing(self.doing, "read")?;
        rows.map(|raw| self.asset(raw.doing(self.doing, "read")?))
            .collect()
    }

    pub(super) fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        let workspace = self.facts()?;
        let mut folders = BTreeSet::from([FolderPath::home()]);
        for folder in &scope.folders {
            let there: bool = self
                .connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM folder WHERE workspace = ?1 AND path = ?2)",
                )
                .and_then(|mut statement| {
                    statement.query_row(params![row::column(self.id.0), folder.as_str()], |row| {
                        row.get(0)
                    })
                })
                .doing(self.doing, "read")?;
            if there {
                folders.insert(folder.clone());
            }
        }
        let assets = scope.keys.iter();
        let assets = assets.filter_map(|key| self.by_key(key).transpose());
        let assets: HeldAssets = assets.collect::<Result<_, _>>()?;
        let mut connections = Vec::new();
        for name in &scope.connections {
            connections.extend(self.assets(
                "WHERE a.workspace = ?1 AND a.kind = 'connection' AND a.name = ?2",
                params![row::column(self.id.0), name],
            )?);
        }
        connections.sort_by_key(|connection| connection.id);
        connections.shrink_to_fit();
        let connectors = self.connectors()?;
        let mut users = BTreeMap::new();
        for connector in &connectors {
            let using = self.users(&connector.internal_name)?;
            if !using.is_empty() {
                users.insert(connector.internal_name.clone(), using);
            }
        }
        Ok(Snapshot {
            reading: ReadDepth::Full,
            unread: BTreeSet::new(),
            shared: self.shared(&workspace)?,
            sharing: SharingKnowledge::Known,
            workspace,
            folders,
            namesakes: Namesakes {
                recipes: self.recipes_named(&scope.missing_recipes(&assets))?,
                within: FolderPath::home(),
            },
            assets,
            connections,
            connectors,
            users,
            reasons: StateReasons::default(),
        })
    }

    /// The recipes that have one of these names, wherever they lie.
    fn recipes_named(&self, names: &BTreeSet<&str>) -> Result<Vec<RecipeUse>, WorkspaceError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT id, place, name, twin, state FROM asset \
                 WHERE workspace = ?1 AND kind = 'recipe' ORDER BY id",
            )
            .doing(self.doing, "read")?;
        let rows = statement
            .query_map([row::column(self.id.0)], raw_recipe)
            .doing(self.doing, "read")?;
        let mut recipes = Vec::new();
        for raw in rows {
            let raw = raw.doing(self.doing, "read")?;
            if names.contains(raw.2.as_str()) {
                recipes.push(self.recipe(raw)?);
            }
        }
        Ok(recipes)
    }

    fn recipe(
        &self,
        (id, place, name, twin, state): RawRecipe,
    ) -> Result<RecipeUse, WorkspaceError> {
        Ok(RecipeUse {
            id: AssetId(id),
            key: AssetKey {
                place: row::place_of(&place, self.doing)?,
                kind: AssetKind::Recipe,
                name: name.into(),
                twin,
            },
            state: match state {
                1 => RecipeState::Running,
                _ => RecipeState::Stopped,
            },
        })
    }

    pub(super) fn folder_numbers(&self) -> Result<BTreeMap<FolderPath, u64>, WorkspaceError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT path, id FROM folder WHERE workspace = ?1")
            .doing(self.doing, "read")?;
        let rows = statement
            .query_map([row::column(self.id.0)], |row| {
                Ok((row.get::<_, String>(0)?, row::number(row, 1)?))
            })
            .doing(self.doing, "read")?;
        rows.map(|raw| {
            let (path, id) = raw.doing(self.doing, "read")?;
            Ok((row::parsed(&path, self.doing)?, id))
        })
        .collect()
    }

    pub(super) fn times(&self) -> Result<Times, WorkspaceError> {
        let created = self
            .connection
            .query_row(
                "SELECT created_at FROM workspace WHERE id = ?1",
                [row::column(self.id.0)],
                |row| row::number(row, 0),
            )
            .doing(self.doing, "read")?;
        let mut times = Times {
            workspace: Timestamp(created),
            assets: BTreeMap::new(),
        };
        let mut statement = self
            .connection
            .prepare_cached("SELECT at, before FROM revision WHERE workspace = ?1 ORDER BY number")
            .doing(self.doing, "read")?;
        let rows = statement
            .query_map([row::column(self.id.0)], |row| {
                Ok((row::number(row, 0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .doing(self.doing, "read")?;
        for raw in rows {
            let (at, before) = raw.doing(self.doing, "read")?;
            let before: Vec<Before> = row::decode(&before, self.doing)?;
            for Before { asset, version, .. } in before {
                let (created, updated) = times.of(asset);
                let created = match version {
                    Some(_) => created,
                    None => Timestamp(at),
                };
                times
                    .assets
                    .insert(asset, (created, updated.max(Timestamp(at))));
            }
        }
        Ok(times)
    }

    pub(super) fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        let workspace = self.facts()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT path FROM folder WHERE workspace = ?1")
            .doing(self.doing, "read")?;
        let paths = statement
            .query_map([row::column(self.id.0)], |row| row.get::<_, String>(0))
            .doing(self.doing, "read")?;
        let mut folders = BTreeSet::new();
        for path in paths {
            folders.insert(row::parsed(&path.doing(self.doing, "read")?, self.doing)?);
        }
        Ok(Inventory {
            reading: ReadDepth::Full,
            folders,
            assets: self.assets(
                "WHERE a.workspace = ?1 ORDER BY a.id",
                [row::column(self.id.0)],
            )?,
            connectors: self.connectors()?,
            shared: self.shared(&workspace)?,
            workspace,
        })
    }

    /// The values of properties, as far as they have any.
    pub(super) fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        let mut told = BTreeMap::new();
        for key in asked {
            let found: Option<(Option<String>, Option<Vec<u8>>)> = self
                .connection
                .prepare_cached(
                    "SELECT value, digest FROM property \
                     WHERE workspace = ?1 AND project = ?2 AND name = ?3",
                )
                .and_then(|mut statement| {
                    let key = params![row::column(self.id.0), row::project(key), key.name];
                    let found = statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)));
                    found.optional()
                })
                .doing(self.doing, "read")?;
            let value = match found {
                None | Some((None, None)) => continue,
                Some((Some(text), _)) => HeldValue::Text(text),
                Some((None, Some(digest))) => HeldValue::Secret(row::digest(&digest, self.doing)?),
            };
            told.insert(key.clone(), value);
        }
        Ok(told)
    }

    /// The API endpoints that are enabled.
    pub(super) fn enabled_endpoints(&self) -> Result<BTreeSet<AssetId>, WorkspaceError> {
        self.connection
            .prepare_cached("SELECT asset FROM endpoint WHERE workspace = ?1 ORDER BY asset")
            .and_then(|mut statement| {
                let of = params![row::column(self.id.0)];
                let found = statement.query_map(of, |row| Ok(AssetId(row::number(row, 0)?)))?;
                found.collect()
            })
            .doing(self.doing, "read")
    }

    /// The values of all properties of a project, or of the workspace as a whole.
    pub(super) fn property_values(
        &self,
        project: Option<&FolderPath>,
    ) -> Result<BTreeMap<String, HeldValue>, WorkspaceError> {
        let of = PropertyKey {
            project: project.cloned(),
            name: String::new(),
        };
        let names: Vec<String> = self
            .connection
            .prepare_cached("SELECT name FROM property WHERE workspace = ?1 AND project = ?2")
            .and_then(|mut statement| {
                let of = params![row::column(self.id.0), row::project(&of)];
                let names = statement.query_map(of, |row| row.get(0))?;
                names.collect()
            })
            .doing(self.doing, "read")?;
        let asked = names
            .into_iter()
            .map(|name| PropertyKey { name, ..of.clone() });
        let told = self.properties(&asked.collect())?.into_iter();
        Ok(told.map(|(key, value)| (key.name, value)).collect())
    }

    fn users(&self, name: &InternalName) -> Result<Vec<RecipeUse>, WorkspaceError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT a.id, a.place, a.name, a.twin, a.state \
                 FROM uses u INDEXED BY sqlite_autoindex_uses_1 CROSS JOIN asset a \
                 ON a.workspace = u.workspace AND a.id = u.asset \
                 WHERE u.workspace = ?1 AND u.name = ?2 AND a.kind = 'recipe' ORDER BY a.id",
            )
            .doing(self.doing, "read")?;
        let rows = statement
            .query_map(params![row::column(self.id.0), name.as_str()], raw_recipe)
            .doing(self.doing, "read")?;
        rows.map(|raw| self.recipe(raw.doing(self.doing, "read")?))
            .collect()
    }

    fn connectors(&self) -> Result<Vec<WorkspaceConnector>, WorkspaceError> {
        connectors(self.connection, self.doing, self.id)
    }

    /// What the admin workspace shares, as far as it reaches: closed source stays in its data center
    /// (platform.md §4).
    pub(super) fn shared(
        &self,
        workspace: &WorkspaceFacts,
    ) -> Result<Option<Catalogue>, WorkspaceError> {
        let Some(admin) = &workspace.admin else {
            return Ok(None);
        };
        let admin = self
            .connection
            .prepare_cached("SELECT id, data_center FROM workspace WHERE name = ?1")
            .and_then(|mut statement| {
                statement.query_row([admin.as_str()], |row| {
                    Ok((row::number(row, 0)?, row.get::<_, String>(1)?))
                })
            })
            .doing(self.doing, "read")?;
        let data_center: DataCenter = row::parsed(&admin.1, self.doing)?;
        let mut entries = shares(
            self.connection,
            self.doing,
            WorkspaceId(admin.0),
            &data_center,
        )?;
        entries.retain(|entry| {
            entry.visibility == Visibility::Open || data_center == workspace.data_center
        });
        entries.extend(formerly_shared(
            self,
            WorkspaceId(admin.0),
            &data_center,
            &entries,
        )?);
        let digest = Digest::of(&row::plain(&entries));
        Catalogue::from_entries(digest, entries)
            .map(Some)
            .map_err(|twice| self.doing.damaged(twice.to_string()))
    }

    /// The source of a connector in the version that the admin workspace shares.
    pub(super) fn shared_code(
        &self,
        name: &InternalName,
    ) -> Result<Option<Digest>, WorkspaceError> {
        let body: Option<Vec<u8>> = self
            .connection
            .prepare_cached(
                "SELECT v.body FROM workspace c \
                 JOIN connector k ON k.workspace = c.admin AND k.internal_name = ?2 \
                 JOIN share s ON s.workspace = k.workspace AND s.connector = k.id \
                 JOIN connector_version v ON v.workspace = k.workspace AND v.connector = k.id \
                 AND v.number = s.version WHERE c.id = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![row::column(self.id.0), name.as_str()], |row| {
                        row.get(0)
                    })
                    .optional()
            })
            .doing(self.doing, "read")?;
        let Some(body) = body else {
            return Ok(None);
        };
        let version: HeldVersion = row::decode(&body, self.doing)?;
        Ok(version.code)
    }

    pub(super) fn asset_version(
        &self,
        asset: AssetId,
        version: Version,
    ) -> Result<Body, WorkspaceError> {
        let body: Option<Vec<u8>> = self
            .connection
            .prepare_cached(
                "SELECT body FROM asset_version WHERE workspace = ?1 AND asset = ?2 AND number = ?3",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![
                            row::column(self.id.0),
                            row::column(asset.0),
                            row::column(version.0)
                        ],
                        |row| row.get(0),
                    )
                    .optional()
            })
            .doing(self.doing, "read")?;
        match body {
            Some(body) => row::decode(&body, self.doing),
            None => Err(self
                .doing
                .damaged(format!("asset {asset} has no version {}", version.0))),
        }
    }
}

/// The connectors of a workspace with their versions, in the order of their numbers.
pub(super) fn connectors(
    connection: &Connection,
    doing: &Doing,
    workspace: WorkspaceId,
) -> Result<Vec<WorkspaceConnector>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, title, internal_name, released FROM connector WHERE workspace = ?1 ORDER BY id",
        )
        .doing(doing, "read")?;
    let rows = statement
        .query_map([row::column(workspace.0)], |row| {
            Ok((
                row::number(row, 0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row::some_number(row, 3)?,
            ))
        })
        .doing(doing, "read")?;
    let mut connectors = Vec::new();
    for raw in rows {
        let (id, title, internal_name, released) = raw.doing(doing, "read")?;
        let mut statement = connection
            .prepare_cached(
                "SELECT body FROM connector_version WHERE workspace = ?1 AND connector = ?2 ORDER BY number",
            )
            .doing(doing, "read")?;
        let bodies = statement
            .query_map([row::column(workspace.0), row::column(id)], |row| {
                row.get::<_, Vec<u8>>(0)
            })
            .doing(doing, "read")?;
        let versions: Result<Vec<HeldVersion>, WorkspaceError> = bodies
            .map(|body| row::decode(&body.doing(doing, "read")?, doing))
            .collect();
        connectors.push(WorkspaceConnector {
            known: crate::model::workspace::VersionsKnown::All,
            id: ConnectorId(id),
            title: row::parsed(&title, doing)?,
            internal_name: row::parsed(&internal_name, doing)?,
            released: released.map(Version),
            versions: versions?,
        });
    }
    Ok(connectors)
}

/// What an admin workspace shares, in the order of the connectors' numbers.
pub(super) fn shares(
    connection: &Connection,
    doing: &Doing,
    admin: WorkspaceId,
    data_center: &DataCenter,
) -> Result<Vec<CatalogueEntry>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached("SELECT connector, version, visibility FROM share WHERE workspace = ?1")
        .doing(doing, "read")?;
    let rows = statement
        .query_map([row::column(admin.0)], |row| {
            Ok((
                row::number(row, 0)?,
                row::number(row, 1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .doing(doing, "read")?;
    let mut shared = BTreeMap::new();
    for raw in rows {
        let (connector, version, visibility) = raw.doing(doing, "read")?;
        let visibility: Visibility = visibility
            .parse()
            .map_err(|_| doing.damaged(format!("`{visibility}` is no visibility")))?;
        shared.insert(ConnectorId(connector), (Version(version), visibility));
    }
    let mut entries = Vec::new();
    for connector in connectors(connection, doing, admin)? {
        let Some(&(version, visibility)) = shared.get(&connector.id) else {
            continue;
        };
        let released = connector.versions.iter();
        entries.push(CatalogueEntry {
            title: connector.title.clone(),
            internal_name: connector.internal_name.clone(),
            shared_version: SharedVersion::At(version),
            latest_released: connector.released,
            released_versions: released
                .filter(|version| version.released_at.is_some())
                .map(|version| version.number)
                .collect(),
            visibility,
            data_center: Some(data_center.clone()),
        });
    }
    Ok(entries)
}
