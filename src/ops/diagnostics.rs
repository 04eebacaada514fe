//! Findings with places: the line, column and JSON path of the byte that they point at.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Tape;
use crate::model::finding::{Finding, Severity, Subject};
use crate::model::ident::{ConnectorTitle, Fingerprint};
use crate::model::path::PackagePath;
use crate::model::span::{Places, Span};

/// How much of a line is shown around a place, in characters.
const SHOWN: usize = 160;

/// A finding as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is the case.
    pub message: String,
    /// The file it is about, as a path in the project; or the manifest's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The JSON path in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The connector it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<ConnectorTitle>,
    /// What else matters.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What a manifest can allow it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// How many findings of its code it stands for that are not listed; absent if it is one itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub more: Option<usize>,
    /// The line it points at, for people.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
    /// The file as it can be opened from where somebody stands, for people; absent where that is
    /// `file`, and where the file lies in a package.
    #[serde(skip)]
    pub opens: Option<String>,
}

/// A line of a file, or the part of it around a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// The bytes of `text` that are meant.
    pub start: usize,
    /// Their end.
    pub end: usize,
}

/// The manifest's path and text.
#[derive(Clone, Copy, Debug)]
pub struct ManifestText<'a> {
    /// Its path, as it was given.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Finds the places of findings. `read` gives a file's bytes and is asked once for each file.
pub fn locate(
    findings: &[Finding],
    manifest: Option<ManifestText<'_>>,
    mut read: impl FnMut(&PackagePath) -> Option<Vec<u8>>,
) -> Vec<Diagnostic> {
    let mut located: Vec<Diagnostic> = findings
        .iter()
        .map(|finding| bare(finding, manifest))
        .collect();
    let mut by_file: BTreeMap<&PackagePath, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        if let Subject::File {
            path,
            offset: Some(offset),
        } = &finding.subject
        {
            by_file
                .entry(path)
                .or_default()
                .push((index, *offset as usize));
        }
    }
    let mut tape = Tape::default();
    for (path, mut places) in by_file {
        let Some(bytes) = read(path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        // One walk for all of them: a file can have as many findings as it has values.
        let mut paths = tape.parse(&bytes).ok().map(|document| document.paths());
        let mut found = Places::of(&text);
        places.sort_by_key(|(_, offset)| *offset);
        for (index, offset) in places {
            let place = found.place(offset..offset.saturating_add(1));
            let finding = &mut located[index];
            finding.excerpt = Some(excerpt(&text, &place));
            finding.line = Some(place.line);
            finding.column = Some(place.column);
            finding.path = paths.as_mut().map(|paths| paths.at(offset).to_owned());
        }
    }
    located
}

fn bare(finding: &Finding, manifest: Option<ManifestText<'_>>) -> Diagnostic {
    let mut located = Diagnostic {
        code: finding.code.as_str().to_owned(),
        severity: finding.severity(),
        message: in_words(&finding.message),
        file: None,
        line: None,
        column: None,
        path: None,
        connector: None,
        notes: finding.notes.clone(),
        help: finding.help.clone(),
        fingerprint: match finding.more() {
            Some(_) => None,
            None => Some(finding.fingerprint()),
        },
        more: finding.more(),
        excerpt: None,
        opens: None,
    };
    match &finding.subject {
        Subject::Project | Subject::CommandLine => {}
        Subject::File { path, .. } => located.file = Some(path.to_string()),
        Subject::Path(path) => located.file = Some(path.clone()),
        Subject::Connector(title) => located.connector = Some(title.clone()),
        Subject::Manifest(place) => {
            located.line = Some(place.line);
            located.column = Some(place.column);
            if let Some(manifest) = manifest {
                located.file = Some(manifest.path.to_owned());
                located.excerpt = Some(excerpt(manifest.text, place));
            }
        }
    }
    located
}

/// The line around a place; of a long line only the part around it.
pub fn excerpt(text: &str, place: &Span) -> Excerpt {
    // Only what is shown is looked at: all of a file can be one line.
    let at = place.span.start.min(text.len());
    let from = floor(text, at.saturating_sub(SHOWN / 2));
    let newline = text[from..floor(text, at)].rfind('\n');
    let shown_from = newline.map_or(from, |newline| from + newline + 1);
    let to = floor(text, text.len().min(shown_from + SHOWN));
    let newline = text[shown_from..to].find('\n');
    let shown_to = newline.map_or(to, |newline| shown_from + newline);
    let shown = text[shown_from..shown_to].trim_end_matches('\r');
    // Spans of findings are single bytes unless the manifest gives more; show the token.
    let meant = at.saturating_sub(shown_from).min(shown.len());
    let length = place.span.len().max(1).min(shown.len() - meant);
    Excerpt {
        text: shown.to_owned(),
        start: floor(shown, meant),
        end: ceil(shown, meant + length),
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// What an error says, without the number that the system has for it.
pub fn in_words(text: &str) -> String {
    let Some((before, after)) = text.split_once(" (os error ") else {
        return text.to_owned();
    };
    match after.split_once(')') {
        Some((number, rest)) if number.parse::<i32>().is_ok() => {
            format!("{before}{}", in_words(rest))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_the_system_is_no_word() {
        for (text, words) in [
            (
                "No such file or directory (os error 2)",
                "No such file or directory",
            ),
            ("a: b (os error 13), c (os error 2) d", "a: b, c d"),
            ("a (os error", "a (os error"),
            ("a (os error x)", "a (os error x)"),
        ] {
            assert_eq!(in_words(text), words);
        }
    }
    use crate::model::finding::Code;

    #[test]
    fn a_byte_becomes_a_line_a_column_and_a_path() {
        let text = "{\n  \"é\": 1,\n  \"b\": [\"x\", \"y\"]\n}";
        let offset = text.find("\"y\"").and_then(|at| u32::try_from(at).ok());
        let subject = Subject::File {
            path: "a.recipe.json".parse().expect("safe"),
            offset,
        };
        let mut reads = 0;
        let findings = [
            Finding::new(Code::RawId, subject.clone(), "m"),
            Finding::new(Code::RawId, subject, "n"),
        ];
        let located = locate(&findings, None, |_| {
            reads += 1;
            Some(text.as_bytes().to_vec())
        });
        assert_eq!(reads, 1, "each file is read once");
        assert_eq!((located[0].line, located[0].column), (Some(3), Some(14)));
        assert_eq!(located[0].path.as_deref(), Some("$.b[1]"));
        let shown = located[0].excerpt.as_ref().expect("an excerpt");
        assert_eq!(&shown.text[shown.start..], "\"y\"]");
    }

    #[test]
    fn many_places_are_found_as_each_is_found_alone() {
        let text = "{\n \"é\": [1, {\"a b\": \"ü\\n\"}, [], [[2, 3], 4]],\r\n\"b\": {\"c\": null, \"d\": [ ]}\n}\n";
        let mut tape = Tape::default();
        let document = tape.parse(text.as_bytes()).expect("JSON");
        let (mut places, mut paths) = (Places::of(text), document.paths());
        let mut told = std::collections::BTreeSet::new();
        let forth = (0..text.len() + 3)
            .chain((0..text.len()).rev())
            .chain([20, 60, 5, 70]);
        for offset in forth {
            let span = offset..offset + 1;
            assert_eq!(places.place(span.clone()), Span::of(text, span), "{offset}");
            let path = paths.at(offset).to_owned();
            assert_eq!(path, document.paths().at(offset), "{offset}");
            told.insert(path);
        }
        for path in [
            "$",
            "$.é",
            "$.é[1][\"a b\"]",
            "$.é[3][0][1]",
            "$.é[3][1]",
            "$.b.c",
            "$.b.d",
        ] {
            assert!(told.contains(path), "{path}: {told:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        for text in ["\u{feff}ab\nc", "\u{feff}", ""] {
            let mut places = Places::of(text);
            for offset in (0..text.len() + 2).chain([4, 0]) {
                let span = offset..offset + 1;
                assert_eq!(places.place(span.clone()), Span::of(text, span), "{offset}");
            }
        }
    }

    #[test]
    fn of_a_long_line_only_a_part_is_shown() {
        let text = format!("{}X{}", "é".repeat(3000), "ü".repeat(3000));
        let at = text.find('X').expect("there");
        let shown = excerpt(&text, &Span::of(&text, at..at + 1));
        assert!(shown.text.len() <= SHOWN);
        assert_eq!(&shown.text[shown.start..shown.end], "X");
    }
}
