//! Answers that lead elsewhere, and where the token goes.

use recipack::client::{ClientError, JobId, JobStatus, Operation};

use crate::client::server::{Server, answer, json, redirect};
use crate::client::{CANARY, OWN, client, told};

const ME: &str = r#"{"id": 42}"#;

fn done(id: u64) -> recipack::client::Job {
    recipack::client::Job {
        id: JobId(id),
        operation: Operation::Export,
        status: JobStatus::Completed,
        error: None,
        recipe_status: Vec::new(),
        download_url: None,
    }
}

fn bearer() -> Option<String> {
    Some(format!("Bearer {CANARY}"))
}

fn authorization(asked: &crate::client::server::Asked) -> Option<String> {
    asked.header("authorization").map(str::to_owned)
}

#[test]
fn questions_follow_within_the_host() {
    let server = Server::with(vec![redirect("/api/v2/users/me?x=1"), json(200, ME)]);
    assert_eq!(client(&server).me().expect("followed").id.0, 42);
    assert_eq!(
        server.lines(),
        ["GET /api/users/me", "GET /api/v2/users/me?x=1"]
    );
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| authorization(asked) == bearer())
    );
}

#[test]
fn answers_of_another_host_are_not_the_platforms() {
    let other = Server::with(vec![json(200, ME)]);
    let server = Server::with(vec![redirect(&format!("{}/api/users/me", other.base()))]);
    let error = client(&server).me().expect_err("elsewhere");
    assert!(matches!(error, ClientError::Diverted { .. }), "{error:?}");
    assert!(told(&error).contains(&other.address.to_string()));
    assert!(other.asked().is_empty());
}

#[test]
fn what_changes_something_goes_to_one_place() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::with(vec![answer(status, &[("Location", "/api/other")], "")]);
        let error = client(&server).account(&OWN).create_folder("Orders", None);
        // It leads elsewhere after something was done, or instead.
        assert!(matches!(error, Err(ClientError::Lost { .. })), "{error:?}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn circles_end() {
    let server = Server::answering(|_| redirect("/api/users/me"));
    let error = client(&server).me().expect_err("a circle");
    assert!(
        told(&error).contains("it leads on and on"),
        "{}",
        told(&error)
    );
    assert_eq!(server.asked().len(), 6);
    let error = client(&server)
        .account(&OWN)
        .download(&done(1), &mut Vec::new(), 9);
    assert!(
        matches!(error, Err(ClientError::Diverted { .. })),
        "{error:?}"
    );
}

#[test]
fn packages_are_fetched_elsewhere_without_the_token() {
    let storage = Server::with(vec![answer(200, &[], "zip bytes")]);
    let link = format!(
        "{}/zip_files/242?X-Amz-Expires=10&X-Amz-Signature=abc%2Fd",
        storage.base()
    );
    let server = Server::with(vec![redirect(&link)]);
    let mut bytes = Vec::new();
    let fetched = client(&server)
        .account(&OWN)
        .download(&done(242), &mut bytes, 100);
    assert_eq!(
        (fetched.expect("fetched"), bytes.as_slice()),
        (9, b"zip bytes".as_slice())
    );
    assert_eq!(server.lines(), ["GET /api/packages/242/download"]);
    assert_eq!(authorization(&server.asked()[0]), bearer());
    let asked = storage.asked();
    assert_eq!(
        asked[0].line(),
        "GET /zip_files/242?X-Amz-Expires=10&X-Amz-Signature=abc%2Fd"
    );
    let said = format!("{:?}", asked[0].headers);
    assert!(
        !said.contains("canary") && !said.contains("correlation"),
        "{said}"
    );
}

#[test]
fn nothing_is_fetched_without_tls_but_from_here() {
    for (to, reason) in [
        ("http://storage.example.test/242", "it is not TLS"),
        ("http://10.0.0.1/242", "it is not TLS"),
        (
            "ftp://storage.example.test/242",
            "it is no place on the network",
        ),
        ("file:///etc/passwd", "it is no place on the network"),
    ] {
        let server = Server::with(vec![redirect(to)]);
        let mut bytes = Vec::new();
        let error = client(&server)
            .account(&OWN)
            .download(&done(242), &mut bytes, 100);
        let error = error.expect_err("not followed");
        assert!(matches!(error, ClientError::Diverted { .. }), "{error:?}");
        assert!(told(&error).ends_with(reason), "{}", told(&error));
        assert!(bytes.is_empty());
    }
}

#[test]
fn a_redirect_to_nowhere_is_told() {
    for step in [answer(302, &[], ""), redirect("http://[")] {
        let server = Server::with(vec![step]);
        let error = client(&server).me().expect_err("nowhere");
        assert!(
            told(&error).contains("does not say where"),
            "{}",
            told(&error)
        );
    }
}

#[test]
fn signatures_of_links_are_not_shown() {
    let storage = Server::answering(|_| answer(400, &[], "<Error>AccessDenied</Error>"));
    let link = format!("{}/242?X-Amz-Signature=sealed", storage.base());
    let server = Server::answering(move |_| redirect(&link));
    let error = client(&server)
        .account(&OWN)
        .download(&done(242), &mut Vec::new(), 100);
    let error = error.expect_err("denied");
    assert!(told(&error).contains("/242 at "), "{}", told(&error));
    assert!(!format!("{error:?}{}", told(&error)).contains("sealed"));
}
