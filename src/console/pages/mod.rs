//! The pages.

mod change;
mod connector;
mod connectors;
mod home;
mod stop;
mod words;

use std::sync::PoisonError;

use hyper::StatusCode;
use maud::{PreEscaped, html};

use super::fields::Fields;
use super::frame::Sight;
use super::reply::Reply;
use super::route::Route;
use super::{About, Changes, Console, Sort, Trouble};
use crate::model::workspace::Address;
use crate::ops::workspace::catalog::{CatalogError, CatalogShowDocument, show};
use crate::report::html::{Tone, findings, notice};
use crate::workspace::AdminWorkspace;

/// How many rows a page has.
const ROWS: usize = 100;

/// What is asked for by somebody who may.
pub(super) struct Asked<'c> {
    pub(super) console: &'c Console,
    /// What forms of the session carry.
    pub(super) token: String,
    /// What the address says.
    pub(super) query: Fields,
    /// What was sent, if something is to be changed.
    pub(super) form: Option<Fields>,
}

/// Why there is no such page, or what is shown in its place.
enum Instead {
    /// What is wrong, told as on the command line.
    Trouble(Trouble),
    /// Another page.
    Reply(Box<Reply>),
}

impl From<Trouble> for Instead {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Reply> for Instead {
    fn from(reply: Reply) -> Self {
        Self::Reply(Box::new(reply))
    }
}

/// The page of a route, or what is wrong.
pub(super) fn answer(asked: &Asked<'_>, route: &Route) -> Reply {
    let (told, address) = match route {
        Route::Home | Route::Style | Route::Icon => (home::page(asked), None),
        Route::Connectors(address) => (connectors::page(asked, address), Some(address)),
        Route::Connector(address, name) => (connector::page(asked, address, name), Some(address)),
        Route::Change(address, name, verb) => {
            (change::page(asked, address, name, *verb), Some(address))
        }
        Route::Stop(address, name) => (stop::page(asked, address, name), Some(address)),
        Route::Outcome(number) => (outcome(asked, *number), None),
    };
    match told {
        Ok(reply) => reply,
        Err(Instead::Reply(reply)) => *reply,
        Err(Instead::Trouble(trouble)) => troubled(asked, address, &trouble),
    }
}

/// What went wrong, with a way back.
fn troubled(asked: &Asked<'_>, address: Option<&Address>, trouble: &Trouble) -> Reply {
    let (status, title) = match trouble.sort {
        Sort::Failed => (StatusCode::UNPROCESSABLE_ENTITY, "That can't be done"),
        Sort::Refused => (StatusCode::CONFLICT, "Nothing was changed"),
        Sort::NotAuthorised => (
            StatusCode::BAD_GATEWAY,
            "The platform does not let it be done",
        ),
        Sort::Temporary => (StatusCode::SERVICE_UNAVAILABLE, "Not now"),
        Sort::Unclear => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "That did not end as planned",
        ),
    };
    let mut sight = Sight::new(title, findings(&trouble.told));
    sight.status = status;
    if let Some(address) = address {
        sight.address = Some(address.clone());
        sight.above = vec![(
            "Shared connectors".to_owned(),
            Route::Connectors(address.clone()),
        )];
    }
    sight.reply(Some(asked.console))
}

/// A page for what is not answered.
pub(super) fn turned_away(status: StatusCode) -> Reply {
    let (title, what) = match status {
        StatusCode::MISDIRECTED_REQUEST => (
            "This host is not served here",
            "The console answers to 127.0.0.1 and localhost only, with its port.",
        ),
        StatusCode::FORBIDDEN => (
            "Not from here",
            "Open the address that the console printed, in this browser; each is good once, and then the \
             console prints the next one. Changes have to come from the console's own pages, made since it started.",
        ),
        StatusCode::NOT_FOUND => (
            "There is no such page",
            "Go back, or begin at the first page.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("That is too much", "No form of this console is that large.")
        }
        StatusCode::SERVICE_UNAVAILABLE => ("The console is stopping", "Start it again."),
        StatusCode::INTERNAL_SERVER_ERROR => (
            "The page could not be made",
            "That is a defect of the console. Nothing says whether something was changed: look at it with the command line.",
        ),
        _ => (
            "The request was not understood",
            "Go back, and try it from the page.",
        ),
    };
    let mut sight = Sight::new(
        title,
        html! {
            p { (what) }
            p { a href=(Route::Home.path()) { "To the first page" } }
        },
    );
    sight.status = status;
    sight.reply(None)
}

/// Nothing is changed here.
pub(super) fn read_only() -> Reply {
    let mut sight = Sight::new(
        "This console only shows",
        html! { p { "Nothing was changed. It was started with " code { "--read-only" } "." } },
    );
    sight.status = StatusCode::FORBIDDEN;
    sight.reply(None)
}

/// What a form or an address says that can't be.
fn unclear(what: &str) -> Instead {
    let mut sight = Sight::new(
        "That is not clear",
        html! { p { (what) } p { a href=(Route::Home.path()) { "To the first page" } } },
    );
    sight.status = StatusCode::BAD_REQUEST;
    sight.reply(None).into()
}

/// What was done, to be looked at again.
fn outcome(asked: &Asked<'_>, number: u64) -> Result<Reply, Instead> {
    let kept = {
        let sessions = asked.console.sessions.lock();
        sessions
            .unwrap_or_else(PoisonError::into_inner)
            .outcome(number)
    };
    let kept = kept.ok_or_else(|| turned_away(StatusCode::NOT_FOUND))?;
    let mut sight = Sight::new(
        kept.title,
        html! { (notice(Tone::Good, "Done", &PreEscaped(kept.body))) },
    );
    sight.above = vec![
        (
            "Shared connectors".to_owned(),
            Route::Connectors(kept.address.clone()),
        ),
        (
            kept.connector.0,
            Route::Connector(kept.address.clone(), kept.connector.1),
        ),
    ];
    sight.address = Some(kept.address);
    sight.command = Some(kept.command);
    Ok(sight.reply(Some(asked.console)))
}

impl Asked<'_> {
    /// Whether somebody may change something here.
    const fn may_change(&self) -> bool {
        matches!(self.console.changes, Changes::Confirmed)
    }

    fn open(&self, address: &Address, work: &str) -> Result<Box<dyn AdminWorkspace>, Instead> {
        self.allowed(address)?;
        Ok(self.console.host.open(address, work)?)
    }

    /// Whether a console is about this workspace.
    fn allowed(&self, address: &Address) -> Result<(), Instead> {
        match self.console.host.workspaces()?.contains(address) {
            true => Ok(()),
            false => Err(turned_away(StatusCode::NOT_FOUND).into()),
        }
    }

    fn catalog(&self, about: About<'_>, error: CatalogError) -> Instead {
        self.console.host.catalog(about, error).into()
    }

    /// A connector, as `catalog show` tells it.
    fn shown(&self, address: &Address, name: &str) -> Result<CatalogShowDocument, Instead> {
        let admin = self.open(address, "console")?;
        let about = About {
            address,
            verb: "show",
            named: Some(name),
        };
        show(admin.as_ref(), address, name).map_err(|error| self.catalog(about, error))
    }

    /// The number of the page that the address says, from 1.
    fn page_number(&self) -> Result<usize, Instead> {
        let number = self.query.number("page");
        let number = number.map_err(|()| unclear("The address has no number as the page."))?;
        let number = usize::try_from(number.unwrap_or(1)).unwrap_or(usize::MAX);
        Ok(number.max(1))
    }
}
