//! Lists of shared connectors in the forms that people have them: the platform's answer, a table, a
//! list of titles. What a form does not tell is not known, and never assumed.

use std::fs;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, entries};

const NAME: &str = "parcel_tracker_connector_7_1";

/// A project with one connector, as its own workspace exports it.
fn own_form(place: &Place) {
    let account = custom_reference("parcels.connection.json", "Parcels");
    let adapter = reference("parcel_tracker.custom_adapter.json", "Parcel Tracker");
    ProjectFolder::new(place, "project")
        .connector("parcel_tracker", "Parcel Tracker", 3)
        .connection("parcels.connection.json", "Parcels", &adapter)
        .recipe("track.recipe.json", "Track", &[uses(NAME, account)]);
}

/// The same as a workspace exports it that has the connector as a shared one.
fn shared_form(place: &Place) {
    let account = reference("parcels.connection.json", "Parcels");
    ProjectFolder::new(place, "project")
        .connection("parcels.connection.json", "Parcels", &json!(NAME))
        .recipe("track.recipe.json", "Track", &[uses(NAME, account)]);
}

fn export(place: &Place, catalog: &str) -> Run {
    place.run([
        "export",
        "project",
        "--for",
        "customer",
        "--catalog",
        catalog,
        "-o",
        "p.zip",
    ])
}

/// What a package has as the connection's provider, and which files.
fn packed(place: &Place) -> (Value, Vec<String>) {
    let entries = entries(&place.path("p.zip"));
    let connection = &entries["parcels.connection.json"];
    let connection: Value = serde_json::from_slice(connection).expect("JSON");
    (
        connection["provider"].clone(),
        entries.into_keys().collect(),
    )
}

#[test]
fn a_table_says_what_the_platforms_answer_says() {
    for table in [
        "title,name,oem_shared_version\nParcel Tracker,parcel_tracker_connector_9_9,6\n",
        // As spreadsheets write it, with the words that lists show.
        "\u{feff}Title;Internal name;Shared version;Visibility;Notes\r\n\"Parcel Tracker\";parcel_tracker_connector_9_9;v6;open;\"a; b\"\r\n",
        "name\ttitle\tshared-version\nparcel_tracker_connector_9_9\tParcel Tracker\t6\n",
        "title,name,oem_shared_version\nLedger Sync,ledger_connector_9_1,none\nParcel Tracker,parcel_tracker_connector_9_9,6\n",
    ] {
        let place = Place::new();
        own_form(&place);
        place.write("shared.csv", table);
        let run = export(&place, "shared.csv");
        assert_eq!(run.code, 0, "{table}: {}", run.stderr);
        assert!(
            run.stderr
                .contains("\"Parcel Tracker\" is left out: customers run the shared v6"),
            "{}",
            run.stderr
        );
        let (provider, files) = packed(&place);
        assert_eq!(provider, json!("parcel_tracker_connector_9_9"));
        assert_eq!(files, ["parcels.connection.json", "track.recipe.json"]);
    }
}

#[test]
fn a_title_alone_is_shared_and_no_more_is_known() {
    for (file, list) in [
        ("titles.json", r#"["Ledger Sync", "Parcel Tracker"]"#),
        ("titles.csv", "title\nLedger Sync\nParcel Tracker\n"),
        (
            "some.csv",
            "title,name,oem_shared_version\nParcel Tracker,,6\n",
        ),
    ] {
        let place = Place::new();
        own_form(&place);
        place.write(file, list);
        // What customers' recipes have to spell is not known, so no package is made.
        let run = export(&place, file);
        assert_eq!(run.code, 1, "{list}: {}", run.stderr);
        for told in [
            "error[catalog-missing]: the catalogue tells titles only, and for customers recipes spell a shared connector's internal name",
            "the catalogue has \"Parcel Tracker\" by its title only, not by its internal name",
            "--catalog https://www.workato.com",
            "title,name,oem_shared_version\n",
            "Parcel Tracker,parcel_tracker_connector_48213_1701388800,6",
        ] {
            assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
        }
        assert!(!place.path("p.zip").exists());
        // For any other account sharing does not matter.
        let arguments = [
            "export",
            "project",
            "--for",
            "external",
            "--catalog",
            file,
            "-o",
            "e.zip",
        ];
        assert_eq!(place.run(arguments).code, 0);

        // A project that has the shared form already stays as it is.
        let place = Place::new();
        shared_form(&place);
        place.write(file, list);
        let run = export(&place, file);
        assert_eq!(run.code, 0, "{list}: {}", run.stderr);
        for told in [
            "warning[catalog-incomplete]: the catalogue tells titles only, so which versions customers run is not known",
            "`parcel_tracker_connector_7_1` is taken to be \"Parcel Tracker\"",
        ] {
            assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
        }
        let (provider, _) = packed(&place);
        assert_eq!(provider, json!(NAME));
        let entries = entries(&place.path("p.zip"));
        for (path, bytes) in &entries {
            let file = fs::read(place.path("project").join(path)).expect("a file");
            assert_eq!(&file, bytes, "{path} is as it was");
        }
    }
}

#[test]
fn a_list_of_titles_leaves_open_what_has_another_title() {
    // A name that no title on the list gives: whether it is one of them is not known.
    let place = Place::new();
    shared_form(&place);
    place.write("titles.json", r#"["Ledger Sync"]"#);
    let run = export(&place, "titles.json");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("the catalogue lists titles only, and which one `parcel_tracker_connector_7_1` belongs to is not known"),
        "{}",
        run.stderr
    );
    // A connector whose title is known, and not on the list, is not shared.
    let place = Place::new();
    own_form(&place);
    place.write("titles.json", r#"["Ledger Sync"]"#);
    let run = export(&place, "titles.json");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(packed(&place).1.len(), 4);
    // One that is nearly on it may be meant.
    place.write("titles.json", r#"["parcel tracker"]"#);
    let run = export(&place, "titles.json");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("only in case or spacing"),
        "{}",
        run.stderr
    );
    // In the own form the name is not the shared one's, whatever it looks like.
    let place = Place::new();
    own_form(&place);
    fs::remove_file(place.path("project/parcel_tracker.custom_adapter.json")).expect("removed");
    fs::remove_file(place.path("project/parcel_tracker.custom_adapter.rb")).expect("removed");
    place.write("titles.json", r#"["Parcel Tracker"]"#);
    let run = export(&place, "titles.json");
    assert_eq!(run.code, 1, "{}", run.stderr);
}

#[test]
fn every_refusal_shows_three_lines_that_would_be_right() {
    let place = Place::new();
    own_form(&place);
    for (text, told) in [
        ("", "there is no list of connectors in it"),
        ("hello\n", "there is no list of connectors in it"),
        (
            "<html><body>Sign in</body></html>\n",
            "there is no list of connectors in it",
        ),
        (
            "Parcel Tracker\nLedger Sync\n",
            "there is no list of connectors in it",
        ),
        (
            "title,name\nParcel Tracker\n",
            "entry 1: it has 1 columns, and the header has 2",
        ),
        (
            "title,name\n,a_connector_1_1\n",
            "entry 1 (``): `title` is missing",
        ),
        (
            "title,name\nA,a b\n",
            "entry 1 (`A`): `name`: invalid internal connector name `a b`",
        ),
        (
            "title,name,oem_shared_version\nA,a_connector_1_1,six\n",
            "`oem_shared_version` should be a version number, but is a text",
        ),
        (
            "title,name,visibility\nA,a_connector_1_1,opne\n",
            "unknown visibility `opne`",
        ),
        (
            "title\nA\nB\nA\n",
            "entry 3 (`A`): its `title` `A` is that of entry 1 too",
        ),
        (
            "title,name\nA,a_connector_1_1\nB,a_connector_1_1\n",
            "entry 2 (`B`): its `name` `a_connector_1_1` is that of entry 1 too",
        ),
        (r#"{"items": []}"#, "there is no list of connectors in it"),
        (
            r#"["A", 3]"#,
            "entry 2: it should be an object, but is a number",
        ),
        (
            r#"["A", "A"]"#,
            "entry 2 (`A`): its `title` `A` is that of entry 1 too",
        ),
        (r#"[{"title": "A"}]"#, "`name` is missing"),
        ("[", "the text ends where a value or `]` is expected"),
    ] {
        place.write("c", text);
        let run = export(&place, "c");
        assert_eq!(run.code, 1, "{text}: {}", run.stderr);
        assert!(
            run.stderr.contains("error[invalid-catalog]"),
            "{text}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(told), "{text}: {}", run.stderr);
        let lines: Vec<&str> = run.stderr.lines().map(str::trim).collect();
        let start = lines.iter().position(|line| line.contains("three lines"));
        let right = &lines[start.expect("three lines") + 1..][..3];
        let is_json = text.starts_with(['[', '{']);
        assert_eq!(right[0].starts_with('['), is_json, "{text}: {}", run.stderr);
        // They are right: as a file of their own they are read.
        place.write("right", &right.join("\n"));
        let run = export(&place, "right");
        assert!(!run.stderr.contains("invalid-catalog"), "{}", run.stderr);
        fs::remove_file(place.path("p.zip")).expect("a package was made");
        fs::remove_file(place.path("p.recipack.json")).expect("and its record");
    }
}

#[test]
fn what_needs_names_refuses_a_list_of_titles() {
    let place = Place::new();
    place.write("titles.json", r#"["Parcel Tracker"]"#);
    let run = |line: &str| {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        let output = command.args(line.split(' ')).output().expect("it starts");
        Run::from(output)
    };
    assert_eq!(run("workspace create studio --kind admin").code, 0);
    for line in [
        "workspace create other --kind admin --catalog titles.json",
        "catalog diff titles.json --in local:studio",
        "catalog apply titles.json --in local:studio --yes",
    ] {
        let run = run(line);
        assert_eq!(run.code, 1, "{line}: {}", run.stderr);
        let told = "titles.json has \"Parcel Tracker\" by its title only";
        assert!(run.stderr.contains(told), "{line}: {}", run.stderr);
    }
    // It is somebody's own work, too: nothing takes its place unasked.
    let run = run("catalog pull --in local:studio -o titles.json");
    assert_eq!(run.code, 64, "{}", run.stderr);
    let text = fs::read_to_string(place.path("titles.json")).expect("text");
    assert_eq!(text, r#"["Parcel Tracker"]"#);
}
