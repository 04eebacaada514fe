//! `recipack export`: make a package for a target.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::args::ExportArgs;
use super::super::cache::{Cache, HandedOver, WORTH_IT, generator};
use super::super::checkout::{self, checkout};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::reports::{Reporter, around};
use super::super::request::{
    CatalogueSource, ManifestFile, Resolved, TargetNeed, bytes_of, find_manifest, folder_of,
    resolve,
};
use super::super::several::{Answer, Member, each, members, told};
use super::super::table::sized;
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use crate::archive::TemporaryFile;
use crate::cli::lockfile;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::io::system::ends_as_folder;
use crate::model::count::counted;
use crate::model::finding::{Counts, Finding};
use crate::model::ident::{Digest, PackageName};
use crate::model::project::IgnoredAssets;
use crate::ops::checkout::{Checkout, Difference};
use crate::ops::diagnostics::Diagnostic;
use crate::ops::export::cache::{ExportCache, Last};
use crate::ops::export::documents::{EntryDocument, ExportDocument, WrittenPackage};
use crate::ops::export::last::{Asked, Basis, LastExport};
use crate::ops::export::pack::{Packed, PackedFile, RecordFacts};
use crate::ops::export::record::record_path;
use crate::ops::export::record::{DecisionRecord, LeftOutRecord, TargetRecord};
use crate::ops::export::{Listed, Prepared, prepare_listed};
use crate::ops::read::list;
use crate::plan::decision::{ConnectorDecision, ItemRule, Outcome, shell_word};
use crate::plan::export::ExportPlan;
use crate::plan::rule::Ruling;
use crate::report::items;
use crate::report::outputs::Output;
use crate::source::Source;

pub(crate) fn run(context: &Context, args: &ExportArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "export", |reporter| {
        let Some(members) = members(context, &args.pack, &args.several)? else {
            return work(context, args, reporter, None)?.print(context);
        };
        fits(args, &members)?;
        each(context, &members, |member| {
            let args = ExportArgs {
                pack: member.pack_args(&args.pack),
                ..args.clone()
            };
            work(context, &args, &mut Reporter::unheard(), None)
        })
    })
}

/// Whether packages of several projects can be made with these arguments, before one is.
fn fits(args: &ExportArgs, members: &[Member]) -> Result<(), Failure> {
    Reporter::of_one_project(&args.report)?;
    let is_folder = |path: &Path| path.is_dir() || ends_as_folder(path);
    if let Some(output) = args.output.as_deref().filter(|output| !is_folder(output)) {
        return Err(Failure::usage(format!(
            "{} is a file's name, and there are several projects",
            output.display()
        ))
        .help("give a folder for their packages: -o packages/"));
    }
    if args.locked && args.pack.manifest.is_some() {
        return Err(
            Failure::usage("a lock is of one manifest's project, not of several")
                .help("leave out -m, so that each project has its own recipack.toml and its lock"),
        );
    }
    if args.list {
        return Ok(());
    }
    let mut taken: Vec<(PathBuf, &Member)> = Vec::new();
    for member in members {
        // What can't be read is told when it is that project's turn.
        let manifest = find_manifest(&member.pack_args(&args.pack)).ok().flatten();
        let name = manifest.and_then(|file| file.manifest().package.name.clone());
        let Ok(stem) = stem_of(name.as_ref(), &member.project) else {
            continue;
        };
        let output = output_file(args.output.as_deref(), &stem)?;
        // Not every disk tells names apart that differ in case only.
        let folded = |path: &Path| path.to_string_lossy().to_lowercase();
        let mut others = taken.iter();
        let other = others.find(|(other, _)| folded(other) == folded(&output));
        if let Some((_, other)) = other {
            return Err(Failure::usage(format!(
                "the packages of {} and {} would both be {}",
                other.project.display(),
                member.project.display(),
                output.display()
            ))
            .help("give each its own `name` under [package] in its own recipack.toml, or export them into two folders"));
        }
        let read = output.canonicalize().ok();
        let mut projects = members.iter().map(|member| &member.project);
        if read.is_some() && projects.any(|project| project.canonicalize().ok() == read) {
            return Err(Failure::usage(format!(
                "{} is one of the projects itself",
                output.display()
            ))
            .help("name another folder with -o"));
        }
        taken.push((output, member));
    }
    Ok(())
}

/// Tells the reports what a package is made of, and the findings.
pub(crate) fn tell(
    reporter: &mut Reporter,
    resolved: &Resolved,
    prepared: &Prepared,
    located: &[Diagnostic],
) {
    let request = &resolved.request;
    let target = &request.destination;
    let project = request.project.display();
    reporter.subject(match &target.name {
        Some(name) => format!("{project} for {name}"),
        None => format!("{project} for {}", target.kind),
    });
    let manifest = resolved.manifest.as_ref().map(|manifest| manifest.path());
    reporter.project(&prepared.opened.source.path, manifest);
    reporter.items(|| items::of_export(prepared.plan()));
    reporter.findings(located);
    let excluded = prepared.plan().connectors.iter();
    let excluded = excluded.filter(|decision| decision.outcome == Outcome::LeftOut);
    let excluded: Vec<String> = excluded
        .map(|decision| decision.connector.clone())
        .collect();
    reporter.output(Output::list("excluded", &excluded));
    let warnings = Counts::of(&prepared.plan().findings).warnings;
    reporter.output(Output::number("warnings", warnings));
}

/// Makes a package if its plan is one that somebody looked at: its document without a package has this
/// digest.
pub(super) fn confirmed(
    context: &Context,
    args: &ExportArgs,
    plan: Digest,
) -> Result<Answer<ExportDocument>, Stop> {
    work(context, args, &mut Reporter::unheard(), Some(plan))
}

fn work(
    context: &Context,
    args: &ExportArgs,
    reporter: &mut Reporter,
    looked_at: Option<Digest>,
) -> Result<Answer<ExportDocument>, Stop> {
    let resolved = resolve(context, &args.pack, TargetNeed::Required)?;
    let output = named_output(args, &resolved)?;
    // Connectors that are supplied are few, and their folder has no memory.
    let cache = if args.list || resolved.request.connectors.is_some() {
        Cache::none()
    } else {
        Cache::of(&output)
    };
    let project = checkout(context, &resolved.request.project);
    let can_be_the_same = !(args.list || args.release || args.locked)
        && looked_at.is_none()
        && resolved.admin.is_none()
        && context.ui.format == Format::Text
        && !reporter.is_heard();
    let Listing { source, basis } = match can_be_the_same {
        true => Listing::of(args, &resolved, &output, &project, &cache),
        false => Listing::default(),
    };
    if let Some(basis) = basis.filter(|_| !args.fresh)
        && let Some(last) = cache.last(&output, basis)
    {
        context.ui.findings(&last.findings);
        return Ok(Answer {
            exit: Exit::Done,
            document: None,
            text: last.summary,
        });
    }
    // A release is made of bytes that are read now.
    let memory = match args.fresh || args.release {
        true => None,
        false => cache.load(&output),
    };
    check_output(args, &resolved, &output, memory.as_ref())?;
    let lock = match (args.locked, &resolved.manifest, &args.pack.to) {
        (true, Some(manifest), Some(target)) => {
            let path = lockfile::beside(manifest.path());
            Some((lockfile::required_of(manifest)?, path, target))
        }
        (true, _, _) => {
            return Err(
                Failure::usage("--locked goes with a target of the manifest")
                    .help("name it: --to TARGET")
                    .into(),
            );
        }
        (false, _, _) => None,
    };
    let connectors = match (args.release, &resolved.request.connectors) {
        (true, Some(connectors)) => Some(checkout(context, connectors)),
        (true, None) | (false, _) => None,
    };
    if args.release {
        released_files(context, args, &resolved)?;
    }
    let listed = Listed {
        project: source,
        hash: project.hash(),
        connectors: connectors.as_ref().and_then(Checkout::hash),
    };
    let mut prepared = prepare_listed(
        &resolved.request,
        listed,
        memory.as_ref(),
        &context.running,
        &mut context.ui.observer(),
    )?;
    // The commit may hold more around the folder that the project begins in.
    let begins = &prepared.opened.source.path;
    let project = match *begins == resolved.request.project {
        true => project,
        false => checkout(context, begins),
    };
    let source = source_of(context, args, &project, &prepared)?;
    if let (Some(connectors), Some(supplied)) = (&connectors, &prepared.supplied) {
        let path = &supplied.source.path;
        let committed = checkout::required(path, connectors)?;
        checkout::hold(path, committed, checkout::compare(committed, supplied)?)?;
    }
    if let Some(admin) = &resolved.admin {
        prepared.check_shared(admin.as_ref())?;
    }
    let located = resolved.with_manifest(|manifest| prepared.located(manifest));
    tell(reporter, &resolved, &prepared, &located);
    context.ui.findings(&located);
    if args.list {
        return Ok(Answer {
            exit: exit_of(prepared.plan()),
            text: match context.ui.format {
                Format::Json => String::new(),
                Format::Text => listing(&prepared),
            },
            document: told(context, || document(&resolved, &prepared, located, None)),
        });
    }
    if let Some(plan) = looked_at {
        let now = document(&resolved, &prepared, located.clone(), None).digest();
        if now.context("the plan can't be told")? != plan {
            return Err(stale().into());
        }
    }
    let Ok(approved) = prepared.approve() else {
        context.ui.talk(&format!(
            "no package was written: {}\n",
            summary_of_plan(&prepared)
        ));
        return Ok(Answer {
            exit: Exit::Failed,
            document: told(context, || document(&resolved, &prepared, located, None)),
            text: String::new(),
        });
    };
    let folder = folder_of(&output);
    let limit = limit_of(args, &resolved);
    let last = memory.as_ref().map(|memory| Last {
        memory,
        package: &output,
    });
    let packed = approved.pack(
        folder,
        limit,
        last,
        &context.running,
        &mut context.ui.observer(),
    )?;
    if let Some((lock, path, target)) = lock {
        let found = prepared.locked(&resolved.request, resolved.project_digest, &packed.entries)?;
        lockfile::hold(&path, lock, target, found)?;
    }
    let (written, record) = hand_over(
        context, packed, &prepared, &resolved, &output, source, &cache,
    )?;
    reporter.output(Output::text("package", &written.path));
    reporter.output(Output::text("digest", written.facts.sha256.to_string()));
    let content = written.facts.content_digest.to_string();
    reporter.output(Output::text("content_digest", content));
    let text = summary(&written, &record, &prepared.opened.source.ignored);
    // It tells of each file, and so does the document.
    drop(record);
    // Where a project begins elsewhere than it was listed from, more than the listing had a say.
    let begins_there = prepared.opened.source.path == resolved.request.project;
    if let Some(basis) = basis.filter(|_| begins_there) {
        let last = LastExport {
            findings: located.clone(),
            summary: text.clone(),
        };
        cache.keep_last(&output, basis, &last);
    }
    Ok(Answer {
        exit: Exit::Done,
        text,
        document: told(context, || {
            document(&resolved, &prepared, located, Some(written))
        }),
    })
}

/// A project that was listed, and what an export of it is made of, where the last one may have been
/// made of the same.
#[derive(Default)]
struct Listing {
    source: Option<Source>,
    basis: Option<Basis>,
}

impl Listing {
    fn of(
        args: &ExportArgs,
        resolved: &Resolved,
        output: &Path,
        checkout: &Checkout,
        cache: &Cache,
    ) -> Self {
        let request = &resolved.request;
        // Why it can't be listed is told when it is read.
        let source = list(&request.project, request.roots, &request.limits)
            .ok()
            .flatten();
        let worth_it = source
            .as_ref()
            .filter(|source| source.listed.len() >= WORTH_IT);
        let basis = worth_it.and_then(|source| {
            resolved.with_manifest(|manifest| {
                let asked = Asked {
                    request,
                    manifest,
                    limit: limit_of(args, resolved),
                    output,
                };
                Basis::of(asked, source, checkout, cache.began())
            })
        });
        Self { source, basis }
    }
}

/// The size that a package may have, in bytes.
fn limit_of(args: &ExportArgs, resolved: &Resolved) -> u64 {
    args.limit_mb.map_or(resolved.limit, bytes_of)
}

/// The package would be another one than somebody looked at.
pub(super) fn stale() -> Failure {
    Failure::new(
        Exit::Refused,
        "stale-plan",
        "nothing was written: the project, its manifest or the catalogue changed meanwhile",
    )
    .help("look at it again, and at what is different")
}

/// The commit that a project comes from, for the record.
#[derive(Debug, Default)]
struct CommitOfProject {
    commit: Option<String>,
    /// Whether the project differs from it.
    dirty: Option<bool>,
}

/// Compares a project with the commit that it is checked out of. A release fails if it is not that.
fn source_of(
    context: &Context,
    args: &ExportArgs,
    checkout: &Checkout,
    prepared: &Prepared,
) -> Result<CommitOfProject, Failure> {
    let path = &prepared.opened.source.path;
    let committed = match checkout {
        _ if args.release => checkout::required(path, checkout)?,
        Checkout::Committed(committed) => committed,
        Checkout::NoCommit(_) => return Ok(CommitOfProject::default()),
        Checkout::Unknown(error) => {
            context.ui.talk(&format!(
                "the record names no commit: {}\nhelp: {}\n",
                visible(&error.to_string()),
                checkout::help(error)
            ));
            return Ok(CommitOfProject::default());
        }
    };
    let differences = checkout::compare(committed, &prepared.opened)?;
    let dirty = match differences.iter().any(Difference::is_known) {
        true => Some(true),
        false if differences.is_empty() => Some(false),
        false => None,
    };
    if args.release {
        checkout::hold(path, committed, differences)?;
    }
    Ok(CommitOfProject {
        commit: Some(committed.commit.to_string()),
        dirty,
    })
}

/// The file that says what is shared, if it is one.
fn catalogue_of(args: &ExportArgs, resolved: &Resolved) -> Option<PathBuf> {
    match (&args.pack.catalog, &resolved.manifest) {
        (Some(said), _) => match CatalogueSource::of(said) {
            Ok(CatalogueSource::File(path)) => Some(path.to_owned()),
            Ok(CatalogueSource::Nothing | CatalogueSource::Workspace(_)) | Err(_) => None,
        },
        (None, Some(manifest)) => manifest.catalogue_file(args.pack.to.as_ref()),
        (None, None) => None,
    }
}

/// Fails if a file that decides what is in the package is not as a commit has it.
fn released_files(
    context: &Context,
    args: &ExportArgs,
    resolved: &Resolved,
) -> Result<(), Failure> {
    let manifest = resolved.manifest.as_ref();
    let catalogue = catalogue_of(args, resolved);
    let lock = manifest.map(|manifest| lockfile::beside(manifest.path()));
    let files = [manifest.map(|manifest| manifest.path().to_owned())]
        .into_iter()
        .chain([lock.filter(|_| args.locked)])
        .chain([catalogue.filter(|path| path.exists())]);
    for path in files.flatten() {
        let checkout = checkout(context, &path);
        let committed = checkout::required(&path, &checkout)?;
        let bytes = limited::read(&path, DOCUMENT)
            .with_context(|| format!("can't read {}", path.display()))?;
        checkout::hold(&path, committed, committed.compare_bytes(&bytes))?;
    }
    Ok(())
}

/// Gives the package and its record their names, once both are whole.
fn hand_over(
    context: &Context,
    packed: Packed,
    prepared: &Prepared,
    resolved: &Resolved,
    output: &Path,
    source: CommitOfProject,
    cache: &Cache,
) -> Result<(WrittenPackage, DecisionRecord), Stop> {
    let folder = folder_of(output);
    let facts = RecordFacts {
        generator: generator(),
        file: output
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        commit: source.commit,
        dirty: source.dirty,
    };
    let record = packed.record(prepared, &resolved.request, &facts);
    let record_file = TemporaryFile::written_by(folder, |file| record.write(file))?;
    let record_path = record_path(output);
    let Packed {
        file,
        sha256,
        entries,
        checksums,
        ..
    } = packed;
    // What is remembered of a package that stays is still true if no file had to be read.
    let still_true = matches!(file, PackedFile::Last)
        && prepared.opened.unchanged.iter().all(|unchanged| *unchanged);
    file.persist(output)?;
    context.did(format!("{} was written", output.display()));
    record_file.persist(&record_path)?;
    context.did(format!("{} was written", record_path.display()));
    if !still_true {
        cache.save(
            prepared,
            output,
            &HandedOver {
                sha256,
                entries,
                checksums,
            },
        );
    }
    let written = WrittenPackage {
        path: output.display().to_string(),
        record: record_path.display().to_string(),
        facts: record.package.clone(),
    };
    Ok((written, record))
}

/// Where the package goes.
fn named_output(args: &ExportArgs, resolved: &Resolved) -> Result<PathBuf, Failure> {
    let name = stem_of(resolved.name.as_ref(), &resolved.request.project)?;
    output_file(args.output.as_deref(), &name)
}

/// Fails if a package would take the place of what it is made from, or of what is none.
fn check_output(
    args: &ExportArgs,
    resolved: &Resolved,
    output: &Path,
    memory: Option<&ExportCache>,
) -> Result<(), Failure> {
    // A list writes nothing.
    if args.list {
        return Ok(());
    }
    let manifest = resolved.manifest.as_ref();
    let lock = manifest.map(|manifest| lockfile::beside(manifest.path()));
    let catalogue = catalogue_of(args, resolved);
    let inputs: Vec<&Path> = [
        Some(resolved.request.project.as_path()),
        resolved.request.connectors.as_deref(),
        manifest.map(ManifestFile::path),
        lock.as_deref(),
        catalogue.as_deref(),
    ]
    .into_iter()
    .flatten()
    .chain(args.report.files())
    .collect();
    // What is remembered of a file need not be looked up in it.
    let replacing = |is_own: bool| match is_own {
        true => Replacing::Own,
        false => Replacing::from(&args.force),
    };
    OutputPath::check(
        output,
        Content::Package,
        replacing(memory.is_some()),
        &inputs,
    )?;
    let record = record_path(output);
    let is_own = memory.is_some_and(|memory| Cache::has_its_record(memory, output));
    OutputPath::check(&record, Content::Record, replacing(is_own), &inputs)?;
    Ok(())
}

/// A package's file name, without its ending: the manifest's name for it, or the project's.
pub(super) fn stem_of(name: Option<&PackageName>, project: &Path) -> Result<String, Failure> {
    Ok(match name {
        Some(name) => name.to_string(),
        None => file_stem(&Source::name_of(project)?),
    })
}

/// Where a package goes by what was said of it: a file, a folder that is there or ends with a
/// slash, or nothing, which is here. In a folder, it gets the name `stem`.
pub(crate) fn output_file(said: Option<&Path>, stem: &str) -> Result<PathBuf, Failure> {
    let file = format!("{stem}.zip");
    let output = match said {
        None => PathBuf::from(file),
        Some(output) if output.is_dir() || ends_as_folder(output) => output.join(file),
        Some(output) => output.to_owned(),
    };
    if let Some(folder) = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        let shown = folder.display();
        return Err(if folder.exists() {
            Failure::usage(format!("{shown} is no folder"))
        } else {
            Failure::usage(format!("the folder {shown} is not there")).help(format!(
                "make it first: mkdir -p {}",
                shell_word(&shown.to_string())
            ))
        });
    }
    Ok(output)
}

/// A project's name as a file name.
pub(crate) fn file_stem(name: &str) -> String {
    if name.parse::<PackageName>().is_ok() {
        return name.to_owned();
    }
    let allowed = |c: char| {
        !c.is_control() && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let stem: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    let stem = stem.trim_start_matches(['.', '-']).to_owned();
    if stem.parse::<PackageName>().is_ok() {
        stem
    } else {
        "package".to_owned()
    }
}

pub(crate) fn exit_of(plan: &ExportPlan) -> Exit {
    if plan.is_refused() {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// How many findings of a planned package there are, and how many were allowed.
pub(crate) fn summary_of_plan(prepared: &Prepared) -> String {
    let summary = summary_of_findings(&prepared.plan().findings);
    match prepared.allowed.len() {
        0 => summary,
        allowed => format!("{summary}, {allowed} allowed"),
    }
}

pub(crate) fn summary_of_findings(findings: &[Finding]) -> String {
    let Counts {
        errors,
        warnings,
        notes,
    } = Counts::of(findings);
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    [
        count(errors, "error"),
        count(warnings, "warning"),
        count(notes, "note"),
    ]
    .join(", ")
}

/// How many assets an ignore file takes out, in words.
pub(crate) fn ignored_by(ignored: &IgnoredAssets) -> String {
    let assets = counted(ignored.assets as u64, "asset");
    format!("{assets} by {}", visible(&ignored.by))
}

fn summary(written: &WrittenPackage, record: &DecisionRecord, ignored: &[IgnoredAssets]) -> String {
    let mut text = String::new();
    let target = &record.target;
    let to = target
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("`{name}`, "));
    let data_center = target
        .data_center
        .as_ref()
        .map_or_else(String::new, |dc| format!(" in {dc}"));
    let edited = record
        .entries
        .iter()
        .filter(|entry| entry.edits.is_some())
        .count();
    let _ = writeln!(text, "{}", visible(&written.path));
    let _ = writeln!(text, "  for       {to}{}{data_center}", target.kind);
    let rewritten = if edited == 0 {
        "none".to_owned()
    } else {
        format!("{edited} of them")
    };
    let _ = writeln!(
        text,
        "  files     {}, {rewritten} rewritten",
        record.entries.len()
    );
    for ignored in ignored {
        let _ = writeln!(text, "  ignored   {}", ignored_by(ignored));
    }
    for connector in &record.connectors {
        let _ = writeln!(
            text,
            "  connector {}: {}",
            visible(&connector.connector),
            fate(connector)
        );
    }
    let _ = writeln!(text, "  size      {}", sized(written.facts.size));
    let _ = writeln!(text, "  sha256    {}", written.facts.sha256);
    let _ = writeln!(text, "  content   {}", written.facts.content_digest);
    let _ = writeln!(text, "  decisions {}", visible(&written.record));
    text
}

/// What became of a connector, in a few words.
fn fate(connector: &ConnectorDecision) -> String {
    let shared = connector
        .catalog
        .as_ref()
        .and_then(|entry| entry.shared_version.version());
    match (connector.rule, connector.packaged_version, shared) {
        (Ruling::SharedLeftOut, _, Some(shared)) => {
            format!("left out, the target runs the shared {shared}")
        }
        (Ruling::Elsewhere, _, _) => "left to another package".to_owned(),
        (_, Some(version), _) => format!("{} {version}", connector.outcome),
        (_, None, _) => connector.outcome.to_string(),
    }
}

fn because(rule: &ItemRule) -> String {
    rule.because().unwrap_or_else(|| rule.as_str().to_owned())
}

/// Every file with `+` or `-` and the reason.
fn listing(prepared: &Prepared) -> String {
    let mut text = String::new();
    let plan = prepared.plan();
    for (index, entry) in plan.entries.iter().enumerate() {
        let edits = prepared
            .edits(index)
            .map_or_else(String::new, |edits| format!("; {}", edits.told()));
        let _ = writeln!(
            text,
            "+ {}  ({}{edits})",
            visible(entry.path.as_str()),
            visible(&because(&entry.rule))
        );
    }
    for item in &plan.left_out {
        let _ = writeln!(
            text,
            "- {}  ({})",
            visible(&item.path),
            visible(&because(&item.rule))
        );
    }
    text
}

pub(crate) fn document(
    resolved: &Resolved,
    prepared: &Prepared,
    findings: Vec<Diagnostic>,
    package: Option<WrittenPackage>,
) -> ExportDocument {
    let plan = prepared.plan();
    ExportDocument {
        target: TargetRecord::from(&resolved.request.destination),
        package,
        refused: plan.is_refused(),
        connectors: plan.connectors.clone(),
        entries: plan
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| EntryDocument {
                path: entry.path.clone(),
                rule: entry.rule.as_str().into(),
                because: entry.rule.because(),
                edits: prepared.edits(index),
            })
            .collect(),
        left_out: plan
            .left_out
            .iter()
            .map(|item| LeftOutRecord::of(&item.path, &item.rule))
            .collect(),
        ignored: prepared.opened.source.ignored.clone(),
        counts: Counts::of(&plan.findings),
        findings,
        allowed: prepared.allowed.iter().cloned().collect(),
    }
}
