//! Help: of every command, on one screen, with two examples that work.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Sandbox, token};
use crate::support::{Place, Run, copy, fixture};

/// A screen, in lines of a hundred columns; the list of all commands may take a larger one.
const SCREEN: usize = 40;
const LARGE: usize = 75;
/// How help says which import is gone on with.
const ID: &str = "1f0c55d20d41";

fn help(path: &[String], option: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
    command.env_clear().env("COLUMNS", "100");
    let output = command.args(path).arg(option).output().expect("it starts");
    assert!(output.status.success(), "{path:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands below one, as its help lists them: under headings before the options, or under one.
fn below(text: &str) -> Vec<String> {
    let (before, _) = text.split_once("\nOptions:\n").expect("options");
    let (_, commands) = before.split_once("Usage: ").expect("usage");
    if !commands.contains("<COMMAND>") {
        return Vec::new();
    }
    commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command, the program itself first.
fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        let path = all[at].clone();
        for name in below(&help(&path, "--help")) {
            all.push([path.clone(), vec![name]].concat());
        }
        at += 1;
    }
    assert!(all.len() > 50, "{all:?}");
    all
}

/// The examples that a help ends with.
fn examples(text: &str) -> Vec<String> {
    let Some((_, examples)) = text.rsplit_once("\nExamples:\n") else {
        return Vec::new();
    };
    examples
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_help_fits_a_screen_says_what_it_does_and_ends_with_two_examples() {
    for path in commands() {
        let text = help(&path, "--help");
        let screen = if path.is_empty() { LARGE } else { SCREEN };
        let lines = text.lines().count();
        assert!(lines <= screen, "{path:?} has {lines} lines:\n{text}");
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{path:?} has lines of {longest:?}");
        let first = text.lines().next().expect("a line");
        let words = first.split(' ').count();
        assert!(
            words >= 2 && first.starts_with(char::is_uppercase),
            "{path:?}: {first}"
        );
        let examples = examples(&text);
        assert_eq!(examples.len(), 2, "{path:?}:\n{text}");
        let own = format!("recipack {}", path.join(" "));
        for example in examples {
            assert!(example.starts_with(own.trim_end()), "{path:?}: {example}");
            assert!(!example.contains("fixtures"), "{example}: who has that?");
        }
        // What only groups commands has no end of its own.
        let ends = text.lines().find(|line| line.starts_with("Exit codes: "));
        let is_group = !path.is_empty() && !below(&text).is_empty();
        assert_eq!(ends.is_none(), is_group, "{path:?}:\n{text}");
        if let Some(ends) = ends.filter(|_| !path.is_empty()) {
            assert!(ends.starts_with("Exit codes: 0, 1, "), "{path:?}: {ends}");
            assert!(ends.contains(", 64, "), "{path:?}: {ends}");
        }
        assert_eq!(text, help(&path, "-h"), "{path:?}: both say the same");
    }
}

/// A folder with the fixtures, packages and workspaces that examples speak of.
struct World {
    place: Place,
    import: String,
    /// A roll-out that was started.
    rollout: String,
}

impl World {
    fn new() -> Self {
        let place = Place::new();
        for (from, to) in [
            ("partner", "orders"),
            ("catalogs", "catalogs"),
            ("keys/test.key", "recipack.key"),
            ("keys/test.pub", "recipack.pub"),
            ("recipack.toml", "recipack.toml"),
        ] {
            let to = place.path("world").join(to);
            match fixture(from).is_dir() {
                true => copy(&fixture(from), &to),
                false => {
                    fs::copy(fixture(from), to).expect("copied");
                }
            }
        }
        let manifest = place.path("world/recipack.toml");
        let text = fs::read_to_string(&manifest).expect("text");
        let text = text.replace("project = \"partner\"", "project = \"orders\"");
        let environments = "\n[environments]\ntest = \"local:osprey\"\nprod = \"local:heron\"\n";
        fs::write(manifest, text + environments).expect("written");
        let mut world = Self {
            place,
            import: String::new(),
            rollout: String::new(),
        };
        let code = world.path("orders/parcel_tracker.custom_adapter.rb");
        let text = fs::read_to_string(code).expect("text");
        fs::write(world.path("next.rb"), text + "# later\n").expect("written");
        let dunlin =
            "name = \"dunlin\"\nexternal-id = \"D-1\"\npackages = [\"kestrel-orders.zip\"]\n";
        world.place.write("world/dunlin.toml", dunlin);
        let below = dunlin.replace("kestrel-orders", "../kestrel-orders");
        world.place.write("world/customers/dunlin.toml", &below);
        for line in [
            "recipack export orders --for external -o kestrel-external.zip",
            "recipack workspace create studio --kind admin --id 48213",
            "recipack import kestrel-external.zip --into local:studio --allow-missing-connectors",
            "recipack catalog share 'Parcel Tracker' --in local:studio",
            "recipack catalog share 'Invoice Vault' --in local:studio",
            "recipack catalog pull --in local:studio -o shared.json",
            "recipack connector push next.rb --title 'Parcel Tracker' --in local:studio",
            "recipack connector release 'Parcel Tracker' --in local:studio",
            "recipack connector push next.rb --title 'Invoice Vault' --in local:studio",
            "recipack export orders --for customer --catalog local:studio -o kestrel-orders.zip",
            "recipack sign kestrel-orders.zip --key recipack.key",
            "recipack push kestrel-orders.zip oci:packages:1.3",
            "recipack workspace create kestrel --kind customer --of studio --external-id K-1",
            "recipack customer label kestrel ring=early",
            "recipack plan kestrel-orders.zip --into local:kestrel -o plan.json",
            "recipack settings init kestrel-orders.zip -o settings.toml",
            "recipack workspace create osprey --kind external",
            "recipack import kestrel-external.zip --into local:osprey",
            "cp -r orders next && cp next.rb next/parcel_tracker.custom_adapter.rb",
            "recipack export next --for external -o next.zip",
            "recipack import next.zip --into local:osprey",
            "recipack connection authorize --all --in local:osprey",
            "recipack recipe start 'Return label' --in local:osprey",
            "recipack workspace create heron --kind external",
            "recipack rollout plan kestrel-orders.zip --of local:studio -o rollout.json --waves 1",
            "recipack rollout start rollout.json",
            "recipack workspace create egret --kind external",
            "recipack migrate plan local:osprey --to local:egret -o move",
            "sed -i 's/= \"person\"/= { fields = { token = \"t\" } }/' move/settings.toml",
        ] {
            let run = world.run(&world.place.path("world"), line, &[]);
            assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
            if line.starts_with("recipack rollout start") {
                run.stdout.trim().clone_into(&mut world.rollout);
            }
        }
        world.begin_an_import();
        world
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.place.path("world").join(path)
    }

    /// Begins an import over the API whose end nobody sees.
    fn begin_an_import(&mut self) {
        fs::rename(self.path("p.db"), self.place.path("p.db")).expect("moved");
        let fault = r#"{"faults": [{"method": "POST", "path": "/api/packages/import/*", "do": "never-ends"}]}"#;
        let file = self.place.write("faults.json", fault);
        let sandbox = Sandbox::of(&self.place, &["--fault", file.to_str().expect("UTF-8")]);
        let token = token(&self.place, "heron");
        let state = self.path("state").display().to_string();
        let environment = [("WORKATO_API_TOKEN", &*token), ("XDG_STATE_HOME", &*state)];
        let line = format!(
            "recipack import kestrel-external.zip --into {} --job-timeout 1",
            sandbox.url
        );
        let run = self.run(&self.place.path("world"), &line, &environment);
        assert_eq!(run.code, 69, "{}", run.stderr);
        let text = run.stderr;
        let (_, id) = text.split_once("recipack resume ").expect("the id");
        let id = id.split_whitespace().next().expect("the id");
        self.import = id.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        drop(sandbox);
        fs::rename(self.place.path("p.db"), self.path("p.db")).expect("moved back");
    }

    fn command(&self, folder: &Path, line: &str, environment: &[(&str, &str)]) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_recipack"));
        let programs = program.parent().expect("a folder").display();
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", folder.join("home"))
            .env("RECIPACK_PLATFORM", folder.join("p.db"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, folder: &Path, line: &str, environment: &[(&str, &str)]) -> Run {
        let mut command = self.command(folder, line, environment);
        command.output().expect("a shell").into()
    }
}

#[test]
fn every_example_works() {
    let world = World::new();
    let mut ran = BTreeSet::new();
    for (number, path) in commands().into_iter().enumerate() {
        for (which, example) in examples(&help(&path, "--help")).into_iter().enumerate() {
            if !ran.insert(example.clone()) {
                continue;
            }
            let folder = world.place.path(&format!("{number}-{which}"));
            copy(&world.place.path("world"), &folder);
            if path == ["init"] {
                fs::remove_file(folder.join("recipack.toml")).expect("removed");
            }
            let is_server = path == ["console"] || path == ["sandbox"];
            if is_server && !example.contains("--token") {
                serves(&world, &folder, &example);
                continue;
            }
            if path == ["resume"] {
                resumes(&world, &folder, &example);
                continue;
            }
            // What is given back was taken before.
            let before = match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["rollout", "resume"] => Some("recipack rollout pause ID"),
                ["migrate", "back"] => Some("recipack migrate run move --cut-over --yes"),
                ["rollout", "retry"] => Some("recipack rollout hold ID kestrel"),
                _ => None,
            };
            if let Some(before) = before {
                let run = world.run(&folder, &before.replace("ID", &world.rollout), &[]);
                assert_eq!(run.code, 0, "{before}: {}", run.stderr);
            }
            let example = match path.first().is_some_and(|first| first == "rollout") {
                true => example.replace(ID, &world.rollout),
                false => example,
            };
            // A lock is there before it is held.
            if example.contains("--check") || example.contains("--locked") {
                let run = world.run(&folder, "recipack lock", &[]);
                assert_eq!(run.code, 0, "{}", run.stderr);
            }
            let run = world.run(&folder, &example, &[]);
            // It needs a terminal, and says so.
            if path == ["manifest", "edit"] {
                assert_eq!(run.code, 64, "{example}: {}", run.stderr);
                assert!(run.stderr.contains("needs a terminal"), "{}", run.stderr);
                continue;
            }
            // No jobs keep a wave from beginning where nothing is run.
            if path == ["rollout", "gate"] {
                assert_eq!(run.code, 3, "{example}: {}", run.stderr);
                assert!(run.stderr.contains("jobs of no wave"), "{}", run.stderr);
                continue;
            }
            let differences = example.contains("--detailed-exitcode") && run.code == 2;
            assert!(
                run.code == 0 || differences,
                "{example} ends with {}: {}{}",
                run.code,
                run.stdout,
                run.stderr
            );
            fs::remove_dir_all(folder).expect("removed");
        }
    }
    assert!(ran.len() > 100, "{} examples", ran.len());
}

/// It serves until it is told to end.
fn serves(world: &World, folder: &Path, example: &str) {
    // Whoever else has the port is not in the way.
    let line = example.replace("8765", "0").replace("8766", "0");
    let line = format!("exec {line}");
    let log = fs::File::create(folder.join("log")).expect("a log");
    let mut child = world
        .command(folder, &line, &[])
        .stdout(log)
        .spawn()
        .expect("a shell");
    let started = Instant::now();
    while !fs::read_to_string(folder.join("log")).is_ok_and(|text| text.contains("http://")) {
        assert!(started.elapsed() < Duration::from_secs(180), "{example}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.expect("kill").success());
    assert_eq!(
        child.wait().expect("it ends").code(),
        Some(143),
        "{example}"
    );
}

/// It goes on with the import whose end nobody saw, at a platform that does not end it either.
fn resumes(world: &World, folder: &Path, example: &str) {
    let line = example.replace(ID, &world.import);
    let state = folder.join("state").display().to_string();
    let environment = [("WORKATO_API_TOKEN", "x"), ("XDG_STATE_HOME", &*state)];
    let run = world.run(folder, &format!("{line} --job-timeout 1"), &environment);
    // The platform of then is gone: that it was to be asked is what can be seen.
    assert_eq!(run.code, 75, "{line}: {}{}", run.stdout, run.stderr);
}

#[test]
fn every_command_has_a_manual_page_and_they_are_always_the_same() {
    let place = Place::new();
    for folder in ["one", "two/deep"] {
        let run = place.run(["man", "-o", folder]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let pages = crate::support::files(&place.path("one"));
    assert_eq!(pages, crate::support::files(&place.path("two/deep")));
    for path in commands() {
        let name = [vec!["recipack".to_owned()], path.clone()]
            .concat()
            .join("-");
        let page = pages.get(&format!("{name}.1"));
        let text = String::from_utf8_lossy(page.unwrap_or_else(|| panic!("no page of {path:?}")));
        let examples = text.replace("\\-", "-");
        for example in self::examples(&help(&path, "--help")) {
            // Quotes are spelled otherwise there.
            let words = example.split('\'').next().expect("words").trim_end();
            assert!(examples.contains(words), "{name} has {words}:\n{examples}");
        }
    }
    assert_eq!(pages.len(), commands().len());
    let main = place.run(["man"]).stdout;
    assert_eq!(main.as_bytes(), pages["recipack.1"]);
}

#[test]
fn shells_read_their_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(["completions", shell]);
        assert_eq!(script.code, 0, "{}", script.stderr);
        for command in commands().iter().filter(|path| path.len() == 1) {
            assert!(script.stdout.contains(&command[0]), "{shell}: {command:?}");
        }
        let file = place.write("script", &script.stdout);
        let there = Command::new(shell)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if there.is_ok() {
            let read = Command::new(shell).arg("-n").arg(&file).status();
            assert!(read.expect("it starts").success(), "{shell}");
        }
    }
}

#[test]
fn commands_stand_under_five_headings_and_options_under_theirs() {
    let text = help(&[], "--help");
    let (commands, options) = text.split_once("\nOptions:\n").expect("options");
    let headings: Vec<&str> = commands
        .lines()
        .filter(|line| line.ends_with(':'))
        .collect();
    assert_eq!(
        headings,
        [
            "Make packages:",
            "Look into them:",
            "Bring them to workspaces and registries:",
            "Work with workspaces:",
            "Help:"
        ]
    );
    for option in [
        "-C",
        "--json",
        "--quiet",
        "--verbose",
        "--color",
        "--threads",
    ] {
        assert!(options.contains(option), "{option}");
    }
    let import = help(&["import".to_owned()], "--help");
    for heading in ["\nOptions:\n", "\nPermissions:\n", "\nWorkspace options:\n"] {
        assert!(import.contains(heading), "{import}");
    }
    // They are told once, and all can be given everywhere.
    assert!(!import.contains("--threads") && import.contains("-C and more: recipack --help"));
}

#[test]
fn topics_are_explained_and_commands_word_for_word() {
    let place = Place::new();
    for (words, has) in [
        (&["manifest"][..], "[targets.customers]"),
        (&["catalog"], "oem_shared_version"),
        (&["environment"], "WORKATO_API_TOKEN"),
        (
            &["exit-codes"],
            "  143  Asked to terminate; state is consistent.",
        ),
        (&["manifest", "add"], "Usage: recipack manifest add"),
        (&["plan"], "Usage: recipack plan"),
        (&[], "Make packages:"),
    ] {
        let run = place.run([&["help"], words].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{words:?}");
        assert!(run.stdout.contains(has), "{words:?}: {}", run.stdout);
        let lines = run.stdout.lines().count();
        assert!(lines <= LARGE, "{words:?} has {lines} lines");
        let longest = run.stdout.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{words:?} has lines of {longest:?}");
        let json = place.run([&["help", "--json"], words].concat()).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).expect("a document");
        assert_eq!(json["text"], run.stdout, "{words:?}");
    }
    let run = place.run(["help", "manifets"]);
    assert_eq!(run.code, 64);
    insta::assert_snapshot!(run.stderr, @r"
    error[usage]: there is no help on `manifets`
       = help: did you mean `manifest`? `recipack --help` lists the commands; topics are manifest, catalog, environment, exit-codes
    ");
}

/// Every variable that the command line names is in `help environment`.
#[test]
fn every_variable_is_told() {
    let told = Place::new().run(["help", "environment"]).stdout;
    let mut folders = vec![crate::support::root().join("src/cli")];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = text.lines().filter(|line| !line.contains("env!("));
            for literal in code.flat_map(|line| line.split('"').skip(1).step_by(2)) {
                let is_name = literal.len() > 3
                    && literal.contains('_')
                    && literal.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
                if is_name {
                    found.insert(literal.to_owned());
                }
            }
        }
    }
    assert!(found.len() > 15, "{found:?}");
    let words: Vec<&str> = told
        .split(|c: char| !c.is_ascii_uppercase() && c != '_')
        .collect();
    for name in found {
        assert!(words.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn words_of_other_tools_lead_to_the_commands_that_they_mean() {
    let place = Place::new();
    for (arguments, told) in [
        (
            &["list"][..],
            "tip: `recipack show PACKAGE.zip` lists a package",
        ),
        (&["ls"], "`recipack workspace list` the workspaces"),
        (
            &["install", "a.zip"],
            "`recipack import PACKAGE.zip --into ADDRESS`",
        ),
        (&["push"], "`recipack import PACKAGE.zip --into ADDRESS`"),
        (&["deploy"], "`recipack import PACKAGE.zip --into ADDRESS`"),
        (&["pull"], "`recipack workspace export ADDRESS`"),
        (
            &["pack"],
            "`recipack export PROJECT --for customer|external`",
        ),
        (&["login"], "`recipack help environment`"),
        (&["validate"], "`recipack check`"),
        (
            &["import", "a.zip", "--dry-run"],
            "`recipack plan PACKAGE.zip --into ADDRESS`",
        ),
        (&["export", "--token", "x"], "no secret stands in arguments"),
        (&["manifest", "help"], "tip: `recipack help manifest`"),
        (
            &["export", "--for", "customers"],
            "tip: did you mean `customer`? Possible are `customer`, `external`",
        ),
        (&["export", "--rows", "kep"], "tip: did you mean `keep`?"),
        (&["snadbox"], "tip: a similar subcommand exists: 'sandbox'"),
    ] {
        let run = place.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (64, ""), "{arguments:?}");
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stderr.matches("tip:").count(), 1, "{}", run.stderr);
        // The same is told as a document.
        let run = place.run([arguments, &["--json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("a document");
        let help = document["errors"][0]["help"].as_str().expect("help");
        assert!(help.contains(told), "{arguments:?}: {help}");
    }
}

/// What is said of wrong input is said in words, not in those of the language it is written in.
#[test]
fn no_message_has_words_of_the_program() {
    let place = Place::new();
    place.write("text.json", "not json");
    place.write("empty.zip", "");
    place.write("text.zip", "text");
    place.write("bad.toml", "[package\n");
    place.write("number.toml", "[package]\nlimit-mb = -1\n");
    place.write(
        "center.toml",
        "[targets.a]\nkind = \"customer\"\ndata-center = \"moon\"\n",
    );
    place.write("list.json", "[1, 2]");
    place.write("plan.json", "{}");
    for arguments in [
        &["check", "--threads", "x"][..],
        &["check", "--threads", "0"],
        &["check", "--threads", "99999999999999999999999"],
        &["export", ".", "--for", "customer", "--limit-mb", "-1"],
        &["export", ".", "--for", "customer", "--limit-mb", "1.5"],
        &["export", ".", "--for", "customer", "--data-center", "moon"],
        &["plan", "text.zip", "--into", "local:a", "--wait", "x"],
        &["plan", "text.zip", "--into", "nowhere"],
        &["plan", "text.zip", "--into", "https://"],
        &["plan", "text.zip", "--into", "https://[::1"],
        &["plan", "text.zip", "--into", "local:"],
        &["plan", "text.zip", "--into", "customer:"],
        &["plan", "text.zip", "--into", "https://a.example#folder=x"],
        &["plan", "nowhere.zip", "--into", "local:a"],
        &["verify", "nowhere.zip"],
        &["verify", "text.zip"],
        &["verify", "empty.zip"],
        &["verify", "."],
        &["show", "nowhere"],
        &["show", "text.json"],
        &["check", "-m", "bad.toml"],
        &["check", "-m", "number.toml"],
        &["check", "-m", "center.toml"],
        &["check", "-m", "nowhere.toml"],
        &["export", ".", "--for", "customer", "--catalog", "text.json"],
        &["export", ".", "--for", "customer", "--catalog", "list.json"],
        &[
            "export",
            ".",
            "--for",
            "customer",
            "--catalog",
            "nowhere.json",
        ],
        &["import", "plan.json"],
        &["import", "text.json"],
        &["import", "list.json"],
        &["sign", "text.zip", "--key", "nowhere"],
        &["sign", "text.zip", "--key", "text.json"],
        &["history", "local:a", "x"],
        &["history", "local:a", "-1"],
        &["rollback", "local:a", "99999999999999999999999"],
        &["sandbox", "--port", "70000"],
        &["sandbox", "--port", "x"],
        &["sandbox", "--fault", "text.json"],
        &["resume", "x"],
        &["workspace", "create", "a/b", "--kind", "external"],
        &["workspace", "create", "a", "--kind", "none"],
        &["workspace", "create", "a", "--kind", "admin", "--id", "x"],
        &["workspace", "show", "a", "--platform", "text.json"],
        &["diff", "nowhere", "text.zip"],
        &["graph", "--of", "x"],
        &["catalog", "switch", "T", "x", "--in", "local:a"],
        &[
            "connector",
            "push",
            "nowhere.rb",
            "--title",
            "T",
            "--in",
            "local:a",
        ],
        &["-C", "nowhere", "check"],
        &["schema", "x"],
        &["explain", "x"],
        &["completions", "x"],
        &["doctor", "--manifest", "bad.toml"],
    ] {
        let run = place.run(arguments);
        assert_ne!(run.code, 0, "{arguments:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        for word in [
            "Os {",
            "Some(",
            "None",
            "Err(",
            "Ok(",
            "(os error",
            "digit found",
            "invalid float",
            "cannot parse integer",
            "panicked",
            "unwrap",
            "ErrorKind",
            "Utf8Error",
            "ParseError",
            "NotFound",
            "expected value",
            "EOF while",
            "IdnaError",
            "u32",
            "u64",
            "usize",
            "relative URL",
            "number too large",
        ] {
            assert!(!said.contains(word), "{arguments:?} says {word}: {said}");
        }
    }
}

#[test]
fn the_version_is_told_in_one_line_and_whole_if_asked_for() {
    let place = Place::new();
    let short = format!("recipack {}\n", env!("CARGO_PKG_VERSION"));
    for arguments in [
        &["--version"][..],
        &["-V"],
        &["version"],
        &["check", "--version"],
    ] {
        let run = place.run(arguments);
        // Only the program has a version.
        match arguments {
            ["check", ..] => assert_eq!(run.code, 64, "{}", run.stderr),
            _ => assert_eq!((run.code, run.stdout.as_str()), (0, short.as_str())),
        }
    }
    let whole = place.run(["version", "--verbose"]).stdout;
    let heads: Vec<&str> = whole
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        heads,
        ["recipack", "commit:", "target:", "features:", "sqlite:"]
    );
    for arguments in [
        ["--version", "--verbose"],
        ["-V", "-v"],
        ["--verbose", "-V"],
    ] {
        assert_eq!(place.run(arguments).stdout, whole, "{arguments:?}");
    }
    assert_eq!(place.run(["-vV"]).stdout, whole);
    for arguments in [["--version", "--json"], ["version", "--json"]] {
        let text = place.run(arguments).stdout;
        let document: serde_json::Value = serde_json::from_str(&text).expect("a document");
        assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
        let target = document["target"].as_str().expect("a target");
        assert!(whole.contains(&format!("target:   {target}\n")), "{whole}");
    }
}

/// What a shell gets that asks what may stand at the end of a line.
fn completed(world: &World, line: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
    let output = command
        .arg("--")
        .args(line)
        .current_dir(world.place.path("world"))
        .env("COMPLETE", "fish")
        .env("RECIPACK_PLATFORM", world.path("p.db"))
        .output()
        .expect("it starts");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{line:?}"
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let words = text.lines().filter_map(|line| line.split('\t').next());
    words.map(str::to_owned).collect()
}

#[test]
fn words_are_completed_from_what_is_there() {
    let world = World::new();
    for (line, words) in [
        (
            &["recipack", "plan", "x.zip", "--into", "local:"][..],
            &[
                "local:egret",
                "local:heron",
                "local:kestrel",
                "local:osprey",
                "local:studio",
            ][..],
        ),
        (&["recipack", "workspace", "show", "k"], &["kestrel"]),
        (
            &["recipack", "workspace", "show", "local:k"],
            &["local:kestrel"],
        ),
        (&["recipack", "matrix", "x.zip", "--of", "s"], &["studio"]),
        (
            &["recipack", "export", "--to", ""],
            &["customers", "external-account"],
        ),
        (
            &["recipack", "catalog", "share", "--in", "local:studio", "P"],
            &["Parcel Tracker"],
        ),
        (
            &[
                "recipack",
                "recipe",
                "start",
                "--in",
                "local:osprey",
                "Orders/R",
            ],
            &["Orders/Return label"],
        ),
        (&["recipack", "explain", "stale-"], &["stale-plan"]),
        (&["recipack", "workspace", "create", "k"], &[]),
        (
            &[
                "recipack",
                "workspace",
                "show",
                "k",
                "--platform",
                "nowhere.db",
            ],
            &[],
        ),
        (&["recipack", "mat"], &["matrix"]),
    ] {
        let mut found = completed(&world, line);
        found.retain(|word| !word.starts_with('-'));
        found.sort();
        assert_eq!(found, words, "{line:?}");
    }
    // Files are completed beside addresses.
    let found = completed(&world, &["recipack", "export", "--catalog", "shared"]);
    assert!(found.contains(&"shared.json".to_owned()), "{found:?}");
    let script = Command::new(env!("CARGO_BIN_EXE_recipack"))
        .env("COMPLETE", "bash")
        .output()
        .expect("it starts");
    assert!(script.status.success() && !script.stdout.is_empty());
}

#[test]
fn asked_for_help_and_version_it_succeeds() {
    let place = Place::new();
    for arguments in [
        &["--version"][..],
        &["--help"],
        &["help"],
        &["export", "--help"],
        &["manifest", "add", "--help"],
    ] {
        let run = place.run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(run.stdout.len() > 10, "{arguments:?}");
    }
    let help = place.run(["--help"]).stdout;
    // However wide the screen is.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in [
        "0 done",
        "1 failed",
        "2 there are",
        "4 verif",
        "64 wrong",
        "130 inter",
        "143 term",
    ] {
        assert!(help.contains(code), "{code}");
    }
}
