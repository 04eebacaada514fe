//! A ledger in a PostgreSQL database, for runners on several machines.
//!
//! Whoever writes to a roll-out holds its row, so that what is written is decided of what was read. Who
//! opens roll-outs does so one after the other, whoever closes them.

mod address;
mod board;
mod connection;
mod schema;

use std::io::{Read, Write};

use postgres::Row;
use postgres::types::{FromSql, Type};

use super::permits::Window;
use super::pieces::{Joined, cut};
use super::row::{self, MemberRow, OpenWorkspaces, RolloutRow, TargetRow, corrupt};
use super::sum;
use super::{
    BoardLine, IfAbsent, Kept, Ledger, LedgerError, Login, NewRollout, Permit, PermitRequest,
    RolloutHeader, WorkspaceKey, Written,
};
use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::Timestamp;
use crate::plan::rollout::progress::{Ending, Event, Hold, MemberProgress, Progress, Step};
use crate::plan::rollout::seen::SlimSnapshot;
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

/// The columns of a roll-out.
const ROLLOUT: &str = "number, id, version, status, at, who, members, sum";

/// Digests as the elements of an array.
fn bytes(digests: &[Digest]) -> Vec<&[u8]> {
    let bytes = digests.iter().map(|digest| digest.as_bytes().as_slice());
    bytes.collect()
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

/// A roll-out, as it was written.
fn rollout_row(row: &Row) -> Result<RolloutRow, LedgerError> {
    let columns = RolloutRow {
        number: number(row, 0)?,
        id: text(row, 1)?,
        version: number(row, 2)?,
        status: row::word(&text(row, 3)?)?,
        at: number(row, 4)?,
        who: text(row, 5)?,
        members: number(row, 6)?,
    };
    columns.checked(get(row, 7)?)
}

/// A member of a roll-out, as it was written, of its columns after its number, from a first one on.
fn member_row(
    row: &Row,
    first: usize,
    (rollout, number): (i64, i64),
) -> Result<MemberRow, LedgerError> {
    let columns = MemberRow {
        attempt: get(row, first)?,
        unanswered: get(row, first + 1)?,
        next_turn: get(row, first + 2)?,
        runner: get(row, first + 3)?,
        until: get(row, first + 4)?,
        phase: get(row, first + 5)?,
        sent_before: get(row, first + 6)?,
        outcome: get(row, first + 7)?,
        ended_at: get(row, first + 8)?,
        jobs: get(row, first + 9)?,
    };
    let sum: &[u8] = get(row, first + 10)?;
    columns.sum(rollout, number).check("member", sum)?;
    Ok(columns)
}

fn target_row(row: &Row) -> Result<TargetRow, LedgerError> {
    Ok(TargetRow {
        place: get(row, 2)?,
        workspace: get(row, 3)?,
        address: get(row, 4)?,
        name: get(row, 5)?,
    })
}

/// A member's workspace, as it was written.
fn checked_target(row: &Row, rollout: i64) -> Result<(i64, TargetRow), LedgerError> {
    let (number, target) = (number(row, 0)?, target_row(row)?);
    target.sum(rollout, number).check("target", get(row, 1)?)?;
    Ok((number, target))
}

/// A number, and a text with its sum, if there is one.
type KeptText = (i64, Vec<u8>, Vec<u8>);

fn kept_text(row: &Row, number: usize, text: usize) -> Result<Option<KeptText>, LedgerError> {
    let Some(found) = get::<Option<Vec<u8>>>(row, text)? else {
        return Ok(None);
    };
    Ok(Some((get(row, number)?, found, get(row, text + 1)?)))
}

/// Texts of a roll-out with their numbers, as they were written: of rows of the roll-out's number, the
/// text's, the text and its sum.
fn numbered(table: &str, rows: &[Row]) -> Result<Vec<(i64, String)>, LedgerError> {
    let mut texts = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some((number, text, sum)) = kept_text(row, 1, 2)? {
            let rollout = get(row, 0)?;
            sum::numbered(table, rollout, number, &text).check(table, &sum)?;
            texts.push((number, row::utf8(text)?));
        }
    }
    Ok(texts)
}

/// What is read and written within one transaction.
struct Tables<'t, 's>(&'t Session<'s>);

impl Tables<'_, '_> {
    /// A roll-out, and nobody else writes to it until this transaction ends.
    fn lock(&self, id: &RolloutId) -> Result<RolloutRow, Fault> {
        let found = self.0.row(
            &format!("SELECT {ROLLOUT} FROM recipack.rollout WHERE id = $1 FOR UPDATE"),
            &[(&id.as_str(), Type::TEXT)],
        )?;
        let row = found.ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        Ok(rollout_row(&row)?)
    }

    /// Another version of a roll-out.
    fn advance(&self, rollout: &RolloutRow, status: RolloutStatus) -> Result<(), Fault> {
        let next = rollout.next(status);
        self.0.execute(
            "UPDATE recipack.rollout SET version = $2, status = $3, sum = $4 WHERE number = $1",
            &[
                (&next.number, Type::INT8),
                (&next.version, Type::INT8),
                (&next.status.as_str(), Type::TEXT),
                (&next.sum().end().as_bytes().as_slice(), Type::BYTEA),
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

    /// One more than the greatest number, of which whoever asks is the only one to write more.
    fn after_last(&self, sql: &str, rollout: i64) -> Result<i64, Fault> {
        let row = self.0.row(sql, &[(&rollout, Type::INT8)])?;
        let row = row.ok_or_else(|| corrupt(&"a count gives no row"))?;
        Ok(number(&row, 0)?)
    }

    fn event(&self, rollout: i64, event: &Event) -> Result<(), Fault> {
        let number = self.after_last(
            "SELECT coalesce(max(number), 0) + 1 FROM recipack.event WHERE rollout = $1",
            rollout,
        )?;
        let event = row::text(event)?;
        let sum = sum::numbered("event", rollout, number, event.as_bytes()).end();
        self.0.execute(
            "INSERT INTO recipack.event (rollout, number, event, sum) VALUES ($1, $2, $3, $4)",
            &[
                (&rollout, Type::INT8),
                (&number, Type::INT8),
                (&event, Type::TEXT),
                (&sum.as_bytes().as_slice(), Type::BYTEA),
            ],
        )
    }

    fn set_member(
        &self,
        rollout: i64,
        number: MemberNumber,
        member: &MemberProgress,
    ) -> Result<(), Fault> {
        let columns = MemberRow::of(member)?;
        let sum = columns.sum(rollout, number.0.into()).end();
        self.0.execute(
            "UPDATE recipack.member SET attempt = $3, unanswered = $4, next_turn = $5, runner = $6,
               until = $7, phase = $8, sent_before = $9, outcome = $10, ended_at = $11,
               jobs = $12, sum = $13
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
                (&columns.jobs, Type::TEXT),
                (&sum.as_bytes().as_slice(), Type::BYTEA),
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
               ended_at, jobs, sum
             FROM recipack.member WHERE rollout = $1 AND number = $2",
            &[
                (&rollout.number, Type::INT8),
                (&i64::from(number.0), Type::INT8),
            ],
        )?;
        let key = (rollout.number, i64::from(number.0));
        let member = found.map(|row| member_row(&row, 0, key)?.member());
        let member = member.transpose()?;
        let Some(changed) = member.as_ref().and_then(change) else {
            return Ok((rollout, Kept::Lost));
        };
        self.set_member(rollout.number, number, &changed)?;
        self.advance(&rollout, rollout.status)?;
        Ok((rollout, Kept::Held))
    }

    /// Takes workspaces for a roll-out that is open from now on, while nobody else opens one.
    fn take(&self, rollout: i64, targets: &[TargetRow]) -> Result<(), Fault> {
        let rows = self.0.rows(
            "SELECT place, workspace, rollout, sum FROM recipack.open_workspace",
            &[],
        )?;
        // One that is damaged may be any of them.
        let open = rows.iter().map(|row| {
            let (place, workspace) = (text(row, 0)?, number(row, 1)?);
            let of = number(row, 2)?;
            sum::open_workspace(&place, workspace, of).check("open_workspace", get(row, 3)?)?;
            Ok(((place, workspace), of))
        });
        let open = open.collect::<Result<OpenWorkspaces, LedgerError>>()?;
        let keys = row::keys(targets);
        if let Some(by) = row::taken_by(&open, targets) {
            let other = self.0.row(
                &format!("SELECT {ROLLOUT} FROM recipack.rollout WHERE number = $1"),
                &[(&by, Type::INT8)],
            )?;
            let other =
                other.ok_or_else(|| corrupt(&"a workspace is in a roll-out that is not there"))?;
            let other = rollout_row(&other)?;
            let mut of_other = self.targets(&other)?;
            of_other.retain(|target| keys.contains(&(target.place.as_str(), target.workspace)));
            let addresses = of_other.into_iter().map(|target| target.address);
            let id = row::id(&other.id)?;
            return Err(Fault::Told(LedgerError::taken(id, addresses.collect())));
        }
        let sums = keys
            .iter()
            .map(|(place, workspace)| sum::open_workspace(place, *workspace, rollout).end());
        let sums: Vec<Digest> = sums.collect();
        let (places, workspaces): (Vec<&str>, Vec<i64>) = keys.iter().copied().unzip();
        self.0.execute(
            "INSERT INTO recipack.open_workspace (place, workspace, rollout, sum)
             SELECT place, workspace, $3, sum
             FROM unnest($1::text[], $2::bigint[], $4::bytea[]) AS key (place, workspace, sum)",
            &[
                (&places, Type::TEXT_ARRAY),
                (&workspaces, Type::INT8_ARRAY),
                (&rollout, Type::INT8),
                (&bytes(&sums), Type::BYTEA_ARRAY),
            ],
        )
    }

    /// The members' workspaces, in the order of the members.
    fn targets(&self, rollout: &RolloutRow) -> Result<Vec<TargetRow>, Fault> {
        let rows = self.0.rows(
            "SELECT number, sum, place, workspace, address, name FROM recipack.target
             WHERE rollout = $1 ORDER BY number",
            &[(&rollout.number, Type::INT8)],
        )?;
        let targets = rows.iter().map(|row| checked_target(row, rollout.number));
        let targets = targets.collect::<Result<_, _>>()?;
        Ok(row::targets(rollout, targets)?)
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
        // Nobody else begins one meanwhile.
        let rollout = self.after_last(
            "SELECT coalesce(max(number), $1) + 1 FROM recipack.rollout",
            0,
        )?;
        let row = RolloutRow::of(new, rollout);
        self.0.execute(
            "INSERT INTO recipack.rollout (number, id, version, status, at, who, members, sum)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                (&row.number, Type::INT8),
                (&row.id, Type::TEXT),
                (&row.version, Type::INT8),
                (&row.status.as_str(), Type::TEXT),
                (&row.at, Type::INT8),
                (&row.who, Type::TEXT),
                (&row.members, Type::INT8),
                (&row.sum().end().as_bytes().as_slice(), Type::BYTEA),
            ],
        )?;
        if new.progress.status.is_open() {
            self.take(rollout, &targets)?;
        }
        let of_plan = sum::of_rollout("plan", rollout, new.text.as_bytes()).end();
        self.0.execute(
            "INSERT INTO recipack.plan (rollout, text, sum) VALUES ($1, $2, $3)",
            &[
                (&rollout, Type::INT8),
                (&new.text.as_bytes(), Type::BYTEA),
                (&of_plan.as_bytes().as_slice(), Type::BYTEA),
            ],
        )?;
        self.set_targets(rollout, &targets)?;
        self.set_members(rollout, &new.progress.members)?;
        self.event(rollout, &new.started())
    }

    fn set_targets(&self, rollout: i64, targets: &[TargetRow]) -> Result<(), Fault> {
        let column = |of: fn(&TargetRow) -> &str| targets.iter().map(of).collect::<Vec<&str>>();
        let workspaces: Vec<i64> = targets.iter().map(|target| target.workspace).collect();
        let sums = (1..).zip(targets);
        let sums = sums.map(|(number, target)| target.sum(rollout, number).end());
        let sums: Vec<Digest> = sums.collect();
        self.0.execute(
            "INSERT INTO recipack.target (rollout, number, place, workspace, address, name, sum)
             SELECT $1, number, place, workspace, address, name, sum
             FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
               WITH ORDINALITY AS target (place, workspace, address, name, sum, number)",
            &[
                (&rollout, Type::INT8),
                (&column(|target| &target.place), Type::TEXT_ARRAY),
                (&workspaces, Type::INT8_ARRAY),
                (&column(|target| &target.address), Type::TEXT_ARRAY),
                (&column(|target| &target.name), Type::TEXT_ARRAY),
                (&bytes(&sums), Type::BYTEA_ARRAY),
            ],
        )
    }

    fn set_members(&self, rollout: i64, members: &[MemberProgress]) -> Result<(), Fault> {
        let rows = members.iter().map(MemberRow::of);
        let rows: Vec<MemberRow> = rows.collect::<Result<_, _>>()?;
        let sums = (1..).zip(&rows);
        let sums = sums.map(|(number, row)| row.sum(rollout, number).end());
        let sums: Vec<Digest> = sums.collect();
        let words = |of: fn(&MemberRow) -> Option<&str>| rows.iter().map(of).collect::<Vec<_>>();
        let times = |of: fn(&MemberRow) -> Option<i64>| rows.iter().map(of).collect::<Vec<_>>();
        self.0.execute(
            "INSERT INTO recipack.member
               (rollout, number, attempt, unanswered, next_turn, runner, until, phase,
                sent_before, outcome, ended_at, jobs, sum)
             SELECT $1, number, attempt, unanswered, next_turn, runner, until, phase,
               sent_before, outcome, ended_at, jobs, sum
             FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                 $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::bytea[])
               WITH ORDINALITY AS member
                 (attempt, unanswered, next_turn, runner, until, phase, sent_before, outcome,
                  ended_at, jobs, sum, number)",
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
                (&words(|row| row.jobs.as_deref()), Type::TEXT_ARRAY),
                (&bytes(&sums), Type::BYTEA_ARRAY),
            ],
        )
    }

    fn write(&self, id: &RolloutId, step: &Step) -> Result<Written, Fault> {
        // Whether it opens the roll-out again is known by its version, before its row is held: those
        // who open others hold what they supersede after they may open something.
        let seen = self.0.row(
            &format!("SELECT {ROLLOUT} FROM recipack.rollout WHERE id = $1"),
            &[(&id.as_str(), Type::TEXT)],
        )?;
        let seen = rollout_row(&seen.ok_or_else(|| LedgerError::Unknown(id.clone()))?)?;
        if seen.version.cast_unsigned() != step.expected {
            return Ok(Written::Stale);
        }
        let opens = step.status.is_open() && !seen.status.is_open();
        if opens {
            self.0.execute(OPENING, &[])?;
        }
        let rollout = self.lock(id)?;
        if rollout.version.cast_unsigned() != step.expected {
            return Ok(Written::Stale);
        }
        if opens {
            self.take(rollout.number, &self.targets(&rollout)?)?;
        }
        self.advance(&rollout, step.status)?;
        for (number, member) in &step.members {
            self.set_member(rollout.number, *number, member)?;
        }
        self.event(rollout.number, &step.event)?;
        if let Some((number, ending)) = &step.ending {
            let (key, text) = (i64::from(number.0), row::text(&ending.without_snapshots())?);
            let sum = sum::numbered("ending", rollout.number, key, text.as_bytes()).end();
            self.0.execute(
                "INSERT INTO recipack.ending (rollout, number, ending, sum)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (rollout, number) DO UPDATE
                 SET ending = excluded.ending, sum = excluded.sum",
                &[
                    (&rollout.number, Type::INT8),
                    (&key, Type::INT8),
                    (&text, Type::TEXT),
                    (&sum.as_bytes().as_slice(), Type::BYTEA),
                ],
            )?;
            self.set_board(rollout.number, *number, ending, step.event.at)?;
        }
        Ok(Written::Kept)
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
            let (number, text) = (i64::from(hold.member.0), journal.as_bytes());
            let sum = sum::numbered("journal", rollout.number, number, text).end();
            self.0.execute(
                "INSERT INTO recipack.journal (rollout, number, text, sum) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (rollout, number) DO UPDATE
                 SET text = excluded.text, sum = excluded.sum",
                &[
                    (&rollout.number, Type::INT8),
                    (&number, Type::INT8),
                    (&text, Type::BYTEA),
                    (&sum.as_bytes().as_slice(), Type::BYTEA),
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
        let nothing = row::text(&Window::default())?;
        let sum = sum::permit(asked.account, asked.class, &nothing).end();
        self.0.execute(
            "INSERT INTO recipack.permit (account, class, granted, sum) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account, class) DO NOTHING",
            &[
                (&asked.account, Type::TEXT),
                (&asked.class, Type::TEXT),
                (&nothing, Type::TEXT),
                (&sum.as_bytes().as_slice(), Type::BYTEA),
            ],
        )?;
        let granted = self.0.row(
            "SELECT granted, sum FROM recipack.permit WHERE account = $1 AND class = $2 FOR UPDATE",
            &key,
        )?;
        let row = granted.ok_or_else(|| corrupt(&"a row that was written is not there"))?;
        let granted = text(&row, 0)?;
        sum::permit(asked.account, asked.class, &granted).check("permit", get(&row, 1)?)?;
        let mut window: Window = row::value(&granted)?;
        // Only now: others were waited for.
        let permit = window.take(asked, milliseconds(self.0)?);
        let granted = row::text(&window)?;
        let sum = sum::permit(asked.account, asked.class, &granted).end();
        self.0.execute(
            "UPDATE recipack.permit SET granted = $3, sum = $4 WHERE account = $1 AND class = $2",
            &[
                (&asked.account, Type::TEXT),
                (&asked.class, Type::TEXT),
                (&granted, Type::TEXT),
                (&sum.as_bytes().as_slice(), Type::BYTEA),
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
            let sql = format!("SELECT {ROLLOUT} FROM recipack.rollout ORDER BY number");
            session.rows(&sql, &[])
        })?;
        let headers = rows.iter().map(|row| rollout_row(row)?.header());
        headers.collect()
    }

    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT rollout.number, plan.text, plan.sum FROM recipack.rollout
             LEFT JOIN recipack.plan ON rollout = number WHERE id = $1 AND $2 = 0",
            0,
        )?;
        let plan = rows
            .first()
            .and_then(|row| kept_text(row, 0, 1).transpose());
        let (rollout, text, sum) = plan.ok_or_else(|| corrupt(&"a plan is not there"))??;
        sum::of_rollout("plan", rollout, &text).check("plan", &sum)?;
        row::utf8(text)
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT rollout.number, id, version, status, at, who, members, rollout.sum,
               member.number, attempt, unanswered, next_turn, runner, until, phase, sent_before,
               outcome, ended_at, jobs, member.sum
             FROM recipack.rollout LEFT JOIN recipack.member ON member.rollout = rollout.number
             WHERE id = $1 AND $2 = 0 ORDER BY member.number",
            0,
        )?;
        let first = rows
            .first()
            .ok_or_else(|| LedgerError::Unknown(id.clone()))?;
        let rollout = rollout_row(first)?;
        let mut of_members = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(number) = get::<Option<i64>>(row, 8)? {
                of_members.push((number, member_row(row, 9, (rollout.number, number))?));
            }
        }
        row::progress(&rollout, of_members)
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
            "SELECT rollout.number, journal.text, journal.sum FROM recipack.rollout
             LEFT JOIN recipack.journal ON rollout = rollout.number AND journal.number = $2
             WHERE id = $1",
            i64::from(member.0),
        )?;
        let text = rows
            .first()
            .and_then(|row| kept_text(row, 0, 1).transpose());
        let text = text.map(|kept| {
            let (rollout, text, sum) = kept?;
            sum::numbered("journal", rollout, member.0.into(), &text).check("journal", &sum)?;
            row::utf8(text)
        });
        text.transpose()
    }

    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError> {
        let rows = self.of_rollout(
            id,
            "SELECT rollout.number, ending.number, convert_to(ending, 'UTF8'), ending.sum
             FROM recipack.rollout
             LEFT JOIN recipack.ending ON rollout = rollout.number AND ending.number >= $2
             WHERE id = $1 ORDER BY ending.number",
            0,
        )?;
        let mut endings = Vec::new();
        for (number, ending) in numbered("ending", &rows)? {
            endings.push((member_number(number)?, row::value(&ending)?));
        }
        Ok(endings)
    }

    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows = self.of_rollout(
            id,
            "SELECT rollout.number, event.number, convert_to(event, 'UTF8'), event.sum
             FROM recipack.rollout
             LEFT JOIN recipack.event ON rollout = rollout.number AND event.number > $2
             WHERE id = $1 ORDER BY event.number",
            after,
        )?;
        row::events(after, numbered("event", &rows)?)
    }

    fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        board::read(&self.connection)
    }

    fn workspaces(&self, id: &RolloutId) -> Result<Vec<WorkspaceKey>, LedgerError> {
        self.connection.read(|session| {
            let sql = format!("SELECT {ROLLOUT} FROM recipack.rollout WHERE id = $1");
            let found = session.row(&sql, &[(&id.as_str(), Type::TEXT)])?;
            let found = found.ok_or_else(|| LedgerError::Unknown(id.clone()))?;
            let targets = Tables(session).targets(&rollout_row(&found)?)?;
            Ok(row::workspaces(targets))
        })
    }

    fn saw(&mut self, line: &BoardLine, seen: &SlimSnapshot) -> Result<Written, LedgerError> {
        self.write_all(|tables| tables.saw(line, seen))
    }

    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        self.write_all(|tables| tables.permit(asked))
    }
}
