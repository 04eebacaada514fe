//! Lists, page by page, and folders, folder by folder.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use recipack::client::{
    Account, ClientError, CustomerHandle, FolderId, Notice, Notices, ProjectId, RecipeFilter,
    RecipeId,
};
use recipack::model::workspace::RecipeState;

use crate::client::server::{Asked, Server, Step, again, json, then};
use crate::client::{OWN, Pretended, client, client_with};

fn number(asked: &Asked, key: &str) -> Option<usize> {
    let (_, query) = asked.target.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == key)?.1.parse().ok()
}

/// The recipes of a range, newest first.
fn recipes(ids: impl DoubleEndedIterator<Item = usize>) -> String {
    let records = ids.rev().map(|id| {
        format!(
            r#"{{"id": {id}, "name": "r{id}", "running": {}}}"#,
            id % 2 == 0
        )
    });
    format!(
        r#"{{"result": [{}]}}"#,
        records.collect::<Vec<_>>().join(",")
    )
}

/// A server that has so many recipes, and gives at most so many at once.
fn paged(total: usize, most: usize) -> Server {
    Server::answering(move |asked| {
        let size = number(asked, "per_page").expect("a size").min(most);
        let start = (number(asked, "page").expect("a page") - 1) * size;
        let left = total.saturating_sub(start);
        json(200, &recipes(left.saturating_sub(size) + 1..left + 1))
    })
}

fn listed(server: &Server) -> Vec<u64> {
    let all = client(server)
        .account(&OWN)
        .recipes(&RecipeFilter::default());
    all.expect("listed")
        .iter()
        .map(|recipe| recipe.id.0)
        .collect()
}

#[test]
fn all_pages_are_read() {
    for (total, most, questions) in [
        (0, 100, 1),
        // A short page is the end.
        (1, 100, 1),
        (99, 100, 1),
        (100, 100, 2),
        // And one for each place where one page follows another.
        (237, 100, 3 + 2),
        // Unless it is as long as a bound of the platform's own may be: there is one more question.
        (20, 100, 2),
        (25, 100, 2),
        (75, 100, 2),
        // Older platforms give ten at once.
        (9, 10, 1),
        (23, 10, 3 + 2),
        (40, 10, 4 + 1 + 3),
        (43, 20, 3 + 2),
        (60, 20, 3 + 1 + 2),
        (51, 25, 3 + 2),
        (75, 25, 3 + 1 + 2),
        (120, 50, 3 + 1 + 2),
        (121, 50, 3 + 2),
    ] {
        let server = paged(total, most);
        let expected: Vec<u64> = (1..=total as u64).rev().collect();
        assert_eq!(listed(&server), expected, "{total} by {most}");
        assert_eq!(server.asked().len(), questions, "{total} by {most}");
    }
}

/// Where ten could be a page, and those that are asked for are among them, no other is asked for.
#[test]
fn a_list_is_read_as_far_as_it_matters() {
    for (wanted, questions, found) in [
        (&[14, 23][..], 1, 10),
        (&[13, 14], 2, 20),
        (&[], 1, 10),
        (&[99], 3 + 2, 23),
    ] {
        let server = paged(23, 10);
        let wanted = wanted.iter().copied().collect();
        let recipes = client(&server)
            .account(&OWN)
            .recipes_among(&RecipeFilter::default(), &wanted);
        assert_eq!(recipes.expect("listed").len(), found, "{wanted:?}");
        let seams = if found == 20 { 1 } else { 0 };
        assert_eq!(server.asked().len(), questions + seams, "{wanted:?}");
    }
}

/// The platform documents no pages of connections. Where a page could have been meant, it is asked.
#[test]
fn a_list_without_pages_is_asked_for_once() {
    for (total, most, questions) in [
        (0, 100, 1),
        (1, 100, 1),
        (13, 100, 1),
        (237, usize::MAX, 1),
        (5, 100, 1),
        (15, 100, 1),
        // Those could be a page.
        (20, 100, 2),
        (25, 100, 2),
        (100, 100, 2),
        // A platform that has pages all the same.
        (237, 100, 2 + 3 + 2),
        (23, 10, 2 + 3 + 2),
        (43, 20, 2 + 3 + 2),
        (51, 25, 2 + 3 + 2),
        (121, 50, 2 + 3 + 2),
    ] {
        let server = Server::answering(move |asked| {
            let size = number(asked, "per_page").unwrap_or(most).min(most);
            let start = number(asked, "page").unwrap_or(1).saturating_sub(1);
            let ids = (1..=total).skip(start.saturating_mul(size)).take(size);
            let records = ids.map(|id| format!(r#"{{"id": {id}, "name": "c{id}"}}"#));
            let records = records.collect::<Vec<_>>().join(",");
            json(200, &format!(r#"{{"result": [{records}]}}"#))
        });
        let all = client(&server).account(&OWN).connections();
        let ids: Vec<u64> = all.expect("listed").iter().map(|c| c.id.0).collect();
        let expected: Vec<u64> = (1..=total as u64).collect();
        assert_eq!(ids, expected, "{total} by {most}");
        assert_eq!(server.asked().len(), questions, "{total} by {most}");
    }
}

#[test]
fn what_moves_between_pages_is_told_once() {
    // A recipe was made while the first page was read.
    let server = moving(|questions| (1..if questions == 0 { 201 } else { 202 }).collect());
    assert_eq!(listed(&server), (1..=200).rev().collect::<Vec<_>>());
}

/// A server whose list, oldest first, is another after so many questions.
fn moving(list: impl Fn(usize) -> Vec<usize> + Send + Sync + 'static) -> Server {
    let questions = AtomicUsize::new(0);
    Server::answering(move |asked| {
        let all = list(questions.fetch_add(1, Ordering::SeqCst));
        let size = number(asked, "per_page").expect("a size");
        let start = (number(asked, "page").expect("a page") - 1) * size;
        let page = all.iter().rev().skip(start).take(size).copied();
        let page: Vec<usize> = page.collect();
        json(200, &recipes(page.into_iter().rev()))
    })
}

#[test]
fn what_goes_out_of_a_list_while_it_is_read_takes_nothing_along() {
    // Recipe 240 is deleted after the first page, so 150 moves onto it.
    let server = moving(|questions| (1..251).filter(|id| questions == 0 || *id != 240).collect());
    let expected: Vec<u64> = (1..=250).rev().filter(|id| *id != 240).collect();
    assert_eq!(listed(&server), expected);
    // The same between the second page and the third.
    let server = moving(|questions| (1..251).filter(|id| questions < 2 || *id != 120).collect());
    let expected: Vec<u64> = (1..=250).rev().filter(|id| *id != 120).collect();
    assert_eq!(listed(&server), expected);
    // One that is never at rest is not guessed.
    let server = moving(|questions| (1..(600 - 2 * questions)).collect());
    let error = client(&server)
        .account(&OWN)
        .recipes(&RecipeFilter::default())
        .map(|recipes| recipes.len())
        .expect_err("it moves");
    assert!(
        matches!(&error, ClientError::Unavailable { .. }),
        "{error:?}"
    );
}

#[test]
fn what_has_no_name_is_left_out_and_told_of() {
    let server = Server::answering(|asked| match number(asked, "page") {
        Some(1) => json(
            200,
            r#"{"result": [{"id": 1, "name": null, "running": true}, {"id": 2, "name": "y", "running": true}]}"#,
        ),
        _ => json(200, r#"{"result": []}"#),
    });
    let heard = Arc::<Mutex<Vec<Notice>>>::default();
    let kept = Arc::clone(&heard);
    let client = client_with(&server, &Pretended::default(), |settings| {
        settings.notices = Notices::to(move |notice| {
            kept.lock().expect("whole").push(notice.clone());
        });
    });
    let recipes = client.account(&OWN).recipes(&RecipeFilter::default());
    let ids: Vec<_> = recipes.expect("listed").iter().map(|r| r.id.0).collect();
    assert_eq!(ids, [2]);
    let heard = heard.lock().expect("whole");
    let [Notice::Sent, Notice::Nameless { list, id: 1, key }] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(*key, "name");
    assert!(list.starts_with("GET /api/recipes at "), "{list}");
}

#[test]
fn a_list_without_pages_is_read_once() {
    let server = Server::answering(|_| json(200, &recipes(1..251)));
    assert_eq!(listed(&server).len(), 250);
    assert_eq!(server.asked().len(), 2, "the second time nothing is new");
}

#[test]
fn where_a_page_is_too_large_fewer_are_asked_for() {
    let server = Server::answering(|asked| {
        let size = number(asked, "per_page").expect("a size");
        if size > 10 {
            let header = b"HTTP/1.1 200 OK\r\n\r\n[";
            return then(|stream| {
                stream.write_all(header)?;
                again(stream, &[b' '; 1 << 16], Duration::ZERO)
            });
        }
        let page = number(asked, "page").expect("a page");
        json(200, &recipes(1..if page == 1 { 11 } else { 1 }))
    });
    assert_eq!(listed(&server).len(), 10);
    assert_eq!(server.asked().len(), 3, "ten may be a page");
}

#[test]
fn a_page_that_can_not_be_read_ends_it() {
    let odd = r#"{"result": [{"id": 1, "name": "x", "running": true}, {"id": 2, "name": "y", "running": "maybe"}]}"#;
    let server = Server::with(vec![
        json(200, &recipes(101..201)),
        json(200, odd),
        json(200, "[]"),
        json(200, "[]"),
    ]);
    let error = client(&server)
        .account(&OWN)
        .recipes(&RecipeFilter::default())
        .expect_err("odd");
    let ClientError::Unreadable { expected, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(expected, "true or false is expected at `result[1].running`");
}

#[test]
fn filters_are_asked_for_and_kept() {
    let server = Server::answering(|_| json(200, &recipes(1..8)));
    let client = client(&server);
    let filter = RecipeFilter {
        folder: Some(FolderId(5)),
        uses_any: vec![
            "a_connector_1_2".parse().expect("a name"),
            "会計_connector_7_1".parse().expect("a name"),
        ],
        running: Some(RecipeState::Running),
    };
    let running = client.account(&OWN).recipes(&filter).expect("listed");
    let ids: Vec<_> = running.iter().map(|recipe| recipe.id).collect();
    assert_eq!(ids, [RecipeId(6), RecipeId(4), RecipeId(2)]);
    let stopped = RecipeFilter {
        running: Some(RecipeState::Stopped),
        ..RecipeFilter::default()
    };
    let customer = Account::Customer(CustomerHandle::Number(9));
    assert_eq!(
        client
            .account(&customer)
            .recipes(&stopped)
            .expect("listed")
            .len(),
        4
    );
    assert_eq!(
        server.lines(),
        [
            "GET /api/recipes?exclude_code=true&folder_id=5&adapter_names_any=a_connector_1_2%2C%E4%BC%9A%E8%A8%88_connector_7_1&running=true&page=1&per_page=100",
            "GET /api/managed_users/9/recipes?page=1&per_page=100",
        ]
    );
}

#[test]
fn customers_are_listed_to_the_end() {
    let server = Server::answering(|asked| {
        let size = number(asked, "per_page").expect("a size");
        let start = (number(asked, "page").expect("a page") - 1) * size;
        let records = (100..303).skip(start).take(size);
        let records =
            records.map(|id| format!(r#"{{"id": {id}, "name": "c", "external_id": ""}}"#));
        json(
            200,
            &format!(
                r#"{{"result": [{}]}}"#,
                records.collect::<Vec<_>>().join(",")
            ),
        )
    });
    let customers = client(&server).customers().expect("listed");
    assert_eq!(
        (customers.len(), customers[0].external_id.as_deref()),
        (203, None)
    );
}

fn folder(id: u64, parent: u64) -> String {
    format!(
        r#"{{"id": {id}, "name": "f{id}", "parent_id": {parent}, "is_project": {}, "project_id": null}}"#,
        parent == 1
    )
}

fn list(folders: &[(u64, u64)]) -> Step {
    let records: Vec<_> = folders
        .iter()
        .map(|(id, parent)| folder(*id, *parent))
        .collect();
    json(200, &format!("[{}]", records.join(",")))
}

#[test]
fn folders_are_read_folder_by_folder() {
    let server = Server::answering(|asked| match number(asked, "parent_id") {
        None => list(&[(2, 1), (3, 1)]),
        Some(2) => list(&[(4, 2)]),
        Some(4) => list(&[(5, 4)]),
        Some(_) => list(&[]),
    });
    let folders = client(&server).account(&OWN).folders().expect("listed");
    let ids: Vec<_> = folders.iter().map(|folder| folder.id.0).collect();
    assert_eq!(ids, [2, 3, 4, 5]);
    assert_eq!(
        (folders[0].is_project, folders[3].parent_id),
        (Some(true), Some(FolderId(4)))
    );
    assert_eq!(server.lines()[0], "GET /api/folders?page=1&per_page=100");
    assert_eq!(server.asked().len(), 1 + 4);
}

#[test]
fn folders_that_come_all_at_once_are_taken_so() {
    let server = Server::answering(|_| list(&[(5, 4), (4, 2), (2, 1), (3, 1)]));
    let customer = Account::Customer(CustomerHandle::Number(9));
    let folders = client(&server)
        .account(&customer)
        .folders()
        .expect("listed");
    let ids: Vec<_> = folders.iter().map(|folder| folder.id.0).collect();
    assert_eq!(ids, [2, 3, 4, 5], "each after the one it lies in");
    assert_eq!(server.asked().len(), 1);
    // Folders that lie in each other are no reason to go round and round.
    let server = Server::answering(|_| list(&[(5, 4), (4, 5), (6, 6)]));
    assert_eq!(
        client(&server)
            .account(&customer)
            .folders()
            .expect("listed")
            .len(),
        3
    );
}

#[test]
fn folders_and_projects_are_made_and_listed() {
    let server = Server::with(vec![
        json(
            200,
            r#"{"id": 9, "name": "Orders", "parent_id": null, "is_project": true, "project_id": 3}"#,
        ),
        json(200, r#"{"result": {"id": 10, "name": "In"}}"#),
        json(
            200,
            r#"[{"id": 3, "description": null, "folder_id": 9, "name": "Orders"}]"#,
        ),
        json(
            422,
            r#"{"message": "Validation failed", "errors": {"name": ["has already been taken"]}}"#,
        ),
    ]);
    let client = client(&server);
    let own = client.account(&OWN);
    let made = own.create_folder("Orders", None).expect("made");
    assert_eq!(
        (made.id, made.project_id),
        (FolderId(9), Some(ProjectId(3)))
    );
    own.create_folder("In", Some(FolderId(9))).expect("made");
    assert_eq!(own.projects().expect("listed")[0].folder_id, FolderId(9));
    assert!(matches!(
        own.create_folder("In", None),
        Err(ClientError::Refused { status: 422, .. })
    ));
    let asked = server.asked();
    assert_eq!(asked[0].json(), serde_json::json!({"name": "Orders"}));
    assert_eq!(
        asked[1].json(),
        serde_json::json!({"name": "In", "parent_id": "9"})
    );
}

/// Of a recipe whose applications nobody lists, a trigger tells one of them and not all.
#[test]
fn what_a_recipe_uses_is_all_only_where_it_is_listed() {
    for (said, all, used) in [
        (r#""applications": ["a", "b"]"#, true, &["a", "b"][..]),
        (r#""applications": []"#, true, &[]),
        (r#""trigger_application": "a""#, false, &["a"]),
        (
            r#""applications": null, "config": [{"provider": "b"}]"#,
            false,
            &["b"],
        ),
        (r#""version_no": 3"#, false, &[]),
    ] {
        let server = Server::answering(move |asked| match number(asked, "page") {
            Some(1) => json(
                200,
                &format!(r#"{{"items": [{{"id": 1, "name": "r", "running": false, {said}}}]}}"#),
            ),
            _ => json(200, r#"{"items": []}"#),
        });
        let recipes = client(&server)
            .account(&OWN)
            .recipes(&RecipeFilter::default());
        let recipes = recipes.expect("listed");
        assert_eq!(recipes[0].tells_all_providers, all, "{said}");
        assert_eq!(recipes[0].providers, used, "{said}");
    }
}
