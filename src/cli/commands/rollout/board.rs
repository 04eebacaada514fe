//! `recipack rollout board` and `drift`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::fleet::unanswered;
use super::members::Reachable;
use super::{open_ledger, plan_of};
use crate::cli::args::{RolloutBoardArgs, RolloutDriftArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::spreadsheet::{Cell, csv};
use crate::cli::table::{Align, Table};
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::ledger::{BoardLine, IfAbsent, WorkspaceKey};
use crate::model::count::counted;
use crate::model::rollout::{MemberNumber, Outcome, RolloutId};
use crate::model::workspace::{Address, Timestamp, WorkspaceId};
use crate::ops::rollout::{Drifted, board_of, drift as drifted};
use crate::plan::fleet::FleetQuestionName;
use crate::plan::rollout::progress::MemberReceipt;

/// What `rollout board` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BoardDocument {
    /// What was asked for; absent if all lines are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<FleetQuestionName>,
    /// Of how many customers it is not known whether they belong there: `fleet query` tells more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) unknown: usize,
    /// A line for each customer and package.
    pub(crate) lines: Vec<BoardDocumentLine>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a roll-out left with a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BoardDocumentLine {
    /// Where the workspace is.
    pub(crate) address: String,
    /// Its number.
    pub(crate) workspace: WorkspaceId,
    /// Its name.
    pub(crate) name: String,
    /// The roll-out.
    pub(crate) rollout: RolloutId,
    /// When it ended there.
    pub(crate) at: Timestamp,
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// What is there.
    #[serde(flatten)]
    pub(crate) receipt: MemberReceipt,
}

impl From<BoardLine> for BoardDocumentLine {
    fn from(line: BoardLine) -> Self {
        Self {
            address: line.address,
            workspace: line.workspace.id,
            name: line.name,
            rollout: line.rollout,
            at: line.at,
            outcome: line.outcome,
            receipt: line.receipt,
        }
    }
}

/// What `rollout drift` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DriftDocument {
    /// The roll-out.
    pub(crate) id: RolloutId,
    /// Its customers that have what it brought.
    pub(crate) members: Vec<DriftLine>,
}

/// A customer, compared with what was left there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DriftLine {
    /// Its number.
    pub(crate) number: MemberNumber,
    /// Where its workspace is.
    pub(crate) address: Address,
    /// The workspace's name.
    pub(crate) name: String,
    /// Whether it is as it was left.
    pub(crate) state: Drifted,
    /// What is otherwise, or why nobody knows.
    pub(crate) why: Vec<String>,
}

pub(super) fn board(context: &Context, args: &RolloutBoardArgs) -> Result<Exit, Stop> {
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let document = match args.question() {
        None => BoardDocument {
            only: None,
            unknown: 0,
            lines: (ledger.board().map_err(Failure::from)?.into_iter())
                .map(BoardDocumentLine::from)
                .collect(),
        },
        Some(question) => {
            let found = board_of(ledger.as_ref(), &question);
            let found = found.map_err(|error| unanswered(ledger.as_ref(), error))?;
            BoardDocument {
                only: Some(question.name()),
                unknown: found.unknown,
                lines: found
                    .lines
                    .into_iter()
                    .map(BoardDocumentLine::from)
                    .collect(),
            }
        }
    };
    if document.unknown > 0 {
        context.ui.talk(&format!(
            "of {} it is not known: recipack fleet query tells which, and why\n",
            counted(document.unknown as u64, "customer")
        ));
    }
    if args.csv {
        let text = lines(&document).map_err(anyhow::Error::new)?;
        context.ui.result(&text)?;
        return Ok(Exit::Done);
    }
    context.ui.print(&document, |document| {
        if document.lines.is_empty() {
            context.ui.talk(match document.only {
                None => "no roll-out has reached anybody\n",
                Some(_) => "nobody is found\n",
            });
        }
        let mut table = Table::new([
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ])
        .headed([
            "CUSTOMER",
            "NAME",
            "PACKAGE",
            "CONTENTS",
            "SINCE",
            "OUTCOME",
            "RUN",
            "STAND",
            "TO AUTHORIZE",
            "CUSTOMISED",
        ]);
        for line in &document.lines {
            let contents: String = match line.receipt.back_to {
                Some(revision) => format!("back to {revision}"),
                None => line.receipt.contents.to_string().chars().take(12).collect(),
            };
            table.row([
                &line.address,
                &line.name,
                &line.receipt.package,
                &contents,
                &line.at.utc(),
                line.outcome.as_str(),
                &line.receipt.running.to_string(),
                &line.receipt.stopped.to_string(),
                &line.receipt.unauthorized.to_string(),
                &customised(&line.receipt, "unknown"),
            ]);
        }
        table.text("")
    })?;
    Ok(Exit::Done)
}

/// How many assets customers changed.
fn customised(receipt: &MemberReceipt, unknown: &str) -> String {
    let known = receipt.customised;
    known.map_or_else(|| unknown.to_owned(), |number| number.to_string())
}

/// The lines with commas.
fn lines(document: &BoardDocument) -> Result<String, csv::Error> {
    let row = |line: &BoardDocumentLine| {
        let receipt = &line.receipt;
        [
            Cell::text(&line.address),
            Cell::own(line.workspace),
            Cell::text(&line.name),
            Cell::text(&receipt.package),
            Cell::own(receipt.digest),
            Cell::own(receipt.contents),
            Cell::perhaps(receipt.revision),
            Cell::own(&line.rollout),
            Cell::own(line.at.utc()),
            Cell::own(line.outcome),
            Cell::own(receipt.running),
            Cell::own(receipt.stopped),
            Cell::own(receipt.unauthorized),
            Cell::perhaps(receipt.back_to),
            Cell::own(customised(receipt, "")),
        ]
    };
    csv(
        [
            "address",
            "workspace",
            "name",
            "package",
            "digest",
            "contents",
            "revision",
            "rollout",
            "at",
            "outcome",
            "running",
            "stopped",
            "unauthorized",
            "back_to",
            "customised",
        ],
        document.lines.iter().map(row),
    )
}

pub(super) fn drift(context: &Context, args: &RolloutDriftArgs) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let scratch = crate::io::scratch::ScratchFolder::new(&std::env::temp_dir())
        .map_err(|error| Failure::of(Exit::Failed, "unwritable", &error))?;
    let packages = super::running::packages(ledger.as_ref(), &plan, &scratch)?;
    let settings = super::running::settings(ledger.as_ref(), &plan)?;
    let endings = ledger.endings(&args.id).map_err(Failure::from)?;
    let workspaces = ledger.workspaces(&args.id).map_err(Failure::from)?;
    let board = ledger.board().map_err(Failure::from)?.into_iter();
    let board: BTreeMap<(WorkspaceKey, String), BoardLine> = board
        .filter(|line| line.rollout == args.id)
        .map(|line| ((line.workspace.clone(), line.receipt.package.clone()), line))
        .collect();
    let mut members = Reachable {
        context,
        platform: &args.platform,
        written: Some((&args.ledger, &args.id)),
        plan: &plan,
        settings: &settings,
        arrives_within: 0,
    };
    let mut lines = Vec::new();
    for (number, ending) in &endings {
        if !ending.outcome.is_reached() {
            continue;
        }
        let Some(member) = plan.member(*number) else {
            continue;
        };
        // What a later step put in its place is not there any more.
        let later = endings.iter().any(|(later, ending)| {
            let later = plan.member(*later).filter(|later| later.number > *number);
            let same = later.is_some_and(|later| later.workspace == member.workspace);
            same && ending.outcome.is_reached()
        });
        if later {
            continue;
        }
        if context.running.interrupt.is_set() {
            return Ok(Exit::Interrupted);
        }
        let of_member = plan.packages_of(member);
        let of_member: Vec<_> = of_member
            .filter_map(|(at, package)| Some((package, packages.get(at)?.as_path())))
            .collect();
        let at = ledger.now().map_err(Failure::from)?;
        let found = drifted(
            &mut members,
            &plan,
            (member, at),
            &of_member,
            &context.running,
        );
        if let (Ok(found), Some(workspace)) = (&found, workspaces.get(number.index())) {
            for (package, seen) in &found.seen {
                // Whoever wrote to it meanwhile knows more.
                if let Some(line) = board.get(&(workspace.clone(), package.clone())) {
                    ledger.saw(line, seen).map_err(Failure::from)?;
                }
            }
        }
        let (state, why) = match found {
            Ok(found) => match (found.differs.is_empty(), found.not_read) {
                (true, 0) => (Drifted::Same, Vec::new()),
                (true, some) => (
                    Drifted::NotRead,
                    vec![format!("{} not read", counted(some as u64, "asset"))],
                ),
                (false, _) => (Drifted::Differs, found.differs),
            },
            Err(why) => (Drifted::Unknown, vec![why]),
        };
        lines.push(DriftLine {
            number: *number,
            address: member.address.clone(),
            name: member.name.clone(),
            state,
            why,
        });
    }
    let document = DriftDocument {
        id: args.id.clone(),
        members: lines,
    };
    let of = |state: Drifted| {
        document
            .members
            .iter()
            .filter(|line| line.state == state)
            .count()
    };
    let (differ, unknown) = (of(Drifted::Differs), of(Drifted::Unknown));
    context.ui.print(&document, |document| {
        if document.members.is_empty() {
            context.ui.talk("no customer has what it brings yet\n");
        }
        let mut shown = String::new();
        for line in &document.members {
            shown.push_str(&format!(
                "{:>5} {}  {}  {}\n",
                line.number,
                visible(&line.address.to_string()),
                visible(&line.name),
                line.state
            ));
            for why in line.why.iter().take(10) {
                shown.push_str(&format!("        {}\n", visible(why)));
            }
            if line.why.len() > 10 {
                shown.push_str(&format!("        … and {} more\n", line.why.len() - 10));
            }
        }
        shown
    })?;
    Ok(match (differ, unknown) {
        // What can't be read is not as it was left for all that is known.
        (_, some) if some > 0 => Exit::PartlyDone,
        (some, _) if some > 0 && args.detailed_exitcode => Exit::Differences,
        _ => Exit::Done,
    })
}
