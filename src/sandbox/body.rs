//! Taking bodies of requests in, within limits of size and time.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use tempfile::NamedTempFile;

use super::reply::Reply;
use super::route::failed;
use crate::io::system::Access;
use crate::io::temporary::file_in;

/// How long a body may take, beside a second for a megabyte.
const BODY: Duration = Duration::from_secs(30);

fn too_large() -> Reply {
    Reply::message(413, "Payload too large").header("connection", "close")
}

/// A body that comes in.
struct Coming {
    body: Incoming,
    until: Instant,
    left: u64,
}

impl Coming {
    /// Nothing is read of a body that says itself that it is too large.
    fn of(headers: &HeaderMap, body: Incoming, most: u64) -> Result<Self, Reply> {
        let said = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .unwrap_or(0);
        match said > most {
            true => Err(too_large()),
            false => Ok(Self {
                body,
                until: Instant::now() + BODY + Duration::from_secs(said >> 20),
                left: most,
            }),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Reply> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let frame = match tokio::time::timeout(left, self.body.frame()).await {
                Err(_) => {
                    let slow = Reply::message(408, "Request timeout");
                    return Err(slow.header("connection", "close"));
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => {
                    let broken = Reply::bad_request("The body broke off");
                    return Err(broken.header("connection", "close"));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers say nothing.
            if let Ok(data) = frame.into_data() {
                let size = data.len() as u64;
                self.left = self.left.checked_sub(size).ok_or_else(too_large)?;
                return Ok(Some(data));
            }
        }
    }
}

/// Reads a body that nobody asked for.
pub(super) async fn discard(headers: &HeaderMap, body: Incoming, most: u64) -> Result<(), Reply> {
    let mut coming = Coming::of(headers, body, most)?;
    while coming.next().await?.is_some() {}
    Ok(())
}

/// Reads a body of at most so many bytes.
pub(super) async fn read(headers: &HeaderMap, body: Incoming, most: u64) -> Result<Vec<u8>, Reply> {
    let mut coming = Coming::of(headers, body, most)?;
    let mut bytes = Vec::new();
    while let Some(data) = coming.next().await? {
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Keeps a body of at most so many bytes in a file of a folder.
pub(super) async fn keep(
    headers: &HeaderMap,
    body: Incoming,
    most: u64,
    folder: &Path,
) -> Result<NamedTempFile, Reply> {
    let mut coming = Coming::of(headers, body, most)?;
    let mut file = file_in(folder, Access::Owner).map_err(|error| failed(&error))?;
    while let Some(data) = coming.next().await? {
        io::Write::write_all(&mut file, &data).map_err(|error| failed(&error))?;
    }
    Ok(file)
}
