//! Whether a package's paths fit the folder that it is imported into. Exports of a workspace's root
//! begin every path with the project's name (platform.md §5.3), and zips made by hand with the name
//! of the folder that was zipped: "an extra top-level folder" is what most often goes wrong
//! (platform.md §12).

use crate::model::facts::ConnectionPlace;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::kind::AssetKind;
use crate::model::project::{Asset, Project};
use crate::model::roots::{self, Found};
use crate::model::workspace::FolderPath;
use crate::plan::decision::shell_word;

/// What a person should know of the paths of a package that goes into `folder`.
pub fn check(project: &Project, folder: &FolderPath) -> Vec<Finding> {
    if let Found::Below(extra) = roots::find(project) {
        return vec![extra_folder(&extra)];
    }
    let target: Vec<&str> = parts(folder.as_str());
    let package = common(project);
    let repeated = (1..=target.len().min(package.len()))
        .rev()
        .find(|&count| target[target.len() - count..] == package[..count]);
    if let Some(count) = repeated {
        return vec![repeats(
            folder,
            &target[..target.len() - count],
            &package[..count],
        )];
    }
    let (Some(goes_into), Some(name)) = (target.first(), project_name(project)) else {
        return Vec::new();
    };
    let message = format!(
        "the package is of the project \"{name}\", and goes into the project \"{goes_into}\""
    );
    vec![
        Finding::new(Code::ProjectNameDiffers, Subject::Project, message)
            .note(format!("it would lie in {}/{name}", folder.as_str()))
            .note("the platform asks that the names of projects match")
            .help(format!(
                "import it without --folder, or take the top folder off: --strip-folder {}",
                shell_word(name)
            )),
    ]
}

/// A package that was zipped one folder too high.
pub fn extra_folder(folder: &str) -> Finding {
    let message =
        format!("all paths begin with `{folder}/`, and the references in the package do not");
    Finding::new(Code::PackageFolderExtra, Subject::Project, message)
        .note("it looks as if the folder was zipped together with what is in it")
        .help(format!(
            "take the top folder off when it is imported: --strip-folder {}",
            shell_word(folder)
        ))
}

fn repeats(folder: &FolderPath, around: &[&str], top: &[&str]) -> Finding {
    let top = top.join("/");
    let message = format!(
        "all paths begin with `{top}/`, and so does the folder: it would lie in {folder}/{top}"
    );
    let parent = match around.is_empty() {
        true => "import it without --folder".to_owned(),
        false => format!(
            "import it into the folder around: --folder {}",
            shell_word(&around.join("/"))
        ),
    };
    Finding::new(Code::FolderRepeated, Subject::Project, message)
        .note("exports of a workspace's root begin every path with the project's name")
        .help(format!(
            "{parent}; or take the top folder off: --strip-folder {}",
            shell_word(&top)
        ))
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// Whether an asset lies in a folder of its project; others lie at the root of every package.
fn is_in_folder(asset: &Asset) -> bool {
    let in_home = asset
        .facts
        .connection()
        .is_some_and(|connection| connection.place == ConnectionPlace::Home);
    let at_root = asset.kind.only_at_root() || asset.kind == AssetKind::LookupTable || in_home;
    !(at_root && asset.path.folder().is_empty())
}

/// The folders that all of them have around them, the outermost first.
fn common(project: &Project) -> Vec<&str> {
    let assets = project.assets.iter().filter(|asset| is_in_folder(asset));
    let mut folders = assets.map(|asset| parts(asset.path.folder()));
    let Some(first) = folders.next() else {
        return Vec::new();
    };
    folders.fold(first, |mut common, folder| {
        let equal = common.iter().zip(&folder).take_while(|(a, b)| a == b);
        let equal = equal.count();
        common.truncate(equal);
        common
    })
}

/// The project that a package names: its properties lie in the project's own folder.
fn project_name(project: &Project) -> Option<&str> {
    let mut properties = project.of_kind(&AssetKind::ProjectProperties);
    let folder = properties.next()?.1.path.folder();
    let is_top = !folder.is_empty() && !folder.contains('/');
    (is_top && common(project).first() == Some(&folder)).then_some(folder)
}
