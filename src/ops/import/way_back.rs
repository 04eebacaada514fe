//! Rolling back where only this machine keeps what was there: the earlier contents are imported as
//! a package, and what an import does not bring back is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::io::scratch::ScratchFolder;
use crate::model::workspace::{AssetId, Before, HeldState, Inventory, WorkspaceFacts};
use crate::ops::Silent;
use crate::ops::approval::Approved;
use crate::ops::excerpt::excerpt;
use crate::ops::import::rollback::{NotKept, RollbackError, RollbackRequest};
use crate::plan::commit::{Change, Commit};
use crate::plan::import::ReceiptRecipe;
use crate::plan::import::settings::SettingWrite;
use crate::plan::order::callees_first;
use crate::plan::rollback::by_import::{Edit, Edits, KeptSituation, Restoring};
use crate::plan::rollback::document::{CreatedSince, RolledAction};
use crate::plan::rollback::kept::{
    KeptHistory, KeptRevision, first_changes, first_releases, left_by,
};
use crate::plan::rollback::{RollbackPlan, RollbackReceipt};
use crate::settings::{Origin, RecipeWish, Said, Scope as SettingsScope};
use crate::workspace::{KeptPackage, Merges};

/// What the package of the earlier contents is called.
const EARLIER: &str = "earlier.zip";

/// The files of what a package holds, by what they become in a workspace.
#[cfg(feature = "remote")]
#[derive(Clone, Debug, Default)]
pub(crate) struct PackedFiles {
    /// Of assets.
    pub(crate) assets: BTreeMap<AssetKey, Vec<PackagePath>>,
    /// Of custom connectors, by their titles.
    pub(crate) connectors: BTreeMap<String, Vec<PackagePath>>,
}

#[cfg(feature = "remote")]
impl Incoming {
    /// The files of what it holds, by where their paths say that it lies.
    pub(crate) fn packed(&self) -> PackedFiles {
        let project = &self.opened.project;
        let mut packed = PackedFiles::default();
        for (asset, key) in project.assets.iter().zip(&self.placing.keys) {
            let files = asset
                .files
                .iter()
                .map(|&file| project.files[file].path.clone());
            let files = files.collect();
            match key {
                Some(key) => packed.assets.insert(key.clone(), files),
                None if asset.kind == AssetKind::CustomAdapter => {
                    packed.connectors.insert(asset.name().to_owned(), files)
                }
                None => None,
            };
        }
        packed
    }
}

/// A rollback by an import, as it was planned.
#[derive(Debug)]
pub(super) struct ByImport {
    pub(super) plan: RollbackPlan,
    /// The import of the earlier contents, if there are any.
    upload: Option<Box<Upload>>,
    /// Recipes that were created since and stop, in order.
    stops: Vec<Stop>,
    facts: WorkspaceFacts,
    folder: FolderPath,
}

/// The import of earlier contents.
#[derive(Debug)]
struct Upload {
    incoming: Incoming,
    request: ImportRequest,
    planned: Planned,
    // The package lies in it.
    _scratch: ScratchFolder,
}

/// A recipe that stops.
#[derive(Clone, Debug)]
struct Stop {
    id: AssetId,
    key: AssetKey,
    before: Before,
}

/// Plans the way back to a revision.
pub(super) fn plan(
    request: &RollbackRequest,
    history: &KeptHistory,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<ByImport, RollbackError> {
    workspace.read_as(ReadDepth::Full);
    let failed = |source| ImportError::Scratch {
        folder: request.scratch.display().to_string(),
        source,
    };
    let scratch = ScratchFolder::new(&request.scratch).map_err(failed)?;
    let earlier = gathered(request, history, workspace, &scratch)?;
    let mut upload = match earlier {
        None => None,
        Some((package, folder)) => {
            let mut import = import_of(&request.into(), &package, folder);
            import.settings = Some(wishes(history));
            Some((Incoming::read(&import, running, &mut Silent)?, import))
        }
    };
    let sent = sent(request, history, workspace, &scratch, running)?;
    // Whatever they are about is asked for before the first is planned, so that all of them rest on
    // one reading.
    for (incoming, _) in sent
        .iter()
        .filter_map(|sent| sent.read.as_ref())
        .chain(&upload)
    {
        incoming.snapshot(workspace, &Uses::of(None))?;
    }
    let inventory = workspace.inventory()?;
    let mut edits = Edits::default();
    for sent in &sent {
        sent.compare(workspace, running, &mut edits)?;
    }
    let planned = match &mut upload {
        None => None,
        Some((incoming, import)) => Some(incoming.plan(import, workspace, running)?),
    };
    let errors = planned.as_ref().map(Planned::errors).unwrap_or_default();
    let situation = KeptSituation {
        address: &request.address,
        inventory: &inventory,
        history,
        created: request.created,
        restoring: planned.as_ref().map(|planned| Restoring {
            plan: planned.plan(),
            errors: &errors,
        }),
        edits: &edits,
    };
    let plan = situation.plan();
    let folder = upload.as_ref().map(|(_, import)| import.folder.clone());
    let upload = upload.zip(planned).map(|((incoming, request), planned)| {
        Box::new(Upload {
            incoming,
            request,
            planned,
            _scratch: scratch,
        })
    });
    Ok(ByImport {
        stops: stops(&plan, &inventory),
        plan,
        upload,
        folder: folder.unwrap_or_else(|| workspace.base()),
        facts: inventory.workspace,
    })
}

/// Who asks for an import of what was kept.
#[derive(Clone, Copy)]
pub(super) struct Asking<'r> {
    pub(super) address: &'r Address,
    /// A folder for what is kept on disk meanwhile.
    pub(super) scratch: &'r Path,
    pub(super) at: Timestamp,
    pub(super) who: &'r str,
}

impl<'r> From<&'r RollbackRequest> for Asking<'r> {
    fn from(request: &'r RollbackRequest) -> Self {
        Self {
            address: &request.address,
            scratch: &request.scratch,
            at: request.at,
            who: &request.who,
        }
    }
}

/// An import of what was kept.
pub(super) fn import_of(asking: &Asking<'_>, package: &Path, folder: FolderPath) -> ImportRequest {
    ImportRequest {
        package: package.to_owned(),
        address: asking.address.clone(),
        folder,
        // They are the customer's own by now.
        rows: RowsPolicy::Keep,
        landing: Landing::default(),
        settings: None,
        limits: Limits::default(),
        scratch: asking.scratch.to_owned(),
        at: asking.at,
        who: asking.who.to_owned(),
        other_target: OtherTarget::Permitted,
        edits: None,
    }
}

/// Makes a package of all that was there before; nothing if nothing was.
fn gathered(
    request: &RollbackRequest,
    history: &KeptHistory,
    workspace: &dyn Workspace,
    scratch: &ScratchFolder,
) -> Result<Option<(PathBuf, FolderPath)>, RollbackError> {
    let mut wanted: BTreeMap<RevisionNumber, (&KeptRevision, BTreeSet<PackagePath>)> =
        BTreeMap::new();
    let assets = first_changes(&history.undone).into_values();
    let assets = assets.filter_map(|(revision, before)| Some((revision, &before?.files)));
    let connectors = first_releases(&history.undone).into_values();
    let connectors = connectors.filter_map(|(revision, before)| Some((revision, &before?.files)));
    for (revision, files) in assets.chain(connectors) {
        if !files.is_empty() {
            let (_, all) = wanted
                .entry(revision.number())
                .or_insert((revision, BTreeSet::new()));
            all.extend(files.iter().cloned());
        }
    }
    let mut folders = wanted.values().map(|(revision, _)| &revision.kept.folder);
    let Some(folder) = folders.next().cloned() else {
        return Ok(None);
    };
    // Paths of one folder mean nothing in another.
    if folders.any(|other| *other != folder) {
        return Err(RollbackError::SeveralFolders {
            address: request.address.clone(),
            before: RevisionNumber(history.newest.0.saturating_sub(1)),
        });
    }
    let mut sources = Vec::new();
    for (number, (revision, files)) in wanted {
        let not_kept = |why| RollbackError::NotKept {
            address: request.address.clone(),
            revision: number,
            why,
        };
        let Some(digest) = revision.kept.before else {
            return Err(not_kept(NotKept::Never));
        };
        let copy = scratch.file(&format!("before-{number}.zip"));
        match workspace.kept_package(&digest, &copy)? {
            KeptPackage::There => sources.push((copy, files)),
            KeptPackage::Missing => return Err(not_kept(NotKept::Missing)),
            KeptPackage::Damaged => return Err(not_kept(NotKept::Damaged(digest))),
        }
    }
    let package = scratch.file(EARLIER);
    let failed = |error| RollbackError::Gather {
        address: request.address.clone(),
        source: Box::new(error),
    };
    excerpt(&sources, &package).map_err(failed)?;
    Ok(Some((package, folder)))
}

/// Which of the recipes that were there before run afterwards.
fn wishes(history: &KeptHistory) -> AskedSettings {
    let mut resolved = ResolvedSettings::default();
    for (key, (revision, before)) in first_changes(&history.undone) {
        let Some(HeldState::Recipe(state)) = before.map(|before| before.state) else {
            continue;
        };
        let wish = match state {
            RecipeState::Running => RecipeWish::Start,
            RecipeState::Stopped => RecipeWish::Stop,
        };
        let said = Said {
            value: wish,
            at: Origin {
                file: format!("revision {}", revision.number()),
                line: 1,
                scope: SettingsScope::All,
            },
        };
        resolved
            .recipes
            .insert(crate::plan::resolve::label(key), said);
    }
    AskedSettings {
        files: Vec::new(),
        labels: Vec::new(),
        customer: None,
        environment: None,
        resolved,
    }
}

/// What a revision sent, and what of it none after it changed again.
struct Sent<'h> {
    revision: &'h KeptRevision,
    assets: BTreeSet<&'h AssetKey>,
    connectors: BTreeSet<&'h str>,
    /// The package; none if it is not kept any more.
    read: Option<(Incoming, ImportRequest)>,
}

fn sent<'h>(
    request: &RollbackRequest,
    history: &'h KeptHistory,
    workspace: &dyn Workspace,
    scratch: &ScratchFolder,
    running: &Running,
) -> Result<Vec<Sent<'h>>, RollbackError> {
    let mut all = Vec::new();
    for (index, revision) in history.undone.iter().enumerate() {
        let (assets, connectors) = left_by(revision, &history.undone[index + 1..]);
        let Some(digest) = revision.kept.uploaded else {
            continue;
        };
        if assets.is_empty() && connectors.is_empty() {
            continue;
        }
        let copy = scratch.file(&format!("sent-{}.zip", revision.number()));
        let read = match workspace.kept_package(&digest, &copy)? {
            KeptPackage::There => {
                let mut import = import_of(&request.into(), &copy, revision.folder.clone());
                import.landing = revision.landing.clone();
                Some((Incoming::read(&import, running, &mut Silent)?, import))
            }
            KeptPackage::Missing => None,
            KeptPackage::Damaged => {
                return Err(RollbackError::NotKept {
                    address: request.address.clone(),
                    revision: revision.number(),
                    why: NotKept::Damaged(digest),
                });
            }
        };
        all.push(Sent {
            revision,
            assets: assets.into_iter().collect(),
            connectors: connectors.into_iter().map(|title| title.as_str()).collect(),
            read,
        });
    }
    Ok(all)
}

impl Sent<'_> {
    /// Says what is otherwise now than it was sent: what an import of it would change.
    fn compare(
        &self,
        workspace: &dyn Workspace,
        running: &Running,
        edits: &mut Edits,
    ) -> Result<(), RollbackError> {
        let Some((incoming, import)) = &self.read else {
            let unknown = self.assets.iter();
            edits
                .assets
                .extend(unknown.map(|key| ((*key).clone(), Edit::Unknown)));
            let unknown = self.revision.kept.connectors.iter();
            let unknown = unknown.filter(|one| self.connectors.contains(one.title.as_str()));
            edits
                .connectors
                .extend(unknown.map(|one| (one.title.clone(), Edit::Unknown)));
            return Ok(());
        };
        let planned = incoming.plan(import, workspace, running)?;
        let plan = planned.plan();
        let keys: BTreeMap<&PackagePath, &AssetKey> = incoming.keys().collect();
        for asset in &plan.assets {
            let edit = match asset.action {
                AssetAction::Overwrites | AssetAction::OverwritesRunning => Edit::Changed,
                AssetAction::Creates | AssetAction::CreatesPlaceholder => Edit::Gone,
                AssetAction::NoChange
                | AssetAction::BindsToExisting
                | AssetAction::NotRead
                | AssetAction::KeepsEdits => {
                    continue;
                }
            };
            if let Some(key) = keys
                .get(&asset.path)
                .filter(|key| self.assets.contains(**key))
            {
                edits.assets.insert((*key).clone(), edit);
            }
        }
        for connector in &plan.connectors {
            let edit = match connector.action {
                ConnectorAction::Update | ConnectorAction::Downgrade => Edit::Changed,
                ConnectorAction::Install => Edit::Gone,
                ConnectorAction::Same
                | ConnectorAction::UsesShared
                | ConnectorAction::UsesOwn
                | ConnectorAction::Elsewhere
                | ConnectorAction::Unknown
                | ConnectorAction::Blocked => continue,
            };
            if let Some(title) = &connector.title
                && self.connectors.contains(title.as_str())
            {
                edits.connectors.insert(title.clone(), edit);
            }
        }
        Ok(())
    }
}

/// The recipes that were created since and are to stop: callers before those that they call.
fn stops(plan: &RollbackPlan, inventory: &Inventory) -> Vec<Stop> {
    let stopping: BTreeSet<AssetId> = plan
        .assets
        .iter()
        .filter(|asset| asset.action == RolledAction::StopsCreated)
        .map(|asset| asset.id)
        .collect();
    let recipes = inventory.assets.iter();
    let recipes = recipes.filter(|asset| asset.key.kind == AssetKind::Recipe);
    let order = callees_first(
        recipes
            .clone()
            .map(|asset| (asset.id, &*asset.body.bindings)),
    );
    let found = order.iter().rev().filter(|id| stopping.contains(id));
    found
        .filter_map(|id| recipes.clone().find(|asset| asset.id == *id))
        .map(|asset| Stop {
            id: asset.id,
            key: asset.key.clone(),
            before: Before {
                asset: asset.id,
                version: Some(asset.version),
                state: asset.state,
            },
        })
        .collect()
}

impl ByImport {
    /// Carries it out. It was approved of.
    pub(super) fn apply(
        &self,
        request: &RollbackRequest,
        workspace: &mut dyn Workspace,
        running: &Running,
    ) -> Result<RollbackReceipt, RollbackError> {
        let subject = format!("revision {}", request.to);
        let written = |receipt: &RollbackReceipt| Written {
            action: RevisionAction::Rollback,
            subject: subject.clone(),
            package: None,
            plan: json(&self.plan),
            receipt: json(receipt),
        };
        let stopped: Vec<ReceiptRecipe> = self.stops.iter().map(Stop::told).collect();
        let Some(upload) = &self.upload else {
            return self.stop(request, stopped, &written, workspace);
        };
        let of_import = |receipt: &Receipt| RollbackReceipt {
            revision: receipt.revision,
            connectors: receipt.connectors.clone(),
            recipes: stopped.iter().chain(&receipt.recipes).cloned().collect(),
            removed: Vec::new(),
        };
        let Upload {
            incoming,
            request: import,
            planned,
            _scratch,
        } = &**upload;
        let receipt = incoming.carry(
            import,
            &Approved::checked(planned),
            &self.stops.iter().map(Stop::write).collect::<Vec<_>>(),
            &|receipt| written(&of_import(receipt)),
            workspace,
            running,
            &mut Silent,
        )?;
        Ok(of_import(&receipt))
    }

    /// Where nothing was there before, nothing is sent: what was created since stops.
    fn stop(
        &self,
        request: &RollbackRequest,
        recipes: Vec<ReceiptRecipe>,
        written: &dyn Fn(&RollbackReceipt) -> Written,
        workspace: &mut dyn Workspace,
    ) -> Result<RollbackReceipt, RollbackError> {
        let mut receipt = RollbackReceipt {
            recipes,
            ..RollbackReceipt::default()
        };
        let mut contents = NothingSent {
            folder: self.folder.clone(),
            landing: Landing::default(),
            settings: Vec::new(),
        };
        let mut commit = Commit::on(&self.facts);
        let mut before = Vec::new();
        for stop in &self.stops {
            let (change, write) = stop.write();
            commit.changes.push(change);
            contents.settings.push(write);
            before.push(stop.before);
        }
        if commit.changes.is_empty() {
            return Ok(receipt);
        }
        let number = RevisionNumber(self.plan.workspace.revision.0 + 1);
        commit.revision =
            Some(written(&receipt).revision(number, request.at, &request.who, before));
        receipt.revision = workspace.commit(&commit, &mut contents)?.revision;
        Ok(receipt)
    }

    /// Whether what was created since can be treated as was asked.
    pub(super) const fn offers(created: CreatedSince) -> bool {
        match created {
            CreatedSince::Stop | CreatedSince::Keep => true,
            CreatedSince::Remove => false,
        }
    }
}

impl Stop {
    fn write(&self) -> (Change, SettingWrite) {
        let state = RecipeState::Stopped;
        let write = SettingWrite::Recipe {
            key: self.key.clone(),
            state,
        };
        (Change::SetRecipe { id: self.id, state }, write)
    }

    fn told(&self) -> ReceiptRecipe {
        ReceiptRecipe {
            id: self.id,
            name: self.key.name.to_string(),
            folder: self.key.place.folder(),
            planned: RecipeState::Stopped,
            state: RecipeState::Stopped,
            obstacles: Vec::new(),
        }
    }
}

/// For a rollback that sends no package.
struct NothingSent {
    folder: FolderPath,
    landing: Landing,
    settings: Vec<SettingWrite>,
}

impl Contents for NothingSent {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        Err(ContentError {
            digest: *digest,
            source: "nothing was to be brought along".into(),
        })
    }

    fn package(&self) -> Option<Uploaded<'_>> {
        Some(Uploaded {
            path: Path::new(EARLIER),
            digest: Digest::of(b""),
            sent: None,
            secrets: &[],
            folder: &self.folder,
            landing: &self.landing,
            without_rows: &[],
            settings: &self.settings,
            left_out: &[],
            merged: Merges::None,
        })
    }
}
