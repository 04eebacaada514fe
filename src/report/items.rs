//! What a command decided about, one item each.

use super::{Item, ItemOutcome};
use crate::ops::export::documents::ShowDocument;
use crate::ops::export::record::{DecisionRecord, LeftOutRecord};
use crate::ops::import::matrix::MatrixDocument;
use crate::ops::provenance::verify::Verification;
use crate::ops::workspace::status::StatusDocument;
use crate::plan::decision::Outcome;
use crate::plan::export::ExportPlan;
use crate::plan::import::document::{ConnectorAction, ImportPlan};
use crate::plan::import::matrix::Verdict;
use crate::plan::rollback::RollbackPlan;
use crate::plan::rollback::document::RolledConnectorAction;

fn item(class: &str, name: impl Into<String>, outcome: ItemOutcome, note: &str) -> Item {
    Item {
        name: name.into(),
        class: class.to_owned(),
        outcome,
        note: note.to_owned(),
    }
}

/// Of a package: its connectors, its files and those that are not in it.
pub fn of_export(plan: &ExportPlan) -> Vec<Item> {
    let connectors = plan.connectors.iter().map(|decision| {
        let rule = decision.rule.as_str();
        let outcome = match decision.outcome {
            Outcome::Included => ItemOutcome::Passed,
            Outcome::LeftOut => ItemOutcome::Skipped(rule.to_owned()),
            Outcome::Refused => ItemOutcome::Failed(rule.to_owned()),
        };
        item("connector", &decision.connector, outcome, "")
    });
    let entries = plan.entries.iter().map(|entry| {
        let class = entry.asset.as_ref().map_or("file", |kind| kind.label());
        let because = entry.rule.because().unwrap_or_default();
        item(class, entry.path.as_str(), ItemOutcome::Passed, &because)
    });
    let left_out = plan.left_out.iter().map(|left| {
        let because = left.rule.because();
        let because = because.unwrap_or_else(|| left.rule.as_str().to_owned());
        item("left out", &left.path, ItemOutcome::Skipped(because), "")
    });
    connectors.chain(entries).chain(left_out).collect()
}

/// Of a package, by its decision record.
pub fn of_record(record: &DecisionRecord) -> Vec<Item> {
    let connectors = record.connectors.iter().map(|decision| {
        let rule = decision.rule.as_str();
        let outcome = match decision.outcome {
            Outcome::Included => ItemOutcome::Passed,
            Outcome::LeftOut => ItemOutcome::Skipped(rule.to_owned()),
            Outcome::Refused => ItemOutcome::Failed(rule.to_owned()),
        };
        item("connector", &decision.connector, outcome, rule)
    });
    let entries = record.entries.iter().map(|entry| {
        let because = entry.because.as_deref().unwrap_or_default();
        item("file", entry.path.as_str(), ItemOutcome::Passed, because)
    });
    let left_out = record.left_out.iter().map(left_out);
    connectors.chain(entries).chain(left_out).collect()
}

/// Of a package without one: what it holds.
pub fn of_shown(document: &ShowDocument) -> Vec<Item> {
    let connectors = document.connectors.iter().map(|connector| {
        let title = connector.title.as_ref();
        let title = title.map_or_else(|| connector.path.to_string(), ToString::to_string);
        let version = connector.version.map(|version| version.to_string());
        let version = version.unwrap_or_default();
        item("connector", title, ItemOutcome::Passed, &version)
    });
    let files = document.files.iter().map(|file| {
        let kind = file.kind.as_deref().unwrap_or("file");
        item(kind, file.path.as_str(), ItemOutcome::Passed, "")
    });
    let left_out = document.left_out.iter().map(left_out);
    connectors.chain(files).chain(left_out).collect()
}

fn left_out(left: &LeftOutRecord) -> Item {
    let because = left.because.clone().unwrap_or_else(|| left.rule.clone());
    item("left out", &left.path, ItemOutcome::Skipped(because), "")
}

/// Of a package that was checked: what does not match.
pub fn of_verification(verification: &Verification) -> Vec<Item> {
    let mismatches = verification.mismatches.iter().map(|mismatch| {
        let outcome = ItemOutcome::Failed(mismatch.what.clone());
        item("entry", &mismatch.subject, outcome, "")
    });
    mismatches.collect()
}

/// Of a plan: connectors and assets, and the permissions that it needs.
pub fn of_plan(plan: &ImportPlan) -> Vec<Item> {
    let connectors = plan.connectors.iter().map(|connector| {
        let what = connector.wording().what;
        let outcome = match connector.action {
            ConnectorAction::Blocked if connector.packaged => {
                ItemOutcome::Failed("what the package has of it can't be installed".to_owned())
            }
            ConnectorAction::Blocked => {
                ItemOutcome::Failed("it is neither in the package nor in the workspace".to_owned())
            }
            ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere
            | ConnectorAction::Unknown => ItemOutcome::Skipped(what.clone()),
            ConnectorAction::Install
            | ConnectorAction::Update
            | ConnectorAction::Same
            | ConnectorAction::Downgrade => ItemOutcome::Passed,
        };
        item("connector", &connector.connector, outcome, &what)
    });
    let assets = plan.assets.iter().map(|asset| {
        let what = asset.wording().what;
        let name = asset.path.as_str();
        item(asset.kind.label(), name, ItemOutcome::Passed, &what)
    });
    let ignored = plan.ignored.iter().map(|path| {
        let outcome = ItemOutcome::Skipped("is no asset's".to_owned());
        item("file", path.as_str(), outcome, "")
    });
    let needs = plan.needs.iter().map(|needed| {
        let why = format!("needs --{}: {}", needed.permission, needed.because);
        let name = needed.permission.to_string();
        item("permission", name, ItemOutcome::Skipped(why), "")
    });
    connectors
        .chain(assets)
        .chain(ignored)
        .chain(needs)
        .collect()
}

/// Of a rollback: what is restored, and what can't be.
pub fn of_rollback(plan: &RollbackPlan) -> Vec<Item> {
    let connectors = plan.connectors.iter().map(|connector| {
        let what = connector.action.to_string();
        let outcome = match connector.action {
            RolledConnectorAction::Restores | RolledConnectorAction::Unchanged => {
                ItemOutcome::Passed
            }
            RolledConnectorAction::StaysBehind | RolledConnectorAction::Irretrievable => {
                ItemOutcome::Skipped(what.clone())
            }
        };
        item("connector", connector.title.as_str(), outcome, &what)
    });
    let assets = plan.assets.iter().map(|asset| {
        let outcome = match asset.obstacles.is_empty() {
            true => ItemOutcome::Passed,
            false => ItemOutcome::Skipped(asset.obstacles.join("; ")),
        };
        let name = asset.folder.label(&asset.name);
        item(asset.kind.label(), name, outcome, asset.action.as_str())
    });
    connectors.chain(assets).collect()
}

/// Of a workspace: what is not as its newest revision left it, and what waits for a person.
pub fn of_status(document: &StatusDocument) -> Vec<Item> {
    let mut items = Vec::new();
    for recipe in &document.stopped {
        let why = "it ran before the newest revision, and does not run".to_owned();
        let name = recipe.folder.label(&recipe.name);
        items.push(item("recipe", name, ItemOutcome::Failed(why), ""));
    }
    for recipe in &document.blocked {
        let messages = recipe
            .obstacles
            .iter()
            .map(|obstacle| obstacle.message.as_str());
        let why = messages.collect::<Vec<_>>().join("; ");
        let name = recipe.folder.label(&recipe.name);
        items.push(item(
            "recipe",
            name,
            ItemOutcome::Skipped(why),
            "can't start",
        ));
    }
    for connection in &document.connections {
        let why = ItemOutcome::Skipped("it is not authorized".to_owned());
        let name = connection.folder.label(&connection.name);
        items.push(item("connection", name, why, ""));
    }
    items
}

/// Of packages and customers: each meeting.
pub fn of_matrix(document: &MatrixDocument) -> Vec<Item> {
    let rows = document.customers.iter().flat_map(|row| {
        let cells = document.packages.iter().zip(&row.cells);
        cells.map(|(package, cell)| {
            let verdict = cell.verdict.to_string();
            let outcome = match cell.verdict {
                Verdict::Same | Verdict::Ready | Verdict::NeedsConnection => ItemOutcome::Passed,
                Verdict::NeedsPermission
                | Verdict::Customised
                | Verdict::OtherTarget
                | Verdict::Blocked => ItemOutcome::Failed(verdict.clone()),
            };
            item(package, row.customer.as_str(), outcome, &verdict)
        })
    });
    rows.collect()
}
