//! One request on the line, and its answer's head. Nothing is sent twice here, and no redirect is
//! followed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use ureq::http::{self, HeaderMap, HeaderValue, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, DefaultConnector};
use ureq::{Agent, ProxyProtocol, SendBody};
use url::Url;

use super::answer::shown;
use super::base::is_loopback;
use super::error::ClientError;
use super::known::Marked;
use super::request::{Load, Method, Request};
use super::settings::{Clock, Cut, Proxy, Settings};
use crate::client::interruptible::Watch;
use crate::model::withheld::Withheld;

/// Bytes that the head of an answer may have.
pub(crate) const HEAD: u64 = 64 * 1024;
const USER_AGENT: &str = concat!("recipack/", env!("CARGO_PKG_VERSION"));
/// Connections that were idle for longer are not used again: the platform may be closing them.
const IDLE: Duration = Duration::from_secs(5);
const MEGABYTE: u64 = 1_000_000;

/// The line to the platform.
pub(super) struct Wire {
    settings: Settings,
    pauses: Arc<dyn Clock + Send + Sync>,
    config: ureq::config::Config,
    /// For questions that change nothing. It keeps connections.
    kept: Agent,
    authorization: HeaderValue,
    withheld: Arc<Withheld>,
}

/// The head of an answer, and its body to be read.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: ureq::Body,
}

/// What a request without a reply may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing, whatever it was.
    Harmless,
    /// Nothing, as none of it was sent.
    Unsent,
    /// Nothing, as the platform did not get all of it.
    Incomplete,
    /// What it was to do.
    Possible,
}

/// Why there is no reply.
pub(super) enum Broken {
    /// Somebody asked to stop.
    Cut(Effect),
    /// The package can't be read.
    Package(ClientError),
    /// It will not be otherwise next time.
    Hopeless(Reason),
    /// The platform can't have done anything.
    NotDone(Reason),
    /// The platform may have done it.
    Unknown(Reason),
    /// The head of the answer is too large; the platform may have done it.
    HeadTooLarge,
}

/// Why, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Reason(pub(super) String);

/// Whether the token goes along.
#[derive(Clone, Copy)]
pub(super) enum Introduction<'k> {
    Token {
        /// The answer that is known already.
        known: Option<&'k Marked>,
    },
    Nobody,
}

/// A file on its way, which is as long as it was when it was opened.
struct Outgoing {
    path: PathBuf,
    file: File,
    left: u64,
    failed: Option<io::Error>,
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let room = buffer.get_mut(..most).unwrap_or_default();
        if room.is_empty() {
            return Ok(0);
        }
        let read = loop {
            match self.file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let error = match read {
            Ok(0) => io::Error::new(io::ErrorKind::UnexpectedEof, "it got shorter meanwhile"),
            Ok(n) => {
                self.left = self.left.saturating_sub(n as u64);
                return Ok(n);
            }
            Err(error) => error,
        };
        let told = io::Error::new(error.kind(), "the package can't be read");
        self.failed = Some(error);
        Err(told)
    }
}

impl Wire {
    pub(super) fn new(
        settings: Settings,
        pauses: Arc<dyn Clock + Send + Sync>,
    ) -> Result<Self, ClientError> {
        let token = settings.token.secret.expose_secret();
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                ClientError::Settings {
                    what: format!(
                        "the token from {} holds characters that no token has",
                        settings.token.source
                    ),
                    source: None,
                }
            })?;
        authorization.set_sensitive(true);
        let config = config(&settings)?;
        let mut withheld = Withheld::new();
        withheld.learn(token);
        for secret in settings.proxy.iter().flat_map(secrets_of) {
            withheld.learn(&secret);
        }
        let kept = agent(&config, &pauses, &Arc::default());
        Ok(Self {
            settings,
            pauses,
            config,
            kept,
            authorization,
            withheld: Arc::new(withheld),
        })
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is sent along and is told nobody, wherever it comes back.
    pub(super) const fn withheld(&self) -> &Arc<Withheld> {
        &self.withheld
    }

    pub(super) fn pauses(&self) -> &dyn Clock {
        &*self.pauses
    }

    /// Sends a request to `url` and gives what comes back. Reading the body ends at the deadline too.
    pub(super) fn send(
        &self,
        request: &Request<'_>,
        url: &Url,
        introduction: Introduction<'_>,
        correlation: &str,
        deadline: Instant,
    ) -> Result<Reply, Broken> {
        let mut head = http::Request::builder()
            .method(request.method.name())
            .uri(url.as_str())
            .header(
                header::ACCEPT,
                "application/json, application/zip;q=0.9, */*;q=0.1",
            );
        if let Introduction::Token { known } = introduction {
            head = head
                .header(header::AUTHORIZATION, self.authorization.clone())
                .header("x-correlation-id", correlation);
            if let Some(known) = known {
                head = head.header(header::IF_NONE_MATCH, known.tag().clone());
            }
        }
        let sent = Arc::<AtomicBool>::default();
        // On a connection that was used before, one that the platform just closed can't be told from
        // a lost answer.
        let fresh;
        let agent = match request.method {
            Method::Get => &self.kept,
            Method::Post | Method::Put | Method::Delete => {
                fresh = agent(&self.config, &self.pauses, &sent);
                &fresh
            }
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let times = Times {
            all: left,
            // What takes long because it is large still has to come. Over what was sent the platform
            // may have to think.
            each_read: match request.method {
                Method::Get => Some(self.settings.timeouts.request),
                Method::Post | Method::Put | Method::Delete => None,
            },
        };
        let mut outgoing = None;
        let outcome = match &request.load {
            Load::Nothing if matches!(request.method, Method::Get | Method::Delete) => {
                run(agent, head, times, SendBody::none())
            }
            Load::Nothing => {
                let head = head.header(header::CONTENT_LENGTH, 0);
                run(agent, head, times, SendBody::from_reader(&mut io::empty()))
            }
            Load::Json(body) => {
                let bytes = body.to_string().into_bytes();
                let head = head
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::CONTENT_LENGTH, bytes.len());
                run(
                    agent,
                    head,
                    times,
                    SendBody::from_reader(&mut bytes.as_slice()),
                )
            }
            Load::Package(path) => {
                let (file, size) = open(path).map_err(Broken::Package)?;
                let head = head
                    .header(header::CONTENT_TYPE, "application/octet-stream")
                    .header(header::CONTENT_LENGTH, size);
                let outgoing = outgoing.insert(Outgoing {
                    path: path.to_path_buf(),
                    file,
                    left: size,
                    failed: None,
                });
                run(agent, head, times, SendBody::from_reader(outgoing))
            }
        };
        let error = match outcome {
            Ok(response) => {
                let (head, body) = response.into_parts();
                return Ok(Reply {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body,
                });
            }
            Err(error) => error,
        };
        let whole = outgoing.as_ref().is_none_or(|outgoing| outgoing.left == 0);
        if let Some((failed, path)) =
            outgoing.and_then(|outgoing| Some((outgoing.failed?, outgoing.path)))
        {
            return Err(Broken::Package(unreadable(&path, failed)));
        }
        let effect = match request.method {
            Method::Get => Effect::Harmless,
            Method::Post | Method::Put | Method::Delete => {
                match (sent.load(Ordering::SeqCst), whole) {
                    (false, _) => Effect::Unsent,
                    // Without its last byte it is no request.
                    (true, false) => Effect::Incomplete,
                    (true, true) => Effect::Possible,
                }
            }
        };
        Err(self.broken(error, effect, left))
    }

    fn broken(&self, error: ureq::Error, effect: Effect, left: Duration) -> Broken {
        let reason = self.explain(&error, left);
        // The platform heard nothing of it, whatever it was.
        if let ureq::Error::ConnectProxyFailed(_) = &error {
            return match ["403", "407"].iter().any(|no| reason.0.contains(no)) {
                true => Broken::Hopeless(reason),
                false => Broken::NotDone(reason),
            };
        }
        // Many of them are noticed before their size is.
        if matches!(error, ureq::Error::LargeResponseHeader(..))
            || reason.to_string().contains("too many headers")
        {
            return Broken::HeadTooLarge;
        }
        if is_cut(&error) {
            return Broken::Cut(effect);
        }
        match effect {
            Effect::Harmless | Effect::Unsent if is_hopeless(&error) => Broken::Hopeless(reason),
            Effect::Harmless | Effect::Possible => Broken::Unknown(reason),
            Effect::Unsent => Broken::NotDone(reason),
            // There may be a reason that could not be read any more.
            Effect::Incomplete => Broken::Hopeless(reason),
        }
    }

    /// What happened on the line, in words.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the crate may add errors, and has words for them"
    )]
    fn explain(&self, error: &ureq::Error, left: Duration) -> Reason {
        let connect = self.settings.timeouts.connect.min(left);
        let proxy = self.proxy().unwrap_or_default();
        let told = match error {
            ureq::Error::ConnectProxyFailed(why) => {
                return Reason(format!("the proxy {proxy} refuses: {}", self.shown(why)));
            }
            ureq::Error::HostNotFound => "the host's name can't be resolved".to_owned(),
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                format!("no connection within {} s", connect.as_secs_f32())
            }
            ureq::Error::Timeout(ureq::Timeout::PerRead) => {
                let wait = self.settings.timeouts.request;
                format!("nothing came for {} s", wait.as_secs_f32())
            }
            ureq::Error::Timeout(_) => {
                format!("no whole answer within {} s", left.as_secs_f32())
            }
            ureq::Error::Rustls(error) => format!("TLS: {error}"),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the connection was closed before the answer was whole".to_owned()
            }
            ureq::Error::Io(error) => self.shown(&error.to_string()),
            ureq::Error::Other(inner) => self.shown(&inner.to_string()),
            other => self.shown(&other.to_string()),
        };
        Reason(match proxy.as_str() {
            "" => told,
            proxy => format!("{told} (through the proxy {proxy})"),
        })
    }

    /// The proxy on the way, without the name and password that it may want.
    fn shown(&self, text: &str) -> String {
        shown(&self.withheld.in_words(text), 200)
    }

    fn proxy(&self) -> Option<String> {
        let uri = self.config.proxy()?.uri();
        let host = uri.host()?;
        Some(match uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }

    /// Why a body could not be read to its end.
    pub(super) fn broken_body(&self, method: Method, error: io::Error, left: Duration) -> Broken {
        let effect = match method {
            Method::Get => Effect::Harmless,
            Method::Post | Method::Put | Method::Delete => Effect::Possible,
        };
        self.broken(ureq::Error::from(error), effect, left)
    }

    /// How long a request may take in all.
    pub(super) fn budget(&self, request: &Request<'_>) -> Result<Duration, ClientError> {
        let timeouts = self.settings.timeouts;
        match &request.load {
            Load::Nothing | Load::Json(_) => Ok(timeouts.request),
            Load::Package(path) => {
                let (_, size) = open(path)?;
                Ok(self.pace(size))
            }
        }
    }

    /// How long so many bytes may take.
    pub(super) fn pace(&self, bytes: u64) -> Duration {
        let timeouts = self.settings.timeouts;
        let megabytes = u32::try_from(bytes.div_ceil(MEGABYTE)).unwrap_or(u32::MAX);
        timeouts
            .request
            .saturating_add(timeouts.per_megabyte.saturating_mul(megabytes))
    }
}

/// Whether it will be the same next time: the other side is not who it should be, or the address is
/// none.
pub(crate) fn is_hopeless(error: &ureq::Error) -> bool {
    // This is how TLS says what it is not content with.
    let tls = matches!(error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData);
    tls || matches!(
        error,
        ureq::Error::Rustls(_)
            | ureq::Error::Tls(_)
            | ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::TlsRequired
            | ureq::Error::InvalidProxyUrl
    )
}

fn is_cut(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Other(inner) if inner.is::<Cut>())
}

fn open(path: &Path) -> Result<(File, u64), ClientError> {
    let opened = File::open(path).and_then(|file| {
        let size = file.metadata()?.len();
        Ok((file, size))
    });
    opened.map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, source: io::Error) -> ClientError {
    ClientError::Package {
        path: path.to_owned(),
        source,
    }
}

/// How long the line may take.
#[derive(Clone, Copy)]
struct Times {
    /// In all.
    all: Duration,
    /// For the next bytes to come.
    each_read: Option<Duration>,
}

fn run(
    agent: &Agent,
    head: http::request::Builder,
    times: Times,
    body: SendBody<'_>,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let request = head.body(body).map_err(ureq::Error::Http)?;
    let request = agent
        .configure_request(request)
        .timeout_global(Some(times.all))
        .timeout_per_read(times.each_read)
        .build();
    agent.run(request)
}

/// Connections by these settings, which listen to whoever wants to stop.
pub(crate) fn agent(
    config: &ureq::config::Config,
    pauses: &Arc<dyn Clock + Send + Sync>,
    sent: &Arc<AtomicBool>,
) -> Agent {
    let watch = Watch {
        pauses: Arc::clone(pauses),
        sent: Arc::clone(sent),
        proxy: config.proxy().map(|proxy| proxy.uri().clone()),
    };
    Agent::with_parts(
        config.clone(),
        DefaultConnector::default().chain(watch),
        DefaultResolver::default(),
    )
}

fn config(settings: &Settings) -> Result<ureq::config::Config, ClientError> {
    // What is meant for this machine does not leave it.
    let away = !is_loopback(settings.base.url());
    let proxy = settings.proxy.as_ref().filter(|_| away);
    connecting(settings.ca.as_deref(), proxy, settings.timeouts.connect)
}

/// How connections are made: whose certificates are believed, and by which way. No redirect is
/// followed, and no status is an error.
pub(crate) fn connecting(
    ca: Option<&Path>,
    proxy: Option<&Proxy>,
    connect: Duration,
) -> Result<ureq::config::Config, ClientError> {
    let roots = match ca {
        None => RootCerts::WebPki,
        Some(path) => certificates(path)?,
    };
    let proxy = proxy.map(proxy_of).transpose()?;
    Ok(Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(usize::try_from(HEAD).unwrap_or(usize::MAX))
        .max_idle_age(IDLE)
        .user_agent(USER_AGENT)
        .accept_encoding("identity")
        .timeout_resolve(Some(connect))
        .timeout_connect(Some(connect))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .proxy(proxy)
        .build())
}

fn certificates(path: &Path) -> Result<RootCerts, ClientError> {
    let wrong = |why: &str, source| ClientError::Settings {
        what: format!(
            "the certificates in {} can't be used: {why}",
            path.display()
        ),
        source,
    };
    let pem = std::fs::metadata(path)
        .and_then(|metadata| match metadata.is_file() {
            true => std::fs::read(path),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a file",
            )),
        })
        .map_err(|error| wrong("the file can't be read", Some(Box::new(error))))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(wrong("it is no PEM", Some(Box::new(error)))),
        }
    }
    if certificates.is_empty() {
        return Err(wrong("there is none in it", None));
    }
    Ok(RootCerts::from(certificates))
}

/// What a proxy wants to know of who comes, in the forms in which it goes there.
fn secrets_of(proxy: &Proxy) -> Vec<String> {
    use base64::Engine as _;
    let credentials = match proxy.url.rsplit_once('@') {
        Some((before, _)) => before.rsplit("://").next().unwrap_or_default(),
        None => return Vec::new(),
    };
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let both = format!("{}:{}", decoded(user), decoded(password));
    vec![
        base64::engine::general_purpose::STANDARD.encode(&both),
        both,
        credentials.to_owned(),
        decoded(password),
        password.to_owned(),
    ]
}

fn proxy_of(proxy: &Proxy) -> Result<ureq::Proxy, ClientError> {
    let wrong = |why: &str| ClientError::Settings {
        // Its address may hold a password.
        what: format!("the proxy can't be used: {why}"),
        source: None,
    };
    let text = if proxy.url.contains("://") {
        proxy.url.clone()
    } else {
        format!("http://{}", proxy.url)
    };
    let url = Url::parse(&text).map_err(|_| wrong("its address is none"))?;
    let protocol = match url.scheme() {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        _ => {
            return Err(wrong(
                "only proxies that are spoken to by http or https are known",
            ));
        }
    };
    let host = url.host_str().ok_or_else(|| wrong("it names no host"))?;
    let mut builder = ureq::Proxy::builder(protocol).host(host);
    if let Some(port) = url.port() {
        builder = builder.port(port);
    }
    if !url.username().is_empty() {
        builder = builder.username(&decoded(url.username()));
        if let Some(password) = url.password() {
            builder = builder.password(&decoded(password));
        }
    }
    for host in &proxy.not_for {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(|_| wrong("its address is none"))
}

/// `%XX` undone; text that is not encoded rightly stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match digits {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
