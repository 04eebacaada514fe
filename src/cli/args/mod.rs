//! The command line as it is typed. Nothing is looked up here.

mod catalog;
mod connection;
mod connector;
mod console;
mod customer;
mod diff;
mod doctor;
mod edits;
mod examples;
mod exits;
mod fleet;
mod grouping;
mod habits;
mod help;
mod history;
mod import;
mod lock;
mod man;
mod migrate;
mod platform;
mod promote;
mod provenance;
mod recipe;
mod registry;
mod report;
mod rollout;
mod sandbox;
mod settings;
mod several;
mod sign;
mod within;
mod workspace;
mod workspace_export;

pub(crate) use catalog::{
    CatalogApplyArgs, CatalogCommand, CatalogDiffArgs, CatalogListArgs, CatalogPullArgs,
    CatalogRemoveArgs, CatalogShareArgs, CatalogShowArgs, CatalogSwitchArgs, CatalogUpdateArgs,
    GoingArgs,
};
pub(crate) use connection::{ConnectionAuthorizeArgs, ConnectionCommand, ConnectionListArgs};
pub(crate) use connector::{
    ConnectorArgs, ConnectorCommand, ConnectorDiffArgs, ConnectorListArgs, ConnectorPullArgs,
    ConnectorPushArgs,
};
pub(crate) use console::ConsoleArgs;
pub(crate) use customer::{
    CustomerApplyArgs, CustomerCommand, CustomerCreateArgs, CustomerLabelArgs, CustomerListArgs,
    CustomerReconcileArgs, CustomerShowArgs,
};
pub(crate) use diff::{DiffArgs, DiffSide};
pub(crate) use doctor::DoctorArgs;
pub(crate) use edits::EditsArgs;
pub(crate) use exits::exits;
pub(crate) use fleet::{FleetCommand, FleetQueryCommand};
pub(crate) use habits::advised;
pub(crate) use help::command;
pub(crate) use history::{HistoryArgs, RollbackArgs, StatusArgs};
pub(crate) use import::{ImportArgs, MatrixArgs, PermittedArgs, PlanArgs};
pub(crate) use lock::LockArgs;
pub(crate) use man::ManArgs;
pub(crate) use migrate::{
    MigrateBackArgs, MigrateCommand, MigratePlanArgs, MigrateRunArgs, MigrateStatusArgs,
};
pub(crate) use platform::PlatformArgs;
pub(crate) use promote::PromoteArgs;
pub(crate) use provenance::{AttestArgs, SbomArgs};
pub(crate) use recipe::{RecipeChangeArgs, RecipeCommand, RecipeListArgs};
pub(crate) use registry::{AttachArgs, AttachingArgs, DiscoverArgs, PullArgs, PushArgs, TagsArgs};
pub(crate) use report::{ReportArgs, ReportFileArgs, ReportTo};
pub(crate) use rollout::{
    LedgerArgs, RolloutAbortArgs, RolloutBoardArgs, RolloutCommand, RolloutDriftArgs,
    RolloutGateArgs, RolloutJobsArgs, RolloutMembersArgs, RolloutOrderArgs, RolloutPlanArgs,
    RolloutReportArgs, RolloutRetryArgs, RolloutRunArgs, RolloutStartArgs, RolloutStatusArgs,
};
pub(crate) use sandbox::{ResumeArgs, SandboxArgs};
pub(crate) use settings::{
    SettingsArgs, SettingsCheckArgs, SettingsCommand, SettingsInitArgs, SettingsShowArgs,
};
pub(crate) use several::SeveralArgs;
pub(crate) use sign::SignArgs;
pub(crate) use within::WithinArgs;
pub(crate) use workspace::{
    WorkspaceCommand, WorkspaceCreateArgs, WorkspaceDeleteArgs, WorkspaceListArgs,
    WorkspaceSetArgs, WorkspaceShowArgs,
};
pub(crate) use workspace_export::WorkspaceExportArgs;

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::colour::ColourWanted;
use crate::model::ident::{ConnectorTitle, DataCenter, TargetName};
use crate::model::table::PackedRows;
use crate::model::target::{ConnectorPolicy, TargetKind};

/// Packs Workato recipes and custom connectors for the workspace they go to.
#[derive(Debug, Parser)]
#[command(name = "recipack", version, max_term_width = 100, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// How commands talk.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed; 2 there are differences; 3 refused; 4 verification failed; \
64 wrong usage; 68 partly; 69 running; 75 temporary; 77 not authorized; \
130 interrupted; 143 terminated";

const COMPLETIONS: &str = "\
The script knows commands and options. Where workspaces, targets, titles and recipes are to be
completed too, the shell asks recipack at each time; in the shell's own file:
  bash, zsh: source <(COMPLETE=bash recipack)     fish: COMPLETE=fish recipack | source";

/// Options that every command has.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Work as if started in this folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Print one JSON document; `recipack schema` has its schema
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print every finding, notes too
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Colour: auto (on a terminal), always, never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        global = true
    )]
    pub(crate) color: ColourWanted,
    /// Threads that work [default: one for each core]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented recipack.toml for a project
    Init(InitArgs),
    /// Edit or list recipack.toml
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Say what export would say, and write nothing
    Check(CheckArgs),
    /// Write down what each target gets, or compare it with what was written down
    Lock(LockArgs),
    /// Make a package for a target
    #[command(visible_alias = "build")]
    Export(ExportArgs),
    /// List what a package holds
    Show(ShowArgs),
    /// Say why an asset or a connector is in a package, or is not
    Why(WhyArgs),
    /// Draw who needs whom
    Graph(GraphArgs),
    /// Compare two packages, projects or workspaces
    Diff(DiffArgs),
    /// Check a package against its decision record
    Verify(VerifyArgs),
    /// Sign a package, so that whoever imports it knows that it is yours
    Sign(SignArgs),
    /// Say where a package comes from: an in-toto statement with SLSA provenance
    Attest(AttestArgs),
    /// Say what is in a package: a CycloneDX bill of materials
    Sbom(SbomArgs),
    /// Make a page of a package, a plan, a receipt or a roll-out: one HTML file
    Report(ReportFileArgs),
    /// Bring a package to an OCI registry
    Push(PushArgs),
    /// Fetch a package from an OCI registry
    Pull(PullArgs),
    /// Attach signatures, statements, bills and reports to a package in a registry
    Attach(AttachArgs),
    /// List what is attached to a package in a registry
    Discover(DiscoverArgs),
    /// List the tags of a repository
    Tags(TagsArgs),
    /// Say what an import would do to a workspace, and do nothing
    Plan(PlanArgs),
    /// Import a package into a workspace
    #[command(visible_alias = "apply")]
    Import(ImportArgs),
    /// Write, check and show what targets need beside a package
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Say how a workspace is, and what in it needs a person
    Status(StatusArgs),
    /// List the revisions of a workspace, or say what one changed
    History(HistoryArgs),
    /// Bring a workspace back to how it was after a revision
    Rollback(RollbackArgs),
    /// Import a package into the next environment, once it is in the one before
    Promote(Box<PromoteArgs>),
    /// Move a workspace to another account
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Bring packages to many customers, in waves
    #[command(subcommand)]
    Rollout(RolloutCommand),
    /// Ask what roll-outs know of all customers: who uses, who lost, who stands, who waits
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Create, list, show and delete workspaces of the local platform
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// List, start and stop a workspace's recipes
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// List and authorize a workspace's connections
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// List, build, compare and release a workspace's custom connectors
    #[command(subcommand)]
    Connector(ConnectorCommand),
    /// Create, list, show and label the customers of an admin workspace
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Share an admin workspace's connectors with its customers
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Say what packages would meet at each customer, and do nothing
    Matrix(MatrixArgs),
    /// Serve the local platform behind the platform's API, on this machine
    #[command(after_help = "\
It listens on 127.0.0.1 only, says where, and serves until it is interrupted. Whatever speaks the
platform's API finds the workspaces of the local platform behind their tokens.")]
    Sandbox(SandboxArgs),
    /// Serve pages for shared connectors to a browser, on this machine
    #[command(after_help = "\
It listens on 127.0.0.1 only and prints an address with a key, which opens the console once, in one
browser. Every change is shown with what it means, and confirmed. It serves until it is interrupted.")]
    Console(ConsoleArgs),
    /// Go on with an import over the API whose end nobody saw
    Resume(ResumeArgs),
    /// Say what is missing before work can begin: programs, files, credentials, permissions
    Doctor(DoctorArgs),
    /// Explain a finding's code, or list all codes
    Explain(ExplainArgs),
    /// Print the JSON Schema of a document
    Schema(SchemaArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the help of a command or a topic: manifest, catalog, environment, exit-codes
    Help(HelpArgs),
    /// Print the version, as --version does
    #[command(hide = true)]
    Version,
}

/// What a package is made of and for.
#[derive(Clone, Debug, Args)]
pub(crate) struct PackArgs {
    /// A folder, a package or an address [default: the manifest's project]
    #[arg(value_name = "PROJECT|PACKAGE.zip|ADDRESS")]
    pub(crate) project: Option<PathBuf>,
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// The target, as the manifest names it
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["kind", "data_center"])]
    pub(crate) to: Option<TargetName>,
    /// A customer's workspace under this partner, or any other account
    #[arg(long = "for", id = "kind", value_name = "customer|external")]
    pub(crate) kind: Option<TargetKind>,
    /// The target's data center: us, eu, jp, sg, au, il, kr, uk …
    #[arg(long, value_name = "DC", requires = "kind")]
    pub(crate) data_center: Option<DataCenter>,
    /// The shared connectors: a file, an admin workspace's address, or `none` if nothing is shared
    #[arg(long, value_name = "FILE|ADDRESS|none")]
    pub(crate) catalog: Option<PathBuf>,
    /// What to do with one: auto, include, exclude; may be repeated
    #[arg(long = "connector", value_name = "TITLE=WORD", value_parser = connector_word)]
    pub(crate) connectors_said: Vec<(ConnectorTitle, ConnectorPolicy)>,
    /// Connectors that the project lacks: a folder with their files, or a workspace's address
    #[arg(long, value_name = "DIR|ADDRESS")]
    pub(crate) connectors: Option<PathBuf>,
    /// Take only what matches, and what that needs; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out what matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Table rows: keep, leave-out
    #[arg(long, value_name = "WAY", default_value = "keep")]
    pub(crate) rows: PackedRows,
    /// Take the folder as one project even if it looks like several
    #[arg(long)]
    pub(crate) one_project: bool,
    /// Where the local platform is, if it has the catalogue.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

fn connector_word(text: &str) -> Result<(ConnectorTitle, ConnectorPolicy), String> {
    let (title, word) = text
        .rsplit_once('=')
        .ok_or("expected TITLE=auto, TITLE=include or TITLE=exclude")?;
    let title = title
        .parse()
        .map_err(|error: crate::model::ident::NameError| error.to_string())?;
    let word = word
        .parse()
        .map_err(|error: crate::model::keyword::UnknownKeyword| {
            format!("{error}; {}", error.help())
        })?;
    Ok((title, word))
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// What it is made of and for.
    #[command(flatten)]
    pub(crate) pack: PackArgs,
    /// The other projects.
    #[command(flatten)]
    pub(crate) several: SeveralArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Arguments of `export`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    /// What it is made of and for.
    #[command(flatten)]
    pub(crate) pack: PackArgs,
    /// The other projects.
    #[command(flatten)]
    pub(crate) several: SeveralArgs,
    /// The package, or its folder [default: <name>.zip here]
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// The largest package [default: the manifest's, or 100]
    #[arg(long, value_name = "MB")]
    pub(crate) limit_mb: Option<NonZeroU64>,
    /// Read and compress everything, whatever is known already
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Print what would be packed and what not, and write nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Only make what the manifest's lock says; exit with 2 otherwise
    #[arg(long, conflicts_with = "list")]
    pub(crate) locked: bool,
    /// Only make it of what is committed, down to the last file
    #[arg(long, conflicts_with = "list")]
    pub(crate) release: bool,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// What may be replaced.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ForceArgs {
    /// Replace what is there, even a file of another kind
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The project: a folder in the export layout, a package or an address
    #[arg(value_name = "PROJECT|PACKAGE.zip|ADDRESS", default_value = ".")]
    pub(crate) project: PathBuf,
    /// Where to write the manifest
    #[arg(short, long, value_name = "FILE", default_value = "recipack.toml")]
    pub(crate) output: PathBuf,
    /// The shared connectors: a file, an admin workspace's address, or `none` [default: what is found]
    #[arg(long, value_name = "FILE|ADDRESS|none")]
    pub(crate) catalog: Option<PathBuf>,
    /// Replace a manifest that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Where the local platform is, if it has the catalogue.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// What to do with the manifest.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Add a recipe, connection, connector, folder, type, tag, pattern, target, catalogue or project
    Add(ManifestAddArgs),
    /// Take one out again
    Remove(ManifestRemoveArgs),
    /// Pick recipes and connectors on a terminal
    Edit(ManifestEditArgs),
    /// List what the manifest says
    List(ManifestListArgs),
}

/// What a manifest can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ManifestPart {
    /// A recipe to take
    Recipe,
    /// A connection to take
    Connection,
    /// What to do with a connector
    Connector,
    /// A folder to take from
    Folder,
    /// An asset type to take
    Type,
    /// A tag that recipes must carry
    Tag,
    /// A pattern of what to take
    Include,
    /// A pattern of what to leave out
    Exclude,
    /// A target
    Target,
    /// The catalogue: a file, an admin workspace's address, or `none`
    Catalog,
    /// The project: a folder, a package or an address
    Project,
}

impl ManifestPart {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::Connection => "connection",
            Self::Connector => "connector",
            Self::Folder => "folder",
            Self::Type => "type",
            Self::Tag => "tag",
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Target => "target",
            Self::Catalog => "catalog",
            Self::Project => "project",
        }
    }
}

/// Arguments of `manifest add`.
#[derive(Debug, Args)]
pub(crate) struct ManifestAddArgs {
    /// What sort: recipe, connection, connector, folder, type, tag, include, exclude, target, catalog
    /// or project
    #[arg(hide_possible_values = true)]
    pub(crate) part: ManifestPart,
    /// A name, a path or a pattern; `TITLE=auto|include|exclude` for a connector,
    /// `NAME=customer|external` for a target
    #[arg(required = true)]
    pub(crate) values: Vec<String>,
    /// Say it for this target only: a connector, or the catalogue
    #[arg(long = "target", value_name = "TARGET")]
    pub(crate) of_target: Option<TargetName>,
    /// The new target's data center
    #[arg(long, value_name = "DC")]
    pub(crate) data_center: Option<DataCenter>,
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
}

/// Arguments of `manifest remove`.
#[derive(Debug, Args)]
pub(crate) struct ManifestRemoveArgs {
    /// What sort: recipe, connection, connector, folder, type, tag, include, exclude, target, catalog
    /// or project
    #[arg(hide_possible_values = true)]
    pub(crate) part: ManifestPart,
    /// The name, path or pattern; none for the catalogue and the project
    pub(crate) values: Vec<String>,
    /// What is said for this target only: a connector, or the catalogue
    #[arg(long = "target", value_name = "TARGET")]
    pub(crate) of_target: Option<TargetName>,
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
}

/// Arguments of `manifest edit`.
#[derive(Debug, Args)]
pub(crate) struct ManifestEditArgs {
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Where the local platform is, if it has a catalogue.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `manifest list`.
#[derive(Debug, Args)]
pub(crate) struct ManifestListArgs {
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A package, also in a registry (oci://…), a project's folder or an address
    #[arg(value_name = "PACKAGE.zip|PROJECT|ADDRESS")]
    pub(crate) package: PathBuf,
    /// Where the workspace is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// A path, an asset's name, or a connector's title or internal name
    pub(crate) item: String,
    /// What the package is made of and for.
    #[command(flatten)]
    pub(crate) pack: PackArgs,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A tree of text
    #[default]
    Text,
    /// A Mermaid flowchart
    Mermaid,
    /// Graphviz
    Dot,
}

/// What the nodes of a drawing are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphLevel {
    /// Assets
    Assets,
    /// Folders
    Folders,
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Only what this asset needs and what needs it: a path or a name
    #[arg(long, value_name = "ITEM")]
    pub(crate) of: Option<String>,
    /// At most so many steps away from it
    #[arg(long, value_name = "N", requires = "of")]
    pub(crate) depth: Option<u32>,
    /// What to draw: assets or folders [default: folders above 80 assets]
    #[arg(long, value_enum, hide_possible_values = true, conflicts_with = "of")]
    pub(crate) level: Option<GraphLevel>,
    /// How to draw it: text, mermaid or dot
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) format: GraphFormat,
    /// The project, and the target for which it is shown what that does not get.
    #[command(flatten)]
    pub(crate) pack: PackArgs,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The package, also in a registry: oci://…
    pub(crate) package: PathBuf,
    /// The decision record [default: <package>.recipack.json beside it, where there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Make the package again from this project and compare
    #[arg(long, value_name = "PROJECT")]
    pub(crate) rebuild_from: Option<PathBuf>,
    /// Connectors that the project lacks: a folder with their files, or a workspace's address
    #[arg(long, value_name = "DIR|ADDRESS", requires = "rebuild_from")]
    pub(crate) connectors: Option<PathBuf>,
    /// The commit that it has to be made of, and that has to be checked out
    #[arg(long, value_name = "COMMIT", requires = "rebuild_from")]
    pub(crate) commit: Option<String>,
    /// The public key that has to have signed it: a file of minisign, or the key itself
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) key: Option<String>,
    /// The signature [default: <package>.minisig]
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) signature: Option<PathBuf>,
    /// An in-toto statement that has to be about it: as `attest` wrote it
    #[arg(long, value_name = "FILE")]
    pub(crate) attestation: Option<PathBuf>,
    /// The public key that has to have signed the statement: ed25519 in PEM
    #[arg(long, value_name = "FILE", requires = "attestation")]
    pub(crate) attestation_key: Option<PathBuf>,
    /// Where workspaces are.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, as it stands in brackets before a finding; without one, the list of codes
    pub(crate) code: Option<String>,
}

/// Arguments of `help`.
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// A command, word for word, or a topic: manifest, catalog, environment, exit-codes
    #[arg(value_name = "COMMAND|TOPIC")]
    pub(crate) words: Vec<String>,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The document; without one, the list of documents
    pub(crate) document: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
