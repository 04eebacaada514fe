//! `recipack fleet`: questions of all customers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rollout::{open_ledger, unreadable_plan};
use crate::cli::args::{FleetCommand, FleetQueryCommand};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::spreadsheet::{Cell, csv};
use crate::cli::table::{Align, Table};
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::ledger::{IfAbsent, Ledger};
use crate::manifest::Soak;
use crate::model::count::counted;
use crate::model::keyword::nearest;
use crate::ops::rollout::{FleetError, FleetQueryDocument, fleet_query};
use crate::plan::fleet::{FleetFinding, FleetQuestionName, ago};
use crate::report::html::fleet::page;

/// So many customers are named for each reason why something is not known.
const NAMED: usize = 5;

pub(crate) fn run(context: &Context, command: &FleetCommand) -> Result<Exit, Stop> {
    match command {
        FleetCommand::Query(query) => self::query(context, query),
    }
}

fn query(context: &Context, command: &FleetQueryCommand) -> Result<Exit, Stop> {
    let (question, max_age, args) = command.question();
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let document = fleet_query(ledger.as_ref(), &question, max_age.map(Soak::seconds));
    let document = document.map_err(|error| unanswered(ledger.as_ref(), error))?;
    if let (Some(connector), [_, ..]) = (&document.connector, document.others.as_slice()) {
        let meant = nearest(connector, document.others.iter().map(String::as_str));
        let help = meant.map_or_else(String::new, |meant| {
            format!("; did you mean \"{}\"?", visible(meant))
        });
        context.ui.talk(&format!(
            "no recipe was seen to use a connector \"{}\"{help}\n",
            visible(connector)
        ));
    }
    if args.csv {
        context
            .ui
            .result(&lines(&document).map_err(anyhow::Error::new)?)?;
    } else if args.html {
        context.ui.result(&page(&document))?;
    } else {
        context.ui.print(&document, text)?;
    }
    Ok(
        match (
            args.detailed_exitcode,
            document.matched.len(),
            document.unknown.len(),
        ) {
            (true, 0, 0) | (false, ..) => Exit::Done,
            (true, 0, _) => Exit::PartlyDone,
            (true, ..) => Exit::Differences,
        },
    )
}

/// A ledger can't be asked.
pub(super) fn unanswered(ledger: &dyn Ledger, error: FleetError) -> Failure {
    match error {
        FleetError::Ledger(error) => Failure::from(error),
        FleetError::Plan { source, .. } => unreadable_plan(&ledger.name(), &source),
    }
}

/// What a finding is about: a recipe or connection, with its folder.
fn subject(finding: &FleetFinding) -> String {
    let subject = finding.subject.as_ref();
    subject.map_or_else(String::new, |subject| subject.folder.label(&subject.name))
}

/// The answer for people: what is found, then what is not known, by its reasons.
fn text(document: &FleetQueryDocument) -> String {
    let mut table = Table::new([Align::Left; 7])
        .headed(["CUSTOMER", "NAME", "WHAT", "STATE", "WHY", "AS OF", "AGO"]);
    for finding in &document.matched {
        table.row([
            &finding.address,
            &finding.name,
            &subject(finding),
            &finding.state,
            &finding.why,
            &finding.as_of.utc(),
            &ago(finding.age),
        ]);
    }
    let mut text = table.text("");
    let _ = writeln!(text, "{}", sum(document));
    let mut reasons: BTreeMap<&str, Vec<&FleetFinding>> = BTreeMap::new();
    for finding in &document.unknown {
        reasons.entry(&finding.why).or_default().push(finding);
    }
    for (why, findings) in reasons {
        let _ = writeln!(
            text,
            "  {}: {}",
            counted(findings.len() as u64, "time"),
            visible(why)
        );
        for finding in findings.iter().take(NAMED) {
            let about = subject(finding);
            let dash = if about.is_empty() { "" } else { ": " };
            let _ = writeln!(
                text,
                "    {}  {}{dash}{}  (as of {}, {} ago)",
                visible(&finding.address),
                visible(&finding.name),
                visible(&about),
                finding.as_of.utc(),
                ago(finding.age)
            );
        }
        let more = findings.len().saturating_sub(NAMED);
        if more > 0 {
            let _ = writeln!(
                text,
                "    … and {more} more: --json, --csv and --html name all"
            );
        }
    }
    text
}

/// What the answer comes to.
fn sum(document: &FleetQueryDocument) -> String {
    let what = match document.question {
        FleetQuestionName::Uses => "recipe",
        FleetQuestionName::Unauthorized => "connection",
        FleetQuestionName::Stopped => "recipe",
        FleetQuestionName::Unreached | FleetQuestionName::Waiting => "customer",
    };
    let of = counted(document.customers as u64, "customer");
    let found = counted(document.matched.len() as u64, what);
    let mut text = format!("Found: {found}, of {of}.");
    match document.unknown.len() {
        0 => text.push_str(" All is known, as of when it was read."),
        some => {
            let _ = write!(text, " Not known: {some}.");
        }
    }
    text
}

/// The answer with commas.
fn lines(document: &FleetQueryDocument) -> Result<String, csv::Error> {
    let row = |answer: &str, finding: &FleetFinding| {
        let subject = finding.subject.as_ref();
        [
            Cell::own(answer),
            Cell::text(&finding.address),
            Cell::own(finding.workspace),
            Cell::text(&finding.place),
            Cell::text(&finding.name),
            Cell::own(&finding.rollout),
            Cell::text(finding.package.as_deref().unwrap_or_default()),
            Cell::perhaps(subject.and_then(|subject| subject.id)),
            Cell::text(subject.map_or("", |subject| &subject.name)),
            Cell::text(subject.map_or("", |subject| subject.folder.as_str())),
            Cell::text(&finding.state),
            Cell::text(&finding.why),
            Cell::own(finding.as_of.utc()),
            Cell::own(finding.age),
        ]
    };
    let matched = document.matched.iter().map(|finding| row("yes", finding));
    let unknown = document
        .unknown
        .iter()
        .map(|finding| row("unknown", finding));
    csv(
        [
            "answer",
            "address",
            "workspace",
            "place",
            "name",
            "rollout",
            "package",
            "id",
            "what",
            "folder",
            "state",
            "why",
            "as_of",
            "age_seconds",
        ],
        matched.chain(unknown),
    )
}
