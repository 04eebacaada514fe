//! A platform's file that was damaged is told to be, or nothing of what it says is another.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use recipack::model::ident::Version;
use recipack::model::workspace::{Scope, WorkspaceKind};
use recipack::workspace::local::LocalPlatform;
use recipack::workspace::{AdminWorkspace as _, Workspace as _, WorkspaceError};

use super::writing;
use crate::support::Place;
use crate::support::damage::Numbers;
use crate::support::lines::{done, ends};
use crate::support::sandbox::partner;

/// How many damaged copies are tried.
const COPIES: usize = 1_500;

fn used() -> Place {
    let place = partner();
    done(&place, "import external.zip --into local:osprey");
    done(&place, "import customer.zip --into local:kestrel");
    done(&place, "customer label kestrel plan=gold");
    done(&place, "rollback local:osprey --yes");
    done(&place, "import external.zip --into local:osprey --yes");
    place
}

/// All that a platform says, as text.
fn all_of(path: &Path) -> Result<String, WorkspaceError> {
    let platform = LocalPlatform::open(path, writing("look", Duration::ZERO))?;
    let mut text = String::new();
    let mut say = |what: &dyn std::fmt::Debug| {
        let _ = writeln!(text, "{what:?}");
    };
    let summaries = platform.workspaces()?;
    say(&summaries);
    say(&platform.customers(None)?);
    for summary in summaries {
        let workspace = platform.workspace(&summary.facts.name)?;
        let inventory = workspace.inventory()?;
        say(&inventory);
        say(&workspace.snapshot(&Scope::default())?);
        say(&workspace.times()?);
        say(&workspace.folder_numbers()?);
        for header in workspace.revisions()? {
            say(&workspace.revision(header.number)?);
        }
        let mut contents = Vec::new();
        for asset in &inventory.assets {
            for number in 1..=asset.version.0 {
                let body = workspace.asset_version(asset.id, Version(number))?;
                contents.extend(body.files.iter().map(|file| file.content));
                say(&body);
            }
        }
        for version in inventory.connectors.iter().flat_map(|held| &held.versions) {
            contents.extend(version.json.into_iter().chain(version.code));
            contents.extend(version.logo.iter().map(|logo| logo.content));
        }
        let mut bytes = Vec::new();
        for content in contents {
            workspace.content(&content, &mut bytes)?;
            say(&bytes);
        }
        if summary.facts.kind == WorkspaceKind::Admin {
            // Who uses a connector is looked at where it is removed.
            say(&workspace.partnership(&|_| false)?);
            say(&workspace.shared_since()?);
        }
    }
    Ok(text)
}

#[test]
fn a_damaged_platform_is_refused_or_says_the_same() {
    let place = used();
    let written = fs::read(place.path("p.db")).expect("a platform");
    let expected = all_of(&place.path("p.db")).expect("it is whole");
    let mut numbers = Numbers(20_240_229);
    let (mut refused, mut same) = (0, 0);
    for copy in 0..COPIES {
        // A name of its own: what held in a process is not looked at again.
        let path = place.path(&format!("{copy}.db"));
        fs::write(&path, numbers.damaged(&written)).expect("written");
        match all_of(&path) {
            Err(_) => refused += 1,
            Ok(said) => {
                assert!(said == expected, "copy {copy} says something else");
                same += 1;
            }
        }
        for ending in ["", ".lock", "-wal", "-shm"] {
            let _ = fs::remove_file(place.path(&format!("{copy}.db{ending}")));
        }
    }
    // Much of a file is not in use, or is not looked at.
    assert!(refused > COPIES / 3, "{refused} refused, {same} the same");
}

/// A file in which a word stands otherwise, wherever it stands.
fn with(place: &Place, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let path = place.path("p.db");
    let mut bytes = fs::read(&path).expect("a platform");
    let mut found = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{old}");
    fs::write(&path, bytes).expect("written");
}

#[test]
fn what_is_damaged_is_named_and_the_rest_can_be_saved() {
    let place = used();
    with(&place, "Quote shipping", "Quote skipping");
    let before = fs::read(place.path("p.db")).expect("a platform");
    for line in [
        "workspace list",
        "workspace show osprey",
        "plan external.zip --into local:osprey",
        "import external.zip --into local:osprey --yes",
        "history local:osprey",
        "recipe start --all --in local:osprey",
        "workspace export osprey -o saved.zip",
    ] {
        ends(
            &place,
            line,
            1,
            &[
                "error[damaged]: ",
                " is not what was written",
                "put a copy of the file in its place",
                "recipack workspace export",
            ],
        );
    }
    assert!(fs::read(place.path("p.db")).expect("a platform") == before);
    done(&place, "workspace show studio");
    done(&place, "catalog pull --in local:studio");
}
