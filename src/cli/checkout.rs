//! The commit that a project is checked out of: what the user's own settings have a say in, and what
//! is told where it can't be known or is not what is there.

use std::path::{Path, PathBuf};

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::io::system::{HOME, MACHINE_GIT_SETTINGS};
use crate::ops::checkout::{Checkout, Committed, Difference, NoCommit};
use crate::ops::read::Opened;
use crate::plan::decision::shell_word;
use crate::source::git::{GitError, UserSettings};

/// How many files that differ are named before the rest is only counted.
const NAMED: usize = 100;

/// Where git's settings of the machine and of the user lie. What variables such as
/// `GIT_CONFIG_GLOBAL` say is not looked at: a job's environment is no vouching.
pub(crate) fn user_settings() -> UserSettings {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let home = absolute(HOME);
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let own = absolute("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
    UserSettings {
        files: [
            MACHINE_GIT_SETTINGS.map(PathBuf::from),
            own.map(|own| own.join("git").join("config")),
            below_home(".gitconfig"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        home,
    }
}

/// What the repository around a file or folder says of it.
pub(crate) fn checkout(context: &Context, path: &Path) -> Checkout {
    Checkout::of(path, &user_settings(), &context.running.interrupt)
}

/// How to have a repository read that is not.
pub(crate) fn help(error: &GitError) -> String {
    match error {
        GitError::Foreign { root } => format!(
            "if you trust it: git config --global --add safe.directory {}",
            shell_word(&root.display().to_string())
        ),
        GitError::Unreadable { .. } => {
            "clone it again, whole, and with branches as files and objects by SHA-1 or SHA-256"
                .to_owned()
        }
    }
}

/// The commit that holds a file or folder, for a release.
pub(crate) fn required<'c>(path: &Path, checkout: &'c Checkout) -> Result<&'c Committed, Failure> {
    let shown = path.display();
    let failed = |message: String| Failure::new(Exit::Refused, "not-committed", message);
    match checkout {
        Checkout::Committed(committed) => Ok(committed),
        Checkout::Unknown(error) => Err(Failure::new(
            Exit::Refused,
            "commit-unknown",
            format!(
                "which commit {shown} comes from can't be told, so no release can be made of it"
            ),
        )
        .notes([error.to_string()])
        .help(help(error))),
        Checkout::NoCommit(why) => {
            let why = match why {
                NoCommit::NoRepository => "it lies in no repository of git".to_owned(),
                NoCommit::NoneYet => "its repository has no commit yet".to_owned(),
                NoCommit::NotIn(commit) => {
                    format!("commit {commit}, which is checked out, does not have it")
                }
            };
            Err(failed(format!(
                "{shown} comes from no commit, so no release can be made of it"
            ))
            .notes([why])
            .help("commit it to a git repository, or leave --release away"))
        }
    }
}

/// Where a project differs from its commit.
pub(crate) fn compare(committed: &Committed, opened: &Opened) -> Result<Vec<Difference>, Failure> {
    let compared = committed.compare(opened);
    compared.map_err(|error| Failure::of(Exit::Failed, "unreadable", &error))
}

/// Fails if a file or folder is not as the commit has it.
pub(crate) fn hold(
    path: &Path,
    committed: &Committed,
    mut differences: Vec<Difference>,
) -> Result<(), Failure> {
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(NAMED);
    differences.truncate(NAMED);
    committed.explain(&mut differences);
    let named = differences.iter().map(ToString::to_string);
    let more = (more > 0).then(|| format!("… and {more} more"));
    Err(Failure::new(
        Exit::Refused,
        "not-committed",
        format!(
            "{} differs from what is committed, so no release can be made of it",
            path.display()
        ),
    )
    .notes([format!("compared with commit {}", committed.commit)])
    .notes(named.chain(more))
    .help("commit what is meant, take the rest away or bring it back, or leave --release away"))
}
