//! Manifests, exports and imports (platform.md §1, §2.1).

use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::account::{Account, AccountApi, FolderId};
use super::answer::Object;
use super::error::ClientError;
use super::recipes::RecipeId;
use super::transport::{Call, Class, Repeat};

/// The number of an export manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestId(pub u64);

/// The number of an export or an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId(pub u64);

/// An asset that an export of a folder would hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestAsset {
    /// Its number; unique among assets of its type.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Its path in the package.
    pub zip_name: String,
}

/// A manifest to create: of a folder, with all that lies in it and below, and what that needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewManifest {
    /// Its name.
    pub name: String,
    /// The folder.
    pub folder: FolderId,
    /// Whether tables bring their rows.
    pub rows: Rows,
}

/// Whether tables bring their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// They do.
    Included,
    /// They don't.
    LeftOut,
}

/// An export or an import, which the platform carries out by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// How far it is.
    pub status: JobStatus,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What became of the recipes of an import.
    pub recipe_status: Vec<RecipeStatus>,
    /// Where the package can be had; for ten seconds (platform.md §1.3).
    pub download_url: Option<String>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// The platform works on it.
    InProgress,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// A word that nobody knows; taken for work that goes on.
    Unknown(String),
}

/// What became of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeStatus {
    /// The recipe.
    pub id: RecipeId,
    /// What became of it.
    pub result: RestartResult,
}

/// What became of a recipe that an import overwrote (platform.md §1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartResult {
    /// It did not run, or did not change.
    Unchanged,
    /// It was restarted.
    Restarted,
    /// It was updated, and could not be restarted.
    Stopped,
    /// Restarting it failed.
    RestartFailed,
    /// Another word.
    Other(String),
}

/// Whether running recipes may be stopped, updated and started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartRecipes {
    /// They may.
    Allowed,
    /// If the package has a running recipe, nothing is imported.
    Refused,
}

/// Whether assets keep their tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// They do.
    Kept,
    /// They don't.
    LeftOut,
}

/// A package to import.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'p> {
    /// Where it goes.
    pub folder: FolderId,
    /// The zip.
    pub package: &'p Path,
    /// What may become of running recipes.
    pub restart: RestartRecipes,
    /// What becomes of tags.
    pub tags: Tags,
}

fn job(object: Object<'_>, call: &Call<'_>) -> Result<Job, ClientError> {
    let status = object.text("status").unwrap_or_default();
    let mut error: Vec<String> = object.text("error").into_iter().collect();
    error.extend(object.texts("error_parts"));
    error.dedup();
    Ok(Job {
        id: JobId(object.need_number("id", call)?),
        status: match status.as_str() {
            "in_progress" | "processing" | "pending" | "" => JobStatus::InProgress,
            "completed" | "succeeded" => JobStatus::Completed,
            "failed" | "error" => JobStatus::Failed,
            other => JobStatus::Unknown(other.to_owned()),
        },
        error: (!error.is_empty()).then(|| error.join("; ")),
        recipe_status: object
            .objects("recipe_status")
            .into_iter()
            .filter_map(|recipe| {
                let result = recipe.text("import_result").unwrap_or_default();
                Some(RecipeStatus {
                    id: RecipeId(recipe.number("id")?),
                    result: match result.as_str() {
                        "no_update_or_updated_without_restart" => RestartResult::Unchanged,
                        "restarted" => RestartResult::Restarted,
                        "stopped" => RestartResult::Stopped,
                        "restart_failed" => RestartResult::RestartFailed,
                        other => RestartResult::Other(other.to_owned()),
                    },
                })
            })
            .collect(),
        download_url: object.text("download_url"),
    })
}

impl AccountApi<'_> {
    /// What an export of a folder would hold.
    ///
    /// # Errors
    /// If there is no such folder, or the account can't be read.
    pub fn folder_assets(
        &self,
        FolderId(folder): FolderId,
    ) -> Result<Vec<ManifestAsset>, ClientError> {
        let call = Call::get(self.path("export_manifests/folder_assets"))
            .query("folder_id", folder)
            .query("include_data", true);
        let answer = self.client.answer(&call)?;
        let list = answer.list(&["assets"], &call)?;
        let assets = list.into_iter().map(|object| ManifestAsset {
            id: object.number("id"),
            name: object.text("name").unwrap_or_default(),
            kind: object.text("type").unwrap_or_default(),
            zip_name: object.text("zip_name").unwrap_or_default(),
        });
        Ok(assets.collect())
    }

    /// Creates a manifest.
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn create_manifest(&self, new: &NewManifest) -> Result<ManifestId, ClientError> {
        let body = json!({"export_manifest": {
            "name": new.name,
            "folder_id": new.folder.0,
            "auto_generate_assets": true,
            "include_test_cases": false,
            "include_data": new.rows == Rows::Included,
            "include_tags": true,
        }});
        // A second one would do no harm.
        let call = Call::post(self.path("export_manifests"), Repeat::Safe).json(body);
        let answer = self.client.answer(&call)?;
        Ok(ManifestId(answer.object().need_number("id", &call)?))
    }

    /// Takes a manifest away.
    ///
    /// # Errors
    /// If it is not there, or the platform can't be reached.
    pub fn delete_manifest(&self, ManifestId(id): ManifestId) -> Result<(), ClientError> {
        let call = Call::delete(self.path(&format!("export_manifests/{id}")));
        self.client.answer(&call).map(drop)
    }

    /// Starts an export.
    ///
    /// # Errors
    /// If it is refused, or the platform can't be reached.
    pub fn start_export(&self, ManifestId(id): ManifestId) -> Result<Job, ClientError> {
        let path = match self.account {
            Account::Own => self.path(&format!("packages/export/{id}")),
            Account::Customer(_) => self.path(&format!("exports/{id}")),
        };
        let call = Call::post(path, Repeat::Safe);
        job(self.client.answer(&call)?.object(), &call)
    }

    /// How far an export is.
    ///
    /// # Errors
    /// If there is none of the number, or the platform can't be reached.
    pub fn export(&self, id: JobId) -> Result<Job, ClientError> {
        let call = Call::get(self.of_job("exports", id));
        job(self.client.answer(&call)?.object(), &call)
    }

    fn of_job(&self, customers: &str, JobId(id): JobId) -> String {
        match self.account {
            Account::Own => self.path(&format!("packages/{id}")),
            Account::Customer(_) => self.path(&format!("{customers}/{id}")),
        }
    }

    /// How far an import is.
    ///
    /// # Errors
    /// If there is none of the number, or the platform can't be reached.
    pub fn import(&self, id: JobId) -> Result<Job, ClientError> {
        let class = match self.account {
            Account::Own => Class::General,
            Account::Customer(_) => Class::CustomerImport,
        };
        let call = Call::get(self.of_job("imports", id)).class(class);
        job(self.client.answer(&call)?.object(), &call)
    }

    /// Writes the package of an export that is done, and says how many bytes it has. The link to it
    /// lives for ten seconds, so it is asked for at once (platform.md §1.3).
    ///
    /// # Errors
    /// If it can't be had, has more than `limit` bytes, or can't be written.
    pub fn download(
        &self,
        id: JobId,
        into: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, ClientError> {
        match self.account {
            Account::Own => {
                let call = Call::get(self.path(&format!("packages/{}/download", id.0)));
                self.client.download(&call, None, into, limit)
            }
            Account::Customer(_) => {
                // There is no other way to it.
                let call = Call::get(self.of_job("exports", id));
                let fresh = job(self.client.answer(&call)?.object(), &call)?;
                let link = fresh.download_url.ok_or_else(|| ClientError::NotFound {
                    host: self.client.host().to_string(),
                    what: call.to_string(),
                    told: "it has no link to the package".to_owned(),
                })?;
                self.client.download(&call, Some(&link), into, limit)
            }
        }
    }

    /// Sends a package. It is sent once: if no answer comes, it is not known whether it arrived.
    ///
    /// # Errors
    /// If it is refused, can't be read, or the platform can't be reached;
    /// [`ClientError::Lost`] if it may have arrived.
    pub fn start_import(&self, upload: &Upload<'_>) -> Result<Job, ClientError> {
        let FolderId(folder) = upload.folder;
        let (path, class) = match self.account {
            Account::Own => (
                self.path(&format!("packages/import/{folder}")),
                Class::Import,
            ),
            Account::Customer(_) => (self.path("imports"), Class::CustomerImport),
        };
        let mut call = Call::post(path, Repeat::Never)
            .file(upload.package)
            .class(class);
        if class == Class::CustomerImport {
            call = call.query("folder_id", folder);
        }
        call = call.query("restart_recipes", upload.restart == RestartRecipes::Allowed);
        // Whether the Embedded API knows it is not documented (platform.md §2.1).
        if class == Class::Import {
            call = call.query("include_tags", upload.tags == Tags::Kept);
        }
        job(self.client.answer(&call)?.object(), &call)
    }
}
