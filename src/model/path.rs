//! Paths inside a package: relative, `/`-separated, safe to create on any disk that can spell them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest part of a path that is accepted, in bytes.
pub const MAX_PART_BYTES: usize = 255;
/// The deepest path that is accepted, in parts.
pub const MAX_PARTS: usize = 32;

/// A path inside a package. What the platform's own folder names hold (`: | > = &`, emoji, a dot or
/// a space at the end, a backslash; platform.md §5.1, §11) is accepted, though [some disks can't hold
/// it](hard_to_store); what could leave a folder, hide or collide is not. Copies share their text: a
/// project names each of its files in many places.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PackagePath(Arc<str>);

/// Why a text is no path inside a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unsafe path `{}`: {reason}", path.escape_debug())]
pub struct PathError {
    /// The text that was given.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl PackagePath {
    /// The path of a folder, whose name may hold a backslash too: the platform names folders as
    /// people do, and files never so (platform.md §5.1, §5.2).
    ///
    /// # Errors
    /// If the text is no path inside a package.
    pub fn of_folder(text: &str) -> Result<Self, PathError> {
        Self::checked(text, Last::Folder)
    }

    fn checked(text: &str, last: Last) -> Result<Self, PathError> {
        match check(text, last) {
            Ok(()) => Ok(Self(text.into())),
            Err(reason) => Err(PathError {
                path: text.to_owned(),
                reason,
            }),
        }
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder, without a slash at its end; empty at the root of the package.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// What two paths have in common that a disk would store as one if it folds case, normalises
    /// names, drops dots and spaces at their ends, or takes a backslash for a slash.
    pub fn collision_key(&self) -> String {
        let key = fold(&self.0);
        let drops = |b: &[u8]| matches!(b, [b'.' | b' ', b'/']);
        if !key.ends_with(['.', ' '])
            && !key.contains('\\')
            && !key.as_bytes().windows(2).any(drops)
        {
            return key;
        }
        let parts = key.split(['/', '\\']);
        let parts: Vec<&str> = parts
            .map(|part| part.trim_end_matches(['.', ' ']))
            .collect();
        parts.join("/")
    }

    /// The [key](Self::collision_key) of the file that holds this one on a disk where a colon starts
    /// the name of a stream: that of `a` for `a:b`. None if the name of the file has no colon.
    pub fn stream_holder_key(&self) -> Option<String> {
        let name = self.file_name();
        let (holder, _) = name.split_once(':').filter(|(h, _)| !is_blank(h))?;
        let length = self.0.len() - name.len() + holder.len();
        Some(Self(self.0[..length].into()).collision_key())
    }
}

/// What the last part of a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    File,
    Folder,
}

/// NFKC and full case folding without what has no width, as far as the standard library's case
/// mappings give it. Folding may undo normalisation and the other way round, so both run twice.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let shown: String = text.chars().filter(|c| !is_ignorable(*c)).nfd().collect();
    let once: String = fold_case(&shown).nfkc().collect();
    fold_case(&once).nfkc().collect()
}

/// Lower, upper, lower: the capital sharp s has its double s only as the upper case of its lower
/// case. Character by character, because a sigma must not depend on its place in a word.
fn fold_case(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

fn check(path: &str, last: Last) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("it is empty");
    }
    if path.starts_with('/') {
        return Err("it is absolute");
    }
    // A space after it makes a name of it that people give: `Q: open orders`.
    if let [drive, b':', rest @ ..] = path.as_bytes()
        && drive.is_ascii_alphabetic()
        && rest.first() != Some(&b' ')
    {
        return Err("it starts with a drive letter");
    }
    let mut parts = 0;
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        parts += 1;
        if last == Last::File && names.peek().is_none() && has_version(name) {
            return Err("it ends with `;` and a number, which some programs drop as a version");
        }
        if name.contains('\\') {
            if last == Last::File && names.peek().is_none() {
                return Err("it holds a backslash");
            }
            // Some programs take it for a slash.
            for piece in name.split('\\') {
                check_part(piece).map_err(|_| "a backslash in it could lead out of its folder")?;
            }
        }
        check_part(name)?;
    }
    if parts > MAX_PARTS {
        return Err("it is more than 32 levels deep");
    }
    Ok(())
}

fn check_part(part: &str) -> Result<(), &'static str> {
    match part {
        "" => return Err("it has an empty part"),
        "." | ".." => return Err("it has a `.` or `..` part"),
        _ => {}
    }
    if part.len() > MAX_PART_BYTES {
        return Err("a part of it is longer than 255 bytes");
    }
    if is_blank(part) {
        return Err("a part of it consists of dots and spaces");
    }
    if part.chars().any(|c| c.is_control()) {
        return Err("it holds a control character");
    }
    if !part.is_ascii() {
        if part.chars().any(|c| is_unseen(c) && !is_script_mark(c)) {
            return Err("it holds an invisible or direction-changing character");
        }
        if part
            .chars()
            .any(|c| !c.is_ascii() && c.nfkc().any(|n| matches!(n, '/' | '\\' | ':')))
        {
            return Err("it holds a character that turns into a separator when normalised");
        }
        let normal: String = part.chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
        if is_blank(&normal) {
            return Err(
                "it turns into a part of dots and spaces, or an empty one, when normalised",
            );
        }
    }
    Ok(())
}

/// Whether a name ends as VMS marks versions: `a;1`, `a;`. Info-ZIP stores such a file without it.
fn has_version(name: &str) -> bool {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
        .ends_with(';')
}

/// Whether nothing is left once Windows has dropped dots and spaces from the end.
fn is_blank(part: &str) -> bool {
    part.trim_end_matches(['.', ' ']).is_empty()
}

/// Why some disks can't hold a file or folder of this name, or not as it is spelled; `None` if all
/// can. Packages hold such names, since folders are named as people name them (platform.md §5.1).
pub fn hard_to_store(name: &str) -> Option<&'static str> {
    if name.ends_with(['.', ' ']) {
        return Some("it ends with a dot or a space, which Windows drops");
    }
    if name.contains('\\') {
        return Some("it holds a backslash, which Windows takes for a slash");
    }
    if name.contains([':', '*', '?', '"', '<', '>', '|']) {
        return Some("it holds one of `: * ? \" < > |`, which Windows allows in no name");
    }
    if is_device(name) {
        return Some("it is the name of a device on Windows");
    }
    if name.is_ascii() {
        return None;
    }
    let normal: String = name.chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
    if is_device(&normal) {
        return Some("it is the name of a device on Windows once it is normalised");
    }
    let mut before = None;
    for c in name.chars() {
        // A joiner after a picture makes one picture of two, and shows.
        let shows = c == '\u{200d}' && before.is_some_and(|b: char| !b.is_alphanumeric());
        if !shows && (is_script_mark(c) || c == '\u{200d}') {
            return Some("it holds a joiner or a direction mark, which can't be seen");
        }
        before = Some(c);
    }
    None
}

/// Marks that can't be seen and that scripts need, in names as elsewhere: the zero-width
/// non-joiner, and the marks that say which way neutral signs run. They reorder nothing else.
fn is_script_mark(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200c}' | '\u{200e}' | '\u{200f}')
}

/// What reorders text, or is not shown where a name is shown. Joiners and variation selectors
/// belong to emoji and are ignored in comparisons only.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
        | '\u{200b}' | '\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// What some disks leave out when they compare names, and is accepted in one.
pub(crate) fn is_ignorable(c: char) -> bool {
    is_script_mark(c)
        || matches!(c,
        '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// `CON`, `NUL.txt`, `COM1:`, also with superscript digits.
fn is_device(part: &str) -> bool {
    let stem = part
        .split(['.', ':'])
        .next()
        .unwrap_or(part)
        .trim_end_matches(' ');
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        .iter()
        .any(|name| stem.eq_ignore_ascii_case(name))
    {
        return true;
    }
    let Some((name, number)) = stem.split_at_checked(3) else {
        return false;
    };
    (name.eq_ignore_ascii_case("COM") || name.eq_ignore_ascii_case("LPT"))
        && matches!(
            number,
            "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
        )
}

impl FromStr for PackagePath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::checked(text, Last::File)
    }
}

impl TryFrom<String> for PackagePath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<PackagePath> for String {
    fn from(path: PackagePath) -> String {
        path.as_str().to_owned()
    }
}

impl fmt::Display for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for PackagePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_own_folder_names_are_accepted() {
        for path in [
            "Phase 1 : Ariba/Connection/x.connection.json",
            "MCP | Gmail/Gmail/a.recipe.json",
            "[App] A > B = C & D/emoji 🎉 /x.recipe.json",
            "申請/承認.recipe.json",
            ".git/config",
            "Acme Inc./x.recipe.json",
            "Wait…/x.recipe.json",
            "Acme. /x.recipe.json",
            "a.",
            "Con/x.recipe.json",
            "sub/COM1.json",
            "nul.txt",
            "COM¹",
            "Lpt9",
            "Q: open orders/x.recipe.json",
            "NUL: x",
            "In\\Out/x.recipe.json",
            "می\u{200c}خواهم/\u{200e}x.recipe.json",
        ] {
            assert!(path.parse::<PackagePath>().is_ok(), "{path}");
        }
    }

    #[test]
    fn what_could_leave_the_folder_or_hide_is_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "C:/x",
            "c:x",
            "a/\u{202e}b",
            "a\u{0}b",
            "a\u{7f}",
            "C:\\x/y",
            "In\\..\\Out/x",
            "In\\/x",
            "\\In/x",
            "In\\\\Out/x",
            "a/b\\c",
            "\u{2025}/x",
            "…/x",
            "a\u{ff0f}b",
            "a\u{200b}b",
            "a\u{3164}b",
            ".. /x",
            ". ./x",
            ".../x",
            " /x",
            ".\u{200d}./x",
            ".\u{fe0f}",
            "\u{200d}",
            "\u{200e}",
            "a/\u{2066}b",
        ] {
            assert!(path.parse::<PackagePath>().is_err(), "{path:?}");
        }
        assert!(
            "a/".repeat(40)
                .trim_end_matches('/')
                .parse::<PackagePath>()
                .is_err()
        );
        assert!("a".repeat(256).parse::<PackagePath>().is_err());
    }

    #[test]
    fn paths_that_a_disk_may_confuse_share_a_collision_key() {
        let key = |p: &str| p.parse::<PackagePath>().expect("safe").collision_key();
        assert_eq!(key("Recipes/A.recipe.json"), key("recipes/a.recipe.json"));
        assert_eq!(key("caf\u{e9}"), key("cafe\u{301}"));
        assert_eq!(key("STRASSE"), key("straße"));
        assert_eq!(key("STRAẞE"), key("straße"));
        assert_eq!(key("K"), key("\u{212a}"));
        assert_eq!(key("ΑΣ.x"), key("ας.x"));
        assert_eq!(key("a❤"), key("a❤\u{fe0f}"));
        assert_eq!(key("ａﬁ"), key("AFI"));
        assert_eq!(key("Acme Inc./x"), key("acme inc /x"));
        assert_eq!(key("In\\Out/x"), key("In/Out/x"));
        assert_eq!(key("می\u{200c}خواهم"), key("میخواهم"));
        assert_ne!(key("a"), key("b"));
        let holder = |path: &str| path.parse::<PackagePath>().ok()?.stream_holder_key();
        assert_eq!(holder("A: b/X :y:z"), Some(key("a: b/x")));
        assert_eq!(holder("A: b/x"), None);
        assert_eq!(holder("A/:x"), None);
    }

    #[test]
    fn a_folder_may_be_called_what_a_file_may_not() {
        for path in ["In\\Out", "Orders/In\\Out", "Acme Inc.", "Q: x"] {
            assert!(PackagePath::of_folder(path).is_ok(), "{path}");
        }
        for path in [
            "..\\x",
            "\\\\server",
            "a\\..",
            "Q:x",
            "Q:",
            "a\u{202e}b",
            ".",
        ] {
            assert!(PackagePath::of_folder(path).is_err(), "{path}");
        }
    }

    #[test]
    fn names_that_some_disks_cant_hold_are_known() {
        for (name, expected) in [
            ("Acme Inc.", Some("drops")),
            ("Acme ", Some("drops")),
            ("Con", Some("device")),
            ("com¹", Some("device")),
            ("nul.recipe.json", Some("device")),
            ("Q: x", Some("allows in no name")),
            ("a*b", Some("allows in no name")),
            ("In\\Out", Some("backslash")),
            ("می\u{200c}خواهم", Some("joiner")),
            ("a\u{200d}b", Some("joiner")),
            ("\u{200e}a", Some("joiner")),
            ("👩\u{200d}👧", None),
            ("Console", None),
            ("Übergabe & [1] 🎉", None),
        ] {
            let found = hard_to_store(name);
            let right = match (found, expected) {
                (Some(found), Some(expected)) => found.contains(expected),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(right, "{name:?}: {found:?}");
        }
    }
}
