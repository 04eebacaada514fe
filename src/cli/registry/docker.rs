//! Logins as docker and podman keep them: in a file, or with a program that the file names.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::cli::credentials::PRIVATE;
use crate::cli::mask;
use crate::io::limited;
use crate::io::system::HOME;
use crate::ops::Interrupt;
use crate::registry::{Login, LoginError, Logins, Secret};

/// Where logins are looked for, in words.
pub(super) const PLACES: &str = "$REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json, ~/.docker/config.json and $XDG_RUNTIME_DIR/containers/auth.json";

/// Bytes that a file with logins, and what a program says, may have.
const LONGEST: u64 = 1 << 20;
/// How long a program may take: it may ask a person.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTENING: Duration = Duration::from_millis(20);
/// How docker's own registry is called where logins are kept.
const DOCKER: &str = "https://index.docker.io/v1/";
/// The name that stands beside a token which is exchanged for others.
const TOKEN: &str = "<token>";

/// Logins of docker and podman.
pub(super) struct DockerLogins {
    /// Files, the one that counts most first.
    files: Vec<PathBuf>,
    interrupt: Interrupt,
}

/// What such a file holds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    auth: Option<String>,
    identitytoken: Option<String>,
}

/// What a program says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    username: String,
    secret: String,
}

impl DockerLogins {
    pub(super) fn of(variable: &dyn Fn(&str) -> Option<OsString>, interrupt: &Interrupt) -> Self {
        let path = |name: &str| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let docker = path("DOCKER_CONFIG").or_else(|| Some(path(HOME)?.join(".docker")));
        let files = [
            path("REGISTRY_AUTH_FILE"),
            docker.map(|folder| folder.join("config.json")),
            path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers").join("auth.json")),
        ];
        Self {
            files: files.into_iter().flatten().collect(),
            interrupt: interrupt.clone(),
        }
    }

    /// Asks a program, which gets the host and nothing of what this one knows.
    fn asked(&self, helper: &str, host: &str) -> Result<Option<Login>, LoginError> {
        let program = format!("docker-credential-{helper}");
        let fail = |why: String| LoginError {
            place: program.clone(),
            why,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if helper.is_empty() || !helper.chars().all(plain) {
            return Err(fail("that is no name of a program".to_owned()));
        }
        let mut command = Command::new(&program);
        command.arg("get");
        for name in PRIVATE {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| fail(error.to_string()))?;
        let server = match host {
            "docker.io" => DOCKER,
            host => host,
        };
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not listen says so by how it ends.
            let _ = stdin.write_all(server.as_bytes());
        }
        let stdout = child.stdout.take();
        let reading = std::thread::spawn(move || {
            let mut said = Vec::new();
            let read = stdout.map(|stdout| stdout.take(LONGEST).read_to_end(&mut said));
            read.transpose().map(|_| said)
        });
        let started = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if started.elapsed() < PATIENCE && !self.interrupt.is_set() => {
                    std::thread::sleep(LISTENING);
                }
                Ok(None) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(fail("it did not answer".to_owned()));
                }
                Err(error) => return Err(fail(error.to_string())),
            }
        };
        let said = match reading.join() {
            Ok(said) => said.map_err(|error| fail(error.to_string()))?,
            Err(_) => return Err(fail("what it said was lost".to_owned())),
        };
        if !status.success() {
            let said = String::from_utf8_lossy(&said);
            return match said.contains("credentials not found") {
                true => Ok(None),
                false => Err(fail(format!("it ended with {status}"))),
            };
        }
        let told: Told = serde_json::from_slice(&said)
            .map_err(|_| fail("what it says is no login".to_owned()))?;
        mask::learn(&told.secret);
        let secret = match told.username.as_str() {
            TOKEN => Secret::Identity(told.secret.into()),
            _ => Secret::Password {
                user: told.username,
                password: told.secret.into(),
            },
        };
        Ok(Some(Login {
            source: program,
            secret,
        }))
    }
}

impl Logins for DockerLogins {
    fn login(&self, host: &str) -> Result<Option<Login>, LoginError> {
        for file in &self.files {
            let place = file.display().to_string();
            let fail = |why: String| LoginError {
                place: place.clone(),
                why,
            };
            let bytes = match limited::read(file, LONGEST) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(fail(error.to_string())),
            };
            // What is wrong with it is not shown: it holds secrets.
            let config: Config = serde_json::from_slice(&bytes).map_err(|error| {
                fail(format!(
                    "line {}: it is not as docker writes it",
                    error.line()
                ))
            })?;
            let own = config.cred_helpers.iter();
            let own = own.filter(|(key, _)| is_of(key, host));
            let helper = own.map(|(_, helper)| helper).next();
            if let Some(helper) = helper.or(config.creds_store.as_ref())
                && let Some(login) = self.asked(helper, host)?
            {
                return Ok(Some(login));
            }
            let entries = config.auths.iter().filter(|(key, _)| is_of(key, host));
            for (_, entry) in entries {
                if let Some(secret) = entry.secret().map_err(fail)? {
                    return Ok(Some(Login {
                        source: place,
                        secret,
                    }));
                }
            }
        }
        Ok(None)
    }
}

impl Entry {
    fn secret(&self) -> Result<Option<Secret>, String> {
        if let Some(token) = self.identitytoken.as_deref().filter(|it| !it.is_empty()) {
            mask::learn(token);
            return Ok(Some(Secret::Identity(SecretString::from(token))));
        }
        let Some(auth) = self.auth.as_deref().filter(|auth| !auth.is_empty()) else {
            return Ok(None);
        };
        mask::learn(auth);
        let decoded = STANDARD.decode(auth.trim()).ok();
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let (user, password) = pair.ok_or("an `auth` in it is no login")?;
        let password = password.trim_end_matches('\0');
        mask::learn(password);
        Ok(Some(match user {
            TOKEN => Secret::Identity(SecretString::from(password)),
            user => Secret::Password {
                user: user.to_owned(),
                password: SecretString::from(password),
            },
        }))
    }
}

/// Whether a key of such a file is a registry's: its host, or an address of it.
fn is_of(key: &str, host: &str) -> bool {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let (named, path) = bare.split_once('/').unwrap_or((bare, ""));
    let named = match named {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        named => named,
    };
    let host = match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        host => host,
    };
    named.eq_ignore_ascii_case(host) && matches!(path.trim_end_matches('/'), "" | "v1" | "v2")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn keys_are_hosts_in_any_form() {
        for (key, host, is) in [
            ("ghcr.io", "ghcr.io", true),
            ("https://ghcr.io", "ghcr.io", true),
            ("https://ghcr.io/v2/", "ghcr.io", true),
            ("https://index.docker.io/v1/", "docker.io", true),
            ("ghcr.io/kestrel", "ghcr.io", false),
            ("ghcr.io:443", "ghcr.io", false),
            ("evil.example/ghcr.io", "ghcr.io", false),
            ("localhost:5000", "localhost:5000", true),
        ] {
            assert_eq!(is_of(key, host), is, "{key}");
        }
    }

    #[test]
    fn an_entry_is_a_password_or_a_token() {
        let entry = |auth: &str| Entry {
            auth: Some(STANDARD.encode(auth)),
            identitytoken: None,
        };
        match entry("joe:pass:word").secret() {
            Ok(Some(Secret::Password { user, password })) => {
                assert_eq!(
                    (user.as_str(), password.expose_secret()),
                    ("joe", "pass:word")
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            entry("<token>:x").secret(),
            Ok(Some(Secret::Identity(_)))
        ));
        assert!(entry("nobody").secret().is_err());
        assert!(matches!(Entry::default().secret(), Ok(None)));
    }
}
