//! What only a ledger in PostgreSQL has to stand.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use recipack::ledger::postgres::PostgresLedger;
use recipack::ledger::{IfAbsent, Ledger, LedgerError, Login, Written};
use recipack::model::ident::Digest;
use recipack::model::rollout::{MemberNumber, Outcome, RunnerId};
use recipack::plan::rollout::progress::Event;
use recipack::plan::rollout::progress::Step;

use super::server::{Database, Server, opened};
use super::{Home, LEASE, Rollout, START, ending};

/// Each is ignored where there is no server.
macro_rules! with_postgres {
    ($($(#[$doc:meta])* fn $name:ident() $body:block)*) => {
        $(
            $(#[$doc])*
            #[test]
            #[cfg_attr(not(debian_postgres), ignore = "needs Debian's postgresql")]
            fn $name() $body
        )*
    };
}

fn refused(result: Result<PostgresLedger, LedgerError>) -> LedgerError {
    match result {
        Ok(ledger) => panic!("{} is opened", ledger.name()),
        Err(error) => error,
    }
}

/// An error with what it comes from.
fn words(error: &LedgerError) -> String {
    let source = std::error::Error::source(error);
    format!(
        "{error}: {}",
        source.map_or_else(String::new, |source| source.to_string())
    )
}

/// A step that only tells something.
fn told(ledger: &dyn Ledger, rollout: &Rollout, what: String) -> Result<Step, LedgerError> {
    let progress = ledger.progress(&rollout.id)?;
    let event = Event {
        at: START,
        who: "ada".to_owned(),
        member: None,
        what,
    };
    Ok(Step {
        event,
        ..progress.done(&RunnerId("r".to_owned()), START)
    })
}

with_postgres! {
    fn a_ledger_is_made_only_if_that_is_wanted() {
        let database = Database::new();
        let (address, login) = (database.address(), Login::default());
        let error = refused(PostgresLedger::open(&address, &login, IfAbsent::Refuse));
        assert_eq!(error.to_string(), "it can't be used as a ledger: there is none in this database");
        assert_eq!(database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'recipack'"), "0");
        database.open();
        let ledger = PostgresLedger::open(&address, &login, IfAbsent::Refuse).expect("there");
        assert!(ledger.name().starts_with("postgres://ada@/"), "{}", ledger.name());
        assert!(ledger.name().ends_with(&format!(":{}/{}", database.server.port(), database.name)));
    }

    fn a_row_that_is_damaged_is_told_whichever_it_is() {
        let database = Database::new();
        let rollout = crate::ledger::damaged::all_kinds(&mut database.open());
        let tables = [
            "rollout", "plan", "member", "target", "open_workspace", "journal", "ending", "event", "board",
            "permit",
        ];
        let all = |each: &dyn Fn(&str) -> String| -> String { tables.iter().map(|table| each(table)).collect() };
        database.psql(&format!(
            "CREATE SCHEMA kept; ALTER TABLE recipack.member DROP CONSTRAINT member_check; {}",
            all(&|table| format!("CREATE TABLE kept.{table} AS SELECT * FROM recipack.{table};"))
        ));
        let whole = all(&|table| {
            format!("DELETE FROM recipack.{table}; INSERT INTO recipack.{table} SELECT * FROM kept.{table};")
        });
        let spoilt = |sql: &str| {
            let sql = sql.replace("UPDATE ", "UPDATE recipack.");
            database.psql(&format!("SET session_replication_role = replica; {whole} {sql}"));
            let ledger: Box<dyn Ledger> = Box::new(database.open());
            (ledger, rollout.clone())
        };
        crate::ledger::damaged::damage_is_told(spoilt, |column| format!("'x'::bytea || {column}"));
    }

    fn many_make_one_ledger_at_once() {
        let database = Database::new();
        thread::scope(|scope| {
            for thread in 0..4 {
                let database = &database;
                scope.spawn(move || {
                    let name = thread.to_string();
                    Rollout::over(&name, &name, 1..=3).begun(&mut database.open());
                });
            }
        });
        assert_eq!(database.open().rollouts().expect("listed").len(), 4);
    }

    fn what_is_no_ledger_is_refused_and_left_as_it_is() {
        let database = Database::new();
        database.psql("CREATE SCHEMA recipack; CREATE TABLE recipack.other (a int)");
        let error = refused(opened(&database.address())).to_string();
        assert!(error.contains("another program's"), "{error}");
        assert_eq!(database.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'recipack'::regnamespace"), "1");

        let newer = Database::new();
        newer.open();
        newer.psql("UPDATE recipack.ledger SET format = 99");
        let error = refused(opened(&newer.address()));
        assert!(matches!(error, LedgerError::Newer { found: 99, .. }), "{error:?}");
        newer.psql("UPDATE recipack.ledger SET format = 0");
        let error = refused(opened(&newer.address())).to_string();
        assert!(error.contains("its format is unknown"), "{error}");

        let server = &database.server;
        let name = server.database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
        let error = refused(opened(&server.by_socket(&name))).to_string();
        assert!(error.contains("LATIN1"), "{error}");
        let error = refused(opened(&server.by_socket("nowhere")));
        assert!(matches!(&error, LedgerError::NoLedger(why) if why.contains("\"nowhere\" does not exist")), "{error:?}");
    }

    fn who_may_not_is_told_so() {
        let database = Database::new();
        let (server, name) = (&database.server, &database.name);
        database.psql(&format!(
            "CREATE ROLE strict_{name} LOGIN; CREATE ROLE other_{name} LOGIN; CREATE ROLE strict LOGIN PASSWORD 'canary'"
        ));
        let by = |user: &str, password: &str| {
            format!("postgres://{user}{password}@127.0.0.1:{}/{name}", server.port())
        };
        for password in ["", ":wrong-canary"] {
            let error = refused(opened(&by("strict", password)));
            assert!(matches!(error, LedgerError::Denied(_)), "{error:?}");
            assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
        }
        let login = Login {
            password: Some("canary".to_owned().into()),
            ..Login::default()
        };
        // The right one: what follows is what the role may.
        for denied in [
            opened(&by("strict", ":canary")),
            PostgresLedger::open(&by("strict", ""), &login, IfAbsent::Make),
            opened(&by(&format!("other_{name}"), "")),
        ] {
            let error = refused(denied);
            assert!(matches!(&error, LedgerError::Denied(why) if why.contains("permission denied for database")), "{error:?}");
        }
        // An administrator made the schema for it.
        database.psql("CREATE SCHEMA recipack; GRANT ALL ON SCHEMA recipack TO strict");
        let mut ledger = opened(&by("strict", ":canary")).expect("a ledger");
        assert!(!format!("{} {ledger:?}", ledger.name()).contains("canary"));
        Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        let error = refused(opened(&by(&format!("other_{name}"), "")));
        assert!(matches!(error, LedgerError::Denied(_)), "{error:?}");
        database.psql(&format!("DROP OWNED BY strict; DROP ROLE strict, strict_{name}, other_{name}"));
    }

    fn a_server_is_asked_who_it_is() {
        let database = Database::new();
        let server = &database.server;
        let with = |host: &str, authority: &str| {
            let file = server.authority_file(authority);
            opened(&format!(
                "postgres://ada@{host}:{}/{}?sslmode=verify-full&sslrootcert={}",
                server.port(), database.name, file.display()
            ))
        };
        let mut ledger = with("localhost", "ca").expect("it is the one");
        Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        assert_eq!(
            database.psql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'recipack' AND datname = current_database()"),
            "t"
        );
        for (host, authority) in [("localhost", "other"), ("127.0.0.1", "ca")] {
            let error = refused(with(host, authority));
            let LedgerError::Denied(why) = &error else {
                panic!("{error:?}");
            };
            assert!(why.contains("certificate is not trusted"), "{why}");
            assert!(why.contains("sslrootcert=FILE"), "{why}");
        }
        // Without a file those of the system are asked, of which it is none.
        let system = format!("postgres://ada@localhost:{}/{}?sslmode=verify-full", server.port(), database.name);
        refused(opened(&system));
        // What is no certificate.
        let error = opened(&format!("{system}&sslrootcert=/etc/hostname"));
        assert!(matches!(refused(error), LedgerError::NoLedger(_)));
    }

    fn nobody_there_is_told_and_may_be_tried_again() {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
        let error = refused(opened(&format!("postgres://ada@127.0.0.1:{port}/l")));
        assert!(matches!(error, LedgerError::Unavailable(_)), "{error:?}");
        assert!(words(&error).contains("refused"), "{}", words(&error));
    }

    fn a_connection_that_is_lost_is_made_again() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        let lose = || {
            database.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'recipack' AND datname = current_database()");
        };
        for number in 0..3 {
            lose();
            assert_eq!(ledger.progress(&rollout.id).expect("read").version, number);
            lose();
            let step = told(&ledger, &rollout, "x".to_owned()).expect("read");
            lose();
            assert_eq!(ledger.write(&rollout.id, &step).expect("written"), Written::Kept);
        }
        assert_eq!(database.psql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%' AND datname = current_database()"), "0");
    }

    fn what_the_server_undoes_is_done_again() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        for (code, count) in [("40001", 1), ("40P01", 2)] {
            // A sequence is not undone, so that this happens so many times.
            database.psql(&format!(
                "DROP SEQUENCE IF EXISTS tries; CREATE SEQUENCE tries;
                 CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF nextval('tries') <= {count} THEN RAISE EXCEPTION 'undone' USING ERRCODE = '{code}'; END IF;
                   RETURN NEW; END $$;
                 CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON recipack.event FOR EACH ROW EXECUTE FUNCTION fail()"
            ));
            let step = told(&ledger, &rollout, code.to_owned()).expect("read");
            assert_eq!(ledger.write(&rollout.id, &step).expect("written"), Written::Kept);
            assert_eq!(database.psql("SELECT last_value FROM tries"), (count + 1).to_string());
        }
        assert_eq!(ledger.progress(&rollout.id).expect("read").version, 2);
    }

    fn a_full_disk_is_told_and_nothing_is_kept() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        let fail = |code: &str| {
            database.psql(&format!(
                "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END $$;
                 CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON recipack.event FOR EACH ROW EXECUTE FUNCTION fail()"
            ));
        };
        fail("53100");
        let step = told(&ledger, &rollout, "x".to_owned()).expect("read");
        let error = ledger.write(&rollout.id, &step).expect_err("no room");
        assert!(matches!(error, LedgerError::Failed(_)), "{error:?}");
        assert!(words(&error).contains("no room on the server's disk"), "{}", words(&error));
        fail("25006");
        let error = ledger.write(&rollout.id, &step).expect_err("it only reads");
        assert!(matches!(error, LedgerError::Unavailable(_)), "{error:?}");
        assert!(words(&error).contains("a standby"), "{}", words(&error));
        database.psql("DROP TRIGGER fail ON recipack.event");
        assert_eq!(ledger.progress(&rollout.id).expect("read"), rollout.progress);
        assert_eq!(ledger.write(&rollout.id, &step).expect("written"), Written::Kept);
    }

    fn whoever_holds_a_roll_out_for_long_is_told_of() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut ledger);
        let step = told(&ledger, &rollout, "x".to_owned()).expect("read");
        thread::scope(|scope| {
            scope.spawn(|| database.psql("BEGIN; SELECT 1 FROM recipack.rollout FOR UPDATE; SELECT pg_sleep(13); ROLLBACK"));
            thread::sleep(Duration::from_secs(1));
            let began = Instant::now();
            ledger.progress(&rollout.id).expect("who reads does not wait");
            assert!(began.elapsed() < Duration::from_secs(1));
            let error = ledger.write(&rollout.id, &step).expect_err("it is held");
            assert!(matches!(error, LedgerError::Unavailable(_)), "{error:?}");
            assert!(words(&error).contains("lock timeout"), "{}", words(&error));
        });
        assert_eq!(ledger.write(&rollout.id, &step).expect("written"), Written::Kept);
    }

    fn what_is_acknowledged_is_on_the_disk_whatever_the_server_is_set_to() {
        let database = Database::new();
        database.open();
        database.psql(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name));
        database.psql(
            "CREATE TABLE seen (setting text);
             CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
             CREATE TRIGGER look BEFORE INSERT ON recipack.event FOR EACH ROW EXECUTE FUNCTION look()"
        );
        Rollout::over("host", "one", 1..=2).begun(&mut database.open());
        assert_eq!(database.psql("SELECT setting, current_setting('synchronous_commit') FROM seen"), "on|off");
    }

    fn an_answer_that_is_lost_is_no_answer() {
        let database = Database::new();
        let mut near = database.open();
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut near);
        let proxy = Proxy::to(database.server.port());
        let address = format!("postgres://ada@127.0.0.1:{}/{}", proxy.port, database.name);
        let mut ledger = opened(&address).expect("a ledger");
        let step = told(&ledger, &rollout, "once".to_owned()).expect("read");
        proxy.cut.store(true, Ordering::SeqCst);
        let error = ledger.write(&rollout.id, &step).expect_err("nobody answered");
        proxy.cut.store(false, Ordering::SeqCst);
        assert!(matches!(error, LedgerError::Unavailable(_)), "{error:?}");
        assert!(words(&error).contains("is not known"), "{}", words(&error));
        // It was kept; the same once more changes nothing.
        thread::sleep(Duration::from_millis(300));
        assert_eq!(ledger.progress(&rollout.id).expect("read").version, 1);
        assert_eq!(ledger.write(&rollout.id, &step).expect("looked at"), Written::Stale);
        assert_eq!(near.events(&rollout.id, 0).expect("read").len(), 2);
    }

    fn what_was_acknowledged_is_there_after_the_server_crashed() {
        let server = Server::start();
        let address = server.by_socket(&server.database(""));
        let rollout = Rollout::over("host", "one", 1..=2).begun(&mut opened(&address).expect("a ledger"));
        let stop = AtomicBool::new(false);
        let acknowledged: Vec<(Vec<String>, u32)> = thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (address, rollout, stop) = (&address, &rollout, &stop);
                    scope.spawn(move || {
                        let mut ledger = opened(address).expect("a ledger");
                        let (mut acknowledged, mut unknown) = (Vec::new(), 0);
                        for number in 0.. {
                            if stop.load(Ordering::SeqCst) {
                                break;
                            }
                            let what = format!("{writer} {number}");
                            let written = told(&ledger, rollout, what.clone())
                                .and_then(|step| ledger.write(&rollout.id, &step));
                            match written {
                                Ok(Written::Kept) => acknowledged.push(what),
                                Ok(Written::Stale) => {}
                                Err(LedgerError::Unavailable(_)) => unknown += 1,
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                        (acknowledged, unknown)
                    })
                })
                .collect();
            for _ in 0..3 {
                thread::sleep(Duration::from_millis(700));
                server.restart();
            }
            thread::sleep(Duration::from_millis(500));
            stop.store(true, Ordering::SeqCst);
            writers.into_iter().map(|writer| writer.join().expect("it ends")).collect()
        });
        let ledger = opened(&address).expect("a ledger");
        let events = ledger.events(&rollout.id, 1).expect("read");
        let version = ledger.progress(&rollout.id).expect("read").version;
        assert_eq!(version, events.len() as u64);
        let kept: BTreeSet<&str> = events.iter().map(|event| event.what.as_str()).collect();
        assert_eq!(kept.len(), events.len(), "nothing twice");
        let mut unknown = 0;
        for (of_writer, lost) in &acknowledged {
            assert!(of_writer.len() > 10, "{} of one writer", of_writer.len());
            let missing: Vec<_> = of_writer.iter().filter(|what| !kept.contains(what.as_str())).collect();
            assert!(missing.is_empty(), "{missing:?}");
            unknown += lost;
        }
        let acknowledged: usize = acknowledged.iter().map(|(of_writer, _)| of_writer.len()).sum();
        assert!(events.len() <= acknowledged + unknown as usize, "{} of {acknowledged} + {unknown}", events.len());
    }

    fn a_copy_of_the_database_goes_on() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "one", 1..=3).begun(&mut ledger);
        let hold = rollout.claimed(&mut ledger, 1, "r1", START);
        rollout.finish(&mut ledger, &hold, ending(Outcome::Applied, &["orders"]), START);
        let content = vec![7; 100_000];
        ledger.keep(&Digest::of(&content), &mut content.as_slice()).expect("kept");
        let copy = database.server.copy(&database.name);
        let mut copy = opened(&database.server.by_socket(&copy)).expect("a ledger");
        assert_eq!(copy.progress(&rollout.id).expect("read"), ledger.progress(&rollout.id).expect("read"));
        assert_eq!(copy.board().expect("read"), ledger.board().expect("read"));
        let mut came = Vec::new();
        copy.content(&Digest::of(&content), &mut came).expect("whole");
        rollout.claimed(&mut copy, 2, "r2", START);
        Rollout::over("host", "two", 4..=5).begun(&mut copy);
    }

    fn contents_and_rows_that_are_damaged_are_told() {
        let database = Database::new();
        let mut ledger = database.open();
        let content = vec![3; 9];
        let digest = Digest::of(&content);
        for spoil in [
            "UPDATE recipack.piece SET bytes = '123456789'",
            "DELETE FROM recipack.content_piece",
        ] {
            ledger.keep(&digest, &mut content.as_slice()).expect("kept");
            database.psql(spoil);
            let error = ledger.content(&digest, &mut Vec::new()).expect_err(spoil);
            assert!(matches!(error, LedgerError::Damaged(_)), "{error:?}");
            ledger.keep(&digest, &mut content.as_slice()).expect("kept anew");
            ledger.content(&digest, &mut Vec::new()).expect("whole");
        }
        let rollout = Rollout::over("host", "one", 1..=3).begun(&mut ledger);
        database.psql("DELETE FROM recipack.member WHERE number = 3");
        let error = ledger.progress(&rollout.id).expect_err("damaged");
        assert!(matches!(error, LedgerError::Corrupt(_)), "{error:?}");
        database.psql("DELETE FROM recipack.member");
        let error = ledger.progress(&rollout.id).expect_err("damaged");
        assert!(matches!(error, LedgerError::Corrupt(_)), "{error:?}");
    }

    fn what_memory_says_a_server_says() {
        super::random::the_same_is_kept_by(16, || vec![Box::new(Database::new()) as Box<dyn Home>]);
    }

    /// Printed, and judged generously.
    fn ten_thousand_members_are_read_quickly_from_a_server() {
        let database = Database::new();
        let mut ledger = database.open();
        let rollout = Rollout::over("host", "many", 1..=10_000);
        let began = Instant::now();
        let rollout = rollout.begun(&mut ledger);
        let created = began.elapsed();
        let began = Instant::now();
        let progress = ledger.progress(&rollout.id).expect("there");
        let read = began.elapsed();
        assert!(progress == rollout.progress);
        let (step, _) = progress
            .claim(MemberNumber(1), &RunnerId("r".to_owned()), START, LEASE)
            .expect("it waits");
        let began = Instant::now();
        ledger.write(&rollout.id, &step).expect("written");
        let written = began.elapsed();
        writeln!(std::io::stdout(), "created {created:?}, read {read:?}, a step {written:?}").expect("read");
        assert!(read < Duration::from_secs(1), "{read:?}");
        assert!(written < Duration::from_millis(500), "{written:?}");
    }
}

/// Passes everything on to a server, and ends a connection over which something is to be kept before
/// the answer comes.
struct Proxy {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let cut = Arc::new(AtomicBool::new(false));
        let cuts = Arc::clone(&cut);
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    return;
                };
                let (mut answers, mut back) = (
                    server.try_clone().expect("a copy"),
                    client.try_clone().expect("a copy"),
                );
                thread::spawn(move || std::io::copy(&mut answers, &mut back));
                let cuts = Arc::clone(&cuts);
                thread::spawn(move || pass(client, server, &cuts));
            }
        });
        Self { port, cut }
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, cuts: &AtomicBool) {
    let mut bytes = [0; 16_384];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let read = &bytes[..count];
        if cuts.load(Ordering::SeqCst) && read.windows(7).any(|word| word == b"COMMIT\0") {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.write_all(read);
            thread::sleep(Duration::from_millis(200));
            return;
        }
        if server.write_all(read).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}
