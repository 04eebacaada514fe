//! The sandbox answers in the platform's shapes: a real process is asked what the answers of
//! `fixtures/wire/` are for.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Place, copy, place_with};
use crate::wire::answers::{Answer, Ids, Shape, answers};

/// A sandbox that runs. It ends with the test.
struct Sandbox {
    process: Child,
    url: String,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn recipack(place: &Place, arguments: &[&str]) -> String {
    let mut command = place.command();
    command
        .args(arguments)
        .env("RECIPACK_PLATFORM", place.path("p.db"));
    let output = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl Sandbox {
    fn start(place: &Place) -> Self {
        let mut command: Command = place.command();
        command
            .arg("sandbox")
            .env("RECIPACK_PLATFORM", place.path("p.db"));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("it starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("listening on ");
        let url = url.unwrap_or_else(|| panic!("it says {line:?}")).to_owned();
        Self { process, url }
    }
}

/// What came back.
struct Got {
    status: u16,
    kind: String,
    location: Option<String>,
    bytes: Vec<u8>,
}

fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Got {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).expect("a request");
    let mut response = agent
        .run(request)
        .unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    let (kind, location) = (
        header("content-type").unwrap_or_default(),
        header("location"),
    );
    Got {
        status: response.status().as_u16(),
        kind,
        location,
        bytes: response.body_mut().read_to_vec().expect("a body"),
    }
}

/// Finds what of an answer isn't in the platform's shape.
struct Comparison<'s> {
    shape: &'s Shape,
    wrong: Vec<String>,
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let zone = |tail: &str| tail == "Z" || tail.len() == 6 && tail.starts_with(['+', '-']);
    let tail = text
        .get(19..)
        .map(|tail| tail.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()));
    digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && bytes.get(10) == Some(&b'T')
        && digits(11..13)
        && tail.is_some_and(zone)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number with a point",
        Value::Number(_) => "integer",
        Value::String(text) if is_time(text) => "time",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

impl Comparison<'_> {
    /// `place` is a pattern, with `*` for the elements of lists.
    fn compare(&mut self, expected: &Value, actual: &Value, place: &str) {
        let below = |step: &str| match place {
            "" => step.to_owned(),
            place => format!("{place}/{step}"),
        };
        if actual.is_null() && self.shape.nullable.contains(place) {
            return;
        }
        match (expected, actual) {
            // Of what else it may be, the example says nothing.
            (Value::Null, _) => {}
            (Value::Object(expected), Value::Object(actual)) => {
                for (key, value) in expected {
                    let place = below(key);
                    match actual.get(key) {
                        Some(actual) => self.compare(value, actual, &place),
                        None if self.shape.absent.contains(&place) => {}
                        None => self.wrong.push(format!("{place} is missing")),
                    }
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                let is_only_list = !place.contains('*');
                if is_only_list && !expected.is_empty() && actual.is_empty() {
                    self.wrong.push(format!("{place} is empty"));
                }
                for (expected, actual) in expected
                    .first()
                    .into_iter()
                    .flat_map(|expected| actual.iter().map(move |actual| (expected, actual)))
                {
                    self.compare(expected, actual, &below("*"));
                }
            }
            (expected, actual) if kind(expected) == kind(actual) => {}
            (expected, actual) => {
                let (expected, kind) = (kind(expected), kind(actual));
                self.wrong
                    .push(format!("{place} is {kind} `{actual}`, not {expected}"));
            }
        }
    }
}

/// A sandbox with what it was asked and how that went.
struct Proof<'p> {
    place: &'p Place,
    sandbox: Sandbox,
    answers: std::collections::BTreeMap<String, Answer>,
    token: String,
    seen: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Proof<'_> {
    fn token(&mut self, workspace: &str) {
        let token = recipack(self.place, &["sandbox", "--token", workspace]);
        token.trim_end().clone_into(&mut self.token);
    }

    /// Asks what an answer is for, with these ids in place of the answer's own, and compares.
    fn check(&mut self, name: &str, ids: &[(&str, &str)], package: Option<&[u8]>) -> Value {
        let answer = &self.answers[name];
        let mut all: Ids = answer.request.ids();
        for (word, id) in ids {
            all.insert((*word).to_owned(), (*id).to_owned());
        }
        let path = answer.request.path(&all);
        let mut url = format!("{}{path}", self.sandbox.url);
        let query = answer.request.query(&all);
        if !query.is_empty() {
            let pairs = query.iter();
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            url = format!("{url}?{query}");
        }
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("accept", "application/json"),
        ];
        let mut body = Vec::new();
        if let Some(json) = answer.request.body(&all) {
            headers.push(("content-type", "application/json"));
            body = json.to_string().into_bytes();
        }
        if let Some(kind) = &answer.request.content_type {
            headers.push(("content-type", kind));
            body = package.expect("a package").to_vec();
        }
        let got = ask(&answer.request.method, &url, &headers, body);
        let shape = answer.shape.as_ref();
        let shape = shape.unwrap_or_else(|| panic!("{name} has no shape"));
        let text = String::from_utf8_lossy(&got.bytes).into_owned();
        let mut wrong = Vec::new();
        if got.status != answer.status && !shape.status.contains(&got.status) {
            wrong.push(format!("status {}: {text}", got.status));
        }
        let mut told = Value::Null;
        if let Some(expected) = &answer.body {
            told = serde_json::from_slice(&got.bytes).unwrap_or_default();
            if !got.kind.starts_with("application/json") {
                wrong.push(format!("content type {}", got.kind));
            }
            let mut comparison = Comparison {
                shape,
                wrong: Vec::new(),
            };
            comparison.compare(expected, &told, "");
            wrong.append(&mut comparison.wrong);
        }
        if let Some(location) = got.location {
            told = Value::String(location);
        } else if answer.headers.contains_key("Location") {
            wrong.push("no Location".to_owned());
        }
        let wrong = wrong.into_iter().map(|wrong| format!("{name}: {wrong}"));
        self.wrong.extend(wrong);
        self.seen.insert(name.to_owned());
        told
    }

    /// Asks for something else than an answer of the fixtures.
    fn ask(&self, method: &str, path: &str) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let url = format!("{}{path}", self.sandbox.url);
        let got = ask(method, &url, &[("authorization", &bearer)], Vec::new());
        serde_json::from_slice(&got.bytes).unwrap_or_default()
    }

    /// Asks until a job is over, which has to be soon.
    fn wait(&self, path: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let told = self.ask("GET", path);
            let job = told.get("result").unwrap_or(&told);
            if job["status"] != "in_progress" && job["status"] != "processing" {
                return;
            }
            assert!(Instant::now() < end, "{path}: {told}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A number in an answer, as it stands in paths.
fn id(value: &Value, pointer: &str) -> String {
    let id = value.pointer(pointer);
    let id = id.unwrap_or_else(|| panic!("{pointer} is not in {value}"));
    assert!(id.is_u64(), "{pointer} is no number in {value}");
    id.to_string()
}

/// The number of the element with this name.
fn id_of(list: &Value, name: &str) -> String {
    let items = list.as_array().expect("a list");
    let item = items.iter().find(|item| item["name"] == name);
    id(item.unwrap_or_else(|| panic!("no {name} in {list}")), "/id")
}

const CUSTOMER: &str = "north 7/KT";
const FOLDER: &str = "Kestrel Orders";

/// An admin workspace with a project and a shared connector, a customer with the same project, and
/// another account.
fn world() -> Place {
    let place = place_with(&["partner"]);
    let run = |arguments: &[&str]| recipack(&place, arguments);
    run(&[
        "workspace",
        "create",
        "tarnbeck",
        "--kind",
        "admin",
        "--id",
        "48213",
    ]);
    run(&[
        "workspace",
        "create",
        "alder",
        "--kind",
        "customer",
        "--of",
        "tarnbeck",
        "--external-id",
        CUSTOMER,
    ]);
    run(&["workspace", "create", "farrow", "--kind", "external"]);
    run(&["export", "partner", "--for", "external", "-o", "whole.zip"]);
    for workspace in ["local:tarnbeck", "local:farrow"] {
        run(&[
            "import",
            "whole.zip",
            "--into",
            workspace,
            "--folder",
            FOLDER,
            "--yes",
            "--allow-missing-connectors",
        ]);
        run(&["connection", "authorize", "--all", "--in", workspace]);
    }
    run(&[
        "catalog",
        "share",
        "Parcel Tracker",
        "--in",
        "local:tarnbeck",
    ]);
    run(&[
        "workspace",
        "export",
        "local:tarnbeck",
        "--folder",
        FOLDER,
        "-o",
        "own.zip",
    ]);
    run(&[
        "export",
        "own.zip",
        "--for",
        "customer",
        "--catalog",
        "local:tarnbeck",
        "-o",
        "customers.zip",
    ]);
    run(&[
        "import",
        "customers.zip",
        "--into",
        "local:alder",
        "--folder",
        "Orders",
        "--yes",
        "--allow-missing-connectors",
    ]);
    run(&["connection", "authorize", "--all", "--in", "local:alder"]);
    // The same project, later: a recipe is another.
    copy(&place.path("partner"), &place.path("later"));
    let recipe = place.path("later/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("text");
    let changed = text.replacen("\"description\": \"\"", "\"description\": \"By weight\"", 1);
    assert_ne!(text, changed);
    std::fs::write(&recipe, changed).expect("written");
    run(&["export", "later", "--for", "external", "-o", "later.zip"]);
    place
}

#[test]
fn the_sandbox_answers_in_the_platforms_shapes() {
    let place = world();
    let mut proof = Proof {
        place: &place,
        sandbox: Sandbox::start(&place),
        answers: answers(),
        token: String::new(),
        seen: BTreeSet::new(),
        wrong: Vec::new(),
    };
    own_workspace(&mut proof);
    customers(&mut proof);
    // Each element of a list may lack the same.
    proof.wrong.dedup();
    let shaped = proof
        .answers
        .iter()
        .filter(|(_, answer)| answer.shape.is_some());
    let shaped: BTreeSet<_> = shaped.map(|(name, _)| name.clone()).collect();
    assert_eq!(proof.seen, shaped, "every shape is compared");
    assert!(proof.wrong.is_empty(), "{}", proof.wrong.join("\n"));
}

fn own_workspace(proof: &mut Proof<'_>) {
    "nobody's".clone_into(&mut proof.token);
    proof.check("unauthorised", &[], None);
    proof.token("tarnbeck");
    let home = id(&proof.check("users-me", &[], None), "/root_folder_id");
    let projects = proof.check("projects", &[], None);
    let project = id_of(&projects, FOLDER);
    let folders = proof.check("folders", &[("folder", &home)], None);
    let folder = id_of(&folders, FOLDER);
    proof.check("folder-created-project", &[], None);
    proof.check("folder-created", &[("folder", &folder)], None);

    proof.check("folder-assets", &[("folder", &folder)], None);
    let manifest = id(
        &proof.check("manifest-created", &[("folder", &folder)], None),
        "/result/id",
    );
    let package = id(
        &proof.check("export-started", &[("manifest", &manifest)], None),
        "/id",
    );
    proof.wait(&format!("/api/packages/{package}"));
    proof.check("export-completed", &[("package", &package)], None);
    let link = proof.check("download-redirect", &[("package", &package)], None);
    let link = link.as_str().expect("a link");
    let whole = if link.starts_with('/') {
        format!("{}{link}", proof.sandbox.url)
    } else {
        link.to_owned()
    };
    let fetched = ask("GET", &whole, &[], Vec::new());
    assert_eq!(
        (fetched.status, fetched.bytes.get(..2)),
        (200, Some(&b"PK"[..])),
        "{link}"
    );
    proof.check("download-none", &[], None);
    proof.check("not-found", &[], None);

    let later = std::fs::read(proof.place.path("later.zip")).expect("a package");
    let recipes = proof.check("recipes", &[], None);
    let recipe = id_of(&recipes["items"], "Quote shipping");
    proof.check("recipe-started", &[("recipe", &recipe)], None);
    proof.check("import-refused", &[("folder", &folder)], Some(&later));
    let package = id(
        &proof.check("import-started", &[("folder", &folder)], Some(&later)),
        "/id",
    );
    proof.wait(&format!("/api/packages/{package}"));
    proof.check("import-completed", &[("package", &package)], None);
    proof.check("import-folder-unknown", &[], Some(&later));
    proof.check("recipe-stopped", &[("recipe", &recipe)], None);

    proof.check("connections", &[], None);
    let connectors = proof.check("connectors-embedded", &[], None);
    let listed = connectors["result"].as_array().expect("a list");
    let tracker = listed
        .iter()
        .find(|connector| connector["title"] == "Parcel Tracker");
    let tracker = tracker.expect("it is there");
    assert_eq!(tracker["oem_shared_version"], 1);
    proof.check(
        "connector-code",
        &[("connector", &id(tracker, "/id"))],
        None,
    );
    proof.check("connectors-shared", &[], None);
    proof.check("properties-written", &[("project", &project)], None);
    proof.token("farrow");
    proof.check("connectors", &[], None);
}

fn customers(proof: &mut Proof<'_>) {
    proof.token("tarnbeck");
    let shared = proof.check("connectors-shared", &[], None);
    let adapter = shared
        .pointer("/result/0/name")
        .and_then(Value::as_str)
        .expect("a name")
        .to_owned();
    let customers = proof.check("customers", &[], None);
    let number = id_of(&customers["result"], "alder");
    // Whether one record is wrapped is told nowhere.
    for customer in ["Enorth%207%2FKT", &number] {
        let told = proof.ask("GET", &format!("/api/managed_users/{customer}"));
        let record = told.get("result").unwrap_or(&told);
        assert_eq!(
            (id(record, "/id"), &record["external_id"]),
            (number.clone(), &CUSTOMER.into())
        );
    }
    proof.check("customer-unknown", &[], None);
    let folders = proof.check("embedded-folders", &[], None);
    let folder = id_of(&folders["result"], "Orders");
    proof.check("embedded-folder-assets", &[("folder", &folder)], None);
    let manifest = proof.check("embedded-manifest-created", &[("folder", &folder)], None);
    let manifest = id(&manifest, "/result/id");
    let customer = answers()["customer"].request.ids()["customer"].clone();
    let below = format!("/api/managed_users/{customer}");
    // Whether this answer is wrapped is told nowhere.
    let started = proof.ask("POST", &format!("{below}/exports/{manifest}"));
    let package = id(started.get("result").unwrap_or(&started), "/id");
    proof.wait(&format!("{below}/exports/{package}"));
    proof.check("embedded-export-completed", &[("package", &package)], None);
    let zip = std::fs::read(proof.place.path("customers.zip")).expect("a package");
    let package = id(
        &proof.check(
            "embedded-import-started",
            &[("folder", &folder)],
            Some(&zip),
        ),
        "/id",
    );
    proof.wait(&format!("{below}/imports/{package}"));
    proof.check("embedded-import-completed", &[("package", &package)], None);
    let recipes = proof.ask("GET", &format!("{below}/recipes"));
    let recipe = id_of(&recipes["result"], "Track new parcels");
    proof.check("embedded-recipe-started", &[("recipe", &recipe)], None);
    let used = proof.check("embedded-recipes", &[("adapter", &adapter)], None);
    assert_eq!(
        used.pointer("/result/0/id").map(ToString::to_string),
        Some(recipe)
    );
    proof.check("embedded-connections", &[], None);
}

#[test]
fn another_shape_is_noticed() {
    let answers = answers();
    let answer = &answers["users-me"];
    let shape = answer.shape.as_ref().expect("a shape");
    let body = answer.body.clone().expect("a body");
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut changed = body.clone();
        change(&mut changed);
        let mut comparison = Comparison {
            shape,
            wrong: Vec::new(),
        };
        comparison.compare(&body, &changed, "");
        comparison.wrong
    };
    assert_eq!(wrong(&|_| ()), [""; 0]);
    assert_eq!(wrong(&|body| body["location"] = "Tarnbeck".into()), [""; 0]);
    assert_eq!(wrong(&|body| body["id"] = "48213".into()).len(), 1);
    assert_eq!(wrong(&|body| body["email"] = Value::Null).len(), 1);
    assert_eq!(
        wrong(&|body| body["created_at"] = "yesterday".into()).len(),
        1
    );
    let without =
        |body: &mut Value| drop(body.as_object_mut().and_then(|body| body.remove("name")));
    assert_eq!(wrong(&without), ["name is missing"]);
}
