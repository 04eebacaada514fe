//! Where packages go: workspaces, however they are kept.
//!
//! A [`Workspace`] answers what a plan asks, and carries out a [`Commit`]: wholly or not at all where
//! it can, and over the platform's API, which has no transactions, one change after the other. What
//! an import, a rollback or a start means is decided in [`crate::plan`], the same for all of them.

#[cfg(feature = "local")]
pub mod local;
pub mod memory;
#[cfg(feature = "remote")]
pub mod remote;
mod validate;

pub use crate::workspace::validate::CommitConflict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flate2::{Decompress, FlushDecompress, Status};
use secrecy::SecretString;

use crate::io::temp_store::deflate;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::job::RecipeJobs;
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, AssetKey, Body, EndpointMark, EndpointState, FolderPath, HeldValue, Inventory,
    Partnership, PropertyKey, ReadDepth, Revision, RevisionHeader, RevisionNumber, Scope, Snapshot,
    Timestamp, WorkspaceConnector, WorkspaceFacts,
};
use crate::plan::commit::Commit;
use crate::plan::import::Landing;
use crate::plan::import::settings::SettingWrite;
use crate::plan::rollback::kept::{KeptHistory, KeptRevision};

/// How the bytes of a content are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Plain,
    /// As a raw deflate stream, as zip entries have them.
    Deflate,
}

/// The bytes of a content as they are handed over.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'b> {
    /// How they are kept.
    pub encoding: Encoding,
    /// The bytes, encoded.
    pub bytes: &'b [u8],
    /// How many bytes the content has, decoded.
    pub size: u64,
}

/// Decodes contents, one after another.
#[derive(Debug)]
pub struct Decoder(Decompress);

impl Default for Decoder {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

impl Decoder {
    /// Puts a content, decoded and checked, in place of whatever is in `into`.
    ///
    /// # Errors
    /// If it is not the content with this digest. Nothing is in `into` then.
    pub fn decode(
        &mut self,
        content: &Encoded<'_>,
        digest: &Digest,
        into: &mut Vec<u8>,
    ) -> Result<(), ContentError> {
        into.clear();
        let whole = match content.encoding {
            Encoding::Plain => {
                into.extend_from_slice(content.bytes);
                Ok(true)
            }
            Encoding::Deflate => self.inflate(content, into),
        };
        let source: Box<dyn std::error::Error + Send + Sync> = match whole {
            Ok(true) if into.len() as u64 == content.size && Digest::of(into) == *digest => {
                return Ok(());
            }
            Ok(_) => "its bytes are other ones".into(),
            Err(error) => error,
        };
        into.clear();
        Err(ContentError {
            digest: *digest,
            source,
        })
    }

    /// Says whether the stream ended where it should.
    fn inflate(
        &mut self,
        content: &Encoded<'_>,
        into: &mut Vec<u8>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        // One byte more than it should be tells that it is longer.
        let room = usize::try_from(content.size)?.saturating_add(1);
        into.try_reserve_exact(room)?;
        self.0.reset(false);
        let finish = FlushDecompress::Finish;
        let status = self.0.decompress_vec(content.bytes, into, finish)?;
        Ok(status == Status::StreamEnd && self.0.total_in() == content.bytes.len() as u64)
    }
}

/// Gives the contents that a commit names and a workspace lacks.
pub trait Contents {
    /// The content with this digest.
    ///
    /// # Errors
    /// If it can't be read; the commit is given up.
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError>;

    /// The package that brings all of them, if the commit is its import.
    fn package(&self) -> Option<Uploaded<'_>> {
        None
    }
}

/// A content could not be given.
#[derive(Debug, thiserror::Error)]
#[error("can't read the content {digest}")]
pub struct ContentError {
    /// The content.
    pub digest: Digest,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A package whose import a commit is: a workspace behind the platform's API takes it as it is.
#[derive(Clone, Copy, Debug)]
pub struct Uploaded<'p> {
    /// The zip.
    pub path: &'p Path,
    /// Its digest.
    pub digest: Digest,
    /// The copy that is sent in its place, edited, and the copy's digest.
    pub sent: Option<(&'p Path, Digest)>,
    /// The folder that it is imported into.
    pub folder: &'p FolderPath,
    /// What else the import is told.
    pub landing: &'p Landing,
    /// The tables whose rows are not to be imported: it is sent without them.
    pub without_rows: &'p [PackagePath],
    /// What is set beside the import, in order.
    pub settings: &'p [SettingWrite],
    /// Values of these, and of what was set before, that are told nobody.
    pub secrets: &'p [SecretString],
    /// Files of assets that were not read, and that are not sent: what became of these there stays.
    pub left_out: &'p [PackagePath],
    /// Whether the copy has recipes that were merged with what somebody changed in the workspace.
    pub merged: Merges,
}

/// Whether a package has recipes that were merged with what somebody changed in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merges {
    /// It has none.
    None,
    /// It has some.
    Some,
}

/// For commits that bring no contents.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContents;

impl Contents for NoContents {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        Err(ContentError {
            digest: *digest,
            source: "nothing was to be brought along".into(),
        })
    }
}

/// Contents that are held in memory until a commit takes them, compressed.
#[derive(Clone, Debug, Default)]
pub struct MemoryContents(BTreeMap<Digest, (Vec<u8>, u64)>);

impl MemoryContents {
    /// Adds a content.
    ///
    /// # Errors
    /// If it can't be compressed.
    pub fn put(&mut self, bytes: &[u8]) -> Result<Digest, ContentError> {
        let digest = Digest::of(bytes);
        let deflated = deflate(bytes).map_err(|error| ContentError {
            digest,
            source: error.into(),
        })?;
        self.0.insert(digest, (deflated, bytes.len() as u64));
        Ok(digest)
    }
}

impl Contents for MemoryContents {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        let (bytes, size) = self.0.get(digest).ok_or_else(|| ContentError {
            digest: *digest,
            source: "it is not among those that were brought".into(),
        })?;
        Ok(Encoded {
            encoding: Encoding::Deflate,
            bytes,
            size: *size,
        })
    }
}

/// What came of a commit beside the changes themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The revision that was made; none for commits without one.
    pub revision: Option<RevisionNumber>,
    /// What the platform said of single recipes.
    pub recipes: BTreeMap<AssetId, String>,
}

/// A list of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listed {
    /// Its recipes.
    Recipes,
    /// Its connections.
    Connections,
    /// Its own custom connectors.
    Connectors,
}

/// Whether it is asked where things lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places {
    /// It is.
    #[default]
    Asked,
    /// It is not: whatever is listed may be said to lie in Home.
    Unasked,
}

/// What lists are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Which of them.
    pub lists: BTreeSet<Listed>,
    /// Whether it is asked in which folders things lie.
    pub places: Places,
    /// Folders, if they are there.
    pub folders: BTreeSet<FolderPath>,
    /// Custom connectors whose source is asked for, where it has to be fetched.
    pub titles: BTreeSet<ConnectorTitle>,
    /// Custom connectors whose newest version is asked for, where lists tell released ones only.
    pub newest: BTreeSet<ConnectorTitle>,
    /// Of an admin workspace: the customers, with their recipes that use these connectors.
    pub customers: Option<BTreeSet<InternalName>>,
}

impl Outline {
    /// These lists.
    pub fn of(lists: impl IntoIterator<Item = Listed>) -> Self {
        Self {
            lists: lists.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether nothing is asked for that was not asked for here.
    pub fn covers(&self, other: &Self) -> bool {
        self.lists.is_superset(&other.lists)
            && (self.places == Places::Asked || other.places == Places::Unasked)
            && self.folders.is_superset(&other.folders)
            && self.titles.is_superset(&other.titles)
            && self.newest.is_superset(&other.newest)
            && match (&self.customers, &other.customers) {
                (_, None) => true,
                (Some(known), Some(asked)) => known.is_superset(asked),
                (None, Some(_)) => false,
            }
    }

    /// Asks for more.
    pub fn add(&mut self, other: Self) {
        self.lists.extend(other.lists);
        if other.places == Places::Asked {
            self.places = Places::Asked;
        }
        self.folders.extend(other.folders);
        self.titles.extend(other.titles);
        self.newest.extend(other.newest);
        if let Some(asked) = other.customers {
            self.customers.get_or_insert_default().extend(asked);
        }
    }
}

/// Whether a package is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptPackage {
    /// It is.
    There,
    /// It is not, or not any more.
    Missing,
    /// What is there is not what was kept.
    Damaged,
}

/// What is read while this lives is of one moment, where the workspace can keep one. Behind the API
/// it can't.
pub type Moment<'w> = Option<Box<dyn std::fmt::Debug + 'w>>;

/// A workspace that packages can be imported into.
pub trait Workspace {
    /// Keeps the moment at which it is read next, whoever writes meanwhile.
    ///
    /// # Errors
    /// If it can't be read.
    fn one_moment(&self) -> Result<Moment<'_>, WorkspaceError> {
        Ok(None)
    }

    /// Reads so much of it from now on, where there is a choice.
    fn read_as(&self, reading: ReadDepth) {
        let _ = reading;
    }

    /// What is known of it as such.
    ///
    /// # Errors
    /// If it can't be read.
    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError>;

    /// The part of it that a plan asks for, all of one moment.
    ///
    /// # Errors
    /// If it can't be read.
    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError>;

    /// Everything that it holds, all of one moment.
    ///
    /// # Errors
    /// If it can't be read.
    fn inventory(&self) -> Result<Inventory, WorkspaceError>;

    /// What lists tell of it: names, places and states, of what is asked for and perhaps of more. What
    /// assets hold and refer to may be left out: then they have no files. Where reading all of it is
    /// more work, or needs more rights, this is less.
    ///
    /// # Errors
    /// If it can't be read.
    fn outline(&self, wanted: &Outline) -> Result<Inventory, WorkspaceError> {
        let _ = wanted;
        self.inventory()
    }

    /// The values of these properties, as far as they have any.
    ///
    /// # Errors
    /// If they can't be read.
    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError>;

    /// Whether these API endpoints are enabled, as far as that is told.
    ///
    /// # Errors
    /// If it can't be read.
    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError>;

    /// The jobs of a recipe since a moment; nothing where recipes are kept and not run.
    ///
    /// # Errors
    /// If they can't be read.
    fn jobs(
        &self,
        recipe: AssetId,
        since: Timestamp,
    ) -> Result<Option<RecipeJobs>, WorkspaceError> {
        let _ = (recipe, since);
        Ok(None)
    }

    /// The addresses under which its recipes are called from outside, as far as they are told.
    ///
    /// # Errors
    /// If they can't be read.
    fn called_at(&self) -> Result<BTreeMap<AssetId, String>, WorkspaceError> {
        Ok(BTreeMap::new())
    }

    /// Its connections that are known by these external ids. Only the platform's API has such ids.
    ///
    /// # Errors
    /// If they can't be read.
    fn connections_known_as(
        &self,
        external: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<AssetKey>>, WorkspaceError> {
        let _ = external;
        Ok(BTreeMap::new())
    }

    /// Whether an [outline](Self::outline) tells where things lie.
    fn places(&self, wanted: &Outline) -> Places {
        let _ = wanted;
        Places::Asked
    }

    /// Puts a content's bytes, decoded, in place of whatever is in `into`.
    ///
    /// # Errors
    /// If it is not there, or not whole.
    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError>;

    /// The source of the version in which a connector is shared with this workspace, as a
    /// [content](Self::content) that can be had here; nothing where that is not known.
    ///
    /// # Errors
    /// If it can't be read.
    fn shared_code(&self, name: &InternalName) -> Result<Option<Digest>, WorkspaceError> {
        let _ = name;
        Ok(None)
    }

    /// An earlier version of an asset.
    ///
    /// # Errors
    /// If it is not there or can't be read.
    fn asset_version(&self, asset: AssetId, version: Version) -> Result<Body, WorkspaceError>;

    /// What this machine keeps of the revisions after this one, where the workspace itself tells
    /// nobody how it was; nothing where it does.
    ///
    /// # Errors
    /// If there is no such revision, or some of it is not kept.
    fn kept_since(&self, to: RevisionNumber) -> Result<Option<KeptHistory>, WorkspaceError> {
        let _ = to;
        Ok(None)
    }

    /// What this machine keeps of the imports that left the workspace as it was last seen, the oldest
    /// first, where the workspace itself tells nobody how it was; nothing where it does. Imports before
    /// one of which nothing is kept are none of them, and neither is one whose end nobody saw.
    ///
    /// # Errors
    /// If what is kept can't be read.
    fn kept_imports(&self) -> Result<Option<Vec<KeptRevision>>, WorkspaceError> {
        Ok(None)
    }

    /// Copies a package that is kept.
    ///
    /// # Errors
    /// If it can't be read or written.
    fn kept_package(&self, package: &Digest, to: &Path) -> Result<KeptPackage, WorkspaceError> {
        let _ = (package, to);
        Ok(KeptPackage::Missing)
    }

    /// Its revisions, the oldest first.
    ///
    /// # Errors
    /// If they can't be read.
    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError>;

    /// A revision.
    ///
    /// # Errors
    /// If it is not there or can't be read.
    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError>;

    /// Carries out a commit. In memory and in a local platform that is all of it, durably, or
    /// nothing. Behind the API an import is one request, which the platform carries out by itself;
    /// of other changes each is a request, and what was done before one that fails stays done.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if the workspace is not in the state that the commit was made for,
    /// [`WorkspaceError::Unfit`] if the changes contradict what is there: nothing was changed then.
    /// [`WorkspaceError::Partly`] if some of several changes were made, or may have been: it lists
    /// them all. Another one if it can't be written: nothing was changed then, unless the
    /// [remote error](remote::RemoteError) says otherwise.
    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError>;

    /// Whether another customer of the same admin workspace has this name, or this external id; not
    /// where that is not known.
    ///
    /// # Errors
    /// If it can't be read.
    fn has_sibling(&self, name: &str) -> Result<bool, WorkspaceError> {
        let _ = name;
        Ok(false)
    }

    /// Whether an import can go into a folder, and be told this beside it.
    ///
    /// # Errors
    /// If it can't.
    fn takes(&self, landing: &Landing, into: &FolderPath) -> Result<(), WorkspaceError> {
        let _ = (landing, into);
        Ok(())
    }

    /// The names by which people know it, its own first.
    ///
    /// # Errors
    /// If it can't be read.
    fn names(&self) -> Result<Vec<String>, WorkspaceError> {
        let facts = self.facts()?;
        let own = std::iter::once(facts.name.to_string());
        Ok(own.chain(facts.external_id).collect())
    }

    /// Whether it can take what settings say.
    ///
    /// # Errors
    /// What it can't take, why not, and what to do.
    fn takes_setting(&self, _: &SettingWrite) -> Result<(), (String, String, String)> {
        Ok(())
    }

    /// The folder that packages are imported into and exported from unless another one is named:
    /// Home, or what its address says.
    fn base(&self) -> FolderPath {
        FolderPath::home()
    }
}

/// An admin workspace: it has customers, and shares connectors with them.
pub trait AdminWorkspace: Workspace {
    /// What it shares and with whom, all of one moment; and who uses those of its connectors that
    /// are `asked` for. The content of a customer's file can be [had](Workspace::content) here.
    ///
    /// # Errors
    /// If it is no admin workspace, or can't be read.
    fn partnership(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
    ) -> Result<Partnership, WorkspaceError>;

    /// The same, perhaps without the connectors' sources, where reading these is more work.
    ///
    /// # Errors
    /// If it is no admin workspace, or can't be read.
    fn sharing(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
    ) -> Result<Partnership, WorkspaceError> {
        self.partnership(asked)
    }
}

/// What became of several changes, where each is made by itself.
#[derive(Debug, Default, thiserror::Error)]
#[error(
    "{} of {} changes were made in {workspace}",
    done.len(),
    done.len() + failed.len() + not_attempted.len()
)]
pub struct Partly {
    /// The workspace.
    pub workspace: String,
    /// What was done.
    pub done: Vec<String>,
    /// What was not done, or is not known to be; never nothing.
    pub failed: Vec<NotDone>,
    /// What was not tried any more.
    pub not_attempted: Vec<String>,
    /// Why the others were not tried; none if all were.
    pub cause: Option<Box<WorkspaceError>>,
}

/// A change that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDone {
    /// The change.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// A workspace can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Somebody asked to stop while another writer was waited for. Nothing was changed.
    #[error("interrupted")]
    Interrupted,
    /// It changed since it was looked at.
    #[error("workspace `{workspace}` changed meanwhile")]
    Stale {
        /// The workspace.
        workspace: String,
    },
    /// The changes do not fit what it holds, though it is in the state that they were made for.
    #[error("the changes don't fit workspace `{workspace}`: {misfit}")]
    Unfit {
        /// The workspace.
        workspace: String,
        /// Why.
        misfit: CommitConflict,
    },
    /// There is no such workspace.
    #[error("there is no workspace `{name}` in {platform}")]
    NoWorkspace {
        /// The name.
        name: String,
        /// The platform.
        platform: String,
        /// The workspaces that are there.
        there: Vec<String>,
    },
    /// There is such a workspace already.
    #[error("there is a workspace {what} in {platform} already")]
    Taken {
        /// What the two have in common.
        what: String,
        /// The platform.
        platform: String,
    },
    /// Its kind does not allow what was asked.
    #[error("workspace `{name}`: {reason}")]
    NotOfKind {
        /// The workspace.
        name: String,
        /// Why not.
        reason: String,
    },
    /// It can't go, since others depend on it.
    #[error("workspace `{name}` can't be deleted: {} under it", customers.join(", "))]
    HasCustomers {
        /// The workspace.
        name: String,
        /// Its customers.
        customers: Vec<String>,
    },
    /// Another process is writing.
    #[error("{platform} is being written to by {holder}")]
    Busy {
        /// The platform.
        platform: String,
        /// Who writes, as far as that is known.
        holder: String,
    },
    /// The file is none of this program's.
    #[error("{platform} is no local platform: {reason}")]
    NoPlatform {
        /// The file.
        platform: String,
        /// Why not.
        reason: String,
    },
    /// A newer program made the file.
    #[error(
        "{platform} was made by a newer version of this program (format {found}, known is {known})"
    )]
    Newer {
        /// The file.
        platform: String,
        /// Its format.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// There is no such revision.
    #[error("workspace `{workspace}` has no revision {number}")]
    NoRevision {
        /// The workspace.
        workspace: String,
        /// The number.
        number: RevisionNumber,
    },
    /// What is kept contradicts itself.
    #[error("{platform} is damaged: {what}")]
    Damaged {
        /// The platform.
        platform: String,
        /// What is wrong.
        what: String,
    },
    /// Of several changes some were not made.
    #[error(transparent)]
    Partly(Box<Partly>),
    /// The workspace behind the platform's API could not be read or written.
    #[cfg(feature = "remote")]
    #[error(transparent)]
    Remote(Box<remote::RemoteError>),
    /// A content could not be given.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The file can't be read or written.
    #[error("can't {doing} {platform}")]
    Io {
        /// The platform.
        platform: String,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
