//! Requests that are not meant well, and clients that are slow.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::sandbox::{Asker, DOCUMENT, Sent};
use crate::support::sandbox::{Sandbox, partner};

fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.url.trim_start_matches("http://")).expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("set");
    stream
}

/// Sends bytes as they are, and reads all that comes back.
fn raw(sandbox: &Sandbox, request: &[u8]) -> String {
    let mut stream = connect(sandbox);
    // It may be cut while it is sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with these lines in its head.
fn with_head(sandbox: &Sandbox, lines: &[&str]) -> String {
    let head = format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n"));
    raw(sandbox, head.as_bytes())
}

#[test]
fn only_this_machine_by_its_names_is_served() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "studio");
    let port = sandbox.url.rsplit(':').next().expect("a port");
    let bearer = format!("authorization: Bearer {}", asker.token);
    let status = |lines: &[&str]| {
        let mut all = vec!["GET /api/users/me HTTP/1.1", &bearer];
        all.extend(lines);
        let answer = with_head(&sandbox, &all);
        answer.get(9..12).unwrap_or_default().to_owned()
    };
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(status(&[&format!("host: {host}:{port}")]), "200", "{host}");
    }
    for host in [
        &format!("evil.example:{port}"),
        &format!("localhost.evil.example:{port}"),
        &format!("127.0.0.1.evil.example:{port}"),
        "localhost",
        "127.0.0.1:1",
        "",
    ] {
        assert_eq!(status(&[&format!("host: {host}")]), "403", "{host}");
    }
    assert_eq!(status(&[]), "403", "no host");
    let own = format!("host: localhost:{port}");
    assert_eq!(status(&[&own, &own]), "403", "two hosts");
    assert_eq!(status(&[&own, "origin: http://evil.example"]), "403");
    assert_eq!(status(&[&own, "origin: null"]), "403");
    let twice = with_head(
        &sandbox,
        &["GET /api/users/me HTTP/1.1", &own, &bearer, &bearer],
    );
    assert!(twice.starts_with("HTTP/1.1 401"), "{twice}");
    let answer = with_head(&sandbox, &["GET /api/users/me HTTP/1.1", &own, &bearer]);
    assert!(
        !answer.to_lowercase().contains("access-control"),
        "{answer}"
    );
}

#[test]
fn it_listens_on_the_loopback_interface_only() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let port = sandbox.url.rsplit(':').next().expect("a port");
    let listening = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let wanted = format!("{:04X}", port.parse::<u16>().expect("a port"));
    let ours: Vec<&str> = listening
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|address| address.ends_with(&format!(":{wanted}")))
        .collect();
    assert!(
        !ours.is_empty() && ours.iter().all(|address| address.starts_with("0100007F")),
        "{ours:?}"
    );
}

#[test]
fn without_a_token_nothing_is_told() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let mut asker = Asker::of(&place, &sandbox, "studio");
    let right = std::mem::take(&mut asker.token);
    let mut count = 0;
    for (path, methods) in DOCUMENT["paths"].as_object().expect("paths") {
        let path = path.replace("{managed_user_id}", "EK-1");
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        for method in methods.as_object().expect("methods").keys() {
            asker
                .ask(&method.to_uppercase(), &path, Sent::Nothing)
                .is(401);
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
    asker.ask("GET", "/api/nothing", Sent::Nothing).is(401);
    asker.ask("GET", "/", Sent::Nothing).is(404);
    for wrong in [
        "x",
        &right[..right.len() - 1],
        &format!("{right}0"),
        &right.to_uppercase(),
    ] {
        asker.token = wrong.to_owned();
        asker.ask("GET", "/api/users/me", Sent::Nothing).is(401);
    }
    asker.token = right;
    asker.get("/api/users/me");
    asker.ask("GET", "/api/nothing", Sent::Nothing).is(404);
}

#[test]
fn other_methods_are_told_which_there_are() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "studio");
    for (method, path, allowed) in [
        ("PATCH", "/api/folders", "GET, HEAD, POST"),
        ("DELETE", "/api/users/me", "GET, HEAD"),
        ("OPTIONS", "/api/custom_connectors/1", "GET, HEAD, PUT"),
        ("TRACE", "/api/recipes/1/start", "PUT"),
        ("POST", "/storage/packages/1.zip", "GET, HEAD"),
    ] {
        let told = asker.ask(method, path, Sent::Nothing).is(405);
        assert_eq!(told.headers["allow"], allowed, "{method} {path}");
    }
}

#[test]
fn bodies_that_are_too_large_are_refused_before_they_are_read() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let head = |path: &str, size: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{size}\r\n\r\n",
            sandbox.url.trim_start_matches("http://"),
            asker.token
        )
    };
    for (path, size) in [
        ("/api/packages/import/1", 100_000_001_u64),
        ("/api/packages/import/1", 1 << 60),
        ("/api/folders", (1 << 20) + 1),
        ("/api/custom_connectors", (24 << 20) + 1),
        ("/api/packages/export/1", (1 << 20) + 1),
    ] {
        let answer = raw(
            &sandbox,
            head(path, &format!("content-length: {size}")).as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    // A client that sends on without looking gets to see the answer.
    let mut sending = head("/api/folders", "content-length: 8000000").into_bytes();
    sending.resize(sending.len() + 8_000_000, b'x');
    let answer = raw(&sandbox, &sending);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // So does one that does not say how much it sends.
    let mut sending = head("/api/folders", "transfer-encoding: chunked").into_bytes();
    for _ in 0..40 {
        sending.extend(b"10000\r\n");
        sending.resize(sending.len() + 0x10000, b'x');
        sending.extend(b"\r\n");
    }
    sending.extend(b"0\r\n\r\n");
    let answer = raw(&sandbox, &sending);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    for odd in [
        "content-length: -1",
        "content-length: x",
        "transfer-encoding: odd",
    ] {
        let answer = raw(&sandbox, head("/api/folders", odd).as_bytes());
        assert!(answer.starts_with("HTTP/1.1 4"), "{odd}: {answer}");
    }
    let long = format!("x: {}", "y".repeat(1 << 20));
    let answer = raw(&sandbox, head("/api/folders", &long).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let left = std::fs::read_dir(crate::sandbox::store(&place).join("jobs")).expect("readable");
    assert_eq!(left.count(), 0);
    asker.get("/api/users/me");
}

#[test]
fn bodies_that_are_no_json_are_refused() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let deep = "[".repeat(100_000);
    for body in [&b""[..], b"{", b"\xff", b"{} {}", deep.as_bytes()] {
        asker
            .ask("POST", "/api/folders", Sent::Package(body))
            .is(400);
    }
    for odd in ["name\u{0}", "a/b", ".", "..", &"n".repeat(10_000)] {
        let told = asker.post("/api/folders", &serde_json::json!({"name": odd}));
        assert!([200, 400].contains(&told.status), "{odd}: {}", told.status);
    }
}

#[test]
fn slow_clients_are_cut_and_do_not_keep_others_out() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    // One that comes anew each time: a connection that waits for its next question is among those cut.
    let ask = || Asker::of(&place, &sandbox, "studio").get("/api/users/me");
    let mut slow = Vec::new();
    for number in 0..1000 {
        let mut stream = connect(&sandbox);
        if number % 2 == 0 {
            stream
                .write_all(b"GET /api/users/me HTTP/1.1\r\nx: ")
                .expect("sent");
        }
        slow.push(stream);
        if number % 100 == 99 {
            ask();
        }
    }
    // The last ones are cut for being slow, all others for being too many.
    for mut stream in slow {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    }
    ask();
}

#[test]
fn a_body_that_never_comes_does_not_keep_the_others_out() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "studio");
    let host = sandbox.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(&sandbox);
        let head = format!(
            "POST /api/packages/import/1 HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-length: 1000\r\n\r\nP",
            asker.token
        );
        stream.write_all(head.as_bytes()).expect("sent");
        slow.push(stream);
    }
    thread::sleep(Duration::from_millis(200));
    for _ in 0..20 {
        asker.get("/api/users/me");
    }
}

#[test]
fn a_download_that_nobody_reads_is_cut() {
    let place = crate::sandbox::stocked();
    let mut noise = 1_u64;
    let noise = (0..3_000_000).flat_map(|_| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise.to_le_bytes()
    });
    place.write("large/a.recipe.json", r#"{"name": "A"}"#);
    std::fs::write(place.path("large/a.recipe.png"), noise.collect::<Vec<_>>()).expect("written");
    let export = ["export", "large", "--for", "external", "-o", "large.zip"];
    crate::sandbox::here(&place, &export);
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let zip = crate::sandbox::package(&place, "large.zip");
    let job = asker.import(asker.folder("Warehouse"), "", &zip);
    let link = job["download_url"].as_str().expect("a link");
    let below = link.trim_start_matches(&sandbox.url);
    let host = sandbox.url.trim_start_matches("http://");
    let mut stream = connect(&sandbox);
    let request = format!("GET {below} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    thread::sleep(Duration::from_secs(25));
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        read += count;
    }
    assert!(read > 100 && read < zip.len(), "{read} of {}", zip.len());
}

#[test]
fn a_token_is_in_no_log() {
    let place = crate::sandbox::stocked();
    let sandbox = Sandbox::of(&place, &["--verbose"]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    asker.get("/api/users/me");
    let job = asker.export(asker.folder("Warehouse"));
    let link = job["download_url"].as_str().expect("a link");
    asker
        .ask("GET", link.trim_start_matches(&sandbox.url), Sent::Nothing)
        .is(200);
    let host = sandbox.url.trim_start_matches("http://");
    let odd = format!("GET /api/\x1b[31m HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    raw(&sandbox, odd.as_bytes());
    assert_eq!(sandbox.signal("TERM"), 143);
    let log = std::fs::read_to_string(place.path("sandbox.log")).expect("a log");
    assert!(log.contains("GET /api/users/me: 200"), "{log}");
    assert!(log.contains("GET /storage/packages/"), "{log}");
    assert!(
        !log.contains(&asker.token) && !log.contains("Signature"),
        "{log}"
    );
    assert!(!log.contains('\x1b'), "{log}");
}
