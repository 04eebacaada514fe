//! A ledger in one SQLite file, for runners on one machine.
//!
//! What is written is decided of what was read within the same transaction, which no other one's writing
//! can come between.

mod board;
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
use super::row::{self, MemberRow, OpenWorkspaces, RolloutRow, TargetRow, corrupt};
use super::sum;
use super::{
    BoardLine, IfAbsent, Kept, Ledger, LedgerError, NewRollout, Permit, PermitRequest,
    RolloutHeader, WorkspaceKey, Written,
};
use crate::io::sqlite::why;
use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::{Ending, Event, Hold, MemberProgress, Progress, Step};
use crate::plan::rollout::seen::SlimSnapshot;

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

/// The columns of a roll-out.
const ROLLOUT: &str = "number, id, version, status, at, who, members, sum";

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

    /// Roll-outs, as they were written.
    fn rollouts(&self, of: &str, key: impl Params) -> Result<Vec<RolloutRow>, LedgerError> {
        let rows = self.rows(
            &format!("SELECT {ROLLOUT} FROM rollout {of} ORDER BY number"),
            key,
            rollout_row,
        )?;
        let rows = rows.into_iter().map(|(row, status, sum)| {
            let status = row::word(&status)?;
            RolloutRow { status, ..row }.checked(&sum)
        });
        rows.collect()
    }

    fn find(&self, id: &RolloutId) -> Result<RolloutRow, LedgerError> {
        let found = self.rollouts("WHERE id = ?1", [id.as_str()])?;
        let mut found = found.into_iter();
        found.next().ok_or_else(|| LedgerError::Unknown(id.clone()))
    }

    /// Another version of a roll-out.
    fn advance(&self, rollout: &RolloutRow, status: RolloutStatus) -> Result<(), LedgerError> {
        let next = rollout.next(status);
        self.execute(
            "UPDATE rollout SET version = ?2, status = ?3, sum = ?4 WHERE number = ?1",
            params![
                next.number,
                next.version,
                next.status.as_str(),
                next.sum().end().as_bytes()
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
        let number: Option<i64> = self.row(
            "SELECT coalesce(max(number), 0) + 1 FROM event WHERE rollout = ?1",
            [rollout],
            |row| row.get(0),
        )?;
        let number = number.ok_or_else(|| corrupt(&"a count gives no row"))?;
        let event = row::text(event)?;
        let sum = sum::numbered("event", rollout, number, event.as_bytes());
        self.execute(
            "INSERT INTO event (rollout, number, event, sum) VALUES (?1, ?2, ?3, ?4)",
            params![rollout, number, event, sum.end().as_bytes()],
        )?;
        Ok(())
    }

    fn set_member(
        &self,
        rollout: i64,
        number: MemberNumber,
        member: &MemberProgress,
    ) -> Result<(), LedgerError> {
        let columns = MemberRow::of(member)?;
        let sum = columns.sum(rollout, number.0.into());
        self.execute(
            "UPDATE member SET attempt = ?3, unanswered = ?4, next_turn = ?5, runner = ?6,
               until = ?7, phase = ?8, sent_before = ?9, outcome = ?10, ended_at = ?11,
               jobs = ?12, sum = ?13
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
                columns.ended_at,
                columns.jobs,
                sum.end().as_bytes()
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
               outcome, ended_at, jobs, sum FROM member WHERE rollout = ?1 AND number = ?2",
            params![rollout, number.0],
            member_row,
        )?;
        let found = found.map(|found| checked_member(rollout, found)?.1.member());
        found.transpose()
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
        let open = self.rows(
            "SELECT place, workspace, rollout, sum FROM open_workspace",
            [],
            |row| {
                let key: (String, i64) = (row.get(0)?, row.get(1)?);
                Ok((key, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
            },
        )?;
        // One that is damaged may be any of them.
        let open = open.into_iter().map(|((place, workspace), rollout, sum)| {
            sum::open_workspace(&place, workspace, rollout).check("open_workspace", &sum)?;
            Ok(((place, workspace), rollout))
        });
        let open = open.collect::<Result<OpenWorkspaces, LedgerError>>()?;
        let keys = row::keys(targets);
        if let Some(by) = row::taken_by(&open, targets) {
            let other = self.rollouts("WHERE number = ?1", [by])?;
            let other = other
                .first()
                .ok_or_else(|| corrupt(&"a workspace is in a roll-out that is not there"))?;
            let mut of_other = self.targets(other)?;
            of_other.retain(|target| keys.contains(&(target.place.as_str(), target.workspace)));
            let addresses = of_other.into_iter().map(|target| target.address);
            return Err(LedgerError::taken(row::id(&other.id)?, addresses.collect()));
        }
        for (place, workspace) in keys {
            let sum = sum::open_workspace(place, workspace, rollout);
            self.execute(
                "INSERT INTO open_workspace (place, workspace, rollout, sum)
                 VALUES (?1, ?2, ?3, ?4)",
                params![place, workspace, rollout, sum.end().as_bytes()],
            )?;
        }
        Ok(())
    }

    /// The members' workspaces, in the order of the members.
    fn targets(&self, rollout: &RolloutRow) -> Result<Vec<TargetRow>, LedgerError> {
        let rows = self.rows(
            "SELECT number, sum, place, workspace, address, name
             FROM target WHERE rollout = ?1 ORDER BY number",
            [rollout.number],
            target_row,
        )?;
        let rows = rows.into_iter();
        let rows = rows.map(|row| checked_target(rollout.number, row));
        row::targets(rollout, rows.collect::<Result<_, _>>()?)
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
            "SELECT coalesce(max(number), 0) + 1 FROM rollout",
            [],
            |row| row.get(0),
        )?;
        let number = number.ok_or_else(|| corrupt(&"a count gives no row"))?;
        let rollout = RolloutRow::of(new, number);
        self.execute(
            "INSERT INTO rollout (number, id, version, status, at, who, members, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                rollout.number,
                rollout.id,
                rollout.version,
                rollout.status.as_str(),
                rollout.at,
                rollout.who,
                rollout.members,
                rollout.sum().end().as_bytes()
            ],
        )?;
        let targets = TargetRow::all(new);
        if new.progress.status.is_open() {
            self.take(number, &targets)?;
        }
        self.execute(
            "INSERT INTO plan (rollout, text, sum) VALUES (?1, ?2, ?3)",
            params![
                number,
                new.text.as_bytes(),
                sum::of_rollout("plan", number, new.text.as_bytes())
                    .end()
                    .as_bytes()
            ],
        )?;
        let members = (1_i64..).zip(targets.iter().zip(&new.progress.members));
        for (member, (target, progress)) in members {
            let columns = MemberRow::of(progress)?;
            self.execute(
                "INSERT INTO member (rollout, number, attempt, unanswered, next_turn, runner, until,
                   phase, sent_before, outcome, ended_at, jobs, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
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
                    columns.ended_at,
                    columns.jobs,
                    columns.sum(number, member).end().as_bytes()
                ],
            )?;
            self.execute(
                "INSERT INTO target (rollout, number, place, workspace, address, name, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    number,
                    member,
                    target.place,
                    target.workspace,
                    target.address,
                    target.name,
                    target.sum(number, member).end().as_bytes()
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
            self.take(rollout.number, &self.targets(&rollout)?)?;
        }
        self.advance(&rollout, step.status)?;
        for (number, member) in &step.members {
            self.set_member(rollout.number, *number, member)?;
        }
        self.event(rollout.number, &step.event)?;
        if let Some((number, ending)) = &step.ending {
            let text = row::text(&ending.without_snapshots())?;
            let sum = sum::numbered("ending", rollout.number, number.0.into(), text.as_bytes());
            self.execute(
                "INSERT OR REPLACE INTO ending (rollout, number, ending, sum)
                 VALUES (?1, ?2, ?3, ?4)",
                params![rollout.number, number.0, text, sum.end().as_bytes()],
            )?;
            self.set_board(rollout.number, *number, ending, step.event.at)?;
        }
        Ok(Written::Kept)
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        let rollout = self.find(id)?;
        let rows = self.rows(
            "SELECT number, attempt, unanswered, next_turn, runner, until, phase, sent_before,
               outcome, ended_at, jobs, sum FROM member WHERE rollout = ?1 ORDER BY number",
            [rollout.number],
            member_row,
        )?;
        let rows = rows.into_iter();
        let rows = rows.map(|row| checked_member(rollout.number, row));
        row::progress(&rollout, rows.collect::<Result<_, _>>()?)
    }

    fn permit(&self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        let key = params![asked.account, asked.class];
        let granted: Option<(String, Vec<u8>)> = self.row(
            "SELECT granted, sum FROM permit WHERE account = ?1 AND class = ?2",
            key,
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut window: Window = match granted {
            Some((granted, sum)) => {
                sum::permit(asked.account, asked.class, &granted).check("permit", &sum)?;
                row::value(&granted)?
            }
            None => Window::default(),
        };
        let permit = window.take(asked, self.milliseconds()?);
        let granted = row::text(&window)?;
        let sum = sum::permit(asked.account, asked.class, &granted);
        self.execute(
            "INSERT OR REPLACE INTO permit (account, class, granted, sum) VALUES (?1, ?2, ?3, ?4)",
            params![asked.account, asked.class, granted, sum.end().as_bytes()],
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

/// A roll-out's columns, its status as a text, and its sum.
fn rollout_row(row: &Row<'_>) -> rusqlite::Result<(RolloutRow, String, Vec<u8>)> {
    let columns = RolloutRow {
        number: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        status: RolloutStatus::Done,
        at: row.get(4)?,
        who: row.get(5)?,
        members: row.get(6)?,
    };
    Ok((columns, row.get(3)?, row.get(7)?))
}

fn member_row(row: &Row<'_>) -> rusqlite::Result<(i64, MemberRow, Vec<u8>)> {
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
        jobs: row.get(10)?,
    };
    Ok((row.get(0)?, columns, row.get(11)?))
}

fn checked_member(
    rollout: i64,
    (number, row, sum): (i64, MemberRow, Vec<u8>),
) -> Result<(i64, MemberRow), LedgerError> {
    row.sum(rollout, number).check("member", &sum)?;
    Ok((number, row))
}

/// A text and its sum.
fn text_row(row: &Row<'_>) -> rusqlite::Result<(Vec<u8>, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn numbered_row(row: &Row<'_>) -> rusqlite::Result<(i64, String, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn target_row(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>, TargetRow)> {
    let target = TargetRow {
        place: row.get(2)?,
        workspace: row.get(3)?,
        address: row.get(4)?,
        name: row.get(5)?,
    };
    Ok((row.get(0)?, row.get(1)?, target))
}

fn checked_target(
    rollout: i64,
    (number, sum, target): (i64, Vec<u8>, TargetRow),
) -> Result<(i64, TargetRow), LedgerError> {
    target.sum(rollout, number).check("target", &sum)?;
    Ok((number, target))
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
        let rows = self.read(|tables| tables.rollouts("", []))?;
        rows.into_iter().map(RolloutRow::header).collect()
    }

    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError> {
        let (rollout, text) = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT text, sum FROM plan WHERE rollout = ?1";
            let text = tables.row(sql, [rollout.number], text_row)?;
            Ok((rollout.number, text))
        })?;
        let (text, sum) = text.ok_or_else(|| corrupt(&"a plan is not there"))?;
        sum::of_rollout("plan", rollout, &text).check("plan", &sum)?;
        row::utf8(text)
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
                let number = hold.member.0;
                let sum =
                    sum::numbered("journal", rollout.number, number.into(), journal.as_bytes());
                tables.execute(
                    "INSERT OR REPLACE INTO journal (rollout, number, text, sum)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![
                        rollout.number,
                        number,
                        journal.as_bytes(),
                        sum.end().as_bytes()
                    ],
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
        let (rollout, text) = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT text, sum FROM journal WHERE rollout = ?1 AND number = ?2";
            let text = tables.row(sql, params![rollout.number, member.0], text_row)?;
            Ok((rollout.number, text))
        })?;
        let text = text.map(|(text, sum)| {
            sum::numbered("journal", rollout, member.0.into(), &text).check("journal", &sum)?;
            row::utf8(text)
        });
        text.transpose()
    }

    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError> {
        let (rollout, rows) = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT number, ending, sum FROM ending WHERE rollout = ?1 ORDER BY number";
            Ok((
                rollout.number,
                tables.rows(sql, [rollout.number], numbered_row)?,
            ))
        })?;
        let endings = rows.into_iter().map(|(number, ending, sum)| {
            sum::numbered("ending", rollout, number, ending.as_bytes()).check("ending", &sum)?;
            let number = u32::try_from(number).map_err(|error| corrupt(&error))?;
            Ok((MemberNumber(number), row::value(&ending)?))
        });
        endings.collect()
    }

    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let (rollout, rows) = self.read(|tables| {
            let rollout = tables.find(id)?;
            let sql = "SELECT number, event, sum FROM event WHERE rollout = ?1 AND number > ?2 ORDER BY number";
            let rows = tables.rows(sql, params![rollout.number, after], numbered_row)?;
            Ok((rollout.number, rows))
        })?;
        let rows = rows.into_iter().map(|(number, event, sum)| {
            sum::numbered("event", rollout, number, event.as_bytes()).check("event", &sum)?;
            Ok((number, event))
        });
        row::events(after, rows.collect::<Result<_, LedgerError>>()?)
    }

    fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        self.read(|tables| tables.board())
    }

    fn workspaces(&self, id: &RolloutId) -> Result<Vec<WorkspaceKey>, LedgerError> {
        let targets = self.read(|tables| tables.targets(&tables.find(id)?))?;
        Ok(row::workspaces(targets))
    }

    fn saw(&mut self, line: &BoardLine, seen: &SlimSnapshot) -> Result<Written, LedgerError> {
        self.change(|tables| tables.saw(line, seen))
    }

    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        self.change(|tables| tables.permit(asked))
    }
}
