//! Patterns over the display names of assets.

use std::fmt;
use std::str::FromStr;

/// The most memory that a compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression that a whole name has to match.
#[derive(Clone, Debug)]
pub struct NamePattern {
    text: Box<str>,
    compiled: regex::Regex,
}

/// Why a text is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid regular expression `{}`: {reason}", pattern.escape_debug())]
pub struct NamePatternError {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl NamePattern {
    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.compiled.is_match(name)
    }
}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        let refuse = |error: regex::Error| {
            // The parser draws the pattern first; the last line says what is wrong.
            let told = error.to_string();
            let last = told.lines().last().unwrap_or_default();
            NamePatternError {
                pattern: text.to_owned(),
                reason: last.trim_start_matches("error: ").to_owned(),
            }
        };
        // By itself first, so that no bracket in it closes the one around it.
        regex::Regex::new(text).map_err(refuse)?;
        let compiled = regex::RegexBuilder::new(&format!("^(?:{text})$"))
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(refuse)?;
        Ok(Self {
            text: text.into(),
            compiled,
        })
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NamePattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_about_the_whole_name() {
        let pattern: NamePattern = "(EU|US) [0-9]{3} \\w+".parse().expect("a pattern");
        assert!(pattern.matches("EU 001 Orders"));
        assert!(pattern.matches("US 002 配送"));
        assert!(!pattern.matches("EU 001 Orders "));
        assert!(!pattern.matches("An EU 001 Orders"));
        let either: NamePattern = "a|b".parse().expect("a pattern");
        assert!(either.matches("b") && !either.matches("ab"));
        let error = "(a".parse::<NamePattern>().expect_err("none");
        assert_eq!(
            error.to_string(),
            "invalid regular expression `(a`: unclosed group"
        );
        assert!("a)(b".parse::<NamePattern>().is_err());
    }
}
