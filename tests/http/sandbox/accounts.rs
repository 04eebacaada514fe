//! Tokens, folders, customers, connections and properties.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, all, number, stocked, store};
use crate::support::sandbox::{Sandbox, local, partner, token};

#[test]
fn each_workspace_has_a_token_that_only_its_owner_can_read() {
    let place = partner();
    let studio = token(&place, "studio");
    assert!(
        studio.starts_with("wrksandbox-") && studio.len() > 40,
        "{studio}"
    );
    assert_eq!(token(&place, "studio"), studio, "it stays");
    assert_ne!(token(&place, "osprey"), studio);
    let file = store(&place).join("tokens.json");
    let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&store(&place)), 0o700);
    let run = local(&place, &["sandbox", "--token", "nobody"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.is_empty(), "{}", run.stdout);

    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "studio");
    let me = asker.get("/api/users/me");
    assert_eq!(me["name"], "studio");
    assert_eq!(me["id"], 48213);
    // A token that is made while the sandbox runs counts at once.
    let kestrel = Asker::of(&place, &sandbox, "kestrel");
    assert_eq!(kestrel.get("/api/users/me")["name"], "kestrel");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
    let run = local(&place, &["sandbox", "--token", "studio"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("may be read by others"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
    assert!(!run.stderr.contains(&studio));
}

#[test]
fn tokens_that_are_made_at_once_are_all_kept() {
    let place = partner();
    let names = ["studio", "kestrel", "osprey"];
    let tokens = std::thread::scope(|scope| {
        let threads = names.map(|name| scope.spawn(|| token(&place, name)));
        threads.map(|thread| thread.join().expect("a token"))
    });
    for (name, made) in names.into_iter().zip(tokens) {
        assert_eq!(token(&place, name), made, "{name}");
    }
}

#[test]
fn folders_are_listed_and_created() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let home = asker.home();
    let projects = asker.get("/api/projects?page=1&per_page=100");
    assert_eq!(all(&projects, "name"), ["Warehouse"]);
    let folders = asker.get("/api/folders");
    assert_eq!(all(&folders, "name"), ["Warehouse"], "those of Home");
    assert_eq!(folders[0]["is_project"], true);
    assert_eq!(folders[0]["parent_id"], home);

    let project = asker
        .post("/api/folders", &json!({"name": "Returns"}))
        .is(200)
        .json();
    assert_eq!(project["is_project"], true);
    assert_ne!(project["project_id"], project["id"]);
    let listed = asker.get("/api/projects");
    let listed = listed.as_array().expect("a list").iter();
    let ids: Vec<_> = listed
        .filter(|one| one["folder_id"] == project["id"])
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&project["project_id"]]);
    let body = json!({"name": "Labels", "parent_id": project["id"]});
    let folder = asker.post("/api/folders", &body).is(200).json();
    assert_eq!(folder["is_project"], false);
    assert_eq!(folder["project_id"], project["project_id"]);
    let path = format!("/api/folders?parent_id={}", project["id"]);
    assert_eq!(all(&asker.get(&path), "name"), ["Labels"]);
    assert_eq!(asker.folder("Returns/Labels"), number(&folder["id"]));

    asker.post("/api/folders", &body).is(400);
    asker.post("/api/folders", &json!({"name": ""})).is(400);
    asker.post("/api/folders", &json!({"name": 1})).is(400);
    asker
        .post("/api/folders", &json!({"name": "X", "parent_id": 999_999}))
        .is(404);
    asker
        .ask("GET", "/api/folders?parent_id=999999", Sent::Nothing)
        .is(404);
    asker
        .ask("GET", "/api/folders?parent_id=-1", Sent::Nothing)
        .is(400);
}

#[test]
fn lists_come_in_pages() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    for name in ["a", "b", "c", "d", "e"] {
        asker.post("/api/folders", &json!({"name": name})).is(200);
    }
    let page = |number| asker.get(&format!("/api/projects?per_page=2&page={number}"));
    assert_eq!(all(&page(1), "name"), ["a", "b"]);
    assert_eq!(all(&page(3), "name"), ["e"]);
    assert_eq!(page(4), json!([]));
    assert_eq!(all(&page(0), "name"), ["a", "b"]);
}

#[test]
fn customers_are_reached_by_number_and_by_external_id_with_their_admins_token_only() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    let customers = studio.get("/api/managed_users");
    assert_eq!(all(&customers["result"], "name"), ["kestrel"]);
    let id = number(&customers["result"][0]["id"]);
    for handle in [id.to_string(), "EK-1".to_owned(), "EK%2D1".to_owned()] {
        let customer = studio.get(&format!("/api/managed_users/{handle}"));
        assert_eq!(customer["result"]["name"], "kestrel", "{handle}");
        let projects = studio.get(&format!("/api/managed_users/{handle}/projects"));
        assert_eq!(projects["result"], json!([]), "{handle}");
    }
    for handle in ["EK-2", "K-1", "kestrel", "48213", "0", "%00", "E"] {
        let path = format!("/api/managed_users/{handle}/projects");
        studio.ask("GET", &path, Sent::Nothing).is(404);
    }
    for other in ["kestrel", "osprey"] {
        let other = Asker::of(&place, &sandbox, other);
        other
            .ask("GET", "/api/managed_users", Sent::Nothing)
            .is(403);
        let path = format!("/api/managed_users/{id}/recipes");
        other.ask("GET", &path, Sent::Nothing).is(404);
    }

    let new =
        json!({"name": "plover", "notification_email": "p@localhost", "external_id": "P/2 ä"});
    let made = studio.post("/api/managed_users", &new).is(200).json();
    assert_eq!(made["result"]["external_id"], "P/2 ä");
    let handle = "/api/managed_users/EP%2F2%20%C3%A4";
    assert_eq!(studio.get(handle)["result"]["name"], "plover");
    studio.post("/api/managed_users", &new).is(400);
    let folder = studio.post(&format!("{handle}/folders"), &json!({"name": "Inbox"}));
    folder.is(200);
    let folders = studio.get(&format!("{handle}/folders"));
    assert_eq!(all(&folders["result"], "name"), ["Inbox"]);
    let plover = Asker::of(&place, &sandbox, "plover");
    assert_eq!(
        all(&plover.get("/api/folders"), "name"),
        ["Inbox"],
        "its own"
    );
}

#[test]
fn connections_are_created_and_authorised() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let new = json!({"name": "Dock", "provider": "rest", "folder_id": folder});
    let made = asker.post("/api/connections", &new).is(200).json();
    assert_eq!(made["authorization_status"], Value::Null);
    assert_eq!(made["folder_id"], folder);
    asker.post("/api/connections", &new).is(400);
    let path = format!("/api/connections/{}", made["id"]);
    let update = json!({"input": {"key": "a secret of 5 kg"}});
    let told = asker.ask("PUT", &path, Sent::Json(&update)).is(200).json();
    assert_eq!(told["authorization_status"], "success");
    asker
        .ask("PUT", "/api/connections/999999", Sent::Json(&update))
        .is(404);

    // One of a custom connector leaves with it, as any other does.
    let connectors = asker.get("/api/custom_connectors?title=Parcel");
    let provider = &connectors["result"][0]["name"];
    let new = json!({
        "name": "Parcels, too", "provider": provider, "folder_id": folder, "input": {"key": "x"},
    });
    let made = asker.post("/api/connections", &new).is(200).json();
    assert_eq!(made["authorization_status"], "success");
    let there = asker.get(&format!("/api/connections?folder_id={folder}"));
    assert!(all(&there, "name").contains(&"Parcels, too"), "{there}");
    let job = asker.export(folder);
    let link = job["download_url"].as_str().expect("a link");
    let zip = asker.ask("GET", link.trim_start_matches(&asker.url), Sent::Nothing);
    let entries = crate::sandbox::entries(&place, &zip.is(200).bytes);
    let (_, file) = entries
        .iter()
        .find(|(path, _)| path.ends_with("parcels_too.connection.json"))
        .expect("the connection");
    let file: Value = serde_json::from_slice(file).expect("JSON");
    let adapter = file["provider"]["zip_name"].as_str().expect("a reference");
    assert!(entries.contains_key(adapter), "{adapter}");
    let whole = format!("{entries:?}");
    assert!(!whole.contains("a secret of 5 kg"));
}

#[test]
fn values_of_properties_are_kept() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let named = asker.get("/api/properties?prefix=");
    let (name, value) = named
        .as_object()
        .and_then(|map| map.iter().next())
        .expect("one");
    assert_eq!(value, "", "values don't travel");
    let set = json!({"properties": {name: "7", "of_ours": "8"}});
    asker.post("/api/properties", &set).is(200);
    let project = number(&asker.get("/api/projects")[0]["id"]);
    let path = format!("/api/properties?project_id={project}");
    asker
        .post(&path, &json!({"properties": {"of_project": "9"}}))
        .is(200);
    let check = |asker: &Asker| {
        let told = asker.get("/api/properties?prefix=");
        assert_eq!(told[name], "7");
        assert_eq!(told["of_ours"], "8");
        assert_eq!(told.get("of_project"), None);
        let told = asker.get("/api/properties?prefix=of_our");
        assert_eq!(told, json!({"of_ours": "8"}));
        let told = asker.get(&format!("{path}&prefix=of_"));
        assert_eq!(told, json!({"of_project": "9"}));
    };
    check(&asker);
    assert_eq!(sandbox.signal("TERM"), 143);
    let sandbox = Sandbox::of(&place, &[]);
    check(&Asker::of(&place, &sandbox, "osprey"));
    let asker = Asker::of(&place, &sandbox, "osprey");
    asker.ask("GET", "/api/properties", Sent::Nothing).is(400);
    asker
        .ask(
            "GET",
            "/api/properties?prefix=a&project_id=999999",
            Sent::Nothing,
        )
        .is(404);
}
