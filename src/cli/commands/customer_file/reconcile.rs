//! `recipack customer reconcile`: where customers are otherwise than their files have it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host::{Host, Said};
use super::{read, words};
use crate::cli::args::CustomerReconcileArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop, platform};
use crate::model::count::counted;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, ReadDepth};
use crate::ops::customer::{look, not_looked_at};
use crate::plan::customer::{CustomerPlan, Difference, DifferenceKind, NotKnown, WaitingHere};
use crate::plan::import::edits::EditsWish;
use crate::plan::import::target::OtherTarget;
use crate::settings::customer::CustomerFile;

/// What `customer reconcile` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReconcileDocument {
    /// Whose customers they are.
    of: Address,
    /// The customers, in the order of their files; then those that have none.
    customers: Vec<ReconciledCustomer>,
}

/// A customer against its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct ReconciledCustomer {
    /// Its file; absent if it has none.
    file: Option<String>,
    /// Its name, as the file has it.
    name: String,
    /// The partner's own name for it.
    external_id: Option<String>,
    /// Its workspace; absent if it has none, or nobody can tell.
    address: Option<Address>,
    /// What is otherwise.
    differences: Vec<Difference>,
    /// What could not be read.
    unknown: Vec<NotKnown>,
    /// Assets of which no list tells what they say; what they said when they were read last holds.
    not_read: usize,
    /// Connections that wait for a person.
    waits: Vec<WaitingHere>,
}

impl From<CustomerPlan> for ReconciledCustomer {
    fn from(plan: CustomerPlan) -> Self {
        Self {
            file: Some(plan.file.path),
            name: plan.name,
            external_id: Some(plan.external_id),
            address: plan.address,
            differences: plan.differences,
            unknown: plan.unknown,
            not_read: plan.not_read,
            waits: plan.waits,
        }
    }
}

pub(super) fn run(context: &Context, args: &CustomerReconcileArgs) -> Result<Exit, Stop> {
    let paths = match &args.all {
        Some(folder) => files_in(folder)?,
        None => args.files.clone(),
    };
    let files = read_all(&paths)?;
    let said = Said {
        rows: RowsPolicy::Overwrite,
        edits: EditsWish::default(),
        other_target: OtherTarget::Refused,
        read: args.read.unwrap_or(ReadDepth::Slim),
    };
    let at = platform::now();
    let mut host = Host::new(context, &args.platform, &args.of, said)?;
    if args.all.is_some() {
        // One list finds all of them.
        host.all()?;
    }
    let mut customers = Vec::new();
    for file in &files {
        if context.running.interrupt.is_set() {
            return Err(Failure::from(crate::ops::Interrupted).into());
        }
        let plan = match look(&mut host, file, at, &context.running) {
            Ok(looked) => looked.into_plan(),
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure.into()),
            // What is wrong with one says nothing of the others.
            Err(failure) => not_looked_at(&host, file, failure.message(), at),
        };
        customers.push(ReconciledCustomer::from(plan));
    }
    if args.all.is_some() {
        for (external_id, here) in host.all()? {
            let is_told = |file: &CustomerFile| Some(&file.external_id) == external_id.as_ref();
            if files.iter().any(is_told) {
                continue;
            }
            customers.push(ReconciledCustomer {
                file: None,
                name: here.name.clone(),
                external_id: external_id.clone(),
                address: Some(here.address.clone()),
                differences: vec![Difference {
                    kind: DifferenceKind::NoFile,
                    subject: here.address.to_string(),
                    message: "no file says anything of it".to_owned(),
                    mend: None,
                }],
                unknown: Vec::new(),
                not_read: 0,
                waits: Vec::new(),
            });
        }
    }
    let document = ReconcileDocument {
        of: args.of.clone(),
        customers,
    };
    context.ui.print(&document, text)?;
    let any = |is: &dyn Fn(&ReconciledCustomer) -> bool| document.customers.iter().any(is);
    Ok(if any(&|customer| !customer.unknown.is_empty()) {
        // What can't be read is not as the file has it for all that is known.
        Exit::PartlyDone
    } else if args.detailed_exitcode && any(&|customer| !customer.differences.is_empty()) {
        Exit::Differences
    } else {
        Exit::Done
    })
}

/// The customers' files of a folder.
pub(crate) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files: Vec<PathBuf> = listed.map_err(|error: std::io::Error| {
        let what = format!("can't list {}", folder.display());
        Failure::new(Exit::Failed, "unreadable", what).notes([error.to_string()])
    })?;
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    Ok(files)
}

/// Reads files, and tells all that is wrong with any of them.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<CustomerFile>, Failure> {
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        match read(path) {
            Ok(file) => {
                let before = seen.insert(file.external_id.clone(), file.path.clone());
                if let Some(before) = before {
                    let what = format!(
                        "{before} and {} have one external id: {}",
                        file.path, file.external_id
                    );
                    failures.push(
                        Failure::new(Exit::Failed, "invalid-customer", what)
                            .help("a customer has one file"),
                    );
                }
                files.push(file);
            }
            Err(failure) => failures.push(failure),
        }
    }
    match failures.is_empty() {
        true => Ok(files),
        false => Err(Failure::all(Exit::Failed, failures)),
    }
}

fn text(document: &ReconcileDocument) -> String {
    let mut text = String::new();
    for customer in &document.customers {
        let file = customer.file.as_deref().unwrap_or("no file");
        let at = customer.address.as_ref().map(ToString::to_string);
        let _ = writeln!(
            text,
            "{}  {}  {}",
            visible(file),
            visible(&customer.name),
            visible(at.as_deref().unwrap_or("no workspace"))
        );
        text.push_str(&words::differs(customer.differences.iter()));
        for unknown in &customer.unknown {
            text.push_str(&words::not_known(unknown));
        }
        if customer.not_read > 0 {
            let assets = counted(customer.not_read as u64, "asset");
            let _ = writeln!(text, "  not read       {assets}; --read full reads them");
        }
    }
    let agrees = |customer: &&ReconciledCustomer| {
        customer.differences.is_empty() && customer.unknown.is_empty()
    };
    let agree = document.customers.iter().filter(agrees).count();
    let unknown = document.customers.iter();
    let unknown = unknown
        .filter(|customer| !customer.unknown.is_empty())
        .count();
    let unknown = match unknown {
        0 => String::new(),
        some => format!(", of {some} not everything is known"),
    };
    let _ = writeln!(
        text,
        "{agree} of {} {} as the files have it{unknown}.",
        counted(document.customers.len() as u64, "customer"),
        match agree {
            1 => "is",
            _ => "are",
        }
    );
    text
}
