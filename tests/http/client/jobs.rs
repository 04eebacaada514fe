//! Jobs of recipes, in the forms that a platform may tell them in.

use recipack::client::RecipeId;
use recipack::model::job::{Extent, JobEnd, RecipeJobs};
use recipack::model::workspace::Timestamp;
use serde_json::{Value, json as value};

use crate::client::server::{Server, Step, json};
use crate::client::{OWN, client};

fn read(server: &Server) -> RecipeJobs {
    let client = client(server);
    let jobs = client
        .account(&OWN)
        .jobs_since(RecipeId(7), Timestamp(1000));
    jobs.expect("read")
}

/// A job that began and ended then.
fn job(id: u64, at: u64, status: &str) -> Value {
    let at = Timestamp(at).utc();
    value!({"id": format!("j-{id}"), "status": status, "started_at": at, "completed_at": at})
}

/// A page, and the count that is told beside it.
fn page(jobs: &[Value], count: Option<u64>) -> Step {
    let counts = match count {
        Some(count) => value!({"items": jobs, "job_count": count}),
        None => value!({"items": jobs}),
    };
    json(200, &counts.to_string())
}

#[test]
fn pages_are_followed_until_nothing_is_left_or_known_to_be() {
    let new = |id| job(id, 2000 + id, "succeeded");
    let old = |id| job(id, id, "failed");
    let pending = |id: u64| {
        let at = Timestamp(2000 + id).utc();
        value!({"id": format!("j-{id}"), "status": "pending", "started_at": at})
    };
    for (what, pages, requests, extent) in [
        ("there is none", vec![page(&[], None)], 1, Extent::All),
        (
            "all are counted",
            vec![page(&[new(1)], Some(1))],
            1,
            Extent::All,
        ),
        (
            "the last one is from before",
            vec![page(&[new(9), new(8), old(3)], None)],
            1,
            Extent::All,
        ),
        (
            "nothing follows",
            vec![
                page(&[new(9)], Some(5)),
                page(&[new(8)], Some(5)),
                page(&[], Some(5)),
            ],
            3,
            Extent::All,
        ),
        (
            "the last one comes once more",
            vec![page(&[new(9), new(8)], None), page(&[new(8)], None)],
            2,
            Extent::All,
        ),
        (
            "pages are not known there",
            vec![page(&[new(9), new(8)], None), page(&[new(9), new(8)], None)],
            2,
            Extent::AtLeast,
        ),
        (
            "the oldest come first, so that one from before says nothing",
            vec![
                page(&[old(3), new(8)], None),
                page(&[new(9)], None),
                page(&[], None),
            ],
            3,
            Extent::All,
        ),
        (
            "those that have not ended may not be counted",
            vec![
                page(&[pending(9), new(8)], Some(2)),
                page(&[new(7)], Some(2)),
            ],
            2,
            Extent::All,
        ),
    ] {
        let server = Server::with(pages);
        let found = read(&server);
        assert_eq!(found.extent, extent, "{what}");
        let asked: Vec<String> = server.asked().into_iter().map(|one| one.target).collect();
        assert_eq!(asked.len(), requests, "{what}: {asked:?}");
        assert!(asked[0].ends_with("/recipes/7/jobs"), "{asked:?}");
        assert!(
            asked[1..]
                .iter()
                .all(|one| one.contains("?offset_job_id=j-")),
            "{asked:?}"
        );
    }
    // A list without an end is given up.
    let endless = Server::answering(move |asked| {
        let last = asked
            .target
            .rsplit("j-")
            .next()
            .and_then(|last| last.parse().ok());
        let last: u64 = last.unwrap_or(1_000_000);
        page(&[new(last - 1), new(last - 2)], None)
    });
    let found = read(&endless);
    assert_eq!((found.jobs.len(), found.extent), (400, Extent::AtLeast));
}

#[test]
fn jobs_are_understood_in_many_spellings() {
    let failed = |error: Option<&str>| JobEnd::Failed {
        error: error.map(str::to_owned),
    };
    for (told, end, ended) in [
        (
            value!({"id": "j-A", "status": "succeeded", "completed_at": "2020-11-09T15:26:25.190-08:00"}),
            JobEnd::Succeeded,
            Some(1_604_964_385),
        ),
        (
            value!({"id": 12, "status": "Failed", "completed_at": "soon", "error": "it is\nfull"}),
            failed(Some("it is full")),
            None,
        ),
        (
            value!({"id": 12, "status": "failed", "error_parts": {"message": "deep", "line": 3}}),
            failed(Some("deep")),
            None,
        ),
        (
            value!({"id": 12, "status": "failed", "error": null}),
            failed(None),
            None,
        ),
        (
            value!({"id": 12, "status": "pending", "completed_at": null}),
            JobEnd::Open,
            None,
        ),
        (
            value!({"id": 12, "status": "cancelled"}),
            JobEnd::Unknown {
                word: "cancelled".to_owned(),
            },
            None,
        ),
        (
            value!({"id": 12}),
            JobEnd::Unknown {
                word: String::new(),
            },
            None,
        ),
    ] {
        for body in [
            value!({"items": [told], "job_count": "1"}),
            value!({"result": {"items": [told], "job_count": 1}}),
            value!({"jobs": [told]}),
            value!([told]),
        ] {
            let server = Server::with(vec![
                json(200, &body.to_string()),
                json(200, r#"{"items": []}"#),
            ]);
            let found = read(&server);
            assert_eq!(found.jobs.len(), 1, "{body}");
            assert_eq!(found.jobs[0].end, end, "{body}");
            assert_eq!(found.jobs[0].ended.map(|at| at.0), ended, "{body}");
            assert_eq!(found.extent, Extent::All, "{body}");
        }
    }
    for wrong in [
        r#"{"items": [{"status": "failed"}]}"#,
        r#"{"items": 3}"#,
        "{}",
    ] {
        let server = Server::with(vec![json(200, wrong)]);
        let client = client(&server);
        let jobs = client.account(&OWN).jobs_since(RecipeId(7), Timestamp(0));
        assert!(jobs.is_err(), "{wrong}");
    }
}
