use std::collections::{BTreeMap, BTreeSet};
use thin_vec::thin_vec;

use super::consequences::{Consequence, InterfaceUnknown, Known};
use super::*;
use crate::connector_source::Interface;
use crate::model::facts::{Detail, Facts, RecipeFacts};
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::reference::{ActionKind, ActionUse, Activity, Step as RecipeStep};
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Counters, CustomerFacts, CustomerUse, FolderPath, HeldVersion,
    RecipeState, RecipeUse, RevisionNumber, WorkspaceFacts, WorkspaceId, WorkspaceKind,
};

const NAME: &str = "depot_connector_1_1";

fn sharing(version: u64, visibility: Visibility) -> Sharing {
    Sharing {
        version: Version(version),
        visibility,
    }
}

/// Three versions, of which the first two are released.
fn connector(id: u64, title: &str, name: &str) -> WorkspaceConnector {
    let version = |number: u64, released_at: Option<Timestamp>| HeldVersion {
        number: Version(number),
        note: None,
        json: None,
        code: None,
        logo: None,
        source_version: None,
        source_workspace: None,
        created_at: Timestamp(0),
        released_at,
    };
    WorkspaceConnector {
        known: crate::model::workspace::VersionsKnown::All,
        id: ConnectorId(id),
        title: title.parse().expect("a title"),
        internal_name: name.parse().expect("a name"),
        released: Some(Version(2)),
        versions: vec![
            version(1, Some(Timestamp(1))),
            version(2, Some(Timestamp(2))),
            version(3, None),
        ],
    }
}

fn customer(id: u64, name: &str, data_center: &str) -> CustomerFacts {
    CustomerFacts {
        address: crate::model::workspace::Address::Local(name.parse().expect("a name")),
        id: WorkspaceId(id),
        name: name.parse().expect("a name"),
        data_center: data_center.parse().expect("a data center"),
    }
}

fn using(customer: usize, id: u64, state: RecipeState) -> CustomerUse {
    CustomerUse {
        customer,
        recipe: RecipeUse {
            id: AssetId(id),
            key: AssetKey {
                place: AssetPlace::Folder(FolderPath::home()),
                kind: AssetKind::Recipe,
                name: format!("R{id}").into(),
                twin: 0,
            },
            state,
        },
        content: Some(Digest::of(b"R")),
    }
}

/// An admin workspace in `us` with customers there and in `eu`; one recipe runs in each.
fn partnership(shared: Option<Sharing>, closed_source: ClosedSource) -> Partnership {
    let users = vec![
        using(0, 7, RecipeState::Running),
        using(0, 8, RecipeState::Stopped),
        using(1, 7, RecipeState::Running),
    ];
    Partnership {
        unsaid: BTreeSet::new(),
        tells: crate::model::workspace::SharingTold::Visibility,
        workspace: WorkspaceFacts {
            id: WorkspaceId(1),
            name: "studio".parse().expect("a name"),
            kind: WorkspaceKind::Admin,
            data_center: "us".parse().expect("a data center"),
            external_id: None,
            admin: None,
            state: Digest::of(b"studio"),
            revision: RevisionNumber(0),
            next: Counters {
                asset: AssetId(1),
                connector: ConnectorId(3),
            },
        },
        closed_source,
        connectors: vec![
            connector(1, "Depot", NAME),
            connector(2, "Vault", "vault_connector_1_2"),
        ],
        shares: shared
            .map(|shared| (ConnectorId(1), shared))
            .into_iter()
            .collect(),
        customers: vec![customer(10, "acme", "us"), customer(11, "far", "eu")],
        customers_state: Digest::of(b"customers"),
        users: BTreeMap::from([(NAME.parse().expect("a name"), users)]),
    }
}

#[test]
fn every_wish_is_fulfilled_or_refused() {
    use ClosedSource::{Allowed, NotAllowed};
    use Visibility::{Closed, Open};
    let share = |version: Option<u64>, visibility| Wish::Share {
        version: version.map(Version),
        visibility,
    };
    let one = Some(sharing(1, Open));
    let two = Some(sharing(2, Open));
    let hidden = Some(sharing(1, Closed));
    for (shared, allowed, wish, means) in [
        (None, NotAllowed, share(None, Open), "share v2 open"),
        (None, NotAllowed, share(Some(1), Open), "share v1 open"),
        (
            None,
            NotAllowed,
            share(Some(3), Open),
            "v3 of the connector \"Depot\" is not released",
        ),
        (
            None,
            NotAllowed,
            share(Some(4), Open),
            "v4 of the connector \"Depot\" is not there",
        ),
        (
            None,
            NotAllowed,
            share(Some(1), Closed),
            "the connector \"Depot\" can't be shared closed-source: the admin workspace may not",
        ),
        (None, Allowed, share(Some(1), Closed), "share v1 closed"),
        (one, NotAllowed, share(Some(1), Open), "keep v1 open"),
        (
            one,
            NotAllowed,
            share(None, Open),
            "the connector \"Depot\" is shared already, in v1",
        ),
        (one, Allowed, share(Some(1), Closed), "visibility v1 closed"),
        (
            hidden,
            NotAllowed,
            share(Some(1), Open),
            "visibility v1 open",
        ),
        (one, NotAllowed, Wish::Update, "update v2 open"),
        (hidden, NotAllowed, Wish::Update, "update v2 closed"),
        (two, NotAllowed, Wish::Update, "keep v2 open"),
        (
            None,
            NotAllowed,
            Wish::Update,
            "the connector \"Depot\" is not shared",
        ),
        (two, NotAllowed, Wish::Switch(Version(1)), "switch v1 open"),
        (one, NotAllowed, Wish::Switch(Version(2)), "update v2 open"),
        (
            one,
            NotAllowed,
            Wish::Switch(Version(3)),
            "v3 of the connector \"Depot\" is not released",
        ),
        (
            None,
            NotAllowed,
            Wish::Switch(Version(1)),
            "the connector \"Depot\" is not shared",
        ),
        (one, NotAllowed, Wish::Remove, "remove"),
        (
            None,
            NotAllowed,
            Wish::Remove,
            "the connector \"Depot\" is not shared",
        ),
    ] {
        let partnership = partnership(shared, allowed);
        let depot = &partnership.connectors[0];
        let told = match fulfil(&partnership, depot, wish) {
            Err(error) => error.to_string(),
            Ok(after) => {
                let step = step(&partnership, depot, after);
                let after = after.map_or_else(String::new, |after| {
                    format!(" {} {}", after.version, after.visibility)
                });
                let changes =
                    commit(&partnership, std::slice::from_ref(&step), Timestamp(9)).changes;
                assert_eq!(changes.is_empty(), step.action == StepAction::Keep);
                format!("{}{after}", step.action)
            }
        };
        assert_eq!(told, means, "{shared:?} {wish:?}");
    }
}

/// What a step means for the customers: what each runs before and after, who would lose it, and
/// whose running recipes would move.
#[test]
fn each_step_has_its_consequences() {
    use Visibility::{Closed, Open};
    for (before, after, told) in [
        (
            None,
            Some((1, Open)),
            "reaches 2; acme -→v1 far -→v1; lose 0, move 0",
        ),
        (
            None,
            Some((1, Closed)),
            "reaches 1; acme -→v1 far -→-; lose 0, move 0",
        ),
        (
            Some((1, Open)),
            Some((2, Open)),
            "reaches 2; acme v1→v2 far v1→v2; lose 0, move 2",
        ),
        (
            Some((1, Closed)),
            Some((2, Closed)),
            "reaches 1; acme v1→v2 far -→-; lose 0, move 1",
        ),
        (
            Some((1, Open)),
            Some((1, Closed)),
            "reaches 1; acme v1→v1 far v1→-; lose 1, move 0",
        ),
        (
            Some((1, Open)),
            Some((2, Closed)),
            "reaches 1; acme v1→v2 far v1→-; lose 1, move 1",
        ),
        (
            Some((1, Closed)),
            Some((1, Open)),
            "reaches 2; acme v1→v1 far -→v1; lose 0, move 0",
        ),
        (
            Some((1, Open)),
            None,
            "reaches 0; acme v1→- far v1→-; lose 2, move 0",
        ),
        (
            Some((1, Closed)),
            None,
            "reaches 0; acme v1→- far -→-; lose 1, move 0",
        ),
    ] {
        let of = |said: Option<(u64, Visibility)>| said.map(|(n, how)| sharing(n, how));
        let partnership = partnership(of(before), ClosedSource::Allowed);
        let step = step(&partnership, &partnership.connectors[0], of(after));
        let unknown = |_: &InternalName, _: Version| Err(InterfaceUnknown::NoCode);
        let known = Known {
            interfaces: &unknown,
            recipes: &BTreeMap::new(),
        };
        let consequence = Consequence::of(&partnership, &step, &known);
        let version = |version: Option<Version>| {
            version.map_or_else(|| "-".to_owned(), |version| version.to_string())
        };
        let customers: Vec<String> = consequence
            .customers
            .iter()
            .map(|affected| {
                format!(
                    "{} {}→{}",
                    affected.customer.local().expect("a local one"),
                    version(affected.before),
                    version(affected.after)
                )
            })
            .collect();
        let count = |using: Vec<consequences::InUse<'_>>| -> usize {
            using.iter().map(|using| using.recipes.len()).sum()
        };
        assert_eq!(
            format!(
                "reaches {}; {}; lose {}, move {}",
                consequence.reaches,
                customers.join(" "),
                count(consequence.in_use()),
                count(consequence.moves())
            ),
            told
        );
    }
}

fn uses(kind: ActionKind, name: &str, activity: Activity) -> ActionUse {
    ActionUse {
        provider: NAME.into(),
        name: name.into(),
        kind,
        step: RecipeStep {
            number: 2,
            activity,
        },
        offset: 0,
    }
}

#[test]
fn recipes_miss_what_the_other_version_lacks() {
    let interface = |text: &str| Interface::read(text.as_bytes()).expect("an interface");
    let one = interface(
        "{ actions: { send: { input_fields: lambda { [{ name: \"a\" }] } }, drop: {}, keep: {} } }",
    );
    let two = interface(
        "{ actions: { send: { input_fields: lambda { [{ name: \"a\" }, { name: \"b\", optional: false }] } }, keep: {} } }",
    );
    let hides = interface("{ actions: { keep: {} }.merge(call(:more)) }");
    let facts = Facts {
        detail: Detail::Recipe(RecipeFacts {
            actions: thin_vec![
                uses(ActionKind::Action, "send", Activity::Active),
                uses(ActionKind::Action, "drop", Activity::Active),
                uses(ActionKind::Action, "keep", Activity::Active),
                uses(ActionKind::Action, "gone", Activity::Skipped),
            ],
            ..RecipeFacts::default()
        }),
        ..Facts::default()
    };
    let recipes = BTreeMap::from([(Digest::of(b"R"), facts)]);
    let told = |before: Option<&Interface>, after: &Interface| {
        let shared = sharing(1, Visibility::Open);
        let partnership = partnership(Some(shared), ClosedSource::NotAllowed);
        let depot = &partnership.connectors[0];
        let step = step(&partnership, depot, Some(sharing(2, Visibility::Open)));
        let interfaces = |_: &InternalName, version: Version| match (version, before) {
            (Version(1), Some(before)) => Ok(before),
            (Version(1), None) => Err(InterfaceUnknown::NoCode),
            _ => Ok(after),
        };
        let known = Known {
            interfaces: &interfaces,
            recipes: &recipes,
        };
        let consequence = Consequence::of(&partnership, &step, &known);
        let misses = &consequence.customers[0].recipes[0].misses;
        misses
            .iter()
            .map(|missed| {
                format!(
                    "{} {}: {}; ",
                    missed.name,
                    missed.verdict,
                    missed.because.join(", ")
                )
            })
            .collect::<String>()
    };
    assert_eq!(
        told(Some(&one), &two),
        "drop breaking: is not there; send breaking: input field `b` is new, and required; "
    );
    assert_eq!(told(None, &two), "drop breaking: is not there; ");
    assert_eq!(told(Some(&one), &one), "");
    let hidden = told(Some(&one), &hides);
    assert!(
        hidden.starts_with("drop cant_tell: may not be there: "),
        "{hidden}"
    );
}
