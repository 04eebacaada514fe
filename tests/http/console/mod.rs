//! The console as a process: what it lets in, and what it does, read back with the command line.

mod doors;
mod import;
mod package;
mod stories;

use std::sync::LazyLock;

use crate::support::pages::Console;
use crate::support::{Place, copy, fixture};
use serde_json::Value;

/// The connectors of the admin workspace.
const CONNECTORS: &str = "/in/local:studio/connectors";

/// A partner: the admin workspace `studio` has Parcel Tracker with v1 and v2 released, and Invoice Vault;
/// it shares v1 of the first with its customer `kestrel`, where two recipes that use it run.
static PARTNER: LazyLock<Place> = LazyLock::new(|| {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    copy(&place.path("partner"), &place.path("newer"));
    let source = place.path("newer/parcel_tracker.custom_adapter.rb");
    let text = std::fs::read_to_string(&source).expect("a source");
    std::fs::write(&source, format!("{text}# newer\n")).expect("written");
    for arguments in [
        "workspace create studio --kind admin --id 48213",
        "workspace create kestrel --kind customer --of studio",
        "export partner --for external -o external.zip",
        "import external.zip --into local:studio --allow-missing-connectors --yes",
        "catalog share parcel --in local:studio",
        "export partner --for customer --catalog local:studio -o customer.zip",
        "import customer.zip --into local:kestrel --allow-missing-connectors --yes",
        "connection authorize --all --in local:kestrel",
        "recipe start label track --in local:kestrel",
        "connector push newer/parcel_tracker.custom_adapter.rb --title parcel --in local:studio",
        "connector release parcel --in local:studio",
    ] {
        let words = arguments.split(' ').map(|word| match word {
            "parcel" => "Parcel Tracker",
            "label" => "Return label",
            "track" => "Track new parcels",
            word => word,
        });
        let mut command = place.command();
        command
            .env("RECIPACK_PLATFORM", place.path("p.db"))
            .args(words);
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{arguments}: {output:?}");
    }
    place
});

/// A copy of that partner.
fn partner() -> Place {
    let place = Place::new();
    std::fs::copy(PARTNER.path("p.db"), place.path("p.db")).expect("copied");
    place
}

fn console(place: &Place, options: &[&str]) -> Console {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    Console::of(command, options)
}

/// What a command prints with `--json`.
fn json(place: &Place, arguments: &[&str]) -> Value {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    let output = command
        .args(arguments)
        .arg("--json")
        .output()
        .expect("it starts");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// How Parcel Tracker is shared.
fn shared(place: &Place) -> String {
    let document = json(
        place,
        &["catalog", "show", "Parcel Tracker", "--in", "local:studio"],
    );
    let line = &document["connector"];
    format!("{} {}", line["shared"], line["visibility"])
}

/// Its page.
fn parcel_tracker(place: &Place) -> String {
    let document = json(
        place,
        &["catalog", "show", "Parcel Tracker", "--in", "local:studio"],
    );
    let name = document["connector"]["internal_name"].as_str();
    format!("{CONNECTORS}/{}", name.expect("a name"))
}
