//! The pages.

mod change;
mod connector;
mod connectors;
mod history;
mod home;
mod import;
mod package;
mod permits;
mod stop;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, mpsc};
use std::time::Duration;

use hyper::StatusCode;
use maud::{PreEscaped, html};

use super::fields::Fields;
use super::frame::{Section, Sight};
use super::reply::Reply;
use super::route::Route;
use super::session::{Done, WorkState};
use super::{About, Changes, Console, Packing, Sort, Trouble};
use crate::model::count::counted;
use crate::model::workspace::Address;
use crate::ops::workspace::catalog::{CatalogError, CatalogShowDocument, show};
use crate::report::html::{Tone, findings, notice};
use crate::workspace::AdminWorkspace;

/// How long somebody waits for what may be done at once.
const SOON: Duration = Duration::from_secs(2);
/// After how many seconds a page of what is being done looks again.
const LOOK_AGAIN: u32 = 2;

/// How many rows a page has.
const ROWS: usize = 100;

/// What is asked for by somebody who may.
pub(super) struct Asked<'c> {
    pub(super) console: &'c Arc<Console>,
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
    let workspace = |address: &Address| Section::Workspace(address.clone());
    let (told, section) = match route {
        Route::Home | Route::Style | Route::Icon => (home::page(asked), Section::Console),
        Route::Connectors(address) => (connectors::page(asked, address), workspace(address)),
        Route::Connector(address, name) => {
            (connector::page(asked, address, name), workspace(address))
        }
        Route::Change(address, name, verb) => (
            change::page(asked, address, name, *verb),
            workspace(address),
        ),
        Route::Stop(address, name) => (stop::page(asked, address, name), workspace(address)),
        Route::Outcome(number) => (outcome(asked, *number), Section::Console),
        Route::Work(number) => (work(asked, *number), Section::Console),
        Route::Import => (import::page(asked), Section::Import),
        Route::ImportPlan => (import::plan::page(asked), Section::Import),
        Route::History(address) => (history::page(asked, address), Section::Import),
        Route::Rollback(address, to) => (history::back::page(asked, address, *to), Section::Import),
        Route::Package => (package::page(asked), Section::Package),
        Route::Assets => (package::assets::page(asked), Section::Package),
        Route::Target(name) => (package::target::page(asked, name), Section::Package),
        Route::TargetConnectors(name) => (package::connectors::page(asked, name), Section::Package),
        Route::TargetExport(name) => (package::export::page(asked, name), Section::Package),
    };
    match told {
        Ok(reply) => reply,
        Err(Instead::Reply(reply)) => *reply,
        Err(Instead::Trouble(trouble)) => troubled(asked, section, &trouble),
    }
}

/// What went wrong, with a way back.
fn troubled(asked: &Asked<'_>, section: Section, trouble: &Trouble) -> Reply {
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
    sight.above = match &section {
        Section::Console => Vec::new(),
        Section::Workspace(address) => vec![(
            "Shared connectors".to_owned(),
            Route::Connectors(address.clone()),
        )],
        Section::Package => vec![("Package".to_owned(), Route::Package)],
        Section::Import => vec![("Import".to_owned(), Route::Import)],
    };
    sight.section = section;
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
            "That ended in the middle",
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

/// The pages above one that is about a connector.
fn above(address: &Address, title: &str, name: &str) -> Vec<(String, Route)> {
    vec![
        (
            "Shared connectors".to_owned(),
            Route::Connectors(address.clone()),
        ),
        (
            title.to_owned(),
            Route::Connector(address.clone(), name.to_owned()),
        ),
    ]
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
    let heading = match kept.tone {
        Tone::Good => "Done",
        Tone::Plain | Tone::Warning | Tone::Bad => "Not everything is as planned",
    };
    let mut sight = Sight::new(
        kept.title,
        html! { (notice(kept.tone, heading, &PreEscaped(kept.body))) },
    );
    sight.above = kept.above;
    sight.section = kept.section;
    sight.command = Some(kept.command);
    Ok(sight.reply(Some(asked.console)))
}

/// What is being done: until it ended, the page looks again by itself.
fn work(asked: &Asked<'_>, number: u64) -> Result<Reply, Instead> {
    let work = {
        let sessions = asked.console.sessions.lock();
        sessions
            .unwrap_or_else(PoisonError::into_inner)
            .work(number)
    };
    let work = work.ok_or_else(|| turned_away(StatusCode::NOT_FOUND))?;
    let since = match work.state {
        WorkState::Done(number) => return Ok(Reply::see(Route::Outcome(number).path())),
        WorkState::Failed(trouble) => return Ok(troubled(asked, work.section, &trouble)),
        WorkState::Broken => return Ok(turned_away(StatusCode::INTERNAL_SERVER_ERROR)),
        WorkState::Running(since) => since.elapsed().as_secs(),
    };
    let mut sight = Sight::new(
        work.title,
        html! {
            (notice(Tone::Plain, "It is being done", &html! {
                p { "For " (counted(since, "second")) " so far. This page looks again by itself; closing it stops nothing." }
                p { a href=(Route::Work(number).path()) { "Look again" } }
            }))
        },
    );
    sight.section = work.section;
    Ok(sight.reply(Some(asked.console)).looks_again(LOOK_AGAIN))
}

impl Asked<'_> {
    /// Whether somebody may change something here.
    fn may_change(&self) -> bool {
        matches!(self.console.changes, Changes::Confirmed)
    }

    /// Keeps what was done, and leads to the page that says it.
    fn done(&self, done: Done) -> Reply {
        let number = {
            let sessions = self.console.sessions.lock();
            sessions.unwrap_or_else(PoisonError::into_inner).keep(done)
        };
        Reply::see(Route::Outcome(number).path())
    }

    /// Has something done that may take its time: whoever asked is answered soon, and it goes on. A job
    /// that has nothing to say is a defect.
    fn work(
        &self,
        title: String,
        section: Section,
        job: impl FnOnce(&Console) -> Option<Result<Done, Trouble>> + Send + 'static,
    ) -> Reply {
        let sessions = || {
            let sessions = self.console.sessions.lock();
            sessions.unwrap_or_else(PoisonError::into_inner)
        };
        let number = sessions().begin(title, section);
        let (over, wait) = mpsc::channel();
        let console = Arc::clone(self.console);
        std::thread::spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| job(&console)));
            let sessions = console.sessions.lock();
            sessions
                .unwrap_or_else(PoisonError::into_inner)
                .end(number, done.unwrap_or_default());
            // Nobody may wait any more.
            let _ = over.send(());
        });
        let _ = wait.recv_timeout(SOON);
        let work = sessions().work(number);
        match work.map(|work| (work.section, work.state)) {
            Some((_, WorkState::Done(outcome))) => Reply::see(Route::Outcome(outcome).path()),
            Some((section, WorkState::Failed(trouble))) => troubled(self, section, &trouble),
            Some((_, WorkState::Broken)) => turned_away(StatusCode::INTERNAL_SERVER_ERROR),
            Some((_, WorkState::Running(_))) | None => Reply::see(Route::Work(number).path()),
        }
    }

    /// The project, where there is one.
    fn packing(&self) -> Result<&dyn Packing, Instead> {
        let packing = self.console.host.packing();
        packing.ok_or_else(|| turned_away(StatusCode::NOT_FOUND).into())
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
