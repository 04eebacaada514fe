//! Ticking the connectors that the package for a target brings.

use maud::{Markup, html};

use super::review::Review;
use super::{Read, sight};
use crate::console::Words;
use crate::console::pages::{Asked, Instead};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::model::ident::{Digest, TargetName};
use crate::model::target::Target;
use crate::plan::decision::ConnectorDecision;
use crate::plan::export::picking::{ConnectorRow, Tick, by_rule, connector_rows};
use crate::plan::rule::Ruling;
use crate::report::html::{Tone, badge, notice, text};

pub(in crate::console::pages) fn page(
    asked: &Asked<'_>,
    name: &TargetName,
) -> Result<Reply, Instead> {
    let read = Read::of(asked)?;
    let target = read.target(name)?;
    // What the rule alone decides: a tick is a word against it.
    let document = read.packing.planned(name, Words::OfNobody)?;
    let rows = connector_rows(&read.manifest, target, &document.connectors);
    let base = base(&read, &rows);
    let route = Route::TargetConnectors(name.clone());
    let Some(form) = &asked.form else {
        return Ok(choose(asked, &read, name, target, &rows, &base));
    };
    if form.get("base") != Some(base.as_str()) {
        return Err(read.packing.stale().into());
    }
    let field = |number: usize| format!("connector.{number}");
    let mut steps = Vec::new();
    let mut ticked = Vec::new();
    let mut second = Vec::new();
    for (number, (row, decision)) in rows.iter().enumerate() {
        let now = Tick::of(form.get(&field(number)).is_some());
        if now == Tick::Ticked {
            ticked.push(field(number));
            if decision.rule == Ruling::SharedLeftOut {
                second.push(*decision);
            }
        }
        steps.extend(row.step(name, now));
    }
    let review = Review {
        question: format!("Save which connectors {name} gets?"),
        text: read.edited(&steps)?,
        ticked,
        base,
        notices: html! { @for decision in second { (becomes_second(name, decision)) } },
        route,
        back: (name.to_string(), Route::Target(name.clone())),
        read: &read,
    };
    review.answer(asked, form)
}

/// The stronger warning: a connector that is shared already goes into the package.
pub(super) fn becomes_second(name: &TargetName, decision: &ConnectorDecision) -> Markup {
    let heading = format!("{name} would have {} twice", decision.connector);
    let version = decision.catalog.as_ref();
    let version = version.and_then(|entry| entry.shared_version.version());
    notice(
        Tone::Bad,
        &heading,
        &html! {
            p {
                "The customer has it already, shared"
                @if let Some(version) = version { " as " (version) }
                ". The package's copy stands beside that one: recipes of this package use the copy, and updates of the shared "
                "connector no longer reach them."
            }
        },
    )
}

/// What boxes with these numbers stand for.
fn base(read: &Read<'_>, rows: &[(ConnectorRow, &ConnectorDecision)]) -> String {
    let mut text = read.written.text.clone();
    for (row, decision) in rows {
        text.push_str(&format!("\0{}\0{}", row.title, decision.rule.as_str()));
    }
    Digest::of(text.as_bytes()).to_string()
}

fn choose(
    asked: &Asked<'_>,
    read: &Read<'_>,
    name: &TargetName,
    target: &Target,
    rows: &[(ConnectorRow, &ConnectorDecision)],
    base: &str,
) -> Reply {
    let back = Route::Target(name.clone());
    let body = html! {
        p .lead { "The rule decides about each unless a box says otherwise." }
        @if rows.is_empty() {
            p { "The package needs no custom connector." }
        } @else {
            form .panel method="post" action=(Route::TargetConnectors(name.clone()).path()) autocomplete="off" {
                input type="hidden" name="token" value=(asked.token);
                input type="hidden" name="base" value=(base);
                fieldset {
                    legend { "The package brings" }
                    @for (number, (row, decision)) in rows.iter().enumerate() {
                        label {
                            input type="checkbox" name={ "connector." (number) } checked[row.tick() == Tick::Ticked];
                            bdi { (text(row.title.as_str())) }
                            @if row.tick() == Tick::Ticked && decision.rule == Ruling::SharedLeftOut { " " (badge(Tone::Bad, "against the rule")) }
                            small { (text(&by_rule(decision, target.kind))) }
                        }
                    }
                }
                @if asked.may_change() {
                    p .actions {
                        button type="submit" { "Look at the change" }
                        a href=(back.path()) { "Cancel" }
                    }
                }
            }
        }
    };
    let title = format!("Connectors for {name}");
    let mut sight = sight(title, body, vec![(name.to_string(), back)]);
    sight.command = Some(format!("recipack manifest edit {}", read.option()));
    sight.reply(Some(asked.console))
}
