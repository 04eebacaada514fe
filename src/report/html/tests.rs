//! Pages as they come out.

use maud::html;

use super::*;
use crate::report::{Item, ItemOutcome, Report};

fn page(sheet: Sheet) -> String {
    let page = Page {
        title: "<b>\u{202e}\"Orders\"</b>".to_owned(),
        sheet,
        above: html! {},
        way: html! {},
        body: html! { (notice(Tone::Bad, "\"><script>", &html! {})) },
        below: html! {},
    };
    page.document()
}

#[test]
fn names_are_escaped_and_what_hides_is_shown() {
    let page = page(Sheet::Linked {
        sheet: "/style.css",
        icon: "/icon.svg",
    });
    assert!(page.contains("&lt;b&gt;\\u{202e}"), "{page}");
    assert!(
        !page.contains("<script") && !page.contains('\u{202e}'),
        "{page}"
    );
    assert!(
        page.contains("aria-label=\"&quot;&gt;&lt;script&gt;\""),
        "{page}"
    );
}

#[test]
fn a_report_has_all_in_itself() {
    let page = page(Sheet::Inside);
    assert!(page.contains(STYLE));
    assert!(!page.contains("<link") && !page.contains("http://") && !page.contains("https://"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn thousands_stand_apart() {
    let told: Vec<String> = [0, 7, 999, 1000, 1_234_567].map(count).into();
    assert_eq!(
        told,
        ["0", "7", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
    );
}

/// A report of so many things, each with a name that is not meant well.
fn large(items: usize) -> Report {
    let mut report = Report::new("export", "orders for customer");
    report.items = (0..items)
        .map(|number| Item {
            name: format!("Orders/<b>Recipe {number}</b>.recipe.json"),
            class: "recipe".to_owned(),
            outcome: match number % 3 {
                0 => ItemOutcome::Skipped("it is shared".to_owned()),
                1 => ItemOutcome::Failed("it can't be read".to_owned()),
                _ => ItemOutcome::Passed,
            },
            note: "selected by the manifest".to_owned(),
        })
        .collect();
    report
}

#[test]
fn a_report_of_two_thousand_things_is_small_and_always_the_same() {
    let page = leaf::document(&large(2000), &leaf::Tells::Outcome);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert_eq!(page, leaf::document(&large(2000), &leaf::Tells::Outcome));
    assert!(page.contains("&lt;b&gt;Recipe 1999&lt;/b&gt;") && !page.contains("<b>"));
    assert_eq!(
        page.matches("<details>").count(),
        page.matches("</details>").count()
    );
    assert!(page.contains("more items"), "what is long is folded");
}
