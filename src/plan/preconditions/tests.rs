use super::*;
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;

const OWN: &str = "ledger_sync_connector_7_1";
const UNRELEASED: &str = "drafts_connector_7_2";
const SHARED: &str = "parcel_tracker_connector_1_1";
const UNSHARED: &str = "route_planner_connector_1_2";
const CLOSED: &str = "vault_connector_1_3";
const MISSING: &str = "gone_connector_9_9";

/// A recipe's JSON: for each application its connection's name, or none.
fn recipe(config: &[(&str, Option<&str>)]) -> Facts {
    let config = config.iter().map(|(provider, account)| {
        let account = account.map(|name| {
            serde_json::json!({"zip_name": format!("{name}.connection.json"), "name": name, "folder": ""})
        });
        serde_json::json!({"keyword": "application", "provider": provider, "account_id": account})
    });
    let json = serde_json::json!({"name": "R", "config": config.collect::<Vec<_>>()});
    Scanner::default()
        .scan(&AssetKind::Recipe, json.to_string().as_bytes())
        .expect("a recipe")
}

fn body(bindings: &[Binding], providers: &[&str]) -> Body {
    Body {
        files: Default::default(),
        origin: Digest::of(b""),
        renames: BTreeMap::new(),
        bindings: bindings.into(),
        providers: providers.iter().map(ToString::to_string).collect(),
    }
}

fn title(text: &str) -> ConnectorTitle {
    text.parse().expect("a title")
}

fn told(config: &[(&str, Option<&str>)], bindings: &[Binding], providers: &[&str]) -> Vec<String> {
    let catalogue = Catalogue::parse(
        format!(
            r#"[{{"name":"{SHARED}","title":"Parcel Tracker","oem_shared_version":6}},
                {{"name":"{UNSHARED}","title":"Route Planner","oem_shared_version":null}},
                {{"name":"{CLOSED}","title":"Vault","oem_shared_version":1,"visibility":"closed","data_center":"eu"}}]"#
        )
        .as_bytes(),
    )
    .expect("a catalogue");
    let (ledger, drafts) = (title("Ledger Sync"), title("Drafts"));
    let connection = |name, application, authorization| ConnectionState {
        name,
        application,
        authorization,
    };
    let us: DataCenter = "us".parse().expect("a data center");
    let around = StartContext {
        connections: BTreeMap::from([
            (
                AssetId(1),
                connection("Mailbox", Some("gmail"), Authorization::Authorized),
            ),
            (
                AssetId(2),
                connection("Desk", Some("zendesk"), Authorization::Placeholder),
            ),
            (
                AssetId(3),
                connection("Ledger", Some(OWN), Authorization::Authorized),
            ),
            (
                AssetId(4),
                connection("Odd", None, Authorization::Authorized),
            ),
            (
                AssetId(5),
                connection("Parcels", Some(SHARED), Authorization::Placeholder),
            ),
        ]),
        connectors: BTreeMap::from([
            (
                OWN,
                ConnectorState {
                    title: &ledger,
                    released: Some(Version(2)),
                },
            ),
            (
                UNRELEASED,
                ConnectorState {
                    title: &drafts,
                    released: None,
                },
            ),
        ]),
        shared: Some(&catalogue),
        data_center: Some(&us),
    };
    obstacles(&body(bindings, providers), &recipe(config), &around)
        .iter()
        .map(|obstacle| format!("{}: {obstacle}", obstacle.code()))
        .collect()
}

#[test]
fn each_obstacle_is_told_and_nothing_else() {
    let to = |id| Binding::Asset(AssetId(id));
    type Row<'a> = (
        &'a str,
        &'a [(&'a str, Option<&'a str>)],
        &'a [Binding],
        &'a [&'a str],
        &'a [&'a str],
    );
    let rows: &[Row<'_>] = &[
        ("nothing is needed", &[], &[], &[], &[]),
        (
            "built-in without connection",
            &[("clock", None)],
            &[],
            &[],
            &[],
        ),
        (
            "authorised",
            &[("gmail", Some("Mailbox"))],
            &[to(1)],
            &[],
            &[],
        ),
        (
            "not authorised",
            &[("zendesk", Some("Desk"))],
            &[to(2)],
            &[],
            &["connection-not-authorized: its connection \"Desk\" is not authorized"],
        ),
        (
            "bound to nothing",
            &[("gmail", Some("Lost"))],
            &[Binding::Nothing],
            &[],
            &["no-connection: its connection \"Lost\" for `gmail` is not in the workspace"],
        ),
        (
            "bound to what is gone",
            &[("gmail", Some("Lost"))],
            &[to(99)],
            &[],
            &["no-connection: its connection \"Lost\" for `gmail` is not in the workspace"],
        ),
        (
            "not bound at all",
            &[("gmail", Some("Lost"))],
            &[],
            &[],
            &["no-connection: its connection \"Lost\" for `gmail` is not in the workspace"],
        ),
        (
            "another application",
            &[("gmail", Some("Desk"))],
            &[to(2)],
            &[],
            &[
                "other-application: its connection \"Desk\" is for `zendesk`, and its steps use `gmail`",
            ],
        ),
        (
            "no application",
            &[("gmail", Some("Odd"))],
            &[to(4)],
            &[],
            &[
                "other-application: its connection \"Odd\" is for no application, and its steps use `gmail`",
            ],
        ),
        (
            "own connector",
            &[(OWN, Some("Ledger"))],
            &[to(3)],
            &[OWN],
            &[],
        ),
        (
            "own connector without connection",
            &[(OWN, None)],
            &[],
            &[OWN],
            &[],
        ),
        (
            "never released",
            &[(UNRELEASED, None)],
            &[],
            &[UNRELEASED],
            &["not-released: its connector \"Drafts\" has no released version"],
        ),
        (
            "shared, connection not authorised",
            &[(SHARED, Some("Parcels"))],
            &[to(5)],
            &[SHARED],
            &["connection-not-authorized: its connection \"Parcels\" is not authorized"],
        ),
        (
            "not shared any more",
            &[(UNSHARED, None)],
            &[],
            &[],
            &["not-shared: its connector \"Route Planner\" is not shared with the workspace"],
        ),
        (
            "closed source elsewhere",
            &[(CLOSED, None)],
            &[],
            &[],
            &["out-of-reach: its connector \"Vault\" is shared closed-source in eu only"],
        ),
        (
            "named by the body only",
            &[],
            &[],
            &[MISSING],
            &["no-connector: its connector `gone_connector_9_9` is not in the workspace"],
        ),
        (
            "all at once, each once, in the order of the applications",
            &[
                (MISSING, Some("Gone")),
                ("zendesk", Some("Desk")),
                ("zendesk", Some("Desk")),
                ("gmail", Some("Mailbox")),
            ],
            &[Binding::Nothing, to(2), to(2), to(1)],
            &[MISSING, UNRELEASED],
            &[
                "no-connector: its connector `gone_connector_9_9` is not in the workspace",
                "no-connection: its connection \"Gone\" for `gone_connector_9_9` is not in the workspace",
                "connection-not-authorized: its connection \"Desk\" is not authorized",
                "not-released: its connector \"Drafts\" has no released version",
            ],
        ),
    ];
    for (what, config, bindings, providers, expected) in rows {
        assert_eq!(told(config, bindings, providers), *expected, "{what}");
    }
}

#[test]
fn each_obstacle_says_what_to_do() {
    let within = "--in local:acme";
    for (obstacle, command) in [
        (
            Blocker::NotAuthorized {
                id: AssetId(4),
                name: "Parcel desk".to_owned(),
            },
            "recipack connection authorize 'Parcel desk' --in local:acme",
        ),
        (
            Blocker::NotAuthorized {
                id: AssetId(4),
                name: "17".to_owned(),
            },
            "recipack connection authorize 4 --in local:acme",
        ),
        (
            Blocker::NotReleased {
                title: title("Ledger Sync"),
            },
            "recipack connector release 'Ledger Sync' --in local:acme",
        ),
    ] {
        assert_eq!(obstacle.help(within), command);
    }
    let lists = Blocker::NoConnector {
        name: MISSING.to_owned(),
    }
    .help(within);
    assert!(
        lists.ends_with("recipack connector list --in local:acme"),
        "{lists}"
    );
}

#[test]
fn surroundings_are_made_of_what_is_held() {
    use crate::model::workspace::{AssetKey, AssetPlace, HeldState};
    let asset = |id, kind, state, providers: &[&str]| WorkspaceAsset {
        id: AssetId(id),
        key: AssetKey {
            place: AssetPlace::Workspace,
            kind,
            name: "A".into(),
            twin: 0,
        },
        version: Version(1),
        body: body(&[], providers),
        state,
    };
    let assets = [
        asset(
            1,
            AssetKind::Connection,
            HeldState::Connection(Authorization::Placeholder),
            &["gmail"],
        ),
        asset(2, AssetKind::Topic, HeldState::Plain, &[]),
    ];
    let connectors = [WorkspaceConnector {
        known: crate::model::workspace::VersionsKnown::All,
        id: crate::model::workspace::ConnectorId(1),
        title: title("Ledger Sync"),
        internal_name: OWN.parse().expect("a name"),
        released: Some(Version(3)),
        versions: Vec::new(),
    }];
    let around = StartContext::of(&assets, &connectors);
    assert_eq!(around.connections.len(), 1);
    assert_eq!(around.connections[&AssetId(1)].application, Some("gmail"));
    assert_eq!(around.connectors[OWN].released, Some(Version(3)));
}
