//! Recipes and the connectors that they will run: what they use has to be there.

use std::fs;

use crate::support::{Place, Run, copy, fixture};

fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments);
    command.output().expect("it starts").into()
}

fn done(place: &Place, arguments: &[&str]) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

/// The second version of the connector lacks an action that the recipe uses.
#[test]
fn a_recipe_must_not_use_what_the_shared_version_lacks() {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    let first = fs::read_to_string(fixture("connectors/parcel_tracker.custom_adapter.rb"));
    let first = first.expect("text");
    place.write("one.rb", &first);
    place.write(
        "two.rb",
        &first.replacen("get_parcel: {", "find_parcel: {", 1),
    );
    let tracker = "Parcel Tracker";
    let studio = ["--in", "local:studio"];
    let of_studio = |words: &[&str]| done(&place, &[words, &studio].concat());
    done(
        &place,
        &[
            "workspace",
            "create",
            "studio",
            "--kind",
            "admin",
            "--id",
            "48213",
        ],
    );
    done(&place, &["customer", "create", "acme", "--of", "studio"]);
    for source in ["one.rb", "two.rb"] {
        of_studio(&["connector", "push", source, "--title", tracker]);
        of_studio(&["connector", "release", tracker]);
    }
    of_studio(&["catalog", "share", tracker, "--version", "1"]);
    let export = [
        "export",
        "partner",
        "--include",
        "Orders/track_new_parcels.recipe.json",
        "--for",
        "customer",
        "--catalog",
        "local:studio",
        "-o",
        "c.zip",
    ];
    done(&place, &export);
    of_studio(&["catalog", "update", tracker, "--yes"]);
    let refused = run(&place, &export);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains(
            "error[action-missing]: step 4 uses the action `get_parcel`, which the shared v2 of \"Parcel Tracker\" does not have"
        ),
        "{}",
        refused.stderr
    );
    // The package that was made before is refused where it would run that version.
    for (command, code) in [("plan", 3), ("import", 3)] {
        let refused = run(&place, &[command, "c.zip", "--into", "local:acme"]);
        assert_eq!(refused.code, code, "{}", refused.stderr);
        assert!(
            refused.stderr.contains("the shared v2 of"),
            "{}",
            refused.stderr
        );
    }
    of_studio(&["catalog", "switch", tracker, "1", "--yes"]);
    done(&place, &["import", "c.zip", "--into", "local:acme"]);
    // Where only versions are known, it is said that it can't be told.
    of_studio(&["catalog", "pull", "-o", "shared.json"]);
    let other = ["--platform", "other.db"];
    for words in [
        &[
            "workspace",
            "create",
            "copy",
            "--kind",
            "admin",
            "--catalog",
            "shared.json",
        ][..],
        &["customer", "create", "tern", "--of", "copy"],
    ] {
        done(&place, &[words, &other].concat());
    }
    let words = ["plan", "c.zip", "--into", "local:tern", "--verbose"];
    let told = done(&place, &[&words[..], &other].concat()).stderr;
    assert!(
        told.contains("it can't be told whether the shared v1 of \"Parcel Tracker\" has"),
        "{told}"
    );
}
