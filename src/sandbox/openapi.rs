//! The OpenAPI document of what is served.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::api::OPERATIONS;
use super::reply::ErrorBody;
use super::route::{Answer, Body, FLAGS, Kind, LARGEST, Method, Operation, Scope, schema};

/// The document, in version 3.1.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let error = schema::<ErrorBody>(&mut generator);
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS.iter().flat_map(|some| some.iter()) {
        let scopes: &[&str] = match operation.scope {
            Scope::Own => &["/api"],
            Scope::Customer => &["/api/managed_users/{managed_user_id}"],
            Scope::Both => &["/api", "/api/managed_users/{managed_user_id}"],
        };
        for scope in scopes {
            let path = format!("{scope}{}", operation.path);
            let id = format!("{} {path}", operation.method.as_str());
            let mut told = json!({
                "operationId": id,
                "summary": operation.summary,
                "parameters": parameters(operation, &path),
                "responses": {},
            });
            match operation.body {
                Body::Nothing => {}
                Body::Json(schema) => {
                    told["requestBody"] = json!({
                        "required": true,
                        "content": {"application/json": {"schema": schema(&mut generator)}},
                    });
                }
                Body::Package => {
                    told["requestBody"] = json!({
                        "required": true,
                        "content": {"application/octet-stream": {"schema": {
                            "type": "string", "format": "binary",
                        }}},
                    });
                }
            }
            let mut answers: Map<String, Value> = Map::new();
            for (status, answer) in operation.answers {
                let content = match answer {
                    Answer::Json(schema) => {
                        json!({"application/json": {"schema": schema(&mut generator)}})
                    }
                    Answer::Redirect => {
                        answers.insert(
                            status.to_string(),
                            json!({"description": "It lies elsewhere", "headers": {"Location": {
                                "required": true, "schema": {"type": "string"},
                            }}}),
                        );
                        continue;
                    }
                };
                answers.insert(
                    status.to_string(),
                    json!({"description": meaning(*status), "content": content}),
                );
            }
            for status in common(operation, &path) {
                answers.entry(status.to_string()).or_insert_with(|| {
                    json!({
                        "description": meaning(status),
                        "content": {"application/json": {"schema": error}},
                    })
                });
            }
            if operation.method == Method::GET {
                answers.insert("304".to_owned(), json!({"description": meaning(304)}));
            }
            told["responses"] = Value::Object(answers);
            let entry = paths.entry(path).or_insert_with(|| json!({}));
            entry[operation.method.as_str().to_lowercase()] = told;
        }
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "recipack sandbox",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The local platform behind the API of an integration platform, for rehearsals.",
        },
        "servers": [{"url": "http://127.0.0.1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    })
}

fn parameters(operation: &Operation, path: &str) -> Value {
    let mut parameters = Vec::new();
    for part in path.split('/').filter(|part| part.starts_with('{')) {
        let name = part.trim_matches(['{', '}']);
        let schema = match name {
            "managed_user_id" => json!({"type": "string", "minLength": 1}),
            _ => json!({"type": "integer", "minimum": 0, "maximum": LARGEST}),
        };
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    for parameter in operation.query {
        let schema = match parameter.kind {
            Kind::Number => {
                json!({"type": "integer", "minimum": 0, "maximum": LARGEST})
            }
            Kind::Flag => {
                let words = FLAGS.iter().map(|(word, _)| json!(word));
                let values = [json!(true), json!(false), json!(1), json!(0)];
                json!({"enum": values.into_iter().chain(words).collect::<Vec<_>>()})
            }
            Kind::Text => json!({"type": "string"}),
            Kind::Time => json!({"type": "string", "format": "date-time"}),
            Kind::Word(words) => json!({"enum": words}),
        };
        parameters.push(json!({
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.what,
            "schema": schema,
        }));
    }
    Value::Array(parameters)
}

/// The statuses that any request may be answered with.
fn common(operation: &Operation, path: &str) -> Vec<u16> {
    let mut common = vec![401, 403, 408, 413, 429, 503];
    if operation.method != Method::GET {
        common.push(409);
    }
    if !operation.query.is_empty() || !matches!(operation.body, Body::Nothing) {
        common.push(400);
    }
    if path.contains('{') {
        common.push(404);
    }
    common
}

const fn meaning(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Created",
        304 => "What is known by its tag still holds",
        400 => "It can't be understood",
        401 => "There is no token, or nobody's",
        403 => "The token may not do this",
        404 => "There is no such thing",
        408 => "It took too long",
        409 => "Something else was faster",
        413 => "It is too large",
        429 => "Too many requests",
        503 => "Another process is writing",
        _ => "Something else",
    }
}
