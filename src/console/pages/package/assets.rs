//! Ticking the assets that a package takes.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::review::Review;
use super::{Read, sight};
use crate::console::pages::{Asked, Instead, unclear};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::model::count::counted;
use crate::model::graph::Graph;
use crate::model::ident::Digest;
use crate::ops::read::Opened;
use crate::plan::export::picking::{Picked, Row, Tick, picked, rows};
use crate::report::html::{Tone, notice, text};

/// How many assets that come along are named.
const NAMED: usize = 100;

pub(in crate::console::pages) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let read = Read::of(asked)?;
    let opened = read.packing.project()?;
    let graph = Graph::of(&opened.project);
    let rows = rows(&opened.project, &graph, &read.manifest.select);
    let base = base(&read, &opened, &rows);
    let Some(form) = &asked.form else {
        return Ok(choose(asked, &read, &opened, &rows, &base));
    };
    if form.get("base") != Some(base.as_str()) {
        return Err(read.packing.stale().into());
    }
    let name = |number: usize| format!("asset.{number}");
    let numbers: Vec<usize> = (0..rows.len())
        .filter(|&number| form.get(&name(number)).is_some())
        .collect();
    if numbers.is_empty() {
        return Err(unclear(
            "Nothing is ticked, so there would be no package. Tick what it is about.",
        ));
    }
    let ticked: BTreeSet<usize> = numbers.iter().map(|&number| rows[number].asset).collect();
    let picked = picked(
        &opened.project,
        &graph,
        &read.manifest.select,
        &rows,
        &ticked,
    );
    let review = Review {
        question: "Save what the package takes?".to_owned(),
        text: read.edited(&picked.steps)?,
        ticked: numbers.into_iter().map(name).collect(),
        base,
        notices: notices(&opened, &graph, &ticked, &picked),
        route: Route::Assets,
        back: ("What it takes".to_owned(), Route::Assets),
        read: &read,
    };
    review.answer(asked, form)
}

/// What boxes with these numbers stand for.
fn base(read: &Read<'_>, opened: &Opened, rows: &[Row]) -> String {
    let mut text = read.written.text.clone();
    for row in rows {
        text.push('\0');
        text.push_str(opened.project.assets[row.asset].path.as_str());
    }
    Digest::of(text.as_bytes()).to_string()
}

/// A tree of boxes.
fn choose(asked: &Asked<'_>, read: &Read<'_>, opened: &Opened, rows: &[Row], base: &str) -> Reply {
    let mut folders: BTreeMap<&str, Vec<(usize, &Row)>> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        let folder = opened.project.assets[row.asset].path.folder();
        folders.entry(folder).or_default().push((number, row));
    }
    let chosen = rows.iter().filter(|row| row.tick == Tick::Ticked).count();
    let body = html! {
        p .lead {
            (counted(chosen as u64, "asset")) " of " (rows.len()) " ticked. What a recipe needs comes along by itself, and is not listed here: "
            "connections, connectors, tables and the recipes that it calls."
        }
        @if rows.is_empty() {
            p { "There is nothing in the project that could be taken." }
        } @else {
            form .panel method="post" action=(Route::Assets.path()) autocomplete="off" {
                input type="hidden" name="token" value=(asked.token);
                input type="hidden" name="base" value=(base);
                @for (folder, rows) in &folders {
                    fieldset {
                        legend { @if folder.is_empty() { "The project's own folder" } @else { bdi { (text(folder)) } } }
                        @for (number, row) in rows { (tick(opened, *number, row)) }
                    }
                }
                @if asked.may_change() {
                    p .actions {
                        button type="submit" { "Look at the change" }
                        a href=(Route::Package.path()) { "Cancel" }
                    }
                }
            }
        }
    };
    let mut sight = sight("What the package takes", body, Vec::new());
    sight.command = Some(format!("recipack manifest edit {}", read.option()));
    sight.reply(Some(asked.console))
}

fn tick(opened: &Opened, number: usize, row: &Row) -> Markup {
    let asset = &opened.project.assets[row.asset];
    let brings = row.brings();
    html! {
        label {
            input type="checkbox" name={ "asset." (number) } checked[row.tick == Tick::Ticked];
            bdi { (text(asset.name())) }
            small {
                (asset.kind.label())
                @if !brings.is_empty() { ", with " (text(&brings.join(", "))) }
            }
        }
    }
}

/// What comes along, and what stays as it is whatever was ticked.
fn notices(opened: &Opened, graph: &Graph, ticked: &BTreeSet<usize>, picked: &Picked) -> Markup {
    let along = graph.closure(ticked.iter().copied(), |_| true);
    let along: Vec<usize> = along
        .into_iter()
        .filter(|(_, edge)| edge.is_some())
        .map(|(index, _)| index)
        .collect();
    let chosen = counted(ticked.len() as u64, "asset");
    let more = along.len().saturating_sub(NAMED);
    html! {
        p { (chosen) " ticked, " (counted(along.len() as u64, "asset")) " along with them." }
        @if !along.is_empty() {
            details {
                summary { "What comes along" }
                ul {
                    @for &index in along.iter().take(NAMED) {
                        li { code { (text(opened.project.assets[index].path.as_str())) } }
                    }
                    @if more > 0 { li { "and " (more) " more" } }
                }
            }
        }
        @if !picked.kept.is_empty() {
            (notice(Tone::Warning, "Some stay out whatever is ticked", &html! {
                ul {
                    @for (path, why) in picked.kept.iter().take(NAMED) {
                        li { code { (text(path.as_str())) } ": because of " (text(why)) ", which is edited by hand" }
                    }
                }
            }))
        }
    }
}
