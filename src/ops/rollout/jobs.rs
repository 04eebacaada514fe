//! What customers' recipes did since a roll-out reached them.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GoesOn, Members, RunError, Runner, Told, Unreachable};
use crate::ledger::{Ledger, LedgerError, Written};
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::job::Extent;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus, WaveNumber};
use crate::model::workspace::{Address, AssetId, FolderPath, Timestamp};
use crate::ops::Running;
use crate::plan::rollout::gate::{Deciding, FoundJobs, JobsGate, SeenJobs};
use crate::plan::rollout::jobs::{JobCounts, RecipeTally};
use crate::plan::rollout::progress::{Ending, Hold, ReceivedRecipe};
use crate::plan::rollout::{PlannedMember, RolloutPlan};
use crate::workspace::{Workspace, WorkspaceError};

/// So many errors of a recipe are told.
const ERRORS: usize = 5;
/// So many members' jobs are read before it is looked again what is next.
const READ_AT_ONCE: usize = 50;
/// So many characters of a reason are written down.
const LONGEST: usize = 400;

/// What `rollout jobs` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RolloutJobsDocument {
    /// The roll-out.
    pub id: RolloutId,
    /// Until when jobs are told.
    pub until: Timestamp,
    /// How many jobs there were, as far as that is known.
    #[serde(flatten)]
    pub counts: JobCounts,
    /// Of how many customers not everything is known.
    pub unknown: usize,
    /// The customers that have what the roll-out brings.
    pub members: Vec<MemberJobs>,
}

/// What the jobs of a customer came to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MemberJobs {
    /// Its number.
    pub number: MemberNumber,
    /// Its wave.
    pub wave: WaveNumber,
    /// Where its workspace is.
    pub address: Address,
    /// The workspace's name.
    pub name: String,
    /// From when on jobs are told: when the roll-out had reached it.
    pub from: Timestamp,
    /// The recipes that the roll-out left there.
    pub recipes: Vec<RecipeJobsLine>,
    /// Why nothing else is known of it, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// What the jobs of a recipe came to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecipeJobsLine {
    /// Its number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    pub folder: FolderPath,
    /// How many there were, as far as that is known.
    #[serde(flatten)]
    pub counts: JobCounts,
    /// Whether these are all.
    pub extent: Extent,
    /// What the platform said of those that failed, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<JobError>,
    /// Why not everything is known of it, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// What was said of jobs that failed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JobError {
    /// What.
    pub error: String,
    /// Of how many.
    pub jobs: u64,
}

impl MemberJobs {
    /// How many jobs there were, as far as that is known.
    pub fn counts(&self) -> JobCounts {
        let mut counts = JobCounts::default();
        for recipe in &self.recipes {
            counts.add(recipe.counts);
        }
        counts
    }

    /// Why not everything is known of it, if that is so.
    pub fn why_unknown(&self) -> Option<String> {
        let of_recipe = |recipe: &RecipeJobsLine| {
            let why = recipe.unknown.as_ref()?;
            Some(format!("recipe \"{}\": {why}", recipe.name))
        };
        let whole = self.unknown.clone();
        whole.or_else(|| self.recipes.iter().find_map(of_recipe))
    }
}

/// Reads what the jobs came to of all who have what a roll-out brings, from when it had reached them
/// until now. Nothing is changed.
///
/// # Errors
/// If the ledger can't be read.
pub fn jobs_of(
    ledger: &dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
    members: &mut dyn Members,
    running: &Running,
) -> Result<RolloutJobsDocument, LedgerError> {
    let progress = ledger.progress(id)?;
    let endings = ledger.endings(id)?;
    let until = ledger.now()?;
    let mut told = Vec::new();
    for (number, ending) in &endings {
        let reached = progress.members.get(number.index());
        let Some(from) = reached.and_then(JobsGate::reached) else {
            continue;
        };
        let Some(member) = plan.member(*number) else {
            continue;
        };
        // It stands for the admin workspace, where nothing was imported.
        if plan.connectors_of(*number).is_some() || running.interrupt.is_set() {
            continue;
        }
        told.push(member_jobs(
            members,
            member,
            ending,
            &(from..until),
            running,
        ));
    }
    let mut counts = JobCounts::default();
    for member in &told {
        counts.add(member.counts());
    }
    let unknown = told.iter().filter(|member| member.why_unknown().is_some());
    Ok(RolloutJobsDocument {
        id: id.clone(),
        until,
        counts,
        unknown: unknown.count(),
        members: told,
    })
}

/// Reads what the jobs of some of these members came to, and writes that down. Whoever else reads the
/// same does no harm: what is written first counts.
pub(super) fn read_jobs(
    ledger: &mut dyn Ledger,
    runner: &Runner<'_>,
    members: &mut dyn Members,
    running: &Running,
    mut unread: Vec<MemberNumber>,
) -> Result<GoesOn, RunError> {
    let Some(gate) = runner.plan.jobs else {
        return Ok(GoesOn::Yes);
    };
    // Each runner begins elsewhere, so that few are read twice.
    let name = Digest::of(runner.runner.0.as_bytes());
    let name = name.as_bytes().iter().take(4);
    let begins = name.fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    let length = unread.len().max(1);
    unread.rotate_left(begins % length);
    let endings: BTreeMap<MemberNumber, _> = ledger.endings(runner.id)?.into_iter().collect();
    for number in unread.into_iter().take(READ_AT_ONCE) {
        let progress = ledger.progress(runner.id)?;
        let made = progress.members.get(number.index());
        let made = made.filter(|made| made.jobs.is_none());
        let reached = made.and_then(|made| Some((made.attempt, JobsGate::reached(made)?)));
        let (Some(member), Some((attempt, reached))) = (runner.plan.member(number), reached) else {
            continue;
        };
        // Orders win.
        if progress.status != RolloutStatus::Running {
            return Ok(GoesOn::Yes);
        }
        let time = reached..gate.until(reached);
        let now = ledger.now()?;
        let ending = endings.get(&number);
        let seen = seen_jobs(members, member, ending, time, now, running);
        if running.interrupt.is_set() {
            return Ok(GoesOn::Interrupted);
        }
        members.told(member, Told::Jobs(&seen));
        loop {
            let progress = ledger.progress(runner.id)?;
            let now = ledger.now()?;
            let step = progress.saw_jobs(number, attempt, seen.clone(), &runner.runner, now);
            let Ok(step) = step else {
                break;
            };
            if ledger.write(runner.id, &step)? == Written::Kept {
                break;
            }
        }
    }
    Ok(GoesOn::Yes)
}

/// Reads what the jobs of a member came to in the time that counts for a gate. Nothing of them but
/// how many there were is written down.
fn seen_jobs(
    members: &mut dyn Members,
    member: &PlannedMember,
    ending: Option<&Ending>,
    time: Range<Timestamp>,
    now: Timestamp,
    running: &Running,
) -> SeenJobs {
    let found = match ending {
        None => FoundJobs::Unknown("what the roll-out left there is not known".to_owned()),
        Some(ending) => {
            let told = member_jobs(members, member, ending, &time, running);
            match told.why_unknown() {
                None => FoundJobs::Known(told.counts()),
                Some(why) => FoundJobs::Unknown(shortened(why)),
            }
        }
    };
    SeenJobs {
        from: time.start,
        until: time.end,
        read_at: now,
        found,
        counts: Deciding::Decides,
    }
}

/// The beginning of a reason that is long.
fn shortened(mut why: String) -> String {
    if let Some((end, _)) = why.char_indices().nth(LONGEST) {
        why.truncate(end);
        why.push('…');
    }
    why
}

/// What the jobs of a customer came to.
fn member_jobs(
    members: &mut dyn Members,
    member: &PlannedMember,
    ending: &Ending,
    time: &Range<Timestamp>,
    running: &Running,
) -> MemberJobs {
    let mut recipes = Vec::new();
    let read = read(members, member, ending, time, running, &mut recipes);
    let unknown = read.err();
    MemberJobs {
        number: member.number,
        wave: member.wave,
        address: member.address.clone(),
        name: member.name.clone(),
        from: time.start,
        recipes,
        unknown,
    }
}

/// Reads recipe after recipe, as far as that goes.
fn read(
    members: &mut dyn Members,
    member: &PlannedMember,
    ending: &Ending,
    time: &Range<Timestamp>,
    running: &Running,
    lines: &mut Vec<RecipeJobsLine>,
) -> Result<(), String> {
    let mut wanted: Vec<&ReceivedRecipe> = Vec::new();
    for receipt in &ending.receipts {
        let recipes = receipt.recipes.as_ref().ok_or(
            "which recipes the roll-out left there was not written down: an earlier version of recipack did it",
        )?;
        wanted.extend(recipes);
    }
    if ending.receipts.is_empty() {
        return Err("what the roll-out left there is not known".to_owned());
    }
    let looking = Hold::to_look(member.number);
    let mut reached = members.reach(member, &looking).map_err(Unreachable::why)?;
    let workspace = reached.workspace();
    for recipe in wanted {
        if running.interrupt.is_set() {
            return Err("interrupted".to_owned());
        }
        lines.push(recipe_line(workspace, recipe, time)?);
    }
    Ok(())
}

/// What the jobs of a recipe came to.
///
/// # Errors
/// Why no other recipe of the workspace need be asked for, either.
fn recipe_line(
    workspace: &dyn Workspace,
    recipe: &ReceivedRecipe,
    time: &Range<Timestamp>,
) -> Result<RecipeJobsLine, String> {
    let mut line = RecipeJobsLine {
        id: recipe.id,
        name: recipe.name.clone(),
        folder: recipe.folder.clone(),
        counts: JobCounts::default(),
        extent: Extent::AtLeast,
        errors: Vec::new(),
        unknown: None,
    };
    let Some(id) = recipe.id else {
        line.unknown = Some("its number is not known".to_owned());
        return Ok(line);
    };
    let tally = match workspace.jobs(id, time.start) {
        Ok(Some(jobs)) => RecipeTally::of(&jobs, time),
        Ok(None) => return Err("recipes are not run in the local platform".to_owned()),
        Err(error) if is_gone(&error) => {
            line.unknown = Some("it is not there any more".to_owned());
            return Ok(line);
        }
        Err(error) => return Err(why(&error)),
    };
    let errors = tally.errors.into_iter().take(ERRORS);
    line.errors = errors
        .map(|(error, jobs)| JobError { error, jobs })
        .collect();
    line.counts = tally.counts;
    line.extent = tally.extent;
    line.unknown = tally.unclear;
    if line.unknown.is_none() && line.extent == Extent::AtLeast {
        line.unknown = Some("it may have more jobs than were told".to_owned());
    }
    Ok(line)
}

/// Whether there is no such recipe.
const fn is_gone(error: &WorkspaceError) -> bool {
    match error {
        #[cfg(feature = "remote")]
        WorkspaceError::Remote(remote) => matches!(
            **remote,
            crate::workspace::remote::RemoteError::Api(crate::client::ClientError::NotFound { .. })
        ),
        _ => false,
    }
}

/// Why jobs can't be read, with the right that is missing if one is.
fn why(error: &WorkspaceError) -> String {
    let told = chain(error);
    #[cfg(feature = "remote")]
    if let WorkspaceError::Remote(remote) = error
        && let crate::workspace::remote::RemoteError::Api(error) = remote.as_ref()
        && let crate::client::ClientError::Unauthorised { .. } = error
        && let Some(help) = error.help()
    {
        return format!("{told}; {help}");
    }
    told
}
