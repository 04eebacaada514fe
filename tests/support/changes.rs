//! Commits for the suites that look at what workspaces make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use recipack::model::ident::{Digest, Version};
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    AssetId, AssetKey, AssetPlace, Before, Body, ConnectorId, FolderPath, HeldState, HeldVersion,
    RecipeUse, Revision, RevisionAction, RevisionHeader, RevisionNumber, Scope, StoredFile,
    Timestamp, WorkspaceAsset, WorkspaceConnector, WorkspaceFacts,
};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::{ContentError, Contents, Encoded, Encoding, Workspace, WorkspaceError};

/// When everything happens.
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000);

/// Contents that are being brought, and those that were asked for.
#[derive(Default)]
pub(crate) struct Bag {
    brought: BTreeMap<Digest, (Encoding, Vec<u8>, u64)>,
    pub(crate) asked: Vec<Digest>,
}

impl Bag {
    pub(crate) fn put(&mut self, bytes: &[u8]) -> StoredFile {
        self.put_as(Digest::of(bytes), Encoding::Plain, bytes, bytes.len())
    }

    pub(crate) fn put_deflated(&mut self, bytes: &[u8]) -> StoredFile {
        let deflated = deflated(bytes);
        self.put_as(Digest::of(bytes), Encoding::Deflate, &deflated, bytes.len())
    }

    /// Whatever is said of it is taken as it is said.
    pub(crate) fn put_as(
        &mut self,
        content: Digest,
        encoding: Encoding,
        bytes: &[u8],
        size: usize,
    ) -> StoredFile {
        let size = size as u64;
        self.brought
            .insert(content, (encoding, bytes.to_vec(), size));
        StoredFile {
            extension: "json".to_owned(),
            content,
            size,
        }
    }

    pub(crate) fn lose(&mut self, content: &Digest) {
        self.brought.remove(content);
    }
}

pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

impl Contents for Bag {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        self.asked.push(*digest);
        let (encoding, bytes, size) = self.brought.get(digest).ok_or_else(|| ContentError {
            digest: *digest,
            source: "it was lost".into(),
        })?;
        Ok(Encoded {
            encoding: *encoding,
            bytes,
            size: *size,
        })
    }
}

pub(crate) fn folder(path: &str) -> FolderPath {
    path.parse().expect("a folder")
}

pub(crate) fn key(place: &str, kind: AssetKind, name: &str) -> AssetKey {
    AssetKey {
        place: match place {
            "/" => AssetPlace::Workspace,
            place => AssetPlace::Folder(folder(place)),
        },
        kind,
        name: name.into(),
        twin: 0,
    }
}

pub(crate) fn recipe(place: &str, name: &str) -> AssetKey {
    key(place, AssetKind::Recipe, name)
}

pub(crate) fn connection(place: &str, name: &str) -> AssetKey {
    key(place, AssetKind::Connection, name)
}

pub(crate) fn body(file: StoredFile, providers: &[&str]) -> Body {
    Body {
        origin: file.content,
        files: [file].into(),
        renames: BTreeMap::new(),
        bindings: Default::default(),
        providers: providers.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn create(commit: &mut Commit, key: AssetKey, body: Body) -> AssetId {
    let id = commit.new_asset();
    let state = HeldState::of_new(&key.kind);
    commit.changes.push(Change::CreateAsset {
        id,
        key,
        body,
        state,
    });
    id
}

pub(crate) fn create_connector(commit: &mut Commit, title: &str, name: &str) -> ConnectorId {
    let id = commit.new_connector();
    commit.changes.push(connector(id, title, name));
    id
}

pub(crate) fn connector(id: ConnectorId, title: &str, name: &str) -> Change {
    Change::CreateConnector {
        id,
        title: title.parse().expect("a title"),
        internal_name: name.parse().expect("an internal name"),
    }
}

pub(crate) fn version(number: u64, code: &StoredFile) -> HeldVersion {
    HeldVersion {
        number: Version(number),
        note: Some(format!("the {number}.")),
        json: None,
        code: Some(code.content),
        logo: None,
        source_version: Some(Version(number + 10)),
        source_workspace: Some(recipack::model::workspace::WorkspaceId(9)),
        created_at: NOW,
        released_at: None,
    }
}

pub(crate) fn revision(number: u64, subject: &str, before: Vec<Before>) -> Revision {
    Revision {
        header: RevisionHeader {
            number: RevisionNumber(number),
            at: Timestamp(NOW.0 + number),
            who: "robin".to_owned(),
            action: RevisionAction::Import,
            subject: subject.to_owned(),
            package: Some(Digest::of(subject.as_bytes())),
        },
        plan: format!("{{\"plan\": {number}}}"),
        receipt: format!("{{\"receipt\": {number}}}"),
        before,
    }
}

/// Makes a commit of changes and carries it out.
pub(crate) fn commit(
    workspace: &mut dyn Workspace,
    bag: &mut Bag,
    fill: impl FnOnce(&mut Commit, &mut Bag),
) -> Result<(), WorkspaceError> {
    let mut commit = Commit::on(&workspace.facts().expect("facts"));
    fill(&mut commit, bag);
    workspace.commit(&commit, bag).map(drop)
}

/// Everything that can be read of a workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) facts: WorkspaceFacts,
    pub(crate) folders: BTreeSet<FolderPath>,
    pub(crate) assets: Vec<WorkspaceAsset>,
    pub(crate) connectors: Vec<WorkspaceConnector>,
    pub(crate) revisions: Vec<Revision>,
    /// Of every asset from 1 on.
    pub(crate) versions: Vec<Vec<Body>>,
    pub(crate) contents: BTreeMap<Digest, Vec<u8>>,
    pub(crate) users: BTreeMap<String, Vec<RecipeUse>>,
}

/// Reads everything, and panics if something can't be read.
pub(crate) fn seen(workspace: &dyn Workspace) -> Seen {
    let inventory = workspace.inventory().expect("an inventory");
    let headers = workspace.revisions().expect("revisions");
    let revisions = headers.into_iter().map(|header| {
        let revision = workspace.revision(header.number).expect("a revision");
        assert_eq!(revision.header, header);
        revision
    });
    let versions = inventory.assets.iter().map(|asset| {
        let bodies = (1..=asset.version.0)
            .map(|number| workspace.asset_version(asset.id, Version(number)))
            .collect::<Result<Vec<_>, _>>()
            .expect("every version");
        assert_eq!(bodies.last(), Some(&asset.body));
        bodies
    });
    let versions: Vec<Vec<Body>> = versions.collect();
    let of_assets = versions.iter().flatten().flat_map(|body| &body.files);
    let of_assets = of_assets.map(|file| file.content);
    let of_connectors = inventory.connectors.iter().flat_map(|connector| {
        connector.versions.iter().flat_map(|version| {
            let logo = version.logo.iter().map(|logo| logo.content);
            version.json.into_iter().chain(version.code).chain(logo)
        })
    });
    let contents = of_assets.chain(of_connectors).map(|digest| {
        let mut bytes = b"what was there".to_vec();
        workspace.content(&digest, &mut bytes).expect("a content");
        assert_eq!(Digest::of(&bytes), digest);
        (digest, bytes)
    });
    let contents = contents.collect();
    let snapshot = workspace.snapshot(&Scope::default()).expect("a snapshot");
    assert_eq!(snapshot.workspace, inventory.workspace);
    assert_eq!(snapshot.connectors, inventory.connectors);
    Seen {
        facts: inventory.workspace,
        folders: inventory.folders,
        assets: inventory.assets,
        connectors: inventory.connectors,
        revisions: revisions.collect(),
        versions,
        contents,
        users: snapshot
            .users
            .into_iter()
            .map(|(name, users)| (name.to_string(), users))
            .collect(),
    }
}
