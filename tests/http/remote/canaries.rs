//! Whatever the program is given to prove who it is stands in no file that it writes and in nothing
//! that it tells, whoever says it back; and no file that it writes holds what a terminal would obey.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::remote::between::{Between, Fate};
use crate::remote::is_harmless;
use crate::stage::Told;
use crate::support::sandbox::{Sandbox, done, local, partner, token};
use crate::support::{Place, Run};

/// What only stands where secrets do.
const PASSWORD: &str = "canarypassword4711";
const MANIFEST: &str =
    "[package]\nproject = \"partner\"\n\n[targets.osprey]\nkind = \"external\"\n";
/// What a terminal, a reader or a parser of another format might obey.
const HOSTILE: &str = "x\u{1b}[31m\u{9b}2J\u{202e}y\u{2066}\u{7}\r::error::z\u{200b}";

/// Where the program finds its token.
#[derive(Clone, Copy, Debug)]
enum Given {
    Variable,
    File,
    Profile,
}

/// Files that hold the token because somebody put it there.
const OWN: [&str; 3] = [
    "token.txt",
    "home/.workato/token_store.json",
    "p.db.sandbox/tokens.json",
];

/// Every file below a folder, the SQLite files also by their columns: none holds a secret.
#[track_caller]
fn holds_none(place: &Place, secrets: &[&str], what: &str) {
    holds_none_but(place, secrets, &[], what);
}

/// The same but for files whose names begin so: those of the platform itself, which has to have them.
#[track_caller]
pub(super) fn holds_none_but(place: &Place, secrets: &[&str], except: &[&str], what: &str) {
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(place.folder.path()) {
        let entry = entry.expect("readable");
        let name = entry.path().strip_prefix(place.folder.path());
        let name = name.expect("below it").to_str().expect("UTF-8").to_owned();
        for secret in secrets {
            assert!(!name.contains(secret), "{what}: {secret} is a name: {name}");
        }
        let is_excepted = except.iter().any(|start| name.starts_with(start));
        if !entry.file_type().is_file() || OWN.contains(&name.as_str()) || is_excepted {
            continue;
        }
        let mut holdings = vec![std::fs::read(entry.path()).expect("readable")];
        if holdings[0].starts_with(b"SQLite format 3") {
            holdings.extend(columns(entry.path()));
        }
        if name.ends_with(".zip") {
            holdings.extend(crate::support::entries(entry.path()).into_values());
        }
        seen += holdings.len();
        for bytes in holdings {
            // Their characters are the same in any text.
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets {
                if let Some(at) = text.find(secret) {
                    let before: String = text[..at].chars().rev().take(200).collect();
                    let before: String = before.chars().rev().collect();
                    panic!("{what}: {secret} in {name}, after {before}");
                }
            }
        }
    }
    assert!(seen > 20, "{what}: only {seen} files were looked at");
}

/// Every text and blob of a SQLite file, what its journal holds included.
fn columns(path: &Path) -> Vec<Vec<u8>> {
    let file = rusqlite::Connection::open(path).expect("a database");
    let mut tables = file
        .prepare("select name from sqlite_master where type = 'table'")
        .expect("asked");
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .expect("asked")
        .map(|name| name.expect("a name"))
        .collect();
    let mut all = Vec::new();
    for table in tables {
        let mut rows = file
            .prepare(&format!("select * from \"{table}\""))
            .expect("asked");
        let width = rows.column_count();
        let mut rows = rows.query([]).expect("asked");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..width {
                match row.get_ref(column).expect("a column") {
                    rusqlite::types::ValueRef::Text(bytes)
                    | rusqlite::types::ValueRef::Blob(bytes) => all.push(bytes.to_vec()),
                    rusqlite::types::ValueRef::Null
                    | rusqlite::types::ValueRef::Integer(_)
                    | rusqlite::types::ValueRef::Real(_) => {}
                }
            }
        }
    }
    all
}

/// The program, given a token in one of the ways.
fn command(place: &Place, given: Given, url: &str, token: &str, arguments: &[&str]) -> Command {
    let mut command = place.command();
    for (name, path) in [
        ("HOME", "home"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("TMPDIR", "tmp"),
        ("RECIPACK_PLATFORM", "p.db"),
        ("GITHUB_OUTPUT", "outputs"),
        ("GITHUB_STEP_SUMMARY", "summary.md"),
    ] {
        command.env(name, place.path(path));
    }
    command.env("RECIPACK_SIGN_PASSWORD", PASSWORD);
    let private = |path: &str, text: &str| {
        let path = place.write(path, text);
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, mode).expect("private");
    };
    match given {
        Given::Variable => {
            command.env("WORKATO_API_TOKEN", token);
            command.env("WORKATO_HOST", url);
        }
        Given::File => {
            private("token.txt", &format!("{token}\n"));
            command.env("RECIPACK_TOKEN_FILE", place.path("token.txt"));
            command.env("WORKATO_HOST", url);
        }
        Given::Profile => {
            let profile = json!({"region": "custom", "region_url": url, "workspace_id": 1});
            let profiles = json!({"current_profile": "own", "profiles": {"own": profile}});
            private("home/.workato/profiles", &profiles.to_string());
            let store = json!({"workato-platform-cli": {"own": token}});
            private("home/.workato/token_store.json", &store.to_string());
        }
    }
    command.args(arguments);
    command
}

/// Answers that say back what was sent, one for each form in which a platform, or somebody before it,
/// says no.
fn echoes(token: &str) -> BTreeMap<&'static str, Told> {
    let sent = format!("Bearer {token}");
    let long = "a".repeat(470);
    let words = format!(
        "no {token}, no {sent}; see https://me:{PASSWORD}@x.test/?token={PASSWORD} {HOSTILE} {long} {token} {token}"
    );
    let told = |status, headers: &[(&str, &str)], body: Vec<u8>| {
        let headers = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Told {
            status,
            headers: headers.collect::<BTreeMap<_, _>>(),
            body,
        }
    };
    let page = format!("<html><body>{words}</body></html>");
    let html = [("content-type", "text/html"), ("x-request-id", token)];
    let away = format!("/signin/{token}?token={token}");
    let json = json!({"message": words, "errors": {token: [words, token]}});
    let failed = json!({"id": 1, "status": "failed", "error": words});
    let parts = json!({"id": 1, "status": "failed", "error_parts": [words, token]});
    let nested = json!({"id": 1, "status": "failed", "error": {"message": token, "of": [sent]}});
    let name = json!({"id": 1, "name": token, "title": token, "status": "completed"});
    let refused = json!({"success": false, "message": words, "code_errors": [[1, [token]]]});
    BTreeMap::from([
        (
            "refused",
            told(422, &[("x-request-id", token)], json.to_string().into()),
        ),
        ("forbidden", told(403, &[], json.to_string().into())),
        ("in words", told(400, &[], words.clone().into())),
        ("a page", told(403, &html, page.clone().into())),
        ("a gateway", told(504, &html, page.into())),
        ("elsewhere", told(302, &[("location", &away)], Vec::new())),
        ("no JSON", told(200, &[], format!("{{{token}").into())),
        (
            "other JSON",
            told(200, &[], json!([token, [sent]]).to_string().into()),
        ),
        ("failed", told(200, &[], failed.to_string().into())),
        ("failed in parts", told(200, &[], parts.to_string().into())),
        ("failed in depth", told(200, &[], nested.to_string().into())),
        ("a name", told(200, &[], name.to_string().into())),
        ("taken back", told(200, &[], refused.to_string().into())),
    ])
}

/// Runs a command, and looks at what it tells.
#[track_caller]
fn run(mut command: Command, secrets: &[&str], what: &str) -> Run {
    let run = Run::from(command.output().expect("it starts"));
    for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        is_harmless(&format!("{what}, {stream}"), text, secrets);
    }
    run
}

/// What a workspace's commands write, from wherever the token comes.
#[test]
fn a_token_is_written_nowhere() {
    for given in [Given::Variable, Given::File, Given::Profile] {
        let place = partner();
        std::fs::create_dir_all(place.path("tmp")).expect("made");
        place.write("recipack.toml", MANIFEST);
        let sandbox = Sandbox::of(&place, &[]);
        let (osprey, studio) = (token(&place, "osprey"), token(&place, "studio"));
        let url = sandbox.url.as_str();
        let secrets = [osprey.as_str(), studio.as_str(), PASSWORD];
        let lines = [
            (&osprey, "doctor"),
            (
                &osprey,
                "check partner --for external --report sarif=c.sarif --report github",
            ),
            (
                &osprey,
                "export partner --for external -o k.zip --report junit=e.xml --report md=e.md",
            ),
            (
                &osprey,
                "plan k.zip --into URL -o plan.json --report md=p.md --report sarif=p.sarif",
            ),
            (
                &osprey,
                "import plan.json --report junit=i.xml --report md=i.md",
            ),
            (&osprey, "status URL --report md=s.md"),
            (&osprey, "history URL"),
            (&osprey, "history URL 1"),
            (&osprey, "show URL"),
            (&osprey, "graph URL"),
            (&osprey, "diff k.zip URL"),
            (&osprey, "rollback URL 0 --plan"),
            (&osprey, "workspace export URL -o w.zip"),
            (&osprey, "connector list --in URL"),
            (&osprey, "recipe list --in URL --json"),
            (&studio, "catalog pull --in URL -o c.json"),
            (
                &studio,
                "connector pull Parcel\u{a0}Tracker --in URL -o pulled",
            ),
            (
                &studio,
                "export partner --for customer --catalog URL -o x.zip",
            ),
            (
                &studio,
                "import x.zip --into customer:K-1 --folder Orders --yes",
            ),
            (
                &osprey,
                "verify k.zip --rebuild-from partner --report md=v.md",
            ),
            (&osprey, "sbom k.zip"),
            (
                &osprey,
                "attest k.zip --builder https://me:canarypassword4711@ci.test/7?token=canarypassword4711",
            ),
            (&osprey, "attest k.zip --builder https://ci.test/7"),
            (&osprey, "lock"),
            (&osprey, "export partner --for external -o local.zip"),
            (&osprey, "plan local.zip --into local:osprey -o l.json"),
            (&osprey, "import l.json"),
            (&osprey, "rollback local:osprey --yes"),
            (&osprey, "man -o man"),
        ];
        // What is done with a token is the same wherever it comes from.
        let some = match given {
            Given::Variable => lines.len(),
            Given::File | Given::Profile => 7,
        };
        for (token, line) in lines.into_iter().take(some) {
            let what = format!("{given:?}: {line}");
            // Blanks of titles are written as those that don't break lines.
            let arguments: Vec<_> = line
                .split(' ')
                .map(|word| word.replace('\u{a0}', " ").replace("URL", url))
                .collect();
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let ran = run(
                command(&place, given, url, token, &arguments),
                &secrets,
                &what,
            );
            let refused = ["connector pull", "attest k.zip --builder https://me:"];
            let expected = refused.iter().any(|refused| line.starts_with(refused));
            assert_eq!(ran.code != 0, expected, "{what}: {}", ran.stderr);
            holds_none(&place, &secrets, &what);
        }
    }
}

/// What is said back stands in nothing that is kept of a command: the journal of imports above all.
#[test]
fn a_token_that_is_said_back_is_written_nowhere() {
    let place = partner();
    std::fs::create_dir_all(place.path("tmp")).expect("made");
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let url = between.url();
    let list = |what| vec![what, "list", "--in", &url];
    let reports = ["md=r.md", "junit=r.xml", "sarif=r.sarif", "github"];
    let reported = reports.iter().flat_map(|to| ["--report", *to]);
    let import = [
        "import",
        "external.zip",
        "--into",
        &url,
        "--job-timeout",
        "1",
    ];
    let import: Vec<_> = import.into_iter().chain(reported.clone()).collect();
    let plan = ["plan", "external.zip", "--into", &url, "-o", "plan.json"];
    let plan: Vec<_> = plan.into_iter().chain(reported).collect();
    for (number, form) in echoes("").keys().enumerate() {
        for (method, path, arguments) in [
            ("POST", "/packages/import/", &import),
            // How far the import is, after it was sent.
            ("GET", "/packages/", &import),
            ("GET", "/users/me", &plan),
            ("GET", "/custom_connectors", &list("connector")),
            ("GET", "/recipes", &list("recipe")),
        ] {
            let what = format!("{form}, {method} {path}");
            // Elsewhere it would be asked again and again, or is read by the same function.
            let read_alike = ["refused", "a page", "no JSON", "other JSON", "a name"];
            let packages = path.starts_with("/packages/");
            if *form == "a gateway" && method == "GET" || !packages && !read_alike.contains(form) {
                continue;
            }
            let name = format!("w{number}{method}{}", path.replace('/', "")).to_lowercase();
            let create = ["workspace", "create", &name, "--kind", "external"];
            done(&local(&place, &create), &create);
            let token = token(&place, &name);
            let secrets = [token.as_str(), &token[..token.len() - 4], PASSWORD];
            let told = echoes(&token).remove(form).expect("one of them");
            let sent = AtomicBool::new(path != "/packages/");
            between.rule(move |asked, _| {
                let meant = asked.method == method && asked.path.contains(path);
                if meant && sent.load(Ordering::SeqCst) {
                    return Fate::Kept(told.clone());
                }
                if asked.path.contains("/packages/import/") {
                    sent.store(true, Ordering::SeqCst);
                }
                Fate::Passes
            });
            let command =
                |arguments: &[&str]| command(&place, Given::Variable, &url, &token, arguments);
            let ran = run(command(arguments), &secrets, &what);
            let named = *form == "a name" || path == "/users/me" && ran.code == 0;
            assert!(named || ran.code != 0, "{what}");
            // What was said is kept, and told by whoever goes on with it.
            if let Some(id) = ran.stderr.split("recipack resume ").nth(1) {
                let id = id.split_whitespace().next().expect("an id");
                run(
                    command(&["resume", id, "--job-timeout", "1"]),
                    &secrets,
                    &what,
                );
            }
            run(command(&["history", &url, "--json"]), &secrets, &what);
            holds_none(&place, &secrets, &what);
        }
    }
}

/// Texts that the program writes are read on terminals, too.
#[test]
fn what_is_written_commands_nobody() {
    let place = partner();
    std::fs::create_dir_all(place.path("tmp")).expect("made");
    let shared = crate::support::fixture("catalogs/shared.json");
    std::fs::copy(shared, place.path("shared.json")).expect("copied");
    place.write("recipack.toml", MANIFEST);
    let account = json!({"zip_name": "odd.connection.json", "name": HOSTILE, "folder": ""});
    let recipe = json!({
        "name": HOSTILE,
        "description": HOSTILE,
        "version": 1,
        "private": true,
        "concurrency": 1,
        "code": {"number": 0, "provider": "gmail", "name": HOSTILE, "as": "1", "keyword": "trigger",
            "title": HOSTILE, "comment": HOSTILE, "input": {HOSTILE: HOSTILE}, "block": []},
        "config": [{"keyword": "application", "provider": "gmail", "account_id": account}],
        "tags": [HOSTILE],
    });
    let connection = json!({"name": HOSTILE, "provider": "gmail", "root_folder": false});
    place.write("partner/odd.recipe.json", &recipe.to_string());
    place.write("partner/odd.connection.json", &connection.to_string());
    let sandbox = Sandbox::of(&place, &[]);
    let create = ["workspace", "create", "heron", "--kind", "external"];
    done(&local(&place, &create), &create);
    let token = token(&place, "heron");
    let before: Vec<_> = crate::support::files(place.folder.path())
        .into_keys()
        .collect();
    for line in [
        "check partner --for external --report sarif=c.sarif --report md=c.md --report junit=c.xml",
        "export partner --for external -o k.zip --report sarif=e.sarif --report md=e.md --report junit=e.xml",
        "export partner --for customer --catalog shared.json -o x.zip",
        "lock",
        "sbom k.zip",
        "attest k.zip",
        "verify k.zip --report sarif=v.sarif --report md=v.md --report junit=v.xml",
        "plan k.zip --into local:osprey -o l.json --report sarif=l.sarif --report md=l.md --report junit=l.xml",
        "import l.json --report sarif=i.sarif --report md=i.md --report junit=i.xml",
        "status local:osprey --report md=s.md --report junit=s.xml",
        "rollback local:osprey --yes --report md=r.md --report junit=r.xml",
        "plan k.zip --into URL -o p.json",
        "import p.json --report md=j.md",
        "history URL 1",
        "matrix k.zip",
        "graph partner --format dot",
        "graph partner --format mermaid",
        "why --one-project odd.recipe.json partner --for external",
        "diff k.zip x.zip",
        "workspace export URL -o w.zip",
    ] {
        let line = line.replace("URL", &sandbox.url);
        let arguments: Vec<_> = line.split(' ').collect();
        let command = command(&place, Given::Variable, &sandbox.url, &token, &arguments);
        let ran = run(command, &[], &line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
    }
    let mut looked_at = Vec::new();
    for (name, bytes) in crate::support::files(place.folder.path()) {
        let own = before.contains(&name) && name != "outputs";
        if own || name.contains(".db") || name.ends_with(".zip") || name.starts_with("cache/") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is no text"));
        is_harmless(&name, &text, &[]);
        looked_at.push(name);
    }
    let kinds = [
        ".sarif",
        ".md",
        ".xml",
        ".lock",
        ".intoto.json",
        ".cdx.json",
        ".recipack.json",
        "outputs",
        "imports/",
    ];
    for kind in kinds.into_iter().chain(["l.json", "p.json"]) {
        assert!(
            looked_at.iter().any(|name| name.contains(kind)),
            "{kind}: {looked_at:?}"
        );
    }
}
