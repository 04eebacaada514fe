//! What each method of a ledger does.

use recipack::ledger::{
    BoardLine, Kept, Ledger, LedgerError, PIECE, Permit, PermitRequest, WorkspaceKey, Written,
};
use recipack::model::ident::Digest;
use recipack::model::rollout::{
    Attempt, MemberNumber, Outcome, Phase, RolloutId, RolloutStatus, RunnerId,
};
use recipack::model::workspace::Timestamp;
use recipack::plan::rollout::gate::{Deciding, FoundJobs, SeenJobs};
use recipack::plan::rollout::progress::{
    Event, MemberOrder, MemberProgress, MemberState, Progress, RolloutOrder, Step,
};
use recipack::plan::rollout::seen::SlimSnapshot;

use super::{Home, LEASE, Rollout, START, at, ending};

pub(crate) fn a_roll_out_reads_back_as_it_was_created(home: &dyn Home) {
    let mut ledger = home.ledger();
    let first = Rollout::over("host", "first", 1..=5).begun(&mut *ledger);
    let second = Rollout::over("host", "second", 6..=7).begun(&mut *ledger);
    // As another process sees it.
    let ledger = home.ledger();
    assert_eq!(ledger.plan(&first.id).expect("there"), first.text);
    assert_eq!(ledger.progress(&first.id).expect("there"), first.progress);
    let headers = ledger.rollouts().expect("listed");
    let told: Vec<_> = headers
        .iter()
        .map(|header| (&header.id, header.status, header.at, header.members))
        .collect();
    assert_eq!(
        told,
        [
            (&first.id, RolloutStatus::Running, START, 5),
            (&second.id, RolloutStatus::Running, START, 2)
        ]
    );
    let events = ledger.events(&first.id, 0).expect("there");
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].who.as_str(), events[0].what.as_str()),
        ("ada", "started")
    );
    assert!(ledger.events(&first.id, 1).expect("there").is_empty());
    assert!(ledger.endings(&first.id).expect("there").is_empty());
    let now = ledger.now().expect("a clock").0;
    assert!(now > START.0 - 400_000_000, "{now}");
}

pub(crate) fn what_is_not_there_is_told(home: &dyn Home) {
    let mut ledger = home.ledger();
    let rollout = Rollout::over("host", "unknown", 1..=2);
    let id = &rollout.id;
    let (step, hold) = rollout
        .progress
        .claim(MemberNumber(1), &RunnerId("r".to_owned()), START, LEASE)
        .expect("a step");
    let unknown = |result: Result<(), LedgerError>| match result {
        Err(LedgerError::Unknown(told)) => assert_eq!(told, *id),
        other => panic!("{other:?}"),
    };
    unknown(ledger.plan(id).map(drop));
    unknown(ledger.progress(id).map(drop));
    unknown(ledger.endings(id).map(drop));
    unknown(ledger.workspaces(id).map(drop));
    unknown(ledger.events(id, 0).map(drop));
    unknown(ledger.journal(id, MemberNumber(1)).map(drop));
    unknown(ledger.write(id, &step).map(drop));
    unknown(ledger.note(id, &hold, START, "{}").map(drop));
    unknown(ledger.renew(id, &hold, START).map(drop));
    let other = Rollout::over("host", "other", 3..=4);
    unknown(other.create(&mut *ledger, std::slice::from_ref(id)));
    assert!(
        ledger.rollouts().expect("listed").is_empty(),
        "nothing was written"
    );
    let digest = Digest::of(b"nothing");
    match ledger.content(&digest, &mut Vec::new()) {
        Err(LedgerError::Missing(told)) => assert_eq!(told, digest),
        other => panic!("{other:?}"),
    }
    other.create(&mut *ledger, &[]).expect("created");
    match other.create(&mut *ledger, &[]) {
        Err(LedgerError::Exists(told)) => assert_eq!(told, other.id),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn a_step_is_written_once_and_a_stale_one_never(home: &dyn Home) {
    let mut ledger = home.ledger();
    let rollout = Rollout::over("host", "steps", 1..=3).begun(&mut *ledger);
    let runner = RunnerId("r1".to_owned());
    let (step, hold) = rollout
        .progress
        .claim(MemberNumber(2), &runner, at(1), LEASE)
        .expect("a step");
    let (late, _) = rollout
        .progress
        .claim(MemberNumber(3), &RunnerId("r2".to_owned()), at(1), LEASE)
        .expect("a step");
    assert_eq!(
        ledger.write(&rollout.id, &step).expect("written"),
        Written::Kept
    );
    let after = rollout.progress.after(&step);
    assert_eq!(ledger.progress(&rollout.id).expect("there"), after);
    for stale in [&step, &late] {
        let written = ledger.write(&rollout.id, stale).expect("looked at");
        assert_eq!(written, Written::Stale);
    }
    assert_eq!(ledger.progress(&rollout.id).expect("there"), after);
    let finish = after
        .finish(&hold, ending(Outcome::Applied, &["orders"]), at(2))
        .expect("held");
    assert_eq!(
        ledger.write(&rollout.id, &finish).expect("written"),
        Written::Kept
    );
    assert_eq!(
        ledger.progress(&rollout.id).expect("there"),
        after.after(&finish)
    );
    assert_eq!(
        ledger.endings(&rollout.id).expect("there"),
        [(MemberNumber(2), ending(Outcome::Applied, &["orders"]))]
    );
    let told: Vec<String> = ledger
        .events(&rollout.id, 1)
        .expect("there")
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(told, ["taken on (attempt 1)", "applied"]);
}

pub(crate) fn a_note_is_for_whoever_holds_the_member(home: &dyn Home) {
    let mut ledger = home.ledger();
    let rollout = Rollout::over("host", "notes", 1..=2).begun(&mut *ledger);
    let id = &rollout.id;
    let hold = rollout.claimed(&mut *ledger, 1, "r1", START);
    assert_eq!(ledger.journal(id, hold.member).expect("there"), None);
    assert_eq!(
        ledger.note(id, &hold, at(5), "one").expect("noted"),
        Kept::Held
    );
    assert_eq!(
        ledger.note(id, &hold, at(9), "two").expect("noted"),
        Kept::Held
    );
    assert_eq!(
        ledger.journal(id, hold.member).expect("there").as_deref(),
        Some("two")
    );
    let progress = ledger.progress(id).expect("there");
    assert_eq!(progress.version, 3, "a note is a version of its own");
    let sending = MemberState::Working {
        runner: hold.runner.clone(),
        until: hold.until,
        phase: Phase::Sending,
        sent_before: None,
    };
    assert_eq!(progress.members[0].state, sending);
    // Its lease ended, by a second; somebody else has it; it is of another attempt; nobody has it.
    let ended = ledger
        .note(id, &hold, hold.until, "three")
        .expect("looked at");
    assert_eq!(ended, Kept::Lost);
    let mut other = hold.clone();
    other.runner = RunnerId("r2".to_owned());
    assert_eq!(
        ledger.note(id, &other, at(9), "x").expect("looked at"),
        Kept::Lost
    );
    let mut earlier = hold.clone();
    earlier.attempt = Attempt(0);
    assert_eq!(
        ledger.note(id, &earlier, at(9), "x").expect("looked at"),
        Kept::Lost
    );
    for member in [0, 2, 3, 9] {
        let mut waits = hold.clone();
        waits.member = MemberNumber(member);
        if member > 0 {
            assert_eq!(
                ledger.note(id, &waits, at(9), "x").expect("looked at"),
                Kept::Lost
            );
        }
    }
    assert_eq!(ledger.progress(id).expect("there"), progress);
    assert_eq!(
        ledger.journal(id, hold.member).expect("there").as_deref(),
        Some("two")
    );
    // Whoever takes it over knows that something may have been sent, and the first one is out.
    let over = rollout.claimed(&mut *ledger, 1, "r2", at(LEASE));
    assert_eq!(over.sent_before, Some(at(LEASE)), "not after its lease");
    assert_eq!(
        ledger.note(id, &hold, at(9), "x").expect("looked at"),
        Kept::Lost
    );
    assert_eq!(
        ledger.renew(id, &hold, at(900)).expect("looked at"),
        Kept::Lost
    );
    assert_eq!(
        ledger.journal(id, hold.member).expect("there").as_deref(),
        Some("two")
    );
    assert_eq!(
        ledger
            .note(id, &over, at(LEASE + 1), "three")
            .expect("noted"),
        Kept::Held
    );
}

pub(crate) fn a_renewed_lease_is_longer_and_a_stale_claim_does_not_take_it(home: &dyn Home) {
    let mut ledger = home.ledger();
    let rollout = Rollout::over("host", "leases", 1..=2).begun(&mut *ledger);
    let id = &rollout.id;
    let hold = rollout.claimed(&mut *ledger, 1, "r1", START);
    // Somebody looks when it has ended, and writes after it was renewed.
    let seen = ledger.progress(id).expect("there");
    let (late, _) = seen
        .claim(
            MemberNumber(1),
            &RunnerId("r2".to_owned()),
            at(LEASE),
            LEASE,
        )
        .expect("it has ended");
    assert_eq!(
        ledger.renew(id, &hold, at(2 * LEASE)).expect("renewed"),
        Kept::Held
    );
    assert_eq!(ledger.write(id, &late).expect("looked at"), Written::Stale);
    let renewed = ledger.progress(id).expect("there");
    assert_eq!(renewed.version, seen.version + 1);
    let again = renewed.claim(
        MemberNumber(1),
        &RunnerId("r2".to_owned()),
        at(LEASE),
        LEASE,
    );
    again.expect_err("it is held");
    let noted = ledger.note(id, &hold, at(LEASE + 1), "{}").expect("noted");
    assert_eq!(noted, Kept::Held);
}

fn taken(result: Result<(), LedgerError>) -> (RolloutId, Vec<String>, usize) {
    match result {
        Err(LedgerError::Taken {
            by,
            workspaces,
            count,
        }) => (by, workspaces, count),
        other => panic!("{other:?}"),
    }
}

fn ordered(ledger: &mut dyn Ledger, id: &RolloutId, order: RolloutOrder) {
    let progress = ledger.progress(id).expect("there");
    let step = progress.order(order, "ada", at(3)).expect("possible");
    assert_eq!(ledger.write(id, &step).expect("written"), Written::Kept);
}

pub(crate) fn a_workspace_is_in_one_open_roll_out(home: &dyn Home) {
    let mut ledger = home.ledger();
    let first = Rollout::over("host", "first", 1..=30).begun(&mut *ledger);
    let second = Rollout::over("host", "second", 31..=40).begun(&mut *ledger);
    // The same numbers somewhere else are other workspaces.
    Rollout::over("other", "elsewhere", 1..=3).begun(&mut *ledger);
    let both = Rollout::over("host", "both", (20..=31).rev());
    let (by, addresses, count) = taken(both.create(&mut *ledger, &[]));
    assert_eq!((&by, count), (&first.id, 11));
    assert_eq!(addresses.len(), 10);
    assert_eq!(addresses[0], "customer:id:20");
    // The first one is given up: the second one still has one.
    ordered(&mut *ledger, &first.id, RolloutOrder::Abort);
    let (by, addresses, count) = taken(both.create(&mut *ledger, &[]));
    assert_eq!(
        (&by, count, addresses.as_slice()),
        (&second.id, 1, ["customer:id:31".to_owned()].as_slice())
    );
    // A pause leaves them where they are.
    ordered(&mut *ledger, &second.id, RolloutOrder::Pause);
    taken(both.create(&mut *ledger, &[]));
    ordered(&mut *ledger, &second.id, RolloutOrder::Abort);
    both.create(&mut *ledger, &[]).expect("all are free");
    assert_eq!(ledger.rollouts().expect("listed").len(), 4);
}

/// Writes that every member was brought to its end.
fn done(ledger: &mut dyn Ledger, rollout: &Rollout, outcome: Outcome) {
    for member in 1..=rollout.plan.members.len() {
        let member = u32::try_from(member).expect("few");
        let hold = rollout.claimed(ledger, member, "r1", at(10));
        rollout.finish(ledger, &hold, ending(outcome, &["orders"]), at(11));
    }
    let progress = ledger.progress(&rollout.id).expect("there");
    let step = progress.done(&RunnerId("r1".to_owned()), at(12));
    assert_eq!(
        ledger.write(&rollout.id, &step).expect("written"),
        Written::Kept
    );
}

fn retry(progress: &Progress, member: u32) -> Step {
    progress
        .order_member(MemberNumber(member), MemberOrder::Retry, "ada", at(20))
        .expect("possible")
}

pub(crate) fn a_roll_out_that_is_over_opens_again_only_if_its_workspaces_are_free(home: &dyn Home) {
    let mut ledger = home.ledger();
    let first = Rollout::over("host", "first", 1..=3).begun(&mut *ledger);
    done(&mut *ledger, &first, Outcome::Failed);
    let second = Rollout::over("host", "second", 3..=4).begun(&mut *ledger);
    let progress = ledger.progress(&first.id).expect("there");
    assert_eq!(progress.status, RolloutStatus::Done);
    let again = ledger.write(&first.id, &retry(&progress, 1)).map(drop);
    let (by, addresses, count) = taken(again);
    assert_eq!((&by, count), (&second.id, 1));
    assert_eq!(addresses, ["customer:id:3"]);
    assert_eq!(ledger.progress(&first.id).expect("there"), progress);
    ordered(&mut *ledger, &second.id, RolloutOrder::Abort);
    let step = retry(&progress, 1);
    assert_eq!(
        ledger.write(&first.id, &step).expect("written"),
        Written::Kept
    );
    // It has them again.
    let third = Rollout::over("host", "third", 1..=1);
    assert_eq!(taken(third.create(&mut *ledger, &[])).0, first.id);
}

pub(crate) fn the_place_of_an_open_roll_out_can_be_taken(home: &dyn Home) {
    let mut ledger = home.ledger();
    let first = Rollout::over("host", "first", 1..=3).begun(&mut *ledger);
    let second = Rollout::over("host", "second", 4..=5).begun(&mut *ledger);
    let third = Rollout::over("host", "third", 2..=4);
    // As long as one of them is in the way, nothing becomes of the others either.
    let refused = third.create(&mut *ledger, std::slice::from_ref(&first.id));
    assert_eq!(taken(refused).0, second.id);
    let status = |ledger: &dyn Ledger, rollout: &Rollout| {
        ledger.progress(&rollout.id).expect("there").status
    };
    assert_eq!(status(&*ledger, &first), RolloutStatus::Running);
    let supersedes = [first.id.clone(), second.id.clone()];
    third.create(&mut *ledger, &supersedes).expect("created");
    for other in [&first, &second] {
        assert_eq!(status(&*ledger, other), RolloutStatus::Superseded);
        let progress = ledger.progress(&other.id).expect("there");
        assert_eq!(progress.version, 1);
        let events = ledger.events(&other.id, 1).expect("there");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].what, format!("superseded by {}", third.id));
    }
    assert_eq!(status(&*ledger, &third), RolloutStatus::Running);
    // What is over is not superseded once more.
    let fourth = Rollout::over("host", "fourth", 1..=1);
    fourth.create(&mut *ledger, &supersedes).expect("created");
    assert_eq!(ledger.progress(&first.id).expect("there").version, 1);
}

pub(crate) fn the_board_has_what_was_left_last(home: &dyn Home) {
    let mut ledger = home.ledger();
    let first = Rollout::over("b.host", "first", 1..=2).begun(&mut *ledger);
    for member in [1, 2] {
        let hold = first.claimed(&mut *ledger, member, "r1", START);
        let ending = ending(Outcome::Applied, &["orders", "Bills"]);
        first.finish(&mut *ledger, &hold, ending, at(1));
    }
    ordered(&mut *ledger, &first.id, RolloutOrder::Abort);
    let elsewhere = Rollout::over("B.host", "elsewhere", 30..=30).begun(&mut *ledger);
    let hold = elsewhere.claimed(&mut *ledger, 1, "r1", START);
    elsewhere.finish(
        &mut *ledger,
        &hold,
        ending(Outcome::Partly, &["orders"]),
        at(2),
    );
    let second = Rollout::over("b.host", "second", 2..=2).begun(&mut *ledger);
    let hold = second.claimed(&mut *ledger, 1, "r2", at(3));
    second.finish(
        &mut *ledger,
        &hold,
        ending(Outcome::Same, &["orders"]),
        at(4),
    );
    // What has no receipt leaves what is known.
    let failed = Rollout::over("b.host", "failed", 1..=1).begun(&mut *ledger);
    let hold = failed.claimed(&mut *ledger, 1, "r2", at(5));
    failed.finish(&mut *ledger, &hold, ending(Outcome::Failed, &[]), at(6));
    let told: Vec<String> = home
        .ledger()
        .board()
        .expect("read")
        .into_iter()
        .map(|line| {
            assert_eq!(
                line.receipt.digest,
                Digest::of(line.receipt.package.as_bytes())
            );
            assert_eq!(line.address, format!("customer:id:{}", line.workspace.id.0));
            format!(
                "{} {} {} {} {} {}",
                line.workspace.place,
                line.name,
                line.receipt.package,
                line.outcome,
                line.at.0 - START.0,
                [&first, &elsewhere, &second]
                    .iter()
                    .position(|rollout| rollout.id == line.rollout)
                    .expect("one of them"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "B.host w30 orders partly 2 1",
            "b.host w1 Bills applied 1 0",
            "b.host w1 orders applied 1 0",
            "b.host w2 Bills applied 1 0",
            "b.host w2 orders same 4 2",
        ]
    );
}

/// Bytes that don't repeat.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// What was seen of a package since is kept with its line, and never in place of a newer one. Endings
/// don't hold it; what an earlier version wrote has none.
pub(crate) fn what_was_seen_is_kept_with_the_line_that_was_looked_at(home: &dyn Home) {
    let seen = |time: u64| SlimSnapshot {
        at: at(time),
        recipes: Vec::new(),
        connections: Vec::new(),
        more_missing: time as usize,
        connectors: Vec::new(),
    };
    let mut ledger = home.ledger();
    let first = Rollout::over("b.host", "first", 1..=2).begun(&mut *ledger);
    let hold = first.claimed(&mut *ledger, 1, "r1", START);
    let mut whole = ending(Outcome::Applied, &["orders", "bills"]);
    whole.receipts[0].seen = Some(Box::new(seen(1)));
    first.finish(&mut *ledger, &hold, whole.clone(), at(1));
    let endings = ledger.endings(&first.id).expect("there");
    assert_eq!(endings, [(MemberNumber(1), whole.without_snapshots())]);
    assert_eq!(ledger.workspaces(&first.id).expect("there"), first.keys);
    let board = |ledger: &dyn Ledger| ledger.board().expect("read");
    let of = |lines: &[BoardLine]| -> Vec<Option<usize>> {
        let seen = lines.iter().map(|line| line.receipt.seen.as_ref());
        seen.map(|seen| seen.map(|seen| seen.more_missing))
            .collect()
    };
    // In the order of the packages.
    let lines = board(&*ledger);
    assert_eq!(of(&lines), [None, Some(1)]);
    for (line, time) in lines.iter().zip([2, 3]) {
        assert_eq!(
            ledger.saw(line, &seen(time)).expect("written"),
            Written::Kept
        );
    }
    assert_eq!(of(&board(&*home.ledger())), [Some(2), Some(3)]);
    // Both were looked at before somebody else wrote what was seen.
    assert_eq!(
        ledger.saw(&lines[0], &seen(4)).expect("read"),
        Written::Stale
    );
    let now = board(&*ledger);
    ordered(&mut *ledger, &first.id, RolloutOrder::Abort);
    let second = Rollout::over("b.host", "second", 1..=1).begun(&mut *ledger);
    let hold = second.claimed(&mut *ledger, 1, "r2", at(5));
    second.finish(
        &mut *ledger,
        &hold,
        ending(Outcome::Same, &["orders"]),
        at(6),
    );
    for (line, expected) in now.iter().zip([Written::Kept, Written::Stale]) {
        assert_eq!(ledger.saw(line, &seen(7)).expect("read"), expected);
    }
    assert_eq!(of(&board(&*home.ledger())), [Some(7), None]);
    let elsewhere = BoardLine {
        workspace: WorkspaceKey {
            place: "elsewhere".to_owned(),
            ..now[0].workspace.clone()
        },
        ..now[0].clone()
    };
    assert_eq!(
        ledger.saw(&elsewhere, &seen(8)).expect("read"),
        Written::Stale
    );
}

pub(crate) fn contents_come_back_whole(home: &dyn Home) {
    let mut ledger = home.ledger();
    let mut kept = Vec::new();
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17] {
        let content = bytes(length);
        let digest = Digest::of(&content);
        // The same once more is the same.
        for _ in 0..2 {
            ledger.keep(&digest, &mut content.as_slice()).expect("kept");
        }
        kept.push((digest, content));
    }
    // Pieces that are the same are told apart by where they stand.
    let same = vec![7; 2 * PIECE];
    ledger
        .keep(&Digest::of(&same), &mut same.as_slice())
        .expect("kept");
    kept.push((Digest::of(&same), same));
    let ledger = home.ledger();
    for (digest, content) in kept {
        let mut came = Vec::new();
        ledger.content(&digest, &mut came).expect("there");
        assert!(came == content, "{} bytes", content.len());
    }
}

pub(crate) fn a_content_with_another_digest_is_not_kept(home: &dyn Home) {
    let mut ledger = home.ledger();
    let content = bytes(PIECE + 5);
    let digest = Digest::of(&content);
    let mut cut_off = &content[..PIECE];
    match ledger.keep(&digest, &mut cut_off) {
        Err(LedgerError::Damaged(told)) => assert_eq!(told, digest),
        other => panic!("{other:?}"),
    }
    match ledger.content(&digest, &mut Vec::new()) {
        Err(LedgerError::Missing(_)) => {}
        other => panic!("{other:?}"),
    }
    ledger.keep(&digest, &mut content.as_slice()).expect("kept");
    let mut came = Vec::new();
    ledger.content(&digest, &mut came).expect("there");
    assert!(came == content);
}

pub(crate) fn permits_are_for_one_limit_each(home: &dyn Home) {
    let mut ledger = home.ledger();
    let request = |account, class, wanted| PermitRequest {
        account,
        class,
        rate: 3,
        per: 60_000,
        wanted,
    };
    let mut ask = |account, class, wanted| {
        ledger
            .permit(&request(account, class, wanted))
            .expect("asked")
    };
    assert_eq!(ask("a", "imports", 2), Permit::Granted(2));
    assert_eq!(ask("a", "imports", 2), Permit::Granted(1));
    match ask("a", "imports", 1) {
        Permit::Wait(milliseconds) => assert!((1..=60_000).contains(&milliseconds)),
        granted @ Permit::Granted(_) => panic!("{granted:?}"),
    }
    assert_eq!(ask("a", "exports", 3), Permit::Granted(3));
    assert_eq!(ask("b", "imports", 9), Permit::Granted(3));
}

pub(crate) fn numbers_and_texts_come_back_whatever_they_are(home: &dyn Home) {
    let mut ledger = home.ledger();
    let largest = u64::MAX;
    let rollout = Rollout::over("host", "odd", [1, largest, largest - 1]).begun(&mut *ledger);
    let (by, ..) = taken(Rollout::over("host", "same", [largest]).create(&mut *ledger, &[]));
    assert_eq!(by, rollout.id);
    Rollout::over("host", "free", [largest - 2, largest / 2]).begun(&mut *ledger);
    let odd = "Zoë \u{1f980} \"'\\ \n\u{7} %s $1 ?1 \u{fffd}";
    let runner = RunnerId(odd.to_owned());
    let step = Step {
        expected: 0,
        status: RolloutStatus::Running,
        members: vec![
            (
                MemberNumber(3),
                MemberProgress {
                    attempt: Attempt(u32::MAX),
                    unanswered: u32::MAX,
                    state: MemberState::Working {
                        runner: runner.clone(),
                        until: Timestamp(largest),
                        phase: Phase::Looking,
                        sent_before: None,
                    },
                    jobs: None,
                },
            ),
            (
                MemberNumber(2),
                MemberProgress {
                    attempt: Attempt(1),
                    unanswered: 0,
                    state: MemberState::Ended {
                        outcome: Outcome::Partly,
                        at: Timestamp(largest),
                    },
                    jobs: Some(SeenJobs {
                        from: Timestamp(largest),
                        until: Timestamp(0),
                        read_at: Timestamp(largest - 1),
                        found: FoundJobs::Unknown(format!("{odd}\0")),
                        counts: Deciding::LetPass,
                    }),
                },
            ),
        ],
        ending: None,
        event: Event {
            at: Timestamp(largest),
            who: odd.to_owned(),
            member: None,
            what: "nothing\0at all".to_owned(),
        },
    };
    assert_eq!(
        ledger.write(&rollout.id, &step).expect("written"),
        Written::Kept
    );
    assert_eq!(
        ledger.progress(&rollout.id).expect("there"),
        rollout.progress.after(&step)
    );
    assert_eq!(ledger.events(&rollout.id, 1).expect("there"), [step.event]);
    let hold = recipack::plan::rollout::progress::Hold {
        member: MemberNumber(3),
        attempt: Attempt(u32::MAX),
        runner,
        until: Timestamp(largest),
        sent_before: None,
    };
    let journal = "{\"a\": \"\0\"}";
    let noted = ledger.note(&rollout.id, &hold, Timestamp(largest - 1), journal);
    assert_eq!(noted.expect("noted"), Kept::Held);
    let came = ledger.journal(&rollout.id, MemberNumber(3)).expect("there");
    assert_eq!(came.as_deref(), Some(journal));
    rollout.finish(
        &mut *ledger,
        &hold,
        ending(Outcome::Applied, &[odd]),
        Timestamp(largest),
    );
    let board = ledger.board().expect("read");
    assert_eq!(board.len(), 1);
    assert_eq!((board[0].workspace.id.0, board[0].at.0), (largest, largest));
    assert_eq!(board[0].receipt.package, odd);
}
