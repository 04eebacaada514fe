//! Markdown for people who review: a comment on a pull request, a job's summary.
//!
//! Names and messages come from projects that anybody may have written, so nothing of them is markup,
//! mentions anybody or leads anywhere.

use std::fmt::Write as _;

use super::{Item, ItemOutcome, Placed, Report};
use crate::model::count::counted;
use crate::model::finding::Severity;
use crate::plan::import::document::ImportPlan;

/// How many bytes a comment may have at GitHub, less some for who puts a line around it.
pub const COMMENT: usize = 65_000;
/// How many bytes a job's summary may have at GitHub.
pub const SUMMARY: usize = 1 << 20;

/// The text, of at most `limit` bytes: what is left out is counted.
pub fn text(report: &Report, limit: usize) -> String {
    let report = &report.harmless();
    let mut out = Bounded::new(limit);
    let mark = match report.ending.code {
        0 => "✅",
        2 => "🔶",
        _ => "❌",
    };
    out.must(&format!(
        "### {mark} recipack {}: {}\n\n",
        report.command,
        code(&report.subject)
    ));
    out.must(&format!(
        "{} (exit {}), {}.\n\n",
        capital(report.outcome()),
        report.ending.code,
        counts(report)
    ));
    for placed in &report.ending.told {
        out.line(&bullet(placed));
    }
    for astray in &report.astray {
        out.line(&format!("- not as planned: {}\n", prose(astray)));
    }
    out.end("more");
    match &report.plan {
        Some(plan) => of_plan(&mut out, plan),
        None => of_items(&mut out, &report.items),
    }
    of_findings(&mut out, &report.findings);
    // Where there is no room for the least that is to be said, nothing is.
    match out.text.len() <= limit {
        true => out.text,
        false => String::new(),
    }
}

fn counts(report: &Report) -> String {
    let count = |severity, what: &str| match report.count(severity) {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    ]
    .join(", ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn of_plan(out: &mut Bounded, plan: &ImportPlan) {
    let folder = if plan.folder.is_home() {
        "Home".to_owned()
    } else {
        format!("folder {}", code(plan.folder.as_str()))
    };
    out.line(&format!(
        "{} ({}), {folder}\n\n",
        code(&plan.workspace.address.to_string()),
        plan.workspace.kind
    ));
    let mut rows = Vec::new();
    for folder in &plan.creates_folders {
        rows.push(row("+", "folder", folder.as_str(), "creates", ""));
    }
    for connector in &plan.connectors {
        let wording = connector.wording();
        rows.push(row(
            wording.sign,
            "connector",
            &connector.connector,
            &wording.what,
            &connector.usage(),
        ));
        for moved in &connector.moves {
            let name = moved.folder.label(&moved.name);
            rows.push(row(
                "!",
                "recipe",
                &name,
                "moves to it",
                &moved.state.to_string(),
            ));
        }
    }
    let mut unchanged = 0;
    for asset in &plan.assets {
        let wording = asset.wording();
        if wording.sign == "=" {
            unchanged += 1;
            continue;
        }
        let state = asset
            .state
            .map_or_else(String::new, |s| format!("then {s}"));
        rows.push(row(
            wording.sign,
            asset.kind.label(),
            &asset.place(),
            &wording.what,
            &state,
        ));
    }
    if !rows.is_empty() {
        out.table(&["", "type", "name", "what happens", ""], &rows);
    }
    if unchanged > 0 {
        out.line(&format!("{unchanged} unchanged.\n\n"));
    }
    out.line(&format!("{}\n\n", plan.summary_line()));
    for needed in &plan.needs {
        out.line(&format!(
            "- needs {}: {}\n",
            code(&format!("--{}", needed.permission)),
            prose(&needed.because)
        ));
    }
    for afterwards in &plan.afterwards {
        out.line(&format!("- afterwards: {}\n", prose(&afterwards.wording())));
    }
    out.end("more");
}

fn of_items(out: &mut Bounded, items: &[Item]) {
    let rows: Vec<String> = items
        .iter()
        .filter_map(|item| match &item.outcome {
            ItemOutcome::Passed if item.class == "connector" => {
                Some(row("+", &item.class, &item.name, "included", ""))
            }
            ItemOutcome::Passed => None,
            ItemOutcome::Skipped(why) => Some(row("-", &item.class, &item.name, why, "")),
            ItemOutcome::Failed(why) => Some(row("x", &item.class, &item.name, why, "")),
        })
        .collect();
    if !rows.is_empty() {
        out.table(&["", "type", "name", "what", ""], &rows);
    }
    let passed = items.len() - rows.len();
    if passed > 0 {
        out.line(&format!("{passed} more as they should be.\n\n"));
    }
}

fn of_findings(out: &mut Bounded, findings: &[Placed]) {
    if findings.is_empty() {
        return;
    }
    let opened = format!(
        "<details><summary>{}</summary>\n\n",
        counted(
            findings.iter().map(Placed::count).sum::<usize>() as u64,
            "finding"
        )
    );
    let closed = "\n</details>\n";
    if !out.fits(opened.len() + closed.len() + 64) {
        return;
    }
    out.must(&opened);
    out.reserve(closed.len());
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for placed in findings.iter().filter(|p| p.finding.severity == severity) {
            out.line(&bullet(placed));
        }
    }
    out.end("more");
    out.reserve(0);
    out.must(closed);
}

fn bullet(placed: &Placed) -> String {
    let finding = &placed.finding;
    let place = placed
        .place()
        .map_or_else(String::new, |place| format!(" {}", code(&place)));
    let mut text = format!(
        "- **{}** {}{place}: {}",
        finding.severity,
        code(&finding.code),
        prose(&finding.message)
    );
    if let Some(help) = &finding.help {
        let _ = write!(text, "<br>help: {}", prose(help));
    }
    text.push('\n');
    text
}

fn row(sign: &str, class: &str, name: &str, what: &str, more: &str) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        code(sign),
        prose(class),
        code(name),
        prose(what),
        prose(more)
    )
}

/// A name, as it is: nothing in it is markup, mentions anybody or is a link.
fn code(text: &str) -> String {
    format!("<code>{}</code>", entities(text))
}

/// A sentence: the same, but for what is plain in any case.
fn prose(text: &str) -> String {
    // What makes a mention or a link is broken by a blank of no width.
    let broken = |c: char| matches!(c, '@' | '#' | ':' | '.');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(broken) {
        let end = at + 1;
        let followed = rest[end..]
            .chars()
            .next()
            .is_some_and(|c| !c.is_whitespace());
        out.push_str(&entities(&rest[..end]));
        if followed {
            out.push_str("&#8203;");
        }
        rest = &rest[end..];
    }
    out.push_str(&entities(rest));
    out
}

/// Text in which every character stands for itself.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let plain = c.is_alphanumeric() || " -/:.,;()'\"=+?→…".contains(c);
        if plain {
            out.push(c);
        } else if c.is_whitespace() {
            out.push(' ');
        } else if c.is_control() || crate::model::path::is_unseen(c) {
            out.push(char::REPLACEMENT_CHARACTER);
        } else {
            let _ = write!(out, "&#{};", u32::from(c));
        }
    }
    out
}

/// Text that does not grow beyond a limit; lines that don't fit are counted.
struct Bounded {
    text: String,
    limit: usize,
    reserved: usize,
    left_out: usize,
}

/// Room for saying how much was left out.
const ROOM: usize = 64;

impl Bounded {
    fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
            reserved: 0,
            left_out: 0,
        }
    }

    /// Keeps bytes free for what has to follow.
    fn reserve(&mut self, bytes: usize) {
        self.reserved = bytes;
    }

    fn fits(&self, bytes: usize) -> bool {
        self.text.len() + bytes + self.reserved + ROOM <= self.limit
    }

    /// What has to be there; it is short.
    fn must(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A line, if it fits.
    fn line(&mut self, text: &str) {
        if self.left_out == 0 && self.fits(text.len()) {
            self.text.push_str(text);
        } else {
            self.left_out += 1;
        }
    }

    /// Ends a list: says how many of its lines did not fit.
    fn end(&mut self, what: &str) {
        if self.left_out > 0 {
            let _ = write!(self.text, "\n… and {} {what}\n", self.left_out);
        }
        self.left_out = 0;
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn table(&mut self, heads: &[&str], rows: &[String]) {
        let rule = vec!["--"; heads.len()].join("|");
        let head = format!("| {} |\n|{rule}|\n", heads.join(" | "));
        if !self.fits(head.len() + ROOM) {
            self.left_out += rows.len();
            return self.end("more");
        }
        self.must(&head);
        for row in rows {
            self.line(row);
        }
        self.end("more");
    }
}
