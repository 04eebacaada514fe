//! `recipack rollout plan`.

use std::fmt::Write as _;
use std::path::Path;

use super::known::{self, BySettings, Read};
use super::{canary, connectors, fleet};
use crate::cli::args::RolloutPlanArgs;
use crate::cli::brought::{self, Along};
use crate::cli::commands::import::{given, request};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Content, OutputPath};
use crate::cli::settings;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::model::count::counted;
use crate::model::ident::PackageName;
use crate::model::workspace::{Address, FolderPath};
use crate::ops::import::Incoming;
use crate::plan::import::settings::PlannedSettingsFile;
use crate::plan::rollout::canary::is_of;
use crate::plan::rollout::estimate::Between;
use crate::plan::rollout::gate::{JobsGate, WithoutJobs};
use crate::plan::rollout::{
    Budget, Candidate, Estimate, Held, Looking, RolloutError, RolloutPackage, RolloutPlan,
    RolloutRequest, UnsharedWhy, Waves,
};

pub(super) fn run(context: &Context, args: &RolloutPlanArgs) -> Result<Exit, Stop> {
    let output = match &args.output {
        Some(output) => {
            let mut inputs: Vec<&Path> = args.packages.iter().map(AsRef::as_ref).collect();
            inputs.extend(args.settings.iter().map(AsRef::<Path>::as_ref));
            inputs.extend(args.fleet.as_deref());
            Some(OutputPath::check(
                output,
                Content::RolloutPlan,
                (&args.force).into(),
                &inputs,
            )?)
        }
        None => None,
    };
    known::check(args)?;
    let mut brought = Vec::new();
    let mut packages = Vec::new();
    for path in &args.packages {
        let (held, read) = package_of(context, args, path)?;
        // What was fetched is there as long as this is.
        brought.push(held);
        packages.push(read);
    }
    let files = match args.settings.as_slice() {
        [] => Vec::new(),
        named => settings::files(named)?,
    };
    let (admin, all) = fleet::customers(context, &args.platform, &args.of, args.fleet.as_deref())?;
    if all.is_empty() {
        return Err(RolloutError::Nobody.into());
    }
    let mut customers = fleet::chosen(all, &args.customers)?;
    let mut by_settings = BySettings::of(&files, &packages)?;
    known::hold_unfilled(&mut customers, &mut by_settings)?;
    let changed = connectors::changed(context, args)?;
    let unshared = known::not_shared(context, args, &packages, changed.as_ref())?;
    let tried = canary::asked(context, args, &packages, &customers)?;
    let usual = |customers: &[Candidate]| {
        let at_first = |held: &Held| held.is_at_first();
        // The ring has waves of its own.
        let in_ring = |one: &Candidate| args.ring.as_ref().is_some_and(|ring| is_of(ring, one));
        let sent_to = customers
            .iter()
            .filter(|customer| !customer.held.as_ref().is_some_and(at_first) && !in_ring(customer));
        args.waves
            .clone()
            .unwrap_or_else(|| Waves::usual(sent_to.count()))
    };
    let asked = RolloutRequest {
        of: args.of.clone(),
        admin,
        packages: packages.iter().map(|read| read.planned.clone()).collect(),
        folder: args.folder.clone().unwrap_or_else(FolderPath::home),
        rows: args.rows,
        settings: files
            .iter()
            .map(|file| PlannedSettingsFile {
                path: file.path.clone(),
                digest: file.digest,
            })
            .collect(),
        permitted: given(&args.permitted).into_iter().collect(),
        budget: Budget {
            failures: args.budget,
            at_once: args.at_once,
        },
        connectors: changed,
        canary: tried,
        waves: usual(&customers),
        bake: args.bake.seconds(),
        jobs: gate(args)?,
        looking: match args.look {
            true => Looking::Looked,
            false => Looking::NotLooked,
        },
        unshared,
        back_of: None,
    };
    let mut asked = asked;
    if args.look {
        let plan = RolloutPlan::of(asked.clone(), customers.clone())?;
        known::look_at(context, args, &plan, &packages, &files, &mut customers)?;
        asked.waves = usual(&customers);
    }
    let mut plan = RolloutPlan::of(asked.clone(), customers.clone())?;
    while canary::look(context, args, &mut plan, &files, &mut customers)? == canary::Found::Held {
        asked.waves = usual(&customers);
        plan = RolloutPlan::of(asked.clone(), customers.clone())?;
    }
    plan.estimate = known::estimated(args, &plan, &packages, &customers, &mut by_settings)?;
    let plan = plan.sealed().map_err(anyhow::Error::new)?;
    if let Some(output) = &output {
        let text = crate::model::visible::json(&plan).map_err(anyhow::Error::new)?;
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    context.ui.print(&plan, text)?;
    if let Some(output) = &output {
        context.ui.talk(&format!(
            "nothing was sent; to begin: recipack rollout start {}\n",
            visible(&output.path().display().to_string())
        ));
    }
    Ok(Exit::Done)
}

/// What jobs must come to, if that is asked for.
fn gate(args: &RolloutPlanArgs) -> Result<Option<JobsGate>, Failure> {
    let (Some(max_failed), Some(time)) = (args.jobs_max_failed, args.jobs_for) else {
        return Ok(None);
    };
    if matches!(args.of, Address::Local(_)) {
        return Err(Failure::usage(
            "--jobs-max-failed is for customers behind the platform's API: recipes are not run in the local platform",
        ));
    }
    if time.seconds() == 0 {
        return Err(Failure::usage("--jobs-for 0s leaves no time for any job"));
    }
    Ok(Some(JobsGate {
        max_failed,
        seconds: time.seconds(),
        without: match args.jobs_accept_none {
            true => WithoutJobs::Passes,
            false => WithoutJobs::Stops,
        },
    }))
}

/// What is planned for a package.
pub(super) fn package_of(
    context: &Context,
    args: &RolloutPlanArgs,
    path: &Path,
) -> Result<(brought::Brought, Read), Failure> {
    let ca = args.platform.api.ca_file.as_ref();
    let brought = brought::fetched(context, ca, path, Along::Record)?;
    let there = request(brought.path(), &args.of, FolderPath::home(), args.rows);
    let mut observer = context.ui.observer();
    let incoming = Incoming::read(&there, &context.running, &mut observer)?;
    Failure::incomplete(&incoming.opened)?;
    let contents = incoming.contents().ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "unreadable",
            format!("not all of {} can be read", path.display()),
        )
    })?;
    let size = std::fs::metadata(brought.path()).map(|found| found.len());
    let size = size.map_err(|error| Failure::of(Exit::Failed, "unreadable", &error))?;
    let stem = Path::new(&incoming.opened.source.name).file_stem();
    let name = stem.unwrap_or_default().to_string_lossy();
    let name: PackageName = name
        .parse()
        .map_err(|error: crate::model::ident::NameError| Failure::usage(error.to_string()))?;
    let planned = RolloutPackage {
        name,
        path: brought.name(),
        digest: incoming.digest(),
        contents,
        size,
        record: incoming.record_digest(),
    };
    let read = Read {
        incoming,
        planned,
        path: brought.path().to_owned(),
    };
    Ok((brought, read))
}

impl From<RolloutError> for Failure {
    fn from(error: RolloutError) -> Self {
        match &error {
            RolloutError::Nobody => Self::of(Exit::Failed, "no-customers", &error).help(
                "name an admin workspace that has customers with --of, and look: recipack customer list",
            ),
            RolloutError::AllHeld(..) => Self::of(Exit::Failed, "no-customers", &error)
                .help("mend that for one of them, or take its `hold` out of the fleet's file"),
            RolloutError::TooMany(_) => Self::of(Exit::Failed, "too-many-customers", &error)
                .help("choose some with --customers"),
            RolloutError::Twice(..) => {
                Self::of(Exit::Failed, "same-workspace", &error).help("name it once")
            }
            RolloutError::SamePackage(_) => {
                Self::of(Exit::Failed, "same-package", &error).help("name each package once")
            }
            RolloutError::NoRing { .. } => Self::of(Exit::Failed, "no-ring", &error)
                .help("say a label that a customer has who can get the packages: recipack customer label, or `labels` in the fleet's file"),
            RolloutError::Waves(_) => Self::of(Exit::Failed, "empty-wave", &error)
                .help("say other waves, as in --waves 1,20% or --waves ring=first,ring=second"),
            RolloutError::NoneAtOnce => {
                Self::of(Exit::Failed, "empty-wave", &error).help("say at least --at-once 1")
            }
        }
    }
}

/// A plan in words.
pub(super) fn text(plan: &RolloutPlan) -> String {
    let mut text = String::new();
    if let Some(of) = &plan.back_of {
        let _ = writeln!(text, "brings back what {of} changed");
    }
    for package in &plan.packages {
        let _ = writeln!(
            text,
            "{}  {} bytes  {}",
            visible(package.name.as_str()),
            package.size,
            package.digest
        );
    }
    if let Some(tried) = &plan.canary {
        text.push_str(&canary::text(plan, tried));
    }
    for wave in &plan.waves {
        let members = plan
            .members
            .iter()
            .filter(|member| member.wave == wave.number);
        let held = members
            .clone()
            .filter(|member| member.held.is_some())
            .count();
        let reached = match plan.connectors.as_ref() {
            Some(changed)
                if members
                    .clone()
                    .any(|member| member.number == changed.member) =>
            {
                "all customers at once".to_owned()
            }
            Some(_) | None => counted(u64::from(wave.members), "customer"),
        };
        let held = match held {
            0 => String::new(),
            held => format!(", {held} of them held"),
        };
        let bake = match wave.bake {
            0 => String::new(),
            seconds => format!("; in use for {} before the next", time(seconds)),
        };
        let _ = writeln!(
            text,
            "wave {} ({}): {}{held}{bake}",
            wave.number,
            visible(&wave.asked),
            reached,
        );
        for member in members.take(5) {
            let held = member.held.as_ref();
            let held = held.map_or_else(String::new, |held| format!("  held {}", in_words(held)));
            let back = member.back.as_ref().map_or_else(String::new, |back| {
                format!("  back to revision {}", back.to)
            });
            let _ = writeln!(
                text,
                "  {:>5} {}  {}{back}{}",
                member.number,
                visible(&member.address.to_string()),
                visible(&member.name),
                visible(&held)
            );
            if let Some(changed) = plan.connectors_of(member.number) {
                text.push_str(&connectors::text(changed));
            }
        }
        if wave.members > 5 {
            let _ = writeln!(text, "        … and {} more", wave.members - 5);
        }
    }
    let budget = plan.budget;
    let failures = counted(u64::from(budget.failures), "failure");
    let at_once = match budget.at_once {
        Some(at_once) => format!("{at_once} at once"),
        None => "those that are worked on count as failed".to_owned(),
    };
    let _ = writeln!(
        text,
        "Budget: {failures} ({at_once}); at worst {} of {} fail.",
        budget.at_worst(),
        counted(plan.customers() as u64, "customer"),
    );
    if let Some(gate) = &plan.jobs {
        let without = match gate.without {
            WithoutJobs::Stops => "where none ends, a person decides",
            WithoutJobs::Passes => "where none ends, it goes on",
        };
        let _ = writeln!(
            text,
            "Jobs: in the {} after a customer is reached, {} of a wave may fail before the next one begins; {without}.",
            time(gate.seconds),
            gate.max_failed,
        );
    }
    if let Some(estimate) = &plan.estimate {
        text.push_str(&estimated(estimate));
    }
    for one in &plan.unshared {
        let sharing = match one.sharing {
            UnsharedWhy::NotShared => "is not shared with customers",
            UnsharedWhy::NotSaid => "may be shared with customers or not",
        };
        let _ = writeln!(
            text,
            "{} needs \"{}\", which {sharing}: whoever has none of its own is held.",
            visible(one.package.as_str()),
            visible(&one.connector),
        );
    }
    if plan.canary.is_some() {
        text.push_str("Of customers, only the ring's connections of that connector were looked at: what else stands against it is seen when it is their turn.\n");
    } else if plan.looking == Looking::NotLooked {
        text.push_str("Customers were not looked at: who can't get it is seen when it is their turn, or now with --look. Whether they changed what earlier roll-outs left is not known without it.\n");
    }
    text
}

/// The requests and the time.
fn estimated(estimate: &Estimate) -> String {
    let between = |of: Between, unit: u64| {
        let (least, most) = (of.least().div_ceil(unit), of.most().div_ceil(unit));
        match least == most {
            true => most.to_string(),
            false => format!("{least} to {most}"),
        }
    };
    let all = estimate.all();
    let tightest = estimate
        .requests
        .iter()
        .max_by_key(|one| one.requests.most());
    let tightest = tightest.map_or_else(String::new, |one| {
        let count = between(one.requests, 1);
        format!(", {count} of them {}", one.class)
    });
    format!(
        "Requests: {}{tightest}. About {} min at the rates that hold, beside the time in which waves are in use.\n",
        between(all, 1),
        between(estimate.seconds, 60),
    )
}

/// Why and when it is held.
fn in_words(held: &Held) -> String {
    match held.is_for_good() {
        true => format!("until `rollout retry`: {}", held.why),
        false => held.to_string(),
    }
}

/// A time as it is given.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        day if day % 86_400 == 0 => format!("{}d", day / 86_400),
        hour if hour % 3_600 == 0 => format!("{}h", hour / 3_600),
        minute if minute % 60 == 0 => format!("{}m", minute / 60),
        seconds => format!("{seconds}s"),
    }
}
