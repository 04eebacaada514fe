//! Nobody watching: signals end whatever waits, at once and with a code of their own; nothing asks
//! where nobody is; and what takes long says so in plain lines.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Sandbox, command, local, partner, token};
use crate::support::{Place, Run};

/// Sends a signal after a while, and says how it ended.
fn signalled(child: Child, signal: &str, after: Duration) -> Run {
    std::thread::sleep(after);
    let sent = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success(), "it still runs");
    child.wait_with_output().expect("it ends").into()
}

fn started(mut command: Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

fn with_fault(place: &Place, fault: &str) -> (Sandbox, String) {
    let file = place.write("faults.toml", fault);
    let sandbox = Sandbox::of(place, &["--fault", file.to_str().expect("UTF-8")]);
    (sandbox, token(place, "osprey"))
}

const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

#[test]
fn whoever_waits_for_the_platform_ends_at_once() {
    let faults = [
        // Answers that take long, and those that ask to wait.
        "[[faults]]\npath = \"/api/users/me\"\ntimes = 0\ndo.slow.milliseconds = 60000\n",
        "[[faults]]\npath = \"/api/users/me\"\ntimes = 0\n[faults.do.status]\nstatus = 429\nheaders = { Retry-After = \"60\" }\n",
        "[[faults]]\npath = \"/api/users/me\"\ntimes = 0\ndo = \"reset\"\n",
    ];
    for fault in faults {
        let place = partner();
        let (sandbox, token) = with_fault(&place, fault);
        for (signal, code) in SIGNALS {
            let plan = ["plan", "external.zip", "--into", &sandbox.url];
            let child = started(command(&place, &sandbox.url, &token, &plan));
            let run = signalled(child, signal, Duration::from_millis(700));
            assert_eq!(run.code, code, "{fault}: {}", run.stderr);
            assert!(run.stderr.contains("error[interrupted]"), "{}", run.stderr);
            assert_eq!(run.stdout, "");
        }
    }
}

/// A database that takes a connection and says nothing is not looked up from.
#[test]
fn whoever_sends_another_signal_later_does_not_wait() {
    let place = Place::new();
    let mute = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let ledger = format!("postgres://a@{}/x", mute.local_addr().expect("an address"));
    let mut running = Vec::new();
    for (signal, code) in SIGNALS {
        let mut command = place.command();
        command.args(["rollout", "status", "--ledger", &ledger]);
        running.push((started(command), signal, code));
    }
    let send = |child: &Child, signal: &str| {
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success(), "it still runs");
    };
    std::thread::sleep(Duration::from_millis(500));
    for (child, signal, _) in &running {
        // Whoever started it passes on what it got, too.
        send(child, signal);
        send(child, signal);
    }
    std::thread::sleep(Duration::from_millis(1600));
    for (mut child, signal, code) in running {
        assert!(child.try_wait().expect("a child").is_none(), "it waits");
        send(&child, signal);
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(code));
    }
}

/// One file is the longest thing that is not looked up from: the largest that is accepted.
#[test]
fn whoever_reads_much_ends_soon() {
    let place = partner();
    // As many values as a file may have, and files enough for some seconds.
    let values = format!("{{\"name\":\"a\",\"x\":[{}0]}}", "0,".repeat(900_000));
    for file in 0..4 {
        place.write(&format!("large/{file}.recipe.json"), &values);
    }
    let entries: Vec<String> = (0..20_000)
        .map(|at| {
            format!("{{\"keyword\":\"application\",\"provider\":\"p{at}\",\"account_id\":null}}")
        })
        .collect();
    let recipe = format!(
        "{{\"name\":\"a\",\"version\":1,\"code\":{{\"number\":0,\"keyword\":\"trigger\",\"provider\":\"clock\",\"name\":\"s\",\"block\":[]}},\"config\":[{}]}}",
        entries.join(",")
    );
    place.write("large/config.recipe.json", &recipe);
    let packed = place.run(["export", "large", "--for", "external", "-o", "large.zip"]);
    assert_eq!(packed.code, 0, "{}", packed.stderr);
    for arguments in [
        &["check", "large", "--for", "external"][..],
        &["plan", "large.zip", "--into", "local:osprey"],
        &["verify", "large.zip"],
        &["export", "large", "--for", "external", "-o", "other.zip"],
    ] {
        for (signal, code) in SIGNALS {
            let mut command = place.command();
            command.env("RECIPACK_PLATFORM", place.path("p.db"));
            command.args(arguments).args(["--threads", "1"]);
            let run = signalled(started(command), signal, Duration::from_millis(500));
            assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        }
    }
    assert!(!place.path("other.zip").exists());
}

/// Nothing comes after the one file that would be looked up from before it: it is broken off inside.
#[test]
fn whoever_reads_one_large_file_stops_within_it() {
    const BEFORE: Duration = Duration::from_millis(400);
    let place = Place::new();
    let values = format!(
        "{{\"name\":\"a\",\"x\":[{}0],\"y\":\"{}\"}}",
        "{\"k\":\"v\"},".repeat(1_600_000),
        "z".repeat(40_000_000)
    );
    place.write("large/a.recipe.json", &values);
    for (signal, code) in SIGNALS {
        let mut command = place.command();
        command.args(["check", "large", "--for", "external", "--threads", "1"]);
        let start = Instant::now();
        let run = signalled(started(command), signal, BEFORE);
        // All of it takes several times as long.
        assert!(start.elapsed() < BEFORE + Duration::from_secs(1));
        assert_eq!(run.code, code, "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn an_import_that_is_interrupted_says_how_to_go_on() {
    for (signal, code) in SIGNALS {
        let place = partner();
        let fault =
            "[[faults]]\npath = \"/api/packages/import/*\"\ntimes = 0\ndo = \"never-ends\"\n";
        let (sandbox, token) = with_fault(&place, fault);
        let import = ["import", "external.zip", "--into", &sandbox.url];
        let child = started(command(&place, &sandbox.url, &token, &import));
        let run = signalled(child, signal, Duration::from_secs(4));
        assert_eq!(run.code, code, "{}", run.stderr);
        let (_, id) = run.stderr.split_once("recipack resume ").expect("the id");
        let id = id.trim();
        let resume = ["resume", id, "--job-timeout", "1"];
        let again: Run = command(&place, &sandbox.url, &token, &resume)
            .output()
            .expect("it starts")
            .into();
        assert_eq!(again.code, 69, "it is known: {}", again.stderr);
    }
}

#[test]
fn whoever_waits_for_another_writer_ends_at_once_and_has_changed_nothing() {
    let place = partner();
    let before = local(&place, &["history", "local:osprey", "--json"]).stdout;
    // Another program holds the lock.
    let lock = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(place.path("p.db.lock"))
        .expect("the lock");
    lock.lock().expect("held");
    for (signal, code) in SIGNALS {
        let mut import = place.command();
        import.env("RECIPACK_PLATFORM", place.path("p.db"));
        import.args(["import", "external.zip", "--into", "local:osprey"]);
        let run = signalled(started(import), signal, Duration::from_millis(900));
        assert_eq!(run.code, code, "{}", run.stderr);
    }
    drop(lock);
    let after = local(&place, &["history", "local:osprey", "--json"]).stdout;
    assert_eq!(after, before);
}

#[test]
fn where_nobody_is_nothing_asks_and_nothing_dangerous_is_done() {
    let place = partner();
    for line in [
        "import external.zip --into local:osprey",
        "import customer.zip --into local:kestrel",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        assert_eq!(local(&place, &arguments).code, 0);
    }
    let recipe = ["connection", "authorize", "--all", "--in", "local:osprey"];
    assert_eq!(local(&place, &recipe).code, 0);
    let start = ["recipe", "start", "Return label", "--in", "local:osprey"];
    assert_eq!(local(&place, &start).code, 0);
    for arguments in [
        &["workspace", "delete", "osprey"][..],
        &[
            "catalog",
            "remove",
            "Parcel Tracker",
            "--in",
            "local:studio",
        ],
        &["rollback", "local:osprey", "0"],
    ] {
        let run = local(&place, arguments);
        assert_eq!(run.code, 3, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains("help: "),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn what_takes_long_says_so_in_plain_lines_and_only_where_it_is_wanted() {
    let place = partner();
    let fault = "[[faults]]\npath = \"/api/users/me\"\ntimes = 0\ndo.slow.milliseconds = 11500\n";
    let (sandbox, token) = with_fault(&place, fault);
    let runs: Vec<(Vec<&str>, Child)> = [&[][..], &["--quiet"], &["--json"]]
        .into_iter()
        .map(|options| {
            let plan = ["plan", "external.zip", "--into", &sandbox.url];
            let arguments = [&plan[..], options].concat();
            let child = started(command(&place, &sandbox.url, &token, &arguments));
            (options.to_vec(), child)
        })
        .collect();
    for (options, child) in runs {
        let run: Run = child.wait_with_output().expect("it ends").into();
        assert_eq!(run.code, 0, "{options:?}: {}", run.stderr);
        let told = run
            .stderr
            .lines()
            .filter(|line| line.trim_start().starts_with("Waiting for "));
        let told: Vec<&str> = told.collect();
        assert_eq!(
            told.len(),
            usize::from(options.is_empty()),
            "{options:?}: {}",
            run.stderr
        );
        assert!(
            !run.stderr.contains('\r') && !run.stderr.contains('\u{1b}'),
            "{}",
            run.stderr
        );
    }
}
