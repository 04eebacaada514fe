//! What all pages of a console have around them.

use hyper::StatusCode;
use maud::{Markup, html};

use super::reply::{Content, Reply};
use super::route::Route;
use super::{Changes, Console};
use crate::model::workspace::Address;
use crate::report::html::{Page, Sheet, text};

/// Where the style sheet and the icon are.
const LINKED: Sheet = Sheet::Linked {
    sheet: "/style.css",
    icon: "/icon.svg",
};

/// What a page is about.
#[derive(Clone, Debug)]
pub(super) enum Section {
    /// The console itself.
    Console,
    /// A workspace.
    Workspace(Address),
    /// The package.
    Package,
    /// Imports.
    Import,
}

/// A page of a console before it has its frame.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) status: StatusCode,
    pub(super) title: String,
    /// What it is about.
    pub(super) section: Section,
    /// The pages above it: what they are called and where they are.
    pub(super) above: Vec<(String, Route)>,
    pub(super) body: Markup,
    /// The command that prints or does the same.
    pub(super) command: Option<String>,
}

impl Sight {
    pub(super) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            section: Section::Console,
            above: Vec::new(),
            body,
            command: None,
        }
    }

    /// Puts it into its frame.
    pub(super) fn reply(self, console: Option<&Console>) -> Reply {
        let is_top = self.above.is_empty();
        let packs = console.is_some_and(|console| console.host.packing().is_some());
        let connectors = match &self.section {
            Section::Workspace(address) => Some(address),
            Section::Console | Section::Package | Section::Import => None,
        };
        let (is_package, is_import) = match &self.section {
            Section::Package => (true, false),
            Section::Import => (false, true),
            Section::Workspace(_) | Section::Console => (false, false),
        };
        let page = Page {
            sheet: LINKED,
            above: html! {
                a .brand href=(Route::Home.path()) { "recipack console" }
                @if console.is_some() {
                    nav aria-label="Pages" {
                        ul {
                            @if let Some(address) = connectors {
                                li {
                                    a href=(Route::Connectors(address.clone()).path()) aria-current=[is_top.then_some("page")] {
                                        "Shared connectors"
                                    }
                                }
                            }
                            @if packs {
                                li {
                                    a href=(Route::Package.path()) aria-current=[(is_top && is_package).then_some("page")] {
                                        "Package"
                                    }
                                }
                            }
                            li {
                                a href=(Route::Import.path()) aria-current=[(is_top && is_import).then_some("page")] {
                                    "Import"
                                }
                            }
                        }
                    }
                }
                @if connectors.is_some() || is_package || is_import {
                    span .where {
                        @if let Some(address) = connectors { (text(&address.to_string())) }
                        @if let Some(Console { changes: Changes::Never, .. }) = console { " · read only" }
                    }
                }
            },
            way: html! {
                @if !self.above.is_empty() {
                    nav .crumbs aria-label="Above this page" {
                        @for (index, (name, route)) in self.above.iter().enumerate() {
                            @if index > 0 { " › " }
                            a href=(route.path()) { bdi { (text(name)) } }
                        }
                    }
                }
            },
            body: self.body,
            below: html! {
                @if let Some(command) = &self.command {
                    p { "The same on the command line: " code { (text(command)) } }
                }
                p { "This console runs on this machine only, for as long as its command does." }
            },
            title: self.title,
        };
        Reply::of(self.status, Content::Page(page.document()))
    }
}
