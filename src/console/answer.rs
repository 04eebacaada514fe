//! From a request to its answer: whether it is answered at all, and by which page.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::fields::Fields;
use super::pages::{self, Asked};
use super::reply::{Content, Reply};
use super::route::Route;
use super::session::Session;
use super::{Changes, Console, guard};
use crate::report::html::{ICON, STYLE};
use crate::serving::{Answering, Busy, Closed, own_host};

/// The largest form, in bytes: one with a box for each of very many assets.
const MOST: usize = 1 << 20;
/// How long a form may take to come in.
const BODY: Duration = Duration::from_secs(30);
/// Where a key is brought.
const START: &str = "/start";

/// What all requests share.
pub(super) struct Service {
    pub(super) console: Arc<Console>,
    /// Bounds how many requests are worked on at once.
    pub(super) at_once: Semaphore,
}

impl Answering for Service {
    type Body = Full<Bytes>;

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        busy: Busy,
    ) -> Result<Response<Full<Bytes>>, Closed> {
        let reply = match self.reply(request).await {
            Ok(reply) | Err(reply) => reply,
        };
        drop(busy);
        Ok(reply
            .told(&|page| self.console.host.unsecret(page))
            .response())
    }
}

impl Service {
    async fn reply(&self, request: Request<Incoming>) -> Result<Reply, Reply> {
        let (head, body) = request.into_parts();
        let port = self.console.port;
        let host = own_host(&head.uri, &head.headers, port);
        let host = host.ok_or_else(|| pages::turned_away(StatusCode::MISDIRECTED_REQUEST))?;
        let path = head.uri.path();
        let asks = match head.method {
            Method::GET | Method::HEAD => Asks::ToLook,
            Method::POST => Asks::ToChange,
            _ => {
                let methods = Content::Methods("GET, HEAD, POST");
                return Err(Reply::of(StatusCode::METHOD_NOT_ALLOWED, methods));
            }
        };
        let unclear = || pages::turned_away(StatusCode::BAD_REQUEST);
        let query = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
        let query = query.ok_or_else(unclear)?;
        let session = self.session(&head.headers);
        if path == START {
            return match asks {
                Asks::ToLook => {
                    let opened = self.start(host, session, query.get("key").unwrap_or_default());
                    opened.map(|reply| match guard::is_of_other_site(&head.headers) {
                        true => reply.by_refreshing(),
                        false => reply,
                    })
                }
                Asks::ToChange => Err(Reply::of(
                    StatusCode::METHOD_NOT_ALLOWED,
                    Content::Methods("GET, HEAD"),
                )),
            };
        }
        let route = Route::parse(path);
        // They say nothing of anybody, and the pages of those who are turned away have them, too.
        match route {
            Some(Route::Style) => return Ok(Reply::of(StatusCode::OK, Content::Style(STYLE))),
            Some(Route::Icon) => return Ok(Reply::of(StatusCode::OK, Content::Icon(ICON))),
            Some(
                Route::Home
                | Route::Connectors(_)
                | Route::Connector(..)
                | Route::Change(..)
                | Route::Stop(..)
                | Route::Outcome(_)
                | Route::Work(_)
                | Route::Import
                | Route::ImportPlan
                | Route::History(_)
                | Route::Rollback(..)
                | Route::Package
                | Route::Assets
                | Route::Target(_)
                | Route::TargetConnectors(_)
                | Route::TargetExport(_),
            )
            | None => {}
        }
        let session = session.ok_or_else(|| pages::turned_away(StatusCode::FORBIDDEN))?;
        let route = route.ok_or_else(|| pages::turned_away(StatusCode::NOT_FOUND))?;
        let form = match asks {
            Asks::ToLook => None,
            Asks::ToChange if !route.takes_changes() => {
                let methods = Content::Methods("GET, HEAD");
                return Err(Reply::of(StatusCode::METHOD_NOT_ALLOWED, methods));
            }
            Asks::ToChange => Some(self.form(&head.headers, body, session).await?),
        };
        let Ok(_permit) = self.at_once.acquire().await else {
            return Err(pages::turned_away(StatusCode::SERVICE_UNAVAILABLE));
        };
        let console = Arc::clone(&self.console);
        let work = move || {
            let asked = Asked {
                console: &console,
                token: console.token(session),
                query,
                form,
            };
            pages::answer(&asked, &route)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| pages::turned_away(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The session of a request, if it brings one.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let sessions = self.console.sessions.lock();
        let sessions = sessions.unwrap_or_else(PoisonError::into_inner);
        let mut cookies = guard::cookies(headers, self.console.port);
        cookies.find_map(|cookie| sessions.find(cookie))
    }

    /// Opens a session for whoever brings the key.
    fn start(&self, host: &str, session: Option<Session>, key: &str) -> Result<Reply, Reply> {
        if session.is_some() {
            return Ok(Reply::see(Route::Home.path()));
        }
        let (cookie, next) = {
            let sessions = self.console.sessions.lock();
            let mut sessions = sessions.unwrap_or_else(PoisonError::into_inner);
            let opened = sessions.open(key);
            let opened = opened.ok_or_else(|| pages::turned_away(StatusCode::FORBIDDEN))?;
            (sessions.cookie(opened), sessions.key())
        };
        self.console.host.tell(&format!(
            "the address was opened; for another browser: http://{host}{START}?key={next}\n"
        ));
        let name = guard::cookie_name(self.console.port);
        Ok(Reply::see(Route::Home.path()).cookie(&name, &cookie))
    }

    /// The form of a change, if one of this console's own pages sends it.
    async fn form(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        session: Session,
    ) -> Result<Fields, Reply> {
        if !guard::is_of_own_page(headers, self.console.port) {
            return Err(pages::turned_away(StatusCode::FORBIDDEN));
        }
        if !guard::is_form(headers) {
            return Err(pages::turned_away(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let too_large = || pages::turned_away(StatusCode::PAYLOAD_TOO_LARGE);
        let said = headers.get(CONTENT_LENGTH);
        let said = said.and_then(|said| said.to_str().ok()?.parse::<usize>().ok());
        if said.is_some_and(|said| said > MOST) {
            return Err(too_large());
        }
        let read = tokio::time::timeout(BODY, Limited::new(body, MOST).collect()).await;
        let bytes = match read {
            Err(_) => return Err(pages::turned_away(StatusCode::REQUEST_TIMEOUT)),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(too_large());
            }
            Ok(Err(_)) => return Err(pages::turned_away(StatusCode::BAD_REQUEST)),
            Ok(Ok(body)) => body.to_bytes(),
        };
        let form = Fields::parse(&bytes);
        let form = form.ok_or_else(|| pages::turned_away(StatusCode::BAD_REQUEST))?;
        let is_own = {
            let sessions = self.console.sessions.lock();
            let sessions = sessions.unwrap_or_else(PoisonError::into_inner);
            sessions.is_token(session, form.get("token").unwrap_or_default())
        };
        match (is_own, self.console.changes) {
            (false, _) => Err(pages::turned_away(StatusCode::FORBIDDEN)),
            (true, Changes::Never) => Err(pages::read_only()),
            (true, Changes::Confirmed) => Ok(form),
        }
    }
}

/// What a method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// A page.
    ToLook,
    /// A change.
    ToChange,
}

impl Console {
    fn token(&self, session: Session) -> String {
        let sessions = self.sessions.lock();
        sessions
            .unwrap_or_else(PoisonError::into_inner)
            .token(session)
    }
}
