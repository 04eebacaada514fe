//! What a workspace holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::{AssetId, Authorization, ConnectorId, FolderPath, RecipeState, Timestamp, WorkspaceId};
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;

/// Where an asset lies, and so where its name counts (platform.md §5.3, §6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AssetPlace {
    /// In the workspace as a whole: exported to the root of a package.
    Workspace,
    /// In a folder.
    Folder(FolderPath),
}

/// What makes an asset of a package and an asset of a workspace the same: an import overwrites the
/// one with the other (platform.md §6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssetKey {
    /// Where it lies.
    pub place: AssetPlace,
    /// Its type.
    pub kind: AssetKind,
    /// Its display name, of which copies share the text.
    pub name: Arc<str>,
    /// 0, or how many of the same place, type and name come before it. The platform allows such
    /// twins and tells their files apart by `.1.` (platform.md §5.2).
    pub twin: u32,
}

/// An asset of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceAsset {
    /// Its number.
    pub id: AssetId,
    /// Where it lies and what it is called.
    pub key: AssetKey,
    /// The number of its newest version. Every change makes another one (platform.md §6). 0 where it
    /// is not known: over the API, of anything but recipes.
    pub version: Version,
    /// What its newest version holds.
    pub body: Body,
    /// What is not in its files.
    pub state: HeldState,
}

/// What is known of an asset beside its files, and never travels in a package (platform.md §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldState {
    /// Whether a recipe runs.
    Recipe(RecipeState),
    /// Whether a connection is authorised.
    Connection(Authorization),
    /// Nothing.
    Plain,
}

/// One version of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its files, the JSON first; more only where the type has companions.
    pub files: ThinVec<StoredFile>,
    /// The digest of the JSON as the package had it, before internal names were replaced.
    pub origin: Digest,
    /// What replaced the package's internal names in the JSON: the package's, then the workspace's.
    pub renames: BTreeMap<InternalName, InternalName>,
    /// What each reference of the JSON means here, in the order of the text.
    pub bindings: ThinVec<Binding>,
    /// The application of a connection: a built-in connector's name, or the internal name that a
    /// custom connector has in this workspace. The custom connectors that a recipe uses, likewise.
    pub providers: ThinVec<String>,
}

/// A file of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// What follows the last dot of its name.
    pub extension: String,
    /// The digest of its bytes.
    pub content: Digest,
    /// How many bytes it has.
    pub size: u64,
}

/// What a reference means in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Binding {
    /// An asset.
    Asset(AssetId),
    /// One of the workspace's own connectors.
    Connector(ConnectorId),
    /// A connector that is shared with the workspace: the reference gives way to its name.
    Shared,
    /// Nothing that is there.
    Nothing,
}

keyword_enum! {
    /// How much is known of a connector's versions. Over the API the list tells released ones only
    /// (platform.md §12), and nothing of the connectors that a customer's workspace has itself.
    pub enum VersionsKnown: "knowledge of versions" {
        /// All of them, or at least the newest one and the one that recipes run.
        All = "all",
        /// The released ones: there may be a newer one.
        Released = "released",
        /// None: neither which are there nor which recipes run. What is held of one is what an
        /// export had.
        Nothing = "nothing",
    }
}

/// A custom connector of a workspace's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceConnector {
    /// Its number.
    pub id: ConnectorId,
    /// Its title: its identity for imports (platform.md §6).
    pub title: ConnectorTitle,
    /// How recipes of this workspace spell it (platform.md §5.6).
    pub internal_name: InternalName,
    /// The version that recipes run; none before the first release, or where it is not
    /// [known](Self::known).
    pub released: Option<Version>,
    /// Its versions from 1 on; never empty. Where not all are known, these are the known ones, or one
    /// that stands for them.
    pub versions: Vec<HeldVersion>,
    /// How much of them is known.
    pub known: VersionsKnown,
}

/// A version of a custom connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldVersion {
    /// Its number.
    pub number: Version,
    /// What its author noted.
    pub note: Option<String>,
    /// The digest of its JSON; absent where only a catalogue knows the version.
    pub json: Option<Digest>,
    /// The digest of its Ruby source; absent likewise.
    pub code: Option<Digest>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// The number that it had in the package which brought it.
    pub source_version: Option<Version>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was released, if it was.
    pub released_at: Option<Timestamp>,
    /// The workspace in which `source_version` counts (platform.md §12); `None` if that is not known.
    pub source_workspace: Option<WorkspaceId>,
}

/// The picture of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// What follows the last dot of its file's name.
    pub extension: String,
    /// The digest of its bytes.
    pub content: Digest,
}

impl AssetKey {
    /// Whether both have one place, type and name: they are the same, or twins.
    pub fn has_name_of(&self, other: &Self) -> bool {
        self.place == other.place && self.kind == other.kind && self.name == other.name
    }
}

impl AssetPlace {
    /// The folder that stands for it in lists; Home for what belongs to the workspace as a whole.
    pub fn folder(&self) -> FolderPath {
        match self {
            Self::Workspace => FolderPath::home(),
            Self::Folder(folder) => folder.clone(),
        }
    }
}

impl HeldState {
    /// The state of an asset that was just created: recipes are stopped, connections are
    /// placeholders (platform.md §6).
    pub fn of_new(kind: &AssetKind) -> Self {
        if *kind == AssetKind::Recipe {
            Self::Recipe(RecipeState::Stopped)
        } else if *kind == AssetKind::Connection {
            Self::Connection(Authorization::Placeholder)
        } else {
            Self::Plain
        }
    }

    /// Whether it is a recipe that runs.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Recipe(RecipeState::Running))
    }
}

impl WorkspaceConnector {
    /// The number of the newest version, if that is known.
    pub fn newest(&self) -> Option<Version> {
        match self.known {
            VersionsKnown::All => self.latest().map(|latest| latest.number),
            VersionsKnown::Released | VersionsKnown::Nothing => None,
        }
    }

    /// The version that recipes run, or where that is not known the one that stands for it: recipes
    /// run some version of what an export holds.
    pub fn running_or_held(&self) -> Option<Version> {
        match self.known {
            VersionsKnown::All | VersionsKnown::Released => self.released,
            VersionsKnown::Nothing => self.latest().map(|latest| latest.number),
        }
    }

    /// The newest version that is known.
    pub fn latest(&self) -> Option<&HeldVersion> {
        self.versions.last()
    }

    /// The version with this number.
    pub fn version(&self, number: Version) -> Option<&HeldVersion> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }

    /// The numbers of the versions that were released, the oldest first.
    pub fn released_versions(&self) -> Vec<Version> {
        let released = self.versions.iter();
        released
            .filter(|version| version.released_at.is_some())
            .map(|version| version.number)
            .collect()
    }

    /// The version that recipes run.
    pub fn running(&self) -> Option<&HeldVersion> {
        self.version(self.released?)
    }
}
