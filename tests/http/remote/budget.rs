//! Requests of several processes count together, as the platform counts them; and a user's own
//! limits are kept in a file.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::remote::between::{Between, Fate};
use crate::stage::{Stage, Told};
use crate::support::sandbox::{Sandbox, command, done, local, partner, token};
use crate::support::{Place, Run};

/// A platform without recipes, and when it was asked for them.
fn counting() -> (Stage, Arc<Mutex<Vec<Instant>>>) {
    let times = Arc::<Mutex<Vec<Instant>>>::default();
    let kept = Arc::clone(&times);
    let stage = Stage::new(move |asked| {
        if asked.path == "/api/recipes" {
            kept.lock().expect("whole").push(Instant::now());
        }
        let body = match asked.path.as_str() {
            "/api/users/me" => r#"{"id": 9, "name": "osprey", "root_folder_id": 3}"#,
            _ => r#"{"result": []}"#,
        };
        Told {
            status: 200,
            body: body.as_bytes().to_vec(),
            ..Told::default()
        }
    });
    (stage, times)
}

fn run(place: &Place, url: &str, token: &str, arguments: &[&str]) -> Run {
    let mut command = command(place, url, token, arguments);
    command.env("XDG_CONFIG_HOME", place.path("config"));
    command.output().expect("it starts").into()
}

/// Runs a command several times in each of two processes at once.
fn two_at_once(place: &Place, url: &str, token: &str, times: usize, arguments: &[&str]) {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..times {
                    let run = run(place, url, token, arguments);
                    assert_eq!(run.code, 0, "{}", run.stderr);
                }
            });
        }
    });
}

#[test]
fn processes_share_one_count() {
    let place = Place::new();
    let (stage, times) = counting();
    let url = stage.url();
    let list = ["recipe", "list", "--in", &url, "--rate", "recipes=3/s"];
    two_at_once(&place, &url, "any", 6, &list);
    let mut times = times.lock().expect("whole").clone();
    times.sort();
    assert_eq!(times.len(), 12);
    for (first, fourth) in times.iter().zip(times.iter().skip(3)) {
        let between = *fourth - *first;
        assert!(
            between > Duration::from_millis(990),
            "{between:?}: {times:?}"
        );
    }
    let kept = place.path("state/recipack/limits/budget.db");
    let mode = std::fs::metadata(&kept).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let bytes = std::fs::read(&kept).expect("readable");
    assert!(!bytes.windows(9).any(|part| part == b"127.0.0.1"));
    // Another token has a count of its own.
    let before = Instant::now();
    run(&place, &url, "another", &list);
    assert!(before.elapsed() < Duration::from_secs(5));
}

#[test]
fn whoever_can_not_share_a_count_keeps_its_own() {
    let place = Place::new();
    let (stage, _) = counting();
    let url = stage.url();
    std::fs::create_dir_all(place.path("state/recipack")).expect("made");
    place.write("state/recipack/limits", "no folder");
    let list = ["recipe", "list", "--in", &url, "--rate", "recipes=9/s"];
    let quiet = run(&place, &url, "any", &list);
    assert_eq!(quiet.code, 0, "{}", quiet.stderr);
    let told = "requests are not counted together with those of other processes: ";
    assert!(!quiet.stderr.contains(told), "{}", quiet.stderr);
    let said = run(&place, &url, "any", &[&list[..], &["--verbose"]].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains(told), "{}", said.stderr);
}

#[test]
fn limits_of_ones_own_are_in_a_file_and_an_option_wins() {
    let place = Place::new();
    let (stage, times) = counting();
    let url = stage.url();
    std::fs::create_dir_all(place.path("config/recipack")).expect("made");
    place.write("config/recipack/limits.toml", "recipes = \"1/s\"\n");
    let list = ["recipe", "list", "--in", &url];
    two_at_once(&place, &url, "any", 2, &list);
    let kept = times.lock().expect("whole").clone();
    assert!(kept[3] - kept[0] > Duration::from_millis(2900), "{kept:?}");
    let before = Instant::now();
    two_at_once(
        &place,
        &url,
        "other",
        2,
        &[&list[..], &["--rate", "recipes=90/s"]].concat(),
    );
    let kept = times.lock().expect("whole").clone();
    assert!(kept[7] - kept[4] < before.elapsed(), "{kept:?}");
    for (text, said) in [
        ("recipe = \"1/s\"\n", "did you mean `recipes`?"),
        ("recipes = 5\n", "`recipes` is no rate in quotes"),
    ] {
        place.write("config/recipack/limits.toml", text);
        let refused = run(&place, &url, "any", &list);
        assert_eq!(refused.code, 64, "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert!(refused.stderr.contains("limits.toml"), "{}", refused.stderr);
    }
}

/// How often the platform refused a request.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

fn noted(told: Told) -> Told {
    REFUSED.fetch_add(usize::from(told.status == 429), Ordering::SeqCst);
    told
}

/// What the platform documents is never exceeded by two processes together, so that it never has to
/// refuse one. It takes a minute, as its limits are those of a minute.
#[test]
fn two_processes_are_never_refused() {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    let sandbox = Sandbox::of(&place, &["--limits", "documented"]);
    std::fs::create_dir_all(place.path("config/recipack")).expect("made");
    place.write(
        "config/recipack/limits.toml",
        "other = \"60/min\"\nrecipes = \"60/min\"\n",
    );
    let token = token(&place, "osprey");
    let between = Between::of(&sandbox);
    between.rule(|_, _| Fate::Edited(noted));
    let list = ["recipe", "list", "--in", &between.url()];
    let before = Instant::now();
    // Each asks eight times for folders and for whose it is.
    two_at_once(&place, &between.url(), &token, 4, &list);
    assert!(before.elapsed() > Duration::from_secs(30));
    assert!(between.lines().len() > 64);
    assert_eq!(REFUSED.load(Ordering::SeqCst), 0);
}
