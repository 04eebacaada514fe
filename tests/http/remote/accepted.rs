//! What the platform may have taken is not failed, whatever it answers: it is looked for. Every answer
//! that nothing can be made of, for every request that changes something: none ends with a success
//! that is none, nothing is sent twice, and an import always says how to go on with it.

use std::collections::BTreeMap;

use crate::remote::Caller;
use crate::remote::between::{Between, Fate, is_change};
use crate::stage::Told;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, done, local, partner};
use crate::support::table;

/// Answers that say nothing.
fn answers() -> Vec<(&'static str, Told)> {
    let told = |status, headers: &[(&str, &str)], body: &[u8]| Told {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        body: body.to_vec(),
    };
    let html = b"<html><body>Please sign in</body></html>";
    vec![
        ("empty", told(200, &[], b"")),
        ("no content", told(204, &[], b"")),
        ("a page", told(200, &[("content-type", "text/html")], html)),
        (
            "cut",
            told(200, &[("Content-Length", "400")], b"{\"id\": 1"),
        ),
        ("no number", told(200, &[], b"{\"id\": null}")),
        ("a list", told(200, &[], b"[]")),
        (
            "elsewhere",
            told(302, &[("location", "/users/sign_in")], b""),
        ),
        ("another choice", told(300, &[], b"{\"id\": 1}")),
        (
            "an error",
            told(500, &[], b"{\"message\": \"Server error\"}"),
        ),
        (
            "a gateway",
            told(502, &[("content-type", "text/html")], html),
        ),
        ("nothing", told(0, &[], b"")),
    ]
}

/// Whether the platform did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    Did,
    DidNot,
}

const BOTH: [Platform; 2] = [Platform::Did, Platform::DidNot];

/// Spoils the answers to requests that change something at this end of a path.
fn spoil(between: &Between, end: &'static str, platform: Platform, told: Told) {
    between.rule(move |asked, _| {
        if !is_change(asked) || !asked.path.contains(end) {
            return Fate::Passes;
        }
        match platform {
            Platform::Did => Fate::Spoiled(told.clone()),
            Platform::DidNot => Fate::Kept(told.clone()),
        }
    });
}

fn external(place: &Place, name: &str) {
    let create = ["workspace", "create", name, "--kind", "external"];
    done(&local(place, &create), &create);
}

/// Whether a workspace holds the package.
fn holds(place: &Place, name: &str) -> bool {
    let into = format!("local:{name}");
    let plan = [
        "plan",
        "external.zip",
        "--into",
        &into,
        "--detailed-exitcode",
    ];
    local(place, &plan).code == 0
}

fn id_of(told: &str) -> Option<String> {
    let rest = told.split("recipack resume ").nth(1)?;
    Some(rest.split_whitespace().next()?.to_owned())
}

#[test]
fn an_upload_that_may_have_arrived_is_looked_for() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let answers = answers().into_iter();
    let cases: Vec<_> = answers
        .flat_map(|(answer, told)| BOTH.map(|platform| (answer, told.clone(), platform)))
        .collect();
    table::each(&cases, |number, (answer, told, platform)| {
        let name = format!("{platform:?}{number}").to_lowercase();
        external(&place, &name);
        let caller = Caller::of(&place, &sandbox, &name);
        let between = Between::of(&sandbox);
        let here = caller.through(&between);
        spoil(&between, "/packages/import/", *platform, told.clone());
        let import = ["import", "external.zip", "--into", &here.url];
        // What arrived is found sooner or later; what did not would be waited for in vain.
        let patience = match platform {
            Platform::Did => "30",
            Platform::DidNot => "3",
        };
        let run = here.run(&[&import[..], &["--job-timeout", patience]].concat());
        let cell = format!("{answer}, {platform:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(between.changes().len(), 1, "sent once: {cell}");
        match platform {
            Platform::Did => {
                assert_eq!(run.code, 0, "{cell}");
                assert!(run.stdout.contains("everything is as planned"), "{cell}");
                assert!(holds(&place, &name), "{cell}");
            }
            Platform::DidNot => {
                assert_eq!(run.code, 69, "{cell}");
                let id = id_of(&run.stderr).unwrap_or_else(|| panic!("no id: {cell}"));
                let again = here.run(&["resume", &id, "--job-timeout", "2"]);
                assert_eq!(again.code, 69, "{cell}{}{}", again.stdout, again.stderr);
                assert_eq!(id_of(&again.stderr), Some(id), "{cell}{}", again.stderr);
                assert_eq!(between.changes().len(), 1, "sent once: {cell}");
                assert!(!holds(&place, &name), "{cell}");
            }
        }
    });
}

#[test]
fn work_that_can_not_be_seen_is_not_failed() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let mut answers = answers();
    for status in [401, 403, 404, 410] {
        let told = Told {
            status,
            ..Told::default()
        };
        answers.push(("a refusal", told));
    }
    table::each(&answers, |number, (answer, told)| {
        let name = format!("unseen{number}");
        external(&place, &name);
        let caller = Caller::of(&place, &sandbox, &name);
        let between = Between::of(&sandbox);
        let here = caller.through(&between);
        let spoiled = told.clone();
        let sent = std::sync::atomic::AtomicBool::new(false);
        between.rule(move |asked, _| {
            use std::sync::atomic::Ordering::SeqCst;
            if asked.path.contains("/packages/import/") {
                sent.store(true, SeqCst);
                return Fate::Passes;
            }
            match sent.load(SeqCst) && asked.path.starts_with("/api/packages/") {
                true => Fate::Spoiled(spoiled.clone()),
                false => Fate::Passes,
            }
        });
        let import = ["import", "external.zip", "--into", &here.url];
        let run = here.run(&[&import[..], &["--job-timeout", "4"]].concat());
        let cell = format!("{answer} ({}): {}{}", told.status, run.stdout, run.stderr);
        assert_eq!(run.code, 69, "{cell}");
        let id = id_of(&run.stderr).unwrap_or_else(|| panic!("no id: {cell}"));
        between.rule(|_, _| Fate::Passes);
        let resumed = here.exits(0, &["resume", &id]);
        assert!(
            resumed.stdout.contains("everything is as planned"),
            "{cell}"
        );
        assert_eq!(between.changes().len(), 1, "sent once: {cell}");
    });
}

/// The journal knows of an upload before the platform does.
#[test]
fn an_upload_is_written_down_before_it_is_sent() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let here = osprey.through(&between);
    let journal = place.path("state/recipack/imports");
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&seen);
    between.rule(move |asked, _| {
        if asked.path.contains("/packages/import/") {
            let entries = std::fs::read_dir(&journal).into_iter().flatten().flatten();
            let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
            kept.lock().expect("not poisoned").extend(texts);
        }
        Fate::Passes
    });
    here.exits(0, &["import", "external.zip", "--into", &here.url]);
    let seen = seen.lock().expect("not poisoned");
    assert_eq!(seen.len(), 1, "one entry when the upload comes");
    assert!(seen[0].contains("\"is\": \"sending\""), "{}", seen[0]);
}

struct Call {
    name: &'static str,
    /// Where it is sent.
    end: &'static str,
    arguments: &'static [&'static str],
    /// Says, on the local platform, what shows that it was done.
    look: &'static [&'static str],
    /// The line that begins with the first has the second then.
    shows: (&'static str, &'static str),
}

const CALLS: &[Call] = &[
    Call {
        name: "create",
        end: "/api/custom_connectors",
        arguments: &["connector", "push", "fresh.rb", "--title", "Fresh"],
        look: &["connector", "list"],
        shows: ("Fresh", "latest v1"),
    },
    Call {
        name: "update",
        end: "/api/custom_connectors/",
        arguments: &["connector", "push", "fresh.rb", "--title", "Parcel Tracker"],
        look: &["connector", "list"],
        shows: ("Parcel Tracker", "latest v8"),
    },
    Call {
        name: "release",
        end: "/release",
        arguments: &["connector", "release", "Pushed"],
        look: &["connector", "list"],
        shows: ("Pushed", "released v1"),
    },
    Call {
        name: "share",
        end: "share",
        arguments: &["catalog", "share", "Released", "--yes"],
        look: &["catalog", "list"],
        shows: ("Released", "v1 open-source"),
    },
];

/// A place with connectors in every state.
fn with_connectors() -> Place {
    let place = partner();
    place.write("fresh.rb", "{ title: 'Fresh', actions: { add: {} } }\n");
    for arguments in [
        &[
            "connector",
            "push",
            "fresh.rb",
            "--title",
            "Pushed",
            "--in",
            "local:studio",
        ][..],
        &[
            "connector",
            "push",
            "fresh.rb",
            "--title",
            "Released",
            "--in",
            "local:studio",
        ],
        &["connector", "release", "Released", "--in", "local:studio"],
    ] {
        done(&local(&place, arguments), arguments);
    }
    place
}

#[test]
fn changes_of_connectors_are_read_back() {
    let mut cases = Vec::new();
    for call in CALLS {
        for (answer, told) in answers() {
            cases.extend(BOTH.map(|platform| (call, answer, told.clone(), platform)));
        }
    }
    table::each(&cases, |_, (call, answer, told, platform)| {
        let place = with_connectors();
        let sandbox = Sandbox::of(&place, &[]);
        let studio = Caller::of(&place, &sandbox, "studio");
        let between = Between::of(&sandbox);
        let here = studio.through(&between);
        spoil(&between, call.end, *platform, told.clone());
        let run = here.run(&[call.arguments, &["--in", &here.url]].concat());
        let is_there = {
            let look = [call.look, &["--in", "local:studio"]].concat();
            let now = local(&place, &look).stdout;
            let (title, shown) = call.shows;
            let mut lines = now.lines().filter(|line| line.starts_with(title));
            lines.any(|line| line.contains(shown))
        };
        let cell = format!(
            "{}, {answer}, {platform:?}: {}{}",
            call.name, run.stdout, run.stderr
        );
        assert_eq!(is_there, *platform == Platform::Did, "{cell}");
        // It may be done twice only where that is the same as once.
        assert_eq!(between.changes().len(), 1, "sent once: {cell}");
        match platform {
            Platform::Did => assert_eq!(run.code, 0, "{cell}"),
            Platform::DidNot => assert!(
                [69, 75].contains(&run.code) ||
                // It says that it did, and what is there says that it did not.
                (run.code == 1 && run.stderr.contains("read back")),
                "{cell}"
            ),
        }
    });
}
