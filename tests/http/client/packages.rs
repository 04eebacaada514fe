//! Packages on their way: uploads as they stand on the line, downloads, and what the jobs say.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::time::Duration;

use recipack::client::{
    Account, ClientError, Contents, CustomerHandle, FolderId, HomeAssets, IncludeData, Job, JobId,
    JobStatus, ManifestAsset, ManifestId, NewManifest, Operation, RecipeId, RecipeStatus,
    RestartRecipes, RestartResult, Tags, Upload,
};
use serde_json::json as value;

use crate::client::server::{Asked, Server, again, answer, json, silence, then};
use crate::client::{CANARY, OWN, Pretended, client, client_with, told};

fn customer() -> Account {
    Account::Customer(CustomerHandle::External("A 23/00".to_owned()))
}

fn job(operation: Operation) -> Job {
    Job {
        id: JobId(198),
        operation,
        status: JobStatus::Completed,
        error: None,
        recipe_status: Vec::new(),
        download_url: None,
    }
}

const STARTED: &str =
    r#"{"id": 198, "operation_type": "import", "status": "in_progress", "recipe_status": []}"#;

#[test]
fn an_upload_is_the_file_and_nothing_else() {
    let package = tempfile::NamedTempFile::new().expect("a file");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(package.path(), &bytes).expect("written");
    let upload = Upload {
        folder: FolderId(5),
        package: package.path(),
        restart: RestartRecipes::Forbidden,
        tags: Tags::Drop,
        home: HomeAssets::Home,
    };
    let server = Server::answering(|_| json(200, STARTED));
    let client = client(&server);
    let started = client.account(&OWN).start_import(&upload).expect("started");
    assert_eq!(
        (started.id, started.status),
        (JobId(198), JobStatus::InProgress)
    );
    let all = Upload {
        restart: RestartRecipes::Allowed,
        tags: Tags::Keep,
        home: HomeAssets::Folder(FolderId(8)),
        ..upload
    };
    client.account(&OWN).start_import(&all).expect("started");
    client
        .account(&customer())
        .start_import(&upload)
        .expect("started");
    client
        .account(&customer())
        .start_import(&all)
        .expect("started");
    assert_eq!(
        server.lines(),
        [
            "POST /api/packages/import/5?restart_recipes=false&include_tags=false",
            "POST /api/packages/import/5?restart_recipes=true&include_tags=true&folder_id_for_home_assets=8",
            "POST /api/managed_users/EA%2023%2F00/imports?folder_id=5&restart_recipes=false",
            "POST /api/managed_users/EA%2023%2F00/imports?folder_id=5&restart_recipes=true&include_tags=true&folder_id_for_home_assets=8",
        ]
    );
    let of = |name: &str| {
        server
            .asked()
            .iter()
            .map(|a| a.header(name).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let each = |text: &str| vec![Some(text.to_owned()); 4];
    assert_eq!(of("content-type"), each("application/octet-stream"));
    assert_eq!(of("content-length"), each("3000000"));
    assert_eq!(of("transfer-encoding"), vec![None; 4]);
    assert_eq!(of("authorization"), each(&format!("Bearer {CANARY}")));
    assert!(server.asked().iter().all(|asked| asked.body == bytes));
}

#[test]
fn an_empty_package_is_sent_too() {
    let package = tempfile::NamedTempFile::new().expect("a file");
    let server = Server::with(vec![json(400, r#"{"error": "the file is no zip"}"#)]);
    let upload = Upload {
        folder: FolderId(5),
        package: package.path(),
        restart: RestartRecipes::Forbidden,
        tags: Tags::Drop,
        home: HomeAssets::Home,
    };
    let error = client(&server)
        .account(&OWN)
        .start_import(&upload)
        .expect_err("no zip");
    assert!(
        told(&error).contains("refused (400): the file is no zip"),
        "{}",
        told(&error)
    );
    assert_eq!(server.asked()[0].header("content-length"), Some("0"));
}

#[test]
fn jobs_are_where_their_workspace_has_them() {
    let said = r#"{"result": {"id": "198", "operation_type": "export", "status": "succeeded", "download_url": "null"}}"#;
    let server = Server::answering(move |_| json(200, said));
    let client = client(&server);
    let (own, customer) = (OWN, customer());
    for account in [&own, &customer] {
        let account = client.account(account);
        let started = account.start_export(ManifestId(12)).expect("started");
        let exported = account.export(JobId(198)).expect("told");
        assert_eq!(started, exported);
        assert_eq!(
            (exported.status, exported.download_url),
            (JobStatus::Completed, None)
        );
        account.import(JobId(198)).expect("told");
        account.delete_manifest(ManifestId(12)).expect("deleted");
    }
    assert_eq!(
        server.lines(),
        [
            "POST /api/packages/export/12",
            "GET /api/packages/198",
            "GET /api/packages/198",
            "DELETE /api/export_manifests/12",
            "POST /api/managed_users/EA%2023%2F00/exports/12",
            "GET /api/managed_users/EA%2023%2F00/exports/198",
            "GET /api/managed_users/EA%2023%2F00/imports/198",
            "DELETE /api/managed_users/EA%2023%2F00/export_manifests/12",
        ]
    );
    assert_eq!(server.asked()[0].header("content-length"), Some("0"));
}

#[test]
fn states_are_understood_in_every_word() {
    let state = |word: &str| {
        let said = format!(r#"{{"id": 1, "status": {word}, "extra": [null], "error": null}}"#);
        let server = Server::answering(move |_| json(200, &said));
        client(&server)
            .account(&OWN)
            .import(JobId(1))
            .expect("told")
            .status
    };
    for word in ["in_progress", "processing", "pending"] {
        assert_eq!(state(&format!("\"{word}\"")), JobStatus::InProgress);
    }
    for (word, status) in [
        ("\"completed\"", JobStatus::Completed),
        ("\"succeeded\"", JobStatus::Completed),
        ("\"failed\"", JobStatus::Failed),
        ("\"error\"", JobStatus::Failed),
        ("\"queued\"", JobStatus::Unknown("queued".to_owned())),
        ("null", JobStatus::Unknown(String::new())),
    ] {
        assert_eq!(state(word), status);
        assert_eq!(status.may_change(), matches!(status, JobStatus::Unknown(_)));
    }
}

#[test]
fn a_failed_import_says_why_and_what_became_of_recipes() {
    let said = r#"{"id": 7, "operation_type": "import", "status": "failed", "error": null,
        "error_parts": ["a.recipe.json: Unresolved reference", "b.recipe.json: no"],
        "recipe_status": [{"id": 1, "import_result": "restarted"}, {"id": "2", "import_result": "stop_failed"},
            {"id": 3, "import_result": "new_word"}, {"id": 4, "import_result": "not_found"},
            {"id": 5, "import_result": "no_update_or_updated_without_restart"},
            {"id": 6, "import_result": "stopped"}, {"id": 7, "import_result": "restart_failed"}]}"#;
    let server = Server::with(vec![json(200, said)]);
    let job = client(&server)
        .account(&OWN)
        .import(JobId(7))
        .expect("told");
    assert_eq!(
        job.error.as_deref(),
        Some("a.recipe.json: Unresolved reference; b.recipe.json: no")
    );
    let results = [
        RestartResult::Restarted,
        RestartResult::StopFailed,
        RestartResult::Unknown("new_word".to_owned()),
        RestartResult::NotFound,
        RestartResult::NotNeeded,
        RestartResult::Stopped,
        RestartResult::RestartFailed,
    ];
    let expected = (1..).map(RecipeId).zip(results);
    let expected: Vec<_> = expected
        .map(|(id, result)| RecipeStatus { id, result })
        .collect();
    assert_eq!(job.recipe_status, expected);
}

#[test]
fn manifests_name_everything_or_what_they_are_told() {
    let assets = r#"{"result": {"assets": [
        {"id": 12, "name": "Copy", "type": "recipe", "version": 1, "folder": "", "absolute_path": "All projects",
         "root_folder": false, "unreachable": false, "zip_name": "copy.recipe.json", "checked": false, "status": "added"},
        {"id": "13", "name": null, "type": "test_case", "version": null, "zip_name": null}]}}"#;
    let made = r#"{"result": {"id": 77, "name": "m", "project_path": null, "status": "working"}}"#;
    let server = Server::with(vec![json(200, assets), json(201, made), json(200, made)]);
    let client = client(&server);
    let own = client.account(&OWN);
    let assets = own
        .folder_assets(Some(FolderId(5)), IncludeData::Yes)
        .expect("listed");
    assert_eq!(
        (assets[0].id, assets[0].kind.as_str(), assets[0].unreachable),
        (12, "recipe", Some(false))
    );
    assert_eq!(
        (
            assets[1].id,
            assets[1].kind.as_str(),
            assets[1].zip_name.as_deref()
        ),
        (13, "test_case", None)
    );
    let manifest = NewManifest {
        name: "m".to_owned(),
        folder: FolderId(5),
        contents: Contents::WholeFolder,
        include_data: IncludeData::No,
        tags: Tags::Keep,
    };
    assert_eq!(
        own.create_manifest(&manifest).expect("made"),
        ManifestId(77)
    );
    let some = NewManifest {
        contents: Contents::Assets(vec![
            assets[0].clone(),
            ManifestAsset::new(4, "connection", "Mailbox", "All projects/X"),
        ]),
        include_data: IncludeData::Yes,
        tags: Tags::Drop,
        ..manifest
    };
    own.create_manifest(&some).expect("made");
    let asked: Vec<Asked> = server.asked();
    assert_eq!(
        asked[0].line(),
        "GET /api/export_manifests/folder_assets?folder_id=5&include_data=true"
    );
    assert_eq!(
        asked[1].json(),
        value!({"export_manifest": {"name": "m", "folder_id": 5, "auto_generate_assets": true,
            "include_data": false, "include_test_cases": false, "include_tags": true}})
    );
    assert_eq!(
        asked[2].json()["export_manifest"]["assets"],
        value!([
            {"id": 12, "name": "Copy", "type": "recipe", "version": 1, "folder": "", "absolute_path": "All projects",
             "root_folder": false, "unreachable": false, "zip_name": "copy.recipe.json", "checked": true, "status": "added"},
            {"id": 4, "type": "connection", "absolute_path": "All projects/X", "checked": true}])
    );
    assert_eq!(
        asked[2].json()["export_manifest"]["auto_generate_assets"],
        value!(false)
    );
}

#[test]
fn a_customers_package_is_fetched_by_a_fresh_link() {
    // The first link is too old when it is used, as links are after ten seconds.
    let storage = Server::with(vec![
        answer(403, &[], "<Error><Code>AccessDenied</Code></Error>"),
        answer(200, &[], "zip"),
    ]);
    let base = storage.base();
    let server = Server::answering(move |_| {
        json(
            200,
            &format!(
                r#"{{"result": {{"id": 198, "status": "completed", "download_url": "{base}/z?s=1"}}}}"#
            ),
        )
    });
    let client = client(&server);
    let mut bytes = Vec::new();
    let (account, old) = (customer(), job(Operation::Export));
    let fetched = client.account(&account).download(&old, &mut bytes, 100);
    assert_eq!(
        (fetched.expect("fetched"), bytes.as_slice()),
        (3, b"zip".as_slice())
    );
    let states = vec!["GET /api/managed_users/EA%2023%2F00/exports/198"; 2];
    assert_eq!(server.lines(), states);
    assert!(
        storage
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    let mut bytes = Vec::new();
    let _ = client
        .account(&account)
        .download(&job(Operation::Import), &mut bytes, 100);
    assert_eq!(
        server.lines()[2],
        "GET /api/managed_users/EA%2023%2F00/imports/198"
    );
}

#[test]
fn a_relative_link_is_on_the_platforms_host() {
    let server = Server::answering(|asked| {
        if asked.target.starts_with("/storage") {
            answer(200, &[], "zip")
        } else {
            json(
                200,
                r#"{"id": 198, "status": "completed", "download_url": "/storage/198"}"#,
            )
        }
    });
    let mut bytes = Vec::new();
    let account = customer();
    let fetched =
        client(&server)
            .account(&account)
            .download(&job(Operation::Export), &mut bytes, 3);
    assert_eq!(fetched.expect("fetched"), 3);
}

#[test]
fn a_job_without_a_package_says_so() {
    for (said, reason) in [
        (
            r#"{"id": 1, "status": "in_progress", "download_url": null}"#,
            "the job is not done",
        ),
        (
            r#"{"id": 1, "status": "failed", "error": "it broke", "download_url": "null"}"#,
            "it broke",
        ),
        (
            r#"{"id": 1, "status": "completed"}"#,
            "the platform names no address",
        ),
    ] {
        let server = Server::with(vec![json(200, said)]);
        let account = customer();
        let error =
            client(&server)
                .account(&account)
                .download(&job(Operation::Export), &mut Vec::new(), 9);
        let error = error.expect_err("nothing there");
        assert!(matches!(error, ClientError::NoPackage { .. }), "{error:?}");
        assert!(told(&error).ends_with(reason), "{}", told(&error));
    }
}

#[test]
fn downloads_are_bounded() {
    let said = Server::with(vec![answer(200, &[], [0; 101])]);
    let mut bytes = Vec::new();
    let error = client(&said)
        .account(&OWN)
        .download(&job(Operation::Export), &mut bytes, 100);
    assert!(
        matches!(error, Err(ClientError::TooLarge { limit: 100, .. })),
        "{error:?}"
    );
    assert!(bytes.is_empty());
    let endless = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        again(s, &[0; 1000], Duration::ZERO)
    })]);
    let error = client(&endless)
        .account(&OWN)
        .download(&job(Operation::Export), &mut bytes, 5_000);
    assert!(
        matches!(error, Err(ClientError::TooLarge { limit: 5_000, .. })),
        "{error:?}"
    );
    assert!(bytes.len() <= 5_000);
}

#[test]
fn a_download_is_tried_again_until_something_was_written() {
    let short = || then(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
    let server = Server::with(vec![json(503, ""), short(), answer(200, &[], "zip bytes")]);
    let mut bytes = Vec::new();
    let fetched = client(&server)
        .account(&OWN)
        .download(&job(Operation::Export), &mut bytes, 100);
    assert_eq!(
        (fetched.expect("fetched"), bytes.as_slice()),
        (9, b"zip bytes".as_slice())
    );

    let half = then(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nzip"));
    let server = Server::with(vec![half, answer(200, &[], "zip bytes")]);
    let mut bytes = Vec::new();
    let error = client(&server)
        .account(&OWN)
        .download(&job(Operation::Export), &mut bytes, 100);
    assert!(
        matches!(error, Err(ClientError::Unavailable { .. })),
        "{error:?}"
    );
    assert_eq!(
        (bytes.as_slice(), server.asked().len()),
        (b"zip".as_slice(), 1)
    );
}

#[test]
fn a_download_that_drips_is_given_up() {
    let server = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")?;
        again(s, b"x", Duration::from_millis(20))
    })]);
    let client = client_with(&server, &Pretended::default(), |settings| {
        settings.timeouts.request = Duration::from_millis(400);
        settings.timeouts.per_megabyte = Duration::from_millis(100);
        settings.retries.attempts = NonZeroU32::MIN;
    });
    let error = client
        .account(&OWN)
        .download(&job(Operation::Export), &mut Vec::new(), 1 << 30);
    assert!(told(&error.expect_err("slow")).contains("it comes too slowly"));
}

#[test]
fn a_download_that_stops_is_given_up() {
    let server = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nzip")?;
        silence(s)
    })]);
    let client = client_with(&server, &Pretended::default(), |settings| {
        settings.timeouts.request = Duration::from_millis(400);
    });
    let error = client
        .account(&OWN)
        .download(&job(Operation::Export), &mut Vec::new(), 1 << 30);
    assert!(told(&error.expect_err("it stopped")).ends_with("nothing came for 0.4 s"));
}

#[test]
fn stopping_is_heard_during_a_download() {
    let server = Server::with(vec![then(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nzip")?;
        silence(s)
    })]);
    let client = client_with(&server, &Pretended::default().stop_at(9), |_| ());
    let error = client
        .account(&OWN)
        .download(&job(Operation::Export), &mut Vec::new(), 9000);
    assert!(matches!(error, Err(ClientError::Cut(_))), "{error:?}");
}

#[test]
fn a_full_disk_is_no_fault_of_the_platforms() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = Server::answering(|_| answer(200, &[], "zip"));
    let error = client(&server)
        .account(&OWN)
        .download(&job(Operation::Export), &mut Full, 100);
    assert!(matches!(error, Err(ClientError::Keep(_))), "{error:?}");
    assert_eq!(server.asked().len(), 1);
    let gone = Server::with(vec![json(
        404,
        r#"{"message": "not found or has no content"}"#,
    )]);
    let error = client(&gone)
        .account(&OWN)
        .download(&job(Operation::Export), &mut Vec::new(), 9);
    assert!(
        matches!(error, Err(ClientError::NotFound { .. })),
        "{error:?}"
    );
}
