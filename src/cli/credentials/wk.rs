//! Profiles of `wk`, the platform's newer command line: `~/.wk/profiles.json`, or `~/.wk/profiles.env`
//! where it keeps tokens in a file (platform.md §8.2). What is known of the forms of these files is
//! little, so that every likely one is read, and one that is not known is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    CredentialError, Environment, Keeper, Looked, Profile, any_json, bare, host, looked, private,
    read,
};
use crate::client::{ApiBase, Token};
use crate::io::system::HOME;
use crate::model::ident::DataCenter;

/// The files, in the order in which they count.
const FILES: [&str; 2] = ["profiles.json", "profiles.env"];
/// Keys that name the profile which counts, where none is asked for.
const CURRENT: [&str; 5] = [
    "currentprofile",
    "current",
    "activeprofile",
    "active",
    "default",
];
/// Keys of a profile's host.
const HOSTS: [&str; 4] = ["baseurl", "regionurl", "apiurl", "url"];

/// All profiles that are there.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiles {
    /// Each, with the file that it stands in.
    pub(super) each: BTreeMap<String, (PathBuf, Fields)>,
    current: Option<String>,
    /// A file whose form is not known.
    pub(super) unknown: Option<PathBuf>,
}

/// What a profile says, by its keys in small letters without `_` and `-`. It may hold a token.
#[derive(Clone, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fields {
    fn first(&self, keys: &[&str]) -> Option<&str> {
        let mut found = keys.iter().filter_map(|key| self.0.get(*key));
        found.next().map(String::as_str)
    }
}

impl Profiles {
    /// Those of the environment's home folder.
    pub(super) fn read(
        environment: &Environment<'_>,
        places: &mut Vec<Looked>,
    ) -> Result<Self, CredentialError> {
        let mut all = Self::default();
        let Some(home) = environment.path(HOME) else {
            return Ok(all);
        };
        for name in FILES {
            let file = home.join(".wk").join(name);
            let Some(text) = read(&file)? else {
                continue;
            };
            let found = match name.ends_with(".json") {
                true => of_json(&any_json(&file, &text)?),
                false => of_lines(&text),
            };
            let Some((current, each)) = found else {
                places.push(looked(
                    file.display().to_string(),
                    "there, in a form that recipack does not know",
                ));
                all.unknown = Some(file);
                continue;
            };
            all.current = all.current.or(current);
            for (name, fields) in each {
                all.each
                    .entry(name)
                    .or_insert_with(|| (file.clone(), fields));
            }
        }
        Ok(all)
    }

    /// The profile of this name.
    pub(super) fn get(&self, name: &str) -> Result<Option<Profile>, CredentialError> {
        let Some((file, fields)) = self.each.get(name) else {
            return Ok(None);
        };
        let place = format!("profile `{}` in {}", name.escape_debug(), file.display());
        let base = match fields.first(&HOSTS) {
            Some(url) => host(&place, url)?,
            None => {
                let region = fields.first(&["region"]);
                let center = region.and_then(|region| region.to_lowercase().parse().ok());
                let base = center.as_ref().and_then(|it: &DataCenter| ApiBase::of(it));
                base.ok_or_else(|| CredentialError::Malformed {
                    file: file.clone(),
                    why: format!("{place} names no host"),
                })?
            }
        };
        Ok(Some(Profile {
            name: name.to_owned(),
            base,
            workspace: None,
            keeper: Keeper::Wk(file.clone()),
        }))
    }

    /// The one that counts, where none is asked for: the current one, or the only one.
    pub(super) fn current(&self) -> Result<Option<Profile>, CredentialError> {
        match (&self.current, self.each.keys().next()) {
            (Some(name), _) => self.get(name),
            (None, Some(only)) if self.each.len() == 1 => self.get(only),
            (None, Some(_) | None) => Ok(None),
        }
    }
}

/// The token that a file of `wk` has for a profile.
pub(super) fn token(
    profile: &str,
    file: &Path,
    places: &mut Vec<Looked>,
) -> Result<Option<Token>, CredentialError> {
    let place = file.display().to_string();
    let has_token = |text: &str| {
        let found = match file.extension().is_some_and(|it| it == "json") {
            true => of_json(&any_json(file, text)?),
            false => of_lines(text),
        };
        let (_, each) = found.unwrap_or_default();
        let fields = each.into_iter().find(|(name, _)| name == profile);
        Ok::<_, CredentialError>(fields.and_then(|(_, fields)| {
            let token = fields.first(&["token", "apitoken"]).map(bare)?;
            (!token.is_empty()).then(|| token.to_owned())
        }))
    };
    let token = match read(file)? {
        Some(text) => has_token(&text)?,
        None => None,
    };
    if token.is_none() {
        let found = format!("no token for profile `{}`", profile.escape_debug());
        places.push(looked(place, found));
        places.push(looked("the system's keyring", "not read by recipack"));
        return Ok(None);
    }
    // A file with a token is its owner's alone, and was not exchanged meanwhile.
    let Some(token) = private(file)?
        .map(|text| has_token(&text))
        .transpose()?
        .flatten()
    else {
        return Ok(None);
    };
    super::token_of(
        &token,
        format!("profile `{}` ({place})", profile.escape_debug()),
    )
}

type Found = (Option<String>, Vec<(String, Fields)>);

/// An object of profiles, below `profiles` or by itself, or a list of profiles with names.
fn of_json(value: &Value) -> Option<Found> {
    let current = value.as_object().and_then(|object| {
        let mut named = object
            .iter()
            .filter(|(key, _)| CURRENT.contains(&&*plain(key)));
        named.find_map(|(_, name)| name.as_str().filter(|name| !name.is_empty()))
    });
    let profiles = value
        .as_object()
        .and_then(|object| object.iter().find(|(key, _)| plain(key) == "profiles"))
        .map_or(value, |(_, profiles)| profiles);
    let each: Vec<(String, Fields)> = match profiles {
        Value::Object(profiles) => profiles
            .iter()
            .filter_map(|(name, profile)| Some((name.clone(), fields(profile)?)))
            .collect(),
        Value::Array(profiles) => profiles
            .iter()
            .filter_map(|profile| {
                let fields = fields(profile)?;
                let name = fields
                    .first(&["name", "profile", "profilename"])?
                    .to_owned();
                Some((name, fields))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    (!each.is_empty()).then(|| (current.map(str::to_owned), each))
}

fn fields(profile: &Value) -> Option<Fields> {
    let object = profile.as_object()?;
    let texts = object.iter().filter_map(|(key, value)| {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some((plain(key), text.to_owned()))
    });
    Some(Fields(texts.collect()))
}

/// Lines of `KEY=VALUE`; each `NAME` begins another profile.
fn of_lines(text: &str) -> Option<Found> {
    let mut each: Vec<(String, Fields)> = Vec::new();
    for line in text.lines().map(bare) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, value) = line.split_once('=')?;
        let value = bare(value).trim_matches(['"', '\'']).to_owned();
        match plain(bare(key)).as_str() {
            "name" => each.push((value, Fields::default())),
            key => {
                let (_, fields) = each.last_mut()?;
                if !value.is_empty() {
                    fields.0.insert(key.to_owned(), value);
                }
            }
        }
    }
    (!each.is_empty()).then_some((None, each))
}

fn plain(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}
