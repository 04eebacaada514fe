//! What a connector's source that comes from outside changes in a workspace: a new version of the
//! connector of its title.

use serde::{Deserialize, Serialize};

use crate::model::catalogue::near_key;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::workspace::{
    ConnectorId, HeldVersion, Inventory, Logo, Timestamp, WorkspaceConnector, WorkspaceKind,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::naming::NewNames;

/// A connector's source, with what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The connector's title.
    pub title: ConnectorTitle,
    /// The digest of the source.
    pub code: Digest,
    /// What its author notes of this version.
    pub note: Option<String>,
    /// What the connector is, if that is to be said anew.
    pub description: Option<String>,
    /// Its picture, if there is a new one.
    pub logo: Option<NewLogo>,
}

/// A picture for a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLogo {
    /// The name of its file.
    pub file_name: String,
    /// What sort of picture it is.
    pub format: LogoFormat,
    /// The digest of its bytes.
    pub content: Digest,
}

keyword_enum! {
    /// The sorts of pictures that the platform takes (platform.md §5.4).
    pub enum LogoFormat: "picture format" {
        /// PNG.
        Png = "image/png",
        /// JPEG.
        Jpeg = "image/jpeg",
    }
}

impl LogoFormat {
    /// What a picture is by its first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    /// What follows the last dot of its file's name in packages.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }
}

/// The JSON of a connector's version, in the platform's order of keys (platform.md §5.4). Every key
/// may be absent in JSON that others wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionText {
    /// Its title.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The name of its picture's file.
    pub logo_file_name: Option<String>,
    /// What sort of picture that is.
    pub logo_content_type: Option<String>,
    /// The number of the version.
    pub version_no: Option<u64>,
    /// What its author noted.
    pub note: Option<String>,
}

impl VersionText {
    /// Reads it.
    ///
    /// # Errors
    /// If it is no such JSON: what it says is not known then.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The JSON in the platform's dialect.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain values can be written")
    }
}

keyword_enum! {
    /// What a push does.
    pub enum PushEffect: "effect" {
        /// It creates the connector, with version 1.
        Creates = "creates",
        /// It makes another version.
        Adds = "adds",
        /// The newest version is the same already.
        Unchanged = "unchanged",
    }
}

/// A push that was planned.
#[derive(Clone, Debug)]
pub struct Push {
    /// What changes.
    pub commit: Commit,
    /// What that is, in a word.
    pub effect: PushEffect,
    /// How recipes of the workspace spell the connector.
    pub internal_name: InternalName,
    /// The version that is the newest afterwards.
    pub version: Version,
    /// The version that recipes run.
    pub released: Option<Version>,
    /// The JSON of the new version.
    pub json: String,
}

/// Why nothing can be pushed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// Customers can't build connectors (platform.md §4).
    #[error("`{workspace}` is a customer's workspace, where connectors can't be built")]
    Customer {
        /// The workspace.
        workspace: String,
        /// Its admin workspace.
        admin: Option<String>,
    },
    /// Titles are what connectors are known by in other workspaces, and nobody tells these apart.
    #[error(
        "\"{title}\" differs from the title of the connector \"{there}\" only in case or spaces"
    )]
    NearTitle {
        /// What the new one was to be called.
        title: ConnectorTitle,
        /// What the one that is there is called.
        there: ConnectorTitle,
    },
}

/// Makes a new version of the workspace's own connector of that title, unless the newest one is the
/// same. `latest` is the JSON of the newest version, as far as it is known. A first version is not
/// released: that is another step.
///
/// # Errors
/// If the workspace is a customer's, or another connector's title is hardly another one.
pub fn push(
    inventory: &Inventory,
    source: &Source,
    latest: &VersionText,
    at: Timestamp,
) -> Result<Push, PushError> {
    let workspace = &inventory.workspace;
    match workspace.kind {
        WorkspaceKind::Admin | WorkspaceKind::External => {}
        WorkspaceKind::Customer => {
            return Err(PushError::Customer {
                workspace: workspace.name.to_string(),
                admin: workspace.admin.as_ref().map(ToString::to_string),
            });
        }
    }
    let mut connectors = inventory.connectors.iter();
    let held = connectors.find(|held| held.title == source.title);
    let newest = held.and_then(WorkspaceConnector::latest);
    if held.is_none() {
        let key = near_key(source.title.as_str());
        let mut others = inventory.connectors.iter();
        if let Some(near) = others.find(|other| near_key(other.title.as_str()) == key) {
            return Err(PushError::NearTitle {
                title: source.title.clone(),
                there: near.title.clone(),
            });
        }
    }
    let mut commit = Commit::on(workspace);
    if let (Some(held), Some(newest)) = (held, newest)
        && held.newest().is_some()
        && is_same(source, newest, latest)
    {
        return Ok(Push {
            commit,
            effect: PushEffect::Unchanged,
            internal_name: held.internal_name.clone(),
            version: newest.number,
            released: held.released,
            json: latest.json(),
        });
    }
    let (id, internal_name) = match held {
        Some(held) => (held.id, held.internal_name.clone()),
        None => create(&mut commit, inventory, &source.title, at),
    };
    let number = Version(newest.map_or(1, |newest| newest.number.0 + 1));
    let text = VersionText {
        title: Some(source.title.to_string()),
        description: source
            .description
            .clone()
            .or_else(|| latest.description.clone()),
        version_no: Some(number.0),
        note: source.note.clone(),
        // A connector keeps its picture until it gets another one.
        ..match &source.logo {
            Some(logo) => VersionText {
                logo_file_name: Some(logo.file_name.clone()),
                logo_content_type: Some(logo.format.to_string()),
                ..VersionText::default()
            },
            None => latest.clone(),
        }
    };
    let json = text.json();
    let logo = match &source.logo {
        Some(logo) => Some(Logo {
            extension: logo.format.extension().to_owned(),
            content: logo.content,
        }),
        None => newest.and_then(|newest| newest.logo.clone()),
    };
    commit.changes.push(Change::AddVersion {
        id,
        version: HeldVersion {
            number,
            note: source.note.clone(),
            json: Some(Digest::of(json.as_bytes())),
            code: Some(source.code),
            logo,
            source_version: None,
            source_workspace: None,
            created_at: at,
            released_at: None,
        },
    });
    Ok(Push {
        commit,
        effect: match held {
            Some(_) => PushEffect::Adds,
            None => PushEffect::Creates,
        },
        internal_name,
        version: number,
        released: held.and_then(|held| held.released),
        json,
    })
}

/// The note alone makes no new version: it says what a version changes.
fn is_same(source: &Source, newest: &HeldVersion, latest: &VersionText) -> bool {
    let same_logo = source.logo.as_ref().is_none_or(|logo| {
        let own = newest.logo.as_ref();
        own.is_some_and(|own| own.content == logo.content)
    });
    let same_description = source.description.is_none() || source.description == latest.description;
    newest.code == Some(source.code) && same_logo && same_description
}

fn create(
    commit: &mut Commit,
    inventory: &Inventory,
    title: &ConnectorTitle,
    at: Timestamp,
) -> (ConnectorId, InternalName) {
    let id = commit.new_connector();
    let there = inventory.connectors.iter().map(|held| &held.internal_name);
    let internal_name = NewNames::new(inventory.workspace.id, there, at).name(Some(title));
    commit.changes.push(Change::CreateConnector {
        id,
        title: title.clone(),
        internal_name: internal_name.clone(),
    });
    (id, internal_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_as_the_platform_writes_it() {
        let text = VersionText {
            title: Some("Parcel & Co \"é\"".to_owned()),
            description: None,
            logo_file_name: Some("a.png".to_owned()),
            logo_content_type: Some(LogoFormat::Png.to_string()),
            version_no: Some(2),
            note: Some("two\nlines".to_owned()),
        };
        let json = text.json();
        assert_eq!(
            json,
            "{\n  \"title\": \"Parcel & Co \\\"é\\\"\",\n  \"description\": null,\n  \
             \"logo_file_name\": \"a.png\",\n  \"logo_content_type\": \"image/png\",\n  \
             \"version_no\": 2,\n  \"note\": \"two\\nlines\"\n}"
        );
        assert_eq!(VersionText::parse(json.as_bytes()).expect("JSON"), text);
        assert_eq!(
            VersionText::parse(b"{}").expect("JSON"),
            VersionText::default()
        );
        for unreadable in ["", "[1]", "{\"note\": 1}", "{\"title\": \"a\""] {
            assert!(
                VersionText::parse(unreadable.as_bytes()).is_err(),
                "{unreadable}"
            );
        }
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(
            LogoFormat::of(b"\x89PNG\r\n\x1a\n.."),
            Some(LogoFormat::Png)
        );
        assert_eq!(LogoFormat::of(b"\xff\xd8\xff\xe0"), Some(LogoFormat::Jpeg));
        assert_eq!(LogoFormat::of(b"GIF89a"), None);
    }
}
