//! Properties and their values (platform.md §12).

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::account::AccountApi;
use super::error::ClientError;
use super::id::ProjectId;
use super::request::Request;

/// The keys that one answer may be wrapped in.
const WRAPPERS: [&str; 2] = ["result", "properties"];

impl AccountApi<'_> {
    /// The properties whose names begin with this, and their values; those of a project, or of the
    /// workspace as a whole. A value that is not told, as `null`, is left out.
    ///
    /// # Errors
    /// As any question's.
    pub fn properties(
        &self,
        prefix: &str,
        project: Option<ProjectId>,
    ) -> Result<BTreeMap<String, String>, ClientError> {
        let mut request = self.get("properties").query("prefix", prefix);
        if let Some(project) = project {
            request = request.query("project_id", project);
        }
        let answer = self.transport.answer(&request)?.accepted()?;
        let root = answer.root();
        let Some(fields) = root.value().as_object() else {
            return Err(answer.unreadable("names with their values are expected".to_owned()));
        };
        let inner = WRAPPERS
            .iter()
            .find_map(|key| fields.get(*key)?.as_object());
        let told = inner.unwrap_or(fields).iter();
        Ok(told
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect())
    }

    /// Gives properties values, whether they had any or not.
    ///
    /// # Errors
    /// As any question's. To ask twice does no harm.
    pub fn set_properties(
        &self,
        values: &BTreeMap<String, SecretString>,
        project: Option<ProjectId>,
    ) -> Result<(), ClientError> {
        let values: Map<String, Value> = values
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.expose_secret())))
            .collect();
        let what = format!("set {} of properties", values.len());
        let mut request =
            Request::post(self.path("properties"), what).json(json!({ "properties": values }));
        if let Some(project) = project {
            request = request.query("project_id", project);
        }
        self.transport.answer(&request)?.accepted().map(drop)
    }
}
