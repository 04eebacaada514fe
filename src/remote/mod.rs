//! Workspaces behind the platform's API (platform.md §1–§3, §8).
//!
//! The API has no preview and no transactions. So a workspace is read (an export of its folder, and
//! lists) into a mirror, against which everything is planned as for any other workspace;
//! what was decided is carried out by requests; and the workspace is read again afterwards, so that
//! what is reported is what is there.

mod changes;
mod commit;
mod customers;
mod folders;
mod id_map;
pub mod journal;
mod kept;
mod lists;
mod open;
mod packages;
mod reach;
mod read;
mod read_back;
mod settings;
mod snapshot_db;
mod steady;
mod waiting;

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::client::{
    Account, AccountApi, Client, Clock, ConnectorInfo, CustomerHandle, Folder, IncludeData,
    RecipeFilter, RecipeId,
};
use crate::model::error::chain;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version, WorkspaceName};
use crate::model::job::RecipeJobs;
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, AssetKey, Body, EndpointMark, EndpointState, FolderPath, HeldValue,
    Inventory, Partnership, PropertyKey, ReadDepth, RemoteAccount, RemoteAddress, Revision,
    RevisionHeader, RevisionNumber, Scope, SharingKnowledge, SharingTold, Snapshot, Timestamp,
    WorkspaceAsset, WorkspaceConnector, WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use crate::ops::import::ImportError;
use crate::ops::{Running, Silent};
use crate::plan::commit::Commit;
use crate::plan::import::Landing;
use crate::plan::import::settings::SettingWrite;
use crate::plan::rollback::kept::{KeptHistory, KeptRevision};
use crate::workspace::remote::RemoteError;
use crate::workspace::{
    AdminWorkspace, Committed, Contents, KeptPackage, Listed, Outline, Places, Workspace,
    WorkspaceError,
};

use crate::remote::snapshot_db::{Identity, Mirror, Reach, Seen};
use journal::{Entry, Journal, RemoteIdentity, Went};
use lists::Lists;
use read_back::Exported;
use steady::ReadFor;

pub use crate::remote::customers::Provisions;
pub use crate::remote::kept::Readings;
pub use crate::remote::packages::Freed;
pub use crate::remote::read::Downloaded;

/// Whether it is asked whose workspace it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is.
    Asked,
    /// It is not: its recipes are listed and stopped, and nothing else.
    Unasked,
}

/// Stands for the number of a workspace of which nobody asked whose it is.
const NOBODY: WorkspaceId = WorkspaceId(0);

/// How a workspace behind the API is worked with.
pub struct RemoteSettings {
    /// Where it is.
    pub address: RemoteAddress,
    /// A folder for what is kept on disk meanwhile.
    pub scratch: PathBuf,
    /// How work is done.
    pub running: Running,
    /// Where imports are written down.
    pub journal: Journal,
    /// Where exports are kept.
    pub readings: Readings,
    /// Whether it is asked whose it is.
    pub whose: Whose,
    /// The workspace that it has to be, where an import into one is gone on with.
    pub expected: Option<Entry>,
    /// How long the end of an export or an import is waited for.
    pub patience: Duration,
    /// How it is waited.
    pub pauses: Arc<dyn Clock + Send + Sync>,
}

/// A workspace behind the API.
pub struct RemoteWorkspace {
    client: Client,
    account: Account,
    settings: RemoteSettings,
    who: Identified,
    base: Base,
    /// The topmost folders, as they were asked for to find the base: what is read first may rest on
    /// them, what is read later asks anew.
    top: RefCell<Option<Vec<Folder>>>,
    interest: RefCell<Interest>,
    mirror: RefCell<Option<Mirror>>,
    /// What only lists told, without an export.
    outline: RefCell<Option<(Outline, Mirror)>>,
    /// What reading it is good for.
    read_for: Cell<ReadFor>,
    /// How much of it is read.
    reading: Cell<ReadDepth>,
    /// What was read last, with its exports.
    exported: RefCell<Option<Exported>>,
    /// The folders that were there when an import was planned, while it is looked whether the
    /// workspace is still as it was.
    there: RefCell<Option<BTreeSet<FolderPath>>>,
    /// What settings gave it: told nobody, whoever says it back.
    values: RefCell<Vec<SecretString>>,
    /// The numbers of folders that were looked for or made.
    found: RefCell<BTreeMap<FolderPath, u64>>,
    /// The connectors of a customer's partner, as they were listed right before an import.
    partner: RefCell<Option<Vec<ConnectorInfo>>>,
}

/// Whose workspace it is.
#[derive(Clone, Debug)]
struct Identified {
    own: Identity,
    /// The admin workspace, if it is a customer's.
    admin: Option<Identity>,
}

/// The folder that exports are made of and imports go into.
#[derive(Clone, Debug)]
struct Base {
    /// Its number; that of Home is not known of a customer's workspace before it is looked for.
    id: Cell<Option<u64>>,
    /// Home of the workspace, if that is known.
    root: Cell<Option<u64>>,
    path: FolderPath,
}

/// What has been asked for that an export of the folder may not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Interest {
    titles: BTreeSet<ConnectorTitle>,
    connections: BTreeSet<String>,
    /// Names of recipes, wherever they lie.
    recipes: BTreeSet<String>,
    /// Whether something refers to recipes outside of the folders that packages go into.
    recipes_elsewhere: bool,
    /// Names of properties of the whole workspace.
    properties: BTreeSet<String>,
    folders: BTreeSet<FolderPath>,
    /// Folders that packages go into: what describes them as projects is in their own exports only.
    into: BTreeSet<FolderPath>,
    /// What belongs to the workspace as a whole, and is in no folder's export: it is exported whole.
    unfiled: bool,
}

impl Interest {
    /// Whether nothing is asked for that was not asked for before.
    fn covers(&self, other: &Self) -> bool {
        self.titles.is_superset(&other.titles)
            && self.connections.is_superset(&other.connections)
            && self.recipes.is_superset(&other.recipes)
            && (self.recipes_elsewhere || !other.recipes_elsewhere)
            && self.properties.is_superset(&other.properties)
            && self.folders.is_superset(&other.folders)
            && self.into.is_superset(&other.into)
            && (self.unfiled || !other.unfiled)
    }

    fn add(&mut self, other: Self) {
        self.titles.extend(other.titles);
        self.connections.extend(other.connections);
        self.recipes.extend(other.recipes);
        self.recipes_elsewhere |= other.recipes_elsewhere;
        self.properties.extend(other.properties);
        self.folders.extend(other.folders);
        self.into.extend(other.into);
        self.unfiled |= other.unfiled;
    }
}

impl RemoteWorkspace {
    /// Finds a workspace, and the folder that its address names.
    ///
    /// # Errors
    /// If it can't be reached, the token is not accepted, it is another workspace than the expected
    /// one, or there is no such folder.
    pub fn open(client: Client, settings: RemoteSettings) -> Result<Self, WorkspaceError> {
        let account = match &settings.address.account {
            RemoteAccount::Host(_) | RemoteAccount::Profile(_) => Account::Own,
            RemoteAccount::Customer(id) | RemoteAccount::CustomerId(id) => {
                Account::Customer(CustomerHandle::Number(*id))
            }
            RemoteAccount::ExternalId(id) => {
                Account::Customer(CustomerHandle::External(id.clone()))
            }
        };
        if let RemoteAccount::Customer(number) = settings.address.account
            && !open::was_meant(&client, number, &settings)
        {
            open::is_meant(&client, number, &settings.address)?;
        }
        let (who, root) = match (settings.whose, settings.address.folder, &settings.expected) {
            (Whose::Unasked, None, None) => (open::nobody(&client)?, None),
            (Whose::Unasked | Whose::Asked, _, _) => open::identify(&client, &account, &settings)?,
        };
        if let Some(entry) = &settings.expected {
            let found = RemoteIdentity::new(&client.base().host(), who.own.id);
            match entry.went_into(&found) {
                Went::There => {}
                Went::Elsewhere | Went::Unknown => {
                    let expected = entry.identity.as_ref().map(ToString::to_string);
                    return Err(RemoteError::OtherWorkspace {
                        expected: expected.unwrap_or_else(|| "another workspace".to_owned()),
                        found: found.to_string(),
                    }
                    .into());
                }
            }
        }
        let (base, top) = match who.own.id {
            NOBODY => {
                let base = Base {
                    id: Cell::new(None),
                    root: Cell::new(None),
                    path: FolderPath::home(),
                };
                (base, None)
            }
            _ => open::base(&client.account(&account), root, &settings.address)?,
        };
        // Whether it arrived shows by comparing it with what its plan rests on.
        let resumed = settings.expected.as_ref().map(Entry::reading);
        // What is gone on with may be moving.
        let read_for = match settings.expected {
            Some(_) => ReadFor::Report,
            None => ReadFor::Plan,
        };
        Ok(Self {
            client,
            account,
            settings,
            who,
            base,
            top: RefCell::new(top),
            interest: RefCell::default(),
            mirror: RefCell::default(),
            outline: RefCell::default(),
            read_for: Cell::new(read_for),
            reading: Cell::new(resumed.unwrap_or_default()),
            exported: RefCell::default(),
            there: RefCell::default(),
            values: RefCell::default(),
            found: RefCell::default(),
            partner: RefCell::default(),
        })
    }

    /// Which workspace it is.
    pub fn identity(&self) -> RemoteIdentity {
        RemoteIdentity::new(&self.client.base().host(), self.who.own.id)
    }

    /// What it is called.
    pub const fn name(&self) -> &WorkspaceName {
        &self.who.own.name
    }

    /// What is known of the customer whose workspace it is; nothing if it is nobody's.
    pub fn customer(&self) -> Option<RemoteCustomer> {
        self.who.admin.as_ref()?;
        Some(RemoteCustomer {
            address: self.address(),
            id: self.who.own.id,
            external_id: self.who.own.external_id.clone(),
            name: self.who.own.name.to_string(),
        })
    }

    /// Its address.
    pub fn address(&self) -> Address {
        Address::Remote(self.settings.address.clone())
    }

    /// Imports from here whose end nobody saw.
    ///
    /// # Errors
    /// If the journal can't be read.
    pub fn open_imports(&self) -> Result<Vec<journal::Entry>, WorkspaceError> {
        if self.who.own.id == NOBODY {
            return Ok(Vec::new());
        }
        let mut entries = self.settings.journal.entries(&self.identity())?;
        entries.retain(journal::Entry::is_open);
        Ok(entries)
    }

    fn api(&self) -> AccountApi<'_> {
        self.client.account(&self.account)
    }

    /// The mirror, read anew if it is not there or does not show what is asked for.
    fn mirror(&self, interest: Interest) -> Result<Ref<'_, Mirror>, WorkspaceError> {
        let fits = self.mirror.borrow().is_some() && self.interest.borrow().covers(&interest);
        if !fits {
            self.interest.borrow_mut().add(interest);
            *self.mirror.borrow_mut() = None;
            let mirror = self.read()?;
            *self.mirror.borrow_mut() = Some(mirror);
        }
        Ref::filter_map(self.mirror.borrow(), Option::as_ref).map_err(|_| self.not_read())
    }

    /// The mirror of what lists tell, read anew if it does not show what is asked for.
    fn outlined(&self, wanted: &Outline) -> Result<Ref<'_, Mirror>, WorkspaceError> {
        let known = self
            .outline
            .borrow()
            .as_ref()
            .map(|(known, mirror)| (known.clone(), mirror.lists.clone()));
        if !known
            .as_ref()
            .is_some_and(|(known, _)| known.covers(wanted))
        {
            let (mut all, lists) = known.unwrap_or_else(|| {
                let nothing = Outline {
                    places: Places::Unasked,
                    ..Outline::default()
                };
                (nothing, Lists::default())
            });
            // What was listed a moment ago is not listed again.
            let listed = lists.connectors;
            let again =
                !all.lists.contains(&Listed::Connectors) || !all.newest.is_superset(&wanted.newest);
            let listed = (!again).then(|| listed.into_values().collect());
            all.add(wanted.clone());
            *self.outline.borrow_mut() = None;
            let mut mirror = self.mirror_of(&self.see_lists(&all, listed)?)?;
            if let Some(customers) = &all.customers {
                self.see_customers(&mut mirror, customers)?;
            }
            *self.outline.borrow_mut() = Some((all, mirror));
        }
        Ref::filter_map(self.outline.borrow(), |outline| {
            outline.as_ref().map(|(_, mirror)| mirror)
        })
        .map_err(|_| self.not_read())
    }

    fn not_read(&self) -> WorkspaceError {
        RemoteError::Unreadable {
            address: self.address(),
            what: "it was not read".to_owned(),
        }
        .into()
    }

    /// What lists told when the state was read that a plan was made for.
    fn lists_of(&self, base: &Digest) -> Result<Option<Lists>, WorkspaceError> {
        if let Some((_, mirror)) = &*self.outline.borrow()
            && mirror.workspace.facts()?.state == *base
        {
            return Ok(Some(mirror.lists.clone()));
        }
        if let Some(mirror) = &*self.mirror.borrow()
            && mirror.workspace.facts()?.state == *base
        {
            return Ok(Some(mirror.lists.clone()));
        }
        Ok(None)
    }

    /// Asks what was read, whichever part of the workspace that was.
    fn known<T>(
        &self,
        ask: impl Fn(&Mirror) -> Result<Option<T>, WorkspaceError>,
    ) -> Result<Option<T>, WorkspaceError> {
        if let Some((_, mirror)) = &*self.outline.borrow()
            && let Some(answer) = ask(mirror)?
        {
            return Ok(Some(answer));
        }
        match &*self.mirror.borrow() {
            Some(mirror) => ask(mirror),
            None => Ok(None),
        }
    }

    /// The mirror of all that the base folder holds.
    fn whole(&self) -> Result<Ref<'_, Mirror>, WorkspaceError> {
        let reach = self.mirror.borrow().as_ref().map(|mirror| mirror.reach);
        self.mirror(Interest {
            unfiled: self.base.path.is_home() && reach != Some(Reach::Whole),
            ..Interest::default()
        })
    }

    fn read(&self) -> Result<Mirror, WorkspaceError> {
        let (seen, packages) = self.see()?;
        let mirror = self.mirror_of(&seen)?;
        for (kept, export) in seen.to_keep.iter().zip(&seen.exports) {
            self.settings.readings.keep(kept.clone(), &export.package);
        }
        *self.exported.borrow_mut() = Some(Exported {
            seen,
            packed: mirror.packed.clone(),
            packages,
        });
        Ok(mirror)
    }

    fn mirror_of(&self, seen: &Seen) -> Result<Mirror, WorkspaceError> {
        Mirror::of(
            seen,
            &self.address(),
            &self.settings.scratch,
            &self.settings.running,
            &mut Silent,
        )
        .map_err(|error| {
            if let ImportError::Workspace(error) = error {
                return error;
            }
            RemoteError::Unreadable {
                address: self.address(),
                what: chain(&error),
            }
            .into()
        })
    }

    /// All that a mirror holds.
    fn inventory_of(&self, mirror: &Mirror) -> Result<Inventory, WorkspaceError> {
        let mut inventory = mirror.workspace.inventory()?;
        inventory.reading = mirror.reading;
        open::told(&mut inventory.workspace);
        for asset in &mut inventory.assets {
            Self::corrected(mirror, asset);
        }
        for connector in &mut inventory.connectors {
            mirror.told(connector);
        }
        Ok(inventory)
    }

    fn corrected(mirror: &Mirror, asset: &mut WorkspaceAsset) {
        asset.version = mirror.version_of(asset.id);
    }

    fn seen(&self, scope: &Scope, interest: Interest) -> Result<Snapshot, WorkspaceError> {
        let mirror = self.mirror(interest)?;
        let mut snapshot = mirror.workspace.snapshot(scope)?;
        snapshot.reading = mirror.reading;
        snapshot.unread.clone_from(&mirror.unread);
        snapshot.reasons.clone_from(&mirror.reasons);
        open::told(&mut snapshot.workspace);
        // Of another folder only those recipes are listed that use a connector which matters.
        snapshot.namesakes.within.clone_from(&self.base.path);
        snapshot
            .assets
            .correct(|asset| Self::corrected(&mirror, asset));
        for asset in &mut snapshot.connections {
            Self::corrected(&mirror, asset);
        }
        for connector in &mut snapshot.connectors {
            mirror.told(connector);
        }
        Ok(snapshot)
    }

    /// What a plan is made from, as it was read this time.
    fn snapshot_now(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        let recipes = || (scope.keys.iter()).filter(|key| key.kind == AssetKind::Recipe);
        let mut interest = Interest {
            titles: scope.titles.clone(),
            connections: (scope.connections.iter())
                .map(ToString::to_string)
                .collect(),
            recipes: recipes().map(|key| key.name.to_string()).collect(),
            recipes_elsewhere: recipes()
                .any(|key| scope.into.relative(&key.place.folder()).is_none()),
            properties: scope.properties.clone(),
            folders: scope.folders.clone(),
            into: match scope.into.is_home() {
                true => BTreeSet::new(),
                false => BTreeSet::from([scope.into.clone()]),
            },
            ..Interest::default()
        };
        let mut snapshot = self.seen(scope, interest.clone())?;
        let home = self.base.path.is_home();
        let unseen = self.mirror.borrow().as_ref().is_some_and(|mirror| {
            let all = home && mirror.reach == Reach::Whole;
            !all && self.is_unseen(scope, &snapshot, mirror)
        });
        if unseen {
            interest.unfiled = true;
            snapshot = self.seen(scope, interest)?;
        }
        // An account that shares nothing may be a customer's, asked with its own token.
        if snapshot.workspace.kind == WorkspaceKind::External {
            snapshot.sharing = SharingKnowledge::Unknown;
        }
        Ok(snapshot)
    }

    fn not_offered(&self, what: &'static str, instead: &'static str) -> WorkspaceError {
        RemoteError::NotOffered {
            address: self.address(),
            what,
            instead,
        }
        .into()
    }
}

impl Workspace for RemoteWorkspace {
    fn read_as(&self, reading: ReadDepth) {
        if self.reading.replace(reading) != reading {
            *self.mirror.borrow_mut() = None;
        }
    }

    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        let mut facts = self.mirror(Interest::default())?.workspace.facts()?;
        open::told(&mut facts);
        Ok(facts)
    }

    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        self.steadily(|| self.snapshot_now(scope))
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        self.inventory_of(&*self.whole()?)
    }

    fn outline(&self, wanted: &Outline) -> Result<Inventory, WorkspaceError> {
        let mirror = self.outlined(wanted)?;
        let mut inventory = mirror.workspace.inventory()?;
        open::told(&mut inventory.workspace);
        for asset in &mut inventory.assets {
            Self::corrected(&mirror, asset);
            asset.body.files.clear();
        }
        for connector in &mut inventory.connectors {
            mirror.told(connector);
        }
        Ok(inventory)
    }

    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        self.property_values(asked)
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        self.endpoint_states(asked)
    }

    fn jobs(
        &self,
        recipe: AssetId,
        since: Timestamp,
    ) -> Result<Option<RecipeJobs>, WorkspaceError> {
        let jobs = self.api().jobs_since(RecipeId(recipe.0), since)?;
        Ok(Some(jobs))
    }

    fn called_at(&self) -> Result<BTreeMap<AssetId, String>, WorkspaceError> {
        let recipes = self.api().recipes(&RecipeFilter::default())?.into_iter();
        let told = recipes.filter_map(|recipe| Some((AssetId(recipe.id.0), recipe.webhook_url?)));
        Ok(told.collect())
    }

    fn connections_known_as(
        &self,
        external: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<AssetKey>>, WorkspaceError> {
        self.known_as(external)
    }

    fn places(&self, wanted: &Outline) -> Places {
        match self.base.path.is_home() {
            true => wanted.places,
            false => Places::Asked,
        }
    }

    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        if let Some((_, mirror)) = &*self.outline.borrow()
            && mirror.workspace.content(digest, into).is_ok()
        {
            return Ok(());
        }
        let mirror = self.mirror(Interest::default())?;
        mirror.workspace.content(digest, into)
    }

    fn shared_code(&self, name: &InternalName) -> Result<Option<Digest>, WorkspaceError> {
        let mirror = self.mirror(Interest::default())?;
        mirror.workspace.shared_code(name)
    }

    fn asset_version(&self, _: AssetId, _: Version) -> Result<Body, WorkspaceError> {
        Err(self.not_offered(
            "reading an earlier version of an asset",
            "the platform's pages show them",
        ))
    }

    fn kept_since(&self, to: RevisionNumber) -> Result<Option<KeptHistory>, WorkspaceError> {
        self.history_since(to).map(Some)
    }

    fn kept_imports(&self) -> Result<Option<Vec<KeptRevision>>, WorkspaceError> {
        self.last_imports().map(Some)
    }

    fn kept_package(&self, package: &Digest, to: &Path) -> Result<KeptPackage, WorkspaceError> {
        Ok(self.settings.journal.fetch(package, to)?)
    }

    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        let entries = self.settings.journal.entries(&self.identity())?;
        let mut headers: Vec<_> = entries.iter().filter_map(journal::Entry::header).collect();
        headers.sort_by_key(|header| header.number);
        Ok(headers)
    }

    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError> {
        let entries = self.settings.journal.entries(&self.identity())?;
        let entry = entries
            .into_iter()
            .find(|entry| entry.revision() == Some(number));
        let revision = entry.and_then(|entry| {
            Some(Revision {
                header: entry.header()?,
                plan: entry.plan,
                receipt: entry.receipt,
                before: Vec::new(),
            })
        });
        revision.ok_or_else(|| WorkspaceError::NoRevision {
            workspace: self.address().to_string(),
            number,
        })
    }

    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        self.carry_out(commit, contents)
    }

    fn takes(&self, landing: &Landing, into: &FolderPath) -> Result<(), WorkspaceError> {
        // Whether imports into customers' workspaces know these is unknown (platform.md §2.1).
        match (&self.account, *landing == Landing::default()) {
            (_, true) | (Account::Own, false) if into.is_home() => self.can_go_home(),
            (_, true) | (Account::Own, false) => Ok(()),
            (Account::Customer(_), false) => Err(self.not_offered(
                "an import into a customer's workspace with --home-folder or --tags skip",
                "import with a token of that workspace",
            )),
        }
    }

    fn base(&self) -> FolderPath {
        self.base.path.clone()
    }

    fn names(&self) -> Result<Vec<String>, WorkspaceError> {
        let own = &self.who.own;
        let names = [own.name.to_string(), own.id.to_string()];
        Ok(names.into_iter().chain(own.external_id.clone()).collect())
    }

    fn takes_setting(&self, write: &SettingWrite) -> Result<(), (String, String, String)> {
        self.can_take(write)
    }

    fn has_sibling(&self, name: &str) -> Result<bool, WorkspaceError> {
        // Only the partner's token lists customers.
        if self.who.admin.is_none() {
            return Ok(false);
        }
        let own = self.who.own.id.0;
        let customers = self.client.customers()?;
        Ok(customers.iter().any(|customer| {
            customer.id != own
                && (customer.name == name || customer.external_id.as_deref() == Some(name))
        }))
    }
}

impl AdminWorkspace for RemoteWorkspace {
    fn partnership(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
    ) -> Result<Partnership, WorkspaceError> {
        self.partners(asked, |held| {
            let titles = held.iter().map(|connector| connector.title.clone());
            titles.collect()
        })
    }

    fn sharing(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
    ) -> Result<Partnership, WorkspaceError> {
        self.partners(asked, |_| BTreeSet::new())
    }
}

impl RemoteWorkspace {
    /// What is shared and with whom. `sources` says of which connectors the source is read.
    fn partners(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
        sources: impl Fn(&[WorkspaceConnector]) -> BTreeSet<ConnectorTitle>,
    ) -> Result<Partnership, WorkspaceError> {
        let connectors = Outline::of([Listed::Connectors]);
        let mut held = self
            .outlined(&connectors)?
            .workspace
            .inventory()?
            .connectors;
        held.retain(|connector| asked(connector));
        let of = held.iter();
        let customers = of
            .map(|connector| connector.internal_name.clone())
            .collect();
        let mirror = self.outlined(&Outline {
            titles: sources(&held),
            customers: Some(customers),
            ..connectors
        })?;
        let mut partnership = mirror.workspace.partnership(asked)?;
        partnership.workspace.revision = RevisionNumber(0);
        partnership.unsaid.clone_from(&mirror.unsaid);
        partnership.tells = SharingTold::VersionsOnly;
        for connector in &mut partnership.connectors {
            mirror.told(connector);
        }
        for customer in &mut partnership.customers {
            customer.address = Address::Remote(RemoteAddress {
                account: RemoteAccount::Customer(customer.id.0),
                folder: None,
            });
        }
        Ok(partnership)
    }
}

/// What `customer list` says of an admin workspace behind the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoteCustomersDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// Its customers, in the order of their numbers.
    pub customers: Vec<RemoteCustomer>,
}

/// A customer as the API lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoteCustomer {
    /// How to name it in commands.
    pub address: Address,
    /// Its number.
    pub id: WorkspaceId,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
}

impl RemoteCustomersDocument {
    /// The customers of a workspace.
    ///
    /// # Errors
    /// If it is no admin workspace, or can't be read.
    pub fn of(workspace: &RemoteWorkspace) -> Result<Self, WorkspaceError> {
        let mut customers: Vec<_> = workspace
            .client
            .customers()?
            .into_iter()
            .map(|customer| RemoteCustomer {
                address: Address::Remote(RemoteAddress {
                    account: RemoteAccount::Customer(customer.id),
                    folder: None,
                }),
                id: WorkspaceId(customer.id),
                external_id: customer.external_id,
                name: customer.name,
            })
            .collect();
        customers.sort_by_key(|customer| customer.id);
        Ok(Self {
            workspace: workspace.address(),
            customers,
        })
    }
}

/// Fetches the folder of a workspace as the platform packs it, into a folder below `scratch` that
/// goes with the value; nothing if it holds nothing.
///
/// # Errors
/// If it can't be read.
pub fn fetch(
    workspace: &RemoteWorkspace,
    scratch: &Path,
) -> Result<Option<Downloaded>, WorkspaceError> {
    let number = match workspace.base.id.get() {
        Some(id) => Some(id),
        None => workspace.home()?,
    };
    match number {
        Some(id) => {
            let download = workspace.download(id, scratch, IncludeData::No)?;
            Ok(download.map(|(package, _)| package))
        }
        None => Ok(None),
    }
}
