//! Waves come out as they are asked for, and every way that runners can take keeps what is promised.

mod canary;
mod gate;
mod turns;

use std::collections::{HashMap, HashSet, VecDeque};

use super::progress::{
    Ending, Hold, MemberOrder, MemberState, Patience, Progress, RolloutOrder, Sent, Step,
    Unanswered,
};
use super::*;
use crate::model::rollout::{Attempt, Outcome, Phase, RolloutStatus, RunnerId};
use crate::model::workspace::Label;

fn customer(number: u64, labels: &[&str], held: bool) -> Candidate {
    let labels = labels.iter().map(|label| {
        let label: Label = label.parse().expect("a label");
        (label.key, label.value)
    });
    Candidate {
        address: format!("local:c{number}").parse().expect("an address"),
        workspace: WorkspaceId(number),
        name: format!("c{number}"),
        external_id: None,
        labels: labels.collect(),
        held: held.then(|| Held {
            why: "it moves house".to_owned(),
            from: None,
            until: None,
        }),
        seen: None,
        back: None,
    }
}

fn request(waves: &str) -> RolloutRequest {
    RolloutRequest {
        of: "local:studio".parse().expect("an address"),
        admin: None,
        packages: Vec::new(),
        folder: FolderPath::home(),
        rows: RowsPolicy::Keep,
        settings: Vec::new(),
        permitted: BTreeSet::new(),
        budget: Budget {
            failures: 0,
            at_once: None,
        },
        connectors: None,
        canary: None,
        jobs: None,
        waves: waves.parse().expect("waves"),
        bake: 60,
        looking: Looking::NotLooked,
        unshared: Vec::new(),
        back_of: None,
    }
}

#[test]
fn waves_are_counts_percentages_and_labels() {
    let twenty: Vec<Candidate> = (1..=20)
        .map(|number| match number {
            3 => customer(number, &["ring=first"], false),
            4 => customer(number, &["ring=first"], true),
            5 | 6 => customer(number, &["ring=second"], false),
            _ => customer(number, &[], false),
        })
        .collect();
    let sizes = |waves: &str| -> Result<Vec<u32>, RolloutError> {
        let plan = RolloutPlan::of(request(waves), twenty.clone())?;
        Ok(plan.waves.iter().map(|wave| wave.members).collect())
    };
    // Nineteen are not held; the one that is comes last.
    assert_eq!(sizes("1,5,20%"), Ok(vec![1, 5, 4, 10]));
    assert_eq!(sizes("100%"), Ok(vec![20]));
    assert_eq!(sizes("19"), Ok(vec![20]));
    assert_eq!(sizes("ring=first,ring=second,50%"), Ok(vec![1, 2, 10, 7]));
    for count in 1..=20 {
        let waves = Waves::usual(count);
        let customers = twenty[4..].iter().chain(&twenty[..3]).chain(&twenty[..1]);
        let some: Vec<Candidate> = customers.take(count).cloned().collect();
        let placed = waves.place(some).expect("whatever their number");
        assert!(placed.iter().all(|(_, wave)| !wave.is_empty()), "{count}");
    }
    let empty = |size: &str, left: &str| {
        let (size, left) = (size.to_owned(), left.to_owned());
        Err(RolloutError::Waves(WavesError::Empty(size, left)))
    };
    assert_eq!(sizes("19,1"), empty("1", "0 customers"));
    let nobody = WavesError::NoLabel("ring=third".to_owned());
    assert_eq!(sizes("ring=third"), Err(RolloutError::Waves(nobody)));
    for wrong in ["", "0", "0%", "101%", "x", "1,,2", "-1", "ring=", "1.5"] {
        assert!(wrong.parse::<Waves>().is_err(), "{wrong}");
    }
}

#[test]
fn a_plan_reaches_somebody_and_each_once() {
    let of = |customers: Vec<Candidate>| RolloutPlan::of(request("1"), customers);
    assert_eq!(of(Vec::new()), Err(RolloutError::Nobody));
    assert_eq!(
        of(vec![customer(1, &[], true)]),
        Err(RolloutError::AllHeld(1, "it moves house".to_owned()))
    );
    let twice = of(vec![customer(1, &[], false), customer(1, &[], false)]);
    assert!(matches!(twice, Err(RolloutError::Twice(_, _))), "{twice:?}");
    let many = (1..=MOST_MEMBERS as u64 + 1).map(|number| customer(number, &[], false));
    assert_eq!(
        of(many.collect()),
        Err(RolloutError::TooMany(MOST_MEMBERS + 1))
    );
    // Whatever order they come in.
    let one = of(vec![customer(1, &[], false), customer(2, &[], false)]);
    assert_eq!(
        of(vec![customer(2, &[], false), customer(1, &[], false)]),
        one
    );
}

/// For how long a member is held.
const LEASE: u64 = 2;
/// After how long a request can't arrive any more.
const TIMEOUT: u64 = 1;
const BAKE: u64 = 1;
/// Who does not answer twice is left to a person.
const PATIENCE: Patience = Patience {
    turns: 2,
    first: 1,
    longest: 1,
    asked_for: 1,
};

/// Two runners, a platform and a person, at one moment.
#[derive(Clone, Debug)]
struct World {
    now: u64,
    progress: Progress,
    runners: Vec<Runner>,
    /// How often each member was changed.
    changed: Vec<u8>,
    /// Requests under way: to whom, and until when they may arrive.
    flying: Vec<(usize, u64)>,
    aborted: bool,
    answers: Answers,
}

/// Whether the platform answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Always,
    NotAlways,
}

#[derive(Clone, Debug)]
enum Runner {
    Idle,
    /// It looked, and is about to write.
    Decided(Step, Hold),
    Holding(Hold),
    /// It wrote down that it sends.
    Noted(Hold),
    /// It sent, and waits for the answer.
    Sent(Hold),
    /// It looked what to write at the end.
    Ending(Step),
    /// It reads the jobs of a member, of an attempt.
    Reading(MemberNumber, Attempt),
}

fn shape(budget: u32) -> Shape {
    waves(
        budget,
        [(0..2, Passed::OnceEnded), (2..3, Passed::OnceEnded)],
    )
}

/// Two waves of a customer each.
fn one_after_the_other() -> Shape {
    waves(0, [(0..1, Passed::OnceEnded), (1..2, Passed::OnceEnded)])
}

/// A wave for shared connectors, and one of a customer.
fn shape_with_connectors(budget: u32) -> Shape {
    waves(
        budget,
        [(0..1, Passed::OnceReached), (1..2, Passed::OnceEnded)],
    )
}

fn waves(budget: u32, waves: [(Range<usize>, Passed); 2]) -> Shape {
    let [first, second] = waves;
    Shape {
        waves: vec![
            WaveShape {
                members: first.0,
                bake: BAKE,
                passed: first.1,
                jobs: None,
            },
            WaveShape {
                members: second.0,
                bake: 0,
                passed: second.1,
                jobs: None,
            },
        ],
        budget: Budget {
            failures: budget,
            at_once: None,
        },
        frozen: BTreeMap::new(),
    }
}

/// Two customers who try something first, and one who gets it then.
fn shape_with_a_ring() -> Shape {
    waves(0, [(0..2, Passed::OnceReached), (2..3, Passed::OnceEnded)])
}

/// Nothing is begun with the first one from the next moment on, for a while.
fn shape_with_a_freeze() -> Shape {
    Shape {
        frozen: BTreeMap::from([(0, Timestamp(11)..Timestamp(13))]),
        ..waves(1, [(0..2, Passed::OnceEnded), (2..2, Passed::OnceEnded)])
    }
}

/// Two waves of a customer each, of which the jobs of the first one count.
fn shape_with_a_gate(budget: u32) -> Shape {
    let mut shape = waves(
        budget,
        [(0..1, Passed::OnceEnded), (1..2, Passed::OnceEnded)],
    );
    shape.waves[0].jobs = Some(gate::GATE);
    shape
}

impl World {
    fn new(shape: &Shape, answers: Answers) -> Self {
        let members = shape.waves.last().map_or(0, |wave| wave.members.end);
        Self {
            now: 10,
            progress: Progress::new(vec![false; members], Timestamp(10)),
            runners: vec![Runner::Idle, Runner::Idle],
            changed: vec![0; members],
            flying: Vec::new(),
            aborted: false,
            answers,
        }
    }

    /// What matters of it: times as they are from now, whatever was counted.
    fn key(&self, shape: &Shape) -> String {
        use std::fmt::Write as _;
        let mut key = format!(
            "{:?}{:?}{}|",
            self.progress.status, self.changed, self.aborted
        );
        for window in shape.frozen.values() {
            let left = |moment: Timestamp| moment.0.saturating_sub(self.now);
            let _ = write!(key, "f{}-{}", left(window.start), left(window.end));
        }
        for member in &self.progress.members {
            let _ = write!(key, "{}", member.unanswered);
            if let Some(seen) = &member.jobs {
                let _ = write!(key, "j{:?}{}", seen.found, seen.counts);
            }
            let _ = match &member.state {
                MemberState::Waiting => write!(key, "w"),
                MemberState::Postponed { until } => {
                    write!(key, "p{}", until.0.saturating_sub(self.now))
                }
                MemberState::Working { until, .. } => {
                    let before = member.sent_before().map(|before| self.ago(before));
                    write!(key, "k{}{before:?}", until.0.saturating_sub(self.now))
                }
                MemberState::Ended { outcome, at } => {
                    write!(key, "e{outcome:?}{}", (self.now - at.0).min(BAKE + 1))
                }
            };
        }
        let mut runners: Vec<String> = self
            .runners
            .iter()
            .map(|runner| self.told(runner))
            .collect();
        runners.sort();
        let mut flying: Vec<_> = self.flying.iter().map(|(m, t)| (m, t - self.now)).collect();
        flying.sort_unstable();
        let _ = write!(key, "|{runners:?}{flying:?}");
        key
    }

    /// How long ago something was, or how far off it is: as far as that matters.
    fn ago(&self, moment: Timestamp) -> i64 {
        let ago = i64::try_from(self.now).expect("it can be made")
            - i64::try_from(moment.0).expect("it can be made");
        ago.min(2)
    }

    fn told(&self, runner: &Runner) -> String {
        let hold = |hold: &Hold| {
            let left = hold.until.0.saturating_sub(self.now);
            let before = hold.sent_before.map(|before| self.ago(before));
            let held = self.progress.holds(hold);
            format!("{}{held}{left}{before:?}", hold.member)
        };
        match runner {
            Runner::Idle => "idle".to_owned(),
            Runner::Decided(step, of) => {
                format!(
                    "decided{}{}",
                    step.expected == self.progress.version,
                    hold(of)
                )
            }
            Runner::Holding(of) => format!("holding{}", hold(of)),
            Runner::Noted(of) => format!("noted{}", hold(of)),
            Runner::Sent(of) => format!("sent{}", hold(of)),
            Runner::Ending(step) => {
                let (number, ending) = step.ending.as_ref().expect("it can be made");
                let fresh = step.expected == self.progress.version;
                format!("ending{fresh}{number}{:?}", ending.outcome)
            }
            Runner::Reading(member, attempt) => {
                let member = &self.progress.members[member.index()];
                let fresh = member.attempt == *attempt && member.jobs.is_none();
                format!("reading{fresh}")
            }
        }
    }

    fn with(&self, runner: usize, state: Runner) -> Self {
        let mut after = self.clone();
        after.runners[runner] = state;
        after
    }

    fn written(mut self, step: &Step) -> Option<Self> {
        (step.expected == self.progress.version).then(|| {
            self.progress = self.progress.after(step);
            self
        })
    }

    fn ending(&self, runner: usize, hold: &Hold, outcome: Outcome) -> Self {
        let ending = Ending {
            outcome,
            why: String::new(),
            receipts: Vec::new(),
        };
        match self.progress.finish(hold, ending, Timestamp(self.now)) {
            Ok(step) => self.with(runner, Runner::Ending(step)),
            Err(_) => self.with(runner, Runner::Idle),
        }
    }

    /// It does not answer.
    fn unanswered(&self, runner: usize, hold: &Hold, sent: Sent) -> Option<Self> {
        if self.answers == Answers::Always {
            return None;
        }
        let unanswered = Unanswered {
            why: String::new(),
            wait: None,
            sent,
        };
        let now = Timestamp(self.now);
        let idle = self.with(runner, Runner::Idle);
        match self.progress.postpone(hold, &unanswered, PATIENCE, now) {
            // It looks until it can be written.
            Ok(step) => idle.written(&step),
            Err(_) => Some(idle),
        }
    }

    /// A note, as ledgers write it.
    fn note(&self, runner: usize, hold: &Hold) -> Self {
        let mut after = self.with(runner, Runner::Noted(hold.clone()));
        let held = after.progress.holds(hold);
        let member = &mut after.progress.members[hold.member.index()];
        match &mut member.state {
            MemberState::Working { until, phase, .. } if held && until.0 > self.now => {
                *phase = Phase::Sending;
                after.progress.version += 1;
                after
            }
            MemberState::Waiting
            | MemberState::Postponed { .. }
            | MemberState::Working { .. }
            | MemberState::Ended { .. } => self.with(runner, Runner::Idle),
        }
    }

    /// All that may happen next.
    fn then(&self, shape: &Shape) -> Vec<Self> {
        let mut worlds = Vec::new();
        let mut later = self.clone();
        later.now += 1;
        later.flying.retain(|(_, until)| *until >= later.now);
        worlds.push(later);
        for (index, (member, _)) in self.flying.iter().enumerate() {
            let mut arrived = self.clone();
            arrived.flying.remove(index);
            arrived.changed[*member] += 1;
            worlds.push(arrived);
        }
        if !self.aborted {
            let order = self
                .progress
                .order(RolloutOrder::Abort, "person", Timestamp(self.now));
            if let Ok(step) = order {
                let mut aborted = self.clone();
                aborted.aborted = true;
                worlds.extend(aborted.written(&step));
            }
        }
        // A person may go no further with what has no end.
        for (number, member) in (1..).map(MemberNumber).zip(&self.progress.members) {
            if member.unanswered > 0 && matches!(member.state, MemberState::Working { .. }) {
                let now = Timestamp(self.now);
                let order = self
                    .progress
                    .order_member(number, MemberOrder::Hold, "person", now);
                worlds.extend(order.ok().and_then(|step| self.clone().written(&step)));
            }
        }
        worlds.extend(self.ordered_at_the_gate(shape));
        for (index, runner) in self.runners.iter().enumerate() {
            // It may die at any moment.
            if !matches!(runner, Runner::Idle) {
                worlds.push(self.with(index, Runner::Idle));
            }
            match runner {
                Runner::Idle => {
                    let next = next(shape, &self.progress, Timestamp(self.now));
                    if let Next::ReadJobs(numbers) = &next {
                        worlds.extend(numbers.iter().map(|number| {
                            let attempt = self.progress.members[number.index()].attempt;
                            self.with(index, Runner::Reading(*number, attempt))
                        }));
                    }
                    if let Next::Claim(number) = next {
                        let member = &self.progress.members[number.index()];
                        let held = shape.held_until(number.index(), Timestamp(self.now));
                        let begins = matches!(
                            member.state,
                            MemberState::Waiting | MemberState::Postponed { .. }
                        );
                        assert!(!begins || held.is_none(), "in its freeze: {self:?}");
                        let name = RunnerId(format!("r{index}"));
                        let claimed =
                            self.progress
                                .claim(number, &name, Timestamp(self.now), LEASE);
                        let (step, hold) = claimed.expect("what is next can be had");
                        worlds.push(self.with(index, Runner::Decided(step, hold)));
                    }
                }
                Runner::Decided(step, hold) => {
                    let holding = self.with(index, Runner::Holding(hold.clone()));
                    worlds.push(
                        holding
                            .written(step)
                            .unwrap_or_else(|| self.with(index, Runner::Idle)),
                    );
                }
                Runner::Holding(hold) => match hold.sent_before {
                    None => {
                        worlds.push(self.note(index, hold));
                        worlds.push(self.ending(index, hold, Outcome::Held));
                        worlds.push(self.ending(index, hold, Outcome::Failed));
                        worlds.extend(self.unanswered(index, hold, Sent::Nothing));
                    }
                    Some(_) if self.changed[hold.member.index()] > 0 => {
                        worlds.push(self.ending(index, hold, Outcome::Applied));
                    }
                    // What may have been sent can't arrive any more.
                    Some(before) if before.0 + TIMEOUT < self.now => {
                        worlds.push(self.note(index, hold));
                        worlds.extend(self.unanswered(index, hold, Sent::Perhaps));
                    }
                    Some(_) => worlds.extend(self.unanswered(index, hold, Sent::Perhaps)),
                },
                Runner::Noted(hold) => {
                    // By its own clock it is still its own.
                    if hold.until.0 > self.now {
                        let mut sent = self.with(index, Runner::Sent(hold.clone()));
                        sent.flying.push((hold.member.index(), self.now + TIMEOUT));
                        worlds.push(sent);
                    }
                }
                Runner::Sent(hold) => {
                    let member = hold.member.index();
                    let under_way = self.flying.iter().any(|(to, _)| *to == member);
                    worlds.extend(self.unanswered(index, hold, Sent::Perhaps));
                    if self.changed[member] > 0 {
                        worlds.push(self.ending(index, hold, Outcome::Applied));
                        worlds.push(self.ending(index, hold, Outcome::Partly));
                    } else if !under_way {
                        worlds.push(self.ending(index, hold, Outcome::Failed));
                        worlds.extend(self.unanswered(index, hold, Sent::Nothing));
                    }
                }
                Runner::Reading(number, attempt) => {
                    worlds.extend(self.read(index, *number, *attempt));
                }
                Runner::Ending(step) => {
                    let idle = self.with(index, Runner::Idle);
                    match idle.clone().written(step) {
                        Some(written) => worlds.push(written),
                        // It looks again whether it still holds the member.
                        None => {
                            let (number, ending) = step.ending.clone().expect("it can be made");
                            let attempt = step.members[0].1.attempt;
                            let hold = Hold {
                                member: number,
                                attempt,
                                runner: RunnerId(step.event.who.clone()),
                                until: Timestamp(self.now),
                                sent_before: None,
                            };
                            worlds.push(self.ending(index, &hold, ending.outcome));
                        }
                    }
                }
            }
        }
        worlds
    }

    fn check(&self, shape: &Shape) {
        assert!(
            self.changed.iter().all(|times| *times <= 1),
            "twice: {self:?}"
        );
        let budget = shape.budget.at_worst();
        assert!(
            self.progress.failures() <= budget,
            "past the budget: {self:?}"
        );
        let open =
            |member: &progress::MemberProgress| !matches!(member.state, MemberState::Ended { .. });
        let first = shape.waves[0].members.clone();
        let second = &self.progress.members[shape.waves[1].members.clone()];
        let begun = second.iter().any(|member| {
            !matches!(
                member.state,
                MemberState::Waiting | MemberState::Postponed { .. }
            )
        });
        let first_ended = !self.progress.members[first.clone()]
            .iter()
            .enumerate()
            // Who is held for some time is passed over, once others show how the wave does.
            .any(|(index, member)| open(member) && !shape.frozen.contains_key(&index));
        assert!(!begun || first_ended, "out of order: {self:?}");
        let reached = |member: &progress::MemberProgress| match member.state {
            MemberState::Ended { outcome, .. } => outcome.is_reached(),
            MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => {
                false
            }
        };
        if let Some(gate) = shape.waves[0].jobs {
            let members = &self.progress.members[first.clone()];
            let open = gate.state(members, Timestamp(self.now)) == gate::GateState::Open;
            assert!(!begun || open, "past the gate: {self:?}");
        }
        if shape.waves[0].passed == Passed::OnceReached {
            let passed = self.progress.members[first].iter().all(reached);
            assert!(!begun || passed, "without the connectors: {self:?}");
        }
    }

    fn is_over(&self, shape: &Shape) -> bool {
        let idle = self
            .runners
            .iter()
            .all(|runner| matches!(runner, Runner::Idle));
        let over = match next(shape, &self.progress, Timestamp(self.now)) {
            Next::Done
            | Next::Halted { .. }
            | Next::Stopped(_)
            | Next::Gated { .. }
            | Next::Over(_)
            | Next::Paused => true,
            Next::Claim(_) | Next::ReadJobs(_) | Next::Wait { .. } => false,
        };
        idle && over && self.flying.is_empty()
    }
}

#[test]
fn whatever_runners_do_nobody_is_sent_to_twice_and_every_run_ends() {
    // With a budget of one, a wave of connectors that failed still keeps the rest from beginning.
    let shapes = [shape(0), shape_with_connectors(1), shape_with_a_freeze()];
    explore(Answers::Always, shapes);
}

#[test]
fn whatever_jobs_come_to_no_wave_begins_before_they_let_it() {
    explore(Answers::Always, [shape_with_a_gate(0)]);
}

#[test]
fn whatever_a_platform_that_does_not_always_answer_does_the_same_holds() {
    explore(Answers::NotAlways, [one_after_the_other()]);
}

#[test]
#[ignore = "takes minutes of CPU; run by hand: cargo test --lib rollout -- --ignored"]
fn whatever_is_answered_with_three_customers_connectors_and_a_freeze_the_same_holds() {
    let shapes = [
        shape(0),
        shape_with_connectors(1),
        shape_with_a_freeze(),
        shape_with_a_ring(),
    ];
    explore(Answers::NotAlways, shapes);
}

#[test]
#[ignore = "takes half a minute of CPU; run by hand: cargo test --lib rollout -- --ignored"]
fn whatever_runners_do_with_three_customers_and_a_budget_the_same_holds() {
    explore(Answers::Always, [shape(1), shape_with_a_gate(1)]);
}

fn explore(answers: Answers, shapes: impl IntoIterator<Item = Shape>) {
    for shape in shapes {
        let first = World::new(&shape, answers);
        let mut numbers = HashMap::from([(first.key(&shape), 0_usize)]);
        let mut before: Vec<Vec<usize>> = vec![Vec::new()];
        let mut over = Vec::new();
        let mut queue = VecDeque::from([(0, first)]);
        while let Some((number, world)) = queue.pop_front() {
            world.check(&shape);
            if world.is_over(&shape) {
                over.push(number);
            }
            for then in world.then(&shape) {
                let fresh = numbers.len();
                let next = *numbers.entry(then.key(&shape)).or_insert(fresh);
                if next == fresh {
                    before.push(Vec::new());
                    queue.push_back((next, then));
                }
                before[next].push(number);
            }
        }
        assert!(numbers.len() > 1000, "{} ways", numbers.len());
        // From wherever it is, it can come to an end.
        let mut ends: HashSet<usize> = over.iter().copied().collect();
        while let Some(number) = over.pop() {
            for &earlier in &before[number] {
                if ends.insert(earlier) {
                    over.push(earlier);
                }
            }
        }
        let stuck = numbers.iter().find(|(_, number)| !ends.contains(number));
        assert_eq!(stuck, None, "of {} ways", numbers.len());
    }
}

#[test]
fn a_wave_of_shared_connectors_is_passed_once_it_is_as_planned_or_skipped() {
    let now = Timestamp(100);
    let shape = shape_with_connectors(3);
    let ended = |outcome| {
        let mut progress = Progress::new([false; 2], now);
        progress.members[0].state = MemberState::Ended {
            outcome,
            at: Timestamp(10),
        };
        next(&shape, &progress, now)
    };
    for outcome in [Outcome::Applied, Outcome::Same, Outcome::Skipped] {
        assert_eq!(ended(outcome), Next::Claim(MemberNumber(2)), "{outcome}");
    }
    for outcome in [Outcome::Partly, Outcome::Failed, Outcome::Held] {
        assert_eq!(ended(outcome), Next::Stopped(WaveNumber(1)), "{outcome}");
    }
}

#[test]
fn shared_connectors_are_a_wave_of_their_own() {
    for (when, first, last) in [
        (ConnectorsWhen::Before, true, false),
        (ConnectorsWhen::After, false, true),
    ] {
        let request = RolloutRequest {
            connectors: Some(ChangedConnectors {
                when,
                workspace: WorkspaceId(100),
                name: "studio".to_owned(),
                changes: Vec::new(),
            }),
            ..request("1")
        };
        let three = (1..=3).map(|number| customer(number, &[], false)).collect();
        let plan = RolloutPlan::of(request, three).expect("a plan");
        let sizes: Vec<u32> = plan.waves.iter().map(|wave| wave.members).collect();
        let number = plan.connectors.as_ref().expect("they are there").member;
        let member = plan.member(number).expect("it is there");
        assert_eq!(member.workspace, WorkspaceId(100));
        assert_eq!(plan.customers(), 3);
        let expected = if first { [1, 1, 2] } else { [1, 2, 1] };
        assert_eq!(sizes, expected);
        let shape = plan.shape();
        let reached = |wave: &WaveShape| wave.passed == Passed::OnceReached;
        assert_eq!(reached(&shape.waves[0]), first);
        assert_eq!(reached(&shape.waves[2]), last);
        assert_eq!(plan.waves[2].bake, 0, "nothing comes after it");
        let sealed = plan.sealed().expect("it can be written");
        let text = serde_json::to_vec(&sealed).expect("it can be written");
        assert!(RolloutPlan::parse(&text).is_ok());
    }
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Three runners, whatever their pace, on two hundred roll-outs of dozens of customers, some of whom
/// fail: never past the budget, and as soon as it is used up nothing more is begun; never a later wave
/// before an earlier one is brought to its end; nobody begun twice.
#[test]
fn the_budget_is_exact_whatever_the_pace() {
    let mut halted = 0;
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let (one, two) = (1 + dice.below(8) as usize, 10 + dice.below(30) as usize);
        let failures = dice.below(4) as u32;
        let budget = Budget {
            failures,
            at_once: (dice.below(2) == 0).then(|| 1 + dice.below(5) as u32),
        };
        let shape = Shape {
            budget,
            ..waves(
                0,
                [(0..one, Passed::OnceEnded), (one..two, Passed::OnceEnded)],
            )
        };
        let fails: Vec<bool> = (0..two).map(|_| dice.below(6) == 0).collect();
        let mut progress = Progress::new((0..two).map(|_| false), Timestamp(0));
        let mut holds: [Option<Hold>; 3] = [None, None, None];
        let mut begun = 0;
        let mut now = 1;
        loop {
            let at = dice.below(3) as usize;
            now += dice.below(2);
            let what = format!("seed {seed} at {now}: {progress:?}");
            if let Some(hold) = holds[at].take() {
                let outcome = match fails[hold.member.index()] {
                    true => Outcome::Failed,
                    false => Outcome::Applied,
                };
                let ending = Ending {
                    outcome,
                    why: String::new(),
                    receipts: Vec::new(),
                };
                let step = progress.finish(&hold, ending, Timestamp(now));
                progress = progress.after(&step.expect("it is held"));
                assert!(progress.failures() <= budget.at_worst(), "{what}");
                continue;
            }
            match next(&shape, &progress, Timestamp(now)) {
                Next::Claim(number) => {
                    let used_up = progress.failures() > failures;
                    assert!(!used_up, "begun past the budget: {what}");
                    let ended = |member: &super::progress::MemberProgress| {
                        matches!(member.state, MemberState::Ended { .. })
                    };
                    let earlier = progress.members[..one].iter();
                    assert!(
                        number.index() < one || earlier.clone().all(ended),
                        "out of order: {what}"
                    );
                    let runner = RunnerId(at.to_string());
                    let claimed = progress.claim(number, &runner, Timestamp(now), 1_000_000);
                    let (step, hold) = claimed.expect("it waits");
                    assert_eq!(hold.attempt.0, 1, "begun twice: {what}");
                    progress = progress.after(&step);
                    holds[at] = Some(hold);
                    begun += 1;
                }
                Next::Wait {
                    why: WaitsFor::Bake(_),
                    until,
                } => now = until.0,
                Next::Wait { .. } => {}
                Next::Halted {
                    failures: found, ..
                } => {
                    if holds.iter().all(Option::is_none) {
                        assert!(found > failures, "{what}");
                        if budget.at_once.is_none() {
                            assert_eq!(found, failures + 1, "exactly one more: {what}");
                        }
                        halted += 1;
                        break;
                    }
                }
                Next::Done => {
                    assert_eq!(begun, two, "{what}");
                    assert!(progress.failures() <= failures, "{what}");
                    break;
                }
                Next::Stopped(_)
                | Next::ReadJobs(_)
                | Next::Gated { .. }
                | Next::Paused
                | Next::Over(_) => panic!("{what}"),
            }
        }
    }
    assert!((50..200).contains(&halted), "{halted} of 200 were halted");
}
