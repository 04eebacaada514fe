//! Folders in the OCI image layout.

use std::fs;

use super::stand_in::{StandIn, Subjects};
use super::{command, done, ends, json, place};
use crate::support::entries;

#[test]
fn a_layout_holds_what_a_registry_does() {
    let place = place();
    let registry = StandIn::honest(Subjects::Known);
    let there = json(&place, &["push", "orders.zip", &registry.at(":1.0")]);
    let here = json(&place, &["push", "orders.zip", "oci:layout:1.0"]);
    assert_eq!(here["digest"], there["digest"]);
    done(&place, &["push", "other.zip", "oci:layout:2.0"]);
    assert_eq!(done(&place, &["tags", "oci:layout"]), "1.0\n2.0\n");
    ends(
        &place,
        &["push", "other.zip", "oci:layout:1.0"],
        3,
        "tag-taken",
    );
    done(&place, &["pull", "oci:layout:1.0", "-o", "pulled.zip"]);
    assert_eq!(
        entries(&place.path("pulled.zip")),
        entries(&place.path("orders.zip"))
    );
    done(&place, &["sign", "orders.zip", "--key", "keys/test.key"]);
    done(&place, &["attach", "oci:layout:1.0", "orders.zip.minisig"]);
    done(
        &place,
        &["verify", "oci:layout:1.0", "--key", "keys/test.pub"],
    );
    ends(
        &place,
        &["verify", "oci:layout:2.0", "--key", "keys/test.pub"],
        4,
        "not-signed",
    );
}

#[test]
fn a_damaged_layout_is_told_and_nothing_is_taken() {
    let place = place();
    let pushed = json(&place, &["push", "orders.zip", "oci:layout:1.0"]);
    let before = place.names();
    for damaged in fs::read_dir(place.path("layout/blobs/sha256")).expect("a folder") {
        let path = damaged.expect("an entry").path();
        let whole = fs::read(&path).expect("readable");
        if whole == b"{}" {
            continue;
        }
        for bytes in [[&whole[..], b" "].concat(), whole[1..].to_vec()] {
            fs::write(&path, bytes).expect("written");
            ends(
                &place,
                &["pull", "oci:layout:1.0", "-o", "pulled.zip"],
                4,
                "registry-digest",
            );
            assert_eq!(place.names(), before);
        }
        fs::write(&path, whole).expect("written");
    }
    done(&place, &["pull", "oci:layout:1.0", "-o", "pulled.zip"]);
    fs::write(place.path("layout/index.json"), "{").expect("written");
    ends(&place, &["tags", "oci:layout"], 1, "no-layout");
    assert!(pushed["digest"].is_string());
}

#[test]
fn a_folder_with_other_files_does_not_become_a_layout() {
    let place = place();
    ends(
        &place,
        &["push", "orders.zip", "oci:partner:1.0"],
        1,
        "no-layout",
    );
    ends(&place, &["tags", "oci:partner"], 1, "no-layout");
    ends(&place, &["tags", "oci:nowhere"], 1, "no-layout");
    assert!(!place.path("nowhere").exists());
}

#[test]
fn many_at_once_lose_no_tag() {
    let place = place();
    let tags = ["a", "b", "c", "d", "e", "f"];
    done(&place, &["push", "orders.zip", "oci:layout:0"]);
    let pushing = tags.map(|tag| {
        let mut command = command(
            &place,
            &["push", "orders.zip", &format!("oci:layout:{tag}")],
        );
        command
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts")
    });
    for mut child in pushing {
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(
        done(&place, &["tags", "oci:layout"]),
        "0\na\nb\nc\nd\ne\nf\n"
    );
}

#[test]
fn a_lock_holds_the_digest_of_a_project_that_lies_there() {
    let place = place();
    let at = "oci:layout:1.0";
    let pushed = json(&place, &["push", "orders.zip", at]);
    place.write(
        "recipack.toml",
        &format!("[package]\nproject = \"{at}\"\n[targets.abroad]\nkind = \"external\"\n"),
    );
    let locked = json(&place, &["lock"]);
    let digest = locked["targets"][0]["project_digest"].clone();
    let told = digest.as_str().map(|digest| format!("sha256:{digest}"));
    assert_eq!(told.as_deref(), pushed["digest"].as_str());
    let export = ["export", "--to", "abroad", "--locked", "-o", "locked.zip"];
    done(&place, &export);
    // The same files with another record are another package, though all that is in it is the same.
    done(
        &place,
        &[
            "export",
            "orders.zip",
            "--for",
            "external",
            "-o",
            "again.zip",
        ],
    );
    let moved = json(&place, &["push", "again.zip", at, "--move-tag"]);
    assert_eq!(moved["content_digest"], pushed["content_digest"]);
    let run = super::run(&place, &["lock", "--check"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let short = |digest: &serde_json::Value| digest.as_str().expect("text")[7..19].to_owned();
    let change = format!(
        "  the project in the registry: {} → {}\n",
        short(&pushed["digest"]),
        short(&moved["digest"])
    );
    assert!(run.stdout.contains(&change), "{}", run.stdout);
    let told = ends(&place, &export, 2, "lock-differs");
    assert!(told.contains("the project in the registry"), "{told}");
    // By its digest it is what was locked, wherever the tag went.
    let pinned = pushed["address"].as_str().expect("text");
    let manifest = fs::read_to_string(place.path("recipack.toml")).expect("text");
    place.write("recipack.toml", &manifest.replace(at, pinned));
    done(&place, &export);
}
