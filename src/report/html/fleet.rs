//! The answer to a question of many customers as one page.

use maud::{Markup, html};

use super::{Column, Page, Sheet, Tone, badge, count, facts, notice, tally, text};
use crate::ops::rollout::FleetQueryDocument;
use crate::plan::fleet::{FleetFinding, FleetQuestionName, ago};

const COLUMNS: [Column; 7] = [
    Column::words("Customer"),
    Column::words("Name"),
    Column::words("Package"),
    Column::words("What"),
    Column::words("State"),
    Column::words("Why"),
    Column::words("As of"),
];

/// What is asked, in a sentence.
fn asked(document: &FleetQueryDocument) -> String {
    match document.question {
        FleetQuestionName::Uses => {
            let connector = document.connector.as_deref().unwrap_or_default();
            let action = document.action.as_ref();
            let action = action.map_or_else(String::new, |action| format!("{action} of "));
            let than = document.older_than;
            let than = than.map_or_else(String::new, |than| format!(", older than {than}"));
            format!("Recipes that use {action}{connector}{than}")
        }
        FleetQuestionName::Unauthorized => "Connections that are not authorized".to_owned(),
        FleetQuestionName::Stopped => "Recipes that the platform stopped".to_owned(),
        FleetQuestionName::Unreached => "Customers that were never reached".to_owned(),
        FleetQuestionName::Waiting => "Customers that wait for a person".to_owned(),
    }
}

fn rows(findings: &[FleetFinding], tone: Tone) -> Vec<Vec<Markup>> {
    let row = |finding: &FleetFinding| {
        let subject = finding.subject.as_ref();
        let subject = subject.map_or_else(String::new, |it| it.folder.label(&it.name));
        vec![
            html! { (text(&finding.address)) },
            html! { (text(&finding.name)) },
            html! { (text(finding.package.as_deref().unwrap_or_default())) },
            html! { (text(&subject)) },
            badge(tone, &finding.state),
            html! { (text(&finding.why)) },
            html! { (finding.as_of.utc()) " (" (ago(finding.age)) " ago)" },
        ]
    };
    findings.iter().map(row).collect()
}

/// The page of an answer.
pub fn page(document: &FleetQueryDocument) -> String {
    let (matched, unknown) = (&document.matched, &document.unknown);
    let page = Page {
        title: asked(document),
        sheet: Sheet::Inside,
        above: html! { span .brand { "recipack" } span .where { "fleet query" } },
        way: html! {},
        body: html! {
            (facts(&[
                ("Found", html! { (count(matched.len())) }),
                ("Not known", html! { (count(unknown.len())) }),
                ("Customers", html! { (count(document.customers)) }),
                ("Asked at", html! { (document.at.utc()) }),
            ]))
            @if !unknown.is_empty() {
                (notice(Tone::Warning, "Not all is known", &html! {
                    p { "What was not read, or not written down, is listed below by itself." }
                }))
            }
            @if !matched.is_empty() {
                (tally("Found", &COLUMNS, &rows(matched, Tone::Bad)))
            }
            @if !unknown.is_empty() {
                (tally("Not known", &COLUMNS, &rows(unknown, Tone::Warning)))
            }
        },
        below: html! { p { "Made by recipack of what roll-outs wrote down; nobody was asked. It holds no script." } },
    };
    page.document()
}
