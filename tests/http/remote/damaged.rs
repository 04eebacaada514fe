//! An entry of the journal that is not what was written says nothing: whoever asks for the import that
//! it is of, or comes to send another, is told its name and how to go on, and nothing is sent.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::remote::Caller;
use crate::remote::between::Between;
use crate::support::Place;
use crate::support::damage::Numbers;
use crate::support::sandbox::{Sandbox, done, local, partner};

/// Entries of the journal.
fn entry(place: &Place, id: &str) -> PathBuf {
    place.path(&format!("state/recipack/imports/{id}.json"))
}

/// Sends a package, and does not wait for its end.
fn left_open(caller: &Caller<'_>) -> String {
    let import = ["import", "external.zip", "--into", &caller.url];
    let left = caller.exits(69, &[&import[..], &["--job-timeout", "1"]].concat());
    let id = left.stderr.split("recipack resume ").nth(1).expect("an id");
    id.trim().to_owned()
}

/// A platform on which imports never end, and one of the workspace `osprey`.
fn never_ends() -> (Place, Sandbox) {
    let place = partner();
    place.write(
        "faults.toml",
        "[[faults]]\npath = \"/api/packages/import/*\"\ntimes = 0\ndo = \"never-ends\"\n",
    );
    let create = ["workspace", "create", "heron", "--kind", "external"];
    done(&local(&place, &create), &create);
    let sandbox = Sandbox::of(&place, &["--fault", "faults.toml"]);
    (place, sandbox)
}

/// Each command that would build on what the journal says is refused with this code.
#[track_caller]
fn nothing_is_built_on_it(
    caller: &Caller<'_>,
    between: &Between,
    id: &str,
    code: &str,
    what: &str,
) {
    let file = entry(caller.place, id);
    let file = file.to_str().expect("UTF-8");
    let sent = between.changes();
    let import = ["import", "external.zip", "--into", &caller.url, "--yes"];
    for arguments in [
        &["resume", id][..],
        &["status", &caller.url],
        &["history", &caller.url],
        &["plan", "external.zip", "--into", &caller.url],
        &import,
    ] {
        let told = caller.json(1, arguments);
        let told = &told["errors"][0];
        assert_eq!(told["code"], code, "{what}, {arguments:?}: {told}");
        let message = told["message"].as_str().expect("a message");
        assert!(message.contains(file), "{what}, {arguments:?}: {told}");
        let help = told["help"].as_str().expect("a way on");
        let way = match code {
            "journal-damaged" => format!("mv {file} {file}.damaged"),
            "newer-journal" => "newer version".to_owned(),
            _ => "recipack/imports".to_owned(),
        };
        assert!(help.contains(&way), "{what}, {arguments:?}: {help}");
    }
    assert_eq!(between.changes(), sent, "{what}: nothing is sent");
}

#[test]
fn a_damaged_entry_is_told_and_nothing_is_sent() {
    let (place, sandbox) = never_ends();
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let heron = Caller::of(&place, &sandbox, "heron").through(&between);
    let id = left_open(&osprey);
    let other = left_open(&heron);
    let (path, others) = (entry(&place, &id), entry(&place, &other));
    let (written, theirs) = (fs::read(&path).expect("it"), fs::read(&others).expect("it"));

    let mut damages: Vec<(String, Vec<u8>)> = vec![
        ("empty".to_owned(), Vec::new()),
        ("a blank".to_owned(), b"\n".to_vec()),
        ("nothing in it".to_owned(), b"null".to_vec()),
        ("no members".to_owned(), b"{}".to_vec()),
        ("zeros".to_owned(), vec![0; written.len()]),
        ("half".to_owned(), written[..written.len() / 2].to_vec()),
        ("twice".to_owned(), [&written[..], &written].concat()),
        ("another workspace's".to_owned(), theirs.clone()),
    ];
    let mut text: Value = serde_json::from_slice(&written).expect("JSON");
    text["state"] = serde_json::json!({"is": "done", "revision": 1});
    damages.push(("said to be done".to_owned(), text.to_string().into()));
    text["format"] = Value::from(2);
    text.as_object_mut().expect("members").remove("seal");
    text["folder"] = Value::from(7);
    damages.push(("of an older form".to_owned(), text.to_string().into()));
    let mut numbers = Numbers(1_414);
    while damages.len() < 16 {
        let damaged = numbers.damaged(&written);
        // Blanks are none that count.
        let same = serde_json::from_slice::<Value>(&damaged).ok()
            == serde_json::from_slice::<Value>(&written).ok();
        if !same {
            damages.push((format!("copy {}", damages.len()), damaged));
        }
    }
    for (what, damaged) in damages {
        fs::write(&path, damaged).expect("written");
        nothing_is_built_on_it(&osprey, &between, &id, "journal-damaged", &what);
    }
    // Both of them under the other's name.
    fs::write(&path, &theirs).expect("written");
    fs::write(&others, &written).expect("written");
    let swapped = osprey.json(1, &["resume", &other]);
    assert_eq!(swapped["errors"][0]["code"], "journal-damaged", "{swapped}");
    fs::write(&others, &theirs).expect("written");

    let mut newer: Value = serde_json::from_slice(&written).expect("JSON");
    newer["format"] = Value::from(99);
    let newer = newer.as_object_mut().expect("members");
    newer.remove("seal");
    let seal = recipack::model::seal::seal_of(newer).expect("JSON");
    newer.insert("seal".to_owned(), Value::from(seal.to_string()));
    fs::write(&path, serde_json::to_vec(newer).expect("JSON")).expect("written");
    nothing_is_built_on_it(&osprey, &between, &id, "newer-journal", "newer");

    // The help's own words lead on; that the import is there is seen by whoever plans then.
    fs::write(&path, "{").expect("written");
    let help = osprey.json(1, &["resume", &id])["errors"][0]["help"].to_string();
    let aside = help
        .trim_end_matches('"')
        .rsplit(": ")
        .next()
        .expect("a command");
    let moved = place.shell(aside).env("PATH", "/usr/bin:/bin").status();
    assert!(moved.expect("it runs").success(), "{aside}");
    osprey.exits(0, &["plan", "external.zip", "--into", &osprey.url]);
    let gone = osprey.json(1, &["resume", &id]);
    assert_eq!(gone["errors"][0]["code"], "no-import", "{gone}");
}

/// What is put in the place of an entry, and how.
type Way<'w> = (&'w str, &'w dyn Fn(&Path));

/// What is no file is not waited for, and not followed into nothing.
#[test]
fn what_is_in_the_place_of_an_entry_is_told() {
    let (place, sandbox) = never_ends();
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let id = left_open(&osprey);
    let path = entry(&place, &id);
    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo runs").success());
    };
    let ways: [Way<'_>; 4] = [
        ("a folder", &|path| fs::create_dir(path).expect("made")),
        ("a pipe", &pipe),
        ("a device", &|path| {
            symlink("/dev/zero", path).expect("made")
        }),
        ("itself", &|path| symlink(path, path).expect("made")),
    ];
    for (what, put) in ways {
        fs::remove_file(&path)
            .or_else(|_| fs::remove_dir(&path))
            .expect("removed");
        put(&path);
        nothing_is_built_on_it(&osprey, &between, &id, "journal", what);
    }
    fs::remove_file(&path).expect("removed");
    symlink(place.path("nowhere"), &path).expect("made");
    let import = ["import", "external.zip", "--into", &osprey.url, "--yes"];
    let sent = between.changes();
    let refused = osprey.json(1, &import);
    assert_eq!(refused["errors"][0]["code"], "journal", "{refused}");
    assert_eq!(between.changes(), sent, "nothing is sent");
}
