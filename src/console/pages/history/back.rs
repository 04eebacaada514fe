//! What a rollback would do, and having it done.

use hyper::StatusCode;
use maud::{Markup, html};

use super::deed;
use crate::console::frame::{Section, Sight};
use crate::console::pages::permits::{boxes, granted};
use crate::console::pages::words::recipes;
use crate::console::pages::{Asked, Instead, turned_away, unclear};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::session::Done;
use crate::model::ident::Digest;
use crate::model::workspace::{Address, RecipeState, RevisionNumber};
use crate::ops::import::rollback::{RollbackDocument, digest_of};
use crate::plan::decision::shell_word;
use crate::plan::import::wording::Wording;
use crate::plan::rollback::RollbackPlan;
use crate::report::html::leaf::{planned, tables};
use crate::report::html::{Tone, notice, text};

pub(in crate::console::pages) fn page(
    asked: &Asked<'_>,
    address: &Address,
    to: RevisionNumber,
) -> Result<Reply, Instead> {
    let importing = asked.console.host.importing();
    let command = format!(
        "recipack rollback {} {to}",
        shell_word(&address.to_string())
    );
    let above = vec![
        ("Import".to_owned(), Route::Import),
        (
            format!("History of {address}"),
            Route::History(address.clone()),
        ),
    ];
    let Some(form) = &asked.form else {
        let plan = importing.planned_rollback(address, to)?;
        let digest = digest_of(&plan);
        let digest = digest.map_err(|_| turned_away(StatusCode::INTERNAL_SERVER_ERROR))?;
        let title = format!("Roll {address} back to how it was {}?", plan.restores());
        let mut sight = Sight::new(title, look(asked, address, &plan, digest));
        sight.section = Section::Import;
        sight.above = above;
        sight.command = Some(format!("{command} --plan"));
        return Ok(sight.reply(Some(asked.console)));
    };
    let plan = form
        .get("plan")
        .and_then(|plan| plan.parse::<Digest>().ok());
    let plan = plan.ok_or_else(|| unclear("The form names no plan. Look at it again."))?;
    let granted = granted(form);
    let options: String = granted.iter().map(|one| format!(" --{one}")).collect();
    let title = format!("Rolling {address} back");
    let address = address.clone();
    Ok(asked.work(title, Section::Import, move |console| {
        let importing = console.host.importing();
        let document = importing.roll_back(&address, to, plan, &granted);
        Some(document.map(|document| {
            let said = format!("{address}: a rollback was confirmed\n");
            console.host.tell(&said);
            let (title, tone) = outcome(&address, &document);
            Done {
                title,
                tone,
                body: told(&address, &document).into_string(),
                section: Section::Import,
                above,
                command: command + &options,
            }
        }))
    }))
}

fn look(asked: &Asked<'_>, address: &Address, plan: &RollbackPlan, digest: Digest) -> Markup {
    let mut rows = Vec::new();
    let mut same = Vec::new();
    let mut add = |Wording { sign, what }: Wording, name: &str, kind: &str, then: &str| {
        let row = planned(sign, name, kind, &what, then);
        match sign {
            "=" => same.push(row),
            _ => rows.push(row),
        }
    };
    for connector in &plan.connectors {
        add(
            connector.wording(),
            connector.title.as_str(),
            "connector",
            "",
        );
        for moved in &connector.moves {
            let wording = Wording {
                sign: "!",
                what: "moves to it".to_owned(),
            };
            let name = moved.folder.label(&moved.name);
            add(wording, &name, "recipe", moved.state.as_str());
        }
    }
    for asset in &plan.assets {
        let state = asset.state.map_or("", RecipeState::as_str);
        let name = asset.folder.label(&asset.name);
        add(asset.wording(), &name, asset.kind.label(), state);
    }
    html! {
        @if !plan.refused.is_empty() {
            (notice(Tone::Bad, "It can't be rolled back like that", &html! {
                ul { @for refusal in &plan.refused { li { (text(&refusal.to_string())) ": " (refusal.help()) } } }
            }))
        } @else if plan.is_empty() {
            (notice(Tone::Plain, "Nothing to roll back", &html! { p { "The workspace is like that already." } }))
        } @else if !asked.may_change() {
            p .faint { "This console only shows: it was started with " code { "--read-only" } "." }
        } @else {
            form .panel method="post" action=(Route::Rollback(address.clone(), plan.to).path()) autocomplete="off" {
                input type="hidden" name="token" value=(asked.token);
                input type="hidden" name="plan" value=(digest);
                (boxes(&plan.needs))
                p .actions {
                    button .danger type="submit" { "Roll back" }
                    a href=(Route::History(address.clone()).path()) { "Cancel" }
                }
            }
        }
        p { (plan.summary_line()) }
        @if !plan.undone.is_empty() {
            h2 { "What is undone" }
            ul { @for undone in &plan.undone { li { "revision " (undone.number) ", " (text(&deed(undone))) " (" (undone.at.utc()) ")" } } }
        }
        @if !plan.is_empty() && !plan.irreversible.is_empty() {
            (notice(Tone::Warning, "Not brought back", &html! {
                ul { @for one in &plan.irreversible { li { (text(&one.wording())) } } }
            }))
        }
        (tables(&rows, &same))
    }
}

/// How it ended.
fn outcome(address: &Address, document: &RollbackDocument) -> (String, Tone) {
    let revision = document
        .receipt
        .as_ref()
        .and_then(|receipt| receipt.revision);
    match (revision, document.astray.is_empty()) {
        (Some(revision), true) => (
            format!("Rolled {address} back as revision {revision}"),
            Tone::Good,
        ),
        (Some(revision), false) => (
            format!("Rolled back as revision {revision}, but not everything is as planned"),
            Tone::Bad,
        ),
        (None, true) => (
            format!("{address} is as it was {}", document.plan.restores()),
            Tone::Good,
        ),
        (None, false) => (format!("{address} is not as planned"), Tone::Bad),
    }
}

fn told(address: &Address, document: &RollbackDocument) -> Markup {
    html! {
        @if document.astray.is_empty() {
            p { "Read back: it is as it was " (document.plan.restores()) "." }
        } @else {
            ul { @for astray in &document.astray { li { (text(astray)) } } }
        }
        @if let Some(receipt) = &document.receipt { (recipes(&receipt.recipes)) }
        p { a href=(Route::History(address.clone()).path()) { "To the history of " (text(&address.to_string())) } }
    }
}
