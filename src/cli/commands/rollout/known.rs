//! What is known of customers before anything is sent: by their settings, by what is shared with
//! them, and by a look at them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::earlier::Earlier;
use super::members::Reachable;
use crate::cli::args::{RolloutPlanArgs, SettingsArgs};
use crate::cli::commands::import::request;
use crate::cli::connect::rates as rates_of;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings;
use crate::cli::workspace_command::{Asked, Subject};
use crate::cli::{Context, Stop};
use crate::model::catalogue::Catalogue;
use crate::model::count::counted;
use crate::model::ident::DataCenter;
use crate::model::kind::AssetKind;
use crate::model::workspace::{Address, FolderPath};
use crate::ops::import::Incoming;
use crate::ops::import::needs::needs;
use crate::ops::rollout::{Seen, look, unshared};
use crate::plan::import::document::Permission;
use crate::plan::rollout::estimate::{Work, estimate};
use crate::plan::rollout::{
    Brings, Candidate, ChangedConnectors, ConnectorsWhen, Estimate, Having, Held, PlannedMember,
    RolloutPackage, RolloutPlan, UnsharedConnector,
};
use crate::settings::{ConnectionWish, RecipeWish, Resolved, Scope, SettingsFile};
use crate::workspace::WorkspaceError;

/// A package of a roll-out, read.
pub(super) struct Read {
    pub(super) incoming: Incoming,
    pub(super) planned: RolloutPackage,
    /// Where it lies on this machine.
    pub(super) path: PathBuf,
}

/// The sections of settings that are about somebody: labels, and names of a customer.
type Sections = (Vec<String>, Vec<String>);
/// What is done for a customer, and what nobody filled in for it.
type Told = (Work, Option<String>);

/// What settings do for customers.
pub(super) struct BySettings<'s> {
    files: &'s [SettingsFile],
    packages: &'s [Read],
    /// How many recipes each package has.
    recipes: Vec<usize>,
    /// Customers for whom the same is said.
    known: BTreeMap<Sections, Told>,
}

impl<'s> BySettings<'s> {
    pub(super) fn of(files: &'s [SettingsFile], packages: &'s [Read]) -> Result<Self, Failure> {
        let mut recipes = Vec::new();
        for package in packages {
            recipes.push(needs(&package.incoming.opened)?.recipes.len());
        }
        Ok(Self {
            files,
            packages,
            recipes,
            known: BTreeMap::new(),
        })
    }

    /// What is done for a customer, and what nobody filled in for it.
    pub(super) fn for_customer(&mut self, customer: &Candidate) -> Result<&Told, Failure> {
        let labels = customer.labels.iter();
        let labels = labels.map(|(key, value)| format!("{key}={value}"));
        // Nothing needs to be said for a label that a customer has.
        let labels: Vec<String> = labels
            .filter(|label| settings::mentions_label(self.files, label))
            .collect();
        let mut names = vec![customer.name.clone()];
        if let Address::Remote(_) = customer.address {
            names.push(customer.workspace.to_string());
        }
        names.extend(customer.external_id.clone());
        names.retain(|name| self.mentions(name));
        let key = (labels, names);
        if !self.known.contains_key(&key) {
            let told = self.told(&key.0, &key.1)?;
            self.known.insert(key.clone(), told);
        }
        self.known
            .get(&key)
            .ok_or_else(|| anyhow::anyhow!("what was put in is there").into())
    }

    fn mentions(&self, name: &str) -> bool {
        let sections = self.files.iter().flat_map(|file| &file.sections);
        let mut scopes = sections.map(|(scope, _)| scope);
        scopes.any(|scope| match scope {
            Scope::Customer(customer) => customer == name,
            Scope::All | Scope::Target(_) | Scope::Label(_) => false,
        })
    }

    fn told(&self, labels: &[String], names: &[String]) -> Result<Told, Failure> {
        let mut work = Work {
            packages: self.packages.len() as u64,
            ..Work::default()
        };
        let mut unfilled = Vec::new();
        if self.files.is_empty() {
            return Ok((work, None));
        }
        let said = SettingsArgs {
            label: labels.to_vec(),
            ..SettingsArgs::default()
        };
        for (package, recipes) in self.packages.iter().zip(&self.recipes) {
            let whom = settings::whom(&said, &package.incoming, names.to_vec());
            let resolved = Resolved::of(self.files, &whom);
            let resolved = resolved.map_err(|errors| settings::invalid(&errors))?;
            for error in resolved.unfilled() {
                let told = format!("{}:{}: {}", error.file, error.line, error.message);
                if !unfilled.contains(&told) {
                    unfilled.push(told);
                }
            }
            let starts = |said: &RecipeWish| *said == RecipeWish::Start;
            let all = resolved.recipes.get("*");
            let all = all.is_some_and(|said| starts(&said.value));
            let named = resolved.recipes.iter().filter(|(name, _)| *name != "*");
            let (begun, left): (Vec<_>, Vec<_>) = named.partition(|(_, said)| starts(&said.value));
            work.starts += match all {
                true => recipes.saturating_sub(left.len()) as u64,
                false => begun.len() as u64,
            };
            let filled = resolved.connections.values();
            let filled = filled.filter(|said| matches!(said.value, ConnectionWish::Fields(_)));
            work.connections += filled.count() as u64;
            work.properties += resolved.properties.len() as u64;
        }
        let mut unfilled = unfilled.into_iter();
        let why = unfilled.next().map(|first| match unfilled.len() {
            0 => first,
            more => format!("{first} (and {more} more)"),
        });
        Ok((work, why))
    }
}

/// Holds the customers for whom settings are not filled in.
pub(super) fn hold_unfilled(
    customers: &mut [Candidate],
    by_settings: &mut BySettings<'_>,
) -> Result<(), Failure> {
    for customer in customers {
        let (_, unfilled) = by_settings.for_customer(customer)?;
        if let Some(why) = unfilled
            && !customer.held.as_ref().is_some_and(Held::is_for_good)
        {
            customer.held = Some(for_good(why.clone()));
        }
    }
    Ok(())
}

const fn for_good(why: String) -> Held {
    Held {
        why,
        from: None,
        until: None,
    }
}

/// The connectors that the packages need and that customers don't get from the admin workspace.
pub(super) fn not_shared(
    context: &Context,
    args: &RolloutPlanArgs,
    packages: &[Read],
    changed: Option<&ChangedConnectors>,
) -> Result<Vec<UnsharedConnector>, Failure> {
    let within = args.within();
    let asked = Asked {
        within: &within,
        subject: Subject::Catalog,
        verb: "show",
    };
    let with = |catalogue: &Catalogue, center: Option<&DataCenter>| {
        let mut found = Vec::new();
        for package in packages {
            let there = request(&package.path, &args.of, FolderPath::home(), args.rows);
            let name = &package.planned.name;
            found.extend(unshared(
                &package.incoming,
                &there,
                name,
                (catalogue.clone(), center.cloned()),
                &context.running,
            )?);
        }
        Ok::<_, Failure>(found)
    };
    let nothing = Catalogue::of_entries([]);
    let mut found = with(&nothing, None)?;
    if found.is_empty() {
        return Ok(found);
    }
    match asked.open(context)?.sharing(&|_| false) {
        Ok(partnership) => {
            found = with(
                &partnership.catalogue(),
                Some(&partnership.workspace.data_center),
            )?;
        }
        // It has customers, and over the API no connector of its own tells that.
        Err(WorkspaceError::NotOfKind { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    // What the roll-out itself shares before is there when it is needed.
    let before = changed.filter(|changed| changed.when == ConnectorsWhen::Before);
    let steps = before.into_iter().flat_map(|changed| &changed.changes);
    for step in steps.map(|change| &change.step) {
        if step.after.is_some() {
            let (title, name) = (step.title.to_string(), step.internal_name.to_string());
            found.retain(|one| one.connector != title && one.connector != name);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Looks at each customer that nothing else holds, and holds those that can't get the packages.
pub(super) fn look_at(
    context: &Context,
    args: &RolloutPlanArgs,
    plan: &RolloutPlan,
    packages: &[Read],
    settings: &[SettingsFile],
    customers: &mut [Candidate],
) -> Result<(), Stop> {
    let Some(first) = packages.first() else {
        return Ok(());
    };
    // What somebody changed is overwritten where that is permitted.
    let mut earlier = match plan.permitted.contains(&Permission::OverwriteEdits) {
        true => None,
        false => {
            let names: Vec<_> = packages.iter().map(|read| &read.planned.name).collect();
            Earlier::of(context, args, &names)?
        }
    };
    let mut members = Reachable {
        context,
        platform: &args.platform,
        written: None,
        plan,
        settings,
        arrives_within: 0,
    };
    let numbers: BTreeMap<_, &PlannedMember> = plan
        .members
        .iter()
        .map(|member| (member.workspace, member))
        .collect();
    let count = customers.len();
    for (index, customer) in customers.iter_mut().enumerate() {
        if context.running.interrupt.is_set() {
            return Err(Failure::from(crate::ops::Interrupted).into());
        }
        if customer.held.as_ref().is_some_and(Held::is_for_good) {
            continue;
        }
        let Some(member) = numbers.get(&customer.workspace) else {
            continue;
        };
        if index > 0 && index.is_multiple_of(50) {
            context.ui.talk(&format!(
                "looked at {index} of {}\n",
                counted(count as u64, "customer")
            ));
        }
        match look(&mut members, plan, member, &first.path, &context.running)
            .map_err(Failure::from)?
        {
            Seen::Ready(seen) => {
                let changed = earlier.as_mut().map(|earlier| earlier.changed(member));
                match changed.transpose()?.flatten() {
                    None => customer.seen = Some(seen),
                    Some(why) => customer.held = Some(for_good(why)),
                }
            }
            Seen::Held(why) => customer.held = Some(for_good(why)),
        }
    }
    Ok(())
}

/// What a roll-out takes, where requests are counted: for the customers that nothing holds for good.
pub(super) fn estimated(
    args: &RolloutPlanArgs,
    plan: &RolloutPlan,
    packages: &[Read],
    customers: &[Candidate],
    by_settings: &mut BySettings<'_>,
) -> Result<Option<Estimate>, Failure> {
    let Address::Remote(_) = &args.of else {
        return Ok(None);
    };
    let mut asked = Vec::new();
    for customer in customers {
        if customer.held.as_ref().is_some_and(Held::is_for_good) {
            continue;
        }
        let seen = customer.seen.as_ref();
        let having = seen.map_or(Having::Unknown, |seen| seen.has);
        let work = by_settings.for_customer(customer)?.0;
        asked.push((having, work));
        let Some(canary) = &plan.canary else {
            continue;
        };
        let steps = plan.members.iter();
        for step in steps.filter(|step| step.workspace == customer.workspace) {
            match step.brings {
                Brings::Packages => {}
                Brings::CanaryConnector => asked.push((
                    having,
                    Work {
                        packages: canary.connectors.len() as u64,
                        ..Work::default()
                    },
                )),
                Brings::CanaryPackages => asked.push((having, work)),
            }
        }
    }
    let limits = rates_of(&args.platform)?;
    let at_once = args.at_once.unwrap_or(args.budget.saturating_add(1));
    // Each recipe of those whose jobs are watched is asked for once at least.
    let recipes = packages.iter().map(|read| {
        let keys = read.incoming.keys();
        keys.filter(|(_, key)| key.kind == AssetKind::Recipe)
            .count() as u64
    });
    let jobs = recipes
        .sum::<u64>()
        .saturating_mul(plan.watched().count() as u64);
    Ok(Some(estimate(asked, jobs, &limits, at_once)))
}

/// Settings and looks that don't go together.
pub(super) fn check(args: &RolloutPlanArgs) -> Result<(), Failure> {
    match args.look && !args.connectors.is_empty() && !args.connectors_after {
        true => Err(Failure::new(
            Exit::Usage,
            "usage",
            "--look sees customers as they are before shared connectors change",
        )
        .help("change these first, with `recipack catalog share` or a roll-out of their own, or after the imports, with --connectors-after")),
        false => Ok(()),
    }
}
