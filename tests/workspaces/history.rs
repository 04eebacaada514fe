//! History, rollback and status of workspaces, by real processes on the fixtures.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::support::{Place, Run, copy, fixture};
use recipack::model::ident::{Digest, Version};
use recipack::model::workspace::{
    Authorization, Body, HeldState, Inventory, RecipeState, RevisionNumber, Timestamp,
};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use recipack::workspace::{NoContents, Workspace};
use serde_json::Value;

/// Recipes of the fixture that can start once connections are authorised.
const STARTED: [&str; 4] = [
    "Quote shipping",
    "Post freight costs",
    "Return label",
    "Track new parcels",
];

/// A local platform with one workspace, and two packages: the fixture, and an edited one.
struct World {
    place: Place,
}

impl World {
    /// The fixture is imported, its connections are authorised, and some recipes run.
    fn new() -> Self {
        let world = Self {
            place: Place::new(),
        };
        let place = &world.place;
        copy(&fixture("partner"), &place.path("partner"));
        copy(&fixture("partner"), &place.path("edited"));
        world.edit(
            "edited/Orders/return_label.recipe.json",
            "KS-20417-07",
            "KS-1",
        );
        let recipe = fs::read_to_string(place.path("edited/Orders/return_label.recipe.json"));
        let another = recipe.expect("text").replace("Return label", "Lost label");
        place.write("edited/Orders/lost_label.recipe.json", &another);
        world.edit(
            "edited/ledger_sync.custom_adapter.rb",
            "{\n",
            "{\n  # Edited.\n",
        );
        for name in ["partner", "edited"] {
            world.ok(&[
                "export",
                name,
                "--for",
                "external",
                "-o",
                &format!("{name}.zip"),
            ]);
        }
        world.ok(&["workspace", "create", "acme", "--kind", "external"]);
        world.import("partner.zip", &[]);
        world.ok(&["connection", "authorize", "--all", "--in", "local:acme"]);
        let start = ["recipe", "start", "--in", "local:acme"];
        world.ok(&[&start[..], &STARTED].concat());
        world
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.place.path(path)).expect("text");
        assert!(text.contains(from), "{path} holds {from}");
        self.place.write(path, &text.replacen(from, to, 1));
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.place.command();
        command.args(arguments);
        command.env("RECIPACK_PLATFORM", self.place.path("platform.db"));
        command.env("RECIPACK_WHO", "ada");
        command.env("SOURCE_DATE_EPOCH", "1709251199");
        command.output().expect("it starts").into()
    }

    fn exits(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(
            run.code,
            code,
            "{}: {}{}",
            arguments.join(" "),
            run.stdout,
            run.stderr
        );
        run
    }

    fn ok(&self, arguments: &[&str]) -> String {
        self.exits(0, arguments).stdout
    }

    fn import(&self, package: &str, more: &[&str]) {
        let import = ["import", package, "--into", "local:acme", "--yes"];
        let missing = ["--allow-missing-connectors"];
        self.ok(&[&import[..], &missing, more].concat());
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("a document")
    }

    fn workspace(&self) -> LocalWorkspace {
        let writing = Writing {
            purpose: "a test".to_owned(),
            patience: Duration::from_secs(30),
            stop: Default::default(),
        };
        let platform = LocalPlatform::open(&self.place.path("platform.db"), writing);
        let name = "acme".parse().expect("a name");
        platform
            .and_then(|platform| platform.workspace(&name))
            .expect("a workspace")
    }

    fn inventory(&self) -> Inventory {
        self.workspace().inventory().expect("readable")
    }

    /// Everything but version numbers: what each asset holds and whether it runs, and the code that
    /// recipes run of each connector.
    fn look(&self) -> Look {
        let inventory = self.inventory();
        let workspace = self.workspace();
        let mut bytes = Vec::new();
        let assets = inventory.assets.iter().map(|asset| {
            for file in &asset.body.files {
                workspace
                    .content(&file.content, &mut bytes)
                    .expect("its bytes are there");
            }
            let body = Body {
                origin: Digest::of(b""),
                ..asset.body.clone()
            };
            (asset.id.0, (asset.key.name.to_string(), body, asset.state))
        });
        let connectors = inventory.connectors.iter().map(|connector| {
            let code = connector.running().and_then(|version| version.code);
            (connector.title.to_string(), code)
        });
        Look {
            assets: assets.collect(),
            connectors: connectors.collect(),
        }
    }

    fn version_of(&self, recipe: &str) -> Version {
        let inventory = self.inventory();
        let mut assets = inventory.assets.iter();
        let found = assets.find(|asset| *asset.key.name == *recipe);
        found.map(|asset| asset.version).expect("it is there")
    }

    fn released(&self, title: &str) -> (usize, Option<Version>) {
        let inventory = self.inventory();
        let mut connectors = inventory.connectors.iter();
        let found = connectors.find(|connector| connector.title.as_str() == title);
        let found = found.expect("it is there");
        (found.versions.len(), found.released)
    }

    fn rollback(&self, arguments: &[&str]) -> Run {
        self.run(&[&["rollback", "local:acme"], arguments].concat())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    assets: BTreeMap<u64, (String, Body, HeldState)>,
    connectors: BTreeMap<String, Option<Digest>>,
}

impl Look {
    fn without(mut self, name: &str) -> Self {
        self.assets.retain(|_, (other, ..)| other != name);
        self
    }

    /// As it would be if connections had no credentials and no recipe ran.
    fn at_rest(mut self) -> Self {
        for (_, _, state) in self.assets.values_mut() {
            *state = match *state {
                HeldState::Recipe(_) => HeldState::Recipe(RecipeState::Stopped),
                HeldState::Connection(_) => HeldState::Connection(Authorization::Placeholder),
                HeldState::Plain => HeldState::Plain,
            };
        }
        self
    }
}

#[test]
fn contents_code_and_states_come_back_and_go_again() {
    let world = World::new();
    let first = world.look();
    world.ok(&["workspace", "export", "acme", "--data", "-o", "first.zip"]);
    world.import("edited.zip", &["--restart-recipes"]);
    let second = world.look();
    assert_ne!(first, second.clone().without("Lost label"));
    assert_eq!(world.released("Ledger Sync"), (2, Some(Version(2))));

    let all = ["--yes", "--restart-recipes"];
    let run = world.rollback(&[&["1"], &all[..]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("as revision 3; read back"),
        "{}",
        run.stdout
    );
    assert_eq!(world.look().without("Lost label"), first);
    assert_eq!(world.version_of("Return label"), Version(3), "appended");
    assert_eq!(world.released("Ledger Sync"), (3, Some(Version(3))));

    let run = world.rollback(&["1", "--yes"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .ends_with("local:acme is as after revision 1 already.\n"),
        "{}",
        run.stdout
    );
    let revisions = world.workspace().revisions().expect("readable");
    assert_eq!(revisions.len(), 3, "nothing to do is no revision");

    // The rollback of the rollback.
    let run = world.rollback(&all);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(world.look(), second);
    assert_eq!(world.version_of("Return label"), Version(4));
    assert_eq!(world.released("Ledger Sync"), (4, Some(Version(4))));

    // Both at once; what leaves the workspace then differs by version numbers only.
    let run = world.rollback(&[&["1", "--created", "remove"], &all[..]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(world.look(), first);
    let differences = world.ok(&["diff", "first.zip", "local:acme"]);
    let others: Vec<&str> = differences
        .lines()
        .filter(|line| !line.starts_with("~ ") && !line.starts_with("files: "))
        .filter(|line| !line.trim_start().starts_with("version"))
        .collect();
    assert_eq!(others, [""; 0], "{differences}");
    assert!(!differences.contains(" added"), "{differences}");

    // What was rolled back is newer than what is there, so it can be imported again.
    world.import("edited.zip", &["--restart-recipes"]);
    assert_eq!(
        world.look().connectors["Ledger Sync"],
        second.connectors["Ledger Sync"]
    );
}

#[test]
fn nothing_is_done_without_permission_and_consent() {
    let world = World::new();
    world.import("edited.zip", &["--restart-recipes"]);
    let before = world.inventory().workspace.state;
    for (arguments, code, told) in [
        (
            &["1", "--yes"][..],
            3,
            "= help: say that it is meant: --restart-recipes",
        ),
        (&["1", "--restart-recipes"], 3, "pass --yes"),
        (
            &["3", "--yes"],
            1,
            "= help: those that are there: recipack history local:acme",
        ),
        (&["one"], 64, "invalid value 'one'"),
        (&["1", "--created", "lose"], 64, "lose"),
    ] {
        let run = world.rollback(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
    let plan = || world.rollback(&["1", "--plan"]);
    let shown = plan();
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    assert_eq!(
        shown.stdout,
        "local:acme back to revision 1, import of partner.zip (2024-02-29T23:59:59Z)\n  \
           undoes revision 2, import of edited.zip (2024-02-29T23:59:59Z)\n  \
           ~ connector    Ledger Sync  restores v1 as v3, released, 1 recipe uses it\n  \
           ! recipe       Orders/Return label  restores running v1 as v3\n\
         Plan: 1 to restore (1 running), 1 created since to stay, 0 unchanged. Connectors: 1 to restore.\n\
         Not brought back:\n  \
           what 2 recipes did meanwhile in the versions that are undone\n  \
           webhook events that came, or come, while 1 recipe did not run\n\
         Needs --restart-recipes: 1 running recipe would be stopped and restored.\n"
    );
    let documents = [0, 1].map(|_| world.rollback(&["1", "--plan", "--json"]).stdout);
    assert_eq!(documents[0], documents[1], "the same bytes");
    assert_eq!(
        world.rollback(&["--plan"]).stdout,
        shown.stdout,
        "the default"
    );
    assert_eq!(world.inventory().workspace.state, before);

    world.ok(&["workspace", "create", "new", "--kind", "external"]);
    let run = world.exits(1, &["rollback", "local:new", "--yes"]);
    assert!(
        run.stderr.contains("has no revision to roll back"),
        "{}",
        run.stderr
    );
    let run = world.exits(1, &["history", "local:acme", "7"]);
    assert!(
        run.stderr.contains("recipack history local:acme"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_was_created_since_stops_stays_or_goes() {
    for (choice, running, assets) in [("stop", 0, 31), ("keep", 4, 31), ("remove", 0, 0)] {
        let world = World::new();
        let first = world.look();
        let run = world.rollback(&["0", "--yes", "--created", choice]);
        assert_eq!(run.code, 0, "{choice}: {}{}", run.stdout, run.stderr);
        let inventory = world.inventory();
        let runs = inventory
            .assets
            .iter()
            .filter(|asset| asset.state.is_running());
        assert_eq!(runs.count(), running, "{choice}");
        assert_eq!(inventory.assets.len(), assets, "{choice}");
        // Imports and rollbacks delete no folders and no connectors.
        assert_eq!(inventory.connectors.len(), 3, "{choice}");
        assert!(!inventory.folders.is_empty(), "{choice}");
        assert_eq!(world.look().connectors, first.connectors, "{choice}");

        let again = world.rollback(&["0", "--yes", "--created", choice]);
        assert_eq!(again.code, 0, "{choice}: {}", again.stderr);
        assert!(
            again
                .stdout
                .ends_with("is as before the first revision already.\n"),
            "{choice}: {}",
            again.stdout
        );

        if choice == "stop" {
            let back = world.rollback(&["--yes"]);
            assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
            assert_eq!(world.look(), first, "what ran runs again");
        }
    }
}

#[test]
fn what_was_removed_comes_back_without_credentials() {
    let world = World::new();
    world.import("edited.zip", &["--restart-recipes"]);
    let second = world.look();
    let run = world.rollback(&["0", "--yes", "--created", "remove"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout
            .contains("  the credentials of the connection \"Notices mailbox\"\n"),
        "{}",
        run.stdout
    );
    // Contents that only a removed asset has are not swept away with another workspace.
    world.ok(&["workspace", "create", "other", "--kind", "external"]);
    world.ok(&["workspace", "delete", "other", "--yes"]);

    let run = world.rollback(&["--yes"]);
    assert_eq!(run.code, 68, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains(
            "recipe \"Orders/Return label\" did not start: its connection \"Parcel Tracker account\" is not authorized"
        ),
        "{}",
        run.stdout
    );
    assert_eq!(world.look(), second.clone().at_rest());
    assert_eq!(
        world.version_of("Return label"),
        Version(2),
        "with all versions"
    );

    // Once a person gave the credentials, the same command does the rest.
    let run = world.rollback(&["2", "--yes"]);
    assert_eq!(run.code, 68, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("Nothing was changed in local:acme:"),
        "{}",
        run.stdout
    );
    world.ok(&["connection", "authorize", "--all", "--in", "local:acme"]);
    let run = world.rollback(&["2", "--yes"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(world.look(), second);

    // Earlier versions have their numbers again.
    let run = world.rollback(&["1", "--yes", "--restart-recipes"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(world.version_of("Return label"), Version(3));
}

#[test]
fn another_asset_in_the_place_of_a_removed_one_is_not_overwritten() {
    let world = World::new();
    let first = world.look();
    let run = world.rollback(&["0", "--yes", "--created", "remove"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    world.import("partner.zip", &[]);
    let run = world.rollback(&["1", "--yes"]);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr.contains("another one has its place since"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("= help: remove what was created since: --created remove")
    );
    let shown = world.rollback(&["1", "--plan"]);
    assert_eq!(shown.code, 1, "{}", shown.stdout);
    assert!(shown.stdout.contains("Refused: "), "{}", shown.stdout);
    let run = world.rollback(&["1", "--yes", "--created", "remove"]);
    assert_eq!(run.code, 68, "{}{}", run.stdout, run.stderr);
    assert_eq!(world.look(), first.at_rest());
}

#[test]
fn a_recipe_that_can_not_restart_stays_stopped_and_is_told() {
    let world = World::new();
    world.import("edited.zip", &["--restart-recipes"]);
    let inventory = world.inventory();
    let mut commit = Commit::on(&inventory.workspace);
    let mut assets = inventory.assets.iter();
    let account = assets.find(|asset| &*asset.key.name == "Parcel Tracker account");
    commit.changes.push(Change::SetConnection {
        id: account.expect("it is there").id,
        authorization: Authorization::Placeholder,
    });
    let mut workspace = world.workspace();
    workspace
        .commit(&commit, &mut NoContents)
        .expect("committed");

    let run = world.rollback(&["1", "--yes", "--restart-recipes", "--json"]);
    assert_eq!(run.code, 68, "{}{}", run.stdout, run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    let why = "its connection \"Parcel Tracker account\" is not authorized";
    assert_eq!(
        document["astray"],
        serde_json::json!([format!(
            "recipe \"Orders/Return label\" did not start: {why}"
        )])
    );
    assert_eq!(
        document["receipt"]["recipes"][0]["obstacles"],
        serde_json::json!([why])
    );
    assert_eq!(
        world.version_of("Return label"),
        Version(3),
        "restored all the same"
    );
    let status = world.exits(2, &["status", "local:acme", "--detailed-exitcode"]);
    assert!(
        status
            .stdout
            .contains("Stopped, and ran before the newest revision\n  Orders/Return label\n"),
        "{}",
        status.stdout
    );
}

#[test]
fn running_recipes_outside_move_with_permission_only() {
    let world = World::new();
    // A package of the connector and its connection alone.
    let only = [
        "--include",
        "ledger_sync.*",
        "--include",
        "Connections/ledger*",
    ];
    let export = ["export", "edited", "--for", "external", "-o", "code.zip"];
    world.ok(&[&export[..], &only].concat());
    world.import("code.zip", &["--allow-moved-recipes"]);
    let run = world.rollback(&["1", "--yes"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("= help: say that it is meant: --allow-moved-recipes"),
        "{}",
        run.stderr
    );
    let run = world.rollback(&["1", "--yes", "--allow-moved-recipes"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout
            .contains("      moves Orders/Post freight costs (running)\n"),
        "{}",
        run.stdout
    );
    assert_eq!(world.released("Ledger Sync"), (3, Some(Version(3))));
}

#[test]
fn revisions_are_listed_and_told() {
    let world = World::new();
    world.import("edited.zip", &["--restart-recipes"]);
    world.rollback(&["--yes", "--restart-recipes", "--created", "remove"]);
    let list = world.ok(&["history", "local:acme"]);
    let at = "2024-02-29T23:59:59Z  ada";
    let lines: Vec<&str> = list.lines().collect();
    let [first, second, third] = lines[..] else {
        panic!("{list}");
    };
    for (line, number, name) in [(first, 1, "partner.zip"), (second, 2, "edited.zip")] {
        let start = format!("{number}  {at}  import    {name}");
        assert!(line.starts_with(&start), "{line}");
        let digest = line.rsplit_once(' ').map_or("", |(_, digest)| digest);
        assert_eq!(digest.len(), 12, "{line}");
    }
    assert_eq!(third, format!("3  {at}  rollback  revision 1"));
    assert_eq!(
        world.json(&["history", "local:acme"])["revisions"][2]["number"],
        3
    );

    let told = world.ok(&["history", "local:acme", "2"]);
    // The removed recipe is still known by its name.
    for line in [
        "  ~  connector  Ledger Sync          update v1 → v2\n",
        "  +  recipe     Orders/Lost label    created\n",
        "  ~  recipe     Orders/Return label  v1 → v2\n",
        "Assets: 1 created, 1 changed, 0 removed. Connectors: 1 changed.\n",
        "runs      Orders/Return label\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    let told = world.ok(&["history", "local:acme", "3"]);
    for line in [
        "local:acme revision 3: rollback to revision 1\n",
        "  ~  connector  Ledger Sync          restores v2 → v3\n",
        "  -  recipe     Orders/Lost label    removed\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    let number = world.workspace().facts().expect("readable").revision;
    assert_eq!(number, RevisionNumber(3));
    let revision = world.workspace().revision(number).expect("readable");
    assert_eq!(revision.header.at, Timestamp(1_709_251_199));
}

#[test]
fn a_status_says_what_is_to_be_done_and_how() {
    let world = World {
        place: Place::new(),
    };
    world.ok(&["workspace", "create", "acme", "--kind", "external"]);
    let empty = world.exits(0, &["status", "local:acme", "--detailed-exitcode"]);
    assert!(
        empty.stdout.ends_with("Nothing needs a person.\n"),
        "{}",
        empty.stdout
    );

    copy(&fixture("partner"), &world.place.path("partner"));
    fs::remove_file(
        world
            .place
            .path("partner/Orders/plan_daily_routes.recipe.json"),
    )
    .expect("removed");
    world.ok(&[
        "export",
        "partner",
        "--for",
        "external",
        "-o",
        "partner.zip",
    ]);
    world.import("partner.zip", &[]);
    let status = ["status", "local:acme", "--detailed-exitcode"];
    let mut rounds = 0;
    // Whoever does what is said comes to an end.
    loop {
        let run = world.run(&[&status[..], &["--json"]].concat());
        let document: Value = serde_json::from_str(&run.stdout).expect("a document");
        let steps = document["next"].as_array().expect("steps");
        if steps.is_empty() {
            assert_eq!(run.code, 0, "{}", run.stdout);
            assert_eq!(document["counts"]["recipes"], document["counts"]["running"]);
            break;
        }
        for step in steps {
            let command = step["help"].as_str().expect("a command");
            let program = std::path::Path::new(env!("CARGO_BIN_EXE_recipack"));
            let folder = program.parent().expect("a folder").display();
            let script = format!("PATH='{folder}'; {command}");
            let mut shell = world.place.shell(&script);
            shell.env("RECIPACK_PLATFORM", world.place.path("platform.db"));
            let done: Run = shell.output().expect("it starts").into();
            assert_eq!(done.code, 0, "{command}: {}", done.stderr);
        }
        rounds += 1;
        assert!(rounds < 5, "{}", run.stdout);
    }
    let text = world.ok(&["status", "local:acme"]);
    assert!(
        text.contains("Changed by hand since\n  9 recipes started\nNothing needs a person.\n"),
        "{text}"
    );
    let run = world.exits(1, &["status", "local:acme", "--folder", "Order"]);
    assert!(
        run.stderr.contains("did you mean \"Orders\"?"),
        "{}",
        run.stderr
    );
    let document = world.json(&["status", "local:acme", "--folder", "Functions"]);
    assert_eq!(document["counts"]["recipes"], 1);
    assert_eq!(document["counts"]["connections"], 1, "the one it uses");

    // A stop by hand is drift, and nothing that waits for a person.
    world.ok(&["recipe", "stop", "Quote shipping", "--in", "local:acme"]);
    let text = world.exits(0, &status).stdout;
    assert!(text.contains("8 recipes started"), "{text}");
}

#[test]
fn of_very_many_recipes_a_status_names_the_first_and_counts_the_others() {
    let world = World {
        place: Place::new(),
    };
    world.ok(&["workspace", "create", "acme", "--kind", "external"]);
    fs::create_dir(world.place.path("many")).expect("a folder");
    for number in 0..130 {
        let recipe = serde_json::json!({
            "name": format!("Recipe {number}"), "version": 1, "private": true, "concurrency": 1,
            "code": {"number": 0, "provider": "clock", "name": "scheduled_event", "as": "5a1d7c0e",
                "keyword": "trigger", "input": {"time_unit": "hours"}, "block": []},
            "config": [{"keyword": "application", "provider": "clock", "account_id": null}],
        });
        let file = format!("many/recipe_{number}.recipe.json");
        fs::write(world.place.path(&file), recipe.to_string()).expect("written");
    }
    world.ok(&["export", "many", "--for", "external", "-o", "many.zip"]);
    world.import("many.zip", &[]);
    let steps = || {
        let document = world.json(&["status", "local:acme"]);
        let steps = document["next"].as_array().expect("steps").clone();
        let text = |step: &Value, key: &str| step[key].as_str().expect("text").to_owned();
        let told = steps
            .iter()
            .map(|step| (text(step, "because"), text(step, "help")));
        told.collect::<Vec<_>>()
    };
    let first = steps();
    assert_eq!(first.len(), 6, "{first:?}");
    let (because, help) = &first[5];
    assert_eq!(
        because,
        "30 more recipes came with the newest revision, and can start"
    );
    assert!(help.starts_with("recipack status local:acme"), "{help}");
    for (because, help) in &first[..5] {
        assert_eq!(
            because,
            "20 recipes came with the newest revision, and can start"
        );
        let words: Vec<&str> = help.split(' ').skip(1).collect();
        world.ok(&words);
    }
    let second = steps();
    assert_eq!(second.len(), 2, "{second:?}");
    assert!(second[1].0.starts_with("10 recipes"), "{second:?}");
}

#[test]
fn a_workspace_is_compared_as_a_package() {
    let world = World::new();
    let same = world.exits(
        0,
        &["diff", "local:acme", "local:acme", "--detailed-exitcode"],
    );
    assert!(same.stdout.starts_with("files: "), "{}", same.stdout);
    world.ok(&["workspace", "export", "acme", "--data", "-o", "first.zip"]);
    world.import("edited.zip", &["--restart-recipes"]);
    let report = world.json(&["diff", "first.zip", "local:acme"]);
    assert_eq!(report["old"]["name"], "first");
    assert_eq!(report["new"]["name"], "local:acme");
    let changes = report["changes"].as_array().expect("changes");
    let paths: Vec<&str> = changes.iter().filter_map(|c| c["path"].as_str()).collect();
    // What only the workspace has, an import leaves.
    assert!(
        !paths.contains(&"Orders/lost_label.recipe.json"),
        "{paths:?}"
    );
    assert_eq!(report["kept"][0]["folder"], "Orders");
    assert!(
        paths.contains(&"ledger_sync.custom_adapter.rb"),
        "{paths:?}"
    );
    for (arguments, code) in [
        (
            // As for a plan, what is not there yet is a folder to be made.
            &["diff", "first.zip", "local:acme", "--folder", "Order"][..],
            0,
        ),
        (&["diff", "first.zip", "local:nobody"], 1),
        (
            &["diff", "first.zip", "edited.zip", "--folder", "Orders"],
            64,
        ),
        (&["diff", "first.zip", "local:a/b"], 64),
    ] {
        world.exits(code, arguments);
    }
}
