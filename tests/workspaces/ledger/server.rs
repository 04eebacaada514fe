//! Debian's PostgreSQL and PgBouncer, each in a folder of its own that goes with the test. Where they
//! are not installed the tests that need them are shown as ignored, and one fails if the variable
//! `RECIPACK_NEEDS_POSTGRES` is set.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use crate::support::Place;
use recipack::ledger::postgres::PostgresLedger;
use recipack::ledger::{IfAbsent, Ledger, LedgerError, Login};

use super::Home;

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Whom the server runs as where the tests run as root, which it refuses to.
const USER: &str = "postgres";

/// Who may log in how: by a socket and from this machine whoever wants to, but one needs a password.
const LOGINS: &str = "local all all trust
host all strict 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
";

#[test]
fn postgresql_is_at_hand_where_it_is_needed() {
    let needed = std::env::var_os("RECIPACK_NEEDS_POSTGRES").is_some();
    assert!(
        cfg!(all(debian_postgres, debian_pgbouncer)) || !needed,
        "postgresql and pgbouncer are needed, and were not there when the tests were built"
    );
}

fn done(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port()
}

/// A server that ends with the value, and with this process however that ends.
pub(crate) struct Server {
    place: Place,
    port: u16,
    is_root: bool,
    databases: AtomicU32,
    watch: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let place = Place::new();
        let folder = place.folder.path();
        let is_root = fs::metadata(folder).expect("there").uid() == 0;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).expect("set");
        fs::create_dir(place.path("server")).expect("made");
        let mut server = Self {
            port: free_port(),
            place,
            is_root,
            databases: AtomicU32::new(0),
            watch: None,
        };
        server.authority("ca");
        server.authority("other");
        server.certificate();
        if is_root {
            done(
                Command::new("chown")
                    .args(["-R", USER])
                    .arg(server.folder()),
            );
        }
        done(
            server
                .program("initdb")
                .args([
                    "-U",
                    "ada",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--no-locale",
                    "-N",
                    "-D",
                ])
                .arg(server.folder().join("data")),
        );
        let settings = format!(
            "port = {}\nunix_socket_directories = '{}'\nlisten_addresses = '127.0.0.1'\nssl = on\nssl_cert_file = '../server.pem'\nssl_key_file = '../server.key'\nmax_connections = 60\nshared_buffers = 16MB\n",
            server.port,
            server.folder().display()
        );
        server.set("postgresql.auto.conf", &settings);
        server.set("pg_hba.conf", LOGINS);
        // Whatever becomes of this process, its end of the pipe is closed then.
        let mut watch = server.command("sh");
        watch.arg("-c").arg("read -r _; exec \"$@\"").arg("sh");
        watch.arg(Path::new(PROGRAMS).join("pg_ctl"));
        watch.args(["stop", "-s", "-m", "immediate", "-D"]);
        watch.arg(server.folder().join("data"));
        watch
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        server.watch = Some(watch.spawn().expect("it starts"));
        server.control(&["start"]);
        server
    }

    fn folder(&self) -> PathBuf {
        self.place.path("server")
    }

    fn set(&self, file: &str, text: &str) {
        let path = self.folder().join("data").join(file);
        // Written in place: it stays whose it is.
        fs::write(path, text).expect("written");
    }

    /// A command as the server's user.
    fn command(&self, program: &str) -> Command {
        let mut command = match self.is_root {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", USER, "--regid", USER, "--clear-groups", program]);
                command
            }
            false => Command::new(program),
        };
        command.current_dir(self.folder()).env("LC_ALL", "C");
        command
    }

    fn program(&self, name: &str) -> Command {
        self.command(&format!("{PROGRAMS}/{name}"))
    }

    fn control(&self, arguments: &[&str]) {
        let mut command = self.program("pg_ctl");
        command.args(arguments).args(["-s", "-w", "-D"]);
        command.arg(self.folder().join("data"));
        // The server keeps what it is given.
        command.arg("-l").arg(self.folder().join("log"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().expect("it starts");
        let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        assert!(status.success(), "{arguments:?}: {log}");
    }

    /// Ends it as a lost machine would, and starts it again.
    pub(crate) fn restart(&self) {
        self.control(&["restart", "-m", "immediate"]);
    }

    fn openssl(&self, arguments: &[&str]) {
        done(
            Command::new("openssl")
                .current_dir(self.folder())
                .args(arguments),
        );
    }

    fn authority(&self, name: &str) {
        self.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.pem"),
        ]);
        let certificate = self.folder().join(format!("{name}.pem"));
        fs::copy(certificate, self.place.path(&format!("{name}.pem"))).expect("copied");
    }

    fn certificate(&self) {
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-copy_extensions",
            "copy",
            "-out",
            "server.pem",
        ]);
        let key = self.folder().join("server.key");
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("set");
    }

    /// The certificate of an authority: `ca`, or `other`, of which the server has none.
    pub(crate) fn authority_file(&self, name: &str) -> PathBuf {
        self.place.path(&format!("{name}.pem"))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Has psql do something in a database.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(format!("{PROGRAMS}/psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "ada",
            "-h",
        ]);
        psql.arg(self.folder())
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        done(&mut psql).trim().to_owned()
    }

    /// Copies a database as an administrator would.
    pub(crate) fn copy(&self, database: &str) -> String {
        let copy = self.database("");
        let mut dump = Command::new(format!("{PROGRAMS}/pg_dump"));
        dump.args([
            "-U",
            "ada",
            "-p",
            &self.port.to_string(),
            "-d",
            database,
            "-h",
        ]);
        let dump = done(dump.arg(self.folder()));
        let file = self.place.write("dump.sql", &dump);
        let mut psql = Command::new(format!("{PROGRAMS}/psql"));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "ada", "-h"]);
        psql.arg(self.folder())
            .args(["-p", &self.port.to_string(), "-d", &copy, "-f"]);
        done(psql.arg(file).stdout(Stdio::null()));
        copy
    }

    /// Another database.
    pub(crate) fn database(&self, more: &str) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0 {more}"),
        );
        name
    }

    /// The address of a database by the server's socket.
    pub(crate) fn by_socket(&self, database: &str) -> String {
        let folder = self.folder().display().to_string();
        let folder = folder.replace('/', "%2F");
        format!("postgres://ada@{folder}:{}/{database}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            drop(watch.stdin.take());
            let _ = watch.wait();
        }
    }
}

/// The server that tests share as long as one of them runs.
pub(crate) fn shared() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|broken| broken.into_inner());
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

/// A database of its own, with or without a ledger.
pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        let server = shared();
        let name = server.database("");
        Self { server, name }
    }

    pub(crate) fn address(&self) -> String {
        self.server.by_socket(&self.name)
    }

    pub(crate) fn psql(&self, sql: &str) -> String {
        self.server.psql(&self.name, sql)
    }

    pub(crate) fn open(&self) -> PostgresLedger {
        opened(&self.address()).expect("a ledger")
    }
}

pub(crate) fn opened(address: &str) -> Result<PostgresLedger, LedgerError> {
    PostgresLedger::open(address, &Login::default(), IfAbsent::Make)
}

impl Home for Database {
    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(self.open())
    }
}

/// A pooler before a database, which hands out connections by transaction.
pub(crate) struct Pooled {
    process: Child,
    place: Place,
    port: u16,
    database: Database,
}

impl Pooled {
    pub(crate) fn new() -> Self {
        let database = Database::new();
        let place = Place::new();
        let port = free_port();
        let server = &database.server;
        let folder = place.folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).expect("set");
        place.write("own/users.txt", "\"ada\" \"\"\n");
        // Fewer connections than users of them.
        let settings = format!(
            "[databases]\n* = host={} port={} user=ada\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 2\nserver_reset_query =\nlogfile = {}\n",
            server.folder().display(),
            server.port,
            place.path("own/users.txt").display(),
            place.path("own/log").display(),
        );
        place.write("own/pgbouncer.ini", &settings);
        if server.is_root {
            done(
                Command::new("chown")
                    .args(["-R", USER])
                    .arg(place.path("own")),
            );
        }
        let mut pooler = server.command("/usr/sbin/pgbouncer");
        pooler.arg("-q").arg(place.path("own/pgbouncer.ini"));
        pooler
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let pooled = Self {
            process: pooler.spawn().expect("it starts"),
            place,
            port,
            database,
        };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return pooled;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(pooled.place.path("own/log"));
        panic!("the pooler does not listen: {log:?}");
    }
}

impl Home for Pooled {
    fn ledger(&self) -> Box<dyn Ledger> {
        let address = format!(
            "postgres://ada@127.0.0.1:{}/{}",
            self.port, self.database.name
        );
        Box::new(opened(&address).expect("a ledger"))
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
