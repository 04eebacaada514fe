//! Listening, and stopping in an orderly manner.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::answer::Service;
use super::session::Sessions;
use super::{Console, Settings};
use crate::serving::{AT_ONCE, GRACE, accept, listen, runtime};

/// How often it is looked whether work has ended.
const LISTENING: Duration = Duration::from_millis(50);

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
    let (bound, address) = listen(settings.port).map_err(|source| ServeError::Listen {
        port: settings.port,
        source,
    })?;
    let runtime = runtime().map_err(ServeError::System)?;
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
    let console = Arc::new(console);
    let service = Arc::new(Service {
        console: Arc::clone(&console),
        at_once: Semaphore::new(AT_ONCE),
    });
    ready(address, &key);
    let served = runtime.block_on(accept(bound, service, settings.running.interrupt));
    let stopping = Instant::now();
    let is_busy = || {
        let sessions = console.sessions.lock();
        sessions.unwrap_or_else(PoisonError::into_inner).is_busy()
    };
    // What was begun is brought to its end, or notices that it is to stop.
    while is_busy() && stopping.elapsed() < GRACE {
        std::thread::sleep(LISTENING);
    }
    runtime.shutdown_timeout(GRACE.saturating_sub(stopping.elapsed()));
    served.map_err(ServeError::System)
}
