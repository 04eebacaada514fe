//! Names, versions and digests: text that was checked once and cannot be mixed up afterwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no valid name of some sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} `{}`: {reason}", text.escape_debug())]
pub struct NameError {
    /// The sort of name that was asked for.
    pub what: &'static str,
    /// The text that was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                match $check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(reason) => Err(NameError { what: $what, text: text.to_owned(), reason }),
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type!(
    /// A connector's title: its identity across workspaces (platform.md §5.4).
    ConnectorTitle, "connector title", display_text
);
name_type!(
    /// A connector's name inside one workspace, as recipes spell it in `provider`:
    /// `<slug>_connector_<workspace>_<unix seconds>` (platform.md §5.6).
    InternalName, "internal connector name", word
);
name_type!(
    /// A target as `recipack.toml` names it under `[targets]`.
    TargetName, "target name", file_word
);
name_type!(
    /// The name of a workspace in the local platform.
    WorkspaceName, "workspace name", file_word
);
name_type!(
    /// The name of a package: the stem of the zip's file name.
    PackageName, "package name", file_word
);
name_type!(
    /// A data center's short name, such as `us`, `eu` or `jp` (platform.md §7).
    DataCenter, "data center", data_center
);

impl DataCenter {
    /// Those that there are (platform.md §7).
    pub const KNOWN: &[&str] = &[
        "us", "eu", "jp", "sg", "au", "il", "kr", "uk", "cn", "trial", "preview",
    ];

    /// Stands for a data center that nobody told.
    pub const UNKNOWN: &str = "unknown";

    /// Whether it is not known which one it is.
    pub fn is_unknown(&self) -> bool {
        self.as_str() == Self::UNKNOWN
    }
}
name_type!(
    /// An asset's type as its file name spells it: `recipe`, `custom_adapter`, … The list is open:
    /// types that nobody has heard of are carried through too.
    TypeWord, "asset type", type_word
);
name_type!(
    /// The title of a tag, as recipes list them under `tags`.
    TagName, "tag", display_text
);

name_type!(
    /// What one finding is known by: 16 hexadecimal digits of a SHA-256.
    Fingerprint, "fingerprint", fingerprint
);

impl Fingerprint {
    /// The fingerprint of what has these parts, in this order.
    pub fn of(parts: &[&str]) -> Self {
        let digest = Digest::of(parts.join("\0").as_bytes()).to_string();
        Self(digest[..16].into())
    }
}

fn fingerprint(text: &str) -> Result<(), &'static str> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match text.len() == 16 && text.bytes().all(digit) {
        true => Ok(()),
        false => Err("it has 16 digits, each of 0 to 9 or a to f"),
    }
}

name_type!(
    /// The key of a label that a partner gives a customer.
    LabelKey, "label", label_key
);
name_type!(
    /// The value of such a label.
    LabelValue, "label value", label_value
);

fn label_key(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > 100 {
        return Err("it is longer than 100 bytes");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'_' | b'-');
    if !text.bytes().all(allowed) {
        return Err("only letters, digits, `.`, `/`, `_` and `-` may stand in it");
    }
    // A `-` at the end takes a label away.
    let ends = |c: char| !c.is_ascii_alphanumeric();
    if text.starts_with(ends) || text.ends_with(ends) {
        return Err("it starts or ends with another sign than a letter or digit");
    }
    Ok(())
}

fn label_value(text: &str) -> Result<(), &'static str> {
    if text.len() > 1000 {
        return Err("it is longer than 1000 bytes");
    }
    display_text(text)
}

fn display_text(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        return Err("it is empty");
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    Ok(())
}

fn word(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text.chars().all(is_word) {
        return Err("only letters, digits and `_` may stand in it");
    }
    Ok(())
}

fn lower_word(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err("only lower-case letters, digits and `-` may stand in it");
    }
    Ok(())
}

fn data_center(text: &str) -> Result<(), &'static str> {
    lower_word(text)?;
    // Virtual private Workato has hosts, and so data centers, of its own.
    let is_private = text == "vpw" || text.starts_with("vpw-");
    match DataCenter::KNOWN.contains(&text) || is_private || text == DataCenter::UNKNOWN {
        true => Ok(()),
        false => Err(
            "there are us, eu, jp, sg, au, il, kr, uk, cn, trial and preview, and vpw or vpw-NAME for virtual private Workato",
        ),
    }
}

fn type_word(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err("only lower-case letters, digits and `_` may stand in it");
    }
    Ok(())
}

fn file_word(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with(['.', '-']) {
        return Err("it starts with `.` or `-`");
    }
    if text.len() > 200 {
        return Err("it is longer than 200 bytes");
    }
    if text.chars().any(|c| {
        c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    }) {
        return Err("it holds a character that can't stand in a file name");
    }
    Ok(())
}

/// Whether a character can stand in an internal name. CJK letters occur (platform.md §11).
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl InternalName {
    /// The name if `provider` has the form that only custom connectors have,
    /// `<slug>_connector_<digits>_<digits>`; `None` for the platform's own connectors.
    pub fn custom(provider: &str) -> Option<Self> {
        // Nearly all that are asked for are the platform's own.
        if !provider.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (rest, time) = provider.rsplit_once('_')?;
        let (rest, workspace) = rest.rsplit_once('_')?;
        let slug = rest.strip_suffix("_connector")?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if slug.is_empty() || !digits(time) || !digits(workspace) {
            return None;
        }
        provider.parse().ok()
    }

    /// The number of the workspace that gave the name, as it is spelt in it; `None` for a name of
    /// another form.
    pub fn workspace(&self) -> Option<&str> {
        let (rest, time) = self.as_str().rsplit_once('_')?;
        let (rest, workspace) = rest.rsplit_once('_')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let custom = rest.ends_with("_connector") && digits(time) && digits(workspace);
        custom.then_some(workspace)
    }

    /// Whether another connector of the same workspace has this name: two names of one workspace are
    /// always two connectors, however alike they are (platform.md §12).
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self != other && self.workspace().is_some() && self.workspace() == other.workspace()
    }
}

impl ConnectorTitle {
    /// The slug with which the platform starts the internal name of a connector that is created
    /// under this title: Rails' `underscore`, then every run of other characters becomes one `_`,
    /// untrimmed (platform.md §5.6).
    pub fn slug(&self) -> String {
        let chars: Vec<char> = self.as_str().chars().collect();
        let mut slug = String::new();
        for (i, &c) in chars.iter().enumerate() {
            let before = i.checked_sub(1).map(|i| chars[i]);
            let after = chars.get(i + 1);
            let starts_word = c.is_uppercase()
                && before.is_some_and(|b| {
                    b.is_lowercase()
                        || b.is_ascii_digit()
                        || b.is_uppercase() && after.is_some_and(|a| a.is_lowercase())
                });
            if starts_word {
                slug.push('_');
            }
            if c.is_alphanumeric() {
                slug.extend(c.to_lowercase());
            } else if !slug.ends_with('_') {
                slug.push('_');
            }
        }
        slug
    }

    /// Whether a connector that was created under this title would have this internal name. A
    /// connector that was renamed since has another one.
    pub fn may_be(&self, name: &InternalName) -> bool {
        name.as_str()
            .strip_prefix(&self.slug())
            .is_some_and(|rest| {
                rest.starts_with("_connector_")
                    && InternalName::custom(&format!("x{rest}")).is_some()
            })
    }
}

/// The number of a connector's version, as the platform counts them: 1, 2, 3 …
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// A SHA-256 digest; in text, 64 lower-case hexadecimal digits.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9a-f]{64}$"))]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest of a value as postcard writes it, without holding what is written.
    ///
    /// # Errors
    /// If the value can't be written so.
    pub fn of_value(value: &impl Serialize) -> postcard::Result<Self> {
        postcard::serialize_with_flavor(value, Hashing::default())
    }

    /// A digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Takes the digest of what is written, some of which waits for more: a value has many small parts.
#[derive(Default)]
struct Hashing {
    digest: sha2::Sha256,
    waiting: Vec<u8>,
}

impl Hashing {
    const TOGETHER: usize = 8 << 10;
}

impl postcard::ser_flavors::Flavor for Hashing {
    type Output = Digest;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        use sha2::Digest as _;
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= Self::TOGETHER {
            self.digest.update(&self.waiting);
            self.waiting.clear();
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<Digest> {
        use sha2::Digest as _;
        self.digest.update(&self.waiting);
        Ok(Digest(self.digest.finalize().into()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl FromStr for Digest {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError {
            what: "SHA-256 digest",
            text: text.to_owned(),
            reason: "64 lower-case hexadecimal digits are expected",
        };
        let nibble = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let (high, low) = (
                nibble(pair[0]).ok_or_else(wrong)?,
                nibble(pair[1]).ok_or_else(wrong)?,
            );
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_custom_connectors_have_an_internal_name() {
        let custom = [
            "travel_perk_connector_564885_1661443229",
            "new_connector_1_connector_36450_1572632007",
            "home__cloud__connector_21_1779813258",
            "会計_connector_7_1",
        ];
        let built_in = [
            "gmail",
            "file_connector",
            "x_connector_1",
            "_connector_1_2",
            "a-b_connector_1_2",
            "",
        ];
        for name in custom {
            assert_eq!(
                InternalName::custom(name).map(String::from).as_deref(),
                Some(name)
            );
        }
        for name in built_in {
            assert_eq!(InternalName::custom(name), None, "{name}");
        }
    }

    #[test]
    fn the_slug_is_the_platforms() {
        for (title, name) in [
            ("CICD for GitHub", "cicd_for_git_hub_connector_1_2"),
            (
                "Sage Intacct (Custom)",
                "sage_intacct_custom__connector_1_2",
            ),
            (
                "Nabu Casa (Home Assistant Cloud)",
                "nabu_casa_home_assistant_cloud__connector_1_2",
            ),
            (
                "new_connector_1",
                "new_connector_1_connector_36450_1572632007",
            ),
            ("Parcel Tracker", "parcel_tracker_connector_1_2"),
            ("HTTPServer v2", "http_server_v2_connector_1_2"),
        ] {
            let title: ConnectorTitle = title.parse().expect("a title");
            assert!(
                title.may_be(&name.parse().expect("a name")),
                "{title}: {}",
                title.slug()
            );
        }
        let title: ConnectorTitle = "TravelPerk SDK".parse().expect("a title");
        assert!(
            !title.may_be(
                &"travel_perk_connector_564885_1661443229"
                    .parse()
                    .expect("a name")
            )
        );
    }

    #[test]
    fn a_digest_reads_back_from_its_text() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("BA7816".parse::<Digest>().is_err());
    }

    #[test]
    fn names_refuse_what_would_break_them() {
        assert!("a/b".parse::<PackageName>().is_err());
        assert!("..".parse::<PackageName>().is_err());
        assert!("".parse::<ConnectorTitle>().is_err());
        assert!("Concur (Custom)".parse::<ConnectorTitle>().is_ok());
        assert!("US".parse::<DataCenter>().is_err());
        for known in DataCenter::KNOWN
            .iter()
            .chain(&["vpw", "vpw-acme", "unknown"])
        {
            assert!(known.parse::<DataCenter>().is_ok(), "{known}");
        }
        let moon = "moon".parse::<DataCenter>().expect_err("none").to_string();
        for known in DataCenter::KNOWN {
            assert!(moon.contains(known), "{moon}");
        }
    }
}
