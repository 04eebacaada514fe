//! Statements and bills of materials: about the package and nothing else, the same for the same
//! package, and refused when somebody changed them.

use std::fs;
use std::process::Command;

use crate::support::lines::{done, ends, run};
use crate::support::{Place, copy, place_with};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use recipack::ops::provenance::envelope::{Envelope, EnvelopeKey, EnvelopePublicKey, IN_TOTO};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

fn place() -> Place {
    let place = place_with(&["partner", "catalogs"]);
    let export = "export partner --for customer --catalog catalogs/shared.json -o k.zip";
    done(&place, export);
    place
}

fn json_of(place: &Place, path: &str) -> Value {
    let text = fs::read_to_string(place.path(path)).expect(path);
    serde_json::from_str(&text).expect("JSON")
}

/// A pair of keys as files, made anew.
fn keys(place: &Place, name: &str) {
    let pair = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("a pair");
    let public = Ed25519KeyPair::from_pkcs8(pair.as_ref()).expect("a pair");
    let prefix = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    let public = [&prefix[..], public.public_key().as_ref()].concat();
    for (file, label, bytes) in [
        (format!("{name}.pem"), "PRIVATE KEY", pair.as_ref()),
        (format!("{name}.pub.pem"), "PUBLIC KEY", &public[..]),
    ] {
        let body = STANDARD.encode(bytes);
        place.write(
            &file,
            &format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"),
        );
    }
}

#[test]
fn a_statement_is_about_the_package_and_what_it_was_made_of() {
    let place = place();
    assert_eq!(
        done(&place, "attest k.zip"),
        "k.intoto.json: in-toto statement of k.zip\n"
    );
    let statement = json_of(&place, "k.intoto.json");
    let record = json_of(&place, "k.recipack.json");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(
        statement["subject"][0]["digest"]["sha256"],
        record["package"]["sha256"]
    );
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["target"], record["target"]);
    let dependencies = definition["resolvedDependencies"]
        .as_array()
        .expect("a list");
    let named = |name: &str| dependencies.iter().find(|d| d["name"] == name);
    let catalogue = named("catalog").expect("the catalogue");
    assert_eq!(catalogue["digest"]["sha256"], record["catalog"]["sha256"]);
    assert!(named("ledger_sync.custom_adapter.rb").is_some());
    assert!(
        named("parcel_tracker.custom_adapter.rb").is_none(),
        "it is left out"
    );
    let verified = done(&place, "verify k.zip --attestation k.intoto.json");
    assert!(verified.contains("built   by urn:recipack:builder:unspecified, not signed"));
    done(
        &place,
        "attest k.zip --builder https://ci.example.com/7 -o b.json",
    );
    let builder = &json_of(&place, "b.json")["predicate"]["runDetails"]["builder"]["id"];
    assert_eq!(builder, "https://ci.example.com/7");
}

#[test]
fn a_bill_names_what_is_packed_and_what_the_target_has_to_have() {
    let place = place();
    assert_eq!(
        done(&place, "sbom k.zip"),
        "k.cdx.json: CycloneDX 1.6 of k.zip\n"
    );
    let bom = json_of(&place, "k.cdx.json");
    assert_eq!(
        (&bom["bomFormat"], &bom["specVersion"]),
        (&json!("CycloneDX"), &json!("1.6"))
    );
    // Nothing is taken that the record alone says, as for whom the package is meant.
    let properties = bom["metadata"]["component"]["properties"].as_array();
    let properties = properties.expect("a list");
    let names: Vec<&Value> = properties.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["recipack:content-digest"]);
    let components = bom["components"].as_array().expect("a list");
    let named = |name: &str| {
        let mut found = components.iter().filter(|c| c["name"] == name);
        found.next().unwrap_or_else(|| panic!("no {name}"))
    };
    let packed = named("Ledger Sync");
    assert_eq!(
        (&packed["version"], &packed["type"]),
        (&json!("2"), &json!("library"))
    );
    let record = json_of(&place, "k.recipack.json");
    let entry = record["entries"].as_array().expect("a list").iter();
    let mut entry = entry.filter(|e| e["path"] == "ledger_sync.custom_adapter.rb");
    let digest = &entry.next().expect("it is packed")["sha256"];
    assert_eq!(&packed["hashes"][0]["content"], digest);
    // The version is the one that the customer runs, and there is no digest of what is not here.
    let shared = named("Parcel Tracker");
    assert_eq!(
        (&shared["version"], &shared["hashes"]),
        (&json!("6"), &Value::Null)
    );
    let dependencies = bom["dependencies"].as_array().expect("a list");
    let of = |reference: &str| {
        let mut found = dependencies.iter().filter(|d| d["ref"] == reference);
        found.next().unwrap_or_else(|| panic!("no {reference}"))["dependsOn"].clone()
    };
    let tracked = of("recipe:Orders/track_new_parcels.recipe.json");
    assert_eq!(tracked, json!(["connector:Parcel Tracker"]));
    let references: Vec<&Value> = dependencies.iter().map(|d| &d["ref"]).collect();
    for dependency in dependencies {
        for on in dependency["dependsOn"].as_array().into_iter().flatten() {
            assert!(references.contains(&on), "{on} is there");
        }
    }
}

#[test]
fn the_same_package_gives_the_same_bytes_wherever_it_is_made() {
    let first = place();
    let second = Place::new();
    copy(&first.path("partner"), &second.path("ein Päckchen/partner"));
    copy(
        &first.path("catalogs"),
        &second.path("ein Päckchen/catalogs"),
    );
    let elsewhere = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        let script = "umask 077; exec \"$0\" \"$@\"";
        command
            .args(["-c", script, env!("CARGO_BIN_EXE_recipack")])
            .args(arguments);
        command.current_dir(second.path("ein Päckchen"));
        command
            .env("TZ", "Asia/Kathmandu")
            .env("LC_ALL", "tr_TR.UTF-8");
        assert!(
            command.status().expect("it starts").success(),
            "{arguments:?}"
        );
    };
    let project = ["--for", "customer", "--catalog", "catalogs/shared.json"];
    elsewhere(
        &[
            &["export", "partner", "--threads", "7", "-o", "k.zip"],
            &project[..],
        ]
        .concat(),
    );
    for line in ["attest k.zip", "sbom k.zip"] {
        done(&first, line);
        elsewhere(&line.split(' ').collect::<Vec<_>>());
    }
    for name in ["k.zip", "k.intoto.json", "k.cdx.json"] {
        let bytes = fs::read(first.path(name)).expect(name);
        let other = fs::read(second.path("ein Päckchen").join(name)).expect(name);
        assert_eq!(bytes, other, "{name}");
    }
    // Another package has another serial number.
    done(&first, "export partner --for external -o e.zip");
    done(&first, "sbom e.zip");
    let serial = |name| json_of(&first, name)["serialNumber"].clone();
    assert_ne!(serial("k.cdx.json"), serial("e.cdx.json"));
}

/// What is done to an envelope.
type Tamper = fn(&mut Value);

fn payload(envelope: &Value) -> Value {
    let bytes = STANDARD
        .decode(envelope["payload"].as_str().expect("text"))
        .expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn set_payload(envelope: &mut Value, payload: &Value) {
    envelope["payload"] = json!(STANDARD.encode(payload.to_string()));
}

#[test]
fn a_signed_statement_is_refused_once_anything_in_it_changes() {
    let place = place();
    keys(&place, "ci");
    keys(&place, "other");
    done(&place, "attest k.zip --key ci.pem");
    let verify = "verify k.zip --attestation k.intoto.jsonl --attestation-key ci.pub.pem";
    assert!(done(&place, verify).contains(", signed by key "));
    let file = place.path("k.intoto.jsonl");
    let right = fs::read_to_string(&file).expect("text");
    assert_eq!(right.lines().count(), 1);
    let tampers: [(&str, Tamper); 9] = [
        ("builder", |envelope| {
            let mut statement = payload(envelope);
            statement["predicate"]["runDetails"]["builder"]["id"] = json!("me");
            set_payload(envelope, &statement);
        }),
        ("re-encoded", |envelope| {
            let statement = payload(envelope);
            set_payload(envelope, &statement);
        }),
        ("subject", |envelope| {
            let mut statement = payload(envelope);
            statement["subject"][0]["digest"]["sha256"] = json!("0".repeat(64));
            set_payload(envelope, &statement);
        }),
        ("payload type", |envelope| {
            envelope["payloadType"] = json!("text/plain")
        }),
        ("no signature", |envelope| {
            envelope["signatures"] = json!([])
        }),
        ("signature", |envelope| {
            envelope["signatures"][0]["sig"] = json!("AAAA")
        }),
        ("no base64", |envelope| envelope["payload"] = json!("%")),
        ("more", |envelope| envelope["more"] = json!(1)),
        ("swapped", |envelope| {
            let sig = envelope["signatures"][0]["sig"].clone();
            envelope["signatures"][0]["sig"] = envelope["payload"].clone();
            envelope["payload"] = sig;
        }),
    ];
    for (what, tamper) in tampers {
        let mut envelope: Value = serde_json::from_str(&right).expect("JSON");
        tamper(&mut envelope);
        fs::write(&file, envelope.to_string()).expect("written");
        let refused = run(&place, verify);
        assert_eq!(refused.code, 4, "{what}: {}", refused.stdout);
        assert!(
            refused.stdout.contains("k.intoto.jsonl: "),
            "{what}: {}",
            refused.stdout
        );
    }
    let truncated = &right[..right.len() / 2];
    let doubled = right.replacen("{\"payload\"", "{\"payload\":\"\",\"payload\"", 1);
    for text in [truncated, &doubled, "", "[]"] {
        fs::write(&file, text).expect("written");
        assert_eq!(run(&place, verify).code, 4, "{text}");
    }
    fs::write(&file, &right).expect("written");
    let other = verify.replace("ci.pub.pem", "other.pub.pem");
    assert_eq!(run(&place, &other).code, 4);
    let unsigned = "verify k.zip --attestation k.intoto.jsonl";
    assert_eq!(
        run(&place, unsigned).code,
        4,
        "without the key nobody knows"
    );
    // Another package's statement says nothing of this one.
    done(&place, "export partner --for external -o e.zip");
    done(&place, "attest e.zip --key ci.pem");
    let another = verify.replace("k.intoto.jsonl", "e.intoto.jsonl");
    assert_eq!(run(&place, &another).code, 4);
}

#[test]
fn another_signature_beside_it_does_no_harm() {
    let place = place();
    keys(&place, "one");
    keys(&place, "two");
    let read = |name: &str| fs::read(place.path(name)).expect(name);
    let key = |name: &str| EnvelopeKey::parse(&read(name)).expect("a key");
    let sealed = |name: &str| -> Value {
        let text = key(name).seal(IN_TOTO, b"{}").to_text().expect("text");
        serde_json::from_str(&text).expect("JSON")
    };
    let (mut both, two) = (sealed("one.pem"), sealed("two.pem"));
    let signature = two["signatures"][0].clone();
    both["signatures"]
        .as_array_mut()
        .expect("a list")
        .insert(0, signature);
    let both = Envelope::parse(both.to_string().as_bytes()).expect("an envelope");
    for name in ["one.pub.pem", "two.pub.pem"] {
        let public = EnvelopePublicKey::parse(&read(name)).expect("a key");
        assert_eq!(
            both.open(&public, IN_TOTO).ok().as_deref(),
            Some(&b"{}"[..])
        );
    }
}

#[test]
fn nothing_is_told_of_what_is_not_as_it_was_recorded() {
    let place = place();
    keys(&place, "ci");
    for (line, code, told) in [
        ("attest nowhere.zip", 1, "nowhere.zip"),
        (
            "attest k.zip --key ci.pub.pem",
            1,
            "ci.pub.pem: it is no ed25519 secret key",
        ),
        ("attest k.zip --key nowhere", 1, "can't read nowhere"),
        ("attest k.zip --key /dev/zero", 1, "can't read /dev/zero"),
        (
            "verify k.zip --attestation /dev/zero",
            4,
            "it is not a file",
        ),
        (
            "attest k.zip -o partner",
            64,
            "partner is there and no file",
        ),
        (
            "verify k.zip --attestation-key ci.pub.pem",
            64,
            "--attestation",
        ),
        (
            "verify k.zip --attestation k.zip --attestation-key ci.pem",
            64,
            "no ed25519 public key",
        ),
        (
            "verify k.zip --attestation nowhere",
            4,
            "nowhere: the statement can't be read",
        ),
        (
            "verify k.zip --attestation k.recipack.json",
            4,
            "it is no in-toto statement",
        ),
    ] {
        ends(&place, line, code, &[told]);
    }
    fs::copy(place.path("k.zip"), place.path("alone.zip")).expect("copied");
    for command in ["attest", "sbom"] {
        let ended = run(&place, &format!("{command} alone.zip"));
        assert_eq!(ended.code, 64, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("error[no-record]"),
            "{}",
            ended.stderr
        );
    }
    done(&place, "export partner --for external -o e.zip");
    fs::copy(place.path("e.zip"), place.path("k.zip")).expect("copied");
    for command in ["attest", "sbom"] {
        let ended = run(&place, &format!("{command} k.zip"));
        assert_eq!(ended.code, 4, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("error[not-as-recorded]"),
            "{}",
            ended.stderr
        );
    }
    let names = place.names();
    assert!(
        !names
            .iter()
            .any(|n| n.contains("intoto") || n.contains("cdx")),
        "{names:?}"
    );
}
