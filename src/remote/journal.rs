//! The journal of imports over the API: what was sent where is written down before it is sent, so
//! that an import whose end nobody saw can be looked for, and is not sent twice.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::io::atomic;
use crate::model::ident::Digest;
use crate::model::seal::{Seal, SealError, seal_of, unsealed};
use crate::model::visible;
use crate::model::workspace::{
    Address, FolderPath, ImportId, ReadDepth, RemoteAccount, RemoteAddress, Revision,
    RevisionAction, RevisionHeader, RevisionNumber, Timestamp, WorkspaceId,
};
use crate::plan::import::Receipt;
use crate::plan::rollback::kept::KeptImport;
use crate::workspace::WorkspaceError;
use crate::workspace::remote::RemoteError;

/// The format of entries that this program writes. Those of format 1 have no identity, and those
/// before 3 no digest of themselves.
const FORMAT: u32 = 3;
/// The first format whose entries hold a digest of all that they say.
const SEALED: u32 = 3;

/// How many bytes of packages are kept unless somebody says otherwise: the oldest go first.
pub const MOST_KEPT: u64 = 2_000_000_000;

/// Which workspace it is. All workspaces of a data center answer under one host, so that the host
/// alone is none's identity (platform.md §12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteIdentity {
    /// Where the platform's API is.
    pub host: String,
    /// The workspace's number there.
    pub workspace: WorkspaceId,
}

impl RemoteIdentity {
    /// A workspace of a host, whose other names are its own.
    pub fn new(host: &str, workspace: WorkspaceId) -> Self {
        // The data center of the United States has two (platform.md §7).
        let host = match host {
            "app.workato.com" => "www.workato.com",
            host => host,
        };
        Self {
            host: host.to_owned(),
            workspace,
        }
    }
}

impl fmt::Display for RemoteIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workspace {} at {}", self.workspace, self.host)
    }
}

/// Whether an import went into a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// It did.
    There,
    /// It went into another one.
    Elsewhere,
    /// Nobody knows.
    Unknown,
}

/// What is known of an import over the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The format of the entry.
    pub format: u32,
    /// Its id.
    pub id: ImportId,
    /// Where the package went, as it was asked for.
    pub address: Address,
    /// The workspace that it went into; unknown in entries that older versions wrote.
    #[serde(default)]
    pub identity: Option<RemoteIdentity>,
    /// The folder that it was imported into.
    pub folder: FolderPath,
    /// The package, as an absolute path.
    pub package: PathBuf,
    /// The package's digest.
    pub digest: Digest,
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub who: String,
    /// The state of the workspace before.
    pub base: Digest,
    /// Stands for what an import changes, as it was before; unknown in entries that older versions
    /// wrote. Folders and properties are made before the package is sent, and tell nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Digest>,
    /// How far it is.
    pub state: State,
    /// The plan that was carried out, as a JSON document.
    pub plan: String,
    /// What was to be done, as a JSON document.
    pub receipt: String,
    /// Whether it brings back an earlier state.
    #[serde(default = "import", skip_serializing_if = "is_import")]
    pub action: RevisionAction,
    /// What it was, in a few words; absent where that is the package's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is kept for the way back; absent from entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptImport>,
}

const fn import() -> RevisionAction {
    RevisionAction::Import
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_import(action: &RevisionAction) -> bool {
    *action == RevisionAction::Import
}

/// How far an import over the API is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It is being sent; whether it arrived is not known.
    Sending,
    /// The platform took it, and works on it.
    Sent {
        /// The platform's number of the work.
        job: u64,
    },
    /// The platform is done with it.
    Done {
        /// Its number among the imports into this workspace from here.
        revision: RevisionNumber,
    },
    /// The platform refused it, or failed.
    Failed {
        /// What it said.
        told: String,
    },
}

/// A folder with entries.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    /// How many bytes of packages are kept.
    most: u64,
    /// Where entries are written down before they are written here.
    copied: Option<CopiedTo>,
}

/// Writes an entry down elsewhere, so that another machine can go on with it.
type WriteElsewhere =
    dyn Fn(&Entry, &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// Where entries are written down first.
#[derive(Clone)]
pub struct CopiedTo(pub Arc<WriteElsewhere>);

impl fmt::Debug for CopiedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopiedTo")
    }
}

/// The journal can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file can't be read or written.
    #[error("can't {doing} {path}")]
    Io {
        /// The file.
        path: String,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An entry is not what was written.
    #[error("{path} is damaged, and what it says of an import can't be relied on")]
    Damaged {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: DamagedEntry,
    },
    /// A newer version of the program wrote an entry.
    #[error(
        "{path} was written by a newer version of recipack: its format is {found}, and this one knows {FORMAT}"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
    },
    /// An entry can't be written down where others would find it.
    #[error("what is sent can't be written down")]
    NotCopied(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no such entry.
    #[error("there is no import `{0}` here")]
    Unknown(ImportId),
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
pub enum DamagedEntry {
    /// It is not the document that was written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is another entry than its name says.
    #[error("it is the entry of import `{0}`")]
    Other(ImportId),
}

impl From<JournalError> for WorkspaceError {
    fn from(error: JournalError) -> Self {
        RemoteError::Journal(Box::new(error)).into()
    }
}

/// An entry as it is written: with the digest of all that it says.
fn sealed(entry: &Entry) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Sealed<'e> {
        #[serde(flatten)]
        entry: &'e Entry,
        seal: Digest,
    }
    let entry = &Entry {
        format: FORMAT,
        ..entry.clone()
    };
    let seal = seal_of(entry)?;
    visible::json(&Sealed { entry, seal })
}

/// An entry as it was written to `path`.
fn checked(path: &str, bytes: &[u8]) -> Result<Entry, JournalError> {
    let damaged = |source| JournalError::Damaged {
        path: path.to_owned(),
        source,
    };
    let (entry, seal) = unsealed::<Entry>(bytes).map_err(|error| damaged(error.into()))?;
    if entry.format > FORMAT {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found: entry.format,
        });
    }
    if seal == Seal::Absent && entry.format >= SEALED {
        return Err(damaged(SealError::Absent.into()));
    }
    Ok(entry)
}

/// What is about to be sent.
#[derive(Clone, Debug)]
pub(super) struct Sending<'a> {
    pub(super) address: &'a Address,
    pub(super) identity: &'a RemoteIdentity,
    pub(super) folder: &'a FolderPath,
    pub(super) package: &'a Path,
    pub(super) digest: Digest,
    pub(super) base: Digest,
    pub(super) held: Digest,
    pub(super) revision: &'a Revision,
    pub(super) kept: KeptImport,
}

impl Journal {
    /// The journal in a folder, which need not be there yet.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            most: MOST_KEPT,
            copied: None,
        }
    }

    /// The same, with so many bytes of kept packages at most.
    #[must_use]
    pub fn keeping(mut self, most: u64) -> Self {
        self.most = most;
        self
    }

    /// The same, with each entry written down elsewhere before it is written here: if that fails, it
    /// is not written here either, and nothing is sent.
    #[must_use]
    pub fn copied_to(mut self, place: CopiedTo) -> Self {
        self.copied = Some(place);
        self
    }

    /// How many bytes of packages are kept at most.
    pub(super) const fn most(&self) -> u64 {
        self.most
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn file(&self, id: &ImportId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Writes down what is about to be sent.
    pub(super) fn begin(&self, sending: Sending<'_>) -> Result<Entry, JournalError> {
        let io = |doing, source| JournalError::Io {
            path: self.folder.display().to_string(),
            doing,
            source,
        };
        atomic::make_private_folder(&self.folder).map_err(|error| io("create", error))?;
        let package = std::path::absolute(sending.package).map_err(|error| io("create", error))?;
        let header = &sending.revision.header;
        let entry = Entry {
            format: FORMAT,
            id: ImportId::of(sending.identity, &sending.digest, &sending.base, header.at),
            address: sending.address.clone(),
            identity: Some(sending.identity.clone()),
            folder: sending.folder.clone(),
            package,
            digest: sending.digest,
            at: header.at,
            who: header.who.clone(),
            base: sending.base,
            held: Some(sending.held),
            state: State::Sending,
            plan: sending.revision.plan.clone(),
            receipt: sending.revision.receipt.clone(),
            action: header.action,
            subject: match header.action {
                RevisionAction::Import => None,
                RevisionAction::Rollback => Some(header.subject.clone()),
            },
            kept: Some(sending.kept),
        };
        self.write(&entry)?;
        Ok(entry)
    }

    /// Writes an entry anew.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, entry: &Entry) -> Result<(), JournalError> {
        let path = self.file(&entry.id);
        let failed = |source| JournalError::Io {
            path: path.display().to_string(),
            doing: "write",
            source,
        };
        let text = sealed(entry).map_err(|error| failed(std::io::Error::other(error)))?;
        if let Some(CopiedTo(copy)) = &self.copied {
            copy(entry, &text).map_err(JournalError::NotCopied)?;
        }
        atomic::make_private_folder(&self.folder).map_err(failed)?;
        atomic::write(&path, text.as_bytes()).map_err(failed)
    }

    /// An entry that was written down elsewhere.
    ///
    /// # Errors
    /// If it is damaged, or a newer version wrote it.
    pub fn parse(&self, text: &str) -> Result<Entry, JournalError> {
        let shown = "an entry of the ledger".to_owned();
        checked(&shown, text.as_bytes())
    }

    /// An entry.
    ///
    /// # Errors
    /// If there is none of this id, or it can't be read.
    pub fn entry(&self, id: &ImportId) -> Result<Entry, JournalError> {
        self.read(&self.file(id))?
            .ok_or_else(|| JournalError::Unknown(id.clone()))
    }

    fn read(&self, path: &Path) -> Result<Option<Entry>, JournalError> {
        let shown = || path.display().to_string();
        let bytes = atomic::read(path).map_err(|source| JournalError::Io {
            path: shown(),
            doing: "read",
            source,
        })?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let entry = checked(&shown(), &bytes)?;
        match self.file(&entry.id) == path {
            true => Ok(Some(entry)),
            false => Err(JournalError::Damaged {
                path: shown(),
                source: DamagedEntry::Other(entry.id),
            }),
        }
    }

    /// Looks whether every entry can be read: one that can't may be of an import that is under way.
    ///
    /// # Errors
    /// If one can't.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        self.all().map(drop)
    }

    /// All entries that are known to be of a workspace, the oldest first.
    ///
    /// # Errors
    /// If one can't be read.
    pub fn entries(&self, identity: &RemoteIdentity) -> Result<Vec<Entry>, JournalError> {
        let mut entries = self.all()?;
        entries.retain(|entry| entry.went_into(identity) == Went::There);
        Ok(entries)
    }

    /// All entries, the oldest first.
    ///
    /// # Errors
    /// If one can't be read.
    pub fn all(&self) -> Result<Vec<Entry>, JournalError> {
        let names = atomic::names(&self.folder).map_err(|source| JournalError::Io {
            path: self.folder.display().to_string(),
            doing: "read",
            source,
        })?;
        let mut entries = Vec::new();
        for name in names.iter().filter(|name| name.ends_with(".json")) {
            let path = self.folder.join(name);
            // A link that leads nowhere is no entry that never was.
            let entry = self.read(&path)?.ok_or_else(|| JournalError::Io {
                path: path.display().to_string(),
                doing: "read",
                source: std::io::ErrorKind::NotFound.into(),
            })?;
            entries.push(entry);
        }
        entries.sort_by_key(|entry| (entry.at, entry.id.clone()));
        Ok(entries)
    }

    /// Writes down that the platform is done with an import.
    ///
    /// # Errors
    /// If that can't be written, or other entries can't be read.
    pub fn finish(&self, entry: &mut Entry) -> Result<RevisionNumber, JournalError> {
        let newest = match &entry.identity {
            Some(identity) => self.entries(identity)?,
            None => Vec::new(),
        };
        let newest = newest.iter().filter_map(Entry::revision).max();
        let revision = RevisionNumber(newest.map_or(1, |newest| newest.0 + 1));
        entry.state = State::Done { revision };
        self.write(entry)?;
        Ok(revision)
    }
}

/// What of a plan's document says which workspace it was made for.
#[derive(Deserialize)]
struct PlannedFor {
    workspace: PlannedId,
    #[serde(default = "ReadDepth::whole")]
    reading: ReadDepth,
}

#[derive(Deserialize)]
struct PlannedId {
    id: WorkspaceId,
}

impl Entry {
    /// Whether the package went into this workspace. Where an older version wrote the entry, its plan
    /// says which workspace it was made for, and its address perhaps the host.
    pub fn went_into(&self, identity: &RemoteIdentity) -> Went {
        if let Some(own) = &self.identity {
            return match own == identity {
                true => Went::There,
                false => Went::Elsewhere,
            };
        }
        let planned = serde_json::from_str::<PlannedFor>(&self.plan);
        let same_host = match &self.address {
            Address::Remote(RemoteAddress {
                account: RemoteAccount::Host(host),
                ..
            }) => {
                let host = host.as_str().split_once("://").map(|(_, host)| host);
                host.map(|host| RemoteIdentity::new(host, identity.workspace).host == identity.host)
            }
            Address::Remote(_) | Address::Local(_) => None,
        };
        match (same_host, planned) {
            (Some(false), _) => Went::Elsewhere,
            (_, Err(_)) => Went::Unknown,
            (_, Ok(planned)) if planned.workspace.id != identity.workspace => Went::Elsewhere,
            (_, Ok(_)) => Went::There,
        }
    }

    /// How much of the workspace its plan rests on.
    pub(super) fn reading(&self) -> ReadDepth {
        let planned = serde_json::from_str::<PlannedFor>(&self.plan);
        planned.map_or(ReadDepth::Full, |planned| planned.reading)
    }

    /// Its number, if it is done.
    pub fn revision(&self) -> Option<RevisionNumber> {
        match self.state {
            State::Done { revision } => Some(revision),
            State::Sending | State::Sent { .. } | State::Failed { .. } => None,
        }
    }

    /// Whether nobody knows how it ended.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Sending | State::Sent { .. })
    }

    /// What a list of revisions tells of it.
    pub(super) fn header(&self) -> Option<RevisionHeader> {
        let name = self.package.file_name().unwrap_or_default();
        Some(RevisionHeader {
            number: self.revision()?,
            at: self.at,
            who: self.who.clone(),
            action: self.action,
            subject: match &self.subject {
                Some(subject) => subject.clone(),
                None => name.to_string_lossy().into_owned(),
            },
            package: match self.action {
                RevisionAction::Import => Some(self.digest),
                RevisionAction::Rollback => None,
            },
        })
    }

    /// The receipt that was to come of it.
    ///
    /// # Errors
    /// If it can't be understood.
    pub fn planned_receipt(&self) -> Result<Receipt, serde_json::Error> {
        serde_json::from_str(&self.receipt)
    }
}
