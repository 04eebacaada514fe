//! Whatever others do to a workspace: a plan that rests on lists says the same as one that read
//! everything, but for what it says it did not read. Of a whole workspace, of one folder of it, and of
//! one folder of a customer's; with lists that tell versions, and with those that don't.

use std::collections::BTreeSet;
use std::thread;

use recipack::model::ident::{Digest, Version};
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    Authorization, HeldState, HeldVersion, Inventory, ReadDepth, RecipeState, Timestamp,
    WorkspaceAsset,
};
use recipack::ops::Silent;
use recipack::ops::import::{ImportRequest, Incoming};
use recipack::plan::commit::{Change, Commit};
use recipack::plan::import::document::{AssetAction, ImportPlan, Knowledge, PlannedAsset};
use recipack::workspace::local::LocalWorkspace;
use recipack::workspace::{MemoryContents, Workspace as _};

use super::between::{Between, Fate};
use super::contract::{remote_at, request, running};
use super::slim::{inside, without_versions};
use crate::support::sandbox::{Sandbox, done, local, token};
use crate::support::{Place, fixture};

/// How many changes are made in each of the three workspaces, with every gate. Two plans take a third
/// of a second in a build for tests.
const FEW: usize = 50;
/// How many are made by hand: 501 in all.
const MANY: usize = 167;
/// How many of them are made at once, at most.
const AT_ONCE: usize = 16;
/// After how many plans the package is imported again, over what was changed.
const IMPORT: usize = 10;

/// What an import may be permitted.
const PERMITTED: [&str; 5] = [
    "--overwrite-rows",
    "--overwrite-edits",
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

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Edits,
    EditsRecipe,
    EditsOther,
    Switches,
    Renames,
    Copies,
    Authorizes,
    Drafts,
    Releases,
    Removes,
}

/// What changes no content, or what no list tells of. The last one lists tell of where they tell
/// versions.
const QUIET: [Deed; 4] = [
    Deed::Switches,
    Deed::Authorizes,
    Deed::Drafts,
    Deed::EditsOther,
];
const ANY: [Deed; 9] = [
    Deed::Edits,
    Deed::EditsRecipe,
    Deed::Switches,
    Deed::Renames,
    Deed::Copies,
    Deed::Authorizes,
    Deed::Drafts,
    Deed::Releases,
    Deed::Removes,
];

/// A part of a workspace that is planned for again and again.
struct Read<'p> {
    place: &'p Place,
    /// The workspace's name on the platform.
    name: &'static str,
    incoming: Incoming,
    request: ImportRequest,
    /// Where it is for whoever has the token.
    host: String,
    address: String,
    token: String,
    /// Whether lists tell the versions of all assets.
    tells_versions: bool,
    dice: Dice,
    /// How many changes were made so far.
    made: usize,
}

impl Read<'_> {
    fn plan(&self, depth: ReadDepth) -> ImportPlan {
        let workspace = remote_at(self.place, &self.host, &self.address, &self.token);
        workspace.read_as(depth);
        let planned = self.incoming.plan(&self.request, &workspace, &running());
        planned.expect("a plan").plan().clone()
    }

    /// Imports the package into the workspace, over whatever was changed there.
    fn import(&self) {
        let (package, into) = (&self.request.package, format!("local:{}", self.name));
        let (package, folder) = (
            package.to_str().expect("UTF-8"),
            self.request.folder.to_string(),
        );
        let import = ["import", package, "--into", &into, "--yes", "--quiet"];
        let folder = match self.request.folder.is_home() {
            true => Vec::new(),
            false => vec!["--folder", &folder],
        };
        let import = [&import[..], &folder, &PERMITTED].concat();
        let run = local(self.place, &import);
        // A recipe that ran may not start again.
        assert!(matches!(run.code, 0 | 68), "{import:?}: {}", run.stderr);
    }

    /// Somebody does up to so many things to the workspace at once. Says what was done.
    fn something(&mut self, most: usize) -> Vec<String> {
        let mut workspace = inside(&self.place.path("p.db"), self.name);
        let inventory = workspace.inventory().expect("an inventory");
        let mut commit = Commit::on_inventory(&inventory);
        let mut brought = MemoryContents::default();
        let mut told = Vec::new();
        let mut touched = BTreeSet::new();
        let deeds: &[Deed] = match self.dice.below(3) {
            0 => &ANY,
            _ if self.tells_versions => &QUIET[..3],
            _ => &QUIET,
        };
        for turn in self.made..self.made + most {
            let deed = deeds[self.dice.below(deeds.len())];
            let connectors = matches!(deed, Deed::Drafts | Deed::Releases);
            let asset = match connectors {
                true => None,
                false => self.asset(deed, &inventory),
            };
            let connector = self.dice.below(inventory.connectors.len());
            // Each is changed once at a time.
            if !touched.insert((
                connectors,
                asset.map_or(connector as u64, |asset| asset.id.0),
            )) {
                continue;
            }
            let mut making = Making {
                workspace: &workspace,
                inventory: &inventory,
                commit: &mut commit,
                brought: &mut brought,
                turn,
            };
            let done = match asset {
                Some(asset) => making.change(deed, asset),
                None => making.version(deed, connector),
            };
            told.extend(done.map(|name| format!("{deed:?} {name}")));
        }
        match workspace.commit(&commit, &mut brought) {
            Ok(_) => told,
            // Something of it can't be: the platform refuses all.
            Err(_) => Vec::new(),
        }
    }

    /// Makes one change. Says what it is, if it can be made.
    fn change(
        &self,
        inventory: &Inventory,
        make: impl FnOnce(&mut Making<'_>) -> Option<String>,
    ) -> Option<String> {
        let mut workspace = inside(&self.place.path("p.db"), self.name);
        let mut commit = Commit::on_inventory(inventory);
        let mut brought = MemoryContents::default();
        let told = make(&mut Making {
            workspace: &workspace,
            inventory,
            commit: &mut commit,
            brought: &mut brought,
            turn: 0,
        })?;
        workspace.commit(&commit, &mut brought).ok()?;
        Some(told)
    }

    fn asset<'i>(&mut self, deed: Deed, inventory: &'i Inventory) -> Option<&'i WorkspaceAsset> {
        let fits = |asset: &&WorkspaceAsset| match deed {
            Deed::EditsRecipe | Deed::Switches | Deed::Copies => {
                asset.key.kind == AssetKind::Recipe
            }
            Deed::Authorizes => asset.key.kind == AssetKind::Connection,
            // A topic lies in Home, where the other folder's import put it, too.
            Deed::EditsOther => !matches!(
                asset.key.kind,
                AssetKind::Recipe | AssetKind::Connection | AssetKind::Topic
            ),
            Deed::Edits | Deed::Renames | Deed::Removes => true,
            Deed::Drafts | Deed::Releases => false,
        };
        let assets: Vec<_> = inventory.assets.iter().filter(fits).collect();
        assets.get(self.dice.below(assets.len())).copied()
    }

    /// Makes changes and holds the two plans against each other, until enough were made. Says how
    /// many of the plans rested on lists, of how many.
    fn turns(&mut self, changes: usize) -> (usize, usize) {
        self.import();
        self.plan(ReadDepth::Full);
        let (mut slim, mut plans) = (0, 0);
        while self.made < changes {
            let most = match self.dice.below(4) {
                0 => 1,
                _ => 2 + self.dice.below(AT_ONCE - 1),
            };
            let mut what = self.something(most);
            if what.is_empty() {
                what = self.something(1);
            }
            if what.is_empty() {
                continue;
            }
            self.made += what.len();
            plans += 1;
            let what = format!("{} {} {what:?}", self.name, self.made);
            slim += usize::from(self.compare(&what));
            // Where the package has something else for what no list tells of, all is read.
            if plans % IMPORT == 0 || !self.tells_versions {
                self.import();
                match self.tells_versions {
                    true => {
                        self.compare(&format!("{} {} import", self.name, self.made));
                    }
                    false => {
                        self.plan(ReadDepth::Full);
                    }
                }
            }
        }
        (slim, plans)
    }

    /// Holds the two plans against each other. Says whether one of them rests on lists.
    fn compare(&self, what: &str) -> bool {
        let lists = self.plan(ReadDepth::Slim);
        if lists.reading == ReadDepth::Full {
            // Lists told that something was changed, and it was read.
            return false;
        }
        let all = self.plan(ReadDepth::Full);
        let is_not_read = |asset: &&PlannedAsset| asset.known == Knowledge::NotRead;
        // What is not read is never something that lists tell of, and is said not to be.
        for asset in lists.assets.iter().filter(is_not_read) {
            assert_eq!(asset.action, AssetAction::NotRead, "{what}");
            let listed = [AssetKind::Recipe, AssetKind::Connection];
            assert!(!listed.contains(&asset.kind), "{what}: {}", asset.path);
        }
        assert_eq!(compared(&lists, &lists), compared(&all, &lists), "{what}");
        lists.reading == ReadDepth::Slim
    }
}

/// What somebody is about to do.
struct Making<'m> {
    workspace: &'m LocalWorkspace,
    inventory: &'m Inventory,
    commit: &'m mut Commit,
    brought: &'m mut MemoryContents,
    turn: usize,
}

impl Making<'_> {
    /// Says what is changed, if it can be.
    fn change(&mut self, deed: Deed, asset: &WorkspaceAsset) -> Option<String> {
        let (id, mut key, mut body) = (asset.id, asset.key.clone(), asset.body.clone());
        let change = match deed {
            Deed::Edits | Deed::EditsRecipe | Deed::EditsOther => {
                let mut bytes = Vec::new();
                let main = body.files.first()?;
                self.workspace
                    .content(&main.content, &mut bytes)
                    .expect("there");
                let mut document: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
                let words = format!("edited by a customer, turn {}", self.turn);
                document
                    .as_object_mut()?
                    .insert("description".to_owned(), words.into());
                body.files[0].content = self
                    .brought
                    .put(document.to_string().as_bytes())
                    .expect("kept");
                body.files[0].size = document.to_string().len() as u64;
                Change::UpdateAsset { id, body }
            }
            Deed::Switches => {
                let HeldState::Recipe(state) = asset.state else {
                    return None;
                };
                let state = match state {
                    RecipeState::Running => RecipeState::Stopped,
                    RecipeState::Stopped => RecipeState::Running,
                };
                Change::SetRecipe { id, state }
            }
            Deed::Renames => {
                key.name = format!("{} {}", key.name, self.turn).into();
                Change::MoveAsset { id, key }
            }
            Deed::Copies => {
                let bytes = br#"{"name": "Copy", "version": 1, "code": {"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "input": {}, "block": []}, "config": []}"#;
                body.bindings.clear();
                body.providers.clear();
                body.files.truncate(1);
                body.files[0].content = self.brought.put(bytes).expect("kept");
                body.files[0].size = bytes.len() as u64;
                key.name = format!("Copy {}", self.turn).into();
                let (id, state) = (self.commit.new_asset(), HeldState::of_new(&key.kind));
                Change::CreateAsset {
                    id,
                    key,
                    body,
                    state,
                }
            }
            Deed::Authorizes => Change::SetConnection {
                id,
                authorization: match asset.state {
                    HeldState::Connection(Authorization::Authorized) => Authorization::Placeholder,
                    HeldState::Recipe(_) | HeldState::Connection(_) | HeldState::Plain => {
                        Authorization::Authorized
                    }
                },
            },
            Deed::Removes => Change::RemoveAsset(id),
            Deed::Drafts | Deed::Releases => return None,
        };
        self.commit.changes.push(change);
        Some(format!("{} {}", asset.key.kind.word(), asset.key.name))
    }

    /// A new version of a connector.
    fn version(&mut self, deed: Deed, number: usize) -> Option<String> {
        let connector = self.inventory.connectors.get(number)?;
        let held = connector.latest()?;
        let code = format!("# Turn {}\n{{ title: '{}' }}\n", self.turn, connector.title);
        let version = HeldVersion {
            number: Version(held.number.0 + 1),
            code: Some(self.brought.put(code.as_bytes()).expect("kept")),
            released_at: None,
            ..held.clone()
        };
        let (id, number) = (connector.id, version.number);
        self.commit.changes.push(Change::AddVersion { id, version });
        if let Deed::Releases = deed {
            self.commit.changes.push(Change::ReleaseVersion {
                id,
                version: number,
                at: Timestamp(1_700_000_000 + self.turn as u64),
            });
        }
        Some(connector.title.to_string())
    }
}

/// What of a plan has to be the same, whichever way the workspace was read.
fn compared(plan: &ImportPlan, not_read: &ImportPlan) -> serde_json::Value {
    let mut plan = plan.clone();
    plan.reading = ReadDepth::Full;
    plan.summary.not_read = 0;
    plan.summary.unchanged = 0;
    plan.summary.overwrites = 0;
    // What stands for everything stands for what was not read, too.
    plan.workspace.state = Digest::of(b"");
    plan.needs.clear();
    for (asset, other) in plan.assets.iter_mut().zip(&not_read.assets) {
        asset.known = Knowledge::Read;
        // Whatever lists don't tell of has no number but one of this reading.
        asset.id = asset.id.filter(|id| id.0 < 1 << 48);
        if other.known == Knowledge::NotRead {
            asset.action = AssetAction::NotRead;
            asset.to = None;
            asset.rows = None;
        }
    }
    serde_json::to_value(&plan).expect("JSON")
}

/// The part of the partner's project that has an asset of each type that imports compare by rules of
/// its own: a small one, as each plan reads all of it.
const PROJECT: [&str; 13] = [
    "Connections/carrier_rates.connection.json",
    "Connections/ledger.connection.json",
    "Functions/quote_shipping.recipe.json",
    "Orders/gold.loyalty_card.json",
    "Orders/post_freight_costs.recipe.json",
    "Orders/shipments.workato_db_table.json",
    "account_properties.properties.json",
    "ledger_sync.custom_adapter.json",
    "ledger_sync.custom_adapter.rb",
    "notices_mailbox.connection.json",
    "parcel_events.topic.json",
    "properties.project_properties.json",
    "region_codes.lookup_table.json",
];

/// A partner with a customer, and two other accounts.
fn place() -> Place {
    let place = Place::new();
    let from = fixture("partner");
    for file in PROJECT {
        let text = std::fs::read_to_string(from.join(file)).expect("readable");
        place.write(&format!("partner/{file}"), &text);
    }
    // The partner has a connector of the title of the customer's own.
    let catalogue = fixture("catalogs/shared.json");
    let catalogue = std::fs::read_to_string(catalogue).expect("readable");
    place.write("shared.json", &catalogue);
    for words in [
        "workspace create studio --kind admin --id 48213 --catalog shared.json",
        "workspace create kestrel --kind customer --of studio --external-id K-1",
        "workspace create osprey --kind external",
        "workspace create heron --kind external",
        "export partner --for customer --catalog shared.json -o customer.zip --quiet",
        "export partner --for external -o external.zip --quiet",
        // What lies elsewhere in a workspace is seen as well.
        "import external.zip --folder Other --into local:heron --quiet",
        "import customer.zip --folder Other --into local:kestrel --quiet",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        done(&local(&place, &words), &words);
    }
    place
}

#[test]
fn plans_that_rest_on_lists_say_what_those_say_that_read_everything() {
    property(FEW);
}

/// What somebody edits between two imports is told by the next plan, whatever it is: as what would be
/// overwritten, or as what was not read where lists don't tell of it.
#[test]
fn an_edit_of_any_asset_is_told() {
    each_reading(|read| {
        read.import();
        read.plan(ReadDepth::Full);
        let mut seen = BTreeSet::new();
        let planned = read.plan(ReadDepth::Slim);
        assert_eq!(planned.reading, ReadDepth::Slim, "{}", read.name);
        // An import leaves connections and the names of properties as they are.
        let left = [
            AssetKind::Connection,
            AssetKind::AccountProperties,
            AssetKind::ProjectProperties,
        ];
        let assets = planned.assets.iter();
        for asset in assets.filter(|asset| !left.contains(&asset.kind)) {
            let workspace = inside(&read.place.path("p.db"), read.name);
            let inventory = workspace.inventory().expect("an inventory");
            let mut assets = inventory.assets.iter();
            let held = assets.find(|held| {
                let folder = held.key.place.folder().to_string();
                held.key.kind == asset.kind
                    && *held.key.name == *asset.name
                    && (asset.folder.is_home() || folder == asset.folder.to_string())
            });
            let held = held.unwrap_or_else(|| panic!("{} has no {}", read.name, asset.path));
            let done = read.change(&inventory, |making| making.change(Deed::Edits, held));
            let Some(done) = done else {
                panic!("{}: {} can't be edited", read.name, asset.path);
            };
            let now = read.plan(ReadDepth::Slim);
            let told = now.assets.iter().find(|now| now.path == asset.path);
            let action = told.expect("it is planned").action;
            let told = format!("{}: {done}: {action:?}", read.name);
            assert_ne!(action, AssetAction::NoChange, "{told}");
            if action == AssetAction::NotRead {
                assert_ne!(asset.kind, AssetKind::Recipe, "{told}");
                assert!(
                    now.reading == ReadDepth::Slim && now.summary.not_read > 0,
                    "{told}"
                );
            }
            seen.insert(asset.kind.word().to_owned());
        }
        let all = [
            "lookup_table",
            "loyalty_card",
            "recipe",
            "topic",
            "workato_db_table",
        ];
        assert_eq!(seen, all.map(str::to_owned).into(), "{}", read.name);
    });
}

#[test]
#[ignore = "it takes a minute"]
fn plans_that_rest_on_lists_say_so_after_many_changes() {
    property(MANY);
}

/// Whatever is changed at random.
fn property(changes: usize) {
    each_reading(|mut read| {
        let (slim, plans) = read.turns(changes);
        let told = format!("{}: {slim} of {plans} are slim", read.name);
        // Some of either: else nothing is held against anything.
        assert!(slim > 1 && slim < plans, "{told}");
    });
}

/// Does something with each of the three, all at once.
fn each_reading(what: impl Fn(Read<'_>) + Sync) {
    let place = place();
    let sandbox = Sandbox::of(&place, &[]);
    // Of one of them, lists tell versions of recipes only.
    let between = Between::of(&sandbox);
    between.rule(|asked, _| match asked.path.ends_with("/folder_assets") {
        true => Fate::Edited(without_versions),
        false => Fate::Passes,
    });
    let readings = [
        ("osprey", "external.zip", None),
        ("heron", "external.zip", Some("Desk")),
        ("kestrel", "customer.zip", Some("Desk")),
    ];
    thread::scope(|scope| {
        for (name, package, folder) in readings {
            let (owner, host) = match name {
                "kestrel" => ("studio", sandbox.url.clone()),
                "heron" => (name, between.url()),
                _ => (name, sandbox.url.clone()),
            };
            let address = match name {
                "kestrel" => "customer:external:K-1".to_owned(),
                _ => host.clone(),
            };
            let mut request = request(&place.path(package));
            if let Some(folder) = folder {
                request.folder = folder.parse().expect("a folder");
            }
            let incoming = Incoming::read(&request, &running(), &mut Silent);
            let read = Read {
                place: &place,
                name,
                incoming: incoming.expect("a package"),
                request,
                host,
                address,
                token: token(&place, owner),
                tells_versions: name != "heron",
                dice: Dice(0x2545_F491_4F6C_DD1D),
                made: 0,
            };
            let what = &what;
            scope.spawn(move || what(read));
        }
    });
}
