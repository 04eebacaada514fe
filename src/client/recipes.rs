//! Recipes (platform.md §2.4).

use super::FolderId;
use super::account::AccountApi;
use super::answer::Object;
use super::error::ClientError;
use super::transport::Call;
use crate::model::ident::InternalName;

/// The number of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecipeId(pub u64);

/// Which recipes are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipeFilter {
    folder: Option<FolderId>,
    using: Option<InternalName>,
}

impl RecipeFilter {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those in a folder and below.
    pub fn in_folder(folder: FolderId) -> Self {
        Self {
            folder: Some(folder),
            using: None,
        }
    }

    /// Those that use a connector.
    pub fn using(connector: &InternalName) -> Self {
        Self {
            folder: None,
            using: Some(connector.clone()),
        }
    }
}

/// A recipe as lists tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeInfo {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The folder that holds it.
    pub folder_id: Option<u64>,
    /// Whether it runs.
    pub running: bool,
    /// The number of its newest version.
    pub version_no: Option<u64>,
    /// The connectors that it uses.
    pub providers: Vec<String>,
    /// Its steps, as JSON.
    pub code: Option<String>,
}

/// What came of starting or stopping a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// It was done.
    Done,
    /// It was not (platform.md §1.5: a 200 may say so).
    Refused {
        /// What keeps it from being done.
        errors: Vec<String>,
    },
}

fn recipe(object: Object<'_>, call: &Call<'_>) -> Result<RecipeInfo, ClientError> {
    let mut providers = object.texts("applications");
    providers.extend(object.text("trigger_application"));
    providers.extend(object.texts("action_applications"));
    let config = object.objects("config").into_iter();
    providers.extend(config.filter_map(|entry| entry.text("provider")));
    let mut met = std::collections::BTreeSet::new();
    providers.retain(|provider| met.insert(provider.clone()));
    Ok(RecipeInfo {
        id: object.need_number("id", call)?,
        name: object.text("name").unwrap_or_default(),
        folder_id: object.number("folder_id"),
        running: object.flag("running").unwrap_or_default(),
        version_no: object.number("version_no"),
        providers,
        code: object.json("code"),
    })
}

impl AccountApi<'_> {
    /// Recipes, in whatever order.
    ///
    /// # Errors
    /// If the account can't be read.
    pub fn recipes(&self, filter: &RecipeFilter) -> Result<Vec<RecipeInfo>, ClientError> {
        let path = self.path("recipes");
        let call = || {
            let mut call = Call::get(path.clone());
            if let Some(FolderId(folder)) = filter.folder {
                call = call
                    .query("folder_id", folder)
                    .query("with_subfolders", true);
            }
            if let Some(connector) = &filter.using {
                call = call.query("adapter_names_any", connector);
            }
            call
        };
        self.client.pages(call, &["recipes"], recipe)
    }

    /// A recipe.
    ///
    /// # Errors
    /// If there is none of the number, or the account can't be read.
    pub fn recipe(&self, RecipeId(id): RecipeId) -> Result<RecipeInfo, ClientError> {
        let call = Call::get(self.path(&format!("recipes/{id}")));
        recipe(self.client.answer(&call)?.object(), &call)
    }

    /// Starts a recipe.
    ///
    /// # Errors
    /// If the platform does not understand, or can't be reached.
    pub fn start_recipe(&self, id: RecipeId) -> Result<Started, ClientError> {
        self.set_recipe(id, "start")
    }

    /// Stops a recipe.
    ///
    /// # Errors
    /// If the platform does not understand, or can't be reached.
    pub fn stop_recipe(&self, id: RecipeId) -> Result<Started, ClientError> {
        self.set_recipe(id, "stop")
    }

    fn set_recipe(&self, RecipeId(id): RecipeId, verb: &str) -> Result<Started, ClientError> {
        let call = Call::put(self.path(&format!("recipes/{id}/{verb}")));
        let answer = self.client.answer(&call)?;
        if !answer.says_no() {
            return Ok(Started::Done);
        }
        let mut errors = answer.texts(&["code_errors", "config_errors"]);
        // Steps are told by their numbers, which say little without the words.
        errors.retain(|error| error.parse::<u64>().is_err());
        errors.extend(answer.error());
        if errors.is_empty() {
            errors.push("the platform does not say why".to_owned());
        }
        Ok(Started::Refused { errors })
    }
}
