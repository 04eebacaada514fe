//! `recipack manifest add` and `remove`: what is said is held against the project before anything is
//! written.

use std::path::Path;
use std::str::FromStr;

use super::super::args::{ManifestAddArgs, ManifestPart, ManifestRemoveArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{
    CatalogueSource, ManifestFile, catalogue_file, folder_of, manifest_path, read_whole,
};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::init::{named, relative};
use super::manifest::edit;
use crate::cli::registry::{reference, selector};
use crate::io::system::slashed;
use crate::manifest::{Change, Choice, Glob, Manifest, Removal, Selection};
use crate::model::catalogue::Catalogue;
use crate::model::graph::Graph;
use crate::model::ident::ConnectorTitle;
use crate::model::keyword::UnknownKeyword;
use crate::model::kind::AssetKind;
use crate::model::workspace::{Address, AddressError};
use crate::ops::read::{Opened, Roots};
use crate::plan::connectors::Sources;
use crate::plan::decision::shell_word;
use crate::plan::export::mentioned;
use crate::plan::export::mentioned::looked_at;
use crate::plan::resolve::ResolveError;
use crate::registry::Reference;

pub(crate) fn add(context: &Context, args: &ManifestAddArgs) -> Result<Exit, Stop> {
    fits(args)?;
    let path = manifest_path(context, args.manifest.as_deref())?;
    let file = ManifestFile::read(&path)?;
    let against = match args.part {
        ManifestPart::Target | ManifestPart::Catalog | ManifestPart::Project => Against::Nothing,
        ManifestPart::Recipe
        | ManifestPart::Connection
        | ManifestPart::Connector
        | ManifestPart::Folder
        | ManifestPart::Type
        | ManifestPart::Tag
        | ManifestPart::Include
        | ManifestPart::Exclude => against(context, &file)?,
    };
    let changes: Vec<Change> = args
        .values
        .iter()
        .map(|value| change(context, args, &file, &against, value))
        .collect::<Result<_, _>>()?;
    let exit = edit(context, &path, |edit| {
        changes
            .iter()
            .try_for_each(|change| edit.add(change).map(drop))
    })?;
    consequences(context, &file, &against)?;
    Ok(exit)
}

pub(crate) fn remove(context: &Context, args: &ManifestRemoveArgs) -> Result<Exit, Stop> {
    let removes_all = matches!(args.part, ManifestPart::Catalog | ManifestPart::Project);
    match (args.values.as_slice(), removes_all) {
        ([], false) => {
            return Err(Failure::usage("what is to be removed?")
                .help("`recipack manifest list` shows what is there")
                .into());
        }
        ([_, ..], true) => {
            return Err(Failure::usage(format!(
                "there is one {} only, so it is not named",
                args.part.as_str()
            ))
            .help(format!("recipack manifest remove {}", args.part.as_str()))
            .into());
        }
        ([], true) | ([_, ..], false) => {}
    }
    if args.of_target.is_some()
        && !matches!(args.part, ManifestPart::Catalog | ManifestPart::Connector)
    {
        return Err(for_target_only().into());
    }
    let path = manifest_path(context, args.manifest.as_deref())?;
    let file = ManifestFile::read(&path)?;
    let removals = match removes_all {
        true => vec![removal(context, args, &file, "")?],
        false => args
            .values
            .iter()
            .map(|value| removal(context, args, &file, value))
            .collect::<Result<_, _>>()?,
    };
    edit(context, &path, |edit| {
        removals
            .iter()
            .try_for_each(|removal| edit.remove(removal).map(drop))
    })
}

/// Whether the arguments go together.
fn fits(args: &ManifestAddArgs) -> Result<(), Failure> {
    if args.data_center.is_some() && args.part != ManifestPart::Target {
        return Err(Failure::usage("--data-center goes with a target only"));
    }
    let takes_target = matches!(args.part, ManifestPart::Connector | ManifestPart::Catalog);
    if args.of_target.is_some() && !takes_target {
        return Err(for_target_only());
    }
    let is_one = matches!(args.part, ManifestPart::Catalog | ManifestPart::Project);
    if is_one && args.values.len() > 1 {
        return Err(
            Failure::usage(format!("a manifest has one {} only", args.part.as_str()))
                .help("name one"),
        );
    }
    Ok(())
}

fn for_target_only() -> Failure {
    Failure::usage("--target goes with a connector or the catalogue only")
        .help("what is selected is the same for all targets")
}

/// What is said is held against.
enum Against {
    /// The manifest's project.
    Project(Box<Opened>),
    /// An address, which is not asked for this.
    Address(String),
    /// Nothing: it says nothing about a project.
    Nothing,
}

fn against(context: &Context, file: &ManifestFile) -> Result<Against, Failure> {
    match file.request() {
        Some(request) => {
            let opened = read_whole(context, &request.project, Roots::One)?;
            Ok(Against::Project(Box::new(opened)))
        }
        None => {
            let said = file.manifest().package.project.as_ref();
            Ok(Against::Address(
                said.map(|said| said.value.clone()).unwrap_or_default(),
            ))
        }
    }
}

/// The opened project, or why a name can't be looked up.
fn project_of<'a>(against: &'a Against, what: &str) -> Result<&'a Opened, Failure> {
    match against {
        Against::Project(opened) => Ok(opened),
        Against::Nothing => Err(Failure::usage(format!(
            "a {what} is looked up in a project"
        ))),
        Against::Address(address) => Err(Failure::usage(format!(
            "a {what} can't be looked up in {address}"
        ))
        .help("add its path as a pattern: recipack manifest add include PATH")),
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|error| Failure::usage(format!("{what} `{text}`: {error}")))
}

/// What could not be found in the project.
fn unfound(part: ManifestPart, opened: &Opened, error: ResolveError) -> Failure {
    let shown = opened.source.path.display().to_string();
    let list = format!("recipack show {}", shell_word(&shown));
    let use_it = format!("recipack manifest add {} {{}}", part.as_str());
    Failure::names(&[error], &list, &use_it)
}

/// A path in the project, as a person in this folder may have typed it.
fn in_project<'t>(opened: &Opened, text: &'t str) -> std::borrow::Cow<'t, str> {
    let path = Path::new(text);
    let inside = || {
        let (path, root) = (
            path.canonicalize().ok()?,
            opened.source.path.canonicalize().ok()?,
        );
        Some(slashed(path.strip_prefix(root).ok()?))
    };
    let is_own = |asset: &crate::model::project::Asset| asset.path.as_str() == text;
    if opened.project.assets.iter().any(is_own) {
        return text.into();
    }
    inside()
        .filter(|inside| !inside.is_empty())
        .map_or_else(|| text.into(), Into::into)
}

fn change(
    context: &Context,
    args: &ManifestAddArgs,
    file: &ManifestFile,
    against: &Against,
    value: &str,
) -> Result<Change, Failure> {
    let held = |check: &dyn Fn(&Opened) -> Result<(), ResolveError>| match against {
        Against::Project(opened) => {
            check(opened).map_err(|error| unfound(args.part, opened, error))
        }
        Against::Address(address) => {
            context.ui.talk(&format!(
                "note: whether {} has it was not looked up\n",
                visible(address)
            ));
            Ok(())
        }
        Against::Nothing => Ok(()),
    };
    Ok(match args.part {
        ManifestPart::Recipe => {
            Change::Include(asset(against, args.part, &AssetKind::Recipe, value)?)
        }
        ManifestPart::Connection => {
            Change::Include(asset(against, args.part, &AssetKind::Connection, value)?)
        }
        ManifestPart::Include => {
            let pattern: Glob = parsed("pattern", value)?;
            held(&|opened| mentioned::pattern(&opened.project, &pattern))?;
            Change::Include(pattern)
        }
        ManifestPart::Exclude => {
            let pattern: Glob = parsed("pattern", value)?;
            held(&|opened| mentioned::pattern(&opened.project, &pattern))?;
            Change::Exclude(pattern)
        }
        ManifestPart::Type => {
            let word = parsed("type", value)?;
            held(&|opened| mentioned::kind(&opened.project, &word))?;
            Change::Type(word)
        }
        ManifestPart::Folder => {
            let value = match against {
                Against::Project(opened) => in_project(opened, value),
                Against::Address(_) | Against::Nothing => value.into(),
            };
            let folder = parsed("folder", value.trim_end_matches('/'))?;
            held(&|opened| mentioned::folder(&opened.project, &folder))?;
            Change::Folder(folder)
        }
        ManifestPart::Tag => {
            let tag = parsed("tag", value)?;
            held(&|opened| mentioned::tag(&opened.project, &tag))?;
            Change::Tag(tag)
        }
        ManifestPart::Connector => connector(context, args, file, against, value)?,
        ManifestPart::Catalog => {
            let catalog = catalogue(value, file.path())?;
            match &args.of_target {
                None => Change::Catalog(catalog),
                Some(target) => Change::TargetCatalog {
                    target: target.clone(),
                    catalog,
                },
            }
        }
        ManifestPart::Project => Change::Project(project(context, value, file)?),
        ManifestPart::Target => {
            let (name, kind) = value.rsplit_once('=').ok_or_else(|| {
                Failure::usage(format!("`{value}` does not say what sort of target it is"))
                    .help("say NAME=customer or NAME=external")
            })?;
            Change::Target {
                name: parsed("target", name)?,
                kind: parsed("kind", kind)?,
                data_center: args.data_center.clone(),
            }
        }
    })
}

/// The pattern that takes one asset.
fn asset(
    against: &Against,
    part: ManifestPart,
    kind: &AssetKind,
    value: &str,
) -> Result<Glob, Failure> {
    let opened = project_of(against, part.as_str())?;
    let text = in_project(opened, value);
    let found = mentioned::asset(&opened.project, kind, part.as_str(), &text)
        .map_err(|error| unfound(part, opened, error))?;
    literal(&found.path)
}

fn literal(path: &crate::model::path::PackagePath) -> Result<Glob, Failure> {
    Glob::literal(path).map_err(|error| Failure::usage(error.to_string()).help(error.help()))
}

fn connector(
    context: &Context,
    args: &ManifestAddArgs,
    file: &ManifestFile,
    against: &Against,
    value: &str,
) -> Result<Change, Failure> {
    let (title, word) = value.rsplit_once('=').ok_or_else(|| {
        Failure::usage(format!("`{value}` says nothing about a connector"))
            .help("say TITLE=auto, TITLE=include or TITLE=exclude")
    })?;
    let word = word
        .parse()
        .map_err(|error: UnknownKeyword| Failure::usage(error.to_string()).help(error.help()))?;
    let said = parsed::<ConnectorTitle>("title", title)?;
    let catalogue = catalogue_of(args, file);
    let title = match (against, &catalogue) {
        (Against::Project(opened), catalogue) => {
            let graph = Graph::of(&opened.project);
            let sources = Sources {
                project: &opened.project,
                graph: &graph,
                supplied: None,
                catalogue: match catalogue {
                    Known::Listed(catalogue) => Some(catalogue),
                    Known::Nothing | Known::Elsewhere(_) => None,
                },
            };
            let text = in_project(opened, said.as_str());
            match (mentioned::connector(&sources, &text), catalogue) {
                (Ok(title), _) => title,
                (Err(_), Known::Elsewhere(place)) => {
                    context.ui.talk(&format!(
                        "note: the project has no \"{}\"; whether {} has it was not looked up\n",
                        visible(said.as_str()),
                        visible(place)
                    ));
                    said
                }
                (Err(error), Known::Listed(_) | Known::Nothing) => {
                    let word = value.strip_prefix(title).unwrap_or_default();
                    let list = "recipack graph, and recipack catalog list for shared ones";
                    let use_it = format!("recipack manifest add connector {{}}{word}");
                    return Err(Failure::names(&[error], list, &use_it));
                }
            }
        }
        (Against::Address(_) | Against::Nothing, _) => said,
    };
    Ok(match &args.of_target {
        None => Change::Connector { title, word },
        Some(target) => Change::TargetConnector {
            target: target.clone(),
            title,
            word,
        },
    })
}

/// What is known of shared connectors without asking anybody.
enum Known {
    Listed(Catalogue),
    Nothing,
    /// A catalogue that is no file, or can't be read.
    Elsewhere(String),
}

fn catalogue_of(args: &ManifestAddArgs, file: &ManifestFile) -> Known {
    let target = args.of_target.as_ref();
    let said = {
        let target = target.and_then(|name| file.manifest().targets.get(name));
        file.manifest().catalog(target.map(|target| &target.value))
    };
    let Some(said) = said else {
        return Known::Nothing;
    };
    match (
        CatalogueSource::of(Path::new(&said.value)),
        file.catalogue_file(target),
    ) {
        (Ok(CatalogueSource::Nothing), _) => Known::Nothing,
        (_, Some(path)) => catalogue_file(&path)
            .map_or_else(|_| Known::Elsewhere(said.value.clone()), Known::Listed),
        (_, None) => Known::Elsewhere(said.value.clone()),
    }
}

/// What the manifest calls a catalogue: a file by its path from the manifest.
fn catalogue(said: &str, manifest: &Path) -> Result<String, Failure> {
    let folder = folder_of(manifest);
    let path = Path::new(said);
    if let Ok(CatalogueSource::File(_)) = CatalogueSource::of(path)
        && !said.trim().is_empty()
        && !path.exists()
    {
        return Err(not_there(
            path,
            folder,
            "give a file, an admin workspace's address, or `none` if the partner shares nothing",
        ));
    }
    named(path, folder)
}

fn not_there(path: &Path, folder: &Path, help: &str) -> Failure {
    let message = format!("{} is not there", path.display());
    let beside = folder.join(path);
    Failure::new(Exit::Failed, "names-nothing", message).help(match beside.exists() {
        true => format!(
            "did you mean {}? paths are given as from here, and written as from the manifest",
            shell_word(&beside.display().to_string())
        ),
        false => help.to_owned(),
    })
}

/// What the manifest calls a project, which has to be one.
fn project(context: &Context, said: &str, file: &ManifestFile) -> Result<String, Failure> {
    let folder = folder_of(file.path());
    if Address::is_meant(said) {
        let address: Address = said
            .parse()
            .map_err(|error: AddressError| Failure::usage(error.to_string()))?;
        context.ui.talk(&format!("note: {address} was not asked\n"));
        return Ok(address.to_string());
    }
    if let Some(reference) = reference(Path::new(said))? {
        selector(&reference)?;
        context
            .ui
            .talk(&format!("note: {reference} was not asked\n"));
        return Ok(reference.to_string());
    }
    let path = Path::new(said);
    if !path.exists() {
        return Err(not_there(
            path,
            folder,
            "give a folder, a package or an address",
        ));
    }
    let opened = read_whole(context, path, Roots::One)?;
    let assets = opened.project.assets.iter().map(looked_at);
    for unmatched in file.manifest().select.unmatched(assets) {
        context.ui.talk(&format!(
            "note: `{}` in `{}` matches no asset of this project\n",
            visible(unmatched.text),
            unmatched.rule.key()
        ));
    }
    let relative = relative(path, folder)?;
    Ok(
        match Address::is_meant(&relative) || Reference::is_meant(&relative) {
            true => format!("./{relative}"),
            false => relative,
        },
    )
}

fn removal(
    context: &Context,
    args: &ManifestRemoveArgs,
    file: &ManifestFile,
    value: &str,
) -> Result<Removal, Failure> {
    let asset = |kind: &AssetKind| -> Result<Removal, Failure> {
        let is_entry = |entry: &&crate::model::span::Located<Glob>| entry.value.as_str() == value;
        // What is gone from the project can still be taken out by its path.
        if let Some(entry) = file.manifest().select.include.iter().find(is_entry) {
            return Ok(Removal::Include(entry.value.clone()));
        }
        let pattern = self::asset(&against(context, file)?, args.part, kind, value)?;
        Ok(Removal::Include(pattern))
    };
    Ok(match args.part {
        ManifestPart::Recipe => asset(&AssetKind::Recipe)?,
        ManifestPart::Connection => asset(&AssetKind::Connection)?,
        ManifestPart::Include => Removal::Include(parsed("pattern", value)?),
        ManifestPart::Exclude => Removal::Exclude(parsed("pattern", value)?),
        ManifestPart::Type => Removal::Type(parsed("type", value)?),
        ManifestPart::Folder => Removal::Folder(parsed("folder", value.trim_end_matches('/'))?),
        ManifestPart::Tag => Removal::Tag(parsed("tag", value)?),
        ManifestPart::Connector => match &args.of_target {
            None => Removal::Connector(parsed("title", value)?),
            Some(target) => Removal::TargetConnector {
                target: target.clone(),
                title: parsed("title", value)?,
            },
        },
        ManifestPart::Target => Removal::Target(parsed("target", value)?),
        ManifestPart::Catalog => match &args.of_target {
            None => Removal::Catalog,
            Some(target) => Removal::TargetCatalog(target.clone()),
        },
        ManifestPart::Project => Removal::Project,
    })
}

/// Says what an addition to the selection does beside what was asked for.
fn consequences(context: &Context, file: &ManifestFile, against: &Against) -> Result<(), Failure> {
    let Against::Project(opened) = against else {
        return Ok(());
    };
    let before = &file.manifest().select;
    let new = ManifestFile::read(file.path())?;
    let after: &Manifest = new.manifest();
    let is_narrow = |select: &Selection| {
        let Selection {
            include,
            exclude: _,
            types,
            folders,
            tags,
        } = select;
        !(include.is_empty() && types.is_empty() && folders.is_empty() && tags.is_empty())
    };
    if !is_narrow(before) && is_narrow(&after.select) {
        context.ui.talk(
            "note: until now everything was taken; now only what `[select]` names, with what that needs\n",
        );
    }
    let is_old = |glob: &Glob| before.include.iter().any(|old| old.value == *glob);
    for glob in after.select.include.iter().filter(|g| !is_old(&g.value)) {
        for asset in &opened.project.assets {
            if !glob.value.matches(asset.path.as_str()) {
                continue;
            }
            let by = match after.select.selects(&looked_at(asset)) {
                Choice::Selected | Choice::NotIncluded => continue,
                Choice::Excluded(pattern) => format!("`{}` in `exclude`", pattern.value),
                Choice::Type => "`types`".to_owned(),
                Choice::Folder => "`folders`".to_owned(),
                Choice::Tag => "`tags`".to_owned(),
            };
            context.ui.talk(&format!(
                "note: {} still stays out, unless something needs it, because of {}\n",
                visible(asset.path.as_str()),
                visible(&by)
            ));
        }
    }
    Ok(())
}
