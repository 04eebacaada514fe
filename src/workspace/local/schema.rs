//! The tables of a platform's file.

use rusqlite::{Connection, TransactionBehavior, params};
use serde::Deserialize;

use super::{row, sums, usage};
use crate::io::sqlite::make_durable;
use crate::model::ident::{Digest, Version};
use crate::model::workspace::{HeldVersion, Logo, Timestamp};
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::{Doing, Failed};

/// Tells a platform's file from other SQLite files: "rcpk".
const APPLICATION: i32 = 0x7263_706b;
/// The format that this program writes.
pub(super) const FORMAT: u32 = 7;
/// The oldest format that can be brought to that one.
const OLDEST: u32 = 1;

/// Everything has the number of its workspace first, so that what belongs together lies together.
/// Names are compared byte by byte, which is SQLite's default.
const TABLES: &str = "
CREATE TABLE workspace (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  data_center TEXT NOT NULL,
  external_id TEXT UNIQUE,
  admin INTEGER REFERENCES workspace (id),
  created_at INTEGER NOT NULL,
  state BLOB NOT NULL,
  revision INTEGER NOT NULL,
  next_asset INTEGER NOT NULL,
  next_connector INTEGER NOT NULL
) STRICT;

CREATE TABLE folder (
  id INTEGER PRIMARY KEY,
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  UNIQUE (workspace, path)
) STRICT;

-- `place` is the folder's path, empty for Home, or `/` for the workspace as a whole.
-- `state` is 1 for a recipe that runs and a connection that is authorised.
CREATE TABLE asset (
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  place TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  twin INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, place, kind, name, twin)
) STRICT, WITHOUT ROWID;

CREATE INDEX connection_name ON asset (workspace, name) WHERE kind = 'connection';

CREATE TABLE asset_version (
  workspace INTEGER NOT NULL,
  asset INTEGER NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (workspace, asset, number),
  FOREIGN KEY (workspace, asset) REFERENCES asset (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Which recipes use which custom connectors, by the names that the workspace knows them by.
CREATE TABLE uses (
  workspace INTEGER NOT NULL,
  name TEXT NOT NULL,
  asset INTEGER NOT NULL,
  PRIMARY KEY (workspace, name, asset),
  FOREIGN KEY (workspace, asset) REFERENCES asset (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX uses_asset ON uses (workspace, asset);

CREATE TABLE connector (
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  title TEXT NOT NULL,
  internal_name TEXT NOT NULL,
  released INTEGER,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, title),
  UNIQUE (workspace, internal_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE connector_version (
  workspace INTEGER NOT NULL,
  connector INTEGER NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (workspace, connector, number),
  FOREIGN KEY (workspace, connector) REFERENCES connector (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE share (
  workspace INTEGER NOT NULL,
  connector INTEGER NOT NULL,
  version INTEGER NOT NULL,
  visibility TEXT NOT NULL,
  shared_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, connector),
  FOREIGN KEY (workspace, connector) REFERENCES connector (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  package BLOB,
  plan TEXT NOT NULL,
  receipt TEXT NOT NULL,
  before BLOB NOT NULL,
  PRIMARY KEY (workspace, number)
) STRICT;

-- Every content once, whoever holds it. `encoding` is 0 for plain bytes, 1 for raw deflate.
CREATE TABLE content (
  digest BLOB PRIMARY KEY,
  size INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
";

/// What format 2 has beside that: labels, whether closed source may be shared, and indices that
/// lead from a connector to the customers who use it.
const SECOND: &str = "
ALTER TABLE workspace ADD COLUMN closed_source INTEGER NOT NULL DEFAULT 0;
CREATE INDEX workspace_admin ON workspace (admin);
CREATE INDEX uses_name ON uses (name);

CREATE TABLE label (
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (workspace, key)
) STRICT, WITHOUT ROWID;

UPDATE workspace SET closed_source = 1
WHERE id IN (SELECT workspace FROM share WHERE visibility = 'closed');
";

/// What format 6 has beside that: values of properties. `project` is the folder of a project, or `/`
/// for the workspace as a whole. Of a secret only a digest is kept.
const SIXTH: &str = "
CREATE TABLE IF NOT EXISTS property (
  workspace INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT,
  digest BLOB,
  PRIMARY KEY (workspace, project, name)
) STRICT, WITHOUT ROWID;
";

/// What format 7 has beside that: the API endpoints that are enabled.
const SEVENTH: &str = "
CREATE TABLE IF NOT EXISTS endpoint (
  workspace INTEGER NOT NULL,
  asset INTEGER NOT NULL,
  PRIMARY KEY (workspace, asset),
  FOREIGN KEY (workspace, asset) REFERENCES asset (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

/// A version of a connector as formats before 3 kept it: which workspace counted the number that it
/// came with was not asked.
#[derive(Deserialize)]
struct VersionBefore3 {
    number: Version,
    note: Option<String>,
    json: Option<Digest>,
    code: Option<Digest>,
    logo: Option<Logo>,
    source_version: Option<Version>,
    created_at: Timestamp,
    released_at: Option<Timestamp>,
}

impl From<VersionBefore3> for HeldVersion {
    fn from(before: VersionBefore3) -> Self {
        let VersionBefore3 {
            number,
            note,
            json,
            code,
            logo,
            source_version,
            created_at,
            released_at,
        } = before;
        Self {
            number,
            note,
            json,
            code,
            logo,
            source_version,
            source_workspace: None,
            created_at,
            released_at,
        }
    }
}

/// Brings the versions of connectors to format 3.
fn third(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    let mut read = connection
        .prepare("SELECT workspace, connector, number, body FROM connector_version")
        .doing(doing, "upgrade")?;
    let mut write = connection
        .prepare(
            "UPDATE connector_version SET body = ?4
             WHERE workspace = ?1 AND connector = ?2 AND number = ?3",
        )
        .doing(doing, "upgrade")?;
    let rows = read
        .query_map([], |row| {
            let key: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((key, row.get::<_, Vec<u8>>(3)?))
        })
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .doing(doing, "upgrade")?;
    for ((workspace, connector, number), body) in rows {
        let before: VersionBefore3 = row::decode_plain(&body, doing)?;
        let body = row::plain(&HeldVersion::from(before));
        write
            .execute(params![workspace, connector, number, body])
            .doing(doing, "upgrade")?;
    }
    Ok(())
}

/// Bodies that end with a sum of their own since format 4, with what they are found by.
const BODIES: [(&str, &str, &str); 3] = [
    ("asset_version", "workspace, asset, number", "body"),
    ("connector_version", "workspace, connector, number", "body"),
    ("revision", "workspace, number, number", "before"),
];

/// Brings a platform to format 4: everything gets its sum.
fn fourth(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    for (table, keys, body) in BODIES {
        let read = format!("SELECT {keys}, {body} FROM {table}");
        let mut read = connection.prepare(&read).doing(doing, "upgrade")?;
        let write = format!("UPDATE {table} SET {body} = ?4 WHERE ({keys}) = (?1, ?2, ?3)");
        let mut write = connection.prepare(&write).doing(doing, "upgrade")?;
        let rows = read
            .query_map([], |row| {
                let key: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((key, row.get::<_, Vec<u8>>(3)?))
            })
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .doing(doing, "upgrade")?;
        for ((first, second, third), body) in rows {
            write
                .execute(params![first, second, third, row::sealed(body)])
                .doing(doing, "upgrade")?;
        }
    }
    connection
        .execute_batch(sums::TABLE)
        .doing(doing, "upgrade")?;
    sums::keep_everything(connection, doing)
}

/// Brings a platform to format 5: the list of who uses a connector gets its sum.
fn fifth(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    connection
        .execute_batch(usage::TABLE)
        .doing(doing, "upgrade")?;
    usage::keep_everything(connection, doing)
}

/// What a file is.
pub(super) enum Found {
    /// A platform of this format.
    Platform,
    /// One of an older format, to be [upgraded](upgrade).
    Older,
    /// Nothing was written to it yet.
    Empty,
}

/// Looks whether a file is a platform's.
pub(super) fn look(connection: &Connection, doing: &Doing) -> Result<Found, WorkspaceError> {
    let number = |pragma: &str| -> Result<i64, WorkspaceError> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .doing(doing, "read")
    };
    let (application, format) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .doing(doing, "read")?;
    if application == 0 && format == 0 && tables == 0 {
        return Ok(Found::Empty);
    }
    if application != i64::from(APPLICATION) {
        return Err(doing.no_platform("it is another program's database"));
    }
    match u32::try_from(format) {
        Ok(FORMAT) => Ok(Found::Platform),
        Ok(OLDEST..FORMAT) => Ok(Found::Older),
        Ok(found) if found > FORMAT => Err(WorkspaceError::Newer {
            platform: doing.platform(),
            found,
            known: FORMAT,
        }),
        Ok(_) | Err(_) => Err(doing.no_platform("its format is unknown")),
    }
}

/// Makes an empty file a platform's.
pub(super) fn make(connection: &mut Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    connection
        .pragma_update(None, "page_size", 8192)
        .doing(doing, "set up")?;
    settings(connection, doing)?;
    let transaction = connection.transaction().doing(doing, "set up")?;
    transaction
        .execute_batch(TABLES)
        .and_then(|()| transaction.execute_batch(SECOND))
        .and_then(|()| transaction.execute_batch(SIXTH))
        .and_then(|()| transaction.execute_batch(SEVENTH))
        .and_then(|()| transaction.execute_batch(sums::TABLE))
        .and_then(|()| transaction.execute_batch(usage::TABLE))
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION))
        .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
        .doing(doing, "set up")?;
    sums::keep_all(&transaction, doing)?;
    transaction.commit().doing(doing, "set up")
}

/// Brings a platform of an older format to this one: all of it, or nothing. Nobody else writes.
pub(super) fn upgrade(connection: &mut Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(doing, "upgrade")?;
    // Another process may have done it meanwhile.
    match look(&transaction, doing)? {
        Found::Older => {}
        Found::Platform | Found::Empty => return Ok(()),
    }
    let format: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .doing(doing, "read")?;
    // A number that is damaged may be that of an older format, which is not looked at before.
    if format < 4 && sums::are_kept(&transaction, doing)? {
        return Err(doing.damaged("its format is not the one that was written".to_owned()));
    }
    if format < 2 {
        transaction.execute_batch(SECOND).doing(doing, "upgrade")?;
    }
    if format < 3 {
        third(&transaction, doing)?;
    }
    match format {
        ..4 => {}
        4 => sums::check_all_before_5(&transaction, doing)?,
        _ => sums::check_all(&transaction, doing)?,
    }
    if format >= 4 {
        sums::check_workspaces_of(format, &transaction, doing)?;
    }
    transaction.execute_batch(SIXTH).doing(doing, "upgrade")?;
    transaction.execute_batch(SEVENTH).doing(doing, "upgrade")?;
    match format {
        ..4 => fourth(&transaction, doing)?,
        _ => sums::keep_workspaces(&transaction, doing)?,
    }
    if format < 5 {
        fifth(&transaction, doing)?;
    }
    sums::keep_all(&transaction, doing)?;
    transaction
        .pragma_update(None, "user_version", FORMAT)
        .doing(doing, "upgrade")?;
    transaction.commit().doing(doing, "upgrade")
}

/// How connections to a platform are set.
pub(super) fn settings(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    make_durable(connection).doing(doing, "open")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::WorkspaceId;
    use std::path::Path;

    /// A platform as format 6 made it, with a workspace and a property's value.
    fn of_format_6(doing: &Doing) -> Connection {
        let connection = Connection::open_in_memory().expect("a database");
        for tables in [TABLES, SECOND, SIXTH, sums::TABLE, usage::TABLE] {
            connection.execute_batch(tables).expect("tables");
        }
        connection
            .execute_batch(
                "INSERT INTO workspace (id, name, kind, data_center, created_at, state, revision, next_asset, next_connector)
                 VALUES (1, 'osprey', 'external', 'us', 5, x'00', 0, 1, 1);
                 INSERT INTO property (workspace, project, name, value) VALUES (1, '/', 'erp.url', 'here');",
            )
            .expect("rows");
        for (pragma, value) in [("application_id", APPLICATION), ("user_version", 6)] {
            connection.pragma_update(None, pragma, value).expect("set");
        }
        sums::keep_workspaces_of(6, &connection, doing).expect("sums");
        sums::keep_all(&connection, doing).expect("a sum");
        connection
    }

    #[test]
    fn a_platform_of_format_6_is_upgraded_with_what_it_holds() {
        let doing = Doing::on(Path::new("format-6"));
        let mut connection = of_format_6(&doing);
        upgrade(&mut connection, &doing).expect("upgraded");
        assert!(matches!(look(&connection, &doing), Ok(Found::Platform)));
        sums::check_all(&connection, &doing).expect("whole");
        sums::check_workspace(&connection, &doing, WorkspaceId(1)).expect("whole");
        let (values, enabled): (String, i64) = connection
            .query_row(
                "SELECT (SELECT value FROM property), (SELECT count(*) FROM endpoint)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("rows");
        assert_eq!((values.as_str(), enabled), ("here", 0));
    }

    #[test]
    fn a_damaged_platform_of_format_6_is_not_upgraded() {
        let doing = Doing::on(Path::new("damaged-6"));
        let mut connection = of_format_6(&doing);
        connection
            .execute_batch("UPDATE property SET value = 'hers'")
            .expect("damaged");
        let told = upgrade(&mut connection, &doing).expect_err("damaged");
        assert!(
            told.to_string()
                .contains("workspace 1 is not what was written"),
            "{told}"
        );
    }
}
