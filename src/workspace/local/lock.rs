//! One writer at a time, who says what it does to those who wait. The lock is the kernel's and goes
//! with its holder, however that ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Writing;
use crate::io::system::private_file;
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::Doing;

/// How often a waiter looks.
const PAUSE: Duration = Duration::from_millis(20);
/// More of a holder's words is not shown.
const SHOWN: u64 = 300;

/// Held while writing.
#[derive(Debug)]
pub(super) struct WriteLock(File);

impl WriteLock {
    /// Waits for the lock as long as the writer has patience.
    pub(super) fn take(
        path: &Path,
        writing: &Writing,
        doing: &Doing,
    ) -> Result<Self, WorkspaceError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let mut file = private_file()
            .read(true)
            .open(&name)
            .map_err(|error| doing.io("lock", error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if writing.stop.load(Ordering::Relaxed) => {
                    return Err(WorkspaceError::Interrupted);
                }
                Err(TryLockError::WouldBlock) if began.elapsed() < writing.patience => {
                    thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(WorkspaceError::Busy {
                        platform: doing.platform(),
                        holder: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(doing.io("lock", error)),
            }
        }
        // What is said here helps others; the lock holds without it.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(writing.purpose.as_bytes()));
        Ok(Self(file))
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
        let _ = self.0.unlock();
    }
}

/// What the holder says, which any program may have written.
fn holder(file: &mut File) -> String {
    let mut words = Vec::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(SHOWN).read_to_end(&mut words));
    let words = String::from_utf8_lossy(&words);
    let words = words.trim_end_matches(char::REPLACEMENT_CHARACTER).trim();
    match read {
        Ok(_) if !words.is_empty() => words.replace(char::is_control, "\u{fffd}"),
        Ok(_) | Err(_) => "another process".to_owned(),
    }
}
