//! Where a project begins.

use std::fs;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, entries, files};

const GULL: &str = "gull_post_connector_93_1700000000";

fn crm() -> Value {
    uses("salesforce", reference("Links/crm.connection.json", "CRM"))
}

/// A recipe and its connection in two folders, with references that count from `root`.
fn two_folders(place: &Place, root: &str) {
    ProjectFolder::new(place, root)
        .connection("Links/crm.connection.json", "CRM", &json!("salesforce"))
        .recipe("Orders/new.recipe.json", "New", &[crm()]);
}

fn connector(place: &Place, root: &str) {
    ProjectFolder::new(place, root).connector("gull_post", "Gull Post", 2);
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
}

fn check(place: &Place, arguments: &[&str]) -> (i32, Value) {
    let run = place.run([&["check", "--json"], arguments].concat());
    (run.code, document(&run))
}

fn paths(document: &Value) -> Vec<&str> {
    let entries = document["entries"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["path"].as_str()).collect()
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().into_iter().flatten();
    findings
        .filter_map(|finding| finding["code"].as_str())
        .collect()
}

#[test]
fn the_only_folder_that_a_project_begins_in_is_its_root() {
    type Prepare = fn(&Place);
    // What tells, and the folder in which it begins.
    let cases: [(&str, Prepare, &str); 8] = [
        (
            "references",
            |place| two_folders(place, "workato"),
            "workato",
        ),
        (
            "references further down",
            |place| two_folders(place, "src/workato"),
            "src/workato",
        ),
        (
            "types that lie at the root",
            |place| {
                connector(place, "workato");
                place.write("workato/Orders/new.recipe.json", r#"{"name": "New"}"#);
            },
            "workato",
        ),
        (
            "the workspace's settings",
            |place| {
                place.write(".workatoenv", r#"{"project_path": "projects/orders"}"#);
                place.write(
                    "projects/orders/Orders/new.recipe.json",
                    r#"{"name": "New"}"#,
                );
                place.write(
                    "projects/other/Orders/new.recipe.json",
                    r#"{"name": "Other"}"#,
                );
            },
            "projects/orders",
        ),
        (
            "the project's settings",
            |place| {
                place.write("in/orders/Orders/new.recipe.json", r#"{"name": "New"}"#);
                place.write("in/orders/.workatoenv", r#"{"project_id": 4}"#);
            },
            "in/orders",
        ),
        (
            "wk's settings",
            |place| {
                place.write("in/orders/Orders/new.recipe.json", r#"{"name": "New"}"#);
                place.write("in/orders/.wk/config", "");
            },
            "in/orders",
        ),
        (
            "an export of the workspace's root",
            |place| {
                let at = reference("Shop/Links/crm.connection.json", "CRM");
                ProjectFolder::new(place, "")
                    .connection(
                        "Shop/Links/crm.connection.json",
                        "CRM",
                        &json!("salesforce"),
                    )
                    .recipe(
                        "Shop/Orders/new.recipe.json",
                        "New",
                        &[uses("salesforce", at)],
                    );
            },
            "",
        ),
        (
            "the same, with a connection that is elsewhere",
            |place| {
                let at = reference("Shop/Links/crm.connection.json", "CRM");
                ProjectFolder::new(place, "").recipe(
                    "Shop/Orders/new.recipe.json",
                    "New",
                    &[uses("salesforce", at)],
                );
            },
            "",
        ),
    ];
    for (what, prepare, root) in cases {
        let place = Place::new();
        prepare(&place);
        let (code, document) = check(&place, &["."]);
        assert_eq!(code, 0, "{what}: {document}");
        let told = codes(&document);
        assert_eq!(
            told.contains(&"project-below"),
            !root.is_empty(),
            "{what}: {told:?}"
        );
        assert!(!told.contains(&"project-root-unclear"), "{what}: {told:?}");
        for path in paths(&document) {
            assert!(place.path(root).join(path).is_file(), "{what}: {path}");
        }
        // Whoever says otherwise has it otherwise.
        let (code, document) = check(&place, &[".", "--one-project"]);
        assert_eq!(code, 0, "{what}");
        for path in paths(&document) {
            assert!(place.path(path).is_file(), "{what}: {path}");
        }
        assert!(!codes(&document).contains(&"project-below"), "{what}");
    }
}

#[test]
fn a_project_that_was_found_is_the_one_that_was_given() {
    let place = Place::new();
    two_folders(&place, "repo/workato");
    connector(&place, "repo/workato");
    ProjectFolder::new(&place, "repo/workato")
        .connection(
            "Links/gull.connection.json",
            "Gull",
            &reference("gull_post.custom_adapter.json", "Gull Post"),
        )
        .recipe(
            "Orders/send.recipe.json",
            "Send",
            &[uses(
                GULL,
                custom_reference("Links/gull.connection.json", "Gull"),
            )],
        )
        .file(
            "project.json",
            r#"{"description": "", "color": "blue", "icon": ""}"#,
        );
    for (project, output) in [("repo", "found.zip"), ("repo/workato", "given.zip")] {
        let run = place.run(["export", project, "--for", "external", "-o", output]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let (found, given) = (place.path("found.zip"), place.path("given.zip"));
    assert_eq!(
        fs::read(&found).expect("read"),
        fs::read(given).expect("read")
    );
    assert_eq!(entries(&found), files(&place.path("repo/workato")));
    for from in ["repo", "repo/workato"] {
        let run = place.run(["verify", "found.zip", "--rebuild-from", from]);
        assert_eq!(run.code, 0, "{from}: {}{}", run.stdout, run.stderr);
    }
    // The second time from memory.
    let run = place.run(["export", "repo", "--for", "external", "-o", "found.zip"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(entries(&found), files(&place.path("repo/workato")));
    let made = place.run([
        "workspace",
        "create",
        "shop",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let import = [
        "import",
        "found.zip",
        "--into",
        "local:shop",
        "--folder",
        "Shop",
        "--platform",
        "p.db",
    ];
    assert_eq!(place.run(import).code, 0);
    let plan = [
        "plan",
        "found.zip",
        "--into",
        "local:shop",
        "--folder",
        "Shop",
        "--platform",
        "p.db",
        "--detailed-exitcode",
    ];
    assert_eq!(place.run(plan).code, 0);
}

#[test]
fn broken_files_are_told_once_and_by_their_paths_from_the_root() {
    let place = Place::new();
    two_folders(&place, "workato");
    place.write("workato/Orders/half.recipe.json", "{");
    let (code, document) = check(&place, &["."]);
    assert_eq!(code, 1);
    let findings = document["findings"].as_array().expect("findings");
    let broken: Vec<_> = findings
        .iter()
        .filter(|f| f["code"] == "broken-json")
        .collect();
    assert_eq!(
        (broken.len(), &broken[0]["file"]),
        (1, &json!("Orders/half.recipe.json"))
    );
}

#[test]
fn what_can_t_be_told_is_not_guessed() {
    let place = Place::new();
    place.write(
        "Orders/new.recipe.json",
        r#"{"name": "New", "code": {}, "config": []}"#,
    );
    let (code, document) = check(&place, &["."]);
    assert_eq!((code, codes(&document)), (0, vec!["project-root-unclear"]));
    assert_eq!(paths(&document), ["Orders/new.recipe.json"]);
    let (_, document) = check(&place, &[".", "--one-project"]);
    assert_eq!(codes(&document), [""; 0]);
    let (_, document) = check(&place, &["Orders"]);
    assert_eq!(
        (codes(&document), paths(&document)),
        (Vec::new(), vec!["new.recipe.json"])
    );
    // A tie between both is no proof either.
    let place = Place::new();
    ProjectFolder::new(&place, "Orders")
        .recipe(
            "a.recipe.json",
            "A",
            &[uses("x", reference("c.connection.json", "C"))],
        )
        .recipe(
            "b.recipe.json",
            "B",
            &[uses("x", reference("Orders/c.connection.json", "C"))],
        )
        .connection("c.connection.json", "C", &json!("x"));
    let (_, document) = check(&place, &["."]);
    assert!(
        codes(&document).contains(&"project-root-unclear"),
        "{document}"
    );
}

#[test]
fn a_project_path_that_leads_nowhere_is_an_error_with_its_reason() {
    for (said, reason) in [
        ("../elsewhere", "outside of its folder"),
        ("/etc", "outside of its folder"),
        ("linked", "outside of its folder"),
        ("projects/none", "not there"),
        ("note.txt", "not a folder"),
        ("empty", "holds no asset"),
    ] {
        let place = Place::new();
        place.write("elsewhere/a.recipe.json", r#"{"name": "A"}"#);
        place.write("w/b.recipe.json", r#"{"name": "B"}"#);
        place.write("w/note.txt", "");
        fs::create_dir(place.path("w/empty")).expect("made");
        std::os::unix::fs::symlink("../elsewhere", place.path("w/linked")).expect("linked");
        place.write("w/.workatoenv", &json!({"project_path": said}).to_string());
        let run = place.run(["check", "w"]);
        assert_eq!(run.code, 1, "{said}: {}", run.stdout);
        assert!(
            run.stderr.contains("[project-path]"),
            "{said}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(reason), "{said}: {}", run.stderr);
    }
    let place = Place::new();
    place.write("w/b.recipe.json", r#"{"name": "B"}"#);
    place.write("w/.workatoenv", "{\"project_path\": ");
    assert_eq!(place.run(["check", "w"]).code, 1);
    for harmless in [
        "{}",
        r#"{"project_path": null}"#,
        r#"{"project_path": ""}"#,
        r#"{"project_path": "."}"#,
    ] {
        place.write("w/.workatoenv", harmless);
        assert_eq!(place.run(["check", "w"]).code, 0, "{harmless}");
    }
}

/// A package that was exported from the workspace's root.
fn from_root(place: &Place) {
    let link = |path: &str, name: &str| {
        let mut reference = custom_reference(path, name);
        reference["folder"] = json!("Shop/Links");
        reference
    };
    ProjectFolder::new(place, "all")
        .connector("gull_post", "Gull Post", 2)
        .connection(
            "Shop/Links/gull.connection.json",
            "Gull",
            &reference("gull_post.custom_adapter.json", "Gull Post"),
        )
        .recipe(
            "Shop/Orders/send.recipe.json",
            "Send",
            &[uses(GULL, link("Shop/Links/gull.connection.json", "Gull"))],
        );
    let run = place.run(["export", "all", "--for", "external", "-o", "shop.zip"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = place.run([
        "workspace",
        "create",
        "acme",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

fn on_acme(place: &Place, command: &str, arguments: &[&str]) -> Run {
    let all = [
        command,
        "shop.zip",
        "--into",
        "local:acme",
        "--platform",
        "p.db",
    ];
    place.run([&all, arguments].concat())
}

#[test]
fn a_package_that_would_lie_in_its_folder_twice_is_told_with_both_ways_out() {
    let place = Place::new();
    from_root(&place);
    for command in ["plan", "import"] {
        let run = on_acme(&place, command, &["--folder", "Shop"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(
            run.stderr.contains("warning[folder-repeated]"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("import it without --folder"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("--strip-folder Shop"), "{}", run.stderr);
    }
    let run = on_acme(&place, "plan", &["--folder", "Area/Shop"]);
    assert!(run.stderr.contains("--folder Area;"), "{}", run.stderr);
    // Into the folder around it is right.
    let run = on_acme(&place, "plan", &[]);
    assert!(!run.stderr.contains("folder-repeated"), "{}", run.stderr);
    let run = on_acme(&place, "plan", &["--folder", "Area"]);
    assert!(!run.stderr.contains("folder-repeated"), "{}", run.stderr);
}

#[test]
fn a_top_folder_is_taken_off_paths_and_references_and_nothing_else() {
    let place = Place::new();
    from_root(&place);
    let strip = ["--folder", "Shop", "--strip-folder", "Shop"];
    let run = on_acme(&place, "plan", &[&strip[..], &["-o", "plan.json"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("Shop/Orders/Send"), "{}", run.stdout);
    assert!(!run.stdout.contains("Shop/Shop"), "{}", run.stdout);
    assert!(!run.stderr.contains("folder-repeated"), "{}", run.stderr);
    let plan: Value =
        serde_json::from_slice(&fs::read(place.path("plan.json")).expect("read")).expect("JSON");
    assert_eq!(plan["package"]["strip_folder"], "Shop");
    assert_eq!(plan["package"]["path"], "shop.zip");
    // An approved plan takes it off again.
    let run = place.run(["import", "plan.json", "--platform", "p.db"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = on_acme(
        &place,
        "plan",
        &[&strip[..], &["--detailed-exitcode"]].concat(),
    );
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // The workspace is as if the project had been exported by itself.
    let run = place.run([
        "workspace",
        "export",
        "acme",
        "--folder",
        "Shop",
        "--platform",
        "p.db",
        "-o",
        "again.zip",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let again = entries(&place.path("again.zip"));
    let recipe: Value = serde_json::from_slice(&again["Orders/send.recipe.json"]).expect("JSON");
    let account = &recipe["config"][0]["account_id"];
    assert_eq!(account["zip_name"], "Links/gull.connection.json");
    assert_eq!(account["folder"], "Links");
    for (folder, code) in [
        ("Nowhere", 64),
        ("Sho", 64),
        ("Shop/Orders/send.recipe.json", 64),
    ] {
        let run = on_acme(&place, "plan", &["--strip-folder", folder]);
        assert_eq!(run.code, code, "{folder}: {}", run.stderr);
    }
}

#[test]
fn files_that_would_become_one_are_refused() {
    let place = Place::new();
    place.write("all/a.recipe.json", r#"{"name": "A"}"#);
    place.write("all/Shop/a.recipe.json", r#"{"name": "A"}"#);
    place.run(["export", "all", "--for", "external", "-o", "shop.zip"]);
    place.run([
        "workspace",
        "create",
        "acme",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    let run = on_acme(&place, "plan", &["--strip-folder", "Shop"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("two files `a.recipe.json`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_package_that_was_zipped_a_folder_too_high_is_told() {
    let place = Place::new();
    two_folders(&place, "all/zipped");
    let export = [
        "export",
        "all",
        "--one-project",
        "--for",
        "external",
        "-o",
        "shop.zip",
    ];
    assert_eq!(place.run(export).code, 0);
    place.run([
        "workspace",
        "create",
        "acme",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    let run = on_acme(&place, "plan", &["--folder", "Shop"]);
    assert!(
        run.stderr.contains("warning[package-folder-extra]"),
        "{}",
        run.stderr
    );
    let (_, document) = check(&place, &["shop.zip"]);
    assert!(
        codes(&document).contains(&"package-folder-extra"),
        "{document}"
    );
    let strip = ["--folder", "Shop", "--strip-folder", "zipped"];
    let run = on_acme(&place, "import", &strip);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        !run.stderr.contains("package-folder-extra"),
        "{}",
        run.stderr
    );
    let run = on_acme(
        &place,
        "plan",
        &[&strip[..], &["--detailed-exitcode"]].concat(),
    );
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn a_project_of_another_name_is_told_and_not_refused() {
    let place = Place::new();
    place.write("all/Shop/new.recipe.json", r#"{"name": "New"}"#);
    place.write(
        "all/Shop/properties.project_properties.json",
        r#"{"data": {"shop.region": null}}"#,
    );
    place.run([
        "export",
        "all",
        "--one-project",
        "--for",
        "external",
        "-o",
        "shop.zip",
    ]);
    place.run([
        "workspace",
        "create",
        "acme",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    let run = on_acme(&place, "plan", &["--folder", "Returns"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("warning[project-name-differs]"),
        "{}",
        run.stderr
    );
    for folder in [&["--folder", "Shop"][..], &[]] {
        let run = on_acme(&place, "plan", folder);
        assert!(
            !run.stderr.contains("project-name-differs"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_rebuild_needs_the_same_files_and_not_the_same_words() {
    let place = Place::new();
    place.write("all/Orders/new.recipe.json", r#"{"name": "New"}"#);
    for arguments in [&[][..], &["--one-project"]] {
        let export = ["export", "all", "--for", "external", "-o", "p.zip"];
        assert_eq!(place.run([&export, arguments].concat()).code, 0);
        let run = place.run(["verify", "p.zip", "--rebuild-from", "all"]);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    }
}
