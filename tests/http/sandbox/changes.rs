//! What requests change: connections, recipes, folders, projects, endpoints and customers; and what
//! they may not.

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, all, entries, here, number, stocked};
use crate::support::sandbox::{Sandbox, partner};

impl Asker {
    #[track_caller]
    fn put(&self, path: &str, body: &Value) -> crate::sandbox::Answer {
        self.ask("PUT", path, Sent::Json(body))
    }

    #[track_caller]
    fn delete(&self, path: &str) -> crate::sandbox::Answer {
        self.ask("DELETE", path, Sent::Nothing)
    }

    /// The recipe of this name.
    #[track_caller]
    fn recipe(&self, name: &str) -> Value {
        let recipes = self.get("/api/recipes");
        found(&recipes["items"], name)
    }

    /// The connection of this name.
    #[track_caller]
    fn connection(&self, name: &str) -> Value {
        found(&self.get("/api/connections"), name)
    }

    /// The files that leave with a folder.
    #[track_caller]
    fn leaving(&self, place: &crate::sandbox::Place, folder: u64) -> Vec<(String, Value)> {
        let job = self.export(folder);
        let link = job["download_url"].as_str().expect("a link");
        let zip = self.ask("GET", link.trim_start_matches(&self.url), Sent::Nothing);
        let files = entries(place, &zip.is(200).bytes).into_iter();
        files
            .filter(|(path, _)| path.ends_with(".json"))
            .map(|(path, bytes)| (path, serde_json::from_slice(&bytes).expect("JSON")))
            .collect()
    }
}

#[track_caller]
fn found(list: &Value, name: &str) -> Value {
    let mut list = list.as_array().expect("a list").iter();
    let found = list.find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

#[track_caller]
fn file<'f>(files: &'f [(String, Value)], end: &str) -> &'f Value {
    let found = files.iter().find(|(path, _)| path.ends_with(end));
    let names: Vec<_> = files.iter().map(|(path, _)| path).collect();
    &found.unwrap_or_else(|| panic!("no {end} in {names:?}")).1
}

const SUCCESS: &str = r#"{"success":true}"#;
const FAILURE: &str = r#"{"success":false}"#;

#[test]
fn a_connection_is_renamed_and_moved_and_its_recipes_follow() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let warehouse = asker.folder("Warehouse");
    let id = number(&asker.connection("Carrier rates")["id"]);
    let path = format!("/api/connections/{id}");
    let told = asker
        .put(
            &path,
            &json!({"name": "Rates & fees", "folder_id": warehouse}),
        )
        .is(200)
        .json();
    assert_eq!(told["name"], "Rates & fees");
    assert_eq!(told["folder_id"], warehouse);
    assert_eq!(told["provider"], "rest", "its application stays");
    let files = asker.leaving(&place, warehouse);
    let connection = file(&files, "rates_fees.connection.json");
    assert_eq!(connection["name"], "Rates & fees");
    assert_eq!(connection["root_folder"], false);
    let recipe = file(&files, "quote_shipping.recipe.json");
    assert_eq!(
        recipe["config"][1]["account_id"]["zip_name"],
        "rates_fees.connection.json"
    );
    // To Home, and what may not be.
    asker
        .put(&path, &json!({"folder_id": asker.home()}))
        .is(200);
    let files = asker.leaving(&place, warehouse);
    assert_eq!(
        file(&files, "rates_fees.connection.json")["root_folder"],
        true
    );
    let taken = json!({"name": "Notices mailbox"});
    let told = asker.put(&path, &taken).is(400).json();
    assert_eq!(told["errors"]["name"], json!(["has already been taken"]));
    asker.put(&path, &json!({"name": " "})).is(400);
    asker.put(&path, &json!({"folder_id": 999_999})).is(404);
    assert_eq!(asker.connection("Rates & fees")["folder_id"], asker.home());
}

#[test]
fn a_connection_has_a_parent_and_an_external_id_and_is_found_by_them() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let parent = number(&asker.connection("Carrier rates")["id"]);
    let mailbox = number(&asker.connection("Notices mailbox")["id"]);
    let new = json!({
        "name": "Rates of K", "provider": "rest", "parent_id": parent, "external_id": "K-1",
    });
    let made = asker.post("/api/connections", &new).is(200).json();
    assert_eq!(made["parent_id"], parent);
    assert_eq!(made["external_id"], "K-1");
    let found = |query: &str| {
        let list = asker.get(&format!("/api/connections?{query}"));
        all(&list, "name")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&format!("parent_id={parent}")), ["Rates of K"]);
    assert_eq!(found("external_id=K-1"), ["Rates of K"]);
    assert!(found(&format!("parent_id={mailbox}")).is_empty());
    assert!(found("external_id=K-2").is_empty());
    let path = format!("/api/connections/{}", made["id"]);
    asker.put(&path, &json!({"external_id": "K-2"})).is(200);
    assert_eq!(found("external_id=K-2"), ["Rates of K"]);
    let other = json!({"name": "X", "provider": "rest", "parent_id": mailbox});
    let told = asker.post("/api/connections", &other).is(400).json();
    assert_eq!(
        told["errors"]["parent_id"],
        json!(["is one of another application"])
    );
    let nobody = json!({"parent_id": 999_999});
    asker.put(&path, &nobody).is(400);
    asker.put(&path, &json!({"parent_id": made["id"]})).is(400);
    // What is kept beside the platform's file outlives the sandbox.
    assert_eq!(sandbox.signal("TERM"), 143);
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    assert_eq!(asker.connection("Rates of K")["external_id"], "K-2");
    // Of which others are made, it stays.
    let told = asker
        .delete(&format!("/api/connections/{parent}"))
        .is(400)
        .json();
    assert_ne!(told["message"], Value::Null);
    asker.delete(&path).is(200);
    assert!(asker.get(&format!("/api/connections?parent_id={parent}")) == json!([]));
}

#[test]
fn a_connection_goes_once_it_is_disconnected_and_nothing_uses_it() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let id = number(&asker.connection("Parcel Tracker account")["id"]);
    let path = format!("/api/connections/{id}");
    asker.put(&path, &json!({"input": {"key": "k"}})).is(200);
    let label = asker.recipe("Return label")["id"].clone();
    let start = format!("/api/recipes/{label}/start");
    assert_eq!(
        asker.ask("PUT", &start, Sent::Nothing).is(200).json()["success"],
        true
    );
    let disconnect = format!("{path}/disconnect");
    let told = asker.ask("POST", &disconnect, Sent::Nothing).is(400).json();
    let runs = "recipe \"Warehouse/Orders/Return label\" runs with it; stop that first";
    assert_eq!(told["message"], runs);
    let told = asker.delete(&path).is(400).json();
    assert_eq!(told["message"], "it is connected; disconnect it first");
    let stop = format!("/api/recipes/{label}/stop");
    asker.ask("PUT", &stop, Sent::Nothing).is(200);
    for _ in 0..2 {
        let told = asker.ask("POST", &disconnect, Sent::Nothing).is(200);
        assert_eq!(told.json().to_string(), SUCCESS);
        let told = asker.connection("Parcel Tracker account");
        assert_eq!(told["authorization_status"], Value::Null);
    }
    let told = asker.delete(&path).is(400).json();
    let message = told["message"].as_str().expect("text");
    assert!(message.ends_with("\" uses it"), "{message}");
    let unused = json!({"name": "Unused", "provider": "rest"});
    let unused = asker.post("/api/connections", &unused).is(200).json();
    let path = format!("/api/connections/{}", unused["id"]);
    assert_eq!(asker.delete(&path).is(200).json().to_string(), SUCCESS);
    asker.delete(&path).is(404);
    asker
        .ask("POST", &format!("{path}/disconnect"), Sent::Nothing)
        .is(404);
    // Recipes are no connections.
    asker.delete(&format!("/api/connections/{label}")).is(404);
}

#[test]
fn a_stopped_recipe_gets_another_connection() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let warehouse = asker.folder("Warehouse");
    let recipe = asker.recipe("Quote shipping");
    let old = number(&asker.connection("Carrier rates")["id"]);
    assert_eq!(recipe["config"][1]["account_id"], old);
    assert_eq!(recipe["config"][0]["account_id"], Value::Null);
    let new = json!({"name": "Rates (test)", "provider": "rest", "folder_id": warehouse, "input": {"k": "v"}});
    let new = number(&asker.post("/api/connections", &new).is(200).json()["id"]);
    let path = format!("/api/recipes/{}", recipe["id"]);
    let connect = format!("{path}/connect");
    let body = json!({"adapter_name": "rest", "connection_id": new});
    assert_eq!(
        asker.put(&connect, &body).is(200).json().to_string(),
        SUCCESS
    );
    let told = asker.get(&path);
    assert_eq!(told["config"][1]["account_id"], new);
    assert_eq!(told["version_no"], number(&recipe["version_no"]) + 1);
    // Again, it is the same: no version more.
    asker.put(&connect, &body).is(200);
    assert_eq!(asker.get(&path)["version_no"], told["version_no"]);
    let files = asker.leaving(&place, warehouse);
    let left = file(&files, "quote_shipping.recipe.json");
    assert_eq!(left["config"][1]["account_id"]["name"], "Rates (test)");
    assert_eq!(
        left["code"],
        serde_json::from_str::<Value>(told["code"].as_str().expect("text")).expect("JSON")
    );

    let mailbox = asker.connection("Notices mailbox")["id"].clone();
    for (body, status) in [
        (
            json!({"adapter_name": "rest", "connection_id": mailbox}),
            400,
        ),
        (
            json!({"adapter_name": "gmail", "connection_id": mailbox}),
            400,
        ),
        (
            json!({"adapter_name": "rest", "connection_id": 999_999}),
            400,
        ),
        (json!({"adapter_name": "rest"}), 400),
    ] {
        asker.put(&connect, &body).is(status);
    }
    asker.put("/api/recipes/999999/connect", &body).is(404);
    let start = asker
        .ask("PUT", &format!("{path}/start"), Sent::Nothing)
        .is(200);
    assert_eq!(start.json()["success"], true);
    let told = asker.put(&connect, &body).is(400).json();
    assert_eq!(told["message"], "the recipe runs; stop it first");
}

#[test]
fn recipes_are_created_changed_and_copied() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let warehouse = asker.folder("Warehouse");
    let rates = asker.connection("Carrier rates")["id"].clone();
    let code = json!({"number": 0, "provider": "clock", "name": "scheduled_event", "keyword": "trigger", "block": []});
    let config = json!([
        {"keyword": "application", "provider": "clock", "account_id": null},
        {"keyword": "application", "provider": "rest", "account_id": rates},
    ]);
    let new = json!({"recipe": {
        "name": "By hand", "code": code.to_string(), "config": config.to_string(),
        "folder_id": warehouse.to_string(),
    }});
    let made = asker.post("/api/recipes", &new).is(200).json();
    assert_eq!(made["success"], true);
    let path = format!("/api/recipes/{}", made["id"]);
    let told = asker.get(&path);
    assert_eq!(told["config"][1]["account_id"], rates);
    assert_eq!(told["folder_id"], warehouse);
    assert_eq!(told["applications"], json!(["clock", "rest"]));
    assert_eq!(told["running"], false);
    let told = asker.post("/api/recipes", &new).is(400).json();
    assert_eq!(told["errors"]["name"], json!(["has already been taken"]));
    for (field, value, wrong) in [
        ("config", "[{\"account_id\": 999999}]", "config"),
        ("config", "{}", "config"),
        ("code", "[]", "code"),
        ("code", "{", "code"),
        ("name", "", "name"),
        ("folder_id", "x", "folder_id"),
    ] {
        let mut other = json!({"name": "Other", "code": "{}"});
        other[field] = value.into();
        let told = asker
            .post("/api/recipes", &json!({"recipe": other}))
            .is(400)
            .json();
        assert!(told["errors"][wrong].is_array(), "{field}: {told}");
    }

    // It is changed in parts.
    let change = json!({"recipe": {"name": "By my hand", "description": "Mine"}});
    assert_eq!(
        asker.put(&path, &change).is(200).json().to_string(),
        SUCCESS
    );
    let told = asker.get(&path);
    assert_eq!(told["name"], "By my hand");
    assert_eq!(told["description"], "Mine");
    assert_eq!(told["version_no"], 2);
    assert_eq!(told["config"][1]["account_id"], rates, "it stays");
    let versions = asker.get(&format!("{path}/versions"));
    let numbers: Vec<u64> = versions["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| number(&one["version_no"]))
        .collect();
    assert_eq!(numbers, [2, 1]);
    let one = format!("{path}/versions/{}", versions["data"][1]["id"]);
    assert_eq!(asker.get(&one)["data"], versions["data"][1]);
    asker
        .ask("GET", &format!("{path}/versions/1"), Sent::Nothing)
        .is(404);
    assert_eq!(asker.get(&format!("{path}/jobs"))["items"], json!([]));
    asker
        .ask("GET", &format!("{path}/jobs/j-AB12"), Sent::Nothing)
        .is(404);

    // A copy has all that its original has.
    let home = json!({"folder_id": asker.home()});
    let copied = asker.post(&format!("{path}/copy"), &home).is(200).json();
    let copy = asker.get(&format!("/api/recipes/{}", copied["new_flow_id"]));
    assert_eq!(copy["name"], "Copy of By my hand");
    assert_eq!(copy["folder_id"], asker.home());
    assert_eq!(copy["config"], told["config"]);
    asker.post(&format!("{path}/copy"), &home).is(400);
    asker
        .post(&format!("{path}/copy"), &json!({"folder_id": 999_999}))
        .is(404);

    // What its steps refer to, they still do once they came back.
    let costs = asker.recipe("Post freight costs");
    let path = format!("/api/recipes/{}", costs["id"]);
    let same = json!({"recipe": {"code": costs["code"], "description": "As before"}});
    asker.put(&path, &same).is(200);
    let files = asker.leaving(&place, warehouse);
    let left = file(&files, "post_freight_costs.recipe.json").to_string();
    assert!(
        left.contains(r#""zip_name":"Functions/quote_shipping.recipe.json""#),
        "{left}"
    );

    // What runs stays as it is.
    for connection in asker.get("/api/connections").as_array().expect("a list") {
        let path = format!("/api/connections/{}", connection["id"]);
        asker.put(&path, &json!({"input": {"k": "v"}})).is(200);
    }
    let label = asker.recipe("Return label");
    let path = format!("/api/recipes/{}", label["id"]);
    asker
        .ask("PUT", &format!("{path}/start"), Sent::Nothing)
        .is(200);
    let refused = asker.put(&path, &json!({"recipe": {"name": "X"}})).is(200);
    assert_eq!(refused.json().to_string(), FAILURE);
    assert_eq!(asker.get(&path)["name"], "Return label");
}

#[test]
fn a_recipe_that_others_call_stays() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let called = format!("/api/recipes/{}", asker.recipe("Quote shipping")["id"]);
    assert_eq!(asker.delete(&called).is(200).json().to_string(), FAILURE);
    let caller = format!("/api/recipes/{}", asker.recipe("Post freight costs")["id"]);
    assert_eq!(asker.delete(&caller).is(200).json().to_string(), SUCCESS);
}

#[test]
fn recipes_are_found_by_when_they_changed_and_told_with_their_tags() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let count = |query: &str| {
        let list = asker.get(&format!("/api/recipes?{query}"));
        list["items"].as_array().expect("a list").len()
    };
    let every = count("");
    assert_eq!(count("updated_after=2020-01-01T00:00:00Z"), every);
    assert_eq!(count("updated_after=2020-01-01T00:00:00-08:00"), every);
    assert_eq!(count("updated_after=2100-01-01T00:00:00Z"), 0);
    assert_eq!(count("order=activity"), every);
    assert_eq!(count("order=default"), every);
    for query in [
        "updated_after=yesterday",
        "updated_after=2020-01-01",
        "order=name",
        "includes%5B%5D=jobs",
        "stop_cause=fire",
        "stopped_after=never",
    ] {
        asker
            .ask("GET", &format!("/api/recipes?{query}"), Sent::Nothing)
            .is(400);
    }
    let plain = asker.recipe("Post freight costs");
    assert_eq!(plain.get("tags"), None);
    let tagged = asker.get("/api/recipes?includes%5B%5D=tags");
    assert_eq!(
        found(&tagged["items"], "Post freight costs")["tags"],
        json!(["release"])
    );
    assert_eq!(found(&tagged["items"], "Return label")["tags"], json!([]));
    let connections = asker.get("/api/connections?includes%5B%5D=tags");
    assert_eq!(found(&connections, "Carrier rates")["tags"], json!([]));
    assert_eq!(asker.connection("Carrier rates")["tags"], Value::Null);

    // A change is a change, also where no import makes it.
    let before = plain["updated_at"].as_str().expect("a time").to_owned();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let path = format!("/api/recipes/{}", plain["id"]);
    asker
        .put(&path, &json!({"recipe": {"description": "Other"}}))
        .is(200);
    let list = asker.get(&format!("/api/recipes?updated_after={before}"));
    assert_eq!(all(&list["items"], "name"), ["Post freight costs"]);
    assert_eq!(asker.get(&path)["created_at"], plain["created_at"]);
}

#[test]
fn folders_go_empty_and_projects_with_all_that_is_in_them() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let warehouse = asker.folder("Warehouse");
    let orders = asker.folder("Warehouse/Orders");
    let told = asker
        .delete(&format!("/api/folders/{orders}"))
        .is(403)
        .json();
    assert_eq!(told["message"], "Cannot destroy folder: it is not empty");
    let told = asker
        .delete(&format!("/api/folders/{warehouse}"))
        .is(403)
        .json();
    assert_eq!(told["message"], "Cannot destroy folder: it is not empty");
    let told = asker
        .delete(&format!("/api/folders/{}", asker.home()))
        .is(403)
        .json();
    assert_eq!(told["message"], "Cannot destroy folder: it is Home");
    let new = json!({"name": "Returns", "parent_id": warehouse});
    let new = asker.post("/api/folders", &new).is(200).json();
    let path = format!("/api/folders/{}", new["id"]);
    assert_eq!(asker.delete(&path).is(200).json().to_string(), SUCCESS);
    asker.delete(&path).is(404);

    // A project stays while something of it runs, or is used from elsewhere.
    let project = asker.get("/api/projects")[0].clone();
    let path = format!("/api/projects/{}", project["id"]);
    asker.delete(&format!("/api/projects/{warehouse}")).is(404);
    let told = asker.delete(&path).is(403).json();
    let message = told["message"].as_str().expect("text");
    assert!(
        message.starts_with("Cannot destroy folder: API endpoint \"Order status\" uses "),
        "{message}"
    );

    // One of its own goes whole.
    let other = asker
        .post("/api/folders", &json!({"name": "Aside"}))
        .is(200)
        .json();
    let below = json!({"name": "Below", "parent_id": other["id"]});
    let below = asker.post("/api/folders", &below).is(200).json();
    let rates = json!({"name": "Aside rates", "provider": "rest", "folder_id": below["id"], "input": {"k": "v"}});
    let rates = asker.post("/api/connections", &rates).is(200).json();
    let config = json!([{"keyword": "application", "provider": "rest", "account_id": rates["id"]}]);
    let recipe = json!({"recipe": {
        "name": "Aside", "code": "{\"provider\":\"rest\"}", "config": config.to_string(), "folder_id": other["id"],
    }});
    let recipe = asker.post("/api/recipes", &recipe).is(200).json()["id"].clone();
    let start = |what: &str| {
        let path = format!("/api/recipes/{recipe}/{what}");
        asker.ask("PUT", &path, Sent::Nothing).is(200).json()["success"].clone()
    };
    let path = format!("/api/projects/{}", other["project_id"]);
    asker
        .post(
            &format!("/api/properties?project_id={}", other["project_id"]),
            &json!({"properties": {"a": "1"}}),
        )
        .is(200);
    assert_eq!(start("start"), true);
    let told = asker.delete(&path).is(403).json();
    assert_eq!(
        told["message"],
        "Cannot destroy folder: recipe \"Aside/Aside\" runs"
    );
    assert_eq!(start("stop"), true);
    let before = asker.get("/api/recipes");
    assert_eq!(asker.delete(&path).is(200).json().to_string(), SUCCESS);
    asker.delete(&path).is(404);
    assert_eq!(all(&asker.get("/api/projects"), "name"), ["Warehouse"]);
    let after = asker.get("/api/recipes");
    let (before, after) = (all(&before["items"], "name"), all(&after["items"], "name"));
    assert_eq!(after.len() + 1, before.len());
    assert!(!after.contains(&"Aside"));
    // Another one of its name begins empty.
    let again = asker
        .post("/api/folders", &json!({"name": "Aside"}))
        .is(200)
        .json();
    let properties = format!("/api/properties?prefix=&project_id={}", again["project_id"]);
    assert_eq!(asker.get(&properties), json!({}));
}

#[test]
fn endpoints_are_enabled_while_their_recipe_runs() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let endpoints = asker.get("/api/api_endpoints");
    let one = found(&endpoints, "Order status");
    let recipe = asker.recipe("Order status");
    assert_eq!(one["flow_id"], recipe["id"]);
    assert_eq!(one["path"], "order-status");
    assert_eq!(one["active"], false);
    let collection = number(&one["api_collection_id"]);
    let of = asker.get(&format!(
        "/api/api_endpoints?api_collection_id={collection}"
    ));
    assert_eq!(of, endpoints);
    let none = asker.get("/api/api_endpoints?api_collection_id=999999");
    assert_eq!(none, json!([]));
    let switch = |what: &str| {
        let path = format!("/api/api_endpoints/{}/{what}", one["id"]);
        asker
            .ask("PUT", &path, Sent::Nothing)
            .is(200)
            .json()
            .to_string()
    };
    let active = || found(&asker.get("/api/api_endpoints"), "Order status")["active"].clone();
    assert_eq!(switch("enable"), FAILURE, "its recipe does not run");
    assert_eq!(active(), false);
    let start = format!("/api/recipes/{}/start", recipe["id"]);
    assert_eq!(
        asker.ask("PUT", &start, Sent::Nothing).is(200).json()["success"],
        true
    );
    assert_eq!(active(), false, "nobody enabled it");
    assert_eq!(switch("enable"), SUCCESS);
    assert_eq!(active(), true);
    assert_eq!(switch("disable"), SUCCESS);
    assert_eq!(active(), false);
    for what in ["enable", "disable"] {
        let path = format!("/api/api_endpoints/{}/{what}", recipe["id"]);
        asker.ask("PUT", &path, Sent::Nothing).is(404);
    }
    asker.post("/api/api_endpoints", &json!({})).is(405);
}

#[test]
fn the_platforms_connectors_are_those_that_are_used_or_shared() {
    let place = partner();
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
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "kestrel");
    let told = asker.get("/api/integrations/all?page=1&per_page=100");
    let names = all(&told["items"], "name");
    for name in [
        "clock",
        "gmail",
        "rest",
        "parcel_tracker_connector_48213_1701388800",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert_eq!(told["count"], names.len());
    let own = asker.get("/api/custom_connectors");
    for name in all(&own["result"], "name") {
        assert!(!names.contains(&name), "{name} is the workspace's own");
    }
    let shared = found(&told["items"], "parcel_tracker_connector_48213_1701388800");
    assert_eq!(shared["title"], "Parcel Tracker");
    assert!(!all(&shared["actions"], "name").is_empty(), "{shared}");
    let clock = found(&told["items"], "clock");
    assert!(
        all(&clock["triggers"], "name").contains(&"scheduled_event"),
        "{clock}"
    );
    let page = asker.get("/api/integrations/all?page=2&per_page=1");
    assert_eq!(all(&page["items"], "name"), [names[1]]);
    assert_eq!(page["page"], 2);
    let other = Asker::of(&place, &sandbox, "osprey");
    assert_eq!(other.get("/api/integrations/all")["items"], json!([]));
}

#[test]
fn a_customer_is_named_otherwise_and_goes_with_its_token() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    for (name, external) in [("plover", "P-1"), ("heron", "H-1")] {
        let new =
            json!({"name": name, "notification_email": "p@localhost", "external_id": external});
        studio.post("/api/managed_users", &new).is(200);
    }
    let told = studio.put("/api/managed_users/EP-1", &json!({"external_id": "P-2"}));
    assert_eq!(told.is(200).json()["result"]["external_id"], "P-2");
    studio
        .ask("GET", "/api/managed_users/EP-1", Sent::Nothing)
        .is(404);
    let path = "/api/managed_users/EP-2";
    let told = studio
        .put(path, &json!({"external_id": "H-1"}))
        .is(400)
        .json();
    assert_eq!(
        told["errors"]["external_id"],
        json!(["has already been taken"])
    );
    studio.put(path, &json!({"name": "plover"})).is(200);
    let told = studio.put(path, &json!({"name": "Sandpiper & Sons"}));
    assert_eq!(told.is(200).json()["result"]["name"], "Sandpiper & Sons");
    assert_eq!(studio.get(path)["result"]["name"], "Sandpiper & Sons");
    let told = studio.put(path, &json!({"name": " "})).is(400).json();
    assert_eq!(told["errors"]["name"], json!(["can't be blank"]));
    let told = studio
        .put(path, &json!({"plan_id": "other"}))
        .is(400)
        .json();
    assert_eq!(
        told["errors"]["plan_id"],
        json!(["is not kept by this sandbox"])
    );

    // While recipes of it run, it stays.
    let code = json!({"recipe": {"name": "R", "code": "{\"provider\":\"clock\"}"}});
    let made = studio
        .post(&format!("{path}/recipes"), &code)
        .is(200)
        .json();
    let recipe = format!("{path}/recipes/{}", made["id"]);
    studio
        .ask("PUT", &format!("{recipe}/start"), Sent::Nothing)
        .is(200);
    let told = studio.delete(path).is(400).json();
    assert_eq!(
        told["message"],
        "recipes of the customer run: 1; stop them first"
    );
    studio
        .ask("PUT", &format!("{recipe}/stop"), Sent::Nothing)
        .is(200);
    let plover = Asker::of(&place, &sandbox, "plover");
    assert_eq!(plover.get("/api/users/me")["name"], "plover");
    assert_eq!(studio.delete(path).is(200).json().to_string(), SUCCESS);
    studio.delete(path).is(404);
    plover.ask("GET", "/api/users/me", Sent::Nothing).is(401);
    // The next one of its name is another one.
    let new = json!({"name": "plover", "notification_email": "p@localhost"});
    studio.post("/api/managed_users", &new).is(200);
    plover.ask("GET", "/api/users/me", Sent::Nothing).is(401);
    // Only its admin deletes it.
    let osprey = Asker::of(&place, &sandbox, "osprey");
    osprey.delete("/api/managed_users/EH-1").is(404);
}

#[test]
fn a_customers_connections_are_changed_by_its_admin() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    let path = "/api/managed_users/EK-1/connections";
    let new = json!({"name": "Dock", "provider": "rest", "external_id": "D", "input": {"k": "v"}});
    let made = studio.post(path, &new).is(200).json();
    let one = format!("{path}/{}", made["result"]["id"]);
    let told = studio.put(&one, &json!({"name": "Pier"})).is(200).json();
    assert_eq!(told["result"]["name"], "Pier");
    assert_eq!(told["result"]["external_id"], "D");
    studio.delete(&one).is(400);
    studio
        .ask("POST", &format!("{one}/disconnect"), Sent::Nothing)
        .is(200);
    studio.delete(&one).is(200);
    assert_eq!(studio.get(path)["result"], json!([]));
    // Which connection a customer's recipe uses is not changed this way.
    let connect = "/api/managed_users/EK-1/recipes/1/connect";
    studio
        .put(
            connect,
            &json!({"adapter_name": "rest", "connection_id": 1}),
        )
        .is(404);
}
