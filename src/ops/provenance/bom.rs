//! The bill of materials of a package: CycloneDX 1.6.
//!
//! Of the format only what is said here is typed here; the crate of the format's authors knows
//! version 1.5 at most.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Known;
use crate::model::ident::Digest;
use crate::plan::decision::{ConnectorDecision, Outcome};

/// A bill of materials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug, Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
}

#[derive(Clone, Debug, Serialize)]
struct Tools {
    components: Vec<Component>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Clone, Debug, Serialize)]
struct Hash {
    alg: &'static str,
    content: Digest,
}

#[derive(Clone, Debug, Serialize)]
struct Property {
    name: String,
    value: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    of: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

fn property(name: &str, value: impl ToString) -> Property {
    Property {
        name: format!("recipack:{name}"),
        value: value.to_string(),
    }
}

fn sha256(content: Digest) -> Vec<Hash> {
    vec![Hash {
        alg: "SHA-256",
        content,
    }]
}

impl Bom {
    /// That of a package: its connectors and recipes, and which recipe needs which connector. What a
    /// target has to supply is required and has no digest.
    pub fn of(known: &Known) -> Self {
        let record = &known.record;
        let package = "package".to_owned();
        let digests: BTreeMap<&str, Digest> = record
            .entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.sha256))
            .collect();
        let mut components = Vec::new();
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for decision in &record.connectors {
            let reference = format!("connector:{}", decision.connector);
            components.push(connector(decision, &reference, &digests));
            needs.entry(reference.clone()).or_default();
            needs
                .entry(package.clone())
                .or_default()
                .insert(reference.clone());
            for recipe in &decision.recipes {
                let of = format!("recipe:{recipe}");
                needs.entry(of).or_default().insert(reference.clone());
            }
        }
        for (path, digest) in &digests {
            if !path.ends_with(".recipe.json") {
                continue;
            }
            let reference = format!("recipe:{path}");
            needs.entry(reference.clone()).or_default();
            needs
                .entry(package.clone())
                .or_default()
                .insert(reference.clone());
            components.push(Component {
                kind: "file",
                reference: Some(reference),
                name: (*path).to_owned(),
                version: None,
                scope: None,
                hashes: sha256(*digest),
                properties: Vec::new(),
            });
        }
        needs.entry(package.clone()).or_default();
        let there: BTreeSet<String> = components
            .iter()
            .filter_map(|component| component.reference.clone())
            .chain([package.clone()])
            .collect();
        needs.retain(|of, _| there.contains(of));
        // What the record alone says, as for whom the package is meant, nothing confirms.
        let properties = vec![property("content-digest", record.package.content_digest)];
        Self {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: serial(&record.package.content_digest),
            version: 1,
            metadata: Metadata {
                tools: Tools {
                    components: vec![Component {
                        kind: "application",
                        reference: None,
                        name: "recipack".to_owned(),
                        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                        scope: None,
                        hashes: Vec::new(),
                        properties: Vec::new(),
                    }],
                },
                component: Component {
                    kind: "application",
                    reference: Some(package),
                    name: known.name.trim_end_matches(".zip").to_owned(),
                    version: None,
                    scope: None,
                    hashes: sha256(known.verification.sha256),
                    properties,
                },
            },
            components,
            dependencies: needs
                .into_iter()
                .map(|(of, on)| Dependency {
                    of,
                    depends_on: on.into_iter().collect(),
                })
                .collect(),
        }
    }

    /// As a file.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        super::file(self)
    }
}

fn connector(
    decision: &ConnectorDecision,
    reference: &str,
    digests: &BTreeMap<&str, Digest>,
) -> Component {
    let included = decision.outcome == Outcome::Included;
    let mut sources = decision.files.iter().map(|path| path.as_str());
    let source = sources.find(|path| path.ends_with(".rb"));
    let digest = source
        .and_then(|path| digests.get(path))
        .filter(|_| included);
    let shared = decision
        .catalog
        .as_ref()
        .and_then(|entry| entry.shared_version.version());
    let version = match included {
        true => decision.packaged_version,
        false => shared,
    };
    let mut properties = vec![
        property("outcome", decision.outcome),
        property("rule", decision.rule.as_str()),
    ];
    let names = decision.internal_names.iter();
    properties.extend(names.map(|name| property("internal-name", name)));
    properties.extend(shared.map(|version| property("shared-version", version.0)));
    Component {
        kind: "library",
        reference: Some(reference.to_owned()),
        name: decision.connector.clone(),
        version: version.map(|version| version.0.to_string()),
        scope: Some("required"),
        hashes: digest.map_or_else(Vec::new, |digest| sha256(*digest)),
        properties,
    }
}

/// A UUID (RFC 9562, version 8) of the contents, so that the same package has the same.
fn serial(content: &Digest) -> String {
    let digest = Digest::of(format!("recipack sbom {content}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
