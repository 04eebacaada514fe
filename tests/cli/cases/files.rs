//! Files that are the platform's own, files that are not, and names that some disks can't hold.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::sandbox::{Sandbox, command, done, local, token};
use crate::support::{Place, Run, entries};

const DESCRIPTION: &str =
    "{\n  \"description\": \"\",\n  \"color\": \"blue\",\n  \"icon\": \"\"\n}";
const TAGS: &str = "[\n  {\n    \"title\": \"release\",\n    \"description\": \"\",\n    \"color\": \"blue\"\n  }\n]";

/// Runs a command that has to succeed.
#[track_caller]
fn run(place: &Place, arguments: &[&str]) -> Run {
    let run = local(place, arguments);
    done(&run, arguments);
    run
}

#[track_caller]
fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

/// What `check` says of a project, by code.
#[track_caller]
fn codes(place: &Place, project: &str) -> (i32, Vec<String>) {
    let run = local(place, &["check", project, "--for", "external", "--json"]);
    let found = document(&run);
    let findings = found["findings"].as_array().expect("findings").iter();
    let codes = findings.map(|finding| finding["code"].as_str().expect("a code").to_owned());
    (run.code, codes.collect())
}

/// The paths that a package of a project holds, and what is left out with its reason.
#[track_caller]
fn listed(place: &Place, project: &str) -> (Vec<String>, Vec<(String, String)>) {
    let out = [
        "export", project, "--for", "external", "-o", "list.zip", "--list", "--json",
    ];
    let list = run(place, &out);
    let list = document(&list);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = list["entries"].as_array().expect("entries").iter();
    let left_out = list["left_out"].as_array().expect("left out").iter();
    (
        entries.map(|entry| text(&entry["path"])).collect(),
        left_out
            .map(|left| {
                (
                    text(&left["path"]),
                    left["because"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect(),
    )
}

/// Two ways to a workspace: a local platform, and a sandbox that serves one.
#[derive(Clone, Copy, Debug)]
enum Way {
    Local,
    Api,
}

/// Imports a package twice into a folder of an empty workspace, exports the folder, and has the
/// package that comes out.
#[track_caller]
fn there_and_back(place: &Place, package: &str, way: Way) -> (Value, std::path::PathBuf) {
    let name = format!(
        "{}{}",
        package.trim_end_matches(".zip"),
        match way {
            Way::Local => "l",
            Way::Api => "a",
        }
    );
    run(place, &["workspace", "create", &name, "--kind", "external"]);
    let local_address = format!("local:{name}");
    let sandbox;
    let call = |arguments: &[&str], sandbox: Option<&Sandbox>| -> Run {
        match sandbox {
            None => local(place, arguments),
            Some(sandbox) => {
                let token = token(place, &name);
                let mut command = command(place, &sandbox.url, &token, arguments);
                command.output().expect("it starts").into()
            }
        }
    };
    let (address, served) = match way {
        Way::Local => (local_address.clone(), None),
        Way::Api => {
            sandbox = Sandbox::of(place, &[]);
            (sandbox.url.clone(), Some(&sandbox))
        }
    };
    let import = [
        "import", package, "--into", &address, "--folder", "Orders", "--json",
    ];
    let imported = call(&import, served);
    assert_eq!(
        imported.code, 0,
        "{way:?}: {}{}",
        imported.stdout, imported.stderr
    );
    let again = [
        "plan",
        package,
        "--into",
        &address,
        "--folder",
        "Orders",
        "--detailed-exitcode",
    ];
    let planned = call(&again, served);
    assert_eq!(
        planned.code, 0,
        "{way:?}: {}{}",
        planned.stdout, planned.stderr
    );
    let back = format!("{name}-back.zip");
    let out = [
        "workspace",
        "export",
        &local_address,
        "--folder",
        "Orders",
        "-o",
        &back,
    ];
    run(place, &out);
    (document(&imported), place.path(&back))
}

#[test]
fn the_platforms_own_files_are_carried_and_come_back() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "p");
    project
        .file("project.json", DESCRIPTION)
        .file("Sub/project.json", DESCRIPTION)
        .file("tags.json", TAGS)
        .recipe("r.recipe.json", "R", &[uses("clock", Value::Null)]);
    let (code, codes) = codes(&place, "p");
    assert_eq!((code, &*codes), (0, &["project-below-root".to_owned()][..]));
    run(
        &place,
        &["export", "p", "--for", "external", "-o", "own.zip"],
    );
    let packed = entries(&place.path("own.zip"));
    for (path, text) in [
        ("project.json", DESCRIPTION),
        ("Sub/project.json", DESCRIPTION),
        ("tags.json", TAGS),
    ] {
        assert_eq!(packed[path], text.as_bytes(), "{path}");
    }
    for way in [Way::Local, Way::Api] {
        let (imported, back) = there_and_back(&place, "own.zip", way);
        let types: Vec<&str> = imported["assets"]
            .as_array()
            .expect("assets")
            .iter()
            .map(|asset| asset["type"].as_str().expect("a type"))
            .collect();
        assert_eq!(types, ["project", "project", "recipe", "tags"]);
        let back = entries(&back);
        for path in ["project.json", "Sub/project.json", "tags.json"] {
            assert_eq!(back[path], packed[path], "{way:?}: {path}");
        }
    }
}

#[test]
fn tags_are_added_and_keep_their_colours() {
    let place = Place::new();
    run(&place, &["workspace", "create", "w", "--kind", "external"]);
    for (folder, tags) in [
        (
            "a",
            json!([{"title": "release", "description": "", "color": "blue"}]),
        ),
        (
            "b",
            json!([
                {"title": "release", "description": "other", "color": "red"},
                {"title": "Gr\u{fc}n", "description": "", "color": "green"},
            ]),
        ),
        // Canonically equivalent.
        (
            "c",
            json!([{"title": "Gru\u{308}n", "description": "", "color": "plum"}]),
        ),
    ] {
        ProjectFolder::new(&place, folder)
            .json("tags.json", &tags)
            .recipe("r.recipe.json", folder, &[uses("clock", Value::Null)]);
        let package = format!("{folder}.zip");
        run(
            &place,
            &["export", folder, "--for", "external", "-o", &package],
        );
        run(
            &place,
            &[
                "import", &package, "--into", "local:w", "--folder", folder, "--yes",
            ],
        );
        let again = [
            "plan",
            &package,
            "--into",
            "local:w",
            "--folder",
            folder,
            "--detailed-exitcode",
        ];
        run(&place, &again);
    }
    run(
        &place,
        &[
            "workspace",
            "export",
            "local:w",
            "--folder",
            "c",
            "-o",
            "out.zip",
        ],
    );
    let out = entries(&place.path("out.zip"));
    let tags: Value = serde_json::from_slice(&out["tags.json"]).expect("JSON");
    assert_eq!(
        tags,
        json!([
            {"title": "release", "description": "", "color": "blue"},
            {"title": "Gr\u{fc}n", "description": "", "color": "green"},
        ])
    );
    let refused = Place::new();
    ProjectFolder::new(&refused, "p")
        .file("tags.json", "{}")
        .recipe("r.recipe.json", "R", &[uses("clock", Value::Null)]);
    assert_eq!(codes(&refused, "p"), (1, vec!["broken-json".to_owned()]));
}

#[test]
fn a_project_is_described_in_its_folder_where_the_whole_workspace_leaves() {
    let place = Place::new();
    run(&place, &["workspace", "create", "w", "--kind", "external"]);
    ProjectFolder::new(&place, "p")
        .file("project.json", DESCRIPTION)
        .recipe("r.recipe.json", "R", &[uses("clock", Value::Null)]);
    run(&place, &["export", "p", "--for", "external", "-o", "p.zip"]);
    run(
        &place,
        &["import", "p.zip", "--into", "local:w", "--folder", "Orders"],
    );
    run(&place, &["workspace", "export", "local:w", "-o", "all.zip"]);
    let all: Vec<_> = entries(&place.path("all.zip")).into_keys().collect();
    assert_eq!(all, ["Orders/project.json", "Orders/r.recipe.json"]);
    let plan = [
        "plan",
        "all.zip",
        "--into",
        "local:w",
        "--detailed-exitcode",
    ];
    run(&place, &plan);
}

#[test]
fn a_type_that_is_not_known_is_carried_whatever_it_holds() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "p");
    let files: [(&str, &[u8]); 5] = [
        ("labels.shared_label.json", br#"[{"title": "x"}]"#),
        ("limit.rate_limit.json", b"7"),
        ("a/badge.badge.json", br#"{"name": "Badge"}"#),
        ("raw.raw_thing.json", b"not JSON: parcel_connector_7_1"),
        ("bytes.raw_thing.json", b"\xff\xfe\x00"),
    ];
    project.recipe("r.recipe.json", "R", &[uses("clock", Value::Null)]);
    for (path, bytes) in files {
        let path = project.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    let (code, found) = codes(&place, "p");
    // Two of one type are one finding.
    assert_eq!((code, found), (0, vec!["unknown-type".to_owned(); 4]));
    run(&place, &["export", "p", "--for", "external", "-o", "u.zip"]);
    run(&place, &["verify", "u.zip"]);
    let packed = entries(&place.path("u.zip"));
    for (path, bytes) in files {
        assert_eq!(packed[path], bytes, "{path}");
    }
    for way in [Way::Local, Way::Api] {
        let (_, back) = there_and_back(&place, "u.zip", way);
        let back = entries(&back);
        // JSON comes back in the platform's own layout, and anything else as it was.
        let labels = serde_json::from_slice::<Value>(&back["labels.shared_label.json"]);
        assert_eq!(labels.expect("JSON"), json!([{"title": "x"}]), "{way:?}");
        for path in ["raw.raw_thing.json", "bytes.raw_thing.json"] {
            assert_eq!(back[path], packed[path], "{way:?}: {path}");
        }
    }
}

#[test]
fn what_hides_a_connectors_name_in_a_type_that_is_not_known_is_told() {
    let place = Place::new();
    let name = "parcel_hub_connector_700_1700000000";
    ProjectFolder::new(&place, "p")
        .file("raw.raw_thing.json", &format!("uses: {name}"))
        .connection("c.connection.json", "C", &json!(name))
        .recipe(
            "r.recipe.json",
            "R",
            &[uses(name, reference("c.connection.json", "C"))],
        )
        .connector("parcel_hub", "Parcel Hub", 5);
    let catalogue = json!({"result": [{
        "id": 1, "name": "parcel_hub_connector_9_1600000000", "title": "Parcel Hub",
        "latest_released_version": 5, "oem_shared_version": 5, "oem_shared_at": "2026-01-01T00:00:00Z",
        "released_versions": [{"version": 5, "version_note": null}]
    }]});
    place.write("catalogue.json", &catalogue.to_string());
    let arguments = [
        "check",
        "p",
        "--for",
        "customer",
        "--catalog",
        "catalogue.json",
        "--json",
    ];
    let found = document(&local(&place, &arguments));
    let left: Vec<&Value> = found["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["code"] == "internal-name-left")
        .collect();
    assert_eq!(left.len(), 1, "{found}");
    assert_eq!(left[0]["file"], "raw.raw_thing.json");
}

#[test]
fn other_programs_files_are_left_out_and_the_list_says_why() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "p");
    project.recipe(
        "Orders/send.recipe.json",
        "Send",
        &[uses("clock", Value::Null)],
    );
    let text = fs::read_to_string(project.path().join("Orders/send.recipe.json")).expect("read");
    let backup = "an editor's or a merge's copy";
    let copy = "a copy of `send.recipe.json`";
    let program = "another program's file";
    let system = "an operating system's file";
    let unclear = "of no known type, and without a name";
    let rows = [
        ("Orders/send (1).recipe.json", copy),
        ("Orders/send copy.recipe.json", copy),
        ("Orders/send - Copy (2).recipe.json", copy),
        ("Orders/send.recipe (1).json", copy),
        ("Orders/send.recipe copy.json", copy),
        ("Orders/send.recipe.json~", backup),
        ("Orders/send.recipe~", backup),
        ("Orders/send.recipe.json.orig", backup),
        ("Orders/send.recipe.json.rej", backup),
        ("Orders/send.recipe.bak", backup),
        ("Orders/send.recipe.json.swp", backup),
        ("Orders/#send.recipe.json#", backup),
        ("Orders/send.recipe.json.meta.json", program),
        ("appsettings.production.json", program),
        ("tsconfig.build.json", program),
        ("package.lock.json", program),
        ("orders.postman_collection.json", program),
        ("appsettings.Development.json", program),
        ("x.code-workspace.json", "no asset"),
        ("__MACOSX/Orders/send.recipe.json", system),
        ("Orders/Thumbs.db", system),
        ("Orders/desktop.ini", system),
        ("feature.flags.json", unclear),
        (
            "data.new_kind.csv",
            "of no known type, and without an asset's JSON beside it",
        ),
        (
            "Orders/send.Recipe.json",
            "no asset; one would be called `send.recipe.json`",
        ),
        (
            "a/b/project.json",
            "no asset; one would be called `project.json`",
        ),
        ("a/tags.json", "no asset; one would be called `tags.json`"),
    ];
    for (path, _) in rows {
        // Whatever a copy holds, it is not taken for a recipe.
        project.file(
            path,
            if path == "feature.flags.json" {
                "{}"
            } else {
                &text
            },
        );
    }
    let (packed, left_out) = listed(&place, "p");
    assert_eq!(packed, ["Orders/send.recipe.json"]);
    for (path, reason) in rows {
        let found = left_out.iter().find(|(left, _)| left == path);
        assert_eq!(found.map(|(_, reason)| &**reason), Some(reason), "{path}");
    }
    assert_eq!(left_out.len(), rows.len(), "{left_out:?}");
    // What a person might look for in the package is told without the list, too.
    let (code, found) = codes(&place, "p");
    let mut expected = vec!["project-root-unclear".to_owned()];
    expected.extend(vec!["not-an-asset".to_owned(); 4]);
    assert_eq!((code, found), (0, expected));
}

#[test]
fn a_copy_without_its_original_is_an_asset() {
    let place = Place::new();
    let clock = [uses("clock", Value::Null)];
    ProjectFolder::new(&place, "p").recipe("send (1).recipe.json", "Send", &clock);
    let (packed, _) = listed(&place, "p");
    assert_eq!(packed, ["send (1).recipe.json"]);
}

/// Writes a zip with these entries.
fn zip(path: &Path, files: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("created"));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        zip.start_file(*name, options).expect("started");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("finished");
}

#[test]
fn what_others_left_in_a_package_is_ignored_and_told() {
    let place = Place::new();
    let recipe = br#"{"name": "Send", "version": 1, "code": {}, "config": []}"#;
    zip(
        &place.path("mac.zip"),
        &[
            ("Orders/send.recipe.json", recipe),
            ("__MACOSX/._Orders", b"\x00\x05\x16\x07"),
            ("__MACOSX/Orders/._send.recipe.json", b"\x00\x05\x16\x07"),
            (".DS_Store", b"\x00\x00\x00\x01Bud1"),
            ("Thumbs.db", b"x"),
            ("Orders/send.recipe.json~", b"{"),
            ("tsconfig.build.json", b"// no JSON"),
            // Only a package tells that these are the platform's.
            ("gold.badge.json", b"{}"),
        ],
    );
    let (code, found) = codes(&place, "mac.zip");
    assert_eq!(
        (code, found),
        (
            0,
            vec!["unknown-type".to_owned(), "foreign-file".to_owned()]
        )
    );
    let (packed, left_out) = listed(&place, "mac.zip");
    assert_eq!(packed, ["Orders/send.recipe.json", "gold.badge.json"]);
    assert_eq!(left_out.len(), 6, "{left_out:?}");
    for way in [Way::Local, Way::Api] {
        let (imported, _) = there_and_back(&place, "mac.zip", way);
        assert_eq!(imported["assets"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn what_a_recipe_lacks_is_told() {
    let name = "parcel_hub_connector_700_1700000000";
    let step = format!(
        r#"{{"number": 0, "keyword": "trigger", "provider": "{name}", "name": "added", "skip": true}}"#
    );
    for (text, code, expected) in [
        (
            r#"{"id": 9, "name": "R", "code": "{}", "config": "[]"}"#.to_owned(),
            1,
            &["recipe-api-form"][..],
        ),
        (
            r#"{"name": "R", "code": "{}", "config": []}"#.to_owned(),
            1,
            &["recipe-api-form"],
        ),
        (
            r#"{"name": "R", "code": {}, "config": "[]"}"#.to_owned(),
            1,
            &["recipe-api-form"],
        ),
        ("{}".to_owned(), 0, &["name-missing", "recipe-incomplete"]),
        (
            r#"{"name": " ", "code": {}, "config": []}"#.to_owned(),
            0,
            &["name-missing"],
        ),
        (
            r#"{"name": 3, "code": {}, "config": []}"#.to_owned(),
            0,
            &["name-missing"],
        ),
        (
            r#"{"name": "R", "code": {}}"#.to_owned(),
            0,
            &["recipe-incomplete"],
        ),
        (
            r#"{"name": "R", "config": []}"#.to_owned(),
            0,
            &["recipe-incomplete"],
        ),
        (
            r#"{"name": "R", "code": [], "config": []}"#.to_owned(),
            0,
            &["recipe-incomplete"],
        ),
        (
            r#"{"name": "R", "code": {}, "config": [{}]}"#.to_owned(),
            0,
            &["recipe-incomplete"],
        ),
        (
            format!(r#"{{"name": "R", "code": {step}, "config": {{}}}}"#),
            1,
            &["connector-unlisted", "recipe-incomplete"],
        ),
        (
            format!(r#"{{"name": "R", "code": {step}, "config": []}}"#),
            1,
            &["connector-unlisted"],
        ),
    ] {
        let place = Place::new();
        ProjectFolder::new(&place, "p").file("r.recipe.json", &text);
        let found = codes(&place, "p");
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(found, (code, expected), "{text}");
        // An import says the same of a package that others made.
        zip(&place.path("r.zip"), &[("r.recipe.json", text.as_bytes())]);
        run(&place, &["workspace", "create", "w", "--kind", "external"]);
        let import = [
            "import",
            "r.zip",
            "--into",
            "local:w",
            "--allow-missing-connectors",
        ];
        assert_eq!(local(&place, &import).code, code, "{text}");
    }
}

/// Folders that people have, and some disks can't.
const HARD_TO_STORE: &[&str] = &[
    "Acme Inc.",
    "Acme ",
    "Beta. ",
    "Wait…",
    "Con",
    "nul.x",
    "COM¹",
    "Q: open orders",
    "Ariba : Phase 1",
    "a*b?",
    "\"x\" <y> | z",
    "In\\Out",
    "می\u{200c}خواهم",
    "क\u{200d}ष",
    "\u{200f}שלום\u{200e} x",
    "\u{61c}ا",
];

#[test]
fn folders_that_some_disks_cant_hold_come_through_everything() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "p");
    for folder in HARD_TO_STORE {
        let path = format!("{folder}/r.recipe.json");
        project.recipe(&path, "R", &[uses("clock", Value::Null)]);
        let call = format!("{folder}/Deep/call.recipe.json");
        let code = json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "t",
            "input": {"flow_id": reference(&path, "R")}});
        project.recipe_with(&call, "Call", &[uses("clock", Value::Null)], &code);
    }
    let (code, found) = codes(&place, "p");
    let expected = HARD_TO_STORE
        .iter()
        .filter(|name| **name != "Wait…")
        .count();
    assert_eq!(
        (code, found),
        (0, vec!["portable-name".to_owned(); expected])
    );
    run(&place, &["export", "p", "--for", "external", "-o", "n.zip"]);
    let packed = entries(&place.path("n.zip"));
    assert_eq!(packed.len(), 2 * HARD_TO_STORE.len());
    for way in [Way::Local, Way::Api] {
        let (_, back) = there_and_back(&place, "n.zip", way);
        let back_entries = entries(&back);
        let paths = |entries: &std::collections::BTreeMap<String, Vec<u8>>| -> Vec<String> {
            entries.keys().cloned().collect()
        };
        assert_eq!(paths(&back_entries), paths(&packed), "{way:?}");
        let call = back_entries["Acme Inc./Deep/call.recipe.json"].clone();
        let call: Value = serde_json::from_slice(&call).expect("JSON");
        assert_eq!(
            call["code"]["input"]["flow_id"],
            reference("Acme Inc./r.recipe.json", "R")
        );
    }
}

#[test]
fn names_that_could_do_harm_are_refused_as_ever() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "p");
    project.recipe("r.recipe.json", "R", &[uses("clock", Value::Null)]);
    let wrong = [
        "a\u{202e}b/x.recipe.json",
        "a\u{2066}b/x.recipe.json",
        "a\u{200b}b/x.recipe.json",
        "a\u{7}b/x.recipe.json",
        ".../x.recipe.json",
        "Q:/x.recipe.json",
        "Q:x/x.recipe.json",
        "In\\..\\Out/x.recipe.json",
        "\\Out/x.recipe.json",
        "a\\b.recipe.json",
        "a\u{ff0f}b/x.recipe.json",
    ];
    let hidden = wrong.iter().filter(|path| path.starts_with('.')).count();
    for path in wrong {
        project.file(path, "{}");
    }
    let (code, found) = codes(&place, "p");
    let found = found.iter().filter(|code| *code == "unsafe-path").count();
    assert_eq!((code, found), (1, wrong.len() - hidden));
    // In a package they are refused before anything is read.
    run(&place, &["workspace", "create", "w", "--kind", "external"]);
    for path in wrong {
        zip(&place.path("x.zip"), &[(path, b"{}")]);
        let import = local(&place, &["import", "x.zip", "--into", "local:w"]);
        assert_eq!(import.code, 1, "{path}: {}", import.stdout);
        assert!(
            import.stderr.contains("unsafe"),
            "{path}: {}",
            import.stderr
        );
    }
    for folder in ["a\u{202e}b", "..", "/a", "Q:x", "a\\..\\b"] {
        let create = ["import", "x.zip", "--into", "local:w", "--folder", folder];
        assert_ne!(local(&place, &create).code, 0, "{folder}");
    }
}

#[test]
fn equivalent_names_are_one_name() {
    let (composed, decomposed) = ("\u{dc}bergabe", "U\u{308}bergabe");
    let place = Place::new();
    let clock = [uses("clock", Value::Null)];
    for (project, folder, named) in [("p", composed, decomposed), ("q", decomposed, composed)] {
        let target = |folder: &str| format!("{folder}/ziel.recipe.json");
        let code = json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "t",
            "input": {"flow_id": reference(&target(named), "Ziel")}});
        ProjectFolder::new(&place, project)
            .recipe(&target(folder), "Ziel", &clock)
            .recipe_with(&format!("{folder}/ruf.recipe.json"), "Ruf", &clock, &code);
        assert_eq!(
            codes(&place, project),
            (0, vec!["equivalent-reference".to_owned()])
        );
        let package = format!("{project}.zip");
        run(
            &place,
            &["export", project, "--for", "external", "-o", &package],
        );
        let graph = run(&place, &["graph", project, "--format", "dot"]);
        assert!(graph.stdout.contains("->"), "{}", graph.stdout);
    }
    for way in [Way::Local, Way::Api] {
        let (imported, back) = there_and_back(&place, "p.zip", way);
        let folders = imported["creates_folders"].as_array().expect("folders");
        assert_eq!(folders.len(), 2, "{folders:?}");
        let back = entries(&back);
        let call: Value =
            serde_json::from_slice(&back[&format!("{composed}/ruf.recipe.json")]).expect("JSON");
        assert_eq!(
            call["code"]["input"]["flow_id"],
            reference(&format!("{composed}/ziel.recipe.json"), "Ziel")
        );
    }
    // The other spelling finds the same folder and the same recipes.
    let plan = [
        "plan", "q.zip", "--into", "local:pl", "--folder", "Orders", "--json",
    ];
    let plan = document(&run(&place, &plan));
    assert_eq!(plan["creates_folders"], json!([]));
    assert_eq!(plan["summary"]["creates"], 0, "{plan}");
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "pa");
    let plan = [
        "plan",
        "q.zip",
        "--into",
        &sandbox.url,
        "--folder",
        "Orders",
        "--json",
    ];
    let plan: Run = command(&place, &sandbox.url, &token, &plan)
        .output()
        .expect("it starts")
        .into();
    let plan = document(&plan);
    assert_eq!(plan["creates_folders"], json!([]));
    assert_eq!(plan["summary"]["creates"], 0, "{plan}");
}

#[test]
fn a_reference_finds_an_equivalent_name_in_the_workspace() {
    let (composed, decomposed) = ("K\u{e4}ufe", "Ka\u{308}ufe");
    let place = Place::new();
    run(&place, &["workspace", "create", "w", "--kind", "external"]);
    ProjectFolder::new(&place, "a").connection("a.connection.json", composed, &json!("gmail"));
    let account = reference("Elsewhere/kaufe.connection.json", decomposed);
    ProjectFolder::new(&place, "b").recipe("r.recipe.json", "R", &[uses("gmail", account)]);
    for (package, folder) in [("a", "A"), ("b", "B")] {
        let zip = format!("{package}.zip");
        run(
            &place,
            &["export", package, "--for", "external", "-o", &zip],
        );
        run(
            &place,
            &["import", &zip, "--into", "local:w", "--folder", folder],
        );
    }
    run(
        &place,
        &[
            "workspace",
            "export",
            "local:w",
            "--folder",
            "B",
            "-o",
            "out.zip",
        ],
    );
    let out = entries(&place.path("out.zip"));
    let paths: Vec<&String> = out.keys().collect();
    assert_eq!(paths, ["A/kaufe.connection.json", "r.recipe.json"]);
}
