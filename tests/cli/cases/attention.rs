//! What a person has to know before an import.

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::sandbox::{Sandbox, command, done, local, token};
use crate::support::{Place, Run};

use super::rows::{many, rates};

/// Runs a command, has it end with `code`, and gives it.
#[track_caller]
pub(crate) fn ends(place: &Place, code: i32, arguments: &[&str]) -> Run {
    let run = local(place, arguments);
    assert_eq!(
        run.code, code,
        "{arguments:?}: {}{}",
        run.stdout, run.stderr
    );
    run
}

/// The document that a command prints.
#[track_caller]
pub(crate) fn document(place: &Place, code: i32, arguments: &[&str]) -> Value {
    let run = ends(place, code, &[arguments, &["--json"]].concat());
    serde_json::from_str(&run.stdout).expect("a document")
}

/// An external workspace `moon` in a platform of its own.
pub(crate) fn moon() -> Place {
    let place = Place::new();
    workspace(&place, "moon");
    place
}

pub(crate) fn workspace(place: &Place, name: &str) {
    let create = ["workspace", "create", name, "--kind", "external"];
    done(&local(place, &create), &create);
}

/// Packs a project of the place for an external account.
pub(crate) fn pack(place: &Place, project: &str) -> String {
    pack_for(place, project, &["external"])
}

fn pack_for(place: &Place, project: &str, target: &[&str]) -> String {
    let package = format!("{project}.zip");
    let export = [&["export", project, "-o", &package, "--for"], target].concat();
    ends(place, 0, &export);
    package
}

/// The findings of a document that have this code.
fn of_code<'d>(document: &'d Value, code: &str) -> Vec<&'d Value> {
    let findings = document["findings"].as_array().expect("findings");
    findings.iter().filter(|f| f["code"] == code).collect()
}

/// What a check of a project finds of a code, by messages.
pub(crate) fn found(place: &Place, project: &str, code: &str) -> Vec<String> {
    let run = local(place, &["check", project, "--for", "external", "--json"]);
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    let messages = of_code(&document, code);
    let text = |finding: &Value| finding["message"].as_str().expect("a message").to_owned();
    messages.into_iter().map(text).collect()
}

/// A step of an application with this input.
fn step(number: u64, provider: &str, input: &Value) -> Value {
    json!({"number": number, "keyword": "action", "provider": provider, "name": "act", "input": input})
}

/// The code of a recipe that starts by the clock.
fn code(steps: &[Value]) -> Value {
    json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "input": {}, "block": steps})
}

/// A project with one recipe of these steps.
fn steps(place: &Place, project: &str, steps: &[Value]) {
    let mut config = vec![uses("clock", Value::Null)];
    let providers: std::collections::BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["provider"].as_str())
        .collect();
    config.extend(providers.iter().map(|provider| uses(provider, Value::Null)));
    ProjectFolder::new(place, project).recipe_with(
        "main.recipe.json",
        "Main",
        &config,
        &code(steps),
    );
}

#[test]
fn a_connection_of_another_application_is_told_before_anything_starts() {
    let place = moon();
    let project = ProjectFolder::new(&place, "tickets");
    project.connection("Desk/desk.connection.json", "Desk", &json!("zendesk"));
    for name in ["first", "second"] {
        let account = reference("Desk/desk.connection.json", "Desk");
        project.recipe(
            &format!("Main/{name}.recipe.json"),
            name,
            &[uses("freshdesk", account)],
        );
    }
    let told = found(&place, "tickets", "connection-other-application");
    assert_eq!(
        told,
        ["the connection \"Desk\" is for `zendesk`, and is used for `freshdesk` (2 places)"]
    );
    let package = pack(&place, "tickets");
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    assert_eq!(
        of_code(&plan, "connection-other-application").len(),
        1,
        "{plan}"
    );

    // Of the workspace's connections, by what the recipe is bound to.
    workspace(&place, "sun");
    ProjectFolder::new(&place, "crm").connection(
        "Links/crm.connection.json",
        "CRM",
        &json!("hubspot"),
    );
    let crm = pack(&place, "crm");
    ends(&place, 0, &["import", &crm, "--into", "local:sun"]);
    let account = reference("Links/crm.connection.json", "CRM");
    ProjectFolder::new(&place, "deals").recipe(
        "deal.recipe.json",
        "Deal",
        &[uses("salesforce", account.clone())],
    );
    let deals = pack(&place, "deals");
    let text = ends(&place, 0, &["plan", &deals, "--into", "local:sun"]);
    let expected =
        "choose a connection for `salesforce` in place of Links/CRM, which is for `hubspot`";
    assert!(text.stdout.contains(expected), "{}", text.stdout);
    assert!(
        text.stderr.contains("warning[connection-provider-differs]"),
        "{}",
        text.stderr
    );
    // One that fits is not told of.
    ProjectFolder::new(&place, "fits").recipe(
        "deal.recipe.json",
        "Deal",
        &[uses("hubspot", account)],
    );
    let fits = pack(&place, "fits");
    let plan = document(&place, 0, &["plan", &fits, "--into", "local:sun"]);
    assert_eq!(
        of_code(&plan, "connection-provider-differs"),
        [] as [&Value; 0]
    );
    assert_eq!(
        found(&place, "fits", "connection-other-application"),
        [""; 0]
    );
}

#[test]
fn a_matrix_shows_connections_of_another_application_and_rows_that_would_go() {
    let place = Place::new();
    for create in [
        &["workspace", "create", "studio", "--kind", "admin"][..],
        &[
            "workspace",
            "create",
            "shop",
            "--kind",
            "customer",
            "--of",
            "studio",
        ],
    ] {
        done(&local(&place, create), create);
    }
    let project = ProjectFolder::new(&place, "before");
    project.connection("Links/crm.connection.json", "CRM", &json!("hubspot"));
    rates(&place, "before", Some(&many(7)));
    let before = pack_for(&place, "before", &["customer", "--catalog", "none"]);
    ends(
        &place,
        0,
        &["import", &before, "--into", "local:shop", "--yes"],
    );
    let account = reference("Links/crm.connection.json", "CRM");
    ProjectFolder::new(&place, "after").recipe(
        "deal.recipe.json",
        "Deal",
        &[uses("salesforce", account)],
    );
    rates(&place, "after", Some("here,1\n"));
    let after = pack_for(&place, "after", &["customer", "--catalog", "none"]);
    let document = document(&place, 0, &["matrix", &after]);
    let cell = &document["customers"][0]["cells"][0];
    assert_eq!(cell["verdict"], "needs-permission");
    let because = cell["because"].to_string();
    assert!(because.contains("7 rows → 1"), "{because}");
    assert!(
        because.contains("is for `hubspot`, and recipes use it for `salesforce`"),
        "{because}"
    );
}

#[test]
fn assets_of_one_name_are_told_with_the_file_of_each() {
    let place = moon();
    let project = ProjectFolder::new(&place, "twice");
    for file in ["post", "post_copy"] {
        project.recipe(
            &format!("Mail/{file}.recipe.json"),
            "Post",
            &[uses("clock", Value::Null)],
        );
    }
    // The same name in another folder, and for another type, is no twin.
    project.recipe(
        "Other/post.recipe.json",
        "Post",
        &[uses("clock", Value::Null)],
    );
    project.json("Mail/post.agentic_skill.json", &json!({"name": "Post"}));
    let told = found(&place, "twice", "same-name");
    assert_eq!(
        told,
        ["2 assets of type recipe in folder \"Mail\" have the name \"Post\""]
    );
    let package = pack(&place, "twice");
    ends(&place, 0, &["import", &package, "--into", "local:moon"]);
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    let notes = of_code(&plan, "same-name")[0]["notes"].to_string();
    for file in ["Mail/post.recipe.json", "Mail/post_copy.recipe.json"] {
        assert!(
            notes.contains(&format!("`{file}` goes to number ")),
            "{notes}"
        );
    }
}

#[test]
fn a_recipe_of_the_name_of_a_new_one_is_named_with_its_folder() {
    let place = moon();
    let recipe = |project: &str, folder: &str| {
        let path = format!("{folder}/post.recipe.json");
        ProjectFolder::new(&place, project).recipe(&path, "Post", &[uses("clock", Value::Null)]);
        pack(&place, project)
    };
    let (before, after) = (recipe("before", "Mail"), recipe("after", "Archive"));
    ends(&place, 0, &["import", &before, "--into", "local:moon"]);
    let stands = ends(&place, 0, &["plan", &after, "--into", "local:moon"]);
    assert!(
        stands
            .stdout
            .contains("creates; \"Post\" stands in Mail/ too"),
        "{}",
        stands.stdout
    );
    ends(
        &place,
        0,
        &["recipe", "start", "Mail/Post", "--in", "local:moon"],
    );
    let runs = ends(&place, 0, &["plan", &after, "--into", "local:moon"]);
    assert!(
        runs.stdout.contains("creates; \"Post\" runs in Mail/ too"),
        "{}",
        runs.stdout
    );
    assert!(
        runs.stderr.contains("warning[recipe-elsewhere]"),
        "{}",
        runs.stderr
    );
    // What the package has in both folders is meant.
    recipe("both", "Mail");
    let both = recipe("both", "Archive");
    let plan = document(&place, 0, &["plan", &both, "--into", "local:moon"]);
    assert_eq!(of_code(&plan, "recipe-elsewhere"), [] as [&Value; 0]);

    // Over the API, where only a folder was read, nobody knows.
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "moon");
    let call = |into: &str| -> Value {
        let run: Run = command(
            &place,
            &sandbox.url,
            &token,
            &["plan", &after, "--into", into, "--json"],
        )
        .output()
        .expect("it starts")
        .into();
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        serde_json::from_str(&run.stdout).expect("a plan")
    };
    let whole = call(&sandbox.url);
    let states: Vec<_> = whole["assets"]
        .as_array()
        .expect("assets")
        .iter()
        .map(|a| &a["elsewhere"][0]["state"])
        .collect();
    assert_eq!(states, ["running"]);
    let part = call(&format!(
        "{}#folder={}",
        sandbox.url,
        folder_number(&place, "moon", "Mail")
    ));
    let told = of_code(&part, "recipe-elsewhere");
    let severities: Vec<_> = told.iter().map(|finding| &finding["severity"]).collect();
    // The one in the folder is known, and that others may be is told.
    assert_eq!(severities, ["warning", "note"], "{part}");
}

/// The number of a folder at the API.
fn folder_number(place: &Place, workspace: &str, folder: &str) -> u64 {
    let workspace = crate::support::workspaces::open(&place.path("p.db"), workspace);
    let numbers = workspace.folder_numbers().expect("folders");
    numbers[&folder.parse().expect("a folder")]
}

#[test]
fn what_travels_with_nobody_is_told() {
    let place = moon();
    // Three forms of a command: a number, plain text, a reference.
    let command = |value: Value| {
        step(
            1,
            "slack_bot",
            &json!({"blocks": [{"actions": [{"bot_command": value}]}]}),
        )
    };
    steps(&place, "number", &[command(json!("7755331"))]);
    assert_eq!(
        found(&place, "number", "raw-id"),
        ["step 1 `bot_command` is the number 7755331 of the source workspace, not a reference"]
    );
    steps(&place, "text", &[command(json!("report now"))]);
    steps(
        &place,
        "reference",
        &[command(reference("other.recipe.json", "Other"))],
    );
    for project in ["text", "reference"] {
        assert_eq!(found(&place, project, "raw-id"), [""; 0], "{project}");
    }

    ProjectFolder::new(&place, "gateway").json(
        "files.connection.json",
        &json!({"name": "Files", "provider": "onprem_files", "secure_gateway_tunnel_name": "Depot", "root_folder": false}),
    );
    assert_eq!(
        found(&place, "gateway", "on-prem-group"),
        ["the connection \"Files\" goes through the on-prem group \"Depot\""]
    );

    let mut picked = step(
        1,
        "jira",
        &json!({"project_id": "10023", "kind": "Bug", "reply": "200"}),
    );
    picked["dynamicPickListSelection"] =
        json!({"project_id": "Parcels", "kind": "Bug", "reply": "200 - OK"});
    steps(&place, "picked", std::slice::from_ref(&picked));
    assert_eq!(
        found(&place, "picked", "picked-value"),
        [
            "step 1 has `project_id` `10023`, picked as \"Parcels\" from a list of the source's account"
        ]
    );
    picked["skip"] = json!(true);
    steps(&place, "skipped", &[picked]);
    assert_eq!(found(&place, "skipped", "picked-value"), [""; 0]);
}

#[test]
fn a_step_without_its_connection_is_told_if_it_needs_one() {
    let place = Place::new();
    let mut skipped = step(2, "asana", &json!({}));
    skipped["skip"] = json!(true);
    let own = "parcel_connector_7_1700000000";
    steps(
        &place,
        "p",
        &[
            step(1, "jira", &json!({})),
            skipped,
            step(3, "logger", &json!({})),
            step(4, "workato_variable", &json!({})),
            step(5, own, &json!({})),
        ],
    );
    let told = found(&place, "p", "connection-not-chosen");
    assert_eq!(
        told,
        ["step 1 uses `jira`, for which no connection is chosen"]
    );
    // That a custom connector needs one shows where something connects to it.
    ProjectFolder::new(&place, "p").connection("parcel.connection.json", "Parcel", &json!(own));
    assert_eq!(found(&place, "p", "connection-not-chosen").len(), 2);
}

#[test]
fn properties_that_are_read_and_not_brought_are_told_and_so_are_values() {
    let place = moon();
    let reads = |formula: &str| step(1, "logger", &json!({"message": formula}));
    let pill = |kind: &str, name: &str| {
        format!("=_dp('{{\"pill_type\":\"{kind}\",\"property_name\":\"{name}\"}}')")
    };
    let text = format!(
        "Ship to #{{{}}}",
        &pill("account_property", "mail.region")[1..]
    );
    steps(
        &place,
        "p",
        &[
            reads(&pill("project_property", "mail.depot")),
            reads(&text),
            reads("=account_property('mail.host')"),
            reads(&pill("output", "none")),
        ],
    );
    ProjectFolder::new(&place, "p").json(
        "properties.project_properties.json",
        &json!({"data": {"mail.depot": null}}),
    );
    assert_eq!(
        found(&place, "p", "property-missing"),
        [
            "step 1 reads the property \"mail.region\", which is not in the package",
            "step 1 reads the property \"mail.host\", which is not in the package"
        ]
    );
    assert_eq!(found(&place, "p", "property-value"), [""; 0]);
    let package = pack(&place, "p");
    let plan = ends(&place, 0, &["plan", &package, "--into", "local:moon"]).stdout;
    assert!(
        plan.contains("the package does not bring: mail.host, mail.region"),
        "{plan}"
    );

    let secret = "zq8-Kp2w-Lm5v-7Rt";
    ProjectFolder::new(&place, "v").json(
        "account_properties.properties.json",
        &json!({"mail.host": "https://mail.example.com", "mail.token": secret, "mail.none": null}),
    );
    assert_eq!(
        found(&place, "v", "property-value"),
        ["2 properties have values: `mail.host`, `mail.token`"]
    );
    assert_eq!(found(&place, "v", "suspected-credential").len(), 1);
    let run = local(&place, &["check", "v", "-v"]);
    assert!(
        !format!("{}{}", run.stdout, run.stderr).contains(secret),
        "{}",
        run.stderr
    );
}

#[test]
fn rows_and_columns_that_can_t_be_what_was_meant_are_told() {
    let place = Place::new();
    rates(&place, "uneven", Some("a,1\nb\nc,2,3\n"));
    assert_eq!(
        found(&place, "uneven", "malformed-rows"),
        [
            "record 2 of the lookup table \"Rates\" has 1 cell where the table has 2 columns, and 1 more are like that"
        ]
    );
    rates(&place, "open", Some("a,1\n\"b\n"));
    assert_eq!(
        found(&place, "open", "malformed-rows"),
        [
            "the rows of the lookup table \"Rates\" are not CSV: in record 2 a quotation mark is never closed"
        ]
    );
    rates(&place, "sound", Some(&many(3)));
    assert_eq!(found(&place, "sound", "malformed-rows"), [""; 0]);
    // What is left out does not matter.
    let run = local(
        &place,
        &[
            "check",
            "open",
            "--for",
            "external",
            "--rows",
            "leave-out",
            "--json",
        ],
    );
    assert!(!run.stdout.contains("malformed-rows"), "{}", run.stdout);

    let column = |id: &str, title: &str, read_only: bool| json!({"id": id, "title": title, "type": "short-text", "read_only": read_only, "hidden": false});
    let by_hand = "00000000-1111-2222-3333-444444444444";
    let table = json!({"name": "Depots", "project_name": "Mail", "schema": [
        column("11fbe9a6-a16d-4d7e-86ea-afe42ec03005", "Record ID", true),
        column(by_hand, "Record ID", true),
        column(by_hand, "Created", true),
        // Somebody's own column may be called so.
        column(by_hand, "Created", false),
    ]});
    ProjectFolder::new(&place, "columns").json("Depots/depots.workato_db_table.json", &table);
    let told = found(&place, "columns", "system-column");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn a_plan_tells_what_the_target_has_to_have() {
    let place = moon();
    ProjectFolder::new(&place, "bot")
        .json(
            "files.connection.json",
            &json!({"name": "Files", "provider": "on_prem_files", "secure_gateway_tunnel_name": "Branch office", "root_folder": false}),
        )
        .recipe_with(
            "menu.recipe.json",
            "Menu",
            &[uses("slack_bot", Value::Null)],
            &code(&[step(1, "slack_bot", &json!({"bot_command": "2897412"}))]),
        );
    let package = pack(&place, "bot");
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    for told in ["on-prem-group", "raw-id", "connection-not-chosen"] {
        assert_eq!(of_code(&plan, told).len(), 1, "{told}: {plan}");
    }
    // A package that needs none of it says none of it.
    rates(&place, "tables", Some(&many(3)));
    let package = pack(&place, "tables");
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    assert_eq!(plan["findings"], json!([]));
}

#[test]
fn skills_and_servers_that_are_there_are_told() {
    let place = moon();
    ProjectFolder::new(&place, "ai")
        .json(
            "ask.agentic_skill.json",
            &json!({"name": "Ask", "trigger_description": "Asks"}),
        )
        .json(
            "desk.mcp_server.json",
            &json!({"name": "Desk", "description": "", "tools": []}),
        );
    let package = pack(&place, "ai");
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    assert_eq!(of_code(&plan, "not-taken-twice"), [] as [&Value; 0]);
    ends(&place, 0, &["import", &package, "--into", "local:moon"]);
    let plan = document(&place, 0, &["plan", &package, "--into", "local:moon"]);
    assert_eq!(of_code(&plan, "not-taken-twice").len(), 2);
}

#[test]
fn notes_about_one_thing_are_one_note_in_every_form_and_can_be_allowed_as_one() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "many");
    let names = ["CRM", "Desk", "Mail", "Shop"];
    for number in 0..54 {
        let config: Vec<Value> = names
            .iter()
            .map(|name| {
                uses(
                    "salesforce",
                    reference(&format!("Links/{name}.connection.json"), name),
                )
            })
            .collect();
        project.recipe(
            &format!("Main/r{number:02}.recipe.json"),
            &format!("R{number}"),
            &config,
        );
    }
    let check = |options: &[&str]| {
        local(
            &place,
            &[&["check", "many", "--for", "external"], options].concat(),
        )
    };
    let document: Value = serde_json::from_str(&check(&["--json"]).stdout).expect("a document");
    let told = of_code(&document, "dangling-connection");
    assert_eq!(told.len(), 4);
    for (finding, name) in told.iter().zip(names) {
        let message = finding["message"].as_str().expect("a message");
        assert!(
            message.contains(&format!("\"{name}\"")) && message.ends_with("(54 places)"),
            "{message}"
        );
        assert_eq!(finding["file"], "Main/r00.recipe.json");
        let notes = finding["notes"].to_string();
        assert!(
            notes.contains("also in `Main/r01.recipe.json`")
                && notes.contains("and in 50 more places"),
            "{notes}"
        );
    }
    assert_eq!(document["counts"]["notes"], 4);
    assert_eq!(
        check(&["-v"])
            .stderr
            .matches("note[dangling-connection]")
            .count(),
        4
    );
    check(&["--report", "sarif=out.sarif"]);
    let sarif = std::fs::read_to_string(place.path("out.sarif")).expect("a report");
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(
        results
            .iter()
            .filter(|r| r["ruleId"] == "dangling-connection")
            .count(),
        4
    );

    // Allowed as one, it goes as one, and it stays allowed when there are more places or fewer.
    let fingerprint = told[0]["fingerprint"].as_str().expect("a fingerprint");
    let manifest = format!(
        "[package]\nproject = \"many\"\n[[allow]]\ncode = \"dangling-connection\"\nfingerprint = \"{fingerprint}\"\nreason = \"It is there.\"\n"
    );
    place.write("recipack.toml", &manifest);
    let allowed = |expected: usize| {
        let run = local(&place, &["check", "--for", "external", "--json"]);
        let document: Value = serde_json::from_str(&run.stdout).expect("a document");
        assert_eq!(
            of_code(&document, "dangling-connection").len(),
            expected,
            "{}",
            run.stderr
        );
        assert_eq!(of_code(&document, "allowance-unused").len(), 0);
    };
    allowed(3);
    for number in 1..54 {
        std::fs::remove_file(place.path(&format!("many/Main/r{number:02}.recipe.json")))
            .expect("removed");
    }
    allowed(3);
}
