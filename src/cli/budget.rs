//! The count of requests that processes of one user share, in a small SQLite file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::client::{Rate, Tally, TallyError, Turn};
use crate::io::atomic;
use crate::io::system::private_file;
use crate::model::ident::Digest;
use crate::model::workspace::WorkspaceId;

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
    CREATE TABLE IF NOT EXISTS known (
        token TEXT PRIMARY KEY,
        who TEXT NOT NULL
    ) STRICT;
";

/// The count.
#[derive(Debug)]
pub(crate) struct Budget {
    count: Mutex<Count>,
    host: String,
    /// The digest of the token.
    token: String,
}

#[derive(Debug)]
struct Count {
    connection: Connection,
    /// The digest of who asks: of the workspace, once it is known whose the token is, and of the token
    /// until then.
    who: String,
}

impl Budget {
    /// Opens the count in a folder, for whoever asks a host with a token. Only digests are kept.
    ///
    /// # Errors
    /// If it can't be opened.
    pub(crate) fn open(folder: &Path, host: &str, token: &str) -> Result<Self, TallyError> {
        let token = Digest::of(format!("{host}\n{token}").as_bytes()).to_string();
        let open = || -> Result<Count, Box<dyn std::error::Error + Send + Sync>> {
            atomic::make_private_folder(folder)?;
            let path = folder.join("budget.db");
            private_file().open(&path)?;
            let connection = Connection::open(&path)?;
            connection.busy_timeout(PATIENCE)?;
            // What a power cut takes was of the last minutes only.
            connection.execute_batch("PRAGMA synchronous = OFF;")?;
            connection.execute_batch(TABLE)?;
            let known = "SELECT who FROM known WHERE token = ?1";
            let known = connection.query_row(known, [&token], |row| row.get(0));
            let who = known.optional()?.unwrap_or_else(|| token.clone());
            Ok(Count { connection, who })
        };
        let count = Mutex::new(open().map_err(TallyError)?);
        Ok(Self {
            count,
            host: host.to_owned(),
            token,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_to_take(&self, class: &str, rate: Rate) -> rusqlite::Result<Turn> {
        let mut count = self.lock();
        let Count { connection, who } = &mut *count;
        let who = who.as_str();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (now, per) = (now(), milliseconds(rate.per));
        // A clock that was set back leaves nothing behind that never ends.
        transaction.execute(
            "DELETE FROM asked WHERE who = ?1 AND class = ?2
             AND (answered <= ?3 - ?4 OR answered IS NULL AND sent <= ?3 - ?4 - ?5
                  OR sent > ?3 + ?4)",
            params![who, class, now, per, milliseconds(FORGOTTEN)],
        )?;
        let (count, oldest): (i64, Option<i64>) = transaction.query_row(
            "SELECT count(*), min(answered) FROM asked WHERE who = ?1 AND class = ?2",
            params![who, class],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let turn = if count < i64::from(rate.requests.get()) {
            transaction.execute(
                "INSERT INTO asked (who, class, sent) VALUES (?1, ?2, ?3)",
                params![who, class, now],
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

    /// Has what was asked with the token count as the workspace's, for this process and later ones.
    fn joins(&self, connection: &mut Connection, who: &str) -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT OR REPLACE INTO known (token, who) VALUES (?1, ?2)",
            params![self.token, who],
        )?;
        transaction.execute(
            "UPDATE asked SET who = ?2 WHERE who = ?1",
            params![self.token, who],
        )?;
        transaction.commit()
    }
}

impl Tally for Budget {
    fn take(&self, class: &str, rate: Rate) -> Result<Turn, TallyError> {
        self.try_to_take(class, rate)
            .map_err(|error| TallyError(error.into()))
    }

    fn belongs_to(&self, workspace: WorkspaceId) {
        let now = format!("{}\nworkspace {workspace}", self.host);
        let now = Digest::of(now.as_bytes()).to_string();
        let mut count = self.lock();
        // What can't be written down goes on being counted by the token alone.
        if count.who != now && self.joins(&mut count.connection, &now).is_ok() {
            count.who = now;
        }
    }

    fn answered(&self, number: i64) {
        // What is not written down counts until it is forgotten.
        let _ = self.lock().connection.execute(
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn may(budget: &Budget) -> bool {
        let rate = Rate::per_minute(NonZeroU32::MIN);
        match budget.take("lists", rate).expect("counted") {
            Turn::Counted(_) => true,
            Turn::Wait(_) => false,
        }
    }

    #[test]
    fn tokens_of_one_workspace_count_together_once_it_is_known_whose_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |host, token| Budget::open(folder.path(), host, token).expect("opened");
        let (one, other) = (of("a.example", "one"), of("a.example", "other"));
        assert!(may(&one) && !may(&one), "one a minute");
        assert!(may(&other), "nobody knows yet whose it is");

        let (third, elsewhere) = (of("a.example", "third"), of("b.example", "third"));
        one.belongs_to(WorkspaceId(7));
        third.belongs_to(WorkspaceId(7));
        assert!(!may(&third), "what was asked before counts");
        elsewhere.belongs_to(WorkspaceId(7));
        assert!(may(&elsewhere), "another host has other workspaces");
        let stranger = of("a.example", "stranger");
        stranger.belongs_to(WorkspaceId(8));
        assert!(may(&stranger));

        // Later processes know.
        assert!(!may(&of("a.example", "third")));
        assert!(may(&of("a.example", "fourth")));
    }
}
