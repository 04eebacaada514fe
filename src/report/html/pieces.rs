//! Tables, badges, notices and findings.

use maud::{Markup, html};

use crate::model::count::counted;
use crate::model::finding::Severity;
use crate::model::visible::visible;
use crate::ops::diagnostics::Diagnostic;

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong, or in danger.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Plain,
        }
    }
}

/// A text with whatever a page would hide, or turn round, made visible. It is escaped where it is put
/// into a page.
pub fn text(text: &str) -> String {
    visible(text)
}

/// A word or two that say how something is.
pub fn badge(tone: Tone, words: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text(words)) } }
}

/// A title that people gave something.
pub fn title(words: &str) -> Markup {
    html! { bdi { (text(words)) } }
}

/// A number, with its thousands apart.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            told.push('\u{202f}');
        }
        told.push(digit);
    }
    told
}

/// What has to be seen first: a heading, and what there is to say.
pub fn notice(tone: Tone, heading: &str, body: &Markup) -> Markup {
    html! {
        section class={ "notice " (tone.class()) } aria-label=(text(heading)) {
            h2 { (text(heading)) }
            (body)
        }
    }
}

/// Names with what they stand for.
pub fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl .facts {
            @for (name, value) in facts {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as its words.
    Words,
    /// Numbers, one below the other.
    Numbers,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub heading: &'static str,
    /// How wide it is.
    pub width: Width,
}

impl Column {
    /// A column of words.
    pub const fn words(heading: &'static str) -> Self {
        Self {
            heading,
            width: Width::Words,
        }
    }

    /// A column of numbers.
    pub const fn numbers(heading: &'static str) -> Self {
        Self {
            heading,
            width: Width::Numbers,
        }
    }
}

/// What stands in a row and a column.
pub type Cell = Markup;

/// A table. On a narrow screen each row is a card, whose lines say their columns; it stays a table for
/// whoever has it read. The first cell of a row is its heading.
pub fn tally(caption: &str, columns: &[Column], rows: &[Vec<Cell>]) -> Markup {
    let class = |column: &Column| match column.width {
        Width::Words => None,
        Width::Numbers => Some("number"),
    };
    html! {
        table role="table" {
            caption { (text(caption)) }
            thead role="rowgroup" {
                tr role="row" {
                    @for column in columns {
                        th role="columnheader" scope="col" class=[class(column)] { (column.heading) }
                    }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (index, (column, cell)) in columns.iter().zip(row).enumerate() {
                            @if index == 0 {
                                th role="rowheader" scope="row" data-column=(column.heading) class=[class(column)] { (cell) }
                            } @else {
                                td role="cell" data-column=(column.heading) class=[class(column)] { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Findings, each with its code, place, notes and help.
pub fn findings(findings: &[Diagnostic]) -> Markup {
    html! {
        ul .findings {
            @for finding in findings {
                li { (one(finding)) }
            }
        }
    }
}

fn one(finding: &Diagnostic) -> Markup {
    html! {
        p .what {
            (badge(finding.severity.into(), &finding.severity.to_string()))
            " " strong { (text(&finding.message)) }
            " " code .code { (text(&finding.code)) }
            @if let Some(more) = finding.more { " " span .more { "(" (counted(more as u64, "finding")) ")" } }
        }
        @if let Some(file) = &finding.file {
            p .place {
                code {
                    (text(file))
                    @if let Some(line) = finding.line { ":" (line) }
                    @if let Some(column) = finding.column { ":" (column) }
                }
                @if let Some(path) = finding.path.as_ref().filter(|path| *path != "$") {
                    " at " code { (text(path)) }
                }
            }
        }
        @for note in &finding.notes {
            @for line in note.lines() { p .note { (text(line)) } }
        }
        @if let Some(help) = &finding.help {
            div .help {
                p { "What to do" }
                pre tabindex="0" { (lines(help)) }
            }
        }
    }
}

/// Lines as they are, each visible.
fn lines(all: &str) -> String {
    all.lines().map(text).collect::<Vec<_>>().join("\n")
}
