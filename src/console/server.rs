//! Listening, and stopping in an orderly manner.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::answer::Service;
use super::session::Sessions;
use super::{Console, Settings};
use crate::serving::{GRACE, accept};

/// How many requests are worked on at once.
const AT_ONCE: usize = 8;

/// The console can't be served.
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
    /// The system has no more for it.
    #[error("can't serve")]
    System(#[source] io::Error),
}

/// Serves a console until it is asked to stop. `ready` hears where, and the key that opens it once.
///
/// # Errors
/// If it can't listen.
pub fn serve(
    settings: Settings,
    ready: &mut dyn FnMut(SocketAddr, &str),
) -> Result<(), ServeError> {
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
    let console = Console {
        port: address.port(),
        changes: settings.changes,
        host: settings.host,
        sessions: Mutex::new(Sessions::new(settings.secret)),
    };
    let key = {
        let sessions = console.sessions.lock();
        sessions.unwrap_or_else(PoisonError::into_inner).key()
    };
    let service = Arc::new(Service {
        console: Arc::new(console),
        at_once: Semaphore::new(AT_ONCE),
    });
    ready(address, &key);
    let served = runtime.block_on(accept(bound, service, settings.running.interrupt));
    runtime.shutdown_timeout(GRACE);
    served.map_err(ServeError::System)
}
