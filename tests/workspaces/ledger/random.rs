//! Whatever is written in whichever order, all ledgers say the same.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use recipack::ledger::Ledger;
use recipack::model::rollout::{MemberNumber, Outcome, RunnerId};
use recipack::plan::rollout::progress::{
    Hold, MemberOrder, Patience, Progress, RolloutOrder, Sent, Step, StepError, Unanswered,
};

use super::{Home, LEASE, Rollout, at, ending, memory, one_file};

const MEMBERS: u64 = 5;

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begin {
        from: u64,
        supersede: usize,
    },
    Claim {
        rollout: usize,
        member: u32,
    },
    Finish {
        hold: usize,
        outcome: usize,
    },
    Release {
        hold: usize,
    },
    Postpone {
        hold: usize,
        sent: Sent,
    },
    Note {
        hold: usize,
    },
    Renew {
        hold: usize,
        by: u64,
    },
    Order {
        rollout: usize,
        order: usize,
    },
    Member {
        rollout: usize,
        member: u32,
        order: usize,
    },
    Done {
        rollout: usize,
    },
    Again {
        step: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let some = 0..8_usize;
    let member = 1..=u32::try_from(MEMBERS).expect("few");
    prop_oneof![
        2 => (0..4_u64, 0..4_usize).prop_map(|(from, supersede)| Act::Begin { from, supersede }),
        8 => (some.clone(), member.clone()).prop_map(|(rollout, member)| Act::Claim { rollout, member }),
        6 => (some.clone(), 0..6_usize).prop_map(|(hold, outcome)| Act::Finish { hold, outcome }),
        2 => some.clone().prop_map(|hold| Act::Release { hold }),
        3 => (some.clone(), prop_oneof![Just(Sent::Nothing), Just(Sent::Perhaps)])
            .prop_map(|(hold, sent)| Act::Postpone { hold, sent }),
        4 => some.clone().prop_map(|hold| Act::Note { hold }),
        2 => (some.clone(), 0..90_u64).prop_map(|(hold, by)| Act::Renew { hold, by }),
        2 => (some.clone(), 0..4_usize).prop_map(|(rollout, order)| Act::Order { rollout, order }),
        3 => (some.clone(), member, 0..3_usize)
            .prop_map(|(rollout, member, order)| Act::Member { rollout, member, order }),
        1 => some.clone().prop_map(|rollout| Act::Done { rollout }),
        2 => some.prop_map(|step| Act::Again { step }),
    ]
}

/// The one that counts from the end, if there is any.
fn pick<T>(of: &[T], index: usize) -> Option<&T> {
    of.iter().rev().nth(index % of.len().max(1))
}

fn word<T: std::str::FromStr>(words: &[&str], index: usize) -> T
where
    T::Err: std::fmt::Debug,
{
    words[index % words.len()].parse().expect("a word")
}

/// Several ledgers, to which the same is done.
struct Twins {
    ledgers: Vec<Box<dyn Ledger>>,
    place: String,
    rollouts: Vec<Rollout>,
    holds: Vec<(usize, Hold)>,
    steps: Vec<(usize, Step)>,
}

impl Twins {
    /// Does it to all of them, each of which has to give the same.
    fn all<T: std::fmt::Debug>(&mut self, mut run: impl FnMut(&mut dyn Ledger) -> T) -> T {
        let mut results: Vec<T> = self.ledgers.iter_mut().map(|one| run(&mut **one)).collect();
        let first = format!("{:?}", results[0]);
        for (result, ledger) in results.iter().zip(&self.ledgers) {
            assert_eq!(format!("{result:?}"), first, "{}", ledger.name());
        }
        results.swap_remove(0)
    }

    fn progress(&mut self, rollout: usize) -> Progress {
        let id = self.rollouts[rollout].id.clone();
        self.all(|ledger| ledger.progress(&id)).expect("there")
    }

    fn step(&mut self, rollout: usize, step: Result<Step, StepError>) {
        let Ok(step) = step else {
            return;
        };
        let id = self.rollouts[rollout].id.clone();
        let _ = self.all(|ledger| ledger.write(&id, &step));
        self.steps.push((rollout, step));
    }

    fn act(&mut self, act: Act, now: recipack::model::workspace::Timestamp) {
        let rollouts = self.rollouts.len();
        let which = |index: usize| rollouts.checked_sub(1 + index % rollouts.max(1));
        match act {
            Act::Begin { from, supersede } => {
                let name = format!("{rollouts}");
                let rollout = Rollout::over(&self.place, &name, from..from + MEMBERS);
                let supersedes: Vec<_> = pick(&self.rollouts, supersede)
                    .filter(|_| supersede > 0)
                    .map(|other| other.id.clone())
                    .into_iter()
                    .collect();
                let created = self.all(|ledger| rollout.create(ledger, &supersedes));
                if created.is_ok() {
                    self.rollouts.push(rollout);
                }
            }
            Act::Claim { rollout, member } => {
                let Some(rollout) = which(rollout) else {
                    return;
                };
                let runner = RunnerId(format!("r{}", member % 2));
                let progress = self.progress(rollout);
                if let Ok((step, hold)) = progress.claim(MemberNumber(member), &runner, now, LEASE)
                {
                    self.holds.push((rollout, hold));
                    self.step(rollout, Ok(step));
                }
            }
            Act::Finish { hold, outcome } => {
                let Some((rollout, hold)) = pick(&self.holds, hold).cloned() else {
                    return;
                };
                let outcome: Outcome = word(Outcome::WORDS, outcome);
                let packages: &[&str] = match outcome {
                    Outcome::Applied => &["orders", "bills"],
                    Outcome::Same | Outcome::Partly => &["bills"],
                    Outcome::Failed | Outcome::Held | Outcome::Skipped => &[],
                };
                let progress = self.progress(rollout);
                self.step(
                    rollout,
                    progress.finish(&hold, ending(outcome, packages), now),
                );
            }
            Act::Release { hold } => {
                let Some((rollout, hold)) = pick(&self.holds, hold).cloned() else {
                    return;
                };
                let progress = self.progress(rollout);
                self.step(rollout, progress.release(&hold, "no room", now));
            }
            Act::Postpone { hold, sent } => {
                let Some((rollout, hold)) = pick(&self.holds, hold).cloned() else {
                    return;
                };
                let unanswered = Unanswered {
                    why: "too many requests".to_owned(),
                    wait: None,
                    sent,
                };
                let patience = Patience {
                    turns: 3,
                    first: 5,
                    ..Patience::USUAL
                };
                let progress = self.progress(rollout);
                let step = progress.postpone(&hold, &unanswered, patience, now);
                self.step(rollout, step);
            }
            Act::Note { hold } => {
                let Some((rollout, hold)) = pick(&self.holds, hold).cloned() else {
                    return;
                };
                let id = self.rollouts[rollout].id.clone();
                let journal = format!("at {}", now.0);
                let _ = self.all(|ledger| ledger.note(&id, &hold, now, &journal));
            }
            Act::Renew { hold, by } => {
                let Some((rollout, hold)) = pick(&self.holds, hold).cloned() else {
                    return;
                };
                let id = self.rollouts[rollout].id.clone();
                let until = recipack::model::workspace::Timestamp(now.0 + by);
                let _ = self.all(|ledger| ledger.renew(&id, &hold, until));
            }
            Act::Order { rollout, order } => {
                let Some(rollout) = which(rollout) else {
                    return;
                };
                let order: RolloutOrder = word(RolloutOrder::WORDS, order);
                let progress = self.progress(rollout);
                self.step(rollout, progress.order(order, "ada", now));
            }
            Act::Member {
                rollout,
                member,
                order,
            } => {
                let Some(rollout) = which(rollout) else {
                    return;
                };
                let order: MemberOrder = word(MemberOrder::WORDS, order);
                let progress = self.progress(rollout);
                let step = progress.order_member(MemberNumber(member), order, "ada", now);
                self.step(rollout, step);
            }
            Act::Done { rollout } => {
                let Some(rollout) = which(rollout) else {
                    return;
                };
                let progress = self.progress(rollout);
                let step = progress.done(&RunnerId("r1".to_owned()), now);
                self.step(rollout, Ok(step));
            }
            Act::Again { step } => {
                let Some((rollout, step)) = pick(&self.steps, step).cloned() else {
                    return;
                };
                let id = self.rollouts[rollout].id.clone();
                let _ = self.all(|ledger| ledger.write(&id, &step));
            }
        }
    }

    /// Everything that can be read.
    fn compare(&mut self) {
        let (ids, place): (Vec<_>, _) = (
            self.rollouts
                .iter()
                .map(|rollout| rollout.id.clone())
                .collect(),
            self.place.clone(),
        );
        for id in &ids {
            self.all(|ledger| {
                let journals = (1..=u32::try_from(MEMBERS).expect("few"))
                    .map(|member| ledger.journal(id, MemberNumber(member)).expect("there"));
                (
                    ledger.plan(id).expect("there"),
                    ledger.progress(id).expect("there"),
                    ledger.endings(id).expect("there"),
                    ledger.events(id, 0).expect("there"),
                    ledger.events(id, 2).expect("there"),
                    journals.collect::<Vec<_>>(),
                )
            });
        }
        // A server has those of other tests, too.
        self.all(|ledger| {
            let mut board = ledger.board().expect("read");
            board.retain(|line| line.workspace.place == place);
            let mut rollouts = ledger.rollouts().expect("listed");
            rollouts.retain(|header| ids.contains(&header.id));
            (board, rollouts)
        });
    }
}

/// Does random things to a ledger in memory and to others, and compares them.
pub(crate) fn the_same_is_kept_by(cases: u32, others: impl Fn() -> Vec<Box<dyn Home>>) {
    static CASE: AtomicU32 = AtomicU32::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let acts = vec((act(), 0..25_u64), 10..80);
    runner
        .run(&acts, |acts| {
            let homes = others();
            let mut ledgers = vec![memory().ledger()];
            ledgers.extend(homes.iter().map(|home| home.ledger()));
            let case = CASE.fetch_add(1, Ordering::Relaxed);
            let mut twins = Twins {
                ledgers,
                place: format!("{} {case}", std::process::id()),
                rollouts: Vec::new(),
                holds: Vec::new(),
                steps: Vec::new(),
            };
            twins.act(
                Act::Begin {
                    from: 0,
                    supersede: 0,
                },
                at(0),
            );
            let mut now = 0;
            for (act, seconds) in acts {
                now += seconds;
                twins.act(act, at(now));
            }
            twins.compare();
            Ok(())
        })
        .expect("all say the same");
}

#[test]
fn a_file_says_what_memory_says() {
    the_same_is_kept_by(48, || vec![Box::new(one_file())]);
}
