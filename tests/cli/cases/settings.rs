//! `settings init`, `check` and `show`.

use crate::support::{Place, Run, place_with};

fn partner() -> Place {
    let place = place_with(&["partner"]);
    done(&place, "export partner --for external -o p.zip");
    done(
        &place,
        "workspace create osprey --kind external --platform p.db",
    );
    place
}

fn run(place: &Place, line: &str) -> Run {
    place.run(line.split(' '))
}

#[track_caller]
fn done(place: &Place, line: &str) -> Run {
    let run = run(place, line);
    assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
    run
}

/// What is needed has a mark, and a mark that nobody filled in is an error of an import.
#[test]
fn what_a_package_needs_is_a_file_to_fill_in() {
    let place = partner();
    let printed = done(&place, "settings init p.zip").stdout;
    for line in [
        "[all.properties]\n\"depot.site\" = { fill-in = \"the package has it, and none of its recipes reads it\" }",
        "[all.project-properties]\n\"late_after_hours\" = { fill-in = \"",
        "\"Connections/Ledger\" = { fill-in = \"for Ledger Sync, used by 1 recipe\" }\n",
        "\n[all.recipes]\n\"*\" = \"start\"\n",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    done(&place, "settings init p.zip -o s.toml");
    assert_eq!(
        std::fs::read_to_string(place.path("s.toml")).expect("written"),
        printed
    );
    let again = run(&place, "settings init p.zip -o s.toml");
    assert_eq!(
        again.code, 64,
        "what somebody filled in is not replaced: {}",
        again.stderr
    );
    let checked = done(&place, "settings check p.zip --settings s.toml").stdout;
    let marks = printed.matches("fill-in = ").count();
    assert_eq!(
        checked,
        format!("s.toml: nothing is wrong, and {marks} marks to fill in\n")
    );
    let import = "import p.zip --into local:osprey --settings s.toml --platform p.db";
    let refused = run(&place, import);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert_eq!(
        refused.stderr.matches("is not filled in: ").count(),
        marks,
        "{}",
        refused.stderr
    );
}

#[test]
fn a_slip_is_found_before_there_is_a_target() {
    let place = partner();
    place.write(
        "s.toml",
        "[all.properties]\n'depot.sight' = 'x'\n[labels.x.connections]\nLedgar = 'person'\n[all.recipes]\n'*' = 'start'\n'Return label' = 'leave'\n",
    );
    let found = run(&place, "settings check p.zip --settings s.toml");
    assert_eq!(found.code, 1);
    for line in [
        "error[invalid-settings]: property \"depot.sight\": the package neither brings nor uses it",
        "help: did you mean `depot.site`?",
        "error[invalid-settings]: connection \"Ledgar\": the package neither brings nor uses it",
    ] {
        assert!(found.stderr.contains(line), "{line}\n{}", found.stderr);
    }
    assert_eq!(
        found.stderr.matches("error[").count(),
        2,
        "{}",
        found.stderr
    );
}

#[test]
fn what_holds_for_a_target_is_shown_with_its_place_and_without_secrets() {
    let place = partner();
    place.write(
        "s.toml",
        "[all.properties]\na = 'one'\nb = { env = 'B' }\n[labels.gold.properties]\na = 'two'\n[customers.acme.properties]\na = 'three'\n",
    );
    let mut command = place.command();
    command
        .env("B", "canary")
        .args(["settings", "show", "--of", "acme", "--settings", "s.toml"]);
    let shown = Run::from(command.output().expect("it starts"));
    assert_eq!(
        shown.stdout,
        "property \"a\": \"three\"\n  s.toml:7 [customers.acme]\nproperty \"b\": secret of B\n  s.toml:3 [all]\n"
    );
    let gold = done(
        &place,
        "settings show --of moon --label gold --settings s.toml",
    )
    .stdout;
    assert!(
        gold.starts_with("property \"a\": \"two\"\n  s.toml:5 [labels.gold]\n"),
        "{gold}"
    );
    let none = run(&place, "settings show --of moon");
    assert_eq!(none.code, 64, "{}", none.stderr);
}

/// A folder of settings that can't be read does not pass for none.
#[test]
fn settings_that_cannot_be_listed_are_not_none() {
    let place = partner();
    done(&place, "init partner --catalog none");
    let plan = "plan p.zip --into local:osprey --platform p.db";
    done(&place, plan);
    std::os::unix::fs::symlink("settings", place.path("settings")).expect("a link to itself");
    let refused = run(&place, plan);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    let told = "error[unreadable]: can't list settings, which would have settings";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    std::fs::remove_file(place.path("settings")).expect("removed");
    place.write("settings", "a file of that name has nothing to do with it");
    done(&place, plan);
}

/// The manifest may say the same under `settings`; what lies beside it counts more, and both are told
/// with their places.
#[test]
fn a_manifest_has_settings_too() {
    let place = partner();
    place.write(
        "recipack.toml",
        "[package]\nproject = 'partner'\n\n[settings.all.properties]\n'depot.site' = 'Hamburg'\n'ledger.cost_center' = { file = 'centre.txt' }\n\n[settings.customers.osprey.properties]\n'depot.site' = 'Bremen'\n",
    );
    place.write("centre.txt", "CC-7\n");
    place.write(
        "settings/all.toml",
        "[all.properties]\n'ledger.cost_center' = 'CC-8'\n",
    );
    let shown = done(&place, "settings show --of osprey").stdout;
    assert_eq!(
        shown,
        "property \"depot.site\": \"Bremen\"\n  recipack.toml:9 [customers.osprey]\nproperty \"ledger.cost_center\": \"CC-8\"\n  settings/all.toml:2 [all]\n"
    );
    let shown = done(&place, "settings show --of heron --settings recipack.toml").stdout;
    assert_eq!(
        shown,
        "property \"depot.site\": \"Hamburg\"\n  recipack.toml:5 [all]\nproperty \"ledger.cost_center\": secret of centre.txt\n  recipack.toml:6 [all]\n"
    );
    // What else reads the manifest has nothing against it, and its schema neither.
    done(&place, "check");
    let plan = "plan p.zip --into local:osprey --platform p.db -o plan.json";
    let planned = done(&place, plan).stdout;
    assert!(
        planned.contains("+ property     depot.site  \"Bremen\"\n"),
        "{planned}"
    );
    done(&place, "import plan.json --platform p.db");
    // A slip is told in its place, also where nobody named the file.
    let text = std::fs::read_to_string(place.path("recipack.toml")).expect("written");
    place.write(
        "recipack.toml",
        &text.replace("settings.all", "settings.al"),
    );
    let wrong = run(&place, plan);
    assert_eq!(wrong.code, 1, "{}", wrong.stderr);
    let told = "error[invalid-settings]: unknown key `al`\n  --> recipack.toml:4:11\n";
    assert!(wrong.stderr.contains(told), "{}", wrong.stderr);
    place.write("recipack.toml", "[package]\nproject = 'partner'\n");
    let none = run(&place, "settings show --of osprey --settings recipack.toml");
    assert_eq!(none.code, 1, "{}", none.stderr);
    let told = "error[invalid-settings]: the manifest says nothing under `settings`\n  --> recipack.toml:1:1\n";
    assert!(none.stderr.contains(told), "{}", none.stderr);
    place.write("recipack.toml", "settings = 3\n");
    let wrong = run(&place, "check");
    assert_eq!(wrong.code, 1, "{}", wrong.stderr);
}
