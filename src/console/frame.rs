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

/// A page of a console before it has its frame.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) status: StatusCode,
    pub(super) title: String,
    /// The workspace that it is about.
    pub(super) address: Option<Address>,
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
            address: None,
            above: Vec::new(),
            body,
            command: None,
        }
    }

    /// Puts it into its frame.
    pub(super) fn reply(self, console: Option<&Console>) -> Reply {
        let is_list = self.above.is_empty() && self.address.is_some();
        let page = Page {
            sheet: LINKED,
            above: html! {
                a .brand href=(Route::Home.path()) { "recipack console" }
                @if let Some(address) = &self.address {
                    nav aria-label="Pages" {
                        ul {
                            li {
                                a href=(Route::Connectors(address.clone()).path()) aria-current=[is_list.then_some("page")] {
                                    "Shared connectors"
                                }
                            }
                        }
                    }
                    span .where {
                        (text(&address.to_string()))
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
