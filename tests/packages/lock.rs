//! `recipack.lock`: what targets get is written down, and a change is told by its name, whoever makes
//! or ships the package.

use std::fs;
use std::process::Command;

use crate::support::lines::{done, ends, run};
use crate::support::{Place, copy, corpus, place_with};
use recipack::manifest::lock::Lock;

const TITLE: &str = "\"Invoice Vault\"";

fn place() -> Place {
    place_with(&["partner", "catalogs", "recipack.toml"])
}

fn edit(place: &Place, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(place.path(path)).expect("text");
    assert!(text.contains(from), "{path} has {from}");
    place.write(path, &text.replacen(from, to, 1));
}

#[test]
fn a_second_lock_changes_nothing_and_a_check_writes_nothing() {
    let place = place();
    ends(
        &place,
        "lock --check",
        2,
        &["recipack.lock: not there yet", "customers: 35 files"],
    );
    assert!(!place.path("recipack.lock").exists());
    let first = done(&place, "lock");
    assert!(first.starts_with("recipack.lock: written\n"));
    let text = fs::read_to_string(place.path("recipack.lock")).expect("a lock");
    let time = fs::metadata(place.path("recipack.lock"))
        .and_then(|m| m.modified())
        .expect("a time");
    ends(&place, "lock", 0, &["recipack.lock: up to date"]);
    ends(&place, "lock --check", 0, &["recipack.lock: up to date"]);
    let after = fs::metadata(place.path("recipack.lock")).expect("a lock");
    assert_eq!(
        after.modified().expect("a time"),
        time,
        "nothing is written"
    );
    // In another place, under another name, with other threads: the same lock.
    let other = Place::new();
    copy(&place.path("partner"), &other.path("a b/partner"));
    copy(&place.path("catalogs"), &other.path("a b/catalogs"));
    fs::copy(place.path("recipack.toml"), other.path("a b/recipack.toml")).expect("copied");
    let run = other.run(["-C", "a b", "--threads", "7", "lock"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let again = fs::read_to_string(other.path("a b/recipack.lock")).expect("a lock");
    assert_eq!(again, text);
    let lock = Lock::parse(&text).expect("a lock");
    assert_eq!(lock.targets.len(), 2);
}

/// What changes, and what is told of it.
type Changed = (fn(&Place), &'static [&'static str]);

#[test]
fn a_change_is_told_by_its_name() {
    let cases: &[Changed] = &[
        (
            |place| {
                edit(place, "partner/invoice_vault.custom_adapter.rb", "{", "{ ");
            },
            &[
                "  connector \"Invoice Vault\": its code 5bdbf68fe3b2 → ",
                "  invoice_vault.custom_adapter.rb: changed  (for external-account)",
            ],
        ),
        (
            |place| {
                edit(place, "partner/Orders/return_label.recipe.json", "{", "{ ");
            },
            &["  Orders/return_label.recipe.json: changed\n"],
        ),
        (
            |place| {
                let path = place.path("partner/Orders/gold.loyalty_card.json");
                fs::rename(&path, path.with_file_name("silver.loyalty_card.json")).expect("moved");
            },
            &[
                "  Orders/gold.loyalty_card.json: gone\n",
                "  Orders/silver.loyalty_card.json: new\n",
            ],
        ),
        (
            |place| {
                edit(
                    place,
                    "catalogs/shared.json",
                    "\"oem_shared_version\": 6",
                    "\"oem_shared_version\": 7",
                );
            },
            &[
                "  catalogue: 752a8536329d → ",
                "  connector \"Parcel Tracker\": the shared version v6 → v7\n",
            ],
        ),
        (
            |place| {
                edit(
                    place,
                    "recipack.toml",
                    "data-center = \"us\"",
                    "data-center = \"eu\"",
                );
            },
            &["  data center: us → eu  (for customers)"],
        ),
        (
            |place| {
                edit(
                    place,
                    "recipack.toml",
                    "[targets.customers]",
                    "[targets.partners]",
                );
            },
            &[
                "  target `customers`: is locked, and the manifest does not have it\n",
                "  target `partners`: is not locked yet\n",
            ],
        ),
        (
            |place| {
                let text = "[connectors]\n\"Ledger Sync\" = \"exclude\"\n\n[targets.customers]";
                edit(place, "recipack.toml", "[targets.customers]", text);
                edit(
                    place,
                    "recipack.toml",
                    "kind = \"customer\"",
                    "kind = \"external\"",
                );
            },
            &[
                "  kind: customer → external  (for customers)",
                "  connector \"Ledger Sync\": own-included → ",
                "  ledger_sync.custom_adapter.rb: gone",
            ],
        ),
    ];
    for (change, told) in cases {
        let place = place();
        done(&place, "lock");
        let before = fs::read(place.path("recipack.lock")).expect("a lock");
        change(&place);
        ends(&place, "lock --check", 2, told);
        assert_eq!(
            fs::read(place.path("recipack.lock")).expect("a lock"),
            before
        );
        // What is written says so too, and holds then.
        ends(&place, "lock", 0, told);
        done(&place, "lock --check");
    }
}

#[test]
fn a_locked_export_makes_what_was_locked_or_nothing() {
    let place = place();
    ends(
        &place,
        "export --to customers --locked",
        2,
        &[
            "error[lock-missing]: there is no recipack.lock",
            "recipack lock",
        ],
    );
    done(&place, "lock");
    done(&place, "export --to customers --locked -o a.zip");
    done(&place, "export --to customers -o b.zip");
    assert_eq!(
        fs::read(place.path("a.zip")).expect("a package"),
        fs::read(place.path("b.zip")).expect("a package")
    );
    // What the command line says counts too.
    let names = place.names();
    let excluded = place.run([
        "export",
        "--to",
        "external-account",
        "--connector",
        "Invoice Vault=exclude",
        "--locked",
        "-o",
        "c.zip",
    ]);
    assert_eq!(excluded.code, 2, "{}", excluded.stderr);
    assert!(excluded.stderr.contains("error[lock-differs]"));
    assert!(excluded.stderr.contains(TITLE), "{}", excluded.stderr);
    assert!(
        excluded
            .stderr
            .contains("invoice_vault.custom_adapter.rb: gone")
    );
    edit(&place, "partner/Orders/return_label.recipe.json", "{", "{ ");
    let told = ["Orders/return_label.recipe.json: changed", "recipack lock"];
    ends(&place, "export --to customers --locked -o a.zip", 2, &told);
    assert_eq!(place.names(), names, "nothing is left behind");
    done(&place, "verify a.zip");
    ends(
        &place,
        "export partner --for external --locked",
        64,
        &["--to TARGET"],
    );
}

#[test]
fn a_locked_import_takes_what_was_locked_or_nothing() {
    let place = place();
    done(&place, "lock");
    done(&place, "export --to external-account -o e.zip");
    done(&place, "export --to customers -o c.zip");
    done(
        &place,
        "workspace create osprey --kind external --data-center eu",
    );
    done(
        &place,
        "import e.zip --into local:osprey --folder A --locked",
    );
    // A package without its record is known by its contents.
    fs::rename(place.path("e.zip"), place.path("alone.zip")).expect("renamed");
    done(
        &place,
        "import alone.zip --into local:osprey --folder B --locked --yes",
    );
    done(
        &place,
        "plan alone.zip --into local:osprey --folder C -o plan.json",
    );
    done(&place, "import plan.json --locked");

    edit(&place, "partner/Orders/return_label.recipe.json", "{", "{ ");
    done(&place, "export --to external-account -o e.zip");
    let before = done(&place, "history local:osprey");
    ends(
        &place,
        "import e.zip --into local:osprey --folder A --locked",
        2,
        &[
            "error[lock-differs]: what `external-account` gets is not what recipack.lock says",
            "Orders/return_label.recipe.json: changed",
        ],
    );
    fs::rename(place.path("e.zip"), place.path("alone.zip")).expect("renamed");
    ends(
        &place,
        "import alone.zip --into local:osprey --folder B --locked --yes",
        2,
        &["alone.zip is not what any target of recipack.lock gets: customers, external-account"],
    );
    ends(
        &place,
        "import c.zip --into local:osprey --locked --lock none.lock",
        2,
        &["there is no none.lock"],
    );
    assert_eq!(done(&place, "history local:osprey"), before);
}

#[test]
fn a_package_with_a_file_that_is_no_assets_is_not_what_was_locked() {
    let place = place();
    done(&place, "lock");
    done(&place, "export --to external-account -o e.zip");
    done(
        &place,
        "workspace create osprey --kind external --data-center eu",
    );
    let zip = |options: &str, name: &str| {
        let done = Command::new("sh")
            .args([
                "-c",
                &format!("echo x > {name} && zip -q {options} e.zip {name}"),
            ])
            .current_dir(place.folder.path())
            .status()
            .expect("sh");
        assert!(done.success(), "zip {options} {name}");
    };
    zip("", "NOTES.md");
    // Its record is one of another package by now.
    ends(
        &place,
        "import e.zip --into local:osprey --locked",
        4,
        &["e.recipack.json"],
    );
    fs::remove_file(place.path("e.recipack.json")).expect("removed");
    ends(
        &place,
        "import e.zip --into local:osprey --locked",
        2,
        &["e.zip is not what any target of recipack.lock gets"],
    );
    // What another program adds to every package is told too, though it is no part of a project.
    zip("-d", "NOTES.md");
    zip("", ".DS_Store");
    ends(
        &place,
        "import e.zip --into local:osprey --locked",
        2,
        &[
            "what `external-account` gets is not what recipack.lock says",
            ".DS_Store: new",
        ],
    );
    zip("-d", ".DS_Store");
    done(&place, "import e.zip --into local:osprey --locked");
}

#[test]
fn wrong_locks_are_told_and_left_alone() {
    let place = place();
    for (text, told) in [
        (
            "version = 9\n",
            "the lock's version is 9, this program knows up to 1",
        ),
        ("<<<<<<< HEAD\n", "recipack.lock can't be used"),
        ("", "missing field `version`"),
        ("\u{0}", "recipack.lock can't be used"),
    ] {
        place.write("recipack.lock", text);
        for line in ["lock", "lock --check", "export --to customers --locked"] {
            ends(&place, line, 1, &["error[invalid-lock]", told]);
        }
        let now = fs::read_to_string(place.path("recipack.lock")).expect("text");
        assert_eq!(now, text);
    }
    fs::remove_file(place.path("recipack.lock")).expect("removed");
    place.write("none.toml", "[package]\nproject = \"partner\"\n");
    ends(
        &place,
        "lock -m none.toml",
        64,
        &["none.toml has no targets"],
    );
    ends(
        &place,
        "lock -m absent.toml",
        1,
        &["can't read absent.toml"],
    );
    // A target that can't be made stops it, with the reason.
    place.write("partner/Orders/bad.recipe.json", "{");
    ends(
        &place,
        "lock",
        1,
        &["error[broken-json]", "nothing was locked"],
    );
    assert!(!place.path("recipack.lock").exists());
}

#[test]
fn a_release_is_made_of_what_is_committed_and_nothing_else() {
    let place = place();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Tarn", "-c", "user.email=tarn@example.com"];
        let done = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(place.folder.path())
            .output()
            .expect("git");
        assert!(done.status.success(), "git {arguments:?}: {done:?}");
    };
    let release = "export --to customers --release -o dist/k.zip";
    fs::create_dir(place.path("dist")).expect("made");
    ends(
        &place,
        release,
        3,
        &["error[not-committed]", "comes from no commit"],
    );
    git(&["init", "-q"]);
    place.write(".gitignore", "dist/\n");
    git(&["add", "-A"]);
    git(&["commit", "-qm", "all"]);
    done(&place, release);
    let record = fs::read_to_string(place.path("dist/k.recipack.json")).expect("a record");
    assert!(record.contains("\"dirty\": false"), "{record}");

    for (path, how) in [
        ("partner/Orders/return_label.recipe.json", "{ "),
        ("catalogs/shared.json", " "),
        ("recipack.toml", "\n"),
    ] {
        let text = fs::read_to_string(place.path(path)).expect("text");
        place.write(path, &(how.to_owned() + text.trim_start_matches('{')));
        if how == "{ " || how == "\n" {
            ends(
                &place,
                release,
                3,
                &["differs from what is committed", path],
            );
        } else {
            let ended = run(&place, release);
            assert_ne!(ended.code, 0, "{}", ended.stderr);
        }
        git(&["checkout", "-q", "."]);
    }
    place.write("partner/Orders/a new one.recipe.json", "{}");
    ends(
        &place,
        release,
        3,
        &["partner/Orders/a new one.recipe.json"],
    );
    // Without the word it is made, and recorded.
    done(&place, "export --to external-account -o dist/e.zip");
    let record = fs::read_to_string(place.path("dist/e.recipack.json")).expect("a record");
    assert!(record.contains("\"dirty\": true"), "{record}");
    fs::remove_file(place.path("partner/Orders/a new one.recipe.json")).expect("removed");
    fs::rename(
        place.path("partner/Orders/gold.loyalty_card.json"),
        place.path("partner/Orders/silver.loyalty_card.json"),
    )
    .expect("renamed");
    git(&["add", "-A"]);
    ends(
        &place,
        release,
        3,
        &["partner/Orders/silver.loyalty_card.json"],
    );
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_projects_are_locked() {
    for project in ["dewy-resort/workato", "dewy-resort-wk/home-assistant"] {
        let place = Place::new();
        copy(&corpus(project), &place.path("project"));
        place.write(
            "recipack.toml",
            "[package]\nproject = \"project\"\n[targets.a]\nkind = \"external\"\n",
        );
        let first = run(&place, "lock");
        if first.code != 0 {
            // Several projects in one folder are told, and nothing is written.
            assert!(!place.path("recipack.lock").exists());
            continue;
        }
        done(&place, "lock --check");
        done(&place, "export --to a --locked");
    }
}
