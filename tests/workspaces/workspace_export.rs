//! Packages of what workspaces hold: as the platform writes them, and the same again after an
//! import.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use crate::support::{Place, corpus, entries, files};
use recipack::archive::{Limits, WriteError};
use recipack::json::{Dialect, KeyOrder, Tape, print};
use recipack::model::catalogue::{Catalogue, CatalogueEntry, SharedVersion, Visibility};
use recipack::model::finding::Severity;
use recipack::model::ident::{Digest, Version};
use recipack::model::key_order;
use recipack::model::kind::{AssetKind, FileRole};
use recipack::model::path::PackagePath;
use recipack::model::scan::Scanner;
use recipack::model::slug::Stem;
use recipack::model::workspace::{
    AssetId, AssetKey, AssetPlace, Binding, Body, ConnectorId, FolderPath, HeldState, HeldVersion,
    Logo, StoredFile, Timestamp, WorkspaceKind,
};
use recipack::ops::read::{Digests, Reading, Roots, open};
use recipack::ops::workspace::export::{
    Exported, Output, WorkspaceExportDocument, WorkspaceExportError, export,
};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::commit::{Change, Commit};
use recipack::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, NewWorkspace, Writing};
use recipack::workspace::{MemoryContents, Workspace as _};

const OWN: &str = "parcel_connector_7_1";
const SHARED: &str = "fyle_connector_1_1";

const TABLE: &str =
    "{\n  \"name\": \"Region codes\",\n  \"schema\": [\n\n  ],\n  \"data\": \"a,b\"\n}";
const ENDPOINT: &str = r#"{"name":"Same","recipe_id":{"zip_name":"Old/p.recipe.json","name":"P","folder":"Old"},"method":"GET"}"#;
const CALLED: &str = r#"{"name":"Log it","version":1,"code":{},"config":[]}"#;
const MAILBOX: &str = r#"{"name":"Mailbox","provider":"gmail","root_folder":false}"#;
const PARCEL: &str = r#"{"name":"Parcel","provider":"parcel_connector_7_1","root_folder":false}"#;
const FYLE: &str = r#"{"name":"Fyle","provider":{"zip_name":"f.custom_adapter.json","name":"Fyle","folder":""},"root_folder":false}"#;
const ADAPTER: &str = r#"{"title":"Parcel","description":null,"logo_file_name":"x.png","logo_content_type":"image/png","version_no":9,"note":null}"#;
/// As `wk` writes it: sorted keys, escapes, a newline at the end.
const RECIPE: &str = r##"{
  "code": {
    "input": {
      "flow_id": {
        "folder": "Tools",
        "name": "Log",
        "zip_name": "Tools/log.recipe.json"
      },
      "to": "=lookup(\"Region codes\", a: 1)[:b] \u003e _dp('{\"provider\":\"parcel_connector_7_1\",\"line\":\"1\"}')"
    },
    "keyword": "trigger",
    "name": "new",
    "number": 0,
    "provider": "parcel_connector_7_1"
  },
  "config": [
    {
      "account_id": {
        "custom": true,
        "folder": "",
        "name": "Mailbox",
        "zip_name": "m.connection.json"
      },
      "keyword": "application",
      "provider": "gmail"
    },
    {
      "account_id": {
        "folder": "",
        "name": "Parcel",
        "zip_name": "p.connection.json"
      },
      "keyword": "application",
      "provider": "parcel_connector_7_1"
    }
  ],
  "name": "Place order",
  "private": true,
  "version": 1
}
"##;
const RECIPE_LEAVING: &str = r##"{
  "name": "Place order",
  "version": 2,
  "private": true,
  "code": {
    "input": {
      "flow_id": {
        "zip_name": "Shared/Tools/log_it.recipe.json",
        "name": "Log it",
        "folder": "Shared/Tools"
      },
      "to": "=lookup(\"Region codes\", a: 1)[:b] > _dp('{\"provider\":\"parcel_connector_7_1\",\"line\":\"1\"}')"
    },
    "keyword": "trigger",
    "name": "new",
    "number": 0,
    "provider": "parcel_connector_7_1"
  },
  "config": [
    {
      "account_id": {
        "zip_name": "mailbox.connection.json",
        "name": "Mailbox",
        "folder": ""
      },
      "keyword": "application",
      "provider": "gmail"
    },
    {
      "account_id": {
        "zip_name": "parcel.connection.json",
        "name": "Parcel",
        "folder": "",
        "custom": true
      },
      "keyword": "application",
      "provider": "parcel_connector_7_1"
    }
  ]
}"##;

fn platform(place: &Place) -> LocalPlatform {
    let writing = Writing {
        purpose: "a test".to_owned(),
        patience: Duration::from_secs(5),
        stop: Default::default(),
    };
    LocalPlatform::create(&place.path("platform.db"), writing).expect("made")
}

/// A customer's workspace without anything; its partner shares a connector.
fn customer(place: &Place) -> LocalWorkspace {
    let mut platform = platform(place);
    let shared = CatalogueEntry {
        title: "Fyle".parse().expect("a title"),
        internal_name: SHARED.parse().expect("a name"),
        shared_version: SharedVersion::At(Version(4)),
        latest_released: Some(Version(4)),
        released_versions: vec![Version(4)],
        visibility: Visibility::Open,
        data_center: None,
    };
    let shared = Catalogue::from_entries(Digest::of(b""), vec![shared]).expect("a catalogue");
    let mut new = NewWorkspace {
        name: "partner".parse().expect("a name"),
        kind: WorkspaceKind::Admin,
        data_center: "us".parse().expect("a data center"),
        id: None,
        external_id: None,
        admin: None,
        catalogue: Some(shared),
        at: Timestamp(0),
    };
    platform.create_workspace(&new).expect("created");
    new.admin = Some(new.name);
    new.name = "acme".parse().expect("a name");
    new.kind = WorkspaceKind::Customer;
    new.catalogue = None;
    platform.create_workspace(&new).expect("created");
    platform.workspace(&new.name).expect("there")
}

/// An asset to be held: where it lies (`*` for no folder), its files, what its references mean by
/// the name of the asset, and its providers.
struct Wanted {
    at: &'static str,
    files: &'static [(&'static str, &'static str)],
    means: &'static [&'static str],
    providers: &'static [&'static str],
}

const fn wanted(
    at: &'static str,
    json: &'static [(&'static str, &'static str)],
    means: &'static [&'static str],
    providers: &'static [&'static str],
) -> Wanted {
    Wanted {
        at,
        files: json,
        means,
        providers,
    }
}

const ASSETS: &[Wanted] = &[
    wanted("*Region codes.lookup_table", &[("json", TABLE)], &[], &[]),
    wanted("Shared/Tools/Log it.recipe", &[("json", CALLED)], &[], &[]),
    wanted("Mailbox.connection", &[("json", MAILBOX)], &[], &["gmail"]),
    wanted("Orders/Parcel.connection", &[("json", PARCEL)], &[], &[OWN]),
    wanted(
        "Orders/Sub/Fyle.connection",
        &[("json", FYLE)],
        &["!"],
        &[SHARED],
    ),
    wanted(
        "Orders/Place order.recipe",
        &[("json", RECIPE)],
        &["Log it", "Mailbox", "Parcel"],
        &[OWN],
    ),
    wanted(
        "*Same.api_endpoint",
        &[("json", ENDPOINT)],
        &["Place order"],
        &[],
    ),
    wanted(
        "*Same.api_endpoint",
        &[("json", ENDPOINT)],
        &["Place order"],
        &[],
    ),
    wanted(
        "Orders/Start.lcap_page",
        &[
            ("json", "{\"name\":\"Start\",\"path\":\"/\"}"),
            ("zip", "PK…"),
        ],
        &[],
        &[],
    ),
    wanted("Unrelated/Other.recipe", &[("json", CALLED)], &[], &[]),
];

/// Fills a workspace, the assets in this order.
fn fill(workspace: &mut LocalWorkspace, assets: &[&Wanted]) {
    let mut brought = MemoryContents::default();
    let mut commit = Commit::on(&workspace.facts().expect("facts"));
    for folder in [
        "Orders",
        "Orders/Sub",
        "Shared",
        "Shared/Tools",
        "Unrelated",
    ] {
        let folder = folder.parse().expect("a folder");
        commit.changes.push(Change::CreateFolder(folder));
    }
    connector(&mut commit, &mut brought);
    let ids: Vec<AssetId> = assets.iter().map(|_| commit.new_asset()).collect();
    let mut updates = Vec::new();
    let mut twins: BTreeMap<&str, u32> = BTreeMap::new();
    for (wanted, &id) in assets.iter().zip(&ids) {
        let mut key = key(wanted.at);
        let twin = twins.entry(wanted.at).or_default();
        key.twin = *twin;
        *twin += 1;
        let named = |name: &&str| {
            let of_name = |wanted: &&&Wanted| wanted.at.contains(name);
            match assets.iter().position(|wanted| of_name(&wanted)) {
                Some(at) => Binding::Asset(ids[at]),
                None => Binding::Shared,
            }
        };
        let files = wanted.files.iter().map(|(extension, bytes)| StoredFile {
            extension: (*extension).to_owned(),
            content: brought.put(bytes.as_bytes()).expect("compressed"),
            size: bytes.len() as u64,
        });
        let body = Body {
            files: files.collect(),
            origin: Digest::of(wanted.at.as_bytes()),
            renames: BTreeMap::new(),
            bindings: wanted.means.iter().map(named).collect(),
            providers: wanted.providers.iter().map(ToString::to_string).collect(),
        };
        if wanted.at.ends_with("Place order.recipe") {
            updates.push(Change::UpdateAsset {
                id,
                body: body.clone(),
            });
        }
        let state = HeldState::of_new(&key.kind);
        commit.changes.push(Change::CreateAsset {
            id,
            key,
            body,
            state,
        });
    }
    commit.changes.extend(updates);
    workspace.commit(&commit, &mut brought).expect("committed");
}

fn key(at: &str) -> AssetKey {
    let (path, kind) = at.rsplit_once('.').expect("a type");
    let (place, name) = match (path.strip_prefix('*'), path.rsplit_once('/')) {
        (Some(name), _) => (AssetPlace::Workspace, name),
        (None, Some((folder, name))) => {
            (AssetPlace::Folder(folder.parse().expect("a folder")), name)
        }
        (None, None) => (AssetPlace::Folder(FolderPath::home()), path),
    };
    AssetKey {
        place,
        kind: AssetKind::from_word(kind),
        name: name.into(),
        twin: 0,
    }
}

/// Two versions of the workspace's own connector, of which the first is released.
fn connector(commit: &mut Commit, brought: &mut MemoryContents) {
    let id: ConnectorId = commit.new_connector();
    commit.changes.push(Change::CreateConnector {
        id,
        title: "Parcel".parse().expect("a title"),
        internal_name: OWN.parse().expect("a name"),
    });
    for (number, note, code) in [(1, Some("first"), "{ a: 1 }"), (2, None, "{ a: 2 }")] {
        let version = HeldVersion {
            number: Version(number),
            note: note.map(str::to_owned),
            json: Some(brought.put(ADAPTER.as_bytes()).expect("compressed")),
            code: Some(brought.put(code.as_bytes()).expect("compressed")),
            logo: Some(Logo {
                extension: "png".to_owned(),
                content: brought.put(b"PNG").expect("compressed"),
            }),
            source_version: None,
            source_workspace: None,
            created_at: Timestamp(0),
            released_at: None,
        };
        commit.changes.push(Change::AddVersion { id, version });
    }
    commit.changes.push(Change::ReleaseVersion {
        id,
        version: Version(1),
        at: Timestamp(0),
    });
}

fn orders() -> DepartureRequest {
    DepartureRequest {
        folder: "Orders".parse().expect("a folder"),
        rows: Rows::LeftOut,
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    }
}

fn running() -> Running {
    Running {
        threads: NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    }
}

fn exported(
    workspace: &LocalWorkspace,
    request: &DepartureRequest,
    folder: &Path,
) -> Result<Exported, WorkspaceExportError> {
    let output = Output {
        folder,
        limit: 100_000_000,
    };
    export(workspace, request, output, &running(), &mut Silent)
}

/// The package's entries and its bytes.
fn package(mut exported: Exported, path: &Path) -> (BTreeMap<String, Vec<u8>>, Vec<u8>) {
    let package = exported.package.take().expect("a package");
    package.file.persist(path).expect("persisted");
    (entries(path), fs::read(path).expect("readable"))
}

#[test]
fn a_folder_becomes_the_package_that_the_platform_would_make() {
    let place = Place::new();
    let mut workspace = customer(&place);
    fill(&mut workspace, &ASSETS.iter().collect::<Vec<_>>());
    let exported = exported(&workspace, &orders(), place.folder.path()).expect("exported");
    let document = exported.document(
        &recipack::model::workspace::Address::Local("x".parse().expect("a name")),
        Path::new("x.zip"),
    );
    let output = place.path("x.zip");
    let (entries, _) = package(exported, &output);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let entries: BTreeMap<_, _> = entries.iter().map(|(p, b)| (&**p, text(b))).collect();
    let endpoint = "{\n  \"name\": \"Same\",\n  \"recipe_id\": {\n    \"zip_name\": \"place_order.recipe.json\",\n    \"name\": \"Place order\",\n    \"folder\": \"\"\n  },\n  \"method\": \"GET\"\n}";
    let expected = [
        (
            "Shared/Tools/log_it.recipe.json",
            "{\n  \"name\": \"Log it\",\n  \"version\": 1,\n  \"code\": {\n  },\n  \"config\": [\n\n  ]\n}",
        ),
        (
            "Sub/fyle.connection.json",
            "{\n  \"name\": \"Fyle\",\n  \"provider\": \"fyle_connector_1_1\",\n  \"root_folder\": false\n}",
        ),
        (
            "mailbox.connection.json",
            "{\n  \"name\": \"Mailbox\",\n  \"provider\": \"gmail\",\n  \"root_folder\": true\n}",
        ),
        (
            "parcel.connection.json",
            "{\n  \"name\": \"Parcel\",\n  \"provider\": {\n    \"zip_name\": \"parcel.custom_adapter.json\",\n    \"name\": \"Parcel\",\n    \"folder\": \"\"\n  },\n  \"root_folder\": false\n}",
        ),
        (
            "parcel.custom_adapter.json",
            "{\n  \"title\": \"Parcel\",\n  \"description\": null,\n  \"logo_file_name\": \"x.png\",\n  \"logo_content_type\": \"image/png\",\n  \"version_no\": 1,\n  \"note\": \"first\"\n}",
        ),
        ("parcel.custom_adapter.png", "PNG"),
        ("parcel.custom_adapter.rb", "{ a: 1 }"),
        ("place_order.recipe.json", RECIPE_LEAVING),
        (
            "region_codes.lookup_table.json",
            "{\n  \"name\": \"Region codes\",\n  \"schema\": [\n\n  ]\n}",
        ),
        ("same.1.api_endpoint.json", endpoint),
        ("same.api_endpoint.json", endpoint),
        (
            "start.lcap_page.json",
            "{\n  \"name\": \"Start\",\n  \"path\": \"/\"\n}",
        ),
        ("start.lcap_page.zip", "PK…"),
    ];
    for (path, expected) in expected {
        assert_eq!(
            entries.get(path).map(String::as_str),
            Some(expected),
            "{path}"
        );
    }
    assert_eq!(entries.len(), expected.len(), "{:?}", entries.keys());

    let staying: Vec<_> = document
        .staying
        .iter()
        .map(|s| (&*s.name, &*s.rule))
        .collect();
    assert_eq!(staying, [("Fyle", "shared")]);
    let rules: Vec<_> = document
        .entries
        .iter()
        .map(|entry| {
            (
                &*entry.rule,
                entry.because.as_ref().map(PackagePath::as_str),
            )
        })
        .collect();
    assert_eq!(rules[0], ("needed", Some("place_order.recipe.json")));
    assert_eq!(rules[1], ("in-folder", None));
    assert_eq!(rules[9], ("refers", Some("place_order.recipe.json")));
    assert!(document.findings.is_empty(), "{:?}", document.findings);

    let limits = Limits::default();
    let reading = Reading {
        roots: Roots::One,
        digests: Digests::Left,
        limits: &limits,
        memory: None,
    };
    let opened = open(&output, reading, &running(), &mut Silent).expect("a project");
    let findings = &opened.project.findings;
    assert!(findings.iter().all(|f| f.severity() != Severity::Error));
    assert_eq!(opened.project.assets.len(), 10);
}

#[test]
fn workspaces_that_hold_the_same_give_the_same_package() {
    let (place, other) = (Place::new(), Place::new());
    let mut workspace = customer(&place);
    fill(&mut workspace, &ASSETS.iter().collect::<Vec<_>>());
    let mut reversed = customer(&other);
    fill(&mut reversed, &ASSETS.iter().rev().collect::<Vec<_>>());
    let folder = place.folder.path();
    let export = |workspace: &LocalWorkspace, name: &str| {
        let exported = exported(workspace, &orders(), folder).expect("exported");
        package(exported, &place.path(name)).1
    };
    let first = export(&workspace, "a.zip");
    assert!(first == export(&workspace, "b.zip"), "exported twice");
    assert!(
        first == export(&reversed, "c.zip"),
        "filled the other way round"
    );
}

#[test]
fn rows_and_the_rest_leave_if_asked_for() {
    let place = Place::new();
    let mut workspace = customer(&place);
    fill(&mut workspace, &ASSETS.iter().collect::<Vec<_>>());
    let request = DepartureRequest {
        folder: FolderPath::home(),
        rows: Rows::Included,
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    };
    let exported = exported(&workspace, &request, place.folder.path()).expect("exported");
    let (entries, _) = package(exported, &place.path("x.zip"));
    assert_eq!(entries["region_codes.lookup_table.json"], TABLE.as_bytes());
    for path in [
        "Orders/Sub/fyle.connection.json",
        "Unrelated/other.recipe.json",
        "mailbox.connection.json",
    ] {
        assert!(entries.contains_key(path), "{path}");
    }
    assert_eq!(entries.len(), 14);
}

#[test]
fn what_can_not_be_done_leaves_nothing_behind() {
    let place = Place::new();
    let mut workspace = customer(&place);
    let folder = place.path("out");
    fs::create_dir(&folder).expect("made");
    let nothing = exported(
        &workspace,
        &DepartureRequest {
            folder: FolderPath::home(),
            ..orders()
        },
        &folder,
    );
    let nothing = nothing.expect("no error");
    assert!(nothing.package.is_none() && nothing.is_refused());
    let document = nothing.document(
        &recipack::model::workspace::Address::Local("x".parse().expect("a name")),
        Path::new("x.zip"),
    );
    assert!(document.refused && document.package.is_none());
    assert_eq!(document.findings[0].code, "nothing-selected");

    let missing = exported(&workspace, &orders(), &folder).expect_err("no folder");
    assert!(
        matches!(missing, WorkspaceExportError::NoFolder { .. }),
        "{missing}"
    );

    fill(&mut workspace, &ASSETS.iter().collect::<Vec<_>>());
    let small = Output {
        folder: &folder,
        limit: 100,
    };
    let large = export(&workspace, &orders(), small, &running(), &mut Silent);
    assert!(matches!(
        large,
        Err(WorkspaceExportError::Write(WriteError::TooLarge { .. }))
    ));
    // The directory at the end counts too.
    let whole = exported(&workspace, &orders(), &folder).expect("exported");
    let size = whole.package.expect("a package").size;
    let fits = |limit| {
        let output = Output {
            folder: &folder,
            limit,
        };
        export(&workspace, &orders(), output, &running(), &mut Silent).map(drop)
    };
    assert!(matches!(fits(size), Ok(())));
    match fits(size - 1) {
        Err(WorkspaceExportError::Write(WriteError::TooLarge { entry, .. })) => {
            assert_eq!(entry, "the directory of entries");
        }
        other => panic!("{other:?}"),
    }
    let stopped = running();
    let flag = stopped.interrupt.flag();
    flag.store(true, std::sync::atomic::Ordering::Relaxed);
    let output = Output {
        folder: &folder,
        limit: 100_000_000,
    };
    let stopped = export(&workspace, &orders(), output, &stopped, &mut Silent);
    assert!(matches!(stopped, Err(WorkspaceExportError::Interrupted(_))));
    assert!(files(&folder).is_empty());
}

/// Every asset file of the real projects and packages, with its path.
fn real_files() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for name in ["dewy-resort", "dewy-resort-wk", "workato-dev-kit"] {
        found.extend(files(&corpus(name)));
    }
    for name in ["travelperk/before.zip", "travelperk/after.zip"] {
        found.extend(entries(&corpus(name)));
    }
    found
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_files_are_printed_as_they_are() {
    let mut tape = Tape::default();
    let mut again = Tape::default();
    for (path, bytes) in real_files() {
        let FileRole::Main(kind) = FileRole::of(&path) else {
            continue;
        };
        let order = KeyOrder {
            outermost: key_order::of(&kind),
            inner: key_order::OF_REFERENCE,
        };
        let document = tape.parse(&bytes).expect("JSON");
        let printed = print(document, order);
        match Dialect::of(document) {
            Dialect::Platform => assert!(printed.as_bytes() == bytes, "{path}"),
            Dialect::Wk => {
                let value = |bytes| serde_json::from_slice::<serde_json::Value>(bytes);
                let (before, after) = (value(&bytes), value(printed.as_bytes()));
                assert!(before.expect("JSON") == after.expect("JSON"), "{path}");
                let root = again.parse(printed.as_bytes()).expect("JSON").root();
                let first = root.members().next().and_then(|(key, _)| key.text());
                assert_eq!(
                    first.as_deref(),
                    key_order::of(&kind)
                        .first()
                        .and_then(|order| order.first())
                        .copied(),
                    "{path}"
                );
            }
        }
    }
}

/// Every file is named after its asset, but those of recipes that were copied and whose files were
/// renamed by hand.
#[test]
fn real_files_are_named_after_their_assets() {
    let (mut same, mut other) = (0, Vec::new());
    for (path, bytes) in real_files() {
        let FileRole::Main(kind) = FileRole::of(&path) else {
            continue;
        };
        let facts = Scanner::default().scan(&kind, &bytes).expect("JSON");
        let shown = facts.name.expect("a name");
        let name = Stem::of(&kind, &shown).file_name(0, &kind, ".json".len());
        if path.rsplit('/').next() == Some(&format!("{name}.json")) {
            same += 1;
        } else {
            other.push(shown);
        }
    }
    assert!(
        other.iter().all(|name| name.starts_with("Copy of ")),
        "{other:?}"
    );
    assert!(other.len() * 20 <= same, "{same} are, {other:?} are not");
}

/// A package of a folder's asset files.
fn zipped(folder: &Path, to: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(to).expect("made"));
    for (path, bytes) in files(folder) {
        if FileRole::of(&path) != FileRole::NoAsset {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(path, options).expect("started");
            zip.write_all(&bytes).expect("written");
        }
    }
    zip.finish().expect("finished");
}

/// The value of an asset's JSON without the numbers that are the workspace's own.
fn value(path: &str, bytes: &[u8]) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
    let own = match FileRole::of(path) {
        FileRole::Main(AssetKind::Recipe) => "version",
        FileRole::Main(AssetKind::CustomAdapter) => "version_no",
        FileRole::Main(_) | FileRole::Companion { .. } | FileRole::NoAsset => return value,
    };
    value.as_object_mut().and_then(|keys| keys.remove(own));
    value
}

/// Imports a package into a workspace of its own, exports it again and compares: nothing may
/// differ but names of files, version numbers, internal names and the way the JSON is written.
fn there_and_back(place: &Place, name: &str, package: &Path) {
    let run = |arguments: &[&str]| {
        let run = place
            .command()
            .env("RECIPACK_PLATFORM", place.path("platform.db"))
            .args(["--quiet"])
            .args(arguments)
            .output();
        let run = crate::support::Run::from(run.expect("it starts"));
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
    };
    let address = format!("local:{name}");
    let out = format!("{name}.out.zip");
    let package_path = package.to_str().expect("UTF-8");
    run(&["workspace", "create", name, "--kind", "external"]);
    run(&[
        "import",
        package_path,
        "--into",
        &address,
        "--folder",
        "P",
        "--allow-missing-connectors",
    ]);
    run(&["workspace", "export", &address, "--folder", "P", "-o", &out]);
    let before = entries(package);
    let after = entries(&place.path(&out));
    assert_eq!(before.len(), after.len(), "{name}");
    for (path, before) in before {
        let Some(after) = after.get(&path) else {
            // The file of a copied recipe was renamed by hand.
            let text = String::from_utf8_lossy(&before);
            assert!(text.contains("\"name\": \"Copy of "), "{path}");
            continue;
        };
        if !path.ends_with(".json") {
            assert!(before == *after, "{path}");
            continue;
        }
        let (old, new) = (named_alike(&before), named_alike(after));
        assert!(value(&path, &old) == value(&path, &new), "{path}");
        let mut tape = Tape::default();
        if Dialect::of(tape.parse(&before).expect("JSON")) == Dialect::Platform {
            let differing = old
                .split(|b| *b == b'\n')
                .zip(new.split(|b| *b == b'\n'))
                .filter(|(old, new)| old != new);
            assert!(differing.count() <= 1, "{path}");
        }
    }
}

/// Text without the part of internal names that is each workspace's own.
fn named_alike(json: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(json).expect("UTF-8");
    let facts = Scanner::default()
        .scan(&AssetKind::Recipe, json)
        .expect("JSON");
    let mut alike = text.to_owned();
    for name in &facts.internal_names {
        // A renamed connector's name starts with its title here.
        if !name.as_str().starts_with("fyle_prod") {
            alike = alike.replace(name.as_str(), "own");
        }
    }
    alike.into_bytes()
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn a_real_package_comes_back_from_a_workspace() {
    let place = Place::new();
    for (name, package) in [
        ("before", "travelperk/before.zip"),
        ("after", "travelperk/after.zip"),
    ] {
        there_and_back(&place, name, &corpus(package));
    }
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_projects_come_back_from_a_workspace() {
    let place = Place::new();
    let parents = [
        "dewy-resort/projects",
        "dewy-resort-wk",
        "workato-dev-kit/projects",
    ];
    let mut number = 0;
    for parent in parents.into_iter().map(corpus) {
        let mut roots: Vec<_> = fs::read_dir(parent)
            .expect("readable")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.is_dir())
            .collect();
        roots.sort();
        for root in roots {
            number += 1;
            let package = place.path(&format!("{number}.zip"));
            zipped(&root, &package);
            there_and_back(&place, &format!("w{number}"), &package);
        }
    }
}

#[test]
fn the_command_tells_what_it_did() {
    let place = Place::new();
    let mut workspace = customer(&place);
    fill(&mut workspace, &ASSETS.iter().collect::<Vec<_>>());
    drop(workspace);
    let run = |arguments: &[&str]| {
        let platform = ["--platform", "platform.db"];
        place.run(
            ["workspace", "export"]
                .iter()
                .chain(arguments)
                .chain(&platform),
        )
    };
    let done = run(&["local:acme", "--folder", "Orders"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    for part in [
        "Orders.zip",
        "from      local:acme",
        "connector Parcel: v1",
        "without   Fyle: v4 is shared with the workspace",
        "the rows of 1 table; --data takes them along",
    ] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
    let json = run(&["acme", "--json", "--data", "-o", "x.zip"]);
    let document: WorkspaceExportDocument = serde_json::from_str(&json.stdout).expect("a document");
    let package = document.package.expect("a package");
    let bytes = fs::read(place.path("x.zip")).expect("there");
    assert_eq!(package.facts.sha256, Digest::of(&bytes));
    assert_eq!(document.rows, Rows::Included);

    let typo = run(&["acme", "--folder", "Order", "-o", "y.zip"]);
    assert_eq!(typo.code, 1);
    assert!(
        typo.stderr.contains("did you mean `Orders`?"),
        "{}",
        typo.stderr
    );
    let lost = run(&["acme", "-o", "no/y.zip"]);
    assert_eq!(lost.code, 64, "{}", lost.stderr);
    assert!(!place.names().iter().any(|name| name.starts_with('y')));
}
