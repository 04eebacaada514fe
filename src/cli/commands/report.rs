//! `recipack report`: a package, a plan, a receipt or a roll-out as one HTML file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::ReportFileArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::mask::masked;
use super::super::output::{Content, OutputPath};
use super::super::reports::unsecret;
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::show;
use crate::archive::Limits;
use crate::io::limited;
use crate::model::ident::Digest;
use crate::ops::export::pack::digest_of_file;
use crate::ops::export::record::{DecisionRecord, record_path};
use crate::ops::import::{ImportDocument, ImportError, PlanDocument};
use crate::ops::rollout::RolloutReportDocument;
use crate::plan::rollout::RolloutPlan;
use crate::report::html::leaf::{Found, Tells, document};
use crate::report::{Item, ItemOutcome, Placed, Report, items};
use crate::source::Source;

/// The largest document that is read.
const MOST: u64 = limited::DOCUMENT;

/// What `report` says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReportDocument {
    /// What it tells of: `package`, `plan`, `receipt`, `roll-out` or `plan of a roll-out`.
    pub(crate) of: String,
    /// The file that was written.
    pub(crate) file: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// The digest of its bytes.
    pub(crate) sha256: Digest,
}

pub(crate) fn run(context: &Context, args: &ReportFileArgs) -> Result<Exit, Stop> {
    let inputs = [args.about.as_path()];
    let output = OutputPath::check(&args.output, Content::Html, (&args.force).into(), &inputs)?;
    let (report, found) = told(context, &args.about)?;
    let page = document(&unsecret(&report)?, &Tells::Content(found));
    let page = masked(&page);
    output.write(page.as_bytes())?;
    context.did(format!("{} was written", output.path().display()));
    let document = ReportDocument {
        of: report.command.to_owned(),
        file: output.path().display().to_string(),
        size: page.len() as u64,
        sha256: Digest::of(page.as_bytes()),
    };
    context.ui.print(&document, |document| {
        format!(
            "{}: the {}, {} bytes\n",
            visible(&document.file),
            document.of,
            document.size
        )
    })?;
    Ok(Exit::Done)
}

/// What a file tells.
fn told(context: &Context, path: &Path) -> Result<(Report, Option<Found>), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unreadable = || format!("can't read {}", path.display());
    let mut head = [0; 2];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    read.with_context(unreadable)?;
    if head == *b"PK" {
        return package(context, path, &name);
    }
    let bytes = limited::read(path, MOST).with_context(unreadable)?;
    if let Ok(plan) = RolloutPlan::parse(&bytes) {
        return Ok((of_rollout_plan(&plan, &name), None));
    }
    if let Ok(receipt) = serde_json::from_slice::<ImportDocument>(&bytes) {
        let (mut report, found) = of_plan("receipt", receipt.plan, &name);
        report.astray = receipt.astray;
        return Ok((report, found));
    }
    if let Ok(rollout) = serde_json::from_slice::<RolloutReportDocument>(&bytes) {
        return Ok((of_rollout(&rollout), None));
    }
    // What was damaged since it was written is no plan.
    if let Ok(plan) = PlanDocument::parse(&bytes) {
        return Ok(of_plan("plan", plan, &name));
    }
    Err(Failure::usage(format!(
        "{} is no package, no plan, and no document of an import or a roll-out",
        path.display()
    ))
    .help(
        "what it takes: a package (.zip), what `plan -o` and `rollout plan -o` write, and what `import --json` and \
         `rollout report --json` print",
    ))
}

fn of_plan(command: &'static str, document: PlanDocument, name: &str) -> (Report, Option<Found>) {
    let found = Found {
        counts: document.counts,
        ..Found::default()
    };
    let mut report = Report::new(command, "");
    // Where the package lay on somebody's machine says nothing elsewhere.
    let package = Path::new(&document.plan.package.path).file_name();
    let package = package.map_or_else(
        || name.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    report.subject = format!("{package} → {}", document.plan.workspace.address);
    report.items = items::of_plan(&document.plan);
    report.findings = document
        .findings
        .into_iter()
        .map(|finding| Placed {
            file: finding.file.clone(),
            finding,
        })
        .collect();
    report.plan = Some((*document.plan).clone());
    (report, Some(found))
}

fn package(context: &Context, path: &Path, name: &str) -> Result<(Report, Option<Found>), Failure> {
    let record = record_path(path);
    let mut report = Report::new("package", name);
    if !record.is_file() {
        let source = Source::open(path, &Limits::default())?;
        let shown = show::document(&source, &context.running)?;
        report.items = items::of_shown(&shown);
        return Ok((report, None));
    }
    let wrong = |what: String| {
        Failure::from(ImportError::Record {
            package: path.display().to_string(),
            record: record.clone(),
            what,
        })
    };
    let bytes =
        limited::read(&record, MOST).with_context(|| format!("can't read {}", record.display()))?;
    let told = DecisionRecord::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
    let (_, digest) =
        digest_of_file(path).with_context(|| format!("can't read {}", path.display()))?;
    if told.package.sha256 != digest {
        return Err(wrong("its digest is another one".to_owned()));
    }
    report.subject = format!("{name} for {}", told.target.kind);
    report.items = items::of_record(&told);
    let found = Found {
        counts: told.findings,
        codes: told.finding_codes.unwrap_or_default(),
    };
    Ok((report, Some(found)))
}

fn of_rollout_plan(plan: &RolloutPlan, name: &str) -> Report {
    let mut report = Report::new(
        "plan of a roll-out",
        format!("{name}: customers of {}", plan.of),
    );
    report.items = plan
        .members
        .iter()
        .map(|member| Item {
            name: format!("{} {}", member.address, member.name),
            class: format!("wave {}", member.wave),
            outcome: match &member.held {
                Some(held) => ItemOutcome::Skipped(format!("held: {}", held.why)),
                None => ItemOutcome::Passed,
            },
            note: String::new(),
        })
        .collect();
    report
}

fn of_rollout(document: &RolloutReportDocument) -> Report {
    let rollout = &document.rollout;
    let subject = format!("{}, {}: next {}", rollout.id, rollout.status, rollout.next);
    let mut report = Report::new("roll-out", subject);
    report.items = rollout
        .members
        .iter()
        .map(|member| {
            let why = match member.why.is_empty() {
                true => member.state.clone(),
                false => format!("{}: {}", member.state, member.why),
            };
            Item {
                name: format!("{} {}", member.address, member.name),
                class: format!("wave {}", member.wave),
                outcome: match member.state.as_str() {
                    "applied" | "same" => ItemOutcome::Passed,
                    "failed" | "partly" => ItemOutcome::Failed(why.clone()),
                    _ => ItemOutcome::Skipped(why.clone()),
                },
                note: why,
            }
        })
        .collect();
    report
}
