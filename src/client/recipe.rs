//! Recipes.

use std::collections::BTreeSet;

use crate::model::ident::InternalName;
use crate::model::workspace::{RecipeState, StopCause};

use super::account::AccountApi;
use super::answer::{Node, Refusal};
use super::error::ClientError;
use super::id::{FolderId, RecipeId};
use super::request::Request;

/// Which recipes are listed: those of which everything holds that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipeFilter {
    /// They lie in this folder.
    pub folder: Option<FolderId>,
    /// They use at least one of these connectors: the way to find who uses a shared one
    /// (platform.md §2.4).
    pub uses_any: Vec<InternalName>,
    /// They run. The platform has no way to ask for those that don't.
    pub running: Option<RecipeState>,
}

/// A recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeInfo {
    /// Its number.
    pub id: RecipeId,
    /// Its name.
    pub name: String,
    /// The folder that it lies in.
    pub folder_id: Option<FolderId>,
    /// Whether it runs.
    pub state: RecipeState,
    /// The number of its version.
    pub version_no: Option<u64>,
    /// When it was changed last, as the platform spells it.
    pub updated_at: Option<String>,
    /// The connectors that it is known to use, by their internal names, sorted.
    pub providers: Vec<String>,
    /// Whether these are all: whether the platform lists its applications.
    pub tells_all_providers: bool,
    /// Why it was stopped, if it was.
    pub stop_cause: StopCause,
    /// The address under which its trigger is called, if it has one.
    pub webhook_url: Option<String>,
    /// Its steps as JSON, where they were asked for.
    pub code: Option<String>,
}

/// What came of starting a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Done,
    /// The platform will not run it as it is.
    Refused {
        /// Why, in its words.
        errors: Vec<String>,
    },
}

fn recipe(node: &Node<'_>) -> Result<RecipeInfo, ClientError> {
    let mut providers = node.texts("applications")?;
    providers.extend(node.texts("action_applications")?);
    providers.extend(node.optional_text("trigger_application")?);
    for entry in node.items("config").unwrap_or_default() {
        providers.extend(entry.optional_text("provider").unwrap_or_default());
    }
    providers.retain(|provider| !provider.is_empty());
    providers.sort_unstable();
    providers.dedup();
    let running = node
        .flag("running")?
        .ok_or_else(|| node.refuse("running", "true or false"))?;
    Ok(RecipeInfo {
        id: RecipeId(node.id("id")?),
        name: node.text("name")?,
        folder_id: node.optional_id("folder_id")?.map(FolderId),
        state: if running {
            RecipeState::Running
        } else {
            RecipeState::Stopped
        },
        version_no: node.optional_id("version_no")?,
        updated_at: node.optional_text("updated_at")?,
        providers,
        tells_all_providers: node.get("applications").is_some(),
        stop_cause: match (node.has("stop_cause"), node.optional_text("stop_cause")?) {
            (false, _) => StopCause::Unsaid,
            (true, cause) => match cause.filter(|cause| !cause.is_empty()) {
                Some(cause) => StopCause::Platform(cause),
                None => StopCause::NotByPlatform,
            },
        },
        webhook_url: node
            .optional_text("webhook_url")?
            .filter(|url| !url.is_empty()),
        code: node.optional_contents("code").unwrap_or_default(),
    })
}

impl AccountApi<'_> {
    /// The recipes that a filter lets through, all pages of them.
    ///
    /// # Errors
    /// As any question's.
    pub fn recipes(&self, filter: &RecipeFilter) -> Result<Vec<RecipeInfo>, ClientError> {
        self.listed(filter, None)
    }

    /// The same, as far as those with the `wanted` numbers are among them: where one page may be all
    /// of them or not, no other is asked for once they are.
    ///
    /// # Errors
    /// As any question's.
    pub fn recipes_among(
        &self,
        filter: &RecipeFilter,
        wanted: &BTreeSet<u64>,
    ) -> Result<Vec<RecipeInfo>, ClientError> {
        self.listed(filter, Some(wanted))
    }

    fn listed(
        &self,
        filter: &RecipeFilter,
        wanted: Option<&BTreeSet<u64>>,
    ) -> Result<Vec<RecipeInfo>, ClientError> {
        let mut request = self.get("recipes");
        if !self.is_customer() {
            // Recipes have up to megabytes of code.
            request = request.query("exclude_code", true);
        }
        if let Some(folder) = filter.folder {
            request = request.query("folder_id", folder);
        }
        if !filter.uses_any.is_empty() {
            let names: Vec<&str> = filter.uses_any.iter().map(InternalName::as_str).collect();
            request = request.query("adapter_names_any", names.join(","));
        }
        if filter.running == Some(RecipeState::Running) {
            request = request.query("running", true);
        }
        let mut recipes =
            (self.transport).pages_among(&request, &["recipes"], &["name"], wanted, recipe)?;
        if let Some(state) = filter.running {
            recipes.retain(|recipe| recipe.state == state);
        }
        Ok(recipes)
    }

    /// One recipe.
    ///
    /// # Errors
    /// As any question's, [`ClientError::NotFound`] if there is none of that number.
    pub fn recipe(&self, id: RecipeId) -> Result<RecipeInfo, ClientError> {
        let answer = self.transport.answer(&self.get(&format!("recipes/{id}")))?;
        recipe(&answer.record("id")?)
    }

    /// Starts a recipe. Where it runs already, the platform may refuse.
    ///
    /// # Errors
    /// As any question's; what the platform says against the recipe itself is no error.
    pub fn start_recipe(&self, id: RecipeId) -> Result<Started, ClientError> {
        let request = Request::put(
            self.path(&format!("recipes/{id}/start")),
            format!("start recipe {id}"),
        );
        let errors = match self.transport.answer(&request) {
            Ok(answer) if answer.is_refusal() => answer.refusal(),
            Ok(_) => return Ok(Started::Done),
            Err(ClientError::Refused {
                message, fields, ..
            }) => Refusal { message, fields },
            Err(error) => return Err(error),
        };
        let message = errors.message.into_iter();
        let fields = errors.fields.iter().map(ToString::to_string);
        Ok(Started::Refused {
            errors: message.chain(fields).collect(),
        })
    }

    /// Stops a recipe.
    ///
    /// # Errors
    /// As any question's. A recipe with pending jobs can't be stopped (platform.md §6).
    pub fn stop_recipe(&self, id: RecipeId) -> Result<(), ClientError> {
        let request = Request::put(
            self.path(&format!("recipes/{id}/stop")),
            format!("stop recipe {id}"),
        );
        self.transport.answer(&request)?.accepted().map(drop)
    }
}
