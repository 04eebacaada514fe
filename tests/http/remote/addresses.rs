//! One way to name a workspace: every command that takes one, with every kind of address.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::sandbox::{Sandbox, done, local, partner, token};
use crate::support::{Place, Run, copy, entries, fixture};

/// The partner's workspaces, filled, and the API before them.
struct World {
    place: Place,
    sandbox: Sandbox,
    token: String,
    /// The number of the customer `kestrel`.
    kestrel: u64,
}

impl World {
    fn new() -> Self {
        let place = partner();
        copy(&fixture("shared-form"), &place.path("shared-form"));
        for arguments in [
            &[
                "import",
                "external.zip",
                "--into",
                "local:studio",
                "--yes",
                "--allow-missing-connectors",
            ][..],
            &["import", "customer.zip", "--into", "local:kestrel", "--yes"],
        ] {
            done(&local(&place, arguments), arguments);
        }
        let shown = local(&place, &["workspace", "show", "kestrel", "--json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
        let kestrel = shown["workspace"]["id"].as_u64().expect("a number");
        let sandbox = Sandbox::of(&place, &[]);
        let token = token(&place, "studio");
        let world = Self {
            place,
            sandbox,
            token,
            kestrel,
        };
        // As the platform's command line keeps a profile.
        let profiles = json!({"current_profile": "other", "profiles": {
            "studio": {"region": "custom", "region_url": world.sandbox.url, "workspace_id": 48213}}});
        world.private("home/.workato/profiles", &profiles.to_string());
        let tokens = json!({"workato-platform-cli": {"studio": world.token}});
        world.private("home/.workato/token_store.json", &tokens.to_string());
        world
    }

    fn private(&self, path: &str, text: &str) {
        let path = self.place.write(path, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
    }

    /// Addresses of the admin workspace.
    fn studio(&self) -> Vec<String> {
        vec![
            "local:studio".to_owned(),
            self.sandbox.url.clone(),
            "profile:studio".to_owned(),
        ]
    }

    /// Addresses of the customer.
    fn kestrel(&self) -> Vec<String> {
        vec![
            "local:kestrel".to_owned(),
            format!("customer:{}", self.kestrel),
            format!("customer:id:{}", self.kestrel),
            "customer:K-1".to_owned(),
            "customer:external:K-1".to_owned(),
        ]
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.place.command();
        command
            .env("HOME", self.place.path("home"))
            .env("XDG_STATE_HOME", self.place.path("state"))
            .env("RECIPACK_PLATFORM", self.place.path("p.db"));
        if !arguments
            .iter()
            .any(|argument| argument.contains("profile:"))
        {
            command
                .env("WORKATO_API_TOKEN", &self.token)
                .env("WORKATO_HOST", &self.sandbox.url);
        }
        command.args(arguments).output().expect("it starts").into()
    }

    /// Runs a line, in which `{A}` stands for the address, and `{C}` for a catalogue.
    fn line(&self, line: &str, address: &str) -> Run {
        let catalogue = fixture("catalogs/shared.json").display().to_string();
        let words: Vec<String> = line
            .split(' ')
            .map(|word| {
                let word = word.replace('~', " ");
                word.replace("{A}", address).replace("{C}", &catalogue)
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = fs::remove_dir_all(self.place.path("out"));
        fs::create_dir(self.place.path("out")).expect("made");
        self.run(&words)
    }
}

/// What works with each workspace, wherever it is; `~` stands for a space in a word.
const OF_ANY: [&str; 18] = [
    "show {A}",
    "graph {A}",
    "graph {A} --format dot --for external",
    "check {A} --for customer --catalog {C}",
    "export {A} --for customer --catalog {C} -o out/p.zip",
    "init {A} -o out/recipack.toml --catalog none",
    "why Return~label {A} --for customer --catalog {C}",
    "diff {A} customer.zip",
    "diff customer.zip {A}",
    "plan customer.zip --into {A} --other-target",
    "status {A}",
    "history {A}",
    "workspace show {A}",
    "workspace export {A} -o out/w.zip",
    "recipe list --in {A}",
    "connection list --in {A}",
    "connector list --in {A}",
    "connector usage Parcel~Tracker --in {A}",
];

/// What works with an admin workspace only.
const OF_ADMINS: [&str; 8] = [
    "catalog list --in {A}",
    "catalog pull --in {A} -o out/c.json",
    "customer list --of {A}",
    "matrix customer.zip --of {A}",
    "connector versions Ledger~Sync --in {A}",
    "connector pull Ledger~Sync --in {A} -o out",
    "export shared-form --for external --connectors {A} -o out/s.zip",
    "export shared-form --for customer --catalog {A} -o out/s.zip",
];

/// What the API has not, and what the sentence says.
const NOT_OFFERED: [(&str, &str); 6] = [
    (
        "workspace set {A} --closed-source allowed",
        "allowing closed source",
    ),
    ("workspace delete {A} --yes", "deleting a workspace"),
    (
        "workspace create {A} --kind external",
        "creating a workspace",
    ),
    ("customer create heron --of {A}", "creating a customer"),
    ("customer label {A} tier=gold", "labelling a customer"),
    ("sandbox --token {A}", "making a token"),
];

#[test]
fn every_command_takes_every_kind_of_address() {
    let world = World::new();
    let mut wrong = Vec::new();
    let mut table = Vec::new();
    for line in OF_ANY {
        table.extend(
            world
                .studio()
                .into_iter()
                .chain(world.kestrel())
                .map(|at| (line, at)),
        );
    }
    for line in OF_ADMINS {
        table.extend(world.studio().into_iter().map(|at| (line, at)));
    }
    table.extend(
        world
            .kestrel()
            .into_iter()
            .map(|at| ("customer show {A}", at)),
    );
    for (line, address) in table {
        let run = world.line(line, &address);
        if run.code != 0 {
            wrong.push(format!("{line} of {address}: {} {}", run.code, run.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_api_has_not_is_told_in_one_sentence() {
    let world = World::new();
    let customer = format!("customer:{}", world.kestrel);
    for (line, what) in NOT_OFFERED {
        for address in [
            &world.sandbox.url,
            "profile:studio",
            &customer,
            "customer:K-1",
        ] {
            let run = world.line(line, address);
            let sentence = format!(
                "error[not-offered]: {address}: {what} can't be done over the API\n   = help: "
            );
            assert_eq!(
                run.code, 1,
                "{line} of {address}: {}{}",
                run.stdout, run.stderr
            );
            assert!(run.stderr.starts_with(&sentence), "{line}: {}", run.stderr);
            assert_eq!(run.stdout, "");
        }
    }
    let there = world.run(&["workspace", "list", "--json"]);
    let there: Value = serde_json::from_str(&there.stdout).expect("JSON");
    assert_eq!(there["workspaces"].as_array().map(Vec::len), Some(3));
}

#[test]
fn wherever_it_is_the_same_is_read() {
    let world = World::new();
    let names = |address: &str| {
        let run = world.line("graph {A} --json --level assets", address);
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let nodes = document["nodes"].as_array().expect("nodes").iter();
        let mut names: Vec<String> = nodes
            .filter(|node| node["present"] == true)
            .map(|node| node["id"].as_str().expect("text").to_owned())
            .collect();
        names.sort();
        names
    };
    for addresses in [world.studio(), world.kestrel()] {
        let first = names(&addresses[0]);
        assert!(first.len() > 10, "{first:?}");
        for address in &addresses[1..] {
            assert_eq!(names(address), first, "{address}");
        }
    }
    // What a command prints names the workspace as it was named.
    for address in world.studio() {
        for line in [
            "workspace show {A}",
            "workspace export {A} -o out/w.zip",
            "show {A} --json",
        ] {
            let run = world.line(line, &address);
            assert!(run.stdout.contains(&address), "{line}: {}", run.stdout);
        }
    }
}

#[test]
fn a_manifest_may_name_a_workspace_as_its_project() {
    let world = World::new();
    for address in world.studio() {
        let run = world.line("init {A} -o m.toml --catalog none --force", &address);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let manifest = fs::read_to_string(world.place.path("m.toml")).expect("written");
        assert!(
            manifest.contains(&format!("project = \"{address}\"")),
            "{manifest}"
        );
        // Profiles are looked for without a host in the environment.
        let run = world.line("export -m m.toml --for external -o out/p.zip", &address);
        assert_eq!(run.code, 0, "{address}: {}", run.stderr);
        assert!(world.place.path("out/p.zip").is_file());
    }
}

#[test]
fn a_connector_is_pulled_in_the_platforms_layout() {
    let world = World::new();
    let source = fs::read(fixture("partner/ledger_sync.custom_adapter.rb")).expect("there");
    for address in world.studio() {
        let run = world.line(
            "connector pull Ledger~Sync --in {A} -o out --json",
            &address,
        );
        assert_eq!(run.code, 0, "{address}: {}", run.stderr);
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(document["workspace"], json!(address));
        let files: Vec<&str> = document["files"]
            .as_array()
            .expect("files")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            files[..2],
            [
                "out/ledger_sync.custom_adapter.json",
                "out/ledger_sync.custom_adapter.rb"
            ]
        );
        let pulled =
            fs::read(world.place.path("out/ledger_sync.custom_adapter.rb")).expect("there");
        assert!(pulled == source, "{address}: the source is another one");
        let text =
            fs::read(world.place.path("out/ledger_sync.custom_adapter.json")).expect("there");
        let text: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(text["title"], "Ledger Sync");
        assert_eq!(text["version_no"], document["version"], "{address}");
        // What is there is somebody's own work by now.
        let again = [
            "connector",
            "pull",
            "Ledger Sync",
            "--in",
            &address,
            "-o",
            "out",
        ];
        let refused = world.run(&again);
        assert_eq!(refused.code, 64, "{}", refused.stderr);
        assert!(
            refused
                .stderr
                .starts_with("error[output-taken]: out/ledger_sync.custom_adapter.json is there"),
            "{}",
            refused.stderr
        );
        let forced = world.run(&[&again[..], &["--force"]].concat());
        assert_eq!(forced.code, 0, "{}", forced.stderr);
        // None of that name, no such folder, no such version, and one of which only versions are known.
        for (line, code, told) in [
            (
                "connector pull Ledger~Sink --in {A} -o out",
                1,
                "error[names-nothing]",
            ),
            (
                "connector pull Ledger~Sync --in {A} -o nowhere",
                64,
                "error[output-taken]",
            ),
            (
                "connector pull Ledger~Sync --number 99 --in {A} -o out",
                1,
                "error[no-version]",
            ),
        ] {
            let run = world.line(line, &address);
            assert_eq!(run.code, code, "{line} {address}: {}", run.stderr);
            assert!(
                run.stderr.starts_with(told),
                "{line} {address}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn connectors_that_a_project_lacks_come_from_a_workspace() {
    let world = World::new();
    let folder = world.line("export shared-form --for external -o out/without.zip", "-");
    assert_eq!(folder.code, 1, "its connector is not there");
    for address in world.studio() {
        let run = world.line(
            "export shared-form --for external --connectors {A} -o out/s.zip",
            &address,
        );
        assert_eq!(run.code, 0, "{address}: {}", run.stderr);
        let packed = entries(&world.place.path("out/s.zip"));
        let source = fs::read(fixture("partner/parcel_tracker.custom_adapter.rb")).expect("there");
        let found = packed
            .iter()
            .find(|(path, _)| path.ends_with("parcel_tracker.custom_adapter.rb"));
        assert!(
            found.is_some_and(|(_, bytes)| *bytes == source),
            "{address}: {:?}",
            packed.keys()
        );
    }
}

#[test]
fn a_customers_number_is_not_mixed_up_with_an_external_id() {
    let world = World::new();
    for (name, id, external) in [
        ("gull", "501", "502"),
        ("heron", "502", "H-1"),
        ("ibis", "503", "503"),
        ("jay", "504", "999"),
    ] {
        let create = [
            "customer",
            "create",
            name,
            "--of",
            "studio",
            "--id",
            id,
            "--external-id",
            external,
        ];
        done(&local(&world.place, &create), &create);
    }
    let shown = |address: &str| {
        let run = world.run(&["customer", "show", address, "--json"]);
        assert_eq!(run.code, 0, "{address}: {}", run.stderr);
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        document["name"].as_str().expect("text").to_owned()
    };
    for (address, name) in [
        ("customer:501", "gull"),
        ("customer:503", "ibis"),
        ("customer:id:502", "heron"),
        ("customer:external:502", "gull"),
        ("customer:external:999", "jay"),
        ("customer:H-1", "heron"),
    ] {
        assert_eq!(shown(address), name, "{address}");
    }
    for (address, told) in [
        (
            "customer:502",
            "\"heron\" has the number 502, and \"gull\" the external id 502",
        ),
        (
            "customer:999",
            "no customer has the number 999, and \"jay\" has the external id 999",
        ),
    ] {
        let number = address.trim_start_matches("customer:");
        for command in [
            &["customer", "show"][..],
            &["status"],
            &["show"],
            &["workspace", "show"],
        ] {
            let run = world.run(&[command, &[address]].concat());
            assert_eq!(run.code, 64, "{command:?} {address}: {}", run.stderr);
            assert_eq!(
                run.stderr,
                format!(
                    "error[ambiguous]: {address}: {told}\n   = help: say which is meant: customer:id:{number} or customer:external:{number}\n\n"
                )
            );
        }
    }
}
