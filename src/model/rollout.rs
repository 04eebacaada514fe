//! Roll-outs: one change for many customers, in waves.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ident::Digest;
use super::keyword::keyword_enum;
use super::workspace::Timestamp;

/// How many hexadecimal digits an id has.
const DIGITS: usize = 12;

/// What a roll-out is known by.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RolloutId(Box<str>);

impl RolloutId {
    /// The id of a roll-out of a plan that is started at a moment, after so many others.
    pub fn of(plan: &Digest, at: Timestamp, others: usize) -> Self {
        let of = format!("roll-out\n{plan}\n{}\n{others}", at.0);
        let digest = Digest::of(of.as_bytes()).to_string();
        Self(digest.chars().take(DIGITS).collect::<String>().into())
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no roll-out's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has {DIGITS} hexadecimal digits, as `rollout start` printed them")]
pub struct NoRolloutId;

impl FromStr for RolloutId {
    type Err = NoRolloutId;
    fn from_str(text: &str) -> Result<Self, NoRolloutId> {
        let is_one = text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
        match is_one {
            true => Ok(Self(text.into())),
            false => Err(NoRolloutId),
        }
    }
}

impl TryFrom<String> for RolloutId {
    type Error = NoRolloutId;
    fn try_from(text: String) -> Result<Self, NoRolloutId> {
        text.parse()
    }
}

impl From<RolloutId> for String {
    fn from(id: RolloutId) -> Self {
        id.0.into()
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The number of a wave, from 1.
    WaveNumber
);
number!(
    /// The number of a member in its roll-out, from 1, in the order of waves.
    MemberNumber
);
number!(
    /// How often somebody has taken a member on: 0 for nobody yet.
    Attempt
);

impl MemberNumber {
    /// Where it stands in a list of all members.
    pub const fn index(self) -> usize {
        (self.0 as usize).saturating_sub(1)
    }
}

/// A process that carries out roll-outs.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RunnerId(pub String);

impl fmt::Display for RunnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

keyword_enum! {
    /// Whether a roll-out goes on.
    pub enum RolloutStatus: "status of a roll-out" {
        /// It does, as far as its waves and its budget let it.
        Running = "running",
        /// Somebody paused it.
        Paused = "paused",
        /// Somebody gave it up.
        Aborted = "aborted",
        /// Another roll-out took its place.
        Superseded = "superseded",
        /// Every member was brought to its end.
        Done = "done",
    }
}

impl RolloutStatus {
    /// Whether its members may still be sent to, so that no other roll-out may have them.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Running | Self::Paused => true,
            Self::Aborted | Self::Superseded | Self::Done => false,
        }
    }
}

keyword_enum! {
    /// How far an attempt is.
    pub enum Phase: "phase" {
        /// The workspace is read, and this attempt sent nothing.
        Looking = "looking",
        /// Something is about to be sent, or was: whoever takes over has to look first.
        Sending = "sending",
    }
}

keyword_enum! {
    /// What came of a member.
    pub enum Outcome: "outcome" {
        /// It was changed, and is as planned, as read back.
        Applied = "applied",
        /// It was as planned before.
        Same = "same",
        /// Something was changed, and not all is as planned, or nobody can tell: a person decides.
        Partly = "partly",
        /// It was refused or failed, and nothing is known to be changed.
        Failed = "failed",
        /// It is left out until somebody says otherwise.
        Held = "held",
        /// Somebody said that it is left out.
        Skipped = "skipped",
    }
}

impl Outcome {
    /// Whether it counts against the budget.
    pub const fn is_failure(self) -> bool {
        match self {
            Self::Partly | Self::Failed => true,
            Self::Applied | Self::Same | Self::Held | Self::Skipped => false,
        }
    }

    /// Whether the member is as planned.
    pub const fn is_reached(self) -> bool {
        match self {
            Self::Applied | Self::Same => true,
            Self::Partly | Self::Failed | Self::Held | Self::Skipped => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = RolloutId::of(&Digest::of(b"plan"), Timestamp(7), 0);
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        for (at, others) in [(8, 0), (7, 1)] {
            let other = RolloutId::of(&Digest::of(b"plan"), Timestamp(at), others);
            assert_ne!(id, other);
        }
        for wrong in ["", "12", "zzzzzzzzzzzz", "0123456789abc"] {
            assert_eq!(wrong.parse::<RolloutId>(), Err(NoRolloutId), "{wrong}");
        }
    }
}
