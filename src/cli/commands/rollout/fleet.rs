//! The customers of an admin workspace, and what a file notes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::cli::args::PlatformArgs;
use crate::cli::commands::customer_file;
use crate::cli::connect::open_remote;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::request::read_text;
use crate::cli::{Context, platform};
use crate::model::ident::{LabelKey, LabelValue};
use crate::model::keyword::nearest;
use crate::model::workspace::{Address, Label, RemoteAccount, RemoteAddress, WorkspaceId};
use crate::plan::decision::shell_word;
use crate::plan::rollout::{Candidate, Held};
use crate::remote::RemoteCustomersDocument;
use crate::settings::freeze::{Freeze, FreezeText};
use crate::workspace::local::LocalPlatform;

/// What a file notes of customers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fleet {
    /// By name, external id or number.
    #[serde(default)]
    customers: BTreeMap<String, Noted>,
}

/// What is noted of one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// Its labels.
    #[serde(default)]
    labels: BTreeMap<LabelKey, LabelValue>,
    /// Why nothing is sent to it.
    hold: Option<String>,
    /// When nothing is sent to it.
    freeze: Option<FreezeText>,
}

/// The customers of an admin workspace, in the order of their numbers, and its own number where the
/// platform counts requests by it.
pub(super) fn customers(
    context: &Context,
    args: &PlatformArgs,
    of: &Address,
    fleet: Option<&Path>,
) -> Result<(Option<WorkspaceId>, Vec<Candidate>), Failure> {
    let (admin, mut customers): (_, Vec<Candidate>) = match of {
        Address::Local(admin) => {
            let path = platform::path(args)?;
            let writing = platform::writing(context, args, "rollout plan");
            let local = LocalPlatform::open(&path, writing)?;
            let found = local.customers(Some(admin))?.into_iter();
            let candidate = |customer: crate::workspace::local::Customer| Candidate {
                address: Address::Local(customer.summary.facts.name.clone()),
                workspace: customer.summary.facts.id,
                name: customer.summary.facts.name.to_string(),
                external_id: customer.summary.facts.external_id.clone(),
                labels: customer.labels,
                held: None,
                seen: None,
                back: None,
            };
            (None, found.map(candidate).collect())
        }
        Address::Remote(admin) => {
            let workspace = open_remote(context, args, admin)?;
            let found = RemoteCustomersDocument::of(&workspace)?
                .customers
                .into_iter();
            let candidate = |customer: crate::remote::RemoteCustomer| Candidate {
                // By its number, whatever else is called so.
                address: Address::Remote(RemoteAddress {
                    account: RemoteAccount::CustomerId(customer.id.0),
                    folder: None,
                }),
                workspace: customer.id,
                name: customer.name,
                external_id: customer.external_id,
                labels: BTreeMap::new(),
                held: None,
                seen: None,
                back: None,
            };
            (
                Some(workspace.identity().workspace),
                found.map(candidate).collect(),
            )
        }
    };
    if let Some(path) = fleet {
        note(&mut customers, path)?;
    }
    customers.sort_by_key(|customer| customer.workspace);
    Ok((admin, customers))
}

/// Puts what customers' own files say of them to them: labels, and when nothing is sent.
fn note_files(customers: &mut [Candidate], folder: &Path) -> Result<(), Failure> {
    let now = platform::now();
    for file in customer_file::read_all(&customer_file::files_in(folder)?)? {
        let known = |one: &&mut Candidate| one.external_id.as_deref() == Some(&*file.external_id);
        let Some(customer) = customers.iter_mut().find(known) else {
            let message = format!(
                "{}: there is no customer with the external id \"{}\"",
                file.path, file.external_id
            );
            return Err(
                Failure::new(Exit::Failed, "invalid-fleet", message).help(format!(
                    "make its workspace first: recipack customer apply {} --of ADMIN",
                    shell_word(&file.path)
                )),
            );
        };
        customer.labels.extend(file.labels);
        let ahead = file.freezes.into_iter().filter(|freeze| now < freeze.until);
        let mut ahead: Vec<Freeze> = ahead.collect();
        customer.held = match (ahead.pop(), ahead.len()) {
            (None, _) => None,
            (Some(freeze), 0) => Some(held(freeze)),
            (Some(_), more) => {
                let message = format!(
                    "{}: {} times in which nothing is sent are not over, and a roll-out keeps one of a customer",
                    file.path,
                    more + 1
                );
                return Err(Failure::new(Exit::Failed, "invalid-fleet", message)
                    .help("leave the later ones out until the earlier one is over"));
            }
        };
    }
    Ok(())
}

fn held(freeze: Freeze) -> Held {
    Held {
        why: freeze.why,
        from: freeze.from,
        until: Some(freeze.until),
    }
}

/// Puts what a file notes of customers to them; of a folder, what their own files say.
fn note(customers: &mut [Candidate], path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return note_files(customers, path);
    }
    let text = read_text(path).map_err(|error| Failure::told_by("unreadable", &error))?;
    let shown = path.display().to_string();
    let invalid = |message: String| Failure::new(Exit::Failed, "invalid-fleet", message);
    let fleet: Fleet = toml_edit::de::from_str(&text).map_err(|error| {
        let place = error.span().map(|span| &text[..span.start.min(text.len())]);
        let failure = invalid(error.message().to_owned());
        match place {
            Some(before) => {
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                failure.in_file(&shown, line, column)
            }
            None => failure,
        }
        .help("[customers.NAME] has `labels`, a table of texts; `hold`, the reason to send it nothing; and `freeze = { from = 2026-12-18, until = 2027-01-04, why = \"…\" }`")
    })?;
    for (name, noted) in fleet.customers {
        let index = find(customers, &name).map_err(|error| {
            invalid(format!("{shown}: {error}")).help("customers are named by name, external id or number; list them: recipack customer list")
        })?;
        let customer = &mut customers[index];
        customer.labels.extend(noted.labels);
        if let Some(why) = noted.hold {
            if why.trim().is_empty() {
                return Err(invalid(format!("{shown}: `hold` of {name} says no reason")));
            }
            customer.held = Some(Held {
                why,
                from: None,
                until: None,
            });
        }
        if let Some(freeze) = noted.freeze {
            if customer.held.is_some() {
                return Err(invalid(format!(
                    "{shown}: {name} has both `hold` and `freeze`"
                )));
            }
            let freeze = freeze.read();
            let freeze = freeze.map_err(|error| invalid(format!("{shown}: {name}: {error}")))?;
            customer.held = Some(held(freeze));
        }
    }
    Ok(())
}

/// The customer of a name, an external id or a number.
fn find(customers: &[Candidate], name: &str) -> Result<usize, String> {
    let by = |is: &dyn Fn(&Candidate) -> bool| -> Vec<usize> {
        let found = customers.iter().enumerate().filter(|(_, one)| is(one));
        found.map(|(index, _)| index).collect()
    };
    let ways: [&dyn Fn(&Candidate) -> bool; 4] = [
        &|one| one.external_id.as_deref() == Some(name),
        &|one| one.name == name,
        &|one| one.address.to_string() == name,
        &|one| one.workspace.to_string() == name,
    ];
    let mut found: BTreeSet<usize> = BTreeSet::new();
    for way in ways {
        found.extend(by(way));
    }
    let found: Vec<usize> = found.into_iter().collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let near = nearest(name, customers.iter().map(|one| one.name.as_str()));
            Err(match near {
                Some(near) => format!("there is no customer `{name}`: is `{near}` meant?"),
                None => format!("there is no customer `{name}`"),
            })
        }
        [one, two, ..] => Err(format!(
            "`{name}` may be {} or {}",
            customers[*one].address, customers[*two].address
        )),
    }
}

/// Those of the customers that are asked for: all, those with a label, or those of a name.
pub(super) fn chosen(
    customers: Vec<Candidate>,
    asked: &[String],
) -> Result<Vec<Candidate>, Failure> {
    if asked.is_empty() || asked == ["all"] {
        return Ok(customers);
    }
    let mut chosen = BTreeSet::new();
    for one in asked {
        if one.contains('=') {
            let label: Label = one
                .parse()
                .map_err(|error| Failure::usage(format!("--customers {one}: {error}")))?;
            let has = |customer: &Candidate| customer.labels.get(&label.key) == Some(&label.value);
            let before = chosen.len();
            let with = customers.iter().enumerate().filter(|(_, one)| has(one));
            chosen.extend(with.map(|(index, _)| index));
            if chosen.len() == before && !customers.iter().any(has) {
                return Err(nobody(format!("no customer has the label {one}")));
            }
        } else {
            chosen.insert(find(&customers, one).map_err(nobody)?);
        }
    }
    let numbered = customers.into_iter().enumerate();
    let of_chosen = numbered.filter(|(index, _)| chosen.contains(index));
    Ok(of_chosen.map(|(_, customer)| customer).collect())
}

fn nobody(message: String) -> Failure {
    Failure::new(Exit::Failed, "names-nothing", message)
        .help("customers are named by name, external id or number, or by a label that they have: --customers ring=first")
}
