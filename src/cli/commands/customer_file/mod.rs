//! `recipack customer apply` and `recipack customer reconcile`: customers by their files.

mod host;
mod reconcile;
mod words;

use std::path::{Path, PathBuf};

use crate::cli::args::{CustomerApplyArgs, CustomerReconcileArgs};
use crate::cli::commands::import::given;
use crate::cli::commands::import_settings::changed_values;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Content, OutputPath};
use crate::cli::request::read_text;
use crate::cli::ui::{Answer, Format};
use crate::cli::workspace_command::platform_option;
use crate::cli::{Context, Stop, platform};
use crate::model::seal::SealError;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, ReadDepth};
use crate::ops::customer::{
    CustomerApplyDocument, CustomerError, CustomerRefusal, Done, Looked, carry_out, look,
};
use crate::plan::customer::{
    CustomerNeeded, CustomerPermission, CustomerPlan, CustomerPlanError, CustomerStep,
};
use crate::plan::decision::shell_word;
use crate::plan::import::target::OtherTarget;
use crate::settings::customer::CustomerFile;
use host::{Host, Said};

pub(crate) use reconcile::{ReconcileDocument, files_in, read_all};

pub(crate) fn reconcile(context: &Context, args: &CustomerReconcileArgs) -> Result<Exit, Stop> {
    reconcile::run(context, args)
}

/// Reads a customer's file.
fn read(path: &Path) -> Result<CustomerFile, Failure> {
    let text = read_text(path).map_err(|error| Failure::told_by("unreadable", &error))?;
    let shown = path.display().to_string();
    CustomerFile::parse(&shown, &text).map_err(|errors| {
        let failures = errors.into_iter().map(|error| {
            let failure = Failure::new(Exit::Failed, "invalid-customer", error.message);
            let failure = failure.in_file(&error.file, error.line, error.column);
            match error.help {
                Some(help) => failure.help(help),
                None => failure,
            }
        });
        Failure::all(Exit::Failed, failures)
    })
}

/// What is asked for: a customer's file and whose customer it is, and the plan that has to hold still.
struct Asked {
    file: PathBuf,
    of: Address,
    approved: Option<CustomerPlan>,
}

fn asked(args: &CustomerApplyArgs) -> Result<Asked, Failure> {
    let is_plan = args.file.extension();
    if !is_plan.is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        let of = args.of.clone().ok_or_else(|| {
            Failure::usage("it is not said whose customer it is")
                .help("name the admin workspace: --of NAME, --of https://HOST or --of profile:NAME")
        })?;
        return Ok(Asked {
            file: args.file.clone(),
            of,
            approved: None,
        });
    }
    let text = read_text(&args.file).map_err(|error| Failure::told_by("unreadable", &error))?;
    let plan = CustomerPlan::parse(text.as_bytes()).map_err(|error| {
        let shown = args.file.display();
        let (exit, code) = match &error {
            CustomerPlanError::Seal(SealError::Json(_)) => (Exit::Failed, "invalid-plan"),
            CustomerPlanError::Seal(SealError::Differs | SealError::Absent) => {
                (Exit::VerificationFailed, "damaged-plan")
            }
            CustomerPlanError::Newer { .. } => (Exit::Failed, "newer-plan"),
        };
        Failure::new(
            exit,
            code,
            format!("{shown} is no plan of a customer: {error}"),
        )
        .help("make one with `recipack customer apply FILE.toml --of ADMIN --plan -o plan.json`")
    })?;
    if let Some(of) = args.of.as_ref().filter(|of| **of != plan.of) {
        return Err(Failure::new(
            Exit::Refused,
            "other-workspace",
            format!("the plan is for customers of {}, not of {of}", plan.of),
        )
        .help("leave --of out, or make a plan for it"));
    }
    Ok(Asked {
        file: PathBuf::from(&plan.file.path),
        of: plan.of.clone(),
        approved: Some(plan),
    })
}

pub(crate) fn apply(context: &Context, args: &CustomerApplyArgs) -> Result<Exit, Stop> {
    let Asked { file, of, approved } = asked(args)?;
    let output = match &args.output {
        Some(output) => Some(OutputPath::check(
            output,
            Content::CustomerPlan,
            (&args.force).into(),
            &[file.as_path()],
        )?),
        None => None,
    };
    let file = read(&file)?;
    let said = Said {
        rows: args.rows.unwrap_or(RowsPolicy::Overwrite),
        edits: args.edits.wish(),
        other_target: match args.other_target {
            true => OtherTarget::Permitted,
            false => OtherTarget::Refused,
        },
        read: args.read.unwrap_or(ReadDepth::Slim),
    };
    let at = platform::now();
    let mut host = Host::new(context, &args.platform, &of, said)?;
    let mut looked = look(&mut host, &file, at, &context.running)?;
    if let Some(error) = looked.failed() {
        return Err(Failure::from(error).into());
    }
    if let Some(approved) = &approved
        && !approved.does_the_same(looked.plan())
    {
        return Err(Failure::new(
            Exit::Refused,
            "stale-plan",
            "the plan no longer holds: the file, a package, the workspace or its settings changed since",
        )
        .help("make the plan again, and look at what is different")
        .into());
    }
    context.ui.findings(&looked.findings());
    let permissions = permissions(args);
    let imports = given(&args.permitted);
    if args.plan {
        return only_planned(context, args, looked, output.as_ref());
    }
    if looked.plan().is_empty() {
        let plan = looked.into_plan();
        let exit = exit_of(&plan);
        let document = CustomerApplyDocument {
            left: plan.clone(),
            plan,
            imports: Vec::new(),
        };
        show(context, &document)?;
        return Ok(exit);
    }
    let shown = words::plan(looked.plan(), context.ui.volume);
    let changes = changes(looked.plan());
    let approval = looked
        .approve(&permissions, &imports)
        .map_err(Failure::from)?;
    if approved.is_none() && !args.yes && changes > 0 {
        agreed(context, args, &file, &of, &shown)?;
    }
    let mut observer = context.ui.observer();
    let mut told = |done: Done<'_>| context.did(words::done(done));
    let document = carry_out(
        &mut host,
        &file,
        approval,
        (&imports, at),
        (&context.running, &mut observer),
        &mut told,
    )?;
    drop(observer);
    let exit = match document
        .imports
        .iter()
        .all(|import| import.astray.is_empty())
    {
        true if document.left.is_empty() => exit_of(&document.left),
        true | false => Exit::PartlyDone,
    };
    show(context, &document)?;
    Ok(exit)
}

fn permissions(args: &CustomerApplyArgs) -> Vec<CustomerPermission> {
    let given = [
        (args.allow_new_workspace, CustomerPermission::NewWorkspace),
        (args.allow_frozen, CustomerPermission::Frozen),
    ];
    let given = given.into_iter();
    given
        .filter_map(|(given, permission)| given.then_some(permission))
        .collect()
}

/// How it ends where nothing is left to do: whatever the file says has to be so.
fn exit_of(plan: &CustomerPlan) -> Exit {
    match plan.keeps_its_word() {
        true => Exit::Done,
        false => Exit::PartlyDone,
    }
}

fn show(context: &Context, document: &CustomerApplyDocument) -> Result<(), Stop> {
    match context.ui.format {
        Format::Json => context.ui.document(document)?,
        Format::Text => {
            let text = words::applied(document, context.ui.volume);
            context.ui.changes(&text)?;
        }
    }
    Ok(())
}

/// Says what would happen.
fn only_planned(
    context: &Context,
    args: &CustomerApplyArgs,
    looked: Looked,
    output: Option<&OutputPath>,
) -> Result<Exit, Stop> {
    let plan = looked.plan().clone().sealed().map_err(anyhow::Error::new)?;
    let imports = given(&args.permitted);
    let refusal = looked.approve(&permissions(args), &imports).err();
    if let Some(output) = output {
        let text = crate::model::visible::json(&plan).map_err(anyhow::Error::new)?;
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    let mut text = words::plan(&plan, context.ui.volume);
    if plan.is_empty() {
        text.push_str(&words::nothing(&plan));
    }
    let refused = refusal.map(Failure::from);
    if let Some(refused) = &refused {
        text.push_str(&words::refused(refused));
    }
    match context.ui.format {
        Format::Json if output.is_some_and(OutputPath::is_stdout) => {}
        Format::Json => context.ui.document(&plan)?,
        Format::Text => match output {
            Some(output) if output.is_stdout() => context.ui.talk(&text),
            Some(_) | None => context.ui.changes(&text)?,
        },
    }
    Ok(match refused {
        Some(refused) => refused.exit,
        None if args.detailed_exitcode && !plan.is_empty() => Exit::Differences,
        None => Exit::Done,
    })
}

/// How much gives way to something else.
fn changes(plan: &CustomerPlan) -> usize {
    let steps = plan.steps.iter().map(|step| match step {
        CustomerStep::Rename { .. } => 1,
        CustomerStep::Import { overwrites, .. } => *overwrites,
        CustomerStep::Create | CustomerStep::SetLabel { .. } | CustomerStep::RemoveLabel { .. } => {
            0
        }
    });
    let plans = plan.packages.iter().filter_map(|one| one.plan.as_deref());
    steps.sum::<usize>() + plans.map(changed_values).sum::<usize>()
}

/// Asks whether to go on.
fn agreed(
    context: &Context,
    args: &CustomerApplyArgs,
    file: &CustomerFile,
    of: &Address,
    shown: &str,
) -> Result<(), Failure> {
    let question = format!("{shown}Have {} so?", file.name);
    match context.ui.agree(&question, &context.running.interrupt)? {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::new(Exit::Refused, "declined", "nothing was done")),
        Answer::Nobody => {
            context.ui.talk(shown);
            let of = match of {
                Address::Local(name) => name.to_string(),
                Address::Remote(_) => of.to_string(),
            };
            let command = format!(
                "recipack customer apply {} --of {}{}",
                shell_word(&file.path),
                shell_word(&of),
                platform_option(&args.platform)
            );
            Err(Failure::new(
                Exit::Refused,
                "not-confirmed",
                "nothing was done: something of the customer would give way, and there is nobody to ask",
            )
            .help(format!(
                "to do it without being asked, pass --yes; or have a plan approved:\n  {command} --plan -o plan.json\n  recipack customer apply plan.json"
            )))
        }
    }
}

impl From<CustomerRefusal> for Failure {
    fn from(refusal: CustomerRefusal) -> Self {
        match refusal {
            CustomerRefusal::Blocked(blocked) => {
                let failures = blocked.into_iter().map(|blocked| {
                    let failure = Self::new(Exit::Refused, "blocked", blocked.message);
                    match blocked.help {
                        Some(help) => failure.help(help),
                        None => failure,
                    }
                });
                Self::all(Exit::Refused, failures)
            }
            CustomerRefusal::NotPermitted(needed) => {
                Self::all(Exit::Refused, needed.into_iter().map(not_permitted))
            }
            CustomerRefusal::Import(package, refusal) => {
                Self::from(refusal).notes([format!("the package: {package}")])
            }
        }
    }
}

fn not_permitted(needed: CustomerNeeded) -> Failure {
    let failure = match needed.permission {
        CustomerPermission::NewWorkspace => {
            Failure::new(Exit::Refused, "not-permitted", needed.because)
        }
        CustomerPermission::Frozen => Failure::new(Exit::Refused, "frozen", needed.because),
    };
    failure.help(format!("say that it is meant: --{}", needed.permission))
}

impl From<CustomerError> for Failure {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::Unforeseen { .. } => Self::of(Exit::Refused, "stale-plan", &error)
                .help("look at the plan again: the same command with --plan"),
            CustomerError::Refused(refusal) => refusal.into(),
        }
    }
}
