//! The board of a database: what roll-outs left with customers, and what was seen of it since.

use postgres::Row;
use postgres::types::Type;

use super::connection::{Connection, Fault};
use super::{ROLLOUT, Tables, checked_target, get, rollout_row, target_row};
use crate::ledger::row::{self, BoardRow, corrupt};
use crate::ledger::{BoardLine, LedgerError, Written};
use crate::model::rollout::MemberNumber;
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::Ending;
use crate::plan::rollout::seen::SlimSnapshot;

/// Its columns: those of a target, then the others.
const COLUMNS: &str =
    "0::bigint, sum, place, workspace, address, name, package, rollout, at, outcome, receipt";

fn board_row(row: &Row) -> Result<BoardRow, LedgerError> {
    let line = BoardRow {
        target: target_row(row)?,
        package: get(row, 6)?,
        rollout: get(row, 7)?,
        at: get(row, 8)?,
        outcome: get(row, 9)?,
        receipt: get(row, 10)?,
    };
    line.checked(get(row, 1)?)
}

/// The board.
pub(super) fn read(connection: &Connection) -> Result<Vec<BoardLine>, LedgerError> {
    let (rollouts, rows) = connection.read(|session| {
        // A line may be of a roll-out that began since: these are read last.
        let lines = session.rows(&format!("SELECT {COLUMNS} FROM recipack.board"), &[])?;
        let sql = format!("SELECT {ROLLOUT} FROM recipack.rollout");
        Ok((session.rows(&sql, &[])?, lines))
    })?;
    let rows = rows.iter().map(board_row);
    let rows = rows.collect::<Result<_, LedgerError>>()?;
    let rollouts = rollouts.iter().map(rollout_row);
    row::board(rollouts.collect::<Result<_, LedgerError>>()?, rows)
}

impl Tables<'_, '_> {
    /// What an attempt left with a customer.
    pub(super) fn set_board(
        &self,
        rollout: i64,
        number: MemberNumber,
        ending: &Ending,
        at: Timestamp,
    ) -> Result<(), Fault> {
        // In one order, so that two roll-outs that end at once wait for each other in no circle.
        let mut receipts: Vec<_> = ending.receipts.iter().collect();
        receipts.sort_by_key(|receipt| &receipt.package);
        if receipts.is_empty() {
            return Ok(());
        }
        let target = self.0.row(
            "SELECT number, sum, place, workspace, address, name FROM recipack.target
             WHERE rollout = $1 AND number = $2",
            &[(&rollout, Type::INT8), (&i64::from(number.0), Type::INT8)],
        )?;
        let target = target.ok_or_else(|| corrupt(&"a member's workspace is not there"))?;
        let (_, target) = checked_target(&target, rollout)?;
        for receipt in receipts {
            let line = BoardRow::of(rollout, &target, (ending, receipt), at)?;
            self.set_line(&line)?;
        }
        Ok(())
    }

    fn set_line(&self, line: &BoardRow) -> Result<(), Fault> {
        self.0.execute(
            "INSERT INTO recipack.board
               (place, workspace, package, address, name, rollout, at, outcome, receipt, sum)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (place, workspace, package) DO UPDATE
             SET address = excluded.address, name = excluded.name, rollout = excluded.rollout,
               at = excluded.at, outcome = excluded.outcome, receipt = excluded.receipt,
               sum = excluded.sum",
            &[
                (&line.target.place, Type::TEXT),
                (&line.target.workspace, Type::INT8),
                (&line.package, Type::TEXT),
                (&line.target.address, Type::TEXT),
                (&line.target.name, Type::TEXT),
                (&line.rollout, Type::INT8),
                (&line.at, Type::INT8),
                (&line.outcome, Type::TEXT),
                (&line.receipt, Type::TEXT),
                (&line.sum().end().as_bytes().as_slice(), Type::BYTEA),
            ],
        )
    }

    /// Keeps what was seen since, if the line is still the one that was looked at.
    pub(super) fn saw(&self, line: &BoardLine, seen: &SlimSnapshot) -> Result<Written, Fault> {
        let sql = format!("SELECT {ROLLOUT} FROM recipack.rollout WHERE id = $1");
        let rollout = self.0.row(&sql, &[(&line.rollout.as_str(), Type::TEXT)])?;
        let rollout = rollout.ok_or_else(|| LedgerError::Unknown(line.rollout.clone()))?;
        let there = self.0.row(
            &format!(
                "SELECT {COLUMNS} FROM recipack.board
                 WHERE place = $1 AND workspace = $2 AND package = $3 FOR UPDATE"
            ),
            &[
                (&line.workspace.place, Type::TEXT),
                (&line.workspace.id.0.cast_signed(), Type::INT8),
                (&line.receipt.package, Type::TEXT),
            ],
        )?;
        let Some(there) = there else {
            return Ok(Written::Stale);
        };
        let there = board_row(&there)?;
        if !there.is_line(line, &rollout_row(&rollout)?)? {
            return Ok(Written::Stale);
        }
        self.set_line(&there.saying(&line.with(seen))?)?;
        Ok(Written::Kept)
    }
}
