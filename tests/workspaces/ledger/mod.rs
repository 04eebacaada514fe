//! What every ledger owes a roll-out, wherever it is kept: one suite over all of them.

mod damaged;
mod file;
mod keeping;
#[cfg(unix)]
mod postgres;
mod racing;
mod random;
#[cfg(unix)]
pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::support::Place;
use recipack::ledger::memory::MemoryLedger;
use recipack::ledger::sqlite::SqliteLedger;
use recipack::ledger::{IfAbsent, Ledger, LedgerError, NewRollout, WorkspaceKey};
use recipack::model::ident::Digest;
use recipack::model::rollout::{MemberNumber, Outcome, RolloutId, RunnerId};
use recipack::model::table::RowsPolicy;
use recipack::model::workspace::{FolderPath, RevisionNumber, Timestamp, WorkspaceId};
use recipack::plan::rollout::progress::{Ending, Hold, MemberReceipt, Progress};
use recipack::plan::rollout::{Budget, Candidate, RolloutPlan, RolloutRequest, Waves};

/// When roll-outs of these tests begin.
pub(crate) const START: Timestamp = Timestamp(1_790_000_000);
/// For how long a member is held.
pub(crate) const LEASE: u64 = 60;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp(START.0 + seconds)
}

/// Where one ledger is kept, which may be opened several times.
pub(crate) trait Home {
    fn ledger(&self) -> Box<dyn Ledger>;
}

struct Memory(MemoryLedger);

impl Home for Memory {
    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(self.0.clone())
    }
}

fn memory() -> Memory {
    let ledger = MemoryLedger::default();
    ledger.set_clock(START.0 * 1000);
    Memory(ledger)
}

struct OneFile {
    _place: Place,
    path: PathBuf,
}

impl Home for OneFile {
    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(SqliteLedger::open(&self.path, IfAbsent::Make).expect("a ledger"))
    }
}

fn one_file() -> OneFile {
    let place = Place::new();
    let path = place.path("ledger/l.db");
    OneFile {
        _place: place,
        path,
    }
}

/// Each test once for every way in which ledgers are kept.
macro_rules! ledgers {
    ($($part:ident::$test:ident,)*) => {
        mod in_memory {
            $(#[test] fn $test() { crate::ledger::$part::$test(&crate::ledger::memory()); })*
        }
        mod in_a_file {
            $(#[test] fn $test() { crate::ledger::$part::$test(&crate::ledger::one_file()); })*
        }
        #[cfg(unix)]
        mod in_postgres {
            $(
                #[test]
                #[cfg_attr(not(debian_postgres), ignore = "needs Debian's postgresql")]
                fn $test() { crate::ledger::$part::$test(&crate::ledger::server::Database::new()); }
            )*
        }
        #[cfg(unix)]
        mod through_a_pooler {
            $(
                #[test]
                #[cfg_attr(
                    not(all(debian_postgres, debian_pgbouncer)),
                    ignore = "needs Debian's postgresql and pgbouncer"
                )]
                fn $test() { crate::ledger::$part::$test(&crate::ledger::server::Pooled::new()); }
            )*
        }
    };
}

/// The same for those that several share.
macro_rules! shared_ledgers {
    ($($test:ident,)*) => {
        mod shared_in_a_file {
            $(#[test] fn $test() { crate::ledger::racing::$test(&crate::ledger::one_file()); })*
        }
        #[cfg(unix)]
        mod shared_in_postgres {
            $(
                #[test]
                #[cfg_attr(not(debian_postgres), ignore = "needs Debian's postgresql")]
                fn $test() { crate::ledger::racing::$test(&crate::ledger::server::Database::new()); }
            )*
        }
        #[cfg(unix)]
        mod shared_through_a_pooler {
            $(
                #[test]
                #[cfg_attr(
                    not(all(debian_postgres, debian_pgbouncer)),
                    ignore = "needs Debian's postgresql and pgbouncer"
                )]
                fn $test() { crate::ledger::racing::$test(&crate::ledger::server::Pooled::new()); }
            )*
        }
    };
}

ledgers![
    keeping::a_roll_out_reads_back_as_it_was_created,
    keeping::what_is_not_there_is_told,
    keeping::a_step_is_written_once_and_a_stale_one_never,
    keeping::a_note_is_for_whoever_holds_the_member,
    keeping::a_renewed_lease_is_longer_and_a_stale_claim_does_not_take_it,
    keeping::a_workspace_is_in_one_open_roll_out,
    keeping::a_roll_out_that_is_over_opens_again_only_if_its_workspaces_are_free,
    keeping::the_place_of_an_open_roll_out_can_be_taken,
    keeping::the_board_has_what_was_left_last,
    keeping::what_was_seen_is_kept_with_the_line_that_was_looked_at,
    keeping::contents_come_back_whole,
    keeping::a_content_with_another_digest_is_not_kept,
    keeping::permits_are_for_one_limit_each,
    keeping::numbers_and_texts_come_back_whatever_they_are,
];

shared_ledgers![
    of_many_that_claim_a_member_one_gets_it,
    of_many_that_begin_over_the_same_customers_one_does,
    of_two_that_write_one_version_one_is_stale,
    no_more_is_permitted_than_the_rate,
    one_content_is_kept_by_many_at_once,
    a_roll_out_is_carried_out_by_many_without_a_send_twice,
];

/// A roll-out over some workspaces.
#[derive(Clone)]
pub(crate) struct Rollout {
    pub(crate) id: RolloutId,
    pub(crate) plan: RolloutPlan,
    pub(crate) text: String,
    pub(crate) keys: Vec<WorkspaceKey>,
    pub(crate) progress: Progress,
    pub(crate) at: Timestamp,
}

impl Rollout {
    /// A roll-out over workspaces of these numbers at a place. `name` makes ids differ.
    pub(crate) fn over(place: &str, name: &str, numbers: impl IntoIterator<Item = u64>) -> Self {
        let candidates = numbers.into_iter().map(|number| Candidate {
            address: format!("customer:id:{number}").parse().expect("an address"),
            workspace: WorkspaceId(number),
            name: format!("w{number}").parse().expect("a name"),
            external_id: None,
            labels: BTreeMap::new(),
            held: None,
            seen: None,
            back: None,
        });
        let request = RolloutRequest {
            of: "profile:admin".parse().expect("an address"),
            admin: None,
            packages: Vec::new(),
            folder: FolderPath::home(),
            rows: RowsPolicy::Keep,
            settings: Vec::new(),
            permitted: BTreeSet::new(),
            budget: Budget {
                failures: 1_000_000,
                at_once: Some(64),
            },
            connectors: None,
            canary: None,
            jobs: None,
            waves: Waves::default(),
            bake: 0,
            looking: recipack::plan::rollout::Looking::NotLooked,
            unshared: Vec::new(),
            back_of: None,
        };
        let plan = RolloutPlan::of(request, candidates.collect()).expect("a plan");
        let keys = plan.members.iter().map(|member| WorkspaceKey {
            place: place.to_owned(),
            id: member.workspace,
        });
        Self {
            id: RolloutId::of(&Digest::of(format!("{place} {name}").as_bytes()), START, 0),
            keys: keys.collect(),
            text: serde_json::to_string_pretty(&plan).expect("JSON"),
            progress: Progress::new(plan.members.iter().map(|_| false), START),
            plan,
            at: START,
        }
    }

    pub(crate) fn create(
        &self,
        ledger: &mut dyn Ledger,
        supersedes: &[RolloutId],
    ) -> Result<(), LedgerError> {
        ledger.create(&NewRollout {
            id: &self.id,
            plan: &self.plan,
            text: &self.text,
            workspaces: &self.keys,
            progress: &self.progress,
            supersedes,
            at: self.at,
            who: "ada",
        })
    }

    pub(crate) fn begun(self, ledger: &mut dyn Ledger) -> Self {
        self.create(ledger, &[]).expect("created");
        self
    }

    /// Takes a member on.
    pub(crate) fn claimed(
        &self,
        ledger: &mut dyn Ledger,
        member: u32,
        runner: &str,
        now: Timestamp,
    ) -> Hold {
        let progress = ledger.progress(&self.id).expect("there");
        let (step, hold) = progress
            .claim(
                MemberNumber(member),
                &RunnerId(runner.to_owned()),
                now,
                LEASE,
            )
            .expect("to be had");
        let written = ledger.write(&self.id, &step).expect("written");
        assert_eq!(written, recipack::ledger::Written::Kept);
        hold
    }

    /// Brings a member to its end.
    pub(crate) fn finish(
        &self,
        ledger: &mut dyn Ledger,
        hold: &Hold,
        ending: Ending,
        now: Timestamp,
    ) {
        let progress = ledger.progress(&self.id).expect("there");
        let step = progress.finish(hold, ending, now).expect("held");
        let written = ledger.write(&self.id, &step).expect("written");
        assert_eq!(written, recipack::ledger::Written::Kept);
    }
}

pub(crate) fn ending(outcome: Outcome, packages: &[&str]) -> Ending {
    let receipts = packages.iter().map(|package| MemberReceipt {
        customised: None,
        package: (*package).to_owned(),
        digest: Digest::of(package.as_bytes()),
        contents: Digest::of(b"contents"),
        revision: Some(RevisionNumber(7)),
        state: Digest::of(b"state"),
        running: 3,
        stopped: 1,
        unauthorized: 0,
        back_to: None,
        recipes: None,
        seen: None,
    });
    Ending {
        outcome,
        why: String::new(),
        receipts: receipts.collect(),
    }
}
