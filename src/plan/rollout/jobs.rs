//! What the jobs of customers' recipes came to, since a roll-out reached them.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::job::{Extent, JobEnd, RecipeJobs};
use crate::model::workspace::Timestamp;

/// How many jobs there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobCounts {
    /// How many did what they were to do.
    pub succeeded: u64,
    /// How many did not.
    pub failed: u64,
    /// How many have not ended.
    pub open: u64,
}

impl JobCounts {
    /// How many ended.
    pub const fn ended(&self) -> u64 {
        self.succeeded.saturating_add(self.failed)
    }

    /// These and others.
    pub const fn add(&mut self, other: Self) {
        self.succeeded = self.succeeded.saturating_add(other.succeeded);
        self.failed = self.failed.saturating_add(other.failed);
        self.open = self.open.saturating_add(other.open);
    }
}

/// What the jobs of a recipe came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeTally {
    /// How many there were.
    pub counts: JobCounts,
    /// Whether these are all.
    pub extent: Extent,
    /// What was said of those that failed, and of how many, the most frequent first.
    pub errors: Vec<(String, u64)>,
    /// Why some could not be counted, if some could not.
    pub unclear: Option<String>,
}

impl RecipeTally {
    /// What the jobs came to that ended in a time. Those that have not ended are counted whenever they
    /// began. What ended at a moment that is not told may have ended in it.
    pub fn of(read: &RecipeJobs, time: &Range<Timestamp>) -> Self {
        let mut counts = JobCounts::default();
        let mut errors: BTreeMap<&str, u64> = BTreeMap::new();
        let mut unclear = None;
        for job in &read.jobs {
            let ended = match (job.ended, job.began) {
                (Some(ended), _) => Some(ended),
                // It did not end before it began.
                (None, Some(began)) if began >= time.end => Some(began),
                (None, Some(_) | None) => None,
            };
            let inside = ended.map(|ended| time.contains(&ended));
            match (&job.end, inside) {
                (JobEnd::Open, _) => counts.open += 1,
                (_, Some(false)) => {}
                (JobEnd::Unknown { word }, Some(true) | None) => {
                    unclear.get_or_insert_with(|| match word.as_str() {
                        "" => "a job's status is not told".to_owned(),
                        word => format!("a job's status is `{word}`, which is not known"),
                    });
                }
                (_, None) => {
                    unclear.get_or_insert_with(|| "when a job ended is not told".to_owned());
                }
                (JobEnd::Succeeded, Some(true)) => counts.succeeded += 1,
                (JobEnd::Failed { error }, Some(true)) => {
                    counts.failed += 1;
                    if let Some(error) = error {
                        *errors.entry(error).or_default() += 1;
                    }
                }
            }
        }
        let errors = errors.into_iter();
        let mut errors: Vec<_> = errors
            .map(|(error, jobs)| (error.to_owned(), jobs))
            .collect();
        errors.sort_by_key(|(_, jobs)| std::cmp::Reverse(*jobs));
        Self {
            counts,
            extent: read.extent,
            errors,
            unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::RecipeJob;

    #[test]
    fn jobs_count_where_they_ended_in_the_time() {
        let failed = |error: &str| JobEnd::Failed {
            error: Some(error.to_owned()),
        };
        let unknown = |word: &str| JobEnd::Unknown {
            word: word.to_owned(),
        };
        let counted = |end: JobEnd, began: Option<u64>, ended: Option<u64>| {
            let job = RecipeJob {
                end,
                began: began.map(Timestamp),
                ended: ended.map(Timestamp),
            };
            let read = RecipeJobs {
                jobs: vec![job],
                extent: Extent::All,
            };
            let tally = RecipeTally::of(&read, &(Timestamp(10)..Timestamp(20)));
            let JobCounts {
                succeeded,
                failed,
                open,
            } = tally.counts;
            ([succeeded, failed, open], tally.unclear.is_some())
        };
        let nothing = ([0, 0, 0], false);
        for (end, began, ended, expected) in [
            (JobEnd::Succeeded, Some(9), Some(10), ([1, 0, 0], false)),
            (JobEnd::Succeeded, None, Some(19), ([1, 0, 0], false)),
            (JobEnd::Succeeded, Some(9), Some(9), nothing),
            (failed("x"), Some(19), Some(20), nothing),
            (failed("x"), Some(12), Some(13), ([0, 1, 0], false)),
            (failed("x"), Some(12), None, ([0, 0, 0], true)),
            (failed("x"), None, None, ([0, 0, 0], true)),
            (failed("x"), Some(20), None, nothing),
            (JobEnd::Open, Some(1), None, ([0, 0, 1], false)),
            (unknown("odd"), Some(12), Some(13), ([0, 0, 0], true)),
            (unknown(""), None, None, ([0, 0, 0], true)),
            (unknown("odd"), Some(1), Some(2), nothing),
        ] {
            assert_eq!(counted(end.clone(), began, ended), expected, "{end:?}");
        }
    }

    #[test]
    fn the_most_frequent_error_comes_first() {
        let job = |error: &str| RecipeJob {
            end: JobEnd::Failed {
                error: Some(error.to_owned()),
            },
            began: None,
            ended: Some(Timestamp(1)),
        };
        let read = RecipeJobs {
            jobs: ["c", "b", "a", "b"].map(job).into(),
            extent: Extent::AtLeast,
        };
        let tally = RecipeTally::of(&read, &(Timestamp(0)..Timestamp(2)));
        let errors: Vec<(&str, u64)> = tally
            .errors
            .iter()
            .map(|(error, jobs)| (error.as_str(), *jobs))
            .collect();
        assert_eq!(errors, [("b", 2), ("a", 1), ("c", 1)]);
        assert_eq!(tally.extent, Extent::AtLeast);
    }
}
