//! Findings in rustc's manner: code, place, note, help.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::colour::Colour;
use super::ui::{Volume, visible, visible_lines};
use crate::model::finding::{Code, Severity};
use crate::model::path::is_unseen;
use crate::ops::diagnostics::{Diagnostic, Excerpt};

/// How many findings of one code are shown before the rest is only counted.
const SHOWN: usize = 10;

/// Renders findings and, after them, how many were not shown and how many there are.
pub(crate) fn render(findings: &[Diagnostic], volume: Volume, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Plain => Renderer::plain(),
        Colour::Styled => Renderer::styled(),
    }
    .decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut hidden: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
    for finding in findings {
        let count = shown.entry(&finding.code).or_default();
        let show = match (volume, finding.severity) {
            (Volume::Verbose, _) => true,
            (_, Severity::Error) => *count < 10 * SHOWN,
            (Volume::Normal, Severity::Warning) => *count < SHOWN,
            (Volume::Normal, Severity::Note)
            | (Volume::Quiet, Severity::Warning | Severity::Note) => false,
        };
        *count += 1;
        if show {
            out.push_str(&one(&renderer, finding));
            out.push_str("\n\n");
        } else if volume != Volume::Quiet {
            *hidden.entry((finding.severity, &finding.code)).or_default() +=
                finding.more.unwrap_or(1);
        }
    }
    for ((severity, code), count) in &hidden {
        let more = if *severity == Severity::Note {
            ""
        } else {
            " more"
        };
        out.push_str(&format!(
            "{severity}: {count}{more} [{code}]; --verbose shows them\n"
        ));
    }
    if !hidden.is_empty() {
        out.push('\n');
    }
    out
}

/// Where to read more, if a finding with a page is shown: once, for the gravest.
pub(crate) fn hint(findings: &[Diagnostic], volume: Volume) -> Option<String> {
    let shown = |finding: &&Diagnostic| match (volume, finding.severity) {
        (Volume::Verbose, _) | (Volume::Normal, Severity::Error | Severity::Warning) => true,
        (Volume::Normal, Severity::Note) | (Volume::Quiet, _) => false,
    };
    let mut codes = findings
        .iter()
        .filter(shown)
        .filter_map(|finding| finding.code.parse::<Code>().ok());
    let code = codes.next()?;
    Some(format!(
        "help: more about a finding by its code: recipack explain {code}\n\n"
    ))
}

/// An excerpt with replacements for what a terminal would obey or hide, and the bytes that are
/// meant there. The renderer knows only some of these characters.
fn harmless(excerpt: &Excerpt) -> (String, Range<usize>) {
    let Excerpt { text, start, end } = excerpt;
    let harmless = |text: &str| -> String {
        let replaced = |c: char| c.is_control() && c != '\t' || is_unseen(c);
        text.chars()
            .map(|c| {
                if replaced(c) {
                    char::REPLACEMENT_CHARACTER
                } else {
                    c
                }
            })
            .collect()
    };
    let [before, meant, after] =
        [&text[..*start], &text[*start..*end], &text[*end..]].map(harmless);
    let span = before.len()..before.len() + meant.len();
    (before + &meant + &after, span)
}

fn one(renderer: &Renderer, finding: &Diagnostic) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(visible(&finding.message))
        .id(visible(&finding.code));
    let group = Group::with_title(title);
    let mut remarks: Vec<(Level<'_>, String)> = finding
        .notes
        .iter()
        .map(|note| (Level::NOTE, visible(note)))
        .collect();
    if let Some(path) = finding.path.as_ref().filter(|path| *path != "$") {
        remarks.push((Level::NOTE, visible(&format!("at {path}"))));
    }
    if let Some(help) = &finding.help {
        remarks.push((Level::HELP, visible_lines(help)));
    }
    let file = finding.opens.as_deref().or(finding.file.as_deref());
    let file = file.map(visible);
    let (Some(excerpt), Some(file), Some(line)) = (&finding.excerpt, &file, finding.line) else {
        return without_source(
            &renderer.render(&[group]),
            file.as_deref(),
            finding,
            &remarks,
        );
    };
    let (text, span) = harmless(excerpt);
    let snippet = Snippet::source(text)
        .line_start(line)
        .path(file)
        .annotation(AnnotationKind::Primary.span(span));
    let group = remarks
        .into_iter()
        .fold(group.element(snippet), |group, (level, text)| {
            group.element(level.message(text))
        });
    renderer.render(&[group]).to_string()
}

/// The renderer lays remarks out around source lines; without any they stand by themselves.
fn without_source(
    title: &str,
    file: Option<&str>,
    finding: &Diagnostic,
    remarks: &[(Level<'_>, String)],
) -> String {
    let mut text = title.to_owned();
    if let Some(file) = file {
        text.push_str(&format!("\n  --> {file}"));
        if let (Some(line), Some(column)) = (finding.line, finding.column) {
            text.push_str(&format!(":{line}:{column}"));
        }
    }
    for (level, remark) in remarks {
        let word = if *level == Level::HELP {
            "help"
        } else {
            "note"
        };
        let indent = "\n           ";
        text.push_str(&format!("\n   = {word}: {}", remark.replace('\n', indent)));
    }
    text
}
