//! Files that lie among a project's and are not the platform's: what an operating system, an editor
//! or another program left there. Judged by names alone.
//!
//! The platform adds types of assets, so a name like `x.loyalty_card.json` may be one of its own
//! (platform.md §1.1, §5.4). What is told apart here is what is known to be somebody else's; the
//! rest of the rule for unknown types is with [`AssetKind::looks_like_the_platforms`].
//!
//! [`AssetKind::looks_like_the_platforms`]: super::kind::AssetKind::looks_like_the_platforms

use std::fmt;

/// Whose a file is, if it is not the platform's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Foreign {
    /// An operating system's: `__MACOSX/`, `._x`, `.DS_Store`, `Thumbs.db`, `desktop.ini`.
    System,
    /// What an editor or a merge keeps beside a file: `x~`, `x.orig`, `x.bak`, `#x#`.
    Backup,
    /// Another program's: `appsettings.production.json`, `x.recipe.json.meta.json`.
    Program,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "an operating system's file",
            Self::Backup => "an editor's or a merge's copy",
            Self::Program => "another program's file",
        })
    }
}

const SYSTEM_FOLDERS: &[&str] = &[
    "__MACOSX",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    ".TemporaryItems",
    "$RECYCLE.BIN",
    "System Volume Information",
];
const SYSTEM_FILES: &[&str] = &[
    ".DS_Store",
    ".localized",
    ".directory",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
];
const BACKUPS: &[&str] = &[
    "orig", "rej", "bak", "backup", "old", "swp", "swo", "swn", "tmp", "temp", "mine", "theirs",
];
/// What stands first in the names of settings: `tsconfig` in `tsconfig.build.json`.
const PROGRAMS: &[&str] = &[
    "angular",
    "appsettings",
    "babel",
    "composer",
    "devcontainer",
    "eslint",
    "jest",
    "jsconfig",
    "lerna",
    "local",
    "nest",
    "nx",
    "openapi",
    "package",
    "package-lock",
    "prettier",
    "settings",
    "swagger",
    "tsconfig",
    "tslint",
    "turbo",
    "vercel",
];
/// What stands before `.json` in the names of settings and of other programs' documents, those that
/// this program writes beside packages among them.
const DOCUMENTS: &[&str] = &[
    "cdx",
    "config",
    "intoto",
    "lock",
    "map",
    "meta",
    "min",
    "postman_collection",
    "postman_environment",
    "postman_globals",
    "recipack",
    "sarif",
    "schema",
    "settings",
    "spdx",
    "spec",
    "test",
    "workspace",
];

/// Whether a file with this path is known not to be the platform's, whatever its type.
pub fn foreign(path: &str) -> Option<Foreign> {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    if name.starts_with("._")
        || SYSTEM_FILES
            .iter()
            .any(|file| file.eq_ignore_ascii_case(name))
    {
        return Some(Foreign::System);
    }
    let mut folders = path.split('/').rev().skip(1);
    if folders.any(|part| SYSTEM_FOLDERS.contains(&part)) {
        return Some(Foreign::System);
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let backup = name.ends_with('~')
        || name.starts_with(".#")
        || name.len() > 2 && name.starts_with('#') && name.ends_with('#')
        || BACKUPS.contains(&extension);
    backup.then_some(Foreign::Backup)
}

/// Whether a file of this name is known to be another program's, though a type that is not known
/// stands before `.json` in it.
pub fn is_program(stem: &str, word: &str) -> bool {
    let first = stem.split('.').next().unwrap_or(stem);
    // Assets may be called so too; the platform's new types have several words.
    !word.contains('_') && PROGRAMS.iter().any(|program| program.eq_ignore_ascii_case(first))
        || DOCUMENTS.contains(&word)
        // A note about another file: `x.recipe.json.meta.json`.
        || stem.ends_with(".json")
        || stem.ends_with(".rb")
}

/// The name of the file that this is a copy of, by what systems and browsers call copies:
/// `send copy.recipe.json`, `send (1).recipe.json`, `send.recipe - Copy (2).json`. A folder that holds
/// no file of that name tells that it is none.
pub fn copied(name: &str) -> Option<String> {
    if !name.contains(' ') {
        return None;
    }
    // The mark stands at the end of a part between dots.
    for (at, _) in name.match_indices('.') {
        if let Some(original) = without_mark(&name[..at])
            && !original.is_empty()
            && !original.ends_with('.')
        {
            return Some(format!("{original}{}", &name[at..]));
        }
    }
    None
}

fn without_mark(text: &str) -> Option<&str> {
    let numbered = |text: &str| -> Option<usize> {
        let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
        (1..=3).contains(&digits).then(|| text.len() - digits)
    };
    // ` (1)`, with or without a word for copies before it.
    let (text, marked) = match text.strip_suffix(')') {
        Some(inside) => {
            let before = inside[..numbered(inside)?].strip_suffix(" (")?;
            (before, true)
        }
        None => match numbered(text).and_then(|end| text[..end].strip_suffix(' ')) {
            Some(before) => (before, true),
            None => (text, false),
        },
    };
    for word in [
        " - Copy", " - Kopie", " - copie", " copy", " Kopie", " copie",
    ] {
        if let Some(before) = text.strip_suffix(word) {
            return Some(before);
        }
    }
    marked.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_left_is_known_by_its_name() {
        for (path, expected) in [
            ("__MACOSX/._Orders", Some(Foreign::System)),
            ("Orders/__MACOSX/x.recipe.json", Some(Foreign::System)),
            ("Orders/._send.recipe.json", Some(Foreign::System)),
            ("Orders/thumbs.db", Some(Foreign::System)),
            (".DS_Store", Some(Foreign::System)),
            ("Orders/send.recipe.json~", Some(Foreign::Backup)),
            ("send.recipe.json.orig", Some(Foreign::Backup)),
            ("x.custom_adapter.rb.bak", Some(Foreign::Backup)),
            ("send.recipe.swp", Some(Foreign::Backup)),
            ("#send.recipe.json#", Some(Foreign::Backup)),
            (".#send.recipe.json", Some(Foreign::Backup)),
            ("Orders/send.recipe.json", None),
            ("Old/x.custom_adapter.rb", None),
            ("__MACOSX", None),
        ] {
            assert_eq!(foreign(path), expected, "{path}");
        }
    }

    #[test]
    fn settings_are_known_by_their_first_or_last_word() {
        for (stem, word) in [
            ("appsettings", "production"),
            ("tsconfig", "build"),
            ("package", "lock"),
            ("jest", "config"),
            ("orders", "postman_collection"),
            ("send.recipe.json", "meta"),
            ("orders", "recipack"),
        ] {
            assert!(is_program(stem, word), "{stem}.{word}");
        }
        for (stem, word) in [
            ("gold", "loyalty_card"),
            ("package", "loyalty_card"),
            ("a", "badge"),
        ] {
            assert!(!is_program(stem, word), "{stem}.{word}");
        }
    }

    #[test]
    fn copies_are_called_after_their_originals() {
        for name in [
            "send (1).recipe.json",
            "send copy.recipe.json",
            "send copy 2.recipe.json",
            "send - Copy.recipe.json",
            "send - Copy (3).recipe.json",
            "send 2.recipe.json",
            "send.recipe (1).json",
            "send.recipe copy.json",
            "send.recipe 2.json",
        ] {
            assert_eq!(copied(name).as_deref(), Some("send.recipe.json"), "{name}");
        }
        for name in [
            "send.recipe.json",
            "send(1).recipe.json",
            "copy.recipe.json",
            " 2.recipe.json",
        ] {
            assert_eq!(copied(name), None, "{name}");
        }
    }
}
