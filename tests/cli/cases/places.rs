//! Places of what is wrong can be opened from where the command was called, whichever it was.

use std::fs;

use serde_json::Value;

use crate::support::{Place, place_with};

const BROKEN: &str = "partner/Orders/bad.recipe.json";

/// A project with a file that can't be read, beside the folder that commands are called in.
fn place() -> Place {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    place.write(BROKEN, "{\n  \"name\": \"x\",\n  \"a\": }");
    place.write("here/nothing.txt", "");
    let created = place.run([
        "workspace",
        "create",
        "moon",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    assert_eq!(created.code, 0, "{}", created.stderr);
    place
}

#[test]
fn every_command_tells_them_from_here() {
    let place = place();
    let run = |folder: &str, arguments: &[&str]| -> crate::support::Run {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.current_dir(place.path(folder)).args(arguments);
        command.output().expect("it starts").into()
    };
    for (arguments, code) in [
        (&["check", "../partner", "--for", "external"][..], 1),
        (&["export", "../partner", "--for", "external"], 1),
        (&["check", "..", "--all-projects", "--for", "external"], 1),
        (&["lock", "-m", "../recipack.toml"], 1),
        (&["graph", "../partner"], 1),
        (&["init", "../partner", "-o", "new.toml"], 1),
        (
            &["manifest", "add", "recipe", "x", "-m", "../recipack.toml"],
            1,
        ),
        (&["diff", "../partner", "local:moon"], 1),
        (&["diff", "local:moon", "../partner"], 1),
    ] {
        let told = run("here", arguments);
        let text = &told.stderr;
        assert_eq!(told.code, code, "{arguments:?}: {text}");
        let place_of_it = format!("--> ../{BROKEN}:3:8\n");
        assert!(text.contains(&place_of_it), "{arguments:?}: {text}");
        assert_eq!(text.matches("bad.recipe.json").count(), 1, "{text}");
        // A document has the project's own paths, wherever it is made.
        let json = run("here", &[arguments, &["--json"]].concat()).stdout;
        let document: Value = serde_json::from_str(&json).expect("a document");
        assert!(
            document
                .to_string()
                .contains("\"file\":\"Orders/bad.recipe.json\""),
            "{arguments:?}: {json}"
        );
        assert!(!json.contains("/Orders/bad."), "{arguments:?}: {json}");
    }
    // In the project itself they are what they are there.
    for (arguments, told) in [
        (&["graph", "."][..], "--> Orders/bad.recipe.json:3:8\n"),
        (&["graph", "./"], "Orders/bad.recipe.json:3:8\n"),
    ] {
        let run = run("partner", arguments);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    let absolute = place.path("partner");
    let graph = run("here", &["graph", absolute.to_str().expect("UTF-8")]);
    let told = format!("--> {}:3:8\n", place.path(BROKEN).display());
    assert!(graph.stderr.contains(&told), "{}", graph.stderr);
}

/// What lies in a package has its place in there: nothing of that name is here.
#[test]
fn places_in_a_package_are_the_packages() {
    let place = place();
    fs::remove_file(place.path(BROKEN)).expect("removed");
    let packed = place.run(["export", "partner", "--for", "external", "-o", "k.zip"]);
    assert_eq!(packed.code, 0, "{}", packed.stderr);
    let check = place.run(["check", "k.zip", "--for", "external"]);
    assert!(
        check
            .stderr
            .contains("--> Orders/plan_daily_routes.recipe.json:122:5\n"),
        "{}",
        check.stderr
    );
}
