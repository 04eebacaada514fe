//! Taking requests in and giving answers back: on the own machine only, within limits of size and
//! time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Sandbox;
use super::api::OPERATIONS;
use super::fault::{Faults, What};
use super::jobs;
use super::reply::{Content, Reply};
use super::route::{self, Api, Asked, Found, Kind, Operation, failed, find};
use super::store::{Store, StoreError};
use crate::model::choice::choice_type;
use crate::model::ident::WorkspaceName;
use crate::model::workspace::Moment;
use crate::ops::Running;
use crate::workspace::WorkspaceError;

/// The largest body that is no package, in bytes: connectors have 10 MB of source (platform.md
/// §1.6), which JSON spells longer.
const MOST_JSON: u64 = 24 << 20;
/// The largest number that every reader of JSON can hold.
pub(super) const MOST_NUMBER: u64 = (1 << 53) - 1;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long a body may take, beside a second for a megabyte.
const BODY: Duration = Duration::from_secs(30);
/// How many requests are worked on at once.
const AT_ONCE: usize = 8;
/// How many connections there are at once.
const CONNECTIONS: usize = 256;
/// How long the end of what is being answered is waited for when the sandbox stops.
const GRACE: Duration = Duration::from_secs(30);
/// How often it is looked whether to stop.
const LISTENING: Duration = Duration::from_millis(50);

/// How a sandbox is served.
pub struct Settings {
    /// The platform's file.
    pub platform: PathBuf,
    /// What it keeps beside that.
    pub store: Store,
    /// Where it listens: a port of the own machine, 0 for any.
    pub port: u16,
    /// What goes wrong.
    pub faults: Faults,
    /// Which limits are kept.
    pub limits: Limits,
    /// What time it is.
    pub clock: Box<dyn Fn() -> Moment + Send + Sync>,
    /// A number that nobody can guess.
    pub secret: [u8; 32],
    /// How work is done, and when to stop.
    pub running: Running,
}

choice_type! {
    /// Which limits of the platform are kept (platform.md §1.6, §2.1).
    pub enum Limits: "limits" {
        /// None.
        None = "none",
        /// Those that are documented.
        Documented = "documented",
    }
}

/// The sandbox can't be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It can't listen.
    #[error("can't listen on port {port} of this machine")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The platform can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// What it keeps can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no more for it.
    #[error("can't serve")]
    System(#[source] io::Error),
}

/// Serves a sandbox until it is asked to stop. `ready` hears where.
///
/// # Errors
/// If it can't listen, or the platform can't be read.
pub fn serve(settings: Settings, ready: &mut dyn FnMut(SocketAddr)) -> Result<(), ServeError> {
    let (sender, queue) = channel();
    let interrupt = settings.running.interrupt.clone();
    let mut running = settings.running;
    // What is begun is ended, so that no finished job is lost.
    running.interrupt = crate::ops::Interrupt::default();
    let sandbox = Arc::new(Sandbox {
        platform: settings.platform,
        store: settings.store,
        faults: Mutex::new(settings.faults),
        clock: settings.clock,
        secret: settings.secret,
        queue: Mutex::new(sender),
        running,
    });
    drop(sandbox.platform()?);
    for job in sandbox.store.open_jobs().map_err(ServeError::System)? {
        sandbox.queue(job.id);
    }
    let listen = |source| ServeError::Listen {
        port: settings.port,
        source,
    };
    let bound = Bound::bind((Ipv4Addr::LOCALHOST, settings.port)).map_err(listen)?;
    bound.set_nonblocking(true).map_err(listen)?;
    let address = bound.local_addr().map_err(listen)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(AT_ONCE + 2)
        .enable_all()
        .build()
        .map_err(ServeError::System)?;
    let worker = {
        let sandbox = Arc::clone(&sandbox);
        std::thread::Builder::new()
            .name("jobs".to_owned())
            .spawn(move || jobs::work(&sandbox, &queue))
            .map_err(ServeError::System)?
    };
    let shared = Arc::new(Shared {
        sandbox: Arc::clone(&sandbox),
        at_once: Semaphore::new(AT_ONCE),
        rates: Mutex::new(Rates::new(settings.limits)),
        address,
    });
    ready(address);
    let served = runtime.block_on(accept(bound, Arc::clone(&shared), interrupt));
    runtime.shutdown_timeout(GRACE);
    // The job that runs is ended; those that wait are for the next start.
    sandbox
        .running
        .interrupt
        .flag()
        .store(false, std::sync::atomic::Ordering::Relaxed);
    let (closed, _) = channel();
    *sandbox.queue.lock().unwrap_or_else(PoisonError::into_inner) = closed;
    let _ = worker.join();
    served.map_err(ServeError::System)
}

struct Shared {
    sandbox: Arc<Sandbox>,
    at_once: Semaphore,
    rates: Mutex<Rates>,
    address: SocketAddr,
}

async fn accept(
    bound: Bound,
    shared: Arc<Shared>,
    interrupt: crate::ops::Interrupt,
) -> io::Result<()> {
    let listener = TcpListener::from_std(bound)?;
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Too many open files, or a client that is gone already.
                Err(_) => {
                    tokio::time::sleep(LISTENING).await;
                    continue;
                }
            },
            () = tokio::time::sleep(LISTENING) => {
                if interrupt.is_set() {
                    break;
                }
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            break;
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            serve_connection(stream, shared).await;
            drop(permit);
        });
    }
    drop(listener);
    let stopping = Instant::now();
    while connections.available_permits() < CONNECTIONS
        && stopping.elapsed() < Duration::from_secs(2)
    {
        tokio::time::sleep(LISTENING).await;
    }
    Ok(())
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { answer(request, shared).await }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
struct Closed;

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Answered>, Closed> {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let fault = {
        let mut faults = shared
            .sandbox
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        faults.strike(&method, &path)
    };
    match &fault {
        Some(What::Reset) => return Err(Closed),
        Some(What::Status {
            status,
            headers,
            message,
        }) => {
            let told = message.clone().unwrap_or_else(|| "on purpose".to_owned());
            let mut response = response(Reply::message(*status, told)).await;
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (
                    hyper::header::HeaderName::try_from(name.as_str()),
                    HeaderValue::try_from(value.as_str()),
                ) {
                    response.headers_mut().insert(name, value);
                }
            }
            return Ok(response);
        }
        Some(
            What::CutBody
            | What::Slow { .. }
            | What::LoseAnswer
            | What::NeverEnds
            | What::JobFails { .. }
            | What::RestartFails,
        )
        | None => {}
    }
    let of_job = fault.as_ref().and_then(What::of_job);
    let reply = match handle(request, &shared, of_job).await {
        Ok(reply) | Err(reply) => reply,
    };
    match fault {
        Some(What::LoseAnswer) => return Err(Closed),
        Some(What::Slow { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        Some(What::CutBody) => {
            let mut response = response(reply).await;
            response.body_mut().cut();
            return Ok(response);
        }
        Some(
            What::Status { .. }
            | What::Reset
            | What::NeverEnds
            | What::JobFails { .. }
            | What::RestartFails,
        )
        | None => {}
    }
    Ok(response(reply).await)
}

async fn handle(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    fault: Option<super::store::JobFault>,
) -> Result<Reply, Reply> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let method = parts.method.as_str().to_owned();
    is_local(&parts.headers, shared.address)?;
    let query = query(parts.uri.query().unwrap_or_default())?;
    if let Some(rest) = path.strip_prefix("/storage/packages/") {
        return stored(&shared.sandbox, &method, rest, &query);
    }
    if !path.starts_with("/api/") {
        return Err(Reply::not_found());
    }
    // What is asked for by whom is not told to those who have no token.
    let token = bearer(&parts.headers).map(str::to_owned);
    let token_owner = owner(shared, token.clone()).await?;
    let (operation, customer, numbers) = match find(OPERATIONS, &method, &path) {
        Found::Operation {
            operation,
            customer,
            numbers,
        } => (operation, customer, numbers),
        Found::OtherMethods(methods) => {
            return Err(
                Reply::message(405, "Method not allowed").header("allow", methods.join(", "))
            );
        }
        Found::Nothing => return Err(Reply::not_found()),
    };
    if let Some(token) = token
        && let Some(wait) = shared
            .rates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .over(&token, &method, &path)
    {
        let seconds = wait.as_secs() + 1;
        return Err(
            Reply::message(429, "Too many requests").header("retry-after", seconds.to_string())
        );
    }
    check_query(operation, &query)?;
    let (json, upload) = match operation.body {
        route::Body::Nothing => {
            // A body that nobody asked for is taken and thrown away.
            read_body(&parts.headers, body, MOST_JSON).await?;
            (serde_json::Value::Null, None)
        }
        route::Body::Json(_) => {
            let bytes = read_body(&parts.headers, body, MOST_JSON).await?;
            let json = serde_json::from_slice(&bytes)
                .map_err(|error| Reply::bad_request(format!("Bad request: {error}")))?;
            (json, None)
        }
        route::Body::Package => {
            let file = keep_body(&parts.headers, body, shared).await?;
            (serde_json::Value::Null, Some(file))
        }
    };
    let Ok(_permit) = shared.at_once.acquire().await else {
        return Err(Reply::message(503, "stopping"));
    };
    let shared = Arc::clone(shared);
    let root = format!("http://{}", host(&parts.headers).unwrap_or_default());
    let work = move || -> Result<Reply, Reply> {
        let sandbox = &shared.sandbox;
        let platform = sandbox.platform().map_err(|error| failed(&error))?;
        let (workspace, api, named) = whose(
            sandbox,
            &platform,
            &token_owner,
            operation,
            customer.as_deref(),
        )?;
        let asked = Asked {
            sandbox,
            workspace: &workspace,
            api,
            platform,
            numbers,
            customer: named,
            query,
            json,
            upload: upload.as_ref().map(NamedTempFile::path),
            root: &root,
            fault,
        };
        (operation.handler)(&asked)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(reply) => reply,
        Err(_) => Err(Reply::message(500, "Server error")),
    }
}

/// The workspace that a request is about.
fn whose(
    sandbox: &Sandbox,
    platform: &crate::workspace::local::LocalPlatform,
    owner: &WorkspaceName,
    operation: &Operation,
    customer: Option<&str>,
) -> Result<(WorkspaceName, Api, Option<WorkspaceName>), Reply> {
    let Some(handle) = customer else {
        return Ok((owner.clone(), Api::Developer, None));
    };
    let handle = percent_decoded(handle);
    let found = sandbox
        .customer(platform, owner, &handle)
        .map_err(|error| failed(&error))?;
    let Some(customer) = found else {
        return Err(Reply::not_found());
    };
    Ok(match operation.path.contains("managed_user_id") {
        true => (owner.clone(), Api::Embedded, Some(customer)),
        false => (customer, Api::Embedded, None),
    })
}

fn percent_decoded(text: &str) -> String {
    let plus = text.replace('+', "%2B");
    let pair = format!("k={plus}");
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST)?.to_str().ok()
}

/// Whether a request is meant for this machine. Whoever else's name leads here is turned away, so
/// that no page of another host can ask.
fn is_local(headers: &HeaderMap, address: SocketAddr) -> Result<(), Reply> {
    let port = address.port();
    let known = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
    ];
    match host(headers) {
        Some(host) if known.iter().any(|own| own == host) => Ok(()),
        Some(_) | None => Err(Reply::message(403, "This host is not served here")),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn owner(shared: &Arc<Shared>, token: Option<String>) -> Result<WorkspaceName, Reply> {
    let unauthorized = || Reply::message(401, "Unauthorized");
    let token = token.ok_or_else(unauthorized)?;
    let shared = Arc::clone(shared);
    let owner = tokio::task::spawn_blocking(move || shared.sandbox.store.owner(&token)).await;
    match owner {
        Ok(Ok(Some(owner))) => Ok(owner),
        Ok(Ok(None)) => Err(unauthorized()),
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(Reply::message(500, "Server error")),
    }
}

fn query(text: &str) -> Result<BTreeMap<String, String>, Reply> {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    Ok(pairs.into_owned().collect())
}

fn check_query(operation: &Operation, query: &BTreeMap<String, String>) -> Result<(), Reply> {
    // Imports say what is wrong in a way of their own (platform.md §1.5).
    let refused = |why: String| match operation.body {
        route::Body::Package => Reply::no_import(why),
        route::Body::Nothing | route::Body::Json(_) => Reply::bad_request(why),
    };
    for parameter in operation.query {
        let name = parameter.name;
        let Some(value) = query.get(name) else {
            if parameter.required {
                return Err(refused(format!("{name} is missing")));
            }
            continue;
        };
        let fits = match parameter.kind {
            Kind::Number => value
                .parse::<u64>()
                .is_ok_and(|number| number <= MOST_NUMBER),
            Kind::Flag => value.parse::<bool>().is_ok(),
            Kind::Text => true,
        };
        if !fits {
            return Err(refused(format!("{name} is invalid")));
        }
    }
    Ok(())
}

fn too_large() -> Reply {
    Reply::message(413, "Payload too large").header("connection", "close")
}

/// The size that a request says it has, if that is not too large.
fn said_size(headers: &HeaderMap, most: u64) -> Result<u64, Reply> {
    let said = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    match said > most {
        true => Err(too_large()),
        false => Ok(said),
    }
}

async fn next(body: &mut Incoming, until: Instant) -> Result<Option<Bytes>, Reply> {
    let slow = || Reply::message(408, "Request timeout").header("connection", "close");
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, body.frame()).await {
            Err(_) => return Err(slow()),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => {
                return Err(Reply::bad_request("the body broke off").header("connection", "close"));
            }
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

fn deadline(said: u64) -> Instant {
    Instant::now() + BODY + Duration::from_secs(said >> 20)
}

async fn read_body(headers: &HeaderMap, mut body: Incoming, most: u64) -> Result<Vec<u8>, Reply> {
    let until = deadline(said_size(headers, most)?);
    let mut bytes = Vec::new();
    while let Some(data) = next(&mut body, until).await? {
        if (bytes.len() + data.len()) as u64 > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

async fn keep_body(
    headers: &HeaderMap,
    mut body: Incoming,
    shared: &Arc<Shared>,
) -> Result<NamedTempFile, Reply> {
    let said = said_size(headers, jobs::MOST_PACKAGE)?;
    let until = deadline(said);
    let folder = shared.sandbox.store.incoming();
    let mut file = NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    let mut size = 0;
    while let Some(data) = next(&mut body, until).await? {
        size += data.len() as u64;
        if size > jobs::MOST_PACKAGE {
            return Err(too_large());
        }
        io::Write::write_all(&mut file, &data).map_err(|error| failed(&error))?;
    }
    Ok(file)
}

/// A package by its link.
fn stored(
    sandbox: &Sandbox,
    method: &str,
    rest: &str,
    query: &BTreeMap<String, String>,
) -> Result<Reply, Reply> {
    if method != "GET" {
        return Err(Reply::message(405, "Method not allowed").header("allow", "GET"));
    }
    let expired = || Reply::message(403, "Request has expired");
    let number = rest
        .strip_suffix(".zip")
        .and_then(|number| number.parse().ok());
    let until = query.get("until").and_then(|until| until.parse().ok());
    let (Some(number), Some(until), Some(signature)) =
        (number, until, query.get("X-Amz-Signature"))
    else {
        return Err(expired());
    };
    if !sandbox.is_link(number, until, signature) {
        return Err(expired());
    }
    let path = sandbox.store.package(number);
    match path.is_file() {
        true => Ok(Reply {
            status: 200,
            body: Content::File(path),
            headers: Vec::new(),
        }),
        false => Err(Reply::not_found()),
    }
}

/// The body of an answer, sent as it is read.
struct Answered {
    bytes: VecDeque<Bytes>,
    file: Option<tokio::fs::File>,
    left: u64,
    buffer: Vec<u8>,
    /// How much of it is sent at most.
    cut_after: Option<u64>,
}

impl Answered {
    fn nothing() -> Self {
        Self {
            bytes: VecDeque::new(),
            file: None,
            left: 0,
            buffer: Vec::new(),
            cut_after: None,
        }
    }

    /// Breaks off in the middle.
    fn cut(&mut self) {
        self.cut_after = Some(self.left / 2);
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if let Some(after) = this.cut_after {
            if let Some(mut bytes) = this.bytes.pop_front() {
                let part = usize::try_from(after).unwrap_or(0).min(bytes.len());
                this.cut_after = Some(0);
                return Poll::Ready(Some(Ok(Frame::data(bytes.split_to(part)))));
            }
            return Poll::Ready(Some(Err(io::Error::other("on purpose"))));
        }
        if let Some(bytes) = this.bytes.pop_front() {
            this.left -= bytes.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let Some(file) = &mut this.file else {
            return Poll::Ready(None);
        };
        this.buffer.resize(64 << 10, 0);
        let mut read = std::pin::pin!(file.read(&mut this.buffer));
        match std::future::Future::poll(read.as_mut(), context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(0)) => {
                this.file = None;
                Poll::Ready(None)
            }
            Poll::Ready(Ok(count)) => {
                let bytes = Bytes::copy_from_slice(&this.buffer[..count]);
                this.left = this.left.saturating_sub(count as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.file.is_none() && self.cut_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn response(reply: Reply) -> Response<Answered> {
    let mut body = Answered::nothing();
    let mut kind = None;
    let mut status = reply.status;
    match reply.body {
        Content::Nothing => {}
        Content::Json(value) => {
            let bytes = Bytes::from(value.to_string());
            body.left = bytes.len() as u64;
            body.bytes.push_back(bytes);
            kind = Some("application/json");
        }
        Content::File(path) => match tokio::fs::File::open(path).await {
            Ok(file) => {
                body.left = file.metadata().await.map_or(0, |metadata| metadata.len());
                body.file = Some(file);
                kind = Some("application/zip");
            }
            Err(_) => status = 404,
        },
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// How often each token asked lately.
#[derive(Debug)]
struct Rates {
    limits: Limits,
    asked: BTreeMap<(String, Class), VecDeque<Instant>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    General,
    Import,
    CustomerImport,
}

impl Rates {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            asked: BTreeMap::new(),
        }
    }

    /// How long to wait, if a token asks too often.
    fn over(&mut self, token: &str, method: &str, path: &str) -> Option<Duration> {
        match self.limits {
            Limits::None => return None,
            Limits::Documented => {}
        }
        let (class, most, within) = if path.starts_with("/api/packages/import/") && method == "POST"
        {
            (Class::Import, 500, 3600)
        } else if path.starts_with("/api/managed_users/") && path.contains("/imports") {
            (Class::CustomerImport, 1000, 60)
        } else {
            (Class::General, 60, 60)
        };
        let within = Duration::from_secs(within);
        let now = Instant::now();
        let asked = self.asked.entry((token.to_owned(), class)).or_default();
        while asked
            .front()
            .is_some_and(|at| now.duration_since(*at) >= within)
        {
            asked.pop_front();
        }
        match asked.front() {
            Some(first) if asked.len() >= most => Some(within - now.duration_since(*first)),
            Some(_) | None => {
                asked.push_back(now);
                None
            }
        }
    }
}
