//! A version of a shared connector that some customers try before all get it.
//!
//! Sharing reaches everybody at once. So those of the ring get the version as a connector of their own
//! first, with connections of its own; then their recipes use it; then what is shared changes, for
//! everybody; and then they get the packages as everybody does, whose recipes use the shared one again.
//! No step begins before each of the ring is as planned by the one before it, or a person skipped it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Candidate, ChangedConnectors, Held, RolloutError, RolloutPackage, RolloutPlan, Waves};
use crate::model::ident::Version;
use crate::model::keyword::keyword_enum;
use crate::model::rollout::MemberNumber;
use crate::model::workspace::{FolderPath, Label};
use crate::plan::export::canary::{CanaryConnection, CanaryNames};
use crate::settings::{FilledConnection, ResolvedSettings};

/// How many waves of the ring come before what is shared changes.
pub(super) const TRYING: usize = 2;

keyword_enum! {
    /// What a member of a roll-out gets.
    #[derive(Default)]
    pub enum Brings: "word" {
        /// The packages, as everybody gets them.
        #[default]
        Packages = "packages",
        /// The connector that is tried, with its connections: nothing that runs changes.
        CanaryConnector = "canary-connector",
        /// The packages, whose recipes use the connector that is tried.
        CanaryPackages = "canary-packages",
    }
}

impl Brings {
    /// Whether it gets what everybody gets.
    pub fn is_usual(&self) -> bool {
        *self == Self::Packages
    }
}

/// What is tried, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCanary {
    /// The label of those who try it.
    #[schemars(with = "String")]
    pub ring: Label,
    /// What the connector is called, and how recipes spell it.
    #[serde(flatten)]
    pub names: CanaryNames,
    /// The version that customers run.
    pub from: Version,
    /// The version that is tried.
    pub version: Version,
    /// What brings the connector and its connections, in this order.
    pub connectors: Vec<RolloutPackage>,
    /// What is brought in place of the packages, in their order. One that does not use the connector is
    /// the package itself.
    pub packages: Vec<RolloutPackage>,
    /// The shared connector's connections in the packages, and what those of the one that is tried are
    /// called.
    pub connections: Vec<CanaryConnection>,
    /// What these need in the ring's workspaces.
    pub needs: Vec<RingConnection>,
    /// Where the shared connector's name stands and means something that is not known, so that it was
    /// left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

impl PlannedCanary {
    /// Makes of what settings say what holds for a step. What they say of a connection of the shared
    /// connector holds for the one that is tried, unless they name that one, too.
    ///
    /// # Errors
    /// If they have the packages use another connection instead: it is none of the connector that is
    /// tried.
    pub fn settle(&self, brings: Brings, settings: &mut ResolvedSettings) -> Result<(), String> {
        let of = |key: &str, name: fn(&CanaryConnection) -> &str| {
            let called = |one: &&CanaryConnection| {
                let rest = key.strip_suffix(name(one));
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            };
            self.connections.iter().find(called)
        };
        let said = std::mem::take(&mut settings.connections);
        let (own, said): (BTreeMap<_, _>, BTreeMap<_, _>) = said
            .into_iter()
            .partition(|(key, _)| of(key, |one| &one.canary).is_some());
        if brings == Brings::Packages {
            settings.connections = said;
            return Ok(());
        }
        let mut connections = BTreeMap::new();
        for (key, said) in said {
            let Some(one) = of(&key, |one| &one.name) else {
                if brings == Brings::CanaryPackages {
                    connections.insert(key, said);
                }
                continue;
            };
            let folder = key.strip_suffix(one.name.as_str()).unwrap_or_default();
            let key = format!("{folder}{}", one.canary);
            if let FilledConnection::Use(_) = said.value
                && !own.contains_key(&key)
            {
                return Err(format!(
                    "{}: another connection is used in place of \"{}\", and it is none of the connector that is tried: say what is used in place of \"{}\"",
                    said.at, one.name, one.canary
                ));
            }
            connections.insert(key, said);
        }
        connections.extend(own);
        settings.connections = connections;
        if brings == Brings::CanaryConnector {
            settings.properties.clear();
            settings.tables.clear();
            settings.recipes.clear();
            settings.endpoints.clear();
            settings.edits.clear();
        }
        Ok(())
    }

    /// What stays with the ring after the last step, in words: nothing is ever deleted.
    pub fn stays(&self) -> String {
        let connections = match self.connections.as_slice() {
            [] => String::new(),
            [one] => format!(" and its connection \"{}\"", one.canary),
            several => format!(" and its {} connections", several.len()),
        };
        format!(
            "\"{}\"{connections} stay there, and nothing uses them",
            self.names.title
        )
    }
}

/// A connection of the connector that is tried, in the workspace of somebody of the ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RingConnection {
    /// Whose it is, by the first of its numbers.
    pub member: MemberNumber,
    /// Its name.
    pub name: String,
    /// Its folder; empty for Home.
    pub folder: FolderPath,
    /// What it needs.
    pub needs: ConnectionNeeds,
}

keyword_enum! {
    /// What a connection of the connector that is tried needs.
    pub enum ConnectionNeeds: "word" {
        /// The roll-out makes it, and somebody has to authorize it: it is another connector's than the
        /// one that is there.
        New = "new",
        /// It is there, and nobody authorized it.
        Authorization = "authorization",
        /// Settings authorize it.
        Settings = "settings",
        /// It is there and authorized.
        Nothing = "nothing",
    }
}

/// What is to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryRequest {
    /// What is tried, by whom.
    pub planned: PlannedCanary,
    /// What becomes of the shared connector afterwards.
    pub change: ChangedConnectors,
}

/// Whether a plan's canary has as many packages as the plan, and somebody who tries it.
pub(super) fn is_whole(plan: &RolloutPlan) -> bool {
    let tries = |brings| plan.members.iter().any(|member| member.brings == brings);
    match &plan.canary {
        Some(canary) => canary.packages.len() == plan.packages.len(),
        None => !tries(Brings::CanaryConnector) && !tries(Brings::CanaryPackages),
    }
}

type Placed = Vec<(String, Vec<Candidate>, Brings)>;

/// Puts the ring into its waves, and everybody else into the others, behind them. Who is held from the
/// beginning tries nothing.
///
/// # Errors
/// If nobody tries it, or a wave would have no members.
pub(super) fn place(
    canary: &PlannedCanary,
    waves: &Waves,
    customers: Vec<Candidate>,
) -> Result<Placed, RolloutError> {
    let ring = &canary.ring;
    let (tries, others): (Vec<_>, Vec<_>) = customers
        .into_iter()
        .partition(|customer| is_of(ring, customer) && !is_held(customer));
    if tries.is_empty() {
        return Err(nobody(ring, &others));
    }
    let steps = [
        ("canary connector", Brings::CanaryConnector),
        ("canary", Brings::CanaryPackages),
        ("back", Brings::Packages),
    ];
    let steps = steps.map(|(step, brings)| (format!("{ring}, {step}"), tries.clone(), brings));
    let mut placed = Vec::from(steps);
    if !others.is_empty() {
        let others = waves.place(others)?.into_iter();
        placed.extend(others.map(|(asked, of_wave)| (asked, of_wave, Brings::Packages)));
    }
    Ok(placed)
}

/// Whether somebody tries it.
///
/// # Errors
/// If nobody does.
pub fn is_tried(ring: &Label, customers: &[Candidate]) -> Result<(), RolloutError> {
    let mut customers_of = customers.iter();
    match customers_of.any(|customer| is_of(ring, customer) && !is_held(customer)) {
        true => Ok(()),
        false => Err(nobody(ring, customers)),
    }
}

fn nobody(ring: &Label, customers: &[Candidate]) -> RolloutError {
    let mut held = customers.iter().filter(|customer| is_of(ring, customer));
    let why = match held.next().and_then(|first| first.held.as_ref()) {
        Some(held) => format!("each customer with this label is held: {}", held.why),
        None => "no customer has this label".to_owned(),
    };
    RolloutError::NoRing {
        ring: ring.to_string(),
        why,
    }
}

/// Whether a customer is of the ring.
pub fn is_of(ring: &Label, customer: &Candidate) -> bool {
    customer.labels.get(&ring.key) == Some(&ring.value)
}

/// Whether a customer is held from the beginning, and tries nothing.
fn is_held(customer: &Candidate) -> bool {
    customer.held.as_ref().is_some_and(Held::is_at_first)
}
