//! What a package in a registry is called: `oci://HOST/REPOSITORY:TAG`, `oci://HOST/REPOSITORY@sha256:…`,
//! and the same of a folder in the OCI image layout: `oci:FOLDER:TAG`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::client::is_loopback;
use crate::model::ident::Digest;

/// How an address of a package in a registry or a layout begins.
const SCHEME: &str = "oci:";
/// How digests are written there.
pub(super) const SHA256: &str = "sha256:";
/// The most letters that a tag has.
const LONGEST_TAG: usize = 128;
/// The most letters that a registry and a repository have together.
const LONGEST_NAME: usize = 255;

/// Where manifests lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// A repository of a registry.
    Repository {
        /// Host, and port if one is named.
        host: Host,
        /// The repository's name.
        name: String,
    },
    /// A folder in the OCI image layout.
    Layout(PathBuf),
}

/// The host of a registry, with its port if one is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

/// A name for a manifest, which may be moved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

/// Which manifest is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// What the tag points to now.
    Tag(Tag),
    /// That one.
    Digest(Digest),
}

/// An address of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it lies.
    pub home: Home,
    /// Which one; absent if all of them are meant. A digest comes before a tag that stands beside it.
    pub selector: Option<Selector>,
}

/// Why a text is no such address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` names no package in a registry: {reason}", text.escape_debug())]
pub struct ReferenceError {
    /// The text, without what stands before an `@` in its host.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Host {
    /// The host and the port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its API is spoken to. What is called docker.io has it elsewhere.
    pub(super) fn authority(&self) -> &str {
        match self.0.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        }
    }

    /// Whether bytes sent there stay on this machine.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&format!("https://{}/", self.0)).is_ok_and(|url| is_loopback(&url))
    }
}

impl Tag {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is none that a person made: what is attached to a manifest is found by it.
    pub fn is_of_attachments(&self) -> bool {
        self.0.strip_prefix("sha256-").is_some_and(|rest| {
            let digest = rest.get(..64).unwrap_or_default();
            digest.parse::<Digest>().is_ok() && (rest.len() == 64 || rest[64..].starts_with('.'))
        })
    }
}

impl Reference {
    /// Whether a text is meant as such an address. A file whose name begins so is still named as
    /// `./oci:NAME`.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The same manifest by its digest, which nobody can move.
    pub fn pinned(&self, digest: Digest) -> Self {
        Self {
            home: self.home.clone(),
            selector: Some(Selector::Digest(digest)),
        }
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let right = text.starts_with(word)
            && text.chars().all(|c| word(c) || matches!(c, '.' | '-'))
            && text.len() <= LONGEST_TAG;
        match right {
            true => Ok(Self(text.to_owned())),
            false => Err(ReferenceError {
                text: text.to_owned(),
                reason: format!(
                    "a tag has letters, digits, `_`, `.` and `-`, begins with none of the last two, and has at most {LONGEST_TAG} of them"
                ),
            }),
        }
    }
}

/// A host with or without a port, without anything else.
fn host(text: &str) -> Result<Host, String> {
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| "it names no host".to_owned())?;
    let plain = url.host_str().is_some() && url.path() == "/" && url.query().is_none();
    if !plain || url.fragment().is_some() {
        return Err("it names no host".to_owned());
    }
    Ok(Host(match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }))
}

/// Names between slashes of lower-case letters and digits, with single separators between them.
fn is_repository(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('/').all(|part| {
        let separators = part
            .split(alphanumeric)
            .filter(|between| !between.is_empty());
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && separators.into_iter().all(|between| {
                matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-')
            })
    })
}

/// What stands before a digest, and the digest.
fn without_digest(text: &str) -> Result<(&str, Option<Digest>), String> {
    let Some((before, digest)) = text.rsplit_once('@') else {
        return Ok((text, None));
    };
    let Some(hex) = digest.strip_prefix(SHA256) else {
        // A layout's folder may have one in its name.
        return Ok((text, None));
    };
    match hex.parse() {
        Ok(digest) => Ok((before, Some(digest))),
        Err(_) => Err("after sha256: 64 lower-case hexadecimal digits are expected".to_owned()),
    }
}

/// What stands before a tag, and the tag: after the last colon that no slash follows.
fn without_tag(text: &str) -> Result<(&str, Option<Tag>), String> {
    match text.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => {
            let tag = tag.parse().map_err(|error: ReferenceError| error.reason)?;
            Ok((before, Some(tag)))
        }
        Some(_) | None => Ok((text, None)),
    }
}

fn parse(text: &str) -> Result<Reference, String> {
    let rest = text.strip_prefix(SCHEME).ok_or("it begins with `oci:`")?;
    let (rest, digest) = without_digest(rest)?;
    let selector = |tag: Option<Tag>| match (digest, tag) {
        (Some(digest), _) => Some(Selector::Digest(digest)),
        (None, Some(tag)) => Some(Selector::Tag(tag)),
        (None, None) => None,
    };
    let Some(rest) = rest.strip_prefix("//") else {
        let (folder, tag) = without_tag(rest)?;
        if folder.is_empty() {
            return Err(
                "a registry is `oci://HOST/REPOSITORY:TAG`, a folder `oci:FOLDER:TAG`".to_owned(),
            );
        }
        return Ok(Reference {
            home: Home::Layout(PathBuf::from(folder)),
            selector: selector(tag),
        });
    };
    let (named, rest) = rest
        .split_once('/')
        .ok_or("a repository follows the host, as in oci://HOST/REPOSITORY:TAG")?;
    if named.contains('@') {
        return Err("it holds a name or a password; logins are docker's".to_owned());
    }
    let host = host(named)?;
    let (name, tag) = without_tag(rest)?;
    if !is_repository(name) {
        let lower = name.to_lowercase();
        return Err(match name != lower && is_repository(&lower) {
            true => format!("repositories are written in lower case: {lower}"),
            false if name.contains('@') => {
                "of digests only sha256 is known: @sha256:DIGEST".to_owned()
            }
            false => "a repository has lower-case letters and digits, with `.`, `_`, `-` and `/` between them".to_owned(),
        });
    }
    if host.as_str().len() + name.len() >= LONGEST_NAME {
        return Err(format!("it has more than {LONGEST_NAME} letters"));
    }
    Ok(Reference {
        home: Home::Repository {
            host,
            name: name.to_owned(),
        },
        selector: selector(tag),
    })
}

impl FromStr for Reference {
    type Err = ReferenceError;
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        parse(text).map_err(|reason| ReferenceError {
            // Somebody may have put a password there.
            text: match (text.strip_prefix("oci://"), text.split_once('@')) {
                (Some(_), Some((_, rest))) if !rest.starts_with(SHA256) => {
                    format!("oci://{rest}")
                }
                _ => text.to_owned(),
            },
            reason,
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository { host, name } => write!(f, "oci://{host}/{name}"),
            Self::Layout(folder) => write!(f, "oci:{}", folder.display()),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, ":{tag}"),
            Self::Digest(digest) => write!(f, "@{SHA256}{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.home.fmt(f)?;
        match &self.selector {
            Some(selector) => selector.fmt(f),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn an_address_names_a_registry_or_a_folder() {
        let by_digest = format!("oci://ghcr.io/kestrel/orders@sha256:{HEX}");
        for (text, shown) in [
            ("oci://ghcr.io/kestrel/orders:1.4", None),
            ("oci://localhost:5000/orders:v1_2-3", None),
            ("oci://[::1]:5000/a/b-c/d__e.f:x", None),
            ("oci://GHCR.io:443/orders", Some("oci://ghcr.io/orders")),
            (by_digest.as_str(), None),
            ("oci:out/layout:1.4", None),
            ("oci:/srv/a:b/layout", None),
            ("oci:a@b:1", None),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.to_string(), shown.unwrap_or(text));
        }
        let both = format!("oci://ghcr.io/orders:1.4@sha256:{HEX}");
        let both: Reference = both.parse().expect("both");
        assert_eq!(
            both.to_string(),
            format!("oci://ghcr.io/orders@sha256:{HEX}")
        );
    }

    #[test]
    fn whatever_else_is_told_with_its_reason() {
        for (text, reason) in [
            ("oci:", "a registry is"),
            ("oci://ghcr.io", "a repository follows the host"),
            ("oci:///orders:1", "no host"),
            (
                "oci://ghcr.io/Kestrel/Orders:1",
                "lower case: kestrel/orders",
            ),
            ("oci://ghcr.io/a//b:1", "lower-case letters and digits"),
            ("oci://ghcr.io/a..b:1", "lower-case letters and digits"),
            ("oci://ghcr.io/../a:1", "lower-case letters and digits"),
            ("oci://ghcr.io/a:", "a tag has"),
            ("oci://ghcr.io/a:.1", "a tag has"),
            ("oci://ghcr.io/a:1 2", "a tag has"),
            ("oci://ghcr.io/a@sha256:12", "64 lower-case"),
            ("oci://ghcr.io/a@sha512:12", "only sha256"),
            ("oci://joe:sesame@ghcr.io/a:1", "a name or a password"),
        ] {
            let error = text.parse::<Reference>().expect_err(text);
            assert!(error.reason.contains(reason), "{text}: {}", error.reason);
            assert!(!error.to_string().contains("sesame"), "{error}");
        }
    }

    #[test]
    fn tags_of_attachments_are_told_from_others() {
        let is = |text: &str| text.parse::<Tag>().expect(text).is_of_attachments();
        assert!(is(&format!("sha256-{HEX}")));
        assert!(is(&format!("sha256-{HEX}.0123456789abcdef")));
        assert!(!is("1.4"));
        assert!(!is("sha256-1.4"));
        assert!(!is(&format!("sha256-{HEX}a")));
    }
}
