//! Documents of commands that need the API, or environments.

use serde_json::Value;

use super::json;
use crate::support::Place;

/// The customers of an admin workspace behind the API, and one of them; what is freed of what imports
/// keep, and a promotion.
pub(super) fn documents(place: &Place) -> [(&'static str, Value); 4] {
    place.write(
        "stages.toml",
        "[environments]\ntest = \"local:stage\"\nprod = \"local:next\"\n",
    );
    for line in [
        "workspace create stage --kind external --platform p.db",
        "workspace create next --kind external --platform p.db",
        "import e.zip --into local:stage --platform p.db",
    ] {
        let run = place.run(line.split(' '));
        assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
    }
    let sandbox = crate::support::sandbox::Sandbox::of(place, &[]);
    let token = crate::support::sandbox::token(place, "kestrel");
    [
        (
            "customer-list-api",
            &["customer", "list", "--of", &sandbox.url, "--json"][..],
        ),
        (
            "customer-show-api",
            &["customer", "show", "customer:H", "--json"],
        ),
        (
            "history-prune",
            &["history", &sandbox.url, "--prune", "--json"],
        ),
        (
            "promote",
            &[
                "promote",
                "e.zip",
                "--from",
                "test",
                "--to",
                "prod",
                "--manifest",
                "stages.toml",
                "--platform",
                "p.db",
                "--json",
            ],
        ),
    ]
    .map(|(document, arguments)| {
        let run = crate::support::sandbox::command(place, &sandbox.url, &token, arguments).output();
        let run: crate::support::Run = run.expect("it starts").into();
        assert_eq!(run.code, 0, "{document}: {}{}", run.stdout, run.stderr);
        (document, json(&run.stdout))
    })
}
