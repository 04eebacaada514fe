//! What a roll-out writes down of a package that it brought.

use super::attempted::Attempted;
use super::{Changed, Imported};
use crate::model::kind::AssetKind;
use crate::model::rollout::Outcome;
use crate::model::workspace::{RecipeState, Timestamp};
use crate::ops::astray::LISTED;
use crate::ops::import::{Incoming, Planned};
use crate::plan::import::Receipt;
use crate::plan::import::document::Afterwards;
use crate::plan::import::edits::Edit;
use crate::plan::rollout::RolloutPackage;
use crate::plan::rollout::progress::{Ending, MemberReceipt, ReceivedRecipe};

/// A package that is there, or what of it is not as planned.
pub(super) fn as_read_back(
    receipt: MemberReceipt,
    astray: &[String],
    changed: Changed,
) -> Imported {
    let [first, more @ ..] = astray else {
        return Imported::There(receipt, changed);
    };
    let more = match more.len() {
        0 => String::new(),
        more if more < LISTED => format!(" (and {more} more)"),
        _ => format!(" (and {LISTED} more, or still more than that)"),
    };
    Imported::Over(Attempted::Ended(Ending {
        outcome: Outcome::Partly,
        why: format!("{first}{more}"),
        receipts: vec![receipt],
    }))
}

/// What is in a workspace, as a plan that changes nothing sees it. What it saw was read after `at`.
pub(super) fn receipt(
    package: &RolloutPackage,
    (planned, incoming): (&Planned, &Incoming),
    done: Option<&Receipt>,
    at: Timestamp,
) -> MemberReceipt {
    let plan = planned.plan();
    let recipes = plan
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::Recipe);
    let state = |wanted: RecipeState| recipes.clone().filter(|r| r.state == Some(wanted)).count();
    let unauthorized = plan.afterwards.iter().map(|after| match after {
        Afterwards::Authorize { .. } | Afterwards::Connect { .. } => 1,
        Afterwards::ConnectMore { connections, .. } => *connections,
        Afterwards::Choose { .. }
        | Afterwards::OtherApplication { .. }
        | Afterwards::CheckProperties { .. }
        | Afterwards::FillProperties { .. }
        | Afterwards::Start { .. } => 0,
    });
    let mut edited = plan.edited.iter();
    let all_known = edited.all(|edited| edited.edit == Edit::Changed);
    MemberReceipt {
        seen: Some(Box::new(planned.seen(incoming, at))),
        customised: all_known.then_some(plan.edited.len()),
        package: package.name.to_string(),
        digest: package.digest,
        contents: package.contents,
        revision: done.and_then(|done| done.revision),
        state: plan.workspace.state,
        running: state(RecipeState::Running),
        stopped: state(RecipeState::Stopped),
        unauthorized: unauthorized.sum(),
        back_to: None,
        recipes: Some(
            recipes
                .map(|recipe| ReceivedRecipe {
                    id: recipe.id,
                    name: recipe.name.to_string(),
                    folder: recipe.folder.clone(),
                })
                .collect(),
        ),
    }
}
