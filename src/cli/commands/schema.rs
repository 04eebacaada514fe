//! `recipack schema`: the JSON Schemas of the documents.

use super::super::args::SchemaArgs;
use super::super::exit::Exit;
use super::super::failure::{Failure, FailureDocument};
use super::super::ui::Format;
use super::super::{Context, Stop};
use super::attach::AttachDocument;
use super::console::ConsoleDocument;
use super::customer_file::ReconcileDocument;
use super::discover::{DiscoverDocument, TagsDocument};
use super::history::PruneDocument;
use super::migrate::MigrateStatusDocument;
use super::migrate_run::MigrateRunDocument;
use super::promote::PromoteDocument;
use super::pull::PullDocument;
use super::push::PushDocument;
use super::report::ReportDocument;
use super::rollout::{BoardDocument, DriftDocument, RolloutRunDocument, RolloutStartDocument};
use super::sandbox::{SandboxDocument, TokenDocument};
use super::settings::{SettingsCheckDocument, SettingsInitDocument, SettingsShowDocument};
use crate::manifest::ManifestText;
use crate::model::catalogue::CatalogueText;
use crate::ops::customer::CustomerApplyDocument;
use crate::ops::diff::DiffReport;
use crate::ops::doctor::DoctorDocument;
use crate::ops::export::documents::{
    CompletionsDocument, ExplainDocument, ExplainListDocument, ExportDocument, HelpDocument,
    InitDocument, ManDocument, ManifestEditDocument, ManifestListDocument, SeveralDocument,
    ShowDocument, VersionDocument, WhyDocument,
};
use crate::ops::export::lock::LockDocument;
use crate::ops::export::record::DecisionRecord;
use crate::ops::import::history::{HistoryDocument, RevisionDocument};
use crate::ops::import::matrix::MatrixDocument;
use crate::ops::import::rollback::RollbackDocument;
use crate::ops::import::{ImportDocument, PlanDocument};
use crate::ops::provenance::ProvenanceDocument;
use crate::ops::provenance::verify::{SignDocument, Verification};
use crate::ops::rollout::{
    FleetQueryDocument, RolloutJobsDocument, RolloutListDocument, RolloutOrderDocument,
    RolloutReportDocument, RolloutStatusDocument,
};
use crate::ops::workspace::catalog::{
    CatalogChangeDocument, CatalogDiffDocument, CatalogListDocument, CatalogPullDocument,
    CatalogShowDocument,
};
use crate::ops::workspace::connector_diff::ConnectorDiffDocument;
use crate::ops::workspace::customers::{
    CustomerCreateDocument, CustomerLabelDocument, CustomerListDocument, CustomerShowDocument,
};
use crate::ops::workspace::export::WorkspaceExportDocument;
use crate::ops::workspace::inspect::{
    ConnectionListDocument, ConnectorListDocument, ConnectorShowDocument, ConnectorUsageDocument,
    ConnectorVersionsDocument, RecipeListDocument, WorkspaceCreateDocument,
    WorkspaceDeleteDocument, WorkspaceListDocument, WorkspaceSetDocument, WorkspaceShowDocument,
};
use crate::ops::workspace::operate::{
    ConnectionChangeDocument, ConnectorReleaseDocument, RecipeChangeDocument,
};
use crate::ops::workspace::pull::ConnectorPullDocument;
use crate::ops::workspace::push::ConnectorPushDocument;
use crate::ops::workspace::status::StatusDocument;
use crate::plan::customer::CustomerPlan;
use crate::plan::graph_export::GraphDocument;
use crate::plan::migration::MigrationPlan;
use crate::plan::rollout::RolloutPlan;
use crate::remote::{RemoteCustomer, RemoteCustomersDocument};
use crate::sandbox::Faults;
use crate::settings::SettingsText;
use crate::settings::customer::CustomerText;

type SchemaOf = fn() -> schemars::Schema;

/// Every document, what it is, and its schema.
const DOCUMENTS: &[(&str, &str, SchemaOf)] = &[
    ("decisions", "the decision record beside a package", || {
        schemars::schema_for!(DecisionRecord)
    }),
    (
        "export",
        "what `export` and `check` print with --json",
        || schemars::schema_for!(ExportDocument),
    ),
    ("lock", "what `lock` prints with --json", || {
        schemars::schema_for!(LockDocument)
    }),
    ("show", "what `show` prints with --json", || {
        schemars::schema_for!(ShowDocument)
    }),
    ("why", "what `why` prints with --json", || {
        schemars::schema_for!(WhyDocument)
    }),
    (
        "export-several",
        "what `export` and `check` of several projects print with --json",
        || schemars::schema_for!(SeveralDocument<ExportDocument>),
    ),
    (
        "lock-several",
        "what `lock` of several projects prints with --json",
        || schemars::schema_for!(SeveralDocument<LockDocument>),
    ),
    ("verify", "what `verify` prints with --json", || {
        schemars::schema_for!(Verification)
    }),
    ("sign", "what `sign` prints with --json", || {
        schemars::schema_for!(SignDocument)
    }),
    (
        "provenance",
        "what `attest` and `sbom` print with --json",
        || schemars::schema_for!(ProvenanceDocument),
    ),
    ("report", "what `report` prints with --json", || {
        schemars::schema_for!(ReportDocument)
    }),
    ("push", "what `push` prints with --json", || {
        schemars::schema_for!(PushDocument)
    }),
    ("pull", "what `pull` prints with --json", || {
        schemars::schema_for!(PullDocument)
    }),
    ("attach", "what `attach` prints with --json", || {
        schemars::schema_for!(AttachDocument)
    }),
    ("discover", "what `discover` prints with --json", || {
        schemars::schema_for!(DiscoverDocument)
    }),
    ("tags", "what `tags` prints with --json", || {
        schemars::schema_for!(TagsDocument)
    }),
    ("diff", "what `diff` prints with --json", || {
        schemars::schema_for!(DiffReport)
    }),
    ("graph", "what `graph` prints with --json", || {
        schemars::schema_for!(GraphDocument)
    }),
    (
        "manifest",
        "what `manifest list` prints with --json",
        || schemars::schema_for!(ManifestListDocument),
    ),
    ("recipack.toml", "what a manifest may say", || {
        schemars::schema_for!(ManifestText)
    }),
    ("settings", "what a file of settings may say", || {
        schemars::schema_for!(SettingsText)
    }),
    ("customer", "what a customer's file may say", || {
        schemars::schema_for!(CustomerText)
    }),
    (
        "catalog",
        "what a catalogue of shared connectors in JSON holds",
        || schemars::schema_for!(CatalogueText),
    ),
    (
        "manifest-edit",
        "what `manifest add`, `remove` and `edit` print with --json",
        || schemars::schema_for!(ManifestEditDocument),
    ),
    ("init", "what `init` prints with --json", || {
        schemars::schema_for!(InitDocument)
    }),
    (
        "customer-list-api",
        "what `customer list --of` prints with --json of an address of the platform's API",
        || schemars::schema_for!(RemoteCustomersDocument),
    ),
    (
        "sandbox",
        "what `sandbox` prints with --json once it listens",
        || schemars::schema_for!(SandboxDocument),
    ),
    (
        "sandbox-token",
        "what `sandbox --token` prints with --json",
        || schemars::schema_for!(TokenDocument),
    ),
    (
        "console",
        "what `console` prints with --json once it listens",
        || schemars::schema_for!(ConsoleDocument),
    ),
    ("faults", "what the file of `sandbox --fault` holds", || {
        schemars::schema_for!(Faults)
    }),
    ("doctor", "what `doctor` prints with --json", || {
        schemars::schema_for!(DoctorDocument)
    }),
    ("man", "what `man` prints with --json", || {
        schemars::schema_for!(ManDocument)
    }),
    (
        "completions",
        "what `completions` prints with --json",
        || schemars::schema_for!(CompletionsDocument),
    ),
    ("status", "what `status` prints with --json", || {
        schemars::schema_for!(StatusDocument)
    }),
    ("history", "what `history` prints with --json", || {
        schemars::schema_for!(HistoryDocument)
    }),
    ("promote", "what `promote` prints with --json", || {
        schemars::schema_for!(PromoteDocument)
    }),
    (
        "migrate-plan",
        "what `migrate plan` prints with --json, and the file that `migrate run` goes by",
        || schemars::schema_for!(MigrationPlan),
    ),
    (
        "migrate-run",
        "what `migrate run` and `migrate back` print with --json",
        || schemars::schema_for!(MigrateRunDocument),
    ),
    (
        "migrate-status",
        "what `migrate status` prints with --json",
        || schemars::schema_for!(MigrateStatusDocument),
    ),
    (
        "rollout-plan",
        "what `rollout plan` and `rollout abort --back` print with --json, and the file that `rollout start` takes",
        || schemars::schema_for!(RolloutPlan),
    ),
    (
        "rollout-start",
        "what `rollout start` prints with --json",
        || schemars::schema_for!(RolloutStartDocument),
    ),
    (
        "rollout-run",
        "what `rollout run` prints with --json",
        || schemars::schema_for!(RolloutRunDocument),
    ),
    (
        "rollout-list",
        "what `rollout status` prints with --json",
        || schemars::schema_for!(RolloutListDocument),
    ),
    (
        "rollout-status",
        "what `rollout status` prints of one roll-out with --json",
        || schemars::schema_for!(RolloutStatusDocument),
    ),
    (
        "rollout-order",
        "what `rollout pause`, `resume`, `abort`, `gate`, `retry`, `skip` and `hold` print with --json",
        || schemars::schema_for!(RolloutOrderDocument),
    ),
    (
        "rollout-board",
        "what `rollout board` prints with --json",
        || schemars::schema_for!(BoardDocument),
    ),
    (
        "rollout-drift",
        "what `rollout drift` prints with --json",
        || schemars::schema_for!(DriftDocument),
    ),
    (
        "rollout-jobs",
        "what `rollout jobs` prints with --json",
        || schemars::schema_for!(RolloutJobsDocument),
    ),
    (
        "rollout-report",
        "what `rollout report` prints with --json",
        || schemars::schema_for!(RolloutReportDocument),
    ),
    (
        "fleet-query",
        "what `fleet query` prints with --json",
        || schemars::schema_for!(FleetQueryDocument),
    ),
    (
        "history-prune",
        "what `history --prune` prints with --json",
        || schemars::schema_for!(PruneDocument),
    ),
    (
        "revision",
        "what `history` prints of one revision with --json",
        || schemars::schema_for!(RevisionDocument),
    ),
    ("rollback", "what `rollback` prints with --json", || {
        schemars::schema_for!(RollbackDocument)
    }),
    (
        "workspace-create",
        "what `workspace create` prints with --json",
        || schemars::schema_for!(WorkspaceCreateDocument),
    ),
    (
        "workspace-list",
        "what `workspace list` prints with --json",
        || schemars::schema_for!(WorkspaceListDocument),
    ),
    (
        "workspace-show",
        "what `workspace show` prints with --json",
        || schemars::schema_for!(WorkspaceShowDocument),
    ),
    (
        "plan",
        "what `plan` prints with --json, and the file that `import` takes",
        || schemars::schema_for!(PlanDocument),
    ),
    ("import", "what `import` prints with --json", || {
        schemars::schema_for!(ImportDocument)
    }),
    ("matrix", "what `matrix` prints with --json", || {
        schemars::schema_for!(MatrixDocument)
    }),
    (
        "workspace-export",
        "what `workspace export` prints with --json",
        || schemars::schema_for!(WorkspaceExportDocument),
    ),
    (
        "workspace-delete",
        "what `workspace delete` prints with --json",
        || schemars::schema_for!(WorkspaceDeleteDocument),
    ),
    (
        "recipe-list",
        "what `recipe list` prints with --json",
        || schemars::schema_for!(RecipeListDocument),
    ),
    (
        "settings-init",
        "what `settings init` prints with --json",
        || schemars::schema_for!(SettingsInitDocument),
    ),
    (
        "settings-check",
        "what `settings check` prints with --json",
        || schemars::schema_for!(SettingsCheckDocument),
    ),
    (
        "settings-show",
        "what `settings show` prints with --json",
        || schemars::schema_for!(SettingsShowDocument),
    ),
    (
        "recipe-change",
        "what `recipe start` and `recipe stop` print with --json",
        || schemars::schema_for!(RecipeChangeDocument),
    ),
    (
        "connection-list",
        "what `connection list` prints with --json",
        || schemars::schema_for!(ConnectionListDocument),
    ),
    (
        "connection-change",
        "what `connection authorize` prints with --json",
        || schemars::schema_for!(ConnectionChangeDocument),
    ),
    (
        "connector-list",
        "what `connector list` prints with --json",
        || schemars::schema_for!(ConnectorListDocument),
    ),
    (
        "connector-show",
        "what `connector show` prints with --json",
        || schemars::schema_for!(ConnectorShowDocument),
    ),
    (
        "connector-versions",
        "what `connector versions` prints with --json",
        || schemars::schema_for!(ConnectorVersionsDocument),
    ),
    (
        "connector-usage",
        "what `connector usage` prints with --json",
        || schemars::schema_for!(ConnectorUsageDocument),
    ),
    (
        "connector-release",
        "what `connector release` prints with --json",
        || schemars::schema_for!(ConnectorReleaseDocument),
    ),
    (
        "connector-push",
        "what `connector push` prints with --json",
        || schemars::schema_for!(ConnectorPushDocument),
    ),
    (
        "customer-show-api",
        "what `customer show` prints with --json of an address of the platform's API",
        || schemars::schema_for!(RemoteCustomer),
    ),
    (
        "connector-pull",
        "what `connector pull` prints with --json",
        || schemars::schema_for!(ConnectorPullDocument),
    ),
    (
        "connector-diff",
        "what `connector diff` prints with --json",
        || schemars::schema_for!(ConnectorDiffDocument),
    ),
    (
        "workspace-set",
        "what `workspace set` prints with --json",
        || schemars::schema_for!(WorkspaceSetDocument),
    ),
    (
        "customer-create",
        "what `customer create` prints with --json",
        || schemars::schema_for!(CustomerCreateDocument),
    ),
    (
        "customer-list",
        "what `customer list` prints with --json",
        || schemars::schema_for!(CustomerListDocument),
    ),
    (
        "customer-show",
        "what `customer show` prints with --json",
        || schemars::schema_for!(CustomerShowDocument),
    ),
    (
        "customer-label",
        "what `customer label` prints with --json",
        || schemars::schema_for!(CustomerLabelDocument),
    ),
    (
        "customer-plan",
        "a plan as `customer apply --plan` prints and writes it",
        || schemars::schema_for!(CustomerPlan),
    ),
    (
        "customer-apply",
        "what `customer apply` prints with --json",
        || schemars::schema_for!(CustomerApplyDocument),
    ),
    (
        "customer-reconcile",
        "what `customer reconcile` prints with --json",
        || schemars::schema_for!(ReconcileDocument),
    ),
    (
        "catalog-list",
        "what `catalog list` prints with --json",
        || schemars::schema_for!(CatalogListDocument),
    ),
    (
        "catalog-show",
        "what `catalog show` prints with --json",
        || schemars::schema_for!(CatalogShowDocument),
    ),
    (
        "catalog-change",
        "what `catalog share`, `update`, `switch`, `remove` and `apply` print with --json",
        || schemars::schema_for!(CatalogChangeDocument),
    ),
    (
        "catalog-diff",
        "what `catalog diff` prints with --json",
        || schemars::schema_for!(CatalogDiffDocument),
    ),
    (
        "catalog-pull",
        "what `catalog pull` prints with --json",
        || schemars::schema_for!(CatalogPullDocument),
    ),
    (
        "explain",
        "what `explain` prints of one code with --json",
        || schemars::schema_for!(ExplainDocument),
    ),
    (
        "explain-list",
        "what `explain` prints of all codes with --json",
        || schemars::schema_for!(ExplainListDocument),
    ),
    ("help", "what `help` prints with --json", || {
        schemars::schema_for!(HelpDocument)
    }),
    ("version", "what `version` prints with --json", || {
        schemars::schema_for!(VersionDocument)
    }),
    (
        "failure",
        "what any command prints with --json if it could not do its work",
        || schemars::schema_for!(FailureDocument),
    ),
];

pub(crate) fn run(context: &Context, args: &SchemaArgs) -> Result<Exit, Stop> {
    match &args.document {
        None if context.ui.format == Format::Json => {
            let all: std::collections::BTreeMap<_, _> = DOCUMENTS
                .iter()
                .map(|(name, _, schema)| (*name, schema()))
                .collect();
            context.ui.document(&all)?;
        }
        None => {
            let width = DOCUMENTS.iter().map(|(name, ..)| name.len()).max();
            let width = width.unwrap_or_default();
            let lines = DOCUMENTS
                .iter()
                .map(|(name, what, _)| format!("{name:<width$}  {what}\n"));
            context.ui.result(&lines.collect::<String>())?;
        }
        Some(document) => {
            let Some((_, _, schema)) = DOCUMENTS.iter().find(|(name, ..)| name == document) else {
                let names: Vec<_> = DOCUMENTS.iter().map(|(name, ..)| *name).collect();
                return Err(Failure::usage(format!("there is no document `{document}`"))
                    .help(format!("there are: {}", names.join(", ")))
                    .into());
            };
            context.ui.document(&schema())?;
        }
    }
    Ok(Exit::Done)
}
