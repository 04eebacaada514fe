//! The settings of a migration: what the target gets beside the package, and what starts at the
//! cut-over.

use std::fmt::Write as _;

use super::{Carried, Known, MigrationPlan};
use crate::settings::needs::quoted;

/// The settings that a migration is made with, and the files that they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationSettings {
    /// What the target gets with the package; recipes are left as they are.
    pub before: String,
    /// What else holds at the cut-over: starts and endpoints.
    pub cut_over: String,
    /// Values that look like secrets, by the names of their files beside the settings.
    pub files: Vec<(String, String)>,
}

impl MigrationPlan {
    /// The settings of this plan, with the values that were read.
    pub fn settings(&self, known: &Known<'_>) -> MigrationSettings {
        let mut text = format!(
            "# What {} gets beside the package. Values were read from {};\n# fill in the marks, and change what is to be otherwise.\n",
            self.target.address.to_string().escape_debug(),
            self.source.address.to_string().escape_debug()
        );
        let mut files = Vec::new();
        for (of_project, heading) in [(false, "properties"), (true, "project-properties")] {
            let own = self.properties.iter();
            let mut own = own.filter(|one| one.of_project == of_project).peekable();
            if own.peek().is_some() {
                let _ = writeln!(text, "\n[all.{heading}]");
            }
            for property in own {
                let name = quoted(&property.name);
                let value = known.value(&property.name, of_project).unwrap_or_default();
                let _ = match property.value {
                    Carried::Carried => {
                        let value = toml_edit::Value::from(value).to_string();
                        writeln!(text, "{name} = {value}")
                    }
                    Carried::InFile => {
                        let file = format!("value-{}.txt", files.len() + 1);
                        files.push((file.clone(), value.to_owned()));
                        writeln!(text, "{name} = {{ file = {} }}", quoted(&file))
                    }
                    Carried::Absent => writeln!(text, "# {name} has no value in the source"),
                    Carried::Untold => writeln!(
                        text,
                        "{name} = {{ fill-in = \"the source does not tell its value\" }}"
                    ),
                    Carried::Several => writeln!(
                        text,
                        "{name} = {{ fill-in = \"projects of the source have different values\" }}"
                    ),
                };
            }
        }
        if !self.connections.is_empty() {
            text.push_str(
                "\n# \"person\", if somebody authorizes it, { fields = { NAME = VALUE } },\n# or { use = \"NAME\" } for a connection that the target has already.\n[all.connections]\n",
            );
        }
        for connection in &self.connections {
            if connection.authorized.is_none() {
                let name = quoted(&connection.name);
                let _ = writeln!(text, "# {name} is not in the source either");
                continue;
            }
            let gateway = connection.gateway.as_ref();
            let gateway = gateway
                .map(|group| format!("  # through the on-prem group {}", group.escape_debug()));
            let _ = writeln!(
                text,
                "{} = \"person\"{}",
                quoted(&connection.name),
                gateway.unwrap_or_default()
            );
        }
        text.push_str("\n# Recipes start at the cut-over.\n[all.recipes]\n\"*\" = \"leave\"\n");
        let mut cut_over = String::from(
            "# What runs from the cut-over on: what ran in the source.\n[all.recipes]\n\"*\" = \"leave\"\n",
        );
        for name in &self.starts {
            let _ = writeln!(cut_over, "{} = \"start\"", quoted(name));
        }
        if !self.endpoints.is_empty() {
            text.push_str("\n[all.endpoints]\n\"*\" = \"leave\"\n");
            cut_over.push_str("\n[all.endpoints]\n");
        }
        for endpoint in &self.endpoints {
            let name = quoted(&endpoint.name);
            let _ = match endpoint.enabled {
                Some(true) => writeln!(cut_over, "{name} = \"enable\""),
                Some(false) => {
                    writeln!(cut_over, "{name} = \"leave\"  # not enabled in the source")
                }
                None => writeln!(
                    cut_over,
                    "{name} = \"leave\"  # the source does not tell whether it is enabled"
                ),
            };
        }
        MigrationSettings {
            before: text,
            cut_over,
            files,
        }
    }
}
