//! A registry that lies, or another service in its place: what is wrong is said, and nothing is taken.

use std::sync::Arc;

use super::stand_in::{Kept, StandIn, Subjects, told};
use super::{done, ends, log_in, place};
use crate::stage::{Asked, Stage, Told};
use crate::support::Place;

/// A registry with the package, which lies from now on.
fn with_package(
    lie: impl Fn(&Asked, &Kept) -> Option<Told> + Send + Sync + 'static,
) -> (Place, StandIn, Arc<std::sync::atomic::AtomicBool>) {
    use std::sync::atomic::{AtomicBool, Ordering};
    let lies = Arc::new(AtomicBool::new(false));
    let lying = Arc::clone(&lies);
    let registry = StandIn::lying(Subjects::Unknown, move |asked, kept| {
        match lying.load(Ordering::SeqCst) {
            true => lie(asked, &kept.lock().expect("whole")),
            false => None,
        }
    });
    let place = place();
    done(&place, &["push", "orders.zip", &registry.at(":1.0")]);
    lies.store(true, Ordering::SeqCst);
    (place, registry, lies)
}

/// Whether somebody asks for the zip, whose bytes begin so.
fn zip<'k>(asked: &Asked, kept: &'k Kept) -> Option<&'k Vec<u8>> {
    let digest = asked.path.rsplit('/').next()?;
    let blob = kept.blobs.get(digest).filter(|_| asked.method == "GET")?;
    blob.starts_with(b"PK").then_some(blob)
}

/// A pull that ends so and writes nothing.
fn refused(place: &Place, from: &str, code: i32, error: &str, words: &[&str]) {
    let before = place.names();
    let told = ends(place, &["pull", from, "-o", "pulled.zip"], code, error);
    for words in words {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(place.names(), before, "nothing is written");
    let told = ends(place, &["show", from], code, error);
    assert!(!told.contains("recipe"), "{told}");
}

#[test]
fn other_bytes_are_refused() {
    let (place, registry, _) = with_package(|asked, kept| {
        let mut bytes = zip(asked, kept)?.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Some(told(200, &[], bytes))
    });
    let words = ["blob sha256:", "its digest is sha256:"];
    refused(&place, &registry.at(":1.0"), 4, "registry-digest", &words);
}

#[test]
fn more_and_fewer_bytes_are_refused() {
    for (change, words) in [
        (
            (|bytes| bytes.extend([0; 100_000])) as fn(&mut Vec<u8>),
            "it has more than ",
        ),
        (|bytes| bytes.truncate(10), "it has 10 bytes, not "),
    ] {
        let (place, registry, _) = with_package(move |asked, kept| {
            let mut bytes = zip(asked, kept)?.clone();
            change(&mut bytes);
            Some(told(200, &[], bytes))
        });
        refused(&place, &registry.at(":1.0"), 4, "registry-digest", &[words]);
    }
}

#[test]
fn another_manifest_is_refused() {
    let (place, registry, _) = with_package(|asked, _| {
        let other = r#"{"schemaVersion": 2, "config": {}, "layers": []}"#;
        let is_manifest = asked.path.contains("/manifests/sha256:");
        is_manifest.then(|| told(200, &[("Content-Type", "application/json")], other))
    });
    let digest = registry.kept.lock().expect("whole").tags["1.0"].clone();
    let words = ["its digest is sha256:", digest.as_str()];
    refused(
        &place,
        &registry.at(&format!("@{digest}")),
        4,
        "registry-digest",
        &words,
    );
}

#[test]
fn a_page_for_people_is_told_as_one() {
    let page = "<!DOCTYPE html><html><title>Log in</title></html>";
    let (place, registry, _) = with_package(move |asked, _| {
        let html = [("Content-Type", "text/html")];
        asked
            .path
            .contains("/manifests/")
            .then(|| told(200, &html, page))
    });
    let words = ["a page for people"];
    refused(&place, &registry.at(":1.0"), 1, "registry-answer", &words);
}

#[test]
fn a_manifest_without_end_is_not_read_to_its_end() {
    let (place, registry, _) = with_package(|asked, _| {
        let endless = || vec![b' '; 5 << 20];
        asked
            .path
            .contains("/manifests/")
            .then(|| told(200, &[], endless()))
    });
    let words = ["more than 4194304 bytes"];
    refused(&place, &registry.at(":1.0"), 1, "registry-answer", &words);
}

#[test]
fn who_is_asked_again_and_again_who_it_is_stops() {
    let (place, registry, _) = with_package(|asked, _| {
        let basic = [("WWW-Authenticate", "Basic realm=\"here\"")];
        asked
            .path
            .contains("/manifests/")
            .then(|| told(401, &basic, "{}"))
    });
    refused(
        &place,
        &registry.at(":1.0"),
        77,
        "registry-login",
        &["docker login"],
    );
    log_in(&place, &registry.host());
    let before = registry.asked().len();
    let words = ["config.json", "log in again"];
    refused(&place, &registry.at(":1.0"), 77, "registry-login", &words);
    let asked = registry.asked().len() - before;
    assert!(asked <= 4, "{asked} requests of two commands");
}

#[test]
fn tokens_are_not_asked_for_elsewhere_without_tls() {
    let (place, registry, _) = with_package(|asked, _| {
        let realm = "Bearer realm=\"http://tokens.example/token\",service=\"x\"";
        let bearer = [("WWW-Authenticate", realm)];
        asked
            .path
            .contains("/manifests/")
            .then(|| told(401, &bearer, "{}"))
    });
    log_in(&place, &registry.host());
    let words = ["http://tokens.example/token", "it is not TLS"];
    refused(&place, &registry.at(":1.0"), 1, "registry-diverted", &words);
    let mut asked = registry.asked().into_iter();
    assert!(asked.all(|asked| !asked.headers.contains_key("authorization")));
}

#[test]
fn an_answer_that_leads_to_another_host_is_followed_without_the_login() {
    let elsewhere = Arc::new(std::sync::Mutex::new(Vec::new()));
    let bytes = Arc::clone(&elsewhere);
    let storage = Stage::new(move |_| told(200, &[], bytes.lock().expect("whole").clone()));
    let to = format!("{}/there", storage.url());
    let (place, registry, _) = with_package(move |asked, kept| {
        if !asked.headers.contains_key("authorization") && asked.path.contains("kestrel") {
            return Some(told(401, &[("WWW-Authenticate", "Basic realm=x")], "{}"));
        }
        zip(asked, kept).map(|_| told(307, &[("Location", &to)], ""))
    });
    log_in(&place, &registry.host());
    *elsewhere.lock().expect("whole") = std::fs::read(place.path("orders.zip")).expect("there");
    done_with_login(&place, &registry);
    let asked = storage.asked();
    assert_eq!(asked.last().expect("asked").path, "/there");
    for asked in asked {
        assert!(!asked.headers.contains_key("authorization"), "{asked:?}");
    }
}

fn done_with_login(place: &Place, registry: &StandIn) {
    done(place, &["pull", &registry.at(":1.0"), "-o", "pulled.zip"]);
    let with = registry
        .asked()
        .into_iter()
        .filter(|asked| asked.headers.contains_key("authorization"));
    assert!(with.count() >= 2, "the registry itself gets the login");
}

#[test]
fn where_an_answer_leads_without_tls_or_without_end_is_not_gone() {
    for (to, error, words) in [
        (
            "http://storage.example/x",
            "registry-diverted",
            "it is not TLS",
        ),
        (
            "file:///etc/passwd",
            "registry-diverted",
            "no place on the network",
        ),
        ("?again", "registry-answer", "it leads on and on"),
    ] {
        let (place, registry, _) = with_package(move |asked, kept| {
            let is_zip = zip(asked, kept).is_some();
            is_zip.then(|| told(307, &[("Location", to)], ""))
        });
        refused(&place, &registry.at(":1.0"), 1, error, &[words]);
    }
}

#[test]
fn nothing_is_written_to_another_host() {
    let other = Stage::new(|_| told(201, &[], ""));
    let to = format!("{}/upload", other.url());
    let registry = StandIn::lying(Subjects::Unknown, move |asked, _| {
        (asked.method == "POST").then(|| told(202, &[("Location", &to)], ""))
    });
    let place = place();
    ends(
        &place,
        &["push", "orders.zip", &registry.at(":1.0")],
        1,
        "registry-diverted",
    );
    assert!(other.asked().is_empty());
    assert!(registry.tags().is_empty());
}

#[test]
fn what_may_go_better_later_is_told_as_that() {
    let (place, registry, _) = with_package(|asked, _| {
        let wait = [("Retry-After", "3600")];
        let body = r#"{"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}"#;
        asked
            .path
            .contains("/manifests/")
            .then(|| told(429, &wait, body))
    });
    let words = ["TOOMANYREQUESTS: slow down"];
    refused(
        &place,
        &registry.at(":1.0"),
        75,
        "registry-unavailable",
        &words,
    );
    let gone = "oci://127.0.0.1:1/kestrel/orders:1.0";
    ends(&place, &["pull", gone], 75, "registry-unavailable");
}

#[test]
fn a_registry_that_keeps_something_else_is_not_believed() {
    let registry = StandIn::lying(Subjects::Unknown, |asked, _| {
        let other = format!("sha256:{}", "0".repeat(64));
        let put = asked.method == "PUT" && asked.path.contains("/manifests/");
        put.then(|| told(201, &[("Docker-Content-Digest", &other)], ""))
    });
    let place = place();
    ends(
        &place,
        &["push", "orders.zip", &registry.at(":1.0")],
        4,
        "registry-digest",
    );
}
