//! Debian's docker-registry with TLS and logins. Where it is not installed these tests are shown as
//! ignored, and one fails if the variable `RECIPACK_NEEDS_REGISTRY` is set.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{PASSWORD, USER, command, log_in, place};
use crate::support::{Place, Run};

/// A registry that ends with the value.
struct Registry {
    process: Child,
    host: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_registry_is_at_hand_where_it_is_needed() {
    let needed = std::env::var_os("RECIPACK_NEEDS_REGISTRY").is_some();
    assert!(
        cfg!(debian_registry) || !needed,
        "docker-registry is needed, and was not there when the tests were built"
    );
}

fn has_done(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    output.stdout
}

impl Registry {
    fn of(place: &Place) -> Self {
        let folder = place.folder.path();
        has_done(Command::new("openssl").current_dir(folder).args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "registry.key",
            "-out",
            "registry.pem",
        ]));
        let logins = has_done(Command::new("htpasswd").args(["-Bbn", USER, PASSWORD]));
        fs::write(place.path("htpasswd"), logins).expect("written");
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("an address").port()
        };
        let at = folder.display();
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {at}/stored}}}}\nhttp:\n  addr: 127.0.0.1:{port}\n  tls: {{certificate: {at}/registry.pem, key: {at}/registry.key}}\nauth: {{htpasswd: {{realm: here, path: {at}/htpasswd}}}}\n"
        );
        let config = place.write("registry.yml", &config);
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let registry = Self {
            process,
            host: format!("localhost:{port}"),
        };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return registry;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the registry does not listen");
    }

    fn at(&self, selector: &str) -> String {
        format!("oci://{}/kestrel/orders{selector}", self.host)
    }
}

/// The program, which trusts the registry's certificate.
fn trusting(place: &Place, arguments: &[&str]) -> Command {
    let mut command = command(place, arguments);
    command.env("RECIPACK_CA_FILE", place.path("registry.pem"));
    command
}

fn run(place: &Place, arguments: &[&str]) -> Run {
    trusting(place, arguments)
        .output()
        .expect("it starts")
        .into()
}

fn done(place: &Place, arguments: &[&str]) -> String {
    let run = run(place, arguments);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, 0, "{arguments:?}: {told}");
    assert!(!told.contains("canary"), "{told}");
    run.stdout
}

#[test]
#[cfg_attr(
    not(debian_registry),
    ignore = "needs Debian's docker-registry and apache2-utils"
)]
fn a_registry_of_others_takes_packages_and_gives_them_back() {
    let place = place();
    let registry = Registry::of(&place);
    let at = registry.at(":1.0");
    let untrusted: Run = command(&place, &["push", "orders.zip", &at])
        .output()
        .expect("it starts")
        .into();
    assert_eq!(untrusted.code, 1, "{}", untrusted.stderr);
    assert!(
        untrusted.stderr.contains("error[registry-unreachable]"),
        "{}",
        untrusted.stderr
    );
    assert!(
        untrusted.stderr.contains("--ca-file"),
        "{}",
        untrusted.stderr
    );
    let stranger = run(&place, &["push", "orders.zip", &at]);
    assert_eq!(stranger.code, 77, "{}", stranger.stderr);
    log_in(&place, &registry.host);
    let pushed: serde_json::Value =
        serde_json::from_str(&done(&place, &["push", "orders.zip", &at, "--json"])).expect("JSON");
    let address = pushed["address"].as_str().expect("text");
    let other = run(&place, &["push", "other.zip", &at]);
    assert_eq!(other.code, 3, "{}", other.stderr);
    done(&place, &["pull", address, "-o", "pulled.zip"]);
    for (here, came) in [
        ("orders.zip", "pulled.zip"),
        ("orders.recipack.json", "pulled.recipack.json"),
    ] {
        let (here, came) = (fs::read(place.path(here)), fs::read(place.path(came)));
        assert!(here.expect("there") == came.expect("there"));
    }
    done(&place, &["sign", "orders.zip", "--key", "keys/test.key"]);
    done(&place, &["sbom", "orders.zip"]);
    done(&place, &["attest", "orders.zip"]);
    fs::create_dir(place.path("again")).expect("made");
    // Two at once, for a list that nobody but they keep.
    let attaching = [
        "orders.zip.minisig",
        "orders.cdx.json",
        "orders.intoto.json",
    ]
    .map(|file| {
        let mut command = trusting(&place, &["attach", &at, file]);
        command.stdout(Stdio::null()).spawn().expect("it starts")
    });
    for mut child in attaching {
        assert!(child.wait().expect("it ends").success());
    }
    let found = done(&place, &["discover", &at, "--json"]);
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    let found = found["attachments"].as_array().expect("a list");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|one| one["listed"] == true), "{found:?}");
    done(&place, &["verify", &at, "--key", "keys/test.pub"]);
    // Made of what is there, it is the same, and attached once.
    done(
        &place,
        &["sbom", address, "--attach", "-o", "again/orders.cdx.json"],
    );
    let bills = ["orders.cdx.json", "again/orders.cdx.json"];
    let [made, again] = bills.map(|file| fs::read(place.path(file)).expect("there"));
    assert!(made == again);
    let found = done(&place, &["discover", address, "--json"]);
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    assert_eq!(found["attachments"].as_array().map(Vec::len), Some(3));
    assert_eq!(done(&place, &["tags", &registry.at("")]), "1.0\n");
}

#[test]
#[cfg_attr(
    not(debian_registry),
    ignore = "needs Debian's docker-registry and apache2-utils"
)]
fn a_push_that_is_killed_leaves_no_tag() {
    let place = place();
    let registry = Registry::of(&place);
    log_in(&place, &registry.host);
    let at = registry.at(":1.0");
    // Whenever it is killed, the tag is there with all of the package, or is not.
    for milliseconds in [20, 60, 100, 150, 200, 300] {
        let mut push = trusting(&place, &["push", "orders.zip", &at]);
        let mut push = push.stdout(Stdio::null()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        push.kill().expect("killed");
        push.wait().expect("ended");
        let pulled = run(&place, &["pull", &at, "-o", "pulled.zip"]);
        match pulled.code {
            0 => {
                let (here, came) = (
                    fs::read(place.path("orders.zip")),
                    fs::read(place.path("pulled.zip")),
                );
                assert!(here.expect("there") == came.expect("there"));
            }
            code => {
                assert_eq!(code, 1, "{}", pulled.stderr);
                assert!(
                    pulled.stderr.contains("error[not-in-registry]"),
                    "{}",
                    pulled.stderr
                );
            }
        }
    }
    done(&place, &["push", "orders.zip", &at]);
}
