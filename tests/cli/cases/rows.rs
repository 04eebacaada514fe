//! Rows of tables: how many there are before and after an import, and who says that they may go.

use serde_json::{Value, json};

use crate::support::project::ProjectFolder;
use crate::support::sandbox::{Sandbox, command, done, local, token};
use crate::support::{Place, Run, entries};

use super::attention::{document, ends, moon, pack, workspace};

/// Columns of a lookup table, those in use first.
pub(crate) fn columns(used: usize) -> Vec<Value> {
    let of = |number: usize| {
        let sticky = number <= used;
        let label = if sticky {
            format!("Column {number}")
        } else {
            format!("Untitled column {number}")
        };
        json!({"control_type": "text", "label": label, "name": format!("col{number}"), "type": "string", "sticky": sticky})
    };
    (1..=10).map(of).collect()
}

/// A project with one lookup table of these rows.
pub(crate) fn rates(place: &Place, project: &str, rows: Option<&str>) {
    let mut table = json!({"name": "Rates", "schema": columns(2)});
    if let Some(rows) = rows {
        table["data"] = json!(rows);
    }
    ProjectFolder::new(place, project).json("rates.lookup_table.json", &table);
}

/// Rows of two cells, one of them over two lines.
pub(crate) fn many(rows: usize) -> String {
    let plain = (1..rows).map(|row| format!("zone-{row},{row}\n"));
    plain
        .chain(["\"zone, far\nand wide\",0\n".to_owned()])
        .collect()
}

/// What the workspace's table holds.
pub(crate) fn held(place: &Place, workspace: &str) -> Option<String> {
    let out = "held.zip";
    let _ = std::fs::remove_file(place.path(out));
    ends(
        place,
        0,
        &["workspace", "export", workspace, "--data", "-o", out],
    );
    let table: Value =
        serde_json::from_slice(&entries(&place.path(out))["rates.lookup_table.json"])
            .expect("JSON");
    table["data"].as_str().map(str::to_owned)
}

#[test]
fn rows_that_would_go_are_counted_and_need_a_permission_of_their_own() {
    let place = moon();
    rates(&place, "prod", Some(&many(120)));
    rates(&place, "dev", Some("here,1\n"));
    let (prod, dev) = (pack(&place, "prod"), pack(&place, "dev"));
    let into = ["--into", "local:moon"];
    let plan = ends(&place, 0, &["plan", &prod, into[0], into[1]]).stdout;
    assert!(plan.contains("creates, 120 rows"), "{plan}");
    ends(&place, 0, &["import", &prod, into[0], into[1]]);

    let plan = ends(&place, 3, &["plan", &dev, into[0], into[1]]).stdout;
    assert!(plan.contains("overwrites v1 → v2, 120 rows → 1"), "{plan}");
    assert!(plan.contains("Needs --overwrite-rows"), "{plan}");
    let permitted = ["plan", &dev, into[0], into[1], "--overwrite-rows"];
    let plan = document(&place, 0, &permitted);
    let expected = json!({"from": 120, "to": 1, "overwritten": true});
    assert_eq!(plan["assets"][0]["rows"], expected);
    assert_eq!(plan["needs"][0]["permission"], "overwrite-rows");

    let refused = ends(&place, 3, &["import", &dev, into[0], into[1], "--yes"]);
    assert!(refused.stderr.contains("--rows keep"), "{}", refused.stderr);
    assert_eq!(held(&place, "moon"), Some(many(120)));
    ends(
        &place,
        0,
        &[
            "import",
            &dev,
            into[0],
            into[1],
            "--yes",
            "--overwrite-rows",
        ],
    );
    assert_eq!(held(&place, "moon").as_deref(), Some("here,1\n"));
    // The same again changes nothing, and needs nothing.
    ends(
        &place,
        0,
        &["plan", &dev, into[0], into[1], "--detailed-exitcode"],
    );
    // Where there are no rows, none are lost.
    workspace(&place, "empty");
    rates(&place, "none", None);
    let none = pack(&place, "none");
    ends(&place, 0, &["import", &none, "--into", "local:empty"]);
    let plan = document(&place, 0, &["plan", &dev, "--into", "local:empty"]);
    assert_eq!(plan["needs"], json!([]));
    assert_eq!(
        plan["assets"][0]["rows"],
        json!({"from": 0, "to": 1, "overwritten": false})
    );
}

#[test]
fn rows_stay_or_stay_out_where_that_is_asked_for() {
    for (way, there, new) in [
        ("keep", many(3), Some("here,1\n".to_owned())),
        ("leave-out", many(3), None),
    ] {
        let place = moon();
        workspace(&place, "new");
        rates(&place, "prod", Some(&there));
        let prod = pack(&place, "prod");
        ends(&place, 0, &["import", &prod, "--into", "local:moon"]);
        // Its columns change, too.
        let table = json!({"name": "Rates", "schema": columns(2), "max_allowed_entries_count": 9, "data": "here,1\n"});
        ProjectFolder::new(&place, "dev").json("rates.lookup_table.json", &table);
        let dev = pack(&place, "dev");
        for (workspace, expected) in [("moon", Some(there.clone())), ("new", new)] {
            let into = format!("local:{workspace}");
            let again = [
                "plan",
                &dev,
                "--into",
                &into,
                "--rows",
                way,
                "--detailed-exitcode",
            ];
            ends(&place, 2, &again);
            ends(
                &place,
                0,
                &["import", &dev, "--into", &into, "--rows", way, "--yes"],
            );
            assert_eq!(held(&place, workspace), expected, "{way} {workspace}");
            ends(&place, 0, &again);
        }
        // What was kept out is not forgotten: the package's rows can be taken later.
        let plan = document(&place, 3, &["plan", &dev, "--into", "local:moon"]);
        assert_eq!(
            plan["assets"][0]["rows"],
            json!({"from": 3, "to": 1, "overwritten": true}),
            "{way}"
        );
        // An approved plan holds the choice.
        ends(
            &place,
            0,
            &[
                "plan",
                &prod,
                "--into",
                "local:new",
                "--rows",
                way,
                "-o",
                "plan.json",
            ],
        );
        let other = ends(&place, 3, &["import", "plan.json", "--rows", "overwrite"]);
        assert!(other.stderr.contains("other-rows"), "{}", other.stderr);
        ends(&place, 0, &["import", "plan.json", "--yes"]);
    }
}

#[test]
fn rows_that_can_t_be_counted_are_no_zero() {
    let place = moon();
    rates(&place, "odd", Some("a,1\n\"b\n"));
    let odd = pack(&place, "odd");
    ends(&place, 0, &["import", &odd, "--into", "local:moon"]);
    rates(&place, "even", Some("a,1\n"));
    let even = pack(&place, "even");
    let plan = document(&place, 3, &["plan", &even, "--into", "local:moon"]);
    let expected = json!({"from": "unknown", "to": 1, "overwritten": true});
    assert_eq!(plan["assets"][0]["rows"], expected);
    let text = ends(&place, 3, &["plan", &even, "--into", "local:moon"]).stdout;
    assert!(text.contains("an unknown number of rows → 1"), "{text}");
    ends(
        &place,
        3,
        &["import", &even, "--into", "local:moon", "--yes"],
    );
}

#[test]
fn an_export_leaves_rows_out_and_says_so_in_its_record() {
    let place = moon();
    rates(&place, "prod", Some(&many(4)));
    // A table of a project, whose rows have a header.
    let table = json!({"name": "Depots", "schema": [], "project_name": "Prod", "data": "record_id,created_at\n1,2\n"});
    ProjectFolder::new(&place, "prod").json("Depots/depots.workato_db_table.json", &table);
    let export = [
        "export",
        "prod",
        "--for",
        "external",
        "--rows",
        "leave-out",
        "-o",
        "bare.zip",
    ];
    let listed = ends(&place, 0, &[&export[..6], &["--list"]].concat()).stdout;
    assert_eq!(listed.matches("rows taken out (1)").count(), 2, "{listed}");
    ends(&place, 0, &export);
    let packed = entries(&place.path("bare.zip"));
    let source = std::fs::read_to_string(place.path("prod/rates.lookup_table.json")).expect("text");
    let rows = source.split(",\n  \"name\"").next().expect("a part");
    assert!(
        rows.contains("\"data\""),
        "the test's table changed: {source}"
    );
    let bare = String::from_utf8(packed["rates.lookup_table.json"].clone()).expect("text");
    // Nothing but the rows is gone.
    let (start, end) = (
        source.find("\"data\"").expect("rows"),
        source.find("\"name\": \"Rates\"").expect("a name"),
    );
    assert_eq!(bare, format!("{}{}", &source[..start], &source[end..]));
    let record: Value =
        serde_json::from_slice(&std::fs::read(place.path("bare.recipack.json")).expect("a record"))
            .expect("JSON");
    assert_eq!(record["request"]["rows"], "leave-out");
    let edits: Vec<&Value> = record["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| &e["edits"]["rows_removed"])
        .collect();
    assert_eq!(edits, [&json!(1), &json!(1)]);
    ends(&place, 0, &["verify", "bare.zip", "--rebuild-from", "prod"]);
    ends(&place, 0, &["import", "bare.zip", "--into", "local:moon"]);
    assert_eq!(held(&place, "moon"), None);
}

#[test]
fn over_the_api_rows_are_counted_kept_and_left_out_likewise() {
    let place = moon();
    rates(&place, "prod", Some(&many(5)));
    rates(&place, "dev", Some("here,1\n"));
    let (prod, dev) = (pack(&place, "prod"), pack(&place, "dev"));
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "moon");
    let call = |code: i32, arguments: &[&str]| {
        let run: Run = command(
            &place,
            &sandbox.url,
            &token,
            &[arguments, &["--into", &sandbox.url]].concat(),
        )
        .output()
        .expect("it starts")
        .into();
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        run
    };
    call(0, &["import", &prod]);
    let plan: Value =
        serde_json::from_str(&call(3, &["plan", &dev, "--json"]).stdout).expect("a plan");
    assert_eq!(
        plan["assets"][0]["rows"],
        json!({"from": 5, "to": 1, "overwritten": true})
    );
    call(3, &["import", &dev, "--yes"]);
    for way in ["keep", "leave-out"] {
        call(0, &["import", &dev, "--rows", way, "--yes"]);
        assert_eq!(held(&place, "moon"), Some(many(5)), "{way}");
        call(0, &["plan", &dev, "--rows", way, "--detailed-exitcode"]);
    }
    call(0, &["import", &dev, "--overwrite-rows", "--yes"]);
    assert_eq!(held(&place, "moon").as_deref(), Some("here,1\n"));
    // A table whose rows nobody tells may have some.
    rates(&place, "none", None);
    let none = pack(&place, "none");
    let create = ["workspace", "create", "sun", "--kind", "external"];
    done(&local(&place, &create), &create);
    ends(&place, 0, &["import", &none, "--into", "local:sun"]);
    let sun = crate::support::sandbox::token(&place, "sun");
    let run: Run = command(
        &place,
        &sandbox.url,
        &sun,
        &["plan", &dev, "--into", &sandbox.url, "--json"],
    )
    .output()
    .expect("it starts")
    .into();
    let plan: Value = serde_json::from_str(&run.stdout).expect("a plan");
    assert_eq!(
        plan["assets"][0]["rows"],
        json!({"from": "unknown", "to": 1, "overwritten": true})
    );
    assert_eq!(plan["needs"][0]["permission"], "overwrite-rows");
}
