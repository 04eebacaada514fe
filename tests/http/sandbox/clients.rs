//! Other clients, replayed: what they send is taken as the platform takes it (platform.md §5.4, §8,
//! §12).

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};

use crate::sandbox::{Asker, Sent, number, stocked};
use crate::support::sandbox::{Sandbox, partner};

/// A connector as the SDK's gem packs it: three files at the root whose names tell nothing, and no
/// number of a version.
fn gem(title: &str, source: &str) -> Vec<u8> {
    let json = json!({
        "title": title, "description": "# Weights", "note": null,
        "logo_file_name": "data", "logo_content_type": "image/png",
    });
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("connector.custom_adapter.rb", source.as_bytes()),
        ("connector.custom_adapter.json", json.to_string().as_bytes()),
        ("connector.custom_adapter.png", b"\x89PNG\r\n\x1a\n"),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).expect("started");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

const SOURCE: &str = "{ title: 'Scales', actions: { weigh: { execute: lambda { |_, i| i } } } }\n";

#[test]
fn the_sdks_gem_pushes_a_connector() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let path = format!("/api/packages/import/{}", asker.home());
    let push = |bytes: &[u8]| {
        let told = asker.ask("POST", &path, Sent::Zip(bytes)).is(200).json();
        assert_eq!(told["status"], "in_progress");
        assert_eq!(told["recipe_status"], json!([]));
        asker.wait(&format!("/api/packages/{}", told["id"]))
    };
    let scales = || {
        let list = asker.get("/api/custom_connectors?title=Scales");
        assert_eq!(list["result"].as_array().map(Vec::len), Some(1), "{list}");
        list["result"][0].clone()
    };
    let done = push(&gem("Scales", SOURCE));
    assert_eq!(done["status"], "completed", "{done}");
    let first = scales();
    assert_eq!(
        first["latest_released_version"], 1,
        "it is released at once"
    );
    let code = format!("/api/custom_connectors/{}/code", first["id"]);
    assert_eq!(asker.get(&code)["data"]["code"], SOURCE);

    // Other code is another version, the same code is none.
    let other = SOURCE.replace("weigh", "tare");
    assert_eq!(push(&gem("Scales", &other))["status"], "completed");
    assert_eq!(push(&gem("Scales", &other))["status"], "completed");
    let second = scales();
    assert_eq!(second["latest_released_version"], 2);
    assert_eq!(second["name"], first["name"]);
    assert_eq!(asker.get(&code)["data"]["code"], other);

    // A refusal says which file, which the gem takes off, or is an error of its own.
    let told = asker
        .ask("POST", &path, Sent::Zip(b"no zip"))
        .is(400)
        .json();
    assert!(told["error"].is_string(), "{told}");
}

#[test]
fn a_client_that_doubles_slashes_exports_and_imports() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let manifest = json!({"export_manifest": {
        "name": "All of it", "folder_id": folder, "auto_generate_assets": true,
    }});
    let made = asker
        .post("/api//export_manifests/", &manifest)
        .is(201)
        .json();
    let path = format!("/api//packages//export//{}/", made["result"]["id"]);
    let job = asker.ask("POST", &path, Sent::Nothing).is(200).json();
    let path = format!("/api//packages/{}//", job["id"]);
    assert_eq!(asker.wait(&path)["status"], "completed");
    let path = format!("/api/packages//{}//download", job["id"]);
    let moved = asker.ask("GET", &path, Sent::Nothing).is(302);
    let link = moved.headers["location"].replacen("/storage/", "//storage//", 1);
    let link = link.strip_prefix(&asker.url).expect("one of the sandbox's");
    let package = asker.ask("GET", link, Sent::Nothing).is(200).bytes;
    let new = json!({"name": "Again"});
    let again = number(&asker.post("/api//folders//", &new).is(200).json()["id"]);
    let path = format!("/api//packages//import//{again}/?restart_recipes=False&include_tags=True");
    let job = asker
        .ask("POST", &path, Sent::Package(&package))
        .is(200)
        .json();
    let done = asker.wait(&format!("/api//packages//{}", job["id"]));
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["error"], Value::Null);
    let inside = asker.get(&format!(
        "/api//recipes//?folder_id={again}&with_subfolders=1"
    ));
    assert!(!inside["items"].as_array().expect("a list").is_empty());
}
