//! Workspaces of a local platform for the test suites that operate them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use recipack::model::ident::{Digest, Version};
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    AssetId, AssetKey, AssetPlace, Authorization, Binding, Body, ConnectorId, FolderPath,
    HeldState, HeldVersion, RecipeState, StoredFile, Timestamp,
};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use recipack::workspace::{ContentError, Contents, Encoded, Encoding, Workspace as _};

use super::{Place, Run};

/// When everything happens.
pub(crate) const NOW: u64 = 1_700_000_000;

/// The shared connectors of the admin workspace.
pub(crate) const CATALOGUE: &str = r#"{"result": [
  {"name": "parcel_tracker_connector_48213_1701388800", "title": "Parcel Tracker", "oem_shared_version": 6,
   "latest_released_version": 7, "released_versions": [{"version": 6}, {"version": 7}]},
  {"name": "route_planner_connector_48213_1693526400", "title": "Route Planner", "oem_shared_version": null,
   "latest_released_version": 2, "released_versions": [{"version": 2}]}
]}"#;

const LEDGER: &str = "ledger_sync_connector_1002_1";
const DRAFTS: &str = "drafts_connector_1002_2";
const PARCELS: &str = "parcel_tracker_connector_48213_1701388800";

/// Runs a command with the platform of the place.
pub(crate) fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("SOURCE_DATE_EPOCH", NOW.to_string());
    command.args(arguments).args(["--platform", "p.db"]);
    command.output().expect("it starts").into()
}

/// What is being brought.
#[derive(Default)]
struct Brought(BTreeMap<Digest, Vec<u8>>);

impl Brought {
    fn file(&mut self, extension: &str, bytes: &[u8]) -> StoredFile {
        let content = Digest::of(bytes);
        self.0.insert(content, bytes.to_vec());
        StoredFile {
            extension: extension.to_owned(),
            content,
            size: bytes.len() as u64,
        }
    }
}

impl Contents for Brought {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        let bytes = self.0.get(digest).ok_or_else(|| ContentError {
            digest: *digest,
            source: "nobody brought it".into(),
        })?;
        Ok(Encoded {
            encoding: Encoding::Plain,
            bytes,
            size: bytes.len() as u64,
        })
    }
}

/// Opens a workspace of a platform's file.
pub(crate) fn open(platform: &Path, name: &str) -> LocalWorkspace {
    let writing = Writing {
        purpose: "test".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    LocalPlatform::open(platform, writing)
        .expect("a platform")
        .workspace(&name.parse().expect("a name"))
        .expect("a workspace")
}

/// A platform `p.db` with an admin workspace, a customer that holds something, and an external one.
pub(crate) fn peopled() -> Place {
    let place = Place::new();
    people(&place);
    place
}

/// The same in a place that is there.
pub(crate) fn people(place: &Place) {
    place.write("shared.json", CATALOGUE);
    for arguments in [
        &[
            "workspace",
            "create",
            "kestrel",
            "--kind",
            "admin",
            "--id",
            "48213",
            "--catalog",
            "shared.json",
        ][..],
        &[
            "workspace",
            "create",
            "acme",
            "--kind",
            "customer",
            "--of",
            "kestrel",
            "--id",
            "1002",
        ],
        &[
            "workspace",
            "create",
            "moon",
            "--kind",
            "external",
            "--id",
            "1003",
        ],
    ] {
        let run = run(place, arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    fill(&mut open(&place.path("p.db"), "acme"));
}

/// An asset of the customer.
struct Asset<'a> {
    folder: &'a str,
    kind: AssetKind,
    name: &'a str,
    json: String,
    bindings: &'a [Binding],
    providers: &'a [&'a str],
}

/// A recipe's JSON, with the names of its applications' connections.
fn recipe(name: &str, config: &[(&str, Option<&str>)]) -> String {
    let config: Vec<_> = config
        .iter()
        .map(|(provider, connection)| {
            let account = connection.map(|name| {
                serde_json::json!({"zip_name": "c.connection.json", "name": name, "folder": ""})
            });
            serde_json::json!({"keyword": "application", "provider": provider, "account_id": account})
        })
        .collect();
    serde_json::json!({"name": name, "config": config}).to_string()
}

fn connection(name: &str, provider: &str) -> String {
    serde_json::json!({"name": name, "provider": provider}).to_string()
}

/// Connectors 1 and 2, connections 1 to 3, recipes 4 to 8.
fn fill(workspace: &mut LocalWorkspace) {
    let facts = workspace.facts().expect("facts");
    let mut commit = Commit::on(&facts);
    let mut brought = Brought::default();
    for folder in ["Orders", "Orders/Functions"] {
        let folder: FolderPath = folder.parse().expect("a folder");
        commit.changes.push(Change::CreateFolder(folder));
    }
    for (title, name, versions, released) in [
        ("Ledger Sync", LEDGER, 2, Some(1)),
        ("Drafts", DRAFTS, 1, None),
    ] {
        let id = commit.new_connector();
        commit.changes.push(Change::CreateConnector {
            id,
            title: title.parse().expect("a title"),
            internal_name: name.parse().expect("a name"),
        });
        for number in 1..=versions {
            version(&mut commit, &mut brought, id, title, number);
        }
        if let Some(number) = released {
            commit.changes.push(Change::ReleaseVersion {
                id,
                version: Version(number),
                at: Timestamp(NOW - 50),
            });
        }
    }
    let to = |id| Binding::Asset(AssetId(id));
    let connection = |folder, name, provider, providers| Asset {
        folder,
        kind: AssetKind::Connection,
        name,
        json: connection(name, provider),
        bindings: &[],
        providers,
    };
    let assets = [
        connection("", "Mailbox", "gmail", &["gmail"]),
        connection("Orders", "Ledger", LEDGER, &[LEDGER]),
        connection("Orders", "Parcel's account", PARCELS, &[PARCELS]),
        Asset {
            folder: "Orders",
            kind: AssetKind::Recipe,
            name: "Track parcels",
            json: recipe(
                "Track parcels",
                &[
                    (PARCELS, Some("Parcel's account")),
                    ("gmail", Some("Mailbox")),
                ],
            ),
            bindings: &[to(3), to(1), to(6)],
            providers: &[PARCELS],
        },
        Asset {
            folder: "Orders",
            kind: AssetKind::Recipe,
            name: "Post costs",
            json: recipe("Post costs", &[(LEDGER, Some("Ledger"))]),
            bindings: &[to(2)],
            providers: &[LEDGER],
        },
        Asset {
            folder: "Orders/Functions",
            kind: AssetKind::Recipe,
            name: "Track parcels",
            json: recipe("Track parcels", &[("clock", None)]),
            bindings: &[],
            providers: &[],
        },
        Asset {
            folder: "",
            kind: AssetKind::Recipe,
            name: "Draft \u{1b}[31m",
            json: recipe("Draft", &[(DRAFTS, Some("Lost")), ("clock", None)]),
            bindings: &[Binding::Nothing],
            providers: &[DRAFTS],
        },
        Asset {
            folder: "Orders",
            kind: AssetKind::Recipe,
            name: "Broken",
            json: "[".to_owned(),
            bindings: &[],
            providers: &[],
        },
    ];
    for asset in assets {
        let id = commit.new_asset();
        let state = match id {
            AssetId(2) => HeldState::Connection(Authorization::Authorized),
            AssetId(5) => HeldState::Recipe(RecipeState::Running),
            _ => HeldState::of_new(&asset.kind),
        };
        let file = brought.file("json", asset.json.as_bytes());
        let place = if asset.folder.is_empty() {
            AssetPlace::Folder(FolderPath::home())
        } else {
            AssetPlace::Folder(asset.folder.parse().expect("a folder"))
        };
        commit.changes.push(Change::CreateAsset {
            id,
            key: AssetKey {
                place,
                kind: asset.kind,
                name: asset.name.into(),
                twin: 0,
            },
            body: Body {
                origin: file.content,
                files: [file].into(),
                renames: BTreeMap::new(),
                bindings: asset.bindings.into(),
                providers: asset.providers.iter().map(ToString::to_string).collect(),
            },
            state,
        });
    }
    workspace.commit(&commit, &mut brought).expect("committed");
}

fn version(commit: &mut Commit, brought: &mut Brought, id: ConnectorId, title: &str, number: u64) {
    let json = brought.file("json", format!(r#"{{"title":"{title}"}}"#).as_bytes());
    let code = brought.file(
        "rb",
        format!("{{ actions: {{}} }} # {title} {number}\n").as_bytes(),
    );
    commit.changes.push(Change::AddVersion {
        id,
        version: HeldVersion {
            number: Version(number),
            note: (number == 2).then(|| "Faster".to_owned()),
            json: Some(json.content),
            code: Some(code.content),
            logo: None,
            source_version: Some(Version(number + 4)),
            source_workspace: Some(recipack::model::workspace::WorkspaceId(9)),
            created_at: Timestamp(NOW - 100 + number),
            released_at: None,
        },
    });
}
