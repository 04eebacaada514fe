//! What is damaged in a ledger is told, whichever column of whichever row it is, and never believed.

use recipack::ledger::{Ledger, LedgerError, PermitRequest};
use recipack::model::rollout::{MemberNumber, Outcome};
use recipack::plan::rollout::progress::{Patience, Sent, Unanswered};

use super::{Rollout, at, ending};

/// Every column, with another value that could stand there.
const DAMAGE: &[(&str, &str)] = &[
    ("rollout", "number = number + 7"),
    ("rollout", "id = '0123456789ab'"),
    ("rollout", "version = version + 1"),
    ("rollout", "status = 'done'"),
    ("rollout", "at = at + 1"),
    ("rollout", "who = 'eve'"),
    ("rollout", "members = members - 1"),
    ("plan", "rollout = rollout + 7"),
    ("member", "rollout = rollout + 7"),
    ("member", "number = number + 7"),
    ("member", "attempt = attempt + 1"),
    ("member", "unanswered = unanswered + 1"),
    ("member", "next_turn = 1"),
    ("member", "runner = 'eve'"),
    ("member", "until = until + 1"),
    ("member", "phase = 'looking'"),
    ("member", "sent_before = 1"),
    ("member", "outcome = 'same'"),
    ("member", "ended_at = ended_at + 1"),
    ("target", "rollout = rollout + 7"),
    ("target", "number = number + 7"),
    ("target", "place = 'elsewhere'"),
    ("target", "workspace = workspace + 7"),
    ("target", "address = 'local:eve'"),
    ("target", "name = 'eve'"),
    ("open_workspace", "place = 'elsewhere'"),
    ("open_workspace", "workspace = workspace + 7"),
    ("open_workspace", "rollout = rollout + 7"),
    ("journal", "rollout = rollout + 7"),
    ("journal", "number = number + 7"),
    ("ending", "number = number + 7"),
    ("ending", "ending = replace(ending, 'applied', 'same')"),
    ("event", "rollout = rollout + 7"),
    ("event", "number = number + 7"),
    ("event", "event = replace(event, 'started', 'stopped')"),
    ("board", "place = 'elsewhere'"),
    ("board", "workspace = workspace + 7"),
    ("board", "package = 'other'"),
    ("board", "address = 'local:eve'"),
    ("board", "name = 'eve'"),
    ("board", "rollout = rollout + 7"),
    ("board", "at = at + 1"),
    ("board", "outcome = 'same'"),
    ("board", "receipt = replace(receipt, '3', '4')"),
    ("permit", "granted = '[]'"),
];

/// The same for bytes, which databases write in different ways.
const BYTES: &[(&str, &str)] = &[("plan", "text"), ("journal", "text")];

/// A roll-out of which each kind of row is there: one member ended, one is sent to, one is postponed, one
/// waits.
pub(super) fn all_kinds(ledger: &mut dyn Ledger) -> Rollout {
    let rollout = Rollout::over("host", "damaged", 1..=4).begun(ledger);
    let hold = rollout.claimed(ledger, 1, "r", at(1));
    rollout.finish(ledger, &hold, ending(Outcome::Applied, &["orders"]), at(2));
    let hold = rollout.claimed(ledger, 2, "r", at(3));
    ledger
        .note(&rollout.id, &hold, at(4), "what is sent")
        .expect("written");
    let hold = rollout.claimed(ledger, 3, "r", at(5));
    let progress = ledger.progress(&rollout.id).expect("there");
    let unanswered = Unanswered {
        why: "too many requests".to_owned(),
        wait: None,
        sent: Sent::Nothing,
    };
    let step = progress.postpone(&hold, &unanswered, Patience::USUAL, at(6));
    ledger
        .write(&rollout.id, &step.expect("held"))
        .expect("written");
    permit(ledger).expect("written");
    rollout
}

fn permit(ledger: &mut dyn Ledger) -> Result<(), LedgerError> {
    let asked = PermitRequest {
        account: "account",
        class: "class",
        rate: 10,
        per: 1000,
        wanted: 1,
    };
    ledger.permit(&asked).map(drop)
}

/// Reads everything, and takes workspaces and permits.
fn everything(ledger: &mut dyn Ledger, rollout: &Rollout) -> Result<(), LedgerError> {
    ledger.rollouts()?;
    ledger.board()?;
    ledger.progress(&rollout.id)?;
    ledger.plan(&rollout.id)?;
    ledger.endings(&rollout.id)?;
    ledger.events(&rollout.id, 0)?;
    let journal = ledger.journal(&rollout.id, MemberNumber(2))?;
    assert!(journal.is_some(), "it is told where it is missing");
    match Rollout::over("host", "other", [2]).create(ledger, &[]) {
        Err(LedgerError::Taken { .. }) => {}
        Err(error) => return Err(error),
        Ok(()) => panic!("a customer was taken twice"),
    }
    permit(ledger)
}

/// Does each damage to a ledger of its own, and has everything read.
pub(super) fn damage_is_told(
    spoilt: impl Fn(&str) -> (Box<dyn Ledger>, Rollout),
    flip: impl Fn(&str) -> String,
) {
    let bytes = BYTES
        .iter()
        .map(|(table, column)| (*table, format!("{column} = {}", flip(column))));
    let words = DAMAGE
        .iter()
        .map(|(table, set)| (*table, (*set).to_owned()));
    for (table, set) in words.chain(bytes) {
        let (mut ledger, rollout) = spoilt(&format!("UPDATE {table} SET {set}"));
        // A row that went elsewhere is missing where it was, or is in nobody's way.
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            everything(&mut *ledger, &rollout)
        }));
        match found {
            Ok(Err(LedgerError::Corrupt(_) | LedgerError::Unknown(_))) => {}
            Ok(Err(other)) => panic!("{table}: {set}: {other:?}"),
            Ok(Ok(())) => panic!("{table}: {set}: nobody noticed"),
            Err(_) => assert_eq!((table, set.contains(" + 7")), ("journal", true), "{set}"),
        }
    }
}
