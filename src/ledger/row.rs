//! Values as columns, and back: the same for every database.
//!
//! Databases have no whole numbers above 2⁶³ - 1. What is counted in 64 bits is written by its bits, so
//! that no two numbers become one, and nothing is compared by the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sum::Sum;
use super::{BoardLine, LedgerError, NewRollout, RolloutHeader, WorkspaceKey};
use crate::model::rollout::{Attempt, RolloutId, RolloutStatus, RunnerId};
use crate::model::workspace::{Timestamp, WorkspaceId};
use crate::plan::rollout::progress::{
    Ending, Event, MemberProgress, MemberReceipt, MemberState, Progress,
};

/// A roll-out as its columns.
#[derive(Clone, Debug)]
pub(super) struct RolloutRow {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) status: RolloutStatus,
    pub(super) at: i64,
    pub(super) who: String,
    pub(super) members: i64,
}

impl RolloutRow {
    /// A new one.
    pub(super) fn of(new: &NewRollout<'_>, number: i64) -> Self {
        Self {
            number,
            id: new.id.to_string(),
            version: new.progress.version.cast_signed(),
            status: new.progress.status,
            at: new.at.0.cast_signed(),
            who: new.who.to_owned(),
            members: i64::try_from(new.plan.members.len()).unwrap_or(i64::MAX),
        }
    }

    pub(super) fn sum(&self) -> Sum {
        Sum::of("rollout")
            .number(self.number)
            .text(&self.id)
            .number(self.version)
            .text(self.status.as_str())
            .number(self.at)
            .text(&self.who)
            .number(self.members)
    }

    /// The same, if it is what was written.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn checked(self, sum: &[u8]) -> Result<Self, LedgerError> {
        self.sum().check("rollout", sum)?;
        Ok(self)
    }

    /// The same in its next version.
    pub(super) fn next(&self, status: RolloutStatus) -> Self {
        Self {
            version: self.version.wrapping_add(1),
            status,
            ..self.clone()
        }
    }

    /// A line of the list of roll-outs.
    ///
    /// # Errors
    /// If none was written like this.
    pub(super) fn header(self) -> Result<RolloutHeader, LedgerError> {
        Ok(RolloutHeader {
            id: id(&self.id)?,
            status: self.status,
            at: time(self.at),
            who: self.who,
            members: u32::try_from(self.members).map_err(|error| corrupt(&error))?,
        })
    }
}

/// A member as its columns.
#[derive(Clone, Debug, Default)]
pub(super) struct MemberRow {
    pub(super) attempt: i64,
    pub(super) unanswered: i64,
    pub(super) next_turn: Option<i64>,
    pub(super) runner: Option<String>,
    pub(super) until: Option<i64>,
    pub(super) phase: Option<String>,
    pub(super) sent_before: Option<i64>,
    pub(super) outcome: Option<String>,
    pub(super) ended_at: Option<i64>,
    pub(super) jobs: Option<String>,
}

impl MemberRow {
    /// A member's.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub(super) fn of(member: &MemberProgress) -> Result<Self, LedgerError> {
        let row = Self {
            attempt: i64::from(member.attempt.0),
            unanswered: i64::from(member.unanswered),
            jobs: member.jobs.as_ref().map(text).transpose()?,
            ..Self::default()
        };
        Ok(match &member.state {
            MemberState::Waiting => row,
            MemberState::Postponed { until } => Self {
                next_turn: Some(until.0.cast_signed()),
                ..row
            },
            MemberState::Working {
                runner,
                until,
                phase,
                sent_before,
            } => Self {
                runner: Some(runner.0.clone()),
                until: Some(until.0.cast_signed()),
                phase: Some(phase.as_str().to_owned()),
                sent_before: sent_before.map(|before| before.0.cast_signed()),
                ..row
            },
            MemberState::Ended { outcome, at } => Self {
                outcome: Some(outcome.as_str().to_owned()),
                ended_at: Some(at.0.cast_signed()),
                ..row
            },
        })
    }

    pub(super) fn sum(&self, rollout: i64, number: i64) -> Sum {
        Sum::of("member")
            .number(rollout)
            .number(number)
            .number(self.attempt)
            .number(self.unanswered)
            .perhaps(self.next_turn, Sum::number)
            .perhaps(self.runner.as_deref(), Sum::text)
            .perhaps(self.until, Sum::number)
            .perhaps(self.phase.as_deref(), Sum::text)
            .perhaps(self.sent_before, Sum::number)
            .perhaps(self.outcome.as_deref(), Sum::text)
            .perhaps(self.ended_at, Sum::number)
            .perhaps(self.jobs.as_deref(), Sum::text)
    }

    /// The member.
    ///
    /// # Errors
    /// If no member was written like this.
    pub(super) fn member(self) -> Result<MemberProgress, LedgerError> {
        let attempt = u32::try_from(self.attempt).map_err(|error| corrupt(&error))?;
        let unanswered = u32::try_from(self.unanswered).map_err(|error| corrupt(&error))?;
        let state = match (
            self.next_turn,
            self.runner,
            self.until,
            self.phase,
            self.outcome,
            self.ended_at,
        ) {
            (None, None, None, None, None, None) => MemberState::Waiting,
            (Some(until), None, None, None, None, None) => {
                MemberState::Postponed { until: time(until) }
            }
            (None, Some(runner), Some(until), Some(phase), None, None) => MemberState::Working {
                runner: RunnerId(runner),
                until: time(until),
                phase: word(&phase)?,
                sent_before: self.sent_before.map(time),
            },
            (None, None, None, None, Some(outcome), Some(at)) => MemberState::Ended {
                outcome: word(&outcome)?,
                at: time(at),
            },
            _ => {
                return Err(LedgerError::Corrupt(
                    "a member waits, is worked on or has ended, and not two of these".to_owned(),
                ));
            }
        };
        Ok(MemberProgress {
            attempt: Attempt(attempt),
            unanswered,
            state,
            jobs: self.jobs.as_deref().map(value).transpose()?,
        })
    }
}

/// A member's workspace.
#[derive(Clone, Debug)]
pub(super) struct TargetRow {
    pub(super) place: String,
    pub(super) workspace: i64,
    pub(super) address: String,
    pub(super) name: String,
}

impl TargetRow {
    pub(super) fn sum(&self, rollout: i64, number: i64) -> Sum {
        Sum::of("target")
            .number(rollout)
            .number(number)
            .text(&self.place)
            .number(self.workspace)
            .text(&self.address)
            .text(&self.name)
    }

    /// Those of a new roll-out, in the order of its members.
    pub(super) fn all(new: &NewRollout<'_>) -> Vec<Self> {
        let members = new.plan.members.iter().zip(new.workspaces);
        let targets = members.map(|(member, key)| Self {
            place: key.place.clone(),
            workspace: key.id.0.cast_signed(),
            address: member.address.to_string(),
            name: member.name.to_string(),
        });
        targets.collect()
    }
}

/// The members' workspaces, of their rows in the order of their numbers.
///
/// # Errors
/// If rows are missing.
pub(super) fn targets(
    rollout: &RolloutRow,
    rows: Vec<(i64, TargetRow)>,
) -> Result<Vec<TargetRow>, LedgerError> {
    let whole = (1_i64..)
        .zip(&rows)
        .all(|(place, (number, _))| place == *number);
    if !whole || i64::try_from(rows.len()) != Ok(rollout.members) {
        return Err(corrupt(&"rows of workspaces are missing"));
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// What the members' workspaces are known by.
pub(super) fn workspaces(targets: Vec<TargetRow>) -> Vec<WorkspaceKey> {
    let keys = targets.into_iter().map(|target| WorkspaceKey {
        place: target.place,
        id: WorkspaceId(target.workspace.cast_unsigned()),
    });
    keys.collect()
}

/// What workspaces are known by as columns, each once, in one order.
pub(super) fn keys(targets: &[TargetRow]) -> BTreeSet<(&str, i64)> {
    let keys = targets
        .iter()
        .map(|target| (target.place.as_str(), target.workspace));
    keys.collect()
}

/// The workspaces of all open roll-outs, each with the roll-out's number.
pub(super) type OpenWorkspaces = BTreeMap<(String, i64), i64>;

/// The first roll-out that has one of the workspaces, if any has.
pub(super) fn taken_by(open: &OpenWorkspaces, targets: &[TargetRow]) -> Option<i64> {
    let keys = keys(targets).into_iter();
    let by = keys.filter_map(|(place, workspace)| open.get(&(place.to_owned(), workspace)));
    by.min().copied()
}

/// A line of the board as its columns.
#[derive(Clone, Debug)]
pub(super) struct BoardRow {
    pub(super) target: TargetRow,
    pub(super) package: String,
    pub(super) rollout: i64,
    pub(super) at: i64,
    pub(super) outcome: String,
    pub(super) receipt: String,
}

impl BoardRow {
    /// What a member's end leaves of a package.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub(super) fn of(
        rollout: i64,
        target: &TargetRow,
        (ending, receipt): (&Ending, &MemberReceipt),
        at: Timestamp,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            target: target.clone(),
            package: receipt.package.clone(),
            rollout,
            at: at.0.cast_signed(),
            outcome: ending.outcome.as_str().to_owned(),
            receipt: text(receipt)?,
        })
    }

    pub(super) fn sum(&self) -> Sum {
        Sum::of("board")
            .text(&self.target.place)
            .number(self.target.workspace)
            .text(&self.package)
            .text(&self.target.address)
            .text(&self.target.name)
            .number(self.rollout)
            .number(self.at)
            .text(&self.outcome)
            .text(&self.receipt)
    }

    /// The same, if it is what was written.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn checked(self, sum: &[u8]) -> Result<Self, LedgerError> {
        self.sum().check("board", sum)?;
        Ok(self)
    }

    /// The same with what a line says now.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub(super) fn saying(self, line: &BoardLine) -> Result<Self, LedgerError> {
        Ok(Self {
            receipt: text(&line.receipt)?,
            ..self
        })
    }

    /// Whether it is this line, of this roll-out.
    ///
    /// # Errors
    /// If no line was written like this.
    pub(super) fn is_line(
        &self,
        line: &BoardLine,
        rollout: &RolloutRow,
    ) -> Result<bool, LedgerError> {
        if self.rollout != rollout.number {
            return Ok(false);
        }
        let ids = BTreeMap::from([(rollout.number, rollout.id.clone())]);
        Ok(self.clone().line(&ids)? == *line)
    }

    /// The line.
    ///
    /// # Errors
    /// If no line was written like this.
    fn line(self, ids: &BTreeMap<i64, String>) -> Result<BoardLine, LedgerError> {
        let rollout = ids
            .get(&self.rollout)
            .ok_or_else(|| corrupt(&"a line of the board is of a roll-out that is not there"))?;
        Ok(BoardLine {
            workspace: WorkspaceKey {
                place: self.target.place,
                id: WorkspaceId(self.target.workspace.cast_unsigned()),
            },
            address: self.target.address,
            name: self.target.name,
            rollout: id(rollout)?,
            at: time(self.at),
            outcome: word(&self.outcome)?,
            receipt: value(&self.receipt)?,
        })
    }
}

/// A board in its order.
///
/// # Errors
/// If one of its rows is no line.
pub(super) fn board(
    rollouts: Vec<RolloutRow>,
    rows: Vec<BoardRow>,
) -> Result<Vec<BoardLine>, LedgerError> {
    let rollouts = rollouts.into_iter();
    let ids: BTreeMap<i64, String> = rollouts.map(|row| (row.number, row.id)).collect();
    let mut board: Vec<BoardLine> = rows
        .into_iter()
        .map(|row| row.line(&ids))
        .collect::<Result<_, _>>()?;
    board.sort_by(|one, other| {
        let key = |line| -> (&WorkspaceKey, &str) {
            let line: &BoardLine = line;
            (&line.workspace, &line.receipt.package)
        };
        key(one).cmp(&key(other))
    });
    Ok(board)
}

/// How far a roll-out is, of its members' rows in their order.
///
/// # Errors
/// If rows are missing, or are no members.
pub(super) fn progress(
    rollout: &RolloutRow,
    rows: Vec<(i64, MemberRow)>,
) -> Result<Progress, LedgerError> {
    let whole = (1_i64..)
        .zip(&rows)
        .all(|(place, (number, _))| place == *number);
    if !whole || i64::try_from(rows.len()) != Ok(rollout.members) {
        return Err(corrupt(&"rows of members are missing"));
    }
    let members = rows.into_iter().map(|(_, row)| row.member());
    Ok(Progress {
        version: rollout.version.cast_unsigned(),
        status: rollout.status,
        members: members.collect::<Result<_, _>>()?,
    })
}

/// Events in their order, with those of these numbers.
///
/// # Errors
/// If some are missing, or are no events.
pub(super) fn events(after: i64, rows: Vec<(i64, String)>) -> Result<Vec<Event>, LedgerError> {
    // A roll-out begins with one.
    if after == 0 && rows.is_empty() {
        return Err(corrupt(&"events are missing"));
    }
    let mut events = Vec::with_capacity(rows.len());
    for (expected, (number, event)) in (after.saturating_add(1)..).zip(rows) {
        if number != expected {
            return Err(corrupt(&"events are missing"));
        }
        events.push(value(&event)?);
    }
    Ok(events)
}

/// A time.
pub(super) const fn time(column: i64) -> Timestamp {
    Timestamp(column.cast_unsigned())
}

/// A text as one of the checked types.
pub(super) fn word<T>(text: &str) -> Result<T, LedgerError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| corrupt(&error))
}

/// A roll-out's id.
pub(super) fn id(text: &str) -> Result<RolloutId, LedgerError> {
    text.parse()
        .map_err(|_| LedgerError::Corrupt(format!("`{}` is no id", text.escape_debug())))
}

/// A value as its text.
pub(super) fn text<T: Serialize>(value: &T) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Failed(error.into()))
}

/// A value of its text.
pub(super) fn value<T: DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| corrupt(&error))
}

/// A text of its bytes.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, LedgerError> {
    String::from_utf8(bytes).map_err(|error| corrupt(&error))
}

/// What is read is not what was written.
pub(super) fn corrupt(error: &dyn std::fmt::Display) -> LedgerError {
    LedgerError::Corrupt(error.to_string())
}
