//! Ignore files, found and read where the official clients have them (platform.md §12).
//!
//! `.workato-ignore` is the Python client's: it lies at the root of the workspace, which is the folder
//! whose `.workatoenv` has a `project_path`, and its patterns are those of [`fnmatch`] on paths from
//! the project's folder, wherever the file itself lies. `.wkignore` is `wk`'s: it lies beside `.wk/`,
//! and its patterns are those of `.gitignore` on paths from its own folder. Of each the nearest one
//! holds: the project's own, or the next one above it, as far up as the workspace or the git
//! repository goes.
//!
//! [`fnmatch`]: crate::model::fnmatch

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use crate::io::limited;
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::fnmatch::Patterns;
use crate::model::kind::FileRole;
use crate::model::project::IgnoredAssets;

/// The Python client's ignore file.
pub const WORKATO_IGNORE: &str = ".workato-ignore";
/// `wk`'s ignore file.
pub const WK_IGNORE: &str = ".wkignore";
/// Both.
pub const IGNORE_FILES: [&str; 2] = [WORKATO_IGNORE, WK_IGNORE];
/// The Python client's settings, of a project or of a workspace.
pub const WORKATOENV: &str = ".workatoenv";
/// The folder with `wk`'s settings.
pub const WK: &str = ".wk";
/// More than any settings or ignore file that a person would write.
pub const BYTES: u64 = 1 << 20;
/// A pattern that is longer than any path is a slip.
pub const PATTERN_BYTES: usize = 4096;
/// More rules than this are a list that a program made; each one is compared with each file.
pub const RULES: usize = 10_000;
/// For so many rules that take nothing it is looked up what they may mean: that costs a comparison with
/// each packed file and its folders.
const LOOKED_UP: usize = 100;

/// What the Python client writes into a new ignore file. That one of these matches nothing is as it
/// is meant to be.
const DEFAULTS: &[&str] = &[
    ".workatoenv",
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    "*.py",
    "*.pyc",
    "*.pyo",
    "*.pyd",
    "__pycache__/",
    "*.egg-info/",
    ".venv/",
    "venv/",
    ".env",
    "node_modules/",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    ".npmrc",
    ".pytest_cache/",
    ".mypy_cache/",
    ".ruff_cache/",
    "htmlcov/",
    ".coverage",
    ".tox/",
    ".vscode/",
    ".idea/",
    "*.swp",
    "*.swo",
    "*~",
    "dist/",
    "build/",
    "*.egg",
    "*.md",
    "LICENSE",
    ".editorconfig",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Makefile",
    "Dockerfile",
    "docker-compose.yml",
    ".DS_Store",
    "Thumbs.db",
];

/// Where ignore files of a folder are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// In the folder, and above it as far as the workspace or the git repository goes; this folder
    /// around it counts as its workspace whatever it holds.
    Around(Option<&'a Path>),
    /// Only in the folder itself.
    Inside,
}

/// The ignore files of one project, and what they took out.
#[derive(Debug, Default)]
pub struct IgnoreFiles {
    files: Vec<IgnoreFile>,
    /// Paths of ignore files as the project's walk meets them.
    own: BTreeSet<&'static str>,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
}

#[derive(Debug)]
struct IgnoreFile {
    /// Its path from the project.
    path: Arc<str>,
    rules: Vec<Rule>,
    matcher: Matcher,
    /// The assets that it takes files of, by a hash of the path of their JSON: a folder that is ignored
    /// may hold any number.
    assets: HashSet<u64>,
}

#[derive(Debug)]
struct Rule {
    line: usize,
    text: String,
    used: bool,
}

#[derive(Debug)]
enum Matcher {
    Client(Patterns),
    Git {
        /// The project's path from the file's folder, with a slash, or nothing.
        prefix: String,
        all: Gitignore,
        /// Each rule by itself: whether it matches at all.
        each: Vec<Gitignore>,
    },
}

/// How a name stands to the ignore files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No rule takes it out.
    Stays,
    /// This file takes it out.
    Ignored(Arc<str>),
}

/// `.workatoenv`, as far as it tells where projects are.
#[derive(Debug, Deserialize)]
pub struct WorkatoEnv {
    /// Where the workspace's project lies; only the one at the workspace's root has it.
    #[serde(default)]
    pub project_path: Option<String>,
    /// The folder of the project, as it is written; see [`folder`](Self::folder).
    #[serde(default)]
    folder_id: Option<serde_json::Value>,
}

impl WorkatoEnv {
    /// The number of the project's folder, if it says one.
    ///
    /// # Errors
    /// If what stands there is no number.
    pub fn folder(&self) -> io::Result<Option<u64>> {
        let Some(said) = &self.folder_id else {
            return Ok(None);
        };
        let number = said.as_u64().or_else(|| said.as_str()?.parse().ok());
        number.map(Some).ok_or_else(|| {
            let message = format!("its folder_id is no number: {said}");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }
}

/// Reads the `.workatoenv` of a folder, if there is one.
///
/// # Errors
/// If it can't be read, or is not what the client writes.
pub fn workatoenv(folder: &Path) -> io::Result<Option<WorkatoEnv>> {
    let path = folder.join(WORKATOENV);
    match read_plain(&path)? {
        Some(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        None => Ok(None),
    }
}

/// The text of a file that has to be a plain file: no link, pipe or device. None if there is none.
fn read_plain(path: &Path) -> io::Result<Option<String>> {
    let refused = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if kind.is_symlink() {
        return refused("it is a symbolic link, which is not followed");
    }
    if !kind.is_file() {
        return refused("it is not a file");
    }
    let bytes = limited::read(path, BYTES)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return refused("it is UTF-16; save it as UTF-8");
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
    Ok(Some(
        text.strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text),
    ))
}

impl IgnoreFiles {
    /// Finds and reads the ignore files that hold for the project in `root`.
    pub fn of(root: &Path, lookup: Lookup<'_>) -> Self {
        let mut files = Self::default();
        let (above, unclear) = match lookup {
            Lookup::Around(workspace) => above(root, workspace),
            Lookup::Inside => (Vec::new(), None),
        };
        if let Some((path, error)) = unclear {
            files.unreadable(path, error.to_string());
        }
        for name in IGNORE_FILES {
            files.nearest(root, &above, name);
        }
        for (level, folder) in above.iter().enumerate() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let is_read = IGNORE_FILES.map(OsStr::new);
                if !is_read.contains(&name.as_os_str()) {
                    let path = format!("{}{}", "../".repeat(level + 1), name.to_string_lossy());
                    files.note_near_miss(&path);
                }
            }
        }
        files
    }

    fn nearest(&mut self, root: &Path, above: &[std::path::PathBuf], name: &'static str) {
        let mut folders = std::iter::once(root).chain(above.iter().map(AsRef::as_ref));
        let mut taken: Option<String> = None;
        for (level, folder) in folders.by_ref().enumerate() {
            let path = format!("{}{name}", "../".repeat(level));
            let text = match (read_plain(&folder.join(name)), &taken) {
                (Ok(None), _) => continue,
                (_, Some(nearer)) => {
                    let message = format!("it is not read, because `{nearer}` is nearer");
                    self.findings.push(
                        Finding::new(Code::IgnoreFileUnused, Subject::Path(path), message)
                            .help("put the rules of both into one of them, and delete the other"),
                    );
                    return;
                }
                (Ok(Some(text)), None) => text,
                (Err(error), None) => {
                    self.unreadable(path.clone(), error.to_string());
                    String::new()
                }
            };
            if level == 0 {
                self.own.insert(name);
            }
            let prefix = match level {
                0 => String::new(),
                _ => prefix(root, level),
            };
            self.read(path.as_str().into(), name, &text, prefix);
            taken = Some(path);
        }
    }

    fn unreadable(&mut self, path: String, message: String) {
        let finding = Finding::new(Code::IgnoreFileUnreadable, Subject::Path(path), message);
        self.findings.push(
            finding
                .note("what it leaves out is not known, so nothing is packed")
                .help("correct it, or delete it if nothing is to be left out"),
        );
    }

    fn read(&mut self, path: Arc<str>, name: &str, text: &str, prefix: String) {
        let is_client = name == WORKATO_IGNORE;
        let mut rules: Vec<Rule> = Vec::new();
        let mut each: Vec<Gitignore> = Vec::new();
        let mut seen = 0;
        for (number, line) in lines(text).enumerate() {
            // As Python strips it; `.gitignore` has its own way with spaces.
            let stripped = line
                .trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
            if stripped.is_empty() || stripped.starts_with('#') {
                continue;
            }
            seen += 1;
            if seen > RULES {
                return self
                    .unreadable(path.to_string(), format!("it has more than {RULES} rules"));
            }
            let text = if is_client { stripped } else { line };
            let reason = if text.len() > PATTERN_BYTES {
                Some("it is longer than any path".to_owned())
            } else if is_client {
                None
            } else {
                match git_rules([text]) {
                    Ok(rule) => {
                        each.push(rule);
                        None
                    }
                    Err(error) => Some(error.to_string()),
                }
            };
            match reason {
                Some(reason) => {
                    let message = format!("line {} is not a pattern: {reason}", number + 1);
                    self.unreadable(path.to_string(), message);
                }
                None => rules.push(Rule {
                    line: number + 1,
                    text: text.to_owned(),
                    used: false,
                }),
            }
        }
        let texts = rules.iter().map(|rule| rule.text.as_str());
        let matcher = if is_client {
            Patterns::new(texts)
                .map(Matcher::Client)
                .map_err(|error| error.to_string())
        } else {
            git_rules(texts)
                .map(|all| Matcher::Git { prefix, all, each })
                .map_err(|error| error.to_string())
        };
        match matcher {
            Ok(matcher) => self.files.push(IgnoreFile {
                path,
                rules,
                matcher,
                assets: HashSet::new(),
            }),
            Err(reason) => self.unreadable(path.to_string(), reason),
        }
    }

    /// Whether a file of the project is ignored. What its rules did is remembered.
    pub fn file(&mut self, path: &str) -> Verdict {
        for file in &mut self.files {
            let ignored = match &file.matcher {
                Matcher::Client(patterns) => {
                    let met = patterns.matches(path);
                    for &rule in &met {
                        file.rules[rule].used = true;
                    }
                    !met.is_empty()
                }
                Matcher::Git { prefix, all, each } => {
                    git_use(&mut file.rules, each, prefix, path, false);
                    let path = format!("{prefix}{path}");
                    all.matched_path_or_any_parents(path, false).is_ignore()
                }
            };
            if ignored {
                file.assets.extend(asset_of(path).map(hashed));
                return Verdict::Ignored(Arc::clone(&file.path));
            }
        }
        Verdict::Stays
    }

    /// Whether a folder is ignored as a whole, so that nothing in it can stay.
    pub fn folder(&mut self, path: &str) -> Verdict {
        for file in &mut self.files {
            // The Python client has rules for files only.
            if let Matcher::Git { prefix, all, each } = &file.matcher {
                git_use(&mut file.rules, each, prefix, path, true);
                if all.matched(format!("{prefix}{path}"), true).is_ignore() {
                    return Verdict::Ignored(Arc::clone(&file.path));
                }
            }
        }
        Verdict::Stays
    }

    /// Whether nothing of what a folder may hold could stay: for folders that can't be read.
    pub fn all_below(&self, path: &str) -> Option<Arc<str>> {
        self.files.iter().find_map(|file| {
            let takes_all =
                match &file.matcher {
                    // A pattern that takes the folder itself as a start and ends with `*` takes whatever
                    // is in it, as does one that is its path.
                    Matcher::Client(patterns) => patterns
                        .matches(&format!("{path}/"))
                        .into_iter()
                        .any(|rule| {
                            let text = &file.rules[rule].text;
                            text.ends_with('*')
                                || path == text
                                || path.starts_with(&format!("{text}/"))
                        }),
                    Matcher::Git { prefix, all, .. } => {
                        all.matched(format!("{prefix}{path}"), true).is_ignore()
                    }
                };
            takes_all.then(|| Arc::clone(&file.path))
        })
    }

    /// A file in a folder that this ignore file takes out.
    pub fn below_ignored(&mut self, by: &Arc<str>, path: &str) {
        if let Some(file) = self.files.iter_mut().find(|file| file.path == *by) {
            file.assets.extend(asset_of(path).map(hashed));
        }
    }

    /// Tells of a name that looks like an ignore file's and is not read.
    pub fn note_near_miss(&mut self, path: &str) {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let is_in_project = !path.contains('/');
        let meant = match folded_name(name).as_str() {
            "workatoignore" | "workatoignoretxt" => WORKATO_IGNORE,
            "wkignore" | "wkignoretxt" => WK_IGNORE,
            _ => return,
        };
        if is_in_project && self.own.contains(name) {
            return;
        }
        let finding = |message: String| {
            Finding::new(
                Code::IgnoreFileUnused,
                Subject::Path(path.to_owned()),
                message,
            )
        };
        let finding = if name == meant {
            finding(format!("no client reads a `{meant}` here"))
                .help("move its rules to the one at the root of the workspace or project")
        } else {
            finding(format!("it looks like a `{meant}`, and nothing reads it"))
                .help(format!("rename it to `{meant}`, or delete it"))
        };
        finding::add(&mut self.findings, finding);
    }

    /// What the files took out, once all of the project was seen, and findings about rules that took
    /// nothing. `packed` are the files that stayed.
    pub fn finish<'p>(
        mut self,
        packed: impl Iterator<Item = &'p str>,
    ) -> (Vec<IgnoredAssets>, Vec<Finding>) {
        let unused = self.files.iter().any(|f| f.rules.iter().any(|r| !r.used));
        // Only what the platform knows is worth a warning, however it may be spelled.
        let packed: Vec<Packed<'_>> = match unused {
            true => packed
                .filter(|path| asset_of(path).is_some())
                .map(Packed::new)
                .collect(),
            false => Vec::new(),
        };
        let mut findings = std::mem::take(&mut self.findings);
        let mut looked_up = 0;
        for file in &self.files {
            let is_client = matches!(file.matcher, Matcher::Client(_));
            for rule in file.rules.iter().filter(|rule| !rule.used) {
                let subject = Subject::Path(file.path.to_string());
                let Rule { line, text, .. } = rule;
                looked_up += 1;
                let is_looked_up = looked_up <= LOOKED_UP;
                if let Some(path) = is_looked_up.then(|| meant(text, &packed)).flatten() {
                    let message = format!("line {line}, `{text}`, leaves nothing out");
                    let right = path.1;
                    findings.push(
                        Finding::new(Code::IgnoreRuleIneffective, subject, message)
                            .note(format!("`{}` is packed", path.0))
                            .note(why(text, is_client))
                            .help(format!("if that is to stay out, write `{right}`")),
                    );
                } else if !(is_client && DEFAULTS.contains(&text.as_str())
                    || text.starts_with('.')
                    || text.starts_with('!') && !is_client)
                {
                    let message = format!("line {line}, `{text}`, matches no file of the project");
                    findings.push(Finding::new(Code::IgnoreRuleUnused, subject, message));
                }
            }
        }
        let ignored = self
            .files
            .into_iter()
            .filter(|file| !file.assets.is_empty());
        let ignored = ignored.map(|file| IgnoredAssets {
            by: file.path.to_string(),
            assets: file.assets.len(),
        });
        (ignored.collect(), findings)
    }
}

/// Lines as Python reads a text: they end with LF, CR or both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn git_rules<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Gitignore, ignore::Error> {
    // Paths are matched from the file's folder, so the rules have no root of their own.
    let mut rules = GitignoreBuilder::new("");
    for text in texts {
        rules.add_line(None, text)?;
    }
    rules.build()
}

fn git_use(rules: &mut [Rule], each: &[Gitignore], prefix: &str, path: &str, is_folder: bool) {
    for (rule, alone) in rules.iter_mut().zip(each) {
        rule.used = rule.used
            || !alone
                .matched(format!("{prefix}{path}"), is_folder)
                .is_none();
    }
}

/// The folders above a project in which its ignore files may lie, the nearest first; and the settings
/// of the client, from the project, that do not tell whether an ignore file beside them holds.
fn above(
    root: &Path,
    workspace: Option<&Path>,
) -> (Vec<std::path::PathBuf>, Option<(String, io::Error)>) {
    let Ok(root) = root.canonicalize() else {
        return (Vec::new(), None);
    };
    let given = workspace.and_then(|workspace| workspace.canonicalize().ok());
    let mut folders = Vec::new();
    let mut known = 0;
    let mut unclear = None;
    if root.join(".git").exists() {
        return (folders, unclear);
    }
    for folder in root.ancestors().skip(1) {
        folders.push(folder.to_owned());
        let env = workatoenv(folder).unwrap_or_else(|error| {
            if folder.join(WORKATO_IGNORE).exists() {
                let path = format!("{}{WORKATOENV}", "../".repeat(folders.len()));
                unclear.get_or_insert((path, error));
            }
            None
        });
        let is_workspace = env
            .and_then(|env| env.project_path)
            .is_some_and(|path| !path.is_empty());
        if given.as_deref() == Some(folder) {
            known = folders.len();
        }
        if is_workspace || folder.join(WK).is_dir() || folder.join(".git").exists() {
            known = folders.len();
            break;
        }
    }
    // What lies above all of these is somebody else's.
    folders.truncate(known);
    (folders, unclear)
}

/// The project's path from the folder that many levels above it, with a slash at its end.
fn prefix(root: &Path, levels: usize) -> String {
    let resolved = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut parts: Vec<String> = resolved
        .components()
        .rev()
        .take(levels)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.reverse();
    let mut path = parts.join("/");
    path.push('/');
    path
}

/// The JSON of the asset of a known type that a file belongs to.
fn asset_of(path: &str) -> Option<String> {
    match FileRole::of(path) {
        FileRole::Main(kind) => kind.is_known().then(|| path.to_owned()),
        FileRole::Companion { kind, main } => kind.is_known().then_some(main),
        FileRole::NoAsset => None,
    }
}

fn hashed(path: String) -> u64 {
    let mut hash = DefaultHasher::new();
    path.hash(&mut hash);
    hash.finish()
}

fn folded_name(name: &str) -> String {
    // Whoever reads names of all files wants this to be cheap.
    if name.len() > 24 || !name.to_ascii_lowercase().contains("ignore") {
        return String::new();
    }
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A packed file, and how it is spelled without regard to case and composition.
struct Packed<'p> {
    path: &'p str,
    folded: String,
}

impl<'p> Packed<'p> {
    fn new(path: &'p str) -> Self {
        Self {
            path,
            folded: fold(path),
        }
    }
}

fn fold(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// A packed file that a rule seems to mean, and how the rule would reach it.
fn meant<'p>(text: &str, packed: &[Packed<'p>]) -> Option<(&'p str, String)> {
    let spelled = text.strip_prefix('!').unwrap_or(text).replace('\\', "/");
    let spelled = spelled.trim_start_matches("./").trim_matches('/');
    let spelled = spelled.strip_suffix("/**").unwrap_or(spelled);
    if spelled.is_empty() {
        return None;
    }
    let exact = Patterns::new([spelled]).ok()?;
    let pattern = Patterns::new([fold(spelled).as_str()]).ok()?;
    packed.iter().find_map(|Packed { path, folded }| {
        if !exact.matches(path).is_empty() {
            return Some((*path, spelled.to_owned()));
        }
        // A folder of that name, wherever it lies.
        let mut at = 0;
        while let Some(length) = folded[at..].find('/') {
            let (around, part) = (&folded[..at + length], &folded[at..at + length]);
            if !pattern.matches(around).is_empty() || !pattern.matches(part).is_empty() {
                let depth = around.split('/').count();
                let folder: Vec<&str> = path.split('/').take(depth).collect();
                return Some((*path, format!("{}/*", folder.join("/"))));
            }
            at += length + 1;
        }
        let is_met = !pattern.matches(folded).is_empty();
        is_met.then(|| (*path, (*path).to_owned()))
    })
}

/// Why a rule does not do what it seems to mean.
fn why(text: &str, is_client: bool) -> &'static str {
    if !is_client {
        return "a pattern is as in `.gitignore`, from the folder of the ignore file; case counts";
    }
    if text.starts_with('!') {
        "this file knows no exceptions: `!` is a character like others"
    } else if text.ends_with('/') {
        "in this file a pattern with a slash at its end matches nothing"
    } else if text.contains('\\') {
        "paths have `/`, on every system"
    } else if text.starts_with('/') || text.starts_with("./") {
        "patterns start at the project's folder, without `/` or `./`"
    } else {
        "a pattern has to match the whole path from the project's folder, or the name; case counts"
    }
}
