//! `recipack console`: pages on this machine for shared connectors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::{ConsoleArgs, PlatformArgs, WithinArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::mask::masked;
use super::super::platform;
use super::super::request::nearest;
use super::super::ui::Format;
use super::super::{Context, Stop, connect};
use super::catalog::asked;
use super::catalog_change::{in_use, stale};
use super::console_import::Imports;
use super::console_packing::Project;
use crate::cli::workspace_command::{Asked, Subject};
use crate::console::{
    About, Changes, Host, Importing, Packing, ServeError, Settings, Sort, Trouble, serve,
};
use crate::model::workspace::{Address, Timestamp, WorkspaceKind};
use crate::ops::workspace::catalog::{CatalogError, SharingRefusal};
use crate::ops::workspace::operate::OperateError;
use crate::workspace::AdminWorkspace;
use crate::workspace::local::LocalPlatform;

/// What `console` says once it listens.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ConsoleDocument {
    /// The address that opens it, once, in one browser.
    pub(crate) url: String,
    /// The manifest whose package it is about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<String>,
    /// The admin workspaces that it is about, if they were named; otherwise those of the local platform.
    pub(crate) workspaces: Vec<Address>,
    /// Whether it only shows.
    pub(crate) read_only: bool,
}

pub(crate) fn run(context: &Context, args: &ConsoleArgs) -> Result<Exit, Stop> {
    let path = args.manifest.clone().or_else(nearest);
    let manifest = path.as_ref().map(|path| path.display().to_string());
    let project = path
        .map(|path| Project::of(context, &path, &args.platform))
        .transpose()?;
    let host = Surroundings {
        context: context.again(),
        project,
        imports: Imports::of(context, &args.platform, &args.workspaces),
        platform: args.platform.clone(),
        named: args.workspaces.clone(),
    };
    // What is wrong with the workspaces is told here, and not by pages.
    let workspaces = match (host.all(), &host.project) {
        (Ok(workspaces), _) => workspaces,
        // The first page says why; the project's pages do without.
        (Err(_), Some(_)) if args.workspaces.is_empty() => Vec::new(),
        (Err(failure), _) => return Err(failure.into()),
    };
    for address in workspaces {
        drop(connect::open(context, &args.platform, &address, "console")?);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let settings = Settings {
        port: args.port,
        changes: match args.read_only {
            true => Changes::Never,
            false => Changes::Confirmed,
        },
        secret,
        host: Box::new(host),
        running: context.running.clone(),
    };
    let mut told = Ok(());
    serve(settings, &mut |address, key| {
        let url = format!("http://{address}/start?key={key}");
        told = match context.ui.format {
            Format::Json => context.ui.document(&ConsoleDocument {
                url,
                manifest: manifest.clone(),
                workspaces: args.workspaces.clone(),
                read_only: args.read_only,
            }),
            Format::Text => context.ui.result(&format!("the console is at {url}\n")),
        };
    })
    .map_err(|error| match error {
        ServeError::Listen { .. } => Failure::of(Exit::Failed, "no-port", &error)
            .help("name another one with --port, or leave it out for any that is free"),
        ServeError::System(_) => Failure::of(Exit::Failed, "not-served", &error),
    })?;
    told?;
    Err(Failure::new(Exit::Interrupted, "stopped", "the console was stopped").into())
}

/// Where workspaces are, and how what goes wrong is told.
struct Surroundings {
    context: Context,
    project: Option<Project>,
    imports: Imports,
    platform: PlatformArgs,
    named: Vec<Address>,
}

impl Surroundings {
    fn within(&self, address: &Address) -> WithinArgs {
        WithinArgs {
            address: address.clone(),
            platform: self.platform.clone(),
        }
    }

    /// The workspaces that were named, or the admin workspaces of the local platform.
    fn all(&self) -> Result<Vec<Address>, Failure> {
        if !self.named.is_empty() {
            return Ok(self.named.clone());
        }
        let path = platform::path(&self.platform)?;
        let writing = platform::writing(&self.context, &self.platform, "console");
        let workspaces = LocalPlatform::open(&path, writing)?.workspaces()?;
        let facts = workspaces.into_iter().map(|summary| summary.facts);
        let admins = facts.filter(|facts| facts.kind == WorkspaceKind::Admin);
        Ok(admins.map(|facts| Address::Local(facts.name)).collect())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self {
            sort: match failure.exit {
                Exit::Done
                | Exit::Failed
                | Exit::Differences
                | Exit::VerificationFailed
                | Exit::Usage => Sort::Failed,
                Exit::Refused => Sort::Refused,
                Exit::NotAuthorised => Sort::NotAuthorised,
                Exit::Temporary => Sort::Temporary,
                Exit::PartlyDone | Exit::Unfinished | Exit::Interrupted | Exit::Terminated => {
                    Sort::Unclear
                }
            },
            told: failure.told,
        }
    }
}

impl Host for Surroundings {
    fn workspaces(&self) -> Result<Vec<Address>, Trouble> {
        Ok(self.all()?)
    }

    fn open(&self, address: &Address, work: &str) -> Result<Box<dyn AdminWorkspace>, Trouble> {
        Ok(connect::open(&self.context, &self.platform, address, work)?)
    }

    fn open_to_stop(
        &self,
        address: &Address,
        work: &str,
    ) -> Result<Box<dyn AdminWorkspace>, Trouble> {
        let (context, platform) = (&self.context, &self.platform);
        Ok(connect::open_to_stop(context, platform, address, work)?)
    }

    fn catalog(&self, about: About<'_>, error: CatalogError) -> Trouble {
        let within = self.within(about.address);
        asked(&within, about.verb)
            .catalog(about.named, error)
            .into()
    }

    fn operate(&self, about: About<'_>, error: OperateError) -> Trouble {
        let within = self.within(about.address);
        let asked = Asked {
            within: &within,
            subject: Subject::Recipe,
            verb: about.verb,
        };
        asked.operate(error).into()
    }

    fn refused(&self, about: About<'_>, refusal: &SharingRefusal) -> Trouble {
        let within = self.within(about.address);
        in_use(&asked(&within, about.verb), refusal).into()
    }

    fn stale(&self, about: About<'_>) -> Trouble {
        let within = self.within(about.address);
        let stale = stale(&asked(&within, about.verb));
        stale
            .help("look at it again, and at what is different")
            .into()
    }

    fn importing(&self) -> &dyn Importing {
        &self.imports
    }

    fn packing(&self) -> Option<&dyn Packing> {
        self.project.as_ref().map(|project| project as &dyn Packing)
    }

    fn options(&self, address: &Address) -> String {
        let within = self.within(address);
        asked(&within, "list").options()
    }

    fn now(&self) -> Timestamp {
        platform::now()
    }

    fn tell(&self, line: &str) {
        self.context.ui.talk(line);
    }

    fn unsecret(&self, page: &str) -> String {
        masked(page).into_owned()
    }
}
