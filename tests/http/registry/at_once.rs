//! What is attached: where the registry keeps a list of it, where it does not, and when two attach at
//! the same time.

use std::fs;

use serde_json::json;

use super::stand_in::{StandIn, Subjects, told};
use super::{command, done, ends, json, place};
use crate::support::Place;

/// The package at a registry, with a signature and a bill of materials beside it here.
fn signed(registry: &StandIn) -> (Place, String) {
    let place = place();
    let at = registry.at(":1.0");
    done(&place, &["push", "orders.zip", &at]);
    done(&place, &["sign", "orders.zip", "--key", "keys/test.key"]);
    done(&place, &["sbom", "orders.zip"]);
    (place, at)
}

fn listed(place: &Place, at: &str) -> Vec<(String, bool)> {
    let found = json(place, &["discover", at]);
    let found = found["attachments"].as_array().expect("a list").iter();
    let mut found: Vec<(String, bool)> = found
        .map(|one| {
            (
                one["name"].as_str().unwrap_or_default().to_owned(),
                one["listed"] == true,
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_registry_that_knows_of_subjects_keeps_the_list() {
    let registry = StandIn::honest(Subjects::Known);
    let (place, at) = signed(&registry);
    done(
        &place,
        &["attach", &at, "orders.zip.minisig", "orders.cdx.json"],
    );
    let both = [
        ("orders.cdx.json".to_owned(), true),
        ("orders.zip.minisig".to_owned(), true),
    ];
    assert_eq!(listed(&place, &at), both);
    assert_eq!(registry.tags(), ["1.0"], "no tag is needed");
    done(&place, &["verify", &at, "--key", "keys/test.pub"]);
}

#[test]
fn where_none_does_a_list_is_kept_under_a_tag_that_others_read_and_people_don_t_see() {
    let registry = StandIn::honest(Subjects::Unknown);
    let (place, at) = signed(&registry);
    ends(
        &place,
        &["verify", &at, "--key", "keys/test.pub"],
        4,
        "not-signed",
    );
    for _ in 0..2 {
        // What is attached already is attached once.
        done(
            &place,
            &["attach", &at, "orders.zip.minisig", "orders.cdx.json"],
        );
    }
    let digest =
        json(&place, &["pull", &at, "-o", "pulled.zip", "--attachments"])["digest"].clone();
    let digest = digest.as_str().expect("text");
    let list = registry.tagged(&digest.replace(':', "-"));
    assert_eq!(list["mediaType"], "application/vnd.oci.image.index.v1+json");
    let kinds = list["manifests"].as_array().expect("a list").iter();
    let kinds: Vec<_> = kinds.map(|one| one["artifactType"].clone()).collect();
    assert_eq!(
        json!(kinds),
        json!([
            "application/vnd.recipack.signature.minisign.v1",
            "application/vnd.cyclonedx+json"
        ])
    );
    assert_eq!(done(&place, &["tags", &registry.at("")]), "1.0\n");
    for (came, here) in [
        ("pulled.zip.minisig", "orders.zip.minisig"),
        ("pulled.cdx.json", "orders.cdx.json"),
    ] {
        let (came, here) = (fs::read(place.path(came)), fs::read(place.path(here)));
        assert_eq!(came.expect("there"), here.expect("there"));
    }
    done(&place, &["verify", &at, "--key", "keys/test.pub"]);
    let import = [
        "import",
        &at,
        "--into",
        "local:kestrel",
        "--platform",
        "p.db",
        "--require-signature",
        "keys/test.pub",
    ];
    done(
        &place,
        &[
            "workspace",
            "create",
            "kestrel",
            "--kind",
            "external",
            "--platform",
            "p.db",
        ],
    );
    done(&place, &import);
}

#[test]
fn what_a_list_lost_is_told_and_put_back() {
    let registry = StandIn::honest(Subjects::Unknown);
    let (place, at) = signed(&registry);
    done(
        &place,
        &["attach", &at, "orders.zip.minisig", "orders.cdx.json"],
    );
    let digest = json(&place, &["discover", &at])["digest"].clone();
    let list_tag = digest.as_str().expect("text").replace(':', "-");
    {
        // Somebody who did not know of the first wrote the list.
        let mut list = registry.tagged(&list_tag);
        list["manifests"].as_array_mut().expect("a list").remove(0);
        let mut kept = registry.kept.lock().expect("whole");
        let digest = kept.tags[&list_tag].clone();
        kept.manifests.get_mut(&digest).expect("a list").1 = list.to_string().into_bytes();
        let (kind, bytes) = kept.manifests[&digest].clone();
        let other = format!("sha256:{}", recipack::model::ident::Digest::of(&bytes));
        kept.manifests.insert(other.clone(), (kind, bytes));
        kept.tags.insert(list_tag.clone(), other);
    }
    let lost = [
        ("orders.cdx.json".to_owned(), true),
        ("orders.zip.minisig".to_owned(), false),
    ];
    assert_eq!(listed(&place, &at), lost);
    // It is a signature all the same.
    done(&place, &["verify", &at, "--key", "keys/test.pub"]);
    assert_eq!(json(&place, &["attach", &at, "--repair"])["put_back"], 1);
    assert!(listed(&place, &at).iter().all(|(_, listed)| *listed));
    assert_eq!(json(&place, &["attach", &at, "--repair"])["put_back"], 0);
}

#[test]
fn two_at_once_lose_nothing() {
    // Whoever reads the list is given it late, so that the others write meanwhile.
    let registry = StandIn::lying(Subjects::Unknown, |asked, kept| {
        let path = asked.path.rsplit('/').next().unwrap_or_default();
        let list = asked.method == "GET" && path.starts_with("sha256-") && !path.contains('.');
        list.then(|| {
            let found = {
                let kept = kept.lock().expect("whole");
                let digest = kept.tags.get(path);
                digest.map(|digest| (digest.clone(), kept.manifests[digest].clone()))
            };
            std::thread::sleep(std::time::Duration::from_millis(300));
            match found {
                Some((digest, (kind, bytes))) => told(
                    200,
                    &[("Content-Type", &kind), ("Docker-Content-Digest", &digest)],
                    bytes,
                ),
                None => told(404, &[], ""),
            }
        })
    });
    let (place, at) = signed(&registry);
    let names = ["a.md", "b.md", "c.md", "d.md"];
    for name in names {
        place.write(name, &format!("### {name}\n\nsaid recipack once\n"));
    }
    let attaching = names.map(|name| {
        let mut command = command(&place, &["attach", &at, name, "--type", "text/markdown"]);
        command
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts")
    });
    for mut child in attaching {
        assert!(child.wait().expect("it ends").success());
    }
    let all: Vec<_> = names
        .iter()
        .map(|name| ((*name).to_owned(), true))
        .collect();
    assert_eq!(listed(&place, &at), all);
}

#[test]
fn keys_and_what_is_not_known_are_not_attached() {
    let registry = StandIn::honest(Subjects::Unknown);
    let (place, at) = signed(&registry);
    let told = ends(
        &place,
        &["attach", &at, "keys/test.key", "--type", "text/plain"],
        64,
        "usage",
    );
    assert!(told.contains("is a key"), "{told}");
    place.write("notes", "words");
    let told = ends(
        &place,
        &["attach", &at, "orders.cdx.json", "notes"],
        64,
        "usage",
    );
    assert!(told.contains("--type"), "{told}");
    assert_eq!(listed(&place, &at), []);
}

#[test]
fn a_statement_about_another_package_is_not_attached() {
    let registry = StandIn::honest(Subjects::Unknown);
    let (place, at) = signed(&registry);
    done(&place, &["attest", "orders.zip"]);
    done(&place, &["push", "other.zip", &registry.at(":other")]);
    let other = registry.at(":other");
    let files = ["attach", &other, "orders.zip.minisig", "orders.intoto.json"];
    ends(&place, &files, 3, "other-package");
    assert_eq!(listed(&place, &other), []);
    done(&place, &["attach", &at, "orders.intoto.json"]);
    assert_eq!(
        listed(&place, &at),
        [("orders.intoto.json".to_owned(), true)]
    );
}
