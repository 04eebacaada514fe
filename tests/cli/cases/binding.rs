//! What references of a package mean in the workspace that it is imported into: what was planned is
//! what is read back, and what can't be told is said.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, entries};

/// A place with a platform and its workspace `local:x`.
fn place() -> Place {
    let place = Place::new();
    done(&place, &["workspace", "create", "x", "--kind", "external"]);
    place
}

fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("SOURCE_DATE_EPOCH", "1700000000");
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments);
    command.output().expect("it starts").into()
}

fn done(place: &Place, arguments: &[&str]) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

fn packed(place: &Place, project: &str) -> String {
    let package = format!("{project}.zip");
    done(
        place,
        &["export", project, "--for", "external", "-q", "-o", &package],
    );
    package
}

/// The plan of an import into Orders, as a document.
fn plan(place: &Place, package: &str) -> Value {
    let run = done(
        place,
        &[
            "plan", package, "--into", "local:x", "--folder", "Orders", "--json",
        ],
    );
    serde_json::from_str(&run.stdout).expect("a document")
}

/// Imports into Orders, and plans once more: there has to be nothing left to do.
fn imported(place: &Place, package: &str) -> Value {
    done(
        place,
        &[
            "import", package, "--into", "local:x", "--folder", "Orders", "--yes",
        ],
    );
    let again = plan(place, package);
    let summary = &again["summary"];
    assert_eq!(
        (
            &summary["creates"],
            &summary["overwrites"],
            &summary["installs"],
            &summary["updates"]
        ),
        (&json!(0), &json!(0), &json!(0), &json!(0)),
        "{again}"
    );
    again
}

fn messages(plan: &Value, code: &str) -> Vec<String> {
    let findings = plan["findings"].as_array().expect("findings").iter();
    findings
        .filter(|finding| finding["code"] == code)
        .map(|finding| finding["message"].as_str().expect("a message").to_owned())
        .collect()
}

/// The JSON of an asset as the workspace holds it, by the end of its path in an export.
fn held(place: &Place, end: &str) -> Value {
    let package = "held.zip";
    let _ = std::fs::remove_file(place.path(package));
    done(
        place,
        &["workspace", "export", "local:x", "-q", "-o", package],
    );
    let entries = entries(&place.path(package));
    let found = entries.iter().find(|(path, _)| path.ends_with(end));
    let (_, bytes) = found.unwrap_or_else(|| panic!("no {end}: {:?}", entries.keys()));
    serde_json::from_slice(bytes).expect("JSON")
}

/// Where the connection of a recipe's first application lies in the workspace.
fn account(place: &Place, recipe: &str) -> String {
    let recipe = held(place, recipe);
    let path = &recipe["config"][0]["account_id"]["zip_name"];
    path.as_str().expect("a path").to_owned()
}

#[test]
fn a_recipe_binds_to_the_connection_that_the_package_brings() {
    // Where the connection lies, its name, whether in Home; where the recipe looks for it.
    for (what, path, home, looks_for, expected) in [
        (
            "in another folder",
            "A/c.connection.json",
            false,
            "B/c.connection.json",
            "Orders/A/desk.connection.json",
        ),
        (
            "in Home",
            "c.connection.json",
            true,
            "B/c.connection.json",
            "desk.connection.json",
        ),
        (
            "at the root",
            "c.connection.json",
            false,
            "B/c.connection.json",
            "Orders/desk.connection.json",
        ),
        (
            "in a folder, from the root",
            "A/c.connection.json",
            false,
            "c.connection.json",
            "Orders/A/desk.connection.json",
        ),
        (
            "in that folder, in another file",
            "B/x.connection.json",
            false,
            "B/c.connection.json",
            "Orders/B/desk.connection.json",
        ),
        (
            "by its whole path",
            "B/x.connection.json",
            false,
            "Orders/B/c.connection.json",
            "Orders/B/desk.connection.json",
        ),
    ] {
        let place = place();
        let project = ProjectFolder::new(&place, "p");
        project.json(
            path,
            &json!({"name": "Desk", "provider": "jira", "secure_gateway_tunnel_name": null, "root_folder": home}),
        );
        let account_id = reference(looks_for, "Desk");
        project.recipe("m.recipe.json", "M", &[uses("jira", account_id)]);
        let package = packed(&place, "p");
        imported(&place, &package);
        assert_eq!(account(&place, "/m.recipe.json"), expected, "{what}");
    }
}

#[test]
fn of_several_connections_the_one_of_the_application_is_meant() {
    let place = place();
    let project = ProjectFolder::new(&place, "p");
    project
        .connection("A/crm.connection.json", "CRM", &json!("hubspot"))
        .connection("B/crm.connection.json", "CRM", &json!("salesforce"))
        .recipe(
            "m.recipe.json",
            "M",
            &[uses(
                "salesforce",
                reference("C/crm.connection.json", "CRM"),
            )],
        );
    let package = packed(&place, "p");
    let plan = plan(&place, &package);
    assert_eq!(
        messages(&plan, "reference-by-name"),
        [
            "the connection \"CRM\" (`C/crm.connection.json`) is not there; \"CRM\" in `Orders/B` is taken for it"
        ]
    );
    imported(&place, &package);
    assert_eq!(
        account(&place, "/m.recipe.json"),
        "Orders/B/crm.connection.json"
    );
}

#[test]
fn a_connector_is_known_by_the_connection_that_its_recipe_binds_to() {
    for (root_folder, looks_for) in [
        (true, "B/c.connection.json"),
        (false, "A/other.connection.json"),
    ] {
        let place = place();
        let project = ProjectFolder::new(&place, "p");
        let name = "new_connector_7_connector_700_1700000000";
        project.connector("parcel_hub", "Parcel Hub", 4);
        let connector = reference("parcel_hub.custom_adapter.json", "Parcel Hub");
        project.json(
            "A/c.connection.json",
            &json!({"name": "Hub", "provider": connector, "secure_gateway_tunnel_name": null, "root_folder": root_folder}),
        );
        project.recipe(
            "m.recipe.json",
            "M",
            &[uses(name, custom_reference(looks_for, "Hub"))],
        );
        let package = packed(&place, "p");
        imported(&place, &package);
        let recipe = held(&place, "/m.recipe.json");
        let provider = recipe["config"][0]["provider"].as_str().expect("a name");
        assert!(provider.starts_with("parcel_hub_connector_"), "{provider}");
        assert_eq!(recipe["code"]["provider"], provider);
    }
}

#[test]
fn other_types_bind_by_folder_and_name_too() {
    for (key, word) in [
        ("flow_id", "recipe"),
        ("table_id", "workato_db_table"),
        ("page_id", "lcap_page"),
        ("app_id", "lcap_app"),
        ("lookup_table_id", "lookup_table"),
        ("genie_handle", "agentic_genie"),
    ] {
        let place = place();
        let project = ProjectFolder::new(&place, "p");
        project.json(
            &format!("F/moved_here.{word}.json"),
            &json!({"name": "Wanted", "schema": [], "path": "/", "content": {}, "code": {"number": 0, "keyword": "trigger", "provider": "clock", "block": []}, "config": []}),
        );
        let wanted = reference(&format!("F/was_here.{word}.json"), "Wanted");
        let code = json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "block": [
            {"number": 1, "keyword": "action", "provider": "some", "name": "use", "input": {key: wanted}}
        ]});
        project.recipe_with("m.recipe.json", "M", &[], &code);
        let package = packed(&place, "p");
        imported(&place, &package);
        let recipe = held(&place, "/m.recipe.json");
        assert_eq!(
            recipe["code"]["block"][0]["input"][key]["zip_name"],
            format!("Orders/F/wanted.{word}.json"),
        );
    }
    // A table of the whole workspace is meant where the project has none.
    let place = place();
    let project = ProjectFolder::new(&place, "p");
    project.json(
        "codes.lookup_table.json",
        &json!({"name": "Codes", "schema": []}),
    );
    let code = json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "block": [
        {"number": 1, "keyword": "action", "provider": "lookup_table", "name": "use", "input": {"lookup_table_id": reference("F/codes.lookup_table.json", "Codes")}}
    ]});
    project.recipe_with("m.recipe.json", "M", &[], &code);
    let package = packed(&place, "p");
    imported(&place, &package);
    let recipe = held(&place, "/m.recipe.json");
    assert_eq!(
        recipe["code"]["block"][0]["input"]["lookup_table_id"]["zip_name"],
        "codes.lookup_table.json"
    );
}

/// Two packages that each bring a connection of one name and application in a folder of its own; the
/// recipe of the second looks for it in a third.
fn two_of_one_name(place: &Place) -> (String, String) {
    ProjectFolder::new(place, "one").connection("A/crm.connection.json", "CRM", &json!("hubspot"));
    let crm = reference("C/crm.connection.json", "CRM");
    ProjectFolder::new(place, "two")
        .connection("B/crm.connection.json", "CRM", &json!("hubspot"))
        .recipe("m.recipe.json", "M", &[uses("hubspot", crm)]);
    (packed(place, "one"), packed(place, "two"))
}

#[test]
fn what_cant_be_told_is_said_with_the_candidates_and_stays_unbound() {
    let place = place();
    let (one, two) = two_of_one_name(&place);
    imported(&place, &one);
    let planned = plan(&place, &two);
    assert_eq!(
        messages(&planned, "reference-ambiguous"),
        ["the connection \"CRM\" (`C/crm.connection.json`) may be any of 2: it stays unbound"]
    );
    let finding = planned["findings"].as_array().expect("findings");
    let finding = finding.iter().find(|f| f["code"] == "reference-ambiguous");
    let notes = finding.expect("told")["notes"].to_string();
    assert!(
        notes.contains("`Orders/A`") && notes.contains("`Orders/B`"),
        "{notes}"
    );
    let choose = planned["afterwards"].as_array().expect("a list").iter();
    let choose: Vec<_> = choose.filter(|todo| todo["what"] == "choose").collect();
    assert_eq!(
        choose,
        [
            &json!({"what": "choose", "connection": "CRM", "folders": ["Orders/A", "Orders/B"], "recipes": 1})
        ]
    );
    assert_eq!(messages(&planned, "connection-name-taken").len(), 1);
    imported(&place, &two);
    assert_eq!(account(&place, "/m.recipe.json"), "C/crm.connection.json");
}

#[test]
fn a_later_connection_of_the_same_name_rebinds_nothing() {
    let place = place();
    let (one, two) = two_of_one_name(&place);
    let planned = plan(&place, &two);
    assert_eq!(
        messages(&planned, "reference-by-name").len(),
        1,
        "{planned}"
    );
    imported(&place, &two);
    let planned = plan(&place, &one);
    assert_eq!(
        messages(&planned, "connection-name-taken"),
        ["\"CRM\" in `Orders/A` comes beside another of its name and application"]
    );
    imported(&place, &one);
    let again = imported(&place, &two);
    assert_eq!(
        messages(&again, "reference-ambiguous"),
        [
            "the connection \"CRM\" (`C/crm.connection.json`) may be any of 2: it stays bound to \"CRM\" in `Orders/B`"
        ]
    );
    assert_eq!(
        account(&place, "/m.recipe.json"),
        "Orders/B/crm.connection.json"
    );
}

#[test]
fn an_unchanged_recipe_is_never_bound_anew_without_a_word() {
    let place = place();
    let recipe = |project: &ProjectFolder<'_>| {
        let crm = reference("C/crm.connection.json", "CRM");
        project.recipe("m.recipe.json", "M", &[uses("hubspot", crm)]);
    };
    recipe(&ProjectFolder::new(&place, "alone"));
    let alone = packed(&place, "alone");
    imported(&place, &alone);
    assert_eq!(account(&place, "/m.recipe.json"), "C/crm.connection.json");
    // It comes to be there, somewhere else.
    ProjectFolder::new(&place, "one").connection("A/crm.connection.json", "CRM", &json!("hubspot"));
    let one = packed(&place, "one");
    imported(&place, &one);
    let planned = plan(&place, &alone);
    assert_eq!(planned["summary"]["overwrites"], 1);
    assert_eq!(
        messages(&planned, "reference-rebinds"),
        [
            "the connection \"CRM\" (`C/crm.connection.json`) would mean \"CRM\" in `Orders/A`, and means nothing now"
        ]
    );
    imported(&place, &alone);
    // And then where the recipe looks for it.
    let project = ProjectFolder::new(&place, "there");
    project.connection("C/crm.connection.json", "CRM", &json!("hubspot"));
    let there = packed(&place, "there");
    imported(&place, &there);
    let planned = plan(&place, &alone);
    assert_eq!(
        messages(&planned, "reference-rebinds"),
        [
            "the connection \"CRM\" (`C/crm.connection.json`) would mean \"CRM\" in `Orders/C`, and means \"CRM\" in `Orders/A` now"
        ]
    );
    imported(&place, &alone);
    assert_eq!(
        account(&place, "/m.recipe.json"),
        "Orders/C/crm.connection.json"
    );
}

#[test]
fn two_assets_of_one_name_in_a_folder_are_told_apart_or_said_not_to_be() {
    let place = place();
    let recipe = json!({"name": "Call", "version": 1, "private": true, "concurrency": 1, "code": {"number": 0, "keyword": "trigger", "provider": "clock", "block": []}, "config": []});
    let mut other = recipe.clone();
    other["concurrency"] = json!(2);
    let project = ProjectFolder::new(&place, "p");
    project
        .json("F/a.recipe.json", &recipe)
        .json("F/b.recipe.json", &other);
    let call = |path: &str| {
        json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "block": [
            {"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": reference(path, "Call")}}
        ]})
    };
    project
        .recipe_with("m.recipe.json", "M", &[], &call("F/b.recipe.json"))
        .recipe_with("n.recipe.json", "N", &[], &call("F/call.recipe.json"));
    let package = packed(&place, "p");
    assert_eq!(
        messages(&plan(&place, &package), "reference-ambiguous"),
        ["the recipe \"Call\" (`F/call.recipe.json`) may be any of 2: it stays unbound"]
    );
    imported(&place, &package);
}

#[test]
fn a_package_in_the_shared_form_uses_the_connector_of_the_connection_that_is_there() {
    let place = place();
    let own = "parcel_hub_connector_700_1700000000";
    let project = ProjectFolder::new(&place, "own");
    project.connector("parcel_hub", "Parcel Hub", 4).connection(
        "hub.connection.json",
        "Hub",
        &reference("parcel_hub.custom_adapter.json", "Parcel Hub"),
    );
    imported(&place, &packed(&place, "own"));
    // As it was pulled from a customer's workspace.
    let zip = zipped(
        &place,
        "shared.zip",
        &[
            (
                "hub.connection.json",
                json!({"name": "Hub", "provider": own, "secure_gateway_tunnel_name": null, "root_folder": false}),
            ),
            (
                "m.recipe.json",
                json!({"name": "M", "version": 1, "private": true, "concurrency": 1,
                    "code": {"number": 0, "keyword": "trigger", "provider": own, "name": "added", "input": {"a": format!("=_dp('{{\"pill_type\":\"output\",\"provider\":\"{own}\",\"line\":\"a\",\"path\":[]}}')")}, "block": []},
                    "config": [uses(own, reference("hub.connection.json", "Hub"))]}),
            ),
        ],
    );
    imported(&place, &zip);
    let recipe = held(&place, "/m.recipe.json");
    let provider = recipe["config"][0]["provider"].as_str().expect("a name");
    assert!(
        provider.starts_with("parcel_hub_connector_") && provider != own,
        "{provider}"
    );
    assert!(!recipe.to_string().contains(own), "{recipe}");
    assert_eq!(recipe["config"][0]["account_id"]["custom"], true);
}

#[test]
fn a_comparison_finds_what_an_import_would_change() {
    let place = place();
    let project = ProjectFolder::new(&place, "p");
    let connector = reference("parcel_hub.custom_adapter.json", "Parcel Hub");
    let name = "parcel_hub_connector_700_1700000000";
    project
        .connector("parcel_hub", "Parcel Hub", 4)
        .connection("hub.connection.json", "Hub", &connector)
        .json(
            "codes.lookup_table.json",
            &json!({"name": "Codes", "schema": [], "data": "a,b"}),
        )
        .json("account_properties.properties.json", &json!({"a.b": null}))
        .recipe(
            "m.recipe.json",
            "M",
            &[uses(name, custom_reference("hub.connection.json", "Hub"))],
        );
    let package = packed(&place, "p");
    let diff = |package: &str| {
        let arguments = [
            "diff",
            package,
            "local:x",
            "--folder",
            "Orders",
            "--detailed-exitcode",
        ];
        run(&place, &arguments)
    };
    let before = diff(&package);
    assert_eq!(before.code, 2);
    assert!(
        before.stdout.contains("files: 6 removed"),
        "{}",
        before.stdout
    );
    imported(&place, &package);
    let after = diff(&package);
    assert_eq!((after.code, &*after.stdout), (0, "files: 6 unchanged\n"));
    // The folder that it was packed from says the same.
    assert_eq!(diff("p").code, 0);
    // Another number of versions, in the same code, is no difference; another setting is.
    ProjectFolder::new(&place, "p").connector("parcel_hub", "Parcel Hub", 9);
    let same = diff(&packed(&place, "p"));
    assert_eq!((same.code, &*same.stdout), (0, "files: 6 unchanged\n"));
    let source = std::fs::read_to_string(place.path("p/m.recipe.json")).expect("text");
    place.write(
        "p/m.recipe.json",
        &source.replace("\"private\": true", "\"private\": false"),
    );
    let changed = diff(&packed(&place, "p"));
    assert_eq!(changed.code, 2);
    assert!(
        changed.stdout.starts_with("~ m.recipe.json  \"M\"\n")
            && changed.stdout.ends_with("files: 1 changed, 5 unchanged\n"),
        "{}",
        changed.stdout
    );
    assert!(
        !changed.stdout.contains("parcel_hub_connector"),
        "{}",
        changed.stdout
    );
    // What only the workspace has is told, and no difference.
    std::fs::remove_file(place.path("p/codes.lookup_table.json")).expect("there");
    place.write("p/m.recipe.json", &source);
    std::fs::create_dir_all(place.path("p/F")).expect("made");
    let moved = std::fs::rename(
        place.path("p/m.recipe.json"),
        place.path("p/F/m.recipe.json"),
    );
    moved.expect("moved");
    let kept = diff(&packed(&place, "p"));
    assert_eq!(kept.code, 2);
    assert!(
        kept.stdout.contains("- F/m.recipe.json")
            && kept.stdout.contains("folder Orders/F/ is not there")
            && kept
                .stdout
                .contains("= recipe \"Orders/M\" is only in the workspace"),
        "{}",
        kept.stdout
    );
}

#[test]
fn both_orders_of_keys_survive_an_import_and_an_export() {
    let place = place();
    let project = ProjectFolder::new(&place, "p");
    let recipe = "{\n      \"zip_name\": \"m.recipe.json\",\n      \"name\": \"M\",\n      \"folder\": \"\"\n    }";
    let recipe = recipe.replace("\n  ", "\n");
    let older = format!(
        "{{\n  \"name\": \"Older\",\n  \"method\": \"GET\",\n  \"path\": \"a\",\n  \"legacy\": false,\n  \"recipe_id\": {recipe},\n  \"recipe_timeout\": 30\n}}"
    );
    let newer = format!(
        "{{\n  \"name\": \"Newer\",\n  \"recipe_id\": {recipe},\n  \"method\": \"GET\",\n  \"path\": \"b\",\n  \"legacy\": false,\n  \"recipe_timeout\": 30\n}}"
    );
    let rows_last = "{\n  \"name\": \"Last\",\n  \"schema\": [\n\n  ],\n  \"max_allowed_entries_count\": null,\n  \"data\": \"a,b\"\n}";
    let rows_first = "{\n  \"name\": \"First\",\n  \"schema\": [\n\n  ],\n  \"data\": \"a,b\",\n  \"max_allowed_entries_count\": null\n}";
    let files = [
        ("older.api_endpoint.json", &*older),
        ("newer.api_endpoint.json", &*newer),
        ("last.lookup_table.json", rows_last),
        ("first.lookup_table.json", rows_first),
    ];
    project.recipe("m.recipe.json", "M", &[]);
    for (path, text) in files {
        project.file(path, text);
    }
    let package = packed(&place, "p");
    done(&place, &["import", &package, "--into", "local:x"]);
    done(
        &place,
        &[
            "workspace",
            "export",
            "local:x",
            "--data",
            "-q",
            "-o",
            "out.zip",
        ],
    );
    let out = entries(&place.path("out.zip"));
    for (path, text) in files {
        assert_eq!(String::from_utf8_lossy(&out[path]), text, "{path}");
    }
}

fn zipped(place: &Place, name: &str, files: &[(&str, Value)]) -> String {
    use std::io::Write as _;
    let file = std::fs::File::create(place.path(name)).expect("made");
    let mut zip = zip::ZipWriter::new(file);
    for (path, value) in files {
        zip.start_file(*path, zip::write::SimpleFileOptions::default())
            .expect("started");
        zip.write_all(value.to_string().as_bytes())
            .expect("written");
    }
    zip.finish().expect("finished");
    assert!(Path::new(&place.path(name)).exists());
    name.to_owned()
}
