//! Whose turn it is, and what a person says of that.

use super::*;

#[test]
fn a_member_is_tried_again_skipped_and_held_by_a_person_only() {
    let now = Timestamp(100);
    let mut progress = Progress::new([false, true, false], now);
    let runner = RunnerId("r".to_owned());
    let (step, hold) = progress
        .claim(MemberNumber(1), &runner, now, 60)
        .expect("it can be made");
    progress = progress.after(&step);
    let busy = progress.order_member(MemberNumber(1), MemberOrder::Skip, "p", now);
    assert!(busy.is_err(), "somebody works on it");
    let ending = Ending {
        outcome: Outcome::Failed,
        why: "refused".to_owned(),
        receipts: Vec::new(),
    };
    progress = progress.after(
        &progress
            .finish(&hold, ending.clone(), now)
            .expect("it can be made"),
    );
    assert!(
        progress.finish(&hold, ending, now).is_err(),
        "it is not held any more"
    );
    assert_eq!(progress.failures(), 1);
    let halted = next(&shape(0), &progress, now);
    assert_eq!(
        halted,
        Next::Halted {
            failures: 1,
            budget: 0
        }
    );
    for (number, order, can) in [
        (1, MemberOrder::Retry, true),
        (2, MemberOrder::Retry, true),
        (3, MemberOrder::Retry, false),
        (3, MemberOrder::Hold, true),
        (3, MemberOrder::Skip, true),
        (4, MemberOrder::Skip, false),
        (0, MemberOrder::Skip, false),
    ] {
        let step = progress.order_member(MemberNumber(number), order, "p", now);
        assert_eq!(step.is_ok(), can, "{order} {number}");
    }
    let retry = progress.order_member(MemberNumber(1), MemberOrder::Retry, "p", now);
    progress = progress.after(&retry.expect("it can be made"));
    assert_eq!(
        next(&shape(0), &progress, now),
        Next::Claim(MemberNumber(1))
    );
    for order in [RolloutOrder::Pause, RolloutOrder::Abort] {
        progress = progress.after(&progress.order(order, "p", now).expect("it can be made"));
        assert!(!matches!(next(&shape(0), &progress, now), Next::Claim(_)));
    }
    assert_eq!(progress.status, RolloutStatus::Aborted);
    assert!(progress.order(RolloutOrder::Resume, "p", now).is_err());
}

#[test]
fn who_does_not_answer_is_asked_again_later_and_not_for_ever() {
    let runner = RunnerId("r".to_owned());
    let shape = waves(0, [(0..4, Passed::OnceEnded), (4..5, Passed::OnceEnded)]);
    let mut progress = Progress::new([false; 5], Timestamp(0));
    let unanswered = |wait, sent| Unanswered {
        why: "too many requests".to_owned(),
        wait,
        sent,
    };
    let turn = |progress: &Progress, number, now, wait, sent| {
        let claimed = progress.claim(MemberNumber(number), &runner, Timestamp(now), 900);
        let (step, hold) = claimed.expect("its turn has come");
        let mut after = progress.after(&step);
        if sent == Sent::Perhaps {
            let noted = after.members[hold.member.index()].noted(&hold, Timestamp(now));
            after.members[hold.member.index()] = noted.expect("it is held");
        }
        let told = unanswered(wait, sent);
        let step = after.postpone(&hold, &told, Patience::USUAL, Timestamp(now));
        after.after(&step.expect("it is held"))
    };
    let waits = |until, members| Next::Wait {
        until: Timestamp(until),
        why: WaitsFor::Unanswered { members },
    };
    let claims = |number| Next::Claim(MemberNumber(number));
    // Others go on meanwhile, but as long as three don't answer nobody else is begun.
    for (number, until) in [(1, 160), (2, 161), (3, 300)] {
        assert_eq!(next(&shape, &progress, Timestamp(100)), claims(number));
        let wait = (number > 1).then_some(if number == 2 { 61 } else { 200 });
        progress = turn(&progress, number, 100, wait, Sent::Nothing);
        let found = &progress.members[number as usize - 1].state;
        let until = Timestamp(until);
        assert_eq!(*found, MemberState::Postponed { until });
    }
    assert_eq!((progress.failures(), progress.in_flight()), (0, 0));
    assert_eq!(next(&shape, &progress, Timestamp(159)), waits(160, 3));
    assert_eq!(next(&shape, &progress, Timestamp(160)), claims(1));
    assert!(
        progress
            .claim(MemberNumber(2), &runner, Timestamp(160), 900)
            .is_err()
    );
    // The pauses grow, and after some turns a person decides: it did not fail.
    let mut pauses = Vec::new();
    let mut now = 160;
    for _ in 0..6 {
        progress = turn(&progress, 1, now, None, Sent::Nothing);
        let MemberState::Postponed { until } = progress.members[0].state else {
            panic!("{progress:?}");
        };
        pauses.push(until.0 - now);
        now = until.0;
    }
    assert_eq!(pauses, [120, 240, 480, 960, 1800, 1800]);
    progress = turn(&progress, 1, now, None, Sent::Nothing);
    let held = MemberState::Ended {
        outcome: Outcome::Held,
        at: Timestamp(now),
    };
    assert_eq!(progress.members[0].state, held);
    assert_eq!(progress.failures(), 0);
    // A person has one asked at once, from the beginning.
    for number in [1, 2] {
        let retry = progress.order_member(
            MemberNumber(number),
            MemberOrder::Retry,
            "p",
            Timestamp(now),
        );
        progress = progress.after(&retry.expect("it can be made"));
        let member = &progress.members[number as usize - 1];
        assert_eq!(
            (member.unanswered, &member.state),
            (0, &MemberState::Waiting)
        );
    }
    // What may have been sent is looked for before it is sent again, and counts as if it failed.
    let mut progress = Progress::new([false; 5], Timestamp(0));
    let mut now = 100;
    for turns in 1..8 {
        progress = turn(&progress, 1, now, None, Sent::Perhaps);
        let member = &progress.members[0];
        assert_eq!(member.sent_before(), Some(Timestamp(now)), "{turns}");
        let MemberState::Working { until, .. } = member.state else {
            panic!("{progress:?}");
        };
        let others = Next::Wait {
            until,
            why: WaitsFor::Others { in_flight: 1 },
        };
        assert_eq!(next(&shape, &progress, Timestamp(now)), others);
        now = until.0;
        assert_eq!(next(&shape, &progress, Timestamp(now)), claims(1));
    }
    progress = turn(&progress, 1, now, None, Sent::Perhaps);
    assert_eq!(progress.failures(), 1);
    // Who answers at last begins anew.
    let mut progress = turn(
        &Progress::new([false; 5], Timestamp(0)),
        1,
        100,
        Some(1 << 40),
        Sent::Nothing,
    );
    let day = Timestamp(100 + 24 * 60 * 60);
    assert_eq!(
        progress.members[0].state,
        MemberState::Postponed { until: day }
    );
    let claimed = progress.claim(MemberNumber(1), &runner, day, 900);
    let (step, hold) = claimed.expect("its turn has come");
    progress = progress.after(&step);
    let ending = Ending {
        outcome: Outcome::Applied,
        why: String::new(),
        receipts: Vec::new(),
    };
    let step = progress.finish(&hold, ending, day).expect("it is held");
    assert_eq!(progress.after(&step).members[0].unanswered, 0);
}

#[test]
fn who_is_held_for_some_time_has_its_turn_afterwards() {
    let reached = |progress: &mut Progress, index: usize| {
        progress.members[index].state = MemberState::Ended {
            outcome: Outcome::Applied,
            at: Timestamp(10),
        };
    };
    let window = |until| Held {
        why: "year-end".to_owned(),
        from: Some(Timestamp(20)),
        until,
    };
    let mut customers: Vec<Candidate> =
        (1..=4).map(|number| customer(number, &[], false)).collect();
    customers[0].held = Some(window(Some(Timestamp(200))));
    let plan = RolloutPlan::of(request("2"), customers).expect("a plan");
    let shape = plan.shape();
    let mut progress = Progress::new([false; 4], Timestamp(0));
    let claims = |number| Next::Claim(MemberNumber(number));
    let waits = |until| Next::Wait {
        until: Timestamp(until),
        why: WaitsFor::Freeze,
    };
    assert_eq!(next(&shape, &progress, Timestamp(19)), claims(1), "before");
    assert_eq!(next(&shape, &progress, Timestamp(20)), claims(2), "held");
    reached(&mut progress, 1);
    // The other one of its wave shows how it does.
    assert_eq!(next(&shape, &progress, Timestamp(100)), claims(3));
    assert_eq!(next(&shape, &progress, Timestamp(200)), claims(1), "first");
    reached(&mut progress, 2);
    reached(&mut progress, 3);
    assert_eq!(next(&shape, &progress, Timestamp(100)), waits(200));
    reached(&mut progress, 0);
    assert_eq!(next(&shape, &progress, Timestamp(100)), Next::Done);
    // A wave that nobody of was reached is not passed over.
    let mut progress = Progress::new([false; 4], Timestamp(0));
    progress.members[1].state = MemberState::Ended {
        outcome: Outcome::Skipped,
        at: Timestamp(10),
    };
    assert_eq!(next(&shape, &progress, Timestamp(100)), waits(200));
}

#[test]
fn what_never_ends_keeps_nobody_else_and_a_person_may_end_it() {
    let (runner, other) = (RunnerId("r".to_owned()), RunnerId("s".to_owned()));
    let shape = waves(1, [(0..2, Passed::OnceEnded), (2..3, Passed::OnceEnded)]);
    let claimed = |progress: &Progress, number, by: &RunnerId, now| {
        let claimed = progress.claim(MemberNumber(number), by, Timestamp(now), 900);
        let (step, hold) = claimed.expect("it is to be had");
        (progress.after(&step), hold)
    };
    let not_done = Unanswered {
        why: "the job runs".to_owned(),
        wait: None,
        sent: Sent::Perhaps,
    };
    let (mut progress, hold) = claimed(&Progress::new([false; 3], Timestamp(0)), 1, &runner, 100);
    let hold_it = |progress: &Progress, now| {
        progress.order_member(MemberNumber(1), MemberOrder::Hold, "p", Timestamp(now))
    };
    assert!(hold_it(&progress, 100).is_err(), "it is worked on");
    progress.members[0] = progress.members[0]
        .noted(&hold, Timestamp(110))
        .expect("it is held");
    assert!(hold_it(&progress, 110).is_err(), "it may be sent right now");
    let step = progress.postpone(&hold, &not_done, Patience::USUAL, Timestamp(120));
    progress = progress.after(&step.expect("it is held"));
    assert!(progress.members[0].waits_for_its_end());
    // Others go on meanwhile, and it is looked at again once its turn has come.
    let claims = |number| Next::Claim(MemberNumber(number));
    assert_eq!(next(&shape, &progress, Timestamp(121)), claims(2));
    assert_eq!(next(&shape, &progress, Timestamp(180)), claims(1));
    // Somebody looks again, and a person ends it meanwhile: nothing more is sent to it.
    let (looked_at, hold) = claimed(&progress, 1, &other, 180);
    assert_eq!(hold.sent_before, Some(Timestamp(120)));
    let step = hold_it(&looked_at, 190).expect("its end can't be seen");
    let (_, ending) = step.ending.as_ref().expect("it is ended");
    assert_eq!(ending.outcome, Outcome::Partly);
    let ended = looked_at.after(&step);
    assert!(ended.members[0].noted(&hold, Timestamp(191)).is_none());
    assert!(!ended.holds(&hold));
    assert_eq!(ended.failures(), 1);
    // By itself, it ends after some turns.
    let mut now = 180;
    for _ in 0..6 {
        let (taken, hold) = claimed(&progress, 1, &other, now);
        let step = taken.postpone(&hold, &not_done, Patience::USUAL, Timestamp(now));
        progress = taken.after(&step.expect("it is held"));
        let MemberState::Working { until, .. } = progress.members[0].state else {
            panic!("{progress:?}");
        };
        now = until.0;
    }
    let (taken, hold) = claimed(&progress, 1, &other, now);
    let step = taken.postpone(&hold, &not_done, Patience::USUAL, Timestamp(now));
    let partly = MemberState::Ended {
        outcome: Outcome::Partly,
        at: Timestamp(now),
    };
    let ended = taken.after(&step.expect("it is held"));
    assert_eq!(ended.members[0].state, partly);
}
