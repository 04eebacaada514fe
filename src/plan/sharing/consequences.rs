//! What a change of what is shared means for customers: who is concerned, and what their recipes
//! would miss.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Step;
use crate::connector_source::compare::{InterfaceDiff, Verdict, compare};
use crate::connector_source::wording::harm;
use crate::connector_source::{Completeness, Interface};
use crate::model::facts::Facts;
use crate::model::ident::{DataCenter, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::reference::{ActionKind, Activity};
use crate::model::workspace::{
    Address, AssetId, CustomerUse, FolderPath, Partnership, RecipeState,
};

/// What one step means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consequence {
    /// The step.
    pub step: Step,
    /// How many customers have the connector afterwards.
    pub reaches: usize,
    /// How the code of both versions compares.
    pub interface: Compared,
    /// The customers whose recipes use the connector, in the order of their names.
    pub customers: Vec<Affected>,
}

/// How the code of the version that customers ran compares with that of the version that they get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// What the difference does to recipes in general; absent if it can't be told, or there are not
    /// two versions.
    pub verdict: Option<Verdict>,
    /// Why it can't be told whether recipes miss something.
    pub unknown: Option<String>,
}

/// A customer whose recipes use the connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Affected {
    /// The customer's workspace.
    pub customer: Address,
    /// The data center it lives in.
    pub data_center: DataCenter,
    /// The version that its recipes ran; none if it did not have the connector.
    pub before: Option<Version>,
    /// The version that they run from then on; none if it does not have the connector.
    pub after: Option<Version>,
    /// The recipes, in the order of folders and names.
    pub recipes: Vec<AffectedRecipe>,
}

/// A recipe that uses the connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AffectedRecipe {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// The folder that holds it; empty for Home.
    pub folder: FolderPath,
    /// Whether it runs.
    pub state: RecipeState,
    /// The actions and triggers it uses that the other version lacks, or may lack, or has changed
    /// so that recipes break, or may break.
    pub misses: Vec<Missed>,
}

keyword_enum! {
    /// What a recipe uses of a connector.
    pub enum OperationKind: "kind of operation" {
        /// A trigger.
        Trigger = "trigger",
        /// An action.
        Action = "action",
    }
}

/// An action or trigger that a recipe uses and would miss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Missed {
    /// Which of the two it is.
    pub kind: OperationKind,
    /// Its name.
    pub name: String,
    /// The steps that use it, by their numbers; the trigger is 0.
    pub steps: Vec<u32>,
    /// How sure that is.
    pub verdict: Verdict,
    /// What is the matter with it.
    pub because: Vec<String>,
}

/// A recipe of a customer that keeps a step from being taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse<'c> {
    /// The customer.
    pub customer: &'c Address,
    /// Its recipes that run and would lose the connector.
    pub recipes: Vec<&'c AffectedRecipe>,
}

/// Why the interface of a version of a connector is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceUnknown {
    /// Its code is nowhere at hand.
    #[error("its code is not known")]
    NoCode,
    /// Its code can't be read as a connector's.
    #[error("{0}")]
    Unreadable(String),
}

/// Gives the interface of a version of a connector, or why it is not known.
pub type Interfaces<'k> =
    dyn Fn(&InternalName, Version) -> Result<&'k Interface, InterfaceUnknown> + 'k;

/// What is known of code and recipes.
pub struct Known<'k> {
    /// The interfaces of versions.
    pub interfaces: &'k Interfaces<'k>,
    /// The facts of recipes, by the digest of their JSON.
    pub recipes: &'k BTreeMap<Digest, Facts>,
}

impl Consequence {
    /// What a step means.
    pub fn of(partnership: &Partnership, step: &Step, known: &Known<'_>) -> Self {
        let (compared, judge) = Judge::of(step, known.interfaces);
        let mut customers: BTreeMap<usize, Affected> = BTreeMap::new();
        for using in partnership.users_of(&step.internal_name) {
            let Some(customer) = partnership.customers.get(using.customer) else {
                continue;
            };
            let affected = customers.entry(using.customer).or_insert_with(|| Affected {
                customer: customer.address.clone(),
                data_center: customer.data_center.clone(),
                before: partnership.version_at(customer, step.before),
                after: partnership.version_at(customer, step.after),
                recipes: Vec::new(),
            });
            let misses = match affected.after {
                Some(_) => judge.misses(step, using, known),
                None => Vec::new(),
            };
            affected.recipes.push(AffectedRecipe {
                id: using.recipe.id,
                name: using.recipe.key.name.to_string(),
                folder: using.recipe.key.place.folder(),
                state: using.recipe.state,
                misses,
            });
        }
        let mut customers: Vec<Affected> = customers.into_values().collect();
        for customer in &mut customers {
            customer
                .recipes
                .sort_by(|a, b| (&a.folder, &a.name, a.id).cmp(&(&b.folder, &b.name, b.id)));
        }
        let reached = partnership.customers.iter();
        Self {
            step: step.clone(),
            reaches: reached
                .filter(|customer| partnership.version_at(customer, step.after).is_some())
                .count(),
            interface: compared,
            customers,
        }
    }

    /// The running recipes that would lose the connector, by customer.
    pub fn in_use(&self) -> Vec<InUse<'_>> {
        self.running(|affected| affected.before.is_some() && affected.after.is_none())
    }

    /// The running recipes that would run another version, by customer.
    pub fn moves(&self) -> Vec<InUse<'_>> {
        self.running(|affected| {
            let (before, after) = (affected.before, affected.after);
            before.is_some() && after.is_some() && before != after
        })
    }

    fn running(&self, concerned: impl Fn(&Affected) -> bool) -> Vec<InUse<'_>> {
        let running = |recipe: &&AffectedRecipe| recipe.state == RecipeState::Running;
        let concerned = self.customers.iter().filter(|affected| concerned(affected));
        let using = concerned.map(|affected| InUse {
            customer: &affected.customer,
            recipes: affected.recipes.iter().filter(running).collect(),
        });
        using.filter(|using| !using.recipes.is_empty()).collect()
    }
}

/// Whether the recipes that use a connector have to be looked into for a step: only code that is
/// known can lack something.
pub fn looks_into_recipes(step: &Step, interfaces: &Interfaces<'_>) -> bool {
    match Judge::of(step, interfaces).1 {
        Judge::Nothing => false,
        Judge::Existence(_) => true,
        Judge::Difference(_, diff) => diff.verdict != Verdict::Compatible,
    }
}

/// How it is decided what recipes miss.
enum Judge<'k> {
    /// It is not.
    Nothing,
    /// The new version alone is known: what it lacks.
    Existence(&'k Interface),
    /// Both are known: what became worse, and what the new one lacks.
    Difference(&'k Interface, InterfaceDiff),
}

impl<'k> Judge<'k> {
    fn of(step: &Step, interfaces: &Interfaces<'k>) -> (Compared, Self) {
        let nothing = |unknown: Option<String>| {
            let compared = Compared {
                verdict: None,
                unknown,
            };
            (compared, Self::Nothing)
        };
        let before = step.before.map(|sharing| sharing.version);
        let Some(after) = step.after.map(|sharing| sharing.version) else {
            return nothing(None);
        };
        if before == Some(after) {
            return nothing(None);
        }
        let interface = |version| {
            interfaces(&step.internal_name, version).map_err(|why| format!("{version}: {why}"))
        };
        let new = match interface(after) {
            Ok(new) => new,
            Err(why) => return nothing(Some(why)),
        };
        match before.map(interface) {
            None => (
                Compared {
                    verdict: None,
                    unknown: None,
                },
                Self::Existence(new),
            ),
            Some(Err(why)) => (
                Compared {
                    verdict: None,
                    unknown: Some(why),
                },
                Self::Existence(new),
            ),
            Some(Ok(old)) => {
                let diff = compare(old, new);
                let compared = Compared {
                    verdict: Some(diff.verdict),
                    unknown: None,
                };
                (compared, Self::Difference(new, diff))
            }
        }
    }

    fn misses(&self, step: &Step, using: &CustomerUse, known: &Known<'_>) -> Vec<Missed> {
        let facts = using
            .content
            .and_then(|content| known.recipes.get(&content));
        let Some(recipe) = facts.and_then(Facts::recipe) else {
            return Vec::new();
        };
        let mut used: BTreeMap<(OperationKind, &str), Vec<u32>> = BTreeMap::new();
        for action in &recipe.actions {
            let own = *action.provider == *step.internal_name.as_str();
            if own && action.step.activity == Activity::Active {
                let kind = match action.kind {
                    ActionKind::Trigger => OperationKind::Trigger,
                    ActionKind::Action => OperationKind::Action,
                };
                let steps = used.entry((kind, &*action.name)).or_default();
                steps.push(action.step.number);
            }
        }
        used.into_iter()
            .filter_map(|((kind, name), steps)| {
                let (verdict, because) = self.verdict(kind, name)?;
                Some(Missed {
                    kind,
                    name: name.to_owned(),
                    steps,
                    verdict,
                    because,
                })
            })
            .collect()
    }

    /// What is the matter with an operation that a recipe uses, if anything is.
    fn verdict(&self, kind: OperationKind, name: &str) -> Option<(Verdict, Vec<String>)> {
        let (new, diff) = match self {
            Self::Nothing => return None,
            Self::Existence(new) => (new, None),
            Self::Difference(new, diff) => (new, Some(diff)),
        };
        let there = match kind {
            OperationKind::Trigger => &new.triggers,
            OperationKind::Action => &new.actions,
        };
        if !there.contains_key(name) {
            return Some(match &new.completeness {
                Completeness::Whole => (Verdict::Breaking, vec!["is not there".to_owned()]),
                Completeness::Partly { why, line } => (
                    Verdict::CantTell,
                    vec![format!("may not be there: {why} (line {line})")],
                ),
            });
        }
        let changed = diff.and_then(|diff| match kind {
            OperationKind::Trigger => diff.triggers.get(name),
            OperationKind::Action => diff.actions.get(name),
        })?;
        match changed.verdict {
            Verdict::Compatible => None,
            verdict @ (Verdict::CantTell | Verdict::Breaking) => Some((verdict, harm(changed))),
        }
    }
}
