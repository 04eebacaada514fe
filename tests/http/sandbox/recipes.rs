//! Recipes: finding, starting, stopping, taking away.

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, all, here, number, stocked};
use crate::support::sandbox::Sandbox;

fn ids(list: &Value) -> Vec<u64> {
    let list = list["items"].as_array().expect("a list").iter();
    list.map(|recipe| number(&recipe["id"])).collect()
}

#[test]
fn recipes_are_found_by_what_is_asked_for_the_newest_first() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let found = |query: &str| asker.get(&format!("/api/recipes?{query}"));
    let every = ids(&found(""));
    assert!(every.len() > 5);
    assert!(every.is_sorted_by(|a, b| a > b), "{every:?}");
    assert_eq!(ids(&found("per_page=2&page=2")), every[2..4]);
    assert_eq!(ids(&found(&format!("since_id={}", every[2]))), every[3..]);
    assert!(ids(&found("running=true")).is_empty());
    assert_eq!(ids(&found("running=false")), every);
    assert!(ids(&found("stop_cause=trigger_errors_limit")).is_empty());
    assert!(ids(&found("stopped_after=2020-01-01T00:00:00Z")).is_empty());
    let orders = asker.folder("Warehouse/Orders");
    let warehouse = asker.folder("Warehouse");
    let inside = ids(&found(&format!("folder_id={orders}")));
    assert!(!inside.is_empty() && inside.len() < every.len());
    let nothing = ids(&found(&format!("folder_id={warehouse}&running=true")));
    assert!(nothing.is_empty());
    let below = ids(&found(&format!(
        "folder_id={warehouse}&with_subfolders=true"
    )));
    assert_eq!(below, every);

    let connectors = asker.get("/api/custom_connectors");
    let names = connectors["result"].as_array().expect("a list").iter();
    let own = |title: &str| {
        let mut names = names.clone();
        let found = names.find(|one| one["title"] == title);
        found.expect("a connector")["name"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let parcels = own("Parcel Tracker");
    let users = found(&format!("adapter_names_any={parcels}"));
    assert!(
        all(&users["items"], "name").contains(&"Return label"),
        "{:?}",
        all(&users["items"], "name")
    );
    for recipe in users["items"].as_array().expect("a list") {
        let applications = recipe["applications"].as_array().expect("a list");
        assert!(applications.contains(&json!(parcels)));
    }
    let all_of = ids(&found(&format!("adapter_names_all={parcels},no_such_app")));
    assert!(all_of.is_empty());
    let any_of = ids(&found(&format!("adapter_names_any={parcels},no_such_app")));
    assert_eq!(any_of, ids(&users));

    let one = asker.get(&format!("/api/recipes/{}", every[0]));
    let code: Value = serde_json::from_str(one["code"].as_str().expect("text")).expect("JSON");
    assert!(code["provider"].is_string(), "{code}");
    let without = found("exclude_code=true");
    assert_eq!(without["items"][0]["code"], "");
    for (path, status) in [
        ("/api/recipes/999999", 404),
        ("/api/recipes?folder_id=999999", 404),
        ("/api/recipes?running=maybe", 400),
        ("/api/recipes?since_id=x", 400),
        ("/api/recipes?page=9007199254740992", 400),
    ] {
        asker.ask("GET", path, Sent::Nothing).is(status);
    }
    // A connection is no recipe.
    let connection = number(&asker.get("/api/connections")[0]["id"]);
    asker
        .ask("GET", &format!("/api/recipes/{connection}"), Sent::Nothing)
        .is(404);
    asker
        .ask(
            "DELETE",
            &format!("/api/recipes/{connection}"),
            Sent::Nothing,
        )
        .is(404);
}

#[test]
fn a_recipe_starts_once_its_connections_are_authorised() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let recipes = asker.get("/api/recipes");
    let recipes = recipes["items"].as_array().expect("a list");
    let id =
        |name: &str| number(&recipes.iter().find(|one| one["name"] == name).expect(name)["id"]);
    let put = |id: u64, what: &str| {
        let path = format!("/api/recipes/{id}/{what}");
        asker.ask("PUT", &path, Sent::Nothing).is(200).json()
    };
    let runs = |id: u64| asker.get(&format!("/api/recipes/{id}"))["running"] == true;
    let label = id("Return label");
    let told = put(label, "start");
    assert_eq!(told["success"], false, "{told}");
    assert!(
        told["config_errors"].to_string().contains("Parcel"),
        "{told}"
    );
    assert!(!runs(label));
    for connection in asker.get("/api/connections").as_array().expect("a list") {
        let path = format!("/api/connections/{}", connection["id"]);
        let input = json!({"input": {"key": "k"}});
        asker.ask("PUT", &path, Sent::Json(&input)).is(200);
    }
    assert_eq!(put(label, "start"), json!({"success": true}));
    assert!(runs(label));
    assert_eq!(
        put(label, "start"),
        json!({"success": true}),
        "it does already"
    );
    let path = format!("/api/recipes/{label}");
    let refused = asker.ask("DELETE", &path, Sent::Nothing).is(200).json();
    assert_eq!(refused, json!({"success": false}));
    assert_eq!(put(label, "stop"), json!({"success": true}));
    assert!(!runs(label));
    let gone = asker.ask("DELETE", &path, Sent::Nothing).is(200).json();
    assert_eq!(gone, json!({"success": true}));
    asker.ask("GET", &path, Sent::Nothing).is(404);
    asker
        .ask("PUT", &format!("{path}/start"), Sent::Nothing)
        .is(404);
    asker
        .ask("PUT", &format!("{path}/stop"), Sent::Nothing)
        .is(404);
}

#[test]
fn an_admin_operates_the_recipes_of_its_customers() {
    let place = crate::support::sandbox::partner();
    here(
        &place,
        &[
            "import",
            "customer.zip",
            "--into",
            "local:kestrel",
            "--folder",
            "Shop",
        ],
    );
    here(
        &place,
        &["connection", "authorize", "--all", "--in", "local:kestrel"],
    );
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    let shared = "parcel_tracker_connector_48213_1701388800";
    let path = format!("/api/managed_users/EK-1/recipes?adapter_names_any={shared}");
    let users = studio.get(&path);
    let users = users["result"].as_array().expect("a list");
    assert!(!users.is_empty(), "by the admin's own name");
    let id = number(&users[0]["id"]);
    let one = format!("/api/managed_users/EK-1/recipes/{id}");
    for (what, running) in [("start", true), ("stop", false)] {
        let told = studio
            .ask("PUT", &format!("{one}/{what}"), Sent::Nothing)
            .is(200);
        assert_eq!(told.json()["success"], true, "{what}");
        assert_eq!(studio.get(&one)["result"]["running"], running);
    }
    studio
        .ask("GET", &format!("/api/recipes/{id}"), Sent::Nothing)
        .is(404);
}
