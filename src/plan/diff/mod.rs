//! How two projects or packages differ: recipes by step and field, other JSON by value, texts by
//! line.

mod config;
mod document;
mod pairing;
mod recipe;
mod steps;
mod text;
mod value;

use std::fmt;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;

pub use pairing::{Pair, Pairing};
pub(in crate::plan) use steps::{Alignment, Likeness, Steps, longest_rising};
pub use steps::{StepLabel, StepPlace};
pub use text::{TextDifference, lines};
pub use value::{JsonText, SHORT, ValueChange};

use crate::json::{JsonError, Tape};
use crate::model::count::counted;
use crate::model::ident::{Digest, TypeWord};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;

/// A file that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileChange {
    /// Its path; on the new side, if it is there.
    pub path: PackagePath,
    /// The type of the asset that it belongs to, if it belongs to one.
    #[serde(rename = "type")]
    pub kind: Option<TypeWord>,
    /// That asset's display name.
    pub name: Option<String>,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// It is only on the new side.
    Added,
    /// It is only on the old side.
    Removed,
    /// It is at the same path on both sides, with other bytes.
    Changed {
        /// How the two differ.
        differences: Vec<Difference>,
    },
    /// It belongs to an asset that has the same type and name but another path.
    Moved {
        /// The path on the old side.
        from: PackagePath,
        /// How the two differ; empty if their bytes are the same.
        differences: Vec<Difference>,
    },
}

/// How many bytes of differences are held and told in all, before those of further files are only
/// counted.
pub const TOLD: usize = 8 << 20;

impl Change {
    /// How many bytes its differences take when they are told.
    fn weight(&self) -> usize {
        struct Length(usize);
        impl io::Write for Length {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += bytes.len();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut length = Length(0);
        match serde_json::to_writer(&mut length, self.differences()) {
            Ok(()) => length.0,
            Err(_) => usize::MAX,
        }
    }

    /// Counts its differences only, unless there is room for them in what is left of [`TOLD`].
    pub fn fit(&mut self, room: &mut usize) {
        if let Some(left) = room.checked_sub(self.weight()) {
            *room = left;
            return;
        }
        match self {
            Self::Added | Self::Removed => {}
            Self::Changed { differences } | Self::Moved { differences, .. } => {
                let count = differences.len();
                *differences = vec![Difference::NotListed { count }];
            }
        }
    }

    /// How the two sides' files differ; nothing for a file that only one side has.
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::Added | Self::Removed => &[],
            Self::Changed { differences } | Self::Moved { differences, .. } => differences,
        }
    }
}

/// A file's size and digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fingerprint {
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// One difference between two versions of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Difference {
    /// The bytes differ, and what they mean does not.
    Formatting,
    /// A value of the JSON differs; in recipes, one outside `code` and `config`.
    Value {
        /// Where it stands; `$` for the whole document.
        path: String,
        /// What happened to it.
        change: ValueChange,
    },
    /// A recipe uses another application.
    ConfigAdded {
        /// The application.
        provider: String,
    },
    /// A recipe no longer uses an application.
    ConfigRemoved {
        /// The application.
        provider: String,
    },
    /// A recipe uses an application by another connection.
    ConnectionChanged {
        /// The application.
        provider: String,
        /// The connection, before and after.
        change: ValueChange,
    },
    /// A connection is now marked as a custom connector's own.
    CustomMarkAdded {
        /// The connector's internal name.
        provider: String,
    },
    /// A connection is no longer marked as a custom connector's own.
    CustomMarkRemoved {
        /// The connector's internal name.
        provider: String,
    },
    /// Something else about an application that a recipe uses differs.
    ConfigChanged {
        /// The application.
        provider: String,
        /// The field's path inside the entry.
        path: String,
        /// What happened to it.
        change: ValueChange,
    },
    /// A step is only on the new side.
    StepAdded {
        /// The step.
        step: StepLabel,
    },
    /// A step is only on the old side.
    StepRemoved {
        /// The step.
        step: StepLabel,
    },
    /// A step stands in another step, or elsewhere among its neighbours. That its number is another
    /// because of other steps is no difference.
    StepMoved {
        /// The step.
        step: StepLabel,
        /// Where it stood.
        from: StepPlace,
        /// Where it stands.
        to: StepPlace,
    },
    /// A field of a step differs.
    StepChanged {
        /// The step.
        step: StepLabel,
        /// The field's path inside the step.
        path: String,
        /// What happened to it.
        change: ValueChange,
    },
    /// Lines of a text differ.
    Text(TextDifference),
    /// A reference means another asset of the workspace.
    Rebound {
        /// What the reference calls it.
        name: String,
        /// What it means on the old side.
        old: String,
        /// What it means on the new side.
        new: String,
    },
    /// The code is the same, but the workspace's recipes run an earlier version.
    NotReleased,
    /// The workspace does not show what it has.
    Unknown,
    /// They are not listed: the two sides have more differences than can be told.
    NotListed {
        /// How many there are.
        count: usize,
    },
    /// The bytes differ, and are neither JSON nor text.
    Binary {
        /// The old side's.
        old: Fingerprint,
        /// The new side's.
        new: Fingerprint,
    },
}

impl Difference {
    /// Whether only a recipe's own number of versions, or the comment on one, differs: it counts the
    /// versions of the workspace that the recipe comes from.
    pub fn is_version_counter(&self) -> bool {
        let Self::Value { path, .. } = self else {
            return false;
        };
        matches!(path.as_str(), "version" | "version_comment")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Formatting => f.write_str("formatting only"),
            Self::Value { path, change } => write!(f, "{path} {change}"),
            Self::ConfigAdded { provider } => write!(f, "config of {provider} added"),
            Self::ConfigRemoved { provider } => write!(f, "config of {provider} removed"),
            Self::ConnectionChanged { provider, change } => {
                write!(f, "connection of {provider}: {change}")
            }
            Self::CustomMarkAdded { provider } => write!(f, "custom mark of {provider} added"),
            Self::CustomMarkRemoved { provider } => write!(f, "custom mark of {provider} removed"),
            Self::ConfigChanged {
                provider,
                path,
                change,
            } => write!(f, "config of {provider}: {path} {change}"),
            Self::StepAdded { step } => write!(f, "{step} added"),
            Self::StepRemoved { step } => write!(f, "{step} removed"),
            Self::StepMoved { step, from, to } => write!(f, "{step} moved from {from} to {to}"),
            Self::StepChanged { step, path, change } => write!(f, "{step}: {path} {change}"),
            Self::Text(TextDifference { added, removed, .. }) => {
                write!(f, "lines: {added} added, {removed} removed")
            }
            Self::Rebound { name, old, new } => write!(f, "\"{name}\" means {old} → {new}"),
            Self::NotReleased => f.write_str("the newest version in the workspace is not released"),
            Self::Unknown => f.write_str("what the workspace has is not known"),
            Self::NotListed { count } => {
                write!(
                    f,
                    "{}, which are not listed",
                    counted(*count as u64, "difference")
                )
            }
            Self::Binary { old, new } => write!(
                f,
                "{} bytes, SHA-256 {} → {} bytes, SHA-256 {}",
                old.size, old.sha256, new.size, new.sha256
            ),
        }
    }
}

/// How a file's bytes are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a recipe.
    Recipe,
    /// As JSON of any other sort.
    Json,
    /// As text, if they are text.
    Plain,
}

impl Form {
    /// The form that a path gives to the file there.
    pub fn of(path: &PackagePath) -> Self {
        match FileRole::of(path.as_str()) {
            FileRole::Main(AssetKind::Recipe) => Self::Recipe,
            FileRole::Main(_) => Self::Json,
            FileRole::Companion { .. } | FileRole::NoAsset => {
                if path.as_str().ends_with(".json") {
                    Self::Json
                } else {
                    Self::Plain
                }
            }
        }
    }
}

/// Compares files one pair after the other with the same memory.
#[derive(Debug, Default)]
pub struct Comparer {
    old: Tape,
    new: Tape,
}

impl Comparer {
    /// How two versions of a file differ; nothing if their bytes are the same. What is no JSON
    /// although it should be is compared as text.
    pub fn compare(&mut self, form: Form, old: &[u8], new: &[u8]) -> Vec<Difference> {
        if old == new {
            return Vec::new();
        }
        if form != Form::Plain
            && let Ok(differences) = self.documents(form, old, new)
        {
            return if differences.is_empty() {
                vec![Difference::Formatting]
            } else {
                differences
            };
        }
        let print = |bytes: &[u8]| Fingerprint {
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        };
        vec![match text::compare(old, new) {
            Some(difference) => Difference::Text(difference),
            None => Difference::Binary {
                old: print(old),
                new: print(new),
            },
        }]
    }

    fn documents(
        &mut self,
        form: Form,
        old: &[u8],
        new: &[u8],
    ) -> Result<Vec<Difference>, JsonError> {
        let old = self.old.parse(old)?.root();
        let new = self.new.parse(new)?.root();
        Ok(if form == Form::Recipe {
            recipe::compare(old, new)
        } else {
            let found = document::compare(old, new);
            found.into_iter().map(Difference::from).collect()
        })
    }
}

#[cfg(test)]
mod tests;
