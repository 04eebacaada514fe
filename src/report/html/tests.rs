//! Pages as they come out.

use maud::html;

use super::*;

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
