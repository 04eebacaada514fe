//! Arguments of commands whose outcome other tools read.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::ForceArgs;

/// Reports to write.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReportArgs {
    /// junit, sarif, md, html (=FILE) or github; may be repeated
    #[arg(long = "report", value_name = "FORMAT[=FILE]")]
    pub(crate) reports: Vec<ReportTo>,
}

impl ReportArgs {
    /// The files that they go to.
    pub(crate) fn files(&self) -> impl Iterator<Item = &std::path::Path> {
        let files = self.reports.iter().filter_map(ReportTo::file);
        files.map(PathBuf::as_path)
    }
}

/// A report: its format and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportTo {
    /// JUnit's XML, to a file.
    Junit(PathBuf),
    /// SARIF, to a file.
    Sarif(PathBuf),
    /// Markdown, to a file.
    Markdown(PathBuf),
    /// HTML, to a file.
    Html(PathBuf),
    /// GitHub's annotations, to stderr.
    Github,
}

impl ReportTo {
    /// The file it goes to.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Junit(file) | Self::Sarif(file) | Self::Markdown(file) | Self::Html(file) => {
                Some(file)
            }
            Self::Github => None,
        }
    }
}

impl FromStr for ReportTo {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) => (format, Some(file).filter(|file| !file.is_empty())),
            None => (text, None),
        };
        match (format, file.map(PathBuf::from)) {
            ("junit", Some(file)) => Ok(Self::Junit(file)),
            ("sarif", Some(file)) => Ok(Self::Sarif(file)),
            ("md", Some(file)) => Ok(Self::Markdown(file)),
            ("html", Some(file)) => Ok(Self::Html(file)),
            ("github", None) => Ok(Self::Github),
            ("github", Some(_)) => {
                Err("annotations go to stderr, where GitHub reads them: `github`".to_owned())
            }
            ("junit" | "sarif" | "md" | "html", None) => {
                Err(format!("say which file: {format}=FILE"))
            }
            _ => Err("expected junit=FILE, sarif=FILE, md=FILE, html=FILE or github".to_owned()),
        }
    }
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportFileArgs {
    /// A package, a plan, or what `import --json` or `rollout report --json` printed
    #[arg(value_name = "PACKAGE|PLAN|RECEIPT|ROLLOUT")]
    pub(crate) about: PathBuf,
    /// The page
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: PathBuf,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
