//! Patterns as Python's `fnmatch` reads them, which is how the official Python client reads its
//! ignore file (platform.md §12): `*` crosses folders, `?` is any character, `[seq]` and `[!seq]`
//! are choices, and there is nothing else. No pattern is invalid.

use std::collections::HashMap;
use std::fmt::Write as _;

use regex::{RegexSet, RegexSetBuilder};

/// How much memory the compiled patterns of one file may take.
const COMPILED_BYTES: usize = 64 << 20;

/// The patterns of an ignore file of the official Python client.
#[derive(Clone, Debug)]
pub struct Patterns {
    compiled: RegexSet,
    /// Every pattern with its numbers, because one that is literally a folder's path takes all that
    /// is below it.
    literally: HashMap<Box<str>, Vec<usize>>,
}

impl Patterns {
    /// Compiles patterns; they are known by their numbers.
    ///
    /// # Errors
    /// If they would take too much memory.
    pub fn new<'t>(patterns: impl IntoIterator<Item = &'t str>) -> Result<Self, regex::Error> {
        let mut literally: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        let mut expressions = Vec::new();
        for (number, pattern) in patterns.into_iter().enumerate() {
            literally.entry(pattern.into()).or_default().push(number);
            expressions.push(expression(pattern));
        }
        let compiled = RegexSetBuilder::new(expressions)
            .size_limit(COMPILED_BYTES)
            .build()?;
        Ok(Self {
            compiled,
            literally,
        })
    }

    /// The numbers of the patterns that match a file: its path, its name, or literally a folder that
    /// it is in. Case counts, as it does for the client on all systems but one.
    pub fn matches(&self, path: &str) -> Vec<usize> {
        let mut found: Vec<usize> = self.compiled.matches(path).into_iter().collect();
        if let Some((_, name)) = path.rsplit_once('/') {
            found.extend(self.compiled.matches(name));
        }
        for (at, _) in path.match_indices(['/', '\\']) {
            found.extend(self.literally.get(&path[..at]).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The regular expression that a pattern is, as Python's `fnmatch.translate` makes it.
fn expression(pattern: &str) -> String {
    let characters: Vec<char> = pattern.chars().collect();
    let mut out = String::from(r"(?s)\A");
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        at += 1;
        match character {
            '*' => {
                while characters.get(at) == Some(&'*') {
                    at += 1;
                }
                out.push_str(".*");
            }
            '?' => out.push('.'),
            '[' => match choice(&characters[at..]) {
                Some((class, length)) => {
                    out.push_str(&class);
                    at += length;
                }
                None => literal(&mut out, '['),
            },
            other => literal(&mut out, other),
        }
    }
    out.push_str(r"\z");
    out
}

fn literal(out: &mut String, character: char) {
    let _ = write!(out, r"\x{{{:x}}}", u32::from(character));
}

/// The class that stands after a `[`, and how many characters it takes with its `]`; none if it has
/// no end, and the bracket is literal.
fn choice(after: &[char]) -> Option<(String, usize)> {
    let negated = after.first() == Some(&'!');
    let start = usize::from(negated);
    // A bracket right at the start is one of the choices.
    let first = start + usize::from(after.get(start) == Some(&']'));
    let length = after.get(first..)?.iter().position(|c| *c == ']')?;
    let end = first + length;
    let ranges = ranges(&after[start..end]);
    let class = match (ranges.is_empty(), negated) {
        // Nothing, and anything but nothing.
        (true, false) => r"[^\x{0}-\x{10ffff}]".to_owned(),
        (true, true) => ".".to_owned(),
        (false, _) => {
            let mut class = String::from(if negated { "[^" } else { "[" });
            for (from, to) in ranges {
                literal(&mut class, from);
                class.push('-');
                literal(&mut class, to);
            }
            class.push(']');
            class
        }
    };
    Some((class, end + 1))
}

/// The characters between brackets as ranges. Of ranges that run backwards Python drops the two
/// ends and what is between them.
fn ranges(inside: &[char]) -> Vec<(char, char)> {
    // Parts between hyphens that make ranges: one never does right after its part's first character.
    let mut parts: Vec<Vec<char>> = Vec::new();
    let (mut start, mut from) = (0, 1);
    while let Some(length) = inside
        .get(from..)
        .and_then(|rest| rest.iter().position(|c| *c == '-'))
    {
        let hyphen = from + length;
        parts.push(inside[start..hyphen].to_vec());
        start = hyphen + 1;
        from = hyphen + 3;
    }
    match (
        inside.get(start..).filter(|rest| !rest.is_empty()),
        parts.last_mut(),
    ) {
        (Some(rest), _) => parts.push(rest.to_vec()),
        (None, Some(last)) => last.push('-'),
        (None, None) => {}
    }
    for right in (1..parts.len()).rev() {
        if parts[right - 1].last() > parts[right].first() {
            let rest = parts.remove(right);
            parts[right - 1].pop();
            parts[right - 1].extend(rest.into_iter().skip(1));
        }
    }
    let mut ranges = Vec::new();
    let count = parts.len();
    for (number, part) in parts.into_iter().enumerate() {
        let mut part = part.into_iter();
        if number > 0
            && let Some(first) = part.next()
            && let Some((_, to)) = ranges.last_mut()
        {
            *to = first;
        }
        ranges.extend(part.map(|c| (c, c)));
        debug_assert!(number + 1 == count || !ranges.is_empty());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let patterns = Patterns::new([pattern]).expect("small");
        patterns.compiled.is_match(text)
    }

    /// Pattern, text, and what Python says.
    const TABLE: &[(&str, &str, bool)] = &[
        ("*", "", true),
        ("*", "a/b\nc", true),
        ("**", "a/b", true),
        ("*.md", "docs/a.md", true),
        ("*.md", "a.MD", false),
        ("Drafts/*", "Drafts/a/b.recipe.json", true),
        ("Drafts/*", "Old/Drafts/b.recipe.json", false),
        ("Drafts/", "Drafts/b.recipe.json", false),
        ("Drafts", "Drafts/b.recipe.json", false),
        ("/Drafts/*", "Drafts/b.recipe.json", false),
        ("Drafts\\*", "Drafts/b.recipe.json", false),
        ("Drafts\\*", "Drafts\\b", true),
        ("!a", "a", false),
        ("!a", "!a", true),
        ("?", "/", true),
        ("?", "é", true),
        ("?", "ab", false),
        ("[ab]", "b", true),
        ("[!ab]", "b", false),
        ("[!ab]", "/", true),
        ("[^ab]", "^", true),
        ("[^ab]", "c", false),
        ("[a-c]x", "bx", true),
        ("[c-a]", "b", false),
        ("[!c-a]", "b", true),
        ("[a", "[a", true),
        ("[]a]", "]", true),
        ("[!]a]", "]", false),
        ("[]", "[]", true),
        ("[!]", "[!]", true),
        ("[a-]", "-", true),
        ("[-a]", "-", true),
        ("[--0]", ".", true),
        ("[a-c-e]", "-", true),
        ("[a-c-e]", "d", false),
        ("[b-ab-c]", "c", true),
        ("[&&a]", "&", true),
        ("[a~~b]", "~", true),
        ("[\\]", "\\", true),
        ("{a,b}", "a", false),
        ("{a,b}", "{a,b}", true),
        ("[App] x", "A x", true),
        ("[App] x", "[App] x", false),
        ("a.c", "abc", false),
        ("(?i)a", "A", false),
        ("a\n", "a", false),
        ("配送/*", "配送/x", true),
    ];

    #[test]
    fn patterns_are_read_as_python_reads_them() {
        for (pattern, text, expected) in TABLE {
            assert_eq!(matches(pattern, text), *expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn a_file_is_met_by_its_path_its_name_or_a_folder_around_it() {
        let patterns =
            Patterns::new(["*.md", "LICENSE", "Drafts", "Drafts/", "a", "Old/x"]).expect("small");
        let found = |path| patterns.matches(path);
        assert_eq!(found("README.md"), [0]);
        assert_eq!(found("docs/README.md"), [0]);
        assert_eq!(found("deep/LICENSE"), [1]);
        assert_eq!(found("Drafts/x.recipe.json"), [2]);
        assert_eq!(found("Old/Drafts/x.recipe.json"), [0; 0]);
        assert_eq!(found("a\\b"), [4]);
        assert_eq!(found("Old/x/y/z"), [5]);
        assert_eq!(found("x"), [0; 0]);
    }
}
