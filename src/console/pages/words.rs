//! What pages say in a few words, and what several of them show.

use maud::{Markup, html};

use super::{Asked, ROWS};
use crate::model::catalogue::{SharedVersion, Visibility};
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::RecipeState;
use crate::ops::workspace::catalog::CatalogLine;
use crate::plan::import::ReceiptRecipe;
use crate::report::html::{Tone, badge, count, text};

/// Whether customers may see a shared connector's source.
pub(super) const fn source(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Open => "open source",
        Visibility::Closed => "closed source",
        Visibility::Unknown => "open or closed source unknown",
    }
}

/// How a connector is shared.
pub(super) fn shared(line: &CatalogLine) -> Markup {
    match line.shared {
        SharedVersion::At(version) => html! {
            (badge(Tone::Good, &version.to_string()))
            @if let Some(visibility) = line.visibility { " " span .faint { (source(visibility)) } }
        },
        SharedVersion::None => badge(Tone::Plain, "not shared"),
        SharedVersion::Unsaid => badge(Tone::Warning, "not known"),
    }
}

/// The newest released version.
pub(super) fn released(line: &CatalogLine) -> String {
    line.released
        .last()
        .map_or_else(|| "none".to_owned(), Version::to_string)
}

/// The newest version where that one is not released.
pub(super) fn unreleased(line: &CatalogLine) -> String {
    match line.latest {
        None => "not known".to_owned(),
        Some(latest) if Some(&latest) > line.released.last() => latest.to_string(),
        Some(_) => "none".to_owned(),
    }
}

/// The newer version that customers could have, with the one that they have.
pub(super) fn newer(line: &CatalogLine) -> Option<(Version, Version)> {
    let (shared, newest) = (line.shared.version()?, *line.released.last()?);
    (newest > shared).then_some((shared, newest))
}

/// Whether a recipe runs.
pub(super) fn state(state: RecipeState) -> Markup {
    match state {
        RecipeState::Running => badge(Tone::Good, "running"),
        RecipeState::Stopped => badge(Tone::Plain, "stopped"),
    }
}

/// Recipes that were stopped or started, or were to run.
pub(super) fn recipes(recipes: &[ReceiptRecipe]) -> Markup {
    html! {
        @if !recipes.is_empty() {
            p { (counted(recipes.len() as u64, "recipe")) " whose state matters:" }
            ul {
                @for recipe in recipes {
                    li {
                        bdi { (text(&recipe.folder.label(&recipe.name))) } " " (state(recipe.state))
                        @for obstacle in &recipe.obstacles { " " (text(obstacle)) }
                    }
                }
            }
        }
    }
}

/// The part of some rows that a page shows, and the links to the others.
pub(super) fn paged<'r, T>(asked: &Asked<'_>, number: usize, rows: &'r [T]) -> (&'r [T], Markup) {
    let pages = rows.len().div_ceil(ROWS).max(1);
    let number = number.min(pages);
    let first = (number - 1) * ROWS;
    let shown = rows.get(first..).unwrap_or_default();
    let shown = shown.get(..ROWS.min(shown.len())).unwrap_or_default();
    let to = |number: usize| asked.query.with("page", &number.to_string());
    let links = html! {
        @if pages > 1 {
            nav .pages aria-label="Further rows" {
                span { (count(first + 1)) "–" (count(first + shown.len())) " of " (count(rows.len())) }
                @if number > 1 { a href=(to(number - 1)) rel="prev" { "Previous " (ROWS) } }
                @if number < pages { a href=(to(number + 1)) rel="next" { "Next " (ROWS) } }
            }
        }
    };
    (shown, links)
}
