//! The board of a ledger's file: what roll-outs left with customers, and what was seen of it since.

use rusqlite::{Row, params};

use super::{Tables, checked_target, target_row};
use crate::ledger::row::{self, BoardRow, corrupt};
use crate::ledger::{BoardLine, LedgerError, Written};
use crate::model::rollout::MemberNumber;
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::Ending;
use crate::plan::rollout::seen::SlimSnapshot;

/// Its columns: those of a target, then the others.
const COLUMNS: &str =
    "0, sum, place, workspace, address, name, package, rollout, at, outcome, receipt";

fn board_row(row: &Row<'_>) -> rusqlite::Result<(BoardRow, Vec<u8>)> {
    let (_, sum, target) = target_row(row)?;
    let line = BoardRow {
        target,
        package: row.get(6)?,
        rollout: row.get(7)?,
        at: row.get(8)?,
        outcome: row.get(9)?,
        receipt: row.get(10)?,
    };
    Ok((line, sum))
}

impl Tables<'_> {
    /// What an attempt left with a customer.
    pub(super) fn set_board(
        &self,
        rollout: i64,
        number: MemberNumber,
        ending: &Ending,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        if ending.receipts.is_empty() {
            return Ok(());
        }
        let target = self.row(
            "SELECT number, sum, place, workspace, address, name
             FROM target WHERE rollout = ?1 AND number = ?2",
            params![rollout, number.0],
            target_row,
        )?;
        let target = target.ok_or_else(|| corrupt(&"a member's workspace is not there"))?;
        let (_, target) = checked_target(rollout, target)?;
        for receipt in &ending.receipts {
            let line = BoardRow::of(rollout, &target, (ending, receipt), at)?;
            self.set_line(&line)?;
        }
        Ok(())
    }

    fn set_line(&self, line: &BoardRow) -> Result<(), LedgerError> {
        self.execute(
            "INSERT OR REPLACE INTO board
               (place, workspace, package, address, name, rollout, at, outcome, receipt, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                line.target.place,
                line.target.workspace,
                line.package,
                line.target.address,
                line.target.name,
                line.rollout,
                line.at,
                line.outcome,
                line.receipt,
                line.sum().end().as_bytes()
            ],
        )?;
        Ok(())
    }

    pub(super) fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        let sql = format!("SELECT {COLUMNS} FROM board");
        let rows = self.rows(&sql, [], board_row)?.into_iter();
        let rows = rows.map(|(line, sum)| line.checked(&sum));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        row::board(self.rollouts("", [])?, rows)
    }

    /// Keeps what was seen since, if the line is still the one that was looked at.
    pub(super) fn saw(
        &self,
        line: &BoardLine,
        seen: &SlimSnapshot,
    ) -> Result<Written, LedgerError> {
        let rollout = self.find(&line.rollout)?;
        let sql = format!(
            "SELECT {COLUMNS} FROM board WHERE place = ?1 AND workspace = ?2 AND package = ?3"
        );
        let workspace = &line.workspace;
        let key = params![
            workspace.place,
            workspace.id.0.cast_signed(),
            line.receipt.package
        ];
        let Some((there, sum)) = self.row(&sql, key, board_row)? else {
            return Ok(Written::Stale);
        };
        let there = there.checked(&sum)?;
        if !there.is_line(line, &rollout)? {
            return Ok(Written::Stale);
        }
        self.set_line(&there.saying(&line.with(seen))?)?;
        Ok(Written::Kept)
    }
}
