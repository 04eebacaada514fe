//! Small projects, written asset by asset.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Place;

/// A project's folder below a place.
pub(crate) struct ProjectFolder<'p> {
    place: &'p Place,
    root: &'p str,
}

/// A reference as the platform writes it: to the asset whose JSON lies at `path`.
pub(crate) fn reference(path: &str, name: &str) -> Value {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    json!({"zip_name": path, "name": name, "folder": folder})
}

/// The same to a connection of a custom connector that is not shared.
pub(crate) fn custom_reference(path: &str, name: &str) -> Value {
    let mut reference = reference(path, name);
    reference["custom"] = Value::Bool(true);
    reference
}

/// An entry of a recipe's `config`.
pub(crate) fn uses(provider: &str, account: Value) -> Value {
    json!({"keyword": "application", "provider": provider, "skip_validation": false, "account_id": account})
}

impl<'p> ProjectFolder<'p> {
    pub(crate) fn new(place: &'p Place, root: &'p str) -> Self {
        Self { place, root }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.place.path(self.root)
    }

    /// Writes any file.
    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = Path::new(self.root).join(path);
        self.place.write(path.to_str().expect("UTF-8"), text);
        self
    }

    /// Writes JSON.
    pub(crate) fn json(&self, path: &str, value: &Value) -> &Self {
        self.file(path, &serde_json::to_string_pretty(value).expect("JSON"))
    }

    /// A recipe with one trigger of the first provider of its `config`.
    pub(crate) fn recipe(&self, path: &str, name: &str, config: &[Value]) -> &Self {
        let provider = config
            .first()
            .map_or(Value::Null, |entry| entry["provider"].clone());
        let code = json!({"number": 0, "keyword": "trigger", "provider": provider, "name": "added", "input": {}, "block": []});
        self.recipe_with(path, name, config, &code)
    }

    /// A recipe with this `code`.
    pub(crate) fn recipe_with(
        &self,
        path: &str,
        name: &str,
        config: &[Value],
        code: &Value,
    ) -> &Self {
        let recipe = json!({"name": name, "version": 1, "private": true, "concurrency": 1, "code": code, "config": config});
        self.json(path, &recipe)
    }

    /// A connection of an application, or of a connector by reference.
    pub(crate) fn connection(&self, path: &str, name: &str, provider: &Value) -> &Self {
        let connection = json!({"name": name, "provider": provider, "secure_gateway_tunnel_name": null, "root_folder": false});
        self.json(path, &connection)
    }

    /// A custom connector with one trigger `added`: `stem.custom_adapter.json` and its source.
    pub(crate) fn connector(&self, stem: &str, title: &str, version: u64) -> &Self {
        let source = format!(
            "{{ title: '{title}', connection: {{}}, actions: {{}}, triggers: {{ added: {{ title: 'Added' }} }} }}\n"
        );
        self.connector_with(stem, title, version, &source)
    }

    /// The same with this source.
    pub(crate) fn connector_with(
        &self,
        stem: &str,
        title: &str,
        version: u64,
        source: &str,
    ) -> &Self {
        let json = json!({"title": title, "description": null, "logo_file_name": null, "logo_content_type": null, "version_no": version, "note": null});
        self.json(&format!("{stem}.custom_adapter.json"), &json);
        self.file(&format!("{stem}.custom_adapter.rb"), source)
    }
}
