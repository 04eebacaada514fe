//! Where the platform is.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::model::ident::DataCenter;

/// A scheme, a host and maybe a port: `https://app.eu.workato.com`. Without TLS only this machine is
/// spoken to: `http://127.0.0.1:8080`, `http://localhost`, `http://[::1]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiBase(Url);

/// Why a text is no base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no address of the platform: {reason}", text.escape_debug())]
pub struct BaseError {
    /// The text, without what stands before an `@`.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The data centers and their hosts (platform.md §7).
const HOSTS: &[(&str, &[&str])] = &[
    ("us", &["www.workato.com", "app.workato.com"]),
    ("eu", &["app.eu.workato.com"]),
    ("jp", &["app.jp.workato.com"]),
    ("sg", &["app.sg.workato.com"]),
    ("au", &["app.au.workato.com"]),
    ("il", &["app.il.workato.com"]),
    ("kr", &["app.kr.workato.com"]),
    ("uk", &["app.uk.workato.com"]),
    ("cn", &["app.workatoapp.cn"]),
    ("trial", &["app.trial.workato.com"]),
];

impl ApiBase {
    /// The data center that the host belongs to; `None` for this machine and for hosts that
    /// platform.md §7 does not list.
    pub fn data_center(&self) -> Option<DataCenter> {
        let host = self.0.host_str()?;
        let (name, _) = HOSTS.iter().find(|(_, hosts)| hosts.contains(&host))?;
        name.parse().ok()
    }

    /// The host of a data center, if platform.md §7 has it.
    pub fn of(center: &DataCenter) -> Option<Self> {
        let (_, hosts) = HOSTS.iter().find(|(name, _)| *name == center.as_str())?;
        format!("https://{}", hosts.first()?).parse().ok()
    }

    /// The host, with the port if one is named.
    pub fn host(&self) -> String {
        authority(&self.0)
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// Host and port as an address has them.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether bytes sent there stay on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl FromStr for ApiBase {
    type Err = BaseError;
    fn from_str(text: &str) -> Result<Self, BaseError> {
        let wrong = |reason| BaseError {
            // Somebody may have put a password there.
            text: text
                .rsplit_once('@')
                .map_or(text, |(_, rest)| rest)
                .to_owned(),
            reason,
        };
        let url = Url::parse(text.trim())
            .map_err(|_| wrong("`https://HOST` is expected, as in https://www.workato.com"))?;
        if !url.has_host() {
            return Err(wrong("it names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "it holds a name or a password; tokens are given otherwise",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("something follows the host"));
        }
        // Both clients of the platform add `/api` themselves; people copy it along.
        if !matches!(url.path(), "" | "/" | "/api" | "/api/") {
            return Err(wrong("a path follows the host"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(wrong(
                    "without TLS only this machine is spoken to: use https",
                ));
            }
            _ => return Err(wrong("only https is spoken")),
        }
        let mut url = url;
        url.set_path("/");
        Ok(Self(url))
    }
}

impl fmt::Display for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_host_with_tls_or_this_machine() {
        for (text, base) in [
            ("https://www.workato.com", "https://www.workato.com"),
            (
                " https://APP.eu.workato.com:443/ ",
                "https://app.eu.workato.com",
            ),
            (
                "https://app.eu.workato.com/api/",
                "https://app.eu.workato.com",
            ),
            (
                "https://platform.example.test:8443",
                "https://platform.example.test:8443",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            let parsed: ApiBase = text.parse().expect(text);
            assert_eq!(parsed.to_string(), base);
            assert_eq!(base.parse(), Ok(parsed));
        }
        for wrong in [
            "",
            "www.workato.com",
            "https://",
            "ftp://www.workato.com",
            "http://www.workato.com",
            "http://127.0.0.1.example.test",
            "http://localhost.example.test",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "https://www.workato.com/recipes",
            "https://www.workato.com?x",
            "https://www.workato.com#x",
            "file:///etc/passwd",
        ] {
            assert!(wrong.parse::<ApiBase>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let error = "https://joe:sesame@www.workato.com".parse::<ApiBase>();
        let error = error.expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("sesame"));
    }

    #[test]
    fn data_centers_are_known_by_their_hosts() {
        let center = |text: &str| {
            let base: ApiBase = text.parse().expect("a base");
            base.data_center().map(String::from)
        };
        assert_eq!(center("https://www.workato.com").as_deref(), Some("us"));
        assert_eq!(center("https://app.workato.com").as_deref(), Some("us"));
        assert_eq!(center("https://app.workatoapp.cn").as_deref(), Some("cn"));
        assert_eq!(center("http://127.0.0.1:8080"), None);
        assert_eq!(center("https://workato.example.test"), None);
        for (name, _) in HOSTS {
            let named: DataCenter = name.parse().expect("a name");
            let base = ApiBase::of(&named).expect("a host");
            assert_eq!(base.data_center(), Some(named));
        }
    }
}
