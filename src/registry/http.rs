//! A repository of a registry, behind its HTTP API (the OCI distribution specification, 1.1).
//!
//! Without TLS only this machine is spoken to. A login and what is had for it go to the registry and
//! to whoever it says hands out its tokens, and nowhere else: redirects are followed without them.

mod api;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use ureq::http::{self, HeaderMap, HeaderValue, header};
use ureq::{Agent, SendBody};
use url::Url;

use super::challenge::{Challenge, challenge};
use super::error::RegistryError;
use super::login::{Login, Logins, Secret};
use super::reference::{Home, Host};
use crate::client::{
    Clock, Cut, Proxy, Timeouts, agent, authority, connecting, header_text, is_hopeless,
    is_loopback, is_page, shown,
};
use crate::io::limited;
use crate::model::withheld::Withheld;

/// How often something is asked that may go better next time.
const ATTEMPTS: u32 = 4;
/// The first pause between.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a registry may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often an answer may lead elsewhere.
const HOPS: u32 = 5;
/// Bytes of a refusal that are read, and of an answer with a token.
const REFUSAL: u64 = 64 * 1024;
const TOKEN: u64 = 1 << 20;
const MEGABYTE: u64 = 1_000_000;

/// How a registry is spoken to.
pub struct Connecting {
    /// Certificates that are trusted instead of Mozilla's, in a PEM file.
    pub ca: Option<PathBuf>,
    /// The proxy, if there is one.
    pub proxy: Option<Proxy>,
    /// How long answers may take.
    pub timeouts: Timeouts,
    /// Who sleeps, and hears of whoever wants to stop.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Where logins are kept.
    pub logins: Box<dyn Logins>,
}

/// A repository.
pub(super) struct Http {
    home: Home,
    /// What it is called in messages.
    host: String,
    /// What logins are kept under.
    login_host: String,
    /// The registry, without a path.
    base: Url,
    name: String,
    connecting: Connecting,
    /// For this machine, and for others.
    near: Agent,
    far: Agent,
    known: Mutex<Known>,
}

/// What is known of who asks.
#[derive(Default)]
struct Known {
    /// What goes along with requests.
    authorization: Option<HeaderValue>,
    /// Where the login is from.
    source: Option<String>,
    withheld: Withheld,
}

/// A question.
struct Ask<'a> {
    method: &'static str,
    url: Url,
    /// What it is, in words for people.
    what: String,
    headers: Vec<(&'static str, String)>,
    load: Load<'a>,
}

#[derive(Clone, Copy)]
enum Load<'a> {
    Nothing,
    Bytes(&'a [u8]),
    File(&'a Path, u64),
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: ureq::Body,
    /// Where it is from, after all redirects.
    url: Url,
}

/// How an attempt ended without an answer.
enum Tried {
    Over(RegistryError),
    /// Why, and how long the registry asks to wait.
    Again(String, Option<Duration>),
}

impl<'a> Ask<'a> {
    fn new(method: &'static str, url: Url, what: impl Into<String>) -> Self {
        Self {
            method,
            url,
            what: what.into(),
            headers: Vec::new(),
            load: Load::Nothing,
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn load(mut self, load: Load<'a>) -> Self {
        self.load = load;
        self
    }
}

impl Http {
    pub(super) fn open(
        host: &Host,
        name: &str,
        connecting_by: Connecting,
    ) -> Result<Self, RegistryError> {
        let ca = connecting_by.ca.as_deref();
        let patience = connecting_by.timeouts.connect;
        // What is meant for this machine does not leave it.
        let near = connecting(ca, None, patience)?;
        let far = connecting(ca, connecting_by.proxy.as_ref(), patience)?;
        let agent = |config| agent(config, &connecting_by.clock, &Arc::default());
        let (near, far) = (agent(&near), agent(&far));
        let base = Url::parse(&format!("https://{}/", host.authority())).map_err(|error| {
            RegistryError::Unreachable {
                host: host.to_string(),
                why: error.to_string(),
            }
        })?;
        let mut registry = Self {
            home: Home::Repository {
                host: host.clone(),
                name: name.to_owned(),
            },
            host: host.to_string(),
            login_host: host.as_str().to_owned(),
            base,
            name: name.to_owned(),
            connecting: connecting_by,
            near,
            far,
            known: Mutex::default(),
        };
        if host.is_loopback() && !registry.speaks_tls()? {
            // A scheme that http has too is taken.
            let _ = registry.base.set_scheme("http");
        }
        Ok(registry)
    }

    /// Whether a registry on this machine speaks TLS: many there don't.
    fn speaks_tls(&self) -> Result<bool, RegistryError> {
        let ask = Ask::new("GET", self.at(&[]), "its API");
        match self.once(&ask, &ask.url, None) {
            Ok(_) => Ok(true),
            Err(error) if is_cut(&error) => Err(Cut.into()),
            Err(error) => Ok(!is_no_tls(&error)),
        }
    }

    /// An address of the API.
    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&["/v2/", &path.join("/")].concat());
        url
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What somebody else said, without what nobody is to hear of.
    fn shown(&self, text: &str) -> String {
        shown(&self.known().withheld.in_words(text), 300)
    }

    fn is_here(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Where something may be sent to: with TLS anywhere, without it only on this machine, and only if
    /// that is where the registry is.
    fn may_follow(&self, what: &str, to: &Url) -> Result<(), RegistryError> {
        let reason = match to.scheme() {
            "https" if to.has_host() => return Ok(()),
            "http" if self.base.scheme() == "http" && is_loopback(to) => return Ok(()),
            "http" => "it is not TLS",
            _ => "it is no place on the network",
        };
        Err(RegistryError::Diverted {
            host: self.host.clone(),
            what: what.to_owned(),
            to: self.shown(&format!("{}://{}{}", to.scheme(), authority(to), to.path())),
            reason,
        })
    }

    fn written_elsewhere(&self, what: &str, to: &Url) -> RegistryError {
        RegistryError::Diverted {
            host: self.host.clone(),
            what: what.to_owned(),
            to: self.shown(&format!("{}://{}", to.scheme(), authority(to))),
            reason: "what is written is written to the registry itself",
        }
    }

    /// One request on the line.
    fn once(
        &self,
        ask: &Ask<'_>,
        url: &Url,
        authorization: Option<HeaderValue>,
    ) -> Result<Reply, ureq::Error> {
        let mut head = http::Request::builder()
            .method(ask.method)
            .uri(url.as_str());
        for (name, value) in &ask.headers {
            head = head.header(*name, value.as_str());
        }
        if let Some(value) = authorization {
            head = head.header(header::AUTHORIZATION, value);
        }
        let timeouts = self.connecting.timeouts;
        let size = match ask.load {
            Load::Nothing => 0,
            Load::Bytes(bytes) => bytes.len() as u64,
            Load::File(_, size) => size,
        };
        let megabytes = u32::try_from(size.div_ceil(MEGABYTE)).unwrap_or(u32::MAX);
        let sending = timeouts
            .request
            .saturating_add(timeouts.per_megabyte.saturating_mul(megabytes));
        let agent = match is_loopback(url) {
            true => &self.near,
            false => &self.far,
        };
        let run = |body: SendBody<'_>| {
            let request = head.body(body).map_err(ureq::Error::Http)?;
            let request = agent.configure_request(request);
            // A large file that comes slowly still comes.
            let request = request
                .timeout_send_body(Some(sending))
                .timeout_recv_response(Some(timeouts.request))
                .timeout_per_read(Some(timeouts.request));
            agent.run(request.build())
        };
        let response = match ask.load {
            Load::Nothing if matches!(ask.method, "GET" | "HEAD") => run(SendBody::none()),
            Load::Nothing => run(SendBody::from_reader(&mut io::empty())),
            Load::Bytes(mut bytes) => run(SendBody::from_reader(&mut bytes)),
            Load::File(path, size) => {
                let mut file = limited::open(path)?.take(size);
                run(SendBody::from_reader(&mut file))
            }
        }?;
        let (head, body) = response.into_parts();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            url: url.clone(),
        })
    }

    /// The answer to a question, wherever it leads, without a login where it leads elsewhere.
    fn followed(&self, ask: &Ask<'_>) -> Result<Reply, Tried> {
        let mut url = ask.url.clone();
        for _ in 0..=HOPS {
            self.may_follow(&ask.what, &url).map_err(Tried::Over)?;
            let authorization = self.known().authorization.clone();
            let authorization = authorization.filter(|_| self.is_here(&url));
            let reply = self
                .once(ask, &url, authorization)
                .map_err(|error| self.broken(&error))?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(reply);
            }
            let location = header_text(&reply.headers, header::LOCATION.as_str());
            let target = location.and_then(|to| url.join(&to).ok());
            let Some(target) = target else {
                return Err(Tried::Over(self.unreadable(
                    &ask.what,
                    "it leads elsewhere and does not say where",
                )));
            };
            if !matches!(ask.method, "GET" | "HEAD") {
                let error = self.written_elsewhere(&ask.what, &target);
                return Err(Tried::Over(error));
            }
            url = target;
        }
        Err(Tried::Over(
            self.unreadable(&ask.what, "it leads on and on"),
        ))
    }

    /// The answer to a question, after logging in where that is asked for, and again where it may go
    /// better.
    fn answer(&self, ask: &Ask<'_>) -> Result<Reply, RegistryError> {
        let mut pause = FIRST_PAUSE;
        let mut logged_in = false;
        let mut attempt = 1;
        loop {
            let (why, wait) = match self.followed(ask) {
                Ok(reply) if reply.status == 401 && self.is_here(&reply.url) => {
                    // Somebody who is asked again is not let in.
                    if logged_in {
                        let source = self.known().source.clone();
                        return Err(self.not_authorised(reply, source));
                    }
                    self.log_in(reply)?;
                    logged_in = true;
                    continue;
                }
                Ok(reply) if reply.status == 429 || (500..=599).contains(&reply.status) => {
                    let asked = header_text(&reply.headers, header::RETRY_AFTER.as_str());
                    let asked = asked.and_then(|text| text.parse().ok());
                    let status = reply.status;
                    (
                        format!("it answers {status}: {}", self.said(reply)),
                        asked.map(Duration::from_secs),
                    )
                }
                Ok(reply) => return Ok(reply),
                Err(Tried::Over(error)) => return Err(error),
                Err(Tried::Again(why, wait)) => (why, wait),
            };
            let wait_for = wait.unwrap_or(pause);
            if attempt == ATTEMPTS || wait_for > LONGEST_PAUSE {
                return Err(RegistryError::Unavailable {
                    host: self.host.clone(),
                    what: ask.what.clone(),
                    why,
                    wait,
                });
            }
            self.connecting.clock.pause(wait_for)?;
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }

    /// What happened on the line.
    fn broken(&self, error: &ureq::Error) -> Tried {
        if is_cut(error) {
            return Tried::Over(Cut.into());
        }
        let why = self.shown(&error.to_string());
        match is_hopeless(error) {
            true => Tried::Over(RegistryError::Unreachable {
                host: self.host.clone(),
                why,
            }),
            false => Tried::Again(why, None),
        }
    }

    fn unreadable(&self, what: &str, why: &str) -> RegistryError {
        RegistryError::Unreadable {
            host: self.host.clone(),
            what: what.to_owned(),
            why: why.to_owned(),
        }
    }

    /// What a refusal says.
    fn said(&self, reply: Reply) -> String {
        let mut bytes = Vec::new();
        let reader = reply.body.into_with_config().limit(u64::MAX).reader();
        // Half of what it says is better than nothing.
        let _ = reader.take(REFUSAL).read_to_end(&mut bytes);
        if is_page(&reply.headers, &bytes) {
            return "it sends a page for people".to_owned();
        }
        let said = serde_json::from_slice::<Refusals>(&bytes).map(|refusals| {
            let each = refusals.errors.into_iter();
            let each = each.map(|it| match it.message.is_empty() {
                true => it.code,
                false => format!("{}: {}", it.code, it.message),
            });
            each.collect::<Vec<_>>().join("; ")
        });
        match said {
            Ok(said) if !said.is_empty() => self.shown(&said),
            Ok(_) | Err(_) if bytes.is_empty() => "it does not say why".to_owned(),
            Ok(_) | Err(_) => self.shown(&String::from_utf8_lossy(&bytes)),
        }
    }

    /// What an answer means that is not the one that was hoped for.
    fn refused(&self, what: &str, reply: Reply) -> RegistryError {
        let status = reply.status;
        if matches!(status, 401 | 403) {
            let source = self.known().source.clone();
            return self.not_authorised(reply, source);
        }
        RegistryError::Refused {
            host: self.host.clone(),
            what: what.to_owned(),
            status,
            why: self.said(reply),
        }
    }

    fn not_authorised(&self, reply: Reply, login: Option<String>) -> RegistryError {
        RegistryError::NotAuthorised {
            host: self.host.clone(),
            login,
            why: self.said(reply),
        }
    }

    /// Does what an answer asks for of somebody who did not say who they are.
    fn log_in(&self, reply: Reply) -> Result<(), RegistryError> {
        let asked = reply.headers.get_all(header::WWW_AUTHENTICATE);
        let asked: Vec<&str> = asked.iter().filter_map(|it| it.to_str().ok()).collect();
        let Some(challenge) = challenge(asked) else {
            return Err(self.not_authorised(reply, None));
        };
        let login = self.connecting.logins.login(&self.login_host);
        let login = login.map_err(|error| RegistryError::Login {
            host: self.host.clone(),
            place: error.place,
            why: error.why,
        })?;
        {
            let mut known = self.known();
            known.source = login.as_ref().map(|login| login.source.clone());
            match login.as_ref().map(|login| &login.secret) {
                Some(Secret::Password { user, password }) => {
                    known.withheld.learn(password.expose_secret());
                    known.withheld.learn(&pair(user, password));
                }
                Some(Secret::Identity(token)) => known.withheld.learn(token.expose_secret()),
                None => {}
            }
        }
        let authorization = match challenge {
            Challenge::Basic => match login.as_ref().map(|login| &login.secret) {
                Some(Secret::Password { user, password }) => {
                    format!("Basic {}", pair(user, password))
                }
                Some(Secret::Identity(_)) | None => {
                    let source = login.map(|login| login.source);
                    return Err(self.not_authorised(reply, source));
                }
            },
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let token = self.token(&realm, service.as_deref(), scope.as_deref(), login)?;
                self.known().withheld.learn(token.expose_secret());
                format!("Bearer {}", token.expose_secret())
            }
        };
        let mut value = HeaderValue::from_str(&authorization)
            .map_err(|_| self.unreadable("a login", "it holds characters that no login has"))?;
        value.set_sensitive(true);
        self.known().authorization = Some(value);
        Ok(())
    }

    /// Has a token handed out.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: Option<&str>,
        login: Option<Login>,
    ) -> Result<SecretString, RegistryError> {
        let what = "a login";
        let mut url = Url::parse(realm)
            .map_err(|_| self.unreadable(what, "the place for tokens is no address"))?;
        self.may_follow(what, &url)?;
        // Nobody else's name goes along.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let scopes = scope.unwrap_or_default().split(' ');
        let scopes: Vec<&str> = scopes.filter(|scope| !scope.is_empty()).collect();
        let form;
        let mut authorization = None;
        let ask = match login.as_ref().map(|login| &login.secret) {
            Some(Secret::Identity(token)) => {
                let mut pairs = url::form_urlencoded::Serializer::new(String::new());
                pairs
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "recipack")
                    .append_pair("service", service.unwrap_or_default())
                    .append_pair("scope", &scopes.join(" "))
                    .append_pair("refresh_token", token.expose_secret());
                form = pairs.finish();
                Ask::new("POST", url, what)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("content-length", form.len().to_string())
                    .load(Load::Bytes(form.as_bytes()))
            }
            other => {
                if let Some(Secret::Password { user, password }) = other {
                    let text = format!("Basic {}", pair(user, password));
                    let value = HeaderValue::from_str(&text).map_err(|_| {
                        self.unreadable(what, "it holds characters that no login has")
                    })?;
                    authorization = Some(value);
                }
                if let Some(service) = service {
                    url.query_pairs_mut().append_pair("service", service);
                }
                for scope in scopes {
                    url.query_pairs_mut().append_pair("scope", scope);
                }
                Ask::new("GET", url, what)
            }
        };
        let reply = match self.once(&ask, &ask.url, authorization) {
            Ok(reply) => reply,
            Err(error) => match self.broken(&error) {
                Tried::Over(error) => return Err(error),
                Tried::Again(why, wait) => {
                    return Err(RegistryError::Unavailable {
                        host: authority(&ask.url),
                        what: what.to_owned(),
                        why,
                        wait,
                    });
                }
            },
        };
        match reply.status {
            200 => {}
            401 | 403 => {
                let source = login.map(|login| login.source);
                return Err(self.not_authorised(reply, source));
            }
            429 | 500..=599 => {
                let status = reply.status;
                return Err(RegistryError::Unavailable {
                    host: authority(&ask.url),
                    what: what.to_owned(),
                    why: format!("it answers {status}: {}", self.said(reply)),
                    wait: None,
                });
            }
            _ => return Err(self.refused(what, reply)),
        }
        let bytes = self.body(what, reply, TOKEN)?;
        let handed: Handed = serde_json::from_slice(&bytes)
            .map_err(|_| self.unreadable(what, "no token is in it"))?;
        let token = [handed.token, handed.access_token].into_iter().flatten();
        let mut token = token.filter(|token| !token.is_empty());
        let token = token.next();
        token
            .map(SecretString::from)
            .ok_or_else(|| self.unreadable(what, "no token is in it"))
    }

    /// The bytes of an answer, of which there may not be too many.
    fn body(&self, what: &str, reply: Reply, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        let reader = reply.body.into_with_config().limit(u64::MAX).reader();
        let read = reader.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.cut_off(what, error))?;
        if bytes.len() as u64 > limit {
            return Err(self.unreadable(what, &format!("it has more than {limit} bytes")));
        }
        if is_page(&reply.headers, &bytes) {
            return Err(self.unreadable(what, "it is a page for people, as of a login"));
        }
        Ok(bytes)
    }

    /// An answer broke off.
    fn cut_off(&self, what: &str, error: io::Error) -> RegistryError {
        match self.broken(&ureq::Error::from(error)) {
            Tried::Over(error) => error,
            Tried::Again(why, wait) => RegistryError::Unavailable {
                host: self.host.clone(),
                what: what.to_owned(),
                why,
                wait,
            },
        }
    }

    fn wrong(&self, what: String, why: String) -> RegistryError {
        RegistryError::Wrong {
            home: self.home.to_string(),
            what,
            why,
        }
    }
}

/// What refusals hold.
#[derive(Deserialize)]
struct Refusals {
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// A token that was handed out.
#[derive(Deserialize)]
struct Handed {
    token: Option<String>,
    access_token: Option<String>,
}

/// A name and a password, as they go along.
fn pair(user: &str, password: &SecretString) -> String {
    STANDARD.encode(format!("{user}:{}", password.expose_secret()))
}

fn is_cut(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Other(inner) if inner.is::<Cut>())
}

/// Whether TLS says that the other side is not who it should be.
fn is_certificate(error: &ureq::Error) -> bool {
    error.to_string().contains("certificate")
}

/// Whether the other side does not speak TLS: it is there, and does not understand, or goes away.
fn is_no_tls(error: &ureq::Error) -> bool {
    let gone = matches!(error, ureq::Error::Io(error) if matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    ));
    !is_certificate(error) && (gone || is_hopeless(error))
}
