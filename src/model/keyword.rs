//! Words from a fixed list, and what a person may have meant by one that isn't on it.

/// A word that isn't one of those that may stand there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{}`", text.escape_debug())]
pub struct UnknownKeyword {
    /// What the word would have been.
    pub what: &'static str,
    /// The word that was given.
    pub text: String,
    /// The words that may stand there.
    pub allowed: &'static [&'static str],
}

impl UnknownKeyword {
    /// What to write instead.
    pub fn help(&self) -> String {
        let list = quoted_list(self.allowed);
        match nearest(&self.text, self.allowed.iter().copied()) {
            Some(word) => format!("did you mean `{word}`? Possible are {list}"),
            None => format!("possible are {list}"),
        }
    }
}

/// The candidate that `word` was probably meant to be: the one that differs least, if it differs
/// in no more than a third of its characters (but one is always granted). Case is disregarded.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::osa_distance(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            let length = candidate.chars().count().max(word.chars().count());
            *distance <= (length / 3).max(1) && *distance < length
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The words as a sentence lists them: `a`, `b`, `c`, each in backticks.
pub(crate) fn quoted_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// Defines an enum whose variants are written as the given words, in text and in JSON.
macro_rules! keyword_enum {
    (
        $(#[$doc:meta])*
        pub enum $name:ident: $what:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The words that may be written.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it is written.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::keyword::UnknownKeyword;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::model::keyword::UnknownKeyword {
                        what: $what,
                        text: text.to_owned(),
                        allowed: Self::WORDS,
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use keyword_enum;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_slips_are_recognised_and_other_words_are_not() {
        let keys = ["include", "exclude", "types", "folders", "tags"];
        for (word, meant) in [
            ("inclued", Some("include")),
            ("INCLUDE", Some("include")),
            ("type", Some("types")),
            ("tag", Some("tags")),
            ("foldres", Some("folders")),
            ("connector", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, keys), meant, "{word}");
        }
        assert_eq!(nearest("a", ["b"]), None);
    }
}
