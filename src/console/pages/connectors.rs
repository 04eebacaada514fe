//! The shared connectors of an admin workspace: its tab of the same name, with what the platform's
//! does not say.

use maud::{Markup, html};

use super::words::{newer, paged, released, shared, unreleased};
use super::{Asked, Instead, unclear};
use crate::console::About;
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::{Route, Verb};
use crate::model::count::counted;
use crate::model::workspace::Address;
use crate::ops::workspace::catalog::{CatalogLine, list};
use crate::report::html::{Column, Tone, count, notice, tally, text, title};

const COLUMNS: [Column; 7] = [
    Column::words("Connector"),
    Column::words("Customers run"),
    Column::words("Newest released"),
    Column::words("Unreleased"),
    Column::numbers("Customers"),
    Column::numbers("Running recipes"),
    Column::words("Change"),
];
/// How many new versions are announced above the list.
const ANNOUNCED: usize = 5;

/// Which connectors are shown.
const SHOWN: [(&str, &str); 4] = [
    ("", "All"),
    ("shared", "Shared"),
    ("not-shared", "Not shared"),
    ("update", "With a newer version"),
];
/// In which order.
const ORDERS: [(&str, &str); 3] = [
    ("", "Title"),
    ("customers", "Customers, most first"),
    ("running", "Running recipes, most first"),
];

pub(super) fn page(asked: &Asked<'_>, address: &Address) -> Result<Reply, Instead> {
    let admin = asked.open(address, "console")?;
    let about = About {
        address,
        verb: "list",
        named: None,
    };
    let document = list(admin.as_ref(), address).map_err(|error| asked.catalog(about, error))?;
    let all = document.connectors.len();
    let updates: Vec<&CatalogLine> = document
        .connectors
        .iter()
        .filter(|line| newer(line).is_some())
        .collect();
    let mut lines: Vec<&CatalogLine> = document.connectors.iter().collect();
    if let Some(words) = asked.query.get("q") {
        let words = words.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&words);
        lines.retain(|line| has(line.title.as_str()) || has(line.internal_name.as_str()));
    }
    match asked.query.get("show") {
        None => {}
        Some("shared") => lines.retain(|line| line.shared.version().is_some()),
        Some("not-shared") => lines.retain(|line| line.shared.version().is_none()),
        Some("update") => lines.retain(|line| newer(line).is_some()),
        Some(_) => {
            return Err(unclear(
                "The address asks for connectors of an unknown sort.",
            ));
        }
    }
    match asked.query.get("sort") {
        None => {}
        // Those that are equal stay in the order of their titles.
        Some("customers") => lines.sort_by_key(|line| std::cmp::Reverse(line.customers)),
        Some("running") => lines.sort_by_key(|line| std::cmp::Reverse(line.running)),
        Some(_) => return Err(unclear("The address asks for an unknown order.")),
    }
    let number = asked.page_number()?;
    let (rows, links) = paged(asked, number, &lines);
    let rows: Vec<Vec<Markup>> = rows.iter().map(|line| row(asked, address, line)).collect();
    let caption = format!(
        "{} of {}",
        count(lines.len()),
        counted(all as u64, "connector")
    );
    let body = html! {
        p .lead { "This workspace has " (counted(document.customers as u64, "customer")) "." }
        @for line in updates.iter().take(ANNOUNCED) { (announced(asked, address, line)) }
        @if updates.len() > ANNOUNCED {
            p { a href=(asked.query.with("show", "update")) { "All " (count(updates.len())) " with a newer released version" } }
        }
        (search(asked))
        @if lines.is_empty() {
            p { @if all == 0 { "This workspace has no custom connectors." } @else { "No connector is like that." } }
        } @else {
            (tally(&caption, &COLUMNS, &rows))
            (links)
        }
    };
    let mut sight = Sight::new("Shared connectors", body);
    sight.section = Section::Workspace(address.clone());
    sight.command = Some(format!(
        "recipack catalog list {}",
        asked.console.host.options(address)
    ));
    Ok(sight.reply(Some(asked.console)))
}

/// What is to be shown, in which order.
fn search(asked: &Asked<'_>) -> Markup {
    let chosen = |name: &str, value: &str| asked.query.get(name).unwrap_or_default() == value;
    html! {
        form .search method="get" role="search" aria-label="Connectors" {
            label { span { "Title or name" } input type="search" name="q" value=(asked.query.get("q").unwrap_or_default()); }
            label { span { "Show" } select name="show" {
                @for (value, words) in SHOWN { option value=(value) selected[chosen("show", value)] { (words) } }
            } }
            label { span { "Order" } select name="sort" {
                @for (value, words) in ORDERS { option value=(value) selected[chosen("sort", value)] { (words) } }
            } }
            button type="submit" { "Show" }
        }
    }
}

/// A newer version that customers could have.
fn announced(asked: &Asked<'_>, address: &Address, line: &CatalogLine) -> Markup {
    let Some((old, new)) = newer(line) else {
        return html! {};
    };
    let heading = format!("New version released: {} {new}", line.title);
    let update = Route::Change(
        address.clone(),
        line.internal_name.to_string(),
        Verb::Update,
    );
    notice(
        Tone::Warning,
        &heading,
        &html! {
            p { "Customers run " (old) ". "
                @if asked.may_change() { "Update what they run?" } @else { "An update is possible." }
            }
            p .actions {
                a .button.first.small href=(update.path()) { "Look at the update of " (text(line.title.as_str())) }
            }
        },
    )
}

fn row(asked: &Asked<'_>, address: &Address, line: &CatalogLine) -> Vec<Markup> {
    let name = line.internal_name.to_string();
    let route = |verb| Route::Change(address.clone(), name.clone(), verb).path();
    let action = |verb: Verb, words: &str| {
        html! { a .button.small href=(route(verb)) aria-label={ (words) " " (text(line.title.as_str())) } { (words) } }
    };
    vec![
        html! {
            a href=(Route::Connector(address.clone(), name.clone()).path()) { (title(line.title.as_str())) }
            span .id { (text(&name)) }
        },
        shared(line),
        html! { (released(line)) },
        html! { (unreleased(line)) },
        html! { (count(line.customers)) },
        html! { (count(line.running)) },
        html! {
            @if !asked.may_change() {
                span .faint { "read only" }
            } @else if line.shared.version().is_some() {
                span .actions {
                    @if newer(line).is_some() { (action(Verb::Update, "Update")) }
                    @if line.released.len() > 1 { (action(Verb::Switch, "Switch")) }
                    (action(Verb::Remove, "Remove"))
                }
            } @else if line.released.is_empty() {
                span .faint { "release a version first" }
            } @else {
                span .actions { (action(Verb::Share, "Share")) }
            }
        },
    ]
}
