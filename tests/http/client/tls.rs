//! TLS and proxies: who is believed to be the platform.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use recipack::client::{Client, ClientError, Proxy};
use recipack::model::workspace::ConnectorId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::client::server::Server;
use crate::client::{CANARY, Pretended, settings, told};

fn certificate(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/client/certificates");
    folder.join(name)
}

/// A platform behind TLS, which has a certificate for `platform.test` by an authority that nobody
/// else knows. It keeps what it is told.
fn platform() -> (SocketAddr, Arc<Mutex<String>>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain =
        vec![CertificateDer::from_pem_file(certificate("platform.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(certificate("platform.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let (config, listener) = (
        Arc::new(config),
        TcpListener::bind("127.0.0.1:0").expect("a port"),
    );
    let address = listener.local_addr().expect("an address");
    let heard = Arc::<Mutex<String>>::default();
    let kept = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut tls = StreamOwned::new(connection, stream);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                match tls.read(&mut byte) {
                    Ok(1) => head.push(byte[0]),
                    _ => break,
                }
            }
            kept.lock()
                .expect("whole")
                .push_str(&String::from_utf8_lossy(&head));
            let body = r#"{"id": 48213}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = tls.write_all(answer.as_bytes());
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    });
    (address, heard)
}

/// A proxy that leads everything to one place. It keeps what it is told.
fn proxy(to: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&heard);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            kept.lock()
                .expect("whole")
                .push(String::from_utf8_lossy(&head).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let there = TcpStream::connect(to).expect("there");
            let (mut from, mut onto) = (
                stream.try_clone().expect("a clone"),
                there.try_clone().expect("a clone"),
            );
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut onto);
                let _ = onto.shutdown(std::net::Shutdown::Write);
            });
            thread::spawn(move || {
                let mut there = there;
                let _ = std::io::copy(&mut there, &mut stream);
                let _ = stream.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (format!("http://joe:open%20sesame@{address}"), heard)
}

fn client(
    base: &str,
    ca: Option<&str>,
    proxy: Option<String>,
) -> (Result<Client, ClientError>, Pretended) {
    let pauses = Pretended::default();
    let mut settings = settings(base);
    settings.ca = ca.map(certificate);
    settings.proxy = proxy.map(|url| Proxy {
        url,
        not_for: Vec::new(),
    });
    (Client::new(settings, Box::new(pauses.clone())), pauses)
}

#[test]
fn an_authority_of_ones_own_is_believed_where_it_is_named() {
    let (platform, heard) = platform();
    let (proxy, told) = proxy(platform);
    let (client, _) = client("https://platform.test", Some("authority.pem"), Some(proxy));
    let me = client.expect("a client").me().expect("believed");
    assert_eq!(me.id.0, 48_213);
    let heard = heard.lock().expect("whole");
    assert!(heard.contains(&format!("Bearer {CANARY}")), "{heard}");
    let told = told.lock().expect("whole");
    assert!(
        told[0].starts_with("CONNECT platform.test:443 "),
        "{told:?}"
    );
    // joe:open sesame
    assert!(
        told[0]
            .to_lowercase()
            .contains("proxy-authorization: basic am9lom9wzw4gc2vzyw1l"),
        "{told:?}"
    );
    assert!(!told[0].contains("canary"), "{told:?}");
}

#[test]
fn nobody_else_is_believed() {
    let (platform, heard) = platform();
    for (host, ca) in [
        ("platform.test", None),
        ("other.test", Some("authority.pem")),
        ("platform.test", Some("platform.pem")),
    ] {
        let (proxy, _) = proxy(platform);
        let (client, pauses) = client(&format!("https://{host}"), ca, Some(proxy));
        let client = client.expect("a client");
        for error in [
            client.me().expect_err(host),
            client
                .release_connector(recipack::model::workspace::ConnectorId(1))
                .expect_err(host),
        ] {
            assert!(
                matches!(error, ClientError::Unavailable { attempts: 1, .. }),
                "{error:?}"
            );
            assert!(told(&error).contains("certificate"), "{}", told(&error));
        }
        assert!(
            pauses.made().is_empty(),
            "it will not be another one next time"
        );
    }
    assert_eq!(*heard.lock().expect("whole"), "", "it was told nothing");
}

#[test]
fn a_proxy_that_refuses_is_named() {
    for (answer, sent_again) in [
        ("407 Proxy Authentication Required", false),
        ("403 Forbidden", false),
        ("502 Bad Gateway", true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                    head.push(byte[0]);
                }
                let _ = write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let url = format!("http://joe:open%20sesame@{address}");
        let (client, pauses) = client("https://platform.test", None, Some(url));
        let client = client.expect("a client");
        let error = client
            .release_connector(ConnectorId(1))
            .expect_err("refused");
        let text = told(&error);
        assert!(
            text.contains(&format!("the proxy {address} refuses")),
            "{text}"
        );
        assert!(!text.contains("sesame"), "{text}");
        assert!(
            matches!(error, ClientError::Unavailable { .. }),
            "{error:?}"
        );
        assert_eq!(!pauses.made().is_empty(), sent_again, "{answer}: {text}");
    }
}

#[test]
fn this_machine_is_not_spoken_to_through_a_proxy() {
    let server = Server::answering(|_| crate::client::server::json(200, r#"{"id": 1}"#));
    let (proxy, told) = proxy(server.address);
    let (client, _) = client(&server.base(), None, Some(proxy));
    client.expect("a client").me().expect("told");
    assert!(told.lock().expect("whole").is_empty());
}

#[test]
fn settings_that_can_not_be_used_are_named() {
    for (ca, proxy, wrong) in [
        (
            Some("nowhere.pem"),
            None,
            "nowhere.pem can't be used: the file can't be read",
        ),
        (
            Some("platform.key"),
            None,
            "platform.key can't be used: there is none in it",
        ),
        (
            None,
            Some("socks5://p:1"),
            "the proxy can't be used: only proxies that are spoken to by http",
        ),
        (
            None,
            Some("http://joe:sesame@"),
            "the proxy can't be used: its address is none",
        ),
    ] {
        let (client, _) = client("https://platform.test", ca, proxy.map(str::to_owned));
        let error = client.expect_err(wrong);
        assert!(told(&error).contains(wrong), "{}", told(&error));
        assert!(!format!("{error:?}").contains("sesame"));
    }
    let mut settings = settings("https://platform.test");
    settings.token.secret = format!("{CANARY}\r\nX-Evil: 1").into();
    let error = Client::new(settings, Box::new(Pretended::default())).expect_err("no token");
    assert!(
        told(&error).contains("the token from a test holds characters"),
        "{}",
        told(&error)
    );
}
