//! Listening, and stopping in an orderly manner.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::Sandbox;
use super::answer::{Closed, Service, answer};
use super::connection::{Connections, Line, WriteTimeout};
use super::fault::Faults;
use super::jobs;
use super::rate::{Limits, Rates};
use super::store::{Store, StoreError};
use crate::model::workspace::Timestamp;
use crate::ops::{Interrupt, Running};
use crate::workspace::WorkspaceError;

/// How long the head of a request may take, and how long a connection may wait for one.
const HEAD: Duration = Duration::from_secs(10);
/// How many requests are worked on at once.
const AT_ONCE: usize = 8;
/// How long the end of what is being answered is waited for when the sandbox stops.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether to stop.
const LISTENING: Duration = Duration::from_millis(50);
/// How long a client may still send what is not wanted any more.
const LINGER: Duration = Duration::from_secs(2);

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
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// A number that nobody can guess.
    pub secret: [u8; 32],
    /// Hears of each request that is answered, without what is secret about it.
    pub log: Box<dyn Fn(&str) + Send + Sync>,
    /// How work is done, and when to stop.
    pub running: Running,
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
/// If it can't listen, the platform can't be read, or another process serves it.
pub fn serve(settings: Settings, ready: &mut dyn FnMut(SocketAddr)) -> Result<(), ServeError> {
    let _serving = settings.store.serving()?;
    let (sender, queue) = channel();
    let interrupt = settings.running.interrupt.clone();
    // What is begun is ended, so that no finished job is lost.
    let running = Running {
        interrupt: Interrupt::default(),
        ..settings.running
    };
    let sandbox = Arc::new(Sandbox {
        platform: settings.platform,
        store: settings.store,
        faults: Mutex::new(settings.faults),
        clock: settings.clock,
        secret: settings.secret,
        queue: Mutex::new(Some(sender)),
        stopping: false.into(),
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
    let service = Arc::new(Service {
        sandbox: Arc::clone(&sandbox),
        at_once: Semaphore::new(AT_ONCE),
        rates: Mutex::new(Rates::new(settings.limits)),
        log: settings.log,
        address,
        requests: 0.into(),
    });
    ready(address);
    let served = runtime.block_on(accept(bound, service, interrupt));
    runtime.shutdown_timeout(GRACE);
    // The job that runs is ended; those that wait are for the next start.
    sandbox.stopping.store(true, Ordering::SeqCst);
    *sandbox.queue.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let _ = worker.join();
    served.map_err(ServeError::System)
}

async fn accept(bound: Bound, service: Arc<Service>, interrupt: Interrupt) -> io::Result<()> {
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

async fn serve_connection(
    stream: TcpStream,
    service: Arc<Service>,
    line: &Arc<Line>,
    mut stopped: watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true);
    let answering = service_fn(|request| {
        let service = Arc::clone(&service);
        let busy = line.busy();
        Box::pin(async move {
            let mut response = answer(request, service).await?;
            response.body_mut().keep(busy);
            Ok::<_, Closed>(response)
        })
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
