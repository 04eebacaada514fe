//! Signed packages: only what the key signed is verified and imported.

use std::fs;

use crate::support::lines::{done, ends, run};
use crate::support::{Place, Run, place_with};

const PUBLIC: &str = "RWTjNGS45PzSWE5ugvPTaFt1Q84Ht/7aW1rYiVk5dDmLi4H02He+wahp";

fn place() -> Place {
    let place = place_with(&["partner", "keys"]);
    done(&place, "export partner --for external -o k.zip");
    done(&place, "workspace create osprey --kind external");
    place
}

#[test]
fn what_is_signed_is_verified_and_imported() {
    let place = place();
    let signed = done(&place, "sign k.zip --key keys/test.key");
    assert!(signed.starts_with("k.zip.minisig: signed by key 58D2FCE4B86434E3\n"));
    for key in ["keys/test.pub", PUBLIC] {
        let verified = done(&place, &format!("verify k.zip --key {key}"));
        assert!(verified.contains("signed  by key 58D2FCE4B86434E3: file:k.zip content:"));
        done(
            &place,
            &format!("import k.zip --into local:osprey --require-signature {key}"),
        );
    }
    done(
        &place,
        "plan k.zip --into local:osprey --folder Other -o plan.json",
    );
    done(&place, "import plan.json --require-signature keys/test.pub");
    // Elsewhere, if it is said where.
    fs::rename(place.path("k.zip.minisig"), place.path("s")).expect("renamed");
    done(&place, "verify k.zip --key keys/test.pub --signature s");
    ends(
        &place,
        "verify k.zip --key keys/test.pub",
        4,
        &["k.zip.minisig: there is no signature"],
    );
    done(&place, "sign k.zip --key keys/test.key -o other");
    done(&place, "verify k.zip --key keys/test.pub --signature other");
    done(&place, "verify k.zip");
}

/// What is done to a package and its signature.
type Tamper = fn(&Place);

fn edit(place: &Place, path: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let path = place.path(path);
    let bytes = change(fs::read(&path).expect("there"));
    fs::write(path, bytes).expect("written");
}

fn line(place: &Place, number: usize, change: impl Fn(&str) -> String) {
    edit(place, "k.zip.minisig", |bytes| {
        let text = String::from_utf8(bytes).expect("text");
        let lines = text.lines().enumerate();
        let lines: Vec<String> = lines
            .map(|(n, line)| {
                if n == number {
                    change(line)
                } else {
                    line.to_owned()
                }
            })
            .collect();
        (lines.join("\n") + "\n").into_bytes()
    });
}

#[test]
fn whatever_is_tampered_with_is_refused_and_nothing_is_imported() {
    let tampers: [(&str, Tamper); 12] = [
        ("the package, by a byte", |place| {
            edit(place, "k.zip", |mut bytes| {
                let at = bytes.len() / 2;
                bytes[at] ^= 1;
                bytes
            });
        }),
        ("the package, which is another", |place| {
            done(
                place,
                "export partner --for external --include Agents/** -o k.zip",
            );
        }),
        ("the package, which is longer", |place| {
            edit(place, "k.zip", |bytes| [bytes, vec![0]].concat());
        }),
        ("no signature", |place| {
            fs::remove_file(place.path("k.zip.minisig")).expect("removed");
        }),
        ("an empty signature", |place| {
            edit(place, "k.zip.minisig", |_| Vec::new())
        }),
        ("a truncated signature", |place| {
            edit(place, "k.zip.minisig", |bytes| {
                bytes[..bytes.len() / 2].to_vec()
            });
        }),
        ("the signed comment", |place| {
            line(place, 2, |line| line.replace("k.zip", "l.zip"))
        }),
        ("the signature", |place| {
            line(place, 1, |line| line.replacen("RUTj", "RUTk", 1))
        }),
        ("the algorithm", |place| {
            line(place, 1, |line| line.replacen("RUTj", "RWTj", 1))
        }),
        ("the comment's signature", |place| {
            line(place, 3, |line| line.chars().rev().collect())
        }),
        ("a second signature below", |place| {
            edit(place, "k.zip.minisig", |bytes| {
                [bytes.clone(), bytes].concat()
            });
        }),
        ("another package's signature", |place| {
            done(
                place,
                "export partner --for external --include Agents/** -o l.zip",
            );
            done(place, "sign l.zip --key keys/test.key -o k.zip.minisig");
        }),
    ];
    for (what, tamper) in tampers {
        let place = place();
        done(&place, "sign k.zip --key keys/test.key");
        tamper(&place);
        let before = done(&place, "history local:osprey --json");
        let import = "import k.zip --into local:osprey --yes --require-signature keys/test.pub";
        let refused = run(&place, import);
        assert_eq!(refused.code, 4, "{what}: {}", refused.stderr);
        assert!(
            refused.stderr.contains("error[not-signed]"),
            "{what}: {}",
            refused.stderr
        );
        assert_eq!(
            run(&place, "verify k.zip --key keys/test.pub").code,
            4,
            "{what}"
        );
        assert_eq!(
            done(&place, "history local:osprey --json"),
            before,
            "{what}"
        );
    }
    let place = place();
    done(&place, "sign k.zip --key keys/test.key");
    // Another key, of the same form.
    let other = PUBLIC.replace("wahp", "wahq");
    ends(
        &place,
        &format!("verify k.zip --key {other}"),
        4,
        &["k.zip.minisig: "],
    );
}

/// The record says what a package was made for, so that it is signed, too.
#[test]
fn only_the_signed_record_is_imported_with() {
    let import = "import k.zip --into local:osprey --yes --require-signature keys/test.pub";
    let cases: [(&str, &str, Tamper); 3] = [
        (
            "another record",
            "the decision record beside it is another one than the signature holds for",
            |place| {
                edit(place, "k.recipack.json", |mut bytes| {
                    bytes.push(b'\n');
                    bytes
                });
            },
        ),
        (
            "no record",
            "the signature holds for a decision record, too, and that is not beside it",
            |place| fs::remove_file(place.path("k.recipack.json")).expect("removed"),
        ),
        (
            "a record that came later",
            "the signature does not hold for the decision record beside it",
            |place| {
                fs::rename(place.path("k.recipack.json"), place.path("r")).expect("renamed");
                done(place, "sign k.zip --key keys/test.key");
                fs::rename(place.path("r"), place.path("k.recipack.json")).expect("renamed");
            },
        ),
    ];
    for (what, told, tamper) in cases {
        let place = place();
        done(&place, "sign k.zip --key keys/test.key");
        tamper(&place);
        let refused = run(&place, import);
        assert_eq!(refused.code, 4, "{what}: {}", refused.stderr);
        let first = format!("error[not-signed]: k.zip is not imported: {told}\n");
        assert!(
            refused.stderr.starts_with(&first),
            "{what}: {}",
            refused.stderr
        );
    }
    // Where neither is there, nothing is missing.
    let place = place();
    fs::remove_file(place.path("k.recipack.json")).expect("removed");
    done(&place, "sign k.zip --key keys/test.key");
    done(&place, import);
}

#[test]
fn wrong_keys_are_told() {
    let place = place();
    for (line, code, told) in [
        ("sign k.zip --key nowhere", 1, "can't read nowhere"),
        ("sign k.zip --key /dev/zero", 1, "it is not a file"),
        (
            "import k.zip --into local:osprey --require-signature /dev/zero",
            1,
            "can't read /dev/zero",
        ),
        (
            "sign k.zip --key keys/test.pub",
            1,
            "keys/test.pub: it is no secret key of minisign",
        ),
        ("sign nowhere.zip --key keys/test.key", 1, "nowhere.zip"),
        (
            "sign partner --key keys/test.key",
            64,
            "partner is a folder, not a package",
        ),
        ("sign keys/test.pub --key keys/test.key", 4, "keys/test.pub"),
        (
            "sign k.zip --key keys/test.key -o partner",
            64,
            "partner is there and no file",
        ),
        (
            "verify k.zip --key nowhere",
            64,
            "nowhere is neither a public key",
        ),
        (
            "verify k.zip --key keys/test.key",
            64,
            "keys/test.key is neither a public key",
        ),
        ("verify k.zip --signature k.zip.minisig", 64, "--key"),
        (
            "import k.zip --into local:osprey --require-signature x",
            64,
            "x is neither a public key",
        ),
    ] {
        ends(&place, line, code, &[told]);
        assert!(
            !place.path("k.zip.minisig").exists(),
            "{line} leaves nothing behind"
        );
    }
    // Nobody signs what is not as it was recorded.
    edit(&place, "k.recipack.json", |bytes| {
        let text = String::from_utf8(bytes).expect("text");
        text.replacen("\"sha256\": \"", "\"sha256\": \"0", 1)
            .into_bytes()
    });
    ends(
        &place,
        "sign k.zip --key keys/test.key",
        4,
        &["k.recipack.json"],
    );
}

#[test]
fn a_key_with_a_password_is_opened_by_the_environment_only() {
    let place = place();
    let pair = minisign::KeyPair::generate_encrypted_keypair(Some("open sesame".to_owned()));
    let pair = pair.expect("a pair");
    let secret = pair.sk.to_box(None).expect("text").into_string();
    place.write("e.key", &secret);
    place.write("e.pub", &pair.pk.to_box().expect("text").into_string());
    ends(
        &place,
        "sign k.zip --key e.key",
        77,
        &["error[no-password]"],
    );
    for (password, code) in [("open", 77), ("open sesame", 0)] {
        let mut command = place.command();
        command.env("RECIPACK_SIGN_PASSWORD", password);
        let output = command.args(["sign", "k.zip", "--key", "e.key"]).output();
        let run: Run = output.expect("it starts").into();
        assert_eq!(run.code, code, "{}", run.stderr);
        assert!(!run.stderr.contains("sesame") && !run.stdout.contains("sesame"));
    }
    done(&place, "verify k.zip --key e.pub");
}
