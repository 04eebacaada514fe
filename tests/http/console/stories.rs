//! What people do with it, each step read back with the command line.

use serde_json::json as value;

use super::{CONNECTORS, console, json, parcel_tracker, partner, shared};
use crate::support::pages::Console;
use crate::support::sandbox::{Sandbox, command, token};

#[test]
fn a_connector_is_updated_switched_stopped_removed_and_shared_again() {
    let place = partner();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let connector = parcel_tracker(&place);
    let page = |verb: &str| browser.get(&format!("{connector}{verb}"));

    browser
        .get("/")
        .is(200)
        .has("New version released: Parcel Tracker v2");
    let update = page("/update")
        .is(200)
        .has("2 running recipes may run another version");
    browser
        .confirm(&update, &[("moves", "yes")])
        .is(200)
        .has("Customers run v2");
    assert_eq!(shared(&place), "2 \"open\"");

    page("/switch").is(200).has("Customers run v2.");
    let switch = page("/switch?version=1")
        .is(200)
        .has("Switch Parcel Tracker to v1?");
    browser
        .confirm(&switch, &[("moves", "yes")])
        .is(200)
        .has("Customers run v1");
    assert_eq!(shared(&place), "1 \"open\"");

    let refused = page("/remove")
        .is(200)
        .has("recipes that run use it")
        .has("Show the running recipes");
    assert!(
        !refused.text.contains("method=\"post\""),
        "{}",
        refused.text
    );
    // A form that the page does not have is refused as on the command line.
    let stop = page("/stop?customer=local:kestrel")
        .is(200)
        .has("Return label");
    let token = stop.field("token").expect("a token");
    browser
        .send(
            &format!("{connector}/remove"),
            &format!("token={token}&plan=&title=Parcel+Tracker"),
        )
        .is(409);
    browser
        .confirm(&stop, &[])
        .is(200)
        .has("2 recipes of local:kestrel stopped");
    let recipes = json(
        &place,
        &["recipe", "list", "--running", "--in", "local:kestrel"],
    );
    assert_eq!(recipes["recipes"], value!([]));
    browser.confirm(&stop, &[]).is(409).has("stale-plan");

    let remove = page("/remove").is(200).has("Type the title").has("undone");
    browser
        .confirm(&remove, &[("title", "parcel tracker")])
        .is(422)
        .has("another title");
    browser.confirm(&remove, &[]).is(422);
    assert_eq!(shared(&place), "1 \"open\"");
    browser
        .confirm(&remove, &[("title", "Parcel Tracker")])
        .is(200)
        .has("shared no longer");
    assert_eq!(shared(&place), "null null");

    page("/share")
        .is(200)
        .has("the newest released one")
        .has("Customer Success enables it");
    page("/share?source=closed").is(409).has("closed-source");
    page("/share?source=open&version=3")
        .is(422)
        .has("not-released");
    let share = page("/share?source=open&version=2")
        .is(200)
        .has("Share v2 of Parcel Tracker");
    let done = browser.confirm(&share, &[]).is(200);
    assert_eq!(shared(&place), "2 \"open\"");
    assert!(
        done.text
            .contains("recipack catalog share &#39;Parcel Tracker&#39; --version 2")
            || done
                .text
                .contains("recipack catalog share 'Parcel Tracker' --version 2"),
        "{}",
        done.text
    );
    page("/update").is(200).has("Nothing to change");
}

#[test]
fn recipes_that_start_meanwhile_keep_a_connector() {
    let place = partner();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let connector = parcel_tracker(&place);
    let recipes = |verb: &str| {
        json(
            &place,
            &[
                "recipe",
                verb,
                "Return label",
                "Track new parcels",
                "--in",
                "local:kestrel",
            ],
        )
    };
    recipes("stop");
    let remove = browser.get(&format!("{connector}/remove")).is(200);
    recipes("start");
    browser
        .confirm(&remove, &[("title", "Parcel Tracker")])
        .is(409)
        .has("stale-plan");
    assert_eq!(shared(&place), "1 \"open\"");
}

#[test]
fn lists_are_filtered_and_ordered_by_the_address() {
    let place = partner();
    let console = console(&place, &[]);
    let browser = console.opened();
    let titles = |query: &str| {
        let page = browser.get(&format!("{CONNECTORS}{query}")).is(200);
        let (_, rows) = page.text.split_once("<tbody").unwrap_or_default();
        let mut titles = ["Invoice Vault", "Ledger Sync", "Parcel Tracker"]
            .map(|title| (rows.find(title), title))
            .to_vec();
        titles.retain(|(place, _)| place.is_some());
        titles.sort_unstable();
        titles
            .into_iter()
            .map(|(_, title)| title)
            .collect::<Vec<_>>()
    };
    let (vault, ledger, parcel) = ("Invoice Vault", "Ledger Sync", "Parcel Tracker");
    assert_eq!(titles(""), [vault, ledger, parcel]);
    assert_eq!(titles("?sort=running"), [parcel, vault, ledger]);
    assert_eq!(titles("?show=shared"), [parcel]);
    assert_eq!(titles("?show=update"), [parcel]);
    assert_eq!(titles("?show=not-shared&q=LEDGER"), [ledger]);
    assert_eq!(titles("?q=nothing"), [""; 0]);
}

#[test]
fn it_works_over_the_api_and_keeps_the_token_to_itself() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "studio");
    let console = Console::of(
        command(&place, &sandbox.url, &token, &[]),
        &["--in", &sandbox.url],
    );
    let browser = console.opened();
    let list = browser
        .get("/")
        .is(200)
        .has("New version released: Parcel Tracker v2");
    let connector = parcel_tracker(&place);
    let name = connector.rsplit('/').next().expect("a name");
    let (_, path) = list.text.split_once("href=\"/in/").expect("a link");
    let (base, _) = path.split_once('"').expect("an end");
    let base = format!("/in/{base}/{name}");
    let show = browser.get(&base).is(200).has("Track new parcels");
    let dialog = browser.get(&format!("{base}/switch")).is(200);
    let update = browser.get(&format!("{base}/update")).is(200);
    let done = browser
        .confirm(&update, &[("moves", "yes")])
        .is(200)
        .has("Customers run v2");
    assert_eq!(shared(&place), "2 \"open\"");
    let stop = browser
        .get(&format!("{base}?state=running"))
        .is(200)
        .has("Stop those of");
    let nothing = browser.get(&format!("{base}x")).is(422);
    drop(sandbox);
    let gone = browser.get("/").is(503);
    for page in [list, show, dialog, update, done, stop, nothing, gone] {
        assert!(!page.text.contains(&token), "{}", page.text);
    }
}
