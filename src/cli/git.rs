//! The commit that a project is checked out at, as the `git` command tells it.

use std::path::Path;
use std::process::Command;

/// What git knows of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkout {
    /// The commit; none outside of a repository.
    pub(crate) commit: Option<String>,
    /// Whether files below the folder differ from it.
    pub(crate) dirty: Option<bool>,
}

/// Asks git about the folder of `path`. Without git, or outside of a repository, nothing is known.
pub(crate) fn checkout(path: &Path) -> Checkout {
    let (folder, below) = match (path.is_dir(), path.parent(), path.file_name()) {
        (false, Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            (Path::new("."), Path::new(name))
        }
        (false, Some(parent), Some(name)) => (parent, Path::new(name)),
        _ => (path, Path::new(".")),
    };
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        // The lock that `status` takes would disturb whoever works there.
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .arg("-C")
            .arg(folder)
            .args(arguments);
        command.arg("--").arg(below);
        let output = command
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let Some(status) = git(&["status", "--porcelain=v2", "--branch", "-z"]) else {
        return Checkout::default();
    };
    // A folder that the repository ignores differs from nothing, and comes from no commit.
    if git(&["ls-files", "--cached", "-z"]).is_none_or(|files| files.is_empty()) {
        return Checkout::default();
    }
    let mut checkout = Checkout {
        commit: None,
        dirty: Some(false),
    };
    for line in status.split('\0').filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(header) => {
                let commit = header
                    .strip_prefix("branch.oid ")
                    .filter(|commit| *commit != "(initial)");
                checkout.commit = commit.map(str::to_owned).or(checkout.commit);
            }
            None => checkout.dirty = Some(true),
        }
    }
    checkout
}
