//! Whatever references a package holds, an import of it leads where its plan says, a second one has
//! nothing to do, and a comparison finds what a plan finds.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use recipack::archive::Limits;
use recipack::model::table::RowsPolicy;
use recipack::model::workspace::{FolderPath, Timestamp, WorkspaceFacts, WorkspaceId};
use recipack::ops::diff::{Direction, compare_with_workspace};
use recipack::ops::import::{ImportRequest, Incoming, Planned};
use recipack::ops::workspace::export::{Output, export};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::import::document::Permission;
use recipack::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};
use recipack::workspace::Workspace;
use recipack::workspace::memory::MemoryWorkspace;
use serde_json::{Value, json};

use crate::contract::local;
use crate::support::Place;

/// Whatever a package asks for.
const GRANTED: [Permission; 3] = [
    Permission::MissingConnectors,
    Permission::OverwriteRows,
    Permission::MoveRecipes,
];

const FOLDERS: &[&str] = &["", "A", "B", "A/C", "Orders"];
const NAMES: &[&str] = &["CRM", "Desk", "Mail"];
const APPLICATIONS: &[&str] = &["hubspot", "jira", "parcels_connector_7_1700000000"];

/// Something of a package, by indices into the lists above.
#[derive(Clone, Debug)]
enum Part {
    Connection {
        folder: usize,
        name: usize,
        application: usize,
        home: bool,
    },
    Recipe {
        folder: usize,
        number: usize,
        application: usize,
        /// Where it looks for a connection of which name, and whether in a file called otherwise.
        account: (usize, usize, bool),
        /// Where it looks for a recipe to call.
        call: (usize, usize, bool),
    },
    Table {
        folder: usize,
        name: usize,
    },
    /// The connector behind the custom application, in this version.
    Connector(u8),
}

fn part() -> impl Strategy<Value = Part> {
    let folder = || 0..FOLDERS.len();
    let name = || 0..NAMES.len();
    let reference = || (folder(), name(), any::<bool>());
    prop_oneof![
        3 => (folder(), name(), 0..APPLICATIONS.len(), any::<bool>()).prop_map(
            |(folder, name, application, home)| Part::Connection { folder, name, application, home }
        ),
        4 => (folder(), name(), 0..APPLICATIONS.len(), reference(), reference()).prop_map(
            |(folder, number, application, account, call)| Part::Recipe {
                folder, number, application, account, call
            }
        ),
        1 => (folder(), name()).prop_map(|(folder, name)| Part::Table { folder, name }),
        1 => (1..3_u8).prop_map(Part::Connector),
    ]
}

fn path(folder: usize, stem: &str, word: &str) -> String {
    match FOLDERS[folder] {
        "" => format!("{stem}.{word}.json"),
        folder => format!("{folder}/{stem}.{word}.json"),
    }
}

fn reference((folder, name, other): (usize, usize, bool), word: &str) -> Value {
    let stem = NAMES[name].to_lowercase();
    let stem = if other {
        format!("{stem}_before")
    } else {
        stem
    };
    json!({"zip_name": path(folder, &stem, word), "name": NAMES[name], "folder": FOLDERS[folder]})
}

/// The files of a package; of parts for the same path the first counts.
fn files(parts: &[Part]) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut put = |path: String, text: String| {
        if files.iter().all(|(known, _)| *known != path) {
            files.push((path, text));
        }
    };
    let adapter =
        json!({"zip_name": "parcels.custom_adapter.json", "name": "Parcels", "folder": ""});
    let brings = parts.iter().any(|part| matches!(part, Part::Connector(_)));
    for part in parts {
        match *part {
            Part::Connection {
                folder,
                name,
                application,
                home,
            } => {
                let provider = match APPLICATIONS[application] {
                    custom if custom.contains("connector") && brings => adapter.clone(),
                    named => json!(named),
                };
                let text = json!({"name": NAMES[name], "provider": provider, "secure_gateway_tunnel_name": null, "root_folder": home});
                put(
                    path(folder, &NAMES[name].to_lowercase(), "connection"),
                    text.to_string(),
                );
            }
            Part::Recipe {
                folder,
                number,
                application,
                account,
                call,
            } => {
                let application = APPLICATIONS[application];
                let text = json!({
                    "name": NAMES[number], "version": 3, "private": true, "concurrency": 1,
                    "code": {"number": 0, "keyword": "trigger", "provider": application, "name": "added", "input": {}, "block": [
                        {"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": reference(call, "recipe")}}
                    ]},
                    "config": [{"keyword": "application", "provider": application, "skip_validation": false, "account_id": reference(account, "connection")}],
                });
                put(
                    path(folder, &NAMES[number].to_lowercase(), "recipe"),
                    text.to_string(),
                );
            }
            Part::Table { folder, name } => {
                let text = json!({"name": NAMES[name], "schema": []});
                put(
                    path(folder, &NAMES[name].to_lowercase(), "lookup_table"),
                    text.to_string(),
                );
            }
            Part::Connector(version) => {
                let text = json!({"title": "Parcels", "description": null, "logo_file_name": null, "logo_content_type": null, "version_no": version, "note": null});
                put("parcels.custom_adapter.json".to_owned(), text.to_string());
                put(
                    "parcels.custom_adapter.rb".to_owned(),
                    format!(
                        "{{ title: 'Parcels', triggers: {{ added: {{ title: 'v{version}' }} }} }}\n"
                    ),
                );
            }
        }
    }
    files
}

fn package(place: &Place, name: &str, parts: &[Part]) -> PathBuf {
    use std::io::Write as _;
    let package = place.path(name);
    let file = std::fs::File::create(&package).expect("made");
    let mut zip = zip::ZipWriter::new(file);
    for (path, text) in files(parts) {
        zip.start_file(path, zip::write::SimpleFileOptions::default())
            .expect("started");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("finished");
    package
}

fn running() -> Running {
    Running {
        threads: NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    }
}

fn memory(id: u64) -> MemoryWorkspace {
    let facts = WorkspaceFacts::external(
        WorkspaceId(id),
        "osprey".parse().expect("a name"),
        "eu".parse().expect("a data center"),
    );
    MemoryWorkspace::new(facts, None)
}

fn request(package: &Path, folder: &str) -> ImportRequest {
    ImportRequest {
        package: package.to_owned(),
        address: "local:osprey".parse().expect("an address"),
        folder: folder.parse().expect("a folder"),
        rows: RowsPolicy::Overwrite,
        landing: recipack::plan::import::Landing::default(),
        settings: None,
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: Timestamp(1_700_000_000),
        who: "somebody".to_owned(),
        other_target: recipack::plan::import::target::OtherTarget::Refused,
        edits: Some(recipack::plan::import::edits::EditsWish::default()),
    }
}

/// The plan, which has to find what a comparison finds.
fn planned(incoming: &Incoming, request: &ImportRequest, workspace: &dyn Workspace) -> Planned {
    let planned = incoming
        .plan(request, workspace, &running())
        .expect("a plan");
    for direction in [Direction::ToWorkspace, Direction::FromWorkspace] {
        let report = compare_with_workspace(incoming, request, direction, workspace, &running())
            .expect("compared");
        assert_eq!(
            report.is_empty(),
            planned.plan().is_empty(),
            "{report:?}\n{:?}",
            planned.plan()
        );
    }
    planned
}

/// Imports, and finds everything as it was planned.
fn imported(workspace: &mut dyn Workspace, package: &Path, folder: &str) {
    let request = request(package, folder);
    let incoming = Incoming::read(&request, &running(), &mut Silent).expect("a package");
    let first = planned(&incoming, &request, workspace);
    let document = first.document(&incoming);
    let mut receipt = incoming
        .apply(
            &request,
            &first.approve(&GRANTED).expect("approved"),
            &document,
            workspace,
            &running(),
            &mut Silent,
        )
        .expect("imported");
    let astray = incoming
        .read_back(&request, &mut receipt, workspace, &running())
        .expect("read back");
    assert_eq!(astray, Vec::<String>::new(), "{:?}", files_of(package));
    let second = planned(&incoming, &request, workspace);
    assert!(second.plan().is_empty(), "{:?}", second.plan());
}

fn files_of(package: &Path) -> Vec<(String, String)> {
    crate::support::entries(package)
        .into_iter()
        .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect()
}

/// What leaves the workspace; nothing if all that it holds is connectors that nothing uses.
fn exported(workspace: &dyn Workspace, place: &Place, name: &str) -> Option<PathBuf> {
    let request = DepartureRequest {
        folder: FolderPath::home(),
        rows: Rows::Included,
        unfiled: Unfiled::All,
        raw_ids: RawIds::Kept,
    };
    let output = Output {
        folder: place.folder.path(),
        limit: u64::MAX,
    };
    let mut exported =
        export(workspace, &request, output, &running(), &mut Silent).expect("exported");
    if workspace
        .inventory()
        .expect("an inventory")
        .assets
        .is_empty()
    {
        assert!(exported.package.is_none());
        return None;
    }
    let package = exported.package.take().expect("a package");
    let path = place.path(name);
    package.file.persist(&path).expect("kept");
    Some(path)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn imports_lead_where_their_plans_say_and_converge(
        one in proptest::collection::vec(part(), 1..8),
        two in proptest::collection::vec(part(), 1..8),
        folder in prop_oneof![Just(""), Just("Orders")],
    ) {
        let place = Place::new();
        let packages = [package(&place, "one.zip", &one), package(&place, "two.zip", &two)];
        let mut first = memory(1002);
        let mut kept = local(&place);
        for package in &packages {
            imported(&mut first, package, folder);
            imported(&mut kept, package, folder);
        }
        // And in the other order, as a second team would have done it.
        let mut other = memory(1003);
        for package in packages.iter().rev() {
            imported(&mut other, package, folder);
        }
        let Some(out) = exported(&first, &place, "out.zip") else {
            return Ok(());
        };
        let mut third = memory(1004);
        imported(&mut third, &out, "");
        let again = exported(&third, &place, "again.zip").expect("it holds the same");
        let paths = |package: &Path| crate::support::entries(package).into_keys().collect::<Vec<_>>();
        prop_assert_eq!(paths(&out), paths(&again));
    }
}
