//! The workspace that a command works in, and how commands name it.

use std::path::Path;

use super::Context;
use super::args::{PlatformArgs, WithinArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::ui::visible;
use crate::cli::connect::{Opened, open, open_to_stop};
use crate::model::ident::{ConnectorTitle, WorkspaceName};
use crate::model::workspace::{Address, WorkspaceKind};
use crate::ops::diagnostics::Diagnostic;
use crate::ops::workspace::catalog::CatalogError;
use crate::ops::workspace::inspect::InspectError;
use crate::ops::workspace::operate::OperateError;
use crate::plan::decision::shell_word;
use crate::plan::operate::Blocked;
use crate::plan::resolve::{ResolveError, label};
use crate::plan::sharing::ShareError;
use crate::plan::sharing::file::EntryProblem;
use crate::workspace::WorkspaceError;
use crate::workspace::remote::RemoteError;

/// What of its workspace a command looks at or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Recipes.
    Recipe,
    /// Connections.
    Connection,
    /// Custom connectors.
    Connector,
    /// What an admin workspace shares.
    Catalog,
}

impl Subject {
    const fn word(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::Connection => "connection",
            Self::Connector => "connector",
            Self::Catalog => "catalog",
        }
    }
}

/// A command's verb with what it is about: what its failures have to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) within: &'a WithinArgs,
    pub(crate) subject: Subject,
    pub(crate) verb: &'static str,
}

/// `--platform FILE`, if it was said, for commands to be pasted.
pub(crate) fn platform_option(args: &PlatformArgs) -> String {
    args.platform.as_deref().map_or_else(String::new, |path| {
        format!(" --platform {}", shell_path(path))
    })
}

fn shell_path(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

impl Asked<'_> {
    /// The workspace as options name it: `--in local:acme`.
    pub(crate) fn options(&self) -> String {
        let WithinArgs { address, platform } = self.within;
        let address = shell_word(&address.to_string());
        format!("--in {address}{}", platform_option(platform))
    }

    /// `--platform FILE`, if it was said.
    pub(crate) fn platform_option(&self) -> String {
        platform_option(&self.within.platform)
    }

    /// Opens the workspace.
    pub(crate) fn open(&self, context: &Context) -> Result<Opened, Failure> {
        let WithinArgs { address, platform } = self.within;
        let work = format!("{} {}", self.subject.word(), self.verb);
        open(context, platform, address, &work)
    }

    /// The same, to do no more than stop recipes.
    pub(crate) fn open_to_stop(&self, context: &Context) -> Result<Opened, Failure> {
        let WithinArgs { address, platform } = self.within;
        let work = format!("{} {}", self.subject.word(), self.verb);
        open_to_stop(context, platform, address, &work)
    }

    fn names(&self, errors: &[ResolveError]) -> Failure {
        let (word, options) = (self.subject.word(), self.options());
        Failure::names(
            errors,
            &format!("recipack {word} list {options}"),
            &format!("recipack {word} {} {{}} {options}", self.verb),
        )
    }

    /// Why the workspace could not be looked at.
    pub(crate) fn inspect(&self, error: InspectError) -> Failure {
        match error {
            InspectError::Workspace(error) => error.into(),
            InspectError::Pick(error @ ResolveError::Nothing { what: "folder", .. }) => {
                let WithinArgs { address, platform } = self.within;
                let address = shell_word(&address.to_string());
                let list = format!(
                    "recipack workspace show {address}{}",
                    platform_option(platform)
                );
                Failure::names(&[error], &list, "")
            }
            InspectError::Pick(error) => self.names(&[error]),
        }
    }

    /// Why nothing was done.
    pub(crate) fn operate(&self, error: OperateError) -> Failure {
        match error {
            OperateError::Workspace(error) => error.into(),
            OperateError::Pick(errors) => self.names(&errors),
            OperateError::Blocked(blocked) => self.blocked(&blocked),
            OperateError::NotOwn {
                ref title,
                ref admin,
            } => {
                let title = shell_word(title.as_str());
                let option = platform_option(&self.within.platform);
                let failure = Failure::of(Exit::Failed, "not-own", &error);
                match admin {
                    Some(admin) => failure.help(format!(
                        "release it where it is built: recipack connector release {title} --in {}{option}",
                        shell_word(&admin.to_string())
                    )),
                    None => failure.help("release it in the admin workspace"),
                }
            }
            OperateError::Source {
                ref title,
                ref finding,
                ..
            } => {
                let mut failure = Failure::of(Exit::Failed, "connector-source", &error);
                let told = Diagnostic {
                    message: failure.told.swap_remove(0).message,
                    ..(**finding).clone()
                };
                let help = format!(
                    "push code that parses: recipack connector push FILE.rb --title {} {}",
                    shell_word(title.as_str()),
                    self.options()
                );
                failure.told.push(Diagnostic {
                    help: Some(match told.help {
                        Some(own) => format!("{own}\n{help}"),
                        None => help,
                    }),
                    ..told
                });
                failure
            }
            OperateError::NoVersion { .. } => Failure::of(Exit::Failed, "no-version", &error)
                .help("import a package that brings its code"),
        }
    }

    /// Why what is shared was not looked at or changed. `named` is the connector as it was called.
    pub(crate) fn catalog(&self, named: Option<&str>, error: CatalogError) -> Failure {
        match error {
            CatalogError::Workspace(error @ WorkspaceError::NotOfKind { .. }) => {
                Failure::from(error).help(format!(
                    "name an admin workspace; those that are there: recipack workspace list{}",
                    self.platform_option()
                ))
            }
            CatalogError::Workspace(error) => error.into(),
            CatalogError::Pick(error) => self.names(&[error]),
            CatalogError::Share(error) => self.share(named, &error),
            CatalogError::File(problems) => {
                let told = problems.iter().flat_map(|problem| match problem {
                    EntryProblem::Share(error) => self.share(None, error).told,
                    EntryProblem::Unknown { .. }
                    | EntryProblem::Unsaid { .. }
                    | EntryProblem::Page
                    | EntryProblem::OtherName { .. }
                    | EntryProblem::OtherDataCenter { .. } => {
                        Failure::of(Exit::Failed, "catalog-entry", problem)
                            .help(format!(
                                "what is really there: recipack catalog pull {}",
                                self.options()
                            ))
                            .told
                    }
                });
                let told = told.collect();
                let closed = |problem: &EntryProblem| {
                    matches!(
                        problem,
                        EntryProblem::Share(ShareError::ClosedSource { .. })
                    )
                };
                Failure {
                    exit: match problems.iter().all(closed) {
                        true => Exit::Refused,
                        false => Exit::Failed,
                    },
                    told,
                    wait: None,
                }
            }
        }
    }

    fn share(&self, named: Option<&str>, error: &ShareError) -> Failure {
        let options = self.options();
        let word = |title: &ConnectorTitle| shell_word(named.unwrap_or(title.as_str()));
        match error {
            ShareError::NothingReleased { title } => Failure::of(
                Exit::Failed,
                "not-released",
                error,
            )
            .help(format!(
                "only a released version can be shared: recipack connector release {} {options}",
                word(title)
            )),
            ShareError::NotReleased {
                title, released, ..
            } => {
                let released: Vec<String> = released.iter().map(ToString::to_string).collect();
                Failure::of(Exit::Failed, "not-released", error).help(format!(
                    "only a released version can be shared: {}; more of them: recipack connector versions {} {options}",
                    released.join(", "),
                    word(title)
                ))
            }
            ShareError::NotShared { title } => {
                Failure::of(Exit::Failed, "not-shared", error).help(format!(
                    "to share it: recipack catalog share {} {options}",
                    word(title)
                ))
            }
            ShareError::Unsaid { .. } => Failure::of(Exit::Failed, "sharing-unknown", error)
                .help("look at it on the platform's pages, or ask with a token of the Embedded admin workspace"),
            ShareError::SharedAlready {
                title,
                wanted,
                newest,
                ..
            } => Failure::of(Exit::Failed, "shared-already", error).help(if *newest {
                format!(
                    "to update it: recipack catalog update {} {options}",
                    word(title)
                )
            } else {
                format!(
                    "to switch it: recipack catalog switch {} {} {options}",
                    word(title),
                    wanted.0
                )
            }),
            ShareError::Visibility { .. } => Failure::of(Exit::Failed, "catalog-entry", error)
                .help("say it in the file: `\"visibility\": \"open\"` or `\"closed\"`"),
            ShareError::ClosedSource { .. } => {
                let help = match self.within.address.local() {
                    Some(name) => format!(
                        "; here: recipack workspace set {} --closed-source allowed{}",
                        shell_word(name.as_str()),
                        self.platform_option()
                    ),
                    None => String::new(),
                };
                Failure::of(Exit::Refused, "closed-source", error).help(format!(
                    "on the platform, Customer Success enables it for an admin workspace{help}"
                ))
            }
        }
    }

    fn blocked(&self, blocked: &[Blocked]) -> Failure {
        let options = self.options();
        let told = blocked.iter().flat_map(|Blocked { recipe, obstacles }| {
            let recipe = label(recipe);
            let options = &options;
            obstacles.iter().flat_map(move |obstacle| {
                let message = format!("\"{recipe}\" can't start: {obstacle}");
                Failure::new(Exit::Failed, obstacle.code(), message)
                    .help(visible(&obstacle.help(options)))
                    .told
            })
        });
        let told = told.collect();
        Failure {
            exit: Exit::Failed,
            told,
            wait: None,
        }
    }
}

/// The name of a workspace of the local platform, for what can't be done over the API: `what` is not,
/// and `instead` is the way there.
pub(crate) fn only_local<'a>(
    address: &'a Address,
    what: &'static str,
    instead: &'static str,
) -> Result<&'a WorkspaceName, Failure> {
    address.local().ok_or_else(|| {
        let error = RemoteError::NotOffered {
            address: address.clone(),
            what,
            instead,
        };
        WorkspaceError::from(error).into()
    })
}

/// How a workspace of this kind is called in a line, with its admin workspace.
pub(crate) fn kind_with_admin(kind: WorkspaceKind, admin: Option<&WorkspaceName>) -> String {
    match admin {
        Some(admin) => format!("{kind} of {admin}"),
        None => kind.to_string(),
    }
}
