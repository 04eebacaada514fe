//! Connecting to a server, and what is done when it goes away.
//!
//! Nothing depends on which connection of a server a transaction has: there are no prepared statements
//! with a name, no locks of a session, nothing is listened for. So a pooler may hand them out by
//! transaction.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use postgres::config::{SslMode, SslNegotiation};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Row};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{PostgresAddress, Server, Trust};
use crate::io::limited::{DOCUMENT, read};
use crate::ledger::LedgerError;

/// For how long a server that went away is looked for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait before the first look, and before each at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long a server may take to answer at all.
const ANSWERS: Duration = Duration::from_secs(10);
/// The oldest server that has all that is asked of it.
const OLDEST: i32 = 130_000;

/// A transaction that reads and then writes what it decided. Whoever is not heard of for a while loses
/// it, so that nobody waits for a machine that was lost; what was acknowledged is on the server's disk,
/// whatever its settings say.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '10s';
SET LOCAL statement_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', true)
WHERE current_setting('synchronous_commit') = 'off'";

/// Why something did not succeed, and what may be done about it.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was decided, or can't be helped.
    Told(LedgerError),
    /// The server went away before it was done.
    Lost(LedgerError),
    /// The server undid it, for others: it may be done again.
    Undone(LedgerError),
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    fn error(self) -> LedgerError {
        match self {
            Self::Told(error) | Self::Lost(error) | Self::Undone(error) => error,
        }
    }
}

/// An error in words, with what it comes from.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        source = error.source();
    }
    words
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            return unanswered(&error);
        };
        let said = match told.detail() {
            Some(detail) => format!("{}: {detail}", told.message()),
            None => told.message().to_owned(),
        };
        let code = told.code();
        if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
        {
            return Self::Undone(LedgerError::Unavailable(said.into()));
        }
        if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            return Self::Told(LedgerError::Denied(said));
        }
        if *code == SqlState::INVALID_CATALOG_NAME {
            return Self::Told(LedgerError::NoLedger(said));
        }
        if *code == SqlState::DISK_FULL {
            let why = format!("there is no room on the server's disk: {said}");
            return Self::Told(LedgerError::Failed(why.into()));
        }
        if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            let why = format!("the server only reads; is it a standby? {said}");
            return Self::Told(LedgerError::Unavailable(why.into()));
        }
        match code.code().get(..2) {
            Some("28") => Self::Told(LedgerError::Denied(said)),
            // Connections, room for them, shutdowns and restarts. A pooler says with the first that
            // it lost the server.
            Some("08" | "57") if *code != SqlState::QUERY_CANCELED => {
                Self::Lost(LedgerError::Unavailable(said.into()))
            }
            Some("53") if *code == SqlState::TOO_MANY_CONNECTIONS => {
                Self::Lost(LedgerError::Unavailable(said.into()))
            }
            Some("53" | "55" | "57") => Self::Told(LedgerError::Unavailable(said.into())),
            Some("XX") if code.code() != "XX000" => Self::Told(LedgerError::Corrupt(said)),
            _ => Self::Told(LedgerError::Failed(said.into())),
        }
    }
}

/// What came of a connection over which nothing, or no answer, came.
fn unanswered(error: &postgres::Error) -> Fault {
    let words = words(error);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        // An error of the system may only wrap what TLS says.
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
            .or_else(|| cause.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(why)) = inner {
            return Fault::Told(LedgerError::Denied(format!(
                "the server's certificate is not trusted ({why}); name the authority that it is of with sslrootcert=FILE in the address"
            )));
        }
        source = cause.source();
    }
    if words.contains("server does not support TLS") {
        return Fault::Told(LedgerError::Denied(
            "the server offers no TLS, without which nothing is sent to another machine".to_owned(),
        ));
    }
    // A password that is missing, or a way to log in that is not known.
    if words.contains("authentication error") || words.contains("invalid configuration") {
        return Fault::Told(LedgerError::Denied(words));
    }
    Fault::Lost(LedgerError::Unavailable(words.into()))
}

/// A parameter and its type: with these no statement has to be prepared before.
pub(super) type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// One transaction, or one reading.
pub(super) struct Session<'s>(&'s RefCell<&'s mut Client>);

impl Session<'_> {
    /// Asks the server.
    pub(super) fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Fault> {
        Ok(self.0.borrow_mut().query_typed(sql, parameters)?)
    }

    /// Asks for one row.
    pub(super) fn row(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// Has the server do something.
    pub(super) fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<(), Fault> {
        self.rows(sql, parameters).map(drop)
    }

    /// Has the server do several things.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.0.borrow_mut().batch_execute(sql)?)
    }
}

/// A server, and the connection to it while there is one.
pub(super) struct Connection {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    client: RefCell<Option<Client>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Lets growing pauses go by until patience ends.
struct Patience {
    began: Instant,
    pause: Duration,
}

impl Patience {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            pause: PAUSES.0,
        }
    }

    /// Waits, and tells whether to try once more.
    fn once_more(&mut self) -> bool {
        if self.began.elapsed() + self.pause > PATIENCE {
            return false;
        }
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(PAUSES.1);
        true
    }
}

impl Connection {
    /// Connects.
    pub(super) fn to(address: &PostgresAddress) -> Result<Self, LedgerError> {
        let mut config = Config::new();
        config
            .user(&address.user)
            .dbname(&address.database)
            .port(address.port)
            .application_name("recipack")
            .connect_timeout(ANSWERS)
            .keepalives_idle(ANSWERS)
            .keepalives_interval(ANSWERS)
            .keepalives_retries(3)
            .tcp_user_timeout(3 * ANSWERS);
        match &address.server {
            // What begins with a slash is a folder with a socket, where there are such.
            Server::Socket(folder) => config.host(&folder.display().to_string()),
            Server::Host(name) => config.host(name),
        };
        if let Some(password) = &address.password {
            config.password(password.expose_secret());
        }
        let tls = match &address.trust {
            Trust::ThisMachine => {
                config.ssl_mode(SslMode::Disable);
                None
            }
            trust @ (Trust::System | Trust::File(_)) => {
                config
                    .ssl_mode(SslMode::Require)
                    .ssl_negotiation(SslNegotiation::Postgres);
                Some(MakeRustlsConnect::new(checked_by(trust)?))
            }
        };
        let connection = Self {
            config,
            tls,
            client: RefCell::new(None),
        };
        // A wrong address is told at once; whoever connects again waits for what was there.
        let client = connection.connect().map_err(Fault::error)?;
        connection.client.replace(Some(client));
        Ok(connection)
    }

    fn connect(&self) -> Result<Client, Fault> {
        let mut client = match &self.tls {
            None => self.config.connect(NoTls)?,
            Some(tls) => self.config.connect(tls.clone())?,
        };
        let facts = client.query_typed(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
               current_setting('server_encoding')",
            &[],
        )?;
        let facts = facts
            .first()
            .ok_or_else(|| LedgerError::NoLedger("it is no PostgreSQL server".to_owned()))?;
        let (number, version): (i32, String) = (facts.try_get(0)?, facts.try_get(1)?);
        fits(number, &version, &facts.try_get::<_, String>(2)?)?;
        Ok(client)
    }

    /// Does something over a connection, and once more over another one where that may be.
    fn again_and_again<T>(
        &self,
        run: impl Fn(&mut Client) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let mut patience = Patience::new();
        loop {
            let held = self.client.take().filter(|client| !client.is_closed());
            let fault = match held.map_or_else(|| self.connect(), Ok) {
                Err(fault) => fault,
                Ok(mut client) => match run(&mut client) {
                    Ok(done) => {
                        self.client.replace(Some(client));
                        return Ok(done);
                    }
                    Err(Fault::Lost(error)) => Fault::Lost(error),
                    Err(fault) => {
                        self.client.replace(Some(client));
                        fault
                    }
                },
            };
            let may_be_repeated = match &fault {
                Fault::Lost(_) | Fault::Undone(_) => true,
                Fault::Told(_) => false,
            };
            if !may_be_repeated || !patience.once_more() {
                return Err(fault.error());
            }
        }
    }

    /// Reads by one statement, which sees one moment.
    pub(super) fn read<T>(
        &self,
        read: impl Fn(&Session<'_>) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        self.again_and_again(|client| read(&Session(&RefCell::new(client))))
    }

    /// Writes all of it, or nothing. What is lost before it was to be kept is tried again; where only
    /// the answer is lost, nobody knows.
    pub(super) fn write<T>(
        &self,
        write: impl Fn(&Session<'_>) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        self.again_and_again(|client| {
            client.batch_execute(BEGIN)?;
            let written = write(&Session(&RefCell::new(&mut *client)));
            let written = match written {
                Ok(written) => written,
                // Whatever the server undid, or did not hear of.
                Err(fault) => {
                    return Err(match client.batch_execute("ROLLBACK") {
                        Ok(()) => fault,
                        Err(_) => match fault {
                            Fault::Told(error) => {
                                // A connection in an unknown state is not used again.
                                return Err(Fault::Told(error));
                            }
                            Fault::Lost(error) | Fault::Undone(error) => Fault::Lost(error),
                        },
                    });
                }
            };
            match client.batch_execute("COMMIT").map_err(Fault::from) {
                Ok(()) => Ok(written),
                Err(Fault::Lost(error)) => Err(Fault::Told(LedgerError::Unavailable(
                    format!(
                        "the server went away while it kept something; whether it did is not known: {}",
                        words(&error)
                    )
                    .into(),
                ))),
                Err(fault) => Err(fault),
            }
        })
    }
}

/// Whether a server has what is asked of it.
fn fits(number: i32, version: &str, encoding: &str) -> Result<(), LedgerError> {
    if number < OLDEST {
        return Err(LedgerError::NoLedger(format!(
            "the server is PostgreSQL {version}, and {} is the oldest that will do",
            OLDEST / 10_000
        )));
    }
    match encoding {
        "UTF8" => Ok(()),
        other => Err(LedgerError::NoLedger(format!(
            "the database's encoding is {other}: create one with ENCODING 'UTF8' TEMPLATE template0"
        ))),
    }
}

/// TLS as it is spoken with a server whose name has to be in a certificate of these authorities.
fn checked_by(trust: &Trust) -> Result<ClientConfig, LedgerError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::File(file) => {
            for certificate in of_file(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| LedgerError::NoLedger(not_an_authority(file, &error)))?;
            }
        }
        Trust::ThisMachine | Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            // Some of a system's are too old to be read.
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(LedgerError::NoLedger(
            "no authority is known that could vouch for the server; name a file of them (PEM) with sslrootcert=FILE in the address".to_owned(),
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| LedgerError::Failed(error.into()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn not_an_authority(file: &Path, error: &dyn fmt::Display) -> String {
    format!(
        "{} has no certificates of authorities (PEM): {error}",
        file.display()
    )
}

fn of_file(file: &Path) -> Result<Vec<CertificateDer<'static>>, LedgerError> {
    let text = read(file, DOCUMENT).map_err(|error| {
        LedgerError::NoLedger(format!("{} can't be read: {error}", file.display()))
    })?;
    CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| LedgerError::NoLedger(not_an_authority(file, &error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_and_other_encodings_are_refused() {
        assert!(fits(130_000, "13.0", "UTF8").is_ok());
        let old = fits(120_022, "12.22", "UTF8").expect_err("old").to_string();
        assert!(old.contains("PostgreSQL 12.22, and 13"), "{old}");
        let other = fits(150_000, "15.0", "LATIN1")
            .expect_err("other")
            .to_string();
        assert!(other.contains("LATIN1"), "{other}");
    }
}
