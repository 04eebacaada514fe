//! Exports and imports: manifests, jobs, and the packages themselves (platform.md §1, §2.1).

use std::cell::Cell;
use std::io;
use std::path::Path;

use serde_json::{Value, json};
use url::Url;

use super::account::{Account, AccountApi};
use super::answer::{Answer, Node, shown};
use super::error::ClientError;
use super::id::{FolderId, JobId, ManifestId, RecipeId};
use super::request::Request;

/// Something that an export manifest can name.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestAsset {
    /// Its number; unique among assets of its type.
    pub id: u64,
    /// Its type, in the platform's word.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version, where the platform says one.
    pub version: Option<u64>,
    /// Where its file will lie in the package, where the platform says so.
    pub zip_name: Option<String>,
    /// The folder that it lies in, from `All projects` on.
    pub absolute_path: Option<String>,
    /// Whether it lies outside of the manifest's folder; what exactly is meant is unknown.
    pub unreachable: Option<bool>,
    /// The record as it came, for a manifest that names it.
    record: Value,
}

impl ManifestAsset {
    /// One of which only the number, the type and the place are known.
    pub fn new(id: u64, kind: &str, name: &str, absolute_path: &str) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            name: name.to_owned(),
            version: None,
            zip_name: None,
            absolute_path: Some(absolute_path.to_owned()),
            unreachable: None,
            record: json!({ "id": id, "type": kind, "absolute_path": absolute_path }),
        }
    }
}

/// What a manifest names.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// The whole folder, as it is when the manifest is made.
    WholeFolder,
    /// These assets.
    Assets(Vec<ManifestAsset>),
}

/// Whether the rows of tables travel along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeData {
    /// They do.
    Yes,
    /// They don't.
    No,
}

/// Whether tags travel along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// They do.
    Keep,
    /// They don't.
    Drop,
}

/// An export manifest to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewManifest {
    /// Its name.
    pub name: String,
    /// The folder that it is about.
    pub folder: FolderId,
    /// What of it is meant.
    pub contents: Contents,
    /// Whether rows of tables are exported.
    pub include_data: IncludeData,
    /// Whether tags are.
    pub tags: Tags,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It makes a package.
    Export,
    /// It installs one.
    Import,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// The platform works on it.
    InProgress,
    /// It is done.
    Completed,
    /// It came to nothing, or to less than all.
    Failed,
    /// A word that nobody has heard of. It may still change.
    Unknown(String),
}

impl JobStatus {
    fn read(word: &str) -> Self {
        match word {
            "in_progress" | "processing" | "pending" => Self::InProgress,
            "completed" | "succeeded" => Self::Completed,
            "failed" | "error" => Self::Failed,
            other => Self::Unknown(shown(other, 60)),
        }
    }

    /// Whether it is worth asking again.
    pub const fn may_change(&self) -> bool {
        match self {
            Self::InProgress | Self::Unknown(_) => true,
            Self::Completed | Self::Failed => false,
        }
    }
}

/// What an import did to a recipe that was there (platform.md §1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartResult {
    /// It needed no restart.
    NotNeeded,
    /// It was stopped, updated and started again.
    Restarted,
    /// It was updated, and could not be started again for errors in it.
    Stopped,
    /// It could not be started again.
    RestartFailed,
    /// It could not be stopped.
    StopFailed,
    /// It is not there any more.
    NotFound,
    /// A word that nobody has heard of.
    Unknown(String),
}

impl RestartResult {
    fn read(word: &str) -> Self {
        match word {
            "no_update_or_updated_without_restart" => Self::NotNeeded,
            "restarted" => Self::Restarted,
            "stopped" => Self::Stopped,
            "restart_failed" => Self::RestartFailed,
            "stop_failed" => Self::StopFailed,
            "not_found" => Self::NotFound,
            other => Self::Unknown(shown(other, 60)),
        }
    }
}

/// A recipe and what an import did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeStatus {
    /// The recipe.
    pub id: RecipeId,
    /// What was done.
    pub result: RestartResult,
}

/// An export or import that the platform works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What it does.
    pub operation: Operation,
    /// How far it is.
    pub status: JobStatus,
    /// What went wrong, in the platform's words: `<zip_name>: <message>` where it is about a file.
    pub error: Option<String>,
    /// What an import did to recipes.
    pub recipe_status: Vec<RecipeStatus>,
    /// Where the package is. The address is valid for ten seconds, so it is used at once or asked
    /// for again, and never kept.
    pub download_url: Option<String>,
}

/// Whether an import may stop, update and start running recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartRecipes {
    /// It may.
    Allowed,
    /// The platform refuses the import if it would have to.
    Forbidden,
}

/// Where assets go that lie in Home itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeAssets {
    /// To Home.
    Home,
    /// To this folder, which is not Home.
    Folder(FolderId),
}

/// A package to be imported.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'p> {
    /// The folder that it goes to.
    pub folder: FolderId,
    /// The package: a zip file.
    pub package: &'p Path,
    /// Whether running recipes may be restarted.
    pub restart: RestartRecipes,
    /// Whether its tags are kept.
    pub tags: Tags,
    /// Where its Home assets go.
    pub home: HomeAssets,
}

fn asset(node: &Node<'_>) -> Result<ManifestAsset, ClientError> {
    Ok(ManifestAsset {
        id: node.id("id")?,
        kind: node.text("type")?,
        name: node.optional_text("name")?.unwrap_or_default(),
        version: node.optional_id("version").unwrap_or_default(),
        zip_name: node.optional_text("zip_name")?,
        absolute_path: node.optional_text("absolute_path")?,
        unreachable: node.flag("unreachable")?,
        record: node.value().clone(),
    })
}

fn job(answer: &Answer, operation: Operation) -> Result<Job, ClientError> {
    let node = answer.record("id")?;
    let said = node.optional_text("operation_type")?;
    let operation = match said.as_deref() {
        Some("export") => Operation::Export,
        Some("import") => Operation::Import,
        _ => operation,
    };
    let mut error = node
        .get("error")
        .map(|error| error.said(2000))
        .filter(|error| !error.is_empty());
    if error.is_none() {
        let parts = node.items("error_parts").unwrap_or_default();
        let parts: Vec<_> = parts.iter().map(|part| part.said(2000)).collect();
        error = (!parts.is_empty()).then(|| shown(&parts.join("; "), 2000));
    }
    let recipes = node.items("recipe_status")?;
    let recipe_status = recipes.iter().map(|recipe| {
        Ok(RecipeStatus {
            id: RecipeId(recipe.id("id")?),
            result: RestartResult::read(
                &recipe.optional_text("import_result")?.unwrap_or_default(),
            ),
        })
    });
    Ok(Job {
        id: JobId(node.id("id")?),
        operation,
        status: JobStatus::read(&node.optional_text("status")?.unwrap_or_default()),
        error,
        recipe_status: recipe_status.collect::<Result<_, ClientError>>()?,
        download_url: node.optional_link("download_url")?,
    })
}

impl NewManifest {
    fn json(&self) -> Value {
        let mut manifest = json!({
            "name": self.name,
            "folder_id": self.folder.0,
            "auto_generate_assets": matches!(self.contents, Contents::WholeFolder),
            "include_data": self.include_data == IncludeData::Yes,
            "include_test_cases": false,
            "include_tags": self.tags == Tags::Keep,
        });
        if let Contents::Assets(assets) = &self.contents {
            let records = assets.iter().map(|asset| {
                let mut record = asset.record.clone();
                record["checked"] = json!(true);
                record
            });
            manifest["assets"] = records.collect();
        }
        json!({ "export_manifest": manifest })
    }
}

impl AccountApi<'_> {
    /// What a folder holds that can be exported, and what that needs; the folder is Home if none is
    /// said (platform.md §1.1).
    ///
    /// # Errors
    /// As any question's.
    pub fn folder_assets(
        &self,
        folder: Option<FolderId>,
        data: IncludeData,
    ) -> Result<Vec<ManifestAsset>, ClientError> {
        let mut request = self.get("export_manifests/folder_assets");
        if let Some(folder) = folder {
            request = request.query("folder_id", folder);
        }
        let request = request.query("include_data", data == IncludeData::Yes);
        let answer = self.transport.answer(&request)?;
        answer.list(&["assets"])?.iter().map(asset).collect()
    }

    /// Makes an export manifest. It is asked for once.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn create_manifest(&self, manifest: &NewManifest) -> Result<ManifestId, ClientError> {
        let what = format!("create export manifest `{}`", manifest.name);
        let request = Request::post(self.path("export_manifests"), what).json(manifest.json());
        self.transport.change(&request, |answer| {
            Ok(ManifestId(answer.record("id")?.id("id")?))
        })
    }

    /// Deletes an export manifest; its packages stay.
    ///
    /// # Errors
    /// As any question's.
    pub fn delete_manifest(&self, id: ManifestId) -> Result<(), ClientError> {
        let request = Request::delete(
            self.path(&format!("export_manifests/{id}")),
            format!("delete export manifest {id}"),
        );
        self.transport.answer(&request)?.accepted().map(drop)
    }

    /// Starts to make a package of what a manifest names. It is asked for once.
    ///
    /// # Errors
    /// As any question's, and [`ClientError::Lost`].
    pub fn start_export(&self, manifest: ManifestId) -> Result<Job, ClientError> {
        let path = match self.account {
            Account::Own => self.path(&format!("packages/export/{manifest}")),
            Account::Customer(_) => self.path(&format!("exports/{manifest}")),
        };
        let request = Request::post(path, format!("export manifest {manifest}"));
        self.transport
            .change(&request, |answer| job(answer, Operation::Export))
    }

    /// How far an export is.
    ///
    /// # Errors
    /// As any question's.
    pub fn export(&self, id: JobId) -> Result<Job, ClientError> {
        job(
            &self.transport.answer(&self.export_state(id))?,
            Operation::Export,
        )
    }

    /// How far an import is.
    ///
    /// # Errors
    /// As any question's.
    pub fn import(&self, id: JobId) -> Result<Job, ClientError> {
        job(
            &self.transport.answer(&self.import_state(id))?,
            Operation::Import,
        )
    }

    /// Writes the package of a job, and says how many bytes it has. The token is not sent to the
    /// place where the platform keeps packages.
    ///
    /// # Errors
    /// As any question's, [`ClientError::NoPackage`], [`ClientError::TooLarge`] above `limit` bytes,
    /// and if it can't be written. Part of it may have been written then.
    pub fn download(
        &self,
        wanted: &Job,
        into: &mut dyn io::Write,
        limit: u64,
    ) -> Result<u64, ClientError> {
        // The job was asked for right before, and its link with it.
        let told = Cell::new(wanted.download_url.as_deref());
        let place = || match (told.take(), &self.account) {
            (Some(link), _) => {
                let at = self.transport.at(&self.export_or_import(wanted));
                self.transport.link(&at, link)
            }
            (None, Account::Own) => {
                let request = self.get(&format!("packages/{}/download", wanted.id));
                Ok(self.transport.url(&request))
            }
            (None, Account::Customer(_)) => self.link(wanted),
        };
        self.transport.fetch(place, into, limit)
    }

    /// Where a job's package is now. For customers there is no other way to it (platform.md §2.1).
    fn link(&self, wanted: &Job) -> Result<Url, ClientError> {
        let answer = self.transport.answer(&self.export_or_import(wanted))?;
        let fresh = job(&answer, wanted.operation)?;
        if let Some(link) = fresh.download_url {
            return self.transport.link(&answer.at, &link);
        }
        Err(ClientError::NoPackage {
            at: answer.at,
            reason: match fresh.status {
                JobStatus::InProgress => "the job is not done".to_owned(),
                JobStatus::Failed => fresh.error.unwrap_or_else(|| "the job failed".to_owned()),
                JobStatus::Completed => "the platform names no address".to_owned(),
                JobStatus::Unknown(word) => format!("the job is `{word}`"),
            },
        })
    }

    fn export_or_import(&self, wanted: &Job) -> Request<'static> {
        match wanted.operation {
            Operation::Export => self.export_state(wanted.id),
            Operation::Import => self.import_state(wanted.id),
        }
    }

    fn export_state(&self, id: JobId) -> Request<'static> {
        match self.account {
            Account::Own => self.get(&format!("packages/{id}")),
            Account::Customer(_) => self.get(&format!("exports/{id}")),
        }
    }

    fn import_state(&self, id: JobId) -> Request<'static> {
        match self.account {
            Account::Own => self.get(&format!("packages/{id}")),
            Account::Customer(_) => self.get(&format!("imports/{id}")),
        }
    }

    /// Sends a package and starts to import it. It is sent once, whatever happens.
    ///
    /// # Errors
    /// As any question's, [`ClientError::Lost`], and if the package can't be read. The platform
    /// refuses it with [`ClientError::Refused`] where running recipes would have to be restarted and
    /// may not.
    pub fn start_import(&self, upload: &Upload<'_>) -> Result<Job, ClientError> {
        let folder = upload.folder;
        let path = match self.account {
            Account::Own => self.path(&format!("packages/import/{folder}")),
            Account::Customer(_) => self.path("imports"),
        };
        let what = format!("import into folder {folder}");
        let mut request = Request::post(path, what).package(upload.package);
        if self.is_customer() {
            request = request.query("folder_id", folder);
        }
        request = request.query("restart_recipes", upload.restart == RestartRecipes::Allowed);
        // Whether customers' imports know these is unknown (platform.md §2.1), so they are named
        // only where they say something.
        if !self.is_customer() || upload.tags == Tags::Keep {
            request = request.query("include_tags", upload.tags == Tags::Keep);
        }
        if let HomeAssets::Folder(home) = upload.home {
            request = request.query("folder_id_for_home_assets", home);
        }
        self.transport
            .change(&request, |answer| job(answer, Operation::Import))
    }
}
