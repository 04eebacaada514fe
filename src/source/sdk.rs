//! Connectors in the layout of the connector SDK: `NAME/connector.rb`, perhaps with a logo beside it
//! (platform.md §5.4, §8.3).
//!
//! What a package has of such a connector beside its source is made here: the JSON says its title,
//! and no version number, as what the SDK itself uploads.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use crate::connector_source;
use crate::connector_source::MAX_SOURCE;
use crate::model::ident::ConnectorTitle;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::Listed;
use crate::model::slug::Stem;

/// The file that makes a folder a connector's.
const SOURCE: &str = "connector.rb";
/// What a logo beside it is called, and what sort of picture each is.
const LOGOS: &[(&str, &str, &str)] = &[
    ("logo.png", "png", "image/png"),
    ("logo.jpeg", "jpeg", "image/jpeg"),
    ("logo.jpg", "jpeg", "image/jpeg"),
];

/// A file of a connector, as a package has it.
#[derive(Debug)]
pub(crate) struct MadeFile {
    /// Its path in a package.
    pub(crate) listed: Listed,
    /// Its bytes.
    pub(crate) content: MadeContent,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub(crate) enum MadeContent {
    /// Here.
    Held(Vec<u8>),
    /// On disk, below the folder.
    At(PackagePath),
}

/// The JSON of a connector (platform.md §5.4), but for `version_no`, which such a folder does not tell.
#[derive(Serialize)]
struct ConnectorJson<'a> {
    title: &'a str,
    description: Option<&'a str>,
    logo_file_name: Option<&'a str>,
    logo_content_type: Option<&'a str>,
    note: Option<&'a str>,
}

/// The connectors among the files of a folder: those that `listed` has below `root`, and
/// `own_name`, what to call the folder itself.
///
/// # Errors
/// If a source can't be read.
pub(crate) fn connectors(
    root: &std::path::Path,
    own_name: &str,
    listed: &[Listed],
) -> io::Result<Vec<MadeFile>> {
    let mut taken: BTreeSet<String> = listed
        .iter()
        .map(|listed| listed.path.collision_key())
        .collect();
    let paths: BTreeSet<&str> = listed.iter().map(|listed| listed.path.as_str()).collect();
    let mut made = Vec::new();
    for source in listed.iter().filter(|l| l.path.file_name() == SOURCE) {
        let folder = source.path.folder();
        let name = match folder.rsplit_once('/') {
            Some((_, name)) => name,
            None if folder.is_empty() => own_name,
            None => folder,
        };
        // What is larger is refused later, and need not be held.
        let code = match usize::try_from(source.size) {
            Ok(size) if size <= MAX_SOURCE => {
                let path: PathBuf = root.join(source.path.as_str());
                MadeContent::Held(fs::read(path)?)
            }
            Ok(_) | Err(_) => MadeContent::At(source.path.clone()),
        };
        let title = match &code {
            MadeContent::Held(bytes) => connector_source::title(bytes),
            MadeContent::At(_) => None,
        };
        let title = title
            .filter(|title| title.parse::<ConnectorTitle>().is_ok())
            .unwrap_or_else(|| name.to_owned());
        let within = |file: &str| match folder {
            "" => file.to_owned(),
            folder => format!("{folder}/{file}"),
        };
        let logo = LOGOS
            .iter()
            .find(|(file, ..)| paths.contains(within(file).as_str()));
        let json = ConnectorJson {
            title: &title,
            description: None,
            logo_file_name: logo.map(|(file, ..)| *file),
            logo_content_type: logo.map(|(_, _, sort)| *sort),
            note: None,
        };
        let json = serde_json::to_vec_pretty(&json).map_err(io::Error::other)?;
        let stem = free_stem(&title, &mut taken);
        let mut put = |extension: &str, size: u64, content: MadeContent| {
            let path = format!("{stem}.{}.{extension}", AssetKind::CustomAdapter.word());
            // A stem is safe, so the path is.
            if let Ok(path) = path.parse() {
                made.push(MadeFile {
                    listed: Listed { path, size },
                    content,
                });
            }
        };
        put("json", json.len() as u64, MadeContent::Held(json));
        let size = match &code {
            MadeContent::Held(bytes) => bytes.len() as u64,
            MadeContent::At(_) => source.size,
        };
        put("rb", size, code);
        let logo = logo.and_then(|(file, extension, _)| {
            let path = within(file);
            let logo = listed.iter().find(|listed| listed.path.as_str() == path)?;
            Some((extension, logo))
        });
        if let Some((extension, logo)) = logo {
            put(extension, logo.size, MadeContent::At(logo.path.clone()));
        }
    }
    Ok(made)
}

/// The front part of file names that nothing has yet (platform.md §5.2).
fn free_stem(title: &str, taken: &mut BTreeSet<String>) -> String {
    let stem = Stem::of(&AssetKind::CustomAdapter, title);
    let mut number = 0_usize;
    loop {
        let stem = match number {
            0 => stem.as_str().to_owned(),
            number => format!("{}.{number}", stem.as_str()),
        };
        let path = format!("{stem}.{}.json", AssetKind::CustomAdapter.word());
        let key = path
            .parse::<PackagePath>()
            .map_or(path, |path| path.collision_key());
        if taken.insert(key) {
            return stem;
        }
        number += 1;
    }
}
