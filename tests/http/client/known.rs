//! Answers with an `ETag`: what is known is not sent again where the platform says that it holds, and
//! nothing is taken for known that is not.

use recipack::client::{Account, CustomerHandle, FolderId, RecipeFilter, RecipeId};

use crate::client::server::{Server, Step, answer};
use crate::client::{OWN, client, impatient, told};

const TAG: &str = "W/\"one\"";

fn recipes(name: &str) -> String {
    format!(r#"{{"items": [{{"id": 7, "name": "{name}", "running": false}}]}}"#)
}

fn tagged(tag: &str, body: &str) -> Step {
    answer(200, &[("ETag", tag)], body)
}

fn holds(headers: &[(&str, &str)]) -> Step {
    answer(304, headers, "")
}

/// What each question says that it knows.
fn said(server: &Server) -> Vec<Option<String>> {
    let asked = server.asked();
    let known = asked.iter().map(|asked| asked.header("if-none-match"));
    known.map(|known| known.map(str::to_owned)).collect()
}

#[test]
fn what_holds_is_not_sent_again() {
    let steps = vec![
        tagged(TAG, &recipes("first")),
        holds(&[("ETag", "\"one\"")]),
        holds(&[]),
        // Something else is there now, and has no tag.
        answer(200, &[], recipes("second")),
        tagged("two", &recipes("third")),
        tagged("\"three\"", &recipes("fourth")),
        holds(&[("ETag", "\"three\"")]),
    ];
    let server = Server::with(steps);
    let client = client(&server);
    let names = [
        "first", "first", "first", "second", "third", "fourth", "fourth",
    ];
    for name in names {
        let listed = client.account(&OWN).recipes(&RecipeFilter::default());
        let listed = listed.expect("a list");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name, name);
    }
    let known = [
        None,
        Some(TAG),
        Some(TAG),
        Some(TAG),
        None,
        None,
        Some("\"three\""),
    ];
    let known = known.map(|known| known.map(str::to_owned));
    assert_eq!(said(&server), known);
}

/// An answer is known by the whole address of its question: of the same account, with the same query.
#[test]
fn what_is_known_of_one_question_is_not_taken_for_another() {
    let server = Server::answering(|_| tagged(TAG, &recipes("any")));
    let client = client(&server);
    let customer = |handle| client.account(&handle).recipes(&RecipeFilter::default());
    let inside = RecipeFilter {
        folder: Some(FolderId(3)),
        ..RecipeFilter::default()
    };
    client.account(&OWN).recipes(&inside).expect("a list");
    client
        .account(&OWN)
        .recipes(&RecipeFilter::default())
        .expect("a list");
    for handle in [
        CustomerHandle::Number(1),
        CustomerHandle::External("1".to_owned()),
        CustomerHandle::Number(2),
    ] {
        customer(Account::Customer(handle)).expect("a list");
    }
    assert_eq!(said(&server), [None, None, None, None, None]);
    client.account(&OWN).recipes(&inside).expect("a list");
    assert_eq!(said(&server).pop().flatten().as_deref(), Some(TAG));
}

/// Who says that nothing changed without being asked, or means something else, is not believed.
#[test]
fn nothing_is_known_that_was_not_told() {
    for (before, lie, expected) in [
        (None, holds(&[]), "it was not asked whether something did"),
        (
            Some(answer(200, &[], recipes("first"))),
            holds(&[("ETag", TAG)]),
            "it was not asked whether something did",
        ),
        (
            Some(tagged(TAG, &recipes("first"))),
            holds(&[("ETag", "\"other\"")]),
            "means another answer than the one that is known",
        ),
        // What is no answer is not known.
        (
            Some(answer(404, &[("ETag", TAG)], recipes("first"))),
            holds(&[]),
            "it was not asked whether something did",
        ),
        (
            Some(tagged(TAG, "<html>")),
            holds(&[]),
            "it was not asked whether something did",
        ),
    ] {
        let was_told = before.is_some();
        let server = Server::with(before.into_iter().chain([lie]).collect());
        let client = impatient(&server);
        let listed = || client.account(&OWN).recipes(&RecipeFilter::default());
        if was_told {
            let _ = listed();
        }
        let error = told(&listed().expect_err("a lie"));
        assert!(error.contains(expected), "{error}");
    }
}

/// What is read after something was changed is sent whole, whatever was known before.
#[test]
fn a_change_makes_everything_unknown() {
    let server = Server::answering(|asked| match asked.method.as_str() {
        "GET" => tagged(TAG, &recipes("any")),
        _ => answer(200, &[("ETag", TAG)], r#"{"success": true}"#),
    });
    let client = client(&server);
    let listed = || client.account(&OWN).recipes(&RecipeFilter::default());
    listed().expect("a list");
    listed().expect("a list");
    client
        .account(&OWN)
        .stop_recipe(RecipeId(7))
        .expect("stopped");
    listed().expect("a list");
    let known = [None, Some(TAG.to_owned()), None, None];
    assert_eq!(said(&server), known);
}
