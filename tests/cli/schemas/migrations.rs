//! Documents of migrations, which go on step by step.

use serde_json::Value;

use super::json;
use crate::support::Place;

/// What each command of `migrate` says of a workspace that is there.
pub(super) fn documents(place: &Place) -> Vec<(&'static str, Value)> {
    let run = |line: &str, code| {
        let run = place.run(line.split(' '));
        assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
        run.stdout
    };
    run("workspace create moved --kind external --platform p.db", 0);
    let mut documents = Vec::new();
    for (document, line, code) in [
        (
            "migrate-plan",
            "migrate plan local:past --to local:moved -o move --platform p.db",
            0,
        ),
        ("migrate-status", "migrate status move", 0),
        ("migrate-run", "migrate run move --platform p.db", 68),
        ("migrate-status", "migrate status move", 0),
        (
            "failure",
            "migrate run move --cut-over --yes --platform p.db",
            3,
        ),
    ] {
        documents.push((document, json(&run(&format!("{line} --json"), code))));
    }
    documents
}
