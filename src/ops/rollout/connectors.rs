//! The step of a roll-out that shares, updates or switches connectors, for all customers at once.

use super::attempted::{Attempted, is_unfinished, passes, unanswered};
use super::{ATTEMPTS, Attempt, Changed, Journal, MemberWorkspace, RunError};
use crate::ledger::Kept;
use crate::model::error::chain;
use crate::model::ident::{Digest, InternalName};
use crate::model::rollout::Outcome;
use crate::model::workspace::Sharing;
use crate::ops::workspace::catalog::{
    self, Asked, CatalogError, Moves, Outcome as CatalogOutcome, Removals, SharingGrants,
};
use crate::plan::rollout::progress::{Ending, Sent};
use crate::plan::rollout::{PlannedConnectors, uncovered, wish};
use crate::plan::sharing::consequences::Consequence;
use crate::plan::sharing::{Step, StepAction};
use crate::workspace::{AdminWorkspace, WorkspaceError};

/// How a connector of an admin workspace is shared, if it is. No customer is asked.
pub(super) fn shared(
    admin: &dyn AdminWorkspace,
    name: &InternalName,
) -> Result<Option<Sharing>, WorkspaceError> {
    let partnership = admin.sharing(&|_| false)?;
    let mut connectors = partnership.connectors.iter();
    let found = connectors.find(|connector| connector.internal_name == *name);
    Ok(found.and_then(|connector| partnership.shares.get(&connector.id).copied()))
}

/// What came of one change.
enum Made {
    /// It was changed, and is as planned.
    Changed,
    /// It was as planned.
    Same,
    /// The attempt is over.
    Over(Attempted),
}

impl Attempt<'_> {
    /// Changes what is shared, one connector after the other. What was sent by an earlier runner can't
    /// arrive any more.
    pub(super) fn change_connectors(
        &mut self,
        reached: &mut dyn MemberWorkspace,
        connectors: &PlannedConnectors,
        inherited: Option<&Journal>,
    ) -> Result<Attempted, RunError> {
        let found = match reached.workspace().facts() {
            Ok(facts) => facts.id,
            Err(error) => return Ok(self.unless_passes(Outcome::Failed, &error)),
        };
        if found != self.member.workspace {
            let why = format!(
                "it is workspace {found} by now, and the plan is for {}",
                self.member.workspace
            );
            return Ok(self.unless_sent(Outcome::Held, why));
        }
        let mut told = Vec::new();
        // What an earlier runner was about to send was changed by it, if it is changed.
        let mut changed = inherited.is_some();
        for change in &connectors.changes {
            if self.renew()? == Kept::Lost {
                return Ok(Attempted::Lost);
            }
            match self.change(reached, change, connectors.moves())? {
                Made::Changed => {
                    changed = true;
                    told.push(in_words(&change.step));
                }
                Made::Same => {}
                Made::Over(over) => {
                    return Ok(over.after(match changed {
                        true => Changed::Yes,
                        false => Changed::No,
                    }));
                }
            }
        }
        Ok(Attempted::Ended(Ending {
            outcome: match changed {
                true => Outcome::Applied,
                false => Outcome::Same,
            },
            why: told.join("; "),
            receipts: Vec::new(),
        }))
    }

    fn change(
        &mut self,
        reached: &mut dyn MemberWorkspace,
        planned: &Consequence,
        moves: usize,
    ) -> Result<Made, RunError> {
        let over = |outcome, why: String| Ok(Made::Over(Attempted::ended(outcome, why)));
        let step = &planned.step;
        let Some(wish) = wish(step) else {
            return over(Outcome::Held, "nothing is removed by roll-outs".to_owned());
        };
        // Who takes over looks at the catalogue first, and so does everybody else.
        let as_planned = |admin: &dyn AdminWorkspace| -> Result<bool, WorkspaceError> {
            let found = shared(admin, &step.internal_name)?.zip(step.after);
            Ok(found.is_some_and(|(found, wanted)| found.agrees_with(wanted)))
        };
        match as_planned(reached.admin()) {
            Ok(true) => return Ok(Made::Same),
            Ok(false) => {}
            Err(error) => return Ok(Made::Over(self.unless_passes(Outcome::Failed, &error))),
        }
        let granted = SharingGrants {
            // Whoever started it was asked.
            moves: match moves {
                0 => Moves::NotGranted,
                _ => Moves::Granted,
            },
            removals: Removals::None,
        };
        let asked = Asked::One {
            named: step.internal_name.as_str(),
            wish,
        };
        for _ in 0..ATTEMPTS {
            let now = self.ledger.now()?;
            let found = match catalog::plan(reached.admin(), &self.member.address, asked, now) {
                Ok(found) => found,
                Err(CatalogError::Workspace(error)) => {
                    return Ok(Made::Over(self.unless_passes(Outcome::Failed, &error)));
                }
                Err(
                    error
                    @ (CatalogError::Pick(_) | CatalogError::Share(_) | CatalogError::File(_)),
                ) => return over(Outcome::Held, chain(&error)),
            };
            let consequences = found.document().consequences.iter();
            let worse = consequences.filter_map(|found| uncovered(planned, found));
            if let Some(why) = worse.into_iter().next() {
                return over(Outcome::Held, why);
            }
            let approved = match found.approve(granted) {
                Ok(approved) => approved,
                Err(refusal) => return over(Outcome::Held, refusal.to_string()),
            };
            if self.running.interrupt.is_set() {
                let why = "interrupted".to_owned();
                return Ok(Made::Over(match self.hold.sent_before {
                    None => Attempted::Released(why),
                    Some(_) => Attempted::Left(why),
                }));
            }
            let Ok(text) = noted(step) else {
                let why = "what is sent can't be written down".to_owned();
                return over(Outcome::Failed, why);
            };
            let now = self.ledger.now()?;
            if self.ledger.note(self.runner.id, self.hold, now, &text)? == Kept::Lost {
                return Ok(Made::Over(Attempted::Lost));
            }
            let error = match approved.carry_out(reached.admin()) {
                Ok(done) => match done.outcome {
                    CatalogOutcome::Changed | CatalogOutcome::Unchanged => None,
                    CatalogOutcome::Planned => Some("it was only planned".to_owned()),
                },
                Err(WorkspaceError::Stale { .. }) => continue,
                // Its answer may be lost: whoever takes over looks.
                Err(error) if is_unanswered(&error) => {
                    return Ok(Made::Over(match as_planned(reached.admin()) {
                        Ok(true) => return Ok(Made::Changed),
                        Ok(false) | Err(_) => match passes(&error) {
                            Some(wait) => unanswered(chain(&error), wait, Sent::Perhaps),
                            None => Attempted::Left(chain(&error)),
                        },
                    }));
                }
                Err(error) => Some(chain(&error)),
            };
            return Ok(match (as_planned(reached.admin()), error) {
                (Ok(true), _) => Made::Changed,
                (Ok(false), Some(why)) => Made::Over(Attempted::ended(Outcome::Failed, why)),
                (Ok(false), None) => {
                    let why = format!("\"{}\" is not shared as planned, as read back", step.title);
                    Made::Over(Attempted::ended(Outcome::Partly, why))
                }
                (Err(error), _) => Made::Over(self.not_read_back(&error)),
            });
        }
        over(
            Outcome::Failed,
            "somebody else writes to the admin workspace again and again".to_owned(),
        )
    }
}

/// What is written down before a connector is changed.
fn noted(step: &Step) -> Result<String, serde_json::Error> {
    let digest = Digest::of(&serde_json::to_vec(step)?);
    serde_json::to_string(&Journal {
        package: digest,
        effects: digest,
        entry: None,
    })
}

/// What was changed, in a few words.
fn in_words(step: &Step) -> String {
    let title = &step.title;
    match (step.action, step.before, step.after) {
        (StepAction::Share, _, Some(after)) => format!("\"{title}\" shared in {}", after.version),
        (_, Some(before), Some(after)) => {
            format!("\"{title}\" {} → {}", before.version, after.version)
        }
        (action, _, _) => format!("\"{title}\": {action}"),
    }
}

/// Whether something may have been sent whose answer nobody saw.
fn is_unanswered(error: &WorkspaceError) -> bool {
    #[cfg(feature = "remote")]
    if let WorkspaceError::Remote(remote) = error
        && let crate::workspace::remote::RemoteError::Api(error) = &**remote
    {
        use crate::client::ClientError as Asked;
        return !matches!(
            error,
            Asked::Unauthorised { .. }
                | Asked::Barred { .. }
                | Asked::NotFound { .. }
                | Asked::Refused { .. }
        );
    }
    is_unfinished(error)
}
