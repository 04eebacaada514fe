//! What somebody does who has an unzipped export, the platform's list of shared connectors as its API
//! answers it, and nothing but `--help`: three stories, of three commands at most, without a dead end.

use std::fs;
use std::io::Write as _;

use crate::support::lines::{done, ends};
use crate::support::{Place, entries, files, fixture, place_with};

/// The folder `orders`, the platform's package that it was unzipped from beside it, and the answer.
fn place() -> Place {
    let place = place_with(&["partner"]);
    fs::rename(place.path("partner"), place.path("orders")).expect("renamed");
    fs::remove_file(place.path("orders/.workato-ignore")).expect("a client's own file");
    let file = fs::File::create(place.path("orders.zip")).expect("a file");
    let mut zip = zip::ZipWriter::new(file);
    let time = zip::DateTime::from_date_and_time(2026, 3, 1, 12, 0, 0).expect("a time");
    for (path, bytes) in files(&place.path("orders")) {
        let options = zip::write::SimpleFileOptions::default().last_modified_time(time);
        zip.start_file(path, options).expect("started");
        zip.write_all(&bytes).expect("written");
    }
    zip.finish().expect("a package");
    // The answer to `GET /api/custom_connectors?oem_shared=true`, saved as it is.
    fs::copy(
        fixture("catalogs/shared.json"),
        place.path("custom_connectors.json"),
    )
    .expect("copied");
    place
}

#[test]
fn a_partner_gets_a_package_for_customers() {
    let place = place();
    let original = fs::read(place.path("orders.zip")).expect("readable");
    // As the second command's help has it; the package of the platform is nobody's to destroy.
    let line = "export orders --for customer --catalog custom_connectors.json";
    ends(
        &place,
        line,
        64,
        &[
            "error[output-taken]: orders.zip is there, and is no package that recipack made",
            "help: name another file to write to; or, if nobody needs it, replace it with --force",
        ],
    );
    let now = fs::read(place.path("orders.zip")).expect("readable");
    assert!(now == original, "the platform's package is as it was");
    let told = done(&place, &format!("{line} -o customers.zip"));
    for connector in [
        "connector Parcel Tracker: left out, the target runs the shared v6",
        "connector Invoice Vault: left out, the target runs the shared v3",
        "connector Ledger Sync: included v2",
    ] {
        assert!(told.contains(connector), "{connector}: {told}");
    }
    let packed = entries(&place.path("customers.zip"));
    assert!(!packed.contains_key("parcel_tracker.custom_adapter.rb"));
    let right = files(&fixture("expected/customer/changed"));
    for (path, bytes) in &right {
        assert!(packed.get(path) == Some(bytes), "{path}");
    }
    // The same command makes its own package anew.
    done(&place, &format!("{line} -o customers.zip"));
    assert_eq!(
        done(&place, &format!("{line} --force")).lines().next(),
        Some("orders.zip")
    );
}

/// What is told to somebody who has the answer, and does not know that it is a catalogue.
#[test]
fn whoever_lacks_a_catalogue_is_told_that_the_answer_is_one() {
    let place = place();
    let answer =
        "--catalog FILE: the platform's answer to GET /api/custom_connectors?oem_shared=true";
    ends(&place, "check orders --for customer", 1, &[answer]);
    // Where it has its usual name, it is found.
    let written = done(&place, "init orders");
    assert!(
        written.contains("catalogue custom_connectors.json"),
        "{written}"
    );
}

#[test]
fn a_migration_gets_everything_into_an_account_outside() {
    let place = place();
    done(&place, "workspace create osprey --kind external");
    let told = done(&place, "export orders --for external -o outside.zip");
    assert!(
        told.contains("connector Parcel Tracker: included v7"),
        "{told}"
    );
    let plan = done(&place, "plan outside.zip --into local:osprey");
    assert!(plan.contains("install v1"), "{plan}");
    let imported = done(&place, "import outside.zip --into local:osprey");
    assert!(
        imported.ends_with(
            "Imported into local:osprey as revision 1; read back, everything is as planned.\n"
        ),
        "{imported}"
    );
}

#[test]
fn a_job_makes_what_was_locked_and_nothing_else() {
    let place = place();
    done(&place, "init orders");
    done(&place, "lock");
    let line = "export --to customers --locked -o customers.zip";
    let told = done(&place, line);
    assert!(
        told.contains("left out, the target runs the shared v6"),
        "{told}"
    );
    // Somebody changes a recipe, and nobody the lock.
    let recipe = place.path("orders/Orders/return_label.recipe.json");
    let text = fs::read_to_string(&recipe).expect("a recipe");
    fs::write(recipe, text.replacen("Return label", "Return labels", 1)).expect("written");
    ends(&place, line, 2, &["recipack lock"]);
}
