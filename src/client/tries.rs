//! The attempts at one question, and the pauses between them.

use std::time::{Duration, Instant};

use super::error::{ClientError, RequestContext};
use super::request::Request;
use super::retry::{self, RetryReason};
use super::wire::{Reason, Wire};

/// An attempt that may go better later.
pub(super) struct Failed {
    pub(super) at: RequestContext,
    pub(super) trouble: RetryReason,
    /// How long the platform asks to wait.
    pub(super) asked: Option<Duration>,
    /// Whether the platform may have done it.
    pub(super) unsure: bool,
    pub(super) why: Reason,
}

/// The attempts at one question.
pub(super) struct RetryState<'t> {
    wire: &'t Wire,
    what: &'t str,
    /// The number that all its attempts go by.
    pub(super) correlation: String,
    attempts: u32,
    start: Instant,
    /// How long they waited for permits, which does not count.
    pub(super) queued: Duration,
    /// How long the pauses between them were.
    waited: Duration,
    /// Whether an attempt may have done it.
    pub(super) unsure: bool,
}

impl<'t> RetryState<'t> {
    pub(super) fn new(wire: &'t Wire, request: &'t Request<'_>) -> Self {
        Self {
            wire,
            what: &request.what,
            correlation: format!("{:016x}{:016x}", random(), random()),
            attempts: 1,
            start: Instant::now(),
            queued: Duration::ZERO,
            waited: Duration::ZERO,
            unsure: false,
        }
    }

    /// Waits for the next attempt, if there is one.
    pub(super) fn next(&mut self, failed: Failed) -> Result<(), ClientError> {
        let Failed {
            at,
            trouble,
            asked,
            unsure,
            why,
        } = failed;
        self.unsure |= unsure;
        let wait = retry::pause(
            &self.wire.settings().retries,
            self.attempts + 1,
            (self.start.elapsed().saturating_sub(self.queued)).max(self.waited),
            asked,
            trouble,
            random(),
        );
        let lost = |at, source| ClientError::Lost {
            at,
            what: self.what.to_owned(),
            source,
        };
        let Some(wait) = wait else {
            return Err(match trouble {
                _ if self.unsure => lost(at, Box::new(why)),
                RetryReason::Limited => ClientError::RateLimited { at, wait: asked },
                RetryReason::Passing => ClientError::Unavailable {
                    at,
                    attempts: self.attempts,
                    source: Box::new(why),
                },
            });
        };
        if let Err(cut) = self.wire.pauses().pause(wait) {
            return Err(if self.unsure {
                lost(at, Box::new(cut))
            } else {
                cut.into()
            });
        }
        self.waited = self.waited.saturating_add(wait);
        self.attempts += 1;
        Ok(())
    }
}

/// For pauses and correlation numbers, where it does not matter if it is none.
fn random() -> u64 {
    getrandom::u64().unwrap_or(0)
}
