//! Several projects in one call: one result each, one exit code.

use std::fs;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::{Place, Run, entries};

const MANIFEST: &str = "[targets.acme]\nkind = \"external\"\n";

/// A project that packs.
fn sound(place: &Place, root: &str) {
    let crm = uses("salesforce", reference("Links/crm.connection.json", "CRM"));
    ProjectFolder::new(place, root)
        .connection("Links/crm.connection.json", "CRM", &json!("salesforce"))
        .recipe("Orders/new.recipe.json", "New", &[crm]);
}

/// A repository with three projects, of which the second one can't be packed.
fn repository() -> Place {
    let place = Place::new();
    for root in ["apps/billing", "apps/crm", "orders"] {
        sound(&place, root);
    }
    place.write("apps/crm/Orders/half.recipe.json", "{");
    place
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
}

/// Each project with its exit code and whether it has a result and errors.
fn ends(document: &Value) -> Vec<(&str, u64, bool, bool)> {
    let projects = document["projects"].as_array().expect("projects");
    let end = |project: &'static str, of: &Value| of.get(project).is_some();
    projects
        .iter()
        .map(|of| {
            (
                of["project"].as_str().expect("a project"),
                of["exit"].as_u64().expect("an exit code"),
                end("result", of),
                end("error", of),
            )
        })
        .collect()
}

#[test]
fn the_gravest_end_is_the_exit_code_and_no_project_stops_the_others() {
    let place = repository();
    fs::create_dir(place.path("out")).expect("made");
    place.write("orders/recipack.toml", MANIFEST);
    // The arguments, the exit code, and how each project ends.
    type Ends = &'static [(&'static str, u64, bool, bool)];
    let cases: &[(&[&str], i32, Ends)] = &[
        (
            &["check", "apps/billing", "orders"],
            0,
            &[("apps/billing", 0, true, false), ("orders", 0, true, false)],
        ),
        (
            &["check", "orders", "apps/crm", "none", "apps/billing"],
            1,
            &[
                ("orders", 0, true, false),
                ("apps/crm", 1, true, false),
                ("none", 1, false, true),
                ("apps/billing", 0, true, false),
            ],
        ),
        (
            &["check", "--all-projects"],
            1,
            &[
                ("apps/billing", 0, true, false),
                ("apps/crm", 1, true, false),
                ("orders", 0, true, false),
            ],
        ),
        (
            &["check", "orders", "--all-projects"],
            0,
            &[("orders", 0, true, false)],
        ),
        // Only `orders` has a manifest that says what `acme` is.
        (
            &["export", "--all-projects", "--to", "acme", "-o", "out"],
            64,
            &[
                ("apps/billing", 64, false, true),
                ("apps/crm", 64, false, true),
                ("orders", 0, true, false),
            ],
        ),
        (
            &["lock", "orders", "apps/billing"],
            1,
            &[("orders", 0, true, false), ("apps/billing", 1, false, true)],
        ),
        (
            &["lock", "orders", "apps/billing", "--check"],
            1,
            &[("orders", 0, true, false), ("apps/billing", 1, false, true)],
        ),
    ];
    for (arguments, code, expected) in cases {
        let json = place.run([arguments, &["--json"][..]].concat());
        let document = document(&json);
        assert_eq!(ends(&document), *expected, "{arguments:?}: {document}");
        assert_eq!(json.code, *code, "{arguments:?}");
        assert_eq!(document["exit_code"], json!(code), "{arguments:?}");
        let text = place.run(*arguments);
        assert_eq!(text.code, *code, "{arguments:?}: {}", text.stderr);
        for (project, _, _, _) in *expected {
            let heading = format!("== {project} ==\n");
            for told in [&text.stdout, &text.stderr] {
                assert_eq!(told.matches(&heading).count(), 1, "{arguments:?}: {told}");
            }
        }
        let last = text.stdout.lines().last().expect("a last line");
        let all = format!("{} project", expected.len());
        assert!(last.starts_with(&all), "{arguments:?}: {last}");
    }
    let text = place.run(["check", "apps/crm", "orders"]);
    let last = text.stdout.lines().last();
    assert_eq!(last, Some("2 projects: 1 done, not apps/crm (exit 1)"));
    // What is told of the one is told under its heading.
    let crm = text.stderr.find("== apps/crm").expect("a heading");
    let orders = text.stderr.find("== orders").expect("a heading");
    let broken = text.stderr.find("error[broken-json]").expect("an error");
    assert!(crm < broken && broken < orders, "{}", text.stderr);
}

#[test]
fn differences_are_less_than_errors_and_wrong_calls_are_more() {
    let place = repository();
    for root in ["apps/billing", "apps/crm", "orders"] {
        place.write(&format!("{root}/recipack.toml"), MANIFEST);
    }
    assert_eq!(place.run(["lock", "orders"]).code, 0);
    assert!(place.path("orders/recipack.lock").is_file());
    for (arguments, code) in [
        (&["lock", "--check", "orders", "apps/billing"][..], 2),
        (&["lock", "--check", "apps/billing", "apps/crm"], 1),
        (&["lock", "--check", "--all-projects"], 1),
        (
            &[
                "export",
                "--to",
                "acme",
                "--locked",
                "orders",
                "apps/billing",
            ],
            2,
        ),
        (&["export", "--to", "other", "orders", "apps/crm"], 64),
    ] {
        let run = place.run(arguments);
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
    }
    assert!(
        place.path("orders.zip").is_file(),
        "the one that was locked"
    );
    assert!(!place.path("billing.zip").exists());
    assert!(!place.path("apps/crm/recipack.lock").exists());
}

#[test]
fn packages_of_several_projects_are_those_of_each_alone() {
    let place = repository();
    for folder in ["one", "many", "all"] {
        fs::create_dir(place.path(folder)).expect("made");
    }
    let external = ["--for", "external", "-o"];
    let export =
        |projects: &[&str], to: &str| place.run([&["export"], projects, &external, &[to]].concat());
    for project in ["apps/billing", "orders"] {
        assert_eq!(export(&[project], "one/").code, 0);
    }
    assert_eq!(
        export(&["apps/billing", "apps/crm", "orders"], "many/").code,
        1
    );
    assert_eq!(export(&["--all-projects"], "all").code, 1);
    for folder in ["many", "all"] {
        let mut names: Vec<_> = fs::read_dir(place.path(folder))
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        // Nothing of the one that can't be packed, no temporary file.
        assert_eq!(
            names,
            [
                "billing.recipack.json",
                "billing.zip",
                "orders.recipack.json",
                "orders.zip"
            ],
            "{folder}"
        );
        for name in ["billing.zip", "orders.zip", "orders.recipack.json"] {
            let read = |folder: &str| fs::read(place.path(&format!("{folder}/{name}")));
            assert_eq!(
                read(folder).expect("read"),
                read("one").expect("read"),
                "{folder}/{name}"
            );
        }
    }
}

#[test]
fn each_project_has_its_own_manifest_also_one_around_it() {
    let place = Place::new();
    for (root, name) in [("one/workato", "first"), ("two", "second")] {
        sound(&place, root);
        let home = root.split('/').next().expect("a folder");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nproject = \"{}\"\n[targets.acme]\nkind = \"external\"\n",
            if home == root { "." } else { "workato" }
        );
        place.write(&format!("{home}/recipack.toml"), &manifest);
    }
    let run = place.run(["export", "--all-projects", "--to", "acme"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for name in ["first.zip", "second.zip"] {
        assert_eq!(entries(&place.path(name)).len(), 2, "{name}");
    }
    let run = place.run(["lock", "--all-projects"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for lock in ["one/recipack.lock", "two/recipack.lock"] {
        assert!(place.path(lock).is_file(), "{lock}");
    }
    // The one that is given is for all; then they have one name.
    let run = place.run([
        "check",
        "one/workato",
        "two",
        "-m",
        "two/recipack.toml",
        "--to",
        "acme",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn what_can_t_be_done_for_several_is_refused_before_anything_is_done() {
    let place = repository();
    place.write("apps/orders/Orders/a.recipe.json", r#"{"name": "A"}"#);
    place.write("ORDERS/Orders/a.recipe.json", r#"{"name": "A"}"#);
    place.write(
        "one.toml",
        &format!("{MANIFEST}[package]\nname = \"same\"\n"),
    );
    let cases: &[(&[&str], &str)] = &[
        (
            &[
                "export",
                "orders",
                "apps/billing",
                "--for",
                "external",
                "-o",
                "p.zip",
            ],
            "there are several projects",
        ),
        (
            &["export", "orders", "apps/orders", "--for", "external"],
            "would both be orders.zip",
        ),
        (
            &["export", "orders", "ORDERS", "--for", "external"],
            "would both be ORDERS.zip",
        ),
        (
            &[
                "export",
                "orders",
                "apps/billing",
                "-m",
                "one.toml",
                "--to",
                "acme",
            ],
            "would both be same.zip",
        ),
        (
            &[
                "export",
                "orders",
                "apps/billing",
                "-m",
                "one.toml",
                "--to",
                "acme",
                "--locked",
            ],
            "a lock is of one manifest",
        ),
        (
            &[
                "export",
                "orders",
                "apps/billing",
                "--for",
                "external",
                "-o",
                "none/",
            ],
            "is not there",
        ),
        (
            &[
                "export",
                "orders",
                "apps/billing",
                "--for",
                "external",
                "--report",
                "junit=r.xml",
            ],
            "a report is about one project",
        ),
        (
            &["check", "orders", "apps/billing", "--report", "github"],
            "a report is about one project",
        ),
        (&["check", "orders", "./orders/"], "named twice"),
        (&["check", "orders", "local:shop"], "is an address"),
        (&["check", "local:shop", "--all-projects"], "is an address"),
        (&["check", "one.toml", "--all-projects"], "is not a folder"),
        (
            &["check", "orders", "apps", "--all-projects"],
            "cannot be used with",
        ),
        (
            &["check", "--one-project", "--all-projects"],
            "cannot be used with",
        ),
        (&["lock", "orders", "-m", "one.toml"], "cannot be used with"),
        (
            &["lock", "orders", "apps", "--all-projects"],
            "goes with one folder",
        ),
    ];
    for (arguments, told) in cases {
        let run = place.run(*arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}: {}", run.stdout);
    }
    assert!(place.names().iter().all(|name| !name.ends_with(".zip")));
    // The package of one project must not replace another one.
    place.write("x/Orders/a.recipe.json", r#"{"name": "A"}"#);
    let run = place.run(["export", "x", "--for", "external", "-o", "orders.zip"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let before = fs::read(place.path("orders.zip")).expect("read");
    let run = place.run(["export", "orders", "orders.zip", "--for", "external"]);
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert_eq!(fs::read(place.path("orders.zip")).expect("read"), before);
}

#[test]
fn a_folder_with_several_projects_is_refused_with_the_way_to_take_all() {
    let place = repository();
    let run = place.run(["check", "."]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("--all-projects"), "{}", run.stderr);
    assert!(run.stderr.contains("./apps/billing"), "{}", run.stderr);
}

#[test]
fn clients_settings_tell_all_projects_and_none_is_left_out_in_silence() {
    let place = Place::new();
    for name in ["orders", "returns"] {
        place.write(
            &format!("projects/{name}/New.recipe.json"),
            r#"{"name": "New"}"#,
        );
    }
    place.write(".workatoenv", r#"{"project_path": "projects/orders"}"#);
    let run = place.run(["check", "--all-projects"]);
    assert_eq!(run.code, 64, "{}", run.stdout);
    assert!(run.stderr.contains("nothing tells where"), "{}", run.stderr);
    for name in ["orders", "returns"] {
        place.write(
            &format!("projects/{name}/.workatoenv"),
            r#"{"project_id": 4}"#,
        );
    }
    let run = place.run(["check", "--all-projects", "--json"]);
    let document = document(&run);
    let projects: Vec<_> = ends(&document).into_iter().map(|end| end.0).collect();
    assert_eq!(projects, ["projects/orders", "projects/returns"]);
}

#[test]
fn a_closed_pipe_stops_no_project() {
    let place = repository();
    let program = env!("CARGO_BIN_EXE_recipack");
    let script = format!(
        "{{ {program} export apps/billing apps/crm orders --for external; echo $? > code; }} | head -0"
    );
    let output = place.shell(&script).output().expect("it starts");
    assert!(output.status.success());
    assert!(place.path("orders.zip").is_file());
    let code = fs::read_to_string(place.path("code")).expect("a code");
    assert_eq!(code, "1\n");
}
