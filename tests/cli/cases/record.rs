//! Decision records that somebody changed: whatever the package or the project determines is compared.

use std::fs;
use std::path::{Path, PathBuf};

use recipack::archive::Limits;
use recipack::model::seal::seal_of;
use recipack::ops::provenance::verify::{
    CheckedOut, Rebuild, Verification, VerifyError, VerifyRequest, verify,
};
use recipack::ops::{Interrupt, Running, Silent};
use serde_json::{Value, json};

use crate::support::lines::{done, ends};
use crate::support::{Place, place_with};

fn place() -> Place {
    let place = place_with(&["partner", "catalogs", "keys"]);
    let export = "export partner --for customer --catalog catalogs/shared.json -o k.zip";
    done(&place, export);
    place
}

fn record(place: &Place) -> Value {
    let text = fs::read_to_string(place.path("k.recipack.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

/// Every place in a document at which one value stands, as a pointer.
fn leaves(pointer: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                leaves(&format!("{pointer}/{key}"), value, found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                leaves(&format!("{pointer}/{at}"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(pointer.to_owned());
        }
    }
}

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!(1),
        Value::Bool(value) => json!(!value),
        Value::Number(number) => json!(number.as_u64().expect("a count") + 1),
        Value::String(text) => json!(match text.as_str() {
            "included" => "left-out".to_owned(),
            "left-out" => "included".to_owned(),
            "shared-left-out" => "own-included".to_owned(),
            "own-included" => "shared-left-out".to_owned(),
            "auto" => "include".to_owned(),
            "default" => "manifest".to_owned(),
            "internal-name" => "title".to_owned(),
            "open" => "closed".to_owned(),
            // A digest stays one, a name a name, a path a path.
            text => match text.as_bytes().first() {
                Some(b'0') => format!("1{}", &text[1..]),
                Some(_) if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    format!("0{}", &text[1..])
                }
                Some(_) | None => format!("x{text}"),
            },
        }),
        Value::Array(_) | Value::Object(_) => unreachable!("not a leaf"),
    }
}

fn verified(
    place: &Place,
    forged: &Value,
    from: Option<PathBuf>,
) -> Result<Verification, VerifyError> {
    let path = place.write(
        "forged.json",
        &serde_json::to_string_pretty(forged).expect("JSON"),
    );
    let request = VerifyRequest {
        package: place.path("k.zip"),
        record: Some(path),
        rebuild: from.map(|project| Rebuild {
            project,
            connectors: None,
            checked_out: CheckedOut::Unknown("nobody looked".to_owned()),
            commit: None,
        }),
        signature: None,
        attestation: None,
        limits: Limits::default(),
    };
    let running = Running {
        threads: std::num::NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    };
    verify(&request, &running, &mut Silent)
}

/// Whether a forged record gets through: it is told that it does not match, or that it is no record.
fn is_seen(place: &Place, forged: &Value, from: Option<PathBuf>) -> bool {
    verified(place, forged, from).map_or(true, |verification| !verification.mismatches.is_empty())
}

/// The parts of a record that a package made again determines.
const DETERMINED: [&str; 6] = [
    "connectors",
    "entries",
    "left_out",
    "findings",
    "finding_codes",
    "package",
];

#[test]
fn every_value_that_making_it_again_determines_is_compared() {
    let place = place();
    let record = record(&place);
    let project = || Some(place.path("partner"));
    let sound = verified(&place, &record, project()).expect("verified");
    assert_eq!(sound.mismatches, []);
    let mut tried = 0;
    for part in DETERMINED {
        let mut pointers = Vec::new();
        leaves(&format!("/{part}"), &record[part], &mut pointers);
        for pointer in pointers {
            // What the package is called is nobody's promise; how many notes there are depends on the
            // manifest, too, and the codes are compared.
            if [
                "/package/file",
                "/findings/notes",
                "/finding_codes/interface-unknown",
            ]
            .contains(&pointer.as_str())
                || pointer.ends_with("/word_from")
            {
                continue;
            }
            let mut forged = record.clone();
            let value = forged.pointer_mut(&pointer).expect("there");
            *value = other(value);
            assert!(
                is_seen(&place, &forged, project()),
                "{pointer}: {}",
                forged.pointer(&pointer).expect("there")
            );
            tried += 1;
        }
        if record[part].is_array() {
            let list = format!("/{part}");
            for change in [remove_first, repeat_first] {
                let mut forged = record.clone();
                change(
                    forged
                        .pointer_mut(&list)
                        .and_then(Value::as_array_mut)
                        .expect("a list"),
                );
                assert!(is_seen(&place, &forged, project()), "{list}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

fn remove_first(list: &mut Vec<Value>) {
    list.remove(0);
}

fn repeat_first(list: &mut Vec<Value>) {
    list.push(list[0].clone());
}

/// One change of a record.
type Forgery = fn(&mut Value);

#[test]
fn what_the_package_alone_determines_is_compared_without_the_project() {
    let place = place();
    let forgeries: [(&str, Forgery); 12] = [
        ("an entry's size", |record| {
            record["entries"][3]["size"] = json!(1)
        }),
        ("an included connector said to be left out", |record| {
            connector(record, "Ledger Sync")["outcome"] = json!("left-out");
        }),
        (
            "a connector that is left out said to be included",
            |record| {
                connector(record, "Parcel Tracker")["outcome"] = json!("included");
            },
        ),
        ("outcome and rule, in agreement", |record| {
            let connector = connector(record, "Parcel Tracker");
            connector["outcome"] = json!("included");
            connector["rule"] = json!("own-included");
        }),
        ("the version of what is included", |record| {
            connector(record, "Ledger Sync")["packaged_version"] = json!(9);
        }),
        ("no version at all", |record| {
            connector(record, "Ledger Sync")["packaged_version"] = Value::Null;
        }),
        ("who uses it", |record| {
            connector(record, "Ledger Sync")["recipes"][0] = json!("Orders/nobody.recipe.json");
        }),
        ("the catalogue's evidence", |record| {
            connector(record, "Parcel Tracker")["catalog"]["shared_version"] = json!(7);
        }),
        ("a decision taken away", |record| {
            let connectors = record["connectors"].as_array_mut().expect("a list");
            connectors.retain(|connector| connector["connector"] != "Ledger Sync");
        }),
        ("what is left out is there", |record| {
            let path = record["entries"][0]["path"].clone();
            record["left_out"][0]["path"] = path;
        }),
        ("errors", |record| record["findings"]["errors"] = json!(1)),
        ("fewer findings than codes", |record| {
            record["findings"]["warnings"] = json!(0)
        }),
    ];
    for (what, forge) in forgeries {
        let mut forged = record(&place);
        forge(&mut forged);
        assert!(is_seen(&place, &forged, None), "{what}");
    }
    assert!(!is_seen(&place, &record(&place), None));
}

fn connector<'r>(record: &'r mut Value, title: &str) -> &'r mut Value {
    let connectors = record["connectors"].as_array_mut().expect("a list");
    connectors
        .iter_mut()
        .find(|connector| connector["connector"] == title)
        .expect(title)
}

fn forge(path: &Path, change: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(path).expect("readable");
    let mut record = serde_json::from_str(&text).expect("JSON");
    change(&mut record);
    fs::write(path, serde_json::to_string_pretty(&record).expect("JSON")).expect("written");
}

#[test]
fn bills_and_statements_are_not_made_of_a_forged_record() {
    let place = place();
    forge(&place.path("k.recipack.json"), |record| {
        connector(record, "Ledger Sync")["packaged_version"] = json!(9);
    });
    for command in [
        "sbom k.zip",
        "attest k.zip",
        "verify k.zip",
        "sign k.zip --key keys/test.key",
    ] {
        ends(&place, command, 4, &["Ledger Sync"]);
    }
    assert_eq!(
        place.names(),
        ["catalogs", "k.recipack.json", "k.zip", "keys", "partner"]
    );
}

#[test]
fn a_signature_holds_for_the_record_too() {
    let place = place();
    let signed = done(&place, "sign k.zip --key keys/test.key");
    assert!(signed.contains(" record:"), "{signed}");
    let verify = "verify k.zip --key keys/test.pub";
    done(&place, verify);
    // A change that neither the package nor the project contradicts.
    let path = place.path("k.recipack.json");
    let sound = fs::read(&path).expect("readable");
    forge(&path, |record| {
        record["generator"] = json!("recipack 9.9.9")
    });
    ends(&place, verify, 4, &["the signature holds for"]);
    assert_eq!(
        done(&place, "verify k.zip").lines().next(),
        Some("k.zip: 35 entries, as recorded")
    );
    fs::remove_file(&path).expect("removed");
    assert!(done(&place, verify).contains("none is here to hold the signature against"));
    // Signed while there was no record, as minisign itself signs.
    done(&place, "sign k.zip --key keys/test.key");
    fs::write(&path, sound).expect("written");
    assert!(done(&place, verify).contains("the signature does not hold for the record"));
}

/// A record as format 1 has it: what a decision went by stands under another key.
fn as_format_1(record: &mut Value) {
    record["format"] = json!(1);
    for decision in record["connectors"].as_array_mut().expect("a list") {
        let decision = decision.as_object_mut().expect("an object");
        let evidence = decision.remove("catalog").expect("the key of format 2");
        decision.insert("catalogue".to_owned(), evidence);
    }
}

#[test]
fn records_of_format_1_are_read_wherever_records_are() {
    let place = place();
    let path = place.path("k.recipack.json");
    let written = record(&place);
    assert_eq!(written["format"], 2);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(!text.contains("catalogue\""), "one spelling: {text}");
    forge(&path, as_format_1);
    // Signed as it is: nothing of it is written anew.
    let old = fs::read(&path).expect("readable");
    done(&place, "sign k.zip --key keys/test.key");
    for (line, told) in [
        (
            "verify k.zip --key keys/test.pub --rebuild-from partner",
            "as recorded; made again, it is the same",
        ),
        ("attest k.zip", "in-toto statement of k.zip"),
        ("sbom k.zip", "CycloneDX 1.6 of k.zip"),
        (
            "workspace create studio --kind admin --id 48213 --catalog catalogs/shared.json",
            "studio",
        ),
        (
            "workspace create kestrel --kind customer --of studio",
            "kestrel",
        ),
        (
            "plan k.zip --into local:kestrel --json",
            "\"made_for\": {\n      \"target\": null,\n      \"kind\": \"customer\"",
        ),
        // What the package was made with is in the record alone.
        ("matrix k.zip --json", "\"made_with\": 6"),
        (
            "import k.zip --into local:kestrel --require-signature keys/test.pub",
            "Imported into local:kestrel as revision 1",
        ),
    ] {
        let printed = done(&place, line);
        assert!(printed.contains(told), "{line}: {printed}");
    }
    assert_eq!(fs::read(&path).expect("readable"), old);
    // A later one may mean anything.
    forge(&path, |record| record["format"] = json!(3));
    for line in [
        "verify k.zip",
        "sign k.zip --key keys/test.key",
        "attest k.zip",
        "sbom k.zip",
        "plan k.zip --into local:kestrel",
        "matrix k.zip",
        "import k.zip --into local:kestrel --yes",
    ] {
        let newer = "the record's format is 3, this program knows up to 2";
        ends(&place, line, 4, &[newer]);
    }
}

#[test]
fn a_plan_of_format_1_is_carried_out() {
    let place = place();
    done(
        &place,
        "workspace create studio --kind admin --id 48213 --catalog catalogs/shared.json",
    );
    done(
        &place,
        "workspace create kestrel --kind customer --of studio",
    );
    done(&place, "plan k.zip --into local:kestrel -o plan.json");
    let plan = place.path("plan.json");
    let reseal = |plan: &mut Value| {
        let seal = seal_of(plan).expect("JSON").to_string();
        plan["seal"] = json!(seal);
    };
    forge(&plan, |plan| {
        assert_eq!(plan["format"], 2);
        plan["format"] = json!(3);
        reseal(plan);
    });
    let newer = "its format is 3, and this one knows 2";
    ends(&place, "import plan.json", 1, &[newer]);
    // Whatever else a later one says.
    forge(&plan, |plan| {
        plan["assets"] = json!("elsewhere");
        reseal(plan);
    });
    ends(&place, "import plan.json", 1, &[newer]);
    done(&place, "plan k.zip --into local:kestrel -o plan.json");
    forge(&plan, |plan| {
        plan["format"] = json!(1);
        let keys = plan.as_object_mut().expect("an object");
        let catalog = keys.remove("catalog").expect("the key of format 2");
        assert!(catalog.is_string());
        keys.insert("catalogue".to_owned(), catalog);
        reseal(plan);
    });
    let imported = done(&place, "import plan.json");
    assert!(imported.contains("as revision 1"), "{imported}");
}

/// A commit that somebody wrote into a record.
const INVENTED: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn what_nothing_tells_is_told_as_not_verified() {
    let place = place();
    forge(&place.path("k.recipack.json"), |record| {
        record["project"]["commit"] = json!(INVENTED);
        record["project"]["dirty"] = json!(false);
        record["package"]["file"] = json!("other.zip");
        record["generator"] = json!("recipack 99\u{202e}");
    });
    let told = done(&place, "verify k.zip");
    for line in [
        r"  not verified: generator recipack 99\u{202e} (no package tells what made it)",
        "  not verified: package.file other.zip (the package is called k.zip)",
        "  not verified: target customer (no package tells where it is meant to go)",
        "  not verified: project.name partner (it was not made again from the project)",
        "  not verified: project.dirty false (what was checked out then is not looked at)",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // The folder lies in no repository, so that nothing tells of a commit.
    let told = done(&place, "verify k.zip --rebuild-from partner");
    let line = format!(
        "  not verified: project.commit {INVENTED} (the project lies in no repository of git)"
    );
    assert!(told.contains(&line), "{told}");
    assert!(!told.contains("project.name"), "{told}");
    let document = done(&place, "verify k.zip --rebuild-from partner --json");
    let document: Value = serde_json::from_str(&document).expect("a document");
    let parts: Vec<_> = document["not_verified"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|open| open["part"].as_str().expect("a text"))
        .collect();
    assert_eq!(
        parts,
        [
            "generator",
            "package.file",
            "target",
            "project.commit",
            "project.dirty"
        ]
    );
    // Where the commit is what is asked for, it has to be known.
    let ask = format!("verify k.zip --rebuild-from partner --commit {INVENTED}");
    let why = "which is checked out is not known: the project lies in no repository of git";
    ends(&place, &ask, 4, &[why]);
    done(&place, "attest k.zip");
    let statement = fs::read_to_string(place.path("k.intoto.json")).expect("a statement");
    let statement: Value = serde_json::from_str(&statement).expect("JSON");
    let definition = &statement["predicate"]["buildDefinition"];
    let commit = &definition["resolvedDependencies"][0];
    assert_eq!(commit["digest"]["gitCommit"], INVENTED);
    assert_eq!(commit["annotations"]["verified"], false);
    let open = &definition["internalParameters"]["notVerified"];
    assert!(
        open.as_array()
            .expect("a list")
            .contains(&json!("project.commit"))
    );
}

#[test]
fn the_commit_of_a_record_is_verified_by_the_one_that_is_checked_out() {
    let place = place_with(&["partner"]);
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .args([
                "-C",
                "partner",
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b.test",
            ])
            .args(arguments)
            .current_dir(place.path("."))
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "all"]);
    let commit = git(&["rev-parse", "HEAD"]);
    done(&place, "export partner --for external -o k.zip");
    let verify = "verify k.zip --rebuild-from partner";
    let told = done(&place, &format!("{verify} --commit {commit}"));
    assert!(!told.contains("project.commit"), "{told}");
    ends(
        &place,
        &format!("{verify} --commit {INVENTED}"),
        4,
        &[&format!("it is to be {INVENTED}, the record says {commit}")],
    );
    forge(&place.path("k.recipack.json"), |record| {
        record["project"]["commit"] = json!(INVENTED);
    });
    let told = done(&place, verify);
    let open = format!(
        "  not verified: project.commit {INVENTED} (the same was made from {commit}, which is checked out)"
    );
    assert!(told.contains(&open), "{told}");
    let asked = format!("{verify} --commit {commit}");
    let differs = format!("it is to be {commit}, the record says {INVENTED}");
    ends(&place, &asked, 4, &[&differs]);
    let asked = format!("{verify} --commit {INVENTED}");
    let differs = format!("it is to be {INVENTED}, and {commit} is checked out");
    ends(&place, &asked, 4, &[&differs]);
}
