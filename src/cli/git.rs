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
    /// Those files, as git names them: from the root of the repository.
    pub(crate) changed: Vec<String>,
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
        changed: Vec::new(),
    };
    let mut lines = status.split('\0').filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        let Some((sort, rest)) = line.split_once(' ') else {
            continue;
        };
        // How many words stand before the path (git-status, "Porcelain Format Version 2").
        let words = match sort {
            "#" => {
                let commit = rest
                    .strip_prefix("branch.oid ")
                    .filter(|commit| *commit != "(initial)");
                checkout.commit = commit.map(str::to_owned).or(checkout.commit);
                continue;
            }
            "1" => 7,
            "2" => {
                // What it was called before.
                lines.next();
                8
            }
            "u" => 9,
            _ => 0,
        };
        checkout.dirty = Some(true);
        let path = rest.splitn(words + 1, ' ').last().unwrap_or(rest);
        checkout.changed.push(path.to_owned());
    }
    checkout
}
