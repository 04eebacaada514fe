//! Whatever this program writes and reads back later, damaged in thousands of ways: it is refused, or
//! it says what was written.

use std::fs;
use std::path::PathBuf;

use recipack::model::ident::Digest;
use recipack::model::workspace::{
    ImportId, RevisionAction, RevisionNumber, Timestamp, WorkspaceId,
};
use recipack::ops::import::PlanDocument;
use recipack::remote::journal::{Entry, Journal, JournalError, RemoteIdentity, State};
use serde_json::Value;

use crate::support::damage::Numbers;
use crate::support::lines::{done, ends};
use crate::support::{Place, place_with};

/// How many damaged copies of a small file are tried.
const COPIES: usize = 5_000;

fn planned() -> Place {
    let place = place_with(&["partner"]);
    done(&place, "export partner --for external -o k.zip");
    done(&place, "workspace create osprey --kind external");
    done(
        &place,
        "plan k.zip --into local:osprey --rows keep -o plan.json",
    );
    place
}

#[test]
fn a_damaged_plan_is_refused_or_says_the_same() {
    let place = planned();
    let written = fs::read(place.path("plan.json")).expect("a plan");
    let plan = PlanDocument::parse(&written).expect("a plan");
    let mut numbers = Numbers(4_711);
    let (mut refused, mut same) = (0, 0);
    for copy in 0..COPIES {
        match PlanDocument::parse(&numbers.damaged(&written)) {
            Err(_) => refused += 1,
            Ok(read) => {
                assert_eq!(read, plan, "copy {copy}");
                same += 1;
            }
        }
    }
    // Blanks and what follows the end are no damage.
    assert!(refused > same, "{refused} refused, {same} the same");
}

#[test]
fn a_plan_that_was_changed_is_told() {
    let place = planned();
    let path = place.path("plan.json");
    let written = fs::read_to_string(&path).expect("a plan");
    let damaged = [
        ("\"format\"", "\"format", 1, "plan.json is no plan: "),
        (
            "\"keep\"",
            "\"overwrite\"",
            4,
            "plan.json is not the plan that was written: ",
        ),
        // Without the word for what is done with rows, they would be overwritten.
        (
            "\"rows\"",
            "\"rowr\"",
            4,
            "plan.json is not the plan that was written: it does not say what was written: its digest does not fit",
        ),
        (
            "\"seal\"",
            "\"real\"",
            4,
            "plan.json can't be told from a damaged plan: it holds no digest of itself",
        ),
    ];
    for (old, new, code, told) in damaged {
        assert!(written.contains(old), "{old}");
        fs::write(&path, written.replacen(old, new, 1)).expect("written");
        ends(&place, "import plan.json", code, &[told, "recipack plan"]);
    }
    // Who prints it anew changes nothing.
    let value: Value = serde_json::from_str(&written).expect("JSON");
    fs::write(&path, value.to_string()).expect("written");
    done(&place, "import plan.json");
}

fn entry() -> Entry {
    let identity = RemoteIdentity::new("www.workato.com", WorkspaceId(4_711));
    let digest = Digest::of(b"package");
    let base = Digest::of(b"state");
    let at = Timestamp(1_700_000_000);
    Entry {
        format: 3,
        id: ImportId::of(&identity, &digest, &base, at),
        address: "https://www.workato.com".parse().expect("an address"),
        identity: Some(identity),
        folder: "Orders".parse().expect("a folder"),
        package: PathBuf::from("/packages/orders.zip"),
        digest,
        at,
        who: "somebody".to_owned(),
        base,
        held: None,
        state: State::Done {
            revision: RevisionNumber(7),
        },
        plan: "{\"workspace\": {\"id\": 4711}}".to_owned(),
        receipt: "{}".to_owned(),
        action: RevisionAction::Import,
        subject: None,
        kept: None,
    }
}

#[test]
fn a_damaged_entry_of_the_journal_is_refused_or_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::at(folder.path().to_owned());
    let entry = entry();
    journal.write(&entry).expect("written");
    let path = folder.path().join(format!("{}.json", entry.id));
    let written = fs::read(&path).expect("an entry");
    let mut numbers = Numbers(815);
    let (mut refused, mut same) = (0, 0);
    for copy in 0..COPIES {
        fs::write(&path, numbers.damaged(&written)).expect("written");
        match (journal.entry(&entry.id), journal.all()) {
            (Err(JournalError::Damaged { .. }), Err(JournalError::Damaged { .. })) => refused += 1,
            (Ok(read), Ok(all)) => {
                assert_eq!(read, entry, "copy {copy}");
                assert_eq!(all, [read], "copy {copy}");
                same += 1;
            }
            (one, all) => panic!("copy {copy}: {one:?}, {all:?}"),
        }
    }
    assert!(refused > same, "{refused} refused, {same} the same");
    // Under another name it would be another import.
    let other = ImportId::of(
        entry.identity.as_ref().expect("one"),
        &entry.digest,
        &entry.base,
        Timestamp(1),
    );
    fs::write(folder.path().join(format!("{other}.json")), &written).expect("written");
    fs::write(&path, &written).expect("written");
    assert!(matches!(journal.all(), Err(JournalError::Damaged { .. })));
    assert!(journal.entry(&other).is_err());
}

/// The same through the program: what it says, how it ends, and that nothing was done.
#[test]
fn a_plan_that_is_none_is_not_carried_out() {
    let place = planned();
    done(&place, "workspace create heron --kind external");
    done(&place, "plan k.zip --into local:heron -o heron.json");
    done(
        &place,
        "export partner --for external --exclude Agents -o less.zip",
    );
    let path = place.path("plan.json");
    let written = fs::read(&path).expect("a plan");
    let half = &written[..written.len() / 2];
    let twice = [&written[..], &written].concat();
    let not_text = [&written[..9], b"\xff\xfe", &written[9..]].concat();
    let record = fs::read(place.path("k.recipack.json")).expect("a record");
    let none = "plan.json is no plan";
    for (what, damaged, code, told) in [
        ("empty", &b""[..], 1, none),
        ("nothing", b"null", 1, none),
        ("half", half, 1, none),
        ("twice", &twice, 1, none),
        ("no text", &not_text, 1, "can't read plan.json"),
        ("a record", &record, 1, none),
    ] {
        fs::write(&path, damaged).expect("written");
        let run = crate::support::lines::run(&place, "import plan.json --yes");
        assert_eq!(run.code, code, "{what}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{what}: {}", run.stderr);
    }
    // Another workspace's plan is that workspace's, whatever the file is called.
    fs::copy(place.path("heron.json"), &path).expect("copied");
    ends(
        &place,
        "import plan.json --into local:osprey",
        3,
        &["the plan is for local:heron, not for local:osprey"],
    );
    // Another package under the name of the one that was planned.
    fs::write(&path, &written).expect("written");
    fs::rename(place.path("less.zip"), place.path("k.zip")).expect("renamed");
    fs::rename(
        place.path("less.recipack.json"),
        place.path("k.recipack.json"),
    )
    .expect("renamed");
    ends(&place, "import plan.json --yes", 3, &["stale-plan"]);
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    ends(&place, "import plan.json --yes", 1, &["it is not a file"]);
    fs::remove_dir(&path).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    ends(
        &place,
        "import plan.json --yes",
        1,
        &["plan.json", "it is not a file"],
    );
    for workspace in ["osprey", "heron"] {
        let history = done(&place, &format!("history local:{workspace}"));
        assert!(!history.contains(".zip"), "{workspace}: {history}");
    }
}

/// A platform's file that is another one, or a part of one: nothing is made of it, and nothing is put
/// in its place.
#[test]
fn a_platform_that_is_none_is_told_by_every_command() {
    let place = planned();
    done(&place, "import k.zip --into local:osprey");
    let path = place.path("p.db");
    let written = fs::read(&path).expect("a platform");
    let mut other = written.clone();
    // What says whose database it is (the application's number in the head).
    other[68..72].fill(7);
    let half = &written[..written.len() / 2];
    let mut holed = written.clone();
    holed[4096..8192].fill(0);
    for (what, damaged, told) in [
        ("empty", &b""[..], "p.db"),
        (
            "words",
            b"not a database at all, but some words of somebody's",
            "p.db",
        ),
        ("zeros", &vec![0; written.len()], "p.db"),
        ("half", half, "p.db"),
        ("a hole", &holed, "p.db"),
        ("another program's", &other, "p.db"),
    ] {
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(place.path(&format!("p.db{ending}")));
        }
        fs::write(&path, damaged).expect("written");
        for line in [
            "workspace list",
            "status local:osprey",
            "history local:osprey",
            "plan k.zip --into local:osprey",
            "import k.zip --into local:osprey --yes",
            "rollback local:osprey --yes",
        ] {
            let run = crate::support::lines::run(&place, line);
            assert_eq!(run.code, 1, "{what}, {line}: {}{}", run.stdout, run.stderr);
            assert!(run.stderr.contains(told), "{what}, {line}: {}", run.stderr);
            assert!(
                run.stderr.contains("help: "),
                "{what}, {line}: {}",
                run.stderr
            );
        }
        let after = fs::read(&path).expect("it is there");
        assert!(after == damaged, "{what}: something was written");
    }
}
