//! Settings that put a connection of the target in place of the package's: what is sent is an edited
//! copy, the reviewed package stays as it is, and the receipt has the digests of both.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::settings::{Runs, SETTINGS, got, holds_no_secret, partner, recipes};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::support::project::ProjectFolder;
use crate::support::sandbox::{Sandbox, done, local};
use crate::support::{Place, entries};

const LINES: [&str; 4] = [
    "export own --for customer --catalog none -o own.zip",
    "import own.zip --into local:kestrel",
    "connection authorize Main --in local:kestrel",
    "connection authorize Mailbox --in local:kestrel",
];

/// A partner's customer that has connections of its own, of which one is for another application.
fn kestrel() -> Place {
    let place = partner();
    ProjectFolder::new(&place, "own")
        .connection("Shared/main.connection.json", "Main", &json!("salesforce"))
        .connection("Shared/mailbox.connection.json", "Mailbox", &json!("gmail"))
        .connection("twins/twin.connection.json", "Twin", &json!("salesforce"))
        .connection("others/twin.connection.json", "Twin", &json!("salesforce"));
    for line in LINES {
        let words: Vec<&str> = line.split(' ').collect();
        done(&local(&place, &words), &words);
    }
    uses(&place, "\"Shared/Main\"");
    place
}

fn uses(place: &Place, used: &str) {
    let text = SETTINGS.replace(
        "{ fill-in = \"the token of this customer's ERP\" }",
        &format!("{{ use = {used} }}"),
    );
    place.write("settings.toml", &text);
}

fn words<'a>(command: &'a str, into: &'a str) -> Vec<&'a str> {
    vec![
        command,
        "p.zip",
        "--into",
        into,
        "--settings",
        "settings.toml",
    ]
}

fn imported(runs: &impl Runs, into: &str) -> Value {
    let words = [&words("import", into)[..], &["--json"]].concat();
    serde_json::from_str(&runs.told(0, &words).stdout).expect("JSON")
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What became of the package's own connection.
fn binding(document: &Value) -> Value {
    let actions = document["settings"]["actions"].as_array().expect("actions");
    let mut actions = actions.iter();
    let found = actions.find(|action| action["subject"] == "connection");
    let action = found.expect("an action");
    json!([action["name"], action["effect"], action["to"]])
}

/// Imports twice: recipes run with the connection that the target has, and the package's is not made.
fn story(place: &Place, runs: &impl Runs, at: &str) -> String {
    let before = std::fs::read(place.path("p.zip")).expect("there");
    let planned = runs.told(0, &words("plan", at));
    let line = "  * connection   Desk/Orders/ERP  binds to Shared/Main\n";
    assert!(planned.stdout.contains(line), "{}", planned.stdout);
    assert!(
        planned.stdout.contains(" 1 to bind, "),
        "{}",
        planned.stdout
    );
    assert!(
        !planned.stdout.contains("creates a placeholder")
            && !planned.stdout.contains("authorize the connection"),
        "{}",
        planned.stdout
    );
    let first = imported(runs, at);
    assert_eq!(
        binding(&first),
        json!(["ERP", "binds", "Shared/Main"]),
        "{at}"
    );
    let sent = &first["receipt"]["sent"];
    assert_eq!(sent["package"], sha256(&before), "{at}");
    let run = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(
        recipes(runs, at),
        [
            run("A post", "running"),
            run("Quote", "running"),
            run("Sketch", "stopped")
        ],
        "only the other connection is authorized"
    );
    let again = imported(runs, at);
    assert_eq!(
        (binding(&again), &again["receipt"]["revision"]),
        (json!(["ERP", "keeps", "Shared/Main"]), &Value::Null),
        "{at}"
    );
    assert_eq!(
        std::fs::read(place.path("p.zip")).expect("there"),
        before,
        "what was reviewed stays as it is"
    );
    sent["copy"].as_str().expect("a digest").to_owned()
}

#[test]
fn recipes_run_with_the_targets_own_connection_in_the_local_platform() {
    let place = kestrel();
    let copy = story(&place, &&place, "local:kestrel");
    assert_eq!(copy.len(), 64);
    holds_no_secret(&place);
    // What the platform would export of it names the other connection.
    let arguments = ["workspace", "export", "local:kestrel", "-o", "out.zip"];
    done(&local(&place, &arguments), &arguments);
    let held = entries(&place.path("out.zip"));
    let recipe = held.get("Desk/Orders/quote.recipe.json").expect("exported");
    let recipe: Value = serde_json::from_slice(recipe).expect("JSON");
    assert_eq!(
        recipe["config"][0]["account_id"]["zip_name"],
        "Shared/main.connection.json"
    );
    assert!(!held.contains_key("Desk/Orders/erp.connection.json"));
}

#[test]
fn recipes_run_with_the_targets_own_connection_over_the_api() {
    let place = kestrel();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let uploads: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let seen = Arc::clone(&uploads);
    between.rule(move |asked, _| {
        if asked.method == "POST" && asked.path.contains("/packages/import")
            || asked.path.ends_with("/imports")
        {
            seen.lock().expect("not poisoned").push(asked.body.clone());
        }
        Fate::Passes
    });
    let studio = Caller::of(&place, &sandbox, "studio");
    let copy = story(&place, &studio.through(&between), "customer:kestrel");
    let uploads = uploads.lock().expect("not poisoned");
    let [upload] = &uploads[..] else {
        panic!("{} uploads: {:?}", uploads.len(), between.lines());
    };
    assert_eq!(copy, sha256(upload), "the receipt tells what was sent");
    std::fs::write(place.path("sent.zip"), upload).expect("written");
    let sent = entries(&place.path("sent.zip"));
    assert!(!sent.contains_key("Orders/erp.connection.json"));
    let packed = entries(&place.path("p.zip"));
    // Only what names the connection is another text, and only there.
    for (path, bytes) in &sent {
        let own = String::from_utf8_lossy(&packed[path]).into_owned();
        let text = String::from_utf8_lossy(bytes).into_owned();
        let told = own
            .replace("Orders/erp.connection.json", "Shared/main.connection.json")
            .replace("\"name\": \"ERP\"", "\"name\": \"Main\"")
            .replace("\"name\":\"ERP\"", "\"name\":\"Main\"");
        let of_account = |text: &str| {
            text.replace("\"folder\": \"Shared\"", "\"folder\": \"Orders\"")
                .replace("\"folder\":\"Shared\"", "\"folder\":\"Orders\"")
        };
        assert_eq!(of_account(&told), of_account(&text), "{path}");
    }
    assert_eq!(sent.len() + 1, packed.len());
    let own = Caller::of(&place, &sandbox, "kestrel");
    let names = got(&own, "/api/connections");
    let names = names.as_array().expect("connections").iter();
    let mut names: Vec<&str> = names.filter_map(|one| one["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Mailbox", "Main", "Twin", "Twin"]);
}

/// Over the API a connection is also known by the id that somebody gave it.
#[test]
fn a_connection_is_found_by_its_external_id() {
    let place = kestrel();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let own = Caller::of(&place, &sandbox, "kestrel");
    let connections = got(&own, "/api/connections");
    let connections = connections.as_array().expect("connections").iter();
    let mut connections = connections.filter(|one| one["name"] == "Main");
    let id = connections.next().expect("it is there")["id"].clone();
    let told = ureq::put(format!("{}/api/connections/{id}", own.url))
        .header("authorization", format!("Bearer {}", own.token))
        .send(json!({"external_id": "erp-1"}).to_string());
    assert_eq!(told.expect("an answer").status(), 200);
    uses(&place, "{ external-id = \"erp-1\" }");
    story(&place, &studio, "customer:kestrel");
    uses(&place, "{ external-id = \"erp-2\" }");
    let run = studio.told(3, &words("plan", "customer:kestrel"));
    assert!(run.stderr.contains("error[setting-connection-missing]: the settings bind the connection \"Orders/ERP\" to the external id \"erp-2\", and the workspace has no such connection"), "{}", run.stderr);
}

/// Each has its own message, and nothing is imported.
#[test]
fn a_connection_that_cannot_be_used_is_an_error() {
    let place = kestrel();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    for (used, told) in [
        (
            "\"Shared/Mian\"",
            "error[setting-connection-missing]: the settings bind the connection \"Orders/ERP\" to \"Shared/Mian\", and the workspace has no such connection",
        ),
        (
            "\"Twin\"",
            "error[setting-connection-missing]: the settings bind the connection \"Orders/ERP\" to \"Twin\", and the workspace has 2 of them",
        ),
        (
            "\"Mailbox\"",
            "error[setting-connection-differs]: the connection \"Desk/Orders/ERP\" is used for `salesforce`, and \"Shared/Mailbox\" is for `gmail`",
        ),
    ] {
        uses(&place, used);
        let local = (&place).told(3, &words("import", "local:kestrel"));
        let remote = studio.told(3, &words("import", "customer:kestrel"));
        for run in [local, remote] {
            assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
        }
    }
    // The same connection by two names.
    uses(&place, "\"Shared/Main\"");
    let text = std::fs::read_to_string(place.path("settings.toml")).expect("written");
    let text = text.replace("[all.recipes]", "ERP = \"person\"\n\n[all.recipes]");
    place.write("settings.toml", &text);
    let run = (&place).told(3, &words("import", "local:kestrel"));
    assert!(
        run.stderr.contains("and they name it by another name, too"),
        "{}",
        run.stderr
    );
    for (text, told) in [
        (
            "{ use = 3 }",
            "error[invalid-settings]: `use` should be a connection's name, its folder and name, or { external-id = \"ID\" }",
        ),
        (
            "{ use = { external = \"x\" } }",
            "error[invalid-settings]: `use` should be a connection's name",
        ),
        (
            "\"peron\"",
            "error[invalid-settings]: `ERP` should be \"person\", { fields = { … } } or { use = \"NAME\" }",
        ),
    ] {
        place.write(
            "settings.toml",
            &format!("[all.connections]\nERP = {text}\n"),
        );
        let run = (&place).told(1, &words("plan", "local:kestrel"));
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    assert_eq!(recipes(&&place, "local:kestrel"), Vec::new());
}
