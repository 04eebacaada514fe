//! The in-toto statement of a package, with SLSA's provenance of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Known;
use crate::model::ident::{ConnectorTitle, Digest};
use crate::model::target::ConnectorPolicy;
use crate::ops::export::record::{OriginRecord, TargetRecord};

/// The type of statements.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of what they say.
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// How packages are made: by `recipack export`, with the external parameters `project`, `target`,
/// `select` and `connectors`, as the decision record has them.
pub const BUILD_TYPE: &str = "urn:recipack:export:v1";
/// The builder, if nobody says who it was.
pub const BUILDER: &str = "urn:recipack:builder:unspecified";

/// A statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is.
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about.
    pub subject: Vec<Resource>,
    /// What sort of thing it says.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What it says.
    pub predicate: Value,
}

/// Something with a digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests, by the algorithm's name.
    pub digest: BTreeMap<String, String>,
    /// What else is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl Resource {
    fn new(name: &str, algorithm: &str, digest: impl ToString) -> Self {
        Self {
            name: Some(name.to_owned()),
            digest: BTreeMap::from([(algorithm.to_owned(), digest.to_string())]),
            annotations: BTreeMap::new(),
        }
    }
}

/// What was asked for.
#[derive(Serialize)]
struct ExternalParameters<'a> {
    project: &'a str,
    origin: OriginRecord,
    target: &'a TargetRecord,
    select: &'a crate::manifest::SelectListing,
    connectors: &'a BTreeMap<ConnectorTitle, ConnectorPolicy>,
}

/// Why a statement is none.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The bytes are something else.
    #[error("it is no in-toto statement: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// It says that it is something else.
    #[error("it is no in-toto statement, but {0}")]
    OtherKind(String),
}

impl Statement {
    /// The statement of a package that `builder` made.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn of(known: &Known, builder: &str) -> Result<Self, serde_json::Error> {
        let record = &known.record;
        let mut package = Resource::new(&known.name, "sha256", known.verification.sha256);
        package.annotations.insert(
            "contentDigest".to_owned(),
            json!(known.verification.content_digest.to_string()),
        );
        let mut dependencies = Vec::new();
        if let Some(commit) = &record.project.commit {
            let algorithm = "gitCommit";
            let mut source = Resource::new(&record.project.name, algorithm, commit);
            // What is not known must not be taken for `false`.
            let dirty = match record.project.dirty {
                Some(dirty) => json!(dirty),
                None => json!("unknown"),
            };
            source.annotations.insert("dirty".to_owned(), dirty);
            // It is the record's word: a package tells of no commit.
            source
                .annotations
                .insert("verified".to_owned(), json!(false));
            dependencies.push(source);
        }
        if let Some(catalog) = &record.catalog {
            dependencies.push(Resource::new("catalog", "sha256", catalog.sha256));
        }
        for entry in record.entries.iter().filter(|entry| {
            let path = entry.path.as_str();
            path.contains(".custom_adapter.")
        }) {
            dependencies.push(Resource::new(entry.path.as_str(), "sha256", entry.sha256));
        }
        let external = ExternalParameters {
            project: &record.project.name,
            origin: record.project.origin,
            target: &record.target,
            select: &record.request.select,
            connectors: &record.request.words,
        };
        let decisions = Resource::new(&known.record_name, "sha256", known.record_digest);
        let not_verified = known.verification.not_verified.iter();
        let not_verified: Vec<&str> = not_verified.map(|open| open.part.as_str()).collect();
        let predicate = json!({
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": serde_json::to_value(external)?,
                "internalParameters": {
                    "generator": record.generator,
                    "notVerified": not_verified,
                },
                "resolvedDependencies": serde_json::to_value(dependencies)?,
            },
            "runDetails": {
                "builder": { "id": builder },
                "byproducts": [serde_json::to_value(decisions)?],
            },
        });
        Ok(Self {
            kind: STATEMENT.to_owned(),
            subject: vec![package],
            predicate_type: PROVENANCE.to_owned(),
            predicate,
        })
    }

    /// As a file.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        super::file(self)
    }

    /// Reads one.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement: Self = serde_json::from_slice(bytes).map_err(StatementError::Unreadable)?;
        match statement.kind == STATEMENT {
            true => Ok(statement),
            false => Err(StatementError::OtherKind(statement.kind)),
        }
    }

    /// Whether it is about a package with this digest.
    pub fn is_about(&self, package: &Digest) -> bool {
        let package = package.to_string();
        let mut subjects = self.subject.iter();
        subjects.any(|subject| subject.digest.get("sha256") == Some(&package))
    }

    /// Whom it names as the builder.
    pub fn builder(&self) -> Option<&str> {
        self.predicate["runDetails"]["builder"]["id"].as_str()
    }
}
