//! What goes wrong on the line.

use std::io::Write;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use recipack::client::{
    ClientError, ConnectorDraft, FolderId, HomeAssets, RecipeId, RestartRecipes, Tags, Upload,
};
use recipack::model::workspace::ConnectorId;

use crate::client::server::{Server, Step, again, answer, json, silence, then};
use crate::client::{OWN, Pretended, client, client_with, impatient, told};

const ME: &str = r#"{"id": 42, "name": "Kestrel"}"#;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Sends some bytes and hangs up.
fn cut_off(bytes: &'static [u8]) -> Step {
    then(move |stream| stream.write_all(bytes))
}

fn draft() -> ConnectorDraft {
    ConnectorDraft {
        title: "Parcel Tracker".to_owned(),
        code: "{ title: 'Parcel Tracker' }".to_owned(),
        description: None,
        note: None,
        logo: None,
    }
}

#[test]
fn what_may_pass_is_asked_again() {
    let broken: Vec<(&str, Step)> = vec![
        (
            "short",
            cut_off(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\""),
        ),
        ("no answer", cut_off(b"")),
        ("reset", Step::HangUp),
        ("half a head", cut_off(b"HTTP/1.1 200 OK\r\nContent-")),
        (
            "bad chunk",
            cut_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        ),
        (
            "chunk cut off",
            cut_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"id\""),
        ),
        ("no HTTP", cut_off(b"SSH-2.0-OpenSSH_9.2\r\n")),
        (
            "500",
            json(500, r#"{"message": "Server error", "id": "3188c2d0"}"#),
        ),
        (
            "502",
            answer(
                502,
                &[("Content-Type", "text/html")],
                "<html>Bad gateway</html>",
            ),
        ),
        ("503", json(503, "")),
        ("504", json(504, "null")),
        ("408", json(408, "{}")),
        ("429", json(429, r#"{"message": "Too many requests"}"#)),
    ];
    for (what, step) in broken {
        let server = Server::with(vec![step, json(200, ME)]);
        let pauses = Pretended::default();
        let me = client_with(&server, &pauses, |_| ()).me();
        assert_eq!(me.expect(what).id.0, 42);
        assert_eq!(server.asked().len(), 2, "{what}");
        assert_eq!(pauses.made().len(), 1, "{what}");
    }
}

#[test]
fn what_does_not_pass_is_given_up() {
    let server = Server::answering(|_| {
        answer(
            503,
            &[("X-Request-Id", "r-1")],
            r#"{"message": "Maintenance"}"#,
        )
    });
    let pauses = Pretended::default();
    let error = client_with(&server, &pauses, |settings| {
        settings.retries.attempts = NonZeroU32::new(4).expect("not zero");
    })
    .me()
    .expect_err("never answers");
    assert!(
        matches!(error, ClientError::Unavailable { attempts: 4, .. }),
        "{error:?}"
    );
    assert_eq!(
        told(&error),
        format!(
            "GET /api/users/me at {} (request r-1): no answer after 4 attempts: the platform answers 503: Maintenance",
            server.address
        )
    );
    assert_eq!((server.asked().len(), pauses.made().len()), (4, 3));
}

#[test]
fn all_attempts_together_have_an_end() {
    let server = Server::answering(|_| answer(503, &[("Retry-After", "50")], ""));
    let pauses = Pretended::default();
    let error = client_with(&server, &pauses, |_| ())
        .me()
        .expect_err("never answers");
    assert!(
        matches!(error, ClientError::Unavailable { attempts: 4, .. }),
        "{error:?}"
    );
    let waited: Duration = pauses.made().iter().sum();
    assert!(
        waited >= seconds(150) && waited <= seconds(180),
        "{waited:?}"
    );
}

#[test]
fn the_wait_that_is_asked_for_is_kept() {
    let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (header, least, most) in [
        ("7", 7_000, 7_500),
        ("Sun, 06 Nov 1994 08:49:49 GMT", 12_000, 12_500),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 4_000, 8_000),
        ("-30", 4_000, 8_000),
        ("soon", 4_000, 8_000),
        ("0", 4_000, 8_000),
    ] {
        let limited = answer(429, &[("Retry-After", header), date], "");
        let server = Server::with(vec![limited, json(200, ME)]);
        let pauses = Pretended::default();
        client_with(&server, &pauses, |_| ()).me().expect(header);
        let made = pauses.made();
        let wait = made.first().map(Duration::as_millis).expect("a pause");
        assert!((least..=most).contains(&wait), "{header}: {wait}");
    }
}

#[test]
fn a_wait_that_is_too_long_ends_it_at_once() {
    for (header, wait) in [
        ("3600", seconds(3600)),
        ("99999999999999999999999", Duration::MAX),
    ] {
        let server = Server::answering(move |_| answer(429, &[("Retry-After", header)], ""));
        let pauses = Pretended::default();
        let error = client_with(&server, &pauses, |_| ())
            .me()
            .expect_err("limited");
        assert!(
            matches!(error, ClientError::RateLimited { wait: Some(told), .. } if told == wait),
            "{error:?}"
        );
        assert_eq!((server.asked().len(), pauses.made()), (1, Vec::new()));
        assert!(told(&error).contains("too many requests"));
    }
}

#[test]
fn what_may_have_been_done_is_sent_once() {
    type Fault = fn() -> Step;
    let lost: Vec<(&str, Fault)> = vec![
        ("no answer", || cut_off(b"")),
        ("half an answer", || {
            cut_off(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
        }),
        ("silence", || then(silence)),
        ("a head without end", || {
            then(|s| again(s, &[b'x'; 4096], Duration::ZERO))
        }),
        ("500", || json(500, r#"{"message": "Server error"}"#)),
        ("502", || json(502, "")),
        ("503", || json(503, "")),
        ("504", || json(504, "")),
        ("408", || json(408, "")),
    ];
    let package = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(package.path(), [7; 100_000]).expect("written");
    let upload = Upload {
        folder: FolderId(5),
        package: package.path(),
        restart: RestartRecipes::Forbidden,
        tags: Tags::Drop,
        home: HomeAssets::Home,
    };
    for (what, step) in lost {
        let server = Server::answering(move |_| step());
        let client = client_with(&server, &Pretended::default(), |settings| {
            settings.timeouts.request = Duration::from_millis(500);
            settings.timeouts.per_megabyte = Duration::ZERO;
        });
        let own = client.account(&OWN);
        let errors = [
            own.start_import(&upload).expect_err(what),
            own.create_folder("Orders", None).expect_err(what),
            client
                .update_connector(ConnectorId(7), &draft())
                .expect_err(what),
            client.release_connector(ConnectorId(7)).expect_err(what),
        ];
        let whats = [
            "import into folder 5",
            "create folder `Orders`",
            "update connector `Parcel Tracker`",
            "release connector 7",
        ];
        for (error, meant) in errors.iter().zip(whats) {
            assert!(
                matches!(error, ClientError::Lost { what, .. } if what == meant),
                "{what}: {error:?}"
            );
            assert!(told(error).contains("not known whether"), "{what}");
        }
        let mut lines = server.lines();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(
            (server.asked().len(), lines.len()),
            (4, 4),
            "{what}: each once"
        );
    }
}

#[test]
fn what_was_certainly_not_done_is_sent_again() {
    let server = Server::with(vec![
        answer(429, &[("Retry-After", "1")], ""),
        json(200, r#"{"id": 9, "name": "Orders"}"#),
    ]);
    let folder = client(&server).account(&OWN).create_folder("Orders", None);
    assert_eq!(folder.expect("made").id, FolderId(9));
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].body, asked[1].body);
}

#[test]
fn nobody_there_is_no_lost_answer() {
    // A port that was free a moment ago, at an address that no other test's server takes it at meanwhile.
    let own = std::net::TcpListener::bind("127.0.0.77:0");
    let listener = own.or_else(|_| std::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let pauses = Pretended::default();
    let settings = crate::client::settings(&format!("http://{address}"));
    let client = recipack::client::Client::new(settings, Box::new(pauses.clone()));
    let client = client.expect("a client");
    let own = client.account(&OWN);
    for error in [
        own.create_folder("Orders", None).expect_err("nobody"),
        own.stop_recipe(RecipeId(3)).expect_err("nobody"),
        client.me().expect_err("nobody"),
    ] {
        assert!(
            matches!(error, ClientError::Unavailable { attempts: 6, .. }),
            "{error:?}"
        );
        assert!(
            told(&error).to_lowercase().contains("refused"),
            "{}",
            told(&error)
        );
    }
    assert_eq!(pauses.made().len(), 15);
}

#[test]
fn what_changes_something_has_a_connection_of_its_own() {
    // The server closes a connection after an answer and does not say so beforehand.
    let closing = |body: &'static str| {
        then(move |s| {
            let length = body.len();
            write!(
                s,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            )
        })
    };
    let folder = r#"{"id": 9, "name": "Orders"}"#;
    let server = Server::with(vec![
        json(200, ME),
        json(200, ME),
        closing(ME),
        json(200, folder),
    ]);
    let client = client(&server);
    for _ in 0..3 {
        client.me().expect("told");
    }
    client
        .account(&OWN)
        .create_folder("Orders", None)
        .expect("made");
    let connections: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.connection)
        .collect();
    assert_eq!(connections, [0, 0, 0, 1], "questions share one");
}

#[test]
fn half_an_upload_is_no_lost_answer_and_not_sent_again() {
    let package = tempfile::NamedTempFile::new().expect("a file");
    package.as_file().set_len(64_000_000).expect("room");
    let server = Server::answering(|_| Step::HangUp);
    let client = client(&server);
    let upload = Upload {
        folder: FolderId(5),
        package: package.path(),
        restart: RestartRecipes::Allowed,
        tags: Tags::Keep,
        home: HomeAssets::Home,
    };
    let error = client
        .account(&OWN)
        .start_import(&upload)
        .expect_err("cut off");
    assert!(
        matches!(error, ClientError::Unavailable { attempts: 1, .. }),
        "{error:?}"
    );
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_package_that_is_not_there_is_not_sent() {
    let server = Server::with(Vec::new());
    let client = client(&server);
    let upload = Upload {
        folder: FolderId(5),
        package: std::path::Path::new("/nowhere/orders.zip"),
        restart: RestartRecipes::Allowed,
        tags: Tags::Keep,
        home: HomeAssets::Home,
    };
    let error = client
        .account(&OWN)
        .start_import(&upload)
        .expect_err("not there");
    assert!(
        told(&error).starts_with("can't read /nowhere/orders.zip: "),
        "{}",
        told(&error)
    );
    assert!(server.asked().is_empty());
}

#[test]
fn a_deletion_that_was_lost_and_then_finds_nothing_is_done() {
    let own_work = vec![cut_off(b""), json(404, r#"{"message": "Not found"}"#)];
    let server = Server::with(own_work);
    let client = client(&server);
    client.unshare_connector(ConnectorId(7)).expect("done");
    let server = Server::with(vec![json(404, r#"{"message": "Not found"}"#)]);
    let error = crate::client::client(&server)
        .unshare_connector(ConnectorId(7))
        .expect_err("never was");
    assert!(matches!(error, ClientError::NotFound { .. }), "{error:?}");
}

#[test]
fn changes_of_which_nothing_is_heard_are_not_said_to_have_failed() {
    let server = Server::answering(|_| cut_off(b""));
    let client = client(&server);
    let error = client
        .account(&OWN)
        .stop_recipe(RecipeId(3))
        .expect_err("never answers");
    assert!(
        matches!(&error, ClientError::Lost { what, .. } if what == "stop recipe 3"),
        "{error:?}"
    );
    assert_eq!(server.asked().len(), 6, "stopping twice does no harm");
}

#[test]
fn deadlines_are_kept() {
    let slow: Vec<(&str, Step)> = vec![
        ("silence", then(silence)),
        (
            "slow head",
            then(|s| {
                s.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ")?;
                again(s, b"x", Duration::from_millis(50))
            }),
        ),
        (
            "slow body",
            then(|s| {
                s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
                again(s, b"x", Duration::from_millis(50))
            }),
        ),
        (
            "slow chunks",
            then(|s| {
                s.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                again(s, b"1\r\n \r\n", Duration::from_millis(50))
            }),
        ),
        (
            "slow refusal",
            then(|s| {
                s.write_all(b"HTTP/1.1 503 X\r\nContent-Length: 100000\r\n\r\n")?;
                again(s, b"x", Duration::from_millis(50))
            }),
        ),
    ];
    for (what, step) in slow {
        let server = Server::with(vec![step]);
        let client = client_with(&server, &Pretended::default(), |settings| {
            settings.retries.attempts = NonZeroU32::MIN;
            settings.timeouts.request = seconds(1);
        });
        let start = Instant::now();
        let error = client.me().expect_err(what);
        let taken = start.elapsed();
        assert!(
            matches!(error, ClientError::Unavailable { .. }),
            "{what}: {error:?}"
        );
        assert!(taken.as_millis() >= 900, "{what}: {taken:?}");
    }
}

#[test]
fn answers_have_bounds() {
    let server = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\n")?;
        let field = format!("X-Field: {}\r\n", "x".repeat(1000));
        again(s, field.as_bytes(), Duration::ZERO)
    })]);
    let error = impatient(&server).me().expect_err("too large a head");
    assert!(
        matches!(error, ClientError::TooLarge { limit: 65_536, .. }),
        "{error:?}"
    );

    let server = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
        again(s, chunk.as_bytes(), Duration::ZERO)
    })]);
    let error = impatient(&server).me().expect_err("too large a body");
    assert!(
        matches!(
            error,
            ClientError::TooLarge {
                limit: 67_108_864,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn nothing_compressed_is_unpacked() {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let server = Server::with(vec![answer(200, &[("Content-Encoding", "gzip")], bomb)]);
    let error = impatient(&server).me().expect_err("compressed");
    assert!(told(&error).contains("compressed"), "{}", told(&error));
    assert_eq!(
        server.asked()[0].header("accept-encoding"),
        Some("identity")
    );
}

#[test]
fn stopping_is_heard_while_waiting() {
    // A pause between attempts.
    let server = Server::answering(|_| json(503, ""));
    let pauses = Pretended::default();
    pauses
        .patience
        .store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
    let limited = Server::answering(|_| answer(429, &[("Retry-After", "5")], ""));
    for server in [&server, &limited] {
        let stopping = StopInPauses;
        let settings = crate::client::settings(&server.base());
        let client = recipack::client::Client::new(settings, Box::new(stopping)).expect("a client");
        assert!(matches!(client.me(), Err(ClientError::Cut(_))));
        assert_eq!(server.asked().len(), 1);
    }
    // An answer that does not come.
    let server = Server::answering(|_| then(silence));
    let pauses = Pretended::default().stop_at(8);
    let client = client_with(&server, &pauses, |_| ());
    assert!(matches!(client.me(), Err(ClientError::Cut(_))));
    // The same, where something is changed meanwhile.
    let pauses = Pretended::default().stop_at(8);
    let client = client_with(&server, &pauses, |_| ());
    let error = client
        .account(&OWN)
        .create_folder("Orders", None)
        .expect_err("stopped");
    assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
    assert!(told(&error).ends_with("interrupted"), "{}", told(&error));
    // Before anything is sent.
    let pauses = Pretended::default().stop_at(1);
    let server = Server::with(Vec::new());
    let client = client_with(&server, &pauses, |_| ());
    let error = client
        .account(&OWN)
        .create_folder("Orders", None)
        .expect_err("stopped");
    assert!(matches!(error, ClientError::Cut(_)), "{error:?}");
    assert!(server.asked().is_empty());
}

/// Somebody asks to stop as soon as there is nothing to do.
struct StopInPauses;

impl recipack::client::Clock for StopInPauses {
    fn pause(&self, length: Duration) -> Result<(), recipack::client::Cut> {
        if length.is_zero() {
            Ok(())
        } else {
            Err(recipack::client::Cut)
        }
    }
}
