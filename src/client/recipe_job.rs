//! Jobs of recipes.
//!
//! What the platform answers is not in the documents that are at hand but for the limit (platform.md
//! §12), so whatever can be understood is, and what can't is told as unknown.

use std::collections::BTreeSet;

use super::account::AccountApi;
use super::answer::Node;
use super::error::ClientError;
use super::id::RecipeId;
use crate::model::job::{Extent, JobEnd, RecipeJob, RecipeJobs};
use crate::model::workspace::Timestamp;

/// So many pages of a recipe's jobs are read at most.
const PAGES: usize = 200;
/// So much of what is said of a failed job is kept, in bytes.
const LONGEST: usize = 300;

fn job(node: &Node<'_>) -> Result<RecipeJob, ClientError> {
    let word = node.optional_text("status")?.unwrap_or_default();
    let error = || {
        let said = ["error", "error_parts"]
            .iter()
            .find_map(|key| node.get(key));
        let said = said.map(|said| said.get("message").unwrap_or(said).said(LONGEST));
        said.filter(|said| !said.is_empty())
    };
    let end = match word.to_ascii_lowercase().as_str() {
        "succeeded" | "success" | "completed" => JobEnd::Succeeded,
        "failed" | "failure" | "error" => JobEnd::Failed { error: error() },
        "pending" | "running" | "processing" | "queued" | "waiting" | "deferred" => JobEnd::Open,
        _ => JobEnd::Unknown { word },
    };
    let moment = |key: &str| -> Result<Option<Timestamp>, ClientError> {
        let text = node.optional_text(key)?;
        Ok(text.and_then(|text| Timestamp::of_rfc3339(&text)))
    };
    Ok(RecipeJob {
        end,
        began: moment("started_at")?,
        ended: moment("completed_at")?,
    })
}

/// Whether jobs come with the newest first, and the last of them began before a moment.
fn reaches_before(jobs: &[RecipeJob], moment: Timestamp) -> bool {
    let began: Option<Vec<Timestamp>> = jobs.iter().map(|job| job.began).collect();
    began.is_some_and(|began| {
        let last = began.last().is_some_and(|last| *last < moment);
        last && began.is_sorted_by(|one, next| one >= next)
    })
}

impl AccountApi<'_> {
    /// The jobs of a recipe that began at a moment or later, page after page; some from before may be
    /// among them. A list of which nobody knows whether it ended there is not told to be all.
    ///
    /// # Errors
    /// As any question's; [`ClientError::Unauthorised`] where the token may not see jobs.
    pub fn jobs_since(&self, id: RecipeId, since: Timestamp) -> Result<RecipeJobs, ClientError> {
        let mut jobs: Vec<RecipeJob> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut last: Option<String> = None;
        for _ in 0..PAGES {
            let mut request = self.get(&format!("recipes/{id}/jobs"));
            if let Some(last) = &last {
                request = request.query("offset_job_id", last);
            }
            let answer = self.transport.answer(&request)?.accepted()?;
            let count = match answer.record("job_count") {
                Ok(counts) => counts.optional_id("job_count")?,
                Err(_) => None,
            };
            let listed = answer.list(&["items", "jobs"])?;
            let of_page = jobs.len();
            let mut repeated = None;
            let given = listed.len();
            for node in listed {
                let id = node.text("id")?;
                match seen.insert(id.clone()) {
                    true => {
                        jobs.push(job(&node)?);
                        last = Some(id);
                    }
                    false => repeated = Some(id),
                }
            }
            let new = jobs.get(of_page..).unwrap_or_default();
            // Where nothing is left, nothing comes, or the last one once more.
            let nothing_left = given == 0 || (given == 1 && repeated.is_some() && repeated == last);
            // Whether those that have not ended are counted is unknown.
            let ended = jobs.iter().filter(|job| job.end != JobEnd::Open).count();
            let all_seen = count.is_some_and(|count| count <= ended as u64);
            if nothing_left || all_seen || reaches_before(new, since) {
                return Ok(RecipeJobs {
                    jobs,
                    extent: Extent::All,
                });
            }
            if new.is_empty() {
                break;
            }
        }
        Ok(RecipeJobs {
            jobs,
            extent: Extent::AtLeast,
        })
    }
}
