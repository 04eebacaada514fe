//! What only a ledger's file has to stand.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::Place;
use recipack::ledger::sqlite::SqliteLedger;
use recipack::ledger::{IfAbsent, Ledger, LedgerError, PIECE};
use recipack::model::ident::{Digest, Version};
use recipack::model::rollout::{MemberNumber, Outcome, RunnerId};
use recipack::model::workspace::{AssetId, WorkspaceId};
use recipack::ops::rollout::fleet_query;
use recipack::plan::fleet::{FleetQuestion, UsesQuestion};
use recipack::plan::rollout::progress::{ReceivedRecipe, Step};
use recipack::plan::rollout::seen::{
    BuiltVersion, SeenAuthorization, SeenConnection, SeenConnector, SeenRecipe, SeenRunning,
    SeenUse, SeenWhose, SlimSnapshot,
};

use super::{LEASE, Rollout, START, ending};

fn refused(path: &Path, absent: IfAbsent) -> LedgerError {
    match SqliteLedger::open(path, absent) {
        Ok(ledger) => panic!("{} is opened", ledger.name()),
        Err(error) => error,
    }
}

fn made(path: &Path) -> SqliteLedger {
    SqliteLedger::open(path, IfAbsent::Make).expect("a ledger")
}

#[test]
fn a_file_that_is_not_there_is_made_only_if_that_is_wanted() {
    let place = Place::new();
    let path = place.path("some/folders/l.db");
    assert_eq!(
        refused(&path, IfAbsent::Refuse).to_string(),
        "it can't be used as a ledger: there is no such file"
    );
    assert!(!place.path("some").exists());
    made(&path);
    SqliteLedger::open(&path, IfAbsent::Refuse).expect("it is there");
    // What nobody has written to is none, and can become one.
    let empty = place.write("empty.db", "");
    assert_eq!(
        refused(&empty, IfAbsent::Refuse).to_string(),
        "it can't be used as a ledger: it is empty"
    );
    assert_eq!(fs::metadata(&empty).expect("there").len(), 0);
    made(&empty);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_file_and_its_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let path = place.path("a/b/l.db");
    let mut ledger = made(&path);
    Rollout::over("host", "one", 1..=2).begun(&mut ledger);
    for (name, mode) in [
        ("a", 0o700),
        ("a/b", 0o700),
        ("a/b/l.db", 0o600),
        ("a/b/l.db-wal", 0o600),
        ("a/b/l.db-shm", 0o600),
    ] {
        let metadata = fs::metadata(place.path(name)).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn what_is_no_ledger_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let text = place.write("text.db", &"no database at all\n".repeat(100));
    let other = place.path("other.db");
    Connection::open(&other)
        .and_then(|connection| {
            connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        })
        .expect("a database");
    let platform = place.path("p.db");
    let mut create = place.command();
    create.args([
        "workspace",
        "create",
        "moon",
        "--kind",
        "external",
        "--platform",
    ]);
    let status = create.arg(&platform).stdout(Stdio::null()).status();
    assert!(status.expect("it starts").success());
    for (path, why) in [
        (&text, "it is no database"),
        (&other, "it is another program's database"),
        (&platform, "it is another program's database"),
        (&place.folder.path().to_owned(), "it is no file"),
    ] {
        let before = fs::read(path).ok();
        let error = refused(path, IfAbsent::Make);
        assert_eq!(
            error.to_string(),
            format!("it can't be used as a ledger: {why}")
        );
        assert!(fs::read(path).ok() == before, "{}", path.display());
    }
    // A ledger is no platform either.
    let path = place.path("l.db");
    made(&path);
    let mut list = place.command();
    list.args(["workspace", "list", "--platform"]).arg(&path);
    let run: crate::support::Run = list.output().expect("it starts").into();
    assert!(
        run.stderr.contains("another program's database"),
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_refused() {
    let place = Place::new();
    let (path, other) = (place.path("l.db"), place.path("other.db"));
    made(&path);
    fs::hard_link(&path, &other).expect("linked");
    let error = refused(&other, IfAbsent::Refuse).to_string();
    assert!(error.contains("more than one name"), "{error}");
    fs::remove_file(&other).expect("removed");
    std::os::unix::fs::symlink(&path, &other).expect("linked");
    SqliteLedger::open(&other, IfAbsent::Refuse).expect("the file that it leads to");
}

#[test]
fn a_newer_format_is_refused() {
    let place = Place::new();
    let path = place.path("l.db");
    made(&path);
    let connection = Connection::open(&path).expect("a database");
    connection
        .pragma_update(None, "user_version", 99)
        .expect("set");
    drop(connection);
    let error = refused(&path, IfAbsent::Make);
    assert!(
        matches!(error, LedgerError::Newer { found: 99, .. }),
        "{error:?}"
    );
}

/// Does something to the file as another program would.
fn spoilt(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(sql).expect(sql);
}

#[test]
fn contents_that_are_damaged_are_told_and_can_be_kept_anew() {
    let place = Place::new();
    let path = place.path("l.db");
    let mut ledger = made(&path);
    let content: Vec<u8> = (0..2 * PIECE + 9).map(|at| (at / 3) as u8).collect();
    let digest = Digest::of(&content);
    for spoil in [
        "UPDATE piece SET bytes = zeroblob(9) WHERE length(bytes) = 9",
        "UPDATE piece SET bytes = x'' WHERE length(bytes) = 9",
        "DELETE FROM content_piece WHERE number = 2",
        "DELETE FROM content_piece WHERE number = 3",
        "UPDATE content_piece SET number = 7 - number",
        "PRAGMA foreign_keys = off; DELETE FROM piece WHERE length(bytes) = 9",
    ] {
        ledger.keep(&digest, &mut content.as_slice()).expect("kept");
        spoilt(&path, spoil);
        match ledger.content(&digest, &mut Vec::new()) {
            Err(LedgerError::Damaged(told)) => assert_eq!(told, digest, "{spoil}"),
            other => panic!("{spoil}: {other:?}"),
        }
        ledger
            .keep(&digest, &mut content.as_slice())
            .expect("kept anew");
        let mut came = Vec::new();
        ledger.content(&digest, &mut came).expect("whole");
        assert!(came == content, "{spoil}");
    }
}

#[test]
fn rows_that_nobody_wrote_are_told() {
    for spoil in [
        "DELETE FROM member WHERE number = 2",
        "DELETE FROM member WHERE number = 3",
        "UPDATE member SET attempt = -1",
        "UPDATE member SET outcome = 'splendid', ended_at = 1",
        "UPDATE rollout SET status = 'splendid'",
        "UPDATE rollout SET members = 9",
        "PRAGMA ignore_check_constraints = on; UPDATE member SET runner = 'r'",
    ] {
        let place = Place::new();
        let path = place.path("l.db");
        let mut ledger = made(&path);
        let rollout = Rollout::over("host", "one", 1..=3).begun(&mut ledger);
        spoilt(&path, spoil);
        match ledger.progress(&rollout.id) {
            Err(LedgerError::Corrupt(_)) => {}
            other => panic!("{spoil}: {other:?}"),
        }
    }
    let place = Place::new();
    let path = place.path("l.db");
    let mut ledger = made(&path);
    let rollout = Rollout::over("host", "one", 1..=3).begun(&mut ledger);
    let hold = rollout.claimed(&mut ledger, 1, "r", START);
    rollout.finish(
        &mut ledger,
        &hold,
        ending(Outcome::Applied, &["orders"]),
        START,
    );
    spoilt(
        &path,
        "UPDATE event SET event = '{}'; UPDATE ending SET ending = ''; UPDATE plan SET text = x'ff';
         UPDATE board SET receipt = '7'",
    );
    for error in [
        ledger.events(&rollout.id, 0).expect_err("damaged"),
        ledger.endings(&rollout.id).expect_err("damaged"),
        ledger.plan(&rollout.id).expect_err("damaged"),
        ledger.board().expect_err("damaged"),
    ] {
        assert!(matches!(error, LedgerError::Corrupt(_)), "{error:?}");
    }
}

#[test]
fn a_file_with_damaged_pages_is_told_and_never_panics() {
    let place = Place::new();
    let path = place.path("l.db");
    let mut ledger = made(&path);
    let rollout = Rollout::over("host", "one", 1..=300).begun(&mut ledger);
    drop(ledger);
    let whole = fs::read(&path).expect("there");
    let mut told = 0;
    for page in 1..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0xa5);
        let path = place.path("damaged.db");
        fs::write(&path, damaged).expect("written");
        let seen = SqliteLedger::open(&path, IfAbsent::Refuse).and_then(|ledger| {
            assert_eq!(ledger.plan(&rollout.id)?, rollout.text);
            assert_eq!(ledger.progress(&rollout.id)?, rollout.progress);
            ledger.events(&rollout.id, 0).map(drop)
        });
        told += usize::from(seen.is_err());
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(place.path(&format!("damaged.db{ending}")));
        }
    }
    assert!(told > 5, "{told}");
}

#[test]
fn a_row_that_is_damaged_is_told_whichever_it_is() {
    let place = Place::new();
    let path = place.path("l.db");
    let rollout = super::damaged::all_kinds(&mut made(&path));
    let whole = fs::read(&path).expect("there");
    let number = std::cell::Cell::new(0);
    let spoilt = |sql: &str| {
        number.set(number.get() + 1);
        let path = place.path(&format!("damaged-{}.db", number.get()));
        fs::write(&path, &whole).expect("written");
        let connection = Connection::open(&path).expect("a database");
        connection
            .execute_batch("PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0")
            .expect("set");
        let changed = connection.execute(sql, []).expect(sql);
        assert!(changed > 0, "{sql}");
        drop(connection);
        let ledger: Box<dyn Ledger> = Box::new(made(&path));
        (ledger, rollout.clone())
    };
    super::damaged::damage_is_told(spoilt, |column| format!("CAST('x' || {column} AS BLOB)"));
}

#[test]
fn many_make_one_file_at_once() {
    for round in 0..5 {
        let place = Place::new();
        let path = place.path("new/l.db");
        let barrier = Barrier::new(4);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let mut ledger = made(path);
                    let name = format!("{round} {thread}");
                    Rollout::over(&name, &name, 1..=3).begun(&mut ledger);
                });
            }
        });
        assert_eq!(made(&path).rollouts().expect("listed").len(), 4);
    }
}

#[test]
fn whoever_holds_the_file_for_long_is_told_of() {
    let place = Place::new();
    let path = place.path("l.db");
    let mut ledger = made(&path);
    let rollout = Rollout::over("host", "one", 1..=3).begun(&mut ledger);
    let other = Connection::open(&path).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("begun");
    // Readers don't wait for it.
    let began = Instant::now();
    ledger.progress(&rollout.id).expect("read");
    assert!(began.elapsed() < Duration::from_secs(1));
    let step = rollout.progress.done(&RunnerId("r".to_owned()), START);
    match ledger.write(&rollout.id, &step) {
        Err(LedgerError::Unavailable(_)) => {}
        other => panic!("{other:?}"),
    }
    other.execute_batch("ROLLBACK").expect("ended");
    ledger.write(&rollout.id, &step).expect("written");
}

const CHILD: &str = "RECIPACK_TEST_LEDGER";

/// Not a test of its own: what is killed below.
#[test]
fn a_writer_that_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let mut ledger = made(Path::new(&path));
    let rollout = Rollout::over("host", "killed", 1..=3);
    let mut out = std::io::stdout();
    for number in 0.. {
        let progress = ledger.progress(&rollout.id).expect("there");
        let step = Step {
            event: recipack::plan::rollout::progress::Event {
                at: START,
                who: "child".to_owned(),
                member: None,
                what: format!("number {number}"),
            },
            ..progress.done(&RunnerId("r".to_owned()), START)
        };
        ledger.write(&rollout.id, &step).expect("written");
        writeln!(out, "acknowledged {number}").expect("read");
        out.flush().expect("read");
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let place = Place::new();
    let path = place.path("l.db");
    let mut ledger = made(&path);
    let rollout = Rollout::over("host", "killed", 1..=3).begun(&mut ledger);
    let mut before = 1;
    for milliseconds in [150, 260, 370] {
        let mut child = Command::new(std::env::current_exe().expect("this one"))
            .args([
                "--exact",
                "ledger::file::a_writer_that_is_killed",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&output.stdout);
        // A line that was cut off was not read by anybody.
        let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let acknowledged = whole.matches("acknowledged").count();
        let events = ledger.events(&rollout.id, 0).expect("there").len();
        assert!(
            events >= before + acknowledged,
            "{events} of {before} + {acknowledged}"
        );
        assert!(acknowledged > 0, "{said}");
        before = events;
        assert_eq!(
            ledger.progress(&rollout.id).expect("there").version,
            events as u64 - 1
        );
    }
}

/// Printed, and judged generously: tests are built without optimisation, and share their machine.
#[test]
fn ten_thousand_members_are_read_quickly() {
    let place = Place::new();
    let mut ledger = made(&place.path("l.db"));
    let began = Instant::now();
    let rollout = Rollout::over("host", "many", 1..=10_000);
    let planned = began.elapsed();
    let mut rollout = rollout;
    // All ended, so that rows are as long as they get.
    for member in &mut rollout.progress.members {
        member.state = recipack::plan::rollout::progress::MemberState::Working {
            runner: RunnerId("runner-with-a-long-name@some.machine.example".to_owned()),
            until: START,
            phase: recipack::model::rollout::Phase::Sending,
            sent_before: Some(START),
        };
    }
    let began = Instant::now();
    let rollout = rollout.begun(&mut ledger);
    let created = began.elapsed();
    let began = Instant::now();
    let progress = ledger.progress(&rollout.id).expect("there");
    let read = began.elapsed();
    assert!(progress == rollout.progress);
    let (step, hold) = progress
        .claim(MemberNumber(1), &RunnerId("r".to_owned()), START, LEASE)
        .expect("its lease ended");
    let began = Instant::now();
    ledger.write(&rollout.id, &step).expect("written");
    let written = began.elapsed();
    let packages: Vec<String> = (0..10_000)
        .map(|number| format!("orders {number}"))
        .collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    rollout.finish(
        &mut ledger,
        &hold,
        ending(Outcome::Applied, &packages),
        START,
    );
    let began = Instant::now();
    assert_eq!(ledger.board().expect("read").len(), 10_000);
    let board = began.elapsed();
    writeln!(
        std::io::stdout(),
        "planned {planned:?}, created {created:?}, read {read:?}, a step {written:?}, the board {board:?}"
    )
    .expect("read");
    assert!(board < Duration::from_secs(1), "{board:?}");
    assert!(read < Duration::from_millis(400), "{read:?}");
    assert!(written < Duration::from_millis(400), "{written:?}");
}

/// Run by hand, optimised, with `--ignored --nocapture`: how long questions of 10 000 customers with 20
/// recipes each take, and how much memory.
#[test]
#[ignore = "writes 10 000 customers one by one"]
fn questions_of_ten_thousand_customers_are_answered_within_a_second() {
    let place = Place::new();
    let mut ledger = made(&place.path("l.db"));
    let mut rollout = Rollout::over("host", "many", 1..=10_000);
    let plan = rollout.plan.clone().sealed().expect("JSON");
    rollout.text = serde_json::to_string_pretty(&plan).expect("JSON");
    let rollout = rollout.begun(&mut ledger);
    let used = SeenUse {
        connector: 0,
        actions: vec!["get_parcel".to_owned(), "create_return_label".to_owned()],
        triggers: vec!["new_scan".to_owned()],
    };
    let recipes = (0..20).map(|number| SeenRecipe {
        id: AssetId(number),
        name: format!("Notify late parcels {number}"),
        folder: "Orders/Late".parse().expect("a folder"),
        state: SeenRunning::Running,
        cause: None,
        uses: Some(vec![used.clone()]),
    });
    let connections = (0..5).map(|number| SeenConnection {
        id: Some(AssetId(100 + number)),
        name: format!("Parcel Tracker account {number}"),
        folder: "Connections".parse().expect("a folder"),
        state: SeenAuthorization::Authorized,
    });
    let seen = SlimSnapshot {
        at: START,
        recipes: recipes.collect(),
        connections: connections.collect(),
        more_missing: 0,
        connectors: vec![SeenConnector {
            title: "Parcel Tracker".to_owned(),
            internal_name: "parcel_tracker_connector_48213_1701388800".parse().ok(),
            whose: SeenWhose::Shared,
            version: Some(Version(6)),
            built: Some(BuiltVersion {
                version: Version(6),
                workspace: WorkspaceId(48_213),
            }),
        }],
    };
    let received = seen.recipes.iter().map(|recipe| ReceivedRecipe {
        id: Some(recipe.id),
        name: recipe.name.clone(),
        folder: recipe.folder.clone(),
    });
    let mut ended = ending(Outcome::Applied, &["orders"]);
    ended.receipts[0].recipes = Some(received.collect());
    ended.receipts[0].seen = Some(Box::new(seen));
    // By steps that the ledger writes, though of a progress that is not read again each time.
    let mut progress = ledger.progress(&rollout.id).expect("there");
    for number in 1..=10_000 {
        let runner = RunnerId("r".to_owned());
        let (claim, hold) = progress
            .claim(MemberNumber(number), &runner, START, LEASE)
            .expect("to be had");
        ledger.write(&rollout.id, &claim).expect("written");
        progress.version += 1;
        progress.members[number as usize - 1] = claim.members[0].1.clone();
        let step = progress.finish(&hold, ended.clone(), START).expect("held");
        ledger.write(&rollout.id, &step).expect("written");
        progress.version += 1;
        progress.members[number as usize - 1] = step.members[0].1.clone();
    }
    let size = std::fs::metadata(place.path("l.db")).expect("there").len();
    let mut told = format!("the ledger has {} MB\n", size / 1_000_000);
    let mut longest = Duration::ZERO;
    let uses = FleetQuestion::Uses(UsesQuestion {
        connector: "Parcel Tracker".to_owned(),
        action: Some("get_parcel".to_owned()),
        older_than: Some(Version(6)),
        counted_in: None,
    });
    for question in [
        uses,
        FleetQuestion::Unauthorized,
        FleetQuestion::Stopped,
        FleetQuestion::Unreached,
        FleetQuestion::Waiting,
    ] {
        let began = Instant::now();
        let answer = fleet_query(&ledger, &question, None).expect("answered");
        let took = began.elapsed();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        let peak = peak.unwrap_or_default();
        told.push_str(&format!("{}: {took:?}, {peak}\n", question.name()));
        longest = longest.max(took);
        assert_eq!((answer.customers, answer.matched.len()), (10_000, 0));
        assert!(answer.unknown.is_empty());
    }
    writeln!(std::io::stdout(), "{told}").expect("read");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
}
