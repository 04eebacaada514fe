//! Listening, and stopping in an orderly manner.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::Sandbox;
use super::answer::Service;
use super::fault::Faults;
use super::jobs;
use super::rate::{Limits, Rates};
use super::store::{Store, StoreError};
use crate::model::workspace::Timestamp;
use crate::ops::{Interrupt, Running};
use crate::serving::{AT_ONCE, GRACE, accept, listen, runtime};
use crate::workspace::WorkspaceError;

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
    let (bound, address) = listen(settings.port).map_err(|source| ServeError::Listen {
        port: settings.port,
        source,
    })?;
    let runtime = runtime().map_err(ServeError::System)?;
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
