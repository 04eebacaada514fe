//! What `--json` prints is what `recipack schema` says it is.

mod migrations;
mod over_the_api;
mod rollouts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::workspaces::people;
use crate::support::{Place, copy, place_with};
use jsonschema::Validator;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every published schema, by its document's name.
fn schemas(place: &Place) -> BTreeMap<String, Value> {
    let all = place.run(["schema", "--json"]);
    assert_eq!(all.code, 0, "{}", all.stderr);
    serde_json::from_str(&all.stdout).expect("a map of schemas")
}

/// The schema, made to refuse keys that it does not name: what is not published must not be there.
fn strict(schema: &Value) -> Value {
    let mut strict = schema.clone();
    close(&mut strict);
    // What other properties stand beside is closed there, together with them.
    let mut extended = BTreeSet::new();
    find_extended(schema, &mut extended);
    for name in extended {
        let definition = strict.pointer_mut(&name).expect("a definition");
        let keys = definition.as_object_mut().expect("an object");
        keys.remove("additionalProperties");
    }
    strict
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            keys.values_mut().for_each(close);
            let is_object = keys.get("type") == Some(&"object".into());
            if is_object && keys.contains_key("properties") {
                let composed = ["oneOf", "anyOf", "allOf", "$ref"];
                // What stands beside these properties is closed with them, not by itself.
                for key in ["oneOf", "anyOf", "allOf"] {
                    let branches = keys.get_mut(key).and_then(Value::as_array_mut);
                    for branch in branches
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_object_mut)
                    {
                        branch.remove("additionalProperties");
                        branch.remove("unevaluatedProperties");
                    }
                }
                let key = if composed.iter().any(|key| keys.contains_key(*key)) {
                    "unevaluatedProperties"
                } else {
                    "additionalProperties"
                };
                keys.entry(key).or_insert(Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn find_extended(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keys) => {
            if let (Some(Value::String(to)), true) =
                (keys.get("$ref"), keys.contains_key("properties"))
            {
                found.insert(to.trim_start_matches('#').to_owned());
            }
            keys.values().for_each(|value| find_extended(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| find_extended(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_schema_is_one() {
    let place = Place::new();
    let all = schemas(&place);
    let listed = place.run(["schema"]).stdout;
    let listed: BTreeSet<_> = listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(listed, all.keys().map(String::as_str).collect());
    for (name, schema) in &all {
        assert_eq!(&json(&place.run(["schema", name]).stdout), schema, "{name}");
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{name}"
        );
        assert!(schema["description"].is_string(), "{name} says what it is");
        for key in properties(schema) {
            let other = ["catalogue", "authoris"].iter().any(|it| key.contains(it));
            assert!(!other, "{name} has `{key}`: one spelling in all documents");
        }
    }
}

/// The keys that documents of a schema may have, wherever in them.
fn properties(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys {
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    found.extend(properties.keys().map(String::as_str));
                }
                found.extend(self::properties(value));
            }
        }
        Value::Array(items) => found.extend(items.iter().flat_map(properties)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

/// A situation: the document that is printed, the command, and its exit code.
type Situation<'a> = (&'a str, &'a [&'a str], i32);

const SITUATIONS: &[Situation<'static>] = &[
    (
        "export",
        &["export", "partner", "--for", "external", "-o", "e.zip"],
        0,
    ),
    (
        "export",
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
            "-o",
            "c.zip",
        ],
        0,
    ),
    (
        "export",
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "catalogs/other-admin.json",
            "-o",
            "r.zip",
        ],
        0,
    ),
    (
        "export",
        &[
            "export",
            "shared-form",
            "--for",
            "external",
            "--connectors",
            "connectors",
            "-o",
            "b.zip",
        ],
        0,
    ),
    (
        "export",
        &[
            "export",
            "--to",
            "customers",
            "--connector",
            "Parcel Tracker=include",
            "-o",
            "i.zip",
        ],
        0,
    ),
    (
        "export",
        &[
            "export",
            "c.zip",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
            "-o",
            "d.zip",
        ],
        0,
    ),
    (
        "export",
        &["export", "partner", "--for", "external", "--list"],
        0,
    ),
    (
        "export",
        &["export", "shared-form", "--for", "external", "-o", "x.zip"],
        1,
    ),
    (
        "export",
        &[
            "export",
            "broken/broken-json",
            "--for",
            "external",
            "-o",
            "x.zip",
        ],
        1,
    ),
    (
        "export",
        &[
            "export",
            "-m",
            "broken/manifests/names-nothing.toml",
            "--to",
            "customers",
            "-o",
            "x.zip",
        ],
        1,
    ),
    (
        "export",
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--data-center",
            "us",
            "--catalog",
            "catalogs/closed-eu.json",
        ],
        1,
    ),
    ("export", &["check", "partner"], 0),
    (
        "export",
        &["check", "partner", "--include", "Orders/return*"],
        0,
    ),
    ("export", &["check", "--to", "external-account"], 0),
    ("export", &["check", "broken/case-collision"], 1),
    (
        "export-several",
        &["check", "partner", "broken/case-collision", "broken/none"],
        1,
    ),
    (
        "export-several",
        &["check", "broken/multi-root", "--all-projects"],
        0,
    ),
    ("lock-several", &["lock", "partner", "shared-form"], 1),
    ("show", &["show", "c.zip"], 0),
    ("show", &["show", "partner"], 0),
    ("show", &["show", "broken/empty"], 0),
    (
        "why",
        &[
            "why",
            "Parcel Tracker",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
        ],
        0,
    ),
    (
        "why",
        &[
            "why",
            "Route Planner",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
        ],
        0,
    ),
    (
        "why",
        &[
            "why",
            "Orders/return_label.recipe.json",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
        ],
        0,
    ),
    (
        "why",
        &["why", "README.md", "partner", "--for", "external"],
        0,
    ),
    (
        "why",
        &["why", "Order status", "partner", "--for", "external"],
        0,
    ),
    ("graph", &["graph", "partner"], 0),
    (
        "graph",
        &[
            "graph", "partner", "--for", "external", "--level", "folders",
        ],
        0,
    ),
    ("graph", &["graph", "partner", "--of", "Parcel Tracker"], 0),
    ("graph", &["graph", "shared-form", "--format", "dot"], 0),
    ("diff", &["diff", "e.zip", "c.zip"], 0),
    (
        "diff",
        &["diff", "e.zip", "i.zip", "--detailed-exitcode"],
        2,
    ),
    ("diff", &["diff", "e.zip", "r.zip"], 0),
    ("diff", &["diff", "partner", "edited"], 0),
    ("diff", &["diff", "partner", "partner"], 0),
    ("verify", &["verify", "e.zip"], 0),
    (
        "verify",
        &["verify", "e.zip", "--rebuild-from", "partner"],
        0,
    ),
    (
        "verify",
        &["verify", "e.zip", "--rebuild-from", "edited"],
        4,
    ),
    (
        "verify",
        &["verify", "c.zip", "--record", "e.recipack.json"],
        4,
    ),
    ("init", &["init", "partner", "-o", "new.toml"], 0),
    (
        "init",
        &["init", "shared-form", "-o", "new.toml", "--force"],
        0,
    ),
    ("manifest", &["manifest", "list"], 0),
    ("manifest", &["manifest", "list", "-m", "new.toml"], 1),
    ("manifest", &["manifest", "list", "-m", "full.toml"], 0),
    (
        "manifest-edit",
        &["manifest", "add", "include", "Orders/**", "-m", "new.toml"],
        0,
    ),
    (
        "manifest-edit",
        &["manifest", "add", "include", "Orders/**", "-m", "new.toml"],
        0,
    ),
    (
        "manifest-edit",
        &[
            "manifest",
            "add",
            "connector",
            "parcel_tracker_connector_48213_1701388800=exclude",
            "-m",
            "new.toml",
        ],
        0,
    ),
    (
        "manifest-edit",
        &[
            "manifest",
            "add",
            "target",
            "t=customer",
            "--data-center",
            "jp",
            "-m",
            "new.toml",
        ],
        0,
    ),
    (
        "manifest-edit",
        &[
            "manifest",
            "add",
            "catalog",
            "catalogs/shared.json",
            "-m",
            "new.toml",
        ],
        0,
    ),
    ("manifest", &["manifest", "list", "-m", "new.toml"], 0),
    (
        "manifest-edit",
        &[
            "manifest",
            "remove",
            "include",
            "Orders/**",
            "-m",
            "new.toml",
        ],
        0,
    ),
    (
        "manifest-edit",
        &["manifest", "remove", "catalog", "-m", "new.toml"],
        0,
    ),
    ("failure", &["export", "partner"], 64),
    ("failure", &["export", "partner", "--for", "moon"], 64),
    ("failure", &["nonsense"], 64),
    ("failure", &["-C", "nowhere", "check"], 64),
    ("failure", &["export", "nowhere", "--for", "external"], 1),
    (
        "failure",
        &[
            "export",
            "partner",
            "--for",
            "external",
            "-o",
            "nowhere/x.zip",
        ],
        64,
    ),
    ("failure", &["check", "broken/not-a-project"], 1),
    ("failure", &["check", "broken/multi-root"], 64),
    ("failure", &["check", "broken/not-a-zip.zip"], 1),
    (
        "failure",
        &["check", "partner", "--catalog", "full.toml"],
        1,
    ),
    (
        "failure",
        &[
            "export",
            "-m",
            "broken/manifests/unknown-key.toml",
            "--to",
            "customers",
        ],
        1,
    ),
    (
        "failure",
        &["export", "-m", "small.toml", "--to", "t", "-o", "x.zip"],
        1,
    ),
    ("failure", &["show", "broken/not-a-zip.zip"], 1),
    (
        "failure",
        &["why", "nothing", "partner", "--for", "external"],
        1,
    ),
    ("failure", &["graph", "partner", "--of", "Order status"], 64),
    ("failure", &["diff", "partner", "nowhere"], 1),
    ("failure", &["verify", "nowhere.zip"], 1),
    ("failure", &["verify", "e.zip", "--record", "full.toml"], 4),
    ("failure", &["init", "partner", "-o", "new.toml"], 64),
    ("failure", &["manifest", "list", "-m", "nowhere.toml"], 1),
    (
        "failure",
        &["manifest", "remove", "tag", "x", "-m", "new.toml"],
        1,
    ),
    ("failure", &["schema", "nothing"], 64),
    ("lock", &["lock", "-m", "small.toml", "--check"], 2),
    ("lock", &["lock", "-m", "small.toml"], 0),
    ("lock", &["lock", "-m", "small.toml"], 0),
    ("failure", &["lock", "-m", "full.toml"], 1),
    ("sign", &["sign", "c.zip", "--key", "keys/test.key"], 0),
    ("verify", &["verify", "c.zip", "--key", "keys/test.pub"], 0),
    ("provenance", &["attest", "c.zip"], 0),
    ("provenance", &["sbom", "c.zip"], 0),
    (
        "verify",
        &["verify", "c.zip", "--attestation", "c.intoto.json"],
        0,
    ),
    ("completions", &["completions", "fish"], 0),
    ("man", &["man"], 0),
    ("man", &["man", "-o", "pages"], 0),
    ("doctor", &["doctor"], 0),
    ("doctor", &["doctor", "local:nobody"], 1),
];

/// The same for the local platform, which [`people`] makes.
#[rustfmt::skip]
const WORKSPACES: &[Situation<'static>] = &[
    ("workspace-create", &["workspace", "create", "a", "--kind", "admin", "--catalog", "shared.json", "--platform", "p.db"], 0),
    ("workspace-create", &["workspace", "create", "c", "--kind", "customer", "--of", "a", "--external-id", "7", "--platform", "p.db"], 0),
    ("workspace-list", &["workspace", "list", "--platform", "p.db"], 0),
    ("report", &["report", "e.zip", "-o", "e.html"], 0),
    ("push", &["push", "e.zip", "oci:layout:1"], 0),
    ("pull", &["pull", "oci:layout:1", "-o", "pulled.zip"], 0),
    ("attach", &["attach", "oci:layout:1", "--repair"], 0),
    ("discover", &["discover", "oci:layout:1"], 0),
    ("tags", &["tags", "oci:layout"], 0),
    ("workspace-show", &["workspace", "show", "acme", "--platform", "p.db"], 0),
    ("workspace-show", &["workspace", "show", "moon", "--platform", "p.db"], 0),
    ("workspace-export", &["workspace", "export", "acme", "--folder", "Orders/Functions", "-o", "acme.zip", "--platform", "p.db"], 0),
    ("workspace-export", &["workspace", "export", "c", "-o", "c.zip", "--platform", "p.db"], 1),
    ("workspace-delete", &["workspace", "delete", "c", "--yes", "--platform", "p.db"], 0),
    ("sandbox-token", &["sandbox", "--token", "acme", "--platform", "p.db"], 0),
    ("settings-init", &["settings", "init", "e.zip"], 0),
    ("settings-init", &["settings", "init", "e.zip", "-o", "settings.toml"], 0),
    ("settings-check", &["settings", "check", "e.zip", "--settings", "settings.toml"], 0),
    ("settings-show", &["settings", "show", "--of", "acme", "--settings", "settings.toml"], 0),
    ("recipe-list", &["recipe", "list", "--in", "local:acme", "--platform", "p.db"], 0),
    ("recipe-list", &["recipe", "list", "--in", "local:moon", "--platform", "p.db"], 0),
    ("recipe-change", &["recipe", "start", "6", "--in", "local:acme", "--platform", "p.db"], 0),
    ("recipe-change", &["recipe", "stop", "--all", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connection-list", &["connection", "list", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connection-change", &["connection", "authorize", "Mailbox", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-list", &["connector", "list", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-show", &["connector", "show", "Ledger Sync", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-show", &["connector", "show", "Parcel Tracker", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-versions", &["connector", "versions", "Ledger Sync", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-versions", &["connector", "versions", "Parcel Tracker", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-usage", &["connector", "usage", "Ledger Sync", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-release", &["connector", "release", "Ledger Sync", "--in", "local:acme", "--platform", "p.db"], 0),
    ("connector-release", &["connector", "release", "Ledger Sync", "--in", "local:acme", "--platform", "p.db"], 0),
    ("workspace-set", &["workspace", "set", "kestrel", "--closed-source", "allowed", "--platform", "p.db"], 0),
    ("customer-create", &["customer", "create", "heron", "--of", "kestrel", "--external-id", "H", "--label", "ring=1", "--platform", "p.db"], 0),
    ("customer-list", &["customer", "list", "--platform", "p.db"], 0),
    ("customer-list", &["customer", "list", "--of", "kestrel", "--platform", "p.db"], 0),
    ("customer-show", &["customer", "show", "acme", "--platform", "p.db"], 0),
    ("customer-label", &["customer", "label", "heron", "plan=gold", "ring-", "--platform", "p.db"], 0),
    ("customer-plan", &["customer", "apply", "swift.toml", "--of", "kestrel", "--plan", "--allow-new-workspace", "--platform", "p.db"], 3),
    ("customer-apply", &["customer", "apply", "heron.toml", "--of", "kestrel", "--platform", "p.db"], 0),
    ("customer-reconcile", &["customer", "reconcile", "heron.toml", "swift.toml", "--of", "kestrel", "--platform", "p.db"], 0),
    ("connector-push", &["connector", "push", "bad.rb", "--title", "Depot", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("failure", &["connector", "release", "Depot", "--in", "local:kestrel", "--platform", "p.db"], 1),
    ("connector-push", &["connector", "push", "partner/parcel_tracker.custom_adapter.rb", "--title", "Depot", "--note", "Mended", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("connector-push", &["connector", "push", "partner/parcel_tracker.custom_adapter.rb", "--title", "Depot", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("connector-release", &["connector", "release", "Depot", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("connector-pull", &["connector", "pull", "Depot", "--in", "local:kestrel", "-o", "keys", "--platform", "p.db"], 0),
    ("failure", &["connector", "pull", "Depot", "--in", "local:kestrel", "-o", "keys", "--platform", "p.db"], 64),
    ("connector-diff", &["connector", "diff", "Depot@2", "partner/ledger_sync.custom_adapter.rb", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("connector-diff", &["connector", "diff", "v1.rb", "v2.rb", "--detailed-exitcode"], 2),
    ("failure", &["connector", "diff", "Depot@1", "Depot@2", "--in", "local:kestrel", "--platform", "p.db"], 1),
    ("catalog-list", &["catalog", "list", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-show", &["catalog", "show", "Parcel Tracker", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-show", &["catalog", "show", "Route Planner", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-pull", &["catalog", "pull", "-o", "pulled.json", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-pull", &["catalog", "pull", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-change", &["catalog", "share", "Depot", "--closed-source", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-change", &["catalog", "update", "Parcel Tracker", "--plan", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-change", &["catalog", "update", "Parcel Tracker", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-change", &["catalog", "switch", "Parcel Tracker", "7", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-diff", &["catalog", "diff", "pulled.json", "--detailed-exitcode", "--in", "local:kestrel", "--platform", "p.db"], 2),
    ("failure", &["catalog", "apply", "pulled.json", "--in", "local:kestrel", "--platform", "p.db"], 3),
    ("failure", &["catalog", "remove", "Depot", "--in", "local:kestrel", "--platform", "p.db"], 3),
    ("catalog-change", &["catalog", "apply", "pulled.json", "--allow-removals", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("catalog-diff", &["catalog", "diff", "pulled.json", "--detailed-exitcode", "--in", "local:kestrel", "--platform", "p.db"], 0),
    ("export", &["export", "partner", "--for", "customer", "--catalog", "local:kestrel", "--list", "--platform", "p.db"], 0),
    ("plan", &["plan", "e.zip", "--into", "local:acme", "--folder", "New", "--other-target", "--platform", "p.db"], 0),
    ("plan", &["plan", "e.zip", "--into", "local:acme", "--folder", "New", "--other-target", "-o", "refused.json", "--platform", "p.db"], 0),
    ("failure", &["plan", "c.zip", "--into", "local:moon", "--platform", "p.db"], 3),
    ("plan", &["plan", "c.zip", "--into", "local:moon", "--other-target", "--platform", "p.db"], 3),
    ("plan", &["plan", "e.zip", "--into", "local:moon", "-o", "plan.json", "--platform", "p.db"], 0),
    ("import", &["import", "plan.json", "--platform", "p.db"], 0),
    ("import", &["import", "e.zip", "--into", "local:moon", "--platform", "p.db"], 0),
    ("failure", &["import", "refused.json", "--folder", "Elsewhere", "--platform", "p.db"], 3),
    ("matrix", &["matrix", "c.zip", "e.zip", "--platform", "p.db"], 0),
    ("import", &["import", "c.zip", "--into", "local:moon", "--allow-missing-connectors", "--other-target", "--platform", "p.db"], 0),
    ("failure", &["import", "plan.json", "--platform", "p.db"], 3),
    ("failure", &["import", "c.zip", "--into", "local:moon", "--folder", "Other", "--platform", "p.db"], 3),
    ("failure", &["plan", "nowhere.zip", "--into", "local:moon", "--platform", "p.db"], 1),
    ("failure", &["workspace", "show", "c", "--platform", "p.db"], 1),
    ("failure", &["workspace", "create", "x", "--kind", "customer", "--platform", "p.db"], 64),
    ("failure", &["workspace", "export", "acme", "--folder", "None", "--platform", "p.db"], 1),
    ("failure", &["workspace", "delete", "acme", "--platform", "p.db"], 3),
    ("failure", &["workspace", "delete", "kestrel", "--yes", "--platform", "p.db"], 3),
    ("failure", &["recipe", "start", "7", "--in", "local:acme", "--platform", "p.db"], 1),
    ("failure", &["recipe", "start", "Track parcels", "--in", "local:acme", "--platform", "p.db"], 64),
    ("failure", &["connector", "release", "Parcel Tracker", "--in", "local:acme", "--platform", "p.db"], 1),
];

/// The same for the history of a workspace.
#[rustfmt::skip]
const HISTORY: &[Situation<'static>] = &[
    ("workspace-create", &["workspace", "create", "past", "--kind", "external", "--platform", "p.db"], 0),
    ("status", &["status", "local:past", "--platform", "p.db"], 0),
    ("history", &["history", "local:past", "--platform", "p.db"], 0),
    ("failure", &["rollback", "local:past", "--platform", "p.db"], 1),
    ("import", &["import", "e.zip", "--into", "local:past", "--allow-missing-connectors", "--platform", "p.db"], 0),
    ("connection-change", &["connection", "authorize", "--all", "--in", "local:past", "--platform", "p.db"], 0),
    ("recipe-change", &["recipe", "start", "Return label", "Post freight costs", "--in", "local:past", "--platform", "p.db"], 0),
    ("export", &["export", "edited", "--for", "external", "-o", "f.zip"], 0),
    ("import", &["import", "f.zip", "--into", "local:past", "--allow-missing-connectors", "--restart-recipes", "--yes", "--platform", "p.db"], 0),
    ("status", &["status", "local:past", "--folder", "Orders", "--platform", "p.db"], 0),
    ("rollback", &["rollback", "local:past", "--plan", "--platform", "p.db"], 0),
    ("failure", &["rollback", "local:past", "--yes", "--platform", "p.db"], 3),
    ("failure", &["rollback", "local:past", "--restart-recipes", "--platform", "p.db"], 3),
    ("failure", &["rollback", "local:past", "7", "--platform", "p.db"], 1),
    ("rollback", &["rollback", "local:past", "--yes", "--restart-recipes", "--platform", "p.db"], 0),
    ("rollback", &["rollback", "local:past", "1", "--yes", "--platform", "p.db"], 0),
    ("rollback", &["rollback", "local:past", "0", "--yes", "--created", "remove", "--platform", "p.db"], 0),
    ("rollback", &["rollback", "local:past", "--yes", "--platform", "p.db"], 68),
    ("history", &["history", "local:past", "--platform", "p.db"], 0),
    ("revision", &["history", "local:past", "2", "--platform", "p.db"], 0),
    ("revision", &["history", "local:past", "3", "--platform", "p.db"], 0),
    ("revision", &["history", "local:past", "4", "--platform", "p.db"], 0),
    ("failure", &["history", "local:past", "7", "--platform", "p.db"], 1),
    ("status", &["status", "local:past", "--detailed-exitcode", "--platform", "p.db"], 2),
    ("diff", &["diff", "e.zip", "local:past", "--platform", "p.db"], 0),
    ("explain", &["explain", "raw-id"], 0),
    ("explain-list", &["explain"], 0),
    ("explain", &["explain", "stale-plan"], 0),
    ("help", &["help", "exit-codes"], 0),
    ("version", &["version"], 0),
];

fn prepared() -> Place {
    let place = place_with(&[
        "partner",
        "shared-form",
        "connectors",
        "catalogs",
        "broken",
        "keys",
        "recipack.toml",
    ]);
    fs::create_dir_all(place.path("broken/empty")).expect("made");
    people(&place);
    copy(&place.path("partner"), &place.path("edited"));
    let edit = |path: &str, from: &str, to: &str| {
        let text = fs::read_to_string(place.path(path)).expect("text");
        assert!(text.contains(from), "{path} holds {from}");
        place.write(path, &text.replacen(from, to, 1));
    };
    edit(
        "edited/Orders/return_label.recipe.json",
        "KS-20417-07",
        "KS-1",
    );
    edit(
        "edited/Orders/track_new_parcels.recipe.json",
        "\"keyword\": \"foreach\"",
        "\"keyword\": \"repeat\"",
    );
    edit("edited/region_codes.lookup_table.json", "{", "{ ");
    edit(
        "edited/ledger_sync.custom_adapter.rb",
        "\n",
        "\n# Edited.\n",
    );
    edit("edited/project.json", "{", "{\"new\": [1],");
    place.write("edited/new.topic.json", r#"{"name":"New"}"#);
    fs::remove_file(place.path("edited/account_properties.properties.json")).expect("removed");
    let moved = place.path("edited/Orders/silver.loyalty_card.json");
    fs::rename(place.path("edited/Orders/gold.loyalty_card.json"), moved).expect("renamed");
    let picture = "edited/parcel_tracker.custom_adapter.png";
    fs::write(place.path(picture), [0, 159, 146, 150]).expect("written");
    place.write("bad.rb", "{ actions: [ }\n");
    let file = "name = \"heron\"\nexternal-id = \"H\"\nlabels = { plan = \"gold\" }\n";
    place.write("heron.toml", file);
    // The package was made for somebody else.
    let file = "name = \"swift\"\nexternal-id = \"S\"\npackages = [\"e.zip\"]\n";
    place.write("swift.toml", file);
    let connector = |action: &str, field: &str| {
        format!(
            "{{ title: \"D\", actions: {{ {action}: {{ input_fields: lambda {{ [{field}] }} }} }}, triggers: {{ seen: {{}} }} }}"
        )
    };
    place.write("v1.rb", &connector("send", "{ name: \"a\" }"));
    let fields = "{ name: \"a\", type: \"integer\" }, { name: \"b\", optional: false }";
    place.write("v2.rb", &connector("send", fields));
    place.write(
        "full.toml",
        "[package]\nname = \"p\"\nproject = \"partner\"\ncatalog = \"catalogs/shared.json\"\nlimit-mb = 7\n\
         [select]\ninclude = [\"Orders/**\"]\nexclude = [\"**/x*\"]\ntypes = [\"recipe\"]\nfolders = [\"Orders\"]\ntags = [\"release\"]\n\
         [connectors]\n\"Parcel Tracker\" = \"auto\"\n\
         [targets.t]\nkind = \"external\"\ndata-center = \"eu\"\ncatalog = \"catalogs/empty.json\"\nconnectors = { \"Ledger Sync\" = \"include\" }\n\
         [naming]\nrecipe = \".*\"\n[checks]\nraw-id = \"error\"\n\
         [[allow]]\ncode = \"raw-id\"\nfingerprint = \"0123456789abcdef\"\nreason = \"so it is\"\n",
    );
    place.write(
        "small.toml",
        "[package]\nproject = \"large\"\nlimit-mb = 1\n[targets.t]\nkind = \"external\"\n",
    );
    place.write("large/a.recipe.json", r#"{"name": "A"}"#);
    let noise: Vec<u8> = (0_u64..260_000)
        .flat_map(|n| {
            (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n << 40)
                .rotate_left(17)
                .wrapping_mul(0x94d0_49bb_1331_11eb)
                .to_le_bytes()
        })
        .collect();
    fs::write(place.path("large/a.recipe.png"), noise).expect("written");
    place
}

#[test]
fn what_is_printed_is_as_published() {
    let place = prepared();
    let schemas = schemas(&place);
    let validator = |schema: &Value| jsonschema::validator_for(schema).expect("a schema");
    let validators: BTreeMap<&str, [Validator; 2]> = schemas
        .iter()
        .map(|(name, schema)| {
            (
                name.as_str(),
                [validator(schema), validator(&strict(schema))],
            )
        })
        .collect();
    let mut wrong = Vec::new();
    let mut check = |document: &str, what: &str, value: &Value| {
        for (validator, how) in validators[document].iter().zip(["", ", strictly"]) {
            let errors = validator.iter_errors(value);
            wrong.extend(errors.map(|e| format!("{what}{how}: {} {e}", e.instance_path())));
        }
    };
    let mut seen = BTreeSet::from(["decisions"]);
    for (document, arguments, code) in SITUATIONS.iter().chain(WORKSPACES).chain(HISTORY) {
        let run = place.run([arguments, &["--json"][..]].concat());
        let what = arguments.join(" ");
        assert_eq!(run.code, *code, "{what}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stderr, "", "{what}: with --json all is in the document");
        let value = json(&run.stdout);
        if *document == "failure" {
            assert_eq!(value["exit_code"], *code, "{what}");
        }
        check(document, &what, &value);
        seen.insert(document);
    }
    for record in ["e", "c", "r", "b", "i", "d"] {
        let text = fs::read_to_string(place.path(&format!("{record}.recipack.json")));
        check("decisions", record, &json(&text.expect("a record")));
    }
    let over_the_api = over_the_api::documents(&place).into_iter();
    for (document, value) in over_the_api
        .chain(rollouts::documents(&place))
        .chain(migrations::documents(&place))
    {
        check(document, document, &value);
        seen.insert(document);
    }
    // The sandbox says it once it listens, and a script of faults is what it takes.
    place.write("faults.json", FAULTS);
    let sandbox = ["sandbox", "--fault", "faults.json"];
    check("sandbox", "sandbox", &listening(&place, &sandbox));
    let console = ["console", "--in", "local:acme"];
    check("console", "console", &listening(&place, &console));
    check("faults", "faults", &json(FAULTS));
    // Files that people write are tried elsewhere.
    seen.extend([
        "sandbox",
        "console",
        "faults",
        "recipack.toml",
        "settings",
        "customer",
        "catalog",
    ]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        seen,
        schemas.keys().map(String::as_str).collect(),
        "a document is not tried"
    );
}

/// The exit code is the command's own, whoever reads what it prints.
#[test]
fn whoever_stops_reading_changes_no_exit_code() {
    let place = prepared();
    for (_, arguments, code) in SITUATIONS.iter().chain(WORKSPACES).chain(HISTORY) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = place.command();
        let run: crate::support::Run = command
            .args(*arguments)
            .stdout(writer)
            .output()
            .expect("it starts")
            .into();
        let what = arguments.join(" ");
        assert_eq!(run.code, *code, "{what}: {}", run.stderr);
        assert!(
            !run.stderr.contains("Broken pipe") && !run.stderr.contains("panic"),
            "{what}: {}",
            run.stderr
        );
    }
}

const FAULTS: &str = r#"{"faults": [
    {"method": "POST", "path": "/api/*", "after": 1, "times": 2, "do": {"status": {"status": 429, "headers": {"Retry-After": "1"}, "message": null}}},
    {"path": "/api/users/me", "method": null, "after": 0, "times": 1, "do": "cut-body"},
    {"path": "/api/users/me", "method": null, "after": 0, "times": 1, "do": {"slow": {"milliseconds": 5}}}
]}"#;

/// What a command says that serves from then on.
fn listening(place: &Place, arguments: &[&str]) -> Value {
    use std::io::BufRead as _;
    let mut command = place.command();
    command.args(arguments);
    command.args(["--json", "--platform", "p.db"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut text = String::new();
    while serde_json::from_str::<Value>(&text).is_err() {
        text.push_str(&lines.next().expect("a document").expect("text"));
    }
    child.kill().expect("ended");
    child.wait().expect("ended");
    json(&text)
}

/// Without these the test above could not fail.
#[test]
fn what_lacks_something_or_has_more_is_not_as_published() {
    let place = prepared();
    let schemas = schemas(&place);
    let mut examples = BTreeMap::new();
    for (document, arguments, _) in SITUATIONS.iter().chain(WORKSPACES).chain(HISTORY) {
        let run = place.run([arguments, &["--json"][..]].concat());
        examples
            .entry((*document).to_owned())
            .or_insert(json(&run.stdout));
    }
    let record = fs::read_to_string(place.path("c.recipack.json")).expect("a record");
    examples.insert("decisions".to_owned(), json(&record));
    for (document, example) in examples {
        let schema = &schemas[&document];
        let required: Vec<_> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        assert!(!required.is_empty(), "{document} requires something");
        for key in required {
            let key = key.as_str().expect("a key");
            let mut less = example.clone();
            less.as_object_mut()
                .expect("an object")
                .remove(key)
                .expect("it is there");
            assert!(
                !jsonschema::is_valid(schema, &less),
                "{document} without {key}"
            );
            let mut other = example.clone();
            other[key] = serde_json::json!({"never": ["this"]});
            assert!(
                !jsonschema::is_valid(schema, &other),
                "{document} with another {key}"
            );
        }
        let mut more = example.clone();
        more["surplus"] = Value::Bool(true);
        assert!(
            jsonschema::is_valid(&strict(schema), &example),
            "{document}"
        );
        assert!(
            !jsonschema::is_valid(&strict(schema), &more),
            "{document} with more"
        );
    }
}
