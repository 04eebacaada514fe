//! What commands say in JSON: the documents that `--json` prints, each with a published schema.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::{LeftOutRecord, PackageRecord, TargetRecord};
use crate::manifest::{Allowance, Done, Listing};
use crate::model::finding::{Code, Counts, Latitude, Severity};
use crate::model::ident::{ConnectorTitle, Digest, Version};
use crate::model::path::PackagePath;
use crate::model::project::IgnoredAssets;
use crate::ops::diagnostics::Diagnostic;
use crate::plan::decision::{ConnectorDecision, Outcome};
use crate::plan::export::rewrite::Edits;

/// What `export` and `check` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportDocument {
    /// Where the package goes.
    pub target: TargetRecord,
    /// The package that was written; absent for `check`, for `--list`, and if it was refused.
    pub package: Option<WrittenPackage>,
    /// Whether a package can be made.
    pub refused: bool,
    /// What was decided about each connector.
    pub connectors: Vec<ConnectorDecision>,
    /// The package's files.
    pub entries: Vec<EntryDocument>,
    /// The files that are not in it.
    pub left_out: Vec<LeftOutRecord>,
    /// How many assets ignore files take files of; absent if none do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<IgnoredAssets>,
    /// How many findings there are.
    pub counts: Counts,
    /// The findings, the gravest first.
    pub findings: Vec<Diagnostic>,
    /// The findings that there would be, were they not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowance>,
}

impl ExportDocument {
    /// What stands for the plan that it tells, whether its package was made or not.
    ///
    /// # Errors
    /// If it can't be told as JSON.
    pub fn digest(&self) -> serde_json::Result<Digest> {
        let plan = Self {
            package: None,
            ..self.clone()
        };
        Ok(Digest::of(&serde_json::to_vec(&plan)?))
    }
}

/// What a command says of several projects. Each one is looked at, whatever becomes of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeveralDocument<D> {
    /// The gravest of the projects' exit codes.
    pub exit_code: u8,
    /// The projects, in the order in which they were given or found.
    pub projects: Vec<OfProject<D>>,
}

/// What a command says of one of several projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfProject<D> {
    /// The project.
    pub project: String,
    /// The exit code that the command would have for it alone.
    pub exit: u8,
    /// What the command says for it alone; absent if it could not do its work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<D>,
    /// What it could not do its work of; absent if it could.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<Diagnostic>,
}

/// A package that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenPackage {
    /// Where it lies.
    pub path: String,
    /// Where its decision record lies.
    pub record: String,
    /// Its size and digests.
    #[serde(flatten)]
    pub facts: PackageRecord,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryDocument {
    /// Its path.
    pub path: PackagePath,
    /// Why it is in.
    pub rule: Cow<'static, str>,
    /// What the rule went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What is changed in it; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<Edits>,
}

/// What `show` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShowDocument {
    /// The package or folder.
    pub path: String,
    /// Its files, in the order of their paths.
    pub files: Vec<ShownFile>,
    /// Its custom connectors.
    pub connectors: Vec<ShownConnector>,
    /// How many assets there are of each type, by the type's word in file names.
    pub assets: std::collections::BTreeMap<String, usize>,
    /// Files of a folder that belong to no asset.
    pub left_out: Vec<LeftOutRecord>,
}

/// A file that `show` lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFile {
    /// Its path.
    pub path: PackagePath,
    /// Its asset's type, by the word in file names; absent if it belongs to no asset.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its size in bytes.
    pub size: u64,
}

/// A custom connector that `show` lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownConnector {
    /// Its title.
    pub title: Option<ConnectorTitle>,
    /// Its version in the source workspace.
    pub version: Option<Version>,
    /// The path of its JSON.
    pub path: PackagePath,
}

/// What `why` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyDocument {
    /// What was asked for.
    pub item: String,
    /// Where the package goes.
    pub target: TargetRecord,
    /// The files that it means.
    pub files: Vec<WhyFile>,
    /// The connectors that it means.
    pub connectors: Vec<ConnectorDecision>,
}

/// Why a file is in a package or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyFile {
    /// Its path.
    pub path: String,
    /// Its asset's display name.
    pub name: Option<String>,
    /// Whether it is in.
    pub outcome: Outcome,
    /// By which rule.
    pub rule: String,
    /// What the rule went by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What is changed in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<Edits>,
    /// From a selected asset to this one, each needing the next.
    pub chain: Vec<PackagePath>,
    /// Who needs it directly.
    pub needed_by: Vec<PackagePath>,
    /// What it needs directly.
    pub needs: Vec<PackagePath>,
    /// How to decide otherwise.
    pub change: String,
}

/// What `init` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InitDocument {
    /// The manifest that was written.
    pub manifest: String,
    /// The custom connectors that it names.
    pub connectors: Vec<ConnectorTitle>,
    /// The catalogue that it names; null if none was found, or none is needed.
    pub catalog: Option<String>,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Diagnostic>,
}

/// What `manifest list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestListDocument {
    /// What the manifest says.
    #[serde(flatten)]
    pub listing: Listing,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Diagnostic>,
}

/// What `manifest add`, `manifest remove` and `manifest edit` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestEditDocument {
    /// The manifest.
    pub manifest: String,
    /// What was done to it.
    pub done: Vec<Done>,
}

/// What `man` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManDocument {
    /// The pages that were written; the name of the one that there is, if none was asked to be.
    pub pages: Vec<String>,
}

/// What `completions` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompletionsDocument {
    /// The shell.
    pub shell: String,
    /// What it reads.
    pub script: String,
}

/// What `help` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelpDocument {
    /// The help of the command or the topic.
    pub text: String,
}

/// What `version` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionDocument {
    /// The version.
    pub version: String,
    /// The commit that it was built of; null if that is not known.
    pub commit: Option<String>,
    /// The target that it was built for, as Rust calls it.
    pub target: String,
    /// The features that it was built with.
    pub features: Vec<String>,
    /// The version of SQLite in it.
    pub sqlite: String,
}

/// What `explain` says of one code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainDocument {
    /// What it is.
    #[serde(flatten)]
    pub code: CodeDocument,
    /// Its page, in Markdown.
    pub page: String,
}

/// What `explain` says of all codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainListDocument {
    /// The codes of findings, the gravest first.
    pub codes: Vec<CodeDocument>,
    /// The codes of errors that end a command.
    pub errors: Vec<CodeDocument>,
}

/// A code that findings have, or errors that end a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodeDocument {
    /// The code.
    pub code: String,
    /// How much a finding of this code matters if nobody says otherwise.
    pub severity: Severity,
    /// What a manifest may say about that, if it is a finding's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latitude: Option<Latitude>,
    /// The exit codes of a command that ends with it, if it is no finding's.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exit_codes: Vec<u8>,
    /// What it means, in a sentence.
    pub meaning: String,
}

impl From<Code> for CodeDocument {
    fn from(code: Code) -> Self {
        Self {
            code: code.to_string(),
            severity: code.severity(),
            latitude: Some(code.latitude()),
            exit_codes: Vec::new(),
            meaning: code.meaning().to_owned(),
        }
    }
}
