//! Some customers try a connector before all get it.

use super::*;
use crate::model::ident::Version;
use crate::plan::export::canary::{CanaryConnection, CanaryNames};
use crate::plan::rollout::canary::{CanaryRequest, PlannedCanary};
use crate::settings::{
    Filled, FilledConnection, Origin, RecipeWish, ResolvedSettings, Said, Scope, UsedConnection,
};

fn package(name: &str) -> RolloutPackage {
    let digest = Digest::of(name.as_bytes());
    RolloutPackage {
        name: name.parse().expect("a name"),
        path: format!("{name}.zip"),
        digest,
        contents: digest,
        size: 1,
        record: None,
    }
}

fn tried() -> PlannedCanary {
    let title = "Parcel".parse().expect("a title");
    let shared = "parcel_connector_1_2".parse().expect("a name");
    PlannedCanary {
        ring: "ring=first".parse().expect("a label"),
        names: CanaryNames::of(&title, &shared).expect("names"),
        from: Version(1),
        version: Version(2),
        connectors: vec![package("p-canary-connector")],
        packages: vec![package("p-canary")],
        connections: vec![CanaryConnection {
            path: "Desk/p.connection.json".parse().expect("safe"),
            name: "P".to_owned(),
            canary: "P (canary)".to_owned(),
        }],
        needs: Vec::new(),
        left: Vec::new(),
    }
}

fn asked() -> RolloutRequest {
    RolloutRequest {
        packages: vec![package("p")],
        canary: Some(CanaryRequest {
            planned: tried(),
            change: ChangedConnectors {
                when: ConnectorsWhen::After,
                workspace: WorkspaceId(100),
                name: "studio".to_owned(),
                changes: Vec::new(),
            },
        }),
        jobs: Some(gate::GATE),
        ..request("1")
    }
}

/// The ring gets the connector, tries it, and gets the packages once it is shared; then the others do.
#[test]
fn the_ring_tries_it_before_it_is_shared_and_goes_back_then() {
    let customers = vec![
        customer(1, &[], false),
        customer(2, &["ring=first"], false),
        customer(3, &["ring=first"], false),
        customer(4, &["ring=first"], true),
        customer(5, &[], false),
    ];
    let plan = RolloutPlan::of(asked(), customers).expect("a plan");
    let members = plan.members.iter().map(|member| {
        let packages = plan.packages_of(member);
        let packages: Vec<String> = packages.map(|(_, one)| one.name.to_string()).collect();
        (member.wave.0, member.workspace.0, packages.join(" "))
    });
    let members: Vec<(u32, u64, String)> = members.collect();
    let expected = [
        (1, 2, "p-canary-connector"),
        (1, 3, "p-canary-connector"),
        (2, 2, "p-canary"),
        (2, 3, "p-canary"),
        (3, 100, "p"),
        (4, 2, "p"),
        (4, 3, "p"),
        (5, 1, "p"),
        (6, 5, "p"),
        // Who is held tries nothing.
        (6, 4, "p"),
    ];
    let expected = expected.map(|(wave, workspace, package)| (wave, workspace, package.to_owned()));
    assert_eq!(members, expected);
    assert_eq!(
        plan.connectors.as_ref().map(|it| it.member),
        Some(MemberNumber(5))
    );
    assert_eq!(plan.customers(), 5);
    let bakes: Vec<u64> = plan.waves.iter().map(|wave| wave.bake).collect();
    assert_eq!(bakes, [0, 60, 60, 60, 60, 0]);
    let shape = plan.shape();
    let passed: Vec<bool> = shape
        .waves
        .iter()
        .map(|wave| wave.passed == Passed::OnceReached)
        .collect();
    assert_eq!(passed, [true, true, true, false, false, false]);
    // No recipe is brought with the connector, nor where it is shared.
    let gated: Vec<bool> = shape.waves.iter().map(|wave| wave.jobs.is_some()).collect();
    assert_eq!(gated, [false, true, false, true, true, true]);
    let stays: Vec<bool> = plan
        .members
        .iter()
        .map(|member| !plan.stays(member).is_empty())
        .collect();
    assert_eq!(stays.iter().filter(|stays| **stays).count(), 2);
    assert!(stays[5] && stays[6]);
    let sealed = plan.sealed().expect("it can be written");
    let text = serde_json::to_vec(&sealed).expect("it can be written");
    assert_eq!(
        RolloutPlan::parse(&text).expect("it is one").canary,
        Some(tried())
    );
}

#[test]
fn somebody_has_to_try_it() {
    let why = |customers: Vec<Candidate>| match RolloutPlan::of(asked(), customers) {
        Err(RolloutError::NoRing { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        why(vec![customer(1, &[], false)]),
        "no customer has this label"
    );
    let held = vec![customer(1, &[], false), customer(2, &["ring=first"], true)];
    assert_eq!(
        why(held),
        "each customer with this label is held: it moves house"
    );
    // The ring alone is enough.
    let ring = vec![customer(2, &["ring=first"], false)];
    let plan = RolloutPlan::of(asked(), ring).expect("a plan");
    assert_eq!(plan.waves.len(), 4);
    assert_eq!(plan.customers(), 1);
}

/// Who tries it and is held for some time keeps what is shared from changing, whoever else tried it.
#[test]
fn a_freeze_of_the_ring_is_waited_for() {
    let now = Timestamp(12);
    let mut shape = shape_with_a_ring();
    shape.frozen = BTreeMap::from([(1, Timestamp(11)..Timestamp(13))]);
    let mut progress = Progress::new([false; 3], Timestamp(1));
    progress.members[0].state = MemberState::Ended {
        outcome: Outcome::Applied,
        at: Timestamp(2),
    };
    let waits = Next::Wait {
        until: Timestamp(13),
        why: WaitsFor::Freeze,
    };
    assert_eq!(next(&shape, &progress, now), waits);
    assert_eq!(
        next(&shape, &progress, Timestamp(13)),
        Next::Claim(MemberNumber(2))
    );
}

#[test]
fn settings_of_a_connection_hold_for_the_one_that_is_tried() {
    let at = Origin {
        file: "settings.toml".to_owned(),
        line: 3,
        scope: Scope::All,
    };
    let said = |value: FilledConnection| Said {
        value,
        at: at.clone(),
    };
    let fields = || FilledConnection::Fields(BTreeMap::<String, Filled>::new());
    let settings = |connections: Vec<(&str, FilledConnection)>| ResolvedSettings {
        connections: connections
            .into_iter()
            .map(|(name, value)| (name.to_owned(), said(value)))
            .collect(),
        recipes: BTreeMap::from([(
            "*".to_owned(),
            Said {
                value: RecipeWish::Start,
                at: at.clone(),
            },
        )]),
        ..ResolvedSettings::default()
    };
    let used = || FilledConnection::Use(UsedConnection::Named("Other".to_owned()));
    let canary = tried();
    let settled = |brings, connections| {
        let mut settings = settings(connections);
        canary.settle(brings, &mut settings)?;
        let names: Vec<String> = settings.connections.into_keys().collect();
        Ok::<_, String>((names.join(", "), settings.recipes.len()))
    };
    let all = || {
        vec![
            ("Desk/P", fields()),
            ("Q", fields()),
            ("P (canary)", fields()),
        ]
    };
    let of = |names: &str, recipes| Ok((names.to_owned(), recipes));
    assert_eq!(settled(Brings::Packages, all()), of("Desk/P, Q", 1));
    let some = || vec![("Desk/P", fields()), ("Q", fields())];
    assert_eq!(
        settled(Brings::CanaryPackages, some()),
        of("Desk/P (canary), Q", 1)
    );
    assert_eq!(
        settled(Brings::CanaryConnector, some()),
        of("Desk/P (canary)", 0)
    );
    // Another connection is the shared connector's, unless it is said for the one that is tried.
    let other = settled(Brings::CanaryPackages, vec![("P", used())]);
    assert!(other.is_err_and(|why| why.contains("in place of \"P (canary)\"")));
    let both = vec![("P", used()), ("P (canary)", used())];
    assert_eq!(settled(Brings::CanaryPackages, both), of("P (canary)", 1));
}
