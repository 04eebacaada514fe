//! The client understands every answer, and asks for it as the answer's file says.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use recipack::client::{
    Account, AccountApi, Client, ClientError, Clock, ConnectorDraft, ConnectorInfo, Contents,
    CustomerHandle, CustomerInfo, Cut, Folder, FolderId, HomeAssets, IncludeData, Job, JobId,
    JobStatus, Limits, ManifestAsset, ManifestId, NewManifest, Operation, Rate, RecipeFilter,
    RecipeId, RecipeInfo, RestartRecipes, RestartResult, Settings, SharedVersion, Started, Tags,
    Token, Upload,
};
use recipack::model::ident::Version;
use recipack::model::workspace::{Authorization, ConnectorId, RecipeState, StopCause};
use serde_json::{Value, json};

use crate::stage::{Asked, Stage, Told};
use crate::support::Place;
use crate::wire::answers::{Answer, ErrorKind, From, Ids, Means, answers, fill};

const TOKEN: &str = "wrkprod-canary-5d1c";
/// What a package's bytes are here. Only the platform looks into them.
const PACKAGE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Answers to questions that the client has no reason to ask.
const NEVER_ASKED: &[&str] = &[
    "connectors-shared",
    "project-delete-forbidden",
    "properties",
    "properties-written",
];

struct Nap;

impl Clock for Nap {
    fn pause(&self, _: Duration) -> Result<(), Cut> {
        Ok(())
    }
}

fn client(base: &str) -> Client {
    let token = Token {
        secret: TOKEN.to_owned().into(),
        source: "this test".to_owned(),
    };
    let mut settings = Settings::new(base.parse().expect("a base"), token);
    settings.retries.attempts = NonZeroU32::MIN;
    settings.timeouts.request = Duration::from_secs(20);
    let often = Rate::per_minute(NonZeroU32::MAX);
    settings.limits = Limits::each(often);
    Client::new(settings, Box::new(Nap)).expect("a client")
}

/// A number among the ids of an answer.
fn number(ids: &Ids, word: &str) -> u64 {
    ids[word].parse().expect("a number")
}

fn folder(folder: &Folder) -> Value {
    json!({
        "id": folder.id.0,
        "name": folder.name,
        "parent_id": folder.parent_id.map(|id| id.0),
        "is_project": folder.is_project,
        "project_id": folder.project_id.map(|id| id.0),
    })
}

fn asset(asset: &ManifestAsset) -> Value {
    json!({ "id": asset.id, "type": asset.kind, "name": asset.name, "zip_name": asset.zip_name })
}

fn job(job: &Job) -> Value {
    let (state, named) = match &job.status {
        JobStatus::InProgress => ("running", None),
        JobStatus::Completed => ("done", None),
        JobStatus::Failed => ("failed", None),
        JobStatus::Unknown(word) => ("unknown", Some(word)),
    };
    let recipes = job.recipe_status.iter().map(|recipe| {
        let result = match &recipe.result {
            RestartResult::NotNeeded => "no_update_or_updated_without_restart",
            RestartResult::Restarted => "restarted",
            RestartResult::Stopped => "stopped",
            RestartResult::RestartFailed => "restart_failed",
            RestartResult::StopFailed => "stop_failed",
            RestartResult::NotFound => "not_found",
            RestartResult::Unknown(word) => word,
        };
        json!({ "id": recipe.id.0, "result": result })
    });
    let mut told = json!({
        "id": job.id.0,
        "state": state,
        "error": job.error,
        "link": job.download_url,
        "recipes": recipes.collect::<Vec<_>>(),
    });
    if let Some(word) = named {
        told["named"] = json!(word);
    }
    json!({ "job": told })
}

fn recipe(recipe: &RecipeInfo) -> Value {
    json!({
        "id": recipe.id.0,
        "name": recipe.name,
        "folder_id": recipe.folder_id.map(|id| id.0),
        "running": recipe.state == RecipeState::Running,
        "version_no": recipe.version_no,
        "stop_cause": match &recipe.stop_cause {
            StopCause::Platform(cause) => Some(cause),
            StopCause::Unsaid | StopCause::NotByPlatform => None,
        },
        "connectors": recipe.providers,
    })
}

fn connector(connector: &ConnectorInfo) -> Value {
    let (embedded, shared) = match connector.shared {
        SharedVersion::Unsaid => (false, None),
        SharedVersion::None => (true, None),
        SharedVersion::At(version) => (true, Some(version.0)),
    };
    let released = connector.released_versions.iter();
    json!({
        "id": connector.id.0,
        "name": connector.name.as_str(),
        "title": connector.title,
        "latest_released_version": connector.latest_released_version.map(|version| version.0),
        "released": released.map(|version| version.version.0).collect::<Vec<_>>(),
        "embedded": embedded,
        "shared": shared,
    })
}

fn customer(customer: &CustomerInfo) -> Value {
    json!({ "id": customer.id, "external_id": customer.external_id, "name": customer.name })
}

fn list<T>(word: &str, items: &[T], told: impl Fn(&T) -> Value) -> Value {
    json!({ word: items.iter().map(told).collect::<Vec<_>>() })
}

/// How the client names the customer of a path.
fn handle(ids: &Ids) -> Option<CustomerHandle> {
    let segment = ids.get("customer")?;
    Some(match segment.strip_prefix('E') {
        None => CustomerHandle::Number(segment.parse().expect("a number")),
        Some(external) => {
            let pair = format!("x={external}");
            let (_, name) = url::form_urlencoded::parse(pair.as_bytes())
                .next()
                .expect("a pair");
            CustomerHandle::External(name.into_owned())
        }
    })
}

fn draft(body: &Value) -> ConnectorDraft {
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    ConnectorDraft {
        title: text("title").unwrap_or_else(|| "Ledger Sync".to_owned()),
        code: text("code").expect("code"),
        description: None,
        note: text("note"),
        logo: None,
    }
}

fn manifest(body: &Value) -> NewManifest {
    let body = &body["export_manifest"];
    NewManifest {
        name: body["name"].as_str().expect("a name").to_owned(),
        folder: FolderId(body["folder_id"].as_u64().expect("a folder")),
        contents: Contents::WholeFolder,
        include_data: IncludeData::No,
        tags: Tags::Keep,
    }
}

fn upload<'p>(query: &BTreeMap<String, String>, folder: u64, package: &'p Path) -> Upload<'p> {
    let is = |key: &str| query.get(key).is_some_and(|value| value == "true");
    let home = query.get("folder_id_for_home_assets");
    Upload {
        folder: FolderId(folder),
        package,
        restart: if is("restart_recipes") {
            RestartRecipes::Allowed
        } else {
            RestartRecipes::Forbidden
        },
        tags: if is("include_tags") {
            Tags::Keep
        } else {
            Tags::Drop
        },
        home: home.map_or(HomeAssets::Home, |home| {
            HomeAssets::Folder(FolderId(home.parse().expect("a folder")))
        }),
    }
}

fn filter(query: &BTreeMap<String, String>) -> RecipeFilter {
    let names = query.get("adapter_names_any").into_iter();
    RecipeFilter {
        folder: None,
        uses_any: names.map(|name| name.parse().expect("a name")).collect(),
        running: query.get("running").map(|_| RecipeState::Running),
    }
}

/// Asks what the answer is for, and says what was understood.
fn understood(client: &Client, answer: &Answer, place: &Place) -> Result<Value, ClientError> {
    let ids = answer.request.ids();
    let handle = handle(&ids);
    let account = handle.clone().map_or(Account::Own, Account::Customer);
    let api = client.account(&account);
    let path = answer.request.path(&ids);
    let (own, rest) = match &handle {
        None => (true, path.strip_prefix("/api/").expect("an API path")),
        Some(_) => {
            let start = format!("/api/managed_users/{}", ids["customer"]);
            let rest = path.strip_prefix(&start).expect("below the customer");
            (false, rest.trim_start_matches('/'))
        }
    };
    if !own && rest.is_empty() {
        let handle = handle.expect("a customer");
        return Ok(json!({ "customer": customer(&client.customer(&handle)?) }));
    }
    let parts: Vec<&str> = rest.split('/').collect();
    let method = answer.request.method.as_str();
    match (own, method, parts.as_slice()) {
        (true, _, ["custom_connectors", rest @ ..]) => connectors(client, answer, method, rest),
        (true, "GET", ["managed_users"]) => Ok(list("customers", &client.customers()?, customer)),
        (true, "GET", ["users", "me"]) => {
            let me = client.me()?;
            let root = me.root_folder.map(|id| id.0);
            Ok(json!({ "me": { "id": me.id.0, "name": me.name, "root_folder_id": root } }))
        }
        (_, _, [_, ..]) => in_account(&api, answer, method, &parts, place),
        (_, _, []) => panic!("{}: {path}", answer.name),
    }
}

/// The part that is the same for the token's own workspace and a customer's.
fn in_account(
    api: &AccountApi<'_>,
    answer: &Answer,
    method: &str,
    parts: &[&str],
    place: &Place,
) -> Result<Value, ClientError> {
    let ids = answer.request.ids();
    let query = answer.request.query(&ids);
    let body = answer.request.body(&ids).unwrap_or_default();
    let package = place.path("package.zip");
    let start = |folder: u64| api.start_import(&upload(&query, folder, &package));
    Ok(match (method, parts) {
        ("GET", ["projects"]) => list(
            "projects",
            &api.projects()?,
            |project| json!({ "id": project.id.0, "name": project.name, "folder_id": project.folder_id.0 }),
        ),
        ("GET", ["folders"]) => {
            let parent = query.get("parent_id");
            let parent = parent.map(|id| FolderId(id.parse().expect("a folder")));
            list("folders", &api.folders_in(parent)?, folder)
        }
        ("POST", ["folders"]) => {
            let parent = body["parent_id"].as_str();
            let parent = parent.map(|id| FolderId(id.parse().expect("a folder")));
            let name = body["name"].as_str().expect("a name");
            json!({ "folder": folder(&api.create_folder(name, parent)?) })
        }
        ("GET", ["export_manifests", "folder_assets"]) => {
            let assets =
                api.folder_assets(Some(FolderId(number(&ids, "folder"))), IncludeData::No)?;
            list("assets", &assets, asset)
        }
        ("POST", ["export_manifests"]) => {
            json!({ "manifest": api.create_manifest(&manifest(&body))?.0 })
        }
        ("DELETE", ["export_manifests", _]) => {
            api.delete_manifest(ManifestId(number(&ids, "manifest")))?;
            json!({ "nothing": {} })
        }
        ("POST", ["packages", "export", _] | ["exports", _]) => {
            job(&api.start_export(ManifestId(number(&ids, "manifest")))?)
        }
        ("GET", ["packages", _] | ["exports", _]) => {
            let id = JobId(number(&ids, "package"));
            let export = job(&api.export(id)?);
            if parts[0] == "packages" {
                assert_eq!(job(&api.import(id)?), export, "one call for both");
            }
            export
        }
        ("GET", ["imports", _]) => job(&api.import(JobId(number(&ids, "package")))?),
        ("GET", ["packages", _, "download"]) => {
            let wanted = Job {
                id: JobId(number(&ids, "package")),
                operation: Operation::Export,
                status: JobStatus::Completed,
                error: None,
                recipe_status: Vec::new(),
                download_url: None,
            };
            let mut bytes = Vec::new();
            let size = api.download(&wanted, &mut bytes, 1000)?;
            assert_eq!((bytes.as_slice(), size), (PACKAGE, PACKAGE.len() as u64));
            json!({ "download": {} })
        }
        ("POST", ["packages", "import", _] | ["imports"]) => job(&start(number(&ids, "folder"))?),
        ("GET", ["recipes"]) => list("recipes", &api.recipes(&filter(&query))?, recipe),
        ("PUT", ["recipes", _, "start"]) => {
            match api.start_recipe(RecipeId(number(&ids, "recipe")))? {
                Started::Done => json!({ "started": true }),
                Started::Refused { errors } => json!({ "not_started": errors }),
            }
        }
        ("PUT", ["recipes", _, "stop"]) => {
            api.stop_recipe(RecipeId(number(&ids, "recipe")))?;
            json!({ "stopped": true })
        }
        ("GET", ["connections"]) => list("connections", &api.connections()?, |connection| {
            json!({
                "id": connection.id.0,
                "name": connection.name,
                "provider": connection.provider,
                "folder_id": connection.folder_id.map(|id| id.0),
                "authorised": connection.authorization == Authorization::Authorized,
            })
        }),
        (_, _) => panic!("{}: the client has no such call", answer.name),
    })
}

fn connectors(
    client: &Client,
    answer: &Answer,
    method: &str,
    parts: &[&str],
) -> Result<Value, ClientError> {
    let ids = answer.request.ids();
    let query = answer.request.query(&ids);
    let body = answer.request.body(&ids).unwrap_or_default();
    let id = || ConnectorId(number(&ids, "connector"));
    let done = || json!({ "nothing": {} });
    let published = |publication: recipack::client::Publication| {
        let name = publication.name.map(|name| name.to_string());
        json!({ "connector": { "id": publication.id.0, "name": name } })
    };
    Ok(match (method, parts) {
        ("GET", []) => list("connectors", &client.connectors()?, connector),
        ("GET", ["search"]) => list(
            "connectors",
            &client.search_connectors(&query["title"])?,
            connector,
        ),
        ("GET", [_, "code"]) => json!({ "code": client.connector_code(id())? }),
        ("POST", []) => published(client.create_connector(&draft(&body))?),
        ("PUT", [_]) => published(client.update_connector(id(), &draft(&body))?),
        ("POST", [_, "release"]) => {
            client.release_connector(id())?;
            done()
        }
        ("POST", [_, "oem_share" | "share_oem_version", _]) => {
            client.share_connector(id(), Version(number(&ids, "version")))?;
            done()
        }
        ("DELETE", [_, "suppress_oem_version"]) => {
            client.unshare_connector(id())?;
            done()
        }
        (_, _) => panic!("{}: the client has no such call", answer.name),
    })
}

/// The same list with nothing in it: what a further page holds.
fn emptied(body: &Value) -> Value {
    match body {
        Value::Array(_) => json!([]),
        Value::Object(map) => {
            let empty = |(key, value): (&String, &Value)| (key.clone(), emptied(value));
            Value::Object(map.iter().map(empty).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body.clone(),
    }
}

fn is_further_page(asked: &Asked) -> bool {
    let page = asked.query.get("page").is_some_and(|page| page != "1");
    page || asked.query.contains_key("since_id")
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| is_part(value, whole))),
        (part, whole) => part == whole,
    }
}

/// What is wrong with how the answer was asked for.
fn misasked(answer: &Answer, asked: &[Asked]) -> Vec<String> {
    let ids = answer.request.ids();
    let path = answer.request.path(&ids);
    let method = &answer.request.method;
    let mut wrong = Vec::new();
    let first = asked
        .iter()
        .find(|asked| asked.path == path && asked.method == *method);
    let Some(first) = first else {
        return vec![format!("{method} {path} was not asked: {asked:?}")];
    };
    for (key, value) in answer.request.query(&ids) {
        // Pages may be asked for by their number or not at all.
        if first.query.get(&key) != Some(&value) && !matches!(key.as_str(), "page" | "per_page") {
            wrong.push(format!("`{key}={value}` is not in {:?}", first.query));
        }
    }
    if let Some(kind) = &answer.request.content_type {
        if first.headers.get("content-type") != Some(kind) {
            wrong.push(format!("no `{kind}`: {:?}", first.headers));
        }
        if first.body != PACKAGE {
            wrong.push(format!("another package: {:?}", first.body));
        }
    }
    if let Some(body) = answer.request.body(&ids) {
        let sent: Value = serde_json::from_slice(&first.body).unwrap_or_default();
        if !is_part(&body, &sent) {
            wrong.push(format!("{body} is not in {sent}"));
        }
    }
    for asked in asked {
        let token = asked.headers.get("authorization");
        if token.is_none_or(|token| *token != format!("Bearer {TOKEN}")) {
            wrong.push(format!("{} without its token", asked.path));
        }
        let agent = asked.headers.get("user-agent");
        if agent.is_none_or(|agent| !agent.starts_with("recipack/")) {
            wrong.push(format!("{} by {agent:?}", asked.path));
        }
    }
    wrong
}

/// An error with everything that it says.
fn told(error: &ClientError) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}

fn is(error: &ClientError, kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Unauthorised => matches!(error, ClientError::Unauthorised { .. }),
        ErrorKind::NotFound => matches!(error, ClientError::NotFound { .. }),
        ErrorKind::Refused => matches!(error, ClientError::Refused { .. }),
        ErrorKind::RateLimited => matches!(error, ClientError::RateLimited { .. }),
        ErrorKind::Unavailable => matches!(error, ClientError::Unavailable { .. }),
    }
}

/// What is wrong with what the client makes of an answer.
fn misunderstood(answer: &Answer) -> Vec<String> {
    let storage = Stage::new(|_| Told {
        status: 200,
        body: PACKAGE.to_vec(),
        ..Told::default()
    });
    let ids = answer.request.ids();
    let path = answer.request.path(&ids);
    let mut other = None;
    if let Means::Try(path) = &answer.means {
        other = Some(fill(path, &ids));
    }
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.replace("{storage}", &storage.url())));
    let first = Told {
        status: answer.status,
        headers: headers.collect(),
        body: answer.bytes(),
    };
    let further = Told {
        body: answer
            .body
            .as_ref()
            .map(emptied)
            .unwrap_or_default()
            .to_string()
            .into(),
        ..first.clone()
    };
    // A client may know the other spelling of a path first.
    let spelling = answer.path_of_other_spelling(&ids);
    let platform = Stage::new(move |asked| {
        if asked.path == path {
            if is_further_page(asked) {
                further.clone()
            } else {
                first.clone()
            }
        } else if other.as_ref() == Some(&asked.path) {
            Told {
                status: 200,
                ..Told::default()
            }
        } else if spelling.as_ref() == Some(&asked.path) {
            Told {
                status: 404,
                ..Told::default()
            }
        } else {
            Told {
                status: 418,
                ..Told::default()
            }
        }
    });
    let place = Place::new();
    std::fs::write(place.path("package.zip"), PACKAGE).expect("written");
    let result = understood(&client(&platform.url()), answer, &place);
    let asked = platform.asked();
    let mut wrong = misasked(answer, &asked);
    match (&result, &answer.means) {
        (Ok(_), Means::Download { from }) => {
            let fetched = storage.asked();
            let expected = usize::from(*from == From::Storage);
            if fetched.len() != expected {
                wrong.push(format!("{} requests went elsewhere", fetched.len()));
            }
            if fetched
                .iter()
                .any(|asked| asked.headers.contains_key("authorization"))
            {
                wrong.push("the token went elsewhere".to_owned());
            }
        }
        (Ok(_), Means::Try(other)) => {
            let other = fill(other, &ids);
            if !asked.iter().any(|asked| asked.path == other) {
                wrong.push(format!("{other} was not tried"));
            }
        }
        (Ok(value), Means::Error { .. }) => wrong.push(format!("no error, but {value}")),
        (Ok(value), Means::NotStarted(reasons)) => {
            let text = value["not_started"].to_string();
            let refused = value.get("not_started").is_some();
            if !refused || reasons.iter().any(|reason| !text.contains(reason.as_str())) {
                wrong.push(format!("{reasons:?} is not in {value}"));
            }
        }
        (Ok(value), _) => {
            if *value != answer.means_as_json() {
                wrong.push(format!("{value}\n    is not {}", answer.means_as_json()));
            }
        }
        (
            Err(error),
            Means::Error {
                kind: expected,
                says,
            },
        ) => {
            let told = told(error);
            if !is(error, *expected) {
                wrong.push(format!("not {expected:?}, but {error:?}"));
            }
            let silent = says.iter().find(|text| !told.contains(text.as_str()));
            if let Some(text) = silent {
                wrong.push(format!("`{text}` is not told: {told}"));
            }
            if told.contains(TOKEN) || format!("{error:?}").contains(TOKEN) {
                wrong.push("the token is told".to_owned());
            }
        }
        (Err(error), _) => wrong.push(format!("an error: {}", told(error))),
    }
    wrong
}

#[test]
fn every_answer_is_understood() {
    let answers = answers();
    for name in NEVER_ASKED {
        assert!(answers.contains_key(*name), "{name} is no answer");
    }
    let asked = answers
        .iter()
        .filter(|(name, _)| !NEVER_ASKED.contains(&name.as_str()));
    let mut report = String::new();
    for (name, answer) in asked {
        for wrong in misunderstood(answer) {
            report.push_str(&format!("{name}: {wrong}\n"));
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn an_answer_that_means_something_else_is_noticed() {
    let mut answers = answers();
    let answer = answers.get_mut("export-completed").expect("an answer");
    let body = answer.body.as_mut().expect("a body");
    body["status"] = json!("in_progress");
    assert!(!misunderstood(answer).is_empty());
    let answer = answers.get_mut("validation-lists").expect("an answer");
    answer.body.as_mut().expect("a body")["errors"] = json!({});
    assert!(!misunderstood(answer).is_empty());
}
