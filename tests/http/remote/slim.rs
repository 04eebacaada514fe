//! Reading no more than lists tell: a plan made so says the same as one that read everything, but
//! for what it says it did not read; whatever others do to the workspace in between.

use std::path::Path;
use std::time::Duration;

use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    Authorization, HeldState, HeldVersion, Inventory, ReadDepth, RecipeState, Timestamp,
};
use recipack::ops::Silent;
use recipack::ops::import::Incoming;
use recipack::plan::commit::{Change, Commit};
use recipack::plan::import::document::{AssetAction, ImportPlan, Knowledge};
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use recipack::workspace::{MemoryContents, Workspace};

use super::contract::{remote, request, running};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, done, export_external, local, partner};

/// How many changes are made at random.
const CHANGES: usize = 40;

/// What an import may be permitted.
const PERMITTED: [&str; 4] = [
    "--overwrite-rows",
    "--restart-recipes",
    "--allow-downgrade",
    "--allow-moved-recipes",
];

/// Numbers at random, the same ones each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % bound.max(1)
    }
}

pub(super) fn osprey(place: &Place) -> LocalWorkspace {
    osprey_of(&place.path("p.db"))
}

fn osprey_of(platform: &Path) -> LocalWorkspace {
    let writing = Writing {
        purpose: "somebody else".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    let platform = LocalPlatform::open(platform, writing).expect("a platform");
    let name = "osprey".parse().expect("a name");
    platform.workspace(&name).expect("a workspace")
}

/// Somebody does something to a workspace. Says what, unless it could not be done.
fn something(place: &Place, dice: &mut Dice, turn: usize) -> Option<String> {
    let mut workspace = osprey(place);
    let inventory = workspace.inventory().expect("an inventory");
    let mut commit = Commit::on_inventory(&inventory);
    let mut brought = MemoryContents::default();
    let what = dice.below(10);
    let wanted = |asset: &&recipack::model::workspace::WorkspaceAsset| match what {
        0..=3 | 5 | 6 => asset.key.kind == AssetKind::Recipe,
        4 | 7 => asset.key.kind == AssetKind::Connection,
        _ => true,
    };
    let assets: Vec<_> = inventory.assets.iter().filter(wanted).collect();
    let asset = *assets.get(dice.below(assets.len()))?;
    let told = format!("{what} {} {}", asset.key.kind.word(), asset.key.name);
    match what {
        0 | 1 | 4 | 8 => {
            let main = asset.body.files.first()?;
            let mut bytes = Vec::new();
            workspace.content(&main.content, &mut bytes).expect("there");
            let mut document: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
            document.as_object_mut()?.insert(
                "description".to_owned(),
                format!("edited by a customer, turn {turn}").into(),
            );
            let bytes = document.to_string().into_bytes();
            let mut body = asset.body.clone();
            body.files[0].content = brought.put(&bytes).expect("kept");
            body.files[0].size = bytes.len() as u64;
            let id = asset.id;
            commit.changes.push(Change::UpdateAsset { id, body });
        }
        2 => {
            let HeldState::Recipe(state) = asset.state else {
                return None;
            };
            commit.changes.push(Change::SetRecipe {
                id: asset.id,
                state: match state {
                    RecipeState::Running => RecipeState::Stopped,
                    RecipeState::Stopped => RecipeState::Running,
                },
            });
        }
        3 | 5 => {
            let mut key = asset.key.clone();
            key.name = format!("{} {turn}", key.name).into();
            commit.changes.push(Change::MoveAsset { id: asset.id, key });
        }
        6 => {
            let mut body = asset.body.clone();
            body.bindings.clear();
            let mut key = asset.key.clone();
            key.name = format!("Copy {turn}").into();
            let bytes = br#"{"name": "Copy", "version": 1, "code": {"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "input": {}, "block": []}, "config": []}"#;
            body.files.truncate(1);
            body.files[0].content = brought.put(bytes).expect("kept");
            body.files[0].size = bytes.len() as u64;
            body.providers.clear();
            let (id, state) = (commit.new_asset(), HeldState::of_new(&key.kind));
            let made = Change::CreateAsset {
                id,
                key,
                body,
                state,
            };
            commit.changes.push(made);
        }
        7 => commit.changes.push(Change::SetConnection {
            id: asset.id,
            authorization: match asset.state {
                HeldState::Connection(Authorization::Authorized) => Authorization::Placeholder,
                HeldState::Recipe(_) | HeldState::Connection(_) | HeldState::Plain => {
                    Authorization::Authorized
                }
            },
        }),
        _ => {
            let connector = &inventory.connectors[dice.below(inventory.connectors.len())];
            let held = connector.latest()?;
            let code = format!("# Turn {turn}\n{{ title: '{}' }}\n", connector.title);
            let version = HeldVersion {
                number: recipack::model::ident::Version(held.number.0 + 1),
                code: Some(brought.put(code.as_bytes()).expect("kept")),
                released_at: None,
                ..held.clone()
            };
            let (id, number) = (connector.id, version.number);
            commit.changes.push(Change::AddVersion { id, version });
            if dice.below(2) == 0 {
                commit.changes.push(Change::ReleaseVersion {
                    id,
                    version: number,
                    at: Timestamp(1_700_000_000 + turn as u64),
                });
            }
        }
    }
    let carried = workspace.commit(&commit, &mut brought);
    carried.is_ok().then_some(told)
}

fn plan(place: &Place, sandbox: &Sandbox, package: &str, depth: ReadDepth) -> ImportPlan {
    let workspace = remote(place, sandbox);
    workspace.read_as(depth);
    let request = request(&place.path(package));
    let incoming = Incoming::read(&request, &running(), &mut Silent).expect("a package");
    let planned = incoming.plan(&request, &workspace, &running());
    planned.expect("a plan").plan().clone()
}

/// What of a plan has to be the same, whichever way the workspace was read.
fn compared(plan: &ImportPlan, not_read: &ImportPlan) -> serde_json::Value {
    let mut plan = plan.clone();
    plan.reading = ReadDepth::Full;
    plan.summary.not_read = 0;
    plan.summary.unchanged = 0;
    plan.summary.overwrites = 0;
    // What stands for everything stands for what was not read, too.
    plan.workspace.state = recipack::model::ident::Digest::of(b"");
    plan.needs.clear();
    for (asset, other) in plan.assets.iter_mut().zip(&not_read.assets) {
        asset.known = Knowledge::Read;
        if other.known == Knowledge::NotRead {
            asset.action = AssetAction::NotRead;
            asset.to = None;
            asset.rows = None;
        }
    }
    serde_json::to_value(&plan).expect("JSON")
}

#[test]
fn plans_that_rest_on_lists_say_what_those_say_that_read_everything() {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(&place, &authorize), &authorize);
    let sandbox = Sandbox::of(&place, &[]);
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    plan(&place, &sandbox, "external.zip", ReadDepth::Full);
    let (mut slim, mut made) = (0, 0);
    for turn in 0..CHANGES {
        let Some(what) = something(&place, &mut dice, turn) else {
            continue;
        };
        made += 1;
        let lists = plan(&place, &sandbox, "external.zip", ReadDepth::Slim);
        let all = plan(&place, &sandbox, "external.zip", ReadDepth::Full);
        slim += usize::from(lists.reading == ReadDepth::Slim);
        let not_read = |asset: &&recipack::plan::import::document::PlannedAsset| {
            asset.known == Knowledge::NotRead
        };
        // What is not read is never something that lists tell of, and is said not to be.
        for asset in lists.assets.iter().filter(not_read) {
            assert_eq!(asset.action, AssetAction::NotRead, "{turn} {what}");
            let listed = [AssetKind::Recipe, AssetKind::Connection];
            assert!(
                !listed.contains(&asset.kind),
                "{turn} {what}: {}",
                asset.path
            );
        }
        assert_eq!(
            compared(&lists, &lists),
            compared(&all, &lists),
            "{turn} {what}"
        );
        // What is otherwise than the package has it is always read.
        if !all.is_empty() {
            let again = [&import[..], &PERMITTED[..]].concat();
            done(&local(&place, &again), &again);
            plan(&place, &sandbox, "external.zip", ReadDepth::Full);
        }
    }
    assert!(made > CHANGES / 2, "{made} changes were made");
    assert!(slim > made / 10 && slim < made, "{slim} of {made} are slim");
}

pub(super) fn held(place: &Place, kind: &AssetKind, name: &str) -> String {
    let workspace = osprey(place);
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
    let mut workspace = osprey_of(platform);
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
fn without_versions(mut told: Told) -> Told {
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
