//! The words of `customer apply` and `customer reconcile` for people.

use std::fmt::Write as _;

use crate::cli::commands::counts::Length;
use crate::cli::commands::import_words;
use crate::cli::failure::Failure;
use crate::cli::ui::{Volume, visible};
use crate::model::count::counted;
use crate::ops::customer::{CustomerApplyDocument, Done};
use crate::plan::customer::{CustomerPlan, CustomerStep, Difference, NotKnown, WaitingHere};
use crate::plan::decision::shell_word;

/// What a plan does.
pub(super) fn plan(plan: &CustomerPlan, volume: Volume) -> String {
    let mut text = heading(plan);
    for step in &plan.steps {
        match step {
            CustomerStep::Create => {
                line(
                    &mut text,
                    "+",
                    "workspace",
                    &format!("{}  is made", plan.name),
                );
            }
            CustomerStep::Rename { from } => {
                let what = format!("{from} → {}", plan.name);
                line(&mut text, "~", "name", &what);
            }
            CustomerStep::SetLabel { key, value, from } => match from {
                Some(from) => line(&mut text, "~", "label", &format!("{key}={from} → {value}")),
                None => line(&mut text, "+", "label", &format!("{key}={value}")),
            },
            CustomerStep::RemoveLabel { key } => {
                line(&mut text, "-", "label", &format!("{key}  is removed"));
            }
            CustomerStep::Import { package, .. } => {
                let packages = plan.packages.iter().filter(|one| one.package == *package);
                for one in packages.filter_map(|one| one.plan.as_deref()) {
                    text.push_str(&import_words::text(one, volume, Length::default()));
                }
            }
        }
    }
    for unknown in &plan.unknown {
        text.push_str(&not_known(unknown));
    }
    for needed in &plan.needs {
        let because = visible(&needed.because);
        let _ = writeln!(text, "Needs --{}: {because}.", needed.permission);
    }
    text
}

fn heading(plan: &CustomerPlan) -> String {
    let at = plan
        .address
        .as_ref()
        .map_or_else(|| "no workspace".to_owned(), ToString::to_string);
    format!(
        "{}  {} ({}): {}\n",
        visible(&plan.file.path),
        visible(&plan.name),
        visible(&plan.external_id),
        visible(&at)
    )
}

fn line(text: &mut String, sign: &str, kind: &str, what: &str) {
    let _ = writeln!(text, "  {sign} {kind:<12} {}", visible(what));
}

/// Why it would be refused.
pub(super) fn refused(failure: &Failure) -> String {
    let mut text = String::new();
    for told in &failure.told {
        let help = told.help.as_deref().unwrap_or_default().replace('\n', " ");
        let _ = writeln!(
            text,
            "Blocked: {}; {}",
            visible(&told.message),
            visible(&help)
        );
    }
    text
}

/// That there is nothing to do, and what is left for people.
pub(super) fn nothing(plan: &CustomerPlan) -> String {
    let mut text = String::new();
    let not_read = match plan.not_read {
        0 => String::new(),
        number => format!(
            ", as far as it was read: not {}",
            counted(number as u64, "asset")
        ),
    };
    let told = match plan.agrees() {
        true => format!("{} is as its file has it{not_read}.", plan.name),
        false => format!(
            "Nothing is left to do for {} from here{not_read}.",
            plan.name
        ),
    };
    let _ = writeln!(text, "{}", visible(&told));
    text.push_str(&left(plan));
    text
}

/// What is otherwise, and the connections that wait for a person.
fn left(plan: &CustomerPlan) -> String {
    let is_told = |difference: &&Difference| {
        plan.waits.iter().any(|waiting| {
            let name = waiting.folder.label(&waiting.connection);
            difference.subject == format!("connection \"{name}\"")
        })
    };
    let others = plan.differences.iter();
    let mut text = differs(others.filter(|difference| !is_told(difference)));
    if !plan.waits.is_empty() {
        let _ = writeln!(
            text,
            "{} for a person:",
            match plan.waits.len() {
                1 => "1 connection waits".to_owned(),
                many => format!("{many} connections wait"),
            }
        );
    }
    for waiting in &plan.waits {
        let name = waiting.folder.label(&waiting.connection);
        let _ = writeln!(text, "  ? {}", visible(&name));
        if let Some(how) = how(plan, waiting) {
            let _ = writeln!(text, "      {}", visible(&how));
        }
    }
    text
}

/// How a person authorises a connection.
fn how(plan: &CustomerPlan, waiting: &WaitingHere) -> Option<String> {
    if waiting.link.is_some() {
        return waiting.link.clone();
    }
    let address = plan
        .address
        .as_ref()
        .filter(|address| address.local().is_some())?;
    let name = waiting.folder.label(&waiting.connection);
    Some(format!(
        "recipack connection authorize {} --in {}",
        shell_word(&name),
        shell_word(&address.to_string())
    ))
}

/// What is otherwise, and what mends it; once, if that mends several in a row.
pub(super) fn differs<'d>(differences: impl Iterator<Item = &'d Difference>) -> String {
    let mut text = String::new();
    let mut differences = differences.peekable();
    while let Some(difference) = differences.next() {
        let _ = writeln!(
            text,
            "  {:<14} {}  {}",
            difference.kind.to_string(),
            visible(&difference.subject),
            visible(&difference.message)
        );
        let next = differences.peek().and_then(|next| next.mend.as_ref());
        if let Some(mend) = difference.mend.as_ref().filter(|mend| next != Some(mend)) {
            let _ = writeln!(text, "      {}", visible(mend));
        }
    }
    text
}

/// What is not known.
pub(super) fn not_known(unknown: &NotKnown) -> String {
    let (what, why) = (visible(&unknown.what), visible(&unknown.why));
    format!("  {:<14} {what}  {why}\n", "unknown")
}

/// What was done, in a line.
pub(super) fn done(done: Done<'_>) -> String {
    match done {
        Done::Made(here) => format!("the workspace {} ({}) was made", here.address, here.name),
        Done::Renamed(here) => format!("{} got another name", here.address),
        Done::Labelled(here) => format!("the labels of {} were changed", here.address),
        Done::Imported(document) => {
            let address = &document.plan.plan.workspace.address;
            import_words::imported(address, &document.receipt)
        }
    }
}

/// What was done, and what is left.
pub(super) fn applied(document: &CustomerApplyDocument, volume: Volume) -> String {
    let mut text = plan(&document.plan, volume);
    for step in &document.plan.steps {
        if let (CustomerStep::Create, Some(address)) = (step, &document.left.address) {
            let _ = writeln!(text, "{} was made.", visible(&address.to_string()));
        }
    }
    for import in &document.imports {
        import_words::outcome(&mut text, import);
    }
    match document.left.is_empty() {
        true => text.push_str(&nothing(&document.left)),
        false => {
            let _ = writeln!(text, "Read back, this is otherwise:");
            text.push_str(&left(&document.left));
        }
    }
    text
}
