//! Which connector is which, and which is none.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, entries};

const HUB: &str = "parcel_hub_connector_700_1700000000";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:aa11\nsize 12345\n";
const CONFLICT: &str =
    "{ title: 'Hub',\n<<<<<<< HEAD\n  actions: {}\n=======\n  triggers: {}\n>>>>>>> other\n}\n";

/// A command line, split at blanks.
fn line(place: &Place, line: &str) -> Run {
    let mut command = place.command();
    command
        .args(line.split_whitespace())
        .env("RECIPACK_PLATFORM", place.path("p.db"));
    command.output().expect("it starts").into()
}

/// A recipe, its connection and its connector "Hub".
pub(crate) fn hub(place: &Place) -> ProjectFolder<'_> {
    let project = ProjectFolder::new(place, "project");
    project
        .recipe(
            "Orders/send.recipe.json",
            "Send",
            &[uses(HUB, custom_reference("hub.connection.json", "Hub"))],
        )
        .connection(
            "hub.connection.json",
            "Hub",
            &reference("hub.custom_adapter.json", "Hub"),
        )
        .connector("hub", "Hub", 5);
    project
}

/// A catalogue file that shares these connectors.
fn catalogue(place: &Place, shared: &[(&str, &str)]) {
    let entries: Vec<Value> = shared
        .iter()
        .map(|(title, name)| json!({"title": title, "name": name, "latest_released_version": 5, "oem_shared_version": 5, "released_versions": [{"version": 5}]}))
        .collect();
    place.write("catalog.json", &json!({ "result": entries }).to_string());
}

/// The errors of a JSON document, by their codes.
fn errors(run: &Run) -> Vec<String> {
    codes(run, "error")
}

fn codes(run: &Run, severity: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|_| panic!("{}\n{}", run.stdout, run.stderr));
    let findings = document["findings"].as_array().expect("findings");
    let of = findings.iter().filter(|f| f["severity"] == severity);
    of.map(|f| f["code"].as_str().expect("a code").to_owned())
        .collect()
}

/// A zip of a folder, made without this program.
fn zip(place: &Place, folder: &str, package: &str) {
    let file = std::fs::File::create(place.path(package)).expect("made");
    let mut zip = zip::ZipWriter::new(file);
    for (path, bytes) in crate::support::files(&place.path(folder)) {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(path, options).expect("started");
        zip.write_all(&bytes).expect("written");
    }
    zip.finish().expect("finished");
}

#[test]
fn half_a_connector_is_none() {
    for (what, source, told, way_out) in [
        (
            "no source",
            None,
            "`hub.custom_adapter.rb` is not there",
            "restore",
        ),
        ("empty", Some(""), "holds no code", "restore the source"),
        (
            "blank",
            Some(" \n\t\n"),
            "holds no code",
            "restore the source",
        ),
        (
            "comments",
            Some("# moved\n"),
            "holds no code",
            "restore the source",
        ),
        (
            "pointer",
            Some(POINTER),
            "is a Git LFS pointer",
            "git lfs pull",
        ),
        ("conflict", Some(CONFLICT), "markers of a merge", "resolve"),
    ] {
        let place = Place::new();
        let project = hub(&place);
        let path = project.path().join("hub.custom_adapter.rb");
        match source {
            Some(text) => std::fs::write(&path, text).expect("written"),
            None => std::fs::remove_file(&path).expect("removed"),
        }
        catalogue(&place, &[("Hub", HUB)]);
        place.write(
            "lock.toml",
            "[package]\nproject = \"project\"\n\n[targets.out]\nkind = \"external\"\n",
        );
        for command in [
            "export project --for external -o p.zip",
            "export project --for external --list",
            "check project --for external",
            "lock -m lock.toml",
        ] {
            let run = line(&place, command);
            assert_eq!(run.code, 1, "{what}: {command}: {}", run.stderr);
            for part in ["error[connector-missing]", told, way_out] {
                assert!(
                    run.stderr.contains(part),
                    "{what}: {command}: {}",
                    run.stderr
                );
            }
            assert!(!place.path("p.zip").exists(), "{what}");
        }
        let why = line(&place, "why Hub project --for external");
        let all = format!("{}{}", why.stdout, why.stderr);
        assert!(
            all.contains("missing") && all.contains(way_out),
            "{what}: {all}"
        );
        // What is left out does not matter.
        let run = line(
            &place,
            "export project --for customer --catalog catalog.json -o c.zip -v",
        );
        assert_eq!(run.code, 0, "{what}: {}", run.stderr);
        assert!(
            run.stderr.contains("only half of it is here"),
            "{}",
            run.stderr
        );
        assert!(!entries(&place.path("c.zip")).contains_key("hub.custom_adapter.json"));
        // A package of others that holds it so.
        zip(&place, "project", "half.zip");
        line(&place, "workspace create osprey --kind external");
        for (command, code) in [
            ("plan half.zip --into local:osprey", 3),
            (
                "import half.zip --into local:osprey --allow-missing-connectors",
                3,
            ),
        ] {
            let run = line(&place, command);
            assert_eq!(run.code, code, "{what}: {command}: {}", run.stderr);
            assert!(
                run.stderr.contains("error[connector-sourceless]"),
                "{}",
                run.stderr
            );
            for part in [told, way_out] {
                assert!(run.stderr.contains(part), "{what}: {}", run.stderr);
            }
        }
        assert_eq!(line(&place, "connector list --in local:osprey").stdout, "");
    }
}

#[test]
fn a_source_without_its_json_is_told_as_that() {
    let place = Place::new();
    let project = hub(&place);
    std::fs::remove_file(project.path().join("hub.custom_adapter.json")).expect("removed");
    let run = line(&place, "check project --for external");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("`hub.custom_adapter.rb` is there without the JSON"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_whole_connector_beside_the_project_takes_the_place_of_half_a_one() {
    let place = Place::new();
    hub(&place).file("hub.custom_adapter.rb", POINTER);
    ProjectFolder::new(&place, "more").connector("parcel_hub", "Hub", 6);
    let run = line(
        &place,
        "export project --for external --connectors more -o p.zip",
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let packed = entries(&place.path("p.zip"));
    let names: Vec<&str> = packed.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "Orders/send.recipe.json",
            "hub.connection.json",
            "parcel_hub.custom_adapter.json",
            "parcel_hub.custom_adapter.rb"
        ]
    );
    let connection: Value = serde_json::from_slice(&packed["hub.connection.json"]).expect("JSON");
    assert_eq!(
        connection["provider"]["zip_name"],
        "parcel_hub.custom_adapter.json"
    );
}

#[test]
fn leftovers_of_version_control_are_no_content() {
    for (path, text, code, exit) in [
        ("hub.custom_adapter.png", POINTER, "lfs-pointer", 3),
        ("Desk/a.lcap_page.zip", POINTER, "lfs-pointer", 3),
        ("Desk/a.lcap_page.zip", CONFLICT, "merge-conflict", 3),
        ("hub.custom_adapter.json", POINTER, "broken-json", 1),
        (
            "Orders/send.recipe.json",
            "{\n<<<<<<< HEAD\n\"a\": 1\n=======\n>>>>>>> x\n}",
            "broken-json",
            1,
        ),
    ] {
        let place = Place::new();
        hub(&place)
            .json("Desk/a.lcap_page.json", &json!({"name": "A"}))
            .file("Desk/a.lcap_page.zip", "PK")
            .file(path, text);
        let run = line(&place, "export project --for external -o p.zip");
        assert_eq!(run.code, 1, "{path}: {}", run.stderr);
        let (cause, way_out) = match text == POINTER {
            true => ("is a Git LFS pointer", "git lfs pull"),
            false => ("markers of a merge conflict", "resolve the conflict"),
        };
        for part in [code, cause, way_out] {
            assert!(run.stderr.contains(part), "{path}: {part}: {}", run.stderr);
        }
        // The same is told when the file is known from the last export.
        assert_eq!(
            line(&place, "export project --for external -o p.zip").stderr,
            run.stderr
        );
        // And by an import of what others packed.
        zip(&place, "project", "other.zip");
        line(&place, "workspace create osprey --kind external");
        let run = line(&place, "plan other.zip --into local:osprey");
        let import = line(&place, "import other.zip --into local:osprey");
        assert_eq!(
            (run.code, import.code),
            (exit, exit),
            "{path}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(cause), "{path}: {}", run.stderr);
    }
}

#[test]
fn a_pointer_is_remembered_between_exports() {
    let place = Place::new();
    hub(&place).file("hub.custom_adapter.png", "logo");
    // What changed just now is read again, whatever is remembered.
    let age = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let project = place.path("project");
    for path in crate::support::files(&project).keys() {
        let file = std::fs::File::options()
            .append(true)
            .open(project.join(path))
            .expect("there");
        file.set_modified(age).expect("older");
    }
    assert_eq!(
        line(&place, "export project --for external -o p.zip").code,
        0
    );
    let pointer = project.join("hub.custom_adapter.png");
    std::fs::write(&pointer, POINTER).expect("written");
    for _ in 0..2 {
        let run = line(&place, "export project --for external -o p.zip");
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains("lfs-pointer"), "{}", run.stderr);
    }
}

#[test]
fn code_with_errors_is_never_released() {
    let place = Place::new();
    let project = hub(&place);
    let broken = "{ title: 'Hub',\n  triggers: { added: {\n}\n";
    project.file("hub.custom_adapter.rb", broken);
    let run = line(&place, "export project --for external -o p.zip");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("error[connector-source]") && run.stderr.contains("line "),
        "{}",
        run.stderr
    );
    // The parser here is not the platform's: a manifest may say that the platform took the code.
    place.write(
        "project/recipack.toml",
        "[checks]\nconnector-source = \"warning\"\n",
    );
    let run = line(&place, "export -C project --for external -o ../p.zip");
    assert_eq!(run.code, 0, "{}", run.stderr);
    for (workspace, kind) in [("osprey", "external"), ("moon", "admin")] {
        line(
            &place,
            &format!("workspace create {workspace} --kind {kind}"),
        );
        let run = line(&place, &format!("plan p.zip --into local:{workspace}"));
        assert_eq!(run.code, 3, "{}", run.stderr);
        assert!(
            run.stderr.contains("error[connector-source]") && run.stderr.contains("line "),
            "{}",
            run.stderr
        );
        assert!(
            run.stdout.contains("x connector    Hub  blocked"),
            "{}",
            run.stdout
        );
        let run = line(
            &place,
            &format!("import p.zip --into local:{workspace} --allow-missing-connectors"),
        );
        assert_eq!(run.code, 3, "{}", run.stderr);
        assert_eq!(
            line(&place, &format!("connector list --in local:{workspace}")).stdout,
            ""
        );
    }
}

#[test]
fn code_that_is_there_already_is_not_released_again() {
    let place = Place::new();
    hub(&place);
    line(&place, "workspace create osprey --kind external");
    line(&place, "export project --for external -o p.zip");
    assert_eq!(line(&place, "import p.zip --into local:osprey").code, 0);
    hub(&place).file("hub.custom_adapter.rb", "class Hub\nend\n");
    // Ruby that is no connector may be all right for the platform.
    let run = line(&place, "check project --for external");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning[connector-form]"),
        "{}",
        run.stderr
    );
}

#[test]
fn two_connectors_of_one_title_are_refused() {
    let place = Place::new();
    hub(&place).connector_with(
        "hub.1",
        "Hub",
        2,
        "{ title: 'Hub', actions: { other: {} } }\n",
    );
    for command in [
        "check project --for external --json",
        "export project --for external -o p.zip --json",
    ] {
        let run = line(&place, command);
        assert_eq!(
            (run.code, errors(&run)),
            (1, vec!["connector-title-taken".to_owned()])
        );
    }
    zip(&place, "project", "both.zip");
    line(&place, "workspace create osprey --kind external");
    let run = line(&place, "import both.zip --into local:osprey");
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("error[connector-title-taken]"),
        "{}",
        run.stderr
    );
    // One of them can be left out.
    let run = line(
        &place,
        "export project --for external --exclude hub.1.custom_adapter.json -o p.zip",
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let packed = entries(&place.path("p.zip"));
    assert!(packed.contains_key("hub.custom_adapter.rb"));
    assert!(!packed.contains_key("hub.1.custom_adapter.rb"));
}

#[test]
fn titles_that_look_alike_are_told() {
    for other in ["hub", "H ub", "ＨＵＢ"] {
        let place = Place::new();
        hub(&place).connector("hub2", other, 2);
        let run = line(&place, "check project --for external --json");
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert!(
            codes(&run, "warning").contains(&"connector-title-near".to_owned()),
            "{other}: {}",
            run.stdout
        );
    }
}

#[test]
fn a_connector_that_is_supplied_too_is_told_if_its_code_differs() {
    let place = Place::new();
    hub(&place);
    let more = ProjectFolder::new(&place, "more");
    more.connector("hub", "Hub", 9);
    let command = "check project --for external --connectors more --json";
    let told = |run: &Run| codes(run, "warning").contains(&"connector-supplied-twice".to_owned());
    assert!(!told(&line(&place, command)));
    more.connector_with(
        "hub",
        "Hub",
        9,
        "{ title: 'Hub', actions: {}, triggers: { added: {}, more: {} } }\n",
    );
    assert!(told(&line(&place, command)));
    // Two supplied connectors of one title.
    std::fs::remove_file(place.path("project/hub.custom_adapter.json")).expect("removed");
    std::fs::remove_file(place.path("project/hub.custom_adapter.rb")).expect("removed");
    more.connector("sub/hub", "Hub", 4);
    let run = line(&place, command);
    assert_eq!(
        (run.code, errors(&run)),
        (1, vec!["connector-title-taken".to_owned()])
    );
}

const OTHER: &str = "new_connector_1_connector_48213_1600000000";

/// A recipe that uses a connector through a connection of another package.
fn elsewhere(project: &ProjectFolder<'_>, path: &str, provider: &str) {
    project.recipe(
        path,
        path,
        &[uses(
            provider,
            custom_reference("Common/acc.connection.json", "Acc"),
        )],
    );
}

#[test]
fn the_only_name_and_the_only_connector_that_are_left_are_one() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "project");
    elsewhere(&project, "r.recipe.json", OTHER);
    project.connector("hub", "Hub", 3);
    let shared = "hub_connector_700001_1704571680";
    catalogue(&place, &[("Hub", shared)]);
    let run = line(
        &place,
        "export project --for customer --catalog catalog.json -o c.zip --json",
    );
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = codes(&run, "warning");
    assert!(told.contains(&"connector-assumed".to_owned()), "{told:?}");
    let packed = entries(&place.path("c.zip"));
    assert_eq!(packed.keys().collect::<Vec<_>>(), ["r.recipe.json"]);
    let recipe: Value = serde_json::from_slice(&packed["r.recipe.json"]).expect("JSON");
    assert_eq!(recipe["config"][0]["provider"], shared);
    assert_eq!(recipe["code"]["provider"], shared);
    assert!(recipe["config"][0]["account_id"].get("custom").is_none());

    let run = line(&place, "export project --for external -o x.zip --json");
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told: Vec<String> = ["warning", "note"]
        .iter()
        .flat_map(|s| codes(&run, s))
        .collect();
    assert!(told.contains(&"connector-assumed".to_owned()), "{told:?}");
    for wrong in ["connector-elsewhere", "connector-unused"] {
        assert!(!told.contains(&wrong.to_owned()), "{told:?}");
    }
    line(&place, "workspace create osprey --kind external");
    let run = line(&place, "import x.zip --into local:osprey");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("connector-assumed"), "{}", run.stderr);
    line(
        &place,
        "workspace export local:osprey -o back.zip --for external",
    );
    let run = line(&place, "connector usage Hub --in local:osprey");
    assert!(run.stdout.contains("r.recipe.json"), "{}", run.stdout);
    let again = line(&place, "plan x.zip --into local:osprey --detailed-exitcode");
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
}

#[test]
fn of_several_names_or_connectors_it_cant_be_told() {
    for (names, connectors) in [(1, 2), (2, 1), (2, 2)] {
        let place = Place::new();
        let project = ProjectFolder::new(&place, "project");
        for number in 0..names {
            let name = format!("new_connector_{number}_connector_48213_160000000{number}");
            elsewhere(&project, &format!("r{number}.recipe.json"), &name);
        }
        for number in 0..connectors {
            project.connector(&format!("c{number}"), &format!("Hub {number}"), 3);
        }
        catalogue(&place, &[("Hub 0", "hub_0_connector_700001_1704571680")]);
        let what = format!("{names} names, {connectors} connectors");
        let run = line(
            &place,
            "check project --for customer --catalog catalog.json --json",
        );
        assert_eq!(
            (run.code, errors(&run)),
            (1, vec!["connector-ambiguous".to_owned()]),
            "{what}"
        );
        let run = line(&place, "check project --for external --json");
        assert_eq!(run.code, 0, "{what}");
        let told: Vec<String> = ["warning", "note"]
            .iter()
            .flat_map(|s| codes(&run, s))
            .collect();
        assert!(
            told.contains(&"connector-unlinked".to_owned()),
            "{what}: {told:?}"
        );
        for wrong in [
            "connector-elsewhere",
            "connector-unused",
            "connector-assumed",
        ] {
            assert!(!told.contains(&wrong.to_owned()), "{what}: {told:?}");
        }
        // A catalogue that has the names too tells.
        let both: Vec<(String, String)> = (0..names)
            .map(|n| {
                (
                    format!("Hub {n}"),
                    format!("new_connector_{n}_connector_48213_160000000{n}"),
                )
            })
            .collect();
        let both: Vec<(&str, &str)> = both.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        catalogue(&place, &both);
        let run = line(
            &place,
            "check project --for customer --catalog catalog.json --json",
        );
        assert_eq!(
            (run.code, errors(&run)),
            (0, vec![]),
            "{what}: {}",
            run.stdout
        );
    }
}

#[test]
fn two_names_of_one_workspace_are_two_connectors() {
    let of = |workspace: u64, time: u64| format!("hub_connector_{workspace}_{time}");
    let living = of(48213, 1_704_571_680);
    // The other name, whether it may be the same connector, and what the customer gets for it.
    for (dead, may_be) in [
        (of(48213, 1_678_385_876), false),
        (of(99001, 1_678_385_876), true),
    ] {
        let place = Place::new();
        let project = ProjectFolder::new(&place, "project");
        project
            .recipe(
                "living.recipe.json",
                "Living",
                &[uses(
                    &living,
                    custom_reference("acc.connection.json", "Acc"),
                )],
            )
            .connection(
                "acc.connection.json",
                "Acc",
                &reference("hub.custom_adapter.json", "Hub"),
            )
            .connector("hub", "Hub", 3)
            .recipe("dead.recipe.json", "Dead", &[uses(&dead, Value::Null)]);
        catalogue(&place, &[("Hub", &living)]);
        for target in ["customer --catalog catalog.json", "external"] {
            let run = line(
                &place,
                &format!("export project --for {target} -o p.zip --json"),
            );
            let warnings = codes(&run, "warning");
            let assumed = warnings.contains(&"connector-assumed".to_owned());
            assert_eq!(assumed, may_be, "{dead} for {target}: {}", run.stdout);
            match may_be {
                true => assert_eq!(run.code, 0, "{dead} for {target}: {}", run.stdout),
                false => assert_eq!(
                    (run.code, errors(&run)),
                    (1, vec!["connector-missing".to_owned()]),
                    "{dead} for {target}"
                ),
            }
        }
    }
}

/// Makes `NAME.zip` with this code of the connector, as another workspace has it.
fn package_of(place: &Place, name: &str, workspace: u64, version: u64, code: &str) {
    let project = ProjectFolder::new(place, name);
    let provider = format!("hub_connector_{workspace}_1704571680");
    let source =
        format!("{{ title: 'Hub', actions: {{}}, triggers: {{ added: {{}} }} }} # {code}\n");
    project
        .recipe(
            "r.recipe.json",
            "R",
            &[uses(
                &provider,
                custom_reference("acc.connection.json", "Acc"),
            )],
        )
        .connection(
            "acc.connection.json",
            "Acc",
            &reference("hub.custom_adapter.json", "Hub"),
        )
        .connector_with("hub", "Hub", version, &source);
    let run = line(
        place,
        &format!("export {name} --for external -o {name}.zip"),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// What a plan says of the connector: the action and how its code stands to what is there.
fn planned(place: &Place, package: &str) -> (String, Value, Vec<String>) {
    let run = line(place, &format!("plan {package} --into local:osprey --json"));
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let connector = &document["connectors"][0];
    let action = connector["action"].as_str().expect("an action").to_owned();
    (
        action,
        connector["direction"].clone(),
        codes(&run, "warning"),
    )
}

#[test]
fn numbers_are_compared_within_one_workspace_only() {
    for (workspace, version, code, action, direction) in [
        (48213, 276, "first", "same", Value::Null),
        (48213, 277, "next", "update", json!("newer")),
        (48213, 275, "before", "downgrade", json!("older")),
        (48213, 276, "edited", "update", json!("unknown")),
        (99001, 92, "other", "update", json!("unknown")),
        (99001, 900, "other", "update", json!("unknown")),
        (99001, 900, "first", "same", Value::Null),
        // What was here before is known, whatever its number.
        (99001, 900, "zero", "downgrade", json!("older")),
    ] {
        let place = Place::new();
        line(&place, "workspace create osprey --kind external");
        package_of(&place, "zero", 48213, 200, "zero");
        package_of(&place, "first", 48213, 276, "first");
        for package in ["zero.zip", "first.zip"] {
            assert_eq!(
                line(&place, &format!("import {package} --into local:osprey")).code,
                0
            );
        }
        package_of(&place, "next", workspace, version, code);
        let what = format!("v{version} of {workspace}, {code}");
        let (found, how, warnings) = planned(&place, "next.zip");
        assert_eq!((found.as_str(), &how), (action, &direction), "{what}");
        let told = warnings.contains(&"connector-direction-unknown".to_owned());
        assert_eq!(told, direction == "unknown", "{what}: {warnings:?}");
        let run = line(&place, "import next.zip --into local:osprey");
        let expected = if action == "downgrade" { 3 } else { 0 };
        assert_eq!(run.code, expected, "{what}: {}", run.stderr);
    }
}

#[test]
fn versions_of_older_platform_files_come_from_an_unknown_workspace() {
    let place = Place::new();
    line(&place, "workspace create osprey --kind external");
    package_of(&place, "first", 48213, 276, "first");
    assert_eq!(line(&place, "import first.zip --into local:osprey").code, 0);
    let database = rusqlite::Connection::open(place.path("p.db")).expect("a database");
    let body: Vec<u8> = database
        .query_row("SELECT body FROM connector_version", [], |row| row.get(0))
        .expect("one version");
    // Formats before 3 did not have the last part, and those before 4 no digest after it.
    let last = postcard::to_allocvec(&Some(48213_u64)).expect("bytes");
    let before = body[..body.len() - 8]
        .strip_suffix(&last[..])
        .expect("the workspace stands last");
    database
        .execute("UPDATE connector_version SET body = ?1", [before])
        .expect("as it was");
    database
        .execute_batch("DROP TABLE checksum")
        .expect("as it was");
    database
        .pragma_update(None, "user_version", 2)
        .expect("older");
    drop(database);
    package_of(&place, "next", 48213, 277, "next");
    let (action, direction, warnings) = planned(&place, "next.zip");
    assert_eq!((action.as_str(), direction), ("update", json!("unknown")));
    assert!(
        warnings.contains(&"connector-direction-unknown".to_owned()),
        "{warnings:?}"
    );
    assert_eq!(line(&place, "import next.zip --into local:osprey").code, 0);
    package_of(&place, "later", 48213, 278, "later");
    assert_eq!(planned(&place, "later.zip").1, json!("newer"));
}

#[test]
fn connectors_are_taken_as_the_sdk_lays_them_out() {
    let source = "{ title: 'Hub', connection: {}, actions: {}, triggers: { added: {} } }\n";
    let nameless = "{ connection: {}, actions: {}, triggers: { added: {} } }\n";
    for (folder, connector, source, title) in [
        ("connectors", "connectors/parcel_hub", source, "Hub"),
        ("connectors", "connectors/Hub", nameless, "Hub"),
        ("connectors/Hub", "connectors/Hub", nameless, "Hub"),
    ] {
        let place = Place::new();
        let project = hub(&place);
        for file in ["hub.custom_adapter.json", "hub.custom_adapter.rb"] {
            std::fs::remove_file(project.path().join(file)).expect("removed");
        }
        ProjectFolder::new(&place, connector)
            .file("connector.rb", source)
            .file("README.md", "# Hub\n")
            .file("settings.yaml", "key: x\n")
            .file("logo.png", "picture");
        let export = format!("export project --for external --connectors {folder} -o p.zip");
        let run = line(&place, &export);
        assert_eq!(run.code, 0, "{folder}: {}", run.stderr);
        let packed = entries(&place.path("p.zip"));
        let json: Value = serde_json::from_slice(&packed["hub.custom_adapter.json"]).expect("JSON");
        assert_eq!(json["title"], title);
        assert!(json.get("version_no").is_none(), "{json}");
        assert_eq!(json["logo_content_type"], "image/png");
        assert_eq!(packed["hub.custom_adapter.rb"], source.as_bytes());
        assert_eq!(packed["hub.custom_adapter.png"], b"picture");
        line(&place, "workspace create osprey --kind external");
        let run = line(&place, "import p.zip --into local:osprey");
        assert_eq!(run.code, 0, "{folder}: {}", run.stderr);
        assert!(run.stdout.contains("install v1"), "{}", run.stdout);
        let rebuilt = line(
            &place,
            &format!("verify p.zip --rebuild-from project --connectors {folder}"),
        );
        assert_eq!(
            rebuilt.code, 0,
            "{folder}: {}{}",
            rebuilt.stdout, rebuilt.stderr
        );
    }
}

#[test]
fn a_folder_without_connectors_says_what_is_wanted() {
    let place = Place::new();
    hub(&place);
    ProjectFolder::new(&place, "more").file("README.md", "# none\n");
    ProjectFolder::new(&place, "recipes").recipe("r.recipe.json", "R", &[]);
    for folder in ["more", "recipes"] {
        let run = line(
            &place,
            &format!("check project --for external --connectors {folder}"),
        );
        assert_eq!(run.code, 1, "{}", run.stderr);
        for part in [
            "error[no-connectors]",
            "x.custom_adapter.json",
            "x/connector.rb",
        ] {
            assert!(run.stderr.contains(part), "{folder}: {}", run.stderr);
        }
    }
}
