//! What people do with a project in it: tick, look, save, make the package.

use std::fs;

use serde_json::Value;

use super::{console, json, partner};
use crate::support::pages::Page;
use crate::support::{Place, copy, fixture};

const MANIFEST: &str = r#"# Which recipes go to whom.
[package]
name = "kestrel-orders"
project = "partner"
catalog = "catalogs/shared.json" # reviewed

[targets.kestrel]
kind = "customer"
data-center = "us"

[targets.elsewhere]
kind = "external"
"#;

/// A partner with a project beside the platform.
fn project() -> Place {
    let place = partner();
    copy(&fixture("partner"), &place.path("partner"));
    copy(&fixture("catalogs"), &place.path("catalogs"));
    fs::write(place.path("recipack.toml"), MANIFEST).expect("written");
    place
}

/// The name of the box with these words.
#[track_caller]
fn boxed(page: &Page, words: &str) -> String {
    let at = page.text.find(&format!("<bdi>{words}</bdi>"));
    let at = at.unwrap_or_else(|| panic!("no box of {words} in {}", page.text));
    let (_, name) = page.text[..at].rsplit_once("name=\"").expect("a name");
    name.split_once('"').expect("an end").0.to_owned()
}

fn connectors(document: &Value) -> Vec<String> {
    let connectors = document["connectors"].as_array().expect("connectors");
    let told = |one: &Value| {
        format!(
            "{} {}",
            one["connector"].as_str().expect("a title"),
            one["rule"].as_str().expect("a rule")
        )
    };
    connectors.iter().map(told).collect()
}

#[test]
fn connectors_that_customers_have_are_unticked_and_the_package_is_what_the_command_makes() {
    let place = project();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    browser.get("/").is(200).has("href=\"/package\"");
    browser
        .get("/package")
        .is(200)
        .has("kestrel-orders")
        .has("href=\"/package/for/kestrel\"");

    let target = browser
        .get("/package/for/kestrel")
        .is(200)
        .has("shared-connector-excluded")
        .has("shared-left-out")
        .has("recipack export --to kestrel -m recipack.toml --list");
    let boxes = browser
        .get("/package/for/kestrel/connectors")
        .is(200)
        .has("customers have it; ticked, it becomes a second one");
    let parcel = boxed(&boxes, "Parcel Tracker");
    assert!(!boxes.form(&[]).contains(&parcel), "{}", boxes.text);

    // Ticked against the rule: the stronger warning, the file's difference, and the comments stay.
    let look = browser
        .confirm(&boxes, &[(&parcel, "on")])
        .is(200)
        .has("kestrel would have Parcel Tracker twice")
        .has("What changes in");
    assert_eq!(
        fs::read_to_string(place.path("recipack.toml")).expect("there"),
        MANIFEST
    );
    browser
        .confirm(&look, &[])
        .is(200)
        .has("The manifest is saved");
    let saved = fs::read_to_string(place.path("recipack.toml")).expect("there");
    assert!(saved.contains("# reviewed") && saved.contains("\"Parcel Tracker\" = \"include\""));
    assert!(
        connectors(&json(&place, &["check", "--to", "kestrel"]))
            .contains(&"Parcel Tracker shared-included".to_owned())
    );
    // What was looked at before is not what would be made now.
    browser.confirm(&target, &[]).is(409).has("stale-plan");
    assert!(!place.path("kestrel-orders-kestrel.zip").exists());

    // And back to what the rule says.
    let boxes = browser
        .get("/package/for/kestrel/connectors")
        .is(200)
        .has("against the rule");
    let look = browser.confirm(&boxes, &[(&parcel, "")]).is(200);
    browser.confirm(&look, &[]).is(200);
    assert_eq!(
        connectors(&json(&place, &["check", "--to", "kestrel"])),
        connectors(&json(
            &place,
            &["export", "--to", "kestrel", "-o", "by-command.zip"]
        ))
    );

    let target = browser.get("/package/for/kestrel").is(200);
    for wrong in ["../up.zip", "package.tar", ".zip", "a/b.zip"] {
        browser.confirm(&target, &[("file", wrong)]).is(400);
    }
    browser
        .confirm(&target, &[])
        .is(200)
        .has("The package for kestrel is made")
        .has("kestrel-orders-kestrel.zip");
    let bytes = |name: &str| fs::read(place.path(name)).expect("there");
    assert_eq!(bytes("kestrel-orders-kestrel.zip"), bytes("by-command.zip"));
    assert!(place.path("kestrel-orders-kestrel.recipack.json").exists());
}

#[test]
fn assets_are_ticked_and_what_they_need_comes_along() {
    let place = project();
    let console = console(&place, &[]);
    let browser = console.opened();
    let boxes = browser.get("/package/assets").is(200);
    let label = boxed(&boxes, "Return label");
    let all: Vec<String> = boxes
        .form(&[])
        .split('&')
        .filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()))
        .filter(|name| name.starts_with("asset."))
        .collect();
    assert!(all.len() > 3 && all.contains(&label), "{all:?}");
    let none: Vec<(&str, &str)> = all.iter().map(|name| (name.as_str(), "")).collect();
    browser
        .confirm(&boxes, &none)
        .is(400)
        .has("Nothing is ticked");
    let mut only = none.clone();
    only.push((&label, "on"));
    let look = browser
        .confirm(&boxes, &only)
        .is(200)
        .has("1 asset ticked")
        .has("Save what the package takes?")
        .has("+include = ");
    // Somebody else was faster.
    fs::write(place.path("recipack.toml"), format!("{MANIFEST}\n# more\n")).expect("written");
    browser.confirm(&look, &[]).is(409);
    let read = fs::read_to_string(place.path("recipack.toml")).expect("there");
    assert_eq!(read, format!("{MANIFEST}\n# more\n"));

    let boxes = browser.get("/package/assets").is(200);
    let look = browser.confirm(&boxes, &only).is(200);
    browser.confirm(&look, &[]).is(200);
    let document = json(&place, &["check", "--to", "elsewhere"]);
    let entries = document["entries"].as_array().expect("entries");
    let recipes: Vec<&str> = entries
        .iter()
        .filter(|entry| entry["rule"] == "selected")
        .filter_map(|entry| entry["path"].as_str())
        .collect();
    assert!(
        recipes.len() == 1 && recipes[0].ends_with("return_label.recipe.json"),
        "{recipes:?}"
    );
}

#[test]
fn what_can_t_be_packed_says_why_and_has_no_button() {
    let place = project();
    fs::write(
        place.path("recipack.toml"),
        MANIFEST.replace("catalog = \"catalogs/shared.json\" # reviewed\n", ""),
    )
    .expect("written");
    let console = console(&place, &["--read-only"]);
    let browser = console.opened();
    let page = browser
        .get("/package/for/kestrel")
        .is(200)
        .has("No package can be made of this")
        .has("catalog");
    assert!(!page.text.contains("method=\"post\""), "{}", page.text);
    browser.get("/package/for/nobody").is(404);
    // What only shows has no buttons where a package could be made, either.
    let page = browser
        .get("/package/for/elsewhere")
        .is(200)
        .has("--read-only");
    assert!(!page.text.contains("method=\"post\""), "{}", page.text);
    fs::write(place.path("recipack.toml"), "[package]\nnaem = 1\n").expect("written");
    browser.get("/package").is(422).has("naem");
}

#[test]
fn a_project_needs_no_platform_and_no_project_needs_no_page() {
    let place = project();
    fs::remove_file(place.path("p.db")).expect("removed");
    let alone = console(&place, &[]);
    let browser = alone.opened();
    browser.get("/").is(200).has("href=\"/package\"");
    browser.get("/package/for/elsewhere").is(200);
    drop(alone);
    let place = partner();
    let without = console(&place, &[]);
    without.opened().get("/package").is(404);
}
