//! What the sandbox keeps beside the platform's file: tokens, manifests and jobs, in a folder that
//! only its owner can look into.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::notes::Notes;
use crate::io::atomic;
use crate::io::system::{Privacy, privacy, private_file};
use crate::model::ident::WorkspaceName;
use crate::model::seal::{SealError, enveloped, unwrapped};
use crate::plan::import::TagsPolicy;

/// Keeps tokens, manifests and jobs.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    next: AtomicU64,
    /// Whoever changes notes has this.
    notes: Mutex<()>,
}

/// What the platform calls a manifest: what an export is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) id: u64,
    pub(super) workspace: WorkspaceName,
    pub(super) name: String,
    pub(super) folder: u64,
    pub(super) rows: bool,
    /// The paths of the assets that are taken; all of the folder's if none are said.
    pub(super) assets: Option<Vec<String>>,
    pub(super) created_at: u64,
    pub(super) last_exported_at: Option<u64>,
}

/// An export or an import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) workspace: WorkspaceName,
    pub(super) work: Work,
    pub(super) state: State,
    pub(super) error: Option<String>,
    pub(super) recipes: Vec<(u64, String)>,
    /// A scripted fault that strikes it.
    pub(super) fault: Option<JobFault>,
}

/// What a job does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Work {
    Export {
        manifest: u64,
    },
    Import {
        folder: u64,
        restart: bool,
        /// The folder for what belongs into Home, if that is not where it goes.
        #[serde(default)]
        home: Option<u64>,
        #[serde(default = "apply")]
        tags: TagsPolicy,
    },
}

/// What jobs did that did not say it.
const fn apply() -> TagsPolicy {
    TagsPolicy::Apply
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    Queued,
    Running,
    Completed,
    Failed,
}

/// What goes wrong with a job on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum JobFault {
    NeverEnds,
    Fails(String),
    RestartFails,
}

/// How many packages are kept: of the newest jobs.
const PACKAGES: usize = 200;

/// Tokens, manifests and jobs can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file can't be read or written.
    #[error("can't use {path}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process serves the platform.
    #[error("another process serves this platform already: it has a lock on {path}")]
    Served {
        /// The file.
        path: String,
    },
    /// Others may read the tokens.
    #[error("{path} may be read by others (mode {mode:04o})")]
    Exposed {
        /// The file.
        path: String,
        /// Its mode.
        mode: u32,
    },
    /// It is no file of tokens.
    #[error("{path} is no file of tokens")]
    Damaged {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: SealError,
    },
}

impl Job {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Queued | State::Running)
    }
}

/// The number that a file's name is made of.
fn numbered(name: &str, ending: &str) -> Option<u64> {
    name.strip_suffix(ending)?.parse().ok()
}

/// Reads a file; nothing if it is not there. One that was damaged is not taken for one that is not
/// there.
fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let damaged = |error| {
        let what = format!("{} is damaged: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, what)
    };
    let bytes = atomic::read(path)?;
    let value = bytes.map(|bytes| unwrapped(&bytes)).transpose();
    value.map_err(damaged)
}

fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    atomic::write(path, &enveloped(value)?)
}

impl Store {
    /// The store of a platform's file; it is made if need be.
    ///
    /// # Errors
    /// If it can't be made or read.
    pub fn of(platform: &Path) -> Result<Self, StoreError> {
        let mut name = platform.as_os_str().to_owned();
        name.push(".sandbox");
        let folder = PathBuf::from(name);
        let io = |source| StoreError::Io {
            path: folder.display().to_string(),
            source,
        };
        atomic::make_private_folder(&folder.join("jobs")).map_err(io)?;
        atomic::make_private_folder(&folder.join("manifests")).map_err(io)?;
        atomic::make_private_folder(&folder.join("notes")).map_err(io)?;
        let mut last = 0;
        for kind in ["jobs", "manifests"] {
            for name in atomic::names(&folder.join(kind)).map_err(io)? {
                let number = name.split('.').next().and_then(|name| name.parse().ok());
                last = last.max(number.unwrap_or(0));
            }
        }
        Ok(Self {
            folder,
            next: AtomicU64::new(last + 1),
            notes: Mutex::new(()),
        })
    }

    fn lock_file(&self, name: &str) -> Result<File, StoreError> {
        let path = self.folder.join(name);
        private_file().open(&path).map_err(|source| StoreError::Io {
            path: path.display().to_string(),
            source,
        })
    }

    /// Held while the platform is served: one process does. What an earlier one left half written
    /// goes.
    pub(super) fn serving(&self) -> Result<File, StoreError> {
        let file = self.lock_file("serving.lock")?;
        let path = || self.folder.join("serving.lock").display().to_string();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Served { path: path() }),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io {
                    path: path(),
                    source,
                });
            }
        }
        let jobs = self.folder.join("jobs");
        let io = |source| StoreError::Io {
            path: jobs.display().to_string(),
            source,
        };
        for name in atomic::names(&jobs).map_err(io)? {
            if numbered(&name, ".json")
                .or(numbered(&name, ".zip"))
                .is_none()
            {
                fs::remove_file(jobs.join(name)).map_err(io)?;
            }
        }
        Ok(file)
    }

    fn tokens(&self) -> Result<BTreeMap<WorkspaceName, String>, StoreError> {
        let path = self.folder.join("tokens.json");
        let shown = || path.display().to_string();
        let io = |source| StoreError::Io {
            path: shown(),
            source,
        };
        let Some(bytes) = atomic::read(&path).map_err(io)? else {
            return Ok(BTreeMap::new());
        };
        if let Privacy::Others(mode) = privacy(&fs::metadata(&path).map_err(io)?) {
            return Err(StoreError::Exposed {
                path: shown(),
                mode,
            });
        }
        unwrapped(&bytes).map_err(|source| StoreError::Damaged {
            path: shown(),
            source,
        })
    }

    /// The token of a workspace; it gets one if it has none. `chance` gives a number that nobody
    /// can guess.
    ///
    /// # Errors
    /// If the tokens can't be read or written.
    pub fn token(
        &self,
        workspace: &WorkspaceName,
        chance: &dyn Fn() -> u64,
    ) -> Result<String, StoreError> {
        self.change_tokens(|tokens| {
            let new = || format!("wrksandbox-{:016x}{:016x}", chance(), chance());
            tokens.entry(workspace.clone()).or_insert_with(new).clone()
        })
    }

    /// Changes tokens, while no other process does.
    fn change_tokens<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<WorkspaceName, String>) -> T,
    ) -> Result<T, StoreError> {
        let changing = self.lock_file("tokens.lock")?;
        changing.lock().map_err(|source| StoreError::Io {
            path: self.folder.join("tokens.lock").display().to_string(),
            source,
        })?;
        let before = self.tokens()?;
        let mut tokens = before.clone();
        let told = change(&mut tokens);
        if tokens != before {
            let path = self.folder.join("tokens.json");
            write(&path, &tokens).map_err(|source| StoreError::Io {
                path: path.display().to_string(),
                source,
            })?;
        }
        Ok(told)
    }

    /// Whose token it is.
    pub(super) fn owner(&self, token: &str) -> Result<Option<WorkspaceName>, StoreError> {
        let mut owner = None;
        // All are compared, each in constant time.
        for (workspace, known) in self.tokens()? {
            if bool::from(known.as_bytes().ct_eq(token.as_bytes())) {
                owner = Some(workspace);
            }
        }
        Ok(owner)
    }

    /// A number that was not given before.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, id: u64) -> io::Result<Option<T>> {
        let path = self.folder.join(kind).join(format!("{id}.json"));
        read(&path)
    }

    fn write(&self, kind: &str, id: u64, value: &impl Serialize) -> io::Result<()> {
        let path = self.folder.join(kind).join(format!("{id}.json"));
        write(&path, value)
    }

    pub(super) fn job(&self, id: u64) -> io::Result<Option<Job>> {
        self.read("jobs", id)
    }

    pub(super) fn keep_job(&self, job: &Job) -> io::Result<()> {
        self.write("jobs", job.id, job)
    }

    /// Where the package of a job lies: the one that it makes, or the one that was sent.
    pub(super) fn package(&self, id: u64) -> PathBuf {
        self.folder.join("jobs").join(format!("{id}.zip"))
    }

    /// Where files are put while they come in.
    pub(super) fn incoming(&self) -> PathBuf {
        self.folder.join("jobs")
    }

    /// The jobs that are not done, the oldest first.
    pub(super) fn open_jobs(&self) -> io::Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for name in atomic::names(&self.folder.join("jobs"))? {
            if let Some(number) = numbered(&name, ".json")
                && let Some(job) = self.job(number)?
                && job.is_open()
            {
                jobs.push(job);
            }
        }
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }

    /// Forgets the packages of old jobs that are done.
    pub(super) fn forget_packages(&self) -> io::Result<()> {
        let names = atomic::names(&self.folder.join("jobs"))?;
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| numbered(name, ".zip"))
            .collect();
        numbers.sort_unstable();
        numbers.truncate(numbers.len().saturating_sub(PACKAGES));
        for number in numbers {
            if self.job(number)?.is_none_or(|job| !job.is_open()) {
                fs::remove_file(self.package(number))?;
            }
        }
        Ok(())
    }

    pub(super) fn manifest(&self, id: u64) -> io::Result<Option<Manifest>> {
        self.read("manifests", id)
    }

    pub(super) fn keep_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        self.write("manifests", manifest.id, manifest)
    }

    pub(super) fn remove_manifest(&self, id: u64) -> io::Result<()> {
        fs::remove_file(self.folder.join("manifests").join(format!("{id}.json")))
    }

    /// What is noted of a workspace.
    pub(super) fn notes(&self, workspace: &WorkspaceName) -> io::Result<Notes> {
        Ok(read(&self.notes_of(workspace))?.unwrap_or_default())
    }

    /// Changes what is noted of a workspace.
    pub(super) fn change_notes(
        &self,
        workspace: &WorkspaceName,
        change: impl FnOnce(Notes) -> Notes,
    ) -> io::Result<()> {
        let _changing = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = change(self.notes(workspace)?);
        write(&self.notes_of(workspace), &notes)
    }

    fn notes_of(&self, workspace: &WorkspaceName) -> PathBuf {
        self.folder.join("notes").join(format!("{workspace}.json"))
    }

    /// Forgets a workspace that is no more: another one of its name has nothing of it.
    pub(super) fn forget(&self, workspace: &WorkspaceName) -> Result<(), StoreError> {
        self.change_tokens(|tokens| {
            tokens.remove(workspace);
        })?;
        let io = |source| StoreError::Io {
            path: self.folder.display().to_string(),
            source,
        };
        let mut gone = vec![self.notes_of(workspace)];
        for name in atomic::names(&self.folder.join("manifests")).map_err(io)? {
            if let Some(number) = numbered(&name, ".json")
                && let Some(manifest) = self.manifest(number).map_err(io)?
                && manifest.workspace == *workspace
            {
                gone.push(self.folder.join("manifests").join(name));
            }
        }
        for name in atomic::names(&self.folder.join("jobs")).map_err(io)? {
            if let Some(number) = numbered(&name, ".json")
                && let Some(job) = self.job(number).map_err(io)?
                && job.workspace == *workspace
            {
                gone.push(self.package(number));
                gone.push(self.folder.join("jobs").join(name));
            }
        }
        for path in gone {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}
