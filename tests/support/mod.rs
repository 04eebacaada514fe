//! What the test suites share: fixtures, projects in temporary folders, the program as a process.
#![allow(dead_code, reason = "each suite uses its own part")]

pub(crate) mod changes;
pub(crate) mod console;
pub(crate) mod damage;
pub(crate) mod fleet;
pub(crate) mod lines;
pub(crate) mod merge;
pub(crate) mod pages;
pub(crate) mod project;
pub(crate) mod sandbox;
pub(crate) mod table;
pub(crate) mod workspaces;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of this crate.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fixture.
pub(crate) fn fixture(path: &str) -> PathBuf {
    root().join("fixtures").join(path)
}

/// Others' projects and packages. Tests that need them are ignored where they are not at hand.
pub(crate) fn corpus(path: &str) -> PathBuf {
    root().join("../shared/corpus").join(path)
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// A place to work in, with a clean environment.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(&path, text).expect("written");
        path
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
        command.current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// A shell in the folder that is to run a script.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.current_dir(self.folder.path()).env_clear();
        command
    }

    /// Runs the program with arguments.
    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run {
        self.command()
            .args(arguments)
            .output()
            .expect("it starts")
            .into()
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("readable");
        let mut names: Vec<_> = entries
            .map(|e| {
                e.expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// A package's entries, as a reader by others gives them.
pub(crate) fn entries(package: &Path) -> BTreeMap<String, Vec<u8>> {
    use std::io::Read as _;
    let file =
        fs::File::open(package).unwrap_or_else(|error| panic!("{}: {error}", package.display()));
    let mut archive = zip::ZipArchive::new(file).expect("an archive");
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("sound data");
        let name = String::from_utf8(entry.name_raw().to_vec()).expect("UTF-8");
        if !name.ends_with('/') {
            assert!(
                entries.insert(name, bytes).is_none(),
                "an entry stands twice"
            );
        }
    }
    entries
}

/// The files below a folder by their paths.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.expect("readable");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("below it");
            files.insert(
                path.to_str().expect("UTF-8").to_owned(),
                fs::read(entry.path()).expect("readable"),
            );
        }
    }
    files
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

/// Text that a snapshot can hold: without the names of temporary folders.
pub(crate) fn plain(text: &str, place: &Place) -> String {
    text.replace(&place.folder.path().display().to_string(), "[PLACE]")
        .replace(&root().display().to_string(), "[ROOT]")
}

/// A place with fixtures in it, under their own names.
pub(crate) fn place_with(fixtures: &[&str]) -> Place {
    let place = Place::new();
    for name in fixtures {
        let from = fixture(name);
        if from.is_dir() {
            copy(&from, &place.path(name));
        } else {
            fs::create_dir_all(place.path(name).parent().expect("a parent")).expect("made");
            fs::copy(from, place.path(name)).expect("copied");
        }
    }
    place
}

/// Everything that a run shows, and the names that it leaves in the folder.
pub(crate) fn told(place: &Place, run: &Run) -> String {
    let mut text = format!("exit {}\n", run.code);
    for (what, part) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if !part.is_empty() {
            let _ = writeln!(
                text,
                "--- {what}\n{}",
                plain(part, place).trim_end_matches('\n')
            );
        }
    }
    let _ = writeln!(text, "--- folder\n{}", place.names().join("\n"));
    // What the compressor makes of it is pinned by its version, not by this program.
    let lines = text.lines().map(|line| {
        let of_compressor = ["  size  ", "  sha256  "]
            .iter()
            .find(|start| line.starts_with(**start));
        of_compressor.map_or(line.to_owned(), |start| format!("{start}[…]"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) fn outcome(place: &Place, arguments: &[&str]) -> String {
    let run = place.run(arguments);
    told(place, &run)
}

/// Our own project, and every real project and package that is at hand.
pub(crate) fn real_projects() -> Vec<PathBuf> {
    let mut projects = vec![fixture("partner")];
    if cfg!(real_projects) {
        projects.extend(real_folders());
        projects.extend(["before", "after"].map(|name| corpus(&format!("travelperk/{name}.zip"))));
    }
    projects
}

/// Those of others that are folders.
pub(crate) fn real_folders() -> Vec<PathBuf> {
    let mut projects = Vec::new();
    for tree in [
        "dewy-resort-wk",
        "dewy-resort/projects",
        "dewy-resort/workato",
        "workato-dev-kit/projects",
    ] {
        let children = fs::read_dir(corpus(tree)).expect("readable");
        let children = children.map(|child| child.expect("an entry").path());
        projects.extend(children.filter(|child| child.is_dir()));
    }
    projects.sort();
    projects
}
