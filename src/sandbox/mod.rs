//! The local platform behind the platform's HTTP API, on this machine only: for rehearsing what is
//! going to be done to real workspaces.
//!
//! What requests mean is decided where everything is decided; here they are only taken in and
//! answered as the platform answers (platform.md §1–§3, §7, §8).

mod answer;
mod api;
mod auth;
mod body;
mod documented;
mod fault;
mod jobs;
mod notes;
mod openapi;
mod rate;
mod recipe_jobs;
mod reply;
mod route;
mod sending;
mod server;
mod store;
mod tag;

pub use fault::{FaultError, Faults};
pub use openapi::document as openapi;
pub use rate::Limits;
pub use server::{ServeError, Settings, serve};
pub use store::{Store, StoreError};

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::ident::WorkspaceName;
use crate::model::workspace::Timestamp;
use crate::ops::Running;
use crate::workspace::WorkspaceError;
use crate::workspace::local::{LocalPlatform, Writing};

/// For how long a link to a package leads there, in seconds (platform.md §1.3).
const LINK_SECONDS: u64 = 10;
/// How long somebody else may write to the platform's file before a request gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox that is served.
struct Sandbox {
    platform: PathBuf,
    store: Store,
    faults: Mutex<Faults>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// What nobody outside can guess.
    secret: [u8; 32],
    /// Where jobs are put; nowhere once the sandbox stops.
    queue: Mutex<Option<Sender<u64>>>,
    /// Whether no further job is begun.
    stopping: AtomicBool,
    running: Running,
}

impl Sandbox {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn platform(&self) -> Result<LocalPlatform, WorkspaceError> {
        let writing = Writing {
            purpose: format!("sandbox (process {})", std::process::id()),
            patience: PATIENCE,
            stop: Default::default(),
        };
        LocalPlatform::open(&self.platform, writing)
    }

    /// Has a job done.
    fn queue(&self, job: u64) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // If nobody works any more, the next start does it.
        if let Some(queue) = &*queue {
            let _ = queue.send(job);
        }
    }

    fn signature(&self, job: u64, until: u64) -> String {
        self.digest(&format!("{job} {until}"))
    }

    /// What only this sandbox can make of a text.
    fn digest(&self, text: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(text);
        hash.update(self.secret);
        let digest = hash.finalize();
        digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
    }

    /// A link to a package, which leads there for a while.
    fn link(&self, root: &str, job: u64) -> String {
        let until = self.now().0 + LINK_SECONDS;
        format!(
            "{root}/storage/packages/{job}.zip?X-Amz-Expires={LINK_SECONDS}&until={until}&X-Amz-Signature={}",
            self.signature(job, until)
        )
    }

    /// Whether a link leads to a package now.
    fn is_link(&self, job: u64, until: u64, signature: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        let right = self.signature(job, until);
        bool::from(right.as_bytes().ct_eq(signature.as_bytes())) && self.now().0 <= until
    }

    /// The customer of an admin workspace that a path names: by number, or by `E` and its external
    /// id (platform.md §2).
    fn customer(
        &self,
        platform: &LocalPlatform,
        admin: &WorkspaceName,
        handle: &str,
    ) -> Result<Option<WorkspaceName>, WorkspaceError> {
        let customers = match platform.customers(Some(admin)) {
            Ok(customers) => customers,
            Err(WorkspaceError::NotOfKind { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = customers.into_iter().find(|customer| {
            let facts = &customer.summary.facts;
            match (route::number(handle), handle.strip_prefix('E')) {
                (Some(id), _) => facts.id.0 == id,
                (None, Some(external)) => facts.external_id.as_deref() == Some(external),
                (None, None) => false,
            }
        });
        Ok(found.map(|customer| customer.summary.facts.name))
    }
}
