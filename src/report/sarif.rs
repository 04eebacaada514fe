//! SARIF 2.1.0: findings as results of one run, with places in the repository's files and
//! fingerprints that stay when lines move.
//!
//! Of the format only what is said here is typed here. The crate that has all of it takes longer to
//! build than the rest of the reports together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Placed, Report, Verdict};
use crate::model::finding::{Code, Severity};
use crate::model::visible;

/// How many results of a run are read by whom they are for.
pub const LIMIT: usize = 25_000;

/// How long a message may be, in characters: with it, the most results stay below 10 MB packed.
const LONGEST: usize = 2_000;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: AutomationDetails,
    invocations: [Invocation<'a>; 1],
    column_kind: &'static str,
    results: Vec<ResultOf<'a>>,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help<'a>>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    exit_code: u8,
    exit_code_description: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptor: Option<Descriptor<'a>>,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOf<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
}

/// The document.
///
/// # Errors
/// None that can happen; the serialiser's type has one.
pub fn document(report: &Report) -> Result<String, serde_json::Error> {
    let report = &report.harmless();
    let findings: Vec<&Placed> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .flat_map(|severity| {
            let findings = report.findings.iter();
            findings.filter(move |placed| placed.finding.severity == severity)
        })
        .collect();
    let shown = findings.len().min(LIMIT);
    let codes: BTreeSet<&str> = findings.iter().map(|p| p.finding.code.as_str()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results = findings[..shown].iter().map(|placed| {
        let finding = &placed.finding;
        let known = known_by(placed);
        let ordinal = seen.entry(known.clone()).or_default();
        *ordinal += 1;
        let fingerprint = format!("{known}:{ordinal}");
        ResultOf {
            rule_id: &finding.code,
            rule_index: codes.binary_search(&finding.code.as_str()).unwrap_or(0),
            level: level(finding.severity),
            message: text(&placed.text()),
            locations: location(report, placed).into_iter().collect(),
            partial_fingerprints: BTreeMap::from([
                ("recipack/v1", fingerprint.clone()),
                // What GitHub goes by; without it, it makes one of the lines around.
                ("primaryLocationLineHash", fingerprint),
            ]),
        }
    });
    let results = results.collect();
    let mut notifications: Vec<Notification<'_>> = report
        .ending
        .told
        .iter()
        .map(|placed| Notification {
            level: level(placed.finding.severity),
            message: text(&placed.text()),
            descriptor: Some(Descriptor {
                id: &placed.finding.code,
            }),
        })
        .collect();
    let more: usize = findings[shown..].iter().map(|placed| placed.count()).sum();
    if more > 0 {
        notifications.push(Notification {
            level: "warning",
            message: text(&format!("and {more} more findings, which are not listed")),
            descriptor: None,
        });
    }
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "recipack",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: codes.iter().map(|code| rule(code)).collect(),
                },
            },
            automation_details: AutomationDetails {
                id: format!("recipack/{}/", report.command),
            },
            invocations: [Invocation {
                execution_successful: report.ending.verdict != Verdict::Unknown,
                exit_code: report.ending.code,
                exit_code_description: report.ending.meaning,
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    visible::json(&log)
}

/// What a finding is known by wherever it stands in its file.
fn known_by(placed: &Placed) -> String {
    let finding = &placed.finding;
    match &finding.fingerprint {
        Some(fingerprint) => fingerprint.to_string(),
        // However many they are.
        None if finding.more.is_some() => {
            crate::model::ident::Fingerprint::of(&[finding.code.as_str(), "more"]).to_string()
        }
        None => {
            let file = placed.file.as_deref().unwrap_or_default();
            let parts = [finding.code.as_str(), file, &finding.message];
            crate::model::ident::Fingerprint::of(&parts).to_string()
        }
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn text(text: &str) -> Text<'static> {
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Text { text: shown.into() }
}

fn rule(code: &str) -> Rule<'_> {
    match code.parse::<Code>() {
        Ok(known) => Rule {
            id: code,
            short_description: Text {
                text: known.meaning().into(),
            },
            help: Some(Help {
                text: known.page(),
                markdown: known.page(),
            }),
            default_configuration: Configuration {
                level: level(known.severity()),
            },
        },
        Err(_) => Rule {
            id: code,
            short_description: Text { text: code.into() },
            help: None,
            default_configuration: Configuration { level: "error" },
        },
    }
}

/// Where a finding is; without a file of its own, what the command was about.
fn location(report: &Report, placed: &Placed) -> Option<Location> {
    let file = placed.file.as_ref().or(report.home.as_ref())?;
    let region = match (&placed.file, placed.finding.line) {
        (Some(_), Some(start_line)) => Some(Region {
            start_line,
            start_column: placed.finding.column,
        }),
        _ => None,
    };
    let uri = uri(file);
    let uri_base_id = (!file.starts_with('/')).then_some("%SRCROOT%");
    Some(Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri, uri_base_id },
            region,
        },
    })
}

/// A path as a relative reference, or as an address where it is none of the repository's.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        match plain {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
