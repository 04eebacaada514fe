//! What came of an attempt at a member, and what an error says of that.

use std::time::Duration;

use super::{Attempt, Changed, Journal, Unreachable};
use crate::model::error::chain;
use crate::model::rollout::Outcome;
use crate::ops::import::{ImportError, Planned};
use crate::plan::rollout::progress::{Ending, Sent, Unanswered};
use crate::workspace::WorkspaceError;

/// What came of an attempt.
pub(super) enum Attempted {
    /// It came to its end.
    Ended(Ending),
    /// It went no further, since the platform did not answer.
    Unanswered(Unanswered),
    /// Nothing was sent: it waits for somebody else.
    Released(String),
    /// Something may have been sent: whoever takes it over looks.
    Left(String),
    /// Somebody else has it.
    Lost,
}

impl Attempted {
    pub(super) fn ended(outcome: Outcome, why: impl Into<String>) -> Self {
        Self::Ended(Ending {
            outcome,
            why: why.into(),
            receipts: Vec::new(),
        })
    }

    /// The same where something was brought before, in this attempt or another one.
    pub(super) fn after(self, changed: Changed) -> Self {
        match (self, changed) {
            (Self::Ended(ending), Changed::Yes) => Self::Ended(Ending {
                outcome: Outcome::Partly,
                ..ending
            }),
            // Whoever takes it on sees that it was this roll-out that changed it.
            (Self::Unanswered(unanswered), Changed::Yes) => Self::Unanswered(Unanswered {
                sent: Sent::Perhaps,
                ..unanswered
            }),
            (Self::Released(why), Changed::Yes) => Self::Left(why),
            (attempted, _) => attempted,
        }
    }
}

/// An error, as far as it says something of a member.
pub(super) struct Trouble {
    pub(super) why: String,
    /// Whether it passes by itself, and what the platform asks to wait for, if that is known.
    pub(super) passes: Option<Option<Duration>>,
}

impl From<&WorkspaceError> for Trouble {
    fn from(error: &WorkspaceError) -> Self {
        Self {
            why: chain(error),
            passes: passes(error),
        }
    }
}

impl From<&ImportError> for Trouble {
    fn from(error: &ImportError) -> Self {
        Self {
            why: chain(error),
            passes: of_import(error).and_then(passes),
        }
    }
}

impl Attempt<'_> {
    /// The end of an attempt that sent nothing; but if an earlier one may have, nobody knows.
    pub(super) fn unless_sent(&self, outcome: Outcome, why: String) -> Attempted {
        match self.hold.sent_before {
            None => Attempted::ended(outcome, why),
            Some(_) => Attempted::Left(format!(
                "what an earlier runner sent can't be looked for: {why}"
            )),
        }
    }

    /// The same where an error keeps it from going on: what passes says nothing of the member.
    pub(super) fn unless_passes(&self, outcome: Outcome, trouble: impl Into<Trouble>) -> Attempted {
        let Trouble { why, passes } = trouble.into();
        let sent = match self.hold.sent_before {
            None => Sent::Nothing,
            Some(_) => Sent::Perhaps,
        };
        match (passes, sent) {
            _ if self.running.interrupt.is_set() => match sent {
                Sent::Nothing => Attempted::Released("interrupted".to_owned()),
                Sent::Perhaps => Attempted::Left("interrupted".to_owned()),
            },
            (Some(wait), _) => unanswered(why, wait, sent),
            (None, _) => self.unless_sent(outcome, why),
        }
    }

    /// A member that can't be asked.
    pub(super) fn unreachable(&self, unreachable: Unreachable) -> Attempted {
        let (outcome, passes) = match &unreachable {
            Unreachable::Held(_) => (Outcome::Held, None),
            Unreachable::Failed(_) => (Outcome::Failed, None),
            Unreachable::Later { wait, .. } => (Outcome::Failed, Some(*wait)),
        };
        let why = unreachable.why();
        self.unless_passes(outcome, Trouble { why, passes })
    }

    /// What was sent can't be read back.
    pub(super) fn not_read_back(&self, trouble: impl Into<Trouble>) -> Attempted {
        let Trouble { why, passes } = trouble.into();
        let why = format!("it can't be read back: {why}");
        match passes {
            _ if self.running.interrupt.is_set() => Attempted::Left(why),
            Some(wait) => unanswered(why, wait, Sent::Perhaps),
            None => Attempted::ended(Outcome::Partly, why),
        }
    }
}

pub(super) fn unanswered(why: String, wait: Option<Duration>, sent: Sent) -> Attempted {
    Attempted::Unanswered(Unanswered {
        why,
        // A part of a second is waited for, too.
        wait: wait.map(|wait| wait.as_secs().saturating_add(1)),
        sent,
    })
}

/// What an import that failed left behind.
pub(super) fn failed(
    journal: &Journal,
    error: &ImportError,
    again: impl FnOnce() -> Result<Planned, ImportError>,
) -> Attempted {
    let why = chain(error);
    let workspace = of_import(error);
    if let Some(WorkspaceError::Partly(partly)) = workspace {
        if let Some(cause) = partly.cause.as_deref() {
            if let Some(wait) = passes(cause) {
                return unanswered(why, wait, Sent::Perhaps);
            }
            if is_unfinished(cause) {
                return unfinished(cause, why);
            }
        }
        let why = match partly.failed.first() {
            Some(first) => format!("{}: {} ({why})", first.what, first.why),
            None => why,
        };
        // What failed may have been done, its answer lost.
        return Attempted::ended(Outcome::Partly, why);
    }
    if let Some(error) = workspace.filter(|error| is_unfinished(error)) {
        return unfinished(error, why);
    }
    let unchanged = match again() {
        Ok(again) => again
            .plan()
            .effects()
            .is_ok_and(|effects| effects == journal.effects),
        Err(unread) => {
            if let Some(wait) = of_import(&unread).and_then(passes) {
                return unanswered(why, wait, Sent::Perhaps);
            }
            false
        }
    };
    match (unchanged, workspace.and_then(passes)) {
        // It may still arrive.
        (_, Some(wait)) if workspace.is_some_and(is_lost) => unanswered(why, wait, Sent::Perhaps),
        (true, Some(wait)) => unanswered(why, wait, Sent::Nothing),
        (true, None) => Attempted::ended(Outcome::Failed, why),
        // Some of it may be there, and the rest goes on where it is looked at again.
        (false, Some(wait)) => unanswered(why, wait, Sent::Perhaps),
        (false, None) => Attempted::ended(Outcome::Partly, why),
    }
}

/// What a workspace had to do with an import's error.
const fn of_import(error: &ImportError) -> Option<&WorkspaceError> {
    match error {
        ImportError::Workspace(error) => Some(error),
        ImportError::Open(_)
        | ImportError::NoPackage { .. }
        | ImportError::Digest { .. }
        | ImportError::Record { .. }
        | ImportError::Changed { .. }
        | ImportError::TargetKeys(_)
        | ImportError::Read { .. }
        | ImportError::Json { .. }
        | ImportError::Scratch { .. }
        | ImportError::Refused(_)
        | ImportError::Interrupted(_) => None,
    }
}

/// Whether nobody can say what came of it yet: the platform may still work on it, or it can't be
/// written down. That is no failure of the customer's.
pub(super) fn is_unfinished(error: &WorkspaceError) -> bool {
    match error {
        #[cfg(feature = "remote")]
        WorkspaceError::Remote(remote) => matches!(
            **remote,
            crate::workspace::remote::RemoteError::Unfinished { .. }
                | crate::workspace::remote::RemoteError::Journal(_)
        ),
        _ => false,
    }
}

/// What is [not finished](is_unfinished): the platform is asked again later, and not for ever, as some of
/// its jobs never end. What can't be written down is left as it is.
pub(super) fn unfinished(error: &WorkspaceError, why: String) -> Attempted {
    match error {
        #[cfg(feature = "remote")]
        WorkspaceError::Remote(remote)
            if matches!(
                **remote,
                crate::workspace::remote::RemoteError::Unfinished { .. }
            ) =>
        {
            unanswered(why, None, Sent::Perhaps)
        }
        _ => Attempted::Left(why),
    }
}

/// Whether something was sent whose answer was lost.
const fn is_lost(error: &WorkspaceError) -> bool {
    match error {
        #[cfg(feature = "remote")]
        WorkspaceError::Remote(remote) => matches!(
            **remote,
            crate::workspace::remote::RemoteError::Api(crate::client::ClientError::Lost { .. })
        ),
        _ => false,
    }
}

/// Whether the same may be answered later, and for how
/// long the platform asks to wait, if it does.
pub(super) fn passes(error: &WorkspaceError) -> Option<Option<Duration>> {
    match error {
        WorkspaceError::Busy { .. } => Some(None),
        #[cfg(feature = "remote")]
        WorkspaceError::Remote(remote) => of_remote(remote),
        _ => None,
    }
}

#[cfg(feature = "remote")]
fn of_remote(error: &crate::workspace::remote::RemoteError) -> Option<Option<Duration>> {
    use crate::client::ClientError;
    use crate::workspace::remote::RemoteError;
    if let RemoteError::Api(ClientError::RateLimited { wait, .. }) = error {
        return Some(*wait);
    }
    let lost = matches!(error, RemoteError::Api(ClientError::Lost { .. }));
    // An export that takes too long leaves nothing behind.
    let slow = matches!(error, RemoteError::Unfinished { resume: None, .. });
    (lost || slow || error.may_pass()).then_some(None)
}
