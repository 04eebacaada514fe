//! A ledger in one SQLite file, for runners on one machine.
//!
//! What is written is decided of what was read within the same transaction, which no other one's writing
//! can come between.

mod file;
mod schema;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Params, Row, Transaction, TransactionBehavior,
    params,
};

use super::permits::Window;
use super::pieces::{Joined, cut};
use super::row::{self, BoardRow, MemberRow, TargetRow, corrupt};
use super::{
    BoardLine, IfAbsent, Kept, Ledger, LedgerError, NewRollout, Permit, PermitRequest,
    RolloutHeader, Written,
};
use crate::io::sqlite::why;
use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::{Ending, Event, Hold, MemberProgress, Progress, Step};

/// A ledger's file.
#[derive(Debug)]
pub struct SqliteLedger {
    doing: Doing,
    connection: Connection,
}

/// The file that work is done on, for errors.
#[derive(Clone, Debug)]
struct Doing(PathBuf);

impl Doing {
    fn no_ledger(&self, reason: &str) -> LedgerError {
        LedgerError::NoLedger(reason.to_owned())
    }

    fn io(&self, error: std::io::Error) -> LedgerError {
        LedgerError::Failed(error.into())
    }

    fn failed(&self, error: &rusqlite::Error) -> LedgerError {
        use rusqlite::Error;
        // What no column of this program holds.
        if let Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..) = error
        {
            return corrupt(error);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => self.no_ledger("it is no database"),
            Some(ErrorCode::DatabaseCorrupt) => corrupt(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                LedgerError::Unavailable("another program writes to it".into())
            }
            _ => LedgerError::Failed(why(&self.0, error).into()),
        }
    }
}

/// Says of what SQLite failed at.
trait Failed<T> {
    fn on(self, doing: &Doing) -> Result<T, LedgerError>;
}

impl<T> Failed<T> for Result<T, rusqlite::Error> {
    fn on(self, doing: &Doing) -> Result<T, LedgerError> {
        self.map_err(|error| doing.failed(&error))
    }
}

/// A roll-out as its row.
struct RolloutRow {
    number: i64,
    version: i64,
    status: RolloutStatus,
    members: i64,
}

/// What is read and written within one transaction.
#[derive(Clone, Copy)]
struct Tables<'t> {
    connection: &'t Connection,
    doing: &'t Doing,
}

impl Tables<'_> {
    fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(parameters))
            .on(self.doing)
    }

    fn row<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(parameters, read).optional())
            .on(self.doing)
    }

    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
            .on(self.doing)
    }

    fn find(&self, id: &RolloutId) -> Result<RolloutRow, LedgerError> {
        let found = self.row(
            "SELECT number, version, status, members FROM rollout WHERE id = ?1",
            [id.as_str()],
            |row| {
                let status: String = row.get(2)?;
                Ok((row.get(0)?, row.get(1)?, status, row.get(3)?))
            },
        )?;
        let (number, version, status, members) =
            found.ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        Ok(RolloutRow {
            number,
            version,
            status: row::word(&status)?,
            members,
        })
    }

    /// Another version of a roll-out.
    fn advance(&self, rollout: &RolloutRow, status: RolloutStatus) -> Result<(), LedgerError> {
        self.execute(
            "UPDATE rollout SET version = ?2, status = ?3 WHERE number = ?1",
            params![
                rollout.number,
                rollout.version.wrapping_add(1),
                status.as_str()
            ],
        )?;
        if rollout.status.is_open() && !status.is_open() {
            self.execute(
                "DELETE FROM open_workspace WHERE rollout = ?1",
                [rollout.number],
            )?;
        }
        Ok(())
    }

    fn event(&self, rollout: i64, event: &Event) -> Result<(), LedgerError> {
        self.execute(
            "INSERT INTO event (rollout, number, event)
             SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM event WHERE rollout = ?1",
            params![rollout, row::text(event)?],
        )?;
        Ok(())
    }

    fn set_member(
        &self,
        rollout: i64,
        number: MemberNumber,
        member: &MemberProgress,
    ) -> Result<(), LedgerError> {
        let columns = MemberRow::from(member);
        self.execute(
            "UPDATE member SET attempt = ?3, unanswered = ?4, next_turn = ?5, runner = ?6,
               until = ?7, phase = ?8, sent_before = ?9, outcome = ?10, ended_at = ?11
             WHERE rollout = ?1 AND number = ?2",
            params![
                rollout,
                number.0,
                columns.attempt,
                columns.unanswered,
                columns.next_turn,
                columns.runner,
                columns.until,
                columns.phase,
                columns.sent_before,
                columns.outcome,
                columns.ended_at
            ],
        )?;
        Ok(())
    }

    fn member(
        &self,
        rollout: i64,
        number: MemberNumber,
    ) -> Result<Option<MemberProgress>, LedgerError> {
        let found = self.row(
            "SELECT number, attempt, unanswered, next_turn, runner, until, phase, sent_before,
               outcome, ended_at FROM member WHERE rollout = ?1 AND number = ?2",
            params![rollout, number.0],
            member_row,
        )?;
        found.map(|(_, row)| row.member()).transpose()
    }

    /// Changes a member that is held, and tells whether it was.
    fn change(
        &self,
        id: &RolloutId,
        number: MemberNumber,
        change: impl FnOnce(&MemberProgress) -> Option<MemberProgress>,
    ) -> Result<(RolloutRow, Kept), LedgerError> {
        let rollout = self.find(id)?;
        let member = self.member(rollout.number, number)?;
        let Some(changed) = member.as_ref().and_then(change) else {
            return Ok((rollout, Kept::Lost));
        };
        self.set_member(rollout.number, number, &changed)?;
        self.advance(&rollout, rollout.status)?;
        Ok((rollout, Kept::Held))
    }

    /// Takes workspaces for a roll-out that is open from now on.
    fn take(&self, rollout: i64, targets: &[TargetRow]) -> Result<(), LedgerError> {
        let keys = row::keys(targets);
        let mut by: Option<i64> = None;
        for (place, workspace) in &keys {
            let other: Option<i64> = self.row(
                "SELECT rollout FROM open_workspace WHERE place = ?1 AND workspace = ?2",
                params![place, workspace],
                |row| row.get(0),
            )?;
            if let Some(other) = other {
                by = Some(by.map_or(other, |by| by.min(other)));
            }
        }
        if let Some(by) = by {
            let id: Option<String> =
                self.row("SELECT id FROM rollout WHERE number = ?1", [by], |row| {
                    row.get(0)
                })?;
            let id =
                id.ok_or_else(|| corrupt(&"a workspace is in a roll-out that is not there"))?;
            let mut of_other = self.targets(by)?;
            of_other.retain(|target| keys.contains(&(target.place.as_str(), target.workspace)));
            let addresses = of_other.into_iter().map(|target| target.address);
            return Err(LedgerError::taken(row::id(&id)?, addresses.collect()));
        }
        for (place, workspace) in keys {
            self.execute(
                "INSERT INTO open_workspace (place, workspace, rollout) VALUES (?1, ?2, ?3)",
                params![place, workspace, rollout],
            )?;
        }
        Ok(())
    }

    /// The members' workspaces, in the order of the members.
    fn targets(&self, rollout: i64) -> Result<Vec<TargetRow>, LedgerError> {
        self.rows(
            "SELECT place, workspace, address, name FROM target WHERE rollout = ?1 ORDER BY number",
            [rollout],
            target_row,
        )
    }

    fn create(&self, new: &NewRollout<'_>) -> Result<(), LedgerError> {
        match self.find(new.id) {
            Ok(_) => return Err(LedgerError::Exists(new.id.clone())),
            Err(LedgerError::Unknown(_)) => {}
            Err(error) => return Err(error),
        }
        for superseded in new.supersedes {
            let rollout = self.find(superseded)?;
            if rollout.status.is_open() {
                self.advance(&rollout, RolloutStatus::Superseded)?;
                self.event(rollout.number, &new.superseded())?;
            }
        }
        let number: Option<i64> = self.row(
            "INSERT INTO rollout (id, version, status, at, who, members)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING number",
            params![
                new.id.as_str(),
                new.progress.version.cast_signed(),
                new.progress.status.as_str(),
                new.at.0.cast_signed(),
                new.who,
                new.plan.members.len() as u64 as i64
            ],
            |row| row.get(0),
        )?;
        let number = number.ok_or_else(|| corrupt(&"a row that was written is not there"))?;
        let targets = TargetRow::all(new);
        if new.progress.status.is_open() {
            self.take(number, &targets)?;
        }
        self.execute(
            "INSERT INTO plan (rollout, text) VALUES (?1, ?2)",
            params![number, new.text.as_bytes()],
        )?;
        let members = (1_i64..).zip(targets.iter().zip(&new.progress.members));
        for (member, (target, progress)) in members {
            let columns = MemberRow::from(progress);
            self.execute(
                "INSERT INTO member (rollout, number, attempt, unanswered, next_turn, runner, until,
                   phase, sent_before, outcome, ended_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    number,
                    member,
                    columns.attempt,
                    columns.unanswered,
                    columns.next_turn,
                    columns.runner,
                    columns.until,
                    columns.phase,
                    columns.sent_before,
                    columns.outcome,
                    columns.ended_at
                ],
            )?;
            self.execute(
                "INSERT INTO target (rollout, number, place, workspace, address, name)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    number,
                    member,
                    target.place,
                    target.workspace,
                    target.address,
                    target.name
                ],
            )?;
        }
        self.event(number, &new.started())
    }

    fn write(&self, id: &RolloutId, step: &Step) -> Result<Written, LedgerError> {
        let rollout = self.find(id)?;
        if rollout.version.cast_unsigned() != step.expected {
            return Ok(Written::Stale);
        }
        if step.status.is_open() && !rollout.status.is_open() {
            self.take(rollout.number, &self.targets(rollout.number)?)?;
        }
        self.advance(&rollout, step.status)?;
        for (number, member) in &step.members {
            self.set_member(rollout.number, *number, member)?;
        }
        self.event(rollout.number, &step.event)?;
        if let Some((number, ending)) = &step.ending {
            self.execute(
                "INSERT OR REPLACE INTO ending (rollout, number, ending) VALUES (?1, ?2, ?3)",
                params![rollout.number, number.0, row::text(ending)?],
            )?;
            self.set_board(rollout.number, *number, ending, step.event.at)?;
        }
        Ok(Written::Kept)
    }

    fn set_board(
        &self,
        rollout: i64,
        number: MemberNumber,
        ending: &Ending,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        for receipt in &ending.receipts {
            self.execute(
                "INSERT OR REPLACE INTO board
                   (place, workspace, package, address, name, rollout, at, outcome, receipt)
                 SELECT place, workspace, ?3, address, name, ?1, ?4, ?5, ?6
                 FROM target WHERE rollout = ?1 AND number = ?2",
                params![
                    rollout,
                    number.0,
                    receipt.package,
                    at.0.cast_signed(),
                    ending.outcome.as_str(),
                    row::text(receipt)?
                ],
            )?;
        }
        Ok(())
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        let rollout = self.find(id)?;
        let rows = self.rows(
            "SELECT number, attempt, unanswered, next_turn, runner, until, phase, sent_before,
               outcome, ended_at FROM member WHERE rollout = ?1 ORDER BY number",
            [rollout.number],
            member_row,
        )?;
        row::progress(rollout.version, rollout.status, rollout.members, rows)
    }

    fn permit(&self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        let key = params![asked.account, asked.class];
        let granted: Option<String> = self.row(
            "SELECT granted FROM permit WHERE account = ?1 AND class = ?2",
            key,
            |row| row.get(0),
        )?;
        let mut window: Window = match granted {
            Some(granted) => row::value(&granted)?,
            None => Window::default(),
        };
        let permit = window.take(asked, self.milliseconds()?);
        self.execute(
            "INSERT OR REPLACE INTO permit (account, class, granted) VALUES (?1, ?2, ?3)",
            params![asked.account, asked.class, row::text(&window)?],
        )?;
        Ok(permit)
    }

    /// When it is, by the machine's clock.
    fn milliseconds(&self) -> Result<u64, LedgerError> {
        let now: Option<i64> = self.row(
            "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
            [],
            |row| row.get(0),
        )?;
        let now = now.and_then(|now| u64::try_from(now).ok());
        now.ok_or_else(|| LedgerError::Failed("the machine's clock is before 1970".into()))
    }

    fn keep_piece(&self, digest: &Digest, bytes: &[u8]) -> Result<(), LedgerError> {
        self.execute(
            "INSERT INTO piece (digest, bytes) VALUES (?1, ?2)
             ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes",
            params![digest.as_bytes().as_slice(), bytes],
        )?;
        Ok(())
    }

    fn keep_content(
        &self,
        digest: &Digest,
        size: u64,
        pieces: &[Digest],
    ) -> Result<(), LedgerError> {
        let digest = digest.as_bytes().as_slice();
        self.execute("DELETE FROM content_piece WHERE content = ?1", [digest])?;
        self.execute(
            "INSERT INTO content (digest, size) VALUES (?1, ?2)
             ON CONFLICT (digest) DO UPDATE SET size = excluded.size",
            params![digest, size.cast_signed()],
        )?;
        for (number, piece) in (1_i64..).zip(pieces) {
            self.execute(
                "INSERT INTO content_piece (content, number, piece) VALUES (?1, ?2, ?3)",
                params![digest, number, piece.as_bytes().as_slice()],
            )?;
        }
        Ok(())
    }

    /// Reads a content piece by piece: what is kept is not changed again.
    fn content(&self, digest: &Digest, into: &mut dyn Write) -> Result<(), LedgerError> {
        let of_content = digest.as_bytes().as_slice();
        let there = self.row(
            "SELECT size FROM content WHERE digest = ?1",
            [of_content],
            |row| row.get::<_, i64>(0),
        )?;
        if there.is_none() {
            return Err(LedgerError::Missing(*digest));
        }
        let mut joined = Joined::new(digest);
        for number in 1_i64.. {
            let piece = self.row(
                "SELECT piece, bytes FROM content_piece JOIN piece ON digest = piece
                 WHERE content = ?1 AND number = ?2",
                params![of_content, number],
                |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)),
            )?;
            let Some((of_piece, piece)) = piece else {
                break;
            };
            joined.add(&of_piece, &piece, into)?;
        }
        joined.end()
    }
}

fn member_row(row: &Row<'_>) -> rusqlite::Result<(i64, MemberRow)> {
    let columns = MemberRow {
        attempt: row.get(1)?,
        unanswered: row.get(2)?,
        next_turn: row.get(3)?,
        runner: row.get(4)?,
        until: row.get(5)?,
        phase: row.get(6)?,
        sent_before: row.get(7)?,
        outcome: row.get(8)?,
        ended_at: row.get(9)?,
    };
    Ok((row.get(0)?, columns))
}

fn target_row(row: &Row<'_>) -> rusqlite::Result<TargetRow> {
    Ok(TargetRow {
        place: row.get(0)?,
        workspace: row.get(1)?,
        address: row.get(2)?,
        name: row.get(3)?,
    })
}

impl SqliteLedger {
    /// Opens a ledger's file.
    ///
    /// # Errors
    /// If it is not there and none is to be made, can't be made, or is no ledger's.
    pub fn open(path: &Path, absent: IfAbsent) -> Result<Self, LedgerError> {
        let doing = Doing(path.to_owned());
        let connection = file::open(path, absent, &doing)?;
        Ok(Self { doing, connection })
    }

    /// Reads everything at one moment.
    fn read<T>(
        &self,
        read: impl FnOnce(Tables<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction = self.connection.unchecked_transaction().on(&self.doing)?;
        read(Tables {
            connection: &transaction,
            doing: &self.doing,
        })
    }

    /// Writes all of it, or nothing.
    fn change<T>(
        &mut self,
        write: impl FnOnce(Tables<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction: Transaction<'_> = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .on(&self.doing)?;
        let written = write(Tables {
            connection: &transaction,
            doing: &self.doing,
        })?;
        transaction.commit().on(&self.doing)?;
        Ok(written)
    }
}

impl Ledger for SqliteLedger {
    fn name(&self) -> String {
        self.doing.0.display().to_string()
    }

    fn now(&self) -> Result<Timestamp, LedgerError> {
        self.read(|tables| Ok(Timestamp(tables.milliseconds()? / 1000)))
    }

    fn keep(&mut self, digest: &Digest, bytes: &mut dyn Read) -> Result<(), LedgerError> {
        match self.content(digest, &mut std::io::sink()) {
            Ok(()) => return Ok(()),
            // What is damaged is written anew.
            Err(LedgerError::Missing(_) | LedgerError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
        // Nobody waits for all of it: each piece has its own transaction, and the last one says what
        // they make together.
        let cut = cut(digest, bytes, |of_piece, piece| {
            self.change(|tables| tables.keep_piece(of_piece, piece))
        })?;
        self.change(|tables| tables.keep_content(digest, cut.size, &cut.pieces))
    }

    fn content(&self, digest: &Digest, into: &mut dyn Write) -> Result<(), LedgerError> {
        let tables = Tables {
            connection: &self.connection,
            doing: &self.doing,
        };
        tables.content(digest, into)
    }

    fn create(&mut self, new: &NewRollout<'_>) -> Result<(), LedgerError> {
        new.check()?;
        self.change(|tables| tables.create(new))
    }

    fn rollouts(&self) -> Result<Vec<RolloutHeader>, LedgerError> {
        let rows = self.read(|tables| {
            tables.rows(
                "SELECT id, status, at, who, members FROM rollout ORDER BY number",
                [],
                |row| {
                    let (id, status): (String, String) = (row.get(0)?, row.get(1)?);
                    Ok((id, status, row.get(2)?, row.get(3)?, row.get(4)?))
                },
            )
        })?;
        let headers = rows
            .into_iter()
            .map(|(id, status, at, who, members)| row::header(&id, &status, at, who, members));
        headers.collect()
    }

    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError> {
        let text = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT text FROM plan WHERE rollout = ?1";
            tables.row(sql, [rollout.number], |row| row.get(0))
        })?;
        row::utf8(text.ok_or_else(|| corrupt(&"a plan is not there"))?)
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        self.read(|tables| tables.progress(id))
    }

    fn write(&mut self, id: &RolloutId, step: &Step) -> Result<Written, LedgerError> {
        self.change(|tables| tables.write(id, step))
    }

    fn note(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        at: Timestamp,
        journal: &str,
    ) -> Result<Kept, LedgerError> {
        self.change(|tables| {
            let (rollout, kept) =
                tables.change(id, hold.member, |member| member.noted(hold, at))?;
            if kept == Kept::Held {
                tables.execute(
                    "INSERT OR REPLACE INTO journal (rollout, number, text) VALUES (?1, ?2, ?3)",
                    params![rollout.number, hold.member.0, journal.as_bytes()],
                )?;
            }
            Ok(kept)
        })
    }

    fn renew(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        until: Timestamp,
    ) -> Result<Kept, LedgerError> {
        self.change(|tables| {
            let (_, kept) = tables.change(id, hold.member, |member| member.renewed(hold, until))?;
            Ok(kept)
        })
    }

    fn journal(&self, id: &RolloutId, member: MemberNumber) -> Result<Option<String>, LedgerError> {
        let text: Option<Vec<u8>> = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT text FROM journal WHERE rollout = ?1 AND number = ?2";
            tables.row(sql, params![rollout.number, member.0], |row| row.get(0))
        })?;
        text.map(row::utf8).transpose()
    }

    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError> {
        let rows: Vec<(u32, String)> = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT number, ending FROM ending WHERE rollout = ?1 ORDER BY number";
            tables.rows(sql, [rollout.number], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let endings = rows
            .into_iter()
            .map(|(number, ending)| Ok((MemberNumber(number), row::value(&ending)?)));
        endings.collect()
    }

    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows: Vec<String> = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT event FROM event WHERE rollout = ?1 AND number > ?2 ORDER BY number";
            tables.rows(sql, params![rollout.number, after], |row| row.get(0))
        })?;
        rows.iter().map(|event| row::value(event)).collect()
    }

    fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        let rows = self.read(|tables| {
            tables.rows(
                "SELECT place, workspace, address, name, id, board.at, outcome, receipt
                 FROM board JOIN rollout ON number = rollout",
                [],
                |row| {
                    Ok(BoardRow {
                        target: target_row(row)?,
                        rollout: row.get(4)?,
                        at: row.get(5)?,
                        outcome: row.get(6)?,
                        receipt: row.get(7)?,
                    })
                },
            )
        })?;
        row::board(rows)
    }

    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        self.change(|tables| tables.permit(asked))
    }
}
