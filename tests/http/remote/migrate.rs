//! From one account to another, over the API: what moves, what changes, and in which order recipes stop
//! and start.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::slim::rewrite_recipe;
use crate::support::sandbox::{Sandbox, command, done, local, partner, token};
use crate::support::{Place, Run, entries, real_projects, table};

/// Two accounts of one data center, each with a profile.
struct Accounts {
    place: Place,
    sandbox: Sandbox,
}

const PLAN: [&str; 7] = [
    "migrate",
    "plan",
    "profile:osprey",
    "--to",
    "profile:harrier",
    "-o",
    "move",
];
const RUN: [&str; 3] = ["migrate", "run", "move"];
const CUT_OVER: [&str; 5] = ["migrate", "run", "move", "--cut-over", "--yes"];

impl Accounts {
    /// One with a package, whose recipes run as far as they can, and an empty one.
    fn with(package: &str, place: Place) -> Self {
        let create = ["workspace", "create", "harrier", "--kind", "external"];
        done(&local(&place, &create), &create);
        let import = [
            "import",
            package,
            "--into",
            "local:osprey",
            "--allow-missing-connectors",
            "-q",
        ];
        done(&local(&place, &import), &import);
        authorise(&place, "osprey");
        place.write("starts.toml", "[all.recipes]\n\"*\" = \"start\"\n");
        let start = [&import[..], &["--settings", "starts.toml"]].concat();
        let started = local(&place, &start);
        assert!(matches!(started.code, 0 | 68), "{}", started.stderr);
        let sandbox = Sandbox::of(&place, &[]);
        let profile =
            |id: u64| json!({"region": "custom", "region_url": sandbox.url, "workspace_id": id});
        let profiles = json!({"current_profile": "osprey", "profiles": {"osprey": profile(1), "harrier": profile(2)}});
        let tokens = json!({"workato-platform-cli":
            {"osprey": token(&place, "osprey"), "harrier": token(&place, "harrier")}});
        for (path, document) in [("profiles", profiles), ("token_store.json", tokens)] {
            let path = place.write(&format!("home/.workato/{path}"), &document.to_string());
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
        }
        Self { place, sandbox }
    }

    /// The program with the profiles only.
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = command(&self.place, &self.sandbox.url, "", arguments);
        command.env_remove("WORKATO_API_TOKEN");
        command.env_remove("WORKATO_HOST");
        command.output().expect("it starts").into()
    }

    fn runs(&self, arguments: &[&str], code: i32) -> Run {
        let run = self.run(arguments);
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        run
    }

    fn plan(&self) -> Value {
        let text = fs::read(self.place.path("move/migration.json")).expect("readable");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The recipes that run, by folder and name.
    fn running(&self, workspace: &str) -> BTreeSet<String> {
        let inside = format!("local:{workspace}");
        let list = ["recipe", "list", "--running", "--in", &inside, "--json"];
        let listed: Value = serde_json::from_str(&local(&self.place, &list).stdout).expect("JSON");
        let recipes = listed["recipes"].as_array().expect("recipes").iter();
        recipes
            .map(|recipe| format!("{}/{}", recipe["folder"], recipe["name"]))
            .collect()
    }
}

fn authorise(place: &Place, workspace: &str) {
    let inside = format!("local:{workspace}");
    let authorise = ["connection", "authorize", "--all", "--in", &inside];
    done(&local(place, &authorise), &authorise);
}

/// The numbers under keys of references, found without the program's own reader.
fn raw_ids(package: &std::path::Path) -> BTreeSet<(String, String)> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let digits = match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.as_u64().map(|id| id.to_string()).unwrap_or_default(),
            };
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let keys = ["flow_id", "page_id", "app_id", "account_id"];
            if is_number && keys.contains(&key.as_str()) {
                found.insert(digits);
            }
            walk(value, found);
        }
        for item in value.as_array().into_iter().flatten() {
            walk(item, found);
        }
    }
    let mut all = BTreeSet::new();
    for (path, bytes) in entries(package) {
        let mut found = BTreeSet::new();
        if let Ok(document) = serde_json::from_slice(&bytes) {
            walk(&document, &mut found);
        }
        all.extend(found.into_iter().map(|id| (path.clone(), id)));
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn moves(project: &std::path::Path) {
    let place = partner();
    let package = match project.is_dir() {
        true => {
            let project = project.to_str().expect("a name");
            let export = [
                "export",
                project,
                "--for",
                "external",
                "--one-project",
                "-q",
                "-o",
                "real.zip",
            ];
            done(&local(&place, &export), &export);
            "real.zip".to_owned()
        }
        false => project.to_str().expect("a name").to_owned(),
    };
    let accounts = Accounts::with(&package, place);
    let ran = accounts.running("osprey");
    let first = accounts.run(&PLAN);
    // What is only shared with the source comes from elsewhere, and that is said.
    if first.code != 0 {
        assert!(
            project.ends_with("travelperk/after.zip"),
            "{}",
            first.stderr
        );
        assert!(first.stderr.contains("--connectors"), "{}", first.stderr);
        for (path, bytes) in entries(&project.with_file_name("before.zip")) {
            if path.contains(".custom_adapter.") {
                fs::create_dir_all(accounts.place.path("connectors")).expect("made");
                let name = path.rsplit('/').next().expect("a name");
                fs::write(accounts.place.path("connectors").join(name), bytes).expect("written");
            }
        }
        accounts.runs(&[&PLAN[..], &["--connectors", "connectors"]].concat(), 0);
    }
    let plan = accounts.plan();
    let told: BTreeSet<(String, String)> = (plan["raw_ids"].as_array().expect("numbers").iter())
        .filter(|raw| raw["means"].is_null())
        .map(|raw| (text(&raw["path"]), text(&raw["id"])))
        .collect();
    let there = raw_ids(&accounts.place.path("move/package.zip"));
    assert!(there.is_subset(&told), "{there:?} {told:?}");
    let first = accounts.run(&RUN);
    assert!(matches!(first.code, 0 | 68), "{}", first.stderr);
    assert_eq!(accounts.running("harrier"), BTreeSet::new());
    authorise(&accounts.place, "harrier");
    accounts.runs(&CUT_OVER, 0);
    assert_eq!(accounts.running("harrier"), ran);
    assert_eq!(accounts.running("osprey"), BTreeSet::new());
    let diff = [
        "diff",
        "move/package.zip",
        "profile:harrier",
        "--detailed-exitcode",
    ];
    accounts.runs(&diff, 0);
}

/// All of them take minutes.
#[test]
#[ignore = "by hand"]
fn each_real_project_moves() {
    table::each(&real_projects(), |_, project| moves(project));
}

#[test]
fn a_number_becomes_a_reference_and_nothing_stops_too_early() {
    let place = partner();
    let accounts = Accounts::with("external.zip", place);
    let place = &accounts.place;
    let list = ["recipe", "list", "--in", "local:osprey", "--json"];
    let listed: Value = serde_json::from_str(&local(place, &list).stdout).expect("JSON");
    let mut recipes = listed["recipes"].as_array().expect("recipes").iter();
    let quote = recipes
        .find(|recipe| recipe["name"] == "Quote shipping")
        .expect("there");
    let number = quote["id"].as_u64().expect("a number");
    rewrite_recipe(&place.path("p.db"), "Plan daily routes", |document| {
        let text = document.to_string().replace("2369161", &number.to_string());
        *document = serde_json::from_str(&text).expect("JSON");
    });
    accounts.runs(&PLAN, 0);
    let raw = &accounts.plan()["raw_ids"][0];
    assert_eq!(raw["means"], "Functions/Quote shipping", "{raw}");
    let packed = entries(&place.path("move/package.zip"));
    let routes: Value =
        serde_json::from_slice(&packed["Orders/plan_daily_routes.recipe.json"]).expect("JSON");
    assert!(
        routes.to_string().contains("\"flow_id\":{\"folder\":\"Functions\",\"name\":\"Quote shipping\",\"zip_name\":\"Functions/quote_shipping.recipe.json\"}"),
        "{routes}"
    );
    assert!(raw_ids(&place.path("move/package.zip")).is_empty());

    // Nobody authorised anything there yet, and nobody said yes.
    let ran = accounts.running("osprey");
    accounts.runs(&RUN, 68);
    let early = accounts.runs(&CUT_OVER, 3);
    assert!(
        early.stderr.contains("error[not-ready]"),
        "{}",
        early.stderr
    );
    authorise(place, "harrier");
    let unasked = accounts.runs(&CUT_OVER[..4], 3);
    assert!(
        unasked.stderr.contains("error[not-confirmed]"),
        "{}",
        unasked.stderr
    );
    let another = accounts.runs(
        &[
            "migrate",
            "plan",
            "profile:osprey",
            "--to",
            "profile:osprey",
        ],
        64,
    );
    assert!(
        another.stderr.contains("are one workspace"),
        "{}",
        another.stderr
    );
    assert_eq!(accounts.running("osprey"), ran);

    // There and back, and there again.
    accounts.runs(&CUT_OVER, 0);
    assert_eq!(
        (accounts.running("harrier"), accounts.running("osprey")),
        (ran.clone(), BTreeSet::new())
    );
    // What runs on both sides is told.
    let again = ["recipe", "start", "Return label", "--in", "local:osprey"];
    done(&local(place, &again), &again);
    let twice = accounts.runs(&CUT_OVER, 68);
    let told = "recipe \"Orders/Return label\" runs in the source";
    assert!(twice.stdout.contains(told), "{}", twice.stdout);
    let stop = ["recipe", "stop", "Return label", "--in", "local:osprey"];
    done(&local(place, &stop), &stop);
    accounts.runs(&CUT_OVER, 0);
    let diff = [
        "diff",
        "move/package.zip",
        "profile:harrier",
        "--detailed-exitcode",
    ];
    accounts.runs(&diff, 0);
    accounts.runs(&["migrate", "back", "move", "--yes"], 0);
    assert_eq!(
        (accounts.running("osprey"), accounts.running("harrier")),
        (ran.clone(), BTreeSet::new())
    );

    // What is edited after the plan does not get lost.
    rewrite_recipe(&place.path("p.db"), "Return label", |document| {
        document["description"] = "edited".into()
    });
    let edited = accounts.runs(&CUT_OVER, 3);
    assert!(
        edited.stderr.contains("error[source-changed]"),
        "{}",
        edited.stderr
    );
    assert_eq!(accounts.running("osprey"), ran);
    let began = accounts.runs(&[&PLAN[..], &["--force"]].concat(), 3);
    assert!(
        began.stderr.contains("error[migration-began]"),
        "{}",
        began.stderr
    );

    // A damaged plan is none.
    let path = place.path("move/migration.json");
    let text = fs::read_to_string(&path).expect("readable");
    fs::write(&path, text.replacen("Quote shipping", "Quote shopping", 1)).expect("written");
    let damaged = accounts.runs(&["migrate", "status", "move"], 4);
    assert!(
        damaged.stderr.contains("error[damaged-plan]"),
        "{}",
        damaged.stderr
    );
}
