//! Where a PostgreSQL server is, who logs in, and how it is known to be the right one.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use crate::io::limited::{DOCUMENT, read};
use crate::io::system::{Privacy, privacy};
use crate::ledger::{LedgerError, Login};

/// The port of a server that names none.
const PORT: u16 = 5432;

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// By a socket in a folder of this machine.
    Socket(PathBuf),
    /// By a name or an address.
    Host(String),
}

/// Who is trusted to say that a server is the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nobody has to: it is this machine.
    ThisMachine,
    /// The authorities that the system trusts.
    System,
    /// Those of a file.
    File(PathBuf),
}

/// An address, taken apart.
#[derive(Clone, Debug)]
pub(super) struct PostgresAddress {
    pub(super) server: Server,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: Option<SecretString>,
    pub(super) trust: Trust,
}

fn refused(why: impl Into<String>) -> LedgerError {
    LedgerError::NoLedger(why.into())
}

fn decoded(text: &str) -> Result<String, LedgerError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| refused("its address is no UTF-8"))?;
    match decoded.contains('\0') {
        true => Err(refused("its address has a NUL in it")),
        false => Ok(decoded.into_owned()),
    }
}

/// Whether a name or an address is that of this machine.
fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

impl PostgresAddress {
    /// Takes an address apart. Nothing that is told of it has the password.
    pub(super) fn of(address: &str, login: &Login) -> Result<Self, LedgerError> {
        let url: Url = address
            .parse()
            .map_err(|error| refused(format!("its address can't be read: {error}")))?;
        let mut host = match url.host() {
            Some(Host::Domain(name)) => decoded(name)?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        };
        let some = |text: &str| -> Result<Option<String>, LedgerError> {
            Ok(Some(decoded(text)?).filter(|text| !text.is_empty()))
        };
        let mut port = url.port();
        let mut user = some(url.username())?;
        let mut password = url.password().map(decoded).transpose()?;
        let mut database = some(url.path().trim_start_matches('/'))?;
        let (mut mode, mut authorities) = (None, None);
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match name.as_ref() {
                "host" => host = value,
                "port" => {
                    let read = value.parse();
                    port = Some(read.map_err(|_| refused("its port is no number"))?);
                }
                "user" => user = Some(value),
                "password" => password = Some(value),
                "dbname" => database = Some(value),
                "sslmode" => mode = Some(value),
                "sslrootcert" => authorities = Some(value),
                other => {
                    return Err(refused(format!(
                        "its address has the option `{}`, which is not known; possible are host, port, user, password, dbname, sslmode and sslrootcert",
                        other.escape_debug()
                    )));
                }
            }
        }
        if host.contains(',') {
            return Err(refused("its address names more than one server"));
        }
        let server = match host.as_str() {
            "" => {
                return Err(refused(
                    "its address names no server: postgres://USER@HOST/DATABASE",
                ));
            }
            folder if Path::new(folder).is_absolute() => Server::Socket(folder.into()),
            name => Server::Host(name.to_owned()),
        };
        let user = user.or_else(|| login.user.clone()).ok_or_else(|| {
            refused("its address does not say whom to log in as: postgres://USER@HOST/DATABASE")
        })?;
        let database = database.ok_or_else(|| {
            refused("its address names no database: postgres://USER@HOST/DATABASE")
        })?;
        let mut address = Self {
            trust: trust(&server, mode.as_deref(), authorities, login)?,
            server,
            port: port.unwrap_or(PORT),
            user,
            database,
            password: password
                .map(SecretString::from)
                .or_else(|| login.password.clone()),
        };
        if let (None, Some(file)) = (&address.password, &login.passwords) {
            address.password = address.password_in(file)?;
        }
        Ok(address)
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        let server = match &self.server {
            Server::Socket(folder) => folder.display().to_string(),
            Server::Host(name) if name.contains(':') => format!("[{name}]"),
            Server::Host(name) => name.clone(),
        };
        let (user, port, database) = (&self.user, self.port, &self.database);
        format!("postgres://{user}@{server}:{port}/{database}")
    }

    /// The password of a file of them, one a line: `host:port:database:user:password`.
    fn password_in(&self, file: &Path) -> Result<Option<SecretString>, LedgerError> {
        let metadata = match std::fs::metadata(file) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::Failed(error.into())),
        };
        match privacy(&metadata) {
            Privacy::Owner | Privacy::Unknown => {}
            Privacy::Others(_) => {
                return Err(LedgerError::Denied(format!(
                    "others may use {0}, where its password may be: chmod 600 {0}",
                    file.display()
                )));
            }
        }
        let bytes = read(file, DOCUMENT).map_err(|error| LedgerError::Failed(error.into()))?;
        let text = SecretString::from(String::from_utf8_lossy(&bytes).into_owned());
        let host = match &self.server {
            Server::Socket(_) => "localhost",
            Server::Host(name) => name,
        };
        let port = self.port.to_string();
        let wanted = [host, &port, &self.database, &self.user];
        let lines = text.expose_secret().lines();
        let found = lines
            .filter(|line| !line.starts_with('#'))
            .map(fields)
            .find_map(|fields| match fields.as_slice() {
                [of_line @ .., password] if of_line.len() == wanted.len() => {
                    let fits = of_line
                        .iter()
                        .zip(wanted)
                        .all(|(field, wanted)| field == "*" || field == wanted);
                    fits.then(|| SecretString::from(password.as_str()))
                }
                _ => None,
            });
        Ok(found)
    }
}

/// The fields of a line of passwords; what follows the fourth colon is the password. `\` makes a colon
/// or another `\` plain.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let plain = match character {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => characters.next(),
            other => Some(other),
        };
        if let (Some(field), Some(plain)) = (fields.last_mut(), plain) {
            field.push(plain);
        }
    }
    fields
}

/// Passwords and plans go to nobody who is not known to be the server.
fn trust(
    server: &Server,
    mode: Option<&str>,
    authorities: Option<String>,
    login: &Login,
) -> Result<Trust, LedgerError> {
    let is_near = match server {
        Server::Socket(_) => true,
        Server::Host(name) => is_this_machine(name),
    };
    let checked = match (server, mode) {
        (Server::Socket(_), _) | (Server::Host(_), Some("disable")) if is_near => false,
        (_, None) => !is_near || authorities.is_some(),
        (_, Some("verify-full")) => true,
        (_, Some(mode)) => {
            return Err(refused(format!(
                "sslmode={} does not make sure that the server is the one that is meant; leave it out, or write sslmode=verify-full",
                mode.escape_debug()
            )));
        }
    };
    Ok(match (checked, authorities) {
        (false, _) => Trust::ThisMachine,
        (true, Some(system)) if system == "system" => Trust::System,
        (true, Some(file)) => Trust::File(file.into()),
        (true, None) => match &login.authorities {
            Some(file) => Trust::File(file.clone()),
            None => Trust::System,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Result<PostgresAddress, LedgerError> {
        PostgresAddress::of(address, &Login::default())
    }

    #[test]
    fn an_address_is_told_without_its_password() {
        for (address, name) in [
            (
                "postgres://ada:canary@db.example/ledger",
                "postgres://ada@db.example:5432/ledger",
            ),
            (
                "postgresql://a%40b:can%61ry@127.0.0.1:6432/l%20l",
                "postgres://a@b@127.0.0.1:6432/l l",
            ),
            (
                "postgres://ada:canary@[::1]/ledger",
                "postgres://ada@[::1]:5432/ledger",
            ),
            (
                "postgres://ada:canary@%2Frun%2Fpostgresql/ledger",
                "postgres://ada@/run/postgresql:5432/ledger",
            ),
            (
                "postgres:///ledger?host=/run/postgresql&user=ada&password=canary&port=7",
                "postgres://ada@/run/postgresql:7/ledger",
            ),
        ] {
            let read = of(address).expect(address);
            assert_eq!(read.name(), name);
            assert!(!format!("{read:?}").contains("canary"), "{read:?}");
            let password = read.password.expect("one");
            assert_eq!(password.expose_secret(), "canary");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for (address, why) in [
            ("postgres://ada:canary@/ledger", "can't be read"),
            ("postgres:///ledger?user=ada", "names no server"),
            ("postgres://:canary@db.example/ledger", "whom to log in as"),
            ("postgres://ada:canary@db.example", "names no database"),
            ("postgres://ada:canary@db.example/", "names no database"),
            (
                "postgres://ada:canary@one,two/ledger",
                "more than one server",
            ),
            ("postgres://ada:canary@db.example:x/ledger", "can't be read"),
            (
                "postgres://ada:canary@db.example/l?a=canary",
                "the option `a`",
            ),
            (
                "postgres://ada:canary@db.example/l?port=canary",
                "no number",
            ),
            ("postgres://ada:canary@db.example/l%00", "NUL"),
            ("postgres://ada:canary%ff@db.example/l", "UTF-8"),
        ] {
            let error = of(address).expect_err(address).to_string();
            assert!(error.contains(why), "{address}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_trusted_without_an_authority() {
        let file = || Trust::File("ca.pem".into());
        for (rest, trust) in [
            ("localhost/l", Some(Trust::ThisMachine)),
            ("127.1.2.3/l", Some(Trust::ThisMachine)),
            ("[::1]/l?sslmode=disable", Some(Trust::ThisMachine)),
            ("%2Ftmp/l", Some(Trust::ThisMachine)),
            ("localhost/l?sslmode=verify-full", Some(Trust::System)),
            ("localhost/l?sslrootcert=ca.pem", Some(file())),
            ("db.example/l", Some(Trust::System)),
            (
                "db.example/l?sslmode=verify-full&sslrootcert=system",
                Some(Trust::System),
            ),
            ("db.example/l?sslrootcert=ca.pem", Some(file())),
            ("localhost.example/l", Some(Trust::System)),
            ("db.example/l?sslmode=disable", None),
            ("db.example/l?sslmode=prefer", None),
            ("db.example/l?sslmode=require", None),
            ("db.example/l?sslmode=verify-ca&sslrootcert=ca.pem", None),
            ("10.0.0.1/l?sslmode=disable", None),
            ("localhost/l?sslmode=require", None),
        ] {
            let read = of(&format!("postgres://ada@{rest}"));
            assert_eq!(read.ok().map(|read| read.trust), trust, "{rest}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_is_found_by_what_it_is_for() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("passwords");
        let lines = "# a comment\nother:5432:l:ada:no\ndb.example:*:l:a\\:b:with\\:c\\\\o:lon\nlocalhost:5432:*:ada:socket\n*:*:*:eve:any\n";
        std::fs::write(&file, lines).expect("written");
        let login = Login {
            passwords: Some(file.clone()),
            ..Login::default()
        };
        let found = |address: &str| {
            let read = PostgresAddress::of(address, &login)?;
            Ok::<_, LedgerError>(read.password.map(|found| found.expose_secret().to_owned()))
        };
        let error = found("postgres://ada@db.example/l").expect_err("others may read it");
        assert!(error.to_string().contains("chmod 600"), "{error}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
        for (address, password) in [
            ("postgres://ada@db.example/l", None),
            ("postgres://a%3Ab@db.example/l", Some("with:c\\o:lon")),
            ("postgres://ada@%2Ftmp/x", Some("socket")),
            ("postgres://ada@%2Ftmp:5433/x", None),
            ("postgres://eve@db.example/l", Some("any")),
            ("postgres://eve:own@db.example/l", Some("own")),
        ] {
            let found = found(address).expect(address);
            assert_eq!(found.as_deref(), password, "{address}");
        }
    }
}
