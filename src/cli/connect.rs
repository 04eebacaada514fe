//! Opening the workspace that an address names.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;

use super::Context;
use super::args::PlatformArgs;
use super::budget::Budget;
use super::credentials::{CredentialError, Credentials, Environment, Wanted};
use super::exit::Exit;
use super::failure::Failure;
use super::limits_file;
use super::permits::{Permits, Together};
use super::platform;
use super::ui::{Volume, visible};
use crate::client::{
    BaseError, Client, Clock, Cut, LimitClass, Limits, Notice, Notices, Rate, Retries,
};
use crate::io::system::HOME;
use crate::model::workspace::{Address, RemoteAccount, RemoteAddress};
use crate::ops::Interrupt;
use crate::remote::journal::{Entry, Journal};
use crate::remote::{Readings, RemoteSettings, RemoteWorkspace, Whose};
use crate::source::ignored::{WORKATOENV, workatoenv};
use crate::workspace::AdminWorkspace;
use crate::workspace::local::LocalPlatform;

/// A workspace, wherever it is.
pub(crate) type Opened = Box<dyn AdminWorkspace>;

/// How many megabytes of packages are kept for rollbacks over the API.
const KEPT_MB: &str = "RECIPACK_KEPT_MB";
const BYTES_PER_MB: u64 = 1_000_000;
/// How often somebody who wants to stop is listened to.
const LISTENING: Duration = Duration::from_millis(100);

/// Opens a workspace. `work` says what for, to whoever has to wait.
pub(crate) fn open(
    context: &Context,
    args: &PlatformArgs,
    address: &Address,
    work: &str,
) -> Result<Opened, Failure> {
    match address {
        Address::Local(name) => {
            let path = platform::path(args)?;
            let local = LocalPlatform::open(&path, platform::writing(context, args, work))?;
            Ok(Box::new(local.workspace(name)?))
        }
        Address::Remote(remote) => Ok(Box::new(open_remote(context, args, remote)?)),
    }
}

/// The same, without asking whose it is: its recipes can be listed and stopped, and nothing else.
pub(crate) fn open_to_stop(
    context: &Context,
    args: &PlatformArgs,
    address: &Address,
    work: &str,
) -> Result<Opened, Failure> {
    let Address::Remote(remote) = address else {
        return open(context, args, address, work);
    };
    let credentials = credentials(args, remote)?;
    let opened = open_with(context, args, credentials, remote, None, Whose::Unasked)?;
    Ok(Box::new(opened))
}

/// Opens a workspace behind the platform's API.
pub(crate) fn open_remote(
    context: &Context,
    args: &PlatformArgs,
    address: &RemoteAddress,
) -> Result<RemoteWorkspace, Failure> {
    open_expected(context, args, address, None)
}

/// Opens a customer's workspace through that of its admin.
pub(crate) fn open_customer(
    context: &Context,
    args: &PlatformArgs,
    admin: &RemoteAddress,
    customer: u64,
) -> Result<RemoteWorkspace, Failure> {
    let address = RemoteAddress {
        account: RemoteAccount::CustomerId(customer),
        folder: None,
    };
    open_with(
        context,
        args,
        credentials(args, admin)?,
        &address,
        None,
        Whose::Asked,
    )
}

/// Opens the workspace that an import went into.
pub(crate) fn open_expected(
    context: &Context,
    args: &PlatformArgs,
    address: &RemoteAddress,
    expected: Option<&Entry>,
) -> Result<RemoteWorkspace, Failure> {
    open_with(
        context,
        args,
        credentials(args, address)?,
        address,
        expected,
        Whose::Asked,
    )
}

fn open_with(
    context: &Context,
    args: &PlatformArgs,
    credentials: Credentials,
    address: &RemoteAddress,
    expected: Option<&Entry>,
    whose: Whose,
) -> Result<RemoteWorkspace, Failure> {
    let journal = journal()?;
    open_writing_to(
        context,
        args,
        credentials,
        address,
        expected,
        whose,
        journal,
    )
}

/// Opens a customer's workspace with the token of its admin, to write what is sent to this journal.
pub(crate) fn open_with_journal(
    context: &Context,
    args: &PlatformArgs,
    admin: &Address,
    address: &RemoteAddress,
    journal: &Journal,
) -> Result<RemoteWorkspace, Failure> {
    let credentials = match admin {
        Address::Remote(admin) => credentials(args, admin)?,
        Address::Local(_) => credentials(args, address)?,
    };
    let (whose, journal) = (Whose::Asked, journal.clone());
    open_writing_to(context, args, credentials, address, None, whose, journal)
}

fn open_writing_to(
    context: &Context,
    args: &PlatformArgs,
    credentials: Credentials,
    address: &RemoteAddress,
    expected: Option<&Entry>,
    whose: Whose,
    journal: Journal,
) -> Result<RemoteWorkspace, Failure> {
    if context.ui.volume == Volume::Verbose {
        let of = credentials.workspace.map_or_else(String::new, |workspace| {
            format!(", of workspace {workspace}")
        });
        context.ui.talk(&format!(
            "{} with the token of {}{of}\n",
            credentials.base, credentials.token.source
        ));
    }
    let pauses = Interruptible::new(context, credentials.base.host());
    let client = client(args, credentials, Retries::default(), pauses.clone())?;
    let settings = RemoteSettings {
        address: in_folder(context, address)?,
        scratch: std::env::temp_dir(),
        running: context.running.clone(),
        journal,
        readings: Readings::at(state()?.join("readings")),
        whose,
        expected: expected.cloned(),
        patience: Duration::from_secs(args.api.job_timeout),
        pauses: Arc::new(pauses),
    };
    let workspace = RemoteWorkspace::open(client, settings)?;
    for entry in workspace.open_imports()? {
        let name = entry.package.file_name().unwrap_or_default();
        context.ui.talk(&format!(
            "nobody saw how the import of {} ended, which was begun at {}; to go on with it: recipack resume {}\n",
            visible(&name.to_string_lossy()),
            entry.at.utc(),
            entry.id
        ));
    }
    Ok(workspace)
}

/// The host and the token for a workspace.
pub(crate) fn credentials(
    args: &PlatformArgs,
    address: &RemoteAddress,
) -> Result<Credentials, Failure> {
    let wanted = match &address.account {
        RemoteAccount::Host(host) => Wanted {
            host: Some(
                host.as_str()
                    .parse()
                    .map_err(|error: BaseError| Failure::usage(error.to_string()))?,
            ),
            profile: args.api.profile.clone(),
        },
        RemoteAccount::Profile(name) => Wanted {
            host: None,
            profile: Some(name.clone()),
        },
        RemoteAccount::Customer(_)
        | RemoteAccount::CustomerId(_)
        | RemoteAccount::ExternalId(_) => Wanted {
            host: None,
            profile: args.api.profile.clone(),
        },
    };
    let variable = |name: &str| std::env::var_os(name);
    Credentials::find(&wanted, &Environment(&variable)).map_err(no_token)
}

/// The host and the token that the environment or a profile names.
pub(crate) fn usual_credentials(args: &PlatformArgs) -> Result<Credentials, Failure> {
    let wanted = Wanted {
        host: None,
        profile: args.api.profile.clone(),
    };
    let variable = |name: &str| std::env::var_os(name);
    Credentials::find(&wanted, &Environment(&variable)).map_err(no_token)
}

fn no_token(error: CredentialError) -> Failure {
    let failure = Failure::of(Exit::NotAuthorised, "no-token", &error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// A client with these credentials, and what else was said.
pub(crate) fn client(
    args: &PlatformArgs,
    credentials: Credentials,
    retries: Retries,
    pauses: Interruptible,
) -> Result<Client, Failure> {
    let variable = |name: &str| std::env::var_os(name);
    let mut settings = credentials
        .settings(&Environment(&variable))
        .map_err(no_token)?;
    settings.retries = retries;
    settings.notices = pauses.notices.clone();
    if settings.base.to_string().starts_with("http://") {
        // The platform's limits are none of this machine's.
        settings.limits = Limits::each(Rate::per_minute(NonZeroU32::MAX));
    }
    if let Some(file) = limits_file::path(&variable) {
        limits_file::take(&file, &mut settings.limits)?;
    }
    for wanted in &args.api.rate {
        settings.limits.take(*wanted);
    }
    let (host, token) = (settings.base.host(), settings.token.secret.expose_secret());
    let shared = state()
        .ok()
        .map(|folder| Budget::open(&folder.join("limits"), &host, token));
    let here = match shared {
        Some(Ok(budget)) => Some(budget),
        Some(Err(error)) => {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            (pauses.alone)(&why.unwrap_or_default());
            None
        }
        None => None,
    };
    settings.tally = match (&pauses.permits, here) {
        (Some(permits), here) => Some(Arc::new(Together {
            permits: Arc::clone(permits),
            here,
        })),
        (None, Some(here)) => Some(Arc::new(here)),
        (None, None) => None,
    };
    if let Some(file) = &args.api.ca_file {
        settings.ca = Some(file.clone());
    }
    Client::new(settings, Box::new(pauses)).map_err(|error| Failure::api(&error))
}

/// How often each class of requests is sent to the platform: as documented, unless this machine's
/// file or the command line says otherwise.
pub(crate) fn rates(args: &PlatformArgs) -> Result<BTreeMap<LimitClass, Rate>, Failure> {
    let mut limits = Limits::default();
    if let Some(file) = limits_file::path(&|name: &str| std::env::var_os(name)) {
        limits_file::take(&file, &mut limits)?;
    }
    for wanted in &args.api.rate {
        limits.take(*wanted);
    }
    Ok(limits.classes().collect())
}

/// Where imports over the API are written down.
pub(crate) fn journal() -> Result<Journal, Failure> {
    let journal = Journal::at(state()?.join("imports"));
    // What is no text is no number either, and not as if nothing were said.
    let said = std::env::var_os(KEPT_MB).unwrap_or_default();
    let said = said.to_string_lossy();
    match (said.is_empty(), said.parse::<u64>()) {
        (true, _) => Ok(journal),
        (false, Ok(megabytes)) => Ok(journal.keeping(megabytes.saturating_mul(BYTES_PER_MB))),
        (false, Err(_)) => Err(Failure::usage(format!(
            "{KEPT_MB} is not a number of megabytes: `{}`",
            said.escape_debug()
        ))),
    }
}

/// What this program remembers on this machine.
pub(crate) fn state() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute(HOME)?.join(".local").join("state")))
        .ok_or_else(|| {
            Failure::usage("it is not known where imports over the API are written down")
                .help(format!("set XDG_STATE_HOME or {HOME} to a folder"))
        })?;
    Ok(state.join("recipack"))
}

/// The address with the folder of the project that the work happens in, if it names none itself.
///
/// # Errors
/// If a `.workatoenv` is there and does not tell its folder: the work would go elsewhere.
pub(crate) fn in_folder(
    context: &Context,
    address: &RemoteAddress,
) -> Result<RemoteAddress, Failure> {
    let own = matches!(
        address.account,
        RemoteAccount::Host(_) | RemoteAccount::Profile(_)
    );
    if address.folder.is_some() || !own {
        return Ok(address.clone());
    }
    let unclear = |path: &Path, error: &dyn std::fmt::Display| {
        let message = format!("can't tell the folder of {}: {error}", path.display());
        Failure::new(Exit::Failed, "unreadable", message).help(format!(
            "correct or delete it, or name the folder: {address}#folder=ID"
        ))
    };
    let here = std::env::current_dir().map_err(|error| unclear(Path::new("."), &error))?;
    let mut found = None;
    for folder in here.ancestors() {
        let path = folder.join(WORKATOENV);
        let env = workatoenv(folder).map_err(|error| unclear(&path, &error))?;
        let said = env.map(|env| env.folder()).transpose();
        if let Some(number) = said.map_err(|error| unclear(&path, &error))?.flatten() {
            found = Some((path, number));
            break;
        }
    }
    let Some((path, folder)) = found else {
        return Ok(address.clone());
    };
    context
        .ui
        .talk(&format!("folder {folder}, as {} says\n", path.display()));
    Ok(RemoteAddress {
        account: address.account.clone(),
        folder: Some(folder),
    })
}

/// Sleeps, wakes up when somebody wants to stop, and tells now and then that it waits.
#[derive(Clone)]
pub(crate) struct Interruptible {
    interrupt: Interrupt,
    tell: Arc<dyn Fn() + Send + Sync>,
    alone: Arc<dyn Fn(&str) + Send + Sync>,
    notices: Notices,
    permits: Option<Arc<Permits>>,
}

impl Interruptible {
    /// Waits for this host.
    pub(crate) fn new(context: &Context, host: String) -> Self {
        Self {
            interrupt: context.running.interrupt.clone(),
            tell: Arc::new(context.ui.waiting(host)),
            alone: Arc::new(alone(context)),
            notices: notices(context),
            permits: context.permits.get().cloned(),
        }
    }
}

/// Tells that requests are not counted together with those of other processes, to whoever wants to
/// know everything.
fn alone(context: &Context) -> impl Fn(&str) + Send + Sync + use<> {
    let warn = context.ui.warning();
    let verbose = context.ui.volume == Volume::Verbose;
    move |why: &str| {
        if verbose {
            warn(&format!(
                "requests are not counted together with those of other processes: {why}"
            ));
        }
    }
}

/// Counts questions, and tells of what is left out of lists.
fn notices(context: &Context) -> Notices {
    let requests = Arc::clone(&context.requests);
    let warn = context.ui.warning();
    let alone = alone(context);
    Notices::to(move |notice| match notice {
        Notice::Alone { why } => alone(why),
        Notice::Sent => {
            requests.fetch_add(1, Ordering::Relaxed);
        }
        Notice::Nameless { list, id, key } => warn(&format!(
            "{list}: the record with number {id} has no {key} and is left out"
        )),
    })
}

impl Clock for Interruptible {
    fn pause(&self, time: Duration) -> Result<(), Cut> {
        let started = Instant::now();
        loop {
            if self.interrupt.is_set() {
                return Err(Cut);
            }
            (self.tell)();
            let left = time.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(LISTENING));
        }
    }
}
