//! The count of requests that processes of one user share, in a small SQLite file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior, params};

use crate::client::{Rate, Tally, TallyError, Turn};
use crate::io::atomic;
use crate::io::system::private_file;
use crate::model::ident::Digest;

/// How long to wait where everything that is allowed is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// A request of which nothing was heard for so long is nobody's any more: a process that ended does
/// not say that it did.
const FORGOTTEN: Duration = Duration::from_secs(120);
/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS asked (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,
        class TEXT NOT NULL,
        sent INTEGER NOT NULL,
        answered INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS asked_by ON asked (who, class);
";

/// The count.
#[derive(Debug)]
pub(crate) struct Budget {
    connection: Mutex<Connection>,
    who: String,
}

impl Budget {
    /// Opens the count in a folder, for whoever asks a host with a token. Only digests of both are
    /// kept.
    ///
    /// # Errors
    /// If it can't be opened.
    pub(crate) fn open(folder: &Path, host: &str, token: &str) -> Result<Self, TallyError> {
        let open = || -> Result<Connection, Box<dyn std::error::Error + Send + Sync>> {
            atomic::make_private_folder(folder)?;
            let path = folder.join("budget.db");
            private_file().open(&path)?;
            let connection = Connection::open(&path)?;
            connection.busy_timeout(PATIENCE)?;
            // What a power cut takes was of the last minutes only.
            connection.execute_batch("PRAGMA synchronous = OFF;")?;
            connection.execute_batch(TABLE)?;
            Ok(connection)
        };
        let who = Digest::of(format!("{host}\n{token}").as_bytes()).to_string();
        Ok(Self {
            connection: Mutex::new(open().map_err(TallyError)?),
            who,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn try_to_take(&self, class: &str, rate: Rate) -> rusqlite::Result<Turn> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (now, per) = (now(), milliseconds(rate.per));
        // A clock that was set back leaves nothing behind that never ends.
        transaction.execute(
            "DELETE FROM asked WHERE who = ?1 AND class = ?2
             AND (answered <= ?3 - ?4 OR answered IS NULL AND sent <= ?3 - ?4 - ?5
                  OR sent > ?3 + ?4)",
            params![self.who, class, now, per, milliseconds(FORGOTTEN)],
        )?;
        let (count, oldest): (i64, Option<i64>) = transaction.query_row(
            "SELECT count(*), min(answered) FROM asked WHERE who = ?1 AND class = ?2",
            params![self.who, class],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let turn = if count < i64::from(rate.requests.get()) {
            transaction.execute(
                "INSERT INTO asked (who, class, sent) VALUES (?1, ?2, ?3)",
                params![self.who, class, now],
            )?;
            Turn::Counted(transaction.last_insert_rowid())
        } else {
            let wait = oldest.map(|oldest| (oldest + per - now).clamp(1, per));
            let wait = wait.and_then(|wait| u64::try_from(wait).ok());
            Turn::Wait(wait.map_or(LOOK_AGAIN, Duration::from_millis))
        };
        transaction.commit()?;
        Ok(turn)
    }
}

impl Tally for Budget {
    fn take(&self, class: &str, rate: Rate) -> Result<Turn, TallyError> {
        self.try_to_take(class, rate)
            .map_err(|error| TallyError(error.into()))
    }

    fn answered(&self, number: i64) {
        // What is not written down counts until it is forgotten.
        let _ = self.lock().execute(
            "UPDATE asked SET answered = ?2 WHERE number = ?1",
            params![number, now()],
        );
    }
}

fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Processes share no other clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}
