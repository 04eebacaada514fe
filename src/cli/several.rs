//! One command for several projects: which ones are meant, and each one's result. What becomes of one
//! project stops no other one; the exit code is the gravest ([`Exit::gravest`]).

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{PackArgs, SeveralArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::request::{MANIFEST, ManifestFile};
use super::ui::{Format, visible};
use super::{Context, Stop};
use crate::model::count::counted;
use crate::model::workspace::Address;
use crate::ops::export::documents::{OfProject, SeveralDocument};
use crate::ops::read::projects_in;
use crate::registry::Reference;

/// What a command found out about a project, before anything of it is printed to stdout.
pub(crate) struct Answer<D> {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The result, for programs, if it is asked for.
    pub(crate) document: Option<D>,
    /// The result, for people.
    pub(crate) text: String,
}

impl<D: Serialize> Answer<D> {
    /// Prints it as all that the command says.
    pub(crate) fn print(self, context: &Context) -> Result<Exit, Stop> {
        match context.ui.format {
            Format::Json => {
                if let Some(document) = &self.document {
                    context.ui.document(document)?;
                }
            }
            Format::Text if self.text.is_empty() => {}
            Format::Text => context.ui.result(&self.text)?,
        }
        Ok(self.exit)
    }
}

/// A result for programs, made only where one is asked for: it may tell of very many files.
pub(crate) fn told<D>(context: &Context, document: impl FnOnce() -> D) -> Option<D> {
    match context.ui.format {
        Format::Json => Some(document()),
        Format::Text => None,
    }
}

/// One of several projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Where it lies.
    pub(crate) project: PathBuf,
    /// Its own manifest, if it has one.
    pub(crate) manifest: Option<PathBuf>,
}

impl Member {
    /// A project that is named, with the manifest in its folder.
    fn named(project: &Path) -> Self {
        let inside = project.join(MANIFEST);
        Self {
            project: project.to_owned(),
            manifest: inside.is_file().then_some(inside),
        }
    }

    /// A project that was found in a folder. Its manifest may also lie around it, if it says so.
    fn found(project: &Path, folder: &Path) -> Self {
        let member = Self::named(project);
        if member.manifest.is_some() {
            return member;
        }
        let own = project.canonicalize().ok();
        let around = project.ancestors().skip(1);
        let around = around.take_while(|around| {
            around.starts_with(folder) || folder == Path::new(".") && around.is_relative()
        });
        let mut manifests = around
            .map(|around| around.join(MANIFEST))
            .filter(|path| path.is_file());
        let manifest = manifests.find(|path| match ManifestFile::read(path) {
            Ok(file) => file
                .request()
                .is_some_and(|request| request.project.canonicalize().ok() == own),
            // What is wrong with it is said when it is used.
            Err(_) => true,
        });
        Self { manifest, ..member }
    }

    /// Its arguments: what was said for all, and its own manifest where none was.
    pub(crate) fn pack_args(&self, said: &PackArgs) -> PackArgs {
        PackArgs {
            project: Some(self.project.clone()),
            manifest: said.manifest.clone().or_else(|| self.manifest.clone()),
            ..said.clone()
        }
    }

    fn shown(&self) -> String {
        self.project.display().to_string()
    }
}

/// The projects that are meant, if several may be.
pub(crate) fn members(
    context: &Context,
    pack: &PackArgs,
    several: &SeveralArgs,
) -> Result<Option<Vec<Member>>, Stop> {
    match (&pack.project, several.all_projects) {
        (folder, true) => {
            let folder = folder.as_deref().unwrap_or(Path::new("."));
            Ok(Some(found(context, folder)?))
        }
        (Some(first), false) if !several.more.is_empty() => {
            let projects = [first].into_iter().chain(&several.more);
            Ok(Some(named(projects.map(PathBuf::as_path))?))
        }
        (Some(_) | None, false) => Ok(None),
    }
}

/// Every project in a folder.
pub(crate) fn found(context: &Context, folder: &Path) -> Result<Vec<Member>, Failure> {
    refuse_address(folder)?;
    if !folder.is_dir() {
        return Err(
            Failure::usage(format!("{} is not a folder", folder.display()))
                .help("--all-projects goes with a folder that projects lie in"),
        );
    }
    let roots = projects_in(folder, &context.running, &mut context.ui.observer())?;
    let members = roots.iter().map(|root| {
        let plain = root.strip_prefix(".").unwrap_or(root);
        match plain.as_os_str().is_empty() {
            true => Member::found(root, folder),
            false => Member::found(plain, folder),
        }
    });
    Ok(members.collect())
}

/// Projects that are named, each once.
pub(crate) fn named<'p>(projects: impl Iterator<Item = &'p Path>) -> Result<Vec<Member>, Failure> {
    let mut members: Vec<Member> = Vec::new();
    let mut resolved: Vec<PathBuf> = Vec::new();
    for project in projects {
        refuse_address(project)?;
        let path = project
            .canonicalize()
            .unwrap_or_else(|_| project.to_owned());
        if let Some(at) = resolved.iter().position(|other| *other == path) {
            return Err(Failure::usage(format!(
                "{} is named twice, first as {}",
                project.display(),
                members[at].shown()
            ))
            .help("name each project once"));
        }
        resolved.push(path);
        members.push(Member::named(project));
    }
    Ok(members)
}

fn refuse_address(project: &Path) -> Result<(), Failure> {
    match project.to_str() {
        Some(text) if Address::is_meant(text) || Reference::is_meant(text) => Err(Failure::usage(
            format!("{text} is an address, and several projects are folders and packages"),
        )
        .help("run the command for the address by itself")),
        Some(_) | None => Ok(()),
    }
}

/// Does the work for each project and tells each one's result: for people under a heading, with a
/// line on all at the end; for programs in one document.
pub(crate) fn each<D: Serialize>(
    context: &Context,
    members: &[Member],
    mut work: impl FnMut(&Member) -> Result<Answer<D>, Stop>,
) -> Result<Exit, Stop> {
    let mut ended: Vec<(String, Exit)> = Vec::new();
    let mut projects = Vec::new();
    let mut told: io::Result<()> = Ok(());
    for member in members {
        let project = member.shown();
        // That results can't be printed does not decide whether the rest is done.
        let mut tell = |result: io::Result<()>| {
            if told.is_ok() {
                told = result;
            }
        };
        tell(
            context
                .ui
                .heading(&format!("== {} ==\n", visible(&project))),
        );
        let (exit, result, error) = match work(member) {
            Ok(answer) => {
                if context.ui.format == Format::Text {
                    tell(context.ui.result(&answer.text));
                }
                (answer.exit, answer.document, Vec::new())
            }
            // Who interrupts one means all.
            Err(Stop::Failure(failure)) if failure.exit == Exit::Interrupted => {
                return Err(Stop::Failure(failure));
            }
            Err(Stop::Output(error)) => return Err(Stop::Output(error)),
            Err(Stop::Failure(failure)) => {
                if context.ui.format == Format::Text {
                    context.ui.failure(&failure.told);
                }
                (failure.exit, None, failure.told)
            }
        };
        if context.ui.format == Format::Json {
            projects.push(OfProject {
                project: project.clone(),
                exit: exit.code(),
                result,
                error,
            });
        }
        ended.push((project, exit));
    }
    told?;
    let exit = Exit::gravest(ended.iter().map(|(_, exit)| *exit));
    match context.ui.format {
        Format::Json => context.ui.document(&SeveralDocument {
            exit_code: exit.code(),
            projects,
        })?,
        Format::Text => context.ui.result(&summary(&ended))?,
    }
    Ok(exit)
}

/// How all ended, on one line.
fn summary(ended: &[(String, Exit)]) -> String {
    let all = counted(ended.len() as u64, "project");
    let others: Vec<String> = ended
        .iter()
        .filter(|(_, exit)| *exit != Exit::Done)
        .map(|(project, exit)| format!("{} (exit {})", visible(project), exit.code()))
        .collect();
    let done = ended.len() - others.len();
    match others.is_empty() {
        true => format!("{all}: all done\n"),
        false => format!("{all}: {done} done, not {}\n", others.join(", ")),
    }
}
