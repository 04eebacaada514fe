//! The local platform's file: what survives, who waits for whom, and what is left alone.

mod contents;
mod damage;
mod foreign;
mod moment;
mod waiting;

use std::time::Duration;

use crate::support::changes::NOW;
use crate::support::{Place, fixture};
use recipack::model::workspace::{WorkspaceId, WorkspaceKind};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, NewWorkspace, Writing};

fn writing(purpose: &str, patience: Duration) -> Writing {
    Writing {
        purpose: purpose.to_owned(),
        patience,
        stop: Default::default(),
    }
}

fn platform(place: &Place) -> LocalPlatform {
    let patience = Duration::from_secs(60);
    LocalPlatform::create(&place.path("p.db"), writing("test", patience)).expect("a platform")
}

fn external(name: &str) -> NewWorkspace {
    NewWorkspace {
        name: name.parse().expect("a name"),
        kind: WorkspaceKind::External,
        data_center: "us".parse().expect("a data center"),
        id: None,
        external_id: None,
        admin: None,
        catalogue: None,
        at: NOW,
    }
}

fn create(place: &Place, name: &str) -> WorkspaceId {
    let facts = platform(place).create_workspace(&external(name));
    facts.expect("a workspace").id
}

fn open(place: &Place, name: &str) -> LocalWorkspace {
    let name = name.parse().expect("a name");
    platform(place).workspace(&name).expect("a workspace")
}

/// A package with one recipe of this name and a table of some rows.
fn package(place: &Place, name: &str) -> String {
    let recipe = "partner/Functions/quote_shipping.recipe.json";
    let recipe = std::fs::read_to_string(fixture(recipe)).expect("text");
    let project = format!("project {name}");
    place.write(
        &format!("{project}/{name}.recipe.json"),
        &recipe.replacen("Quote shipping", name, 1),
    );
    let package = format!("{name}.zip");
    let run = place.run([
        "export", &project, "--for", "external", "-q", "-o", &package,
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    package
}
