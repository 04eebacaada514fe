//! One connector: how it is shared, and who uses it.

use maud::{Markup, html};

use super::words::{newer, paged, released, shared, state, unreleased};
use super::{Asked, Instead, unclear};
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::{Route, Verb};
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::{Address, RecipeState};
use crate::ops::workspace::catalog::{CatalogLine, CatalogShowDocument, CatalogUser};
use crate::plan::decision::shell_word;
use crate::report::html::{Column, Tone, count, facts, notice, tally, text};

const COLUMNS: [Column; 4] = [
    Column::words("Recipe"),
    Column::words("Customer"),
    Column::words("State"),
    Column::numbers("Number"),
];

pub(super) fn page(asked: &Asked<'_>, address: &Address, name: &str) -> Result<Reply, Instead> {
    let document = asked.shown(address, name)?;
    let line = &document.connector;
    let body = html! {
        p .lead { (text(line.internal_name.as_str())) }
        @if let Some((old, new)) = newer(line) {
            (notice(Tone::Warning, &format!("New version released: {new}"), &html! {
                p { "Customers run " (old) "." }
                p .actions { (action(address, line, Verb::Update, "Look at the update")) }
            }))
        }
        (facts(&[
            ("Customers run", shared(line)),
            ("Newest released", html! { (released(line)) }),
            ("Unreleased", html! { (unreleased(line)) }),
            ("Reaches", html! { (counted(document.reaches as u64, "customer")) }),
            ("Used by", html! { (counted(line.recipes as u64, "recipe")) " of " (counted(line.customers as u64, "customer")) }),
            ("Running", html! { (counted(line.running as u64, "recipe")) }),
            ("Lives in", html! { (text(document.data_center.as_str())) }),
            ("Released versions", html! { (versions(&line.released)) }),
        ]))
        (changes(asked, address, line))
        (users(asked, address, &document)?)
    };
    let mut sight = Sight::new(line.title.to_string(), body);
    sight.section = Section::Workspace(address.clone());
    sight.above = vec![(
        "Shared connectors".to_owned(),
        Route::Connectors(address.clone()),
    )];
    sight.command = Some(format!(
        "recipack catalog show {} {}",
        shell_word(line.title.as_str()),
        asked.console.host.options(address)
    ));
    Ok(sight.reply(Some(asked.console)))
}

fn versions(released: &[Version]) -> String {
    if released.is_empty() {
        return "none".to_owned();
    }
    let all: Vec<String> = released.iter().map(Version::to_string).collect();
    all.join(", ")
}

fn action(address: &Address, line: &CatalogLine, verb: Verb, words: &str) -> Markup {
    let route = Route::Change(address.clone(), line.internal_name.to_string(), verb);
    html! { a .button href=(route.path()) { (words) } }
}

/// What can be done with it.
fn changes(asked: &Asked<'_>, address: &Address, line: &CatalogLine) -> Markup {
    html! {
        @if !asked.may_change() {
            p .faint { "This console only shows: it was started with " code { "--read-only" } "." }
        } @else if line.shared.version().is_some() {
            p .actions {
                @if newer(line).is_some() { (action(address, line, Verb::Update, "Update")) }
                @if line.released.len() > 1 { (action(address, line, Verb::Switch, "Switch version")) }
                (action(address, line, Verb::Remove, "Remove"))
            }
        } @else if line.released.is_empty() {
            p .faint {
                "Only a released version can be shared: "
                code { "recipack connector release " (text(&shell_word(line.title.as_str()))) " " (text(&asked.console.host.options(address))) }
            }
        } @else {
            p .actions { (action(address, line, Verb::Share, "Share with customers")) }
        }
    }
}

/// Who uses it.
fn users(
    asked: &Asked<'_>,
    address: &Address,
    document: &CatalogShowDocument,
) -> Result<Markup, Instead> {
    let line = &document.connector;
    let mut users: Vec<&CatalogUser> = document.users.iter().collect();
    let state_said = asked.query.get("state");
    match state_said {
        None => {}
        Some(word) => {
            let wanted: RecipeState = word
                .parse()
                .map_err(|_| unclear("The address asks for an unknown state of recipes."))?;
            users.retain(|user| user.state == wanted);
        }
    }
    let number = asked.page_number()?;
    let (rows, links) = paged(asked, number, &users);
    let rows: Vec<Vec<Markup>> = rows
        .iter()
        .map(|user| {
            vec![
                html! { bdi { (text(&user.folder.label(&user.name))) } },
                html! { (text(&user.customer.to_string())) },
                state(user.state),
                html! { (user.id) },
            ]
        })
        .collect();
    let mut customers: Vec<&Address> = users
        .iter()
        .filter(|user| user.state == RecipeState::Running)
        .map(|user| &user.customer)
        .collect();
    customers.dedup();
    let stop = Route::Stop(address.clone(), line.internal_name.to_string()).path();
    let stop = |customer: &Address| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("customer", &customer.to_string())
            .finish();
        format!("{stop}?{query}")
    };
    Ok(html! {
        h2 #recipes { "Recipes that use it" }
        @if document.users.is_empty() {
            p { "No recipe of a customer uses it." }
        } @else {
            p {
                @match state_said {
                    Some(_) => { a href={ (asked.query.with("state", "")) "#recipes" } { "Show all recipes" } }
                    None => { a href={ (asked.query.with("state", "running")) "#recipes" } { "Show those that run" } }
                }
            }
            @if users.is_empty() {
                p { "None." }
            } @else {
                (tally(&format!("{} of {}", count(users.len()), counted(document.users.len() as u64, "recipe")), &COLUMNS, &rows))
                (links)
            }
            @if state_said == Some(RecipeState::Running.as_str()) && asked.may_change() && !customers.is_empty() {
                h2 { "Stop them" }
                p { "Recipes that run keep the connector from being removed. They are stopped customer by customer." }
                ul .actions {
                    @for customer in &customers {
                        li { a .button.small href=(stop(customer)) { "Stop those of " (text(&customer.to_string())) } }
                    }
                }
            }
        }
    })
}
