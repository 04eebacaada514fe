//! What stands in each row beside what it says, so that damage is noticed: a digest of all its columns,
//! and of the table that it is in.
//!
//! Contents need none: they are known by their digests.

use super::LedgerError;
use crate::model::ident::Digest;

/// The digest of a row, column by column, in the order of its table.
#[derive(Clone, Debug)]
pub(super) struct Sum(Vec<u8>);

impl Sum {
    pub(super) fn of(table: &str) -> Self {
        Self(Vec::new()).text(table)
    }

    pub(super) fn number(mut self, number: i64) -> Self {
        self.0.push(b'n');
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.push(b'b');
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// A column that may have nothing in it.
    pub(super) fn perhaps<T>(mut self, value: Option<T>, add: fn(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self, value),
            None => {
                self.0.push(b'-');
                self
            }
        }
    }

    pub(super) fn end(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Whether the row is what was written.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn check(&self, table: &str, found: &[u8]) -> Result<(), LedgerError> {
        match self.end().as_bytes().as_slice() == found {
            true => Ok(()),
            false => Err(LedgerError::Corrupt(format!(
                "a row of its table `{table}` is not what was written"
            ))),
        }
    }
}

/// A text that is kept for a roll-out.
pub(super) fn of_rollout(table: &str, rollout: i64, text: &[u8]) -> Sum {
    Sum::of(table).number(rollout).bytes(text)
}

/// A text that is kept for a member of a roll-out, or for one of its events.
pub(super) fn numbered(table: &str, rollout: i64, number: i64, text: &[u8]) -> Sum {
    Sum::of(table).number(rollout).number(number).bytes(text)
}

/// A workspace of an open roll-out.
pub(super) fn open_workspace(place: &str, workspace: i64, rollout: i64) -> Sum {
    Sum::of("open_workspace")
        .text(place)
        .number(workspace)
        .number(rollout)
}

/// What was permitted of a class.
pub(super) fn permit(account: &str, class: &str, granted: &str) -> Sum {
    Sum::of("permit").text(account).text(class).text(granted)
}
