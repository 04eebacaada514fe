//! Reading a workspace through the API: an export of its folder, and lists of what an export does
//! not tell.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::path::Path;

use super::lists::{self, Customers, Lists, RecipeMark};
use super::{Base, Identified, Interest, RemoteSettings, RemoteWorkspace};
use crate::client::{
    Account, AccountApi, Client, ClientError, ConnectionInfo, ConnectorInfo, Contents,
    CustomerHandle, CustomerInfo, FolderId, IncludeData, Job, JobStatus, ManifestAsset, ManifestId,
    NewManifest, RecipeFilter, RecipeInfo, SharedVersion, Tags,
};
use crate::io::scratch::ScratchFolder;
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, Version, WorkspaceName};
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::workspace::{
    Address, AssetKey, AssetPlace, Authorization, FolderPath, HeldState, RemoteAddress,
    WorkspaceId, WorkspaceKind,
};
use crate::remote::snapshot_db::{Export, Identity, Mirror, Seen, SeenConnector, Stub};
use crate::remote::waiting::Waiting;
use crate::workspace::remote::RemoteError;
use crate::workspace::{Listed, Outline, WorkspaceError};

/// The largest package that is taken, in bytes (platform.md §1.6 has 100 MB; older ones may be
/// larger).
const MOST_BYTES: u64 = 512 << 20;
/// Version numbers beyond this are nobody's.
const MOST_VERSIONS: u64 = 100_000;
/// How many connectors are asked after at once: addresses have a bound of some kilobytes.
const NAMES: usize = 50;
/// How deep folders are looked into.
const DEEPEST: usize = 32;

/// An export that was downloaded.
#[derive(Debug)]
pub struct Downloaded {
    folder: ScratchFolder,
    name: String,
}

impl Downloaded {
    /// The zip.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.file(&self.name)
    }
}

/// Says whose workspace it is, and which of its folders is Home.
pub(super) fn identify(
    client: &Client,
    account: &Account,
    settings: &RemoteSettings,
) -> Result<(Identified, Option<u64>), WorkspaceError> {
    let elsewhere = || {
        DataCenter::UNKNOWN
            .parse()
            .map_err(|_| RemoteError::Unreadable {
                address: Address::Remote(settings.address.clone()),
                what: "its data center has no name".to_owned(),
            })
    };
    let data_center: DataCenter = match client.base().data_center() {
        Some(center) => center,
        None => elsewhere()?,
    };
    let me = client.me()?;
    let own = |kind| Identity {
        id: me.id,
        name: name_of(me.name.as_deref().unwrap_or_default(), me.id.0),
        kind,
        data_center: data_center.clone(),
        external_id: None,
    };
    match account {
        Account::Own => {
            // Its connectors tell whether it is a partner's, once they are asked for.
            let who = Identified {
                own: own(WorkspaceKind::External),
                admin: None,
            };
            Ok((who, me.root_folder.map(|root| root.0)))
        }
        Account::Customer(handle) => {
            let customer = client.customer(handle)?;
            let who = Identified {
                own: Identity {
                    id: WorkspaceId(customer.id),
                    name: name_of(&customer.name, customer.id),
                    kind: WorkspaceKind::Customer,
                    data_center: data_center.clone(),
                    external_id: customer.external_id.clone(),
                },
                admin: Some(own(WorkspaceKind::Admin)),
            };
            Ok((who, None))
        }
    }
}

/// Refuses a number that could be taken for another customer's external id, too.
///
/// # Errors
/// If it could, or the customers can't be asked for.
pub(super) fn is_meant(
    client: &Client,
    number: u64,
    address: &RemoteAddress,
) -> Result<(), WorkspaceError> {
    let found = |handle| match client.customer(&handle) {
        Ok(customer) => Ok(Some(customer)),
        Err(ClientError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let Some(by_external) = found(CustomerHandle::External(number.to_string()))? else {
        return Ok(());
    };
    if by_external.id == number {
        return Ok(());
    }
    let by_number = found(CustomerHandle::Number(number))?;
    Err(RemoteError::Ambiguous {
        address: Address::Remote(address.clone()),
        number,
        by_number: by_number.map(|customer| customer.name),
        by_external: by_external.name,
    }
    .into())
}

/// The folder that an address names.
pub(super) fn base(
    api: &AccountApi<'_>,
    root: Option<u64>,
    address: &RemoteAddress,
) -> Result<Base, WorkspaceError> {
    // Who asks for no folder means Home, and a token's own workspace says which that is.
    let is_home = |home| match address.folder {
        None => true,
        Some(wanted) => wanted == home,
    };
    if let Some(home) = root.filter(|home| is_home(*home)) {
        return Ok(Base {
            id: Some(home),
            root: Some(home),
            path: FolderPath::home(),
        });
    }
    let top = api.folders_in(None)?;
    // Home is the folder that holds the topmost ones.
    let mut home = root.or_else(|| {
        let parents = top.iter().filter_map(|folder| folder.parent_id);
        parents.map(|parent| parent.0).next()
    });
    if home.is_none() && top.is_empty() {
        // Without folders, whatever there is lies in Home.
        let recipes = api.recipes(&RecipeFilter::default())?;
        home = recipes
            .iter()
            .find_map(|recipe| recipe.folder_id.map(|folder| folder.0));
    }
    let Some(wanted) = address.folder.filter(|wanted| Some(*wanted) != home) else {
        return Ok(Base {
            id: home,
            root: home,
            path: FolderPath::home(),
        });
    };
    let mut queue: VecDeque<(u64, FolderPath, usize)> = VecDeque::new();
    let put =
        |queue: &mut VecDeque<_>, above: &FolderPath, folder: &crate::client::Folder, depth| {
            // A folder whose name can't be one holds nothing that could be planned.
            if let Ok(path) = above.child(&folder.name) {
                queue.push_back((folder.id.0, path, depth));
            }
        };
    for folder in top.iter().filter(|folder| Some(folder.id.0) != home) {
        put(&mut queue, &FolderPath::home(), folder, 1);
    }
    while let Some((id, path, depth)) = queue.pop_front() {
        if id == wanted {
            return Ok(Base {
                id: Some(id),
                root: home,
                path,
            });
        }
        if depth < DEEPEST {
            for folder in api.folders_in(Some(FolderId(id)))? {
                put(&mut queue, &path, &folder, depth + 1);
            }
        }
    }
    Err(RemoteError::NoFolder {
        address: Address::Remote(address.clone()),
    }
    .into())
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
    pub(super) fn see(&self) -> Result<(Seen, Vec<Downloaded>), WorkspaceError> {
        let api = self.api();
        let interest = self.interest.borrow().clone();
        let mut folders = Folders::new(self);
        let mut wanted: Vec<(FolderPath, u64)> = Vec::new();
        wanted.extend(self.base.id.map(|id| (self.base.path.clone(), id)));
        if interest.unfiled && !self.base.path.is_home() {
            wanted.extend(self.base.root.map(|id| (FolderPath::home(), id)));
        }
        for folder in interest.into.iter().filter(|into| **into != self.base.path) {
            wanted.extend(folders.id_of(folder)?.map(|id| (folder.clone(), id)));
        }
        let (mut exports, mut downloads, mut assets) = (Vec::new(), Vec::new(), Vec::new());
        let mut held = Vec::new();
        for (folder, id) in wanted {
            let download = self.download(id, &self.settings.scratch, IncludeData::Yes)?;
            let Some((package, listed)) = download else {
                held.push((id, Vec::new()));
                continue;
            };
            held.push((id, listed.clone()));
            let mut numbers = BTreeMap::new();
            for asset in listed {
                let path = asset.zip_name.as_ref().map(|name| name.parse());
                if let Some(Ok(path)) = path {
                    numbers.insert(path, asset.id);
                }
                assets.push(asset);
            }
            exports.push(Export {
                folder,
                package: package.path(),
                numbers,
            });
            downloads.push(package);
        }
        let ListedRecipes {
            inside: recipes,
            elsewhere,
        } = self.recipes_of(&assets)?;
        let connections = api.connections()?;
        let listed = self.client.connectors()?;
        // The source of a connector in an export is there already.
        let mut sources = interest.titles.clone();
        let exported = assets.iter().filter(|asset| asset.kind == "custom_adapter");
        for asset in exported {
            sources.retain(|title| title.as_str() != asset.name);
        }
        let own = self.connectors(&listed, &sources)?;
        let mut stubs = self.connection_stubs(&connections, &interest, &mut folders)?;
        stubs.extend(self.recipe_stubs(&own, &interest, elsewhere, &recipes, &mut folders)?);
        let (admin, connectors) = match &self.who.admin {
            Some(admin) => (Some((admin.clone(), own)), Vec::new()),
            None => (None, own),
        };
        let seen = Seen {
            identity: self.own_with(&listed),
            admin,
            base: self.base.path.clone(),
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
            folders: folders.there(&interest.folders)?,
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
            for recipe in api.recipes(&RecipeFilter::default())? {
                let folder = folders.path_of(recipe.folder_id.map(|folder| folder.0))?;
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
            exports: Vec::new(),
            recipes: BTreeMap::new(),
            authorized: BTreeSet::new(),
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
        let api = self.api();
        let folder = FolderId(folder);
        let assets = api.folder_assets(folder, data)?;
        if assets.is_empty() {
            return Ok(None);
        }
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
        Ok(Some((downloaded?, assets)))
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

    fn name_of_base(&self) -> WorkspaceName {
        match self.base.path.is_home() {
            true => self.who.own.name.clone(),
            false => name_of(self.base.path.name(), self.base.id.unwrap_or_default()),
        }
    }

    /// The recipes among assets. Others are told as far as they were listed on the way.
    fn recipes_of(&self, assets: &[ManifestAsset]) -> Result<ListedRecipes, WorkspaceError> {
        let recipes = assets.iter().filter(|asset| asset.kind == "recipe");
        self.recipes_with(&recipes.map(|asset| asset.id).collect())
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
        if let Some(base) = self.base.id {
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
            if sources.contains(&connector.title) && connector.released.is_some() {
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

    /// Recipes elsewhere that a new version of a connector would move.
    fn recipe_stubs(
        &self,
        connectors: &[SeenConnector],
        interest: &Interest,
        elsewhere: Option<Vec<RecipeInfo>>,
        inside: &[RecipeInfo],
        folders: &mut Folders<'_>,
    ) -> Result<Vec<Stub>, WorkspaceError> {
        let compared: Vec<InternalName> = connectors
            .iter()
            .filter(|connector| interest.titles.contains(&connector.title))
            .map(|connector| connector.internal_name.clone())
            .collect();
        // A list says of each recipe what it uses (platform.md §2); where it doesn't, it is asked.
        let using = match elsewhere {
            Some(listed) if listed.iter().all(|recipe| recipe.tells_all_providers) => listed
                .into_iter()
                .filter(|recipe| {
                    let mut compared = compared.iter();
                    compared.any(|name| recipe.providers.iter().any(|used| used == name.as_str()))
                })
                .collect(),
            Some(_) | None => using_any(&self.api(), &compared)?,
        };
        let inside: BTreeSet<u64> = inside.iter().map(|recipe| recipe.id.0).collect();
        let mut stubs: BTreeMap<u64, Stub> = BTreeMap::new();
        for recipe in using {
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
    elsewhere: Option<Vec<RecipeInfo>>,
}

/// A customer, with its recipes that use connectors which matter.
#[derive(Clone, Debug)]
pub(super) struct SeenCustomer {
    pub(super) info: CustomerInfo,
    pub(super) recipes: Vec<RecipeInfo>,
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
        id: connection.id.0,
        key: AssetKey {
            place: AssetPlace::Folder(
                folders.path_of(connection.folder_id.map(|folder| folder.0))?,
            ),
            kind: AssetKind::Connection,
            name: nfc(&connection.name).into_owned(),
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
        id: recipe.id.0,
        key: AssetKey {
            place: AssetPlace::Folder(folder),
            kind: AssetKind::Recipe,
            name: nfc(&recipe.name).into_owned(),
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

/// Folders of a workspace, looked up when they are asked for, and once.
pub(super) struct Folders<'w> {
    workspace: &'w RemoteWorkspace,
    /// By the folder; none is Home.
    children: BTreeMap<Option<u64>, Vec<(u64, String)>>,
}

impl<'w> Folders<'w> {
    pub(super) fn new(workspace: &'w RemoteWorkspace) -> Self {
        Self {
            workspace,
            children: BTreeMap::new(),
        }
    }

    fn below(&mut self, id: Option<u64>) -> Result<&[(u64, String)], ClientError> {
        let root = self.workspace.base.root;
        let id = id.filter(|id| Some(*id) != root);
        if let std::collections::btree_map::Entry::Vacant(vacant) = self.children.entry(id) {
            let folders = self.workspace.api().folders_in(id.map(FolderId))?;
            let own = id.or(root);
            let named = folders
                .into_iter()
                .filter(|folder| Some(folder.id.0) != own);
            vacant.insert(named.map(|folder| (folder.id.0, folder.name)).collect());
        }
        Ok(self.children.get(&id).map_or(&[], Vec::as_slice))
    }

    /// Where a folder lies; Home if that can't be found out.
    fn path_of(&mut self, id: Option<u64>) -> Result<FolderPath, ClientError> {
        let root = self.workspace.base.root;
        let Some(id) = id.filter(|id| Some(*id) != root) else {
            return Ok(FolderPath::home());
        };
        if Some(id) == self.workspace.base.id {
            return Ok(self.workspace.base.path.clone());
        }
        let mut queue = VecDeque::from([(None, FolderPath::home(), 0)]);
        while let Some((at, path, depth)) = queue.pop_front() {
            if at == Some(id) {
                return Ok(path);
            }
            if depth < DEEPEST {
                let below = self.below(at)?.iter();
                queue.extend(below.filter_map(|(id, name)| {
                    let path = path.child(name).ok()?;
                    Some((Some(*id), path, depth + 1))
                }));
            }
        }
        Ok(FolderPath::home())
    }

    /// Those of the folders that are there.
    fn there(
        &mut self,
        asked: &BTreeSet<FolderPath>,
    ) -> Result<BTreeSet<FolderPath>, WorkspaceError> {
        let mut there = BTreeSet::new();
        for folder in asked.iter().filter(|folder| !folder.is_home()) {
            if self.id_of(folder)?.is_some() {
                there.insert(folder.clone());
            }
        }
        Ok(there)
    }

    /// The number of a folder, if it is there.
    pub(super) fn id_of(&mut self, folder: &FolderPath) -> Result<Option<u64>, WorkspaceError> {
        let base = self.workspace.base.clone();
        if *folder == base.path {
            return Ok(base.id);
        }
        if folder.is_home() {
            return Ok(base.root);
        }
        let (mut at, names) = match base.path.relative(folder) {
            Some(below) => (base.id, below),
            None => (base.root, folder.as_str()),
        };
        for name in names.split('/').filter(|name| !name.is_empty()) {
            let all = self.below(at)?.iter();
            let named = all.filter(|(_, known)| nfc(known) == name);
            let ids: Vec<u64> = named.map(|(id, _)| *id).collect();
            match ids.as_slice() {
                [] => return Ok(None),
                [id] => at = Some(*id),
                _ => {
                    return Err(RemoteError::SameFolders {
                        address: self.workspace.address().without_folder(),
                        folder: folder.clone(),
                        ids,
                    }
                    .into());
                }
            }
        }
        Ok(at)
    }
}

impl RemoteWorkspace {
    /// The number of a folder, which is created if it is not there.
    pub(super) fn make_folder(&self, folder: &FolderPath) -> Result<u64, WorkspaceError> {
        if let Some(id) = Folders::new(self).id_of(folder)? {
            return Ok(id);
        }
        let parent = match folder.parent() {
            Some(above) if above.is_home() => None,
            Some(above) => Some(FolderId(self.make_folder(&above)?)),
            None => {
                return Err(RemoteError::NoHome {
                    address: self.address(),
                }
                .into());
            }
        };
        Ok(self.api().create_folder(folder.name(), parent)?.id.0)
    }
}
