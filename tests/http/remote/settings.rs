//! Settings of targets: a package is imported into several customers' workspaces, each with its own
//! settings, and its recipes run afterwards without a further command; in the local platform and over
//! the API they say and do the same.

use serde_json::{Value, json};

use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::sandbox::{Sandbox, command, done, local};
use crate::support::{Place, Run, files};

pub(super) const KEY: &str = "canary-key-4711";
pub(super) const TOKEN: &str = "canary-token-0815";
pub(super) const CUSTOMERS: [&str; 3] = ["kestrel", "osprey", "heron"];
pub(super) const SETTINGS: &str = r#"
[all]
folder = "Desk"

[all.properties]
"erp.url" = "https://erp.example"
"erp.key" = { env = "ERP_KEY" }

[all.project-properties]
region = "north"

[all.connections]
"Orders/ERP" = { fill-in = "the token of this customer's ERP" }

[all.recipes]
"*" = "start"
"Sketch" = "leave"

[labels.gold.project-properties]
region = "gold"

[labels.gold.connections]
"Orders/ERP" = { fields = { host = "erp.example", token = { file = "token.txt" } } }

[customers.heron.properties]
"erp.url" = "https://heron.example"

[customers.heron.connections]
"Orders/ERP" = { fields = { token = { env = "HERON_TOKEN" } } }
"#;

/// A partner with three customers, and a package whose recipes call each other.
pub(super) fn partner() -> Place {
    let place = Place::new();
    let erp = || uses("salesforce", reference("Orders/erp.connection.json", "ERP"));
    let call = json!({
        "number": 0, "keyword": "trigger", "provider": "salesforce", "name": "added", "input": {},
        "block": [{
            "number": 1, "keyword": "action", "provider": "workato_recipe_function",
            "name": "call_recipe",
            "input": {
                "flow_id": reference("Orders/quote.recipe.json", "Quote"),
                "key": "#{account_property('erp.key')}",
            },
        }],
    });
    ProjectFolder::new(&place, "project")
        .connection("Orders/erp.connection.json", "ERP", &json!("salesforce"))
        .recipe("Orders/quote.recipe.json", "Quote", &[erp()])
        .recipe("Orders/sketch.recipe.json", "Sketch", &[erp()])
        .recipe_with("Orders/a_post.recipe.json", "A post", &[erp()], &call)
        .json(
            "account_properties.properties.json",
            &json!({"erp.url": null, "erp.key": null}),
        )
        .json(
            "properties.project_properties.json",
            &json!({"data": {"region": null}}),
        );
    place.write("settings.toml", SETTINGS);
    place.write("token.txt", &format!("{TOKEN}\n"));
    let words = "workspace create studio --kind admin";
    let arguments: Vec<&str> = words.split(' ').collect();
    done(&local(&place, &arguments), &arguments);
    for name in CUSTOMERS {
        let words =
            format!("workspace create {name} --kind customer --of studio --external-id {name}");
        let arguments: Vec<&str> = words.split(' ').collect();
        done(&local(&place, &arguments), &arguments);
    }
    let export = "export project --for customer --catalog none -o p.zip";
    let export: Vec<&str> = export.split(' ').collect();
    done(&local(&place, &export), &export);
    place
}

/// What is asked for a customer beside the package.
pub(super) fn asked(name: &str) -> Vec<&'static str> {
    match name {
        "heron" => vec!["--settings", "settings.toml"],
        _ => vec!["--settings", "settings.toml", "--label", "gold"],
    }
}

/// Whoever runs the program: with the local platform, or with a token.
pub(super) trait Runs {
    fn run_with(&self, arguments: &[&str], unset: &[&str]) -> Run;

    #[track_caller]
    fn told(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run_with(arguments, &[]);
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        run
    }
}

pub(super) fn with_values(mut command: std::process::Command, unset: &[&str]) -> Run {
    for (name, value) in [("ERP_KEY", KEY), ("HERON_TOKEN", TOKEN)] {
        if !unset.contains(&name) {
            command.env(name, value);
        }
    }
    let run = Run::from(command.output().expect("it starts"));
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("canary"), "a secret is shown: {text}");
    }
    run
}

impl Runs for &Place {
    fn run_with(&self, arguments: &[&str], unset: &[&str]) -> Run {
        let mut command = self.command();
        command.env("RECIPACK_PLATFORM", self.path("p.db"));
        command.args(arguments);
        with_values(command, unset)
    }
}

impl Runs for Caller<'_> {
    fn run_with(&self, arguments: &[&str], unset: &[&str]) -> Run {
        let command = command(self.place, &self.url, &self.token, arguments);
        with_values(command, unset)
    }
}

pub(super) fn import<'a>(into: &'a str, name: &str) -> Vec<&'a str> {
    let mut arguments = vec!["import", "p.zip", "--into", into, "--yes"];
    arguments.extend(asked(name));
    arguments
}

/// The recipes of a workspace, and whether they run.
pub(super) fn recipes(runs: &impl Runs, at: &str) -> Vec<(String, String)> {
    let run = runs.told(0, &["recipe", "list", "--in", at, "--json"]);
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let told = told["recipes"].as_array().expect("recipes").iter();
    let text = |one: &Value, key: &str| one[key].as_str().expect("a text").to_owned();
    let mut found: Vec<_> = told
        .map(|one| (text(one, "name"), text(one, "state")))
        .collect();
    found.sort();
    found
}

/// Imports for each customer: everything runs, and a second import changes nothing.
fn story(runs: &impl Runs, at: impl Fn(&str) -> String) {
    for name in CUSTOMERS {
        let into = at(name);
        let planned = runs.told(
            0,
            &[&["plan", "p.zip", "--into", &into][..], &asked(name)].concat(),
        );
        let (url, region) = match name {
            "heron" => ("https://heron.example", "north"),
            _ => ("https://erp.example", "gold"),
        };
        let from = match name {
            "heron" => "is authorized with token from HERON_TOKEN",
            _ => "is authorized with host, token from token.txt",
        };
        for line in [
            format!("  + property     erp.key  secret of ERP_KEY\n  + property     erp.url  \"{url}\"\n"),
            format!("  + property     region  \"{region}\" of project \"Desk\"\n"),
            format!("  * connection   Desk/Orders/ERP  {from}\n"),
            "  > recipe       Desk/Orders/Quote  starts\n  > recipe       Desk/Orders/A post  starts\n".to_owned(),
            " Settings: 3 to set, 1 to authorize, 2 to start, 0 to stop, 0 waiting.\n".to_owned(),
        ] {
            assert!(planned.stdout.contains(&line), "{line}\n{}", planned.stdout);
        }
        let imported = runs.told(0, &import(&into, name));
        assert!(
            imported
                .stdout
                .contains("read back, everything is as planned."),
            "{}",
            imported.stdout
        );
        let run = |name: &str, state: &str| (name.to_owned(), state.to_owned());
        assert_eq!(
            recipes(runs, &into),
            [
                run("A post", "running"),
                run("Quote", "running"),
                run("Sketch", "stopped")
            ]
        );
        let again = runs.told(0, &import(&into, name));
        assert!(
            again.stdout.ends_with(&format!(
                "{into} is as the package and the settings have it already.\n"
            )),
            "{}",
            again.stdout
        );
        let mut plan = vec!["plan", "p.zip", "--into", &into, "--detailed-exitcode"];
        plan.extend(asked(name));
        runs.told(0, &plan);
    }
}

#[test]
fn each_customers_recipes_run_in_the_local_platform() {
    let place = partner();
    story(&&place, |name| format!("local:{name}"));
    holds_no_secret(&place);
}

#[test]
fn each_customers_recipes_run_over_the_api() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    story(&studio, |name| format!("customer:{name}"));
    // The platform itself has the values.
    for name in ["kestrel", "heron"] {
        let own = Caller::of(&place, &sandbox, name);
        let url = match name {
            "heron" => "https://heron.example",
            _ => "https://erp.example",
        };
        let values = got(&own, "/api/properties?prefix=erp");
        assert_eq!(values, json!({"erp.key": KEY, "erp.url": url}));
        let connections = got(&own, "/api/connections");
        assert_eq!(connections[0]["authorization_status"], "success");
    }
    // What was done is written down, and no value.
    let written = files(&place.path("state"));
    let steps: Vec<_> = written
        .iter()
        .filter(|(path, _)| path.contains("/settings/"))
        .collect();
    assert_eq!(steps.len(), 3, "{:?}", written.keys());
    for (path, bytes) in &written {
        assert!(!String::from_utf8_lossy(bytes).contains("canary"), "{path}");
    }
    let text = String::from_utf8_lossy(steps[0].1);
    assert!(
        text.contains("start recipe \\\"Desk/Orders/A post\\\""),
        "{text}"
    );
    assert!(!text.contains("sending"), "{text}");
}

pub(super) fn got(caller: &Caller<'_>, path: &str) -> Value {
    let mut answer = ureq::get(format!("{}{path}", caller.url))
        .header("authorization", format!("Bearer {}", caller.token))
        .call()
        .expect("an answer");
    serde_json::from_str(&answer.body_mut().read_to_string().expect("a text")).expect("JSON")
}

/// No file but the one that somebody put there holds a secret.
pub(super) fn holds_no_secret(place: &Place) {
    for (path, bytes) in files(place.folder.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(path == "token.txt" || !text.contains("canary"), "{path}");
    }
}

/// A plan holds for the settings that it was made with, and holds no secret.
#[test]
fn a_plan_is_bound_to_its_settings() {
    let place = partner();
    let runs = &place;
    let mut plan = vec!["plan", "p.zip", "--into", "local:heron", "-o", "plan.json"];
    plan.extend(asked("heron"));
    runs.told(0, &plan);
    holds_no_secret(&place);
    let mut other = place.command();
    other.env("RECIPACK_PLATFORM", place.path("p.db"));
    other.env("ERP_KEY", "another").env("HERON_TOKEN", TOKEN);
    let run = Run::from(
        other
            .args(["import", "plan.json"])
            .output()
            .expect("it starts"),
    );
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("error[stale-plan]: the plan no longer holds: the settings say something else, or a secret of theirs is another one"),
        "{}",
        run.stderr
    );
    place.write(
        "settings.toml",
        &SETTINGS.replace("heron.example", "hawk.example"),
    );
    let run = runs.told(3, &["import", "plan.json"]);
    assert!(
        run.stderr.contains(
            "error[stale-plan]: the plan no longer holds: the settings in settings.toml changed"
        ),
        "{}",
        run.stderr
    );
    place.write("settings.toml", SETTINGS);
    let run = runs.told(64, &["import", "plan.json", "--label", "gold"]);
    assert!(
        run.stderr.contains("the plan has its settings already"),
        "{}",
        run.stderr
    );
    runs.told(0, &["import", "plan.json"]);
}

/// Each has a message and an exit code of its own, and nothing was changed.
#[test]
fn what_settings_can_get_wrong() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let long = format!(
        "{SETTINGS}\n[customers.kestrel.properties]\nlong = \"{}\"\n",
        "x".repeat(1025)
    );
    type Row<'r> = (&'r str, String, &'r [&'r str], &'r [&'r str], i32, &'r str);
    let rows: [Row<'_>; 10] = [
        (
            "a slip in a property's name",
            SETTINGS.replace("\"erp.url\" = \"https://erp", "\"erp.uri\" = \"https://erp"),
            &["--label", "gold"],
            &[],
            3,
            "error[setting-unmatched]: the settings name a property \"erp.uri\", and the package neither brings nor reads it\n   = note: said in settings.toml:6 [all]\n   = help: did you mean `erp.url`?",
        ),
        (
            "a project's property as the workspace's",
            SETTINGS
                .replace("[all.project-properties]\nregion", "[all.recipes-]\nregion")
                .replace("[all.recipes-]\nregion = \"north\"", "")
                .replace("\"erp.key\" =", "region = \"x\"\n\"erp.key\" ="),
            &["--label", "gold"],
            &[],
            3,
            "= help: it is a property of the project: say it under `project-properties`",
        ),
        (
            "a variable that is not set",
            SETTINGS.to_owned(),
            &["--label", "gold"],
            &["ERP_KEY"],
            1,
            "error[invalid-settings]: property \"erp.key\": the environment variable ERP_KEY is not set\n --> settings.toml:7:1\n  = help: set ERP_KEY to the value, and run this again",
        ),
        (
            "a file that is not there",
            SETTINGS.replace("token.txt", "tokens.txt"),
            &["--label", "gold"],
            &[],
            1,
            "error[invalid-settings]: field `token` of connection \"Orders/ERP\": can't read the file tokens.txt",
        ),
        (
            "a mark that nobody filled in",
            SETTINGS.to_owned(),
            &[],
            &[],
            1,
            "error[invalid-settings]: connection \"Orders/ERP\" is not filled in: the token of this customer's ERP",
        ),
        (
            "a connection that is not there",
            SETTINGS.replace("Orders/ERP", "Orders/ERB"),
            &["--label", "gold"],
            &[],
            3,
            "error[setting-unmatched]: the settings name a connection \"Orders/ERB\", and the package neither brings nor uses one\n   = note: said in settings.toml:23 [labels.gold]\n   = help: did you mean `Orders/ERP`?",
        ),
        (
            "one connection by two names",
            SETTINGS.replace("[all.recipes]", "ERP = 'person'\n[all.recipes]"),
            &["--label", "gold"],
            &[],
            3,
            "and they name it by another name, too",
        ),
        (
            "a label that nobody knows",
            SETTINGS.to_owned(),
            &["--label", "golf"],
            &[],
            1,
            "error[invalid-settings]: nothing is said for label `golf`\n --> settings.toml:1:1\n  = help: did you mean `gold`?",
        ),
        (
            "a key that is none",
            SETTINGS.replace("[all.recipes]", "[all.recipe]"),
            &["--label", "gold"],
            &[],
            1,
            "error[invalid-settings]: unknown key `recipe`\n  --> settings.toml:15:6\n   = help: did you mean `recipes`?",
        ),
        (
            "a value that is too long",
            long,
            &["--label", "gold"],
            &[],
            1,
            "a property's value has at most 1024 characters",
        ),
    ];
    for (what, text, options, unset, code, expected) in rows {
        place.write("settings.toml", &text);
        for (runs, into) in [
            (&&place as &dyn Shown, "local:kestrel"),
            (&studio as &dyn Shown, "customer:kestrel"),
        ] {
            let words = [
                &[
                    "import",
                    "p.zip",
                    "--into",
                    into,
                    "--settings",
                    "settings.toml",
                ][..],
                options,
            ]
            .concat();
            let run = runs.shown(&words, unset);
            assert_eq!(run.code, code, "{what}: {}", run.stderr);
            let told = run
                .stderr
                .replace("\n   --> ", "\n --> ")
                .replace("\n  --> ", "\n --> ")
                .replace("\n    = ", "\n  = ")
                .replace("\n   = ", "\n  = ");
            let expected = expected
                .replace("\n  --> ", "\n --> ")
                .replace("\n   = ", "\n  = ");
            assert!(told.contains(&expected), "{what}: {expected}\n{told}");
        }
    }
    for at in ["local:kestrel", "local:osprey"] {
        let (folders, empty) = (recipes(&&place, at), Vec::new());
        assert_eq!(folders, empty, "{at}");
    }
}

/// The same, as an object.
pub(super) trait Shown {
    fn shown(&self, arguments: &[&str], unset: &[&str]) -> Run;
}

impl<R: Runs> Shown for R {
    fn shown(&self, arguments: &[&str], unset: &[&str]) -> Run {
        self.run_with(arguments, unset)
    }
}

/// A connection that waits for a person keeps its recipes from starting, and that is told: the import
/// is done, and not everything is so. When the person did it, the same import does the rest.
#[test]
fn what_waits_for_a_person_is_done_later() {
    let place = partner();
    place.write(
        "settings.toml",
        "[all.connections]\nERP = \"person\"\n[all.recipes]\n'*' = 'start'\n",
    );
    let import = [
        "import",
        "p.zip",
        "--into",
        "local:kestrel",
        "--settings",
        "settings.toml",
    ];
    let first = (&place).told(68, &import);
    for line in [
        "  ? connection   Orders/ERP  waits for a person to authorize it\n",
        "  ? recipe       Orders/Quote  can't start yet: its connection \"ERP\" is not authorized\n",
        "  connection \"Orders/ERP\" waits for a person to authorize it\n",
        "  recipe \"Orders/Quote\" does not run: its connection \"ERP\" is not authorized\n",
    ] {
        assert!(first.stdout.contains(line), "{line}\n{}", first.stdout);
    }
    (&place).told(
        0,
        &["connection", "authorize", "ERP", "--in", "local:kestrel"],
    );
    let second = (&place).told(0, &import);
    assert!(
        second.stdout.contains("started   Orders/Quote\n"),
        "{}",
        second.stdout
    );
    assert!(
        second
            .stdout
            .contains("as revision 2; read back, everything is as planned."),
        "{}",
        second.stdout
    );
    // Whoever runs must not, if the settings say so.
    place.write("settings.toml", "[all.recipes]\nQuote = 'stop'\n");
    let third = (&place).told(0, &import);
    assert!(
        third.stdout.contains("stopped   Orders/Quote\n"),
        "{}",
        third.stdout
    );
}

/// Whatever step the answer is lost at, or refused with words that say the secret back: what was done
/// is told, and the same import does the rest.
#[test]
fn a_lost_answer_is_told_and_the_same_import_does_the_rest() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    for (name, method, part, what) in [
        (
            "kestrel",
            "POST",
            "/properties",
            "properties \"erp.key\", \"erp.url\"",
        ),
        (
            "osprey",
            "PUT",
            "/connections/",
            "credentials of connection \"Desk/Orders/ERP\"",
        ),
        (
            "heron",
            "PUT",
            "/start",
            "start recipe \"Desk/Orders/Quote\"",
        ),
    ] {
        let studio = Caller::of(&place, &sandbox, "studio");
        let through = studio.through(&between);
        between.rule(
            move |asked, _| match asked.method == method && asked.path.contains(part) {
                true => Fate::Kept(Told {
                    status: 422,
                    body: json!({"message": format!("no {KEY} {TOKEN}")})
                        .to_string()
                        .into(),
                    ..Told::default()
                }),
                false => Fate::Passes,
            },
        );
        let into = format!("customer:{name}");
        let run = through.run_with(&import(&into, name), &[]);
        let nothing_before = name == "kestrel";
        assert_eq!(
            run.code,
            if nothing_before { 1 } else { 68 },
            "{name}: {}",
            run.stderr
        );
        assert!(
            run.stderr.contains(&format!("failed: {what}: ")),
            "{name}: {}",
            run.stderr
        );
        assert!(
            run.stderr
                .contains("not attempted: start recipe \"Desk/Orders/A post\""),
            "{name}: {}",
            run.stderr
        );
        // The first answer is lost after the platform did it, the next ones come.
        between.rule(move |asked, number| {
            let meant = asked.method == method && asked.path.contains(part);
            match meant && number % 2 == 0 {
                true => Fate::Spoiled(Told::default()),
                false => Fate::Passes,
            }
        });
        through.told(0, &import(&into, name));
        between.rule(|_, _| Fate::Passes);
        let again = through.told(0, &import(&into, name));
        assert!(
            again
                .stdout
                .contains("is as the package and the settings have it already."),
            "{}",
            again.stdout
        );
    }
}
