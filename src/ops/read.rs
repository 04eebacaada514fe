//! Reading a project: every file once, and scanned where it is JSON.

mod before;
mod declared;
mod projects;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::{Interrupted, Observer, Running, Stage};
use crate::archive::{LimitName, Limits};
use crate::json::{self, JsonError};
use crate::model::defect::Defect;
use crate::model::facts::Facts;
use crate::model::file_stat::FileStat;
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::git::{BlobId, ObjectHash};
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::{
    Asset, Content, File, IgnoredAssets, Layout, LeftOut, LeftOutReason, Origin, Project,
};
use crate::model::roots::{self, Found};
use crate::model::scan::Scanner;
use crate::model::secret::Sighting;
use crate::model::shape;
use crate::ops::diagnostics::{Diagnostic, ManifestText, locate};
use crate::parallel;
use crate::plan::decision::shell_word;
use crate::plan::import::nesting::extra_folder;
use crate::plan::secrets::{Detector, Writing};
use crate::source::ignored::{Lookup, WK, WORKATOENV};
use crate::source::{ReadError, Source, SourceError};

use before::ReadBefore;
use declared::declared;
pub use projects::projects_in;

/// A project that was read, and where its bytes can be read again.
#[derive(Debug)]
pub struct Opened {
    /// Where its bytes are.
    pub source: Source,
    /// What it holds.
    pub project: Project,
    /// Files that are no part of it.
    pub left_out: Vec<LeftOut>,
    /// Which of the project's files are known to be unchanged and were not read.
    pub unchanged: Vec<bool>,
    /// The names that git gives to the bytes of the project's files, where they were asked for.
    pub blobs: Vec<Option<BlobId>>,
}

impl Opened {
    /// Findings about this project with their places.
    pub fn located(
        &self,
        findings: &[Finding],
        manifest: Option<ManifestText<'_>>,
    ) -> Vec<Diagnostic> {
        let mut reader = self.source.reader();
        let files: BTreeMap<&PackagePath, &File> = self
            .project
            .files
            .iter()
            .map(|file| (&file.path, file))
            .collect();
        let mut located = locate(findings, manifest, |path| {
            let mut bytes = Vec::new();
            let file = files.get(path)?;
            reader.read(file.source, &mut bytes).ok()?;
            hide(&mut bytes, &file.secrets);
            Some(bytes)
        });
        for (finding, told) in findings.iter().zip(&mut located) {
            told.opens = match &finding.subject {
                Subject::File { path, .. } => self.opens(path.as_str()),
                Subject::Path(path) => self.opens(path),
                Subject::Project
                | Subject::CommandLine
                | Subject::Connector(_)
                | Subject::Manifest(_) => None,
            };
        }
        located
    }

    /// The path by which a file of the project can be opened from the working directory.
    fn opens(&self, file: &str) -> Option<String> {
        let folder = &self.source.path;
        if self.source.origin() == Origin::Package || folder == Path::new(".") {
            return None;
        }
        let path = folder.join(file);
        // What is told by a path of its own lies beside the project.
        let is_there = path.symlink_metadata().is_ok();
        is_there.then(|| path.display().to_string())
    }
}

/// Puts stars in the place of credentials, so that nothing that is shown of the file shows them.
fn hide(bytes: &mut [u8], secrets: &[Sighting]) {
    for sighting in secrets {
        let hidden = bytes.get_mut(sighting.hidden()).unwrap_or_default();
        // Lines stay lines, so that places stay places.
        for byte in hidden.iter_mut().filter(|byte| !b"\r\n".contains(byte)) {
            *byte = b'*';
        }
    }
}

/// A project could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are no assets in it.
    #[error("{path} is not a project: no asset's file lies in it")]
    NoProject {
        /// The path.
        path: String,
        /// The assets that are there, and ignored.
        ignored: Vec<IgnoredAssets>,
    },
    /// Its `.workatoenv` names a project that is none.
    #[error("{path} says that its project is `{}`, {reason}", said.escape_debug())]
    ProjectPath {
        /// The path of the `.workatoenv`.
        path: String,
        /// What it says.
        said: String,
        /// What is wrong with that.
        reason: &'static str,
    },
    /// There are no connectors in it.
    #[error("{path} holds no connector")]
    NoConnectors {
        /// The path.
        path: String,
    },
    /// There are several projects below it.
    #[error("{path} holds {} projects, not one", roots.len())]
    SeveralProjects {
        /// The path.
        path: String,
        /// The paths of the projects, to be given instead.
        roots: Vec<String>,
    },
    /// There may be several projects below it, and nothing tells where they begin.
    #[error("nothing tells where each project in {path} begins")]
    ProjectsUnclear {
        /// The path.
        path: String,
    },
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Which folder is the root of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// The one that is given or, where that tells, the only one below it that a project begins in; a
    /// folder with several projects is refused, with their names.
    #[default]
    One,
    /// The one that is given, as the caller says, even if a package holds no asset at all.
    Asserted,
}

/// What an earlier run found out about files.
pub trait KnownFiles: std::fmt::Debug + Sync {
    /// What is known of a file that has not changed since.
    fn file(&self, path: &PackagePath, stamp: Option<FileStat>) -> Option<Unchanged<'_>>;
}

/// What is known of a file that has not changed.
#[derive(Debug)]
pub struct Unchanged<'a> {
    /// Its size and checksum.
    pub content: Content,
    /// The name that git gives to its bytes, where it was worked out.
    pub blob: Option<BlobId>,
    /// What its JSON told, if it is an asset's.
    pub facts: Option<&'a Arc<Facts>>,
    /// The credentials that stand in it.
    pub secrets: &'a [Sighting],
    /// Why it is not what its name says.
    pub defect: Option<Defect>,
}

/// How a project is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What to do if it looks like several projects.
    pub roots: Roots,
    /// Whether the contents of files are to be told apart by more than a checksum.
    pub digests: Digests,
    /// Limits on packages that are read.
    pub limits: &'a Limits,
    /// What is remembered of the last time.
    pub memory: Option<&'a dyn KnownFiles>,
}

/// Whether the SHA-256 of every file is worked out on reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// It is not: a package's digests are those of what is in it.
    #[default]
    Left,
    /// It is.
    Taken,
}

struct Worker<'a> {
    reader: crate::source::SourceReader<'a>,
    scanner: Scanner,
    detector: Option<Detector>,
    bytes: Vec<u8>,
}

struct Outcome {
    blob: Option<BlobId>,
    found: FoundFile,
}

enum FoundFile {
    Known(Content, Option<Arc<Facts>>, Seen),
    Read(Content, Option<Arc<Facts>>, Seen),
    Broken(Content, JsonError, Option<Defect>),
    Failed(ReadError),
}

impl FoundFile {
    /// How much of it is held.
    fn weight(&self) -> u64 {
        match self {
            Self::Known(_, facts, seen) | Self::Read(_, facts, seen) => {
                let secrets: u64 = seen.secrets.iter().map(Sighting::weight).sum();
                facts.as_ref().map_or(0, |facts| facts.weight()) + secrets
            }
            Self::Broken(..) | Self::Failed(_) => 0,
        }
    }
}

/// What was seen in a file beside its facts.
#[derive(Clone, Default)]
struct Seen {
    secrets: ThinVec<Sighting>,
    defect: Option<Defect>,
}

/// Opens and reads a project.
///
/// # Errors
/// If there is no project, or several, or the work is interrupted. What is wrong with single files
/// is among the project's findings, all of it at once.
pub fn open(
    path: &Path,
    reading: Reading<'_>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let search = Search::of_assets(Credentials::Left, None);
    open_and(path, reading, search, running, observer)
}

/// The same, and searches the files for credentials ([`File::secrets`]). With a hash, the files also
/// get the names that git gives to their bytes ([`Opened::blobs`]).
///
/// # Errors
/// As [`open`].
pub fn open_to_pack(
    path: &Path,
    reading: Reading<'_>,
    blobs: Option<ObjectHash>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let search = Search::of_assets(Credentials::Sought, blobs);
    open_and(path, reading, search, running, observer)
}

/// Lists a folder as [`open_to_pack`] would, to be read by [`open_listed`]; nothing if it is none, or if
/// its project begins elsewhere, as its `.workatoenv` says.
///
/// # Errors
/// If it can't be listed.
pub fn list(path: &Path, roots: Roots, limits: &Limits) -> Result<Option<Source>, OpenError> {
    let begins = match (roots, path.is_dir()) {
        (_, false) => return Ok(None),
        (Roots::One, true) => declared(path)?,
        (Roots::Asserted, true) => None,
    };
    match begins {
        Some(_) => Ok(None),
        None => Ok(Some(Source::open_with(path, Lookup::Around(None), limits)?)),
    }
}

/// The same as [`open_to_pack`] of a folder that was [listed](list) a moment ago.
///
/// # Errors
/// As [`open`].
pub fn open_listed(
    source: Source,
    reading: Reading<'_>,
    blobs: Option<ObjectHash>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let search = Search::of_assets(Credentials::Sought, blobs);
    let path = source.path.clone();
    let listing = Listing::of(source);
    read_listing(&path, None, listing, reading, search, running, observer)
}

/// What has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Assets,
    Connectors,
}

/// The same for a folder with connectors that a project lacks, in the layout of an export or of the
/// connector SDK: ignore files above it are the
/// project's, and whoever names this folder wants what is in it.
///
/// # Errors
/// As [`open`], and if there is no connector.
pub fn open_supplied(
    path: &Path,
    reading: Reading<'_>,
    blobs: Option<ObjectHash>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let search = Search {
        wanted: Wanted::Connectors,
        ignores: Lookup::Inside,
        credentials: Credentials::Sought,
        blobs,
    };
    open_and(path, reading, search, running, observer)
}

/// Which files count, and what else is worked out of their bytes.
#[derive(Clone, Copy)]
struct Search {
    wanted: Wanted,
    ignores: Lookup<'static>,
    credentials: Credentials,
    /// The names that git gives them, by this hash.
    blobs: Option<ObjectHash>,
}

impl Search {
    const fn of_assets(credentials: Credentials, blobs: Option<ObjectHash>) -> Self {
        Self {
            wanted: Wanted::Assets,
            ignores: Lookup::Around(None),
            credentials,
            blobs,
        }
    }
}

/// Whether files are searched for credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Credentials {
    Left,
    Sought,
}

fn open_and(
    path: &Path,
    reading: Reading<'_>,
    search: Search,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let begins = match (reading.roots, path.is_dir()) {
        (Roots::One, true) => declared(path)?,
        (Roots::One | Roots::Asserted, _) => None,
    };
    let listing = Listing::open(path, begins.as_deref(), search, reading.limits)?;
    read_listing(path, begins, listing, reading, search, running, observer)
}

/// Reads a listing: of `path`, or of the folder in it that the project begins in, as is said there.
fn read_listing(
    path: &Path,
    begins: Option<String>,
    mut listing: Listing,
    reading: Reading<'_>,
    search: Search,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, OpenError> {
    let is_declared = begins.is_some();
    let is_searched = reading.roots == Roots::One
        && !is_declared
        && listing.source.origin() == Origin::Folder
        && !path.join(WORKATOENV).exists();
    let mut begins = begins.map(|root| (root, "its `.workatoenv` says so"));
    if is_searched && let Some((root, evidence)) = listing.told() {
        listing = Listing::open(path, Some(&root), search, reading.limits)?;
        begins = Some((root, evidence));
    }
    let of_kind = |kind: &AssetKind| {
        listing
            .project
            .assets
            .iter()
            .any(|asset| asset.kind == *kind)
    };
    if search.wanted == Wanted::Connectors && !of_kind(&AssetKind::CustomAdapter) {
        return Err(OpenError::NoConnectors {
            path: path.display().to_string(),
        });
    }
    if listing.project.assets.is_empty()
        && (listing.source.origin() == Origin::Folder || reading.roots == Roots::One)
        && listing
            .project
            .findings
            .iter()
            .all(|f| !matches!(f.code, Code::UnreadableFile | Code::IgnoreFileUnreadable))
    {
        if let (true, Some((root, _))) = (is_declared, &begins) {
            return Err(OpenError::ProjectPath {
                path: path.join(WORKATOENV).display().to_string(),
                said: root.clone(),
                reason: "which holds no asset",
            });
        }
        return Err(OpenError::NoProject {
            path: path.display().to_string(),
            ignored: listing.source.ignored,
        });
    }
    let before = ReadBefore::default();
    let mut files = listing.read(&before, reading, search, running, observer)?;
    if listing.project.assets.is_empty() && listing.has_unclear() {
        return Err(OpenError::NoProject {
            path: path.display().to_string(),
            ignored: listing.source.ignored,
        });
    }
    if reading.roots == Roots::One && begins.is_none() {
        match roots::find(&listing.project) {
            Found::Here => {}
            Found::Several(found) => {
                let roots = found
                    .iter()
                    .map(|root| path.join(root).display().to_string())
                    .collect();
                return Err(OpenError::SeveralProjects {
                    path: path.display().to_string(),
                    roots,
                });
            }
            // Of a package the paths are what they are.
            Found::Below(folder) if listing.source.origin() == Origin::Package => {
                listing.project.findings.push(extra_folder(&folder));
            }
            Found::Below(_) | Found::Unclear(_) if !is_searched => {}
            Found::Below(root) => {
                let before = ReadBefore::of(&listing.project, &files.blobs, &root);
                listing = Listing::open(path, Some(&root), search, reading.limits)?;
                files = listing.read(&before, reading, search, running, observer)?;
                begins = Some((root, "references in it start there"));
            }
            Found::Unclear(root) => {
                let message = format!(
                    "all assets lie in the folder `{root}`, and nothing tells whether the project begins there or around it"
                );
                let finding = Finding::new(Code::ProjectRootUnclear, Subject::Project, message);
                listing.project.findings.push(
                    finding
                        .note(format!("the paths in the package begin with `{root}/`"))
                        .help(format!(
                            "if it begins there, give {} as the project; if it is right so, add --one-project",
                            shell_word(&path.join(&root).display().to_string())
                        )),
                );
            }
        }
    }
    if let Some((root, evidence)) = begins {
        let message = format!("the project begins in the folder `{root}`: {evidence}");
        let finding = Finding::new(Code::ProjectBelow, Subject::Project, message);
        listing.project.findings.push(
            finding.help("if it begins in the folder that was given, say so with --one-project"),
        );
    }
    let Listing {
        source,
        mut project,
        left_out,
    } = listing;
    let mut shapes = shape::check(&project);
    project.findings.append(&mut shapes);
    let Files { unchanged, blobs } = files;
    Ok(Opened {
        source,
        project,
        left_out,
        unchanged,
        blobs,
    })
}

/// A project whose files are known by their names.
struct Listing {
    source: Source,
    project: Project,
    left_out: Vec<LeftOut>,
}

impl Listing {
    /// Lists a package, or a folder from the folder in it that a project begins in.
    fn open(
        path: &Path,
        begins: Option<&str>,
        search: Search,
        limits: &Limits,
    ) -> Result<Self, OpenError> {
        Ok(Self::of(match (begins, search.wanted) {
            (Some(root), _) => {
                Source::open_with(&path.join(root), Lookup::Around(Some(path)), limits)?
            }
            (None, Wanted::Assets) => Source::open_with(path, search.ignores, limits)?,
            (None, Wanted::Connectors) => Source::open_connectors(path, search.ignores, limits)?,
        }))
    }

    /// Sorts the files that were listed to their assets.
    fn of(mut source: Source) -> Self {
        let Layout {
            mut project,
            mut left_out,
        } = Layout::of(source.origin(), &source.listed);
        project.findings.append(&mut source.findings);
        left_out.append(&mut source.left_out);
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            source,
            project,
            left_out,
        }
    }

    /// The folder that the project begins in, if that shows without reading it, and by what.
    fn told(&self) -> Option<(String, &'static str)> {
        // What the clients keep beside a project, in the only folder that has it.
        let mut marked = self.left_out.iter().filter_map(|left| {
            let (folder, name) = left.path.rsplit_once('/')?;
            [WORKATOENV, WK].contains(&name).then_some(folder)
        });
        let by_client = match (marked.next(), marked.next()) {
            (Some(folder), None) => Some(folder),
            (Some(_) | None, _) => None,
        };
        let is_in = |asset: &Asset, folder: &str| {
            let rest = asset.path.as_str().strip_prefix(folder);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        if let Some(folder) = by_client
            && self.project.assets.iter().all(|asset| is_in(asset, folder))
        {
            return Some((folder.to_owned(), "a client's settings lie there"));
        }
        let root = roots::told_by_types(&self.project)?;
        Some((root, "what the platform keeps at the root lies there"))
    }

    fn read(
        &mut self,
        before: &ReadBefore,
        reading: Reading<'_>,
        search: Search,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Files, OpenError> {
        let mut files = read_files(
            &self.source,
            &mut self.project,
            before,
            reading,
            search,
            running,
            observer,
        )?;
        // What a package holds is the package's.
        if self.source.origin() == Origin::Folder {
            let (mut unclear, stays) = self.project.settle_unknown_types();
            let mut kept = stays.iter();
            files
                .unchanged
                .retain(|_| kept.next().copied().unwrap_or(true));
            let mut kept = stays.iter();
            files.blobs.retain(|_| kept.next().copied().unwrap_or(true));
            self.left_out.append(&mut unclear);
            self.left_out.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(files)
    }

    /// Whether files were left out that may be assets of an unknown type.
    fn has_unclear(&self) -> bool {
        self.left_out
            .iter()
            .any(|left| left.reason == LeftOutReason::Unclear)
    }
}

/// Fewer files are read by one thread.
const FEW: usize = 8;

/// What is known of a project's files beside what they hold.
struct Files {
    unchanged: Vec<bool>,
    blobs: Vec<Option<BlobId>>,
}

fn holds_properties(kind: &AssetKind) -> bool {
    matches!(
        kind,
        AssetKind::AccountProperties | AssetKind::ProjectProperties
    )
}

fn read_files(
    source: &Source,
    project: &mut Project,
    before: &ReadBefore,
    reading: Reading<'_>,
    search: Search,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Files, OpenError> {
    let Project {
        files,
        assets,
        findings,
        ..
    } = project;
    let mut mains = vec![None; files.len()];
    for (index, asset) in assets.iter().enumerate() {
        for &file in &asset.files {
            if files[file].path == asset.path {
                mains[file] = Some(index);
            }
        }
    }
    // A name that is asked for and not remembered takes reading.
    let is_named = |blob: Option<BlobId>| match search.blobs {
        Some(hash) => blob.is_some_and(|blob| blob.hash() == hash),
        None => true,
    };
    let remembered: Vec<Option<Unchanged<'_>>> = match reading.memory {
        Some(memory) => files
            .iter()
            .map(|file| memory.file(&file.path, source.stamp(file.source)))
            .map(|known| known.filter(|known| is_named(known.blob)))
            .collect(),
        None => Vec::new(),
    };
    // For a few files no thread is worth its start.
    let unknown = files.len() - remembered.iter().flatten().count();
    let threads = match unknown {
        0..FEW => NonZeroUsize::MIN,
        _ => running.threads,
    };
    let work = |worker: &mut Worker<'_>, index: usize| {
        if running.interrupt.is_set() {
            return Err(Interrupted);
        }
        let number = files[index].source;
        if let Some(Some(known)) = remembered.get(index) {
            let facts = known.facts.cloned();
            let seen = Seen {
                secrets: known.secrets.into(),
                defect: known.defect,
            };
            return Ok(Outcome {
                blob: known.blob,
                found: FoundFile::Known(known.content, facts, seen),
            });
        }
        if let Some(known) = before.file(&files[index].path) {
            return Ok(Outcome {
                blob: known.blob,
                found: FoundFile::Read(known.content, known.facts, known.seen),
            });
        }
        if let Err(error) = worker.reader.read(number, &mut worker.bytes) {
            return Ok(Outcome {
                blob: None,
                found: FoundFile::Failed(error),
            });
        }
        // A large file takes a while to be read, and longer to be looked through.
        let stops = || match running.interrupt.is_set() {
            true => Err(Interrupted),
            false => Ok(()),
        };
        stops()?;
        let blob = search
            .blobs
            .and_then(|hash| BlobId::of(hash, &worker.bytes));
        let content = Content {
            size: worker.bytes.len() as u64,
            crc32: crc32fast::hash(&worker.bytes),
            digest: (reading.digests == Digests::Taken).then(|| Digest::of(&worker.bytes)),
        };
        let writing = match mains[index] {
            Some(asset) if holds_properties(&assets[asset].kind) => Some(Writing::Properties),
            Some(_) => Some(Writing::Json),
            None if files[index].path.as_str().ends_with(".rb") => Some(Writing::Ruby),
            None => None,
        };
        let secrets = match (&worker.detector, writing) {
            (Some(detector), Some(writing)) => detector.find(&worker.bytes, writing).into(),
            (None, _) | (_, None) => ThinVec::new(),
        };
        stops()?;
        let broken = |content, error, bytes: &[u8]| {
            FoundFile::Broken(content, error, Defect::in_broken(bytes))
        };
        let seen = Seen {
            secrets,
            defect: match mains[index] {
                Some(_) => None,
                None => Defect::of(&files[index].path, &worker.bytes),
            },
        };
        let found = match mains[index] {
            Some(asset) => match worker.scanner.scan(&assets[asset].kind, &worker.bytes) {
                Ok(facts) => FoundFile::Read(content, Some(Arc::new(facts)), seen),
                Err(error) => broken(content, error, &worker.bytes),
            },
            // At the root of a package stands what describes it, and others read that.
            None if source.origin() == Origin::Package
                && files[index].path.folder().is_empty()
                && files[index].path.as_str().ends_with(".json") =>
            {
                match worker.scanner.check(&worker.bytes) {
                    Ok(()) => FoundFile::Read(content, None, seen),
                    Err(error) => broken(content, error, &worker.bytes),
                }
            }
            None => FoundFile::Read(content, None, seen),
        };
        // What was broken off says nothing of the file.
        stops()?;
        Ok(Outcome { blob, found })
    };
    let worker = || Worker {
        reader: source.reader(),
        scanner: Scanner::until(running.interrupt.flag()),
        detector: (search.credentials == Credentials::Sought).then(Detector::default),
        bytes: Vec::new(),
    };
    let total = files.len();
    let mut contents = Vec::with_capacity(total);
    let mut seen = Vec::new();
    let mut read_facts = Vec::new();
    let mut unchanged = vec![false; total];
    let (mut blobs, mut held) = (Vec::with_capacity(total), 0);
    parallel::in_order(
        total,
        threads,
        |index| {
            let size = source.listed[files[index].source].size;
            size + mains[index].map_or(0, |_| json::memory_to_read(size))
        },
        worker,
        work,
        |index, outcome: Result<Outcome, Interrupted>| {
            observer.progress(Stage::Reading, index + 1, total);
            let subject = |offset| Subject::File {
                path: files[index].path.clone(),
                offset,
            };
            let Outcome { blob, found } = outcome?;
            held += found.weight();
            let most = reading.limits.fact_bytes;
            if held > most {
                return Err(source.over(LimitName::FactBytes, held, most).into());
            }
            blobs.push(blob);
            contents.push(match found {
                FoundFile::Known(content, facts, found) => {
                    unchanged[index] = true;
                    seen.push((index, found));
                    read_facts.extend(mains[index].zip(facts));
                    Some(content)
                }
                FoundFile::Read(content, facts, found) => {
                    seen.push((index, found));
                    if let (Some(asset), Some(facts)) = (mains[index], facts) {
                        read_facts.push((asset, facts));
                    }
                    Some(content)
                }
                FoundFile::Broken(content, error, defect) => {
                    finding::add(findings, broken_json(&files[index].path, error, defect));
                    Some(content)
                }
                FoundFile::Failed(error) => {
                    let mut message = error.to_string();
                    if let Some(cause) = std::error::Error::source(&error) {
                        message = format!("{message}: {cause}");
                    }
                    let mut finding = Finding::new(Code::UnreadableFile, subject(None), message);
                    if let ReadError::Io(_) = error {
                        finding = finding.help("allow reading it, or name it in .workato-ignore");
                    }
                    findings.push(finding);
                    None
                }
            });
            Ok::<_, OpenError>(())
        },
    )?;
    // The last file may have been the one that took long.
    if running.interrupt.is_set() {
        return Err(Interrupted.into());
    }
    for (file, content) in files.iter_mut().zip(contents) {
        file.content = content;
    }
    for (index, Seen { secrets, defect }) in seen {
        files[index].secrets = secrets;
        files[index].defect = defect;
    }
    for (asset, facts) in read_facts {
        assets[asset].facts = facts;
    }
    Ok(Files { unchanged, blobs })
}

/// What is wrong with JSON, with the cause where version control is it.
fn broken_json(path: &PackagePath, error: JsonError, defect: Option<Defect>) -> Finding {
    let at = match defect {
        Some(Defect::MergeConflict { offset }) => Some(offset),
        Some(Defect::Empty | Defect::LfsPointer) | None => u32::try_from(error.offset).ok(),
    };
    let subject = Subject::File {
        path: path.clone(),
        offset: at,
    };
    match defect {
        Some(defect) => Finding::new(
            Code::BrokenJson,
            subject,
            format!("the file {}", defect.told()),
        )
        .note(error.reason)
        .help(defect.way_out()),
        None => Finding::new(Code::BrokenJson, subject, error.reason)
            .help("pull the asset again, or mend the file by hand"),
    }
}
