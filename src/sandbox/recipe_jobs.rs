//! Jobs by script: what recipes do while they run. Nothing is run here; a job is where the script puts
//! one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sandbox;
use super::fault::matches;
use crate::model::keyword::keyword_enum;
use crate::model::workspace::Timestamp;

keyword_enum! {
    /// What comes of a job.
    pub enum End: "end of a job" {
        /// It does what it is to do.
        Succeeded = "succeeded",
        /// It does not.
        Failed = "failed",
        /// It does not end.
        Pending = "pending",
    }
}

/// What recipes do.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRule {
    /// The name of their workspace; `*` stands for any text.
    #[serde(default = "any")]
    pub workspace: String,
    /// Their own name, likewise.
    #[serde(default = "any")]
    pub recipe: String,
    /// How their jobs end, one after the other, and from the first one again.
    #[schemars(length(min = 1))]
    pub ends: Vec<End>,
    /// For how many seconds there is no other job. The first one is when the recipe was changed last.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub every: u64,
    /// How many there are; as many as there is time for, unless it is said.
    pub times: Option<u64>,
    /// What is said of those that fail.
    pub error: Option<String>,
}

fn any() -> String {
    "*".to_owned()
}

const fn one() -> u64 {
    1
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScriptedJob {
    /// The how manyth it is, from 0 on.
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) end: End,
}

impl JobRule {
    /// Why it can't be one, if it can't.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match (self.ends.is_empty(), self.every) {
            (true, _) => Err("`ends` of jobs says no end"),
            (false, 0) => Err("`every` of jobs is 0 seconds, and has to be 1 at least"),
            (false, _) => Ok(()),
        }
    }

    /// How many jobs there are by now of a recipe that was changed last then.
    pub(super) fn count(&self, changed: Timestamp, now: Timestamp) -> u64 {
        let by_now = match now.0.checked_sub(changed.0) {
            Some(seconds) => (seconds / self.every.max(1)).saturating_add(1),
            None => 0,
        };
        self.times.map_or(by_now, |times| times.min(by_now))
    }

    /// One of them.
    pub(super) fn job(&self, number: u64, changed: Timestamp) -> Option<ScriptedJob> {
        let turn = number.checked_rem(self.ends.len() as u64)?;
        let end = self.ends.get(usize::try_from(turn).ok()?)?;
        let after = number.saturating_mul(self.every);
        Some(ScriptedJob {
            number,
            at: Timestamp(changed.0.saturating_add(after)),
            end: *end,
        })
    }

    /// How many of the first so many end in this way.
    pub(super) fn ending(&self, count: u64, end: End) -> u64 {
        let of = |ends: &[End]| ends.iter().filter(|one| **one == end).count() as u64;
        let length = self.ends.len().max(1) as u64;
        let rest = usize::try_from(count % length).unwrap_or_default();
        let rest = self.ends.get(..rest).unwrap_or_default();
        (count / length).saturating_mul(of(&self.ends)) + of(rest)
    }
}

impl Sandbox {
    /// What a recipe does.
    pub(super) fn job_rule(&self, workspace: &str, recipe: &str) -> Option<JobRule> {
        let faults = self.faults.lock();
        let faults = faults.unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut rules = faults.jobs.iter();
        let rule =
            rules.find(|rule| matches(&rule.workspace, workspace) && matches(&rule.recipe, recipe));
        rule.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_where_the_script_puts_them() {
        let rule = JobRule {
            workspace: any(),
            recipe: any(),
            ends: vec![End::Succeeded, End::Succeeded, End::Failed],
            every: 10,
            times: Some(7),
            error: None,
        };
        let changed = Timestamp(100);
        for (now, count, failed) in [
            (99, 0, 0),
            (100, 1, 0),
            (119, 2, 0),
            (120, 3, 1),
            (150, 6, 2),
            (9999, 7, 2),
        ] {
            let jobs = rule.count(changed, Timestamp(now));
            assert_eq!(jobs, count, "{now}");
            assert_eq!(rule.ending(jobs, End::Failed), failed, "{now}");
            assert_eq!(rule.ending(jobs, End::Succeeded), count - failed, "{now}");
            let ends = (0..jobs).filter_map(|number| rule.job(number, changed));
            let ends: Vec<ScriptedJob> = ends.collect();
            assert_eq!(ends.len() as u64, count);
            assert!(ends.iter().all(|job| job.at.0 <= now), "{ends:?}");
            let found = ends.iter().filter(|job| job.end == End::Failed).count();
            assert_eq!(found as u64, failed);
        }
    }
}
