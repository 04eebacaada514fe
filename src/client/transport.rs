//! From questions to answers: limits, deadlines, redirects, what an answer's status means, and what
//! is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, header};
use url::Url;

use super::answer::{Answer, Node, Refusal, header_text, is_page, shown};
use super::base::{ApiBase, authority, is_loopback};
use super::error::{ClientError, RequestContext};
use super::known::{self, Known};
use super::limits::LimitClass;
use super::request::{Method, Repeat, Request};
use super::retry::{self, RetryReason};
use super::settings::{Clock, Cut, Notice, Settings};
use super::tally::Tally;
use super::tries::{Failed, RetryState};
use super::wire::{Broken, Effect, HEAD, Introduction, Reason, Reply, Wire};
use crate::client::rate_limit::{Permit, RateLimiter};

/// Bytes that an answer in JSON may have.
const ANSWER: u64 = 64 * 1024 * 1024;
/// Bytes of a refusal that are read.
const REFUSAL: u64 = 64 * 1024;
/// How often an answer may lead elsewhere.
const HOPS: u32 = 5;
/// Records that are asked for at once: the most that the platform gives (platform.md §2.3, §2.4).
const PAGE: usize = 100;
/// Records that are asked for at once where a hundred are too many bytes.
const SMALL_PAGE: usize = 10;
/// How often a list is read that something goes out of meanwhile.
const READINGS: u32 = 3;
/// How many records a page of a platform's list holds if there are more: 10 in older lists, 100 in
/// newer ones (platform.md §2.4), and what lies between is a multiple of this or 25.
const SMALLEST_PAGE: usize = 10;
/// What the limit for all classes together is called.
const ALL: &str = "all";
/// Pages after which a list is taken to have no end.
const PAGES: usize = 10_000;

/// Asks the platform.
pub(super) struct Transport {
    wire: Wire,
    limits: BTreeMap<LimitClass, RateLimiter>,
    /// For all classes together.
    together: Option<RateLimiter>,
    /// Whether the count that processes share can't be kept.
    alone: AtomicBool,
    /// What was answered with a tag.
    known: Known,
}

/// The pages of a list.
#[derive(Default)]
struct Pages {
    each: Vec<Answer>,
    /// The numbers of their records, and which place each was first seen at.
    seen: BTreeMap<u64, usize>,
    /// The last records, each with its place in the list, counted from 1.
    ends: Vec<(usize, u64)>,
}

/// How an attempt ended without an answer.
enum Tried {
    /// That is the end of it.
    Over(ClientError),
    /// It may go better later.
    Again(Failed),
}

impl<E: Into<ClientError>> From<E> for Tried {
    fn from(error: E) -> Self {
        Self::Over(error.into())
    }
}

impl Transport {
    pub(super) fn new(
        settings: Settings,
        pauses: Box<dyn Clock + Send + Sync>,
    ) -> Result<Self, ClientError> {
        let limits = &settings.limits;
        let classes = limits.classes();
        Ok(Self {
            limits: classes
                .map(|(class, rate)| (class, RateLimiter::new(rate)))
                .collect(),
            together: limits.together().map(RateLimiter::new),
            alone: AtomicBool::new(false),
            known: Known::default(),
            wire: Wire::new(settings, Arc::from(pauses))?,
        })
    }

    pub(super) fn base(&self) -> &ApiBase {
        &self.wire.settings().base
    }

    /// The answer to a question, which is asked as often as it may and need be.
    pub(super) fn answer(&self, request: &Request<'_>) -> Result<Answer, ClientError> {
        let mut tries = RetryState::new(&self.wire, request);
        loop {
            match self.attempt(request, &mut tries) {
                Ok(answer) => return Ok(answer),
                // An attempt of which nothing was heard did it.
                Err(Tried::Over(ClientError::NotFound { at, .. }))
                    if tries.unsure && request.method == Method::Delete =>
                {
                    return Answer::read(at, 404, b"", self.wire.withheld());
                }
                Err(Tried::Over(error)) => return Err(told(request, error)),
                Err(Tried::Again(failed)) => tries.next(failed)?,
            }
        }
    }

    /// What the platform says it did. An answer that nothing can be made of is a
    /// [lost](ClientError::Lost) one: the request may have been carried out all the same.
    pub(super) fn change<T>(
        &self,
        request: &Request<'_>,
        read: impl FnOnce(&Answer) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let answer = self.answer(request)?.accepted()?;
        read(&answer).map_err(|error| told(request, error))
    }

    /// Every record of a list, over all its pages. A record without one of `named` is told of and
    /// left out.
    pub(super) fn pages<T>(
        &self,
        request: &Request<'_>,
        names: &[&str],
        named: &[&'static str],
        read: impl Fn(&Node<'_>) -> Result<T, ClientError>,
    ) -> Result<Vec<T>, ClientError> {
        self.pages_among(request, names, named, None, read)
    }

    /// The records of a list, until those that are wanted are among them: where a page may be the
    /// last one or not, no other is asked for then.
    pub(super) fn pages_among<T>(
        &self,
        request: &Request<'_>,
        names: &[&str],
        named: &[&'static str],
        wanted: Option<&BTreeSet<u64>>,
        read: impl Fn(&Node<'_>) -> Result<T, ClientError>,
    ) -> Result<Vec<T>, ClientError> {
        for _ in 0..READINGS {
            let pages = match self.pages_of(PAGE, request, names, wanted) {
                // A hundred recipes may be a lot, where the platform can't leave out their code.
                Err(ClientError::TooLarge { .. }) => {
                    self.pages_of(SMALL_PAGE, request, names, wanted)?
                }
                other => other?,
            };
            if self.moved(&pages, request, names)? {
                continue;
            }
            // What moved to the next page meanwhile comes twice.
            let each = pages.each.iter();
            let nodes = each.flat_map(|page| page.list(names)).flatten();
            return self.records(request, nodes, named, read);
        }
        Err(ClientError::Unavailable {
            at: self.at(request),
            attempts: READINGS,
            source: Box::new(Reason(
                "the list changes while it is read, each time".to_owned(),
            )),
        })
    }

    /// Every record of a list for which the platform documents no pages: all come at once. Where as
    /// many come as a page could hold, it is asked for a second page all the same.
    pub(super) fn whole<T>(
        &self,
        request: &Request<'_>,
        names: &[&str],
        named: &[&'static str],
        read: impl Fn(&Node<'_>) -> Result<T, ClientError>,
    ) -> Result<Vec<T>, ClientError> {
        let answer = self.answer(request)?;
        let records = answer.list(names)?;
        let size = records.len();
        // What could be the first of several pages is one if another follows.
        if is_cap(size) {
            let next = request.clone().query("page", 2).query("per_page", size);
            let next = self.answer(&next)?;
            let mut known = BTreeSet::new();
            for node in &records {
                known.insert(node.id("id")?);
            }
            for node in next.list(names)? {
                if known.insert(node.id("id")?) {
                    return self.pages(request, names, named, read);
                }
            }
        }
        self.records(request, records, named, read)
    }

    /// What the records of a list say. One without one of `named` is told of and left out; one that
    /// comes twice counts once.
    fn records<'a, T>(
        &self,
        request: &Request<'_>,
        nodes: impl IntoIterator<Item = Node<'a>>,
        named: &[&'static str],
        read: impl Fn(&Node<'_>) -> Result<T, ClientError>,
    ) -> Result<Vec<T>, ClientError> {
        let mut records = Vec::new();
        let mut seen = BTreeSet::new();
        for node in nodes {
            let id = node.id("id")?;
            if !seen.insert(id) {
                continue;
            }
            match named.iter().find(|key| node.get(key).is_none()) {
                None => records.push(read(&node)?),
                Some(key) => self.wire.settings().notices.tell(&Notice::Nameless {
                    list: self
                        .exchange(request.method, &self.url(request))
                        .to_string(),
                    id,
                    key,
                }),
            }
        }
        Ok(records)
    }

    /// Asks for pages until one is short or brings nothing new (platform.md §2.3). The platform may
    /// give fewer at once than it was asked for, by a bound of its own: a page as long as such a
    /// bound may be is no short one.
    fn pages_of(
        &self,
        size: usize,
        request: &Request<'_>,
        names: &[&str],
        wanted: Option<&BTreeSet<u64>>,
    ) -> Result<Pages, ClientError> {
        let mut pages = Pages::default();
        let mut end = (0, 0);
        for page in 1..=PAGES {
            let asked = request.clone().query("page", page).query("per_page", size);
            let answer = self.answer(&asked)?;
            let before = pages.seen.len();
            let records = answer.list(names)?;
            let given = records.len();
            for node in records {
                end = (end.0 + 1, node.id("id")?);
                pages.seen.entry(end.1).or_insert(end.0);
            }
            // A list without pages gives the same again.
            if pages.seen.len() == before {
                return Ok(pages);
            }
            pages.each.push(answer);
            pages.ends.push(end);
            let found = |id| pages.seen.contains_key(id);
            let enough = wanted.is_some_and(|wanted| wanted.iter().all(found));
            if given < size && (enough || !is_cap(given)) {
                return Ok(pages);
            }
        }
        Err(ClientError::TooLarge {
            at: self.at(request),
            limit: (PAGES * size) as u64,
        })
    }

    /// Whether something went out of a list while its pages were read. What followed came one place
    /// nearer then, and may be on none of the pages: so it is asked what stands now where each page
    /// ended.
    fn moved(
        &self,
        pages: &Pages,
        request: &Request<'_>,
        names: &[&str],
    ) -> Result<bool, ClientError> {
        let Some((_, seams)) = pages.ends.split_last() else {
            return Ok(false);
        };
        for (place, expected) in seams {
            let asked = request.clone().query("page", place).query("per_page", 1);
            let answer = self.answer(&asked)?;
            let found = answer.list(names)?.first().map(|node| node.id("id"));
            // What came in meanwhile moves the others away from the front, which loses none.
            let nearer = |id| match (pages.seen.get(&id), pages.seen.get(expected)) {
                (Some(found), Some(expected)) => found > expected,
                _ => true,
            };
            if found.transpose()?.is_some_and(nearer) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes what a place holds into `into`, and says how many bytes that is. The place is asked for
    /// anew before each attempt, as links are valid for seconds. Once something was written there is
    /// no other attempt.
    pub(super) fn fetch(
        &self,
        place: impl Fn() -> Result<Url, ClientError>,
        into: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, ClientError> {
        let request = Request::get(String::new());
        let mut tries = RetryState::new(&self.wire, &request);
        loop {
            let url = place()?;
            match self.fetch_once(&request, url, &mut tries, into, limit) {
                Ok(bytes) => return Ok(bytes),
                Err(Tried::Over(error)) => return Err(error),
                Err(Tried::Again(failed)) => tries.next(failed)?,
            }
        }
    }

    /// The address of a question.
    pub(super) fn url(&self, request: &Request<'_>) -> Url {
        let mut url = self.base().url().clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }

    /// Where a question is asked.
    pub(super) fn at(&self, request: &Request<'_>) -> RequestContext {
        self.exchange(request.method, &self.url(request))
    }

    /// A link that an answer holds, which may be relative.
    pub(super) fn link(&self, at: &RequestContext, link: &str) -> Result<Url, ClientError> {
        let base = self.base().url();
        match base.join(link) {
            Ok(url) => self.may_follow(at, base, &url).map(|()| url),
            Err(_) => Err(ClientError::NoPackage {
                at: at.clone(),
                reason: format!("`{}` is no address", self.shown(link, 80)),
            }),
        }
    }

    /// Waits until a request may be sent, by the limit of its class and the one for all.
    fn permit(
        &self,
        method: Method,
        path: &str,
        tries: &mut RetryState<'_>,
    ) -> Result<[Option<Permit<'_>>; 2], Cut> {
        let class = LimitClass::of(method, path);
        let limits = [
            (class.as_str(), self.limits.get(&class)),
            (ALL, self.together.as_ref()),
        ];
        let mut permits = [None, None];
        for (permit, (class, limit)) in permits.iter_mut().zip(limits) {
            let start = Instant::now();
            let waited = limit.map(|limit| self.counted(limit, class));
            tries.queued = tries.queued.saturating_add(start.elapsed());
            *permit = waited.transpose()?;
        }
        Ok(permits)
    }

    /// The count that processes share, if there is one.
    pub(super) fn tally(&self) -> Option<&dyn Tally> {
        self.wire.settings().tally.as_deref()
    }

    /// Waits until a limit lets a request through, by the count that processes share if there is one.
    fn counted<'t>(&'t self, limit: &'t RateLimiter, class: &str) -> Result<Permit<'t>, Cut> {
        let permit = limit.permit(self.wire.pauses())?;
        let settings = self.wire.settings();
        let tally = self.tally().filter(|_| limit.is_bound());
        let Some(tally) = tally.filter(|_| !self.alone.load(Ordering::Relaxed)) else {
            return Ok(permit);
        };
        match permit.shared(tally, class, self.wire.pauses())? {
            Ok(permit) => Ok(permit),
            Err(error) => {
                self.alone.store(true, Ordering::Relaxed);
                let why =
                    std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
                settings.notices.tell(&Notice::Alone { why });
                limit.permit(self.wire.pauses())
            }
        }
    }

    fn attempt(&self, request: &Request<'_>, tries: &mut RetryState<'_>) -> Result<Answer, Tried> {
        let mut url = self.url(request);
        let budget = self.wire.budget(request)?;
        let mut deadline = None;
        let reads = request.method == Method::Get;
        if !reads {
            self.known.forget();
        }
        for _ in 0..=HOPS {
            let at = self.exchange(request.method, &url);
            let permit = self.permit(request.method, url.path(), tries)?;
            // Waiting for the permit does not count.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + budget);
            self.wire.settings().notices.tell(&Notice::Sent);
            let known = self.known.at(&url).filter(|_| reads);
            let sent = self.wire.send(
                request,
                &url,
                Introduction::Token {
                    known: known.as_ref(),
                },
                &tries.correlation,
                deadline,
            );
            let reply = sent.map_err(|broken| self.broken(request, at.clone(), broken))?;
            let at = self.with_request_id(at, &reply.headers);
            if let Some(target) = self.led_elsewhere(&at, &url, &reply)? {
                if request.method != Method::Get {
                    return Err(self
                        .diverted(
                            &at,
                            &target,
                            "what changes something is sent to one place only",
                        )
                        .into());
                }
                if target.origin() != url.origin() {
                    return Err(self
                        .diverted(
                            &at,
                            &target,
                            "answers of another host are not the platform's",
                        )
                        .into());
                }
                url = target;
                continue;
            }
            if reads && reply.status == 304 {
                let bytes =
                    known::unchanged(known, &at, &reply.headers, |tag| self.shown(tag, 80))?;
                drop(permit);
                return Ok(Answer::read(at, 200, &bytes, self.wire.withheld())?);
            }
            if !(200..300).contains(&reply.status) {
                return Err(self.refused(request, at, reply, deadline));
            }
            let (status, headers) = (reply.status, reply.headers.clone());
            let bytes = self.body(request, &at, reply, ANSWER, deadline)?;
            drop(permit);
            let answer = Answer::read(at, status, &bytes, self.wire.withheld())?;
            if reads && status == 200 {
                self.known.keep(&url, &headers, &bytes);
            }
            return Ok(answer);
        }
        let at = self.exchange(request.method, &url);
        Err(self.diverted(&at, &url, "it leads on and on").into())
    }

    fn fetch_once(
        &self,
        request: &Request<'_>,
        mut url: Url,
        tries: &mut RetryState<'_>,
        into: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, Tried> {
        let deadline = Instant::now() + self.wire.pace(limit);
        for _ in 0..=HOPS {
            let at = self.exchange(Method::Get, &url);
            let at_home = url.origin() == self.base().url().origin();
            let (introduction, permit) = if at_home {
                (
                    Introduction::Token { known: None },
                    Some(self.permit(Method::Get, url.path(), tries)?),
                )
            } else {
                (Introduction::Nobody, None)
            };
            self.wire.settings().notices.tell(&Notice::Sent);
            let sent = self
                .wire
                .send(request, &url, introduction, &tries.correlation, deadline);
            let reply = sent.map_err(|broken| self.broken(request, at.clone(), broken))?;
            let at = self.with_request_id(at, &reply.headers);
            if let Some(target) = self.led_elsewhere(&at, &url, &reply)? {
                url = target;
                continue;
            }
            if !(200..300).contains(&reply.status) {
                let status = reply.status;
                return Err(match self.refused(request, at.clone(), reply, deadline) {
                    // The token was not asked for there: the link is too old.
                    Tried::Over(ClientError::Unauthorised { .. } | ClientError::Barred { .. })
                        if !at_home =>
                    {
                        Tried::Again(Failed {
                            at,
                            trouble: RetryReason::Passing,
                            asked: None,
                            unsure: false,
                            why: Reason(format!("the place of the package answers {status}")),
                        })
                    }
                    tried @ (Tried::Over(_) | Tried::Again(_)) => tried,
                });
            }
            drop(permit);
            return self.pour(request, at, reply, into, limit);
        }
        let at = self.exchange(Method::Get, &url);
        Err(self.diverted(&at, &url, "it leads on and on").into())
    }

    /// Writes a body, as long as it comes no slower than it may.
    fn pour(
        &self,
        request: &Request<'_>,
        at: RequestContext,
        reply: Reply,
        into: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, Tried> {
        self.plain(&at, &reply)?;
        let expected = reply.body.content_length();
        if expected.is_some_and(|bytes| bytes > limit) {
            return Err(ClientError::TooLarge { at, limit }.into());
        }
        let start = Instant::now();
        let mut reader = reply.body.into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 * 1024];
        let mut written: u64 = 0;
        let failed = |written: u64, why: Reason| {
            let failed = Failed {
                at: at.clone(),
                trouble: RetryReason::Passing,
                asked: None,
                unsure: false,
                why,
            };
            if written == 0 {
                Tried::Again(failed)
            } else {
                Tried::Over(ClientError::Unavailable {
                    at: failed.at,
                    attempts: 1,
                    source: Box::new(failed.why),
                })
            }
        };
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(read) => read,
                Err(error) => {
                    let broken =
                        self.wire
                            .broken_body(request.method, error, self.wire.pace(limit));
                    return Err(match self.broken(request, at.clone(), broken) {
                        Tried::Again(Failed { why, .. }) => failed(written, why),
                        over => over,
                    });
                }
            };
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            written = written.saturating_add(read as u64);
            if written > limit {
                return Err(ClientError::TooLarge { at, limit }.into());
            }
            into.write_all(bytes).map_err(ClientError::Keep)?;
            if start.elapsed() > self.wire.pace(written) {
                let why = Reason(format!(
                    "it comes too slowly: {written} bytes in {} s",
                    start.elapsed().as_secs()
                ));
                return Err(failed(written, why));
            }
        }
        into.flush().map_err(ClientError::Keep)?;
        Ok(written)
    }

    /// Where an answer leads to, if it leads anywhere.
    fn led_elsewhere(
        &self,
        at: &RequestContext,
        from: &Url,
        reply: &Reply,
    ) -> Result<Option<Url>, ClientError> {
        if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = header_text(&reply.headers, header::LOCATION.as_str());
        let target = location.as_deref().and_then(|to| from.join(to).ok());
        let Some(target) = target else {
            return Err(ClientError::Unreadable {
                at: at.clone(),
                status: reply.status,
                expected: "it leads elsewhere and does not say where".to_owned(),
                found: self.shown(&location.unwrap_or_default(), 80),
            });
        };
        self.may_follow(at, from, &target)?;
        Ok(Some(target))
    }

    /// Without TLS nothing is fetched but from this machine, and only if that is where we were.
    fn may_follow(&self, at: &RequestContext, from: &Url, to: &Url) -> Result<(), ClientError> {
        let here = self.base().url().scheme() == "http";
        match to.scheme() {
            "https" if to.has_host() => Ok(()),
            "http" if here && is_loopback(to) && is_loopback(from) => Ok(()),
            "http" => Err(self.diverted(at, to, "it is not TLS")),
            _ => Err(self.diverted(at, to, "it is no place on the network")),
        }
    }

    fn diverted(&self, at: &RequestContext, to: &Url, reason: &'static str) -> ClientError {
        let host = authority(to);
        let to = format!("{}://{host}{}", to.scheme(), to.path());
        ClientError::Diverted {
            at: at.clone(),
            to: self.shown(&to, 200),
            reason,
        }
    }

    fn exchange(&self, method: Method, url: &Url) -> RequestContext {
        RequestContext::new(method.name(), authority(url), self.shown(url.path(), 200))
    }

    fn with_request_id(&self, at: RequestContext, headers: &HeaderMap) -> RequestContext {
        let id = header_text(headers, "x-request-id").filter(|id| !id.is_empty());
        at.with_request_id(id.map(|id| self.shown(&id, 80)))
    }

    /// What somebody else said, without what nobody is to hear of.
    fn shown(&self, text: &str, longest: usize) -> String {
        shown(&self.wire.withheld().in_words(text), longest)
    }

    /// Nothing compressed is taken, as none was asked for.
    fn plain(&self, at: &RequestContext, reply: &Reply) -> Result<(), ClientError> {
        match header_text(&reply.headers, header::CONTENT_ENCODING.as_str()) {
            Some(encoding) if !matches!(encoding.as_str(), "identity" | "") => {
                Err(ClientError::Unreadable {
                    at: at.clone(),
                    status: reply.status,
                    expected: "it is compressed, which was not asked for".to_owned(),
                    found: self.shown(&encoding, 40),
                })
            }
            _ => Ok(()),
        }
    }

    /// The bytes of an answer.
    fn body(
        &self,
        request: &Request<'_>,
        at: &RequestContext,
        reply: Reply,
        limit: u64,
        deadline: Instant,
    ) -> Result<Vec<u8>, Tried> {
        self.plain(at, &reply)?;
        let left = deadline.saturating_duration_since(Instant::now());
        let reader = reply.body.into_with_config().limit(u64::MAX).reader();
        let mut bytes = Vec::new();
        match reader.take(limit + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > limit => Err(ClientError::TooLarge {
                at: at.clone(),
                limit,
            }
            .into()),
            Ok(_) => Ok(bytes),
            Err(error) => {
                let broken = self.wire.broken_body(request.method, error, left);
                Err(self.broken(request, at.clone(), broken))
            }
        }
    }

    /// What an answer with a bad status means.
    fn refused(
        &self,
        request: &Request<'_>,
        at: RequestContext,
        reply: Reply,
        deadline: Instant,
    ) -> Tried {
        let Reply {
            status,
            headers,
            body,
        } = reply;
        let mut bytes = Vec::new();
        // Half of what it says is better than nothing.
        let reader = body.into_with_config().limit(u64::MAX).reader();
        let _ = reader.take(REFUSAL).read_to_end(&mut bytes);
        let _ = deadline;
        let Refusal { message, fields } = Refusal::read(&bytes, self.wire.withheld());
        let asked = retry::asked(
            header_text(&headers, header::RETRY_AFTER.as_str()).as_deref(),
            header_text(&headers, header::DATE.as_str()).as_deref(),
        );
        let why = || {
            let said = message
                .as_deref()
                .map_or_else(String::new, |said| format!(": {said}"));
            Reason(format!("the platform answers {status}{said}"))
        };
        let page = is_page(&headers, &bytes);
        match status {
            // The platform says no in JSON. Whoever answers with a page stands in front of it.
            401 | 403 if page => Tried::Over(ClientError::Barred { at, status }),
            407 => Tried::Over(ClientError::Barred { at, status }),
            401 | 403 => Tried::Over(ClientError::Unauthorised {
                at,
                status,
                token: self.wire.settings().token.source.clone(),
                message,
            }),
            404 | 410 => Tried::Over(ClientError::NotFound { at, message }),
            // It says that it was not done, whatever it was.
            429 => Tried::Again(Failed {
                at,
                trouble: RetryReason::Limited,
                asked,
                unsure: false,
                why: why(),
            }),
            408 | 500 | 502..=599 => self.unknown(request, at, asked, why()),
            // Neither done nor refused: it says nothing about what was done.
            ..=399 if request.method != Method::Get => self.unknown(request, at, asked, why()),
            _ => Tried::Over(ClientError::Refused {
                at,
                status,
                message,
                fields,
            }),
        }
    }

    /// The platform may have done it, or not.
    fn unknown(
        &self,
        request: &Request<'_>,
        at: RequestContext,
        asked: Option<Duration>,
        why: Reason,
    ) -> Tried {
        match request.repeat {
            Repeat::Freely => Tried::Again(Failed {
                at,
                trouble: RetryReason::Passing,
                asked,
                unsure: request.method != Method::Get,
                why,
            }),
            Repeat::Once => Tried::Over(ClientError::Lost {
                at,
                what: request.what.clone(),
                source: Box::new(why),
            }),
        }
    }

    fn broken(&self, request: &Request<'_>, at: RequestContext, broken: Broken) -> Tried {
        match broken {
            Broken::Cut(Effect::Possible) => Tried::Over(ClientError::Lost {
                at,
                what: request.what.clone(),
                source: Box::new(Cut),
            }),
            Broken::Cut(Effect::Harmless | Effect::Unsent | Effect::Incomplete) => {
                Tried::Over(Cut.into())
            }
            Broken::Package(error) => Tried::Over(error),
            Broken::Hopeless(why) => Tried::Over(ClientError::Unavailable {
                at,
                attempts: 1,
                source: Box::new(why),
            }),
            Broken::NotDone(why) => Tried::Again(Failed {
                at,
                trouble: RetryReason::Passing,
                asked: None,
                unsure: false,
                why,
            }),
            Broken::Unknown(why) => self.unknown(request, at, None, why),
            Broken::HeadTooLarge => match request.repeat {
                Repeat::Freely => Tried::Over(ClientError::TooLarge { at, limit: HEAD }),
                Repeat::Once => {
                    let why = Reason(format!("its head has more than {HEAD} bytes"));
                    self.unknown(request, at, None, why)
                }
            },
        }
    }
}

/// An error of a request, as it is told to whoever made it.
fn told(request: &Request<'_>, error: ClientError) -> ClientError {
    match request.method {
        Method::Get => error,
        Method::Post | Method::Put | Method::Delete => error.after_a_change(&request.what),
    }
}

/// Whether a page of so many records may be a full one, of a bound that the platform set by itself.
const fn is_cap(records: usize) -> bool {
    records >= SMALLEST_PAGE
        && (records.is_multiple_of(SMALLEST_PAGE) || records.is_multiple_of(25))
}
