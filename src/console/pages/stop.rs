//! Stopping the recipes of a customer that use a connector, so that it can be removed.

use hyper::StatusCode;
use maud::{Markup, html};

use super::{Asked, Instead, above, unclear};
use crate::console::About;
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::session::Done;
use crate::model::count::counted;
use crate::model::ident::Digest;
use crate::model::workspace::{Address, RecipeState};
use crate::ops::workspace::catalog::{CatalogShowDocument, CatalogUser};
use crate::ops::workspace::operate::{Effect, Which, set_recipes};
use crate::plan::decision::shell_word;
use crate::report::html::{Column, Tone, notice, tally, text};

const COLUMNS: [Column; 2] = [Column::words("Recipe"), Column::numbers("Number")];

pub(super) fn page(asked: &Asked<'_>, address: &Address, name: &str) -> Result<Reply, Instead> {
    let document = asked.shown(address, name)?;
    let fields = asked.form.as_ref().unwrap_or(&asked.query);
    let customer = fields
        .get("customer")
        .and_then(|customer| customer.parse::<Address>().ok());
    let Some(customer) = customer else {
        return Err(unclear("The address does not say of which customer."));
    };
    let running: Vec<&CatalogUser> = document
        .users
        .iter()
        .filter(|user| user.customer == customer && user.state == RecipeState::Running)
        .collect();
    let json = serde_json::to_vec(&running);
    let json = json.map_err(|_| super::turned_away(StatusCode::INTERNAL_SERVER_ERROR))?;
    let digest = Digest::of(&json).to_string();
    let command = command(asked, &customer, &running);
    let Some(form) = &asked.form else {
        let body = look(asked, &document, &customer, &running, &digest);
        let title = &document.connector.title;
        let mut sight = Sight::new(
            format!("Stop the recipes of {customer} that use {title}?"),
            body,
        );
        sight.above = of(address, &document);
        sight.section = Section::Workspace(address.clone());
        sight.command = Some(command);
        return Ok(sight.reply(Some(asked.console)));
    };
    let about = About {
        address: &customer,
        verb: "stop",
        named: None,
    };
    if form.get("plan") != Some(digest.as_str()) {
        let about = About { address, ..about };
        return Err(asked.console.host.stale(about).into());
    }
    let mut workspace = asked.console.host.open_to_stop(&customer, "console")?;
    let which = Which::Named(running.iter().map(|user| user.id.to_string()).collect());
    let stopped = set_recipes(workspace.as_mut(), &customer, &which, RecipeState::Stopped)
        .map_err(|error| asked.console.host.operate(about, error))?;
    let changed = stopped
        .recipes
        .iter()
        .filter(|recipe| recipe.effect == Effect::Changed);
    let changed = counted(changed.count() as u64, "recipe");
    asked
        .console
        .host
        .tell(&format!("{customer}: {changed} stopped\n"));
    let back = Route::Connector(
        address.clone(),
        document.connector.internal_name.to_string(),
    );
    let body = html! {
        p { (changed) " of " (text(&customer.to_string())) " stopped." }
        p { a href={ (back.path()) "?state=running#recipes" } { "Show what still runs" } }
    };
    let done = Done {
        title: format!("Recipes of {customer} are stopped"),
        body: body.into_string(),
        tone: Tone::Good,
        section: Section::Workspace(address.clone()),
        above: of(address, &document),
        command,
    };
    Ok(asked.done(done))
}

fn of(address: &Address, document: &CatalogShowDocument) -> Vec<(String, Route)> {
    let connector = &document.connector;
    above(
        address,
        connector.title.as_str(),
        connector.internal_name.as_str(),
    )
}

fn command(asked: &Asked<'_>, customer: &Address, running: &[&CatalogUser]) -> String {
    let ids: Vec<String> = running
        .iter()
        .map(|user| shell_word(&user.id.to_string()))
        .collect();
    let options = asked.console.host.options(customer);
    format!("recipack recipe stop {} {options}", ids.join(" "))
}

fn look(
    asked: &Asked<'_>,
    document: &CatalogShowDocument,
    customer: &Address,
    running: &[&CatalogUser],
    digest: &str,
) -> Markup {
    let rows: Vec<Vec<Markup>> = running
        .iter()
        .map(|user| {
            vec![
                html! { bdi { (text(&user.folder.label(&user.name))) } },
                html! { (user.id) },
            ]
        })
        .collect();
    let name = document.connector.internal_name.to_string();
    let route = |name: String| Route::Connector(document.workspace.clone(), name);
    html! {
        @if running.is_empty() {
            p { "None of them runs." }
        } @else {
            (notice(Tone::Warning, "They stop for this customer", &html! {
                p { "Whatever they do for the customer is not done any more until somebody starts them." }
            }))
            (tally(&counted(running.len() as u64, "recipe"), &COLUMNS, &rows))
            @if asked.may_change() {
                form .panel method="post" action=(Route::Stop(document.workspace.clone(), name.clone()).path()) autocomplete="off" {
                    input type="hidden" name="token" value=(asked.token);
                    input type="hidden" name="plan" value=(digest);
                    input type="hidden" name="customer" value=(customer);
                    p .actions {
                        button .danger type="submit" { "Stop " (counted(running.len() as u64, "recipe")) }
                        a href=(route(name).path()) { "Cancel" }
                    }
                }
            }
        }
    }
}
