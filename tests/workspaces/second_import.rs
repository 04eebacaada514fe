//! What a second import compares before it says that nothing changes.

use std::fs;

use crate::import::{actions, done, export_external, json, partner};
use crate::support::Place;
use crate::support::project::{ProjectFolder, reference, uses};
use serde_json::Value;

/// An asset's other files belong to it: a new picture is a new version, though the JSON is the same.
#[test]
fn a_file_beside_the_json_is_compared_too() {
    let place = partner();
    done(
        &place,
        &["import", "external.zip", "--into", "local:osprey"],
    );
    let picture = place.path("partner/Dispatch desk/dispatch_desk.lcap_app.png");
    let mut bytes = fs::read(&picture).expect("a picture");
    bytes.push(0);
    fs::write(&picture, &bytes).expect("written");
    export_external(&place, "pictured.zip");

    let import = ["import", "pictured.zip", "--into", "local:osprey", "--yes"];
    let imported = json(&place, &import);
    assert_eq!(actions(&imported, "overwrites"), ["Dispatch desk"]);
    assert_eq!(imported["receipt"]["revision"], 2);
    let again = json(&place, &import);
    assert_eq!(actions(&again, "overwrites"), Vec::<String>::new());
    assert_eq!(again["receipt"]["revision"], Value::Null);
}

/// What an asset refers to belongs to it: the same bytes are another version once the connection that
/// they name is there.
#[test]
fn the_same_bytes_are_bound_anew_when_what_they_name_is_there() {
    let place = Place::new();
    let account = "mail.connection.json";
    ProjectFolder::new(&place, "late").recipe(
        "late.recipe.json",
        "Late",
        &[uses("gmail", reference(account, "Mail"))],
    );
    ProjectFolder::new(&place, "account").connection(account, "Mail", &Value::from("gmail"));
    for (project, package) in [("late", "late.zip"), ("account", "account.zip")] {
        done(
            &place,
            &["export", project, "--for", "external", "-o", package],
        );
    }
    done(
        &place,
        &["workspace", "create", "osprey", "--kind", "external"],
    );
    let import = |package: &str| {
        let plan = json(
            &place,
            &["import", package, "--into", "local:osprey", "--yes"],
        );
        let revision = plan["receipt"]["revision"].as_u64();
        let action = plan["assets"][0]["action"].clone();
        (action.as_str().expect("an action").to_owned(), revision)
    };
    let told = |action: &str, revision| (action.to_owned(), revision);
    assert_eq!(import("late.zip"), told("creates", Some(1)));
    assert_eq!(import("late.zip"), told("no-change", None));
    assert_eq!(import("account.zip"), told("creates-placeholder", Some(2)));
    assert_eq!(import("late.zip"), told("overwrites", Some(3)));
    assert_eq!(import("late.zip"), told("no-change", None));
}
