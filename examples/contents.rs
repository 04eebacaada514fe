//! Tells what is in archives, as this crate reads them: a line of JSON for each path on stdin.
//!
//! What other readers make of the same archives is compared with it (`.ci/readers`).

use std::io::{self, BufRead as _, Write as _};
use std::path::Path;

use recipack::archive::{Archive, ArchiveError, Kind, Limits};
use recipack::model::ident::Digest;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for path in io::stdin().lock().lines() {
        let path = path?;
        let told = match entries(Path::new(&path)) {
            Ok(entries) => json!({"archive": path, "entries": entries}),
            Err(error) => {
                json!({"archive": path, "refused": error.code(), "why": error.to_string()})
            }
        };
        writeln!(out, "{told}")?;
    }
    Ok(())
}

fn entries(path: &Path) -> Result<Vec<Value>, ArchiveError> {
    let archive = Archive::open(path, &Limits::default())?;
    let mut reader = archive.reader();
    let mut data = Vec::new();
    let mut entries = Vec::new();
    for entry in archive.entries() {
        reader.read(entry, &mut data)?;
        let digest = match entry.kind() {
            Kind::File => Some(Digest::of(&data).to_string()),
            Kind::Directory => None,
        };
        entries.push(json!({
            "name": entry.path().as_str(),
            "digest": digest,
            // Such names are carried because the platform writes them, and a finding tells so.
            "told": entry.has_ambiguous_name()
                || entry.path().as_str().contains('\\')
                || entry.path().as_str().get(1..2) == Some(":"),
        }));
    }
    Ok(entries)
}
