//! Carrying out a commit in one transaction.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::read::Reading;
use super::{content, row, shares, sums, usage};
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version, WorkspaceName};
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Body, ConnectorId, EndpointState, FolderPath, HeldState,
    HeldValue, HeldVersion, PropertyKey, Revision, Timestamp, WorkspaceFacts, WorkspaceId,
};
use crate::plan::commit::{Change, Commit};
use crate::workspace::local::error::{Doing, Failed};
use crate::workspace::validate;
use crate::workspace::validate::CommitConflict;
use crate::workspace::{Contents, Decoder, Encoding, WorkspaceError};

/// Carries out `commit` in workspace `id`, or leaves everything as it was.
pub(super) fn carry_out(
    connection: &Connection,
    doing: &Doing,
    (id, name): (WorkspaceId, &WorkspaceName),
    commit: &Commit,
    contents: &mut dyn Contents,
) -> Result<(), WorkspaceError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .doing(doing, "write")?;
    let reading = Reading {
        connection: &transaction,
        doing,
        id,
    };
    reading.is_named(name)?;
    // What is not whole is not written to: its sum would be that of the damage.
    sums::check_workspace(&transaction, doing, id)?;
    let used = usage::of(&transaction, doing, id)?;
    let facts = reading.facts()?;
    validate::check(commit, &facts)?;
    shares::hold(&transaction, doing, &facts, &commit.depends)?;
    let mut writing = Writer {
        transaction: &transaction,
        doing,
        facts: &facts,
        workspace: row::column(id.0),
        folders: HashSet::new(),
        contents,
        decoder: Decoder::default(),
        decoded: Vec::new(),
    };
    for change in &commit.changes {
        writing.change(change)?;
    }
    let revision = match &commit.revision {
        Some(revision) => {
            writing.revision(revision)?;
            revision.header.number
        }
        None => facts.revision,
    };
    transaction
        .prepare_cached(
            "UPDATE workspace SET state = ?2, revision = ?3, next_asset = ?4, next_connector = ?5 WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                row::column(id.0),
                commit.state_after().as_bytes().as_slice(),
                row::column(revision.0),
                row::column(commit.next.asset.0),
                row::column(commit.next.connector.0),
            ])
        })
        .doing(doing, "write")?;
    usage::replace(
        &transaction,
        doing,
        &used,
        &usage::of(&transaction, doing, id)?,
    )?;
    sums::keep_workspace(&transaction, doing, id)?;
    transaction.commit().doing(doing, "write")
}

struct Writer<'w> {
    transaction: &'w Transaction<'w>,
    doing: &'w Doing,
    facts: &'w WorkspaceFacts,
    workspace: i64,
    /// Folders that are known to be there.
    folders: HashSet<FolderPath>,
    contents: &'w mut dyn Contents,
    decoder: Decoder,
    /// The newest content, decoded.
    decoded: Vec<u8>,
}

impl Writer<'_> {
    fn execute(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<usize, WorkspaceError> {
        self.transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(parameters))
            .doing(self.doing, "write")
    }

    fn exists(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<bool, WorkspaceError> {
        self.transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.exists(parameters))
            .doing(self.doing, "read")
    }

    fn unfit<T>(&self, misfit: CommitConflict) -> Result<T, WorkspaceError> {
        Err(misfit.of(self.facts))
    }

    fn change(&mut self, change: &Change) -> Result<(), WorkspaceError> {
        match change {
            Change::CreateFolder(folder) => self.create_folder(folder),
            Change::CreateAsset {
                id,
                key,
                body,
                state,
            } => self.create_asset(*id, key, body, *state),
            Change::UpdateAsset { id, body } => {
                let version = Version(self.version_of(*id)?.0 + 1);
                self.execute(
                    "UPDATE asset SET version = ?3 WHERE workspace = ?1 AND id = ?2",
                    params![self.workspace, row::column(id.0), row::column(version.0)],
                )?;
                self.body(*id, version, body)
            }
            Change::RemoveAsset(id) => {
                let removed = self.execute(
                    "DELETE FROM asset WHERE workspace = ?1 AND id = ?2",
                    params![self.workspace, row::column(id.0)],
                )?;
                match removed {
                    0 => self.unfit(CommitConflict::NoAsset(*id)),
                    _ => Ok(()),
                }
            }
            Change::MoveAsset { id, key } => self.rename(*id, key),
            Change::RemoveFolder(folder) => self.remove_folder(folder),
            Change::SetRecipe { id, state } => self.set(*id, "recipe", HeldState::Recipe(*state)),
            Change::SetConnection { id, authorization } => {
                self.set(*id, "connection", HeldState::Connection(*authorization))
            }
            Change::SetEndpoint { id, state } => self.set_endpoint(*id, *state),
            Change::SetProperty { key, value } => self.set_property(key, value),
            Change::CreateConnector {
                id,
                title,
                internal_name,
            } => self.create_connector(*id, title, internal_name),
            Change::AddVersion { id, version } => self.connector_version(*id, version),
            Change::ReleaseVersion { id, version, at } => self.release(*id, *version, *at),
            Change::Share { id, sharing, at } => {
                let released = self
                    .version(*id, sharing.version)?
                    .is_some_and(|version| version.released_at.is_some());
                if !released {
                    return self.unfit(match self.connector_is_there(*id)? {
                        true => CommitConflict::NotReleased {
                            connector: *id,
                            version: sharing.version,
                        },
                        false => CommitConflict::NoConnector(*id),
                    });
                }
                let (transaction, doing) = (self.transaction, self.doing);
                shares::share(transaction, doing, self.workspace, *id, *sharing, *at)
            }
            Change::Unshare(id) => {
                self.users_are_known(*id)?;
                match shares::unshare(self.transaction, self.doing, self.workspace, *id)? {
                    0 => self.unfit(CommitConflict::NotShared(*id)),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Nobody brings a connector back that was removed, so that everything that tells who uses it is
    /// looked at before.
    fn users_are_known(&self, id: ConnectorId) -> Result<(), WorkspaceError> {
        let name: Option<String> = self
            .transaction
            .prepare_cached("SELECT internal_name FROM connector WHERE workspace = ?1 AND id = ?2")
            .and_then(|mut statement| {
                let name =
                    statement.query_row([self.workspace, row::column(id.0)], |row| row.get(0));
                name.optional()
            })
            .doing(self.doing, "read")?;
        match name {
            Some(name) => sums::check_users(self.transaction, self.doing, self.facts.id, &name),
            // What is not there is not shared either, which is told next.
            None => Ok(()),
        }
    }

    fn needs_folder(&mut self, folder: &FolderPath) -> Result<(), WorkspaceError> {
        if folder.is_home() || self.folders.contains(folder) {
            return Ok(());
        }
        let there = self.exists(
            "SELECT 1 FROM folder WHERE workspace = ?1 AND path = ?2",
            params![self.workspace, folder.as_str()],
        )?;
        if !there {
            return self.unfit(CommitConflict::NoFolder(folder.clone()));
        }
        self.folders.insert(folder.clone());
        Ok(())
    }

    fn create_folder(&mut self, folder: &FolderPath) -> Result<(), WorkspaceError> {
        let there = || CommitConflict::FolderThere(folder.clone());
        let Some(parent) = folder.parent() else {
            return self.unfit(there());
        };
        self.needs_folder(&parent)?;
        let created = self.execute(
            "INSERT INTO folder (workspace, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![self.workspace, folder.as_str()],
        )?;
        match created {
            0 => self.unfit(there()),
            _ => Ok(()),
        }
    }

    fn create_asset(
        &mut self,
        id: AssetId,
        key: &AssetKey,
        body: &Body,
        state: HeldState,
    ) -> Result<(), WorkspaceError> {
        if let AssetPlace::Folder(folder) = &key.place {
            self.needs_folder(folder)?;
        }
        let created = self.execute(
            "INSERT INTO asset (workspace, id, place, kind, name, twin, version, state) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7) ON CONFLICT DO NOTHING",
            params![
                self.workspace,
                row::column(id.0),
                row::place(&key.place),
                key.kind.word(),
                key.name,
                key.twin,
                row::state(state)
            ],
        )?;
        if created == 0 {
            let number = self.exists(
                "SELECT 1 FROM asset WHERE workspace = ?1 AND id = ?2",
                params![self.workspace, row::column(id.0)],
            )?;
            return self.unfit(match number {
                true => CommitConflict::AssetThere(id),
                false => CommitConflict::KeyTaken(Box::new(key.clone())),
            });
        }
        self.body(id, Version(1), body)
    }

    fn rename(&mut self, id: AssetId, key: &AssetKey) -> Result<(), WorkspaceError> {
        self.version_of(id)?;
        let asset = params![self.workspace, row::column(id.0), key.kind.word()];
        let same = self.exists(
            "SELECT 1 FROM asset WHERE workspace = ?1 AND id = ?2 AND kind = ?3",
            asset,
        )?;
        if !same {
            return self.unfit(CommitConflict::OtherKind(id));
        }
        if let AssetPlace::Folder(folder) = &key.place {
            self.needs_folder(folder)?;
        }
        let changed = self.execute(
            "UPDATE OR IGNORE asset SET place = ?3, name = ?4, twin = ?5 \
             WHERE workspace = ?1 AND id = ?2",
            params![
                self.workspace,
                row::column(id.0),
                row::place(&key.place),
                key.name,
                key.twin
            ],
        )?;
        match changed {
            0 => self.unfit(CommitConflict::KeyTaken(Box::new(key.clone()))),
            _ => Ok(()),
        }
    }

    fn remove_folder(&mut self, folder: &FolderPath) -> Result<(), WorkspaceError> {
        let found = self.exists(
            "SELECT 1 FROM folder WHERE workspace = ?1 AND path = ?2",
            params![self.workspace, folder.as_str()],
        )?;
        if !found {
            return self.unfit(CommitConflict::NoFolder(folder.clone()));
        }
        let place = AssetPlace::Folder(folder.clone());
        let holds = self.exists(
            "SELECT 1 FROM asset WHERE workspace = ?1 AND place = ?2 \
             UNION ALL \
             SELECT 1 FROM folder WHERE workspace = ?1 AND substr(path, 1, length(?3)) = ?3",
            params![self.workspace, row::place(&place), format!("{folder}/")],
        )?;
        if holds {
            return self.unfit(CommitConflict::FolderInUse(folder.clone()));
        }
        self.folders.remove(folder);
        self.execute(
            "DELETE FROM property WHERE workspace = ?1 AND project = ?2",
            params![self.workspace, folder.as_str()],
        )?;
        self.execute(
            "DELETE FROM folder WHERE workspace = ?1 AND path = ?2",
            params![self.workspace, folder.as_str()],
        )
        .map(drop)
    }

    fn create_connector(
        &self,
        id: ConnectorId,
        title: &ConnectorTitle,
        internal_name: &InternalName,
    ) -> Result<(), WorkspaceError> {
        let created = self.execute(
            "INSERT INTO connector (workspace, id, title, internal_name) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING",
            params![
                self.workspace,
                row::column(id.0),
                title.as_str(),
                internal_name.as_str()
            ],
        )?;
        if created == 0 {
            let titled = self.exists(
                "SELECT 1 FROM connector WHERE workspace = ?1 AND title = ?2",
                params![self.workspace, title.as_str()],
            )?;
            return self.unfit(match (self.connector_is_there(id)?, titled) {
                (true, _) => CommitConflict::ConnectorThere(id),
                (false, true) => CommitConflict::TitleTaken(title.clone()),
                (false, false) => CommitConflict::InternalNameTaken(internal_name.clone()),
            });
        }
        Ok(())
    }

    fn connector_is_there(&self, id: ConnectorId) -> Result<bool, WorkspaceError> {
        self.exists(
            "SELECT 1 FROM connector WHERE workspace = ?1 AND id = ?2",
            params![self.workspace, row::column(id.0)],
        )
    }

    fn version_of(&self, id: AssetId) -> Result<Version, WorkspaceError> {
        let version = self
            .transaction
            .prepare_cached("SELECT version FROM asset WHERE workspace = ?1 AND id = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![self.workspace, row::column(id.0)], |row| {
                        row::number(row, 0)
                    })
                    .optional()
            })
            .doing(self.doing, "read")?;
        match version {
            Some(version) => Ok(Version(version)),
            None => self.unfit(CommitConflict::NoAsset(id)),
        }
    }

    fn body(&mut self, id: AssetId, version: Version, body: &Body) -> Result<(), WorkspaceError> {
        for file in &body.files {
            self.hold(&file.content)?;
        }
        self.execute(
            "INSERT INTO asset_version (workspace, asset, number, body) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.workspace,
                row::column(id.0),
                row::column(version.0),
                row::encode(body)
            ],
        )?;
        if version != Version(1) {
            self.execute(
                "DELETE FROM uses WHERE workspace = ?1 AND asset = ?2",
                params![self.workspace, row::column(id.0)],
            )?;
        }
        for provider in &body.providers {
            self.execute(
                "INSERT OR IGNORE INTO uses (workspace, name, asset) VALUES (?1, ?2, ?3)",
                params![self.workspace, provider, row::column(id.0)],
            )?;
        }
        Ok(())
    }

    /// Sees to it that a content is held.
    fn hold(&mut self, digest: &Digest) -> Result<(), WorkspaceError> {
        // One that is there may have rotted.
        if content(self.transaction, self.doing, digest, &mut self.decoded)? {
            return Ok(());
        }
        let content = self.contents.content(digest)?;
        // Whoever gave it read it before, and the file may be another one by now.
        self.decoder.decode(&content, digest, &mut self.decoded)?;
        let encoding = match content.encoding {
            Encoding::Plain => 0,
            Encoding::Deflate => 1,
        };
        self.transaction
            .prepare_cached(
                "INSERT INTO content (digest, size, encoding, bytes) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    digest.as_bytes().as_slice(),
                    row::column(content.size),
                    encoding,
                    content.bytes
                ])
            })
            .doing(self.doing, "write")
            .map(drop)
    }

    fn set(&self, id: AssetId, kind: &str, state: HeldState) -> Result<(), WorkspaceError> {
        let changed = self.execute(
            "UPDATE asset SET state = ?3 WHERE workspace = ?1 AND id = ?2 AND kind = ?4",
            params![self.workspace, row::column(id.0), row::state(state), kind],
        )?;
        if changed == 0 {
            self.version_of(id)?;
            return self.unfit(CommitConflict::OtherState(id));
        }
        Ok(())
    }

    fn set_endpoint(&self, id: AssetId, state: EndpointState) -> Result<(), WorkspaceError> {
        let key = params![self.workspace, row::column(id.0)];
        let is_endpoint = self.exists(
            "SELECT 1 FROM asset WHERE workspace = ?1 AND id = ?2 AND kind = 'api_endpoint'",
            key,
        )?;
        if !is_endpoint {
            self.version_of(id)?;
            return self.unfit(CommitConflict::OtherState(id));
        }
        let change = match state {
            EndpointState::Enabled => {
                "INSERT OR IGNORE INTO endpoint (workspace, asset) VALUES (?1, ?2)"
            }
            EndpointState::Disabled => "DELETE FROM endpoint WHERE workspace = ?1 AND asset = ?2",
        };
        self.execute(change, key).map(drop)
    }

    fn set_property(&self, key: &PropertyKey, value: &HeldValue) -> Result<(), WorkspaceError> {
        let (text, digest) = match value {
            HeldValue::Text(text) => (Some(text), None),
            HeldValue::Secret(digest) => (None, Some(digest.as_bytes().as_slice())),
        };
        self.execute(
            "INSERT OR REPLACE INTO property (workspace, project, name, value, digest) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.workspace, row::project(key), key.name, text, digest],
        )
        .map(drop)
    }

    fn connector_version(
        &mut self,
        id: ConnectorId,
        version: &HeldVersion,
    ) -> Result<(), WorkspaceError> {
        if !self.connector_is_there(id)? {
            return self.unfit(CommitConflict::NoConnector(id));
        }
        let latest = self
            .transaction
            .prepare_cached(
                "SELECT coalesce(max(number), 0) FROM connector_version \
                 WHERE workspace = ?1 AND connector = ?2",
            )
            .and_then(|mut statement| {
                statement.query_row(params![self.workspace, row::column(id.0)], |row| {
                    row::number(row, 0)
                })
            })
            .doing(self.doing, "read")?;
        if version.number.0 != latest + 1 {
            return self.unfit(CommitConflict::OutOfOrder {
                connector: id,
                version: version.number,
                latest: Version(latest),
            });
        }
        let logo = version.logo.iter().map(|logo| &logo.content);
        for digest in version.json.iter().chain(&version.code).chain(logo) {
            self.hold(digest)?;
        }
        self.execute(
            "INSERT INTO connector_version (workspace, connector, number, body) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.workspace,
                row::column(id.0),
                row::column(version.number.0),
                row::encode(version)
            ],
        )
        .map(drop)
    }

    fn version(
        &self,
        id: ConnectorId,
        version: Version,
    ) -> Result<Option<HeldVersion>, WorkspaceError> {
        let parameters = params![self.workspace, row::column(id.0), row::column(version.0)];
        let body: Option<Vec<u8>> = self
            .transaction
            .prepare_cached(
                "SELECT body FROM connector_version WHERE workspace = ?1 AND connector = ?2 AND number = ?3",
            )
            .and_then(|mut statement| statement.query_row(parameters, |row| row.get(0)).optional())
            .doing(self.doing, "read")?;
        body.map(|body| row::decode(&body, self.doing)).transpose()
    }

    fn release(
        &self,
        id: ConnectorId,
        version: Version,
        at: Timestamp,
    ) -> Result<(), WorkspaceError> {
        let parameters = params![self.workspace, row::column(id.0), row::column(version.0)];
        let Some(mut held) = self.version(id, version)? else {
            return self.unfit(match self.connector_is_there(id)? {
                true => CommitConflict::NoVersion {
                    connector: id,
                    version,
                },
                false => CommitConflict::NoConnector(id),
            });
        };
        held.released_at = Some(at);
        self.execute(
            "UPDATE connector_version SET body = ?4 WHERE workspace = ?1 AND connector = ?2 AND number = ?3",
            params![
                self.workspace,
                row::column(id.0),
                row::column(version.0),
                row::encode(&held)
            ],
        )?;
        self.execute(
            "UPDATE connector SET released = ?3 WHERE workspace = ?1 AND id = ?2",
            parameters,
        )
        .map(drop)
    }

    fn revision(&self, revision: &Revision) -> Result<(), WorkspaceError> {
        let header = &revision.header;
        self.execute(
            "INSERT INTO revision (workspace, number, at, who, action, subject, package, plan, receipt, before) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                self.workspace,
                row::column(header.number.0),
                row::column(header.at.0),
                header.who,
                header.action.to_string(),
                header.subject,
                header.package.as_ref().map(|digest| digest.as_bytes().as_slice()),
                revision.plan,
                revision.receipt,
                row::encode(&revision.before),
            ],
        )?;
        sums::keep_revision(
            self.transaction,
            self.doing,
            (self.facts.id, header.number),
            (&revision.plan, &revision.receipt),
        )
    }
}
