//! Projects and packages, compared.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use recipack::archive::Limits;
use recipack::ops::diff::{DiffReport, FileCounts, diff};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::diff::{Change, Difference};

fn compare(old: &Path, new: &Path) -> DiffReport {
    let report = |threads| {
        let running = Running {
            threads: NonZeroUsize::new(threads).expect("not zero"),
            interrupt: Interrupt::default(),
        };
        diff(old, new, &Limits::default(), &running, &mut Silent).expect("comparable")
    };
    let report_of_one = report(1);
    assert_eq!(report_of_one, report(3), "threads make no difference");
    report_of_one
}

fn lines(report: &DiffReport) -> Vec<String> {
    let mut lines = Vec::new();
    for file in &report.changes {
        let what = match &file.change {
            Change::Added => "added".to_owned(),
            Change::Removed => "removed".to_owned(),
            Change::Changed { .. } => "changed".to_owned(),
            Change::Moved { from, .. } => format!("moved from {from}"),
        };
        lines.push(format!("{} {what}", file.path));
        let differences = file.change.differences().iter();
        lines.extend(differences.map(|difference| format!("  {difference}")));
    }
    lines
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn a_project_does_not_differ_from_itself() {
    let partner = here("fixtures/partner");
    let report = compare(&partner, &partner);
    assert_eq!(report.changes, []);
    assert!(report.files.unchanged > 20);
}

#[test]
fn what_was_edited_moved_added_and_removed_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let partner = here("fixtures/partner");
    let edited = folder.path().join("edited");
    copy(&partner, &edited);
    let edit = |path: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(edited.join(path)).expect("text");
        assert!(text.contains(from), "{path} holds {from}");
        std::fs::write(edited.join(path), text.replacen(from, to, 1)).expect("written");
    };
    let rename = |from: &str, to: &str| {
        std::fs::rename(edited.join(from), edited.join(to)).expect("renamed");
    };
    edit("Orders/return_label.recipe.json", "KS-20417-07", "KS-1");
    edit("ledger_sync.custom_adapter.rb", "\n", "\n# Edited.\n");
    edit("region_codes.lookup_table.json", "{", "{ ");
    for extension in ["json", "rb", "png", "txt"] {
        rename(
            &format!("parcel_tracker.custom_adapter.{extension}"),
            &format!("tracker.custom_adapter.{extension}"),
        );
    }
    rename(
        "Orders/gold.loyalty_card.json",
        "Orders/silver.loyalty_card.json",
    );
    std::fs::remove_file(edited.join("parcel_events.topic.json")).expect("removed");
    std::fs::write(edited.join("new.topic.json"), r#"{"name":"New"}"#).expect("written");
    let report = compare(&partner, &edited);
    assert_eq!(
        lines(&report),
        [
            "Orders/return_label.recipe.json changed",
            r#"  step 1 (action parcel_tracker_connector_48213_1701388800 get_parcel): input.tracking_no "KS-20417-07" → "KS-1""#,
            "Orders/silver.loyalty_card.json moved from Orders/gold.loyalty_card.json",
            "ledger_sync.custom_adapter.rb changed",
            "  lines: 1 added, 0 removed",
            "new.topic.json added",
            "parcel_events.topic.json removed",
            "region_codes.lookup_table.json changed",
            "  formatting only",
            "tracker.custom_adapter.json moved from parcel_tracker.custom_adapter.json",
            "tracker.custom_adapter.png moved from parcel_tracker.custom_adapter.png",
            "tracker.custom_adapter.rb moved from parcel_tracker.custom_adapter.rb",
            "tracker.custom_adapter.txt moved from parcel_tracker.custom_adapter.txt",
        ]
    );
    let FileCounts {
        added,
        removed,
        moved,
        changed,
        formatting,
        ..
    } = report.files;
    assert_eq!(
        [added, removed, moved, changed, formatting],
        [1, 1, 5, 2, 1]
    );

    let schema = serde_json::to_value(schemars::schema_for!(DiffReport)).expect("a schema");
    let document = serde_json::to_value(&report).expect("a document");
    jsonschema::validate(&schema, &document).expect("the report is as its schema says");
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn sharing_two_connectors_is_told_as_that_and_nothing_else() {
    let corpus = here("../shared/corpus/travelperk");
    let report = compare(&corpus.join("before.zip"), &corpus.join("after.zip"));
    assert_eq!(
        lines(&report),
        [
            "travelperk_connection.connection.json changed",
            r#"  provider "TravelPerk SDK" (travelperk_sdk.custom_adapter.json) → "travel_perk_connector_564885_1661443229""#,
            "travelperk_fyle_integration.recipe.json changed",
            "  custom mark of fyle_prod_connector_564885_1678964478 removed",
            "  custom mark of travel_perk_connector_564885_1661443229 removed",
            "travelperk_sdk.custom_adapter.json removed",
            "travelperk_sdk.custom_adapter.png removed",
            "travelperk_sdk.custom_adapter.rb removed",
        ]
    );
    assert_eq!(report.files.unchanged, 1);
    let back = compare(&corpus.join("after.zip"), &corpus.join("before.zip"));
    assert!(matches!(
        back.changes[1].change.differences(),
        [
            Difference::CustomMarkAdded { .. },
            Difference::CustomMarkAdded { .. }
        ]
    ));
}
