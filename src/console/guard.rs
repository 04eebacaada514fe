//! Which requests are answered at all. Everything here is decided by a request's head alone.

use hyper::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, ORIGIN};

use crate::serving::{is_own, only};

/// Where a request comes from, as browsers say it and pages can't.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What forms are sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a change was asked for by a page of this console: browsers say so themselves. Those that
/// don't have to name this console as the origin.
pub(super) fn is_of_own_page(headers: &HeaderMap, port: u16) -> bool {
    let is_own_origin = |origin: &str| {
        let host = origin.strip_prefix("http://");
        host.is_some_and(|host| is_own(host, port))
    };
    let origin = headers.get(ORIGIN).map(|_| only(headers, &ORIGIN));
    match headers.get(&SITE).map(|_| only(headers, &SITE)) {
        // Pages that tell nobody where they are have no origin in what they send.
        Some(Some("same-origin")) => match origin {
            None => true,
            Some(told) => told.is_some_and(|told| told == "null" || is_own_origin(told)),
        },
        Some(_) => false,
        None => origin.flatten().is_some_and(is_own_origin),
    }
}

/// Whether something else than this machine's user or a page of it led here. A browser does not send the
/// new cookie along with where such a request is led on to.
pub(super) fn is_of_other_site(headers: &HeaderMap) -> bool {
    only(headers, &SITE) == Some("cross-site")
}

/// Whether the body is a form's.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    only(headers, &CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(FORM)
    })
}

/// The name of the cookie. Browsers send cookies to every port of a host, so the port is in it.
pub(super) fn cookie_name(port: u16) -> String {
    format!("recipack-console-{port}")
}

/// The values of the console's cookie; there may be several of that name, of which one is its own.
pub(super) fn cookies(headers: &HeaderMap, port: u16) -> impl Iterator<Item = &str> {
    let name = cookie_name(port);
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.filter_map(move |pair| {
        let (own, value) = pair.trim().split_once('=')?;
        (own == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(told: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn changes_are_asked_for_by_own_pages_only() {
        let (site, origin) = ("sec-fetch-site", "origin");
        for own in [
            &[(site, "same-origin")][..],
            &[(site, "same-origin"), (origin, "http://127.0.0.1:8080")],
            &[(site, "same-origin"), (origin, "null")],
            &[(origin, "http://localhost:8080")],
            &[(origin, "http://[::1]:8080")],
        ] {
            assert!(is_of_own_page(&headers(own), 8080), "{own:?}");
        }
        for other in [
            &[][..],
            &[(site, "cross-site")],
            &[(site, "same-site")],
            &[(site, "none")],
            &[(site, "")],
            &[(site, "same-origin"), (site, "cross-site")],
            &[(site, "same-site"), (origin, "http://127.0.0.1:8080")],
            &[(site, "same-origin"), (origin, "http://evil.example")],
            &[(origin, "null")],
            &[(origin, "http://evil.example")],
            &[(origin, "http://127.0.0.1:8081")],
            &[(origin, "https://127.0.0.1:8080")],
            &[(origin, "http://127.0.0.1.evil.example:8080")],
            &[
                (origin, "http://localhost:8080"),
                (origin, "http://localhost:8080"),
            ],
        ] {
            assert!(!is_of_own_page(&headers(other), 8080), "{other:?}");
        }
    }

    #[test]
    fn cookies_are_told_apart_by_the_port() {
        let told = headers(&[
            (
                "cookie",
                "recipack-console-1=a; other=b; recipack-console-2=c",
            ),
            ("cookie", "recipack-console-2=d"),
        ]);
        assert_eq!(cookies(&told, 2).collect::<Vec<_>>(), ["c", "d"]);
        assert_eq!(cookies(&told, 3).count(), 0);
    }
}
