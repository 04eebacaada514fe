//! `recipack doctor`: what is missing before work can begin.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::super::args::DoctorArgs;
use super::super::cache;
use super::super::checkout::{checkout, help};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::request::{MANIFEST, ManifestFile, nearest};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::archive::TemporaryFile;
use crate::cli::connect::{
    Interruptible, client, credentials, in_folder, journal, usual_credentials,
};
use crate::cli::lockfile;
use crate::client::Retries;
use crate::model::count::counted;
use crate::model::ident::WorkspaceName;
use crate::model::workspace::{Address, ApiHost, RemoteAccount, RemoteAddress};
use crate::ops::Interrupted;
use crate::ops::checkout::{Checkout, NoCommit};
use crate::ops::doctor::{Checkup, DoctorDocument, Health, Reach, examine};
use crate::remote::journal::Entry;
use crate::workspace::local::LocalPlatform;

pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, Stop> {
    let mut checkups = vec![
        Checkup::new("recipack", Health::Ok, env!("CARGO_PKG_VERSION")),
        repository(context),
    ];
    checkups.extend(manifest(args.manifest.as_deref()));
    checkups.push(writable("temporary files", Some(std::env::temp_dir())));
    checkups.push(writable("cache", cache::folder()));
    checkups.extend(imports());
    let local = args.address.as_ref().and_then(Address::local);
    checkups.extend(local_platform(context, args, local));
    let mut reach = Reach::Workspace;
    if local.is_none() {
        let (reached, told) = remote(context, args)?;
        reach = reached;
        checkups.extend(told);
    }
    let healthy = checkups
        .iter()
        .all(|checkup| checkup.health != Health::Missing);
    let document = DoctorDocument { healthy, checkups };
    context
        .ui
        .print(&document, |document| text(&document.checkups))?;
    Ok(match (healthy, reach) {
        (true, _) => Exit::Done,
        (false, Reach::Workspace) => Exit::Failed,
        (false, Reach::NotAuthorised) => Exit::NotAuthorised,
        (false, Reach::Unavailable) => Exit::Temporary,
    })
}

fn text(checkups: &[Checkup]) -> String {
    let width = checkups.iter().map(|c| c.subject.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Checkup {
        subject,
        health,
        found,
        help,
    } in checkups
    {
        let _ = writeln!(
            text,
            "{:<8} {subject:<width$}  {}",
            health.as_str(),
            visible(found)
        );
        if let Some(help) = help {
            let _ = writeln!(text, "{:9}{:width$}  help: {}", "", "", visible(help));
        }
    }
    text
}

fn repository(context: &Context) -> Checkup {
    let subject = "repository";
    match checkout(context, Path::new(".")) {
        Checkout::Committed(committed) => {
            Checkup::new(subject, Health::Ok, format!("commit {}", committed.commit))
        }
        Checkout::NoCommit(NoCommit::NotIn(commit)) => Checkup::new(
            subject,
            Health::Note,
            format!("commit {commit} has nothing of this folder"),
        )
        .help("records name no commit then, and export --release is refused"),
        Checkout::NoCommit(NoCommit::NoneYet) => {
            Checkup::new(subject, Health::Note, "there is no commit yet")
                .help("records name no commit then, and export --release is refused")
        }
        Checkout::NoCommit(NoCommit::NoRepository) => Checkup::new(
            subject,
            Health::Note,
            "this folder lies in no repository of git",
        )
        .help("records name no commit then, and export --release is refused"),
        Checkout::Unknown(error) => {
            Checkup::new(subject, Health::Note, error.to_string()).help(help(&error))
        }
    }
}

/// What a failure says, in one line.
fn said(failure: &Failure) -> (String, Option<String>) {
    let first = failure.told.first();
    let found = first.map(|told| match (&told.file, told.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: {}", told.message),
        _ => told.message.clone(),
    });
    let help = first.and_then(|told| told.help.clone());
    (found.unwrap_or_default(), help)
}

fn missing(subject: &str, failure: &Failure) -> Checkup {
    let (found, help) = said(failure);
    Checkup {
        help,
        ..Checkup::new(subject, Health::Missing, found)
    }
}

fn manifest(said: Option<&Path>) -> Vec<Checkup> {
    let path = said.map(Path::to_owned).or_else(nearest);
    let path = path.unwrap_or_else(|| PathBuf::from(MANIFEST));
    let path = path.as_path();
    if !path.exists() {
        let found = format!("there is no {}", path.display());
        return vec![Checkup::new("manifest", Health::Note, found).help("recipack init PROJECT")];
    }
    let manifest = match ManifestFile::read(path) {
        Ok(manifest) => manifest,
        Err(failure) => return vec![missing("manifest", &failure)],
    };
    let names = manifest.manifest().targets.keys();
    let names: Vec<&str> = names.map(|name| name.as_str()).collect();
    let targets = match names.is_empty() {
        true => "no targets".to_owned(),
        false => format!("targets {}", names.join(", ")),
    };
    let found = format!("{}, {targets}", path.display());
    let file = lockfile::beside(path);
    let lock = match lockfile::of(&manifest) {
        Ok(Some(lock)) => {
            let targets = counted(lock.targets.len() as u64, "target");
            Checkup::new("lock", Health::Ok, format!("{}, {targets}", file.display()))
        }
        Ok(None) => Checkup::new(
            "lock",
            Health::Note,
            format!("there is no {}", file.display()),
        )
        .help("recipack lock"),
        Err(failure) => missing("lock", &failure),
    };
    vec![Checkup::new("manifest", Health::Ok, found), lock]
}

/// Whether files can be made in a folder, or in the first above it that is there.
fn writable(subject: &str, folder: Option<PathBuf>) -> Checkup {
    let Some(folder) = folder else {
        return Checkup::new(subject, Health::Note, "it is not known where they lie")
            .help("set HOME");
    };
    let there = folder.ancestors().find(|folder| folder.is_dir());
    let tried = match there {
        Some(there) => TemporaryFile::holding(there, b"").map(drop),
        None => return Checkup::new(subject, Health::Missing, format!("{}", folder.display())),
    };
    match tried {
        Ok(()) => Checkup::new(subject, Health::Ok, folder.display().to_string()),
        Err(error) => {
            let found = format!("{} can't be written to: {error}", folder.display());
            Checkup::new(subject, Health::Missing, found)
        }
    }
}

/// Where imports over the API are written down, and those that nobody saw the end of.
fn imports() -> Vec<Checkup> {
    let subject = "imports";
    let journal = match journal() {
        Ok(journal) => journal,
        Err(failure) => {
            let (found, help) = said(&failure);
            return vec![Checkup {
                help,
                ..Checkup::new(subject, Health::Note, found)
            }];
        }
    };
    let folder = writable(subject, Some(journal.folder().to_owned()));
    let entries = match journal.all() {
        Ok(entries) => entries,
        Err(error) => {
            let failure = Failure::journal(&error);
            return vec![folder, missing(subject, &failure)];
        }
    };
    let open = entries.iter().filter(|entry| entry.is_open()).map(|entry| {
        let package = entry.package.file_name().unwrap_or_default();
        let found = format!(
            "nobody saw how that of {} into {} ended",
            package.to_string_lossy(),
            entry.address
        );
        Checkup::new(subject, Health::Missing, found).help(format!("recipack resume {}", entry.id))
    });
    let mut newest: BTreeMap<String, &Entry> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.revision().is_some()) {
        let whose = entry.identity.as_ref();
        let whose = whose.map_or_else(|| entry.address.to_string(), ToString::to_string);
        newest.insert(whose, entry);
    }
    let done = newest.iter().filter_map(|(whose, entry)| {
        let package = entry.package.file_name().unwrap_or_default();
        let found = format!(
            "the newest into {whose} is revision {}, of {} at {}",
            entry.revision()?,
            package.to_string_lossy(),
            entry.at.utc()
        );
        Some(Checkup::new(subject, Health::Ok, found))
    });
    std::iter::once(folder).chain(open).chain(done).collect()
}

fn local_platform(
    context: &Context,
    args: &DoctorArgs,
    wanted: Option<&WorkspaceName>,
) -> Vec<Checkup> {
    let subject = "local platform";
    let path = match platform::path(&args.platform) {
        Ok(path) => path,
        Err(failure) => {
            let (found, help) = said(&failure);
            let health = match wanted {
                Some(_) => Health::Missing,
                None => Health::Note,
            };
            return vec![Checkup {
                help,
                ..Checkup::new(subject, health, found)
            }];
        }
    };
    if !path.exists() && wanted.is_none() {
        let found = format!("there is none in {}", path.display());
        let help = "recipack workspace create NAME --kind external";
        return vec![Checkup::new(subject, Health::Note, found).help(help)];
    }
    let opened = LocalPlatform::open(&path, platform::writing(context, &args.platform, "doctor"));
    let listed = opened.and_then(|opened| Ok((opened.workspaces()?, opened)));
    let (workspaces, opened) = match listed {
        Ok(listed) => listed,
        Err(error) => return vec![missing(subject, &Failure::from(error))],
    };
    let count = counted(workspaces.len() as u64, "workspace");
    let found = format!("{}, {count}", path.display());
    let mut checkups = vec![Checkup::new(subject, Health::Ok, found)];
    if let Some(name) = wanted {
        checkups.push(match opened.workspace(name) {
            Ok(_) => Checkup::new("workspace", Health::Ok, format!("local:{name}")),
            Err(error) => missing("workspace", &Failure::from(error)),
        });
    }
    checkups
}

/// The token, the host and what they are good for.
fn remote(context: &Context, args: &DoctorArgs) -> Result<(Reach, Vec<Checkup>), Stop> {
    let subject = "credentials";
    let named = match &args.address {
        Some(Address::Remote(address)) => Some(address),
        Some(Address::Local(_)) | None => None,
    };
    let found = match named {
        Some(address) => credentials(&args.platform, address),
        None => usual_credentials(&args.platform),
    };
    let credentials = match (found, named) {
        (Ok(credentials), _) => credentials,
        (Err(failure), Some(_)) => {
            return Ok((Reach::NotAuthorised, vec![missing(subject, &failure)]));
        }
        (Err(failure), None) => {
            let (found, help) = said(&failure);
            let checkup = Checkup {
                help,
                ..Checkup::new(subject, Health::Note, found)
            };
            return Ok((Reach::Workspace, vec![checkup]));
        }
    };
    let base = credentials.base.clone();
    let found = format!("{base}, with the token of {}", credentials.token.source);
    let mut checkups = vec![Checkup::new(subject, Health::Ok, found)];
    let address = match named {
        Some(address) => address.clone(),
        None => RemoteAddress {
            account: RemoteAccount::Host(
                base.to_string()
                    .parse::<ApiHost>()
                    .map_err(|error| Failure::usage(error.to_string()))?,
            ),
            folder: None,
        },
    };
    let address = in_folder(context, &address)?;
    // Whoever asks how things are does not want to wait until they are better.
    let once = Retries {
        attempts: NonZeroU32::MIN,
        ..Retries::default()
    };
    let pauses = Interruptible::new(context, base.host());
    let client = match client(&args.platform, credentials, once, pauses) {
        Ok(client) => client,
        Err(failure) => {
            checkups.push(missing("host", &failure));
            return Ok((Reach::Workspace, checkups));
        }
    };
    let (reach, told) = examine(&client, &address);
    if context.running.interrupt.is_set() {
        return Err(Failure::from(Interrupted).into());
    }
    checkups.extend(told);
    Ok((reach, checkups))
}
