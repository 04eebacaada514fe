//! Carrying out exports and imports, one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::Sandbox;
use super::reply::Reply;
use super::route::Asked;
use super::store::{Job, JobFault, State, Work};
use crate::archive::{Archive, Kind, Limits, PackageWriter, Previous};
use crate::model::error::chain;
use crate::model::finding::Severity;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, AssetId, FolderPath, RecipeState};
use crate::ops::Silent;
use crate::ops::approval::ImportRefusal;
use crate::ops::import::{ImportRequest, Incoming, PlanDocument};
use crate::ops::workspace::export::{Output, export};
use crate::ops::workspace::operate::{Which, set_recipes};
use crate::plan::import::Landing;
use crate::plan::import::document::{AssetAction, Permission};
use crate::plan::import::target::OtherTarget;
use crate::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};

/// The largest package (platform.md §1.6), in bytes.
pub(super) const MOST_PACKAGE: u64 = 100_000_000;

/// Carries out jobs as they come, until nobody can send any more.
pub(super) fn work(sandbox: &Arc<Sandbox>, queue: &Receiver<u64>) {
    while let Ok(id) = queue.recv() {
        let Ok(Some(mut job)) = sandbox.store.job(id) else {
            continue;
        };
        if job.fault == Some(JobFault::NeverEnds) {
            continue;
        }
        if sandbox.stopping.load(Ordering::SeqCst) {
            // The next start does it.
            continue;
        }
        job.state = State::Running;
        if sandbox.store.keep_job(&job).is_err() {
            continue;
        }
        // The next job is done whatever became of this one.
        let done = catch_unwind(AssertUnwindSafe(|| carry_out(sandbox, &job)));
        match done.unwrap_or_else(|_| Err(Failed("the sandbox failed over it".to_owned()))) {
            Ok(recipes) => {
                job.state = State::Completed;
                job.recipes = recipes;
            }
            Err(Failed(why)) => {
                job.state = State::Failed;
                job.error = Some(why);
            }
        }
        // If it can't be written down, the next start does it again: that changes nothing more.
        let _ = sandbox.store.keep_job(&job);
        let _ = sandbox.store.forget_packages();
    }
}

type Recipes = Vec<(u64, String)>;

/// Why a job failed, in the words that are answered to whoever asks for it.
struct Failed(String);

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(chain(&error))
    }
}

fn carry_out(sandbox: &Arc<Sandbox>, job: &Job) -> Result<Recipes, Failed> {
    if let Some(JobFault::Fails(told)) = &job.fault {
        return Err(Failed(told.clone()));
    }
    match &job.work {
        Work::Export { manifest } => make(sandbox, job, *manifest).map(|()| Vec::new()),
        Work::Import {
            folder,
            restart,
            home,
            tags,
        } => {
            let landing = Landing {
                home: match home {
                    Some(number) => folder_path(sandbox, job, *number)?,
                    None => FolderPath::home(),
                },
                tags: *tags,
            };
            take(sandbox, job, *folder, *restart, &landing)
        }
    }
}

fn folder_path(sandbox: &Sandbox, job: &Job, number: u64) -> Result<FolderPath, Failed> {
    let platform = sandbox.platform()?;
    let workspace = platform.workspace(&job.workspace)?;
    let numbers = workspace.folder_numbers()?;
    let found = numbers.into_iter().find(|(_, id)| *id == number);
    // What is no folder's number is Home's.
    Ok(found.map_or_else(FolderPath::home, |(path, _)| path))
}

fn make(sandbox: &Arc<Sandbox>, job: &Job, manifest: u64) -> Result<(), Failed> {
    let found = sandbox.store.manifest(manifest);
    let Some(mut manifest) = found? else {
        return Err(Failed("the manifest is gone".to_owned()));
    };
    let request = DepartureRequest {
        folder: folder_path(sandbox, job, manifest.folder)?,
        rows: match manifest.rows {
            true => Rows::Included,
            false => Rows::LeftOut,
        },
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    };
    let platform = sandbox.platform()?;
    let workspace = platform.workspace(&job.workspace)?;
    let output = Output {
        folder: &sandbox.store.incoming(),
        limit: MOST_PACKAGE,
    };
    let mut exported = export(&workspace, &request, output, &sandbox.running, &mut Silent)?;
    let Some(package) = exported.package.take() else {
        let errors = exported.findings.iter();
        let errors = errors.filter(|finding| finding.severity() == Severity::Error);
        let messages: Vec<_> = errors.map(|finding| finding.message.clone()).collect();
        return Err(Failed(messages.join("; ")));
    };
    let path = sandbox.store.package(job.id);
    match &manifest.assets {
        None => package.file.persist(&path)?,
        Some(chosen) => subset(package.file.path(), chosen, &path)?,
    }
    manifest.last_exported_at = Some(sandbox.now().0);
    Ok(sandbox.store.keep_manifest(&manifest)?)
}

/// Takes the chosen assets, with all files of each, out of a package.
fn subset(package: &Path, chosen: &[String], into: &Path) -> Result<(), Failed> {
    let stem = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut parts = name.rsplitn(2, '.');
        let _ = parts.next();
        format!("{folder}/{}", parts.next().unwrap_or(name))
    };
    let wanted: std::collections::BTreeSet<String> = chosen.iter().map(|path| stem(path)).collect();
    let archive = Archive::open(package, &Limits::default())?;
    let mut whole = Previous::open(package)?;
    let folder = into.parent().unwrap_or(Path::new("."));
    let mut writer = PackageWriter::create(folder, MOST_PACKAGE)?;
    for (number, entry) in archive.entries().iter().enumerate() {
        let path = entry.path();
        if entry.kind() == Kind::File && wanted.contains(&stem(path.as_str())) {
            writer.copy(path, &mut whole, number)?;
        }
    }
    writer.finish()?.persist(into)?;
    Ok(())
}

fn request(
    sandbox: &Sandbox,
    package: &Path,
    workspace: &crate::model::ident::WorkspaceName,
    folder: &FolderPath,
    landing: &Landing,
) -> ImportRequest {
    ImportRequest {
        package: package.to_owned(),
        address: Address::Local(workspace.clone()),
        folder: folder.clone(),
        rows: RowsPolicy::Overwrite,
        landing: landing.clone(),
        settings: None,
        limits: Limits::default(),
        scratch: sandbox.store.incoming(),
        at: sandbox.now(),
        who: "API".to_owned(),
        other_target: OtherTarget::Refused,
        edits: None,
    }
}

/// What the platform permits of itself.
fn permitted(restart: bool) -> Vec<Permission> {
    let mut permitted = vec![
        Permission::Downgrade,
        Permission::MoveRecipes,
        Permission::MissingConnectors,
        Permission::OverwriteRows,
    ];
    if restart {
        permitted.push(Permission::RestartRecipes);
    }
    permitted
}

/// Where a package is kept here is nothing to whoever sent it.
fn without_path(error: &dyn std::error::Error, package: &Path) -> String {
    chain(error).replace(&package.display().to_string(), "the upload")
}

/// Whether an import can be begun.
pub(super) fn acceptable(
    asked: &Asked<'_>,
    package: &Path,
    folder: &FolderPath,
    restart: bool,
    landing: &Landing,
) -> Result<(), Reply> {
    let sandbox = asked.sandbox;
    let request = request(sandbox, package, asked.workspace, folder, landing);
    let incoming = Incoming::read(&request, &sandbox.running, &mut Silent)
        .map_err(|error| Reply::no_import(without_path(&error, package)))?;
    let workspace = asked.opened()?;
    let planned = incoming
        .plan(&request, &workspace, &sandbox.running)
        .map_err(|error| Reply::no_import(without_path(&error, package)))?;
    match planned.approve(&permitted(restart)) {
        // What is wrong with the package itself, the job tells.
        Ok(_) | Err(ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_)) => Ok(()),
        Err(ImportRefusal::NotPermitted(needed)) => {
            let because = needed.into_iter().next().map(|needed| needed.because);
            Err(Reply::no_import(because.unwrap_or_default()))
        }
    }
}

fn take(
    sandbox: &Arc<Sandbox>,
    job: &Job,
    folder: u64,
    restart: bool,
    landing: &Landing,
) -> Result<Recipes, Failed> {
    let folder = folder_path(sandbox, job, folder)?;
    let package = sandbox.store.package(job.id);
    let request = request(sandbox, &package, &job.workspace, &folder, landing);
    let running = &sandbox.running;
    let platform = sandbox.platform()?;
    let mut workspace = platform.workspace(&job.workspace)?;
    let incoming = Incoming::read(&request, running, &mut Silent)?;
    let planned = incoming.plan(&request, &workspace, running)?;
    let document = planned.document(&incoming);
    let approved = planned
        .approve(&permitted(restart))
        .map_err(|refusal| Failed(hindrance(&refusal, &document)))?;
    let restarted: Vec<AssetId> = planned
        .plan()
        .assets
        .iter()
        .filter(|asset| asset.action == AssetAction::OverwritesRunning)
        .filter_map(|asset| asset.id)
        .collect();
    let mut receipt = incoming.apply(
        &request,
        &approved,
        &document,
        &mut workspace,
        running,
        &mut Silent,
    )?;
    if job.fault == Some(JobFault::RestartFails) && !restarted.is_empty() {
        let which = Which::Named(restarted.iter().map(ToString::to_string).collect());
        set_recipes(
            &mut workspace,
            &request.address,
            &which,
            RecipeState::Stopped,
        )?;
    }
    incoming.read_back(&request, &mut receipt, &workspace, running)?;
    let again = incoming.plan(&request, &workspace, running)?;
    let failed = match job.fault {
        Some(JobFault::RestartFails) => "restart_failed",
        _ => "stopped",
    };
    let recipes = again.plan().assets.iter().filter_map(|asset| {
        let id = asset.id?;
        let state = asset.state?;
        let result = match (restarted.contains(&id), state) {
            (true, RecipeState::Running) => "restarted",
            (true, RecipeState::Stopped) => failed,
            (false, _) => "no_update_or_updated_without_restart",
        };
        Some((id.0, result.to_owned()))
    });
    Ok(recipes.collect())
}

/// Why an import can't be, in the platform's manner: each with the file that it is about
/// (platform.md §1.5).
fn hindrance(refusal: &ImportRefusal, document: &PlanDocument) -> String {
    let mut told: Vec<String> = document
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| match &finding.file {
            Some(file) => format!("{file}: {}", finding.message),
            None => finding.message.clone(),
        })
        .collect();
    if let ImportRefusal::NotPermitted(needed) = refusal {
        told.extend(needed.iter().map(|needed| needed.because.clone()));
    }
    told.join("; ")
}
