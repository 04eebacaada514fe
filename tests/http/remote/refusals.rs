//! What is not done over the API, and why: each refusal in its own words, with its exit code and a way
//! on, and nothing of it is done.

use serde_json::{Value, json};

use crate::remote::Caller;
use crate::remote::between::{Between, Fate, is_change};
use crate::stage::{Asked, Told};
use crate::support::sandbox::{Sandbox, done, local, partner, partner_running};

fn told(value: &Value) -> Told {
    Told {
        status: 200,
        body: value.to_string().into(),
        ..Told::default()
    }
}

/// Which answers of the platform are others.
type Spoils = fn(&Asked) -> Option<Value>;

/// Says that it did what it did not.
fn pretends(asked: &Asked) -> Option<Value> {
    let answer = json!({"id": 77, "title": "Fresh", "success": true});
    is_change(asked).then_some(answer)
}

fn twice(asked: &Asked) -> Option<Value> {
    let folder = |id: u64| json!({"id": id, "name": "Depot", "parent_id": 1});
    (asked.path == "/api/folders").then(|| json!([folder(7_001), folder(7_002)]))
}

fn countless(asked: &Asked) -> Option<Value> {
    let connector = json!({"id": 1, "name": "c_connector_1_1", "title": "Countless",
        "latest_released_version": 4_000_000_000_u64, "released_versions": []});
    (asked.path == "/api/custom_connectors").then(|| json!({"result": [connector]}))
}

fn nothing(_: &Asked) -> Option<Value> {
    None
}

/// Who asks for what, what the platform says, and how that ends.
struct Refusal {
    who: &'static str,
    line: &'static str,
    platform: Spoils,
    exit: i32,
    code: &'static str,
    message: &'static str,
    help: &'static str,
}

const REFUSALS: &[Refusal] = &[
    Refusal {
        who: "osprey",
        line: "plan external.zip --into URL#folder=999999",
        platform: nothing,
        exit: 1,
        code: "names-nothing",
        message: "URL#folder=999999 has no folder with that number",
        help: "",
    },
    Refusal {
        who: "osprey",
        line: "plan external.zip --into URL --folder Depot",
        platform: twice,
        exit: 1,
        code: "same-folders",
        message: "URL has 2 folders `Depot`: numbers 7001, 7002",
        help: "URL#folder=7001",
    },
    Refusal {
        who: "studio",
        line: "import customer.zip --into customer:K-1 --yes",
        platform: nothing,
        exit: 64,
        code: "names-nothing",
        message: "it is not known which folder of customer:K-1 is Home",
        help: "--folder NAME",
    },
    Refusal {
        who: "osprey",
        line: "plan external.zip --into URL",
        platform: countless,
        exit: 1,
        code: "unreadable",
        message: "URL can't be read: connector \"Countless\" has a version 4000000000",
        help: "",
    },
    Refusal {
        who: "studio",
        line: "catalog share Released --closed-source --in URL --yes",
        platform: nothing,
        exit: 3,
        code: "closed-source",
        message: "the connector \"Released\" can't be shared closed-source: the API has nothing for it",
        help: "Customer Success enables it",
    },
    Refusal {
        who: "osprey",
        line: "connection authorize --all --in URL",
        platform: nothing,
        exit: 1,
        code: "not-offered",
        message: "URL: authorising a connection can't be done over the API",
        help: "give it its credentials in the platform's pages",
    },
    Refusal {
        who: "studio",
        line: "connector push fresh.rb --title Fresh --in URL",
        platform: pretends,
        exit: 1,
        code: "not-done",
        message: "URL: the platform said that it did, and read back, it is not among the connectors",
        help: "look at it in the platform's pages",
    },
    Refusal {
        who: "studio",
        line: "connector push other.rb --title Pushed --in URL",
        platform: pretends,
        exit: 1,
        code: "not-done",
        message: "URL: the platform said that it did, and read back, there is no newer version",
        help: "look at it in the platform's pages",
    },
    Refusal {
        who: "studio",
        line: "connector release Pushed --in URL",
        platform: pretends,
        exit: 1,
        code: "not-done",
        message: "URL: the platform said that it did, and read back, it has no released version",
        help: "look at it in the platform's pages",
    },
    Refusal {
        who: "studio",
        line: "catalog share Released --in URL --yes",
        platform: pretends,
        exit: 1,
        code: "not-done",
        message: "URL: the platform said that it did, and read back, it is not shared",
        help: "look at it in the platform's pages",
    },
    Refusal {
        who: "studio",
        line: "catalog remove Shared --in URL --confirm Shared",
        platform: pretends,
        exit: 1,
        code: "not-done",
        message: "URL: the platform said that it did, and read back, its shared version is v1",
        help: "look at it in the platform's pages",
    },
];

#[test]
fn each_refusal_says_what_is_refused() {
    let place = partner();
    place.write("fresh.rb", "{ title: 'Fresh', actions: { add: {} } }\n");
    place.write("other.rb", "{ title: 'Fresh', actions: { sum: {} } }\n");
    for title in ["Pushed", "Released", "Shared"] {
        let push = [
            "connector",
            "push",
            "fresh.rb",
            "--title",
            title,
            "--in",
            "local:studio",
        ];
        done(&local(&place, &push), &push);
    }
    for arguments in [
        &["connector", "release", "Released", "--in", "local:studio"][..],
        &["connector", "release", "Shared", "--in", "local:studio"],
        &["catalog", "share", "Shared", "--in", "local:studio"],
        &["import", "external.zip", "--into", "local:osprey"],
    ] {
        done(&local(&place, arguments), arguments);
    }
    let sandbox = Sandbox::of(&place, &[]);
    for refusal in REFUSALS {
        let between = Between::of(&sandbox);
        let caller = Caller::of(&place, &sandbox, refusal.who).through(&between);
        let platform = refusal.platform;
        between.rule(move |asked, _| match platform(asked) {
            Some(answer) => Fate::Kept(told(&answer)),
            None => Fate::Passes,
        });
        let line = refusal.line.replace("URL", &caller.url);
        let arguments: Vec<&str> = line.split(' ').collect();
        let document = caller.json(refusal.exit, &arguments);
        let error = &document["errors"][0];
        assert_eq!(error["code"], refusal.code, "{line}: {error}");
        let said = |key: &str| {
            error[key]
                .as_str()
                .unwrap_or_default()
                .replace(&caller.url, "URL")
        };
        assert_eq!(said("message"), refusal.message, "{line}");
        assert!(said("help").contains(refusal.help), "{line}: {error}");
        let sent = between.changes();
        let pretended = usize::from(refusal.code == "not-done");
        assert_eq!(sent.len(), pretended, "{line}: {sent:?}");
    }
}

#[test]
fn an_export_that_fails_is_told_in_the_platforms_words() {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey"];
    done(&local(&place, &import), &import);
    place.write(
        "faults.toml",
        "[[faults]]\npath = \"/api/packages/export/*\"\ntimes = 0\ndo = { job-fails = { error = \"out of paper\" } }\n",
    );
    let sandbox = Sandbox::of(&place, &["--fault", "faults.toml"]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    for arguments in [
        &["plan", "external.zip", "--into", &sandbox.url][..],
        &["status", &sandbox.url],
        &["import", "external.zip", "--into", &sandbox.url, "--yes"],
    ] {
        let document = osprey.json(1, arguments);
        let error = &document["errors"][0];
        assert_eq!(error["code"], "export-failed", "{arguments:?}: {error}");
        let message = format!(
            "the platform could not export {}: out of paper",
            sandbox.url
        );
        assert_eq!(error["message"], message.as_str(), "{arguments:?}");
    }
}

#[test]
fn a_recipe_that_is_said_to_have_started_is_looked_at() {
    let place = partner_running("Agents/Look up parcel");
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    between.rule(move |asked, _| match pretends(asked) {
        Some(answer) => Fate::Kept(told(&answer)),
        None => Fate::Passes,
    });
    for (verb, recipe) in [
        ("start", "Functions/Quote shipping"),
        ("stop", "Agents/Look up parcel"),
    ] {
        let run = osprey.run(&["recipe", verb, recipe, "--in", &osprey.url]);
        let what = format!("{verb}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.code, 1, "{what}");
        let why = format!("it did not {verb}: the platform said that it did");
        assert!(run.stderr.contains(&why), "{what}");
    }
}
