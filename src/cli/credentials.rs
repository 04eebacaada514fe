//! Which host is spoken to and with which token: from the environment, or as the platform's own
//! command line keeps them (platform.md §8.1). Tokens are never arguments, and never shown.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::Value;

use crate::client::{ApiBase, BaseError, Proxy, Settings, Token};
use crate::io::limited;
use crate::io::system::{HOME, Privacy, privacy};
use crate::model::ident::DataCenter;
use crate::model::workspace::WorkspaceId;

const TOKEN: &str = "WORKATO_API_TOKEN";
const HOST: &str = "WORKATO_HOST";
const PROFILE: &str = "WORKATO_PROFILE";
const NO_KEYRING: &str = "WORKATO_DISABLE_KEYRING";
const TOKEN_FILE: &str = "RECIPACK_TOKEN_FILE";
const CA_FILE: &str = "RECIPACK_CA_FILE";
/// Under which name the platform's command line keeps tokens.
const SERVICE: &str = "workato-platform-cli";
/// Variables whose values are never told.
pub(crate) const SECRETS: [&str; 2] = [TOKEN, super::signing::PASSWORD];
/// Variables that are no other program's business: those, and where a token lies.
pub(crate) const PRIVATE: [&str; 3] = [TOKEN, super::signing::PASSWORD, TOKEN_FILE];

/// Bytes that a file with a token, or with profiles, may have.
const LONGEST: u64 = 1 << 20;

/// The environment variables of a process.
pub(crate) struct Environment<'e>(pub(crate) &'e dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    /// What a variable says; nothing where it is empty.
    fn get(&self, name: &'static str) -> Result<Option<String>, CredentialError> {
        match self.path(name).map(PathBuf::into_os_string) {
            None => Ok(None),
            Some(value) => match value.into_string() {
                Ok(text) if bare(&text).is_empty() => Ok(None),
                Ok(text) => Ok(Some(bare(&text).to_owned())),
                // What it holds may be a token.
                Err(_) => Err(CredentialError::NoText(name)),
            },
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }
}

/// What the address of a workspace says about where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The host that it names.
    pub(crate) host: Option<ApiBase>,
    /// The profile that it names.
    pub(crate) profile: Option<String>,
}

/// A host, and a token for it.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The host.
    pub(crate) base: ApiBase,
    /// The token.
    pub(crate) token: Token,
    /// The workspace that the token is said to belong to.
    pub(crate) workspace: Option<WorkspaceId>,
}

/// A place where a token or a host might have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    place: String,
    found: String,
}

/// Why there is no host, or no token for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    /// It is nowhere.
    #[error("there is no {what}; looked at: {}", Places(looked))]
    Nowhere {
        /// `API token`, or what else is missing.
        what: &'static str,
        /// Where it was looked for.
        looked: Vec<Looked>,
    },
    /// Two places name different hosts. A token is only sent to the host that it is for.
    #[error("{}", disagreeing(hosts))]
    Contradiction {
        /// The places and what they name.
        hosts: Box<[(String, ApiBase); 2]>,
    },
    /// There is no such profile.
    #[error("there is no profile `{}` in {}", name.escape_debug(), file.display())]
    NoProfile {
        name: String,
        file: PathBuf,
        there: Vec<String>,
    },
    /// What should be a host is none.
    #[error("{place} names no host")]
    Host {
        place: String,
        #[source]
        source: BaseError,
    },
    /// A file can't be read.
    #[error("can't read {}", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Others may read a file that holds tokens.
    #[error("{} holds a token, and others than its owner may use it (mode {mode:03o})", file.display())]
    Open { file: PathBuf, mode: u32 },
    /// A file is not what it should be.
    #[error("{} is not as it should be: {why}", file.display())]
    Malformed { file: PathBuf, why: String },
    /// What should be a token holds what no token does.
    #[error("the token from {0} holds a line end, a space or another character that no token has")]
    NoToken(String),
    /// A variable holds something else than text.
    #[error("{0} is no text")]
    NoText(&'static str),
}

struct Places<'l>(&'l [Looked]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Looked { place, found }) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{place} ({found})")?;
        }
        Ok(())
    }
}

fn disagreeing([(one, one_host), (other, other_host)]: &[(String, ApiBase); 2]) -> String {
    format!("{one} names {one_host}, and {other} names {other_host}")
}

impl CredentialError {
    /// What to do next.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::Nowhere { .. } => format!(
                "set {TOKEN} and {HOST}, or {TOKEN_FILE} to a file that only you may read, or log in with `workato init`"
            ),
            Self::Contradiction { .. } => {
                "unset one of them, or name another profile: tokens are sent only to the host that they are for".to_owned()
            }
            Self::NoProfile { there, .. } if there.is_empty() => {
                "there is none; `workato init` makes one".to_owned()
            }
            Self::NoProfile { there, .. } => format!("there are: {}", there.join(", ")),
            Self::Host { .. } => "name it as in https://www.workato.com".to_owned(),
            Self::Open { file, .. } => format!(
                "chmod 600 {}",
                crate::plan::decision::shell_word(&file.display().to_string())
            ),
            Self::Malformed { .. } => format!("repair it, or set {TOKEN} and {HOST}"),
            Self::NoToken(_) => "copy it again, alone and on one line".to_owned(),
            Self::Unreadable { .. } | Self::NoText(_) => return None,
        })
    }
}

/// A profile of the platform's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Profile {
    name: String,
    base: ApiBase,
    workspace: Option<WorkspaceId>,
    keeper: Keeper,
}

/// Who keeps a profile, and its token.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Keeper {
    /// The platform's command line in Python.
    Platform,
    /// `wk`, in this file.
    Wk(PathBuf),
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Profiles {
    current: Option<String>,
    each: BTreeMap<String, Value>,
}

impl Credentials {
    /// Host and token for what is wanted.
    ///
    /// `WORKATO_API_TOKEN` and `WORKATO_HOST` together come before everything else. Otherwise the
    /// profile that is wanted counts, then `WORKATO_PROFILE`, then the current one. A token from a
    /// variable or from `RECIPACK_TOKEN_FILE` comes before a profile's own, and the host that is
    /// wanted before a profile's. Where two places name different hosts, neither is taken.
    ///
    /// # Errors
    /// If there is no host or no token, with all places that were looked at; if two places name
    /// different hosts; and if others may read a file with tokens.
    pub(crate) fn find(
        wanted: &Wanted,
        environment: &Environment<'_>,
    ) -> Result<Self, CredentialError> {
        let mut looked = Vec::new();
        let given = given_token(environment, &mut looked)?;
        let host = match environment.get(HOST)? {
            Some(text) => Some(host(HOST, &text)?),
            None => {
                looked.push(not_set(HOST));
                None
            }
        };
        agree(
            "the workspace's address",
            wanted.host.as_ref(),
            HOST,
            host.as_ref(),
        )?;
        let host = wanted.host.clone().or(host);
        let profile = match (&given, &host) {
            // Nothing is missing. A profile that is named all the same must not name another host.
            (Some(_), Some(_)) if wanted.profile.is_none() => None,
            _ => profile(wanted, host.as_ref(), environment, &mut looked)?,
        };
        if let Some(profile) = &profile {
            let name = format!("profile `{}`", profile.name.escape_debug());
            let other = if wanted.host.is_some() {
                "the workspace's address"
            } else {
                HOST
            };
            agree(other, host.as_ref(), &name, Some(&profile.base))?;
        }
        let base = host.or_else(|| profile.as_ref().map(|profile| profile.base.clone()));
        let Some(base) = base else {
            let what = "host";
            return Err(CredentialError::Nowhere { what, looked });
        };
        let token = match (given, &profile) {
            (Some(token), _) => Some(token),
            (None, Some(profile)) => match &profile.keeper {
                Keeper::Platform => kept_token(&profile.name, environment, &mut looked)?,
                Keeper::Wk(file) => wk::token(&profile.name, file, &mut looked)?,
            },
            (None, None) => None,
        };
        match token {
            Some(token) => Ok(Self {
                base,
                token,
                workspace: profile.and_then(|profile| profile.workspace),
            }),
            None => {
                let what = "API token";
                Err(CredentialError::Nowhere { what, looked })
            }
        }
    }

    /// How to speak to that host, with the proxy and the certificates that the environment names.
    ///
    /// # Errors
    /// If a variable is no text.
    pub(crate) fn settings(
        self,
        environment: &Environment<'_>,
    ) -> Result<Settings, CredentialError> {
        Ok(Settings {
            ca: environment.path(CA_FILE),
            proxy: proxy(environment)?,
            ..Settings::new(self.base, self.token)
        })
    }
}

/// The certificates and the proxy that the environment names.
pub(crate) fn network(
    environment: &Environment<'_>,
) -> Result<(Option<PathBuf>, Option<Proxy>), CredentialError> {
    Ok((environment.path(CA_FILE), proxy(environment)?))
}

/// The proxy for https that the environment names.
fn proxy(environment: &Environment<'_>) -> Result<Option<Proxy>, CredentialError> {
    let first = |names: &[&'static str]| {
        let found = names.iter().map(|name| environment.get(name));
        found.filter_map(Result::transpose).next().transpose()
    };
    let Some(url) = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])? else {
        return Ok(None);
    };
    let mut not_for = Vec::new();
    for host in first(&["NO_PROXY", "no_proxy"])?
        .unwrap_or_default()
        .split(',')
    {
        let host = host.trim();
        not_for.push(host.to_owned());
        // A domain stands for what lies below it too, as everywhere else.
        if !host.is_empty() && !host.starts_with(['.', '*']) {
            not_for.push(format!(".{host}"));
        }
    }
    not_for.retain(|host| !host.is_empty());
    Ok(Some(Proxy { url, not_for }))
}

fn looked(place: impl Into<String>, found: impl Into<String>) -> Looked {
    Looked {
        place: place.into(),
        found: found.into(),
    }
}

fn not_set(name: &'static str) -> Looked {
    looked(name, "not set")
}

fn agree(
    first: &str,
    first_host: Option<&ApiBase>,
    second: &str,
    second_host: Option<&ApiBase>,
) -> Result<(), CredentialError> {
    match (first_host, second_host) {
        (Some(one), Some(other)) if one != other => Err(CredentialError::Contradiction {
            hosts: Box::new([
                (first.to_owned(), one.clone()),
                (second.to_owned(), other.clone()),
            ]),
        }),
        _ => Ok(()),
    }
}

fn host(place: &str, text: &str) -> Result<ApiBase, CredentialError> {
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    text.parse().map_err(|source| CredentialError::Host {
        place: place.to_owned(),
        source,
    })
}

/// A token that is given without a profile.
fn given_token(
    environment: &Environment<'_>,
    places: &mut Vec<Looked>,
) -> Result<Option<Token>, CredentialError> {
    if let Some(token) = environment.get(TOKEN)? {
        return token_of(&token, TOKEN.to_owned());
    }
    places.push(not_set(TOKEN));
    let Some(file) = environment.path(TOKEN_FILE) else {
        places.push(not_set(TOKEN_FILE));
        return Ok(None);
    };
    let Some(text) = private(&file)? else {
        return Err(CredentialError::Unreadable {
            file,
            source: io::ErrorKind::NotFound.into(),
        });
    };
    let token = bare(&text);
    if token.is_empty() || token.contains(char::is_whitespace) {
        let why = "one token is expected in it, and nothing else".to_owned();
        return Err(CredentialError::Malformed { file, why });
    }
    token_of(token, format!("{TOKEN_FILE} ({})", file.display()))
}

/// A text without what editors and shells put around it: spaces, line ends, a byte order mark.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// A token, if it can be one: it goes into the head of a request.
fn token_of(text: &str, source: String) -> Result<Option<Token>, CredentialError> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CredentialError::NoToken(source));
    }
    super::mask::learn(text);
    Ok(Some(Token {
        secret: SecretString::from(text),
        source,
    }))
}

/// The profile that counts; `None` if none is named.
fn profile(
    wanted: &Wanted,
    host: Option<&ApiBase>,
    environment: &Environment<'_>,
    places: &mut Vec<Looked>,
) -> Result<Option<Profile>, CredentialError> {
    let Some(folder) = folder(environment) else {
        places.push(not_set(HOME));
        return Ok(None);
    };
    let file = folder.join("profiles");
    let named = match &wanted.profile {
        Some(name) => Some(name.clone()),
        None => environment.get(PROFILE)?,
    };
    if named.is_none() {
        places.push(not_set(PROFILE));
    }
    let profiles = Profiles::read(&file, places)?;
    let of_wk = wk::Profiles::read(environment, places)?;
    if let Some(name) = named {
        return match (profiles.get(&name, &file)?, of_wk.get(&name)?) {
            (Some(profile), other) => {
                // One name for two hosts means neither.
                let spelled = name.escape_debug();
                agree(
                    &format!("profile `{spelled}` of {}", file.display()),
                    Some(&profile.base),
                    &format!("profile `{spelled}` of wk"),
                    other.as_ref().map(|other| &other.base),
                )?;
                Ok(Some(profile))
            }
            (None, Some(profile)) => Ok(Some(profile)),
            (None, None) => {
                if let Some(file) = of_wk.unknown {
                    return Err(CredentialError::Malformed {
                        file,
                        why: format!(
                            "it may have the profile `{}`, in a form that recipack does not know",
                            name.escape_debug()
                        ),
                    });
                }
                let there = profiles.each.into_keys().chain(of_wk.each.into_keys());
                Err(CredentialError::NoProfile {
                    name,
                    there: there.collect(),
                    file,
                })
            }
        };
    }
    let current = match &profiles.current {
        Some(name) => profiles.get(name, &file)?,
        None => of_wk.current()?,
    };
    let Some(host) = host else {
        if current.is_none() && !(profiles.each.is_empty() && of_wk.each.is_empty()) {
            places.push(looked(file.display().to_string(), "no current profile"));
        }
        return Ok(current);
    };
    if current
        .as_ref()
        .is_some_and(|current| current.base == *host)
    {
        return Ok(current);
    }
    // The host says which, if only one is for it.
    let mut fitting = Vec::new();
    for name in profiles.each.keys() {
        fitting.extend(
            profiles
                .get(name, &file)?
                .filter(|profile| profile.base == *host),
        );
    }
    for name in of_wk.each.keys() {
        // A host's token is the same one, whoever keeps it: the first counts.
        if !profiles.each.contains_key(name) {
            fitting.extend(of_wk.get(name)?.filter(|profile| profile.base == *host));
        }
    }
    if fitting.len() == 1 {
        return Ok(fitting.pop());
    }
    let found = format!("{} profiles for {host}", fitting.len());
    places.push(looked(file.display().to_string(), found));
    Ok(None)
}

fn folder(environment: &Environment<'_>) -> Option<PathBuf> {
    Some(environment.path(HOME)?.join(".workato"))
}

impl Profiles {
    fn read(file: &Path, places: &mut Vec<Looked>) -> Result<Self, CredentialError> {
        let Some(text) = read(file)? else {
            places.push(looked(file.display().to_string(), "not there"));
            return Ok(Self::default());
        };
        let value = json(file, &text)?;
        let each = value.get("profiles").and_then(Value::as_object);
        Ok(Self {
            current: value
                .get("current_profile")
                .and_then(Value::as_str)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            each: each
                .into_iter()
                .flatten()
                .map(|(name, profile)| (name.clone(), profile.clone()))
                .collect(),
        })
    }

    fn get(&self, name: &str, file: &Path) -> Result<Option<Profile>, CredentialError> {
        let Some(profile) = self.each.get(name) else {
            return Ok(None);
        };
        let text = |key: &str| {
            profile
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let place = || format!("profile `{}` in {}", name.escape_debug(), file.display());
        let base = match text("region_url") {
            Some(url) => host(&place(), url)?,
            None => {
                let region = text("region").and_then(|region| region.parse::<DataCenter>().ok());
                let base = region.as_ref().and_then(ApiBase::of);
                base.ok_or_else(|| CredentialError::Malformed {
                    file: file.to_owned(),
                    why: format!("{} names no host", place()),
                })?
            }
        };
        let workspace = profile.get("workspace_id").and_then(Value::as_u64);
        Ok(Some(Profile {
            name: name.to_owned(),
            base,
            workspace: workspace.map(WorkspaceId),
            keeper: Keeper::Platform,
        }))
    }
}

/// The token that the platform's command line keeps for a profile, where it has no keyring of the
/// system's.
fn kept_token(
    profile: &str,
    environment: &Environment<'_>,
    places: &mut Vec<Looked>,
) -> Result<Option<Token>, CredentialError> {
    let disabled = environment.get(NO_KEYRING)?;
    if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        places.push(looked(
            "kept tokens",
            format!("switched off by {NO_KEYRING}"),
        ));
        return Ok(None);
    }
    let Some(folder) = folder(environment) else {
        return Ok(None);
    };
    let file = folder.join("token_store.json");
    let place = file.display().to_string();
    let Some(text) = private(&file)? else {
        places.push(looked(place, "not there"));
        places.push(looked("the system's keyring", "not read by recipack"));
        return Ok(None);
    };
    let store = json(&file, &text)?;
    let token = store
        .get(SERVICE)
        .and_then(|service| service.get(profile))
        .and_then(Value::as_str)
        .map(bare)
        .filter(|token| !token.is_empty());
    let Some(token) = token else {
        let found = format!("nothing for profile `{}`", profile.escape_debug());
        places.push(looked(place, found));
        places.push(looked("the system's keyring", "not read by recipack"));
        return Ok(None);
    };
    token_of(
        token,
        format!("profile `{}` ({place})", profile.escape_debug()),
    )
}

/// JSON of any form, of which nothing is shown if it is none.
fn any_json(file: &Path, text: &str) -> Result<Value, CredentialError> {
    serde_json::from_str(text).map_err(|error| CredentialError::Malformed {
        file: file.to_owned(),
        why: format!("it is no JSON at line {}", error.line()),
    })
}

/// A JSON object.
fn json(file: &Path, text: &str) -> Result<Value, CredentialError> {
    let malformed = |why: String| CredentialError::Malformed {
        file: file.to_owned(),
        why,
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value = any_json(file, text)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(malformed("an object is expected".to_owned()))
    }
}

/// A file's text; `None` if there is no such file.
fn read(file: &Path) -> Result<Option<String>, CredentialError> {
    opened(file, |_| Ok(()))
}

/// The text of a file that only its owner may use.
fn private(file: &Path) -> Result<Option<String>, CredentialError> {
    opened(file, |privacy| match privacy {
        // Where lists say it, what lies in a user's own folders is the user's own.
        Privacy::Owner | Privacy::Unknown => Ok(()),
        Privacy::Others(mode) => Err(CredentialError::Open {
            file: file.to_owned(),
            mode,
        }),
    })
}

fn opened(
    file: &Path,
    allowed: impl Fn(Privacy) -> Result<(), CredentialError>,
) -> Result<Option<String>, CredentialError> {
    let unreadable = |source| CredentialError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let open = match limited::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // What was opened is asked, and not what may lie there by now.
    allowed(privacy(&open.metadata().map_err(unreadable)?))?;
    let mut text = String::new();
    let mut reader = open.take(LONGEST + 1);
    reader.read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(CredentialError::Malformed {
            file: file.to_owned(),
            why: format!("it has more than {LONGEST} bytes"),
        });
    }
    Ok(Some(text))
}

mod wk;

// They set modes of files.
#[cfg(all(test, unix))]
mod tests;
