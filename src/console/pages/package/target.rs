//! What the package for a target would be: its connectors and why, what was found, its files.

use hyper::StatusCode;
use maud::{Markup, html};

use super::{Read, sight, whose};
use crate::console::Words;
use crate::console::pages::words::paged;
use crate::console::pages::{Asked, Instead, turned_away};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::model::catalogue::SharedVersion;
use crate::model::count::counted;
use crate::model::ident::{Digest, TargetName};
use crate::ops::export::documents::{EntryDocument, ExportDocument};
use crate::plan::decision::{ConnectorDecision, Outcome};
use crate::plan::rule::Ruling;
use crate::report::html::{Column, Tone, badge, count, facts, findings, notice, tally, text};

const CONNECTORS: [Column; 5] = [
    Column::words("Connector"),
    Column::words("In the package"),
    Column::words("Here"),
    Column::words("Customers run"),
    Column::numbers("Recipes"),
];
const FILES: [Column; 3] = [
    Column::words("File"),
    Column::words("Why"),
    Column::words("Changed in it"),
];
const LEFT_OUT: [Column; 2] = [Column::words("File"), Column::words("Why")];

/// How many files that stay out are listed.
const LISTED: usize = 200;

pub(in crate::console::pages) fn page(
    asked: &Asked<'_>,
    name: &TargetName,
) -> Result<Reply, Instead> {
    let read = Read::of(asked)?;
    let target = read.target(name)?;
    let document = read.packing.planned(name, Words::OfManifest)?;
    let file = read.packing.file_name(name)?;
    let counts = document.counts;
    let number = asked.page_number()?;
    let (entries, links) = paged(asked, number, &document.entries);
    let entries: Vec<Vec<Markup>> = entries.iter().map(entry).collect();
    let found = [
        (counts.errors, "error"),
        (counts.warnings, "warning"),
        (counts.notes, "note"),
    ];
    let found = found.map(|(number, what)| counted(number as u64, what));
    let body = html! {
        (facts(&[
            ("Whose workspace", html! { (whose(target)) }),
            ("Data center", html! { @match &target.data_center { Some(center) => (text(center.as_str())), None => "not said" } }),
            ("Files", html! { (count(document.entries.len())) }),
            ("Found", html! { (found.join(", ")) }),
        ]))
        @if document.refused {
            (notice(Tone::Bad, "No package can be made of this", &html! { p { "What is wrong is below, with what to do." } }))
        } @else {
            (make(asked, name, &file, &digest(&document)?))
        }
        h2 { "Connectors" }
        @if document.connectors.is_empty() {
            p { "The package needs no custom connector." }
        } @else {
            (tally(&counted(document.connectors.len() as u64, "connector"), &CONNECTORS, &document.connectors.iter().map(connector).collect::<Vec<_>>()))
            p .actions { a .button href=(Route::TargetConnectors(name.clone()).path()) { "Choose connectors" } }
        }
        @if !document.findings.is_empty() {
            h2 { "Findings" }
            (findings(&document.findings))
            p .faint { "What a code means: " code { "recipack explain CODE" } }
        }
        h2 { "Files" }
        (tally(&counted(document.entries.len() as u64, "file"), &FILES, &entries))
        (links)
        @if !document.left_out.is_empty() { (left_out(&document)) }
    };
    let mut sight = sight(format!("Package for {name}"), body, Vec::new());
    sight.command = Some(format!(
        "recipack export --to {name} {} --list",
        read.option()
    ));
    Ok(sight.reply(Some(asked.console)))
}

/// What stands for a plan: whoever has the package made has made what the page shows.
pub(super) fn digest(document: &ExportDocument) -> Result<Digest, Instead> {
    let digest = document.digest();
    digest.map_err(|_| turned_away(StatusCode::INTERNAL_SERVER_ERROR).into())
}

/// What is sent to have the package made.
fn make(asked: &Asked<'_>, name: &TargetName, file: &str, digest: &Digest) -> Markup {
    html! {
        @if asked.may_change() {
            form .panel method="post" action=(Route::TargetExport(name.clone()).path()) autocomplete="off" {
                input type="hidden" name="token" value=(asked.token);
                input type="hidden" name="plan" value=(digest);
                label .above for="file" { "File" }
                p #file-hint .faint { "It lies in the folder that the console was started in; its decisions lie beside it. A package of that name is replaced." }
                input #file type="text" name="file" value=(text(file)) required autocomplete="off" spellcheck="false" aria-describedby="file-hint";
                p .actions { button type="submit" { "Make the package" } }
            }
        } @else {
            p .faint { "This console only shows: it was started with " code { "--read-only" } "." }
        }
    }
}

/// The version that customers run by what the catalogue says.
fn shared(decision: &ConnectorDecision) -> String {
    let said = decision.catalog.as_ref().map(|entry| entry.shared_version);
    match (said, decision.rule) {
        (Some(SharedVersion::At(version)), _) => version.to_string(),
        (Some(SharedVersion::None), _) | (None, Ruling::OwnIncluded | Ruling::OwnRefused) => {
            "not shared".to_owned()
        }
        (None, Ruling::ExternalIncluded | Ruling::ExternalLeftOut) => "not asked for".to_owned(),
        (Some(SharedVersion::Unsaid), _)
        | (
            None,
            Ruling::SharedLeftOut
            | Ruling::SharedIncluded
            | Ruling::SharedUnreachable
            | Ruling::SharingUnknown
            | Ruling::ReachUnknown
            | Ruling::UnknownIncluded
            | Ruling::Elsewhere
            | Ruling::Missing,
        ) => "not known".to_owned(),
    }
}

fn connector(decision: &ConnectorDecision) -> Vec<Markup> {
    let tone = match decision.outcome {
        Outcome::Included => Tone::Good,
        Outcome::LeftOut => Tone::Plain,
        Outcome::Refused => Tone::Bad,
    };
    vec![
        html! {
            bdi { (text(&decision.connector)) }
            span .id { (text(&decision.change)) }
        },
        html! { (badge(tone, &decision.outcome.to_string())) span .id { (decision.rule.as_str()) } },
        html! { @match decision.packaged_version { Some(version) => (version), None => "not known" } },
        html! { (shared(decision)) },
        html! { (count(decision.recipes.len())) },
    ]
}

fn entry(entry: &EntryDocument) -> Vec<Markup> {
    vec![
        html! { code { (text(entry.path.as_str())) } },
        html! { (text(entry.because.as_deref().unwrap_or(&entry.rule))) },
        html! {
            @match entry.edits.map(|edits| edits.told()) {
                Some(told) if !told.is_empty() => (told),
                Some(_) | None => "nothing",
            }
        },
    ]
}

fn left_out(document: &ExportDocument) -> Markup {
    let all = document.left_out.len();
    let rows = document.left_out.iter().take(LISTED).map(|item| {
        let why = item.because.as_deref().unwrap_or(&item.rule);
        vec![html! { code { (text(&item.path)) } }, html! { (text(why)) }]
    });
    let caption = match all > LISTED {
        true => format!("{LISTED} of {}", counted(all as u64, "file")),
        false => counted(all as u64, "file"),
    };
    html! {
        details {
            summary { (counted(all as u64, "file")) " left out" }
            (tally(&caption, &LEFT_OUT, &rows.collect::<Vec<_>>()))
        }
    }
}
