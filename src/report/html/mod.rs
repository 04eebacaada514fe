//! What pages and reports in HTML are made of: a frame, tables, badges, findings. No script, no style
//! beside the one sheet, and no name that is not escaped.

pub mod fleet;
pub mod leaf;
mod pieces;

pub use pieces::{
    Cell, Column, Tone, Width, badge, count, facts, findings, notice, tally, text, title,
};

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet of pages and reports.
pub const STYLE: &str = include_str!("style.css");

/// The icon of pages.
pub const ICON: &str = include_str!("icon.svg");

/// Where a page has its style from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// From a file beside it; so is its icon.
    Linked {
        /// The style sheet.
        sheet: &'static str,
        /// The icon.
        icon: &'static str,
    },
    /// From itself: it is one file, that asks nobody for anything.
    Inside,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// What it is called: in the window, and in its first heading.
    pub title: String,
    /// Where it has its style from.
    pub sheet: Sheet,
    /// What stands above it: where one is, and where else one can go.
    pub above: Markup,
    /// The way to it from other pages, before its heading.
    pub way: Markup,
    /// What it says.
    pub body: Markup,
    /// What stands below it.
    pub below: Markup,
}

/// What a report may do when it is opened: show itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

impl Page {
    /// The page as a document.
    pub fn document(&self) -> String {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="generator" content="recipack";
                    @match self.sheet {
                        Sheet::Linked { sheet, icon } => {
                            link rel="stylesheet" href=(sheet);
                            link rel="icon" type="image/svg+xml" href=(icon);
                        }
                        Sheet::Inside => {
                            meta http-equiv="content-security-policy" content=(POLICY);
                            style { (PreEscaped(STYLE)) }
                        }
                    }
                    title { (text(&self.title)) " · recipack" }
                }
                body {
                    a .skip href="#content" { "Skip to the content" }
                    header { div .frame { (self.above) } }
                    main #content .frame tabindex="-1" {
                        (self.way)
                        h1 { (text(&self.title)) }
                        (self.body)
                    }
                    footer { div .frame { (self.below) } }
                }
            }
        };
        markup.into_string()
    }
}

#[cfg(test)]
mod tests;
