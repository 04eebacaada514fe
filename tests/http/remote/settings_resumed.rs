//! An import with settings that is broken off over the API: whatever step it was at, that step is told
//! with a message of its own, nothing is sent twice, and `resume` does what was planned.

use super::settings::{KEY, Runs, SETTINGS, TOKEN, got, import, partner, recipes};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::remote::canaries::holds_none_but;
use crate::stage::Told;
use crate::support::sandbox::{Sandbox, command};
use crate::support::{Place, Run};

/// What an import into the customer heron asks the platform to change.
const CHANGES: [(&str, usize); 5] = [
    ("/properties", 2),
    ("/imports", 1),
    ("/connections/", 1),
    ("/start", 2),
    ("/folders", 1),
];

/// The request whose answer is lost, the exit code, and what is told.
type Lost = (
    &'static str,
    &'static str,
    i32,
    &'static [&'static str],
    &'static [&'static str],
);

/// How often the platform was asked for each change.
fn counted(between: &Between) -> Vec<(&'static str, usize)> {
    let changes = between.changes();
    let count = |part: &str| changes.iter().filter(|line| line.contains(part)).count();
    CHANGES.map(|(part, _)| (part, count(part))).to_vec()
}

/// Whoever looks for the end of the import is told that it goes on.
fn goes_on(between: &Between) {
    between.rule(|asked, _| {
        let number = asked.path.rsplit('/').next().unwrap_or_default();
        let looks = asked.method == "GET" && asked.path.contains("/imports/");
        match looks {
            true => Fate::Kept(Told {
                status: 200,
                body: format!("{{\"result\":{{\"id\":{number},\"status\":\"in_progress\"}}}}")
                    .into(),
                ..Told::default()
            }),
            false => Fate::Passes,
        }
    });
}

/// Breaks an import off after the platform took the package, and says its id.
#[track_caller]
fn broken_off(through: &Caller<'_>, between: &Between) -> String {
    goes_on(between);
    let words = [
        &import("customer:heron", "heron")[..],
        &["--job-timeout", "1"],
    ]
    .concat();
    let left = through.told(69, &words);
    between.rule(|_, _| Fate::Passes);
    let id = left.stderr.split("recipack resume ").nth(1).expect("an id");
    id.trim().to_owned()
}

fn with(caller: &Caller<'_>, values: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = command(caller.place, &caller.url, &caller.token, arguments);
    command.envs(values.iter().copied());
    let run = Run::from(command.output().expect("it starts"));
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("canary"), "a secret is shown: {text}");
    }
    run
}

fn running(place: &Place) -> usize {
    let recipes = recipes(&place, "local:heron");
    recipes
        .iter()
        .filter(|(_, state)| state == "running")
        .count()
}

#[test]
fn resume_does_the_settings_that_were_planned_and_sends_nothing_twice() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let studio = Caller::of(&place, &sandbox, "studio");
    let through = studio.through(&between);
    let id = broken_off(&through, &between);
    assert_eq!(running(&place), 0);
    let resumed = through.told(0, &["resume", &id]);
    for told in [
        "started   Desk/Orders/Quote\nstarted   Desk/Orders/A post\n",
        "read back, everything is as planned.",
    ] {
        assert!(resumed.stdout.contains(told), "{told}\n{}", resumed.stdout);
    }
    assert_eq!(counted(&between), CHANGES, "{:#?}", between.changes());
    assert_eq!(running(&place), 2);
    let own = Caller::of(&place, &sandbox, "heron");
    let connections = got(&own, "/api/connections");
    assert_eq!(connections[0]["authorization_status"], "success");
    // It is done, and done again it is nothing.
    through.told(0, &["resume", &id]);
    let again = through.told(0, &import("customer:heron", "heron"));
    assert!(
        again
            .stdout
            .contains("is as the package and the settings have it already."),
        "{}",
        again.stdout
    );
    assert_eq!(counted(&between), CHANGES, "{:#?}", between.changes());
    std::fs::remove_file(place.path("token.txt")).expect("removed");
    for (path, bytes) in crate::support::files(&place.path("state")) {
        assert!(
            !String::from_utf8_lossy(&bytes).contains("canary"),
            "{path}"
        );
    }
}

/// What nobody approved of is not done, and that the import is done is told.
#[test]
fn resume_does_no_other_settings_than_those_that_were_planned() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let studio = Caller::of(&place, &sandbox, "studio");
    let through = studio.through(&between);
    let id = broken_off(&through, &between);
    let resume = ["resume", id.as_str()];
    let whole = [("ERP_KEY", KEY), ("HERON_TOKEN", TOKEN)];
    let done = "note: done before: imported into customer:heron as revision 1";
    let not_done = "error[not-done]: the settings that the import was sent with were not done: ";
    let changed = SETTINGS.replace("north", "south");
    for (what, text, values, told) in [
        (
            "a variable that is not set",
            SETTINGS,
            &whole[..1],
            "error[invalid-settings]: field `token` of connection \"Orders/ERP\": the environment variable HERON_TOKEN is not set".to_owned(),
        ),
        (
            "another secret",
            SETTINGS,
            &[whole[0], ("HERON_TOKEN", "another")][..],
            format!("{not_done}a secret of theirs is another one"),
        ),
        (
            "a file that changed",
            &*changed,
            &whole[..],
            format!("{not_done}settings.toml says something else by now"),
        ),
    ] {
        place.write("settings.toml", text);
        let run = with(&through, values, &resume);
        assert_eq!(run.code, 68, "{what}: {}", run.stderr);
        for told in [&*told, done] {
            assert!(run.stderr.contains(told), "{what}: {told}\n{}", run.stderr);
        }
        assert_eq!(running(&place), 0, "{what}");
    }
    place.write("settings.toml", SETTINGS);
    // Somebody gave a property another value meanwhile.
    let own = Caller::of(&place, &sandbox, "heron");
    let sent = ureq::post(format!("{}/api/properties", own.url))
        .header("authorization", format!("Bearer {}", own.token))
        .send("{\"properties\":{\"erp.url\":\"https://theirs.example\"}}");
    assert_eq!(sent.expect("an answer").status(), 200);
    let run = with(&through, &whole, &resume);
    assert_eq!(run.code, 68, "{}", run.stderr);
    for told in [
        "error[not-done]: the workspace changed since the import was sent, and its settings would do what nobody planned",
        "note: property \"erp.url\": \"https://theirs.example\" → \"https://heron.example\"",
        done,
    ] {
        assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
    }
    assert_eq!(running(&place), 0);
    let own = got(&own, "/api/properties?prefix=erp.url");
    assert_eq!(own["erp.url"], "https://theirs.example");
    through.told(0, &import("customer:heron", "heron"));
    assert_eq!(running(&place), 2);
}

/// Nobody hears what became of a step, and it can't be read back: each is told by its own words, with
/// what was done and what was not tried, and what is there says the rest.
#[test]
fn an_answer_that_is_lost_is_told_at_each_step() {
    let steps: [Lost; 4] = [
        (
            "POST",
            "/properties",
            75,
            &[
                "error[not-done]: 0 of 6 changes were made in customer:heron",
                "failed: properties \"erp.key\", \"erp.url\": ",
                "the answer was lost, so it is not known whether the platform did it: set 2 of properties",
            ],
            &["not attempted: the import"],
        ),
        (
            "POST",
            "/imports",
            69,
            &[
                "error[unfinished]: it is not known whether the upload arrived: its answer was lost, and nothing changed in the workspace since",
            ],
            &["help: to go on with it: recipack resume "],
        ),
        (
            "PUT",
            "/connections/",
            68,
            &[
                "failed: credentials of connection \"Desk/Orders/ERP\": ",
                "the answer was lost, so it is not known whether the platform did it: give connection ",
            ],
            &[
                "done: the import",
                "not attempted: start recipe \"Desk/Orders/Quote\"",
            ],
        ),
        (
            "PUT",
            "/start",
            68,
            &["failed: start recipe \"Desk/Orders/Quote\": "],
            &[
                "done: credentials of connection \"Desk/Orders/ERP\"",
                "not attempted: start recipe \"Desk/Orders/A post\"",
            ],
        ),
    ];
    for (method, part, code, failed, others) in steps {
        let place = partner();
        let sandbox = Sandbox::of(&place, &[]);
        let between = Between::of(&sandbox);
        let studio = Caller::of(&place, &sandbox, "studio");
        let through = studio.through(&between);
        // It does not get there, and the connection is closed.
        between.rule(
            move |asked, _| match asked.method == method && asked.path.contains(part) {
                true => Fate::Kept(Told::default()),
                false => Fate::Passes,
            },
        );
        let words = [
            &import("customer:heron", "heron")[..],
            &["--job-timeout", "1"],
        ]
        .concat();
        let run = through.told(code, &words);
        for told in failed.iter().chain(others) {
            assert!(run.stderr.contains(told), "{part}: {told}\n{}", run.stderr);
        }
        between.rule(|_, _| Fate::Passes);
        through.told(0, &import("customer:heron", "heron"));
        assert_eq!(running(&place), 2, "{part}");
    }
}

/// What settings take from the environment and from files stands in no file that is written: in no plan,
/// state, journal, receipt, report or log, whoever says it back.
#[test]
fn secrets_of_settings_stand_in_no_file() {
    let place = partner();
    for folder in ["tmp", "cache"] {
        std::fs::create_dir_all(place.path(folder)).expect("made");
    }
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let studio = Caller::of(&place, &sandbox, "studio");
    let through = studio.through(&between);
    let secrets = [KEY, TOKEN, &KEY[..KEY.len() - 3], &TOKEN[..TOKEN.len() - 3]];
    let run = |arguments: &[&str], what: &str| {
        let mut command = command(&place, &through.url, &through.token, arguments);
        for (name, value) in [("ERP_KEY", KEY), ("HERON_TOKEN", TOKEN)] {
            command.env(name, value);
        }
        for (name, path) in [
            ("TMPDIR", "tmp"),
            ("XDG_CACHE_HOME", "cache"),
            ("GITHUB_OUTPUT", "outputs"),
            ("GITHUB_STEP_SUMMARY", "summary.md"),
            ("RECIPACK_PLATFORM", "p.db"),
        ] {
            command.env(name, place.path(path));
        }
        let run = Run::from(command.output().expect("it starts"));
        for text in [&run.stdout, &run.stderr] {
            for secret in secrets {
                assert!(!text.contains(secret), "{what}: {text}");
            }
        }
        run
    };
    let reports = ["md=r.md", "junit=r.xml", "sarif=r.sarif", "github"];
    let reports: Vec<&str> = reports.iter().flat_map(|to| ["--report", *to]).collect();
    let mut seen = 0;
    for into in ["customer:heron", "customer:osprey"] {
        let name = into.rsplit(':').next().expect("a name");
        let import = [
            &import(into, name)[..],
            &reports,
            &["--verbose", "--job-timeout", "1"],
        ]
        .concat();
        let mut plan = vec![
            "plan",
            "p.zip",
            "--into",
            into,
            "-o",
            "plan.json",
            "--force",
        ];
        plan.extend(super::settings::asked(name));
        plan.extend(&reports);
        assert_eq!(run(&plan, "plan").code, 0);
        for (method, part) in [
            ("POST", "/properties"),
            ("POST", "/imports"),
            ("PUT", "/connections/"),
            ("PUT", "/start"),
        ] {
            for status in [422, 400, 401] {
                let what = format!("{into}, {method} {part}, {status}");
                between.rule(move |asked, _| {
                    match asked.method == method && asked.path.contains(part) {
                        true => Fate::Kept(Told {
                            status,
                            body: format!("{{\"message\": \"no {KEY} {TOKEN}\", \"errors\": {{\"{TOKEN}\": [\"{KEY}\"]}}}}").into(),
                            ..Told::default()
                        }),
                        false => Fate::Passes,
                    }
                });
                let refused = run(&import, &what);
                assert_ne!(refused.code, 0, "{what}: {}", refused.stdout);
                seen += 1;
            }
        }
        between.rule(|_, _| Fate::Passes);
        let done = run(&import, "done");
        assert_eq!(done.code, 0, "{}", done.stderr);
        run(&["history", into, "--json"], "history");
        run(
            &[
                "settings",
                "show",
                "--of",
                name,
                "--settings",
                "settings.toml",
                "--json",
            ],
            "show",
        );
        run(
            &[
                "import",
                "p.zip",
                "--into",
                &format!("local:{name}"),
                "--settings",
                "settings.toml",
                "--json",
            ],
            "local",
        );
    }
    assert_eq!(seen, 24);
    // The platform itself has the values.
    holds_none_but(&place, &secrets, &["p.db"], "over the API");
    let written = place.path("state/recipack/imports");
    for entry in walkdir::WalkDir::new(written) {
        use std::os::unix::fs::PermissionsExt as _;
        let entry = entry.expect("readable");
        let mode = entry.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
}

/// The same of the local platform, which holds digests of secret values, and no fields.
#[test]
fn secrets_of_settings_stand_in_no_file_of_the_local_platform() {
    let place = partner();
    for name in ["heron", "osprey"] {
        let into = format!("local:{name}");
        (&place).told(0, &import(&into, name));
        (&place).told(0, &["history", &into, "--json"]);
    }
    holds_none_but(&place, &[KEY, TOKEN], &[], "locally");
}
