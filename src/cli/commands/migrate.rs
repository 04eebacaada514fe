//! `recipack migrate`: from one account to another.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::brought::{self, not_exported};
use super::super::cache::generator;
use super::super::connect::{Opened, open};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{bytes_of, folder_of, read_whole, said_catalogue};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::export::summary_of_findings;
use super::migrate_run;
use crate::archive::TemporaryFile;
use crate::cli::args::{MigrateCommand, MigratePlanArgs, MigrateStatusArgs};
use crate::io::scratch::ScratchFolder;
use crate::io::{atomic, limited};
use crate::manifest::DEFAULT_LIMIT_MB;
use crate::model::count::counted;
use crate::model::ident::Digest;
use crate::model::seal::{Seal, seal_of, unsealed};
use crate::model::span::Origin;
use crate::model::target::TargetKind;
use crate::model::workspace::{FolderPath, WorkspaceFacts, WorkspaceKind};
use crate::ops::approval::ExportRefusal;
use crate::ops::export::pack::RecordFacts;
use crate::ops::export::record::record_path;
use crate::ops::export::{ExportError, ExportRequest, prepare};
use crate::ops::migration::{MigrationError, Sides, hold, plan};
use crate::ops::read::Roots;
use crate::ops::workspace::export::{Exported, Output};
use crate::plan::decision::shell_word;
use crate::plan::export::Destination;
use crate::plan::migration::{
    Called, Carried, FORMAT, MigrationPlan, MigrationReceipt, MigrationSettings, MigrationSide,
};

/// The plan of a migration, in its folder.
pub(super) const PLAN: &str = "migration.json";
/// What was done.
pub(super) const RECEIPT: &str = "receipt.json";
/// What is imported.
pub(super) const PACKAGE: &str = "package.zip";
/// What the source held.
const HELD: &str = "source.zip";
/// What the target gets beside the package.
pub(super) const SETTINGS: &str = "settings.toml";
/// What starts at the cut-over.
pub(super) const CUT_OVER: &str = "cut-over.toml";

/// How far a migration came.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MigrateStatusDocument {
    /// The folder of the migration.
    pub(crate) folder: String,
    /// The plan.
    pub(crate) plan: MigrationPlan,
    /// What was done; absent as long as nothing was.
    pub(crate) receipt: Option<MigrationReceipt>,
}

pub(crate) fn run(context: &Context, command: &MigrateCommand) -> Result<Exit, Stop> {
    match command {
        MigrateCommand::Plan(args) => planned(context, args),
        MigrateCommand::Run(args) => migrate_run::run(context, args),
        MigrateCommand::Back(args) => migrate_run::back(context, args),
        MigrateCommand::Status(args) => status(context, args),
    }
}

fn planned(context: &Context, args: &MigratePlanArgs) -> Result<Exit, Stop> {
    let place = place(args)?;
    if args.source == args.target {
        return Err(one_workspace(args).into());
    }
    let source = open(context, &args.platform, &args.source, "migrate plan")?;
    let target = open(context, &args.platform, &args.target, "migrate plan")?;
    let (here, there) = (source.facts()?, target.facts()?);
    let (from, to) = (
        MigrationSide::of(&args.source, &here),
        MigrationSide::of(&args.target, &there),
    );
    if from.id == to.id && from.data_center == to.data_center {
        return Err(one_workspace(args).into());
    }
    let folder = args.folder.clone().unwrap_or_else(FolderPath::home);
    let scratch = ScratchFolder::new(folder_of(&place))
        .with_context(|| format!("can't make a folder beside {}", place.display()))?;
    let (held, held_digest) = held(context, args, &source, &folder, &scratch)?;
    let package = pack(context, args, &there, &scratch)?;
    let opened = read_whole(context, &scratch.file(PACKAGE), Roots::Asserted)?;
    let sides = Sides {
        source: &from,
        target: &to,
        folder: &folder,
    };
    let made = plan(sides, source.as_ref(), &held, held_digest, &opened, package);
    let (mut plan, settings) = made.map_err(Failure::from)?;
    plan.seal = Some(seal_of(&plan).context("the plan can't be told")?);
    handed_over(&place, &scratch, &plan, &settings)?;
    context.did(format!("{} was written", place.display()));
    context.ui.print(&plan, text)?;
    let shown = shell_word(&place.display().to_string());
    context.ui.talk(&format!(
        "{} has the plan, the package and its settings; nothing was sent\nlook through {}, then: recipack migrate run {shown}\n",
        visible(&place.display().to_string()),
        visible(&place.join(SETTINGS).display().to_string()),
    ));
    Ok(Exit::Done)
}

fn one_workspace(args: &MigratePlanArgs) -> Failure {
    Failure::usage(format!(
        "{} and {} are one workspace",
        args.source, args.target
    ))
    .help("a migration goes to another workspace; two accounts of one data center have a profile each: profile:NAME")
}

/// The folder of the migration: a new one, an empty one, or with --force one of an earlier plan that
/// nothing came of yet.
fn place(args: &MigratePlanArgs) -> Result<PathBuf, Failure> {
    let place = &args.output;
    let shown = visible(&place.display().to_string());
    let Ok(mut entries) = fs::read_dir(place) else {
        return match place.symlink_metadata() {
            Ok(_) => Err(Failure::usage(format!("{shown} is no folder"))
                .help("name a folder that is not there yet with -o")),
            Err(_) => Ok(place.clone()),
        };
    };
    if entries.next().is_none() {
        return Ok(place.clone());
    }
    if !place.join(PLAN).is_file() {
        return Err(
            Failure::usage(format!("{shown} holds something else than a migration"))
                .help("name a folder that is not there yet with -o"),
        );
    }
    if place.join(RECEIPT).exists() {
        return Err(Failure::new(
            Exit::Refused,
            "migration-began",
            format!("the migration in {shown} was begun"),
        )
        .help(
            "make the new plan in another folder, with -o: what is there already is not made twice",
        ));
    }
    match args.force.force {
        true => Ok(place.clone()),
        false => Err(Failure::new(
            Exit::Usage,
            "output-taken",
            format!(
                "{shown} has the plan of a migration, and settings that somebody may have filled in"
            ),
        )
        .help("replace all of it with --force, or name another folder with -o")),
    }
}

/// What the source holds, and the digest of its contents.
pub(super) fn held_now(
    context: &Context,
    platform: &crate::cli::args::PlatformArgs,
    address: &crate::model::workspace::Address,
    source: &Opened,
    folder: &FolderPath,
    output: &Path,
) -> Result<(Exported, Digest), Stop> {
    let place = Output {
        folder: folder_of(output),
        limit: bytes_of(DEFAULT_LIMIT_MB),
    };
    let (running, mut observer) = (&context.running, context.ui.observer());
    let held = hold(source.as_ref(), folder, place, running, &mut observer);
    let mut held = held.map_err(|error| not_exported(address, platform, error))?;
    let document = held.document(address, output);
    let (Some(package), Some(facts)) = (held.package.take(), document.package) else {
        context.ui.findings(&document.findings);
        return Err(Failure::new(
            Exit::Failed,
            "no-package",
            format!(
                "nothing was planned: {}",
                summary_of_findings(&held.findings)
            ),
        )
        .into());
    };
    package.file.persist(output)?;
    Ok((held, facts.facts.content_digest))
}

fn held(
    context: &Context,
    args: &MigratePlanArgs,
    source: &Opened,
    folder: &FolderPath,
    scratch: &ScratchFolder,
) -> Result<(Exported, Digest), Stop> {
    let output = scratch.file(HELD);
    held_now(
        context,
        &args.platform,
        &args.source,
        source,
        folder,
        &output,
    )
}

/// Makes the package for the target, by the rule, and gives its digest.
fn pack(
    context: &Context,
    args: &MigratePlanArgs,
    target: &WorkspaceFacts,
    scratch: &ScratchFolder,
) -> Result<Digest, Stop> {
    let kind = args.kind.unwrap_or(match target.kind {
        WorkspaceKind::Customer => TargetKind::Customer,
        WorkspaceKind::Admin | WorkspaceKind::External => TargetKind::External,
    });
    let destination = Destination {
        name: None,
        kind,
        data_center: Some(target.data_center.clone()),
        origin: Origin::CommandLine,
    };
    let connectors = args.connectors.as_deref();
    let connectors = connectors
        .map(|said| brought::connectors(context, &args.platform, said))
        .transpose()?;
    let (shared, _) = match &args.catalog {
        Some(said) => said_catalogue(context, said, &args.platform)?,
        None => Default::default(),
    };
    let request = ExportRequest {
        roots: Roots::Asserted,
        connectors: connectors.as_ref().map(|found| found.path().to_owned()),
        shared,
        ..ExportRequest::new(scratch.file(HELD), destination)
    };
    let (running, mut observer) = (&context.running, context.ui.observer());
    let prepared = prepare(&request, None, running, &mut observer)?;
    let located = prepared.located(None);
    context.ui.findings(&located);
    let approved = prepared.approve().map_err(|refusal: ExportRefusal| {
        let failure = Failure::from(ExportError::from(refusal));
        let lacks = located.iter().any(|finding| finding.code.contains("connector"));
        match lacks && args.connectors.is_none() {
            true => failure.help(
                "connectors that are only shared with the source come from their own workspace: --connectors ADDRESS",
            ),
            false => failure,
        }
    })?;
    let output = scratch.file(PACKAGE);
    let limit = bytes_of(DEFAULT_LIMIT_MB);
    let packed = approved.pack(folder_of(&output), limit, None, running, &mut observer)?;
    let facts = RecordFacts {
        generator: generator(),
        file: PACKAGE.to_owned(),
        commit: None,
        dirty: None,
    };
    let record = packed.record(&prepared, &request, &facts);
    let record_file = TemporaryFile::written_by(folder_of(&output), |file| record.write(file))?;
    let sha256 = record.package.sha256;
    packed.file.persist(&output)?;
    record_file.persist(&record_path(&output))?;
    Ok(sha256)
}

/// Puts everything where it belongs, the plan last: without it the folder is no migration.
fn handed_over(
    place: &Path,
    scratch: &ScratchFolder,
    plan: &MigrationPlan,
    settings: &MigrationSettings,
) -> Result<(), Failure> {
    let failed = |file: &Path| format!("can't write {}", file.display());
    atomic::make_private_folder(place).with_context(|| failed(place))?;
    let record = record_path(Path::new(PACKAGE));
    for name in [Path::new(HELD), Path::new(PACKAGE), record.as_path()] {
        let to = place.join(name);
        let from = scratch.file(&name.to_string_lossy());
        fs::rename(from, &to).with_context(|| failed(&to))?;
    }
    let write = |name: &str, bytes: &[u8]| -> Result<(), Failure> {
        let path = place.join(name);
        atomic::write(&path, bytes).with_context(|| failed(&path))?;
        Ok(())
    };
    for (name, value) in &settings.files {
        write(name, value.as_bytes())?;
    }
    write(SETTINGS, settings.before.as_bytes())?;
    write(CUT_OVER, settings.cut_over.as_bytes())?;
    let text = crate::model::visible::json(plan).map_err(anyhow::Error::new)?;
    write(PLAN, text.as_bytes())
}

/// The plan of a migration.
pub(super) fn read_plan(folder: &Path) -> Result<MigrationPlan, Failure> {
    let path = folder.join(PLAN);
    let bytes = limited::read(&path, limited::DOCUMENT).map_err(|error| {
        Failure::new(
            Exit::Failed,
            "no-migration",
            format!("{} can't be read: {error}", path.display()),
        )
        .help("make a plan first: recipack migrate plan SOURCE --to TARGET")
    })?;
    let plan: MigrationPlan = unsealed_of(&path, &bytes)?;
    if plan.format > FORMAT {
        return Err(Failure::new(
            Exit::Failed,
            "newer-plan",
            format!(
                "{} has format {}, and this program knows {FORMAT}",
                path.display(),
                plan.format
            ),
        )
        .help("use the program that made it, or a newer one"));
    }
    Ok(plan)
}

/// What was done so far.
pub(super) fn read_receipt(folder: &Path) -> Result<Option<MigrationReceipt>, Failure> {
    let path = folder.join(RECEIPT);
    match limited::read(&path, limited::DOCUMENT) {
        Ok(bytes) => unsealed_of(&path, &bytes).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::new(error)
            .context(format!("can't read {}", path.display()))
            .into()),
    }
}

fn unsealed_of<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, Failure> {
    let damaged = |what: String| {
        Failure::new(
            Exit::VerificationFailed,
            "damaged-plan",
            format!("{} is not what was written: {what}", path.display()),
        )
        .help("bring the file back as it was, or plan the migration again in another folder")
    };
    match unsealed(bytes) {
        Ok((document, Seal::Holds)) => Ok(document),
        Ok((_, Seal::Absent)) => Err(damaged("it holds no digest of itself".to_owned())),
        Err(error) => Err(damaged(error.to_string())),
    }
}

fn status(context: &Context, args: &MigrateStatusArgs) -> Result<Exit, Stop> {
    let plan = read_plan(&args.folder)?;
    let receipt = read_receipt(&args.folder)?;
    let document = MigrateStatusDocument {
        folder: args.folder.display().to_string(),
        plan,
        receipt,
    };
    context.ui.print(&document, |document| {
        let mut shown = text(&document.plan);
        migrate_run::tell(&mut shown, document.receipt.as_ref());
        shown
    })?;
    Ok(Exit::Done)
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Package(error) => error.into(),
            MigrationError::Workspace(error) => error.into(),
            MigrationError::Read { .. } | MigrationError::Endpoint { .. } => {
                Self::of(Exit::Failed, "unreadable", &error)
                    .help("repair it in the source, then plan again")
            }
        }
    }
}

/// A plan in words.
pub(super) fn text(plan: &MigrationPlan) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} ({}) → {} ({})",
        visible(&plan.source.address.to_string()),
        visible(&plan.source.name),
        visible(&plan.target.address.to_string()),
        visible(&plan.target.name)
    );
    let counts = plan.inventory.iter();
    let counts: Vec<String> = counts
        .map(|(kind, count)| format!("{count} {}", visible(kind)))
        .collect();
    let _ = writeln!(text, "  moves       {}", counts.join(", "));
    for connector in &plan.connectors {
        let version = connector.version.map(|version| format!(" {version}"));
        let _ = writeln!(
            text,
            "  connector   {}{}",
            visible(&connector.title),
            version.unwrap_or_default()
        );
    }
    for staying in &plan.staying {
        let _ = writeln!(
            text,
            "  stays       {} {}: {}",
            visible(&staying.kind),
            visible(&staying.name),
            visible(&staying.because)
        );
    }
    for raw in &plan.raw_ids {
        let step = raw.step.map(|step| format!(", step {step}"));
        let skipped = match raw.skipped {
            true => ", skipped",
            false => "",
        };
        let place = format!(
            "{}{}{skipped}: {} {}",
            visible(raw.path.as_str()),
            step.unwrap_or_default(),
            visible(&raw.key),
            visible(&raw.id)
        );
        let _ = match &raw.means {
            Some(means) => writeln!(text, "  number      {place} → {}", visible(means)),
            None => writeln!(
                text,
                "  number      {place} is nothing that {} has; it moves as it is",
                visible(&plan.source.name)
            ),
        };
    }
    for property in &plan.properties {
        let whose = match property.of_project {
            true => "project's property",
            false => "property",
        };
        let value = match property.value {
            Carried::Carried => "its value moves",
            Carried::InFile => "its value looks like a secret, and is in a file of its own",
            Carried::Absent => "has no value",
            Carried::Untold => "its value is not told: fill it in",
            Carried::Several => "has several values: fill in one",
        };
        let _ = writeln!(text, "  {whose:<11} {}: {value}", visible(&property.name));
    }
    for table in &plan.tables {
        let rows = match &table.rows {
            Some(rows) => format!("{rows} move"),
            None => "no rows are told: copy them by hand if there are any".to_owned(),
        };
        let _ = writeln!(text, "  table       {}: {rows}", visible(&table.name));
    }
    for connection in &plan.connections {
        let application = connection.application.as_deref().unwrap_or("unknown");
        let state = match connection.authorized {
            Some(true) => "",
            Some(false) => ", not authorized in the source either",
            None => ", is not in the source either",
        };
        let _ = writeln!(
            text,
            "  authorize   {} ({}), used by {}{state}",
            visible(&connection.name),
            visible(application),
            counted(connection.recipes as u64, "recipe")
        );
    }
    for address in &plan.addresses {
        let what = match address.what {
            Called::Webhook => "webhook",
            Called::Endpoint => "endpoint",
        };
        let from = match &address.from {
            Some(from) => format!("is called at {} no more", visible(from)),
            None => "gets another address; callers have to be told".to_owned(),
        };
        let _ = writeln!(text, "  {what:<11} {}: {from}", visible(&address.name));
    }
    for named in &plan.named_addresses {
        let _ = writeln!(
            text,
            "  address     {} names {}",
            visible(named.path.as_str()),
            visible(&named.address)
        );
    }
    for picked in &plan.picked {
        let _ = writeln!(
            text,
            "  picked      {}: {} is {} of a list that the account behind the connection has",
            visible(&picked.recipe),
            visible(&picked.field),
            visible(&picked.label)
        );
    }
    let names = |names: &mut dyn Iterator<Item = &str>| {
        let names: Vec<String> = names.map(|name| visible(name).to_string()).collect();
        match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(", "),
        }
    };
    let _ = writeln!(
        text,
        "  cut-over    stops here: {}",
        names(&mut plan.stops.iter().map(|recipe| recipe.name.as_str()))
    );
    let _ = writeln!(
        text,
        "              starts there: {}",
        names(&mut plan.starts.iter().map(String::as_str))
    );
    if !plan.at_rest.is_empty() {
        let _ = writeln!(
            text,
            "              does not run: {}",
            names(&mut plan.at_rest.iter().map(String::as_str))
        );
    }
    text
}
