//! Waiting for what the platform does by itself.

use std::time::{Duration, Instant};

use super::RemoteWorkspace;
use crate::model::workspace::ImportId;
use crate::workspace::WorkspaceError;
use crate::workspace::remote::{RemoteError, Unfinished};

/// Waits for work that goes on at the platform: often at first, then less.
pub(super) struct Waiting {
    since: Instant,
    patience: Duration,
}

impl Waiting {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            since: Instant::now(),
            patience,
        }
    }

    /// Clock before the next question.
    ///
    /// # Errors
    /// If somebody asked to stop, or it takes too long.
    pub(super) fn pause(
        &self,
        workspace: &RemoteWorkspace,
        what: &str,
        resume: Option<&ImportId>,
    ) -> Result<(), WorkspaceError> {
        let waited = self.since.elapsed();
        let unfinished = |why| RemoteError::Unfinished {
            what: match why {
                Unfinished::Slow => format!(
                    "{what} is still running after {} s",
                    self.patience.as_secs()
                ),
                Unfinished::Interrupted => format!("{what} is still running"),
                Unfinished::Lost | Unfinished::Unseen => {
                    format!("it is not known what became of {what}")
                }
            },
            resume: resume.cloned(),
            why,
        };
        if waited >= self.patience {
            return Err(unfinished(Unfinished::Slow).into());
        }
        // The official clients ask every two or three seconds (platform.md §8).
        let step = (waited / 4).clamp(Duration::from_millis(250), Duration::from_secs(5));
        workspace
            .settings
            .pauses
            .pause(step.min(self.patience - waited))
            .map_err(|_| unfinished(Unfinished::Interrupted).into())
    }
}
