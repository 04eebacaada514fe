//! Sending requests: within the limits, with a deadline, again where that is safe.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use secrecy::ExposeSecret as _;
use serde_json::Value;
use ureq::http::{HeaderMap, Request, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body as Received, SendBody};
use url::Url;

use super::answer::{Answer, shown};
use super::error::ClientError;
use super::rate::Rate;
use super::retry::{backoff, retry_after};
use super::settings::{Cut, Pauses, Settings};
use crate::model::workspace::ApiHost;

/// The largest answer that is taken, in bytes, packages aside.
const MOST_JSON: u64 = 64 << 20;
/// The largest header of an answer.
const MOST_HEADERS: usize = 64 << 10;
/// How often a request is made at most.
const ATTEMPTS: u32 = 6;
/// How many redirects lead to a download.
const REDIRECTS: usize = 5;
/// Large bodies get this much time for a megabyte.
const PER_MEGABYTE: Duration = Duration::from_secs(8);

/// Speaks to one host with one token.
pub struct Client {
    settings: Settings,
    agent: Agent,
    pauses: Box<dyn Pauses>,
    rates: Mutex<Rates>,
}

#[derive(Debug)]
struct Rates {
    general: Option<Rate>,
    imports: Option<Rate>,
    customer_imports: Option<Rate>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.settings.host)
            .finish_non_exhaustive()
    }
}

/// Whether a request may be made again when it is not known what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Twice is no more than once.
    Safe,
    /// It would happen twice.
    Never,
}

/// Which limit a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    General,
    Import,
    CustomerImport,
}

#[derive(Clone, Debug)]
enum Payload<'a> {
    Nothing,
    Json(Value),
    File(&'a Path),
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    payload: Payload<'a>,
    repeat: Repeat,
    class: Class,
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl<'a> Call<'a> {
    fn new(method: &'static str, path: impl Into<String>, repeat: Repeat) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            payload: Payload::Nothing,
            repeat,
            class: Class::General,
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, Repeat::Safe)
    }

    pub(super) fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path, Repeat::Safe)
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, Repeat::Safe)
    }

    pub(super) fn post(path: impl Into<String>, repeat: Repeat) -> Self {
        Self::new("POST", path, repeat)
    }

    /// Even though its method may be: every save is another version.
    pub(super) fn never_again(mut self) -> Self {
        self.repeat = Repeat::Never;
        self
    }

    pub(super) fn query(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    pub(super) fn json(mut self, value: Value) -> Self {
        self.payload = Payload::Json(value);
        self
    }

    pub(super) fn file(mut self, path: &'a Path) -> Self {
        self.payload = Payload::File(path);
        self
    }

    pub(super) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    fn url(&self, host: &ApiHost) -> String {
        let mut text = format!("{host}{}", self.path);
        for (number, (key, value)) in self.query.iter().enumerate() {
            let mark = if number == 0 { '?' } else { '&' };
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            text.push_str(&format!("{mark}{key}={value}"));
        }
        text
    }
}

/// What came of one attempt.
enum Attempt {
    Answered(StatusCode, HeaderMap, Received),
    /// It never left.
    Unsent(String),
    /// Nobody knows.
    Unknown(String),
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// If the certificates can't be read.
    pub fn new(settings: Settings, pauses: Box<dyn Pauses>) -> Result<Self, ClientError> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MOST_HEADERS)
            .user_agent(concat!("recipack/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.timeouts.connect));
        if let Some(path) = &settings.certificates {
            let certificates = certificates(path)?;
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::Specific(Arc::new(certificates)))
                .build();
            config = config.tls_config(tls);
        }
        let limits = settings.limits;
        let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
        Ok(Self {
            agent: config.build().into(),
            rates: Mutex::new(Rates {
                general: Rate::new(limits.per_minute, minute),
                imports: Rate::new(limits.imports_per_hour, hour),
                customer_imports: Rate::new(limits.customer_imports_per_minute, minute),
            }),
            settings,
            pauses,
        })
    }

    /// Where it speaks to.
    pub fn host(&self) -> &ApiHost {
        &self.settings.host
    }

    /// Waits.
    ///
    /// # Errors
    /// If somebody asked to stop.
    pub fn pause(&self, time: Duration) -> Result<(), Cut> {
        self.pauses.pause(time)
    }

    fn waited(&self, time: Duration) -> Result<(), ClientError> {
        self.pause(time).map_err(|Cut| ClientError::Cut)
    }

    fn within_limits(&self, class: Class) -> Result<(), ClientError> {
        loop {
            let wait = {
                let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
                let rate = match class {
                    Class::General => &mut rates.general,
                    Class::Import => &mut rates.imports,
                    Class::CustomerImport => &mut rates.customer_imports,
                };
                rate.as_mut().and_then(|rate| rate.pass(Instant::now()))
            };
            match wait {
                None => return Ok(()),
                Some(wait) => self.waited(wait)?,
            }
        }
    }

    fn named(&self) -> String {
        self.settings.host.to_string()
    }

    /// Makes a request and reads its answer.
    pub(super) fn answer(&self, call: &Call<'_>) -> Result<Answer, ClientError> {
        let (status, headers, body) = self.send(call)?;
        let text = self.text(call, body, MOST_JSON).map_err(|error| {
            match (error, call.repeat) {
                // It did happen; only what came of it is not known.
                (ClientError::Unavailable { host, what, told }, Repeat::Never) => {
                    ClientError::Lost { host, what, told }
                }
                (error, _) => error,
            }
        })?;
        let value = match text.trim().is_empty() {
            true => Some(Value::Null),
            false => serde_json::from_str(&text).ok(),
        };
        if status.is_success() {
            return match value {
                Some(value) => Ok(Answer::new(&self.named(), value)),
                None => Err(ClientError::Unreadable {
                    host: self.named(),
                    what: call.to_string(),
                    told: format!("it is no JSON: {}", shown(&text)),
                }),
            };
        }
        Err(self.refused(call, status, &headers, value, &text))
    }

    fn refused(
        &self,
        call: &Call<'_>,
        status: StatusCode,
        headers: &HeaderMap,
        value: Option<Value>,
        text: &str,
    ) -> ClientError {
        let said = value
            .and_then(|value| Answer::new(&self.named(), value).error())
            .unwrap_or_else(|| shown(text));
        let request = headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let mut told = format!("{} {}", status.as_u16(), shown(&said));
        if let Some(request) = request {
            told.push_str(&format!(" (request {})", shown(request)));
        }
        let (host, what) = (self.named(), call.to_string());
        match status.as_u16() {
            401 | 403 => ClientError::Unauthorised { host, what, told },
            404 | 410 => ClientError::NotFound { host, what, told },
            429 => ClientError::RateLimited { host, what, told },
            300..=399 => ClientError::Unreadable {
                host,
                what,
                told: format!("{told}: it leads elsewhere"),
            },
            500.. if call.repeat == Repeat::Never && status.as_u16() != 503 => {
                ClientError::Lost { host, what, told }
            }
            408 | 500.. => ClientError::Unavailable { host, what, told },
            _ => ClientError::Refused { host, what, told },
        }
    }

    /// Makes a request, again where that is safe.
    fn send(&self, call: &Call<'_>) -> Result<(StatusCode, HeaderMap, Received), ClientError> {
        let started = Instant::now();
        let url = call.url(&self.settings.host);
        let mut attempt = 1;
        loop {
            self.within_limits(call.class)?;
            let outcome = self.attempt(call, &url, Authorization::Sent)?;
            let (wait, failed) = match outcome {
                Attempt::Answered(status, headers, body) => {
                    if !may_repeat(status, call.repeat) {
                        return Ok((status, headers, body));
                    }
                    let said = headers
                        .get("retry-after")
                        .and_then(|value| value.to_str().ok())
                        .and_then(|value| retry_after(value, SystemTime::now()));
                    (said, Err((status, headers, body)))
                }
                Attempt::Unsent(told) => (
                    None,
                    Ok(ClientError::Unavailable {
                        host: self.named(),
                        what: call.to_string(),
                        told,
                    }),
                ),
                Attempt::Unknown(told) => {
                    let (host, what) = (self.named(), call.to_string());
                    match call.repeat {
                        Repeat::Never => return Err(ClientError::Lost { host, what, told }),
                        Repeat::Safe => (None, Ok(ClientError::Unavailable { host, what, told })),
                    }
                }
            };
            let wait = wait.unwrap_or_else(|| backoff(attempt, chance()));
            let over = started.elapsed() + wait > self.settings.timeouts.total;
            if attempt >= ATTEMPTS || over {
                return match failed {
                    Ok(error) => Err(error),
                    Err(answered) => Ok(answered),
                };
            }
            self.waited(wait)?;
            attempt += 1;
        }
    }

    fn attempt(
        &self,
        call: &Call<'_>,
        url: &str,
        authorization: Authorization,
    ) -> Result<Attempt, ClientError> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(url)
            .header("accept", "application/json, */*;q=0.5");
        if authorization == Authorization::Sent {
            let token = self.settings.token.expose_secret();
            request = request
                .header("authorization", format!("Bearer {token}"))
                .header("x-correlation-id", format!("recipack-{:016x}", chance()));
        }
        let bad = |why: String| ClientError::Settings {
            what: call.to_string(),
            why,
        };
        let mut time = self.settings.timeouts.request;
        let (request, body) = match &call.payload {
            Payload::Nothing if call.method == "GET" || call.method == "DELETE" => {
                (request, SendBody::none())
            }
            Payload::Nothing => (request.header("content-length", "0"), SendBody::none()),
            Payload::Json(value) => {
                let text = value.to_string();
                let request = request
                    .header("content-type", "application/json")
                    .header("content-length", text.len());
                let reader = io::Cursor::new(text.into_bytes());
                (request, SendBody::from_owned_reader(reader))
            }
            Payload::File(path) => {
                let used = |source| ClientError::File {
                    path: path.display().to_string(),
                    source,
                };
                let file = File::open(path).map_err(used)?;
                let size = file.metadata().map_err(used)?.len();
                time += for_bytes(size);
                let request = request
                    .header("content-type", "application/octet-stream")
                    .header("content-length", size);
                (request, SendBody::from_owned_reader(file))
            }
        };
        // A header that can't be one is the token's, which must not be shown.
        let request = request
            .body(body)
            .map_err(|_| bad("the token or the address can't be sent".to_owned()))?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(time))
            .build();
        Ok(match self.agent.run(request) {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Attempt::Answered(parts.status, parts.headers, body)
            }
            Err(error) => told_by(&error),
        })
    }

    fn text(&self, call: &Call<'_>, body: Received, limit: u64) -> Result<String, ClientError> {
        let mut bytes = Vec::new();
        self.read(call, body, limit, &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(
        &self,
        call: &Call<'_>,
        body: Received,
        limit: u64,
        into: &mut dyn Write,
    ) -> Result<u64, ClientError> {
        let mut reader = body.into_reader().take(limit.saturating_add(1));
        let mut buffer = vec![0; 64 << 10];
        let mut read = 0;
        loop {
            let unavailable = |error: io::Error| ClientError::Unavailable {
                host: self.named(),
                what: call.to_string(),
                told: format!("the answer broke off: {error}"),
            };
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(read),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unavailable(error)),
            };
            read += count as u64;
            if read > limit {
                return Err(ClientError::TooLarge {
                    host: self.named(),
                    what: call.to_string(),
                    limit,
                });
            }
            into.write_all(&buffer[..count])
                .map_err(|source| ClientError::File {
                    path: "the download".to_owned(),
                    source,
                })?;
        }
    }

    /// Follows redirects from a request, or from a link, to a body. The token goes to the own host
    /// only, and nothing goes over plain HTTP that came over HTTPS.
    pub(super) fn download(
        &self,
        call: &Call<'_>,
        link: Option<&str>,
        into: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, ClientError> {
        let own = Url::parse(self.settings.host.as_str()).ok();
        let start = match link {
            Some(link) => link.to_owned(),
            None => call.url(&self.settings.host),
        };
        let unreadable = |told: &str| ClientError::Unreadable {
            host: self.named(),
            what: call.to_string(),
            told: told.to_owned(),
        };
        let mut url = Url::parse(&start).map_err(|_| unreadable("its link is no URL"))?;
        for _ in 0..=REDIRECTS {
            let is_own = own.as_ref().is_some_and(|own| own.origin() == url.origin());
            if url.scheme() != "https" && !is_own {
                return Err(unreadable("its link does not begin with https://"));
            }
            let authorization = match is_own && link.is_none() {
                true => Authorization::Sent,
                false => Authorization::Withheld,
            };
            if is_own {
                self.within_limits(call.class)?;
            }
            let (status, headers, body) = match self.attempt(call, url.as_str(), authorization)? {
                Attempt::Answered(status, headers, body) => (status, headers, body),
                Attempt::Unsent(told) | Attempt::Unknown(told) => {
                    return Err(ClientError::Unavailable {
                        host: self.named(),
                        what: call.to_string(),
                        told,
                    });
                }
            };
            if status.is_redirection() {
                let location = headers
                    .get("location")
                    .and_then(|location| location.to_str().ok());
                let Some(location) = location else {
                    return Err(unreadable("it leads nowhere"));
                };
                url = url
                    .join(location)
                    .map_err(|_| unreadable("it leads to what is no URL"))?;
                continue;
            }
            if status.is_success() {
                return self.read(call, body, limit, into);
            }
            let text = self.text(call, body, MOST_JSON)?;
            let value = serde_json::from_str(&text).ok();
            return Err(self.refused(call, status, &headers, value, &text));
        }
        Err(unreadable("it leads in circles"))
    }
}

/// Whether the token goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Authorization {
    Sent,
    Withheld,
}

fn for_bytes(size: u64) -> Duration {
    let megabytes = u32::try_from(size >> 20).unwrap_or(u32::MAX);
    PER_MEGABYTE.saturating_mul(megabytes)
}

/// Whether an answer asks to come back. What was not let in was not done, so it can be repeated
/// whatever it is.
fn may_repeat(status: StatusCode, repeat: Repeat) -> bool {
    match status.as_u16() {
        429 => true,
        408 | 500 | 502 | 503 | 504 => repeat == Repeat::Safe,
        _ => false,
    }
}

/// What an error means for the request.
fn told_by(error: &ureq::Error) -> Attempt {
    use ureq::Error;
    let told = error.to_string();
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::BadUri(_) => {
            Attempt::Unsent(told)
        }
        Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => Attempt::Unsent(told),
        Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => Attempt::Unsent(told),
        _ => Attempt::Unknown(told),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, ClientError> {
    let failed = |why: String| ClientError::Settings {
        what: format!("the certificates in {}", path.display()),
        why,
    };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&bytes) {
        match item.map_err(|error| failed(error.to_string()))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            _ => {}
        }
    }
    if certificates.is_empty() {
        return Err(failed("there is none (PEM is expected)".to_owned()));
    }
    Ok(certificates)
}

/// A number that nobody can guess; any, if the system has none.
fn chance() -> u64 {
    getrandom::u64().unwrap_or(0)
}
