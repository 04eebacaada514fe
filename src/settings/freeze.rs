//! Times in which nothing is sent to a customer, as files write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml_edit::Datetime;

use crate::model::workspace::Timestamp;

/// A time in which nothing is sent to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Freeze {
    /// From when on; absent for from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

impl Freeze {
    /// Whether a moment lies in it.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && at < self.until
    }
}

/// The same as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeText {
    /// From when on; from the beginning without it.
    pub from: Option<Datetime>,
    /// Until when.
    pub until: Datetime,
    /// Why.
    pub why: String,
}

/// Why a time can't hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// It ends before it begins.
    #[error("`until` of `freeze` is not after its `from`")]
    Backwards,
    /// Nobody knows why.
    #[error("`why` of `freeze` says no reason")]
    NoReason,
    /// It is not told which moment is meant.
    #[error(
        "`{0}` is no moment: a day is one, as 2026-12-18, or a day with a time and its offset, as 2026-12-18T20:00:00Z"
    )]
    NoMoment(Datetime),
}

impl FreezeText {
    /// What it says.
    ///
    /// # Errors
    /// If it can't hold.
    pub fn read(self) -> Result<Freeze, FreezeError> {
        let from = self.from.map(moment).transpose()?;
        let until = moment(self.until)?;
        if from.is_some_and(|from| from >= until) {
            return Err(FreezeError::Backwards);
        }
        match self.why.trim().is_empty() {
            true => Err(FreezeError::NoReason),
            false => Ok(Freeze {
                from,
                until,
                why: self.why,
            }),
        }
    }
}

/// A moment: a day, which begins in UTC, or a day with a time and where that counts.
fn moment(written: Datetime) -> Result<Timestamp, FreezeError> {
    let refused = || FreezeError::NoMoment(written);
    let date = written.date.ok_or_else(refused)?;
    let day = (
        u64::from(date.year),
        u64::from(date.month),
        u64::from(date.day),
    );
    let (seconds, minutes) = match (written.time, written.offset) {
        (None, _) => (0, 0),
        // Nobody knows whose clock is meant.
        (Some(_), None) => return Err(refused()),
        (Some(time), Some(offset)) => {
            let seconds = u64::from(time.hour) * 3600
                + u64::from(time.minute) * 60
                + u64::from(time.second.unwrap_or(0)).min(59);
            let minutes = match offset {
                toml_edit::Offset::Z => 0,
                toml_edit::Offset::Custom { minutes } => i64::from(minutes),
            };
            (seconds, minutes)
        }
    };
    let there = Timestamp::of_utc(day, seconds).ok_or_else(refused)?;
    let utc = there.0.checked_add_signed(-60 * minutes);
    utc.map(Timestamp).ok_or_else(refused)
}
