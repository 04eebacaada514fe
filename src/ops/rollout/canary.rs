//! Making the packages in which some customers try a version of a shared connector.

use std::path::{Path, PathBuf};

use super::{Members, refused};

use crate::archive::{Batch, Buffers, PackageWriter, WriteError};
use crate::connector_source::{InterfaceError, retitled};
use crate::io::scratch::ScratchFolder;
use crate::json::{JsonError, Tape, apply};
use crate::manifest::Selection;
use crate::model::catalogue::{
    Catalogue, CatalogueEntry, ListedTwice, SharedConnectors, SharedVersion, Teller, Visibility,
};
use crate::model::error::chain;
use crate::model::ident::{ConnectorTitle, Digest, Version};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::slug::Stem;
use crate::model::span::{Located, Origin};
use crate::model::target::{ConnectorPolicy, TargetKind};
use crate::ops::export::record::DecisionRecord;
use crate::ops::export::{self, ExportError, ExportRequest};
use crate::ops::import::{ImportError, Incoming};
use crate::ops::read::Roots;
use crate::ops::workspace::pull::{PulledConnector, PulledFile};
use crate::ops::{Interrupted, Observer, Running, Silent};
use crate::plan::connectors::title_of;
use crate::plan::export::Destination;
use crate::plan::export::canary::{Canary, CanaryNames, Way, uses};
use crate::plan::import::document::{Afterwards, ImportPlan, PlannedAsset};
use crate::plan::import::settings::{SettingEffect, SettingSubject};
use crate::plan::push::VersionText;
use crate::plan::rollout::canary::{ConnectionNeeds, RingConnection};
use crate::plan::rollout::progress::Hold;
use crate::plan::rollout::{PlannedMember, RolloutPlan};
use crate::source::ReadError;

/// A package can't be made.
#[derive(Debug, thiserror::Error)]
pub enum CanaryBuildError {
    /// The connector's JSON is none.
    #[error("the JSON of {version} of \"{title}\" can't be read")]
    Json {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Its source can't be read.
    #[error("the source of {version} of \"{title}\" can't be read")]
    Source {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
        /// Why.
        #[source]
        source: Box<InterfaceError>,
    },
    /// Its source computes its title.
    #[error(
        "the source of {version} of \"{title}\" computes its title, so that it can't get another one"
    )]
    Computed {
        /// The connector.
        title: ConnectorTitle,
        /// The version.
        version: Version,
    },
    /// A file of the package can't be read.
    #[error("can't read `{path}`")]
    Read {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// An asset is not JSON.
    #[error("`{path}` is not JSON that can be changed")]
    Asset {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: JsonError,
    },
    /// The catalogue has the connector twice.
    #[error(transparent)]
    Catalogue(#[from] ListedTwice),
    /// Nothing can be kept on disk.
    #[error("can't keep a temporary file")]
    Scratch(#[source] std::io::Error),
    /// A package can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The package that was to be made has errors, or can't be made.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The files of a connector under the title of its canary: in its JSON and in its source, which is
/// otherwise that of the version to the byte.
///
/// # Errors
/// If they can't be read, or the source computes its title.
pub fn files(
    names: &CanaryNames,
    version: Version,
    pulled: &PulledConnector,
) -> Result<Vec<PulledFile>, CanaryBuildError> {
    let stem = Stem::of(&AssetKind::CustomAdapter, names.title.as_str());
    let mut files = Vec::new();
    for file in &pulled.files {
        let extension = file.name.rsplit_once('.').map_or("", |(_, end)| end);
        let title = || pulled.title.clone();
        let bytes = match extension {
            "json" => {
                let text = VersionText::parse(&file.bytes);
                let mut text = text.map_err(|source| CanaryBuildError::Json {
                    title: title(),
                    version,
                    source,
                })?;
                text.title = Some(names.title.to_string());
                text.json().into_bytes()
            }
            "rb" => {
                let source = retitled(&file.bytes, names.title.as_str());
                let source = source.map_err(|source| CanaryBuildError::Source {
                    title: title(),
                    version,
                    source: Box::new(source),
                })?;
                source.ok_or_else(|| CanaryBuildError::Computed {
                    title: title(),
                    version,
                })?
            }
            _ => file.bytes.clone(),
        };
        files.push(PulledFile {
            name: format!("{}.custom_adapter.{extension}", stem.as_str()),
            bytes,
        });
    }
    Ok(files)
}

/// What of a package is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    All,
    /// The connector's connections, with the connector.
    Connections,
}

/// What packages are made with.
#[derive(Debug)]
pub struct Kit<'k> {
    /// What becomes of assets.
    pub canary: &'k Canary<'k>,
    /// The names of the connector.
    pub names: &'k CanaryNames,
    /// Its files.
    pub files: &'k [PulledFile],
    /// What is shared with customers.
    pub catalogue: &'k Catalogue,
    /// A folder for what is kept on disk meanwhile.
    pub scratch: &'k Path,
    /// What makes them: a program and its version.
    pub generator: &'k str,
    /// How large a package may be.
    pub limit: u64,
}

/// A package that was made.
#[derive(Debug)]
pub struct Made {
    /// Its decision record.
    pub record: DecisionRecord,
    /// Where the shared connector's name was left, in words.
    pub left: Vec<String>,
}

impl Kit<'_> {
    /// Makes a package of another one, at `target`, with its decision record beside it: by the rule, as
    /// a package for a customer with whom the canary is not shared.
    ///
    /// # Errors
    /// If something can't be read or written, or the package has errors: a recipe uses an action that the
    /// version lacks, for instance.
    pub fn make(
        &self,
        incoming: &Incoming,
        kept: Kept,
        target: &Path,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Made, CanaryBuildError> {
        let scratch = ScratchFolder::new(self.scratch).map_err(CanaryBuildError::Scratch)?;
        let connectors = scratch.file("connectors");
        std::fs::create_dir(&connectors).map_err(CanaryBuildError::Scratch)?;
        for file in self.files {
            std::fs::write(connectors.join(&file.name), &file.bytes)
                .map_err(CanaryBuildError::Scratch)?;
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let renamed = scratch.file(&name);
        let left = self.renamed(incoming, kept, &renamed, running)?;
        let record = incoming.record();
        let made_for = record.map(|record| &record.target);
        let project = &incoming.opened.project;
        let adapters = project.of_kind(&AssetKind::CustomAdapter);
        // What is in the package stays in.
        let words = adapters.filter_map(|(_, asset)| {
            let include = Located {
                value: ConnectorPolicy::Include,
                origin: Origin::CommandLine,
            };
            Some((title_of(asset)?, include))
        });
        let request = ExportRequest {
            roots: Roots::Asserted,
            connectors: Some(connectors),
            words: match kept {
                Kept::All => words.collect(),
                Kept::Connections => Default::default(),
            },
            shared: SharedConnectors::Listed(self.catalogue()?),
            selection: Selection::default(),
            ..ExportRequest::new(
                renamed,
                Destination {
                    name: made_for.and_then(|target| target.name.clone()),
                    kind: TargetKind::Customer,
                    data_center: made_for.and_then(|target| target.data_center.clone()),
                    origin: Origin::CommandLine,
                },
            )
        };
        let made = export::run(
            &request,
            target,
            self.limit,
            self.generator,
            running,
            observer,
        );
        let (record, _) = made?;
        Ok(Made { record, left })
    }

    /// The same catalogue, which knows the canary as one that is not shared.
    fn catalogue(&self) -> Result<Catalogue, ListedTwice> {
        let mut entries = self.catalogue.entries().to_vec();
        entries.push(CatalogueEntry {
            title: self.names.title.clone(),
            internal_name: self.names.name.clone(),
            shared_version: SharedVersion::None,
            latest_released: None,
            released_versions: Vec::new(),
            visibility: Visibility::Unknown,
            data_center: None,
        });
        let text = serde_json::to_vec(&entries).unwrap_or_default();
        let catalogue = Catalogue::from_entries(Digest::of(&text), entries)?;
        Ok(catalogue
            .with_extent(self.catalogue.extent())
            .with_teller(Teller::Workspace))
    }

    /// The package with other names, which the rule makes a package of. Says where a name was left.
    fn renamed(
        &self,
        incoming: &Incoming,
        kept: Kept,
        target: &Path,
        running: &Running,
    ) -> Result<Vec<String>, CanaryBuildError> {
        let opened = &incoming.opened;
        let (project, owners) = (&opened.project, opened.project.owners());
        let mut order: Vec<usize> = (0..project.files.len()).collect();
        order.sort_by(|one, other| project.files[*one].path.cmp(&project.files[*other].path));
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut writer = PackageWriter::create(folder, u64::MAX)?;
        let buffers = Buffers::default();
        let mut reader = opened.source.reader();
        let (mut bytes, mut tape, mut left) = (Vec::new(), Tape::default(), Vec::new());
        for file in order
            .into_iter()
            .map(|index| (index, &project.files[index]))
        {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let (index, file) = file;
            let path = &file.path;
            match kept {
                Kept::Connections if !self.canary.has(path) => continue,
                Kept::Connections | Kept::All => {}
            }
            reader
                .read(file.source, &mut bytes)
                .map_err(|source| CanaryBuildError::Read {
                    path: path.clone(),
                    source,
                })?;
            let asset = owners[index].map(|owner| &project.assets[owner]);
            let concerned = asset.filter(|asset| {
                asset.path == *path && (uses(self.names, asset) || self.canary.concerns(asset))
            });
            let mut batch = Batch::new(&buffers);
            match concerned {
                None => batch.add(path, &bytes)?,
                Some(_) => {
                    let document =
                        tape.parse(&bytes)
                            .map_err(|source| CanaryBuildError::Asset {
                                path: path.clone(),
                                source,
                            })?;
                    let mut changed = self.canary.splices(path, document, Way::Forth);
                    if let Some(places) = Some(changed.left.len()).filter(|places| *places > 0) {
                        left.push(format!("{path} ({places})"));
                    }
                    batch.add(path, &apply(&bytes, &mut changed.splices))?;
                }
            }
            writer.append(path, batch.finish()?, &buffers)?;
        }
        writer.finish()?.persist(target)?;
        Ok(left)
    }
}

/// What the connections of the connector that is tried need in somebody's workspace, before anything is
/// sent: by the imports of what brings them.
///
/// # Errors
/// Why it can't be told, or why that can't be imported there, in a few words; or that somebody asked to
/// stop.
pub fn needs(
    members: &mut dyn Members,
    plan: &RolloutPlan,
    member: &PlannedMember,
    packages: &[PathBuf],
    running: &Running,
) -> Result<Result<Vec<RingConnection>, String>, ImportError> {
    let mut needs = Vec::new();
    let looking = Hold::to_look(member.number);
    let mut reached = match members.reach(member, &looking) {
        Ok(reached) => reached,
        Err(unreachable) => return Ok(Err(unreachable.why())),
    };
    let workspace = reached.workspace();
    for path in packages {
        let mut request = match members.request(member, path, workspace) {
            Ok(request) => request,
            Err(unreachable) => return Ok(Err(unreachable.why())),
        };
        let mut incoming = Incoming::read(&request, running, &mut Silent)?;
        let lands = (request.folder.clone(), request.landing.clone());
        if let Err(unreachable) = members.settle(&mut request, &incoming, member, workspace) {
            return Ok(Err(unreachable.why()));
        }
        if lands != (request.folder.clone(), request.landing.clone()) {
            incoming = Incoming::read(&request, running, &mut Silent)?;
        }
        let planned = match incoming.plan(&request, workspace, running) {
            Ok(planned) => planned,
            Err(error @ ImportError::Interrupted(_)) => return Err(error),
            Err(error) => return Ok(Err(chain(&error))),
        };
        let found = planned.plan();
        if found.workspace.id != member.workspace {
            let number = found.workspace.id;
            return Ok(Err(format!("its workspace is number {number} by now")));
        }
        if let Err(refusal) = planned.approve(&plan.permitted) {
            return Ok(Err(refused(&refusal)));
        }
        let connections = found.assets.iter();
        let connections = connections.filter(|asset| asset.kind == AssetKind::Connection);
        needs.extend(connections.map(|asset| RingConnection {
            member: member.number,
            name: asset.name.to_string(),
            folder: asset.folder.clone(),
            needs: need(found, asset),
        }));
    }
    Ok(Ok(needs))
}

fn need(plan: &ImportPlan, connection: &PlannedAsset) -> ConnectionNeeds {
    let settings = plan.settings.iter().flat_map(|settings| &settings.actions);
    let mut settings = settings.filter(|action| action.effect == SettingEffect::Authorizes);
    if settings.any(|action| {
        action.subject == SettingSubject::Connection
            && *action.name == *connection.name
            && action.folder == connection.folder
    }) {
        return ConnectionNeeds::Settings;
    }
    let waits = plan.afterwards.iter().any(|after| match after {
        Afterwards::Authorize {
            connection: name,
            folder,
            ..
        } => **name == *connection.name && *folder == connection.folder,
        Afterwards::Connect { .. }
        | Afterwards::ConnectMore { .. }
        | Afterwards::Choose { .. }
        | Afterwards::OtherApplication { .. }
        | Afterwards::CheckProperties { .. }
        | Afterwards::FillProperties { .. }
        | Afterwards::Start { .. } => false,
    });
    match (waits, connection.id) {
        (false, _) => ConnectionNeeds::Nothing,
        (true, Some(_)) => ConnectionNeeds::Authorization,
        (true, None) => ConnectionNeeds::New,
    }
}
