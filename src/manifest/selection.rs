//! The manifest's `[select]`: which of the project's assets a package is about.

use std::collections::BTreeSet;

use super::glob::{Glob, GlobError, is_at_or_below};
use crate::model::ident::{TagName, TypeWord};
use crate::model::keyword::nearest;
use crate::model::path::PackagePath;
use crate::model::span::{Located, Origin};

/// Which assets are selected. Each list that is empty, or absent, allows everything; an asset
/// has to pass all of them. What a selected asset needs comes along and needn't pass any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Paths of assets that may come.
    pub include: Vec<Located<Glob>>,
    /// Paths of assets that may not.
    pub exclude: Vec<Located<Glob>>,
    /// Types of assets that may come.
    pub types: Vec<Located<TypeWord>>,
    /// Folders that assets may come from, and from all below.
    pub folders: Vec<Located<PackagePath>>,
    /// Tags of which an asset must carry one.
    pub tags: Vec<Located<TagName>>,
}

impl Selection {
    /// This selection with one more pattern to include, from the command line.
    pub fn with_include(mut self, pattern: &str) -> Result<Self, GlobError> {
        self.include
            .push(Located::on_command_line(pattern.parse()?));
        Ok(self)
    }

    /// This selection with one more pattern to exclude, from the command line.
    pub fn with_exclude(mut self, pattern: &str) -> Result<Self, GlobError> {
        self.exclude
            .push(Located::on_command_line(pattern.parse()?));
        Ok(self)
    }

    /// Whether nothing is said, so that everything is selected.
    pub fn is_everything(&self) -> bool {
        let Self {
            include,
            exclude,
            types,
            folders,
            tags,
        } = self;
        include.is_empty()
            && exclude.is_empty()
            && types.is_empty()
            && folders.is_empty()
            && tags.is_empty()
    }
}

/// What a selection looks at in an asset.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The path of its main file.
    pub path: &'a PackagePath,
    /// Its type, as its file name spells it.
    pub kind_word: &'a str,
    /// The titles of its tags.
    pub tags: &'a [String],
}

/// Whether an asset is selected, and if not, by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'s> {
    /// It is selected.
    Selected,
    /// `exclude` has a pattern that matches it. Told before all else, since nothing that is added
    /// to another list would bring the asset back.
    Excluded(&'s Located<Glob>),
    /// `include` has no pattern that matches it.
    NotIncluded,
    /// Its type is not among `types`.
    Type,
    /// It lies in none of `folders`.
    Folder,
    /// It has none of `tags`.
    Tag,
}

/// One of the lists of a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `include`: patterns, of which one must match the path.
    Include,
    /// `exclude`: patterns, of which none may match the path.
    Exclude,
    /// `types`.
    Types,
    /// `folders`.
    Folders,
    /// `tags`.
    Tags,
}

impl Rule {
    /// The list's key under `[select]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Types => "types",
            Self::Folders => "folders",
            Self::Tags => "tags",
        }
    }
}

/// An entry of a selection that no asset matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched<'s> {
    /// The list it stands in.
    pub rule: Rule,
    /// The entry.
    pub text: &'s str,
    /// Where it stands.
    pub origin: &'s Origin,
}

impl Unmatched<'_> {
    /// The entry that was probably meant, as the project has it.
    pub fn meant<'a>(&self, candidates: impl Iterator<Item = Candidate<'a>>) -> Option<String> {
        let mut words = BTreeSet::new();
        for candidate in candidates {
            let path = candidate.path.as_str();
            match self.rule {
                Rule::Types => {
                    words.insert(candidate.kind_word);
                }
                Rule::Tags => words.extend(candidate.tags.iter().map(String::as_str)),
                Rule::Folders => words.extend(folders_of(path)),
                Rule::Include | Rule::Exclude => {
                    words.insert(path);
                    words.extend(folders_of(path));
                }
            }
        }
        // Of a pattern only what stands before the first wildcard can be misspelled.
        let wild = match self.rule {
            Rule::Include | Rule::Exclude => self.text.find(['*', '?', '[', '{']),
            Rule::Types | Rule::Folders | Rule::Tags => None,
        };
        let whole = match wild {
            Some(wild) => self.text[..wild].rfind('/')?,
            None => self.text.trim_end_matches('/').len(),
        };
        let (spelled, rest) = self.text.split_at(whole);
        let near = nearest(spelled, words.iter().copied())?;
        (near != spelled).then(|| format!("{near}{rest}"))
    }
}

/// The folders that a path lies in.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// An entry of any list, and whether an asset has matched it yet.
struct Entry<'s> {
    unmatched: Unmatched<'s>,
    matches: Box<dyn Fn(&Candidate<'_>) -> bool + 's>,
}

fn matches_glob(glob: &Glob, candidate: &Candidate<'_>) -> bool {
    glob.matches(candidate.path.as_str())
}

fn is_type(word: &TypeWord, candidate: &Candidate<'_>) -> bool {
    word.as_str() == candidate.kind_word
}

fn lies_in(folder: &PackagePath, candidate: &Candidate<'_>) -> bool {
    is_at_or_below(candidate.path.folder(), folder.as_str())
}

fn has_tag(tag: &TagName, candidate: &Candidate<'_>) -> bool {
    candidate.tags.iter().any(|title| title == tag.as_str())
}

impl Selection {
    /// Whether an asset is selected.
    pub fn selects(&self, candidate: &Candidate<'_>) -> Choice<'_> {
        let excluding = self
            .exclude
            .iter()
            .find(|glob| matches_glob(&glob.value, candidate));
        if let Some(pattern) = excluding {
            Choice::Excluded(pattern)
        } else if !allows(&self.include, candidate, matches_glob) {
            Choice::NotIncluded
        } else if !allows(&self.types, candidate, is_type) {
            Choice::Type
        } else if !allows(&self.folders, candidate, lies_in) {
            Choice::Folder
        } else if !allows(&self.tags, candidate, has_tag) {
            Choice::Tag
        } else {
            Choice::Selected
        }
    }

    /// The entries that match none of these assets, list by list in the order they were given.
    /// Each entry is looked at on its own, whatever the other lists say.
    pub fn unmatched<'a>(
        &self,
        candidates: impl IntoIterator<Item = Candidate<'a>>,
    ) -> Vec<Unmatched<'_>> {
        let mut open = self.entries();
        for candidate in candidates {
            open.retain(|entry| !(entry.matches)(&candidate));
        }
        open.into_iter().map(|entry| entry.unmatched).collect()
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        push(
            &mut entries,
            Rule::Include,
            &self.include,
            Glob::as_str,
            matches_glob,
        );
        push(
            &mut entries,
            Rule::Exclude,
            &self.exclude,
            Glob::as_str,
            matches_glob,
        );
        push(
            &mut entries,
            Rule::Types,
            &self.types,
            TypeWord::as_str,
            is_type,
        );
        push(
            &mut entries,
            Rule::Folders,
            &self.folders,
            PackagePath::as_str,
            lies_in,
        );
        push(
            &mut entries,
            Rule::Tags,
            &self.tags,
            TagName::as_str,
            has_tag,
        );
        entries
    }
}

fn allows<T>(
    list: &[Located<T>],
    candidate: &Candidate<'_>,
    matches: fn(&T, &Candidate<'_>) -> bool,
) -> bool {
    list.is_empty() || list.iter().any(|entry| matches(&entry.value, candidate))
}

fn push<'s, T>(
    entries: &mut Vec<Entry<'s>>,
    rule: Rule,
    list: &'s [Located<T>],
    text: fn(&T) -> &str,
    matches: fn(&T, &Candidate<'_>) -> bool,
) {
    entries.extend(list.iter().map(|entry| Entry {
        unmatched: Unmatched {
            rule,
            text: text(&entry.value),
            origin: &entry.origin,
        },
        matches: Box::new(move |candidate| matches(&entry.value, candidate)),
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn selection(body: &str) -> Selection {
        Manifest::parse(&format!("[select]\n{body}"))
            .expect("a manifest")
            .select
    }

    /// What a selection says about an asset, as the first word of the choice.
    fn choice(selection: &Selection, path: &str, kind_word: &str, tags: &[&str]) -> String {
        let path = path.parse().expect("a path");
        let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        let candidate = Candidate {
            path: &path,
            kind_word,
            tags: &tags,
        };
        let choice = selection.selects(&candidate);
        if let Choice::Excluded(glob) = choice {
            return format!("Excluded {}", glob.value);
        }
        format!("{choice:?}")
    }

    #[test]
    fn each_list_has_its_say() {
        let everything = Selection::default();
        let orders = selection(
            "include = ['Orders/**', '[App] X']\nexclude = ['**/Drafts/**']\ntypes = ['recipe']\n\
             folders = ['Orders/EU/', '[App] X']\ntags = ['release']",
        );
        let tagged = ["other", "release"].as_slice();
        for (selection, path, kind, tags, expected) in [
            (
                &everything,
                "a.recipe.json",
                "recipe",
                [].as_slice(),
                "Selected",
            ),
            (
                &orders,
                "Orders/EU/a.recipe.json",
                "recipe",
                tagged,
                "Selected",
            ),
            (
                &orders,
                "Orders/EU/de/a.recipe.json",
                "recipe",
                tagged,
                "Selected",
            ),
            (
                &orders,
                "[App] X/a.recipe.json",
                "recipe",
                tagged,
                "Selected",
            ),
            (
                &orders,
                "Orders/EU/Drafts/a.recipe.json",
                "recipe",
                tagged,
                "Excluded **/Drafts/**",
            ),
            (
                &orders,
                "Other/Drafts/a.recipe.json",
                "recipe",
                tagged,
                "Excluded **/Drafts/**",
            ),
            (
                &orders,
                "Other/a.recipe.json",
                "recipe",
                tagged,
                "NotIncluded",
            ),
            (
                &orders,
                "Orders/EU/a.connection.json",
                "connection",
                tagged,
                "Type",
            ),
            (&orders, "Orders/a.recipe.json", "recipe", tagged, "Folder"),
            (
                &orders,
                "Orders/EUR/a.recipe.json",
                "recipe",
                tagged,
                "Folder",
            ),
            (
                &orders,
                "Orders/EU/a.recipe.json",
                "recipe",
                ["Release"].as_slice(),
                "Tag",
            ),
            (
                &orders,
                "Orders/EU/a.recipe.json",
                "recipe",
                [].as_slice(),
                "Tag",
            ),
        ] {
            assert_eq!(choice(selection, path, kind, tags), expected, "{path}");
        }
    }

    #[test]
    fn patterns_from_the_command_line_are_added() {
        let selection = selection("include = ['Orders/**']")
            .with_include("Common/**")
            .and_then(|selection| selection.with_exclude("**/old_*"))
            .expect("patterns");
        assert_eq!(choice(&selection, "Orders/a", "recipe", &[]), "Selected");
        assert_eq!(choice(&selection, "Common/a", "recipe", &[]), "Selected");
        assert_eq!(
            choice(&selection, "Common/old_a", "recipe", &[]),
            "Excluded **/old_*"
        );
        assert_eq!(selection.include[1].origin, Origin::CommandLine);
        assert!(Selection::default().with_include("[").is_err());
    }

    #[test]
    fn entries_that_match_nothing_are_told_with_their_places() {
        let selection = selection(
            "include = ['Orders/**', 'Odrers/**']\nexclude = ['Orders/**', 'x']\n\
             types = ['recipe', 'recipes']\nfolders = ['Orders', 'EU']\ntags = ['a', 'b']",
        );
        let path = "Orders/a.recipe.json".parse().expect("a path");
        let tags = ["b".to_owned()];
        let candidate = Candidate {
            path: &path,
            kind_word: "recipe",
            tags: &tags,
        };
        let told: Vec<_> = selection
            .unmatched([candidate])
            .into_iter()
            .map(|unmatched| match unmatched.origin {
                Origin::Manifest(place) => (
                    unmatched.rule.key(),
                    unmatched.text,
                    place.line,
                    place.column,
                ),
                Origin::CommandLine => panic!("all of them stand in the manifest"),
            })
            .collect();
        assert_eq!(
            told,
            [
                ("include", "Odrers/**", 2, 25),
                ("exclude", "x", 3, 25),
                ("types", "recipes", 4, 20),
                ("folders", "EU", 5, 22),
                ("tags", "a", 6, 9),
            ]
        );
        assert_eq!(selection.unmatched([]).len(), 10);
    }
}
