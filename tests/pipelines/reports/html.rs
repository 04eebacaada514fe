//! Reports as one page.

use crate::support::{Place, Run, fixture, place_with};

fn run(place: &Place, line: &str) -> Run {
    let run: Run = place
        .command()
        .env("RECIPACK_PLATFORM", place.path("p.db"))
        .args(line.split(' '))
        .output()
        .expect("it starts")
        .into();
    assert_eq!(run.code, 0, "{line}: {}", run.stderr);
    run
}

/// One file that asks nobody for anything, says nothing of this machine, and shows the style inside.
fn page(place: &Place, name: &str) -> String {
    let text = std::fs::read_to_string(place.path(name)).expect("a page");
    assert!(text.starts_with("<!DOCTYPE html>"), "{name}");
    assert!(text.contains("content=\"default-src 'none'; style-src 'unsafe-inline';"));
    for not in [
        "<script", "<link", "<img", " src=", " style=", "http://", "https://",
    ] {
        assert!(!text.contains(not), "{name} has {not}");
    }
    let here = place.folder.path().display().to_string();
    assert!(!text.contains(&here), "{name}");
    text
}

#[test]
fn packages_plans_receipts_and_rollouts_are_pages() {
    let place = place_with(&["partner"]);
    let catalogue = fixture("catalogs/shared.json").display().to_string();
    for line in [
        &format!("workspace create studio --kind admin --catalog {catalogue}"),
        "workspace create kestrel --kind customer --of studio",
        "export partner --for customer --catalog local:studio -o k.zip --report html=export.html",
        "report k.zip -o package.html",
        "plan k.zip --into local:kestrel -o plan.json --report html=planned.html",
        "report plan.json -o plan.html",
        "rollout plan k.zip --of local:studio -o rollout.json",
        "report rollout.json -o waves.html",
    ] {
        run(&place, line);
    }
    let receipt = run(&place, "import plan.json --json").stdout;
    place.write("receipt.json", &receipt);
    run(&place, "report receipt.json -o receipt.html");
    for (name, has) in [
        ("export.html", "Outcome"),
        ("package.html", "k.zip for customer"),
        ("package.html", "shared-connector-excluded"),
        ("package.html", "<dt>Warnings</dt><dd>7</dd>"),
        ("planned.html", "uses shared v3"),
        ("plan.html", "k.zip → local:kestrel"),
        ("waves.html", "local:kestrel"),
        ("receipt.html", "k.zip → local:kestrel"),
    ] {
        let text = page(&place, name);
        assert!(text.contains(has), "{name} has no {has}: {text}");
    }
    // The same file gives the same bytes, and takes the place of an older page, and of nothing else.
    let first = page(&place, "plan.html");
    run(&place, "report plan.json -o plan.html");
    assert_eq!(first, page(&place, "plan.html"));
    for line in [
        "report plan.json -o k.zip",
        "report partner/project.json -o x.html",
    ] {
        let mut command = place.command();
        let ended: Run = command
            .args(line.split(' '))
            .output()
            .expect("it starts")
            .into();
        assert_eq!(ended.code, 64, "{line}: {}", ended.stderr);
    }
    // Without its record a package says what it holds.
    std::fs::remove_file(place.path("k.recipack.json")).expect("removed");
    run(&place, "report k.zip -o bare.html");
    let bare = page(&place, "bare.html");
    assert!(bare.contains("Ledger Sync"));
    // How many findings there were, nobody says.
    for not in ["Errors", "Warnings"] {
        assert!(!bare.contains(not), "{bare}");
    }
}
