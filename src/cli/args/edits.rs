//! What a command is told of what somebody changed in a workspace.

use std::str::FromStr;

use clap::Args;

use crate::model::edits::EditsPolicy;
use crate::model::path::PackagePath;
use crate::plan::import::edits::EditsWish;

/// What becomes of what somebody changed in a workspace.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EditsArgs {
    /// Edits made there: hold (default), keep, merge, overwrite
    #[arg(
        long = "edits",
        value_name = "[FILE=]WAY",
        conflicts_with = "overwrite_edits"
    )]
    pub(crate) edits: Vec<EditsWord>,
}

impl EditsArgs {
    /// The same for all that there is.
    pub(crate) fn all(way: Option<EditsPolicy>) -> Self {
        let word = way.map(|way| EditsWord { file: None, way });
        Self {
            edits: word.into_iter().collect(),
        }
    }

    /// What was said; of two words about one thing the later one.
    pub(crate) fn wish(&self) -> EditsWish {
        let mut wish = EditsWish::default();
        for word in &self.edits {
            match &word.file {
                Some(file) => {
                    wish.files.insert(file.clone(), word.way);
                }
                None => wish.all = Some(word.way),
            }
        }
        wish
    }
}

/// A way, of all or of a file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EditsWord {
    file: Option<PackagePath>,
    way: EditsPolicy,
}

impl FromStr for EditsWord {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (file, way) = match text.rsplit_once('=') {
            Some((file, way)) => (Some(file.parse()?), way),
            None => (None, text),
        };
        let way = way.parse::<EditsPolicy>().map_err(|error| {
            let help = error.help();
            format!("{error}; {help}")
        })?;
        Ok(Self { file, way })
    }
}
