//! GitHub's annotations: workflow commands that a step prints.
//!
//! GitHub shows ten of each kind in a step and silently drops the rest, so the gravest come first,
//! one of each code before a second of any, and the last says how many more there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Placed, Report};
use crate::model::finding::Severity;

/// How many annotations of one kind GitHub keeps of a step.
pub const LIMIT: usize = 10;

/// The commands, one a line.
pub fn annotations(report: &Report) -> String {
    let report = &report.harmless();
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_kind = report.all().filter(|p| p.finding.severity == severity);
        let ordered = one_of_each_first(of_kind.collect());
        let shown = if ordered.len() > LIMIT {
            LIMIT - 1
        } else {
            ordered.len()
        };
        for placed in &ordered[..shown] {
            one(&mut text, report, placed);
        }
        let more = ordered.len() - shown;
        if more > 0 {
            let title = property(&format!("recipack {}", report.command));
            let what = match severity {
                Severity::Error => "errors",
                Severity::Warning => "warnings",
                Severity::Note => "notes",
            };
            let _ = writeln!(
                text,
                "::{} title={title}::and {more} more {what}; the job's log names all",
                word(severity)
            );
        }
    }
    text
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// The first of each code, in order, and then the others.
fn one_of_each_first(placed: Vec<&Placed>) -> Vec<&Placed> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for placed in placed {
        let count = seen.entry(&placed.finding.code).or_default();
        match *count {
            0 => first.push(placed),
            _ => rest.push(placed),
        }
        *count += 1;
    }
    first.append(&mut rest);
    first
}

fn one(text: &mut String, report: &Report, placed: &Placed) {
    let finding = &placed.finding;
    let mut properties = Vec::new();
    if let Some(file) = placed.file.as_ref().or(report.home.as_ref()) {
        properties.push(format!("file={}", property(file)));
    }
    if placed.file.is_some() {
        properties.extend(finding.line.map(|line| format!("line={line}")));
        properties.extend(finding.column.map(|column| format!("col={column}")));
    }
    let title = property(&format!("recipack {}: {}", report.command, finding.code));
    properties.push(format!("title={title}"));
    let _ = writeln!(
        text,
        "::{} {}::{}",
        word(finding.severity),
        properties.join(","),
        data(&placed.text())
    );
}

/// What follows the second `::`, so that it stays one command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value, so that it stays one property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
