//! `recipack catalog share`, `update`, `switch`, `remove` and `apply`: what they mean for customers
//! is shown first.

use std::fmt::Write as _;

use super::super::args::{
    CatalogApplyArgs, CatalogRemoveArgs, CatalogShareArgs, CatalogSwitchArgs, CatalogUpdateArgs,
    GoingArgs, WithinArgs,
};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform::now;
use super::super::request::full_catalogue_file;
use super::super::table::{Align, Table};
use super::super::ui::{Answer, visible};
use super::super::{Context, Stop};
use super::catalog::{asked, step};
use crate::cli::workspace_command::Asked;
use crate::connector_source::compare::Verdict;
use crate::model::catalogue::Visibility;
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::RecipeState;
use crate::ops::approval::Approved;
use crate::ops::workspace::catalog;
use crate::ops::workspace::catalog::{
    CatalogChangeDocument, Moves, Outcome, PlannedChange, Removals, SharingGrants, SharingRefusal,
};
use crate::plan::decision::shell_word;
use crate::plan::sharing::consequences::{Affected, Consequence, InUse, Missed};
use crate::plan::sharing::{StepAction, Wish};
use crate::workspace::WorkspaceError;

/// How often a change is planned again because somebody else was faster.
const ATTEMPTS: usize = 20;
/// How many customers a failure names before it only counts them.
const NAMED: usize = 20;

/// What was given before something is changed.
#[derive(Clone, Copy, Debug)]
struct Consent<'a> {
    going: Going,
    removals: Removals<'a>,
    title: Title<'a>,
}

impl<'a> Consent<'a> {
    /// What was granted before anybody is asked.
    fn granted(&self) -> SharingGrants<'a> {
        SharingGrants {
            moves: match self.going {
                Going::On => Moves::Granted,
                Going::Plan | Going::Ask => Moves::NotGranted,
            },
            removals: match self.title {
                Title::Needed(said) => said.map_or(Removals::None, Removals::Of),
                Title::NotNeeded => self.removals,
            },
        }
    }

    /// What is granted once everybody who has to be asked said yes.
    fn agreed<'d>(&self, document: &'d CatalogChangeDocument) -> SharingGrants<'d>
    where
        'a: 'd,
    {
        let first = document.consequences.first();
        SharingGrants {
            moves: Moves::Granted,
            removals: match (self.title, first) {
                (Title::Needed(_), Some(first)) => Removals::Of(first.step.title.as_str()),
                (Title::Needed(_) | Title::NotNeeded, _) => self.removals,
            },
        }
    }
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    /// Only the plan is asked for.
    Plan,
    /// Somebody is asked before running recipes get another version.
    Ask,
    /// Nobody is.
    On,
}

/// Whether a title has to be said once more.
#[derive(Clone, Copy, Debug)]
enum Title<'a> {
    /// It need not.
    NotNeeded,
    /// It has to be, and was, or somebody is asked for it.
    Needed(Option<&'a str>),
}

impl From<&GoingArgs> for Consent<'_> {
    fn from(going: &GoingArgs) -> Self {
        Self {
            going: match (going.plan, going.yes) {
                (true, _) => Going::Plan,
                (false, true) => Going::On,
                (false, false) => Going::Ask,
            },
            removals: Removals::None,
            title: Title::NotNeeded,
        }
    }
}

pub(super) fn share(context: &Context, args: &CatalogShareArgs) -> Result<Exit, Stop> {
    let wish = Wish::Share {
        version: args.version.map(Version),
        visibility: if args.closed_source {
            Visibility::Closed
        } else {
            Visibility::Open
        },
    };
    let consent = Consent::from(&args.going);
    one(
        context,
        &args.within,
        "share",
        &args.connector,
        wish,
        consent,
    )
}

pub(super) fn update(context: &Context, args: &CatalogUpdateArgs) -> Result<Exit, Stop> {
    let consent = Consent::from(&args.going);
    let wish = Wish::Update;
    one(
        context,
        &args.within,
        "update",
        &args.connector,
        wish,
        consent,
    )
}

pub(super) fn switch(context: &Context, args: &CatalogSwitchArgs) -> Result<Exit, Stop> {
    let consent = Consent::from(&args.going);
    let wish = Wish::Switch(Version(args.version));
    one(
        context,
        &args.within,
        "switch",
        &args.connector,
        wish,
        consent,
    )
}

pub(super) fn remove(context: &Context, args: &CatalogRemoveArgs) -> Result<Exit, Stop> {
    let consent = Consent {
        going: if args.plan { Going::Plan } else { Going::Ask },
        removals: Removals::None,
        title: Title::Needed(args.confirm.as_deref()),
    };
    let wish = Wish::Remove;
    one(
        context,
        &args.within,
        "remove",
        &args.connector,
        wish,
        consent,
    )
}

pub(super) fn apply(context: &Context, args: &CatalogApplyArgs) -> Result<Exit, Stop> {
    let file = full_catalogue_file(&args.file)?;
    let consent = Consent {
        removals: if args.allow_removals {
            Removals::All
        } else {
            Removals::None
        },
        ..Consent::from(&args.going)
    };
    let asked = asked(&args.within, "apply");
    change(context, asked, catalog::Asked::File(&file), consent)
}

fn one(
    context: &Context,
    within: &WithinArgs,
    verb: &'static str,
    named: &str,
    wish: Wish,
    consent: Consent<'_>,
) -> Result<Exit, Stop> {
    let what = catalog::Asked::One { named, wish };
    change(context, asked(within, verb), what, consent)
}

fn change(
    context: &Context,
    asked: Asked<'_>,
    what: catalog::Asked<'_>,
    consent: Consent<'_>,
) -> Result<Exit, Stop> {
    let named = match what {
        catalog::Asked::One { named, .. } => Some(named),
        catalog::Asked::File(_) => None,
    };
    let mut admin = asked.open(context)?;
    let mut agreed: Option<CatalogChangeDocument> = None;
    let mut attempt = 1;
    loop {
        let planned = catalog::plan(admin.as_ref(), &asked.within.address, what, now())
            .map_err(|error| asked.catalog(named, error))?;
        if consent.going == Going::Plan {
            report(context, planned.document(), Showing::Everything)?;
            return Ok(Exit::Done);
        }
        let approved = approve(context, &asked, &planned, &consent, &mut agreed)?;
        match approved.carry_out(admin.as_mut()) {
            Ok(document) => {
                context.did(outcome(&document));
                let showing = match agreed {
                    Some(_) => Showing::Outcome,
                    None => Showing::Everything,
                };
                report(context, &document, showing)?;
                return Ok(Exit::Done);
            }
            Err(WorkspaceError::Stale { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) fn stale(asked: &Asked<'_>) -> Failure {
    Failure::new(
        Exit::Refused,
        "stale-plan",
        format!(
            "nothing was changed: {} or a customer's workspace changed meanwhile",
            asked.within.address
        ),
    )
    .help("repeat the command, and look at what is different")
}

/// Has a change approved of: by what was granted, or by whoever has to be asked.
fn approve<'p>(
    context: &Context,
    asked: &Asked<'_>,
    planned: &'p PlannedChange,
    consent: &Consent<'_>,
    agreed: &mut Option<CatalogChangeDocument>,
) -> Result<Approved<&'p PlannedChange>, Failure> {
    let document = planned.document();
    match agreed {
        Some(agreed) if agreed != document => return Err(stale(asked)),
        Some(_) => {}
        None => {
            hold_title(consent, document)?;
            match planned.approve(consent.granted()) {
                Ok(approved) => return Ok(approved),
                Err(refusal) => {
                    refuse(asked, &refusal, consent)?;
                    ask(context, asked, document, &refusal)?;
                    *agreed = Some(document.clone());
                }
            }
        }
    }
    let approved = planned.approve(consent.agreed(document));
    approved.map_err(|refusal| Failure::of(Exit::Refused, "not-permitted", &refusal))
}

/// Fails if the title that was given is not the connector's.
fn hold_title(consent: &Consent<'_>, document: &CatalogChangeDocument) -> Result<(), Failure> {
    let Some(first) = document.consequences.first() else {
        return Ok(());
    };
    let title = first.step.title.as_str();
    match consent.title {
        Title::Needed(Some(said)) if said != title => Err(Failure::usage(format!(
            "--confirm says \"{said}\", and the connector is \"{title}\""
        ))
        .help(format!("--confirm {}", shell_word(title)))),
        Title::Needed(_) | Title::NotNeeded => Ok(()),
    }
}

/// Refuses what no answer makes right.
fn refuse(
    asked: &Asked<'_>,
    refusal: &SharingRefusal,
    consent: &Consent<'_>,
) -> Result<(), Failure> {
    let mut told = in_use(asked, refusal).told;
    if !refusal.removals.is_empty() && matches!(consent.title, Title::NotNeeded) {
        let titles = refusal.removals.iter();
        let titles: Vec<String> = titles.map(|title| format!("\"{title}\"")).collect();
        let failure = Failure::new(
            Exit::Refused,
            "not-permitted",
            format!("the file does not share {}", titles.join(", ")),
        )
        .help("to share them no longer, which can't be undone: --allow-removals");
        told.extend(failure.told);
    }
    match told.is_empty() {
        true => Ok(()),
        false => Err(Failure {
            exit: Exit::Refused,
            told,
            wait: None,
        }),
    }
}

/// What running recipes would lose, of everything that a change concerns.
pub(super) fn in_use(asked: &Asked<'_>, refusal: &SharingRefusal) -> Failure {
    let in_use = refusal.in_use.iter();
    let told =
        in_use.flat_map(|consequence| still_used(asked, consequence, &consequence.in_use()).told);
    Failure {
        exit: Exit::Refused,
        told: told.collect(),
        wait: None,
    }
}

/// Recipes that run and would lose the connector.
fn still_used(asked: &Asked<'_>, consequence: &Consequence, in_use: &[InUse<'_>]) -> Failure {
    let recipes: usize = in_use.iter().map(|using| using.recipes.len()).sum();
    let title = consequence.step.title.as_str();
    let what = match consequence.step.after {
        None => "can't be removed",
        Some(_) => "can't be closed",
    };
    let message = format!(
        "\"{title}\" {what}: {} of {} would lose it",
        counted(recipes as u64, "running recipe"),
        counted(in_use.len() as u64, "customer")
    );
    let mut failure = Failure::new(Exit::Refused, "in-use", message);
    let (shown, more) = in_use.split_at(in_use.len().min(NAMED));
    let mut notes = Vec::new();
    let mut help = String::from("stop them first:");
    for using in shown {
        let mut ids = String::new();
        for recipe in &using.recipes {
            notes.push(format!(
                "{}: {} ({})",
                using.customer,
                recipe.folder.label(&recipe.name),
                recipe.id
            ));
            let _ = write!(ids, " {}", recipe.id);
        }
        let _ = write!(
            help,
            "\n  recipack recipe stop{ids} --in {}{}",
            shell_word(&using.customer.to_string()),
            asked.platform_option()
        );
    }
    if !more.is_empty() {
        notes.push(format!(
            "and those of {}",
            counted(more.len() as u64, "other customer")
        ));
        let _ = write!(
            help,
            "\n  recipack catalog show {} {}  # lists them all",
            shell_word(title),
            asked.options()
        );
    }
    if let Some(first) = failure.told.first_mut() {
        first.notes = notes;
    }
    failure.help(help)
}

/// Asks whoever has to agree.
fn ask(
    context: &Context,
    asked: &Asked<'_>,
    document: &CatalogChangeDocument,
    refusal: &SharingRefusal,
) -> Result<(), Failure> {
    if let Some(title) = refusal.removals.first() {
        return typed(context, asked, document, title.as_str());
    }
    let moved = counted(refusal.moves as u64, "running recipe");
    let question = format!(
        "{}{moved} would run another version. Go on?",
        text(document)
    );
    match context.ui.agree(&question, &context.running.interrupt)? {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::new(
            Exit::Refused,
            "declined",
            "nothing was changed",
        )),
        Answer::Nobody => {
            context.ui.talk(&text(document));
            let message = format!(
                "nothing was changed: {moved} would run another version, and there is nobody to ask"
            );
            Err(Failure::new(Exit::Refused, "not-confirmed", message)
                .help("to go on without being asked: --yes; to see what it means: --plan"))
        }
    }
}

/// Has the title typed, since nothing brings a removed connector back to recipes.
fn typed(
    context: &Context,
    asked: &Asked<'_>,
    document: &CatalogChangeDocument,
    title: &str,
) -> Result<(), Failure> {
    let question = format!(
        "{}It can't be undone.\nType the title to remove the connector: ",
        text(document)
    );
    let message = match context.ui.ask(&question, &context.running.interrupt)? {
        Some(answer) if answer == title => return Ok(()),
        Some(_) => format!("\"{title}\" is not removed: another title was typed"),
        None => {
            context.ui.talk(&text(document));
            format!("\"{title}\" is not removed: there is nobody to ask")
        }
    };
    let word = shell_word(title);
    Err(
        Failure::new(Exit::Refused, "not-confirmed", message).help(format!(
            "to remove it without being asked: recipack catalog remove {word} --confirm {word} {}",
            asked.options()
        )),
    )
}

/// How much of a document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    /// The consequences and the outcome.
    Everything,
    /// The outcome; the consequences were shown before.
    Outcome,
}

fn report(
    context: &Context,
    document: &CatalogChangeDocument,
    showing: Showing,
) -> Result<(), Stop> {
    context.ui.print(document, |_| {
        let mut told = match showing {
            Showing::Everything => text(document),
            Showing::Outcome => String::new(),
        };
        told.push_str(&outcome(document));
        told
    })?;
    Ok(())
}

fn outcome(document: &CatalogChangeDocument) -> String {
    let address = visible(&document.workspace.to_string());
    match document.outcome {
        Outcome::Planned => String::new(),
        Outcome::Unchanged => format!("{address}: nothing to change\n"),
        Outcome::Changed => {
            let changed = document
                .consequences
                .iter()
                .filter(|consequence| consequence.step.action != StepAction::Keep)
                .count();
            format!(
                "{address}: {} changed\n",
                counted(changed as u64, "connector")
            )
        }
    }
}

/// What changes, and what that means for customers.
fn text(document: &CatalogChangeDocument) -> String {
    document.consequences.iter().map(consequence).collect()
}

/// What changes for one connector, and what that means for customers.
pub(super) fn consequence(consequence: &Consequence) -> String {
    let mut text = step(&consequence.step);
    if consequence.step.action == StepAction::Keep {
        return text;
    }
    if consequence.step.after.is_some() {
        let _ = writeln!(
            text,
            "    reaches {}",
            counted(consequence.reaches as u64, "customer")
        );
    }
    if let Some(verdict) = consequence.interface.verdict {
        let _ = writeln!(
            text,
            "    code    {}",
            match verdict {
                Verdict::Compatible => "compatible: recipes go on working",
                Verdict::CantTell =>
                    "can't tell whether it is compatible: the source computes what differs",
                Verdict::Breaking => "breaking: something was removed or changed",
            }
        );
    }
    if let Some(unknown) = &consequence.interface.unknown {
        let _ = writeln!(
            text,
            "    code    can't tell what recipes would miss: {}",
            visible(unknown)
        );
    }
    if consequence.customers.is_empty() {
        text.push_str("    no recipe uses it\n");
    }
    for affected in &consequence.customers {
        text.push_str(&customer(affected));
    }
    text
}

fn customer(affected: &Affected) -> String {
    let version = |version: Option<Version>| {
        version.map_or_else(|| "none".to_owned(), |version| version.to_string())
    };
    let versions = if affected.before == affected.after {
        format!("{}, as before", version(affected.after))
    } else {
        format!("{} → {}", version(affected.before), version(affected.after))
    };
    let mut text = format!(
        "    {} ({}): {versions}\n",
        visible(&affected.customer.to_string()),
        affected.data_center
    );
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    let mut rows = Vec::new();
    for recipe in &affected.recipes {
        let state = match recipe.state {
            RecipeState::Running => "running",
            RecipeState::Stopped => "stopped",
        };
        table.row([
            state,
            &recipe.id.to_string(),
            &recipe.folder.label(&recipe.name),
        ]);
        rows.push(&recipe.misses);
    }
    for (line, misses) in table.text("      ").lines().zip(rows) {
        let _ = writeln!(text, "{line}");
        for missed in misses {
            text.push_str(&miss(missed));
        }
    }
    text
}

fn miss(missed: &Missed) -> String {
    let sign = match missed.verdict {
        Verdict::Breaking => '!',
        Verdict::CantTell | Verdict::Compatible => '?',
    };
    let steps: Vec<String> = missed.steps.iter().map(u32::to_string).collect();
    let steps = match *missed.steps {
        [_] => format!("step {}", steps.join(", ")),
        _ => format!("steps {}", steps.join(", ")),
    };
    format!(
        "        {sign} {} `{}` ({steps}): {}\n",
        missed.kind,
        visible(&missed.name),
        visible(&missed.because.join("; "))
    )
}
