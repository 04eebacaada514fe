//! What was done to a workspace, and the ways back.

pub(super) mod back;

use maud::{Markup, html};

use super::words::paged;
use super::{Asked, Instead};
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::model::count::counted;
use crate::model::workspace::{Address, RevisionAction, RevisionHeader, RevisionNumber};
use crate::plan::decision::shell_word;
use crate::report::html::{Column, tally, text};

const COLUMNS: [Column; 5] = [
    Column::words("Revision"),
    Column::words("What"),
    Column::words("When"),
    Column::words("Who"),
    Column::words("Way back"),
];

pub(super) fn page(asked: &Asked<'_>, address: &Address) -> Result<Reply, Instead> {
    let document = asked.console.host.importing().history(address)?;
    let newest: Vec<&RevisionHeader> = document.revisions.iter().rev().collect();
    let number = asked.page_number()?;
    let (rows, links) = paged(asked, number, &newest);
    let last = newest.first().map(|header| header.number);
    let rows: Vec<Vec<Markup>> = rows
        .iter()
        .map(|header| row(address, header, last))
        .collect();
    let body = html! {
        @if newest.is_empty() {
            p { "Nothing was imported here yet, as far as it is known." }
        } @else {
            (tally(&counted(newest.len() as u64, "revision"), &COLUMNS, &rows))
            (links)
            p { a href=(Route::Rollback(address.clone(), RevisionNumber(0)).path()) { "Back to how it was before the first" } }
        }
    };
    let mut sight = Sight::new(format!("History of {address}"), body);
    sight.section = Section::Import;
    sight.above = vec![("Import".to_owned(), Route::Import)];
    sight.command = Some(format!(
        "recipack history {}",
        shell_word(&address.to_string())
    ));
    Ok(sight.reply(Some(asked.console)))
}

/// What made a revision, in a few words.
fn deed(header: &RevisionHeader) -> String {
    match header.action {
        RevisionAction::Import => format!("import of {}", header.subject),
        RevisionAction::Rollback => format!("rollback to {}", header.subject),
    }
}

fn row(address: &Address, header: &RevisionHeader, last: Option<RevisionNumber>) -> Vec<Markup> {
    vec![
        html! { (header.number) },
        html! { (text(&deed(header))) },
        html! { (header.at.utc()) },
        html! { (text(&header.who)) },
        html! {
            @if last == Some(header.number) {
                span .faint { "as it is" }
            } @else {
                a .button.small href=(Route::Rollback(address.clone(), header.number).path()) aria-label={ "Back to revision " (header.number) } { "Back to this" }
            }
        },
    ]
}
