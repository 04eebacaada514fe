//! Patterns over the paths in a package.

use std::fmt;
use std::str::FromStr;

use crate::model::path::PackagePath;

/// A pattern over paths in a package. `*` and `?` stay inside a folder, `**` crosses folders,
/// `{a,b}` gives alternatives, `[abc]` a choice of characters, and `\` takes the next character
/// literally.
///
/// Folders are often named with brackets. A pattern that is literally the path of an asset or of
/// a folder matches it all the same (and all that is below), with or without `/` or `/**` at its
/// end: `[App] Orders/**` needs no escaping. With more of a pattern after it, it does:
/// `[[]App] Orders/*.recipe.json`.
#[derive(Clone, Debug)]
pub struct Glob {
    text: Box<str>,
    compiled: globset::GlobSet,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern `{}`: {reason}", pattern.escape_debug())]
pub struct GlobError {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
    help: &'static str,
}

impl GlobError {
    /// What to write instead.
    pub const fn help(&self) -> &'static str {
        self.help
    }
}

impl Glob {
    /// The pattern that matches this path, and no other one but what lies below it.
    ///
    /// # Errors
    /// None that can happen with a path of a package.
    pub fn literal(path: &PackagePath) -> Result<Self, GlobError> {
        globset::escape(path.as_str()).parse()
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches this path in a package.
    pub fn matches(&self, path: &str) -> bool {
        self.compiled.is_match(path) || self.is_literally(path)
    }

    /// Whether the pattern, read literally, is `path` or a folder above it.
    fn is_literally(&self, path: &str) -> bool {
        let text = self.as_str();
        let text = text.strip_suffix("/**").unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        is_at_or_below(path, text)
    }
}

/// Whether `path` is `folder` or lies below it.
pub(super) fn is_at_or_below(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

impl FromStr for Glob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        let refuse = |reason: &str, help| {
            Err(GlobError {
                pattern: text.to_owned(),
                reason: reason.to_owned(),
                help,
            })
        };
        if text.is_empty() {
            return refuse("it is empty", "`**` matches everything");
        }
        if text.chars().any(char::is_control) {
            return refuse(
                "it holds a control character",
                "`?` matches any one character",
            );
        }
        if text.starts_with('/') || text.split('/').any(|part| matches!(part, "." | "..")) {
            return refuse(
                "paths in a package are relative and have no `.` or `..` part",
                "start at the project's folder, without `/` or `./`",
            );
        }
        let compiled = globset::GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .and_then(|glob| globset::GlobSet::builder().add(glob).build());
        match compiled {
            Ok(compiled) => Ok(Self {
                text: text.into(),
                compiled,
            }),
            Err(error) => refuse(
                &error.kind().to_string(),
                "`*`, `?`, `[…]`, `{…}` and `\\` are special; to match a bracket or brace \
                 literally, write `[[]`, `[{]` or a backslash before it",
            ),
        }
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "it is empty"),
            ("a\nb", "it holds a control character"),
            (
                "/a",
                "paths in a package are relative and have no `.` or `..` part",
            ),
            (
                "./a",
                "paths in a package are relative and have no `.` or `..` part",
            ),
            ("a[b", "unclosed character class; missing ']'"),
        ] {
            let error = text.parse::<Glob>().expect_err(text);
            assert_eq!(error.reason, reason, "{text:?}");
            assert!(!error.help().is_empty());
        }
    }

    #[test]
    fn patterns_match_whole_paths_folder_by_folder() {
        for (pattern, path, is) in [
            ("**", "a.recipe.json", true),
            ("**", "x/y/a.recipe.json", true),
            ("*", "a.recipe.json", true),
            ("*", "x/a.recipe.json", false),
            ("Drafts/**", "Drafts/x/a.recipe.json", true),
            ("Drafts/*.json", "Drafts/x/a.recipe.json", false),
            ("**/*.recipe.json", "a.recipe.json", true),
            ("Drafts", "Drafts/a.recipe.json", true),
            ("drafts", "Drafts/a.recipe.json", false),
            ("[App] X/**", "[App] X/a.recipe.json", true),
            ("[App] X/*.json", "[App] X/a.json", false),
            ("[[]App] X/*.json", "[App] X/a.json", true),
            ("\\[App\\] X/*.json", "[App] X/a.json", true),
            ("{a,b}/**", "b/x", true),
        ] {
            let glob: Glob = pattern.parse().expect("a pattern");
            assert_eq!(glob.matches(path), is, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_read_literally_covers_its_folder_and_no_neighbour() {
        for (pattern, path, is) in [
            ("[App] X", "[App] X/a.recipe.json", true),
            ("[App] X/", "[App] X/a.recipe.json", true),
            ("[App] X/**", "[App] X/b/a.recipe.json", true),
            ("[App] X/a.recipe.json", "[App] X/a.recipe.json", true),
            ("[App] X", "[App] XY/a.recipe.json", false),
            ("[App] X/*", "[App] X/a.recipe.json", false),
            ("**", "a", false),
        ] {
            let glob: Glob = pattern.parse().expect("a pattern");
            assert_eq!(glob.is_literally(path), is, "{pattern} {path}");
        }
    }
}
