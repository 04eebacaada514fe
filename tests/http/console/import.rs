//! Importing packages in it, each import read back with the command line.

use std::fs;

use super::{console, json, partner};
use crate::support::pages::Console;
use crate::support::sandbox::{Sandbox, command, token};
use crate::support::{Place, copy, fixture};

/// A partner with a package for customers, and one for external accounts.
fn packages() -> Place {
    let place = partner();
    copy(&fixture("partner"), &place.path("partner"));
    for (kind, name) in [("customer", "orders.zip"), ("external", "external.zip")] {
        let export = [
            "export",
            "partner",
            "--for",
            kind,
            "--catalog",
            "local:studio",
            "-o",
            name,
        ];
        json(&place, &export);
    }
    json(
        &place,
        &[
            "workspace",
            "create",
            "alder",
            "--kind",
            "customer",
            "--of",
            "studio",
        ],
    );
    place
}

fn revisions(place: &Place, workspace: &str) -> usize {
    let address = format!("local:{workspace}");
    let history = json(place, &["history", &address]);
    history["revisions"].as_array().expect("revisions").len()
}

#[test]
fn an_import_is_looked_at_permitted_and_done_once() {
    let place = packages();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    browser
        .get("/import")
        .is(200)
        .has("value=\"orders.zip\"")
        .has("value=\"local:alder\"");

    let asked = "/import/plan?package=orders.zip&into=local:alder&folder=Orders";
    let plan = browser
        .get(asked)
        .is(200)
        .has("Import orders.zip into local:alder?")
        .has("creates")
        .has("uses shared v1")
        .has("recipack plan orders.zip --into local:alder --folder Orders");
    assert_eq!(revisions(&place, "alder"), 0, "looking changes nothing");
    browser
        .confirm(&plan, &[])
        .is(200)
        .has("Imported into local:alder as revision 1")
        .has("everything is as planned");
    assert_eq!(revisions(&place, "alder"), 1);
    // The same form again is about a workspace that is another one by now.
    browser.confirm(&plan, &[]).is(409).has("stale-plan");
    browser.get(asked).is(200).has("Nothing to import");
    assert_eq!(revisions(&place, "alder"), 1);

    // And back.
    browser
        .get("/in/local:alder/history")
        .is(200)
        .has("import of orders.zip")
        .has("href=\"/in/local:alder/history/0\"");
    browser
        .get("/in/local:alder/history/0")
        .is(200)
        .has("Roll local:alder back to how it was before the first revision?")
        .has("Nothing to roll back");
    browser.get("/in/local:alder/history/9").is(422);
}

#[test]
fn recipes_that_run_and_packages_for_others_need_a_word() {
    let place = packages();
    let label = place.path("partner/Orders/return_label.recipe.json");
    let text = fs::read_to_string(&label).expect("a recipe");
    let newer = text.replacen('{', "{\n  \"note\": \"newer\",", 1);
    fs::write(&label, newer).expect("written");
    json(
        &place,
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "local:studio",
            "-o",
            "newer.zip",
        ],
    );
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let plan = browser
        .get("/import/plan?package=newer.zip&into=local:kestrel")
        .is(200)
        .has("overwrites running");
    // What has to be permitted is a box of its own.
    let restart = "permit.restart-recipes";
    browser.confirm(&plan, &[]).is(409).has("--restart-recipes");
    assert_eq!(revisions(&place, "kestrel"), 1);
    browser
        .confirm(&plan, &[(restart, "yes")])
        .is(200)
        .has("Imported into local:kestrel as revision 2")
        .has("Return label")
        .has("running");

    let back = browser
        .get("/in/local:kestrel/history/1")
        .is(200)
        .has("Roll local:kestrel back to how it was after revision 1?")
        .has("restores running v1 as v3")
        .has("Not brought back");
    assert_eq!(revisions(&place, "kestrel"), 2, "looking changes nothing");
    browser.confirm(&back, &[]).is(409).has("--restart-recipes");
    browser
        .confirm(&back, &[(restart, "yes")])
        .is(200)
        .has("Rolled local:kestrel back as revision 3");
    browser
        .confirm(&back, &[(restart, "yes")])
        .is(409)
        .has("stale-plan");

    let other = browser
        .get("/import/plan?package=external.zip&into=local:kestrel")
        .is(200)
        .has("The package is for another target");
    assert!(!other.text.contains("method=\"post\""), "{}", other.text);
    browser
        .get("/import/plan?package=external.zip&into=local:kestrel&other-target=yes")
        .is(200)
        .has("Import it");
    assert_eq!(revisions(&place, "kestrel"), 3);
}

#[test]
fn what_is_no_package_or_no_workspace_is_not_asked_for() {
    let place = packages();
    let console = console(&place, &["--read-only"]);
    let browser = console.opened();
    for wrong in [
        "package=../x.zip&into=local:alder",
        "package=p.db&into=local:alder",
        "package=orders.zip&into=alder",
        "package=orders.zip&into=local:alder&edits=all",
    ] {
        browser.get(&format!("/import/plan?{wrong}")).is(400);
    }
    let missing = "/import/plan?package=orders.zip&into=local:nobody";
    browser.get(missing).is(422).has("nobody");
    let plan = browser
        .get("/import/plan?package=orders.zip&into=local:alder")
        .is(200)
        .has("--read-only");
    assert!(!plan.text.contains("method=\"post\""), "{}", plan.text);
}

#[test]
fn an_import_over_the_api_is_looked_for_until_it_ended() {
    let place = packages();
    // Longer than anybody is kept waiting.
    let slow = "[[faults]]\nmethod = \"POST\"\npath = \"/api/managed_users/*/imports\"\ndo = { slow = { milliseconds = 2500 } }\n";
    place.write("slow.toml", slow);
    let sandbox = Sandbox::of(&place, &["--fault", "slow.toml"]);
    let token = token(&place, "studio");
    let console = Console::of(
        command(&place, &sandbox.url, &token, &[]),
        &["--in", &sandbox.url],
    );
    let browser = console.opened();
    let customers = json(&place, &["customer", "list", "--of", "studio"]);
    let customers = customers["customers"].as_array().expect("customers");
    let mut facts = customers.iter().map(|one| &one["workspace"]["workspace"]);
    let alder = facts.find(|facts| facts["address"] == "local:alder");
    let into = format!("customer:{}", alder.expect("alder")["id"]);
    let plan = browser
        .get(&format!(
            "/import/plan?package=orders.zip&into={into}&folder=Orders"
        ))
        .is(200);
    let mut page = browser
        .confirm(&plan, &[])
        .is(200)
        .has("It is being done")
        .has("closing it stops nothing");
    assert_eq!(page.headers["refresh"], "2");
    while page.text.contains("It is being done") {
        let (_, work) = page.text.split_once("href=\"/jobs/").expect("a link");
        let (number, _) = work.split_once('"').expect("an end");
        std::thread::sleep(std::time::Duration::from_millis(200));
        page = browser.get(&format!("/jobs/{number}"));
        if page.status == 303 {
            page = browser.get(&page.headers["location"].clone());
        }
    }
    let page = page.is(200).has("everything is as planned");
    assert!(!page.text.contains(&token));
    assert_eq!(revisions(&place, "alder"), 1);
    browser.get("/jobs/99").is(404);
}
