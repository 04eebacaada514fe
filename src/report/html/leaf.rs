//! A report as one page: what it is about, what was decided, what was found. It is one file that asks
//! nobody for anything, and the same report gives the same bytes.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Column, Page, Sheet, Tone, badge, count, facts, findings, notice, tally, text};
use crate::model::count::counted;
use crate::model::finding::{Code, Counts, Severity};
use crate::ops::diagnostics::Diagnostic;
use crate::plan::import::document::{ImportPlan, PlannedAsset};
use crate::report::{Item, ItemOutcome, Placed, Report, Verdict};

/// How many rows are shown before the rest has to be unfolded.
const OPEN: usize = 60;

const PLANNED: [Column; 4] = [
    Column::words("Name"),
    Column::words("Type"),
    Column::words("What happens"),
    Column::words("Then"),
];
const CODES: [Column; 2] = [Column::words("Code"), Column::numbers("How many")];
const ITEMS: [Column; 3] = [
    Column::words("Name"),
    Column::words("Type"),
    Column::words("What"),
];

/// What a report tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tells {
    /// How a command ended.
    Outcome,
    /// What a file says: no command was carried out. How many findings there were is not known where
    /// the file does not say.
    Content(Option<Found>),
}

/// How many findings there were, as a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// By severity.
    pub counts: Counts,
    /// By code, where the findings themselves are not told.
    pub codes: BTreeMap<Code, usize>,
}

/// The page of a report.
pub fn document(report: &Report, tells: &Tells) -> String {
    let report = &report.harmless();
    let all: Vec<Diagnostic> = report.all().map(told).collect();
    let title = match tells {
        Tells::Outcome => format!("{}: {}", report.command, report.subject),
        Tells::Content(_) => report.subject.clone(),
    };
    let page = Page {
        title,
        sheet: Sheet::Inside,
        above: html! { span .brand { "recipack" } span .where { (text(report.command)) } },
        way: html! {},
        body: html! {
            (lead(report, tells))
            @if !report.astray.is_empty() {
                (notice(Tone::Bad, "Not as planned, as read back", &html! {
                    ul { @for astray in &report.astray { li { (text(astray)) } } }
                }))
            }
            @match &report.plan {
                Some(plan) => { (of_plan(plan)) }
                None => { (of_items(&report.items)) }
            }
            @if !all.is_empty() {
                h2 { "Findings" }
                (folded(&all, "finding", findings))
            }
            @if let Tells::Content(Some(Found { codes, .. })) = tells && !codes.is_empty() {
                h2 { "Findings" }
                (of_codes(codes))
            }
        },
        below: html! { p { "Made by recipack. It holds no script, and asks nobody for anything." } },
    };
    page.document()
}

/// A finding with its file as the repository has it.
fn told(placed: &Placed) -> Diagnostic {
    Diagnostic {
        file: placed.file.clone(),
        ..placed.finding.clone()
    }
}

/// How many findings there were of each code.
fn of_codes(codes: &BTreeMap<Code, usize>) -> Markup {
    let rows = codes
        .iter()
        .map(|(code, number)| vec![html! { code { (code) } }, html! { (count(*number)) }]);
    let caption = counted(codes.len() as u64, "code");
    html! {
        (tally(&caption, &CODES, &rows.collect::<Vec<_>>()))
        p { "What a code means: " code { "recipack explain CODE" } "." }
    }
}

fn lead(report: &Report, tells: &Tells) -> Markup {
    let tone = match report.ending.verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed => Tone::Bad,
        Verdict::Unknown => Tone::Warning,
    };
    let number = |severity: Severity| report.count(severity);
    let counts = match tells {
        Tells::Outcome => Some(Counts {
            errors: number(Severity::Error),
            warnings: number(Severity::Warning),
            notes: number(Severity::Note),
        }),
        Tells::Content(found) => found.as_ref().map(|found| found.counts),
    };
    let mut told = Vec::new();
    if *tells == Tells::Outcome {
        told.push(("Outcome", badge(tone, report.outcome())));
        told.push((
            "Exit code",
            html! { (report.ending.code) " " span .faint { (report.ending.meaning) } },
        ));
    }
    if let Some(counts) = counts {
        told.push(("Errors", html! { (count(counts.errors)) }));
        told.push(("Warnings", html! { (count(counts.warnings)) }));
        told.push(("Notes", html! { (count(counts.notes)) }));
    }
    html! { @if !told.is_empty() { (facts(&told)) } }
}

/// The first of many, and the rest to be unfolded.
fn folded<T>(all: &[T], what: &str, shown: impl Fn(&[T]) -> Markup) -> Markup {
    let (first, rest) = all.split_at(all.len().min(OPEN));
    html! {
        (shown(first))
        @if !rest.is_empty() {
            details { summary { (counted(rest.len() as u64, &format!("more {what}"))) } (shown(rest)) }
        }
    }
}

fn sign(sign: &str) -> Tone {
    match sign {
        "+" => Tone::Good,
        "~" | "!" => Tone::Warning,
        "x" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// What happens to a workspace.
pub fn of_plan(plan: &ImportPlan) -> Markup {
    let mut rows = Vec::new();
    for folder in &plan.creates_folders {
        rows.push(planned("+", folder.as_str(), "folder", "creates", ""));
    }
    for connector in &plan.connectors {
        let wording = connector.wording();
        rows.push(planned(
            wording.sign,
            &connector.connector,
            "connector",
            &wording.what,
            &connector.usage(),
        ));
        for moved in &connector.moves {
            let name = moved.folder.label(&moved.name);
            rows.push(planned(
                "!",
                &name,
                "recipe",
                "moves to it",
                moved.state.as_str(),
            ));
        }
    }
    let (same, changing): (Vec<&PlannedAsset>, Vec<&PlannedAsset>) = plan
        .assets
        .iter()
        .partition(|asset| asset.wording().sign == "=");
    rows.extend(changing.iter().map(|asset| of_asset(asset)));
    for action in plan.settings.iter().flat_map(|told| &told.actions) {
        let wording = action.wording();
        if wording.sign != "=" {
            let (name, kind) = (action.named(), action.subject.label());
            rows.push(planned(wording.sign, &name, kind, &wording.what, ""));
        }
    }
    let same: Vec<Vec<Markup>> = same.iter().map(|asset| of_asset(asset)).collect();
    html! {
        (facts(&[
            ("Workspace", html! { (text(&plan.workspace.address.to_string())) " " span .faint { (plan.workspace.kind) } }),
            ("Folder", html! { @if plan.folder.is_home() { "Home" } @else { bdi { (text(plan.folder.as_str())) } } }),
            ("Package", html! { code { (plan.package.digest) } }),
        ]))
        p { (text(&plan.summary_line())) }
        @if !plan.needs.is_empty() {
            (notice(Tone::Warning, "It has to be permitted", &html! {
                ul { @for needed in &plan.needs { li { code { "--" (needed.permission) } ": " (text(&needed.because)) } } }
            }))
        }
        @if !plan.afterwards.is_empty() {
            (notice(Tone::Plain, "To be done afterwards", &html! {
                ul { @for afterwards in &plan.afterwards { li { (text(&afterwards.wording())) } } }
            }))
        }
        (tables(&rows, &same))
    }
}

/// What happens, and what stays as it is.
pub fn tables(rows: &[Vec<Markup>], same: &[Vec<Markup>]) -> Markup {
    html! {
        h2 { "What happens" }
        @if rows.is_empty() { p { "Nothing." } } @else {
            (folded(rows, "row", |some| tally(&counted(some.len() as u64, "row"), &PLANNED, some)))
        }
        @if !same.is_empty() {
            details {
                summary { (counted(same.len() as u64, "asset")) " unchanged" }
                (tally("Unchanged", &PLANNED, same))
            }
        }
    }
}

fn of_asset(asset: &PlannedAsset) -> Vec<Markup> {
    let wording = asset.wording();
    let state = asset.state.map_or("", |state| state.as_str());
    planned(
        wording.sign,
        &asset.place(),
        asset.kind.label(),
        &wording.what,
        state,
    )
}

/// A row of a plan: by its sign, what it is about, and what happens to it.
pub fn planned(how: &str, name: &str, class: &str, what: &str, then: &str) -> Vec<Markup> {
    vec![
        html! { bdi { (text(name)) } },
        html! { (text(class)) },
        badge(sign(how), what),
        html! { (text(then)) },
    ]
}

/// What was decided about each thing: first what is not as usual.
fn of_items(items: &[Item]) -> Markup {
    let row = |item: &&Item| {
        let (tone, word, why) = match &item.outcome {
            ItemOutcome::Passed => (Tone::Good, "in order", item.note.as_str()),
            ItemOutcome::Skipped(why) => (Tone::Plain, "left out", why.as_str()),
            ItemOutcome::Failed(why) => (Tone::Bad, "not in order", why.as_str()),
        };
        vec![
            html! { bdi { (text(&item.name)) } },
            html! { (text(&item.class)) },
            html! { (badge(tone, word)) " " (text(why)) },
        ]
    };
    let is_told = |item: &&Item| item.outcome != ItemOutcome::Passed || item.class == "connector";
    let (first, rest): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_told);
    let table = |items: &[&Item]| {
        let rows: Vec<Vec<Markup>> = items.iter().map(row).collect();
        tally(&counted(items.len() as u64, "item"), &ITEMS, &rows)
    };
    html! {
        @if !first.is_empty() {
            h2 { "What was decided" }
            (folded(&first, "item", table))
        }
        @if !rest.is_empty() {
            details {
                summary { (counted(rest.len() as u64, "more item")) " in order" }
                (table(&rest))
            }
        }
    }
}
