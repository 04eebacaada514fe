//! Whether jobs let the next wave begin.

use super::*;
pub(super) use crate::plan::rollout::gate::GateState;
use crate::plan::rollout::gate::{
    AllowedFailures, Deciding, FoundJobs, GateStop, JobsGate, SeenJobs, WithoutJobs,
};
use crate::plan::rollout::jobs::JobCounts;
use crate::plan::rollout::progress::{GateOrder, MemberProgress, StepError};

/// One job of a wave may fail.
pub(super) const GATE: JobsGate = JobsGate {
    max_failed: AllowedFailures::Jobs(1),
    seconds: BAKE,
    without: WithoutJobs::Stops,
};

fn counts(succeeded: u64, failed: u64) -> JobCounts {
    JobCounts {
        succeeded,
        failed,
        open: 0,
    }
}

fn seen(found: FoundJobs) -> SeenJobs {
    SeenJobs {
        from: Timestamp(0),
        until: Timestamp(BAKE),
        read_at: Timestamp(BAKE),
        found,
        counts: Deciding::Decides,
    }
}

fn known(succeeded: u64, failed: u64) -> SeenJobs {
    seen(FoundJobs::Known(counts(succeeded, failed)))
}

impl World {
    /// Whatever is read of a member's jobs, as far as it can still be written.
    pub(super) fn read(&self, runner: usize, number: MemberNumber, attempt: Attempt) -> Vec<Self> {
        let found = [
            known(9, 1),
            known(0, 2),
            known(0, 0),
            seen(FoundJobs::Unknown(String::new())),
        ];
        let idle = self.with(runner, Runner::Idle);
        let name = RunnerId(format!("r{runner}"));
        let now = Timestamp(self.now);
        let worlds = found.map(|seen| {
            let step = self.progress.saw_jobs(number, attempt, seen, &name, now);
            match step {
                Ok(step) => idle.clone().written(&step).expect("nobody wrote since"),
                Err(_) => idle.clone(),
            }
        });
        worlds.into()
    }

    /// What a person may say where jobs keep the next wave from beginning.
    pub(super) fn ordered_at_the_gate(&self, shape: &Shape) -> Vec<Self> {
        let Next::Gated { wave, .. } = next(shape, &self.progress, Timestamp(self.now)) else {
            return Vec::new();
        };
        let members = shape.waves[wave.0 as usize - 1].members.clone();
        let orders = [GateOrder::Again, GateOrder::Pass];
        let worlds = orders.map(|order| {
            let now = Timestamp(self.now);
            let step = (self.progress).order_gate(wave, members.clone(), order, "person", now);
            let step = step.expect("it is open");
            self.clone().written(&step).expect("nobody wrote since")
        });
        worlds.into()
    }
}

#[test]
fn allowances_are_numbers_and_percentages() {
    for (text, allowed) in [
        ("0", Some(AllowedFailures::Jobs(0))),
        ("12", Some(AllowedFailures::Jobs(12))),
        ("0%", Some(AllowedFailures::Percent(0))),
        ("100%", Some(AllowedFailures::Percent(100))),
        ("101%", None),
        ("300%", None),
        ("-1", None),
        ("+1", None),
        ("1.5%", None),
        ("%", None),
        ("", None),
        ("5 %", None),
        ("4294967296", None),
    ] {
        let read: Option<AllowedFailures> = text.parse().ok();
        assert_eq!(read, allowed, "{text}");
        if let Some(allowed) = allowed {
            assert_eq!(allowed.to_string(), text);
            let json = serde_json::to_string(&allowed).expect("it can be written");
            assert_eq!(json, format!("\"{text}\""));
            let again: AllowedFailures = serde_json::from_str(&json).expect("it was written");
            assert_eq!(again, allowed);
        }
    }
    assert!(serde_json::from_str::<AllowedFailures>("\"many\"").is_err());
    for (allowed, succeeded, failed, exceeded) in [
        ("0", 5, 0, false),
        ("0", 5, 1, true),
        ("2", 0, 2, false),
        ("2", 1000, 3, true),
        ("5%", 19, 1, false),
        ("5%", 18, 1, true),
        ("0%", 1_000_000, 1, true),
        ("100%", 0, 7, false),
        ("50%", 0, 0, false),
        ("99%", 0, u64::MAX, true),
    ] {
        let read: AllowedFailures = allowed.parse().expect("one");
        let counts = counts(succeeded, failed);
        assert_eq!(read.is_exceeded(&counts), exceeded, "{allowed} {counts:?}");
    }
}

#[test]
fn jobs_of_a_wave_open_its_gate_or_say_why_not() {
    let ended = |outcome: Outcome, jobs: Option<SeenJobs>| MemberProgress {
        attempt: Attempt(1),
        unanswered: 0,
        state: MemberState::Ended {
            outcome,
            at: Timestamp(100),
        },
        jobs,
    };
    let applied = |jobs| ended(Outcome::Applied, jobs);
    let unknown = || seen(FoundJobs::Unknown("lost".to_owned()));
    let let_pass = |seen: SeenJobs| SeenJobs {
        counts: Deciding::LetPass,
        ..seen
    };
    let waits = MemberProgress {
        state: MemberState::Waiting,
        ..applied(None)
    };
    let percent = JobsGate {
        max_failed: AllowedFailures::Percent(10),
        ..GATE
    };
    let lenient = JobsGate {
        without: WithoutJobs::Passes,
        ..GATE
    };
    let over = 100 + BAKE;
    let failed = |gate: JobsGate, succeeded, failed| {
        GateState::Closed(GateStop::Failed {
            counts: counts(succeeded, failed),
            allowed: gate.max_failed,
        })
    };
    let runs = GateState::Runs {
        until: Timestamp(over),
    };
    let closed = GateState::Closed;
    for (what, gate, members, now, expected) in [
        (
            "the time is not over",
            GATE,
            vec![applied(None)],
            over - 1,
            runs.clone(),
        ),
        (
            "it is",
            GATE,
            vec![applied(None)],
            over,
            GateState::Reads(vec![0]),
        ),
        (
            "few failed",
            GATE,
            vec![applied(Some(known(3, 1)))],
            over,
            GateState::Open,
        ),
        (
            "too many did",
            GATE,
            vec![applied(Some(known(3, 2)))],
            over,
            failed(GATE, 3, 2),
        ),
        (
            "jobs of all count together",
            GATE,
            vec![
                applied(Some(known(3, 1))),
                ended(Outcome::Same, Some(known(0, 1))),
            ],
            over,
            failed(GATE, 3, 2),
        ),
        (
            "too many failed before all were read",
            GATE,
            vec![applied(Some(known(0, 2))), applied(None)],
            over - 1,
            failed(GATE, 0, 2),
        ),
        (
            "of a percentage that is not known before",
            percent,
            vec![applied(Some(known(0, 2))), applied(None)],
            over - 1,
            runs,
        ),
        (
            "a percentage is of all that ended",
            percent,
            vec![applied(Some(known(0, 2))), applied(Some(known(18, 0)))],
            over,
            GateState::Open,
        ),
        (
            "no job ended",
            GATE,
            vec![applied(Some(known(0, 0)))],
            over,
            closed(GateStop::NoJobs),
        ),
        (
            "that may be",
            lenient,
            vec![applied(Some(known(0, 0)))],
            over,
            GateState::Open,
        ),
        (
            "what is not known stops it, whatever else is",
            lenient,
            vec![applied(Some(known(9, 0))), applied(Some(unknown()))],
            over,
            closed(GateStop::Unknown { members: 1 }),
        ),
        (
            "what was brought in part counts",
            GATE,
            vec![ended(Outcome::Partly, Some(unknown()))],
            over,
            closed(GateStop::Unknown { members: 1 }),
        ),
        (
            "a person let it pass",
            GATE,
            vec![
                applied(Some(let_pass(unknown()))),
                applied(Some(let_pass(known(0, 9)))),
            ],
            over,
            GateState::Open,
        ),
        (
            "whoever was tried again since counts anew",
            GATE,
            vec![applied(Some(let_pass(unknown()))), applied(None)],
            over,
            GateState::Reads(vec![1]),
        ),
        (
            "nobody has it",
            GATE,
            vec![ended(Outcome::Failed, None)],
            over,
            closed(GateStop::Nobody),
        ),
        (
            "it is held",
            GATE,
            vec![ended(Outcome::Held, None)],
            over,
            closed(GateStop::Nobody),
        ),
        (
            "a person left it out",
            GATE,
            vec![ended(Outcome::Skipped, None)],
            over,
            GateState::Open,
        ),
        (
            "a person let it pass though nobody has it",
            GATE,
            vec![ended(Outcome::Failed, Some(let_pass(unknown())))],
            over,
            GateState::Open,
        ),
        (
            "who waits does not count",
            GATE,
            vec![waits, applied(Some(known(1, 0)))],
            over,
            GateState::Open,
        ),
    ] {
        assert_eq!(gate.state(&members, Timestamp(now)), expected, "{what}");
    }
}

#[test]
fn what_was_read_counts_once_and_for_its_attempt() {
    let now = Timestamp(BAKE + 10);
    let runner = RunnerId("r".to_owned());
    let shape = shape_with_a_gate(0);
    let one = MemberNumber(1);
    let mut progress = Progress::new([false, false], Timestamp(0));
    progress.members[0].state = MemberState::Ended {
        outcome: Outcome::Applied,
        at: Timestamp(0),
    };
    assert_eq!(
        next(&shape, &progress, Timestamp(BAKE - 1)),
        Next::Wait {
            until: Timestamp(BAKE),
            why: WaitsFor::Bake(WaveNumber(1)),
        }
    );
    assert_eq!(next(&shape, &progress, now), Next::ReadJobs(vec![one]));
    let saw = |progress: &Progress, attempt, seen| {
        progress.saw_jobs(one, Attempt(attempt), seen, &runner, now)
    };
    let other = saw(&progress, 1, known(1, 0));
    assert_eq!(other, Err(StepError::Lost), "of another attempt");
    let step = saw(&progress, 0, known(0, 2)).expect("it can be written");
    assert_eq!(step.event.what, "its jobs were read: 2 ended, 2 failed");
    progress = progress.after(&step);
    assert_eq!(
        saw(&progress, 0, known(1, 0)),
        Err(StepError::Lost),
        "twice"
    );
    assert!(matches!(
        next(&shape, &progress, now),
        Next::Gated {
            wave: WaveNumber(1),
            ..
        }
    ));
    let order = |progress: &Progress, order| {
        let step = progress.order_gate(WaveNumber(1), 0..1, order, "p", now);
        progress.after(&step.expect("it can be written"))
    };
    let again = order(&progress, GateOrder::Again);
    assert_eq!(next(&shape, &again, now), Next::ReadJobs(vec![one]));
    let passed = order(&progress, GateOrder::Pass);
    assert_eq!(next(&shape, &passed, now), Next::Claim(MemberNumber(2)));
    let paused = passed.after(&passed.order(RolloutOrder::Pause, "p", now).expect("open"));
    assert_eq!(next(&shape, &paused, now), Next::Paused, "orders win");
    let aborted = passed.after(&passed.order(RolloutOrder::Abort, "p", now).expect("open"));
    assert!(
        aborted
            .order_gate(WaveNumber(1), 0..1, GateOrder::Pass, "p", now)
            .is_err()
    );
    // Who is skipped has nothing whose jobs count.
    let retried = MemberProgress {
        state: MemberState::Ended {
            outcome: Outcome::Failed,
            at: now,
        },
        ..passed.members[0].clone()
    };
    let mut failed = passed.clone();
    failed.members[0] = retried;
    let retry = failed.order_member(one, MemberOrder::Retry, "p", now);
    let retry = failed.after(&retry.expect("it failed"));
    assert_eq!(retry.members[0].jobs, None, "they were of another attempt");
}

#[test]
fn a_gate_is_of_every_wave_but_the_last_and_of_no_connectors() {
    let request = RolloutRequest {
        jobs: Some(GATE),
        connectors: Some(ChangedConnectors {
            when: ConnectorsWhen::Before,
            workspace: WorkspaceId(100),
            name: "studio".to_owned(),
            changes: Vec::new(),
        }),
        ..request("1,1")
    };
    let three = (1..=3).map(|number| customer(number, &[], false)).collect();
    let plan = RolloutPlan::of(request, three).expect("a plan");
    let gates: Vec<bool> = plan
        .shape()
        .waves
        .iter()
        .map(|wave| wave.jobs.is_some())
        .collect();
    assert_eq!(gates[..3], [false, true, true]);
    let watched: Vec<u32> = plan.watched().map(|member| member.number.0).collect();
    assert_eq!(watched, [2, 3]);
    // What an earlier version wrote has none, and is read.
    let sealed = plan.sealed().expect("it can be written");
    let text = serde_json::to_string(&sealed).expect("it can be written");
    assert!(text.contains("\"jobs\":{\"max_failed\":\"1\""), "{text}");
    let earlier = RolloutPlan {
        format: 2,
        jobs: None,
        ..sealed.clone()
    };
    let earlier = serde_json::to_string(&earlier.sealed().expect("it can be written"));
    let earlier = earlier.expect("it can be written");
    assert!(!earlier.contains("max_failed"), "{earlier}");
    let read = RolloutPlan::parse(earlier.as_bytes()).expect("it was written");
    assert_eq!((read.format, read.jobs), (2, None));
    // The seal binds it.
    let looser = text.replace("\"max_failed\":\"1\"", "\"max_failed\":\"9\"");
    assert!(RolloutPlan::parse(looser.as_bytes()).is_err());
}
