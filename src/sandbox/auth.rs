//! Who may ask: programs of this machine, with a token.

use std::net::SocketAddr;

use hyper::Uri;
use hyper::header::{AUTHORIZATION, HeaderMap, ORIGIN};

use super::reply::Reply;
use crate::serving::{is_own, only, own_host};

/// The host that a request is meant for, as it spells it.
///
/// # Errors
/// If that is not this machine. Whoever else's name leads here is turned away, and so are pages of
/// other hosts that ask by way of a browser.
pub(super) fn local_host(
    uri: &Uri,
    headers: &HeaderMap,
    address: SocketAddr,
) -> Result<String, Reply> {
    let turned_away = || Reply::message(403, "This host is not served here");
    let port = address.port();
    let host = own_host(uri, headers, port).ok_or_else(turned_away)?;
    let origin_is_own = match headers.get(ORIGIN) {
        None => true,
        Some(_) => only(headers, &ORIGIN)
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|origin| is_own(origin, port)),
    };
    match origin_is_own {
        true => Ok(host.to_owned()),
        false => Err(turned_away()),
    }
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = only(headers, &AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use hyper::header::{HOST, HeaderName, HeaderValue};

    use super::*;

    fn asked(uri: &str, headers: &[(HeaderName, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        let uri = uri.parse().expect("a URI");
        local_host(&uri, &map, SocketAddr::from(([127, 0, 0, 1], 8080))).ok()
    }

    #[test]
    fn this_machine_is_served_by_its_names_and_this_port() {
        for host in [
            "127.0.0.1:8080",
            "localhost:8080",
            "[::1]:8080",
            "LOCALHOST:8080",
        ] {
            assert_eq!(asked("/", &[(HOST, host)]).as_deref(), Some(host));
        }
        for host in [
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:80800",
            "localhost.evil.example:8080",
            "evil.example:8080",
            "evil.example",
            "127.0.0.1:8080.evil.example",
            "",
        ] {
            assert_eq!(asked("/", &[(HOST, host)]), None, "{host}");
        }
        assert_eq!(asked("/", &[]), None);
        let twice = [(HOST, "localhost:8080"), (HOST, "localhost:8080")];
        assert_eq!(asked("/", &twice), None);
    }

    #[test]
    fn a_host_in_the_request_line_and_an_origin_count_too() {
        let own = (HOST, "localhost:8080");
        assert!(asked("http://127.0.0.1:8080/", std::slice::from_ref(&own)).is_some());
        assert!(asked("http://evil.example/", std::slice::from_ref(&own)).is_none());
        assert!(asked("/", &[own.clone(), (ORIGIN, "http://localhost:8080")]).is_some());
        for origin in ["http://evil.example", "null", "https://localhost:8080", ""] {
            assert!(
                asked("/", &[own.clone(), (ORIGIN, origin)]).is_none(),
                "{origin}"
            );
        }
    }
}
