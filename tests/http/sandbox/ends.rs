//! Stopping, being killed, and starting again.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::sandbox::{Asker, Sent, all, number, package, stocked, store};
use crate::support::Place;
use crate::support::sandbox::{Sandbox, local, partner};

/// The address of a sandbox.
fn address(sandbox: &Sandbox) -> &str {
    sandbox.url.trim_start_matches("http://")
}

/// Whoever writes to the platform. Jobs wait for it.
fn writer(place: &Place) -> File {
    let path = place.path("p.db.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let file = file.expect("opened");
    file.lock().expect("locked");
    file
}

#[test]
fn signals_end_it_and_its_exit_code_says_which() {
    let place = partner();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let sandbox = Sandbox::of(&place, &[]);
        let address = address(&sandbox).to_owned();
        let silent = TcpStream::connect(&address).expect("connected");
        let mut kept = TcpStream::connect(&address).expect("connected");
        kept.write_all(format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes())
            .expect("sent");
        let mut answer = [0; 12];
        kept.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 404");
        assert_eq!(sandbox.signal(signal), code);
        TcpStream::connect(&address).expect_err("nobody listens");
        let log = fs::read_to_string(place.path("sandbox.log")).expect("a log");
        assert!(!log.contains("panicked"), "{log}");
        drop((silent, kept));
    }
}

#[test]
fn a_request_that_is_worked_on_is_answered_before_it_ends() {
    let place = partner();
    place.write(
        "faults.toml",
        "[[faults]]\npath = \"/api/folders\"\ndo = { slow = { milliseconds = 1500 } }\n",
    );
    let sandbox = Sandbox::of(&place, &["--fault", "faults.toml"]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let asked = std::thread::spawn(move || asker.post("/api/folders", &json!({"name": "A"})));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(sandbox.signal("TERM"), 143);
    asked.join().expect("asked").is(200);
}

#[test]
fn finished_jobs_and_their_packages_outlive_it() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let job = asker.export(asker.folder("Warehouse"));
    let path = format!("/api/packages/{}", job["id"]);
    // Killed, not asked.
    drop(sandbox);
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let again = asker.get(&path);
    assert_eq!(again["status"], "completed");
    let link = again["download_url"].as_str().expect("a link");
    let old = job["download_url"].as_str().expect("a link");
    let below = |link: &str| format!("/storage{}", link.split_once("/storage").expect("a path").1);
    asker.ask("GET", &below(link), Sent::Nothing).is(200);
    asker.ask("GET", &below(old), Sent::Nothing).is(403);
    let next = asker.export(asker.folder("Warehouse"));
    assert!(
        number(&next["id"]) > number(&job["id"]),
        "numbers are not given twice"
    );
}

#[test]
fn a_job_that_was_running_when_it_was_killed_is_done_by_the_next() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker
        .post("/api/folders", &json!({"name": "Warehouse"}))
        .is(200)
        .json();
    let zip = package(&place, "external.zip");
    let held = writer(&place);
    let path = format!("/api/packages/import/{}", folder["id"]);
    let jobs: Vec<u64> = (0..2)
        .map(|_| {
            let job = asker.ask("POST", &path, Sent::Package(&zip)).is(200);
            number(&job.json()["id"])
        })
        .collect();
    // The first has begun and waits to write; the second waits for the first.
    std::thread::sleep(Duration::from_millis(500));
    let status = |asker: &Asker, job| asker.get(&format!("/api/packages/{job}"))["status"].clone();
    for job in &jobs {
        assert_eq!(status(&asker, *job), "in_progress");
    }
    fs::write(store(&place).join("jobs/.tmpHALF"), "half").expect("written");
    drop(sandbox);
    drop(held);
    let recipes = |asker: &Asker| asker.get("/api/recipes?exclude_code=true")["items"].clone();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    for job in &jobs {
        let told = asker.wait(&format!("/api/packages/{job}"));
        assert_eq!(told["status"], "completed", "{told}");
    }
    assert!(all(&recipes(&asker), "name").contains(&"Return label"));
    assert!(
        !store(&place).join("jobs/.tmpHALF").exists(),
        "what was half written goes"
    );
    // One import changed something, the other nothing.
    let history = crate::sandbox::here(&place, &["history", "local:osprey", "--json"]);
    let history: serde_json::Value = serde_json::from_str(&history.stdout).expect("JSON");
    assert_eq!(
        history["revisions"].as_array().map(Vec::len),
        Some(1),
        "{history}"
    );
}

#[test]
fn the_job_that_runs_is_ended_before_it_stops_and_those_that_wait_are_not_begun() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker
        .post("/api/folders", &json!({"name": "Warehouse"}))
        .is(200)
        .json();
    let zip = package(&place, "external.zip");
    let path = format!("/api/packages/import/{}", folder["id"]);
    let held = writer(&place);
    let first = asker.ask("POST", &path, Sent::Package(&zip)).is(200).json();
    let second = asker.ask("POST", &path, Sent::Package(&zip)).is(200).json();
    std::thread::sleep(Duration::from_millis(500));
    let free = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        drop(held);
    });
    assert_eq!(sandbox.signal("TERM"), 143);
    free.join().expect("free");
    let state = |job: &serde_json::Value| {
        let path = store(&place).join(format!("jobs/{}.json", job["id"]));
        let job = fs::read_to_string(path).expect("a job");
        serde_json::from_str::<serde_json::Value>(&job).expect("JSON")["document"]["state"].clone()
    };
    assert_eq!(state(&first), "Completed");
    assert_eq!(state(&second), "Queued");
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let told = asker.wait(&format!("/api/packages/{}", second["id"]));
    assert_eq!(told["status"], "completed");
}

#[test]
fn one_process_serves_a_platform() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let run = local(&place, &["sandbox"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(
        run.stderr.contains("another process serves"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    let port = address(&sandbox)
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let asker = Asker::of(&place, &sandbox, "studio");
    asker.get("/api/users/me");
    // Another platform finds the port taken.
    let other = partner();
    let run = local(&other, &["sandbox", "--port", &port]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains(&port) && run.stderr.contains("--port"),
        "{}",
        run.stderr
    );
    drop(sandbox);
    let again = Sandbox::of(&other, &["--port", &port]);
    assert!(again.url.ends_with(&port));
}

#[test]
fn it_needs_a_platform() {
    let place = Place::new();
    let run = local(&place, &["sandbox"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(!store(&place).exists(), "nothing is made");
}
