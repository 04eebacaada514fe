//! A manifest that is built by names: what is said is held against the project, and nothing is written
//! of what means nothing.

use std::fs;

use crate::support::lines::{done, ends};
use crate::support::{Place, Run, place_with};

fn place() -> Place {
    place_with(&["partner", "catalogs", "recipack.toml"])
}

fn manifest(place: &Place) -> String {
    fs::read_to_string(place.path("recipack.toml")).expect("a manifest")
}

fn said(place: &Place, arguments: &[&str]) -> Run {
    place.run([&["manifest"], arguments].concat())
}

#[test]
fn things_are_added_by_name_or_path_and_taken_out_again() {
    let original = manifest(&place());
    // What is said, and the line that the manifest has then.
    for (part, value, line) in [
        (
            "recipe",
            "Return label",
            "include = [\"Orders/return_label.recipe.json\"]",
        ),
        (
            "recipe",
            "Orders/Return label",
            "include = [\"Orders/return_label.recipe.json\"]",
        ),
        (
            "recipe",
            "Orders/return_label.recipe.json",
            "include = [\"Orders/return_label.recipe.json\"]",
        ),
        // As a shell completes it.
        (
            "recipe",
            "partner/Orders/return_label.recipe.json",
            "include = [\"Orders/return_label.recipe.json\"]",
        ),
        (
            "connection",
            "Notices mailbox",
            "include = [\"notices_mailbox.connection.json\"]",
        ),
        ("folder", "Orders/", "folders = [\"Orders\"]"),
        ("folder", "partner/Orders", "folders = [\"Orders\"]"),
        ("type", "recipe", "types = [\"recipe\"]"),
        ("include", "Orders/**", "include = [\"Orders/**\"]"),
        ("exclude", "Agents/**", "exclude = [\"Agents/**\"]"),
        (
            "connector",
            "Parcel Tracker=include",
            "\"Parcel Tracker\" = \"include\"",
        ),
        (
            "connector",
            "parcel_tracker_connector_48213_1701388800=include",
            "\"Parcel Tracker\" = \"include\"",
        ),
        (
            "connector",
            "parcel_tracker.custom_adapter.json=exclude",
            "\"Parcel Tracker\" = \"exclude\"",
        ),
        (
            "target",
            "partners=customer",
            "[targets.partners]\nkind = \"customer\"",
        ),
    ] {
        let place = place();
        let run = said(&place, &["add", part, value]);
        assert_eq!(run.code, 0, "{part} {value}: {}", run.stderr);
        let text = manifest(&place);
        assert!(text.contains(line), "{part} {value}:\n{text}");
        let name = match part {
            "connector" => "Parcel Tracker",
            "target" => "partners",
            "folder" => "Orders",
            _ => value,
        };
        let run = said(&place, &["remove", part, name]);
        assert_eq!(run.code, 0, "remove {part} {name}: {}", run.stderr);
        assert!(!manifest(&place).contains(line), "{part} {value}");
        for line in original.lines() {
            assert!(manifest(&place).contains(line), "{line} stays");
        }
    }
}

#[test]
fn what_means_nothing_is_told_and_nothing_is_written() {
    let place = place();
    let before = manifest(&place);
    for (part, value, code, told) in [
        (
            "recipe",
            "Return lable",
            1,
            &[
                "error[names-nothing]: there is no recipe \"Return lable\"",
                "did you mean \"Return label\"? those that are there: recipack show partner",
            ][..],
        ),
        (
            "connection",
            "Notices Mailbox",
            1,
            &["did you mean \"Notices mailbox\"?"],
        ),
        (
            "folder",
            "orders",
            1,
            &["there is no folder \"orders\"", "did you mean \"Orders\"?"],
        ),
        (
            "type",
            "recipes",
            1,
            &[
                "there is no asset of the type \"recipes\"",
                "did you mean \"recipe\"?",
            ],
        ),
        (
            "tag",
            "vip",
            1,
            &["there is no recipe with the tag \"vip\""],
        ),
        (
            "include",
            "Odrers/**",
            1,
            &["there is no asset that matches \"Odrers/**\""],
        ),
        ("exclude", "nothing", 1, &["there is no asset that matches"]),
        (
            "connector",
            "Parcel Traker=include",
            1,
            &[
                "there is no connector \"Parcel Traker\"",
                "did you mean \"Parcel Tracker\"?",
            ],
        ),
        (
            "catalog",
            "nowhere.json",
            1,
            &["error[names-nothing]: nowhere.json is not there"],
        ),
        (
            "catalog",
            "partner/project.json",
            1,
            &["error[invalid-catalog]"],
        ),
        ("project", "nowhere", 1, &["nowhere is not there"]),
        ("project", "catalogs", 1, &["error[no-project]"]),
        ("recipe", "", 1, &["there is no recipe \"\""]),
        ("connector", "Parcel Tracker", 64, &["TITLE=auto"]),
        ("target", "partners", 64, &["NAME=customer"]),
    ] {
        let run = said(&place, &["add", part, value]);
        assert_eq!(run.code, code, "{part} {value}: {}", run.stderr);
        for told in told {
            assert!(run.stderr.contains(told), "{part} {value}: {}", run.stderr);
        }
        assert_eq!(manifest(&place), before, "{part} {value}");
    }
    // One of several that is wrong stops all.
    let run = said(&place, &["add", "recipe", "Return label", "Nothing at all"]);
    assert_eq!(run.code, 1);
    assert_eq!(manifest(&place), before);
    // A name that two have.
    let recipe = fs::read(place.path("partner/Orders/return_label.recipe.json")).expect("a recipe");
    fs::write(place.path("partner/Functions/twin.recipe.json"), recipe).expect("written");
    let run = said(&place, &["add", "recipe", "Return label"]);
    assert_eq!(run.code, 64, "{}", run.stderr);
    for told in [
        "error[ambiguous]: \"Return label\" is the name of 2 recipes",
        "recipack manifest add recipe Functions/twin.recipe.json",
        "recipack manifest add recipe Orders/return_label.recipe.json",
    ] {
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    assert_eq!(manifest(&place), before);
    // A project that can't be read is not taken for one that has everything.
    fs::rename(place.path("partner"), place.path("elsewhere")).expect("moved");
    for arguments in [["add", "recipe", "Return label"], ["add", "type", "recipe"]] {
        let run = said(&place, &arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(manifest(&place), before);
}

#[test]
fn a_target_has_words_of_its_own() {
    let place = place();
    let catalog = place.path("catalogs/closed-eu.json");
    for (arguments, told) in [
        (
            &[
                "add",
                "connector",
                "Parcel Tracker=include",
                "--target",
                "customers",
            ][..],
            "recipack.toml: added customers: Parcel Tracker in targets\n",
        ),
        (
            &[
                "add",
                "catalog",
                "catalogs/closed-eu.json",
                "--target",
                "customers",
            ],
            "recipack.toml: added customers: catalog catalogs/closed-eu.json in targets\n",
        ),
        (
            &["add", "catalog", "none", "--target", "customers"],
            "recipack.toml: changed customers: catalog none in targets\n",
        ),
        (
            &["remove", "catalog", "--target", "customers"],
            "recipack.toml: removed customers: catalog in targets\n",
        ),
        (
            &[
                "remove",
                "connector",
                "Parcel Tracker",
                "--target",
                "customers",
            ],
            "recipack.toml: removed customers: Parcel Tracker in targets\n",
        ),
    ] {
        let run = said(&place, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, told);
    }
    assert!(catalog.is_file());
    let run = said(
        &place,
        &[
            "add",
            "connector",
            "Parcel Tracker=include",
            "--target",
            "customer",
        ],
    );
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("did you mean `customers`?"),
        "{}",
        run.stderr
    );
    let run = said(
        &place,
        &["add", "recipe", "Return label", "--target", "customers"],
    );
    assert_eq!(run.code, 64);
    assert!(
        run.stderr.contains("the same for all targets"),
        "{}",
        run.stderr
    );
}

#[test]
fn paths_are_given_from_here_and_written_from_the_manifest() {
    let place = place();
    place.write(
        "deploy/orders.toml",
        "[targets.acme]\nkind = \"customer\"\n",
    );
    done(&place, "manifest add project partner -m deploy/orders.toml");
    done(
        &place,
        "manifest add catalog catalogs/shared.json -m deploy/orders.toml",
    );
    let text = fs::read_to_string(place.path("deploy/orders.toml")).expect("a manifest");
    assert!(text.contains("project = \"../partner\""), "{text}");
    assert!(
        text.contains("catalog = \"../catalogs/shared.json\""),
        "{text}"
    );
    done(&place, "export -m deploy/orders.toml --to acme");
    // What is meant as from the manifest is told, and not guessed.
    place.write("deploy/own.json", "[]");
    ends(
        &place,
        "manifest add catalog own.json -m deploy/orders.toml",
        1,
        &["own.json is not there", "did you mean deploy/own.json?"],
    );
    done(&place, "manifest remove project -m deploy/orders.toml");
    ends(
        &place,
        "manifest remove project -m deploy/orders.toml",
        1,
        &["`package` has no `project`"],
    );
}

#[test]
fn what_an_addition_does_beside_is_told() {
    let place = place();
    let run = said(&place, &["add", "recipe", "Return label"]);
    assert_eq!(
        run.stderr,
        "note: until now everything was taken; now only what `[select]` names, with what that needs\n"
    );
    let run = said(&place, &["add", "recipe", "Archive invoices"]);
    assert_eq!(run.stderr, "");
    done(&place, "manifest add exclude Agents/**");
    let run = said(
        &place,
        &["add", "recipe", "Agents/look_up_parcel.recipe.json"],
    );
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stderr,
        "note: Agents/look_up_parcel.recipe.json still stays out, unless something needs it, because of `Agents/**` in `exclude`\n"
    );
    // A recipe that is gone can still be taken out.
    fs::remove_file(place.path("partner/Orders/archive_invoices.recipe.json")).expect("removed");
    done(
        &place,
        "manifest remove recipe Orders/archive_invoices.recipe.json",
    );
}

/// Somebody's own file is edited, not replaced: a link stays one.
#[cfg(unix)]
#[test]
fn a_manifest_behind_a_link_is_edited_where_it_lies() {
    let place = place();
    fs::create_dir(place.path("real")).expect("made");
    fs::rename(place.path("recipack.toml"), place.path("real/r.toml")).expect("moved");
    std::os::unix::fs::symlink("real/r.toml", place.path("recipack.toml")).expect("linked");
    done(&place, "manifest add folder Orders");
    let link = fs::symlink_metadata(place.path("recipack.toml")).expect("there");
    assert!(link.is_symlink());
    let text = fs::read_to_string(place.path("real/r.toml")).expect("text");
    assert!(text.contains("folders = [\"Orders\"]"), "{text}");
}
