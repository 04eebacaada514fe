use std::convert::Infallible;

use super::*;
use crate::model::catalogue::{Catalogue, CatalogueEntry, SharedVersion, Visibility};
use crate::model::ident::InternalName;
use crate::model::workspace::{
    AssetKey, Body, Counters, HeldState, HeldVersion, Logo, RevisionNumber, StoredFile, Timestamp,
    WorkspaceFacts, WorkspaceId, WorkspaceKind,
};

const OWN: &str = "parcel_connector_7_1";
const SHARED: &str = "fyle_connector_1_1";
const UNKNOWN: &str = "other_connector_1_1";

/// A customer's workspace with an own connector (release 2 of 3), and a shared one.
fn inventory() -> Inventory {
    let shared = CatalogueEntry {
        title: "Fyle".parse().expect("a title"),
        internal_name: SHARED.parse().expect("a name"),
        shared_version: SharedVersion::At(Version(4)),
        latest_released: Some(Version(4)),
        released_versions: vec![Version(4)],
        visibility: Visibility::Open,
        data_center: None,
    };
    Inventory {
        reading: crate::model::workspace::ReadDepth::Full,
        workspace: WorkspaceFacts {
            id: WorkspaceId(7),
            name: "acme".parse().expect("a name"),
            kind: WorkspaceKind::Customer,
            data_center: "us".parse().expect("a data center"),
            external_id: None,
            admin: None,
            state: Digest::of(b""),
            revision: RevisionNumber(0),
            next: Counters {
                asset: AssetId(100),
                connector: ConnectorId(100),
            },
        },
        folders: BTreeSet::new(),
        assets: Vec::new(),
        connectors: vec![connector(1, "Parcel & Co", OWN)],
        shared: Some(Catalogue::from_entries(Digest::of(b""), vec![shared]).expect("a catalogue")),
    }
}

fn connector(id: u64, title: &str, name: &str) -> WorkspaceConnector {
    let version = |number| HeldVersion {
        number: Version(number),
        note: (number == 2).then(|| "fixed \"it\"".to_owned()),
        json: Some(Digest::of(b"json")),
        code: Some(Digest::of(b"code")),
        logo: Some(Logo {
            extension: "png".to_owned(),
            content: Digest::of(b"logo"),
        }),
        source_version: None,
        source_workspace: None,
        created_at: Timestamp(0),
        released_at: None,
    };
    WorkspaceConnector {
        known: crate::model::workspace::VersionsKnown::All,
        id: ConnectorId(id),
        title: title.parse().expect("a title"),
        internal_name: name.parse::<InternalName>().expect("a name"),
        released: Some(Version(2)),
        versions: (1..=3).map(version).collect(),
    }
}

/// An asset at `folder/name.type`, or `*name.type` in no folder.
fn held(id: u64, at: &str, bindings: &[Binding], providers: &[&str]) -> WorkspaceAsset {
    let (path, kind) = at.rsplit_once('.').expect("a type");
    let (place, name) = match (path.strip_prefix('*'), path.rsplit_once('/')) {
        (Some(name), _) => (AssetPlace::Workspace, name),
        (None, Some((folder, name))) => {
            (AssetPlace::Folder(folder.parse().expect("a folder")), name)
        }
        (None, None) => (AssetPlace::Folder(FolderPath::home()), path),
    };
    let kind = AssetKind::from_word(kind);
    WorkspaceAsset {
        id: AssetId(id),
        version: Version(5),
        state: HeldState::of_new(&kind),
        key: AssetKey {
            place,
            kind,
            name: name.into(),
            twin: 0,
        },
        body: Body {
            files: vec![StoredFile {
                extension: "json".to_owned(),
                content: Digest::of(at.as_bytes()),
                size: 2,
            }]
            .into(),
            origin: Digest::of(at.as_bytes()),
            renames: BTreeMap::new(),
            bindings: bindings.into(),
            providers: providers.iter().map(ToString::to_string).collect(),
        },
    }
}

fn request(folder: &str) -> DepartureRequest {
    DepartureRequest {
        folder: folder.parse().expect("a folder"),
        rows: Rows::LeftOut,
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    }
}

fn plan(inventory: &Inventory, request: &DepartureRequest) -> WorkspaceExportPlan {
    let nothing = |_: &WorkspaceAsset| Ok::<_, Infallible>(Named::default());
    match WorkspaceExportPlan::plan(inventory, request, nothing) {
        Ok(departure) => departure,
        Err(never) => match never {},
    }
}

fn paths(departure: &WorkspaceExportPlan) -> Vec<&str> {
    let files = departure.files.iter();
    files.map(|file| file.path.as_str()).collect()
}

const fn asset(id: u64) -> Binding {
    Binding::Asset(AssetId(id))
}

#[test]
fn a_folder_leaves_with_what_it_needs_and_what_belongs_to_it() {
    let mut held_there = inventory();
    held_there.assets = vec![
        held(
            1,
            "Orders/Place order.recipe",
            &[asset(2), asset(3), asset(4)],
            &[OWN],
        ),
        held(2, "Orders/Sub/Check.recipe", &[Binding::Nothing], &[]),
        held(3, "Mail.connection", &[], &["gmail"]),
        held(4, "Other/Tools/Log.recipe", &[asset(5)], &[SHARED]),
        held(5, "*Codes.lookup_table", &[], &[]),
        held(6, "Other/Unused.recipe", &[asset(1)], &[]),
        held(7, "*Place order.api_endpoint", &[asset(1), asset(8)], &[]),
        held(8, "*Orders.api_group", &[], &[]),
        held(9, "*Log.api_endpoint", &[asset(4), asset(8)], &[]),
        held(10, "*Letter.workato_template", &[], &[]),
        held(
            11,
            "Orders/Parcel.connection",
            &[Binding::Connector(ConnectorId(1))],
            &[OWN],
        ),
    ];
    let departure = plan(&held_there, &request("Orders"));
    assert_eq!(
        paths(&departure),
        [
            "Other/Tools/log.recipe.json",
            "Sub/check.recipe.json",
            "codes.lookup_table.json",
            "mail.connection.json",
            "orders.api_group.json",
            "parcel.connection.json",
            "parcel_co.custom_adapter.json",
            "parcel_co.custom_adapter.png",
            "parcel_co.custom_adapter.rb",
            "place_order.api_endpoint.json",
            "place_order.recipe.json",
        ]
    );
    let reason = |index| departure.reasons.get(&Item::Asset(index)).copied();
    assert_eq!(reason(0), Some(Reason::InFolder));
    assert_eq!(reason(4), Some(Reason::Needed { by: Item::Asset(3) }));
    assert_eq!(reason(6), Some(Reason::RefersTo { to: Item::Asset(0) }));
    assert_eq!(reason(5), None);
    let staying: Vec<_> = departure
        .staying
        .iter()
        .map(|s| (&*s.name, &s.why))
        .collect();
    let shared = ExclusionReason::Shared {
        version: Version(4),
    };
    assert_eq!(staying, [("Fyle", &shared)]);
    assert!(departure.findings.is_empty(), "{:?}", departure.findings);

    let all = DepartureRequest {
        unfiled: Unfiled::All,
        ..request("Orders")
    };
    let all = plan(&held_there, &all);
    assert!(paths(&all).contains(&"letter.workato_template.json"));
    assert!(paths(&all).contains(&"log.api_endpoint.json"));

    let home = plan(&held_there, &request(""));
    assert!(paths(&home).contains(&"Orders/Sub/check.recipe.json"));
    assert!(paths(&home).contains(&"Other/unused.recipe.json"));
    assert_eq!(home.files.len(), 14);
}

#[test]
fn files_that_would_meet_get_numbers_and_others_their_fixed_names() {
    let mut held_there = inventory();
    let mut twin = held(1, "F/Same.api_endpoint", &[], &[]);
    twin.key.twin = 1;
    held_there.assets = vec![
        twin,
        held(2, "F/Same.api_endpoint", &[], &[]),
        held(3, "F/B c.recipe", &[asset(12)], &[]),
        held(4, "F/B-c.recipe", &[], &[]),
        held(5, "F/G/Same.recipe", &[], &[]),
        held(6, "F/Happy.test_case", &[asset(12), asset(3)], &[]),
        held(7, "F/x.project_properties", &[], &[]),
        held(8, "F/y.project", &[], &[]),
        held(9, "F/H/z.project", &[], &[]),
        held(10, "F/🎉.recipe", &[], &[]),
        held(11, "F/🎈.recipe", &[], &[]),
        held(12, "G/Same.recipe", &[], &[]),
        held(13, "F/H/I/z.project", &[], &[]),
    ];
    let departure = plan(&held_there, &request("F"));
    let expected = [
        (0, "same.1.api_endpoint.json"),
        (1, "same.api_endpoint.json"),
        (2, "b_c.recipe.json"),
        (3, "b_c.1.recipe.json"),
        (4, "G/same.recipe.json"),
        (5, "b_c_happy.test_case.json"),
        (6, "properties.project_properties.json"),
        (7, "project.json"),
        (8, "H/project.json"),
        (9, "asset.1.recipe.json"),
        (10, "asset.recipe.json"),
        // From outside of the folder, so it comes second.
        (11, "G/same.1.recipe.json"),
    ];
    let found: Vec<_> = departure
        .paths
        .iter()
        .map(|(item, path)| match item {
            Item::Asset(index) => (*index, path.as_str()),
            Item::Connector(_) => (usize::MAX, path.as_str()),
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(departure.staying.len(), 1);
    assert_eq!(departure.staying[0].why, ExclusionReason::OtherProject);
}

#[test]
fn tables_that_formulas_name_are_needed_too() {
    let mut held_there = inventory();
    held_there.assets = vec![
        held(1, "F/G/A.recipe", &[], &[]),
        held(2, "*Codes.lookup_table", &[], &[]),
        held(3, "F/Codes.lookup_table", &[], &[]),
        held(4, "E/Rates.lookup_table", &[], &[]),
        held(5, "*Rates.lookup_table", &[], &[]),
        held(6, "E/Zones.lookup_table", &[], &[]),
    ];
    let departure = WorkspaceExportPlan::plan(&held_there, &request("F/G"), |recipe| {
        assert_eq!(recipe.id, AssetId(1));
        Ok::<_, Infallible>(Named {
            tables: ["Codes", "Rates", "Zones"].map(str::to_owned).to_vec(),
            raw_ids: Vec::new(),
        })
    });
    let Ok(departure) = departure;
    let taken: Vec<_> = departure.reasons.keys().copied().collect();
    assert_eq!(taken, [Item::Asset(0), Item::Asset(2), Item::Asset(4)]);
}

#[test]
fn a_connector_that_is_not_released_stays_and_keeps_its_path() {
    for (change, stay) in [
        (
            (|c: &mut WorkspaceConnector| c.released = None) as fn(&mut WorkspaceConnector),
            ExclusionReason::Unreleased,
        ),
        (
            |c| c.versions[1].code = None,
            ExclusionReason::Sourceless {
                version: Version(2),
            },
        ),
    ] {
        let mut held_there = inventory();
        change(&mut held_there.connectors[0]);
        held_there.assets = vec![held(1, "F/A.recipe", &[], &[OWN])];
        let departure = plan(&held_there, &request("F"));
        assert_eq!(paths(&departure), ["a.recipe.json"]);
        assert_eq!(departure.staying[0].why, stay);
        assert_eq!(departure.findings[0].code, Code::ConnectorStays);
        let path = departure.paths.get(&Item::Connector(0));
        assert_eq!(
            path.map(PackagePath::as_str),
            Some("parcel_co.custom_adapter.json")
        );
    }
}

#[test]
fn what_has_no_path_stands_against_the_package() {
    let mut held_there = inventory();
    let deep = ["a"; 32].join("/");
    held_there.assets = vec![held(1, &format!("{deep}/A.recipe"), &[], &[])];
    let departure = plan(&held_there, &request(""));
    assert_eq!(departure.findings[0].code, Code::UnsafePath);
    assert!(departure.files.is_empty());
    let nothing = plan(&inventory(), &request(""));
    assert_eq!(nothing.findings[0].code, Code::NothingSelected);
}

/// Prints the asset that is held at `at` and was imported as `text`.
fn printed(at: &str, bindings: &[Binding], providers: &[&str], text: &str) -> Printed {
    let mut held_there = inventory();
    held_there.assets = vec![
        held(1, at, bindings, providers),
        held(2, "F/Sub/Called.recipe", &[], &[]),
        held(3, "Mail & more.connection", &[], &["gmail"]),
        held(4, "G/Elsewhere.recipe", &[], &[]),
    ];
    let departure = plan(&held_there, &request("F"));
    Rewriter::default()
        .print(&departure, &held_there, Item::Asset(0), text.as_bytes())
        .unwrap_or_else(|error| panic!("{error:?}: {text}"))
        .expect("JSON")
}

fn compact(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    lines.collect::<Vec<_>>().join("")
}

#[test]
fn references_are_what_they_mean_here() {
    let recipe = r#"{"name":"A","version":1,"code":{"a":{"zip_name":"Old/x.recipe.json","name":"X","folder":"Old","folder_full_path":"Home/Old"},"b":[{"zip_name":"gone.recipe.json","name":"Gone","folder":""}],"c":{"zip_name":"E/elsewhere.recipe.json"}},"config":[{"keyword":"application","provider":"PROVIDER","account_id":{"zip_name":"m.connection.json","name":"M","folder":""MARK}}]}"#;
    let bindings = [asset(2), Binding::Nothing, asset(4), asset(3)];
    for (provider, before, after, edits) in [
        ("gmail", "", "", (0, 0)),
        ("gmail", r#","custom":true"#, "", (0, 1)),
        (SHARED, r#","custom":true"#, "", (0, 1)),
        (UNKNOWN, "", "", (0, 0)),
        (UNKNOWN, r#","custom":true"#, r#","custom": true"#, (0, 0)),
        (OWN, "", r#","custom": true"#, (1, 0)),
        (OWN, r#","custom":true"#, r#","custom": true"#, (0, 0)),
        (OWN, r#","custom":false"#, r#","custom": true"#, (1, 0)),
    ] {
        let text = recipe.replace("PROVIDER", provider).replace("MARK", before);
        let printed = printed("F/A.recipe", &bindings, &[provider], &text);
        let expected = r#"{"name": "A","version": 5,"code": {"a": {"zip_name": "Sub/called.recipe.json","name": "Called","folder": "Sub","folder_full_path": "Home/Old"},"b": [{"zip_name": "gone.recipe.json","name": "Gone","folder": ""}],"c": {"zip_name": "G/elsewhere.recipe.json","name": "Elsewhere","folder": "G"}},"config": [{"keyword": "application","provider": "PROVIDER","account_id": {"zip_name": "mail_more.connection.json","name": "Mail & more","folder": ""MARK}}]}"#;
        let expected = expected
            .replace("PROVIDER", provider)
            .replace("MARK", after);
        assert_eq!(compact(&printed.text), expected);
        assert_eq!(printed.edits.references, 3);
        let marks = (printed.edits.custom_added, printed.edits.custom_removed);
        assert_eq!(marks, edits, "{provider} {before}");
        let codes: Vec<_> = printed.findings.iter().map(|f| f.code).collect();
        assert_eq!(codes, [Code::DanglingReference]);
    }
}

#[test]
fn a_connection_takes_the_form_of_its_connector() {
    let reference =
        r#"{"zip_name": "parcel_co.custom_adapter.json","name": "Parcel & Co","folder": ""}"#;
    let own = Binding::Connector(ConnectorId(1));
    for (before, bindings, provider, after) in [
        (r#""gmail""#, &[][..], "gmail", r#""gmail""#),
        (r#""parcel_connector_7_1""#, &[], OWN, reference),
        (
            r#"{"zip_name":"old.custom_adapter.json","name":"Parcel","folder":""}"#,
            &[own],
            OWN,
            reference,
        ),
        (reference, &[own], OWN, reference),
        (
            r#""fyle_connector_1_1""#,
            &[],
            SHARED,
            r#""fyle_connector_1_1""#,
        ),
        (
            r#"{"zip_name":"f.custom_adapter.json","name":"Fyle","folder":""}"#,
            &[Binding::Shared],
            SHARED,
            r#""fyle_connector_1_1""#,
        ),
        (
            r#"{"zip_name":"n.custom_adapter.json","name": "N","folder": ""}"#,
            &[Binding::Nothing],
            "n_connector_1_1",
            r#"{"zip_name": "n.custom_adapter.json","name": "N","folder": ""}"#,
        ),
    ] {
        let text = format!(r#"{{"name":"P","provider":{before},"root_folder":true}}"#);
        let printed = printed("F/P.connection", bindings, &[provider], &text);
        let expected = format!(r#"{{"name": "P","provider": {after},"root_folder": false}}"#);
        assert_eq!(compact(&printed.text), expected);
    }
    let home = printed("P.connection", &[], &["gmail"], r#"{"name":"P"}"#);
    assert_eq!(compact(&home.text), r#"{"name": "P","root_folder": true}"#);
}

#[test]
fn what_belongs_to_the_workspace_stays_there() {
    for (at, before, after) in [
        (
            "F/T.lookup_table",
            r#"{"name":"T","schema":[],"data":"a,b","project_name":"F"}"#,
            r#"{"name": "T","schema": [],"project_name": "F"}"#,
        ),
        (
            "F/T.workato_db_table",
            r#"{"name":"T","data":"a"}"#,
            r#"{"name": "T"}"#,
        ),
        (
            "*p.properties",
            r#"{"b.c":"secret","a":null,"d":[1]}"#,
            r#"{"b.c": null,"a": null,"d": null}"#,
        ),
        (
            "F/p.project_properties",
            r#"{"data":{"k":"v"}}"#,
            r#"{"data": {"k": null}}"#,
        ),
        (
            "F/T.topic",
            r#"{"name":"T","data":"a"}"#,
            r#"{"name": "T","data": "a"}"#,
        ),
        ("F/R.recipe", "{}", r#"{"version": 5}"#),
        (
            "F/R.recipe",
            "{\"code\":{},\"name\":\"\\u003cR\\u003e\",\"private\":true}\n",
            r#"{"name": "<R>","version": 5,"private": true,"code": {}}"#,
        ),
    ] {
        assert_eq!(compact(&printed(at, &[], &[], before).text), after);
    }
    let mut held_there = inventory();
    held_there.assets = vec![held(1, "F/T.lookup_table", &[], &[])];
    let rows = DepartureRequest {
        rows: Rows::Included,
        ..request("F")
    };
    let departure = plan(&held_there, &rows);
    let text = r#"{"name":"T","data":"a,b"}"#;
    let kept = Rewriter::default().print(&departure, &held_there, Item::Asset(0), text.as_bytes());
    assert_eq!(
        compact(&kept.expect("printed").expect("JSON").text),
        r#"{"name": "T","data": "a,b"}"#
    );
}

#[test]
fn references_in_what_stays_behind_go_with_it() {
    let reference = r#"{"zip_name":"x.recipe.json","name":"X","folder":""}"#;
    for (at, before, after) in [
        (
            "F/T.lookup_table",
            r#"{"name":"T","data":REF}"#,
            r#"{"name": "T"}"#,
        ),
        (
            "F/T.workato_db_table",
            r#"{"data":REF,"name":"T"}"#,
            r#"{"name": "T"}"#,
        ),
        (
            "F/C.connection",
            r#"{"provider":[REF],"root_folder":{}}"#,
            r#"{"provider": {"zip_name": "parcel_co.custom_adapter.json","name": "Parcel & Co","folder": ""},"root_folder": false}"#,
        ),
    ] {
        let text = before.replace("REF", reference);
        let printed = printed(at, &[asset(2)], &[OWN], &text);
        assert_eq!(compact(&printed.text), after, "{text}");
    }
}

#[test]
fn a_connector_leaves_as_the_version_that_runs() {
    let mut held_there = inventory();
    held_there.assets = vec![held(1, "F/A.recipe", &[], &[OWN])];
    let departure = plan(&held_there, &request("F"));
    for (before, after) in [
        (
            r#"{"title":"Parcel & Co","description":null,"version_no":266,"note":null}"#,
            r#"{"title": "Parcel & Co","description": null,"version_no": 2,"note": "fixed \"it\""}"#,
        ),
        (
            r#"{"title":"Old","description":null}"#,
            r#"{"title": "Parcel & Co","description": null,"version_no": 2,"note": "fixed \"it\""}"#,
        ),
        (
            "{}",
            r#"{"title": "Parcel & Co","version_no": 2,"note": "fixed \"it\""}"#,
        ),
    ] {
        let printed = Rewriter::default()
            .print(
                &departure,
                &held_there,
                Item::Connector(0),
                before.as_bytes(),
            )
            .expect("printed")
            .expect("JSON");
        assert_eq!(compact(&printed.text), after);
    }
}

#[test]
fn what_contradicts_itself_is_told() {
    let mut held_there = inventory();
    held_there.assets = vec![held(1, "F/A.recipe", &[Binding::Nothing], &[])];
    let departure = plan(&held_there, &request("F"));
    for (text, part) in [
        ("{}", "0 references, and 1 are known"),
        ("[]", "an object"),
        ("{", "a key in quotes"),
    ] {
        let error = Rewriter::default()
            .print(&departure, &held_there, Item::Asset(0), text.as_bytes())
            .expect_err(text);
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let told = format!("{error}: {}", cause.unwrap_or_default());
        assert!(told.contains(part), "{told}");
    }
}

/// Keys that mean something in some asset.
const KEY: &str =
    "zip_name|name|folder|custom|config|provider|account_id|version|data|root_folder|k";

fn any_asset() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        Just(true.into()),
        Just(7.into()),
        Just(OWN.into()),
        Just(SHARED.into()),
    ];
    let object = |inner: BoxedStrategy<serde_json::Value>| {
        proptest::collection::btree_map(KEY, inner, 0..6)
            .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
    };
    let inner = leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            object(inner.boxed()),
        ]
    });
    object(inner.boxed())
}

proptest::proptest! {
    /// Whatever an asset holds, and in whatever dialect, it can be printed and read again.
    #[test]
    fn everything_can_be_printed(
        value in any_asset(),
        kind in 0..AssetKind::KNOWN.len(),
        end in "\n?",
        own in "parcel_connector_7_1|fyle_connector_1_1|gmail",
    ) {
        let kind = &AssetKind::KNOWN[kind];
        let text = match *kind == AssetKind::Tags {
            true => format!("[{value}]{end}"),
            false => format!("{value}{end}"),
        };
        let scanned = crate::model::scan::Scanner::default().scan(kind, text.as_bytes());
        let means = [asset(2), Binding::Nothing, Binding::Shared, Binding::Connector(ConnectorId(1))];
        let references = scanned.expect("an asset").references.len();
        let bindings: Vec<_> = (0..references).map(|at| means[at % means.len()]).collect();
        let printed = printed(&format!("F/A.{kind}"), &bindings, &[&own], &text).text;
        let read = serde_json::from_str::<serde_json::Value>(&printed);
        proptest::prop_assert!(read.is_ok(), "{text} became {printed}");
    }
}
