//! Which thing of a workspace a person means by a name.

use crate::model::catalogue::{Catalogue, CatalogueEntry};
use crate::model::ident::{DataCenter, InternalName};
use crate::model::keyword::nearest;
use crate::model::kind::AssetKind;
use crate::model::workspace::{AssetKey, FolderPath, WorkspaceAsset, WorkspaceConnector};
use crate::plan::rule::Share;

/// Why a name says nothing, or too little.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nothing is called that.
    #[error("there is no {what} \"{text}\"")]
    Nothing {
        /// What was looked for.
        what: &'static str,
        /// The name that was given.
        text: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// Several are.
    #[error("\"{text}\" is the name of {} {what}s", candidates.len())]
    Several {
        /// What was looked for.
        what: &'static str,
        /// The name that was given.
        text: String,
        /// What each of them can be called instead.
        candidates: Vec<Candidate>,
    },
}

impl ResolveError {
    /// That nothing is called `text`, where these are the names that something has.
    pub(super) fn nothing<'n>(
        what: &'static str,
        text: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        Self::Nothing {
            what,
            text: text.to_owned(),
            nearest: nearest(text, names).map(str::to_owned),
        }
    }

    /// That these all are called `text`.
    pub(super) fn several(
        what: &'static str,
        text: &str,
        candidates: impl Iterator<Item = Candidate>,
    ) -> Self {
        Self::Several {
            what,
            text: text.to_owned(),
            candidates: candidates.collect(),
        }
    }
}

/// One of several things that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// A name that means nothing else.
    pub unique: String,
    /// What it is called otherwise.
    pub label: String,
}

/// A custom connector that recipes of a workspace can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Available<'a> {
    /// The workspace's own.
    Own(&'a WorkspaceConnector),
    /// One that the admin workspace shares with it.
    Shared(&'a CatalogueEntry),
}

impl<'a> Available<'a> {
    /// Its title.
    pub fn title(self) -> &'a crate::model::ident::ConnectorTitle {
        match self {
            Self::Own(connector) => &connector.title,
            Self::Shared(entry) => &entry.title,
        }
    }

    /// How recipes spell it.
    pub fn internal_name(self) -> &'a InternalName {
        match self {
            Self::Own(connector) => &connector.internal_name,
            Self::Shared(entry) => &entry.internal_name,
        }
    }
}

/// Where an asset lies and what it is called, as lists show it: `Orders/Track parcels`.
pub fn label(key: &AssetKey) -> String {
    key.place.folder().label(&key.name)
}

/// The custom connectors that a workspace's recipes can use: its own, then the shared ones.
pub fn available<'a>(
    own: &'a [WorkspaceConnector],
    shared: Option<&'a Catalogue>,
    data_center: &DataCenter,
) -> Vec<Available<'a>> {
    let shared = shared.map_or(&[][..], Catalogue::entries).iter();
    let reaches = |entry: &&CatalogueEntry| Share::of(entry, Some(data_center)) == Share::Reachable;
    own.iter()
        .map(Available::Own)
        .chain(shared.filter(reaches).map(Available::Shared))
        .collect()
}

/// The asset of this type that `text` means: its number, its name, or both folder and name. What
/// lies in Home can be told from others of its name by a `/` before it.
///
/// # Errors
/// If there is none, or several.
pub fn asset<'a>(
    assets: &'a [WorkspaceAsset],
    kind: &AssetKind,
    what: &'static str,
    text: &str,
) -> Result<&'a WorkspaceAsset, ResolveError> {
    let of_kind = || assets.iter().filter(|asset| asset.key.kind == *kind);
    // A number never means two, so it wins over a name that is one.
    let number = text.parse::<u64>().ok();
    if let Some(asset) = of_kind().find(|asset| Some(asset.id.0) == number) {
        return Ok(asset);
    }
    let by_path = of_kind().filter(|asset| {
        let label = label(&asset.key);
        label == text && *label != *asset.key.name || text.strip_prefix('/') == Some(label.as_str())
    });
    let by_name = of_kind().filter(|asset| *asset.key.name == *text);
    let mut found: Vec<&WorkspaceAsset> = by_path.chain(by_name).collect();
    found.sort_by_key(|asset| asset.id);
    found.dedup_by_key(|asset| asset.id);
    match *found {
        [] => {
            let names: Vec<String> = of_kind()
                .flat_map(|asset| [asset.key.name.to_string(), label(&asset.key)])
                .collect();
            Err(ResolveError::nothing(
                what,
                text,
                names.iter().map(String::as_str),
            ))
        }
        [one] => Ok(one),
        _ => {
            let candidates = found.iter().map(|asset| Candidate {
                unique: asset.id.to_string(),
                label: label(&asset.key),
            });
            Err(ResolveError::several(what, text, candidates))
        }
    }
}

/// The connector that `text` means: its title or its internal name.
///
/// # Errors
/// If there is none, or several.
pub fn connector<'a>(
    available: &[Available<'a>],
    text: &str,
) -> Result<Available<'a>, ResolveError> {
    let what = "connector";
    let named = |connector: &Available<'_>| connector.internal_name().as_str() == text;
    if let Some(connector) = available.iter().copied().find(named) {
        return Ok(connector);
    }
    let found: Vec<Available<'a>> = available
        .iter()
        .copied()
        .filter(|connector| connector.title().as_str() == text)
        .collect();
    match *found {
        [] => {
            let names = available.iter().flat_map(|connector| {
                [
                    connector.title().as_str(),
                    connector.internal_name().as_str(),
                ]
            });
            Err(ResolveError::nothing(what, text, names))
        }
        [one] => Ok(one),
        _ => {
            let candidates = found.iter().map(|connector| Candidate {
                unique: connector.internal_name().to_string(),
                label: match connector {
                    Available::Own(_) => "the workspace's own".to_owned(),
                    Available::Shared(_) => "shared by the admin workspace".to_owned(),
                },
            });
            Err(ResolveError::several(what, text, candidates))
        }
    }
}

/// The folder with this path.
///
/// # Errors
/// If it is not there.
pub fn folder<'f>(
    folders: impl IntoIterator<Item = &'f FolderPath> + Clone,
    wanted: &FolderPath,
) -> Result<(), ResolveError> {
    if wanted.is_home() || folders.clone().into_iter().any(|folder| folder == wanted) {
        return Ok(());
    }
    let names = folders.into_iter().map(FolderPath::as_str);
    Err(ResolveError::nothing("folder", wanted.as_str(), names))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::ident::{Digest, Version};
    use crate::model::workspace::{AssetId, AssetPlace, Body, HeldState};

    fn held(id: u64, folder: &str, name: &str) -> WorkspaceAsset {
        WorkspaceAsset {
            id: AssetId(id),
            key: AssetKey {
                place: AssetPlace::Folder(folder.parse().expect("a folder")),
                kind: AssetKind::Recipe,
                name: name.into(),
                twin: 0,
            },
            version: Version(1),
            body: Body {
                files: Default::default(),
                origin: Digest::of(b""),
                renames: BTreeMap::new(),
                bindings: Default::default(),
                providers: Default::default(),
            },
            state: HeldState::of_new(&AssetKind::Recipe),
        }
    }

    #[test]
    fn a_recipe_is_called_by_number_name_or_path() {
        let mut assets = vec![
            held(1, "", "Track"),
            held(2, "Orders", "Track"),
            held(3, "Orders", "Ship/Return"),
            held(4, "Orders", "2"),
            held(5, "Twins", "Same"),
            held(6, "Twins", "Same"),
        ];
        assets.push(WorkspaceAsset {
            key: AssetKey {
                kind: AssetKind::Topic,
                ..held(7, "", "Events").key
            },
            ..held(7, "", "Events")
        });
        let pick = |text: &str| match asset(&assets, &AssetKind::Recipe, "recipe", text) {
            Ok(asset) => asset.id.to_string(),
            Err(ResolveError::Nothing { nearest, .. }) => format!("nothing: {nearest:?}"),
            Err(ResolveError::Several { candidates, .. }) => candidates
                .iter()
                .map(|candidate| format!("{} {}; ", candidate.unique, candidate.label))
                .collect(),
        };
        for (text, means) in [
            ("1", "1"),
            ("/Track", "1"),
            ("Orders/Track", "2"),
            ("/Orders/Track", "2"),
            ("Track", "1 Track; 2 Orders/Track; "),
            ("Ship/Return", "3"),
            ("Orders/Ship/Return", "3"),
            ("2", "2"),
            ("Orders/2", "4"),
            ("Same", "5 Twins/Same; 6 Twins/Same; "),
            ("Twins/Same", "5 Twins/Same; 6 Twins/Same; "),
            ("5", "5"),
            ("Trakc", "nothing: Some(\"Track\")"),
            ("orders/track", "nothing: Some(\"Orders/Track\")"),
            ("Events", "nothing: None"),
            ("99", "nothing: None"),
            ("", "nothing: None"),
        ] {
            assert_eq!(pick(text), means, "{text}");
        }
    }

    #[test]
    fn a_connector_is_called_by_title_or_internal_name() {
        let own = [WorkspaceConnector {
            known: crate::model::workspace::VersionsKnown::All,
            id: crate::model::workspace::ConnectorId(1),
            title: "Parcel Tracker".parse().expect("a title"),
            internal_name: "parcel_tracker_connector_7_1".parse().expect("a name"),
            released: None,
            versions: Vec::new(),
        }];
        let shared = Catalogue::parse(
            br#"[{"name":"parcel_tracker_connector_1_1","title":"Parcel Tracker","oem_shared_version":1},
                {"name":"vault_connector_1_2","title":"Vault","oem_shared_version":1},
                {"name":"far_connector_1_3","title":"Far","oem_shared_version":1,"visibility":"closed","data_center":"eu"},
                {"name":"draft_connector_1_4","title":"Draft"}]"#,
        )
        .expect("a catalogue");
        let here: DataCenter = "us".parse().expect("a data center");
        let available = available(&own, Some(&shared), &here);
        let pick = |text: &str| match connector(&available, text) {
            Ok(Available::Own(_)) => "own".to_owned(),
            Ok(Available::Shared(entry)) => format!("shared {}", entry.title),
            Err(ResolveError::Nothing { nearest, .. }) => format!("nothing: {nearest:?}"),
            Err(ResolveError::Several { candidates, .. }) => {
                format!("{} of them", candidates.len())
            }
        };
        for (text, means) in [
            ("Parcel Tracker", "2 of them"),
            ("parcel_tracker_connector_7_1", "own"),
            ("parcel_tracker_connector_1_1", "shared Parcel Tracker"),
            ("Vault", "shared Vault"),
            ("vault", "nothing: Some(\"Vault\")"),
            ("Far", "nothing: None"),
            ("Draft", "nothing: None"),
        ] {
            assert_eq!(pick(text), means, "{text}");
        }
    }
}
