//! Who is let in, and which changes are taken.

use super::{CONNECTORS, console, parcel_tracker, partner, shared};
use crate::support::pages::Page;

/// What every answer says to browsers, whatever it is.
#[track_caller]
fn is_guarded(page: &Page) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(
            page.headers.get(name).map(String::as_str),
            Some(value),
            "{page:?}"
        );
    }
    let policy = &page.headers["content-security-policy"];
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(
        !page.text.contains("<script") && !page.text.contains(" style="),
        "{}",
        page.text
    );
}

#[test]
fn the_key_opens_it_once_and_nothing_else_does() {
    let place = partner();
    let console = console(&place, &["--in", "local:studio"]);
    let ask = |line: &str, head: &[&str]| {
        let page = console.ask(line, head, "");
        is_guarded(&page);
        page
    };
    for path in [
        "/",
        CONNECTORS,
        "/nothing",
        "/start",
        "/start?key=",
        "/start?key=0000",
        "/done/1",
    ] {
        let page = ask(&format!("GET {path}"), &[]).is(403);
        assert!(!page.text.contains("Parcel"), "{path}");
        assert!(!page.headers.contains_key("set-cookie"), "{path}");
    }
    let start = format!("GET /start?key={}", console.key);
    let started = ask(&start, &[]).is(303);
    assert_eq!(started.headers["location"], "/");
    let cookie = &started.headers["set-cookie"];
    let name = format!("recipack-console-{}=", console.port);
    assert!(cookie.starts_with(&name), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    ask(&start, &[]).is(403);
    let cookie = cookie.split(';').next().expect("a part");
    let (_, value) = cookie.split_once('=').expect("a value");
    ask(
        &format!("GET {CONNECTORS}"),
        &[&format!("cookie: a=b; {cookie}")],
    )
    .is(200)
    .has("Parcel Tracker");
    for wrong in [
        format!("cookie: recipack-console={value}"),
        format!("cookie: {name}{}", console.key),
        format!("cookie: {name}"),
    ] {
        ask(&format!("GET {CONNECTORS}"), &[&wrong]).is(403);
    }
    // The browser that has the cookie may go there again.
    ask(&start, &[&format!("cookie: {cookie}")]).is(303);
    // Whoever is led there from elsewhere goes on from a page, since no cookie would come along.
    let other = super::console(&place, &["--in", "local:studio"]);
    let start = format!("GET /start?key={}", other.key);
    let led = other
        .ask(&start, &["sec-fetch-site: cross-site"], "")
        .is(200);
    assert_eq!(led.headers["refresh"], "0; url=/");
    assert!(led.headers["set-cookie"].contains("SameSite=Strict"));
}

#[test]
fn only_this_machine_by_its_names_is_served() {
    let place = partner();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let (port, cookie) = (console.port, format!("cookie: {}", browser.cookie));
    let status = |line: &str, host: &str| {
        let page = console.ask(line, &[&format!("host: {host}"), &cookie], "");
        is_guarded(&page);
        page.status
    };
    let line = format!("GET {CONNECTORS}");
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(status(&line, &format!("{host}:{port}")), 200, "{host}");
    }
    for host in [
        &format!("evil.example:{port}"),
        &format!("127.0.0.1.evil.example:{port}"),
        &format!("localhost.evil.example:{port}"),
        &format!("127.0.0.1:{port}.evil.example"),
        &format!("127.0.0.2:{port}"),
        "127.0.0.1",
        "127.0.0.1:1",
        "",
    ] {
        assert_eq!(status(&line, host), 421, "{host}");
        assert_eq!(status("GET /style.css", host), 421, "{host}");
    }
    let own = format!("127.0.0.1:{port}");
    assert_eq!(
        status(&format!("GET http://evil.example{CONNECTORS}"), &own),
        421
    );
    assert_eq!(
        console
            .ask(&line, &["host: a", &format!("host: {own}")], "")
            .status,
        421
    );
}

#[test]
fn changes_come_from_own_pages_only_and_are_what_was_looked_at() {
    let place = partner();
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let path = format!("{}/update", parcel_tracker(&place));
    let page = browser
        .get(&path)
        .is(200)
        .has("Update Parcel Tracker to v2?");
    let form = page.form(&[("moves", "yes")]);
    let cookie = format!("cookie: {}", browser.cookie);
    let kind = "content-type: application/x-www-form-urlencoded";
    let same = "sec-fetch-site: same-origin";
    let post = |head: &[&str], body: &str| {
        let page = console.ask(&format!("POST {path}"), head, body);
        is_guarded(&page);
        page.status
    };
    let evil = "origin: http://evil.example";
    let neighbour = format!("origin: http://127.0.0.1:{}", console.port ^ 1);
    for (head, wanted) in [
        (&[kind, same][..], 403),
        (&[&cookie, kind], 403),
        (&[&cookie, kind, "sec-fetch-site: cross-site"], 403),
        (&[&cookie, kind, "sec-fetch-site: same-site"], 403),
        (&[&cookie, kind, "sec-fetch-site: none"], 403),
        (&[&cookie, kind, evil], 403),
        (&[&cookie, kind, &neighbour], 403),
        (&[&cookie, kind, "origin: null"], 403),
        (&[&cookie, kind, same, evil], 403),
        (&[&cookie, "content-type: text/plain", same], 415),
        (
            &[
                &cookie,
                "content-type: multipart/form-data; boundary=x",
                same,
            ],
            415,
        ),
        (&[&cookie, same], 415),
    ] {
        assert_eq!(post(head, &form), wanted, "{head:?}");
    }
    let well = [cookie.as_str(), kind, same];
    let token = page.field("token").expect("a token");
    let plan = page.field("plan").expect("a plan");
    let other = super::console(&place, &["--in", "local:studio"]);
    let others = other.opened().get(&path).field("token").expect("a token");
    for (body, wanted) in [
        ("", 403),
        (&form.replace(&token, ""), 403),
        (&form.replace(&token, &others), 403),
        (&format!("{form}&token={token}"), 400),
        (&form.replace(&plan, ""), 409),
        (&form.replace(&plan, "0000"), 409),
        (&form.replace("moves=yes", "moves=no"), 422),
        (&format!("{form}&x={}", "x".repeat(1 << 20)), 413),
    ] {
        let told: String = body.chars().take(200).collect();
        assert_eq!(post(&well, body), wanted, "{told}");
    }
    let long = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{cookie}\r\n{kind}\r\n{same}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n100001\r\n{}\r\n0\r\n\r\n",
        console.port,
        "x".repeat(0x10_0001)
    );
    assert_eq!(console.raw(long.as_bytes()).status, 413);
    for (line, wanted) in [
        (format!("PUT {path}"), 405),
        (format!("DELETE {path}"), 405),
        (format!("POST {CONNECTORS}"), 405),
        (format!("GET {CONNECTORS}?show=x"), 400),
        (format!("GET {CONNECTORS}?page=x"), 400),
        (format!("GET {CONNECTORS}?q=a&q=b"), 400),
        ("GET /in/local:kestrel/connectors".to_owned(), 404),
        ("GET /in/nothing/connectors".to_owned(), 404),
        (format!("GET {CONNECTORS}/nothing"), 422),
        (format!("GET {CONNECTORS}/%2e%2e"), 422),
    ] {
        let page = console.ask(&line, &[&cookie], "");
        is_guarded(&page);
        assert_eq!(page.status, wanted, "{line}");
    }
    let head = console.ask(&format!("HEAD {CONNECTORS}"), &[&cookie], "");
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(
        shared(&place),
        "1 \"open\"",
        "nothing of that changed anything"
    );

    // Two pages of the same plan: the second one is not what is there any more.
    let second = browser.get(&path);
    browser
        .confirm(&page, &[("moves", "yes")])
        .is(200)
        .has("Customers run v2 of Parcel Tracker");
    browser
        .confirm(&second, &[("moves", "yes")])
        .is(409)
        .has("stale-plan");
    assert_eq!(shared(&place), "2 \"open\"");
}

#[test]
fn a_console_that_only_shows_changes_nothing() {
    let place = partner();
    let showing = console(&place, &["--read-only"]);
    let browser = showing.opened();
    browser
        .get("/")
        .is(200)
        .has("read only")
        .has("Parcel Tracker");
    let path = format!("{}/update", parcel_tracker(&place));
    let page = browser.get(&path).is(200).has("This console only shows");
    assert!(!page.text.contains("method=\"post\""), "{}", page.text);
    let changing = console(&place, &[]);
    let others = changing.opened().get(&path);
    let form = others.form(&[("moves", "yes")]);
    // Its token is no token here; neither is there one to be had.
    browser.send(&path, &form).is(403);
    assert_eq!(shared(&place), "1 \"open\"");
}

#[test]
fn names_are_shown_and_never_obeyed() {
    let place = partner();
    place.write("own.rb", "{ title: \"x\", actions: {} }\n");
    let title = "<img src=x onerror=alert(1)>\"' &amp; {{7*7}}";
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    let push = [
        "connector",
        "push",
        "own.rb",
        "--title",
        title,
        "--in",
        "local:studio",
    ];
    let pushed = command.args(push).output().expect("it starts");
    assert!(pushed.status.success(), "{pushed:?}");
    let console = console(&place, &["--in", "local:studio"]);
    let browser = console.opened();
    let part: String = url::form_urlencoded::byte_serialize(title.as_bytes()).collect();
    let part = part.replace('+', "%20");
    let named = |verb: &str| format!("{CONNECTORS}/{part}{verb}");
    let hostile = format!("{CONNECTORS}/%3Cimg%20src%3Dx%3E%E2%80%AEevil");
    for path in [
        CONNECTORS,
        &named(""),
        &named("/share"),
        &named("/share?source=open"),
        &named("/remove"),
        &named("/stop?customer=local:%3Cimg%3E"),
        &hostile,
    ] {
        let page = browser.get(path);
        assert!(!page.text.contains("<img"), "{}", page.text);
        assert!(!page.text.contains('\u{202e}'), "{}", page.text);
    }
    let list = browser.get(&format!("{CONNECTORS}?q={part}")).is(200);
    let list = list.has("<bdi>&lt;img src=x onerror=alert(1)&gt;&quot;' &amp;amp; {{7*7}}</bdi>");
    assert!(!list.text.contains("<img"), "{}", list.text);
}
