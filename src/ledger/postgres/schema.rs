//! The tables of a ledger in a database: all in a schema of their own.

use postgres::types::Type;

use super::connection::{Connection, Fault, Session};
use super::number;
use crate::ledger::row::corrupt;
use crate::ledger::{IfAbsent, LedgerError};

/// The format that this program writes.
const FORMAT: u32 = 4;
/// Whoever makes or upgrades tables holds this one: "rcpl", and what for.
const MAKING: &str = "SELECT pg_advisory_xact_lock(1919119468, 1)";
/// The schema alone is what an administrator may have made for whoever may not.
const SCHEMA: &str = "CREATE SCHEMA recipack";

/// As the tables of a ledger's file. `external`: what packages hold is compressed already.
const TABLES: &str = "
CREATE TABLE recipack.ledger (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  format bigint NOT NULL
);

CREATE TABLE recipack.rollout (
  number bigint PRIMARY KEY,
  id text NOT NULL UNIQUE,
  version bigint NOT NULL,
  status text NOT NULL,
  at bigint NOT NULL,
  who text NOT NULL,
  members bigint NOT NULL,
  sum bytea NOT NULL
);

CREATE TABLE recipack.plan (
  rollout bigint PRIMARY KEY REFERENCES recipack.rollout,
  text bytea NOT NULL,
  sum bytea NOT NULL
);

CREATE TABLE recipack.member (
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  number bigint NOT NULL,
  attempt bigint NOT NULL,
  unanswered bigint NOT NULL,
  next_turn bigint,
  runner text,
  until bigint,
  phase text,
  sent_before bigint,
  outcome text,
  ended_at bigint,
  jobs text,
  sum bytea NOT NULL,
  PRIMARY KEY (rollout, number),
  CHECK ((runner IS NULL) = (until IS NULL) AND (runner IS NULL) = (phase IS NULL)
    AND (outcome IS NULL) = (ended_at IS NULL) AND (runner IS NULL OR outcome IS NULL)
    AND (next_turn IS NULL OR (runner IS NULL AND outcome IS NULL))
    AND (jobs IS NULL OR outcome IS NOT NULL))
);

CREATE TABLE recipack.target (
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  number bigint NOT NULL,
  place text NOT NULL,
  workspace bigint NOT NULL,
  address text NOT NULL,
  name text NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (rollout, number)
);

CREATE TABLE recipack.open_workspace (
  place text NOT NULL,
  workspace bigint NOT NULL,
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  sum bytea NOT NULL,
  PRIMARY KEY (place, workspace)
);
CREATE INDEX open_workspace_rollout ON recipack.open_workspace (rollout);

CREATE TABLE recipack.journal (
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  number bigint NOT NULL,
  text bytea NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (rollout, number)
);

CREATE TABLE recipack.ending (
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  number bigint NOT NULL,
  ending text NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (rollout, number)
);

CREATE TABLE recipack.event (
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  number bigint NOT NULL,
  event text NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (rollout, number)
);

CREATE TABLE recipack.board (
  place text NOT NULL,
  workspace bigint NOT NULL,
  package text NOT NULL,
  address text NOT NULL,
  name text NOT NULL,
  rollout bigint NOT NULL REFERENCES recipack.rollout,
  at bigint NOT NULL,
  outcome text NOT NULL,
  receipt text NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (place, workspace, package)
);

CREATE TABLE recipack.piece (digest bytea PRIMARY KEY, bytes bytea NOT NULL);
ALTER TABLE recipack.piece ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE recipack.content (digest bytea PRIMARY KEY, size bigint NOT NULL);
CREATE TABLE recipack.content_piece (
  content bytea NOT NULL REFERENCES recipack.content,
  number bigint NOT NULL,
  piece bytea NOT NULL REFERENCES recipack.piece,
  PRIMARY KEY (content, number)
);

CREATE TABLE recipack.permit (
  account text NOT NULL,
  class text NOT NULL,
  granted text NOT NULL,
  sum bytea NOT NULL,
  PRIMARY KEY (account, class)
);
";

/// What a database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A ledger of this format.
    Ledger,
    /// An empty schema for one.
    Schema,
    /// Nothing.
    Nothing,
}

fn look(session: &Session<'_>) -> Result<Found, Fault> {
    let row = session
        .row(
            "SELECT count(*), count(*) FILTER (WHERE relname IS NOT NULL),
               count(*) FILTER (WHERE relname = 'ledger')
             FROM pg_namespace LEFT JOIN pg_class ON relnamespace = pg_namespace.oid
             WHERE nspname = 'recipack'",
            &[],
        )?
        .ok_or_else(|| corrupt(&"a count gives no row"))?;
    match (number(&row, 0)?, number(&row, 1)?, number(&row, 2)?) {
        (0, ..) => return Ok(Found::Nothing),
        (_, 0, _) => return Ok(Found::Schema),
        (_, _, 0) => {
            return Err(Fault::Told(LedgerError::NoLedger(
                "the database's schema `recipack` is another program's".to_owned(),
            )));
        }
        _ => {}
    }
    let row = session.row("SELECT format FROM recipack.ledger", &[])?;
    let row = row.ok_or_else(|| LedgerError::NoLedger("its format is unknown".to_owned()))?;
    match u32::try_from(number(&row, 0)?) {
        Ok(FORMAT) => Ok(Found::Ledger),
        Ok(found) if found > FORMAT => Err(Fault::Told(LedgerError::Newer {
            found,
            known: FORMAT,
        })),
        Ok(found) if found > 0 => Err(Fault::Told(LedgerError::older(found))),
        Ok(_) | Err(_) => Err(Fault::Told(LedgerError::NoLedger(
            "its format is unknown".to_owned(),
        ))),
    }
}

/// Makes sure that there is a ledger of this format.
pub(super) fn ensure(connection: &Connection, absent: IfAbsent) -> Result<(), LedgerError> {
    match (connection.read(look)?, absent) {
        (Found::Ledger, _) => return Ok(()),
        (Found::Schema | Found::Nothing, IfAbsent::Refuse) => {
            return Err(LedgerError::Absent(
                "there is none in this database".to_owned(),
            ));
        }
        (Found::Schema | Found::Nothing, IfAbsent::Make) => {}
    }
    connection.write(|session| {
        session.execute(MAKING, &[])?;
        // Another process may have been faster.
        match look(session)? {
            Found::Ledger => return Ok(()),
            Found::Schema => {}
            Found::Nothing => session.batch(SCHEMA)?,
        }
        session.batch(TABLES)?;
        session.execute(
            "INSERT INTO recipack.ledger (format) VALUES ($1)",
            &[(&i64::from(FORMAT), Type::INT8)],
        )
    })
}
