//! What is kept, and for how long.

use recipack::model::catalogue::Catalogue;
use recipack::model::ident::{Digest, Version};
use recipack::model::workspace::{ConnectorId, WorkspaceKind};
use recipack::plan::commit::Change;
use recipack::workspace::{Workspace as _, WorkspaceError};
use rusqlite::Connection;

use super::{create, external, open, platform};
use crate::support::Place;
use crate::support::changes::{
    Bag, body, commit, create_connector, folder, recipe, revision, seen, version,
};

fn fill(place: &Place, name: &str, texts: &[&[u8]]) {
    let mut workspace = open(place, name);
    commit(&mut workspace, &mut Bag::default(), |commit, bag| {
        for (number, text) in texts.iter().enumerate() {
            let key = recipe("", &format!("R{number}"));
            let body = body(bag.put(text), &[]);
            crate::support::changes::create(commit, key, body);
        }
    })
    .expect("filled");
}

fn count(place: &Place, table: &str) -> u64 {
    let connection = Connection::open(place.path("p.db")).expect("a database");
    let count = format!("SELECT count(*) FROM {table}");
    let count: i64 = connection
        .query_row(&count, [], |row| row.get(0))
        .expect("a count");
    u64::try_from(count).expect("not negative")
}

#[test]
fn everything_is_there_when_it_is_opened_again() {
    let place = Place::new();
    create(&place, "moon");
    let mut workspace = open(&place, "moon");
    commit(&mut workspace, &mut Bag::default(), |commit, bag| {
        commit.changes.push(Change::CreateFolder(folder("F")));
        let file = bag.put_deflated(&[7; 50_000]);
        crate::support::changes::create(commit, recipe("F", "R"), body(file.clone(), &[]));
        let id = create_connector(commit, "C", "c_connector_1_1");
        let version = version(1, &file);
        commit.changes.push(Change::AddVersion { id, version });
        commit.revision = Some(revision(1, "p.zip", Vec::new()));
    })
    .expect("carried out");
    let before = seen(&workspace);
    drop(workspace);
    assert_eq!(place.names(), ["p.db", "p.db.lock"], "nothing else is left");
    assert_eq!(seen(&open(&place, "moon")), before);
}

#[test]
fn one_content_serves_all_and_goes_with_its_last_holder() {
    let place = Place::new();
    create(&place, "moon");
    create(&place, "mars");
    fill(&place, "moon", &[b"one", b"one", b"two"]);
    fill(&place, "mars", &[b"one", b"three"]);
    assert_eq!(count(&place, "content"), 3);
    let delete = |name: &str| {
        let name = name.parse().expect("a name");
        platform(&place).delete_workspace(&name).expect("deleted");
    };
    delete("moon");
    assert_eq!(count(&place, "content"), 2);
    let mars = open(&place, "mars");
    for text in [&b"one"[..], b"three"] {
        let mut bytes = Vec::new();
        mars.content(&Digest::of(text), &mut bytes).expect("held");
        assert_eq!(bytes, text);
    }
    drop(mars);
    delete("mars");
    let tables = [
        "workspace",
        "content",
        "asset",
        "asset_version",
        "uses",
        "folder",
        "connector",
        "connector_version",
        "revision",
        "share",
    ];
    for table in tables {
        assert_eq!(count(&place, table), 0, "{table}");
    }
}

/// Versions of assets that are not the newest, and whatever a connector has, hold contents too.
#[test]
fn contents_of_older_versions_and_of_connectors_stay() {
    let place = Place::new();
    create(&place, "moon");
    create(&place, "mars");
    fill(&place, "moon", &[b"first"]);
    let mut moon = open(&place, "moon");
    commit(&mut moon, &mut Bag::default(), |commit, bag| {
        let id = recipack::model::workspace::AssetId(1);
        let body = body(bag.put(b"second"), &[]);
        commit.changes.push(Change::UpdateAsset { id, body });
        let id = create_connector(commit, "C", "c_connector_1_1");
        for number in 1..3 {
            let mut version = version(number, &bag.put(format!("code {number}").as_bytes()));
            version.json = Some(bag.put(format!("json {number}").as_bytes()).content);
            let content = bag.put(format!("logo {number}").as_bytes()).content;
            let extension = "png".to_owned();
            version.logo = Some(recipack::model::workspace::Logo { extension, content });
            commit.changes.push(Change::AddVersion { id, version });
        }
    })
    .expect("carried out");
    let before = seen(&moon);
    assert_eq!(before.contents.len(), 8);
    fill(&place, "mars", &[b"other"]);
    let name = "mars".parse().expect("a name");
    platform(&place).delete_workspace(&name).expect("deleted");
    assert_eq!(seen(&moon), before);
    assert_eq!(count(&place, "content"), 8);
}

#[test]
fn a_content_that_rotted_is_not_handed_out() {
    let place = Place::new();
    create(&place, "moon");
    fill(&place, "moon", &[b"sound"]);
    for (column, value) in [
        ("bytes", "x'6f74686572'"),
        ("bytes", "x''"),
        ("size", "4"),
        ("encoding", "1"),
        ("encoding", "2"),
    ] {
        let platform = place.path("p.db");
        let sound = std::fs::read(&platform).expect("readable");
        let connection = Connection::open(&platform).expect("a database");
        let spoil = format!("UPDATE content SET {column} = {value}");
        connection.execute(&spoil, []).expect("spoilt");
        drop(connection);
        let moon = open(&place, "moon");
        let mut bytes = b"before".to_vec();
        let error = moon.content(&Digest::of(b"sound"), &mut bytes);
        let error = error.expect_err(column);
        assert!(matches!(error, WorkspaceError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("p.db is damaged"), "{error}");
        drop(moon);
        std::fs::write(&platform, sound).expect("written");
    }
}

/// The number of a deleted workspace is given again.
#[test]
fn another_workspace_of_the_same_number_is_not_taken_for_the_one_that_was_opened() {
    let place = Place::new();
    let first = create(&place, "moon");
    let mut moon = open(&place, "moon");
    let facts = moon.facts().expect("facts");
    let name = "moon".parse().expect("a name");
    platform(&place).delete_workspace(&name).expect("deleted");
    assert_eq!(create(&place, "mars"), first);
    let told = "there is no workspace `moon` in";
    let error = moon.facts().expect_err("it is gone").to_string();
    assert!(error.starts_with(told), "{error}");
    let error = moon.inventory().expect_err("it is gone").to_string();
    assert!(error.starts_with(told), "{error}");
    let mut commit = recipack::plan::commit::Commit::on(&facts);
    commit.changes.push(Change::CreateFolder(folder("F")));
    let error = moon.commit(&commit, &mut Bag::default());
    let error = error.expect_err("it is gone").to_string();
    assert!(error.starts_with(told), "{error}");
    let mars = open(&place, "mars");
    assert!(mars.inventory().expect("readable").folders.is_empty());
}

#[test]
fn catalogues_with_large_version_numbers_can_be_held() {
    let place = Place::new();
    let catalogue = r#"[{"name": "c_connector_1_1", "title": "C", "oem_shared_version": 5000000000,
        "released_versions": [{"version": 4999999999}]}]"#;
    let mut admin = external("kestrel");
    admin.kind = WorkspaceKind::Admin;
    admin.catalogue = Some(Catalogue::parse(catalogue.as_bytes()).expect("a catalogue"));
    let created = platform(&place).create_workspace(&admin);
    created.expect("created");
    let mut kestrel = open(&place, "kestrel");
    let before = seen(&kestrel).connectors.remove(0);
    assert_eq!(before.released, Some(Version(5_000_000_000)));
    commit(&mut kestrel, &mut Bag::default(), |commit, bag| {
        let id = ConnectorId(1);
        let version = version(5_000_000_001, &bag.put(b"code"));
        commit.changes.push(Change::AddVersion { id, version });
    })
    .expect("another version");
}
