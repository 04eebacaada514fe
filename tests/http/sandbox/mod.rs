//! The sandbox as a process, asked over real connections. Every answer is held against the document
//! that it gives of itself.

mod accounts;
mod changes;
mod clients;
mod connectors;
mod ends;
mod faults;
mod hostile;
mod manners;
mod packages;
mod recipes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::sandbox::{Sandbox, done, local, token};
use crate::support::{Place, Run};
use serde_json::{Value, json};
use ureq::http;

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        let told = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{told}");
        self
    }
}

/// The sandbox's document of itself.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let run = Place::new().run(["sandbox", "--openapi"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("JSON")
});

/// The operation of a method and a path below the root.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let templates = DOCUMENT["paths"].as_object().expect("paths").iter();
    let mut found: Vec<_> = templates
        .filter(|(template, methods)| {
            let template: Vec<&str> = template.split('/').collect();
            methods.get(method.to_lowercase()).is_some()
                && template.len() == parts.len()
                && (template.iter().zip(&parts))
                    .all(|(wanted, part)| wanted == part || wanted.starts_with('{'))
        })
        .collect();
    // What is spelled out comes before what stands for anything.
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, methods) = found.first()?;
    methods.get(method.to_lowercase())
}

/// That an answer is one that the document tells of.
#[track_caller]
fn documented(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        response.is_object(),
        "{method} {path}: {} is not documented",
        answer.status
    );
    let kind = answer.headers.get("content-type").map(String::as_str);
    let content = response.get("content").and_then(Value::as_object);
    match (content, kind) {
        (None, None) => assert!(answer.bytes.is_empty(), "{method} {path}"),
        (Some(content), Some(kind)) => {
            let schema = &content[kind]["schema"];
            let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
            let validator = jsonschema::draft202012::new(&whole).expect("a schema");
            let value = answer.json();
            let wrong: Vec<_> = validator
                .iter_errors(&value)
                .map(|e| e.to_string())
                .collect();
            assert!(wrong.is_empty(), "{method} {path}: {wrong:?}: {value}");
        }
        (content, kind) => panic!("{method} {path}: {kind:?} instead of {content:?}"),
    }
}

/// What is sent along.
#[derive(Clone, Copy)]
enum Sent<'a> {
    Nothing,
    Json(&'a Value),
    Package(&'a [u8]),
    /// A package as the connector SDK's gem sends it.
    Zip(&'a [u8]),
    /// Nothing but which answers are known.
    Known(&'a str),
}

/// Somebody who asks a sandbox.
struct Asker {
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl Asker {
    fn of(place: &Place, sandbox: &Sandbox, workspace: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            url: sandbox.url.clone(),
            token: token(place, workspace),
            agent: config.into(),
        }
    }

    fn try_ask(&self, method: &str, path: &str, sent: Sent<'_>) -> Result<Answer, ureq::Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if path.starts_with("/api/") && !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let (kind, bytes) = match sent {
            Sent::Nothing => (None, Vec::new()),
            Sent::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Sent::Package(bytes) => (Some("application/octet-stream"), bytes.to_vec()),
            Sent::Zip(bytes) => (Some("application/zip"), bytes.to_vec()),
            Sent::Known(tags) => {
                request = request.header("if-none-match", tags);
                (None, Vec::new())
            }
        };
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let mut response = match kind {
            None => self.agent.run(request.body(()).expect("a request"))?,
            Some(_) => self.agent.run(request.body(bytes).expect("a request"))?,
        };
        let headers = response.headers().iter().map(|(name, value)| {
            let value = value.to_str().expect("text").to_owned();
            (name.to_string(), value)
        });
        let headers = headers.collect();
        let status = response.status().as_u16();
        let bytes = response
            .body_mut()
            .with_config()
            .limit(200 << 20)
            .read_to_vec()?;
        Ok(Answer {
            status,
            headers,
            bytes,
        })
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, sent: Sent<'_>) -> Answer {
        let answer = self
            .try_ask(method, path, sent)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        documented(method, path, &answer);
        answer
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.ask("GET", path, Sent::Nothing).is(200).json()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Sent::Json(body))
    }

    /// Waits until a job is done. `path` tells how far it is.
    #[track_caller]
    fn wait(&self, path: &str) -> Value {
        let began = Instant::now();
        loop {
            let told = self.get(path);
            let told = match told.get("result") {
                Some(result) => result.clone(),
                None => told,
            };
            if told["status"] != "in_progress" {
                return told;
            }
            assert!(
                began.elapsed() < Duration::from_secs(180),
                "it never ends: {told}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The number of Home.
    #[track_caller]
    fn home(&self) -> u64 {
        number(&self.get("/api/users/me")["root_folder_id"])
    }

    /// The number of a folder by its path.
    #[track_caller]
    fn folder(&self, path: &str) -> u64 {
        let mut folder = self.home();
        for name in path.split('/') {
            let folders = self.get(&format!("/api/folders?parent_id={folder}"));
            let mut folders = folders.as_array().expect("a list").iter();
            let found = folders.find(|found| found["name"] == name);
            folder = number(&found.unwrap_or_else(|| panic!("no folder {name}"))["id"]);
        }
        folder
    }

    /// Sends a package to a folder, and waits until it is imported.
    #[track_caller]
    fn import(&self, folder: u64, options: &str, package: &[u8]) -> Value {
        let path = format!("/api/packages/import/{folder}?{options}");
        let told = self.ask("POST", &path, Sent::Package(package)).is(200);
        let told = told.json();
        assert_eq!(told["status"], "in_progress");
        assert_eq!(told["operation_type"], "import");
        self.wait(&format!("/api/packages/{}", told["id"]))
    }

    /// Exports a folder, and waits until it is done. Says what the platform says of it.
    #[track_caller]
    fn export(&self, folder: u64) -> Value {
        let manifest = json!({"export_manifest": {
            "name": "All of it", "folder_id": folder, "auto_generate_assets": true,
        }});
        let told = self.post("/api/export_manifests", &manifest).is(201).json();
        let path = format!("/api/packages/export/{}", told["result"]["id"]);
        let job = self.ask("POST", &path, Sent::Nothing).is(200).json();
        assert_eq!(job["status"], "in_progress");
        assert_eq!(job["download_url"], Value::Null);
        self.wait(&format!("/api/packages/{}", job["id"]))
    }
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Names in a list, by a key.
fn all<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one[key].as_str().expect("text")).collect()
}

/// The entries of a package that came over the wire.
fn entries(place: &Place, bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let path = place.path("downloaded.zip");
    std::fs::write(&path, bytes).expect("written");
    crate::support::entries(&path)
}

fn package(place: &Place, name: &str) -> Vec<u8> {
    std::fs::read(place.path(name)).expect("a package")
}

/// A place with the account `osprey`, which holds the package `external.zip` in the folder
/// `Warehouse`.
fn stocked() -> Place {
    let place = crate::support::sandbox::partner();
    let arguments = [
        "import",
        "external.zip",
        "--into",
        "local:osprey",
        "--folder",
        "Warehouse",
        "--allow-missing-connectors",
    ];
    done(&local(&place, &arguments), &arguments);
    place
}

/// A command about the platform itself.
#[track_caller]
fn here(place: &Place, arguments: &[&str]) -> Run {
    let run = local(place, arguments);
    done(&run, arguments);
    run
}

/// The store of the sandbox, beside the platform's file.
fn store(place: &Place) -> std::path::PathBuf {
    Path::new(&place.path("p.db.sandbox")).to_owned()
}
