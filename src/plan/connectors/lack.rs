//! Half connectors, which are none.

use crate::model::defect::Defect;
use crate::model::path::PackagePath;
use crate::model::project::{Asset, Project};

/// What half a connector lacks. Without both its JSON and its source it is none: the platform makes a
/// version out of the two (platform.md §5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Beside its JSON there is no source.
    Source {
        /// Where it would be.
        expected: String,
    },
    /// The file of its source is not one.
    Code {
        /// The file.
        source: PackagePath,
        /// What it is instead.
        defect: Defect,
    },
    /// Beside its source there is no JSON.
    Json {
        /// The source.
        source: PackagePath,
    },
}

impl Lack {
    /// What the files of a connector lack, if anything.
    pub fn of(project: &Project, adapter: &Asset) -> Option<Self> {
        let mut files = adapter.files.iter().map(|&file| &project.files[file]);
        let Some(source) = files.find(|file| file.path.as_str().ends_with(".rb")) else {
            let stem = adapter.path.as_str().strip_suffix(".json");
            return Some(Self::Source {
                expected: format!("{}.rb", stem.unwrap_or(adapter.path.as_str())),
            });
        };
        source.defect.map(|defect| Self::Code {
            source: source.path.clone(),
            defect,
        })
    }

    /// The same for a connector whose JSON should lie at `json`, and does not.
    pub(super) fn of_absent(project: &Project, json: &str) -> Option<Self> {
        let source = format!("{}.rb", json.strip_suffix(".json")?);
        let at = project
            .files
            .binary_search_by(|file| file.path.as_str().cmp(&source))
            .ok()?;
        Some(Self::Json {
            source: project.files[at].path.clone(),
        })
    }

    /// What is the case, as a sentence.
    pub fn told(&self) -> String {
        match self {
            Self::Source { expected } => format!("its source `{expected}` is not there"),
            Self::Code { source, defect } => format!("its source `{source}` {}", defect.told()),
            Self::Json { source } => {
                format!("its source `{source}` is there without the JSON beside it")
            }
        }
    }

    /// What to do about it.
    pub fn way_out(&self) -> &'static str {
        match self {
            Self::Source { .. } | Self::Json { .. } => {
                "restore the file, or pull the project again"
            }
            Self::Code { defect, .. } => defect.way_out(),
        }
    }
}
