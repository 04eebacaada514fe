//! Opening a workspace behind the API: whose it is, and which folder its address means.

use std::cell::Cell;
use std::collections::VecDeque;

use super::folders::DEEPEST;
use super::journal::RemoteIdentity;
use super::read::name_of;
use super::{Base, Identified, NOBODY, RemoteSettings, RemoteWorkspace};
use crate::client::{
    Account, AccountApi, Client, ClientError, CustomerHandle, Folder, FolderId, RecipeFilter,
};
use crate::model::ident::DataCenter;
use crate::model::workspace::{
    Address, FolderPath, ReadDepth, RemoteAddress, RevisionNumber, WorkspaceFacts, WorkspaceId,
    WorkspaceKind,
};
use crate::remote::snapshot_db::Identity;
use crate::workspace::WorkspaceError;
use crate::workspace::remote::RemoteError;

/// Stands for whoever's workspace it is.
pub(super) fn nobody(client: &Client) -> Result<Identified, WorkspaceError> {
    let unknown = || {
        let center = DataCenter::UNKNOWN.parse();
        center.map_err(|_| ClientError::from(crate::client::Cut))
    };
    Ok(Identified {
        own: Identity {
            id: NOBODY,
            name: name_of("", NOBODY.0),
            kind: WorkspaceKind::External,
            data_center: match client.base().data_center() {
                Some(center) => center,
                None => unknown()?,
            },
            external_id: None,
        },
        admin: None,
    })
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
    match account {
        Account::Own => {
            let me = client.me()?;
            // Its connectors tell whether it is a partner's, once they are asked for.
            let who = Identified {
                own: Identity {
                    id: me.id,
                    name: name_of(me.name.as_deref().unwrap_or_default(), me.id.0),
                    kind: WorkspaceKind::External,
                    data_center,
                    external_id: None,
                },
                admin: None,
            };
            Ok((who, me.root_folder.map(|root| root.0)))
        }
        Account::Customer(handle) => {
            let customer = client.customer(handle)?;
            let own = Identity {
                id: WorkspaceId(customer.id),
                name: name_of(&customer.name, customer.id),
                kind: WorkspaceKind::Customer,
                data_center,
                external_id: customer.external_id.clone(),
            };
            let who = Identified {
                admin: Some(unasked(&own)?),
                own,
            };
            Ok((who, None))
        }
    }
}

/// Stands for a customer's partner, of whom nobody asks who it is: [`told`] takes it out of what is
/// said of a workspace.
fn unasked(customer: &Identity) -> Result<Identity, WorkspaceError> {
    let names = ["partner", "admin"].into_iter();
    let mut free = names.filter(|name| *name != customer.name.as_str());
    let name = free.next().unwrap_or_default().parse();
    Ok(Identity {
        id: NOBODY,
        name: name.map_err(|_| ClientError::from(crate::client::Cut))?,
        kind: WorkspaceKind::Admin,
        data_center: customer.data_center.clone(),
        external_id: None,
    })
}

/// What the API tells of a workspace: no revisions, and of a customer's not who its partner is.
pub(super) fn told(facts: &mut WorkspaceFacts) {
    facts.revision = RevisionNumber(0);
    facts.admin = None;
}

/// Whether a package went from here into the workspace of this number by the same address: nobody else
/// went by it then, and whoever says it again means the same one.
pub(super) fn was_meant(client: &Client, number: u64, settings: &RemoteSettings) -> bool {
    let identity = RemoteIdentity::new(&client.base().host(), WorkspaceId(number));
    let entries = settings.journal.entries(&identity).unwrap_or_default();
    entries.iter().any(|entry| {
        matches!(&entry.address, Address::Remote(then) if then.account == settings.address.account)
    })
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

/// The folder that an address names, and the topmost folders where these had to be asked for.
pub(super) fn base(
    api: &AccountApi<'_>,
    root: Option<u64>,
    address: &RemoteAddress,
) -> Result<(Base, Option<Vec<Folder>>), WorkspaceError> {
    let home = |root: Option<u64>| Base {
        id: Cell::new(root),
        root: Cell::new(root),
        path: FolderPath::home(),
    };
    // Who asks for no folder means Home. A token's own workspace says which that is, and of a
    // customer's it is looked for once that matters.
    let Some(wanted) = address.folder.filter(|wanted| Some(*wanted) != root) else {
        return Ok((home(root), None));
    };
    let top = api.folders_in(None)?;
    let root = match root {
        Some(root) => Some(root),
        None => home_of(api, &top)?,
    };
    if Some(wanted) == root {
        return Ok((home(root), Some(top)));
    }
    let mut queue: VecDeque<(u64, FolderPath, usize)> = VecDeque::new();
    let put = |queue: &mut VecDeque<_>, above: &FolderPath, folder: &Folder, depth| {
        // A folder whose name can't be one holds nothing that could be planned.
        if let Ok(path) = above.child(&folder.name) {
            queue.push_back((folder.id.0, path, depth));
        }
    };
    for folder in top.iter().filter(|folder| Some(folder.id.0) != root) {
        put(&mut queue, &FolderPath::home(), folder, 1);
    }
    while let Some((id, path, depth)) = queue.pop_front() {
        if id == wanted {
            let base = Base {
                id: Cell::new(Some(id)),
                root: Cell::new(root),
                path,
            };
            return Ok((base, Some(top)));
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

/// The number of Home: it is the folder that holds the topmost ones. Without any, whatever there is
/// lies in it.
fn home_of(api: &AccountApi<'_>, top: &[Folder]) -> Result<Option<u64>, ClientError> {
    let parents = top.iter().filter_map(|folder| folder.parent_id);
    let home = parents.map(|parent| parent.0).next();
    if home.is_some() || !top.is_empty() {
        return Ok(home);
    }
    let recipes = api.recipes(&RecipeFilter::default())?;
    let mut folders = recipes.iter().filter_map(|recipe| recipe.folder_id);
    Ok(folders.next().map(|folder| folder.0))
}

impl RemoteWorkspace {
    /// The number of Home, which is looked for where the platform did not say it.
    pub(super) fn home(&self) -> Result<Option<u64>, ClientError> {
        if let Some(home) = self.base.root.get() {
            return Ok(Some(home));
        }
        let api = self.api();
        let top = api.folders_in(None)?;
        let home = home_of(&api, &top)?;
        self.is_home(home);
        *self.top.borrow_mut() = Some(top);
        Ok(home)
    }

    /// Whether an import can go into Home: its number has to be known.
    ///
    /// # Errors
    /// If nothing tells it.
    pub(super) fn can_go_home(&self) -> Result<(), WorkspaceError> {
        if self.base.root.get().is_none() && self.reading.get() == ReadDepth::Slim {
            let kept = self
                .settings
                .readings
                .kept(&self.identity(), &FolderPath::home());
            self.is_home(kept.and_then(|kept| kept.number()));
        }
        match self.home()? {
            Some(_) => Ok(()),
            None => Err(RemoteError::NoHome {
                address: self.address(),
            }
            .into()),
        }
    }

    /// Keeps the number of Home.
    pub(super) fn is_home(&self, home: Option<u64>) {
        self.base.root.set(home);
        if self.base.path.is_home() {
            self.base.id.set(home);
        }
    }
}
