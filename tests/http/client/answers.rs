//! Answers in all their forms, and how the platform says no.

use recipack::client::{
    ClientError, ConnectionId, ConnectorDraft, CustomerHandle, FieldError, Once, RecipeFilter,
    RecipeId, SharedVersion, Started,
};
use recipack::model::ident::Version;
use recipack::model::workspace::{Authorization, ConnectorId, RecipeState, StopCause};
use serde_json::json as value;

use crate::client::server::{Server, answer, json};
use crate::client::{CANARY, OWN, client, told};

fn said(status: u16, body: &str) -> Server {
    let body = body.to_owned();
    Server::answering(move |_| answer(status, &[("X-Request-Id", "req-9")], &body))
}

fn refused(status: u16, body: &str) -> ClientError {
    client(&said(status, body)).me().expect_err("refused")
}

#[test]
fn every_question_says_who_asks() {
    let server = Server::with(vec![
        json(503, ""),
        json(200, r#"{"id": 1}"#),
        json(200, r#"{"id": 1}"#),
    ]);
    let client = client(&server);
    client.me().expect("told");
    client.me().expect("told");
    let asked = server.asked();
    for asked in &asked {
        assert_eq!(
            asked.header("authorization"),
            Some(format!("Bearer {CANARY}").as_str())
        );
        let agent = concat!("recipack/", env!("CARGO_PKG_VERSION"));
        assert_eq!(asked.header("user-agent"), Some(agent));
    }
    let of = |n: usize| asked[n].header("x-correlation-id").expect("one").to_owned();
    assert_eq!(of(0).len(), 32);
    assert_eq!(of(0), of(1), "attempts at one question go by one number");
    assert_ne!(of(1), of(2));
    assert!(!format!("{client:?}").contains("canary"));
}

#[test]
fn me_is_read_with_little_or_much() {
    let much = r#"{"id": 48213, "name": "Kestrel", "root_folder_id": "7", "company_name": null, "more": {"x": []}}"#;
    let me = client(&said(200, much)).me().expect("told");
    assert_eq!(
        (me.id.0, me.root_folder.map(|id| id.0), me.company),
        (48_213, Some(7), None)
    );
    for little in [
        r#"{"id": "48213"}"#,
        r#"{"result": {"id": 48213.0}}"#,
        r#"{"data": [{"id": 48213}]}"#,
    ] {
        assert_eq!(client(&said(203, little)).me().expect(little).id.0, 48_213);
    }
}

#[test]
fn statuses_mean_what_they_say() {
    let error = refused(401, r#"{"message": "Unauthorized"}"#);
    assert!(
        matches!(&error, ClientError::Unauthorised { status: 401, token, .. } if token == "a test")
    );
    assert!(told(&error).ends_with(
        "(request req-9): the platform answers 401 to the token from a test: Unauthorized"
    ));
    for status in [401, 403, 407] {
        let error = refused(status, "<html><body>Forbidden</body></html>");
        assert!(
            matches!(&error, ClientError::Barred { status: told, .. } if *told == status),
            "{error:?}"
        );
        assert!(!told(&error).contains("a test"), "the token is blamed");
    }
    let error = refused(403, r#"{"message": "Cannot destroy folder"}"#);
    assert!(error.help().expect("help").contains("GET /api/users/me"));
    assert!(matches!(
        refused(404, "{}"),
        ClientError::NotFound { message: None, .. }
    ));
    for status in [400, 405, 409, 413, 415, 422, 501] {
        let error = refused(status, r#"{"error": "no such thing"}"#);
        assert!(
            matches!(&error, ClientError::Refused { status: told, message: Some(m), .. } if *told == status && m == "no such thing"),
            "{error:?}"
        );
    }
}

#[test]
fn reasons_are_found_wherever_they_stand() {
    for (body, message) in [
        (r#"{"message": "Bad request"}"#, Some("Bad request")),
        (
            r#"{"error": "a.recipe.json: Unresolved reference"}"#,
            Some("a.recipe.json: Unresolved reference"),
        ),
        (
            r#"{"error_type": "token_not_usable"}"#,
            Some("token_not_usable"),
        ),
        (r#"{"error": {"message": "deep", "code": 3}}"#, Some("deep")),
        (r#"{"message": "", "error": "second"}"#, Some("second")),
        (r#"{"result": {"message": "wrapped"}}"#, Some("wrapped")),
        (r#""just text""#, Some("just text")),
        ("plain words", Some("plain words")),
        (
            "tabs\tand\u{1b}[31m colours",
            Some("tabs and\\u{1b}[31m colours"),
        ),
        ("<html><body>Bad request</body></html>", None),
        ("", None),
        ("[]", None),
    ] {
        let ClientError::Refused { message: found, .. } = refused(400, body) else {
            panic!("{body}");
        };
        assert_eq!(found.as_deref(), message, "{body}");
    }
}

#[test]
fn what_is_said_of_fields_is_told() {
    let of = |field: &str, reason: &str| FieldError {
        field: field.to_owned(),
        reason: reason.to_owned(),
    };
    for (errors, expected) in [
        (
            r#"{"name": ["can't be blank", "is too short"], "provider": "is not included"}"#,
            vec![
                of("name", "can't be blank"),
                of("name", "is too short"),
                of("provider", "is not included"),
            ],
        ),
        (r#""all of it""#, vec![of("", "all of it")]),
        (r#"["one", "two"]"#, vec![of("", "one"), of("", "two")]),
        (
            r#"[{"field": "code", "message": "line 3"}]"#,
            vec![of("code", "line 3")],
        ),
        (
            r#"{"input": {"folder": ["is gone"]}}"#,
            vec![of("input.folder", "is gone")],
        ),
        ("null", Vec::new()),
    ] {
        let body = format!(r#"{{"message": "Validation failed", "errors": {errors}}}"#);
        let ClientError::Refused { fields, .. } = refused(422, &body) else {
            panic!("{body}");
        };
        assert_eq!(fields, expected, "{body}");
    }
    let error = refused(
        422,
        r#"{"message": "Validation failed", "errors": {"name": ["can't be blank"]}}"#,
    );
    assert!(told(&error).ends_with("refused (422): Validation failed; name: can't be blank"));
}

#[test]
fn what_is_not_understood_is_shown() {
    let deep = "[".repeat(100_000);
    for (body, beginning) in [
        (
            "<!DOCTYPE html>\n<html>Log in",
            "<!DOCTYPE html> <html>Log in",
        ),
        (r#"{"id": "#, r#"{"id":"#),
        (r#"{"id": -3}"#, r#"{"id":-3}"#),
        (r#"{"id": true}"#, r#"{"id":true}"#),
        (r#"{"name": "no id"}"#, r#"{"name":"no id"}"#),
        ("null", "null"),
        ("", "null"),
        ("\u{1b}]0;x\u{7}", "\\u{1b}]0;x\\u{7}"),
        (deep.as_str(), "[[[["),
    ] {
        let error = refused(200, body);
        let ClientError::Unreadable {
            found, status: 200, ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert!(found.starts_with(beginning), "{body}: {found}");
        assert!(found.chars().count() <= 121);

        assert!(told(&error).contains("GET /api/users/me"));
    }
    let server = said(200, "x");
    let invalid = Server::with(vec![answer(200, &[], [b'{', 0xff, 0xfe])]);
    assert!(matches!(
        client(&invalid).me(),
        Err(ClientError::Unreadable { .. })
    ));
    assert!(matches!(
        client(&server).connections_of_own(),
        Err(ClientError::Unreadable { .. })
    ));
}

/// The shortest list.
trait Connections {
    fn connections_of_own(&self) -> Result<Vec<recipack::client::ConnectionInfo>, ClientError>;
}

impl Connections for recipack::client::Client {
    fn connections_of_own(&self) -> Result<Vec<recipack::client::ConnectionInfo>, ClientError> {
        self.account(&OWN).connections()
    }
}

#[test]
fn recipes_start_or_say_why_not() {
    let started = |status, body: &str| {
        let server = said(status, body);
        let started = client(&server)
            .account(&OWN)
            .start_recipe(RecipeId(3))
            .expect("told");
        assert_eq!(server.lines(), ["PUT /api/recipes/3/start"]);
        started
    };
    for body in [
        r#"{"success": true}"#,
        "{}",
        "",
        "null",
        r#"{"success": null}"#,
    ] {
        assert_eq!(started(200, body), Started::Done, "{body}");
    }
    for (status, body, errors) in [
        (200, r#"{"success": false}"#, vec![]),
        (
            200,
            r#"{"success": false, "code_errors": [[3, [["Object", null, "can't be blank", "object_name"]]], [5, [["a", "b"], ["c"]]]],
                "config_errors": [["gmail", "account_id", "can't be blank"], ["jira", [["is missing"]]]]}"#,
            vec![
                "step 3: Object can't be blank object_name",
                "step 5: a b",
                "step 5: c",
                "gmail account_id can't be blank",
                "jira: is missing",
            ],
        ),
        (
            200,
            r#"{"success": "false", "code_errors": [[3, ["flat reason"]]], "config_errors": []}"#,
            vec!["step 3: flat reason"],
        ),
        (
            200,
            r#"{"success": false, "message": "no", "code_errors": "odd", "config_errors": [{"key": ["why"]}]}"#,
            vec!["no", "odd", "key: why"],
        ),
        (
            400,
            r#"{"message": "OEM adapter usage limit"}"#,
            vec!["OEM adapter usage limit"],
        ),
        (422, r#"{"errors": ["webhook"]}"#, vec!["webhook"]),
    ] {
        let errors: Vec<String> = errors.into_iter().map(str::to_owned).collect();
        assert_eq!(started(status, body), Started::Refused { errors }, "{body}");
    }
    let server = said(200, r#"{"success": false, "errors": ["jobs are pending"]}"#);
    let error = client(&server)
        .account(&OWN)
        .stop_recipe(RecipeId(3))
        .expect_err("refused");
    assert!(
        told(&error).ends_with("refused (200); jobs are pending"),
        "{}",
        told(&error)
    );
    assert!(matches!(
        client(&said(401, ""))
            .account(&OWN)
            .start_recipe(RecipeId(3)),
        Err(ClientError::Unauthorised { .. })
    ));
}

#[test]
fn recipes_tell_what_they_use() {
    let body = r#"{"items": [{"id": 9, "name": "Orders", "folder_id": 5, "running": true, "version_no": 3,
        "trigger_application": "clock", "action_applications": ["gmail"], "applications": ["gmail", "clock"],
        "config": [{"keyword": "application", "provider": "parcel_tracker_connector_48213_1701388800"}, {"provider": null}],
        "code": "{}", "stop_cause": null, "stopped_at": null, "description": null},
        {"id": "8", "name": "Old", "folder_id": null, "running": false, "version_no": null, "applications": null,
         "stop_cause": "trigger_errors_limit"}]}"#;
    let server = said(200, body);
    let recipes = client(&server)
        .account(&OWN)
        .recipes(&RecipeFilter::default())
        .expect("listed");
    assert_eq!(
        recipes[0].providers,
        [
            "clock",
            "gmail",
            "parcel_tracker_connector_48213_1701388800"
        ]
    );
    assert_eq!(
        (recipes[0].state, recipes[0].version_no),
        (RecipeState::Running, Some(3))
    );
    assert_eq!(recipes[0].stop_cause, StopCause::NotByPlatform);
    assert_eq!(
        (recipes[1].state, &recipes[1].stop_cause),
        (
            RecipeState::Stopped,
            &StopCause::Platform("trigger_errors_limit".to_owned())
        )
    );
}

#[test]
fn connections_are_authorised_or_not() {
    let body = r#"[{"id": 1, "name": "a", "application": "gmail", "authorization_status": "success"},
        {"id": 2, "name": "b", "provider": "jira", "application": "x", "authorization_status": "failed"},
        {"id": 3, "name": "c", "provider": null, "application": null, "authorization_status": null, "authorized_at": "2026-03-02T08:14:05Z"},
        {"id": 4, "name": "d", "authorized_at": null},
        {"id": 6, "name": "e", "authorized_at": "2026-03-02T08:14:05Z", "connection_lost_at": "2026-03-03T08:14:05Z"}]"#;
    let found = client(&said(200, body))
        .connections_of_own()
        .expect("listed");
    let told: Vec<_> = found
        .iter()
        .map(|c| (c.id, c.provider.as_deref(), c.authorization))
        .collect();
    let (yes, no) = (Authorization::Authorized, Authorization::Placeholder);
    assert_eq!(
        told,
        [
            (ConnectionId(1), Some("gmail"), yes),
            (ConnectionId(2), Some("jira"), no),
            (ConnectionId(3), None, yes),
            (ConnectionId(4), None, no),
            (ConnectionId(6), None, no),
        ]
    );
    let worked: Vec<_> = found.iter().map(|c| (c.id.0, c.was_authorized)).collect();
    let (yes, not_said) = (Once::Yes, Once::NotSaid);
    assert_eq!(
        worked,
        [
            (1, not_said),
            (2, not_said),
            (3, yes),
            (4, not_said),
            (6, yes)
        ]
    );
}

#[test]
fn connectors_tell_what_is_shared() {
    let body = r#"{"result": [
        {"id": 1, "name": "a_connector_1_2", "title": "A", "latest_released_version": null, "oem_shared_version": null, "released_versions": []},
        {"id": 2, "name": "b_connector_1_2", "title": "B", "latest_released_version": 4, "oem_shared_version": 2, "oem_shared_at": "2022-08-08",
         "released_versions": [{"version": 4, "version_note": null, "released_at": "2022-08-08"}]},
        {"id": 3, "name": "c_connector_1_2", "title": "C", "latest_released_version": 1, "recent_released_versions": [{"version": "1", "version_note": "first"}]}]}"#;
    let found = client(&said(200, body)).connectors().expect("listed");
    let shared: Vec<_> = found.iter().map(|c| c.shared).collect();
    assert_eq!(
        shared,
        [
            SharedVersion::None,
            SharedVersion::At(Version(2)),
            SharedVersion::Unsaid
        ]
    );
    assert_eq!(found[0].latest_released_version, None);
    assert_eq!(found[2].released_versions[0].note.as_deref(), Some("first"));
}

#[test]
fn a_search_finds_one_some_or_none() {
    let one = r#"{"id": 1, "name": "a_connector_1_2", "title": "A & B"}"#;
    for (body, number) in [
        (one.to_owned(), 1),
        (format!("[{one}]"), 1),
        (format!(r#"{{"data": {one}}}"#), 1),
        (format!(r#"{{"data": [{one}]}}"#), 1),
        (r#"{"data": []}"#.to_owned(), 0),
        ("[]".to_owned(), 0),
        ("null".to_owned(), 0),
        (r#"{"data": null}"#.to_owned(), 0),
    ] {
        let server = said(200, &body);
        let found = client(&server).search_connectors("A & B").expect(&body);
        assert_eq!(found.len(), number, "{body}");
        assert_eq!(
            server.lines(),
            ["GET /api/custom_connectors/search?title=A+%26+B"]
        );
    }
}

#[test]
fn connectors_are_written_as_documented() {
    let server = Server::with(vec![
        json(
            200,
            r#"{"data": {"id": 7, "name": "a_connector_1_2", "latest_version": 1}}"#,
        ),
        json(200, "{}"),
        json(200, ""),
        json(200, r#"{"data": {"code": "{}"}}"#),
    ]);
    let client = client(&server);
    let draft = ConnectorDraft {
        title: "A".to_owned(),
        code: "{ title: 'Ä' }".to_owned(),
        description: None,
        note: Some("first".to_owned()),
        logo: None,
    };
    let made = client.create_connector(&draft).expect("made");
    assert_eq!(
        (made.id, made.latest_version),
        (ConnectorId(7), Some(Version(1)))
    );
    let updated = client
        .update_connector(ConnectorId(7), &draft)
        .expect("updated");
    assert_eq!((updated.id, updated.latest_version), (ConnectorId(7), None));
    client.release_connector(ConnectorId(7)).expect("released");
    assert_eq!(client.connector_code(ConnectorId(7)).expect("told"), "{}");
    assert_eq!(
        server.lines(),
        [
            "POST /api/custom_connectors",
            "PUT /api/custom_connectors/7",
            "POST /api/custom_connectors/7/release",
            "GET /api/custom_connectors/7/code",
        ]
    );
    let sent = value!({"title": "A", "code": "{ title: 'Ä' }", "note": "first"});
    assert_eq!(server.asked()[0].json(), sent);
    assert_eq!(
        server.asked()[0].header("content-type"),
        Some("application/json")
    );
}

#[test]
fn both_spellings_of_sharing_are_tried() {
    let share = |steps| {
        let server = Server::with(steps);
        let shared = client(&server).share_connector(ConnectorId(7), Version(3));
        (shared, server.lines())
    };
    let first = "POST /api/custom_connectors/7/oem_share/3";
    let second = "POST /api/custom_connectors/7/share_oem_version/3";
    let (shared, lines) = share(vec![json(200, "")]);
    assert!(shared.is_ok());
    assert_eq!(lines, [first]);
    for status in [404, 405] {
        let (shared, lines) = share(vec![json(status, ""), json(200, r#"{"success": true}"#)]);
        assert!(shared.is_ok());
        assert_eq!(lines, [first, second]);
    }
    let (shared, _) = share(vec![
        json(404, r#"{"message": "Connector not found"}"#),
        json(404, ""),
    ]);
    assert!(
        matches!(
            shared,
            Err(ClientError::NotFound {
                message: Some(_),
                ..
            })
        ),
        "{shared:?}"
    );
    let (shared, lines) = share(vec![json(400, r#"{"message": "no such version"}"#)]);
    assert!(
        matches!(shared, Err(ClientError::Refused { .. })),
        "{shared:?}"
    );
    assert_eq!(lines, [first]);
    let server = Server::with(vec![json(204, "")]);
    client(&server)
        .unshare_connector(ConnectorId(7))
        .expect("done");
    assert_eq!(
        server.lines(),
        ["DELETE /api/custom_connectors/7/suppress_oem_version"]
    );
}

#[test]
fn a_customer_is_named_by_number_or_by_name() {
    let body =
        r#"{"result": {"id": 890744, "external_id": "orTw", "name": "Kestrel", "trial": false}}"#;
    let server = said(200, body);
    let client = client(&server);
    for handle in [
        CustomerHandle::Number(890_744),
        CustomerHandle::External("or/Tw".to_owned()),
    ] {
        let customer = client.customer(&handle).expect("told");
        assert_eq!(
            (customer.id, customer.external_id.as_deref()),
            (890_744, Some("orTw"))
        );
    }
    assert_eq!(
        server.lines(),
        [
            "GET /api/managed_users/890744",
            "GET /api/managed_users/Eor%2FTw"
        ]
    );
}
