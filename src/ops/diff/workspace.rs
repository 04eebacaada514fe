//! Comparing a package or project with a workspace: what differs is what an import would change, and
//! nothing else. Connectors are the same if title and code are; numbers of versions say nothing, and
//! neither do the names that a workspace gives its own connectors.

use std::collections::{BTreeMap, BTreeSet};

use super::{DiffReport, FileCounts, KeptAsset, SideRecord};
use crate::json::{JsonError, Splice, Tape, apply};
use crate::model::ident::Digest;
use crate::model::path::PackagePath;
use crate::model::project::Asset;
use crate::model::reference::{Reference, objects};
use crate::model::scan::Scanner;
use crate::model::workspace::{AssetPlace, Binding, FolderPath, HeldVersion, WorkspaceAsset};
use crate::ops::export::record::OriginRecord;
use crate::ops::import::{ImportError, ImportRequest, Incoming, read_main, renamed};
use crate::ops::{Interrupted, Running};
use crate::plan::diff::{Change, Comparer, Difference, FileChange, Form};
use crate::plan::import::compare::{Answer, ContentComparison, Rebound};
use crate::plan::import::mapping::Uses;
use crate::plan::import::{Draft, Effect};
use crate::source::SourceReader;
use crate::workspace::Workspace;

/// Which side is the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The package: differences lead to the workspace.
    ToWorkspace,
    /// The workspace: differences lead to the package.
    FromWorkspace,
}

impl Direction {
    fn sides<T>(self, packaged: T, held: T) -> (T, T) {
        match self {
            Self::ToWorkspace => (packaged, held),
            Self::FromWorkspace => (held, packaged),
        }
    }
}

/// Compares a package or project with a workspace, as if it were imported into the request's folder.
///
/// # Errors
/// If the workspace or the package can't be read.
pub fn compare_with_workspace(
    incoming: &Incoming,
    request: &ImportRequest,
    direction: Direction,
    workspace: &dyn Workspace,
    running: &Running,
) -> Result<DiffReport, ImportError> {
    let uses = Uses::default();
    let snapshot = incoming.snapshot(workspace, &uses)?;
    let draft = incoming.draft(&snapshot, request, &uses);
    let answers = incoming.answers(&draft, workspace, running)?;
    let draft = draft.answered(&answers);
    let mut comparison = Comparison {
        incoming,
        draft: &draft,
        answers: &answers,
        direction,
        workspace,
        reader: incoming.opened.source.reader(),
        scanner: Scanner::default(),
        comparer: Comparer::default(),
        packaged: Vec::new(),
        held: Vec::new(),
        changes: Vec::new(),
    };
    let (mut unchanged, assets) = (0, &incoming.opened.project.assets);
    for (index, asset) in assets.iter().enumerate() {
        if running.interrupt.is_set() {
            return Err(Interrupted.into());
        }
        let before = comparison.changes.len();
        comparison.asset(index, asset)?;
        let changed = comparison.changes.len() - before;
        unchanged += asset.files.len().saturating_sub(changed);
    }
    let mut changes = comparison.changes;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let package = SideRecord {
        name: incoming.opened.source.name.clone(),
        origin: incoming.opened.source.origin().into(),
    };
    let there = SideRecord {
        name: request.address.to_string(),
        origin: OriginRecord::Package,
    };
    let (old, new) = direction.sides(package, there);
    Ok(DiffReport {
        old,
        new,
        files: FileCounts::of(unchanged, &changes),
        changes,
        folders: draft.new_folders(),
        kept: kept(&draft, &request.folder, workspace)?,
    })
}

/// The assets of the folder that the package does not have.
fn kept(
    draft: &Draft<'_>,
    folder: &FolderPath,
    workspace: &dyn Workspace,
) -> Result<Vec<KeptAsset>, ImportError> {
    let known: BTreeSet<_> = draft.ids().collect();
    let is_inside = |asset: &WorkspaceAsset| match &asset.key.place {
        AssetPlace::Workspace => folder.is_home(),
        AssetPlace::Folder(own) => folder.relative(own).is_some(),
    };
    let mut kept: Vec<_> = workspace
        .inventory()?
        .assets
        .into_iter()
        .filter(|asset| is_inside(asset) && !known.contains(&asset.id))
        .map(|asset| KeptAsset {
            folder: asset.key.place.folder(),
            kind: asset.key.kind,
            name: asset.key.name.to_string(),
        })
        .collect();
    kept.sort_by(|a, b| (&a.folder, &a.name, &a.kind).cmp(&(&b.folder, &b.name, &b.kind)));
    Ok(kept)
}

struct Comparison<'a> {
    incoming: &'a Incoming,
    draft: &'a Draft<'a>,
    answers: &'a BTreeMap<usize, Answer>,
    direction: Direction,
    workspace: &'a dyn Workspace,
    reader: SourceReader<'a>,
    scanner: Scanner,
    comparer: Comparer,
    packaged: Vec<u8>,
    held: Vec<u8>,
    changes: Vec<FileChange>,
}

impl Comparison<'_> {
    fn asset(&mut self, index: usize, asset: &Asset) -> Result<(), ImportError> {
        match self.draft.effect(index) {
            Effect::Unchanged => Ok(()),
            Effect::Created => {
                for path in self.paths(asset) {
                    self.change(asset, path, self.only_packaged());
                }
                Ok(())
            }
            Effect::Overwritten { held, rebound } => self.overwritten(index, asset, held, rebound),
            Effect::Updated { held } => self.updated(asset, held),
        }
    }

    fn overwritten(
        &mut self,
        index: usize,
        asset: &Asset,
        held: &WorkspaceAsset,
        rebound: &[Rebound],
    ) -> Result<(), ImportError> {
        let before = self.changes.len();
        let mut formatting = false;
        if let Some(file) = held.body.files.first() {
            self.workspace.content(&file.content, &mut self.held)?;
            let differences = self.main(index, asset, held, rebound)?;
            formatting = differences == [Difference::Formatting];
            if !formatting && !differences.is_empty() {
                self.change(asset, asset.path.clone(), Change::Changed { differences });
            }
        }
        let mut others: BTreeMap<&str, Digest> = held
            .body
            .files
            .iter()
            .skip(1)
            .map(|file| (&*file.extension, file.content))
            .collect();
        for path in self.paths(asset) {
            if path == asset.path {
                continue;
            }
            let extension = path.file_name().rsplit_once('.').map_or("", |(_, e)| e);
            match others.remove(extension) {
                Some(content) => self.file(asset, &path, Some(content))?,
                None => self.change(asset, path, self.only_packaged()),
            }
        }
        for extension in others.into_keys() {
            let main = asset.path.as_str();
            let stem = main.strip_suffix("json").unwrap_or(main);
            if let Ok(path) = format!("{stem}{extension}").parse() {
                self.change(asset, path, self.only_held());
            }
        }
        if self.changes.len() == before {
            // Whatever it is, the import would make a new version of it.
            let differences = vec![match formatting {
                true => Difference::Formatting,
                false => Difference::Unknown,
            }];
            self.change(asset, asset.path.clone(), Change::Changed { differences });
        }
        Ok(())
    }

    /// How the JSON differs from what is in `self.held`.
    fn main(
        &mut self,
        index: usize,
        asset: &Asset,
        held: &WorkspaceAsset,
        rebound: &[Rebound],
    ) -> Result<Vec<Difference>, ImportError> {
        let broken = |source| ImportError::Json {
            path: asset.path.clone(),
            source,
        };
        let answer = self.answers.get(&index).map(|answer| &answer.sameness);
        if let Some(ContentComparison::Merged(merged)) = answer {
            self.packaged.clone_from(merged);
        } else {
            read_main(self.incoming, index, &mut self.reader, &mut self.packaged)?;
            let renames = self.draft.renames(index);
            if !renames.is_empty() {
                self.packaged = renamed(&asset.kind, &self.packaged, renames).map_err(broken)?;
            }
            let packaged = self.scanner.scan(&asset.kind, &self.packaged);
            let there = self.scanner.scan(&asset.kind, &self.held);
            let (packaged, there) = (packaged.map_err(broken)?, there.map_err(broken)?);
            let bindings = self.draft.bindings(index);
            let aligned = aligned(
                (&self.packaged, &packaged.references, bindings),
                (&self.held, &there.references, &held.body.bindings),
            );
            match aligned {
                Ok(held) => self.held = held,
                // What a type that is not known holds need not be JSON.
                Err(_) if !asset.kind.is_known() => {}
                Err(error) => return Err(broken(error)),
            }
        }
        let (old, new) = self.direction.sides(&self.packaged, &self.held);
        let mut differences = self.comparer.compare(Form::of(&asset.path), old, new);
        differences.retain(|difference| !difference.is_version_counter());
        for rebound in rebound {
            let now = self.draft.bindings(index)[rebound.reference];
            let meanings = [now, rebound.was].map(|binding| self.draft.meaning(binding));
            let [packaged, there] = meanings;
            let (old, new) = self.direction.sides(packaged, there);
            differences.push(Difference::Rebound {
                name: asset.facts.references[rebound.reference].name.to_string(),
                old,
                new,
            });
        }
        if differences.len() > 1 {
            differences.retain(|difference| *difference != Difference::Formatting);
        }
        Ok(differences)
    }

    /// A connector is the same if its title and code are.
    fn updated(&mut self, asset: &Asset, held: &HeldVersion) -> Result<(), ImportError> {
        let paths = self.paths(asset);
        let code = paths
            .into_iter()
            .find(|path| path.as_str().ends_with(".rb"));
        let Some(path) = code else {
            return Ok(());
        };
        let before = self.changes.len();
        self.file(asset, &path, held.code)?;
        if self.changes.len() == before {
            let differences = vec![Difference::NotReleased];
            self.change(asset, path, Change::Changed { differences });
        }
        Ok(())
    }

    /// Compares a file that is no asset's JSON.
    fn file(
        &mut self,
        asset: &Asset,
        path: &PackagePath,
        held: Option<Digest>,
    ) -> Result<(), ImportError> {
        let files = &self.incoming.opened.project.files;
        let Some(file) = files.iter().find(|file| file.path == *path) else {
            return Ok(());
        };
        if held.is_some() && file.content.and_then(|content| content.digest) == held {
            return Ok(());
        }
        let differences = match held {
            None => vec![Difference::Unknown],
            Some(held) => {
                self.workspace.content(&held, &mut self.held)?;
                self.reader
                    .read(file.source, &mut self.packaged)
                    .map_err(|source| ImportError::Read {
                        path: path.clone(),
                        source,
                    })?;
                let (old, new) = self.direction.sides(&self.packaged, &self.held);
                self.comparer.compare(Form::Plain, old, new)
            }
        };
        self.change(asset, path.clone(), Change::Changed { differences });
        Ok(())
    }

    fn paths(&self, asset: &Asset) -> Vec<PackagePath> {
        let files = &self.incoming.opened.project.files;
        let own = asset.files.iter().map(|&file| files[file].path.clone());
        own.collect()
    }

    fn only_packaged(&self) -> Change {
        self.direction.sides(Change::Removed, Change::Added).0
    }

    fn only_held(&self) -> Change {
        self.direction.sides(Change::Removed, Change::Added).1
    }

    fn change(&mut self, asset: &Asset, path: PackagePath, change: Change) {
        self.changes.push(FileChange {
            path,
            kind: asset.kind.word().parse().ok(),
            name: Some(asset.name().to_owned()),
            change,
        });
    }
}

type Referring<'a> = (&'a [u8], &'a [Reference], &'a [Binding]);

/// The JSON that is there with its references spelled as the package spells those that mean the same.
fn aligned(packaged: Referring<'_>, held: Referring<'_>) -> Result<Vec<u8>, JsonError> {
    let (mut first, mut second) = (Tape::default(), Tape::default());
    let spelled = objects(first.parse(packaged.0)?.root());
    let there = objects(second.parse(held.0)?.root());
    let mut spellings: BTreeMap<(Binding, &str), &str> = BTreeMap::new();
    for (reference, binding) in packaged.1.iter().zip(packaged.2) {
        if let Some(object) = spelled.get(&(reference.offset as usize)) {
            spellings
                .entry((*binding, &*reference.key))
                .or_insert(object.raw());
        }
    }
    let mut splices = Vec::new();
    for (reference, binding) in held.1.iter().zip(held.2) {
        let object = there.get(&(reference.offset as usize));
        let spelling = spellings.get(&(*binding, &*reference.key));
        if let (Some(object), Some(spelling)) = (object, spelling)
            && *binding != Binding::Nothing
        {
            splices.push(Splice::new(object.span(), *spelling));
        }
    }
    Ok(apply(held.0, &mut splices))
}
