//! Reading a workspace through the API: an export of its folder, and lists of what an export does
//! not tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use super::folders::Folders;
use super::kept::{Kept, Told};
use super::lists::{self, Customers, Lists, RecipeMark};
use super::reach::{Others, property_stub};
use super::{Interest, RemoteWorkspace};
use crate::client::{
    Account, AccountApi, ClientError, ConnectionInfo, ConnectorInfo, Contents, CustomerInfo,
    FolderId, IncludeData, Job, JobStatus, ManifestAsset, ManifestId, NewManifest, Once,
    RecipeFilter, RecipeInfo, SharedVersion, Tags,
};
use crate::io::scratch::ScratchFolder;
use crate::model::ident::{ConnectorTitle, InternalName, Version, WorkspaceName};
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Authorization, FolderPath, HeldState, ReadDepth, StateReasons,
    WorkspaceId, WorkspaceKind,
};
use crate::remote::snapshot_db::{Export, Identity, Mirror, Reach, Seen, SeenConnector, Stub};
use crate::remote::steady::ReadFor;
use crate::remote::waiting::Waiting;
use crate::workspace::remote::RemoteError;
use crate::workspace::{Listed, Outline, Places, Workspace as _, WorkspaceError};

/// The largest package that is taken, in bytes (platform.md §1.6 has 100 MB; older ones may be
/// larger).
const MOST_BYTES: u64 = 512 << 20;
/// Version numbers beyond this are nobody's.
const MOST_VERSIONS: u64 = 100_000;
/// How many connectors are asked after at once: addresses have a bound of some kilobytes.
const NAMES: usize = 50;

/// An export that was downloaded.
#[derive(Debug)]
pub struct Downloaded {
    folder: ScratchFolder,
    name: String,
}

impl Downloaded {
    pub(super) const fn new(folder: ScratchFolder, name: String) -> Self {
        Self { folder, name }
    }

    /// The zip.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.file(&self.name)
    }
}

/// A name for a workspace that may stand in file names, as near to its own as can be.
pub(super) fn name_of(text: &str, id: u64) -> WorkspaceName {
    let plain: String = text
        .trim()
        .chars()
        .map(|c| match c {
            c if c.is_control() => '-',
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            c => c,
        })
        .take(60)
        .collect();
    let numbered = || format!("workspace-{id}").parse();
    match plain
        .trim_start_matches(['.', '-'])
        .parse()
        .or_else(|_| numbered())
    {
        Ok(name) => name,
        Err(_) => unreachable!("letters, digits and a dash are a name"),
    }
}

impl RemoteWorkspace {
    /// Reads all that is asked for. The exports lie in folders that go with the second value.
    ///
    /// Lists come first. Where they tell that what was exported earlier is still so, it is not
    /// exported again; and what is exported is no older than what lists told of it.
    pub(super) fn see(&self) -> Result<(Seen, Vec<Downloaded>), WorkspaceError> {
        let interest = self.interest.borrow().clone();
        let mut folders = Folders::new(self);
        let (reach, mut held) = self.hold(&interest, &mut folders)?;
        let assets: Vec<ManifestAsset> = held
            .iter()
            .flat_map(|held| held.assets.iter().cloned())
            .collect();
        let found = self.recipes_beside(reach, &assets, &interest)?;
        let connections = self.api().connections()?;
        let listed = self.connectors_listed()?;
        let told = Told {
            recipes: &found.inside,
            connections: &connections,
            connectors: &listed,
        };
        let kept = self.still_held(&held, &told);
        let planned = reach == Reach::Folder && self.read_for.get() == ReadFor::Plan;
        let found = match kept.is_none() && planned && found.elsewhere.is_none() {
            true => self.all_recipes(&assets)?,
            false => found,
        };
        let (recipes, elsewhere) = (found.inside, found.elsewhere);
        let own_elsewhere = self.uses_own(elsewhere.as_deref(), &listed);
        let told = Told {
            recipes: &recipes,
            connections: &connections,
            connectors: &listed,
        };
        // A plan looks itself whether there are several folders of a name.
        if kept.is_some() || self.read_for.get() == ReadFor::Report {
            folders.learn(&assets, &recipes, &connections);
        }
        // The source of a connector in an export is there already.
        let mut sources = interest.titles.clone();
        let exported = assets.iter().filter(|asset| asset.kind == "custom_adapter");
        for asset in exported {
            sources.retain(|title| title.as_str() != asset.name);
        }
        let own = self.connectors(&listed, &sources)?;
        let mut stubs = self.connection_stubs(&connections, &interest, &mut folders)?;
        let others = Others {
            reach,
            reading: match kept {
                Some(_) => ReadDepth::Slim,
                None => ReadDepth::Full,
            },
            listed: elsewhere,
        };
        let reading = others.reading;
        stubs.extend(self.recipe_stubs(&own, &interest, others, &recipes, &mut folders)?);
        let there = match &*self.there.borrow() {
            // Folders that came or went meanwhile are none of an import's business.
            Some(there) => there.clone(),
            None => folders.there(&interest.folders)?,
        };
        let mut properties = BTreeSet::new();
        let mut exports = Vec::new();
        let mut downloads = Vec::new();
        match kept {
            Some(kept) => {
                for (kept, package) in kept {
                    properties.extend(kept.properties().iter().cloned());
                    exports.push(Export {
                        folder: kept.folder().clone(),
                        package: package.path(),
                        numbers: kept.numbers(),
                    });
                    downloads.push(package);
                }
            }
            None => {
                let filled = held.iter_mut().filter(|held| !held.assets.is_empty());
                for held in filled {
                    let package = self.export_of(held)?;
                    let numbers = held.assets.iter().filter_map(|asset| {
                        let path = asset.zip_name.as_ref()?.parse().ok()?;
                        Some((path, asset.id))
                    });
                    exports.push(Export {
                        folder: held.folder.clone(),
                        package: package.path(),
                        numbers: numbers.collect(),
                    });
                    downloads.push(package);
                }
                if reach == Reach::Folder && !exports.is_empty() {
                    properties = self.properties_there(&interest, &exports)?;
                }
            }
        }
        stubs.extend(property_stub(&properties));
        let filled = held.iter().filter(|held| !held.assets.is_empty());
        let to_keep = match reading {
            ReadDepth::Slim => Vec::new(),
            ReadDepth::Full => filled
                .map(|held| Kept::of(&self.identity(), held, &told, &properties, reach))
                .collect(),
        };
        let (admin, connectors) = match &self.who.admin {
            Some(admin) => (Some((admin.clone(), own)), Vec::new()),
            None => (None, own),
        };
        let seen = Seen {
            identity: self.own_with(&listed),
            admin,
            base: self.base.path.clone(),
            reading,
            reach,
            own_elsewhere,
            to_keep,
            exports,
            recipes: recipes
                .iter()
                .map(|recipe| (recipe.id.0, (recipe.state, recipe.version_no.map(Version))))
                .collect(),
            authorized: connections
                .iter()
                .filter(|connection| connection.authorization == Authorization::Authorized)
                .map(|connection| connection.id.0)
                .collect(),
            reasons: reasons(&recipes, &connections),
            folders: there,
            connectors,
            stubs,
            held,
            lists: Lists {
                connectors: lists::connectors(&listed),
                newest: BTreeSet::new(),
                connections: Some(lists::connections(&connections)),
                recipes: marks(&recipes),
                customers: None,
            },
        };
        Ok((seen, downloads))
    }

    /// Whose workspace it is, by what the platform says of the connectors of the token's own: only a
    /// partner is told what is shared.
    fn own_with(&self, listed: &[ConnectorInfo]) -> Identity {
        let mut shared = listed.iter().map(|connector| connector.shared);
        let is_partner = shared.any(|shared| shared != SharedVersion::Unsaid);
        let mut own = self.who.own.clone();
        if self.who.admin.is_none() && is_partner {
            own.kind = WorkspaceKind::Admin;
        }
        own
    }

    /// Reads what lists tell, and exports nothing. `connectors` were listed already.
    pub(super) fn see_lists(
        &self,
        wanted: &Outline,
        connectors: Option<Vec<ConnectorInfo>>,
    ) -> Result<Seen, WorkspaceError> {
        let api = self.api();
        let mut folders = Folders::new(self);
        let mut stubs = Vec::new();
        let mut lists = Lists::default();
        let inside = |folder: &FolderPath| self.base.path.relative(folder).is_some();
        if wanted.lists.contains(&Listed::Recipes) {
            // Whoever asks for one folder only has to be told where things lie.
            let places = self.places(wanted);
            for recipe in api.recipes(&RecipeFilter::default())? {
                let folder = match places {
                    Places::Asked => folders.path_of(recipe.folder_id.map(|folder| folder.0))?,
                    Places::Unasked => FolderPath::home(),
                };
                if inside(&folder) {
                    lists.recipes.extend(marks(std::slice::from_ref(&recipe)));
                    stubs.push(recipe_stub(&recipe, folder));
                }
            }
        }
        if wanted.lists.contains(&Listed::Connections) {
            let connections = api.connections()?;
            for connection in &connections {
                let stub = connection_stub(connection, &mut folders)?;
                if inside(&stub.key.place.folder()) {
                    stubs.push(stub);
                }
            }
            lists.connections = Some(lists::connections(&connections));
        }
        let mut own = Vec::new();
        let mut identity = self.who.own.clone();
        // What is shared with a customer is the admin workspace's.
        if wanted.lists.contains(&Listed::Connectors) {
            let listed = match connectors {
                Some(listed) => listed,
                None => self.connectors_now(&wanted.newest)?,
            };
            identity = self.own_with(&listed);
            own = self.connectors(&listed, &wanted.titles)?;
            lists.connectors = lists::connectors(&listed);
            lists.newest.clone_from(&wanted.newest);
        }
        let (admin, connectors) = match &self.who.admin {
            Some(admin) => (Some((admin.clone(), own)), Vec::new()),
            None => (None, own),
        };
        Ok(Seen {
            identity,
            admin,
            base: self.base.path.clone(),
            reading: ReadDepth::Full,
            reach: Reach::Whole,
            own_elsewhere: BTreeSet::new(),
            to_keep: Vec::new(),
            exports: Vec::new(),
            recipes: BTreeMap::new(),
            authorized: BTreeSet::new(),
            reasons: StateReasons::default(),
            folders: folders.there(&wanted.folders)?,
            connectors,
            stubs,
            held: Vec::new(),
            lists,
        })
    }

    /// Exports a folder and downloads it, with what it holds; nothing if it holds nothing.
    pub(super) fn download(
        &self,
        folder: u64,
        scratch: &Path,
        data: IncludeData,
    ) -> Result<Option<(Downloaded, Vec<ManifestAsset>)>, WorkspaceError> {
        let assets = self.api().folder_assets(Some(FolderId(folder)), data)?;
        if assets.is_empty() {
            return Ok(None);
        }
        Ok(Some((self.export(folder, scratch, data)?, assets)))
    }

    /// Exports a folder that holds something, and downloads it.
    pub(super) fn export(
        &self,
        folder: u64,
        scratch: &Path,
        data: IncludeData,
    ) -> Result<Downloaded, WorkspaceError> {
        let api = self.api();
        let folder = FolderId(folder);
        let manifest = api.create_manifest(&NewManifest {
            name: "recipack".to_owned(),
            folder,
            contents: Contents::WholeFolder,
            include_data: data,
            tags: Tags::Keep,
        })?;
        let downloaded = self.exported(manifest, scratch);
        // It has done its work, or never will; that it can't be taken away is no reason to fail.
        let _ = api.delete_manifest(manifest);
        downloaded
    }

    /// Makes the package that a manifest describes, and downloads it.
    fn exported(&self, manifest: ManifestId, scratch: &Path) -> Result<Downloaded, WorkspaceError> {
        let api = self.api();
        let mut job = api.start_export(manifest)?;
        let waiting = Waiting::new(self.settings.patience);
        loop {
            match &job.status {
                JobStatus::Completed => break,
                JobStatus::Failed => {
                    return Err(RemoteError::ExportFailed {
                        address: self.address(),
                        told: told(&job),
                    }
                    .into());
                }
                JobStatus::InProgress | JobStatus::Unknown(_) => {}
            }
            waiting.pause(self, "the export", None)?;
            job = api.export(job.id)?;
        }
        let kept = |source| WorkspaceError::Io {
            platform: scratch.display().to_string(),
            doing: "write to",
            source: Box::new(source),
        };
        let downloaded = Downloaded {
            folder: ScratchFolder::new(scratch).map_err(kept)?,
            // Packages are called after what they were made of.
            name: format!("{}.zip", self.name_of_base()),
        };
        let mut file = File::create(downloaded.path()).map_err(kept)?;
        api.download(&job, &mut file, MOST_BYTES)?;
        Ok(downloaded)
    }

    pub(super) fn name_of_base(&self) -> WorkspaceName {
        match self.base.path.is_home() {
            true => self.who.own.name.clone(),
            false => name_of(
                self.base.path.name(),
                self.base.id.get().unwrap_or_default(),
            ),
        }
    }

    /// The recipes that have these numbers, and others, too.
    pub(super) fn recipes_with(
        &self,
        wanted: &BTreeSet<u64>,
    ) -> Result<ListedRecipes, WorkspaceError> {
        if wanted.is_empty() {
            return Ok(ListedRecipes::default());
        }
        let api = self.api();
        let mut recipes = Vec::new();
        if self.base.path.is_home() {
            // Those of Home are all that there are.
            let listed = api.recipes_among(&RecipeFilter::default(), wanted)?;
            let (inside, others) = listed
                .into_iter()
                .partition(|recipe| wanted.contains(&recipe.id.0));
            return Ok(ListedRecipes {
                inside,
                elsewhere: Some(others),
            });
        }
        if let Some(base) = self.base.id.get() {
            let filter = RecipeFilter {
                folder: Some(FolderId(base)),
                ..RecipeFilter::default()
            };
            recipes = api.recipes_among(&filter, wanted)?;
        }
        let found: BTreeSet<u64> = recipes.iter().map(|recipe| recipe.id.0).collect();
        let mut elsewhere = None;
        if !wanted.is_subset(&found) {
            let (inside, others) = api
                .recipes(&RecipeFilter::default())?
                .into_iter()
                .partition(|recipe| wanted.contains(&recipe.id.0));
            (recipes, elsewhere) = (inside, Some(others));
        }
        recipes.retain(|recipe| wanted.contains(&recipe.id.0));
        Ok(ListedRecipes {
            inside: recipes,
            elsewhere,
        })
    }

    /// The connectors of the token's own workspace.
    fn connectors(
        &self,
        listed: &[ConnectorInfo],
        sources: &BTreeSet<ConnectorTitle>,
    ) -> Result<Vec<SeenConnector>, WorkspaceError> {
        let mut seen = Vec::new();
        for info in listed {
            let Ok(title) = info.title.parse::<ConnectorTitle>() else {
                continue;
            };
            let mut connector = self.seen_connector(info, title)?;
            let matters = self.is_source(info);
            if matters && sources.contains(&connector.title) && connector.released.is_some() {
                connector.code = match self.client.connector_code(info.id) {
                    Ok(code) => Some(code.into_bytes()),
                    // It is not shown.
                    Err(ClientError::NotFound { .. }) => None,
                    Err(error) => return Err(error.into()),
                };
            }
            seen.push(connector);
        }
        Ok(seen)
    }

    /// Whether a connector's source is compared with anything: that of a customer's partner is if it is
    /// shared.
    fn is_source(&self, connector: &ConnectorInfo) -> bool {
        self.who.admin.is_none() || connector.shared.version().is_some()
    }

    /// Whether the source of one of these was asked for.
    pub(super) fn reads_sources<'c>(
        &self,
        mut connectors: impl Iterator<Item = &'c ConnectorInfo>,
    ) -> bool {
        let titles = &self.interest.borrow().titles;
        connectors.any(|connector| {
            let mut titles = titles.iter();
            self.is_source(connector)
                && (self.who.admin.is_none()
                    || titles.any(|title| title.as_str() == connector.title))
        }) && !titles.is_empty()
    }

    fn seen_connector(
        &self,
        info: &ConnectorInfo,
        title: ConnectorTitle,
    ) -> Result<SeenConnector, WorkspaceError> {
        let released = info.latest_released_version;
        let listed = info.released_versions.iter().map(|listed| listed.version);
        let all: BTreeSet<Version> = listed
            .chain(released)
            .chain(info.shared.version())
            .collect();
        let newest = info.latest_version.into_iter().chain(all.iter().copied());
        // A connector that was never released has a version all the same.
        let latest = newest.max().unwrap_or(Version(1));
        if latest.0 > MOST_VERSIONS || all.contains(&Version(0)) {
            return Err(RemoteError::Unreadable {
                address: self.address(),
                what: format!("connector \"{title}\" has a version {}", latest.0),
            }
            .into());
        }
        Ok(SeenConnector {
            id: info.id.0,
            title,
            internal_name: info.name.clone(),
            latest,
            newest: info.latest_version,
            released,
            released_versions: all,
            shared: info.shared,
            code: None,
        })
    }

    /// Connections elsewhere that the package's recipes may mean by their names.
    fn connection_stubs(
        &self,
        connections: &[ConnectionInfo],
        interest: &Interest,
        folders: &mut Folders<'_>,
    ) -> Result<Vec<Stub>, WorkspaceError> {
        let meant = connections
            .iter()
            .filter(|connection| interest.connections.contains(&*nfc(&connection.name)));
        let mut stubs = Vec::new();
        for connection in meant {
            stubs.push(connection_stub(connection, folders)?);
        }
        Ok(stubs)
    }

    /// Recipes elsewhere that a new version of a connector would move, and, where an export does not
    /// have all, those that have a name which matters.
    fn recipe_stubs(
        &self,
        connectors: &[SeenConnector],
        interest: &Interest,
        others: Others,
        inside: &[RecipeInfo],
        folders: &mut Folders<'_>,
    ) -> Result<Vec<Stub>, WorkspaceError> {
        // No import into a customer's workspace moves what its partner has.
        let own = connectors.iter().filter(|_| self.who.admin.is_none());
        let compared: Vec<InternalName> = own
            .filter(|connector| interest.titles.contains(&connector.title))
            .map(|connector| connector.internal_name.clone())
            .collect();
        let is_named = |recipe: &RecipeInfo| {
            others.reach == Reach::Folder && interest.recipes.contains(&*nfc(&recipe.name))
        };
        let is_using = |recipe: &RecipeInfo| {
            let mut compared = compared.iter();
            compared.any(|name| recipe.providers.iter().any(|used| used == name.as_str()))
        };
        let mut found = Vec::new();
        // A list says of each recipe what it uses (platform.md §2); where it doesn't, it is asked.
        let mut told = false;
        if let Some(listed) = others.listed {
            told = listed.iter().all(|recipe| recipe.tells_all_providers);
            let meant = listed.into_iter();
            found.extend(meant.filter(|recipe| is_named(recipe) || told && is_using(recipe)));
        }
        // Where nothing is new, or all is done, nobody's connector moves.
        let is_done = self.read_for.get() == ReadFor::Report;
        let unmoved =
            others.reach == Reach::Folder && (is_done || others.reading == ReadDepth::Slim);
        if !told && !unmoved {
            found.extend(using_any(&self.api(), &compared)?);
        }
        let inside: BTreeSet<u64> = inside.iter().map(|recipe| recipe.id.0).collect();
        let mut stubs: BTreeMap<u64, Stub> = BTreeMap::new();
        for recipe in found {
            if inside.contains(&recipe.id.0) || stubs.contains_key(&recipe.id.0) {
                continue;
            }
            let folder = folders.path_of(recipe.folder_id.map(|folder| folder.0))?;
            stubs.insert(recipe.id.0, recipe_stub(&recipe, folder));
        }
        Ok(stubs.into_values().collect())
    }

    /// Adds the customers to the mirror, with the recipes that use connectors which matter.
    pub(super) fn see_customers(
        &self,
        mirror: &mut Mirror,
        shared: &BTreeSet<InternalName>,
    ) -> Result<(), WorkspaceError> {
        let mut taken = BTreeSet::from([self.who.own.name.clone()]);
        let seen = self.customers_now(shared)?;
        mirror.lists.customers = Some(Customers::of(shared, &seen));
        for SeenCustomer {
            info: customer,
            recipes,
        } in seen
        {
            let mut name = name_of(&customer.name, customer.id);
            if !taken.insert(name.clone()) {
                name = name_of("", customer.id);
                taken.insert(name.clone());
            }
            let identity = Identity {
                id: WorkspaceId(customer.id),
                name,
                kind: WorkspaceKind::Customer,
                data_center: self.who.own.data_center.clone(),
                external_id: customer.external_id.clone(),
            };
            // Folders of customers are not looked up: only a few of them would matter.
            let stubs: Vec<Stub> = recipes
                .iter()
                .map(|recipe| recipe_stub(recipe, FolderPath::home()))
                .collect();
            mirror.hold_customer(&identity, &self.who.own.name, &stubs)?;
        }
        Ok(())
    }
}

impl RemoteWorkspace {
    /// The customers, with their recipes that use one of the connectors.
    pub(super) fn customers_now(
        &self,
        using_any: &BTreeSet<InternalName>,
    ) -> Result<Vec<SeenCustomer>, WorkspaceError> {
        let names: Vec<InternalName> = using_any.iter().cloned().collect();
        let mut seen = Vec::new();
        for info in self.client.customers()? {
            let account = Account::Customer(crate::client::CustomerHandle::Number(info.id));
            let api = self.client.account(&account);
            let recipes = self::using_any(&api, &names)?;
            seen.push(SeenCustomer { info, recipes });
        }
        Ok(seen)
    }
}

/// The recipes of a workspace.
#[derive(Debug, Default)]
pub(super) struct ListedRecipes {
    /// Those that are exported.
    pub(super) inside: Vec<RecipeInfo>,
    /// All others; nothing if they were not listed.
    pub(super) elsewhere: Option<Vec<RecipeInfo>>,
}

/// A customer, with its recipes that use connectors which matter.
#[derive(Clone, Debug)]
pub(super) struct SeenCustomer {
    pub(super) info: CustomerInfo,
    pub(super) recipes: Vec<RecipeInfo>,
}

/// Why recipes stand and connections don't work, by what lists tell.
fn reasons(recipes: &[RecipeInfo], connections: &[ConnectionInfo]) -> StateReasons {
    let stops = recipes.iter();
    let lost = connections.iter().filter(|connection| {
        connection.authorization == Authorization::Placeholder
            && connection.was_authorized == Once::Yes
    });
    StateReasons {
        stops: stops
            .map(|recipe| (AssetId(recipe.id.0), recipe.stop_cause.clone()))
            .collect(),
        lost: lost.map(|connection| AssetId(connection.id.0)).collect(),
    }
}

pub(super) fn marks(recipes: &[RecipeInfo]) -> BTreeMap<u64, RecipeMark> {
    let recipes = recipes.iter();
    recipes
        .map(|recipe| (recipe.id.0, RecipeMark::of(recipe)))
        .collect()
}

fn connection_stub(
    connection: &ConnectionInfo,
    folders: &mut Folders<'_>,
) -> Result<Stub, ClientError> {
    let provider = connection.provider.clone().unwrap_or_default();
    let json = serde_json::json!({"name": connection.name, "provider": provider});
    Ok(Stub {
        id: Some(connection.id.0),
        key: AssetKey {
            place: AssetPlace::Folder(
                folders.path_of(connection.folder_id.map(|folder| folder.0))?,
            ),
            kind: AssetKind::Connection,
            name: nfc(&connection.name).into_owned().into(),
            twin: 0,
        },
        json: json.to_string().into_bytes(),
        providers: connection.provider.iter().cloned().collect(),
        state: HeldState::Connection(connection.authorization),
        version: Version(0),
    })
}

/// The recipes that use one of the connectors, each once. One question asks for all of them, unless
/// its address would get too long.
fn using_any(
    api: &AccountApi<'_>,
    connectors: &[InternalName],
) -> Result<Vec<RecipeInfo>, ClientError> {
    let mut recipes = BTreeMap::new();
    for some in connectors.chunks(NAMES) {
        let filter = RecipeFilter {
            uses_any: some.to_vec(),
            ..RecipeFilter::default()
        };
        for recipe in api.recipes(&filter)? {
            recipes.insert(recipe.id.0, recipe);
        }
    }
    Ok(recipes.into_values().collect())
}

fn recipe_stub(recipe: &RecipeInfo, folder: FolderPath) -> Stub {
    let code: Option<serde_json::Value> = recipe
        .code
        .as_ref()
        .and_then(|code| serde_json::from_str(code).ok());
    let config: Vec<_> = recipe
        .providers
        .iter()
        .map(|provider| {
            serde_json::json!({
                "keyword": "application", "provider": provider, "skip_validation": false,
                "account_id": null
            })
        })
        .collect();
    let json = serde_json::json!({"name": recipe.name, "code": code, "config": config});
    Stub {
        id: Some(recipe.id.0),
        key: AssetKey {
            place: AssetPlace::Folder(folder),
            kind: AssetKind::Recipe,
            name: nfc(&recipe.name).into_owned().into(),
            twin: 0,
        },
        json: json.to_string().into_bytes(),
        providers: recipe.providers.clone(),
        state: HeldState::Recipe(recipe.state),
        version: Version(recipe.version_no.unwrap_or_default()),
    }
}

/// What a job says of its failure.
pub(super) fn told(job: &Job) -> String {
    job.error
        .clone()
        .unwrap_or_else(|| "it does not say why".to_owned())
}
