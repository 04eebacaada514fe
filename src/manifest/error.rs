//! What can be wrong with a manifest.

use super::glob::GlobError;
use super::naming::NamePatternError;
use crate::model::finding::{Code, UnknownCode};
use crate::model::ident::NameError;
use crate::model::keyword::{UnknownKeyword, nearest, quoted_list};
use crate::model::path::PathError;
use crate::model::span::Span;
use crate::model::workspace::AddressError;

/// All that is wrong with a manifest, in the order of its text; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ManifestErrors(pub Vec<ManifestError>);

fn lines(errors: &[ManifestError]) -> String {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| format!("{}: {error}", error.place))
        .collect();
    lines.join("\n")
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ManifestError {
    /// The key it is about, as a path: `targets.customers.kind`. Empty for the text as a whole.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
    /// Where.
    pub place: Span,
}

/// What is wrong at one place of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// A key that means nothing there.
    #[error("unknown key `{}`", key.escape_debug())]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that may stand there.
        known: &'static [&'static str],
        /// The sections that such a key may stand in.
        belongs_to: &'static [&'static str],
    },
    /// A key that has to be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another type.
    #[error("`{}` should be {expected}, but is {found}", key.escape_debug())]
    WrongType {
        /// The key.
        key: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A number that can't be.
    #[error("`{key}` should be 1 or more, but is {found}")]
    TooSmall {
        /// The key.
        key: &'static str,
        /// The number.
        found: i64,
    },
    /// A word that isn't on the list.
    #[error(transparent)]
    Word(#[from] UnknownKeyword),
    /// A name that can't be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A pattern that can't be one.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// A folder that can't be one.
    #[error(transparent)]
    Folder(#[from] PathError),
    /// A pattern of names that can't be one.
    #[error(transparent)]
    NamePattern(#[from] NamePatternError),
    /// An address that can't be one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A code that no finding has.
    #[error(transparent)]
    Code(#[from] UnknownCode),
    /// A code that is an error whatever a manifest says.
    #[error("`{code}` is always an error")]
    Guards {
        /// The code.
        code: Code,
    },
    /// A code about which a manifest has no say.
    #[error("`{code}` is told of workspaces, about which a manifest has no say")]
    OfWorkspace {
        /// The code.
        code: Code,
    },
    /// A finding that is allowed for no reason.
    #[error("`reason` is missing")]
    NoReason,
}

impl ManifestError {
    /// What to write instead.
    pub fn help(&self) -> Option<String> {
        match &self.problem {
            Problem::Syntax(_) => None,
            Problem::UnknownKey {
                key,
                known,
                belongs_to,
            } => Some(match nearest(key, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if !belongs_to.is_empty() => {
                    format!("it belongs under {}", quoted_list(belongs_to))
                }
                None => format!("possible are {}", quoted_list(known)),
            }),
            Problem::Missing("kind") => Some(
                "write `kind = \"customer\"` for workspaces under this partner, or \
                 `kind = \"external\"` for any other account"
                    .to_owned(),
            ),
            Problem::Missing(_) => None,
            Problem::WrongType {
                expected: "a text",
                found: "a table",
                ..
            } => Some(
                "a dot divides keys: a title with a dot, a space or another sign in it stands in \
                 quotes, as in `\"Parcel Tracker 2.0\" = \"auto\"`"
                    .to_owned(),
            ),
            Problem::WrongType {
                expected: "a list of texts",
                found: "a text",
                ..
            } => Some("put it in brackets: `[\"…\"]`".to_owned()),
            Problem::WrongType {
                expected: "a list of tables",
                ..
            } => Some("write `[[allow]]`, in two brackets, before each".to_owned()),
            Problem::WrongType { .. } => None,
            Problem::TooSmall { .. } => {
                Some("the platform's limit is 100; leave the key out to keep to it".to_owned())
            }
            Problem::Word(error) => Some(error.help()),
            Problem::Name(_) | Problem::Address(_) => None,
            Problem::Glob(error) => Some(error.help().to_owned()),
            Problem::NamePattern(_) => Some(
                "the whole name has to match; `.` is any character, and a backslash before a sign takes it literally, best in single quotes: `'v\\d+\\. .*'`"
                    .to_owned(),
            ),
            Problem::Code(error) => Some(error.help()),
            Problem::Guards { code } => Some(format!(
                "the package could not work, or would not be what was asked for; see `recipack explain {code}`"
            )),
            Problem::OfWorkspace { .. } => Some("take it out".to_owned()),
            Problem::NoReason => Some(
                "say why it is right as it is, for whoever reads the manifest next year".to_owned(),
            ),
            Problem::Folder(_) => Some(
                "a folder is a path in the package, such as `Orders/EU`, without `/` or `./` at \
                 its start; leave the key out for the whole project"
                    .to_owned(),
            ),
        }
    }
}
