//! JUnit's XML: a suite for the run, a case for each thing that was decided about.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{Item, ItemOutcome, Placed, Report, Verdict};
use crate::model::finding::Severity;

/// The document.
///
/// # Errors
/// None that can happen; the serialiser's type has one.
pub fn document(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let report = &report.harmless();
    let mut by_file: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for placed in &report.findings {
        let about = about(placed).filter(|about| report.items.iter().any(|i| i.name == *about));
        match about {
            Some(about) => by_file.entry(about).or_default().push(placed),
            None => elsewhere.push(placed),
        }
    }
    let mut suite = TestSuite::new(format!("recipack {}", report.command));
    suite.add_property(("subject", report.subject.as_str()));
    suite.add_property(("exit code", report.ending.code.to_string().as_str()));
    for item in &report.items {
        let findings = by_file.remove(item.name.as_str()).unwrap_or_default();
        suite.add_test_case(case_of(item, &findings));
    }
    for placed in elsewhere {
        suite.add_test_case(case_of_finding(placed));
    }
    suite.add_test_case(whole(report));
    let mut document = Document::new(format!("recipack {} {}", report.command, report.subject));
    document.add_test_suite(suite);
    Ok(by_schema(&document.to_string()?))
}

/// Takes the count of skipped cases from the root, where the schema that Jenkins goes by has none. No
/// value of an attribute can hold the text, since quotes are escaped in it.
fn by_schema(text: &str) -> String {
    let head = text
        .find("<testsuites")
        .and_then(|at| Some(at..at + text[at..].find('>')?));
    let attribute = head.and_then(|head| {
        let start = head.start + text[head.clone()].find(" skipped=\"")?;
        let value = start + " skipped=\"".len();
        Some(start..value + text[value..head.end].find('"')? + 1)
    });
    let mut text = text.to_owned();
    if let Some(attribute) = attribute {
        text.replace_range(attribute, "");
    }
    text
}

/// What a finding is about: the path of a file in the project, or a connector's title.
fn about(placed: &Placed) -> Option<&str> {
    let finding = &placed.finding;
    let title = finding.connector.as_ref().map(|title| title.as_str());
    finding.file.as_deref().or(title)
}

fn not_success(kind: NonSuccessKind, code: &str, message: &str, text: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(code)
        .set_message(message)
        .set_description(text);
    status
}

fn told(placed: &Placed) -> String {
    let place = placed
        .place()
        .map_or_else(String::new, |place| format!("{place}: "));
    let finding = &placed.finding;
    format!(
        "{place}{}[{}]: {}",
        finding.severity,
        finding.code,
        placed.text()
    )
}

fn case_of(item: &Item, findings: &[&Placed]) -> TestCase {
    let errors: Vec<&Placed> = findings
        .iter()
        .copied()
        .filter(|placed| placed.finding.severity == Severity::Error)
        .collect();
    let status = match (&item.outcome, errors.first()) {
        (ItemOutcome::Failed(why), _) => {
            not_success(NonSuccessKind::Failure, &item.class, why, why.clone())
        }
        (_, Some(first)) => {
            let all: Vec<String> = errors.iter().map(|placed| told(placed)).collect();
            let finding = &first.finding;
            not_success(
                NonSuccessKind::Failure,
                &finding.code,
                &finding.message,
                all.join("\n\n"),
            )
        }
        (ItemOutcome::Skipped(why), None) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
        (ItemOutcome::Passed, None) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(item.name.as_str(), status);
    case.set_classname(item.class.as_str());
    let mut out: Vec<String> = Vec::new();
    out.extend(Some(item.note.clone()).filter(|note| !note.is_empty()));
    let rest = findings
        .iter()
        .filter(|p| p.finding.severity != Severity::Error);
    out.extend(rest.map(|placed| told(placed)));
    if !out.is_empty() {
        case.set_system_out(out.join("\n\n"));
    }
    case
}

/// A finding about something that is no item.
fn case_of_finding(placed: &Placed) -> TestCase {
    let finding = &placed.finding;
    let status = match finding.severity {
        Severity::Error => not_success(
            NonSuccessKind::Failure,
            &finding.code,
            &finding.message,
            told(placed),
        ),
        Severity::Warning | Severity::Note => TestCaseStatus::success(),
    };
    let name = match placed.place() {
        Some(place) => format!("{}: {place}", finding.code),
        None => format!("{}: {}", finding.code, finding.message),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname("finding");
    if finding.severity != Severity::Error {
        case.set_system_out(told(placed));
    }
    case
}

/// The command as a whole: whatever ends it otherwise than well shows here at least.
fn whole(report: &Report) -> TestCase {
    let ending = &report.ending;
    let texts = ending.told.iter().map(told);
    let texts: Vec<String> = texts.chain(report.astray.iter().cloned()).collect();
    let first = ending.told.first().map(|placed| &placed.finding);
    let message = first.map_or(ending.meaning, |finding| finding.message.as_str());
    let code = first.map_or("exit", |finding| finding.code.as_str());
    let text = match texts.is_empty() {
        true => ending.meaning.to_owned(),
        false => texts.join("\n\n"),
    };
    let status = match ending.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => not_success(NonSuccessKind::Failure, code, message, text),
        Verdict::Unknown => not_success(NonSuccessKind::Error, code, message, text),
    };
    let mut case = TestCase::new(report.subject.as_str(), status);
    case.set_classname(format!("recipack {}", report.command));
    case
}
