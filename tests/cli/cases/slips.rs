//! Slips of whoever types: two words that contradict each other, a title that is hardly another one,
//! a folder that is not there, a file that is another one than was meant.

use crate::support::lines::{done, ends};
use crate::support::{Place, place_with};

fn place() -> Place {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    done(
        &place,
        "workspace create studio --kind admin --id 48213 --catalog catalogs/shared.json",
    );
    done(
        &place,
        "workspace create kestrel --kind customer --of studio",
    );
    done(
        &place,
        "export partner --for customer --catalog local:studio -o k.zip -q",
    );
    place
}

#[test]
fn two_words_about_one_connector_are_refused_unless_they_are_one() {
    let place = place();
    let line = "check partner --for external --connector Tracker=include --connector Tracker=";
    ends(
        &place,
        &format!("{line}exclude"),
        64,
        &["error[usage]: --connector says two things about \"Tracker\": include and exclude"],
    );
    ends(
        &place,
        &format!("{line}include"),
        1,
        &["no connector has the title \"Tracker\""],
    );
}

/// A connector is known by its title in other workspaces, where nobody tells two such titles apart.
#[test]
fn no_connector_is_made_of_a_slip_in_a_title() {
    let place = place();
    let run = |title: &str| {
        let source = "partner/parcel_tracker.custom_adapter.rb";
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.args([
            "connector",
            "push",
            source,
            "--title",
            title,
            "--in",
            "local:studio",
        ]);
        crate::support::Run::from(command.output().expect("it starts"))
    };
    let before = done(&place, "connector list --in local:studio");
    for title in [
        "parcel tracker",
        " Parcel Tracker",
        "ParcelTracker",
        "Parcel  Tracker",
    ] {
        let refused = run(title);
        let told = format!(
            "error[ambiguous]: \"{title}\" differs from the title of the connector \"Parcel Tracker\" only in case or spaces\n   = help: for another version of that one: --title 'Parcel Tracker'; "
        );
        assert!(
            refused.stderr.starts_with(&told),
            "{title}: {}",
            refused.stderr
        );
        assert_eq!(refused.code, 64, "{title}");
        assert_eq!(done(&place, "connector list --in local:studio"), before);
    }
    let pushed = run("Parcel Tracker");
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    assert!(pushed.stdout.contains("v8 is added"), "{}", pushed.stdout);
}

#[test]
fn a_folder_that_is_not_there_is_told_before_the_work() {
    let place = place();
    for line in [
        "plan k.zip --into local:kestrel -o nowhere/plan.json",
        "attest k.zip -o nowhere/k.intoto.json",
        "sbom k.zip -o nowhere/k.cdx.json",
        "catalog pull --in local:studio -o nowhere/c.json",
    ] {
        ends(
            &place,
            line,
            64,
            &["its folder is not there", "mkdir -p nowhere"],
        );
        let run = crate::support::lines::run(&place, line);
        assert!(!run.stderr.contains("tmp"), "{line}: {}", run.stderr);
    }
}

#[test]
fn what_is_no_plan_and_what_is_another_plan_is_told_in_words() {
    let place = place();
    ends(
        &place,
        "import k.recipack.json --into local:kestrel",
        1,
        &["error[invalid-plan]: k.recipack.json is no plan\n"],
    );
    done(&place, "plan k.zip --into local:kestrel -o plan.json");
    ends(
        &place,
        "import plan.json --folder X",
        3,
        &[
            "error[other-folder]: the plan is for Home, not for folder \"X\"",
            "help: make a plan for it",
        ],
    );
    ends(
        &place,
        "manifest add connector Tracker=maybe",
        64,
        &[
            "unknown word about a connector `maybe`",
            "`auto`, `include`, `exclude`",
        ],
    );
}
