//! Changes of shared connectors in a roll-out: they reach all customers at once.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::Visibility;
use crate::model::count::counted;
use crate::model::rollout::MemberNumber;
use crate::model::workspace::{RecipeState, Sharing, WorkspaceId};
use crate::plan::sharing::consequences::{AffectedRecipe, Consequence};
use crate::plan::sharing::{Step, Wish};

/// What the wave of shared connectors is called.
pub(super) const WAVE: &str = "shared connectors";

/// What becomes of shared connectors, and what that means for customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedConnectors {
    /// The member that stands for the admin workspace.
    pub member: MemberNumber,
    /// The changes, in their order.
    pub changes: Vec<Consequence>,
}

impl PlannedConnectors {
    /// How many recipes that run get another version.
    pub fn moves(&self) -> usize {
        let moves = self.changes.iter().flat_map(Consequence::moves);
        moves.map(|using| using.recipes.len()).sum()
    }
}

/// Whether shared connectors change before the imports or after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorsWhen {
    /// Before all waves of customers.
    Before,
    /// After them.
    After,
}

/// What is to become of shared connectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedConnectors {
    /// When.
    pub when: ConnectorsWhen,
    /// The admin workspace's number.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The changes, in their order.
    pub changes: Vec<Consequence>,
}

/// The wish that a planned change fulfils, with its version; nothing for one that shares no longer.
pub fn wish(step: &Step) -> Option<Wish> {
    let after = step.after?;
    Some(match step.before {
        Some(before) if before.version != after.version => Wish::Switch(after.version),
        Some(Sharing { visibility, .. }) if visibility == after.visibility => {
            Wish::Switch(after.version)
        }
        Some(_) | None => Wish::Share {
            version: Some(after.version),
            visibility: after.visibility,
        },
    })
}

/// Why the review of a planned change does not cover the same change as it was found later, if it
/// does not: recipes come, go, start and stop, and only what is worse counts.
pub fn uncovered(planned: &Consequence, found: &Consequence) -> Option<String> {
    let title = &planned.step.title;
    let agrees = match (planned.step.before, found.step.before) {
        (None, None) => true,
        (Some(planned), Some(found)) => planned.agrees_with(found),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !agrees {
        return Some(format!(
            "\"{title}\" is {} by now, and the plan was made when it was {}",
            shared(found.step.before),
            shared(planned.step.before)
        ));
    }
    let in_use = found.in_use();
    if let Some(first) = in_use.first() {
        return Some(format!(
            "running recipes of {} would lose \"{title}\"",
            first.customer
        ));
    }
    if planned.moves().is_empty()
        && let Some(first) = found.moves().first()
    {
        return Some(format!(
            "{} of {} would run another version of \"{title}\", and the plan was made when no recipe would",
            counted(first.recipes.len() as u64, "running recipe"),
            first.customer
        ));
    }
    let known: BTreeSet<_> = missed(planned).map(|(_, key)| key).collect();
    let (recipe, (customer, _, name)) = missed(found).find(|(_, key)| !known.contains(key))?;
    Some(format!(
        "recipe {} of {customer} uses `{name}`, which \"{title}\" does not have as it had, and the plan did not say so",
        recipe.id
    ))
}

/// What running recipes would miss.
fn missed(
    consequence: &Consequence,
) -> impl Iterator<Item = (&AffectedRecipe, (String, u64, &str))> {
    consequence.customers.iter().flat_map(|affected| {
        let recipes = affected.recipes.iter();
        let running = recipes.filter(|recipe| recipe.state == RecipeState::Running);
        running.flat_map(move |recipe| {
            recipe.misses.iter().map(move |missed| {
                let customer = affected.customer.to_string();
                (recipe, (customer, recipe.id.0, missed.name.as_str()))
            })
        })
    })
}

/// How a connector is shared, in words.
fn shared(sharing: Option<Sharing>) -> String {
    match sharing {
        None => "not shared".to_owned(),
        Some(Sharing {
            version,
            visibility,
        }) => match visibility {
            Visibility::Closed => format!("shared in {version}, closed-source"),
            Visibility::Open | Visibility::Unknown => format!("shared in {version}"),
        },
    }
}
