//! What a command reads, wherever it is: what lies in a workspace is brought here first, as a package
//! or as the files of connectors, and goes again with the value.

use std::any::Any;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Context;
use super::args::PlatformArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::registry;
use crate::archive::TemporaryFile;
use crate::archive::signature::LONGEST;
use crate::cli::connect::{open, open_remote};
use crate::cli::workspace_command::platform_option;
use crate::io::scratch::ScratchFolder;
use crate::model::finding::Severity;
use crate::model::ident::Digest;
use crate::model::keyword::nearest;
use crate::model::workspace::{Address, AddressError, FolderPath};
use crate::ops::export::record::record_path;
use crate::ops::workspace::export::{Output, WorkspaceExportError, export};
use crate::ops::workspace::pull::{PullError, pull_all};
use crate::plan::decision::shell_word;
use crate::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};
use crate::registry::{MINISIGN, Opening, Reference, Selector};
use crate::remote::fetch;
use crate::workspace::Workspace;

/// How many signatures of a package are looked at.
const SIGNATURES: usize = 32;

/// A project, a package or a folder of connectors.
pub(crate) struct Brought {
    path: PathBuf,
    /// What it is called, if not by its path: an address.
    named: Option<String>,
    /// Where it is in a registry, by its digest.
    pinned: Option<Reference>,
    /// Signatures that are attached to it there.
    signatures: Vec<PathBuf>,
    /// What goes with the value: a download, or a folder of files that were made here.
    _kept: Option<Box<dyn Any>>,
}

impl Brought {
    /// What lies here already.
    fn here(path: PathBuf) -> Self {
        Self {
            path,
            named: None,
            pinned: None,
            signatures: Vec::new(),
            _kept: None,
        }
    }

    /// Where it lies now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What to call it: its address, or its path.
    pub(crate) fn name(&self) -> String {
        match &self.named {
            Some(name) => name.clone(),
            None => self.path.display().to_string(),
        }
    }

    /// Where what is made of it lies if nobody says otherwise: beside it, or here under its name, if it
    /// lies elsewhere.
    pub(crate) fn base(&self) -> &Path {
        match (&self.named, self.path.file_name()) {
            (Some(_), Some(name)) => Path::new(name),
            (Some(_) | None, _) => &self.path,
        }
    }

    /// Where it is in a registry, by the digest of its manifest.
    pub(crate) const fn pinned(&self) -> Option<&Reference> {
        self.pinned.as_ref()
    }

    /// The digest of its manifest in a registry.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self.pinned.as_ref()?.selector.as_ref()? {
            Selector::Digest(digest) => Some(*digest),
            Selector::Tag(_) => None,
        }
    }

    /// Signatures that are attached to it in a registry.
    pub(crate) fn signatures(&self) -> &[PathBuf] {
        &self.signatures
    }
}

/// The address that a text for a path or an address means, if it means one. A file whose name starts
/// like an address can still be named as `./local:NAME`.
pub(crate) fn address(said: &Path) -> Result<Option<Address>, Failure> {
    said.to_str()
        .filter(|text| Address::is_meant(text))
        .map(|text| {
            text.parse()
                .map_err(|error: AddressError| Failure::usage(error.to_string()))
        })
        .transpose()
}

/// A project or a package: a path, what is in a registry, or what the workspace at an address exports,
/// without the rows of its tables. `work` says what for, to whoever has to wait.
pub(crate) fn project(
    context: &Context,
    platform: &PlatformArgs,
    said: &Path,
    work: &str,
) -> Result<Brought, Failure> {
    let Some(address) = address(said)? else {
        return fetched(context, platform.api.ca_file.as_ref(), said, Along::Record);
    };
    let (path, kept) = match &address {
        Address::Remote(remote) => {
            let workspace = open_remote(context, platform, remote)?;
            let Some(fetched) = fetch(&workspace, &std::env::temp_dir())? else {
                return Err(holds_nothing(&address)
                    .help("name another folder: add #folder=ID to the address"));
            };
            (fetched.path(), Box::new(fetched) as Box<dyn Any>)
        }
        Address::Local(name) => {
            let workspace = open(context, platform, &address, work)?;
            let request = DepartureRequest {
                folder: FolderPath::home(),
                rows: Rows::LeftOut,
                unfiled: Unfiled::All,
                raw_ids: RawIds::Kept,
            };
            let folder = scratch()?;
            let package = package(
                context,
                platform,
                &address,
                workspace.as_ref(),
                &request,
                &std::env::temp_dir(),
            )?;
            let path = folder.file(&format!("{name}.zip"));
            package.persist(&path)?;
            (path, Box::new(folder) as Box<dyn Any>)
        }
    };
    Ok(Brought {
        path,
        named: Some(address.to_string()),
        pinned: None,
        signatures: Vec::new(),
        _kept: Some(kept),
    })
}

/// What comes along with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// Its decision record.
    Record,
    /// That, and the signatures that are attached to it.
    Signatures,
}

/// A package: a path, or what is fetched from a registry. That is asked for once which package is
/// meant; from there on it is known by its digest. `ca` is what the command line says about
/// certificates.
pub(crate) fn fetched(
    context: &Context,
    ca: Option<&PathBuf>,
    said: &Path,
    along: Along,
) -> Result<Brought, Failure> {
    let Some(reference) = registry::reference(said)? else {
        return Ok(Brought::here(said.to_owned()));
    };
    let which = registry::selector(&reference)?;
    let opened = registry::open(context, ca, &reference.home, Opening::Read)?;
    let found = opened.find(which)?;
    let folder = scratch()?;
    let path = folder.file(&found.name);
    let keep = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes)
            .with_context(|| format!("can't keep {} for a while", path.display()))
    };
    let (zip, _) = registry::fetched(&opened, &found, &folder.file(""))?;
    zip.persist(&path)?;
    if let Some(record) = opened.fetch_record(&found, &registry::bounds())? {
        keep(&record_path(&path), &record)?;
    }
    let mut signatures = Vec::new();
    if along == Along::Signatures {
        let attached = opened.discover(&found)?.into_iter();
        let attached = attached.filter(|attachment| attachment.kind == MINISIGN);
        for (number, attachment) in attached.take(SIGNATURES).enumerate() {
            let signature = opened.fetch_attachment(&found, &attachment, LONGEST)?;
            let path = folder.file(&format!("{number}.minisig"));
            keep(&path, &signature)?;
            signatures.push(path);
        }
    }
    Ok(Brought {
        path,
        named: Some(found.reference.to_string()),
        pinned: Some(found.reference),
        signatures,
        _kept: Some(Box::new(folder)),
    })
}

/// A folder with files of connectors: a path, or those of the workspace at an address.
pub(crate) fn connectors(
    context: &Context,
    platform: &PlatformArgs,
    said: &Path,
) -> Result<Brought, Failure> {
    let Some(address) = address(said)? else {
        return Ok(Brought::here(said.to_owned()));
    };
    let workspace = open(context, platform, &address, "export")?;
    let pulled = pull_all(workspace.as_ref()).map_err(|error| match error {
        PullError::Workspace(error) => Failure::from(error),
        PullError::Pick(_) | PullError::NoVersion { .. } | PullError::NoCode { .. } => {
            Failure::of(Exit::Failed, "no-code", &error)
        }
    })?;
    if pulled.is_empty() {
        let message = format!("{address} has no connector of its own whose source is known");
        return Err(Failure::new(Exit::Failed, "nothing-selected", message)
            .help("name the admin workspace in which they are built"));
    }
    let folder = scratch()?;
    for file in pulled.iter().flat_map(|connector| &connector.files) {
        std::fs::write(folder.file(&file.name), &file.bytes)
            .with_context(|| format!("can't keep {} for a while", file.name))?;
    }
    Ok(Brought {
        path: folder.file(""),
        named: Some(address.to_string()),
        pinned: None,
        signatures: Vec::new(),
        _kept: Some(Box::new(folder)),
    })
}

fn scratch() -> Result<ScratchFolder, Failure> {
    let folder = std::env::temp_dir();
    let scratch = ScratchFolder::new(&folder)
        .with_context(|| format!("can't make a folder in {}", folder.display()))?;
    Ok(scratch)
}

fn holds_nothing(address: &Address) -> Failure {
    Failure::new(
        Exit::Failed,
        "nothing-selected",
        format!("{address} holds nothing"),
    )
}

/// What a workspace holds, as a package in `folder` that goes if it is not kept.
pub(crate) fn package(
    context: &Context,
    platform: &PlatformArgs,
    address: &Address,
    workspace: &dyn Workspace,
    request: &DepartureRequest,
    folder: &Path,
) -> Result<TemporaryFile, Failure> {
    let output = Output {
        folder,
        limit: u64::MAX,
    };
    let exported = export(
        workspace,
        request,
        output,
        &context.running,
        &mut context.ui.observer(),
    )
    .map_err(|error| not_exported(address, platform, error))?;
    let mut told = exported.located();
    match exported.package {
        Some(package) => Ok(package.file),
        None => {
            told.retain(|finding| finding.severity == Severity::Error);
            Err(Failure {
                exit: Exit::Failed,
                told,
                wait: None,
            })
        }
    }
}

/// Why no package could be made of a workspace.
pub(crate) fn not_exported(
    workspace: &Address,
    platform: &PlatformArgs,
    error: WorkspaceExportError,
) -> Failure {
    match error {
        WorkspaceExportError::Workspace(error) => error.into(),
        WorkspaceExportError::Write(error) => error.into(),
        WorkspaceExportError::Interrupted(error) => error.into(),
        WorkspaceExportError::NoFolder {
            ref folder,
            ref there,
            ..
        } => {
            let names = there.iter().map(FolderPath::as_str);
            let meant = nearest(folder.as_str(), names)
                .map(|meant| format!("did you mean `{meant}`? "))
                .unwrap_or_default();
            let name = shell_word(&workspace.to_string());
            let option = platform_option(platform);
            Failure::of(Exit::Failed, "names-nothing", &error).help(format!(
                "{meant}those that are there: recipack workspace show {name}{option}"
            ))
        }
        WorkspaceExportError::Damaged { .. } => Failure::of(Exit::Failed, "damaged", &error).help(
            "nothing was written; import the asset again, and report this if it happens again",
        ),
        WorkspaceExportError::ReadBack(_) | WorkspaceExportError::Differs { .. } => {
            Failure::of(Exit::VerificationFailed, "not-as-planned", &error).help(
                "nothing was handed over; check the disk, and report this if it happens again",
            )
        }
    }
}
