//! Manifests, exports and imports.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, all, entries, here, number, package, stocked, store};
use crate::support::sandbox::{Sandbox, local, partner};

#[test]
fn an_export_holds_what_the_command_exports_and_its_link_leads_there_for_ten_seconds() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let job = asker.export(folder);
    assert_eq!(job["status"], "completed", "{job}");
    assert_eq!(job["operation_type"], "export");
    let link = job["download_url"].as_str().expect("a link").to_owned();
    assert!(link.contains("X-Amz-Expires=10"), "{link}");
    let below = link.strip_prefix(&asker.url).expect("here");
    let zip = asker.ask("GET", below, Sent::Nothing).is(200);
    assert_eq!(zip.headers["content-type"], "application/zip");
    let got = entries(&place, &zip.bytes);
    let options = [
        "workspace",
        "export",
        "osprey",
        "--folder",
        "Warehouse",
        "-o",
        "own.zip",
    ];
    here(&place, &options);
    assert_eq!(got, crate::support::entries(&place.path("own.zip")));

    let path = format!("/api/packages/{}/download", job["id"]);
    let redirect = asker.ask("GET", &path, Sent::Nothing).is(302);
    let location = redirect.headers["location"]
        .strip_prefix(&asker.url)
        .expect("here");
    let again = asker.ask("GET", location, Sent::Nothing).is(200);
    assert_eq!(again.bytes, zip.bytes);

    let other_job = below.replace(&format!("/{}.zip", job["id"]), "/9999.zip");
    let longer = below.replace("until=1", "until=2");
    let unsigned = below.split("&X-Amz-Signature").next().expect("a path");
    for wrong in [
        &other_job,
        &longer,
        unsigned,
        "/storage/packages/..%2ftokens.json",
    ] as [&str; 4]
    {
        assert_ne!(wrong, below);
        asker.ask("GET", wrong, Sent::Nothing).is(403);
    }
    asker.ask("DELETE", below, Sent::Nothing).is(405);
    thread::sleep(Duration::from_secs(12));
    asker.ask("GET", below, Sent::Nothing).is(403);
    let fresh = asker.get(&format!("/api/packages/{}", job["id"]));
    let fresh = fresh["download_url"].as_str().expect("a link");
    assert_ne!(fresh, link);
    asker
        .ask("GET", fresh.trim_start_matches(&asker.url), Sent::Nothing)
        .is(200);

    let studio = Asker::of(&place, &sandbox, "studio");
    studio.ask("GET", &path, Sent::Nothing).is(404);
    studio
        .ask(
            "GET",
            &format!("/api/packages/{}", job["id"]),
            Sent::Nothing,
        )
        .is(404);
}

#[test]
fn a_manifest_of_chosen_assets_is_exported_shown_changed_and_taken_away() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let there = asker.get(&format!(
        "/api/export_manifests/folder_assets?folder_id={folder}"
    ));
    let there = there["result"]["assets"].as_array().expect("assets");
    let chosen: Vec<&Value> = there
        .iter()
        .filter(|asset| {
            ["custom_adapter", "lookup_table"].contains(&asset["type"].as_str().unwrap_or_default())
        })
        .collect();
    assert!(chosen.len() > 2, "{there:?}");
    let manifest = json!({"export_manifest": {
        "name": "Some of it", "folder_id": folder, "assets": chosen,
    }});
    let made = asker
        .post("/api/export_manifests", &manifest)
        .is(201)
        .json();
    let made = &made["result"];
    assert_eq!(made["status"], "working");
    let path = format!("/api/export_manifests/{}", made["id"]);
    assert_eq!(asker.get(&path)["result"]["name"], "Some of it");
    let export = format!("/api/packages/export/{}", made["id"]);
    let job = asker.ask("POST", &export, Sent::Nothing).is(200).json();
    let job = asker.wait(&format!("/api/packages/{}", job["id"]));
    let link = job["download_url"].as_str().expect("a link");
    let zip = asker
        .ask("GET", link.trim_start_matches(&asker.url), Sent::Nothing)
        .is(200);
    let got = entries(&place, &zip.bytes);
    let wanted = all(&json!(chosen), "zip_name").len();
    let main = |path: &&String| path.ends_with(".json");
    assert_eq!(got.keys().filter(main).count(), wanted, "{:?}", got.keys());
    assert!(
        got.keys().any(|path| path.ends_with(".custom_adapter.rb")),
        "with all files"
    );
    assert_ne!(asker.get(&path)["result"]["last_exported_at"], Value::Null);

    let renamed = json!({"export_manifest": {
        "name": "All of it", "folder_id": folder, "auto_generate_assets": true,
    }});
    let told = asker.ask("PUT", &path, Sent::Json(&renamed)).is(200).json();
    assert_eq!(told["result"]["name"], "All of it");
    let studio = Asker::of(&place, &sandbox, "studio");
    studio.ask("GET", &path, Sent::Nothing).is(404);
    studio.ask("DELETE", &path, Sent::Nothing).is(404);
    asker.ask("DELETE", &path, Sent::Nothing).is(200);
    asker.ask("GET", &path, Sent::Nothing).is(404);
    asker.ask("POST", &export, Sent::Nothing).is(404);

    for wrong in [
        json!({"export_manifest": {"name": "", "auto_generate_assets": true}}),
        json!({"export_manifest": {"name": "None"}}),
        json!({"export_manifest": {"name": "Odd", "assets": [{"id": 999_999, "type": "recipe"}]}}),
        json!({"export_manifest": {"folder_id": folder}}),
        json!([]),
    ] {
        asker.post("/api/export_manifests", &wrong).is(400);
    }
    let elsewhere = json!({"export_manifest": {
        "name": "X", "folder_id": 999_999, "auto_generate_assets": true,
    }});
    asker.post("/api/export_manifests", &elsewhere).is(404);
}

#[test]
fn an_import_does_what_the_command_does() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker
        .post("/api/folders", &json!({"name": "Warehouse"}))
        .is(200)
        .json();
    let folder = number(&folder["id"]);
    let zip = package(&place, "external.zip");
    let job = asker.import(folder, "restart_recipes=false&include_tags=true", &zip);
    assert_eq!(job["status"], "completed", "{job}");
    let recipes = job["recipe_status"].as_array().expect("recipes");
    assert!(recipes.len() > 5);
    for recipe in recipes {
        assert_eq!(
            recipe["import_result"],
            "no_update_or_updated_without_restart"
        );
    }
    // The command has nothing more to do there.
    let plan = [
        "plan",
        "external.zip",
        "--into",
        "local:osprey",
        "--folder",
        "Warehouse",
        "--detailed-exitcode",
    ];
    let run = local(&place, &plan);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // What was sent can be had again.
    let link = job["download_url"].as_str().expect("a link");
    let sent = asker
        .ask("GET", link.trim_start_matches(&asker.url), Sent::Nothing)
        .is(200);
    assert_eq!(sent.bytes, zip);
}

#[test]
fn running_recipes_are_updated_only_if_that_is_said() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    here(
        &place,
        &["connection", "authorize", "--all", "--in", "local:osprey"],
    );
    here(
        &place,
        &["recipe", "start", "Quote shipping", "--in", "local:osprey"],
    );
    let file = "partner/Functions/quote_shipping.recipe.json";
    let text = std::fs::read_to_string(place.path(file)).expect("a recipe");
    let edited = text.replacen("\"description\": \"", "\"description\": \"Anew: ", 1);
    assert_ne!(text, edited);
    place.write(file, &edited);
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    here(
        &place,
        &[
            "export",
            "partner",
            "--for",
            "external",
            "--catalog",
            catalogue,
            "-o",
            "new.zip",
        ],
    );
    let zip = package(&place, "new.zip");
    let path = format!("/api/packages/import/{folder}");
    let refused = asker.ask("POST", &path, Sent::Package(&zip)).is(400).json();
    let told = refused["error"].as_str().expect("an error");
    assert!(told.contains("running recipe"), "{told}");
    let recipes = asker.get("/api/recipes?running=true");
    assert_eq!(all(&recipes["items"], "name"), ["Quote shipping"]);
    let id = number(&recipes["items"][0]["id"]);
    let version = number(&recipes["items"][0]["version_no"]);

    let job = asker.import(folder, "restart_recipes=true", &zip);
    assert_eq!(job["status"], "completed", "{job}");
    let status = job["recipe_status"].as_array().expect("recipes");
    let result = |id| {
        status
            .iter()
            .find(|one| one["id"] == id)
            .map(|one| &one["import_result"])
    };
    assert_eq!(result(id), Some(&json!("restarted")));
    let now = asker.get(&format!("/api/recipes/{id}"));
    assert_eq!(number(&now["version_no"]), version + 1);
    assert_eq!(now["running"], true);
}

#[test]
fn imports_that_cannot_be_are_refused_in_the_platforms_words() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let before = asker.get("/api/recipes?exclude_code=true");
    let import = |path: &str, bytes: &[u8]| asker.ask("POST", path, Sent::Package(bytes));
    let here = format!("/api/packages/import/{folder}");
    let zip = package(&place, "external.zip");
    for (bytes, word) in [
        (&b"no zip"[..], "not a zip"),
        (&[], ""),
        (&zip[..zip.len() / 2], ""),
    ] {
        let told = import(&here, bytes).is(400).json();
        let told = told["error"].as_str().expect("an error").to_owned();
        assert!(told.contains(word), "{told}");
        let place = place.folder.path().display().to_string();
        assert!(!told.contains(&place), "{told}");
    }
    import("/api/packages/import/999999", &zip).is(404);
    import("/api/packages/import/-1", &zip).is(404);
    import("/api/packages/import/abc", &zip).is(404);
    import(&format!("{here}?restart_recipes=perhaps"), &zip).is(400);
    let home = asker.home();
    for wrong in ["0", "999999", "x", &home.to_string()] {
        import(&format!("{here}?folder_id_for_home_assets={wrong}"), &zip).is(400);
    }
    asker
        .ask("GET", "/api/packages/999999", Sent::Nothing)
        .is(404);
    asker
        .ask("GET", "/api/packages/999999/download", Sent::Nothing)
        .is(404);
    assert_eq!(asker.get("/api/recipes?exclude_code=true"), before);
    let left = std::fs::read_dir(store(&place).join("jobs")).expect("readable");
    assert_eq!(left.count(), 0, "nothing is kept of them");
}

#[test]
fn a_customer_is_imported_into_and_exported_from_by_its_admin() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    let customer = "/api/managed_users/EK-1";
    let made = studio
        .post(&format!("{customer}/folders"), &json!({"name": "Shop"}))
        .is(200);
    let folder = number(&made.json()["id"]);
    let zip = package(&place, "customer.zip");
    studio
        .ask("POST", &format!("{customer}/imports"), Sent::Package(&zip))
        .is(400);
    let path = format!("{customer}/imports?folder_id={folder}&restart_recipes=true");
    let job = studio
        .ask("POST", &path, Sent::Package(&zip))
        .is(200)
        .json();
    let job = studio.wait(&format!("{customer}/imports/{}", job["id"]));
    assert_eq!(job["status"], "completed", "{job}");
    // It is the customer's, and no one else's.
    studio
        .ask(
            "GET",
            &format!("/api/packages/{}", job["id"]),
            Sent::Nothing,
        )
        .is(404);
    let kestrel = Asker::of(&place, &sandbox, "kestrel");
    kestrel.get(&format!("/api/packages/{}", job["id"]));
    let recipes = studio.get(&format!("{customer}/recipes"));
    assert!(
        recipes["result"]
            .as_array()
            .is_some_and(|list| list.len() > 5)
    );
    let connections = studio.get(&format!("{customer}/connections"));
    assert!(
        connections["result"][0]["provider"].is_string(),
        "{connections}"
    );

    let manifest = json!({"export_manifest": {
        "name": "M", "folder_id": folder, "auto_generate_assets": true,
    }});
    let manifests = format!("{customer}/export_manifests");
    let made = studio.post(&manifests, &manifest).is(201).json();
    let path = format!("{customer}/exports/{}", made["result"]["id"]);
    let job = studio.ask("POST", &path, Sent::Nothing).is(200).json();
    let path = format!("{customer}/exports/{}", job["result"]["id"]);
    let job = studio.wait(&path);
    assert_eq!(job["status"], "completed", "{job}");
    assert!(studio.get(&path)["result"].is_object(), "wrapped");
    let as_import = path.replace("/exports/", "/imports/");
    studio.ask("GET", &as_import, Sent::Nothing).is(404);
    let link = job["download_url"].as_str().expect("a link");
    let got = studio
        .ask("GET", link.trim_start_matches(&studio.url), Sent::Nothing)
        .is(200);
    let got = entries(&place, &got.bytes);
    assert!(got.len() > 10, "{:?}", got.keys());
}

#[test]
fn packages_of_old_jobs_are_forgotten() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    asker
        .post("/api/folders", &json!({"name": "Empty"}))
        .is(200);
    let folder = asker.folder("Empty");
    place.write(
        "small/project.json",
        "{\"description\": \"\", \"color\": \"blue\", \"icon\": \"\"}",
    );
    place.write(
        "small/t.workato_template.json",
        "{\"name\": \"T\", \"schema\": [], \"content\": \"x\"}",
    );
    here(
        &place,
        &["export", "small", "--for", "external", "-o", "small.zip"],
    );
    let zip = package(&place, "small.zip");
    let mut first = None;
    let mut last = 0;
    for _ in 0..210 {
        let job = asker.import(folder, "", &zip);
        assert_eq!(job["status"], "completed", "{job}");
        last = number(&job["id"]);
        first.get_or_insert(last);
    }
    let first = first.expect("a job");
    let path = |id| format!("/api/packages/{id}/download");
    asker.ask("GET", &path(last), Sent::Nothing).is(302);
    asker.ask("GET", &path(first), Sent::Nothing).is(404);
    assert_eq!(
        asker.get(&format!("/api/packages/{first}"))["status"],
        "completed"
    );
    let kept = std::fs::read_dir(store(&place).join("jobs")).expect("readable");
    let kept = kept.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().ends_with(".zip")
    });
    assert_eq!(kept.count(), 200);
}
