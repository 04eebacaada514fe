//! From arguments and `recipack.toml` to what is asked of the library.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Context;
use super::args::{PackArgs, PlatformArgs};
use super::brought::{self, Brought};
use super::exit::Exit;
use super::failure::Failure;
use super::ui::visible;
use crate::archive::Limits;
use crate::cli::connect;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::manifest::{DEFAULT_LIMIT_MB, GlobError, Manifest};
use crate::model::catalogue::{Catalogue, NoCatalogue, SharedConnectors};
use crate::model::ident::{ConnectorTitle, Digest, PackageName, TargetName};
use crate::model::span::{Located, Origin};
use crate::model::table::PackedRows;
use crate::model::target::{ConnectorPolicy, Target, TargetKind};
use crate::model::workspace::{Address, AddressError};
use crate::ops::diagnostics::ManifestText;
use crate::ops::export::{ExportRequest, Prepared, prepare};
use crate::ops::read::{Digests, Opened, Reading, Roots, open};
use crate::ops::workspace::catalog::catalogue;
use crate::plan::export::Destination;
use crate::registry::Reference;
use crate::source::git::Repository;
use crate::workspace::WorkspaceError;

/// The manifest's usual name.
pub(crate) const MANIFEST: &str = "recipack.toml";
const BYTES_PER_MB: u64 = 1_000_000;

/// A manifest that was read.
#[derive(Debug)]
pub(crate) struct ManifestFile {
    path: PathBuf,
    text: String,
    manifest: Manifest,
}

impl ManifestFile {
    /// Reads and parses a manifest.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = read_text(path)?;
        let shown = path.display().to_string();
        let manifest =
            Manifest::parse(&text).map_err(|errors| Failure::manifest(&shown, &text, &errors))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            manifest,
        })
    }

    /// Its path and text, for findings.
    pub(crate) fn text(&self) -> (String, &str) {
        (self.path.display().to_string(), &self.text)
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The catalogue that it names for a target, if that can be a file.
    pub(crate) fn catalogue_file(&self, target: Option<&TargetName>) -> Option<PathBuf> {
        let target = target.and_then(|name| self.manifest.targets.get(name));
        let said = self.manifest.catalog(target.map(|target| &target.value))?;
        match CatalogueSource::of(Path::new(&said.value)) {
            Ok(CatalogueSource::File(path)) => Some(self.beside(path)),
            Ok(CatalogueSource::Nothing | CatalogueSource::Workspace(_)) | Err(_) => None,
        }
    }

    /// What it says.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What to make of the project that it names, as for an external account; nothing if the project
    /// lies in a workspace or a registry.
    pub(crate) fn request(&self) -> Option<ExportRequest> {
        let said = self.manifest.package.project.as_ref();
        let project = said.map_or(".", |said| &said.value);
        if Address::is_meant(project) || Reference::is_meant(project) {
            return None;
        }
        Some(ExportRequest {
            project: self.beside(project),
            roots: Roots::One,
            connectors: None,
            destination: Destination {
                name: None,
                kind: TargetKind::External,
                data_center: None,
                origin: Origin::CommandLine,
            },
            selection: self.manifest.select.clone(),
            words: self.manifest.connectors.clone(),
            shared: SharedConnectors::Unknown,
            rows: PackedRows::Keep,
            checks: self.manifest.checks.clone(),
            limits: Limits::default(),
        })
    }

    /// A file or folder that the manifest names and that is there.
    fn named(&self, said: &Located<String>) -> Result<PathBuf, Failure> {
        let path = self.beside(&said.value);
        if path.exists() {
            return Ok(path);
        }
        let message = format!("{} is not there", path.display());
        let failure = Failure::new(super::exit::Exit::Failed, "names-nothing", message)
            .help("paths in a manifest are relative to it");
        Err(match said.place() {
            Some(place) => failure.at(&self.text().0, &self.text, place),
            None => failure,
        })
    }

    /// A path that the manifest gives, which is relative to it.
    fn beside(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    limited::read_text(path, DOCUMENT).with_context(|| format!("can't read {}", path.display()))
}

/// What is asked for, resolved.
pub(crate) struct Resolved {
    /// What to ask of the library.
    pub(crate) request: ExportRequest,
    /// The admin workspace that the catalogue is of, where it is at hand.
    pub(crate) admin: Option<connect::Opened>,
    /// The manifest, where there is one.
    pub(crate) manifest: Option<ManifestFile>,
    /// The package's name, where the manifest gives one.
    pub(crate) name: Option<PackageName>,
    /// The largest package that is made, in bytes.
    pub(crate) limit: u64,
    /// The digest by which a registry has the project, if it lies in one.
    pub(crate) project_digest: Option<Digest>,
    /// The project and the connectors beside it; what was brought from a workspace goes with this
    /// value.
    _brought: [Option<Brought>; 2],
}

impl Resolved {
    /// What the package would be, held against the admin workspace where that is at hand.
    pub(crate) fn prepare(&self, context: &Context) -> Result<Prepared, Failure> {
        let (running, mut observer) = (&context.running, context.ui.observer());
        let mut prepared = prepare(&self.request, None, running, &mut observer)?;
        if let Some(admin) = &self.admin {
            prepared.check_shared(admin.as_ref())?;
        }
        Ok(prepared)
    }

    /// The manifest for findings.
    pub(crate) fn with_manifest<T>(&self, use_it: impl FnOnce(Option<ManifestText<'_>>) -> T) -> T {
        match &self.manifest {
            Some(file) => {
                let (path, text) = file.text();
                use_it(Some(ManifestText { path: &path, text }))
            }
            None => use_it(None),
        }
    }
}

/// Finds the manifest: the one that is given; the one here, if the project is not given or a target
/// is named; the one in the project's folder; the nearest one above, as for the one here.
pub(crate) fn find_manifest(args: &PackArgs) -> Result<Option<ManifestFile>, Failure> {
    if let Some(path) = &args.manifest {
        return ManifestFile::read(path).map(Some);
    }
    let is_any = args.project.is_none() || args.to.is_some();
    let nearest = nearest().filter(|_| is_any);
    let inside = args.project.as_ref().map(|project| project.join(MANIFEST));
    let inside = inside.filter(|inside| inside.is_file());
    let found = match (nearest, inside) {
        (Some(here), _) if here == Path::new(MANIFEST) => Some(here),
        (nearest, inside) => inside.or(nearest),
    };
    found.map(|path| ManifestFile::read(&path)).transpose()
}

/// The manifest here, or the nearest one in the folders around, up to the root of the repository or of
/// all files.
pub(crate) fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let root = Repository::root_around(&here);
    let mut path = PathBuf::from(MANIFEST);
    for folder in here.ancestors() {
        if path.is_file() {
            return Some(path);
        }
        if root.as_deref() == Some(folder) {
            return None;
        }
        path = Path::new("..").join(path);
    }
    None
}

/// The manifest that is given, or the nearest one, for a command that can't do without.
pub(crate) fn manifest_path(context: &Context, said: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = said {
        return Ok(path.to_owned());
    }
    let path = nearest().ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "manifest-missing",
            format!("there is no {MANIFEST} here, nor in a folder above"),
        )
        .help("write one with `recipack init PROJECT`; a manifest of another name goes with -m")
    })?;
    tell_where(context, &path);
    Ok(path)
}

/// Says which manifest was found, if it is not the one here.
fn tell_where(context: &Context, manifest: &Path) {
    if manifest.starts_with("..") {
        let shown = visible(&manifest.display().to_string());
        context.ui.talk(&format!("the manifest is {shown}\n"));
    }
}

/// A limit in megabytes, in bytes.
pub(crate) const fn bytes_of(megabytes: NonZeroU64) -> u64 {
    megabytes.get().saturating_mul(BYTES_PER_MB)
}

/// Whether a command can do without a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetNeed {
    /// It can't.
    Required,
    /// Without one it looks at the project as for an external account.
    Optional,
}

fn destination(
    args: &PackArgs,
    manifest: Option<&Manifest>,
    need: TargetNeed,
) -> Result<(Destination, Option<Target>), Failure> {
    let known: Vec<&TargetName> = manifest
        .map(|manifest| manifest.targets.keys().collect())
        .unwrap_or_default();
    let list = || {
        known
            .iter()
            .map(|name| format!("--to {name}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(name) = &args.to {
        let Some(manifest) = manifest else {
            return Err(Failure::usage(format!(
                "--to {name} needs a manifest that says what `{name}` is"
            ))
            .help(
                "give it with -m recipack.toml, or say --for customer or --for external instead",
            ));
        };
        let Some(target) = manifest.targets.get(name) else {
            let failure = Failure::usage(format!("the manifest has no target `{name}`"));
            return Err(if known.is_empty() {
                failure.help("add one: recipack manifest add target NAME=customer")
            } else {
                failure.help(format!("it has: {}", list()))
            });
        };
        let origin = target.origin.clone();
        let target = target.value.clone();
        let destination = Destination {
            name: Some(name.clone()),
            kind: target.kind,
            data_center: target.data_center.clone(),
            origin,
        };
        return Ok((destination, Some(target)));
    }
    let kind = match (args.kind, need) {
        (Some(kind), _) => kind,
        (None, TargetNeed::Optional) => TargetKind::External,
        (None, TargetNeed::Required) => {
            let failure = Failure::usage("where does the package go?");
            return Err(if known.is_empty() {
                failure.help("say --for customer for a workspace under this partner, --for external for any other account")
            } else {
                failure.help(format!("say {}, or --for customer, --for external", list()))
            });
        }
    };
    Ok((
        Destination {
            name: None,
            kind,
            data_center: args.data_center.clone(),
            origin: Origin::CommandLine,
        },
        None,
    ))
}

/// Reads a catalogue file.
pub(crate) fn catalogue_file(path: &Path) -> Result<Catalogue, Failure> {
    let bytes =
        limited::read(path, DOCUMENT).with_context(|| format!("can't read {}", path.display()))?;
    Catalogue::parse(&bytes)
        .map_err(|error| Failure::catalogue(&path.display().to_string(), &bytes, &error))
}

/// Reads a catalogue file for a command that needs the internal names and versions of all entries.
pub(crate) fn full_catalogue_file(path: &Path) -> Result<Catalogue, Failure> {
    let catalogue = catalogue_file(path)?;
    match catalogue.titles().first() {
        None => Ok(catalogue),
        Some(title) => Err(Failure::new(
            Exit::Failed,
            "invalid-catalog",
            format!(
                "{} has \"{title}\" by its title only, and its internal name and version are needed here",
                path.display()
            ),
        )
        .help("ask the admin workspace: recipack catalog pull -o FILE --in https://www.workato.com")),
    }
}

/// What is said where a catalogue is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CatalogueSource<'s> {
    /// The partner shares nothing.
    Nothing,
    /// What this admin workspace shares.
    Workspace(Address),
    /// What this file says.
    File(&'s Path),
}

impl<'s> CatalogueSource<'s> {
    /// What is meant by a word, an address or a path.
    pub(crate) fn of(said: &'s Path) -> Result<Self, AddressError> {
        match said.to_str() {
            Some(word) if word == NoCatalogue::None.as_str() => Ok(Self::Nothing),
            Some(text) if Address::is_meant(text) => text.parse().map(Self::Workspace),
            Some(_) | None => Ok(Self::File(said)),
        }
    }
}

/// What is known of the shared connectors, and the admin workspace that it is of, where that is at
/// hand.
pub(crate) type Found = (SharedConnectors, Option<connect::Opened>);

/// The catalogue of an admin workspace.
fn catalogue_of(
    context: &Context,
    address: &Address,
    args: &PlatformArgs,
) -> Result<Found, Failure> {
    let admin = connect::open(context, args, address, "export")?;
    let catalogue = catalogue(admin.as_ref()).map_err(|error| {
        let is_kind = matches!(error, WorkspaceError::NotOfKind { .. });
        let failure = Failure::from(error);
        match is_kind {
            true => failure.help(
                "give an admin workspace, or a catalogue file; for a partner who shares nothing, `none`",
            ),
            false => failure,
        }
    })?;
    Ok((SharedConnectors::Listed(catalogue), Some(admin)))
}

/// The catalogue that the command line says.
pub(crate) fn said_catalogue(
    context: &Context,
    said: &Path,
    args: &PlatformArgs,
) -> Result<Found, Failure> {
    match CatalogueSource::of(said) {
        Ok(CatalogueSource::Nothing) => Ok((SharedConnectors::None, None)),
        Ok(CatalogueSource::Workspace(address)) => catalogue_of(context, &address, args),
        Ok(CatalogueSource::File(path)) if path.as_os_str().is_empty() => Err(Failure::usage(
            "`--catalog` names nothing",
        )
        .help(
            "give a file, an admin workspace's address, or `none` for a partner who shares nothing",
        )),
        Ok(CatalogueSource::File(path)) => {
            Ok((SharedConnectors::Listed(catalogue_file(path)?), None))
        }
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}

/// The catalogue that a manifest says.
fn manifest_catalogue(
    context: &Context,
    file: &ManifestFile,
    said: &Located<String>,
    args: &PlatformArgs,
) -> Result<Found, Failure> {
    match CatalogueSource::of(Path::new(&said.value)) {
        Ok(CatalogueSource::Nothing) => Ok((SharedConnectors::None, None)),
        Ok(CatalogueSource::Workspace(address)) => catalogue_of(context, &address, args),
        Err(error) => {
            let failure = Failure::of(super::exit::Exit::Failed, "names-nothing", &error);
            Err(match said.place() {
                Some(place) => failure.at(&file.text().0, &file.text, place),
                None => failure,
            })
        }
        Ok(CatalogueSource::File(_)) => Ok((
            SharedConnectors::Listed(catalogue_file(&file.named(said)?)?),
            None,
        )),
    }
}

/// The project: the one that is given, the manifest's, or this folder.
fn project_of(args: &PackArgs, file: Option<&ManifestFile>) -> Result<PathBuf, Failure> {
    if let Some(project) = &args.project {
        return Ok(project.clone());
    }
    let Some(file) = file else {
        return Ok(PathBuf::from("."));
    };
    match &file.manifest().package.project {
        Some(said) if Address::is_meant(&said.value) || Reference::is_meant(&said.value) => {
            Ok(PathBuf::from(&said.value))
        }
        Some(said) => file.named(said),
        None => Ok(file.beside(".")),
    }
}

/// Resolves what is asked for.
pub(crate) fn resolve(
    context: &Context,
    args: &PackArgs,
    need: TargetNeed,
) -> Result<Resolved, Failure> {
    let file = find_manifest(args)?;
    if let (None, Some(file)) = (&args.manifest, &file) {
        tell_where(context, file.path());
    }
    let manifest = file.as_ref().map(ManifestFile::manifest);
    let (destination, target) = destination(args, manifest, need)?;
    let project = project_of(args, file.as_ref())?;
    let project = brought::project(context, &args.platform, &project, "export")?;
    let connectors = args
        .connectors
        .as_deref()
        .map(|said| brought::connectors(context, &args.platform, said))
        .transpose()?;
    let said = manifest.and_then(|manifest| manifest.catalog(target.as_ref()));
    let found = match (&args.catalog, &file, said) {
        (Some(said), _, _) => Some(said_catalogue(context, said, &args.platform)?),
        (None, Some(file), Some(said)) => {
            Some(manifest_catalogue(context, file, said, &args.platform)?)
        }
        (None, _, _) => None,
    };
    let (shared, admin) = found.unwrap_or_default();
    let mut selection = manifest
        .map(|manifest| manifest.select.clone())
        .unwrap_or_default();
    let glob = |option: &str, pattern: &str, error: GlobError| {
        Failure::usage(format!("{option} {pattern}: {error}")).help(error.help())
    };
    for pattern in &args.include {
        selection = selection
            .with_include(pattern)
            .map_err(|error| glob("--include", pattern, error))?;
    }
    for pattern in &args.exclude {
        selection = selection
            .with_exclude(pattern)
            .map_err(|error| glob("--exclude", pattern, error))?;
    }
    let mut words = BTreeMap::new();
    if let Some(manifest) = manifest {
        words.extend(manifest.connectors.clone());
    }
    if let Some(target) = target {
        words.extend(target.connectors);
    }
    let mut said: BTreeMap<&ConnectorTitle, ConnectorPolicy> = BTreeMap::new();
    for (title, word) in &args.connectors_said {
        if let Some(before) = said.insert(title, *word).filter(|before| before != word) {
            return Err(Failure::usage(format!(
                "--connector says two things about \"{}\": {before} and {word}",
                visible(title.as_str())
            ))
            .help("say one of them"));
        }
        words.insert(title.clone(), Located::on_command_line(*word));
    }
    let package = manifest.map(|manifest| &manifest.package);
    let limit_mb = package.map_or(DEFAULT_LIMIT_MB, |package| package.limit_mb);
    Ok(Resolved {
        name: package.and_then(|package| package.name.clone()),
        limit: bytes_of(limit_mb),
        request: ExportRequest {
            project: project.path().to_owned(),
            roots: roots(args),
            connectors: connectors
                .as_ref()
                .map(|connectors| connectors.path().to_owned()),
            destination,
            selection,
            words,
            shared,
            rows: args.rows,
            checks: manifest
                .map(|manifest| manifest.checks.clone())
                .unwrap_or_default(),
            limits: Limits::default(),
        },
        manifest: file,
        admin,
        project_digest: project.digest(),
        _brought: [Some(project), connectors],
    })
}

/// Reads the project for a command that needs all of it, and no target.
pub(crate) fn read_project(context: &Context, args: &PackArgs) -> Result<Opened, Failure> {
    let file = match args.project {
        Some(_) => None,
        None => find_manifest(args)?,
    };
    let project = project_of(args, file.as_ref())?;
    let project = brought::project(context, &args.platform, &project, "graph")?;
    read_whole(context, project.path(), roots(args))
}

/// Whether the project may be several.
fn roots(args: &PackArgs) -> Roots {
    match args.one_project {
        true => Roots::Asserted,
        false => Roots::One,
    }
}

/// The folder that a file lies in, or will lie in.
pub(crate) fn folder_of(output: &Path) -> &Path {
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Reads a project for a command that needs all of it and no more.
pub(crate) fn read_whole(context: &Context, path: &Path, roots: Roots) -> Result<Opened, Failure> {
    let limits = Limits::default();
    let reading = Reading {
        roots,
        digests: Digests::Left,
        limits: &limits,
        memory: None,
    };
    let opened = open(path, reading, &context.running, &mut context.ui.observer())?;
    Failure::incomplete(&opened)?;
    Ok(opened)
}
