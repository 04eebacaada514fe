//! Reading no more than lists tell: a plan made so says the same as one that read everything, but
//! for what it says it did not read; whatever others do to the workspace in between.

use std::path::Path;
use std::time::Duration;

use recipack::model::kind::AssetKind;
use recipack::model::workspace::Inventory;
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use recipack::workspace::{MemoryContents, Workspace as _};

use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, export_external, partner};

pub(super) fn osprey(place: &Place) -> LocalWorkspace {
    osprey_of(&place.path("p.db"))
}

fn osprey_of(platform: &Path) -> LocalWorkspace {
    inside(platform, "osprey")
}

/// A workspace in its platform's file.
pub(super) fn inside(platform: &Path, name: &str) -> LocalWorkspace {
    let writing = Writing {
        purpose: "somebody else".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    let platform = LocalPlatform::open(platform, writing).expect("a platform");
    let name = name.parse().expect("a name");
    platform.workspace(&name).expect("a workspace")
}

pub(super) fn held(place: &Place, kind: &AssetKind, name: &str) -> String {
    held_in(&osprey(place), kind, name)
}

/// The JSON of a recipe of any workspace.
pub(super) fn recipe_in(workspace: &LocalWorkspace, name: &str) -> String {
    held_in(workspace, &AssetKind::Recipe, name)
}

fn held_in(workspace: &LocalWorkspace, kind: &AssetKind, name: &str) -> String {
    let inventory: Inventory = workspace.inventory().expect("an inventory");
    let mut assets = inventory.assets.iter();
    let asset = assets.find(|asset| asset.key.kind == *kind && *asset.key.name == *name);
    let mut bytes = Vec::new();
    let main = &asset.expect("there").body.files[0].content;
    workspace.content(main, &mut bytes).expect("readable");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The package anew, with another recipe.
pub(super) fn newer(place: &Place) {
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"private\": true", "\"private\": false", 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    export_external(place, "newer.zip");
}

/// A customer edits a recipe.
pub(super) fn edit_recipe(platform: &Path, name: &str, words: &str) {
    rewrite_recipe(platform, name, |document| {
        document["description"] = words.into()
    });
}

/// A recipe gets a new version, whose JSON is spelled anew.
pub(super) fn rewrite_recipe(platform: &Path, name: &str, edit: impl Fn(&mut serde_json::Value)) {
    rewrite_in(osprey_of(platform), name, edit);
}

/// The same in any workspace.
pub(super) fn rewrite_in(
    mut workspace: LocalWorkspace,
    name: &str,
    edit: impl Fn(&mut serde_json::Value),
) {
    let inventory = workspace.inventory().expect("an inventory");
    let mut assets = inventory.assets.iter();
    let recipe =
        assets.find(|asset| asset.key.kind == AssetKind::Recipe && *asset.key.name == *name);
    let recipe = recipe.expect("a recipe");
    let mut brought = MemoryContents::default();
    let mut bytes = Vec::new();
    let main = &recipe.body.files[0].content;
    workspace.content(main, &mut bytes).expect("readable");
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    edit(&mut document);
    let mut body = recipe.body.clone();
    let bytes = document.to_string().into_bytes();
    body.files[0].content = brought.put(&bytes).expect("kept");
    body.files[0].size = bytes.len() as u64;
    // It is no package's any more.
    body.origin = body.files[0].content;
    let mut commit = Commit::on_inventory(&inventory);
    let id = recipe.id;
    commit.changes.push(Change::UpdateAsset { id, body });
    workspace.commit(&commit, &mut brought).expect("edited");
}

/// A customer puts rows of its own into a table. Says which one.
fn edit_table(place: &Place) -> String {
    let mut workspace = osprey(place);
    let inventory = workspace.inventory().expect("an inventory");
    let mut tables = inventory.assets.iter();
    let table = tables.find(|asset| asset.key.kind == AssetKind::LookupTable);
    let table = table.expect("a table");
    let mut brought = MemoryContents::default();
    let mut bytes = Vec::new();
    let main = &table.body.files[0].content;
    workspace.content(main, &mut bytes).expect("readable");
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    document["data"] = "the customer's,own,rows\n".into();
    let mut body = table.body.clone();
    let bytes = document.to_string().into_bytes();
    body.files[0].content = brought.put(&bytes).expect("kept");
    body.files[0].size = bytes.len() as u64;
    let mut commit = Commit::on_inventory(&inventory);
    let id = table.id;
    commit.changes.push(Change::UpdateAsset { id, body });
    workspace.commit(&commit, &mut brought).expect("edited");
    table.key.name.to_string()
}

/// A list of assets that tells versions of recipes only.
pub(super) fn without_versions(mut told: Told) -> Told {
    let mut body: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
    for asset in body["result"]["assets"].as_array_mut().expect("assets") {
        if asset["type"] != "recipe" {
            asset["version"] = serde_json::Value::Null;
        }
    }
    told.body = body.to_string().into_bytes();
    told
}

/// What was not read is not sent: what somebody did to a table meanwhile stays.
#[test]
fn what_was_not_read_is_left_as_it_is() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    between.rule(|asked, _| match asked.path.ends_with("/folder_assets") {
        true => Fate::Edited(without_versions),
        false => Fate::Passes,
    });
    let caller = Caller::of(&place, &sandbox, "osprey").through(&between);
    caller.exits(0, &["import", "external.zip", "--into", &caller.url]);
    newer(&place);
    let table = edit_table(&place);
    let slim = caller.json(0, &["import", "newer.zip", "--into", &caller.url, "--yes"]);
    assert_eq!(slim["reading"], "slim", "{slim}");
    assert_eq!(slim["receipt"]["reading"], "slim");
    let left_out = slim["receipt"]["left_out"].as_array().expect("files");
    let is_table = |path: &serde_json::Value| {
        path.as_str()
            .is_some_and(|path| path.ends_with(".lookup_table.json"))
    };
    assert!(left_out.iter().any(is_table), "{left_out:?}");
    let now = held(&place, &AssetKind::LookupTable, &table);
    assert!(now.contains("the customer's,own,rows"), "{now}");
    let recipe = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(recipe.contains("\"private\": false"), "{recipe}");
    // It says so, and whoever reads everything is told what is otherwise.
    let plan = ["plan", "newer.zip", "--into", &caller.url];
    let said = caller.exits(0, &plan);
    assert!(said.stdout.contains(" not read"), "{}", said.stdout);
    assert!(said.stdout.contains("--read full"), "{}", said.stdout);
    let full = caller.json(3, &[&plan[..], &["--read", "full"]].concat());
    assert!(full.get("reading").is_none());
    let assets = full["assets"].as_array().expect("assets");
    let overwritten = |asset: &serde_json::Value| {
        asset["name"] == table.as_str() && asset["action"] == "overwrites"
    };
    assert!(assets.iter().any(overwritten), "{full}");
}

/// Where a list tells that a table was changed, it is read.
#[test]
fn what_a_list_tells_of_is_read() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    caller.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    newer(&place);
    edit_table(&place);
    let plan = caller.json(3, &["plan", "newer.zip", "--into", &sandbox.url]);
    assert!(plan.get("reading").is_none(), "{plan}");
    let refused = caller.exits(3, &["import", "newer.zip", "--into", &sandbox.url, "--yes"]);
    assert!(
        refused.stderr.contains("--overwrite-rows"),
        "{}",
        refused.stderr
    );
}
