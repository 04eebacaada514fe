//! Help: of every command, on one screen, with two examples that work.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::sandbox::{Sandbox, token};
use support::{Place, Run, copy, fixture};

/// A screen, in lines of a hundred columns; the list of all commands may take a larger one.
const SCREEN: usize = 40;
const LARGE: usize = 60;
/// How help says which import is gone on with.
const ID: &str = "1f0c55d20d41";

fn help(path: &[String], option: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
    command.env_clear().env("COLUMNS", "100");
    let output = command.args(path).arg(option).output().expect("it starts");
    assert!(output.status.success(), "{path:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands below one, as its help lists them.
fn below(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
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
        }
        assert_eq!(text, help(&path, "-h"), "{path:?}: both say the same");
    }
}

/// A folder with the fixtures, packages and workspaces that examples speak of.
struct World {
    place: Place,
    import: String,
}

impl World {
    fn new() -> Self {
        let place = Place::new();
        copy(&fixture(""), &place.path("world/fixtures"));
        let mut world = Self {
            place,
            import: String::new(),
        };
        let code = world.path("fixtures/partner/parcel_tracker.custom_adapter.rb");
        let text = fs::read_to_string(code).expect("text");
        fs::write(world.path("next.rb"), text + "# later\n").expect("written");
        for line in [
            "recipack export fixtures/partner --for external -o kestrel-external.zip",
            "recipack workspace create studio --kind admin --id 48213",
            "recipack import kestrel-external.zip --into local:studio --allow-missing-connectors",
            "recipack catalog share 'Parcel Tracker' --in local:studio",
            "recipack catalog share 'Invoice Vault' --in local:studio",
            "recipack catalog pull --in local:studio -o shared.json",
            "recipack connector push next.rb --title 'Parcel Tracker' --in local:studio",
            "recipack connector release 'Parcel Tracker' --in local:studio",
            "recipack connector push next.rb --title 'Invoice Vault' --in local:studio",
            "recipack export fixtures/partner --for customer --catalog local:studio -o kestrel-orders.zip",
            "recipack sign kestrel-orders.zip --key fixtures/keys/test.key",
            "recipack workspace create kestrel --kind customer --of studio --external-id K-1",
            "recipack customer label kestrel ring=early",
            "recipack plan kestrel-orders.zip --into local:kestrel -o plan.json",
            "recipack workspace create osprey --kind external",
            "recipack import kestrel-external.zip --into local:osprey",
            "cp -r fixtures/partner next && cp next.rb next/parcel_tracker.custom_adapter.rb",
            "recipack export next --for external -o next.zip",
            "recipack import next.zip --into local:osprey",
            "recipack connection authorize --all --in local:osprey",
            "recipack recipe start 'Return label' --in local:osprey",
            "recipack workspace create heron --kind external",
        ] {
            let run = world.run(&world.place.path("world"), line, &[]);
            assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
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
            if path == ["sandbox"] && example.contains("--port") {
                serves(&world, &folder, &example);
                continue;
            }
            if path == ["resume"] {
                resumes(&world, &folder, &example);
                continue;
            }
            // A lock is there before it is held.
            if example.contains("--check") || example.contains("--locked") {
                let run = world.run(&folder, "recipack lock -m fixtures/recipack.toml", &[]);
                assert_eq!(run.code, 0, "{}", run.stderr);
            }
            let run = world.run(&folder, &example, &[]);
            // It needs a terminal, and says so.
            if path == ["manifest", "edit"] {
                assert_eq!(run.code, 64, "{example}: {}", run.stderr);
                assert!(run.stderr.contains("needs a terminal"), "{}", run.stderr);
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
    let line = format!("exec {}", example.replace("8765", "0"));
    let log = fs::File::create(folder.join("log")).expect("a log");
    let mut child = world
        .command(folder, &line, &[])
        .stdout(log)
        .spawn()
        .expect("a shell");
    let started = Instant::now();
    while !fs::read_to_string(folder.join("log")).is_ok_and(|text| text.contains("listening on ")) {
        assert!(started.elapsed() < Duration::from_secs(20), "{example}");
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
    let pages = support::files(&place.path("one"));
    assert_eq!(pages, support::files(&place.path("two/deep")));
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
