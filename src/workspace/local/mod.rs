//! The local platform: one SQLite file with workspaces.

mod commit;
mod customers;
mod error;
mod lock;
mod read;
mod row;
mod schema;
mod shares;
mod sums;
mod usage;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::{Committed, Contents, Decoder, Encoded, Encoding, Moment, Workspace, WorkspaceError};
use crate::io::atomic::make_lasting_folder;
use crate::io::system::{hard_links, private_file, sync_folder};
use crate::model::ident::{Digest, InternalName, Version, WorkspaceName};
use crate::model::workspace::{
    AssetId, Body, EndpointMark, EndpointState, FolderPath, HeldValue, Inventory, PropertyKey,
    Revision, RevisionHeader, RevisionNumber, Scope, Snapshot, Timestamp, WorkspaceFacts,
    WorkspaceId,
};
use crate::plan::commit::Commit;

use crate::workspace::local::error::{Doing, Failed};
use lock::WriteLock;
use read::Reading;
use schema::Found;

use workspaces::{id_of, summaries};

pub use customers::Customer;
pub use workspaces::{NewWorkspace, WorkspaceSummary};

/// When a workspace and its assets came to be and were changed. What was done without a revision
/// left no time.
#[derive(Clone, Debug)]
pub struct Times {
    /// When the workspace was created.
    pub workspace: Timestamp,
    assets: BTreeMap<AssetId, (Timestamp, Timestamp)>,
}

impl Times {
    /// When an asset came to be, and when it was changed last. Where no revision tells, the
    /// workspace's own time stands for both.
    pub fn of(&self, asset: AssetId) -> (Timestamp, Timestamp) {
        let told = self.assets.get(&asset).copied();
        told.unwrap_or((self.workspace, self.workspace))
    }

    /// Takes in what is known from elsewhere: changes that made no revision.
    pub fn note(&mut self, asset: AssetId, created: Option<Timestamp>, updated: Timestamp) {
        let (known, last) = self.of(asset);
        let times = (created.unwrap_or(known), last.max(updated));
        self.assets.insert(asset, times);
    }
}

/// How long SQLite itself waits for programs that don't know our lock.
const FOREIGN: Duration = Duration::from_secs(5);
/// Statements that are kept prepared.
const STATEMENTS: usize = 96;

/// How a platform is written to while others may be writing too.
#[derive(Clone, Debug)]
pub struct Writing {
    /// What is being done, for whoever has to wait: `import of orders.zip (process 4711)`.
    pub purpose: String,
    /// How long to wait for another writer.
    pub patience: Duration,
    /// Ends the waiting once it is set.
    pub stop: Arc<AtomicBool>,
}

/// A local platform's file.
#[derive(Debug)]
pub struct LocalPlatform {
    file: PlatformFile,
    connection: Rc<Connection>,
}

/// A platform as it is at one moment, however long it is looked at and whoever writes meanwhile.
#[derive(Debug)]
pub struct OneMoment<'p> {
    platform: &'p LocalPlatform,
    /// What is read is of the time at which it began.
    _transaction: Transaction<'p>,
}

/// A workspace of a local platform.
#[derive(Debug)]
pub struct LocalWorkspace {
    file: PlatformFile,
    connection: Rc<Connection>,
    id: WorkspaceId,
    name: WorkspaceName,
}

#[derive(Clone, Debug)]
struct PlatformFile {
    path: PathBuf,
    writing: Writing,
    doing: Doing,
}

impl PlatformFile {
    fn new(path: &Path, writing: Writing) -> Self {
        Self {
            path: path.to_owned(),
            writing,
            doing: Doing::on(path),
        }
    }

    fn lock(&self) -> Result<WriteLock, WorkspaceError> {
        WriteLock::take(&self.path, &self.writing, &self.doing)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, WorkspaceError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = match Connection::open_with_flags(&self.path, flags) {
            Ok(connection) => connection,
            Err(error) => return Err(self.unopened(error)),
        };
        connection
            .busy_timeout(FOREIGN)
            .doing(&self.doing, "open")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// SQLite says that it could not open the file; the system says why.
    fn unopened(&self, error: rusqlite::Error) -> WorkspaceError {
        match File::open(&self.path) {
            Err(why) => self.doing.io("open", why),
            Ok(file) => {
                // Closing it would free the locks that another connection of this process has.
                std::mem::forget(file);
                self.doing.sqlite("open", error)
            }
        }
    }

    /// Opens the file if something was written to it already.
    fn look(&self) -> Result<Option<Connection>, WorkspaceError> {
        match fs::metadata(&self.path) {
            // Beside another name lie other journals: whoever writes by that one destroys what is
            // written by this one.
            Ok(metadata) if metadata.is_file() && self.has_other_names()? => {
                return Err(self.doing.no_platform(
                    "it has more than one name (hard links), and may be written to by each; copy it to a file of its own",
                ));
            }
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(self.doing.no_platform("it is no file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.doing.io("open", error)),
        }
        let mut connection = self.connect(OpenFlags::empty())?;
        Ok(match schema::look(&connection, &self.doing)? {
            Found::Platform => {
                schema::settings(&connection, &self.doing)?;
                Some(connection)
            }
            Found::Older => {
                let lock = self.lock()?;
                schema::settings(&connection, &self.doing)?;
                schema::upgrade(&mut connection, &self.doing)?;
                drop(lock);
                Some(connection)
            }
            Found::Empty => None,
        })
    }

    fn has_other_names(&self) -> Result<bool, WorkspaceError> {
        let links = hard_links(&self.path).map_err(|error| self.doing.io("open", error))?;
        Ok(links > 1)
    }

    fn open(&self) -> Result<Connection, WorkspaceError> {
        let connection = self.look()?.ok_or_else(|| {
            self.doing.no_platform(match self.path.exists() {
                true => "it is empty",
                false => "there is no such file",
            })
        })?;
        self.check(&connection)?;
        Ok(connection)
    }

    /// Looks at one moment, since others may be writing.
    fn check(&self, connection: &Connection) -> Result<(), WorkspaceError> {
        let doing = &self.doing;
        let transaction = connection.unchecked_transaction().doing(doing, "read")?;
        sums::check_all(&transaction, doing)
    }

    fn create(&self) -> Result<Connection, WorkspaceError> {
        // What is no platform's does not even get a lock beside it.
        if let Some(connection) = self.look()? {
            self.check(&connection)?;
            return Ok(connection);
        }
        let doing = &self.doing;
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        make_lasting_folder(folder).map_err(|error| doing.io("create", error))?;
        let _lock = self.lock()?;
        // Another process may have been faster.
        if let Some(connection) = self.look()? {
            return Ok(connection);
        }
        // SQLite makes files that others can read, and gives its journals the mode of the file.
        private_file()
            .open(&self.path)
            .map_err(|error| doing.io("create", error))?;
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::make(&mut connection, doing)?;
        sync_folder(folder).map_err(|error| doing.io("create", error))?;
        Ok(connection)
    }
}

impl LocalPlatform {
    /// Opens a platform that is there.
    ///
    /// # Errors
    /// If the file is not there, or no platform's.
    pub fn open(path: &Path, writing: Writing) -> Result<Self, WorkspaceError> {
        let file = PlatformFile::new(path, writing);
        let connection = Rc::new(file.open()?);
        Ok(Self { file, connection })
    }

    /// Opens a platform, and creates it first if there is none.
    ///
    /// # Errors
    /// If the file is no platform's, or can't be made.
    pub fn create(path: &Path, writing: Writing) -> Result<Self, WorkspaceError> {
        let file = PlatformFile::new(path, writing);
        let connection = Rc::new(file.create()?);
        Ok(Self { file, connection })
    }

    /// Opens a workspace.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn workspace(&self, name: &WorkspaceName) -> Result<LocalWorkspace, WorkspaceError> {
        let id = id_of(&self.connection, &self.file.doing, name)?;
        let workspace = LocalWorkspace {
            connection: Rc::new(self.file.open()?),
            file: self.file.clone(),
            id,
            name: name.clone(),
        };
        workspace
            .read(|reading| sums::check_workspace(reading.connection, reading.doing, reading.id))?;
        Ok(workspace)
    }

    /// What is in it now, for whoever looks at several workspaces.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn one_moment(&self) -> Result<OneMoment<'_>, WorkspaceError> {
        let doing = &self.file.doing;
        let transaction = self
            .connection
            .unchecked_transaction()
            .doing(doing, "read")?;
        // The moment is that of the first question.
        let _: i64 = transaction
            .query_row("SELECT count(*) FROM workspace", [], |row| row.get(0))
            .doing(doing, "read")?;
        Ok(OneMoment {
            platform: self,
            _transaction: transaction,
        })
    }
}

impl OneMoment<'_> {
    /// All workspaces, in the order of their names.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceSummary>, WorkspaceError> {
        let LocalPlatform { file, connection } = self.platform;
        summaries(connection, &file.doing)
    }

    /// Opens a workspace to look at: nothing can be written to it.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn workspace(&self, name: &WorkspaceName) -> Result<LocalWorkspace, WorkspaceError> {
        let LocalPlatform { file, connection } = self.platform;
        let id = id_of(connection, &file.doing, name)?;
        sums::check_workspace(connection, &file.doing, id)?;
        Ok(LocalWorkspace {
            id,
            connection: Rc::clone(connection),
            file: file.clone(),
            name: name.clone(),
        })
    }
}

impl LocalWorkspace {
    /// Reads everything at one moment.
    fn read<T>(
        &self,
        read: impl FnOnce(Reading<'_>) -> Result<T, WorkspaceError>,
    ) -> Result<T, WorkspaceError> {
        let doing = &self.file.doing;
        // Within one moment that is looked at, everything is of that moment.
        let _transaction = match self.connection.is_autocommit() {
            true => {
                let begun = self.connection.unchecked_transaction();
                Some(begun.doing(doing, "read")?)
            }
            false => None,
        };
        let reading = Reading {
            connection: &self.connection,
            doing,
            id: self.id,
        };
        reading.is_named(&self.name)?;
        read(reading)
    }
}

/// Reads a content, and tells whether it is there.
fn content(
    connection: &Connection,
    doing: &Doing,
    digest: &Digest,
    into: &mut Vec<u8>,
) -> Result<bool, WorkspaceError> {
    let found = connection
        .prepare_cached("SELECT size, encoding, bytes FROM content WHERE digest = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([digest.as_bytes().as_slice()], |row| {
                    let encoding = match row.get::<_, i64>(1)? {
                        0 => Encoding::Plain,
                        1 => Encoding::Deflate,
                        _ => return Ok(Err("is kept in an unknown way".to_owned())),
                    };
                    let content = Encoded {
                        encoding,
                        bytes: row.get_ref(2)?.as_blob()?,
                        size: row::number(row, 0)?,
                    };
                    let decoded = Decoder::default().decode(&content, digest, into);
                    Ok(decoded.map_err(|error| format!("can't be read: {}", error.source)))
                })
                .optional()
        })
        .doing(doing, "read")?;
    match found {
        Some(Ok(())) => Ok(true),
        Some(Err(what)) => Err(doing.damaged(format!("content {digest} {what}"))),
        None => Ok(false),
    }
}

type RawRevision = (
    RevisionNumber,
    Timestamp,
    String,
    String,
    String,
    Option<Vec<u8>>,
);

fn raw_revision(row: &rusqlite::Row<'_>) -> Result<RawRevision, rusqlite::Error> {
    Ok((
        RevisionNumber(row::number(row, 0)?),
        Timestamp(row::number(row, 1)?),
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
    ))
}

fn header(raw: RawRevision, doing: &Doing) -> Result<RevisionHeader, WorkspaceError> {
    let (number, at, who, action, subject, package) = raw;
    Ok(RevisionHeader {
        number,
        at,
        who,
        action: action
            .parse()
            .map_err(|_| doing.damaged(format!("`{action}` is no action")))?,
        subject,
        package: match package {
            Some(package) => Some(row::digest(&package, doing)?),
            None => None,
        },
    })
}

impl LocalWorkspace {
    /// The numbers of its folders.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn folder_numbers(&self) -> Result<BTreeMap<FolderPath, u64>, WorkspaceError> {
        self.read(|reading| reading.folder_numbers())
    }

    /// When it and what is in it came to be and were changed, as far as its revisions tell.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn times(&self) -> Result<Times, WorkspaceError> {
        self.read(|reading| reading.times())
    }
}

impl LocalWorkspace {
    /// The API endpoints that are enabled.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn enabled_endpoints(&self) -> Result<BTreeSet<AssetId>, WorkspaceError> {
        self.read(|reading| reading.enabled_endpoints())
    }

    /// The values of all properties of a project, or of the workspace as a whole.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn property_values(
        &self,
        project: Option<&FolderPath>,
    ) -> Result<BTreeMap<String, HeldValue>, WorkspaceError> {
        self.read(|reading| reading.property_values(project))
    }
}

impl Workspace for LocalWorkspace {
    fn one_moment(&self) -> Result<Moment<'_>, WorkspaceError> {
        if !self.connection.is_autocommit() {
            return Ok(None);
        }
        let begun = self.connection.unchecked_transaction();
        Ok(Some(Box::new(begun.doing(&self.file.doing, "read")?)))
    }

    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        self.read(|reading| reading.facts())
    }

    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        self.read(|reading| reading.snapshot(scope))
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        self.read(|reading| reading.inventory())
    }

    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        self.read(|reading| reading.properties(asked))
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        let enabled = self.enabled_endpoints()?;
        let state = |id| match enabled.contains(id) {
            true => EndpointState::Enabled,
            false => EndpointState::Disabled,
        };
        Ok(asked.keys().map(|id| (*id, state(id))).collect())
    }

    fn has_sibling(&self, name: &str) -> Result<bool, WorkspaceError> {
        self.read(|reading| reading.has_sibling(name))
    }

    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        let doing = &self.file.doing;
        match content(&self.connection, doing, digest, into)? {
            true => Ok(()),
            false => Err(doing.damaged(format!("content {digest} is not there"))),
        }
    }

    fn shared_code(&self, name: &InternalName) -> Result<Option<Digest>, WorkspaceError> {
        self.read(|reading| reading.shared_code(name))
    }

    fn asset_version(&self, asset: AssetId, version: Version) -> Result<Body, WorkspaceError> {
        self.read(|reading| reading.asset_version(asset, version))
    }

    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        let doing = &self.file.doing;
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT number, at, who, action, subject, package FROM revision \
                 WHERE workspace = ?1 ORDER BY number",
            )
            .doing(doing, "read")?;
        let rows = statement
            .query_map([row::column(self.id.0)], raw_revision)
            .doing(doing, "read")?;
        rows.map(|raw| header(raw.doing(doing, "read")?, doing))
            .collect()
    }

    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError> {
        let doing = &self.file.doing;
        let found = self
            .connection
            .prepare_cached(
                "SELECT number, at, who, action, subject, package, plan, receipt, before \
                 FROM revision WHERE workspace = ?1 AND number = ?2",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![row::column(self.id.0), row::column(number.0)],
                        |row| {
                            Ok((
                                raw_revision(row)?,
                                row.get::<_, String>(6)?,
                                row.get::<_, String>(7)?,
                                row.get::<_, Vec<u8>>(8)?,
                            ))
                        },
                    )
                    .optional()
            })
            .doing(doing, "read")?;
        let Some((raw, plan, receipt, before)) = found else {
            return Err(WorkspaceError::NoRevision {
                workspace: self.name.to_string(),
                number,
            });
        };
        sums::check_revision(
            &self.connection,
            doing,
            (self.id, number),
            (&plan, &receipt),
        )?;
        Ok(Revision {
            header: header(raw, doing)?,
            plan,
            receipt,
            before: row::decode(&before, doing)?,
        })
    }

    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        let lock = self.file.lock()?;
        let done = commit::carry_out(
            &self.connection,
            &self.file.doing,
            (self.id, &self.name),
            commit,
            contents,
        );
        drop(lock);
        done.map(|()| Committed {
            revision: commit.revision_number(),
            ..Committed::default()
        })
    }
}
