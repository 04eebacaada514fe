//! `recipack promote`: from one environment to the next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::{ImportArgs, PromoteArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::reports::{Reporter, around};
use super::super::request::{ManifestFile, manifest_path};
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use super::counts::Length;
use super::import::{Doing, Ended, blocked, carry_out, request};
use super::import_words::{outcome, text};
use crate::cli::brought::{self, Along};
use crate::cli::connect::open;
use crate::manifest::Environment;
use crate::model::ident::TargetName;
use crate::model::table::RowsPolicy;
use crate::model::workspace::FolderPath;
use crate::ops::import::{ImportDocument, PlanDocument};
use crate::ops::promotion::{Promotion, PromotionError, promotion};
use crate::plan::decision::shell_word;
use crate::plan::import::Receipt;
use crate::plan::promotion::{Hindrance, Promoted};

/// What `promote` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PromoteDocument {
    /// That the package is where it comes from.
    promoted: Promoted,
    /// What the import does.
    plan: PlanDocument,
    /// What was done; absent if only the plan was asked for.
    receipt: Option<Receipt>,
    /// What is not as planned, as read back; empty if everything is. Of more than 1 000 the last says
    /// how many are not listed.
    astray: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &PromoteArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "promote", |reporter| {
        work(context, args, reporter)
    })
}

fn work(context: &Context, args: &PromoteArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    reporter.subject(args.package.display().to_string());
    let path = manifest_path(context, args.manifest.as_deref())?;
    let file = ManifestFile::read(&path)?;
    let (from, to) = (
        environment(&file, &args.from)?,
        environment(&file, &args.to)?,
    );
    if from.address == to.address {
        return Err(Failure::usage(format!(
            "{} and {} are one workspace: {}",
            args.from, args.to, to.address
        ))
        .into());
    }
    let promoted = {
        let workspace = open(context, &args.platform, &from.address, "promote")?;
        let asked = Promotion {
            from: args.from.clone(),
            address: from.address.clone(),
            min_soak: from.min_soak,
            to: args.to.clone(),
            now: platform::now(),
        };
        let home = FolderPath::home();
        // It may lie in a registry.
        let ca = args.platform.api.ca_file.as_ref();
        let brought = brought::fetched(context, ca, &args.package, Along::Record)?;
        let there = request(brought.path(), &from.address, home, RowsPolicy::Overwrite);
        let (running, mut observer) = (&context.running, context.ui.observer());
        promotion(&asked, &there, workspace.as_ref(), running, &mut observer)
            .map_err(Failure::from)?
    };
    context
        .ui
        .talk(&format!("{}\n", visible(&said(args, &promoted))));
    let import = as_import(args, to);
    let doing = match args.plan {
        true => Doing::Plan,
        false => Doing::All,
    };
    match carry_out(context, &import, doing, reporter)? {
        Ended::Planned(plan, refusal) => {
            let mut shown = text(&plan.plan, context.ui.volume, Length::default());
            if let Some(refusal) = &refusal {
                shown.push_str(&blocked(refusal, &plan));
            }
            let changes = !plan.plan.is_empty();
            print(context, &document(promoted, plan, None, Vec::new()), shown)?;
            Ok(match refusal {
                Some(refusal) => {
                    let refused = Failure::from(refusal);
                    let exit = refused.exit;
                    reporter.failed_of(refused.told);
                    exit
                }
                None if args.detailed_exitcode && changes => Exit::Differences,
                None => Exit::Done,
            })
        }
        Ended::Carried(plan, receipt, astray) => {
            let exit = match astray.is_empty() {
                true => Exit::Done,
                false => Exit::PartlyDone,
            };
            let mut shown = text(&plan.plan, context.ui.volume, Length::default());
            let import = ImportDocument {
                plan,
                receipt,
                astray,
            };
            outcome(&mut shown, &import);
            let ImportDocument {
                plan,
                receipt,
                astray,
            } = import;
            print(
                context,
                &document(promoted, plan, Some(receipt), astray),
                shown,
            )?;
            Ok(exit)
        }
        Ended::Nothing => Ok(Exit::Failed),
    }
}

fn document(
    promoted: Promoted,
    plan: PlanDocument,
    receipt: Option<Receipt>,
    astray: Vec<String>,
) -> PromoteDocument {
    PromoteDocument {
        promoted,
        plan,
        receipt,
        astray,
    }
}

fn print(context: &Context, document: &PromoteDocument, shown: String) -> Result<(), Stop> {
    match context.ui.format {
        Format::Json => context.ui.document(document)?,
        Format::Text => context.ui.changes(&shown)?,
    }
    Ok(())
}

impl From<PromotionError> for Failure {
    fn from(error: PromotionError) -> Self {
        let message = error.to_string();
        let (from, address, hindrance) = match error {
            PromotionError::Import(error) => return error.into(),
            PromotionError::Record(error) => return error.into(),
            PromotionError::Hindered {
                from,
                address,
                hindrance,
            } => (from, shell_word(&address.to_string()), hindrance),
        };
        match hindrance {
            Hindrance::NoReceipt => Self::new(Exit::Refused, "no-receipt", message).help(format!(
                "import it there first; what was: recipack history {address}"
            )),
            Hindrance::Changed(differs) => Self::new(Exit::Refused, "changed-since", message)
                .notes(differs)
                .help(format!(
                    "import it into {from} again, or make a package of what is there; all that is otherwise: recipack diff PACKAGE.zip {address}"
                )),
            Hindrance::Early { .. } => Self::new(Exit::Refused, "too-early", message).help(format!(
                "wait until then: `min-soak` of {from} in the manifest says so"
            )),
        }
    }
}

/// Where the package is, in a sentence.
fn said(args: &PromoteArgs, promoted: &Promoted) -> String {
    format!("{} is {promoted}", args.package.display())
}

/// The environment of a name.
fn environment<'m>(file: &'m ManifestFile, name: &TargetName) -> Result<&'m Environment, Failure> {
    let environments = &file.manifest().environments;
    if let Some(found) = environments.get(name) {
        return Ok(&found.value);
    }
    let (path, _) = file.text();
    let there: Vec<&str> = environments.keys().map(TargetName::as_str).collect();
    let failure = Failure::new(
        Exit::Failed,
        "names-nothing",
        format!("{path} has no environment `{name}`"),
    );
    Err(failure.help(match there.as_slice() {
        [] => format!("say where it is, under [environments]: {name} = \"local:NAME\""),
        there => format!("those that are there: {}", there.join(", ")),
    }))
}

/// The import that it comes to.
fn as_import(args: &PromoteArgs, to: &Environment) -> ImportArgs {
    let mut settings = args.settings.clone();
    settings.environment = Some(args.to.to_string());
    let (permitted, platform) = (args.permitted.clone(), args.platform.clone());
    ImportArgs {
        folder: args.folder.clone(),
        settings,
        require_signature: args.require_signature.clone(),
        rows: args.rows,
        edits: args.edits.clone(),
        other_target: args.other_target,
        yes: args.yes,
        ..ImportArgs::of(
            args.package.clone(),
            to.address.clone(),
            permitted,
            platform,
        )
    }
}
