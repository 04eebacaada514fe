//! Several at once. Each has a ledger of its own, as processes have.

use std::collections::BTreeMap;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use recipack::ledger::{Kept, LedgerError, PIECE, Permit, PermitRequest, Written};
use recipack::model::ident::Digest;
use recipack::model::rollout::{MemberNumber, Outcome, RolloutStatus, RunnerId};
use recipack::plan::rollout::progress::MemberState;
use recipack::plan::rollout::{Next, next};

use super::{Home, LEASE, Rollout, START, at, ending};

const THREADS: u32 = 4;

/// What each of several threads gives that begin at once.
fn at_once<T: Send>(run: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (barrier, run) = (&barrier, &run);
                scope.spawn(move || {
                    barrier.wait();
                    run(thread)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    })
}

pub(crate) fn of_many_that_claim_a_member_one_gets_it(home: &(dyn Home + Sync)) {
    let rollout = Rollout::over("host", "claims", 1..=20).begun(&mut *home.ledger());
    for member in 1..=20 {
        let seen = home.ledger().progress(&rollout.id).expect("there");
        let written = at_once(|thread| {
            let runner = RunnerId(format!("r{thread}"));
            let (step, hold) = seen
                .claim(MemberNumber(member), &runner, START, LEASE)
                .expect("to be had");
            let mut ledger = home.ledger();
            let written = ledger.write(&rollout.id, &step).expect("looked at");
            // Only who has it may send.
            let noted = ledger.note(&rollout.id, &hold, at(1), &runner.0);
            (written, noted.expect("looked at"), runner)
        });
        let winners: Vec<_> = written
            .iter()
            .filter(|(written, ..)| *written == Written::Kept)
            .collect();
        assert_eq!(winners.len(), 1, "{written:?}");
        let noted: Vec<_> = written
            .iter()
            .filter(|(_, noted, _)| *noted == Kept::Held)
            .collect();
        assert_eq!(noted, winners);
        let ledger = home.ledger();
        let journal = ledger
            .journal(&rollout.id, MemberNumber(member))
            .expect("there");
        assert_eq!(journal, Some(winners[0].2.0.clone()));
    }
    let progress = home.ledger().progress(&rollout.id).expect("there");
    assert_eq!(progress.version, 40);
}

pub(crate) fn of_many_that_begin_over_the_same_customers_one_does(home: &(dyn Home + Sync)) {
    for round in 0..10 {
        let begin = round * 100;
        let created = at_once(|thread| {
            // Each in another order, and each has some that no other one has.
            let own = begin + 60 + u64::from(thread);
            let numbers = (begin..begin + 50).chain([own]);
            let rollout = Rollout::over("host", &format!("{round} {thread}"), numbers);
            rollout
                .create(&mut *home.ledger(), &[])
                .map(|()| rollout.id)
        });
        let (kept, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(Result::is_ok);
        assert_eq!(kept.len(), 1, "{kept:?} {refused:?}");
        let kept = kept.into_iter().flatten().next().expect("one");
        for error in refused {
            match error {
                Err(LedgerError::Taken { by, count, .. }) => {
                    assert_eq!((by, count), (kept.clone(), 50))
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let open = home.ledger().rollouts().expect("listed");
    assert_eq!(open.len(), 10);
    // The place of one roll-out is taken by one of them, and the others find that one there.
    let superseded = at_once(|thread| {
        let rollout = Rollout::over("host", &format!("new {thread}"), 0..50);
        rollout.create(&mut *home.ledger(), std::slice::from_ref(&open[0].id))
    });
    assert_eq!(
        superseded.iter().filter(|created| created.is_ok()).count(),
        1,
        "{superseded:?}"
    );
    let events = home.ledger().events(&open[0].id, 0).expect("there");
    assert_eq!(events.len(), 2, "{events:?}");
}

pub(crate) fn of_two_that_write_one_version_one_is_stale(home: &(dyn Home + Sync)) {
    let rollout = Rollout::over("host", "versions", 1..=4).begun(&mut *home.ledger());
    let kept = Mutex::new(BTreeMap::<u64, u32>::new());
    at_once(|thread| {
        let mut ledger = home.ledger();
        let mut own = 0;
        while own < 25 {
            let progress = ledger.progress(&rollout.id).expect("there");
            let runner = RunnerId(format!("r{thread}"));
            let step = progress.done(&runner, START);
            // Nobody but who wrote a version wrote it.
            if ledger.write(&rollout.id, &step).expect("looked at") == Written::Kept {
                own += 1;
                *kept
                    .lock()
                    .expect("no panic")
                    .entry(step.expected)
                    .or_default() += 1;
            }
        }
    });
    let kept = kept.into_inner().expect("no panic");
    assert_eq!(kept.len(), 100);
    assert!(kept.values().all(|count| *count == 1));
    let ledger = home.ledger();
    assert_eq!(ledger.progress(&rollout.id).expect("there").version, 100);
    assert_eq!(ledger.events(&rollout.id, 0).expect("there").len(), 101);
}

pub(crate) fn no_more_is_permitted_than_the_rate(home: &(dyn Home + Sync)) {
    const RATE: u32 = 10;
    const PER: u64 = 400;
    let began = Instant::now();
    let granted = at_once(|_| {
        let mut ledger = home.ledger();
        let mut granted = Vec::new();
        while began.elapsed() < Duration::from_millis(3 * PER) {
            let asked = PermitRequest {
                account: "a",
                class: "imports",
                rate: RATE,
                per: PER,
                wanted: 3,
            };
            let before = began.elapsed();
            match ledger.permit(&asked).expect("asked") {
                Permit::Granted(count) => granted.push((before, began.elapsed(), count)),
                Permit::Wait(milliseconds) => {
                    assert!((1..=PER).contains(&milliseconds), "{milliseconds}");
                    thread::sleep(Duration::from_millis(milliseconds.min(20)));
                }
            }
        }
        granted
    });
    let granted: Vec<_> = granted.into_iter().flatten().collect();
    let all: u32 = granted.iter().map(|(.., count)| count).sum();
    assert!(all > RATE, "it goes on after a while: {granted:?}");
    // When each was granted is known within what asking took: what certainly lies within one time is
    // no more than the rate.
    for (from, ..) in &granted {
        let window = *from + Duration::from_millis(PER - 1);
        let within = granted
            .iter()
            .filter(|(before, after, _)| before >= from && *after <= window);
        let sum: u32 = within.map(|(.., count)| count).sum();
        assert!(sum <= RATE, "{sum} from {from:?}: {granted:?}");
    }
}

pub(crate) fn one_content_is_kept_by_many_at_once(home: &(dyn Home + Sync)) {
    let content: Vec<u8> = (0..3 * PIECE).map(|at| (at / 7) as u8).collect();
    let digest = Digest::of(&content);
    at_once(|_| {
        let mut ledger = home.ledger();
        ledger.keep(&digest, &mut content.as_slice()).expect("kept");
        let mut came = Vec::new();
        ledger.content(&digest, &mut came).expect("there");
        assert!(came == content);
    });
}

/// Runners that do as [`next`] says, some of which are lost while they have a member.
pub(crate) fn a_roll_out_is_carried_out_by_many_without_a_send_twice(home: &(dyn Home + Sync)) {
    const MEMBERS: u32 = 40;
    let rollout =
        Rollout::over("host", "runners", 1..=u64::from(MEMBERS)).begun(&mut *home.ledger());
    let shape = rollout.plan.shape();
    // The member, and what may send: an attempt.
    let sent = Mutex::new(BTreeMap::<(u32, u32), Vec<String>>::new());
    // Time that only goes on when nothing can be done otherwise.
    let clock = Mutex::new(START);
    at_once(|thread| {
        let mut ledger = home.ledger();
        let runner = RunnerId(format!("r{thread}"));
        let mut claims = 0;
        loop {
            let now = *clock.lock().expect("no panic");
            let progress = ledger.progress(&rollout.id).expect("there");
            let member = match next(&shape, &progress, now) {
                Next::Claim(member) => member,
                Next::Wait { until, .. } => {
                    let mut clock = clock.lock().expect("no panic");
                    *clock = (*clock).max(until);
                    continue;
                }
                Next::Done => {
                    let step = progress.done(&runner, now);
                    ledger.write(&rollout.id, &step).expect("looked at");
                    continue;
                }
                Next::Over(RolloutStatus::Done) => return,
                other @ (Next::Halted { .. }
                | Next::Stopped(_)
                | Next::ReadJobs(_)
                | Next::Gated { .. }
                | Next::Paused
                | Next::Over(_)) => {
                    panic!("{other:?}")
                }
            };
            let (step, hold) = progress
                .claim(member, &runner, now, LEASE)
                .expect("to be had");
            if ledger.write(&rollout.id, &step).expect("looked at") == Written::Stale {
                continue;
            }
            claims += 1;
            if claims % 7 == 3 {
                // It dies before it has sent something; its lease ends.
                continue;
            }
            if ledger
                .note(&rollout.id, &hold, now, "{}")
                .expect("looked at")
                == Kept::Lost
            {
                continue;
            }
            if hold.sent_before.is_none() {
                let mut sent = sent.lock().expect("no panic");
                let key = (hold.member.0, hold.attempt.0);
                sent.entry(key).or_default().push(runner.0.clone());
            }
            if claims % 7 == 5 {
                // It dies after it has sent something.
                continue;
            }
            loop {
                let progress = ledger.progress(&rollout.id).expect("there");
                let ending = ending(Outcome::Applied, &["orders"]);
                let Ok(step) = progress.finish(&hold, ending, now) else {
                    break;
                };
                if ledger.write(&rollout.id, &step).expect("looked at") == Written::Kept {
                    break;
                }
            }
        }
    });
    let ledger = home.ledger();
    let progress = ledger.progress(&rollout.id).expect("there");
    let reached = progress.members.iter().all(|member| match member.state {
        MemberState::Ended { outcome, .. } => outcome == Outcome::Applied,
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => false,
    });
    assert!(reached, "{progress:?}");
    let sent = sent.into_inner().expect("no panic");
    assert!(sent.values().all(|runners| runners.len() == 1), "{sent:?}");
    // Whoever took over what may have been sent did not send.
    let mut members = sent.keys().map(|(member, _)| *member).collect::<Vec<_>>();
    members.dedup();
    assert_eq!(members.len(), MEMBERS as usize);
    assert_eq!(sent.len(), MEMBERS as usize, "{sent:?}");
    assert_eq!(ledger.board().expect("read").len(), MEMBERS as usize);
    let versions = ledger.events(&rollout.id, 0).expect("there").len() as u64;
    assert!(progress.version >= versions - 1);
}
