//! `recipack sandbox`: the local platform behind the platform's API, on this machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::SandboxArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::request::read_text;
use super::super::ui::Format;
use super::super::{Context, Stop};
use crate::cli::workspace_command::only_local;
use crate::sandbox::{FaultError, Faults, ServeError, Settings, Store, StoreError, openapi, serve};
use crate::workspace::local::LocalPlatform;

/// What `sandbox` says once it listens.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SandboxDocument {
    /// Where it listens: the root of its API.
    pub(crate) url: String,
    /// The platform's file.
    pub(crate) platform: String,
}

/// What `sandbox --token` says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TokenDocument {
    /// The workspace.
    pub(crate) workspace: String,
    /// Its token, for the sandbox only.
    pub(crate) token: String,
}

pub(crate) fn run(context: &Context, args: &SandboxArgs) -> Result<Exit, Stop> {
    if args.openapi {
        context.ui.document(&openapi())?;
        return Ok(Exit::Done);
    }
    let path = platform::path(&args.platform)?;
    let local = LocalPlatform::open(&path, platform::writing(context, &args.platform, "sandbox"))?;
    let store = Store::of(&path).map_err(|error| stored(&error))?;
    if let Some(address) = &args.token {
        let name = only_local(
            address,
            "making a token",
            "on the platform, they are made in its pages, under API clients",
        )?;
        // There has to be such a workspace.
        local.workspace(name)?;
        let token = store.token(name, &chance).map_err(|error| stored(&error))?;
        match context.ui.format {
            Format::Json => context.ui.secret_document(&TokenDocument {
                workspace: name.to_string(),
                token,
            })?,
            Format::Text => context.ui.secret(&format!("{token}\n"))?,
        }
        return Ok(Exit::Done);
    }
    let faults = match &args.fault {
        Some(file) => Faults::parse(&read_text(file)?).map_err(|error: FaultError| {
            Failure::new(
                Exit::Failed,
                "invalid-faults",
                format!("{}: {error}", file.display()),
            )
            .help("what a script may say: recipack schema faults")
        })?,
        None => Faults::default(),
    };
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let settings = Settings {
        platform: path.clone(),
        store,
        port: args.port,
        faults,
        limits: args.limits,
        clock: Box::new(platform::now),
        secret,
        log: context.ui.teller(),
        running: context.running.clone(),
    };
    let mut told = Ok(());
    serve(settings, &mut |address| {
        let url = format!("http://{address}");
        told = match context.ui.format {
            Format::Json => context.ui.document(&SandboxDocument {
                url,
                platform: path.display().to_string(),
            }),
            Format::Text => context.ui.result(&format!("listening on {url}\n")),
        };
    })
    .map_err(|error| match error {
        ServeError::Workspace(error) => Failure::from(error),
        ServeError::Store(error) => stored(&error),
        ServeError::Listen { .. } => Failure::of(Exit::Failed, "no-port", &error)
            .help("name another one with --port, or leave it out for any that is free"),
        ServeError::System(_) => Failure::of(Exit::Failed, "not-served", &error),
    })?;
    told?;
    Err(Failure::new(Exit::Interrupted, "stopped", "the sandbox was stopped").into())
}

fn chance() -> u64 {
    getrandom::u64().unwrap_or_default()
}

fn stored(error: &StoreError) -> Failure {
    let failure = Failure::of(Exit::Failed, "sandbox-store", error);
    match error {
        StoreError::Exposed { path, .. } => failure.help(format!("chmod 600 {path}")),
        StoreError::Served { .. } => failure.help("use the sandbox that runs, or stop it first"),
        StoreError::Io { .. } | StoreError::Damaged { .. } => {
            failure.help("tokens and jobs lie beside the platform's file, in a folder `….sandbox`")
        }
    }
}
