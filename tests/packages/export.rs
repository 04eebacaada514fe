//! Packages, byte by byte: what goes in, what is changed, and that the same input gives the same
//! package.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Place, Run, copy, corpus, entries, files, fixture, real_folders};
use recipack::model::ident::Digest;

fn export(place: &Place, project: &Path, options: &[&str], output: &str) -> Run {
    let project = project.to_str().expect("UTF-8");
    place.run([&["export", project, "-o", output], options].concat())
}

#[track_caller]
fn exported(
    place: &Place,
    project: &Path,
    options: &[&str],
    output: &str,
) -> BTreeMap<String, Vec<u8>> {
    let run = export(place, project, options, output);
    assert_eq!(run.code, 0, "{}", run.stderr);
    entries(&place.path(output))
}

fn path_text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// The expectations under `fixtures/expected` were made by a second implementation of the rule.
#[test]
fn fixtures_give_exactly_the_expected_packages() {
    let catalog = |name: &str| path_text(&fixture(&format!("catalogs/{name}.json")));
    let connectors = path_text(&fixture("connectors"));
    let (shared, other) = (catalog("shared"), catalog("other-admin"));
    for (case, project, options) in [
        (
            "customer",
            "partner",
            vec!["--for", "customer", "--catalog", &shared],
        ),
        (
            "customer-renamed",
            "partner",
            vec!["--for", "customer", "--catalog", &other],
        ),
        ("external", "partner", vec!["--for", "external"]),
        (
            "put-back",
            "shared-form",
            vec!["--for", "external", "--connectors", &connectors],
        ),
    ] {
        let place = Place::new();
        let project = fixture(project);
        let packed = exported(&place, &project, &options, "p.zip");
        let expected = fixture(&format!("expected/{case}"));
        let listed = fs::read_to_string(expected.join("entries.txt")).expect("a list");
        let lines: Vec<String> = packed
            .iter()
            .map(|(path, bytes)| format!("{}  {path}", Digest::of(bytes)))
            .collect();
        assert_eq!(lines, listed.lines().collect::<Vec<_>>(), "{case}");
        let changed: BTreeMap<_, _> = packed
            .iter()
            .filter(|(path, bytes)| {
                fs::read(project.join(path)).is_ok_and(|source| source != **bytes)
            })
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        let expected_changes = if expected.join("changed").exists() {
            files(&expected.join("changed"))
        } else {
            BTreeMap::new()
        };
        assert_eq!(changed, expected_changes, "{case}");
    }
}

#[test]
fn leaving_out_and_putting_back_give_the_first_bytes_again() {
    let place = Place::new();
    let catalog = path_text(&fixture("catalogs/shared.json"));
    let customer = ["--for", "customer", "--catalog", &catalog];
    let original = exported(
        &place,
        &fixture("partner"),
        &["--for", "external"],
        "first.zip",
    );
    exported(&place, &fixture("partner"), &customer, "customer.zip");
    // The connectors' own files come from the project that has them.
    let partner = path_text(&fixture("partner"));
    let back = [
        "--for",
        "external",
        "--catalog",
        &catalog,
        "--connectors",
        &partner,
    ];
    let mut again = exported(&place, &place.path("customer.zip"), &back, "again.zip");
    assert_eq!(
        again.remove("parcel_tracker.custom_adapter.txt"),
        original.get("parcel_tracker.custom_adapter.txt").cloned()
    );
    for (path, bytes) in &again {
        assert_eq!(original.get(path), Some(bytes), "{path}");
    }
    assert_eq!(again.len() + 1, original.len());
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn a_real_package_loses_its_shared_connectors_exactly_as_its_owner_made_it() {
    let (before, after) = (
        corpus("travelperk/before.zip"),
        corpus("travelperk/after.zip"),
    );
    let place = Place::new();
    let catalog = place.write(
        "catalog.json",
        r#"{"result":[
            {"id":1,"name":"travel_perk_connector_564885_1661443229","title":"TravelPerk SDK","oem_shared_version":282,"oem_shared_at":null,"released_versions":[]},
            {"id":2,"name":"fyle_prod_connector_564885_1678964478","title":"Fyle Production SDK","oem_shared_version":17}]}"#,
    );
    let catalog = path_text(&catalog);
    let customer = export(
        &place,
        &before,
        &["--for", "customer", "--catalog", &catalog],
        "customer.zip",
    );
    assert_eq!(customer.code, 0);
    assert_eq!(entries(&place.path("customer.zip")), entries(&after));
    for warning in [
        "\"TravelPerk SDK\" is left out: customers run the shared v282",
        "\"Fyle Production SDK\" is left out: customers run the shared v17",
    ] {
        assert!(customer.stderr.contains(warning), "{}", customer.stderr);
    }
    assert_eq!(
        exported(&place, &before, &["--for", "external"], "external.zip"),
        entries(&before)
    );
    for (path, bytes) in entries(&before)
        .iter()
        .filter(|(path, _)| path.contains(".custom_adapter."))
    {
        fs::create_dir_all(place.path("connectors")).expect("made");
        fs::write(place.path("connectors").join(path), bytes).expect("written");
    }
    let connectors = path_text(&place.path("connectors"));
    let with_catalog = [
        "--for",
        "external",
        "--connectors",
        &connectors,
        "--catalog",
        &catalog,
    ];
    assert_eq!(
        exported(&place, &after, &with_catalog, "back.zip"),
        entries(&before)
    );
    // Without a catalogue the one connector that is supplied must be the one that is missing.
    assert_eq!(
        exported(&place, &after, &with_catalog[..4], "back.zip"),
        entries(&before)
    );
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn every_real_project_is_packed_byte_by_byte() {
    for project in real_folders() {
        let place = Place::new();
        let packed = exported(&place, &project, &["--for", "external"], "p.zip");
        assert_eq!(packed, files(&project), "{}", project.display());
    }
}

#[test]
fn several_projects_in_one_folder_are_named() {
    let mut trees = vec![(
        fixture("broken/multi-root"),
        vec!["orders-api", "returns-api"],
    )];
    if cfg!(real_projects) {
        trees.push((
            corpus("dewy-resort-wk"),
            vec![
                "Workspace Connections",
                "atomic-salesforce-recipes",
                "atomic-stripe-recipes",
                "home-assistant",
                "orchestrator-recipes",
                "sf-api-collection",
            ],
        ));
    }
    for (tree, roots) in trees {
        let place = Place::new();
        let run = export(&place, &tree, &["--for", "external"], "p.zip");
        assert_eq!(run.code, 64, "{}", run.stderr);
        for root in roots {
            assert!(
                run.stderr
                    .contains(tree.join(root).to_str().expect("UTF-8")),
                "{root}: {}",
                run.stderr
            );
        }
        assert_eq!(place.names(), [""; 0]);
        assert_eq!(
            export(
                &place,
                &tree,
                &["--for", "external", "--one-project"],
                "p.zip"
            )
            .code,
            0
        );
    }
}

/// The connector of a project in the other dialect is recognised through all its links, and only
/// what the rule names is changed.
#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn a_real_connector_that_is_shared_leaves_only_the_named_spans_changed() {
    let project = corpus("dewy-resort-wk/home-assistant");
    let own = "nabu_casa_home_assistant_cloud__connector_2100009826_1779813258";
    for admin in [own, "ha_connector_7_1700000000"] {
        let place = Place::new();
        let catalog = place.write(
            "catalog.json",
            &format!(r#"[{{"name":"{admin}","title":"Nabu Casa (Home Assistant Cloud)","oem_shared_version":4}}]"#),
        );
        let catalog = path_text(&catalog);
        let run = export(
            &place,
            &project,
            &["--for", "customer", "--catalog", &catalog],
            "p.zip",
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        let packed = entries(&place.path("p.zip"));
        let source = files(&project);
        let gone: Vec<_> = source
            .keys()
            .filter(|path| !packed.contains_key(*path))
            .collect();
        assert_eq!(gone.len(), 3);
        assert!(gone.iter().all(|path| path.contains(".custom_adapter.")));
        for (path, bytes) in &packed {
            let text = String::from_utf8(source[path].clone()).expect("UTF-8");
            let uses = text.contains("custom_adapter.json") || text.contains("\"custom\": true");
            let expected = text
                .replace("\"custom\": true,\n        ", "")
                .replace(
                    "{\n    \"folder\": \"\",\n    \"name\": \"Nabu Casa (Home Assistant Cloud)\",\n    \"zip_name\": \"nabu_casa_home_assistant_cloud.custom_adapter.json\"\n  }",
                    &format!("\"{own}\""),
                )
                .replace(own, admin);
            assert_eq!(String::from_utf8_lossy(bytes), expected, "{path}");
            assert_eq!(uses, expected != text, "{path}");
            if uses {
                assert!(
                    run.stderr.contains(path.as_str()),
                    "{path} is not named: {}",
                    run.stderr
                );
            }
        }
    }
}

/// Sets times and modes, and gives the files another order in the directory.
fn disturb(project: &Path) {
    let mut all = files(project);
    for path in all.keys() {
        fs::remove_file(project.join(path)).expect("removed");
    }
    while let Some((path, bytes)) = all.pop_last() {
        let path = project.join(path);
        fs::write(&path, bytes).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        let file = fs::File::options()
            .append(true)
            .open(&path)
            .expect("opened");
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000))
            .expect("set");
    }
}

#[test]
fn the_same_input_gives_the_same_package() {
    let catalog = path_text(&fixture("catalogs/shared.json"));
    let options = ["--for", "customer", "--catalog", &catalog];
    let mut projects = vec![fixture("partner")];
    if cfg!(real_projects) {
        projects.extend(real_folders());
    }
    for project in projects {
        let place = Place::new();
        let here = place.path("project");
        copy(&project, &here);
        exported(&place, &here, &options, "a.zip");
        disturb(&here);
        let mut command = std::process::Command::new("sh");
        command
            .arg("-c")
            .arg("umask 077; exec \"$0\" \"$@\"")
            .arg(env!("CARGO_BIN_EXE_recipack"));
        command
            .current_dir(place.folder.path())
            .args(["export", "project", "-o", "b.zip", "--threads", "7"])
            .args(options);
        command.env("TZ", "Asia/Tokyo").env("LC_ALL", "tr_TR.UTF-8");
        let run = Run::from(command.output().expect("it starts"));
        assert_eq!(run.code, 0, "{}", run.stderr);
        let run = export(
            &place,
            &here,
            &[&options[..], &["--threads", "1"]].concat(),
            "c.zip",
        );
        assert_eq!(run.code, 0);
        let read = |name: &str| fs::read(place.path(name)).expect("readable");
        assert!(
            read("a.zip") == read("b.zip") && read("a.zip") == read("c.zip"),
            "{}",
            project.display()
        );
        let record = |name: &str| {
            String::from_utf8(read(name))
                .expect("UTF-8")
                .replace(name, "")
                .replace(&name.replace("recipack.json", "zip"), "")
        };
        assert_eq!(record("a.recipack.json"), record("b.recipack.json"));
    }
}

#[test]
fn a_package_of_a_package_is_the_package() {
    let place = Place::new();
    exported(&place, &fixture("partner"), &["--for", "external"], "a.zip");
    exported(
        &place,
        &place.path("a.zip"),
        &["--for", "external"],
        "b.zip",
    );
    assert_eq!(
        fs::read(place.path("a.zip")).expect("readable"),
        fs::read(place.path("b.zip")).expect("readable")
    );
}

#[test]
fn a_selection_takes_along_what_it_needs() {
    let place = Place::new();
    let packed = exported(
        &place,
        &fixture("partner"),
        &[
            "--for",
            "external",
            "--include",
            "Orders/track_new_parcels.recipe.json",
        ],
        "p.zip",
    );
    let names: Vec<_> = packed.keys().map(String::as_str).collect();
    for needed in [
        "Orders/track_new_parcels.recipe.json",
        "Connections/parcel_tracker_account.connection.json",
        "parcel_tracker.custom_adapter.rb",
    ] {
        assert!(
            names.contains(&needed),
            "{needed} is missing from {names:?}"
        );
    }
    assert!(
        !names.contains(&"Orders/archive_invoices.recipe.json"),
        "{names:?}"
    );
}

#[test]
fn what_the_manifest_says_goes_and_the_command_line_goes_first() {
    let place = Place::new();
    let manifest = path_text(&fixture("recipack.toml"));
    let run = place.run([
        "export",
        "-m",
        &manifest,
        "--to",
        "customers",
        "-o",
        "p.zip",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!entries(&place.path("p.zip")).contains_key("parcel_tracker.custom_adapter.rb"));
    let run = place.run([
        "export",
        "-m",
        &manifest,
        "--to",
        "customers",
        "--connector",
        "Parcel Tracker=include",
        "-o",
        "p.zip",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(entries(&place.path("p.zip")).contains_key("parcel_tracker.custom_adapter.rb"));
    assert!(
        run.stderr.contains("shared-connector-included"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_record_lies_beside_the_package_and_vouches_for_it() {
    let place = Place::new();
    let catalog = path_text(&fixture("catalogs/shared.json"));
    copy(&fixture("partner"), &place.path("project"));
    exported(
        &place,
        &place.path("project"),
        &["--for", "customer", "--catalog", &catalog],
        "p.zip",
    );
    let run = place.run(["verify", "p.zip", "--rebuild-from", "project"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("made again, it is the same"),
        "{}",
        run.stdout
    );
    place.write("project/Orders/gold.loyalty_card.json", "{\"points\": 3}");
    let run = place.run(["verify", "p.zip", "--rebuild-from", "project"]);
    assert_eq!(run.code, 4);
    assert!(
        run.stdout.contains("Orders/gold.loyalty_card.json: ")
            && run
                .stdout
                .contains("; they differ from line 1, column 2 on\n"),
        "{}",
        run.stdout
    );
    // An entry that is rewritten differs where it was edited, and only the first is looked into.
    copy(&fixture("partner"), &place.path("project"));
    let recipe = "project/Orders/archive_invoices.recipe.json";
    let text = fs::read_to_string(place.path(recipe)).expect("readable");
    place.write(
        recipe,
        &text.replacen("\"description\": \"", "\"description\": \"N", 1),
    );
    let picture = "project/Dispatch desk/dispatch_desk.lcap_app.png";
    assert!(place.path(picture).exists());
    fs::write(place.path(picture), [1, 2, 3]).expect("written");
    let run = place.run(["verify", "p.zip", "--rebuild-from", "project"]);
    assert_eq!(run.code, 4);
    assert_eq!(
        run.stdout.matches("they differ from ").count(),
        1,
        "{}",
        run.stdout
    );
    copy(&fixture("partner"), &place.path("project"));
    fs::remove_file(place.path("project/Orders/gold.loyalty_card.json")).expect("removed");
    let run = place.run(["verify", "p.zip", "--rebuild-from", "project"]);
    assert!(
        run.stdout
            .contains("gold.loyalty_card.json: the package has it, the project does not\n"),
        "{}",
        run.stdout
    );
    place.write("project/Orders/gold.loyalty_card.json", "{\"points\": 3}");
    let record = fs::read_to_string(place.path("p.recipack.json")).expect("readable");
    let first = record.find("\"sha256\": \"").expect("a digest") + 11;
    let other = if record.as_bytes()[first] == b'0' {
        "1"
    } else {
        "0"
    };
    let mut forged = record.clone();
    forged.replace_range(first..=first, other);
    place.write("p.recipack.json", &forged);
    assert_eq!(place.run(["verify", "p.zip"]).code, 4);
    fs::remove_file(place.path("p.recipack.json")).expect("removed");
    let run = place.run(["verify", "p.zip"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("no decision record"), "{}", run.stdout);
}
