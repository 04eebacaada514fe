//! What a decision record says, held against what its package shows and against what comes out when
//! the package is made again. A record says more than both determine: what it was made from, what was
//! asked for, and by which catalogue are its own word.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Mismatch;
use crate::model::finding::{Code, Counts, Severity};
use crate::model::ident::Version;
use crate::model::path::PackagePath;
use crate::ops::export::record::{DecisionRecord, EntryRecord};
use crate::plan::decision::{ConnectorDecision, Outcome};

/// How many differences of one record are named before the rest is only counted.
const NAMED: usize = 20;

/// Findings whose number depends on more than the project and the record's request: what else the
/// manifest allows, whether the admin workspace was at hand with its code, and whether the project's
/// own folder was given or one around it.
const NOT_DETERMINED: [Code; 4] = [
    Code::AllowanceUnused,
    Code::InterfaceUnknown,
    Code::ProjectBelow,
    Code::ProjectRootUnclear,
];

/// What a package shows of the connectors in it: the version in each one's JSON, by its path; none
/// where the JSON has none.
pub(super) type PackedConnectors = BTreeMap<PackagePath, Option<Version>>;

/// Compares a record's decisions with the package that it lies beside. Each entry's size and digest
/// is compared elsewhere.
pub(super) fn with_package(
    record: &DecisionRecord,
    entries: &BTreeSet<&PackagePath>,
    connectors: &PackedConnectors,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut differs = |subject: &str, what: String| {
        found.push(Mismatch {
            subject: subject.to_owned(),
            what,
        });
    };
    for decision in &record.connectors {
        for what in of_connector(record, decision, entries, connectors) {
            differs(&format!("connector \"{}\"", decision.connector), what);
        }
    }
    let decided: BTreeSet<&PackagePath> = record
        .connectors
        .iter()
        .filter(|decision| decision.outcome == Outcome::Included)
        .flat_map(|decision| &decision.files)
        .collect();
    for path in connectors.keys().filter(|path| !decided.contains(path)) {
        differs(
            path.as_str(),
            "the package has this connector, the record includes none with this file".to_owned(),
        );
    }
    for item in &record.left_out {
        if entries.iter().any(|path| path.as_str() == item.path) {
            differs(
                &item.path,
                "the record leaves it out, the package has it".to_owned(),
            );
        }
    }
    if record.findings.errors > 0 {
        differs(
            "findings",
            "the record counts errors, and with errors no package is written".to_owned(),
        );
    }
    if let Some(codes) = &record.finding_codes {
        let counts = &record.findings;
        let all = counts.errors + counts.warnings + counts.notes;
        if codes.values().sum::<usize>() != all {
            differs(
                "findings",
                format!("the record counts {all}, and its codes do not add up to that"),
            );
        }
    }
    found
}

/// What contradicts a decision: in itself, in the record's catalogue, and in the package.
fn of_connector(
    record: &DecisionRecord,
    decision: &ConnectorDecision,
    entries: &BTreeSet<&PackagePath>,
    connectors: &PackedConnectors,
) -> Vec<String> {
    let mut found = Vec::new();
    let (outcome, rule) = (decision.outcome, decision.rule);
    if rule.outcome() != outcome {
        found.push(format!(
            "the record says {outcome} by the rule {}, which says {}",
            rule.as_str(),
            rule.outcome()
        ));
    }
    if outcome == Outcome::Refused {
        found.push("the record refuses it, and there is a package all the same".to_owned());
    }
    if let Some(evidence) = &decision.catalog {
        let listed = record.catalog.as_ref().is_some_and(|catalog| {
            catalog.connectors.iter().any(|entry| {
                entry.internal_name == evidence.internal_name
                    && entry.title == evidence.title
                    && entry.shared_version == evidence.shared_version
                    && entry.visibility == evidence.visibility
                    && entry.data_center == evidence.data_center
            })
        });
        if !listed {
            found.push("the record's catalogue does not say what the decision went by".to_owned());
        }
    }
    for path in &decision.files {
        match (outcome, entries.contains(path)) {
            (Outcome::Included, false) => {
                found.push(format!(
                    "the record includes `{path}`, the package lacks it"
                ));
            }
            (Outcome::LeftOut | Outcome::Refused, true) => {
                found.push(format!(
                    "the record leaves `{path}` out, the package has it"
                ));
            }
            (Outcome::Included, true) | (Outcome::LeftOut | Outcome::Refused, false) => {}
        }
    }
    for path in decision.connections.iter().chain(&decision.recipes) {
        if !entries.contains(path) {
            found.push(format!(
                "the record says that `{path}` uses it, the package lacks that"
            ));
        }
    }
    if outcome == Outcome::Included {
        let packed: Vec<Option<Version>> = decision
            .files
            .iter()
            .filter_map(|path| connectors.get(path).copied())
            .collect();
        match packed.first() {
            None => found.push("the record includes it, the package has no JSON of it".to_owned()),
            Some(version) if *version != decision.packaged_version => found.push(format!(
                "the package has {}, the record says {}",
                told(*version),
                told(decision.packaged_version)
            )),
            Some(_) => {}
        }
    }
    found
}

fn told(version: Option<Version>) -> String {
    version.map_or_else(|| "no version".to_owned(), |version| version.to_string())
}

/// Compares a record with the one that making the package again gives: decisions, entries with their
/// rules and changes, what was left out, findings.
pub(super) fn with_rebuild(record: &DecisionRecord, again: &DecisionRecord) -> Vec<Mismatch> {
    let mut found = Vec::new();
    each(
        "connectors",
        (&record.connectors, &again.connectors),
        decision,
        &mut found,
    );
    entries(record, again, &mut found);
    each(
        "left_out",
        (&record.left_out, &again.left_out),
        value,
        &mut found,
    );
    each(
        "allowed",
        (&record.allowed, &again.allowed),
        value,
        &mut found,
    );
    let mut compare = |subject: &str, recorded: Value, again: Value| {
        differences(subject, &recorded, &again, &mut found);
    };
    if let (Some(codes), Some(codes_again)) = (&record.finding_codes, &again.finding_codes) {
        let determined = |codes: &BTreeMap<Code, usize>| -> BTreeMap<Code, usize> {
            let mut codes = codes.clone();
            codes.retain(|code, _| !NOT_DETERMINED.contains(code));
            codes
        };
        compare(
            "finding_codes",
            value(&determined(codes)),
            value(&determined(codes_again)),
        );
        // Most of what is not determined only moves the number of notes.
        let graver = |counts: &Counts, codes: &BTreeMap<Code, usize>| {
            let warnings = codes.iter().filter(|(code, _)| {
                NOT_DETERMINED.contains(code)
                    && code.severity() == Severity::Warning
                    && !record.request.checks.contains_key(code)
            });
            let others: usize = warnings.map(|(_, count)| count).sum();
            value(&[counts.errors, counts.warnings.saturating_sub(others)])
        };
        compare(
            "findings",
            graver(&record.findings, codes),
            graver(&again.findings, codes_again),
        );
    }
    let more = found.len().saturating_sub(NAMED);
    found.truncate(NAMED);
    if more > 0 {
        found.push(Mismatch {
            subject: "record".to_owned(),
            what: format!("{more} more differences"),
        });
    }
    found
}

/// Compares two lists item by item: one of their items at a time is held as JSON.
fn each<T>(
    place: &str,
    (recorded, again): (&[T], &[T]),
    as_json: impl Fn(&T) -> Value,
    found: &mut Vec<Mismatch>,
) {
    if recorded.len() != again.len() {
        return found.push(other_number(place, recorded.len(), again.len()));
    }
    for (at, (one, other)) in recorded.iter().zip(again).enumerate() {
        let place = format!("{place}[{at}]");
        differences(&place, &as_json(one), &as_json(other), found);
    }
}

/// Compares what was decided about entries, by their paths. Sizes and digests are compared elsewhere,
/// in words of their own.
fn entries(record: &DecisionRecord, again: &DecisionRecord, found: &mut Vec<Mismatch>) {
    let (recorded, again) = (by_path(record), by_path(again));
    let (mut recorded, mut again) = (recorded.iter().peekable(), again.iter().peekable());
    let decided = |entry: Option<&&EntryRecord>| match entry {
        Some(entry) => value(&(&entry.rule, &entry.because, entry.edits)),
        None => Value::Null,
    };
    loop {
        let order = match (recorded.peek(), again.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.path.cmp(&other.path),
        };
        let (one, other) = match order {
            Ordering::Less => (recorded.next(), None),
            Ordering::Greater => (None, again.next()),
            Ordering::Equal => (recorded.next(), again.next()),
        };
        if let Some(entry) = one.or(other) {
            let place = format!("entries.{}", entry.path);
            differences(&place, &decided(one), &decided(other), found);
        }
    }
}

/// The entries of a record in the order of their paths; of several with one path the last.
fn by_path(record: &DecisionRecord) -> Vec<&EntryRecord> {
    let mut entries: Vec<&EntryRecord> = record.entries.iter().rev().collect();
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    entries.dedup_by(|later, first| later.path == first.path);
    entries
}

/// A decision about a connector. Who asked for it, the manifest or the command line, is not determined:
/// the record's own request is asked again.
fn decision(decision: &ConnectorDecision) -> Value {
    let mut decision = value(decision);
    if let Some(decision) = decision.as_object_mut() {
        decision.remove("word_from");
    }
    decision
}

/// As JSON. What can't be written as JSON equals nothing, so that it is told.
fn value(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_else(|error| Value::String(format!("\u{0}{error}")))
}

fn other_number(place: &str, recorded: usize, again: usize) -> Mismatch {
    Mismatch {
        subject: format!("record, {place}"),
        what: format!("the record has {recorded}, made again there are {again}"),
    }
}

/// Names every place where two documents differ.
fn differences(place: &str, recorded: &Value, again: &Value, found: &mut Vec<Mismatch>) {
    match (recorded, again) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let of = |object: &serde_json::Map<String, Value>| {
                    object.get(key).cloned().unwrap_or(Value::Null)
                };
                differences(&format!("{place}.{key}"), &of(one), &of(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{place}[{at}]"), one, other, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            found.push(other_number(place, one.len(), other.len()));
        }
        _ if recorded == again => {}
        _ => found.push(Mismatch {
            subject: format!("record, {place}"),
            what: format!("the record says {recorded}, made again it is {again}"),
        }),
    }
}
