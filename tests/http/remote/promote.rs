//! From one environment to the next: only what was imported there, is there unchanged, and was there
//! for long enough goes on, in the local platform and over the API alike.

use serde_json::Value;

use super::slim::{edit_recipe, newer};
use crate::remote::Caller;
use crate::support::sandbox::{Sandbox, done, export_external, local, partner};
use crate::support::{Place, Run};

/// A partner with another account, which is the one that works.
fn with_prod() -> Place {
    let place = partner();
    let create = ["workspace", "create", "harrier", "--kind", "external"];
    done(&local(&place, &create), &create);
    place
}

fn environments(place: &Place, test: &str, prod: &str) {
    place.write(
        "recipack.toml",
        &format!("[environments]\nprod = \"{prod}\"\n\n[environments.test]\n{test}\n"),
    );
}

fn is_refused(run: &Run, code: &str, told: &[&str]) {
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr.contains(&format!("error[{code}]: ")),
        "{}",
        run.stderr
    );
    for told in told {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

const PROMOTE: [&str; 6] = ["promote", "external.zip", "--from", "test", "--to", "prod"];

#[test]
fn a_package_goes_on_once_it_was_where_it_is_to_come_from() {
    let place = with_prod();
    environments(&place, "address = \"local:osprey\"", "local:harrier");
    let none = local(&place, &PROMOTE);
    is_refused(
        &none,
        "no-receipt",
        &["test (local:osprey): nothing tells that"],
    );
    let import = ["import", "external.zip", "--into", "local:osprey"];
    done(&local(&place, &import), &import);

    // The plan says what would happen, and does nothing.
    let plan = local(
        &place,
        &[&PROMOTE[..], &["--plan", "--detailed-exitcode"]].concat(),
    );
    assert_eq!(plan.code, 2, "{}", plan.stderr);
    assert!(
        plan.stderr
            .contains("external.zip is in test (local:osprey) as revision 1, unchanged since "),
        "{}",
        plan.stderr
    );
    assert!(
        plan.stdout.contains("Plan: 31 to create"),
        "{}",
        plan.stdout
    );
    let nothing = local(&place, &["history", "local:harrier"]);
    assert_eq!(nothing.stdout, "");

    // Prod's settings hold, and nobody else's.
    place.write(
        "settings/all.toml",
        "[targets.prod.project-properties]\nlate_after_hours = \"12\"\n[targets.test.project-properties]\nlate_after_hours = \"99\"\n",
    );
    let promoted = local(&place, &PROMOTE);
    done(&promoted, &PROMOTE);
    assert!(
        promoted.stdout.contains("late_after_hours"),
        "{}",
        promoted.stdout
    );
    assert!(promoted.stdout.contains("12"), "{}", promoted.stdout);
    assert!(!promoted.stdout.contains("99"), "{}", promoted.stdout);
    assert!(
        promoted.stdout.ends_with(
            "Imported into local:harrier as revision 1; read back, everything is as planned.\n"
        ),
        "{}",
        promoted.stdout
    );
    let again = local(&place, &[&PROMOTE[..], &["--json"]].concat());
    assert_eq!(again.code, 0, "{}", again.stderr);
    let document: Value = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!(document["promoted"]["revision"]["number"], 1, "{document}");
    assert_eq!(document["receipt"]["revision"], Value::Null);

    // Another package was not tried.
    newer(&place);
    let newer = [
        "promote",
        "newer.zip",
        "--from",
        "test",
        "--to",
        "prod",
        "--yes",
    ];
    is_refused(
        &local(&place, &newer),
        "no-receipt",
        &["recipack history local:osprey"],
    );
    // What somebody changed there was not, either.
    edit_recipe(
        &place.path("p.db"),
        "Quote shipping",
        "by somebody, in test",
    );
    is_refused(
        &local(&place, &PROMOTE),
        "changed-since",
        &["= note: recipe \"Functions/Quote shipping\" is otherwise\n"],
    );
}

/// What is asked about, permitted and refused is what an import asks about, permits and refuses.
#[test]
fn a_promotion_is_an_import() {
    let place = with_prod();
    environments(&place, "address = \"local:osprey\"", "local:harrier");
    for workspace in ["local:osprey", "local:harrier"] {
        let import = ["import", "external.zip", "--into", workspace];
        done(&local(&place, &import), &import);
    }
    newer(&place);
    let import = ["import", "newer.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    let promote = ["promote", "newer.zip", "--from", "test", "--to", "prod"];
    let asked = local(&place, &promote);
    is_refused(&asked, "not-confirmed", &["--yes"]);
    for command in [
        &["connection", "authorize", "--all", "--in", "local:harrier"][..],
        &[
            "recipe",
            "start",
            "Functions/Quote shipping",
            "--in",
            "local:harrier",
        ],
    ] {
        done(&local(&place, command), command);
    }
    let yes = [&promote[..], &["--yes"]].concat();
    is_refused(
        &local(&place, &yes),
        "not-permitted",
        &["--restart-recipes"],
    );
    let permitted = [&yes[..], &["--restart-recipes"]].concat();
    done(&local(&place, &permitted), &permitted);
    // An older package was there, and is there no more.
    is_refused(
        &local(&place, &PROMOTE),
        "changed-since",
        &["Quote shipping"],
    );
}

#[test]
fn a_package_goes_on_after_its_time() {
    let place = with_prod();
    let import = ["import", "external.zip", "--into", "local:osprey"];
    done(&local(&place, &import), &import);
    environments(
        &place,
        "address = \"local:osprey\"\nmin-soak = \"7d\"",
        "local:harrier",
    );
    is_refused(
        &local(&place, &PROMOTE),
        "too-early",
        &[
            "test (local:osprey): it is there since ",
            ", and may go on from ",
            "min-soak",
        ],
    );
    environments(
        &place,
        "address = \"local:osprey\"\nmin-soak = \"0s\"",
        "local:harrier",
    );
    done(&local(&place, &PROMOTE), &PROMOTE);
}

#[test]
fn environments_have_to_be_there_and_to_be_two() {
    let place = with_prod();
    environments(&place, "address = \"local:osprey\"", "local:osprey");
    let one = local(&place, &PROMOTE);
    assert_eq!(one.code, 64, "{}", one.stderr);
    let unknown = ["promote", "external.zip", "--from", "dev", "--to", "prod"];
    let unknown = local(&place, &unknown);
    assert_eq!(unknown.code, 1, "{}", unknown.stderr);
    assert!(
        unknown
            .stderr
            .contains("has no environment `dev`\n   = help: those that are there: prod, test\n"),
        "{}",
        unknown.stderr
    );
    for (wrong, told) in [
        ("address = \"osprey\"", "is no workspace"),
        (
            "address = \"local:osprey\"\nmin-soak = \"soon\"",
            "a number and its unit are expected",
        ),
        ("min-soak = \"1h\"", "`address` is missing"),
        (
            "address = \"local:osprey\"\nsoak = \"1h\"",
            "unknown key `soak`",
        ),
    ] {
        environments(&place, wrong, "local:harrier");
        let run = local(&place, &PROMOTE);
        assert_eq!(run.code, 1, "{wrong}: {}", run.stderr);
        assert!(
            run.stderr.contains("error[invalid-manifest]"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(told), "{wrong}: {}", run.stderr);
    }
}

/// Over the API a receipt is what was imported from this machine.
#[test]
fn over_the_api_a_package_goes_on_by_its_receipt() {
    let place = with_prod();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let test = format!("address = \"{}\"", sandbox.url);
    environments(&place, &test, "local:harrier");
    let promote = [&PROMOTE[..], &["--platform", "p.db"]].concat();
    let none = osprey.run(&promote);
    is_refused(
        &none,
        "no-receipt",
        &["nothing tells that this package was imported there"],
    );
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    let promoted = osprey.exits(0, &promote);
    assert!(
        promoted.stderr.contains(" as revision 1, unchanged since "),
        "{}",
        promoted.stderr
    );
    assert!(
        promoted.stdout.ends_with(
            "Imported into local:harrier as revision 1; read back, everything is as planned.\n"
        ),
        "{}",
        promoted.stdout
    );
    // The same contents in another zip are the same package.
    export_external(&place, "again.zip");
    osprey.exits(
        0,
        &[
            "promote",
            "again.zip",
            "--from",
            "test",
            "--to",
            "prod",
            "--platform",
            "p.db",
        ],
    );
    edit_recipe(
        &place.path("p.db"),
        "Quote shipping",
        "by somebody, in test",
    );
    let changed = osprey.run(&promote);
    is_refused(
        &changed,
        "changed-since",
        &["recipe \"Functions/Quote shipping\" is otherwise\n"],
    );
    // And the other way: from the local platform to the API.
    place.write(
        "back.toml",
        &format!(
            "[environments]\ntest = \"local:harrier\"\nprod = \"{}\"\n",
            sandbox.url
        ),
    );
    let back = [&promote[..], &["-m", "back.toml", "--yes"]].concat();
    let held = osprey.exits(3, &back);
    let told = "\"Functions/Quote shipping\" would lose what was changed there";
    assert!(held.stderr.contains(told), "{}", held.stderr);
    let back = osprey.exits(0, &[&back[..], &["--overwrite-edits"]].concat());
    assert!(
        back.stdout.contains(" as revision 2; read back"),
        "{}",
        back.stdout
    );
}
