//! Jobs of recipes, as a script has them (see [`super::super::recipe_jobs`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::recipe_jobs::{End, ScriptedJob};
use super::super::reply::{ErrorBody, Reply, Wrapped};
use super::super::route::{
    Answer, Api, Asked, Body, Kind, Method, Operation, Parameter, Scope, schema,
};
use super::account::Folders;
use super::recipes::held;

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}/jobs",
        scope: Scope::Own,
        summary: "The jobs of a recipe, the newest first: those of a script, since nothing is run here",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Jobs>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: jobs,
    },
    Operation {
        method: Method::GET,
        path: "/recipes/{recipe_id}/jobs",
        scope: Scope::Customer,
        summary: "The jobs of a customer's recipe, the newest first: those of a script",
        query: FILTERS,
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Jobs>>)),
            (404, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: jobs,
    },
];

const FILTERS: &[Parameter] = &[
    Parameter::of(
        "offset_job_id",
        Kind::Text,
        "A job: those that began before it are told",
    ),
    Parameter::of(
        "status",
        Kind::Word(&["succeeded", "failed", "pending"]),
        "What came of them",
    ),
];
/// So many are told at once.
const AT_ONCE: usize = 20;

/// The jobs of a recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Jobs {
    job_count: u64,
    job_succeeded_count: u64,
    job_failed_count: u64,
    items: Vec<JobBody>,
}

/// A job of a recipe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct JobBody {
    id: String,
    recipe_id: u64,
    status: End,
    started_at: String,
    completed_at: Option<String>,
    title: Option<String>,
    error: Option<String>,
    is_poll_error: bool,
    is_repeat: bool,
    calling_recipe_id: Option<u64>,
    calling_job_id: Option<String>,
    master_job_id: String,
}

/// What a job goes by.
fn name(recipe: u64, number: u64) -> String {
    format!("j-{recipe}-{number}")
}

fn jobs(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let recipe = held(asked, &asked.opened()?)?;
    let now = asked.sandbox.now();
    let (_, changed) = Folders::of(asked)?.times.of(recipe.id);
    let id = recipe.id.0;
    let rule = (asked.sandbox).job_rule(asked.workspace.as_str(), &recipe.key.name);
    let rule = rule.filter(|_| recipe.state.is_running());
    let count = rule.as_ref().map_or(0, |rule| rule.count(changed, now));
    let before = match asked.query.get("offset_job_id") {
        None => count,
        Some(last) => {
            let number = last.strip_prefix(&format!("j-{id}-"));
            let number = number.and_then(|number| number.parse::<u64>().ok());
            number.ok_or_else(Reply::not_found)?.min(count)
        }
    };
    let wanted = asked.query.get("status");
    let told = rule.iter();
    // Where no job ends so, none is looked for.
    let told = told.filter(|rule| {
        wanted.is_none_or(|wanted| rule.ends.iter().any(|end| end.as_str() == wanted))
    });
    let told = told.flat_map(|rule| {
        let numbers = (0..before).rev();
        numbers.filter_map(|number| rule.job(number, changed))
    });
    let told = told.filter(|job| wanted.is_none_or(|wanted| wanted == job.end.as_str()));
    let body = |job: ScriptedJob| JobBody {
        id: name(id, job.number),
        recipe_id: id,
        status: job.end,
        started_at: job.at.utc(),
        completed_at: (job.end != End::Pending).then(|| job.at.utc()),
        title: None,
        error: match job.end {
            End::Failed => Some(
                rule.as_ref()
                    .and_then(|rule| rule.error.clone())
                    .unwrap_or_else(|| "on purpose".to_owned()),
            ),
            End::Succeeded | End::Pending => None,
        },
        is_poll_error: false,
        is_repeat: false,
        calling_recipe_id: None,
        calling_job_id: None,
        master_job_id: name(id, job.number),
    };
    let ending = |end| rule.as_ref().map_or(0, |rule| rule.ending(count, end));
    let jobs = Jobs {
        job_count: count,
        job_succeeded_count: ending(End::Succeeded),
        job_failed_count: ending(End::Failed),
        items: told.take(AT_ONCE).map(body).collect(),
    };
    Ok(match asked.api {
        Api::Developer => Reply::ok(&jobs),
        Api::Embedded => Reply::wrapped(jobs),
    })
}
