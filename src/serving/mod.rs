//! Serving HTTP on this machine, and stopping in an orderly manner: what the sandbox and the console
//! have in common.

mod connection;

pub(crate) use connection::Busy;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderMap, HeaderName};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use self::connection::{Connections, Line, WriteTimeout};
use crate::ops::Interrupt;

/// How long the head of a request may take, and how long a connection may wait for one.
const HEAD: Duration = Duration::from_secs(10);
/// How long the end of what is being answered is waited for when serving ends.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether to stop.
const LISTENING: Duration = Duration::from_millis(50);
/// How long a client may still send what is not wanted any more.
const LINGER: Duration = Duration::from_secs(2);

/// How many requests are worked on at once.
pub(crate) const AT_ONCE: usize = 8;

/// Listens on a port of this machine, and of no other; on any that is free for 0.
pub(crate) fn listen(port: u16) -> io::Result<(Bound, SocketAddr)> {
    let bound = Bound::bind((Ipv4Addr::LOCALHOST, port))?;
    bound.set_nonblocking(true)?;
    let address = bound.local_addr()?;
    Ok((bound, address))
}

/// What connections are served by, with threads for [`AT_ONCE`] requests that wait for disks.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(AT_ONCE + 2)
        .enable_all()
        .build()
}

/// The connection is closed without an answer, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
pub(crate) struct Closed;

/// Answers requests.
pub(crate) trait Answering: Send + Sync + 'static {
    /// What answers are made of.
    type Body: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    /// Answers a request. The connection has work as long as `busy` is held.
    fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        busy: Busy,
    ) -> impl Future<Output = Result<Response<Self::Body>, Closed>> + Send;
}

/// Serves until it is asked to stop.
pub(crate) async fn accept<A: Answering>(
    bound: Bound,
    service: Arc<A>,
    interrupt: Interrupt,
) -> io::Result<()> {
    let listener = TcpListener::from_std(bound)?;
    let connections = Arc::new(Connections::default());
    let (stop, stopped) = watch::channel(());
    while !interrupt.is_set() {
        let accepted = tokio::time::timeout(LISTENING, listener.accept()).await;
        let stream = match accepted {
            Ok(Ok((stream, _))) => stream,
            // Too many open files, or a client that is gone already.
            Ok(Err(_)) => {
                tokio::time::sleep(LISTENING).await;
                continue;
            }
            Err(_) => continue,
        };
        let Some(line) = connections.open() else {
            continue;
        };
        let (service, connections) = (Arc::clone(&service), Arc::clone(&connections));
        let stopped = stopped.clone();
        tokio::spawn(async move {
            serve_connection(stream, service, &line, stopped).await;
            connections.close(&line);
        });
    }
    drop((listener, stop));
    let stopping = Instant::now();
    while connections.are_busy() && stopping.elapsed() < GRACE {
        tokio::time::sleep(LISTENING).await;
    }
    Ok(())
}

async fn serve_connection<A: Answering>(
    stream: TcpStream,
    service: Arc<A>,
    line: &Arc<Line>,
    mut stopped: watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true);
    let answering = service_fn(|request| {
        let service = Arc::clone(&service);
        let busy = line.busy();
        Box::pin(service.answer(request, busy))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .serve_connection(WriteTimeout::new(TokioIo::new(stream)), answering);
    let mut is_stopping = false;
    let ended = loop {
        tokio::select! {
            ended = std::future::poll_fn(|context| connection.poll_without_shutdown(context)) => {
                break ended;
            }
            () = line.cut() => match line.is_busy() {
                // A request came in at the last moment.
                true => Pin::new(&mut connection).graceful_shutdown(),
                false => return,
            },
            _ = stopped.changed(), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if ended.is_ok() {
        linger(connection.into_parts().io.into_inner().into_inner()).await;
    }
}

/// Closes a connection so that an early answer is not lost: a client that is still sending gets to
/// read it.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let discarding = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(1..) = stream.read(&mut buffer).await {}
    };
    let _ = tokio::time::timeout(LINGER, discarding).await;
}

/// The host that a request is meant for, as it spells it: one of this machine's own names, with the
/// port that is listened on. Whoever else's name leads here is none of them.
pub(crate) fn own_host<'h>(uri: &Uri, headers: &'h HeaderMap, port: u16) -> Option<&'h str> {
    let host = only(headers, &HOST)?;
    let authority = uri.authority().map_or(host, |named| named.as_str());
    (is_own(host, port) && is_own(authority, port)).then_some(host)
}

/// Whether a host is this machine, by one of its own names and on this port.
pub(crate) fn is_own(host: &str, port: u16) -> bool {
    let host = host.to_ascii_lowercase();
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|own| host == format!("{own}:{port}"))
}

/// A header that stands there once.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (Some(_) | None, _) => None,
    }
}
