//! What is sent to a registry, and what comes back.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use serde_json::json;

use super::stand_in::{StandIn, Subjects, told};
use super::{command, done, ends, json, place};
use crate::support::{copy, entries};

#[test]
fn a_package_comes_back_as_it_was_pushed_and_its_digest_is_the_same_from_anywhere() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let first = json(&place, &["push", "orders.zip", &registry.at(":1.0")]);
    copy(&place.path("partner"), &place.path("a b/partner"));
    fs::create_dir(place.path("a b/out")).expect("made");
    for file in ["orders.zip", "orders.recipack.json"] {
        fs::copy(place.path(file), place.path("a b/out").join(file)).expect("copied");
    }
    let second = json(
        &place,
        &["push", "a b/out/orders.zip", &registry.at(":2.0")],
    );
    assert_eq!(first["digest"], second["digest"]);
    assert_eq!(second["stored_bytes"], 0, "everything is there");
    let manifest = registry.tagged("1.0");
    assert_eq!(
        manifest["artifactType"],
        "application/vnd.recipack.package.v1"
    );
    let kinds = manifest["layers"].as_array().expect("layers").iter();
    let kinds = kinds.map(|layer| (&layer["mediaType"], &layer["annotations"]));
    let kinds: Vec<String> = kinds
        .map(|(kind, named)| format!("{kind} {named}"))
        .collect();
    assert_eq!(
        kinds,
        [
            r#""application/vnd.recipack.package.v1+zip" {"org.opencontainers.image.title":"orders.zip"}"#,
            r#""application/vnd.recipack.record.v1+json" {"org.opencontainers.image.title":"orders.recipack.json"}"#,
        ]
    );
    fs::create_dir(place.path("pulled")).expect("made");
    for selector in [
        ":1.0".to_owned(),
        format!("@{}", first["digest"].as_str().expect("text")),
    ] {
        let pulled = json(&place, &["pull", &registry.at(&selector), "-o", "pulled"]);
        assert_eq!(pulled["digest"], first["digest"]);
        for file in ["orders.zip", "orders.recipack.json"] {
            let here = fs::read(place.path(file)).expect("there");
            let came = fs::read(place.path("pulled").join(file)).expect("there");
            assert!(here == came, "{file}");
        }
    }
    assert_eq!(done(&place, &["tags", &registry.at("")]), "1.0\n2.0\n");
}

#[test]
fn a_tag_that_points_elsewhere_is_moved_only_if_that_is_meant() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let at = registry.at(":1.0");
    let before = json(&place, &["push", "orders.zip", &at]);
    let told = ends(&place, &["push", "other.zip", &at], 3, "tag-taken");
    assert!(told.contains("--move-tag"), "{told}");
    let now = json(&place, &["pull", &at, "-o", "now.zip"]);
    assert_eq!(now["digest"], before["digest"]);
    let moved = json(&place, &["push", "other.zip", &at, "--move-tag"]);
    assert_eq!(moved["moved_from"], before["digest"]);
    ends(&place, &["pull", &registry.at(":9")], 1, "not-in-registry");
}

#[test]
fn what_is_changed_or_none_is_not_pushed() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let at = registry.at(":1.0");
    let told = ends(&place, &["push", "partner", &at], 64, "no-package");
    assert!(told.contains("recipack export partner"), "{told}");
    fs::copy(place.path("other.zip"), place.path("orders.zip")).expect("copied");
    ends(&place, &["push", "orders.zip", &at], 4, "not-as-recorded");
    assert!(registry.kept.lock().expect("whole").blobs.is_empty());
}

#[test]
fn a_push_that_is_killed_before_its_manifest_leaves_no_tag_and_is_gone_on_with() {
    let place = place();
    let (reached, wait) = mpsc::channel();
    let killing = Arc::new(AtomicBool::new(true));
    let is_killed = Arc::clone(&killing);
    let registry = StandIn::lying(Subjects::Unknown, move |asked, _| {
        let manifest = asked.method == "PUT" && asked.path.contains("/manifests/");
        (manifest && is_killed.load(Ordering::SeqCst)).then(|| {
            reached.send(()).expect("waited for");
            std::thread::sleep(std::time::Duration::from_secs(2));
            told(0, &[], "")
        })
    });
    let at = registry.at(":1.0");
    let mut push = command(&place, &["push", "orders.zip", &at])
        .spawn()
        .expect("it starts");
    wait.recv().expect("it comes so far");
    push.kill().expect("killed");
    push.wait().expect("ended");
    killing.store(false, Ordering::SeqCst);
    assert!(registry.tags().is_empty());
    ends(
        &place,
        &["pull", &at, "-o", "pulled.zip"],
        1,
        "not-in-registry",
    );
    let again = json(&place, &["push", "orders.zip", &at]);
    assert_eq!(again["stored_bytes"], 0, "the files are there already");
    done(&place, &["pull", &at, "-o", "pulled.zip"]);
    assert_eq!(
        entries(&place.path("pulled.zip")),
        entries(&place.path("orders.zip"))
    );
}

#[test]
fn a_plan_names_the_digest_and_is_carried_out_though_the_tag_was_moved() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let at = registry.at(":1.0");
    let pushed = json(&place, &["push", "orders.zip", &at]);
    let pinned = pushed["address"].as_str().expect("text");
    assert!(pinned.contains("@sha256:"), "{pinned}");
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
    let plan = [
        "plan",
        &at,
        "--into",
        "local:kestrel",
        "--platform",
        "p.db",
        "-o",
        "plan.json",
    ];
    let plan = json(&place, &plan);
    assert_eq!(plan["package"]["path"], json!(pinned));
    done(&place, &["push", "other.zip", &at, "--move-tag"]);
    let import = ["import", "plan.json", "--platform", "p.db"];
    let imported = json(&place, &import);
    assert_eq!(imported["package"]["path"], json!(pinned));
    // It is what was planned, and nothing is left to do.
    let again = [
        "plan",
        pinned,
        "--into",
        "local:kestrel",
        "--platform",
        "p.db",
        "--detailed-exitcode",
    ];
    done(&place, &again);
}

#[test]
fn an_address_stands_wherever_a_package_does() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let at = registry.at(":1.0");
    let pinned = json(&place, &["push", "orders.zip", &at])["address"].clone();
    let pinned = pinned.as_str().expect("text");
    assert_eq!(json(&place, &["show", &at])["path"], json!(pinned));
    assert_eq!(json(&place, &["verify", &at])["package"], json!(pinned));
    let diff = json(&place, &["diff", "orders.zip", &at]);
    assert_eq!(diff["new"]["name"], json!(pinned));
    done(&place, &["check", &at, "--for", "external"]);
    done(&place, &["settings", "init", &at]);
    done(
        &place,
        &["export", &at, "--for", "external", "-o", "again.zip"],
    );
    assert_eq!(
        entries(&place.path("again.zip")),
        entries(&place.path("orders.zip"))
    );
}

#[test]
fn what_is_signed_and_stated_of_a_package_there_is_what_is_of_the_file() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    let at = registry.at(":1.0");
    let pushed = json(&place, &["push", "orders.zip", &at]);
    fs::create_dir(place.path("here")).expect("made");
    let kept = [
        (
            "orders.zip.minisig",
            &["sign", "--key", "../keys/test.key"][..],
        ),
        ("orders.intoto.json", &["attest"]),
        ("orders.cdx.json", &["sbom"]),
    ];
    for (file, command) in kept {
        let of_file = json(
            &place,
            &[&["-C", "here"], command, &["../orders.zip"]].concat(),
        );
        let beside = fs::read(place.path(file)).expect("written");
        // Nothing lies beside a package that is in a registry, so it is written here.
        let options = ["-C", "here"];
        let of_address = json(
            &place,
            &[&options[..], command, &[&at, "--attach"]].concat(),
        );
        assert_eq!(of_address["package"], pushed["address"]);
        assert_eq!(of_address["sha256"], of_file["sha256"]);
        let here = fs::read(place.path("here").join(file)).expect("written");
        // In a signature there is chance; what is signed is the same.
        match of_file.get("comment") {
            None => assert!(here == beside, "{file}"),
            Some(comment) => assert_eq!(&of_address["comment"], comment),
        }
        assert!(of_file.get("attached").is_none());
        let attached = of_address["attached"].as_str().expect("a digest");
        assert!(attached.starts_with("sha256:"), "{attached}");
    }
    let found = json(&place, &["discover", &at]);
    let found = found["attachments"].as_array().expect("a list").iter();
    let mut names: Vec<&str> = found.filter_map(|one| one["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "orders.cdx.json",
            "orders.intoto.json",
            "orders.zip.minisig"
        ]
    );
    done(&place, &["verify", &at, "--key", "keys/test.pub"]);
    // It is the package that the address names, whatever the tag points to later.
    done(&place, &["push", "other.zip", &at, "--move-tag"]);
    let pinned = pushed["address"].as_str().expect("text");
    let again = json(&place, &["sbom", pinned, "-o", "again.json"]);
    assert_eq!(again["sha256"], pushed["sha256"]);
}

#[test]
fn what_can_not_be_attached_is_told_before_anything_is_written() {
    let place = place();
    let registry = StandIn::honest(Subjects::Unknown);
    fs::remove_file(place.path("other.recipack.json")).expect("there");
    let at = registry.at(":1.0");
    done(&place, &["push", "other.zip", &at]);
    let before = place.names();
    let told = ends(&place, &["sbom", "orders.zip", "--attach"], 64, "usage");
    assert!(told.contains("recipack attach oci://"), "{told}");
    ends(&place, &["sbom", &at, "--attach", "-o", "-"], 64, "usage");
    for command in ["sbom", "attest"] {
        let told = ends(&place, &[command, &at], 64, "no-record");
        assert!(told.contains(&registry.at("@sha256:")), "{told}");
    }
    ends(&place, &["sbom", &registry.at("")], 64, "usage");
    ends(&place, &["sbom", &registry.at(":2")], 1, "not-in-registry");
    assert_eq!(place.names(), before);
}
