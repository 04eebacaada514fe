//! Where host and token of an account come from. Tokens are taken from the environment and from
//! files that only their owner can read, never from arguments, and never shown.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::exit::Exit;
use super::failure::Failure;
use crate::model::choice::nearest;
use crate::model::workspace::{ApiHost, RemoteAccount};

/// By this name the official command-line tool keeps its tokens (platform.md §8.1).
const SERVICE: &str = "workato-platform-cli";

/// Host and token of an account.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Where its API is.
    pub(crate) host: ApiHost,
    /// The token.
    pub(crate) token: SecretString,
    /// Where the token was found.
    pub(crate) source: String,
}

/// What is known of the surroundings.
pub(crate) struct Surroundings<'a> {
    /// Looks up a variable of the environment.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The profile that was named on the command line.
    pub(crate) profile: Option<&'a str>,
}

/// `~/.workato/profiles`, as the official command-line tool writes it.
#[derive(Debug, Default, Deserialize)]
struct Profiles {
    current_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    region_url: String,
}

type TokenStore = BTreeMap<String, BTreeMap<String, SecretString>>;

impl Surroundings<'_> {
    fn said(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    fn folder(&self) -> Option<PathBuf> {
        Some(PathBuf::from(self.said("HOME")?).join(".workato"))
    }

    fn profiles(&self) -> Result<Profiles, Failure> {
        let Some(path) = self.folder().map(|folder| folder.join("profiles")) else {
            return Ok(Profiles::default());
        };
        let Some(bytes) = bytes_of(&path)? else {
            return Ok(Profiles::default());
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(
                Exit::Failed,
                "invalid-profiles",
                format!("{} can't be understood: {error}", path.display()),
            )
            .help("`workato profiles list` shows what the official command-line tool makes of it")
        })
    }

    /// The token of a profile, from the file that the official command-line tool keeps where there
    /// is no keyring.
    fn stored(&self, profile: &str) -> Result<Option<(SecretString, String)>, Failure> {
        let Some(path) = self.folder().map(|folder| folder.join("token_store.json")) else {
            return Ok(None);
        };
        let Some(bytes) = secret_bytes(&path)? else {
            return Ok(None);
        };
        let store: TokenStore = serde_json::from_slice(&bytes).map_err(|_| {
            Failure::new(
                Exit::Failed,
                "invalid-token-store",
                format!("{} can't be understood", path.display()),
            )
        })?;
        let token = store.get(SERVICE).and_then(|tokens| tokens.get(profile));
        Ok(token.map(|token| {
            let source = format!("profile `{profile}` in {}", path.display());
            (token.clone(), source)
        }))
    }

    /// The token that is given for this run, whatever the profile.
    fn given(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(token) = self.said("WORKATO_API_TOKEN") {
            let token = SecretString::from(token.trim());
            return Ok(Some((token, "WORKATO_API_TOKEN".to_owned())));
        }
        let Some(path) = self.said("RECIPACK_TOKEN_FILE").map(PathBuf::from) else {
            return Ok(None);
        };
        let Some(bytes) = secret_bytes(&path)? else {
            return Err(Failure::new(
                Exit::NotAuthorised,
                "no-token",
                format!("{} is not there", path.display()),
            )
            .help("RECIPACK_TOKEN_FILE names a file that holds the token and nothing else"));
        };
        let text = String::from_utf8_lossy(&bytes);
        Ok(Some((
            SecretString::from(text.trim()),
            path.display().to_string(),
        )))
    }

    fn host(&self) -> Result<Option<ApiHost>, Failure> {
        let Some(text) = self.said("WORKATO_HOST") else {
            return Ok(None);
        };
        let text = text.trim();
        let text = match text.contains("://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        text.parse().map(Some).map_err(|error| {
            Failure::usage(format!("WORKATO_HOST: {error}"))
                .help("give it as https://app.eu.workato.com, for instance")
        })
    }

    fn profile_named(&self, name: &str) -> Result<Credentials, Failure> {
        let profiles = self.profiles()?;
        let Some(profile) = profiles.profiles.get(name) else {
            let names = profiles.profiles.keys().map(String::as_str);
            let meant = nearest(name, names.clone());
            let failure = Failure::new(
                Exit::NotAuthorised,
                "no-profile",
                format!("there is no profile `{name}` in ~/.workato/profiles"),
            );
            let known: Vec<&str> = names.collect();
            return Err(match (meant, known.is_empty()) {
                (Some(meant), _) => failure.help(format!("did you mean `{meant}`?")),
                (None, false) => failure.help(format!("there are: {}", known.join(", "))),
                (None, true) => failure.help(HELP),
            });
        };
        let host: ApiHost = profile.region_url.parse().map_err(|error| {
            Failure::new(
                Exit::Failed,
                "invalid-profiles",
                format!("profile `{name}` in ~/.workato/profiles: {error}"),
            )
        })?;
        match self.stored(name)? {
            Some((token, source)) => Ok(Credentials {
                host,
                token,
                source,
            }),
            None => Err(Failure::new(
                Exit::NotAuthorised,
                "no-token",
                format!("there is no token of profile `{name}`"),
            )
            .help(
                "it was looked for in ~/.workato/token_store.json; give it for this run with \
                 WORKATO_API_TOKEN and WORKATO_HOST, or in a file of mode 0600 named by \
                 RECIPACK_TOKEN_FILE",
            )),
        }
    }

    /// The profile that is meant where none is named in an address.
    fn usual_profile(&self) -> Result<Option<String>, Failure> {
        if let Some(profile) = self.profile {
            return Ok(Some(profile.to_owned()));
        }
        match self.said("WORKATO_PROFILE") {
            Some(profile) => Ok(Some(profile)),
            None => Ok(self.profiles()?.current_profile),
        }
    }

    /// Host and token of an account.
    ///
    /// # Errors
    /// If there is no token for it.
    pub(crate) fn credentials(&self, account: &RemoteAccount) -> Result<Credentials, Failure> {
        match account {
            RemoteAccount::Profile(name) => self.profile_named(name),
            RemoteAccount::Host(host) => self.of_host(host),
            RemoteAccount::Customer(_) | RemoteAccount::ExternalId(_) => {
                if self.profile.is_none()
                    && let (Some((token, source)), Some(host)) = (self.given()?, self.host()?)
                {
                    return Ok(Credentials {
                        host,
                        token,
                        source,
                    });
                }
                match self.usual_profile()? {
                    Some(profile) => self.profile_named(&profile),
                    None => Err(Failure::new(
                        Exit::NotAuthorised,
                        "no-token",
                        "it is not known through which admin workspace the customer is reached",
                    )
                    .help(HELP)),
                }
            }
        }
    }

    fn of_host(&self, host: &ApiHost) -> Result<Credentials, Failure> {
        // A token goes to no host that it was not given for.
        let meant = self.host()?.is_none_or(|said| said == *host);
        if meant
            && self.profile.is_none()
            && let Some((token, source)) = self.given()?
        {
            return Ok(Credentials {
                host: host.clone(),
                token,
                source,
            });
        }
        let profiles = self.profiles()?;
        let is_there = |name: &String| {
            let profile = profiles.profiles.get(name);
            let own = profile.and_then(|profile| profile.region_url.parse::<ApiHost>().ok());
            own.as_ref() == Some(host)
        };
        let usual = self.usual_profile()?;
        let named = self.profile.is_some();
        let found = usual.as_ref().filter(|name| is_there(name)).or_else(|| {
            let mut all = profiles.profiles.keys().filter(|name| is_there(name));
            all.next().filter(|_| !named && all.next().is_none())
        });
        match found {
            Some(name) => self.profile_named(name),
            None => {
                let mut message = format!("there is no token for {host}");
                if !meant {
                    message.push_str("; WORKATO_API_TOKEN is for the host in WORKATO_HOST");
                }
                Err(Failure::new(Exit::NotAuthorised, "no-token", message).help(HELP))
            }
        }
    }
}

const HELP: &str = "set WORKATO_API_TOKEN and WORKATO_HOST, or name a file of mode 0600 with the \
                    token by RECIPACK_TOKEN_FILE, or a profile of ~/.workato/profiles by \
                    --profile or WORKATO_PROFILE";

fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(
            Exit::Failed,
            "unreadable",
            format!("can't read {}: {error}", path.display()),
        )),
    }
}

/// The bytes of a file that nobody else may read.
fn secret_bytes(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Ok(metadata) = fs::metadata(path) else {
        return bytes_of(path);
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            Exit::NotAuthorised,
            "token-exposed",
            format!(
                "{} may be read by others (mode {mode:04o}), so it is not used",
                path.display()
            ),
        )
        .help(format!("chmod 600 {}", path.display())));
    }
    bytes_of(path)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const PROFILES: &str = r#"{"current_profile": "dev", "profiles": {
        "dev": {"region": "trial", "region_url": "https://app.trial.workato.com", "workspace_id": 1},
        "prod": {"region": "eu", "region_url": "https://app.eu.workato.com", "workspace_id": 2}}}"#;
    const TOKENS: &str =
        r#"{"workato-platform-cli": {"dev": "token-of-dev", "prod": "token-of-prod"}}"#;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".workato");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("profiles"), PROFILES).expect("written");
        let store = folder.join("token_store.json");
        fs::write(&store, TOKENS).expect("written");
        fs::set_permissions(store, fs::Permissions::from_mode(0o600)).expect("set");
        home
    }

    fn found(
        home: &Path,
        variables: &[(&str, &str)],
        profile: Option<&str>,
        account: &str,
    ) -> Result<(String, String), Failure> {
        let variable = |name: &str| match name {
            "HOME" => Some(home.display().to_string()),
            name => variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned()),
        };
        let surroundings = Surroundings {
            variable: &variable,
            profile,
        };
        let address: crate::model::workspace::Address = account.parse().expect("an address");
        let crate::model::workspace::Address::Remote(remote) = address else {
            panic!("{account} is local");
        };
        let credentials = surroundings.credentials(&remote.account)?;
        assert!(!format!("{credentials:?}").contains("token-of"));
        let token = credentials.token.expose_secret().to_owned();
        Ok((credentials.host.to_string(), token))
    }

    #[test]
    fn a_token_is_found_where_it_was_given() {
        let home = home();
        let given = [
            ("WORKATO_API_TOKEN", "given"),
            ("WORKATO_HOST", "app.jp.workato.com"),
        ];
        let token = &given[..1];
        for (variables, profile, account, host, token) in [
            (
                &given[..],
                None,
                "customer:7",
                "https://app.jp.workato.com",
                "given",
            ),
            (
                &given[..],
                None,
                "https://app.jp.workato.com",
                "https://app.jp.workato.com",
                "given",
            ),
            (
                token,
                None,
                "https://app.sg.workato.com",
                "https://app.sg.workato.com",
                "given",
            ),
            // It is for another host.
            (
                &given[..],
                None,
                "https://app.eu.workato.com",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
            (
                &[][..],
                None,
                "profile:prod",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
            (
                &given[..],
                None,
                "profile:prod",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
            (
                &[][..],
                None,
                "customer:A1",
                "https://app.trial.workato.com",
                "token-of-dev",
            ),
            (
                &[("WORKATO_PROFILE", "prod")][..],
                None,
                "customer:A1",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
            (
                &given[..],
                Some("prod"),
                "customer:A1",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
            (
                &[][..],
                None,
                "https://app.eu.workato.com",
                "https://app.eu.workato.com",
                "token-of-prod",
            ),
        ] {
            let found = found(home.path(), variables, profile, account);
            let found = found.unwrap_or_else(|failure| panic!("{account}: {failure:?}"));
            assert_eq!(found, (host.to_owned(), token.to_owned()), "{account}");
        }
    }

    #[test]
    fn without_a_token_it_is_said_where_to_put_one() {
        let home = home();
        let empty = tempfile::tempdir().expect("a folder");
        for (home, variables, account, message) in [
            (
                home.path(),
                &[][..],
                "https://app.sg.workato.com",
                "no token for https://app.sg",
            ),
            (home.path(), &[][..], "profile:pord", "no profile `pord`"),
            (empty.path(), &[][..], "profile:prod", "no profile `prod`"),
            (
                empty.path(),
                &[][..],
                "customer:7",
                "through which admin workspace",
            ),
            (
                empty.path(),
                &[
                    ("WORKATO_API_TOKEN", "given"),
                    ("WORKATO_HOST", "https://app.jp.workato.com"),
                ][..],
                "https://app.eu.workato.com",
                "is for the host in WORKATO_HOST",
            ),
        ] {
            let failure = found(home, variables, None, account).expect_err(account);
            assert_eq!(failure.exit, Exit::NotAuthorised);
            let told = &failure.told[0];
            assert!(told.message.contains(message), "{}", told.message);
            assert!(told.help.is_some());
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let home = home();
        let file = home.path().join("token");
        fs::write(&file, "of-a-file\n").expect("written");
        let variables = [("RECIPACK_TOKEN_FILE", file.to_str().expect("a path"))];
        for (mode, is_used) in [
            (0o644, false),
            (0o640, false),
            (0o604, false),
            (0o600, true),
            (0o400, true),
        ] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
            match found(home.path(), &variables, None, "https://app.il.workato.com") {
                Ok((_, token)) => assert!(is_used && token == "of-a-file", "{mode:o}"),
                Err(failure) => {
                    assert!(!is_used, "{mode:o}");
                    assert!(
                        failure.told[0]
                            .help
                            .as_deref()
                            .is_some_and(|help| help.contains("chmod"))
                    );
                }
            }
        }
    }
}
