//! The customers of an admin workspace, as this machine reaches them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::cli::Context;
use crate::cli::args::{PlatformArgs, SettingsArgs};
use crate::cli::brought::{self, Along, Brought};
use crate::cli::commands::import::request;
use crate::cli::connect::{open, open_customer, open_remote, state};
use crate::cli::failure::Failure;
use crate::cli::{platform, settings};
use crate::client::NewCustomer;
use crate::model::catalogue::Catalogue;
use crate::model::ident::{DataCenter, WorkspaceName};
use crate::model::table::RowsPolicy;
use crate::model::workspace::{
    Address, FolderPath, LabelEdit, ReadDepth, RemoteAccount, RemoteAddress, Timestamp,
    WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use crate::ops::customer::{Customers, Prepared};
use crate::ops::import::{ImportRequest, Incoming};
use crate::plan::customer::{CustomerHere, HeldLabels, Platform};
use crate::plan::import::edits::EditsWish;
use crate::plan::import::target::OtherTarget;
use crate::plan::import::{Landing, TagsPolicy};
use crate::remote::{Provisions, RemoteCustomersDocument, RemoteWorkspace};
use crate::settings::customer::CustomerFile;
use crate::workspace::local::{LocalPlatform, NewWorkspace};
use crate::workspace::memory::MemoryWorkspace;
use crate::workspace::{AdminWorkspace, WorkspaceError};

/// What is said of the imports of all packages.
pub(super) struct Said {
    pub(super) rows: RowsPolicy,
    pub(super) edits: EditsWish,
    pub(super) other_target: OtherTarget,
    pub(super) read: ReadDepth,
}

/// An admin workspace, with what of it was asked already.
pub(super) struct Host<'c> {
    context: &'c Context,
    platform: &'c PlatformArgs,
    of: Address,
    said: Said,
    /// The same behind the API.
    admin: Option<(RemoteAddress, RemoteWorkspace)>,
    /// Its customers, once they were listed.
    listed: Option<Vec<(Option<String>, CustomerHere)>>,
    /// What is shared with a customer that is new.
    shared: Option<(Option<Catalogue>, DataCenter)>,
    brought: HashMap<PathBuf, Brought>,
    packages: HashMap<(PathBuf, FolderPath), Rc<Incoming>>,
}

impl<'c> Host<'c> {
    pub(super) fn new(
        context: &'c Context,
        platform: &'c PlatformArgs,
        of: &Address,
        said: Said,
    ) -> Result<Self, Failure> {
        let admin = match of {
            Address::Local(_) => None,
            Address::Remote(remote) => match remote.account {
                RemoteAccount::Host(_) | RemoteAccount::Profile(_) => {
                    Some((remote.clone(), open_remote(context, platform, remote)?))
                }
                RemoteAccount::Customer(_)
                | RemoteAccount::CustomerId(_)
                | RemoteAccount::ExternalId(_) => {
                    return Err(Failure::usage(format!("{of} is a customer's workspace")).help(
                        "name the admin workspace: --of NAME, --of https://HOST or --of profile:NAME",
                    ));
                }
            },
        };
        Ok(Self {
            context,
            platform,
            of: of.clone(),
            said,
            admin,
            listed: None,
            shared: None,
            brought: HashMap::new(),
            packages: HashMap::new(),
        })
    }

    fn local(&self) -> Result<LocalPlatform, Failure> {
        let path = platform::path(self.platform)?;
        let writing = platform::writing(self.context, self.platform, "customer apply");
        Ok(LocalPlatform::open(&path, writing)?)
    }

    /// All customers, with their external ids.
    pub(super) fn all(&mut self) -> Result<&[(Option<String>, CustomerHere)], Failure> {
        if self.listed.is_none() {
            self.listed = Some(match (&self.of, &self.admin) {
                (_, Some((_, admin))) => {
                    let found = RemoteCustomersDocument::of(admin)?.customers.into_iter();
                    let there = found.map(|customer| {
                        let external_id = customer.external_id.clone();
                        (external_id, there(customer.id, customer.name))
                    });
                    there.collect()
                }
                (Address::Local(of), None) => {
                    let found = self.local()?.customers(Some(of))?.into_iter();
                    let there = found.map(|customer| {
                        let facts = customer.summary.facts;
                        let here = CustomerHere {
                            address: Address::Local(facts.name.clone()),
                            id: facts.id,
                            name: facts.name.to_string(),
                            labels: HeldLabels::Kept(customer.labels),
                        };
                        (facts.external_id, here)
                    });
                    there.collect()
                }
                // Not known is not none.
                (Address::Remote(of), None) => {
                    return Err(anyhow::anyhow!("{of} was not opened").into());
                }
            });
        }
        Ok(self.listed.as_deref().unwrap_or_default())
    }

    /// A package, read as it lands in a folder.
    fn read(&mut self, path: &Path, request: &ImportRequest) -> Result<Rc<Incoming>, Failure> {
        let key = (path.to_owned(), request.folder.clone());
        if let Some(read) = self.packages.get(&key) {
            return Ok(Rc::clone(read));
        }
        let mut observer = self.context.ui.observer();
        let incoming = Incoming::read(request, &self.context.running, &mut observer)?;
        Failure::incomplete(&incoming.opened)?;
        let read = Rc::new(incoming);
        self.packages.insert(key, Rc::clone(&read));
        Ok(read)
    }

    /// Where a package lies here, and what it is called.
    fn package(&mut self, said: &Path) -> Result<(PathBuf, String), Failure> {
        if !self.brought.contains_key(said) {
            let ca = self.platform.api.ca_file.as_ref();
            let brought = brought::fetched(self.context, ca, said, Along::Record)?;
            self.brought.insert(said.to_owned(), brought);
        }
        match self.brought.get(said) {
            Some(brought) => Ok((brought.path().to_owned(), brought.name())),
            None => Ok((said.to_owned(), said.display().to_string())),
        }
    }

    /// The address that a workspace has, or will have.
    fn address(
        &self,
        file: &CustomerFile,
        here: Option<&CustomerHere>,
    ) -> Result<Address, Failure> {
        match (here, &self.admin) {
            (Some(here), _) => Ok(here.address.clone()),
            (None, Some(_)) => Ok(Address::Remote(RemoteAddress {
                account: RemoteAccount::ExternalId(file.external_id.clone()),
                folder: None,
            })),
            (None, None) => Ok(Address::Local(local_name(file)?)),
        }
    }
}

fn there(id: WorkspaceId, name: String) -> CustomerHere {
    CustomerHere {
        address: Address::Remote(RemoteAddress {
            account: RemoteAccount::CustomerId(id.0),
            folder: None,
        }),
        id,
        name,
        // The platform has none of customers.
        labels: HeldLabels::NotKept,
    }
}

/// The name of a workspace in the local platform.
fn local_name(file: &CustomerFile) -> Result<WorkspaceName, Failure> {
    file.name
        .parse()
        .map_err(|error: crate::model::ident::NameError| {
            Failure::usage(format!("{}: {error}", file.path))
                .help("a workspace of the local platform is named by it: use letters, digits, `-`, `_` and `.`")
        })
}

/// A path as a customer's file has it.
fn beside(file: &CustomerFile, path: &str) -> PathBuf {
    match path.contains("://") {
        true => PathBuf::from(path),
        false => settings::in_folder_of(Path::new(&file.path), path),
    }
}

impl Customers for Host<'_> {
    type Error = Failure;

    fn of(&self) -> &Address {
        &self.of
    }

    fn platform(&self) -> Platform {
        match &self.admin {
            Some((_, admin)) => Platform::Api(admin.site()),
            None => Platform::Local,
        }
    }

    fn find(&mut self, external_id: &str) -> Result<Option<CustomerHere>, Failure> {
        if let (Some((_, admin)), None) = (&self.admin, &self.listed) {
            let found = admin.customer_known_as(external_id)?;
            return Ok(found.map(|found| there(found.id, found.name)));
        }
        let known =
            |(known, _): &&(Option<String>, CustomerHere)| known.as_deref() == Some(external_id);
        let found: Vec<CustomerHere> = self
            .all()?
            .iter()
            .filter(known)
            .map(|(_, here)| here.clone())
            .collect();
        match <[CustomerHere; 1]>::try_from(found) {
            Ok([here]) => Ok(Some(here)),
            Err(found) if found.is_empty() => Ok(None),
            Err(found) => Err(two_of(external_id, &found)),
        }
    }

    fn prepare(
        &mut self,
        file: &CustomerFile,
        here: Option<&CustomerHere>,
    ) -> Result<Vec<Prepared>, Failure> {
        let named = file.settings.iter().map(|said| beside(file, &said.value));
        let named: Vec<PathBuf> = named.collect();
        let mut files = match named.is_empty() {
            true => Vec::new(),
            false => settings::files(&named)?,
        };
        files.push(file.own.clone());
        let labels = file.labels.iter();
        let labels = labels.map(|(key, value)| format!("{key}={value}"));
        let args = SettingsArgs {
            // Nothing needs to be said for a label that a customer has.
            label: labels
                .filter(|label| settings::mentions_label(&files, label))
                .collect(),
            ..SettingsArgs::default()
        };
        let mut names = vec![file.name.clone()];
        names.extend(here.map(|here| here.id.to_string()));
        names.push(file.external_id.clone());
        let address = self.address(file, here)?;
        let mut all = Vec::new();
        for said in &file.packages {
            let (path, called) = self.package(&beside(file, &said.value))?;
            let mut request = ImportRequest {
                other_target: self.said.other_target,
                edits: Some(self.said.edits.clone()),
                ..request(&path, &address, FolderPath::home(), self.said.rows)
            };
            let mut incoming = self.read(&path, &request)?;
            let whom = settings::whom(&args, &incoming, names.clone());
            if let Some(asked) = settings::asked(&args, &files, &whom)? {
                let folder = asked.resolved.folder.as_ref();
                if let Some(folder) = folder.map(|said| &said.value)
                    && *folder != request.folder
                {
                    request.folder = folder.clone();
                    incoming = self.read(&path, &request)?;
                }
                let tags = asked.resolved.tags.as_ref();
                let tags = tags.and_then(|said| said.value.parse().ok());
                request.landing = Landing {
                    tags: tags.unwrap_or(TagsPolicy::Apply),
                    ..Landing::default()
                };
                request.settings = Some(asked);
            }
            all.push(Prepared {
                request,
                incoming,
                called,
            });
        }
        Ok(all)
    }

    fn reach(&mut self, here: &CustomerHere) -> Result<Box<dyn AdminWorkspace>, Failure> {
        let workspace: Box<dyn AdminWorkspace> = match &self.admin {
            None => open(self.context, self.platform, &here.address, "customer apply")?,
            Some((admin, _)) => {
                let opened = open_customer(self.context, self.platform, admin, here.id.0)?;
                Box::new(opened)
            }
        };
        workspace.read_as(self.said.read);
        Ok(workspace)
    }

    fn unmade(&mut self, file: &CustomerFile) -> Result<MemoryWorkspace, Failure> {
        if self.shared.is_none() {
            let admin = open(self.context, self.platform, &self.of, "customer apply")?;
            let unknown = DataCenter::UNKNOWN.parse();
            let unknown = unknown.map_err(anyhow::Error::new)?;
            self.shared = Some(match admin.sharing(&|_| false) {
                Ok(partnership) => (
                    Some(partnership.catalogue()),
                    partnership.workspace.data_center.clone(),
                ),
                // It has customers, and over the API no connector of its own tells that.
                Err(WorkspaceError::NotOfKind { .. }) if self.admin.is_some() => (None, unknown),
                Err(error) => return Err(error.into()),
            });
        }
        let (catalogue, data_center) = match &self.shared {
            Some((catalogue, data_center)) => (catalogue.clone(), data_center.clone()),
            None => return Err(anyhow::anyhow!("what was put in is there").into()),
        };
        let name = match &self.admin {
            None => local_name(file)?,
            // What the platform calls it later need not be a name here.
            Some(_) => file.name.parse().or_else(|_| "customer".parse()).map_err(
                |error: crate::model::ident::NameError| Failure::from(anyhow::Error::new(error)),
            )?,
        };
        let facts = WorkspaceFacts {
            kind: WorkspaceKind::Customer,
            external_id: Some(file.external_id.clone()),
            ..WorkspaceFacts::external(WorkspaceId(1), name, data_center)
        };
        Ok(MemoryWorkspace::new(facts, catalogue))
    }

    fn make(&mut self, file: &CustomerFile) -> Result<CustomerHere, Failure> {
        let at: Timestamp = platform::now();
        self.listed = None;
        match (&self.of, &self.admin) {
            (_, Some((_, admin))) => {
                let new = NewCustomer {
                    name: file.name.clone(),
                    external_id: file.external_id.clone(),
                    email: file.email.clone().unwrap_or_default(),
                };
                let provisions = Provisions::at(state()?.join("customers"));
                let made = admin.make_customer(&new, &provisions, at)?;
                Ok(there(made.id, made.name))
            }
            (Address::Local(of), None) => {
                let mut local = self.local()?;
                let admin = crate::cli::commands::workspace::admin_of(
                    &local_name(file)?,
                    of,
                    &local,
                    self.platform,
                )?;
                let facts = local.create_workspace(&NewWorkspace {
                    name: local_name(file)?,
                    kind: WorkspaceKind::Customer,
                    data_center: admin.facts.data_center,
                    id: None,
                    external_id: Some(file.external_id.clone()),
                    admin: Some(of.clone()),
                    catalogue: None,
                    at,
                })?;
                Ok(CustomerHere {
                    address: Address::Local(facts.name.clone()),
                    id: facts.id,
                    name: facts.name.to_string(),
                    labels: HeldLabels::Kept(BTreeMap::new()),
                })
            }
            (Address::Remote(_), None) => Err(anyhow::anyhow!("it was not opened").into()),
        }
    }

    fn rename(&mut self, here: &CustomerHere, name: &str) -> Result<(), Failure> {
        self.listed = None;
        match &self.admin {
            Some((_, admin)) => Ok(admin.rename_customer(here.id, name)?),
            None => Err(anyhow::anyhow!("the local platform renames nothing").into()),
        }
    }

    fn label(&mut self, here: &CustomerHere, edits: &[LabelEdit]) -> Result<(), Failure> {
        self.listed = None;
        match &here.address {
            Address::Local(name) => Ok(self.local()?.label_customer(name, edits)?),
            Address::Remote(_) => Ok(()),
        }
    }
}

fn two_of(external_id: &str, found: &[CustomerHere]) -> Failure {
    let found: Vec<String> = found.iter().map(|here| here.address.to_string()).collect();
    Failure::new(
        crate::cli::exit::Exit::Refused,
        "same-external-id",
        format!(
            "{} customers have the external id \"{external_id}\": {}",
            found.len(),
            found.join(", ")
        ),
    )
    .help("give all but one of them another one, in the platform's pages")
}
