//! A ledger in a PostgreSQL database, for runners on several machines.
//!
//! Whoever writes to a roll-out holds its row, so that what is written is decided of what was read. Who
//! opens roll-outs does so one after the other, whoever closes them.

mod address;
mod connection;
mod schema;

use std::io::{Read, Write};

use postgres::Row;
use postgres::types::{FromSql, Type};

use super::permits::Window;
use super::pieces::{Joined, cut};
use super::row::{self, BoardRow, MemberRow, TargetRow, corrupt};
use super::{
    BoardLine, IfAbsent, Kept, Ledger, LedgerError, Login, NewRollout, Permit, PermitRequest,
    RolloutHeader, Written,
};
use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::{Ending, Event, Hold, MemberProgress, Progress, Step};
use address::PostgresAddress;
use connection::{Connection, Fault, Session};

/// Who opens a roll-out holds this one, so that they don't wait for each other in a circle.
const OPENING: &str = "SELECT pg_advisory_xact_lock(1919119468, 2)";

/// A ledger in a database.
#[derive(Debug)]
pub struct PostgresLedger {
    name: String,
    connection: Connection,
}

/// A roll-out as its row.
struct RolloutRow {
    number: i64,
    version: i64,
    status: RolloutStatus,
}

fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, LedgerError> {
    row.try_get(column).map_err(|error| corrupt(&error))
}

fn number(row: &Row, column: usize) -> Result<i64, LedgerError> {
    get(row, column)
}

fn text(row: &Row, column: usize) -> Result<String, LedgerError> {
    get(row, column)
}

fn member_number(number: i64) -> Result<MemberNumber, LedgerError> {
    let number = u32::try_from(number).map_err(|error| corrupt(&error))?;
    Ok(MemberNumber(number))
}

/// The columns of a member after its number, from a first one on.
fn member_row(row: &Row, first: usize) -> Result<MemberRow, LedgerError> {
    Ok(MemberRow {
        attempt: get(row, first)?,
        unanswered: get(row, first + 1)?,
        next_turn: get(row, first + 2)?,
        runner: get(row, first + 3)?,
        until: get(row, first + 4)?,
        phase: get(row, first + 5)?,
        sent_before: get(row, first + 6)?,
        outcome: get(row, first + 7)?,
        ended_at: get(row, first + 8)?,
    })
}

fn target_row(row: &Row) -> Result<TargetRow, LedgerError> {
    Ok(TargetRow {
        place: get(row, 0)?,
        workspace: get(row, 1)?,
        address: get(row, 2)?,
        name: get(row, 3)?,
    })
}

/// What is read and written within one transaction.
struct Tables<'t, 's>(&'t Session<'s>);

impl Tables<'_, '_> {
    /// A roll-out, and nobody else writes to it until this transaction ends.
    fn lock(&self, id: &RolloutId) -> Result<RolloutRow, Fault> {
        let found = self.0.row(
            "SELECT number, version, status FROM recipack.rollout WHERE id = $1 FOR UPDATE",
            &[(&id.as_str(), Type::TEXT)],
        )?;
        let row = found.ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        Ok(RolloutRow {
            number: number(&row, 0)?,
            version: number(&row, 1)?,
            status: row::word(&text(&row, 2)?)?,
        })
    }

    /// Another version of a roll-out.
    fn advance(&self, rollout: &RolloutRow, status: RolloutStatus) -> Result<(), Fault> {
        self.0.execute(
            "UPDATE recipack.rollout SET version = $2, status = $3 WHERE number = $1",
            &[
                (&rollout.number, Type::INT8),
                (&rollout.version.wrapping_add(1), Type::INT8),
                (&status.as_str(), Type::TEXT),
            ],
        )?;
        if rollout.status.is_open() && !status.is_open() {
            self.0.execute(
                "DELETE FROM recipack.open_workspace WHERE rollout = $1",
                &[(&rollout.number, Type::INT8)],
            )?;
        }
        Ok(())
    }

    fn event(&self, rollout: i64, event: &Event) -> Result<(), Fault> {
        self.0.execute(
            "INSERT INTO recipack.event (rollout, number, event)
             SELECT $1, coalesce(max(number), 0) + 1, $2 FROM recipack.event WHERE rollout = $1",
            &[(&rollout, Type::INT8), (&row::text(event)?, Type::TEXT)],
        )
    }

    fn set_member(
        &self,
        rollout: i64,
        number: MemberNumber,
        member: &MemberProgress,
    ) -> Result<(), Fault> {
        let columns = MemberRow::from(member);
        self.0.execute(
            "UPDATE recipack.member SET attempt = $3, unanswered = $4, next_turn = $5, runner = $6,
               until = $7, phase = $8, sent_before = $9, outcome = $10, ended_at = $11
             WHERE rollout = $1 AND number = $2",
            &[
                (&rollout, Type::INT8),
                (&i64::from(number.0), Type::INT8),
                (&columns.attempt, Type::INT8),
                (&columns.unanswered, Type::INT8),
                (&columns.next_turn, Type::INT8),
                (&columns.runner, Type::TEXT),
                (&columns.until, Type::INT8),
                (&columns.phase, Type::TEXT),
                (&columns.sent_before, Type::INT8),
                (&columns.outcome, Type::TEXT),
                (&columns.ended_at, Type::INT8),
            ],
        )
    }

    /// Changes a member that is held, and tells whether it was.
    fn change(
        &self,
        id: &RolloutId,
        number: MemberNumber,
        change: impl FnOnce(&MemberProgress) -> Option<MemberProgress>,
    ) -> Result<(RolloutRow, Kept), Fault> {
        let rollout = self.lock(id)?;
        let found = self.0.row(
            "SELECT attempt, unanswered, next_turn, runner, until, phase, sent_before, outcome,
               ended_at
             FROM recipack.member WHERE rollout = $1 AND number = $2",
            &[
                (&rollout.number, Type::INT8),
                (&i64::from(number.0), Type::INT8),
            ],
        )?;
        let member = found.map(|row| member_row(&row, 0)?.member()).transpose()?;
        let Some(changed) = member.as_ref().and_then(change) else {
            return Ok((rollout, Kept::Lost));
        };
        self.set_member(rollout.number, number, &changed)?;
        self.advance(&rollout, rollout.status)?;
        Ok((rollout, Kept::Held))
    }

    /// Takes workspaces for a roll-out that is open from now on, while nobody else opens one.
    fn take(&self, rollout: i64, targets: &[TargetRow]) -> Result<(), Fault> {
        let keys = row::keys(targets);
        let (places, workspaces): (Vec<&str>, Vec<i64>) = keys.iter().copied().unzip();
        let by = self.0.row(
            "SELECT number, id FROM recipack.open_workspace
             JOIN unnest($1::text[], $2::bigint[]) AS key (place, workspace) USING (place, workspace)
             JOIN recipack.rollout ON number = rollout
             ORDER BY number LIMIT 1",
            &[
                (&places, Type::TEXT_ARRAY),
                (&workspaces, Type::INT8_ARRAY),
            ],
        )?;
        if let Some(by) = by {
            let mut of_other = self.targets(number(&by, 0)?)?;
            of_other.retain(|target| keys.contains(&(target.place.as_str(), target.workspace)));
            let addresses = of_other.into_iter().map(|target| target.address);
            let id = row::id(&text(&by, 1)?)?;
            return Err(Fault::Told(LedgerError::taken(id, addresses.collect())));
        }
        self.0.execute(
            "INSERT INTO recipack.open_workspace (place, workspace, rollout)
             SELECT place, workspace, $3 FROM unnest($1::text[], $2::bigint[]) AS key (place, workspace)",
            &[
                (&places, Type::TEXT_ARRAY),
                (&workspaces, Type::INT8_ARRAY),
                (&rollout, Type::INT8),
            ],
        )
    }

    /// The members' workspaces, in the order of the members.
    fn targets(&self, rollout: i64) -> Result<Vec<TargetRow>, Fault> {
        let rows = self.0.rows(
            "SELECT place, workspace, address, name FROM recipack.target
             WHERE rollout = $1 ORDER BY number",
            &[(&rollout, Type::INT8)],
        )?;
        let targets = rows.iter().map(target_row);
        Ok(targets.collect::<Result<_, _>>()?)
    }

    fn create(&self, new: &NewRollout<'_>) -> Result<(), Fault> {
        self.0.execute(OPENING, &[])?;
        let found = self.0.row(
            "SELECT number FROM recipack.rollout WHERE id = $1",
            &[(&new.id.as_str(), Type::TEXT)],
        )?;
        if found.is_some() {
            return Err(Fault::Told(LedgerError::Exists(new.id.clone())));
        }
        for superseded in new.supersedes {
            let rollout = self.lock(superseded)?;
            if rollout.status.is_open() {
                self.advance(&rollout, RolloutStatus::Superseded)?;
                self.event(rollout.number, &new.superseded())?;
            }
        }
        let targets = TargetRow::all(new);
        let count = i64::try_from(targets.len()).unwrap_or(i64::MAX);
        let row = self.0.row(
            "INSERT INTO recipack.rollout (id, version, status, at, who, members)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING number",
            &[
                (&new.id.as_str(), Type::TEXT),
                (&new.progress.version.cast_signed(), Type::INT8),
                (&new.progress.status.as_str(), Type::TEXT),
                (&new.at.0.cast_signed(), Type::INT8),
                (&new.who, Type::TEXT),
                (&count, Type::INT8),
            ],
        )?;
        let row = row.ok_or_else(|| corrupt(&"a row that was written is not there"))?;
        let rollout = number(&row, 0)?;
        if new.progress.status.is_open() {
            self.take(rollout, &targets)?;
        }
        self.0.execute(
            "INSERT INTO recipack.plan (rollout, text) VALUES ($1, $2)",
            &[(&rollout, Type::INT8), (&new.text.as_bytes(), Type::BYTEA)],
        )?;
        self.set_targets(rollout, &targets)?;
        self.set_members(rollout, &new.progress.members)?;
        self.event(rollout, &new.started())
    }

    fn set_targets(&self, rollout: i64, targets: &[TargetRow]) -> Result<(), Fault> {
        let column = |of: fn(&TargetRow) -> &str| targets.iter().map(of).collect::<Vec<&str>>();
        let workspaces: Vec<i64> = targets.iter().map(|target| target.workspace).collect();
        self.0.execute(
            "INSERT INTO recipack.target (rollout, number, place, workspace, address, name)
             SELECT $1, number, place, workspace, address, name
             FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[])
               WITH ORDINALITY AS target (place, workspace, address, name, number)",
            &[
                (&rollout, Type::INT8),
                (&column(|target| &target.place), Type::TEXT_ARRAY),
                (&workspaces, Type::INT8_ARRAY),
                (&column(|target| &target.address), Type::TEXT_ARRAY),
                (&column(|target| &target.name), Type::TEXT_ARRAY),
            ],
        )
    }

    fn set_members(&self, rollout: i64, members: &[MemberProgress]) -> Result<(), Fault> {
        let rows: Vec<MemberRow> = members.iter().map(MemberRow::from).collect();
        let words = |of: fn(&MemberRow) -> Option<&str>| rows.iter().map(of).collect::<Vec<_>>();
        let times = |of: fn(&MemberRow) -> Option<i64>| rows.iter().map(of).collect::<Vec<_>>();
        self.0.execute(
            "INSERT INTO recipack.member
               (rollout, number, attempt, unanswered, next_turn, runner, until, phase,
                sent_before, outcome, ended_at)
             SELECT $1, number, attempt, unanswered, next_turn, runner, until, phase,
               sent_before, outcome, ended_at
             FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                 $7::text[], $8::bigint[], $9::text[], $10::bigint[])
               WITH ORDINALITY AS member
                 (attempt, unanswered, next_turn, runner, until, phase, sent_before, outcome,
                  ended_at, number)",
            &[
                (&rollout, Type::INT8),
                (&times(|row| Some(row.attempt)), Type::INT8_ARRAY),
                (&times(|row| Some(row.unanswered)), Type::INT8_ARRAY),
                (&times(|row| row.next_turn), Type::INT8_ARRAY),
                (&words(|row| row.runner.as_deref()), Type::TEXT_ARRAY),
                (&times(|row| row.until), Type::INT8_ARRAY),
                (&words(|row| row.phase.as_deref()), Type::TEXT_ARRAY),
                (&times(|row| row.sent_before), Type::INT8_ARRAY),
                (&words(|row| row.outcome.as_deref()), Type::TEXT_ARRAY),
                (&times(|row| row.ended_at), Type::INT8_ARRAY),
            ],
        )
    }

    fn write(&self, id: &RolloutId, step: &Step) -> Result<Written, Fault> {
        // Whether it opens the roll-out again is known by its version, before its row is held: those
        // who open others hold what they supersede after they may open something.
        let seen = self.0.row(
            "SELECT version, status FROM recipack.rollout WHERE id = $1",
            &[(&id.as_str(), Type::TEXT)],
        )?;
        let seen = seen.ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        let status: RolloutStatus = row::word(&text(&seen, 1)?)?;
        if number(&seen, 0)?.cast_unsigned() != step.expected {
            return Ok(Written::Stale);
        }
        let opens = step.status.is_open() && !status.is_open();
        if opens {
            self.0.execute(OPENING, &[])?;
        }
        let rollout = self.lock(id)?;
        if rollout.version.cast_unsigned() != step.expected {
            return Ok(Written::Stale);
        }
        if opens {
            self.take(rollout.number, &self.targets(rollout.number)?)?;
        }
        self.advance(&rollout, step.status)?;
        for (number, member) in &step.members {
            self.set_member(rollout.number, *number, member)?;
        }
        self.event(rollout.number, &step.event)?;
        if let Some((number, ending)) = &step.ending {
            self.0.execute(
                "INSERT INTO recipack.ending (rollout, number, ending) VALUES ($1, $2, $3)
                 ON CONFLICT (rollout, number) DO UPDATE SET ending = excluded.ending",
                &[
                    (&rollout.number, Type::INT8),
                    (&i64::from(number.0), Type::INT8),
                    (&row::text(ending)?, Type::TEXT),
                ],
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
    ) -> Result<(), Fault> {
        // In one order, so that two roll-outs that end at once wait for each other in no circle.
        let mut receipts: Vec<_> = ending.receipts.iter().collect();
        receipts.sort_by_key(|receipt| &receipt.package);
        for receipt in receipts {
            self.0.execute(
                "INSERT INTO recipack.board
                   (place, workspace, package, address, name, rollout, at, outcome, receipt)
                 SELECT place, workspace, $3, address, name, $1, $4, $5, $6
                 FROM recipack.target WHERE rollout = $1 AND number = $2
                 ON CONFLICT (place, workspace, package) DO UPDATE
                 SET address = excluded.address, name = excluded.name, rollout = excluded.rollout,
                   at = excluded.at, outcome = excluded.outcome, receipt = excluded.receipt",
                &[
                    (&rollout, Type::INT8),
                    (&i64::from(number.0), Type::INT8),
                    (&receipt.package, Type::TEXT),
                    (&at.0.cast_signed(), Type::INT8),
                    (&ending.outcome.as_str(), Type::TEXT),
                    (&row::text(receipt)?, Type::TEXT),
                ],
            )?;
        }
        Ok(())
    }

    fn note(
        &self,
        id: &RolloutId,
        hold: &Hold,
        at: Timestamp,
        journal: &str,
    ) -> Result<Kept, Fault> {
        let (rollout, kept) = self.change(id, hold.member, |member| member.noted(hold, at))?;
        if kept == Kept::Held {
            self.0.execute(
                "INSERT INTO recipack.journal (rollout, number, text) VALUES ($1, $2, $3)
                 ON CONFLICT (rollout, number) DO UPDATE SET text = excluded.text",
                &[
                    (&rollout.number, Type::INT8),
                    (&i64::from(hold.member.0), Type::INT8),
                    (&journal.as_bytes(), Type::BYTEA),
                ],
            )?;
        }
        Ok(kept)
    }

    fn permit(&self, asked: &PermitRequest<'_>) -> Result<Permit, Fault> {
        let key = [
            (&asked.account as _, Type::TEXT),
            (&asked.class as _, Type::TEXT),
        ];
        self.0.execute(
            "INSERT INTO recipack.permit (account, class, granted) VALUES ($1, $2, '[]')
             ON CONFLICT (account, class) DO NOTHING",
            &key,
        )?;
        let granted = self.0.row(
            "SELECT granted FROM recipack.permit WHERE account = $1 AND class = $2 FOR UPDATE",
            &key,
        )?;
        let granted = granted.ok_or_else(|| corrupt(&"a row that was written is not there"))?;
        let mut window: Window = row::value(&text(&granted, 0)?)?;
        // Only now: others were waited for.
        let permit = window.take(asked, milliseconds(self.0)?);
        self.0.execute(
            "UPDATE recipack.permit SET granted = $3 WHERE account = $1 AND class = $2",
            &[
                (&asked.account, Type::TEXT),
                (&asked.class, Type::TEXT),
                (&row::text(&window)?, Type::TEXT),
            ],
        )?;
        Ok(permit)
    }

    fn keep_content(&self, digest: &Digest, size: u64, pieces: &[Digest]) -> Result<(), Fault> {
        let digest = digest.as_bytes().as_slice();
        self.0.execute(
            "INSERT INTO recipack.content (digest, size) VALUES ($1, $2)
             ON CONFLICT (digest) DO UPDATE SET size = excluded.size",
            &[(&digest, Type::BYTEA), (&size.cast_signed(), Type::INT8)],
        )?;
        self.0.execute(
            "DELETE FROM recipack.content_piece WHERE content = $1",
            &[(&digest, Type::BYTEA)],
        )?;
        let pieces: Vec<&[u8]> = pieces
            .iter()
            .map(|piece| piece.as_bytes().as_slice())
            .collect();
        self.0.execute(
            "INSERT INTO recipack.content_piece (content, number, piece)
             SELECT $1, number, piece FROM unnest($2::bytea[]) WITH ORDINALITY AS part (piece, number)",
            &[(&digest, Type::BYTEA), (&pieces, Type::BYTEA_ARRAY)],
        )
    }
}

fn keep_piece(session: &Session<'_>, digest: &Digest, bytes: &[u8]) -> Result<(), Fault> {
    session.execute(
        "INSERT INTO recipack.piece AS kept (digest, bytes) VALUES ($1, $2)
         ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes
         WHERE kept.bytes <> excluded.bytes",
        &[
            (&digest.as_bytes().as_slice(), Type::BYTEA),
            (&bytes, Type::BYTEA),
        ],
    )
}

/// When it is, by the server's clock.
fn milliseconds(session: &Session<'_>) -> Result<u64, Fault> {
    let row = session.row(
        "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        &[],
    )?;
    let now = row.map(|row| number(&row, 0)).transpose()?;
    let now = now.and_then(|now| u64::try_from(now).ok());
    Ok(now.ok_or_else(|| LedgerError::Failed("the server's clock is before 1970".into()))?)
}

impl PostgresLedger {
    /// Opens a ledger by the address of its database.
    ///
    /// # Errors
    /// If the server can't be reached or does not let the user in, or if there is no ledger and none is
    /// to be made.
    pub fn open(address: &str, login: &Login, absent: IfAbsent) -> Result<Self, LedgerError> {
        let address = PostgresAddress::of(address, login)?;
        let connection = Connection::to(&address)?;
        schema::ensure(&connection, absent)?;
        Ok(Self {
            name: address.name(),
            connection,
        })
    }

    /// What one statement says of a roll-out; it gives no row only if there is none.
    fn of_rollout(&self, id: &RolloutId, sql: &str, more: i64) -> Result<Vec<Row>, LedgerError> {
        let rows = self.connection.read(|session| {
            let id = id.as_str();
            let key = [(&id as _, Type::TEXT), (&more as _, Type::INT8)];
            session.rows(sql, &key)
        })?;
        match rows.is_empty() {
            true => Err(LedgerError::Unknown(id.clone())),
            false => Ok(rows),
        }
    }

    /// Writes all of it, or nothing.
    fn write_all<T>(
        &self,
        write: impl Fn(&Tables<'_, '_>) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        self.connection.write(|session| write(&Tables(session)))
    }
}

impl Ledger for PostgresLedger {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn now(&self) -> Result<Timestamp, LedgerError> {
        let now = self.connection.read(milliseconds)?;
        Ok(Timestamp(now / 1000))
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
            self.connection
                .write(|session| keep_piece(session, of_piece, piece))
        })?;
        self.write_all(|tables| tables.keep_content(digest, cut.size, &cut.pieces))
    }

    fn content(&self, digest: &Digest, into: &mut dyn Write) -> Result<(), LedgerError> {
        let of_content = digest.as_bytes().as_slice();
        let there = self.connection.read(|session| {
            session.row(
                "SELECT size FROM recipack.content WHERE digest = $1",
                &[(&of_content, Type::BYTEA)],
            )
        })?;
        if there.is_none() {
            return Err(LedgerError::Missing(*digest));
        }
        let mut joined = Joined::new(digest);
        for number in 1_i64.. {
            let piece = self.connection.read(|session| {
                session.row(
                    "SELECT piece, bytes FROM recipack.content_piece
                     JOIN recipack.piece ON digest = piece WHERE content = $1 AND number = $2",
                    &[(&of_content, Type::BYTEA), (&number, Type::INT8)],
                )
            })?;
            let Some(row) = piece else {
                break;
            };
            joined.add(get(&row, 0)?, get(&row, 1)?, into)?;
        }
        joined.end()
    }

    fn create(&mut self, new: &NewRollout<'_>) -> Result<(), LedgerError> {
        new.check()?;
        self.write_all(|tables| tables.create(new))
    }

    fn rollouts(&self) -> Result<Vec<RolloutHeader>, LedgerError> {
        let rows = self.connection.read(|session| {
            let sql = "SELECT id, status, at, who, members FROM recipack.rollout ORDER BY number";
            session.rows(sql, &[])
        })?;
        let headers = rows.iter().map(|row| {
            let (id, status) = (text(row, 0)?, text(row, 1)?);
            row::header(&id, &status, get(row, 2)?, get(row, 3)?, get(row, 4)?)
        });
        headers.collect()
    }

    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT plan.text FROM recipack.rollout LEFT JOIN recipack.plan ON rollout = number
             WHERE id = $1 AND $2 = 0",
            0,
        )?;
        let text: Option<Vec<u8>> = match rows.first() {
            Some(row) => get(row, 0)?,
            None => None,
        };
        row::utf8(text.ok_or_else(|| corrupt(&"a plan is not there"))?)
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT version, status, members, member.number, attempt, unanswered, next_turn, runner,
               until, phase, sent_before, outcome, ended_at
             FROM recipack.rollout LEFT JOIN recipack.member ON member.rollout = rollout.number
             WHERE id = $1 AND $2 = 0 ORDER BY member.number",
            0,
        )?;
        let first = rows
            .first()
            .ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        let (version, members) = (number(first, 0)?, number(first, 2)?);
        let status: RolloutStatus = row::word(&text(first, 1)?)?;
        let mut of_members = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(number) = get::<Option<i64>>(row, 3)? {
                of_members.push((number, member_row(row, 4)?));
            }
        }
        row::progress(version, status, members, of_members)
    }

    fn write(&mut self, id: &RolloutId, step: &Step) -> Result<Written, LedgerError> {
        self.write_all(|tables| tables.write(id, step))
    }

    fn note(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        at: Timestamp,
        journal: &str,
    ) -> Result<Kept, LedgerError> {
        self.write_all(|tables| tables.note(id, hold, at, journal))
    }

    fn renew(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        until: Timestamp,
    ) -> Result<Kept, LedgerError> {
        self.write_all(|tables| {
            let (_, kept) = tables.change(id, hold.member, |member| member.renewed(hold, until))?;
            Ok(kept)
        })
    }

    fn journal(&self, id: &RolloutId, member: MemberNumber) -> Result<Option<String>, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT journal.text FROM recipack.rollout
             LEFT JOIN recipack.journal ON rollout = rollout.number AND journal.number = $2
             WHERE id = $1",
            i64::from(member.0),
        )?;
        let text: Option<Vec<u8>> = match rows.first() {
            Some(row) => get(row, 0)?,
            None => None,
        };
        text.map(row::utf8).transpose()
    }

    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT ending.number, ending FROM recipack.rollout
             LEFT JOIN recipack.ending ON rollout = rollout.number AND ending.number >= $2
             WHERE id = $1 ORDER BY ending.number",
            0,
        )?;
        let mut endings = Vec::new();
        for row in &rows {
            if let Some(number) = get::<Option<i64>>(row, 0)? {
                endings.push((member_number(number)?, row::value(&text(row, 1)?)?));
            }
        }
        Ok(endings)
    }

    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT event FROM recipack.rollout
             LEFT JOIN recipack.event ON rollout = rollout.number AND event.number > $2
             WHERE id = $1 ORDER BY event.number",
            i64::try_from(after).unwrap_or(i64::MAX),
        )?;
        let mut events = Vec::new();
        for row in &rows {
            if let Some(event) = get::<Option<String>>(row, 0)? {
                events.push(row::value(&event)?);
            }
        }
        Ok(events)
    }

    fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        let rows = self.connection.read(|session| {
            session.rows(
                "SELECT place, workspace, address, name, id, board.at, outcome, receipt
                 FROM recipack.board JOIN recipack.rollout ON number = rollout",
                &[],
            )
        })?;
        let rows = rows.iter().map(|row| {
            Ok(BoardRow {
                target: target_row(row)?,
                rollout: get(row, 4)?,
                at: get(row, 5)?,
                outcome: get(row, 6)?,
                receipt: get(row, 7)?,
            })
        });
        row::board(rows.collect::<Result<_, LedgerError>>()?)
    }

    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        self.write_all(|tables| tables.permit(asked))
    }
}
