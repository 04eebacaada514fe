//! Values as columns, and back: the same for every database.
//!
//! Databases have no whole numbers above 2⁶³ - 1. What is counted in 64 bits is written by its bits, so
//! that no two numbers become one, and nothing is compared by the database.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BoardLine, LedgerError, NewRollout, RolloutHeader, WorkspaceKey};
use crate::model::rollout::{Attempt, RolloutId, RolloutStatus, RunnerId};
use crate::model::workspace::{Timestamp, WorkspaceId};
use crate::plan::rollout::progress::{MemberProgress, MemberState, Progress};

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
}

impl From<&MemberProgress> for MemberRow {
    fn from(member: &MemberProgress) -> Self {
        let row = Self {
            attempt: i64::from(member.attempt.0),
            unanswered: i64::from(member.unanswered),
            ..Self::default()
        };
        match &member.state {
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
        }
    }
}

impl MemberRow {
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

/// What workspaces are known by as columns, each once, in one order.
pub(super) fn keys(targets: &[TargetRow]) -> BTreeSet<(&str, i64)> {
    let keys = targets
        .iter()
        .map(|target| (target.place.as_str(), target.workspace));
    keys.collect()
}

/// A line of the board as its columns.
#[derive(Debug)]
pub(super) struct BoardRow {
    pub(super) target: TargetRow,
    pub(super) rollout: String,
    pub(super) at: i64,
    pub(super) outcome: String,
    pub(super) receipt: String,
}

impl BoardRow {
    /// The line.
    ///
    /// # Errors
    /// If no line was written like this.
    pub(super) fn line(self) -> Result<BoardLine, LedgerError> {
        Ok(BoardLine {
            workspace: WorkspaceKey {
                place: self.target.place,
                id: WorkspaceId(self.target.workspace.cast_unsigned()),
            },
            address: self.target.address,
            name: self.target.name,
            rollout: id(&self.rollout)?,
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
pub(super) fn board(rows: Vec<BoardRow>) -> Result<Vec<BoardLine>, LedgerError> {
    let mut board: Vec<BoardLine> = rows
        .into_iter()
        .map(BoardRow::line)
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
    version: i64,
    status: RolloutStatus,
    members: i64,
    rows: Vec<(i64, MemberRow)>,
) -> Result<Progress, LedgerError> {
    let whole = (1_i64..)
        .zip(&rows)
        .all(|(place, (number, _))| place == *number);
    if !whole || i64::try_from(rows.len()) != Ok(members) {
        return Err(corrupt(&"rows of members are missing"));
    }
    let members = rows.into_iter().map(|(_, row)| row.member());
    Ok(Progress {
        version: version.cast_unsigned(),
        status,
        members: members.collect::<Result<_, _>>()?,
    })
}

/// A line of the list of roll-outs.
///
/// # Errors
/// If none was written like this.
pub(super) fn header(
    number: &str,
    status: &str,
    at: i64,
    who: String,
    members: i64,
) -> Result<RolloutHeader, LedgerError> {
    Ok(RolloutHeader {
        id: id(number)?,
        status: word(status)?,
        at: time(at),
        who,
        members: u32::try_from(members).map_err(|error| corrupt(&error))?,
    })
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
