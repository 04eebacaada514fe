//! From a request to its answer: who asks, what for, and what goes wrong on purpose.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use tempfile::NamedTempFile;
use tokio::sync::Semaphore;

use super::Sandbox;
use super::api::OPERATIONS;
use super::fault::What;
use super::rate::Rates;
use super::reply::{Content, Reply};
use super::route::{self, Api, Asked, Found, Kind, Operation, failed, find, number};
use super::sending::{Answered, response};
use super::store::JobFault;
use super::{body, jobs, tag};
use crate::model::ident::WorkspaceName;
use crate::sandbox::auth;
use crate::serving::{Answering, Busy, Closed};
use crate::workspace::local::LocalPlatform;

/// The largest body of a request about connectors, in bytes: they have 10 MB of source (platform.md
/// §1.6), which JSON may spell longer, and a picture.
const MOST_CONNECTOR: u64 = 24 << 20;
/// The largest body of other requests, in bytes.
const MOST_JSON: u64 = 1 << 20;

/// What all requests share.
pub(super) struct Service {
    pub(super) sandbox: Arc<Sandbox>,
    /// Bounds how many requests are worked on at once.
    pub(super) at_once: Semaphore,
    pub(super) rates: Mutex<Rates>,
    pub(super) log: Box<dyn Fn(&str) + Send + Sync>,
    pub(super) address: SocketAddr,
    /// How many requests came so far.
    pub(super) requests: AtomicU64,
}

impl Answering for Service {
    type Body = Answered;

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        busy: Busy,
    ) -> Result<Response<Answered>, Closed> {
        let mut response = answer(request, self).await?;
        response.body_mut().keep(busy);
        Ok(response)
    }
}

/// Answers a request.
async fn answer(
    request: Request<Incoming>,
    service: Arc<Service>,
) -> Result<Response<Answered>, Closed> {
    // Queries are left out: links to packages are secrets for a while.
    let asked = format!("{} {}", request.method(), request.uri().path());
    let began = Instant::now();
    let id = request_id(&service, request.headers());
    let mut answer = answer_silently(request, &service).await;
    if let Ok(response) = &mut answer
        && let Ok(id) = HeaderValue::try_from(&id)
    {
        response.headers_mut().insert("x-request-id", id.clone());
        response.headers_mut().insert("x-correlation-id", id);
    }
    let told = match &answer {
        Ok(response) => response.status().as_u16().to_string(),
        Err(Closed) => "closed on purpose".to_owned(),
    };
    let took = began.elapsed().as_millis();
    (service.log)(&format!("{asked}: {told}, {took} ms"));
    answer
}

/// The number that a request goes by: the one that it brings, or a new one. The platform sends it
/// with every answer (platform.md §1).
fn request_id(service: &Service, headers: &hyper::HeaderMap) -> String {
    let own = headers.get("x-correlation-id");
    let own = own.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=255).contains(&own.len()) && own.bytes().all(is_plain) {
        return own.to_owned();
    }
    let count = service.requests.fetch_add(1, Ordering::Relaxed);
    let id = service.sandbox.digest(&format!("request {count}"));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| id.get(part).unwrap_or_default());
    parts.join("-")
}

async fn answer_silently(
    request: Request<Incoming>,
    service: &Arc<Service>,
) -> Result<Response<Answered>, Closed> {
    let host = match auth::local_host(request.uri(), request.headers(), service.address) {
        Ok(host) => host,
        Err(reply) => return Ok(response(reply).await),
    };
    let fault = {
        let faults = &service.sandbox.faults;
        let mut faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.strike(
            method(request.method()),
            &route::plain(request.uri().path()),
        )
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
                    HeaderName::try_from(name.as_str()),
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
    let known = tag::Asked::of(request.method(), request.headers());
    let reply = match handle(request, service, &host, of_job).await {
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
    Ok(response(known.told(reply)).await)
}

async fn handle(
    request: Request<Incoming>,
    service: &Arc<Service>,
    host: &str,
    fault: Option<JobFault>,
) -> Result<Reply, Reply> {
    let (parts, incoming) = request.into_parts();
    let path = route::plain(parts.uri.path());
    let method = method(&parts.method).to_owned();
    let query = query(parts.uri.query().unwrap_or_default());
    if let Some(rest) = path.strip_prefix("/storage/packages/") {
        return stored(&service.sandbox, &method, rest, &query);
    }
    if !path.starts_with("/api/") {
        return Err(Reply::not_found());
    }
    // Whoever has no token is not told what is served.
    let token = auth::bearer(&parts.headers).ok_or_else(unauthorized)?;
    let owner = owner(service, token.to_owned()).await?;
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
        Found::Elsewhere => return Err(Reply::message(501, "Not served by this sandbox")),
        Found::Nothing => return Err(Reply::not_found()),
    };
    {
        let mut rates = service.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = rates.over(token, &method, &path, Instant::now()) {
            let seconds = wait.as_secs() + 1;
            let told = Reply::message(429, "Too many requests");
            return Err(told.header("retry-after", seconds.to_string()));
        }
    }
    check_query(operation, &query)?;
    let headers = &parts.headers;
    let (json, upload) = match operation.body {
        route::Body::Nothing => {
            body::discard(headers, incoming, MOST_JSON).await?;
            (serde_json::Value::Null, None)
        }
        route::Body::Json(_) => {
            let most = match operation.path.starts_with("/custom_connectors") {
                true => MOST_CONNECTOR,
                false => MOST_JSON,
            };
            let bytes = body::read(headers, incoming, most).await?;
            let json = serde_json::from_slice(&bytes)
                .map_err(|error| Reply::bad_request(format!("Bad request: {error}")))?;
            (json, None)
        }
        route::Body::Package => {
            let folder = service.sandbox.store.incoming();
            let kept = body::keep(headers, incoming, jobs::MOST_PACKAGE, &folder).await;
            let file = kept.map_err(|reply| match reply.status {
                400 => Reply::no_import("The body broke off").header("connection", "close"),
                _ => reply,
            })?;
            (serde_json::Value::Null, Some(file))
        }
    };
    let Ok(_permit) = service.at_once.acquire().await else {
        return Err(Reply::message(503, "Stopping"));
    };
    let service = Arc::clone(service);
    let root = format!("http://{host}");
    let work = move || -> Result<Reply, Reply> {
        let sandbox = &service.sandbox;
        let platform = sandbox.platform().map_err(|error| failed(&error))?;
        let (workspace, api, named) =
            whose(sandbox, &platform, &owner, operation, customer.as_deref())?;
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

/// What is asked for by HEAD is what is asked for by GET; the body is left out where it is sent.
fn method(method: &hyper::Method) -> &str {
    match *method == hyper::Method::HEAD {
        true => "GET",
        false => method.as_str(),
    }
}

fn unauthorized() -> Reply {
    Reply::message(401, "Unauthorized")
}

async fn owner(service: &Arc<Service>, token: String) -> Result<WorkspaceName, Reply> {
    let service = Arc::clone(service);
    let owner = tokio::task::spawn_blocking(move || service.sandbox.store.owner(&token)).await;
    match owner {
        Ok(Ok(owner)) => owner.ok_or_else(unauthorized),
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(Reply::message(500, "Server error")),
    }
}

/// The workspace that a request is about.
fn whose(
    sandbox: &Sandbox,
    platform: &LocalPlatform,
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

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.into_owned().collect()
}

/// A request that can't be understood, in the words of what was asked (platform.md §1.5).
fn refused(operation: &Operation, why: String) -> Reply {
    match operation.body {
        route::Body::Package => Reply::no_import(why),
        route::Body::Nothing | route::Body::Json(_) => Reply::bad_request(why),
    }
}

fn check_query(operation: &Operation, query: &BTreeMap<String, String>) -> Result<(), Reply> {
    for parameter in operation.query {
        let name = parameter.name;
        let Some(value) = query.get(name) else {
            if parameter.required {
                return Err(refused(operation, format!("{name} is missing")));
            }
            continue;
        };
        let fits = match parameter.kind {
            Kind::Number => number(value).is_some(),
            Kind::Flag => route::flag(value).is_some(),
            Kind::Text => true,
            Kind::Time => route::time(value).is_some(),
            Kind::Word(words) => words.contains(&value.as_str()),
        };
        if !fits {
            return Err(refused(operation, format!("{name} is invalid")));
        }
    }
    Ok(())
}

/// A package by its link.
fn stored(
    sandbox: &Sandbox,
    method: &str,
    rest: &str,
    query: &BTreeMap<String, String>,
) -> Result<Reply, Reply> {
    if method != "GET" {
        return Err(Reply::message(405, "Method not allowed").header("allow", "GET, HEAD"));
    }
    let expired = || Reply::message(403, "Request has expired");
    let job = rest.strip_suffix(".zip").and_then(number);
    let until = query.get("until").and_then(|until| number(until));
    let (Some(job), Some(until), Some(signature)) = (job, until, query.get("X-Amz-Signature"))
    else {
        return Err(expired());
    };
    if !sandbox.is_link(job, until, signature) {
        return Err(expired());
    }
    let path = sandbox.store.package(job);
    match path.is_file() {
        true => Ok(Reply {
            status: 200,
            body: Content::File(path),
            headers: Vec::new(),
        }),
        false => Err(Reply::not_found()),
    }
}
