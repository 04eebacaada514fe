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
