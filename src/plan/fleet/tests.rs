use super::*;
use crate::model::ident::Digest;
use crate::model::rollout::{Attempt, Outcome, Phase, RunnerId};
use crate::model::workspace::RevisionNumber;
use crate::plan::rollout::progress::MemberState;
use crate::plan::rollout::seen::{
    BuiltVersion, SeenAuthorization, SeenConnection, SeenConnector, SeenRecipe, SeenRunning,
    SeenUse, SeenWhose, SlimSnapshot,
};

const NOW: Timestamp = Timestamp(1_000_000);
const DAY: u64 = 86_400;

fn customer(number: u64) -> FleetCustomer<'static> {
    FleetCustomer {
        place: "app.example",
        workspace: WorkspaceId(number),
        address: "customer:id",
        name: "kestrel",
    }
}

fn rollout(number: usize) -> RolloutId {
    RolloutId::of(&Digest::of(b"plan"), Timestamp(1), number)
}

fn receipt(seen: Option<SlimSnapshot>) -> MemberReceipt {
    MemberReceipt {
        package: "orders".to_owned(),
        digest: Digest::of(b"package"),
        contents: Digest::of(b"contents"),
        revision: None,
        state: Digest::of(b"state"),
        running: 2,
        stopped: 0,
        unauthorized: 0,
        back_to: None,
        recipes: None,
        customised: None,
        seen: seen.map(Box::new),
    }
}

fn snapshot(recipes: Vec<SeenRecipe>) -> SlimSnapshot {
    SlimSnapshot {
        at: Timestamp(NOW.0 - DAY),
        recipes,
        connections: Vec::new(),
        more_missing: 0,
        connectors: Vec::new(),
    }
}

fn recipe(state: SeenRunning, uses: Option<Vec<SeenUse>>) -> SeenRecipe {
    SeenRecipe {
        id: AssetId(7),
        name: "Quote".to_owned(),
        folder: FolderPath::home(),
        state,
        cause: None,
        uses,
    }
}

/// What is found of customers with these receipts, each in a line: `yes` or `unknown`, the customer's
/// number, the state, the reason.
fn told(receipts: &[MemberReceipt], question: &FleetQuestion, max_age: Option<u64>) -> Vec<String> {
    let id = rollout(0);
    let lines = (1_u64..).zip(receipts).map(|(number, receipt)| FleetLine {
        customer: customer(number),
        rollout: &id,
        at: Timestamp(NOW.0 - 2 * DAY),
        receipt,
    });
    let fleet = Fleet {
        now: NOW,
        lines: lines.collect(),
        members: Vec::new(),
    };
    let answer = ask(&fleet, question, max_age);
    assert_eq!(answer.customers, receipts.len());
    listed(&answer)
}

fn listed(answer: &FleetAnswer) -> Vec<String> {
    let line = |word: &str, finding: &FleetFinding| {
        format!(
            "{word} {} {}: {}",
            finding.workspace, finding.state, finding.why
        )
    };
    let matched = answer.matched.iter().map(|finding| line("yes", finding));
    let unknown = answer.unknown.iter();
    matched
        .chain(unknown.map(|finding| line("unknown", finding)))
        .collect()
}

#[test]
fn recipes_that_the_platform_stopped_are_told_and_others_only_if_nobody_says_who_did() {
    let seen = |state| receipt(Some(snapshot(vec![recipe(state, None)])));
    let by_platform = receipt(Some(snapshot(vec![SeenRecipe {
        cause: Some("trigger_errors_limit".to_owned()),
        ..recipe(SeenRunning::StoppedByPlatform, None)
    }])));
    let stand = MemberReceipt {
        stopped: 1,
        ..receipt(None)
    };
    let back = MemberReceipt {
        back_to: Some(RevisionNumber(3)),
        ..receipt(None)
    };
    let receipts = [
        by_platform,
        seen(SeenRunning::Running),
        seen(SeenRunning::Stopped),
        seen(SeenRunning::StoppedUnsaid),
        seen(SeenRunning::Unknown),
        receipt(None),
        stand,
        back,
    ];
    assert_eq!(
        told(&receipts, &FleetQuestion::Stopped, None),
        [
            "yes 1 stopped-by-platform: trigger_errors_limit",
            "unknown 4 stopped-unsaid: the platform did not say who stopped it",
            "unknown 5 unknown: whether it runs was not read",
            "unknown 7 unknown: 1 recipe did not run, and who stopped them was not written down",
            "unknown 8 unknown: it was brought back to revision 3, and not read since",
        ]
    );
}

#[test]
fn connections_are_told_by_their_state_and_old_receipts_by_their_number() {
    let seen = |state| {
        receipt(Some(SlimSnapshot {
            connections: vec![SeenConnection {
                id: Some(AssetId(5)),
                name: "ERP".to_owned(),
                folder: FolderPath::home(),
                state,
            }],
            ..snapshot(Vec::new())
        }))
    };
    let counted = MemberReceipt {
        unauthorized: 2,
        ..receipt(None)
    };
    let more = receipt(Some(SlimSnapshot {
        more_missing: 3,
        ..snapshot(Vec::new())
    }));
    let receipts = [
        seen(SeenAuthorization::Authorized),
        seen(SeenAuthorization::Lost),
        seen(SeenAuthorization::NotAuthorized),
        seen(SeenAuthorization::Missing),
        seen(SeenAuthorization::Unknown),
        receipt(None),
        counted,
        more,
    ];
    assert_eq!(
        told(&receipts, &FleetQuestion::Unauthorized, None),
        [
            "yes 2 lost: ",
            "yes 3 not-authorized: ",
            "yes 4 missing: ",
            "yes 7 not-authorized: 2 connections; which ones was not written down",
            "yes 8 not-authorized: 3 connections; which ones was not written down",
            "unknown 5 unknown: whether it is authorised was not read",
        ]
    );
}

#[test]
fn what_was_read_too_long_ago_is_unknown() {
    let lost = receipt(Some(SlimSnapshot {
        more_missing: 1,
        ..snapshot(Vec::new())
    }));
    // Read a day ago; the receipt without a snapshot is two days old.
    let receipts = [lost, receipt(None)];
    let old = "it was read longer ago than counts";
    for (max_age, expected) in [
        (
            None,
            vec!["yes 1 not-authorized: 1 connection; which ones was not written down".to_owned()],
        ),
        (
            Some(DAY),
            vec![
                "yes 1 not-authorized: 1 connection; which ones was not written down".to_owned(),
                format!("unknown 2 unknown: {old}"),
            ],
        ),
        (
            Some(DAY - 1),
            vec![
                format!("unknown 1 unknown: {old}"),
                format!("unknown 2 unknown: {old}"),
            ],
        ),
    ] {
        let told = told(&receipts, &FleetQuestion::Unauthorized, max_age);
        assert_eq!(told, expected, "{max_age:?}");
    }
}

fn connector(whose: SeenWhose, version: Option<u64>, built: Option<(u64, u64)>) -> SeenConnector {
    SeenConnector {
        title: "Parcel Guide".to_owned(),
        internal_name: "parcel_guide_connector_9_1".parse().ok(),
        whose,
        version: version.map(Version),
        built: built.map(|(version, workspace)| BuiltVersion {
            version: Version(version),
            workspace: WorkspaceId(workspace),
        }),
    }
}

/// A customer whose recipe uses an action and a trigger of a connector.
fn using(connector: SeenConnector) -> MemberReceipt {
    let used = SeenUse {
        connector: 0,
        actions: vec!["get_quote".to_owned()],
        triggers: vec!["parcel_lost".to_owned()],
    };
    receipt(Some(SlimSnapshot {
        connectors: vec![connector],
        ..snapshot(vec![recipe(SeenRunning::Running, Some(vec![used]))])
    }))
}

#[test]
fn users_of_a_connector_are_found_by_its_names_and_actions() {
    let receipts = [
        using(connector(SeenWhose::Shared, Some(5), Some((5, 9)))),
        using(SeenConnector {
            title: "Other".to_owned(),
            internal_name: None,
            ..connector(SeenWhose::Own, Some(1), None)
        }),
        receipt(Some(snapshot(vec![recipe(
            SeenRunning::Running,
            Some(Vec::new()),
        )]))),
        receipt(Some(snapshot(vec![recipe(SeenRunning::Running, None)]))),
        receipt(None),
        receipt(Some(snapshot(vec![recipe(
            SeenRunning::Running,
            Some(vec![SeenUse {
                connector: 4,
                actions: Vec::new(),
                triggers: Vec::new(),
            }]),
        )]))),
    ];
    let both = "trigger parcel_lost, action get_quote";
    for (name, action, expected) in [
        ("Parcel Guide", None, Some(both)),
        ("parcel_guide_connector_9_1", None, Some(both)),
        ("Parcel Guide", Some("get_quote"), Some("action get_quote")),
        (
            "Parcel Guide",
            Some("parcel_lost"),
            Some("trigger parcel_lost"),
        ),
        ("Parcel Guide", Some("get_label"), None),
        ("parcel guide", None, None),
    ] {
        let question = FleetQuestion::Uses(UsesQuestion {
            connector: name.to_owned(),
            action: action.map(str::to_owned),
            ..UsesQuestion::default()
        });
        let found = expected.map(|what| format!("yes 1 v5 shared: {what}"));
        let unknown = [
            "unknown 4 unknown: what it uses was not read, or is not what the package has",
            "unknown 5 unknown: what its recipes use was not written down",
            "unknown 6 unknown: which connector it uses was not written down",
        ];
        let expected: Vec<String> = found
            .into_iter()
            .chain(unknown.map(str::to_owned))
            .collect();
        assert_eq!(
            told(&receipts, &question, None),
            expected,
            "{name} {action:?}"
        );
    }
}

#[test]
fn versions_are_compared_where_they_count_and_nowhere_else() {
    let asked = |counted_in| {
        FleetQuestion::Uses(UsesQuestion {
            connector: "Parcel Guide".to_owned(),
            action: Some("get_quote".to_owned()),
            older_than: Some(Version(7)),
            counted_in,
        })
    };
    let receipts = [
        using(connector(SeenWhose::Shared, Some(6), Some((6, 9)))),
        using(connector(SeenWhose::Shared, Some(7), Some((7, 9)))),
        using(connector(SeenWhose::Own, Some(2), Some((5, 9)))),
        using(connector(SeenWhose::Own, Some(2), None)),
        using(connector(SeenWhose::Unknown, None, None)),
        using(connector(SeenWhose::Missing, None, None)),
    ];
    let unknown = [
        "unknown 4 unknown: it runs its own v2, and which version that is where the connector is built was not seen",
        "unknown 5 unknown: which version runs was not seen",
    ];
    let found = [
        "yes 1 v6 shared: action get_quote",
        "yes 3 v5 own: action get_quote",
        unknown[0],
        unknown[1],
    ];
    assert_eq!(told(&receipts, &asked(None), None), found);
    assert_eq!(told(&receipts, &asked(Some(WorkspaceId(9))), None), found);
    let [first, ..] = receipts;
    let receipts = [
        first,
        using(connector(SeenWhose::Own, Some(1), Some((3, 12)))),
    ];
    let several = "versions count by workspace, here by 9 and 12: say one with --counted-in";
    assert_eq!(
        told(&receipts, &asked(None), None),
        [
            format!("unknown 1 unknown: {several}"),
            format!("unknown 2 unknown: {several}")
        ]
    );
    assert_eq!(
        told(&receipts, &asked(Some(WorkspaceId(12))), None),
        [
            "yes 2 v3 own: action get_quote",
            "unknown 1 unknown: it runs v6 of workspace 9, which does not compare with versions of workspace 12",
        ]
    );
}

fn progress(state: MemberState) -> MemberProgress {
    MemberProgress {
        attempt: Attempt(1),
        unanswered: 0,
        state,
        jobs: None,
    }
}

fn ended(outcome: Outcome) -> MemberState {
    MemberState::Ended {
        outcome,
        at: Timestamp(NOW.0 - DAY),
    }
}

fn working(phase: Phase) -> MemberState {
    MemberState::Working {
        runner: RunnerId("r".to_owned()),
        until: NOW,
        phase,
        sent_before: None,
    }
}

/// What is found of one workspace that is in roll-outs in turn.
fn of_member(
    turns: &[(RolloutStatus, MemberState)],
    role: FleetRole,
    question: &FleetQuestion,
) -> Vec<String> {
    let turns: Vec<_> = (turns.iter().enumerate())
        .map(|(number, (status, state))| (rollout(number), *status, progress(state.clone())))
        .collect();
    let members = turns.iter().map(|(id, status, progress)| FleetMember {
        customer: customer(1),
        role,
        rollout: id,
        status: *status,
        number: MemberNumber(1),
        progress,
        why: "",
    });
    let fleet = Fleet {
        now: NOW,
        lines: Vec::new(),
        members: members.collect(),
    };
    listed(&ask(&fleet, question, None))
}

#[test]
fn who_was_reached_once_is_reached_and_who_got_something_is_unknown() {
    use Outcome::{Applied, Failed, Held, Partly, Same, Skipped};
    use RolloutStatus::{Aborted, Done, Running};
    for (turns, expected) in [
        (vec![(Running, MemberState::Waiting)], "yes 1 waiting: "),
        (
            vec![(Aborted, MemberState::Waiting)],
            "yes 1 waiting: the roll-out is aborted",
        ),
        (vec![(Running, working(Phase::Looking))], "yes 1 working: "),
        (
            vec![(Running, working(Phase::Sending))],
            "unknown 1 working: ",
        ),
        (vec![(Done, ended(Held))], "yes 1 held: "),
        (vec![(Done, ended(Failed))], "yes 1 failed: "),
        (vec![(Done, ended(Skipped))], "yes 1 skipped: "),
        (vec![(Done, ended(Partly))], "unknown 1 partly: "),
        (vec![(Done, ended(Applied))], ""),
        (vec![(Done, ended(Same))], ""),
        (vec![(Done, ended(Applied)), (Done, ended(Held))], ""),
        (
            vec![(Done, ended(Partly)), (Done, ended(Held))],
            "unknown 1 partly: ",
        ),
        (
            vec![(Done, ended(Failed)), (Running, MemberState::Waiting)],
            "yes 1 waiting: ",
        ),
    ] {
        let told = of_member(&turns, FleetRole::Customer, &FleetQuestion::Unreached);
        assert_eq!(told.join("|"), expected, "{turns:?}");
        let admin = of_member(&turns, FleetRole::Admin, &FleetQuestion::Unreached);
        assert_eq!(admin, Vec::<String>::new(), "no customer: {turns:?}");
    }
}

#[test]
fn the_newest_roll_out_says_who_waits_for_a_person() {
    use Outcome::{Applied, Failed, Held, Partly, Skipped};
    use RolloutStatus::{Aborted, Done, Running, Superseded};
    for (turns, expected) in [
        (vec![(Running, ended(Held))], "yes 1 held: "),
        (vec![(Running, ended(Failed))], "yes 1 failed: "),
        (vec![(Done, ended(Partly))], "yes 1 partly: "),
        (
            vec![(Aborted, ended(Partly))],
            "yes 1 partly: the roll-out is aborted",
        ),
        (vec![(Aborted, ended(Held))], ""),
        (vec![(Superseded, ended(Held))], ""),
        (vec![(Running, MemberState::Waiting)], ""),
        (vec![(Running, working(Phase::Sending))], ""),
        (vec![(Done, ended(Applied))], ""),
        (vec![(Done, ended(Skipped))], ""),
        (vec![(Done, ended(Failed)), (Done, ended(Applied))], ""),
        (
            vec![(Done, ended(Applied)), (Done, ended(Failed))],
            "yes 1 failed: ",
        ),
    ] {
        for role in [FleetRole::Customer, FleetRole::Admin] {
            let told = of_member(&turns, role, &FleetQuestion::Waiting);
            assert_eq!(told.join("|"), expected, "{turns:?}");
        }
    }
}

#[test]
fn customers_of_whom_nothing_was_written_down_are_unknown() {
    let held = [(RolloutStatus::Done, ended(Outcome::Held))];
    for question in [FleetQuestion::Unauthorized, FleetQuestion::Stopped] {
        assert_eq!(
            of_member(&held, FleetRole::Customer, &question),
            ["unknown 1 unknown: no roll-out has left anything there"]
        );
        assert!(of_member(&held, FleetRole::Admin, &question).is_empty());
    }
}

#[test]
fn how_long_ago_is_told_in_the_largest_unit() {
    for (seconds, expected) in [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3_599, "59m"),
        (3_600, "1h"),
        (DAY - 1, "23h"),
        (40 * DAY, "40d"),
    ] {
        assert_eq!(ago(seconds), expected);
    }
}

/// Who tries a connector before others is in a roll-out once for each step.
#[test]
fn of_the_steps_of_one_roll_out_the_last_that_ended_tells_who_waits() {
    use Outcome::{Applied, Held};
    let id = rollout(0);
    for (steps, expected) in [
        (vec![ended(Applied), ended(Held), MemberState::Waiting], 1),
        (vec![ended(Applied), MemberState::Waiting], 0),
        (vec![ended(Held), ended(Applied)], 0),
    ] {
        let steps: Vec<_> = steps.into_iter().map(progress).collect();
        let members = (1..).zip(&steps).map(|(number, progress)| FleetMember {
            customer: customer(1),
            role: FleetRole::Customer,
            rollout: &id,
            status: RolloutStatus::Running,
            number: MemberNumber(number),
            progress,
            why: "",
        });
        let fleet = Fleet {
            now: NOW,
            lines: Vec::new(),
            members: members.collect(),
        };
        let found = ask(&fleet, &FleetQuestion::Waiting, None);
        assert_eq!(found.matched.len(), expected);
    }
}
