//! Custom connectors, and sharing them.

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, number};
use crate::support::sandbox::{Sandbox, partner};

const SOURCE: &str = "{ title: 'Pallets', connection: { fields: [] }, actions: { lift: {} } }";

fn result(answer: &Value) -> &Value {
    &answer["data"]
}

#[test]
fn a_connector_is_created_changed_released_and_shared() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    let new = json!({"title": "Pallets", "code": SOURCE, "note": "the first", "description": "d"});
    let made = studio.post("/api/custom_connectors", &new).is(200).json();
    let made = result(&made);
    assert!(
        made["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("pallets_connector_48213_"))
    );
    assert_eq!(made["latest_released_version"], Value::Null);
    let path = format!("/api/custom_connectors/{}", made["id"]);
    let post = |rest: &str| studio.ask("POST", &format!("{path}/{rest}"), Sent::Nothing);
    studio.post("/api/custom_connectors", &new).is(400);
    post("share").is(400);
    post("oem_share/1").is(400);
    post("release").is(200);
    post("oem_share/2").is(400);
    post("oem_share/0").is(400);
    post("oem_share/x").is(404);
    post("oem_share/1").is(200);
    let shared = |flag| {
        studio.get(&format!(
            "/api/custom_connectors?title=Pallets&oem_shared={flag}"
        ))
    };
    assert_eq!(shared(true)["result"][0]["oem_shared_version"], 1);
    let since = shared(true)["result"][0]["oem_shared_at"].clone();
    assert!(
        since.as_str().is_some_and(|at| at > "2020"),
        "when it was shared: {since}"
    );
    assert_eq!(shared(false)["result"], json!([]));

    let second = SOURCE.replace("lift: {}", "lift: {}, drop: {}");
    let update = json!({"code": second, "note": "the second"});
    let told = studio.ask("PUT", &path, Sent::Json(&update)).is(200).json();
    // Only a search tells the newest version; these answers know released ones.
    assert_eq!(result(&told)["latest_version"], Value::Null);
    assert_eq!(result(&told)["latest_released_version"], 1);
    let code = studio.get(&format!("{path}/code"));
    assert_eq!(code["data"]["code"], SOURCE, "the released one");
    post("release").is(200);
    assert_eq!(studio.get(&format!("{path}/code"))["data"]["code"], second);
    let now = studio.get(&path);
    let now = &now["result"];
    assert_eq!(now["latest_released_version"], 2);
    assert_eq!(now["latest_released_version_note"], "the second");
    assert_eq!(now["oem_shared_version"], 1, "until it is switched");
    let versions: Vec<u64> = now["released_versions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|version| number(&version["version"]))
        .collect();
    assert_eq!(versions, [2, 1]);
    post("share_oem_version/2").is(200);
    assert_eq!(studio.get(&path)["result"]["oem_shared_version"], 2);
    let suppress = format!("{path}/suppress_oem_version");
    studio.ask("DELETE", &suppress, Sent::Nothing).is(200);
    assert_eq!(
        studio.get(&path)["result"]["oem_shared_version"],
        Value::Null
    );
    studio.ask("DELETE", &suppress, Sent::Nothing).is(404);
    post("share").is(200);
    assert_eq!(studio.get(&path)["result"]["oem_shared_version"], 2);
}

#[test]
fn what_no_connector_can_be_is_refused() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    for wrong in [
        json!({"title": "Pallets"}),
        json!({"title": "", "code": SOURCE}),
        json!({"title": 1, "code": SOURCE}),
        json!({"title": "Pallets", "code": SOURCE, "logo": "no base64!"}),
        json!({"title": "Pallets", "code": SOURCE, "logo": "bm8gcGljdHVyZQ=="}),
        json!("Pallets"),
    ] {
        studio.post("/api/custom_connectors", &wrong).is(400);
    }
    for path in [
        "/api/custom_connectors/999999",
        "/api/custom_connectors/999999/code",
    ] {
        studio.ask("GET", path, Sent::Nothing).is(404);
    }
    let update = json!({"code": SOURCE});
    studio
        .ask("PUT", "/api/custom_connectors/999999", Sent::Json(&update))
        .is(404);
    // What can't be parsed can be saved, and not released.
    let broken = json!({"title": "Broken", "code": "{ title: 'Broken', actions: {"});
    let made = studio.post("/api/custom_connectors", &broken);
    if made.status == 200 {
        let path = format!(
            "/api/custom_connectors/{}/release",
            made.json()["data"]["id"]
        );
        studio.ask("POST", &path, Sent::Nothing).is(400);
    } else {
        made.is(400);
    }
}

#[test]
fn only_an_admin_shares() {
    let place = crate::sandbox::stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Asker::of(&place, &sandbox, "osprey");
    let found = osprey.get("/api/custom_connectors?title=Parcel");
    let connector = &found["result"][0];
    assert_eq!(
        connector.get("oem_shared_version"),
        None,
        "that is for admins"
    );
    let path = format!("/api/custom_connectors/{}", connector["id"]);
    osprey
        .ask("POST", &format!("{path}/oem_share/1"), Sent::Nothing)
        .is(403);
    let suppress = format!("{path}/suppress_oem_version");
    osprey.ask("DELETE", &suppress, Sent::Nothing).is(403);
    let search = osprey.get("/api/custom_connectors/search?title=parcel");
    assert_eq!(search["result"], json!([]), "capitals count");
    osprey
        .ask("GET", "/api/custom_connectors/search", Sent::Nothing)
        .is(400);
}
