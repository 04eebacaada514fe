//! The formats by themselves, with whatever names and messages projects may bring.

use proptest::prelude::*;
use recipack::model::finding::Severity;
use recipack::ops::diagnostics::Diagnostic;
use recipack::report::outputs::{Output, lines};
use recipack::report::{
    Ending, Item, ItemOutcome, Placed, Report, Verdict, github, junit, markdown, sarif,
};
use serde_json::Value;

fn finding(code: &str, severity: Severity, message: &str, file: &str) -> Placed {
    Placed {
        finding: Diagnostic {
            code: code.to_owned(),
            severity,
            message: message.to_owned(),
            file: Some(file.to_owned()),
            line: Some(3),
            column: Some(7),
            path: Some("$.a".to_owned()),
            connector: None,
            notes: vec!["a note".to_owned()],
            help: Some("some help".to_owned()),
            fingerprint: None,
            more: None,
            excerpt: None,
            opens: None,
        },
        file: Some(file.to_owned()),
    }
}

fn report(findings: Vec<Placed>, subject: &str) -> Report {
    Report {
        findings,
        ending: Ending {
            code: 1,
            meaning: "Failed.",
            verdict: Verdict::Failed,
            told: Vec::new(),
        },
        items: vec![Item {
            name: subject.to_owned(),
            class: "recipe".to_owned(),
            outcome: ItemOutcome::Skipped(subject.to_owned()),
            note: subject.to_owned(),
        }],
        ..Report::new("check", subject)
    }
}

/// A workflow command, as GitHub's runner reads it.
fn parsed(line: &str) -> (String, Vec<(String, String)>, String) {
    let rest = line.strip_prefix("::").expect("a command");
    let (head, data) = rest.split_once("::").expect("an end");
    let (word, properties) = head.split_once(' ').expect("properties");
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let properties = properties.split(',').map(|property| {
        let (name, value) = property.split_once('=').expect("a value");
        let value = unescape(value).replace("%3A", ":").replace("%2C", ",");
        (name.to_owned(), value.replace("%25", "%"))
    });
    let data = unescape(data).replace("%25", "%");
    (word.to_owned(), properties.collect(), data)
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

proptest! {
    #[test]
    fn an_annotation_says_what_the_finding_says(
        message in "[ -~\n\r%:,é]{0,40}",
        file in "[ -~%:,é]{1,20}",
    ) {
        let placed = finding("raw-id", Severity::Error, &message, &file);
        let text = github::annotations(&report(vec![placed], "s"));
        prop_assert_eq!(text.lines().count(), 1);
        let (word, properties, data) = parsed(text.trim_end_matches('\n'));
        prop_assert_eq!(word, "error");
        let message = message.replace('\r', "\\r");
        let start = format!("{message}\nnote: a note\nat $.a\nhelp: some help");
        prop_assert_eq!(data, start);
        prop_assert!(properties.contains(&("file".to_owned(), file)));
        prop_assert!(properties.contains(&("line".to_owned(), "3".to_owned())));
    }

    #[test]
    fn at_most_ten_of_a_kind_the_gravest_and_one_of_each_first(
        counts in prop::array::uniform3(0_usize..40),
    ) {
        let mut findings = Vec::new();
        for (severity, count) in SEVERITIES.iter().zip(counts) {
            for n in 0..count {
                let code = ["raw-id", "unknown-type", "broken-json"][n % 7 % 3];
                findings.push(finding(code, *severity, &format!("{severity} {n}"), "f"));
            }
        }
        findings.reverse();
        let text = github::annotations(&report(findings, "s"));
        let commands: Vec<_> = text.lines().map(parsed).collect();
        let mut last = 0;
        for (word, count) in ["error", "warning", "notice"].iter().zip(counts) {
            let of_kind: Vec<_> = commands.iter().filter(|(w, ..)| w == word).collect();
            prop_assert_eq!(of_kind.len(), count.min(github::LIMIT));
            let first = commands.iter().position(|(w, ..)| w == word).unwrap_or(last);
            prop_assert!(first >= last);
            last = first;
            if count > github::LIMIT {
                let more = format!("and {} more", count - github::LIMIT + 1);
                prop_assert!(of_kind[9].2.starts_with(&more));
                let titles: std::collections::BTreeSet<_> =
                    of_kind[..3].iter().map(|(_, p, _)| p.last().cloned()).collect();
                prop_assert_eq!(titles.len(), 3, "one of each code first");
            }
        }
    }

    #[test]
    fn an_output_is_read_back(value in "[ -~\n\ré]{0,60}") {
        let text = lines(&[Output::text("package", &*value), Output::truth("changed", true)]);
        let mut rest = text.split('\n');
        let first = rest.next().expect("a line");
        let read = match first.split_once('=').filter(|(name, _)| *name == "package") {
            Some((_, value)) => value.to_owned(),
            None => {
                let (name, mark) = first.split_once("<<").expect("a mark");
                prop_assert_eq!(name, "package");
                let within: Vec<&str> = rest.by_ref().take_while(|line| *line != mark).collect();
                within.join("\n")
            }
        };
        prop_assert_eq!(read, value.replace('\r', "\\r"));
        prop_assert_eq!(rest.next(), Some("changed=true"));
    }

    #[test]
    fn markdown_stays_within_its_limit_and_has_nothing_foreign(
        names in prop::collection::vec("[ -~\n|`<>@#é\u{202e}]{0,80}", 0..60),
        limit in 1_500_usize..6_000,
    ) {
        let findings = names.iter().map(|name| finding("raw-id", Severity::Warning, name, name));
        let mut report = report(findings.collect(), "a project");
        report.items = names.iter().map(|name| Item {
            name: name.clone(),
            class: "recipe".to_owned(),
            outcome: ItemOutcome::Failed(name.clone()),
            note: String::new(),
        }).collect();
        let text = markdown::text(&report, limit);
        prop_assert!(text.len() <= limit, "{} of {limit}", text.len());
        for (at, c) in text.char_indices() {
            prop_assert!(!"`@".contains(c) && c != '\u{202e}', "{c} in {text}");
            // What is markup is ours.
            if c == '<' {
                let ours = ["code>", "/code>", "details>", "/details>", "summary>", "/summary>", "br>"];
                let rest = &text[at + 1..];
                prop_assert!(ours.iter().any(|tag| rest.starts_with(tag)), "{rest}");
            }
        }
        let rows = text.lines().filter(|line| line.starts_with("| <code>"));
        prop_assert!(rows.clone().all(|row| row.matches(" | ").count() == 4), "{text}");
        if rows.count() < names.len() {
            prop_assert!(text.contains(" more\n"), "what is left out is counted: {text}");
        }
    }

    #[test]
    fn junit_is_xml_whatever_the_names_are(name in "[ -~\n\u{0}-\u{1f}<>&\"'é\u{fffe}]{0,40}") {
        let placed = finding("raw-id", Severity::Error, &name, &name);
        let text = junit::document(&report(vec![placed], &name)).expect("XML");
        let read = quick_junit::Report::deserialize_from_str(&text).expect("it is read back");
        let suite = &read.test_suites[0];
        prop_assert_eq!(suite.test_cases.len(), 2);
        prop_assert_eq!((suite.failures, suite.tests), (2, 2));
    }
}

fn results(text: &str) -> Vec<Value> {
    let log: Value = serde_json::from_str(text).expect("JSON");
    log["runs"][0]["results"]
        .as_array()
        .expect("results")
        .clone()
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_tells_duplicates_apart() {
    let one = finding("raw-id", Severity::Warning, "m", "a b/ä.recipe.json");
    let mut moved = one.clone();
    moved.finding.line = Some(30);
    let of =
        |findings: Vec<Placed>| results(&sarif::document(&report(findings, "s")).expect("JSON"));
    let prints = |results: &[Value]| -> Vec<Value> {
        let prints = results.iter().map(|r| r["partialFingerprints"].clone());
        prints.collect()
    };
    let first = of(vec![one.clone()]);
    assert_eq!(prints(&first), prints(&of(vec![moved.clone()])));
    let twice = prints(&of(vec![one.clone(), moved]));
    assert_eq!(twice[0], prints(&first)[0]);
    assert_ne!(twice[0], twice[1]);
    let location = &first[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        location["artifactLocation"]["uri"],
        "a%20b/%C3%A4.recipe.json"
    );
    assert_eq!(location["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(
        location["region"],
        serde_json::json!({"startLine": 3, "startColumn": 7})
    );
}

#[test]
fn the_most_results_are_within_the_limits_and_the_rest_is_counted() {
    let many = sarif::LIMIT + 37;
    let findings = (0..many).map(|n| {
        let severity = SEVERITIES[2 - n % 3];
        finding(
            "raw-id",
            severity,
            &format!("{n} {}", "long ".repeat(600)),
            &format!("{n}.json"),
        )
    });
    let mut report = report(findings.collect(), "s");
    report.ending.told = vec![finding("unreadable", Severity::Error, "no", "x")];
    let text = sarif::document(&report).expect("JSON");
    let results = results(&text);
    assert_eq!(results.len(), sarif::LIMIT);
    let levels: Vec<&str> = results.iter().filter_map(|r| r["level"].as_str()).collect();
    let rank = |level: &&str| ["error", "warning", "note"].iter().position(|l| l == level);
    assert!(levels.is_sorted_by_key(rank), "the gravest first");
    let log: Value = serde_json::from_str(&text).expect("JSON");
    let told = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(told[0]["descriptor"]["id"], "unreadable");
    assert_eq!(
        told[1]["message"]["text"],
        "and 37 more findings, which are not listed"
    );
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, text.as_bytes()).expect("packed");
    let packed = packer.finish().expect("packed").len();
    assert!(packed < 10_000_000, "{packed} bytes packed");
}
