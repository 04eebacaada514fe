//! The tables of a ledger's file.

use rusqlite::{Connection, Transaction};

use super::Doing;
use crate::ledger::LedgerError;

/// Tells a ledger's file from other SQLite files: "rcpl".
const APPLICATION: i32 = 0x7263_706c;
/// The format that this program writes.
pub(super) const FORMAT: u32 = 4;

/// What a person may want to ask of it lies in columns of its own. Plans, which are long, lie beside the
/// row that is written with every step. A member that waits has neither runner nor outcome. `sum` is a
/// digest of all that its row says.
const TABLES: &str = "
CREATE TABLE rollout (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  members INTEGER NOT NULL,
  sum BLOB NOT NULL
) STRICT;

CREATE TABLE plan (
  rollout INTEGER PRIMARY KEY REFERENCES rollout (number),
  text BLOB NOT NULL,
  sum BLOB NOT NULL
) STRICT;

CREATE TABLE member (
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  next_turn INTEGER,
  runner TEXT,
  until INTEGER,
  phase TEXT,
  sent_before INTEGER,
  outcome TEXT,
  ended_at INTEGER,
  jobs TEXT,
  sum BLOB NOT NULL,
  PRIMARY KEY (rollout, number),
  CHECK ((runner IS NULL) = (until IS NULL) AND (runner IS NULL) = (phase IS NULL)
    AND (outcome IS NULL) = (ended_at IS NULL) AND (runner IS NULL OR outcome IS NULL)
    AND (next_turn IS NULL OR (runner IS NULL AND outcome IS NULL))
    AND (jobs IS NULL OR outcome IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE target (
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  number INTEGER NOT NULL,
  place TEXT NOT NULL,
  workspace INTEGER NOT NULL,
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (rollout, number)
) STRICT, WITHOUT ROWID;

-- The workspaces of open roll-outs: each is in one.
CREATE TABLE open_workspace (
  place TEXT NOT NULL,
  workspace INTEGER NOT NULL,
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  sum BLOB NOT NULL,
  PRIMARY KEY (place, workspace)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_workspace_rollout ON open_workspace (rollout);

CREATE TABLE journal (
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  number INTEGER NOT NULL,
  text BLOB NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (rollout, number)
) STRICT;

CREATE TABLE ending (
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  number INTEGER NOT NULL,
  ending TEXT NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (rollout, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  number INTEGER NOT NULL,
  event TEXT NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (rollout, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE board (
  place TEXT NOT NULL,
  workspace INTEGER NOT NULL,
  package TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  rollout INTEGER NOT NULL REFERENCES rollout (number),
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  receipt TEXT NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (place, workspace, package)
) STRICT, WITHOUT ROWID;

-- A piece is found by its digest, so that what was begun twice is kept once.
CREATE TABLE piece (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE content (digest BLOB PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE content_piece (
  content BLOB NOT NULL REFERENCES content (digest),
  number INTEGER NOT NULL,
  piece BLOB NOT NULL REFERENCES piece (digest),
  PRIMARY KEY (content, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE permit (
  account TEXT NOT NULL,
  class TEXT NOT NULL,
  granted TEXT NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (account, class)
) STRICT, WITHOUT ROWID;
";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A ledger of this format.
    Ledger,
    /// Nothing was written to it yet.
    Empty,
}

/// Looks whether a file is a ledger's, and writes nothing to it.
pub(super) fn look(connection: &Connection, doing: &Doing) -> Result<Found, LedgerError> {
    // By one statement: somebody may be making it.
    let (application, format, tables): (i64, i64, i64) = connection
        .query_row(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
             FROM pragma_application_id, pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| doing.failed(&error))?;
    if application == 0 && format == 0 && tables == 0 {
        return Ok(Found::Empty);
    }
    if application != i64::from(APPLICATION) {
        return Err(doing.no_ledger("it is another program's database"));
    }
    match u32::try_from(format) {
        Ok(FORMAT) => Ok(Found::Ledger),
        Ok(found) if found > FORMAT => Err(LedgerError::Newer {
            found,
            known: FORMAT,
        }),
        Ok(found) if found > 0 => Err(LedgerError::older(found)),
        Ok(_) | Err(_) => Err(doing.no_ledger("its format is unknown")),
    }
}

/// Makes an empty file a ledger's, within a transaction in which it was seen to be empty.
pub(super) fn make(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)
}
