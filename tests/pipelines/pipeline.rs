//! `fixtures/ci/pipeline.sh`, as a CI system runs it: from the project to the workspace, twice, with
//! whatever can stop it on the way.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};

use crate::support::sandbox::{Sandbox, token};
use crate::support::{Place, Run, copy, files, fixture};

/// A fresh checkout with the platform `p.db`: the admin workspace `studio`, its customer `kestrel`.
struct Pipeline {
    place: Place,
    into: String,
    /// The sandbox and the admin workspace's token for it.
    api: Option<(String, String)>,
}

impl Pipeline {
    fn new() -> Self {
        let place = Place::new();
        copy(&fixture(""), &place.path("checkout"));
        let pipeline = Self {
            place,
            into: "local:kestrel".to_owned(),
            api: None,
        };
        let admin = "workspace create studio --kind admin --catalog catalogs/shared.json";
        pipeline.done(admin);
        pipeline.done("workspace create kestrel --kind customer --of studio --external-id K-1");
        pipeline
    }

    fn environment(&self, command: &mut Command) {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_recipack"));
        let folder = program.parent().expect("a folder").display();
        command
            .current_dir(self.place.path("checkout"))
            .env_clear()
            .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.place.path("home"))
            .env("RECIPACK_PLATFORM", self.place.path("p.db"))
            .env("SIGN_KEY", "keys/test.key")
            .env("VERIFY_KEY", "keys/test.pub")
            .env("INTO", &self.into)
            .stdin(Stdio::null());
        if let Some((host, token)) = &self.api {
            command.env("WORKATO_HOST", host);
            command.env("WORKATO_API_TOKEN", token);
            command.env("FOLDER", "Kestrel");
        }
    }

    /// Runs the program; `_` stands for a blank within a word.
    fn command(&self, line: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recipack"));
        self.environment(&mut command);
        let words = line.split(' ').map(|word| word.replace('_', " "));
        let output = command.args(words).output();
        output.expect("it starts").into()
    }

    #[track_caller]
    fn done(&self, line: &str) -> String {
        let run = self.command(line);
        assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
        run.stdout
    }

    fn stage(&self, stage: &str) -> Run {
        let mut command = Command::new("sh");
        self.environment(&mut command);
        let output = command.args(["ci/pipeline.sh", stage]).output();
        output.expect("a shell").into()
    }

    #[track_caller]
    fn passes(&self, stages: &[&str]) {
        for stage in stages {
            let run = self.stage(stage);
            assert_eq!(run.code, 0, "{stage}: {}{}", run.stdout, run.stderr);
        }
    }

    #[track_caller]
    fn stops(&self, stage: &str, code: i32, told: &str) {
        let before = self.history();
        let run = self.stage(stage);
        let text = run.stdout + &run.stderr;
        assert_eq!(run.code, code, "{stage}: {text}");
        assert!(text.contains(told), "{stage} says {told}:\n{text}");
        assert_eq!(self.history(), before, "{stage} imports nothing");
    }

    fn history(&self) -> String {
        self.done("history local:kestrel --json")
    }

    fn revisions(&self) -> usize {
        let history: serde_json::Value = serde_json::from_str(&self.history()).expect("JSON");
        history["revisions"].as_array().map_or(0, Vec::len)
    }

    /// What it made, but for what tells of one run only.
    fn made(&self) -> BTreeMap<String, Vec<u8>> {
        let mut made = files(&self.place.path("checkout/dist"));
        made.retain(|path, _| {
            ["kestrel-orders", "check.", "export."]
                .iter()
                .any(|start| path.starts_with(start))
                // A signature has random numbers in it.
                && !path.ends_with(".minisig")
        });
        assert!(made.len() >= 7, "{:?}", made.keys());
        made
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.place.path("checkout").join(path);
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.contains(from), "{} has {from}", path.display());
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    }
}

const ALL: &[&str] = &["pack", "plan", "approve", "ship"];

#[test]
fn a_second_run_changes_nothing_and_makes_the_same_bytes() {
    let pipeline = Pipeline::new();
    pipeline.passes(ALL);
    let (made, exported) = (
        pipeline.made(),
        pipeline.done("status local:kestrel --json"),
    );
    assert_eq!(pipeline.revisions(), 1);
    pipeline.passes(ALL);
    assert_eq!(pipeline.made(), made);
    assert_eq!(pipeline.revisions(), 1, "nothing was imported again");
    assert_eq!(pipeline.done("status local:kestrel --json"), exported);
    let plan = fs::read_to_string(pipeline.place.path("checkout/dist/plan.json"));
    assert!(plan.expect("a plan").contains("\"creates\": 0"));
}

#[test]
fn the_same_over_the_platforms_api() {
    let mut pipeline = Pipeline::new();
    let sandbox = Sandbox::of(&pipeline.place, &[]);
    let token = token(&pipeline.place, "studio");
    pipeline.into = "customer:K-1".to_owned();
    pipeline.api = Some((sandbox.url.clone(), token.clone()));
    pipeline.passes(ALL);
    let made = pipeline.made();
    let revisions = pipeline.revisions();
    assert!(revisions > 0);
    pipeline.passes(ALL);
    assert_eq!(pipeline.made(), made);
    assert_eq!(pipeline.revisions(), revisions);
    pipeline.api = Some((sandbox.url.clone(), "wrong".to_owned()));
    pipeline.stops("plan", 77, "error[not-authorized]");
    pipeline.api = Some((sandbox.url.clone(), token));
    assert_eq!(sandbox.signal("TERM"), 143);
    pipeline.stops("plan", 75, "error[");
}

#[test]
fn whatever_is_wrong_stops_it_with_an_exit_code_of_its_own() {
    let pipeline = Pipeline::new();

    // A finding at error level: a private key in a connector's source.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                [(state >> 33) as usize % 64],
        )
    };
    let lines: Vec<String> = (0..12)
        .map(|_| (0..64).map(|_| random()).collect())
        .collect();
    let line = lines[5].clone();
    let body = lines.join("\n") + "\n";
    let edges = ["BEGIN", "END"].map(|word| format!("-----{word} RSA PRIVATE KEY-----\n"));
    let [begin, end] = &edges;
    let source = "partner/ledger_sync.custom_adapter.rb";
    let path = pipeline.place.path("checkout").join(source);
    let text = fs::read_to_string(&path).expect("text");
    let key = format!("=begin\n{begin}MIIE{body}{end}=end\n");
    fs::write(&path, format!("{text}\n{key}")).expect("written");
    pipeline.stops("pack", 1, "error[hard-coded-credential]");
    let told = pipeline.stage("pack");
    assert!(
        !(told.stdout + &told.stderr).contains(&line),
        "it is not shown"
    );
    fs::write(&path, &text).expect("written");

    // The project is not what was locked.
    pipeline.edit("partner/Orders/return_label.recipe.json", "{", "{ ");
    pipeline.stops("pack", 2, "Orders/return_label.recipe.json: changed");
    pipeline.edit("partner/Orders/return_label.recipe.json", "{ ", "{");

    // Nothing is planned, nothing is approved.
    pipeline.passes(&["pack"]);
    pipeline.passes(&["plan"]);
    pipeline.stops("ship", 3, "the plan is not approved");

    // The signature is another's, or of another package.
    let signature = pipeline
        .place
        .path("checkout/dist/kestrel-orders.zip.minisig");
    let right = fs::read_to_string(&signature).expect("a signature");
    pipeline.passes(&["approve"]);
    fs::write(
        &signature,
        right.replacen("RU", "RW", 1).replacen('9', "8", 3),
    )
    .expect("written");
    pipeline.stops("ship", 4, "kestrel-orders.zip");
    fs::remove_file(&signature).expect("removed");
    pipeline.stops("ship", 4, "kestrel-orders.zip");
    fs::write(&signature, right).expect("written");

    // The package was changed after it was signed.
    let package = pipeline.place.path("checkout/dist/kestrel-orders.zip");
    let bytes = fs::read(&package).expect("a package");
    let added = Command::new("sh")
        .args([
            "-c",
            "echo x > NOTES.md && zip -q dist/kestrel-orders.zip NOTES.md && rm NOTES.md",
        ])
        .current_dir(pipeline.place.path("checkout"))
        .status();
    assert!(added.expect("sh").success());
    pipeline.stops("ship", 4, "kestrel-orders.zip");
    fs::write(&package, bytes).expect("written");

    // Somebody else imported meanwhile.
    pipeline.done("export partner --for external --include Agents/** -o other.zip --quiet");
    pipeline.done(
        "import other.zip --into local:kestrel --folder Elsewhere --other-target --yes --quiet",
    );
    pipeline.stops("ship", 3, "error[stale-plan]");
    pipeline.passes(&["plan"]);
    pipeline.stops("ship", 3, "the plan is not approved");
    pipeline.passes(&["approve", "ship"]);

    // A recipe runs that the next package would overwrite.
    pipeline.done("connection authorize --all --in local:kestrel --quiet");
    pipeline.done("recipe start Return_label --in local:kestrel --quiet");
    pipeline.edit("partner/Orders/return_label.recipe.json", "{", "{ ");
    pipeline.edit(
        "partner/Orders/return_label.recipe.json",
        "\"description\": \"",
        "\"description\": \"New: ",
    );
    pipeline.done("lock --quiet");
    pipeline.passes(&["pack"]);
    pipeline.stops("plan", 3, "--restart-recipes");
    // Whoever approves of the plan all the same has to permit it, too.
    pipeline.passes(&["approve"]);
    pipeline.stops("ship", 3, "--restart-recipes");
}

/// The program, and in the middle of one of its runs the end of it and of all that runs with it.
const KILLED: &str = r#"#!/bin/sh
run=$(($(cat "$RUNS" 2>/dev/null || echo 0) + 1))
echo $run > "$RUNS"
if [ $run = "$LAST" ]; then
  "$PROGRAM" "$@" &
  sleep "$AFTER"
  kill -s KILL 0
fi
exec "$PROGRAM" "$@"
"#;

impl Pipeline {
    /// Runs all stages until the program's run of this number, or to their end if it has none; says how
    /// often the program ran, and how it ended.
    fn killed(&self, last: usize, after: &str) -> (usize, ExitStatus) {
        let program = self.place.write("killed/recipack", KILLED);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
        let stages = ALL.iter().map(|stage| format!("sh ci/pipeline.sh {stage}"));
        let stages = stages.collect::<Vec<_>>().join(" && ");
        let mut command = Command::new("sh");
        self.environment(&mut command);
        let folder = self.place.path("killed");
        let runs = self.place.path("runs");
        let status = command
            .env(
                "PATH",
                format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
            )
            .env("PROGRAM", env!("CARGO_BIN_EXE_recipack"))
            .env("RUNS", &runs)
            .env("LAST", last.to_string())
            .env("AFTER", after)
            .args(["-c", &stages])
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let runs = fs::read_to_string(runs).expect("a number");
        (
            runs.trim().parse().expect("a number"),
            status.expect("a shell"),
        )
    }
}

#[test]
fn a_run_that_is_killed_anywhere_can_be_repeated() {
    let (runs, ended) = Pipeline::new().killed(0, "0");
    assert!(ended.success() && runs > 4, "{ended}, {runs} runs");
    for last in 1..=runs {
        let pipeline = Pipeline::new();
        let after = if last % 2 == 0 { "0.02" } else { "0.1" };
        let (run, ended) = pipeline.killed(last, after);
        assert_eq!((run, ended.signal()), (last, Some(9)), "{ended}");
        pipeline.passes(ALL);
        assert_eq!(pipeline.revisions(), 1, "killed in run {last}");
        let left = files(&pipeline.place.path("checkout/dist"));
        let odd = left.keys().find(|name| name.contains("recipack-tmp-"));
        assert_eq!(odd, None, "nothing is left behind for good");
    }
}
